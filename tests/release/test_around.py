"""What stands beside a lesson: its neighbours' links, and what its exercises ask."""

import re
import shutil

import nbformat
import pytest

from course.cli import main
from course.release import command as release
from course.setup_cell import PLACEHOLDER
from tests.answers import ROOT
from tests.release.made import CHECK, DOUBLE, line_of, make, source

NEXT = source(number="01", title="Next")


def first_cell(path):
    return nbformat.read(path, as_version=4).cells[0].source


# A new lesson's neighbours lead to it.


@pytest.fixture
def grown(tmp_path):
    """Return a released course of two lessons that has got a third, not yet released, between them."""
    root = make(
        tmp_path / "course", lesson_00_start=source(), lesson_02_last=source(number="02", title="L")
    )
    assert main(["release"], root=root) == 0
    (root / "solutions" / "01_next.md").write_text(NEXT, encoding="utf-8")
    return root


def test_a_new_lesson_gives_its_neighbours_their_links_and_says_so(grown, capsys):
    before, after = (grown / "lessons" / f"{name}.ipynb" for name in ("00_start", "02_last"))
    assert "[02 · L](02_last.ipynb)" in first_cell(before)
    capsys.readouterr()
    assert main(["release", "01"], root=grown) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "links" in line]
    assert told == [
        f"{f'lessons/{name}.ipynb':<42} written: its links to the lessons beside it"
        for name in ("00_start", "02_last")
    ]
    assert "Next: [01 · Next](01_next.ipynb)." in first_cell(before)
    assert "Previous: [01 · Next](01_next.ipynb)." in first_cell(after)
    stored = {path: path.read_bytes() for path in grown.rglob("*.ipynb")}
    assert main(["release"], root=grown) == 0  # would write nothing else
    assert {path: path.read_bytes() for path in grown.rglob("*.ipynb")} == stored
    assert release.check_sources(grown) == []


def test_a_neighbour_with_more_to_do_is_named_and_left_alone(grown, capsys):
    text = grown / "solutions" / "00_start.md"
    text.write_text(text.read_text("utf-8").replace("Welcome.", "Welcome!"), encoding="utf-8")
    last = grown / "lessons" / "02_last.ipynb"
    last.write_text(last.read_text("utf-8").replace("Welcome.", "By hand."), encoding="utf-8")
    stored = {path: path.read_bytes() for path in grown.rglob("0[02]*.ipynb")}
    told = [
        f"lessons/{name}.ipynb: its links to the lessons beside it are out of date: "
        f"run `course release {name[:2]}`"
        for name in ("00_start", "02_last")
    ]
    assert main(["release", "01"], root=grown) == 1
    assert capsys.readouterr().err.splitlines() == told
    assert {path: path.read_bytes() for path in grown.rglob("0[02]*.ipynb")} == stored
    for more in ([], ["--no-run"]):
        assert main(["release", "01", "--check", *more], root=grown) == 1
        assert capsys.readouterr().err.splitlines() == told


# Each exercise that a lesson asks for is defined, and the reverse.

HEADING = "### Exercise 00.1 — double (3 points)\n\n●○○"
DEFINED = """\
from course.exercises.common import no_arguments
from course.judge.exercise import Exercise, Group

EXERCISES = (
    Exercise(
        number="00.1",
        call="double(x)",
        groups=(Group("one", 1, no_arguments), Group("two", 2, no_arguments)),
        oracle=abs,
    ),
)
"""
ANSWERS = """\
## 00.1 double

```python
def double(x):
    return x + x
```
"""
PLACE = "course/exercises/lesson_00.py:6"
# What is replaced in which file, by what, and what is said of it.
WRONG = {
    "a number": ("md", "# exercise: 00.1", "# exercise: 00.2", "exercise 00.2 is not defined in"),
    "a name": ("py", "double", "twice", f"exercise 00.1 is double here, twice in {PLACE}"),
    "points": ("py", 'two", 2', 'two", 3', "exercise 00.1 is double (3 points) here, double (4"),
    "a heading's name": ("md", "— double", "— triple", "exercise 00.1 is triple (3 points) here, "),
    "no difficulty": (
        "md",
        "●○○",
        "●",
        "exercise 00.1 has no difficulty in the paragraph below its heading: ●○○ a line, ●●○ a",
    ),
    "no heading": ("md", HEADING, "", "exercise 00.1 needs a heading above it: ### Exercise 00.1"),
}
WRONG_DEFINITIONS = {
    "the lesson does not ask": (
        "md",
        f"{HEADING}\n\n{DOUBLE}\n\n{CHECK}",
        "",
        f"{PLACE}: solutions/00_start.md has no cell “# exercise: 00.1” with double",
    ),
    "it is no Python": (
        "py",
        "EXERCISES = (",
        "EXERCISES = = (",
        "course/exercises/lesson_00.py:4: SyntaxError: invalid syntax",
    ),
    "it raises": (
        "py",
        "oracle=abs",
        "oracle=abc",
        "course/exercises/lesson_00.py:9: NameError: name 'abc' is not defined",
    ),
    "no answers": (
        "answers",
        "## 00.1 double",
        "## 00.2 double",
        f"{PLACE}: 00.1 double is not on course/exercises/lesson_00.md",
    ),
    "an answer that cannot be read": (
        "answers",
        "return x + x",
        "return x +",
        "course/exercises/lesson_00.md:3: lesson_00.md:3, 00.1 double",
    ),
}


@pytest.fixture
def course(tmp_path):
    root = make(tmp_path / "course", lesson_00_start=source(HEADING, DOUBLE, CHECK))
    folder = root / "course" / "exercises"
    folder.mkdir()
    (folder / "lesson_00.py").write_text(DEFINED, encoding="utf-8")
    (folder / "lesson_00.md").write_text(ANSWERS, encoding="utf-8")
    return root


