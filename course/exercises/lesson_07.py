"""What the exercises of lesson 07 ask and accept."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from course.exercises.common import Array, listed, open_group
from course.exercises.drives import draw_band
from course.exercises.readings import of_value, stacked
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

# --- 07.1 reliability_bins -----------------------------------------------------------------------


def _bins_oracle(confidence: Array, correct: Array, n_bins: int) -> tuple[Array, Array, Array]:
    from scipy import stats

    def each(values: Array | None, statistic: str) -> Array:
        found = stats.binned_statistic(confidence, values, statistic, n_bins, (0, 1))
        result: Array = found.statistic
        return result

    return each(None, "count"), each(confidence, "mean"), each(correct, "mean")


def _places(confidence: Array, n_bins: int) -> Array:
    """Return the bin of each prediction."""
    return np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], confidence, side="right")


def _flags(text: str) -> Array:
    """Return "TFT" as an array of truth values."""
    return np.array([letter == "T" for letter in text])


def _spread(rng: np.random.Generator, counts: tuple[int, ...]) -> Array:
    """Return confidences with that many in each bin, off the edges, in no order."""
    width = 1 / len(counts)
    parts = [(k + rng.uniform(0.03, 0.97, size=c)) * width for k, c in enumerate(counts)]
    return rng.permutation(np.concatenate(parts))


def _mixed(rng: np.random.Generator, n: int) -> Array:
    """Return n truth values, both of them among the first two."""
    return np.concatenate([[True, False], rng.random(n - 2) < 0.6])


def _full_bins(rng: np.random.Generator) -> list[Arguments]:
    first = (np.array([0.9, 0.1, 0.4, 0.3]), _flags("TFTF"), 2)
    low = (np.array([0.45, 0.1, 0.3, 0.6]), _flags("TFTF"), 2)
    rest = [
        (_spread(rng, counts), _mixed(rng, sum(counts)), len(counts))
        for counts in ((4, 2, 3), (2, 5, 1, 3, 4))
    ]
    return [first, low, *rest]


def _on_the_edges(rng: np.random.Generator) -> list[Arguments]:
    inside = _spread(rng, (2, 1, 3, 2))
    return [
        (np.array([0.2, 0.7, 1.0]), _flags("FFT"), 2),
        (np.array([0.0, 0.3, 0.5, 0.75, 1.0, 0.6]), _flags("FTTFTF"), 4),
        (np.append(inside, [0, 0.25, 0.25, 0.5, 0.75, 1, 1]), _mixed(rng, len(inside) + 7), 4),
        (np.array([1.0]), rng.random(1) < 0.5, 1),
    ]


def _empty_bins(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.9, 0.8, 0.6]), _flags("TFT"), 3),
        (_spread(rng, (0, 2, 0, 3, 0)), _mixed(rng, 5), 5),
        (_spread(rng, (0, 0, 0, 0, 0, 4, 0, 5)), _mixed(rng, 9), 8),
    ]


def _explain_bins(arguments: Arguments, result: Any) -> str | None:
    confidence, correct, n_bins = arguments
    counts, mean, accuracy = result
    n, place = len(confidence), _places(confidence, n_bins)
    if (counts != np.rint(counts)).any():
        return "a count is a whole number; yours are not"
    lost = n - np.nansum(counts)
    if lost > 0.5:
        return f"{lost:.0f} of {n} predictions are in none of your bins"
    if lost < -0.5:
        return f"your counts sum to {np.nansum(counts):.0f}, but there are {n} predictions"
    members = [np.flatnonzero(place == k) for k in range(n_bins)]
    for k, here in enumerate(members):
        if counts[k] != len(here):
            holds = f"{_predictions(len(here))}" + f" ({listed(confidence[here])})" * bool(
                len(here)
            )
            return f"bin {k} should hold {holds}; yours holds {counts[k]:.0f}"
    blank = counts == 0
    if blank.any() and not np.isnan(np.concatenate([mean[blank], accuracy[blank]])).all():
        return "a bin without predictions should have nan for both averages"
    if mean.dtype.kind in "iu" or accuracy.dtype.kind in "iu":
        return (
            "your averages are whole numbers: an array of integers cuts off what follows the point"
        )
    for k, here in enumerate(members):
        if len(here) and not math.isclose(mean[k], confidence[here].mean(), rel_tol=1e-5):
            return f"bin {k} holds {listed(confidence[here])}; your mean of that is {mean[k]:.4g}"
        if len(here) and not math.isclose(accuracy[k], correct[here].mean(), abs_tol=1e-5):
            of_these = f"{correct[here].sum()} of {_predictions(len(here))}"
            return f"{of_these} in bin {k} came true; your share is {accuracy[k]:.4g}"
    return None


def _predictions(n: int) -> str:
    return "1 prediction" if n == 1 else f"{n} predictions"


BINS = Exercise(
    number="07.1",
    call="reliability_bins(confidence, correct, n_bins)",
    groups=(
        Group(
            "counts, mean confidence and accuracy of each bin",
            2,
            _full_bins,
            explains=_explain_bins,
        ),
        Group(
            "0, 1 and values on an edge each have their bin",
            1,
            _on_the_edges,
            explains=_explain_bins,
        ),
        Group("an empty bin has nan for both averages", 1, _empty_bins, explains=_explain_bins),
    ),
    oracle=_bins_oracle,
    forbids=(
        "utils.reliability_curve",
        "utils.calibration.reliability_curve",
        "scipy.stats.binned_statistic",
    ),
)


# --- 07.2 expected_calibration_error -------------------------------------------------------------


def _ece_oracle(confidence: Array, correct: Array, n_bins: int) -> float:
    from scipy import stats

    gaps = confidence - correct
    sums = stats.binned_statistic(confidence, gaps, "sum", n_bins, (0, 1)).statistic
    return float(np.abs(sums).sum() / len(gaps))


def _two_bins(rng: np.random.Generator) -> list[Arguments]:
    # Bin 1: said .3, right 2 of 3; bin 2: said .9, right 1 of 2. The gaps have different signs.
    first = (np.array([0.3, 0.2, 0.4, 0.95, 0.85]), _flags("TTFTF"), 2)
    over = np.array([0.05, 0.12, 0.2, 0.3, 0.55, 0.62, 0.9, 0.81, 0.98, 0.7])
    return [
        first,
        (over + rng.uniform(-0.04, 0.01), _flags("TFTFFFTFTT"), 3),
        # Crowded enough for fifteen bins to be something else than none at all.
        (_spread(rng, (9, 4, 17)), _mixed(rng, 30), 3),
    ]


def _some_empty(rng: np.random.Generator) -> list[Arguments]:
    cases = []
    for counts in ((0, 0, 1, 6, 3), (0, 4, 0, 2, 0, 7, 1)):
        confidence = _spread(rng, counts)
        cases.append((confidence, rng.random(len(confidence)) < 0.55, len(counts)))
    return cases


def _ece_edges(rng: np.random.Generator) -> list[Arguments]:
    inside = _spread(rng, (2, 1, 3, 2))
    right = np.append(rng.random(len(inside)) < 0.5, _flags("TFTTTFF"))
    return [
        (np.array([0.7, 1.0, 1.0, 0.2]), _flags("TFTF"), 2),
        (np.array([0.0, 0.5, 0.6, 0.3]), _flags("TTFF"), 2),
        (np.append(inside, [0, 0.25, 0.25, 0.5, 0.75, 1, 1]), right, 4),
        (np.array([1.0]), _flags("F"), 1),
    ]


def _explain_error(arguments: Arguments, result: Any) -> str | None:
    confidence, correct, n_bins = arguments
    if not np.isfinite(result):
        return f"the error came out as {result}; a bin without predictions should not count"
    if not 0 <= result <= 1:
        return f"a mean of gaps lies between 0 and 1; yours is {float(result):.4g}"
    place = _places(confidence, n_bins)
    terms = [
        f"{(place == k).sum()} · {abs(correct[place == k].mean() - confidence[place == k].mean()):.4g}"
        for k in np.unique(place)
    ]
    if len(terms) > 5:
        return None
    n, expected = len(confidence), _ece_oracle(*arguments)
    return f"by hand, number · gap of each bin: ({' + '.join(terms)}) / {n} = {expected:.4g}"


ECE = Exercise(
    number="07.2",
    call="expected_calibration_error(confidence, correct, n_bins)",
    groups=(
        Group("gaps of both signs, weighted by their bins", 1, _two_bins, explains=_explain_error),
        Group("empty bins do not count", 1, _some_empty, explains=_explain_error),
        Group("0, 1 and values on an edge count too", 1, _ece_edges, explains=_explain_error),
    ),
    oracle=_ece_oracle,
    forbids=("utils.expected_calibration_error", "utils.calibration.expected_calibration_error"),
)


# --- 07.3 brier_score ----------------------------------------------------------------------------


def _brier_oracle(P: Array, y: Array) -> float:
    from sklearn.metrics import mean_squared_error

    return sum(float(mean_squared_error(y == k, p)) for k, p in enumerate(P.T))


def _three_classes(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), np.array([0, 1])),
        (rng.dirichlet(np.ones(3), size=5), np.array([2, 0, 1, 1, 0])),
        (rng.dirichlet(np.ones(3), size=4), rng.permutation([0, 1, 2, 2])),
    ]


def _any_classes(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.6, 0.4], [0.1, 0.9], [0.3, 0.7]]), np.array([0, 1, 0])),
        (rng.dirichlet(np.ones(5), size=7), np.array([3, 0, 2, 2, 1, 0, 3])),  # no label 4
        (rng.dirichlet(np.full(4, 0.3), size=3), np.array([1, 3, 1])),
        (rng.dirichlet(np.ones(3), size=1), rng.integers(3, size=1)),
    ]


def _explain_score(arguments: Arguments, result: Any) -> str | None:
    P, y = arguments
    if not 0 <= result <= 2:
        return f"the score lies between 0 and 2; yours is {float(result):.4g}"
    n = len(y)
    if n > 5:
        return None
    rows = [f"{((p - (np.arange(len(p)) == k)) ** 2).sum():.4g}" for p, k in zip(P, y, strict=True)]
    return f"by hand, squared differences of each row: ({' + '.join(rows)}) / {n}"


BRIER = Exercise(
    number="07.3",
    call="brier_score(P, y)",
    groups=(
        Group("three classes", 1, _three_classes, explains=_explain_score),
        Group(
            "any number of classes, also one that never came",
            2,
            _any_classes,
            explains=_explain_score,
        ),
    ),
    oracle=_brier_oracle,
    forbids=(
        "utils.brier_score",
        "utils.calibration.brier_score",
        "utils.brier_decomposition",
        "utils.calibration.brier_decomposition",
        "sklearn.metrics.brier_score_loss",
    ),
)


# --- 07.4 consistency_band -----------------------------------------------------------------------

_ROUNDS = 2000
_MANY_ROUNDS = 3500


def _slack(n_resamples: int) -> float:
    """Return five standard deviations of a tail share of 2.5 % over that many rounds."""
    return 5 * math.sqrt(0.025 * 0.975 / n_resamples)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1000))


def _both_ends_right(rng: np.random.Generator) -> list[Arguments]:
    lean = np.concatenate(
        [np.full(30, 0.05), np.full(8, 0.45), np.full(12, 0.62), np.full(40, 0.97)]
    )
    return [
        (np.full(9, 0.9), 1, _ROUNDS, _seed(rng)),
        (rng.permutation(np.repeat([0.02, 0.98], 12)), 1, _ROUNDS, _seed(rng)),
        (rng.permutation(lean), 2, _ROUNDS, _seed(rng)),
        (
            rng.permutation(np.repeat([0.3, 0.42, 0.9, 0.81], [12, 20, 15, 6])),
            2,
            _ROUNDS,
            _seed(rng),
        ),
        (rng.uniform(0.2, 0.8, size=250), 2, _ROUNDS, _seed(rng)),
    ]


def _certain_and_empty(rng: np.random.Generator) -> list[Arguments]:
    some = rng.uniform(0.55, 0.7, size=25)
    return [
        (np.array([0.6, 0.65, 0.7, 1.0, 1.0]), 4, _ROUNDS, _seed(rng)),
        (np.concatenate([np.zeros(4), some, np.ones(6)]), 4, _ROUNDS, _seed(rng)),
        (np.concatenate([np.ones(3), some, np.full(9, 0.9)]), 5, _ROUNDS, _seed(rng)),
    ]


def _many_predictions(rng: np.random.Generator) -> list[Arguments]:
    return [
        (rng.random(300) ** 0.5, 4, _MANY_ROUNDS, _seed(rng)),
        (rng.random(300) ** 0.5, 4, _MANY_ROUNDS, _seed(rng)),
        (rng.uniform(0.2, 0.8, size=1200), 2, _MANY_ROUNDS, _seed(rng)),
        (rng.random(2000) ** 0.5, 4, 25, _seed(rng), 1000 + _seed(rng)),  # see draw_band
    ]


def _number_right(p: Array) -> Array:
    """Return the chances that at most 0, 1, 2 … come true, if each does with its own probability."""
    return _sums(tuple(p.tolist()))


@functools.lru_cache(maxsize=256)
def _sums(p: tuple[float, ...]) -> Array:
    chances = np.ones(1)
    for q in p:
        chances = np.convolve(chances, [1 - q, q])
    return np.cumsum(chances)


def _explain_band(arguments: Arguments, result: Any) -> str | None:
    confidence, n_bins, n_resamples, *seeds = arguments
    if len(seeds) == 2:
        return _chance_problem(arguments, result)
    if len(np.shape(result)) == 0 or len(result) != 2:
        return "return two arrays, the low ends and the high ends"
    low, high = (np.asarray(end, dtype=float) for end in result)
    if low.shape != (n_bins,) or high.shape != (n_bins,):
        said = f"both arrays should have shape ({n_bins},); yours have {low.shape} and {high.shape}"
        if low.shape == high.shape == ():  # np.quantile of a table, without an axis
            said += ": single numbers. Take quantiles over the rounds alone, for each bin"
        return said
    place = _places(confidence, n_bins)
    for k in range(n_bins):
        problem = _bin_problem(confidence[place == k], low[k], high[k], _slack(n_resamples))
        if problem:
            return f"bin {k}: {problem}"
    return None


def _chance_problem(arguments: Arguments, bands: Any) -> str | None:
    """Say whether the chance in three bands, two of them from equal generators, was that of rng."""
    confidence, n_bins, _, seed, _ = arguments
    first, again, other = bands
    if not np.array_equal(first, again, equal_nan=True):
        return "two calls with rng in the same state gave different bands: draw from rng alone"
    if not np.array_equal(first, other, equal_nan=True):
        return _STEADY if _steady(arguments, bands) else None
    # No chance at all is fine where the band is exact; 25 rounds of another generator are not.
    if _explain_band((confidence, n_bins, 10**12, seed), tuple(first)) is None:
        return None
    return "another rng gave the very same band: your draws do not come from rng"


_STEADY = (
    "these bands are as steady as those of thousands of rounds, but n_resamples is 25: "
    "draw that many"
)


def _steady(arguments: Arguments, bands: Any) -> bool:
    """Return whether every end of two bands is as near to exact as many rounds would put it.

    That happens to 16 ends of 25 rounds once in thousands of times, see the tests.
    """
    confidence, n_bins, _, seed, _ = arguments
    first, _, other = bands
    many = (confidence, n_bins, _ROUNDS, seed)
    return all(_explain_band(many, tuple(band)) is None for band in (first, other))


def _bin_problem(p: Array, low: float, high: float, slack: float) -> str | None:
    n = len(p)
    if n == 0:
        both = np.isnan(low) and np.isnan(high)
        return None if both else f"it is empty, so both ends should be nan; yours are {low}, {high}"
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"it holds {n} predictions, but your band is {low:.4g} to {high:.4g}"
    if low > high:
        return f"the low end, {low:.4g}, lies above the high end, {high:.4g}"
    if low < -1e-4 or high > 1 + 1e-4:
        return f"an accuracy lies between 0 and 1, but your band is {low:.4g} to {high:.4g}"
    below = _number_right(p)  # entry r: the chance of r right or fewer
    who = f"of perfect models with {'this prediction' if n == 1 else f'these {n} predictions'}"

    def should(wanted: float) -> str:
        return f"about {wanted:.1%} should"

    step = 1 / n + 1e-4
    if not low - step <= p.mean() <= high + step:
        return (
            f"its {_predictions(n)} say {p.mean():.4g} on average, but your band is {low:.4g} to "
            f"{high:.4g}"
        )
    for end, wanted, name in ((low, 0.025, "low"), (high, 0.975, "high")):
        right = end * n
        # A float32 is allowed its rounding.
        up_to = below[int(np.clip(np.floor(right + 1e-4), 0, n))] if right > -1e-4 else 0.0
        less = below[int(np.clip(np.ceil(right - 1e-4), 1, n + 1)) - 1] if right > 1e-4 else 0.0
        if up_to < wanted - slack:
            return f"your {name} end, {end:.4g}, is too low: {up_to:.1%} {who} lie at or below it; {should(wanted)}"
        if less > wanted + slack:
            return f"your {name} end, {end:.4g}, is too high: {less:.1%} {who} lie below it; {should(wanted)}"
    return None


def _both_ends(arguments: Arguments, value: Any) -> Array:
    """Return what two answers with the same mistake share, whatever they drew.

    Two draws may differ by one prediction, and in a large bin by a fifth of a standard deviation of
    the number right: ends are scaled until that is less than the tolerance.
    """
    confidence, n_bins, *_ = arguments
    if len(arguments) == 5:  # which of the three bands are equal, and whether they are too steady
        first, again, other = value
        pairs = ((first, again), (first, other))
        equal = [np.array_equal(a, b, equal_nan=True) for a, b in pairs]
        return np.array([*equal, not equal[1] and _steady(arguments, value)], dtype=float)
    place = _places(confidence, n_bins)
    counts = np.bincount(place, minlength=n_bins)
    spread = np.sqrt(np.bincount(place, confidence * (1 - confidence), n_bins))
    ends: Array = np.stack([np.asarray(end, dtype=float) for end in value])
    beyond = float(np.nanmax(counts * np.maximum(-ends, ends - 1)) > 0.3)  # no accuracy lies there
    if np.nanmax(ends) > 2:  # numbers instead of shares
        beyond, ends = 2.0, ends / np.maximum(counts, 1)
    for k in np.flatnonzero(counts):
        ends[:, k] = _drawn_in(confidence[place == k], *ends[:, k])
    scaled = ends * 0.019 * np.maximum(counts, 1) / np.maximum(1, 0.2 * spread)
    return np.append(scaled, beyond)


def _drawn_in(p: Array, low: float, high: float) -> tuple[float, float]:
    """Return the ends, drawn in where they are as far out as the luckiest of thousands: that varies."""
    n, below = len(p), _number_right(p)
    least, most = (np.searchsorted(below, share) / n for share in (0.0015, 0.9985))
    return low + 0.85 * max(0, least - low), high - 0.85 * max(0, high - most)


BAND = Exercise(
    number="07.4",
    call="consistency_band(confidence, n_bins, n_resamples, rng)",
    groups=(
        open_group(
            "both ends right, up to the luck of the draw",
            1,
            _both_ends_right,
            _explain_band,
        ),
        open_group(
            "certain predictions, and nan for an empty bin", 1, _certain_and_empty, _explain_band
        ),
        open_group(
            "many predictions, and all chance comes from rng", 1, _many_predictions, _explain_band
        ),
    ),
    drive=draw_band,
    reads=of_value(stacked),
    signature=_both_ends,
    rtol=0.0,
    atol=0.02,  # what two draws of the same band may differ by
    forbids=("utils.consistency_band", "utils.calibration.consistency_band"),
)


# --- 07.5 equal_mass_edges -----------------------------------------------------------------------


# One prediction more or less in a bin does not matter, so the numbers of predictions are such that
# an edge has the same place within one, whichever bins hold what is left over.


def _all_different(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.93, 0.4, 0.98, 0.85, 0.96, 0.7]), 2),
        (rng.permutation(1 - rng.random(40) ** 2 / 2), 5),
        (rng.permutation(0.3 + 0.7 * rng.random(24) ** 0.2), 3),
        (0.35 + 0.6 * rng.random(37), 4),
        (0.4 + 0.5 * rng.random(5), 1),
        (
            np.sort(0.3 + 0.7 * rng.random(59)),
            15,
        ),  # three or four in each bin, not three in all but the last
        (1 - 0.05 * rng.random(304), 8),  # too close together for rounding
    ]


def _many_equal(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([1.0, 0.6, 1.0, 0.8, 1.0, 1.0, 1.0, 0.9]), 4),
        (rng.permutation(np.concatenate([np.ones(30), rng.uniform(0.4, 1, size=20)])), 5),
        (rng.permutation(np.repeat([0.55, 0.65, 0.9], [7, 30, 12])), 6),
        (rng.permutation(np.append(np.full(9, 0.45), rng.uniform(0.5, 1, size=35))), 15),
    ]


def _explain_edges(arguments: Arguments, edges: Any) -> str | None:
    confidence, n_bins = arguments
    n = len(confidence)
    if not isinstance(edges, np.ndarray) or edges.shape != (n_bins + 1,):
        came = edges.shape if isinstance(edges, np.ndarray) else "several arrays"
        return f"{n_bins} bins have {n_bins + 1} edges, shape ({n_bins + 1},); yours: {came}"
    if not np.isfinite(edges).all():
        return "every edge should be a number"
    if edges[0] != 0 or edges[-1] != 1:
        return f"the edges should run from 0 to 1; yours run from {edges[0]:.4g} to {edges[-1]:.4g}"
    if (np.diff(edges) < 0).any():
        return "the edges should never fall from one to the next"
    for k in range(1, n_bins):
        wanted = n * k / n_bins
        # A float32 is allowed its rounding, and either neighbour of the right place will do.
        less = int((confidence < edges[k] - 1e-6).sum())
        up_to = int((confidence <= edges[k] + 1e-6).sum())
        if less > wanted + 1 or up_to < wanted - 1:
            have = less if less > wanted else up_to
            where = "below it" if less > wanted else "below it or on it"
            return (
                f"edge {k} is {edges[k]:.4g}: {have} of {n} confidences lie {where}, "
                f"about {wanted:.3g} should"
            )
    return None


def _edge_places(arguments: Arguments, value: Any) -> Array:
    """Return what two answers with the same mistake share: all that is right, or who lies below."""
    if _explain_edges(arguments, value) is None:
        return np.ones(1)
    confidence, edges = np.sort(arguments[0]), np.asarray(value, dtype=float)
    sides = [np.searchsorted(confidence, edges, side=side) for side in ("left", "right")]
    return np.concatenate([(sides[0] + sides[1]) / 2, 1000 * edges[:1], 1000 * edges[-1:]])


EDGES = Exercise(
    number="07.5",
    call="equal_mass_edges(confidence, n_bins)",
    groups=(
        open_group("as many predictions in each bin", 1, _all_different, _explain_edges),
        open_group("many confidences that are equal", 1, _many_equal, _explain_edges),
    ),
    signature=_edge_places,
    rtol=0.0,
    atol=1.01,  # one prediction more or less below an edge
)

EXERCISES = (BINS, ECE, BRIER, BAND, EDGES)
