"""What counts of a notebook: its cells, its lesson, and what was answered in words, wherever."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from keyword import iskeyword
from typing import NamedTuple

from course.cells import ADDED, EXERCISE, WRITTEN
from course.grade.notebook import MAX_BYTES, UnreadableError, read_cells

__all__ = ["MAX_BYTES", "Cells", "UnreadableError", "read_notebook", "visible", "written_answers"]


@dataclass(frozen=True)
class Cells:
    """What counts of a notebook.

    Attributes
    ----------
    cells : tuple of (str, str)
        Kind ("code", "markdown" or "raw") and source of each cell, in order.
    beside : tuple of (str, str)
        Name and source of Python files that were handed in beside it and that it speaks of.
    """

    cells: tuple[tuple[str, str], ...]
    beside: tuple[tuple[str, str], ...] = ()

    @property
    def code(self) -> list[str]:
        """The sources of the code cells."""
        return [source for kind, source in self.cells if kind == "code"]

    def lesson(self) -> str:
        """Return the number of the lesson that most of its marks belong to, or ""."""
        marks = [mark for _, source in self.cells for mark in EXERCISE.findall(source)]
        marks += [mark for _, source in self.cells for mark in WRITTEN.findall(source)]
        found = Counter(mark[:2] for mark in marks)
        return min(found, key=lambda lesson: (-found[lesson], lesson), default="")


def read_notebook(data: bytes) -> Cells:
    """Read a notebook in format 3 or 4, whatever its metadata say or lack.

    Parameters
    ----------
    data : bytes
        What the file holds.

    Returns
    -------
    Cells

    Raises
    ------
    UnreadableError
        If it is no notebook.
    """
    return Cells(read_cells(data))


# Characters that nobody sees and Python refuses, spaces that are none to Python, and line ends.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]"
)
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")


def visible(source: str) -> str:
    r"""Return code without characters that nobody sees.

    Examples
    --------
    >>> visible("\u200bx\u00a0= 1")
    'x = 1'
    """
    return _SPACES.sub(" ", _INVISIBLE.sub("", _LINE_ENDS.sub("\n", source)))


# --- answers in words ----------------------------------------------------------------------------


def written_answers(submission: Cells, released: Cells) -> tuple[dict[str, str], list[str]]:
    """Find what a student wrote under each interview question, or elsewhere in its stead.

    An answer is what the question's cell holds beyond the released one, whatever has become of its
    kind and its mark, and the texts of the student's own between it and the next cell of the
    lesson. Where a question's cell is gone, the text in its place is the answer; where there is
    none, the text right above.

    Parameters
    ----------
    submission, released : Cells

    Returns
    -------
    answers : dict of str to str
        Number of the question ("02.Q1") to text; "" where nothing was written.
    flags : list of str
        A sentence, if questions are empty while text of the student's own stands elsewhere.
    """
    walk = _Walk(_taken_apart(released))
    for kind, source in submission.cells:
        walk.pass_by(kind, source)
    walk.end()
    answers = walk.answers()
    empty = [number for number, answer in answers.items() if not answer]
    flags = []
    if empty and sum(map(len, walk.strays)) >= _WORTH_A_LOOK:
        flags = [f"{', '.join(empty)}: empty, but text of the student's own stands elsewhere"]
    return answers, flags


_WORTH_A_LOOK = 30  # characters


class _Question(NamedTuple):
    """A question as released: which cell it is, its lines, and those that no other cell has."""

    place: int
    lines: frozenset[str]
    own: frozenset[str]


@dataclass(frozen=True)
class _Lesson:
    """What tells a student's text from the lesson's."""

    places: dict[str, int]  # of each cell, by what it says
    exercises: dict[str, int]  # of each exercise's cell, by its number
    questions: dict[str, _Question]
    lines: frozenset[str]
    # What each of the lesson's own cells is, for those that came back as they were given: the
    # question it holds, or "", and its place.
    unchanged: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def question(self, source: str) -> str:
        """Return the number of the question that a cell holds: by its mark, or by its words."""
        for mark in WRITTEN.finditer(source):
            if (number := mark[1].upper()) in self.questions:
                return number
        lines = set(_lines(source))
        return next((n for n, q in self.questions.items() if q.own & lines), "")


@cache
def _taken_apart(released: Cells) -> _Lesson:
    """Return what tells a student's text from a lesson's; each lesson is taken apart once."""
    places: dict[str, int] = {}
    exercises: dict[str, int] = {}
    marked: dict[str, int] = {}
    lines = [frozenset(_lines(source)) for _, source in released.cells]
    for place, (kind, source) in enumerate(released.cells):
        places.setdefault("\n".join(_lines(source)), place)
        if kind == "code" and (mark := EXERCISE.search(source)):
            exercises[mark[1]] = place
        if kind == "markdown" and (mark := WRITTEN.search(source)):
            marked[mark[1]] = place
    often = Counter(line for some in lines for line in some)
    questions = {
        number: _Question(place, lines[place], frozenset(s for s in lines[place] if often[s] == 1))
        for number, place in marked.items()
    }
    lesson = _Lesson(places, exercises, questions, frozenset(often))
    for kind, source in released.cells:
        walk = _Walk(lesson)
        walk.pass_by(kind, source)
        (_, _, before), *after = walk._gaps
        if after and not before and not any(map(any, walk.inside.values())):
            number, place, _ = after[0]
            lesson.unchanged[kind, source] = number, place
    return lesson


@dataclass
class _Walk:
    """A walk through a notebook, from one cell of the lesson to the next."""

    lesson: _Lesson
    inside: dict[str, list[str]] = field(default_factory=dict)  # the questions' cells
    below: dict[str, list[str]] = field(default_factory=dict)
    above: dict[str, list[str]] = field(default_factory=dict)
    instead: dict[str, list[str]] = field(default_factory=dict)  # of cells that are gone
    strays: list[str] = field(default_factory=list)
    _gaps: list[tuple[str, int, list[str]]] = field(default_factory=lambda: [("", -1, [])])

    def pass_by(self, kind: str, source: str) -> None:
        """Take the next cell: a question, another cell of the lesson, or the student's own."""
        if known := self.lesson.unchanged.get((kind, source)):
            number, place = known
            if number:
                self.inside.setdefault(number, []).append("")
            self._gaps.append((number, place, []))
            return
        number = self.lesson.question(source)
        if number:
            question = self.lesson.questions[number]
            text = WRITTEN.sub("", _uncommented(source) if kind == "code" else source)
            new = [
                line
                for line in text.splitlines()
                if not line.strip() or _bare(line) not in question.lines | {""}
            ]
            self.inside.setdefault(number, []).append("\n".join(new).strip())
            self._gaps.append((number, question.place, []))
            return
        mark = EXERCISE.search(source)
        place = self.lesson.exercises.get(mark[1], -1) if mark else -1
        if place < 0:
            place = self.lesson.places.get("\n".join(_lines(source)), -1)
        if place >= 0:
            self._gaps.append(("", place, []))
        elif text := self._own(kind, source):
            self._gaps[-1][2].append(text)

    def _own(self, kind: str, source: str) -> str:
        """Return the words of a cell of the student's own."""
        if kind == "code":
            return _uncommented(source).strip() if _is_prose(source) else ""
        lines = [s for s in source.splitlines() if s.strip() and not s.startswith(ADDED)]
        new = [line for line in lines if _bare(line) not in self.lesson.lines]
        # Mostly the lesson's: a cell of the lesson that was added to.
        return source.strip() if 2 * len(new) > len(lines) > 0 else "\n".join(new).strip()

    def end(self) -> None:
        """Say which question each text belongs to, once all cells have been seen."""
        self._gaps.append(("", 10**9, []))
        for (before, first, texts), (after, last, _) in zip(
            self._gaps, self._gaps[1:], strict=False
        ):
            gone = [
                number
                for number, question in self.lesson.questions.items()
                if first < question.place < last and number not in self.inside
            ]
            if gone:
                for number, text in zip(_whose(texts, gone), texts, strict=True):
                    self.instead.setdefault(number, []).append(text)
                continue
            if before:
                self.below.setdefault(before, []).extend(texts)
            if after:
                self.above.setdefault(after, []).extend(texts)
            if not (before or after):
                self.strays += texts

    def answers(self) -> dict[str, str]:
        """Return what was answered to each question."""
        numbers = list(self.lesson.questions)
        asked = [number for number in numbers if number in self.inside]
        in_place = any(any(parts) for parts in self.inside.values())
        # All of them above their questions: the first has one above it, the last none below.
        all_above = bool(
            asked and not in_place and self.above.get(asked[0]) and not self.below.get(asked[-1])
        )
        found: dict[str, str] = {}
        for number in numbers:
            parts = [*self.inside.get(number, []), *self.instead.get(number, [])]
            parts += (self.above if all_above else self.below).get(number, [])
            if asked[:1] == [number] and not all_above:
                spare = self.above.get(number, [])  # it stands below no question
                if any(parts):
                    self.strays += spare
                else:
                    parts = spare
            found[number] = "\n\n".join(filter(None, parts))
        return found


