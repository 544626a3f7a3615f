"""`course new`: a lesson that releases and passes, for an author to write over."""

from __future__ import annotations

import re
from pathlib import Path

from course.files import write_whole
from course.release.source import Course, CourseError

SKELETON = Path(__file__).parent / "skeleton"
FILES = {
    "99_skeleton.md": ("solutions/{number}_{name}.md", "the lesson's text"),
    "lesson_99.py": ("course/exercises/lesson_{number}.py", "what its exercise asks and accepts"),
    "lesson_99.md": ("course/exercises/lesson_{number}.md", "its answers, right and wrong"),
}


def new(root: Path, number: str, name: str) -> None:
    """Write a lesson with one exercise, and say what to do next.

    Parameters
    ----------
    root : Path
        The course's folder.
    number : str
        "16"
    name : str
        "conformal_prediction"; its words become the title.

    Raises
    ------
    CourseError
        If the lesson is there already, or cannot be called so; then nothing is written.
    """
    Course.at(root)  # or this is no course
    if not re.fullmatch(r"\d\d", number):
        raise CourseError(f"a lesson's number is two digits, like 16; came {number}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise CourseError(
            f"a lesson's name is small letters and digits, with _ between words, "
            f"like conformal_prediction; came {name}"
        )
    there = [
        path.relative_to(root).as_posix()
        for pattern in ("solutions/{}_*", "lessons/{}_*", "course/exercises/lesson_{}.*")
        for path in sorted(root.glob(pattern.format(number)))
    ]
    if there:
        raise CourseError(f"there is a lesson {number} already: {', '.join(there)}")
    for template, (place, what) in FILES.items():
        file = place.format(number=number, name=name)
        text = (SKELETON / template).read_text(encoding="utf-8")
        write_whole(root / file, filled(text, number, name))
        print(f"{file:<42} written: {what}")
    print(
        f"next: `course release {number}`, then write your lesson over it; "
        "CONTRIBUTING.md says how, under “Add a lesson”"
    )


def filled(text: str, number: str, name: str) -> str:
    """Return a text of the skeleton for another lesson.

    Examples
    --------
    >>> filled("99 · Skeleton, 99_skeleton.ipynb, example_99", "16", "the_end")
    '16 · The end, 16_the_end.ipynb, example_16'
    """
    title = name.replace("_", " ").capitalize()
    return text.replace("Skeleton", title).replace("skeleton", name).replace("99", number)
