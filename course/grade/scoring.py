"""Grading one submission: what to run of it, and what its outcomes are worth.

This is the trusted side. It sees plain data only, and believes nothing but values.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from course.grade.guesses import read_forecasts
from course.grade.inside.stand_ins import COLAB
from course.grade.inside.student import Task
from course.grade.key import ExerciseKey, LessonKey, Limits, task_of
from course.grade.look import Source
from course.grade.reading import written_answers
from course.grade.record import Grade, GroupScore, Record, Score
from course.grade.sandbox import IsolationError, Records, Sandbox
from course.grade.work import instead_of, names_in, own_work
from course.judge.exercise import Exercise
from course.judge.judge import Sheet, verdict
from course.judge.run import CELL, ENDS_IT, Outcome, Status

MAX_LAWFUL = 200_000  # numbers in a result of an exercise without an oracle
# Judging redirects output and catches warnings, which are the whole process's: one at a time.
_judging = threading.Lock()


def grade(record: Record, key: LessonKey, sandbox: Sandbox, limits: Limits) -> Grade:
    """Grade one submission.

    Parameters
    ----------
    record : Record
        With cells.
    key : LessonKey
        Of its lesson.
    sandbox : Sandbox
    limits : Limits

    Returns
    -------
    Grade
    """
    try:
        return _grade(record, key, sandbox, limits)
    except (IsolationError, OSError, MemoryError):
        raise  # that is the machine's, not the submission's
    except Exception as problem:  # whatever came, it costs nobody else anything
        reason = f"the grader itself failed on it ({type(problem).__name__})"
        return unreadable(reason, [ExerciseKey.of(sheet.exercise) for sheet in key.sheets])


def _grade(record: Record, key: LessonKey, sandbox: Sandbox, limits: Limits) -> Grade:
    assert record.cells
    work = own_work(record.cells, key)
    own = work.cells
    attempted = [sheet for sheet in key.sheets if _mentions(own, sheet.exercise.name)]
    flags = list(work.flags)
    scores: dict[str, Score] = {}
    if attempted:
        with _judging:  # it silences warnings
            look = Source(own, key.set_up)
        first = _ran(sandbox, task_of(key.set_up, own, attempted, limits))
        runs = {sheet.exercise.name: first for sheet in attempted}
        lacking = [sheet for sheet in attempted if first.lacks_a_name(sheet)]
        if lacking:
            # Something they need stands in a cell that was not run: run all of them.
            second = _ran(sandbox, task_of(key.set_up, work.everything, lacking, limits))
            runs |= {sheet.exercise.name: second for sheet in lacking}
        flags += _cell_flags([each for ran in {*runs.values()} for each in ran.told])
        for sheet in attempted:
            name = sheet.exercise.name
            ran = runs[name]
            outcomes, ending = ran.of(sheet)
            if ending.status is Status.MISSING and any(name in names_in(source) for source in own):
                ending = Ending(Status.UNDEFINED, _stopped_at(ran, name))
            used = look.leans_on(name, sheet.exercise.forbids)
            if used and ending.status not in (Status.MISSING, Status.NOT_ATTEMPTED):
                ending = Ending(Status.FORBIDDEN, used)
            scores[name] = score_of(sheet, outcomes, ending, ran.cells)
        flags += _look_again(look, attempted, scores, key, sandbox, limits)
        forbids = [name for sheet in attempted for name in sheet.exercise.forbids]
        for file, source in record.cells.beside:
            with _judging:
                used = Source([source]).uses(forbids)
            if used:
                flags.append(f"{file}, which was handed in beside the notebook, uses {used}")
    in_order = [
        scores.get(sheet.exercise.name) or _not_attempted(sheet.exercise) for sheet in key.sheets
    ]
    for place, score in enumerate(in_order):
        instead = ""
        if score.status is Status.NOT_ATTEMPTED:
            instead = instead_of(score.number, score.name, work, key)
        if instead:
            in_order[place] = replace(
                score, status=Status.ERROR, finding=instead, says=f"Your notebook: {instead}."
            )
            flags.append(f"{score.number} {score.name}: {instead}")
    for score in in_order:
        if score.status is Status.FORBIDDEN:
            flags.append(f"{score.number} {score.name}: {score.finding}")
    for score in in_order:
        if score.status in (Status.TIMEOUT, Status.MEMORY):
            flags.append(f"{score.number} {score.name}: {score.status} limit")
    written, elsewhere = written_answers(record.cells, key.released)
    with _judging:  # it silences warnings
        forecasts = read_forecasts(record.cells.code, key.asked)
    return Grade(tuple(in_order), (*flags, *elsewhere), written, forecasts)


def unreadable(problem: str, exercises: Iterable[ExerciseKey]) -> Grade:
    """Return the grade of a submission of these exercises that cannot be graded."""
    says = f"Your file could not be graded: {problem}."
    scores = [_without_points(e, Status.UNREADABLE, problem, says) for e in exercises]
    return Grade(tuple(scores), (problem,), {})


def _mentions(cells: Sequence[str], name: str) -> bool:
    """Return whether a name is bound or spoken of anywhere in the cells."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any(name in source and word.search(source) for source in cells)


