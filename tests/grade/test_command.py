"""`course grade` from a download to grades: layouts, reports, interruption, refusals."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course import cli, exercises, files
from course.check import check
from course.grade import command, reports, sandbox
from course.grade.collect import clean, collect
from course.grade.key import AnswerKeyError, Limits, lesson_names
from tests.grade import made
from tests.grade.conftest import REPORTED, Grader, Run, Shared
from tests.grade.made import put, snapshot, table, written, zipped

LESSONS = {"02": "02_softmax", "05": "05_softmax_regression"}
GOOD = made.as_bytes(made.notebook())
STUB = made.as_bytes(made.released())
ZEROS = "def softmax(logits):\n    return np.zeros_like(logits)"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(99)


def with_softmax(source: str) -> bytes:
    return made.as_bytes(made.notebook(instead={"02.1": source}))


# --- finding submissions -------------------------------------------------------------------------

FLAT = {"maria__02_softmax.ipynb": GOOD, "02_softmax_joe.ipynb": GOOD}
CANVAS = {
    "doejane_1234_5678_02_softmax.ipynb": GOOD,
    "roejohn_LATE_99_5679_02_softmax-1.ipynb": GOOD,
}
MOODLE = {
    "Jane Doe_77_assignsubmission_file_/02_softmax.ipynb": GOOD,
    "Jane Doe_77_assignsubmission_onlinetext_/onlinetext.html": b"<p>see file",
    "Joe Roe_78_assignsubmission_file/answer.ipynb": GOOD,
}
LAYOUTS: dict[str, tuple[dict[str, bytes], list[tuple[str, str]]]] = {
    "a folder for each": (
        {"maria/02_softmax.ipynb": GOOD, "joe/deep/er/02_softmax.ipynb": GOOD},
        [("joe", "02"), ("maria", "02")],
    ),
    "flat files": (FLAT, [("joe", "02"), ("maria", "02")]),
    "Canvas": (CANVAS, [("doejane", "02"), ("roejohn", "02")]),
    "Moodle": (MOODLE, [("Jane Doe", "02"), ("Joe Roe", "02")]),
    "Moodle without folders": (
        {"Jane Doe_77_assignsubmission_file_02_softmax.ipynb": GOOD},
        [("Jane Doe", "02")],
    ),
    "a zip of Canvas": ({"all.zip": zipped(CANVAS)}, [("doejane", "02"), ("roejohn", "02")]),
    "a zip of folders in a folder": (
        {"all.zip": zipped({"class/maria/x.ipynb": GOOD, "class/joe/y.ipynb": GOOD})},
        [("joe", "02"), ("maria", "02")],
    ),
    "a zip for each student": (
        {"maria/work.zip": zipped({"02_softmax.ipynb": GOOD}), "joe/x.ipynb": GOOD},
        [("joe", "02"), ("maria", "02")],
    ),
    "renamed": ({"maria/Untitled (3).ipynb": GOOD}, [("maria", "02")]),
    "two lessons": (
        {"maria/a.ipynb": GOOD, "maria/b.ipynb": made.as_bytes(made.released("05"))},
        [("maria", "02"), ("maria", "05")],
    ),
    "litter": (
        {
            "maria/02_softmax.ipynb": GOOD,
            "maria/.ipynb_checkpoints/02_softmax-checkpoint.ipynb": STUB,
            "maria/picture.png": PNG,
            "__MACOSX/maria/._02_softmax.ipynb": b"x",
            ".DS_Store": b"x",
        },
        [("maria", "02")],
    ),
    "names alike but for their case": (
        {"Ann/02_softmax.ipynb": GOOD, "ann/02_softmax.ipynb": GOOD},
        [("Ann", "02"), ("ann (2)", "02")],
    ),
    "a mix": (
        {**FLAT, "ada/02_softmax.ipynb": GOOD, "more.zip": zipped(CANVAS)},
        [(s, "02") for s in ("ada", "doejane", "joe", "maria", "roejohn")],
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_submissions_are_found_in(tmp_path: Path, name: str) -> None:
    files, expected = LAYOUTS[name]
    found = collect(put(tmp_path / "download", files), LESSONS)
    assert sorted((s.student, s.lesson) for s in found) == sorted(expected)
    assert not any(s.problem for s in found)


def test_a_single_file_and_a_zip_are_submissions_too(tmp_path: Path) -> None:
    put(tmp_path, {"maria__02_softmax.ipynb": GOOD, "class.zip": zipped(MOODLE)})
    (one,) = collect(tmp_path / "maria__02_softmax.ipynb", LESSONS)
    assert (one.student, one.lesson) == ("maria", "02")
    both = collect(tmp_path / "class.zip", LESSONS)
    assert [(s.student, s.platform_id) for s in both] == [("Jane Doe", "77"), ("Joe Roe", "78")]


def test_the_newest_of_several_versions_counts_and_is_said(tmp_path: Path) -> None:
    folder = put(tmp_path, {f"maria/02_softmax{n}.ipynb": GOOD for n in ("", "-1", " (2)")})
    for place, name in enumerate((" (2)", "", "-1")):
        os.utime(folder / f"maria/02_softmax{name}.ipynb", (1e9 + place, 1e9 + place))
    put(folder, {"maria/newest but broken/02_softmax.ipynb": b"{"})
    (chosen,) = collect(folder, LESSONS)
    assert chosen.file == "maria/02 softmax-1.ipynb".replace(" ", "_")
    assert chosen.notes == ("3 older versions of it left out",)


HOSTILE_NAMES = [
    "../../../outside",
    "/etc/passwd",
    "..\\..\\windows",
    "a/b",
    "new\nline",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "+1",
    "@SUM(A1)",
    "-x",
    "\u202egnp.exe",
    "nul\0l",
    "学" * 300,
    "e\u0301" * 300,
    "...",
    " ",
    "CON",
    "%2e%2e",
    "\ud800",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_label_names_a_file_and_no_path(tmp_path: Path, name: str) -> None:
    label = clean(name)
    assert label and not set(label) & set('/\\\0\n<>"&|=:') and label[0] not in "=+-@."
    files.write_whole(tmp_path / label / "x", "")
    assert (tmp_path / label / "x").resolve().parent.parent == tmp_path.resolve()


def _bomb() -> bytes:
    return zipped({f"{n}.ipynb": bytes(35 * 2**20) for n in range(4)})


def hostile_files() -> dict[str, bytes]:
    """Return files that are no notebooks, or worse: name → content."""
    deep = b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    return {
        "an empty file/02_softmax.ipynb": b"",
        "cut short/02_softmax.ipynb": GOOD[: len(GOOD) // 2],
        "a picture/02_softmax.ipynb": PNG,
        "a pdf/02_softmax.ipynb": b"%PDF-1.7",
        "deep/02_softmax.ipynb": deep,
        "a list/02_softmax.ipynb": b"[1, 2]",
        "a number/02_softmax.ipynb": b"9" * 10_000,
        "cells of a text/02_softmax.ipynb": b'{"cells": "x"}',
        "too many cells/02_softmax.ipynb": b'{"cells": [' + b"1," * 9_999 + b"1]}",
        "UTF-16/02_softmax.ipynb": json.dumps(made.notebook()).encode("utf-16"),
        "enormous/02_softmax.ipynb": bytes(41 * 2**20),
        "another notebook/other.ipynb": b'{"cells": [{"cell_type": "code", "source": "1"}]}',
        "a broken zip/work.zip": zipped({"02_softmax.ipynb": GOOD})[:-40],
        "a zip of rubbish/work.zip": b"PK\x03\x04" + bytes(50),
        "an empty zip/work.zip": zipped({}),
        "a bomb/work.zip": _bomb(),
        "slip.zip": zipped(
            {"../../../slipped/02_softmax.ipynb": GOOD, "/abs/02_softmax.ipynb": GOOD}
        ),
        "names.zip": zipped(
            {f"{n}/02_softmax.ipynb": STUB for n in HOSTILE_NAMES if n != "\ud800"}
        ),
        "half a character/02_softmax.ipynb": made.as_bytes(
            written("\ud83d <script>alert(1)</script>")
        ),
        "good/02_softmax.ipynb": GOOD,
    }


def test_hostile_files_are_rows_and_harm_nothing(run: Run, tmp_path: Path) -> None:
    folder = put(tmp_path / "in", hostile_files())
    secret = put(tmp_path / "secret", {"02_softmax.ipynb": GOOD})
    (folder / "linked").mkdir()
    (folder / "linked" / "02_softmax.ipynb").symlink_to(secret / "02_softmax.ipynb")
    (folder / "linked folder").symlink_to(secret)
    (folder / "a pipe").mkdir()
    os.mkfifo(folder / "a pipe" / "02_softmax.ipynb")
    before = snapshot(folder)
    out = run(folder)
    rows = {row["student"]: row for row in table(out / "grades.csv")}
    bad = [name.partition("/")[0] for name in hostile_files() if "/" in name]
    for student in [*bad, "linked", "linked folder", "a pipe"]:
        assert student in rows
        good = student in ("good", "half a character")
        assert rows[student]["02"] in ((("11"),) if good else ("0", "")), student
    assert rows["slipped"]["02"] == rows["abs"]["02"] == "11"
    statuses = {row["status"] for row in table(out / "exercises.csv")}
    assert "unreadable" in statuses and statuses <= REPORTED
    assert snapshot(folder) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out", "secret"]
    for page in out.rglob("*.html"):
        assert "<script>alert" not in page.read_text(encoding="utf-8")
    for name in ("grades.csv", "exercises.csv", "to_mark.csv"):
        for row in table(out / name):
            assert not any(value.startswith(("=", "+", "@", "-")) for value in row.values())


# --- what a student and an instructor read -------------------------------------------------------

ANSWERS = {
    "right": GOOD,
    "zeros": with_softmax(ZEROS),
    "axis": with_softmax(
        "def softmax(z):\n    e = np.exp(z - z.max(axis=0))\n    return e / e.sum(axis=0)"
    ),
    "one maximum": with_softmax(
        "def softmax(z):\n    e = np.exp(z - z.max())\n    return e / e.sum(axis=-1, keepdims=True)"
    ),
    "raises": with_softmax(
        "def softmax(z):\n    raise type('<img src=x onerror=alert(1)>', (Exception,), {})(f'{z}')"
    ),
    "endless": with_softmax("def softmax(z):\n    while True: pass"),
    "bomb": with_softmax("def softmax(z):\n    return np.ones(10**12)"),
    "leaning": with_softmax("def softmax(z):\n    return utils.softmax(z)"),
    "no Python": with_softmax("def softmax(z:\n    return z"),
    "a number": with_softmax("softmax = 3"),
    "untouched": STUB,
    "no notebook": PNG,
}
EXPECTED = {  # status and points of 02.1
    "right": ("passed", 3),
    "zeros": ("failed", 0),
    "axis": ("failed", 1),
    "one maximum": ("failed", 2),
    "raises": ("error", 0),
    "endless": ("timeout", 0),
    "bomb": ("memory", 0),
    "leaning": ("forbidden", 0),
    "no Python": ("error", 0),
    "a number": ("error", 0),
    "untouched": ("not_attempted", 0),
    "no notebook": ("unreadable", 0),
}


@pytest.fixture(scope="module")
def graded(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the grades of a class in which everybody is wrong in a way of their own."""
    folder = tmp_path_factory.mktemp("class")
    files = {f"{name}/02_softmax.ipynb": data for name, data in ANSWERS.items()}
    options = command.Options(
        put(folder / "in", files), made.SOLUTIONS, folder / "out", 1, 1, Limits(2, 2**29)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "probe", lambda sandbox: None)
        patch.setattr(command, "_sandbox", lambda *arguments: Shared(grader.box))
        command.run(options)
    return folder / "out"


