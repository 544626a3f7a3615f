"""Read `solutions/NN_name.md`, the source of a lesson, and say what is wrong with it and where."""

import ast
import hashlib
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from jupytext.myst import MystMetadataParsingError, get_parser, myst_to_notebook
from nbformat import ValidationError
from yaml import YAMLError

from course.cells import BADGES, MARKDOWN, MINUTES, Cell, parse
from course.release.predictions import settles, untold
from course.setup_cell import PLACEHOLDER

SECTIONS = (
    "Objectives",
    "Intuition",
    "The idea, derived",
    "Data",
    "Implementation",
    "Experiments",
    "Visualizations",
    "Common mistakes",
    "Takeaways",
    "Explain it in an interview",
    "Exercises",
    "Go further",
)
OPTIONAL_SECTIONS = {"Visualizations"}  # its figures may be woven into Experiments
FORMATS = "ipynb,md:myst"


class Problem(NamedTuple):
    """One thing that is wrong, with its place; sorts by place and prints as `file:line: sentence`.

    Examples
    --------
    >>> print(Problem("solutions/04_x.md", 212, "### BEGIN SOLUTION is never closed"))
    solutions/04_x.md:212: ### BEGIN SOLUTION is never closed
    """

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


class CourseError(Exception):
    """The course cannot be read at all; the message is one sentence for the author."""


@dataclass(frozen=True)
class Course:
    """Where the course is, on this machine and in public (both from its pyproject.toml)."""

    root: Path
    name: str
    version: str
    address: str

    @classmethod
    def at(cls, root: Path) -> "Course":
        """Read `root`/pyproject.toml; a CourseError says what is missing there."""
        try:
            project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
            project = project["project"]
            address = project["urls"]["Repository"].rstrip("/").removesuffix(".git")
            return cls(root, project["name"], project["version"], address)
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise CourseError(f"{root / 'pyproject.toml'} cannot be read: {error}") from None
        except KeyError as error:
            raise CourseError(f"{root / 'pyproject.toml'} has no {error} for [project]") from None

    @property
    def has_no_address(self) -> bool:
        """Whether pyproject.toml still holds the placeholder: what it leads to is nowhere."""
        return PLACEHOLDER in self.address

    @property
    def tag(self) -> str:
        """The Git tag that Colab fetches."""
        return f"v{self.version}"

    def link(self, file: str) -> str:
        """Return where a file of this release is in public."""
        return f"{self.address}/blob/{self.tag}/{file}"


@dataclass
class Lesson:
    """One source file, read.

    Attributes
    ----------
    file : str
        Its path from the course's root, as in messages.
    name : str
        "02_softmax"; the notebooks are called the same.
    title : str
        "02 · Softmax"
    header : dict
        What the file's YAML header holds.
    cells : list of Cell
    problems : list of Problem
    """

    file: str
    name: str
    title: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def number(self) -> str:
        """The two digits that its name begins with."""
        return self.name[:2]

    def problem(self, line: int, sentence: str) -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(self.file, line, sentence))


def read_course(course: Course) -> list[Lesson]:
    """Read every lesson's source, in order, and check them by themselves and together."""
    paths = sorted((course.root / "solutions").glob("*.md"))
    lessons = [
        read_lesson(path, f"solutions/{path.name}") for path in paths if path.name != "README.md"
    ]
    _check_unique(lessons)
    for lesson in lessons:
        lesson.problems.sort()
    return lessons


def read_lesson(path: Path, file: str) -> Lesson:
    """Read one source file and check all that can be checked without running it."""
    lesson = Lesson(file, path.stem)
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem):
        lesson.problem(1, "the file's name is not like 02_softmax.md")
        return lesson
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        lesson.problem(line, "the file is not UTF-8 text")
        return lesson
    _check_separators(lesson, text)
    if not lesson.problems:
        _read_cells(lesson, text)
    if not lesson.problems:
        _check_header(lesson)
        for cell in lesson.cells:
            for line, sentence in cell.problems:
                lesson.problem(line, sentence)
        _check_headings(lesson)
        _check_fixed_cells(lesson)
        _check_exercises(lesson)
        _check_predictions(lesson)
        _check_terms(lesson)
    return lesson


def _check_separators(lesson: Lesson, text: str) -> None:
    """Find lines of pluses that would end a Markdown cell without being meant to."""
    lines = text.splitlines()
    for token in get_parser().parse(text):
        if token.type != "myst_block_break" or token.level or not token.map:
            continue
        row = token.map[0]
        alone = not "".join(lines[row - 1 : row] + lines[row + 1 : row + 2]).strip()
        if not (alone and re.fullmatch(r"\+\+\+(\s+\{.*\})?\s*", lines[row])):
            lesson.problem(
                row + 1,
                "a Markdown line must not start with +++, which separates two cells when it "
                "stands alone between empty lines",
            )


