"""Grading on a real dask cluster of two workers, one of which is killed while it works."""

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from course.grade import command
from course.grade.sandbox import IsolationError, probe
from tests.grade import made

SLOW = "import time\ntime.sleep(0.3)"  # so that a worker can be killed in the middle


@pytest.fixture(scope="module", autouse=True)
def _isolation() -> None:
    try:
        probe()
    except IsolationError as error:
        pytest.skip(str(error))


@pytest.mark.filterwarnings("ignore")  # what dask says when a worker dies
def test_a_cluster_that_loses_a_worker_gives_the_same_grades(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="dask.distributed is an optional extra")
    submissions = tmp_path / "class"
    for number in range(12):
        place = submissions / f"student{number:02}" / "02_softmax.ipynb"
        place.parent.mkdir(parents=True)
        place.write_bytes(made.as_bytes(made.notebook(first=[f"mine = {number}", SLOW])))

    def grade(name: str, dask: str = "") -> Path:
        out = tmp_path / name
        command.run(command.Options(submissions, made.SOLUTIONS, out, jobs=2, seed=7, dask=dask))
        return out

    here = grade("here")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        killed: list[int] = []

        def kill_one() -> None:
            """Kill a worker once the first grades are there."""
            while not len(list((tmp_path / "there" / "journal").glob("?" * 40 + ".json"))) >= 2:
                time.sleep(0.02)
            pid = next(iter(cluster.workers.values())).pid
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

        killer = threading.Thread(target=kill_one, daemon=True)
        killer.start()
        there = grade("there", cluster.scheduler_address)
        assert killed, "the run was over before a worker could be killed"
    for name in ("grades.csv", "exercises.csv", "class.html"):
        assert (there / name).read_bytes() == (here / name).read_bytes()
    assert (there / "grades.csv").read_text(encoding="utf-8").count(",11,") >= 12
    shutil.rmtree(submissions)
