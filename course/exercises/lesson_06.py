"""What the exercises of lesson 06 ask and accept."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.exercises.common import Array, listed, log_softmax, softmax
from course.exercises.drives import line
from course.exercises.readings import RAISED, is_upright, line_or_error
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

LN3 = np.log(3.0)


# --- 06.1 boundary_line --------------------------------------------------------------------------


def _sloping(rng: np.random.Generator) -> list[Arguments]:
    Theta = np.array([[3.0, 7.0, 1.0], [1.0, 1.0, 5.0]])
    level = np.array([[2, 5, 1], [1, 5, 3]])
    return [
        (Theta, 0, 1),
        (rng.normal(size=(3, 3)), 2, 0),
        (level, 0, 1),
        (rng.normal(size=(4, 3)), 1, 3),
    ]


def _upright(rng: np.random.Generator) -> list[Arguments]:
    steep, same = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    steep[2, 2] = steep[1, 2] + 1e-5
    same[0, 2] = same[2, 2]
    close = np.array([[1.0, 3.0, 100.0], [2.0, 1.0, 100.0005]])
    return [
        (np.array([[1.0, 4.0, 2.0], [3.0, 0.0, 2.0]]), 0, 1),
        (np.array([[1.0, 4.0, 0.0], [3.0, 1.0, 0.0]]), 1, 0),
        (same, 2, 0),
        (steep, 1, 2),
        (close, 0, 1),
        (1e-13 * rng.normal(size=(3, 3)), 0, 2),
    ]


def _line(Theta: Array, a: int, b: int) -> tuple[float, float] | str:
    """Find two points at which the scores are equal, and the line through them."""
    if is_upright(Theta, a, b):
        return RAISED

    def lead(x1: float, x2: float) -> float:
        z = Theta @ np.array([1.0, x1, x2])
        return float(z[a] - z[b])

    def tie(x1: float) -> float:
        at_0, at_1 = lead(x1, 0.0), lead(x1, 1.0)  # between them it changes evenly
        return at_0 / (at_0 - at_1)

    return tie(1.0) - tie(0.0), tie(0.0)


def _scores_tie(arguments: Arguments, result: Any) -> str | None:
    Theta, a, b = arguments
    if is_upright(Theta, a, b):
        return (
            f"classes {a} and {b} have the same weight for x2, so the boundary is vertical and has "
            "no slope: raise ValueError"
        )
    slope, intercept = (float(v) for v in result)
    if not np.isfinite([slope, intercept]).all():
        return "a number came out as nan or inf, but this boundary is not vertical"
    w = (Theta[a] - Theta[b]).astype(float)
    if w[1] and np.isclose(slope, w[2] / w[1]):
        return "your line meets the boundary at a right angle"
    for x1 in (0.0, 1.0):
        point = np.array([1.0, x1, slope * x1 + intercept])
        z = Theta @ point
        if abs(z[a] - z[b]) > 1e-6 * np.abs(w * point).max():
            return (
                f"on the boundary the scores are equal; at your point x1 = {x1:g}, "
                f"x2 = {slope * x1 + intercept:.4g} class {a} scores {z[a]:.4g} "
                f"and class {b} {z[b]:.4g}, {abs(z[a] - z[b]):.2g} apart"
            )
    return None


# --- 06.2 one_vs_rest_proba ----------------------------------------------------------------------


def _log_sigmoid(scores: Array) -> Array:
    from scipy import special

    result: Array = special.log_expit(scores)
    return result


def _shared_sigmoids(Z: Array) -> Array:
    return softmax(_log_sigmoid(Z))  # in logarithms nothing rounds to 0


def _ordinary(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, LN3]]),),
        (np.array([[2.0, -1.0, 0.5]]),),
        (rng.normal(scale=2, size=(2, 3)),),
        (rng.normal(scale=2, size=(3, 3)),),
        (rng.normal(scale=2, size=(5, 4)),),
    ]


def _nobody(rng: np.random.Generator) -> list[Arguments]:
    near, far = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    return [
        (np.array([[-800.0, -800.0 + LN3]]),),
        (np.array([[-1000.0, -1001.0, -1002.0], [1000.0, 0.0, -1000.0]]),),
        (np.vstack([near, far - 900]),),
        (np.array([[-800, -801]]),),
        (np.vstack([near, far - 20_000, 20_000 + near]),),
    ]


def _rows_sum_to_one(arguments: Arguments, P: Array) -> str | None:
    if not np.isfinite(P).all():
        return f"a probability came out as {P[~np.isfinite(P)][0]}"
    rows = P.sum(axis=-1)
    if np.allclose(rows, 1):
        return None
    extra = "; your columns sum to 1" if np.allclose(P.sum(axis=0), 1) else ""
    return f"each row should sum to 1; yours sum to {listed(rows)}{extra}"


# --- 06.3 ambiguous_share ------------------------------------------------------------------------


def _scores(rng: np.random.Generator, yes: list[int], K: int) -> Array:
    """Return scores with so many at or above 0 in each row, in random places."""
    sign = np.where(np.arange(K) < np.array(yes)[:, None], 1.0, -1.0)
    return rng.permuted(sign, axis=1) * rng.uniform(0.1, 3, size=sign.shape)


def _three(rng: np.random.Generator) -> list[Arguments]:
    smallest = [[1.0, -1.0, -1.0], [0.2, 1.0, -1.0], [-1.0, -2.0, -0.1], [-1.0, 2.0, 3.0]]
    return [
        (np.array(smallest),),
        (_scores(rng, [1, 2, 0, 1, 0, 0, 1, 0, 3], 3),),
        (_scores(rng, [3], 3),),
    ]


def _several(rng: np.random.Generator) -> list[Arguments]:
    return [
        (_scores(rng, [3, 0, 1], 4),),
        (_scores(rng, [5, 3, 1, 2, 0, 4, 1, 0, 1, 0, 1], 6),),
        (_scores(rng, [2, 0, 1, 0, 1], 2),),
    ]


def _on_the_line(rng: np.random.Generator) -> list[Arguments]:
    mixed = _scores(rng, [0, 1, 1, 2, 0], 3)
    mixed[0, 1] = 0.0
    mixed[1, mixed[1] < 0] = 0.0
    return [
        (np.array([[0.0, -1.0], [0.0, 1.0], [0.0, 0.0], [-1.0, -2.0]]),),
        (mixed,),
    ]


def _ambiguous(Z: Array) -> tuple[float, float]:
    rows = [sum(z >= 0 for z in row) for row in Z.tolist()]  # counted one by one
    return sum(c > 1 for c in rows) / len(rows), rows.count(0) / len(rows)


def _counted(arguments: Arguments, result: Any) -> str:
    (Z,) = arguments
    yes = (Z >= 0).sum(axis=1)
    return f"the rows have {', '.join(map(str, yes))} scores of 0 or above"


# --- 06.4 compare_log_loss -----------------------------------------------------------------------


def _both_losses(logits: Array, scores: Array, y: Array) -> tuple[float, float]:
    rows = np.arange(len(y))
    return (
        -log_softmax(logits)[rows, y].mean(),
        -log_softmax(_log_sigmoid(scores))[rows, y].mean(),
    )


def _test_splits(rng: np.random.Generator) -> list[Arguments]:
    def split(n: int, K: int) -> Arguments:
        return rng.normal(size=(n, K)), rng.normal(scale=2, size=(n, K)), rng.integers(K, size=n)

    return [
        (np.array([[0.0, 0.0]]), np.array([[0.0, LN3]]), np.array([0])),
        (
            np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 1.0]]),
            np.array([[1.0, -1.0, 2.0], [-1.0, 0.5, 3.0]]),
            np.array([0, 2]),
        ),
        split(5, 3),
        split(4, 4),
    ]


def _confident_splits(rng: np.random.Generator) -> list[Arguments]:
    far = np.array([[-800.0, -801.0], [0.0, -900.0]])
    logits, scores = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    logits[2] += (0, 0, -500)
    scores[1] += (-300, -200, -800)
    scores[3] -= 850
    farther = 30_000 * rng.normal(size=(2, 3, 3))
    return [
        (np.array([[0.0, 900.0], [0.0, 1.0]]), far, np.array([0, 1])),
        (logits, scores, np.array([0, 2, 2, 1])),
        (*farther, farther[0].argmin(axis=1)),
    ]


def _loss_is_finite(arguments: Arguments, result: Any) -> str | None:
    losses = [float(v) for v in result]
    if not np.isfinite(losses).all():
        return "both losses are finite here: the true class's probability is tiny, but not 0"
    if min(losses) < 0:
        return "a mean of −log p cannot be negative"
    logits, scores, y = arguments
    n, rows = len(y), np.arange(len(y))
    for place, (came, logs) in enumerate(
        zip(losses, (log_softmax(logits), log_softmax(_log_sigmoid(scores))), strict=True)
    ):
        terms = -logs[rows, y]
        i = int(terms.argmax())
        if terms[i] > 30 and came < (1 - 1e-6) * terms[i] / n:
            model = ("softmax", "one-vs-rest")[place]
            return (
                f"the loss of {model} is too small: −log p of example {i} is {terms[i]:.5g}, which "
                f"alone makes {terms[i]:.5g}/{n} = {terms[i] / n:.5g}; yours is {came:.5g}"
            )
    wrong = [
        k for k, right in enumerate(_both_losses(*arguments)) if not np.isclose(losses[k], right)
    ]
    if wrong == [1]:
        return "the second loss, that of one-vs-rest, is not right"
    return "the first loss, that of softmax, is not right" if wrong == [0] else None


EXERCISES = (
    Exercise(
        number="06.1",
        call="boundary_line(Theta, a, b)",
        groups=(
            Group("on the line the two scores are equal", 2, _sloping, explains=_scores_tie),
            Group(
                "a vertical boundary raises ValueError, a steep one does not",
                1,
                _upright,
                explains=_scores_tie,
            ),
        ),
        oracle=_line,
        drive=line,
        reads=line_or_error,
    ),
    Exercise(
        number="06.2",
        call="one_vs_rest_proba(Z)",
        groups=(
            Group(
                "sigmoids, shared out so that each row sums to 1",
                2,
                _ordinary,
                explains=_rows_sum_to_one,
            ),
            Group("rows in which every score is −800 or so", 1, _nobody, explains=_rows_sum_to_one),
        ),
        oracle=_shared_sigmoids,
    ),
    Exercise(
        number="06.3",
        call="ambiguous_share(Z)",
        groups=(
            Group("three classifiers", 1, _three, explains=_counted),
            Group("any number of classifiers, any number of yes", 1, _several, explains=_counted),
            Group("a score of exactly 0 says yes", 1, _on_the_line, explains=_counted),
        ),
        oracle=_ambiguous,
    ),
    Exercise(
        number="06.4",
        call="compare_log_loss(logits, scores, y)",
        groups=(
            Group("the mean log-loss of each", 2, _test_splits, explains=_loss_is_finite),
            Group(
                "scores of ±800 and more give a finite loss",
                1,
                _confident_splits,
                explains=_loss_is_finite,
            ),
        ),
        oracle=_both_losses,
    ),
)
