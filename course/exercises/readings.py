"""What is judged of what came back, where that is not the value itself.

A drive (see `drives`) runs beside the answer and hands back what it got, as it is. Whatever is
calculated, compared or decided from that happens here, where no submission comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from course.exercises.drives import BY_HAND, DESCENT, RECORD, REFITTED, STEPS
from course.judge.exercise import Reads
from course.judge.run import Arguments, Outcome, Status, plain


def of_value(look: Callable[[Arguments, Any], Any]) -> Reads:
    """Make a reading of a value: what `look(arguments, value)` returns or raises is judged.

    Parameters
    ----------
    look : callable

    Returns
    -------
    callable
        For `Exercise.reads`.
    """

    def reads(arguments: Arguments, outcome: Outcome) -> Outcome:
        if outcome.status is not Status.RETURNED:
            return outcome
        try:
            with np.errstate(all="ignore"):
                return replace(outcome, value=plain(look(arguments, outcome.value)))
        except Exception as problem:
            error, detail = type(problem).__name__, " ".join(str(problem).split())[:300]
            return replace(outcome, value=None, status=Status.ERROR, error=error, detail=detail)

    return reads


# --- 03.1 one_hot --------------------------------------------------------------------------------


_WHOLE = {"bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}


def scaled(arguments: Arguments, value: Any) -> Any:
    """Multiply the result in place as a lesson does: an array of integers refuses."""
    Y, kind = value
    scale = arguments[2] if len(arguments) > 2 else 1
    if scale != 1 and isinstance(Y, np.ndarray):
        Y = Y.astype(str(kind)) if str(kind) in _WHOLE else Y.copy()
        Y *= scale
    return Y


# --- 05.2 encode_labels --------------------------------------------------------------------------


def looked_up(arguments: Arguments, result: Any) -> Any:
    """Look the integers up in the classes as a lesson does."""
    if isinstance(result, tuple) and len(result) == 2:
        integers = np.asarray(result[1])
        if integers.shape == np.shape(arguments[0]) and integers.dtype.kind in "fb":
            raise TypeError(f"classes[integers] needs integers; yours are of type {integers.dtype}")
    return result


# --- 05.3 SoftmaxClassifier ----------------------------------------------------------------------


def of_the_fit(arguments: Arguments, value: Any) -> Any:
    """Put together what was asked of a fitted model."""
    asked = arguments[4]
    if asked == "fit":
        returned, model = value
        return bool(returned == model)
    if asked not in (RECORD, DESCENT, REFITTED, STEPS):
        return value
    steps, history = value
    if asked == RECORD:
        record = [history[0], history[-1], steps - (len(history) - 1)]
        return np.array(record, dtype=history.dtype)
    max_iter = arguments[6] if len(arguments) > 6 else None
    length = 0 if asked == STEPS or max_iter is None else max_iter + 1
    shown = np.append(history, np.full(length, np.nan))[:length]
    return np.array([steps, len(history), *shown], dtype=history.dtype)


# --- 06.1 boundary_line --------------------------------------------------------------------------

RAISED, RETURNED = "a ValueError", "a result, no error"


def is_upright(Theta: Any, a: int, b: int) -> bool:
    """Return whether the boundary between two classes is vertical."""
    return bool(Theta[a, 2] == Theta[b, 2])


def line_or_error(arguments: Arguments, outcome: Outcome) -> Outcome:
    """Say in words whether the answer raised, where the boundary is vertical."""
    raised = outcome.status is Status.ERROR and outcome.error in ("ValueError", "LinAlgError")
    if is_upright(*arguments):
        if raised:
            return replace(outcome, value=np.asarray(RAISED), status=Status.RETURNED, error="")
        if outcome.status is Status.RETURNED or outcome.status is Status.NOT_PLAIN:
            return replace(outcome, value=np.asarray(RETURNED), status=Status.RETURNED)
    elif raised and outcome.detail == BY_HAND:  # whatever its words were
        return replace(outcome, detail="but this boundary is not vertical")
    return outcome


# --- 07.4 consistency_band -----------------------------------------------------------------------


def stacked(arguments: Arguments, value: Any) -> Any:
    """Return three bands as one array, and one band as it is."""
    if not isinstance(value, tuple) or len(value) != 3:
        return value
    return np.array([[np.asarray(end, dtype=float) for end in both] for both in value])


# --- 10.1, 10.2: scores that are right up to a number added to a row -----------------------------


def centred(scores: Any) -> Any:
    """Take each row's mean off, which no softmax notices."""
    if not isinstance(scores, np.ndarray) or scores.ndim != 2 or scores.dtype.kind not in "iuf":
        return scores
    with np.errstate(invalid="ignore"):  # inf − inf
        means = scores.mean(axis=1, keepdims=True, dtype=float)
    less = scores - np.where(np.isfinite(means), means, 0)  # a row with inf or nan stays
    return less.astype(scores.dtype) if scores.dtype.kind == "f" else less


def rows_centred(arguments: Arguments, scores: Any) -> Any:
    """Take each row's mean off the scores that came back."""
    return centred(scores)


def centred_scores(scores: Callable[..., Any], *arguments: Any) -> Any:
    """Return a function's scores with each row's mean taken off."""
    return centred(plain(scores(*arguments)))
