"""Your own forecasts: commit an answer and how sure you are, then see the outcome.

They live in one file in your state folder (the environment variable COURSE_STATE moves it), a line
of JSON for each event. Lines are only ever added, so nothing a notebook does can lose one. What
counts is the last answer before the outcome was first shown, to whoever sat there: seen is seen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Prediction:
    """One settled prediction: what was said, how surely (a probability), what came, and whether it fits.

    Lesson 07.
    """

    id: str
    answer: str
    sure: float
    outcome: str

    @property
    def correct(self) -> bool:
        """Whether the answer was the outcome."""
        return self.answer == self.outcome


@dataclass(frozen=True)
class Predictions:
    """All settled predictions, oldest first. Lesson 07.

    Attributes
    ----------
    items : tuple of Prediction
    sure : ndarray of shape (n,)
        How sure you said you were.
    correct : ndarray of bool, shape (n,)
        Whether you were right.
    """

    items: tuple[Prediction, ...]

    @property
    def sure(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """How sure you said you were, shape (n,)."""
        return np.array([item.sure for item in self.items], dtype=float)

    @property
    def correct(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether you were right, shape (n,)."""
        return np.array([item.correct for item in self.items], dtype=bool)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        if not self.items:
            return "no settled predictions yet"
        n = len(self)
        return (
            f"{n} settled prediction{'s' if n > 1 else ''}: {self.correct.sum()} right; "
            f"on average you said {self.sure.mean():.0%} and were right {self.correct.mean():.0%} of the time"
        )


def predict(
    id: str, options: Sequence[str], answer: str | float | None = None, sure: float | None = None
) -> None:
    """Commit your answer before you run the next cell. Lesson 00.

    Parameters
    ----------
    id : str
        The prediction's name, such as ``"02.shift"``.
    options : sequence of str
        The possible answers.
    answer : str or float, optional
        One of them; see `chosen` for what is understood. Left as None, nothing is recorded and the
        notebook runs on.
    sure : float, optional
        The probability that you are right, up to 1 (certain). Guessing among two options is 0.5,
        among four 0.25; less than that would mean another option is likelier.
    """
    quoted = [f'"{option}"' for option in options]
    strings = f"a string, {', '.join(quoted[:-1])} or {quoted[-1]}"
    if answer is None:
        print(f"{id}: no prediction yet: answer= takes {strings}, and sure= {_range(len(options))}")
        return
    choice = chosen(answer, options)
    if choice is None:
        print(f"{id}: nothing recorded: answer= takes {strings}; {answer!r} came")
        return
    p = probability(sure, len(options))
    if p is None:
        print(f"{id}: nothing recorded: {_about(sure, len(options))}")
        return
    said, outcomes = recorded()
    again = f'utils.start_over("{id}")'
    if id in outcomes and id not in said:
        print(
            f"{id}: this does not count, because the outcome was shown on this machine before you "
            f"answered; to start over, run {again}"
        )
    elif id in outcomes and said[id] == (choice, p):
        print(f'{id}: you said "{choice}" and were {p:.0%} sure; the outcome has been shown')
    elif id in outcomes:
        first, how = said[id]
        print(
            f'{id}: what counts is what you said before the outcome was shown, "{first}", '
            f"{how:.0%} sure; to start over, run {again}"
        )
    elif record({"id": id, "answer": choice, "sure": p}):
        print(f'{id}: you say "{choice}" and are {p:.0%} sure')
        if not said:
            print(f"(kept on this machine, in {state_file()}; {again} makes a prediction new)")


def chosen(answer: Any, options: Sequence[str]) -> str | None:
    """Return the option that an answer means, None if it means none. Lesson 00.

    Parameters
    ----------
    answer : object
        A string; upper and lower case and blanks do not matter, and numbers may be written in any
        way, or be numbers.
    options : sequence of str

    Returns
    -------
    str or None

    Examples
    --------
    >>> chosen(" More extreme", ["unchanged", "more extreme"])
    'more extreme'
    >>> chosen(0.25, ["1", "1/2", "1/4"])
    '1/4'
    """
    for alike in (_as_it_is, _letters, _in_digits):
        meant = alike(answer)
        for option in options:
            if meant is not None and alike(option) == meant:
                return option
    return None


def probability(sure: Any, n_options: int) -> float | None:
    """Return how sure an answer is. Lesson 00.

    Parameters
    ----------
    sure : object
    n_options : int
        Among how many options it was given.

    Returns
    -------
    float or None
        None where it is no number from a guess (to two digits: 0.33 among three) to 1.
    """
    p = None if isinstance(sure, str) else _number(sure)
    return p if p is not None and round(1 / n_options, 2) <= p <= 1 else None


