"""`course grade`: from a download to grades, with a bar, and safe to stop at any moment."""

from __future__ import annotations

import errno
import hashlib
import queue
import secrets
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from course import terminal
from course.files import clear_halves, write_whole
from course.grade import adjustments, gradebook, marks, reports
from course.grade.adjustments import Adjustment
from course.grade.answer_key import Prepared, make_key, prepare
from course.grade.cluster import ClusterError, grade_all
from course.grade.collect import collect
from course.grade.folder import LockedError, locked
from course.grade.forecasts import asked_by, outcomes_of
from course.grade.journal import Journal, entry_for
from course.grade.key import (
    AnswerKeyError,
    ExerciseKey,
    Lesson,
    LessonKey,
    Limits,
    Solution,
    imports_of,
    lesson_names,
    read_solution,
)
from course.grade.notebook import UnreadableError
from course.grade.pages import Made
from course.grade.reader import Reader
from course.grade.record import Grade, Record
from course.grade.sandbox import IsolationError, Sandbox, look_for_isolation, probe
from course.grade.scoring import grade, unreadable
from course.grade.tables import keep_backup
from course.grade.typed import listed, several


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
    late: float | None = None
    exercises: tuple[str, ...] = ()


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
        if not options.submissions.exists():
            raise GradeError(f"{options.submissions} does not exist")
        with locked(options.out):
            _run(options)
    except (AnswerKeyError, IsolationError, LockedError) as error:
        raise GradeError(str(error)) from None
    except KeyboardInterrupt:
        raise GradeError(
            f"stopped; what has been graded is kept in {options.out}: the same command goes on"
        ) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            if error.filename is None:
                raise
            raise GradeError(
                f"{error.filename}: {error.strerror}; what has been graded is kept in {options.out}"
            ) from None
        raise GradeError(
            f"the disk is full; what has been graded is kept in {options.out}: make room and run "
            "the same command again"
        ) from None


def _run(options: Options) -> None:
    names = lesson_names(options.solutions)
    journal = Journal(options.out / "journal")
    found_out = journal.found_out()
    lessons = journal.lessons()
    # A lesson of earlier runs is known, even if its solution is not at hand.
    known = {**{lesson.number: lesson.name for lesson in lessons.values()}, **names}
    try:
        records = collect(
            options.submissions,
            known,
            leave_out=[options.out],
            earlier=journal.records(),
            say=lambda sentence: _say("look at", sentence),
            known=found_out.lessons,
        )
    except ValueError as error:
        raise GradeError(str(error)) from None
    found_out.lessons |= {r.source.digest: r.source.lesson for r in records if r.source}
    _say("reading", _census(records))
    clear_halves(options.out)
    records, earlier = _with_earlier(journal, records, names, options.solutions)
    wanted = sorted({record.lesson for record in [*records, *earlier]} & names.keys())
    solutions = [read_solution(options.solutions / f"{names[n]}.ipynb") for n in wanted]
    lessons |= {s.number: replace(s.lesson, outcomes=outcomes_of(s)) for s in solutions}
    lessons = {number: lessons[number] for number in sorted(lessons)}
    again = _exercises(options.exercises, lessons, wanted)
    typed = _Typed(options.out, journal, lessons)
    typed.check(records, earlier)
    seed = options.seed if options.seed is not None else journal.seed()
    if seed is None:
        seed = secrets.randbits(32)
    if journal.seed() is None:
        journal.keep_seed(seed)
    with _Sandboxes(options, imports_of(solutions)) as sandboxes:
        if options.isolated:
            look_for_isolation()
        prints = {
            s.number: found_out.fingerprints.get(_settled(options, s, seed)) for s in solutions
        }
        keys: dict[str, LessonKey] = {}
        if again or _new(options, records, prints, journal):
            sandboxes.start(1)  # while it warms up:
            limits, isolated = options.limits, options.isolated
            prepared = {s.number: prepare(s, seed, limits, isolated) for s in solutions}
            prints |= {number: each.fingerprint for number, each in prepared.items()}
            if not options.dask:
                new = _new(options, records, prints, journal)
                sandboxes.start(min(options.jobs, len(new)))
            keys = _make_keys(options, solutions, seed, sandboxes.first, prepared)
        _say("isolation", _describe(options))
        records = _grade_all(options, records, prints, keys, journal, sandboxes, again)
    found_out.fingerprints |= {
        _settled(options, s, seed): prints[s.number] or "" for s in solutions
    }
    if not earlier:
        journal.keep_seed(seed)  # of everybody; an appeal on other cases is of one student alone
    elif seed != journal.seed():
        records = [replace(record, seed=seed) for record in records]
    everyone = sorted([*records, *earlier], key=lambda record: record.sort_key)
    exercises = {number: lessons[number].exercises for number in wanted}
    graded = [_with_grade(record, journal, exercises) for record in everyone]
    found_out.pages = _report(options, graded, lessons, journal, typed, found_out.pages)
    journal.keep_found_out(found_out)


