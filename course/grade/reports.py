"""The reports: tables for spreadsheets, a page for the class, a page for each student.

Everything a student wrote is shown as text. The pages hold no script but one of ours, for marking,
load nothing, and open from disk.
"""

from __future__ import annotations

import base64
import hashlib
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from course.files import write_whole
from course.grade.adjustments import Tally
from course.grade.key import Lesson
from course.grade.marks import Marks, Question
from course.grade.record import Record, Score
from course.grade.tables import plain_number, write_table
from course.judge.run import Status

NO_ISOLATION = "Graded without isolation: submissions ran with the instructor's own rights."
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Results:
    """All that the reports tell.

    Attributes
    ----------
    records : tuple of Record
        All submissions with their grades, sorted by student and lesson.
    lessons : dict of str to Lesson
        By number, in order.
    marks : Marks
        The written answers and what a person has typed of them.
    tallies : dict of (student, lesson) to Tally
        What each has, adjustments, marks and lateness included.
    isolated : bool
        False is said on every report.
    seed : int
        Said on the class page, so that an appeal can be graded on the same cases.
    """

    records: tuple[Record, ...]
    lessons: Mapping[str, Lesson]
    marks: Marks
    tallies: Mapping[tuple[str, str], Tally]
    isolated: bool
    seed: int


def write(out: Path, results: Results) -> None:
    """Write all reports but to_mark.csv.

    Parameters
    ----------
    out : Path
        The grades folder.
    results : Results
    """
    warning = "" if results.isolated else NO_ISOLATION
    columns = _exercise_columns(results)
    write_table(out / "exercises.csv", columns, _exercise_rows(results, columns))
    columns = _grade_columns(results)
    grades = list(_grade_rows(results, columns, warning))
    write_table(out / "grades.csv", columns, ([row[c] for c in columns] for row in grades))
    questions = results.marks.questions
    _page(out / "to_mark.html", "to_mark.html", questions=questions, warning=warning)
    of_record: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for question in questions:
        of_record[question.student, question.lesson].append(question)
    for record in results.records:
        if record.lesson in results.lessons:
            _page(
                out / "feedback" / record.student / f"{record.lesson}.html",
                "feedback.html",
                record=record,
                key=results.lessons[record.lesson],
                questions=of_record[record.student, record.lesson],
                tally=results.tallies[record.student, record.lesson],
                warning=warning,
            )
    _page(
        out / "class.html",
        "class.html",
        **_class_page(results, grades),
        seed=results.seed,
        warning=warning,
    )


