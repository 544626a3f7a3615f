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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course import cli, exercises
from course.check import check
from course.grade import command, reports, sandbox
from course.grade.answer_key import make_key
from course.grade.folder import locked
from course.grade.key import AnswerKeyError, Limits, lesson_names
from tests.grade import made
from tests.grade.conftest import REPORTED, Grader, Run, Shared
from tests.grade.made import put, snapshot, table, written

GOOD = made.as_bytes(made.notebook())
STUB = made.as_bytes(made.released())
ZEROS = "def softmax(logits):\n    return np.zeros_like(logits)"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(99)


def with_softmax(source: str) -> bytes:
    return made.as_bytes(made.notebook(instead={"02.1": source}))


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
        put(folder / "in", files), made.SOLUTIONS, folder / "out", 1, 1, Limits(8, 2**29)
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
        assert text.count("<script") == (page.name in ("to_mark.html", "class.html"))
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


# --- a second run --------------------------------------------------------------------------------


def test_an_unchanged_submission_is_not_run_again_unless_asked(run: Run, shared: Shared) -> None:
    files = {"maria/02_softmax.ipynb": GOOD, "joe/02_softmax.ipynb": with_softmax(ZEROS)}
    first = snapshot(run(files))
    runs = shared.runs  # the answer key, and two submissions
    assert snapshot(run(files)) == first
    assert shared.runs == runs  # nothing is to be done, for the answer key neither
    assert snapshot(run(files, fresh=True)) == first
    assert shared.runs == 2 * runs
    changed = run({"joe/02_softmax.ipynb": GOOD})
    assert shared.runs == 2 * runs  # the same file as maria's, which has been graded
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


def test_an_appeal_on_other_cases_keeps_the_folder_s_seed(run: Run, tmp_path: Path) -> None:
    out = run({f"{s}/02_softmax.ipynb": GOOD for s in ("ann", "bob")}, seed=11)
    one = put(tmp_path / "appeal", {"bob/02_softmax.ipynb": GOOD})
    run(one, seed=12)
    seed = json.loads((out / "journal/seed.json").read_text(encoding="utf-8"))
    assert seed == {"seed": 11} and "Seed 11" in (out / "class.html").read_text(encoding="utf-8")
    flags = {row["student"]: row["flags"] for row in table(out / "grades.csv")}
    assert "seed 12" in flags["bob"] and flags["ann"].count("seed") == 0
    run(one, seed=None)  # on the class's cases again
    assert "seed" not in table(out / "grades.csv")[1]["flags"]
    run(tmp_path / "in", seed=13)  # of everybody
    assert "Seed 13" in (out / "class.html").read_text(encoding="utf-8")


def test_one_exercise_is_graded_again_and_the_others_are_kept(run: Run, shared: Shared) -> None:
    files = {"maria/02_softmax.ipynb": GOOD, "joe/02_softmax.ipynb": STUB}
    out = run(files)
    (entry,) = (
        path
        for path in (out / "journal").glob("*.json")
        if len(path.stem) == 40 and '"points": 3' in path.read_text(encoding="utf-8")
    )
    kept = json.loads(entry.read_text(encoding="utf-8"))
    for score in kept["exercises"]:
        score["points"] = 1
    entry.write_text(json.dumps(kept), encoding="utf-8")
    run(files, exercises=("02.1", "softmax_jacobian"))
    rows = [row for row in table(out / "exercises.csv") if row["student"] == "maria"]
    assert [row["points"] for row in rows] == ["3", "1", "3", "1"]
    with pytest.raises(command.GradeError, match=r"--exercise 02.9 is none of .*02\.1, 02\.2"):
        run(files, exercises=("02.9",))


def test_one_exercise_again_after_what_decides_has_changed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"maria/02_softmax.ipynb": with_softmax(ZEROS)}
    out = run(files)

    def other(*arguments: Any) -> Any:
        return replace(make_key(*arguments), fingerprint="other")

    journal = next(p for p in (out / "journal").glob("*.json") if len(p.stem) == 40)
    kept = json.loads(journal.read_text(encoding="utf-8"))
    kept["exercises"][3]["points"] = 1
    kept["flags"] = ["02.4 cross_entropy: looked at", "02.1 softmax: time limit"]
    journal.write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setattr(command, "make_key", other)
    run(files, exercises=("02.1",))
    assert [row["points"] for row in table(out / "exercises.csv")] == ["0", "3", "3", "1"]
    assert table(out / "grades.csv")[0]["flags"] == "02.4 cross_entropy: looked at"
    run({"maria/02_softmax.ipynb": GOOD}, exercises=("02.1",))  # another file: all of it
    assert [row["points"] for row in table(out / "exercises.csv")] == ["3", "3", "3", "2"]


def test_the_same_file_of_two_students_is_flagged_to_the_instructor_alone(run: Run) -> None:
    files = {f"{s}/02_softmax.ipynb": GOOD for s in ("ann", "bob")}
    files |= {f"{s}/02_softmax.ipynb": STUB for s in ("cem", "dee")}  # as they were given it
    out = run(files)
    flags = {row["student"]: row["flags"] for row in table(out / "grades.csv")}
    assert flags == {
        "ann": "the very same file as bob",
        "bob": "the very same file as ann",
        "cem": "",
        "dee": "",
    }
    for page in out.glob("feedback/*/*.html"):
        assert "same file" not in page.read_text(encoding="utf-8")
    run({"ann/02_softmax.ipynb": with_softmax(ZEROS)})
    assert "same" not in (out / "grades.csv").read_text(encoding="utf-8")


