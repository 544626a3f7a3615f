"""The course's figures. Each function takes an Axes (or makes one), draws, and returns it.

Importing this module switches matplotlib to the course's style. `show` puts a finished figure into
the notebook together with a text for readers who cannot see it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from utils import calibration, functions

plt.style.use(Path(__file__).with_name("style.mplstyle"))

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "//", "..", "xx")


def show(drawn: Axes | Figure | Sequence[Any] | np.ndarray[Any, Any], alt: str) -> None:
    """Show a figure once, with alternative text.

    Parameters
    ----------
    drawn : Axes, Figure, or a sequence of Axes of one figure
        What a plotting function returned.
    alt : str
        What the picture shows, in words; stored with the output.
    """
    from IPython.display import display

    if isinstance(drawn, Figure):
        figure: Any = drawn
    else:
        figure = np.ravel(np.asarray(drawn, dtype=object))[0].figure
    display(figure, metadata={"image/png": {"alt": alt}})  # type: ignore[no-untyped-call]
    plt.close(figure)


def interactive(
    draw: Callable[..., Any],
    figsize: tuple[float, float] = (6.4, 3.2),
    columns: int = 1,
    **controls: tuple[float, float, float, float],
) -> Any:
    """Return sliders above a picture that follows them at once.

    Parameters
    ----------
    draw : callable
        ``draw(ax, **values)``; with ``columns`` > 1 it gets an array of that many Axes.
    figsize : tuple of float
        Size of the picture in inches.
    columns : int
        Number of Axes side by side.
    **controls : (low, high, step, start)
        One slider for each name that ``draw`` takes.

    Returns
    -------
    ipywidgets.VBox
    """
    import ipywidgets

    figure = Figure(figsize=figsize, layout="constrained")
    FigureCanvasAgg(figure)
    picture = ipywidgets.Image(format="png")
    sliders = {
        name: ipywidgets.FloatSlider(
            min=low, max=high, step=step, value=start, description=name, readout_format=".2f"
        )
        for name, (low, high, step, start) in controls.items()
    }

    def redraw(_: Any = None) -> None:
        figure.clear()
        axes = figure.subplots(1, columns)
        draw(axes, **{name: slider.value for name, slider in sliders.items()})
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        picture.value = buffer.getvalue()

    for slider in sliders.values():
        slider.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([*sliders.values(), picture])


# --- lesson 00: two forecasters ------------------------------------------------------------------


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


# --- lesson 02: scores and probabilities ---------------------------------------------------------


def bars(
    values: Any,
    names: Sequence[str],
    ax: Axes | None = None,
    *,
    title: str = "",
    ylabel: str = "",
    ylim: tuple[float, float] | None = None,
) -> Axes:
    """Draw one labelled bar for each class.

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
        bar.set(hatch=hatch, edgecolor="white")
    ax.bar_label(drawn, fmt="%.2f", padding=2)
    ax.axhline(0, color="black", linewidth=0.8, linestyle="-")
    ax.set(title=title, ylabel=ylabel)
    if ylim:
        ax.set_ylim(*ylim)
    ax.grid(visible=False, axis="x")
    return ax


def scores_and_probabilities(
    scores: Any, names: Sequence[str], axes: Any = None, T: float = 1.0
) -> Any:
    """Draw scores and their softmax side by side.

    Parameters
    ----------
    scores : array-like of shape (K,)
    names : sequence of K str
    axes : two Axes, optional
    T : float
        Temperature; the probabilities are softmax(scores / T).

    Returns
    -------
    array of two Axes
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7.5, 3))[1]
    scores = np.asarray(scores, dtype=float)
    reach = max(6.0, float(np.abs(scores).max()) + 1)
    low = -reach if scores.min() < 0 else 0.0
    bars(scores, names, axes[0], title="scores", ylim=(low, reach))
    P = functions.softmax(scores / T)
    bars(P, names, axes[1], title="probabilities", ylim=(0, 1.08))
    return axes


def _corners() -> np.ndarray[Any, Any]:
    """Return the three corners of the drawn triangle, shape (3, 2)."""
    return np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])


def simplex(
    names: Sequence[str], ax: Axes | None = None, *, levels: Sequence[float] = (0.5, 0.7, 0.9, 1.05)
) -> Axes:
    """Draw the triangle of all distributions over three classes.

    A corner is certainty, the centre is the uniform distribution.

    Parameters
    ----------
    names : sequence of 3 str
        The classes at the corners: left, right, top.
    ax : Axes, optional
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
    """Draw why softmax: on the line of equal expected score it has the largest entropy.

    Parameters
    ----------
    scores : array-like of shape (3,)
    names : sequence of 3 str
    ax : Axes, optional

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

    Parameters
    ----------
    P : array-like of shape (..., 3)

    Returns
    -------
    ndarray of shape (2, ...)
        Coordinates, ready for ``ax.plot(*on_simplex(P))``.
    """
    return np.moveaxis(np.asarray(P, dtype=float) @ _corners(), -1, 0)


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


