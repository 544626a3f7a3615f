"""The sandbox seen from outside: start it, hand a submission in, get plain records back.

bubblewrap shows the warm process a system that cannot be written, Python and its packages, `utils`
and the data it loads, and of `course` what runs beside an answer; no network, no other process, none
of the instructor's files. See `inside.warm` for what each submission gets on top of that.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import course
from course.grade import keeper
from course.grade.cgroup import Cgroup, make_group
from course.grade.inside import warm, wire
from course.grade.inside.student import Questions, Task
from course.judge.run import Status

Records = list[tuple[dict[str, Any], Any]]

_ROOT = Path(course.__file__).resolve().parents[1]  # holds utils and course
_INSIDE = Path(warm.__file__).resolve().parent
# What a submission sees of `course`; there is no __init__.py, and so no way to the rest.
_SHOWN = ("judge/run.py", "judge/honesty.py", "exercises/drives.py")
_COURSE = "/course"  # where utils and that are, in there
_START = (
    f"import sys; sys.path.insert(0, '{_COURSE}'); sys.dont_write_bytecode = True; "
    "from inside import warm; warm.main()"
)
_ENVIRONMENT = {
    "HOME": warm.SCRATCH,
    "TMPDIR": warm.SCRATCH,
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "student",  # there is no list of users to ask
    "LOGNAME": "student",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": f"{warm.SCRATCH}/matplotlib",
    "COURSE_STATE": f"{warm.SCRATCH}/state",
    # One thread each: jobs share the cores, and a forked process has no others.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # joblib works in this process then: what it would start takes longer than any exercise.
    "JOBLIB_MULTIPROCESSING": "0",
    # There is no network to install anything from; pip needs a minute to find out.
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


class IsolationError(Exception):
    """There is no sandbox to be had here; the message says why and what to do."""


class Sandbox:
    """One warm process, which runs one submission at a time.

    Parameters
    ----------
    isolated : bool
        False runs submissions as the instructor's own processes.
    imports : sequence of str
        Modules to have ready, so that no submission waits for them.
    hidden : sequence of Path
        What no submission may see, should it lie in a folder that is shown, such as /usr.
    """

    def __init__(
        self,
        isolated: bool = True,
        imports: Sequence[str] = (),
        hidden: Sequence[Path] = (),
    ) -> None:
        self.isolated, self.imports = isolated, tuple(imports)
        self.hidden = tuple(hidden)
        self._process: subprocess.Popen[bytes] | None = None
        self._group: Cgroup | None = None
        self._warm = self._closed = False
        self._owned = threading.Lock()  # for whoever takes these away, to end them

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(self, task: Task) -> tuple[Status, Records]:
        """Run one submission.

        Parameters
        ----------
        task : Task

        Returns
        -------
        end : Status
            DONE; TIMEOUT, MEMORY or FLOODED where it was stopped; DAMAGED where what came out was
            no record; DIED where it brought the sandbox down.
        records : list of (header, value)
            What it told; nothing in it is to be believed, but all of it is plain data.

        Raises
        ------
        IsolationError
            If the sandbox does not start.
        """
        said, data = str(Status.DIED), b""
        for _ in range(2):
            process = self._started()
            try:
                if self._group:
                    self._group.limit(task.memory)
                _send(process, task.as_message(), warm.WITH_FIGURES if task.figures else warm.PLAIN)
                said, data = _receive(process)
                break
            except (OSError, EOFError, ValueError):  # the last, if it has been closed meanwhile
                self._stop()  # something ended the warm process; the next is as good as new
        if said == "no namespaces":
            raise IsolationError(f"this system refuses new namespaces. {_REMEDY}")
        end, records = Status(said), list[tuple[dict[str, Any], Any]]()
        try:
            for header, value in wire.unpack(data):
                if "begun" not in header:  # a sign of life, for the warm process alone
                    records.append((header, value))
        except wire.WireError:
            end = Status.DAMAGED
        return end, records

    def close(self) -> None:
        """End it, and whatever runs in it, for good. Any thread may do this."""
        self._closed = True
        self._stop()

    def _stop(self) -> str:
        """End it, if nobody else does; return the last that it had to say."""
        with self._owned:
            process, self._process = self._process, None
            group, self._group = self._group, None
        said: list[str] = []
        if process:
            if self.isolated:
                process.terminate()  # see `keeper`
            else:  # nothing else ends what runs there
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                process.kill()
            process.wait()
            assert process.stderr
            with contextlib.suppress(OSError, ValueError):
                os.set_blocking(process.stderr.fileno(), False)
                said = (process.stderr.read() or b"").decode(errors="replace").strip().splitlines()
            for stream in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):
                    assert stream
                    stream.close()
        if group:
            group.close()
        return said[-1] if said else ""

    def start(self) -> None:
        """Start it without waiting until it is warm."""
        process, group = self._start()
        with self._owned:
            self._process, self._group = process, group
            self._warm = False
        if self._closed:
            self._stop()
            raise IsolationError("the sandbox has been closed")
        setup = {
            "imports": self.imports,
            "isolated": self.isolated,
            "environment": _ENVIRONMENT if self.isolated else {},
            "group": (group.entry, group.events) if group else (),
        }
        with contextlib.suppress(OSError, ValueError):  # `_started` will see that it has ended
            _send(process, setup)

    def _started(self) -> subprocess.Popen[bytes]:
        """Return the warm process, started if it is not there."""
        if self._process is None:
            self.start()
        process = self._process
        if process is None:
            raise IsolationError("the sandbox has been closed")
        if not self._warm:
            try:
                self._warm = _receive(process)[0] == "ready"
            except (OSError, EOFError, ValueError):  # the last, if it has been closed meanwhile
                self._warm = False
            if not self._warm:
                said = self._stop()
                reason = f": {said}" if said else ""
                raise IsolationError(f"the sandbox does not start{reason}. {_REMEDY}")
        return process

    def _start(self) -> tuple[subprocess.Popen[bytes], Cgroup | None]:
        """Start the warm process; return what ends with it, and its group."""
        if not self.isolated:
            command = [sys.executable, "-c", "from course.grade.inside import warm; warm.main()"]
            environment = {**os.environ, **_ENVIRONMENT, "PYTHONPATH": str(_ROOT)}
            return _popen(command, environment), None
        group = make_group()
        kept = (group.entry, group.events) if group else ()
        try:
            warm_up = [*_bubblewrap(self.hidden), sys.executable, "-I", "-c", _START]
            return _popen(
                [sys.executable, "-I", "-S", keeper.__file__, *warm_up], None, kept
            ), group
        except BaseException:
            if group:
                group.close()
            raise


def _popen(
    command: Sequence[str], environment: dict[str, str] | None, kept: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        pass_fds=kept,
        start_new_session=True,  # Ctrl-C is ours to handle
    )


_REMEDY = (
    "Install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap) on a Linux that allows it "
    "(Ubuntu 24.04 and later: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0), or pass "
    "--isolation none if you trust every submission"
)


def look_for_isolation() -> None:
    """Raise IsolationError if there can be no sandbox here; the message says what to do."""
    if not hasattr(os, "fork"):
        raise IsolationError("grading needs Linux (on Windows: WSL) or, without isolation, macOS")
    if not shutil.which("bwrap"):
        raise IsolationError(f"bubblewrap (bwrap) is not installed. {_REMEDY}")


def probe(sandbox: Sandbox | None = None) -> None:
    """Run a trivial submission, in this sandbox or in one of its own.

    Raises
    ------
    IsolationError
        If that does not work here; the message says what to do.
    """
    look_for_isolation()
    one = Task(["one = lambda: 1"], [Questions("one", [()], None, ())], 20, 2**30)
    with contextlib.nullcontext(sandbox) if sandbox else Sandbox() as box:
        end, records = box.run(one)
    if end is not Status.DONE or [value for _, value in records] != [1, None]:
        raise IsolationError(f"a trivial submission does not run. {_REMEDY}")


def _bubblewrap(hidden: Sequence[Path]) -> list[str]:
    """Return the command that makes the sandbox, up to what runs in it."""
    root = os.getuid() == 0
    # Root is kept out of the user namespace: one that maps nobody to the real root gives root's
    # files away. `inside.warm` changes the user instead.
    power = [
        "CAP_SYS_ADMIN",
        "CAP_SYS_PTRACE",
        *(["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_KILL"] * root),
    ]
    command = ["bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    command += [f"--unshare-{what}" for what in ("pid", "net", "ipc", "uts")]
    command += ["--unshare-user"] * (not root)
    command += ["--cap-drop", "ALL", *(f for cap in power for f in ("--cap-add", cap))]
    for name, value in _ENVIRONMENT.items():
        command += ["--setenv", name, value]
    shown = _read_only_folders()
    for folder in shown:
        command += [*_parents(folder), *_bound(folder)]
    ours = {"utils": _ROOT / "utils", "inside": _INSIDE, "data": _ROOT / "data"}
    ours |= {f"course/{name}": _ROOT / "course" / name for name in _SHOWN}
    ours = {name: path for name, path in ours.items() if path.exists()}
    places = {parent for name in ours for parent in Path(_COURSE, name).parents[:-1]}
    for place in sorted(places):
        command += ["--perms", "0755", "--dir", str(place)]
    for name, path in ours.items():
        command += ["--ro-bind", str(path), f"{_COURSE}/{name}"]
    command += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", warm.SCRATCH]
    if not any(folder.is_relative_to("/tmp") for folder in shown):
        command += ["--symlink", warm.SCRATCH, "/tmp"]
    command += _covers([path.resolve() for path in hidden], shown)
    # The instructor's own user could write to these folders otherwise, and the next one read it.
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*command, "--chdir", warm.SCRATCH, "--"]


def _covers(hidden: Sequence[Path], shown: Sequence[Path]) -> Iterator[str]:
    """Cover the course, and whatever else is hidden, where a folder that is shown holds it.

    Of the course's folder the Python in it stays, where a virtual environment was made there.
    """
    python = sorted({path for path in _python_folders() if path.exists()})
    # Installed as a package, the course lies among others, which are needed.
    among_others = any(
        Path(sysconfig.get_paths()[name]) == _ROOT for name in ("purelib", "platlib")
    )
    parts = [_ROOT / name for name in ("course", "solutions", "lessons", "tests", ".git")]
    secret = {*(parts if among_others else [_ROOT]), *hidden}
    secret |= {folder / "course" for folder in python}
    covered, kept = set[Path](), set[Path]()
    for path in sorted(secret):
        inside = max((p for p in (*shown, *covered, *kept) if path.is_relative_to(p)), default=None)
        if path.is_dir() and inside is not None and (inside not in covered or inside in kept):
            needed = [p for folder in python for p in _python_in(folder) if p.is_relative_to(path)]
            yield from ("--perms", "0755", "--tmpfs", str(path))
            for each in needed:
                if not any(each.is_relative_to(other) for other in kept):
                    yield from (*_parents(each, path), "--ro-bind", str(each), str(each))
                    kept.add(each)
            yield from ("--remount-ro", str(path))
            covered.add(path)


def _python_in(folder: Path) -> list[Path]:
    """Return what of a Python's folder is Python, should the folder be that of the course."""
    if folder != _ROOT:
        return [folder]
    parts = ("bin", "lib", "lib64", "include", "share", "etc", "pyvenv.cfg")
    return [folder / name for name in parts if (folder / name).exists()]


