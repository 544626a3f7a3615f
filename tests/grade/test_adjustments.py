"""adjustments.csv and lateness: added in every run, shown beside the machine's points, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from course import cli
from course.grade import adjustments, command
from course.grade.adjustments import Adjustment, tally
from course.grade.key import ExerciseKey, Lesson, WrittenKey
from course.grade.record import Grade, Score
from course.judge.run import Status
from tests.grade import made
from tests.grade.conftest import Grader, Run
from tests.grade.made import snapshot, table

HEAD = "student,lesson,exercise,points,late_days,comment\n"
LESSON = Lesson(
    "02",
    "02_softmax",
    (ExerciseKey("02.1", "softmax", 3), ExerciseKey("02.2", "log_softmax", 5)),
    (WrittenKey("02.Q1", "Why?", "Because.", 4),),
)


def graded(first: int = 2, second: int = 4) -> Grade:
    scores = zip(LESSON.exercises, (first, second), strict=True)
    return Grade(
        tuple(
            Score(e.number, e.name, points, e.max_points, Status.FAILED, "", "", ())
            for e, points in scores
        )
    )


def read(text: str, tmp_path: Path) -> list[Adjustment]:
    path = tmp_path / "adjustments.csv"
    path.write_text(HEAD + text, encoding="utf-8")
    found = adjustments.read(path, ["maria", "0042", "Łukasz"], {"02": LESSON})
    return [each for rows in found.values() for each in rows]


TOTALS = {  # rows, the share that a day costs, what is left of 2 + 4 points and 3 for words
    "nothing": ("", 0, 9),
    "one more": ("maria,02,02.1,+1,,\n", 0, 10),
    "up to the maximum": ("maria,02,02.1,+2.5,,\n", 0, 10),
    "extra credit": ("maria,02,02.1,+2.5!,,\n", 0, 11.5),
    "less": ("maria,02,02.2,-3,,\n", 0, 6),
    "a long minus, a comma": ("maria;02;02.2;−1,5;;\n", 0, 7.5),
    "never below nothing": ("maria,02,02.1,-9,,\n", 0, 7),
    "to a value": ("maria,02,02.2,=1,,\n", 0, 6),
    "one after another": ("maria,02,02.2,=1,,\nmaria,02,02.2,+2,,\n", 0, 8),
    "the lesson": ("maria,02,,+2,,\n", 0, 11),
    "the lesson, to its maximum": ("maria,02,,+7,,\n", 0, 12),
    "the lesson, beyond": ("maria,02,,+7!,,\n", 0, 16),
    "late, which costs nothing": ("maria,02,,,2,ill\n", 0, 9),
    "late": ("maria,02,,,2,\n", 0.1, 7.2),
    "late by half a day": ('maria,02,,,"0,5",\n', 0.1, 8.55),
    "later than all is worth": ("maria,02,,,40,\n", 0.1, 0),
    "the longest counts": ("maria,02,,,1,\nmaria,02,02.1,,3,\n", 0.1, 6.3),
    "late, then a person's word": ("maria,02,,=7,2,\n", 0.1, 7),
    "late, with an exercise": ("maria,02,02.1,+1,1,\n", 0.1, 9),
}


@pytest.mark.parametrize("case", TOTALS)
def test_points_add_up(tmp_path: Path, case: str) -> None:
    text, rate, total = TOTALS[case]
    path = tmp_path / "adjustments.csv"
    head = HEAD.replace(",", ";") if ";" in text else HEAD
    path.write_text(head + text, encoding="utf-8")
    rows = adjustments.read(path, ["maria"], {"02": LESSON}).get(("maria", "02"), [])
    found = tally(LESSON, graded(), 3, rows, rate)
    assert found.total == pytest.approx(total)
    assert found.machine == 6 and len(found.changes) == len(rows)
    parts = found.machine + (found.written or 0) + found.adjustment + found.late
    assert parts == pytest.approx(total)


@pytest.mark.parametrize(
    "row",
    [
        "maria,2,2.1,+1,,",
        "maria,,02.1,+1,,",
        "maria,02_softmax,softmax,'+1,,",
        "MARIA,02,1,+1,,",
        'maria,2,"2,1",+ 1,,',
    ],
)
def test_numbers_are_read_as_spreadsheets_leave_them(tmp_path: Path, row: str) -> None:
    (found,) = read(row + "\n", tmp_path)
    assert found == Adjustment("maria", "02", "02.1", "+", 1)
    assert read("42,02,,-1,,\n", tmp_path)[0].student == "0042"


REFUSED = {
    "marai,02,02.1,+1,,": r"line 2: no student “marai” is known; the nearest is maria",
    ",02,02.1,+1,,": "line 2: no student is named",
    "maria,07,,+1,,": "lesson “07” is none of 02",
    "maria,,,+1,,": "no lesson is named",
    "maria,02,02.9,+1,,": r"exercise “02.9” is none of lesson 02, which has 02.1, 02.2",
    "maria,02,02.Q1,+1,,": "a written answer is marked in to_mark.csv",
    "maria,02,02.1,1,,": r"could be added or be all there is: write \+1 or =1",
    "maria,02,02.1,many,,": "“many” is none of",
    "maria,02,02.1,+-1,,": "is none of",
    "maria,02,02.1,=4,,": r"4 points are more than 3, all there are; write =4!",
    "maria,02,,,-1,": "late_days is “-1”",
    "maria,02,,,soon,": "late_days is “soon”",
    "maria,02,,,,": "neither points nor late_days nor a comment",
    "maria,02,,+1,,well, but,so": "more cells than the heading",
}


@pytest.mark.parametrize("row", REFUSED)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, row: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[row]) as caught:
        read(row + "\n", tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10%/day", 0.1), ("7.5 % a day", 0.075), ("none", 0), ("0%", 0), ("101%", None), ("1", None)],
)
def test_a_rate(text: str, rate: float | None) -> None:
    assert adjustments.read_rate(text) == rate


# --- in a run ------------------------------------------------------------------------------------

GOOD = made.as_bytes(made.notebook())
CLASS = {"maria/02_softmax.ipynb": GOOD, "joe/02_softmax.ipynb": made.as_bytes(made.released())}


@pytest.fixture
def grade(run: Run, grader: Grader, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that grades; the answer key is made once."""
    monkeypatch.setattr(command, "make_key", lambda solution, *_: grader.key(solution.number))
    return run


