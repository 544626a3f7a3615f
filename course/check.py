"""`check(answer)`: judge an exercise where it was written and say what a tutor would say."""

from __future__ import annotations

import ast
import difflib
import html
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course import exercises
from course.judge.compare import VALUES_DIFFER
from course.judge.judge import Failure, Judgement, judge
from course.judge.mistakes import Answer
from course.judge.run import TIME_LIMIT, Status
from course.progress import remember

_tries: Counter[str] = Counter()


@dataclass(frozen=True)
class Line:
    """One line of a message: how far it stands in, its text, and what kind of line it is.

    A "head" and what a "tutor" says are bold; "code" keeps its spaces and is never wrapped.
    """

    indent: int
    text: str
    kind: str = ""

    def as_html(self) -> str:
        """Return it as a block of its own; a wrapped line goes on under its first word."""
        style = f"margin-left:{self.indent}ch;"
        if self.kind == "code":
            style += "white-space:pre;overflow-x:auto;"
        elif self.text[1:2] == " ":  # a mark: ✓, ✗, –, ○ or →
            style += "padding-left:2ch;text-indent:-2ch;"
        style += "font-weight:600;" * (self.kind in ("head", "tutor"))
        return f'<div style="{style}">{html.escape(self.text)}</div>'


# The edge beside a message, at least 3 : 1 on white and on the greys of dark themes. The text has
# the theme's own colour.
_EDGES = {Status.PASSED: "#2f9a49", Status.FAILED: "#c2701c", Status.NOT_ATTEMPTED: "#8c959f"}


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
        The name of the known wrong answer that behaves like this one.
    message : str
        Everything, as plain text.
    """

    passed: bool
    points: int
    max_points: int
    misconception: str | None
    message: str
    _lines: Sequence[Line] = field(default=(), repr=False, compare=False)
    _edge: str = field(default="", repr=False, compare=False)

    def __repr__(self) -> str:
        return self.message

    def _repr_html_(self) -> str:
        rows = "".join(line.as_html() for line in self._lines)
        return (
            f'<div style="border-left:4px solid {self._edge};padding:.2em .8em;'
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
        if name == "<lambda>" or not hasattr(answer, "__name__"):
            hint = '; say which one it answers: check(f, "softmax")'
        return _refusal(f"no exercise of this course is called {str(name)!r}{hint}")
    judgement = judge(exercises.named(name), answer, seconds=TIME_LIMIT)
    if judgement.status is not Status.NOT_ATTEMPTED:
        _tries[name] += 1
    remember(name, judgement.points)
    lines = list(_tell(judgement, _tries[name]))
    if older := _newer_cell(name):
        lines.append(Line(2, f"Note: {older}"))
    done = judgement.status in (Status.PASSED, Status.NOT_ATTEMPTED)
    return Verdict(
        passed=judgement.status is Status.PASSED,
        points=judgement.points,
        max_points=judgement.exercise.max_points,
        misconception=judgement.misconception.name if judgement.misconception else None,
        message="\n".join(" " * line.indent + line.text for line in lines),
        _lines=lines,
        _edge=_EDGES[judgement.status if done else Status.FAILED],
    )


def _refusal(sentence: str) -> Verdict:
    text = f"? {sentence}"
    return Verdict(False, 0, 0, None, text, [Line(0, text)], _EDGES[Status.NOT_ATTEMPTED])


def _newer_cell(name: str) -> str:
    """Return what to say if a newer cell than the one that was judged could not be read.

    Only IPython knows; elsewhere there is nothing to say.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    cells = shell.user_ns.get("In", []) if shell else []
    defines = re.compile(rf"^(def|class)\s+{re.escape(name)}\b", re.MULTILINE)
    newest = next((cell for cell in reversed(cells) if defines.search(cell)), "")
    try:
        ast.parse(shell.transform_cell(newest) if shell and newest else "")
    except SyntaxError as error:
        return (
            f"the newest cell that defines {name} has a SyntaxError (line {error.lineno}), "
            "so this is the version before it"
        )
    return ""


