"""Speed and memory of the softmax family beside SciPy's, on small, long and wide tables of logits.

Run as ``python tests/benchmarks/bench_functions.py``. Both sides run in turn in one process, and
the ratio is the median over neighbouring runs, so it means more than the milliseconds. "More
arrays" is the peak memory beyond the result, in arrays of the logits' size. The result of
cross_entropy is a single number: its log-probabilities count, and some numbers per example.
"""

import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.special

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # to find utils from any folder

from tests.benchmarks._table import show
from utils import functions

HEADER = (
    "function",
    "shape",
    "dtype",
    "ours ms",
    "SciPy ms",
    "ratio",
    "more arrays",
    "SciPy's",
)
SHAPES = [(1_000, 10), (100_000, 10), (10_000, 1_000)]
SECONDS = 1.0  # for each row, about

Function = Callable[[Any, Any], Any]


def scipy_cross_entropy(logits: Any, y: Any) -> Any:
    """Log-loss as one writes it with SciPy."""
    return -scipy.special.log_softmax(logits, axis=-1)[np.arange(len(y)), y].mean()


PAIRS: dict[str, tuple[Function, Function]] = {
    "softmax": (
        lambda logits, y: functions.softmax(logits),
        lambda logits, y: scipy.special.softmax(logits, axis=-1),
    ),
    "log_softmax": (
        lambda logits, y: functions.log_softmax(logits),
        lambda logits, y: scipy.special.log_softmax(logits, axis=-1),
    ),
    "cross_entropy": (functions.cross_entropy, scipy_cross_entropy),
}


def milliseconds(f: Function, logits: Any, y: Any) -> float:
    """Time of one call."""
    start = time.perf_counter()
    f(logits, y)
    return 1e3 * (time.perf_counter() - start)


def more_arrays(f: Function, logits: Any, y: Any) -> float:
    """Peak memory of one call beyond its result, in arrays of the logits' size."""
    tracemalloc.start()
    try:
        result = f(logits, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return float((peak - result.nbytes) / logits.nbytes)


def row(name: str, shape: tuple[int, int], dtype: type[np.floating[Any]]) -> tuple[str, ...]:
    """Measure one function on one shape and dtype."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=shape).astype(dtype)  # (n, K)
    y = rng.integers(shape[1], size=shape[0])  # (n,)
    ours, theirs = PAIRS[name]
    extra = [more_arrays(f, logits, y) for f in (ours, theirs)]  # and warms up
    times: list[tuple[float, float]] = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 5:
        times.append((milliseconds(ours, logits, y), milliseconds(theirs, logits, y)))
    return (
        name,
        f"{shape[0]} × {shape[1]}",
        np.dtype(dtype).name,
        f"{statistics.median(a for a, _ in times):.3f}",
        f"{statistics.median(b for _, b in times):.3f}",
        f"{statistics.median(a / b for a, b in times):.2f}",
        f"{extra[0]:.2f}",
        f"{extra[1]:.2f}",
    )


def table() -> list[tuple[str, ...]]:
    """Rows under HEADER, one for each function, shape and dtype."""
    return [
        row(name, shape, dtype)
        for name in PAIRS
        for shape in SHAPES
        for dtype in (np.float64, np.float32)
    ]


if __name__ == "__main__":
    show(HEADER, table())
