"""Finding submissions: folders, flat files, downloads from Canvas and Moodle, zips of any of these.

Nothing is unpacked to disk and no link is followed; names are labels, never paths to write to.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from course.grade.reading import MAX_BYTES, UnreadableError, read_notebook
from course.grade.record import Record

MAX_UNPACKED = 4 * 2**30  # bytes from one zip, all files together
BOMB = (100 * 2**20, 50)  # bytes, and times the zip's own size: no notebooks shrink like that
MAX_FILES = 200_000
ZIPS_IN_ZIPS = 2

CANVAS = re.compile(
    r"(?P<student>[^_]+)(?P<late>_LATE)?_(?P<id>\d+)_(?P<upload>\d+)_(?P<file>.+)", re.IGNORECASE
)
MOODLE = re.compile(
    r"(?P<student>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)"
)
COPY = re.compile(r"[ _-]*(\(\d+\)|copy\d*|v?\d{1,2})$", re.IGNORECASE)


@dataclass
class _Found:
    """A file before it is known whose it is."""

    parts: tuple[str, ...]
    when: float
    read: Callable[[], bytes]
    problem: str = ""
    student: str = ""
    name: str = ""
    platform_id: str = ""
    notes: list[str] = field(default_factory=list)


def collect(path: Path, lessons: Mapping[str, str]) -> list[Record]:
    """Find every submission under a path.

    Parameters
    ----------
    path : Path
        A folder, a zip file, or a single notebook.
    lessons : mapping of str to str
        Number to name, "02" to "02_softmax".

    Returns
    -------
    list of Record
        Sorted by student and lesson; at most one for each pair.

    Raises
    ------
    ValueError
        If there is no such path, or nothing in it that could be a submission.
    """
    if not path.exists():
        raise ValueError(f"{path} does not exist")
    found = _without_wrapper(list(_files(path)))
    home = path.stem if path.is_file() else path.resolve().name
    for file in found:
        _attribute(file, home, lessons)
    _name_students(found)
    submissions = [_submission(file, lessons) for file in found]
    chosen = _newest(submissions, found)
    if not chosen:
        raise ValueError(f"{path} holds no notebook (.ipynb)")
    return sorted(chosen, key=lambda record: record.sort_key)


def _files(path: Path) -> Iterator[_Found]:
    """Yield every file that may be a submission, and what stands in its way."""
    if path.is_file():
        if zipfile.is_zipfile(path):
            yield from _zipped(path.name, path.read_bytes, (), 0)
        else:
            yield _on_disk(path, (path.name,))
        return
    for place, folders, names in os.walk(path):  # Path.walk came with Python 3.12
        folder = Path(place)
        folders[:] = sorted(name for name in folders if not _ignored(name))
        for name in sorted(names):
            file = folder / name
            if _ignored(name):
                continue
            parts = file.relative_to(path).parts
            if file.is_symlink():
                yield _Found(parts, 0, bytes, "a link, which is not followed")
            elif not file.is_file():
                yield _Found(parts, 0, bytes, "not a regular file")
            elif name.lower().endswith(".zip"):
                yield from _zipped(name, file.read_bytes, parts[:-1], 0)
            else:
                yield _on_disk(file, parts)
        for name in list(folders):
            if (folder / name).is_symlink():
                folders.remove(name)
                parts = (folder / name).relative_to(path).parts
                yield _Found(parts, 0, bytes, "a link, which is not followed")


def _on_disk(file: Path, parts: tuple[str, ...]) -> _Found:
    size = file.stat().st_size
    problem = f"larger than {MAX_BYTES // 2**20} MB" if size > MAX_BYTES else ""
    return _Found(parts, file.stat().st_mtime, file.read_bytes, problem)


def _zipped(
    name: str, read: Callable[[], bytes], above: tuple[str, ...], depth: int
) -> Iterator[_Found]:
    """Yield the files in a zip, without unpacking any."""
    try:
        data = read()
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except _CANNOT_BE_READ:
        yield _Found((*above, name), 0, bytes, "a zip file that is damaged")
        return
    size = sum(entry.file_size for entry in entries)
    bomb = size > BOMB[0] and size > BOMB[1] * len(data)
    if bomb or len(entries) > MAX_FILES or size > MAX_UNPACKED:
        yield _Found((*above, name), 0, bytes, "a zip file that unpacks to far too much")
        return
    if all(entry.is_dir() for entry in entries):
        yield _Found((*above, name), 0, bytes, "an empty zip file")
    for entry in entries:
        # Drives, "..", and leading slashes are no part of a label.
        label = PurePosixPath(entry.filename.replace("\\", "/"))
        parts = tuple(part for part in label.parts if part not in ("/", "..", "."))
        if entry.is_dir() or not parts or any(_ignored(part) for part in parts):
            continue
        when = _zip_time(entry)

        def content(entry: zipfile.ZipInfo = entry) -> bytes:
            with archive.open(entry) as file:
                return file.read(MAX_BYTES + 1)

        if entry.file_size > MAX_BYTES:
            problem = f"larger than {MAX_BYTES // 2**20} MB"
            yield _Found((*above, *parts), when, bytes, problem)
        elif (entry.external_attr >> 16) & 0o170000 == 0o120000:
            yield _Found((*above, *parts), when, bytes, "a link, which is not followed")
        elif parts[-1].lower().endswith(".zip") and depth < ZIPS_IN_ZIPS:
            yield from _zipped(parts[-1], content, (*above, *parts[:-1]), depth + 1)
        else:
            yield _Found((*above, *parts), when, content)


# A damaged zip, one with a password, an unknown method: the module raises all of these.
_CANNOT_BE_READ = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    struct.error,
)


def _zip_time(entry: zipfile.ZipInfo) -> float:
    try:
        return datetime(*entry.date_time).timestamp()
    except ValueError:
        return 0.0


def _ignored(name: str) -> bool:
    """Return whether a file or folder is none of the student's making."""
    return name.startswith((".", "__MACOSX")) or name in ("Thumbs.db", "desktop.ini")


