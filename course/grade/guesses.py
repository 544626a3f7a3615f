"""What students forecast, read from their notebooks; never run, so nothing can be won by it.

A forecast stands in a notebook as it was typed: ``utils.predict("02.shift", […], answer="unchanged",
sure=0.8)``, or a dictionary for the questions asked twice. Whether somebody typed it before they saw the
outcome, no notebook tells.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from course.grade.reading import visible
from utils.predictions import chosen, probability

_LETTERS = "abcdefgh"
_CALL = re.compile(r"\bpredict\s*\(|\banswer\s*\(|^answers\s*=", re.MULTILINE)
_MAGIC = re.compile(r"^[ \t]*[%!?][^\n]*", re.MULTILINE)
_MOST = 50_000  # characters of all cells that are looked into; forecasts are short
Named = dict[str, ast.expr]


@dataclass(frozen=True, slots=True)
class Forecast:
    """One answer, and the probability with which its author thought it right."""

    prediction: str
    answer: str
    sure: float


def read_forecasts(
    cells: Iterable[str], asked: Mapping[str, tuple[str, ...]]
) -> tuple[Forecast, ...]:
    """Return what a notebook forecasts of what its lesson asks.

    Parameters
    ----------
    cells : iterable of str
        Its code.
    asked : mapping of str to tuple of str
        See `course.grade.forecasts.asked_in`: options come from there, whatever the notebook says.

    Returns
    -------
    tuple of Forecast
        The first of each prediction that `utils.predict` would take.
    """
    found: dict[str, Forecast] = {}
    for call, named in calls(cells):
        values = literal_arguments(call, ("id", "options", "answer", "sure"), named)
        made: Iterable[tuple[Any, Any, Any]]
        made = [(values.get("id"), values.get("answer"), values.get("sure"))]
        if name_of(call) == "answer":
            made = _answered(call, named, asked)
        for name, answer, sure in made:
            options = asked.get(name, ()) if isinstance(name, str) else ()
            choice = chosen(answer, options)
            p = probability(sure, len(options)) if choice is not None else None
            if choice is not None and p is not None:
                found.setdefault(name, Forecast(name, choice, p))
    return tuple(found.values())


def calls(cells: Iterable[str]) -> Iterator[tuple[ast.Call, Named]]:
    """Yield the calls of `predict` and `concepts.answer`, with what has been given a name so far."""
    named: Named = {}
    left = _MOST
    for source in cells:
        if not _CALL.search(source) or len(source) > left:
            continue
        left -= len(source)
        for node in _statements(source):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    named[name] = value
            match node:
                case ast.Expr(value=ast.Call() as call) | ast.Assign(value=ast.Call() as call):
                    if name_of(call) in ("predict", "answer"):
                        yield call, named


def _statements(source: str) -> list[ast.stmt]:
    """Return what a cell consists of, its magics left out; nothing if it is no Python."""
    source = visible(source)
    for text in (source, _MAGIC.sub("", source)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return []


def name_of(call: ast.Call) -> str:
    """Return the last name of what is called: "predict" for ``utils.predict``."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def literal_arguments(call: ast.Call, names: tuple[str, ...], named: Named) -> dict[str, Any]:
    """Return the arguments that are literals, or names of literals, by name."""
    given = dict(zip(names, call.args, strict=False))
    given |= {k.arg: k.value for k in call.keywords if k.arg in names}
    return {name: _literal(node, named) for name, node in given.items()}


def _literal(node: ast.expr, named: Named) -> Any:
    """Return a literal's value, None if it is none."""
    match node:
        case ast.Name(id=name) if name in named:
            node = named[name]
        case ast.Call(func=ast.Name(id="list"), args=[ast.Name() as of]):
            value = _literal(of, named)
            return list(value) if isinstance(value, dict | list | tuple) else None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _answered(
    call: ast.Call, named: Named, asked: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, answer and sureness of each question in a dictionary that is answered."""
    lesson = _literal(call.args[0], named) if call.args else None
    given = call.args[1] if len(call.args) > 1 else None
    if isinstance(given, ast.Name):
        given = named.get(given.id)
    if not isinstance(lesson, str) or not isinstance(given, ast.Dict):
        return
    choices: dict[Any, Any] = {}
    for key, value in zip(given.keys, given.values, strict=True):
        number = _literal(key, {}) if key else None
        if type(number) is int:
            choices[number] = _literal(value, {})  # of several the last, as in Python
    for number, choice in choices.items():
        match choice:
            case (str(letter), sure) if len(letter) == 1:
                name = f"{lesson}.q{number}"
                options = asked.get(name, ())
                place = _LETTERS.find(letter.lower())
                if 0 <= place < len(options):
                    yield name, options[place], sure