def temperature_curves(scores: Any, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw the probabilities softmax(scores / T) against the temperature T.

    Parameters
    ----------
    scores : array-like of shape (K,)
    names : sequence of K str
    ax : Axes, optional

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
    ax.set(
        xscale="log", xlabel="temperature T (log scale)", ylabel="probability", ylim=(-0.03, 1.03)
    )
    ax.legend()
    return ax


# --- lesson 06: decision regions -----------------------------------------------------------------

Window = tuple[float, float, float, float]  # x1 from, to; x2 from, to
WINDOW: Window = (-4.0, 4.0, -3.0, 5.0)


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
    """Draw which class has the largest score at each point of the plane.

    Parameters
    ----------
    Theta : array-like of shape (K, 3)
        Intercepts and weights of the softmax scores of two features.
    X : array-like of shape (n, 2)
        Examples to draw on top.
    y : array-like of shape (n,)
        Their classes.
    names : sequence of K str
    ax : Axes, optional
    window : (x1 low, x1 high, x2 low, x2 high)
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
        ax.clabel(drawn, fontsize=8, fmt="%.2g")
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
        ax.fill(
            [], [], facecolor="#DDDDDD", edgecolor="black", hatch=hatch, linewidth=0, label=label
        )
    return _examples(ax, X, y, names, window)


def scatter(X: Any, y: Any, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw examples with two features, each class with its own colour and marker.

    Parameters
    ----------
    X : array-like of shape (n, 2)
    y : array-like of int, shape (n,)
    names : sequence of K str
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 4.6))[1]
    X, y = np.asarray(X), np.asarray(y)
    for k, name in enumerate(names):
        ax.plot(
            *X[y == k].T,
            MARKERS[k],
            color=COLOURS[k],
            markersize=4.5,
            markeredgecolor="white",
            markeredgewidth=0.5,
            linestyle="none",
            label=name,
        )
    ax.set(xlabel="x1", ylabel="x2")
    return ax


def shares_of_window(Theta: Any, window: Window = WINDOW) -> tuple[float, float]:
    """Measure what `own_thresholds` draws: where several classifiers say yes, and where none does.

    Parameters
    ----------
    Theta : array-like of shape (K, 3)
        A row of intercept and weights for each classifier; it says yes where its score is >= 0.
    window : (x1 low, x1 high, x2 low, x2 high)

    Returns
    -------
    several, none : float
        Shares of the window's area.
    """
    grid = functions.add_intercept(_plane(window).reshape(-1, 2))
    yes = (grid @ np.asarray(Theta, dtype=float).T >= 0).sum(axis=1)
    return float(np.mean(yes > 1)), float(np.mean(yes == 0))


def legend_beside(ax: Axes) -> None:
    """Put the legend to the right of the Axes, where it covers nothing."""
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)


def probabilities_along(
    x: Any, P: Any, names: Sequence[str], ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """Draw the probabilities of each class along a line through the plane.

    Parameters
    ----------
    x : array-like of shape (m,)
        Positions on the line.
    P : array-like of shape (m, K)
        Probabilities there; the rows need not sum to 1.
    names : sequence of K str
    ax : Axes, optional
    title : str

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


# --- lesson 04: walking downhill -----------------------------------------------------------------


def panels(n: int, width: float = 2.9, height: float = 3.0) -> Any:
    """Return n Axes side by side.

    Parameters
    ----------
    n : int
        How many.
    width, height : float
        Of each, in inches.

    Returns
    -------
    array of n Axes
    """
    return plt.subplots(1, n, figsize=(n * width, height), squeeze=False)[1][0]


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


# --- lesson 05: templates, penalties and descents ------------------------------------------------


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
    ax = ax or plt.subplots(figsize=(6.4, 3.2))[1]
    images = np.asarray(images, dtype=float)
    _, height, width = images.shape
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
    rows = -(-len(images) // columns)
    ax.set(
        xlim=(-0.5, columns * (width + 1) - 0.5),
        ylim=(rows * (height + 3), -0.5),
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
        axes = plt.subplots(1, 2, figsize=(7.5, 3), width_ratios=(1, 2.6))[1]
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


# --- lesson 07: reliability ----------------------------------------------------------------------


def reliability_diagram(
    confidence: Any,
    correct: Any,
    n_bins: int = 15,
    strategy: calibration.Strategy = "uniform",
    ax: Axes | None = None,
    *,
    title: str = "",
) -> Axes:
    """Draw accuracy against confidence, what chance allows, and how many predictions there were.

    Grey bars on the diagonal hold 95 % of perfectly calibrated models with the same confidences. A
    dot outside its bar is more than chance, as far as one bin can tell. The text gives the ECE and
    what a perfect model's would be. The histogram underneath always has bins of equal width.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        How sure each prediction was.
    correct : array-like of bool, shape (n,)
        Whether it was right.
    n_bins : int
    strategy : {"uniform", "quantile"}
        Bins of equal width, or with equally many predictions.
    ax : Axes, optional
        It is divided in two, so it must come from ``plt.subplots``.
    title : str

    Returns
    -------
    Axes
        The upper one.

    Raises
    ------
    ValueError
        As `calibration.reliability_curve`; if ax does not come from ``plt.subplots``.
    """
    curve = calibration.reliability_curve(confidence, correct, n_bins, strategy)
    error = calibration.expected_calibration_error(confidence, correct, n_bins, strategy)
    low, high = calibration.consistency_band(confidence, n_bins, strategy=strategy)
    floor = calibration.noise_floor(confidence, n_bins, strategy=strategy)
    said, right = curve.confidence, curve.accuracy
    inside = (low <= right) & (right <= high)  # False in an empty bin
    outside = (right < low) | (right > high)

    ax = ax or plt.subplots(figsize=(4.6, 5.2))[1]
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            "reliability_diagram divides its Axes in two, so make it with plt.subplots"
        )
    parts = place.subgridspec(2, 1, height_ratios=(3.6, 1))
    ax.set_subplotspec(parts[0])

    ax.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle=":")
    grey = "#CCCCCC"
    ax.vlines(said, low, high, color=grey, linewidth=min(9, 130 / n_bins), linestyle="-")
    ax.plot([], [], color=grey, linewidth=7, linestyle="-", label="95 % of perfect models")
    for some, colour, marker, label in (
        (inside, COLOURS[0], MARKERS[0], "inside: may be chance"),
        (outside, COLOURS[1], MARKERS[3], "outside"),
    ):
        if some.any():
            ax.vlines(said[some], said[some], right[some], color=colour, linewidth=2)
            ax.plot(said[some], right[some], marker, color=colour, markersize=5, label=label)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="accuracy")
    ax.tick_params(labelbottom=False)
    ax.set_title(title, pad=20)
    summary = f"ECE {error:.3f} · perfect model {floor.mean:.3f}, 95 % below {floor.high:.3f}"
    ax.text(0, 1.02, summary, transform=ax.transAxes, fontsize=9)
    ax.legend(loc="lower right", fontsize=8, frameon=True, framealpha=0.9, edgecolor="none")

    below = ax.figure.add_subplot(parts[1], sharex=ax)
    counts = calibration.reliability_curve(confidence, correct, n_bins).counts
    left = np.arange(n_bins) / n_bins
    bars = below.bar(left, counts, 1 / n_bins, align="edge", color="#8C8C8C", edgecolor="white")
    if n_bins <= 15:  # more would not fit side by side
        below.bar_label(bars, [str(count) if count else "" for count in counts], fontsize=6.5)
    below.set(xlabel="confidence", ylabel="count", ylim=(0, 1.25 * counts.max()))
    below.grid(visible=False, axis="x")
    return ax


def reliability_diagrams(
    forecasts: Mapping[str, tuple[Any, Any]],
    n_bins: int = 15,
    strategy: calibration.Strategy = "uniform",
) -> np.ndarray[Any, Any]:
    """Draw reliability diagrams side by side.

    Parameters
    ----------
    forecasts : mapping
        Title to (confidence, correct).
    n_bins, strategy
        As for `reliability_diagram`.

    Returns
    -------
    array of Axes
    """
    m = len(forecasts)
    axes = np.atleast_1d(plt.subplots(1, m, figsize=(4.3 * m, 5.4))[1])
    for ax, (title, (confidence, correct)) in zip(axes, forecasts.items(), strict=True):
        reliability_diagram(confidence, correct, n_bins, strategy, ax, title=title)
    return axes


def difference_errors(
    f: Callable[[Any], Any], theta: Any, exact: Any, sizes: Any, ax: Axes | None = None
) -> Axes:
    """Draw how far finite differences are from the exact gradient, against the step h.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of theta, returns one number.
    theta, exact : ndarray of one shape
        Where the gradient is taken, and the gradient.
    sizes : sequence of float
        The values of h.
    ax : Axes, optional

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