def _read_cells(lesson: Lesson, text: str) -> None:
    try:
        notebook = myst_to_notebook(text, add_source_map=True)
    except ValidationError:
        tags = re.search(r"^:?tags: *[^ \[]", text, re.MULTILINE)
        if tags:
            line = text.count("\n", 0, tags.start()) + 1
            lesson.problem(line, "a cell's options must be like :tags: [nbval-ignore-output]")
        else:
            lesson.problem(1, "the header must be like that of the other lessons, and cell options")
        return
    except (MystMetadataParsingError, YAMLError) as error:
        sentence = re.sub(r'in "<.*?>", line .*?\^ ?', "", " ".join(str(error).split()))
        at = re.search(r"at line (\d+) could not be read: ", sentence)
        lesson.problem(int(at[1]) if at else 1, sentence[at.end() if at else 0 :].strip())
        return
    lesson.header = dict(notebook.metadata)
    lines = [line.rstrip() for line in text.splitlines()]
    seen: Counter[str] = Counter()
    for cell, start in zip(notebook.cells, lesson.header.pop("source_map"), strict=True):
        # Jupytext's number is that of the cell's options or of the empty lines before it.
        body = [line.rstrip() for line in cell.source.splitlines()]
        while body and lines[start : start + len(body)] != body and start < len(lines):
            start += 1
        key = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[key] += 1
        repeat = "" if seen[key] == 1 else f"-{seen[key]}"
        lesson.cells.append(
            Cell(cell.cell_type, cell.source, start + 1, dict(cell.metadata), key + repeat)
        )
        lesson.cells[-1].examine()
    if not lesson.cells:
        lesson.problem(1, "the file holds no cell")


def _check_header(lesson: Lesson) -> None:
    wanted = {("jupytext", "formats"): FORMATS, ("kernelspec", "name"): "python3"}
    for (first, second), value in wanted.items():
        entry = lesson.header.get(first)
        came = entry.get(second) if isinstance(entry, dict) else entry
        if came != value:
            lesson.problem(1, f"the header's {first}: {second}: must be {value}, came {came}")


def _check_headings(lesson: Lesson) -> None:
    """Level 1 is the title, once; level 2 are the course's sections, in its order."""
    sections: list[str] = []
    for index, cell in enumerate(lesson.cells):
        tokens = MARKDOWN.parse(cell.source) if cell.kind == "markdown" else []
        for opening, inline in pairwise(tokens):
            # Underlined headings are left out: "=" alone on a line is part of a formula.
            if opening.type != "heading_open" or opening.markup not in ("#", "##"):
                continue
            line, text = cell.line + (opening.map or [0])[0], inline.content
            if cell.role == "solutions only":
                lesson.problem(line, f'heading "{text}" would be missing in the lesson')
            elif opening.markup == "##":
                _check_section(lesson, line, text, sections)
            elif lesson.title or index > 0:
                lesson.problem(line, f'"# {text}": the title, once in the first cell, is level 1')
            else:
                lesson.title = text
                if not re.fullmatch(rf"{lesson.number} · \S.*", text):
                    lesson.problem(line, f'the title must be like "# {lesson.number} · {text}"')
    if not lesson.title:
        lesson.problem(lesson.cells[0].line, f'the first cell has no "# {lesson.number} · title"')
    missing = [name for name in SECTIONS if name not in {*sections, *OPTIONAL_SECTIONS}]
    if missing and lesson.number != "00":  # the start holds what it needs
        sentence = f"these sections are missing: {', '.join(missing)}"
        lesson.problem(lesson.cells[-1].line, sentence)


def _check_section(lesson: Lesson, line: int, text: str, before: list[str]) -> None:
    if text not in SECTIONS:
        lesson.problem(line, f'"## {text}" is not a section of this course; use ### or lower')
        return
    late = [name for name in before if SECTIONS.index(name) > SECTIONS.index(text)]
    if text in before:
        lesson.problem(line, f'section "## {text}" stands twice')
    elif late:
        lesson.problem(line, f'section "## {text}" must come before "## {late[0]}"')
    before.append(text)


