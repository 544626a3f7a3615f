"""What the exercises of lesson 06 accept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from utils.drives import RAISED, is_upright, line_or_error
from utils.judge import Arguments, Exercise, Group, Misconception, listed

LN3 = np.log(3.0)


# --- 06.1 boundary_line --------------------------------------------------------------------------


def _sloping(rng: np.random.Generator) -> list[Arguments]:
    Theta = np.array([[3.0, 7.0, 1.0], [1.0, 1.0, 5.0]])
    level = np.array([[2.0, 5.0, 1.0], [1.0, 5.0, 3.0]])
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
    return [
        (np.array([[1.0, 4.0, 2.0], [3.0, 0.0, 2.0]]), 0, 1),
        (np.array([[1.0, 4.0, 0.0], [3.0, 1.0, 0.0]]), 1, 0),
        (same, 2, 0),
        (steep, 1, 2),
    ]


def _line(Theta: Any, a: int, b: int) -> Any:
    """Find two points at which the scores are equal, by root finding, and the line through them."""
    from scipy import optimize

    if is_upright(Theta, a, b):
        return RAISED

    def lead(x2: float, x1: float) -> float:
        z = Theta @ np.array([1.0, x1, x2])
        return float(z[a] - z[b])

    at_0, at_1 = (optimize.newton(lead, 0.0, args=(x1,), tol=1e-12) for x1 in (0.0, 1.0))
    return at_1 - at_0, at_0


def _scores_tie(arguments: Arguments, result: Any) -> str | None:
    Theta, a, b = arguments
    if is_upright(Theta, a, b):
        return (
            f"classes {a} and {b} have the same weight for x2, so the boundary is vertical and has "
            "no slope: raise ValueError"
        )
    slope, intercept = (float(v) for v in result)
    for x1 in (0.0, 1.0):
        z = Theta @ np.array([1.0, x1, slope * x1 + intercept])
        if not np.isclose(z[a], z[b], rtol=1e-6, atol=1e-6):
            return (
                f"on the boundary the scores are equal; at your point x1 = {x1:g}, "
                f"x2 = {slope * x1 + intercept:.4g} class {a} scores {z[a]:.4g} "
                f"and class {b} {z[b]:.4g}"
            )
    return None


def _from_weights(w: Any) -> Any:
    """Return the line w0 + w1 x1 + w2 x2 = 0, with an error where it is vertical."""
    if w[2] == 0:
        raise ValueError("vertical")
    return -w[1] / w[2], -w[0] / w[2]


def _difference(Theta: Any, a: int, b: int) -> Any:
    w = Theta[a] - Theta[b]
    if w[2] == 0:
        raise ValueError("vertical")
    return w


def _mistaken_line(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return an answer that makes one mistake after the right difference of weights."""
    return lambda Theta, a, b: change(_difference(Theta, a, b))


def _unguarded(Theta: Any, a: int, b: int) -> Any:
    w = Theta[a] - Theta[b]
    return -w[1] / w[2], -w[0] / w[2]


def _python_floats(Theta: Any, a: int, b: int) -> Any:
    w0, w1, w2 = (Theta[a] - Theta[b]).tolist()
    return -w1 / w2, -w0 / w2


def _columns_of_theta(Theta: Any, a: int, b: int) -> Any:
    w = Theta[:, a] - Theta[:, b]
    return _from_weights(w)


def _guards_one_weight(Theta: Any, a: int, b: int) -> Any:
    if Theta[a, 2] == 0:
        raise ValueError("vertical")
    return _unguarded(Theta, a, b)


def _refuses_level(Theta: Any, a: int, b: int) -> Any:
    w = _difference(Theta, a, b)
    if w[1] == 0:
        raise ValueError("vertical")
    return _from_weights(w)


# --- 06.2 one_vs_rest_proba ----------------------------------------------------------------------


def _shared_sigmoids(Z: Any) -> Any:
    from scipy import special

    return special.softmax(special.log_expit(Z), axis=-1)  # in logarithms nothing rounds to 0


def _expit(Z: Any) -> Any:
    from scipy import special

    return special.expit(Z)


