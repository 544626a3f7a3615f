"""The table of lessons in README.md, made from the lessons themselves."""

import re
from collections.abc import Sequence

from course.release.notebooks import colab_badge
from course.release.source import Course, Lesson

BEGIN, END = "<!-- lessons -->", "<!-- end of lessons -->"
# Lessons that are announced and not yet written; a row goes when its lesson is there.
TO_COME: dict[str, str] = {}


def with_table(text: str, lessons: Sequence[Lesson], course: Course) -> str:
    """Return the README with its table of lessons made anew.

    Parameters
    ----------
    text : str
        The README; what stands between its two marks is replaced, and nothing without them.
    lessons : sequence of Lesson
    course : Course

    Returns
    -------
    str
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        return text
    rows = ["| | lesson | |", "|---|---|---|"]
    for lesson in lessons:
        number, _, title = lesson.title.partition(" · ")
        cells = [number, f"[{title}](lessons/{lesson.name}.ipynb). {promise(lesson)}"]
        rows.append(_row([*cells, colab_badge(lesson, course)]))
    there = {lesson.number for lesson in lessons}
    rows += [_row([n, f"{title} (to come)", ""]) for n, title in TO_COME.items() if n not in there]
    return "\n".join([before + begin, "", *rows, "", end + after])


def promise(lesson: Lesson) -> str:
    """Return the sentence in bold under a lesson's title."""
    found = re.search(r"^\*\*(.+?)\*\*", lesson.cells[0].source, flags=re.MULTILINE)
    return found[1] if found else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
