"""Grading one submission: what to run of it, and what its outcomes are worth.

This is the trusted side. It sees plain data only, and believes nothing but values.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from utils import judge
from utils.instructor.grade.inside.student import Task
from utils.instructor.grade.reading import EXERCISE, written_answers
from utils.judge import Outcome

if TYPE_CHECKING:
    from utils.instructor.grade.collect import Submission
    from utils.instructor.grade.key import ExerciseKey, LessonKey
    from utils.instructor.grade.sandbox import Records, Sandbox

MAX_LAWFUL = 200_000  # numbers in a result that only a law can judge
STATUSES = (
    "passed",
    "failed",
    "error",
    "timeout",
    "memory",
    "not_attempted",
    "unreadable",
    "forbidden",
)
# Judging redirects output and catches warnings, which are the whole process's: one at a time.
_judging = threading.Lock()


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for each exercise or cell, bytes of memory in all."""

    seconds: float = 60.0
    memory: int = 2 * 2**30


@dataclass(frozen=True)
class Score:
    """How one exercise of one submission went.

    Attributes
    ----------
    number, name : str
        "02.1", "softmax".
    points, max_points : int
    status : str
        One of STATUSES.
    finding : str
        For the instructor: the known mistake's name, or what was wrong.
    says : str
        For the student: what a tutor would say. No expected value and no hidden case is in it.
    groups : list of (property, points, state)
        state is "passed", "failed" or "not judged".
    """

    number: str
    name: str
    points: int
    max_points: int
    status: str
    finding: str
    says: str
    groups: list[tuple[str, int, str]]


def grade(
    submission: Submission, key: LessonKey, sandbox: Sandbox, limits: Limits
) -> dict[str, Any]:
    """Grade one submission.

    Parameters
    ----------
    submission : Submission
        With cells.
    key : LessonKey
        Of its lesson.
    sandbox : Sandbox
    limits : Limits

    Returns
    -------
    dict
        ``exercises`` (a list of Score as dicts), ``flags`` (sentences for the instructor) and
        ``written`` (question to answer): plain JSON, and nothing about whose it is.
    """
    assert submission.cells
    own = _own_code(submission.cells.code, key)
    attempted = [e for e in key.exercises if _mentions(own, e.name)]
    flags: list[str] = []
    scores: dict[str, Score] = {}
    if attempted:
        end, records = sandbox.run(_task(own, attempted, key, limits))
        lacking = [e for e in attempted if _lacks_a_name(e, end, records)]
        if lacking:
            # Something they need stands in a cell that was not run: run all of them.
            everything = _own_code(submission.cells.code, key, all_but_stubs=True)
            again, more = sandbox.run(_task(everything, lacking, key, limits))
            names = [e.name for e in lacking]
            records = [r for r in records if r[0].get("exercise") not in names] + more
            end = again if end == "done" else end
        flags += _cell_flags(records)
        for exercise in attempted:
            outcomes, ending = outcomes_of(exercise, end, records)
            if ending == "missing" and _tries_to_define(own, exercise.name):
                ending = "undefined"
            scores[exercise.name] = judgement_of(exercise, outcomes, ending)
    everything_else = (_not_attempted(e) for e in key.exercises if e.name not in scores)
    scores |= {score.name: score for score in everything_else}
    in_order = [scores[e.name] for e in key.exercises]
    flags += [f"{s.number} {s.name}: {s.finding}" for s in in_order if s.status == "forbidden"]
    stopped = [s for s in in_order if s.status in ("timeout", "memory")]
    flags += [f"{s.number} {s.name}: {s.status} limit" for s in stopped]
    return {
        "exercises": [asdict(score) for score in in_order],
        "flags": flags,
        "written": written_answers(submission.cells, key.released),
    }


def unreadable(key: LessonKey | None, problem: str) -> dict[str, Any]:
    """Return the record of a submission that cannot be graded."""
    scores = [
        Score(
            number=e.exercise.number,
            name=e.name,
            points=0,
            max_points=e.exercise.max_points,
            status="unreadable",
            finding=problem,
            says=f"Your file could not be graded: {problem}.",
            groups=[],
        )
        for e in (key.exercises if key else ())
    ]
    return {"exercises": [asdict(s) for s in scores], "flags": [problem], "written": {}}


