"""Does 80 % come true 80 % of the time? What was said beside what happened, and what changes it: λ, T."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from utils import calibration, functions
from utils.plots.style import COLOURS, MARKERS

_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)


def said_and_happened(
    said: Sequence[float], happened: float, names: Sequence[str], ax: Axes | None = None
) -> Axes:
    """Draw what each forecaster said beside how often it came true. Lesson 00.

    Parameters
    ----------
    said : sequence of float
        The probability that each announced.
    happened : float
        The share of days on which it came true, the same for all.
    names : sequence of str
        The forecasters.
    ax : Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(5.5, 3.2))[1]
    place = np.arange(len(names))
    for shift, heights, label, colour, hatch in (
        (-0.2, list(said), "said", COLOURS[0], ""),
        (0.2, [happened] * len(names), "happened", COLOURS[1], "//"),
    ):
        drawn = ax.bar(
            place + shift, heights, 0.36, label=label, color=colour, hatch=hatch, edgecolor="white"
        )
        ax.bar_label(drawn, fmt="%.2f", padding=2)
    ax.set(xticks=place, xticklabels=names, ylabel="probability of rain", ylim=(0, 1.12))
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


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
    dot outside its bar is more than chance, as far as one bin can tell. The text gives the ECE, a
    perfect model's on average, the mark that 95 % of those stay below, and `calibration.hidden_gap`:
    what could hide below that mark. The histogram underneath always has bins of equal width.
    Lesson 07.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        How sure each prediction was.
    correct : array-like of bool, shape (n,)
        Whether it was right.
    n_bins : int
        Number of bins.
    strategy : {"uniform", "quantile"}
        Bins of equal width, or with equally many predictions.
    ax : Axes, optional
        It is divided in two, so it must come from ``plt.subplots``.
    title : str
        What stands above the diagram.

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
    hidden = calibration.hidden_gap(confidence, n_bins, strategy=strategy)
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
        ax.vlines(said[some], said[some], right[some], color=colour, linewidth=2)
        ax.plot(said[some], right[some], marker, color=colour, markersize=5, label=label)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="accuracy")
    ax.tick_params(labelbottom=False)
    ax.set_title(title, pad=33)
    summary = (
        f"ECE {error:.3f} · perfect model {floor.mean:.3f}\n"
        f"mark {floor.high:.3f} · could still hide {hidden:.3f}"
    )
    ax.text(0, 1.02, summary, transform=ax.transAxes, fontsize=9)
    # Below the Axes, where it covers nothing; always with all three, so that nothing jumps.
    look = {"handlelength": 1.0, "columnspacing": 1.0, "handletextpad": 0.5, "borderpad": 0.0}
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.03), ncols=2, fontsize=8.5, **look)

    below = ax.figure.add_subplot(parts[1], sharex=ax)
    counts = calibration.reliability_curve(confidence, correct, n_bins).counts
    left = np.arange(n_bins) / n_bins
    bars = below.bar(left, counts, 1 / n_bins, align="edge", color="#8C8C8C", edgecolor="white")
    if n_bins <= 15:  # more would not fit side by side
        below.bar_label(bars, [str(count) if count else "" for count in counts], fontsize=8)
    below.set(xlabel="confidence", ylabel="count", ylim=(0, 1.25 * counts.max()))
    below.grid(visible=False, axis="x")
    return ax


