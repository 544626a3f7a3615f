"""Figures of lesson 09: temperature scaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils import calibration, functions
from utils.plots.common import COLOURS, MARKERS
from utils.plots.lesson_07 import reliability_diagram

_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)


def temperature_valleys(
    scored: Mapping[str, tuple[Any, Any]],
    ax: Axes | None = None,
    *,
    bounds: tuple[float, float] = (0.05, 20.0),
    top: float | None = None,
) -> Axes:
    """Draw the cross-entropy of some models against the temperature, and mark the least of each.

    Parameters
    ----------
    scored : mapping of str to (logits, y)
        Scores (n, K) and true classes (n,), under the name of the model.
    ax : Axes, optional
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

    Parameters
    ----------
    logits : array-like of shape (n, K)
    y : array-like of int, shape (n,)
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
