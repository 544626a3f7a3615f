"""Speed of recalibration on a million examples, beside scikit-learn doing the same.

Run as ``python tests/benchmarks/bench_recalibration.py``. Both sides run in turn in one process, and
the ratio is the median over neighbouring runs, in CPU time: of our pooling beside
`isotonic_regression`, of the map beside `IsotonicRegression`, and of Platt's beside the
`LogisticRegression` without penalty that has the same optimum.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression, isotonic_regression
from sklearn.linear_model import LogisticRegression

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # to find utils from any folder

from tests.benchmarks._table import show
from utils import functions, recalibration

HEADER = ("function", "outcomes", "examples", "CPU ms", "scikit-learn ms", "ratio")
N = 1_000_000
SECONDS = 1.0  # for each row, about

Function = Callable[[Any, Any], Any]

PAIRS: dict[str, tuple[Function, Function]] = {
    "pool_adjacent_violators": (
        lambda x, y: recalibration.pool_adjacent_violators(y),
        lambda x, y: isotonic_regression(y),
    ),
    "fit_isotonic": (
        recalibration.fit_isotonic,
        lambda x, y: IsotonicRegression(out_of_bounds="clip").fit(x, y),
    ),
    "fit_platt": (
        recalibration.fit_platt,
        lambda x, y: LogisticRegression(C=1e12, tol=1e-8).fit(x[:, np.newaxis], y),
    ),
}


def outcomes(x: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Yes and no; and for pooling also the two ends: all to be pooled, and nothing."""
    return {
        "yes or no": (rng.random(len(x)) < functions.sigmoid(x)).astype(np.float64),
        "falling": -np.sort(x),
        "rising": np.sort(x),
    }


def milliseconds(f: Function, x: Any, y: Any) -> float:
    """CPU time of one call."""
    start = time.process_time()
    f(x, y)
    return 1e3 * (time.process_time() - start)


def row(name: str, kind: str) -> tuple[str, ...]:
    """Measure one function on one kind of outcomes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    if name == "pool_adjacent_violators":
        x.sort()
    y = outcomes(x, rng)[kind]
    for f in PAIRS[name]:  # warm up
        f(x, y)
    times: list[tuple[float, float]] = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 5:
        pair = [milliseconds(f, x, y) for f in PAIRS[name]]
        times.append((pair[0], pair[1]))
    return (
        name,
        kind,
        f"{N}",
        f"{statistics.median(a for a, _ in times):.1f}",
        f"{statistics.median(b for _, b in times):.1f}",
        f"{statistics.median(a / b for a, b in times):.2f}",
    )


def table() -> list[tuple[str, ...]]:
    """Rows under HEADER, one for each function and kind of outcomes that it takes."""
    pooled = [row("pool_adjacent_violators", kind) for kind in ("yes or no", "falling", "rising")]
    return [*pooled, row("fit_isotonic", "yes or no"), row("fit_platt", "yes or no")]


if __name__ == "__main__":
    show(HEADER, table())
