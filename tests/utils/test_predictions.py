"""Predictions: the first answer counts, nothing is lost, whatever happens to the file."""

import subprocess
import sys

import numpy as np
import pytest

import utils
from utils.predictions import my_predictions, predict, settle, state_file

OPTIONS = ["up", "down"]


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))


def test_left_alone_nothing_is_recorded_and_the_outcome_is_told(capsys):
    predict("t.a", OPTIONS)
    settle("t.a", "up")
    assert capsys.readouterr().out.splitlines() == [
        "t.a: no prediction yet. Options: up / down",
        "t.a: up (you made no prediction)",
    ]
    assert not state_file().exists()
    assert repr(my_predictions()) == "no settled predictions yet"


def test_a_settled_prediction_is_kept_across_sessions():
    predict("t.a", OPTIONS, "up", 0.8)
    code = "import utils; utils.settle('t.a', 'down'); print(repr(utils.my_predictions()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "t.a: down — you said 'up', 80% sure" in told.stdout
    mine = my_predictions()
    assert np.array_equal(mine.sure, [0.8])
    assert np.array_equal(mine.correct, [False])


def test_the_last_answer_before_the_outcome_counts_and_later_ones_do_not(capsys):
    predict("t.a", OPTIONS, "up", 0.9)
    predict("t.a", OPTIONS, "down", 0.6)
    settle("t.a", "down")
    predict("t.a", OPTIONS, "up", 1.0)
    settle("t.a", "down")
    assert (
        "settled already; what counts is your first answer, 'down' at 60%"
        in capsys.readouterr().out
    )
    (item,) = my_predictions().items
    assert (item.answer, item.sure, item.correct) == ("down", 0.6, True)


@pytest.mark.parametrize("sure", [None, 0.2, 1.5, "0.8", float("nan"), True])
def test_a_doubtful_sureness_is_refused_in_one_sentence(capsys, sure):
    predict("t.a", OPTIONS, "up", sure)
    line = capsys.readouterr().out
    assert "from 0.50 (guessing) to 1 (certain)" in line
    assert not state_file().exists()


def test_a_guess_among_four_options_is_a_quarter(capsys):
    predict("t.a", ["a", "b", "c", "d"], "a", 0.25)
    assert "25% sure" in capsys.readouterr().out


def test_an_answer_that_is_no_option_is_refused(capsys):
    predict("t.a", OPTIONS, "sideways", 0.8)
    assert "'sideways' is not one of the options: up / down" in capsys.readouterr().out


def test_damaged_lines_cost_only_themselves(capsys):
    predict("t.a", OPTIONS, "up", 0.8)
    with state_file().open("ab") as file:
        file.write(b'\xff\xfe{"id": \n[1, 2]\nnull\n{"id": "t.b", "answer": "up"')
    settle("t.a", "up")
    predict("t.c", OPTIONS, "down", 0.7)
    settle("t.c", "up")
    out = capsys.readouterr().out
    assert "damaged line(s)" in out
    assert "the file is left as it is" in out
    assert [item.id for item in my_predictions().items] == ["t.a", "t.c"]
    assert b"\xff\xfe" in state_file().read_bytes()


def test_a_folder_that_cannot_be_written_is_told_and_the_notebook_goes_on(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "file" / "below"))
    predict("t.a", OPTIONS, "up", 0.8)
    assert "could not be saved" in capsys.readouterr().out


def test_the_ten_questions_are_asked_and_recorded(capsys):
    utils.concepts.questions()
    assert capsys.readouterr().out.count("a) ") == 10
    utils.concepts.answer("00", {1: ("b", 0.8), 2: None, 3: ("c", 0.9), 11: ("a", 1), 4: "a"})
    out = capsys.readouterr().out
    assert "00.q1: you say '0.5' and are 80% sure" in out
    assert "question 3: answer with a letter (a, b)" in out
    assert "there is no question 11" in out
    assert "question 4: answer with a letter (a, b, c)" in out


def test_without_the_variable_the_file_lies_in_the_users_state_folder(monkeypatch):
    monkeypatch.delenv("COURSE_STATE")
    assert state_file().name == "predictions.jsonl"
    assert "scores-to-probabilities" in str(state_file())
