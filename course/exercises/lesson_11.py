"""What the exercises of lesson 11 ask for."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from course.exercises.common import Array, follows_a_pattern, log_softmax, open_group, softmax
from course.exercises.drives import split_again
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

# --- 11.1 split_four -----------------------------------------------------------------------------

_SLACK = 3  # examples of a class that a set may have more or fewer than its share
_SHARES = (0.4, 0.15, 0.15, 0.3)
_NAMES = ("training", "validation", "calibration", "test")


def _labels(rng: np.random.Generator, counts: tuple[int, ...]) -> Array:
    return rng.permutation(np.repeat(np.arange(len(counts)), counts))


def _few_examples(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array(list("aabbabba")), (0.25, 0.25, 0.25, 0.25), 0),
        (_labels(rng, (31, 17, 55)), _SHARES, int(rng.integers(1000))),
        (_labels(rng, (23, 40)), (0.5, 0.125, 0.125, 0.25), int(rng.integers(1000))),
    ]


def _many_examples(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.repeat([0, 1], [300, 200]), (0.25, 0.25, 0.25, 0.25), 0),
        (_labels(rng, (900, 700, 400)), _SHARES, int(rng.integers(1000))),
        (np.repeat([5, 1, 3], [800, 500, 700]), (0.3, 0.3, 0.2, 0.2), int(rng.integers(1000))),
    ]


def _two_seeds(rng: np.random.Generator) -> list[Arguments]:
    return _many_examples(rng)[:2]


def _places(dealt: Any, n: int) -> list[Array] | str:
    """Return four arrays of whole numbers, or a sentence on what came instead."""
    if not (isinstance(dealt, tuple) or np.ndim(dealt) == 2) or len(dealt) != 4:
        size = len(dealt) if isinstance(dealt, tuple) or np.ndim(dealt) else 1
        return f"four arrays of places are wanted; you returned {size}"
    for part in dealt:
        if np.ndim(part) != 1:
            return "each of the four should be a one-dimensional array of places in y"
        if part.dtype.kind not in "iuf":
            return f"places in y are whole numbers; yours have dtype {part.dtype}"
        if not (np.isfinite(part) & (part == np.round(part)) & (part >= 0) & (part < n)).all():
            return f"places run from 0 to {n - 1}; a set of yours holds something else"
    return [part.astype(int) for part in dealt]


def _explain_whole(arguments: Arguments, result: Any) -> str | None:
    y = arguments[0]
    sets = _places(result[0], len(y))
    if isinstance(sets, str):
        return sets
    times = np.bincount(np.concatenate(sets), minlength=len(y))
    if (times > 1).any():
        said = f"{(times > 1).sum()} of {len(y)} places are dealt out more than once"
        shared = {
            (a, b): len(np.intersect1d(sets[i], sets[j]))
            for i, a in enumerate(_NAMES)
            for j, b in enumerate(_NAMES[:i])
        }
        first, second = max(shared, key=lambda pair: shared[pair])
        most = shared[first, second]
        return said + (f"; your {second} and {first} sets share {most}" if most else "")
    if (times == 0).any():
        return f"{(times == 0).sum()} of {len(y)} places are in none of your sets"
    return None


def _explain_shares(arguments: Arguments, result: Any) -> str | None:
    fault = _explain_whole(arguments, result)
    if fault:
        return fault
    y, shares, _ = arguments
    held = _held(y, result[0])
    wanted = np.outer(shares, np.unique(y, return_counts=True)[1])
    wrong = np.argwhere(np.abs(held - wanted) > _SLACK + 1e-9)
    if not len(wrong):
        return None
    place, at = wrong[0]
    said = (
        f"your {_NAMES[place]} set has {held[place, at]} examples of class {np.unique(y)[at]}; "
        f"its share is {wanted[place, at]:g}"
    )
    for order in itertools.permutations(range(4)):
        if (np.abs(held[list(order)] - wanted) <= _SLACK + 1e-9).all():
            return said + ". In another order your sets would have their shares"
    return said


def _held(y: Array, sets: Any) -> Array:
    """Return how many of each class each set has, (4, K)."""
    return np.array([[(y[part.astype(int)] == k).sum() for k in np.unique(y)] for part in sets])


def _explain_chance(arguments: Arguments, result: Any) -> str | None:
    fault = _explain_whole(arguments, result)
    if fault:
        return fault
    first, again, other = (
        [np.sort(part).tolist() for part in dealt] if len(dealt) == 4 else [] for dealt in result
    )
    if first != again:
        return "two calls with generators of the same seed gave different sets"
    if first == other:
        return "generators of two different seeds gave the same sets"
    if _is_in_runs(arguments[0], [part.astype(int) for part in result[0]]):
        return "your sets cut a class into runs of neighbours: shuffle each class"
    if _follow_a_pattern(arguments[0], [part.astype(int) for part in result[0]]):
        return "your sets follow a pattern within a class: shuffle each class, with rng"
    return None


def _follow_a_pattern(y: Array, sets: list[Array]) -> bool:
    """Return whether the set of one example of a class tells of those of its neighbours."""
    owner = np.empty(len(y), dtype=int)
    for number, part in enumerate(sets):
        owner[part] = number
    within = [owner[y == label] for label in np.unique(y)]
    return any(follows_a_pattern(one, np.bincount(one) / len(one)) for one in within)


def _is_in_runs(y: Array, sets: list[Array]) -> bool:
    """Return whether neighbours of a class nearly always go to the same set."""
    owner = np.empty(len(y), dtype=int)
    for number, part in enumerate(sets):
        owner[part] = number
    changes = [np.diff(owner[y == label]) != 0 for label in np.unique(y)]
    return bool(np.concatenate(changes).mean() < 0.25)  # by chance it is above 0.6


def _dealt_alike(arguments: Arguments, result: Any) -> Any:
    """Return what shows of a way to deal, whatever was drawn."""
    first, again, other = result
    n = len(arguments[0])
    if len(first) != 4:
        return (np.array(len(first)),)
    y, shares, _ = arguments
    sizes = np.array([np.size(part) for part in first]) / n
    # However the shares were rounded.
    sizes[np.abs(sizes - np.array(shares)) <= _SLACK * len(np.unique(y)) / n] = 0
    kinds = np.array([part.dtype.kind for part in first])
    sets = _places(first, n)
    if isinstance(sets, str):
        return kinds, sizes, np.array(len(sets))
    whole = _explain_whole(arguments, result) is None
    if n < 50:  # the rest would be left to chance
        return sizes, kinds, np.array(whole)
    together = np.concatenate(sets)
    within = any(len(np.unique(part)) < len(part) for part in sets)
    across = len(np.unique(together)) < sum(len(np.unique(part)) for part in sets)
    same = [
        all(np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(first, dealt, strict=True))
        for dealt in (again, other)
    ]
    fair = _explain_shares(arguments, result) is None
    # Within each class the first set before the last: nobody shuffled.
    in_order = all(
        np.max(sets[0][y[sets[0]] == label], initial=-1) < np.min(sets[3][y[sets[3]] == label])
        for label in np.unique(y[sets[3]])
    )
    # Of which classes the sets are, where that is not left to chance.
    held = _held(y, sets) / n
    twice = any(  # one set is another once more
        len(np.intersect1d(a, b)) > 0.9 * min(len(a), len(b))
        for a, b in itertools.combinations(sets, 2)
        if min(len(a), len(b))
    )
    runs = whole and _is_in_runs(y, sets)
    low = together.max(initial=0) < 0.7 * n  # places within a class
    facts = np.array([within, across, twice, fair, in_order, runs, low, *same])
    return sizes, facts, held * (same[1] and not fair)


SPLIT = Exercise(
    number="11.1",
    call="split_four(y, shares, rng)",
    groups=(
        open_group("each example is in exactly one set", 1, _few_examples, _explain_whole),
        open_group("each class has its share in each set", 2, _many_examples, _explain_shares),
        open_group("the sets are drawn by chance, from rng", 1, _two_seeds, _explain_chance),
    ),
    drive=split_again,
    signature=_dealt_alike,
    atol=0.04,  # parts of the whole, however rounded
    forbids=("utils.split_four", "utils.evaluation.split_four"),
)


# --- 11.2 risk_coverage --------------------------------------------------------------------------


def _curve(confidence: Array, correct: Array) -> tuple[Array, Array, Array]:
    thresholds = sorted(set(confidence.tolist()), reverse=True)
    kept = [confidence >= t for t in thresholds]
    coverage = [k.mean() for k in kept]
    risk = [(~correct[k]).mean() for k in kept]
    return np.array(thresholds), np.array(coverage), np.array(risk)


def _outcomes(text: str) -> Array:
    """Return "TFT" as an array of truth values."""
    return np.array([letter == "T" for letter in text])


def _all_different(rng: np.random.Generator) -> list[Arguments]:
    n = 12
    return [
        (np.array([0.9, 0.6, 0.8]), _outcomes("TFT")),
        (np.array([0.55, 0.95, 0.7, 0.85]), _outcomes("TFFT")),
        (np.array([0.9001, 0.9002, 0.55]), _outcomes("FTT")),  # different, if not by much
        (rng.permutation(np.linspace(0.31, 0.97, n)), rng.permutation(np.arange(n) < 8)),
        (np.array([0.7]), _outcomes("F")),
    ]


def _with_ties(rng: np.random.Generator) -> list[Arguments]:
    some = rng.choice([0.4, 0.55, 0.7, 0.9, 1.0], size=30)
    return [
        (np.array([0.9, 0.6, 0.8, 0.6]), _outcomes("TFTT")),
        (np.array([0.8, 1.0, 0.8, 1.0, 0.8]), _outcomes("TFFTT")),
        (some, rng.random(30) < some * 0.9),
        (np.full(4, 0.5), _outcomes("FTTF")),
    ]


def _curve_signature(arguments: Arguments, value: Any) -> Any:
    """Return the curve; where it parts equal confidences, without what their order decides."""
    c = arguments[0]
    if isinstance(value, tuple) and [np.shape(part) for part in value] == 3 * [(len(c),)]:
        thresholds, coverage, risk = value
        end = np.append(np.diff(thresholds) != 0, True)
        return thresholds, coverage, risk[end]
    return value


def _explain_curve(arguments: Arguments, result: Any) -> str | None:
    confidence, correct = arguments
    thresholds, coverage, risk = result
    if not all(np.isfinite(part).all() for part in result):
        return "a value came out as nan or inf"
    if (np.diff(thresholds) > 0).any():
        return "the thresholds should fall, from the highest confidence to the lowest"
    if abs(coverage[-1] - 1) > 1e-9:
        return f"the lowest threshold keeps everything: coverage 1, not {float(coverage[-1]):.4g}"
    wrong = 1 - correct.mean()
    if abs(risk[-1] - wrong) > 1e-9:
        return (
            f"the lowest threshold keeps everything, and {wrong:.4g} of that is wrong; "
            f"your risk there is {float(risk[-1]):.4g}"
        )
    for t, covered, share in zip(*result, strict=True):
        kept = confidence >= t
        if t not in confidence:
            return f"your threshold {t:.4g} is none of the confidences"
        if abs(covered - kept.mean()) > 1e-9:
            return (
                f"{t:.4g} keeps {kept.sum()} of {len(kept)}; your coverage there is {covered:.4g}"
            )
        if abs(share - (~correct[kept]).mean()) > 1e-9:
            return (
                f"{t:.4g} keeps {kept.sum()}, of which {(~correct[kept]).sum()} wrong; your risk "
                f"there is {share:.4g}"
            )
    return None


CURVE = Exercise(
    number="11.2",
    call="risk_coverage(confidence, correct)",
    groups=(
        Group(
            "each threshold keeps one prediction more", 2, _all_different, explains=_explain_curve
        ),
        Group("equal confidences are kept together", 2, _with_ties, explains=_explain_curve),
    ),
    oracle=_curve,
    signature=_curve_signature,
    forbids=("utils.risk_coverage", "utils.evaluation.risk_coverage"),
)


# --- 11.3 calibration_report ---------------------------------------------------------------------


def _parts(z: Array, y: Array, T: float) -> tuple[Array, Array, Array]:
    """Return probabilities, confidence and correct at a temperature."""
    P = softmax(z / T)
    return P, P.max(axis=1), P.argmax(axis=1) == y


def _gap(c: Array, ok: Array, n_bins: int) -> float:
    from scipy import stats

    sums = stats.binned_statistic(c, c - ok, "sum", n_bins, (0, 1)).statistic
    return float(np.abs(sums).sum() / len(c))


def _chance_gaps(c: Array, n_bins: int) -> Array:
    """Return ECEs of 2000 perfectly calibrated models with these confidences."""
    return _draw_gaps(np.ascontiguousarray(c, dtype=float).tobytes(), n_bins)


@functools.lru_cache(maxsize=256)
def _draw_gaps(confidence: bytes, n_bins: int) -> Array:
    c = np.frombuffer(confidence)
    place = np.minimum((c * n_bins).astype(int), n_bins - 1)
    member = (place[:, None] == np.arange(n_bins)).astype(float)  # (n, n_bins)
    differences = (np.random.default_rng(0).random((2000, len(c))) < c) - c
    gaps: Array = np.abs(differences @ member).sum(axis=1) / len(c)
    return gaps


def _overconfident(rng: np.random.Generator, n: int, K: int, boast: float) -> tuple[Array, Array]:
    """Return logits and classes drawn from softmax(logits / boast)."""
    z = rng.normal(size=(n, K)) * 1.5
    y = (rng.random((n, 1)) > np.cumsum(softmax(z), axis=1)[:, :-1]).sum(axis=1)
    return z * boast, y


def _small_report(rng: np.random.Generator) -> list[Arguments]:
    first = (np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 0.0]]), np.array([0, 1, 1]), 2.0, 15)
    return [first, *_large_report(rng)]


def _large_report(rng: np.random.Generator) -> list[Arguments]:
    return [
        (*_overconfident(rng, 250, 3, 2.5), 1.6, 8),
        (*_overconfident(rng, 300, 4, 0.5), 0.7, 5),
        (*_overconfident(rng, 120, 3, 2.0), 0.5, 20),  # far from any that would do
    ]


NOT_FIVE = "five numbers are wanted: accuracy, confidence, log_loss, ece, mark"


def _five(result: Any) -> list[float] | None:
    """Return five numbers, or None."""
    parts = result if isinstance(result, tuple) else np.atleast_1d(result)
    if len(parts) != 5 or any(
        np.size(part) != 1 or part.dtype.kind not in "biuf" for part in parts
    ):
        return None
    return [float(np.reshape(part, ())) for part in parts]


def _is_close(value: float, wanted: float, rtol: float = 1e-5) -> bool:
    return bool(abs(value - wanted) <= rtol * abs(wanted) + 1e-7)


def _same_as(value: float, others: dict[str, Any], rtol: float = 1e-5) -> str:
    """Return the first of others that a number is, to be added to a sentence."""
    return next((f": {what}" for what, n in others.items() if _is_close(value, n, rtol)), "")


def _explain_first_two(arguments: Arguments, result: Any) -> str | None:
    z, y, T, _ = arguments
    numbers = _five(result)
    if numbers is None:
        return NOT_FIVE
    P, c, ok = _parts(z, y, T)
    accuracy, confidence, *_ = numbers
    if not _is_close(accuracy, ok.mean()):
        others = {
            "that is the share that is wrong": 1 - ok.mean(),
            "that is the mean confidence": c.mean(),
        }
        return (
            f"{ok.sum()} of {len(y)} predictions are right; your accuracy is {accuracy:.4g}"
            + _same_as(accuracy, others)
        )
    if not _is_close(confidence, c.mean()):
        others = {
            "that is the accuracy": ok.mean(),
            "that is the mean over the right predictions alone": c[ok].mean() if ok.any() else 0,
            "that is the largest of all": c.max(),
            "that is the median": np.median(c),
            "that is the mean probability of the true class": _of_true(P, y).mean(),
        }
        same = _same_as(confidence, others) or _as_at(z, confidence)
        return f"your mean confidence is {confidence:.4g}; at T = {T:g} it is {c.mean():.4g}{same}"
    return None


def _of_true(P: Array, y: Array) -> Array:
    result: Array = P[np.arange(len(y)), y]
    return result


def _as_at(z: Array, confidence: float) -> str:
    """Return at which temperature the mean confidence is that, to be added to a sentence."""
    low, high = 0.02, 50.0
    if not softmax(z / high).max(axis=1).mean() < confidence < softmax(z / low).max(axis=1).mean():
        return ""
    for _ in range(40):
        T = (low * high) ** 0.5
        low, high = (T, high) if softmax(z / T).max(axis=1).mean() > confidence else (low, T)
    return f", and yours would be right at T = {T:.4g}"


def _explain_log_loss(arguments: Arguments, result: Any) -> str | None:
    z, y, T, _ = arguments
    numbers = _five(result)
    if numbers is None:
        return NOT_FIVE
    P, c, _ = _parts(z, y, T)
    losses = -_of_true(log_softmax(z / T), y)
    if not _is_close(numbers[2], losses.mean()):
        others = {
            "yours is that of T = 1": -_of_true(log_softmax(z), y).mean(),
            "yours is that of logits multiplied by T": -_of_true(log_softmax(z * T), y).mean(),
            "yours is that of logits divided by T twice": -_of_true(
                log_softmax(z / T**2), y
            ).mean(),
            "yours has the wrong sign": -losses.mean(),
            "yours is the sum": losses.sum(),
            "yours is their median": np.median(losses),
            "yours has base 2": losses.mean() / np.log(2),
            "yours has base 10": losses.mean() / np.log(10),
            "yours is divided by the number of classes, too": losses.mean() / z.shape[1],
            "yours is that of a softmax taken twice": -_of_true(log_softmax(P), y).mean(),
            "yours takes the largest probability, not the true class's": -np.log(c).mean(),
        }
        return (
            f"your log-loss is {numbers[2]:.4g}; the mean cross-entropy at T = {T:g} is "
            f"{losses.mean():.4g}{_same_as(numbers[2], others)}"
        )
    return None


def _explain_gap(arguments: Arguments, result: Any) -> str | None:
    z, y, T, n_bins = arguments
    numbers = _five(result)
    if numbers is None:
        return NOT_FIVE
    _, c, ok = _parts(z, y, T)
    right = _gap(c, ok, n_bins)
    if not _is_close(numbers[3], right):
        _, before, ok_before = _parts(z, y, 1.0)
        others = {"yours is that of T = 1": _gap(before, ok_before, n_bins)}
        others |= {
            f"yours is that of {n} bin{'s' * (n > 1)}": _gap(c, ok, n) for n in (15, 10, 20, 1)
        }
        return (
            f"your ECE is {numbers[3]:.4g}; with {n_bins} bins at T = {T:g} it is {right:.4g}"
            + _same_as(numbers[3], others)
        )
    return None


def _explain_mark(arguments: Arguments, result: Any) -> str | None:
    z, y, T, n_bins = arguments
    numbers = _five(result)
    if numbers is None:
        return NOT_FIVE
    _, c, ok = _parts(z, y, T)
    gaps = _chance_gaps(c, n_bins)
    if not _is_close(numbers[4], np.quantile(gaps, 0.95), 0.1):
        below = np.mean(gaps < numbers[4])
        said = f"{below:.0%} of perfect models stay below your mark, {numbers[4]:.4g}; 95 % should"
        if _is_close(numbers[4], _gap(c, ok, n_bins)):
            return f"{said}. It is the model's own ECE"
        return said + (
            ". It is about their mean" if _is_close(numbers[4], gaps.mean(), 0.02) else ""
        )
    return None


def _report_signature(arguments: Arguments, result: Any) -> Any:
    """Return the five numbers, every mark that is right as the same one."""
    numbers = _five(result)
    if numbers is None:
        return result
    return np.array([*numbers[:4], numbers[4] if _explain_mark(arguments, result) else 0.0])


REPORT = Exercise(
    number="11.3",
    call="calibration_report(logits, y, T, n_bins)",
    groups=(
        open_group("accuracy and mean confidence", 1, _small_report, _explain_first_two),
        open_group("log-loss at the temperature", 1, _small_report, _explain_log_loss),
        open_group("ECE at the temperature", 1, _small_report, _explain_gap),
        open_group(
            "the mark that 95 % of perfect models stay below", 1, _large_report, _explain_mark
        ),
    ),
    signature=_report_signature,
    rtol=0.03,  # of two wrong marks drawn anew; the laws decide
    forbids=("utils.calibration_report", "utils.evaluation.calibration_report"),
)


# --- 11.4 risk_threshold -------------------------------------------------------------------------


def _threshold(confidence: Array, correct: Array, max_risk: float) -> float:
    thresholds, _, risk = _curve(confidence, correct)
    return min((t for t, r in zip(thresholds, risk, strict=True) if r <= max_risk), default=np.inf)


def _within_reach(rng: np.random.Generator) -> list[Arguments]:
    c = rng.permutation(np.linspace(0.4, 0.98, 40))
    return [
        (np.array([0.9, 0.6, 0.8, 0.7]), _outcomes("TFTT"), 0.1),
        # The surest prediction but one is wrong; below it the risk falls again.
        (np.array([0.95, 0.9, 0.85, 0.8, 0.75, 0.5]), _outcomes("TFTTTF"), 0.21),
        (np.array([0.5, 0.7, 0.9, 0.8]), _outcomes("FTTT"), 0.25),
        # The surest is wrong; within the limit are the third to the sixth, the fifth has least.
        (np.array([0.95, 0.9, 0.85, 0.8, 0.75, 0.5]), _outcomes("FTTTTF"), 0.34),
        (np.array([0.9, 0.8, 0.7, 0.6]), _outcomes("TTTF"), 0.3),  # the lowest is a wrong one
        (np.linspace(0.99, 0.6, 30), np.arange(30) < 29, 0.0),
        (c, rng.random(40) < c, 0.153),  # no share of 40 or fewer equals that
    ]


def _ties_and_none(rng: np.random.Generator) -> list[Arguments]:
    some = rng.choice([0.55, 0.65, 0.8, 0.9, 0.97], size=40)
    return [
        (np.array([0.6, 0.9, 0.6, 0.8]), _outcomes("TTFT"), 0.2),
        (np.array([0.8, 0.95, 0.7]), _outcomes("TFF"), 0.05),
        (np.array([1.0, 1.0, 1.0, 0.9, 0.9, 0.5]), _outcomes("TTTTFF"), 0.1),
        (some, rng.random(40) < some, 0.177),
    ]


def _explain_threshold(arguments: Arguments, result: Any) -> str | None:
    confidence, correct, max_risk = arguments
    t = float(result)
    kept = confidence >= t
    if np.isfinite(t) and t <= 1 and t not in confidence:
        return f"the threshold should be one of the confidences; {t:.4g} is none of them"
    if not kept.any() and 1 < t < np.inf:
        return f"no confidence is above 1; you returned {t:.4g}"
    if not kept.any() and not np.isposinf(t):
        return f"your threshold, {t:.4g}, keeps nothing; np.inf says so"
    if kept.any():
        risk = (~correct[kept]).mean()
        if not risk <= max_risk:
            return f"of what {t:.4g} keeps, {risk:.3g} is wrong, more than {max_risk:g}"
        return f"{t:.4g} keeps the limit, but a lower threshold does so too"
    if _threshold(*arguments) < np.inf:
        return "there is a threshold that keeps the limit"
    return "the threshold should be one of the confidences"


THRESHOLD = Exercise(
    number="11.4",
    call="risk_threshold(confidence, correct, max_risk)",
    groups=(
        Group(
            "the lowest threshold within the limit", 1, _within_reach, explains=_explain_threshold
        ),
        Group("ties, and none that will do", 1, _ties_and_none, explains=_explain_threshold),
    ),
    oracle=_threshold,
    forbids=(
        "utils.risk_threshold",
        "utils.evaluation.risk_threshold",
    ),
)

EXERCISES = (SPLIT, CURVE, REPORT, THRESHOLD)
