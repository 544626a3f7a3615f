"""Comparing what an answer did with what it should have done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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


Slack = Callable[[], Any]  # what float32 may differ by, in the shape of what is expected


def find_fault(
    exercise: Exercise,
    case: Case,
    outcome: Outcome,
    expected: Any,
    slack: Slack | None = None,
    explain: bool = True,
) -> Fault | None:
    """Return what is wrong with one outcome, or None if it is right.

    Looked at in this order: the call ended, type, shape, values, input unchanged, no warning (where
    the group asks for that).

    Parameters
    ----------
    exercise : Exercise
    case : Case
        What the answer was called with.
    outcome : Outcome
        What it did.
    expected : array, number or tuple
        What the oracle returns; ignored where the exercise has none.
    slack : callable, optional
        Asked when a result is float32, see `float32_slack`.
    explain : bool
        False where nobody will read what is wrong.

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
    fault = _find_wrong(exercise, case, outcome.value, expected, slack)
    if fault and fault.about == "values" and explain:
        return _explained(fault, case, outcome.value)
    if fault:
        return fault
    if outcome.changed:
        says = f"the result is right, but your code changed {outcome.changed} in place"
        return Fault(Status.FAILED, "changed", says)
    if case.group.quiet and outcome.warned:
        says = f"the result is right, but NumPy warned: {outcome.warned}"
        return Fault(Status.FAILED, "warned", says)
    return None


_UNKNOWN_KIND = "the result is not of the kind that the docstring describes"


def _find_wrong(
    exercise: Exercise, case: Case, value: Any, expected: Any, slack: Slack | None
) -> Fault | None:
    """Return what is wrong with a value that came back."""
    group, kinds = case.group, _float_kinds(value)
    if np.dtype(np.float16) in kinds:
        return _fault("type", "float16 keeps three digits: return float64")
    if group.accepts:
        try:
            if group.accepts(case.arguments, value):
                return None
        except Exception:  # it looks at results of the right kind and shape; who knows what came
            return Fault(Status.FAILED, "values", _UNKNOWN_KIND)
        return Fault(Status.FAILED, "values", VALUES_DIFFER)
    single = np.dtype(np.float32) in kinds and slack is not None
    allowed = slack() if slack and single else None
    return _compare(value, plain(expected), exercise.rtol, exercise.atol, allowed)


def _explained(fault: Fault, case: Case, value: Any) -> Fault:
    """Return a fault in the words of the case's group, if it has any for it."""
    explains = case.group.explains
    try:
        says = explains(case.arguments, value) if explains else None
    except Exception:  # it looks at results of the right kind and shape; who knows what came
        says = _UNKNOWN_KIND
    return replace(fault, says=says) if says else fault


VALUES_DIFFER = "the values differ"


def _float_kinds(value: Any) -> set[np.dtype[Any]]:
    """Return the float types in a plain value."""
    if isinstance(value, tuple):
        return set[np.dtype[Any]]().union(*map(_float_kinds, value))
    return {value.dtype} if value.dtype.kind == "f" else set()


def _compare(
    value: Any, expected: Any, rtol: float, atol: float, slack: Any = None
) -> Fault | None:
    if isinstance(expected, tuple):
        if not isinstance(value, tuple) and not (
            isinstance(value, np.ndarray) and value.ndim and len(value) == len(expected)
        ):
            return _fault("type", f"returned one value, expected a tuple of {len(expected)}")
        if len(value) != len(expected):
            return _fault("type", f"returned {len(value)} values, expected {len(expected)}")
        for place, (got, wanted) in enumerate(zip(value, expected, strict=True)):
            own = slack[place] if slack else None
            fault = _compare(got, wanted, rtol, atol, own)
            if fault:
                says = f"value {place + 1} of {len(expected)}: {fault.says}"
                return _fault(fault.about, says, expected)
        return None
    if isinstance(value, tuple):
        return _fault("type", "returned a tuple or a ragged list, expected one array")
    if value.shape != expected.shape:
        return _fault("shape", f"returned shape {value.shape}, expected shape {expected.shape}")
    if (expected.dtype.kind in "US") != (value.dtype.kind in "US"):
        return _fault("type", f"returned dtype {value.dtype}, expected dtype {expected.dtype}")
    allowed = atol if slack is None or value.dtype != np.float32 else np.maximum(atol, slack)
    if not agree(value, expected, rtol, allowed):
        return _fault("values", VALUES_DIFFER, expected)
    return None


def _fault(about: str, says: str, expected: Any = None) -> Fault:
    return Fault(Status.FAILED, about, says, expected)


def agree(a: Any, b: Any, rtol: float = 1e-6, atol: Any = 1e-9) -> bool:
    """Return whether two plain values are equal up to rounding (nan equals nan).

    Parameters
    ----------
    a, b : array, or tuple of values
    rtol : float
        Tolerance relative to `b`.
    atol : float, or array in the shape of `b`
        Absolute tolerance.

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
    with np.errstate(all="ignore"):
        if (a == b).all():  # most results are right, and to the last digit
            return True
        return bool(np.isclose(a.astype(float), b.astype(float), rtol, atol, equal_nan=True).all())


# What a float32 result may differ by: a few roundings, and some times what right answers do.
_ROUNDINGS, _TIMES = 8, 8


def float32_slack(exercise: Exercise, case: Case, expected: Any) -> Any:
    """Return what honest arithmetic in float32 may cost in one case, and no more.

    It is measured: the exercise's right answers are run on the arguments in float32, and each is
    compared with what it gives in float64.

    Parameters
    ----------
    exercise : Exercise
    case : Case
    expected : array or tuple
        The right result.

    Returns
    -------
    array or tuple
        In the shape of `expected`: absolute differences that are allowed.
    """
    pairs = []
    for answer in exercise.right:
        both = (_cast(case.arguments), case.arguments)
        single, double = (exercise.outcome_of(answer, given).value for given in both)
        pairs.append((single, double))
    return _spread(plain(expected), pairs)


def _spread(wanted: Any, pairs: Sequence[tuple[Any, Any]]) -> Any:
    """Return how far values lie apart, in the shape of what is wanted."""
    if isinstance(wanted, tuple):
        fitting = [
            pair
            for pair in pairs
            if all(isinstance(v, tuple) and len(v) == len(wanted) for v in pair)
        ]
        return tuple(
            _spread(part, [(single[k], double[k]) for single, double in fitting])
            for k, part in enumerate(wanted)
        )
    if wanted.dtype.kind in "US":
        return None
    single = np.finfo(np.float32)
    with np.errstate(all="ignore"):
        exact = wanted.astype(float)
        allowed = _ROUNDINGS * float(single.eps) * np.abs(exact) + float(single.tiny)
        for pair in pairs:
            if all(isinstance(v, np.ndarray) and v.shape == wanted.shape for v in pair):
                errors = np.abs(pair[0].astype(float) - pair[1].astype(float))
                errors = np.where(np.isfinite(errors), errors, 0)
                typical = errors.mean() if errors.size else 0.0
                allowed = np.maximum(allowed, _TIMES * np.maximum(errors, typical))
        return np.where(np.isfinite(allowed), allowed, 0)


def _cast(arguments: Any) -> Any:
    """Return arguments with their float64 arrays in float32."""
    if isinstance(arguments, tuple | list):
        return type(arguments)(_cast(each) for each in arguments)
    if isinstance(arguments, np.ndarray) and arguments.dtype == np.float64:
        return arguments.astype(np.float32)
    return arguments
