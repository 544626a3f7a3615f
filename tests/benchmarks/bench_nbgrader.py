"""Twenty solved notebooks of lesson 02, graded by `course grade` with isolation, and by nbgrader.

Run as ``python tests/benchmarks/bench_nbgrader.py [RUNS]`` (default 3). nbgrader is installed in an
environment of its own, made for the occasion. It grades the same four exercises by assert
statements, in each student's own kernel; `course grade` starts, makes its answer key, grades,
names mistakes and writes all reports. Both times are of the whole command.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # to find tests from any folder

from tests.benchmarks._table import show
from tests.benchmarks.bench_grade import ROOT, SEED, make_class

HEADER = ("run", "course grade s", "nbgrader s", "ratio")
NBGRADER = "nbgrader==0.9.6"
COUNT = 20
TESTS = {
    "softmax": "P = softmax(np.array([[0.0, np.log(3)], [-800.0, -800.0]]))\n"
    "assert np.allclose(P, [[0.25, 0.75], [0.5, 0.5]])\n"
    "assert np.allclose(softmax(np.array([[0.0, 1000.0]])), [[0, 1]])",
    "log_softmax": "L = log_softmax(np.array([[0.0, np.log(3)], [0.0, 1000.0]]))\n"
    "assert np.allclose(L, [[np.log(0.25), np.log(0.75)], [-1000, 0]])",
    "softmax_jacobian": "p = np.array([0.2, 0.3, 0.5])\n"
    "assert np.allclose(softmax_jacobian(p), np.diag(p) - np.outer(p, p))",
    "l1_counterexample": "x = np.asarray(l1_counterexample())\n"
    "assert np.argmax(np.abs(x)) != np.argmax(x)",
}


def cell(source: str, **nbgrader: object) -> dict[str, object]:
    """Return a code cell, with what nbgrader wants to know of it."""
    known = {"schema_version": 3, "locked": False, "grade": False, "solution": False, **nbgrader}
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {"nbgrader": known},
        "outputs": [],
        "execution_count": None,
    }


def assignment(answers: dict[str, str], own: str = "") -> bytes:
    """Return a notebook of nbgrader's: set-up, and for each exercise its answer and its test."""
    start = f"import numpy as np\n{own}"
    cells = [cell(start, grade_id="start", cell_type="code", locked=False, task=False)]
    for name, answer in answers.items():
        common = {"cell_type": "code", "task": False}
        cells.append(cell(answer, grade_id=name, solution=True, **common))
        graded = {"grade": True, "points": 3, "locked": True, **common}
        cells.append(cell(TESTS[name], grade_id=f"test_{name}", **graded))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4}
    return json.dumps({**notebook, "nbformat_minor": 4}).encode()


def answers() -> dict[str, str]:
    """Return the solution's cells by the name of what they define."""
    (path,) = (ROOT / "solutions").glob("02_*.ipynb")
    found = {}
    for each in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(each["source"])
        for name in TESTS:
            if source.startswith("# exercise:") and f"def {name}(" in source:
                found[name] = source
    return found


def make_nbgrader(folder: Path) -> Path:
    """Make nbgrader's environment; return its command."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    packages = [NBGRADER, "numpy", "ipykernel"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    subprocess.run(
        [python, "-m", "ipykernel", "install", "--sys-prefix"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder / "bin" / "nbgrader"


def time_nbgrader(command: Path, course: Path) -> float:
    """Grade twenty submissions in a new course of nbgrader's; return the seconds of autograde."""
    files = {"source/02/02.ipynb": assignment(answers())}
    for number in range(COUNT):
        own = f"mine = {number}"
        files[f"submitted/student{number:02}/02/02.ipynb"] = assignment(answers(), own)
    for name, content in files.items():
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_bytes(content)
    said = course / "said.txt"
    environment = {**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}"}  # for alembic
    seconds = 0.0
    for verb in (["generate_assignment", "--create"], ["autograde"]):
        start = time.perf_counter()
        with said.open("w", encoding="utf-8") as file:
            done = subprocess.run(
                [command, *verb, "02"], cwd=course, env=environment, stdout=file, stderr=file
            )
        seconds = time.perf_counter() - start
        if done.returncode:
            raise RuntimeError(said.read_text(encoding="utf-8")[-2000:])
    return seconds


def time_course(folder: Path) -> float:
    """Grade twenty submissions; return the seconds of the command."""
    make_class(folder / "in", COUNT)
    out = folder / "out"
    command = [sys.executable, "-m", "course.cli", "grade", str(folder / "in"), "--out", str(out)]
    start = time.perf_counter()
    subprocess.run([*command, "--seed", str(SEED)], cwd=ROOT, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    assert (out / "grades.csv").read_text(encoding="utf-8").count(",11,,11,") == COUNT
    return seconds


def table(runs: int = 3) -> list[tuple[str, ...]]:
    """Rows under HEADER."""
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as scratch:
        nbgrader = make_nbgrader(Path(scratch) / "venv")
        for run in range(runs):
            ours = time_course(Path(scratch) / f"ours{run}")
            theirs = time_nbgrader(nbgrader, Path(scratch) / f"theirs{run}")
            rows.append((str(run + 1), f"{ours:.2f}", f"{theirs:.1f}", f"1/{theirs / ours:.1f}"))
    return rows


if __name__ == "__main__":
    show(HEADER, table(*map(int, sys.argv[1:])))
