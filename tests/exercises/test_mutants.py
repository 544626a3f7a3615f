"""Nothing wrong passes: a right answer that is spoilt in a general way fails, in each exercise.

Spoilt are the arguments (one ignored, its first or last entry lost) and the result (cast). A mutant
that is right all the same stands in EQUIVALENT with the reason.
"""

import dataclasses
import functools
import inspect

import numpy as np
import pytest

from course import exercises
from course.judge.exercise import cases_of
from course.judge.judge import judge
from course.judge.run import Status, run
from tests.answers import id_of

pytestmark = pytest.mark.thorough

EXERCISES = exercises.every()

# (exercise, mutant) → why it is right all the same.
EQUIVALENT: dict[tuple[str, str], str] = {
    ("01.4", "result cast to int"): "labels are whole numbers",
    ("01.4", "result cast to bool"): "True and False are taken for 1 and 0",
    ("02.4", "result cast to int"): "the model's scores are whole numbers",
    ("04.4", "result cast to int"): "indices are whole numbers",
    ("08.5", "result cast to int"): "steps are whole numbers",
    ("10.3", "result cast to int"): "an arm is a whole number",
    ("11.1", "shares without its last entry"): "the last set takes what is left",
    ("11.1", "result cast to int"): "places are whole numbers",
    ("13.4", "result cast to int"): "decisions are whole numbers",
    ("14.2", "result cast to int"): "True and False are taken for 1 and 0",
    ("14.2", "result cast to bool"): "that is what it is",
}


def long_arguments(exercise):
    """Return the parameters, each with whether it is ever an array of several entries."""
    long = dict.fromkeys(inspect.signature(exercise.right[0].function).parameters, False)

    def look(arguments):
        for name, argument in arguments.items():
            long[name] |= is_long(argument)

    answer = spoilt(exercise.right[0].function, look)
    for case in cases_of(exercise, 0):
        run(answer, case.arguments, exercise.drive, seconds=None)
    return long


def spoilt(answer, change):
    """Return the answer, called with changed arguments; those by name count as well."""
    signature = inspect.signature(answer)

    def mutant(*arguments, **keywords):
        bound = signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        change(bound.arguments)
        return answer(*bound.args, **bound.kwargs)

    return mutant


def ignoring(answer, parameter):
    """Return the answer with one parameter always as it came first."""
    first: dict = {}

    def change(arguments):
        default = inspect.signature(answer).parameters[parameter].default
        came = arguments[parameter] if default is inspect.Parameter.empty else default
        arguments[parameter] = first.setdefault(parameter, came)

    return spoilt(answer, change)


def without(answer, place, parameter=None):
    """Return the answer with the first or last entry lost, of one argument or of all as long."""

    def change(arguments):
        long = {name: len(a) for name, a in arguments.items() if is_long(a)}
        chosen = [parameter] if parameter else [n for n in long if long[n] == max(long.values())]
        for name in chosen:
            if name in long:
                arguments[name] = arguments[name][place]

    return spoilt(answer, change)


def is_long(argument):
    return (
        isinstance(argument, np.ndarray | list | tuple)
        and np.ndim(argument) > 0
        and len(argument) > 1
    )


def result_as(answer, kind):
    def cast(value):
        if isinstance(value, tuple | list):
            return type(value)(map(cast, value))
        with np.errstate(invalid="ignore"):
            return np.asarray(value).astype(kind)

    return lambda *arguments, **keywords: cast(answer(*arguments, **keywords))


def mutants_of(exercise):
    """Yield name and function of every mutant of the model."""
    answer = exercise.right[0].function
    long = long_arguments(exercise)
    for parameter in long:
        yield f"{parameter} ignored", ignoring(answer, parameter)
    for what, place in (("first", slice(1, None)), ("last", slice(None, -1))):
        for parameter in filter(long.get, long):
            yield f"{parameter} without its {what} entry", without(answer, place, parameter)
        if sum(long.values()) > 1:
            yield f"the longest arguments without their {what} entry", without(answer, place)
    for kind in (int, bool, object):
        yield f"result cast to {kind.__name__}", result_as(answer, kind)


@functools.cache
def open_to_all(exercise):
    return dataclasses.replace(exercise, forbids=(), mistakes=())


@pytest.mark.parametrize("exercise", EXERCISES, ids=id_of)
def test_the_mutants_of_the_model_fail_but_for_those_that_are_right(exercise):
    if isinstance(exercise.right[0].function, type):
        pytest.skip("a class: its mutants have a file of their own")
    passed = {
        name
        for name, mutant in mutants_of(exercise)
        if judge(open_to_all(exercise), mutant, seconds=None).status is Status.PASSED
    }
    assert passed == {name for number, name in EQUIVALENT if number == exercise.number}


def test_equivalent_mutants_are_of_exercises():
    assert {number for number, _ in EQUIVALENT} <= {e.number for e in EXERCISES}
