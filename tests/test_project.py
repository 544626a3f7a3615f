"""The files around the course agree with pyproject.toml, and importing it stays cheap."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import nbformat
import pytest
import yaml

import utils
from course.imports import modules_in
from tests.answers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def name_of(requirement):
    return re.split(r"[ <>=!~;\[]", requirement)[0].lower().replace("_", "-")


def pinned():
    """Return the versions that requirements.txt allows, by package."""
    found: dict = {}
    for line in REQUIREMENTS.splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==([^ ;]+)", line):
            found.setdefault(name_of(match[1]), set()).add(match[2])
    return found


def test_requirements_install_the_project_and_every_dependency_in_the_locked_version():
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["test"]
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked: dict = {}
    for package in lock["package"]:
        locked.setdefault(package["name"], set()).add(package.get("version"))
    pins = pinned()
    assert REQUIREMENTS.splitlines()[0] == "-e ."
    assert {name_of(r) for r in wanted} <= set(pins)
    assert all(versions <= locked[name] for name, versions in pins.items())


def test_requirements_hold_neither_hashes_nor_addresses():
    assert "--hash" not in REQUIREMENTS
    assert "://" not in REQUIREMENTS
    hosts = set(re.findall(r"https?://([^/\"]+)", (ROOT / "uv.lock").read_text(encoding="utf-8")))
    assert hosts <= {"pypi.org", "files.pythonhosted.org"}


def test_requirements_are_what_the_lock_exports():
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    command = [
        uv,
        "export",
        "--locked",
        "--no-hashes",
        "--no-header",
        "--format",
        "requirements-txt",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "network" in done.stderr or "dns" in done.stderr:
        pytest.skip("uv cannot reach the package index")
    assert done.returncode == 0, done.stderr
    assert done.stdout == REQUIREMENTS


def test_nothing_installs_the_other_packages_of_these_names():
    assert not {"utils", "course"} & {PROJECT["project"]["name"], *pinned()}


def test_conda_gets_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, *_, pip = environment["dependencies"]
    assert python == "python" + PROJECT["project"]["requires-python"]
    assert pip == {"pip": ["-r requirements.txt"]}
    assert environment["name"] == PROJECT["project"]["name"]


def test_the_readme_and_ci_give_the_same_test_command():
    command = "python -m pip install -r requirements.txt && python -m pytest"
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
    assert command.replace(" &&", " --quiet &&") in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_every_link_in_the_texts_leads_to_a_file():
    for text in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "solutions/README.md"]:
        for link in re.findall(r"\]\((?!https?://)([^)#]+)\)", text.read_text(encoding="utf-8")):
            assert (text.parent / link).exists(), f"{text.name}: {link}"


def test_import_utils_loads_neither_scikit_learn_nor_pyplot_nor_scipy():
    code = "import sys, json, utils; print(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(told.stdout))
    assert not loaded & {"sklearn", "scipy", "matplotlib", "matplotlib.pyplot", "IPython", "pandas"}


def test_every_public_name_is_there_and_has_a_docstring():
    for name in utils.__all__:
        assert getattr(utils, name).__doc__, name
    with pytest.raises(AttributeError, match="module 'utils' has no attribute 'sofmax'"):
        _ = utils.sofmax


def test_lessons_take_of_the_course_only_what_utils_gives():
    for path in (ROOT / "lessons").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        taken = {name for name in modules_in(code, ROOT) if name.partition(".")[0] == "course"}
        # the set-up's guard, check, and progress
        assert taken <= {"course", "course.check", "course.progress"}, path.name


# The command's first step: whose `course` and `utils` does Python find?

LAUNCH = ROOT / "course" / "launch" / "scores_to_probabilities.py"


def launched(*path):
    """Run `course --help` with these folders before all others; return code and last line."""
    code = f"import sys; sys.argv[1:] = ['--help']; import {LAUNCH.stem} as it; sys.exit(it.main())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd=path[0],
        capture_output=True,
        text=True,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_the_command_is_run_through_its_first_step():
    assert PROJECT["project"]["scripts"] == {"course": f"{LAUNCH.stem}:main"}
    status, told = launched(LAUNCH.parent, ROOT)
    assert status == 0
    assert told.startswith("usage: course ")


@pytest.mark.parametrize("name", ["course", "utils"])
def test_the_command_says_in_a_sentence_that_another_package_is_in_its_place(tmp_path, name):
    other = tmp_path / name / "__init__.py"
    other.parent.mkdir()
    other.touch()
    assert launched(tmp_path, LAUNCH.parent, ROOT) == (
        1,
        f"course: Python finds another package called {name} ({other}): "
        "install the course in a virtual environment of its own",
    )


def test_a_wheel_holds_both_packages_whole():
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["only-include"] == ["utils", "course"]
    assert wheel["sources"] == {LAUNCH.parent.relative_to(ROOT).as_posix(): ""}
