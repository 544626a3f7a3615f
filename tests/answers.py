"""The answers in solutions/ and the stubs in lessons/, as Python objects."""

import functools
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent


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
    (path,) = (ROOT / folder).glob(f"{lesson}_*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    scope: dict = {}
    imports = code[0].splitlines()
    exec("\n".join(line for line in imports if line.startswith(("import ", "from "))), scope)
    for source in code:
        if source.startswith("# exercise:"):
            exec(source, scope)
    return scope
