"""What the exercises of lesson 01 accept."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from utils.judge import Arguments, Exercise, Group, Misconception

LN3 = np.log(3.0)


def _sigmoid(z: Any) -> Any:
    from scipy import special

    return special.expit(z)


def _listed(values: Any) -> str:
    return ", ".join(f"{v:.4g}" for v in np.ravel(values)[:4]) + (" …" if values.size > 4 else "")


# --- 01.1 log_odds -------------------------------------------------------------------------------


def _logit(p: Any) -> Any:
    from scipy import special

    return special.logit(p)


def _probabilities(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.5, 0.75]),),
        (np.array([0.2, 0.9]),),
        (rng.uniform(0.02, 0.98, size=5),),
    ]


def _any_probabilities(rng: np.random.Generator) -> list[Arguments]:
    return [(rng.uniform(0.02, 0.98, size=(2, 3)),), (np.array([[1e-7], [0.3], [1 - 1e-6]]),)]


def _log_odds_law(arguments: Arguments, z: Any) -> str | None:
    (p,) = arguments
    if not np.isfinite(z).all():
        return f"every p lies between 0 and 1, so its log-odds are finite; you have {_listed(z[~np.isfinite(z)])}"
    even = z[p == 0.5]
    if not np.allclose(even, 0, atol=1e-12):
        return f"p = 0.5 is odds of 1 to 1, and the logarithm of 1 is 0; you have {_listed(even)}"
    wrong_side = ((z > 0) != (p > 0.5)) & (p != 0.5)
    if wrong_side.any():
        return (
            "log-odds are positive above one half and negative below; "
            f"for p = {p[wrong_side][0]:.4g} you have {z[wrong_side][0]:.4g}"
        )
    return None


def _logit_epsilon(p: Any) -> Any:
    return np.log((p + 1e-9) / (1 - p + 1e-9))


def _odds_epsilon(p: Any) -> Any:
    return np.log(p / (1 - p) + 1e-9)


def _logit_epsilon_below(p: Any) -> Any:
    return np.log(p / (1 - p + 1e-9))


# --- 01.2 sigmoid --------------------------------------------------------------------------------


def _scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.0, LN3]),),
        (np.array([-2.0, 0.5, 2.0]),),
        (rng.normal(scale=2, size=6),),
    ]


def _far_scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([-1000.0]),),
        (np.array([1000.0]),),
        (np.array([-40.0, 40.0]),),
        (np.array([-1000.0, -800.0, -LN3, 0.0, 3.0, 800.0, 1000.0]),),
    ]


def _shaped_scores(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([-2, 0, 3]),), (rng.normal(size=(2, 3)),), (np.array([[1], [-4], [2]]),)]


def _sigmoid_law(arguments: Arguments, p: Any) -> str | None:
    (z,) = arguments
    if not np.isfinite(p).all():
        at = float(z[~np.isfinite(p)][0])
        return f"every score has a probability; at z = {at:.4g} you have {p[~np.isfinite(p)][0]}"
    if (p < 0).any() or (p > 1).any():
        return f"a probability lies between 0 and 1; you have {_listed(p[(p < 0) | (p > 1)])}"
    even = p[z == 0]
    if not np.allclose(even, 0.5):
        return f"log-odds of 0 are even odds, probability 0.5; you have {_listed(even)}"
    if (np.diff(p.ravel()[np.argsort(z, axis=None)]) < 0).any():
        return "a larger score must give a larger probability; yours falls somewhere"
    off = (np.abs(z) >= 800) & ~np.isclose(p, z > 0, rtol=0, atol=1e-9)
    if off.any():
        return (
            f"at z = {z[off][0]:.4g} the probability rounds to {int(z[off][0] > 0)}; "
            f"you have {p[off][0]:.4g}"
        )
    tail = (np.abs(z + 40) < 5) & ~np.isclose(p, _sigmoid(z), rtol=1e-3, atol=0)
    if tail.any():
        return (
            f"at z = {z[tail][0]:.4g} the probability is tiny but not lost, "
            f"{_sigmoid(z[tail][0]):.4g}; you have {p[tail][0]:.4g}"
        )
    return None


def _naive(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _naive_other(z: Any) -> Any:
    return np.exp(z) / (1 + np.exp(z))


def _both_branches(z: Any) -> Any:
    return np.where(z >= 0, _naive(z), _naive_other(z))


def _if_on_an_array(z: Any) -> Any:
    return _naive(z) if z >= 0 else _naive_other(z)


def _one_dimension(z: Any) -> Any:
    return [_naive(v) if v >= 0 else _naive_other(v) for v in z]


def _keeps_integers(z: Any) -> Any:
    p = np.zeros_like(z)
    p[z >= 0] = _naive(z[z >= 0])
    p[z < 0] = _naive_other(z[z < 0])
    return p


def _sigmoid_in_place(z: Any) -> Any:
    z *= -1
    return 1 / (1 + np.exp(z))


def _probit(z: Any) -> Any:
    from scipy import special

    return special.ndtr(z)


def _mirrored(z: Any) -> Any:
    p = 1 / (1 + np.exp(-np.abs(z)))
    return np.where(z < 0, 1 - p, p)


def _clipped(z: Any, limit: float) -> Any:
    return _naive(np.clip(z, -limit, limit))


def _shares(z: Any) -> Any:
    from scipy import special

    return special.softmax(z)


# --- 01.3 sigmoid_derivative ---------------------------------------------------------------------


def _slope(z: Any) -> Any:
    """Return the derivative by a complex step: exact to rounding, and no formula for it.

    The slope is the same at z and −z, so it is taken at |z|, where exp cannot overflow.
    """
    h = 1e-30
    return (1 / (1 + np.exp(-(np.abs(z) + 1j * h)))).imag / h


def _near_scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.0, 2.0]),),
        (np.array([-3.0, -1.0, 0.5]),),
        (rng.normal(scale=2, size=5),),
    ]


def _all_scores(rng: np.random.Generator) -> list[Arguments]:
    return [(rng.normal(scale=2, size=(2, 3)),), (np.array([[-1000.0, 1.0, 1000.0]]),)]


def _slope_law(arguments: Arguments, slope: Any) -> str | None:
    (z,) = arguments
    if not np.isfinite(slope).all():
        bad = ~np.isfinite(slope)
        return f"the curve has a slope everywhere; at z = {z[bad][0]:.4g} you have {slope[bad][0]}"
    if (slope < 0).any():
        bad = slope < 0
        return (
            "the sigmoid rises everywhere, so no slope is negative; "
            f"at z = {z[bad][0]:.4g} you have {slope[bad][0]:.4g}"
        )
    if (slope > 0.25 + 1e-9).any():
        return f"the sigmoid is nowhere steeper than 1/4; you have {_listed(slope[slope > 0.25 + 1e-9])}"
    return None


def _quotient(z: Any) -> Any:
    return np.exp(-z) / (1 + np.exp(-z)) ** 2


def _one_sided(z: Any, h: float) -> Any:
    return (_sigmoid(z + h) - _sigmoid(z)) / h


# --- 01.4 predict_label --------------------------------------------------------------------------


def _labels(z: Any, threshold: float = 0.5) -> Any:
    return np.where(_sigmoid(z) >= threshold, 1, 0)


def _default_threshold(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([-0.4, 0.3, 2.0]),),
        (np.array([-1000.0, -0.1, 0.6, 1000.0]),),
        (rng.normal(size=7),),
    ]


def _at_the_threshold(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([-1.0, 0.0, 1.0]),), (np.array([0.0, -0.2, 0.0, -2.0]), 0.5)]


def _other_thresholds(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([-3.0, -2.0, 0.2, 0.95]), 0.1),
        (np.array([-2.5, 0.95, 2.0, 2.5]), 0.9),
        (rng.normal(scale=2, size=(3, 4)), 0.3),
    ]


def _labels_law(arguments: Arguments, labels: Any) -> str | None:
    if not np.isin(labels, [0, 1]).all():
        other = labels[~np.isin(labels, [0, 1])]
        return f"a label is 0 or 1; you have {_listed(other)}"
    threshold = arguments[1] if len(arguments) > 1 else 0.5
    z, p = arguments[0], _sigmoid(arguments[0])
    wrong = labels != (p >= threshold)
    if not wrong.any():
        return None
    relation = "at least" if p[wrong][0] >= threshold else "below"
    return (
        f"z = {z[wrong][0]:.4g} is p = {p[wrong][0]:.4g}, {relation} the threshold {threshold:g}; "
        f"your label is {labels[wrong][0]:g}"
    )


def _labels_naive(z: Any, threshold: float = 0.5) -> Any:
    return np.where(_naive_other(z) >= threshold, 1, 0)


def _labels_in_a_loop(z: Any, threshold: float = 0.5) -> Any:
    return [1 if _sigmoid(score) >= threshold else 0 for score in z]


def _if_on_labels(z: Any, threshold: float = 0.5) -> Any:
    return 1 if _sigmoid(z) >= threshold else 0


EXERCISES = (
    Exercise(
        number="01.1",
        call="log_odds(p)",
        groups=(
            Group(
                "even odds give 0, odds of 3 to 1 give log 3",
                1,
                _probabilities,
                _log_odds_law,
            ),
            Group(
                "any shape, and probabilities close to 0 and 1",
                1,
                _any_probabilities,
                _log_odds_law,
            ),
        ),
        oracle=_logit,
        forbids=("scipy.special.logit",),
        misconceptions=(
            Misconception(
                "odds without the logarithm",
                lambda p: p / (1 - p),
                "These are the odds. One step is missing: their natural logarithm.",
            ),
            Misconception(
                "base 10",
                lambda p: _logit(p) / np.log(10),
                "You used log10. Log-odds are natural logarithms here: np.log.",
            ),
            Misconception(
                "base 2",
                lambda p: _logit(p) / np.log(2),
                "You used log2. Log-odds are natural logarithms here: np.log.",
            ),
            Misconception(
                "logarithm of p",
                lambda p: np.log(p),
                "You took the logarithm of the probability. Form the odds first, yes against no, "
                "and take the logarithm of those.",
            ),
            Misconception(
                "logarithm of 1 - p",
                lambda p: np.log(1 - p),
                "You took the logarithm of the probability of no. It takes both: yes against no.",
            ),
            Misconception(
                "upside down",
                lambda p: -_logit(p),
                "Your fraction stands upside down: no against yes. A probability above one half has "
                "positive log-odds.",
            ),
            Misconception(
                "odds upside down, without the logarithm",
                lambda p: (1 - p) / p,
                "These are the odds against, upside down and without their logarithm. Put yes on top, "
                "no below, and take the natural logarithm.",
            ),
            Misconception(
                "logarithm of the product",
                lambda p: np.log(p) + np.log(1 - p),
                "You have the logarithm of a product: the logarithm of a *ratio* is a difference of "
                "logarithms.",
            ),
            Misconception(
                "ratio of logarithms",
                lambda p: np.log(p) / np.log(1 - p),
                "You divided one logarithm by another. Divide first, then take one logarithm of the "
                "ratio.",
            ),
            Misconception(
                "no brackets around 1 - p",
                lambda p: np.log(p / 1 - p),
                "Python reads p / 1 - p as (p / 1) - p, which is 0, and log 0 is -inf. Put 1 - p in "
                "brackets.",
            ),
            Misconception(
                "a bracket closed too early",
                lambda p: np.log(p) / (1 - p),
                "A bracket closes too early: you divide log(p) by 1 - p. The whole fraction belongs "
                "inside the logarithm.",
            ),
            Misconception(
                "the wrong way round",
                _sigmoid,
                "You went the other way: that is the sigmoid, from log-odds to a probability.",
            ),
            Misconception(
                "an epsilon inside the logarithm",
                _logit_epsilon,
                "You added a small number to avoid log 0. It shifts honest answers near 0 and 1, and "
                "p lies strictly between: leave it out.",
            ),
            Misconception(
                "an epsilon added to the odds",
                _odds_epsilon,
                "You added a small number to the odds to avoid log 0. It shifts honest answers, and p "
                "lies strictly between 0 and 1: leave it out.",
            ),
            Misconception(
                "an epsilon in the denominator",
                _logit_epsilon_below,
                "You added a small number to 1 - p to avoid a division by 0. It shifts honest answers "
                "near 1, and p lies strictly between: leave it out.",
            ),
            Misconception(
                "log1p on both sides",
                lambda p: np.log1p(p) - np.log1p(-p),
                "np.log1p(x) is the logarithm of 1 + x. That suits the probability of no; the "
                "probability of yes takes np.log.",
            ),
            Misconception(
                "flattened",
                lambda p: _logit(p).ravel(),
                "The numbers are right, but their shape is lost: a matrix came in, and a flat row goes "
                "out. Work on the whole array at once, and its shape stays.",
            ),
            Misconception(
                "math.log",
                lambda p: math.log(p / (1 - p)),
                "math.log takes one number. np.log takes a whole array.",
            ),
            Misconception(
                "one dimension only",
                lambda p: [math.log(q / (1 - q)) for q in p],
                "Your loop takes the rows of a matrix for single numbers. np.log works on the whole "
                "array at once; then its shape does not matter.",
            ),
        ),
    ),
    Exercise(
        number="01.2",
        call="sigmoid(z)",
        groups=(
            Group(
                "log-odds become probabilities: 0 gives 1/2, log 3 gives 3/4",
                1,
                _scores,
                _sigmoid_law,
            ),
            Group(
                "scores of ±1000 give 0 and 1 without a warning, and σ(−40) is not lost",
                2,
                _far_scores,
                _sigmoid_law,
                quiet=True,
            ),
            Group("any shape, and whole numbers too", 1, _shaped_scores, _sigmoid_law),
        ),
        oracle=_sigmoid,
        forbids=(
            "utils.sigmoid",
            "utils.functions.sigmoid",
            "utils.log_sigmoid",
            "utils.functions.log_sigmoid",
            "utils.softmax",
            "utils.functions.softmax",
            "scipy.special.expit",
            "scipy.special.log_expit",
            "scipy.special.softmax",
        ),
        atol=1e-25,  # σ(−40) = 4.2e-18 counts
        misconceptions=(
            Misconception(
                "naive overflow",
                _naive,
                "At z = -1000 your exponential is exp(1000), which overflows. Let the exponent never "
                "be positive: it can be minus the absolute value of z, for either sign.",
            ),
            Misconception(
                "naive overflow, other form",
                _naive_other,
                "At z = 1000 you divide inf by inf, which is nan. This form is safe for negative "
                "scores only; the other form of the fraction is safe for the positive ones.",
            ),
            Misconception(
                "np.where evaluates both",
                _both_branches,
                "np.where picks from two results that are both computed already, so each formula also "
                "runs on the scores that it is not made for. Make the exponent safe before you choose.",
            ),
            Misconception(
                "if on an array",
                _if_on_an_array,
                "`if` asks one question, and an array holds many. Choose element by element, with "
                "np.where or with a mask such as z >= 0.",
            ),
            Misconception(
                "one dimension only",
                _one_dimension,
                "Your loop takes the rows of a matrix for single numbers. Work on the whole array at "
                "once; then its shape does not matter.",
            ),
            Misconception(
                "math.exp",
                lambda z: 1 / (1 + math.exp(-z)),
                "math.exp takes one number. np.exp takes a whole array.",
            ),
            Misconception(
                "whole numbers stay whole",
                _keeps_integers,
                "Your result has the dtype of z. Where z holds whole numbers every probability is cut "
                "to 0: make the new array one of floats.",
            ),
            Misconception(
                "changes its input",
                _sigmoid_in_place,
                "Your probabilities are right, but the caller's scores are different afterwards. "
                "Work on a new array.",
            ),
            Misconception(
                "minus sign forgotten",
                lambda z: 1 / (1 + np.exp(z)),
                "Yours falls as the score rises: this is σ(−z), the probability of no. Look for a minus "
                "that the exponent lost, or for a `1 -` too many.",
            ),
            Misconception(
                "absolute value on both sides",
                lambda z: 1 / (1 + np.exp(-np.abs(z))),
                "With the absolute value alone z and -z get the same probability, never below 1/2. "
                "The exponential is safe now; for negative scores the fraction needs another numerator.",
            ),
            Misconception(
                "1 minus the mirror image",
                _mirrored,
                "For negative scores you take a difference (1 minus the mirror image, or 1 plus a "
                "tangent near -1) of numbers that have been rounded, and σ(−40) is lost. Use the form "
                "of the fraction that is small by itself.",
            ),
            *(
                Misconception(
                    f"clipped to ±{limit}",
                    partial(_clipped, limit=limit),
                    f"You clip the scores to ±{limit}, so everything beyond gets the same probability. "
                    "Make the exponent safe instead, and no score has to be changed.",
                )
                for limit in (10, 20, 30, 35)
            ),
            Misconception(
                "softsign",
                lambda z: (1 + z / (1 + np.abs(z))) / 2,
                "That is another S-curve, made of z / (1 + |z|). Its inverse is not the log-odds.",
            ),
            Misconception(
                "minus in the denominator",
                lambda z: 1 / (1 - np.exp(-z)),
                "The denominator is a sum, 1 plus the exponential. With a minus it is 0 at z = 0.",
            ),
            Misconception(
                "no brackets around the denominator",
                lambda z: 1 / 1 + np.exp(-z),
                "Python reads 1 / 1 + exp(-z) as 1 + exp(-z). Put the denominator in brackets.",
            ),
            Misconception(
                "odds",
                lambda z: np.exp(z),
                "These are the odds. A probability is odds / (1 + odds).",
            ),
            Misconception(
                "base 10",
                lambda z: _sigmoid(z * np.log(10)),
                "You used powers of 10. Log-odds are natural logarithms, so it takes powers of e: np.exp.",
            ),
            Misconception(
                "base 2",
                lambda z: _sigmoid(z * np.log(2)),
                "You used powers of 2. Log-odds are natural logarithms, so it takes powers of e: np.exp.",
            ),
            Misconception(
                "the wrong way round",
                lambda z: np.log(z / (1 - z)),
                "You went the other way: that is log-odds from a probability. Here z is the log-odds.",
            ),
            Misconception(
                "hyperbolic tangent",
                lambda z: np.tanh(z),
                "That is the hyperbolic tangent, an S-curve from -1 to 1. A probability starts at 0.",
            ),
            Misconception(
                "hyperbolic tangent of z",
                lambda z: (1 + np.tanh(z)) / 2,
                "Your curve is twice as steep. The sigmoid is (1 + tanh(z/2)) / 2, with half the score.",
            ),
            Misconception(
                "a step",
                lambda z: (z >= 0).astype(float),
                "You return the decision, 0 or 1. A probability says how sure it is.",
            ),
            Misconception(
                "shares of the whole array",
                _shares,
                "Your results sum to 1 over the array. Each score is a question of its own: its "
                "probability does not depend on its neighbours.",
            ),
            Misconception(
                "normal distribution",
                _probit,
                "That is the cumulative normal distribution, the probit's curve. Its inverse is not "
                "the log-odds.",
            ),
            Misconception(
                "a straight line, cut off",
                lambda z: np.clip(0.5 + z / 4, 0, 1),
                "You follow the tangent at 0 and cut it off. The sigmoid bends, and reaches neither "
                "0 nor 1.",
            ),
        ),
    ),
    Exercise(
        number="01.3",
        call="sigmoid_derivative(z)",
        groups=(
            Group("1/4 at z = 0, positive, and smaller on both sides", 1, _near_scores, _slope_law),
            Group("any shape, and flat at z = ±1000", 1, _all_scores, _slope_law),
        ),
        oracle=_slope,
        misconceptions=(
            Misconception(
                "plus instead of minus",
                lambda z: _sigmoid(z) * (1 + _sigmoid(z)),
                "You have p(1 + p). The second factor is the probability of the other outcome, 1 - p.",
            ),
            Misconception(
                "z taken for p",
                lambda z: z * (1 - z),
                "You put the score where the probability belongs. p(1 - p) is right, with p the "
                "sigmoid of z.",
            ),
            Misconception(
                "one score left unsquashed",
                lambda z: _sigmoid(z) * (1 - z),
                "One of the two factors still holds the score z. Both are made of the probability.",
            ),
            Misconception(
                "the sigmoid itself",
                _sigmoid,
                "That is the height of the curve. The exercise asks for its slope.",
            ),
            Misconception(
                "the other probability",
                lambda z: _sigmoid(-z),
                "You have 1 - p alone, the slope of log p. The slope of p has one more factor, or one "
                "more power in the denominator.",
            ),
            Misconception(
                "square of p",
                lambda z: _sigmoid(z) ** 2,
                "You have p squared. The second factor is 1 - p, which is the sigmoid of -z.",
            ),
            Misconception(
                "sign",
                lambda z: -_slope(z),
                "The sign is the wrong way round: the curve rises, so its slope is positive.",
            ),
            Misconception(
                "hyperbolic tangent",
                lambda z: 1 - np.tanh(z) ** 2,
                "That is the slope of the hyperbolic tangent, four times as steep at 0.",
            ),
            Misconception(
                "the rule of the hyperbolic tangent",
                lambda z: 1 - _sigmoid(z) ** 2,
                "1 minus the square is the rule for the hyperbolic tangent. For the sigmoid it is p "
                "times 1 - p.",
            ),
            Misconception(
                "p squared times 1 - p",
                lambda z: _sigmoid(z) ** 2 * (1 - _sigmoid(z)),
                "One factor p is too many: the slope is p(1 - p).",
            ),
            *(
                Misconception(
                    f"one-sided difference, h = {h:g}",
                    partial(_one_sided, h=h),
                    "A one-sided difference is off by about h times half the curvature. There is an "
                    "exact formula, under “How steep it is”.",
                )
                for h in (1e-2, 1e-3, 1e-4, 1e-5)
            ),
            Misconception(
                "1 - p squared",
                lambda z: _sigmoid(z) * (1 - _sigmoid(z) ** 2),
                "The second factor is 1 - p, not 1 - p².",
            ),
            Misconception(
                "sigmoid taken twice",
                lambda z: _slope(_sigmoid(z)),
                "You took the sigmoid twice. Once z has become p, go on with p(1 - p).",
            ),
            Misconception(
                "inner derivative forgotten",
                lambda z: -((1 + np.exp(-z)) ** -2.0),
                "The chain rule has one more factor here: the derivative of exp(-z), which is -exp(-z).",
            ),
            Misconception(
                "inf over inf",
                _quotient,
                "Right on paper, but at z = -1000 it divides inf by inf, which is nan. Write it with "
                "the probability p instead.",
            ),
        ),
    ),
    Exercise(
        number="01.4",
        call="predict_label(z, threshold=0.5)",
        groups=(
            Group("without a threshold it decides at p = 1/2", 1, _default_threshold, _labels_law),
            Group("exactly at the threshold the label is 1", 1, _at_the_threshold, _labels_law),
            Group("other thresholds, and any shape", 1, _other_thresholds, _labels_law),
        ),
        oracle=_labels,
        misconceptions=(
            Misconception(
                "threshold applied to the log-odds",
                lambda z, threshold=0.5: np.where(z >= threshold, 1, 0),
                "You compared the log-odds with a threshold for probabilities. Bring both to one scale: "
                "either the sigmoid of z, or the log-odds of the threshold.",
            ),
            Misconception(
                "sigmoid of the threshold",
                lambda z, threshold=0.5: np.where(z >= _sigmoid(threshold), 1, 0),
                "You took the sigmoid of the threshold, which is a probability already. The score "
                "needs the sigmoid; or the threshold its inverse, the log-odds.",
            ),
            Misconception(
                "strict",
                lambda z, threshold=0.5: np.where(_sigmoid(z) > threshold, 1, 0),
                "Exactly at the threshold the contract says 1: p ≥ threshold, not p > threshold.",
            ),
            Misconception(
                "returns probabilities",
                lambda z, threshold=0.5: _sigmoid(z),
                "These are the probabilities. One step is missing: compare them with the threshold.",
            ),
            Misconception(
                "threshold ignored",
                lambda z, threshold=0.5: np.where(z >= 0, 1, 0),
                "You always decide at one half. Use the threshold that came.",
            ),
            Misconception(
                "rounded",
                lambda z, threshold=0.5: np.round(_sigmoid(z)),
                "Rounding knows no threshold but one half, and NumPy rounds one half to the even "
                "number, 0. Compare instead.",
            ),
            Misconception(
                "labels swapped",
                lambda z, threshold=0.5: np.where(_sigmoid(z) >= threshold, 0, 1),
                "Your labels are swapped: 1 stands for a probability of at least the threshold.",
            ),
            Misconception(
                "threshold from the other end",
                lambda z, threshold=0.5: np.where(_sigmoid(z) >= 1 - threshold, 1, 0),
                "Your threshold sits at 1 - threshold, or a sign in its log-odds is the wrong way round. "
                "A low threshold must let more through, not less.",
            ),
            Misconception(
                "logarithm of the threshold",
                lambda z, threshold=0.5: np.where(z >= np.log(threshold), 1, 0),
                "You compared odds with a probability, or log-odds with the logarithm of one. What "
                "belongs beside z is the threshold's log-odds.",
            ),
            Misconception(
                "sigmoid taken twice",
                lambda z, threshold=0.5: np.where(_sigmoid(_sigmoid(z)) >= threshold, 1, 0),
                "The sigmoid was taken twice. A probability is at least 0, so its sigmoid is at "
                "least one half.",
            ),
            Misconception(
                "labels minus one and one",
                lambda z, threshold=0.5: np.where(_sigmoid(z) >= threshold, 1, -1),
                "Your labels are -1 and 1. In this course no is 0 and yes is 1.",
            ),
            Misconception(
                "nan below every threshold",
                _labels_naive,
                "At z = 1000 your probability is inf / inf, nan, and nan ≥ 0.5 is false: the surest "
                "yes becomes a no. Use the stable sigmoid, or compare on the log-odds.",
            ),
            Misconception(
                "if on an array",
                _if_on_labels,
                "`if` asks one question, and an array holds many. A comparison of the whole array "
                "gives True or False for each.",
            ),
            Misconception(
                "one dimension only",
                _labels_in_a_loop,
                "Your loop takes the rows of a matrix for single numbers. Compare the whole array at "
                "once; then its shape does not matter.",
            ),
            Misconception(
                "int of an array",
                lambda z, threshold=0.5: int(_sigmoid(z) >= threshold),
                "int() takes one number. An array has the method .astype(int).",
            ),
        ),
    ),
)
