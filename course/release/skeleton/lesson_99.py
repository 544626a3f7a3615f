"""What the exercises of lesson 99 ask and accept."""

from __future__ import annotations

import numpy as np

from course.exercises.common import Array
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments


def _small(rng: np.random.Generator) -> list[Arguments]:
    """Return the cases that show most: each a tuple of arguments, the smallest first."""
    return [(np.array([2, 1, 1]),), (np.array([8, 1, 1]),)]


def _drawn(rng: np.random.Generator) -> list[Arguments]:
    """Return cases that differ with the seed: what is random comes from `rng`."""
    return [(rng.integers(1, 20, size=size),) for size in (2, 3, 6)]


def _right(counts: Array) -> Array:
    """Return what is expected, found in another way than the answer's."""
    return np.array([count / sum(counts) for count in counts])


def _sum_to_one(arguments: Arguments, result: Array) -> str | None:
    """Say in a sentence what is visibly wrong with a result of the right shape, or nothing."""
    if np.isclose(result.sum(), 1):
        return None
    return f"the shares should sum to 1; yours sum to {result.sum():.4g}"


EXERCISES = (
    Exercise(
        number="99.1",
        call="example_99(counts)",
        groups=(
            Group("three counts become shares", 1, _small, explains=_sum_to_one),
            Group("any number of counts", 1, _drawn, explains=_sum_to_one),
        ),
        oracle=_right,
    ),
)
