"""How long a lesson takes: computed from its source, the core and the rest apart."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from course.cells import parse
from course.release.pieces import EXERCISE, pieces
from course.release.source import Lesson
from utils import concepts

WORDS_A_MINUTE = 200
LINES_A_MINUTE = 12
FORMULA = PREDICTION = 0.75
POINT = 2  # of an exercise
QUESTION = 3  # of an interview

LONGEST = 60  # the core
LONGEST_WITHOUT_PAUSE = 45
SHARE_DEEPER = FIRST_EXERCISE = 1 / 3

DOTS = {"●○○": "a line", "●●○": "a thought", "●●●": "a fight"}
DIFFICULTY = re.compile(
    rf"^### Exercise .*?\((?P<points>\d+) points?.*\n\n(?:{'|'.join(DOTS)})$", re.MULTILINE
)
HINT = re.compile(r"<details>.*?</details>|<!--.*?-->", re.DOTALL)
FORMULAS = re.compile(r"\$\$.+?\$\$", re.DOTALL)
MATHEMATICS = re.compile(r"\$[^$]+\$")
LINK = re.compile(r"\]\([^)\s]*\)")
PAUSE = re.compile(r"^\*\*Pause\.\*\*", re.MULTILINE)
# A cell that calls one of these asks or tells, and computes nothing that must be read.
GIVEN = {"predict", "settle", "questions", "answer", "gained"}
FIGURE = {"plots", "ax", "axes", "fig"}


@dataclass
class Minutes:
    """The minutes of a lesson.

    Attributes
    ----------
    core : float
        A first reading, with the exercises that stand in it.
    deeper, further, interview : float
        What is headed "Deeper:"; the section "Exercises" and stretch exercises; the written
        questions and what stands around them.
    exercises : list of (float, int)
        The minutes of core before each exercise, and its line.
    pauses : list of float
        The minutes of core before each pause.
    """

    core: float = 0
    deeper: float = 0
    further: float = 0
    interview: float = 0
    exercises: list[tuple[float, int]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    @property
    def rest(self) -> float:
        """What a first reading can skip."""
        return self.deeper + self.further + self.interview

    @property
    def longest(self) -> float:
        """The longest stretch of core without a pause."""
        return max(end - start for start, end in pairwise([0, *self.pauses, self.core]))


def count(lesson: Lesson) -> Minutes:
    """Return a lesson's minutes."""
    minutes = Minutes()
    for piece in pieces(lesson):
        exercise = EXERCISE.fullmatch(piece.heading)
        if exercise:
            minutes.exercises.append((minutes.core, piece.line))
        if piece.cell.kind == "code":
            took = of_code(piece.text)
        else:
            took = of_markdown(piece.text) + POINT * int(exercise[3] if exercise else 0)
            took += QUESTION * (piece.cell.role == "written")
            if piece.part == "core":
                before = [piece.text[: pause.start()] for pause in PAUSE.finditer(piece.text)]
                minutes.pauses += [minutes.core + of_markdown(text) for text in before]
        setattr(minutes, piece.part, getattr(minutes, piece.part) + took)
    return minutes


def of_markdown(text: str) -> float:
    r"""Return the minutes that reading takes: words, without hints and mathematics, and formulas.

    Examples
    --------
    >>> of_markdown("| a | table |\n|---|---|\n| of | 4 |\n\n$$x$$") == 4 / 200 + 0.75
    True
    """
    text, formulas = FORMULAS.subn(" ", HINT.sub(" ", text))
    text = LINK.sub("] ", MATHEMATICS.sub(" ", text))
    words = sum(bool(re.search(r"\w", word)) for word in text.split())
    return words / WORDS_A_MINUTE + FORMULA * formulas


def of_code(source: str) -> float:
    r"""Return the minutes that a cell takes: its predictions, or its lines if it computes.

    Examples
    --------
    >>> of_code("# why\nx = 1\n\nprint(x)") == 2 / 12
    True
    >>> of_code('utils.predict("02.shift", ["up", "down"], answer=None, sure=None)')
    0.75
    """
    body = parse(source).body
    calls = [_called(node) for statement in body for node in ast.walk(statement)]
    if (
        source.startswith(("# course: set-up", "# exercise:"))
        or GIVEN & {*calls}
        or all(_called(getattr(node, "value", node)) in ("check", "progress") for node in body)
        or ("print" not in calls and FIGURE & _names(body) and all(map(_draws, body)))
    ):
        return PREDICTION * (calls.count("predict") + sum(map(_questions, body)))
    lines = [line.strip() for line in source.split("\n")]
    return sum(bool(line) and not line.startswith("#") for line in lines) / LINES_A_MINUTE


