"""A classifier's report: images with what was said of them, risk against coverage, the one page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.evaluation import risk_coverage
from utils.plots.reliability import reliability_diagram
from utils.plots.style import COLOURS, framed_image


def pictures(
    images: Any,
    captions: Sequence[str],
    wrong: Sequence[bool] | None = None,
    ax: Axes | None = None,
    *,
    columns: int = 5,
    title: str = "",
) -> Axes:
    """Draw grey images side by side, each with lines of text below it. Lesson 11.

    Parameters
    ----------
    images : array-like of shape (m, height, width)
        White is the smallest value of an image, black its largest.
    captions : sequence of m str
        What stands under each image.
    wrong : sequence of m bool, optional
        Images to put in a thick orange frame.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    columns : int
        Images in a row.
    title : str
        What stands above the images.

    Returns
    -------
    Axes
    """
    images = np.asarray(images, dtype=float)
    lines = max((caption.count("\n") + 1 for caption in captions), default=1)
    rows = -(-len(images) // columns)
    across, down = 1.35, 1.1 + 0.2 * lines  # from one image to the next; an image has side 1
    wide, high = columns * across + 0.05, rows * down + 0.1
    ax = ax or plt.subplots(figsize=(0.93 * wide, 0.93 * high + 0.3 * bool(title)))[1]
    for k, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left, top = (k % columns) * across, (k // columns) * down
        marked = wrong is not None and wrong[k]
        place = (left, left + 1, top + 1, top)
        framed_image(ax, image, place, marked=marked, cmap="Greys")
        ax.text(left + 0.5, top + 1.06, caption, ha="center", va="top", fontsize=8.5)
    ax.set(
        xlim=(-0.2, columns * across - 0.15),
        ylim=(rows * down, -0.1),
        title=title,
        aspect="equal",
    )
    ax.axis("off")
    return ax


def risk_coverage_curves(
    forecasts: Mapping[str, tuple[Any, Any]],
    ax: Axes | None = None,
    *,
    threshold: float | None = None,
    title: str = "",
) -> Axes:
    """Draw the share of mistakes among the surest predictions, against how many those are.

    A thin dotted line beside each curve is the risk that the confidences themselves announce: the
    mean of 1 − confidence. The two agree if the model is calibrated. Lesson 11.

    Parameters
    ----------
    forecasts : mapping
        Name to (confidence, correct), each of shape (n,).
    ax : Axes, optional
        Where to draw; by default on a new figure.
    threshold : float, optional
        A threshold to mark on the first curve.
    title : str
        What stands above the picture.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.8))[1]
    for k, (name, (confidence, correct)) in enumerate(forecasts.items()):
        said, right = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
        thresholds, coverage, risk = risk_coverage(said, right)
        ordered = np.sort(said)[::-1]
        doubt = np.cumsum(1 - ordered) / np.arange(1, len(said) + 1)
        style = ("-", "--", "-.")[k % 3]
        ax.plot(coverage, risk, color=COLOURS[k], linestyle=style, label=name)
        ax.plot(
            np.arange(1, len(said) + 1) / len(said),
            doubt,
            color=COLOURS[k],
            linewidth=1.2,
            linestyle=":",
            label="what it announces",
        )
        if k == 0 and threshold is not None and thresholds[0] >= threshold:
            at = int(np.flatnonzero(thresholds >= threshold)[-1])
            ax.plot(coverage[at], risk[at], "o", color="black", markersize=7)
            ax.annotate(
                f"sure at {threshold:.2f} or more:\nkeeps {coverage[at]:.0%}, {risk[at]:.1%} wrong",
                (coverage[at], risk[at]),
                xytext=(-14, 34),
                textcoords="offset points",
                ha="right",
                fontsize=9,
                arrowprops={"arrowstyle": "-", "color": "black"},
            )
    ax.set(
        xlim=(0, 1.02),
        xlabel="coverage: share of predictions kept",
        ylabel="risk: share wrong",
        title=title,
    )
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left", fontsize=9)
    return ax


