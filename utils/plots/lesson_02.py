"""Figures of lesson 02: scores and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils import functions
from utils.plots.common import COLOURS, HATCHES


def bars(
    values: Any,
    names: Sequence[str],
    ax: Axes | None = None,
    *,
    title: str = "",
    ylabel: str = "",
    ylim: tuple[float, float] | None = None,
) -> Axes:
    """Draw one labelled bar for each class.

    Parameters
    ----------
    values : array-like of shape (K,)
        Heights.
    names : sequence of K str
        What stands under the bars.
    ax : Axes, optional
        Where to draw.
    title, ylabel : str
        Texts.
    ylim : (low, high), optional
        Fixed limits, so that bars can be compared between figures.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    values = np.asarray(values, dtype=float)
    drawn = ax.bar(names, values, color=COLOURS[: len(values)], width=0.6)
    for bar, hatch in zip(drawn, HATCHES * len(values), strict=False):
        bar.set(hatch=hatch, edgecolor="white")
    ax.bar_label(drawn, fmt="%.2f", padding=2)
    ax.axhline(0, color="black", linewidth=0.8, linestyle="-")
    ax.set(title=title, ylabel=ylabel)
    if ylim:
        ax.set_ylim(*ylim)
    ax.grid(visible=False, axis="x")
    return ax


def scores_and_probabilities(
    scores: Any,
    names: Sequence[str],
    axes: Any = None,
    T: float = 1.0,
    *,
    lowest: float = 0.0,
) -> Any:
    """Draw scores and their softmax side by side.

    Parameters
    ----------
    scores : array-like of shape (K,)
    names : sequence of K str
    axes : two Axes, optional
    T : float
        Temperature; the probabilities are softmax(scores / T).
    lowest : float
        The axis of the scores reaches down to this at least, so that it rests while they move.

    Returns
    -------
    array of two Axes
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7.5, 3))[1]
    scores = np.asarray(scores, dtype=float)
    reach = max(6.0, float(np.abs(scores).max()) + 1)
    low = min(lowest, -reach if scores.min() < 0 else 0.0)
    bars(scores, names, axes[0], title="scores", ylim=(low, reach))
    P = functions.softmax(scores / T)
    bars(P, names, axes[1], title="probabilities", ylim=(0, 1.08))
    return axes


def _corners() -> np.ndarray[Any, Any]:
    """Return the three corners of the drawn triangle, shape (3, 2)."""
    return np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])


def simplex(
    names: Sequence[str], ax: Axes | None = None, *, levels: Sequence[float] = (0.5, 0.7, 0.9, 1.05)
) -> Axes:
    """Draw the triangle of all distributions over three classes.

    A corner is certainty, the centre is the uniform distribution.

    Parameters
    ----------
    names : sequence of 3 str
        The classes at the corners: left, right, top.
    ax : Axes, optional
    levels : sequence of float
        Entropies, in nats, whose contours are drawn.

    Returns
    -------
    Axes
        Draw points on it with ``ax.plot(*on_simplex(P))``.
    """
    ax = ax or plt.subplots(figsize=(5, 4.5))[1]
    corners = _corners()
    ax.plot(*corners[[0, 1, 2, 0]].T, color="black", linewidth=1, linestyle="-")
    places = [
        (-0.03, -0.02, "right", "top"),
        (1.03, -0.02, "left", "top"),
        (0.5, 0.89, "center", "bottom"),
    ]
    for name, (x, y, ha, va) in zip(names, places, strict=True):
        ax.text(x, y, name, ha=ha, va=va)
    if levels:
        P = _grid(150)
        x, y = on_simplex(P)
        ax.tricontour(x, y, _entropy(P), levels=sorted(levels), colors="#999999", linewidths=0.8)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def maximum_entropy(scores: Any, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw why softmax: on the line of equal expected score it has the largest entropy.

    Parameters
    ----------
    scores : array-like of shape (3,)
    names : sequence of 3 str
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    z = np.asarray(scores, dtype=float)
    p = functions.softmax(z)
    highest = float(_entropy(p))
    ax = simplex(names, ax, levels=(0.5, 0.7, highest, 0.95, 1.05))
    along = np.array([z[1] - z[2], z[2] - z[0], z[0] - z[1]])  # keeps the sum and p @ z
    with np.errstate(divide="ignore"):
        limits = -p / along  # where each probability would become 0
    ends = p + np.array([limits[limits < 0].max(), limits[limits > 0].min()])[:, None] * along
    curve = functions.softmax(z / np.geomspace(0.05, 1e3, 200)[:, None])
    ax.plot(*on_simplex(curve), color=COLOURS[0], linestyle="--", label="softmax(z / T), all T")
    ax.plot(*on_simplex(ends), color=COLOURS[1], linestyle="-", label="same expected score")
    ax.plot(*on_simplex(p), "o", color="black", markersize=9, label="softmax(z)")
    shares = np.abs(z) / np.abs(z).sum()
    ax.plot(*on_simplex(shares), "X", color=COLOURS[3], markersize=9, label="|z| / Σ|z|")
    ax.plot([], [], color="#999999", linewidth=0.8, linestyle="-", label="equal entropy")
    ax.legend(loc="upper left", bbox_to_anchor=(0.72, 1.0), fontsize=9)
    return ax


def on_simplex(P: Any) -> np.ndarray[Any, Any]:
    """Return where distributions over three classes lie in the triangle that `simplex` draws.

    Parameters
    ----------
    P : array-like of shape (..., 3)

    Returns
    -------
    ndarray of shape (2, ...)
        Coordinates, ready for ``ax.plot(*on_simplex(P))``.
    """
    return np.moveaxis(np.asarray(P, dtype=float) @ _corners(), -1, 0)


def _entropy(P: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the entropy of each distribution in nats, shape (...,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(-np.where(P > 0, P * np.log(P), 0).sum(axis=-1))


def _grid(n: int) -> np.ndarray[Any, Any]:
    """Return evenly spaced distributions over three classes, shape (m, 3)."""
    i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    inside = i + j <= n
    a, b = i[inside] / n, j[inside] / n
    return np.stack([a, b, 1 - a - b], axis=-1).clip(0)


def temperature_curves(scores: Any, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw the probabilities softmax(scores / T) against the temperature T.

    Parameters
    ----------
    scores : array-like of shape (K,)
    names : sequence of K str
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    T = np.geomspace(0.05, 50, 200)
    P = functions.softmax(np.asarray(scores, dtype=float) / T[:, None])
    for k, name in enumerate(names):
        ax.plot(T, P[:, k], label=name)
    ax.axhline(1 / len(names), color="grey", linewidth=1, linestyle=":")
    ax.text(0.05, 1 / len(names) + 0.02, f"1/K = {1 / len(names):.2f}", fontsize=9)
    ax.axvline(1, color="grey", linewidth=1, linestyle="-")
    ax.text(1.1, 0.97, "T = 1", va="top", fontsize=9)
    ax.set(
        xscale="log", xlabel="temperature T (log scale)", ylabel="probability", ylim=(-0.03, 1.03)
    )
    ax.legend()
    return ax
