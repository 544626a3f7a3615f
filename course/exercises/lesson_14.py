"""What the exercises of lesson 14 ask and accept."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.exercises.common import Array, listed, open_group
from course.exercises.drives import score_by_chance
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

# --- 14.1 conformal_threshold --------------------------------------------------------------------

_FOUR = np.array([0.1, 0.4, 0.2, 0.3])


def _enough(rng: np.random.Generator) -> list[Arguments]:
    # Where rounding up, down and to the nearest differ, and n from n + 1.
    return [
        (_FOUR, 0.5),
        (_FOUR, 0.25),
        (rng.permutation(np.arange(1.0, 10.0)), 0.1),  # the largest of nine
        *((rng.uniform(0.2, 0.9, size=n), alpha) for n, alpha in _PAIRS),
    ]


_PAIRS = ((25, 0.1), (30, 0.1), (5, 0.75), (50, 0.2), (19, 0.05), (99, 0.01), (200, 0.1))


def _too_few(rng: np.random.Generator) -> list[Arguments]:
    return [
        (_FOUR, 0.1),
        (rng.uniform(0.2, 0.9, size=8), 0.1),
        (rng.uniform(0.2, 0.9, size=18), 0.05),
        (rng.uniform(0.2, 0.9, size=60), 0.01),
        (rng.uniform(0.2, 0.9, size=9), 0.1),  # enough, by a hair
    ]


def _of_any_size(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([2.0, 2.0, 2.0, 5.0, -1.0]), 0.25),
        (rng.choice([0.125, 0.25, 0.5, 3.0], size=40), 0.1),
        (rng.normal(scale=20, size=33), 0.2),
        (-rng.exponential(size=29), 0.1),
    ]


def _smallest_that_covers(scores: Array, alpha: float) -> float:
    """Return the least score with (n + 1)(1 − α) scores or more up to it."""
    wanted = (len(scores) + 1) * (1 - alpha) - 1e-9
    return min((s for s in scores.tolist() if np.sum(scores <= s) >= wanted), default=np.inf)


def _explain_threshold(arguments: Arguments, result: Any) -> str | None:
    scores, alpha = arguments
    n, wanted = len(scores), (len(scores) + 1) * (1 - alpha)
    q = float(result)
    if np.isnan(q):
        return "the threshold came out as nan"
    if wanted > n + 1e-9:
        return (
            f"(n + 1)(1 − α) is {wanted:.4g}, and there are {n} scores: only inf is safe; "
            f"yours is {q:.4g}"
        )
    if np.isinf(q):
        return f"(n + 1)(1 − α) is {wanted:.4g}, and there are {n} scores: that is enough"
    if not np.isclose(scores, q, rtol=1e-6).any():
        return f"your {q:.4g} is none of the scores; take one of them"
    below = np.sum(scores <= q * (1 + np.sign(q) * 1e-9))
    return f"{below} of {n} scores are at most your {q:.4g}; (n + 1)(1 − α) is {wanted:.4g}"


THRESHOLD = Exercise(
    number="14.1",
    call="conformal_threshold(scores, alpha)",
    groups=(
        Group("one of the scores, the right one", 1, _enough, explains=_explain_threshold),
        Group("inf where there are too few", 1, _too_few, explains=_explain_threshold),
        Group("equal and negative scores", 1, _of_any_size, explains=_explain_threshold),
    ),
    oracle=_smallest_that_covers,
    forbids=("utils.conformal_threshold", "utils.conformal.conformal_threshold"),
)


# --- 14.2 prediction_sets ------------------------------------------------------------------------


def _usual_sets(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.7, 0.2, 0.1]]), 0.6),
        (rng.dirichlet(np.ones(3), size=6), 0.7),
        (rng.dirichlet(np.full(5, 0.4), size=12), 0.8),
        (rng.dirichlet(np.ones(4), size=9), 0.6),
    ]


def _on_the_threshold(rng: np.random.Generator) -> list[Arguments]:
    # All of these are exact in binary, so 1 − p ≤ q and p ≥ 1 − q say the same.
    return [
        (np.array([[0.5, 0.25, 0.25], [0.375, 0.375, 0.25]]), 0.625),
        (np.array([[0.5, 0.5], [0.75, 0.25]]), 0.5),
        (rng.permuted(np.tile([0.5, 0.25, 0.125, 0.125], (8, 1)), axis=1), 0.75),
    ]


def _none_and_all(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.4, 0.35, 0.25], [0.9, 0.1, 0.0]]), 0.3),
        (np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]), np.inf),
        (rng.dirichlet(np.ones(4), size=3), np.inf),
        (rng.dirichlet(np.full(3, 20.0), size=8), 0.1),
    ]


def _sets_one_by_one(P: Array, q: float) -> Array:
    return np.array([[1 - p <= q for p in row] for row in P.tolist()])


def _explain_sets(arguments: Arguments, result: Any) -> str | None:
    P, q = arguments
    table = np.asarray(result, dtype=float)
    wrong = np.argwhere(table != _sets_one_by_one(P, q))
    if not len(wrong):
        return None
    i, k = wrong[0]
    side = "in" if 1 - P[i, k] <= q else "out"
    return (
        f"row {i}, label {k}: p is {P[i, k]:.4g}, so its score is {1 - P[i, k]:.4g}; at q = {q:.4g} "
        f"it is {side}"
    )


SETS = Exercise(
    number="14.2",
    call="prediction_sets(P, q)",
    groups=(
        Group("each label whose score is below q", 1, _usual_sets, explains=_explain_sets),
        Group("a score on the threshold is in", 1, _on_the_threshold, explains=_explain_sets),
        Group("empty sets and full ones", 1, _none_and_all, explains=_explain_sets),
    ),
    oracle=_sets_one_by_one,
    forbids=("utils.prediction_sets", "utils.conformal.prediction_sets"),
)


# --- 14.3 coverage_and_size ----------------------------------------------------------------------


def _drawn_sets(rng: np.random.Generator, n: int, n_classes: int, share: float) -> Arguments:
    return rng.random((n, n_classes)) < share, rng.integers(n_classes, size=n)


def _some_sets(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[True, False, False], [True, True, False]]), np.array([0, 2])),
        (np.array([[True, True], [False, True], [True, False]]), np.array([0, 1, 1])),
        (np.eye(4, dtype=bool)[[0, 1, 2, 2, 3]] | (np.arange(4) == 1), np.array([0, 3, 2, 1, 3])),
    ]


def _empty_ones_too(rng: np.random.Generator) -> list[Arguments]:
    return [
        (
            np.array([[True, False, False], [True, True, False], [False, False, False]]),
            np.array([0, 2, 1]),
        ),
        (np.zeros((3, 4), dtype=bool), np.array([0, 3, 1])),
        _drawn_sets(rng, 30, 5, 0.3),
        _drawn_sets(rng, 40, 3, 0.5),
    ]


def _counted(sets: Array, y: Array) -> tuple[float, float]:
    members = [np.flatnonzero(row).tolist() for row in sets]
    held = [label in some for label, some in zip(y.tolist(), members, strict=True)]
    return sum(held) / len(y), sum(map(len, members)) / len(y)


def _explain_counted(arguments: Arguments, result: Any) -> str | None:
    sets, y = arguments
    coverage, size = (float(part) for part in result)
    held, n_labels = round(_counted(sets, y)[0] * len(y)), int(sets.sum())
    if not np.isclose(coverage, held / len(y)):
        return f"{held} of {len(y)} sets hold the truth; your coverage is {coverage:.4g}"
    return f"{len(y)} sets hold {n_labels} labels altogether; your size is {size:.4g}"


COUNTED = Exercise(
    number="14.3",
    call="coverage_and_size(sets, y)",
    groups=(
        Group("sets that hold the truth, labels in a set", 1, _some_sets, _explain_counted),
        Group("empty sets count as well", 1, _empty_ones_too, _explain_counted),
    ),
    oracle=_counted,
    forbids=("utils.coverage_and_size", "utils.conformal.coverage_and_size"),
)


# --- 14.4 adaptive_scores ------------------------------------------------------------------------

_COPIES = 400  # of each row, to see from where to where its scores run
_FAR = 0.14  # the distance of 400 uniform numbers from uniform is larger once in a million times


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1000))


def _rows(P: list[list[float]], y: list[int], seed: int, *other: int) -> Arguments:
    """Return each row many times, the rows taking turns."""
    return np.tile(np.array(P), (_COPIES, 1)), np.tile(np.array(y), _COPIES), seed, *other


def _one_piece(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.3, 0.6, 0.1]]), np.array([0]), _seed(rng)),
        (np.array([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]]), np.array([2, 0]), _seed(rng)),
        _rows([[0.3, 0.6, 0.1], [0.15, 0.25, 0.6]], [0, 1], _seed(rng)),
        (rng.dirichlet(np.ones(5), size=50), rng.integers(5, size=50), _seed(rng)),
    ]


def _whole_pieces(rng: np.random.Generator) -> list[Arguments]:
    return [
        _rows([[0.3, 0.7]], [0], _seed(rng)),
        _rows([[0.1, 0.55, 0.35], [0.2, 0.15, 0.65], [0.22, 0.4, 0.38]], [1, 0, 0], _seed(rng)),
        _rows([[0.05, 0.3, 0.2, 0.45], [0.6, 0.1, 0.08, 0.22]], [2, 3], _seed(rng)),
    ]


def _by_seeds(rng: np.random.Generator) -> list[Arguments]:
    seed = _seed(rng)
    return [_rows([[0.3, 0.6, 0.1], [0.2, 0.3, 0.5]], [0, 0], seed, seed + 1)]


def _pieces(P: Array, y: Array) -> tuple[Array, Array]:
    """Return where the piece of each truth begins and how long it is."""
    own = np.array([row[label] for row, label in zip(P, y, strict=True)])
    before = [sum(p for p in row if p > mine) for row, mine in zip(P.tolist(), own, strict=True)]
    return np.array(before), own


def _explain_pieces(arguments: Arguments, result: Any) -> str | None:
    P, y, _ = arguments
    if not isinstance(result, np.ndarray) or result.shape != y.shape:
        return f"return one score for each row: shape {y.shape}, not {np.shape(result)}"
    if not np.isfinite(result).all():
        return "a score came out as nan or inf"
    before, own = _pieces(P, y)
    outside = (result < before - 1e-5) | (result > before + own + 1e-5)
    if not outside.any():
        return None
    i = int(np.argmax(outside))
    return (
        f"row {i}: of {listed(P[i])} the truth has {own[i]:.4g}, so its score lies between "
        f"{before[i]:.4g} and {before[i] + own[i]:.4g}; yours is {float(result[i]):.4g}"
    )


def _explain_spread(arguments: Arguments, result: Any) -> str | None:
    fault = _explain_pieces(arguments, result)
    if fault:
        return fault
    P, y, _ = arguments
    before, own = _pieces(P, y)
    within = np.sort(((result - before) / own).reshape(_COPIES, -1), axis=0)
    far = np.abs(within - (np.arange(_COPIES) + 0.5)[:, None] / _COPIES).max(axis=0)
    if far.max() > _FAR:
        j = int(far.argmax())
        low, high = before[j] + own[j] * within[[0, -1], j]
        return (
            f"row {j} came {_COPIES} times; its scores should lie everywhere between "
            f"{before[j]:.4g} and {before[j] + own[j]:.4g}, equally often; yours lie between "
            f"{low:.4g} and {high:.4g}, with mean {before[j] + own[j] * within[:, j].mean():.4g}"
        )
    return None


def _explain_seeds(arguments: Arguments, result: Any) -> str | None:
    P, y, seed, _ = arguments
    first, again, other = result
    fault = _explain_spread((P, y, seed), first)
    if fault:
        return fault
    if not np.array_equal(first, again):
        return "two generators with the same seed gave different scores"
    if np.array_equal(first, other):
        return "two generators with different seeds gave the same scores"
    within = (first - _pieces(P, y)[0]) / _pieces(P, y)[1]
    pairs = within.reshape(_COPIES, -1)
    if np.abs(pairs[:, 0] - pairs[:, 1]).max() < 1e-6:
        return "rows that follow one another got the same random part: draw one for each row"
    return None


@np.errstate(all="ignore")  # a notebook may have made errors of NumPy's warnings
def _drawn_alike(arguments: Arguments, value: Any) -> Any:
    """Return what two answers with the same mistake share, whatever they drew."""
    P, y, *seeds = arguments
    facts = np.zeros(2)
    if len(seeds) == 2:
        if not isinstance(value, tuple) or len(value) != 3:
            return value
        facts = np.array([np.array_equal(value[0], v) for v in value[1:]], dtype=float)
        value = value[0]
    if not isinstance(value, np.ndarray) or value.shape != y.shape or value.dtype.kind not in "fiu":
        return value
    before, own = _pieces(P, y)
    within = (value - before) / own
    if len(y) < _COPIES or len(y) % _COPIES:  # too few to tell more than the side
        edges = np.isclose(within, 1) * 1.0 + np.isclose(within, 0) * 2.0
        return np.sign(within - 1 - 1e-6) + np.sign(within + 1e-6) + 4 * edges, facts
    table = within.reshape(_COPIES, -1)
    shared = bool(len(np.unique(table.round(6))) == 1 and 1e-6 < table[0, 0] < 1 - 1e-6)
    mean, spread = table.mean(axis=0), table.std(axis=0)
    return (mean if not shared else 0 * mean + 0.5), spread, np.append(facts, shared)


ADAPTIVE = Exercise(
    number="14.4",
    call="adaptive_scores(P, y, rng)",
    groups=(
        open_group("each score lies in the truth's piece", 2, _one_piece, _explain_pieces),
        open_group("each part of it equally often", 1, _whole_pieces, _explain_spread),
        open_group("the random part comes from rng", 1, _by_seeds, _explain_seeds),
    ),
    drive=score_by_chance,
    signature=_drawn_alike,
    rtol=0.0,
    atol=0.09,  # five standard deviations of a mean of 400 uniform numbers, and a little
    forbids=("utils.adaptive_scores", "utils.conformal.adaptive_scores"),
)


EXERCISES = (THRESHOLD, SETS, COUNTED, ADAPTIVE)
