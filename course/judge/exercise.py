"""What an exercise is: the calls it makes, and which results it accepts. It holds no solution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.judge.mistakes import Answer
from course.judge.run import Arguments, Drive, Outcome, run

Cases = Callable[[np.random.Generator], list[Arguments]]
Explains = Callable[[Arguments, Any], str | None]
Accepts = Callable[[Arguments, Any], bool]
Reads = Callable[[Arguments, Outcome], Outcome]


@dataclass(frozen=True, eq=False)
class Group:
    """Cases that show one property, worth points when the values of all of them are right.

    Parameters
    ----------
    says : str
        The property, as the learner reads it: "large scores stay finite".
    points : int
        What the group is worth.
    cases : callable
        ``cases(rng)`` returns a list of argument tuples, the smallest first. Anything random comes
        from ``rng``, so that `check` and a grader can use different seeds.
    explains : callable, optional
        ``explains(arguments, result)`` returns one sentence on what is visibly wrong with a wrong
        result of the right shape ("your rows sum to 0.75 and 1.25"), or None. It only words the
        message.
    accepts : callable, optional
        ``accepts(arguments, result)`` says whether a result is right, where many are: in an
        exercise without an oracle.
    quiet : bool
        True where the exercise is about doing it without a warning.
    """

    says: str
    points: int
    cases: Cases
    explains: Explains | None = None
    accepts: Accepts | None = None
    quiet: bool = False


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise, stated once: `check` and the grader both go by it.

    Parameters
    ----------
    number : str
        "02.1": lesson and place.
    call : str
        The call as the learner writes it, ``"softmax(logits)"``; the name before the bracket is
        the name of the function or class to define.
    groups : sequence of Group
        What is judged, in the order in which it is told.
    oracle : callable, optional
        ``oracle(*arguments)`` returns the expected value, a plain array, number, or tuple of them.
        Left out where many answers are right; then every group accepts.
    forbids : sequence of str
        Dotted names the answer may not lean on, such as ``"scipy.special.softmax"``.
    rtol, atol : float
        Tolerances of the comparison.
    drive : callable, optional
        ``drive(answer, *arguments)`` where the exercise is more than one call, such as fitting a
        class and predicting with it. It returns plain values as they came, and decides nothing: the
        grader runs it beside the answer, which may replace it.
    reads : callable, optional
        ``reads(arguments, outcome)`` returns what is judged of what came back, where that is not the
        outcome itself. No answer comes near it.
    signature : callable, optional
        ``signature(arguments, value)`` where an answer draws at random: what two answers with the
        same mistake have in common whatever they drew, as a plain value. Known mistakes are
        recognised by it; by the values themselves if it is left out.
    pairs : bool
        Whether two known mistakes at once are looked for; not where that takes too long. Answers
        that draw at random are too much alike for it.
    right : sequence of Answer
        From the lesson's page: the model answer first, then other right ones.
    mistakes : sequence of Answer
        From the lesson's page: known wrong answers; of two that fit equally well the first is
        named.
    """

    number: str
    call: str
    groups: Sequence[Group]
    oracle: Callable[..., Any] | None = None
    forbids: Sequence[str] = ()
    rtol: float = 1e-6
    atol: float = 1e-9
    drive: Drive | None = None
    reads: Reads | None = None
    signature: Callable[[Arguments, Any], Any] | None = None
    pairs: bool = True
    right: Sequence[Answer] = ()
    mistakes: Sequence[Answer] = ()

    def __post_init__(self) -> None:
        for group in self.groups:
            if (group.accepts is None) == (self.oracle is None):
                raise ValueError(
                    f"exercise {self.number}, “{group.says}”: either the exercise has an oracle, "
                    "or each of its groups accepts"
                )

    def read(self, arguments: Arguments, outcome: Outcome) -> Outcome:
        """Return what is judged of an outcome."""
        return self.reads(arguments, outcome) if self.reads else outcome

    def outcome_of(self, answer: Answer, arguments: Arguments) -> Outcome:
        """Return what is judged of one of the page's own answers, which is known to end."""
        return self.read(arguments, run(answer.function, arguments, self.drive, seconds=None))

    @property
    def name(self) -> str:
        """The name of the function or class that the learner defines."""
        return self.call.partition("(")[0]

    @property
    def arguments(self) -> list[str]:
        """The names of the arguments, for messages."""
        inside = self.call.partition("(")[2].rstrip(")")
        return [part.partition("=")[0].strip() for part in inside.split(",") if part.strip()]

    @property
    def max_points(self) -> int:
        """The points of all groups together."""
        return sum(group.points for group in self.groups)


@dataclass(frozen=True)
class Case:
    """One call of an exercise, and the group that it belongs to."""

    group: Group
    arguments: Arguments


def cases_of(exercise: Exercise, seed: int) -> list[Case]:
    """Return all cases of an exercise for a seed, in the order of the groups."""
    return [
        Case(group, arguments)
        for place, group in enumerate(exercise.groups)
        for arguments in group.cases(np.random.default_rng([seed, place]))
    ]
