"""What a forecast is charged: surprise, other ways to charge, and the loss as the penalty grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils import functions
from utils.plots.style import COLOURS, MARKERS


def surprise(p: Any, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw the surprise −log p against p, with some probabilities marked. Lesson 03.

    Parameters
    ----------
    p : array-like of shape (m,)
        Probabilities to mark.
    names : sequence of m str
        What stands beside the marks.
    ax : Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    p = np.asarray(p, dtype=float)
    grid = np.geomspace(min(1e-4, float(p.min())), 1, 400)
    ax.plot(grid, -np.log(grid), color=COLOURS[0])
    for i, (x, name) in enumerate(zip(p, names, strict=True)):
        ax.plot(x, -np.log(x), MARKERS[i % len(MARKERS)], color="black", markersize=8)
        ax.annotate(
            f"{name}: {-np.log(x):.2f}",
            (x, -np.log(x)),
            xytext=(10, 4) if x < 0.8 else (0, 14),
            textcoords="offset points",
            ha="left" if x < 0.8 else "center",
        )
    ax.set(
        xlabel="probability p that was given to what happened",
        ylabel="surprise −log p (nats)",
        xlim=(-0.02, 1.02),
        ylim=(-0.4, -np.log(grid[0]) + 0.9),
    )
    return ax


def expected_scores(p: float, axes: Any = None) -> Any:
    """Draw what each forecast q is expected to cost when the truth is p, for four ways to charge.

    Lesson 03.

    Parameters
    ----------
    p : float
        The true probability of a yes.
    axes : four Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    array of four Axes
        Log loss, squared error, absolute error, and the share of wrong decisions at the threshold
        ½. A dot, or a thick line, marks the cheapest forecasts.
    """
    if axes is None:
        axes = plt.subplots(1, 4, figsize=(9, 2.8))[1]
    q = np.linspace(0.001, 0.999, 999)
    curves = {
        "log loss": -p * np.log(q) - (1 - p) * np.log(1 - q),
        "squared error": p * (1 - q) ** 2 + (1 - p) * q**2,
        "absolute error": p * (1 - q) + (1 - p) * q,
        "wrong decisions": np.where(q >= 0.5, 1 - p, p),
    }
    for ax, (title, cost) in zip(axes, curves.items(), strict=True):
        ax.axvline(p, color="grey", linewidth=1, linestyle=":")
        ax.plot(q, cost, color=COLOURS[0], linestyle="-")
        cheapest = np.flatnonzero(cost <= cost.min() + 1e-12)
        mark = ax.plot(q[cheapest], cost[cheapest], color=COLOURS[1], linestyle="-", clip_on=False)
        if len(cheapest) > 2:
            mark[0].set(linewidth=5, solid_capstyle="butt")
        else:
            mark[0].set(marker="o", markersize=9)
        ax.set(title=title, xlabel="forecast q", xlim=(0, 1), xticks=(0, 0.5, 1))
        ax.set_ylim(0, 3 if title == "log loss" else 1.05)
    axes[0].set_ylabel("expected cost")
    axes[0].text(p, 2.98, f" p = {p:.2f} ", ha="right" if p > 0.5 else "left", va="top")
    return axes


def loss_shapes(ax: Axes | None = None) -> Axes:
    """Draw the loss of one example against its true class's score; the only other score is 1.

    Three pairs of a way to make probabilities and a way to charge for them. Lesson 03.

    Parameters
    ----------
    ax : Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    half = np.geomspace(1e-5, 8, 400)  # dense near 0, where the shares' loss is infinite
    z = np.concatenate([-half[::-1], half])
    p = functions.sigmoid(z - 1)
    shares = -np.log(np.abs(z) / (np.abs(z) + 1))
    ax.plot(z, -functions.log_sigmoid(z - 1), label="softmax, −log p")
    ax.plot(z, (1 - p) ** 2, label="softmax, (1 − p)²")
    ax.plot(z, shares, label="|z| / Σ|z|, −log p")
    ax.set(xlabel="score of the true class (the other score is 1)", ylabel="loss", ylim=(-0.2, 9))
    ax.legend()
    return ax


def penalty_path(
    lams: Any, train: Any, test: Any, ax: Axes | None = None, *, chosen: float | None = None
) -> Axes:
    """Draw the cross-entropy on both sets against the strength of the penalty. Lesson 05.

    Parameters
    ----------
    lams : array-like of shape (m,)
        Strengths λ, all above 0.
    train, test : array-like of shape (m,)
        Mean cross-entropy, without the penalty, of the model fitted with each.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    chosen : float, optional
        A λ to mark.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    ax.plot(lams, train, marker="o", markersize=5, label="training set")
    ax.plot(lams, test, marker="s", markersize=5, label="test set")
    if chosen is not None:
        ax.axvline(chosen, color="grey", linewidth=1, linestyle="-")
    ax.set(xscale="log", yscale="log", xlabel="λ (log scale)", ylabel="cross-entropy (log scale)")
    ax.legend(loc="upper left", bbox_to_anchor=(0.1, 1.0))  # the curves rise to the right
    return ax
