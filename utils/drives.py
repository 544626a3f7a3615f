"""How an exercise is carried out where it is more than one plain call.

A `drive` gets the answer and a case's arguments and returns plain values; some arguments are
functions themselves. The grader runs all this beside the answer, in the sandbox, so nothing here
knows what is right: that stands in `utils.exercises`, which no submission sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.judge import plain

# --- 03.1 one_hot --------------------------------------------------------------------------------


def one_hot_then_scale(answer: Callable[..., Any], y: Any, n_classes: int, scale: float = 1) -> Any:
    """Call the answer, and multiply its result in place as a lesson does."""
    Y = plain(answer(y, n_classes))
    if scale != 1 and isinstance(Y, np.ndarray):
        Y = Y.copy()
        Y *= scale  # in place: an array of integers refuses
    return Y


# --- 04.2 numerical_gradient: functions to differentiate -----------------------------------------


def square_of_first_times_second(theta: Any) -> Any:
    """θ₀² θ₁."""
    return theta[0] ** 2 * theta[1]


def cubes_and_neighbours(theta: Any) -> Any:
    """Σ (k+1) θₖ³ + Σ θₖ θₖ₊₁, over the entries one after another."""
    v = np.ravel(theta)
    return (np.arange(1, v.size + 1) * v**3).sum() + v[:-1] @ v[1:]


def exponentials(theta: Any) -> Any:
    """Σ exp θₖ."""
    return np.exp(theta).sum()


# --- 04.4 minibatches ----------------------------------------------------------------------------


def deal(answer: Callable[..., Any], n: int, batch_size: int, seed: int, passes: int = 1) -> Any:
    """Deal once; or twice with one generator, and a third time with the seed of the first."""
    rng = np.random.default_rng(seed)
    if passes == 1:
        return answer(n, batch_size, rng)
    first, second = answer(n, batch_size, rng), answer(n, batch_size, rng)
    return first, second, answer(n, batch_size, np.random.default_rng(seed))


# --- 05.3 SoftmaxClassifier ----------------------------------------------------------------------


def fit_and_ask(answer: Any, X: Any, y: Any, X_new: Any, lam: float, asked: str) -> Any:
    """Fit the answer's class and return what is asked of it."""
    model = answer(lam=lam)
    fitted = model.fit(X, y)
    if asked == "fit":
        return fitted is model
    if asked == "classes_":
        return model.classes_
    if asked == "loss_history_":
        history = np.asarray(model.loss_history_, dtype=float)
        return np.array([history[0], history[-1], len(history) - 1 - model.n_iter_])
    try:
        return getattr(model, asked)(X_new)
    except NotImplementedError:  # fit is there, so this is more than an untouched stub
        raise RuntimeError(f"{asked} is not written yet") from None


# --- 06.1 boundary_line --------------------------------------------------------------------------

RAISED, RETURNED = "a ValueError", "a result, no error"


def is_upright(Theta: Any, a: int, b: int) -> bool:
    """Return whether the boundary between two classes is vertical."""
    return bool(Theta[a, 2] == Theta[b, 2])


def line_or_error(answer: Callable[..., Any], Theta: Any, a: int, b: int) -> Any:
    """Call the answer; where the boundary is vertical, say in words whether it raised."""
    if not is_upright(Theta, a, b):
        return answer(Theta, a, b)
    try:
        answer(Theta, a, b)
    except ValueError:
        return RAISED
    return RETURNED


# --- 07.4 consistency_band -----------------------------------------------------------------------


def draw_band(
    answer: Callable[..., Any], confidence: Any, n_bins: int, n_resamples: int, seed: int
) -> Any:
    """Call the answer with a generator of that seed."""
    return answer(confidence, n_bins, n_resamples, np.random.default_rng(seed))