def _read_only_folders() -> list[Path]:
    """Return the system and Python: folders to show, none inside another."""
    system = ["/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/fonts"]
    found: list[Path] = []
    for path in [*map(Path, system), *_python_folders()]:
        if path.exists() and not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found


def _python_folders() -> Iterator[Path]:
    """Yield where this Python and its packages are."""
    for name in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()):
        yield Path(name)
        yield Path(name).resolve()
    yield Path(sys.executable).resolve().parent.parent


def _bound(folder: Path) -> Iterator[str]:
    """Show a folder to everybody, as it is; what is in it, where it is closed to others itself.

    A virtual environment in a folder of root's own, such as mktemp makes, could not be read by the
    user that a submission runs as.
    """
    if folder.is_dir() and folder.stat().st_mode & 0o005 != 0o005:
        yield from ("--perms", "0755", "--dir", str(folder))
        for inside in sorted(folder.iterdir()):
            yield from ("--ro-bind", str(inside), str(inside))
    else:
        yield from ("--ro-bind", str(folder), str(folder))


def _parents(folder: Path, top: Path = Path("/")) -> Iterator[str]:
    """Make the folders above, open to everybody: bubblewrap would keep them to itself."""
    for parent in reversed([p for p in folder.parents if p.is_relative_to(top) and p != top]):
        yield from ("--perms", "0755", "--dir", str(parent))


def _send(process: subprocess.Popen[bytes], message: Any, head: bytes = b"") -> None:
    data = pickle.dumps(message)
    assert process.stdin
    process.stdin.write(head + len(data).to_bytes(8, "little") + data)
    process.stdin.flush()


def _receive(process: subprocess.Popen[bytes]) -> tuple[str, bytes]:
    """Return how it ended, and the records."""
    assert process.stdout
    size = process.stdout.read(8)
    if len(size) < 8:
        raise EOFError
    message = process.stdout.read(int.from_bytes(size, "little"))
    end, _, records = message.partition(b"\n")
    return end.decode(), records
