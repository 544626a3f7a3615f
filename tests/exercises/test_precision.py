"""Low precision is no excuse: it wins nothing for a mistake, and costs no right answer a point."""

import dataclasses
import functools

import numpy as np
import pytest

from course import exercises
from course.judge.judge import judge, sheet_of, verdict
from course.judge.run import Outcome, Status, plain, run
from tests.answers import id_of

pytestmark = pytest.mark.thorough

EXERCISES = exercises.every()


def cast(value, dtype):
    """Return plain data with its numbers in a float type; what is finite stays so."""
    if isinstance(value, tuple):
        return tuple(cast(part, dtype) for part in value)
    if value.dtype.kind not in "fiub":
        return value
    top = np.finfo(dtype).max
    return np.where(np.isfinite(value), np.clip(value, -top, top), value).astype(dtype)


def down(outcome, dtype):
    if outcome.status is not Status.RETURNED:
        return outcome
    return Outcome(cast(outcome.value, dtype), changed=outcome.changed, warned=outcome.warned)


@pytest.mark.parametrize("exercise", EXERCISES, ids=id_of)
def test_a_known_mistake_cast_down_earns_no_more(exercise):
    nameless = dataclasses.replace(exercise, mistakes=())  # what they are called is not asked here
    sheet = sheet_of(nameless, 0)
    for mistake in exercise.mistakes:
        outcomes = [run(mistake.function, c.arguments, exercise.drive, None) for c in sheet.cases]
        points = verdict(sheet, outcomes).points
        for dtype in (np.float32, np.float16):
            less = verdict(sheet, [down(outcome, dtype) for outcome in outcomes])
            assert less.points <= points, (mistake.name, dtype)


@functools.cache
def open_to_all(exercise):
    return dataclasses.replace(exercise, forbids=(), mistakes=())


def in_float32(answer):
    """Return an answer that takes and gives float32, and calculates in it as far as it can."""

    def narrow(value):
        if isinstance(value, tuple | list):
            return type(value)(map(narrow, value))
        floats = isinstance(value, np.ndarray | np.generic) and value.dtype == np.float64
        return value.astype(np.float32) if floats else value

    return lambda *arguments: narrow(plain(answer(*narrow(arguments))))


@pytest.mark.parametrize("exercise", EXERCISES, ids=id_of)
def test_right_answers_in_float32_pass(exercise):
    for answer in exercise.right:
        if not isinstance(answer.function, type):
            mine = in_float32(answer.function)
            judgement = judge(open_to_all(exercise), mine, seconds=None)
            assert judgement.status is Status.PASSED, (answer.name, judgement.first_failure)


def test_float16_is_refused_in_one_sentence():
    exercise = exercises.named("softmax")
    model = exercise.right[0].function
    judgement = judge(exercise, lambda z: model(z).astype(np.float16), seconds=None)
    assert judgement.points == 0
    said = [result.failure.fault.says for result in judgement.results if result.failure]
    assert set(said) == {"float16 keeps three digits: return float64"}
