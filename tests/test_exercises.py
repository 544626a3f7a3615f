"""Every exercise: the solution passes, the stub is not attempted, each known mistake is named."""

import dataclasses
import functools
import importlib

import numpy as np
import pytest

import utils
from tests.answers import ROOT, defined_in
from utils import exercises
from utils import judge as judging

# All of these answers end: a time limit for each call would cost a thread each.
judge = functools.partial(judging.judge, seconds=None)

EXERCISES = list(exercises.by_name().values())


def answer_to(exercise):
    return defined_in("solutions", exercise.number[:2])[exercise.name]


@functools.cache
def open_to_all(exercise):
    """Return the exercise without its forbidden names."""
    return dataclasses.replace(exercise, forbids=())


def reshaped(change, result):
    """Apply a change to every array of a result."""
    if isinstance(result, tuple | list):
        return type(result)(reshaped(change, part) for part in result)
    return change(np.asarray(result))


def spread_out(array):
    """Return the same values with gaps in memory between them."""
    wide = np.repeat(np.atleast_1d(array), 2, axis=-1)[..., ::2]
    return wide if np.ndim(array) else array


FORMS = {
    "float32": lambda a: a.astype(np.float32) if a.dtype.kind == "f" else a,
    "float64": lambda a: a.astype(np.float64) if a.dtype.kind in "iubf" else a,
    "a list": lambda a: a.tolist(),
    "Fortran order": lambda a: np.asarray(a, order="F"),  # asfortranarray turns 0-d into 1-d
    "not contiguous": spread_out,
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_the_solution_earns_every_point_on_any_seed(exercise, seed):
    judgement = judge(exercise, answer_to(exercise), seed)
    assert judgement.status == "passed", judgement.first_failure
    assert judgement.points == exercise.max_points


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_the_stub_of_the_lesson_is_not_attempted(exercise):
    stub = defined_in("lessons", exercise.number[:2])[exercise.name]
    judgement = judge(exercise, stub)
    assert (judgement.status, judgement.points) == ("not_attempted", 0)


@pytest.mark.parametrize(
    ("exercise", "misconception"),
    [
        pytest.param(e, m, id=f"{e.name}-{m.name.replace(' ', '-')}")
        for e in EXERCISES
        for m in e.misconceptions
    ],
)
def test_each_misconception_fails_and_is_named(exercise, misconception):
    for seed in range(2):
        judgement = judge(open_to_all(exercise), misconception.wrong, seed)
        assert judgement.status in ("failed", "error")
        assert judgement.points < exercise.max_points
        assert judgement.misconception is not None, judgement.first_failure
        assert judgement.misconception.name == misconception.name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_the_form_of_a_right_result_does_not_matter(exercise, form):
    solution = answer_to(exercise)
    if isinstance(solution, type):
        pytest.skip("a class: its results are judged through several calls")

    def answer(*arguments):
        return reshaped(FORMS[form], solution(*arguments))

    judgement = judge(exercise, answer)
    assert judgement.status == "passed", judgement.first_failure


def every_variant():
    for path in sorted((ROOT / "tests" / "variants").glob("lesson_*.py")):
        for name, answers in importlib.import_module(
            f"tests.variants.{path.stem}"
        ).VARIANTS.items():
            for answer in answers:
                yield pytest.param(name, answer, id=f"{name}-{answer.__name__}")


VARIANTS = list(every_variant())


@pytest.mark.parametrize(("name", "answer"), VARIANTS)
def test_another_right_answer_passes(name, answer):
    for seed in range(2):
        judgement = judge(exercises.by_name()[name], answer, seed)
        assert judgement.status == "passed", judgement.first_failure


def test_every_exercise_has_other_right_answers_to_try():
    named = {parameter.values[0] for parameter in VARIANTS}
    assert {e.name for e in EXERCISES} == named


@pytest.mark.parametrize("constant", [0.0, 1.0, np.nan])
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_a_constant_of_the_right_shape_earns_nothing(exercise, constant):
    if exercise.drive:
        pytest.skip("a class or a call of several steps: its own tests cover that")
    solution = answer_to(exercise)

    def answer(*arguments):
        def fill(array):
            whole = array.dtype.kind in "iub" and constant == constant
            return np.full(array.shape, constant, dtype=array.dtype if whole else float)

        return reshaped(fill, solution(*arguments))

    judgement = judge(exercise, answer)
    assert judgement.points == 0
    assert judgement.status in ("failed", "error")


@pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES if hasattr(utils, e.name)], ids=lambda e: e.name
)
def test_the_version_in_utils_is_right_but_forbidden(exercise):
    finished = getattr(utils, exercise.name)
    assert judge(open_to_all(exercise), finished).status == "passed"
    assert judge(exercise, finished).status == "forbidden"


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_names_of_misconceptions_differ_and_sentences_end(exercise):
    names = [m.name for m in exercise.misconceptions]
    assert len(set(names)) == len(names) >= 3
    assert all(m.says.endswith((".", "?", "!")) for m in exercise.misconceptions)


def test_numbers_run_on_within_each_lesson():
    by_lesson: dict[str, list[str]] = {}
    for exercise in EXERCISES:
        by_lesson.setdefault(exercise.number[:2], []).append(exercise.number)
    for lesson, numbers in by_lesson.items():
        assert numbers == [f"{lesson}.{k}" for k in range(1, len(numbers) + 1)]
