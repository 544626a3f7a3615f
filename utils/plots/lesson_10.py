"""Figures of lesson 10: softmax elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils import functions
from utils.plots.common import legend_beside, panels


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

    Parameters
    ----------
    x : array-like of shape (m,)
        Where to draw.
    means, variances, priors : array-like of shape (K,)
        Of each class.
    names : sequence of K str
    axes : two Axes, optional
    xlabel : str

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
