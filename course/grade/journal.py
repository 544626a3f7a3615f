"""What has been graded so far, on disk: one file for each distinct submission, written at once.

A run that is stopped anywhere, even by losing power, finds them again; an unchanged submission is
never run twice.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from course.files import write_whole
from course.grade.record import Grade, Record


class Journal:
    """The grades of one grades folder.

    Parameters
    ----------
    folder : Path
        Where the files are; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, entry: str) -> Grade | None:
        """Return a grade, None if it is not there or damaged."""
        try:
            return Grade.from_json(self._read(entry))
        except (TypeError, KeyError, ValueError, AttributeError):
            return None

    def put(self, entry: str, grade: Grade) -> None:
        """Keep a grade."""
        self._write(entry, grade.as_json())

    def records(self) -> list[Record]:
        """Return what earlier runs have graded: whose file it was, and where its grade is."""
        try:
            return [Record.from_json(each) for each in self._read("students")]
        except (TypeError, AttributeError):
            return []

    def keep_records(self, records: Iterable[Record]) -> None:
        """Remember that for the next run."""
        self._write("students", [record.as_json() for record in records])

    def seed(self, asked: int | None) -> int:
        """Return the seed to use: the one asked for, the one used here before, or a new one."""
        if asked is None:
            try:
                asked = int(self._read("seed")["seed"])
            except (TypeError, KeyError, ValueError):
                asked = secrets.randbits(32)
        self._write("seed", {"seed": asked})
        return asked

    def _read(self, name: str) -> Any:
        """Return what a file holds, None if it is not there or damaged."""
        try:
            return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _write(self, name: str, content: Any) -> None:
        write_whole(self.folder / f"{name}.json", json.dumps(content, indent=1))


def entry_for(digest: str, fingerprint: str) -> str:
    """Return the name under which the grade of a file is kept.

    Parameters
    ----------
    digest : str
        Of what was handed in.
    fingerprint : str
        Of all else that the grade depends on.

    Returns
    -------
    str
    """
    return hashlib.sha256((digest + fingerprint).encode()).hexdigest()[:40]