def _check_fixed_cells(lesson: Lesson) -> None:
    """Every lesson has its badges in the first cell and begins its code with the set-up."""
    first = lesson.cells[0]
    for mark, row in ((BADGES, first.badges), (MINUTES, first.minutes)):
        if row is None:
            lesson.problem(first.line, f"the first cell has no line {mark}")
    code = [cell for cell in lesson.cells if cell.kind == "code"]
    for cell in code[:1]:
        if cell.role != "set-up":
            lesson.problem(cell.line, 'the first code cell must begin with "# course: set-up"')
    for cell in lesson.cells:
        if cell.role == "set-up" and cell is not code[0]:
            lesson.problem(cell.line, "the set-up must be the first code cell")
        elif cell.role == "set-up" and not all(
            isinstance(node, ast.Import | ast.ImportFrom) for node in parse(cell.source).body
        ):
            lesson.problem(cell.line, "the set-up cell must hold imports only")
        if cell.kind == "markdown":
            for row, text in enumerate(cell.source.split("\n")):
                if text.startswith("```{code-cell}"):
                    lesson.problem(cell.line + row, "a code cell needs an empty line before it")


def _check_exercises(lesson: Lesson) -> None:
    """Numbers belong to the lesson, and each exercise is checked further down."""
    checked_at: dict[str, int] = {}
    for index, cell in enumerate(lesson.cells):
        if cell.number and not cell.number.startswith(lesson.number):
            lesson.problem(cell.line, f"{cell.role} {cell.number} in lesson {lesson.number}")
        if cell.kind == "code" and cell.role != "solutions only" and not cell.problems:
            checked_at |= dict.fromkeys(_checked_names(cell.source), index)
    numbered = [cell for cell in lesson.cells if cell.role == "exercise"]
    for before, cell in pairwise(numbered):
        if int(before.number[3:]) > int(cell.number[3:]):
            sentence = f"exercise {cell.number} comes after {before.number}"
            lesson.problem(cell.line, f"{sentence}: numbers run on through a lesson")
    for cell in lesson.cells:
        summed = cell.kind == "code" and 'utils.progress("' in cell.source
        if summed and numbered and cell.line < numbered[-1].line:
            sentence = f"exercise {numbered[-1].number} comes after the points are shown"
            lesson.problem(cell.line, sentence)
    for index, cell in enumerate(lesson.cells):
        if cell.name and checked_at.get(cell.name, -1) <= index:
            lesson.problem(
                cell.line, f"exercise {cell.number} has no later cell with check({cell.name})"
            )


def _check_predictions(lesson: Lesson) -> None:
    """Each outcome comes after its prediction and before the next heading: there it is held back."""
    for cell, held_back in zip(lesson.cells, untold(lesson.cells), strict=True):
        if settles(cell) and not held_back and cell.role != "solutions only":
            lesson.problem(
                cell.line,
                "under this heading no utils.predict(…) comes before this outcome, so the lesson "
                "would tell it before a reader has forecast it",
            )


def _check_terms(lesson: Lesson) -> None:
    """Each term of the glossary stands in bold where the lesson introduces it."""
    prose = "\n".join(
        cell.without_answers()
        for cell in lesson.cells
        if cell.kind == "markdown" and cell.role != "solutions only"
    )
    prose = " ".join(prose.split()).casefold()
    for cell in lesson.cells:
        for note in cell.notes:
            if note.kind == "term" and f"**{note.name.casefold()}**" not in prose:
                lesson.problem(
                    cell.line + note.row, f"term {note.name} is not in bold in this lesson"
                )


def _checked_names(source: str) -> list[str]:
    """Return the names that the code passes to `check(...)` or `utils.check(...)`.

    Examples
    --------
    >>> _checked_names("check(softmax)")
    ['softmax']
    """
    return [
        node.args[0].id
        for node in ast.walk(parse(source))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "check")
            or (isinstance(node.func, ast.Attribute) and node.func.attr == "check")
        )
        and node.args
        and isinstance(node.args[0], ast.Name)
    ]


def _check_unique(lessons: list[Lesson]) -> None:
    """No two exercises, written questions, formulas or terms share a number or a name.

    Both places get a problem, so that releasing either lesson alone shows it.
    """
    places: dict[tuple[str, str], list[tuple[Lesson, int]]] = {}
    for lesson in lessons:
        for cell in lesson.cells:
            if cell.number:
                places.setdefault((cell.role, cell.number), []).append((lesson, cell.line))
            if cell.name:
                places.setdefault(("exercise", cell.name), []).append((lesson, cell.line))
            for note in cell.notes:
                key = (note.kind, note.name.casefold())
                places.setdefault(key, []).append((lesson, cell.line + note.row))
    for (what, value), found in places.items():
        for place in found if len(found) > 1 else []:
            lesson, line = place
            other, twin = next(pair for pair in found if pair is not place)
            lesson.problem(line, f"{what} {value} is also at {other.file}:{twin}")
