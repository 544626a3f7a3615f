"""Forecasts are read as they were typed, never run; the class's own calibration follows from them."""

import numpy as np
import pytest

from course.grade.calibration import Said, by_question, confidently_wrong, gain, reliability
from course.grade.forecasts import Forecast, asked_in, outcomes_in, read_forecasts
from course.grade.key import lesson_names, read_solution
from course.grade.reading import read_notebook
from tests.grade import made
from utils.concepts import QUESTIONS

OPTIONS = ("up", "down", "the same")
ASKED = {"02.shift": OPTIONS, "00.q1": QUESTIONS[0][1], "00.q2": QUESTIONS[1][1]}
CALL = 'utils.predict("02.shift", ["up", "down", "the same"], answer={}, sure={})'


def read(*cells):
    return [(f.prediction, f.answer, f.sure) for f in read_forecasts(cells, ASKED)]


@pytest.mark.parametrize(
    "cell",
    [
        CALL.format('"down"', ".8"),
        "import utils\n" + CALL.format("'down'", "0.8") + "\nx = 1",
        'predict("02.shift", ["up"], "down", 0.8)',
        "%matplotlib inline\n!pip list\n" + CALL.format('"down"', ".8"),
        "_ = " + CALL.format('"down"', ".8"),
        "said =" + CALL.format('"down"', ".8").replace("predict(", "predict ("),
        CALL.format('"down"', ".8").replace(", ", ",\u00a0") + "\u200b",
        "pattern = '\\d'\n" + CALL.format('"down"', ".8"),
        "mine = 'down'\n" + CALL.format("mine", ".8"),
        CALL.format('" Down "', ".8"),
        'predict(\n    id="02.shift",\n    options=OPTIONS,\n    answer="down",\n    sure=0.8,\n)',
    ],
)
def test_a_forecast_is_read_however_it_was_typed(cell):
    assert read(cell) == [("02.shift", "down", 0.8)]


@pytest.mark.parametrize(
    "cell",
    [
        CALL.format("None", "None"),
        CALL.format('"left"', ".8"),
        CALL.format('"down"', "80"),
        CALL.format('"down"', ".2"),  # less than a guess
        CALL.format('"down"', "True"),
        CALL.format('"down"', "1e999"),
        CALL.format('"down"', "nan"),
        CALL.format("mine", "sure"),
        "mine = input()\n" + CALL.format("mine", ".8"),
        CALL.format('"down"', ".8").replace("02.shift", "02.other"),
        "if True:\n    " + CALL.format('"down"', ".8"),
        CALL.format('"down"', ".8") + "\nthis is no Python",
        '"""' + CALL.format('"down"', ".8") + '"""',
        "# " + CALL.format('"down"', ".8"),
        CALL.format('__import__("os").system("touch /tmp/x")', ".8"),
        CALL.format("(" * 90_000 + '"down"' + ")" * 90_000, ".8"),
        CALL.format("-" * 40_000 + "1", ".8"),
    ],
)
def test_what_predict_would_not_take_is_no_forecast(cell):
    assert read(cell) == []


def test_an_answer_counts_as_predict_itself_understands_it():
    asked = {"02.half": ("1", "1/2", "1/4")}
    call = 'utils.predict("02.half", ["1", "1/2", "1/4"], answer={}, sure=0.33)'
    for answer in ("0.5", "'.50'", "' 1 / 2'"):
        (forecast,) = read_forecasts([call.format(answer)], asked)
        assert (forecast.answer, forecast.sure) == ("1/2", 0.33)
    for answer in ("9" * 5000, "'1e9999999999'", "'1/0'", "True", "['1/2']"):
        assert read_forecasts([call.format(answer)], asked) == ()


def test_the_first_of_several_counts():
    cells = [CALL.format('"left"', ".8"), CALL.format('"down"', ".8"), CALL.format('"up"', "1")]
    assert read(*cells) == [("02.shift", "down", 0.8)]


def test_the_ten_questions_are_read_from_their_dictionary():
    answers = 'answers = {1: ("B", 0.75), 2: None, 99: ("a", 1), "x": ("a", 1), **more}\n'
    cell = answers + 'utils.concepts.answer("00", answers)'
    assert read(cell) == [("00.q1", QUESTIONS[0][1][1], 0.75)]
    assert read(answers, 'utils.concepts.answer("00", answers)') == read(cell)
    assert read('utils.concepts.answer("00", {2: ("c", 1)})') == [("00.q2", QUESTIONS[1][1][2], 1)]
    assert read(cell.replace('"00"', "lesson")) == []
    assert read('utils.concepts.answer("00", {1: ("a", 1), 1: ("B", 0.75)})') == read(cell)
    assert read('utils.concepts.answer("00", {1: ("ab", 1), 2: ("", 1), -1: ("a", 1)})') == []
    assert read("answers={1: ('b', .75)}", 'utils.concepts.answer("00", answers)') == read(cell)


