"""Grading on the workers of a dask cluster: what one of them lacks or loses costs nothing but time."""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.grade.key import LessonKey, Limits, imports_of
from course.grade.record import Grade, Record
from course.grade.sandbox import IsolationError, Sandbox, probe
from course.grade.scoring import grade

CONNECT = 20  # seconds to find the scheduler
LOOK = 15  # seconds after which the workers are looked at again
LOST = 120  # seconds without any worker that can grade


class ClusterError(Exception):
    """The cluster cannot go on; the message is one sentence for the instructor."""


@dataclass(frozen=True)
class Job:
    """What every worker has to know.

    Attributes
    ----------
    run : str
        Which run of the grader this is: its sandboxes are its own.
    imports : tuple of str
    limits : Limits
    isolated : bool
    hidden : tuple of Path
        See `Sandbox`.
    """

    run: str
    imports: tuple[str, ...]
    limits: Limits
    isolated: bool
    hidden: tuple[Path, ...]


@dataclass(frozen=True)
class Refusal:
    """Why a worker cannot grade."""

    worker: str
    reason: str


def grade_all(
    address: str,
    todo: Mapping[str, tuple[Record, LessonKey]],
    limits: Limits,
    sandbox: Sandbox,
    say: Callable[[str], None],
) -> Iterator[tuple[str, Grade]]:
    """Grade on all workers that can, and yield each entry's grade when it is there.

    Parameters
    ----------
    address : str
        The scheduler's.
    todo : mapping of str to (Record, LessonKey)
        By entry.
    limits : Limits
    sandbox : Sandbox
        One on this machine, like which those of the workers are made; what the workers cannot do is
        done in it.
    say : callable
        Called with a sentence on each worker that is left out.

    Yields
    ------
    entry : str
    grade : Grade

    Raises
    ------
    ClusterError
        If the scheduler is not there, or goes, or no worker can grade.
    """
    try:
        import distributed
    except ModuleNotFoundError:
        raise ClusterError(
            "--dask needs dask.distributed: python -m pip install 'distributed'"
        ) from None
    keys = {key.number: key for _, key in todo.values()}
    imports = imports_of(keys.values())
    hidden = tuple(path.resolve() for path in sandbox.hidden)
    job = Job(uuid.uuid4().hex, tuple(imports), limits, sandbox.isolated, hidden)
    gone = f"the dask scheduler at {address} has gone; what has been graded is kept: start it again"
    with _quietly():
        try:
            client = distributed.Client(address, set_as_default=False, timeout=CONNECT)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"no dask scheduler answers at {address} ({_short(error)})"
            ) from None
        crowd = _Crowd(client, job, dict(todo), say)
        try:
            yield from crowd.grades(sandbox)
        except (CancelledError, OSError, TimeoutError, distributed.comm.CommClosedError) as error:
            if isinstance(error, OSError) and getattr(error, "errno", None):
                raise  # of this machine, such as a full disk
            raise ClusterError(gone) from None
        finally:
            with contextlib.suppress(Exception):
                crowd.leave()
            with contextlib.suppress(Exception):
                client.close(timeout=5)


