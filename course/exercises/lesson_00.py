"""What the exercise of lesson 00 asks and accepts."""

from __future__ import annotations

import numpy as np

from course.exercises.common import Array
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments


def _small(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[2.0, 3.0], [5.0, 7.0]]),),
        (rng.normal(size=(3, 3)),),
        (rng.normal(size=(4, 1)),),
        (rng.normal(size=(3, 2)),),
    ]


def _shapes(rng: np.random.Generator) -> list[Arguments]:
    return [(rng.normal(size=shape),) for shape in ((1, 3), (6, 4), (5, 1))] + [
        (rng.integers(2, 9, size=(3, 2)),)
    ]


def _with_ones(X: Array) -> Array:
    return np.concatenate([np.ones((len(X), 1)), X], axis=1)


def _starts_with_ones(arguments: Arguments, result: Array) -> str | None:
    other = result[~np.isclose(result[:, 0], 1), 0]
    if other.size:
        return f"the first column should be all ones; yours holds {other[0]:.4g}"
    (X,) = arguments
    for row, column in np.argwhere(~np.isclose(result[:, 1:], X)):
        was, became = X[row, column], result[row, column + 1]
        return f"behind the ones X should stand as it was; in row {row} its {was:.4g} became {became:.4g}"
    return None


EXERCISES = (
    Exercise(
        number="00.1",
        call="add_intercept(X)",
        groups=(
            Group(
                "a column of ones stands first, X follows as it was",
                1,
                _small,
                explains=_starts_with_ones,
            ),
            Group(
                "any number of rows and columns, integers too",
                1,
                _shapes,
                explains=_starts_with_ones,
            ),
        ),
        oracle=_with_ones,
        forbids=("utils.add_intercept", "utils.functions.add_intercept"),
    ),
)
