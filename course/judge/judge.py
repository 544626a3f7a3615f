"""Judging a whole answer: run it on every case of a seed, and say what it has earned and why."""

from __future__ import annotations

import contextlib
import copy
import functools
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.judge.compare import Fault, find_fault, float32_slack
from course.judge.exercise import Case, Exercise, Group, cases_of
from course.judge.honesty import is_empty, leans_on, stand_ins
from course.judge.mistakes import Answer
from course.judge.recognise import Recogniser
from course.judge.relate import relation
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
        self._slack: dict[int, Any] = {}

    def slack(self, place: int) -> Any:
        """Return what a float32 result may differ by in one case, see `float32_slack`."""
        if place not in self._slack:
            case, expected = self.cases[place], self.expected[place]
            self._slack[place] = float32_slack(self.exercise, case, expected)
        return self._slack[place]


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
        The known mistake that it behaves like in every case.
    resembles : Answer or None
        The known mistake that it behaves like where it first fails, but not elsewhere.
    relation : str or None
        What its results have to do with the right ones, where no known mistake is seen.
    detail : str
        What it uses, if that is forbidden.
    """

    exercise: Exercise
    status: Status
    results: Sequence[GroupResult] = ()
    misconception: Answer | None = None
    resembles: Answer | None = None
    relation: str | None = None
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
    with undisturbed():
        sheet = sheet_of(exercise, seed)
    outcomes: list[Outcome | None] = [None] * len(sheet.cases)
    for place, case in enumerate(sheet.cases):
        modules = len(sys.modules)
        with stand_ins(exercise.forbids) as used:
            outcome = run(answer, case.arguments, exercise.drive, seconds)
            if outcome.status is Status.TIMEOUT and len(sys.modules) > modules:
                # It was a first import that took so long, such as scikit-learn's.
                outcome = run(answer, case.arguments, exercise.drive, seconds)
        if used:
            return Judgement(exercise, Status.FORBIDDEN, detail=used[0])
        outcomes[place] = outcome
        if outcome.status in ENDS_IT:
            break
    return verdict(sheet, outcomes)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Judge in peace, whatever a notebook has made of NumPy's errors and Python's warnings."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


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
    with undisturbed():
        read = sheet.exercise.read
        pairs = zip(sheet.cases, outcomes, strict=True)
        return _verdict(sheet, [o and read(case.arguments, o) for case, o in pairs])


def _verdict(sheet: Sheet, outcomes: Sequence[Outcome | None]) -> Judgement:
    exercise = sheet.exercise
    results = {group: GroupResult(group) for group in exercise.groups}
    faults: list[Fault | None] = [None] * len(outcomes)
    for place, (case, outcome) in enumerate(zip(sheet.cases, outcomes, strict=True)):
        result = results[case.group]
        if outcome is None:
            result.judged = result.failure is not None
            continue
        slack = functools.partial(sheet.slack, place)
        fault = find_fault(exercise, case, outcome, sheet.expected[place], slack)
        faults[place] = fault
        if fault and result.failure is None:
            result.failure = Failure(case.arguments, outcome, fault)
    judgement = Judgement(exercise, Status.PASSED, list(results.values()))
    first = judgement.first_failure
    if first is None or first.failure is None:
        return judgement
    status = first.failure.fault.status
    judgement.status = Status.FAILED if status is Status.NOT_PLAIN else status
    if judgement.status in (Status.FAILED, Status.ERROR):
        likeness = sheet.recogniser.recognise(outcomes, faults)
        if likeness and likeness.sure:
            judgement.misconception = likeness.mistake
        elif likeness:
            judgement.resembles = likeness.mistake
        else:
            judgement.relation = _relation(sheet, outcomes, faults)
    return judgement


def _relation(
    sheet: Sheet, outcomes: Sequence[Outcome | None], faults: Sequence[Fault | None]
) -> str | None:
    """Return what all wrong results have to do with the right ones."""
    if sheet.exercise.oracle is None:
        return None
    failed = [
        (case, outcome.value, expected)
        for case, outcome, expected, fault in zip(
            sheet.cases, outcomes, sheet.expected, faults, strict=True
        )
        if outcome and fault and fault.about in ("values", "shape")
    ]
    return relation(sheet.exercise, *zip(*failed, strict=True)) if failed else None