class _Crowd:
    """The workers, and what is still to be done."""

    def __init__(
        self,
        client: Any,
        job: Job,
        todo: dict[str, tuple[Record, LessonKey]],
        say: Callable[[str], None],
    ) -> None:
        self.client, self.job, self.todo, self.say = client, job, todo, say
        self.good: set[str] = set()
        self.refused: dict[str, str] = {}
        self.pending: dict[Any, str] = {}

    def grades(self, sandbox: Sandbox) -> Iterator[tuple[str, Grade]]:
        """Hand everything out, and yield what comes back."""
        import distributed

        idle = 0
        with contextlib.suppress(TimeoutError):  # one may be on its way
            self.client.wait_for_workers(1, timeout=CONNECT)
        self._look()
        self._hand_out(list(self.todo))
        while self.pending:
            try:
                for future in distributed.as_completed(
                    list(self.pending), loop=self.client.loop, timeout=LOOK
                ):
                    entry = self.pending.pop(future)
                    result = self._result(future, entry, sandbox)
                    if isinstance(result, Refusal):
                        self._leave_out(result)
                        self._hand_out([entry])
                    else:
                        idle = 0
                        yield entry, result
            except TimeoutError:
                if self.client.status != "running":
                    raise
                idle += LOOK
                before = set(self.good)
                self._look(patient=idle < LOST)
                if self.good != before:
                    entries = list(self.pending.values())
                    self.client.cancel(list(self.pending))
                    self.pending.clear()
                    self._hand_out(entries)

    def leave(self) -> None:
        """End the sandboxes that this run has left on the workers."""
        if self.client.status == "running":
            self.client.run(_close, self.job.run, on_error="ignore")

    def _look(self, patient: bool = False) -> None:
        """Probe the workers that are new, and forget those that have gone."""
        there = set(self.client.scheduler_info(n_workers=-1)["workers"])
        new = there - self.good - set(self.refused)
        self.good &= there
        found = (
            self.client.run(_probe, self.job, workers=list(new), on_error="return") if new else {}
        )
        for worker, problem in found.items():
            if problem:
                self._leave_out(Refusal(worker, _short(problem)))
            else:
                self.good.add(worker)
        if not self.good and not patient:
            reasons = sorted(set(self.refused.values())) or ["it has no workers"]
            raise ClusterError(f"no worker of the dask cluster can grade: {reasons[0]}")

    def _leave_out(self, refusal: Refusal) -> None:
        """Do without a worker, and say so once."""
        self.good.discard(refusal.worker)
        if refusal.worker not in self.refused:
            self.say(f"left out the worker {refusal.worker}: {refusal.reason}")
        self.refused[refusal.worker] = refusal.reason

    def _hand_out(self, entries: Sequence[str]) -> None:
        """Submit work, to the good workers alone where some are not."""
        if self.refused and not self.good:
            self._look()
        only = sorted(self.good) if self.refused else None
        for entry in entries:
            record, key = self.todo[entry]
            future = self.client.submit(
                _grade_one, record, key, self.job, workers=only, pure=False, retries=2
            )
            self.pending[future] = entry

    def _result(self, future: Any, entry: str, sandbox: Sandbox) -> Grade | Refusal:
        """Return what came of one; what no worker survives is graded here."""
        if future.cancelled():
            raise CancelledError
        if future.status != "error":
            found: Grade | Refusal = future.result()
            return found
        record, key = self.todo[entry]
        return grade(record, key, sandbox, self.job.limits)


_of_this_thread = threading.local()
_sandboxes: dict[str, list[Sandbox]] = {}  # of this process, by run


def _grade_one(record: Record, key: LessonKey, job: Job) -> Grade | Refusal:
    """Grade one submission in this thread's sandbox, which stays warm for the next."""
    try:
        return grade(record, key, _sandbox(job), job.limits)
    except IsolationError as error:
        from distributed import get_worker

        return Refusal(get_worker().address, str(error))


def _probe(job: Job) -> str:
    """Return why this worker cannot grade; "" if it can."""
    try:
        if job.isolated:
            probe()
    except IsolationError as error:
        return str(error)
    return ""


def _sandbox(job: Job) -> Sandbox:
    """Return the sandbox of this thread for a run."""
    if getattr(_of_this_thread, "run", "") != job.run:
        sandbox = Sandbox(job.isolated, job.imports, job.hidden)
        if job.isolated:
            probe(sandbox)
        _sandboxes.setdefault(job.run, []).append(sandbox)
        _of_this_thread.run, _of_this_thread.sandbox = job.run, sandbox
    found: Sandbox = _of_this_thread.sandbox
    return found


def _close(run: str) -> None:
    """End the sandboxes of a run."""
    for sandbox in _sandboxes.pop(run, []):
        sandbox.close()


def _short(problem: object) -> str:
    """Return the first line of what went wrong."""
    lines = str(problem).strip().splitlines()
    return lines[0][:200] if lines else type(problem).__name__


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep dask from telling of every lost connection at length."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
