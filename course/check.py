"""`check(answer)`: judge an exercise where it was written and say what a tutor would say."""

from __future__ import annotations

import difflib
import html
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course import exercises
from course.judge.judge import Failure, Judgement, judge
from course.judge.run import TIME_LIMIT, Status

_tries: Counter[str] = Counter()
_best: dict[str, int] = {}


@dataclass(frozen=True)
class Verdict:
    """What `check` found. It shows itself: as HTML in a notebook, as text elsewhere.

    Attributes
    ----------
    passed : bool
        Whether every group of cases is right.
    points, max_points : int
        Earned, and to be had.
    misconception : str or None
        The name of the known mistake that behaves like this one.
    message : str
        Everything, as plain text.
    """

    passed: bool
    points: int
    max_points: int
    misconception: str | None
    message: str
    _lines: list[tuple[str, str]] = field(default_factory=list, repr=False, compare=False)

    def __repr__(self) -> str:
        return self.message

    def _repr_html_(self) -> str:
        colours = {"good": "#1a7f37", "bad": "#b35900", "tutor": "inherit", "": "inherit"}
        rows = "".join(
            f'<div style="color:{colours[tone]};white-space:pre-wrap;'
            f'{"font-weight:600;" if i == 0 or tone == "tutor" else ""}">{html.escape(text)}</div>'
            for i, (tone, text) in enumerate(self._lines)
        )
        edge = "#1a7f37" if self.passed else "#b35900" if self._lines[0][0] == "bad" else "#8c959f"
        return (
            f'<div style="border-left:4px solid {edge};padding:.2em .8em;'
            f'font-family:var(--jp-code-font-family,monospace)">{rows}</div>'
        )


def check(answer: Any, name: str | None = None) -> Verdict:
    """Judge your answer to an exercise.

    Parameters
    ----------
    answer : function or class
        What you wrote. The exercise is found by its name.
    name : str, optional
        The exercise's name, where the object does not carry it (a lambda, a partial function).

    Returns
    -------
    Verdict
        ``passed``, ``points``, ``max_points``, ``misconception`` and ``message``. Nothing is
        raised, and your arguments are never touched, so a notebook runs on.
    """
    known = exercises.numbers()
    name = name or getattr(answer, "__name__", None) or type(answer).__name__
    if not callable(answer):
        return _refusal(
            f"check takes the function or class itself, such as check(softmax), "
            f"not its result; what came is of type {type(answer).__name__}"
        )
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return _refusal(f"no exercise of this course is called {str(name)!r}{hint}")
    judgement = judge(exercises.named(name), answer, seconds=TIME_LIMIT)
    if judgement.status is not Status.NOT_ATTEMPTED:
        _tries[name] += 1
    _best[name] = max(_best.get(name, 0), judgement.points)
    lines = list(_tell(judgement, _tries[name]))
    return Verdict(
        passed=judgement.status is Status.PASSED,
        points=judgement.points,
        max_points=judgement.exercise.max_points,
        misconception=judgement.misconception.name if judgement.misconception else None,
        message="\n".join(text for _, text in lines),
        _lines=lines,
    )


def progress(lesson: str) -> None:
    """Print one line: the points of a lesson so far, and what is left.

    Parameters
    ----------
    lesson : str
        The lesson's number, ``"02"``.
    """
    todo = exercises.of_lesson(lesson)
    if not todo:
        raise ValueError(f"no lesson with exercises has the number {lesson!r}")
    points = sum(_best.get(e.name, 0) for e in todo)
    total = sum(e.max_points for e in todo)
    filled = round(20 * points / total)
    left = [f"{e.number} {e.name}" for e in todo if _best.get(e.name, 0) < e.max_points]
    print(
        f"lesson {lesson}  {'█' * filled}{'░' * (20 - filled)}  {points} of {total} points"
        + (f" · left: {', '.join(left)}" if left else " · all done")
    )


