"""The warm process: imports once, then forks a fresh, powerless process for each submission.

It is the first process in the sandbox that bubblewrap makes, and speaks with the grader through
pipes that no fork keeps. Each submission gets its own process, mount, network and IPC namespaces (so
nothing of it can be seen, signalled or left behind by another), an unprivileged user, no
capabilities, and limits.

What a submission costs is mostly to copy this process, so it stays small: what draws, by far the
largest of all that it has ready, waits in a copy of it, for the submissions that speak of figures.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import importlib
import importlib.util
import os
import pickle
import resource
import select
import signal
import sys
import tempfile
import time
import types
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NoReturn

from course.judge.run import Status

from . import student, syscalls

_libc = ctypes.CDLL(None, use_errno=True)
_NEW = {"pids": 0x20000000, "mounts": 0x00020000, "ipc": 0x08000000, "net": 0x40000000}
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_BIND = 1, 2, 4, 0x1000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PARENT_DEATH, _DUMPABLE, _BOUNDING_DROP, _NO_NEW_PRIVILEGES = 1, 4, 24, 38
_AMBIENT, _AMBIENT_CLEAR = 47, 4

MAX_OUTPUT = 16 * 2**20  # bytes of records from one submission
MAX_PROCESSES = 64
MAX_FILE = 32 * 2**20
PATIENCE = 3  # seconds beyond a limit, after which what should keep to it is no longer believed to
# Bytes that a socket's buffer may hold: twice the default size, which `syscalls` lets nobody change.
SOCKET_BUFFERS = 2 * 212_992
_UNFURNISHED = 78  # exit status of a first process that could not make its place
FIGURES = "utils.plots"
# Which of the two a task is for, as the grader says before it.
PLAIN, WITH_FIGURES = b"p", b"f"
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
    _load([name for name in setup["imports"] if name != FIGURES])
    shell = student.make_shell()
    _blind_the_checks()
    _load_when_used(FIGURES)
    student.rehearse(shell)
    private = [asked.fileno(), answers.fileno()]
    desk = Desk(asked, answers, shell, setup["isolated"], setup["group"], private)
    desk.settle()
    write(answers, {"end": "ready"})
    draws: tuple[int, int] | None = None
    while kind := os.read(asked.fileno(), 1):
        if kind == PLAIN:
            done = desk.serve()
        else:
            draws = draws or _with_figures(desk)
            os.write(draws[1], kind)
            done = os.read(draws[0], 1) == kind
        if not done:
            return  # not to be trusted any more


def _load(modules: Sequence[str]) -> None:
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def _load_when_used(name: str) -> None:
    """Let a module be there, and load itself when something is asked of it."""
    spec = importlib.util.find_spec(name)
    if name in sys.modules or spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    package, _, last = name.rpartition(".")
    setattr(sys.modules[package], last, module)


def _with_figures(desk: Desk) -> tuple[int, int]:
    """Make a copy of this process that has what draws; return what hears of it and what tells it."""
    told, tell = os.pipe()
    heard, answer = os.pipe()
    copy = os.fork()
    if copy:
        for descriptor in (told, answer):
            os.close(descriptor)
        desk.private += [heard, tell]
        desk.residents.add(copy)
        return heard, tell
    try:
        _prctl(_PARENT_DEATH, signal.SIGKILL)
        for descriptor in (heard, tell):
            os.close(descriptor)
        desk.private += [told, answer]
        with contextlib.suppress(ImportError):
            getattr(sys.modules.get(FIGURES), "show", None)  # which loads it
        desk.settle()
        while kind := os.read(told, 1):
            if not desk.serve():
                break
            os.write(answer, kind)
    finally:
        os._exit(1)


@dataclass
class Desk:
    """Where one submission after another is served.

    Attributes
    ----------
    asked, answers : file
        From and to the grader.
    shell : InteractiveShell
    isolated : bool
    group : sequence of int
        See `_serve`.
    private : list of int
        The descriptors, of those and others, that no submission may have.
    residents : set of int
        The processes that are none of a submission's.
    resident, data : int
        Bytes that this process has in memory, and that it has reserved for data.
    ours : sequence of str
        The modules that a submission is not to find.
    refusal : Refusal
    """

    asked: BinaryIO
    answers: BinaryIO
    shell: Any
    isolated: bool
    group: Sequence[int]
    private: list[int]
    residents: set[int] = field(default_factory=lambda: {1})  # bubblewrap's own
    resident: int = 0
    data: int = 2**30
    ours: Sequence[str] = ()
    refusal: syscalls.Refusal = field(default_factory=syscalls.Refusal)

    def settle(self) -> None:
        """Be ready to be copied, often and cheaply."""
        self.residents.add(os.getpid())
        with contextlib.suppress(OSError):  # not Linux
            status = _said("/proc/self/status")
            self.resident, self.data = _size_in(status, b"VmRSS"), _size_in(status, b"VmData")
        self.ours = [name for name in sys.modules if name.partition(".")[0] in ("course", "inside")]
        # A page that nobody writes to is never copied: no collector goes over what is here now.
        gc.collect()
        gc.freeze()

    def serve(self) -> bool:
        """Serve one submission; return whether all is well.

        Nothing of it, neither its code nor its results, comes into this process: the next one is a
        copy of it, and could find it in its memory.
        """
        keeper = os.fork()
        if keeper == 0:
            self._keep()
        return os.waitpid(keeper, 0)[1] == 0

    def _keep(self) -> NoReturn:
        """Take one submission, run it, answer, and end."""
        done = False
        gc.disable()  # all of it is soon over
        _prctl(_PARENT_DEATH, signal.SIGKILL)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # see Sandbox.close
        try:
            task = student.Task.from_message(read(self.asked))
            isolated = self.isolated
            place = contextlib.nullcontext(SCRATCH) if isolated else tempfile.TemporaryDirectory()
            with place as scratch:
                write(self.answers, _serve(task, scratch, self))
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

    for name in ("check", "progress", "summary", "predict", "settle", "start_over"):
        setattr(utils, name, nothing)
    predictions.predict = predictions.settle = nothing


def _hide_the_course(desk: Desk) -> None:
    """Leave no way by name from a submission to what runs beside it, which holds nothing for it.

    That keeps nobody out who looks for it: what counts is that nothing in here decides.
    """
    for name in desk.ours:
        sys.modules.pop(name, None)
    sys.modules["course"] = types.ModuleType("course")


def _serve(task: student.Task, scratch: str, desk: Desk) -> dict[str, Any]:
    """Run one submission to its end, or to the end of our patience; leave nothing of it.

    `desk.group` holds two descriptors of a control group, where there is one: what moves a process
    into it, and what counts the processes that were killed for want of memory.
    """
    isolated, group = desk.isolated, desk.group
    if isolated and _libc.unshare(_NEW["pids"] | _NEW["ipc"]):  # for what is forked from here on
        return {"end": "no namespaces"}
    killed = _killed_for_memory(group)
    results, out = os.pipe()
    first = os.fork()
    if first == 0:
        if group:
            with contextlib.suppress(OSError):
                os.write(group[0], b"0")
        for descriptor in (*desk.private, *group, results):
            os.close(descriptor)
        (_first_process if isolated else _only_process)(scratch, task, desk, out)
    os.close(out)
    try:
        message = _collect(results, task, Meter(first, isolated, desk.residents))
    finally:
        # The first process of its namespace: the kernel ends all others with it. Without
        # namespaces, the leader of a group that everything has stayed in, or not.
        for end in (os.kill, os.killpg):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(first, signal.SIGKILL)
        status = os.waitpid(first, 0)[1]
        os.close(results)
    if _killed_for_memory(group) > killed:
        message["end"] = Status.MEMORY
    return {"end": "no namespaces"} if status == _UNFURNISHED << 8 else message


def _killed_for_memory(group: Sequence[int]) -> int:
    """Return how many processes of a control group were killed for want of memory."""
    if not group:
        return 0
    with contextlib.suppress(OSError, ValueError):
        for line in os.pread(group[1], 4096, 0).splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
    return 0


def _collect(results: int, task: student.Task, meter: Meter) -> dict[str, Any]:
    """Gather records until they end, are too many, or time or memory is up."""
    chunks: list[bytes] = []
    size = 0
    now = time.monotonic()
    # The submission keeps to its limits by itself; this holds for one that does not.
    deadline = now + 5 + task.seconds * (student.ALL_CELLS + len(task.exercises))
    alive, next_look = now, now + meter.pause
    end = Status.DONE
    ended = select.poll()
    ended.register(results, 0)  # it tells of the end, and does not wake us for each record
    while True:
        ended.poll(20)
        now = time.monotonic()
        if select.select([results], [], [], 0)[0]:
            chunk = os.read(results, 2**20)
            if not chunk:
                break
            alive = now
            chunks.append(chunk)
            size += len(chunk)
        if size > MAX_OUTPUT:
            end = Status.FLOODED
            break
        # Whatever it does, it tells that it begins, and the copy that stands by when it gives up.
        if now > deadline or now > alive + task.seconds + PATIENCE:
            end = Status.TIMEOUT
            break
        if now >= next_look:
            if meter.is_over(task.memory):
                end = Status.MEMORY
                break
            next_look = time.monotonic() + max(meter.pause, 10 * (time.monotonic() - now))
    return {"end": end, "records": b"".join(chunks)[:MAX_OUTPUT]}


class Meter:
    """Counts the memory of a submission, as far as it can be seen.

    Parameters
    ----------
    first : int
        Its first process.
    isolated : bool
        Whether that has namespaces of its own.
    residents : collection of int
        Processes beside it that are none of a submission's.
    """

    def __init__(self, first: int, isolated: bool, residents: Collection[int]) -> None:
        self.first, self.isolated = first, isolated
        self.pause = 0.03 if isolated else 0.25  # seconds from look to look
        self._ours = {os.getpid(), *residents}

    def is_over(self, memory: int) -> bool:
        """Return whether all its processes together have more than so many bytes.

        What they share is counted more than once at first, which is soon done, and precisely where
        that is too much: a process and the copy that stands by share nearly all they have.
        """
        processes = self._processes()
        elsewhere = self._in_files() + self._in_sockets()
        sizes = [_sizes(process) for process in processes]
        if elsewhere + sum(resident + tables for resident, tables in sizes) <= memory:
            return False
        for process, (resident, tables) in zip(processes, sizes, strict=True):
            elsewhere += tables + min(resident, _share(process, resident))
        return elsewhere > memory

    def _processes(self) -> list[str]:
        """Return the processes of the submission."""
        try:
            found = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  # fast
        except OSError:  # not Linux
            return []
        if self.isolated:
            return [name for name in found if int(name) not in self._ours]
        return [name for name in found if self.first in _kin(name)]

    def _in_files(self) -> int:
        """Return the bytes of the files in memory."""
        total = 0
        if self.isolated:
            for place in (SCRATCH, "/dev/shm"):
                with contextlib.suppress(OSError):
                    found = os.statvfs(f"/proc/{self.first}/root{place}")
                    total += (found.f_blocks - found.f_bfree) * found.f_frsize
        return total

    def _in_sockets(self) -> int:
        """Return the most that all sockets of its network namespace can hold, open or not."""
        if self.isolated:
            with contextlib.suppress(OSError):
                lines = _said(f"/proc/{self.first}/net/unix").count(b"\n")
                return max(0, lines - 1) * SOCKET_BUFFERS
        return 0


def _sizes(process: str) -> tuple[int, int]:
    """Return the bytes of a process in memory, and of its page tables; 0 if it has gone."""
    with contextlib.suppress(OSError):
        status = _said(f"/proc/{process}/status")
        return _size_in(status, b"VmRSS"), _size_in(status, b"VmPTE")
    return 0, 0


def _size_in(status: bytes, name: bytes) -> int:
    """Return the bytes that a status gives by this name; what a process calls itself is no line."""
    value = status.partition(b"\n" + name + b":")[2].lstrip().partition(b" ")[0]
    return 1024 * int(value) if value.isdigit() else 0


def _share(process: str, otherwise: int) -> int:
    """Return a process's bytes, of pages that several have its share."""
    with contextlib.suppress(OSError, IndexError):
        text = _said(f"/proc/{process}/smaps_rollup")
        return 1024 * int(text.partition(b"\nPss:")[2].split()[0])
    return otherwise