def _called(node: ast.AST) -> str:
    """Return the last name of what a node calls, or nothing."""
    function = node.func if isinstance(node, ast.Call) else None
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _questions(statement: ast.stmt) -> int:
    """Return how many questions `concepts.questions` asks in a statement."""
    match statement:
        case ast.Expr(value=ast.Call(args=arguments) as call) if _called(call) == "questions":
            lesson = ast.literal_eval(arguments[0]) if arguments else "00"
            return len(concepts.asked_by(lesson))
    return 0


def _draws(statement: ast.stmt) -> bool:
    """Say whether a statement is about a figure, or calls nothing: it names a title or a size."""
    calls = any(isinstance(node, ast.Call) for node in ast.walk(statement))
    return bool(FIGURE & _names([statement])) or not calls


def _names(body: Sequence[ast.stmt]) -> set[str]:
    return {n.id for statement in body for n in ast.walk(statement) if isinstance(n, ast.Name)}


def check_time(lesson: Lesson) -> None:
    """Note where a lesson asks for more time than a learner has at a stretch.

    Parameters
    ----------
    lesson : Lesson
        Its problems grow.
    """
    broken = any(cell.problems for cell in lesson.cells)  # one may not parse
    if broken or not lesson.cells:
        return
    for line, sentence in limits_broken(lesson):
        lesson.problem(line, sentence)
    lesson.problems.sort()


def limits_broken(lesson: Lesson) -> list[tuple[int, str]]:
    """Return line and sentence for each limit that a lesson does not keep."""
    minutes, title = count(lesson), lesson.cells[0].line
    found = []
    if minutes.core > LONGEST:
        sentence = f"the core takes {minutes.core:.0f} minutes, more than {LONGEST}"
        found.append((title, f"{sentence}: head with Deeper what can be skipped"))
    if minutes.longest > LONGEST_WITHOUT_PAUSE:
        sentence = f"{minutes.longest:.0f} minutes of core without a pause, more than"
        sentence = f"{sentence} {LONGEST_WITHOUT_PAUSE}: a paragraph that begins with **Pause.**"
        found.append((title, f"{sentence} marks one"))
    if minutes.deeper > SHARE_DEEPER * (minutes.core + minutes.deeper):
        sentence = f"{minutes.deeper:.0f} minutes are Deeper, more than a third"
        found.append((title, f"{sentence} of {minutes.core + minutes.deeper:.0f}"))
    if minutes.exercises and minutes.exercises[0][0] > FIRST_EXERCISE * minutes.core:
        before, line = minutes.exercises[0]
        sentence = f"the first exercise comes after {before:.0f} of {minutes.core:.0f} minutes"
        found.append((line, f"{sentence}, not in the first third"))
    return found


def rounded(minutes: float) -> int:
    """Return minutes to the nearest five, and at least five."""
    return max(5, 5 * round(minutes / 5))


def time_line(lesson: Lesson) -> str:
    """Return the sentence that stands under a lesson's title."""
    minutes = count(lesson)
    more = {
        "the sections headed Deeper": minutes.deeper,
        "the further exercises": minutes.further,
        "the interview questions": minutes.interview,
    }
    *names, last = [name for name, value in more.items() if value >= 1] or [""]
    text = f"**About {rounded(minutes.core)} minutes**{', with a pause' if minutes.pauses else ''}"
    if last:
        listed = " and ".join([", ".join(names), last] if names else [last])
        text += f"; {listed} take about {rounded(minutes.rest)} more"
    return f"{text}."


def with_minutes(source: str) -> str:
    r"""Return Markdown in which each exercise has its minutes beside its difficulty.

    Examples
    --------
    >>> with_minutes("### Exercise 02.1 — softmax (3 points)\n\n●●○\n\nText").split("\n")[2]
    '●●○ · about 6 minutes'
    """
    return DIFFICULTY.sub(lambda f: f"{f[0]} · about {POINT * int(f['points'])} minutes", source)


def table(lessons: Sequence[Lesson]) -> list[str]:
    """Return lines for an author: the minutes of each lesson, and the limits it does not keep."""
    row = "{:<24}{:>6}{:>8}{:>9}{:>11}{:>16}{:>15}"
    head = ("", "core", "deeper", "further", "interview", "first exercise", "without pause")
    lines = [row.format(*head)]
    for lesson in lessons:
        minutes = count(lesson)
        first = minutes.exercises[0][0] if minutes.exercises else minutes.core
        parts = (minutes.core, minutes.deeper, minutes.further, minutes.interview)
        place = f"{first:.0f} ({first / minutes.core:.0%})"
        lines.append(row.format(lesson.name, *map(round, parts), place, round(minutes.longest)))
    totals = [count(lesson) for lesson in lessons]
    hours = [sum(values) / 60 for values in ([m.core for m in totals], [m.rest for m in totals])]
    lines.append(f"{hours[0]:.1f} hours of core, {hours[1]:.1f} more")
    return lines + [
        f"{lesson.file}:{line}: {sentence}"
        for lesson in lessons
        for line, sentence in limits_broken(lesson)
    ]
