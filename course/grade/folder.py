"""The grades folder: one run at a time, and nobody else's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where there is no isolation either
    fcntl = None  # type: ignore[assignment]

# A folder that holds nothing but these is one of ours.
_OURS = {
    *(".lock", "journal", "backup", "feedback", "class.html", "to_mark.html", "to_mark.csv"),
    *("grades.csv", "exercises.csv", "predictions.csv", "adjustments.csv"),
    *("canvas.csv", "moodle.csv", "moodle_feedback.zip"),
}


class LockedError(Exception):
    """Another run is at work; the message is one sentence for the instructor."""


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Make the grades folder if need be, close it to others, and keep other runs out of it.

    The system forgets the lock when the process ends, however that happens.

    Parameters
    ----------
    out : Path

    Raises
    ------
    LockedError
        If another run has it, or it cannot be made.
    """
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = all(entry.name in _OURS or entry.name.endswith(".part") for entry in out.iterdir())
        with suppress(PermissionError):  # another person's, who lets us write
            if ours:
                out.chmod(0o700)
            else:  # a folder that holds other things: what is most private is closed in it
                for name in ("journal", "backup", "feedback"):
                    (out / name).mkdir(mode=0o700, exist_ok=True)
                    (out / name).chmod(0o700)
        file = (out / ".lock").open("a")
    except OSError as error:
        raise LockedError(f"{out} cannot be written to: {error.strerror}") from None
    with file:
        _lock(file, out)
        yield


def _lock(file: IO[str], out: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockedError(
            f"another course grade is at work in {out}: wait for it, or give another --out"
        ) from None
    except OSError:
        return  # a file system that knows no locks
