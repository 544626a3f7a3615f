"""The two notebooks that a lesson's source becomes: the solution and what a learner gets."""

import ast
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import nbformat
from nbformat import NotebookNode

from course.cells import Cell, parse
from course.release.deeper import is_folded
from course.release.minutes import time_line, with_minutes
from course.release.predictions import TITLE, gives_away, untold
from course.release.source import Course, Lesson
from course.setup_cell import FOLDED, SET_UP

COLAB_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
FOLDED_HEADING = "jp-MarkdownHeadingCollapsed"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


@dataclass
class Draft:
    """A notebook before it is run.

    Attributes
    ----------
    file : str
        Where it is to be written, from the course's root.
    lesson : Lesson
    cells : list of Cell
        Cell by cell what `node` holds, with the places in the source.
    node : NotebookNode
    held_back : list of bool
        Whether a cell is released without its output, see `hold_back`.
    """

    file: str
    lesson: Lesson
    cells: list[Cell]
    node: NotebookNode
    held_back: list[bool]


def solution_notebook(lesson: Lesson) -> Draft:
    """Return the notebook that holds the source as it stands."""
    jupytext = {
        key: value
        for key, value in lesson.header["jupytext"].items()
        if key != "text_representation"
    }
    return _draft(f"solutions/{lesson.name}.ipynb", lesson, lesson.cells, {"jupytext": jupytext})


def learner_notebook(lesson: Lesson, lessons: Sequence[Lesson], course: Course) -> Draft:
    """Return the notebook without answers, with badges and a set-up that finds the course."""
    cells, held_back = [], []
    leads, takes = badges(lesson, lessons, course), time_line(lesson)
    for cell, untold_yet in zip(lesson.cells, untold(lesson.cells), strict=True):
        if cell.role == "solutions only":
            continue
        source, metadata = cell.without_answers(), cell.metadata
        if cell.role == "set-up":
            source, metadata = set_up(cell.source, lesson.number, course), metadata | FOLDED
        elif untold_yet and gives_away(cell):
            source, metadata = f"{TITLE}\n{source}", metadata | FOLDED
        lines = source.split("\n")
        for place, line in ((cell.badges, leads), (cell.minutes, takes)):
            if place is not None:
                lines[place - sum(note.row < place for note in cell.notes)] = line
        source = with_minutes("\n".join(lines)) if cell.kind == "markdown" else source
        cells.append(replace(cell, source=source, metadata=metadata))
        held_back.append(untold_yet)
    last, line = cells[-1], way_on(lesson, lessons, course)
    if last.kind == "markdown" and not last.role:
        cells[-1] = replace(last, source=f"{last.source.rstrip()}\n\n{line}")
    else:
        cells.append(Cell("markdown", line, last.line, id="way-on"))
        held_back.append(False)
    draft = _draft(f"lessons/{lesson.name}.ipynb", lesson, cells, {})
    return replace(draft, held_back=held_back)


def hold_back(draft: Draft) -> None:
    """Take from a notebook that has run what its reader is first to forecast or to run, in place.

    Without a count such a cell is one that never ran: nbval runs it and compares nothing.
    """
    for cell, held_back in zip(draft.node.cells, draft.held_back, strict=True):
        if held_back:
            cell.outputs, cell.execution_count = [], None


def set_up(source: str, number: str, course: Course) -> str:
    """Return the learner's set-up cell for the imports that the source's set-up cell holds."""
    lines = source.split("\n")[1:]
    for node in reversed(parse("\n".join(lines)).body):
        if ast.unparse(node) == "import utils":  # it stands in the set-up already
            del lines[node.lineno - 1]
    imports = "\n".join(lines).strip("\n")
    text = SET_UP.substitute(
        url=course.address, tag=course.tag, name=course.name, number=number, imports=imports
    )
    return text.strip("\n")


