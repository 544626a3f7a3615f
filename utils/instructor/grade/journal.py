"""What has been graded so far, on disk: one file for each distinct submission, written at once.

A run that is stopped anywhere, even by losing power, finds them again; an unchanged submission is
never run twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there in whole or as it was before.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.
    text : str
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with half.open("w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def clear_halves(folder: Path) -> None:
    """Delete what a killed run was writing; nothing else is called so."""
    for half in folder.rglob("*.part"):
        if re.search(r"\.\d+\.part$", half.name) and half.is_file():
            half.unlink(missing_ok=True)


class Journal:
    """The records of one grades folder.

    Parameters
    ----------
    folder : Path
        Where the files are; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, entry: str) -> dict[str, Any] | None:
        """Return a record, None if it is not there or damaged."""
        try:
            record = json.loads(self._path(entry).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) and "exercises" in record else None

    def put(self, entry: str, record: dict[str, Any]) -> None:
        """Keep a record."""
        write_whole(self._path(entry), json.dumps(record, ensure_ascii=True, indent=1))

    def students(self) -> list[dict[str, Any]]:
        """Return what earlier runs have graded: whose file it was, and where its record is."""
        try:
            known = json.loads((self.folder / "students.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return known if isinstance(known, list) else []

    def keep_students(self, known: list[dict[str, Any]]) -> None:
        """Remember that for the next run."""
        write_whole(self.folder / "students.json", json.dumps(known, indent=1))

    def seed(self, asked: int | None) -> int:
        """Return the seed to use: the one asked for, the one used here before, or a new one."""
        path = self.folder / "seed.json"
        if asked is None:
            try:
                asked = int(json.loads(path.read_text(encoding="utf-8"))["seed"])
            except (OSError, ValueError, KeyError, TypeError):
                asked = secrets.randbits(32)
        write_whole(path, json.dumps({"seed": asked}))
        return asked

    def _path(self, entry: str) -> Path:
        return self.folder / f"{entry}.json"


def entry_for(digest: str, fingerprint: str) -> str:
    """Return the name under which the grade of a file is kept.

    Parameters
    ----------
    digest : str
        Of what was handed in.
    fingerprint : str
        Of all else that the grade depends on.
    """
    return hashlib.sha256((digest + fingerprint).encode()).hexdigest()[:40]
