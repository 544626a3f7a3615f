"""The answers in solutions/ and the stubs in lessons/, as Python objects."""

import functools
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parent.parent


@functools.cache
def lesson_called(number: str) -> str:
    """Return a lesson's name, "02_softmax" for "02"."""
    (path,) = (ROOT / "solutions").glob(f"{number}_*.md")
    return path.stem


def id_of(exercise: Any) -> str:
    """Return a test's id: with the lesson's name, as its notebooks have it, for `-k 02_softmax`."""
    return f"{lesson_called(exercise.number[:2])}-{exercise.number}-{exercise.name}"


@functools.cache
def defined_in(folder: str, lesson: str) -> dict:
    """Return what the exercise cells of a lesson's notebook define, by name.

    Parameters
    ----------
    folder : str
        ``"solutions"`` or ``"lessons"``.
    lesson : str
        ``"02"``.
    """
    path = ROOT / folder / f"{lesson_called(lesson)}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    scope: dict = {}
    imports = code[0].splitlines()
    exec("\n".join(line for line in imports if line.startswith(("import ", "from "))), scope)
    for source in code:
        if source.startswith("# exercise:"):
            exec(source, scope)
    return scope
