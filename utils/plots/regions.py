"""What a linear model looks at: its regions in the plane, or its weights as images of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from utils import functions
from utils.plots.style import COLOURS, framed_image, scatter

Window = tuple[float, float, float, float]  # x1 from, to; x2 from, to

WINDOW: Window = (-4.0, 4.0, -3.0, 5.0)


def tiles(
    images: Any,
    labels: Sequence[str],
    ax: Axes | None = None,
    *,
    columns: int = 5,
    reach: float | None = None,
    title: str = "",
) -> Axes:
    """Draw small images side by side, such as the weights of each class. Lesson 05.

    Parameters
    ----------
    images : array-like of shape (K, height, width)
        Values; white is 0, orange above, purple below.
    labels : sequence of K str
        What stands under each image.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    columns : int
        Images in a row.
    reach : float, optional
        The value of the deepest colour; by default the largest absolute value.
    title : str
        What stands above the images.

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
        framed_image(ax, image, place, cmap="PuOr_r", vmin=-reach, vmax=reach)
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
    """Draw an image beside the weights that each class compares it with. Lesson 05.

    Parameters
    ----------
    image : array-like of shape (height, width)
        Pixels, 0 for white.
    templates : array-like of shape (K, height, width)
        The weights of each class.
    labels : sequence of K str
        What stands under the templates.
    axes : two Axes, optional
        Where to draw; by default on a new figure.

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


def decision_regions(
    Theta: Any,
    X: Any,
    y: Any,
    names: Sequence[str],
    ax: Axes | None = None,
    *,
    window: Window = WINDOW,
    levels: Sequence[float] = (0.5, 0.7, 0.9),
) -> Axes:
    """Draw which class has the largest score at each point of the plane. Lesson 06.

    Parameters
    ----------
    Theta : array-like of shape (K, 3)
        Intercepts and weights of the softmax scores of two features.
    X : array-like of shape (n, 2)
        Examples to draw on top.
    y : array-like of shape (n,)
        Their classes.
    names : sequence of K str
        What the classes are called in the legend.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    window : (x1 low, x1 high, x2 low, x2 high)
        The part of the plane that is shown, in the units of the features.
    levels : sequence of float
        Probabilities of each class whose contours are drawn; empty for none.

    Returns
    -------
    Axes
        With a colour for each region, solid lines where two classes tie for the lead (computed
        from Theta, not from the grid) and dotted ones where they tie behind a third class.
    """
    ax = ax or plt.subplots(figsize=(6.4, 4.6))[1]
    Theta = np.asarray(Theta, dtype=float)
    grid = _plane(window)  # (200, 200, 2)
    logits = functions.add_intercept(grid.reshape(-1, 2)) @ Theta.T
    _fill(ax, logits.argmax(axis=1).reshape(grid.shape[:2]), window)
    P = functions.softmax(logits).reshape(*grid.shape[:2], len(Theta))
    for k in range(len(Theta) if len(levels) else 0):
        drawn = ax.contour(
            *np.moveaxis(grid, -1, 0), P[..., k], levels, colors=COLOURS[k], linewidths=1.0
        )
        ax.clabel(drawn, [v for v in levels if v > 0.5], fontsize=8, fmt="%.2g")
    for a in range(len(Theta)):
        for b in range(a):
            line = _line_points(Theta[a] - Theta[b], window)  # (m, 2)
            z = functions.add_intercept(line) @ Theta.T
            leads = z.max(axis=1) <= z[:, a] + 1e-9
            ax.plot(*line.T, color="#777777", linewidth=0.8, linestyle=":")
            ax.plot(*np.where(leads[:, None], line, np.nan).T, "k-", linewidth=1.8)
    return _examples(ax, X, y, names, window)


def own_thresholds(
    Theta: Any,
    X: Any,
    y: Any,
    names: Sequence[str],
    ax: Axes | None = None,
    *,
    window: Window = WINDOW,
) -> Axes:
    """Draw where K one-vs-rest classifiers say yes, and shade where not exactly one of them does.

    Lesson 06.

    Parameters
    ----------
    Theta : array-like of shape (K, 3)
        A row of intercept and weights for each classifier; it says yes where its score is >= 0.
    X, y, names, ax, window
        As for `decision_regions`.

    Returns
    -------
    Axes
        With a colour where one classifier says yes, slanted lines where several do, dots where
        none does, and each classifier's own threshold as a line in its colour.
    """
    ax = ax or plt.subplots(figsize=(6.4, 4.6))[1]
    Theta = np.asarray(Theta, dtype=float)
    grid = _plane(window)
    says_yes = functions.add_intercept(grid.reshape(-1, 2)) @ Theta.T >= 0  # (m, K)
    yes = says_yes.sum(axis=1)
    _fill(ax, np.where(yes == 1, says_yes.argmax(axis=1), -1).reshape(grid.shape[:2]), window)
    for where, hatch in ((yes >= 2, "///"), (yes == 0, "...")):
        ax.contourf(
            *np.moveaxis(grid, -1, 0),
            where.reshape(grid.shape[:2]),
            levels=[0.5, 1.5],
            colors="none",
            hatches=[hatch],
        )
    for k, w in enumerate(Theta):
        ax.plot(*_line_points(w, window).T, color=COLOURS[k], linewidth=1.8)
    for label, hatch in (("two or more say yes", "///"), ("nobody says yes", "...")):
        sample = Rectangle((window[0], window[2]), 0, 0, facecolor="#DDDDDD", label=label)
        sample.set(edgecolor="black", hatch=hatch, linewidth=0)
        ax.add_patch(sample)  # of no size: it is there for the legend
    return _examples(ax, X, y, names, window)


def shares_of_window(Theta: Any, window: Window = WINDOW) -> tuple[float, float]:
    """Measure what `own_thresholds` draws: where several classifiers say yes, and where none does.

    Lesson 06.

    Parameters
    ----------
    Theta : array-like of shape (K, 3)
        A row of intercept and weights for each classifier; it says yes where its score is >= 0.
    window : (x1 low, x1 high, x2 low, x2 high)
        The part of the plane that is looked at, in the units of the features.

    Returns
    -------
    several, none : float
        Shares of the window's area.
    """
    grid = functions.add_intercept(_plane(window).reshape(-1, 2))
    yes = (grid @ np.asarray(Theta, dtype=float).T >= 0).sum(axis=1)
    return float(np.mean(yes > 1)), float(np.mean(yes == 0))


def probabilities_along(
    x: Any, P: Any, names: Sequence[str], ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """Draw the probabilities of each class along a line through the plane. Lesson 06.

    Parameters
    ----------
    x : array-like of shape (m,)
        Positions on the line.
    P : array-like of shape (m, K)
        Probabilities there; the rows need not sum to 1.
    names : sequence of K str
        What the classes are called in the legend.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    title : str
        What stands above the picture.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots()[1]
    for k, name in enumerate(names):
        ax.plot(x, np.asarray(P)[:, k], label=name)
    ax.axhline(0.5, color="grey", linewidth=1, linestyle=":")
    ax.set(title=title, xlabel="x1", ylabel="probability", ylim=(-0.03, 1.03))
    return ax


