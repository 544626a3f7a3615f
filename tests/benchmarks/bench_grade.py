"""Grading lesson 02, all exercises solved, in the sandbox: seconds, and memory of the whole tree.

Run as ``python tests/benchmarks/bench_grade.py [SUBMISSIONS ...]`` (default 100; try 1000 as well, to see
whether memory stays flat). "Bare" is the same code run in one warm process that forks for each
submission, without a sandbox and without judging. "More" is what a submission costs beyond that, on
one core: seconds of wall time × jobs − bare.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # to find utils from any folder

from course import exercises
from course.grade import command
from course.grade.inside import student
from course.grade.key import questions_of
from course.grade.reading import read_notebook
from course.judge.judge import Sheet
from tests.benchmarks._table import show

HEADER = ("submissions", "jobs", "s each", "start s", "bare s", "more s", "peak MB", "MB at 10 %")
ROOT = Path(__file__).resolve().parents[2]
JOBS = 2
SEED = 7


def make_class(folder: Path, count: int) -> None:
    """Write solved notebooks, each with a cell of its own, so that none is graded for another."""
    (path,) = (ROOT / "solutions").glob("02_*.ipynb")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for number in range(count):
        own = {"cell_type": "code", "source": f"mine = {number}", "metadata": {}, "outputs": []}
        changed = {**notebook, "cells": [own, *notebook["cells"]]}
        place = folder / f"student{number:05}"
        place.mkdir(parents=True)
        (place / path.name).write_text(json.dumps(changed), encoding="utf-8")


class Watch(threading.Thread):
    """Looks at the memory of this process and all below it, in MB, until stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: list[float] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.25):
            self.seen.append(tree_memory())


def tree_memory() -> float:
    """Return MB of memory, shared pages counted once where the system tells (else more often)."""
    parents: dict[int, int] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with contextlib.suppress(OSError):
                after = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2]
                parents[int(place.name)] = int(after.split()[1])
    tree = {os.getpid()}
    while more := {pid for pid, above in parents.items() if above in tree} - tree:
        tree |= more
    total = 0.0
    for pid in tree:
        with contextlib.suppress(OSError, StopIteration):
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
                line = next(line for line in text.splitlines() if line.startswith("Pss:"))
            except PermissionError:
                text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
                line = next(line for line in text.splitlines() if line.startswith("VmRSS:"))
            total += int(line.split()[1]) / 1024
    return total


def bare_seconds(folder: Path, count: int = 20) -> float:
    """Time the students' own code in a warm process: a fork each, their cells, the same calls."""
    shell = student.make_shell()
    questions = [questions_of(Sheet(e, SEED)) for e in exercises.of_lesson("02")]
    paths = sorted(folder.rglob("*.ipynb"))[:count]
    cells = [
        ["import numpy as np", *(c for c in read_notebook(path.read_bytes()).code if is_own(c))]
        for path in paths
    ]
    start = time.perf_counter()
    for own in cells:
        child = os.fork()
        if child == 0:
            student.silence()
            task = student.Task(own, questions, 60, 2**31)
            student.attend(task, shell, os.open(os.devnull, os.O_WRONLY))
            os._exit(0)
        os.waitpid(child, 0)
    return (time.perf_counter() - start) / len(cells)


def is_own(source: str) -> bool:
    """Return whether the grader runs this cell of a solved notebook."""
    return source.startswith(("# exercise:", "mine ="))


def measure(count: int) -> tuple[str, ...]:
    """Grade a class and return a row of the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "class"
        make_class(folder, count)
        bare = bare_seconds(folder)
        watch = Watch()
        watch.start()
        one, whole = Path(scratch) / "one", Path(scratch) / "all"
        times = []
        for out, what in ((one, folder / "student00000"), (whole, folder)):
            options = command.Options(what, ROOT / "solutions", out, jobs=JOBS, seed=SEED)
            begin = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                command.run(options)
            times.append(time.perf_counter() - begin)
        watch.stopped.set()
        text = (whole / "grades.csv").read_text(encoding="utf-8")
        assert text.count(",11,,11,") == count, "not everybody has full marks"
    start, all_of_it = times
    each = (all_of_it - start) / max(1, count - 1)
    early = watch.seen[max(1, len(watch.seen) // 10)]
    return (
        str(count),
        str(JOBS),
        f"{all_of_it / count:.3f}",
        f"{start:.1f}",
        f"{bare:.3f}",
        f"{each * JOBS - bare:.3f}",
        f"{max(watch.seen):.0f}",
        f"{early:.0f}",
    )


def table() -> list[tuple[str, ...]]:
    """Rows under HEADER."""
    return [
        measure(int(count)) for count in (sys.argv[1:] if __name__ == "__main__" else []) or ["100"]
    ]


if __name__ == "__main__":
    show(HEADER, table())
