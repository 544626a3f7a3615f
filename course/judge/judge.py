"""Judging a whole answer: run it on every case of a seed, and say what it has earned and why."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course.judge.compare import Fault, find_fault
from course.judge.exercise import Case, Exercise, Group, cases_of
from course.judge.honesty import is_empty, leans_on, stand_ins
from course.judge.mistakes import Answer
from course.judge.recognise import Recogniser
from course.judge.run import ENDS_IT, TIME_LIMIT, Arguments, Outcome, Status, run


class Sheet:
    """The cases of an exercise for one seed, what is expected of each, and known mistakes on them.

    Parameters
    ----------
    exercise : Exercise
    seed : int
    expected : sequence, optional
        The right result of each case; by default the oracle's, None where there is no oracle.
    """

    def __init__(
        self, exercise: Exercise, seed: int, expected: Sequence[Any] | None = None
    ) -> None:
        self.exercise, self.seed = exercise, seed
        self.cases: list[Case] = cases_of(exercise, seed)
        if expected is None:
            expected = [_right(exercise, case.arguments) for case in self.cases]
        self.expected: Sequence[Any] = expected
        self.recogniser = Recogniser(exercise, self.cases, expected)


@functools.lru_cache(maxsize=64)
def sheet_of(exercise: Exercise, seed: int) -> Sheet:
    """Return the sheet of a seed; made once, so that the next try is judged at once."""
    return Sheet(exercise, seed)


def _right(exercise: Exercise, arguments: Arguments) -> Any:
    return exercise.oracle(*copy.deepcopy(arguments)) if exercise.oracle else None


@dataclass(frozen=True)
class Failure:
    """A case that failed: its arguments, what the answer did, and why that is wrong."""

    arguments: Arguments
    outcome: Outcome
    fault: Fault


@dataclass
class GroupResult:
    """How one group went; ``failure`` is its first failing case, None if the group passed."""

    group: Group
    failure: Failure | None = None
    judged: bool = True

    @property
    def status(self) -> Status:
        """PASSED, FAILED, or NOT_ATTEMPTED if not all of its cases were run."""
        if self.failure:
            return Status.FAILED
        return Status.PASSED if self.judged else Status.NOT_ATTEMPTED


@dataclass
class Judgement:
    """How one answer went.

    Attributes
    ----------
    exercise : Exercise
    status : Status
        PASSED, FAILED, ERROR, TIMEOUT, NOT_ATTEMPTED or FORBIDDEN.
    results : sequence of GroupResult
        One for each group; none if no case was run.
    misconception : Answer or None
        The known mistake that it behaves like.
    detail : str
        What it uses, if that is forbidden.
    """

    exercise: Exercise
    status: Status
    results: Sequence[GroupResult] = ()
    misconception: Answer | None = None
    detail: str = ""

    @property
    def points(self) -> int:
        """The points of the groups whose cases are all right."""
        if self.status in (Status.NOT_ATTEMPTED, Status.FORBIDDEN):
            return 0
        return sum(r.group.points for r in self.results if r.status is Status.PASSED)

    @property
    def first_failure(self) -> GroupResult | None:
        """The first group that failed."""
        return next((r for r in self.results if r.failure), None)


def judge(
    exercise: Exercise,
    answer: Callable[..., Any],
    seed: int = 0,
    seconds: float | None = TIME_LIMIT,
) -> Judgement:
    """Judge an answer in this process.

    Parameters
    ----------
    exercise : Exercise
        What it must do.
    answer : callable
        The learner's function or class.
    seed : int
        The seed of the cases.
    seconds : float
        See `run`.

    Returns
    -------
    Judgement
    """
    if is_empty(answer):
        return Judgement(exercise, Status.NOT_ATTEMPTED)
    leaning = leans_on(answer, exercise.forbids)
    if leaning:
        return Judgement(exercise, Status.FORBIDDEN, detail=leaning)
    sheet = sheet_of(exercise, seed)
    outcomes: list[Outcome | None] = [None] * len(sheet.cases)
    for place, case in enumerate(sheet.cases):
        with stand_ins(exercise.forbids) as used:
            outcome = run(answer, case.arguments, exercise.drive, seconds)
        if used:
            return Judgement(exercise, Status.FORBIDDEN, detail=used[0])
        outcomes[place] = outcome
        if outcome.status in ENDS_IT:
            break
    return verdict(sheet, outcomes)


def verdict(sheet: Sheet, outcomes: Sequence[Outcome | None]) -> Judgement:
    """Judge what an answer did, wherever it ran.

    Parameters
    ----------
    sheet : Sheet
        What it should have done.
    outcomes : sequence of Outcome or None
        What the answer did in each case; None where it was not run.

    Returns
    -------
    Judgement
    """
    exercise = sheet.exercise
    results = {group: GroupResult(group) for group in exercise.groups}
    for case, wanted, outcome in zip(sheet.cases, sheet.expected, outcomes, strict=True):
        result = results[case.group]
        if outcome is None:
            result.judged = result.failure is not None
        elif result.failure is None:
            fault = find_fault(exercise, case, outcome, wanted)
            if fault:
                result.failure = Failure(case.arguments, outcome, fault)
    judgement = Judgement(exercise, Status.PASSED, list(results.values()))
    first = judgement.first_failure
    if first is None or first.failure is None:
        return judgement
    status = first.failure.fault.status
    judgement.status = Status.FAILED if status is Status.NOT_PLAIN else status
    if judgement.status in (Status.FAILED, Status.ERROR):
        judgement.misconception = sheet.recogniser.recognise(outcomes, first.group)
    return judgement
