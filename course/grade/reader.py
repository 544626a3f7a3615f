"""A process of its own that opens what students handed in, and hands plain data back.

Whatever a file does to the one who reads it, it does there: that process may use so much memory,
and so many seconds for each file, and the next one takes its place if it dies. It unpacks nothing
to disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import lzma
import select
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from course.grade.notebook import MAX_BYTES, TOO_LARGE, UnreadableError, kind_of, read_cells
from course.grade.zip_names import names_of

MEMORY = 640 * 2**20  # bytes of addresses, Python's own included
SECONDS = 3  # of the processor, for one file; a notebook of 40 MB takes one
PATIENCE = 60  # seconds on the clock
MAX_ENTRIES = 200_000  # in one zip
MAX_TEXT = 100_000  # bytes of a Python file beside a notebook
MAX_REPLY = 128 * 2**20
_TOLD = 20_000  # entries of a zip in one answer
TOO_MUCH = "takes too much time or memory to read"
DAMAGED = "a zip file that is damaged"


@dataclass(frozen=True)
class Place:
    """Where a file is: its path and, if it lies in a zip, the entry's number; in zips in zips, each.

    Attributes
    ----------
    path : str
    inside : tuple of int
    """

    path: str
    inside: tuple[int, ...] = ()

    def entry(self, number: int) -> Place:
        """Return the place of an entry of the zip that is here."""
        return Place(self.path, (*self.inside, number))


@dataclass(frozen=True)
class Entry:
    """A file in a zip, as the zip describes it; `problem` says why it is not read."""

    number: int
    parts: tuple[str, ...]
    size: int
    when: float
    problem: str


class Reader:
    """The process, started when it is first needed. Use it as a context.

    Attributes
    ----------
    seconds : float
        Of the processor, that the last file took.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.seconds = 0.0

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def notebook(self, place: Place) -> tuple[str, list[tuple[str, str]]]:
        """Return the SHA-256 and the cells of a notebook.

        Raises
        ------
        UnreadableError
            If it is none; if reading it takes too much time or memory.
        """
        reply = self._ask("notebook", place)
        return reply["digest"], [(kind, source) for kind, source in reply["cells"]]

    def digest(self, place: Place) -> str:
        """Return the SHA-256 of what may be a notebook; UnreadableError if it is nothing alike."""
        found: str = self._ask("digest", place)["digest"]
        return found

    def text(self, place: Place) -> str:
        """Return a short text.

        Raises
        ------
        UnreadableError
            If it is none, or a long one.
        """
        text: str = self._ask("text", place)["text"]
        return text

    def entries(self, place: Place) -> list[Entry]:
        """Return the files in a zip, folders left out.

        Raises
        ------
        UnreadableError
            If it is no zip, or damaged, or holds far too much.
        """
        found: list[Entry] = []
        while True:
            reply = self._ask("entries", place, start=len(found))
            for number, name, size, when, problem in reply["entries"]:
                found.append(Entry(number, tuple(name), size, when, problem))
            if len(found) >= reply["of"] or not reply["entries"]:
                return found

    def first_name(self, place: Place) -> list[str]:
        """Return the parts of the first name in a zip that may be cut short; none if it is no zip."""
        try:
            name: list[str] = self._ask("first name", place)["name"]
        except UnreadableError:
            return []
        return name

    def _ask(self, what: str, place: Place, start: int = 0) -> Any:
        request = json.dumps([what, place.path, place.inside, start]).encode()
        try:
            process = self._started()
            assert process.stdin and process.stdout
            process.stdin.write(request + b"\n")
            process.stdin.flush()
            if not select.select([process.stdout], [], [], PATIENCE)[0]:
                raise EOFError
            size = int.from_bytes(_all(process.stdout, 8), "little")
            if size > MAX_REPLY:
                raise EOFError
            reply = json.loads(_all(process.stdout, size))
        except (OSError, EOFError):
            self._stop()
            self.seconds = float(SECONDS)
            raise UnreadableError(TOO_MUCH) from None
        self.seconds = reply["seconds"]
        if reply.get("problem"):
            if reply["problem"] == TOO_MUCH:
                self._stop()  # its memory is in pieces
            raise UnreadableError(reply["problem"])
        return reply

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            root = str(Path(__file__).resolve().parents[2])
            start = f"import sys; sys.path.insert(0, {root!r}); "
            start += "from course.grade.reader import main; main()"
            self._process = subprocess.Popen(
                [sys.executable, "-c", start],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is ours to handle
            )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    assert stream
                    stream.close()


def _all(stream: IO[bytes], size: int) -> bytes:
    """Read so many bytes."""
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


# --- in that process -----------------------------------------------------------------------------

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


def main() -> None:
    """Answer questions until there are no more."""
    _limit_memory()
    shelf = _Shelf()
    for line in sys.stdin.buffer:
        what, path, inside, start = json.loads(line)
        _limit_seconds()
        begun = time.process_time()
        try:
            reply = shelf.answer(what, path, tuple(inside), start)
        except UnreadableError as error:
            reply = {"problem": str(error)}
        except MemoryError:
            reply = {"problem": TOO_MUCH}
        except _CANNOT_BE_READ as error:
            reply = {"problem": DAMAGED if what == "entries" else _why(error)}
        reply["seconds"] = time.process_time() - begun
        data = json.dumps(reply).encode()
        sys.stdout.buffer.write(len(data).to_bytes(8, "little") + data)
        sys.stdout.buffer.flush()