def highlights(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Yield label and text of what stands out: the hardest exercise, mistakes, what to look at."""
    hardest = _hardest(records)
    if hardest and hardest[0]["share"] < 1:
        first = hardest[0]
        yield "hardest", f"{first['number']} {first['name']} ({first['share']:.0%} of its points)"
    for mistake in _mistakes(records)[:1]:
        yield (
            "most common",
            f"“{mistake['finding']}” ({mistake['count']} of {mistake['of']}, {mistake['number']})",
        )
    look = [(r.student, (*r.remarks, *r.grade.flags)) for r in records]
    flagged = [(student, flags[0]) for student, flags in look if flags]
    if flagged:
        shown = ", ".join(f"{student} ({flag})" for student, flag in flagged[:3])
        more = f" and {len(flagged) - 3} more, see class.html" if len(flagged) > 3 else ""
        yield "look at", shown + more


# --- exercises.csv and grades.csv ----------------------------------------------------------------

_EXERCISE_COLUMNS = (
    "student",
    "lesson",
    "exercise",
    "name",
    "points",
    "max_points",
    "status",
    "finding",
)


def _exercise_columns(results: Results) -> list[str]:
    """Return the columns of exercises.csv; the last only where a person has adjusted one."""
    adjusted = any(tally.exercises for tally in results.tallies.values())
    return [*_EXERCISE_COLUMNS, *(["adjusted"] if adjusted else [])]


def _exercise_rows(results: Results, columns: Sequence[str]) -> Iterator[list[Any]]:
    for record in results.records:
        whose = [record.student, record.lesson]
        tally = results.tallies.get((record.student, record.lesson))
        rows = []
        if not record.grade.exercises:
            problem = record.grade.flags[0] if record.grade.flags else ""
            rows.append([*whose, "", "", 0, 0, Status.UNREADABLE, problem])
        for s in record.grade.exercises:
            rows.append([*whose, s.number, s.name, s.points, s.max_points, s.status, s.finding])
        for row in rows:
            if len(columns) > len(_EXERCISE_COLUMNS):
                changed = tally.exercises.get(row[2]) if tally else None
                row.append("" if changed is None else plain_number(changed))
            yield row


def _grade_columns(results: Results) -> list[str]:
    lessons = [c for n in results.lessons for c in _lesson_columns(results, n)]
    return ["student", *lessons, "total", "max_total", "flags"]


def _lesson_columns(results: Results, number: str) -> list[str]:
    """Return the columns of a lesson in grades.csv, which add up; those nobody needs are not there."""
    theirs = [tally for (_, lesson), tally in results.tallies.items() if lesson == number]
    parts = {
        "written": bool(results.lessons[number].written),
        "adjustment": any(change.row.sign for tally in theirs for change in tally.changes),
        "late": any(tally.late for tally in theirs),
    }
    return [number, *(f"{number} {part}" for part, needed in parts.items() if needed)]


def _grade_rows(results: Results, columns: Sequence[str], warning: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each student."""
    by_student: dict[str, list[Record]] = defaultdict(list)
    for record in results.records:
        by_student[record.student].append(record)
    most = sum(lesson.max_total for lesson in results.lessons.values())
    for student, theirs in by_student.items():
        row: dict[str, Any] = {**dict.fromkeys(columns, ""), "student": student}
        total: float = 0
        for number in results.lessons:
            tally = results.tallies.get((student, number))
            if tally is None:
                continue
            total += tally.total
            row[number] = tally.machine
            more = {"written": tally.written, "adjustment": tally.adjustment, "late": tally.late}
            for part, points in more.items():
                if f"{number} {part}" in row and (part == "written" or points):
                    row[f"{number} {part}"] = "" if points is None else plain_number(points)
        flags = [flag for record in theirs for flag in record.flags]
        row |= {
            "total": plain_number(total),
            "max_total": most,
            "flags": "; ".join([*flags, *([warning] if warning else [])]),
        }
        yield row


# --- the class page ------------------------------------------------------------------------------


def _class_page(results: Results, grades: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what class.html shows."""
    records = results.records
    columns = [exercise for lesson in results.lessons.values() for exercise in lesson.exercises]
    cells: dict[str, dict[str, Score]] = defaultdict(dict)
    for record in records:
        for score in record.grade.exercises:
            cells[record.student][score.number] = score
    totals = [float(row["total"]) for row in grades]
    return {
        "columns": columns,
        "rows": [(row, cells[row["student"]]) for row in grades],
        "most": sum(lesson.max_points for lesson in results.lessons.values()),
        "mean": statistics.mean(totals) if totals else 0,
        "median": statistics.median(totals) if totals else 0,
        "hardest": _hardest(records),
        "mistakes": _mistakes(records)[:15],
        "flagged": [record for record in records if record.flags],
    }


def _hardest(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return the exercises, the one with the smallest share of its points first."""
    scores: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for record in records:
        for score in record.grade.exercises:
            scores[score.number, score.name].append(score)
    rows = [
        {
            "number": number,
            "name": name,
            "share": sum(s.points for s in some) / sum(s.max_points for s in some),
            "full": sum(s.status is Status.PASSED for s in some),
            "untried": sum(s.status is Status.NOT_ATTEMPTED for s in some),
            "of": len(some),
        }
        for (number, name), some in scores.items()
    ]
    return sorted(rows, key=lambda row: (row["share"], row["number"]))


def _mistakes(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return what went wrong most often."""
    counts: Counter[tuple[str, str, str]] = Counter()
    of: Counter[str] = Counter()
    says = {}
    for record in records:
        for score in record.grade.exercises:
            of[score.number] += 1
            if score.status in (Status.FAILED, Status.ERROR) and score.finding:
                kind = (score.number, score.name, score.finding)
                counts[kind] += 1
                says[kind] = score.says
    return [
        {
            "number": kind[0],
            "name": kind[1],
            "finding": kind[2],
            "says": says[kind],
            "count": count,
            "of": of[kind[0]],
        }
        for kind, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


# --- writing -------------------------------------------------------------------------------------


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = (_TEMPLATES / "to_mark.js").read_text(encoding="utf-8")
    environment.globals["script"] = script
    # The one script that may run, by its hash: nothing that a student wrote can.
    environment.globals["script_hash"] = base64.b64encode(
        hashlib.sha256(script.encode()).digest()
    ).decode()
    return environment


def _page(path: Path, template: str, **values: Any) -> None:
    write_whole(path, _environment().get_template(template).render(**values))
