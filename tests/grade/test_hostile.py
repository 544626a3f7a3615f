"""A hostile notebook wins nothing, leaves nothing and harms nobody, with the sandbox on."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import exercises
from course.grade import scoring
from course.judge.judge import Sheet
from course.judge.run import Status
from tests.grade import hostile, made
from tests.grade.conftest import FULL, REPORTED, Grader, points


def descendants() -> list[str]:
    """Return the command of every process below this one."""
    parents, names = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            name, _, rest = stat.partition(" (")[2].rpartition(") ")
            names[int(entry.name)], parents[int(entry.name)] = name, int(rest.split()[1])
    below = {os.getpid()}
    while found := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= found
    return sorted(names[pid] for pid in below - {os.getpid()})


def left_over(idle: list[str]) -> list[str]:
    """Return the processes, should they not become the idle ones, after a moment for their end."""
    for _ in range(250):
        found = descendants()
        if found == idle:
            return []
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def idle(grader: Grader) -> list[str]:
    """Return the processes while no submission runs; other tests' may be among them."""
    grader.key("02")  # the sandbox starts with its first task
    for _ in range(250):
        found = descendants()
        time.sleep(0.1)
        # Its own are two of bubblewrap, the warm one, and one that waits for a submission.
        if len(found) >= 4 and found == descendants():
            return found
    raise AssertionError(f"the sandbox does not come to rest: {found}")


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder of the instructor's, open to all as far as the file system goes."""
    folder = tmp_path_factory.mktemp("outside")
    for path in (folder, *list(folder.parents)[:2]):
        path.chmod(0o777)
    solved = "import numpy as np\n" + "\n".join(made.answers().values())
    for name, text in {"grades.csv": "student,02\n", "solved.py": solved}.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o666)
    yield folder


