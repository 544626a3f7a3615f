"""Lesson 05: the class the learner writes does what scikit-learn and `utils` do."""

import dataclasses

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course import exercises
from course.check import check
from course.judge.judge import judge
from tests.answers import defined_in
from utils import datasets
from utils.models import SoftmaxRegression

EXERCISE = exercises.named("SoftmaxClassifier")
BOTH = ("the learner's", "utils'")
both = pytest.mark.parametrize("which", BOTH)


def classifier(which):
    return (
        defined_in("solutions", "05")["SoftmaxClassifier"]
        if which == BOTH[0]
        else SoftmaxRegression
    )


def test_the_learners_class_earns_every_point():
    judgement = judge(EXERCISE, classifier(BOTH[0]))
    assert judgement.status == "passed", judgement.first_failure


def test_that_of_utils_descends_in_another_way():
    judgement = judge(dataclasses.replace(EXERCISE, forbids=()), classifier(BOTH[1]))
    assert judgement.points == 4
    assert judgement.first_failure
    assert judgement.first_failure.group.says.startswith("a record of the descent")


@both
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("load", "bar"), [(datasets.iris_two_species, 0.80), (datasets.iris, 0.85)]
)
def test_iris_clears_its_bar_on_a_held_out_fifth(which, seed, load, bar):
    data = load()
    names = np.array(data.target_names)[data.y]
    A, B, a, b = train_test_split(data.X, names, test_size=0.2, stratify=names, random_state=seed)
    model = make_pipeline(StandardScaler(), classifier(which)(lam=0.01)).fit(A, a)
    assert model.score(B, b) > bar


@both
@pytest.mark.parametrize(("load", "rows"), [(datasets.iris_two_species, 2), (datasets.iris, 1)])
def test_iris_gets_the_probabilities_of_scikit_learn(which, load, rows):
    data = load()
    X = StandardScaler().fit_transform(data.X)
    ours = classifier(which)(lam=rows / len(X)).fit(X, data.y)
    theirs = LogisticRegression(C=1, solver="newton-cg", tol=1e-9).fit(X, data.y)
    assert np.abs(ours.predict_proba(X) - theirs.predict_proba(X)).max() < 1e-3


@both
def test_it_can_be_cloned_cross_validated_and_fitted_again(which):
    data = datasets.iris()
    X = StandardScaler().fit_transform(data.X)
    model = clone(classifier(which)(lam=0.02))
    assert model.get_params()["lam"] == 0.02
    assert cross_val_score(model, X, data.y, cv=3).min() > 0.85
    first = model.fit(X, data.y).loss_history_[-1]
    model.fit(X[:100, :2], data.y[:100])  # two classes, two features
    assert model.predict_proba(X[:5, :2]).shape == (5, 2)
    assert model.fit(X, data.y).loss_history_[-1] == first


def test_a_class_with_fit_alone_is_told_what_is_missing():
    finished = classifier(BOTH[0])

    class SoftmaxClassifier(finished):  # type: ignore[misc, valid-type]
        def predict_proba(self, X):
            raise NotImplementedError

    verdict = check(SoftmaxClassifier)
    assert "predict_proba is not written yet" in verdict.message
    assert verdict.points == 1  # its record of the descent is right


@pytest.mark.parametrize("constant", [0.0, 1.0, np.nan])
def test_a_class_that_returns_constants_earns_nothing(constant):
    class SoftmaxClassifier:
        def __init__(self, lam):
            self.n_iter_ = 0

        def fit(self, X, y):
            self.classes_, self.loss_history_ = np.full(len(set(y)), constant), [constant] * 2
            return self

        def predict_proba(self, X):
            return np.full((len(X), len(self.classes_)), constant)

        def predict(self, X):
            return np.full(len(X), constant)

    judgement = judge(EXERCISE, SoftmaxClassifier)
    assert (judgement.status, judgement.points) == ("failed", 0)


def test_a_class_of_scikit_learn_is_not_the_learners_own():
    class SoftmaxClassifier:
        def __init__(self, lam):
            self.lam = lam

        def fit(self, X, y):
            self.model = LogisticRegression(C=1 / (len(X) * self.lam)).fit(X, y)
            return self

    assert judge(EXERCISE, SoftmaxClassifier).status == "forbidden"


def test_a_class_that_inherits_the_finished_one_is_not_the_learners_own():
    class SoftmaxClassifier(SoftmaxRegression):
        pass

    assert judge(EXERCISE, SoftmaxClassifier).status == "forbidden"
