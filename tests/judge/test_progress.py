"""Points survive a restart and are never lost; a page of results shows them and saves itself."""

import json
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest

import utils
from course import exercises, progress
from tests.answers import ROOT


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Let each test begin as a new session of somebody new."""
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(progress, "_best", {})
    return tmp_path / "state"


def softmax(logits):
    e = np.exp(logits)
    return e / e.sum(axis=-1, keepdims=True)


def restart(code="import utils; utils.progress('02')", **keywords):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, **keywords
    )
    return done.stdout


def test_points_survive_a_restart_and_a_worse_try_takes_none_away(state):
    right = "def softmax(z):\n    e = np.exp(z - z.max(-1, keepdims=True))\n"
    right += "    return e / e.sum(-1, keepdims=True)\n"
    first = f"import numpy as np, utils\n{right}utils.check(softmax)\nutils.progress('02')"
    assert "3 of 11 points" in restart(first)
    assert "3 of 11 points" in restart()
    wrong = "import utils\ndef softmax(z):\n    return z\nutils.check(softmax)\n"
    assert "3 of 11 points" in restart(wrong + "utils.progress('02')")
    (line,) = (state / "points.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"exercise": "softmax", "points": 3}


def test_the_worked_solutions_earn_nobody_points(state, monkeypatch):
    monkeypatch.chdir(ROOT / "solutions")
    progress.remember("softmax", 3)
    assert progress.of_lesson("02").points == 3  # as the worked notebook shows
    assert not state.exists()


def test_only_more_points_are_written_and_a_torn_line_costs_nothing(state):
    for points in (1, 1, 0, 2):
        progress.remember("softmax", points)
    path = state / "points.jsonl"
    assert len(path.read_text().splitlines()) == 2
    path.write_text(path.read_text() + '{"exercise": "log_soft')
    progress.remember("log_softmax", 1)
    assert progress.best() == {"softmax": 2, "log_softmax": 1}
    progress._best.clear()
    assert progress.best() == {"softmax": 2, "log_softmax": 1}


def test_more_points_than_there_are_now_count_as_all_of_them():
    progress.remember("softmax", 99)
    assert progress.of_lesson("02").points == 3


def test_where_nothing_can_be_saved_it_is_said_and_the_session_goes_on(
    tmp_path, capsys, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "file" / "below"))
    progress.remember("softmax", 3)
    assert (
        "your points could not be saved in points.jsonl: Not a directory" in capsys.readouterr().out
    )
    assert progress.of_lesson("02").points == 3


def test_progress_of_the_whole_course_has_a_line_for_each_lesson_and_says_what_is_next(capsys):
    for exercise in exercises.of_lesson("00"):
        progress.remember(exercise.name, exercise.max_points)
    progress.progress()
    lines = capsys.readouterr().out.splitlines()
    numbers = sorted({path.name[:2] for path in (ROOT / "lessons").glob("[0-9][0-9]_*.ipynb")})
    assert [line[7:9] for line in lines if line.startswith("lesson ")] == numbers
    assert lines[0].endswith("2 of 2 points · all done")
    total = sum(exercise.max_points for exercise in exercises.every())
    assert lines[len(numbers)].endswith(f" 2 of {total} points")
    assert lines[len(numbers) + 1].startswith("   next, in lesson 01:   01.1 ")


def test_a_full_bar_means_all_points():
    assert progress.LessonPoints("", 142, 143, ()).bar.endswith("░")
    assert progress.LessonPoints("", 143, 143, ()).bar == "█" * 20


# One page of results.


def made_by_somebody(state):
    """Write somebody's state: 20 forecasts, and the questions before and after."""
    events = []
    for n in range(20):
        said = {"id": f"02.x{n}", "answer": "a", "sure": 0.75}
        events += [said, {"id": f"02.x{n}", "outcome": "ab"[n % 2]}]
    for lesson, right in (("00", 4), ("11", 9), ("12", 11), ("14", 11)):
        for n in utils.concepts.asked_by(lesson):
            options = utils.concepts.QUESTIONS[n - 1][1]
            events.append({"id": f"{lesson}.q{n}", "answer": options[0], "sure": 0.6})
            events.append({"id": f"{lesson}.q{n}", "outcome": options[n > right]})
    state.mkdir()
    lines = "".join(json.dumps(event) + "\n" for event in events)
    (state / "predictions.jsonl").write_text(lines, encoding="utf-8")
    progress.remember("softmax", 2)


def test_the_summary_says_points_calibration_before_and_after_and_where_to_go(state):
    made_by_somebody(state)
    said = utils.summary().facts
    total = sum(exercise.max_points for exercise in exercises.every())
    assert said["Points"] == f"2 of {total}"
    assert said["Forecasts"].startswith("44 settled predictions: 25 right")
    assert "19 times in 20 a perfect forecaster gets" in said["Calibration"]
    assert said["Questions, before"] == "5 of 12 right"
    assert said["Questions, after"] == "10 of 12 right"
    assert said["Where to go next"].startswith("lesson 00, 0 of 2 points so far: 00.1")
    for exercise in exercises.every():
        progress.remember(exercise.name, exercise.max_points)
    assert "review cards" in utils.summary().next


@pytest.mark.parametrize("somebody", [False, True])
def test_the_summary_shows_and_saves_itself_as_one_page(state, tmp_path, somebody):
    if somebody:
        made_by_somebody(state)
    page = utils.summary()
    text = page.save(tmp_path / "my-results.html").read_text(encoding="utf-8")
    (alt,) = re.findall(r'<img alt="([^"]+)"', text)
    assert f"Points: {page.facts['Points']}" in alt
    assert text.count("<tr>") == 2 + len(page.lessons) + len(utils.concepts.QUESTIONS)
    assert page._repr_html_().partition("<details>")[2] in text
    assert "http" not in text.replace("https://", "http")  # nothing is fetched
    pdf = page.save(tmp_path / "my-results.pdf").read_bytes()
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    wide, high = page.figure.get_size_inches()
    assert wide <= 8.3 and high <= 11.7  # A4
    with pytest.raises(ValueError, match=r"not 'my-results\.doc'"):
        page.save(tmp_path / "my-results.doc")


def test_in_a_notebook_the_page_is_the_cell_s_output(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import utils\nutils.summary()")]
    )
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(ROOT)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert "<img alt=" in output.data["text/html"]
    assert "Where to go next" in output.data["text/plain"]
