"""The pages of a large class: seconds to write them, to open them, to sort, and for a keystroke.

Run as ``python tests/benchmarks/bench_pages.py [STUDENTS ...]`` (default 200 and 2000, three answers of
each). Opened in Chromium from disk; without it, or without playwright, they are only written.
"""

import functools
import shutil
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # to find utils from any folder

from course.grade import reports
from tests.benchmarks._table import show
from tests.grade import pupils

HEADER = ("students", "write s", "again s", "class.html s", "sort s", "to_mark.html s", "a key ms")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
KEYS = 20


def opened(out: Path) -> list[float]:
    """Return what a browser takes for both pages."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.goto("about:blank")
        took = [timed(lambda: page.goto((out / "class.html").as_uri()))]
        layout = "(document.querySelectorAll('#all thead button')[3].click(), document.body.offsetHeight)"
        took.append(timed(lambda: page.evaluate(layout)))
        took.append(timed(lambda: page.goto((out / "to_mark.html").as_uri())))
        page.locator("#comment").focus()
        took.append(1000 * timed(lambda: page.keyboard.type("k" * KEYS)) / KEYS)
        browser.close()
    return took


def timed(work) -> float:
    """Return the seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def table(sizes=(200, 2000)) -> list[tuple[str, ...]]:
    """Return a row for each size."""
    rows = []
    for students in sizes:
        results = pupils.results(students)
        with tempfile.TemporaryDirectory() as folder:
            write = functools.partial(reports.write, Path(folder), results)
            took = [timed(write), timed(write)]
            try:
                took += opened(Path(folder))
            except ImportError:
                took += [float("nan")] * 4
        rows.append((str(students), *(f"{seconds:.2f}" for seconds in took)))
    return rows


if __name__ == "__main__":
    show(HEADER, table([int(size) for size in sys.argv[1:]] or (200, 2000)))
