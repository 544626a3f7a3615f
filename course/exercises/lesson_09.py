"""What the exercises of lesson 09 ask and accept."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from course.exercises.common import Array, listed, log_softmax, open_group, softmax
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments


def _of_true(table: Array, y: Array) -> Array:
    """Return the entries of the true classes."""
    result: Array = table[..., np.arange(len(y)), y]
    return result


def _drawn(rng: np.random.Generator, n: int, n_classes: int, T: float) -> tuple[Array, Array]:
    """Return scores (n, K) and labels (n,) drawn from their softmax at temperature T.

    The scores have no zero mean, so that a lost maximum or a sum over all of them shows.
    """
    logits = rng.normal(scale=2.5, size=(n, n_classes)) * T + rng.normal(size=(n, 1))
    y = [rng.choice(n_classes, p=p) for p in softmax(logits / T)]
    return logits, np.array(y)


# --- 09.1 apply_temperature ----------------------------------------------------------------------


def _some_rows(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, np.log(9.0)]]), 2.0),
        (rng.normal(scale=2, size=(2, 3)), 0.5),
        (rng.normal(scale=3, size=(5, 4)), 3.0),
        (rng.normal(scale=0.1, size=(3, 4)), 0.04),
    ]


def _large_scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[800.0, 0.0, 799.9]]), 0.25),
        (np.array([[2.0, 1.0], [-900.0, -901.0]]), 0.5),
        (np.array([[1000.0, 996.0]]), 4.0),  # finite as it is: less 1000 instead of 250, it is 0/0
        (np.array([[0.0, -800.0]]), 400.0),  # at T = 1 the second probability rounds to 0
        (rng.normal(scale=50, size=(4, 3)) + np.array([[0.0], [3000.0], [-3000.0], [10.0]]), 0.05),
    ]


def _explain_rows(arguments: Arguments, P: Array) -> str | None:
    logits, T = arguments
    if np.isnan(P).any():
        return "nan came out; the scores are large, their differences are what counts"
    if (P < 0).any() or (P > 1 + 1e-6).any():
        return "a probability lies between 0 and 1"
    sums = P.sum(axis=1)
    if not np.allclose(sums, 1, atol=1e-4):
        return f"each row should sum to 1; your first one sums to {sums[0]:.4g}"
    return _explain_odds(logits, T, P)


def _explain_odds(logits: Array, T: float, P: Array) -> str | None:
    """Tell of which temperature the first wrong row is."""
    for i, (z, got, wanted) in enumerate(zip(logits, P, softmax(logits / T), strict=True)):
        if np.allclose(got, wanted, rtol=1e-6, atol=1e-9):
            continue
        top = int(z.argmax())
        off = np.abs(got - wanted)
        off[top] = -1
        other = int(off.argmax())
        gap = z[top] - z[other]
        if gap == 0 or min(got[top], got[other]) <= 0:
            return f"in row {i} class {other} has probability {got[other]:.4g}, not {wanted[other]:.4g}"
        odds = float(np.log(got[top]) - np.log(got[other]))
        if abs(odds) < 1e-9:
            return (
                f"in row {i} classes {top} and {other} are equally likely, though their scores "
                f"differ by {gap:.4g}"
            )
        if odds < 0:
            return f"in row {i} class {other} is likelier than class {top}, whose score is higher"
        return (
            f"in row {i} classes {top} and {other} are as likely as they should be at T = "
            f"{gap / odds:.4g}, not at T = {T:g}"
        )
    return None


APPLY = Exercise(
    number="09.1",
    call="apply_temperature(logits, T)",
    groups=(
        Group("the softmax of the scores divided by T", 1, _some_rows, explains=_explain_rows),
        Group(
            "large scores, with a small T and a large one",
            1,
            _large_scores,
            explains=_explain_rows,
            quiet=True,
        ),
    ),
    oracle=lambda logits, T: softmax(logits / T),
    forbids=("utils.apply_temperature", "utils.calibration.apply_temperature"),
)


# --- 09.2 temperature_nll ------------------------------------------------------------------------


def _nll(logits: Array, y: Array, T: float | Array = 1.0) -> Any:
    """Return the loss of a table (n, K), or the losses (m,) of tables stacked to (m, n, K)."""
    z = logits / T  # SciPy's log_softmax does the same in twice the time, and searches need many
    below = z - z.max(axis=-1, keepdims=True)
    return np.mean(np.log(np.exp(below).sum(axis=-1)) - _of_true(below, y), axis=-1)


def _small_tables(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, np.log(9.0)]]), np.array([1]), 2.0),
        (rng.normal(scale=2, size=(4, 3)), np.array([2, 0, 0, 2]), 0.5),
        (rng.normal(scale=3, size=(7, 5)), rng.integers(5, size=7), 3.0),
        (rng.normal(scale=90, size=(6, 3)), rng.integers(3, size=6), 40.0),
    ]


def _far_apart(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, -50.0]]), np.array([1]), 0.05),
        (np.array([[900.0, 901.0]]), np.array([0]), 0.5),
        (np.array([[0.0, 900.0], [1.0, 2.0], [90000.0, 89998.0]]), np.array([0, 1, 1]), 0.5),
        (rng.normal(scale=400, size=(6, 4)), rng.integers(4, size=6), 0.2),
    ]


def _explain_loss(arguments: Arguments, result: Any) -> str | None:
    if np.isnan(result):
        return "the loss came out as nan"
    if np.isinf(result):
        return "the loss came out as inf, but every class has a probability above 0"
    if result < 0:
        return f"−log of a probability is never negative; yours is {float(result):.4g}"
    logits, y, T = arguments
    losses = -_of_true(log_softmax(logits / T), y)
    if len(y) > 1:
        costs = ", ".join(f"{loss:.4g}" for loss in losses)
        return f"the {len(y)} examples cost {costs}; your {float(result):.4g} is not their mean"
    has = f"{np.exp(-losses[0]):.4g}" if losses[0] < 100 else f"e^−{losses[0]:.4g}"
    return (
        f"a loss of {float(result):.4g} is that of a probability of {np.exp(-float(result)):.4g}; "
        f"at T = {T:g} the true class has {has}"
    )


NLL = Exercise(
    number="09.2",
    call="temperature_nll(logits, y, T)",
    groups=(
        Group("the mean of −log p of the true classes", 1, _small_tables, explains=_explain_loss),
        Group(
            "scores far apart: finite and exact", 1, _far_apart, explains=_explain_loss, quiet=True
        ),
    ),
    oracle=lambda z, y, T: -np.mean(_of_true(log_softmax(z / T), y)),
)


# --- 09.3 fit_temperature ------------------------------------------------------------------------

_WIDE = (0.05, 20.0)


def _best_temperature(logits: Array, y: Array, bounds: tuple[float, float]) -> float:
    """Try values between the bounds, then between the neighbours of the best, and once more."""
    low, high = bounds
    for n in (60, 20, 20):
        tried = np.geomspace(low, high, n)
        at = int(np.argmin(_nll(logits, y, tried[:, None, None])))
        best, low, high = tried[at], tried[max(at - 1, 0)], tried[min(at + 1, n - 1)]
    return float(best)


def _too_sure(rng: np.random.Generator) -> list[Arguments]:
    logits, y = _drawn(rng, 150, 3, 2.5)
    return [
        (np.tile([4.0, 0.0], (4, 1)), np.array([0, 0, 0, 1]), _WIDE),
        (logits + 16000, y, _WIDE),  # exp overflows at every T, though no probability rounds to 0
        (*_drawn(rng, 120, 5, 6.0), _WIDE),
        (*_drawn(rng, 150, 3, 1.6), (1.0, 100.0)),  # whoever goes for a bound gets the other one
    ]


def _too_modest(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.tile([0.25, 0.0], (10, 1)), np.array([0] * 9 + [1]), _WIDE),
        (*_drawn(rng, 150, 4, 0.3), _WIDE),
        (*_drawn(rng, 120, 3, 0.12), _WIDE),
    ]


def _to_the_bound(rng: np.random.Generator) -> list[Arguments]:
    logits = rng.uniform(-1, 1, size=(30, 3))
    return [
        (np.array([[1.5, 0.0], [0.0, 1.0]]), np.array([0, 1]), (0.1, 5.0)),
        (logits, logits.argmin(axis=1), (0.1, 8.0)),
        (2 * logits, logits.argmax(axis=1), (0.25, 30.0)),
        (np.array([[20000.0, 0.0]]), np.array([1]), _WIDE),  # no probability but rounds to 0
    ]


def _other_bounds(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.tile([4.0, 0.0], (4, 1)), np.array([0, 0, 0, 1]), (0.5, 2.0)),
        (np.tile([0.25, 0.0], (10, 1)), np.array([0] * 9 + [1]), (0.4, 3.0)),
        (*_drawn(rng, 150, 4, 60.0), (0.01, 200.0)),
        (*_drawn(rng, 150, 4, 0.02), (0.001, 10.0)),
    ]


def _explain_temperature(arguments: Arguments, result: Any) -> str | None:
    logits, y, (low, high) = arguments
    T = float(result)
    if not np.isfinite(T):
        return f"T came out as {T}"
    if T <= 0:
        return f"a temperature is above 0; yours is {T:.4g}"
    if not 0.999 * low <= T <= 1.001 * high:
        place = high < T and T.is_integer()
        return f"T should lie between {low:g} and {high:g}; yours is {T:.4g}" + (
            ". If that is a place in a list, return what stands there" if place else ""
        )
    best = _best_temperature(logits, y, (low, high))
    if 0.8 < T / best < 1.25:
        side = "above" if best < T else "below"
        return f"your T lies {abs(T / best - 1):.1%} {side} the best; it should be within 1 % of it"
    at, least = (_nll(logits, y, t) for t in (T, best))
    return (
        f"at your T the cross-entropy is {at:.5f}, and falls on towards "
        f"{'larger' if best > T else 'smaller'} T; the least between the bounds is {least:.5f}"
    )


def _beyond_or_exactly(arguments: Arguments, value: Any) -> Any:
    """Return T; beyond a bound only on which side, since how far is left to chance."""
    low, high = arguments[2]
    if value.ndim or not 0 < value < np.inf:
        return value
    return low / 4 if value < 0.98 * low else 4 * high if value > 1.02 * high else value


FIT = Exercise(
    number="09.3",
    call="fit_temperature(logits, y, bounds)",
    groups=(
        Group("a model that is too sure: T above 1", 1, _too_sure, explains=_explain_temperature),
        Group(
            "a model that is too modest: T below 1", 1, _too_modest, explains=_explain_temperature
        ),
        Group(
            "the bound itself where the loss falls all the way",
            1,
            _to_the_bound,
            explains=_explain_temperature,
        ),
        Group("other bounds are kept", 1, _other_bounds, explains=_explain_temperature),
    ),
    oracle=_best_temperature,
    signature=_beyond_or_exactly,
    rtol=0.01,
    forbids=("utils.fit_temperature", "utils.calibration.fit_temperature"),
)


# --- 09.4 fit_vector_scaling ---------------------------------------------------------------------


def _from_world(rng: np.random.Generator, n: int, w: list[float], b: list[float]) -> Arguments:
    """Return scores and labels whose best scales and offsets are about w and b."""
    logits = rng.normal(scale=2, size=(n, len(w)))
    y = [rng.choice(len(w), p=p) for p in softmax(np.array(w) * logits + np.array(b))]
    return logits, np.array(y)


def _one_offset(rng: np.random.Generator) -> list[Arguments]:
    # Two kinds of row, so that scale and offset are both told: right 3 of 4 and 2 of 4.
    logits = np.repeat([[2.0, 0.0], [0.0, 2.0]], 4, axis=0)
    return [
        (logits, np.array([0, 0, 0, 1, 0, 0, 1, 1])),
        _from_world(rng, 250, [1, 1, 1], [0, 1.5, -1]),
    ]


def _own_scales(rng: np.random.Generator) -> list[Arguments]:
    return [
        _from_world(rng, 250, [1.6, 0.3, 0.7], [0, 0, 0]),
        _from_world(rng, 300, [0.2, 0.5, 1.5, 0.9], [0, 0, 0, 0]),
    ]


def _both(rng: np.random.Generator) -> list[Arguments]:
    return [
        _from_world(rng, 250, [0.3, 1.4, 0.6], [1.2, 0, -1]),
        _from_world(rng, 350, [0.3, 0.9, 0.4, 1.6], [1, -1, 0.5, 0]),
        _with_a_class_that_never_comes(rng),
    ]


def _with_a_class_that_never_comes(rng: np.random.Generator) -> Arguments:
    logits, y = _from_world(rng, 250, [0.5, 1.3, 0.7], [0, 0.8, -0.6])
    # Its scores are so low already that nobody has to lower them further.
    return np.column_stack([logits, rng.normal(-30, 1, size=len(y))]), y


def _slopes(logits: Array, y: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """Return the slopes of the cross-entropy in the scales and in the offsets."""
    error = (softmax(w * logits + b) - np.eye(logits.shape[1])[y]) / len(y)
    return (error * logits).sum(axis=0), error.sum(axis=0)


def _least_loss(logits: Array, y: Array) -> float:
    """Return the least cross-entropy that scales and offsets can reach."""
    return _search_least(logits.tobytes(), y.tobytes(), logits.shape[1])


@functools.lru_cache(maxsize=256)
def _search_least(scores: bytes, classes: bytes, n_classes: int) -> float:
    from scipy import optimize

    logits, y = np.frombuffer(scores).reshape(-1, n_classes), np.frombuffer(classes, dtype=int)

    def loss_and_slope(parameters: Array) -> tuple[float, Array]:
        w, b = parameters.reshape(2, n_classes)
        return _nll(w * logits + b, y), np.concatenate(_slopes(logits, y, w, b))

    start = np.append(np.ones(n_classes), np.zeros(n_classes))
    return float(optimize.minimize(loss_and_slope, start, jac=True).fun)


def _explain_scaling(arguments: Arguments, result: Any) -> str | None:
    logits, y = arguments
    n_classes = logits.shape[1]
    if not isinstance(result, tuple | np.ndarray) or len(result) != 2:
        return "two arrays are expected, w and b"
    shapes = [np.shape(part) for part in result]
    if shapes != [(n_classes,)] * 2:
        return f"w and b should have shape ({n_classes},) each; yours have {shapes[0]}, {shapes[1]}"
    w, b = (np.asarray(part, dtype=float) for part in result)
    if not (np.isfinite(w).all() and np.isfinite(b).all()):
        return "w and b should be finite"
    at, start, least = _nll(w * logits + b, y), _nll(logits, y), _least_loss(logits, y)
    if at <= least + 1e-3:
        return None
    found = f"{at:.4f}" if at < 1e4 else f"{at:.1e}"
    said = f"with your w and b the cross-entropy is {found}, "
    if at > start + 1e-6:
        return said + f"more than the {start:.4f} of w = 1 and b = 0; the least one is {least:.4f}"
    slopes = _told_by_slopes(*_slopes(logits, y, w, b))
    return (
        said + f"with w = 1 and b = 0 it is {start:.4f}, and the least one is {least:.4f}{slopes}"
    )


def _told_by_slopes(in_w: Array, in_b: Array) -> str:
    """Return the end of a sentence: where the slopes are not 0, as they are at the least loss."""
    flat_w, flat_b = (bool(np.abs(slope).max() < 2e-3) for slope in (in_w, in_b))
    if flat_w and flat_b:
        return ""
    if flat_b:
        return f". Your b is where its slope is 0, w is not: the slopes in w are {listed(in_w, 2)}"
    if flat_w:
        return f". Your w is where its slope is 0, b is not: the slopes in b are {listed(in_b, 2)}"
    return f". Its slopes are not 0 there: in w {listed(in_w, 2)}, in b {listed(in_b, 2)}"


def _probabilities(arguments: Arguments, result: Any) -> Array:
    """Return the probabilities, but for a class that never comes: how low it lies is arbitrary."""
    logits, y = arguments
    w, b = result
    return softmax((np.asarray(w) * logits + np.asarray(b))[:, np.unique(y)])


VECTOR = Exercise(
    number="09.4",
    call="fit_vector_scaling(logits, y)",
    groups=(
        open_group(
            "a class that comes more often than announced", 1, _one_offset, _explain_scaling
        ),
        open_group("scales that differ from class to class", 1, _own_scales, _explain_scaling),
        open_group("both at once", 1, _both, _explain_scaling),
    ),
    signature=_probabilities,
    rtol=0.01,
    atol=0.005,
)

EXERCISES = (APPLY, NLL, FIT, VECTOR)
