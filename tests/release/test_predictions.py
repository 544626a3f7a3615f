"""A lesson is released without what its reader is first to forecast; the solution holds it all."""

import nbformat
import pytest

from course.cli import main
from course.release.source import Course, read_course
from tests.release.made import UTILS, code, make, source

ASKING = """
def predict(id, options, answer=None, sure=None):
    print(f"{id}: no prediction yet")

def settle(id, outcome):
    print(f"{id}: {outcome}")

class concepts:
    @staticmethod
    def answer(lesson, answers):
        print("0 of 10 answered")
"""
PREDICT = code('utils.predict("00.up", ["up", "down"])')
CHOOSES = code('utils.settle("00.up", "up" if 2 > 1 else "down")')
COMPUTES = code('utils.settle("00.up", max(["up", "down"]))')
MODEL = code(
    "class Model:\n    def predict(self, X):\n        print('a model')\n\nModel().predict(1)"
)
DRAWS = code("def draw(**how):\n    print('drawn')\n\ndraw(alt='it goes up')")
MIDDLE = "A word in between.\n\n+++\n\nAnother."


def released(root, *cells):
    """Release a lesson of these cells; return its two notebooks, the solution first."""
    make(root, lesson_00_start=source(*cells))
    (root / "utils" / "__init__.py").write_text(UTILS + ASKING, encoding="utf-8")
    assert main(["release"], root=root) == 0
    paths = [root / folder / "00_start.ipynb" for folder in ("solutions", "lessons")]
    return [nbformat.read(path, as_version=4) for path in paths]


def state(notebook):
    """Return the count of each code cell and what it has printed."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [(cell.execution_count, "".join(o.text for o in cell.outputs).strip()) for cell in cells]


def test_from_a_prediction_to_the_next_heading_nothing_is_told(tmp_path, capsys):
    asked = code('utils.concepts.answer("00", {})')
    cells = [MODEL, PREDICT, MIDDLE, CHOOSES, DRAWS, "#### A heading", DRAWS, PREDICT, COMPUTES]
    cells += [asked, DRAWS, "Text.\n\n## Takeaways", MODEL]
    solution, lesson = released(tmp_path / "course", *cells)
    told = ["a model", "00.up: no prediction yet", "00.up: up", "drawn", "drawn"]
    told += ["00.up: no prediction yet", "00.up: up", "0 of 10 answered", "drawn", "a model"]
    assert state(solution) == [(1, ""), *enumerate(told, start=2)]
    nothing = (None, "")
    assert state(lesson) == [
        *(nothing, (2, "a model")),  # the set-up says "ready" once it has been run
        *(nothing, nothing, nothing, (6, "drawn")),
        *(nothing, nothing, nothing, nothing, (11, "a model")),
    ]
    capsys.readouterr()
    assert main(["release", "--check"], root=tmp_path / "course") == 0


def test_code_that_tells_is_folded_in_the_lesson_alone(tmp_path):
    cells = [DRAWS, PREDICT, CHOOSES, DRAWS, "### A heading", PREDICT, COMPUTES]
    solution, lesson = released(tmp_path / "course", *cells)
    _, *code_cells = [cell for cell in lesson.cells if cell.cell_type == "code"]
    folded = [cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in code_cells]
    assert folded == [False, False, True, True, False, False]
    for cell, hidden in zip(code_cells, folded, strict=True):
        assert cell.source.startswith("# @title Run this cell") is hidden
        assert (cell.metadata.get("cellView") == "form") is hidden
    assert not any("source_hidden" in str(cell.metadata) for cell in solution.cells)
    assert "@title" not in str(solution)


@pytest.mark.parametrize(
    "cells",
    [
        [PREDICT, "### A heading", COMPUTES],
        [COMPUTES],
        [code("from utils import predict\n\npredict('00.up', ['up'])"), COMPUTES],
    ],
)
def test_an_outcome_that_the_lesson_would_tell_at_once_is_named_with_its_line(tmp_path, cells):
    text = source(*cells)
    make(tmp_path / "course", lesson_00_start=text)
    (lesson,) = read_course(Course.at(tmp_path / "course"))
    (problem,) = lesson.problems
    assert text.split("\n")[problem.line - 1].startswith("utils.settle(")
    assert "under this heading no utils.predict(…) comes before this outcome" in problem.sentence
