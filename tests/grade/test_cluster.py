"""Grading on a real dask cluster: workers are killed, cannot grade, or lose their scheduler."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course.grade import command
from course.grade.sandbox import IsolationError, probe
from tests.grade import made

SLOW = "import time\ntime.sleep(0.3)"  # so that a worker can be killed in the middle
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module", autouse=True)
def _isolation() -> None:
    try:
        probe()
    except IsolationError as error:
        pytest.skip(str(error))


def make_class(folder: Path, count: int) -> Path:
    for number in range(count):
        place = folder / f"student{number:02}" / "02_softmax.ipynb"
        place.parent.mkdir(parents=True)
        place.write_bytes(made.as_bytes(made.notebook(first=[f"mine = {number}", SLOW])))
    return folder


def grade(submissions: Path, out: Path, dask: str = "") -> Path:
    command.run(command.Options(submissions, made.SOLUTIONS, out, jobs=2, seed=7, dask=dask))
    return out


def when_some_are_graded(out: Path, count: int, do: Callable[[], None]) -> threading.Thread:
    """Do something in the middle of a run."""

    def wait() -> None:
        end = time.monotonic() + 120
        while len(list((out / "journal").glob("?" * 40 + ".json"))) < count:
            time.sleep(0.02)
            if time.monotonic() > end:
                return
        do()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a part of a cluster as a process of its own; all are ended in the end."""
    pytest.importorskip("distributed", reason="dask.distributed is an optional extra")
    running: list[subprocess.Popen[bytes]] = []

    def one(part: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + part, *options],
                env={**os.environ, "PYTHONPATH": str(made.ROOT), **environment},
                cwd=tmp_path,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        return running[-1]

    yield one
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def scheduler(start: Start, tmp_path: Path) -> tuple[str, subprocess.Popen[bytes]]:
    """Return a scheduler's address and process."""
    file = tmp_path / "scheduler.json"
    process = start(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)
    )  # fmt: skip
    for _ in range(600):
        if file.exists() and '"address": "tcp' in (text := file.read_text(encoding="utf-8")):
            return text.partition('"address": "')[2].partition('"')[0], process
        time.sleep(0.1)
    raise AssertionError("the scheduler does not start")


@pytest.mark.filterwarnings("ignore")  # what dask says when a worker dies
def test_a_cluster_that_loses_a_worker_gives_the_same_grades(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="dask.distributed is an optional extra")
    submissions = make_class(tmp_path / "class", 12)
    here = grade(submissions, tmp_path / "here")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        killed: list[int] = []

        def kill_one() -> None:
            """Kill a worker once the first grades are there."""
            pid = next(iter(cluster.workers.values())).pid
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

        when_some_are_graded(tmp_path / "there", 2, kill_one)
        there = grade(submissions, tmp_path / "there", cluster.scheduler_address)
        assert killed, "the run was over before a worker could be killed"
    for name in ("grades.csv", "exercises.csv", "class.html"):
        assert (there / name).read_bytes() == (here / name).read_bytes()
    assert (there / "grades.csv").read_text(encoding="utf-8").count(",11,") >= 12
    shutil.rmtree(submissions)


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="dask.distributed is an optional extra")
    monkeypatch.setattr("course.grade.cluster.CONNECT", 1)
    submissions = make_class(tmp_path / "class", 1)
    with pytest.raises(
        command.GradeError, match=r"^no dask scheduler answers at tcp://127.0.0.1:9"
    ) as e:
        grade(submissions, tmp_path / "out", "tcp://127.0.0.1:9")
    assert "\n" not in str(e.value)


@pytest.mark.filterwarnings("ignore")
def test_a_worker_without_bubblewrap_is_left_out(
    start: Start,
    scheduler: tuple[str, subprocess.Popen[bytes]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, _ = scheduler
    start("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny", PATH="/nowhere")
    start("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
    import distributed

    with distributed.Client(address, set_as_default=False, timeout=30) as client:
        client.wait_for_workers(2, timeout=60)
    out = grade(make_class(tmp_path / "class", 4), tmp_path / "out", address)
    said = capsys.readouterr().out
    assert said.count("left out the worker tcp://") == 1 and "bwrap" in said
    assert (out / "grades.csv").read_text(encoding="utf-8").count(",11,") >= 4


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_where_nobody_can_grade_is_one_sentence(
    start: Start, scheduler: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    address, _ = scheduler
    start("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny", PATH="/nowhere")
    import distributed

    with distributed.Client(address, set_as_default=False, timeout=30) as client:
        client.wait_for_workers(1, timeout=60)
    with pytest.raises(command.GradeError, match="no worker of the dask cluster can grade: bubble"):
        grade(make_class(tmp_path / "class", 1), tmp_path / "out", address)


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_dies_is_one_sentence_and_what_is_graded_stays(
    start: Start, scheduler: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    address, process = scheduler
    start("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
    submissions = make_class(tmp_path / "class", 12)
    when_some_are_graded(tmp_path / "out", 2, process.kill)
    with pytest.raises(command.GradeError, match=r"the dask scheduler at .* has gone"):
        grade(submissions, tmp_path / "out", address)
    assert len(list((tmp_path / "out" / "journal").glob("?" * 40 + ".json"))) >= 2
    grade(submissions, tmp_path / "out")  # the same goes on without it
    text = (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert text.count(",11,") >= 12
