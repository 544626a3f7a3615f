"""What the exercises of lesson 01 ask and accept."""

from __future__ import annotations

import itertools

import numpy as np

from course.exercises.common import Array, listed, sigmoid
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

LN3 = np.log(3.0)

# --- 01.1 log_odds -------------------------------------------------------------------------------


def _logit(p: Array) -> Array:
    from scipy import special

    result: Array = special.logit(p)
    return result


def _probabilities(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.5, 0.75]),),
        (np.array([0.2, 0.9]),),
        (rng.uniform(0.02, 0.98, size=5),),
    ]


def _any_probabilities(rng: np.random.Generator) -> list[Arguments]:
    # 1 - 2**-20 is exact in float32 too, so nothing is forgiven there.
    return [
        (rng.uniform(0.02, 0.98, size=(2, 3)),),
        (rng.uniform(0.02, 0.98, size=(2, 1, 2)),),
        (np.array([[1e-20], [1e-17], [1e-7], [0.3], [1 - 2.0**-20]]),),
        (10 ** rng.uniform(-20, -4, size=4),),
    ]


def _on_the_right_side(arguments: Arguments, z: Array) -> str | None:
    (p,) = arguments
    if not np.isfinite(z).all():
        at, other = p[~np.isfinite(z)], z[~np.isfinite(z)]
        return f"strictly between 0 and 1 log-odds are finite; for p = {at[0]:.4g} you have {other[0]:.4g}"
    even = z[p == 0.5]
    if not np.allclose(even, 0, atol=1e-12):
        return f"p = 0.5 is odds of 1 to 1, and the logarithm of 1 is 0; you have {listed(even)}"
    wrong_side = ((z > 0) != (p > 0.5)) & (p != 0.5)
    if wrong_side.any():
        return (
            "log-odds are positive above one half and negative below; "
            f"for p = {p[wrong_side][0]:.4g} you have {z[wrong_side][0]:.4g}"
        )
    lowest = np.unravel_index(p.argmin(), p.shape)
    right = _logit(p)
    near = np.isclose(z, right, rtol=1e-3)
    if (
        p[lowest] < 1e-3
        and z[lowest] > right[lowest] + 0.1
        and (near | (p < 0.05) | (p > 0.95)).all()
    ):
        return (
            f"log-odds fall without end as p nears 0: at p = {p[lowest]:.4g} they are "
            f"{right[lowest]:.4g}, and yours stop at {z[lowest]:.4g}"
        )
    off = ~np.isclose(z, right) & (np.abs(z) < 30)
    if off.any():
        return (
            f"the sigmoid leads back from log-odds to p; yours, {z[off][0]:.6g}, lead to "
            f"{sigmoid(z[off])[0]:.6g} and not to {p[off][0]:.6g}"
        )
    return None


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
        (np.concatenate([rng.uniform(-45, -39, size=2), rng.uniform(600, 1000, size=2)]),),
        (np.array([-20_000.0, 20_000.0]),),  # too far for a wider float as well
    ]


def _shaped_scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([-2, 0, 3]),),
        (rng.normal(size=(2, 3)),),
        (np.array([[1], [-4], [2]]),),
        (rng.normal(size=(2, 1, 2)),),
    ]


