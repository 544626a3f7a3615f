"""Time, loss and memory of `SoftmaxRegression` beside scikit-learn and textbook gradient descent.

Run as ``python tests/benchmarks/bench_models.py`` (ten minutes, most of them textbook descent on
the large data), or with ``--quick`` for digits alone. Ours and scikit-learn run in turn in one
process, so the ratio, the median over pairs of neighbouring runs, means more than the seconds.

The rows for one thread are the steadier ones: threads that wait for a busy core spoil the others.
Textbook descent runs once, on one thread.
"""

import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that it runs from any folder

from tests.benchmarks._table import show
from utils.datasets import digits
from utils.functions import Floats, cross_entropy, one_hot, softmax
from utils.models import SoftmaxRegression

Data: TypeAlias = tuple[Floats, Any]  # X (n, d) and y (n,)
Fit: TypeAlias = tuple[Floats, Floats, int]  # weights (K, d), intercepts (K,) and steps taken
HEADER = (
    "data",
    "threads",
    "method",
    "steps",
    "seconds",
    "ratio",
    "loss",
    "loss less scikit-learn's",
    "peak MB beside X",
)


def standardised_digits() -> Data:
    """Digits with every pixel at mean 0 and standard deviation 1: 1 797 × 64, 10 classes."""
    data = digits()
    scale = data.X.std(axis=0)
    scale[scale == 0] = 1
    return (data.X - data.X.mean(axis=0)) / scale, data.y


def gaussian_classes(n: int = 60_000, d: int = 784, n_classes: int = 10) -> Data:
    """A Gaussian cloud for each class; they overlap so that one example in ten stays wrong."""
    rng = np.random.default_rng(0)
    means = rng.normal(scale=0.1, size=(n_classes, d))
    y = rng.integers(n_classes, size=n)
    X = rng.normal(size=(n, d))
    X += means[y]
    return X, y


def ours(X: Floats, y: Any, lam: float) -> Fit:
    model = SoftmaxRegression(lam=lam).fit(X, y)
    return model.coef_, model.intercept_, model.n_iter_


def sklearns(X: Floats, y: Any, lam: float) -> Fit:
    model = LogisticRegression(C=1 / (lam * len(X)), max_iter=10_000).fit(X, y)
    return model.coef_, model.intercept_, model.n_iter_[0]


def textbook(X: Floats, y: Any, lam: float, n_steps: int = 3000, lr: float = 0.1) -> Fit:
    """Plain gradient descent, as every course teaches it."""
    Y = one_hot(y, y.max() + 1)
    W, b = np.zeros((Y.shape[1], X.shape[1])), np.zeros(Y.shape[1])
    for _ in range(n_steps):
        error = (softmax(X @ W.T + b) - Y) / len(X)
        W -= lr * (error.T @ X + lam * W)
        b -= lr * error.sum(axis=0)
    return W, b, n_steps


def loss(X: Floats, y: Any, lam: float, fit: Fit) -> float:
    """The regularised loss that all three minimise."""
    W, b, _ = fit
    return float(cross_entropy(X @ W.T + b, y) + lam / 2 * np.sum(W**2))


def timed(method: Callable[..., Fit], *arguments: Any) -> tuple[float, Fit]:
    """Seconds and result."""
    start = time.perf_counter()
    result = method(*arguments)
    return time.perf_counter() - start, result


def peak_megabytes(method: Callable[..., Fit], *arguments: Any) -> float:
    """What NumPy allocates at most, in a run of its own as the watching takes time."""
    tracemalloc.start()
    try:
        method(*arguments)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def rows_of(name: str, data: Data, n_runs: int, threads: int) -> list[tuple[str, ...]]:
    """A row of text for each method."""
    X, y = data
    arguments = (X, y, 1 / len(X))  # λn = 1
    with threadpool_limits(threads):
        ours(*arguments), sklearns(*arguments)  # warm up
        pairs = [(timed(ours, *arguments), timed(sklearns, *arguments)) for _ in range(n_runs)]
    own = statistics.median(a for (a, _), _ in pairs)
    their = statistics.median(b for _, (b, _) in pairs)
    ratio = statistics.median(a / b for (a, _), (b, _) in pairs)
    (_, own_fit), (_, their_fit) = pairs[0]  # every run gives the same weights
    results = [
        ("ours", own_fit, own, ratio, peak_megabytes(ours, *arguments)),
        ("scikit-learn", their_fit, their, 1.0, peak_megabytes(sklearns, *arguments)),
    ]
    if threads == 1:
        with threadpool_limits(1):
            slow, slow_fit = timed(textbook, *arguments)
        memory = peak_megabytes(textbook, *arguments, 3)  # as much for 3 steps as for 3 000
        results.append(("textbook", slow_fit, slow, slow / their, memory))
    their_loss = loss(*arguments, their_fit)
    return [
        (
            name,
            f"{threads}",
            method,
            f"{fit[2]}",
            f"{seconds:.3f}",
            f"{ratio:.2f}",
            f"{loss(*arguments, fit):.6f}",
            f"{loss(*arguments, fit) - their_loss:+.1e}",
            f"{memory:.1f}",
        )
        for method, fit, seconds, ratio, memory in results
    ]


def table(quick: bool = False) -> list[tuple[str, ...]]:
    """Rows of text, one for each data set, number of threads and method, under HEADER.

    Quick takes digits only.
    """
    data_sets = [("digits", standardised_digits(), 21)]
    if not quick:
        data_sets.append(("Gaussian 60 000 × 784", gaussian_classes(), 5))
    return [
        row
        for name, data, n_runs in data_sets
        for threads in sorted({1, os.cpu_count() or 1})
        for row in rows_of(name, data, n_runs, threads)
    ]


if __name__ == "__main__":
    show(HEADER, table(quick="--quick" in sys.argv[1:]))
