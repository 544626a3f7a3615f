"""Figures that move under sliders, without a kernel: HTML, pictures made in advance, a little script."""

from __future__ import annotations

import html
import io
import itertools
import json
import warnings
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from utils.plots.scores import logistic_fit, scores_and_probabilities
from utils.plots.style import COLOURS, check_figure, image, settle_layout

LARGEST_CONTROL = 300_000  # bytes
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
STILL = "Run this cell in a notebook to move the picture."
WHITE, CLEAR = 255, 0

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Slider:
    """One input: what it is called, where it can stand, where it starts, how its value is said."""

    label: str
    values: tuple[float, ...]
    start: int
    shown: tuple[str, ...]


def slider(label: str, values: Any, start: float, shown: str = "{:g}") -> Slider:
    """Describe a slider for `interactive`. Lesson 00.

    Parameters
    ----------
    label : str
        What stands beside it.
    values : array-like of shape (m,)
        Where it can stand, from left to right: about 20 values, evenly spaced or not.
    start : float
        Where it stands at first. The nearest of the values is replaced by it.
    shown : str
        How a value is said, such as ``"T = {:.2f}"``.

    Returns
    -------
    Slider

    Raises
    ------
    ValueError
        If there are fewer than two values.
    """
    at = np.array(values, dtype=float).ravel()
    if at.size < 2:
        raise ValueError(f"a slider needs at least two values, got {at.size}")
    nearest = int(np.abs(at - start).argmin())
    at[nearest] = start
    texts = tuple(shown.format(value).replace("-", "−") for value in at)
    return Slider(label, tuple(at.tolist()), nearest, texts)


class Control:
    """A picture with sliders, as HTML that moves wherever scripts run."""

    def __init__(self, text: str, sliders: Sequence[Slider]) -> None:
        self._html = text
        self._sliders = sliders

    def __repr__(self) -> str:
        return f"a picture with sliders: {', '.join(one.label for one in self._sliders)}"

    def _repr_html_(self) -> str:
        return self._html


