"""Figures of lesson 01: log-odds and the sigmoid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils import functions
from utils.plots.common import COLOURS, MARKERS


def rulers(p: Any, marked: float, label: str, ax: Axes | None = None) -> Axes:
    """Draw the same probabilities on three rulers: probability, odds, log-odds.

    Parameters
    ----------
    p : array-like of shape (n,)
        Probabilities, strictly between 0 and 1 and in rising order; each becomes a dot.
    marked : float
        One more probability, drawn as a diamond.
    label : str
        What the diamond stands for.
    ax : Axes, optional

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
    """Draw the sigmoid with its tangent at 0, and its derivative beside it.

    Parameters
    ----------
    axes : two Axes, optional

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

    Parameters
    ----------
    x : array-like of shape (n,)
    y : array-like of 0 and 1, shape (n,)
        Each example is a mark at the height of its label; equal ones are stacked.
    intercept, slope : float
    ax : Axes, optional
    names : (str, str)
        What the labels 0 and 1 mean.
    xlabel : str

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    x, y = np.asarray(x, dtype=float), np.asarray(y)
    span = np.ptp(x)
    line = np.linspace(x.min() - 0.1 * span, x.max() + 0.1 * span, 200)
    ax.plot(line, functions.sigmoid(intercept + slope * line), color="black", linestyle="-")
    if slope and line[0] < -intercept / slope < line[-1]:
        ax.axvline(-intercept / slope, color="grey", linewidth=1, linestyle=":")
        ax.annotate(
            "p = ½",
            (-intercept / slope, 0.5),
            xytext=(8, 0),
            textcoords="offset points",
            fontsize=9,
            va="center",
        )
    for label, away in ((0, 1), (1, -1)):
        here = np.sort(x[y == label])
        # How many equal values came before: the place in the stack.
        stack = np.arange(len(here)) - np.searchsorted(here, here)
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
    ax.set(
        title=f"mean loss {loss:.3f}",
        xlabel=xlabel,
        ylabel=f"probability of “{names[1]}”",
        ylim=(-0.06, 1.06),
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def two_squashers(axes: Any = None) -> Any:
    """Draw the sigmoid and the normal CDF, and the derivative of the loss that each one gives.

    Parameters
    ----------
    axes : two Axes, optional

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