def _softmax(Z: Any) -> Any:
    from scipy import special

    return special.softmax(Z, axis=-1)


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
    ]


def _rows_sum_to_one(arguments: Arguments, P: Any) -> str | None:
    if not np.isfinite(P).all():
        return f"a probability came out as {P[~np.isfinite(P)][0]}"
    rows = P.sum(axis=-1)
    if np.allclose(rows, 1):
        return None
    extra = "; your columns sum to 1" if np.allclose(P.sum(axis=0), 1) else ""
    return f"each row should sum to 1; yours sum to {listed(rows)}{extra}"


def _shares(P: Any) -> Any:
    return P / P.sum(axis=-1, keepdims=True)


def _votes(Z: Any) -> Any:
    yes = (Z >= 0).astype(float)
    return yes / np.maximum(yes.sum(axis=-1, keepdims=True), 1)


def _winner(Z: Any) -> Any:
    return (Z.max(axis=-1, keepdims=True) == Z).astype(float)


def _shares_in_place(Z: Any) -> Any:
    Z -= np.logaddexp(0, Z)  # the logarithm of the sigmoid
    return _softmax(Z)


def _equal_where_all_vanish(Z: Any) -> Any:
    P = _expit(Z)
    total = P.sum(axis=-1, keepdims=True)
    return np.where(total > 0, P / np.where(total > 0, total, 1), 1 / Z.shape[-1])


# --- 06.3 ambiguous_share ------------------------------------------------------------------------


def _scores(rng: np.random.Generator, yes: list[int], K: int) -> Any:
    """Return scores with so many at or above 0 in each row, in random places."""
    sign = np.where(np.arange(K) < np.array(yes)[:, None], 1.0, -1.0)
    return rng.permuted(sign, axis=1) * rng.uniform(0.1, 3, size=sign.shape)


