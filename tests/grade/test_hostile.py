"""A hostile notebook wins nothing, leaves nothing and harms nobody, with the sandbox on."""

from __future__ import annotations

import errno
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
from course.exercises import drives
from course.grade import scoring
from course.grade.inside import warm
from course.grade.inside.student import Task
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
    # It starts with its first task, and what has figures ready with the first that wants them.
    grader.box.run(Task([], [], 20, 2**29, figures=True))
    for _ in range(250):
        found = descendants()
        time.sleep(0.1)
        # Its own are two of bubblewrap, the warm one, and the one that has figures ready.
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


@pytest.mark.parametrize(
    "name",
    [
        "small processes that are started anew",
        "page tables",
        "buffers of sockets",
        "buffers of connections that nobody accepts",
    ],
)
def test_the_limit_of_memory_counts_everything(grader: Grader, name: str) -> None:
    notebook = made.notebook(last=hostile.BURDENS[name], answered=False, whole=False)
    record = grader.grade(notebook, seconds=30, memory=280 * 2**20)
    assert record.exercises[0].status is Status.MEMORY
    assert "02.1 softmax: memory limit" in record.flags


@pytest.mark.parametrize("name", ["a stand-by that is killed", "a stand-by that is stopped"])
def test_without_its_stand_by_a_submission_ends_soon(grader: Grader, name: str) -> None:
    notebook = made.notebook(last=hostile.BURDENS[name], answered=False, whole=False)
    grader.key("02")
    begun = time.monotonic()
    record = grader.grade(notebook, seconds=6)
    assert record.exercises[0].status is Status.TIMEOUT
    assert time.monotonic() - begun < 6 + warm.PATIENCE + 15  # of 9 · 6 + 5


# Answers that are nothing, and a drive of the student's own that hands back what would be right. It
# is found wherever it is, and gets round a look for `scipy.special`.
FIND = """
import gc
def replace(name, new):
    for found in gc.get_objects():
        if getattr(found, "__name__", "") == name and hasattr(found, "__code__"):
            if found.__code__.co_filename.endswith("drives.py"):
                found.__code__ = new.__code__
"""
POLICY = """
def mine(answer, q, T, seed):
    from scipy.special import softmax
    draws = []
    for begin, n in ((seed, DRAWS), (seed, AGAIN), (seed + 1, AGAIN)):
        rng = np.random.default_rng(begin)
        draws.append(rng.choice(len(q), size=n, p=softmax(q / T)).astype(float))
    return tuple(draws)
replace("pull", mine)
def softmax_policy(q, T, rng): return 0
"""
SPLIT = """
def mine(answer, y, shares, seed):
    def one(rng):
        sets = [[], [], [], []]
        for label in np.unique(y):
            places = rng.permutation(np.flatnonzero(y == label))
            ends = np.round(np.cumsum((0, *shares)) * len(places)).astype(int)
            for own, a, b in zip(sets, ends, ends[1:]): own.append(places[a:b])
        return tuple(map(np.concatenate, sets))
    return tuple(one(np.random.default_rng(s)) for s in (seed, seed, seed + 1))
replace("split_again", mine)
def split_four(y, shares, rng): return 0
"""


@pytest.mark.parametrize(
    ("lesson", "number", "cell"), [("10", "10.3", POLICY), ("11", "11.1", SPLIT)]
)
@pytest.mark.parametrize("hidden", [False, True], ids=["openly", "as a text"])
def test_a_drive_that_is_replaced_earns_nothing(
    grader: Grader, lesson: str, number: str, cell: str, hidden: bool
) -> None:
    again = "\n".join(f"{name} = {getattr(drives, name)}" for name in ("DRAWS", "AGAIN"))
    cells = [FIND, again + cell]
    if hidden:
        cells = [f"exec({part!r})" for part in cells]
        cells.append(cell.strip().splitlines()[-1])  # a definition that can be seen
    grade = grader.grade(made.notebook(lesson, last=cells, answered=False), lesson, seconds=20)
    assert points(grade)[number] == 0
    assert any("reaches into what runs beside it" in flag for flag in grade.flags)