def reliability_diagrams(
    forecasts: Mapping[str, tuple[Any, Any]],
    n_bins: int = 15,
    strategy: calibration.Strategy = "uniform",
) -> np.ndarray[Any, Any]:
    """Draw reliability diagrams side by side. Lesson 07.

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


def regularization_paths(
    models: Sequence[Any],
    train: tuple[Any, Any],
    held_out: tuple[Any, Any],
    *,
    row: int = 0,
    chosen: float | None = None,
    axes: Any = None,
) -> Any:
    """Draw weights, loss, accuracy beside confidence, and ECE against λ, in four panels. Lesson 08.

    Parameters
    ----------
    models : sequence of fitted SoftmaxRegression
        One for each λ, which they know themselves as ``lam``; labels 0 … K − 1.
    train, held_out : (X, y)
        The set they were fitted to, and one they have not seen. All but the weights and the training
        loss is measured on the latter.
    row : int
        The class whose weights are drawn.
    chosen : float, optional
        A λ to mark.
    axes : array of four Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    array of four Axes
    """
    if axes is None:
        axes = plt.subplots(2, 2, figsize=(9, 6.4), sharex=True)[1]
    weights_ax, loss_ax, sure_ax, error_ax = np.ravel(axes)
    lams = np.array([model.lam for model in models])

    weights = np.array([model.coef_[row] for model in models])  # (m, d)
    weights_ax.plot(lams, weights, color=COLOURS[0], linestyle="-", linewidth=0.7, alpha=0.6)
    weights_ax.set(title=f"weights of class {row}", ylabel="weight")

    for (name, (X, y)), marker, line in zip(
        {"training": train, "held out": held_out}.items(), MARKERS, "-:", strict=False
    ):
        losses = [functions.cross_entropy(model.decision_function(X), y) for model in models]
        colour = COLOURS[MARKERS.index(marker)]
        loss_ax.plot(lams, losses, line, color=colour, marker=marker, markersize=4, label=name)
    loss_ax.set(title="log-loss", yscale="log", ylabel="log-loss (log scale)")

    X, y = held_out
    tops = [calibration.top_label(model.predict_proba(X), y) for model in models]
    confidence = [c.mean() for c, _ in tops]
    accuracy = [right.mean() for _, right in tops]
    sure_ax.plot(lams, accuracy, "-", marker="o", markersize=4, label="accuracy")
    sure_ax.plot(lams, confidence, ":", marker="s", markersize=4, label="mean confidence")
    sure_ax.set(title="held out: right, and sure", ylabel="share")

    floors = [calibration.noise_floor(c, n_resamples=300) for c, _ in tops]
    errors = [calibration.expected_calibration_error(*top) for top in tops]
    error_ax.fill_between(
        lams,
        [floor.mean for floor in floors],
        [floor.high for floor in floors],
        color="#CCCCCC",
        label="perfect model: mean to mark",
    )
    error_ax.plot(lams, errors, "-", color=COLOURS[1], marker="D", markersize=4, label="ECE")
    error_ax.set(title="held out: calibration error", yscale="log", ylabel="ECE (log scale)")

    for ax in (weights_ax, loss_ax, sure_ax, error_ax):
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(NullLocator())  # over seven decades they only take time
        if chosen is not None:
            ax.axvline(chosen, color="black", linewidth=1, linestyle="--")
    for ax in (loss_ax, sure_ax, error_ax):
        ax.legend(fontsize=9, frameon=True, framealpha=1, edgecolor="none")
    for ax in (sure_ax, error_ax):
        ax.set_xlabel("λ (log scale)")
    return np.ravel(axes)


def temperature_valleys(
    scored: Mapping[str, tuple[Any, Any]],
    ax: Axes | None = None,
    *,
    bounds: tuple[float, float] = (0.05, 20.0),
    top: float | None = None,
) -> Axes:
    """Draw the cross-entropy of some models against the temperature, and mark the least of each.

    Lesson 09.

    Parameters
    ----------
    scored : mapping of str to (logits, y)
        Scores (n, K) and true classes (n,), under the name of the model.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    bounds : (low, high)
        The temperatures shown.
    top : float, optional
        The largest cross-entropy shown.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.4))[1]
    T = np.geomspace(*bounds, 400)
    ax.axvline(1, color="grey", linewidth=1, linestyle=":")
    floors = []
    for k, (name, (logits, y)) in enumerate(scored.items()):
        logits = np.asarray(logits, dtype=float)
        loss = [functions.cross_entropy(logits / t, y) for t in T]
        best = calibration.fit_temperature(logits, y, bounds)
        least = functions.cross_entropy(logits / best, y)
        ax.plot(T, loss, color=COLOURS[k], label=name)
        ax.plot(best, least, MARKERS[k], color=COLOURS[k], markersize=8)
        floors.append((best, float(least)))
    _temperature_axis(ax, T)
    ax.set(ylim=(0, top), ylabel="cross-entropy")
    for at, loss_there in floors:  # named below the valley, or inside where there is no room
        shift = -17 if loss_there > 0.12 * ax.get_ylim()[1] else 9
        look: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": 9}
        ax.annotate(f"T = {at:.2f}", (at, loss_there), xytext=(0, shift), **look)
    ax.legend()
    return ax


def at_temperature(logits: Any, y: Any, axes: Any = None, *, T: float) -> Any:
    """Draw how reliable a model is at one temperature, and where that lies in its valley.

    Lesson 09.

    Parameters
    ----------
    logits : array-like of shape (n, K)
        A score for each class.
    y : array-like of int, shape (n,)
        The true classes, 0 … K − 1.
    axes : two Axes, optional
        They must come from ``plt.subplots``.
    T : float
        The temperature, above 0.

    Returns
    -------
    array of two Axes
        Reliability on the left, cross-entropy against temperature on the right.
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(8.6, 5.2))[1]
    logits = np.asarray(logits, dtype=float)
    confidence, correct = calibration.top_label(calibration.apply_temperature(logits, T), y)
    reliability_diagram(confidence, correct, ax=axes[0], title=f"T = {T:.2f}")
    around = np.geomspace(0.3, 8, 60)
    losses = [functions.cross_entropy(logits / t, y) for t in around]
    here = functions.cross_entropy(logits / T, y)
    axes[1].plot(around, losses, color=COLOURS[0])
    axes[1].plot(T, here, MARKERS[1], color=COLOURS[1], markersize=9)
    axes[1].axvline(1, color="grey", linewidth=1, linestyle=":")
    _temperature_axis(axes[1], around)
    axes[1].set(ylabel="cross-entropy", title=f"cross-entropy {here:.3f}")
    return axes


def _temperature_axis(ax: Axes, T: Any) -> None:
    """Make the x axis logarithmic, with the temperatures themselves beside its marks."""
    ticks = [t for t in _TICKS if T.min() <= t * 1.001 and t <= T.max() * 1.001]
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_xticks([], minor=True)
    ax.set(xlabel="temperature T (log scale)")
