"""The two notebooks that a lesson's source becomes: the solution and what a learner gets."""

import ast
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import nbformat
from nbformat import NotebookNode

from course.cells import Cell, parse
from course.release.source import Course, Lesson
from course.setup_cell import SET_UP

COLAB_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
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
    """

    file: str
    lesson: Lesson
    cells: list[Cell]
    node: NotebookNode


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
    cells = []
    for cell in lesson.cells:
        if cell.role == "solutions only":
            continue
        source = cell.without_answers()
        if cell.role == "set-up":
            source = set_up(cell.source, lesson.number, course)
        if cell.badges is not None:
            lines = source.split("\n")
            row = cell.badges - sum(note.row < cell.badges for note in cell.notes)
            lines[row] = badges(lesson, lessons, course)
            source = "\n".join(lines)
        cells.append(replace(cell, source=source))
    return _draft(f"lessons/{lesson.name}.ipynb", lesson, cells, {})


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


def badges(lesson: Lesson, lessons: Sequence[Lesson], course: Course) -> str:
    """Return the line under the title: open in Colab, previous and next lesson."""
    parts = [badge] if (badge := colab_badge(lesson, course)) else []
    index = [other.name for other in lessons].index(lesson.name)
    for word, neighbours in (
        ("Previous", lessons[:index][-1:]),
        ("Next", lessons[index + 1 :][:1]),
    ):
        parts += [
            f"{word}: [{other.title or other.name}]({other.name}.ipynb)." for other in neighbours
        ]
    return " ".join(parts)


def colab_badge(lesson: Lesson, course: Course) -> str:
    """Return the badge that opens a lesson in Colab, or nothing where Colab cannot."""
    if not course.address.startswith("https://github.com/"):  # the one host that Colab opens
        return ""
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


def _draft(file: str, lesson: Lesson, cells: list[Cell], metadata: dict[str, object]) -> Draft:
    node = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "cells": [
                {
                    "cell_type": cell.kind,
                    "id": cell.id,
                    "metadata": cell.metadata,
                    "source": cell.source,
                    **({"execution_count": None, "outputs": []} if cell.kind == "code" else {}),
                }
                for cell in cells
            ],
            "metadata": {**METADATA, **metadata},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    node.metadata["course"] = {"source": digest(node)}
    return Draft(file, lesson, cells, node)
