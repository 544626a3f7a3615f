"""The warm process: imports once, then forks a fresh, powerless process for each submission.

It is the first process in the sandbox that bubblewrap makes, and speaks with the grader through
pipes that no fork keeps. Each submission gets its own process, mount and IPC namespaces (so nothing
of it can be seen, signalled or left behind by another), an unprivileged user, no capabilities, and
limits.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import os
import pathlib
import pickle
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from . import student

_libc = ctypes.CDLL(None, use_errno=True)
_NEW = {"pid": 0x20000000, "mounts": 0x00020000, "ipc": 0x08000000}
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 1, 2, 4, 0x4000, 0x40000
_DUMPABLE, _BOUNDING_DROP, _NO_NEW_PRIVILEGES, _AMBIENT, _AMBIENT_CLEAR = 4, 24, 38, 47, 4

MAX_OUTPUT = 64 * 2**20  # bytes of records from one submission
MAX_PROCESSES = 64
MAX_FILE = 32 * 2**20
SCRATCH = "size=48m,nr_inodes=4096,mode=1777"
FIRST_USER = 64_000  # when started by root: the user of a submission is this plus a job's number


def main(job: int) -> None:
    """Serve tasks until the grader closes the pipe.

    Parameters
    ----------
    job : int
        Which of the jobs that run side by side this is.
    """
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    student.silence()
    _prctl(_DUMPABLE, 0)  # no process of the same user may look into this one
    setup = read(asked)
    os.environ.update(setup["environment"])
    for module in setup["imports"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    shell = student.make_shell()
    _blind_the_checks()
    write(answers, {"end": "ready"})
    while True:
        try:
            task = student.Task.from_message(read(asked))
        except EOFError:
            return
        found = _found if setup["isolated"] else _found_openly
        write(answers, _serve(task, shell, job, found, (asked.fileno(), answers.fileno())))


def read(stream: BinaryIO) -> Any:
    """Read a message; its sender is trusted. EOFError where there is none."""
    size = stream.read(8)
    if len(size) < 8:
        raise EOFError
    return pickle.loads(stream.read(int.from_bytes(size, "little")))


def write(stream: BinaryIO, message: Any) -> None:
    """Send a message. The grader reads it as plain data, see `sandbox`."""
    end, records = message.get("end", ""), message.get("records", b"")
    head = f"{end}\n".encode()
    stream.write((len(head) + len(records)).to_bytes(8, "little") + head + records)
    stream.flush()


def _blind_the_checks() -> None:
    """Let the checks in a notebook say nothing: what they need is not in the sandbox."""
    import utils
    from utils import predictions

    def nothing(*arguments: Any, **keywords: Any) -> None: ...

    for name in ("check", "progress", "predict", "settle"):
        setattr(utils, name, nothing)
    predictions.predict = predictions.settle = nothing


def _serve(
    task: student.Task,
    shell: Any,
    job: int,
    found: Callable[..., NoReturn],
    private: tuple[int, int],
) -> dict[str, Any]:
    """Run one submission to its end, or to the end of our patience; leave nothing of it."""
    results, out = os.pipe()
    pids, tell_pid = os.pipe()
    first = os.fork()
    if first == 0:
        for descriptor in (*private, results, pids):
            os.close(descriptor)
        found(task, shell, job, out, tell_pid)
    os.close(out)
    os.close(tell_pid)
    number = os.read(pids, 8)
    os.close(pids)
    try:
        if not number:
            return {"end": "no namespaces"}
        return _collect(results, task)
    finally:
        if number:
            # The first process of its namespace: the kernel ends all others with it. Without
            # namespaces, the leader of a group that everything has stayed in, or not.
            for end in (os.kill, os.killpg):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    end(int.from_bytes(number, "little"), signal.SIGKILL)
        os.waitpid(first, 0)
        os.close(results)


def _collect(results: int, task: student.Task) -> dict[str, Any]:
    """Gather records until they end, are too many, or time or memory is up."""
    chunks: list[bytes] = []
    size = 0
    now = time.monotonic()
    # The submission keeps to its limits by itself; these hold for one that does not.
    patience = task.seconds + 5
    deadline = now + patience + task.seconds * (len(task.cells) + len(task.exercises))
    last, next_look, resting = now, now, _tree_memory()
    end = "done"
    while True:
        ready = select.select([results], [], [], 0.05)[0]
        now = time.monotonic()
        if ready:
            chunk = os.read(results, 2**20)
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
            last = now
        if size > MAX_OUTPUT:
            end = "too much output"
            break
        if now > deadline or now - last > patience:
            end = "timeout"
            break
        if now >= next_look:
            next_look = now + 0.1
            if _tree_memory() - resting > task.memory:
                end = "memory"
                break
    return {"end": end, "records": b"".join(chunks)[:MAX_OUTPUT]}


def _tree_memory() -> int:
    """Return the bytes of memory that all processes here have beyond what they share with this one."""
    page = os.sysconf("SC_PAGE_SIZE")
    own, total = _resident("self"), 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            total += max(0, _resident(process.name) - own)
    return total * page


def _resident(process: str) -> int:
    """Return the pages of a process that are in memory; 0 if it has gone."""
    try:
        with pathlib.Path(f"/proc/{process}/statm").open(encoding="ascii") as file:
            return int(file.read().split()[1])
    except (OSError, IndexError):
        return 0


def _found(task: student.Task, shell: Any, job: int, out: int, tell_pid: int) -> NoReturn:
    """Make the namespaces and their first process, and wait for it."""
    try:
        _check(_libc.unshare(_NEW["pid"] | _NEW["mounts"] | _NEW["ipc"]))
        first = os.fork()
        if first == 0:
            os.close(tell_pid)
            _first_process(task, shell, job, out)
        os.write(tell_pid, first.to_bytes(8, "little"))
        os.close(tell_pid)
        os.close(out)
        os.waitpid(first, 0)
    finally:
        os._exit(0)


def _found_openly(task: student.Task, shell: Any, job: int, out: int, tell_pid: int) -> NoReturn:
    """Run the submission without isolation: limits and a process group, no more."""
    try:
        os.setsid()
        os.write(tell_pid, os.getpid().to_bytes(8, "little"))
        os.close(tell_pid)
        _limit(task.memory)
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            student.attend(task, shell, out)
    finally:
        os._exit(0)


def _first_process(task: student.Task, shell: Any, job: int, out: int) -> NoReturn:
    """Furnish the namespaces, give up all power, and look after orphans while the student works."""
    try:
        _limit(task.memory)
        _check(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None))
        for place in (b"/tmp", b"/dev/shm"):
            _mount_empty(place, _MS_NOSUID | _MS_NODEV, SCRATCH.encode())
        _mount_empty(b"/proc", _MS_NOSUID | _MS_NODEV | _MS_RDONLY, b"size=4k")
        os.chdir("/tmp")
        _give_up_power(job)
        work = os.fork()
        if work == 0:
            os.setsid()
            student.attend(task, shell, out)
            os._exit(0)
        os.close(out)
        while True:
            try:
                if os.wait()[0] == work:
                    break
            except ChildProcessError:
                break
    finally:
        os._exit(0)


def _limit(memory: int) -> None:
    """Bound what one process may use; all together are watched by `_collect`."""
    limits = {
        resource.RLIMIT_DATA: _data_size() + memory,
        resource.RLIMIT_FSIZE: MAX_FILE,
        resource.RLIMIT_NPROC: MAX_PROCESSES,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # lower already
            resource.setrlimit(which, (most, most))


def _data_size() -> int:
    """Return the bytes of data that this process has reserved."""
    try:
        with pathlib.Path("/proc/self/status").open(encoding="ascii") as file:
            found = [line.split()[1] for line in file if line.startswith("VmData:")]
        return int(found[0]) * 1024
    except (OSError, IndexError):  # not Linux
        return 2**30


def _give_up_power(job: int) -> None:
    """Become a user without capabilities who can't gain any."""
    for capability in range(64):
        if _libc.prctl(_BOUNDING_DROP, capability, 0, 0, 0) and ctypes.get_errno() == errno.EINVAL:
            break  # the last one has been dropped
    if os.getuid() == 0:
        user = FIRST_USER + job
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _prctl(_AMBIENT, _AMBIENT_CLEAR)
    version_3, this_process = 0x20080522, 0
    _check(_libc.capset((ctypes.c_uint32 * 2)(version_3, this_process), (ctypes.c_uint32 * 6)()))
    _prctl(_NO_NEW_PRIVILEGES, 1)


def _mount_empty(place: bytes, flags: int, options: bytes) -> None:
    """Cover a folder with an empty one in memory."""
    _check(_libc.mount(b"tmpfs", place, b"tmpfs", flags, options))


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, value, 0, 0, 0))


def _check(failed: int) -> None:
    """Raise OSError if a C function says so."""
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main(int(sys.argv[1]))
