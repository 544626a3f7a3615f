"""What the exercises of lesson 04 accept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from utils.drives import cubes_and_neighbours, deal, exponentials, square_of_first_times_second
from utils.judge import Arguments, Exercise, Group, Misconception, listed


def _softmax(z: Any, axis: int = -1) -> Any:
    from scipy import special

    return special.softmax(z, axis=axis)


def _data(rng: np.random.Generator, n: int, columns: int) -> Any:
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


def _loss(Theta: Any, X: Any, y: Any) -> Any:
    """Return the mean cross-entropy; Theta may be complex."""
    z = X @ Theta.T
    shifted = z - z.real.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]
    return losses.mean()


def _slope(Theta: Any, X: Any, y: Any) -> Any:
    """Return the gradient by a complex step: exact to rounding, and no formula in sight."""
    h = 1e-30
    gradient = np.empty(np.shape(Theta))
    for place in np.ndindex(gradient.shape):
        stepped = Theta.astype(complex)
        stepped[place] += 1j * h
        gradient[place] = _loss(stepped, X, y).imag / h
    return gradient


def _slope_law(arguments: Arguments, G: Any) -> str | None:
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


def _eye(Theta: Any, y: Any) -> Any:
    return np.eye(len(Theta))[y]


def _residual(Theta: Any, X: Any, y: Any) -> Any:
    return _softmax(X @ Theta.T) - _eye(Theta, y)


def _gradient(Theta: Any, X: Any, y: Any) -> Any:
    return _residual(Theta, X, y).T @ X / len(X)


def _bias_over_every_axis(Theta: Any, X: Any, y: Any) -> Any:
    """Return the published bug: the residuals summed over examples and classes alike."""
    G = _gradient(Theta, X, y)
    G[:, 0] = _residual(Theta, X, y).sum() / len(X)
    return G


def _g_labels_as_they_are(Theta: Any, X: Any, y: Any) -> Any:
    return (_softmax(X @ Theta.T) - y).T @ X / len(X)


def _g_labels_as_a_column(Theta: Any, X: Any, y: Any) -> Any:
    return (_softmax(X @ Theta.T) - y[:, None]).T @ X / len(X)


def _g_no_softmax(Theta: Any, X: Any, y: Any) -> Any:
    return (X @ Theta.T - _eye(Theta, y)).T @ X / len(X)


def _g_sigmoids(Theta: Any, X: Any, y: Any) -> Any:
    from scipy import special

    return (special.expit(X @ Theta.T) - _eye(Theta, y)).T @ X / len(X)


def _g_wrong_axis(Theta: Any, X: Any, y: Any) -> Any:
    return (_softmax(X @ Theta.T, axis=0) - _eye(Theta, y)).T @ X / len(X)


def _g_naive_softmax(Theta: Any, X: Any, y: Any) -> Any:
    e = np.exp(X @ Theta.T)
    return (e / e.sum(axis=1, keepdims=True) - _eye(Theta, y)).T @ X / len(X)


def _g_classes_from_labels(Theta: Any, X: Any, y: Any) -> Any:
    return (_softmax(X @ Theta.T) - np.eye(y.max() + 1)[y]).T @ X / len(X)


def _g_sigmoid_slope(Theta: Any, X: Any, y: Any) -> Any:
    P = _softmax(X @ Theta.T)
    return ((P - _eye(Theta, y)) * P * (1 - P)).T @ X / len(X)


def _g_first_example(Theta: Any, X: Any, y: Any) -> Any:
    return _gradient(Theta, X[:1], y[:1])


def _g_hard(Theta: Any, X: Any, y: Any) -> Any:
    winners = (X @ Theta.T).argmax(axis=1)
    return (_eye(Theta, winners) - _eye(Theta, y)).T @ X / len(X)


# --- 04.2 numerical_gradient ---------------------------------------------------------------------
# Each function stands beside its centred difference on paper, so no answer's code is an oracle.


def _differences_of_square(theta: Any, h: float) -> Any:
    return np.array([2 * theta[0] * theta[1], theta[0] ** 2])


def _differences_of_cubes(theta: Any, h: float) -> Any:
    v = np.ravel(theta)
    beside = np.append(0, v[:-1]) + np.append(v[1:], 0)
    return (np.arange(1, v.size + 1) * (3 * v**2 + h**2) + beside).reshape(theta.shape)


def _differences_of_exponentials(theta: Any, h: float) -> Any:
    return np.exp(theta) * np.sinh(h) / h


_ON_PAPER: dict[Callable[..., Any], Callable[..., Any]] = {
    square_of_first_times_second: _differences_of_square,
    cubes_and_neighbours: _differences_of_cubes,
    exponentials: _differences_of_exponentials,
}


def _centred(f: Any, theta: Any, h: float) -> Any:
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


def _differences_law(arguments: Arguments, result: Any) -> str | None:
    f, theta, h = arguments
    place = (0,) * theta.ndim
    step = np.zeros(theta.shape)
    step[place] = h
    up, down = f(theta + step), f(theta - step)
    return f"with the first entry alone moved by h, f is {up:.6g} above and {down:.6g} below"


def _by_entry(slope: Callable[[Any, Any, Any], Any], f: Any, theta: Any) -> Any:
    """Fill a gradient entry by entry: slope(f, theta, place)."""
    gradient = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        gradient[place] = slope(f, theta, place)
    return gradient


def _moved(theta: Any, place: Any, h: float) -> Any:
    moved = theta.astype(float)
    moved[place] += h
    return moved


def _forward(f: Any, theta: Any, h: float) -> Any:
    return _by_entry(lambda f, t, k: (f(_moved(t, k, h)) - f(t)) / h, f, theta)


def _backward(f: Any, theta: Any, h: float) -> Any:
    return _by_entry(lambda f, t, k: (f(t) - f(_moved(t, k, -h))) / h, f, theta)


def _halved(f: Any, theta: Any, h: float, factor: float = 1 / 2) -> Any:
    return factor * _by_entry(
        lambda f, t, k: (f(_moved(t, k, h)) - f(_moved(t, k, -h))) / h, f, theta
    )


def _own_step(own: float, f: Any, theta: Any, h: float) -> Any:
    return _halved(f, theta, own)


def _precedence(f: Any, theta: Any, h: float) -> Any:
    return _by_entry(lambda f, t, k: (f(_moved(t, k, h)) - f(_moved(t, k, -h))) / 2 * h, f, theta)


def _no_brackets(f: Any, theta: Any, h: float) -> Any:
    return _by_entry(lambda f, t, k: f(_moved(t, k, h)) - f(_moved(t, k, -h)) / (2 * h), f, theta)


def _all_at_once(f: Any, theta: Any, h: float) -> Any:
    return np.full(theta.shape, (f(theta + h) - f(theta - h)) / (2 * h))


def _step_kept(f: Any, theta: Any, h: float) -> Any:
    gradient, step = np.zeros(theta.shape), np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        step[place] = h
        gradient[place] = (f(theta + step) - f(theta - step)) / (2 * h)
    return gradient


def _back_to_where_it_was(f: Any, theta: Any, h: float) -> Any:
    gradient = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        theta[place] += h
        above = f(theta)
        theta[place] -= h
        gradient[place] = (above - f(theta)) / (2 * h)
    return gradient


def _never_put_back(f: Any, theta: Any, h: float) -> Any:
    gradient = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        theta[place] += h
        above = f(theta)
        theta[place] -= 2 * h
        gradient[place] = (above - f(theta)) / (2 * h)
    return gradient


def _put_back_nearly(f: Any, theta: Any, h: float) -> Any:
    gradient = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        theta[place] += h
        above = f(theta)
        theta[place] -= 2 * h
        gradient[place] = (above - f(theta)) / (2 * h)
        theta[place] += h
    return gradient


def _one_array_two_names(f: Any, theta: Any, h: float) -> Any:
    gradient = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        above, below = theta, theta
        above[place] += h
        below[place] -= h
        gradient[place] = (f(above) - f(below)) / (2 * h)
    return gradient


def _whole_rows(f: Any, theta: Any, h: float) -> Any:
    gradient = np.zeros(theta.shape)
    for i in range(len(theta)):
        step = np.zeros(theta.shape)
        step[i] = h
        gradient[i] = (f(theta + step) - f(theta - step)) / (2 * h)
    return gradient


def _integer_copies(f: Any, theta: Any, h: float) -> Any:
    gradient = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        above, below = theta.copy(), theta.copy()
        above[place] += h
        below[place] -= h
        gradient[place] = (f(above) - f(below)) / (2 * h)
    return gradient


def _integer_steps(f: Any, theta: Any, h: float) -> Any:
    gradient = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        step = np.zeros_like(theta)
        step[place] = h
        gradient[place] = (f(theta + step) - f(theta - step)) / (2 * h)
    return gradient


def _integer_copies_and_result(f: Any, theta: Any, h: float) -> Any:
    return _integer_copies(f, theta, h).astype(theta.dtype)


def _integer_result(f: Any, theta: Any, h: float) -> Any:
    return _halved(f, theta, h).astype(theta.dtype)


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


def _descend(
    X: Any,
    y: Any,
    n_classes: int,
    lr: float,
    n_steps: int,
    slope: Callable[..., Any] = _gradient,
    start: float = 0.0,
) -> tuple[Any, Any]:
    Theta = np.full((n_classes, X.shape[1]), start)
    history = [_loss(Theta, X, y)]
    for _ in range(n_steps):
        Theta = Theta - lr * slope(Theta, X, y)
        history.append(_loss(Theta, X, y))
    return Theta, np.array(history)


def _descent(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    return _descend(X, y, n_classes, lr, n_steps, _slope)


def _descent_law(arguments: Arguments, result: Any) -> str | None:
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


def _summed(Theta: Any, X: Any, y: Any) -> Any:
    return len(X) * _gradient(Theta, X, y)


def _d_losses_after(*arguments: Any) -> Any:
    Theta, history = _descend(*arguments)
    return Theta, history[1:]


def _d_losses_before(*arguments: Any) -> Any:
    Theta, history = _descend(*arguments)
    return Theta, history[:-1]


def _d_one_too_many(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    Theta, history = _descend(X, y, n_classes, lr, n_steps + 1)
    return Theta, history[:-1]


def _d_sum_of_losses(X: Any, *rest: Any) -> Any:
    Theta, history = _descend(X, *rest)
    return Theta, len(X) * history


def _d_first_slope_kept(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    first = _gradient(np.zeros((n_classes, X.shape[1])), X, y)
    return _descend(X, y, n_classes, lr, n_steps, lambda *_: first)


def _d_class_by_class(Theta: Any, X: Any, y: Any, lr: float) -> Any:
    """Return the slope that moves one class after another, each seeing the last one's move."""
    moved = Theta.copy()
    for k in range(len(Theta)):
        moved[k] -= lr * _gradient(moved, X, y)[k]
    return (Theta - moved) / lr


