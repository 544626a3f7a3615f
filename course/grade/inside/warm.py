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
import pickle
import random
import resource
import select
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from course.judge.run import Status

from . import student, syscalls

_libc = ctypes.CDLL(None, use_errno=True)
_NEW = {"pids": 0x20000000, "mounts": 0x00020000, "ipc": 0x08000000}
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_BIND = 1, 2, 4, 0x1000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PARENT_DEATH, _DUMPABLE, _BOUNDING_DROP, _NO_NEW_PRIVILEGES = 1, 4, 24, 38
_AMBIENT, _AMBIENT_CLEAR = 47, 4

MAX_OUTPUT = 16 * 2**20  # bytes of records from one submission
MAX_PROCESSES = 64
MAX_FILE = 32 * 2**20
_UNFURNISHED = 78  # exit status of a first process that could not make its place
SCRATCH = "/scratch"  # not /tmp: Python itself may lie there
SCRATCH_SIZE = b"size=48m,nr_inodes=4096,mode=1777"
# When started by root, the user of a submission is one of these at random: limits that count a
# user's processes then count those of no other submission on this machine.
USERS = range(40_000, 60_000)


def main() -> None:
    """Serve tasks until the grader closes the pipe."""
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
        # Nothing of a submission, neither its code nor its results, comes into this process: the
        # next one is a copy of it, and could find it in its memory.
        keeper = os.fork()
        if keeper == 0:
            _keep(asked, answers, shell, setup["isolated"])
        if os.waitpid(keeper, 0)[1] != 0:
            return  # no more to do, or not to be trusted any more


def _keep(asked: BinaryIO, answers: BinaryIO, shell: Any, isolated: bool) -> NoReturn:
    """Take one submission, run it, answer, and end."""
    done = False
    _prctl(_PARENT_DEATH, signal.SIGKILL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # see Sandbox.close
    try:
        task = student.Task.from_message(read(asked))
        place = contextlib.nullcontext(SCRATCH) if isolated else tempfile.TemporaryDirectory()
        with place as scratch:
            private = (asked.fileno(), answers.fileno())
            write(answers, _serve(task, shell, scratch, isolated, private))
        done = True
    finally:
        os._exit(0 if done else 1)


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
    task: student.Task, shell: Any, scratch: str, isolated: bool, private: tuple[int, int]
) -> dict[str, Any]:
    """Run one submission to its end, or to the end of our patience; leave nothing of it."""
    if isolated and _libc.unshare(_NEW["pids"] | _NEW["ipc"]):  # for what is forked from here on
        return {"end": "no namespaces"}
    results, out = os.pipe()
    first = os.fork()
    if first == 0:
        for descriptor in (*private, results):
            os.close(descriptor)
        (_first_process if isolated else _only_process)(scratch, task, shell, out)
    os.close(out)
    try:
        message = _collect(results, task)
    finally:
        # The first process of its namespace: the kernel ends all others with it. Without
        # namespaces, the leader of a group that everything has stayed in, or not.
        for end in (os.kill, os.killpg):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(first, signal.SIGKILL)
        status = os.waitpid(first, 0)[1]
        os.close(results)
    return {"end": "no namespaces"} if status == _UNFURNISHED << 8 else message


def _collect(results: int, task: student.Task) -> dict[str, Any]:
    """Gather records until they end, are too many, or time or memory is up."""
    chunks: list[bytes] = []
    size = 0
    now = time.monotonic()
    # The submission keeps to its limits by itself; this holds for one that does not.
    deadline = now + 5 + task.seconds * (student.ALL_CELLS + len(task.exercises))
    next_look, resting = now, _tree_memory()
    end = Status.DONE
    while True:
        ready = select.select([results], [], [], 0.05)[0]
        now = time.monotonic()
        if ready:
            chunk = os.read(results, 2**20)
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
        if size > MAX_OUTPUT:
            end = Status.FLOODED
            break
        if now > deadline:
            end = Status.TIMEOUT
            break
        if now >= next_look:
            next_look = now + 0.1
            if _tree_memory() - resting > task.memory and _tree_share() > task.memory:
                end = Status.MEMORY
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