@dataclass(frozen=True, eq=False)
class _Ran:
    """One run of a submission: the cells, the first of which is the lesson's, and what it told."""

    cells: Sequence[str]
    end: Status
    told: Records
    _known: dict[str, tuple[list[Outcome | None], Ending]] = field(default_factory=dict)

    def of(self, sheet: Sheet) -> tuple[list[Outcome | None], Ending]:
        """Return the `outcomes_of` an exercise."""
        name = sheet.exercise.name
        if name not in self._known:
            self._known[name] = outcomes_of(sheet, self.end, self.told)
        return self._known[name]

    def lacks_a_name(self, sheet: Sheet) -> bool:
        """Return whether an exercise was not found, or its answer uses a name that was not."""
        outcomes, ending = self.of(sheet)
        return ending.status is Status.MISSING or any(
            o is not None and o.error == "NameError" for o in outcomes
        )


def _ran(sandbox: Sandbox, task: Task) -> _Ran:
    return _Ran(task.cells, *sandbox.run(task))


def _cell_flags(records: Records) -> list[str]:
    """Return a sentence for each cell that was given up."""
    ends = {
        Status.TIMEOUT: "a cell of the student's own never ended",
        Status.DIED: "a cell of the student's own ended the process",
        Status.NOT_ATTEMPTED: "cells of the student's own took too long together: "
        "the last were not run",
    }
    places = {
        header["cell"]: ends[header["end"]]
        for header, _ in records
        if type(header.get("cell")) is int
        and isinstance(header.get("end"), str)
        and header["end"] in ends
        and 0 <= header["cell"] < 10_000
    }
    return sorted({*places.values(), *_absent(records)})


def _absent(records: Records) -> Iterator[str]:
    """Yield a sentence for each package that is not here; of Colab's own nobody expects that."""
    for header, _ in records:
        named = header.get("absent")
        for name in named[:20] if isinstance(named, list) else ():
            if isinstance(name, str) and name in COLAB and name != "google":
                yield f"imports {name}, which is not installed here: install it if answers need it"


def _stopped_at(ran: _Ran, name: str) -> str:
    """Return where the cell that was to define a name stopped, or else the first that stopped."""
    stopped: dict[int, str] = {}
    for header, _ in ran.told:
        place, error = header.get("cell"), _text(header.get("failed"), 60)
        if type(place) is int and 0 <= place < len(ran.cells) and error:
            where = _where(header.get("where"))
            line = _line(where, ran.cells) or _beginning(ran.cells[place])
            stopped.setdefault(place, f"{line}, with {error}")
    for place, says in stopped.items():
        if name in names_in(ran.cells[place]):
            return says
    return next(iter(stopped.values()), "")


def _where(told: Any) -> tuple[str, int]:
    """Return file and line that a submission tells of, as far as they can be so."""
    if isinstance(told, list) and len(told) == 2:
        file, line = told
        if isinstance(file, str) and file.startswith(CELL) and type(line) is int:
            return file[:40], line
    return "", 0


def _line(where: tuple[str, int], cells: Sequence[str]) -> str:
    """Return a line of a submission in words, "" where there is no such line.

    Only the number came out of the sandbox: what is quoted is what was handed in.
    """
    file, number = where
    place = file.removeprefix(CELL).rstrip(">")
    if not (place.isascii() and place.isdigit() and 0 < int(place) < len(cells)):
        return ""
    lines = cells[int(place)].split("\n")
    if not 0 < number <= len(lines):
        return ""
    quoted, cell = _text(lines[number - 1].strip(), 70), cells[int(place)]
    if lines[number - 1].strip() == cell.lstrip().partition("\n")[0].strip():
        return f"line {number}, “{quoted}”"
    return f"line {number}, “{quoted}”, of {_beginning(cell)}"


def _beginning(cell: str) -> str:
    return f"the cell that begins “{_text(cell.lstrip().partition(chr(10))[0].strip(), 40)}”"


