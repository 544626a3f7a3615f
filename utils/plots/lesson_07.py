"""Figures of lesson 07: reliability."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils import calibration
from utils.plots.common import COLOURS, MARKERS
from utils.plots.lesson_04 import curves


def reliability_diagram(
    confidence: Any,
    correct: Any,
    n_bins: int = 15,
    strategy: calibration.Strategy = "uniform",
    ax: Axes | None = None,
    *,
    title: str = "",
) -> Axes:
    """Draw accuracy against confidence, what chance allows, and how many predictions there were.

    Grey bars on the diagonal hold 95 % of perfectly calibrated models with the same confidences. A
    dot outside its bar is more than chance, as far as one bin can tell. The text gives the ECE and
    what a perfect model's would be. The histogram underneath always has bins of equal width.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        How sure each prediction was.
    correct : array-like of bool, shape (n,)
        Whether it was right.
    n_bins : int
    strategy : {"uniform", "quantile"}
        Bins of equal width, or with equally many predictions.
    ax : Axes, optional
        It is divided in two, so it must come from ``plt.subplots``.
    title : str

    Returns
    -------
    Axes
        The upper one.

    Raises
    ------
    ValueError
        As `calibration.reliability_curve`; if ax does not come from ``plt.subplots``.
    """
    curve = calibration.reliability_curve(confidence, correct, n_bins, strategy)
    error = calibration.expected_calibration_error(confidence, correct, n_bins, strategy)
    low, high = calibration.consistency_band(confidence, n_bins, strategy=strategy)
    floor = calibration.noise_floor(confidence, n_bins, strategy=strategy)
    said, right = curve.confidence, curve.accuracy
    inside = (low <= right) & (right <= high)  # False in an empty bin
    outside = (right < low) | (right > high)

    ax = ax or plt.subplots(figsize=(4.6, 5.2))[1]
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            "reliability_diagram divides its Axes in two, so make it with plt.subplots"
        )
    parts = place.subgridspec(2, 1, height_ratios=(3.6, 1))
    ax.set_subplotspec(parts[0])

    ax.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle=":")
    grey = "#CCCCCC"
    ax.vlines(said, low, high, color=grey, linewidth=min(9, 130 / n_bins), linestyle="-")
    ax.plot([], [], color=grey, linewidth=7, linestyle="-", label="95 % of perfect models")
    for some, colour, marker, label in (
        (inside, COLOURS[0], MARKERS[0], "inside: may be chance"),
        (outside, COLOURS[1], MARKERS[3], "outside"),
    ):
        if some.any():
            ax.vlines(said[some], said[some], right[some], color=colour, linewidth=2)
            ax.plot(said[some], right[some], marker, color=colour, markersize=5, label=label)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="accuracy")
    ax.tick_params(labelbottom=False)
    ax.set_title(title, pad=20)
    summary = f"ECE {error:.3f} · perfect model {floor.mean:.3f}, 95 % below {floor.high:.3f}"
    ax.text(0, 1.02, summary, transform=ax.transAxes, fontsize=9)
    covered = ((said > 0.4) & (right < 0.25)).any()  # nan compares as false
    corner: Literal["upper left", "lower right"] = "upper left" if covered else "lower right"
    ax.legend(loc=corner, fontsize=8, frameon=True, framealpha=0.9, edgecolor="none")

    below = ax.figure.add_subplot(parts[1], sharex=ax)
    counts = calibration.reliability_curve(confidence, correct, n_bins).counts
    left = np.arange(n_bins) / n_bins
    bars = below.bar(left, counts, 1 / n_bins, align="edge", color="#8C8C8C", edgecolor="white")
    if n_bins <= 15:  # more would not fit side by side
        below.bar_label(bars, [str(count) if count else "" for count in counts], fontsize=6.5)
    below.set(xlabel="confidence", ylabel="count", ylim=(0, 1.25 * counts.max()))
    below.grid(visible=False, axis="x")
    return ax


def reliability_diagrams(
    forecasts: Mapping[str, tuple[Any, Any]],
    n_bins: int = 15,
    strategy: calibration.Strategy = "uniform",
) -> np.ndarray[Any, Any]:
    """Draw reliability diagrams side by side.

    Parameters
    ----------
    forecasts : mapping
        Title to (confidence, correct).
    n_bins, strategy
        As for `reliability_diagram`.

    Returns
    -------
    array of Axes
    """
    m = len(forecasts)
    axes = np.atleast_1d(plt.subplots(1, m, figsize=(4.3 * m, 5.4))[1])
    for ax, (title, (confidence, correct)) in zip(axes, forecasts.items(), strict=True):
        reliability_diagram(confidence, correct, n_bins, strategy, ax, title=title)
    return axes


def difference_errors(
    f: Callable[[Any], Any], theta: Any, exact: Any, sizes: Any, ax: Axes | None = None
) -> Axes:
    """Draw how far finite differences are from the exact gradient, against the step h.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of theta, returns one number.
    theta, exact : ndarray of one shape
        Where the gradient is taken, and the gradient.
    sizes : sequence of float
        The values of h.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    errors = np.empty((2, len(sizes)))
    for i, h in enumerate(sizes):
        steps = h * np.eye(theta.size).reshape(-1, *theta.shape)
        up, down = (np.array([f(theta + sign * s) for s in steps]) for sign in (1, -1))
        for j, slopes in enumerate(((up - down) / (2 * h), (up - f(theta)) / h)):
            gap = np.linalg.norm(slopes - exact.ravel())
            errors[j, i] = gap / (np.linalg.norm(slopes) + np.linalg.norm(exact))
    lines = {"centred": errors[0], "one-sided": errors[1]}
    return curves(
        sizes, lines, ax, xlabel="h (log scale)", ylabel="relative error (log scale)", log="xy"
    )