def _three(rng: np.random.Generator) -> list[Arguments]:
    smallest = [[1.0, -1.0, -1.0], [0.2, 1.0, -1.0], [-1.0, -2.0, -0.1], [-1.0, 2.0, 3.0]]
    return [
        (np.array(smallest),),
        (_scores(rng, [1, 2, 0, 1, 0, 0, 1], 3),),
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


def _ambiguous(Z: Any) -> Any:
    rows = [sum(z >= 0 for z in row) for row in Z.tolist()]  # counted one by one
    return sum(c > 1 for c in rows) / len(rows), rows.count(0) / len(rows)


def _counted(arguments: Arguments, result: Any) -> str | None:
    (Z,) = arguments
    yes = (Z >= 0).sum(axis=1)
    return f"the rows have {', '.join(map(str, yes))} scores of 0 or above"


def _count(yes: Any) -> Any:
    """Return the two shares from the number of yes in each row."""
    return np.mean(yes >= 2), np.mean(yes == 0)


def _yes(Z: Any) -> Any:
    return (Z >= 0).sum(axis=1)


# --- 06.4 compare_log_loss -----------------------------------------------------------------------


def _both_losses(logits: Any, scores: Any, y: Any) -> Any:
    from scipy import special

    rows = np.arange(len(y))
    return (
        -np.mean(special.log_softmax(logits, axis=1)[rows, y]),
        -np.mean(special.log_softmax(special.log_expit(scores), axis=1)[rows, y]),
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
    return [
        (np.array([[0.0, 900.0], [0.0, 1.0]]), far, np.array([0, 1])),
        (logits, scores, np.array([0, 2, 2, 1])),
    ]


def _loss_is_finite(arguments: Arguments, result: Any) -> str | None:
    losses = [float(v) for v in result]
    if not np.isfinite(losses).all():
        return "both losses are finite here: the true class's probability is tiny, but not 0"
    if min(losses) < 0:
        return "a mean of −log p cannot be negative"
    return None


def _picked(P: Any, y: Any) -> Any:
    return P[np.arange(len(y)), y]


def _naive_losses(logits: Any, scores: Any, y: Any) -> Any:
    return (
        -np.mean(np.log(_picked(_softmax(logits), y))),
        -np.mean(np.log(_picked(_shares(_expit(scores)), y))),
    )


def _capped_losses(logits: Any, scores: Any, y: Any, epsilon: float = 0.0) -> Any:
    return (
        -np.mean(np.log(_picked(_softmax(logits), y) + epsilon)),
        -np.mean(np.log(_picked(np.nan_to_num(_shares(_expit(scores))), y) + epsilon)),
    )


def _second(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return an answer whose one-vs-rest loss, the second value, is mistaken."""
    return lambda logits, scores, y: (_both_losses(logits, scores, y)[0], change(scores, y))


def _log_sigmoid(Z: Any) -> Any:
    from scipy import special

    return special.log_expit(Z)


def _sum_of_binary_losses(scores: Any, y: Any) -> Any:
    Y = np.eye(scores.shape[1])[y]
    return -np.mean(np.sum(Y * _log_sigmoid(scores) + (1 - Y) * _log_sigmoid(-scores), axis=1))


def _changed(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return an answer that spoils both right losses in the same way."""

    def wrong(logits: Any, scores: Any, y: Any) -> Any:
        return tuple(change(v, logits) for v in _both_losses(logits, scores, y))

    return wrong


def _log_of_mean(logits: Any, scores: Any, y: Any) -> Any:
    return (
        -np.log(np.mean(_picked(_softmax(logits), y))),
        -np.log(np.mean(_picked(_shared_sigmoids(scores), y))),
    )


def _mean_probabilities(logits: Any, scores: Any, y: Any) -> Any:
    return np.mean(_picked(_softmax(logits), y)), np.mean(_picked(_shared_sigmoids(scores), y))


def _of_the_winner(logits: Any, scores: Any, y: Any) -> Any:
    return (
        -np.mean(np.log(_softmax(logits).max(axis=1))),
        -np.mean(np.log(_shared_sigmoids(scores).max(axis=1))),
    )


def _errors(logits: Any, scores: Any, y: Any) -> Any:
    return np.mean(logits.argmax(axis=1) != y), np.mean(scores.argmax(axis=1) != y)


EXERCISES = (
    Exercise(
        number="06.1",
        call="boundary_line(Theta, a, b)",
        groups=(
            Group("on the line the two scores are equal", 2, _sloping, _scores_tie),
            Group(
                "a vertical boundary raises ValueError, a steep one does not",
                1,
                _upright,
                _scores_tie,
            ),
        ),
        oracle=_line,
        drive=line_or_error,
        misconceptions=(
            Misconception(
                "missing minus in the slope",
                _mistaken_line(lambda w: (w[1] / w[2], -w[0] / w[2])),
                "Your intercept is right and your slope has the wrong sign. When you solve for x2, "
                "the term with x1 crosses the equals sign too.",
            ),
            Misconception(
                "sign of the intercept",
                _mistaken_line(lambda w: (-w[1] / w[2], w[0] / w[2])),
                "Your slope is right and your intercept has the wrong sign. When you solve for x2, "
                "the constant term crosses the equals sign too.",
            ),
            Misconception(
                "both minus signs missing",
                _mistaken_line(lambda w: (w[1] / w[2], w[0] / w[2])),
                "Both signs are the wrong way round. Solve for x2 with pencil and paper: the two "
                "other terms cross the equals sign.",
            ),
            Misconception(
                "slope inverted",
                _mistaken_line(lambda w: (-w[2] / (w[1] if w[1] else np.nan), _from_weights(w)[1])),
                "Your slope is upside down. You solve for x2, so the weight of x2 is what you "
                "divide by.",
            ),
            Misconception(
                "solved for x1",
                _mistaken_line(
                    lambda w: (-w[2] / (w[1] or np.nan), -w[0] / (w[1] or np.nan)),
                ),
                "You solved for x1. The line is wanted as x2 = slope · x1 + intercept, so x2 has to "
                "stand alone.",
            ),
            Misconception(
                "columns of Theta",
                _columns_of_theta,
                "You took columns a and b of Theta. Each class has a row of weights.",
            ),
            Misconception(
                "weights of a alone",
                lambda Theta, a, b: _from_weights(Theta[a]),
                "You used the weights of class a alone: that is where its score is 0. The boundary "
                "is where two scores are equal, so the weights of b count as well.",
            ),
            Misconception(
                "weights of b alone",
                lambda Theta, a, b: _from_weights(Theta[b]),
                "You used the weights of class b alone: that is where its score is 0. The boundary "
                "is where two scores are equal, so the weights of a count as well.",
            ),
            Misconception(
                "weights added",
                lambda Theta, a, b: _from_weights(Theta[a] + Theta[b]),
                "You added the two rows of weights. Scores are equal where their difference is 0.",
            ),
            Misconception(
                "intercept looked for in the last column",
                lambda Theta, a, b: _from_weights(np.roll(Theta[a] - Theta[b], 1)),
                "You took the intercept from the last column. In this course column 0 of Theta holds "
                "the intercepts, and the weights of x1 and x2 follow.",
            ),
            Misconception(
                "intercept and slope swapped",
                _mistaken_line(lambda w: _from_weights(w)[::-1]),
                "Both numbers are right, in the wrong order: the slope comes first.",
            ),
            Misconception(
                "direction of the weights",
                _mistaken_line(lambda w: (w[2] / (w[1] or np.nan), _from_weights(w)[1])),
                "Your line runs along the weight vector. The weights point across the boundary, "
                "at a right angle to it.",
            ),
            Misconception(
                "not divided by the weight of x2",
                _mistaken_line(lambda w: (-w[1], -w[0])),
                "The signs are right, and x2 still carries its weight. Divide both terms by it.",
            ),
            Misconception(
                "intercept not divided",
                _mistaken_line(lambda w: (-w[1] / w[2], -w[0])),
                "Your slope is right. The intercept has to be divided by the weight of x2 as well.",
            ),
            Misconception(
                "always classes 0 and 1",
                lambda Theta, a, b: _from_weights(Theta[0] - Theta[1]),
                "You always take rows 0 and 1 of Theta. Which two classes to compare is in a and b.",
            ),
            Misconception(
                "level boundary refused",
                _refuses_level,
                "You refuse a boundary that is level. It has the slope 0; only a vertical one, where "
                "x2 drops out of the equation, has none.",
            ),
            Misconception(
                "vertical boundary not handled",
                _unguarded,
                "Where both classes give x2 the same weight your function returns something. Look "
                "for that case first, and raise ValueError (`return` is not enough).",
            ),
            Misconception(
                "division by zero",
                _python_floats,
                "A vertical boundary stops your code with Python's ZeroDivisionError. Look for that "
                "case first and raise ValueError, whose sentence tells the caller what is wrong.",
            ),
            Misconception(
                "vertical looked for in one weight",
                _guards_one_weight,
                "You test whether one class's own weight for x2 is 0. The boundary is vertical where "
                "the two classes' weights are equal, whatever they are.",
            ),
        ),
    ),
    Exercise(
        number="06.2",
        call="one_vs_rest_proba(Z)",
        groups=(
            Group(
                "sigmoids, shared out so that each row sums to 1", 2, _ordinary, _rows_sum_to_one
            ),
            Group("rows in which every score is −800 or so", 1, _nobody, _rows_sum_to_one),
        ),
        oracle=_shared_sigmoids,
        misconceptions=(
            Misconception(
                "sigmoids not normalised",
                lambda Z: _expit(Z),
                "These are the K sigmoids. Each answers its own yes/no question, and nothing makes "
                "them sum to 1: divide each row by its sum.",
            ),
            Misconception(
                "softmax of the scores",
                lambda Z: _softmax(Z),
                "You took the softmax of the scores. These scores come from K separate yes/no "
                "models, whose probabilities are sigmoids: take those first, then share them out.",
            ),
            Misconception(
                "normalised over the columns",
                lambda Z: _expit(Z) / _expit(Z).sum(axis=0),
                "Your columns sum to 1. Each row is one example: divide by the sum along the last "
                "axis, and keep the dimension.",
            ),
            Misconception(
                "normalised over the whole matrix",
                lambda Z: _expit(Z) / _expit(Z).sum(),
                "You divide by the sum of the whole matrix, so all rows together sum to 1. Each row "
                "is an example of its own.",
            ),
            Misconception(
                "row sums lined up with columns",
                lambda Z: _expit(Z) / _expit(Z).sum(axis=-1),
                "Your row sums have shape (n,), and NumPy lines that up with the columns. "
                "keepdims=True makes it (n, 1), one number for each row.",
            ),
            Misconception(
                "scores normalised without a sigmoid",
                lambda Z: Z / Z.sum(axis=-1, keepdims=True),
                "You divided the scores themselves by their sum. Turn each score into a probability "
                "first.",
            ),
            Misconception(
                "normalised before the sigmoid",
                lambda Z: _expit(Z / Z.sum(axis=-1, keepdims=True)),
                "You normalised the scores and took sigmoids afterwards. It goes the other way "
                "round: sigmoids first, then each row divided by its sum.",
            ),
            Misconception(
                "softmax of the sigmoids",
                lambda Z: _softmax(_expit(Z)),
                "You took the softmax of the sigmoids. They are positive already: divide each row "
                "by its sum and nothing more.",
            ),
            Misconception(
                "probability of the rest",
                lambda Z: _shared_sigmoids(-Z),
                "Your largest probability goes to the smallest score: that is each model's "
                "probability of “the rest”. A sign is the wrong way round.",
            ),
            Misconception(
                "divided by the number of classes",
                lambda Z: _expit(Z) / Z.shape[-1],
                "You divided by K. The sigmoids of a row have a sum of their own, different for "
                "each row: divide by that.",
            ),
            Misconception(
                "votes instead of probabilities",
                lambda Z: _votes(Z),
                "You shared 1 between the classes that say yes. How sure each of them is got lost: "
                "share out the sigmoids, not the votes.",
            ),
            Misconception(
                "argmax instead of probabilities",
                lambda Z: _winner(Z),
                "You gave the largest score everything. That is the argmax; probabilities leave "
                "something for the others.",
            ),
            Misconception(
                "changes its input",
                _shares_in_place,
                "Your probabilities are right, but the caller's scores are different afterwards: an "
                "operator such as `-=` works in place. Make a new array instead.",
            ),
            Misconception(
                "sigmoids rounded to 0",
                lambda Z: _shares(_expit(Z)),
                "Where every score is below about −745 all sigmoids round to 0, and 0/0 is nan. "
                "Their ratios are still known: stay with logarithms until the last step.",
            ),
            Misconception(
                "epsilon in the denominator",
                lambda Z: _expit(Z) / (_expit(Z).sum(axis=-1, keepdims=True) + 1e-12),
                "You hide the 0/0, with a small number in the denominator or by replacing nan, but "
                "the row then sums to 0. Stay with logarithms until the last step: the ratios are "
                "still known there.",
            ),
            Misconception(
                "logarithms of the shares",
                lambda Z: np.log(_shared_sigmoids(Z)),
                "You returned the logarithms of the shares. Take the exponential once more.",
            ),
            Misconception(
                "logarithms of the sigmoids",
                lambda Z: _log_sigmoid(Z),
                "These are the logarithms of the sigmoids. Turn them into shares of 1 as the last "
                "step.",
            ),
            Misconception(
                "maximum subtracted from the scores",
                lambda Z: _shares(_expit(Z - Z.max(axis=-1, keepdims=True))),
                "You subtract the maximum from the scores. A softmax does not notice; a sigmoid "
                "does: its scores are compared with 0, not with one another.",
            ),
            Misconception(
                "equal shares where all vanish",
                _equal_where_all_vanish,
                "Where every score is far below 0 you give all classes the same, or cut the scores "
                "off at some limit. A score of −800 still beats −801: compare their logarithms.",
            ),
        ),
    ),
    Exercise(
        number="06.3",
        call="ambiguous_share(Z)",
        groups=(
            Group("three classifiers", 1, _three, _counted),
            Group("any number of classifiers, any number of yes", 1, _several, _counted),
            Group("a score of exactly 0 says yes", 1, _on_the_line, _counted),
        ),
        oracle=_ambiguous,
        misconceptions=(
            Misconception(
                "two or more only",
                lambda Z: np.mean(_yes(Z) >= 2),
                "You return the share with two or more. The share with none is wanted beside it, as "
                "a second value.",
            ),
            Misconception(
                "both shares added",
                lambda Z: np.mean(_yes(Z) != 1),
                "You added the two shares. They are different troubles, so keep them apart: return "
                "(two or more, none).",
            ),
            Misconception(
                "no means",
                lambda Z: (_yes(Z) >= 2, _yes(Z) == 0),
                "You return an answer for each row. What is wanted is the share of the rows: the "
                "mean of each.",
            ),
            Misconception(
                "swapped",
                lambda Z: _count(_yes(Z))[::-1],
                "Both shares are right, in the wrong order: two or more comes first, then none.",
            ),
            Misconception(
                "strictly above 0",
                lambda Z: _count((Z > 0).sum(axis=1)),
                "A score of exactly 0 is a probability of exactly ½, and in this course that says "
                "yes: use >=.",
            ),
            Misconception(
                "score compared with one half",
                lambda Z: _count((Z >= 0.5).sum(axis=1)),
                "You compared the scores with 0.5. That is the threshold of the probability; its "
                "score, the log-odds, is 0.",
            ),
            Misconception(
                "sigmoid compared with 0",
                lambda Z: _count((_expit(Z) >= 0).sum(axis=1)),
                "You find a yes everywhere: every sigmoid is above 0 (or all rows were counted together). "
                "Compare the scores with 0, or the sigmoids with ½, row by row.",
            ),
            Misconception(
                "softmax first",
                lambda Z: _count((_softmax(Z) >= 0.5).sum(axis=1)),
                "You turned the scores into a softmax first. Here each classifier decides by itself, "
                "at its own threshold: compare each score with 0.",
            ),
            Misconception(
                "counted down the columns",
                lambda Z: _count((Z >= 0).sum(axis=0)),
                "You counted down the columns. A row is a point and a column a classifier: count the "
                "yes along each row.",
            ),
            Misconception(
                "numbers instead of shares",
                lambda Z: (np.sum(_yes(Z) >= 2), np.sum(_yes(Z) == 0)),
                "You return numbers of points. Divide by how many points there are.",
            ),
            Misconception(
                "per cent",
                lambda Z: tuple(100 * np.array(_count(_yes(Z)))),
                "You return per cent. A share lies between 0 and 1.",
            ),
            Misconception(
                "exactly two",
                lambda Z: (np.mean(_yes(Z) == 2), np.mean(_yes(Z) == 0)),
                "You counted rows with exactly two yes. Three or four at once are ambiguous as well.",
            ),
            Misconception(
                "one or more",
                lambda Z: (np.mean(_yes(Z) >= 1), np.mean(_yes(Z) == 0)),
                "You counted rows with one yes or more. A single yes is what we want to see; the "
                "trouble begins with two.",
            ),
            Misconception(
                "more than two",
                lambda Z: (np.mean(_yes(Z) > 2), np.mean(_yes(Z) == 0)),
                "You counted rows with more than two yes. Two at once are ambiguous already.",
            ),
            Misconception(
                "share of the scores",
                lambda Z: (np.mean(Z >= 0), np.mean(Z < 0)),
                "You took the share of all scores. First count the yes in each row, then ask how "
                "many rows have two or more, or none.",
            ),
            Misconception(
                "divided by the number of scores",
                lambda Z: (np.sum(_yes(Z) >= 2) / Z.size, np.sum(_yes(Z) == 0) / Z.size),
                "You divided by the number of scores, n times K. The share is one of points: divide "
                "by n.",
            ),
        ),
    ),
    Exercise(
        number="06.4",
        call="compare_log_loss(logits, scores, y)",
        groups=(
            Group("the mean log-loss of each", 2, _test_splits, _loss_is_finite),
            Group("scores of ±800 give a finite loss", 1, _confident_splits, _loss_is_finite),
        ),
        oracle=_both_losses,
        forbids=("sklearn.metrics.log_loss",),
        misconceptions=(
            Misconception(
                "swapped",
                lambda *a: _both_losses(*a)[::-1],
                "Both losses are right, in the wrong order: softmax comes first.",
            ),
            Misconception(
                "softmax of the one-vs-rest scores",
                _second(lambda s, y: -np.mean(np.log(_picked(_softmax(s), y)))),
                "Your second loss treats the one-vs-rest scores as logits of a softmax. Their "
                "probabilities are sigmoids, shared out so that each row sums to 1.",
            ),
            Misconception(
                "sigmoids not normalised",
                _second(lambda s, y: -np.mean(_picked(_log_sigmoid(s), y))),
                "Your second loss uses sigmoids that do not sum to 1, so the two losses cannot be "
                "compared: a model could say 0.99 to every class. Normalise each row first.",
            ),
            Misconception(
                "softmax of the sigmoids",
                _second(lambda s, y: -np.mean(np.log(_picked(_softmax(_expit(s)), y)))),
                "Your second loss takes the softmax of the sigmoids. Their *logarithms* are what a "
                "softmax turns into shares.",
            ),
            Misconception(
                "softmax of the shares",
                _second(lambda s, y: -np.mean(np.log(_picked(_softmax(_shared_sigmoids(s)), y)))),
                "Your second loss takes the softmax of probabilities. They are shares already; "
                "hand logarithms to a loss that expects logits.",
            ),
            Misconception(
                "no logarithm",
                _mean_probabilities,
                "These are mean probabilities of the true class. The loss is the mean of minus "
                "their logarithms.",
            ),
            Misconception(
                "sum of the binary losses",
                _second(_sum_of_binary_losses),
                "Your second loss adds up the K binary losses, which is what the K models were "
                "trained on. To compare with softmax, take −log of the probability that the true "
                "class gets out of 1.",
            ),
            Misconception(
                "scores used as logits of both",
                lambda logits, scores, y: _both_losses(logits, logits, y),
                "Your second loss is made from the softmax's logits. Use the one-vs-rest scores.",
            ),
            Misconception(
                "sum instead of mean",
                _changed(lambda v, logits: v * len(logits)),
                "You return sums over the examples. The log-loss is their mean, so that test sets "
                "of any size can be compared.",
            ),
            Misconception(
                "mean over all entries",
                _changed(lambda v, logits: v / logits.shape[1]),
                "You divided by n times K. There is one term for each example: divide by n.",
            ),
            Misconception(
                "missing minus",
                _changed(lambda v, logits: -v),
                "Your losses are negative. The logarithm of a probability is 0 or less; the loss is "
                "minus that.",
            ),
            Misconception(
                "base 2",
                _changed(lambda v, logits: v / np.log(2)),
                "You used log2. This course measures in nats: np.log.",
            ),
            Misconception(
                "logarithm of the mean",
                _log_of_mean,
                "You averaged the probabilities and took one logarithm. Take the logarithm of each "
                "example's probability, then the mean.",
            ),
            Misconception(
                "probability of the winner",
                _of_the_winner,
                "You took each row's largest probability. The loss asks for the probability of the "
                "true class, y, which is another one whenever the model is wrong.",
            ),
            Misconception(
                "error rates",
                _errors,
                "These are error rates. They see the argmax alone; the log-loss looks at the "
                "probability that the true class was given.",
            ),
            Misconception(
                "logarithm of a rounded probability",
                _naive_losses,
                "A probability was rounded to 0 before you took its logarithm. Work with "
                "log-probabilities from the scores on, for both models.",
            ),
            *(
                Misconception(
                    f"epsilon {epsilon:g} inside the logarithm",
                    partial(_capped_losses, epsilon=epsilon),
                    "A small number inside the logarithm, or a probability cut off there, hides the "
                    f"infinity: no loss of yours can pass {-np.log(epsilon):.1f}. Work with "
                    "log-probabilities from the scores on.",
                )
                for epsilon in (1e-9, 1e-15, 1e-12, 1e-10, 1e-8, 1e-7, 1e-16)
            ),
        ),
    ),
)
