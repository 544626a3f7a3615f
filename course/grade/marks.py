"""Written answers and their marks: to_mark.csv, read, merged and written.

A mark is of one answer, whose id stands beside it. It stays until a person changes it: where the
answer is not there any more, where it has changed, where the row has gone from the file. What each
run has seen and written is kept in the journal, so that the next one can tell.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from course.grade.key import Lesson, WrittenKey
from course.grade.record import Record
from course.grade.tables import write_table
from course.grade.typed import Names, Row, number, read_table, unknown

COLUMNS = ("student", "question", "points", "max_points", "comment", "answer_id", "state")
CHANGED = "the answer has changed since it was marked"
GONE = "marked, but the newest version holds no answer"


@dataclass(frozen=True)
class Mark:
    """What a person has typed of a written answer.

    Attributes
    ----------
    points, comment : str
        "" where nothing was typed.
    digest : str
        The id of the answer that was marked; "" for the one that is there now.
    more : dict of str to str
        What stands in columns of the person's own.
    """

    points: str = ""
    comment: str = ""
    digest: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def typed(self) -> bool:
        """Whether there is anything of it."""
        return bool(self.points or self.comment or any(self.more.values()))


@dataclass(frozen=True)
class Question:
    """A written answer beside its question and model answer, with the mark it has."""

    student: str
    lesson: str
    key: WrittenKey
    answer: str
    mark: Mark

    @property
    def answer_id(self) -> str:
        """Tells one answer from another, so that a mark is known to be of this one."""
        return answer_id(self.answer)

    @property
    def changed(self) -> bool:
        """Whether it was marked, and then handed in anew with other words."""
        return bool(self.mark.points and self.mark.digest not in ("", self.answer_id))


@dataclass(frozen=True)
class Seen:
    """A written answer as the last run left it, so that the next knows what a person has done.

    Attributes
    ----------
    student, question : str
    shown : str
        The id of the answer that stood in to_mark.html; "" where there was none any more.
    mark : Mark
        As it was written to to_mark.csv.
    """

    student: str
    question: str
    shown: str
    mark: Mark

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON; `asdict` would take ten times as long, for each answer."""
        return {**vars(self), "mark": {**vars(self.mark), "more": dict(self.mark.more)}}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Seen:
        """Return what `as_json` was made of; TypeError or KeyError for anything else."""
        return cls(**{**plain, "mark": Mark(**plain["mark"])})


