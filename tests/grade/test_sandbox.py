"""What the sandbox shows, how it ends, and the control group that it runs in."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from course.grade import cgroup, sandbox
from course.grade.inside.student import Questions, Task
from course.grade.sandbox import IsolationError, Sandbox


def listed(hidden: list[Path], place: Path) -> set[str]:
    """Return the files that a sandbox shows below a folder."""
    command = [*sandbox._bubblewrap(hidden), "find", str(place), "-type", "f"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {str(Path(line).relative_to(place)) for line in done.stdout.splitlines()}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolation: None) -> Path:
    """Return a course's folder with a Python in it."""
    root = tmp_path / "course"
    for name in (
        ".git/config", "tests/test_x.py", "solutions/02.ipynb", "lessons/02.ipynb", "README.md",
        "utils/__init__.py", "data/a.csv", "course/judge/judge.py", "course/judge/run.py",
        "course/judge/honesty.py", "course/exercises/drives.py", "course/exercises/readings.py",
        "bin/python", "lib/site-packages/numpy.py", "pyvenv.cfg",
        ".venv/bin/python", ".venv/lib/site-packages/numpy.py",
    ):  # fmt: skip
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    monkeypatch.setattr(sandbox, "_ROOT", root)
    return root


def with_python_in(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    given = list(sandbox._python_folders())

    def more() -> Iterator[Path]:
        yield from (*folders, *given)

    monkeypatch.setattr(sandbox, "_python_folders", more)


def test_a_virtual_environment_in_the_course_shows_nothing_else_of_it(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_python_in(monkeypatch, course / ".venv")
    shown = {".venv/bin/python", ".venv/lib/site-packages/numpy.py"}
    assert listed([course / "solutions"], course) == shown


def test_a_course_that_is_a_virtual_environment_shows_python_alone(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_python_in(monkeypatch, course, course / "lib" / "site-packages")
    shown = {"bin/python", "lib/site-packages/numpy.py", "pyvenv.cfg"}
    assert listed([course / "solutions", course / "out"], course) == shown


def test_a_course_inside_a_folder_that_is_shown_is_hidden(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_python_in(monkeypatch, course.parent, course / ".venv")
    (course.parent / "other.txt").write_text("x", encoding="utf-8")
    shown = {"other.txt", "course/.venv/bin/python", "course/.venv/lib/site-packages/numpy.py"}
    assert listed([], course.parent) == shown


def test_of_the_course_there_is_what_runs_beside_an_answer(course: Path) -> None:
    shown = {name for name in listed([], Path("/course")) if not name.startswith("inside/")}
    assert shown == {
        "utils/__init__.py", "data/a.csv", "course/judge/run.py", "course/judge/honesty.py",
        "course/exercises/drives.py",
    }  # fmt: skip


def running(mark: str) -> list[int]:
    """Return the processes whose command holds a word."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                if mark.encode() in (place / "cmdline").read_bytes():
                    found.append(int(place.name))
            except OSError:
                continue
    return found


@pytest.mark.parametrize("after", [0.0, 0.001, 0.003, 0.006, 0.012, 0.03])
def test_a_sandbox_closed_while_it_starts_leaves_nothing(
    isolation: None, monkeypatch: pytest.MonkeyPatch, after: float
) -> None:
    mark = uuid.uuid4().hex
    monkeypatch.setitem(sandbox._ENVIRONMENT, "MARK", mark)
    for _ in range(3):
        box = Sandbox()
        thread = threading.Thread(target=try_one, args=[box])
        thread.start()
        end = time.monotonic() + 20
        while not running(mark) and time.monotonic() < end:
            pass
        time.sleep(after)
        box.close()
        thread.join(60)
        assert not thread.is_alive()
        assert_nothing_is_left(mark)


def try_one(box: Sandbox) -> None:
    with contextlib.suppress(IsolationError):
        box.run(Task([], [], 1, 2**30))


def assert_nothing_is_left(mark: str, but: Sequence[int] = ()) -> None:
    end = time.monotonic() + 30
    while (left := set(running(mark)) - {*but}) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left


GRADER = """
import sys, time
from course.grade import sandbox
sandbox._ENVIRONMENT["MARK"] = sys.argv[1]
sandbox.Sandbox().start()
time.sleep(600)
"""


@pytest.mark.parametrize("after", [0.0, 0.002, 0.005, 0.01, 0.02])
@pytest.mark.parametrize("who", ["the grader", "bubblewrap"])
def test_whoever_is_killed_while_a_sandbox_starts_leaves_nothing(
    isolation: None, who: str, after: float
) -> None:
    for _ in range(3):
        mark = uuid.uuid4().hex
        grader = subprocess.Popen([sys.executable, "-c", GRADER, mark])
        try:
            while not (found := [p for p in running(mark) if is_bubblewrap(p)]):
                assert grader.poll() is None
            time.sleep(after)
            with contextlib.suppress(ProcessLookupError):
                os.kill(grader.pid if who == "the grader" else min(found), signal.SIGKILL)
            if who == "bubblewrap":
                assert_nothing_is_left(mark, but=[grader.pid])
        finally:
            grader.kill()
            grader.wait()
        assert_nothing_is_left(mark)


def is_bubblewrap(process: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"bwrap")
    return False


def test_each_submission_has_a_network_of_its_own(isolation: None) -> None:
    """A name that one has bound is free for the next, and none comes up."""
    look = (
        "import socket\nheld = socket.socket(socket.AF_UNIX)\nheld.bind('\\0taken')\n"
        "port = socket.socket()\nport.bind(('127.0.0.1', 40123))\nport.listen()\n"
        "def look():\n    return port.getsockname()[1]"
    )
    with Sandbox() as box:
        for _ in range(3):
            _, records = box.run(Task([look], [Questions("look", [()], None, ())], 10, 2**30))
            assert [int(value) for _, value in records if value is not None] == [40123]


# --- control groups: a made tree, since few machines let everybody make one


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return the `mountinfo` of a machine with groups of version 2."""
    top = tmp_path / "cgroup"
    own = top / "user" / "session"
    own.mkdir(parents=True)
    for folder, counted in ((top, "cpu memory"), (top / "user", "memory pids"), (own, "")):
        (folder / "cgroup.subtree_control").write_text(counted, encoding="ascii")
        (folder / "cgroup.procs").write_text("", encoding="ascii")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 1 0:26 / {top} rw shared:4 - cgroup2 cgroup rw\n", encoding="utf-8")
    (tmp_path / "cgroup_of").write_text("", encoding="utf-8")
    return mounts


def test_a_group_is_made_where_memory_is_counted(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tree.parent / "cgroup"
    made = []

    def mkdir(folder: Path) -> None:
        os.mkdir(folder)  # noqa: PTH102  # it stands for the kernel, which fills a new group
        made.append(folder)
        for name in ("cgroup.procs", "memory.events", "memory.max", "memory.swap.max"):
            (folder / name).write_text("oom_kill 0\n", encoding="ascii")

    monkeypatch.setattr(cgroup, "_own_group", lambda mounts: "user/session")
    monkeypatch.setattr(Path, "mkdir", mkdir)
    group = cgroup.make_group(tree)
    assert group is not None and made == [group.folder] and group.folder.parent == top / "user"
    group.limit(10 * 2**20)
    assert int((group.folder / "memory.max").read_text(encoding="ascii")) > 10 * 2**20
    assert (group.folder / "memory.swap.max").read_text(encoding="ascii") == "0"
    group.close()


def test_without_groups_there_is_none(tmp_path: Path, tree: Path) -> None:
    nowhere = tmp_path / "other"
    nowhere.write_text("30 1 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n", encoding="utf-8")
    assert cgroup.make_group(nowhere) is None
    assert cgroup.make_group(tmp_path / "nothing") is None


@pytest.mark.skipif(sys.platform != "linux", reason="groups are Linux's")
def test_a_group_of_a_grader_that_was_killed_is_removed(tree: Path) -> None:
    top = tree.parent / "cgroup"
    (top / "course-grade-999999999-a").mkdir()
    (top / f"course-grade-{os.getpid()}-b").mkdir()
    cgroup._clear(top)
    assert [p.name for p in top.glob("course-*")] == [f"course-grade-{os.getpid()}-b"]


DRAWN = """
import sys
before = "matplotlib" in sys.modules
def look():
    return [before, plots.bars.__module__ == "utils.plots.scores"]
"""


@pytest.mark.parametrize("figures", [False, True])
def test_figures_are_ready_for_whom_speaks_of_them_and_there_for_all(
    isolation: None, figures: bool
) -> None:
    ask = Questions("look", [()], None, ())
    cells = ["from utils import check, plots", DRAWN]
    with Sandbox(imports=["utils", "utils.plots"]) as box:
        _, records = box.run(Task(cells, [ask], 60, 2**30, figures))
    (value,) = (value for header, value in records if "case" in header)
    assert list(value) == [figures, True]
