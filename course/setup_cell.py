"""The first cell of a learner's notebook: it finds the course, and the grader does without it."""

from __future__ import annotations

from string import Template

# It stands on the standard library alone, and nothing in it may ever install a distribution called
# utils or course: those on PyPI are other packages.
SET_UP = Template("""\
# course: set-up
# Nothing to read here: it finds the course's folder, and on Colab it fetches the course once.
import subprocess
import sys
from pathlib import Path

url, tag, folder = "$url", "$tag", Path.cwd()
if "google.colab" in sys.modules:  # Colab has this notebook alone: fetch the rest, once
    folder = Path.home() / f"$name-{tag}"
    fetch = f"git clone --depth 1 --branch {tag} {url} '{folder}'"
    if not folder.exists() and subprocess.getstatusoutput(fetch)[0] != 0:
        raise RuntimeError(f"the course could not be fetched from {url} at {tag}")
while not ((folder / "utils/functions.py").is_file() and (folder / "lessons").is_dir()):
    if folder == folder.parent:
        raise RuntimeError(f"{Path.cwd()} is not in the course's folder: open this notebook there")
    folder = folder.parent
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
_MARK, _FIRST, *_, _LAST = SET_UP.template.partition("$imports")[0].strip().split("\n")
_ENDS = _LAST.strip().partition("(")[0] + "("


def without_boilerplate(source: str) -> str:
    """Return a set-up cell without the part that looks for the course; other cells as they are.

    What a student has added to it stays.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
    """
    lines = source.split("\n")
    if not source.startswith(_MARK) or _FIRST not in lines:
        return source
    # From the first line to the last; between them stands what an earlier release had there.
    first = lines.index(_FIRST)
    for place in range(first, len(lines)):
        if lines[place].startswith(" ") and lines[place].lstrip(" ").startswith(_ENDS):
            return "\n".join([*lines[:first], *lines[place + 1 :]])
    return source
