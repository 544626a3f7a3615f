"""Recognising a known mistake by what it does. A name is an accusation, so it must be deserved."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from course.judge.compare import Fault, agree, find_fault
from course.judge.exercise import Case, Exercise
from course.judge.mistakes import Answer, pairs_of
from course.judge.run import Outcome, Status, plain

# Numbers in an error's message, but for those that name an axis.
_NUMBER = re.compile(r"(?<!axis )(?<!dimension )\d+")


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
        self._did: dict[tuple[Answer, int], _Trace] = {}
        self._pairs: list[Answer] | None = None

    def recognise(
        self, outcomes: Sequence[Outcome | None], faults: Sequence[Fault | None]
    ) -> Likeness | None:
        """Return the known mistake that behaves like an answer.

        Parameters
        ----------
        outcomes : sequence of Outcome or None
            What the answer did in each case; None where it was not run.
        faults : sequence of Fault or None
            Why that was wrong; at least one.

        Returns
        -------
        Likeness or None
            The first mistake that agrees on every case; or else one that it only looks like: it
            agrees on the whole group that first failed, fails in no group that the answer passed,
            and of several agrees most often besides; or two mistakes at once that agree on every
            case.
        """
        traces = {
            place: _Trace(self.exercise, self.cases[place], outcome, faults[place])
            for place, outcome in enumerate(outcomes)
            if outcome is not None
        }
        run_cases = list(traces)
        first = next(self.cases[place].group for place in run_cases if faults[place])
        failed = {self.cases[place].group for place in run_cases if faults[place]}
        within = [place for place in run_cases if self.cases[place].group is first]
        beyond = [place for place in run_cases if self.cases[place].group is not first]
        passed = [place for place in beyond if self.cases[place].group not in failed]

        def agrees(mistake: Answer, places: Sequence[int]) -> bool:
            return all(_alike(traces[place], self._known(mistake, place)) for place in places)

        def fails(mistake: Answer, places: Sequence[int]) -> bool:
            return any(self._known(mistake, place).fault for place in places)

        similar: Answer | None = None
        most = 0
        for mistake in self.exercise.mistakes:
            if agrees(mistake, within) and fails(mistake, within):
                if agrees(mistake, beyond):
                    return Likeness(mistake, sure=True)
                alike = sum(agrees(mistake, [place]) for place in beyond) + 1
                if alike > most and not fails(mistake, passed):
                    similar, most = mistake, alike
        if similar is None:
            pairs = [p for p in self._two_at_once() if agrees(p, within) and agrees(p, beyond)]
            # Several ways to get the same: with nothing in common, each would be a guess.
            shared = set.intersection(*({*pair.parts} for pair in pairs)) if pairs else set()
            similar = pairs[0] if shared and _tells(traces.values()) else None
        return Likeness(similar, sure=False) if similar else None

    def _two_at_once(self) -> list[Answer]:
        """Return what comes of two known mistakes together, where both can be made."""
        if self._pairs is None:
            exercise = self.exercise
            wanted = exercise.pairs and exercise.signature is None
            self._pairs = list(pairs_of(exercise.mistakes)) if wanted else []
        return self._pairs

    def _known(self, mistake: Answer, place: int) -> _Trace:
        """Return what a known mistake does in one case."""
        if (mistake, place) not in self._did:
            case, wanted = self.cases[place], self.expected[place]
            outcome = self.exercise.outcome_of(mistake, case.arguments)
            fault = find_fault(self.exercise, case, outcome, wanted, explain=False)
            self._did[mistake, place] = _Trace(self.exercise, case, outcome, fault)
        return self._did[mistake, place]


@dataclass(frozen=True)
class _Trace:
    """What one call did, for comparing it with many others."""

    exercise: Exercise
    case: Case
    outcome: Outcome
    fault: Fault | None

    @functools.cached_property
    def shown(self) -> Any:
        """What of the value is compared: its signature, or all of it."""
        signature, value = self.exercise.signature, self.outcome.value
        return plain(signature(self.case.arguments, value)) if signature else value

    @functools.cached_property
    def ending(self) -> tuple[Status, str, str]:
        """How it ended, and an error's message without its numbers."""
        outcome = self.outcome
        return outcome.status, outcome.error, _NUMBER.sub("#", outcome.detail)


def _alike(first: _Trace, second: _Trace) -> bool:
    a, b, exercise = first.outcome, second.outcome, first.exercise
    if a.status is not Status.RETURNED or b.status is not Status.RETURNED:
        return first.ending == second.ending
    if a.changed != b.changed or _warned(first) != _warned(second):
        return False
    try:
        rounding = max(_rounding(first.shown), _rounding(second.shown))
        rtol, atol = max(exercise.rtol, 1e3 * rounding), max(exercise.atol, 10 * rounding)
        return agree(first.shown, second.shown, rtol, atol)
    except Exception:  # one a tuple, the other not; or a signature that met who knows what
        return False


def _tells(traces: Iterable[_Trace]) -> bool:
    """Return whether wrong results hold more than a number or two: zeros or nan say nothing."""
    wrong = (trace.outcome.value for trace in traces if trace.fault)
    return len({number for value in wrong for number in _finite(value)}) > 2


def _finite(value: Any) -> Iterator[float]:
    """Yield the finite numbers in a plain value; none in what is no value."""
    if isinstance(value, tuple):
        for part in value:
            yield from _finite(part)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        yield from value[np.isfinite(value)].ravel().tolist()


def _warned(trace: _Trace) -> bool:
    """Return whether a warning is all that is wrong; beside wrong values it does not matter."""
    return trace.fault is not None and trace.fault.about == "warned"


def _rounding(value: Any) -> float:
    """Return the rounding of the narrowest float type in a value; 0 for float64."""
    if isinstance(value, tuple):
        return max(map(_rounding, value), default=0.0)
    narrow = value.dtype.kind == "f" and value.dtype.itemsize < 8
    return float(np.finfo(value.dtype).eps) if narrow else 0.0
