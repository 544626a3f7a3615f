"""Writing files so that each is there in whole or as it was before."""

from __future__ import annotations

import filecmp
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_HALF = re.compile(r"\..*\.\d+\.part")


def write_whole(path: Path, content: bytes | str) -> bool:
    """Replace a file at one stroke, if its bytes differ.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.
    content : bytes or str
        A text is written as UTF-8.

    Returns
    -------
    bool
        Whether they did.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if path.exists() and path.read_bytes() == data:
        return False
    with _half_of(path) as half:
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    return True


def write_pieces(path: Path, pieces: Iterable[str]) -> bool:
    """Do the same for a text that the next run would write again, without holding it in memory.

    It does not wait for the disk, so the file may be empty after a loss of power.

    Parameters
    ----------
    path : Path
    pieces : iterable of str

    Returns
    -------
    bool
        Whether the file has changed.
    """
    with _half_of(path) as half:
        with half.open("w", encoding="utf-8", errors="replace", newline="") as file:
            file.writelines(pieces)
        if path.exists() and filecmp.cmp(path, half, shallow=False):
            return False
        half.replace(path)
    return True


@contextmanager
def _half_of(path: Path) -> Iterator[Path]:
    """Yield where to write what is to replace a file; nothing is left of it if that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield half
    finally:
        half.unlink(missing_ok=True)


def clear_halves(folder: Path) -> None:
    """Delete what a killed process was writing; nothing else is called so."""
    for half in folder.rglob(".*.part"):
        if _HALF.fullmatch(half.name) and half.is_file():
            half.unlink(missing_ok=True)
