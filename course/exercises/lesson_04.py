"""What the exercises of lesson 04 ask and accept."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from course.exercises.common import Array, listed, open_group
from course.exercises.drives import (
    cubes_and_neighbours,
    cubes_of_column_sums,
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
    # The number of classes, of columns and of examples differ, so that none can stand for another;
    # but in the last case all are equal, so that not every wrong product ends in the same error.
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
        (rng.normal(size=(3, 3)), _data(rng, 3, 3), np.array([1, 2, 0])),
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
        # Out of reach of a wider float, whose exponential ends at 11 356.
        (
            np.array([[0.0, 30.0], [1.0, 0.0], [0.0, -30.0]]),
            X + rng.normal() * (X > 1),
            np.arange(4) % 3,
        ),
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
    Theta, right = arguments[0], _slope(*arguments)
    if np.allclose(G[:, 0], 0) and not np.allclose(right[:, 0], 0):
        return "all slopes of the intercepts (column 0) came out as 0"
    share = _multiple(G - right, Theta)
    if share:
        return (
            f"your slopes are the right ones plus {share:.3g} · Theta, as if there were a penalty"
        )
    sums = G.sum(axis=0)
    if not np.allclose(sums, 0):
        return (
            "the rows of P and of Y sum to 1, so over the classes the slopes of each column must "
            f"sum to 0; yours sum to {listed(np.where(np.abs(sums) < 1e-9, 0, sums))}"
        )
    factor = _multiple(G, right)
    if factor and factor != 1:
        return f"every slope is {factor:.3g} times what it should be"
    return None


def _multiple(a: Array, b: Array) -> float:
    """Return by what b has to be multiplied to get a; 0 where no number does it."""
    size = (b**2).sum()
    factor = float((a * b).sum() / size) if size else 0.0
    return factor if np.allclose(a, factor * b, rtol=1e-6, atol=1e-12) else 0.0


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


def _differences_of_column_sums(theta: Array, h: float) -> Array:
    slopes: Array = np.broadcast_to(3 * theta.sum(axis=0) ** 2 + h**2, theta.shape)
    return slopes


_ON_PAPER: dict[Callable[[Array], Any], Callable[[Array, float], Array]] = {
    square_of_first_times_second: _differences_of_square,
    cubes_and_neighbours: _differences_of_cubes,
    exponentials: _differences_of_exponentials,
    cubes_of_column_sums: _differences_of_column_sums,
}


def _centred(f: Callable[[Array], Any], theta: Array, h: float) -> Array:
    return _ON_PAPER[f](theta, h)


def _vectors(rng: np.random.Generator) -> list[Arguments]:
    return [
        (square_of_first_times_second, np.array([3.0, 2.0]), 0.5),
        (square_of_first_times_second, np.array([-3.0, 2.0]), 0.25),
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
        (exponentials, rng.normal(size=(1, 1)), 0.3),
        # This one looks at the shape of what it gets.
        (cubes_of_column_sums, np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 0.0]]), 0.5),
        (cubes_of_column_sums, rng.normal(size=(3, 2)), 0.2),
    ]


def _whole(rng: np.random.Generator) -> list[Arguments]:
    return [
        (cubes_and_neighbours, np.array([2, 1]), 0.5),
        (exponentials, np.array([[0, 1], [2, -1], [-2, 3]]), 0.1),
        (cubes_and_neighbours, rng.integers(1, 4, size=4), 0.2),
    ]


def _two_values(arguments: Arguments, result: Array) -> str:
    """Show where the first wrong slope comes from."""
    f, theta, h = arguments
    right = _centred(*arguments)
    place = tuple(int(k) for k in np.argwhere(~np.isclose(result, right, 1e-6, 1e-9))[0])
    step = np.zeros(theta.shape)
    step[place] = h
    up, down = f(theta + step), f(theta - step)
    return (
        f"with theta{list(place)} alone moved by h, f is {up:.6g} above and {down:.6g} below, "
        f"a difference of {up - down:.6g} over a distance of {2 * h:g}; "
        f"your slope there is {result[place]:.6g}"
    )


# --- 04.3 gradient_descent -----------------------------------------------------------------------


def _one_step(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[1.0, 2.0, 4.0]]), np.array([1]), 2, 0.1, 1),
        (_data(rng, 5, 3), np.array([3, 0, 2, 1, 3]), 4, 0.3, 1),
    ]


# Here the slope is 0 from the start: whoever stops when nothing changes stops at once.
LEVEL = (np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([0, 1]), 2, 0.5, 3)
# Here one step is enough: whoever stops when the loss or the slope is small stops there.
SETTLED = (np.array([[1.0, 10.0], [1.0, -10.0]]), np.array([0, 1]), 2, 5.0, 3)
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
        SETTLED,
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
    """Say what is wrong: of the history where that is wrong, else of Theta."""
    X, y, *_, n_steps = arguments
    Theta, history = result
    if not (np.isfinite(Theta).all() and np.isfinite(history).all()):
        return "a number came out as nan or inf"
    right, losses = _descent(*arguments)
    if history.shape != losses.shape:
        return f"history has the shape {history.shape}; with n_steps = {n_steps} it has ({n_steps + 1},)"
    wrong = np.flatnonzero(~np.isclose(history, losses, 1e-6, 1e-9))
    moved = not np.allclose(Theta, right, 1e-6, 1e-9)
    if wrong.size:
        return _history_wrong(arguments, Theta if moved else right, history, losses, wrong[0])
    at = _loss(Theta, X, y) if moved else losses[-1]
    if not np.isclose(at, history[-1], 1e-6, 1e-9):
        return f"history ends with {history[-1]:.4g}, but the Theta that you return has {at:.4g}"
    return None


def _history_wrong(
    arguments: Arguments, Theta: Array, history: Array, losses: Array, first: int
) -> str | None:
    """Say what is wrong with a history, the first wrong entry of which is known."""
    X, y, n_classes, lr, n_steps = arguments
    n, got, wanted = len(y), history[first], losses[first]
    if first == 0 and not (n > 1 and np.isclose(got, n * wanted)):
        return (
            f"with all weights 0 each of the {n_classes} classes has the same probability, so the "
            f"first loss is log {n_classes} = {wanted:.4f}; yours is {got:.4g}"
        )
    if n > 1 and np.isclose(got, n * wanted):
        return f"history[{first}] is {n} times the mean loss, and there are {n} examples"
    right = _descent(*arguments)[0]
    if np.allclose(Theta, right, 1e-6, 1e-9):
        return f"your Theta is right, but history[{first}] is {got:.4g} where it should be {wanted:.4g}"
    if np.allclose(Theta, 0):
        return "your Theta is all 0: no step shows in it"
    if np.allclose(Theta[:, 0], 0) and not np.allclose(right[:, 0], 0):
        return "the intercepts (column 0 of Theta) came out as 0"
    first_step = -lr * _slope(np.zeros_like(right), X, y)
    if first == 1 and n_steps == 1:
        factor = _multiple(Theta, first_step)
        if factor < 0:
            return f"your step goes uphill: the loss rises from {history[0]:.4g} to {got:.4g}"
        if factor:
            return f"your step is {factor:.3g} times as long as lr times the slope"
    if first == n_steps == 2:
        second_step = -lr * _slope(first_step, X, y)
        factor = _multiple(Theta - first_step, second_step)
        if factor:
            return (
                "your first step is right, the second is "
                f"{factor:.3g} times as long as lr times the slope there"
            )
    if first == 1:
        sums = Theta.sum(axis=0)
        if n_steps == 1 and not np.allclose(sums, 0):
            return (
                "over the classes each column of the slopes sums to 0; "
                f"the columns of your Theta, one step from zeros, sum to {listed(sums)}"
            )
        return "the first loss is right; the first step is not lr times the slope of the mean loss"
    if first > 1:
        return (
            f"the losses are right up to history[{first - 1}]; step {first} is the first wrong one"
        )
    return None


# --- 04.4 minibatches ----------------------------------------------------------------------------


def _even(rng: np.random.Generator) -> list[Arguments]:
    sizes = ((6, 2), (12, 4), (5, 1), (9, 9), (1, 1))
    return [(n, size, int(rng.integers(1000))) for n, size in sizes]


def _uneven(rng: np.random.Generator) -> list[Arguments]:
    sizes = ((5, 2), (10, 4), (23, 6), (3, 8), (1, 3))
    return [(n, size, int(rng.integers(1000))) for n, size in sizes]


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
    if batches is None and any(np.asarray(b).dtype == bool for b in value):
        return "your batches hold True and False; rows are picked by whole numbers"
    if batches is None:
        return "return a list with one vector of indices for each batch"
    sizes = np.array([len(b) for b in batches])
    wanted = np.array([min(batch_size, n - first) for first in range(0, n, batch_size)])
    if not np.array_equal(sizes, wanted):
        return (
            f"{n} examples in batches of {batch_size} make batches of {listed(wanted)}; "
            f"yours have {listed(sizes) or 'none'}"
        )
    flat = np.concatenate(batches)
    if flat.dtype.kind == "f":
        return f"your indices are of dtype {flat.dtype}; rows are picked by whole numbers"
    indices = np.sort(flat)
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
    if _regular(first):
        return f"the examples come at regular distances, not at random: {listed(first)}"
    if np.array_equal(first, second):
        return "a second pass with the same rng dealt the same batches again"
    if not np.array_equal(first, again):
        return "two generators with the same seed dealt different batches"
    for one in (first, second):
        if _in_place(one) > STAY:
            return f"{_in_place(one)} of the {n} examples stay in their own place"
        if _leans(one) > LEAN:
            return "what lies at the beginning of the data comes at one end of the pass"
    if (first == second).sum() > STAY:
        return f"{(first == second).sum()} of the {n} examples have the same place in both passes"
    if (shared := _together(passes[0], passes[1])) > TOGETHER:
        return f"{shared} pairs of examples share a batch in both passes; by chance about 40 do"
    return None


# What no random order of 120 examples in batches of 10 reaches once in a thousand million times:
STAY = 15  # by chance 1 ± 1
LEAN = 0.6  # by chance 0 ± 0.09
TOGETHER = 110  # by chance 41 ± 6


def _regular(order: Array) -> bool:
    """Return whether the distances from one to the next are always the same few."""
    return len(set(np.diff(order) % len(order))) < 20


def _in_place(order: Array) -> int:
    return int((order == np.arange(len(order))).sum())


def _leans(order: Array) -> float:
    """Return how closely places and indices go together, from 0 to 1."""
    return float(abs(np.corrcoef(order, np.arange(len(order)))[0, 1]))


def _together(*passes: list[Array]) -> int:
    """Return how many pairs of examples share a batch in each of two passes."""
    first, second = (
        {pair for batch in one for pair in itertools.combinations(sorted(batch.tolist()), 2)}
        for one in passes
    )
    return len(first & second)


def _neighbours(batches: list[Array]) -> list[bool]:
    """Say of each batch of five or more whether it holds examples that lie side by side."""
    return [np.ptp(b) == len(b) - 1 for b in batches if len(b) > 4]


def _what_was_dealt(arguments: Arguments, value: Any) -> Array | tuple[Array, Array]:
    """Return what two answers with the same mistake share, whatever they drew."""
    n = arguments[0]
    values = value if len(arguments) > 3 else [value]
    passes = [batches for one in values if (batches := _batches(one)) is not None]
    if len(passes) < len(values):
        one = values[0]
        flat_piece = isinstance(one, np.ndarray) and one.ndim == 1
        return np.array([-1, len(one) if flat_piece else 0])
    sizes = np.sort([len(b) for b in passes[0]])
    flat = [np.concatenate([*batches, []]) for batches in passes]
    first, beside = flat[0], _neighbours(passes[0])
    facts = [
        any(b.dtype.kind == "f" for b in passes[0] if b.size),
        len(set(first)) == len(first),
        set(first) == set(range(n)),
        set(first) == set(range(1, n + 1)),
        bool((np.diff(first) > 0).all()) and n > 6,
        bool(beside) and sum(beside) >= 0.8 * len(beside),
    ]
    if len(arguments) > 3:
        second, again = flat[1:]
        facts += [
            any(beside),
            _regular(first),
            np.array_equal(first, second),
            np.array_equal(first, again),
            len(first) == n and max(_in_place(first), _in_place(second)) > STAY,
            len(first) > 1 and max(_leans(first), _leans(second)) > LEAN,
            len(first) == len(second) and (first == second).sum() > STAY,
            _together(passes[0], passes[1]) > TOGETHER,
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
        forbids=("utils.descent.numerical_gradient",),
    ),
    Exercise(
        number="04.3",
        call="gradient_descent(X, y, n_classes, lr, n_steps)",
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
        forbids=("utils.descent.walk",),
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