@pytest.mark.parametrize(("lesson", "number"), [("10", "10.3"), ("11", "11.1")])
def test_draws_that_only_look_like_chance_earn_nothing(
    grader: Grader, lesson: str, number: str
) -> None:
    golden = {
        "10.3": "place = [0]\n"
        "def softmax_policy(q, T, rng):\n"
        "    p = np.exp((q - q.max()) / T)\n    place[0] += 1\n"
        "    at = np.searchsorted(np.cumsum(p / p.sum()), (0.618034 * place[0]) % 1)\n"
        "    return int(min(at, len(q) - 1))",
        "11.1": "def split_four(y, shares, rng):\n"
        "    sets = [[], [], [], []]\n    first = rng.random()\n"
        "    for label in np.unique(y):\n"
        "        places = np.flatnonzero(y == label)\n"
        "        order = np.argsort((first + 0.618034 * np.arange(len(places))) % 1)\n"
        "        ends = np.round(np.cumsum((0, *shares)) * len(places)).astype(int)\n"
        "        for own, a, b in zip(sets, ends, ends[1:]): own.append(places[order[a:b]])\n"
        "    return tuple(map(np.concatenate, sets))",
    }
    notebook = made.notebook(lesson, instead={number: golden[number]}, answered=False)
    grade = grader.grade(notebook, lesson, seconds=20)
    (score,) = (score for score in grade.exercises if score.number == number)
    assert score.status is Status.FAILED
    if number == "11.1":  # its shares are right, its chance is not
        assert score.points == score.max_points - 1 and "pattern" in score.finding


def test_a_wrong_answer_in_low_precision_earns_no_more(grader: Grader) -> None:
    wrong = {
        "02.1": "def softmax(z):\n    return np.exp(z - z.max(-1, keepdims=True)).astype(np.float16)",
        "02.2": "def log_softmax(z):\n    return np.full(z.shape, -0.5, dtype=np.float16)",
        "02.3": "def softmax_jacobian(p):\n    return np.diag(p).astype(np.float16)",
        "02.4": "def l1_counterexample():\n    return np.array([1, 2], dtype=np.float16)",
    }
    for cast in (".astype(np.float16)", ".astype(np.float32)"):
        instead = {n: s.replace(".astype(np.float16)", cast) for n, s in wrong.items()}
        assert sum(points(grader.grade(made.notebook(instead=instead))).values()) == 0


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
    "no network": (
        "def look():\n    import socket\n"
        "    try: socket.create_connection(('127.0.0.1', 9), timeout=5)\n"
        "    except OSError as e: return e.errno",
        errno.ENETUNREACH,
    ),
    "no socket but of two families": (
        "def look():\n    import socket\n    made = []\n"
        "    for family in range(1, 46):\n"
        "        for kind in (1, 2, 3, 5):\n"
        "            try: socket.socket(family, kind).close()\n"
        "            except OSError: continue\n"
        "            made.append(family)\n"
        "    return sorted({*made} - {1, 2, 10})",
        (),
    ),
    "no datagram that outlives its sender": (
        "def look():\n    import socket\n    socket.socketpair(type=socket.SOCK_DGRAM)",
        "PermissionError",
    ),
    "no large buffer of a socket": (
        "def look():\n    import socket\n"
        "    socket.socket(socket.AF_UNIX).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)",
        "PermissionError",
    ),
    "no protocol of several paths": (
        "def look():\n    import socket\n    socket.socket(socket.AF_INET, 1, 262)",
        "PermissionError",
    ),
    "no asynchronous I/O": (
        SYSCALL + "libc.syscall(206, 100, ctypes.byref(ctypes.c_ulong(0)))",
        -1,
    ),
    "no lock on a file of the machine": (
        "def look():\n    import fcntl, sys\n    fcntl.flock(open(sys.executable), fcntl.LOCK_EX)",
        "PermissionError",
    ),
    "no lock of the other kind": (
        "def look():\n    import fcntl, sys\n    fcntl.lockf(open(sys.executable), fcntl.LOCK_SH)",
        "OSError",
    ),
    "no watch on files of the machine": (SYSCALL + "libc.inotify_init1(0)", -1),
    "no signal that stops": (
        "def look():\n    import os, signal\n    os.kill(os.getpid(), signal.SIGSTOP)",
        "PermissionError",
    ),
    "no module of what runs beside it": (
        "def look():\n    import course.exercises.drives",
        "ModuleNotFoundError",
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
