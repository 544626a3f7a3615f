"""How a wrong result is related to the right one: a factor, a sign, an order, a shape on its side.

It only says what is so in every case that failed; what the learner did is for them to find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from course.judge.compare import agree
from course.judge.exercise import Case, Exercise
from course.judge.run import plain


def relation(
    exercise: Exercise, cases: Sequence[Case], values: Sequence[Any], expected: Sequence[Any]
) -> str | None:
    """Return one sentence on what wrong results have to do with the right ones.

    Parameters
    ----------
    exercise : Exercise
    cases : sequence of Case
        Those that failed by what they returned.
    values : sequence
        What came back in each.
    expected : sequence
        What is right in each.

    Returns
    -------
    str or None
        None where nothing simple holds in all of them.
    """
    numbers = {float(x) for right in expected for x in _numbers(plain(right))}
    if len(numbers) < 3:  # too few to tell a rule from chance
        return None
    found: list[str] | None = None
    for case, value, right in zip(cases, values, expected, strict=True):
        here = list(_relations(exercise, case, value, plain(right)))
        found = here if found is None else [sentence for sentence in found if sentence in here]
    return found[0] if found else None


def _relations(exercise: Exercise, case: Case, value: Any, right: Any) -> Iterator[str]:
    """Yield what holds in one case, the most telling first."""
    if isinstance(value, tuple) or isinstance(right, tuple):
        if isinstance(value, tuple) and isinstance(right, tuple) and len(value) == len(right):
            yield from _relations_of_parts(exercise, case, value, right)
        return
    if value.dtype.kind not in "biuf" or right.dtype.kind not in "biuf" or not right.size:
        return
    value, right = value.astype(float), right.astype(float)

    def same(other: Any) -> bool:
        return agree(value, np.asarray(other), max(exercise.rtol, 1e-6), exercise.atol)

    with np.errstate(all="ignore"):
        if value.ndim == right.ndim == 2 and value.shape == right.shape[::-1]:
            yield from _if(agree(value.T, right), "transposed, your values would be right")
        if value.shape != right.shape:
            on_its_side = value.ndim == 2 and value.shape == right.shape[::-1]
            yield from _if(on_its_side, "your result lies on its side: rows and columns exchanged")
            flat = value.size == right.size and agree(np.ravel(value), np.ravel(right))
            yield from _if(flat, "your numbers are right, only their shape is not")
            return
        yield from _if(same(-right), "all of your values have the wrong sign")
        for factor, words in _factors(exercise, case):
            yield from _if(
                same(factor * right), f"your values are too large by a factor of {words}"
            )
            yield from _if(
                same(right / factor), f"your values are too small by a factor of {words}"
            )
        for other, words in (
            (1 - right, "1 minus"),
            (right**2, "the squares of"),
            (np.sqrt(right), "the square roots of"),
            (np.exp(right), "the exponentials of"),
            (np.log(right), "the logarithms of"),
            (1 / right, "1 divided by"),
        ):
            yield from _if(same(other), f"your values are {words} the right ones")
        yield from _if(same(right + 1), "your values are too large by 1")
        yield from _if(same(right - 1), "your values are too small by 1")
        for digits in range(1, 7):
            rounded = same(np.round(right, digits)) and not agree(right, np.round(right, digits))
            yield from _if(rounded, "your values are rounded")
        if right.ndim and len(right) > 1:
            yield from _orders(right, same)


def _relations_of_parts(
    exercise: Exercise, case: Case, value: tuple[Any, ...], right: tuple[Any, ...]
) -> Iterator[str]:
    """Yield what holds of one part of a tuple, where the others are right."""
    parts = list(zip(value, right, strict=True))
    wrong = [k for k, (a, b) in enumerate(parts) if not agree(a, b, exercise.rtol, exercise.atol)]
    if len(wrong) == 1:
        for sentence in _relations(exercise, case, *parts[wrong[0]]):
            yield f"value {wrong[0] + 1} of {len(right)}: {sentence}"


def _factors(exercise: Exercise, case: Case) -> Iterator[tuple[float, str]]:
    """Yield factors by which people go wrong, each in words."""
    yield 2.0, "2"
    yield 4.0, "4"
    yield float(np.log(2)) ** -1, "1/log 2, as bits are to nats"
    seen = set()
    for name, argument in zip(exercise.arguments, case.arguments, strict=False):
        if isinstance(argument, np.ndarray) and argument.ndim:
            for axis, length in enumerate(argument.shape):
                if length > 1 and length not in seen:
                    seen.add(length)
                    yield float(length), f"{name}.shape[{axis}]"
        elif isinstance(argument, int | np.integer) and argument > 1:
            yield float(argument), name


def _orders(right: Any, same: Callable[[Any], bool]) -> Iterator[str]:
    """Yield what has the right values in another order."""
    yield from _if(same(right[::-1]), "your values are right, in reverse order")
    yield from _if(same(np.roll(right, 1, axis=0)), "your values are right, one place too late")
    yield from _if(same(np.roll(right, -1, axis=0)), "your values are right, one place too early")
    if right.ndim == 2 and right.shape[1] > 1:
        yield from _if(same(right[:, ::-1]), "your columns are right, in reverse order")
    if right.ndim == 1:
        yield from _if(same(np.cumsum(right)), "your values are running totals of the right ones")


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, tuple):
        for part in value:
            yield from _numbers(part)
    elif value.dtype.kind in "biuf":
        yield from value.ravel().tolist()


def _if(holds: bool, sentence: str) -> Iterator[str]:
    if holds:
        yield sentence
