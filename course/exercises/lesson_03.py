"""What the exercises of lesson 03 ask and accept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course.exercises.common import Array, listed
from course.exercises.drives import one_hot
from course.exercises.readings import of_value, scaled
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

LN3 = np.log(3.0)


# --- 03.1 one_hot --------------------------------------------------------------------------------


def _all_occur(rng: np.random.Generator) -> list[Arguments]:
    mixed = rng.permutation(np.concatenate([np.arange(4), rng.integers(4, size=3)]))
    return [
        (np.array([1, 2, 0]), 3),
        (np.array([1, 0, 0, 1, 0]), 2),
        (mixed, 4),
        (np.array([0, 0]), 1),
    ]


def _some_missing(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([1, 0]), 3),
        (np.array([2, 0, 2]), 4),
        (np.array([5]), 7),
        (rng.integers(3, size=6), 9),
    ]


def _scaled(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([1, 2, 0]), 3, 0.9), (rng.permutation(5), 5, 0.75)]


def _one_hot(y: Array, n_classes: int, scale: float = 1) -> Array:
    from scipy import sparse

    n = len(y)
    entries = np.full(n, float(scale)), (np.arange(n), y)
    Y: Array = sparse.coo_array(entries, shape=(n, n_classes)).toarray()
    return Y


def _rows_hold_one(arguments: Arguments, Y: Array) -> str | None:
    y, n_classes = arguments[:2]
    for i, (label, row) in enumerate(zip(y, Y, strict=True)):
        if not row.any():
            return f"row {i} is all 0"
        if not np.allclose(row, np.arange(n_classes) == label):
            return f"y[{i}] is {label}: row {i} should hold a 1 in column {label} and 0 elsewhere"
    return None


# --- 03.2 cross_entropy --------------------------------------------------------------------------


def _few(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, LN3]]), np.array([1])),
        (np.array([[2.0, 1.0, 0.1]]), np.array([0])),
        (np.array([[0.0, LN3], [0.5, 0.5]]), np.array([1, 0])),
        (rng.normal(size=(3, 3)), np.array([1, 2, 0])),
        (rng.normal(scale=2, size=(3, 5)), np.array([4, 0, 2])),
        (rng.normal(scale=2, size=(6, 4)), np.array([2, 0, 3, 3, 1, 0])),
    ]


def _far(rng: np.random.Generator) -> list[Arguments]:
    near = rng.normal(size=(2, 3))
    return [
        (np.array([[0.0, 69.1]]), np.array([0])),
        (np.array([[0.0, 1000.0]]), np.array([0])),
        (np.array([[0.0, 1000.0], [0.0, 1000.0]]), np.array([1, 0])),
        (np.array([[-1000.0, -1000.0 - LN3]]), np.array([1])),
        (np.vstack([near, near - 800]), np.array([2, 0, 1, 0])),
        (np.array([[1000.0, -1000.0, 0.0], [3.0, 1.0, 2.0]]), np.array([1, 0])),
        # Out of reach of a wider float, whose exponential ends at 11 356.
        (np.array([[3e4, 1.0, 0.0], [-3e4, 2.0, -3e4]]) + rng.normal(), np.array([1, 0])),
    ]


def _losses(logits: Array, y: Array) -> Array:
    """Return the loss of each example by itself: log-sum-exp minus the true class's score."""
    from scipy import special

    rows = zip(logits, y, strict=True)
    return np.array([special.logsumexp(row) - row[label] for row, label in rows])


def _is_a_loss(losses: Callable[..., Array], arguments: Arguments, loss: Any) -> str | None:
    """Say what is visibly wrong with a mean loss; `losses` gives those of the examples."""
    each, loss = losses(*arguments), float(loss)
    n, total = len(each), each.sum()
    if not np.isfinite(loss):
        return f"the loss came out as {loss}; every loss here is finite"
    if loss < 0:
        return (
            f"minus the logarithm of a probability is never negative; your loss is {_short(loss)}"
        )
    if loss == 0:
        return "a loss of 0 takes a probability of 1; here that of what happened is less"
    if loss > 1e300:
        return f"your loss came out as {_short(loss)}, about the largest number that a float holds"
    if n == 1 and loss < 700:
        yours, right = _short(np.exp(-loss)), _short(np.exp(-total)) if total < 700 else "far less"
        return (
            f"your loss is that of a probability of {yours}; here what happened has {right}"
            if yours != right
            else None
        )
    for place in range(n if n > 1 else 0):
        others = total - each[place]
        if np.isclose(n * loss, others) or np.isclose((n - 1) * loss, others):
            return f"your loss is what comes out if example {place} is left out"
    return f"the losses of the examples, one by one, are {listed(each)}" if n > 1 else None


