"""A lesson piece by piece: what stands below each heading, and whether a first reading needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from course.cells import MARKDOWN, Cell
from course.release.source import Lesson

DEEPER = "Deeper: "
EXERCISE = re.compile(r"Exercise (\d\d\.\d+) — (\w+) \((\d+) points?(, stretch)?\)")


class Heading(NamedTuple):
    """A heading of level 1 to 3: its row in the cell, its marks ("##"), its text."""

    row: int
    marks: str
    text: str


class Piece(NamedTuple):
    """A code cell, or what of a Markdown cell stands below one heading, as a learner gets it.

    Attributes
    ----------
    cell : Cell
    line : int
        Of the source file.
    text : str
        With its heading.
    heading : str
        The text of its own heading; empty where it goes on from the cell before.
    part : {"core", "deeper", "further", "interview"}
        What it belongs to.
    """

    cell: Cell
    line: int
    text: str
    heading: str
    part: str


def pieces(lesson: Lesson) -> Iterator[Piece]:
    """Yield a lesson's pieces in order."""
    has_core = any(
        heading.text == "Implementation" for cell in lesson.cells for heading in headings(cell)
    )
    section = last = ""
    for cell in lesson.cells:
        if cell.role == "solutions only":
            continue
        lines = cell.source.split("\n")
        for begin, end in cell.answers if cell.kind == "markdown" else []:
            lines[begin : end + 1] = [""] * (end + 1 - begin)
        found = headings(cell)
        if not found or found[0].row:
            found.insert(0, Heading(0, "", ""))
        ends = [*(heading.row for heading in found[1:]), len(lines)]
        for heading, end in zip(found, ends, strict=True):
            section = heading.text if heading.marks == "##" else section
            last = heading.text or last
            part = _part(cell, section, last, has_core)
            text = "\n".join(lines[heading.row : end])
            yield Piece(cell, cell.line + heading.row, text, heading.text, part)


def _part(cell: Cell, section: str, heading: str, has_core: bool) -> str:
    exercise = EXERCISE.fullmatch(heading)
    if is_deeper(heading):
        return "deeper"
    if cell.role == "written" or section == "Explain it in an interview":
        return "interview"
    # A lesson without an Implementation, the start, has its first exercise there too.
    if (exercise and exercise[4]) or (section == "Exercises" and has_core):
        return "further"
    return "core"


def headings(cell: Cell) -> list[Heading]:
    """Return the headings of level 1 to 3 in a cell."""
    tokens = MARKDOWN.parse(cell.source) if cell.kind == "markdown" else []
    return [
        Heading(opening.map[0], opening.markup, inline.content)
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open" and opening.markup in ("#", "##", "###") and opening.map
    ]


def is_deeper(heading: str) -> bool:
    """Say whether what stands below a heading can be skipped at a first reading."""
    return heading.startswith(DEEPER)