def state_of(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_there_are_enough_of_them() -> None:
    assert len(hostile.NOTEBOOKS) >= 60


@pytest.mark.parametrize("name", hostile.NOTEBOOKS)
def test_a_hostile_notebook_wins_and_leaves_nothing(
    grader: Grader, idle: list[str], outside: Path, name: str
) -> None:
    files = state_of(outside)
    cells = [cell.replace("{outside}", str(outside)) for cell in hostile.NOTEBOOKS[name]]
    begun = time.monotonic()
    notebook = made.notebook(last=cells, answered=False, whole=False)
    record = grader.grade(notebook, seconds=1, memory=2**28)
    assert sum(points(record).values()) == 0
    assert not any(score.status is Status.PASSED for score in record.exercises)
    assert time.monotonic() - begun < 45

    assert left_over(idle) == []
    assert state_of(outside) == files
    assert points(grader.grade(made.notebook())) == FULL  # in the same sandbox


def test_a_cell_that_burdens_does_not_cost_its_own_student_the_other_answers(
    grader: Grader,
) -> None:
    bombs = [
        hostile.BURDENS[name][0] for name in ("a memory bomb", "a crash", "a huge sparse file")
    ]
    record = grader.grade(made.notebook(first=bombs), seconds=3, memory=2**28)
    assert points(record) == FULL


SYSCALL = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\ndef look():\n    return "
INSIDE: dict[str, tuple[str, Any]] = {
    "no user but a powerless one": ("def look():\n    import os\n    return os.getuid() != 0", True),
    "no process but its own": ("def look():\n    import os\n    return os.getppid() in (0, 1)", True),
    "no /proc": ("def look():\n    import os\n    return len(os.listdir('/proc'))", 0),
    "no /sys": ("def look():\n    import os\n    return os.path.exists('/sys/kernel')", False),
    "no users and secrets": (
        "def look():\n    import os\n"
        "    return sum(map(os.path.exists, ('/etc/passwd', '/etc/shadow', '/run', '/var')))",
        0,
    ),
    "no right and no wrong answers": (
        "def look():\n    import os\n"
        "    return sum(len(files) for _, _, files in os.walk('/course/course'))",
        3,
    ),
    "no file to write but scratch": (
        "def look():\n    import os\n    kept = ['/tmp', '/scratch', '/dev/shm', '/proc', '/dev/pts']\n"
        "    found = [d for top in ('/course', '/dev', '/tmp', '/etc', '/proc')\n"
        "             for d, _, _ in os.walk(top) if os.access(d, os.W_OK)]\n"
        "    return len([d for d in found if d not in kept])",
        0,
    ),
    "no descriptor but the channel and what is nothing": (
        "def look():\n"
        "    import fcntl, os, stat\n"
        "    pipes = others = 0\n"
        "    for fd in range(256):\n"
        "        try: mode = os.fstat(fd).st_mode\n"
        "        except OSError: continue\n"
        "        null = stat.S_ISCHR(mode) and os.fstat(fd).st_rdev == os.stat('/dev/null').st_rdev\n"
        "        readable = fcntl.fcntl(fd, fcntl.F_GETFL) & 3 != os.O_WRONLY\n"
        "        pipes += stat.S_ISFIFO(mode)\n"
        "        others += not null and stat.S_IFMT(mode) != 0 and (readable or not stat.S_ISFIFO(mode))\n"
        "    return pipes <= 2 and others == 0",
        True,
    ),
    "no network device": (
        "def look():\n    import socket\n    return [n for _, n in socket.if_nameindex()] == ['lo']",
        True,
    ),
    "no new user namespace": (SYSCALL + "libc.unshare(0x10000000)", -1),
    "no new namespace by clone": (SYSCALL + "libc.syscall(56, 0x10000011, 0, 0, 0, 0)", -1),
    "no mount": (SYSCALL + "libc.mount(b'x', b'/tmp', b'tmpfs', 0, None)", -1),
    "no tracing": (SYSCALL + "libc.ptrace(0, 0, 0, 0)", -1),
    "no reading of another's memory": (SYSCALL + "libc.process_vm_readv(1, 0, 0, 0, 0, 0)", -1),
    "no key ring": (SYSCALL + "libc.syscall(248, b'user', b'x', b'y', 1, -4)", -1),
    "no shared memory that outlives its process": (SYSCALL + "libc.shmget(0, 4096, 0o1600)", -1),
    "no memory file": (SYSCALL + "libc.memfd_create(b'x', 0)", -1),
    "no uncounted memory": (
        "def look():\n    import mmap\n    return len(mmap.mmap(-1, 2**20))",
        "PermissionError",
    ),
    "no uncounted memory by another way": (
        "def look():\n    import mmap, os\n    return len(mmap.mmap(os.open('/dev/zero', os.O_RDWR), 2**20))",
        "OSError",
    ),
    "no power to be had from a program": (
        "def look():\n    import subprocess\n"
        "    tried = subprocess.getoutput('id -u; su -c \"id -u\"; mount -t tmpfs x /tmp && echo 0')\n"
        "    return '0' in tried.split()",
        False,
    ),
    "no higher limits": (
        "def look():\n    import resource as r\n    r.setrlimit(r.RLIMIT_NPROC, (9999, 9999))",
        "ValueError",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", INSIDE)
def test_in_the_sandbox_there_is(grader: Grader, what: str) -> None:
    source, expected = INSIDE[what]
    seen = grader.look(source)
    assert seen == expected, seen


def test_nothing_of_one_submission_is_in_the_memory_of_the_next(grader: Grader) -> None:
    """Neither its code nor what it returned: the same process must never have held either."""
    mark = "".join(chr(ord("a") + n % 26) for n in range(7, 7 * 40, 7))
    rich = f"SECRET = '{mark}'\ndef look():\n    return ' '.join(['{mark}'] * 20_000)"
    assert mark in str(grader.look(rich))
    search = f"""
import ctypes, os
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
MARK = "{mark[::-1]}"[::-1].encode()
def look():
    ready, probe = os.pipe()
    found, seen, misses, page = 0, 0, 0, 4096
    objects = [id(x) for x in (object(), [0] * 999, "x" * 70_000, bytes(200_000))]
    for place in (libc.sbrk(0) - page, *objects):
        for way in (-page, page):
            address = place // page * page
            while seen < 200_000 and libc.write(probe, ctypes.c_void_p(address), page) == page:
                text = os.read(ready, page)
                utf_32 = text.replace(b"\\0", b"")
                found += MARK in text or MARK in utf_32
                address, seen = address + way, seen + 1
    return found, seen
"""
    found, seen = grader.look(search)
    assert seen > 1000  # pages
    # Its own source holds the mark too, the other way round, and MARK itself is one.
    assert found <= 3, f"found {found} times in {seen} pages"


@pytest.mark.parametrize(
    "name", ["softmax", "minibatches", "consistency_band", "SoftmaxClassifier"]
)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_no_value_stops_the_judge_or_passes_by_chance(name: str, data: st.DataObject) -> None:
    sheet = Sheet(exercises.named(name), 3)
    numbers = st.sampled_from([0, -1, 2.5, np.nan, np.inf, True])
    arrays = st.builds(
        lambda x, shape, kind: np.full(shape, x).astype(kind),
        st.sampled_from([0, 1, 7]),
        st.sampled_from([(), (0,), (1,), (3,), (2, 3), (0, 4), (1, 1, 1)]),
        st.sampled_from(["f8", "f4", "i8", "u1", "b1", "U3", "f2"]),
    )
    leaves = st.one_of(arrays, numbers.map(np.asarray))
    values = st.recursive(leaves, lambda v: st.lists(v, max_size=3).map(tuple), max_leaves=6)
    fields = st.one_of(st.none(), st.text(max_size=5), st.integers(), st.lists(st.integers()))
    records = [
        (
            {
                "exercise": name,
                "case": place,
                "status": data.draw(st.one_of(fields, st.sampled_from(list(Status)))),
                "error": data.draw(fields),
            },
            data.draw(values),
        )
        for place in range(len(sheet.cases))
    ]
    records.append(({"exercise": name, "end": data.draw(fields), "cell": data.draw(fields)}, None))
    outcomes, ending = scoring.outcomes_of(
        sheet, data.draw(st.sampled_from([Status.DONE, Status.TIMEOUT])), records
    )
    score = scoring.score_of(sheet, outcomes, ending)
    assert score.status in REPORTED and score.points < score.max_points
    assert re.fullmatch(r"[^\n\r\0]*", score.finding)
    scoring._cell_flags(records)
