"""The reports: tables for spreadsheets, a page for the class, a page for each student.

Everything a student wrote is shown as text. The pages hold no script but one of ours, for marking,
load nothing, and open from disk.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from course.files import write_whole
from course.grade.key import LessonKey, WrittenKey
from course.grade.record import Record, Score
from course.judge.run import Status

NO_ISOLATION = "Graded without isolation: submissions ran with the instructor's own rights."
GRADEBOOKS = ("canvas", "moodle")
_TEMPLATES = Path(__file__).parent / "templates"
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Mark:
    """A written answer as it stands in to_mark.csv."""

    points: str = ""
    comment: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Question:
    """A written answer beside its question and model answer, with the mark it has."""

    student: str
    lesson: str
    key: WrittenKey
    answer: str
    mark: Mark

    @property
    def answer_id(self) -> str:
        """Tells one answer from another, so that a mark is known to be of this one."""
        return hashlib.sha256(self.answer.encode()).hexdigest()[:8]

    @property
    def changed(self) -> bool:
        """Whether it was marked, and then handed in anew with other words."""
        return bool(self.mark.points and self.mark.digest not in ("", self.answer_id))


def write(
    out: Path,
    records: Sequence[Record],
    keys: Mapping[str, LessonKey],
    isolated: bool,
    seed: int,
    gradebook: str = "",
) -> int:
    """Write all reports.

    Parameters
    ----------
    out : Path
        The grades folder.
    records : sequence of Record
        All submissions with their grades, sorted by student and lesson.
    keys : mapping of str to LessonKey
        By lesson number.
    isolated : bool
        False is said on every report.
    seed : int
        Said on the class page, so that an appeal can be graded on the same cases.
    gradebook : str
        "canvas" or "moodle" for an import file beside the others.

    Returns
    -------
    int
        How many written answers wait for a mark.
    """
    warning = "" if isolated else NO_ISOLATION
    marks = read_marks(out / "to_mark.csv")
    questions = list(_questions(records, keys, marks))
    _csv(out / "exercises.csv", _EXERCISE_COLUMNS, _exercise_rows(records))
    written = _written_points(questions)
    columns = _grade_columns(keys)
    grades = list(_grade_rows(records, keys, written, warning))
    _csv(out / "grades.csv", columns, ([row[c] for c in columns] for row in grades))
    _csv(out / "to_mark.csv", _MARK_COLUMNS, _mark_rows(questions))
    _page(out / "to_mark.html", "to_mark.html", questions=questions, warning=warning)
    of_record: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for question in questions:
        of_record[question.student, question.lesson].append(question)
    for record in records:
        if record.lesson:
            _page(
                out / "feedback" / record.student / f"{record.lesson}.html",
                "feedback.html",
                record=record,
                key=keys[record.lesson],
                questions=of_record[record.student, record.lesson],
                warning=warning,
            )
    _page(
        out / "class.html",
        "class.html",
        **_class_page(records, keys, grades),
        seed=seed,
        warning=warning,
    )
    if gradebook:
        _gradebook(out, gradebook, grades, records)
    return sum(not q.mark.points for q in questions)


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
    flagged = [(r.student, r.grade.flags[0]) for r in records if r.grade.flags]
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


def _exercise_rows(records: Iterable[Record]) -> Iterator[list[Any]]:
    for record in records:
        whose = [record.student, record.lesson]
        if not record.grade.exercises:
            problem = record.grade.flags[0] if record.grade.flags else ""
            yield [*whose, "", "", 0, 0, Status.UNREADABLE, problem]
        for s in record.grade.exercises:
            yield [*whose, s.number, s.name, s.points, s.max_points, s.status, s.finding]


def _grade_columns(keys: Mapping[str, LessonKey]) -> list[str]:
    lessons = [c for key in keys.values() for c in _lesson_columns(key)]
    return ["student", *lessons, "total", "max_total", "flags"]


def _lesson_columns(key: LessonKey) -> list[str]:
    return [key.number, f"{key.number} written"] if key.written else [key.number]


def _grade_rows(
    records: Sequence[Record],
    keys: Mapping[str, LessonKey],
    written: Mapping[tuple[str, str], float],
    warning: str,
) -> Iterator[dict[str, Any]]:
    """Yield a row for each student."""
    by_student: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_student[record.student].append(record)
    most = sum(key.max_points + sum(w.max_points for w in key.written) for key in keys.values())
    for student, theirs in by_student.items():
        row: dict[str, Any] = {"student": student}
        row |= {column: "" for key in keys.values() for column in _lesson_columns(key)}
        total: float = 0
        for record in theirs:
            if record.lesson:
                row[record.lesson] = record.grade.points
                total += record.grade.points
                marked = written.get((student, record.lesson))
                if marked is not None:
                    row[f"{record.lesson} written"] = _number(marked)
                    total += marked
        flags = [flag for record in theirs for flag in record.flags]
        row |= {
            "total": _number(total),
            "max_total": most,
            "flags": "; ".join([*flags, *([warning] if warning else [])]),
        }
        yield row


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


# --- written answers -----------------------------------------------------------------------------

_MARK_COLUMNS = ("student", "question", "points", "max_points", "comment", "answer_id")


def read_marks(path: Path) -> dict[tuple[str, str], Mark]:
    """Read the marks that an instructor has typed; none if there is no such file.

    Parameters
    ----------
    path : Path
        to_mark.csv, as written here or saved from to_mark.html.

    Returns
    -------
    dict of (student, question) to Mark

    Raises
    ------
    ValueError
        If a mark is not a number, or columns are missing: nothing is then overwritten.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text: save it as “CSV UTF-8”") from None
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","  # as some spreadsheets save
    marks = {}
    for line, row in enumerate(csv.DictReader(io.StringIO(text), delimiter=delimiter), start=2):
        if not {"student", "question", "points"} <= row.keys():
            raise ValueError(f"{path} needs the columns student, question and points")
        points = (row["points"] or "").strip().replace(",", ".")
        try:
            most = float(row.get("max_points") or "inf")
            if points and not 0 <= float(points) <= most:
                raise ValueError(f"{path}, line {line}: {points} points, of 0 to {most:g}")
        except ValueError as error:
            if str(error).startswith(str(path)):
                raise
            raise ValueError(f"{path}, line {line}: {points!r} is not a number") from None
        student = (row["student"] or "").removeprefix("'")
        comment = (row.get("comment") or "").removeprefix("'")
        marks[student, row["question"] or ""] = Mark(points, comment, row.get("answer_id") or "")
    return marks


