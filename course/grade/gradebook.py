"""Import files for a platform's gradebook, with the columns that its importer looks for.

Canvas (lib/gradebook_importer.rb) wants Student and ID first, Section last before the assignments,
and a row "Points Possible"; Moodle's grading worksheet (mod/assign/feedback/offline) wants
Identifier, Grade and Last modified (grade), and knows a participant by a number of each assignment.
What Moodle takes back as feedback files (mod/assign/feedback/file) is a zip with a folder for each.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course.files import write_whole
from course.grade.adjustments import Tally
from course.grade.key import Lesson
from course.grade.record import Record
from course.grade.tables import plain_number, write_table
from course.grade.typed import listed, several

PLATFORMS = ("canvas", "moodle")
_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_MOODLE = (
    *("Identifier", "Full name", "Lesson", "Grade", "Maximum grade"),
    "Last modified (grade)",
)


def write(
    out: Path,
    which: str,
    records: Sequence[Record],
    lessons: Mapping[str, Lesson],
    tallies: Mapping[tuple[str, str], Tally],
) -> list[str]:
    """Write canvas.csv, or moodle.csv and moodle_feedback.zip.

    Parameters
    ----------
    out : Path
        The grades folder.
    which : str
        "canvas" or "moodle".
    records : sequence of Record
    lessons : mapping of str to Lesson
    tallies : mapping of (student, lesson) to Tally

    Returns
    -------
    list of str
        What the platform will not take as it stands: sentences for the instructor.
    """
    students = list(dict.fromkeys(record.student for record in records))
    pairs = [(s, n) for s in students for n in lessons if (s, n) in tallies]
    # A number that two students share would give one the other's grade: it is left out. Moodle's
    # are of one assignment each.
    holders: dict[tuple[str, str], set[str]] = {}
    for r in records:
        place = r.platform_id, r.lesson if which == "moodle" else ""
        holders.setdefault(place, set()).add(r.student)
    alone = {number for (number, _), group in holders.items() if len(group) == 1}
    alone -= {number for (number, _), group in holders.items() if len(group) > 1}
    ids = {(r.student, r.lesson): r.platform_id for r in records if r.platform_id in alone - {""}}
    # Canvas reads the code of an anonymous student, 7kx9Q, as number 7: somebody else's.
    codes = [pair for pair, number in ids.items() if not number.isdigit()]
    anonymous = {student for student, _ in codes}
    ids = {pair: number for pair, number in ids.items() if pair not in codes}
    if which == "canvas":
        rows = _canvas_rows(students, ids, lessons, tallies)
        columns: Sequence[str] = (*_CANVAS, *(f"Lesson {number}" for number in lessons))
        numbered = {student for student, _ in ids}
        lacking = [student for student in students if student not in numbered]
        write_table(out / "canvas.csv", columns, rows)
    else:
        write_table(out / "moodle.csv", _MOODLE, _moodle_rows(pairs, ids, lessons, tallies))
        write_whole(out / "moodle_feedback.zip", _moodle_feedback(out / "feedback", ids))
        lacking = [student for student, _ in dict.fromkeys(p for p in pairs if p not in ids)]
    said = []
    if anonymous:
        who = several(len(anonymous), "student")
        said.append(
            f"{who} handed in without a name, and cannot be imported: {listed(sorted(anonymous))}"
        )
    if strangers := sorted(set(lacking) - anonymous):
        who = several(len(strangers), "student")
        said.append(
            f"{who} came from no download of {which.title()}: without a number there "
            f"({listed(strangers)})"
        )
    above = [p for p in pairs if tallies[p].total > lessons[p[1]].max_total]
    if above and which == "moodle":
        them = "it" if len(above) == 1 else "them"
        said.append(f"{several(len(above), 'grade')} above the maximum: Moodle leaves {them} out")
    return said


def _canvas_rows(
    students: Sequence[str],
    ids: Mapping[tuple[str, str], str],
    lessons: Mapping[str, Lesson],
    tallies: Mapping[tuple[str, str], Tally],
) -> list[list[Any]]:
    """Return a row for each student; one number on Canvas is of all lessons."""
    numbers = {student: platform_id for (student, _), platform_id in ids.items()}
    possible = ["    Points Possible", "", "", "", "", *(key.max_total for key in lessons.values())]
    rows: list[list[Any]] = [possible]
    for student in students:
        points = [_total(tallies.get((student, number))) for number in lessons]
        rows.append([student, numbers.get(student, ""), "", "", "", *points])
    return rows


def _moodle_rows(
    pairs: Sequence[tuple[str, str]],
    ids: Mapping[tuple[str, str], str],
    lessons: Mapping[str, Lesson],
    tallies: Mapping[tuple[str, str], Tally],
) -> list[list[Any]]:
    """Return a row for each student and lesson; each assignment finds its own by their numbers."""
    return [
        [
            f"Participant {ids[pair]}" if pair in ids else "",
            *pair,
            _total(tallies[pair]),
            lessons[pair[1]].max_total,
            "",  # never, as far as this file knows: Moodle asks before it replaces a later one
        ]
        for pair in pairs
    ]


def _moodle_feedback(folder: Path, ids: Mapping[tuple[str, str], str]) -> bytes:
    """Return a zip of all feedback, by the names that Moodle looks for: it takes name_number_."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for (student, lesson), number in sorted(ids.items()):
            page = folder / student / f"{lesson}.html"
            if page.is_file():
                name = f"{student.replace('_', ' ')}_{number}_assignfeedback_file/{lesson}.html"
                entry = zipfile.ZipInfo(name)  # of no date: the same from run to run
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, page.read_bytes())
    return packed.getvalue()


def _total(tally: Tally | None) -> Any:
    return "" if tally is None else plain_number(tally.total)