def _as_it_is(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _letters(value: Any) -> str | None:
    """Return a string without blanks and capitals."""
    return "".join(value.split()).casefold() if isinstance(value, str) else None


def _in_digits(value: Any) -> str | None:
    """Return a number in one way of writing it, so that nan is nan; None for what is none."""
    number = _number(value)
    return None if number is None else repr(number)


def _number(value: Any) -> float | None:
    """Return a number, or what a string holds if that is a number or a fraction."""
    try:
        if isinstance(value, str):
            top, _, bottom = value.partition("/")
            return float(top) / float(bottom or 1)
        return float(value) if isinstance(value, Real) and not isinstance(value, bool) else None
    except (ValueError, ArithmeticError):
        return None


def _range(n_options: int) -> str:
    return f"a number from {1 / n_options:.2f} (a guess among {n_options}) to 1 (certain)"


def _about(sure: Any, n_options: int) -> str:
    """Say what is wrong with a sureness that is no probability, and how to write it."""
    if sure is None:
        return f"say how sure you are: sure= takes {_range(n_options)}"
    number = _number(sure.replace("%", "") if isinstance(sure, str) else sure)
    if number is None:
        return f"sure= takes {_range(n_options)}; {sure!r} came"
    for meant in (number, number / 100):  # the second in per cent
        if probability(meant, n_options) is not None:
            return f"sure= takes {_range(n_options)}: write {sure!r} as sure={meant:g}"
    less = " is less than a guess: name another option" if 0 <= number < 1 else " came"
    return f"sure= takes {_range(n_options)}; {sure!r}{less}"


def settle(id: str, outcome: str) -> None:
    """Show the outcome that a cell has computed, and compare it with the prediction. Lesson 00.

    From now on the outcome is known on this machine: a prediction made later does not count.

    Parameters
    ----------
    id : str
        The prediction's name.
    outcome : str
        What came, one of the prediction's options.
    """
    said, outcomes = recorded()
    if id not in outcomes:
        record({"id": id, "outcome": outcome}, quiet=id not in said)
    if id not in said:
        print(f"{id}: {outcome} (you made no prediction)")
        return
    answer, sure = said[id]
    verdict = "✓ as you said" if answer == outcome else f'✗ you said "{answer}"'
    print(f"{id}: {outcome} {verdict}, {sure:.0%} sure")


def start_over(which: str) -> None:
    """Make predictions new: what was said and shown before no longer counts. Lesson 00.

    The file keeps it all the same.

    Parameters
    ----------
    which : str
        A prediction such as ``"02.shift"``, all those of a lesson, ``"02"``, or ``"all"``.
    """
    said, outcomes = recorded()
    ids = [id for id in {**said, **outcomes} if _belongs(id, str(which))]
    if not ids:
        print(
            f'nothing to start over for {which!r}: name a prediction such as "02.shift" that has '
            'been answered or shown, a lesson such as "02", or "all"'
        )
    elif record({"start_over": str(which)}):
        named = ", ".join(ids) if len(ids) <= 3 else f"{len(ids)} predictions"
        print(f"{named}: you start over; {state_file()} keeps what was there")


def _belongs(id: str, which: str) -> bool:
    return which in ("all", id) or id.startswith(f"{which}.")


def my_predictions() -> Predictions:
    """Return your settled predictions. Lesson 07.

    Returns
    -------
    Predictions
        With ``sure`` and ``correct`` as arrays, ready for a reliability diagram.
    """
    said, outcomes = recorded()
    return Predictions(
        tuple(Prediction(id, *said[id], outcome) for id, outcome in outcomes.items() if id in said)
    )


def state_file() -> Path:
    """Return the path of the file that holds your predictions. Lesson 00."""
    folder = os.environ.get("COURSE_STATE")
    if folder:
        return Path(folder) / "predictions.jsonl"
    import platformdirs  # only needed here, and only where no folder is set

    return Path(platformdirs.user_state_dir("scores-to-probabilities")) / "predictions.jsonl"


def record(event: dict[str, Any], quiet: bool = False) -> bool:
    """Add an event to the file; print why where that can't be done. Lesson 00.

    Parameters
    ----------
    event : dict
        ``{"id": …, "answer": …, "sure": …}``, ``{"id": …, "outcome": …}`` or
        ``{"start_over": …}``.
    quiet : bool
        Print nothing: nobody has typed anything that could be lost.

    Returns
    -------
    bool
        Whether it stands in the file.
    """
    path = state_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        broken = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
        with path.open("a", encoding="utf-8") as file:
            file.write(("\n" if broken else "") + json.dumps(event) + "\n")
    except OSError as problem:
        if not quiet:
            print(f"your prediction could not be saved in {path}: {problem.strerror}")
        return False
    return True


def recorded() -> tuple[dict[str, tuple[str, float]], dict[str, str]]:
    """Return what the file holds, by id. Lesson 00.

    Returns
    -------
    said : dict of str to (str, float)
        The last answer before the outcome was shown, and how sure it was.
    outcomes : dict of str to str
        The first outcome that was shown, whether or not anything had been said.
    """
    said: dict[str, tuple[str, float]] = {}
    outcomes: dict[str, str] = {}
    damaged = 0
    path = state_file()
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return said, outcomes
    except OSError as problem:
        print(f"your predictions in {path.name} cannot be read: {problem.strerror}")
        return said, outcomes
    for line in filter(str.strip, text.splitlines()):
        try:
            event = json.loads(line)
            if "start_over" in event:
                for table in (said, outcomes):
                    for id in [id for id in table if _belongs(id, event["start_over"])]:
                        del table[id]
                continue
            id = str(event["id"])
            if "outcome" in event:
                outcomes.setdefault(id, str(event["outcome"]))
            elif id not in outcomes:
                said[id] = (str(event["answer"]), float(event["sure"]))
        except (ValueError, KeyError, TypeError):
            damaged += 1
    if damaged:
        print(f"{damaged} damaged line(s) in {path} are skipped; the file is left as it is")
    return said, outcomes