def _plane(window: Window, n: int = 200) -> np.ndarray[Any, Any]:
    """Return the points of an n × n grid over a window, shape (n, n, 2)."""
    x1, x2 = np.linspace(*window[:2], n), np.linspace(*window[2:], n)
    return np.stack(np.meshgrid(x1, x2), axis=-1)


def _fill(ax: Axes, winner: np.ndarray[Any, Any], window: Window) -> None:
    """Colour each cell of a grid by its class, light enough for points on top; grey where it is −1."""
    from matplotlib.colors import to_rgb

    colours = np.array([to_rgb(c) for c in (*COLOURS, "#777777")])  # the last one is index −1
    light = 1 - 0.22 * (1 - colours)
    ax.imshow(light[winner], extent=window, origin="lower", aspect="auto", interpolation="nearest")


def _line_points(w: Any, window: Window, n: int = 1000) -> np.ndarray[Any, Any]:
    """Return points of the line w0 + w1 x1 + w2 x2 = 0 (vertical or not) across a window, (n, 2).

    None, shape (0, 2), where both weights are 0 and there is no line.
    """
    normal = np.asarray(w[1:], dtype=float)
    size = normal @ normal
    if size == 0:
        return np.empty((0, 2))
    corners = np.array([[x1, x2] for x1 in window[:2] for x2 in window[2:]])
    centre = corners.mean(axis=0)
    nearest = centre - (w[0] + normal @ centre) / size * normal
    along = np.array([-normal[1], normal[0]]) / np.sqrt(size)
    reach = np.linalg.norm(corners[-1] - corners[0])
    return np.asarray(nearest + np.linspace(-reach, reach, n)[:, None] * along)


def _examples(ax: Axes, X: Any, y: Any, names: Sequence[str], window: Window) -> Axes:
    """Draw the examples and fix the window."""
    scatter(X, y, names, ax)
    ax.set(xlim=window[:2], ylim=window[2:])
    ax.grid(visible=False)
    return ax