def test_every_prediction_of_the_course_has_an_outcome_among_its_options():
    asked: dict[str, tuple[str, ...]] = {}
    outcomes: dict[str, str] = {}
    for name in lesson_names(made.SOLUTIONS).values():
        solution = read_solution(made.SOLUTIONS / f"{name}.ipynb")
        asked |= asked_in(read_notebook(solution.content).code)
        outcomes |= outcomes_in(solution.content)
    assert len(asked) >= 55
    for prediction, options in asked.items():
        question = prediction.partition(".")[2]
        outcome = outcomes.get(prediction) or outcomes[question]
        assert outcome in options, prediction


def test_lesson_14_asks_what_lesson_12_asked():
    asked = asked_in(['utils.concepts.answer("14", {11: None, 12: None})'])
    assert asked == {f"14.q{n}": QUESTIONS[n - 1][1] for n in (11, 12)}
    (forecast,) = read_forecasts(
        ['utils.concepts.answer("14", {11: ("c", 0.9), 1: ("a", 1)})'], asked
    )
    assert (forecast.prediction, forecast.answer) == ("14.q11", "0.9")
    (cell,) = ['{"cells": [{"outputs": [{"text": "11. 0.9\\n12. nine times in ten too\\n"}]}]}']
    assert outcomes_in(cell.encode()) == {"q11": "0.9", "q12": "nine times in ten too"}
    assert asked_in(['utils.concepts.answer("13", {11: None})']) == {}


def test_an_untouched_lesson_forecasts_nothing():
    cells = [cell["source"] for cell in made.released()["cells"] if cell["cell_type"] == "code"]
    assert asked_in(cells) and read_forecasts(cells, asked_in(cells)) == ()


def said(student, prediction, answer, sure, outcome="yes"):
    return Said(student, prediction[:2], Forecast(prediction, answer, sure), outcome)


def test_a_class_that_says_90_and_is_right_half_the_time_lies_below_its_band():
    class_ = [said(f"s{n}", "02.x", "yes" if n % 2 else "no", 0.9) for n in range(200)]
    diagram = reliability(class_)
    assert diagram
    (bar,) = diagram.bars
    assert (diagram.students, diagram.forecasts, bar.count) == (200, 200, 200)
    assert bar.said == pytest.approx(0.9) and bar.right == 0.5
    assert bar.right < bar.low < 0.9 <= bar.high
    assert diagram.error == pytest.approx(0.4) and diagram.error > diagram.floor_high
    assert reliability([]) is None


def test_where_most_were_wrong_and_sure_comes_first():
    class_ = [
        *(said(f"s{n}", "02.sure", "no" if n < 8 else "yes", 0.95) for n in range(10)),
        *(said(f"s{n}", "02.modest", "no" if n < 8 else "yes", 0.5) for n in range(10)),
        *(said(f"s{n}", "02.known", "yes", 0.9) for n in range(10)),
        said("s0", "02.one", "no", 1.0),
    ]
    questions = by_question(class_)
    assert [q.prediction for q in questions] == ["02.sure", "02.modest", "02.known", "02.one"]
    first = questions[0]
    assert (first.commonest, first.by, first.people) == ("no", 8, 10)
    assert [first.right, first.sure] == pytest.approx([0.2, 0.95])
    assert [q.prediction for q in confidently_wrong(questions)] == ["02.sure", "02.modest"]


def concept(student, lesson, right):
    return [
        said(student, f"{lesson}.q{n}", "yes" if n <= right else "no", 0.6) for n in range(1, 11)
    ]


def test_the_normalised_gain_is_of_paired_students_with_an_interval():
    class_ = [*concept("only before", "00", 9), *concept("only after", "11", 10)]
    for n in range(30):
        class_ += concept(f"s{n}", "00", 4 + n % 3) + concept(f"s{n}", "11", 7 + n % 3)
    found = gain(class_)
    assert found
    assert found.students == 30
    assert [found.before, found.after] == pytest.approx([0.5, 0.8])
    assert found.gain == pytest.approx(0.6)
    assert found.low < 0.6 < found.high and found.high - found.low < 0.2
    assert gain(concept("a", "00", 4)) is None
    assert gain(concept("a", "00", 10) + concept("a", "11", 10)) is None


def test_whatever_both_ends_hold_is_paired():
    class_ = concept("a", "00", 5) + concept("a", "11", 10)
    first, second = (
        [said("a", f"{lesson}.q{n}", answer, 0.6) for n in (11, 12)]
        for lesson, answer in (("12", "no"), ("14", "yes"))
    )
    found = gain(class_ + first + second)
    assert found
    assert (found.students, found.before, found.after) == (1, 5 / 12, 1.0)
    assert gain(first + concept("a", "11", 10)) is None  # other questions
    found = gain(first + second)
    assert found and found.gain == 1.0


def test_only_questions_answered_both_times_are_compared():
    class_ = concept("a", "00", 5)[:6] + concept("a", "11", 8)[4:]
    found = gain(class_)
    assert found
    assert (found.before, found.after) == (0.5, 1.0)  # of questions 5 and 6
    assert np.isfinite([found.gain, found.low, found.high]).all()
