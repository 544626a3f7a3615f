"""What came in, looked at once: arrays of numbers, labels, probabilities.

Each function returns what it was given as an array that the caller can rely on, or raises one
ValueError that says what was wrong, what was expected and what came; `name` is what the message
calls it. All lessons rest on these functions and none is about them.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.typing import ArrayLike, NDArray

# One number in gives one NumPy scalar out, as with NumPy's own functions.
Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.intp]


def as_array(values: ArrayLike, name: str) -> NDArray[Any]:
    """Array of anything, as long as its rows have one length and nothing in it is masked."""
    refuse_mask(values, name)
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be an array of numbers, with rows of one length") from None


def as_floats(values: ArrayLike, name: str) -> Floats:
    """Array of a float type; nan is still to be looked for."""
    array = as_array(values, name)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind != "f":
        raise ValueError(f"{name} must hold real numbers, but has dtype {array.dtype}")
    return array


def as_numbers(values: ArrayLike, name: str) -> Floats:
    """Array of a float type without nan."""
    array = as_floats(values, name)
    refuse_nan(array, name, np.max(array, initial=-np.inf))
    return array


def as_scores(logits: ArrayLike, axis: int) -> Floats:
    """Logits as an array that has the axis; nan is still to be looked for."""
    logits = as_floats(logits, "logits")
    if logits.ndim == 0:
        raise ValueError(f"logits must have an axis of classes, but are one number, {logits}")
    normalize_axis_index(axis, logits.ndim)  # raises NumPy's own AxisError, a ValueError
    return logits


def as_labels(
    y: ArrayLike, n_classes: int, limit: str, shape: tuple[int, ...] | None = None
) -> Integers:
    """Labels 0 … n_classes − 1 as integers, of that shape if one is given; limit says why no more."""
    labels = as_array(y, "y")
    if labels.dtype.kind not in "biuf":
        raise ValueError(f"y must hold whole numbers, but has dtype {labels.dtype}")
    if labels.dtype.kind == "f":
        fractional = labels != np.floor(labels)  # nan too, since it equals nothing
        if fractional.any():
            raise ValueError(f"y holds {labels[fractional][0]}, but labels are whole numbers")
    outside = (labels < 0) | (labels >= n_classes)
    if outside.any():
        allowed = f"labels 0–{n_classes - 1}" if n_classes > 1 else "label 0"
        raise ValueError(f"y holds label {labels[outside][0]}, but {limit} ({allowed})")
    if shape is not None and labels.shape != shape:
        raise ValueError(f"y has shape {labels.shape}, but needs one label per example, {shape}")
    return labels.astype(np.intp, copy=False)


def as_probabilities(values: ArrayLike, name: str) -> Floats:
    """At least one number from 0 to 1, as float64.

    A mean of ones may come to 1 + 2.2e-16. What lies outside by a few roundings is put on the end.
    """
    array = as_floats(values, name)
    if array.size == 0:
        raise ValueError(f"{name} is empty: calibration needs at least one prediction")
    rounding = 4 * np.finfo(array.dtype).eps
    if not (array.min() >= -rounding and array.max() <= 1 + rounding):  # nan makes either false
        where = np.argwhere(~((array >= -rounding) & (array <= 1 + rounding)))[0]
        raise ValueError(
            f"{name}{where.tolist()} is {float(array[tuple(where)])!r}, "
            "but a probability lies between 0 and 1"
        )
    return np.clip(array, 0, 1).astype(np.float64, copy=False)


def as_confidence(confidence: ArrayLike) -> Floats:
    """One probability for each prediction, shape (n,), n at least 1."""
    p = as_floats(confidence, "confidence")
    if p.ndim != 1:
        raise ValueError(
            f"confidence must be one number per prediction, shape (n,), but has shape {p.shape}; "
            "top_label(P, y) makes it from a table of probabilities"
        )
    return as_probabilities(p, "confidence")


def as_predictions(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats]:
    """How sure each prediction was, and 1 or 0 for right or wrong, both of shape (n,)."""
    p = as_confidence(confidence)
    right = as_floats(correct, "correct")
    if right.shape != p.shape:
        raise ValueError(
            f"correct has shape {right.shape}, but needs one entry per confidence, {p.shape}"
        )
    wrong = (right != 0) & (right != 1)  # nan too
    if wrong.any():
        raise ValueError(f"correct holds {right[wrong][0]:g}, but a prediction is right or wrong")
    return p, right


def as_distributions(P: ArrayLike) -> Floats:
    """Probabilities of K ≥ 2 classes for each of n ≥ 1 examples, shape (n, K); rows sum to 1."""
    P = as_floats(P, "P")
    if P.ndim != 2:
        raise ValueError(f"P must be a table of shape (n, K), but has shape {P.shape}")
    if P.shape[1] < 2:
        raise ValueError(
            f"P has shape {P.shape}, but needs a column for each of two or more classes; "
            "np.column_stack([1 - p, p]) makes them from the probability of yes"
        )
    P = as_probabilities(P, "P")
    sums = P.sum(axis=1)
    off = np.abs(sums - 1) > 1e-3  # more than float16 rounds
    if off.any():
        row = int(off.argmax())
        raise ValueError(f"P[{row}] sums to {sums[row]:.4g}, but probabilities sum to 1")
    return P


def refuse_mask(values: ArrayLike, name: str) -> None:
    """Raise if some entries are masked: NumPy would take the numbers behind the mask for data."""
    if np.ma.is_masked(values):
        raise ValueError(f"some entries of {name} are masked; leave them out or fill them first")


def refuse_nan(values: Floats, name: str, summary: ArrayLike) -> None:
    """Raise if the values hold nan; the summary of them is smaller, and nan if they do."""
    if np.isnan(summary).any():
        where = np.argwhere(np.isnan(values))[0].tolist()
        raise ValueError(f"{name}{at(where)} is nan, but must be a number, -inf or +inf")


def at(index: list[Any]) -> str:
    """Write an index as Python does; nothing for a single number."""
    return f"[{', '.join(map(str, index))}]" if index else ""
