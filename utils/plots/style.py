"""What all figures share: the course's style and colours, `show`, and small helpers."""

from __future__ import annotations

import html
import io
import warnings
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

plt.style.use(Path(__file__).with_name("style.mplstyle"))

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "//", "..", "xx")
WIDEST = 900  # pixels
SMALLEST_TEXT = 8  # points


def show(drawn: Axes | Figure | Sequence[Any] | np.ndarray[Any, Any], alt: str) -> None:
    """Show a figure once, with alternative text. Lesson 00.

    Parameters
    ----------
    drawn : Axes, Figure, or a sequence of Axes of one figure
        What a plotting function returned.
    alt : str
        What the picture shows, in words, for readers who cannot see it.

    Warns
    -----
    UserWarning
        If the figure is wider than 900 pixels, or has text below 8 points.
    """
    from IPython.display import display

    if isinstance(drawn, Figure):
        figure: Any = drawn
    else:
        figure = np.ravel(np.asarray(drawn, dtype=object))[0].figure
    settle_layout(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    check_figure(figure)
    # As HTML: no notebook puts the alternative text of an image/png into its page.
    source = f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
    data = {"text/html": image(source, alt, figure), "text/plain": repr(figure)}
    display(data, raw=True)  # type: ignore[no-untyped-call]
    plt.close(figure)


def image(source: str, alt: str, figure: Figure, margin: str = "8px 0") -> str:
    """Return the HTML of a picture: as wide as the figure, or as the page if that is narrower."""
    return (
        f'<img alt="{html.escape(alt)}" src="{source}" width="{figure.bbox.width:.0f}" '
        f'style="display:block;max-width:100%;height:auto;margin:{margin}">'
    )


def settle_layout(figure: Figure) -> None:
    """Lay the figure out once more if it has images: the first pass measures titles elsewhere."""
    layout = figure.get_layout_engine()
    if layout and any(ax.get_aspect() != "auto" for ax in figure.axes):
        layout.execute(figure)


def check_figure(figure: Figure) -> None:
    """Warn if a figure is too wide for a page, or has text too small to read.

    Warns
    -----
    UserWarning
        A release refuses it.
    """
    if figure.bbox.width > WIDEST:
        sentence = f"a figure {figure.bbox.width:.0f} pixels wide, at most {WIDEST} fit a page"
        warnings.warn(sentence, stacklevel=3)
    for text in figure.findobj(Text):
        shown = text.get_text().strip() if text.get_visible() else ""
        if shown and float(text.get_fontsize()) < SMALLEST_TEXT:
            sentence = f"the text {shown!r} has {text.get_fontsize():g} points"
            warnings.warn(f"{sentence}, at least {SMALLEST_TEXT} can be read", stacklevel=3)
            break


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
