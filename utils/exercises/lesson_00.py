"""What the exercise of lesson 00 accepts."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.judge import Arguments, Exercise, Group, Misconception


def _small(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([[2.0, 3.0], [5.0, 7.0]]),), (rng.normal(size=(3, 2)),)]


def _shapes(rng: np.random.Generator) -> list[Arguments]:
    return [(rng.normal(size=shape),) for shape in ((4, 1), (1, 3), (6, 4))] + [
        (rng.integers(2, 9, size=(3, 2)),)
    ]


def _oracle(X: Any) -> Any:
    return np.concatenate([np.ones((len(X), 1)), X], axis=1)


def _law(arguments: Arguments, result: Any) -> str | None:
    if not np.allclose(result[:, 0], 1):
        other = result[~np.isclose(result[:, 0], 1), 0][0]
        return f"the first column should be all ones; yours holds {other:.4g}"
    return None


def _overwrites(X: Any) -> Any:
    X[:, 0] = 1
    return X


def _grows_in_place(X: Any) -> Any:
    grown = np.column_stack([np.ones(len(X)), X])
    X[:] = 1
    return grown


EXERCISES = (
    Exercise(
        number="00.1",
        call="add_intercept(X)",
        groups=(
            Group("a column of ones stands first, X follows as it was", 1, _small, _law),
            Group("any number of rows and columns, integers too", 1, _shapes, _law),
        ),
        oracle=_oracle,
        forbids=("utils.add_intercept", "utils.functions.add_intercept"),
        misconceptions=(
            Misconception(
                "ones last",
                lambda X: np.column_stack([X, np.ones(len(X))]),
                "You put the ones last. Everywhere in this course the intercept is column 0, "
                "so the ones go in front.",
            ),
            Misconception(
                "zeros",
                lambda X: np.column_stack([np.zeros(len(X)), X]),
                "Your new column holds zeros. A zero times the intercept is nothing: it takes ones "
                "to let the intercept through.",
            ),
            Misconception(
                "overwrites the first feature",
                _overwrites,
                "You wrote the ones over the first feature, and into the caller's own array. "
                "Build a new array that is one column wider.",
            ),
            Misconception(
                "changes X in place",
                _grows_in_place,
                "Your result is right, but X itself is different afterwards. "
                "Whoever called you still needs it: work on a new array.",
            ),
            Misconception(
                "a row instead of a column",
                lambda X: np.vstack([np.ones(X.shape[1]), X]),
                "You added a row of ones: one example more. It takes a column: one feature more "
                "for each example.",
            ),
            Misconception(
                "a vector of ones",
                lambda X: np.hstack([np.ones(len(X)), X]),
                "NumPy could not set your ones beside X. X is a table, so the ones must be one too: "
                "shape (n, 1), a column, and not (n,) or (1, n).",
            ),
            Misconception(
                "a column that counts",
                lambda X: np.column_stack([np.arange(1, len(X) + 1), X]),
                "You numbered the rows. Every entry of the new column is 1.",
            ),
            Misconception(
                "cut to whole numbers",
                lambda X: np.column_stack([np.ones(len(X)), X]).astype(int),
                "X lost its decimals: your result holds whole numbers. Leave the type to NumPy.",
            ),
            Misconception(
                "only the column",
                lambda X: np.ones((len(X), 1)),
                "You return the column of ones alone. Put it in front of X and return both together.",
            ),
            Misconception(
                "adds one",
                lambda X: X + 1,
                "You added 1 to every number. What is wanted is one more column, filled with ones.",
            ),
        ),
    ),
)
