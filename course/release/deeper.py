"""What is headed "Deeper:" can be skipped: it is folded, and nothing else needs it."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterator

from course.cells import MARKDOWN, Cell, parse
from course.release.pieces import DEEPER, headings, is_deeper, pieces
from course.release.source import Lesson

FORM = f"### {DEEPER}what it is about"


def is_folded(cell: Cell) -> bool:
    """Say whether a cell heads something that begins folded."""
    return any(is_deeper(heading.text) for heading in headings(cell))


def check_deeper(lesson: Lesson) -> None:
    """Note where something that can be skipped would hide, or is needed by, what cannot.

    Parameters
    ----------
    lesson : Lesson
        Its problems grow.
    """
    if any(cell.problems for cell in lesson.cells):  # one may not parse
        return
    _check_headings(lesson)
    _check_names(lesson)
    lesson.problems.sort()


def _check_headings(lesson: Lesson) -> None:
    """JupyterLab folds the cells below a heading, up to the next that holds one of its level."""
    folded = False
    for cell in lesson.cells:
        found = headings(cell)
        if folded and found and found[0].row:
            line = cell.line + found[0].row
            lesson.problem(line, "this heading would be folded away with Deeper: put +++ above it")
        for heading in found:
            line = cell.line + heading.row
            if is_deeper(heading.text) and not _is_heading_and_paragraph(cell):
                sentence = "a Deeper heading has a cell of its own, with one paragraph that says"
                lesson.problem(line, f"{sentence} what it is for: put +++ above and below")
            elif heading.marks == "###" and re.match(r"(?!Deeper: )(?i:deeper)\b", heading.text):
                lesson.problem(line, f'what can be skipped is headed like "{FORM}"')
        folded = is_deeper(found[-1].text) if found else folded
        for row, text in enumerate(cell.source.split("\n") if cell.kind == "markdown" else []):
            if re.match(r"####+ Deeper\b", text):
                lesson.problem(cell.line + row, f'what can be skipped is headed like "{FORM}"')


def _is_heading_and_paragraph(cell: Cell) -> bool:
    kinds = [token.type for token in MARKDOWN.parse(cell.source) if token.nesting == 1]
    return kinds == ["heading_open", "paragraph_open"]


def _check_names(lesson: Lesson) -> None:
    """No core cell reads what a Deeper cell has bound, or goes on with a generator it has used."""
    bound: dict[str, tuple[str, int]] = {}  # what gave each name its value last: part and line
    generators: set[str] = set()
    spent: dict[str, int] = {}  # generators of the core, and where a Deeper cell draws from them
    for part, line, statement in _statements(lesson):
        reads, binds = names(statement)
        for name in reads:
            comes, place = bound.get(name, ("", 0))
            if part == "deeper":
                if name in generators and comes != "deeper":
                    spent.setdefault(name, line)
            elif comes == "deeper":
                sentence = f"{name} comes from line {place}, which is Deeper and may be skipped"
                lesson.problem(line, sentence)
            elif name in spent:
                sentence = f"who skips line {spent[name]}, which is Deeper and draws from {name}"
                lesson.problem(line, f"{sentence}, gets other numbers here")
        for name in binds:
            bound[name] = (part, line)
            spent.pop(name, None)
            generators.discard(name)
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("default_rng"):
            generators |= binds


def _statements(lesson: Lesson) -> Iterator[tuple[str, int, ast.stmt]]:
    """Yield part, line and tree of every statement at the top of a code cell."""
    for piece in pieces(lesson):
        if piece.cell.kind == "code":
            for statement in parse(piece.text).body:
                yield piece.part, piece.line + statement.lineno - 1, statement


def names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Return the global names that a statement reads, and those that it binds.

    Examples
    --------
    >>> reads, binds = names(ast.parse("y = [f(x, i) for i in range(n)]").body[0])
    >>> sorted(reads), sorted(binds)
    (['f', 'n', 'range', 'x'], ['y'])
    """
    top = symtable.symtable(ast.unparse(statement), "cell", "exec")
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    reads = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    if not isinstance(statement, ast.Assign | ast.AugAssign):  # a loop reads what it has bound
        reads -= binds
    tables = list(top.get_children())
    for table in tables:  # grows as it goes
        reads |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
        tables += table.get_children()
    if isinstance(statement, ast.AugAssign):
        reads |= binds
    return reads, binds
