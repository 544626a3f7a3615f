"""Walks downhill: their place on the loss, the loss after each step, the check of their slope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from utils.plots.style import COLOURS, MARKERS


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

    The model gives class 1 the log-odds X @ w. Lesson 04.

    Parameters
    ----------
    X : array-like of shape (n, 2)
        Examples in rows, two features in columns.
    y : array-like of shape (n,)
        Labels 0 and 1.
    path : array-like of shape (steps + 1, 2)
        The places of the walk, the start first.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    window : (left, right, bottom, top)
        The weights shown; what lies outside is cut off.
    title : str
        What stands above the picture.
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
    """Draw several lines over the same x. Lesson 04.

    Parameters
    ----------
    x : array-like of shape (m,)
        Where the values lie, the same for all lines.
    lines : mapping of str to array-like of shape (m,)
        The values under the name that the legend shows; with one line alone there is no legend.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    xlabel, ylabel, title : str
        What stands beside the axes and above the picture.
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


def difference_errors(
    f: Callable[[Any], Any], theta: Any, exact: Any, sizes: Any, ax: Axes | None = None
) -> Axes:
    """Draw how far finite differences are from the exact gradient, against the step h. Lesson 04.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of theta, returns one number.
    theta, exact : ndarray of one shape
        Where the gradient is taken, and the gradient.
    sizes : sequence of float
        The values of h.
    ax : Axes, optional
        Where to draw; by default on a new figure.

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


def convergence(gaps: dict[str, Any], ax: Axes | None = None) -> Axes:
    """Draw how far the loss is above the least one, after each step of some descents. Lesson 05.

    Parameters
    ----------
    gaps : dict of str to array-like
        For each method the loss after 0, 1, 2 … steps, less the least loss.
    ax : Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    for (name, gap), marker in zip(gaps.items(), MARKERS, strict=False):
        gap = np.asarray(gap, dtype=float)
        gap = np.where(gap > 1e-12, gap, np.nan)  # below that is rounding
        ax.plot(gap, marker=marker, markersize=4, markevery=0.08, label=name)
    ax.set(yscale="log", xlabel="steps", ylabel="loss above the least (log scale)")
    ax.legend()
    return ax


def stopping_points(
    lines: Mapping[str, Any], stops: Mapping[str, int], ax: Axes | None = None
) -> Axes:
    """Draw losses against steps, and where training would stop by each of them. Lesson 08.

    Parameters
    ----------
    lines : mapping of str to array-like
        The losses after 0, 1, 2 … steps under their names.
    stops : mapping of str to int
        For the same names, the step whose weights would be kept.
    ax : Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.8))[1]
    for k, (name, losses) in enumerate(lines.items()):
        steps, stop = np.arange(len(losses)), stops[name]
        ax.plot(steps, losses, "-:"[k % 2], color=COLOURS[k], label=name)
        ax.plot(stop, losses[stop], MARKERS[k], color=COLOURS[k], markersize=9)
        ax.annotate(
            f"step {stop}",
            (stop, losses[stop]),
            xytext=(0, (-18, 10)[k % 2]),
            textcoords="offset points",
            ha="center",
            color=COLOURS[k],
        )
    lowest = min(np.min(losses) for losses in lines.values())
    highest = max(losses[-1] for losses in lines.values())
    ax.set(xlabel="steps", ylabel="validation loss", ylim=(0.8 * lowest, 2 * highest - lowest))
    ax.legend()
    return ax
