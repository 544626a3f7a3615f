"""The answer key: what the solution notebooks' own functions return on fresh cases."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import utils
from utils import exercises, judge
from utils.instructor.cells import Cell
from utils.instructor.grade.inside.student import Questions, Task
from utils.instructor.grade.reading import Cells, read_notebook
from utils.instructor.grade.sandbox import Sandbox
from utils.instructor.grade.scoring import Limits, judgement_of, outcomes_of
from utils.judge import Case, Exercise, Recogniser

_RUBRIC_POINTS = re.compile(r"\((\d+)\)")


class AnswerKeyError(Exception):
    """The solutions cannot serve as a key; the message says which exercise and why."""


@dataclass(frozen=True)
class ExerciseKey:
    """One exercise with its cases and what is expected of each.

    It travels between processes as its name, seed and expected values; the rest is code that both
    sides have.
    """

    name: str
    seed: int
    expected: tuple[Any, ...]

    @cached_property
    def exercise(self) -> Exercise:
        """What the exercise accepts."""
        return exercises.by_name()[self.name]

    @cached_property
    def cases(self) -> list[Case]:
        """The calls to make."""
        return judge.cases_of(self.exercise, self.seed)

    @cached_property
    def recogniser(self) -> Recogniser:
        """For naming mistakes; it remembers what known wrong answers do."""
        return Recogniser(self.exercise, self.cases, self.expected)

    @property
    def questions(self) -> Questions:
        """What the sandbox gets to see."""
        return Questions(
            self.name,
            [arguments for _, arguments in self.cases],
            self.exercise.drive,
            self.exercise.forbids,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("name", "seed", "expected")}


@dataclass(frozen=True)
class WrittenKey:
    """One interview question: what was asked, the model answer with its rubric, its points."""

    number: str
    question: str
    model: str
    max_points: int


@dataclass(frozen=True)
class LessonKey:
    """All that grading a lesson takes.

    Attributes
    ----------
    number, name : str
        "02", "02_softmax".
    set_up : str
        The imports that every cell of the lesson may rely on.
    released : Cells
        What the learner was given.
    exercises : tuple of ExerciseKey
    written : tuple of WrittenKey
    fingerprint : str
        Changes whenever a submission would have to be graded again.
    """

    number: str
    name: str
    set_up: str
    released: Cells
    exercises: tuple[ExerciseKey, ...]
    written: tuple[WrittenKey, ...]
    fingerprint: str

    @property
    def max_points(self) -> int:
        """Points of all exercises."""
        return sum(key.exercise.max_points for key in self.exercises)


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


def make_key(solutions: Path, name: str, seed: int, sandbox: Sandbox, limits: Limits) -> LessonKey:
    """Run a solution notebook's functions, and grade them, before any student's.

    Parameters
    ----------
    solutions : Path
        The folder of the solution notebooks.
    name : str
        The lesson, "02_softmax".
    seed : int
        The seed of the cases.
    sandbox : Sandbox
    limits : Limits

    Returns
    -------
    LessonKey

    Raises
    ------
    AnswerKeyError
        If the solution does not pass its own grading.
    """
    path = solutions / f"{name}.ipynb"
    content, cells = _read(path)
    set_up = _set_up(cells)
    keys = [ExerciseKey(e.name, seed, ()) for e in exercises.of_lesson(name[:2])]
    task = Task(
        [set_up, *(cell.source for cell in cells if cell.role == "exercise")],
        [key.questions for key in keys],
        limits.seconds,
        limits.memory,
    )
    end, records = sandbox.run(task)
    complete = []
    for key in keys:
        outcomes, ending = outcomes_of(key, end, records)
        expected = [
            key.exercise.oracle(*arguments) if key.exercise.oracle else None
            for _, arguments in key.cases
        ]
        judgement = judgement_of(ExerciseKey(key.name, seed, tuple(expected)), outcomes, ending)
        if judgement.status != "passed":
            raise AnswerKeyError(
                f"{path} fails its own exercise {key.exercise.number} {key.name}: "
                f"{judgement.finding or judgement.status}"
            )
        values = tuple(outcome.value for outcome in outcomes if outcome)
        complete.append(ExerciseKey(key.name, seed, values))
    return LessonKey(
        number=name[:2],
        name=name,
        set_up=set_up,
        released=_released(cells),
        exercises=tuple(complete),
        written=tuple(_written(cells)),
        fingerprint=_fingerprint(content, name[:2], seed, limits, sandbox.isolated),
    )


def set_up_of(solutions: Path, name: str) -> str:
    """Return the imports that a lesson's set-up cell holds."""
    return _set_up(_read(solutions / f"{name}.ipynb")[1])


def _read(path: Path) -> tuple[bytes, list[Cell]]:
    """Read a solution notebook."""
    try:
        content = path.read_bytes()
        solution = read_notebook(content)
    except (OSError, ValueError) as error:
        raise AnswerKeyError(f"{path}: {error}") from None
    cells = [Cell(kind, source, 1) for kind, source in solution.cells]
    for cell in cells:
        cell.examine()
    return content, cells


def _set_up(cells: Sequence[Cell]) -> str:
    return next((cell.source for cell in cells if cell.role == "set-up"), "")


def _released(cells: Sequence[Cell]) -> Cells:
    """Return what a learner gets of these cells; the set-up, which differs, is known by its marker."""
    return Cells(
        tuple(
            (cell.kind, cell.without_answers()) for cell in cells if cell.role != "solutions only"
        )
    )


def _written(cells: Sequence[Cell]) -> list[WrittenKey]:
    """Return the questions that are answered in words."""
    found = []
    for cell in cells:
        if cell.role != "written":
            continue
        lines = cell.source.split("\n")
        begin = cell.answers[0][0]
        model = "\n".join(cell.answer_lines).strip()
        rubric = model.partition("*Rubric.*")[2]
        points = sum(map(int, _RUBRIC_POINTS.findall(rubric)))
        question = "\n".join(lines[1:begin]).strip().strip("*")
        found.append(WrittenKey(cell.number, question, model, points))
    return found


def _fingerprint(content: bytes, number: str, seed: int, limits: Limits, isolated: bool) -> str:
    """Hash everything that a grade depends on besides the submission."""
    package = Path(utils.__file__).parent
    code = [
        *package.glob("*.py"),
        *package.glob("plots/*.py"),
        package / "exercises" / f"lesson_{number}.py",
        *package.glob("instructor/grade/**/*.py"),
    ]
    hashed = hashlib.sha256(content)
    for path in sorted(code):
        hashed.update(path.read_bytes())
    hashed.update(f"{seed} {limits.seconds} {limits.memory} {isolated}".encode())
    return hashed.hexdigest()
