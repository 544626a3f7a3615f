"""One name for one thing, in all lessons: what a reader would stumble over from one to the next."""

from __future__ import annotations

import ast
import re

from course.cells import Cell, parse
from course.release.source import Lesson

# What other courses call it, and what it is called here.
NAMES = {
    "learning_rate": "lr",
    "eta": "lr",
    "lambda_": "lam",
    "reg": "lam",
    "temperature": "T",
    "y_onehot": "Y",
    "probs": "P",
    "num_classes": "n_classes",
}
SYMBOLS = {
    r"\\ln\b": r"\log is the natural logarithm here",
    r"\\text\{(softmax|lse|diag|CE|BCE|Var)\}": r"a function's name stands in \operatorname{…}",
    r"\\boldsymbol": "vectors and matrices are not bold here",
    r"\\alpha|\\gamma": r"the learning rate is \eta here, the penalty \lambda",
}
# In a lesson that asks for a function of the share of misses allowed, that is α, as everywhere.
SHARE = re.compile(r"\balpha: float")
AMERICAN = re.compile(
    r"\b(?:color|behavior|normaliz|standardiz|optimiz|center|gray|penaliz)\w*", re.IGNORECASE
)
CODE = re.compile(r"(`+).*?\1", re.DOTALL)
LONGEST_MEANING = 200  # characters: a glossary is looked into, not read


def check_style(lesson: Lesson) -> None:
    """Note what is called otherwise in this lesson than in all others.

    Parameters
    ----------
    lesson : Lesson
        Its problems grow.
    """
    shares = any(cell.kind == "code" and SHARE.search(cell.source) for cell in lesson.cells)
    titles = False  # of books and papers, which stand as they are
    for cell in lesson.cells:
        if cell.kind == "code":
            _check_names(lesson, cell)
        elif cell.kind == "markdown":
            titles = titles or "\n## Go further" in f"\n{cell.source}"
            _check_prose(lesson, cell, titles, shares)
    lesson.problems.sort()


def _check_names(lesson: Lesson, cell: Cell) -> None:
    if cell.problems:  # it may not parse
        return
    for node in ast.walk(parse(cell.source)):
        if isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        else:
            continue
        if name in NAMES:
            line = cell.line + node.lineno - 1
            lesson.problem(line, f"{name} is called {NAMES[name]} in this course")


def _check_prose(lesson: Lesson, cell: Cell, titles: bool, shares: bool) -> None:
    for note in cell.notes:
        meaning = note.text if note.kind == "term" else ""
        line = cell.line + note.row
        if meaning.endswith("."):
            lesson.problem(
                line, f"the meaning of {note.name} goes on in the glossary: no full stop"
            )
        if len(meaning) > LONGEST_MEANING:
            sentence = f"the meaning of {note.name} has {len(meaning)} characters, more than"
            lesson.problem(line, f"{sentence} {LONGEST_MEANING}")
    text = CODE.sub(_blank, cell.source)
    for formula in re.finditer(r"\$\$.+?\$\$|\$[^$\n]+\$", text, flags=re.DOTALL):
        for symbol, reason in SYMBOLS.items():
            found = re.search(symbol, formula[0])
            if found and not (shares and found[0] == r"\alpha"):
                line = cell.line + text.count("\n", 0, formula.start() + found.start())
                lesson.problem(line, f"{found[0]} in a formula: {reason}")
    for found in AMERICAN.finditer("" if titles else re.sub("### Exercise.*", _blank, text)):
        line = cell.line + text.count("\n", 0, found.start())
        lesson.problem(line, f"“{found[0]}”: the prose is British English throughout")


def _blank(found: re.Match[str]) -> str:
    """Return what stands for something that is not read: its lines stay."""
    return "\n" * found[0].count("\n")
