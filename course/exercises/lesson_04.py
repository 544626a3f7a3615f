"""What the exercises of lesson 04 ask and accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.exercises.common import Array, listed, open_group
from course.exercises.drives import (
    cubes_and_neighbours,
    deal,
    exponentials,
    square_of_first_times_second,
)
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments


def _data(rng: np.random.Generator, n: int, columns: int) -> Array:
    """Return n examples with the column of ones in front."""
    return np.column_stack([np.ones(n), rng.normal(size=(n, columns - 1))])


# --- 04.1 softmax_gradient -----------------------------------------------------------------------


def _few(rng: np.random.Generator) -> list[Arguments]:
    # The number of classes, of columns and of examples differ, so that none can stand for another.
    return [
        (np.zeros((2, 3)), np.array([[1.0, 2.0, 4.0]]), np.array([1])),
        (
            np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]),
            np.array([[1.0, 2.0, 4.0], [1.0, -1.0, 0.0], [1.0, 0.5, -2.0], [1.0, 3.0, 1.0]]),
            np.array([1, 0, 1, 1]),
        ),
        (rng.normal(size=(4, 3)), _data(rng, 4, 3), np.array([2, 0, 3, 1])),
        (rng.normal(size=(3, 2)), _data(rng, 7, 2), np.array([1, 2, 0, 0, 2, 1, 2])),
        (rng.normal(size=(3, 5)), _data(rng, 6, 5), np.array([2, 1, 0, 2, 0, 0])),
    ]


def _class_missing(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.zeros((3, 2)), np.array([[1.0, 2.0]]), np.array([0])),
        (rng.normal(size=(4, 3)), _data(rng, 5, 3), np.array([2, 0, 0, 2, 2])),
    ]


def _far(rng: np.random.Generator) -> list[Arguments]:
    X = np.array([[1.0, 1000.0], [1.0, -1000.0], [1.0, 0.5], [1.0, 700.0]])
    return [
        (np.array([[0.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), X, np.array([0, 1, 2, 1])),
        (np.array([[800.0, 1], [0, 2], [0, 3]]) + rng.normal(), X, np.array([1, 2, 2, 0])),
    ]


def _loss(Theta: Array, X: Array, y: Array) -> Any:
    """Return the mean cross-entropy; Theta may be complex."""
    z = X @ Theta.T
    shifted = z - z.real.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]
    return losses.mean()


def _slope(Theta: Array, X: Array, y: Array) -> Array:
    """Return the gradient by a complex step: exact to rounding, and no formula in sight."""
    h = 1e-30
    gradient = np.empty(Theta.shape)
    for place in np.ndindex(Theta.shape):
        stepped = Theta.astype(complex)
        stepped[place] += 1j * h
        gradient[place] = _loss(stepped, X, y).imag / h
    return gradient


def _slopes_sum_to_zero(arguments: Arguments, G: Array) -> str | None:
    if not np.isfinite(G).all():
        return f"a slope came out as {G[~np.isfinite(G)][0]}, though it is finite"
    sums = G.sum(axis=0)
    if not np.allclose(sums, 0):
        return (
            "the rows of P and of Y sum to 1, so over the classes the slopes of each column must "
            f"sum to 0; yours sum to {listed(sums)}"
        )
    if np.allclose(G[:, 0], 0) and not np.allclose(_slope(*arguments)[:, 0], 0):
        return "all slopes of the intercepts (column 0) came out as 0"
    return None


# --- 04.2 numerical_gradient ---------------------------------------------------------------------
# Each function stands beside its centred difference on paper, so no answer's code is an oracle.


def _differences_of_square(theta: Array, h: float) -> Array:
    return np.array([2 * theta[0] * theta[1], theta[0] ** 2])


def _differences_of_cubes(theta: Array, h: float) -> Array:
    v = np.ravel(theta)
    beside = np.append(0, v[:-1]) + np.append(v[1:], 0)
    slopes: Array = np.arange(1, v.size + 1) * (3 * v**2 + h**2) + beside
    return slopes.reshape(theta.shape)


def _differences_of_exponentials(theta: Array, h: float) -> Array:
    slopes: Array = np.exp(theta) * np.sinh(h) / h
    return slopes


_ON_PAPER: dict[Callable[[Array], Any], Callable[[Array, float], Array]] = {
    square_of_first_times_second: _differences_of_square,
    cubes_and_neighbours: _differences_of_cubes,
    exponentials: _differences_of_exponentials,
}


def _centred(f: Callable[[Array], Any], theta: Array, h: float) -> Array:
    return _ON_PAPER[f](theta, h)


def _vectors(rng: np.random.Generator) -> list[Arguments]:
    return [
        (square_of_first_times_second, np.array([3.0, 2.0]), 0.5),
        (cubes_and_neighbours, np.array([0.7, -0.3, 1.1]), 0.1),
        (exponentials, rng.normal(size=4), 0.5),
        (cubes_and_neighbours, rng.normal(size=6), 1e-3),
        (cubes_and_neighbours, rng.normal(size=5) + 1, 1e-5),
    ]


def _matrices(rng: np.random.Generator) -> list[Arguments]:
    return [
        (cubes_and_neighbours, np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]]), 0.5),
        (exponentials, rng.normal(size=(3, 2)), 0.1),
        (cubes_and_neighbours, rng.normal(size=(2, 2, 2)), 1e-2),
    ]


def _whole(rng: np.random.Generator) -> list[Arguments]:
    return [
        (cubes_and_neighbours, np.array([2, 1]), 0.5),
        (exponentials, np.array([[0, 1], [2, -1], [-2, 3]]), 0.1),
        (cubes_and_neighbours, rng.integers(1, 4, size=4), 0.2),
    ]


def _two_values(arguments: Arguments, result: Array) -> str:
    f, theta, h = arguments
    place = (0,) * theta.ndim
    step = np.zeros(theta.shape)
    step[place] = h
    up, down = f(theta + step), f(theta - step)
    return f"with the first entry alone moved by h, f is {up:.6g} above and {down:.6g} below"


# --- 04.3 gradient_descent -----------------------------------------------------------------------


def _one_step(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[1.0, 2.0, 4.0]]), np.array([1]), 2, 0.1, 1),
        (_data(rng, 5, 3), np.array([3, 0, 2, 1, 3]), 4, 0.3, 1),
    ]


# Here the slope is 0 from the start: whoever stops when nothing changes stops at once.
LEVEL = (np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([0, 1]), 2, 0.5, 3)
# Here the rate is too large: the loss falls, then rises twice.
JUMPS = (np.array([[1.0, 2.0], [1.0, -1.0], [1.0, 1.0]]), np.array([1, 0, 0]), 2, 4.0, 3)


def _many_steps(rng: np.random.Generator) -> list[Arguments]:
    return [
        (
            np.array([[1.0, 2.0, 4.0], [1.0, -1.0, 0.0], [1.0, 0.0, 1.0]]),
            np.array([1, 0, 0]),
            2,
            0.5,
            2,
        ),
        (_data(rng, 6, 2), np.array([1, 2, 0, 0, 1, 2]), 3, 0.2, 5),
        (_data(rng, 8, 4), np.array([2, 1, 0, 2, 0, 1, 1, 0]), 3, 1.5, 20),
        LEVEL,
        JUMPS,
    ]


def _class_missing_or_no_step(rng: np.random.Generator) -> list[Arguments]:
    X = _data(rng, 4, 2)
    return [
        (X, np.array([1, 0, 1, 1]), 4, 0.5, 0),
        (X, np.array([1, 0, 1, 1]), 4, 0.5, 3),
    ]


def _descent(X: Array, y: Array, n_classes: int, lr: float, n_steps: int) -> tuple[Array, Array]:
    Theta = np.zeros((n_classes, X.shape[1]))
    history = [_loss(Theta, X, y)]
    for _ in range(n_steps):
        Theta = Theta - lr * _slope(Theta, X, y)
        history.append(_loss(Theta, X, y))
    return Theta, np.array(history)


def _starts_at_chance(arguments: Arguments, result: Any) -> str | None:
    n_classes = arguments[2]
    Theta, history = result
    if not (np.isfinite(Theta).all() and np.isfinite(history).all()):
        return "a number came out as nan or inf"
    if not np.isclose(history[0], np.log(n_classes)):
        return (
            f"with all weights 0 each of the {n_classes} classes has the same probability, so the "
            f"first loss is log {n_classes} = {np.log(n_classes):.4f}; yours is {history[0]:.4g}"
        )
    if len(history) > 1 and history[1] > history[0] + 1e-9:
        return (
            f"your first step goes uphill: the loss rises from {history[0]:.4g} to {history[1]:.4g}"
        )
    return None


# --- 04.4 minibatches ----------------------------------------------------------------------------


def _even(rng: np.random.Generator) -> list[Arguments]:
    return [(n, size, int(rng.integers(1000))) for n, size in ((6, 2), (12, 4), (5, 1), (9, 9))]


def _uneven(rng: np.random.Generator) -> list[Arguments]:
    return [(n, size, int(rng.integers(1000))) for n, size in ((5, 2), (10, 4), (23, 6), (3, 8))]


def _two_passes(rng: np.random.Generator) -> list[Arguments]:
    return [(120, 10, int(rng.integers(1000)), 2) for _ in range(3)]


def _batches(value: Any) -> list[Array] | None:
    """Return the batches of one pass as vectors, None if they are no such thing."""
    if isinstance(value, np.ndarray) and value.ndim < 2:
        return None
    batches = list(value)
    if all(isinstance(b, np.ndarray) and b.ndim == 1 and b.dtype.kind in "iuf" for b in batches):
        return batches
    return None


def _dealt_wrong(arguments: Arguments, value: Any) -> str | None:
    n, batch_size = arguments[:2]
    batches = _batches(value)
    if batches is None:
        return "return a list with one vector of indices for each batch"
    sizes = np.array([len(b) for b in batches])
    wanted = np.array([min(batch_size, n - first) for first in range(0, n, batch_size)])
    if not np.array_equal(sizes, wanted):
        return (
            f"{n} examples in batches of {batch_size} make batches of {listed(wanted)}; "
            f"yours have {listed(sizes) or 'none'}"
        )
    indices = np.sort(np.concatenate(batches))
    if indices[0] < 0 or indices[-1] >= n:
        return f"indices run from 0 to {n - 1}; yours from {indices[0]:g} to {indices[-1]:g}"
    if not np.array_equal(indices, np.arange(n)):
        return (
            f"every one of the {n} examples should come once; you dealt {len(set(indices))} of them"
        )
    return None


def _ordered_wrong(arguments: Arguments, value: Any) -> str | None:
    n = arguments[0]
    for one in value:
        problem = _dealt_wrong(arguments, one)
        if problem:
            return problem
    passes = [_batches(one) or [] for one in value]
    first, second, again = (np.concatenate(batches) for batches in passes)
    if np.array_equal(first, np.arange(n)):
        return "the examples come in the order in which they lie in the data"
    if any(_neighbours(passes[0])):
        return "a batch holds neighbours only: the examples that lie side by side in the data"
    if np.array_equal(first, second):
        return "a second pass with the same rng dealt the same batches again"
    if not np.array_equal(first, again):
        return "two generators with the same seed dealt different batches"
    return None


def _neighbours(batches: list[Array]) -> list[bool]:
    """Say of each batch of five or more whether it holds examples that lie side by side."""
    return [np.ptp(b) == len(b) - 1 for b in batches if len(b) > 4]


def _what_was_dealt(arguments: Arguments, value: Any) -> Array | tuple[Array, Array]:
    """Return what two answers with the same mistake share, whatever they drew."""
    n = arguments[0]
    values = value if len(arguments) > 3 else [value]
    passes = [batches for one in values if (batches := _batches(one)) is not None]
    if len(passes) < len(values):
        return np.array([-1])
    sizes = np.sort([len(b) for b in passes[0]])
    flat = [np.concatenate([*batches, []]) for batches in passes]
    first = flat[0]
    facts = [
        len(set(first)) == len(first),
        set(first) == set(range(n)),
        set(first) == set(range(1, n + 1)),
        bool((np.diff(first) > 0).all()) and n > 6,
        all(_neighbours(passes[0])) and bool((sizes > 4).any()),
        len(arguments) > 3 and np.array_equal(first, flat[1]),
        len(arguments) > 3 and np.array_equal(first, flat[2]),
    ]
    return sizes, np.array(facts)


EXERCISES = (
    Exercise(
        number="04.1",
        call="softmax_gradient(Theta, X, y)",
        groups=(
            Group(
                "the slope of the mean loss along every weight",
                2,
                _few,
                explains=_slopes_sum_to_zero,
            ),
            Group(
                "a class that no example belongs to",
                1,
                _class_missing,
                explains=_slopes_sum_to_zero,
            ),
            Group("scores of ±1000 give finite slopes", 1, _far, explains=_slopes_sum_to_zero),
        ),
        oracle=_slope,
        forbids=("utils.descent.softmax_gradient", "utils.descent.numerical_gradient"),
    ),
    Exercise(
        number="04.2",
        call="numerical_gradient(f, theta, h)",
        groups=(
            Group("centred differences, one entry at a time", 1, _vectors, explains=_two_values),
            Group("the result has the shape of theta", 1, _matrices, explains=_two_values),
            Group("theta of whole numbers", 1, _whole, explains=_two_values),
        ),
        oracle=_centred,
        forbids=(
            "utils.descent.numerical_gradient",
            "scipy.optimize.approx_fprime",
            "scipy.differentiate.derivative",
            "scipy.differentiate.jacobian",
        ),
    ),
    Exercise(
        number="04.3",
        call="gradient_descent(X, y, n_classes, lr, n_steps)",
        pairs=False,
        groups=(
            Group(
                "one step from zeros, with the loss before and after",
                1,
                _one_step,
                explains=_starts_at_chance,
            ),
            Group(
                "many steps, each from where the last one ended",
                2,
                _many_steps,
                explains=_starts_at_chance,
            ),
            Group(
                "a class without examples; no step at all",
                1,
                _class_missing_or_no_step,
                explains=_starts_at_chance,
            ),
        ),
        oracle=_descent,
        forbids=(
            "utils.descent.walk",
            "utils.models.SoftmaxRegression",
            "utils.SoftmaxRegression",
            "scipy.optimize.minimize",
        ),
    ),
    Exercise(
        number="04.4",
        call="minibatches(n, batch_size, rng)",
        groups=(
            open_group(
                "every example once, in batches of the size asked for", 1, _even, _dealt_wrong
            ),
            open_group("what is left over makes a last, shorter batch", 1, _uneven, _dealt_wrong),
            open_group(
                "in a random order that rng decides, new for each pass",
                1,
                _two_passes,
                _ordered_wrong,
            ),
        ),
        drive=deal,
        signature=_what_was_dealt,
        forbids=("utils.descent.minibatches",),
    ),
)