@dataclass(frozen=True)
class Marks:
    """All marks, beside what they are of.

    Attributes
    ----------
    questions : tuple of Question
        The written answers of all records.
    gone : dict of (student, question) to Mark
        Marks of answers that are not among them.
    restored : tuple of (student, question)
        Marks whose rows were missing in to_mark.csv.
    """

    questions: tuple[Question, ...]
    gone: Mapping[tuple[str, str], Mark]
    restored: tuple[tuple[str, str], ...] = ()

    @property
    def changed(self) -> list[tuple[str, str]]:
        """The answers that have changed since they were marked."""
        return [(q.student, q.key.number) for q in self.questions if q.changed]

    @property
    def waiting(self) -> int:
        """How many answers have no mark."""
        return sum(not q.mark.points for q in self.questions)

    @property
    def points(self) -> dict[tuple[str, str], float]:
        """The marks of each student and lesson that has any, added up."""
        sums: dict[tuple[str, str], float] = defaultdict(float)
        for student, question, mark in self:
            if mark.points:
                sums[student, question.partition(".")[0]] += float(mark.points)
        return dict(sums)

    def remarks(self) -> dict[tuple[str, str], list[str]]:
        """Return what the instructor should know, by student and lesson."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for student, question in self.changed:
            found[student, question.partition(".")[0]].append(f"{question}: {CHANGED}")
        for student, question in self.gone:
            found[student, question.partition(".")[0]].append(f"{question}: {GONE}")
        return found

    def __iter__(self) -> Iterator[tuple[str, str, Mark]]:
        for q in self.questions:
            yield q.student, q.key.number, q.mark
        for (student, question), mark in self.gone.items():
            yield student, question, mark


def answer_id(answer: str) -> str:
    """Return the id of an answer; it begins with a letter, or a spreadsheet would round it."""
    return "a" + hashlib.sha256(answer.encode("utf-8", "replace")).hexdigest()[:8]


def answers_of(
    records: Iterable[Record], lessons: Mapping[str, Lesson]
) -> Iterator[tuple[Record, WrittenKey, str]]:
    """Yield every written answer beside its question."""
    for record in records:
        if record.lesson in lessons:
            for key in lessons[record.lesson].written:
                answer = record.grade.written.get(key.number, "")
                if answer:
                    yield record, key, answer


def merge(
    path: Path,
    records: Sequence[Record],
    lessons: Mapping[str, Lesson],
    seen: Sequence[Seen],
    expected: Iterable[tuple[str, str]] = (),
) -> Marks:
    """Read the marks that a person has typed, and put each beside its answer.

    Parameters
    ----------
    path : Path
        to_mark.csv, as written here, saved from to_mark.html or from a spreadsheet.
    records : sequence of Record
        With their grades.
    lessons : mapping of str to Lesson
    seen : sequence of Seen
        What earlier runs knew.
    expected : iterable of (student, question)
        Answers that may be there but have not been read yet: rows of these are in order too.

    Returns
    -------
    Marks

    Raises
    ------
    ValueError
        If a row cannot be read, or is of no answer that was ever seen: nothing must be written.
    """
    answers = {
        (record.student, key.number): (record, key, text)
        for record, key, text in answers_of(records, lessons)
    }
    before = {(each.student, each.question): each for each in seen}
    known = {*answers, *before, *expected}
    maxima = {key.number: key.max_points for lesson in lessons.values() for key in lesson.written}
    names = Names({*(student for student, _ in known), *(record.student for record in records)})
    marks = _read(path, names, known, answers, before, maxima)
    missing = (pair for pair, each in before.items() if each.mark.typed and pair not in marks)
    restored = tuple(missing)
    for pair in restored:
        marks[pair] = before[pair].mark
    questions = tuple(
        Question(record.student, record.lesson, key, text, marks.get(pair, Mark()))
        for pair, (record, key, text) in answers.items()
    )
    gone = {pair: mark for pair, mark in marks.items() if pair not in answers and mark.typed}
    return Marks(questions, gone, restored)


def _read(
    path: Path,
    names: Names,
    known: set[tuple[str, str]],
    answers: Mapping[tuple[str, str], tuple[Record, WrittenKey, str]],
    before: Mapping[tuple[str, str], Seen],
    maxima: Mapping[str, int],
) -> dict[tuple[str, str], Mark]:
    """Read to_mark.csv as far as it can be understood, which must be all of it."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (student, question), (_, _, text) in answers.items():
        ids[question, answer_id(text)].add(student)
    for (student, question), each in before.items():
        if each.shown:
            ids[question, each.shown].add(student)
    marks: dict[tuple[str, str], Mark] = {}
    lines: dict[tuple[str, str], int] = {}
    for row in read_table(path, ("student", "question", "points"), names, COLUMNS):
        typed = row.get("student").strip()
        question, digest = row.get("question").strip(), _id(row.get("answer_id"))
        student = names.find(typed)
        if not student:
            # The answer's id says who was meant; but it is for a person to say so.
            alike = ids.get((question, digest), set())
            raise unknown(path, row.line, typed, names, *(alike if len(alike) == 1 else ()))
        pair = student, question
        if pair not in known:
            raise ValueError(
                f"{path}, line {row.line}: {student} has never answered “{question}”. "
                "Nothing has been written: mend that row"
            )
        points = _points(path, row.line, row.get("points"), maxima.get(question) or None)
        mark = _whole(row, Mark(points, row.get("comment"), digest), before.get(pair))
        if pair in marks and marks[pair] != mark:
            raise ValueError(
                f"{path}, lines {lines[pair]} and {row.line} are both of {student}, {question}, "
                "and differ. Nothing has been written: delete one of them"
            )
        marks[pair], lines[pair] = mark, row.line
    return {pair: _of_which(mark, before.get(pair)) for pair, mark in marks.items()}


