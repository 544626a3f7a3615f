"""Finding submissions: folders, flat files, downloads from Canvas and Moodle, zips of any of these.

Whose a file is, its outermost name says alone: the one that the learning platform or the instructor
gave it. What lies in a student's own folder or zip is that student's, whatever it is called.
Nothing is unpacked to disk and no link is followed; names are labels, never paths to write to. The
files themselves are opened by another process, see `reader`.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from course import exercises
from course.grade.notebook import MAX_BYTES, TOO_LARGE, UnreadableError
from course.grade.reader import DAMAGED, MAX_TEXT, TOO_MUCH, Place, Reader
from course.grade.reading import Cells
from course.grade.record import Record, Source
from course.grade.work import names_in

# What may be read of one student, all files and zips in zips together.
MAX_READ = 128 * 2**20  # bytes
MAX_FILES = 1_000
MAX_LISTED = 50_000  # files named in zips
MAX_SECONDS = 5.0  # of the processor
ZIPS_IN_ZIPS = 3
MAX_BESIDE = 20  # Python files beside a notebook

# content_zipper.rb: name_id_upload_file, name_LATE_id_…, anon_code_…, LATE_anon_code_…; what was
# typed there ends in id_text.html, a link in id_link.html. The name holds no _digits_.
CANVAS = (
    re.compile(
        r"(?P<late>LATE_)?(?P<student>anon_(?P<id>[A-Za-z0-9]+))_"
        r"(?:(?P<upload>[0-9]+)_(?P<file>.+)|(?P<typed>text|link)\.html)"
    ),
    re.compile(
        r"(?P<student>[\w-]+?)(?P<late>_LATE)?_(?P<id>[0-9]+)_"
        r"(?:(?P<upload>[0-9]+)_(?P<file>.+)|(?P<typed>text|link)\.html)",
        re.IGNORECASE,
    ),
)
# downloader.php: name_id_assignsubmission_plugin, as a folder or before a file's name. Students
# without a group share a name without a number.
MOODLE = re.compile(
    r"(?P<student>.+?)(?:_(?P<id>[0-9]+))?_assignsubmission_(?P<plugin>[a-z0-9]+)"
    r"(?:_(?P<file>.*))?"
)
# 02, week 2, hw2; Canvas's submissions (1), Moodle's course-assignment-4711.
_DOWNLOAD = re.compile(
    r"([a-z]{1,20}[ _-]?)?[0-9]{1,2}|submissions?( ?\([0-9]{1,3}\))?|.{1,250}-[0-9]{1,9}"
)
COPY = re.compile(r"[ _-]{0,3}(\([0-9]{1,3}\)|copy[0-9]{0,3}|v?[0-9]{1,2})$", re.IGNORECASE)
# What its own name says is not the one to grade.
SPARE = re.compile(
    r"(?<![a-z])(backups?|bak|old|older|orig|original|archived?|previous|unused|trash|versions?)"
    r"(?![a-z])|~$",
    re.IGNORECASE,
)
SAME_TIME = 1.0  # seconds: files that were copied or cloned together
# Folders of a project that hold other people's files.
FOREIGN = ("site-packages", "node_modules", "__pycache__", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class _Found:
    """A file, before it is known whose it is.

    Its parts are its name and the folders and zips above it, outermost first.
    """

    parts: tuple[str, ...]
    when: float = 0.0
    size: int = 0
    place: Place | None = None
    problem: str = ""

    @property
    def ending(self) -> str:
        """What its name ends in: ".ipynb"."""
        return PurePosixPath(self.parts[-1]).suffix.casefold()

    @property
    def is_zip(self) -> bool:
        """Whether to look into it."""
        return self.ending == ".zip" and not self.problem

    @property
    def label(self) -> str:
        """Where it is, safe to show."""
        return "/".join(map(clean, self.parts))

    def below(self, levels: int = 1) -> _Found:
        """Return it without its outermost names."""
        return replace(self, parts=self.parts[levels:])


@dataclass(frozen=True)
class _Name:
    """What an outermost name says: whose it is, and what the file was called before."""

    student: str
    platform_id: str = ""
    platform: bool = False
    file: str = ""
    upload: int = 0
    late: bool = False
    typed: str = ""
    doubtful: bool = False
    levels: int = 1  # so many outermost names of a file's say whose it is


@dataclass
class _Student:
    """Everything that one student handed in."""

    name: _Name
    files: list[tuple[_Name, _Found]] = field(default_factory=list)
    label: str = ""
    notes: list[str] = field(default_factory=list)
    spellings: set[str] = field(default_factory=set)


Say = Callable[[str], None]


def _silent(sentence: str) -> None:
    """Say nothing."""


def collect(
    path: Path,
    lessons: Mapping[str, str],
    leave_out: Iterable[Path] = (),
    earlier: Iterable[Record] = (),
    say: Say = _silent,
    known: Mapping[str, str] | None = None,
) -> list[Record]:
    """Find every submission under a path.

    Parameters
    ----------
    path : Path
        A folder, a zip file, or a single notebook.
    lessons : mapping of str to str
        Number to name, "02" to "02_softmax".
    leave_out : iterable of Path
        Folders that hold no submissions, such as the grades.
    earlier : iterable of Record
        Of earlier runs: who has a number on the platform keeps the name of then.
    say : callable
        Is given a sentence for each conflict that the instructor should see at once.
    known : mapping of str to str, optional
        The SHA-256 of notebooks to the lesson that their marks belong to: of these nothing more is
        looked at than that.

    Returns
    -------
    list of Record
        Sorted by student and lesson; at most one for each pair.

    Raises
    ------
    ValueError
        If there is no such path, or nothing in it that could be a submission, or if it is a
        download that is damaged.
    """
    if not path.exists():
        raise ValueError(f"{path} does not exist")
    earlier = list(earlier)
    records: list[Record] = []
    with Reader() as reader:
        people = _People(reader, lessons, earlier, say)
        people.take(path, {folder.resolve() for folder in leave_out})
        students = list(people.students.values())
        _label(students, earlier, say)
        for student in students:
            records += _Desk(student, reader, lessons, known or {}, say).records()
    if not records:
        raise ValueError(f"{path} holds no notebook (.ipynb)")
    return sorted(_with_a_lesson(records), key=lambda record: record.sort_key)


def _with_a_lesson(records: Sequence[Record]) -> list[Record]:
    """Give files of no lesson, such as pictures, the lesson of all others, if it is but one."""
    found = {record.lesson for record in records} - {""}
    only = found.pop() if len(found) == 1 else ""
    return [replace(record, lesson=record.lesson or only) for record in records]


# --- which files there are -----------------------------------------------------------------------


def _ignored(name: str) -> bool:
    """Return whether a file or folder is none of the student's making."""
    return name.startswith((".", "__MACOSX")) or name in FOREIGN


