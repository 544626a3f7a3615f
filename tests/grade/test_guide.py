"""What the instructor's guide says: its commands run, and its lists are complete."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from course import cli
from tests.grade import made
from tests.grade.conftest import REPORTED, Shared
from tests.grade.made import as_bytes, notebook, put, table, zipped

GUIDE = (made.SOLUTIONS / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(
    {
        command.strip()
        for command in re.findall(
            r"^(?: {4})?(course grade .*)$|`(course grade .*?)`", GUIDE, re.MULTILINE
        )
        for command in command
        if command and "…" not in command
    }
)
FIRST = "course grade ~/Downloads/submissions.zip"
HELP = "course grade --help"
TYPED = "\n".join(re.findall(r"^ {4}(student,lesson,.*|\w+,\d\d,.*)$", GUIDE, re.MULTILINE)) + "\n"
SAID = re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL)

GOOD = as_bytes(notebook())
# What platforms and people call their downloads, and who is then graded.
DOWNLOADS = {
    "Canvas": (
        {"ashbyana_4711_90001_02_softmax.ipynb": GOOD, "bell_LATE_4712_90002_x.ipynb": GOOD},
        ["ashbyana", "bell"],
    ),
    "Moodle": (
        {f"{who}_assignsubmission_file/02_softmax.ipynb": GOOD for who in ("Al By_8", "Di Fo_9")},
        ["Al By", "Di Fo"],
    ),
    "a zip for each student": (
        {f"{who}.zip": zipped({"work/Untitled.ipynb": GOOD}) for who in ("maria", "joe")},
        ["joe", "maria"],
    ),
}
# The class of the guide's example.
WRONG_AXIS = """# exercise: 02.1 softmax
def softmax(logits):
    logits = np.asarray(logits, dtype=float)
    e = np.exp(logits - logits.max(axis=0))
    return e / e.sum(axis=0)
"""
CLASS = {
    "ashbyana_4711_90001_02_softmax.ipynb": as_bytes(made.written("They only shift.")),
    "bellcarl_4712_90002_02_softmax-1.ipynb": as_bytes(notebook(instead={"02.1": WRONG_AXIS})),
    "coxdee_LATE_4713_90003_02_softmax.ipynb": as_bytes(notebook(answered=False)),
    "dunnedd_4714_90004_photo.jpeg": b"\xff\xd8\xff\xe0 a picture",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with a download and one student's folder, and go there."""
    students = {f"{s}/02_softmax.ipynb": GOOD for s in ("maria", "joe", "0042", "ann")}
    download = {"Downloads/submissions.zip": zipped(students)}
    put(tmp_path, {**download, "one-student/maria/02_softmax.ipynb": GOOD})
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arguments(command: str) -> list[str]:
    """Return what a shell passes on."""
    return [str(Path(word).expanduser()) for word in shlex.split(command)[1:]]


def typed(command: str) -> int:
    """Run a command; one submission at a time, since the tests share one sandbox."""
    return cli.main([*arguments(command), "--jobs", "1"], root=made.ROOT)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "--dask" not in c and c != HELP])
def test_a_command_of_the_guide_runs(shared: Shared, home: Path, command: str) -> None:
    assert typed(command) == 0
    assert table(home / "grades/grades.csv")


def test_the_guide_begins_with_installing_and_names_every_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments(HELP))
    there = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    # Of other commands are those of wsl and `course release`.
    assert ended.value.code == 0
    assert there == set(re.findall(r"--[a-z]+", GUIDE)) - {"--help", "--install", "--check"}
    assert FIRST in COMMANDS and min(COMMANDS, key=GUIDE.index) == HELP


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_download_is_taken_as_it_is(shared: Shared, home: Path, name: str) -> None:
    files, students = DOWNLOADS[name]
    put(home, {"Downloads/submissions.zip": zipped(files)})
    assert typed(FIRST) == 0
    graded = table(home / "grades/grades.csv")
    assert [(row["student"], row["02"]) for row in graded] == [(s, "11") for s in students]


def test_the_terminal_says_what_the_guide_shows(
    shared: Shared, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(home, {"Downloads/submissions.zip": zipped(CLASS)})
    assert typed(FIRST) == 0
    assert [capsys.readouterr().out.strip()] == [said.strip() for said in SAID]


def test_the_guide_tells_of_every_file_and_status(shared: Shared, home: Path) -> None:
    put(home / "Downloads", {"submissions.zip": zipped(CLASS)})
    put(home / "grades", {"adjustments.csv": b"student,lesson,points\ncoxdee,02,+1\n"})
    for platform in ("canvas", "moodle"):
        assert typed(f"{FIRST} --gradebook {platform}") == 0
    there = {p.name + "/" * p.is_dir() for p in (home / "grades").iterdir()} - {".lock"}
    told, _, rest = GUIDE.partition("### What is written")[2].partition("**Never deleted")
    named = {name.partition("/")[0] + "/" * ("/" in name) for name in re.findall(r"`(\S+?)`", told)}
    assert there <= named
    for status in REPORTED:
        assert f"`{status}`" in rest
    for name in ("grades.csv", "exercises.csv", "predictions.csv"):
        (row,) = [line for line in told.splitlines() if line.startswith(f"| `{name}`")]
        heading = (home / "grades" / name).read_text(encoding="utf-8").partition("\n")[0]
        assert {f"`{column}`" for column in heading.split(",")} <= set(re.findall(r"`.+?`", row))


def test_the_guide_s_adjustments_are_read(shared: Shared, home: Path) -> None:
    put(home / "grades", {"adjustments.csv": TYPED.encode()})
    assert TYPED.count("\n") == 5
    assert typed(f"{FIRST} --late 10%/day") == 0
    totals = {row["student"]: row["total"] for row in table(home / "grades/grades.csv")}
    assert totals == {"maria": "11", "joe": "9", "0042": "13", "ann": "8.8"}
