"""Your own forecasts: commit an answer and how sure you are, then see the outcome.

They live in one file in your state folder (the environment variable COURSE_STATE moves it), a line
of JSON for each event. Lines are only ever added, so nothing a notebook does can lose one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
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
    id: str, options: Sequence[str], answer: str | None = None, sure: float | None = None
) -> None:
    """Commit your answer before you run the next cell. Lesson 00.

    Parameters
    ----------
    id : str
        The prediction's name, such as ``"02.shift"``.
    options : sequence of str
        The possible answers.
    answer : str, optional
        One of them. Left as None, nothing is recorded and the notebook runs on.
    sure : float, optional
        The probability that you are right, up to 1 (certain). Guessing among two options is 0.5,
        among four 0.25; less than that would mean another option is likelier.
    """
    choices = " / ".join(options)
    if answer is None:
        print(f"{id}: no prediction yet. Options: {choices}")
        return
    if answer not in options:
        print(f"{id}: {answer!r} is not one of the options: {choices}")
        return
    guessing = 1 / len(options)
    if not isinstance(sure, int | float) or isinstance(sure, bool) or not guessing <= sure <= 1:
        percent = isinstance(sure, int | float) and 1 < sure <= 100 and sure / 100
        print(
            f"{id}: nothing recorded: say how sure you are, sure= from {guessing:.2f} (guessing) "
            f"to 1 (certain); {sure!r} came" + (f" ({sure} % is {percent:g})" if percent else "")
        )
        return
    said, outcomes = recorded()
    if id in outcomes and id in said:
        first, how = said[id]
        print(f"{id}: settled already; what counts is your first answer, {first!r} at {how:.0%}")
        return
    record({"id": id, "answer": answer, "sure": float(sure)})
    print(f"{id}: you say {answer!r} and are {sure:.0%} sure")


def settle(id: str, outcome: str) -> None:
    """Record the outcome that a cell has computed, and compare it with the prediction. Lesson 00.

    Parameters
    ----------
    id : str
        The prediction's name.
    outcome : str
        What came, one of the prediction's options.
    """
    said, outcomes = recorded()
    if id not in said:
        print(f"{id}: {outcome} (you made no prediction)")
        return
    if id not in outcomes:
        record({"id": id, "outcome": outcome})
    answer, sure = said[id]
    verdict = "as you said" if answer == outcome else f"you said {answer!r}"
    print(f"{id}: {outcome} — {verdict}, {sure:.0%} sure")


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


def record(event: dict[str, Any]) -> None:
    """Add an event to the file, a prediction or an outcome; print why where that can't be done.

    Lesson 00.

    Parameters
    ----------
    event : dict
        ``{"id": …, "answer": …, "sure": …}`` or ``{"id": …, "outcome": …}``.
    """
    path = state_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        broken = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
        with path.open("a", encoding="utf-8") as file:
            file.write(("\n" if broken else "") + json.dumps(event) + "\n")
    except OSError as problem:
        print(f"your prediction could not be saved in {path.name}: {problem.strerror}")


def recorded() -> tuple[dict[str, tuple[str, float]], dict[str, str]]:
    """Return what the file holds, by id. Lesson 00.

    Returns
    -------
    said : dict of str to (str, float)
        The last answer before the outcome, and how sure it was.
    outcomes : dict of str to str
        The first outcome.
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
            id = event["id"]
            if "outcome" in event:
                outcomes.setdefault(str(id), str(event["outcome"]))
            elif id not in outcomes:
                said[str(id)] = (str(event["answer"]), float(event["sure"]))
        except (ValueError, KeyError, TypeError):
            damaged += 1
    if damaged:
        print(f"{damaged} damaged line(s) in {path} are skipped; the file is left as it is")
    return said, outcomes
