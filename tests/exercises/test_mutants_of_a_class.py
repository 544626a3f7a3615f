"""Nothing wrong passes in 05.3 either: each way to spoil the model's class costs points."""

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest

from course import exercises
from course.judge.judge import judge
from course.judge.run import Status

pytestmark = pytest.mark.thorough

EXERCISE = dataclasses.replace(exercises.named("SoftmaxClassifier"), forbids=(), mistakes=())
MODEL: Any = EXERCISE.right[0].function
PARAMETERS = tuple(inspect.signature(MODEL).parameters)


def ignoring(parameter):
    class Mutant(MODEL):
        def __init__(self, **settings):
            settings.pop(parameter, None)
            super().__init__(**settings)

    return Mutant


def fitting(change):
    """Return the class with the examples changed before it learns from them."""

    class Mutant(MODEL):
        def fit(self, X, y):
            return super().fit(*change(X, y))

    return Mutant


def asked(change, *methods):
    """Return the class with the results of methods changed."""
    return type(
        "Mutant",
        (MODEL,),
        {
            name: (lambda self, X, name=name: change(getattr(MODEL, name)(self, X)))
            for name in methods
        },
    )


def fitted(change):
    """Return the class with something done to the fitted object."""

    class Mutant(MODEL):
        def fit(self, X, y):
            super().fit(X, y)
            change(self)
            return self

    return Mutant


class LearnsOnce(MODEL):
    def fit(self, X, y):
        return self if hasattr(self, "Theta_") else super().fit(X, y)


class Counts(MODEL):
    steps = 0

    def fit(self, X, y):
        super().fit(X, y)
        self.steps += vars(self)["n_iter_"]
        self.n_iter_ = self.steps
        return self


def shift(self):
    self.Theta_ = self.Theta_ + 1


def centre(X, y):
    X -= X.mean(axis=0)
    return X, y


def relabel(X, y):
    y[:] = y[::-1].copy()
    return X, y[::-1]


MUTANTS = {
    **{f"{parameter} ignored": ignoring(parameter) for parameter in PARAMETERS},
    "fit without the first example": fitting(lambda X, y: (X[1:], y[1:])),
    "fit without the last example": fitting(lambda X, y: (X[:-1], y[:-1])),
    "fit without the last feature": fitting(lambda X, y: (np.c_[X[:, :-1], 0 * X[:, -1:]], y)),
    "fit on rounded features": fitting(lambda X, y: (X.round(1), y)),
    "fit changes X": fitting(centre),
    "fit changes y": fitting(relabel),
    "probabilities of the classes the other way round": asked(
        lambda P: P[:, ::-1], "predict_proba"
    ),
    "labels squeezed": asked(np.squeeze, "predict"),
    "probabilities cast to int": asked(lambda P: P.astype(int), "predict_proba"),
    "probabilities rounded": asked(lambda P: P.round(2), "predict_proba"),
    "probabilities in float16": asked(np.float16, "predict_proba"),
    "probabilities cut off": asked(lambda P: P.clip(0.2, 0.8), "predict_proba"),
    "labels as objects": asked(lambda labels: labels.astype(object), "predict"),
    "labels backwards": asked(lambda labels: labels[::-1], "predict"),
    "a second fit does nothing": LearnsOnce,
    "n_iter_ counts all fits": Counts,
    "weights shifted, which no probability notices": fitted(shift),
    "classes_ as a set would have them": fitted(
        lambda self: setattr(self, "classes_", self.classes_[::-1])
    ),
    "losses cast to int": fitted(
        lambda self: setattr(self, "loss_history_", [int(x) for x in self.loss_history_])
    ),
    "losses backwards": fitted(lambda self: self.loss_history_.reverse()),
    "the last loss is missing": fitted(lambda self: self.loss_history_.pop()),
    "n_iter_ is max_iter": fitted(lambda self: setattr(self, "n_iter_", self.max_iter)),
}


def test_the_model_earns_every_point():
    assert judge(EXERCISE, MODEL).status is Status.PASSED


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_of_the_class_fails(name):
    assert judge(EXERCISE, MUTANTS[name], seconds=None).status is not Status.PASSED