def confusion_matrix(
    counts: Any, names: Sequence[str], ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """Draw how often each class was taken for each; only the mistakes are coloured. Lesson 11.

    Parameters
    ----------
    counts : array-like of int, shape (K, K)
        A row for each true class, a column for each predicted one.
    names : sequence of K str
        What the classes are called beside the rows and columns.
    ax : Axes, optional
        Where to draw; by default on a new figure.
    title : str
        What stands above the picture.

    Returns
    -------
    Axes
    """
    counts = np.asarray(counts)
    size = len(names)
    ax = ax or plt.subplots(figsize=(5.6, 5.0))[1]
    mistakes = np.where(np.eye(size, dtype=bool), 0, counts)
    shown = np.where(mistakes, mistakes, np.nan)  # nan stays white
    ax.imshow(shown, cmap="Oranges", vmin=0, vmax=1.8 * max(1, mistakes.max()))
    for i in range(size):
        for j in range(size):
            if counts[i, j]:
                bold = "bold" if i != j else "normal"
                colour = "black" if i != j else "#777777"
                text = f"{counts[i, j]}"
                ax.text(j, i, text, ha="center", va="center", fontsize=8, color=colour, weight=bold)
    long = max(map(len, names)) > 2
    ax.set_xticks(range(size), names, rotation=45 if long else 0, ha="right" if long else "center")
    ax.set_yticks(range(size), names)
    ax.tick_params(length=0, labelsize=9)
    ax.set(xlabel="predicted", ylabel="true", title=title)
    ax.set_xticks(np.arange(size + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(size + 1) - 0.5, minor=True)
    ax.tick_params(which="minor", length=0)
    ax.grid(visible=False, which="major")
    ax.grid(visible=True, which="minor")
    ax.spines[["left", "bottom"]].set_visible(False)
    return ax


def results_page(
    points: Mapping[str, tuple[int, int]],
    sure: Any,
    correct: Any,
    asked: Sequence[tuple[int, bool | None, bool | None]],
    facts: Mapping[str, str],
) -> Figure:
    """Put a learner's results on one page: points, calibration with its band, before and after.

    Lesson 11.

    Parameters
    ----------
    points : mapping of str to (int, int)
        Lesson to points earned and to be had.
    sure : array-like of shape (n,)
        How sure each forecast was.
    correct : array-like of bool, shape (n,)
        Whether it was right.
    asked : sequence of (int, bool or None, bool or None)
        Each question's number, and whether it was answered rightly before and after; None where
        there is no answer, or no outcome yet.
    facts : mapping of str to str
        A paragraph of text for each.

    Returns
    -------
    Figure
    """
    lines = {
        name: [part for line in text.split("\n") for part in textwrap.wrap(line, 84)]
        for name, text in facts.items()
    }
    height = 0.21 * sum(map(len, lines.values())) + 0.7  # of the text, in inches
    figure = plt.figure(figsize=(8.3, height + 7.6))
    grid = figure.add_gridspec(3, 1, height_ratios=(height, 4.6, 3))
    text, upper, lower = (figure.add_subfigure(grid[row]) for row in range(3))
    text.suptitle("My results", x=0.02, ha="left", fontsize=15, weight="bold")
    row = 0
    for name, wrapped in lines.items():
        for words in wrapped:
            y = 1 - (0.6 + 0.21 * row) / height
            text.text(0.25, y, words, va="baseline", fontsize=9.5)
            if words is wrapped[0]:
                text.text(0.02, y, name, va="baseline", fontsize=9.5, weight="bold")
            row += 1
    left, right = upper.subplots(1, 2, width_ratios=(1, 1.15))
    names = list(points)
    total = [points[name][1] for name in names]
    left.barh(names, total, color="white", edgecolor="#777777", label="to be had")
    left.barh(names, [points[name][0] for name in names], color=COLOURS[0], label="mine")
    left.invert_yaxis()
    left.grid(visible=False, axis="y")
    left.set(xlabel="points", ylabel="lesson", title="Points", xticks=range(0, max(total) + 1, 5))
    left.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    if len(np.asarray(sure)):
        reliability_diagram(sure, correct, 5, ax=right, title="Does my 80 % mean 80 %?")
    else:
        _empty(right, "Does my 80 % mean 80 %?", "no forecast of yours has its outcome yet")
    _before_and_after(lower.subplots(), asked)
    return figure


def _before_and_after(ax: Axes, asked: Sequence[tuple[int, bool | None, bool | None]]) -> None:
    """Draw a mark for each question and time: a full circle is right, a cross wrong, a dash none."""
    if all(answer is None for _, *answers in asked for answer in answers):
        _empty(
            ax,
            "Questions, before and after",
            "lessons 00 and 12 ask them; lessons 11 and 14 ask again and settle them",
        )
        return
    for number, *answers in asked:
        for y, answer in zip((1, 0), answers, strict=True):
            if answer is None:
                ax.text(number, y, "–", ha="center", va="center", fontsize=12)
                continue
            marker, colour = ("o", COLOURS[0]) if answer else ("X", COLOURS[1])
            ax.plot(number, y, marker=marker, color=colour, markersize=13)
    ax.set_yticks([1, 0], ["before", "after"])
    ax.set_xticks([number for number, *_ in asked])
    ax.set(
        xlabel="question (a circle: right, a cross: wrong)",
        ylim=(-0.6, 1.6),
        title="Questions, before and after",
    )
    ax.grid(visible=False)


def _empty(ax: Axes, title: str, why: str) -> None:
    ax.axis("off")
    ax.set_title(title)
    ax.text(0.5, 0.5, why, ha="center", va="center", fontsize=9.5, transform=ax.transAxes)


def one_page_report(
    title: str,
    facts: Mapping[str, str],
    confidence: Any,
    correct: Any,
    threshold: float,
    counts: Any,
    names: Sequence[str],
    images: Any,
    captions: Sequence[str],
) -> Figure:
    """Put a classifier's report on one page: facts, calibration, mixed-up classes, risk, mistakes.

    Lesson 11.

    Parameters
    ----------
    title : str
        What stands at the top of the page.
    facts : mapping of str to str
        A line of text for each.
    confidence, correct : array-like of shape (n,)
        The top label's confidence, and whether it was right.
    threshold : float
        Below it the model asks a person.
    counts, names
        As for `confusion_matrix`.
    images, captions
        Its surest mistakes, at most five, as for `pictures`.

    Returns
    -------
    Figure
    """
    height = 0.21 * len(facts) + 0.6  # of the text, in inches
    figure = plt.figure(figsize=(8.3, height + 9.2))
    grid = figure.add_gridspec(4, 1, height_ratios=(height, 4.4, 2.7, 2.1))
    text, upper, middle, lower = (figure.add_subfigure(grid[row]) for row in range(4))
    text.suptitle(title, x=0.02, ha="left", fontsize=15, weight="bold")
    for left, column, weight in ((0.02, facts.keys(), "bold"), (0.17, facts.values(), "normal")):
        lines = "\n".join(column)
        top = 1 - 0.45 / height
        text.text(left, top, lines, va="top", fontsize=9.5, linespacing=1.4, weight=weight)
    left_ax, right_ax = upper.subplots(1, 2, width_ratios=(1.15, 1))
    reliability_diagram(confidence, correct, ax=left_ax, title="Does 80 % mean 80 %?")
    confusion_matrix(counts, names, right_ax, title="What it mixes up")
    risk_coverage_curves(
        {"this model": (confidence, correct)},
        middle.subplots(),
        threshold=threshold,
        title="What it gets wrong if it may ask",
    )
    wrong = [True] * len(captions)
    pictures(images, captions, wrong, lower.subplots(), title="Its surest mistakes")
    return figure
