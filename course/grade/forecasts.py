"""What students forecast, read from their notebooks; never run, so nothing can be won by it.

A forecast stands in a notebook as it was typed: ``utils.predict("02.shift", […], answer="unchanged",
sure=0.8)``, or a dictionary for the ten questions. What came stands in the outputs of the
solutions. Whether somebody typed it before they saw the outcome, no notebook tells.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from utils.concepts import QUESTIONS

# What `utils.predictions.settle` and `utils.concepts.settle` print where nobody has predicted.
_SETTLED = re.compile(r"(\d\d\.\w{1,60}): (.{1,200}) \(you made no prediction\)")
_QUESTION = re.compile(r" ?(\d{1,2})\. (.{1,200})")
_LETTERS = "abcdefgh"
_CALL = re.compile(r"\bpredict\(|\banswer\(|^answers = ", re.MULTILINE)
_MOST = 50_000  # characters of all cells that are looked into; forecasts are short


@dataclass(frozen=True)
class Forecast:
    """One answer, and the probability with which its author thought it right."""

    prediction: str
    answer: str
    sure: float


def asked_in(cells: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the options of every prediction that a lesson's code asks for, by its name.

    Parameters
    ----------
    cells : iterable of str
        The code of a solution notebook.

    Returns
    -------
    dict of str to tuple of str
        "02.shift" to its options; the ten questions as "00.q1" … where the lesson asks them.
    """
    found: dict[str, tuple[str, ...]] = {}
    for call, named in _calls(cells):
        values = _values(call, ("id", "options"), named)
        match values:
            case {"id": str(name), "options": list(options)}:
                found[name] = tuple(map(str, options))
            case {"id": str(lesson)} if _name(call) == "answer":
                for number, (_, letters) in enumerate(QUESTIONS, start=1):
                    found[f"{lesson}.q{number}"] = letters
    return found


def read_forecasts(
    cells: Iterable[str], asked: Mapping[str, tuple[str, ...]]
) -> tuple[Forecast, ...]:
    """Return what a notebook forecasts of what its lesson asks.

    Parameters
    ----------
    cells : iterable of str
        Its code.
    asked : mapping of str to tuple of str
        See `asked_in`: options come from there, whatever the notebook says.

    Returns
    -------
    tuple of Forecast
        The first of each prediction that `utils.predict` would take.
    """
    found: dict[str, Forecast] = {}
    for call, named in _calls(cells):
        values = _values(call, ("id", "options", "answer", "sure"), named)
        made: Iterable[tuple[Any, Any, Any]]
        made = [(values.get("id"), values.get("answer"), values.get("sure"))]
        if _name(call) == "answer":
            made = _answered(call, named)
        for name, answer, sure in made:
            options = asked.get(name, ()) if isinstance(name, str) else ()
            if answer in options and _is_sure(sure, len(options)):
                found.setdefault(name, Forecast(name, answer, float(sure)))
    return tuple(found.values())


def outcomes_in(content: bytes) -> dict[str, str]:
    """Return what came, by the name of the prediction, from a solution notebook's outputs.

    Parameters
    ----------
    content : bytes
        The notebook's file, which is trusted.

    Returns
    -------
    dict of str to str
        The ten questions as "q1" … "q10", since two lessons ask them.
    """
    found: dict[str, str] = {}
    for cell in json.loads(content).get("cells", []):
        for output in cell.get("outputs", []):
            for line in "".join(output.get("text", "")).splitlines():
                if settled := _SETTLED.fullmatch(line):
                    found.setdefault(settled[1], settled[2])
                elif (question := _QUESTION.fullmatch(line)) and _is_option(*question.groups()):
                    found.setdefault(f"q{question[1]}", question[2])
    return found


def _is_option(number: str, text: str) -> bool:
    return 1 <= int(number) <= len(QUESTIONS) and text in QUESTIONS[int(number) - 1][1]


def _is_sure(sure: Any, options: int) -> bool:
    """Return whether a number is a probability that `utils.predict` takes."""
    return type(sure) in (int, float) and 1 / options <= sure <= 1


Named = dict[str, ast.expr]


def _calls(cells: Iterable[str]) -> Iterator[tuple[ast.Call, Named]]:
    """Yield the calls of `predict` and `concepts.answer`, with what has been given a name so far."""
    named: Named = {}
    left = _MOST
    for source in cells:
        if not _CALL.search(source) or len(source) > left:
            continue
        left -= len(source)
        try:
            statements = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in statements:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    named[name] = value
                case ast.Expr(value=ast.Call() as call) if _name(call) in ("predict", "answer"):
                    yield call, named


def _name(call: ast.Call) -> str:
    """Return the last name of what is called: "predict" for ``utils.predict``."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _values(call: ast.Call, names: tuple[str, ...], named: Named) -> dict[str, Any]:
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


def _answered(call: ast.Call, named: Named) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, answer and sureness of each of the ten questions that is answered."""
    lesson = _literal(call.args[0], named) if call.args else None
    given = call.args[1] if len(call.args) > 1 else None
    if isinstance(given, ast.Name):
        given = named.get(given.id)
    if not isinstance(lesson, str) or not isinstance(given, ast.Dict):
        return
    for key, value in zip(given.keys, given.values, strict=True):
        number, choice = (_literal(node, {}) if node else None for node in (key, value))
        match choice:
            case (str(letter), sure) if type(number) is int and 1 <= number <= len(QUESTIONS):
                place = _LETTERS.find(letter.lower()) if len(letter) == 1 else -1
                options = QUESTIONS[number - 1][1]
                if 0 <= place < len(options):
                    yield f"{lesson}.q{number}", options[place], sure
