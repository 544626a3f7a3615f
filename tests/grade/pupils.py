"""A made class of any size, graded without being run: for the pages that show it."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from course.grade import marks, reports
from course.grade.adjustments import tally
from course.grade.forecasts import Forecast, asked_by, outcomes_of
from course.grade.key import Lesson, Solution, lesson_names, read_solution
from course.grade.record import Grade, GroupScore, Record, Score
from course.judge.run import Status
from tests.grade import made

FIRST = ("Ada", "Zoë", "Bo", "Łukasz", "Chidi", "Mei", "Noor", "Öykü", "Pia", "Quentin")
LAST = ("Abel", "Brandt", "Chen", "Díaz", "Eze", "Farah", "Goto", "Hall", "Ivanov", "Jain")
WRONG = (
    ("the columns sum to 1", "You normalised over axis 0. Sum along the last axis instead."),
    ("one maximum for all rows", "A row far below the others turns into nan."),
    ("raised ValueError", "Your code raised ValueError there, in line 3 of the cell."),
)
WORDS = (
    "Log-odds of two classes should be the *difference* of their scores, so $p_a \\propto e^{z_a}$.\n"
    "\nIt also ignores a constant that is added to all scores & keeps the order <of course>."
)


@functools.cache
def solution(lesson: str) -> Solution:
    """Return a lesson's solution, read once."""
    return read_solution(made.SOLUTIONS / f"{lesson_names(made.SOLUTIONS)[lesson]}.ipynb")


@functools.cache
def asked(lesson: str) -> dict[str, tuple[str, ...]]:
    """Return the options of each prediction of a lesson."""
    return asked_by(solution(lesson))


@functools.cache
def lesson(number: str) -> Lesson:
    """Return what reports know of a lesson."""
    return replace(solution(number).lesson, outcomes=outcomes_of(solution(number)))


def name(number: int) -> str:
    """Return a student's name, each once."""
    return f"{FIRST[number % 10]} {LAST[number // 10 % 10]} {number:04}"


def grade(lesson: Lesson, rng: random.Random) -> Grade:
    """Return what somebody may have earned, written and expected."""
    scores = []
    for place, exercise in enumerate(lesson.exercises):
        luck, most = rng.random(), exercise.max_points
        if luck < 0.7 - 0.1 * place:
            status, points, finding, says = Status.PASSED, most, "", ""
        elif luck < 0.8:
            status, points, finding, says = Status.NOT_ATTEMPTED, 0, "", "Not attempted."
        else:
            status, points = Status.FAILED, rng.randrange(most)
            finding, says = rng.choice(WRONG)
        group = GroupScore("each row sums to 1", most, status)
        scores.append(
            Score(exercise.number, exercise.name, points, most, status, finding, says, (group,))
        )
    forecasts = []
    for prediction, options in asked(lesson.number).items():
        right = lesson.outcomes[prediction]
        skill = 0.8 if prediction[:2] == "11" else 0.3 if len(prediction) % 3 == 0 else 0.6
        answer = right if rng.random() < skill else rng.choice(options)
        sure = max(1 / len(options), rng.choice((0.6, 0.75, 0.8, 0.9, 0.95, 1.0)))
        forecasts.append(Forecast(prediction, answer, sure))
    return Grade(
        tuple(scores),
        (),
        {key.number: f"{WORDS} {rng.random():.3f}" for key in lesson.written},
        tuple(forecasts),
    )


def results(
    students: int, lessons: Sequence[str] = ("02",), written: dict[str, str] | None = None
) -> reports.Results:
    """Return all that the reports tell of a class.

    Parameters
    ----------
    students : int
    lessons : sequence of str
    written : dict of str to str
        Answers of the first student, by the question's number.
    """
    rng = random.Random(students)
    known = {number: lesson(number) for number in lessons}
    records = []
    for place in range(students):
        for number, asks in known.items():
            theirs = grade(asks, rng)
            if place == 0 and written:
                theirs = replace(theirs, written={**theirs.written, **written})
            notes = ("1 older version left out",) if rng.random() < 0.03 else ()
            path = f"class.zip/{name(place)}.ipynb"
            records.append(Record(name(place), number, path, notes=notes, grade=theirs))
    merged = marks.merge(Path("none"), records, known, [])
    tallies = {(r.student, r.lesson): tally(known[r.lesson], r.grade, None, [], 0) for r in records}
    records.append(Record("Zz picture", "", "photo.png", problem="a picture (PNG), not a notebook"))
    return reports.Results(tuple(records), known, merged, tallies, True, 7)
