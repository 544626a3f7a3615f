"""canvas.csv and moodle.csv, as the platforms' own importers read them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from course.grade import command
from tests.grade import made
from tests.grade.conftest import Grader, Run
from tests.grade.made import put, table, zipped

GOOD = made.as_bytes(made.notebook())
FIVE = made.as_bytes(made.released("05"))
CANVAS = {
    "doejane_1234_5678_02_softmax.ipynb": GOOD,
    "roejohn_LATE_99_5679_02_softmax-1.ipynb": made.as_bytes(made.released()),
    "doejane_1234_5680_05_softmax_regression.ipynb": FIVE,
}
MOODLE = {
    "Jane Doe_77_assignsubmission_file_/02_softmax.ipynb": GOOD,
    "Łukasz Roe_78_assignsubmission_file_/02_softmax.ipynb": made.as_bytes(made.released()),
}


@pytest.fixture
def grade(run: Run, grader: Grader, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that grades; the answer key is made once."""
    monkeypatch.setattr(command, "make_key", lambda solution, *_: grader.key(solution.number))
    return run


def as_canvas_reads(path: Path) -> tuple[dict[str, float], dict[str, dict[str, str]]]:
    """Return maxima and each student's grades, by what Canvas's importer looks for."""
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    head = rows[0]
    assert "Student" in head[0] and "ID" in head[1]
    students = 3
    if "SIS User ID" in head[2]:
        assert "SIS Login ID" in head[3]
        students += 2
    assert "Section" in head[students - 1]
    maxima: dict[str, float] = {}
    grades = {}
    for row in rows[1:]:
        cells = dict(zip(head[students:], row[students:], strict=True))
        if "Points Possible" in row[0]:
            maxima = {name: float(value) for name, value in cells.items()}
        else:
            grades[row[1]] = cells
    return maxima, grades


def as_moodle_reads(path: Path) -> dict[str, str]:
    """Return each participant's grade, by what Moodle's worksheet importer looks for."""
    rows = table(path)
    assert {"Identifier", "Grade", "Last modified (grade)"} <= rows[0].keys()
    assert all(None not in row and None not in row.values() for row in rows)
    begins = len("Participant ")
    return {row["Identifier"][begins:]: row["Grade"] for row in rows}


def test_canvas_takes_it(grade: Run) -> None:
    out = grade({"all.zip": zipped(CANVAS)}, gradebook="canvas")
    maxima, grades = as_canvas_reads(out / "canvas.csv")
    assert maxima["Lesson 02"] == 11 + 12
    assert grades["1234"]["Lesson 02"] == "11" and grades["1234"]["Lesson 05"] == "0"
    assert grades["99"] == {"Lesson 02": "0", "Lesson 05": ""}


def test_moodle_takes_it_marks_and_adjustments_included(
    grade: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    files: dict[str, Any] = {"all.zip": zipped(MOODLE)}
    out = grade(files, gradebook="moodle")
    assert as_moodle_reads(out / "moodle.csv") == {"77": "11", "78": "0"}
    with (out / "adjustments.csv").open("a", encoding="utf-8") as file:
        file.write("Łukasz Roe,02,02.1,+1.5,,\nJane Doe,02,,+14!,,\n")
    grade(files, gradebook="moodle")
    assert as_moodle_reads(out / "moodle.csv") == {"77": "25", "78": "1.5"}
    assert "1 grade above the maximum: Moodle leaves it out" in capsys.readouterr().out


def test_moodle_knows_a_student_by_another_number_in_each_assignment(
    grade: Run, tmp_path: Path
) -> None:
    other = {"Jane Doe_503_assignsubmission_file_/05_softmax_regression.ipynb": FIVE}
    grade(put(tmp_path / "two", {"02.zip": zipped(MOODLE)}))
    out = grade(put(tmp_path / "five", other), gradebook="moodle")  # another week
    assert as_moodle_reads(out / "moodle.csv") == {"77": "11", "78": "0", "503": "0"}


@pytest.mark.parametrize("which", ["canvas", "moodle"])
def test_who_has_no_number_there_is_said(
    grade: Run, which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    grade({"ann/02_softmax.ipynb": GOOD}, gradebook=which)
    assert f"1 student came from no download of {which.title()}" in capsys.readouterr().out
