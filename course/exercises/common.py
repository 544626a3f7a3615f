"""What the exercises of several lessons share: types, oracles, and words for messages."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from course.judge.exercise import Cases, Explains, Group
from course.judge.run import Arguments

Array: TypeAlias = NDArray[Any]


def softmax(logits: Array) -> Array:
    """Return SciPy's softmax over the last axis."""
    from scipy import special

    result: Array = special.softmax(logits, axis=-1)
    return result


def log_softmax(logits: Array) -> Array:
    """Return SciPy's logarithm of the softmax over the last axis."""
    from scipy import special

    result: Array = special.log_softmax(logits, axis=-1)
    return result


def sigmoid(z: Array) -> Array:
    """Return SciPy's sigmoid."""
    from scipy import special

    result: Array = special.expit(z)
    return result


def no_arguments(rng: np.random.Generator) -> list[Arguments]:
    """Return the one case of an exercise that is called without arguments."""
    return [()]


def listed(values: Array, digits: int = 4) -> str:
    """Return the first numbers of a vector for a sentence: "0.75, 1.25, 1, 1 …"."""
    more = " …" if len(values) > 4 else ""
    return ", ".join(f"{v:.{digits}g}" for v in values[:4]) + more


def follows_a_pattern(draws: Array, p: Array) -> bool:
    """Return whether draws tell of those up to 20 places on, as chance never does.

    Parameters
    ----------
    draws : array of shape (n,)
        Numbers from 0, one after another.
    p : array of shape (K,)
        The probability of each.

    Returns
    -------
    bool
        By chance it is True less than once in a million times.
    """
    n, alike, thrice = len(draws), float((p**2).sum()), float((p**3).sum())
    deviation = (n * (alike - alike**2 + 2 * max(0.0, thrice - alike**2))) ** 0.5
    if deviation < 3:  # nearly always the same one, or too few
        return False
    counts = [(draws[lag:] == draws[:-lag]).sum() - (n - lag) * alike for lag in range(1, 21)]
    return bool(np.abs(counts).max() > 6.5 * deviation)


def open_group(says: str, points: int, cases: Cases, explains: Explains) -> Group:
    """Return a group for an exercise to which many results are right.

    A result is right if `explains` has nothing to say of it.
    """

    def accepts(arguments: Arguments, result: Any) -> bool:
        return explains(arguments, result) is None

    return Group(says, points, cases, explains, accepts)