def _rises_from_0_to_1(arguments: Arguments, p: Array) -> str | None:
    (z,), p = arguments, p.astype(float)
    if not np.isfinite(p).all():
        at = float(z[~np.isfinite(p)][0])
        return f"every score has a probability; at z = {at:.4g} you have {p[~np.isfinite(p)][0]}"
    if (p < 0).any() or (p > 1).any():
        return f"a probability lies between 0 and 1; you have {listed(p[(p < 0) | (p > 1)])}"
    even = p[z == 0]
    if not np.allclose(even, 0.5):
        return f"log-odds of 0 are even odds, probability 0.5; you have {listed(even)}"
    order = np.argsort(z, axis=None)
    falls = np.flatnonzero(np.diff(p.ravel()[order]) < 0)
    if falls.size:
        low, high = order[falls[0]], order[falls[0] + 1]
        return (
            "a larger score must give a larger probability; "
            f"z = {z.flat[low]:.4g} and {z.flat[high]:.4g} have {p.flat[low]:.4g} and {p.flat[high]:.4g}"
        )
    off = (np.abs(z) >= 800) & ~np.isclose(p, z > 0, rtol=0, atol=1e-25)
    if off.any():
        return (
            f"at z = {z[off][0]:.4g} the probability rounds to {int(z[off][0] > 0)}; "
            f"you have {p[off][0]:.4g}"
        )
    tail = (np.abs(z + 40) < 5) & ~np.isclose(p, sigmoid(z), rtol=1e-3, atol=0)
    if tail.any():
        return (
            f"at z = {z[tail][0]:.4g} the probability is tiny but not lost, "
            f"{sigmoid(z[tail][0]):.4g}; you have {p[tail][0]:.4g}"
        )
    near = np.abs(z) < 20
    if ((p[near] == 0) | (p[near] == 1)).any():
        at = near & ((p == 0) | (p == 1))
        return f"no score makes it certain; at z = {z[at][0]:.4g} you have {p[at][0]:.4g}"
    back = np.log(p[near] / (1 - p[near]))
    off = ~np.isclose(back, z[near])
    if off.any():
        return (
            f"the log-odds of your {p[near][off][0]:.6g} are {back[off][0]:.6g}; "
            f"they should be the score, {z[near][off][0]:.6g}"
        )
    return None


# --- 01.3 sigmoid_derivative ---------------------------------------------------------------------


def _slope(z: Array) -> Array:
    """Return the derivative by a complex step: exact to rounding, and no formula for it.

    The slope is the same at z and −z, so it is taken at |z|, where exp cannot overflow.
    """
    h = 1e-30
    slope: Array = (1 / (1 + np.exp(-(np.abs(z) + 1j * h)))).imag / h
    return slope


def _near_scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.0, 2.0]),),
        (np.array([-3.0, -1.0, 0.5, 1.0]),),
        (rng.normal(scale=2, size=5),),
    ]


def _all_scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (rng.normal(scale=2, size=(2, 3)),),
        (np.array([[-1000.0, 1.0, 1000.0]]),),
        (np.array([-1, 0, 2]),),
        (rng.normal(size=(2, 1, 2)),),
    ]


def _never_steep(arguments: Arguments, slope: Array) -> str | None:
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
    off = np.abs(slope - _slope(z)).max()
    if off < 0.005:
        return f"yours comes close, but is off by up to {off:.1e}: more than a float's rounding"
    if (slope > 0.25 + 1e-9).any():
        return f"the sigmoid is nowhere steeper than 1/4; you have {listed(slope[slope > 0.25 + 1e-9])}"
    if not np.allclose(slope[z == 0], 0.25):
        return f"at z = 0 the slope is 1/4; you have {listed(slope[z == 0])}"
    for a, b in itertools.combinations(np.argsort(np.abs(z), axis=None), 2):
        near, far = abs(z.flat[a]), abs(z.flat[b])
        if near == far and not np.isclose(slope.flat[a], slope.flat[b]):
            return (
                "the slope is the same at z and -z; "
                f"at {z.flat[a]:.4g} and {z.flat[b]:.4g} you have {slope.flat[a]:.4g} and {slope.flat[b]:.4g}"
            )
        if near < far < 20 and slope.flat[a] <= slope.flat[b]:
            return (
                "further from 0 the curve is flatter; "
                f"at {z.flat[a]:.4g} and {z.flat[b]:.4g} you have {slope.flat[a]:.4g} and {slope.flat[b]:.4g}"
            )
    return None


# --- 01.4 predict_label --------------------------------------------------------------------------


def _labels(z: Array, threshold: float = 0.5) -> Array:
    return np.where(sigmoid(z) >= threshold, 1, 0)


def _default_threshold(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([-0.4, 0.3, 2.0]),),
        (np.array([-1000.0, -3.0, -0.1, 0.6, 1000.0]),),
        (rng.normal(size=7),),
    ]


