"""The course's figures. Each function takes an Axes (or makes one), draws, and returns it.

Importing this module switches matplotlib to the course's style. `show` puts a finished figure into
the notebook together with a text for readers who cannot see it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from utils import functions

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


# --- lesson 01: log-odds and the sigmoid ---------------------------------------------------------


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


# --- lesson 03: cross-entropy --------------------------------------------------------------------


def surprise(p: Any, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw the surprise −log p against p, with some probabilities marked.

    Parameters
    ----------
    p : array-like of shape (m,)
        Probabilities to mark.
    names : sequence of m str
        What stands beside the marks.
    ax : Axes, optional

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

    Parameters
    ----------
    p : float
        The true probability of a yes.
    axes : four Axes, optional

    Returns
    -------
    array of four Axes
        Log loss, squared error, absolute error, and the share of wrong decisions at the threshold
        ½. A dot, or a thick line, marks the cheapest forecasts.
    """
    if axes is None:
        axes = plt.subplots(1, 4, figsize=(10, 2.8))[1]
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

    Three pairs of a way to make probabilities and a way to charge for them.

    Parameters
    ----------
    ax : Axes, optional

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
