"""What the exercises of lesson 12 ask and accept."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from course.exercises.common import Array, open_group, sigmoid
from course.exercises.drives import draw_rising_band
from course.exercises.readings import of_value, stacked
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

# --- 12.1 fit_platt ------------------------------------------------------------------------------


def _loss(z: Array, y: Array, a: float, b: float) -> float:
    """Return the mean cross-entropy of the sigmoid of a·z + b."""
    logits = a * z + b
    return float(np.mean(np.logaddexp(0, logits) - y * logits))


def _best_sigmoid(z: Array, y: Array) -> tuple[float, float]:
    from scipy import optimize

    centre, scale = z.mean(), z.std()
    x = (z - centre) / scale

    def loss_and_slope(ab: Array) -> tuple[float, Array]:
        off = (sigmoid(ab[0] * x + ab[1]) - y) / len(y)
        return _loss(x, y, *ab), np.array([off @ x, off.sum()])

    a, b = optimize.minimize(loss_and_slope, [0.0, 0.0], jac=True, options={"gtol": 1e-9}).x
    return float(a / scale), float(b - a * centre / scale)


def _counted(*rows: tuple[float, int, int]) -> Arguments:
    """Return examples from rows of a score, how many were yes and how many no."""
    z = np.concatenate([np.full(yes + no, score) for score, yes, no in rows])
    y = np.concatenate([np.repeat([1, 0], [yes, no]) for _, yes, no in rows])
    return z, y


def _world(rng: np.random.Generator, n: int, a: float, b: float, spread: float = 2.0) -> Arguments:
    """Return scores and outcomes whose best sigmoid is about that; no threshold parts them."""
    z = rng.normal(scale=spread, size=n)
    y = (rng.random(n) < sigmoid(a * z + b)).astype(int)
    low, high = np.argmin(z), np.argmax(z)
    y[[low, high]] = (0, 1) if a < 0 else (1, 0)  # each end holds the outcome that it should not
    return z, y


def _scales(rng: np.random.Generator) -> list[Arguments]:
    return [
        _counted((1.0, 3, 1), (-1.0, 1, 3)),
        _counted((4.0, 3, 1), (-4.0, 1, 3)),
        _counted((0.1, 9, 1), (-0.1, 1, 9)),
    ]


def _offsets(rng: np.random.Generator) -> list[Arguments]:
    return [
        _counted((1.0, 4, 1), (-1.0, 2, 2)),
        _world(rng, 40, 0.6, 1.0),
        _world(rng, 90, 1.0, -1.5),
    ]


def _any_size(rng: np.random.Generator) -> list[Arguments]:
    return [
        _counted((1.0, 1, 3), (-1.0, 3, 1)),
        _world(rng, 60, -0.8, 0.5),
        _world(rng, 80, 0.03, -0.6, spread=60.0),
        _counted((900.0, 2, 1), (-800.0, 1, 2), (0.0, 1, 1)),
    ]


def _explain_sigmoid(arguments: Arguments, result: Any) -> str | None:
    z, y = arguments
    if not isinstance(result, tuple | np.ndarray) or np.shape(result) != (2,):
        return "two numbers are expected, a and b"
    a, b = (float(part) for part in result)
    if not (math.isfinite(a) and math.isfinite(b)):
        return f"a and b should be finite; yours are {a:.4g} and {b:.4g}"
    at, least = _loss(z, y, a, b), _loss(z, y, *_best_sigmoid(z, y))
    off = sigmoid(a * z + b) - y
    return (
        f"with your a = {a:.4g} and b = {b:.4g} the cross-entropy is {at:.5g}, the least one is "
        f"{least:.5g}; its slopes there should be 0, yours are {np.mean(off * z):.2g} in a and "
        f"{np.mean(off):.2g} in b"
    )


PLATT = Exercise(
    number="12.1",
    call="fit_platt(z, y)",
    groups=(
        Group("the scale that the outcomes ask for", 1, _scales, explains=_explain_sigmoid),
        Group("a scale and an offset", 1, _offsets, explains=_explain_sigmoid),
        Group(
            "large scores, and scores that fall with yes",
            1,
            _any_size,
            explains=_explain_sigmoid,
        ),
    ),
    oracle=_best_sigmoid,
    rtol=0.01,
    atol=1e-3,
    forbids=("utils.fit_platt", "utils.recalibration.fit_platt"),
)


# --- 12.2 pool_adjacent_violators ----------------------------------------------------------------


def _best_rising(y: Array, weights: Array) -> Array:
    """Return it by a formula that pools nothing: the least, of means that end further on, at most."""
    n = len(y)
    sums, masses = (np.append(0.0, np.cumsum(v)) for v in (weights * y, weights))
    means = np.full((n, n), np.inf)  # of all stretches from a to b
    for a in range(n):
        means[a, a:] = (sums[a + 1 :] - sums[a]) / (masses[a + 1 :] - masses[a])
    return np.array([max(means[a, i:].min() for a in range(i + 1)) for i in range(n)])


def _alike(y: list[float]) -> Arguments:
    return np.array(y, dtype=float), np.ones(len(y))


def _one_fall(rng: np.random.Generator) -> list[Arguments]:
    return [
        _alike([1, 0]),
        _alike([0, 1, 0, 0, 1]),
        _alike([0, 0, 1]),
        (np.array([0, 1, 0, 1, 1]), np.ones(5)),  # integers
        _alike([-3, 2.5, 1, 4]),
        (np.sort(rng.normal(size=6)), np.ones(6)),
    ]


def _falls_that_follow(rng: np.random.Generator) -> list[Arguments]:
    return [
        _alike([2, 3, 1]),
        _alike([1, 5, 4, 0, 6]),
        _alike([0, 1, 1, 0, 0, 0, 1, 1, 0, 1]),
        (np.sort(rng.normal(size=9))[::-1].copy(), np.ones(9)),
        ((rng.random(40) < np.linspace(0, 1, 40)).astype(float), np.ones(40)),
        (rng.normal(size=25) + np.linspace(0, 2, 25), np.ones(25)),
    ]


def _own_weights(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([1.0, 0.0]), np.array([3.0, 1.0])),
        (np.array([0.5, 0.9, 0.2, 0.4]), np.array([2.0, 1.0, 4.0, 1.0])),
        (rng.random(12) + np.linspace(0, 1, 12), rng.integers(1, 9, size=12).astype(float)),
        (rng.normal(size=30) + np.linspace(0, 2, 30), rng.uniform(0.1, 5, size=30)),
    ]


def _explain_rising(arguments: Arguments, result: Array) -> str | None:
    y, weights = arguments
    if not np.isfinite(result).all():
        return "every value should be a finite number"
    falls = np.flatnonzero(np.diff(result) < -1e-6)
    if len(falls):
        i = int(falls[0])
        return (
            f"the result should never fall; yours does, from {result[i]:.4g} to "
            f"{result[i + 1]:.4g} at place {i + 1}"
        )
    best = _best_rising(y, weights)
    mine, least = (float(weights @ (y - v) ** 2) for v in (result, best))
    kept, mean = (float(weights @ v / weights.sum()) for v in (result, y))
    if not math.isclose(kept, mean, rel_tol=1e-5, abs_tol=1e-6):
        return f"pooling keeps the weighted mean, {mean:.4g}; that of your values is {kept:.4g}"
    return (
        f"your values never fall, but others lie nearer to y: weighted squares of {least:.4g}, "
        f"yours {mine:.4g}"
    )


POOL = Exercise(
    number="12.2",
    call="pool_adjacent_violators(y, weights)",
    groups=(
        Group("where a value falls, both become their mean", 1, _one_fall, _explain_rising),
        Group("and on, until nothing falls", 2, _falls_that_follow, _explain_rising),
        Group("weights count", 1, _own_weights, _explain_rising),
    ),
    oracle=_best_rising,
    forbids=(
        "utils.pool_adjacent_violators",
        "utils.recalibration.pool_adjacent_violators",
        "utils.fit_isotonic",
        "utils.corp",
        "scipy.optimize.isotonic_regression",
        "sklearn.isotonic.isotonic_regression",
        "sklearn.isotonic.IsotonicRegression",
    ),
)


# --- 12.3 corp_decomposition ---------------------------------------------------------------------


def _brier(q: Array | float, y: Array) -> float:
    return float(2 * np.mean((q - y) ** 2))


def _curve(p: Array, y: Array) -> Array:
    """Return how often each forecast came true, by the best rising curve; one value per example."""
    _, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    came = np.bincount(place, y) / counts
    values: Array = _best_rising(came, counts.astype(float))[place]
    return values


def _three_parts(p: Array, y: Array) -> tuple[float, float, float]:
    score, mended, plain = (_brier(q, y) for q in (p, _curve(p, y), float(np.mean(y))))
    return score - mended, plain - mended, plain


def _by_hand(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.2, 0.4, 0.6, 0.8]), np.array([0, 1, 0, 1])),
        (np.array([0.1, 0.9]), np.array([0, 1])),
        (np.array([0.8, 0.3]), np.array([0, 1])),
        (np.array([0.7, 0.1, 0.4, 0.9, 0.2, 0.6]), np.array([1, 0, 1, 1, 0, 0])),
    ]


def _equal_forecasts(rng: np.random.Generator) -> list[Arguments]:
    p = rng.choice([0.1, 0.3, 0.5, 0.8], size=30)
    return [
        (np.array([0.5, 0.5]), np.array([0, 1])),
        (np.array([0.8, 0.2, 0.8, 0.8, 0.2]), np.array([0, 0, 1, 1, 1])),
        (np.array([0.8, 0.2, 0.8, 0.8]), np.array([0, 1, 1, 0])),  # one point counts three times
        (np.full(4, 0.9), np.array([1, 0, 0, 0])),
        (p, (rng.random(30) < p**2).astype(int)),
    ]


def _many_forecasts(rng: np.random.Generator) -> list[Arguments]:
    cases = []
    for n, power in ((60, 1.0), (80, 2.0), (50, 0.3)):
        p = rng.random(n)
        cases.append((p, (rng.random(n) < p**power).astype(int)))
    return cases


def _explain_parts(arguments: Arguments, result: Any) -> str | None:
    p, y = arguments
    if not isinstance(result, tuple | np.ndarray) or np.shape(result) != (3,):
        return "three numbers are expected: miscalibration, discrimination, uncertainty"
    parts = np.array([float(part) for part in result])
    if not np.isfinite(parts).all():
        return "each part should be a finite number"
    names = ("miscalibration", "discrimination", "uncertainty")
    for name, part in zip(names, parts, strict=True):
        if part < -1e-6:
            return f"no part is negative; your {name} is {part:.4g}"
    total, score = parts[0] - parts[1] + parts[2], _brier(p, y)
    if not math.isclose(total, score, rel_tol=1e-5, abs_tol=1e-6):
        return (
            f"your parts make {parts[0]:.4g} − {parts[1]:.4g} + {parts[2]:.4g} = {total:.4g}, but "
            f"the Brier score of these forecasts is {score:.4g}"
        )
    wrong = [
        f"{name} should be {right:.4g}, not {part:.4g}"
        for name, part, right in zip(names, parts, _three_parts(p, y), strict=True)
        if not math.isclose(part, right, rel_tol=1e-6, abs_tol=1e-6)
    ]
    return f"they sum to the score, {score:.4g}, but " + " and ".join(wrong) if wrong else None


CORP = Exercise(
    number="12.3",
    call="corp_decomposition(p, y)",
    groups=(
        Group("three parts of a handful", 1, _by_hand, _explain_parts),
        Group("equal forecasts are one point of the curve", 1, _equal_forecasts, _explain_parts),
        Group("many forecasts, whatever is wrong with them", 1, _many_forecasts, _explain_parts),
    ),
    oracle=_three_parts,
    forbids=("utils.corp", "utils.recalibration.corp"),
)


# --- 12.4 reliability_band_by_resampling ---------------------------------------------------------

_ROUNDS = 1000
_MANY_ROUNDS = 3500
_REFERENCE = 16000  # rounds of the band that answers are held against
_FEW = 25


def _some_levels(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.full(9, 0.9), _ROUNDS, _seed(rng)),
        (np.repeat([0.3, 0.7], 120), 1, _seed(rng)),
        (np.repeat([0.3, 0.7], 120), _MANY_ROUNDS, _seed(rng)),
        (np.repeat([0.4, 0.45, 0.5, 0.6], [80, 100, 60, 90]), _MANY_ROUNDS, _seed(rng)),
    ]


def _any_order(rng: np.random.Generator) -> list[Arguments]:
    levels = np.array([0.05, 0.3, 0.35, 0.4, 0.8, 0.95])
    return [
        (np.array([0.8, 0.2, 0.2, 0.8, 0.2, 0.8, 0.8]), _ROUNDS, _seed(rng)),
        (rng.permutation(np.repeat(levels, [60, 50, 70, 40, 90, 80])), _ROUNDS, _seed(rng)),
        (rng.permutation(np.repeat([0.45, 0.5, 0.55], [8, 150, 8])), _MANY_ROUNDS, _seed(rng)),
        (np.concatenate([np.zeros(3), np.full(8, 0.6), np.ones(2)])[::-1], _ROUNDS, _seed(rng)),
        (np.append(0.9, np.repeat([0.5, 0.2], 30)), _ROUNDS, _seed(rng)),
    ]


def _chance(rng: np.random.Generator) -> list[Arguments]:
    p = np.repeat([0.2, 0.35, 0.45, 0.6, 0.7], 40)
    return [(p, _FEW, _seed(rng), 1000 + _seed(rng))]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1000))


def _curves(p: Array) -> Array:
    """Return the best rising curves of many perfect models, sorted by level: (rounds, m)."""
    return _drawn_curves(tuple(np.sort(p).tolist()))


@functools.lru_cache(maxsize=128)
def _drawn_curves(p: tuple[float, ...]) -> Array:
    said, counts = np.unique(p, return_counts=True)
    m = len(said)
    came = np.random.default_rng(0).binomial(counts, said, size=(_REFERENCE, m))
    sums = np.concatenate([np.zeros((_REFERENCE, 1)), np.cumsum(came, axis=1)], axis=1)
    masses = np.append(0, np.cumsum(counts))
    means = np.full((m, m, _REFERENCE), np.inf)
    for a in range(m):
        for b in range(a, m):
            means[a, b] = (sums[:, b + 1] - sums[:, a]) / (masses[b + 1] - masses[a])
    curve = [np.max([means[a, i:].min(axis=0) for a in range(i + 1)], axis=0) for i in range(m)]
    return np.sort(np.stack(curve, axis=1), axis=0)


def _explain_band(arguments: Arguments, result: Any) -> str | None:
    p, n_resamples, *seeds = arguments
    if len(seeds) == 2:
        return _explain_chance(result)
    if len(np.shape(result)) == 0 or len(result) != 2:
        return "return two arrays, the low ends and the high ends"
    said = np.unique(p)
    low, high = (np.asarray(end, dtype=float) for end in result)
    if low.shape != said.shape or high.shape != said.shape:
        return (
            f"there are {len(said)} different forecasts, so both arrays should have shape "
            f"({len(said)},); yours have {low.shape} and {high.shape}"
        )
    if n_resamples == 1:
        one = np.array_equal(low, high)
        return None if one else "one round gives one curve, so the low and the high ends are equal"
    curves = _curves(p)
    slack = 5 * math.sqrt(0.025 * 0.975 * (1 / n_resamples + 1 / _REFERENCE))
    for k, forecast in enumerate(said):
        if not (np.isfinite(low[k]) and np.isfinite(high[k])):
            return f"at forecast {forecast:g} your band is {low[k]:.4g} to {high[k]:.4g}"
        if low[k] > high[k]:
            return f"at forecast {forecast:g} the low end, {low[k]:.4g}, is above the high end"
        for end, wanted, name in ((low[k], 0.025, "low"), (high[k], 0.975, "high")):
            less = np.searchsorted(curves[:, k], end - 1e-5) / _REFERENCE
            up_to = np.searchsorted(curves[:, k], end + 1e-5, side="right") / _REFERENCE
            if up_to < wanted - slack or less > wanted + slack:
                share, where = (up_to, "at or below") if up_to < wanted else (less, "below")
                return (
                    f"at forecast {forecast:g} your {name} end is {end:.4g}: {share:.1%} of the "
                    f"curves of perfect models lie {where} it, about {wanted:.1%} should"
                )
    return None


def _explain_chance(bands: Any) -> str | None:
    first, again, other = bands
    if not np.array_equal(first, again):
        return "two calls with rng in the same state gave different bands: draw from rng alone"
    if np.array_equal(first, other):
        return "another rng gave the very same band: your draws do not come from rng"
    return None


def _ends(arguments: Arguments, value: Any) -> Array:
    """Return what two answers with the same mistake share, whatever they drew.

    Two draws may differ by one prediction, or by a quarter of a standard deviation: ends are scaled
    until that is less than the tolerance. Of three bands it is which are equal.
    """
    if len(arguments) == 4:
        first, again, other = value
        equal = [np.array_equal(first, band) for band in (again, other)]
        return np.array(equal, dtype=float)
    counts = np.unique(arguments[0], return_counts=True)[1]
    ends: Array = np.stack([np.asarray(end, dtype=float) for end in value])
    if ends.shape != (2, len(counts)):
        return ends
    if np.array_equal(*ends):  # one round: which, chance decided
        return np.ones(1)
    curves = _curves(arguments[0])
    least, most = (curves[int(share * _REFERENCE)] for share in (0.0015, 0.9985))
    # How far out the luckiest of thousands lie varies.
    ends += 0.85 * (np.maximum(0, least - ends) - np.maximum(0, ends - most))
    scaled: Array = 0.04 * ends / np.maximum(0.25 * curves.std(axis=0), 1.05 / counts)
    return scaled


BAND = Exercise(
    number="12.4",
    call="reliability_band_by_resampling(p, n_resamples, rng)",
    groups=(
        open_group("both ends, up to the luck of the draw", 1, _some_levels, _explain_band),
        open_group("forecasts in any order, and certain ones", 1, _any_order, _explain_band),
        open_group("all chance comes from rng", 1, _chance, _explain_band),
    ),
    drive=draw_rising_band,
    reads=of_value(stacked),
    signature=_ends,
    rtol=0.0,
    atol=0.04,  # what two draws of the same band may differ by
    forbids=("utils.corp_band", "utils.recalibration.corp_band"),
)

EXERCISES = (PLATT, POOL, CORP, BAND)
