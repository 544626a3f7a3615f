"""What the exercises of lesson 02 ask and accept."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.exercises.common import Array, listed, log_softmax, no_arguments, open_group, softmax
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

LN3 = np.log(3.0)


def _matrices(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, 0.0], [0.0, LN3]]),),
        (np.array([[2.0, 1.0, 0.1]]),),
        (rng.normal(size=(2, 3)),),
        (rng.normal(scale=3, size=(3, 3)),),
        (rng.normal(scale=3, size=(5, 4)),),
        (rng.integers(-3, 4, size=(3, 2)),),
    ]


def _vectors(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([0.0, LN3]),), (np.array([2.0, 1.0, 0.1]),), (rng.normal(size=6),)]


def _large(rng: np.random.Generator) -> list[Arguments]:
    near, far = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    return [
        (np.array([[0.0, 1000.0]]),),
        (np.array([[-1000.0, 1000.0]]),),
        (np.array([[1000.0, 1000.0 + LN3]]),),
        (np.array([[-1000.0, -1000.0 + LN3]]),),
        (np.array([[1000.0, -1000.0, 0.0], [0.0, 1000.0, -1000.0]]),),
        (np.array([[0.0, LN3], [-800.0, -800.0 + LN3]]),),
        (np.vstack([near, far - 800]),),
        (np.vstack([near + 1000, far - 1000]),),
        (np.array([[-20_000.0, 0.0, 20_000.0]]),),  # too far for a wider float as well
        (np.array([-1000.0, 0.0, 1000.0]),),
    ]


def _apart(logits: Array, L: Array, name: str) -> str | None:
    """Return one sentence on two classes of a row whose log-probabilities lie wrongly apart.

    That they are as far apart as their scores is what the softmax was derived from.
    """
    differ = ~np.isclose(np.diff(L), np.diff(logits), atol=1e-6) & np.isfinite(np.diff(L))
    for place in np.argwhere(differ):
        at = tuple(place)
        return (
            f"{name} should lie as far apart as their scores, {np.diff(logits)[at]:.6g}; "
            f"yours lie {np.diff(L)[at]:.6g} apart"
        )
    return None


def _sums_to_one(arguments: Arguments, P: Array) -> str | None:
    (logits,) = arguments
    if not np.isfinite(P).all():
        row = logits if P.ndim == 1 else logits[~np.isfinite(P).all(axis=-1)][0]
        return (
            f"a probability came out as {P[~np.isfinite(P)][0]}, "
            f"among scores from {row.min():.6g} to {row.max():.6g}"
        )
    if (P < 0).any():
        return f"no probability is negative; you have {listed(P[P < 0])}"
    rows = P.sum(axis=-1)
    if np.allclose(rows, 1):
        with np.errstate(divide="ignore", invalid="ignore"):
            return _apart(logits, np.log(P), "the logarithms of neighbouring probabilities")
    if P.ndim == 1:
        return f"the probabilities should sum to 1; yours sum to {rows:.6g}"
    extra = "; your columns sum to 1" if np.allclose(P.sum(axis=0), 1) else ""
    return f"each row should sum to 1; yours sum to {listed(rows, digits=6)}{extra}"


def _log_sums_to_one(arguments: Arguments, L: Array) -> str | None:
    if not np.isfinite(L).all():
        return f"a log-probability came out as {L[~np.isfinite(L)][0]}, though it is finite"
    rows = np.atleast_1d(np.exp(np.minimum(L, 700)).sum(axis=-1))
    if np.allclose(rows, 1):
        return _apart(arguments[0], L, "neighbouring log-probabilities")
    return f"the exponentials of each row should sum to 1; yours sum to {listed(rows, digits=6)}"


def _jacobian(p: Array) -> Array:
    """Return the Jacobian by a complex step: exact to rounding, and no formula in sight."""
    h = 1e-30
    stepped = p[None, :] * np.exp(1j * h * np.eye(len(p)))  # row j: score j moved by ih
    J: Array = (stepped / stepped.sum(axis=1, keepdims=True)).imag.T / h
    return J


def _distributions(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.25, 0.75]),),
        (np.array([0.2, 0.3, 0.5]),),
        (rng.dirichlet(np.ones(3)),),
    ]


def _more_distributions(rng: np.random.Generator) -> list[Arguments]:
    return [(rng.dirichlet(np.ones(k)),) for k in (3, 4, 7)]


def _rows_sum_to_zero(arguments: Arguments, J: Array) -> str | None:
    (p,) = arguments
    if not np.isfinite(J).all():
        return f"every derivative is finite; you have {listed(J[~np.isfinite(J)])}"
    off = np.abs(J - _jacobian(p)).max()
    if off < 0.003:
        return f"yours comes close, but is off by up to {off:.1e}: more than a float's rounding"
    for i, j in np.argwhere(~np.isclose(J, J.T)):
        return (
            f"entries ({i}, {j}) and ({j}, {i}) should be equal; "
            f"yours are {J[i, j]:.4g} and {J[j, i]:.4g}"
        )
    rows = J.sum(axis=1)
    if not np.allclose(rows, 0):
        return (
            "adding the same number to every score changes nothing, so each row must sum to 0; "
            f"yours sum to {listed(rows, digits=6)}"
        )
    return None


def _shares(scores: Array) -> Array:
    sizes: Array = np.abs(scores) / np.abs(scores).max()  # so that no sum can overflow
    shares: Array = sizes / sizes.sum()
    return shares


def _unusable(x: Any) -> str | None:
    if not isinstance(x, np.ndarray) or x.ndim != 1 or len(x) < 2 or x.dtype.kind not in "iuf":
        return "return one vector of at least two scores"
    x = x.astype(float)
    if not np.isfinite(x).all():
        return "every score should be a finite number"
    if np.abs(x).sum() == 0:
        return "all scores are 0, so the shares are 0/0"
    if len(set(x.tolist())) < len(x):
        return "two scores are equal, so there is no order between them to reverse"
    if sorted(x.tolist()) == [-2, -1, 0]:
        return "those are the scores of the lesson; find others"
    return None


def _kind(arguments: Arguments, x: Any) -> str:
    """Return what two answers with the same mistake have in common, whatever their scores."""
    problem = _unusable(x)
    if problem:
        return problem
    x = x.astype(float)
    if (x < 0).any():
        wins = np.argmax(_shares(x)) == np.argmax(x)
        return "the largest wins" if wins else f"it does not, {min((x > 0).sum(), 2)} above 0"
    return "shares" if np.isclose(x.sum(), 1) else "no score below 0"


def _winner_loses(arguments: Arguments, x: Any) -> str | None:
    problem = _unusable(x)
    if problem:
        return problem
    x = x.astype(float)
    if np.argmax(_shares(x)) == np.argmax(x):
        return f"the largest score, {x.max():.4g}, still gets the largest share, {_shares(x).max():.3f}"
    return None


def _reversed(arguments: Arguments, x: Any) -> str | None:
    problem = _unusable(x)
    if problem:
        return problem
    x = x.astype(float)
    shares = _shares(x)[np.argsort(x)]
    if (np.diff(shares) >= 0).any():
        return f"from the smallest score to the largest the shares should fall; yours are {listed(shares, digits=6)}"
    return None


EXERCISES = (
    Exercise(
        number="02.1",
        call="softmax(logits)",
        groups=(
            Group(
                "each row of a matrix becomes a distribution", 1, _matrices, explains=_sums_to_one
            ),
            Group(
                "scores of ±1000 and rows 800 apart stay finite", 1, _large, explains=_sums_to_one
            ),
            Group("a single vector of scores works too", 1, _vectors, explains=_sums_to_one),
        ),
        oracle=softmax,
        forbids=(
            "utils.softmax",
            "utils.functions.softmax",
            "utils.log_softmax",
            "utils.functions.log_softmax",
            "scipy.special.softmax",
            "scipy.special.log_softmax",
            "sklearn.utils.extmath.softmax",
        ),
    ),
    Exercise(
        number="02.2",
        call="log_softmax(logits)",
        groups=(
            Group("the logarithm of each row's softmax", 1, _matrices, explains=_log_sums_to_one),
            Group(
                "scores of ±1000 and rows 800 apart stay finite",
                1,
                _large,
                explains=_log_sums_to_one,
            ),
            Group("a single vector of scores works too", 1, _vectors, explains=_log_sums_to_one),
        ),
        oracle=log_softmax,
        forbids=(
            "utils.log_softmax",
            "utils.functions.log_softmax",
            "scipy.special.log_softmax",
            "utils.logsumexp",
            "utils.functions.logsumexp",
            "scipy.special.logsumexp",
        ),
    ),
    Exercise(
        number="02.3",
        call="softmax_jacobian(p)",
        groups=(
            Group("two and three classes", 1, _distributions, explains=_rows_sum_to_zero),
            Group("any number of classes", 2, _more_distributions, explains=_rows_sum_to_zero),
        ),
        oracle=_jacobian,
    ),
    Exercise(
        number="02.4",
        call="l1_counterexample()",
        signature=_kind,
        groups=(
            open_group(
                "the largest score does not get the largest share", 1, no_arguments, _winner_loses
            ),
            open_group("the whole order is reversed", 1, no_arguments, _reversed),
        ),
    ),
)