def _on_disk(path: Path, leave_out: Collection[Path]) -> Iterator[_Found]:
    """Yield every file below a folder, and what stands in its way."""
    for place, folders, names in os.walk(path):  # Path.walk came with Python 3.12
        folder = Path(place)
        above = folder.relative_to(path).parts
        folders[:] = sorted(
            name
            for name in folders
            if not _ignored(name) and not _holds_grades(folder / name, leave_out)
        )
        for name in sorted(names):
            if not _ignored(name):
                yield _one(folder / name, (*above, name))
        for name in list(folders):
            if (folder / name).is_symlink():
                folders.remove(name)
                yield _Found((*above, name), problem=_LINK)


_LINK = "a link, which is not followed"


def _holds_grades(folder: Path, leave_out: Collection[Path]) -> bool:
    """Return whether a folder is one that the grader writes."""
    if folder.resolve() in leave_out:
        return True
    return (folder / "journal").is_dir() and (folder / "grades.csv").is_file()


def _one(file: Path, parts: tuple[str, ...]) -> _Found:
    if file.is_symlink():
        return _Found(parts, problem=_LINK)
    if not file.is_file():
        return _Found(parts, problem="not a regular file")
    about = file.stat()
    # A zip is never read as a whole.
    too_large = about.st_size > MAX_BYTES and file.suffix.casefold() != ".zip"
    problem = TOO_LARGE if too_large else ""
    return _Found(parts, about.st_mtime, about.st_size, Place(str(file)), problem)


