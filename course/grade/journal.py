"""What has been graded so far, on disk: one file for each distinct submission, written at once.

A run that is stopped anywhere, even by losing power, finds them again; an unchanged submission is
never run twice.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import course
from course.files import write_whole
from course.grade.key import Lesson
from course.grade.marks import Seen
from course.grade.record import Grade, Record

T = TypeVar("T")


@dataclass
class FoundOut:
    """What another run of the same code need not find out again.

    Attributes
    ----------
    lessons : dict of str to str
        The SHA-256 of a notebook to the lesson that its marks belong to.
    fingerprints : dict of str to str
        A solution and its settings, as a hash, to its fingerprint.
    pages : dict of str to (str, str)
        The name of a page to the hash of what it was made of, and of the page.
    """

    lessons: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)


@cache
def digest_of_code() -> str:
    """Return a hash of this Python and of all the code and templates of the course."""
    hashed = hashlib.sha256(sys.version.encode())
    for package in ("course", "utils"):
        for path in sorted((_ROOT / package).rglob("*")):
            if path.suffix in _CODE:
                hashed.update(str(path.relative_to(_ROOT)).encode() + b"\0")
                hashed.update(hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


_ROOT = Path(course.__file__).parents[1]
_CODE = (".py", ".md", ".html", ".css", ".js", ".svg")


class Journal:
    """The grades of one grades folder.

    Parameters
    ----------
    folder : Path
        Where the files are; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._got: dict[str, Grade] = {}  # none is read twice

    def get(self, entry: str) -> Grade | None:
        """Return a grade, None if it is not there or damaged."""
        if entry not in self._got:
            try:
                self._got[entry] = Grade.from_json(self._read(entry))
            except (TypeError, KeyError, ValueError, AttributeError):
                return None
        return self._got[entry]

    def has(self, entry: str) -> bool:
        """Return whether there is a grade, damaged or not."""
        return (self.folder / f"{entry}.json").exists()

    def put(self, entry: str, grade: Grade) -> None:
        """Keep a grade."""
        self._got.pop(entry, None)
        self._write(entry, grade.as_json())

    def records(self) -> list[Record]:
        """Return what earlier runs have graded: whose file it was, and where its grade is."""
        return self._all("students", Record.from_json)

    def keep_records(self, records: Iterable[Record]) -> None:
        """Remember that for the next run."""
        self._write("students", [record.as_json() for record in records])

    def lessons(self) -> dict[str, Lesson]:
        """Return the lessons that earlier runs have graded, whose solutions may be gone."""
        return {lesson.number: lesson for lesson in self._all("lessons", Lesson.from_json)}

    def keep_lessons(self, lessons: Mapping[str, Lesson]) -> None:
        """Remember them for the next run."""
        self._write("lessons", [lesson.as_json() for _, lesson in sorted(lessons.items())])

    def seen(self) -> list[Seen]:
        """Return the written answers that earlier runs have seen, with the marks they had."""
        return self._all("written", Seen.from_json)

    def keep_seen(self, seen: Iterable[Seen]) -> None:
        """Remember them for the next run."""
        self._write("written", [each.as_json() for each in seen])

    def seed(self) -> int | None:
        """Return the seed of this folder, None if it has none yet."""
        try:
            return int(self._read("seed")["seed"])
        except (TypeError, KeyError, ValueError):
            return None

    def keep_seed(self, seed: int) -> None:
        """Remember the seed for the next run."""
        self._write("seed", {"seed": seed})

    def late(self) -> float:
        """Return the share of the points that a day costs; 0 unless an earlier run was told."""
        try:
            return float(self._read("late")["a day"])
        except (TypeError, KeyError, ValueError):
            return 0.0

    def keep_late(self, rate: float) -> None:
        """Remember that for the next run."""
        self._write("late", {"a day": rate})

    def found_out(self) -> FoundOut:
        """Return what earlier runs of the very same code have found out; nothing of any other."""
        code = digest_of_code()
        plain = self._read("found_out")
        try:
            if plain.pop("code") == code:
                return FoundOut(**plain)
        except (TypeError, KeyError, ValueError, AttributeError):
            pass
        return FoundOut()

    def keep_found_out(self, found: FoundOut) -> None:
        """Remember that for the next run."""
        self._write("found_out", {"code": digest_of_code(), **asdict(found)})

    def _all(self, name: str, read: Callable[[dict[str, Any]], T]) -> list[T]:
        """Return a list of records, empty if it is not there or damaged."""
        try:
            return [read(each) for each in self._read(name)]
        except (TypeError, KeyError, ValueError, AttributeError):
            return []

    def _read(self, name: str) -> Any:
        """Return what a file holds, None if it is not there or damaged."""
        try:
            return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _write(self, name: str, content: Any) -> None:
        write_whole(self.folder / f"{name}.json", json.dumps(content))


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
