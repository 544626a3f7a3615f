"""The two models: scikit-learn's contract and optimum, and the laws their loss and fit obey."""

import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
import sklearn.linear_model
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    estimator_checks_generator,
)

from utils import datasets, models
from utils.functions import add_intercept, cross_entropy, one_hot, sigmoid
from utils.models import LogisticRegression, SoftmaxRegression

Model: TypeAlias = LogisticRegression | SoftmaxRegression
both = pytest.mark.parametrize("model_type", [LogisticRegression, SoftmaxRegression])
seeds = st.integers(0, 2**32 - 1)


def two_classes(n: int = 60) -> tuple[Any, Any]:
    """Overlapping classes 0 and 1, features neither centred nor of like scale."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, 3)) + y[:, np.newaxis] * [1.0, -1.0, 0.5]
    return X * [1, 30, 0.2] + [5, -100, 0], y


# What parametrize_with_checks does, but that of scikit-learn 1.6 hands pytest a generator, which
# pytest 9 warns about.
CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}")
    for model_type in (LogisticRegression, SoftmaxRegression)
    for estimator, check in estimator_checks_generator(model_type())
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_every_check_of_scikit_learn_passes(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@both
def test_column_names_are_kept_and_compared(model_type: type[Model]) -> None:
    pytest.importorskip("pandas")
    check_dataframe_column_names_consistency(model_type.__name__, model_type())


# --- The optimum ---


def reference(X: Any, y: Any, C: float) -> Any:
    model = sklearn.linear_model.LogisticRegression(C=C, solver="newton-cg", tol=1e-10)
    return model.fit(X, y)


@pytest.mark.parametrize("C", [0.01, 1.0])
def test_logistic_regression_has_scikit_learns_optimum_with_lam_1_over_n_times_c(C: float) -> None:
    X, y = two_classes()
    X = StandardScaler().fit_transform(X)
    theirs = reference(X, y, C)
    ours = LogisticRegression(lam=1 / (len(X) * C), tol=1e-9).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-6)


@pytest.mark.parametrize("C", [0.01, 1.0])
def test_softmax_regression_has_scikit_learns_optimum_with_lam_1_over_n_times_c(C: float) -> None:
    X, y = datasets.three_clusters().X, datasets.three_clusters().y
    theirs = reference(X, y, C)
    ours = SoftmaxRegression(lam=1 / (len(X) * C), tol=1e-9).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
    assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), atol=1e-6)


def test_softmax_regression_of_two_classes_has_that_optimum_with_lam_2_over_n_times_c() -> None:
    X, y = two_classes()
    X = StandardScaler().fit_transform(X)
    theirs = reference(X, y, C=1.0)
    ours = SoftmaxRegression(lam=2 / len(X), tol=1e-9).fit(X, y)
    assert_allclose(ours.coef_[1:] - ours.coef_[:1], theirs.coef_, atol=1e-6)
    assert_allclose(ours.coef_.sum(axis=0), 0, atol=1e-12)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)


@pytest.mark.filterwarnings("ignore:scipy.optimize:DeprecationWarning")  # scikit-learn 1.6's own
def test_default_tolerance_comes_within_1e_4_of_scikit_learns_loss_on_digits() -> None:
    X, y = StandardScaler().fit_transform(datasets.digits().X), datasets.digits().y
    theirs = sklearn.linear_model.LogisticRegression(max_iter=10_000).fit(X, y)
    lam = 1 / len(X)
    their_loss = cross_entropy(theirs.decision_function(X), y) + lam / 2 * np.sum(theirs.coef_**2)
    assert SoftmaxRegression(lam=lam).fit(X, y).loss_history_[-1] <= their_loss + 1e-4


# --- The loss, its slope and its curvature ---


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([LogisticRegression, SoftmaxRegression]))
def test_gradient_and_curvature_equal_finite_differences(
    seed: int, model_type: type[Model]
) -> None:
    rng = np.random.default_rng(seed)
    model, K = model_type(), int(rng.integers(2, 5)) if model_type is SoftmaxRegression else 2
    Z, penalty = rng.normal(size=(7, 3)), np.array([0, 0.1, 0.2, 0.3])
    Y = model._targets(one_hot(rng.integers(K, size=7), K))
    Theta, direction = rng.normal(size=(2, Y.shape[1], 4))
    change = add_intercept(Z) @ direction.T

    def loss(t: float) -> float:
        moved = Theta + t * direction
        return model._evaluate(add_intercept(Z) @ moved.T, Y, moved, penalty)[1]

    P, _ = model._evaluate(add_intercept(Z) @ Theta.T, Y, Theta, penalty)
    h = 1e-4
    slope = np.vdot(models._gradient(P, Y, Z, Theta, penalty), direction)
    assert_allclose(slope, (loss(h) - loss(-h)) / (2 * h), rtol=1e-5, atol=1e-6)
    curvature = model._curvature(P, change) + np.vdot(direction, penalty * direction)
    assert_allclose(curvature, (loss(h) - 2 * loss(0) + loss(-h)) / h**2, rtol=1e-4, atol=1e-5)


@both
def test_curvature_of_saturated_probabilities_is_not_zero(model_type: type[Model]) -> None:
    P = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert 0 < model_type()._curvature(P, np.array([[1.0, -1.0], [2.0, 0.5]])) < 1e-14


@both
def test_loss_history_falls_from_chance_to_the_loss_of_the_fitted_weights(
    model_type: type[Model],
) -> None:
    X, y = two_classes()
    model = model_type(lam=0.05).fit(X, y)
    assert len(model.loss_history_) == model.n_iter_ + 1
    assert_allclose(model.loss_history_[0], np.log(2))
    assert np.all(np.diff(model.loss_history_) < 0)
    log_likelihood = model.predict_log_proba(X)[np.arange(len(y)), y].mean()
    final = -log_likelihood + 0.05 / 2 * np.sum(model.coef_**2)
    assert_allclose(model.loss_history_[-1], final)


@both
def test_intercept_is_not_penalised(model_type: type[Model]) -> None:
    X, y = two_classes()
    X, y = X[5:], y[5:]  # 28 examples of class 1, 27 of class 0
    model = model_type(lam=1e9, tol=1e-9).fit(X, y)
    frequencies = [np.mean(y == 0), np.mean(y == 1)]
    assert_allclose(model.predict_proba(X), np.tile(frequencies, (len(X), 1)), atol=1e-6)


@both
def test_moving_the_origin_of_the_features_changes_no_probability(model_type: type[Model]) -> None:
    X, y = two_classes()
    model = model_type(lam=10.0, tol=1e-10)
    here = model.fit(X, y).predict_proba(X)
    assert np.ptp(here) > 0.1
    assert_allclose(model.fit(X + 1000, y).predict_proba(X + 1000), here, atol=1e-8)


@both
def test_without_penalty_the_units_of_the_features_do_not_matter(model_type: type[Model]) -> None:
    X, y = two_classes()
    model = model_type(lam=0.0, tol=1e-10)
    here = model.fit(X, y).predict_proba(X)
    units = np.array([1e-6, 1, 1e6])
    assert_allclose(model.fit(X * units, y).predict_proba(X * units), here, atol=1e-8)


# --- The classifier ---


@pytest.mark.parametrize("seed", range(8))
def test_two_iris_species_are_told_apart_with_more_than_80_percent(seed: int) -> None:
    data = datasets.iris_two_species()
    X_train, X_test, y_train, y_test = train_test_split(
        data.X, data.y, test_size=0.2, stratify=data.y, random_state=seed
    )
    assert LogisticRegression(lam=0.01).fit(X_train, y_train).score(X_test, y_test) > 0.8


@pytest.mark.parametrize("seed", range(8))
def test_three_iris_species_are_told_apart_with_more_than_85_percent(seed: int) -> None:
    data = datasets.iris()
    X_train, X_test, y_train, y_test = train_test_split(
        data.X, data.y, test_size=0.2, stratify=data.y, random_state=seed
    )
    assert SoftmaxRegression(lam=0.01).fit(X_train, y_train).score(X_test, y_test) > 0.85


@both
@pytest.mark.parametrize(
    "labels", [[False, True], [-7, 12], [0.0, 1.0], ["no", "yes"], np.array(["a", "b"], object)]
)
def test_labels_of_any_type_come_back(model_type: type[Model], labels: Any) -> None:
    X, y = two_classes()
    named = np.asarray(labels)[y]
    plain = model_type().fit(X, y).predict(X)
    model = model_type().fit(X, named)
    assert_array_equal(model.classes_, labels)
    assert_array_equal(model.predict(X), np.asarray(labels)[plain])
    assert model.predict(X).dtype == named.dtype


def test_more_than_two_classes_may_have_names_too() -> None:
    data = datasets.three_clusters()
    names = np.array(data.target_names)[data.y]
    model = SoftmaxRegression(lam=0.01).fit(data.X, names)
    assert_array_equal(model.classes_, ["left", "right", "top"])
    assert_array_equal(model.predict([[-3, 0], [3, 0], [0, 4]]), ["left", "right", "top"])


def test_theta_holds_what_gives_the_logits() -> None:
    data = datasets.three_clusters()
    model = SoftmaxRegression(lam=0.01).fit(data.X, data.y)
    assert model.Theta_.shape == (3, 3)
    logits = add_intercept(data.X) @ model.Theta_.T
    assert_allclose(model.decision_function(data.X), logits, atol=1e-12)
    with pytest.raises(NotFittedError):
        _ = SoftmaxRegression().Theta_


@both
def test_score_of_two_classes_is_the_log_odds_of_the_second(model_type: type[Model]) -> None:
    X, y = two_classes()
    model = model_type(lam=0.01).fit(X, y)
    z = model.decision_function(X)
    assert_allclose(model.predict_proba(X), np.column_stack([sigmoid(-z), sigmoid(z)]))
    assert_array_equal(model.predict(X), z > 0)


@both
def test_far_from_the_data_log_probabilities_stay_exact(model_type: type[Model]) -> None:
    model = model_type(lam=0.1).fit([[-1.0], [1.0]], [0, 1])
    z = model.decision_function([[1e6]])
    assert z > 1000
    assert_allclose(model.predict_log_proba([[1e6]]), [[-z[0], 0]])
    assert_array_equal(model.predict_proba([[1e6]]), [[0, 1]])


# --- The fit ---


@both
def test_separable_classes_end_the_descent_without_a_warning(model_type: type[Model]) -> None:
    X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    model = model_type().fit(X, y)
    assert model.score(X, y) == 1
    assert model.loss_history_[-1] < 1e-4


@both
def test_tol_0_goes_as_far_as_floats_do(model_type: type[Model]) -> None:
    X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    model = model_type(tol=0.0).fit(X, y)
    assert model.loss_history_[-1] < 1e-14
    assert model.n_iter_ < 1000


@both
def test_constant_feature_gets_no_weight(model_type: type[Model]) -> None:
    X, y = two_classes()
    model = model_type().fit(np.column_stack([np.full(len(X), 0.1), X]), y)
    assert_allclose(model.coef_[:, 0], 0, atol=1e-15)
    assert_allclose(model.coef_[:, 1:], model_type().fit(X, y).coef_, rtol=1e-6)


@both
def test_features_that_say_nothing_leave_the_class_frequencies(model_type: type[Model]) -> None:
    X = np.ones((4, 2))
    model = model_type().fit(X, [0, 1, 1, 1])
    assert_allclose(model.predict_proba(X), [[0.25, 0.75]] * 4, atol=1e-4)


@both
def test_lists_float32_and_any_memory_order_give_the_same_model(model_type: type[Model]) -> None:
    X, y = two_classes()
    X = np.float32(X)
    expected = model_type().fit(X.astype(float), y).coef_
    for variant in (X, X.tolist(), np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        assert_allclose(model_type().fit(variant, y.tolist()).coef_, expected, rtol=1e-6)


@both
def test_fit_changes_no_input_and_needs_little_more_than_one_copy(model_type: type[Model]) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 200)), rng.integers(2, size=2000)
    before = X.copy(), y.copy()
    tracemalloc.start()
    try:
        model_type(lam=0.1).fit(X, y)
        assert tracemalloc.get_traced_memory()[1] < 1.3 * X.nbytes
    finally:
        tracemalloc.stop()
    assert_array_equal(X, before[0])
    assert_array_equal(y, before[1])


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([0.0, 1e-12, 1e-3, 1.0, 1e9]), st.sampled_from([0.0, 1e-12, 1e-5]))
def test_wild_data_gives_finite_weights_and_a_falling_loss(
    seed: int, lam: float, tol: float
) -> None:
    rng = np.random.default_rng(seed)
    n, d, K = rng.integers([2, 1, 2], [40, 5, 4])
    X = rng.standard_t(1, size=(n, d)) ** 3 * 10.0 ** rng.integers(-6, 7, size=d)
    y = rng.integers(K, size=n)
    y[:2] = 0, 1
    model = SoftmaxRegression(lam, tol, max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    assert np.all(np.isfinite(model.Theta_))
    assert np.all(np.diff(model.loss_history_) < 1e-11)


@both
def test_too_few_steps_warn_in_one_sentence_where_fit_was_called(model_type: type[Model]) -> None:
    X, y = two_classes()
    with pytest.warns(
        ConvergenceWarning,
        match=r"^\w+Regression has not converged: after max_iter=2 steps an entry of the gradient "
        r"is \d\.\de-\d\d, above tol=1.0e-05; raise either one$",
    ) as caught:
        model = model_type(max_iter=2).fit(X, y)
    assert [warning.filename for warning in caught] == [__file__]
    assert model.n_iter_ == 2
    assert model.loss_history_[2] < model.loss_history_[0]


@both
@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"lam": -1}, "lam must be a finite number, 0 or more, got -1"),
        ({"lam": np.inf}, "lam must be a finite number, 0 or more, got inf"),
        ({"lam": "much"}, "lam must be a finite number, 0 or more, got 'much'"),
        ({"tol": np.nan}, "tol must be a finite number, 0 or more, got nan"),
        ({"max_iter": 0}, "max_iter must be a whole number, 1 or more, got 0"),
        ({"max_iter": 2.5}, "max_iter must be a whole number, 1 or more, got 2.5"),
        ({"verbose": -1}, "verbose must be a whole number, 0 or more, got -1"),
    ],
)
def test_parameters_out_of_range_are_named(
    model_type: type[Model], parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        model_type(**parameters).fit([[0.0], [1.0]], [0, 1])


@both
@pytest.mark.parametrize(
    ("X", "y", "sentence"),
    [
        ([[0.0], [1.0]], ["a", "a"], "^y must hold two classes or more, got one class only: 'a'$"),
        ([[0.0], [np.nan]], [0, 1], "X contains NaN"),
        ([[0.0], [1.0]], [0, np.nan], "y contains NaN"),
        ([[0.0], [1.0]], [0, 1, 1], "inconsistent numbers of samples"),
        ([0.0, 1.0], [0, 1], "Expected 2D array, got 1D array"),
        ([[0.0], [1.0]], [0.3, 0.7], "Unknown label type: continuous"),
    ],
)
def test_bad_data_is_refused(model_type: type[Model], X: Any, y: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        model_type().fit(X, y)


# --- Huge features, and masks ---


@both
@pytest.mark.parametrize("size", [1e-100, 1e100, 1e150])
def test_features_of_any_size_whose_squares_are_floats_give_the_same_model(
    model_type: type[Model], size: float
) -> None:
    X, y = two_classes()
    expected = model_type().fit(X, y).predict_proba(X)
    assert_allclose(model_type().fit(size * X, y).predict_proba(size * X), expected, atol=1e-4)


@both
@pytest.mark.parametrize("size", [1e155, 1e200, 1e305])
def test_features_whose_squares_overflow_are_refused_in_one_sentence(
    model_type: type[Model], size: float
) -> None:
    X, y = two_classes()
    sentence = (
        r"^X holds numbers as large as \de\+\d+, whose squares are beyond the largest float; "
        "divide X by a constant$"
    )
    with pytest.raises(ValueError, match=sentence):
        model_type().fit(size * X, y)


@both
def test_a_fitted_model_refuses_features_whose_scores_overflow(model_type: type[Model]) -> None:
    X, y = two_classes()
    model = model_type().fit(X, y)
    for method in (model.decision_function, model.predict, model.predict_proba):
        with pytest.raises(ValueError, match=r"^X holds numbers as large as 2e\+308, whose scores"):
            method([[1.7e308, 1.7e308, -1.7e308]])


@both
def test_masked_features_and_labels_are_refused(model_type: type[Model]) -> None:
    X, y = two_classes()
    model = model_type().fit(X, y)
    masked = np.ma.masked_less(X, -100)
    for call in (
        lambda: model_type().fit(masked, y),
        lambda: model_type().fit(X, np.ma.masked_equal(y, 1)),
        lambda: model.predict(masked),
    ):
        with pytest.raises(ValueError, match=r"^some entries of [Xy] are masked; leave them out"):
            call()


def test_logistic_regression_points_to_softmax_regression_for_three_classes() -> None:
    with pytest.raises(ValueError, match=r"y holds 3 classes; use SoftmaxRegression$"):
        LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 1, 2])


@both
def test_verbose_tells_loss_and_gradient_every_so_many_steps_and_changes_nothing(
    model_type: type[Model], capsys: pytest.CaptureFixture[str]
) -> None:
    X, y = two_classes()
    silent = model_type(lam=1e-3).fit(X, y)
    assert capsys.readouterr().out == ""
    told = model_type(lam=1e-3, verbose=2).fit(X, y)
    assert_array_equal(told.coef_, silent.coef_)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == told.n_iter_ // 2 > 1
    assert lines[0].startswith(f"step    2  loss {told.loss_history_[2]:.4f}  gradient ")
