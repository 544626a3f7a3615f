"""From bytes that anybody may have made to the cells of a notebook, or one sentence on why not.

It stands on the standard library alone: the process that reads submissions starts with it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from typing import Any

MAX_BYTES = 40 * 2**20  # of a file
MAX_CELLS = 5_000
MAX_SOURCE = 2**20  # characters of one cell
MAX_SOURCES = 8 * 2**20  # of all cells
_PICTURE = re.compile(r"base64,[A-Za-z0-9+/=]{200,}")  # pasted into a text
KINDS = ("code", "markdown", "raw")


class UnreadableError(ValueError):
    """A file is not a notebook that can be graded; the message is one sentence."""


def read_cells(data: bytes) -> tuple[tuple[str, str], ...]:
    """Read a notebook in format 3 or 4, whatever its metadata say or lack.

    Parameters
    ----------
    data : bytes
        What the file holds.

    Returns
    -------
    tuple of (str, str)
        Kind ("code", "markdown", "raw") and source of each cell, in order.

    Raises
    ------
    UnreadableError
        If it is no notebook.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableError(TOO_LARGE)
    if not data.strip():
        raise UnreadableError("an empty file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(f"not a notebook: {kind_of(data)}") from None
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError(f"not a notebook: {kind_of(data)}, or damaged") from None
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
    return readable


def _readable(cells: Iterable[Any]) -> Iterable[tuple[str, str]]:
    """Yield kind and source of every cell that has them."""
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", cell.get("input", ""))  # "input" in format 3
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        kind = cell.get("cell_type")
        if kind == "heading":  # format 3
            kind = "markdown"
        if not isinstance(source, str) or kind not in KINDS:
            continue
        if kind != "code":
            source = _PICTURE.sub("base64,…", source)
        # Windows' line ends, and halves of characters, which no file can hold. What is left of a
        # cell that is cut short will not run, and so be seen.
        source = source[:MAX_SOURCE].replace("\r\n", "\n")
        source = source.encode("utf-8", "replace").decode("utf-8")
        # A class's notebooks are mostly the lesson's own text: each cell is kept once.
        yield kind, sys.intern(source)


TOO_LARGE = f"larger than {MAX_BYTES // 2**20} MB"
_MAGIC = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip or Office file",
    b"\x1f\x8b": "a gzipped file",
    b"Rar!": "a RAR file",
    b"7z\xbc\xaf": "a 7z file",
    b"\x80\x04": "a Python pickle",
    b"<": "HTML or XML",
}


def kind_of(data: bytes) -> str:
    """Say in a few words what a file seems to be."""
    for magic, kind in _MAGIC.items():
        if data[:4096].lstrip().startswith(magic):
            return kind
    return "another kind of file"
