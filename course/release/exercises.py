"""Whether a lesson asks for exactly the exercises that `course/exercises` defines for it."""

from __future__ import annotations

import re
import runpy
import traceback
from pathlib import Path
from typing import NamedTuple

from course.cells import Cell
from course.judge.mistakes import PageError, read_page
from course.release.minutes import DIFFICULTY, DOTS
from course.release.pieces import EXERCISE, headings
from course.release.source import Lesson, Problem

FOLDER = "course/exercises"


class Asked(NamedTuple):
    """An exercise as a lesson's heading or a definition has it.

    Attributes
    ----------
    name : str
        Of the function or class.
    points : int
    file : str
    line : int
    forbids : tuple of str
        What a definition says its answer may not lean on, without where that stands.
    """

    name: str
    points: int
    file: str
    line: int
    forbids: tuple[str, ...] = ()


def check_exercises(lesson: Lesson, root: Path) -> None:
    """Note where a lesson's exercises and their definitions do not agree.

    Parameters
    ----------
    lesson : Lesson
        Its problems grow.
    root : Path
        The course's folder; where it has no exercises, nothing is checked.
    """
    if not (root / FOLDER).is_dir():
        return
    defined, problems = read_definitions(lesson.number, root)
    if defined is not None:
        problems += _differences(lesson, defined, read_headings(lesson))
    lesson.problems = sorted(lesson.problems + problems)


def _differences(
    lesson: Lesson, defined: dict[str, Asked], headings: dict[str, Asked]
) -> list[Problem]:
    found = []
    cells = {cell.number: cell for cell in lesson.cells if cell.role == "exercise"}
    for number, cell in cells.items():
        exercise, heading = defined.get(number), headings.get(number)
        here = Problem(lesson.file, cell.line, f"exercise {number}")
        if exercise is None:
            sentence = f"is not defined in {FOLDER}/lesson_{lesson.number}.py"
        elif cell.name and cell.name != exercise.name:
            sentence = f"is {cell.name} here, {exercise.name} in {exercise.file}:{exercise.line}"
        elif heading is None:
            form = f"### Exercise {number} — {exercise.name} ({exercise.points} points)"
            sentence = f"needs a heading above it: {form}"
        elif heading[:2] != exercise[:2]:
            here = here._replace(line=heading.line)
            in_words = [f"{name} ({points} points)" for name, points, *_ in (heading, exercise)]
            sentence = f"is {in_words[0]} here, {in_words[1]} in {exercise.file}:{exercise.line}"
        elif not _difficulty(lesson, heading):
            here = here._replace(line=heading.line)
            sentence = "has no difficulty in the paragraph below its heading: "
            sentence += ", ".join(f"{dots} {what}" for dots, what in DOTS.items())
        elif unsaid := _unannounced(lesson, heading, cell, exercise):
            here = here._replace(line=heading.line)
            sentence = f"forbids {', '.join(unsaid)}, and its text does not say so"
        else:
            continue
        found.append(here._replace(sentence=f"{here.sentence} {sentence}"))
    for number in defined.keys() - cells.keys():
        exercise = defined[number]
        sentence = f"{lesson.file} has no cell “# exercise: {number}” with {exercise.name}"
        found.append(Problem(exercise.file, exercise.line, sentence))
    return found


def _difficulty(lesson: Lesson, heading: Asked) -> bool:
    """Say whether the dots stand below an exercise's heading."""
    cell = next(cell for cell in reversed(lesson.cells) if cell.line <= heading.line)
    below = "\n".join(cell.source.split("\n")[heading.line - cell.line :])
    return bool(DIFFICULTY.match(below))


def _unannounced(lesson: Lesson, heading: Asked, cell: Cell, exercise: Asked) -> list[str]:
    """Return what an exercise forbids, and its text from heading to stub does not name.

    The finished version of the same name goes without saying.
    """
    above = [c for c in lesson.cells if c.line <= heading.line]
    between = [*above[-1:], *(c for c in lesson.cells if heading.line < c.line <= cell.line)]
    text = "\n".join(c.without_answers() for c in between)
    names = [name for name in exercise.forbids if name != exercise.name]
    return [name for name in names if not re.search(rf"\b{name}\b", text)]


def read_headings(lesson: Lesson) -> dict[str, Asked]:
    """Return what the headings of a lesson's exercises say, by number."""
    found = {}
    for cell in lesson.cells:
        for row, _, text in headings(cell):
            if heading := EXERCISE.fullmatch(text):
                asked = Asked(heading[2], int(heading[3]), lesson.file, cell.line + row)
                found[heading[1]] = asked
    return found


def read_definitions(lesson: str, root: Path) -> tuple[dict[str, Asked] | None, list[Problem]]:
    """Return by number what is defined for a lesson ("02"), and what is wrong with it.

    None for what cannot be read. The module is run from where it lies, so that a copy of the course speaks for itself.
    """
    module, page = (f"{FOLDER}/lesson_{lesson}.{kind}" for kind in ("py", "md"))
    there = [file for file in (module, page) if (root / file).is_file()]
    if not there:
        return {}, []
    if len(there) == 1:
        return None, [Problem(there[0], 1, f"{module} and {page} go together")]
    try:
        exercises = runpy.run_path(str(root / module), run_name="exercises")["EXERCISES"]
    except Exception as error:  # whatever the author's code does
        problem = f"{type(error).__name__}: {error}"
        return None, [Problem(module, _line_of_error(error, root / module), problem)]
    text = (root / module).read_text(encoding="utf-8")
    defined = {
        exercise.number: Asked(
            exercise.name,
            exercise.max_points,
            module,
            _line_of(f'"{exercise.number}"', text),
            tuple(dict.fromkeys(dotted.rpartition(".")[2] for dotted in exercise.forbids)),
        )
        for exercise in exercises
    }
    try:
        answers = read_page(root / page)
    except PageError as error:
        place = re.match(r"[^:]*:(\d+)", str(error))
        return None, [Problem(page, int(place[1]) if place else 1, str(error))]
    one = {(number, exercise.name) for number, exercise in defined.items()}
    other = {(number, found.exercise) for number, found in answers.items()}
    return defined, [
        Problem(module, _line_of(f'"{number}"', text), f"{number} {name} is not on {page}")
        if (number, name) in one
        else Problem(page, 1, f"{number} {name} is not in {module}")
        for number, name in sorted(one ^ other)
    ]


def _line_of(piece: str, text: str) -> int:
    """Return the first line that holds a piece of text, 1 if there is none."""
    lines = text.split("\n")
    return next((row for row, line in enumerate(lines, 1) if piece in line), 1)


def _line_of_error(error: Exception, file: Path) -> int:
    """Return the line of a file in which an error arose, 1 if it is unknown."""
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 1 for f in reversed(frames) if f.filename == str(file)), 1)