def _report(
    options: Options,
    graded: Sequence[Record],
    lessons: Mapping[str, Lesson],
    journal: Journal,
    typed: _Typed,
    before: Made,
) -> Made:
    """Put together what the machine and what a person gave, and write it."""
    merged, rows = typed.merge(graded)
    seed = journal.seed() or 0
    rate = journal.late() if options.late is None else options.late
    graded = _with_remarks(graded, merged, seed)
    written = merged.points
    owners: dict[tuple[str, str], Grade] = {
        (r.student, r.lesson): r.grade for r in graded if r.lesson in lessons
    }
    tallies = {
        (student, lesson): adjustments.tally(
            lessons[lesson],
            owners.get((student, lesson), Grade()),
            written.get((student, lesson)),
            rows.get((student, lesson), []),
            rate,
        )
        for student, lesson in sorted({*owners, *rows, *written})
        if lesson in lessons
    }
    results = reports.Results(tuple(graded), lessons, merged, tallies, options.isolated, seed)
    journal.keep_records(graded)
    journal.keep_lessons(lessons)
    if rate or journal.late():
        journal.keep_late(rate)
    typed.write(merged)
    made = reports.write(options.out, results, before)
    if options.gradebook:
        for said in gradebook.write(options.out, options.gradebook, graded, lessons, tallies):
            _say(options.gradebook, said)
    for which in gradebook.PLATFORMS:
        if (path := options.out / f"{which}.csv").exists():
            old = f" is of an earlier run: --gradebook {which} writes it anew"
            _say(which, f"{path}{old * (which != options.gradebook)}")
    _summarise(results, options.out, rate)
    return made


class _Typed:
    """What a person has typed into the grades folder: marks and adjustments."""

    def __init__(self, out: Path, journal: Journal, lessons: Mapping[str, Lesson]) -> None:
        self.marks, self.adjustments = out / "to_mark.csv", out / "adjustments.csv"
        self.backup = out / "backup"
        self.journal, self.lessons = journal, lessons
        self.seen = journal.seen()

    def check(self, records: Sequence[Record], earlier: Sequence[Record]) -> None:
        """Stop the run, before it costs any time or writes anything, if something is wrong."""
        lessons = self.lessons
        # What has not been graded yet may hold any written answer of its lesson.
        expected = [
            (record.student, key.number)
            for record in records
            if record.lesson in lessons
            for key in lessons[record.lesson].written
        ]
        graded = [_with_grade(record, self.journal, {}) for record in earlier]
        self._read([*graded, *records], expected)

    def merge(
        self, graded: Sequence[Record]
    ) -> tuple[marks.Marks, dict[tuple[str, str], list[Adjustment]]]:
        """Return all marks and all adjustments, now that every answer is known."""
        return self._read(graded, [])

    def _read(
        self,
        graded: Sequence[Record],
        expected: Iterable[tuple[str, str]],
    ) -> tuple[marks.Marks, dict[tuple[str, str], list[Adjustment]]]:
        students = {record.student for record in graded} | {each.student for each in self.seen}
        try:
            merged = marks.merge(self.marks, graded, self.lessons, self.seen, expected)
            return merged, adjustments.read(self.adjustments, students, self.lessons)
        except ValueError as error:
            raise GradeError(str(error)) from None

    def write(self, merged: marks.Marks) -> None:
        """Write to_mark.csv; adjustments.csv is the person's own, and begun for them."""
        seen = marks.write(self.marks, merged, self.lessons, self.seen, self.backup)
        self.journal.keep_seen(seen)  # after the file: a run that is killed between asks again
        heading = ",".join(adjustments.COLUMNS) + "\n"
        if not self.adjustments.exists():
            write_whole(self.adjustments, heading)
        elif self.adjustments.read_bytes() != heading.encode():
            keep_backup(self.adjustments, self.backup)


