"""What all figures share: the course's style and colours, `show`, sliders, and small helpers."""

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

plt.style.use(Path(__file__).with_name("style.mplstyle"))

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "//", "..", "xx")


def show(drawn: Axes | Figure | Sequence[Any] | np.ndarray[Any, Any], alt: str) -> None:
    """Show a figure once, with alternative text. Lesson 00.

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
    # The notebook would lay the figure out a second time, to crop it; it fits as it is.
    data = {"image/png": _png(figure), "text/plain": repr(figure)}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)  # type: ignore[no-untyped-call]
    plt.close(figure)


def _png(figure: Figure) -> bytes:
    layout = figure.get_layout_engine()
    if layout and any(ax.get_aspect() != "auto" for ax in figure.axes):
        layout.execute(figure)  # the first pass measures titles where an image leaves them later
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def interactive(
    draw: Callable[..., Any],
    figsize: tuple[float, float] = (6.4, 3.2),
    columns: int = 1,
    **controls: tuple[float, float, float, float],
) -> Any:
    """Return sliders above a picture that follows them at once. Lesson 00.

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
    width = f"{figure.dpi * figsize[0]:.0f}px"  # or it would be stretched over the page
    picture = ipywidgets.Image(format="png", layout={"width": width, "max_width": "100%"})
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
        picture.value = _png(figure)

    for slider in sliders.values():
        slider.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([*sliders.values(), picture])


def panels(n: int, width: float = 2.9, height: float = 3.0) -> Any:
    """Return n Axes side by side. Lesson 04.

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


def scatter(X: Any, y: Any, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw examples with two features, each class with its own colour and marker. Lesson 06.

    Parameters
    ----------
    X : array-like of shape (n, 2)
        Examples in rows, two features in columns.
    y : array-like of int, shape (n,)
        The class of each example, 0 … K − 1.
    names : sequence of K str
        What the classes are called in the legend.
    ax : Axes, optional
        Where to draw; by default on a new figure.

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


def legend_beside(ax: Axes) -> None:
    """Put the legend to the right of the Axes, where it covers nothing. Lesson 06.

    Parameters
    ----------
    ax : Axes
        The Axes with labelled lines or bars.
    """
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)


def framed_image(
    ax: Axes,
    image: Any,
    place: tuple[float, float, float, float],
    *,
    marked: bool = False,
    **colours: Any,
) -> None:
    """Draw one of several images in a thin grey frame, or a marked one in a thick orange frame.

    Lesson 05.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    image : array-like of shape (height, width)
        The values of its pixels.
    place : (left, right, bottom, top)
        Where it lies on the Axes, in their units.
    marked : bool
        Whether it gets the thick frame.
    **colours
        What ``ax.imshow`` is to make of the values, such as ``cmap``.
    """
    left, right, bottom, top = place
    ax.imshow(image, extent=place, **colours)
    ax.plot(
        [left, right, right, left, left],
        [top, top, bottom, bottom, top],
        color=COLOURS[1] if marked else "#999999",
        linewidth=2.5 if marked else 0.8,
        linestyle="-",
    )
