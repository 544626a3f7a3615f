"""What a learner waits for a check: the first of a session, the first wrong answer, the next ones.

Run as ``python tests/benchmarks/bench_check.py [NUMBER ...]`` (all exercises by default). Each row is
a session of its own, in which NumPy and what the lesson's set-up cell imports is there already:
seconds of the first check (a right answer), of the first wrong answer that no known mistake fits,
of the median known mistake after that, and of the right answer again.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # to find the course

from course import exercises
from tests.benchmarks._table import show

ROOT = Path(__file__).resolve().parents[2]
HEADER = ("exercise", "first s", "first wrong s", "next wrong s", "again s")


def session(number: str) -> list[float]:
    """Check answers to one exercise in this process; return seconds, in HEADER's order."""
    (notebook,) = (ROOT / "solutions").glob(f"{number[:2]}_*.ipynb")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    exec("".join(next(c["source"] for c in cells if c["cell_type"] == "code")), {})
    from course.check import check  # the set-up cell's `check` is loaded at first use

    def seconds(answer: object) -> float:
        start = time.perf_counter()
        check(answer, name)
        return time.perf_counter() - start

    name = next(n for n, known in exercises.numbers().items() if known == number)
    scope = dict[str, object]()
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and source.startswith(("# course: set-up", "# exercise")):
            exec(source, scope)
    right = scope[name]
    first = seconds(right)
    exercise = exercises.named(name)
    wrong = seconds(unheard_of(right))
    known = [seconds(mistake.function) for mistake in exercise.mistakes[:9]]
    return [first, wrong, statistics.median(known), seconds(right)]


def unheard_of(answer: object) -> object:
    """Return an answer that is wrong in a way nobody does it."""
    if isinstance(answer, type):
        return type(answer.__name__, (answer,), {"predict": lambda self, X: [len(X)] * len(X)})

    def spoilt(*arguments: object) -> object:
        return nudged(answer(*arguments))  # type: ignore[operator]

    return spoilt


def nudged(value: object) -> object:
    """Return numbers a little off."""
    import numpy as np

    if isinstance(value, tuple | list):
        return type(value)(map(nudged, value))
    array = np.asarray(value)
    return array * 1.0123 + 0.0317 if array.dtype.kind in "iuf" else value


def table(numbers: list[str] | None = None) -> list[tuple[str, ...]]:
    """Rows under HEADER."""
    rows = []
    for number in numbers or sorted(exercises.numbers().values()):
        command = [sys.executable, __file__, "session", number]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        rows.append((number, *(f"{s:.2f}" for s in json.loads(done.stdout.splitlines()[-1]))))
    return rows


if __name__ == "__main__":
    if sys.argv[1:2] == ["session"]:
        print(json.dumps(session(sys.argv[2])))
    else:
        show(HEADER, table(sys.argv[1:]))
