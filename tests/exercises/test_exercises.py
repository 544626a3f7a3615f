"""Every exercise: right answers pass, the stub is not attempted, each known mistake is named."""

import dataclasses
import functools

import numpy as np
import pytest

import utils
from course import exercises
from course.judge import judge as judging
from course.judge.run import Status
from tests.answers import defined_in, id_of

# All of these answers end: a time limit for each call would cost a thread each.
judge = functools.partial(judging.judge, seconds=None)

EXERCISES = exercises.every()
# What only an answer that is itself broken raises; where a learner's would too, the tutor says so.
OWN_ERRORS = {
    "NameError",
    "UnboundLocalError",
    "AttributeError",
    "ImportError",
    "ModuleNotFoundError",
}


# Their answers fit models or draw thousands of times: four fifths of the time of all exercises.
SLOW = {"05.3", "07.4", "08.3", "08.4", "09.3", "09.4", "10.3", "11.3", "12.4"}


def thorough_if(wanted):
    return [pytest.mark.thorough] if wanted else []


def each(of):
    """Give a test each exercise with each of its answers of a kind; of the slow ones, the first."""
    return pytest.mark.parametrize(
        ("exercise", "answer"),
        [
            pytest.param(
                e,
                a,
                id=f"{id_of(e)}-{(a.name or 'model').replace(' ', '-')}",
                marks=thorough_if(e.number in SLOW and place > 0),
            )
            for e in EXERCISES
            for place, a in enumerate(of(e))
        ],
    )


def seeds(number):
    """Give a test the first seed always, further ones where all is tested."""
    return pytest.mark.parametrize(
        "seed", [pytest.param(seed, marks=thorough_if(seed > 0)) for seed in range(number)]
    )


every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=id_of)


def answer_to(exercise):
    return defined_in("solutions", exercise.number[:2])[exercise.name]


@functools.cache
def open_to_all(exercise):
    """Return the exercise without its forbidden names."""
    return dataclasses.replace(exercise, forbids=()) if exercise.forbids else exercise


@functools.cache
def nameless(exercise):
    """Return the exercise without its mistakes, where no name is asked for."""
    return dataclasses.replace(exercise, mistakes=())


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


@seeds(4)
@every_exercise
def test_the_solution_earns_every_point_on_any_seed(exercise, seed):
    judgement = judge(exercise, answer_to(exercise), seed)
    assert judgement.status is Status.PASSED, judgement.first_failure
    assert judgement.points == exercise.max_points


@every_exercise
def test_the_stub_of_the_lesson_is_not_attempted(exercise):
    stub = defined_in("lessons", exercise.number[:2])[exercise.name]
    judgement = judge(exercise, stub)
    assert (judgement.status, judgement.points) == (Status.NOT_ATTEMPTED, 0)


@seeds(2)
@each(lambda exercise: exercise.right)
def test_another_right_answer_passes(exercise, answer, seed):
    judgement = judge(exercise, answer.function, seed)
    assert judgement.status is Status.PASSED, judgement.first_failure


@seeds(2)
@each(lambda exercise: exercise.mistakes)
def test_each_mistake_fails_and_is_named(exercise, answer, seed):
    judgement = judge(open_to_all(exercise), answer.function, seed)
    assert judgement.status in (Status.FAILED, Status.ERROR)
    assert judgement.points < exercise.max_points
    assert judgement.misconception is not None, judgement.first_failure
    assert judgement.misconception.name == answer.name
    assert own_errors(judgement, answer) == []


def own_errors(judgement, answer):
    """Return the errors that are the page's own and no learner's."""
    outcomes = [result.failure.outcome for result in judgement.results if result.failure]
    return [
        outcome.detail
        for outcome in outcomes
        if outcome.error in OWN_ERRORS and outcome.error not in answer.says
    ]


def test_a_mistake_that_errs_by_itself_is_found():
    exercise = exercises.named("softmax")

    def softmax(logits):
        raise NameError("name 'logit' is not defined")

    judgement = judge(exercise, softmax)
    answer = exercise.mistakes[0]
    assert own_errors(judgement, answer)[0] == "name 'logit' is not defined"
    assert own_errors(judgement, dataclasses.replace(answer, says="A NameError.")) == []


@pytest.mark.parametrize(
    "form",
    [
        # What float32 may cost is measured anew in each case, which takes long.
        pytest.param(form, marks=thorough_if(form == "float32"))
        for form in FORMS
    ],
)
@every_exercise
def test_the_form_of_a_right_result_does_not_matter(exercise, form):
    solution = answer_to(exercise)
    if isinstance(solution, type):
        pytest.skip("a class: its results are judged through several calls")
    if exercise.number in ("04.4", "05.2") and form == "float64":
        pytest.skip("its integers are to index an array")

    def answer(*arguments):
        return reshaped(FORMS[form], solution(*arguments))

    judgement = judge(exercise, answer)
    assert judgement.status is Status.PASSED, judgement.first_failure


@every_exercise
def test_there_is_another_right_answer_and_there_are_two_mistakes(exercise):
    assert len(exercise.right) >= 2
    assert len(exercise.mistakes) >= 2


@pytest.mark.parametrize("constant", [0.0, 1.0, np.nan])
@every_exercise
def test_a_constant_of_the_right_shape_earns_nothing(exercise, constant):
    if exercise.drive:
        pytest.skip("a class or a call of several steps: its own tests cover that")
    solution = answer_to(exercise)

    def answer(*arguments):
        def fill(array):
            whole = array.dtype.kind in "iub" and constant == constant
            return np.full(array.shape, constant, dtype=array.dtype if whole else float)

        return reshaped(fill, solution(*arguments))

    judgement = judge(nameless(exercise), answer)
    assert judgement.points == 0
    assert judgement.status in (Status.FAILED, Status.ERROR)


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if hasattr(utils, e.name)], ids=id_of)
def test_the_version_in_utils_is_right_but_forbidden(exercise):
    finished = getattr(utils, exercise.name)
    if exercise.number != "13.3":  # utils' own stops by itself, and tells more than the shares
        assert judge(open_to_all(exercise), finished).status is Status.PASSED
    assert judge(exercise, finished).status is Status.FORBIDDEN


def test_numbers_run_on_within_each_lesson():
    by_lesson: dict[str, list[str]] = {}
    for exercise in EXERCISES:
        by_lesson.setdefault(exercise.number[:2], []).append(exercise.number)
    for lesson, numbers in by_lesson.items():
        assert numbers == [f"{lesson}.{k}" for k in range(1, len(numbers) + 1)]