def test_what_cannot_be_read_is_not_counted_as_graded(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"ann/02_softmax.ipynb": GOOD, "bob/02_softmax.ipynb": b"{", "cem/x.png": PNG}
    run(files)
    assert "graded       1 submission, 0 unchanged, 2 cannot be read" in capsys.readouterr().out
    run(files)
    assert "graded       0 submissions, 1 unchanged, 2 cannot be read" in capsys.readouterr().out


def test_mean_and_maximum_are_of_the_same_points(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"ann/02_softmax.ipynb": made.as_bytes(written("Odds.")), "bob/02_softmax.ipynb": STUB}
    out = run(files)
    marked = (out / "to_mark.csv").read_text(encoding="utf-8").replace("02.Q1,,", "02.Q1,4,")
    (out / "to_mark.csv").write_text(marked, encoding="utf-8")
    run(files)
    assert "mean 5.5 of 11 for exercises   median 5.5   full marks 1" in capsys.readouterr().out


# --- the folder ----------------------------------------------------------------------------------


def test_two_runs_on_one_folder_the_second_says_so(run: Run, tmp_path: Path) -> None:
    with locked(tmp_path / "out"), pytest.raises(command.GradeError, match="is at work in"):
        run({"ann/02_softmax.ipynb": GOOD})
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]
    run({"ann/02_softmax.ipynb": GOOD})


def test_the_folder_is_closed_to_others(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run({"ann/02_softmax.ipynb": GOOD})
    assert out.stat().st_mode & 0o777 == 0o700
    out.chmod(0o755)  # as an earlier version left it
    run({"ann/02_softmax.ipynb": GOOD})
    assert out.stat().st_mode & 0o777 == 0o700
    shared = put(tmp_path / "shared", {"thesis.txt": b"mine"})
    shared.chmod(0o755)
    run({"ann/02_softmax.ipynb": GOOD}, out=shared)
    assert shared.stat().st_mode & 0o777 == 0o755
    assert (shared / "journal").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("x", encoding="utf-8")
    with pytest.raises(command.GradeError, match="cannot be written to"):
        run({"ann/02_softmax.ipynb": GOOD}, out=tmp_path / "a file")


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

_SUMMARY = """
import sys
from course import terminal
terminal.prepare()
for n in range(int(sys.argv[1])):
    terminal.say(f"look at      Łukasz, 学生 \\ud800 “no shift” – 3 × ✓ {n}")
terminal.flush()
open(sys.argv[2], "w").close()
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp850", "utf-8"])
def test_a_terminal_of_any_encoding_takes_every_letter(tmp_path: Path, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SUMMARY, "1", str(tmp_path / "done")],
        cwd=made.ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode(encoding)
    assert "no shift" in said and "look at" in said and "?" not in said
    assert ("Łukasz" if encoding == "utf-8" else "\\u0141ukasz") in said
    if encoding == "ascii":
        assert '"no shift" - 3 x +' in said


def test_a_reader_who_leaves_stops_nothing(tmp_path: Path) -> None:
    """As `course grade … | head -1` does."""
    with subprocess.Popen(
        [sys.executable, "-c", _SUMMARY, "20000", str(tmp_path / "done")],
        cwd=made.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0 and (tmp_path / "done").exists()


def test_a_class_is_graded_whatever_the_terminal_is(isolation: None, tmp_path: Path) -> None:
    files = {"Łukasz/02_softmax.ipynb": b"junk", "ann/02_softmax.ipynb": with_softmax(ZEROS)}
    folder = put(tmp_path / "in", files)
    command_line = (
        f"{sys.executable} -m course.cli grade {folder} --out {tmp_path / 'out'} | head -1"
    )
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command_line],
        cwd=made.ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["student"] for row in table(tmp_path / "out/grades.csv")] == ["ann", "Łukasz"]
    assert len(done.stdout.splitlines()) == 1


def start(folder: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    arguments = ["grade", str(folder), "--out", str(out), "--seed", "1", "--jobs", "1", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "course.cli", *arguments],
        cwd=made.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # What a shell starts in the background hands on that it ignores an interrupt.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
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
    def submission(n: int, seconds: float = 0) -> dict[str, bytes]:
        notebook = made.notebook(first=[f"import time; time.sleep({seconds}); {n}"])
        return {f"s{n}/02_softmax.ipynb": made.as_bytes(notebook)}

    folder, out = tmp_path / "in", tmp_path / "again"
    for n in range(6):
        put(folder, submission(n))
    for signal_number, stuck in ((signal.SIGKILL, 2), (signal.SIGINT, 4)):
        put(folder, submission(stuck, seconds=600))  # so it is still at work when the signal comes
        grading = start(folder, out)
        while len(list(out.glob("journal/*.json"))) < stuck + 1 and grading.poll() is None:
            time.sleep(0.02)  # one file for each before it, one for the seed
        grading.send_signal(signal_number)
        said, _ = grading.communicate()
        assert grading.returncode == (-9 if signal_number == signal.SIGKILL else 1), said
        assert not (out / "grades.csv").exists()
        put(folder, submission(stuck))
    assert "the same command goes on" in said
    last = start(folder, out)
    said, _ = last.communicate()
    assert last.returncode == 0, said
    assert "2 submissions, 4 unchanged" in said
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
