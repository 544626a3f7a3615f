"""Notebooks as students hand them in, made from a lesson and its solution."""

from __future__ import annotations

import copy
import csv
import functools
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = ROOT / "solutions"
NAMES = {
    "02": "02_softmax",
    "05": "05_softmax_regression",
    "06": "06_decision_regions",
    "10": "10_softmax_elsewhere",
    "11": "11_capstone",
}


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's source as one string."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


@functools.cache
def answers(lesson: str = "02") -> dict[str, str]:
    """Return the solution's exercise cells by number ("02.1")."""
    notebook = json.loads((SOLUTIONS / f"{NAMES[lesson]}.ipynb").read_text(encoding="utf-8"))
    cells = [source_of(c) for c in notebook["cells"] if c["cell_type"] == "code"]
    return {s.split()[2]: s for s in cells if s.startswith("# exercise: ")}


@functools.cache
def _released(lesson: str) -> dict[str, Any]:
    path = ROOT / "lessons" / f"{NAMES[lesson]}.ipynb"
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = source_of(cell)
        cell.pop("outputs", None)
    return notebook


def released(lesson: str = "02") -> dict[str, Any]:
    """Return the lesson as a learner gets it."""
    return copy.deepcopy(_released(lesson))


def code(source: str) -> dict[str, Any]:
    """Return a code cell."""
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }


def notebook(
    lesson: str = "02",
    first: Sequence[str] = (),
    last: Sequence[str] = (),
    instead: Mapping[str, str] | None = None,
    answered: bool = True,
    whole: bool = True,
) -> dict[str, Any]:
    """Return a notebook with every answer filled in.

    Parameters
    ----------
    lesson : str
    first, last : sequence of str
        Cells before and after all others.
    instead : mapping of str to str
        Number of an exercise to another cell in its place; "" deletes it.
    answered : bool
        False leaves the stubs.
    whole : bool
        False keeps the set-up cell and the exercises alone, without what the lesson shows.
    """
    made = released(lesson)
    if not whole:
        made["cells"] = [
            c for c in made["cells"] if c["source"].startswith(("# course:", "# exercise: "))
        ]
    wanted = {**(answers(lesson) if answered else {}), **(instead or {})}
    for cell in made["cells"]:
        if cell["source"].startswith("# exercise: "):
            cell["source"] = wanted.get(cell["source"].split()[2], cell["source"])
    made["cells"] = [*map(code, first), *made["cells"], *map(code, last)]
    return made


def as_bytes(made: Any) -> bytes:
    """Return what a file holds."""
    return made if isinstance(made, bytes) else json.dumps(made).encode()


def written(answer: str) -> dict[str, Any]:
    """Return the answered notebook with a written answer."""
    made = notebook()
    for cell in made["cells"]:
        if "<!-- written: 02.Q1 -->" in cell["source"]:
            cell["source"] = cell["source"].replace("*Write your answer here.*", answer)
    return made


def zipped(files: Mapping[str, bytes], when: tuple[int, ...] = (2026, 11, 2, 3, 4, 6)) -> bytes:
    """Return a zip of files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, when), content)  # type: ignore[arg-type]
    return data.getvalue()


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder, which is returned."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return all that a folder holds."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}
