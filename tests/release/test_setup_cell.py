"""The learner's set-up cell, in every situation that it can meet; what it fetches comes from git."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course.release.notebooks import set_up
from course.release.source import Course
from course.setup_cell import PLACEHOLDER, without_boilerplate
from tests.release.made import drafts, make, source

PLAIN = "# course: set-up\nimport math\n\nimport utils\nfrom utils import check"
COLAB = "import google.colab"
GIT = pytest.mark.skipif(shutil.which("git") is None, reason="fetching the course needs git")


@pytest.fixture
def set_up_cell(tmp_path):
    """Return a function that runs the cell: the lines it prints, and the last one of an error."""
    root = make(tmp_path / "course")
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "content").mkdir()
    colab = tmp_path / "colab" / "google" / "colab"
    colab.mkdir(parents=True)
    (colab / "__init__.py").touch()

    def run(cwd, before="", address=str(root), tag="0.3.0", **environment):
        cell = set_up(PLAIN, "02", Course(root, "sample", tag, address))
        after = "\nprint(utils.__file__)"
        result = subprocess.run(
            [sys.executable, "-c", f"{before}\n{cell}{after}"],
            cwd=cwd,
            env={
                **os.environ,
                "HOME": str(home),
                "PYTHONPATH": str(tmp_path / "colab"),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return result.stdout.splitlines(), (result.stderr.splitlines() or [""])[-1]

    return run


@pytest.fixture
def origin(tmp_path, set_up_cell):
    """Return the address of a repository that has a release; what came after it does not run."""
    folder = tmp_path / "course"
    (folder / "lessons" / "02_softmax.ipynb").touch()  # git keeps no empty folder
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(folder)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["tag", "v0.3.0"]):
        subprocess.run([*git, *command], check=True)
    (folder / "utils" / "__init__.py").write_text("raise ValueError('not yet released')", "utf-8")
    subprocess.run([*git, "commit", "-qam", "two"], check=True)
    return f"file://{folder}"


def ready(folder):
    return ["ready: lesson 02", str(folder / "utils" / "__init__.py")], ""


def test_set_up_says_what_it_is_first_and_holds_the_lesson_own_imports():
    text = set_up(PLAIN, "02", Course(Path(), "sample", "0.3.0", "https://example.org/a"))
    lines = [line for line in text.split("\n") if line]
    assert lines[0].startswith("# course: set-up. Click here and press Shift + Enter")
    assert lines[1].startswith("# @title ")  # what Colab shows of a folded cell
    assert lines[-3:] == ["import math", "from utils import check", 'print("ready: lesson 02")']
    assert text.count("import utils") == 1
    assert max(map(len, lines)) <= 100
    assert "pip" not in text


def test_set_up_is_folded_in_jupyterlab_and_on_colab_and_the_solution_s_is_not(tmp_path):
    solution, lesson = drafts(make(tmp_path / "course", lesson_00_start=source()), "00_start")
    ((cell, own),) = (
        pair
        for pair in zip(lesson.node.cells, solution.node.cells, strict=False)
        if pair[1].source.startswith("# course: set-up")
    )
    assert cell.metadata == {"jupyter": {"source_hidden": True}, "cellView": "form"}
    assert own.metadata == {}


@pytest.mark.parametrize("folder", ["lessons", ".", "lessons/deeper"])
def test_set_up_finds_the_course_above_the_working_directory(tmp_path, set_up_cell, folder):
    (tmp_path / "course" / "lessons" / "deeper").mkdir()
    assert set_up_cell(tmp_path / "course" / folder) == ready(tmp_path / "course")


def test_set_up_prefers_the_course_to_a_file_beside_the_notebook(tmp_path, set_up_cell):
    (tmp_path / "course" / "lessons" / "utils.py").write_text("raise SystemExit", encoding="utf-8")
    printed, error = set_up_cell(tmp_path / "course" / "lessons")
    assert (printed[0], error) == ("ready: lesson 02", "")


@pytest.mark.parametrize("name", ["utils", "course"])
@pytest.mark.parametrize("kind", ["module", "namespace"])
def test_set_up_says_what_to_do_when_another_package_is_loaded(tmp_path, set_up_cell, name, kind):
    other = tmp_path / "other" / name
    other.mkdir(parents=True)
    if kind == "module":
        (other / "__init__.py").touch()
    before = (
        f"import sys; sys.path.insert(0, {str(other.parent)!r}); import {name}; del sys.path[0]"
    )
    printed, error = set_up_cell(tmp_path / "course" / "lessons", before)
    assert printed == []
    assert error.startswith(f"ImportError: another {name} is loaded (<module {name!r}")
    assert error.endswith("): restart the kernel and run this cell first")
    assert kind == "namespace" or str(other) in error


# A notebook that is alone.


def test_a_lone_notebook_is_told_where_the_course_is_and_how_to_fetch_it(tmp_path, set_up_cell):
    printed, error = set_up_cell(tmp_path / "content")
    assert printed == []
    assert error == (
        f"RuntimeError: {tmp_path / 'content'} is not in the course's folder. Get the course from "
        f"{tmp_path / 'course'} and open this notebook in its folder lessons; or let this cell "
        f"fetch it into {tmp_path / 'home' / 'sample-v0.3.0'}: run %env COURSE_FETCH=1 in a cell "
        "of its own, then this one again"
    )
    assert list((tmp_path / "home").iterdir()) == []  # nothing is fetched unasked


@pytest.mark.parametrize("before", ["", COLAB])
def test_a_lone_notebook_of_a_copy_without_address_is_told_so(tmp_path, set_up_cell, before):
    printed, error = set_up_cell(tmp_path / "content", before, f"https://github.com/{PLACEHOLDER}")
    assert printed == []
    assert "this copy of the course has no address yet" in error
    assert PLACEHOLDER not in error


@GIT
@pytest.mark.parametrize(
    ("before", "wish"),
    [(COLAB, {}), ("", {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}), ("", {"COURSE_FETCH": "1"})],
)
def test_it_fetches_the_course_once_at_its_release_where_that_is_wanted(
    tmp_path, set_up_cell, origin, before, wish
):
    content, fetched = tmp_path / "content", tmp_path / "home" / "sample-v0.3.0"
    assert set_up_cell(content, before, origin, **wish) == ready(fetched)
    assert list(fetched.parent.iterdir()) == [fetched]
    shutil.rmtree(tmp_path / "course")
    assert set_up_cell(content, before, origin, **wish) == ready(fetched)
    assert set_up_cell(content, "", origin) == ready(fetched)  # it is there: nothing to be asked


@GIT
@pytest.mark.parametrize("left", [[], ["course/__init__.py", "lessons/mine.ipynb"]])
def test_an_empty_or_half_clone_is_fetched_anew_and_nothing_in_it_is_lost(
    tmp_path, set_up_cell, origin, left
):
    fetched = tmp_path / "home" / "sample-v0.3.0"
    for name in ["", *left]:
        (fetched / name).parent.mkdir(parents=True, exist_ok=True)
        _ = (fetched / name).write_text("mine") if name else fetched.mkdir(exist_ok=True)
    assert set_up_cell(tmp_path / "content", COLAB, origin) == ready(fetched)
    (aside,) = fetched.parent.glob("sample-v0.3.0-old-*")
    assert all((aside / name).read_text() == "mine" for name in left)


@GIT
def test_each_way_in_which_git_fails_has_its_own_sentence_and_shows_what_git_said(
    tmp_path, set_up_cell, origin
):
    def fails(address, tag="0.3.0", **environment):
        printed, error = set_up_cell(tmp_path / "content", COLAB, address, tag, **environment)
        assert printed == []
        assert list((tmp_path / "home").iterdir()) == []  # no half of anything
        why, _, said = error.removeprefix("RuntimeError: ").partition(" (git says: fatal: ")
        assert said or "git is missing" in error, error
        return why, said

    assert fails(origin, tag="9.9") == (
        f"{origin} has no release v9.9: take this notebook anew from there",
        "Remote branch v9.9 not found in upstream origin)",
    )
    why, said = fails(f"{origin}-gone")
    assert why == f"no course at {origin}-gone: is the address right, and open to all?"
    assert "does not exist" in said or "not appear" in said
    for nowhere in ("http://nowhere.invalid/a", "http://127.0.0.1:9/a"):  # no name; nobody there
        why, said = fails(nowhere, no_proxy="*")
        assert why.startswith("no way to the network: connect"), (why, said)
    shutil.copytree(tmp_path / "course", tmp_path / "damaged")
    for file in (tmp_path / "damaged/.git/objects").rglob("*"):
        _ = file.is_file() and file.unlink()
    why, said = fails(f"file://{tmp_path}/damaged")
    assert why == f"the course could not be fetched from file://{tmp_path}/damaged"
    (tmp_path / "bin").mkdir()
    why, _ = fails(origin, PATH=str(tmp_path / "bin"))
    assert why == f"git is missing: install it, or download the course from {origin}"


# What a student adds to it counts, whatever release it is from.

OLD = """\
# course: set-up
# Nothing to read here: it finds the course's folder, and on Colab it fetches the course once.
import sys
    raise RuntimeError("the course could not be fetched")
        raise ImportError(f"{other}: restart the kernel and run this cell first")
import math
print("ready: lesson 02")"""


def test_only_what_looks_for_the_course_is_taken_away_in_old_and_new_notebooks():
    new = set_up(PLAIN, "02", Course(Path(), "sample", "0.3.0", "https://example.org/a"))
    for text in (OLD, new):
        rest = without_boilerplate(f"{text}\nmine = 1")
        assert "RuntimeError" not in rest and "ImportError" not in rest
        assert "import math\n" in rest and rest.endswith("mine = 1")
        assert rest.startswith("# course: set-up")
    assert without_boilerplate("# course: set-up\nmine = 1") == "# course: set-up\nmine = 1"
    assert without_boilerplate("# @title Look\nmine = 1") == "mine = 1"  # folded by a release
