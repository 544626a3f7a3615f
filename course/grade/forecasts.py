"""What a lesson asks its readers to forecast, and what came, read from the solution notebooks.

What came stands in their outputs: `utils` says it where nobody has predicted. What students said is
read by `course.grade.guesses`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from course.grade.guesses import Forecast, calls, literal_arguments, name_of, read_forecasts
from course.grade.key import Solution
from utils.concepts import QUESTIONS
from utils.concepts import asked_by as questions_of

__all__ = ["Forecast", "asked_by", "asked_in", "outcomes_in", "outcomes_of", "read_forecasts"]

# What `utils.predictions.settle` and `utils.concepts.settle` print where nobody has predicted.
_SETTLED = re.compile(r"(\d\d\.\w{1,60}): (.{1,200}) \(you made no prediction\)")
_QUESTION = re.compile(r" ?(\d{1,2})\. (.{1,200})")


def asked_by(solution: Solution) -> dict[str, tuple[str, ...]]:
    """Return the options of each prediction that a lesson asks, by its name."""
    return asked_in(cell.source for cell in solution.cells if cell.kind == "code")


def outcomes_of(solution: Solution) -> dict[str, str]:
    """Return what came of each of them, as far as the solutions say."""
    came = outcomes_in(solution.content)
    # Two lessons ask such a question, and one of them tells what is right.
    short = {name: name.partition(".")[2] for name in asked_by(solution)}
    for path in sorted(solution.path.parent.glob("[0-9][0-9]_*.ipynb")):
        if all(name in came or short[name] in came for name in short):
            break
        came = {**outcomes_in(path.read_bytes()), **came}
    found = {name: came.get(name) or came.get(short[name], "") for name in short}
    return {name: outcome for name, outcome in found.items() if outcome}


def asked_in(cells: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the options of every prediction that a lesson's code asks for, by its name.

    Parameters
    ----------
    cells : iterable of str
        The code of a solution notebook.

    Returns
    -------
    dict of str to tuple of str
        "02.shift" to its options; questions asked twice as "00.q1" … where the lesson asks them.
    """
    found: dict[str, tuple[str, ...]] = {}
    for call, named in calls(cells):
        values = literal_arguments(call, ("id", "options"), named)
        match values:
            case {"id": str(name), "options": list(options)}:
                found[name] = tuple(map(str, options))
            case {"id": str(lesson)} if name_of(call) == "answer":
                for number in questions_of(lesson):
                    found[f"{lesson}.q{number}"] = QUESTIONS[number - 1][1]
    return found


def outcomes_in(content: bytes) -> dict[str, str]:
    """Return what came, by the name of the prediction, from a solution notebook's outputs.

    Parameters
    ----------
    content : bytes
        The notebook's file, which is trusted.

    Returns
    -------
    dict of str to str
        Those asked twice as "q1", "q2" …, since two lessons ask them.
    """
    found: dict[str, str] = {}
    try:
        cells = json.loads(content)["cells"]
    except (ValueError, KeyError, TypeError):
        return found
    for cell in cells:
        for output in cell.get("outputs", []):
            for line in "".join(output.get("text", "")).splitlines():
                if settled := _SETTLED.fullmatch(line):
                    found.setdefault(settled[1], settled[2])
                elif (question := _QUESTION.fullmatch(line)) and _is_option(*question.groups()):
                    found.setdefault(f"q{question[1]}", question[2])
    return found


def _is_option(number: str, text: str) -> bool:
    return 1 <= int(number) <= len(QUESTIONS) and text in QUESTIONS[int(number) - 1][1]