def _at_the_threshold(rng: np.random.Generator) -> list[Arguments]:
    drawn = rng.normal(size=6)
    drawn[rng.integers(6)] = 0
    return [
        (np.array([-1.0, 0.0, 1.0]),),
        (np.array([0.0, -0.2, 0.0, -2.0]), 0.5),
        (drawn,),
    ]


def _other_thresholds(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([-3.0, -2.0, 0.2, 0.95]), 0.1),
        (np.array([-2.5, 0.95, 2.0, 2.5]), 0.9),
        (rng.normal(scale=2, size=(3, 4)), 0.3),
        (np.array([-2, 0, 3]), 0.9),
        (np.array([-8.0, -6.0, 6.0, 8.0]), 0.001),
        (np.array([-8.0, -6.0, 6.0, 8.0]), 0.999),
        (np.array([-40.0, -34.0, -30.0, 3.0]), 1e-14),
        (rng.normal(scale=2, size=(2, 1, 3)), rng.uniform(0.05, 0.95)),
    ]


def _decided_by_the_threshold(arguments: Arguments, labels: Array) -> str | None:
    if not np.isin(labels, [0, 1]).all():
        other = labels[~np.isin(labels, [0, 1])]
        return f"a label is 0 or 1; you have {listed(other)}"
    threshold = arguments[1] if len(arguments) > 1 else 0.5
    z, p = arguments[0], sigmoid(arguments[0])
    wrong = labels != (p >= threshold)
    if not wrong.any():
        return None
    relation = "at least" if p[wrong][0] >= threshold else "below"
    return (
        f"z = {z[wrong][0]:.4g} is p = {p[wrong][0]:.4g}, {relation} the threshold {threshold:g}; "
        f"your label is {labels[wrong][0]:g}"
    )


EXERCISES = (
    Exercise(
        number="01.1",
        call="log_odds(p)",
        groups=(
            Group(
                "even odds give 0, odds of 3 to 1 give log 3",
                1,
                _probabilities,
                explains=_on_the_right_side,
            ),
            Group(
                "any shape, and probabilities close to 0 and 1",
                1,
                _any_probabilities,
                explains=_on_the_right_side,
            ),
        ),
        oracle=_logit,
        atol=1e-8,
        forbids=("scipy.special.logit",),
    ),
    Exercise(
        number="01.2",
        call="sigmoid(z)",
        groups=(
            Group(
                "log-odds become probabilities: 0 gives 1/2, log 3 gives 3/4",
                1,
                _scores,
                explains=_rises_from_0_to_1,
            ),
            Group(
                "scores of ±1000 give 0 and 1 without a warning, and σ(−40) is not lost",
                2,
                _far_scores,
                explains=_rises_from_0_to_1,
                quiet=True,
            ),
            Group(
                "any shape, and whole numbers too",
                1,
                _shaped_scores,
                explains=_rises_from_0_to_1,
            ),
        ),
        oracle=sigmoid,
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
    ),
    Exercise(
        number="01.3",
        call="sigmoid_derivative(z)",
        groups=(
            Group(
                "1/4 at z = 0, positive, and smaller on both sides",
                1,
                _near_scores,
                explains=_never_steep,
            ),
            Group(
                "any shape, whole numbers too, and flat at z = ±1000",
                1,
                _all_scores,
                explains=_never_steep,
            ),
        ),
        oracle=_slope,
    ),
    Exercise(
        number="01.4",
        call="predict_label(z, threshold=0.5)",
        groups=(
            Group(
                "without a threshold it decides at p = 1/2",
                1,
                _default_threshold,
                explains=_decided_by_the_threshold,
            ),
            Group(
                "exactly at the threshold the label is 1",
                1,
                _at_the_threshold,
                explains=_decided_by_the_threshold,
            ),
            Group(
                "other thresholds, and any shape",
                1,
                _other_thresholds,
                explains=_decided_by_the_threshold,
            ),
        ),
        oracle=_labels,
    ),
)
