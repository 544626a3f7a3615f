"""Figures of lesson 05: templates, penalties and descents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils.plots.common import MARKERS


def tiles(
    images: Any,
    labels: Sequence[str],
    ax: Axes | None = None,
    *,
    columns: int = 5,
    reach: float | None = None,
    title: str = "",
) -> Axes:
    """Draw small images side by side, such as the weights of each class.

    Parameters
    ----------
    images : array-like of shape (K, height, width)
        Values; white is 0, orange above, purple below.
    labels : sequence of K str
        What stands under each image.
    ax : Axes, optional
    columns : int
        Images in a row.
    reach : float, optional
        The value of the deepest colour; by default the largest absolute value.
    title : str

    Returns
    -------
    Axes
    """
    images = np.asarray(images, dtype=float)
    _, height, width = images.shape
    rows = -(-len(images) // columns)
    across, down = columns * (width + 1), rows * (height + 3) + 0.5
    ax = ax or plt.subplots(figsize=(6.4, 6.4 * down / across + 0.3 * bool(title)))[1]
    reach = reach or float(np.abs(images).max())
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        top, left = (k // columns) * (height + 3), (k % columns) * (width + 1)
        place = (left, left + width, top + height, top)
        ax.imshow(image, cmap="PuOr_r", vmin=-reach, vmax=reach, extent=place)
        ax.plot(
            [left, left + width, left + width, left, left],
            [top, top, top + height, top + height, top],
            color="#999999",
            linewidth=0.8,
            linestyle="-",
        )
        ax.text(left + width / 2, top + height + 0.3, label, ha="center", va="top", fontsize=9)
    ax.set(
        xlim=(-0.5, across - 0.5),
        ylim=(down - 0.5, -0.5),
        title=title,
        aspect="equal",
    )
    ax.axis("off")
    return ax


def image_and_templates(image: Any, templates: Any, labels: Sequence[str], axes: Any = None) -> Any:
    """Draw an image beside the weights that each class compares it with.

    Parameters
    ----------
    image : array-like of shape (height, width)
        Pixels, 0 for white.
    templates : array-like of shape (K, height, width)
        The weights of each class.
    labels : sequence of K str
        What stands under the templates.
    axes : two Axes, optional

    Returns
    -------
    array of two Axes
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7.5, 2.75), width_ratios=(1, 2.6))[1]
    axes[0].imshow(image, cmap="Greys")
    axes[0].set(title="the image")
    axes[0].axis("off")
    tiles(templates, labels, axes[1], title="one template for each class")
    return axes


def penalty_path(
    lams: Any, train: Any, test: Any, ax: Axes | None = None, *, chosen: float | None = None
) -> Axes:
    """Draw the cross-entropy on both sets against the strength of the penalty.

    Parameters
    ----------
    lams : array-like of shape (m,)
        Strengths λ, all above 0.
    train, test : array-like of shape (m,)
        Mean cross-entropy, without the penalty, of the model fitted with each.
    ax : Axes, optional
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


def convergence(gaps: dict[str, Any], ax: Axes | None = None) -> Axes:
    """Draw how far the loss is above the least one, after each step of some descents.

    Parameters
    ----------
    gaps : dict of str to array-like
        For each method the loss after 0, 1, 2 … steps, less the least loss.
    ax : Axes, optional

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