def _own_code(cells: Sequence[str], key: LessonKey, all_but_stubs: bool = False) -> list[str]:
    """Return the code cells that the student wrote or changed; or all but the untouched stubs."""
    given = {source.strip() for kind, source in key.released.cells if kind == "code"}
    if all_but_stubs:
        given = {source for source in given if EXERCISE.match(source)}
    sources = map(without_boilerplate, cells)
    return [source for source in sources if source.strip() and source.strip() not in given]


def without_boilerplate(source: str) -> str:
    """Return a set-up cell without the part that looks for the course, which is at hand here.

    What the student has added to it stays.
    """
    return (
        _BOILERPLATE.sub("", source, count=1) if source.startswith("# course: set-up") else source
    )


_BOILERPLATE = re.compile(
    r"^# Nothing to read here:.*^if folder\.resolve\(\) not in [^\n]*\n    raise ImportError[^\n]*\n",
    re.MULTILINE | re.DOTALL,
)


def _mentions(cells: Sequence[str], name: str) -> bool:
    """Return whether a name is bound or spoken of anywhere in the cells."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any(word.search(source) for source in cells)


def _tries_to_define(cells: Sequence[str], name: str) -> bool:
    """Return whether a cell holds a definition of a name, which may not even be Python."""
    definition = re.compile(rf"^[ \t]*(def|class)[ \t]+{re.escape(name)}\b", re.MULTILINE)
    return any(definition.search(source) for source in cells)


def _task(
    cells: Sequence[str], exercises: Sequence[ExerciseKey], key: LessonKey, limits: Limits
) -> Task:
    """Return what the sandbox is to do."""
    questions = [exercise.questions for exercise in exercises]
    return Task([key.set_up, *cells], questions, limits.seconds, limits.memory)


def _lacks_a_name(key: ExerciseKey, end: str, records: Records) -> bool:
    """Return whether an exercise was not found, or its answer uses a name that was not."""
    outcomes, ending = outcomes_of(key, end, records)
    return ending == "missing" or any(o and o.error == "NameError" for o in outcomes)


def _cell_flags(records: Records) -> list[str]:
    """Return a sentence for each cell that was given up."""
    ends = {
        "timeout": "a cell of the student's own never ended",
        "died": "a cell of the student's own ended the process",
        "left out": "cells of the student's own took too long together: the last were not run",
    }
    places = {
        header["cell"]: ends[header["end"]]
        for header, _ in records
        if type(header.get("cell")) is int
        and isinstance(header.get("end"), str)
        and header["end"] in ends
        and 0 <= header["cell"] < 10_000
    }
    return sorted(set(places.values()))


def outcomes_of(key: ExerciseKey, end: str, records: Records) -> tuple[list[Outcome | None], str]:
    """Sort out what the records say about one exercise.

    Parameters
    ----------
    key : ExerciseKey
    end : str
        How the sandbox says it ended.
    records : list of (header, value)
        What the submission told; checked here field by field.

    Returns
    -------
    outcomes : list of Outcome or None
        One for each case; None where it was not run.
    ending : str
        How the exercise ended: "done", "missing", "empty", "timeout", "memory", "died",
        "not callable", "forbidden …" or how the sandbox ended.
    """
    outcomes: list[Outcome | None] = [None] * len(key.cases)
    ending = "" if end == "done" else end
    for header, value in records:
        if header.get("exercise") != key.name:
            continue
        place = header.get("case")
        if type(place) is int and 0 <= place < len(outcomes) and outcomes[place] is None:
            outcomes[place] = _outcome(header, value)
        elif isinstance(header.get("end"), str):
            ending = _text(header["end"], 120)
            break
    return outcomes, ending or "died"


def _outcome(header: dict[str, Any], value: Any) -> Outcome:
    """Return what one record says happened."""
    error = _text(header.get("error"), 80)
    detail = _text(header.get("detail"), 300)
    if not error and value is None:
        error, detail = "not plain", "returned nothing that can be read"
    changed, warned = _text(header.get("changed"), 80), _text(header.get("warned"), 200)
    return Outcome(None if error else value, error, detail, changed, warned)


def _text(value: Any, length: int) -> str:
    """Return a short, printable text, whatever came."""
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[:length])


def judgement_of(key: ExerciseKey, outcomes: Sequence[Outcome | None], ending: str) -> Score:
    """Judge one exercise.

    Parameters
    ----------
    key : ExerciseKey
    outcomes, ending
        From `outcomes_of`.

    Returns
    -------
    Score
    """
    if ending in ("missing", "empty"):
        return _not_attempted(key)
    if ending.startswith("forbidden "):
        what = ending.removeprefix("forbidden ")
        says = f"Your answer uses {what}. Write this one yourself: that is the exercise."
        return _without_points(key, "forbidden", f"uses {what}", says)
    if ending == "undefined":
        says = f"The cell with {key.name} did not run to its end: does it, when you restart?"
        return _without_points(key, "error", "its cell does not run", says)
    if ending == "not callable":
        says = f"{key.name} is not a function in your notebook: something else has that name."
        return _without_points(key, "error", "not a function", says)
    outcomes = [_bounded(key, outcome) for outcome in outcomes]
    ended_itself = any(o and o.error in judge.ENDS_IT for o in outcomes)
    if ending not in _STOPPED and None in outcomes and not ended_itself:
        ending = "died"  # whatever it says
    reason = _STOPPED.get(ending)
    if reason:
        place = outcomes.index(None) if None in outcomes else len(outcomes) - 1
        outcomes[place] = Outcome(error="timeout", detail=reason)
    with _judging, np.errstate(all="ignore"):
        verdict = judge.verdict(key.exercise, key.cases, key.expected, outcomes, key.recogniser)
    status = verdict.status
    failure = verdict.first_failure and verdict.first_failure.failure
    fault = failure.fault if failure else None
    if (failure and failure.outcome.error == "MemoryError") or (reason and ending == "memory"):
        status = "memory"
    elif reason and ending != "timeout":
        status = "error"
    if status == "not_attempted":
        return _not_attempted(key)
    mistake = verdict.misconception
    finding = mistake.name if mistake else reason or (fault.says if fault else "")
    says = mistake.says if mistake else reason or (_SAYS.get(fault.kind, "") if fault else "")
    if fault and fault.kind == "raised" and failure and not mistake:
        says = f"Your code raised {_text(failure.outcome.error, 60)} there."
    return Score(
        number=key.exercise.number,
        name=key.name,
        points=verdict.points,
        max_points=key.exercise.max_points,
        status=status,
        finding=_text(finding, 300),
        says=says,
        groups=[
            (
                r.group.says,
                r.group.points,
                "failed" if r.failure else "passed" if r.judged else "not judged",
            )
            for r in verdict.results
        ],
    )


_STOPPED = {
    "timeout": "It was stopped at the time limit.",
    "memory": "It was stopped at the memory limit.",
    "too much output": "It was stopped, since it returned far too much.",
    "died": "Its process ended before it was done.",
    "damaged": "What it returned could not be read.",
}
_SAYS = {
    "raised": "Your code raised an error there.",
    "not plain": "It returned something else than NumPy arrays or numbers.",
    "type": "It returned something of another kind than the docstring says.",
    "shape": "The result has another shape than the docstring says.",
    "values": "The values are not right there.",
    "changed": "The result is right, but your code changed its argument in place.",
    "warned": "The result is right, but NumPy warned on the way.",
}


def _bounded(key: ExerciseKey, outcome: Outcome | None) -> Outcome | None:
    """Refuse a result that only a law can judge and that would keep it busy."""
    if outcome is None or key.exercise.oracle or outcome.error:
        return outcome
    if _numbers_in(outcome.value) > MAX_LAWFUL:
        return Outcome(error="not plain", detail="returned far more numbers than are asked for")
    return outcome


def _numbers_in(value: Any) -> int:
    if isinstance(value, tuple):
        return len(value) + sum(map(_numbers_in, value))
    return int(np.size(value))


def _not_attempted(key: ExerciseKey) -> Score:
    return _without_points(key, "not_attempted", "", "Not attempted.")


def _without_points(key: ExerciseKey, status: str, finding: str, says: str) -> Score:
    exercise = key.exercise
    return Score(
        number=exercise.number,
        name=exercise.name,
        points=0,
        max_points=exercise.max_points,
        status=status,
        finding=finding,
        says=says,
        groups=[(g.says, g.points, "not judged") for g in exercise.groups],
    )