def _whole(row: Row, mark: Mark, before: Seen | None) -> Mark:
    """Add what a column would say that the file does not have, as one saved from the page."""
    own = {name: text for name, text in row.cells.items() if name and name not in COLUMNS}
    if before is None:
        return replace(mark, more=own)
    return Mark(
        mark.points,
        mark.comment if "comment" in row.cells else before.mark.comment,
        mark.digest if "answer_id" in row.cells else before.mark.digest,
        {**before.mark.more, **own},
    )


def _id(text: str) -> str:
    """Read the id of an answer; earlier versions wrote it without its letter."""
    text = text.strip()
    return f"a{text}" if len(text) == 8 else text


def _of_which(mark: Mark, before: Seen | None) -> Mark:
    """Say of which answer a mark is: one typed since the last run is of the one shown then."""
    if before is None or mark.digest != before.mark.digest or not before.shown:
        return mark  # the page has said it, or a person has emptied the cell: of what is there now
    old = before.mark
    same = (mark.points, mark.comment) == (old.points, old.comment)
    return mark if same else replace(mark, digest=before.shown)


def _points(path: Path, line: int, text: str, most: int | None) -> str:
    """Read the points of a mark."""
    text = text.strip()
    if not text:
        return ""
    value = number(text)
    if value is None:
        raise ValueError(f"{path}, line {line}: “{text}” is not a number of points")
    if value < 0 or (most is not None and value > most):
        limit = f"0 to {most:g}" if most is not None else "0 or more"
        raise ValueError(f"{path}, line {line}: {value:g} points, of {limit}")
    return f"{value:g}"


def write(
    path: Path,
    marks: Marks,
    lessons: Mapping[str, Lesson],
    seen: Sequence[Seen],
    backup: Path,
) -> list[Seen]:
    """Write to_mark.csv.

    Parameters
    ----------
    path : Path
    marks : Marks
    lessons : mapping of str to Lesson
    seen : sequence of Seen
        What earlier runs knew.
    backup : Path
        The folder for what the file held before.

    Returns
    -------
    list of Seen
        For the next run, once this is on disk.
    """
    maxima = {key.number: key.max_points for lesson in lessons.values() for key in lesson.written}
    now = {(each.student, each.question): each for each in seen}
    for pair, each in now.items():
        now[pair] = replace(each, shown="", mark=Mark())
    states: dict[tuple[str, str], str] = {}
    for q in marks.questions:
        pair = q.student, q.key.number
        # An unmarked answer's id is its own; a mark keeps that of the answer it was given for.
        digest = q.mark.digest if q.changed else q.answer_id
        now[pair] = Seen(*pair, q.answer_id, replace(q.mark, digest=digest))
        states[pair] = CHANGED if q.changed else ""
    for pair, mark in marks.gone.items():
        now[pair] = Seen(*pair, "", mark)
        states[pair] = GONE
    own = sorted({name for _, _, mark in marks for name in mark.more})
    kept = sorted(now.values(), key=lambda s: (s.student.casefold(), s.student, s.question))
    rows = [
        [
            *(s.student, s.question, s.mark.points, maxima.get(s.question, "")),
            *(s.mark.comment, s.mark.digest, states[s.student, s.question]),
            *(s.mark.more.get(name, "") for name in own),
        ]
        for s in kept
        if (s.student, s.question) in states
    ]
    write_table(path, [*COLUMNS, *own], rows, backup)
    return kept
