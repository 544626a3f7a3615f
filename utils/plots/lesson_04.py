"""Figures of lesson 04: walking downhill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from utils.plots.common import COLOURS


def loss_surface(
    X: Any,
    y: Any,
    path: Any,
    ax: Axes | None = None,
    *,
    window: tuple[float, float, float, float],
    title: str = "",
    labels: tuple[str, str] = ("first weight", "second weight"),
) -> Axes:
    """Draw the loss of a model with two weights as contours, and a walk on it.

    The model gives class 1 the log-odds X @ w.

    Parameters
    ----------
    X : array-like of shape (n, 2)
    y : array-like of shape (n,)
        Labels 0 and 1.
    path : array-like of shape (steps + 1, 2)
        The places of the walk, the start first.
    ax : Axes, optional
    window : (left, right, bottom, top)
        The weights shown; what lies outside is cut off.
    title : str
    labels : (str, str)
        What the two weights are called.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(4.5, 3.6))[1]
    X, y, path = np.asarray(X, dtype=float), np.asarray(y), np.asarray(path, dtype=float)
    across, up = np.linspace(*window[:2], 61), np.linspace(*window[2:], 61)
    W = np.stack(np.meshgrid(across, up), axis=-1)  # (61, 61, 2)
    z = W @ X.T  # (61, 61, n)
    loss = (np.logaddexp(0, z) - y * z).mean(axis=-1)
    lowest = loss.min()
    levels = lowest + (loss.max() - lowest) * np.linspace(0.12, 1, 14) ** 3
    ax.contourf(across, up, loss, levels=[lowest - 1, *levels], cmap="Blues_r", alpha=0.5)
    ax.contour(across, up, loss, levels=levels, colors="#888888", linewidths=0.6)
    ax.plot(*path.T, color=COLOURS[1], linestyle="-", linewidth=1.2, marker="o", markersize=3)
    ax.plot(*path[0], marker="o", color="white", markeredgecolor="black", markersize=8)
    ax.plot(*path[-1], marker="X", color="black", markersize=8)
    ax.set(xlim=window[:2], ylim=window[2:], title=title, xlabel=labels[0], ylabel=labels[1])
    ax.grid(visible=False)
    return ax


def curves(
    x: Any,
    lines: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    log: str = "",
) -> Axes:
    """Draw several lines over the same x.

    Parameters
    ----------
    x : array-like of shape (m,)
    lines : mapping of str to array-like of shape (m,)
        The values under the name that the legend shows; with one line alone there is no legend.
    ax : Axes, optional
    xlabel, ylabel, title : str
    log : str
        Which axes are logarithmic: ``"x"``, ``"y"``, ``"xy"`` or none.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    for name, values in lines.items():
        ax.plot(x, values, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.set_xscale("log" if "x" in log else "linear")
    ax.set_yscale("log" if "y" in log else "linear")
    if "x" not in log and np.asarray(x).dtype.kind in "iu":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(lines) > 1:
        ax.legend()
    return ax
