"""Every `course grade` in the instructor's guide runs, on a class made for it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from course import cli
from tests.grade import made
from tests.grade.conftest import Shared
from tests.grade.made import put, table, zipped

GUIDE = (made.SOLUTIONS / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(
    {
        command.strip()
        for command in re.findall(
            r"^ {4}(course grade .*)$|`(course grade .*?)`", GUIDE, re.MULTILINE
        )
        for command in command
        if command and "…" not in command
    }
)
TYPED = "\n".join(re.findall(r"^ {4}(student,lesson,.*|\w+,\d\d,.*)$", GUIDE, re.MULTILINE)) + "\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with a download and one student's folder, and go there."""
    good = made.as_bytes(made.notebook())
    students = {f"{s}/02_softmax.ipynb": good for s in ("maria", "joe", "0042", "ann")}
    download = {"Downloads/submissions.zip": zipped(students)}
    put(tmp_path, {**download, "one-student/maria/02_softmax.ipynb": good})
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arguments(command: str) -> list[str]:
    """Return what a shell passes on."""
    return [str(Path(word).expanduser()) for word in shlex.split(command)[1:]]


@pytest.mark.parametrize("command", [c for c in COMMANDS if "--dask" not in c])
def test_a_command_of_the_guide_runs(shared: Shared, home: Path, command: str) -> None:
    assert cli.main(arguments(command), root=made.ROOT) == 0
    assert table(home / "grades/grades.csv")


def test_the_guide_s_adjustments_are_read(shared: Shared, home: Path) -> None:
    command = arguments("course grade ~/Downloads/submissions.zip --late 10%/day")
    put(home / "grades", {"adjustments.csv": TYPED.encode()})
    assert TYPED.count("\n") == 5
    assert cli.main(command, root=made.ROOT) == 0
    totals = {row["student"]: row["total"] for row in table(home / "grades/grades.csv")}
    assert totals == {"maria": "11", "joe": "9", "0042": "13", "ann": "8.8"}
