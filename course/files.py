"""Writing files so that each is there in whole or as it was before."""

from __future__ import annotations

import os
import re
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
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return True


def clear_halves(folder: Path) -> None:
    """Delete what a killed process was writing; nothing else is called so."""
    for half in folder.rglob(".*.part"):
        if _HALF.fullmatch(half.name) and half.is_file():
            half.unlink(missing_ok=True)