def _refusal(sentence: str) -> Verdict:
    return Verdict(False, 0, 0, None, f"? {sentence}", [("", f"? {sentence}")])


def _tell(judgement: Judgement, tries: int) -> Iterator[tuple[str, str]]:
    """Yield the lines of a message, each with its tone."""
    exercise = judgement.exercise
    head = f"{exercise.number} {exercise.name}"
    if judgement.status is Status.NOT_ATTEMPTED:
        yield "", f"○ {head} — not attempted yet ({_points(exercise.max_points)})"
        return
    if judgement.status is Status.FORBIDDEN:
        yield "bad", f"✗ {head} — 0 of {_points(exercise.max_points)}"
        yield (
            "tutor",
            f"  → Your answer uses {judgement.detail}. The exercise is to do without it: write that part yourself.",
        )
        return
    score = f"{judgement.points} of {_points(exercise.max_points)}"
    if judgement.status is Status.PASSED:
        yield "good", f"✓ {head} — {score}"
    else:
        yield "bad", f"✗ {head} — {score}"
    told = False
    for result in judgement.results:
        if result.failure is None:
            mark, tone = ("✓", "good") if result.judged else ("–", "")
            yield (
                tone,
                f"  {mark} {result.group.says}" + ("" if result.judged else " (not judged yet)"),
            )
            continue
        yield "bad", f"  ✗ {result.group.says}"
        if not told:
            told = True
            yield from (("", f"      {line}") for line in _show(exercise.arguments, result.failure))
            if judgement.misconception:
                yield "tutor", f"    → {judgement.misconception.says}"
    if judgement.status is not Status.PASSED:
        yield "", f"  Hints are folded below. {tries} {'try' if tries == 1 else 'tries'}."


def _points(n: int) -> str:
    return f"{n} point" if n == 1 else f"{n} points"


def _show(names: list[str], failure: Failure) -> Iterator[str]:
    """Yield the failing call, what came back, and what was expected."""
    outcome, fault = failure.outcome, failure.fault
    for name, value in zip(names, failure.arguments, strict=False):
        if name == "rng" and isinstance(value, int):  # the exercise's drive makes it from a seed
            yield f"for rng = np.random.default_rng({value})"
        else:
            yield f"for {name} = {_text(value, len(name) + 7)}"
    if outcome.printed:
        first = outcome.printed.strip().splitlines()[:1]
        yield f"it printed: {first[0][:120] if first else '(blank lines)'}" + (
            " …" if len(outcome.printed) > 120 else ""
        )
    if fault.about in ("values", "shape") and outcome.value is not None:
        yield f"came back {_text(outcome.value, 10)}"
    if fault.about == "values" and fault.expected is not None:
        yield f"expected  {_text(fault.expected, 10)}"
        if _text(fault.expected) == _text(outcome.value) and isinstance(fault.expected, np.ndarray):
            yield f"they look alike and differ by up to {_gap(outcome.value, fault.expected):.1e}"
    if fault.says != "the values differ":
        yield fault.says


def _gap(a: Any, b: Any) -> float:
    with np.errstate(invalid="ignore"):  # inf - inf
        return float(np.nanmax(np.abs(a - b)))


def _text(value: Any, indent: int = 0) -> str:
    """Return a short text of an argument or result; continuation lines are indented."""
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if isinstance(value, tuple):
        parts = [_text(part, indent + 1) for part in value]
        tall = any("\n" in part for part in parts)
        return "(" + (",\n" + " " * (indent + 7) if tall else ", ").join(parts) + ")"
    array = np.asarray(value)
    if array.size > 24:
        return f"an array of shape {array.shape}"
    if array.dtype.kind == "f" and array.ndim == 0:
        return f"{float(array):.6g}"
    text = np.array2string(array, precision=4, separator=", ", max_line_width=90, formatter=_FORMAT)
    return text.replace("\n", "\n" + " " * (indent + 6))


_FORMAT: Any = {"float_kind": lambda x: f"{x:.4g}"}
