"""What a learner waits for: `import utils`, each lesson from start to finish, and file sizes.

Run as ``python tests/benchmarks/bench_course.py``. The time of an import is the median over pairs
of fresh processes, with and without it; a lesson's CPU time is that of its kernel, start included.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
HEADER = ("what", "CPU s", "wall s", "kB")


def seconds(code: str) -> float:
    """CPU time of a fresh interpreter that runs the code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def import_row(pairs: int = 9) -> tuple[str, ...]:
    """`import utils` beyond NumPy."""
    more = [seconds("import numpy, utils") - seconds("import numpy") for _ in range(pairs)]
    return "import utils, beyond NumPy", f"{statistics.median(more):.3f}", "", ""


def lesson_row(path: Path) -> tuple[str, ...]:
    """One notebook, run in a kernel of its own."""
    notebook = nbformat.read(path, as_version=4)
    os.environ["COURSE_STATE"] = tempfile.mkdtemp()
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}).execute()
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = path.stat().st_size / 1000
    return f"{path.parent.name}/{path.name}", f"{cpu:.1f}", f"{wall:.1f}", f"{size:.0f}"


def table() -> list[tuple[str, ...]]:
    """Rows under HEADER: the import, then every notebook."""
    paths = [
        p for folder in ("lessons", "solutions") for p in sorted((ROOT / folder).glob("*.ipynb"))
    ]
    return [import_row(), *map(lesson_row, paths)]


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # so that it runs from any folder
    from tests.benchmarks._table import show

    show(HEADER, table())
