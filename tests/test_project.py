"""The files around the course agree with pyproject.toml, and importing it stays cheap."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import utils

ROOT = Path(__file__).parent.parent
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


def test_nothing_installs_the_other_package_called_utils():
    assert "utils" not in pinned()
    assert PROJECT["project"]["name"] != "utils"


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


def test_lessons_never_import_what_instructors_use():
    for path in (ROOT / "utils").glob("*.py"):
        assert "utils.instructor" not in path.read_text(encoding="utf-8"), path.name
    for path in (ROOT / "lessons").glob("*.ipynb"):
        assert "utils.instructor" not in path.read_text(encoding="utf-8"), path.name
