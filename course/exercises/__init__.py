"""Every exercise of the course: what it asks in `lesson_NN.py`, its answers on `lesson_NN.md`.

A lesson is loaded when one of its exercises is asked for, and no other with it.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if (
    TYPE_CHECKING
):  # not before it is needed: the grader's sandbox has this package without the judge
    from course.judge.exercise import Exercise

FOLDER = Path(__file__).parent


@functools.cache
def numbers() -> dict[str, str]:
    """Return the number of every exercise by the name of what it asks for, from the pages alone."""
    from course.judge.mistakes import find_exercises

    found: dict[str, str] = {}
    for page in sorted(FOLDER.glob("lesson_*.md")):
        for number, name in find_exercises(page).items():
            if name in found:
                raise ValueError(f"{page.name}: {number} and {found[name]} are both called {name}")
            found[name] = number
    return found


def named(name: str) -> Exercise:
    """Return the exercise of a name in `numbers`."""
    number = numbers()[name]
    return next(e for e in of_lesson(number[:2]) if e.number == number)


@functools.cache
def of_lesson(lesson: str) -> tuple[Exercise, ...]:
    """Return the exercises of one lesson ("02"), in order; none where it has none."""
    from course.judge.mistakes import read_page

    page = FOLDER / f"lesson_{lesson}.md"
    if not page.exists():
        return ()
    module = importlib.import_module(f"{__name__}.lesson_{lesson}")
    answers = read_page(page)
    asked = {exercise.number: exercise.name for exercise in module.EXERCISES}
    answered = {number: found.exercise for number, found in answers.items()}
    if asked != answered:
        differ = sorted(set(asked.items()) ^ set(answered.items()))
        number, name = differ[0] if differ else (page.name, "the order")
        raise ValueError(f"{module.__file__} and {page.name} do not agree on {number} {name}")
    return tuple(
        replace(
            exercise,
            right=tuple(answers[exercise.number].right.values()),
            mistakes=tuple(answers[exercise.number].mistakes.values()),
        )
        for exercise in module.EXERCISES
    )


def every() -> list[Exercise]:
    """Return all exercises of the course, in order."""
    lessons = sorted({number[:2] for number in numbers().values()})
    return [exercise for lesson in lessons for exercise in of_lesson(lesson)]
