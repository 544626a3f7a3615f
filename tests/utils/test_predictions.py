"""Predictions: what was said before the outcome was shown counts, and nothing is lost."""

import json
import subprocess
import sys

import numpy as np
import pytest

import utils
from utils.predictions import my_predictions, predict, settle, start_over, state_file

OPTIONS = ["up", "down"]


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))


def events():
    """Return what the file holds."""
    return [json.loads(line) for line in state_file().read_text(encoding="utf-8").splitlines()]


UNTOUCHED = [
    't.a: no prediction yet: answer= takes a string, "up" or "down", and sure= a number from 0.50 '
    "(a guess among 2) to 1 (certain)",
    "t.a: up (you made no prediction)",
]


def test_an_untouched_lesson_prints_the_same_however_often_it_runs(capsys):
    for _ in range(2):
        predict("t.a", OPTIONS)
        settle("t.a", "up")
        assert capsys.readouterr().out.splitlines() == UNTOUCHED
    assert repr(my_predictions()) == "no settled predictions yet"


def test_a_forecast_made_after_its_outcome_was_shown_does_not_count(capsys):
    predict("t.a", OPTIONS)
    settle("t.a", "up")  # Run All, for instance
    capsys.readouterr()
    predict("t.a", OPTIONS, "up", 0.9)
    out = capsys.readouterr().out
    assert "does not count, because the outcome was shown on this machine" in out
    assert 'to start over, run utils.start_over("t.a")' in out
    settle("t.a", "up")
    assert len(my_predictions()) == 0

    start_over("t.a")
    predict("t.a", OPTIONS, "up", 0.9)
    settle("t.a", "up")
    assert my_predictions().items == (utils.predictions.Prediction("t.a", "up", 0.9, "up"),)


def test_an_outcome_shown_in_another_session_has_been_shown_too():
    code = "import utils; utils.settle('t.a', 'down')"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    predict("t.a", OPTIONS, "down", 1)
    settle("t.a", "down")
    assert len(my_predictions()) == 0


def test_starting_over_takes_one_prediction_a_lesson_or_all_and_loses_no_line(capsys):
    for id in ("02.a", "02.b", "020.a", "03.a"):
        predict(id, OPTIONS, "up", 0.8)
        settle(id, "up")
    before = events()
    for which, left in (("02.a", 3), ("02", 2), ("all", 0)):
        start_over(which)
        assert len(my_predictions()) == left
    capsys.readouterr()
    start_over("02")
    assert "nothing to start over for '02'" in capsys.readouterr().out
    assert events() == [*before, *({"start_over": which} for which in ("02.a", "02", "all"))]


def test_a_file_from_before_the_shown_outcomes_were_kept_counts_as_it_did():
    state_file().parent.mkdir()
    old = [
        {"id": "t.a", "answer": "up", "sure": 0.8},
        {"id": "t.a", "outcome": "down"},
        {"id": "t.b", "answer": "up", "sure": 0.6},
    ]
    state_file().write_text("".join(f"{json.dumps(e)}\n" for e in old), encoding="utf-8")
    settle("t.b", "up")
    assert [(i.id, i.sure, i.correct) for i in my_predictions().items] == [
        ("t.a", 0.8, False),
        ("t.b", 0.6, True),
    ]


def test_where_predictions_are_kept_and_how_to_start_over_is_told_once(capsys):
    predict("t.a", OPTIONS, "up", 0.8)
    first = capsys.readouterr().out
    assert str(state_file()) in first and "utils.start_over" in first
    predict("t.b", OPTIONS, "up", 0.8)
    assert capsys.readouterr().out == 't.b: you say "up" and are 80% sure\n'


def test_a_settled_prediction_is_kept_across_sessions():
    predict("t.a", OPTIONS, "up", 0.8)
    code = "import utils; utils.settle('t.a', 'down'); print(repr(utils.my_predictions()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 't.a: down ✗ you said "up", 80% sure' in told.stdout
    mine = my_predictions()
    assert np.array_equal(mine.sure, [0.8])
    assert np.array_equal(mine.correct, [False])


def test_the_last_answer_before_the_outcome_counts_and_later_ones_do_not(capsys):
    predict("t.a", OPTIONS, "up", 0.9)
    predict("t.a", OPTIONS, "down", 0.6)
    settle("t.a", "down")
    predict("t.a", OPTIONS, "up", 1.0)
    settle("t.a", "down")
    predict("t.a", OPTIONS, "down", 0.6)  # the cell is run again as it was
    out = capsys.readouterr().out.splitlines()
    assert out[3:] == [
        "t.a: down ✓ as you said, 60% sure",
        't.a: what counts is what you said before the outcome was shown, "down", 60% sure; '
        'to start over, run utils.start_over("t.a")',
        "t.a: down ✓ as you said, 60% sure",
        't.a: you said "down" and were 60% sure; the outcome has been shown',
    ]
    (item,) = my_predictions().items
    assert (item.answer, item.sure, item.correct) == ("down", 0.6, True)