def links(lesson: Lesson, lessons: Sequence[Lesson], course: Course) -> tuple[str, str]:
    """Return the two lines of a lesson that depend on what stands beside it."""
    return badges(lesson, lessons, course), way_on(lesson, lessons, course)


def badges(lesson: Lesson, lessons: Sequence[Lesson], course: Course) -> str:
    """Return the line under the title: open in Colab, previous and next lesson."""
    parts = [badge] if (badge := colab_badge(lesson, course)) else []
    index = [other.name for other in lessons].index(lesson.name)
    for word, neighbours in (
        ("Previous", lessons[:index][-1:]),
        ("Next", lessons[index + 1 :][:1]),
    ):
        parts += [f"{word}: {_link(other)}." for other in neighbours]
    return " ".join(parts)


def way_on(lesson: Lesson, lessons: Sequence[Lesson], course: Course) -> str:
    """Return the last line of a lesson: its worked solution, the next lesson, one's results.

    Where the course has an address, each link is given a second time for a notebook that is alone.
    """
    index = [other.name for other in lessons].index(lesson.name)
    web = on_the_web(f"solutions/{lesson.name}.ipynb", course)
    solution = f"[worked solution](../solutions/{lesson.name}.ipynb){web}"
    line = f"**Done?** Compare with the {solution}, which also answers the interview questions"
    if following := lessons[index + 1 :][:1]:
        web = on_the_web(f"lessons/{following[0].name}.ipynb", course)
        return f"{line}. **Next:** {_link(following[0])}{web}."
    return f"{line}. `utils.summary()` in a new cell shows a page of your results."


def on_the_web(file: str, course: Course) -> str:
    """Return a link to a file at its host, in brackets; nothing where the course has none."""
    if course.has_no_address:
        return ""
    return f" ([on the web]({course.link(file)}))"


def colab_badge(lesson: Lesson, course: Course) -> str:
    """Return the badge that opens a lesson in Colab, or nothing where Colab cannot."""
    if course.has_no_address or not course.address.startswith("https://github.com/"):
        return ""  # Colab opens no other host
    path = course.address.removeprefix("https://github.com/")
    link = f"https://colab.research.google.com/github/{path}/blob/{course.tag}/lessons"
    return f"[![Open in Colab]({COLAB_BADGE})]({link}/{lesson.name}.ipynb)"


def authored(cell: NotebookNode) -> tuple[str, list[str], str]:
    """Return what an author can write in a cell: kind, tags and text.

    MyST keeps no white space around a cell's text, so it does not count.
    """
    return cell.cell_type, cell.metadata.get("tags", []), cell.source.strip()


def digest(notebook: NotebookNode) -> str:
    """Return a short hash of what an author can write in a notebook."""
    text = json.dumps([authored(cell) for cell in notebook.cells])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _link(lesson: Lesson) -> str:
    return f"[{lesson.title or lesson.name}]({lesson.name}.ipynb)"


def _folding(cell: Cell, folded: bool) -> dict[str, object]:
    """Return a cell's metadata, with what JupyterLab and Colab fold what stands below it by."""
    metadata = {key: value for key, value in cell.metadata.items() if key != FOLDED_HEADING}
    return metadata | ({FOLDED_HEADING: True, "id": cell.id} if folded else {})


def _draft(file: str, lesson: Lesson, cells: list[Cell], metadata: dict[str, object]) -> Draft:
    folded = [cell.id for cell in cells if is_folded(cell)]
    node = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "cells": [
                {
                    "cell_type": cell.kind,
                    "id": cell.id,
                    "metadata": _folding(cell, cell.id in folded),
                    "source": cell.source,
                    **({"execution_count": None, "outputs": []} if cell.kind == "code" else {}),
                }
                for cell in cells
            ],
            "metadata": {
                **METADATA,
                **metadata,
                **({"colab": {"collapsed_sections": folded}} if folded else {}),
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    node.metadata["course"] = {"source": digest(node)}
    return Draft(file, lesson, cells, node, [False] * len(cells))
