"""One cell of a lesson's source: its markers, its answer, and what is left without the answer.

A marker is a real comment on a line of its own: in code a Python comment (found by `tokenize`,
so never part of a string), in Markdown an HTML comment that is an HTML block (found by
markdown-it, so never part of a code fence).
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark").disable("inline", True)
BADGES = "<!-- course: badges -->"
MINUTES = "<!-- course: minutes -->"
# How the lines begin that a release adds to a lesson's text: a badge, the ways on, the minutes.
ADDED = ("[![", "Previous: [", "Next: [", "**Done?** ", "**About ", "●")
BEGIN = {"code": "### BEGIN SOLUTION", "markdown": "<!-- BEGIN SOLUTION -->"}
END = {"code": "### END SOLUTION", "markdown": "<!-- END SOLUTION -->"}
_EXERCISE = r"(?P<kind>exercise): (?P<number>[0-9]{2}\.[0-9]+)"
_WRITTEN = r"(?P<kind>written): (?P<number>[0-9]{2}\.Q[0-9]+)"
ROLES = {
    "code": re.compile(rf"# (?:course: (?P<course>set-up|solutions only)|{_EXERCISE})"),
    "markdown": re.compile(rf"<!-- (?:course: (?P<course>solutions only)|{_WRITTEN}) -->"),
}
# The same in a learner's notebook, where a mark may stand on any line and have been typed anew: the
# number is what they hold.
EXERCISE = re.compile(
    r"^[ \t]*+#[# \t]*+exercise[ \t]*+:[ \t]*+([0-9]{2}\.[0-9]{1,3})", re.MULTILINE | re.IGNORECASE
)
WRITTEN = re.compile(
    r"<!-{1,9}[ \t]{0,9}written[ \t]{0,9}:?[ \t]{0,9}([0-9]{2}\.Q[0-9]{1,3})[ \t]{0,9}-{1,9}>",
    re.IGNORECASE,
)
NOTE = re.compile(r"<!-- (formula|term): (?! )([^:]+)(?<! )(?:: (\S.*))? -->")
# What an author means as a marker; where it is not one to the letter, an answer would leak.
ANYWHERE = r"(begin|end)[\s_-]*solution\b|(course|exercise|written)\s*:"
MEANT = {
    "code": re.compile(rf"\W*({ANYWHERE})", re.IGNORECASE),
    "markdown": re.compile(rf"\W*({ANYWHERE}|(formula|term)\b)", re.IGNORECASE),
}


class Note(NamedTuple):
    """A formula or a term that goes onto a page of its own; learners' notebooks do without.

    Attributes
    ----------
    row : int
        Of the marker, in the cell.
    kind : {"formula", "term"}
    name : str
    text : str
        The formula's LaTeX, or what the term means.
    """

    row: int
    kind: str
    name: str
    text: str


@dataclass
class Cell:
    """One cell of a source file.

    Attributes
    ----------
    kind : {"code", "markdown", "raw"}
    source : str
    line : int
        The line of the source file on which `source` starts, counted from 1.
    metadata : dict
    id : str
        Derived from kind and source, so that an unchanged cell keeps it.
    role : {"", "set-up", "solutions only", "exercise", "written"}
        What the first line says the cell is.
    number : str
        Of an exercise ("02.1") or a written question ("02.Q1").
    name : str
        The function or class that an exercise cell defines.
    badges, minutes : int, optional
        Rows of their places.
    answers : list of (int, int)
        Rows of each BEGIN/END SOLUTION pair within `source`, counted from 0.
    notes : list of Note
        The formulas and terms that are marked.
    problems : list of (int, str)
        File line and sentence for everything that is wrong with this cell.
    """

    kind: str
    source: str
    line: int
    metadata: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    role: str = ""
    number: str = ""
    name: str = ""
    badges: int | None = None
    minutes: int | None = None
    answers: list[tuple[int, int]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def examine(self) -> None:
        """Find the markers, and note what is wrong with the cell."""
        if self.kind == "code":
            if not self.source.strip():
                self._problem(0, "the code cell is empty")
                return
            try:
                parse(self.source)
            except SyntaxError as error:
                lines = self.source.split("\n")
                row = min(error.lineno or 1, len(lines)) - 1
                magic = lines[row].lstrip().startswith(("%", "!"))
                hint = "; a lesson holds plain Python, no % or ! lines" if magic else ""
                self._problem(row, f"SyntaxError: {error.msg}{hint}")
                return
        if self.kind in BEGIN:
            self._find_markers()
            self._check_answers()

    def _problem(self, row: int, sentence: str) -> None:
        self.problems.append((self.line + row, sentence))

    def _find_markers(self) -> None:
        begin, end = BEGIN[self.kind], END[self.kind]
        opened: int | None = None
        for row, line, comment in comments(self.kind, self.source):
            role = ROLES[self.kind].fullmatch(line)
            if line == begin and opened is None:
                opened = row
            elif line == begin:
                self._problem(row, f"{begin} inside the one of line {self.line + (opened or 0)}")
            elif line == end and opened is not None:
                self.answers.append((opened, row))
                opened = None
            elif line == end:
                self._problem(row, f"{end} closes nothing: there is no {begin} before it")
            elif role and row == 0:
                self.role = role["course"] or role["kind"]
                self.number = role["number"] or ""
            elif role:
                self._problem(row, f"{line} must be the first line of its cell")
            elif line == BADGES and self.kind == "markdown":
                self.badges = row
            elif line == MINUTES and self.kind == "markdown":
                self.minutes = row
            elif self.kind == "markdown" and (note := NOTE.fullmatch(line)):
                self._take_note(row, *note.groups())
            elif MEANT[self.kind].match(comment):
                self._problem(row, f"not a marker this course knows: {line}")
        if opened is not None:
            self._problem(opened, f"{begin} is never closed")

    def _take_note(self, row: int, kind: str, name: str, meaning: str | None) -> None:
        """Keep a formula with the lines below its marker, or a term with its meaning."""
        if (kind == "term") != (meaning is not None):
            form = "term: name: what it means" if kind == "term" else "formula: Name"
            self._problem(row, f"a {kind} is marked like <!-- {form} -->")
            return
        text = meaning or formula_below(self.source.split("\n")[row + 1 :])
        if text:
            self.notes.append(Note(row, kind, name, text))
        else:
            self._problem(row, f"formula {name} stands above no formula: $$ … $$ must follow")

    def _check_answers(self) -> None:
        for note in self.notes:
            if self.role == "solutions only" or self._in_answer(note.row):
                self._problem(note.row, f"{note.kind} {note.name} would be missing in the lesson")
        if self.answers and self.role not in ("exercise", "written"):
            first = "# exercise: NN.1" if self.kind == "code" else "<!-- written: NN.Q1 -->"
            self._problem(
                self.answers[0][0],
                f"{BEGIN[self.kind]} in a cell whose first line is not like {first}",
            )
        elif self.role in ("exercise", "written") and not (self.answers or self.problems):
            self._problem(0, f"{self.role} {self.number} has no {BEGIN[self.kind]}")
        if self.role == "exercise":
            names = [
                node.name
                for node in parse(self.source).body
                if isinstance(node, Definition) and not self._in_answer(node.lineno - 1)
            ]
            if len(names) != 1:
                came = " and ".join(names) or "none"
                self._problem(
                    0, f"exercise {self.number} must define one function or class, came {came}"
                )
            else:
                self.name = names[0]
                if not self.problems:
                    self._check_stub()

    def _in_answer(self, row: int) -> bool:
        return any(first <= row <= last for first, last in self.answers)

    def _check_stub(self) -> None:
        for first, last in self.answers:
            if not self._statements_between(first, last):
                self._problem(first, "no statement starts in this answer")
                return
        where = f"without its answer, exercise {self.number}"
        try:
            stub = outline(self.without_answers())
        except SyntaxError as error:
            rows = list(range(self.source.count("\n") + 1))
            for first, last in reversed(self.answers):
                del rows[first:last]  # as in the stub, one line is left
            row = rows[min(error.lineno or 1, len(rows)) - 1]
            self._problem(row, f"{where} does not parse: {error.msg}")
            return
        whole = outline(self.source)
        changed = [name for name, shape in stub.items() if whole.get(name) != shape]
        if changed:
            self._problem(0, f"{where} changes the signature or docstring of {changed[0]}")

    def without_answers(self) -> str:
        """Return the source as the learner gets it.

        Each answer is replaced by a place to write it, and the notes' markers are gone.
        """
        lines = self.source.split("\n")
        edits = [(first, last, [self._placeholder(first, last)]) for first, last in self.answers]
        edits += [(note.row, note.row, []) for note in self.notes]
        for first, last, new in sorted(edits, reverse=True):
            lines[first : last + 1] = new
        return "\n".join(lines)

    def _placeholder(self, first: int, last: int) -> str:
        if self.kind == "markdown":
            line = self.source.split("\n")[first]
            return line.replace(BEGIN["markdown"], "*Write your answer here.*")
        _, column, in_function = min(self._statements_between(first, last))
        return " " * column + ("raise NotImplementedError" if in_function else "# your code here")

    def _statements_between(self, first: int, last: int) -> list[tuple[int, int, bool]]:
        """Line, column and whether in a function, of the statements that start in an answer."""
        return [
            (node.lineno, node.col_offset, in_function)
            for node, in_function in statements(parse(self.source))
            if first < node.lineno - 1 < last
        ]

    @property
    def question(self) -> str:
        """The lines of a written question, from below its mark to its answer."""
        return "\n".join(self.source.split("\n")[1 : self.answers[0][0]]).strip().strip("*")

    @property
    def answer_lines(self) -> list[str]:
        """The lines between the markers."""
        lines = self.source.split("\n")
        return [line for first, last in self.answers for line in lines[first + 1 : last]]


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


def parse(source: str) -> ast.Module:
    """Parse Python without a warning for what will be seen when it runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def comments(kind: str, source: str) -> Iterator[tuple[int, str, str]]:
    r"""Yield row, stripped line and comment for every comment in a cell that parses.

    Examples
    --------
    >>> list(comments("code", 'a = "# no"  # yes'))
    [(0, 'a = "# no"  # yes', '# yes')]
    >>> list(comments("markdown", "<!-- yes -->\n\n    <!-- code -->"))
    [(0, '<!-- yes -->', '<!-- yes -->')]
    """
    lines = source.split("\n")
    if kind == "code":
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0] - 1, lines[token.start[0] - 1].strip(), token.string
    else:
        for block in MARKDOWN.parse(source):
            if block.type == "html_block" and block.map:
                for row in range(*block.map):
                    if lines[row].lstrip().startswith("<!--"):
                        yield row, lines[row].strip(), lines[row].strip()
            elif block.type == "inline" and block.map:
                for row in range(*block.map):  # within a sentence: no marker, but perhaps meant so
                    if "<!--" in lines[row]:
                        yield row, lines[row].strip(), lines[row][lines[row].index("<!--") :]


def formula_below(lines: list[str]) -> str:
    r"""Return the displayed formula with which the lines begin, or nothing.

    Examples
    --------
    >>> formula_below(["$$a", "= b$$", "", "more"])
    'a\n= b'
    """
    found = re.match(r"\$\$([^$]+)\$\$\s*(\n|$)", "\n".join(lines))
    return found[1].strip() if found else ""


def statements(node: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield every statement below `node`, and whether it stands in a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child, in_function
        yield from statements(child, in_function or isinstance(child, Function))


def outline(source: str) -> dict[str, tuple[str, str | None]]:
    """Return signature and docstring of each function and class, and of the classes' methods."""
    shapes = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, Definition):
                parts = (
                    [*node.bases, *node.keywords]
                    if isinstance(node, ast.ClassDef)
                    else [node.args, *([node.returns] if node.returns else [])]
                )
                signature = " ".join(ast.dump(part) for part in [*node.decorator_list, *parts])
                shapes[prefix + node.name] = (signature, ast.get_docstring(node))
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{node.name}.")

    visit(parse(source).body, "")
    return shapes
