"""What a person adds to the machine's points: adjustments.csv, and what lateness costs.

The file is read in every run and never written; the machine's own points stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.grade.key import Lesson
from course.grade.record import Grade
from course.grade.typed import Names, Row, number, read_table, unknown

COLUMNS = ("student", "lesson", "exercise", "points", "late_days", "comment")
_EXTRA = "extra"
_POINTS = re.compile(r"([+\-=])\s*([\d.,]+)\s*(!?)")
_RATE = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%(?:\s*(?:/|per|a)\s*day)?", re.IGNORECASE)


@dataclass(frozen=True)
class Adjustment:
    """A row of adjustments.csv.

    Attributes
    ----------
    student, lesson : str
    exercise : str
        "02.1"; "" for the lesson.
    sign : str
        "+", "-" or "="; "" where the row changes no points.
    points : float
    extra : bool
        Whether the sum may pass the maximum.
    late_days : float
    comment : str
        Shown to the student.
    """

    student: str
    lesson: str
    exercise: str = ""
    sign: str = ""
    points: float = 0
    extra: bool = False
    late_days: float = 0
    comment: str = ""

    def apply(self, points: float, most: float) -> float:
        """Return what becomes of points, of which there are so many at most."""
        if not self.sign:
            return points
        new = {"+": points + self.points, "-": points - self.points, "=": self.points}[self.sign]
        return max(0, new if self.extra else min(new, max(points, most)))


@dataclass(frozen=True)
class Change:
    """What one row has come to, for reports."""

    row: Adjustment
    effect: float

    @property
    def capped(self) -> bool:
        """Whether the maximum has kept points from being added."""
        return self.row.sign == "+" and self.effect < self.row.points


@dataclass(frozen=True)
class Tally:
    """What a student has in a lesson, and why.

    Attributes
    ----------
    machine : int
        Points of the exercises as graded.
    exercises : dict of str to float
        Points of those exercises that a person has adjusted.
    changes : tuple of Change
        One for each row of adjustments.csv.
    written : float or None
        Marks of written answers; None if there are none.
    late_days : float
    late : float
        What that costs: 0 or less.
    """

    machine: int
    exercises: Mapping[str, float]
    changes: tuple[Change, ...]
    written: float | None = None
    late_days: float = 0
    late: float = 0

    @property
    def adjustment(self) -> float:
        """What all rows together add."""
        return sum(change.effect for change in self.changes)

    @property
    def for_exercises(self) -> float:
        """Points of the exercises, each as a person has adjusted it."""
        return self.machine + sum(c.effect for c in self.changes if c.row.exercise)

    @property
    def total(self) -> float:
        """All of it."""
        return self.machine + (self.written or 0) + self.adjustment + self.late


def tally(
    lesson: Lesson,
    grade: Grade,
    written: float | None,
    rows: Sequence[Adjustment],
    rate: float,
) -> Tally:
    """Add up what a student has in a lesson.

    First the exercises as adjusted, then the marks of written answers; lateness takes its share of
    that sum; what a person says of the lesson as a whole comes last, so `=7` means seven.

    Parameters
    ----------
    lesson : Lesson
    grade : Grade
        The machine's.
    written : float or None
        Marks of written answers.
    rows : sequence of Adjustment
        Of this student and lesson.
    rate : float
        The share that a day costs.

    Returns
    -------
    Tally
    """
    machine = {score.number: float(score.points) for score in grade.exercises}
    maxima = {exercise.number: exercise.max_points for exercise in lesson.exercises}
    now, effects = dict(machine), {}
    for place, row in enumerate(rows):
        if row.exercise:
            before = now.get(row.exercise, 0)
            now[row.exercise] = row.apply(before, maxima.get(row.exercise, 0))
            effects[place] = now[row.exercise] - before
    points = sum(now.values()) + (written or 0)
    days = max((row.late_days for row in rows), default=0)
    late = -round(points * min(1, rate * days), 2)
    points += late
    for place, row in enumerate(rows):
        if not row.exercise:
            after = row.apply(points, lesson.max_total)
            effects[place], points = after - points, after
    return Tally(
        machine=grade.points,
        exercises={row.exercise: now[row.exercise] for row in rows if row.exercise and row.sign},
        changes=tuple(Change(row, round(effects[place], 6)) for place, row in enumerate(rows)),
        written=written,
        late_days=days,
        late=late or 0,
    )


def read(
    path: Path, students: Iterable[str], lessons: Mapping[str, Lesson]
) -> dict[tuple[str, str], list[Adjustment]]:
    """Read adjustments.csv.

    Parameters
    ----------
    path : Path
    students : iterable of str
        All that are known.
    lessons : mapping of str to Lesson

    Returns
    -------
    dict of (student, lesson) to list of Adjustment
        In the order of the file; empty if there is none.

    Raises
    ------
    ValueError
        If a row cannot be understood: nothing must be written.
    """
    names = Names(students)
    found: dict[tuple[str, str], list[Adjustment]] = {}
    for row in read_table(path, ("student",), names, (*COLUMNS, _EXTRA)):
        try:
            each = _adjustment(path, row, names, lessons)
        except _WrongError as error:
            raise ValueError(
                f"{path}, line {row.line}: {error}. Nothing has been written: mend that row"
            ) from None
        found.setdefault((each.student, each.lesson), []).append(each)
    return found


class _WrongError(Exception):
    """A row says what cannot be; the message is the reason."""


def _adjustment(path: Path, row: Row, names: Names, lessons: Mapping[str, Lesson]) -> Adjustment:
    typed = row.get("student").strip()
    student = names.find(typed)
    if not student:
        raise unknown(path, row.line, typed, names)
    lesson = _lesson(row, lessons)
    exercise = _exercise(row.get("exercise").strip(), lesson)
    most = lesson.max_total
    if exercise:
        most = next(e.max_points for e in lesson.exercises if e.number == exercise)
    sign, points, extra = _points(row, most)
    days = row.get("late_days").strip()
    late_days = number(days) if days else 0
    if late_days is None or late_days < 0:
        raise _WrongError(f"late_days is “{days}”, not a number of days")
    comment = row.get("comment")
    if not (sign or late_days or comment.strip()):
        raise _WrongError("it has neither points nor late_days nor a comment")
    return Adjustment(
        student, lesson.number, exercise, sign, points, extra, late_days, comment.strip()
    )


def _lesson(row: Row, lessons: Mapping[str, Lesson]) -> Lesson:
    """Return the lesson that is meant; a spreadsheet makes 2 of 02, and 2.1 of 02.1."""
    typed = row.get("lesson").strip() or row.get("exercise").strip().partition(".")[0]
    wanted = typed.partition("_")[0].partition(".")[0].zfill(2)
    if wanted in lessons and typed:
        return lessons[wanted]
    known = ", ".join(sorted(lessons))
    raise _WrongError(f"lesson “{typed}” is none of {known}" if typed else "no lesson is named")


def _exercise(typed: str, lesson: Lesson) -> str:
    """Return the number of the exercise that is meant, by number or name; "" for the lesson."""
    if not typed:
        return ""
    numbers = {e.number: e.number for e in lesson.exercises}
    names = {e.name.casefold(): e.number for e in lesson.exercises}
    head, point, rest = typed.replace(",", ".").partition(".")
    padded = f"{head.zfill(2)}.{rest}" if point else f"{lesson.number}.{head}"
    found = numbers.get(padded) or names.get(typed.casefold())
    if found:
        return found
    hint = "; a written answer is marked in to_mark.csv" if "q" in typed.casefold() else ""
    raise _WrongError(
        f"exercise “{typed}” is none of lesson {lesson.number}, "
        f"which has {', '.join(numbers) or 'none'}{hint}"
    )


def _points(row: Row, most: float) -> tuple[str, float, bool]:
    """Read `+1`, `-2`, `=7`, and `+2!`, which may pass the maximum."""
    typed = row.get("points").strip()
    extra = row.get(_EXTRA).strip().casefold() in ("yes", "y", "x", "1", "true")
    if not typed:
        return "", 0, False
    plain = typed.removeprefix("'").replace("−", "-").replace("–", "-").strip()
    found = _POINTS.fullmatch(plain)
    value = number(found[2]) if found else None
    if found is None or value is None:
        if number(plain) is not None:
            raise _WrongError(
                f"points “{typed}” could be added or be all there is: write +{plain} or ={plain} "
                f"(in a spreadsheet with an apostrophe before it, '+{plain})"
            )
        raise _WrongError(f"points “{typed}” is none of +1, -2 and =7")
    extra = extra or bool(found[3])
    if found[1] == "=" and value > most and not extra:
        raise _WrongError(
            f"{value:g} points are more than {most:g}, all there are; write ={value:g}! if it may be"
        )
    return found[1], value, extra


def read_rate(text: str) -> float | None:
    """Return the share that a day costs, None if the text does not say.

    Examples
    --------
    >>> read_rate("10%/day"), read_rate("none"), read_rate("ten")
    (0.1, 0.0, None)
    """
    if text.strip().casefold() == "none":
        return 0.0
    found = _RATE.fullmatch(text.strip())
    if not found:
        return None
    rate = float(found[1].replace(",", ".")) / 100
    return rate if rate <= 1 else None
