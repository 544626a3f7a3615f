"""The answer key: what the solution notebooks' own functions return on fresh cases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import course
from course import exercises
from course.grade.key import AnswerKeyError, LessonKey, Limits, Solution, task_of
from course.grade.sandbox import Sandbox
from course.grade.scoring import outcomes_of, score_of
from course.imports import closure, files_of, modules_in
from course.judge.judge import Sheet
from course.judge.run import Status

_ROOT = Path(course.__file__).parents[1]


@dataclass(frozen=True)
class Prepared:
    """What a key takes that needs no sandbox.

    Attributes
    ----------
    sheets : sequence of Sheet
        The exercises with the cases of a seed.
    fingerprint : str
        See `fingerprint`.
    """

    sheets: Sequence[Sheet]
    fingerprint: str


def prepare(solution: Solution, seed: int, limits: Limits, isolated: bool) -> Prepared:
    """Prepare a lesson's key: it can be done while a sandbox warms up."""
    sheets = [Sheet(exercise, seed) for exercise in exercises.of_lesson(solution.number)]
    settings = f"{seed} {limits.seconds} {limits.memory} {isolated}"
    return Prepared(sheets, fingerprint(solution, settings))


def make_key(
    solution: Solution,
    seed: int,
    sandbox: Sandbox,
    limits: Limits,
    prepared: Prepared | None = None,
) -> LessonKey:
    """Run a solution notebook's functions, and grade them, before any student's.

    Parameters
    ----------
    solution : Solution
    seed : int
        The seed of the cases.
    sandbox : Sandbox
    limits : Limits
    prepared : Prepared, optional
        If that has been done already.

    Returns
    -------
    LessonKey

    Raises
    ------
    AnswerKeyError
        If the solution does not pass its own grading.
    """
    prepared = prepared or prepare(solution, seed, limits, sandbox.isolated)
    sheets = prepared.sheets
    end, records = sandbox.run(task_of(solution.set_up, solution.answers, sheets, limits))
    expected = []
    for sheet in sheets:
        outcomes, ending = outcomes_of(sheet, end, records)
        score = score_of(sheet, outcomes, ending)
        if score.status is not Status.PASSED:
            raise AnswerKeyError(
                f"{solution.path} fails its own exercise {score.number} {score.name}: "
                f"{score.finding or score.status}"
            )
        pairs = zip(sheet.cases, outcomes, strict=True)
        read = sheet.exercise.read
        expected.append(tuple(read(case.arguments, o).value for case, o in pairs if o))
    return LessonKey(
        number=solution.number,
        name=solution.name,
        set_up=solution.set_up,
        released=solution.released,
        seed=seed,
        expected=tuple(expected),
        written=tuple(solution.written),
        fingerprint=prepared.fingerprint,
    )


def fingerprint(solution: Solution, settings: str, root: Path = _ROOT) -> str:
    """Hash everything that a grade depends on besides the submission.

    That is: the solution, the settings, and the code that decides, with all it imports: what runs
    beside the submission and what judges it, the lesson's exercises, and of `utils` what the lesson
    itself uses.

    Parameters
    ----------
    solution : Solution
    settings : str
        Whatever else matters, such as the seed.
    root : Path
        The folder that holds `utils` and `course`.

    Returns
    -------
    str
    """
    grade, asked = root / "course" / "grade", root / "course" / "exercises"
    code = "\n\n".join(cell.source for cell in solution.cells if cell.kind == "code")
    used = [name for name in modules_in(code, root) if name.startswith("utils")]
    deciding = [
        grade / "answer_key.py",
        grade / "inside" / "warm.py",
        *asked.glob(f"lesson_{solution.number}.py"),
        *files_of(used, root),
    ]
    hashed = hashlib.sha256(solution.content + settings.encode())
    for path in sorted([*closure(deciding, root), *asked.glob(f"lesson_{solution.number}.md")]):
        hashed.update(path.read_bytes())
    return hashed.hexdigest()