def test_each_status_and_its_points(graded: Path) -> None:
    rows = {r["student"]: r for r in table(graded / "exercises.csv") if r["exercise"] == "02.1"}
    assert {s: (r["status"], int(r["points"])) for s, r in rows.items()} == EXPECTED
    assert {r["status"] for r in rows.values()} == REPORTED


def test_the_columns_are_as_documented(graded: Path) -> None:
    row = table(graded / "exercises.csv")[0]
    columns = ["student", "lesson", "exercise", "name", "points", "max_points", "status", "finding"]
    assert list(row) == columns
    grades = table(graded / "grades.csv")
    assert list(grades[0]) == ["student", "02", "02 written", "total", "max_total", "flags"]
    assert {row["student"]: row["02"] for row in grades}["right"] == "11"
    assert len(grades) == len(ANSWERS)


@pytest.mark.parametrize("student", ["axis", "one maximum"])
def test_a_misconception_is_named_as_check_names_it(graded: Path, student: str) -> None:
    scope: dict[str, Any] = {"np": np}
    cells = json.loads(ANSWERS[student])["cells"]
    exec(next(c["source"] for c in cells if c["source"].startswith("def softmax(")), scope)
    named = check(scope["softmax"]).misconception
    (known,) = (m for m in exercises.named("softmax").mistakes if m.name == named)
    rows = {r["student"]: r for r in table(graded / "exercises.csv") if r["exercise"] == "02.1"}
    assert rows[student]["finding"] == named
    page = (graded / "feedback" / student / "02.html").read_text(encoding="utf-8")
    assert known.says.split(".")[0] in page
    assert known.name in (graded / "class.html").read_text(encoding="utf-8")