def _with_earlier(
    journal: Journal, records: Sequence[Record], names: Mapping[str, str], solutions: Path
) -> tuple[list[Record], list[Record]]:
    """Return what this run is to grade, and what earlier runs graded and this one keeps.

    Grading one student keeps a class; grading without a lesson's solution keeps that lesson.
    """
    before = {(record.student, record.lesson): record for record in journal.records()}
    now, kept = [], dict(before)
    for record in records:
        pair = record.student, record.lesson
        if record.lesson in names or not record.lesson:
            now.append(record)
            kept.pop(pair, None)
        elif pair not in before:
            problem = f"{solutions} holds no solution of lesson {record.lesson}"
            now.append(replace(record, problem=record.problem or problem))
    # Somebody's picture or unreadable file of a run before, in whose place there is a notebook now.
    read = {record.student for record in now if record.lesson}
    earlier = [r for (student, lesson), r in kept.items() if lesson or student not in read]
    lost = "its grade in the journal is damaged: grade the file again"
    return now, [
        r if r.problem or journal.get(r.entry) else replace(r, problem=lost) for r in earlier
    ]


def _with_grade(
    record: Record, journal: Journal, exercises: Mapping[str, Sequence[ExerciseKey]]
) -> Record:
    """Return a record with its grade, for the reports."""
    known = journal.get(record.entry) if record.entry and not record.problem else None
    asked = exercises.get(record.lesson, ())
    return replace(record, grade=known or unreadable(record.problem, asked))


def _with_remarks(records: Sequence[Record], merged: marks.Marks, seed: int) -> list[Record]:
    """Add what the instructor should know that no submission says of itself."""
    owners: dict[str, list[str]] = defaultdict(list)
    for record in records:
        if record.digest and (record.grade.points or any(record.grade.written.values())):
            owners[record.digest].append(record.student)
    remarks = merged.remarks()
    found = []
    for record in records:
        said = list(remarks.get((record.student, record.lesson), ()))
        others = [s for s in owners.get(record.digest, ()) if s != record.student]
        if others:
            said.append(f"the very same file as {listed(others, 3)}")
        if record.seed is not None and record.seed != seed:
            said.append(f"graded on the cases of seed {record.seed}, not of the class's")
        found.append(replace(record, remarks=tuple(said)))
    return found


def _exercises(
    asked: Sequence[str], lessons: Mapping[str, Lesson], wanted: Sequence[str]
) -> dict[str, set[str]]:
    """Return by lesson the numbers of the exercises to grade again."""
    again: dict[str, set[str]] = defaultdict(set)
    known: dict[str, tuple[str, ExerciseKey]] = {}
    for number in wanted:
        for exercise in lessons[number].exercises:
            known[exercise.number] = known[exercise.name.casefold()] = number, exercise
    for each in asked:
        if each.casefold() not in known:
            numbers = sorted({exercise.number for _, exercise in known.values()})
            raise GradeError(
                f"--exercise {each} is none of these lessons: {', '.join(numbers) or 'none'}"
            )
        lesson, exercise = known[each.casefold()]
        again[lesson].add(exercise.number)
    return again


class _Sandboxes:
    """As many sandboxes as submissions run at a time; the first runs the solutions, too."""

    def __init__(self, options: Options, imports: Sequence[str]) -> None:
        self.options, self.imports = options, imports
        self.all: list[Sandbox] = []

    def __enter__(self) -> _Sandboxes:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def first(self) -> Sandbox:
        """The one that is there in any case."""
        return self.all[0]

    def start(self, count: int) -> None:
        """Start so many in all, without waiting until they are warm."""
        while len(self.all) < count:
            self.all.append(_sandbox(self.options, self.imports))
            self.all[-1].start()

    def close(self) -> None:
        """End them all, and whatever runs in them."""
        for sandbox in self.all:
            sandbox.close()


def _sandbox(options: Options, imports: Sequence[str]) -> Sandbox:
    hidden = (options.solutions, options.submissions, options.out)
    return Sandbox(options.isolated, imports, hidden)


def _settled(options: Options, solution: Solution, seed: int) -> str:
    """Return a hash of what a fingerprint depends on besides the code."""
    settings = f"{seed} {options.limits} {options.isolated}".encode()
    return hashlib.sha256(solution.content + settings).hexdigest()


