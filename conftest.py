"""Settings for every test and notebook; it imports only what a learner has."""

import atexit
import os
import shutil
import tempfile

import pytest

from tests.notebooks import kernels

_scratch = tempfile.mkdtemp(prefix="course-tests-")
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)

# An empty state folder for each worker: nobody's own predictions get into a test or a notebook.
os.environ["COURSE_STATE"] = os.path.join(_scratch, "state")  # noqa: PTH118
# One thread for each worker: more of them only wait for one another.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
kernels.install(_scratch)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Use two workers more than there are cores: many a test waits for a kernel or a sandbox."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    return len(usable) + 2


# Programs of their own, without tests: to look for doctests in them would import what they need.
collect_ignore = [
    "tests/notebooks/kernels/parent.py",
    "tests/notebooks/kernels/stand_in.py",
    "tests/benchmarks",
]
