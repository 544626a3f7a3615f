"""The pages: one for the class, one for each student, one to mark written answers in.

Everything a student wrote is shown as text. A page holds at most one script, one of ours, loads
nothing, and opens from disk.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from course.files import write_pieces
from course.grade import calibration, marks
from course.grade.calibration import Said
from course.grade.key import WrittenKey
from course.grade.markdown import as_html
from course.grade.marks import Question
from course.grade.record import Record, Score
from course.grade.results import Results, hardest, mistakes
from course.grade.tables import plain_number
from course.judge.run import Status
from utils.concepts import QUESTIONS

if TYPE_CHECKING:
    import jinja2

UNREADABLE = "unreadable.html"  # of a student whose file does not say of which lesson it is
_TEMPLATES = Path(__file__).parent / "templates"
# Characters of one answer that to_mark.html shows: more than anybody reads, and quick to draw.
_SHOWN = 20_000
_MISTAKES = 15
_TO_DISCUSS = 8


Made = dict[str, tuple[str, str]]


def write(
    out: Path, results: Results, grades: Sequence[Mapping[str, Any]], before: Made | None = None
) -> Made:
    """Write all pages but those that would be the same.

    Parameters
    ----------
    out : Path
        The grades folder.
    results : Results
    grades : sequence of dict
        The rows of grades.csv.
    before : dict of str to (str, str), optional
        What the last run has returned, if its code was the same.

    Returns
    -------
    dict of str to (str, str)
        The name of each page to the hash of what it was made of, and of the page.
    """
    press = _Press(out, before or {}, results.warning)
    _feedback(press, results)
    astray = [record for record in results.records if record.lesson not in results.lessons]
    told = {name: made_of for name, (made_of, _) in press.made.items()}
    whole = repr((told, astray, results.lessons, results.seed, results.marks.gone, grades))
    press.page("to_mark.html", "to_mark.html", whole, lambda: _to_mark(results))
    press.page("class.html", "class.html", whole, lambda: _class(results, grades))
    return press.made


# --- feedback ------------------------------------------------------------------------------------


def _feedback(press: _Press, results: Results) -> None:
    folder = press.out / "feedback"
    lessons = {number: repr(lesson) for number, lesson in results.lessons.items()}
    of_record: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for question in results.marks.questions:
        of_record[question.student, question.lesson].append(question)
    by_pair = _with_adjusted(results)
    for record in by_pair.values():
        if record.lesson in results.lessons:
            pair = record.student, record.lesson
            values: dict[str, Any] = {
                "record": record,
                "key": results.lessons[record.lesson],
                "questions": of_record[pair],
                "tally": results.tallies[pair],
            }
            marked = [(q.key.number, q.answer_id, q.mark) for q in of_record[pair]]
            made_of = repr((record, lessons[record.lesson], marked, results.tallies[pair]))
            name = f"feedback/{record.student}/{record.lesson}.html"
            press.page(name, "feedback.html", made_of, values.copy)
    without = {record.student: record for record in results.records if not record.lesson}
    for student in {record.student: None for record in results.records}:
        path = folder / student / UNREADABLE
        if student in without:
            values = {"record": without[student]}
            name = f"feedback/{student}/{UNREADABLE}"
            press.page(name, "unreadable.html", repr(values), values.copy)
        else:
            path.unlink(missing_ok=True)  # something that can be read has come since
        for lesson in results.lessons:
            if (student, lesson) not in by_pair:
                # An adjustment without a submission, which a person has taken back.
                (folder / student / f"{lesson}.html").unlink(missing_ok=True)


def _with_adjusted(results: Results) -> dict[tuple[str, str], Record]:
    """Return all records, and an empty one where there is an adjustment and no submission."""
    found = {(record.student, record.lesson): record for record in results.records}
    for student, lesson in results.tallies:
        found.setdefault((student, lesson), Record(student, lesson, file=""))
    return found


# --- the class -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A cell of the table of all students: what it shows, its shade, what it says more."""

    text: str
    shade: str
    more: str = ""


@dataclass(frozen=True)
class Line:
    """A line of that table; of a student without any exercise `problem` says why."""

    student: str
    links: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]
    problem: str
    points: float | int
    total: Any


