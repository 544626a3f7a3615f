"""Sets that hold the truth: what was promised and what was covered, how large they are, an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from utils import conformal
from utils.plots.style import COLOURS, HATCHES, MARKERS

_GREY = "#CCCCCC"


def promised_and_covered(
    coverage: Mapping[str, Sequence[Sequence[float]]],
    alphas: Sequence[float],
    n: int,
    n_new: int,
    ax: Axes | None = None,
) -> Axes:
    """Draw the coverage of each split beside the promise and 95 % of its exact law. Lesson 14.

    Parameters
    ----------
    coverage : mapping of str to array-like, shape (splits, len(alphas))
        The shares covered, under the name of what gave them.
    alphas : sequence of float
        The shares of misses allowed.
    n, n_new : int
        How many calibration and how many new examples each split has; as for
        `conformal.coverage_law`.
    ax : Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.8))[1]
    for k, alpha in enumerate(alphas):
        law = conformal.coverage_law(n, alpha, n_new)
        band = np.array([law.ppf(0.025), law.ppf(0.975)]) / n_new
        label = "95 % of calibration and test sets" if k == 0 else ""
        ax.fill_between([k - 0.38, k + 0.38], *band, color=_GREY, linewidth=0, label=label)
        label = "promised" if k == 0 else ""
        ax.hlines(1 - alpha, k - 0.38, k + 0.38, color="black", linewidth=1.5, label=label)
    m = len(coverage)
    for j, (name, shares) in enumerate(coverage.items()):
        table = np.atleast_2d(np.asarray(shares, dtype=float))
        middle = 0.5 * (j - (m - 1) / 2) / max(m - 1, 1)
        beside = np.linspace(-0.08, 0.08, len(table)) if len(table) > 1 else np.zeros(1)
        for k in range(len(alphas)):
            ax.plot(
                k + middle + beside,
                table[:, k],
                marker=MARKERS[j],
                color=COLOURS[j],
                markersize=5,
                linestyle="none",
                label=name if k == 0 else "",
            )
    ax.set_xticks(range(len(alphas)), [f"{1 - alpha:.0%}" for alpha in alphas])
    ax.set(xlabel="promised", ylabel="covered")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=9)
    return ax


def set_sizes(sets: Mapping[str, Any], ax: Axes | None = None, *, title: str = "") -> Axes:
    """Draw how many sets hold no label, one, two and so on. Lesson 14.

    Parameters
    ----------
    sets : mapping of str to array-like of bool, shape (n, K)
        What `utils.prediction_sets` gave, under a name.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    title : str
        What stands above the picture.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.4))[1]
    sizes = {name: np.asarray(table).sum(axis=1) for name, table in sets.items()}
    largest = max(int(size.max()) for size in sizes.values())
    width = 0.8 / len(sizes)
    for j, (name, size) in enumerate(sizes.items()):
        shares = np.bincount(size, minlength=largest + 1) / len(size)
        drawn = ax.bar(
            np.arange(largest + 1) + (j - (len(sizes) - 1) / 2) * width,
            shares,
            width,
            color=COLOURS[j],
            hatch=HATCHES[j % 4],
            edgecolor="white",
            label=f"{name}, {size.mean():.2f} on average",
        )
        if len(sizes) * (largest + 1) <= 12:  # more would not fit side by side
            ax.bar_label(drawn, [f"{s:.1%}" if s else "" for s in shares], fontsize=8, padding=1)
    ax.set_xticks(range(largest + 1))
    ax.set(xlabel="labels in the set", ylabel="share of sets", title=title)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2, fontsize=9)
    return ax


def coverage_scatter(
    coverage: Any, n: int, alpha: float, n_new: int, ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """Draw how often each coverage came beside the beta-binomial law of it. Lesson 14.

    Parameters
    ----------
    coverage : array-like of shape (m,)
        Shares covered, each by a threshold from new calibration examples.
    n, alpha, n_new
        As for `conformal.coverage_law`.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    title : str
        What stands above the picture.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.4))[1]
    counts = np.rint(n_new * np.asarray(coverage, dtype=float)).astype(int)
    law = conformal.coverage_law(n, alpha, n_new)
    low = min(int(counts.min()), int(law.ppf(0.001)))
    high = max(int(counts.max()), int(law.ppf(0.999)))
    step = max(1, round((high - low) / 30))  # counts in one column
    edges = np.arange(low, high + step + 1, step)
    middle = (edges[:-1] + (step - 1) / 2) / n_new
    came = np.histogram(counts, edges)[0] / len(counts)
    ax.bar(middle, came, 0.9 * step / n_new, color=COLOURS[0], label=f"{len(counts)} times")
    expected = np.diff(law.cdf(edges - 1))
    ax.plot(
        middle, expected, "-", color=COLOURS[1], marker="s", markersize=4, label="the exact law"
    )
    ax.axvline(1 - alpha, color="black", linewidth=1.5, linestyle="--", label="promised")
    ax.set(xlabel="share of new examples covered", ylabel="how often", title=title)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.legend(fontsize=9, loc="upper left")
    return ax


def interval_around(
    x: Any,
    y: Any,
    predicted: Any,
    q: float,
    ax: Axes | None = None,
    *,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
) -> Axes:
    """Draw a number's prediction with the interval that covers as promised, and what came. Lesson 14.

    Parameters
    ----------
    x : array-like of shape (n,)
        One feature of new examples, or the prediction itself.
    y : array-like of shape (n,)
        What came; a cross where it lies outside.
    predicted : array-like of shape (n,)
        What was predicted.
    q : float
        What `utils.conformal_threshold` found for scores ``np.abs(y - predicted)``; finite.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    xlabel, ylabel, title : str
        What stands beside the axes and above the picture.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.8))[1]
    order = np.argsort(x, kind="stable")
    x, y, predicted = (np.asarray(values, dtype=float)[order] for values in (x, y, predicted))
    covered = np.abs(y - predicted) <= q
    ax.fill_between(
        x, predicted - q, predicted + q, color=_GREY, linewidth=0, label=f"prediction ± {q:.3g}"
    )
    ax.plot(x, predicted, color="black", linewidth=1.5, linestyle="-", label="prediction")
    for some, marker, colour, name in (
        (covered, "o", COLOURS[0], "inside"),
        (~covered, "X", COLOURS[1], "outside"),
    ):
        label = f"{name}: {some.mean():.1%}"
        ax.plot(x[some], y[some], marker, color=colour, markersize=5, alpha=0.8, label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.02, 1))
    return ax
