"""Your points over the whole course: remembered from one session to the next, shown, and saved.

They live beside your predictions, in ``points.jsonl`` in the state folder (COURSE_STATE moves it):
a line of JSON, ``{"exercise": "softmax", "points": 3}``, for each check that brought more than any
before it. Lines are only ever added, and the best of an exercise's lines counts.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import exercises
from utils import concepts
from utils.calibration import reliability_in_words
from utils.predictions import Prediction, Predictions, my_predictions, state_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
_best: dict[str, int] = {}  # of this session; all there is where nothing can be written


def remember(exercise: str, points: int) -> None:
    """Keep the points of a check if they are more than any before.

    In `solutions/` they last as long as the session: the worked answers are nobody's own.

    Parameters
    ----------
    exercise : str
        The exercise's name, "softmax".
    points : int
    """
    if points <= best().get(exercise, 0):
        return
    _best[exercise] = points
    if Path.cwd() == ROOT / "solutions":
        return
    path = _file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            file.seek(max(file.seek(0, io.SEEK_END) - 1, 0))
            torn = file.read(1) not in (b"", b"\n")  # a line that was never finished
            line = json.dumps({"exercise": exercise, "points": points})
            file.write(f"{chr(10) if torn else ''}{line}\n".encode())
    except OSError as problem:
        print(f"your points could not be saved in {path.name}: {problem.strerror}")


def best() -> dict[str, int]:
    """Return your best points by exercise, of this session and of all before it."""
    found = dict(_best)
    try:
        lines = _file().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # none yet, or not to be read: what this session knows stands
        return found
    for line in lines:
        try:
            event = json.loads(line)
            name, points = str(event["exercise"]), int(event["points"])
        except (ValueError, KeyError, TypeError):
            continue  # a line that was never finished
        found[name] = max(found.get(name, 0), points)
    return found


def _file() -> Path:
    return state_file().with_name("points.jsonl")


@dataclass(frozen=True)
class LessonPoints:
    """A lesson's points.

    Attributes
    ----------
    number : str
        "02"
    points, total : int
        Earned so far, and to be had.
    left : tuple of str
        What is not whole yet, "02.1 softmax".
    """

    number: str
    points: int
    total: int
    left: tuple[str, ...]

    @property
    def bar(self) -> str:
        """Twenty characters, filled as far as the points go."""
        filled = 20 * self.points // self.total  # the last one only with the last point
        return f"{'█' * filled}{'░' * (20 - filled)}"


def of_lesson(lesson: str) -> LessonPoints:
    """Return the points of one lesson.

    Parameters
    ----------
    lesson : str
        "02"

    Returns
    -------
    LessonPoints

    Raises
    ------
    ValueError
        If there is no such lesson, or it has no exercises.
    """
    asked = exercises.of_lesson(lesson)
    if not asked:
        raise ValueError(f"no lesson with exercises has the number {lesson!r}")
    have = best()
    mine = {e: min(have.get(e.name, 0), e.max_points) for e in asked}  # a release may ask for less
    left = tuple(f"{e.number} {e.name}" for e, points in mine.items() if points < e.max_points)
    return LessonPoints(lesson, sum(mine.values()), sum(e.max_points for e in asked), left)


def of_course() -> list[LessonPoints]:
    """Return the points of every lesson that has exercises."""
    return [of_lesson(number) for number in sorted({n[:2] for n in exercises.numbers().values()})]


def progress(lesson: str | None = None) -> None:
    """Print your points so far and what is left: of one lesson, or of the whole course.

    Parameters
    ----------
    lesson : str, optional
        The lesson's number, ``"02"``; without it, a line for each lesson.

    Raises
    ------
    ValueError
        If there is no such lesson, or it has no exercises.
    """
    lessons = of_course() if lesson is None else [of_lesson(lesson)]
    for one in lessons:
        done = "" if one.left else " · all done"
        print(f"lesson {one.number}  {one.bar}  {one.points} of {one.total} points{done}")
    if lesson is None:
        points, total = sum(one.points for one in lessons), sum(one.total for one in lessons)
        print(f"course     {LessonPoints('', points, total, ()).bar}  {points} of {total} points")
    open_ones = [one for one in lessons if one.left]
    for one in open_ones[:1]:
        word = "left" if lesson else f"next, in lesson {one.number}"
        for start in range(0, len(one.left), 3):  # short lines: none is broken inside a name
            label = f"   {word}:  " if start == 0 else " " * (len(word) + 6)
            print(label, ", ".join(one.left[start : start + 3]))


@dataclass(frozen=True)
class Summary:
    """One page of your results; shows itself in a notebook, and saves itself.

    Attributes
    ----------
    lessons : sequence of LessonPoints
    predictions : Predictions
        Those that count.
    asked : sequence of (int, Prediction or None, Prediction or None)
        Each question asked twice: its number, your first answer and your second.
    """

    lessons: Sequence[LessonPoints]
    predictions: Predictions
    asked: Sequence[tuple[int, Prediction | None, Prediction | None]]

    @property
    def facts(self) -> dict[str, str]:
        """What the page says in words, by heading."""
        points, total = (
            sum(getattr(x, part) for x in self.lessons) for part in ("points", "total")
        )
        said = {"Points": f"{points} of {total}"}
        said["Forecasts"] = repr(self.predictions)
        if len(self.predictions):
            said["Calibration"] = reliability_in_words(
                self.predictions.sure, self.predictions.correct
            )
        for lesson, answers in (
            ("before", [before for _, before, _ in self.asked]),
            ("after", [after for *_, after in self.asked]),
        ):
            right = [item.correct for item in answers if item]
            said[f"Questions, {lesson}"] = (
                f"{sum(right)} of {len(right)} right" if right else "not answered, or not settled"
            )
        said["Where to go next"] = self.next
        return said

    @property
    def next(self) -> str:
        """Where to go next."""
        for one in self.lessons:
            if one.left:
                return (
                    f"lesson {one.number}, {one.points} of {one.total} points so far: "
                    f"{', '.join(one.left)}"
                )
        return (
            "all points are yours: the review cards (lessons/review_cards.tsv) keep what you "
            "learnt, and what lesson 12 builds mends any classifier, yours too"
        )

    @functools.cached_property
    def figure(self) -> Figure:
        """The page as a figure: points by lesson, your calibration, before and after."""
        import matplotlib.pyplot as plt

        from utils.plots.report import results_page

        figure = results_page(
            {one.number: (one.points, one.total) for one in self.lessons},
            self.predictions.sure,
            self.predictions.correct,
            [(n, _right(a), _right(b)) for n, a, b in self.asked],
            self.facts,
        )
        plt.close(figure)
        return figure

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {text}" for name, text in self.facts.items())

    def _repr_html_(self) -> str:
        """Return the page: the figure with its description, and the same in words and tables."""
        data = io.BytesIO()
        self.figure.savefig(data, format="png", dpi=110)
        picture = base64.b64encode(data.getvalue()).decode()
        alt = html.escape(" ".join(f"{text}." for text in repr(self).split("\n")))
        lessons = _table(
            ["lesson", "points", "left"],
            [[x.number, f"{x.points} of {x.total}", ", ".join(x.left)] for x in self.lessons],
        )
        asked = _table(
            ["question", "before", "after"],
            [
                [f"{n}. {concepts.QUESTIONS[n - 1][0]} …", _told(a), _told(b)]
                for n, a, b in self.asked
            ],
        )
        return (
            f'<img alt="{alt}" style="max-width:100%" src="data:image/png;base64,{picture}">\n'
            f"<details><summary>The same in words</summary>\n{lessons}\n{asked}\n</details>"
        )

    def save(self, file: str | Path) -> Path:
        """Save the page as HTML or PDF, by the end of the file's name.

        Parameters
        ----------
        file : str or Path
            Such as "my-results.html" or "my-results.pdf".

        Returns
        -------
        Path

        Raises
        ------
        ValueError
            If the name ends otherwise.
        """
        path = Path(file)
        if path.suffix == ".pdf":
            self.figure.savefig(path)
        elif path.suffix == ".html":
            path.write_text(
                '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
                '<meta name="viewport" content="width=device-width"><title>My results</title>'
                "<style>body{max-width:60em;margin:1em auto;padding:0 1em;font:1em/1.4 sans-serif}"
                "td,th{text-align:left;padding:.1em .8em .1em 0;vertical-align:top}</style></head>"
                f"\n<body><main><h1>My results</h1>\n{self._repr_html_()}</main></body></html>\n",
                encoding="utf-8",
            )
        else:
            raise ValueError(
                f'save("my-results.html") or save("my-results.pdf"), not {path.name!r}'
            )
        return path


def summary() -> Summary:
    """Return one page of your results: points, calibration, before and after, where to go next.

    In a notebook's last line it shows itself; ``summary().save("my-results.pdf")`` keeps it.

    Returns
    -------
    Summary
    """
    mine = my_predictions()
    by_id = {item.id: item for item in mine.items}
    asked = [
        (n, by_id.get(f"{before}.q{n}"), by_id.get(f"{after}.q{n}"))
        for before, after, numbers in concepts.ROUNDS
        for n in numbers
    ]
    return Summary(of_course(), mine, asked)


def _right(item: Prediction | None) -> bool | None:
    return item.correct if item else None


def _told(item: Prediction | None) -> str:
    return f"{'✓' if item.correct else '✗'} {item.sure:.0%} sure" if item else "–"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return an HTML table."""
    cells = ["".join(f'<th scope="col">{html.escape(text)}</th>' for text in head)]
    cells += ["".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"
