"""Scores and what they become: log-odds on rulers, the sigmoid, bars, the triangle of distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils import functions
from utils.plots.style import COLOURS, HATCHES, MARKERS, legend_beside, panels


def rulers(p: Any, marked: float, label: str, ax: Axes | None = None) -> Axes:
    """Draw the same probabilities on three rulers: probability, odds, log-odds. Lesson 01.

    Parameters
    ----------
    p : array-like of shape (n,)
        Probabilities, strictly between 0 and 1 and in rising order; each becomes a dot.
    marked : float
        One more probability, drawn as a diamond.
    label : str
        What the diamond stands for.
    ax : Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(7.5, 3.4))[1]
    p = np.append(np.asarray(p, dtype=float), marked)
    odds = p / (1 - p)
    top, reach = np.ceil(odds.max() - 1e-6), np.ceil(np.abs(np.log(odds)).max())
    scales: list[tuple[str, Any, float, float, Any]] = [
        ("probability", p, 0, 1, np.linspace(0, 1, 5)),
        ("odds", odds, 0, top, np.linspace(0, top, 5)),
        ("log-odds", np.log(odds), -reach, reach, np.arange(-reach, reach + 1)),
    ]
    places = [(values - low) / (high - low) for _, values, low, high, _ in scales]
    rows = [2.0, 1.0, 0.0]
    ax.plot(places, rows, color="#BBBBBB", linewidth=0.8, linestyle="-", zorder=1)
    for (name, _, low, high, ticks), place, row in zip(scales, places, rows, strict=True):
        ax.plot([0, 1], [row, row], color="black", linewidth=1, linestyle="-", zorder=1)
        ax.text(-0.04, row, name, ha="right", va="center", weight="bold")
        for tick in ticks:
            at = (tick - low) / (high - low)
            ax.plot([at, at], [row - 0.06, row], color="black", linewidth=1, linestyle="-")
            ax.text(at, row - 0.1, f"{tick:g}".replace("-", "−"), ha="center", va="top", fontsize=9)
        ax.plot(place[:-1], [row] * (len(p) - 1), "o", color=COLOURS[0], zorder=2)
        ax.plot(place[-1], row, "D", color=COLOURS[1], markersize=8, zorder=3)
    ax.plot([], [], "D", color=COLOURS[1], markersize=8, label=label)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 0.98))
    ax.set(ylim=(-0.35, 2.15))
    ax.axis("off")
    return ax


def sigmoid_and_slope(axes: Any = None) -> Any:
    """Draw the sigmoid with its tangent at 0, and its derivative beside it. Lesson 01.

    Parameters
    ----------
    axes : two Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    array of two Axes
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7.5, 3))[1]
    z = np.linspace(-6, 6, 241)
    p = functions.sigmoid(z)
    axes[0].plot(z, p, label="σ(z)")
    middle = np.array([-2.0, 2.0])
    axes[0].plot(middle, 0.5 + middle / 4, label="tangent at 0")
    axes[0].set(title="sigmoid", xlabel="log-odds z", ylabel="probability", ylim=(-0.03, 1.03))
    axes[0].legend(loc="upper left")
    axes[1].plot(z, p * (1 - p), color=COLOURS[2], linestyle="-")
    axes[1].set(title="its derivative", xlabel="log-odds z", ylabel="σ′(z)", ylim=(-0.01, 0.27))
    return axes


def logistic_fit(
    x: Any,
    y: Any,
    intercept: float,
    slope: float,
    ax: Axes | None = None,
    *,
    names: Sequence[str] = ("no", "yes"),
    xlabel: str = "x",
) -> Axes:
    """Draw yes/no data over one feature, the curve σ(intercept + slope·x), and its mean loss.

    Lesson 01.

    Parameters
    ----------
    x : array-like of shape (n,)
        The feature of each example, in the unit that xlabel names.
    y : array-like of 0 and 1, shape (n,)
        Each example is a mark at the height of its label; those that would overlap are stacked.
    intercept, slope : float
        The curve's two numbers; its log-odds are intercept + slope · x.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    names : (str, str)
        What the labels 0 and 1 mean.
    xlabel : str
        What the feature is called, with its unit.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    x, y = np.asarray(x, dtype=float), np.asarray(y)
    span = np.ptp(x)
    line = np.linspace(x.min() - 0.1 * span, x.max() + 0.1 * span, 200)
    curve = functions.sigmoid(intercept + slope * line)
    ax.plot(line, curve, color="black", linestyle="-", gid="moves")
    if slope and line[0] < -intercept / slope < line[-1]:
        ax.axvline(-intercept / slope, color="grey", linewidth=1, linestyle=":", gid="moves")
        ax.annotate(
            "p = ½",
            (-intercept / slope, 0.5),
            xytext=(8, 0),
            textcoords="offset points",
            fontsize=9,
            va="center",
            gid="moves",
        )
    for label, away in ((0, 1), (1, -1)):
        here = np.sort(x[y == label])
        stack = _stacked(here, 0.02 * span)  # a mark is about as wide
        ax.plot(
            here,
            label + 0.05 * away * stack,
            MARKERS[label],
            color=COLOURS[label],
            alpha=0.8,
            linestyle="none",
            label=names[label],
        )
    loss = float(functions.binary_cross_entropy(intercept + slope * x, y))
    ax.set_title(f"mean loss {loss:.3f}", gid="moves")
    ax.set(
        xlabel=xlabel,
        ylabel=f"probability of “{names[1]}”",
        ylim=(-0.06, 1.06),
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _stacked(x: np.ndarray[Any, Any], width: float) -> np.ndarray[Any, Any]:
    """Return the row of each mark, shape (n,), so that marks of that width do not overlap.

    x is in rising order.
    """
    rows = np.empty(len(x), dtype=int)
    last: list[float] = []  # where the last mark of each row lies
    for i, value in enumerate(x):
        rows[i] = next((k for k, at in enumerate(last) if value - at >= width), len(last))
        last[rows[i] : rows[i] + 1] = [value]
    return rows


def two_squashers(axes: Any = None) -> Any:
    """Draw the sigmoid and the normal CDF, and the derivative of the loss that each one gives.

    Lesson 01.

    Parameters
    ----------
    axes : two Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    array of two Axes
    """
    from scipy import special

    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7.5, 3.2))[1]
    z = np.linspace(-5, 5, 201)
    log_density = -(z**2) / 2 - np.log(2 * np.pi) / 2
    for name, p, derivative in (
        ("sigmoid", functions.sigmoid(z), functions.sigmoid(z) - 1),
        ("normal CDF", special.ndtr(z), -np.exp(log_density - special.log_ndtr(z))),
    ):
        axes[0].plot(z, p, label=name)
        axes[1].plot(z, derivative, label=f"{name}: ∂L/∂z")
    axes[1].plot(z, special.ndtr(z) - 1, label="normal CDF: p − y")
    axes[0].set(title="the curves", xlabel="score z", ylabel="probability p")
    axes[1].set(title="derivative of the loss, y = 1", xlabel="score z", ylabel="∂L/∂z")
    for ax in axes:
        ax.legend(fontsize=9)
    return axes