def _d_example_by_example(Theta: Any, X: Any, y: Any, lr: float) -> Any:
    moved = Theta
    for i in range(len(X)):
        moved = moved - lr * _gradient(moved, X[i : i + 1], y[i : i + 1])
    return (Theta - moved) / lr


def _d_with(slope: Callable[..., Any], X: Any, y: Any, n_classes: int, lr: float, n: int) -> Any:
    return _descend(X, y, n_classes, lr, n, partial(slope, lr=lr))


def _d_rate_of_one(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    return _descend(X, y, n_classes, 1.0, n_steps)


def _d_loss_before_move(*arguments: Any) -> Any:
    """Record, after each move, the loss computed before it."""
    Theta, history = _descend(*arguments)
    return Theta, np.append(history[:1], history[:-1])[: len(history)]


def _d_one_more(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    return _descend(X, y, n_classes, lr, n_steps + 1)


def _d_same_array_many_times(*arguments: Any) -> Any:
    Theta, history = _descend(*arguments)
    return Theta, np.full(len(history), history[-1])


def _d_one_example_a_step(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    turn = iter(range(n_steps))

    def slope(Theta: Any, X: Any, y: Any) -> Any:
        i = next(turn) % len(X)
        return _gradient(Theta, X[i : i + 1], y[i : i + 1])

    return _descend(X, y, n_classes, lr, n_steps, slope)


def _d_stops(X: Any, y: Any, n_classes: int, lr: float, n_steps: int, rise: bool = False) -> Any:
    """Stop when the loss rises, or when it hardly changes."""
    history = _descend(X, y, n_classes, lr, n_steps)[1]
    change = np.diff(history)
    ends = np.flatnonzero(change > 1e-12 if rise else np.abs(change) < 1e-6)
    return _descend(X, y, n_classes, lr, int(ends[0]) + 1 if len(ends) else n_steps)


def _d_best(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    history = _descend(X, y, n_classes, lr, n_steps)[1]
    return _descend(X, y, n_classes, lr, int(np.argmin(history)))[0], history


def _d_rate_halved(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    Theta = np.zeros((n_classes, X.shape[1]))
    history = [_loss(Theta, X, y)]
    for _ in range(n_steps):
        Theta = Theta - lr * _gradient(Theta, X, y)
        history.append(_loss(Theta, X, y))
        lr = lr / 2 if history[-1] > history[-2] + 1e-12 else lr
    return Theta, np.array(history)


def _d_classes_from_labels(X: Any, y: Any, n_classes: int, lr: float, n_steps: int) -> Any:
    return _descend(X, y, int(y.max()) + 1, lr, n_steps)


def _d_intercept_again(X: Any, *rest: Any) -> Any:
    return _descend(np.column_stack([np.ones(len(X)), X]), *rest)


# --- 04.4 minibatches ----------------------------------------------------------------------------


def _even(rng: np.random.Generator) -> list[Arguments]:
    return [(n, size, int(rng.integers(1000))) for n, size in ((6, 2), (12, 4), (5, 1), (9, 9))]


def _uneven(rng: np.random.Generator) -> list[Arguments]:
    return [(n, size, int(rng.integers(1000))) for n, size in ((5, 2), (10, 4), (23, 6), (3, 8))]


def _two_passes(rng: np.random.Generator) -> list[Arguments]:
    return [(120, 10, int(rng.integers(1000)), 2) for _ in range(3)]


def _batches(value: Any) -> list[Any] | None:
    """Return the batches of one pass as vectors, None if they are no such thing."""
    if isinstance(value, np.ndarray) and value.ndim < 2:
        return None
    batches = list(value)
    if all(isinstance(b, np.ndarray) and b.ndim == 1 and b.dtype.kind in "iuf" for b in batches):
        return batches
    return None


def _deal_law(arguments: Arguments, value: Any) -> str | None:
    n, batch_size = arguments[:2]
    batches = _batches(value)
    if batches is None:
        return "return a list with one vector of indices for each batch"
    sizes = [len(b) for b in batches]
    wanted = [min(batch_size, n - first) for first in range(0, n, batch_size)]
    if sizes != wanted:
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


def _order_law(arguments: Arguments, value: Any) -> str | None:
    n = arguments[0]
    passes = [_batches(one) for one in value]
    for one in value:
        problem = _deal_law(arguments, one)
        if problem:
            return problem
    first, second, again = (np.concatenate(batches) for batches in passes if batches)
    if np.array_equal(first, np.arange(n)):
        return "the examples come in the order in which they lie in the data"
    if any(_neighbours(passes[0])):
        return "a batch holds neighbours only: the examples that lie side by side in the data"
    if np.array_equal(first, second):
        return "a second pass with the same rng dealt the same batches again"
    if not np.array_equal(first, again):
        return "two generators with the same seed dealt different batches"
    return None


def _neighbours(batches: Any) -> list[bool]:
    """Say of each batch of five or more whether it holds examples that lie side by side."""
    return [np.ptp(b) == len(b) - 1 for b in batches if len(b) > 4]


def _deal_signature(arguments: Arguments, value: Any) -> Any:
    """Return what two answers with the same mistake share, whatever they drew."""
    n = arguments[0]
    passes = [_batches(one) for one in (value if len(arguments) > 3 else [value])]
    if any(batches is None for batches in passes):
        return np.array([-1])
    flat = [np.concatenate([*batches, []]) for batches in passes if batches is not None]
    first = flat[0]
    facts = [
        len(set(first)) == len(first),
        set(first) == set(range(n)),
        set(first) == set(range(1, n + 1)),
        bool((np.diff(first) > 0).all()) and n > 6,
        all(_neighbours(passes[0])) and max(map(len, passes[0] or [[]])) > 4,
        len(arguments) > 3 and np.array_equal(first, flat[1]),
        len(arguments) > 3 and np.array_equal(first, flat[2]),
    ]
    return (np.sort([len(b) for b in passes[0] or []]), np.array(facts))


def _cut(order: Any, batch_size: int) -> list[Any]:
    return [order[first : first + batch_size] for first in range(0, len(order), batch_size)]


def _last_dropped(n: int, batch_size: int, rng: Any) -> Any:
    order = rng.permutation(n)
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(n // batch_size)]


def _last_filled_up(n: int, batch_size: int, rng: Any) -> Any:
    order = rng.permutation(n)
    return _cut(np.resize(order, -(-n // batch_size) * batch_size), batch_size)


def _leftover_joined(n: int, batch_size: int, rng: Any) -> Any:
    order = rng.permutation(n)
    ends = [batch_size * i for i in range(1, n // batch_size)]
    return np.split(order, ends)


def _each_batch_drawn(n: int, batch_size: int, rng: Any) -> Any:
    sizes = [len(b) for b in _cut(np.arange(n), batch_size)]
    return [rng.choice(n, size=size, replace=False) for size in sizes]


def _batches_shuffled(n: int, batch_size: int, rng: Any) -> Any:
    batches = _cut(np.arange(n), batch_size)
    last = [batches.pop()] if len(batches[-1]) < batch_size else []
    return [batches[i] for i in rng.permutation(len(batches))] + last


def _short_batch_shuffled_too(n: int, batch_size: int, rng: Any) -> Any:
    batches = _batches_shuffled(n, batch_size, rng)
    return batches[-1:] + batches[:-1]  # wherever it lands, but at the end


def _empty_last(n: int, batch_size: int, rng: Any) -> Any:
    order = rng.permutation(n)
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(n // batch_size + 1)]


def _global_generator(n: int, batch_size: int, rng: Any) -> Any:
    return _cut(np.random.permutation(n), batch_size)  # noqa: NPY002  # the mistake itself


EXERCISES = (
    Exercise(
        number="04.1",
        call="softmax_gradient(Theta, X, y)",
        groups=(
            Group("the slope of the mean loss along every weight", 2, _few, _slope_law),
            Group("a class that no example belongs to", 1, _class_missing, _slope_law),
            Group("scores of ±1000 give finite slopes", 1, _far, _slope_law),
        ),
        oracle=_slope,
        forbids=("utils.descent.softmax_gradient", "utils.descent.numerical_gradient"),
        misconceptions=(
            Misconception(
                "bias gradient summed over every axis",
                _bias_over_every_axis,
                "The slopes of the intercepts are all 0, so they never learn: they were left out, or "
                "P − Y was summed over examples and classes alike. Rows of P and of Y both sum to 1, "
                "so that sum is 0. Each class needs its own sum, over the examples only.",
            ),
            Misconception(
                "not divided by n",
                lambda Theta, X, y: len(X) * _gradient(Theta, X, y),
                "You added up the examples' slopes. The loss is their mean, so divide by n.",
            ),
            Misconception(
                "divided by K",
                lambda Theta, X, y: len(X) * _gradient(Theta, X, y) / len(Theta),
                "You divided by the number of classes. The loss is a mean over the n examples, so "
                "divide by their number.",
            ),
            Misconception(
                "only the first example",
                _g_first_example,
                "Only the first example counts in your slopes. Is there a `return` inside a loop? "
                "The gradient is the mean over all examples.",
            ),
            Misconception(
                "divided by n K",
                lambda Theta, X, y: _gradient(Theta, X, y) / len(Theta),
                "You divided by the number of entries of P, n times K. The loss is a mean over the "
                "n examples.",
            ),
            Misconception(
                "transposed",
                lambda Theta, X, y: _gradient(Theta, X, y).T,
                "Your slopes are right, but they lie the other way round. A gradient has the shape "
                "of what it is subtracted from: Theta, a row for each class.",
            ),
            Misconception(
                "sign",
                lambda Theta, X, y: -_gradient(Theta, X, y),
                "Your sign is the wrong way round: this points downhill. The gradient is the slope "
                "itself, p − y; the minus comes with the step.",
            ),
            Misconception(
                "labels not one-hot",
                _g_labels_as_they_are,
                "You subtracted the labels themselves from the probabilities. A label is the name of "
                "a column, not a number to calculate with: make them one-hot first.",
            ),
            Misconception(
                "labels as a column",
                _g_labels_as_a_column,
                "You subtracted each label from its whole row of probabilities. A label is the name "
                "of a column, not a number to calculate with: make them one-hot first.",
            ),
            Misconception(
                "labels forgotten",
                lambda Theta, X, y: _softmax(X @ Theta.T).T @ X / len(X),
                "You used P where P − Y belongs: nothing here depends on the labels.",
            ),
            Misconception(
                "no softmax",
                _g_no_softmax,
                "You subtracted the labels from the scores. Turn the scores into probabilities first.",
            ),
            Misconception(
                "a sigmoid for each score",
                _g_sigmoids,
                "You turned each score into a probability by itself, with a sigmoid. The classes "
                "share one probability of 1: that takes a softmax.",
            ),
            Misconception(
                "softmax over the examples",
                _g_wrong_axis,
                "Your softmax runs over the examples (axis 0). Each row of scores is one example; "
                "its probabilities sum to 1.",
            ),
            Misconception(
                "overflow",
                _g_naive_softmax,
                "exp(1000) is inf, and inf/inf is nan. Use utils.softmax, which subtracts each row's "
                "maximum.",
            ),
            Misconception(
                "K taken from y.max()",
                _g_classes_from_labels,
                "You took the number of classes from the largest label. A batch may lack the last "
                "classes; Theta has a row for each of them.",
            ),
            Misconception(
                "times p (1 − p)",
                _g_sigmoid_slope,
                "You multiplied by p(1 − p), the slope of a sigmoid. With cross-entropy that factor "
                "has cancelled: p − y is all that is left.",
            ),
            Misconception(
                "winners instead of probabilities",
                _g_hard,
                "You compared the winning class with the label. The slope needs the probabilities "
                "themselves: a right answer that is unsure still pulls.",
            ),
            Misconception(
                "the step already taken",
                lambda Theta, X, y: Theta - _gradient(Theta, X, y),
                "You returned Theta after a step. What is wanted is the gradient alone.",
            ),
        ),
    ),
    Exercise(
        number="04.2",
        call="numerical_gradient(f, theta, h)",
        groups=(
            Group("centred differences, one entry at a time", 1, _vectors, _differences_law),
            Group("the result has the shape of theta", 1, _matrices, _differences_law),
            Group("theta of whole numbers", 1, _whole, _differences_law),
        ),
        oracle=_centred,
        forbids=(
            "utils.descent.numerical_gradient",
            "scipy.optimize.approx_fprime",
            "scipy.differentiate.derivative",
            "scipy.differentiate.jacobian",
        ),
        misconceptions=(
            Misconception(
                "one-sided, forwards",
                _forward,
                "You compare a step up with where you stand. Its error shrinks only with h. Compare "
                "a step up with a step down: then it shrinks with h².",
            ),
            Misconception(
                "one-sided, backwards",
                _backward,
                "You compare where you stand with a step down. Its error shrinks only with h. Compare "
                "a step up with a step down: then it shrinks with h².",
            ),
            Misconception(
                "divided by h",
                lambda f, theta, h: 2 * _halved(f, theta, h),
                "From one step down to one step up is a distance of 2h. You divided by h, so every "
                "slope is twice too large.",
            ),
            Misconception(
                "not divided at all",
                lambda f, theta, h: 2 * h * _halved(f, theta, h),
                "You return the difference of the two values. A slope is the difference divided by "
                "the distance between the two places, 2h.",
            ),
            Misconception(
                "half a step to each side",
                lambda f, theta, h: _halved(f, theta, h / 2),
                "You move by h/2 up and h/2 down. The formula moves by the whole h each way, and "
                "divides by 2h.",
            ),
            *(
                Misconception(
                    name,
                    wrong,
                    "Up by h and down by h again is where you began: your second value of f is the "
                    "one at theta itself. From the place above, the place below is 2h away.",
                )
                for name, wrong in (
                    ("up by h, down by h, in place", _back_to_where_it_was),
                    ("up by h, down by h", lambda f, theta, h: _forward(f, theta, h) / 2),
                )
            ),
            Misconception(
                "divided by 2, times h",
                _precedence,
                "Python reads `/ 2 * h` from left to right: it divides by 2, then multiplies by h. "
                "Put the denominator into brackets.",
            ),
            Misconception(
                "brackets around the difference missing",
                _no_brackets,
                "Division binds tighter than minus, so you divided only the second value. Put "
                "the difference into brackets.",
            ),
            Misconception(
                "sign",
                lambda f, theta, h: -_halved(f, theta, h),
                "Your slopes have the wrong sign: it is the value above minus the value below.",
            ),
            Misconception(
                "a small step of its own",
                partial(_own_step, 1e-5),
                "You step by a small number of your own and ignore h. The caller chooses h.",
            ),
            *(
                Misconception(
                    f"h too small: {own:g}",
                    partial(_own_step, own),
                    f"You step by {own:g} whatever h is. That is too small: the two values of f then "
                    "differ in their last digits only, and rounding drowns the slope. Use the h that "
                    "comes in.",
                )
                for own in (1e-10, 1e-12, 1e-15)
            ),
            Misconception(
                "all entries at once",
                _all_at_once,
                "You moved all entries of theta together. A partial slope moves one entry and holds "
                "the others still, so f is called twice for each entry.",
            ),
            Misconception(
                "earlier entries stay moved",
                _step_kept,
                "Your step grows: after the first entry it still moves the earlier ones as well. "
                "Begin each entry with a step of zeros.",
            ),
            Misconception(
                "changes theta and never puts it back",
                _never_put_back,
                "You move theta itself and leave it moved, so later slopes are taken in another "
                "place, and the caller's weights are gone. Work on a copy.",
            ),
            Misconception(
                "a copy moved and never put back",
                lambda f, theta, h: _never_put_back(f, theta.astype(float), h),
                "You move an entry of your copy and leave it moved, so later slopes are taken in "
                "another place. Put it back, or begin each entry with a fresh copy.",
            ),
            Misconception(
                "changes theta and nearly puts it back",
                _put_back_nearly,
                "Your slopes are right, but theta is not what it was: adding h, taking 2h away and "
                "adding h rounds three times. Work on a copy, or keep the old value and put that back.",
            ),
            Misconception(
                "one array with two names",
                _one_array_two_names,
                "`above = theta` is a second name for the same array, not a copy: what you add to "
                "one you take from the other, and the difference is 0.",
            ),
            Misconception(
                "whole rows moved",
                _whole_rows,
                "You moved a whole row at a time. theta may have any shape; np.ndindex(theta.shape) "
                "visits its entries one by one.",
            ),
            Misconception(
                "flattened",
                lambda f, theta, h: _halved(f, theta, h).ravel(),
                "The slopes are right, but they came back as one long vector. Give them the shape of "
                "theta.",
            ),
            Misconception(
                "integer copies",
                _integer_copies,
                "A copy of whole numbers can hold whole numbers only: theta ± h was cut off. Make "
                "the copy one of floats.",
            ),
            Misconception(
                "integer steps",
                _integer_steps,
                "np.zeros_like of whole numbers holds whole numbers: your h was cut off to 0. Give "
                "the step a dtype of float.",
            ),
            Misconception(
                "integer copies and an integer result",
                _integer_copies_and_result,
                "Your copies of theta and your result hold whole numbers only (theta.copy(), "
                "np.zeros_like(theta)?), so h and what comes after the point are cut off. Make both "
                "of floats.",
            ),
            Misconception(
                "integer result",
                _integer_result,
                "The slopes went into an array of whole numbers (np.zeros_like(theta)?) and lost "
                "what comes after the point.",
            ),
        ),
    ),
    Exercise(
        number="04.3",
        call="gradient_descent(X, y, n_classes, lr, n_steps)",
        groups=(
            Group(
                "one step from zeros, with the loss before and after", 1, _one_step, _descent_law
            ),
            Group("many steps, each from where the last one ended", 2, _many_steps, _descent_law),
            Group(
                "a class without examples; no step at all",
                1,
                _class_missing_or_no_step,
                _descent_law,
            ),
        ),
        oracle=_descent,
        forbids=(
            "utils.descent.walk",
            "utils.models.SoftmaxRegression",
            "utils.SoftmaxRegression",
            "scipy.optimize.minimize",
        ),
        misconceptions=(
            Misconception(
                "uphill",
                partial(_descend, slope=lambda *place: -_gradient(*place)),
                "You added the gradient, and the gradient points uphill. Subtract it.",
            ),
            Misconception(
                "gradient not divided by n",
                partial(_descend, slope=_summed),
                "Your steps are n times too long: the gradient was summed over the examples, not "
                "averaged.",
            ),
            Misconception(
                "history begins after the first step",
                _d_losses_after,
                "The loss of the very first weights is missing. history starts before any step, so "
                "it has n_steps + 1 entries.",
            ),
            Misconception(
                "history ends before the last step",
                _d_losses_before,
                "The loss of the final weights is missing. history has n_steps + 1 entries: one "
                "before each step, and one after the last.",
            ),
            Misconception(
                "losses from before each move",
                _d_loss_before_move,
                "Your first loss comes twice and the last one is missing: after each move you record "
                "the loss of the place before it. Move, then compute the loss.",
            ),
            Misconception(
                "the same array many times",
                _d_same_array_many_times,
                "All your losses are the last one. `-=` changes the one array that every entry of "
                "your path is a name for: compute each loss at once, or keep copies.",
            ),
            Misconception(
                "stops when the loss hardly changes",
                _d_stops,
                "You stop before n_steps steps are done, once hardly anything changes. Here all "
                "steps are taken: history has n_steps + 1 entries.",
            ),
            Misconception(
                "stops when the loss rises",
                partial(_d_stops, rise=True),
                "You stop when the loss rises. Here all steps are taken, even if lr is too large: "
                "history has n_steps + 1 entries, and shows the leap.",
            ),
            Misconception(
                "the best weights on the way",
                _d_best,
                "You return the weights with the lowest loss on the way. Asked for are those after "
                "the last step, even if lr is too large.",
            ),
            Misconception(
                "halves lr when the loss rises",
                _d_rate_halved,
                "You make lr smaller when the loss rises. Here every step has the lr that comes in, "
                "so that its leaps can be seen.",
            ),
            Misconception(
                "one step and one loss too many",
                _d_one_more,
                "You take n_steps + 1 steps. The loss at the start is an entry of history without a "
                "step.",
            ),
            Misconception(
                "transposed",
                lambda *arguments: (_descend(*arguments)[0].T, _descend(*arguments)[1]),
                "Your Theta lies the other way round. Turn it: a row for each class, (K, d+1).",
            ),
            Misconception(
                "one example for each step",
                _d_one_example_a_step,
                "Each of your steps looks at a single example. Here a step uses the mean over all of "
                "them; mini-batches come later in the lesson.",
            ),
            Misconception(
                "one step too many",
                _d_one_too_many,
                "Your history is right, but Theta went one step further than it. Take n_steps steps "
                "and record the loss once more after the last.",
            ),
            Misconception(
                "history of summed losses",
                _d_sum_of_losses,
                "Your history holds sums over the examples. The loss is their mean.",
            ),
            Misconception(
                "starts at ones",
                partial(_descend, start=1.0),
                "You started at ones. All losses agree, since one vector added to every class changes "
                "no probability, but the weights asked for start at zeros.",
            ),
            Misconception(
                "the first slope kept",
                _d_first_slope_kept,
                "You computed the gradient once and used it for every step. It changes as you move: "
                "compute it anew inside the loop.",
            ),
            Misconception(
                "stands still",
                partial(_descend, slope=lambda Theta, *_: np.zeros(Theta.shape)),
                "Theta never moves. Is the new value assigned, inside the loop?",
            ),
            Misconception(
                "one class after another",
                partial(_d_with, _d_class_by_class),
                "You moved one class and then computed the next one's slope with it already moved. "
                "All classes move together, by the gradient of one place.",
            ),
            Misconception(
                "one example after another",
                partial(_d_with, _d_example_by_example),
                "You take a step for each example. Here a step uses the mean over all of them; "
                "mini-batches come later in the lesson.",
            ),
            Misconception(
                "intercept never moves",
                partial(_descend, slope=_bias_over_every_axis),
                "The intercepts (column 0) stay at 0: they are left out of the step, or their slopes "
                "were summed over examples and classes alike, which always gives 0. Sum over the "
                "examples only.",
            ),
            Misconception(
                "learning rate ignored",
                _d_rate_of_one,
                "Your steps do not depend on lr. Multiply the gradient by it.",
            ),
            Misconception(
                "K taken from y.max()",
                _d_classes_from_labels,
                "You took the number of classes from the largest label. n_classes says how many "
                "there are, also when the last ones have no example.",
            ),
            Misconception(
                "intercept added again",
                _d_intercept_again,
                "You put a column of ones in front of X, which has one already. Theta has as many "
                "columns as X.",
            ),
            Misconception(
                "order of the results",
                lambda *arguments: _descend(*arguments)[::-1],
                "Your two results come in the other order: first Theta, then history.",
            ),
            Misconception(
                "only Theta",
                lambda *arguments: _descend(*arguments)[0],
                "You returned Theta alone. Return the history of losses with it: Theta, history.",
            ),
        ),
    ),
    Exercise(
        number="04.4",
        call="minibatches(n, batch_size, rng)",
        groups=(
            Group("every example once, in batches of the size asked for", 1, _even, _deal_law),
            Group("what is left over makes a last, shorter batch", 1, _uneven, _deal_law),
            Group(
                "in a random order that rng decides, new for each pass", 1, _two_passes, _order_law
            ),
        ),
        drive=deal,
        signature=_deal_signature,
        forbids=("utils.descent.minibatches",),
        misconceptions=(
            Misconception(
                "last short batch dropped",
                _last_dropped,
                "You dropped the examples that do not fill a whole batch. They would never be "
                "learned from: let the last batch be shorter.",
            ),
            Misconception(
                "no shuffle",
                lambda n, batch_size, rng: _cut(np.arange(n), batch_size),
                "You cut the examples in the order in which they lie. Data is often sorted by class, "
                "and then each batch shows one class only. Shuffle first, with rng.",
            ),
            Misconception(
                "drawn with replacement",
                lambda n, batch_size, rng: _cut(rng.integers(n, size=n), batch_size),
                "Each example was drawn afresh, so some come twice and some not at all. Shuffle all "
                "indices once, then cut.",
            ),
            Misconception(
                "each batch drawn by itself",
                _each_batch_drawn,
                "Each batch was drawn without looking at the others, so some examples come twice and "
                "some not at all. Shuffle all indices once, then cut.",
            ),
            Misconception(
                "a seed of its own",
                lambda n, batch_size, rng: _cut(
                    np.random.default_rng(0).permutation(n), batch_size
                ),
                "You made a generator of your own with a fixed seed, so every pass deals the same "
                "batches. Use the rng that comes in.",
            ),
            Misconception(
                "the global generator",
                _global_generator,
                "The order does not come from rng (np.random's global functions?), so nobody can "
                "repeat your run. Use the rng that comes in.",
            ),
            Misconception(
                "only the batches shuffled",
                _batches_shuffled,
                "You shuffled the batches, but each one still holds neighbours. Shuffle the "
                "examples, then cut.",
            ),
            Misconception(
                "batches shuffled, the short one too",
                _short_batch_shuffled_too,
                "You cut first and shuffled the batches: the short one lands anywhere, and each still "
                "holds neighbours. Shuffle the examples first, then cut.",
            ),
            Misconception(
                "shuffled inside the batches",
                lambda n, size, rng: [rng.permutation(b) for b in _cut(np.arange(n), size)],
                "You cut first and shuffled inside each batch, so the same examples are always "
                "together. Shuffle first, then cut.",
            ),
            Misconception(
                "last batch filled up",
                _last_filled_up,
                "You filled the last batch up with examples that had been dealt already. Let it be "
                "shorter.",
            ),
            Misconception(
                "leftovers joined to the last batch",
                _leftover_joined,
                "You put the left-over examples into the last full batch, which is now too large. "
                "They make a batch of their own.",
            ),
            Misconception(
                "batches of nearly equal size",
                lambda n, size, rng: np.array_split(rng.permutation(n), -(-n // size)),
                "np.array_split evens the sizes out. Here each batch has exactly batch_size "
                "examples, and the last one what is left.",
            ),
            Misconception(
                "fewer batches of nearly equal size",
                lambda n, size, rng: np.array_split(rng.permutation(n), max(1, n // size)),
                "np.array_split spreads what is left over the other batches, which are then too "
                "large. Here each batch has batch_size examples, and the last one what is left.",
            ),
            Misconception(
                "an empty batch at the end",
                _empty_last,
                "Where nothing is left over, your last batch is empty, and the mean over no examples "
                "is nan. range(0, n, batch_size) counts the beginnings that there are.",
            ),
            Misconception(
                "batch_size batches",
                lambda n, size, rng: np.array_split(rng.permutation(n), size),
                "You made batch_size batches. batch_size is how many examples go into each.",
            ),
            Misconception(
                "counted from 1",
                lambda n, size, rng: _cut(rng.permutation(n) + 1, size),
                "Your indices run from 1 to n. Rows are counted from 0.",
            ),
            Misconception(
                "one batch only",
                lambda n, size, rng: [rng.permutation(n)[:size]],
                "You dealt one batch and stopped. A pass shows every example once.",
            ),
        ),
    ),
)