def test_feedback_shows_neither_cases_nor_expected_values(graded: Path) -> None:
    for page in graded.glob("feedback/*/02.html"):
        text = page.read_text(encoding="utf-8")
        body = text.partition("<body>")[2]
        assert "0.75" not in body and "1000." not in body and "array" not in body.lower()
        assert "<img" not in body and "<script" not in text


def test_a_name_that_is_html_is_shown_as_text(graded: Path) -> None:
    page = (graded / "feedback" / "raises" / "02.html").read_text(encoding="utf-8")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_pages_load_nothing_and_run_one_script_of_ours(graded: Path) -> None:
    for page in graded.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert text.count("<script") == (page.name == "to_mark.html")
        assert "default-src 'none'" in text and "http://" not in text and "https://" not in text


def test_marks_are_merged_and_bad_ones_refused(run: Run, tmp_path: Path) -> None:
    files = {"maria/02_softmax.ipynb": made.as_bytes(written("Because <b>odds</b>.\n\n=1+1"))}
    out = run(files)
    (row,) = table(out / "to_mark.csv")
    assert (row["student"], row["question"], row["points"]) == ("maria", "02.Q1", "")
    page = (out / "to_mark.html").read_text(encoding="utf-8")
    assert "Because &lt;b&gt;odds&lt;/b&gt;." in page and "Rubric" in page
    mark = (
        "student,question,points,max_points,comment,answer_id\nmaria,02.Q1,{},4,well <i>said</i>,\n"
    )
    (out / "to_mark.csv").write_text(mark.format("1.5"), encoding="utf-8")
    run(files)
    assert table(out / "grades.csv")[0]["02 written"] == "1.5"
    assert table(out / "grades.csv")[0]["total"] == "12.5"
    feedback = (out / "feedback/maria/02.html").read_text(encoding="utf-8")
    assert "well &lt;i&gt;said&lt;/i&gt;" in feedback
    for wrong in ("many", "99", "-1", "nan"):
        (out / "to_mark.csv").write_text(mark.format(wrong), encoding="utf-8")
        with pytest.raises(command.GradeError, match=r"to_mark\.csv, line 2"):
            run(files)
    assert "maria" in (out / "to_mark.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("which", ["canvas", "moodle"])
def test_a_gradebook_file_carries_the_platform_s_numbers(run: Run, which: str) -> None:
    out = run({"all.zip": zipped(CANVAS if which == "canvas" else MOODLE)}, gradebook=which)
    rows = table(out / f"{which}.csv")
    numbers = [row["ID" if which == "canvas" else "Identifier"] for row in rows]
    assert numbers == (
        ["1234", "99"] if which == "canvas" else ["Participant 77", "Participant 78"]
    )
    assert [row["Lesson 02"] for row in rows] == ["11", "11"]


# --- a second run --------------------------------------------------------------------------------


def test_an_unchanged_submission_is_not_run_again_unless_asked(run: Run, shared: Shared) -> None:
    files = {"maria/02_softmax.ipynb": GOOD, "joe/02_softmax.ipynb": with_softmax(ZEROS)}
    first = snapshot(run(files))
    runs = shared.runs  # the answer key, and two submissions
    assert snapshot(run(files)) == first
    assert shared.runs == runs + 1  # the answer key alone
    assert snapshot(run(files, fresh=True)) == first
    assert shared.runs == 2 * runs + 1
    changed = run({"joe/02_softmax.ipynb": GOOD})
    assert shared.runs == 2 * runs + 2  # the same file as maria's, which has been graded
    assert {r["student"]: r["02"] for r in table(changed / "grades.csv")} == {
        "joe": "11",
        "maria": "11",
    }


def test_one_student_graded_alone_keeps_the_class(run: Run, tmp_path: Path) -> None:
    whole = run({f"{s}/02_softmax.ipynb": GOOD for s in ("ann", "bob", "cem")})
    before = table(whole / "grades.csv")
    one = put(tmp_path / "appeal", {"bob/02_softmax.ipynb": GOOD})
    run(one, fresh=True, seed=None)
    assert table(whole / "grades.csv") == before


def test_the_seed_is_kept_in_the_folder_and_shown(run: Run) -> None:
    files = {"maria/02_softmax.ipynb": GOOD}
    out = run(files, seed=None)
    seed = json.loads((out / "journal/seed.json").read_text(encoding="utf-8"))["seed"]
    first = snapshot(out)
    assert snapshot(run(files, seed=None)) == first
    assert f"Seed {seed}" in (out / "class.html").read_text(encoding="utf-8")


def test_a_full_disk_is_said_and_loses_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{s}/02_softmax.ipynb": with_softmax(f"# {s}\n{ZEROS}") for s in "abc"}
    room = [2]

    def fsync(descriptor: int) -> None:
        room[0] -= 1
        if room[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(command.GradeError, match="the disk is full; what has been graded"):
            run(files)
    assert len(list((tmp_path / "out/journal").glob("*.json"))) == 2  # the seed and one grade
    assert not list((tmp_path / "out").rglob("*.part"))
    resumed = snapshot(run(files))
    assert resumed == snapshot(run(files, out=tmp_path / "other"))


def test_halves_of_a_killed_run_are_cleared(run: Run, tmp_path: Path) -> None:
    halves = {
        ".grades.csv.123.part": b"x",
        "feedback/maria/.02.html.9.part": b"x",
        "kept.part": b"x",
    }
    out = run({"maria/02_softmax.ipynb": GOOD}, out=put(tmp_path / "out", halves))
    assert [p.name for p in out.rglob("*.part")] == ["kept.part"]


# --- refusals ------------------------------------------------------------------------------------


def test_a_solution_that_fails_its_own_grading_stops_before_any_student(
    run: Run, shared: Shared, tmp_path: Path
) -> None:
    wrong = json.loads((made.SOLUTIONS / "02_softmax.ipynb").read_text(encoding="utf-8"))
    for cell in wrong["cells"]:
        source = made.source_of(cell)
        cell["source"] = source.replace("np.diag(p) - np.outer(p, p)", "np.diag(p * (1 - p))")
    put(tmp_path / "solutions", {"02_softmax.ipynb": json.dumps(wrong).encode()})
    with pytest.raises(command.GradeError, match=r"02\.3 softmax_jacobian.*diagonal only"):
        run({"maria/02_softmax.ipynb": GOOD}, solutions=tmp_path / "solutions")
    assert shared.runs == 1
    with pytest.raises(AnswerKeyError, match="holds no solution notebook"):
        lesson_names(tmp_path)


@pytest.mark.parametrize("what", ["nowhere", "empty"])
def test_nothing_to_grade_is_said(run: Run, tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(command.GradeError, match=r"does not exist|holds no notebook"):
        run(tmp_path / what)


def test_without_bubblewrap_it_refuses_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = put(tmp_path / "in", {"maria/02_softmax.ipynb": GOOD})
    arguments = ["grade", str(folder), "--out", str(tmp_path / "out")]
    assert cli.main(arguments, root=made.ROOT) == 1
    said = capsys.readouterr().err
    assert "apt-get install bubblewrap" in said and "--isolation none" in said
    assert not list((tmp_path / "out").rglob("*.csv"))


# --- the command itself --------------------------------------------------------------------------


def start(folder: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    arguments = ["grade", str(folder), "--out", str(out), "--seed", "1", "--jobs", "1", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "course.cli", *arguments],
        cwd=made.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_without_isolation_every_report_says_so(tmp_path: Path) -> None:
    files = {
        "maria/02_softmax.ipynb": GOOD,
        "joe/02_softmax.ipynb": with_softmax("import os\nos._exit(0)"),
    }
    grading = start(put(tmp_path / "in", files), tmp_path / "out", "--isolation", "none")
    said, _ = grading.communicate(timeout=120)
    assert grading.returncode == 0, said
    assert "NONE" in said
    assert {r["student"]: r["02"] for r in table(tmp_path / "out/grades.csv")} == {
        "joe": "8",
        "maria": "11",
    }
    for page in (tmp_path / "out").rglob("*.html"):
        assert "Graded without isolation" in page.read_text(encoding="utf-8")
    for row in table(tmp_path / "out/grades.csv"):
        assert reports.NO_ISOLATION in row["flags"]


def test_killed_interrupted_and_started_again_it_writes_the_same(
    run: Run, isolation: None, tmp_path: Path
) -> None:
    files = {
        f"s{n}/02_softmax.ipynb": made.as_bytes(
            made.notebook(first=[f"import time; time.sleep(.3); {n}"])
        )
        for n in range(6)
    }
    folder, out = put(tmp_path / "in", files), tmp_path / "again"
    for signal_number in (signal.SIGKILL, signal.SIGINT):
        grading = start(folder, out)
        graded = len(list(out.glob("journal/*.json")))
        for _ in range(3000):
            if len(list(out.glob("journal/*.json"))) > graded + 1 + (graded == 0):
                break
            time.sleep(0.02)
        grading.send_signal(signal_number)
        said, _ = grading.communicate(timeout=20)
        assert grading.returncode == (-9 if signal_number == signal.SIGKILL else 1)
        assert not (out / "grades.csv").exists()
    assert "the same command goes on" in said
    last = start(folder, out)
    said, _ = last.communicate(timeout=120)
    assert last.returncode == 0, said
    assert "unchanged" in said and " 0 unchanged" not in said
    assert "\r" not in said  # quiet where there is no terminal
    assert snapshot(out) == snapshot(run(folder, limits=Limits(60, 2 * 2**30)))
    shutil.rmtree(out)


def test_a_folder_that_is_closed_to_others_is_shown_all_the_same(tmp_path: Path) -> None:
    """A virtual environment in a folder of root's own: the submission's user must read it."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    tmp_path.chmod(0o755)
    assert list(sandbox._bound(tmp_path)) == ["--ro-bind", str(tmp_path), str(tmp_path)]
    tmp_path.chmod(0o700)
    lib, cfg = str(tmp_path / "lib"), str(tmp_path / "pyvenv.cfg")
    inside = ["--ro-bind", lib, lib, "--ro-bind", cfg, cfg]
    assert list(sandbox._bound(tmp_path)) == ["--perms", "0755", "--dir", str(tmp_path), *inside]