def _new(
    options: Options,
    records: Sequence[Record],
    prints: Mapping[str, str | None],
    journal: Journal,
) -> set[str]:
    """Return what there is to do: the entries that the journal has no grade of, or lessons.

    A lesson of which it has no grade at all is one whose solution has never been tried.
    """
    readable = [record for record in records if not record.problem]
    entries = {entry_for(r.digest, prints[r.lesson] or "") for r in readable}
    untried = prints.keys() - {record.lesson for record in readable}
    return {e for e in entries if options.fresh or journal.get(e) is None} | untried


def _make_keys(
    options: Options,
    solutions: Sequence[Solution],
    seed: int,
    sandbox: Sandbox,
    prepared: Mapping[str, Prepared],
) -> dict[str, LessonKey]:
    """Run the solutions, each of which must pass its own grading."""
    keys = {}
    if options.isolated:
        probe(sandbox)
    with _bar("answer key", len(solutions)) as step:
        for solution in solutions:
            number = solution.number
            key = make_key(solution, seed, sandbox, options.limits, prepared[number])
            keys[solution.number] = replace(key, asked=asked_by(solution))
            step()
    for key in keys.values():
        _say("answer key", f"{key.name} passes its own {key.max_points} points")
    return keys


def _grade_all(
    options: Options,
    records: Sequence[Record],
    prints: Mapping[str, str | None],
    keys: Mapping[str, LessonKey],
    journal: Journal,
    sandboxes: _Sandboxes,
    again: Mapping[str, set[str]],
) -> list[Record]:
    """Grade what the journal has no grade of; return each record with the name of its entry."""
    found: list[Record] = []
    todo: dict[str, Record] = {}
    before: dict[str, Grade] = {}
    lost: dict[str, str] = {}
    files = {(r.student, r.lesson, r.digest): r.entry for r in journal.records() if r.digest}
    for record in records:
        if not record.problem:
            entry = entry_for(record.digest, prints[record.lesson] or "")
            record = replace(record, entry=entry)
            known = journal.get(entry)
            if record.lesson in again:
                of_file = files.get((record.student, record.lesson, record.digest), "")
                old = known or journal.get(of_file)
                if old:
                    before.setdefault(entry, old)
                todo.setdefault(entry, record)
            elif options.fresh or not known:
                todo.setdefault(entry, record)
        found.append(record)
    lessons = {entry: record.lesson for entry, record in todo.items()}
    work = _on_a_cluster if options.dask else _on_this_machine
    with _bar("grading", len(todo), unit=" submissions") as step:
        for entry, result in work(options, todo, keys, sandboxes) if todo else ():
            if isinstance(result, UnreadableError):
                lost[entry] = str(result)
                continue
            if entry in before:
                result = before[entry].with_again(result, again[lessons[entry]])
            journal.put(entry, result)
            step()
    found = [replace(r, problem=lost[r.entry], entry="") if r.entry in lost else r for r in found]
    _say("graded", _counted(found, lessons))
    return found


def _counted(records: Sequence[Record], graded: Collection[str]) -> str:
    """Return how many have been graded, how many had been, and how many cannot be."""
    new = sum(record.entry in graded for record in records if not record.problem)
    bad = sum(bool(record.problem) for record in records)
    unread = f", {bad} cannot be read" if bad else ""
    return f"{several(new, 'submission')}, {len(records) - bad - new} unchanged{unread}"


def _on_this_machine(
    options: Options,
    todo: dict[str, Record],
    keys: Mapping[str, LessonKey],
    sandboxes: _Sandboxes,
) -> Iterator[tuple[str, Grade | UnreadableError]]:
    """Grade in so many sandboxes at a time, and yield each entry's grade when it is there.

    What a submission holds is read when its turn comes: a large class does not fit in memory.
    """
    free: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
    sandboxes.start(min(options.jobs, len(todo)))
    for sandbox in sandboxes.all:
        free.put(sandbox)

    def one(record: Record) -> Grade:
        sandbox = free.get()
        try:
            return grade(record, keys[record.lesson], sandbox, options.limits)
        finally:
            free.put(sandbox)

    pool = ThreadPoolExecutor(len(sandboxes.all))
    running: dict[Future[Grade], str] = {}
    try:
        with Reader() as reader:
            while todo or running:
                # One waits for each that runs, so that no sandbox does.
                while todo and len(running) < 2 * len(sandboxes.all):
                    entry = next(iter(todo))
                    record = _read(todo.pop(entry), reader)
                    if isinstance(record, UnreadableError):
                        yield entry, record
                    else:
                        running[pool.submit(one, record)] = entry
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        sandboxes.close()
        pool.shutdown()