def _tell(judgement: Judgement, tries: int) -> Iterator[Line]:
    """Yield the lines of a message."""
    exercise = judgement.exercise
    head = f"{exercise.number} {exercise.name}"
    if judgement.status is Status.NOT_ATTEMPTED:
        yield Line(0, f"○ {head} — not attempted yet ({_points(exercise.max_points)})", "head")
        return
    if judgement.status is Status.FORBIDDEN:
        yield Line(0, f"✗ {head} — 0 of {_points(exercise.max_points)}", "head")
        says = f"Your answer uses {judgement.detail}. The exercise is to do without it"
        yield Line(2, f"→ {says}: write that part yourself.", "tutor")
        return
    mark = "✓" if judgement.status is Status.PASSED else "✗"
    score = f"{judgement.points} of {_points(exercise.max_points)}"
    yield Line(0, f"{mark} {head} — {score}", "head")
    told = False
    for result in judgement.results:
        says = result.group.says
        if result.failure is None:
            yield Line(2, f"✓ {says}" if result.judged else f"– {says} (not judged yet)")
            continue
        yield Line(2, f"✗ {says}")
        if not told:
            told = True
            yield from _show(exercise.arguments, result.failure)
            if advice := _advice(judgement):
                yield Line(4, f"→ {advice}", "tutor")
    if judgement.status is not Status.PASSED:
        yield Line(2, f"Hints are folded below. {tries} {'try' if tries == 1 else 'tries'}.")


def _advice(judgement: Judgement) -> str:
    """Return what a tutor would say: of a known mistake, or of what is seen; nothing else."""
    if judgement.misconception:
        return judgement.misconception.says
    if judgement.resembles:
        return _alike(judgement.resembles)
    if judgement.relation:
        return f"Look: {judgement.relation}, wherever this fails."
    return ""


def _alike(known: Answer) -> str:
    """Return what to say of an answer that looks like a known mistake, or like two."""
    if not known.parts:
        return f"This looks like “{known.name}”: {known.says}"
    names = " and ".join(f"“{part.name}”" for part in known.parts)
    says = " Then: ".join(part.says for part in known.parts)
    return f"This looks like two mistakes at once, {names}: {says}"


def _points(n: int) -> str:
    return f"{n} point" if n == 1 else f"{n} points"


def _show(names: list[str], failure: Failure) -> Iterator[Line]:
    """Yield the failing call, what came back, and what was expected."""
    outcome, fault = failure.outcome, failure.fault
    for name, value in zip(names, failure.arguments, strict=False):
        if name == "rng" and isinstance(value, int):  # the exercise's drive makes it from a seed
            yield Line(4, f"for rng = np.random.default_rng({value})", "code")
        else:
            yield from _code(f"for {name} = ", value)
    if outcome.printed:
        first = outcome.printed.strip().splitlines()[:1]
        more = " …" if len(outcome.printed) > 120 else ""
        yield Line(4, f"it printed: {first[0][:120] if first else '(blank lines)'}{more}")
    if fault.about in ("values", "shape") and outcome.value is not None:
        yield from _code("came back ", outcome.value)
    if fault.about == "values" and fault.expected is not None:
        yield from _code("expected  ", fault.expected)
        if _text(fault.expected) == _text(outcome.value) and isinstance(fault.expected, np.ndarray):
            gap = _gap(outcome.value, fault.expected)
            yield Line(4, f"they look alike and differ by up to {gap:.1e}")
    if fault.says != VALUES_DIFFER:
        yield Line(4, fault.says)


def _code(label: str, value: Any) -> Iterator[Line]:
    """Yield a value behind a label, a line for each row of an array."""
    for place, row in enumerate(_text(value).split("\n")):
        yield Line(4, (" " * len(label) if place else label) + row, "code")


def _gap(a: Any, b: Any) -> float:
    with np.errstate(invalid="ignore"):  # inf - inf
        return float(np.nanmax(np.abs(a - b)))


_MOST = 24  # numbers of an array that are shown; whole rows


def _text(value: Any) -> str:
    """Return a short text of an argument or result: an array row by row."""
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if isinstance(value, tuple):
        parts = [_text(part) for part in value]
        if not any("\n" in part for part in parts):
            return f"({', '.join(parts)})"
        return "(" + ",\n ".join(part.replace("\n", "\n ") for part in parts) + ")"
    array = np.asarray(value)
    if array.dtype.kind == "f" and array.ndim == 0:
        return f"{float(array):.6g}"
    if array.ndim > 2 or (array.ndim and array[:1].size > _MOST and array.ndim > 1):
        return f"an array of shape {array.shape}"
    shown, row = len(array) if array.ndim else 1, array[:1].size if array.ndim else 1
    most = max(_MOST // max(row, 1), 1)
    text = np.array2string(
        array[:most] if shown > most else array,
        precision=4,
        separator=", ",
        max_line_width=10_000,
        threshold=10_000,
        formatter=_FORMAT,
    )
    return text if shown <= most else f"{text[:-1]}, … {shown - most} more]"


_FORMAT: Any = {"float_kind": lambda x: f"{x:.4g}"}
