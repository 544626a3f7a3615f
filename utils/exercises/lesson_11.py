"""What the exercises of lesson 11 accept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from utils.calibration import noise_floor
from utils.drives import split_again
from utils.judge import Arguments, Exercise, Group, Misconception

# --- 11.1 split_four -----------------------------------------------------------------------------

_SLACK = 3  # examples of a class that a set may have more or fewer than its share
_SHARES = (0.4, 0.15, 0.15, 0.3)


def _labels(rng: np.random.Generator, counts: tuple[int, ...]) -> Any:
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


def _places(dealt: Any, n: int) -> list[Any] | str:
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


def _whole_law(arguments: Arguments, result: Any) -> str | None:
    y = arguments[0]
    sets = _places(result[0], len(y))
    if isinstance(sets, str):
        return sets
    times = np.bincount(np.concatenate(sets), minlength=len(y))
    if (times > 1).any():
        return f"{(times > 1).sum()} of {len(y)} places are dealt out more than once"
    if (times == 0).any():
        return f"{(times == 0).sum()} of {len(y)} places are in none of your sets"
    return None


def _share_law(arguments: Arguments, result: Any) -> str | None:
    fault = _whole_law(arguments, result)
    if fault:
        return fault
    y, shares, _ = arguments
    for name, part, share in zip(
        ("training", "validation", "calibration", "test"), result[0], shares, strict=True
    ):
        for label in np.unique(y):
            here, wanted = int((y[part.astype(int)] == label).sum()), share * (y == label).sum()
            if abs(here - wanted) > _SLACK + 1e-9:
                return (
                    f"your {name} set has {here} examples of class {label}; its share is {wanted:g}"
                )
    return None


def _chance_law(arguments: Arguments, result: Any) -> str | None:
    fault = _whole_law(arguments, result)
    if fault:
        return fault
    first, again, other = (
        [np.sort(part).tolist() for part in dealt] if len(dealt) == 4 else [] for dealt in result
    )
    if first != again:
        return "two calls with generators of the same seed gave different sets"
    if first == other:
        return "generators of two different seeds gave the same sets"
    if _is_in_runs(arguments[0], _places(result[0], len(arguments[0]))):
        return "your sets cut a class into runs of neighbours: shuffle each class"
    return None


def _is_in_runs(y: Any, sets: Any) -> bool:
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
    sizes = np.array([np.size(part) for part in first])
    # However the shares were rounded.
    sizes[np.abs(sizes - np.array(shares) * n) <= _SLACK * len(np.unique(y))] = 0
    kinds = np.array([part.dtype.kind for part in first])
    sets = _places(first, n)
    if isinstance(sets, str):
        return kinds, sizes, np.array(len(sets))
    if n < 50:  # the rest would be left to chance
        return sizes, kinds
    together = np.concatenate(sets)
    within = any(len(np.unique(part)) < len(part) for part in sets)
    across = len(np.unique(together)) < sum(len(np.unique(part)) for part in sets)
    same = [
        all(np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(first, dealt, strict=True))
        for dealt in (again, other)
    ]
    fair = _share_law(arguments, result) is None
    whole = _whole_law(arguments, result) is None
    # Within each class the first set before the last: nobody shuffled.
    in_order = all(
        np.max(sets[0][y[sets[0]] == label], initial=-1) < np.min(sets[3][y[sets[3]] == label])
        for label in np.unique(y[sets[3]])
    )
    # Of which classes the sets are, where that is not left to chance.
    held = np.array([[np.sum(y[part] == label) for label in np.unique(y)] for part in sets])
    runs = whole and _is_in_runs(y, sets)
    low = together.max(initial=0) < 0.7 * n  # places within a class
    facts = np.array([within, across, fair, in_order, runs, low, *same])
    return sizes, facts, held * (same[1] and not fair)


def _cuts(shares: Any, n: int) -> Any:
    return np.rint(np.cumsum(shares)[:3] * n).astype(int)


def _by_class(y: Any, shares: Any, order: Callable[[Any], Any], cuts: Any = _cuts) -> Any:
    """Deal class by class, each in the order given by a function of its places."""
    pieces = [
        np.split(order(np.flatnonzero(y == label)), cuts(shares, (y == label).sum()))
        for label in np.unique(y)
    ]
    return tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))


def _alike(y: Any, shares: Any, rng: Any) -> Any:
    return _by_class(y, shares, rng.permutation)


def _remainder_dropped(y: Any, shares: Any, rng: Any) -> Any:
    sets: list[list[Any]] = [[], [], [], []]
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        start = 0
        for place, share in enumerate(shares):
            size = int(share * len(members))
            sets[place].append(members[start : start + size])
            start += size
    return tuple(np.concatenate(part) for part in sets)


def _independent(y: Any, shares: Any, rng: Any, replace: bool = False) -> Any:
    sizes = [round(share * len(y)) for share in shares]
    return tuple(rng.choice(len(y), size=size, replace=replace) for size in sizes)


def _within_class(y: Any, shares: Any, rng: Any) -> Any:
    return _by_class(y, shares, lambda places: rng.permutation(len(places)))


def _masks(y: Any, shares: Any, rng: Any) -> Any:
    masks = np.zeros((4, len(y)), dtype=bool)
    for mask, part in zip(masks, _alike(y, shares, rng), strict=True):
        mask[part] = True
    return tuple(masks)


def _numbered_classes(y: Any, shares: Any, rng: Any) -> Any:
    """Go through the classes 0, 1, 2 …, whatever y holds."""
    if y.dtype.kind == "U":
        return tuple(np.empty(0, dtype=int) for _ in shares)
    return _alike(y, shares, rng)


def _shuffles_labels(y: Any, shares: Any, rng: Any) -> Any:
    rng.shuffle(y)
    return _alike(y, shares, rng)


def _overlapping_cuts(y: Any, shares: Any, rng: Any) -> Any:
    """Cut at the shares themselves, as if they were already summed."""
    return _by_class(
        y, shares, rng.permutation, lambda s, n: np.rint(np.array(s[:3]) * n).astype(int)
    )


SPLIT = Exercise(
    number="11.1",
    call="split_four(y, shares, rng)",
    groups=(
        Group("each example is in exactly one set", 1, _few_examples, _whole_law),
        Group("each class has its share in each set", 2, _many_examples, _share_law),
        Group("the sets are drawn by chance, from rng", 1, _two_seeds, _chance_law),
    ),
    drive=split_again,
    signature=_dealt_alike,
    forbids=("utils.split_four", "utils.capstone.split_four"),
    misconceptions=(
        Misconception(
            "not stratified",
            lambda y, s, rng: np.split(rng.permutation(len(y)), _cuts(s, len(y))),
            "You shuffle all examples together, so chance decides how many of each class a set gets. "
            "Deal class by class.",
        ),
        Misconception(
            "cut in order",
            lambda y, s, rng: np.split(np.arange(len(y)), _cuts(s, len(y))),
            "You cut y as it stands, so a set gets whatever classes happen to lie there. Deal class "
            "by class, each shuffled.",
        ),
        Misconception(
            "sorted by class and cut",
            lambda y, s, rng: np.split(np.argsort(y, kind="stable"), _cuts(s, len(y))),
            "You sort by class and cut once, so whole classes end up in one set. Cut each class by "
            "itself.",
        ),
        Misconception(
            "not shuffled",
            lambda y, s, rng: _by_class(y, s, lambda places: places),
            "Your sets take the examples of a class in the order in which they stand. Data is often "
            "sorted by something you do not see, so shuffle first.",
        ),
        Misconception(
            "turned, not shuffled",
            lambda y, s, rng: _by_class(y, s, lambda places: np.roll(places, rng.integers(1000))),
            "Only where you begin to cut is left to chance, so neighbours stay together. Shuffle "
            "the places of each class.",
        ),
        Misconception(
            "classes numbered from 0",
            _numbered_classes,
            "No place is dealt out where the classes are words. Go through the classes that y holds: "
            "np.unique finds them.",
        ),
        Misconception(
            "labels shuffled in place",
            _shuffles_labels,
            "You shuffle y itself, so your places belong to the shuffled labels, and the caller's "
            "are spoilt. Shuffle places instead.",
        ),
        Misconception(
            "a seed of its own",
            lambda y, s, rng: _alike(y, s, np.random.default_rng(0)),
            "You make a generator of your own with a fixed seed, so nobody can draw other sets. Use "
            "the rng that is given.",
        ),
        Misconception(
            "chance from elsewhere",
            lambda y, s, rng: _alike(y, s, np.random.default_rng()),
            "The same rng gives different sets each time: your chance comes from somewhere else, "
            "such as np.random.shuffle. Use rng.permutation.",
        ),
        Misconception(
            "four separate draws",
            _independent,
            "You draw each set from all examples, so some are in two sets and some in none. Shuffle "
            "once, then cut.",
        ),
        Misconception(
            "draws with replacement",
            functools.partial(_independent, replace=True),
            "You draw with replacement, so a set holds some examples twice. Shuffle once, then cut.",
        ),
        Misconception(
            "remainder dropped",
            _remainder_dropped,
            "You round every share down, and the examples that are left over are in no set. Let the "
            "last set take what remains.",
        ),
        Misconception(
            "shares not summed",
            _overlapping_cuts,
            "You cut at the shares themselves. The second cut comes after the first two shares, the "
            "third after the first three: sum them up.",
        ),
        Misconception(
            "places within the class",
            _within_class,
            "You return places within each class, which start at 0 for every one. Return the places "
            "in y.",
        ),
        Misconception(
            "masks instead of places",
            _masks,
            "You return masks of True and False. Return the places: np.flatnonzero turns one into "
            "the other.",
        ),
        Misconception(
            "labels instead of places",
            lambda y, s, rng: tuple(y[part] for part in _alike(y, s, rng)),
            "You return the labels. Return where they stand in y, so that the caller can pick the "
            "rows of X as well.",
        ),
        Misconception(
            "sizes instead of places",
            lambda y, s, rng: tuple(len(part) for part in _alike(y, s, rng)),
            "You return how many examples each set has. Return which ones.",
        ),
        Misconception(
            "three sets",
            lambda y, s, rng: _alike(y, s, rng)[:3],
            "You return three sets. Four decisions need four: training, validation, calibration, "
            "test.",
        ),
    ),
)


# --- 11.2 risk_coverage --------------------------------------------------------------------------


def _curve_oracle(confidence: Any, correct: Any) -> Any:
    thresholds = sorted(set(confidence.tolist()), reverse=True)
    kept = [confidence >= t for t in thresholds]
    coverage = [k.mean() for k in kept]
    risk = [(~correct[k]).mean() for k in kept]
    return np.array(thresholds), np.array(coverage), np.array(risk)


def _outcomes(text: str) -> Any:
    """Return "TFT" as an array of truth values."""
    return np.array([letter == "T" for letter in text])


def _all_different(rng: np.random.Generator) -> list[Arguments]:
    n = 12
    return [
        (np.array([0.9, 0.6, 0.8]), _outcomes("TFT")),
        (np.array([0.55, 0.95, 0.7, 0.85]), _outcomes("TFFT")),
        (np.array([0.9001, 0.9002, 0.55]), _outcomes("FTT")),  # different, if not by much
        (rng.permutation(np.linspace(0.31, 0.97, n)), rng.permutation(np.arange(n) < 8)),
    ]


def _with_ties(rng: np.random.Generator) -> list[Arguments]:
    some = rng.choice([0.4, 0.55, 0.7, 0.9, 1.0], size=30)
    return [
        (np.array([0.9, 0.6, 0.8, 0.6]), _outcomes("TFTT")),
        (np.array([0.8, 1.0, 0.8, 1.0, 0.8]), _outcomes("TFFTT")),
        (some, rng.random(30) < some * 0.9),
    ]


def _curve_signature(arguments: Arguments, value: Any) -> Any:
    """Return the curve; where it parts equal confidences, without what their order decides."""
    c = arguments[0]
    if isinstance(value, tuple) and [np.shape(part) for part in value] == 3 * [(len(c),)]:
        thresholds, coverage, risk = value
        end = np.append(np.diff(thresholds) != 0, True)
        return thresholds, coverage, risk[end]
    return value


def _curve_law(arguments: Arguments, result: Any) -> str | None:
    _, correct = arguments
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
    return None


def _curve(c: Any, ok: Any, keep: Callable[[Any, Any], Any] = np.greater_equal) -> Any:
    """Return thresholds, kept counts and wrong counts, for a rule of what a threshold keeps."""
    t = np.unique(c)[::-1]
    kept = keep(c, t[:, None])  # (m, n)
    return t, kept.sum(axis=1), (kept & ~ok).sum(axis=1)


def _shares_of(c: Any, ok: Any, keep: Callable[[Any, Any], Any] = np.greater_equal) -> Any:
    t, kept, wrong = _curve(c, ok, keep)
    with np.errstate(invalid="ignore"):
        return t, kept / len(c), wrong / kept


def _one_by_one(c: Any, ok: Any, order: Any = None) -> Any:
    order = np.argsort(-c, kind="stable") if order is None else order
    k = np.arange(1, len(c) + 1)
    return c[order], k / len(c), np.cumsum(~ok[order]) / k


def _only_confidence_sorted(c: Any, ok: Any) -> Any:
    return _shares_of(np.sort(c)[::-1], ok)


def _sorts_in_place(c: Any, ok: Any) -> Any:
    result = _shares_of(c, ok)
    c.sort()
    return result


def _sorts_in_place_alone(c: Any, ok: Any) -> Any:
    c.sort()
    return _shares_of(c, ok)


def _shares_of_each(c: Any, ok: Any) -> Any:
    """Return an entry for each prediction, equal ones for equal confidences."""
    t = np.sort(c)[::-1]
    kept = c >= t[:, None]
    return t, kept.mean(axis=1), (kept & ~ok).sum(axis=1) / kept.sum(axis=1)


def _first_of_equals(c: Any, ok: Any) -> Any:
    order = np.argsort(-c, kind="stable")
    t, first = np.unique(-c[order], return_index=True)
    k = np.arange(1, len(c) + 1)
    return -t, (k / len(c))[first], (np.cumsum(~ok[order]) / k)[first]


def _announced(c: Any, ok: Any) -> Any:
    t, coverage, _ = _shares_of(c, ok)
    return t, coverage, np.array([1 - c[c >= each].mean() for each in t])


def _changed_at(place: int, change: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    """Return a wrong answer that is right but for one of its three arrays."""

    def wrong(c: Any, ok: Any) -> Any:
        parts = list(_shares_of(c, ok))
        parts[place] = change(parts[place], c, ok)
        return tuple(parts)

    return wrong


CURVE = Exercise(
    number="11.2",
    call="risk_coverage(confidence, correct)",
    groups=(
        Group("each threshold keeps one prediction more", 2, _all_different, _curve_law),
        Group("equal confidences are kept together", 2, _with_ties, _curve_law),
    ),
    oracle=_curve_oracle,
    signature=_curve_signature,
    forbids=("utils.risk_coverage", "utils.capstone.risk_coverage"),
    misconceptions=(
        Misconception(
            "ties kept one by one",
            _one_by_one,
            "You have a point for each prediction. No threshold can part two predictions with the "
            "same confidence: give one point for all of them together.",
        ),
        Misconception(
            "an entry for each prediction",
            _shares_of_each,
            "Equal confidences give the same entry again. One is enough: go through the different "
            "confidences, which np.unique finds.",
        ),
        Misconception(
            "only equals kept",
            lambda c, ok: _shares_of(c, ok, np.equal),
            "You keep only the predictions with exactly that confidence. A threshold keeps all that "
            "are at least as sure.",
        ),
        Misconception(
            "strictly less sure kept",
            lambda c, ok: _shares_of(c, ok, np.less),
            "Your threshold keeps the predictions that are *less* sure. Keep those with confidence ≥ "
            "t.",
        ),
        Misconception(
            "confidences sorted in place, without the outcomes",
            _sorts_in_place_alone,
            "You sort the confidences themselves, so they no longer match `correct`, and the caller's "
            "are spoilt. np.argsort gives one order for both.",
        ),
        Misconception(
            "the first of equals only",
            _first_of_equals,
            "Among equal confidences you stop at the first. The threshold keeps all of them, so take "
            "the last.",
        ),
        Misconception(
            "least sure kept",
            lambda c, ok: _shares_of(c, ok, np.less_equal),
            "Your threshold keeps the predictions that are *less* sure. Keep those with confidence ≥ "
            "t.",
        ),
        Misconception(
            "lowest threshold first",
            lambda c, ok: tuple(part[::-1] for part in _shares_of(c, ok)),
            "The values are right, but they run from the lowest threshold to the highest. Turn them "
            "round.",
        ),
        Misconception(
            "least sure first, one by one",
            lambda c, ok: _one_by_one(c, ok, np.argsort(c, kind="stable")),
            "You sort from the least sure upwards, so the first ones kept are the worst. Begin with "
            "the surest.",
        ),
        Misconception(
            "not sorted",
            lambda c, ok: _one_by_one(c, ok, np.arange(len(c))),
            "You sum up in the order in which the predictions stand. Sort them by confidence first, "
            "the surest in front.",
        ),
        Misconception(
            "only the confidences sorted",
            _only_confidence_sorted,
            "You sort the confidences and leave `correct` as it was, so they no longer belong "
            "together. Use one order for both, from np.argsort.",
        ),
        Misconception(
            "accuracy instead of risk",
            _changed_at(2, lambda risk, c, ok: 1 - risk),
            "Your third array is the share that is *right*. Risk is the share that is wrong.",
        ),
        Misconception(
            "mistakes divided by all predictions",
            _changed_at(2, lambda risk, c, ok: _curve(c, ok)[2] / len(c)),
            "You divide the mistakes by the number of all predictions. Risk is their share among "
            "those kept.",
        ),
        Misconception(
            "mistakes counted",
            _changed_at(2, lambda risk, c, ok: _curve(c, ok)[2]),
            "Your third array counts mistakes. Divide by the number of predictions kept.",
        ),
        Misconception(
            "risk of the rejected",
            lambda c, ok: (*_shares_of(c, ok)[:2], _shares_of(c, ok, np.less)[2]),
            "Your risk is that of the predictions *below* the threshold. What counts is what the "
            "model answers.",
        ),
        Misconception(
            "announced risk",
            _announced,
            "Your risk is the mean of 1 − confidence: what the model announces. Count the mistakes "
            "that came.",
        ),
        Misconception(
            "strictly above the threshold",
            lambda c, ok: _shares_of(c, ok, np.greater),
            "You keep only what is strictly above the threshold, so the first one keeps nothing and "
            "0/0 is nan. Keep confidence ≥ t.",
        ),
        Misconception(
            "coverage counted",
            _changed_at(1, lambda coverage, c, ok: coverage * len(c)),
            "Your coverage is a number of predictions. Divide by how many there are.",
        ),
        Misconception(
            "share rejected",
            _changed_at(1, lambda coverage, c, ok: 1 - coverage),
            "Your second array is the share handed over. Coverage is the share that is kept.",
        ),
        Misconception(
            "risk before coverage",
            lambda c, ok: tuple(_shares_of(c, ok)[k] for k in (0, 2, 1)),
            "Coverage and risk have changed places: return thresholds, coverage, risk.",
        ),
        Misconception(
            "sorts in place",
            _sorts_in_place,
            "Your arrays are right, but the caller's confidences are sorted afterwards and no longer "
            "match their outcomes. np.sort makes a sorted copy.",
        ),
    ),
)


# --- 11.3 calibration_report ---------------------------------------------------------------------


def _softmax(z: Any) -> Any:
    from scipy import special

    return special.softmax(np.asarray(z, dtype=float), axis=-1)


def _parts(z: Any, y: Any, T: float) -> tuple[Any, Any, Any]:
    """Return probabilities, confidence and correct at a temperature."""
    P = _softmax(z / T)
    return P, P.max(axis=1), P.argmax(axis=1) == y


def _gap(c: Any, ok: Any, n_bins: int) -> Any:
    from scipy import stats

    sums = stats.binned_statistic(c, c - ok, "sum", n_bins, (0, 1)).statistic
    return np.abs(sums).sum() / len(c)


@functools.lru_cache(maxsize=256)
def _draw_gaps(confidence: bytes, n_bins: int) -> Any:
    c = np.frombuffer(confidence)
    place = np.minimum((c * n_bins).astype(int), n_bins - 1)
    member = (place[:, None] == np.arange(n_bins)).astype(float)  # (n, n_bins)
    differences = (np.random.default_rng(0).random((2000, len(c))) < c) - c
    return np.abs(differences @ member).sum(axis=1) / len(c)


def _chance_gaps(c: Any, n_bins: int) -> Any:
    """Return ECEs of 2000 perfectly calibrated models with these confidences."""
    return _draw_gaps(np.ascontiguousarray(c, dtype=float).tobytes(), n_bins)


def _overconfident(rng: np.random.Generator, n: int, K: int, boast: float) -> tuple[Any, Any]:
    """Return logits and classes drawn from softmax(logits / boast)."""
    z = rng.normal(size=(n, K)) * 1.5
    y = (rng.random((n, 1)) > np.cumsum(_softmax(z), axis=1)[:, :-1]).sum(axis=1)
    return z * boast, y


def _small_report(rng: np.random.Generator) -> list[Arguments]:
    first = (np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 0.0]]), np.array([0, 1, 1]), 2.0, 15)
    return [first, *_large_report(rng)]


def _large_report(rng: np.random.Generator) -> list[Arguments]:
    return [
        (*_overconfident(rng, 250, 3, 2.5), 1.6, 8),
        (*_overconfident(rng, 300, 4, 0.5), 0.7, 5),
    ]


def _five(result: Any) -> Any:
    """Return five numbers, or None."""
    parts = result if isinstance(result, tuple) else np.atleast_1d(result)
    if len(parts) != 5 or any(
        np.size(part) != 1 or part.dtype.kind not in "biuf" for part in parts
    ):
        return None
    return [float(np.reshape(part, ())) for part in parts]


def _is_close(value: float, wanted: float, rtol: float = 1e-5) -> bool:
    return bool(abs(value - wanted) <= rtol * abs(wanted) + 1e-7)


def _first_two_law(arguments: Arguments, result: Any) -> str | None:
    z, y, T, _ = arguments
    numbers = _five(result)
    if numbers is None:
        return "five numbers are wanted: accuracy, confidence, log_loss, ece, mark"
    _, c, ok = _parts(z, y, T)
    accuracy, confidence, *_ = numbers
    if not _is_close(accuracy, ok.mean()):
        return f"{ok.sum()} of {len(y)} predictions are right; your accuracy is {accuracy:.4g}"
    if not _is_close(confidence, c.mean()):
        return f"your mean confidence is {confidence:.4g}, which is not that at temperature {T:g}"
    return None


def _log_loss_law(arguments: Arguments, result: Any) -> str | None:
    from scipy import special

    z, y, T, _ = arguments
    numbers = _five(result)
    if numbers is None:
        return "five numbers are wanted: accuracy, confidence, log_loss, ece, mark"
    loss = -special.log_softmax(z / T, axis=1)[np.arange(len(y)), y].mean()
    if not _is_close(numbers[2], loss):
        return f"your log-loss is {numbers[2]:.4g}, not the mean cross-entropy at T = {T:g}"
    return None


def _gap_law(arguments: Arguments, result: Any) -> str | None:
    z, y, T, n_bins = arguments
    numbers = _five(result)
    if numbers is None:
        return "five numbers are wanted: accuracy, confidence, log_loss, ece, mark"
    _, c, ok = _parts(z, y, T)
    if not _is_close(numbers[3], _gap(c, ok, n_bins)):
        return f"your ECE is {numbers[3]:.4g}, not that of {n_bins} bins at T = {T:g}"
    return None


def _mark_law(arguments: Arguments, result: Any) -> str | None:
    z, y, T, n_bins = arguments
    numbers = _five(result)
    if numbers is None:
        return "five numbers are wanted: accuracy, confidence, log_loss, ece, mark"
    gaps = _chance_gaps(_parts(z, y, T)[1], n_bins)
    if not _is_close(numbers[4], np.quantile(gaps, 0.95), 0.1):
        below = np.mean(gaps < numbers[4])
        return f"{below:.0%} of perfect models stay below your mark, {numbers[4]:.4g}; 95 % should"
    return None


def _report_signature(arguments: Arguments, result: Any) -> Any:
    """Return the five numbers, every mark that is right as the same one."""
    numbers = _five(result)
    if numbers is None:
        return result
    return np.array([*numbers[:4], numbers[4] if _mark_law(arguments, result) else 0.0])


def _told(
    z: Any,
    y: Any,
    T: float,
    n_bins: int,
    *,
    loss_T: float | None = None,
    ece_T: float | None = None,
    mark_T: float | None = None,
) -> list[Any]:
    """Return the five numbers, some of them perhaps at another temperature."""
    from scipy import special

    _, c, ok = _parts(z, y, T)
    losses = -special.log_softmax(z / (loss_T or T), axis=1)[np.arange(len(y)), y]
    gap = _gap(_parts(z, y, ece_T or T)[1], ok, n_bins)
    mark = np.quantile(_chance_gaps(_parts(z, y, mark_T or T)[1], n_bins), 0.95)
    return [ok.mean(), c.mean(), losses.mean(), gap, mark]


def _with(place: int, change: Callable[..., Any]) -> Callable[..., Any]:
    """Return a wrong answer that is right but for one number: ``change(z, y, T, n_bins)``."""

    def wrong(z: Any, y: Any, T: float, n_bins: int) -> Any:
        numbers = _told(z, y, T, n_bins)
        numbers[place] = change(z, y, T, n_bins)
        return tuple(numbers)

    return wrong


def _true_probability(z: Any, y: Any, T: float) -> Any:
    return _parts(z, y, T)[0][np.arange(len(y)), y]


def _on_probabilities(z: Any, y: Any, T: float, n_bins: int) -> Any:
    return tuple(_told(_softmax(z), y, T, n_bins))


def _from_probabilities(z: Any, y: Any, T: float, n_bins: int) -> Any:
    return -np.log(_true_probability(_parts(z, y, T)[0], y, 1.0)).mean()


def _whole_floor(z: Any, y: Any, T: float, n_bins: int) -> Any:
    return noise_floor(_parts(z, y, T)[1], n_bins)


def _uniform_mark(z: Any, y: Any, T: float, n_bins: int) -> Any:
    return np.quantile(_chance_gaps(np.linspace(0.5, 1, len(y)), n_bins), 0.95)


def _mark_of(level: float | None) -> Callable[..., Any]:
    def mark(z: Any, y: Any, T: float, n_bins: int) -> Any:
        gaps = _chance_gaps(_parts(z, y, T)[1], n_bins)
        return gaps.mean() if level is None else np.quantile(gaps, level)

    return mark


REPORT = Exercise(
    number="11.3",
    call="calibration_report(logits, y, T, n_bins)",
    groups=(
        Group("accuracy and mean confidence", 1, _small_report, _first_two_law),
        Group("log-loss at the temperature", 1, _small_report, _log_loss_law),
        Group("ECE at the temperature", 1, _small_report, _gap_law),
        Group("the mark that 95 % of perfect models stay below", 1, _large_report, _mark_law),
    ),
    signature=_report_signature,
    rtol=0.03,  # of two wrong marks drawn anew; the laws decide
    forbids=("utils.calibration_report", "utils.capstone.calibration_report"),
    misconceptions=(
        Misconception(
            "temperature forgotten",
            lambda z, y, T, n: tuple(_told(z, y, 1.0, n)),
            "Your numbers are those at T = 1: the temperature is nowhere in them.",
        ),
        Misconception(
            "multiplied by T",
            lambda z, y, T, n: tuple(_told(z, y, 1 / T, n)),
            "You multiply the logits by T. A high temperature makes a model less sure: divide.",
        ),
        Misconception(
            "temperature on probabilities",
            _on_probabilities,
            "You turned the logits into probabilities before the temperature, and then once more. "
            "Divide the logits by T, then apply softmax once.",
        ),
        Misconception(
            "share wrong instead of accuracy",
            _with(0, lambda z, y, T, n: 1 - _parts(z, y, T)[2].mean()),
            "Your first number is the share that is wrong. Accuracy is the share that is right.",
        ),
        Misconception(
            "number right instead of accuracy",
            _with(0, lambda z, y, T, n: _parts(z, y, T)[2].sum()),
            "Your first number counts the right predictions. Divide by how many there are.",
        ),
        Misconception(
            "probability of the true class",
            _with(1, lambda z, y, T, n: _true_probability(z, y, T).mean()),
            "Your second number is the mean probability of the *true* class. The model's confidence "
            "is its largest probability, whether right or not.",
        ),
        Misconception(
            "mean of all probabilities",
            _with(1, lambda z, y, T, n: _parts(z, y, T)[0].mean()),
            "Your second number averages all probabilities, which always gives 1/K. Take the largest "
            "of each row first.",
        ),
        Misconception(
            "accuracy and confidence exchanged",
            lambda z, y, T, n: tuple(_told(z, y, T, n)[k] for k in (1, 0, 2, 3, 4)),
            "Accuracy and mean confidence have changed places: accuracy comes first.",
        ),
        Misconception(
            "log-loss multiplied by T",
            lambda z, y, T, n: tuple(_told(z, y, T, n, loss_T=1 / T)),
            "Your log-loss is that of logits multiplied by T. The probabilities belong to logits "
            "divided by T.",
        ),
        Misconception(
            "logarithm to base 2",
            _with(2, lambda z, y, T, n: -np.log2(_true_probability(z, y, T)).mean()),
            "Your log-loss has base 2. The course takes natural logarithms.",
        ),
        Misconception(
            "log-loss without the temperature",
            lambda z, y, T, n: tuple(_told(z, y, T, n, loss_T=1.0)),
            "Your log-loss is that of the logits as they came. The probabilities belong to logits "
            "divided by T.",
        ),
        Misconception(
            "log-loss of the top label",
            _with(2, lambda z, y, T, n: -np.log(_parts(z, y, T)[1]).mean()),
            "Your log-loss takes the largest probability. It should take the true class's, so that "
            "mistakes cost.",
        ),
        Misconception(
            "cross-entropy fed probabilities",
            _with(2, _from_probabilities),
            "You gave probabilities to a cross-entropy that wants logits, so softmax was applied "
            "twice. Give it logits / T.",
        ),
        Misconception(
            "summed log-loss",
            _with(2, lambda z, y, T, n: -np.log(_true_probability(z, y, T)).sum()),
            "Your log-loss is a sum. The course takes means over examples.",
        ),
        Misconception(
            "ECE without the temperature",
            lambda z, y, T, n: tuple(_told(z, y, T, n, ece_T=1.0)),
            "Your ECE is that of the confidences at T = 1. Use the ones at the temperature.",
        ),
        Misconception(
            "one bin",
            _with(3, lambda z, y, T, n: abs(_parts(z, y, T)[1].mean() - _parts(z, y, T)[2].mean())),
            "Your ECE is the difference between mean confidence and accuracy: one bin for all. Sort "
            "into n_bins bins first.",
        ),
        Misconception(
            "n_bins ignored",
            lambda z, y, T, n: tuple(_told(z, y, T, 15)),
            "ECE and mark use 15 bins whatever is asked. Hand n_bins on to both.",
        ),
        Misconception(
            "bins of the ECE ignored",
            _with(3, lambda z, y, T, n: _gap(*_parts(z, y, T)[1:], 15)),
            "Your ECE has 15 bins whatever is asked. Hand n_bins on.",
        ),
        Misconception(
            "bins of the mark ignored",
            _with(4, lambda z, y, T, n: _told(z, y, T, 15)[4]),
            "Your mark has 15 bins whatever is asked, so it does not belong to your ECE. Hand n_bins "
            "on.",
        ),
        Misconception(
            "noise floor as a whole",
            _with(4, _whole_floor),
            "Something you return is not a number (see above). utils.noise_floor returns several "
            "things at once: the mark is its .high.",
        ),
        Misconception(
            "own ECE as the mark",
            _with(4, lambda z, y, T, n: _gap(*_parts(z, y, T)[1:], n)),
            "Your mark is the model's own ECE. The mark says what perfect models with these "
            "confidences get.",
        ),
        Misconception(
            "mean floor instead of the mark",
            _with(4, _mark_of(None)),
            "Your last number is the *average* ECE of perfect models. The mark is what 95 % of them "
            "stay below.",
        ),
        Misconception(
            "mark from T = 1",
            lambda z, y, T, n: tuple(_told(z, y, T, n, mark_T=1.0)),
            "Your mark belongs to the confidences at T = 1. A floor depends on the confidences: use "
            "those at the temperature.",
        ),
        Misconception(
            "mark from other confidences",
            _with(4, _uniform_mark),
            "Your mark comes from confidences spread evenly over ½ to 1. Use the model's own.",
        ),
    ),
)


# --- 11.4 risk_threshold -------------------------------------------------------------------------


def _threshold_oracle(confidence: Any, correct: Any, max_risk: float) -> Any:
    thresholds, _, risk = _curve_oracle(confidence, correct)
    return min((t for t, r in zip(thresholds, risk, strict=True) if r <= max_risk), default=np.inf)


def _within_reach(rng: np.random.Generator) -> list[Arguments]:
    c = rng.permutation(np.linspace(0.4, 0.98, 40))
    return [
        (np.array([0.9, 0.6, 0.8, 0.7]), _outcomes("TFTT"), 0.1),
        # The surest prediction but one is wrong; below it the risk falls again.
        (np.array([0.95, 0.9, 0.85, 0.8, 0.75, 0.5]), _outcomes("TFTTTF"), 0.21),
        (np.array([0.5, 0.7, 0.9, 0.8]), _outcomes("FTTT"), 0.25),
        (c, rng.random(40) < c, 0.153),  # no share of 40 or fewer equals that
    ]


def _ties_and_none(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.6, 0.9, 0.6, 0.8]), _outcomes("TTFT"), 0.2),
        (np.array([0.8, 0.95, 0.7]), _outcomes("TFF"), 0.05),
        (np.array([1.0, 1.0, 1.0, 0.9, 0.9, 0.5]), _outcomes("TTTTFF"), 0.1),
    ]


def _threshold_law(arguments: Arguments, result: Any) -> str | None:
    confidence, correct, max_risk = arguments
    t = float(result)
    kept = confidence >= t
    if not kept.any() and 1 < t < np.inf:
        return f"no confidence is above 1; you returned {t:.4g}"
    if not kept.any() and not np.isposinf(t):
        return f"your threshold, {t:.4g}, keeps nothing; np.inf says so"
    if kept.any():
        risk = (~correct[kept]).mean()
        if not risk <= max_risk:
            return f"of what {t:.4g} keeps, {risk:.3g} is wrong, more than {max_risk:g}"
        if t in confidence:
            return f"{t:.4g} keeps the limit, but a lower threshold does so too"
    elif _threshold_oracle(*arguments) < np.inf:
        return "there is a threshold that keeps the limit"
    return "the threshold should be one of the confidences"


def _pick(fits: Callable[..., Any], choose: Any = min, none: Any = np.inf) -> Callable[..., Any]:
    """Return a wrong answer that chooses among the confidences whose kept predictions fit."""

    def wrong(c: Any, ok: Any, limit: float) -> Any:
        return choose((t for t in np.unique(c) if fits(c, ok, limit, t)), default=none)

    return wrong


def _right_rule(c: Any, ok: Any, limit: float, t: float) -> Any:
    return (~ok[c >= t]).mean() <= limit


def _first_violation(c: Any, ok: Any, limit: float) -> Any:
    best = np.inf
    for t in np.unique(c)[::-1]:
        if not _right_rule(c, ok, limit, t):
            break
        best = t
    return best


def _coverage_of(c: Any, ok: Any, limit: float) -> Any:
    return (c >= _threshold_oracle(c, ok, limit)).mean()


def _next_one(c: Any, ok: Any, limit: float) -> Any:
    """Return the highest threshold that fails."""
    return max((t for t in np.unique(c) if not _right_rule(c, ok, limit, t)), default=-np.inf)


def _ties_parted(c: Any, ok: Any, limit: float) -> Any:
    order = np.argsort(-c, kind="stable")
    risk = np.cumsum(~ok[order]) / np.arange(1, len(c) + 1)
    return c[order][risk <= limit].min(initial=np.inf)


THRESHOLD = Exercise(
    number="11.4",
    call="risk_threshold(confidence, correct, max_risk)",
    groups=(
        Group("the lowest threshold within the limit", 1, _within_reach, _threshold_law),
        Group("ties, and none that will do", 1, _ties_and_none, _threshold_law),
    ),
    oracle=_threshold_oracle,
    forbids=(
        "utils.risk_threshold",
        "utils.capstone.risk_threshold",
    ),
    misconceptions=(
        Misconception(
            "highest threshold",
            _pick(_right_rule, max),
            "You return the highest threshold within the limit, which keeps next to nothing. The "
            "lowest one keeps the most.",
        ),
        Misconception(
            "stops at the first violation",
            _first_violation,
            "You go down from the top and stop where the limit is first broken. One early mistake "
            "does that; further down the risk may fall again. Try all thresholds.",
        ),
        Misconception(
            "strictly below the limit",
            _pick(lambda c, ok, limit, t: (~ok[c >= t]).mean() < limit),
            "A risk of exactly max_risk is within the limit: use ≤.",
        ),
        Misconception(
            "mistakes divided by all predictions",
            _pick(lambda c, ok, limit, t: (~ok & (c >= t)).mean() <= limit),
            "You divide the mistakes kept by all predictions. Risk is their share among those kept.",
        ),
        Misconception(
            "announced risk",
            _pick(lambda c, ok, limit, t: (1 - c[c >= t]).mean() <= limit),
            "You limit the risk that the model announces, the mean of 1 − confidence. Count its "
            "mistakes.",
        ),
        Misconception(
            "one minus the limit",
            lambda c, ok, limit: 1 - limit,
            "You return 1 − max_risk. That bounds the doubt of each single prediction, if the "
            "confidences are true; here the outcomes decide.",
        ),
        Misconception(
            "lowest confidence above 1 − the limit",
            lambda c, ok, limit: c[c >= 1 - limit].min(initial=np.inf),
            "You return the lowest confidence above 1 − max_risk. That bounds the doubt of each "
            "single prediction, if the confidences are true; here the outcomes decide.",
        ),
        Misconception(
            "strictly above the threshold",
            _pick(lambda c, ok, limit, t: (~ok[c > t]).mean() <= limit),
            "You judge each threshold by what is strictly above it. It keeps its equals too: "
            "confidence ≥ t.",
        ),
        Misconception(
            "nothing where none will do",
            _pick(_right_rule, none=None),
            "Where no threshold keeps the limit you return no number. np.inf keeps nothing.",
        ),
        Misconception(
            "the lowest of none",
            lambda c, ok, limit: np.min([t for t in c if _right_rule(c, ok, limit, t)]),
            "Where no threshold keeps the limit, the minimum of nothing raises an error. np.inf is "
            "wanted there; min takes a default.",
        ),
        Misconception(
            "accuracy within the limit",
            _pick(lambda c, ok, limit, t: ok[c >= t].mean() <= limit),
            "You compare the share that is right with max_risk. Compare the share that is wrong.",
        ),
        Misconception(
            "ties parted",
            _ties_parted,
            "You count predictions one by one, and stop between two of the same confidence. A "
            "threshold keeps both.",
        ),
        Misconception(
            "largest confidence where none will do",
            lambda c, ok, limit: _pick(_right_rule, min, float(c.max()))(c, ok, limit),
            "Where no threshold keeps the limit you return the largest confidence, which still "
            "answers and breaks it. np.inf keeps nothing.",
        ),
        Misconception(
            "1 where none will do",
            _pick(_right_rule, min, 1.0),
            "Where no threshold keeps the limit you return 1. A confidence of exactly 1 would still "
            "be kept; np.inf keeps nothing.",
        ),
        Misconception(
            "coverage instead of threshold",
            _coverage_of,
            "You return the share of predictions kept. Return the confidence at which to cut.",
        ),
        Misconception(
            "the threshold that fails",
            _next_one,
            "Your threshold is the first that breaks the limit. Return the last one that keeps it.",
        ),
    ),
)

EXERCISES = (SPLIT, CURVE, REPORT, THRESHOLD)
