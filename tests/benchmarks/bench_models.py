"""Time, loss and memory of `SoftmaxRegression` beside scikit-learn and textbook gradient descent.

Run as ``python tests/benchmarks/bench_models.py`` (five minutes), or with ``--quick`` for digits
alone. Ours and scikit-learn run in turn in one process, so the ratio, the median over pairs of
neighbouring runs, means more than the seconds. Textbook descent runs once.
"""

import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that it runs from any folder

from utils.datasets import digits
from utils.functions import Floats, cross_entropy, one_hot, softmax
from utils.models import SoftmaxRegression

Data: TypeAlias = tuple[Floats, Any]  # X (n, d) and y (n,)
Fit: TypeAlias = tuple[Floats, Floats, int]  # weights (K, d), intercepts (K,) and steps taken
HEADER = (
    "data",
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


def table(quick: bool = False) -> list[tuple[str, ...]]:
    """Rows of text, one for each data set and method, under HEADER; quick takes digits only."""
    data_sets: dict[str, tuple[Callable[[], Data], int]] = {"digits": (standardised_digits, 21)}
    if not quick:
        data_sets["Gaussian 60 000 × 784"] = (gaussian_classes, 5)
    rows: list[tuple[str, ...]] = []
    for name, (make, n_runs) in data_sets.items():
        X, y = make()
        lam = 1 / len(X)
        arguments = (X, y, lam)
        ours(*arguments), sklearns(*arguments)  # warm up
        pairs = [(timed(ours, *arguments), timed(sklearns, *arguments)) for _ in range(n_runs)]
        runs = {
            "ours": [ours_run for ours_run, _ in pairs],
            "scikit-learn": [sklearns_run for _, sklearns_run in pairs],
            "textbook": [timed(textbook, *arguments)],
        }
        memory = {
            "ours": peak_megabytes(ours, *arguments),
            "scikit-learn": peak_megabytes(sklearns, *arguments),
            "textbook": peak_megabytes(textbook, *arguments, 3),  # as much for 3 steps as for 3 000
        }
        theirs = runs["scikit-learn"]
        their_loss = loss(*arguments, theirs[0][1])
        for method, method_runs in runs.items():
            result = method_runs[0][1]  # every run of a method gives the same
            ratios = [run[0] / other[0] for run, other in zip(method_runs, theirs, strict=False)]
            rows.append(
                (
                    name,
                    method,
                    f"{result[2]}",
                    f"{statistics.median(seconds for seconds, _ in method_runs):.3f}",
                    f"{statistics.median(ratios):.2f}",
                    f"{loss(*arguments, result):.6f}",
                    f"{loss(*arguments, result) - their_loss:+.1e}",
                    f"{memory[method]:.1f}",
                )
            )
    return rows


if __name__ == "__main__":
    rows = [HEADER, *table(quick="--quick" in sys.argv[1:])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
