"""What a lesson must not tell before its reader has forecast it: which outputs, and whose code."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from course.cells import MARKDOWN, Cell, parse

ASKS = {"utils.predict", "utils.concepts.answer"}
TITLE = "# @title Run this cell to see what comes. Its code tells too: look at it afterwards"


def untold(cells: Sequence[Cell]) -> list[bool]:
    """Say of each cell whether a lesson is released without its output.

    Parameters
    ----------
    cells : sequence of Cell
        A whole lesson.

    Returns
    -------
    list of bool
        True for the set-up cell, and for code from each prediction to the next heading.
    """
    found, asked = [], False
    for cell in cells:
        if cell.kind == "markdown" and _has_heading(cell.source):
            asked = False
        elif cell.kind == "code" and ASKS & called(cell):
            asked = True
        found.append(cell.kind == "code" and (asked or cell.role == "set-up"))
    return found


def settles(cell: Cell) -> bool:
    """Return whether a cell shows the outcome of a prediction."""
    return any(name.rpartition(".")[2] == "settle" for name in called(cell))


def gives_away(cell: Cell) -> bool:
    """Return whether the code of a cell whose output is held back tells an outcome itself.

    ``utils.settle(…, "unchanged" if same else …)`` does, because what is asked first is what its
    author expects; and so does the description of a figure.
    """
    if cell.kind != "code" or cell.problems:
        return False
    nodes = [*ast.walk(parse(cell.source))]
    chooses = settles(cell) and any(isinstance(node, ast.IfExp) for node in nodes)
    return chooses or any(isinstance(node, ast.keyword) and node.arg == "alt" for node in nodes)


def called(cell: Cell) -> set[str]:
    """Return the names of what a cell calls, such as "utils.predict"; of one that is no code none."""
    if cell.kind != "code" or cell.problems:  # it may not parse
        return set()
    nodes = ast.walk(parse(cell.source))
    return {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}


def _has_heading(text: str) -> bool:
    # Underlined ones are left out: "=" alone on a line is part of a formula.
    return any(t.type == "heading_open" and t.markup[0] == "#" for t in MARKDOWN.parse(text))
