"""The key of a lesson: its exercises on fresh cases, what learners were given, what was asked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from course import exercises
from course.cells import Cell
from course.grade.inside.student import Questions, Task
from course.grade.reading import Cells, read_notebook
from course.judge.exercise import Exercise
from course.judge.judge import Sheet

_RUBRIC_POINTS = re.compile(r"\((\d+)\)")


class AnswerKeyError(Exception):
    """The solutions cannot serve as a key; the message says which exercise and why."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for each exercise or cell, bytes of memory in all."""

    seconds: float = 60.0
    memory: int = 2 * 2**30


@dataclass(frozen=True)
class WrittenKey:
    """One interview question: what was asked, the model answer with its rubric, its points."""

    number: str
    question: str
    model: str
    max_points: int


@dataclass(frozen=True)
class ExerciseKey:
    """What reports know of an exercise: "02.1", "softmax", 3."""

    number: str
    name: str
    max_points: int

    @classmethod
    def of(cls, exercise: Exercise) -> ExerciseKey:
        """Return it of an exercise."""
        return cls(exercise.number, exercise.name, exercise.max_points)


@dataclass(frozen=True)
class Lesson:
    """What reports know of a lesson; a later run has it even where the solution is not at hand.

    Attributes
    ----------
    number, name : str
        "02", "02_softmax".
    exercises : tuple of ExerciseKey
    written : tuple of WrittenKey
    outcomes : dict of str to str
        What came of each prediction that the lesson asks, by its name.
    """

    number: str
    name: str
    exercises: tuple[ExerciseKey, ...]
    written: tuple[WrittenKey, ...]
    outcomes: Mapping[str, str] = field(default_factory=dict)

    @property
    def max_points(self) -> int:
        """Points of all exercises."""
        return sum(exercise.max_points for exercise in self.exercises)

    @property
    def max_total(self) -> int:
        """Points of all exercises and written answers."""
        return self.max_points + sum(question.max_points for question in self.written)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Lesson:
        """Return what `as_json` was made of; TypeError or KeyError for anything else."""
        return cls(
            number=str(plain["number"]),
            name=str(plain["name"]),
            exercises=tuple(ExerciseKey(**each) for each in plain["exercises"]),
            written=tuple(WrittenKey(**each) for each in plain["written"]),
            outcomes=dict(plain.get("outcomes", {})),
        )


@dataclass(frozen=True)
class Solution:
    """A solution notebook, read and taken apart once.

    Attributes
    ----------
    path : Path
    content : bytes
        The file.
    cells : tuple of Cell
    """

    path: Path
    content: bytes
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """The lesson, "02_softmax"."""
        return self.path.stem

    @property
    def number(self) -> str:
        """The lesson's number, "02"."""
        return self.name[:2]

    @property
    def set_up(self) -> str:
        """The imports that every cell of the lesson may rely on."""
        return next((cell.source for cell in self.cells if cell.role == "set-up"), "")

    @property
    def answers(self) -> list[str]:
        """The cells that solve the exercises."""
        return [cell.source for cell in self.cells if cell.role == "exercise"]

    @property
    def released(self) -> Cells:
        """What a learner gets; the set-up, which differs, is known by its mark."""
        given = (cell for cell in self.cells if cell.role != "solutions only")
        return Cells(tuple((cell.kind, cell.without_answers()) for cell in given))

    @property
    def lesson(self) -> Lesson:
        """What reports know of it."""
        listed = tuple(map(ExerciseKey.of, exercises.of_lesson(self.number)))
        return Lesson(self.number, self.name, listed, tuple(self.written))

    @property
    def written(self) -> list[WrittenKey]:
        """The questions that are answered in words."""
        found = []
        for cell in self.cells:
            if cell.role == "written":
                model = "\n".join(cell.answer_lines).strip()
                rubric = model.partition("*Rubric.*")[2]
                points = sum(map(int, _RUBRIC_POINTS.findall(rubric)))
                found.append(WrittenKey(cell.number, cell.question, model, points))
        return found


@dataclass(frozen=True)
class LessonKey:
    """All that grading a lesson takes.

    It travels between processes with the seed and the expected values alone: the exercises
    themselves are code that both sides have.

    Attributes
    ----------
    number, name : str
        "02", "02_softmax".
    set_up : str
        The imports that every cell of the lesson may rely on.
    released : Cells
        What the learner was given.
    seed : int
        Of the cases.
    expected : tuple of tuple
        For each exercise, the right result of each case.
    written : tuple of WrittenKey
    fingerprint : str
        Changes whenever a submission would have to be graded again.
    asked : dict of str to tuple of str
        The options of each prediction of the lesson; others are not read from submissions.
    """

    number: str
    name: str
    set_up: str
    released: Cells
    seed: int
    expected: tuple[tuple[Any, ...], ...]
    written: tuple[WrittenKey, ...]
    fingerprint: str
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """The exercises with their cases, in order."""
        pairs = zip(exercises.of_lesson(self.number), self.expected, strict=True)
        return tuple(Sheet(exercise, self.seed, expected) for exercise, expected in pairs)

    @property
    def max_points(self) -> int:
        """Points of all exercises."""
        return sum(sheet.exercise.max_points for sheet in self.sheets)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "sheets"}


def questions_of(sheet: Sheet) -> Questions:
    """Return what the sandbox gets to see of an exercise: calls, and nothing of their results."""
    calls = [case.arguments for case in sheet.cases]
    return Questions(sheet.exercise.name, calls, sheet.exercise.drive, sheet.exercise.forbids)


# What draws: matplotlib, by its own names, and the figures of the course.
_FIGURES = re.compile(r"\b(?:plots|plt|pylab|pyplot|matplotlib|seaborn|sns)\b")


def task_of(set_up: str, cells: Sequence[str], sheets: Iterable[Sheet], limits: Limits) -> Task:
    """Return what the sandbox is to do with cells that rely on a lesson's imports."""
    questions = [questions_of(sheet) for sheet in sheets]
    figures = any(map(_FIGURES.search, cells))
    return Task([set_up, *cells], questions, limits.seconds, limits.memory, figures)


def lesson_names(solutions: Path) -> dict[str, str]:
    """Return number and name of every lesson that has a solution notebook.

    Raises
    ------
    AnswerKeyError
        If there is none.
    """
    names = {path.stem[:2]: path.stem for path in sorted(solutions.glob("[0-9][0-9]_*.ipynb"))}
    if not names:
        raise AnswerKeyError(f"{solutions} holds no solution notebook such as 02_softmax.ipynb")
    return names


def read_solution(path: Path) -> Solution:
    """Read a solution notebook.

    Raises
    ------
    AnswerKeyError
        If it cannot be read.
    """
    try:
        content = path.read_bytes()
        notebook = read_notebook(content)
    except (OSError, ValueError) as error:
        raise AnswerKeyError(f"{path}: {error}") from None
    cells = tuple(Cell(kind, source, 1) for kind, source in notebook.cells)
    for cell in cells:
        cell.examine()
    return Solution(path, content, cells)


def imports_of(lessons: Iterable[Solution | LessonKey]) -> list[str]:
    """Return the modules to have ready.

    Those are what the set-up cells import, and where of the course that stands which answers may
    not lean on, since it is looked for.
    """
    found = set()
    for lesson in lessons:
        for exercise in exercises.of_lesson(lesson.number):
            places = (name.rpartition(".")[0] for name in exercise.forbids)
            found |= {place for place in places if place.startswith("utils.")}
        for node in ast.walk(ast.parse(lesson.set_up)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
                if node.module == "utils":
                    found |= {f"utils.{alias.name}" for alias in node.names}
    return sorted(found)
