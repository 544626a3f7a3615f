"""What a person typed is never lost: marks and comments over runs, versions and spreadsheets."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from course.grade import command, marks
from course.grade.typed import Names, read_table, unscrambled
from tests.grade import made
from tests.grade.conftest import Grader, Run
from tests.grade.made import put, snapshot, table

WORDS = "Adding 7 to each score cancels in the ratio."


def answered(words: str = WORDS) -> bytes:
    """Return a notebook with a written answer and nothing else done; "" leaves that out too."""
    notebook = made.released()
    for cell in notebook["cells"]:
        if words and "<!-- written: 02.Q1 -->" in cell["source"]:
            cell["source"] = cell["source"].replace("*Write your answer here.*", words)
    return made.as_bytes(notebook)


def files(answers: Mapping[str, str]) -> dict[str, bytes]:
    return {f"{student}/02_softmax.ipynb": answered(words) for student, words in answers.items()}


@pytest.fixture
def grade(run: Run, grader: Grader, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that grades; the answer key, which is not looked at, is made once."""
    monkeypatch.setattr(command, "make_key", lambda solution, *_: grader.key(solution.number))
    return run


def rows(out: Path) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["student"], row["question"]): row for row in table(out / "to_mark.csv")}


def edit(out: Path, change: Callable[[dict[str, str]], object], encoding: str = "utf-8") -> None:
    """Change each row of to_mark.csv as a person would."""
    found = table(out / "to_mark.csv")
    for row in found:
        change(row)
    with (out / "to_mark.csv").open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found)


def mark(out: Path, points: str = "2.5", comment: str = "mention the ratio") -> None:
    edit(out, lambda row: row.update(points=points, comment=comment))


def grades(out: Path) -> dict[str, dict[str, str]]:
    return {row["student"]: row for row in table(out / "grades.csv")}


# --- over versions and runs ----------------------------------------------------------------------