def change(root, kind, old, new):
    path = {
        "md": root / "solutions" / "00_start.md",
        "py": root / "course" / "exercises" / "lesson_00.py",
        "answers": root / "course" / "exercises" / "lesson_00.md",
    }[kind]
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def complaints(root):
    return [line for line in release.check_sources(root, ["00"]) if "is missing" not in line]


def test_an_exercise_that_is_defined_as_it_is_asked_is_no_problem(course):
    assert complaints(course) == []


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_defined_as_it_is_asked_is_said_with_its_line(course, case):
    kind, old, new, sentence = WRONG[case]
    change(course, kind, old, new)
    text = (course / "solutions" / "00_start.md").read_text(encoding="utf-8")
    line = line_of(
        text, "### Exercise" if re.search(r"difficulty|points\) here", sentence) else "# exercise"
    )
    assert any(
        c.startswith(f"solutions/00_start.md:{line}: {sentence}") for c in complaints(course)
    )


def test_what_is_forbidden_must_be_announced(course):
    change(
        course,
        "py",
        "oracle=abs,",
        'oracle=abs,\n        forbids=("numpy.multiply", "utils.double"),',
    )
    text = (course / "solutions" / "00_start.md").read_text(encoding="utf-8")
    line = line_of(text, "### Exercise")
    sentence = "exercise 00.1 forbids multiply, and its text does not say so"
    assert complaints(course) == [f"solutions/00_start.md:{line}: {sentence}"]
    change(course, "md", HEADING, f"{HEADING}\n\nWithout `np.multiply`.")
    assert complaints(course) == []


@pytest.mark.parametrize("case", WRONG_DEFINITIONS)
def test_what_is_wrong_with_a_definition_is_said_with_its_line(course, case):
    kind, old, new, sentence = WRONG_DEFINITIONS[case]
    change(course, kind, old, new)
    assert any(found.startswith(sentence) for found in complaints(course))


@pytest.mark.parametrize("more", [[], ["--check"], ["--check", "--no-run"]])
def test_a_release_and_both_checks_stop_there(course, capsys, more):
    change(course, "py", "double", "twice")
    assert main(["release", "00", *more], root=course) == 1
    assert f"exercise 00.1 is double here, twice in {PLACE}" in capsys.readouterr().err
    assert list(course.rglob("*.ipynb")) == []


def test_answers_and_definition_go_together_and_with_a_lesson(course):
    (course / "course" / "exercises" / "lesson_00.md").rename(
        course / "course" / "exercises" / "lesson_07.md"
    )
    both = "course/exercises/lesson_00.py and course/exercises/lesson_00.md go together"
    assert complaints(course) == [f"course/exercises/lesson_00.py:1: {both}"]
    (course / "course" / "exercises" / "lesson_00.py").unlink()
    change(course, "md", f"{HEADING}\n\n{DOUBLE}\n\n{CHECK}", "")
    assert release.check_sources(course)[0] == (
        "course/exercises/lesson_07.md belongs to no lesson: there is no solutions/07_….md"
    )


def test_a_real_definition_that_is_taken_away_is_missed(tmp_path):
    """The course itself, less one exercise of lesson 02."""
    for folder in ("solutions", "lessons", "utils", "course"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert not any("exercise" in line for line in release.check_sources(tmp_path, ["02"]))
    path = tmp_path / "course/exercises/lesson_02.py"
    path.write_text(path.read_text("utf-8") + "\nEXERCISES = EXERCISES[:-1]\n", encoding="utf-8")
    page = tmp_path / "course/exercises/lesson_02.md"
    page.write_text(page.read_text("utf-8").partition("## 02.4")[0], encoding="utf-8")
    text = (tmp_path / "solutions/02_softmax.md").read_text(encoding="utf-8")
    assert release.check_sources(tmp_path, ["02"]) == [
        f"solutions/02_softmax.md:{line_of(text, '# exercise: 02.4')}: "
        "exercise 02.4 is not defined in course/exercises/lesson_02.py"
    ]


# The last line of a lesson leads on.


def last_line(path):
    return nbformat.read(path, as_version=4).cells[-1].source.split("\n")[-1]


def test_a_lesson_ends_with_its_worked_solution_and_the_next_one_also_on_the_web(grown):
    web = "https://github.com/someone/sample/blob/v0.3.0"
    assert last_line(grown / "lessons" / "00_start.ipynb") == (
        "**Done?** Compare with the [worked solution](../solutions/00_start.ipynb) "
        f"([on the web]({web}/solutions/00_start.ipynb)), which also answers the interview "
        f"questions. **Next:** [02 · L](02_last.ipynb) ([on the web]({web}/lessons/02_last.ipynb))."
    )
    assert "`utils.summary()`" in last_line(grown / "lessons" / "02_last.ipynb")
    assert "Done?" not in (grown / "solutions" / "00_start.ipynb").read_text(encoding="utf-8")
    assert main(["release", "01"], root=grown) == 0
    assert "**Next:** [01 · Next](01_next.ipynb)" in last_line(grown / "lessons" / "00_start.ipynb")


def test_without_an_address_no_link_leads_nowhere(grown):
    project = grown / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace("someone/sample", PLACEHOLDER)
    project.write_text(text, encoding="utf-8")
    (grown / "README.md").write_text("<!-- lessons -->\n<!-- end of lessons -->\n", "utf-8")
    assert main(["release"], root=grown) == 0
    for path in grown.glob("lessons/*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert "http" not in prose and "[worked solution](../solutions/" in prose
    readme = (grown / "README.md").read_text(encoding="utf-8")
    assert "This copy has no public address yet" in readme
    assert "colab.research" not in readme
