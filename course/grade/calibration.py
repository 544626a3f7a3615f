"""A class's own calibration: how sure people were, how often they were right, and what they gained."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.grade.guesses import Forecast
from utils.calibration import expected_calibration_error as ece
from utils.calibration import reliability_curve
from utils.concepts import ROUNDS

Numbers = NDArray[Any]

N_BINS = 10
_RESAMPLES = 2000
# Fewer people than this and a share says little; so it does not lead the list.
_FEW = 3


@dataclass(frozen=True, slots=True)
class Said:
    """One forecast of one student, with what came."""

    student: str
    lesson: str
    forecast: Forecast
    outcome: str

    @property
    def correct(self) -> bool:
        """Whether the answer was the outcome."""
        return self.forecast.answer == self.outcome


@dataclass(frozen=True)
class Bar:
    """One bin of the class's reliability diagram; `low` and `high` end the band of chance."""

    count: int
    said: float
    right: float
    low: float
    high: float


@dataclass(frozen=True)
class Reliability:
    """The class's reliability diagram: forecasts, means, error, and what chance alone would give."""

    forecasts: int
    students: int
    said: float
    right: float
    bars: tuple[Bar, ...]
    error: float
    floor: float
    floor_high: float


@dataclass(frozen=True)
class Question:
    """How a class did on one prediction.

    Attributes
    ----------
    prediction : str
    people : int
    right : float
        The share that was right.
    said : float
        How sure people were on average.
    outcome : str
    commonest : str
        The wrong answer given most often; "" if nobody was wrong.
    by : int
        How many gave it.
    sure : float
        How sure these were on average.
    """

    prediction: str
    people: int
    right: float
    said: float
    outcome: str
    commonest: str
    by: int
    sure: float

    @property
    def overconfidence(self) -> float:
        """How much surer people were than right."""
        return self.said - self.right


@dataclass(frozen=True)
class Gain:
    """Questions before and after, of students who answered the same ones both times.

    Attributes
    ----------
    students : int
    before, after : float
        Mean share that was right.
    gain : float
        (after − before) / (1 − before), the class's normalised gain (R. R. Hake, "Interactive-
        engagement versus traditional methods", American Journal of Physics 66(1), 1998).
    low, high : float
        A 95 % interval for it, from drawing students anew.
    """

    students: int
    before: float
    after: float
    gain: float
    low: float
    high: float


def reliability(said: Sequence[Said]) -> Reliability | None:
    """Return the class's reliability diagram, None where nobody forecast anything."""
    if not said:
        return None
    sure = np.array([each.forecast.sure for each in said]).round(3)
    right = np.array([each.correct for each in said])
    curve = reliability_curve(sure, right, N_BINS)
    low, high, floor, floor_high = _by_chance(sure, curve.counts, curve.confidence)
    bars = (
        Bar(int(count), *map(float, numbers))
        for count, *numbers in zip(
            curve.counts, curve.confidence, curve.accuracy, low, high, strict=True
        )
        if count
    )
    return Reliability(
        forecasts=len(said),
        students=len({each.student for each in said}),
        said=float(sure.mean()),
        right=float(right.mean()),
        bars=tuple(bars),
        error=float(ece(sure, right, N_BINS)),
        floor=floor,
        floor_high=floor_high,
    )


def _by_chance(
    sure: Numbers, counts: Numbers, means: Numbers
) -> tuple[Numbers, Numbers, float, float]:
    """Return the band and the noise floor, mean and high, of people as right as they say.

    As `utils.consistency_band` and `utils.noise_floor` have them, for a class: of hundreds of
    thousands of forecasts few are distinct, and all that are alike are drawn at once.
    """
    values, times = np.unique(sure, return_counts=True)
    rng = np.random.default_rng(0)
    drawn = rng.binomial(times, values, size=(_RESAMPLES, len(values)))
    place = np.searchsorted(np.arange(1, N_BINS) / N_BINS, values, side="right")
    right = np.zeros((_RESAMPLES, N_BINS))
    for each, column in zip(place, drawn.T, strict=True):
        right[:, each] += column
    filled = counts > 0
    errors = np.abs(right - counts * np.where(filled, means, 0)).sum(axis=1) / counts.sum()
    low, high = np.quantile(right, [0.025, 0.975], axis=0, method="inverted_cdf")
    counts = np.where(filled, counts, 1)
    return low / counts, high / counts, float(errors.mean()), float(np.quantile(errors, 0.95))


def by_question(said: Sequence[Said]) -> list[Question]:
    """Return how the class did on each prediction, where most were wrong and sure first."""
    groups: dict[str, list[Said]] = defaultdict(list)
    for each in said:
        groups[each.forecast.prediction].append(each)
    questions = []
    for name, group in groups.items():
        wrong = [each.forecast for each in group if not each.correct]
        counts = Counter(forecast.answer for forecast in wrong)
        commonest = min(counts, key=lambda answer: (-counts[answer], answer), default="")
        theirs = [forecast.sure for forecast in wrong if forecast.answer == commonest]
        questions.append(
            Question(
                prediction=name,
                people=len(group),
                right=float(np.mean([each.correct for each in group])),
                said=float(np.mean([each.forecast.sure for each in group])),
                outcome=group[0].outcome,
                commonest=commonest,
                by=len(theirs),
                sure=float(np.mean(theirs)) if theirs else 0.0,
            )
        )
    return sorted(
        questions, key=lambda q: (q.people < _FEW, -round(q.overconfidence, 9), q.prediction)
    )


def confidently_wrong(questions: Sequence[Question]) -> list[Question]:
    """Return the predictions on which most were wrong, and surer than right: what to talk about."""
    return [q for q in questions if q.right < 0.5 and q.overconfidence > 0 and q.people >= _FEW]


def gain(said: Sequence[Said]) -> Gain | None:
    """Return what students gained from one asking of a question to the other.

    Of each student count the questions of `utils.concepts` that he or she answered both times.

    Parameters
    ----------
    said : sequence of Said

    Returns
    -------
    Gain or None
        None if nobody answered both times, or nobody could gain.
    """
    times = {lesson: time for *both, _ in ROUNDS for time, lesson in enumerate(both)}
    right: Mapping[tuple[str, int], dict[str, bool]] = defaultdict(dict)
    for each in said:
        lesson, _, question = each.forecast.prediction.partition(".")
        if question.startswith("q") and question[1:].isdigit() and lesson in times:
            right[each.student, times[lesson]][question] = each.correct
    pairs = []
    for student in sorted({student for student, _ in right}):
        first, second = right[student, 0], right[student, 1]
        if both := first.keys() & second.keys():
            pairs.append([np.mean([answers[q] for q in both]) for answers in (first, second)])
    if not pairs:
        return None
    scores = np.array(pairs, dtype=float)
    if scores[:, 0].mean() == 1:
        return None
    rng = np.random.default_rng(0)
    drawn = scores[rng.integers(len(scores), size=(_RESAMPLES, len(scores)))].mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = (drawn[:, 1] - drawn[:, 0]) / (1 - drawn[:, 0])
    low, high = np.nanquantile(gains[np.isfinite(gains)], [0.025, 0.975])
    first, second = scores.mean(axis=0)
    return Gain(
        students=len(scores),
        before=float(first),
        after=float(second),
        gain=float((second - first) / (1 - first)),
        low=float(low),
        high=float(high),
    )