def interactive(
    draw: Callable[..., Any],
    *,
    alt: str,
    figsize: tuple[float, float] = (6.4, 3.2),
    columns: int = 1,
    **sliders: Slider,
) -> Control:
    """Return a picture that follows its sliders at once. Lesson 00.

    All pictures are drawn now, so that they need no kernel later: not after a restart, not in an
    exported page.

    Parameters
    ----------
    draw : callable
        ``draw(ax, **values)``; with ``columns`` > 1 it gets an array of that many Axes.
    alt : str
        What the picture shows, in words.
    figsize : tuple of float
        Size of the picture in inches.
    columns : int
        Number of Axes side by side.
    **sliders : Slider
        One for each name that ``draw`` takes. With two, each pair of values is a picture.

    Returns
    -------
    Control

    Warns
    -----
    UserWarning
        If all pictures together are larger than 300 kB.
    """
    figure = Figure(figsize=figsize, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    draw(
        figure.subplots(1, columns),
        **{name: one.values[one.start] for name, one in sliders.items()},
    )
    _pixels(canvas)
    check_figure(figure)
    places = [ax.get_position() for ax in figure.axes]
    figure.set_layout_engine("none")  # laid out once, so that nothing but the data moves
    frames = []
    for values in itertools.product(*(one.values for one in sliders.values())):
        figure.clear()
        draw(figure.subplots(1, columns), **dict(zip(sliders, values, strict=True)))
        for ax, place in zip(figure.axes, places, strict=True):
            ax.set_position(place)
        frames.append(_pixels(canvas))
    start = 0
    for one in sliders.values():
        start = start * len(one.values) + one.start
    still, pictures = _compress(frames, start)
    about = {"kind": "pictures", "pictures": pictures}
    return _control(still, alt, list(sliders.values()), figure, about)


def movable_scores(scores: Any, names: Sequence[str], *, alt: str) -> Control:
    """Return bars of scores and of their softmax, with a slider for each and one for all. Lesson 02.

    Parameters
    ----------
    scores : array-like of shape (K,)
        The scores at first, between −4 and 4.
    names : sequence of K str
        What stands under the bars.
    alt : str
        What the picture shows at first, in words.

    Returns
    -------
    Control
    """
    scores = np.asarray(scores, dtype=float)
    steps = np.linspace(-4, 4, 81)
    sliders = [slider(name, steps, z, "{:.1f}") for name, z in zip(names, scores, strict=True)]
    sliders.append(slider("all together", np.linspace(-5, 5, 101), 0.0, "{:+.1f}"))
    figure = Figure(figsize=(7.5, 3.2))
    figure.set_layout_engine("none")  # the page's script must know where the Axes are
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(1, 2)
    scores_and_probabilities(scores, names, axes, lowest=-10)
    axes[0].set(ylim=(-10, 10))
    for ax, left in zip(axes, (0.07, 0.57), strict=True):
        ax.set_position((left, 0.11, 0.41, 0.76))
    places = [ax.transData.transform([(k - 0.3, 0) for k in range(len(names))]) for ax in axes]
    ends = [ax.transData.transform((0.3, 1)) for ax in axes]
    high = figure.bbox.height
    geometry = {
        "left": [_round(place[:, 0]) for place in places],
        "wide": _round([end[0] - place[0, 0] for end, place in zip(ends, places, strict=True)]),
        "zero": _round([high - place[0, 1] for place in places]),
        "unit": _round([end[1] - place[0, 1] for end, place in zip(ends, places, strict=True)]),
        "colours": COLOURS[: len(names)],
    }
    return _drawn_in_the_page("scores", geometry, canvas, sliders, alt)


def movable_fit(
    x: Any, y: Any, *, intercept: Slider, slope: Slider, alt: str, **named: Any
) -> Control:
    """Return `logistic_fit` with a slider for each of the curve's two numbers. Lesson 01.

    Parameters
    ----------
    x, y
        As for `logistic_fit`.
    intercept, slope : Slider
        The curve's two numbers.
    alt : str
        What the picture shows at first, in words.
    **named
        ``names`` and ``xlabel``, as for `logistic_fit`.

    Returns
    -------
    Control
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y)
    figure = Figure(figsize=(7, 3.6))
    figure.set_layout_engine("none")
    canvas = FigureCanvasAgg(figure)
    ax = figure.subplots()
    b, w = (one.values[one.start] for one in (intercept, slope))
    logistic_fit(x, y, b, w, ax, **named)
    ax.set_position((0.1, 0.15, 0.68, 0.74))
    span = np.ptp(x)
    low, high = x.min() - 0.1 * span, x.max() + 0.1 * span
    ax.set_xlim(low - 0.05 * span, high + 0.05 * span)
    (left, zero), (right, one) = ax.transData.transform([(low, 0), (high, 1)])
    top = figure.bbox.height
    geometry = {
        "x": x.tolist(),
        "y": y.tolist(),
        "from": float(low),
        "to": float(high),
        "left": _round(left),
        "unitX": round(float((right - left) / (high - low)), 4),
        "zero": _round(top - zero),
        "unitY": _round(one - zero),
        "title": _round([ax.bbox.x0, top - ax.bbox.y1 - 8]),
    }
    return _drawn_in_the_page("fit", geometry, canvas, [intercept, slope], alt)


def _drawn_in_the_page(
    kind: str,
    geometry: Mapping[str, Any],
    canvas: FigureCanvasAgg,
    sliders: Sequence[Slider],
    alt: str,
) -> Control:
    """Return a control whose script draws what moves over a picture of all the rest."""
    figure: Any = canvas.figure
    check_figure(figure)
    still = _pixels(canvas)
    for artist in figure.findobj(lambda artist: artist.get_gid() == "moves"):
        artist.set_visible(False)
    stage = _pixels(canvas)
    indexed, palette = _with_palette([still, stage], 32)
    pictures = [_png(one, palette) for one in indexed]
    about = {
        "kind": kind,
        "geometry": geometry,
        "stage": pictures[1],
        "size": [still.shape[1], still.shape[0]],
    }
    return _control(pictures[0], alt, sliders, figure, about)


def _control(
    still: str, alt: str, sliders: Sequence[Slider], figure: Figure, about: Mapping[str, Any]
) -> Control:
    drawn = about["kind"] != "pictures"  # only then the script needs the numbers themselves
    inputs = [
        {"label": one.label, "start": one.start, "shown": one.shown}
        | ({"values": [round(v, 6) for v in one.values]} if drawn else {})
        for one in sliders
    ]
    # The name depends on words alone: other versions of Matplotlib draw other pictures.
    name = f"{zlib.crc32(repr((alt, inputs)).encode()):08x}"
    data = json.dumps({"inputs": inputs, **about}, ensure_ascii=False, separators=(",", ":"))
    script = SCRIPT.replace("NAME", name).replace("DATA", data.replace("<", r"\u003c"))
    text = (
        f'<div data-control="{name}">\n'
        '<div data-picture="" style="position:relative;width:fit-content;max-width:100%;margin:8px 0">'
        f"{image(still, alt, figure, '0')}</div>\n"
        f'<p data-still=""><em>{html.escape(STILL)}</em></p>\n'
        f"<script>\n{script}</script>\n</div>"
    )
    if len(text) > LARGEST_CONTROL:
        size = f"{len(text) / 1000:.0f} kB, more than {LARGEST_CONTROL / 1000:.0f} kB"
        warnings.warn(f"a picture with sliders has {size}: take fewer steps", stacklevel=3)
    return Control(text, sliders)


def _round(values: Any) -> Any:
    """Round to a tenth of a pixel."""
    return np.round(np.asarray(values, dtype=float), 1).tolist()


def _pixels(canvas: FigureCanvasAgg) -> Pixels:
    """Draw the canvas's figure and return it, shape (height, width, 3)."""
    settle_layout(canvas.figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.array(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]


def _compress(frames: Sequence[Pixels], start: int) -> tuple[str, list[str]]:
    """Return the picture at the start, and of each one only where it differs from that."""
    for n_colours in (255, 128, 64):
        indexed, palette = _with_palette(frames, n_colours)
        still = _png(indexed[start], palette)
        pictures = [
            "" if i == start else _png(np.where(one == indexed[start], CLEAR, one), palette)
            for i, one in enumerate(indexed)
        ]
        if sum(map(len, pictures)) + len(still) + len(SCRIPT) < LARGEST_CONTROL - 10_000:
            break
    return still, pictures


def _with_palette(frames: Sequence[Pixels], n_colours: int) -> tuple[list[Pixels], Pixels]:
    """Return indices 1 … n into one palette for all frames, and the palette with its row 0 unused.

    The most frequent colours stay as they are; each of the others becomes the nearest of these.
    """
    from scipy.spatial import KDTree

    codes = [frame.astype(np.int64) @ np.array([65536, 256, 1]) for frame in frames]
    counted = [np.unique(code, return_counts=True) for code in codes]
    colours, place = np.unique(np.concatenate([seen for seen, _ in counted]), return_inverse=True)
    totals = np.bincount(place, np.concatenate([counts for _, counts in counted]))
    palette = _rgb(colours[np.argsort(-totals, kind="stable")[:n_colours]])
    nearest = 1 + KDTree(palette).query(_rgb(colours))[1]
    indexed = [nearest[np.searchsorted(colours, code)].astype(np.uint8) for code in codes]
    return indexed, np.concatenate([[[WHITE] * 3], palette]).astype(np.uint8)


def _rgb(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1)


def _png(indices: Pixels, palette: Pixels) -> str:
    """Return a PNG with the colours it needs, as a data URI; index 0 is transparent."""
    from PIL import Image  # Matplotlib needs it

    used = np.unique(indices)
    place = np.zeros(256, dtype=np.uint8)
    place[used] = np.arange(len(used))
    picture = Image.fromarray(place[indices])
    picture.putpalette(palette[used].tobytes())
    buffer = io.BytesIO()
    clear = {"transparency": 0} if used[0] == CLEAR else {}
    picture.save(buffer, "PNG", optimize=True, **clear)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