def _without_wrapper(found: list[_Found]) -> list[_Found]:
    """Drop a folder that holds everything, as zips often have; one student's own folder stays."""
    while found and all(len(file.parts) > 2 for file in found):
        if len({file.parts[0] for file in found}) > 1:
            break
        for file in found:
            file.parts = file.parts[1:]
    # One folder of flat files, and not one student's notebooks, if the files name students.
    flat = all(
        len(f.parts) == 2 and (CANVAS.fullmatch(f.parts[1]) or "__" in f.parts[1]) for f in found
    )
    if flat and len({file.parts[0] for file in found}) == 1:
        for file in found:
            file.parts = file.parts[1:]
    return found


def _attribute(file: _Found, home: str, lessons: Mapping[str, str]) -> None:
    """Say whose a file is, by the platform's names, the folder, or the file's own name."""
    name = file.parts[-1]
    canvas = CANVAS.fullmatch(name)
    moodle = next(filter(None, map(MOODLE.fullmatch, file.parts)), None)
    if moodle:
        file.student, file.platform_id = moodle["student"], moodle["id"]
        file.name = moodle["file"] if moodle[0] == name else name
    elif canvas:
        file.student, file.platform_id = canvas["student"], canvas["id"]
        file.name = canvas["file"]
        if canvas["late"]:
            file.notes.append("marked late by Canvas")
    elif len(file.parts) > 1:
        file.student, file.name = file.parts[0], name
    else:
        file.student, file.name = _flat(name, lessons)
    file.student = file.student or home


def _flat(name: str, lessons: Mapping[str, str]) -> tuple[str, str]:
    """Split `student__NN_name.ipynb` or `NN_name_student.ipynb`; the student may be missing."""
    stem = PurePosixPath(name).stem
    student, double, rest = stem.partition("__")
    if double and student and rest:
        return student, rest
    for lesson in lessons.values():
        if stem.casefold().startswith(lesson):
            rest = stem[len(lesson) :]
            return (rest[1:], name) if rest[:1] in "_-" and not COPY.fullmatch(rest) else ("", name)
    return stem, name


def clean(label: str) -> str:
    """Make a label that is safe to show, to open in a spreadsheet, and to name a file after.

    Examples
    --------
    >>> clean("../Zoë <b>")
    'Zoë b'
    """
    label = unicodedata.normalize("NFC", label)
    kept = (c if c.isalnum() or unicodedata.combining(c) or c in "._-@+'()" else " " for c in label)
    name = " ".join("".join(kept).split()).lstrip("-+@.' ")
    # In bytes, as file systems count.
    return name.encode("utf-8", "replace")[:100].decode("utf-8", "ignore").rstrip(". ") or "unnamed"


def _name_students(found: Sequence[_Found]) -> None:
    """Give each student a clean name of their own, even where two differ in odd signs alone."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for raw in sorted({file.student for file in found}):
        name, number = clean(raw), 2
        while name.casefold() in taken:
            name, number = f"{clean(raw)} ({number})", number + 1
        taken.add(name.casefold())
        names[raw] = name
    for file in found:
        file.student = names[file.student]


def _submission(file: _Found, lessons: Mapping[str, str]) -> Record:
    """Read a file as far as it goes."""
    where = "/".join(clean(part) for part in file.parts)
    problem, digest, cells = file.problem, "", None
    if not problem:
        try:
            content = file.read()
            digest = hashlib.sha256(content).hexdigest()
            cells = read_notebook(content)
        except UnreadableError as error:
            problem = str(error)
        except (*_CANNOT_BE_READ, MemoryError) as error:
            problem = f"cannot be read: {type(error).__name__}"
    lesson = _lesson_by_name(file.name, lessons) or (cells.lesson() if cells else "")
    if not problem and lesson not in lessons:
        problem, lesson = "not a lesson of this course: no exercise in it is known", ""
    return Record(
        student=file.student,
        lesson=lesson,
        file=where,
        platform_id=file.platform_id,
        notes=tuple(file.notes),
        problem=problem,
        digest=digest,
        cells=cells,
    )


def _lesson_by_name(name: str, lessons: Mapping[str, str]) -> str:
    """Return the number of the lesson whose name a file's name holds."""
    if not name.casefold().endswith(".ipynb"):
        return ""
    found = [number for number, lesson in lessons.items() if lesson in name.casefold()]
    return found[0] if len(found) == 1 else ""


def _newest(submissions: Sequence[Record], found: Sequence[_Found]) -> list[Record]:
    """Keep one file for each student and lesson: a readable one, the newest, and say so."""
    by_pair: dict[tuple[str, str], list[tuple[tuple[bool, float, str], Record]]] = {}
    for submission, file in zip(submissions, found, strict=True):
        rank = (not submission.problem, file.when, submission.file)
        by_pair.setdefault((submission.student, submission.lesson), []).append((rank, submission))
    chosen = []
    graded = {student for (student, lesson) in by_pair if lesson}
    for (student, lesson), versions in by_pair.items():
        if not lesson and student in graded:
            continue  # a picture or a text beside a notebook
        versions.sort(key=lambda pair: pair[0])
        newest = versions[-1][1]
        older = len(versions) - 1
        if older and lesson:
            note = f"{older} older version{'s' * (older > 1)} of it left out"
            newest = replace(newest, notes=(*newest.notes, note))
        chosen.append(newest)
    return chosen