def _class(results: Results, grades: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what class.html shows."""
    points = results.for_exercises()
    totals = [float(row["total"]) for row in grades]
    more = any(t.total != t.machine or t.written is not None for t in results.tallies.values())
    said = [
        Said(record.student, record.lesson, forecast, outcome)
        for record, forecast, outcome in results.forecasts()
        if outcome
    ]
    questions = calibration.by_question(said)
    return {
        "columns": [e for lesson in results.lessons.values() for e in lesson.exercises],
        "students": len(grades),
        "lines": _lines(results, grades, points),
        "lessons": list(results.lessons),
        "seed": results.seed,
        "most": results.max_points,
        "mean": statistics.mean(points.values()) if points else 0,
        "median": statistics.median(points.values()) if points else 0,
        "max_total": results.max_total,
        "mean_total": statistics.mean(totals) if totals and more else None,
        "waiting": results.marks.waiting,
        "hardest": hardest(results.records),
        "mistakes": mistakes(results.records)[:_MISTAKES],
        "flagged": [record for record in results.records if record.flags],
        "diagram": calibration.reliability(said),
        "questions": questions,
        "discuss": calibration.confidently_wrong(questions)[:_TO_DISCUSS],
        "asks": _asks,
        "gain": calibration.gain(said),
    }


def _lines(
    results: Results, grades: Sequence[Mapping[str, Any]], points: Mapping[str, float]
) -> Iterator[Line]:
    by_student: dict[str, list[Record]] = defaultdict(list)
    for record in results.records:
        by_student[record.student].append(record)
    pairs = _with_adjusted(results)
    for row in grades:
        student = row["student"]
        theirs = by_student[student]
        scores = {s.number: s for record in theirs for s in record.grade.exercises}
        adjusted: dict[str, float] = {}
        for number in results.lessons:
            if tally := results.tallies.get((student, number)):
                adjusted |= tally.exercises
        pages = [(n, n) for n in results.lessons if (student, n) in pairs]
        pages += [("unreadable", "unreadable") for r in theirs if not r.lesson]
        yield Line(
            student=student,
            links=tuple((label, quote(f"feedback/{student}/{page}.html")) for label, page in pages),
            cells=tuple(
                _cell(scores.get(e.number), adjusted.get(e.number))
                for lesson in results.lessons.values()
                for e in lesson.exercises
            ),
            problem="" if scores else next((r.problem for r in theirs if r.problem), ""),
            points=plain_number(points[student]),
            total=row["total"],
        )


_STOPPED = (Status.PASSED, Status.FAILED, Status.NOT_ATTEMPTED)


def _cell(score: Score | None, adjusted: float | None) -> Cell:
    if score is None:
        return Cell("–" if adjusted is None else f"– → {plain_number(adjusted)}", "none")
    points: float = score.points if adjusted is None else adjusted
    text = f"{score.points}" if adjusted is None else f"{score.points} → {plain_number(adjusted)}"
    if score.status is Status.NOT_ATTEMPTED and adjusted is None:
        return Cell("–", "none")
    shade = round(4 * min(1, points / score.max_points)) if score.max_points else 4
    more = "" if score.status is Status.PASSED else f"{score.status}: {score.finding}".rstrip(": ")
    return Cell(text + "!" * (score.status not in _STOPPED), f"s{shade}", more.replace("_", " "))


def _asks(prediction: str) -> str:
    """Return the text of a question that is asked twice, "" for any other prediction."""
    short = prediction.partition(".")[2]
    number = short.removeprefix("q")
    if short.startswith("q") and number.isdigit() and 0 < int(number) <= len(QUESTIONS):
        return QUESTIONS[int(number) - 1][0]
    return ""


# --- marking -------------------------------------------------------------------------------------


def _to_mark(results: Results) -> dict[str, Any]:
    """Return what to_mark.html shows; its script draws one answer at a time from `data`."""
    questions = sorted(results.marks.questions, key=lambda q: q.key.number)
    keys = {q.key.number: q.key for q in questions}
    return {
        "keys": [(key, as_html(key.question), as_html(key.model)) for key in keys.values()],
        "count": len(questions),
        "data": _data(results, questions, list(keys.values())),
    }


def _data(
    results: Results, questions: Sequence[Question], keys: Sequence[WrittenKey]
) -> Iterator[str]:
    """Yield the JSON that the script reads, piece by piece: a large class has written much."""
    files = {(record.student, record.lesson): record.file for record in results.records}
    places = {key.number: place for place, key in enumerate(keys)}
    asked = [{"number": key.number, "max": key.max_points} for key in keys]
    # The folder's own, so that what is typed into another folder's page does not turn up here.
    yield f'{{"page":"{results.seed}","questions":{_json(asked)},"answers":['
    for number, q in enumerate(questions):
        cut = ""
        if len(q.answer) > _SHOWN:
            cut = (
                f"The first {_SHOWN} of {len(q.answer)} characters. "
                f"The whole answer stands in {files[q.student, q.lesson]}"
            )
        answer = {
            "student": q.student,
            "question": places[q.key.number],
            "answer": q.answer[:_SHOWN],
            "id": q.answer_id,
            "marked": q.mark.digest if q.changed else q.answer_id,
            "points": q.mark.points,
            "comment": q.mark.comment,
            "changed": f"{marks.CHANGED[0].upper()}{marks.CHANGED[1:]}." if q.changed else "",
            "cut": cut,
        }
        yield "," * bool(number) + _json(answer)
    yield "]}"


def _json(value: Any) -> str:
    return html.escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")), quote=False)


# --- writing -------------------------------------------------------------------------------------


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # where nothing has changed, nothing needs it

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def part(name: str) -> str:
        return (_TEMPLATES / name).read_text(encoding="utf-8")

    def digest(name: str) -> str:
        return base64.b64encode(hashlib.sha256(part(name).encode()).digest()).decode()

    environment.globals["part"] = cache(part)
    # The one script that may run, by its hash: nothing that a student wrote can.
    environment.globals["digest"] = cache(digest)
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    return environment


class _Press:
    """Writes pages, and neither renders nor writes one that is there already.

    A page must have been made of the same, and be on disk as it was written then.
    """

    def __init__(self, out: Path, before: Made, warning: str) -> None:
        self.out, self.before, self.warning = out, before, warning
        self.made: dict[str, tuple[str, str]] = {}

    def page(
        self, name: str, template: str, made_of: str, values: Callable[[], dict[str, Any]]
    ) -> None:
        """Write a page, of what the text `made_of` tells from anything else."""
        path, told = self.out / name, f"{template}\n{self.warning}\n{made_of}"
        digest = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
        old = self.before.get(name, ("", ""))
        if old[0] != digest or _digest_of(path) != old[1]:
            text = _environment().get_template(template)
            # All of it stands in the journal too: to wait for the disk would cost more than all
            # else here.
            write_pieces(path, text.generate(**values(), warning=self.warning))
            old = digest, _digest_of(path)
        self.made[name] = old[0], old[1]


def _digest_of(path: Path) -> str:
    """Return the SHA-256 of a page; "" if it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