def _questions(
    records: Sequence[Record],
    keys: Mapping[str, LessonKey],
    marks: Mapping[tuple[str, str], Mark],
) -> Iterator[Question]:
    """Yield every written answer beside the model answer, with the mark it has."""
    for record in records:
        for key in keys[record.lesson].written if record.lesson else ():
            answer = record.grade.written.get(key.number, "")
            if answer:
                mark = marks.get((record.student, key.number), Mark())
                yield Question(record.student, record.lesson, key, answer, mark)


def _mark_rows(questions: Iterable[Question]) -> Iterator[list[Any]]:
    for q in questions:
        row = [q.student, q.key.number, q.mark.points, q.key.max_points, q.mark.comment]
        yield [*row, q.answer_id]


def _written_points(questions: Iterable[Question]) -> dict[tuple[str, str], float]:
    """Add up the marks of each student and lesson that has any."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for q in questions:
        if q.mark.points:
            sums[q.student, q.lesson] += float(q.mark.points)
    return dict(sums)


# --- the class page ------------------------------------------------------------------------------


def _class_page(
    records: Sequence[Record], keys: Mapping[str, LessonKey], grades: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what class.html shows."""
    columns = [sheet.exercise for key in keys.values() for sheet in key.sheets]
    cells: dict[str, dict[str, Score]] = defaultdict(dict)
    for record in records:
        for score in record.grade.exercises:
            cells[record.student][score.number] = score
    totals = [float(row["total"]) for row in grades]
    return {
        "columns": columns,
        "rows": [(row, cells[row["student"]]) for row in grades],
        "most": sum(key.max_points for key in keys.values()),
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


# --- files for a gradebook -----------------------------------------------------------------------


def _gradebook(
    out: Path, which: str, grades: Sequence[Mapping[str, Any]], records: Sequence[Record]
) -> None:
    """Write an import file: a student's number on the platform, where the download told it."""
    numbers = {r.student: r.platform_id for r in records if r.platform_id}
    lessons = sorted({r.lesson for r in records if r.lesson})
    if which == "canvas":
        columns = ["Student", "ID", "Section", *(f"Lesson {n}" for n in lessons)]
        rows = [
            [row["student"], numbers.get(row["student"], ""), "", *_by_lesson(row, lessons)]
            for row in grades
        ]
    else:
        columns = ["Identifier", "Full name", *(f"Lesson {n}" for n in lessons)]
        rows = [
            [
                f"Participant {numbers[row['student']]}" if row["student"] in numbers else "",
                row["student"],
                *_by_lesson(row, lessons),
            ]
            for row in grades
        ]
    _csv(out / f"{which}.csv", columns, rows)


def _by_lesson(row: Mapping[str, Any], lessons: Sequence[str]) -> list[Any]:
    """Return the points of each lesson, marks for written answers included."""
    sums = []
    for lesson in lessons:
        parts = [row.get(lesson, ""), row.get(f"{lesson} written", "")]
        known = [part for part in parts if part != ""]
        sums.append(_number(sum(known)) if known else "")
    return sums


# --- writing -------------------------------------------------------------------------------------


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table; nothing in it is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
    write_whole(path, text.getvalue())


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


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
