"""Tables for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from course.files import write_whole

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_KEPT = 10  # earlier versions of a file that a person types into


def write_table(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    backup: Path | None = None,
) -> None:
    """Write a table; nothing in it is a formula to a spreadsheet.

    Parameters
    ----------
    path : Path
    columns : sequence of str
    rows : iterable of sequence
    backup : Path, optional
        For a file that a person types into: where what it holds so far is kept. Such a file also
        says that it is UTF-8, if it holds a letter beyond ASCII, or a spreadsheet would garble it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
    content = text.getvalue()
    if backup is None:
        write_whole(path, content)
        return
    data = content.encode("utf-8" if content.isascii() else "utf-8-sig", "replace")
    if path.exists() and path.read_bytes() != data:
        keep_backup(path, backup)
    write_whole(path, data)


def keep_backup(path: Path, folder: Path) -> None:
    """Copy a file that a person types into, if it is not the last copy; the oldest go.

    Parameters
    ----------
    path : Path
    folder : Path
        Holds `to_mark-0001.csv` and so on; the highest number is the newest.
    """
    name = re.compile(rf"{re.escape(path.stem)}-(\d+){re.escape(path.suffix)}")
    there = sorted(
        (int(found[1]), copy)
        for copy in (folder.iterdir() if folder.is_dir() else ())
        if (found := name.fullmatch(copy.name))
    )
    data = path.read_bytes()
    if there and there[-1][1].read_bytes() == data:
        return
    number = there[-1][0] + 1 if there else 1
    write_whole(folder / f"{path.stem}-{number:04}{path.suffix}", data)
    for _, old in there[: max(0, len(there) + 1 - _KEPT)]:
        old.unlink(missing_ok=True)


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def plain_number(value: float) -> float | int:
    """Return a number without a fraction as an integer, and others with two digits of it."""
    value = round(value, 2)
    return int(value) if value == int(value) else value
