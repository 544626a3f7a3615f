"""The table of lessons in README.md, and where each data set is used, made from the lessons."""

import re
from collections.abc import Sequence

from course.release.minutes import count, rounded
from course.release.notebooks import colab_badge
from course.release.source import Course, Lesson

DATASHEET = "data/README.md"
BEGIN, END = "<!-- lessons -->", "<!-- end of lessons -->"
# Lessons that are announced and not yet written; a row goes when its lesson is there.
TO_COME: dict[str, str] = {}

_NO_ADDRESS = (
    "This copy has no public address yet, so no Colab badge stands here and a notebook that is "
    "alone cannot fetch the rest. [For instructors](#for-instructors) says how to give it one."
)


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
    rows = [_hours(lessons), "", "| | lesson | minutes | |", "|---|---|---|---|"]
    if course.has_no_address:
        rows = [_NO_ADDRESS, "", *rows]
    for lesson in lessons:
        number, _, title = lesson.title.partition(" · ")
        cells = [number, f"[{title}](lessons/{lesson.name}.ipynb). {promise(lesson)}"]
        minutes = count(lesson)
        takes = str(rounded(minutes.core))
        takes += f" + {rounded(minutes.rest)}" * (minutes.rest >= 1)
        rows.append(_row([*cells, takes, colab_badge(lesson, course)]))
    there = {lesson.number for lesson in lessons}
    rows += [
        _row([n, f"{title} (to come)", "", ""]) for n, title in TO_COME.items() if n not in there
    ]
    return "\n".join([before + begin, "", *rows, "", end + after])


def with_uses(text: str, lessons: Sequence[Lesson]) -> str:
    """Return the datasheet with its rows "used in" made anew.

    A lesson uses a data set if its code calls a function of that name or names it in a string.

    Parameters
    ----------
    text : str
        Sections headed by data sets, as in "## `iris`", each with one row "| used in | … |".
    lessons : sequence of Lesson

    Returns
    -------
    str
    """
    codes = {
        lesson.number: "\n".join(cell.source for cell in lesson.cells if cell.kind == "code")
        for lesson in lessons
    }
    sections = re.split(r"(?m)^(?=## )", text)
    for place, section in enumerate(sections):
        names = "|".join(re.findall(r"`(\w+)`", section.partition("\n")[0]))
        use = re.compile(rf"\b(?:{names})\(|([\"'])(?:{names})\1")
        numbers = [number for number, code in codes.items() if use.search(code)]
        row = f"| used in | {_lessons(numbers)} |"
        sections[place] = re.sub(r"(?m)^\| used in \|.*$", row, section)
    return "".join(sections)


def _lessons(numbers: Sequence[str]) -> str:
    """Write their numbers as a person would.

    Examples
    --------
    >>> _lessons(["01", "04", "05"]), _lessons(["11"]), _lessons([])
    ('lessons 01, 04 and 05', 'lesson 11', 'no lesson')
    """
    if len(numbers) < 2:
        return f"lesson {numbers[0]}" if numbers else "no lesson"
    return f"lessons {', '.join(numbers[:-1])} and {numbers[-1]}"


def _hours(lessons: Sequence[Lesson]) -> str:
    """Return the sentence that sums up what the lessons take."""
    minutes = [count(lesson) for lesson in lessons]
    return (
        "At a first reading, with the exercises that stand in it, the course takes about "
        f"**{sum(m.core for m in minutes) / 60:.0f} hours**; the sections headed Deeper, the "
        "further exercises and the interview questions, which can wait, take about "
        f"{sum(m.rest for m in minutes) / 60:.0f} more."
    )


def promise(lesson: Lesson) -> str:
    """Return the sentence in bold under a lesson's title."""
    found = re.search(r"^\*\*(.+?)\*\*", lesson.cells[0].source, flags=re.MULTILINE)
    return found[1] if found else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
