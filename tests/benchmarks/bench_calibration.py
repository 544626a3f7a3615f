"""Speed of the calibration functions beside the binning and sums that they cannot do without.

Run as ``python tests/benchmarks/bench_calibration.py``. "Bare" is what a million predictions cost
anyway: one multiplication and rounding for the bins, and three calls of np.bincount. Both sides run
in turn in one process, and the ratio is the median over neighbouring runs. `consistency_band` and
`noise_floor`, 1 000 resamples, stand beside drawing as many random numbers. All in CPU time.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # to find utils from any folder

from tests.benchmarks._table import show
from utils import calibration

HEADER = ("function", "predictions", "bins", "CPU ms", "bare ms", "ratio")
RESAMPLES = 1000
SECONDS = 1.0  # for each row, about

Function = Callable[[Any, Any, int], Any]


def bare_bins(confidence: Any, correct: Any, n_bins: int) -> Any:
    """Bin and sum without looking at the input."""
    place = np.minimum((confidence * n_bins).astype(np.intp), n_bins - 1)
    return (
        np.bincount(place, minlength=n_bins),
        np.bincount(place, confidence, n_bins),
        np.bincount(place, correct, n_bins),
    )


def bare_draws(confidence: Any, correct: Any, n_bins: int) -> Any:
    """Draw every outcome, and no more."""
    rng = np.random.default_rng(0)
    for _ in range(RESAMPLES):
        np.less(rng.random(len(confidence)), confidence)


PAIRS: dict[str, tuple[int, Function, Function]] = {
    "reliability_curve": (1_000_000, calibration.reliability_curve, bare_bins),
    "expected_calibration_error": (1_000_000, calibration.expected_calibration_error, bare_bins),
    "maximum_calibration_error": (1_000_000, calibration.maximum_calibration_error, bare_bins),
    "consistency_band": (
        10_000,
        lambda c, r, n_bins: calibration.consistency_band(c, n_bins, RESAMPLES),
        bare_draws,
    ),
    "noise_floor": (
        10_000,
        lambda c, r, n_bins: calibration.noise_floor(c, n_bins, RESAMPLES),
        bare_draws,
    ),
}


def milliseconds(f: Function, confidence: Any, correct: Any, n_bins: int) -> float:
    """CPU time of one call."""
    start = time.process_time()
    f(confidence, correct, n_bins)
    return 1e3 * (time.process_time() - start)


def row(name: str, n_bins: int) -> tuple[str, ...]:
    """Measure one function with one number of bins."""
    n, ours, bare = PAIRS[name]
    rng = np.random.default_rng(0)
    confidence = rng.random(n)
    correct = rng.random(n) < confidence
    for f in (ours, bare):  # warm up
        f(confidence, correct, n_bins)
    times: list[tuple[float, float]] = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 5:
        pair = [milliseconds(f, confidence, correct, n_bins) for f in (ours, bare)]
        times.append((pair[0], pair[1]))
    return (
        name,
        f"{n}",
        f"{n_bins}",
        f"{statistics.median(a for a, _ in times):.1f}",
        f"{statistics.median(b for _, b in times):.1f}",
        f"{statistics.median(a / b for a, b in times):.2f}",
    )


def table() -> list[tuple[str, ...]]:
    """Rows under HEADER, one for each function and number of bins."""
    return [row(name, n_bins) for name in PAIRS for n_bins in (15, 100)]


if __name__ == "__main__":
    show(HEADER, table())
