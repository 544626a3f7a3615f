"""canvas.csv and moodle.csv, as the platforms' own importers read them."""

from __future__ import annotations

import csv
import zipfile
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


def as_moodle_names(path: str) -> tuple[str, str]:
    """Return whose a feedback file is and what it is called, by what Moodle's importer looks for."""
    folder, name = path.split("/")
    _, number, kind, plugin = folder.split("_")
    assert (kind, plugin) == ("assignfeedback", "file")
    return number, name


def test_canvas_gives_nobody_the_grade_of_an_anonymous_student(
    grade: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    out = grade(
        {"anon_7kx9Q_5678_02_softmax.ipynb": GOOD, "doejane_7_9_x.ipynb": FIVE}, gradebook="canvas"
    )
    _, grades = as_canvas_reads(out / "canvas.csv")
    assert set(grades) == {"", "7"}
    assert "1 student handed in without a name, and cannot be imported: anon_7kx9Q" in (
        capsys.readouterr().out
    )


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
    with zipfile.ZipFile(out / "moodle_feedback.zip") as archive:
        pages = dict(map(as_moodle_names, archive.namelist()))
        assert pages == {"77": "02.html", "78": "02.html"}
        theirs = (out / "feedback" / "Łukasz Roe" / "02.html").read_bytes()
        assert archive.read("Łukasz Roe_78_assignfeedback_file/02.html") == theirs


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
    ann = {"ann/02_softmax.ipynb": GOOD}
    out = grade(ann, gradebook=which)
    said = capsys.readouterr().out
    assert f"came from no download of {which.title()}: without a number there (ann)" in said
    assert str(out / f"{which}.csv") in said and "of an earlier run" not in said
    grade(ann)
    assert f"{which}.csv is of an earlier run: --gradebook {which}" in capsys.readouterr().out