def test_a_run_merges_them_and_shows_them_beside_the_machine_s_points(
    grade: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    out = grade(CLASS)
    path = out / "adjustments.csv"
    assert path.read_text(encoding="utf-8") == HEAD  # begun for the instructor
    plain = table(out / "grades.csv")
    assert list(plain[0]) == ["student", "02", "02 written", "total", "max_total", "flags"]
    typed = (
        f"{HEAD}joe,02,02.1,=2,,“on paper, at the board”\nmaria,02,02.4,+1,3,two ill, \n".replace(
            "“on paper, at the board”", '"on paper, <b>at the board</b>"'
        ).replace("two ill, ", '"ill, with a note"')
    )
    path.write_text(typed, encoding="utf-8")
    grade(CLASS)
    assert "the maximum keeps 1 from counting in full" in capsys.readouterr().out
    rows = {row["student"]: row for row in table(out / "grades.csv")}
    assert (rows["joe"]["02"], rows["joe"]["02 adjustment"], rows["joe"]["total"]) == (
        "0",
        "2",
        "2",
    )
    assert (rows["maria"]["02"], rows["maria"]["total"]) == ("11", "11")
    exercises = {(r["student"], r["exercise"]): r for r in table(out / "exercises.csv")}
    assert exercises["joe", "02.1"]["points"] == "0" and exercises["joe", "02.1"]["adjusted"] == "2"
    assert exercises["joe", "02.2"]["adjusted"] == ""
    page = (out / "feedback/joe/02.html").read_text(encoding="utf-8")
    assert "on paper, &lt;b&gt;at the board&lt;/b&gt;" in page and "+2 points" in page
    # Lateness, which is remembered: a run that does not name it changes nobody's points.
    grade(CLASS, late=0.1)
    for options in ({}, {"fresh": True}):
        grade({"joe/02_softmax.ipynb": GOOD}, **options)
        maria = {row["student"]: row for row in table(out / "grades.csv")}["maria"]
        assert (maria["02"], maria["02 late"], maria["total"]) == ("11", "-3.3", "7.7")
    assert "-3.3 points" in (out / "feedback/maria/02.html").read_text(encoding="utf-8")
    grade(CLASS, late=0.0)
    assert "02 late" not in table(out / "grades.csv")[0]
    assert path.read_text(encoding="utf-8") == typed
    assert (out / "backup/adjustments-0001.csv").read_text(encoding="utf-8") == typed


def test_points_for_who_handed_in_nothing_of_that_lesson(grade: Run) -> None:
    five = {"joe/05_softmax_regression.ipynb": made.as_bytes(made.released("05"))}
    out = grade({"maria/02_softmax.ipynb": GOOD, **five})
    (out / "adjustments.csv").write_text(HEAD + "joe,02,02.1,+2,,orally\n", encoding="utf-8")
    grade({"maria/02_softmax.ipynb": GOOD, **five})
    joe = {row["student"]: row for row in table(out / "grades.csv")}["joe"]
    assert (joe["02"], joe["02 adjustment"], joe["05"], joe["total"]) == ("0", "2", "0", "2")
    page = out / "feedback/joe/02.html"
    shown = page.read_text(encoding="utf-8")
    assert "No file of this lesson has been handed in" in shown and "+2 points. orally" in shown
    of_class = (out / "class.html").read_text(encoding="utf-8")
    assert "– → 2</td>" in of_class and 'href="feedback/joe/02.html"' in of_class
    # It was somebody else's.
    (out / "adjustments.csv").write_text(HEAD + "maria,02,02.1,+2,,orally\n", encoding="utf-8")
    grade({"maria/02_softmax.ipynb": GOOD, **five})
    assert not page.exists() and (out / "feedback/joe/05.html").exists()


@pytest.mark.parametrize("row", ["mary,02,02.1,+1,,", "maria,02,02.7,+1,,", "maria,03,,+1,,"])
def test_a_row_of_nobody_stops_the_run_before_anything_is_written(grade: Run, row: str) -> None:
    out = grade(CLASS)
    (out / "adjustments.csv").write_text(f"{HEAD}{row}\n", encoding="utf-8")
    before = snapshot(out)
    with pytest.raises(command.GradeError, match=r"adjustments\.csv, line 2"):
        grade({**CLASS, "ann/02_softmax.ipynb": made.as_bytes(made.notebook(first=["n = 3"]))})
    assert snapshot(out) == before


def test_a_rate_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["grade", str(tmp_path), "--late", "ten"], root=made.ROOT)
    assert "--late must be like 10%/day" in capsys.readouterr().err
