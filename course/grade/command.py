"""`course grade`: from a download to grades, with a bar, and safe to stop at any moment."""

from __future__ import annotations

import errno
import queue
import statistics
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from course.files import clear_halves
from course.grade import reports
from course.grade.answer_key import make_key
from course.grade.collect import collect
from course.grade.journal import Journal, entry_for
from course.grade.key import (
    AnswerKeyError,
    LessonKey,
    Limits,
    Solution,
    imports_of,
    lesson_names,
    read_solution,
)
from course.grade.record import Grade, Record
from course.grade.sandbox import IsolationError, Sandbox, probe
from course.grade.scoring import grade, unreadable


class GradeError(Exception):
    """Grading cannot go on; the message is one sentence for the instructor."""


@dataclass(frozen=True)
class Options:
    """What `course grade` was asked for."""

    submissions: Path
    solutions: Path
    out: Path
    jobs: int
    seed: int | None = None
    limits: Limits = field(default_factory=Limits)
    isolated: bool = True
    dask: str = ""
    fresh: bool = False
    gradebook: str = ""


def run(options: Options) -> None:
    """Grade everything and write the reports.

    Parameters
    ----------
    options : Options

    Raises
    ------
    GradeError
        If something keeps it from doing so; what has been graded is kept.
    """
    try:
        _run(options)
    except (AnswerKeyError, IsolationError) as error:
        raise GradeError(str(error)) from None
    except KeyboardInterrupt:
        raise GradeError(
            f"stopped; what has been graded is kept in {options.out}: the same command goes on"
        ) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise GradeError(
            f"the disk is full; what has been graded is kept in {options.out}: make room and run "
            "the same command again"
        ) from None


def _run(options: Options) -> None:
    names = lesson_names(options.solutions)
    try:
        records = collect(options.submissions, names)
    except ValueError as error:
        raise GradeError(str(error)) from None
    _say("reading", _census(records))
    clear_halves(options.out)
    journal = Journal(options.out / "journal")
    seed = journal.seed(options.seed)
    earlier = _earlier(journal, records, names)
    lessons = sorted({record.lesson for record in [*records, *earlier]} - {""})
    solutions = [read_solution(options.solutions / f"{names[n]}.ipynb") for n in lessons]
    with _sandbox(options, imports_of(s.set_up for s in solutions)) as sandbox:
        if options.isolated:
            probe(sandbox)
        keys = _make_keys(options, solutions, seed, sandbox)
        _say("isolation", _describe(options))
        records = _grade_all(options, records, keys, journal, sandbox)
    records = sorted([*records, *earlier], key=lambda record: record.sort_key)
    journal.keep_records(records)
    if earlier:
        _say("kept", f"{len(earlier)} submissions of earlier runs; another --out starts anew")
    graded = [_with_grade(record, journal, keys) for record in records]
    try:
        waiting = reports.write(
            options.out, graded, keys, options.isolated, seed, options.gradebook
        )
    except ValueError as error:  # marks that cannot be read
        raise GradeError(str(error)) from None
    if waiting:
        _say("written", f"{waiting} answers wait for a mark in {options.out / 'to_mark.html'}")
    _summarise(graded, keys, options.out)


def _earlier(journal: Journal, records: Sequence[Record], names: Mapping[str, str]) -> list[Record]:
    """Return what earlier runs graded and this one does not: grading one student keeps a class."""
    now = {(record.student, record.lesson) for record in records}
    return [
        record
        for record in journal.records()
        if (record.student, record.lesson) not in now
        and (record.problem or journal.get(record.entry))
        and (not record.lesson or record.lesson in names)
    ]


def _with_grade(record: Record, journal: Journal, keys: Mapping[str, LessonKey]) -> Record:
    """Return a record with its grade, for the reports."""
    known = journal.get(record.entry) if record.entry else None
    return replace(record, grade=known or unreadable(record.problem, keys.get(record.lesson)))


def _make_keys(
    options: Options, solutions: Sequence[Solution], seed: int, sandbox: Sandbox
) -> dict[str, LessonKey]:
    """Run the solutions, each of which must pass its own grading."""
    keys = {}
    with _bar("answer key", len(solutions)) as step:
        for solution in solutions:
            keys[solution.number] = make_key(solution, seed, sandbox, options.limits)
            step()
    for key in keys.values():
        _say("answer key", f"{key.name} passes its own {key.max_points} points")
    return keys


def _grade_all(
    options: Options,
    records: Sequence[Record],
    keys: Mapping[str, LessonKey],
    journal: Journal,
    sandbox: Sandbox,
) -> list[Record]:
    """Grade what the journal has no grade of; return each record with the name of its entry."""
    found: list[Record] = []
    done: set[str] = set()
    todo: dict[str, Record] = {}
    for record in records:
        if not record.problem:
            entry = entry_for(record.digest, keys[record.lesson].fingerprint)
            record = replace(record, entry=entry)
            if not options.fresh and journal.get(entry):
                done.add(entry)
            else:
                todo.setdefault(entry, record)
        found.append(record)
    work = _on_a_cluster if options.dask else _on_this_machine
    with _bar("grading", len(todo), unit=" submissions") as step:
        for entry, result in work(options, todo, keys, sandbox):
            journal.put(entry, result)
            step()
    unchanged = sum(record.entry in done for record in found)
    _say("graded", f"{len(records) - unchanged} submissions, {unchanged} unchanged")
    return found