def _look_again(
    look: Source,
    attempted: Sequence[Sheet],
    scores: dict[str, Score],
    key: LessonKey,
    sandbox: Sandbox,
    limits: Limits,
) -> list[str]:
    """Grade by its definitions alone what reaches into what runs beside it; the lower points count.

    Return what the instructor should know.
    """
    if look.too_long:
        return ["its code is too long to be looked at: forbidden functions may be in it"]
    signs = look.signs()
    doubtful = [sheet for sheet in attempted if scores[sheet.exercise.name].points]
    if not signs or not doubtful:
        return []
    ran = _ran(sandbox, task_of(key.set_up, look.definitions(), doubtful, limits))
    lost = []
    for sheet in doubtful:
        outcomes, ending = outcomes_of(sheet, ran.end, ran.told)
        before, again = scores[sheet.exercise.name], score_of(sheet, outcomes, ending)
        if again.points < before.points:
            lost.append(before.number)
            why = (
                f"earns {again.points} by its definitions alone, {before.points} with all its code"
            )
            scores[before.name] = replace(
                again,
                status=Status.ERROR if again.status is Status.NOT_ATTEMPTED else again.status,
                finding=why,
                says=f"It {why}, which reaches into what runs beside it.",
            )
    where = _line((f"{CELL}{signs[0].cell + 1}>", signs[0].line), ["", *look.cells])
    says = f"its code reaches into what runs beside it ({_text(signs[0].what, 60)}, {where})"
    return [f"{says}: {', '.join(lost) or 'no exercise'} earned less by its definitions alone"]


class Ending(NamedTuple):
    """How an exercise ended in the sandbox; `detail` says what is forbidden, or what stopped it."""

    status: Status
    detail: str = ""


def outcomes_of(sheet: Sheet, end: Status, records: Records) -> tuple[list[Outcome | None], Ending]:
    """Sort out what the records say about one exercise.

    Parameters
    ----------
    sheet : Sheet
    end : Status
        How the sandbox says it ended.
    records : list of (header, value)
        What the submission told; checked here field by field.

    Returns
    -------
    outcomes : list of Outcome or None
        One for each case; None where it was not run.
    ending : Ending
        How the exercise ended: as it says itself, or as the sandbox ended.
    """
    outcomes: list[Outcome | None] = [None] * len(sheet.cases)
    ending = Ending(Status.DIED if end is Status.DONE else end)
    for header, value in records:
        if header.get("exercise") != sheet.exercise.name:
            continue
        place = header.get("case")
        if type(place) is int and 0 <= place < len(outcomes) and outcomes[place] is None:
            outcomes[place] = _outcome(header, value)
        elif isinstance(header.get("end"), str):
            ending = Ending(_status(header["end"], Status.DIED), _text(header.get("detail"), 120))
            break
    return outcomes, ending


def _outcome(header: dict[str, Any], value: Any) -> Outcome:
    """Return what one record says happened."""
    status = _status(header.get("status"), Status.NOT_PLAIN)
    detail = _text(header.get("detail"), 300)
    if status not in _OF_A_CALL or (status is Status.RETURNED and value is None):
        status, detail = Status.NOT_PLAIN, "returned nothing that can be read"
    return Outcome(
        value=value if status is Status.RETURNED else None,
        status=status,
        error=_text(header.get("error"), 80),
        detail=detail,
        changed=_text(header.get("changed"), 80),
        warned=_text(header.get("warned"), 200),
        where=_where(header.get("where")),
    )


_OF_A_CALL = (Status.RETURNED, Status.ERROR, Status.NOT_PLAIN, Status.NOT_ATTEMPTED)


def _status(value: Any, otherwise: Status) -> Status:
    """Return the status that a text names."""
    try:
        return Status(value)
    except ValueError:
        return otherwise


def _text(value: Any, length: int) -> str:
    """Return a short, printable text, whatever came."""
    if not isinstance(value, str):
        return ""
    value = value[:length]
    return value if value.isprintable() else "".join(c if c.isprintable() else " " for c in value)