def _short(x: Any) -> str:
    return f"{float(x):.4g}"


# --- 03.3 binary_cross_entropy -------------------------------------------------------------------


def _few_binary(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([LN3]), np.array([1])),
        (np.array([LN3]), np.array([0])),
        (np.array([0.5]), np.array([1])),
        (np.array([LN3, -1.0]), np.array([0, 1])),
        (np.array([0.5, -2.0, 1.5]), np.array([1, 0, 0])),
        (rng.normal(scale=2, size=7), np.array([0, 1, 1, 0, 1, 0, 0])),
    ]


def _far_binary(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([69.1]), np.array([0])),
        (np.array([-1000.0]), np.array([1])),
        (np.array([1000.0]), np.array([0])),
        (np.array([1000.0, -1000.0]), np.array([1, 1])),
        (np.array([-1000.0, 1000.0, 0.0]), np.array([0, 0, 1])),
        (np.array([800.0, -40.0, 2.0, -900.0]) + rng.normal(), np.array([1, 1, 0, 0])),
        (np.array([40.0]), np.array([1])),
        (np.array([-38.0, 42.0]), np.array([0, 1])),
        # Out of reach of a wider float, whose exponential ends at 11 356.
        (np.array([3e4, -3e4, 0.5]) + rng.normal(), np.array([0, 1, 1])),
        (np.array([38.0, -45.0]) + rng.random(), np.array([1, 0])),
    ]


def _binary_losses(z: Array, y: Array) -> Array:
    """Return the loss of each example, the small ones to the last digit."""
    from scipy import special

    losses: Array = -special.log_expit(np.where(y == 1, z, -z))
    return losses


# --- 03.4 kl_divergence --------------------------------------------------------------------------


def _two(rng: np.random.Generator) -> list[Arguments]:
    draw = partial(rng.dirichlet, alpha=np.ones(3))
    return [
        (np.array([0.5, 0.5]), np.array([0.25, 0.75])),
        (np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])),
        (0.05 + 0.85 * draw(), 0.05 + 0.85 * draw()),
        (np.array([0.1, 0.9]), np.array([0.1, 0.9])),
    ]


def _tables(rng: np.random.Generator) -> list[Arguments]:
    def rows(n: int, k: int) -> Array:
        return 0.02 + (1 - 0.02 * k) * rng.dirichlet(np.ones(k), size=n)

    small = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])
    return [
        (small, small[[1, 2, 0]]),
        (rows(3, 3), rows(3, 3)),
        (rows(5, 4), rows(5, 4)),
        (rows(1, 3), rows(1, 3)),
    ]


def _zeros(rng: np.random.Generator) -> list[Arguments]:
    p, q = rng.dirichlet(np.ones(4), size=(2, 5))
    p[[0, 1, 2, 3], [3, 1, 0, 2]] = 0  # row 1: both are 0, row 2: q alone, row 4: none
    q[[1, 2], [1, 2]] = 0
    p, q = (table / table.sum(axis=1, keepdims=True) for table in (p, q))
    return [
        (np.array([0.0, 1.0]), np.array([0.5, 0.5])),
        (np.array([0.5, 0.5]), np.array([0.0, 1.0])),
        (np.array([0.0, 0.4, 0.6]), np.array([0.0, 0.7, 0.3])),
        (
            np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.3, 0.3, 0.4], [0.0, 0.5, 0.5]]),
            np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.1, 0.5, 0.4], [0.5, 0.5, 0.0]]),
        ),
        (p, q),
    ]


def _kl(p: Array, q: Array) -> Array:
    from scipy import special

    divergences: Array = (special.xlogy(p, p) - special.xlogy(p, q)).sum(axis=-1)
    return divergences


