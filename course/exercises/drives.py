"""How an exercise is carried out where it is more than one plain call.

A `drive` gets the answer and a case's arguments and hands back what came of it, as it is; some
arguments are functions themselves. The grader runs all this beside the answer, in the sandbox, where
it can be replaced: so nothing here knows what is right, compares or decides anything. That stands in
`readings` and the lessons' modules, which no submission sees.
"""

from __future__ import annotations

import dis
from collections.abc import Callable
from typing import Any

import numpy as np

from course.judge.run import plain

# --- 03.1 one_hot --------------------------------------------------------------------------------


def one_hot(answer: Callable[..., Any], y: Any, n_classes: int, scale: float = 1) -> Any:
    """Call the answer; hand back its result, and of what type that was.

    The scale is for what is done with the result later.
    """
    Y = answer(y, n_classes)
    return Y, str(getattr(Y, "dtype", ""))


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


def cubes_of_column_sums(theta: Any) -> Any:
    """Σ (θ₀ₖ + θ₁ₖ + …)³, over the columns."""
    return (np.sum(theta, axis=0) ** 3).sum()


# --- 04.4 minibatches ----------------------------------------------------------------------------


def deal(answer: Callable[..., Any], n: int, batch_size: int, seed: int, passes: int = 1) -> Any:
    """Deal once; or twice with one generator, and a third time with the seed of the first."""
    rng = np.random.default_rng(seed)
    if passes == 1:
        return answer(n, batch_size, rng)
    first, second = answer(n, batch_size, rng), answer(n, batch_size, rng)
    return first, second, answer(n, batch_size, np.random.default_rng(seed))


# --- 05.3 SoftmaxClassifier ----------------------------------------------------------------------


RECORD = "first loss, last loss, n_iter_ - (number of losses - 1)"
DESCENT = "n_iter_, number of losses, the losses"
REFITTED = "n_iter_, number of losses, the losses, where the same object was fitted to 1 - X before"
STEPS = "n_iter_, number of losses"


def fit_and_ask(
    answer: Any,
    X: Any,
    y: Any,
    X_new: Any,
    lam: float,
    asked: str,
    lr: float | None = None,
    max_iter: int | None = None,
    tol: float | None = None,
) -> Any:
    """Fit the answer's class, with its own settings where none are given, and ask it something."""
    settings = {"lr": lr, "max_iter": max_iter, "tol": tol}
    model = answer(lam=lam, **{name: v for name, v in settings.items() if v is not None})
    if asked == REFITTED:
        model.fit(1 - X, y)
    fitted = model.fit(X, y)
    if asked == "fit":
        return hex(id(fitted)), hex(id(model))
    if asked in ("classes_", "Theta_"):
        return getattr(model, asked)
    if asked in (RECORD, DESCENT, REFITTED, STEPS):
        return model.n_iter_, np.asarray(model.loss_history_, dtype=float)
    try:
        return getattr(model, asked)(X_new)
    except NotImplementedError:  # fit is there, so this is more than an untouched stub
        raise RuntimeError(f"{asked} is not written yet") from None


# --- 06.1 boundary_line --------------------------------------------------------------------------

BY_HAND = "raised by the answer's own code"


def raised_by_hand(error: BaseException, answer: Callable[..., Any]) -> bool:
    """Return whether an error comes from a `raise` in the answer's own code."""
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    if not last or last.tb_frame.f_globals is not getattr(answer, "__globals__", None):
        return False
    code = last.tb_frame.f_code.co_code
    return dis.opname[code[last.tb_lasti]] == "RAISE_VARARGS"


def line(answer: Callable[..., Any], Theta: Any, a: int, b: int) -> Any:
    """Call the answer; a ValueError that it raises itself says that, whatever its words are."""
    try:
        return answer(Theta, a, b)
    except ValueError as error:
        if raised_by_hand(error, answer):
            raise ValueError(BY_HAND) from None
        raise


# --- 07.4 consistency_band -----------------------------------------------------------------------


def draw_band(
    answer: Callable[..., Any],
    confidence: Any,
    n_bins: int,
    n_resamples: int,
    seed: int,
    other_seed: int | None = None,
) -> Any:
    """Return one band; or, with another seed, two from equal generators and one from the other."""
    if other_seed is None:
        return answer(confidence, n_bins, n_resamples, np.random.default_rng(seed))
    return tuple(
        answer(np.copy(confidence), n_bins, n_resamples, np.random.default_rng(s))
        for s in (seed, seed, other_seed)
    )


# --- 12.4 reliability_band_by_resampling ---------------------------------------------------------


def draw_rising_band(
    answer: Callable[..., Any], p: Any, n_resamples: int, seed: int, other_seed: int | None = None
) -> Any:
    """Return one band; or, with another seed, two from equal generators and one from the other."""
    if other_seed is None:
        return answer(p, n_resamples, np.random.default_rng(seed))
    return tuple(
        answer(np.copy(p), n_resamples, np.random.default_rng(s)) for s in (seed, seed, other_seed)
    )


# --- 10.3 softmax_policy -------------------------------------------------------------------------

DRAWS = 600
AGAIN = 25  # draws repeated with the same seed and with another


def pull(answer: Callable[..., Any], q: Any, T: float, seed: int) -> Any:
    """Draw many arms, then some more with the same seed, then with another."""
    passes = []
    for begin, n in ((seed, DRAWS), (seed, AGAIN), (seed + 1, AGAIN)):
        rng = np.random.default_rng(begin)
        arms = []
        for _ in range(n):
            arm = answer(q, T, rng)
            if type(arm) is not int:
                arm = plain(arm)
                if not isinstance(arm, np.ndarray) or arm.ndim or arm.dtype.kind not in "iuf":
                    return arm
            arms.append(float(arm))
        passes.append(np.array(arms))
    return tuple(passes)


# --- 11.1 split_four -----------------------------------------------------------------------------


def split_again(answer: Callable[..., Any], y: Any, shares: Any, seed: int) -> Any:
    """Return the sets of a seed, of the same seed again, and of another one."""
    return tuple(answer(y, shares, np.random.default_rng(s)) for s in (seed, seed, seed + 1))


# --- 14.4 adaptive_scores ------------------------------------------------------------------------


def score_by_chance(
    answer: Callable[..., Any], P: Any, y: Any, seed: int, other_seed: int | None = None
) -> Any:
    """Return scores once; or, with another seed, two from equal generators and one from the other."""
    if other_seed is None:
        return answer(P, y, np.random.default_rng(seed))
    return tuple(
        answer(np.copy(P), np.copy(y), np.random.default_rng(s)) for s in (seed, seed, other_seed)
    )
