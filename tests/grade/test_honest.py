"""An honest slip costs no point, with the sandbox on."""

import pytest

from course.judge.run import Status
from course.setup_cell import without_boilerplate
from tests.grade import honest, made
from tests.grade.conftest import FULL, Grader, points


@pytest.mark.parametrize("name", honest.NOTEBOOKS)
def test_a_slip_in_lesson_02_costs_no_point(grader: Grader, name: str) -> None:
    grade = grader.grade(honest.NOTEBOOKS[name], seconds=1.5 if "loop" in name else 5)
    assert points(grade) == FULL, grade.flags


@pytest.mark.parametrize("name", honest.LESSON_05)
def test_a_slip_in_lesson_05_costs_no_point(grader: Grader, name: str) -> None:
    grade = grader.grade(honest.LESSON_05[name], lesson="05", seconds=20)
    key = grader.key("05")
    assert points(grade) == {s.exercise.number: s.exercise.max_points for s in key.sheets}


@pytest.mark.parametrize("cell", ["while True: pass", "import os\nos._exit(3)"])
def test_a_cell_that_had_to_be_given_up_is_told(grader: Grader, cell: str) -> None:
    grade = grader.grade(made.notebook(first=[cell]), seconds=1)
    (flag,) = grade.flags
    assert ("never ended" if "while" in cell else "ended the process") in flag


def test_cells_that_never_end_cost_a_bounded_time(grader: Grader) -> None:
    grade = grader.grade(made.notebook(first=["while True: pass"] * 50), seconds=0.3)
    assert points(grade)["02.1"] == 3
    assert any("took too long together" in flag for flag in grade.flags)


def test_one_wrong_answer_does_not_cost_the_others(grader: Grader) -> None:
    """However it is wrong: too much, too deep, no end, no return, no process."""
    wrong = {
        "02.1": "def softmax(z):\n    return np.zeros((3000, 3000))",
        "02.2": "def log_softmax(z):\n    x = ()\n    for _ in range(50):\n        x = (x, x)\n    return x",
        "02.3": "def softmax_jacobian(p):\n    import os\n    os._exit(0)",
    }
    grade = grader.grade(made.notebook(instead=wrong), seconds=2)
    assert points(grade) == {"02.1": 0, "02.2": 0, "02.3": 0, "02.4": 2}
    assert grade.exercises[0].finding == "returned an array far larger than is asked for"


def test_an_untouched_notebook_is_not_attempted(grader: Grader) -> None:
    grade = grader.grade(made.released())
    assert {score.status for score in grade.exercises} == {Status.NOT_ATTEMPTED}
    assert grade.flags == ()


@pytest.mark.parametrize("lesson", ["02", "05"])
def test_only_what_looks_for_the_course_is_taken_from_the_set_up_cell(lesson: str) -> None:
    cells = [c["source"] for c in made.released(lesson)["cells"]]
    (set_up,) = (s for s in cells if s.startswith("# course: set-up"))
    rest = without_boilerplate(set_up + "\nmine = 1")
    assert "Path" not in rest and "google" not in rest and "raise" not in rest
    assert "from utils import check, plots" in rest and rest.endswith("mine = 1")
