"""Answers to exercises, right and wrong, from a page of Markdown that people can read.

``## 02.1 softmax`` begins an exercise: a block of Python with its model answer, then blocks that its
answers share. Under ``### Also right`` and ``### Mistakes`` stand answers, each a paragraph::

    **wrong axis**: everywhere `axis=-1` → `axis=0`.
    You normalised over axis 0. Each row is one example: …

its name, what is changed, and what a tutor would say. Changed is the model, or an earlier answer
after ``as *its name*,``. A change is one of

- pieces, each in backticks and once in what is changed: ``old`` → ``new``, ``without old``, several
  with commas between them; ``everywhere old → new`` where a piece stands more often,
- an expression: what is returned instead; it may call what is changed by the exercise's name,
- a block below the paragraph: a ``diff`` of whole lines, an empty line between its places, or
  ``python``, whose last function or class is the answer; it may use what is changed too.

Blocks before the first exercise are what all of the page shares, such as imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

EXERCISE = re.compile(r"## (\d\d\.\d+) (\w+)")
PARTS = ("### Also right", "### Mistakes")
_TITLE = re.compile(r"\*\*([^*]+)\*\*(?:: (?:as \*([^*]+)\*(?:, |(?=\.$)))?(.*))?\.")
_PIECE = re.compile(r"(everywhere )?(?:`([^`]+)` → `([^`]+)`|without `([^`]+)`)")
_PIECES = re.compile(f"{_PIECE.pattern}(?:, {_PIECE.pattern})*")
_EXPRESSION_HEAD = "def answer("
_EXPRESSION = re.compile(r"`([^`]+)`")


class Piece(NamedTuple):
    """A piece of code to be replaced, which stands once in the whole, or more often if everywhere."""

    everywhere: bool
    old: str
    new: str

    def replaced_in(self, source: str) -> str:
        """Return the code with the piece replaced; a ValueError if it does not stand there so."""
        times = source.count(self.old)
        if times == 0 or (times > 1) != self.everywhere:
            hint = "; write everywhere" if times > 1 else ""
            raise ValueError(f"{self.old!r} stands {times} times in what is changed{hint}")
        return source.replace(self.old, self.new)


@dataclass(frozen=True, eq=False)
class Answer:
    """One answer, right or wrong.

    Attributes
    ----------
    name : str
        Unique within its exercise; the model's is "".
    says : str
        What a tutor would say to somebody with this mistake.
    source : str
        Its code, which ends with a function or class.
    place : str
        Page, line, exercise and name, for messages and tracebacks.
    exercise : str
        The name of the function or class that the exercise asks for.
    shared : str
        Code that goes before it: what the page imports and its exercise shares.
    base : Answer or None
        What its code may call by the exercise's name.
    pieces : tuple of Piece
        What was changed to get its code from the model's; empty for an answer made otherwise.
    parts : tuple of Answer
        Of two mistakes at once: both.
    """

    name: str
    says: str
    source: str
    place: str
    exercise: str
    shared: str
    base: Answer | None = None
    pieces: tuple[Piece, ...] = ()
    parts: tuple[Answer, ...] = ()

    @cached_property
    def function(self) -> Any:
        """The function or class, made when it is first asked for."""
        scope: dict[str, Any] = {"__name__": "answers"}
        exec(compile(self.shared, f"<{self.place}>", "exec"), scope)
        if self.base:  # after the imports, one of which may have the same name
            scope[self.exercise] = self.base.function
        exec(compile(self.source, f"<{self.place}>", "exec"), scope)
        return scope[_last(self.source).name]


@dataclass(frozen=True)
class Answers:
    """The answers to one exercise, by name; the first right one is the model, named ""."""

    exercise: str
    right: dict[str, Answer] = field(default_factory=dict)
    mistakes: dict[str, Answer] = field(default_factory=dict)


class PageError(ValueError):
    """A page cannot be read; the message says where and why."""


def read_page(page: Path) -> dict[str, Answers]:
    """Return the answers of a lesson's page.

    Parameters
    ----------
    page : Path

    Returns
    -------
    dict of str to Answers
        By the number of the exercise, "02.1".

    Raises
    ------
    PageError
        With page, line, exercise and answer of what cannot be read.
    """
    return _Reader(page.name).read(page.read_text(encoding="utf-8"))


def find_exercises(page: Path) -> dict[str, str]:
    """Return number and name of each exercise on a page, by its headings alone."""
    found = map(EXERCISE.fullmatch, page.read_text(encoding="utf-8").splitlines())
    return {heading[1]: heading[2] for heading in found if heading}


@dataclass(frozen=True)
class _Element:
    """A heading, a paragraph, or a block of code in the language `kind`."""

    line: int
    kind: str
    text: str


class _Reader:
    """Takes the elements of a page in turn; where it stands is part of every complaint."""

    def __init__(self, page: str) -> None:
        self.page, self.line, self.number, self.title = page, 1, "", ""
        self.imports = self.shared = ""
        self.found: dict[str, Answers] = {}

    def read(self, text: str) -> dict[str, Answers]:
        """Return the answers by the number of their exercise."""
        elements = list(self._elements(text))
        before, *exercises = _parted(elements, "## ")
        self.imports = "".join(e.text for e in before if e.kind == "python")
        for heading, *inside in exercises:
            self._exercise(heading, inside)
        return self.found

    def _elements(self, text: str) -> Iterator[_Element]:
        """Yield the page's elements; a fence of backticks holds whatever it holds."""
        kind, began, held = "", 0, list[str]()
        for line, row in enumerate([*text.splitlines(), ""], start=1):
            fence = row.startswith("```")
            if kind not in ("", "paragraph"):  # in a block
                if fence:
                    yield _Element(began, kind, "\n".join([*held, ""]))
                    kind = ""
                else:
                    held.append(row)
                continue
            heading = re.match("#+ ", row)
            if kind == "paragraph" and (fence or heading or not row.strip()):
                yield _Element(began, kind, "\n".join(held))
                kind = ""
            if fence:
                kind, began, held = row[3:].strip() or "text", line, []
            elif heading:
                yield _Element(line, "heading", row.strip())
            elif row.strip() and kind == "paragraph":
                held.append(row)
            elif row.strip():
                kind, began, held = "paragraph", line, [row]
        if kind:
            self.line = began
            raise self._error("the block is never closed")

    def _exercise(self, heading: _Element, elements: Sequence[_Element]) -> None:
        """Read one exercise: its model, what is shared, and its answers."""
        self._at(heading)
        exercise = EXERCISE.fullmatch(heading.text)
        if not exercise:
            raise self._error(f"an exercise begins like “## 02.1 softmax”, not “{heading.text}”")
        if exercise[1] in self.found:
            raise self._error(f"{exercise[1]} stands twice")
        self.number = " ".join(exercise.groups())
        first, *parts = _parted(elements, "#")
        blocks = [e for e in first if e.kind == "python"]
        if not blocks:
            raise self._error("the model answer is missing, a block of Python below the heading")
        self._at(blocks[0])
        answers = self.found[exercise[1]] = Answers(exercise[2])
        self.shared = self.imports + "".join(block.text for block in blocks[1:])
        answers.right[""] = self._made("", "", blocks[0].text, None)
        if _last(blocks[0].text).name != answers.exercise:
            raise self._error(f"the model answer should define {answers.exercise}")
        for title, *inside in parts:
            self._at(title)
            if title.text not in PARTS:
                raise self._error(f"an exercise has the parts {' and '.join(PARTS)}")
            place = answers.mistakes if title.text == PARTS[1] else answers.right
            self._part(answers, place, inside)

    def _part(
        self, answers: Answers, place: dict[str, Answer], elements: Sequence[_Element]
    ) -> None:
        """Read the answers of one part: title and sentence, perhaps a block, perhaps a sentence."""
        left = list(elements)
        while left:
            opening = left.pop(0)
            self._at(opening)
            title, _, says = opening.text.partition("\n")
            if opening.kind != "paragraph" or not title.startswith("**"):
                raise self._error("an answer begins “**its name**”", opening.text)
            self.title = title.split("**")[1]
            block = left.pop(0) if left and left[0].kind not in ("paragraph", "heading") else None
            after = left and left[0].kind == "paragraph" and not left[0].text.startswith("**")
            if after and not says:
                says = left.pop(0).text
            place[self.title] = self._answer(answers, title, block, " ".join(says.split()))
            if place is answers.mistakes and not says:
                raise self._error("a mistake needs a sentence that a tutor would say", title)

    def _answer(self, answers: Answers, title: str, block: _Element | None, says: str) -> Answer:
        """Make one answer from the title of its paragraph, and its block if it has one."""
        found = _TITLE.fullmatch(title)
        if not found:
            form = (
                "“**name**: change.”, “**name**: as *earlier*, change.” or “**name**.” and a block"
            )
            raise self._error(f"an answer begins {form}", title)
        name, earlier, change = found[1], found[2] or "", found[3] or ""
        known = {**answers.right, **answers.mistakes}
        if name in known:
            raise self._error(f"there are two answers called “{name}”", title)
        if earlier not in known:
            raise self._error(f"no answer above is called “{earlier}”", title)
        base = known[earlier]
        if block and block.kind == "python":
            if change:
                raise self._error("there is a change, and a block of Python besides", title)
            return self._made(name, says, block.text, base)
        expression = _EXPRESSION.fullmatch(change)
        if expression and not block:
            last = _last(base.source)
            if not isinstance(last, ast.FunctionDef):
                raise self._error("an expression cannot stand for a class", title)
            # Not by the exercise's name, which its expression calls.
            head = f"{_EXPRESSION_HEAD}{ast.unparse(last.args)}):"
            return self._made(name, says, f"{head}\n    return {expression[1]}\n", base)
        pieces = self._pieces(change, block, title)
        try:
            source = _with(pieces, base.source)
        except ValueError as problem:
            raise self._error(str(problem), title) from None
        changed = self._made(name, says, source, base.base)
        whole = not earlier or base.pieces  # it can be made from the model, step by step
        return replace(changed, pieces=(*base.pieces, *pieces)) if whole else changed

    def _pieces(self, change: str, block: _Element | None, title: str) -> list[Piece]:
        """Return what is replaced: whether everywhere, the old piece, the new one."""
        if change and not _PIECES.fullmatch(change):
            raise self._error(f"this is no change that can be read: {change}", title)
        pieces = [
            Piece(bool(everywhere), old or cut, new)
            for everywhere, old, new, cut in _PIECE.findall(change)
        ]
        if block and block.kind != "diff":
            raise self._error(f"a block is python or diff, not {block.kind}", title)
        for lines in re.split(r"\n\n+", block.text) if block else ():
            rows = lines.splitlines()
            if wrong := next((row for row in rows if row[:1] not in " +-"), None):
                raise self._error(f"a line of a diff begins with a space, + or -: {wrong}", title)
            old, new = (
                "".join(f"{row[1:]}\n" for row in rows if row[:1] in kept) for kept in (" -", " +")
            )
            if old:
                pieces.append(Piece(False, old, new))
        if not pieces:
            raise self._error("there is neither a change nor a block", title)
        return pieces

    def _made(self, name: str, says: str, source: str, base: Answer | None) -> Answer:
        """Return an answer whose code can be read."""
        place = f"{self.page}:{self.line}, {self.number}, “{name or 'the model'}”"
        exercise = self.number.partition(" ")[2]
        answer = Answer(name, says, source, place, exercise, self.shared, base)
        try:
            _last(source)
            ast.parse(self.shared)
        except SyntaxError as problem:
            text = (problem.text or "").strip()
            raise self._error(f"{problem.msg}: {text}" if text else problem.msg) from None
        return answer

    def _at(self, element: _Element) -> None:
        self.line, self.title = element.line, ""

    def _error(self, sentence: str, paragraph: str = "") -> PageError:
        where = f"{self.page}:{self.line}"
        where += f", {self.number}" * bool(self.number)
        where += f", “{self.title}”" * bool(self.title)
        return PageError(f"{where}: {sentence}" + f"; in: {paragraph}" * bool(paragraph))


