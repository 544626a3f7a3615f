"""What of a notebook is the student's own code, and where it stands if not where it should."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from course.cells import EXERCISE
from course.grade.key import LessonKey
from course.grade.reading import Cells, visible
from course.setup_cell import without_boilerplate


@dataclass(frozen=True)
class Work:
    """The code of the student's own.

    Attributes
    ----------
    cells : tuple of str
        What the student wrote or changed, in order.
    everything : tuple of str
        All code but the untouched stubs.
    flags : tuple of str
        A sentence for each piece that was found in another place than the lesson's.
    """

    cells: tuple[str, ...]
    everything: tuple[str, ...]
    flags: tuple[str, ...]


def own_work(cells: Cells, key: LessonKey) -> Work:
    """Find the student's own code in a notebook: in its code cells, and elsewhere.

    An exercise whose cell has become Markdown or raw, and that no code cell answers, is taken from
    there. Python files beside the notebook lie beside it again where it runs.

    Parameters
    ----------
    cells : Cells
    key : LessonKey
        Of its lesson.

    Returns
    -------
    Work
    """
    given, known = _given(key.released)
    stubs = {source for source in given if EXERCISE.match(source)}
    code = [
        (kind, known.get((kind, source)) or _code_of(kind, source)) for kind, source in cells.cells
    ]
    own = [source for kind, source in code if kind == "code" and source.strip() not in given]
    answered = set[str]().union(*map(names_in, own))
    open_ones = {
        sheet.exercise.number: sheet.exercise.name
        for sheet in key.sheets
        if sheet.exercise.name not in answered
    }
    flags = []
    taken: list[str] = []  # all code, in order, what was found elsewhere included
    for kind, source in code:
        number = _answer_in_text(source, open_ones) if kind != "code" else ""
        if kind == "code" or (number and source.strip() not in given):
            taken.append(source)
        if number and source.strip() not in given:
            where = "Markdown" if kind == "markdown" else "raw"
            flags.append(
                f"{number} {open_ones[number]}: its cell is {where}, not code; it was run as code"
            )
    beside = [_as_a_file(name, source) for name, source in cells.beside]
    for name in dict.fromkeys(name.partition("/")[0] for name, _ in cells.beside):
        flags.append(f"uses {name}, which was handed in beside the notebook")
    filled = [source for source in taken if source.strip()]
    return Work(
        (*beside, *(source for source in filled if source.strip() not in given)),
        (*beside, *(source for source in filled if source.strip() not in stubs)),
        tuple(flags),
    )


@cache
def _given(released: Cells) -> tuple[frozenset[str], dict[tuple[str, str], str]]:
    """Return what a lesson's cells say, and the code of each; each lesson is read once."""
    given = frozenset(visible(source).strip() for _, source in released.cells)
    return given, {(kind, source): _code_of(kind, source) for kind, source in released.cells}


def _code_of(kind: str, source: str) -> str:
    """Return a cell's code, without what looks for the course; what stands in fences, of a text."""
    source = visible(source)
    if kind == "code":
        return without_boilerplate(source)
    if "```" not in source:
        return source
    inside, kept = False, []
    for line in source.split("\n"):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside:
            kept.append(line)
    return "\n".join(kept)


def _answer_in_text(source: str, wanted: dict[str, str]) -> str:
    """Return the number of the exercise that a text cell answers, of those wanted; or ""."""
    if not wanted:
        return ""
    mark = EXERCISE.match(source.lstrip())
    if mark and mark[1] in wanted:
        return mark[1]
    defined = _functions_in(source)
    return next((number for number, name in wanted.items() if name in defined), "")


def _as_a_file(name: str, source: str) -> str:
    """Return code that puts a Python file where imports find it, after all else they find.

    All lie in one folder, so that a package, "helpers/maths.py", is one.
    """
    return (
        "import pathlib, sys, tempfile\n"
        "if not sys.path[-1].endswith('.beside'):\n"
        "    sys.path.append(tempfile.mkdtemp('.beside'))\n"
        f"pathlib.Path(sys.path[-1], {name!r}).parent.mkdir(parents=True, exist_ok=True)\n"
        f"pathlib.Path(sys.path[-1], {name!r}).write_text({source!r}, encoding='utf-8')\n"
        "del pathlib, sys, tempfile"
    )


_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_LAMBDA = re.compile(r"^(\w+)[ \t]*=[ \t]*lambda\b", re.MULTILINE)
_COMMENTED = re.compile(r"^[ \t]*#[# \t]*(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_WORD = re.compile(r"(?<![.\w])[^\W\d]\w*")


def names_in(source: str) -> set[str]:
    """Return the names that a cell means to define, even if it is not Python.

    Its functions and classes, and what it assigns or imports outside of them. Nothing is parsed:
    anybody may have written it.
    """
    names = set(_DEFINED.findall(source))
    for line in source.split("\n"):
        if not line[:1].isidentifier():
            continue
        if line.startswith(("import ", "from ")):
            names.update(_WORD.findall(line.partition("import")[2]))
            continue
        left, sign, right = line.partition("=")
        if sign and not right.startswith("=") and not set(left) & set("([{!<>#'\""):
            names.update(_WORD.findall(left.partition(":")[0]))
    return names


def instead_of(number: str, name: str, work: Work, key: LessonKey) -> str:
    """Say what a notebook defines where an exercise's name is missing.

    Parameters
    ----------
    number, name : str
        Of the exercise: "02.1", "softmax".
    work : Work
    key : LessonKey

    Returns
    -------
    str
        Such as "defines my_softmax, but not softmax"; "" where there is nothing like it.
    """
    if any(name in names_in(source) for source in work.cells):
        return ""
    taken = {sheet.exercise.name for sheet in key.sheets}
    for kind, source in key.released.cells:
        if kind == "code":
            taken |= names_in(source)
    here, all_own = list[str](), list[str]()
    for source in work.cells:
        found = [n for n in _functions_in(source) if n not in taken]
        all_own += found
        mark = EXERCISE.search(source)
        if mark and mark[1] == number:
            here += found
    other = here or _alike(name, all_own)
    if other:
        return f"defines {other[0]}, but not {name}"
    if any(name in _COMMENTED.findall(source) for source in work.cells):
        return f"the definition of {name} is commented out"
    return ""


def _functions_in(source: str) -> list[str]:
    return [*_DEFINED.findall(source), *_LAMBDA.findall(source)]


def _alike(name: str, others: Sequence[str]) -> list[str]:
    """Return those names that may well be meant for another."""
    by_core: dict[str, str] = {}
    for other in list(others)[:500]:
        by_core.setdefault(_core(other[:100]), other)
    core = _core(name)
    holding = [other for bare, other in by_core.items() if core in bare]
    close = difflib.get_close_matches(core, by_core, n=1, cutoff=0.8)
    return [*holding, *(by_core[bare] for bare in close)]


def _core(name: str) -> str:
    return re.sub(r"[\W\d_]", "", name).casefold()