def _in_zip(found: _Found, reader: Reader) -> list[_Found]:
    """Return the files in a zip; UnreadableError if it cannot be opened."""
    assert found.place
    inside = []
    for entry in reader.entries(found.place):
        if not any(map(_ignored, entry.parts)):
            problem = entry.problem or (TOO_LARGE if entry.size > MAX_BYTES else "")
            place = found.place.entry(entry.number)
            parts = (*found.parts, *entry.parts)
            inside.append(_Found(parts, entry.when, entry.size, place, problem))
    return inside


# --- whose they are ------------------------------------------------------------------------------


def _by_platform(name: str) -> _Name | None:
    """Return what a name says that Canvas or Moodle wrote; None if neither did."""
    if len(name) > 1_000:
        return None
    moodle = MOODLE.fullmatch(name)
    canvas = next(filter(None, (pattern.fullmatch(name) for pattern in CANVAS)), None)
    if canvas and moodle and "_assignsubmission_" in (canvas["file"] or ""):
        moodle = None  # that is what the student has called the file, after Canvas's part
    if moodle:
        typed = "text" if moodle["plugin"] == "onlinetext" else ""
        return _Name(moodle["student"], moodle["id"] or "", True, moodle["file"] or "", typed=typed)
    if not canvas:
        return None
    return _Name(
        canvas["student"],
        canvas["id"],
        True,
        canvas["file"] or name,
        int((canvas["upload"] or "0")[:18]),
        bool(canvas["late"]),
        canvas["typed"] or "",
        # name_1_22_333_hw.ipynb: is the name followed by three numbers, or does it end in one?
        bool(_NUMBER.match(canvas["file"] or "")),
    )


_NUMBER = re.compile(r"(?![0-9]{2}_[^0-9])[0-9]+_")  # and not the lesson's