def score_of(
    sheet: Sheet, outcomes: Sequence[Outcome | None], ending: Ending, cells: Sequence[str] = ()
) -> Score:
    """Judge one exercise.

    Parameters
    ----------
    sheet : Sheet
    outcomes, ending
        From `outcomes_of`.
    cells : sequence of str
        What was run, to say in which line an answer failed.

    Returns
    -------
    Score
    """
    exercise = sheet.exercise
    if ending.status in (Status.MISSING, Status.NOT_ATTEMPTED):
        return _not_attempted(exercise)
    if ending.status is Status.FORBIDDEN:
        says = f"Your answer uses {ending.detail}. Write this one yourself: that is the exercise."
        return _without_points(exercise, Status.FORBIDDEN, f"uses {ending.detail}", says)
    if ending.status is Status.UNDEFINED:
        at = f" It stopped at {ending.detail}." if ending.detail else ""
        says = (
            f"The cell with {exercise.name} did not run to its end: does it, when you restart?{at}"
        )
        finding = "its cell does not run" + f", {ending.detail}" * bool(ending.detail)
        return _without_points(exercise, Status.ERROR, _text(finding, 300), says)
    if ending.status is Status.NOT_CALLABLE:
        says = f"{exercise.name} is not a function in your notebook: something else has that name."
        return _without_points(exercise, Status.ERROR, "not a function", says)
    outcomes = [_bounded(sheet, outcome) for outcome in outcomes]
    stopped = ending.status
    ended_itself = any(o and o.status in ENDS_IT for o in outcomes)
    if stopped not in _STOPPED and None in outcomes and not ended_itself:
        stopped = Status.DIED  # whatever it says
    reason = _STOPPED.get(stopped)
    if reason:
        place = outcomes.index(None) if None in outcomes else len(outcomes) - 1
        outcomes[place] = Outcome(status=Status.TIMEOUT, detail=reason)
    with _judging:
        judgement = verdict(sheet, outcomes)
    status = judgement.status
    failure = judgement.first_failure and judgement.first_failure.failure
    fault = failure.fault if failure else None
    if (failure and failure.outcome.error == "MemoryError") or (
        reason and stopped is Status.MEMORY
    ):
        status = Status.MEMORY
    elif reason and stopped is not Status.TIMEOUT:
        status = Status.ERROR
    if status is Status.NOT_ATTEMPTED:
        return _not_attempted(exercise)
    mistake = judgement.misconception
    finding = mistake.name if mistake else reason or (fault.says if fault else "")
    says = mistake.says if mistake else reason or (_SAYS.get(fault.about, "") if fault else "")
    if fault and failure and not mistake and fault.status is Status.ERROR:
        at = "" if reason else _line(failure.outcome.where, cells)
        says = f"Your code raised {_text(failure.outcome.error, 60)} there{at and ', in '}{at}."
        finding += f" ({at})" if at else ""
    elif fault and not mistake and fault.status is Status.NOT_PLAIN:
        says = "It returned something else than NumPy arrays or numbers."
    return Score(
        number=exercise.number,
        name=exercise.name,
        points=judgement.points,
        max_points=exercise.max_points,
        status=status,
        finding=_text(finding, 300),
        says=says,
        groups=tuple(GroupScore(r.group.says, r.group.points, r.status) for r in judgement.results),
    )


_STOPPED = {
    Status.TIMEOUT: "It was stopped at the time limit.",
    Status.MEMORY: "It was stopped at the memory limit.",
    Status.FLOODED: "It was stopped, since it returned far too much.",
    Status.DIED: "Its process ended before it was done.",
    Status.DAMAGED: "What it returned could not be read.",
}
_SAYS = {
    "type": "It returned something of another kind than the docstring says.",
    "shape": "The result has another shape than the docstring says.",
    "values": "The values are not right there.",
    "changed": "The result is right, but your code changed its argument in place.",
    "warned": "The result is right, but NumPy warned on the way.",
}


def _bounded(sheet: Sheet, outcome: Outcome | None) -> Outcome | None:
    """Refuse a result that only an exercise's own look can judge and that would keep it busy."""
    if outcome is None or sheet.exercise.oracle or outcome.status is not Status.RETURNED:
        return outcome
    if _numbers_in(outcome.value) > MAX_LAWFUL:
        detail = "returned far more numbers than are asked for"
        return Outcome(status=Status.NOT_PLAIN, detail=detail)
    return outcome


def _numbers_in(value: Any) -> int:
    if isinstance(value, tuple):
        return len(value) + sum(map(_numbers_in, value))
    return int(np.size(value))


def _not_attempted(exercise: Exercise) -> Score:
    return _without_points(exercise, Status.NOT_ATTEMPTED, "", "Not attempted.")


def _without_points(
    exercise: Exercise | ExerciseKey, status: Status, finding: str, says: str
) -> Score:
    """Return no points; an exercise that is known by name alone has no groups to show."""
    shown = exercise.groups if isinstance(exercise, Exercise) else ()
    return Score(
        number=exercise.number,
        name=exercise.name,
        points=0,
        max_points=exercise.max_points,
        status=status,
        finding=finding,
        says=says,
        groups=tuple(GroupScore(g.says, g.points, Status.NOT_ATTEMPTED) for g in shown),
    )
