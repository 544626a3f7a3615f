"""An honest slip costs no point, with the sandbox on."""

from typing import Any

import numpy as np
import pytest

from course import exercises
from course.judge.judge import judge
from course.judge.run import Status
from course.setup_cell import without_boilerplate
from tests.grade import honest, made
from tests.grade.conftest import FULL, Grader, points


@pytest.mark.parametrize("name", honest.NOTEBOOKS)
def test_a_slip_in_lesson_02_costs_no_point(grader: Grader, name: str) -> None:
    grade = grader.grade(honest.NOTEBOOKS[name], seconds=4 if "loop" in name else 10)
    assert points(grade) == FULL, grade.flags


@pytest.mark.parametrize("name", honest.LESSON_05)
def test_a_slip_in_lesson_05_costs_no_point(grader: Grader, name: str) -> None:
    grade = grader.grade(honest.LESSON_05[name], lesson="05", seconds=20)
    key = grader.key("05")
    assert points(grade) == {s.exercise.number: s.exercise.max_points for s in key.sheets}


@pytest.mark.parametrize("name", honest.ELSEWHERE)
def test_what_a_notebook_does_elsewhere_costs_no_point(grader: Grader, name: str) -> None:
    grade = grader.grade(honest.ELSEWHERE[name], seconds=20)
    assert points(grade) == FULL, [score.finding for score in grade.exercises]


def test_a_package_that_is_not_installed_is_told(grader: Grader) -> None:
    grade = grader.grade(made.notebook(whole=False, first=["import xgboost, torch.nn as nn"]))
    assert points(grade) == FULL
    assert [flag.partition(",")[0] for flag in grade.flags] == ["imports torch", "imports xgboost"]


@pytest.mark.parametrize("name", honest.ODD)
@pytest.mark.filterwarnings("ignore")
def test_an_odd_result_costs_its_own_exercise_alone(grader: Grader, name: str) -> None:
    source = f"{honest.ODD_FIRST}def softmax(z):\n    return {honest.ODD[name]}"
    grade = grader.grade(made.notebook(whole=False, instead={"02.1": source}))
    assert points(grade) == {**FULL, "02.1": 0}
    scope: dict[str, Any] = {"np": np}
    exec(source, scope)
    judgement = judge(exercises.named("softmax"), scope["softmax"], seed=7)
    assert judgement.first_failure and judgement.first_failure.failure
    says = judgement.first_failure.failure.fault.says
    assert grade.exercises[0].finding.startswith(says[:50].replace("\ud83d", " "))


def test_the_line_that_failed_is_told(grader: Grader) -> None:
    cell = "# exercise: 02.1\nscale = 3\nshift = sclae + 1\ndef softmax(logits):\n    return logits"
    grade = grader.grade(made.notebook(instead={"02.1": cell}))
    score = grade.exercises[0]
    assert score.finding == (
        "its cell does not run, line 3, “shift = sclae + 1”, of the cell that begins "
        "“# exercise: 02.1”, with NameError"
    )
    assert "line 3" in score.says and "sclae" in score.says


def test_the_line_of_an_earlier_cell_is_told(grader: Grader) -> None:
    first = ["x = 1\nhelp_me = undefined_thing\n"]
    instead = {"02.1": "softmax = help_me"}
    grade = grader.grade(made.notebook(whole=False, first=first, instead=instead))
    assert "softmax = help_me" in grade.exercises[0].finding


def test_a_line_that_raises_in_an_answer_is_told(grader: Grader) -> None:
    cell = "def softmax(z):\n    top = z.max()\n    return np.expp(z - top)"
    grade = grader.grade(made.notebook(instead={"02.1": cell}))
    score = grade.exercises[0]
    assert "line 3, “return np.expp(z - top)”" in score.finding
    assert "AttributeError" in score.says and "line 3" in score.says


def test_a_cell_that_is_not_python_is_told(grader: Grader) -> None:
    cell = "def softmax(z):\n    return (z\n\nprint(1"
    grade = grader.grade(made.notebook(instead={"02.1": cell}))
    assert "SyntaxError" in grade.exercises[0].finding and "line" in grade.exercises[0].finding


def test_an_own_cell_may_load_the_course_s_data(grader: Grader) -> None:
    cell = made.answers("06")["06.2"].partition("\n")[2]
    head, doc, body = cell.split('"""')
    used = f'{head}"""{doc}"""\n    assert len(clusters.X) == 180{body}'
    first = ["import utils\nclusters = utils.three_clusters()"]
    grade = grader.grade(made.notebook("06", first=first, instead={"06.2": used}), "06", seconds=20)
    score = grade.exercises[1]
    assert score.number == "06.2" and score.points == score.max_points, score.finding


@pytest.mark.parametrize("cell", ["while True: pass", "import os\nos._exit(3)"])
def test_a_cell_that_had_to_be_given_up_is_told(grader: Grader, cell: str) -> None:
    grade = grader.grade(made.notebook(first=[cell]), seconds=1)
    (flag,) = grade.flags
    assert ("never ended" if "while" in cell else "ended the process") in flag


def test_cells_that_never_end_cost_a_bounded_time(grader: Grader) -> None:
    grade = grader.grade(made.notebook(first=["while True: pass"] * 50), seconds=1.5)
    assert points(grade)["02.1"] == 3
    assert any("took too long together" in flag for flag in grade.flags)


ENDS = {
    "no end": ("while True: pass", "It was stopped at the time limit."),
    "no process": ("import os\n    os._exit(0)", "Its process ended before it was done."),
}


@pytest.mark.parametrize("name", ENDS)
def test_one_wrong_answer_does_not_cost_the_others(grader: Grader, name: str) -> None:
    """However it is wrong: too much, too deep, no end, no process."""
    last, finding = ENDS[name]
    wrong = {
        "02.1": "def softmax(z):\n    return np.zeros((3000, 3000))",
        "02.2": "def log_softmax(z):\n    x = ()\n    for _ in range(50):\n        x = (x, x)\n    return x",
        "02.3": f"def softmax_jacobian(p):\n    {last}",
    }
    # Far more than the others need, on a busy machine too: only what has no end comes to it.
    grade = grader.grade(made.notebook(whole=False, instead=wrong), seconds=12)
    assert points(grade) == {"02.1": 0, "02.2": 0, "02.3": 0, "02.4": 2}
    assert grade.exercises[0].finding == "returned an array far larger than is asked for"
    assert grade.exercises[2].finding == finding


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
