"""The first cell of a learner's notebook: it finds the course, and the grader does without it."""

from __future__ import annotations

from string import Template

PLACEHOLDER = "OWNER/REPOSITORY"  # in the address of a copy that has none yet
# It stands on the standard library alone, and nothing in it may ever install a distribution called
# utils or course: those on PyPI are other packages. Its first line is what JupyterLab shows of it.
SET_UP = Template("""\
# course: set-up. Click here and press Shift + Enter: it finds the course and says "ready".
# @title Run this cell first: it finds the course, or fetches it
# Nothing to read here: it finds the course's folder; Colab and Kaggle fetch the course once.
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

url, tag = "$url", "$tag"
fetched = Path.home() / f"$name-{tag}"
for folder in (Path.cwd(), *Path.cwd().parents, fetched):
    if (folder / "utils/functions.py").is_file() and (folder / "lessons").is_dir():
        break
else:  # this notebook is alone
    if "OWNER/REPOSITORY" in url:
        raise RuntimeError(
            f"{Path.cwd()} is not in the course's folder, and this copy of the course has no "
            "address yet to fetch it from: open this notebook in the folder that it came in"
        )
    wanted = os.environ.keys() & {"KAGGLE_KERNEL_RUN_TYPE", "COURSE_FETCH"}
    if "google.colab" not in sys.modules and not wanted:
        raise RuntimeError(
            f"{Path.cwd()} is not in the course's folder. Get the course from {url} and open this "
            f"notebook in its folder lessons; or let this cell fetch it into {fetched}: "
            "run %env COURSE_FETCH=1 in a cell of its own, then this one again"
        )
    if not shutil.which("git"):
        raise RuntimeError(f"git is missing: install it, or download the course from {url}")
    with tempfile.TemporaryDirectory(dir=Path.home()) as half:  # whole, or not there at all
        command = f"git clone --quiet --depth 1 --branch {tag} {url} course".split()
        env = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
        git = subprocess.run(command, cwd=half, env=env, capture_output=True, text=True)
        if git.returncode:
            told = git.stderr.strip().splitlines() or ["nothing"]
            said = next((line for line in told if line.startswith("fatal:")), told[-1])
            if "Remote branch" in said:
                why = f"{url} has no release {tag}: take this notebook anew from there"
            elif any(word in said for word in ("resolve", "onnect", "timed out", "unreachable")):
                why = "no way to the network: connect (Kaggle: Settings, Internet on), run it again"
            elif any(word in said for word in ("not found", "not exist", "not appear", "Username")):
                why = f"no course at {url}: is the address right, and open to all?"
            else:
                why = f"the course could not be fetched from {url}"
            raise RuntimeError(f"{why} (git says: {said})")
        if fetched.exists():  # half of it: put aside, not thrown away
            fetched.rename(f"{fetched}-old-{os.getpid()}")
        (Path(half) / "course").rename(fetched)
    folder = fetched
sys.path.insert(0, str(folder))

import course
import utils

for package in (course, utils):
    if folder.resolve() not in Path(getattr(package, "__file__", None) or "/").resolve().parents:
        other = f"another {package.__name__} is loaded ({package})"
        raise ImportError(f"{other}: restart the kernel and run this cell first")
$imports

print("ready: lesson $number")
""")
# JupyterLab and Colab fold the code of such a cell.
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
_MARK = "# course: set-up"
_TITLE = "# @title "  # what Colab shows of a folded cell, which its source does not have
_BEGIN = "# Nothing to read here: it finds the course's folder"
_END = "raise ImportError("


def without_boilerplate(source: str) -> str:
    """Return a set-up cell without the part that looks for the course, a folded one untitled.

    Other cells come back as they are; what a student has added to the set-up stays.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
    """
    lines = source.split("\n")
    if source.startswith(_TITLE):
        return source.partition("\n")[2]
    if not source.startswith(_MARK):
        return source
    # From the sentence above it to the last error; earlier releases had other words between them.
    first = next((n for n, line in enumerate(lines) if line.startswith(_BEGIN)), len(lines))
    for place in range(first, len(lines)):
        if lines[place].startswith(" ") and lines[place].lstrip(" ").startswith(_END):
            return "\n".join([*lines[:first], *lines[place + 1 :]])
    return source