def bars(
    values: Any,
    names: Sequence[str],
    ax: Axes | None = None,
    *,
    title: str = "",
    ylabel: str = "",
    ylim: tuple[float, float] | None = None,
) -> Axes:
    """Draw one labelled bar for each class. Lesson 02.

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
        bar.set(hatch=hatch, edgecolor="white", gid="moves")
    ax.bar_label(drawn, fmt="%.2f", padding=2, gid="moves")
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
    """Draw scores and their softmax side by side. Lesson 02.

    Parameters
    ----------
    scores : array-like of shape (K,)
        A score for each class.
    names : sequence of K str
        What stands under the bars.
    axes : two Axes, optional
        Where to draw; by default on a new figure.
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


def simplex(
    names: Sequence[str], ax: Axes | None = None, *, levels: Sequence[float] = (0.5, 0.7, 0.9, 1.05)
) -> Axes:
    """Draw the triangle of all distributions over three classes.

    A corner is certainty, the centre is the uniform distribution. Lesson 02.

    Parameters
    ----------
    names : sequence of 3 str
        The classes at the corners: left, right, top.
    ax : Axes, optional
        Where to draw; by default on a new figure.
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
    """Draw why softmax: on the line of equal expected score it has the largest entropy. Lesson 02.

    Parameters
    ----------
    scores : array-like of shape (3,)
        A score for each class.
    names : sequence of 3 str
        The classes at the corners: left, right, top.
    ax : Axes, optional
        Where to draw; by default on a new figure.

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

    Lesson 02.

    Parameters
    ----------
    P : array-like of shape (..., 3)
        Distributions; the probabilities lie on the last axis.

    Returns
    -------
    ndarray of shape (2, ...)
        Coordinates, ready for ``ax.plot(*on_simplex(P))``.
    """
    return np.moveaxis(np.asarray(P, dtype=float) @ _corners(), -1, 0)


def temperature_curves(scores: Any, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw the probabilities softmax(scores / T) against the temperature T. Lesson 02.

    Parameters
    ----------
    scores : array-like of shape (K,)
        A score for each class.
    names : sequence of K str
        What the classes are called in the legend.
    ax : Axes, optional
        Where to draw; by default on a new figure.

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


def bayes_along(
    x: Any,
    means: Any,
    variances: Any,
    priors: Any,
    names: Sequence[str],
    axes: Any = None,
    *,
    xlabel: str = "x",
) -> Any:
    """Draw Gaussian classes along one feature, and the posteriors that Bayes' rule makes of them.

    Lesson 10.

    Parameters
    ----------
    x : array-like of shape (m,)
        Where to draw.
    means, variances, priors : array-like of shape (K,)
        Of each class.
    names : sequence of K str
        What the classes are called in the legend.
    axes : two Axes, optional
        Where to draw; by default on a new figure.
    xlabel : str
        What the feature is called, with its unit.

    Returns
    -------
    array of two Axes
        Left: prior times density. Right: the same, shared out at each x.
    """
    axes = panels(2, 4.2, 3.2) if axes is None else axes
    x = np.asarray(x, dtype=float)
    means, variances, priors = (np.asarray(v, dtype=float) for v in (means, variances, priors))
    scores = np.log(priors) - (x[:, None] - means) ** 2 / (2 * variances) - np.log(variances) / 2
    joint = np.exp(scores) / np.sqrt(2 * np.pi)  # (m, K)
    for ax, curves, ylabel, title in (
        (axes[0], joint, "prior × density", "how often"),
        (axes[1], functions.softmax(scores), "posterior", "which class"),
    ):
        for k, name in enumerate(names):
            ax.plot(x, curves[:, k], label=name)
        ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes[1].set_ylim(-0.03, 1.03)
    legend_beside(axes[1])
    return axes


def _corners() -> np.ndarray[Any, Any]:
    """Return the three corners of the drawn triangle, shape (3, 2)."""
    return np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])


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
