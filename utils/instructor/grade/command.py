"""`course grade`: from a download to grades, with a bar, and safe to stop at any moment."""

from __future__ import annotations

import ast
import errno
import queue
import statistics
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from utils.instructor.grade import reports
from utils.instructor.grade.collect import Submission, collect
from utils.instructor.grade.journal import Journal, clear_halves, entry_for
from utils.instructor.grade.key import AnswerKeyError, LessonKey, lesson_names, make_key, set_up_of
from utils.instructor.grade.reports import Item
from utils.instructor.grade.sandbox import IsolationError, Sandbox, probe
from utils.instructor.grade.scoring import Limits, grade, unreadable


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
        submissions = collect(options.submissions, names)
    except ValueError as error:
        raise GradeError(str(error)) from None
    _say("reading", _census(submissions))
    clear_halves(options.out)
    journal = Journal(options.out / "journal")
    seed = journal.seed(options.seed)
    earlier = _others(journal, submissions, names)
    asked = {s.lesson for s in submissions} | {each["lesson"] for each in earlier}
    lessons = sorted(asked - {""})
    asked_names = [names[number] for number in lessons]
    imports = _imports(set_up_of(options.solutions, name) for name in asked_names)
    with _sandbox(options, imports) as sandbox:
        if options.isolated:
            probe(sandbox)
        keys = _make_keys(options, asked_names, seed, sandbox)
        _say("isolation", _describe(options))
        entries = _grade_all(options, submissions, keys, journal, sandbox)
    known: list[dict[str, Any]] = [
        {
            "student": s.student,
            "lesson": s.lesson,
            "file": s.file,
            "platform_id": s.platform_id,
            "notes": list(s.notes),
            "problem": s.problem,
            "entry": entry,
        }
        for s, entry in zip(submissions, entries, strict=True)
    ]
    known = sorted(
        [*known, *earlier], key=lambda k: (k["student"].casefold(), k["student"], k["lesson"])
    )
    journal.keep_students(known)
    items = [_item(each, journal, keys) for each in known]
    if earlier:
        _say("kept", f"{len(earlier)} submissions of earlier runs; another --out starts anew")
    try:
        waiting = reports.write(options.out, items, keys, options.isolated, seed, options.gradebook)
    except ValueError as error:  # marks that cannot be read
        raise GradeError(str(error)) from None
    if waiting:
        _say("written", f"{waiting} answers wait for a mark in {options.out / 'to_mark.html'}")
    _summarise(items, keys, options.out)


