"""A control group for what a sandbox runs, where the kernel lets this user make one (version 2).

It counts all memory, the kernel's own for page tables, sockets and pipes as well, and no process
can leave it. Where there is none, `inside.warm` counts what it can see.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

_NAME = "course-grade-"
_SLACK = 64 * 2**20  # beyond the limit, so that one process alone meets its own limit first


class Cgroup:
    """One group, for one submission after another.

    Parameters
    ----------
    folder : Path
        Of the group, which `make_group` has made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with contextlib.suppress(OSError):  # of kernels that know of no swap, or of no groups
            (folder / "memory.swap.max").write_text("0", encoding="ascii")
        with contextlib.suppress(OSError):
            (folder / "memory.oom.group").write_text("1", encoding="ascii")
        self.entry = os.open(folder / "cgroup.procs", os.O_WRONLY)
        try:
            self.events = os.open(folder / "memory.events", os.O_RDONLY)
        except OSError:
            os.close(self.entry)
            raise

    def limit(self, memory: int) -> None:
        """Bound the memory of all that is in the group."""
        (self.folder / "memory.max").write_text(str(memory + _SLACK), encoding="ascii")

    def close(self) -> None:
        """Remove the group, once nothing is left in it."""
        for descriptor in (self.entry, self.events):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def make_group(mounts: Path = Path("/proc/self/mountinfo")) -> Cgroup | None:
    """Make a group below this process's own, or in the nearest group above that allows it.

    Parameters
    ----------
    mounts : Path
        What is mounted where.

    Returns
    -------
    Cgroup or None
        None where memory is not counted by groups of version 2, or this user may make none.
    """
    for parent in _candidates(mounts):
        _clear(parent)
        folder = parent / f"{_NAME}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        try:
            folder.mkdir()
        except OSError:
            continue
        with contextlib.suppress(OSError):
            group = Cgroup(folder)
            group.limit(2**40)
            return group
        with contextlib.suppress(OSError):
            folder.rmdir()
    return None


def _candidates(mounts: Path) -> Iterator[Path]:
    """Yield groups, the nearest first, that count their children's memory and may be written to."""
    try:
        mounted = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return
    tops = [Path(m[4]) for m in mounted if m[m.index("-") + 1] == "cgroup2"]
    for top in tops:
        place = top / _own_group(mounts)
        for group in [place, *place.parents]:
            if not group.is_relative_to(top):
                break
            with contextlib.suppress(OSError):
                counted = (group / "cgroup.subtree_control").read_text(encoding="ascii").split()
                if "memory" in counted and os.access(group / "cgroup.procs", os.W_OK):
                    yield group


def _own_group(mounts: Path) -> str:
    """Return the group of version 2 that this process is in."""
    with contextlib.suppress(OSError):
        for line in (mounts.parent / "cgroup").read_text(encoding="utf-8").splitlines():
            if line.startswith("0::"):
                return line[3:].lstrip("/")
    return ""


def _clear(parent: Path) -> None:
    """Remove the empty groups of graders that were killed."""
    for folder in parent.glob(f"{_NAME}*"):
        pid = folder.name.removeprefix(_NAME).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