def _on_this_machine(
    options: Options,
    todo: Mapping[str, Record],
    keys: Mapping[str, LessonKey],
    sandbox: Sandbox,
) -> Iterator[tuple[str, Grade]]:
    """Grade in so many sandboxes at a time, and yield each entry's grade when it is there."""
    free: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
    more = min(options.jobs, len(todo)) - 1
    sandboxes = [sandbox, *(_sandbox(options, sandbox.imports) for _ in range(more))]
    for sandbox in sandboxes:
        free.put(sandbox)

    def one(record: Record) -> Grade:
        sandbox = free.get()
        try:
            return grade(record, keys[record.lesson], sandbox, options.limits)
        finally:
            free.put(sandbox)

    pool = ThreadPoolExecutor(max(1, len(sandboxes)))
    try:
        futures = {pool.submit(one, record): entry for entry, record in todo.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for sandbox in sandboxes:
            sandbox.close()
        pool.shutdown()


def _sandbox(options: Options, imports: Sequence[str]) -> Sandbox:
    hidden = (options.solutions, options.submissions, options.out)
    return Sandbox(options.isolated, imports, hidden)


def _on_a_cluster(
    options: Options,
    todo: Mapping[str, Record],
    keys: Mapping[str, LessonKey],
    sandbox: Sandbox,
) -> Iterator[tuple[str, Grade]]:
    """Grade on the workers of a dask cluster; one that dies costs nothing but time."""
    try:
        from distributed import Client
        from distributed import as_completed as completed
    except ModuleNotFoundError:
        raise GradeError(
            "--dask needs dask.distributed: python -m pip install 'distributed'"
        ) from None
    with Client(options.dask, set_as_default=False) as client:
        futures = {
            client.submit(
                _on_a_worker,
                record,
                keys[record.lesson],
                options.limits,
                options.isolated,
                pure=False,
                retries=2,
            ): entry
            for entry, record in todo.items()
        }
        for future in completed(futures, loop=client.loop):
            yield futures[future], future.result()


_of_this_thread = threading.local()


def _on_a_worker(record: Record, key: LessonKey, limits: Limits, isolated: bool) -> Grade:
    """Grade one submission in this thread's sandbox, which stays warm for the next."""
    if not hasattr(_of_this_thread, "sandbox"):
        _of_this_thread.sandbox = Sandbox(isolated, imports_of([key.set_up]))
    return grade(record, key, _of_this_thread.sandbox, limits)


def _census(records: Sequence[Record]) -> str:
    """Return how many there are of what."""
    students = len({record.student for record in records})
    lessons = sorted({record.lesson for record in records if record.lesson})
    older = sum("left out" in note for record in records for note in record.notes)
    more = f" ({older} sent more than once: the newest counts)" if older else ""
    bad = sum(bool(record.problem) for record in records)
    unread = f", {bad} of them cannot be read" if bad else ""
    return (
        f"{len(records)} submissions of {students} students, "
        f"lesson{'s' * (len(lessons) != 1)} {', '.join(lessons) or 'unknown'}{unread}{more}"
    )


def _describe(options: Options) -> str:
    if not options.isolated:
        return "NONE: every submission runs as you, with your files and your network"
    limits = options.limits
    return (
        f"bubblewrap: no network, private files, {limits.memory / 2**30:g} GB and "
        f"{limits.seconds:g} s for each exercise"
    )


def _summarise(records: Sequence[Record], keys: Mapping[str, LessonKey], out: Path) -> None:
    """Print what an instructor wants to know first."""
    totals: Counter[str] = Counter()
    for record in records:
        totals[record.student] += record.grade.points
    if not totals:
        return
    most = sum(key.max_points for key in keys.values())
    print(
        f"\nmean {statistics.mean(totals.values()):.1f} of {most}   "
        f"median {statistics.median(totals.values()):g}   "
        f"full marks {sum(t == most for t in totals.values())}"
    )
    for label, text in reports.highlights(records):
        _say(label, text)
    print(f"\n{out / 'grades.csv'}  {out / 'class.html'}  {out / 'feedback'}")


def _say(label: str, text: str) -> None:
    tqdm.write(f"{label:12} {text}", file=sys.stdout)


@contextmanager
def _bar(label: str, total: int, unit: str = "") -> Iterator[Callable[[], None]]:
    """Show a bar in a terminal, nothing elsewhere; yields what to call after each step."""
    layout = "{desc:12} {bar:24} {n_fmt}/{total_fmt}  {rate_fmt}  {remaining} left"
    with tqdm(
        total=total, desc=label, unit=unit, bar_format=layout, disable=None, leave=False
    ) as bar:
        yield lambda: bar.update()
