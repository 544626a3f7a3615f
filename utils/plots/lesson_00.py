"""Figures of lesson 00: two forecasters."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils.plots.common import COLOURS


def said_and_happened(
    said: Sequence[float], happened: float, names: Sequence[str], ax: Axes | None = None
) -> Axes:
    """Draw what each forecaster said beside how often it came true.

    Parameters
    ----------
    said : sequence of float
        The probability that each announced.
    happened : float
        The share of days on which it came true, the same for all.
    names : sequence of str
        The forecasters.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(5.5, 3.2))[1]
    place = np.arange(len(names))
    for shift, heights, label, colour, hatch in (
        (-0.2, list(said), "said", COLOURS[0], ""),
        (0.2, [happened] * len(names), "happened", COLOURS[1], "//"),
    ):
        drawn = ax.bar(
            place + shift, heights, 0.36, label=label, color=colour, hatch=hatch, edgecolor="white"
        )
        ax.bar_label(drawn, fmt="%.2f", padding=2)
    ax.set(xticks=place, xticklabels=names, ylabel="probability of rain", ylim=(0, 1.12))
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax
