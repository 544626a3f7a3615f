"""Reading a notebook that anybody may have made: cells out, or one sentence on why not."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from course.cells import EXERCISE, WRITTEN

MAX_BYTES = 40 * 2**20  # of a file
MAX_CELLS = 5_000
MAX_SOURCE = 2**20  # characters of one cell
MAX_SOURCES = 8 * 2**20  # of all cells


class UnreadableError(ValueError):
    """A file is not a notebook that can be graded; the message is one sentence."""


@dataclass(frozen=True)
class Cells:
    """What counts of a notebook: its cells, in order, as (kind, source)."""

    cells: tuple[tuple[str, str], ...]

    @property
    def code(self) -> list[str]:
        """The sources of the code cells."""
        return [source for kind, source in self.cells if kind == "code"]

    def lesson(self) -> str:
        """Return the number of the lesson that most of its exercises belong to, or ""."""
        found = [number[:2] for source in self.code for number in EXERCISE.findall(source)]
        return max(sorted(set(found)), key=found.count, default="")


def read_notebook(data: bytes) -> Cells:
    """Read a notebook in format 3 or 4, whatever its metadata say or lack.

    Parameters
    ----------
    data : bytes
        What the file holds.

    Returns
    -------
    Cells

    Raises
    ------
    UnreadableError
        If it is no notebook.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES // 2**20} MB")
    if not data.strip():
        raise UnreadableError("an empty file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(f"not a notebook: {_kind(data)}") from None
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError(f"not a notebook: {_kind(data)}, or damaged") from None
    if not isinstance(notebook, dict):
        raise UnreadableError("not a notebook: JSON of another kind")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        sheets = notebook.get("worksheets")  # format 3
        if not isinstance(sheets, list):
            raise UnreadableError("not a notebook: it has no cells")
        cells = [
            cell
            for sheet in sheets
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    if len(cells) > MAX_CELLS:
        raise UnreadableError(f"more than {MAX_CELLS} cells")
    readable = tuple(_readable(cells))
    if sum(len(source) for _, source in readable) > MAX_SOURCES:
        raise UnreadableError(f"more than {MAX_SOURCES // 2**20} MB of code and text")
    return Cells(readable)


def written_answers(submission: Cells, released: Cells) -> dict[str, str]:
    """Return what a student wrote under each interview question.

    An answer is what the question's cell holds beyond the released one, and the Markdown cells of
    the student's own that follow it.

    Parameters
    ----------
    submission, released : Cells

    Returns
    -------
    dict of str to str
        Number of the question ("02.Q1") to text; "" where nothing was written.
    """
    theirs = {source.strip() for kind, source in released.cells if kind == "markdown"}
    lines = {line.strip() for text in theirs for line in text.splitlines()}
    answers: dict[str, list[str]] = {
        number: [] for text in sorted(theirs) for number in WRITTEN.findall(text)
    }
    current = ""
    for kind, source in submission.cells:
        if kind != "markdown":
            current = ""
            continue
        marked = WRITTEN.search(source)
        if marked and marked[1] in answers:
            current = marked[1]
        elif source.strip() in theirs:
            current = ""
        if current and source.strip() not in theirs:
            new = [s for s in source.splitlines() if not s.strip() or s.strip() not in lines]
            answers[current].append("\n".join(new).strip())
    return {number: "\n\n".join(filter(None, parts)) for number, parts in answers.items()}


def _readable(cells: Iterable[Any]) -> Iterable[tuple[str, str]]:
    """Yield kind and source of every cell that has them."""
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", cell.get("input", ""))  # "input" in format 3
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        kind = cell.get("cell_type")
        if isinstance(source, str) and kind in ("code", "markdown") and len(source) <= MAX_SOURCE:
            # Windows' line ends, and halves of characters, which no file can hold.
            source = source.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
            # A class's notebooks are mostly the lesson's own text: each cell is kept once.
            yield kind, sys.intern(source)


_MAGIC = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip or Office file",
    b"\x1f\x8b": "a gzipped file",
    b"\x80\x04": "a Python pickle",
    b"<": "HTML or XML",
}


def _kind(data: bytes) -> str:
    """Say in a few words what a file seems to be."""
    for magic, kind in _MAGIC.items():
        if data.lstrip().startswith(magic):
            return kind
    return "another kind of file"