class _People:
    """Who has handed in what, as the outermost names say."""

    def __init__(
        self, reader: Reader, lessons: Mapping[str, str], earlier: Sequence[Record], say: Say
    ) -> None:
        self.reader, self.lessons, self.say = reader, lessons, say
        # Whom an earlier run has met, and what was in their folders.
        self.known: dict[str, set[str]] = {}
        for record in earlier:
            self.known.setdefault(record.student, set()).update(record.file.split("/")[1:2])
        self.home = ""
        self.students: dict[tuple[str, str], _Student] = {}

    def take(self, path: Path, leave_out: Collection[Path]) -> None:
        """Find whose the files are that lie here."""
        self.home = path.stem if path.is_file() else path.resolve().name
        if path.is_dir():
            found = list(_on_disk(path, leave_out))
        else:
            found = [_one(path, (path.name,))]
            with path.open("rb") as stream:
                head = stream.read(4)
            if head.startswith(b"PK") and not self._named(path.name):
                found = [file.below() for file in self._download(found[0])]
            elif path.suffix.casefold() == ".zip" and not head.startswith(b"PK"):
                raise ValueError(f"{path} is no zip file: was the download cut short, or refused?")
        found = self._without_wrapper(found)
        tops: dict[str, list[_Found]] = {}
        for file in found:
            tops.setdefault(file.parts[0], []).append(file)
        if not any(map(self._named, tops)) and self._is_one_student(tops):
            self._add(_Name(self.home, levels=0), found)
            return
        self._share(tops)

    def _is_one_student(self, tops: Mapping[str, list[_Found]]) -> bool:
        """Return whether this is the folder of a student whom an earlier run has met."""
        home = clean(self.home)
        if home not in self.known or {clean(PurePosixPath(top).stem) for top in tops} & set(
            self.known
        ):
            return False
        return len(_holding(tops)) < 2 or bool(self.known[home] & set(map(clean, tops)))

    def _named(self, name: str) -> bool:
        """Return whether a file's name says whose it is."""
        return bool(_by_platform(name) or self._flat(name, strict=True))

    def _flat(self, name: str, strict: bool = False) -> str:
        """Return whose `student__NN_name.ipynb` or `NN_name_student.ipynb` is; "" if nobody's.

        Any other name is a student's, unless it is to be one of these two.
        """
        stem = PurePosixPath(name).stem
        student, double, rest = stem.partition("__")
        if double and student and rest:
            return student
        for lesson in self.lessons.values():
            if stem.casefold().startswith(lesson):
                rest = stem[len(lesson) :]
                own = rest[:1] in ("_", "-") and not COPY.fullmatch(rest) and not SPARE.search(rest)
                return rest[1:] if own else ""
        return "" if strict else stem

    def _download(self, found: _Found) -> list[_Found]:
        """Return what is in a zip that must be a whole download."""
        try:
            return _in_zip(found, self.reader)
        except UnreadableError as error:
            what = f"{found.parts[-1]} is {error}"
            raise ValueError(f"{what}: was the download cut short? Fetch it again") from None

    def _without_wrapper(self, found: list[_Found]) -> list[_Found]:
        """Drop a folder or zip that holds everything; one student's own folder stays."""
        while len({file.parts[0] for file in found}) == 1:
            top = found[0].parts[0]
            if self._named(top) or clean(top) in self.known:
                break
            if len(found[0].parts) == 1:
                if not found[0].is_zip:
                    break
                found = self._download(found[0])
                if clean(self.home) not in self.known:
                    self.home = PurePosixPath(top).stem
            elif not self._is_wrapper(found):
                break
            found = [file.below() for file in found]
        return found

    def _is_wrapper(self, found: Sequence[_Found]) -> bool:
        """Return whether a folder holds students, and not one student's files."""
        names = {file.parts[1] for file in found}
        if any(map(self._named, names)):
            return True
        if any(len(file.parts) == 2 and file.ending == ".ipynb" for file in found):
            return False
        inside: dict[str, list[_Found]] = {}
        for file in found:
            inside.setdefault(file.parts[1], []).append(file)
        return len(_holding(inside)) > 1

    def _share(self, tops: Mapping[str, list[_Found]]) -> None:
        """Give each file to its student."""
        theirs: dict[str, _Name] = {}
        downloads: dict[str, list[tuple[_Name, list[_Found]]]] = {}
        zips = [top for top, files in tops.items() if _is_file(files) and files[0].is_zip]
        for top, files in tops.items():
            name = _by_platform(top)
            if name is None and (not _is_file(files) or top in zips) and not self._named(top):
                # Among zips, one without a platform's name is a student's like the others.
                inner = self._as_download(top, files, 0 < 2 * len(zips) < len(tops))
                if inner:
                    downloads[top] = inner
                    continue
            theirs[top] = name or self._by_name(top, _is_file(files))
        owners = {clean(name.student).casefold() for name in theirs.values()}
        for top, inner in downloads.items():
            taken = sorted({clean(name.student) for name, _ in inner})
            taken = [student for student in taken if student.casefold() in owners]
            if taken:
                # What is in a student's own zip or folder is that student's, however it is called.
                theirs[top] = self._by_name(top, _is_file(tops[top]))
                self._add(theirs[top], tops[top])
                note = f"holds files named as if they were of {', '.join(taken[:3])}"
                self.students[theirs[top].student, ""].notes.append(note)
                continue
            alone = {(name.student, name.platform_id) for name, _ in inner}
            if len(alone) == 1:
                self.say(
                    f"{clean(top)}: taken for a download with one student, {clean(inner[0][0].student)}"
                )
            elif owners:
                self.say(f"{clean(top)}: taken for a download of {len(inner)} files and folders")
            for name, files in inner:
                self._add(replace(name, levels=2), files)
        for top, name in theirs.items():
            if top not in downloads:
                self._add(name, tops[top])
        for student in self.students.values():
            if len(student.spellings) > 1 and not student.name.platform_id:
                # One is as Linux and Windows spell it, one as macOS does.
                student.notes.append(
                    f"{len(student.spellings)} folders or files of that very name, whose letters "
                    "are coded in different ways: taken for one person"
                )
        if any(student.name.platform for student in self.students.values()):
            for student in self.students.values():
                if not student.name.platform:
                    student.notes.append("named by no platform, unlike others here")

    def _by_name(self, top: str, is_file: bool) -> _Name:
        """Return whose a folder, or a file or zip, is that no platform has named."""
        if is_file:
            return _Name(self._flat(top) or self.home)
        return _Name(self.home, levels=0) if SPARE.fullmatch(top) else _Name(top)

    def _as_download(
        self, top: str, files: Sequence[_Found], folders_too: bool
    ) -> list[tuple[_Name, list[_Found]]]:
        """Return whose the files in a folder or zip are, if that is a download of several students.

        It is one if a platform has named all that is in it; a zip also if it holds folders alone.
        With one student in it, it is one if its own name is that of a lesson or a download.
        """
        zipped = _is_file(files)
        if zipped:
            try:
                files = _in_zip(files[0], self.reader)
            except UnreadableError as error:
                first = self.reader.first_name(files[0].place or Place(""))
                if str(error) == DAMAGED and any(map(_by_platform, first)):
                    raise ValueError(
                        f"{top} looks like a download that was cut short: fetch it again"
                    ) from None
                return []
        files = [file.below() for file in files]
        while len({f.parts[0] for f in files}) == 1 and all(len(f.parts) > 1 for f in files):
            if _by_platform(files[0].parts[0]):
                break
            files = [file.below() for file in files]
        inner: dict[str, list[_Found]] = {}
        for file in files:
            inner.setdefault(file.parts[0], []).append(replace(file, parts=(top, *file.parts)))
        names = [(_by_platform(name), name, theirs) for name, theirs in inner.items()]
        people = {(name.student, name.platform_id) for name, _, _ in names if name}
        enough = 1 if self._is_nobody(top) else 2
        if len(people) >= enough and all(name for name, _, _ in names):
            return [(name, theirs) for name, _, theirs in names if name]
        if (
            zipped
            and folders_too
            and len(_holding(inner)) > 1
            and all(len(f.parts) > 1 for f in files)
        ):
            return [(_Name(name), theirs) for name, theirs in inner.items()]
        return []

    def _is_nobody(self, top: str) -> bool:
        """Return whether a zip or folder is called like a lesson, or as platforms call downloads."""
        stem = top.removesuffix(".zip").casefold()
        return stem in self.lessons.values() or bool(_DOWNLOAD.fullmatch(stem))

    def _add(self, name: _Name, files: Iterable[_Found]) -> None:
        """Give files to a student."""
        spelling = name.student
        name = replace(name, student=unicodedata.normalize("NFC", spelling))
        key = (name.student, name.platform_id)
        student = self.students.setdefault(key, _Student(name))
        student.spellings.add(spelling)
        student.files += [(name, file) for file in files]


