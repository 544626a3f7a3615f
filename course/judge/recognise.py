"""Recognising a known mistake by what it does. A name is an accusation, so it must be deserved."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from course.judge.compare import agree, find_fault
from course.judge.exercise import Case, Exercise
from course.judge.mistakes import Answer, pairs_of
from course.judge.run import Outcome, Status, plain, run


class Likeness(NamedTuple):
    """A known mistake that an answer behaves like.

    Attributes
    ----------
    mistake : Answer
    sure : bool
        True if the two agree on every case; False if the answer only looks like that mistake.
    """

    mistake: Answer
    sure: bool


class Recogniser:
    """Compares answers with the known wrong ones, each of which is run once for all answers.

    Parameters
    ----------
    exercise : Exercise
    cases : sequence of Case
    expected : sequence
        The right result of each case; ignored where the exercise has no oracle.
    """

    def __init__(self, exercise: Exercise, cases: Sequence[Case], expected: Sequence[Any]) -> None:
        self.exercise, self.cases, self.expected = exercise, cases, expected
        self._did: dict[tuple[Answer, int], tuple[_Trace, bool]] = {}
        self._pairs: list[Answer] | None = None

    def recognise(
        self, outcomes: Sequence[Outcome | None], wrong: Sequence[bool]
    ) -> Likeness | None:
        """Return the known mistake that behaves like an answer.

        Parameters
        ----------
        outcomes : sequence of Outcome or None
            What the answer did in each case; None where it was not run.
        wrong : sequence of bool
            Whether that was wrong; at least once.

        Returns
        -------
        Likeness or None
            The first mistake that agrees on every case; or else one that it only looks like: the
            first that agrees on the whole group that first failed and fails in no group that the
            answer passed, or two mistakes at once that agree on every case.
        """
        traces = {
            place: _Trace(self.exercise, self.cases[place], outcome)
            for place, outcome in enumerate(outcomes)
            if outcome is not None
        }
        run_cases = list(traces)
        first = next(self.cases[place].group for place in run_cases if wrong[place])
        failed = {self.cases[place].group for place in run_cases if wrong[place]}
        within = [place for place in run_cases if self.cases[place].group is first]
        beyond = [place for place in run_cases if self.cases[place].group is not first]
        passed = [place for place in beyond if self.cases[place].group not in failed]

        def agrees(mistake: Answer, places: Sequence[int]) -> bool:
            return all(_alike(traces[place], self._known(mistake, place)[0]) for place in places)

        def fails(mistake: Answer, places: Sequence[int]) -> bool:
            return any(self._known(mistake, place)[1] for place in places)

        similar: Answer | None = None
        for mistake in self.exercise.mistakes:
            if agrees(mistake, within) and fails(mistake, within):
                if agrees(mistake, beyond):
                    return Likeness(mistake, sure=True)
                if similar is None and not fails(mistake, passed):
                    similar = mistake
        if similar is None:
            pairs = [p for p in self._two_at_once() if agrees(p, within) and agrees(p, beyond)]
            # Several ways to get the same: with nothing in common, each would be a guess.
            shared = set.intersection(*({*pair.parts} for pair in pairs)) if pairs else set()
            similar = pairs[0] if shared and _tells(outcomes) else None
        return Likeness(similar, sure=False) if similar else None

    def _two_at_once(self) -> list[Answer]:
        """Return what comes of two known mistakes together, where both can be made."""
        if self._pairs is None:
            exercise = self.exercise
            wanted = exercise.pairs and exercise.signature is None
            self._pairs = list(pairs_of(exercise.mistakes)) if wanted else []
        return self._pairs

    def _known(self, mistake: Answer, place: int) -> tuple[_Trace, bool]:
        """Return what a known mistake does in one case, and whether that is wrong."""
        if (mistake, place) not in self._did:
            case, wanted = self.cases[place], self.expected[place]
            outcome = run(mistake.function, case.arguments, self.exercise.drive, seconds=None)
            fault = find_fault(self.exercise, case, outcome, wanted)
            self._did[mistake, place] = _Trace(self.exercise, case, outcome), fault is not None
        return self._did[mistake, place]


@dataclass(frozen=True)
class _Trace:
    """What one call did, for comparing it with many others."""

    exercise: Exercise
    case: Case
    outcome: Outcome

    @functools.cached_property
    def shown(self) -> Any:
        """What of the value is compared: its signature, or all of it."""
        signature, value = self.exercise.signature, self.outcome.value
        return plain(signature(self.case.arguments, value)) if signature else value

    @functools.cached_property
    def ending(self) -> tuple[Status, str, str]:
        """How it ended, and an error's message without its numbers."""
        outcome = self.outcome
        return outcome.status, outcome.error, re.sub(r"\d+", "#", outcome.detail)


def _alike(first: _Trace, second: _Trace) -> bool:
    a, b, exercise = first.outcome, second.outcome, first.exercise
    if a.status is not Status.RETURNED or b.status is not Status.RETURNED:
        return first.ending == second.ending
    if bool(a.changed) != bool(b.changed):
        return False
    if first.case.group.quiet and bool(a.warned) != bool(b.warned):
        return False
    try:
        rounding = max(_rounding(first.shown), _rounding(second.shown))
        rtol, atol = max(exercise.rtol, 1e3 * rounding), max(exercise.atol, 10 * rounding)
        return agree(first.shown, second.shown, rtol, atol)
    except Exception:  # one a tuple, the other not; or a signature that met who knows what
        return False


def _tells(outcomes: Sequence[Outcome | None]) -> bool:
    """Return whether results hold more than a number or two: zeros everywhere say nothing."""
    numbers = [np.ravel(o.value) for o in outcomes if o and isinstance(o.value, np.ndarray)]
    return len({str(number) for array in numbers for number in array}) > 2


def _rounding(value: Any) -> float:
    """Return the rounding of the narrowest float type in a value; 0 for float64."""
    if isinstance(value, tuple):
        return max(map(_rounding, value), default=0.0)
    narrow = value.dtype.kind == "f" and value.dtype.itemsize < 8
    return float(np.finfo(value.dtype).eps) if narrow else 0.0