@pytest.mark.parametrize("second", [answered(""), b"{", b"PK\x03\x04 damaged"])
def test_a_mark_outlives_a_version_without_the_answer(
    grade: Run, second: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    out = grade(files({"maria": WORDS, "joe": WORDS}))
    mark(out)
    for _ in range(2):
        grade({"maria/02_softmax.ipynb": second})
        row = rows(out)["maria", "02.Q1"]
        assert (row["points"], row["comment"]) == ("2.5", "mention the ratio")
        assert row["state"] == marks.GONE
        assert "maria 02.Q1" in capsys.readouterr().out
        assert f"02.Q1: {marks.GONE}" in grades(out)["maria"]["flags"]
        assert grades(out)["maria"]["02 written"] == "2.5"
    grade(files({"maria": WORDS}))
    assert rows(out)["maria", "02.Q1"]["state"] == ""
    assert "marked" not in grades(out)["maria"]["flags"]


def test_a_changed_answer_is_said_until_it_is_marked_again(
    grade: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    out = grade(files({"maria": WORDS, "joe": WORDS}))
    mark(out)
    grade(files({"maria": "Quite other words."}))

    def said() -> list[bool]:
        return [
            "changed      1 answer since the mark was given: maria 02.Q1"
            in capsys.readouterr().out,
            marks.CHANGED in grades(out)["maria"]["flags"],
            marks.CHANGED in rows(out)["maria", "02.Q1"]["state"],
            "has changed since it was marked" in (out / "to_mark.html").read_text(encoding="utf-8"),
        ]

    assert all(said())
    grade(files({"joe": WORDS}))  # a run of somebody else
    assert all(said())
    assert rows(out)["maria", "02.Q1"]["points"] == "2.5"
    edit(out, lambda row: row.update(points="1.5"))  # marked again
    grade(files({"maria": "Quite other words."}))
    assert not any(said())
    grade(files({"maria": "Third words."}))
    assert all(said())
    edit(out, lambda row: row.update(answer_id=""))  # marked again, with the same points
    grade(files({"maria": "Third words."}))
    assert not any(said())


def test_a_mark_is_of_the_answer_that_was_read(grade: Run) -> None:
    """Marked in a spreadsheet while a new version lay in the folder already."""
    out = grade(files({"maria": WORDS}))
    mark(out)
    grade(files({"maria": "Other words, handed in meanwhile."}))
    assert rows(out)["maria", "02.Q1"]["state"] == marks.CHANGED


def test_a_row_missing_in_the_file_is_put_back_and_an_emptied_one_stays_empty(
    grade: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    out = grade(files({"maria": WORDS, "joe": WORDS, "ann": WORDS}))
    mark(out)
    grade(files({"maria": WORDS}))
    lines = (out / "to_mark.csv").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("joe"))
    (out / "to_mark.csv").write_text(text, encoding="utf-8")
    edit(out, lambda row: row["student"] == "ann" and row.update(points="", comment=""))
    capsys.readouterr()
    grade(files({"maria": WORDS}))
    assert "1 mark missing in to_mark.csv: joe 02.Q1" in capsys.readouterr().out
    assert rows(out)["joe", "02.Q1"]["comment"] == "mention the ratio"
    assert rows(out)["ann", "02.Q1"]["points"] == ""
    (out / "to_mark.csv").unlink()
    grade(files({"maria": WORDS}))
    assert rows(out)["maria", "02.Q1"]["points"] == "2.5"


def test_other_solutions_keep_a_lesson_s_students_and_marks(grade: Run, tmp_path: Path) -> None:
    out = grade(files({"maria": WORDS, "joe": WORDS}))
    mark(out, "3")
    grade(files({"joe": WORDS}))
    before, feedback = grades(out), (out / "feedback/joe/02.html").read_bytes()
    five = made.SOLUTIONS / "05_softmax_regression.ipynb"
    solutions = put(tmp_path / "solutions", {five.name: five.read_bytes()})
    shutil.rmtree(tmp_path / "in")
    added = {
        "joe/05_softmax_regression.ipynb": made.as_bytes(made.released("05")),
        "joe/02_softmax.ipynb": answered("New words, which cannot be graded now."),
    }
    grade(added, solutions=solutions)
    after = grades(out)
    assert {s: after[s]["02 written"] for s in after} == {"maria": "3", "joe": "3"}
    assert {s: after[s]["02"] for s in after} == {s: before[s]["02"] for s in before}
    assert after["joe"]["05"] == "0" and after["maria"]["05"] == ""
    assert rows(out)["maria", "02.Q1"]["points"] == "3"
    assert (out / "feedback/joe/02.html").read_bytes() == feedback


def test_what_the_file_held_is_kept_before_it_is_written(grade: Run) -> None:
    out = grade(files({"maria": WORDS}))
    assert not (out / "backup").exists()
    for n in range(14):
        mark(out, comment=f"comment {n}")
        text = (out / "to_mark.csv").read_bytes()
        grade(files({"maria": f"words {n}"}))
        copies = sorted((out / "backup").glob("to_mark-*.csv"))
        assert copies[-1].read_bytes() == text
    assert len(copies) == 10


# --- what a spreadsheet does ---------------------------------------------------------------------

CLASS = ["0012345", "1E5", "Zoë", "José", "maria", "202611223344", "3.10"]
SPOILT = {"0012345": "12345", "1E5": "1.00E+05", "202611223344": "2.02611E+11", "3.10": "3.1"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1", "utf-16", "mac_roman"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_names_and_marks_come_back_from_a_spreadsheet(
    grade: Run, encoding: str, delimiter: str
) -> None:
    out = grade(files(dict.fromkeys(CLASS, WORDS)))
    assert (out / "to_mark.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    found = table(out / "to_mark.csv")
    with (out / "to_mark.csv").open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([*found[0]])
        for n, row in enumerate(found):
            row.update(
                points=f"{n / 2}".replace(".", ","), comment=f"très {row['student']}; n, {n}"
            )
            row["student"] = SPOILT.get(row["student"], row["student"])
            writer.writerow(row.values())
    grade(files({"maria": WORDS}))
    now = rows(out)
    for n, student in enumerate(sorted(CLASS, key=lambda s: (s.casefold(), s))):
        row = now[student, "02.Q1"]
        assert row["points"] == f"{n / 2:g}"
        assert row["comment"] == f"très {student}; n, {n}"


@pytest.mark.parametrize("marked", [True, False])
def test_utf8_taken_for_windows_letters_is_put_right(grade: Run, marked: bool) -> None:
    names = ["Zoë", "Łukasz", "maria"]
    out = grade(files(dict.fromkeys(names, WORDS)))
    mark(out, comment="très bien")
    text = (out / "to_mark.csv").read_bytes()
    text = text if marked else text.removeprefix(b"\xef\xbb\xbf")
    garbled = "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in text)
    (out / "to_mark.csv").write_text(garbled, encoding="utf-8-sig")
    grade(files({"maria": WORDS}))
    assert {(s, r["points"], r["comment"]) for (s, _), r in rows(out).items()} == {
        (name, "2.5", "très bien") for name in names
    }


def test_names_are_found_only_where_one_can_be_meant() -> None:
    names = Names(["007", "7", "Ann", "ann (2)", "20260000000001", "20260000000002", "学", "生"])
    assert names.find("7") == "7" and names.find("07") == ""
    assert names.find("ANN") == "Ann"
    assert names.find("2.026E+13") == "" and names.find("20260000000001.0") == "20260000000001"
    assert names.find("?") == "" and names.find("") == ""
    assert unscrambled("日本") == "日本"


def test_columns_of_a_person_s_own_stay(grade: Run) -> None:
    out = grade(files({"maria": WORDS, "joe": WORDS}))
    lines = (out / "to_mark.csv").read_text(encoding="utf-8").splitlines()
    text = "\n".join([lines[0] + ",Grader", *(f"{line},A. L." for line in lines[1:])])
    (out / "to_mark.csv").write_text(text, encoding="utf-8")
    grade(files({"maria": WORDS}))
    assert {row["Grader"] for row in rows(out).values()} == {"A. L."}
    page = "student,question,points,max_points,comment,answer_id\nmaria,02.Q1,1,4,,\n"
    (out / "to_mark.csv").write_text(page, encoding="utf-8")  # as the page saves it
    grade(files({"maria": WORDS}))
    assert {row["Grader"] for row in rows(out).values()} == {"A. L."}
    assert rows(out)["maria", "02.Q1"]["points"] == "1"


# --- what cannot be told stops the run -----------------------------------------------------------

HEAD = "student,question,points,max_points,comment,answer_id\n"
REFUSED = {
    "an unknown student": (
        "mariah,02.Q1,2,4,,\n",
        r"line 2: no student “mariah”.*nearest is maria",
    ),
    "nobody": (",02.Q1,2,4,,\n", "line 2: no student is named"),
    "a name past knowing": ("M?r?a,02.Q1,2,4,,{id}\n", "line 2: no student “M.r.a”.*is maria"),
    "no such question": ("maria,02.Q7,2,4,,\n", "maria has never answered “02.Q7”"),
    "never answered": ("quiet,02.Q1,2,4,,\n", "quiet has never answered “02.Q1”"),
    "too many points": ("maria,02.Q1,99,4,,\n", "line 2: 99 points, of 0 to 4"),
    "another maximum": ("maria,02.Q1,99,100,,\n", "line 2: 99 points, of 0 to 4"),
    "a date": ("maria,02.Q1,02. Jan,4,,\n", "line 2: “02. Jan” is not a number"),
    "underscores": ("maria,02.Q1,1_0,4,,\n", "is not a number"),
    "twice": ("maria,02.Q1,1,4,,\nmaria,02.Q1,2,4,,\n", "lines 2 and 3 are both of maria"),
    "a comment without quotes": ("maria,02.Q1,1,4,well, but,{id},x\n", "line 2 has more cells"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_told_stops_the_run_before_anything_is_written(
    grade: Run, case: str
) -> None:
    text, says = REFUSED[case]
    given = files({"maria": WORDS, "quiet": ""})
    out = grade(given)
    identity = rows(out)["maria", "02.Q1"]["answer_id"]
    (out / "to_mark.csv").write_text(HEAD + text.format(id=identity), encoding="utf-8")
    before = snapshot(out)
    with pytest.raises(command.GradeError, match=says):
        grade(given)
    assert snapshot(out) == before


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"name;question;points\n", "needs the column student; it has name, question, points"),
        (b"", "needs the columns student, question, points; it has none"),
        (b"student,student,question,points\n", "two columns student"),
        (b'student,question,points\n"maria,02.Q1,1', "needs|cells|unexpected|no student"),
        (b"\x00\x01\x02" * 99, "needs the columns"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(grade: Run, data: bytes, says: str) -> None:
    out = grade(files({"maria": WORDS}))
    (out / "to_mark.csv").write_bytes(data)
    with pytest.raises(command.GradeError, match=says):
        grade(files({"maria": WORDS}))
    assert (out / "to_mark.csv").read_bytes() == data


def test_a_line_that_names_the_separator_is_no_heading(tmp_path: Path) -> None:
    path = tmp_path / "to_mark.csv"
    path.write_text("sep=;\nStudent;Question;Points\nmaria;02.Q1;3\n", encoding="utf-8")
    (row,) = read_table(path, ("student", "question", "points"), Names(["maria"]))
    assert (row.line, row.get("points")) == (3, "3")


def test_a_damaged_memory_costs_no_mark(grade: Run) -> None:
    out = grade(files({"maria": WORDS}))
    mark(out)
    (out / "journal/written.json").write_text("[{", encoding="utf-8")
    grade(files({"maria": WORDS}))
    assert rows(out)["maria", "02.Q1"]["points"] == "2.5"
    entries = [p for p in (out / "journal").glob("*.json") if len(p.stem) == 40]
    for entry in entries:
        entry.write_text(json.dumps({"exercises": 1}), encoding="utf-8")
    grade(files({"joe": WORDS}) | {"maria/02_softmax.ipynb": answered("")})
    assert rows(out)["maria", "02.Q1"]["points"] == "2.5"


def test_a_file_that_cannot_be_opened_is_one_sentence(grade: Run) -> None:
    out = grade(files({"maria": WORDS}))
    (out / "to_mark.csv").unlink()
    (out / "to_mark.csv").mkdir()
    with pytest.raises(command.GradeError, match=r"to_mark\.csv: Is a directory"):
        grade(files({"maria": WORDS}))
