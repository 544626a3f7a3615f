"""What is read of strangers is read in linear time, and nothing in it stops the class."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from course import cells
from course.exercises import named
from course.grade import collect, guesses, look, reading, scoring, work
from course.grade.record import Record
from course.judge.judge import judge
from course.judge.run import Status
from tests.grade import made
from tests.grade.conftest import FULL, Grader, points

PATTERNS = sorted(
    f"{module.__name__}.{name}"
    for module in (cells, collect, guesses, look, reading, work)
    for name, value in vars(module).items()
    # The first is for authors' texts, the others look at names of bounded length.
    if isinstance(value, re.Pattern) and name not in ("NOTE", "MOODLE", "_NUMBER")
)
READ = """
import importlib, sys
pieces = [" ", "a", "_", "0", "a ", "# ", "(1", "'"]
heads = ["", "<!-- written", "# exercise", "x y\\n"]
for dotted in sys.argv[1:]:
    module, _, name = dotted.rpartition(".")
    pattern = getattr(importlib.import_module(module), name)
    for head in heads:
        for piece in pieces:
            text = head + piece * (40_000 // len(piece)) + "\\nz"
            sum(1 for _ in pattern.finditer(text))
"""


def test_patterns_read_whatever_comes_in_linear_time() -> None:
    """Quadratic, one of these texts takes seconds, and there are hundreds of them."""
    assert len(PATTERNS) >= 15
    subprocess.run([sys.executable, "-c", READ, *PATTERNS], check=True, timeout=100)


SLOW_TO_READ = [
    "<!-- written" + " " * 500_000,
    "x y\n" + " " * 190_000 + "\nz",
    "pass\n" + "a" * 15_000 + "=1",
    "#" * 300_000 + " exercise",
    "a" * 400_000,
    "'''" * 50_000,
]


def test_cells_that_are_slow_to_read_cost_the_class_no_time(grader: Grader) -> None:
    notebook = made.notebook(first=SLOW_TO_READ)
    notebook["cells"] += [{**made.code(text), "cell_type": "markdown"} for text in SLOW_TO_READ]
    assert points(grader.grade(notebook)) == FULL


FORGED = """
import json, os
for header in ({"absent": [["torch"]]}, {"cell": [], "end": {}}, {"exercise": ["softmax"], "case": {}},
               {"exercise": "softmax", "case": 0, "status": ["returned"], "error": 3},
               {"cell": 0, "failed": ["x"], "line": "y"}, {"absent": {"torch": 1}}):
    text = json.dumps(header).encode()
    for descriptor in range(3, 40):
        try:
            os.write(descriptor, len(text).to_bytes(4, "little") + text)
        except OSError:
            pass
"""


def test_forged_records_cost_nobody_but_their_author(grader: Grader) -> None:
    grade = grader.grade(made.notebook(first=[FORGED], answered=False, whole=False))
    assert sum(points(grade).values()) == 0
    assert points(grader.grade(made.notebook())) == FULL


def test_where_the_grader_itself_fails_it_says_so_and_goes_on(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any) -> None:
        raise KeyError("what nobody thought of")

    key = grader.key("02")
    with monkeypatch.context() as patch:
        patch.setattr(scoring, "own_work", fails)
        grade = grader.grade(made.notebook())
    assert {score.status for score in grade.exercises} == {Status.UNREADABLE}
    assert len(grade.exercises) == len(key.sheets)
    assert grade.flags == ("the grader itself failed on it (KeyError)",)


@pytest.mark.parametrize(
    "scores",
    [
        "[2**62, 2**62 + 2**61]",
        "[1e308, 1.7e308]",
        "np.array([3e38, 3.2e38], dtype=np.float32)",
        "[3, 2**63 - 1]",
        "np.array([100, 120, 127], dtype=np.int8)",
        "np.array([-128, 5], dtype=np.int8)[::-1] * 0 + [1, 2]",
    ],
)
def test_scores_that_overflow_are_no_counterexample(scores: str) -> None:
    import numpy as np

    exercise = named("l1_counterexample")
    assert judge(exercise, lambda: eval(scores, {"np": np}), seconds=None).points == 0


GOOD, BAD = made.as_bytes(made.notebook()), made.as_bytes(made.released())


def students(folder: Path, files: dict[str, bytes], earlier: list[Record]) -> dict[str, str]:
    """Return whose file has which label."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    records = collect.collect(folder, made.NAMES, earlier=earlier)
    return {record.student: record.file for record in records}


@pytest.mark.parametrize("intruder", ["-zoe", "+zoe", "@zoe", "Zoe", "ZOE", " zoe"])
def test_nobody_takes_over_a_name_that_somebody_had(tmp_path: Path, intruder: str) -> None:
    first = students(tmp_path, {"zoe/02_softmax.ipynb": GOOD, "amy/02_softmax.ipynb": BAD}, [])
    assert set(first) == {"zoe", "amy"}
    earlier = [Record(student, "02", file) for student, file in first.items()]
    now = students(tmp_path, {f"{intruder}/02_softmax.ipynb": BAD}, earlier)
    assert now["zoe"].startswith("zoe/") and len(now) == 3


def test_the_name_of_an_uploaded_file_is_nobodys_number(tmp_path: Path) -> None:
    files = {
        "alice_99_501_02_softmax.ipynb": GOOD,
        "zed_11_22_x_99_assignsubmission_file_02_softmax.ipynb": BAD,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = {r.student: r.platform_id for r in collect.collect(tmp_path, made.NAMES)}
    assert found == {"alice": "99", "zed": "11"}
