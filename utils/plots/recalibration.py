"""What there is to mend, and what each map makes of it: curves without bins, maps, parts of a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils import calibration, recalibration
from utils.plots.style import COLOURS, MARKERS, panels

_GREY = "#CCCCCC"


def corp_diagram(
    confidence: Any,
    correct: Any,
    ax: Axes | None = None,
    *,
    title: str = "",
    n_resamples: int = 300,
    rng: calibration.Rng = 0,
) -> Axes:
    """Draw the best rising curve from what was said to what came true, with its band and its parts.

    Around the diagonal lies, in grey, where 95 % of the curves of perfectly calibrated models with
    the same confidences pass, at each confidence by itself. The small columns at the bottom say how
    often each confidence came, in twenty bins. The parts are of the Brier score. Lesson 12.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        How sure each prediction was.
    correct : array-like of bool, shape (n,)
        Whether it was right.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    title : str
        What stands above the diagram.
    n_resamples, rng
        As for `recalibration.corp_band`.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        As `recalibration.corp`.
    """
    parts = recalibration.corp(confidence, correct)
    low, high = recalibration.corp_band(confidence, n_resamples, rng)
    ax = ax or plt.subplots(figsize=(4.6, 4.9))[1]
    counts = np.histogram(parts.confidence, bins=20, range=(0, 1), weights=parts.counts)[0]
    left = np.arange(20) / 20
    ax.bar(
        left, 0.15 * counts / counts.max(), 0.05, align="edge", color="#E0E0E0", edgecolor="white"
    )
    if len(parts.confidence) > 1:
        ax.fill_between(
            parts.confidence, low, high, color=_GREY, linewidth=0, label="95 % of perfect models"
        )
    else:
        ax.vlines(
            parts.confidence, low, high, color=_GREY, linewidth=7, label="95 % of perfect models"
        )
    ax.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle=":")
    ax.plot(
        parts.confidence,
        parts.calibrated,
        color=COLOURS[0],
        linestyle="-",
        marker=MARKERS[0],
        markersize=3,
        label="best rising curve",
    )
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        xlabel="confidence",
        ylabel="share that came true",
    )
    ax.set_title(title, pad=44)
    text = (
        f"miscalibration {parts.miscalibration:.3f}\n− discrimination {parts.discrimination:.3f}\n"
        f"+ uncertainty {parts.uncertainty:.3f} = {parts.score:.3f} (Brier)"
    )
    ax.text(0, 1.02, text, transform=ax.transAxes, fontsize=8.5)
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.15), fontsize=8.5, handlelength=1)
    return ax


def corp_diagrams(forecasts: Mapping[str, tuple[Any, Any]], **options: Any) -> Any:
    """Draw such diagrams side by side. Lesson 12.

    Parameters
    ----------
    forecasts : mapping
        Title to (confidence, correct); at most three fit on a page.
    **options
        As for `corp_diagram`.

    Returns
    -------
    array of Axes
    """
    axes = panels(len(forecasts), 9 / max(len(forecasts), 2), 4.6)
    for ax, (title, (confidence, correct)) in zip(axes, forecasts.items(), strict=True):
        corp_diagram(confidence, correct, ax, title=title, **options)
        if ax is not axes[0]:
            ax.set_ylabel("")
            ax.get_legend().remove()
    return axes


def recalibration_maps(
    z: Any,
    y: Any,
    maps: Mapping[str, Callable[[Any], Any]],
    ax: Axes | None = None,
    *,
    title: str = "",
    xlabel: str = "score",
) -> Axes:
    """Draw what some maps make of the scores, and the examples that they were fitted to. Lesson 12.

    Parameters
    ----------
    z : array-like of shape (n,)
        Scores of the calibration examples.
    y : array-like of 0 and 1, shape (n,)
        What they were: each is a short stroke, at the top for 1 and at the bottom for 0.
    maps : mapping of str to callable
        Under its name, what turns an array of scores into probabilities.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    title, xlabel : str
        What stands above the picture and below its x axis.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.8))[1]
    z, y = np.asarray(z, dtype=float), np.asarray(y)
    margin = 0.05 * np.ptp(z) or 1.0
    along = np.union1d(np.linspace(z.min() - margin, z.max() + margin, 400), z)
    for k, (name, map_) in enumerate(maps.items()):
        ax.plot(along, map_(along), color=COLOURS[k], label=name)
    for label, place in ((1, 1.06), (0, -0.06)):
        here = z[y == label]
        ax.plot(here, np.full(len(here), place), "|", color="#555555", markersize=7, alpha=0.5)
        ax.text(
            1.01, place, "yes" if label else "no", fontsize=9, va="center", transform=_beside(ax)
        )
    ax.set(xlabel=xlabel, ylabel="probability of yes", ylim=(-0.12, 1.12), title=title)
    ax.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.06, 0.9))
    return ax


def score_parts(
    parts: Mapping[str, recalibration.Corp], ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """Draw forecasts by what they lose (miscalibration) and what they gain (discrimination).

    All must be forecasts of the same examples. On each thin line the score is the same; up and left
    is better. A forecast whose miscalibration is infinite stands at the right edge. Lesson 12.

    Parameters
    ----------
    parts : mapping of str to Corp
        What `utils.corp` gave, under the forecast's name.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    title : str
        What stands above the picture.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 4.0))[1]
    lost = np.array([part.miscalibration for part in parts.values()])
    gained = np.array([part.discrimination for part in parts.values()])
    widest = max(lost[np.isfinite(lost)], default=0.0) or 1e-3
    right, span = 1.25 * widest, max(np.ptp(gained), widest)
    bottom, top = gained.min() - 0.15 * span, gained.max() + 0.15 * span
    for level in np.linspace(bottom - right, top, 13):  # where gained − lost is the same
        ax.plot([0, right], [level, level + right], color="#DDDDDD", linewidth=0.8, linestyle="-")
    for k, (name, x, y) in enumerate(zip(parts, lost, gained, strict=True)):
        at = x if np.isfinite(x) else right
        mark: dict[str, Any] = {"color": COLOURS[k % 7], "clip_on": False, "linestyle": "none"}
        text = f"{name}, score {parts[name].score:.3f}"
        ax.plot(at, y, marker=MARKERS[k % 7], markersize=8, label=text, **mark)
    ax.set(
        xlim=(0, right),
        ylim=(bottom, top),
        xlabel="miscalibration (less is better)",
        ylabel="discrimination (more is better)",
        title=title,
    )
    ax.grid(visible=False)
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=9)
    return ax


def _beside(ax: Axes) -> Any:
    """Place by x as a share of the Axes and by y in its own units."""
    return ax.get_yaxis_transform()
