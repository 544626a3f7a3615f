"""A grade is made again when code that decides has changed, and for no other change."""

import shutil
from pathlib import Path

import pytest

from course.grade.answer_key import fingerprint
from course.grade.key import Solution, read_solution
from course.imports import PACKAGES
from tests.grade import made

DECIDES = {
    "what runs a call": "course/judge/run.py",
    "what looks for forbidden names": "course/judge/honesty.py",
    "what compares": "course/judge/compare.py",
    "what names mistakes": "course/judge/recognise.py",
    "what reads their page": "course/judge/mistakes.py",
    "what the exercises ask": "course/exercises/lesson_02.py",
    "their known mistakes": "course/exercises/lesson_02.md",
    "oracles that lessons share": "course/exercises/common.py",
    "what tells the student's own cells": "course/cells.py",
    "what knows the set-up cell": "course/setup_cell.py",
    "what reads notebooks": "course/grade/reading.py",
    "what reads their cells": "course/grade/notebook.py",
    "what finds the student's own work": "course/grade/work.py",
    "what scores": "course/grade/scoring.py",
    "what reads forecasts": "course/grade/guesses.py",
    "the sandbox": "course/grade/sandbox.py",
    "what runs the cells": "course/grade/inside/student.py",
    "what carries values out": "course/grade/inside/wire.py",
    "the filter on system calls": "course/grade/inside/syscalls.py",
    "a function that the lesson calls": "utils/functions.py",
    "figures that the set-up cell imports": "utils/plots/style.py",
    "the list of what utils holds": "utils/__init__.py",
}
DECIDES_NOT = {
    "another lesson's exercises": "course/exercises/lesson_03.py",
    "another lesson's mistakes": "course/exercises/lesson_03.md",
    "the message of check": "course/check.py",
    "the reports": "course/grade/reports.py",
    "the pages": "course/grade/pages.py",
    "a class's calibration": "course/grade/calibration.py",
    "what came of predictions": "course/grade/forecasts.py",
    "a page of the reports": "course/grade/templates/class.html",
    "finding submissions": "course/grade/collect.py",
    "the process that opens them": "course/grade/reader.py",
    "the order of work": "course/grade/command.py",
    "the journal": "course/grade/journal.py",
    "the command line": "course/cli.py",
    "releasing": "course/release/notebooks.py",
    "the ten questions, which lesson 02 does not ask": "utils/concepts.py",
    "estimators that lesson 02 does not use": "utils/models.py",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the code."""
    folder = tmp_path_factory.mktemp("code")
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(made.ROOT / package, folder / package, ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def solution() -> Solution:
    return read_solution(made.SOLUTIONS / "02_softmax.ipynb")


@pytest.mark.parametrize("what", [*DECIDES, *DECIDES_NOT])
def test_an_edit_changes_the_fingerprint_if_the_file_decides(
    root: Path, solution: Solution, what: str
) -> None:
    path = root / (DECIDES | DECIDES_NOT)[what]
    before, text = fingerprint(solution, "", root), path.read_bytes()
    path.write_bytes(text + b"\n# changed\n")
    try:
        assert (fingerprint(solution, "", root) != before) == (what in DECIDES)
    finally:
        path.write_bytes(text)
    assert fingerprint(solution, "", root) == before


def test_the_solution_and_the_settings_count(root: Path, solution: Solution) -> None:
    changed = Solution(solution.path, solution.content + b" ", solution.cells)
    prints = [
        fingerprint(solution, "1", root),
        fingerprint(solution, "2", root),
        fingerprint(changed, "1", root),
    ]
    assert len(set(prints)) == 3