def _is_a_divergence(arguments: Arguments, result: Any) -> str | None:
    p, q = arguments
    expected = _kl(p, q)
    if (np.isnan(result) & np.isfinite(expected)).any():
        return "a divergence came out as nan; a class with p = 0 adds nothing, whatever q is"
    if np.isnan(result).any():
        return "where q says 0 and p does not, the divergence is infinite; yours is nan"
    if (np.isfinite(result) & np.isinf(expected)).any():
        return "where q says 0 and p does not, the divergence is infinite; yours is finite"
    if (np.isinf(result) & np.isfinite(expected)).any():
        return "a divergence is infinite only where q is 0 and p is not; yours is so elsewhere, too"
    if (result < -1e-9).any():
        return f"a divergence is never negative; yours is {listed(result[result < 0])}"
    same = (p == q).all(axis=-1)
    if (same & (result > 1e-9)).any():
        return f"for q = p a divergence is 0; yours is {listed(np.atleast_1d(result[same]))}"
    if p.ndim == 1 and (p > 0).all() and (q > 0).all():
        terms = p * np.log(p / q)
        return f"p·log(p/q), class by class, is {listed(terms)}; yours is not their sum"
    return None


EXERCISES = (
    Exercise(
        number="03.1",
        call="one_hot(y, n_classes)",
        groups=(
            Group(
                "a 1 in the label's own column, 0 elsewhere",
                1,
                _all_occur,
                explains=_rows_hold_one,
            ),
            Group(
                "a column for every class, even one that no label names",
                1,
                _some_missing,
                explains=_rows_hold_one,
            ),
            Group("the entries are floats: Y *= 0.9 works", 1, _scaled),
        ),
        oracle=_one_hot,
        drive=one_hot,
        reads=of_value(scaled),
        forbids=(
            "utils.one_hot",
            "utils.functions.one_hot",
            "sklearn.preprocessing.OneHotEncoder",
            "sklearn.preprocessing.LabelBinarizer",
            "sklearn.preprocessing.label_binarize",
        ),
    ),
    Exercise(
        number="03.2",
        call="cross_entropy(logits, y)",
        groups=(
            Group(
                "the mean of −log p of the true classes",
                2,
                _few,
                explains=partial(_is_a_loss, _losses),
            ),
            Group(
                "finite and right for scores of ±1000 and more, and for rows 800 apart",
                2,
                _far,
                explains=partial(_is_a_loss, _losses),
            ),
        ),
        oracle=lambda logits, y: np.mean(_losses(logits, y)),
        forbids=(
            "utils.cross_entropy",
            "utils.functions.cross_entropy",
            "sklearn.metrics.log_loss",
        ),
    ),
    Exercise(
        number="03.3",
        call="binary_cross_entropy(z, y)",
        groups=(
            Group(
                "the mean of −log p of what happened",
                2,
                _few_binary,
                explains=partial(_is_a_loss, _binary_losses),
            ),
            Group(
                "exact for log-odds of ±1000 and more, and where the loss is tiny",
                1,
                _far_binary,
                explains=partial(_is_a_loss, _binary_losses),
            ),
        ),
        oracle=lambda z, y: np.mean(_binary_losses(z, y)),
        forbids=(
            "utils.binary_cross_entropy",
            "utils.functions.binary_cross_entropy",
            "utils.cross_entropy",
            "utils.functions.cross_entropy",
            "sklearn.metrics.log_loss",
        ),
        atol=1e-25,  # a loss of 4.2e-18 counts
    ),
    Exercise(
        number="03.4",
        call="kl_divergence(p, q)",
        groups=(
            Group("two distributions", 1, _two, explains=_is_a_divergence),
            Group(
                "one number for each row of two matrices",
                1,
                _tables,
                explains=_is_a_divergence,
            ),
            Group(
                "0·log 0 is 0, and q = 0 < p gives inf, without a warning",
                1,
                _zeros,
                explains=_is_a_divergence,
                quiet=True,
            ),
        ),
        oracle=_kl,
        forbids=(
            "scipy.special.rel_entr",
            "scipy.special.kl_div",
            "scipy.stats.entropy",
        ),
    ),
)