def _is_file(files: Sequence[_Found]) -> bool:
    """Return whether all that has an outermost name is one file, and not a folder."""
    return len(files) == 1 and len(files[0].parts) == 1


def _holding(tops: Mapping[str, Sequence[_Found]]) -> list[str]:
    """Return the outermost names under which there may be a notebook that counts."""
    return [
        top
        for top, files in tops.items()
        if any(f.ending in (".ipynb", ".zip") for f in files) and not SPARE.search(top)
    ]


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


def _label(students: Sequence[_Student], earlier: Sequence[Record], say: Say) -> None:
    """Give each student a name of their own, and say where one name or number stands for two."""
    known = {r.platform_id: r.student for r in earlier if r.platform_id}
    labels = {record.student for record in earlier}

    def claim(student: _Student) -> tuple[bool, bool, str, str]:
        """Whoever had a name before keeps it; then it is that of whoever is called exactly so."""
        raw, name = student.name.student, clean(student.name.student)
        return name not in labels or raw != name, raw != name, raw, student.name.platform_id

    alike: dict[str, list[_Student]] = {}
    for student in sorted(students, key=claim):
        alike.setdefault(clean(student.name.student).casefold(), []).append(student)
    taken: set[str] = set()
    for group in alike.values():
        for student in group:
            name, number = clean(student.name.student), student.name.platform_id
            if number and name == "Participant":  # as Moodle calls everybody in blind marking
                label = f"{name} {number}"
            elif number and len(group) > 1:
                label = f"{name} ({number})"
            else:
                label = name
            if number and known.get(number) in (name, f"{name} ({number})"):
                label = known[number]
            first, place = label, 2
            while label.casefold() in taken:
                label, place = f"{first} ({place})", place + 1
            taken.add(label.casefold())
            student.label = label
        theirs = [student.label for student in group]
        if len(group) > 1 and not all(label.startswith("Participant ") for label in theirs):
            for student in group:
                others = ", ".join(label for label in theirs if label != student.label)
                student.notes.append(f"has the same name as {others}, or nearly"[:300])
    numbered: dict[str, list[_Student]] = {}
    for student in students:
        if student.name.platform_id:
            numbered.setdefault(student.name.platform_id, []).append(student)
    for number, group in numbered.items():
        for student in group if len(group) > 1 else ():
            others = ", ".join(s.label for s in group if s is not student)
            student.notes.append(f"has the number {number}, as {others}"[:300])
    for student in students:
        for note in student.notes:
            say(f"{student.label}: {note}")