def _others(
    journal: Journal, submissions: Sequence[Submission], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return what earlier runs graded and this one does not: grading one student keeps a class."""
    now = {(s.student, s.lesson) for s in submissions}
    return [
        each
        for each in journal.students()
        if (each["student"], each["lesson"]) not in now
        and (each["problem"] or journal.get(each["entry"]))
        and (not each["lesson"] or each["lesson"] in names)
    ]


def _item(each: dict[str, Any], journal: Journal, keys: Mapping[str, LessonKey]) -> Item:
    """Return a graded submission for the reports."""
    record = journal.get(each["entry"]) if each["entry"] else None
    return Item(
        student=each["student"],
        lesson=each["lesson"],
        file=each["file"],
        platform_id=each["platform_id"],
        notes=tuple(each["notes"]),
        record=record or unreadable(keys.get(each["lesson"]), each["problem"]),
    )


def _make_keys(
    options: Options, names: Sequence[str], seed: int, sandbox: Sandbox
) -> dict[str, LessonKey]:
    """Run the solutions, each of which must pass its own grading."""
    keys = {}
    with _bar("answer key", len(names)) as step:
        for name in names:
            key = make_key(options.solutions, name, seed, sandbox, options.limits)
            keys[key.number] = key
            step()
    for key in keys.values():
        _say("answer key", f"{key.name} passes its own {key.max_points} points")
    return keys


def _grade_all(
    options: Options,
    submissions: Sequence[Submission],
    keys: dict[str, LessonKey],
    journal: Journal,
    sandbox: Sandbox,
) -> list[str]:
    """Grade what the journal has no record of; return the record's name for each submission."""
    entries: list[str] = []
    done: set[str] = set()
    todo: dict[str, Submission] = {}
    for submission in submissions:
        entry = ""
        if not submission.problem:
            entry = entry_for(submission.digest, keys[submission.lesson].fingerprint)
            if not options.fresh and journal.get(entry):
                done.add(entry)
            else:
                todo.setdefault(entry, submission)
        entries.append(entry)
    work = _on_a_cluster if options.dask else _on_this_machine
    with _bar("grading", len(todo), unit=" submissions") as step:
        for entry, record in work(options, todo, keys, sandbox):
            journal.put(entry, record)
            step()
    unchanged = sum(entry in done for entry in entries)
    _say("graded", f"{len(submissions) - unchanged} submissions, {unchanged} unchanged")
    return entries


Result = tuple[str, dict[str, Any]]


def _on_this_machine(
    options: Options,
    todo: dict[str, Submission],
    keys: dict[str, LessonKey],
    sandbox: Sandbox,
) -> Iterator[Result]:
    """Grade in so many sandboxes at a time, and yield each record when it is there."""
    free: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
    more = min(options.jobs, len(todo)) - 1
    sandboxes = [sandbox, *(_sandbox(options, sandbox.imports) for _ in range(more))]
    for sandbox in sandboxes:
        free.put(sandbox)

    def one(submission: Submission) -> dict[str, Any]:
        sandbox = free.get()
        try:
            return grade(submission, keys[submission.lesson], sandbox, options.limits)
        finally:
            free.put(sandbox)

    pool = ThreadPoolExecutor(max(1, len(sandboxes)))
    try:
        futures = {pool.submit(one, submission): entry for entry, submission in todo.items()}
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
    todo: dict[str, Submission],
    keys: dict[str, LessonKey],
    sandbox: Sandbox,
) -> Iterator[Result]:
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
                submission,
                keys[submission.lesson],
                options.limits,
                options.isolated,
                pure=False,
                retries=2,
            ): entry
            for entry, submission in todo.items()
        }
        for future in completed(futures, loop=client.loop):
            yield futures[future], future.result()


_of_this_thread = threading.local()


def _on_a_worker(
    submission: Submission, key: LessonKey, limits: Limits, isolated: bool
) -> dict[str, Any]:
    """Grade one submission in this thread's sandbox, which stays warm for the next."""
    if not hasattr(_of_this_thread, "sandbox"):
        _of_this_thread.sandbox = Sandbox(isolated, _imports([key.set_up]))
    return grade(submission, key, _of_this_thread.sandbox, limits)


def _imports(set_ups: Iterable[str]) -> list[str]:
    """Return the modules that the lessons' set-up cells import, to have them ready."""
    found = set()
    for set_up in set_ups:
        for node in ast.walk(ast.parse(set_up)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
                if node.module == "utils":
                    found |= {f"utils.{alias.name}" for alias in node.names}
    return sorted(found)


def _census(submissions: Sequence[Submission]) -> str:
    """Return how many there are of what."""
    students = len({s.student for s in submissions})
    lessons = sorted({s.lesson for s in submissions if s.lesson})
    older = sum("left out" in note for s in submissions for note in s.notes)
    more = f" ({older} sent more than once: the newest counts)" if older else ""
    bad = sum(bool(s.problem) for s in submissions)
    unread = f", {bad} of them cannot be read" if bad else ""
    return (
        f"{len(submissions)} submissions of {students} students, "
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


def _summarise(items: Sequence[Item], keys: dict[str, LessonKey], out: Path) -> None:
    """Print what an instructor wants to know first."""
    totals: Counter[str] = Counter()
    for item in items:
        totals[item.student] += item.points
    if not totals:
        return
    most = sum(key.max_points for key in keys.values())
    print(
        f"\nmean {statistics.mean(totals.values()):.1f} of {most}   "
        f"median {statistics.median(totals.values()):g}   "
        f"full marks {sum(t == most for t in totals.values())}"
    )
    for label, text in reports.highlights(items):
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