def _read(record: Record, reader: Reader) -> Record | UnreadableError:
    """Return a record with what counts of its file, or why that cannot be had any more."""
    assert record.source
    try:
        return replace(record, cells=record.source.read(reader))
    except UnreadableError as error:
        return error


def _on_a_cluster(
    options: Options,
    todo: Mapping[str, Record],
    keys: Mapping[str, LessonKey],
    sandboxes: _Sandboxes,
) -> Iterator[tuple[str, Grade | UnreadableError]]:
    """Grade on the workers of a dask cluster; one that dies costs nothing but time."""
    work: dict[str, tuple[Record, LessonKey]] = {}
    with Reader() as reader:
        for entry, found in todo.items():
            record = _read(found, reader)
            if isinstance(record, UnreadableError):
                yield entry, record
            else:
                work[entry] = record, keys[found.lesson]
    try:
        yield from grade_all(
            options.dask, work, options.limits, sandboxes.first, lambda text: _say("cluster", text)
        )
    except ClusterError as error:
        raise GradeError(str(error)) from None


def _census(records: Sequence[Record]) -> str:
    """Return how many there are of what."""
    students = len({record.student for record in records})
    lessons = sorted({record.lesson for record in records if record.lesson})
    older = sum("left out" in note for record in records for note in record.notes)
    more = f" ({older} sent more than once: the newest counts)" if older else ""
    bad = sum(bool(record.problem) for record in records)
    unread = f", {bad} of them cannot be read" if bad else ""
    return (
        f"{several(len(records), 'submission')} of {several(students, 'student')}, "
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


def _summarise(results: reports.Results, out: Path, rate: float) -> None:
    """Print what an instructor wants to know first."""
    merged = results.marks
    kept = [f"{student} {question}" for student, question in merged.gone]
    if kept:
        _say(
            "kept",
            f"{several(len(kept), 'mark')} of answers that are not there now: {listed(kept)}",
        )
    if merged.restored:
        rows = [f"{student} {question}" for student, question in merged.restored]
        _say("kept", f"{several(len(rows), 'mark')} missing in to_mark.csv: {listed(rows)}")
    if merged.changed:
        those = [f"{student} {question}" for student, question in merged.changed]
        _say(
            "changed", f"{several(len(those), 'answer')} since the mark was given: {listed(those)}"
        )
    changed = [tally for tally in results.tallies.values() if tally.changes]
    if changed:
        count = sum(len(tally.changes) for tally in changed)
        _say("adjusted", f"{several(count, 'row')} of adjustments.csv")
        capped = sum(change.capped for tally in changed for change in tally.changes)
        if capped:
            _say("", f"the maximum keeps {capped} from counting in full; +2! may pass it")
    late = sum(bool(tally.late) for tally in results.tallies.values())
    if rate:
        _say(
            "late",
            f"{100 * rate:.3g}% of the points for each day: costs {several(late, 'submission')} some",
        )
    if merged.waiting:
        _say(
            "written",
            f"without a mark: {several(merged.waiting, 'answer')} in {out / 'to_mark.html'}",
        )
    totals: dict[str, float] = defaultdict(float)
    for record in results.records:
        tally = results.tallies.get((record.student, record.lesson))
        totals[record.student] += tally.for_exercises if tally else 0
    if not totals:
        return
    most = sum(lesson.max_points for lesson in results.lessons.values())
    terminal.say(
        f"\nmean {statistics.mean(totals.values()):.1f} of {most} for exercises   "
        f"median {statistics.median(totals.values()):g}   "
        f"full marks {sum(t >= most for t in totals.values())}"
    )
    for label, text in reports.highlights(results.records):
        _say(label, text)
    terminal.say(f"\n{out / 'grades.csv'}  {out / 'class.html'}  {out / 'feedback'}")


def _say(label: str, text: str) -> None:
    with tqdm.external_write_mode(file=sys.stdout):
        terminal.say(f"{label:12} {text}")


@contextmanager
def _bar(label: str, total: int, unit: str = "") -> Iterator[Callable[[], None]]:
    """Show a bar in a terminal, nothing elsewhere; yields what to call after each step."""
    layout = "{desc:12} {bar:24} {n_fmt}/{total_fmt}  {rate_fmt}  {remaining} left"
    with tqdm(
        total=total, desc=label, unit=unit, bar_format=layout, disable=None, leave=False
    ) as bar:
        yield lambda: bar.update()