def _kin(process: str) -> tuple[int, ...]:
    """Return a process's own number, and those of its parent, group and session."""
    try:
        text = _said(f"/proc/{process}/stat")
    except OSError:
        return ()
    return int(process), *map(int, text.rpartition(b") ")[2].split()[1:4])


def _said(path: str) -> bytes:
    """Return what one of the kernel's files says.

    It uses little of Python: a copy of a process pays for all that it touches.
    """
    descriptor, chunks = os.open(path, os.O_RDONLY), list[bytes]()
    try:
        while chunk := os.read(descriptor, 2**16):
            chunks.append(chunk)
    finally:
        os.close(descriptor)
    return b"".join(chunks)


def _only_process(scratch: str, task: student.Task, desk: Desk, out: int) -> NoReturn:
    """Run the submission without isolation: limits and a process group, no more."""
    try:
        gc.enable()
        os.setsid()
        _limit(task.memory, desk)
        os.chdir(scratch)
        student.attend(task, desk.shell, out)
    finally:
        os._exit(0)


def _first_process(scratch: str, task: student.Task, desk: Desk, out: int) -> NoReturn:
    """Furnish the namespaces, give up all power, and look after orphans while the student works."""
    status = _UNFURNISHED
    try:
        _limit(task.memory, desk)
        _check(_libc.unshare(_NEW["mounts"] | _NEW["net"]))  # a network where nothing is up
        _check(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None))
        for place in (scratch.encode(), b"/dev/shm"):
            _mount_empty(place, _MS_NOSUID | _MS_NODEV, SCRATCH_SIZE)
        _mount_empty(b"/proc", _MS_NOSUID | _MS_NODEV | _MS_RDONLY, b"size=4k")
        # Shared memory that no process need have mapped would escape the `Meter`.
        _check(_libc.mount(b"/dev/null", b"/dev/zero", None, _MS_BIND, None))
        os.chdir(scratch)
        _give_up_power(desk.refusal)
        _hide_the_course(desk)
        status = 0
        if os.fork() == 0:
            try:
                gc.enable()
                os.setsid()
                student.attend(task, desk.shell, out)
            finally:
                os._exit(student.FINISHED)
        os.close(out)
        with contextlib.suppress(ChildProcessError):  # nobody is left
            while os.waitstatus_to_exitcode(os.wait()[1]) != student.FINISHED:
                pass  # an orphan, or one whose copy goes on in its place
    finally:
        os._exit(status)