# --- what they handed in -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Version:
    """A file of a student's, read as far as it goes."""

    name: _Name
    found: _Found
    lesson: str = ""
    source: Source | None = None
    problem: str = ""
    note: str = ""

    @property
    def file(self) -> str:
        """What the student called it."""
        return self.name.file or self.found.parts[-1]

    @property
    def is_spare(self) -> bool:
        """Whether its own name, or that of a folder, says that another one counts."""
        inner = self.found.parts[self.name.levels : -1]
        return any(map(SPARE.search, (*inner, PurePosixPath(self.file).stem)))


class _Desk:
    """Where one student's files are read, as far as the budget for them goes."""

    def __init__(
        self,
        student: _Student,
        reader: Reader,
        lessons: Mapping[str, str],
        known: Mapping[str, str],
        say: Say,
    ) -> None:
        self.student, self.reader, self.lessons, self.say = student, reader, lessons, say
        self.known = known
        self.bytes = self.files = self.listed = 0
        self.seconds = 0.0
        self.python: list[tuple[_Name, _Found]] = []
        self.rest: list[tuple[_Name, _Found]] = []

    def records(self) -> list[Record]:
        """Return what is to be graded: a notebook for each lesson, or why there is none."""
        versions = list(self._notebooks())
        if not any(version.source for version in versions):
            # A notebook of another ending, or a picture of one.
            for name, found in [*self.rest, *self.python][:50]:
                versions.append(self._version(name, found))
        lessons = sorted({version.lesson for version in versions} - {""})
        records = [self._chosen([v for v in versions if v.lesson == lesson]) for lesson in lessons]
        astray = [version for version in versions if not version.lesson]
        if not records:
            return [self._record(astray[0], self.student.notes)] if astray else []
        lost = [v for v in astray if v.found.ending in (".ipynb", ".zip")]
        notes = [*self.student.notes, *(f"{v.found.label}: {v.problem}" for v in lost[:5])]
        if len(lost) > 5:
            notes.append(f"{len(lost) - 5} more files cannot be graded")
        return [replace(records[0], notes=(*records[0].notes, *notes)), *records[1:]]

    def _notebooks(self) -> Iterator[_Version]:
        """Read the notebooks: first those in folders, then those in zips, and in zips in these."""
        here = [(name, found, 0) for name, found in self.student.files]
        while here:
            zips = []
            for name, found, depth in here:
                if found.is_zip:
                    zips.append((name, found, depth))
                elif found.ending == ".ipynb":
                    yield self._version(name, found)
                elif found.ending == ".zip":
                    yield _Version(name, found, problem=found.problem)
                elif found.ending == ".py":
                    self.python.append((name, found))
                else:
                    self.rest.append((name, found))
            here = []
            for name, found, depth in zips:
                try:
                    inside = self._opened(found, depth)
                except UnreadableError as error:
                    yield _Version(name, found, problem=str(error))
                    continue
                plain = replace(name, file="")
                here += [(plain, file, depth + 1) for file in inside]

    def _opened(self, found: _Found, depth: int) -> list[_Found]:
        """Return what is in a zip of the student's."""
        if depth >= ZIPS_IN_ZIPS:
            raise UnreadableError("a zip in a zip in a zip, which is not opened")
        # One that lies on disk is not read as a whole.
        self._spend(found.size if found.place and found.place.inside else 0)
        with self._clock():
            inside = _in_zip(found, self.reader)
        self.listed += len(inside)
        if self.listed > MAX_LISTED:
            raise UnreadableError("a zip file that unpacks to far too much")
        if not inside:
            raise UnreadableError("an empty zip file")
        return inside

    def _spend(self, size: int) -> None:
        """Count a file that is to be read; UnreadableError if that is too much for one student."""
        self.bytes, self.files = self.bytes + size, self.files + 1
        if self.bytes > MAX_READ or self.files > MAX_FILES or self.seconds > MAX_SECONDS:
            raise UnreadableError(
                f"not read: one student's files may be {MAX_FILES}, of {MAX_READ // 2**20} MB, all "
                "zips unpacked, and not too slow to read"
            )

    @contextmanager
    def _clock(self) -> Iterator[None]:
        """Count the seconds that something takes, here and in the reader."""
        begun = time.process_time()
        try:
            yield
        except UnreadableError as error:
            if str(error) == TOO_MUCH:
                self.seconds += MAX_SECONDS / 2  # whatever it was: not often
            raise
        finally:
            self.seconds += time.process_time() - begun + self.reader.seconds

    def _version(self, name: _Name, found: _Found) -> _Version:
        """Read a file as far as it goes."""
        version = _Version(name, found)
        lesson = self._lesson_by_name(version.file)
        problem = found.problem
        if name.typed and found.ending != ".ipynb":
            problem = f"no notebook, but a {name.typed} typed there"
        elif found.ending == ".py":
            problem = "a Python file, not a notebook"
        if problem:
            return replace(version, lesson=lesson, problem=problem)
        assert found.place
        try:
            self._spend(found.size)
            with self._clock():
                digest = self.reader.digest(found.place)
            held = marked = self.known.get(digest, "")
            if held not in self.lessons:
                with self._clock():
                    digest, plain = self.reader.notebook(found.place)
                    cells = Cells(tuple(plain))
                    held = marked = cells.lesson()
                    if held not in self.lessons:
                        held, marked = lesson or self._lesson_by_code(cells), ""
        except UnreadableError as error:
            return replace(version, lesson=lesson, problem=str(error))
        if held not in self.lessons:
            return replace(
                version, problem="not a lesson of this course: no exercise in it is known"
            )
        note = (
            f"named as lesson {lesson}, but holds lesson {held}" if lesson not in ("", held) else ""
        )
        return replace(version, lesson=held, source=Source(found.place, digest, marked), note=note)

    def _lesson_by_name(self, name: str) -> str:
        """Return the number of the lesson whose name a file's name holds."""
        if not name.casefold().endswith(".ipynb"):
            return ""
        found = [number for number, lesson in self.lessons.items() if lesson in name.casefold()]
        return found[0] if len(found) == 1 else ""

    def _lesson_by_code(self, cells: Cells) -> str:
        """Return the number of the lesson whose exercises a notebook without marks answers."""
        defined = set[str]().union(*map(names_in, cells.code))
        found = Counter(
            {
                number: sum(exercise.name in defined for exercise in exercises.of_lesson(number))
                for number in self.lessons
            }
        )
        ((lesson, most), *others) = found.most_common(2) or [("", 0)]
        return lesson if most and all(count < most for _, count in others) else ""

    def _chosen(self, versions: Sequence[_Version]) -> Record:
        """Choose among the versions of a lesson: a readable one, the newest, and say so."""
        best = [v for v in versions if not v.problem] or list(versions)
        best = [v for v in best if not v.name.doubtful] or best
        best = [v for v in best if not v.is_spare] or best
        # Canvas numbers what is uploaded; the times are those of the download.
        upload = max(version.name.upload for version in best)
        best = [v for v in best if v.name.upload == upload]
        last = max(version.found.when for version in best)
        best = [version for version in best if last - version.found.when < SAME_TIME]
        best.sort(key=self._plainness)
        chosen, notes = best[0], []
        older = len(versions) - 1
        if older:
            notes.append(f"{older} older version{'s' * (older > 1)} of it left out")
        mine = chosen.source and chosen.source.digest
        rivals = [v.found.label for v in best[1:] if (v.source and v.source.digest) != mine]
        if rivals:
            notes.append(
                f"of the same time: {chosen.found.label} counts, not {', '.join(rivals[:3])}"
            )
        newer = [
            v
            for v in versions
            if v.found.when - chosen.found.when >= SAME_TIME and v.name.upload >= chosen.name.upload
        ]
        for version in newer:
            label = version.found.label
            if version.problem:
                self.say(f"{self.student.label}: {label} is newer, but {version.problem}")
            elif not version.name.doubtful:
                notes.append(f"{label} is newer, but its name says that it is not the one")
        if not chosen.name.doubtful:
            notes += [f"{v.found.label} may be another's" for v in versions if v.name.doubtful]
        for note in notes[bool(older) :]:
            self.say(f"{self.student.label}: {note}")
        return self._record(chosen, notes)

    def _plainness(self, version: _Version) -> tuple[Any, ...]:
        """Return what tells the one that counts from copies of the same time: the plainest."""
        stem = PurePosixPath(version.file).stem
        named = stem.casefold() in self.lessons.values()
        copied = bool(COPY.search(stem[-40:])) and not named
        return len(version.found.parts), not named, copied, version.found.parts

    def _record(self, version: _Version, notes: Iterable[str] = ()) -> Record:
        source, more = version.source, list[str]()
        digest = source.digest if source else ""
        if version.name.late:
            more.append("marked late by Canvas")
        if version.note:
            more.append(version.note)
        if source and self.python:
            beside, problems = self._beside(version, source)
            more += problems
            if beside:
                source = replace(source, beside=beside)
                digest = hashlib.sha256(repr((digest, beside)).encode()).hexdigest()
        return Record(
            student=self.student.label,
            lesson=version.lesson,
            file=version.found.label,
            platform_id=self.student.name.platform_id,
            notes=(*more, *notes),
            problem=version.problem,
            digest=digest,
            source=source,
        )

    def _beside(
        self, version: _Version, source: Source
    ) -> tuple[tuple[tuple[str, str], ...], list[str]]:
        """Return the Python files that a notebook speaks of, and what cannot be read of them.

        Files of a package have a name such as "helpers/maths.py". What one of them speaks of is
        there too.
        """
        beside: dict[str, str] = {}
        problems = []
        words, imported = set[str](), set[str]()
        folder = version.found.parts[:-1]
        left = sorted(self.python, key=lambda pair: (pair[1].parts[:-1] != folder, pair[1].parts))
        try:
            new = source.read(self.reader).code
        except UnreadableError as error:
            return (), [str(error)]
        while new and left:
            for code in new:
                words.update(_WORD.findall(code))
                imported.update(_IMPORTED.findall(code))
            new, over = [], []
            for name, found in left:
                file = _module(name, found, words, imported)
                if not file:
                    over.append((name, found))
                    continue
                if file in beside:
                    continue
                try:
                    if found.problem or found.size > MAX_TEXT or len(beside) >= MAX_BESIDE:
                        raise UnreadableError(found.problem or "too long, or one too many")
                    assert found.place
                    self._spend(found.size)
                    beside[file] = self.reader.text(found.place)
                    new.append(beside[file])
                except UnreadableError as error:
                    what = f"uses {clean(file)}, which is missing where it runs: {error}"
                    problems.append(what)
            left = over
        return tuple(sorted(beside.items())), problems


_WORD = re.compile(r"[^\W\d]\w*")
_IMPORTED = re.compile(r"^[ \t]*(?:from|import)[ \t]+([^\W\d]\w*)", re.MULTILINE)


def _module(name: _Name, found: _Found, words: Collection[str], imported: Collection[str]) -> str:
    """Return as what file a Python file is imported: of a package, or alone; "" if as none."""
    # Canvas puts -1 behind a name that it has had before.
    stem = re.sub(r"-[0-9]+$", "", PurePosixPath(name.file or found.parts[-1]).stem)
    if not stem.isidentifier():
        return ""
    folders = found.parts[name.levels : -1]
    for place, package in enumerate(folders):
        if package in imported and all(map(str.isidentifier, folders[place:])):
            return "/".join((*folders[place:], f"{stem}.py"))
    return f"{stem}.py" if stem in words else ""