def _why(error: Exception) -> str:
    return f"cannot be read: {type(error).__name__}"


class _Shelf:
    """The zips that are open: those that the last file lay in."""

    def __init__(self) -> None:
        self.path = ""
        self.open: dict[tuple[int, ...], zipfile.ZipFile] = {}
        self.last: tuple[str, tuple[int, ...], bytes] | None = None

    def answer(self, what: str, path: str, inside: tuple[int, ...], start: int) -> dict[str, Any]:
        """Return what is asked of a file."""
        if what == "entries":
            return self.entries(path, inside, start)
        if what == "first name":
            return {"name": _parts(_first_name(path))}
        if what == "text":
            data = self.read(path, inside, MAX_TEXT)
            return {"text": data.decode("utf-8-sig")}
        last, self.last = self.last, None
        if what == "notebook" and last and last[:2] == (path, inside):
            data = last[2]  # whose digest has just been told
        else:
            last = None  # it may be large
            data = self.read(path, inside, MAX_BYTES)
        digest = hashlib.sha256(data).hexdigest()
        if what == "digest":
            self.last = path, inside, data
            return {"digest": digest}
        return {"digest": digest, "cells": read_cells(data)}

    def read(self, path: str, inside: tuple[int, ...], most: int) -> bytes:
        """Return what a file holds, if that is not too much and may be a notebook or a zip."""
        with self.stream(path, inside) as stream:
            data: bytes = stream.read(64)
            if most == MAX_BYTES and not _may_be_one(data):  # a film need not be read to its end
                raise UnreadableError(f"not a notebook: {kind_of(data)}")
            data += stream.read(most + 1 - len(data))
        if len(data) > most:
            raise UnreadableError(TOO_LARGE if most == MAX_BYTES else "too long")
        return data

    @contextlib.contextmanager
    def stream(self, path: str, inside: tuple[int, ...]) -> Any:
        """Open a file, on disk or in a zip."""
        if inside:
            archive = self.archive(path, inside[:-1])
            with archive.open(archive.infolist()[inside[-1]]) as file:
                yield file
        else:
            with Path(path).open("rb") as file:
                yield file

    def archive(self, path: str, inside: tuple[int, ...]) -> zipfile.ZipFile:
        """Open a zip, which may lie in another."""
        if path != self.path:
            self.path, self.open = path, {}
        for key in [key for key in self.open if key != inside[: len(key)]]:
            del self.open[key]
        if inside not in self.open:
            if inside:
                file: Any = io.BytesIO(self.read(path, inside, MAX_BYTES))
            else:
                file = path
            archive = zipfile.ZipFile(file)
            if len(archive.infolist()) > MAX_ENTRIES:
                raise UnreadableError(f"a zip file of more than {MAX_ENTRIES} files")
            self.open[inside] = archive
        return self.open[inside]

    def entries(self, path: str, inside: tuple[int, ...], start: int) -> dict[str, Any]:
        """Return what a zip says that it holds."""
        archive = self.archive(path, inside)
        told = []
        all_of_it = archive.infolist()
        for number, (entry, name) in enumerate(zip(all_of_it, names_of(all_of_it), strict=True)):
            if not entry.is_dir() and (parts := _parts(name)):
                told.append((number, parts, entry.file_size, _when(entry), _problem(entry)))
        return {"entries": told[start : start + _TOLD], "of": len(told)}


def _may_be_one(head: bytes) -> bool:
    """Return whether a file that begins so may be a notebook or a zip."""
    head = head.removeprefix(b"\xef\xbb\xbf").strip()
    return not head or head.startswith((b"{", b"PK"))


def _parts(name: str) -> list[str]:
    """Take a name apart; drives, "..", and leading slashes are no part of a label."""
    parts = name[:4096].replace("\\", "/").split("/")
    return [part for part in parts if part not in ("", ".", "..")]


def _problem(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & 1:
        return "locked with a password"
    if (entry.external_attr >> 16) & 0o170000 == 0o120000:
        return "a link, which is not followed"
    return ""


def _when(entry: zipfile.ZipInfo) -> float:
    try:
        return datetime(*entry.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _first_name(path: str) -> str:
    """Return the name with which a zip begins, even if its end is missing."""
    with Path(path).open("rb") as file:
        head = file.read(30)
        if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
            return ""
        entry = zipfile.ZipInfo("x")
        entry.flag_bits = int.from_bytes(head[6:8], "little")
        raw = file.read(int.from_bytes(head[26:28], "little"))
    entry.orig_filename = raw.decode("utf-8" if entry.flag_bits & 0x800 else "cp437", "replace")
    return names_of([entry])[0]


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_seconds() -> None:
    """Let the kernel end this process when a file takes too long: no signal handler would run."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        most = int(time.process_time()) + 1 + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
