"""Recognising a known mistake by what it does."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course.judge.compare import agree, find_fault
from course.judge.exercise import Case, Exercise, Group
from course.judge.mistakes import Answer
from course.judge.run import Outcome, Status, plain, run


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
        self._did: dict[tuple[int, int], tuple[_Trace, bool]] = {}

    def recognise(self, outcomes: Sequence[Outcome | None], failing: Group) -> Answer | None:
        """Return the known mistake that behaves like an answer.

        It must fail wherever this answer first fails, and agree with it on every case of that
        group; of several, the one that agrees on the most cases overall.

        Parameters
        ----------
        outcomes : sequence of Outcome or None
            What the answer did in each case.
        failing : Group
            The first that failed.

        Returns
        -------
        Answer or None
        """
        best, most = None, 0
        traces = {
            place: _Trace(self.exercise, self.cases[place], outcome)
            for place, outcome in enumerate(outcomes)
            if outcome is not None
        }
        for number, mistake in enumerate(self.exercise.mistakes):
            agreements, fits, fails = 0, True, False
            for place, trace in traces.items():
                other, wrong = self._known(number, place)
                same = _alike(trace, other)
                agreements += same
                if trace.case.group is failing:
                    fits = fits and same
                    fails = fails or wrong
                if not fits:
                    break
            if fits and fails and agreements > most:
                best, most = mistake, agreements
        return best

    def _known(self, number: int, place: int) -> tuple[_Trace, bool]:
        """Return what a known mistake does in one case, and whether that is wrong."""
        if (number, place) not in self._did:
            case, wanted = self.cases[place], self.expected[place]
            wrong = self.exercise.mistakes[number].function
            outcome = run(wrong, case.arguments, self.exercise.drive, seconds=None)
            fault = find_fault(self.exercise, case, outcome, wanted)
            self._did[number, place] = _Trace(self.exercise, case, outcome), fault is not None
        return self._did[number, place]


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


def _alike(first: _Trace, second: _Trace) -> bool:
    a, b, exercise = first.outcome, second.outcome, first.exercise
    if a.status is not Status.RETURNED or b.status is not Status.RETURNED:
        return (a.status, a.error) == (b.status, b.error)
    if bool(a.changed) != bool(b.changed):
        return False
    if first.case.group.quiet and bool(a.warned) != bool(b.warned):
        return False
    try:
        return agree(first.shown, second.shown, exercise.rtol, exercise.atol)
    except Exception:  # one a tuple, the other not; or a signature that met who knows what
        return False
