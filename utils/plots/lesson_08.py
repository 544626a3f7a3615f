"""Figures of lesson 08: what the strength of the penalty does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from utils import calibration, functions
from utils.plots.common import COLOURS, MARKERS


def regularization_paths(
    models: Sequence[Any],
    train: tuple[Any, Any],
    held_out: tuple[Any, Any],
    *,
    row: int = 0,
    chosen: float | None = None,
    axes: Any = None,
) -> Any:
    """Draw weights, loss, accuracy beside confidence, and ECE against λ, in four panels.

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
        label="perfect model: mean to 95 %",
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


def stopping_points(
    lines: Mapping[str, Any], stops: Mapping[str, int], ax: Axes | None = None
) -> Axes:
    """Draw losses against steps, and where training would stop by each of them.

    Parameters
    ----------
    lines : mapping of str to array-like
        The losses after 0, 1, 2 … steps under their names.
    stops : mapping of str to int
        For the same names, the step whose weights would be kept.
    ax : Axes, optional

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