@pytest.mark.parametrize(
    ("sure", "told"),
    [
        (None, "say how sure you are: sure= takes a number"),
        ("0.8", "write '0.8' as sure=0.8"),
        (80, "write 80 as sure=0.8"),
        ("80 %", "write '80 %' as sure=0.8"),
        (0.2, "0.2 is less than a guess: name another option"),
        (1.5, "1.5 came"),
        (-1, "-1 came"),
        (40, "40 came"),
        ("very", "'very' came"),
        (float("nan"), "nan came"),
        (float("inf"), "inf came"),
        (10**400, "000 came"),
        (True, "True came"),
        ([0.8], "[0.8] came"),
    ],
)
def test_a_doubtful_sureness_is_refused_in_one_sentence_that_says_what_to_write(capsys, sure, told):
    predict("t.a", OPTIONS, "up", sure)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("t.a: nothing recorded: ")
    assert "a number from 0.50 (a guess among 2) to 1 (certain)" in line
    assert told in line
    assert not state_file().exists()


@pytest.mark.parametrize(
    ("options", "sure"), [("abcd", 0.25), ("abc", 0.33), ("ab", np.float32(0.5))]
)
def test_a_guess_may_be_written_with_two_digits(capsys, options, sure):
    predict("t.a", list(options), "a", sure)
    assert f'you say "a" and are {sure:.0%} sure' in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["sideways", "", 1, True, 0.5, ["up"]])
def test_an_answer_that_is_no_option_is_refused_in_one_sentence_with_all_options_quoted(
    capsys, answer
):
    predict("t.a", OPTIONS, answer, 0.8)
    (line,) = capsys.readouterr().out.splitlines()
    assert line == (
        f't.a: nothing recorded: answer= takes a string, "up" or "down"; {answer!r} came'
    )
    assert not state_file().exists()


@pytest.mark.parametrize(
    ("options", "answer", "meant"),
    [
        (["more extreme", "flatter"], " More  Extreme ", "more extreme"),
        (["T = 0.5", "T = 2"], "t=2", "T = 2"),
        (["1", "1/2", "1/4"], 0.25, "1/4"),
        (["1", "1/2", "1/4"], np.int64(1), "1"),
        (["0.10", "1.00", "2.30"], "2.3", "2.30"),
        (["1e-2", "1e-5"], 0.00001, "1e-5"),
        (["0.5", "inf", "nan"], float("nan"), "nan"),
        (["0", "0, with a warning", "nan"], "0", "0"),
    ],
)
def test_capitals_blanks_and_the_way_a_number_is_written_do_not_matter(options, answer, meant):
    predict("t.a", options, answer, 0.8)
    settle("t.a", meant)
    (item,) = my_predictions().items
    assert (item.answer, item.correct) == (meant, True)


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
    settle("t.a", "up")
    assert "could not be saved" not in capsys.readouterr().out  # nobody has typed anything
    predict("t.a", OPTIONS, "up", 0.8)
    assert "could not be saved" in capsys.readouterr().out


def test_the_ten_questions_are_asked_and_recorded(capsys):
    utils.concepts.questions()
    assert capsys.readouterr().out.count("a) ") == 10
    utils.concepts.answer("00", {1: ("b", 0.8), 2: None, 3: ("c", 0.9), 11: ("a", 1), 4: "a"})
    out = capsys.readouterr().out
    assert '00.q1: you say "0.5" and are 80% sure' in out
    assert "question 3: answer with a letter (a, b)" in out
    assert "there is no question 11" in out
    assert "question 4: answer with a letter (a, b, c)" in out


def test_lesson_12_asks_two_more_and_14_tells_what_they_gained(capsys):
    utils.concepts.questions("12")
    assert capsys.readouterr().out.count("a) ") == 2
    utils.concepts.answer("12", {11: ("a", 0.8), 12: ("c", 0.6), 1: ("b", 0.8)})
    out = capsys.readouterr().out
    assert "there is no question 1: they are numbered 11 to 12" in out
    assert out.endswith("2 of 2 questions answered\n")
    utils.concepts.answer("14", {11: ("c", 1.0), 12: None})
    utils.concepts.settle(11, "0.9")
    utils.concepts.settle(12, "for some digits clearly less often")
    utils.concepts.gained("14")
    assert capsys.readouterr().out.splitlines()[-5:] == [
        "11. 0.9  (✗ wrong in lesson 12, 80% sure; ✓ right in lesson 14, 100% sure)",
        "12. for some digits clearly less often  (✓ right in lesson 12, 60% sure)",
        "lesson 12:  1 of  2 right,  70% sure on average, score 0.40",
        "lesson 14:  1 of  1 right, 100% sure on average, score 0.00",
        "of the 1 you answered both times: +1 right",
    ]


def test_without_the_variable_the_file_lies_in_the_users_state_folder(monkeypatch):
    monkeypatch.delenv("COURSE_STATE")
    assert state_file().name == "predictions.jsonl"
    assert "scores-to-probabilities" in str(state_file())
