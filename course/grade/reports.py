"""The reports: tables for spreadsheets, and with them the pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course.grade import pages
from course.grade.record import Record
from course.grade.results import NO_ISOLATION, Results, highlights
from course.grade.tables import plain_number, write_table
from course.judge.run import Status

__all__ = ["NO_ISOLATION", "Results", "highlights", "write"]


def write(out: Path, results: Results, before: pages.Made | None = None) -> pages.Made:
    """Write all reports but to_mark.csv.

    Parameters
    ----------
    out : Path
        The grades folder.
    results : Results
    before : dict, optional
        See `pages.write`, and so for what is returned.
    """
    columns = _exercise_columns(results)
    write_table(out / "exercises.csv", columns, _exercise_rows(results, columns))
    columns = _grade_columns(results)
    grades = list(_grade_rows(results, columns))
    write_table(out / "grades.csv", columns, ([row[c] for c in columns] for row in grades))
    write_table(out / "predictions.csv", _PREDICTION_COLUMNS, _prediction_rows(results))
    return pages.write(out, results, grades, before)


# --- predictions.csv -----------------------------------------------------------------------------

_PREDICTION_COLUMNS = ("student", "prediction", "answer", "sure", "outcome", "correct")


def _prediction_rows(results: Results) -> Iterator[list[Any]]:
    """Yield a row for each forecast; where the solutions do not say what came, nor does it."""
    for record, forecast, outcome in results.forecasts():
        correct = forecast.answer == outcome if outcome else ""
        whose = [record.student, forecast.prediction]
        yield [*whose, forecast.answer, f"{forecast.sure:g}", outcome, correct]


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
        rows: list[list[Any]] = []
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


def _grade_rows(results: Results, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield a row for each student."""
    by_student: dict[str, list[Record]] = defaultdict(list)
    for record in results.records:
        by_student[record.student].append(record)
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
            "max_total": results.max_total,
            "flags": "; ".join([*flags, *([results.warning] if results.warning else [])]),
        }
        yield row