def pairs_of(mistakes: Sequence[Answer]) -> Iterator[Answer]:
    """Yield what comes of two known mistakes made at once, where both can be.

    Parameters
    ----------
    mistakes : sequence of Answer
        Of one exercise.

    Yields
    ------
    Answer
        Its sentence is that of the first, then that of the second.
    """
    seen = {mistake.source for mistake in mistakes}
    for first in mistakes:
        for second in mistakes:
            both = None if first is second else _both(first, second)
            if both and (both.base or both.source not in seen):
                seen.add(both.source)
                yield both


def _both(first: Answer, second: Answer) -> Answer | None:
    """Return the second mistake made on top of the first, if that is possible."""
    name = f"{first.name}, and {second.name}"
    says = f"{first.says} And besides: {second.says}"
    place, parts = f"{first.place} and “{second.name}”", (first, second)
    if second.base and second.base.name == "" and second.source.startswith(_EXPRESSION_HEAD):
        return replace(second, name=name, says=says, place=place, base=first, parts=parts)
    if first.base or not second.pieces:
        return None
    try:
        source = _with(second.pieces, first.source)
        _last(source)
    except (ValueError, SyntaxError):
        return None
    return replace(second, name=name, says=says, place=place, source=source, parts=parts)


def _with(pieces: Sequence[Piece], source: str) -> str:
    """Return code with pieces of it replaced, one after the other."""
    for piece in pieces:
        source = piece.replaced_in(source)
    return source


def _parted(elements: Sequence[_Element], level: str) -> list[list[_Element]]:
    """Part the elements before each heading that begins like that."""
    parts: list[list[_Element]] = [[]]
    for element in elements:
        if element.kind == "heading" and element.text.startswith(level):
            parts.append([])
        parts[-1].append(element)
    return parts


def _last(source: str) -> ast.FunctionDef | ast.ClassDef:
    """Return the function or class that a piece of code ends with."""
    for last in ast.parse(source).body[-1:]:
        if isinstance(last, ast.FunctionDef | ast.ClassDef):
            return last
    raise SyntaxError("the code should end with a function or a class")