def _whose(texts: Sequence[str], gone: Sequence[str]) -> Iterator[str]:
    """Yield which question each text answers, of those whose cells are gone."""
    current = gone[0]
    for place, text in enumerate(texts):
        named = _NAMED.match(text)
        told = [number for number in gone if named and number.endswith(f"Q{named[1]}")]
        if told:
            current = told[0]
        elif len(texts) == len(gone):
            current = gone[place]
        yield current


_NAMED = re.compile(r"\W{0,20}(?:question|answer|[0-9]{2}\.)?\W{0,5}Q?\W{0,3}([0-9])\b", re.I)


def _bare(line: str) -> str:
    """Return a line without what lists, quotes, comments and emphasis put around it."""
    line = " ".join(visible(line).split())
    return line.strip("*_`>#-+ ")


def _lines(source: str) -> list[str]:
    """Return the lines of a cell that say something; a mark is none."""
    lines = (_bare(line) for line in WRITTEN.sub("", source).splitlines() if line)
    return [unicodedata.normalize("NFC", line) for line in lines if line]


def _uncommented(source: str) -> str:
    """Return what a code cell says in words: without the signs of comments and strings."""
    lines = [re.sub(r"^[ \t]*#+ ?", "", line) for line in source.splitlines()]
    return "\n".join(lines).strip().strip("\"'")


_MAGIC = re.compile(r"^[ \t]*[%!][^\n]*", re.MULTILINE)  # such as !pip install
_UNSPOKEN = re.compile(r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"[^"\n]*"|\'[^\'\n]*\'|#[^\n]*')
_PAIR = re.compile(r"(?<!\w)([^\W\d]\w*+)[ \t]++(?=([^\W\d]\w*+))")


def _is_prose(source: str) -> bool:
    """Return whether a code cell holds words instead of code.

    Nothing but comments or a string, or two words in a row that are none of Python's: no code has
    them outside of strings and comments.
    """
    source = _MAGIC.sub("", source[:20_000])
    rest = _UNSPOKEN.sub(".", source)
    if not rest.strip(". \t\n"):
        return bool(_uncommented(source).strip())
    soft = ("match", "case", "type")
    return any(not (iskeyword(a) or iskeyword(b) or a in soft) for a, b in _PAIR.findall(rest))