def _limit(memory: int, desk: Desk) -> None:
    """Bound what one process may use; all together are watched by `_collect`.

    What it has already counts too. One process alone meets its own bound first, as a MemoryError:
    that costs a cell, and the other bound all the rest.
    """
    more = max(memory // 4, memory - desk.resident - 32 * 2**20)
    limits = {
        resource.RLIMIT_DATA: desk.data + more,
        resource.RLIMIT_FSIZE: MAX_FILE,
        resource.RLIMIT_NPROC: MAX_PROCESSES,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # lower already
            resource.setrlimit(which, (most, most))


def _give_up_power(refusal: syscalls.Refusal) -> None:
    """Become a user without capabilities who can't gain any."""
    for capability in range(64):
        if _libc.prctl(_BOUNDING_DROP, capability, 0, 0, 0) and ctypes.get_errno() == errno.EINVAL:
            break  # the last one has been dropped
    if os.getuid() == 0:
        user = USERS[int.from_bytes(os.urandom(4), "little") % len(USERS)]
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _prctl(_AMBIENT, _AMBIENT_CLEAR)
    version_3, this_process = 0x20080522, 0
    _check(_libc.capset((ctypes.c_uint32 * 2)(version_3, this_process), (ctypes.c_uint32 * 6)()))
    _prctl(_NO_NEW_PRIVILEGES, 1)
    refusal.apply()


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