def _tree_share() -> int:
    """Return the same, with pages that several processes share counted once; it takes longer.

    A process and the copy that stands by share nearly all they have.
    """
    total = -_resident("self") * os.sysconf("SC_PAGE_SIZE")
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                text = (process / "smaps_rollup").read_text(encoding="ascii")
                total += 1024 * int(text.partition("\nPss:")[2].split()[0])
            except (OSError, IndexError):
                total += _resident(process.name) * os.sysconf("SC_PAGE_SIZE")
    return total


def _resident(process: str) -> int:
    """Return the pages of a process that are in memory; 0 if it has gone."""
    try:
        with Path(f"/proc/{process}/statm").open(encoding="ascii") as file:
            return int(file.read().split()[1])
    except (OSError, IndexError):
        return 0


def _only_process(scratch: str, task: student.Task, shell: Any, out: int) -> NoReturn:
    """Run the submission without isolation: limits and a process group, no more."""
    try:
        os.setsid()
        _limit(task.memory)
        os.chdir(scratch)
        student.attend(task, shell, out)
    finally:
        os._exit(0)


def _first_process(scratch: str, task: student.Task, shell: Any, out: int) -> NoReturn:
    """Furnish the namespaces, give up all power, and look after orphans while the student works."""
    status = _UNFURNISHED
    try:
        _limit(task.memory)
        _check(_libc.unshare(_NEW["mounts"]))
        _check(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None))
        for place in (scratch.encode(), b"/dev/shm"):
            _mount_empty(place, _MS_NOSUID | _MS_NODEV, SCRATCH_SIZE)
        _mount_empty(b"/proc", _MS_NOSUID | _MS_NODEV | _MS_RDONLY, b"size=4k")
        # Shared memory that no process need have mapped would escape the count of `_tree_memory`.
        _check(_libc.mount(b"/dev/null", b"/dev/zero", None, _MS_BIND, None))
        os.chdir(scratch)
        _give_up_power()
        status = 0
        if os.fork() == 0:
            try:
                os.setsid()
                student.attend(task, shell, out)
            finally:
                os._exit(student.FINISHED)
        os.close(out)
        with contextlib.suppress(ChildProcessError):  # nobody is left
            while os.waitstatus_to_exitcode(os.wait()[1]) != student.FINISHED:
                pass  # an orphan, or one whose copy goes on in its place
    finally:
        os._exit(status)


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
        with Path("/proc/self/status").open(encoding="ascii") as file:
            found = [line.split()[1] for line in file if line.startswith("VmData:")]
        return int(found[0]) * 1024
    except (OSError, IndexError):  # not Linux
        return 2**30


def _give_up_power() -> None:
    """Become a user without capabilities who can't gain any."""
    for capability in range(64):
        if _libc.prctl(_BOUNDING_DROP, capability, 0, 0, 0) and ctypes.get_errno() == errno.EINVAL:
            break  # the last one has been dropped
    if os.getuid() == 0:
        user = random.SystemRandom().choice(USERS)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _prctl(_AMBIENT, _AMBIENT_CLEAR)
    version_3, this_process = 0x20080522, 0
    _check(_libc.capset((ctypes.c_uint32 * 2)(version_3, this_process), (ctypes.c_uint32 * 6)()))
    _prctl(_NO_NEW_PRIVILEGES, 1)
    syscalls.refuse()


def _mount_empty(place: bytes, flags: int, options: bytes) -> None:
    """Cover a folder with an empty one in memory."""
    _check(_libc.mount(b"tmpfs", place, b"tmpfs", flags, options))


def _prctl(option: int, value: int) -> None:
    if hasattr(_libc, "prctl"):  # Linux
        _check(_libc.prctl(option, value, 0, 0, 0))


def _check(failed: int) -> None:
    """Raise OSError if a C function says so."""
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
