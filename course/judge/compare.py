"""Comparing what an answer did with what it should have done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from course.judge.exercise import Case, Exercise
from course.judge.run import Outcome, Status, plain


@dataclass(frozen=True)
class Fault:
    """Why a case failed.

    Attributes
    ----------
    status : Status
        How the call ended if it did not return; FAILED if what it returned is not right.
    about : str
        What is not right: "type", "shape", "values", "changed" (an argument) or "warned".
    says : str
        One sentence.
    expected : array or tuple, optional
        What was expected, where that helps.
    """

    status: Status
    about: str
    says: str
    expected: Any = None


def find_fault(exercise: Exercise, case: Case, outcome: Outcome, expected: Any) -> Fault | None:
    """Return what is wrong with one outcome, or None if it is right.

    Looked at in this order: the call ended, type, shape, values, input unchanged (told, and paid
    for, in the first group alone), no warning (where the group asks for that).

    Parameters
    ----------
    exercise : Exercise
    case : Case
        What the answer was called with.
    outcome : Outcome
        What it did.
    expected : array, number or tuple
        What the oracle returns; ignored where the exercise has none.

    Returns
    -------
    Fault or None
    """
    if outcome.status is Status.NOT_ATTEMPTED:
        return Fault(outcome.status, "", "not attempted yet")
    if outcome.status is Status.ERROR:
        says = f"raised {outcome.error}: {outcome.detail}".rstrip(": ")
        return Fault(outcome.status, "", says)
    if outcome.status is not Status.RETURNED:
        return Fault(outcome.status, "", outcome.detail)
    fault = _find_wrong(exercise, case, outcome.value, expected)
    if fault:
        return fault
    if outcome.changed and case.group is exercise.groups[0]:
        says = f"the result is right, but your code changed {outcome.changed} in place"
        return Fault(Status.FAILED, "changed", says)
    if case.group.quiet and outcome.warned:
        says = f"the result is right, but NumPy warned: {outcome.warned}"
        return Fault(Status.FAILED, "warned", says)
    return None


_UNKNOWN_KIND = "the result is not of the kind that the docstring describes"


def _find_wrong(exercise: Exercise, case: Case, value: Any, expected: Any) -> Fault | None:
    """Return what is wrong with a value that came back."""
    group = case.group
    if group.accepts:
        try:
            if group.accepts(case.arguments, value):
                return None
        except Exception:  # it looks at results of the right kind and shape; who knows what came
            return Fault(Status.FAILED, "values", _UNKNOWN_KIND)
        fault = Fault(Status.FAILED, "values", _VALUES_DIFFER)
    else:
        found = _compare(value, plain(expected), exercise.rtol, exercise.atol)
        if found is None or found.about != "values":
            return found
        fault = found
    try:
        says = group.explains(case.arguments, value) if group.explains else None
    except Exception:
        says = _UNKNOWN_KIND
    return Fault(fault.status, fault.about, says, fault.expected) if says else fault


_VALUES_DIFFER = "the values differ"


def _compare(value: Any, expected: Any, rtol: float, atol: float) -> Fault | None:
    if isinstance(expected, tuple):
        if not isinstance(value, tuple) and not (
            isinstance(value, np.ndarray) and value.ndim and len(value) == len(expected)
        ):
            return _fault("type", f"returned one value, expected a tuple of {len(expected)}")
        if len(value) != len(expected):
            return _fault("type", f"returned {len(value)} values, expected {len(expected)}")
        for place, (got, wanted) in enumerate(zip(value, expected, strict=True), start=1):
            fault = _compare(got, wanted, rtol, atol)
            if fault:
                says = f"value {place} of {len(expected)}: {fault.says}"
                return _fault(fault.about, says, expected)
        return None
    if isinstance(value, tuple):
        return _fault("type", "returned a tuple or a ragged list, expected one array")
    if value.shape != expected.shape:
        return _fault("shape", f"returned shape {value.shape}, expected shape {expected.shape}")
    if (expected.dtype.kind in "US") != (value.dtype.kind in "US"):
        return _fault("type", f"returned dtype {value.dtype}, expected dtype {expected.dtype}")
    if not agree(value, expected, rtol, atol):
        return _fault("values", _VALUES_DIFFER, expected)
    return None


def _fault(about: str, says: str, expected: Any = None) -> Fault:
    return Fault(Status.FAILED, about, says, expected)


def agree(a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Return whether two plain values are equal up to rounding (nan equals nan).

    A float32 or float16 result is allowed the rounding of its own type.

    Parameters
    ----------
    a, b : array, or tuple of values
    rtol, atol : float
        Tolerances, relative to `b` and absolute.

    Returns
    -------
    bool
    """
    if isinstance(a, tuple) or isinstance(b, tuple):
        return len(a) == len(b) and all(agree(x, y, rtol, atol) for x, y in zip(a, b, strict=True))
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "US" or b.dtype.kind in "US":
        return bool(np.array_equal(a.astype(str), b.astype(str)))
    for array in (a, b):
        if array.dtype.kind == "f" and array.dtype.itemsize < 8:
            eps = float(np.finfo(array.dtype).eps)
            rtol, atol = max(rtol, 1e3 * eps), max(atol, 10 * eps)
    with np.errstate(all="ignore"):
        return bool(np.allclose(a.astype(float), b.astype(float), rtol, atol, equal_nan=True))
