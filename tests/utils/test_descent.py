"""Gradients equal finite differences; the walk and the batches keep their laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import utils
from course import exercises
from course.judge.judge import judge
from utils import descent


def example(seed, n=7, K=3, d=2):
    rng = np.random.default_rng(seed)
    X = utils.add_intercept(rng.normal(size=(n, d)))
    return rng.normal(size=(K, d + 1)), X, rng.integers(K, size=n)


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 5), st.integers(0, 4))
@settings(max_examples=25, deadline=None)
def test_the_gradient_is_the_slope_of_the_cross_entropy(seed, n, K, d):
    Theta, X, y = example(seed, n, K, d)
    measured = descent.numerical_gradient(lambda T: utils.cross_entropy(X @ T.T, y), Theta)
    assert np.allclose(descent.softmax_gradient(Theta, X, y), measured, rtol=0, atol=1e-8)


def test_the_gradient_sums_to_zero_over_the_classes():
    assert np.allclose(descent.softmax_gradient(*example(1)).sum(axis=0), 0)


@pytest.mark.parametrize(
    ("Theta", "X", "y", "says"),
    [
        (np.zeros((3, 2)), np.zeros((5, 3)), np.zeros(5, int), r"\(3, 2\) and \(5, 3\)"),
        (np.zeros(3), np.zeros((5, 3)), np.zeros(5, int), "must be matrices"),
        (np.zeros((3, 2)), np.zeros((5, 2)), np.zeros(4, int), r"\(5, 2\).* \(4,\)"),
        (np.zeros((3, 2)), np.zeros((0, 2)), np.zeros(0, int), "at least one example"),
        (np.zeros((3, 2)), np.zeros((1, 2)), np.array([3]), "label 3"),
    ],
)
def test_shapes_that_do_not_fit_are_named(Theta, X, y, says):
    with pytest.raises(ValueError, match=says):
        descent.softmax_gradient(Theta, X, y)


def test_the_numerical_gradient_leaves_theta_alone_and_takes_integers():
    theta = np.array([[1, 2], [3, 4]])
    slopes = descent.numerical_gradient(lambda t: (t**3).sum(), theta, h=0.5)
    assert np.allclose(slopes, 3 * theta**2 + 0.25)
    assert theta.tolist() == [[1, 2], [3, 4]]


def test_a_walk_on_a_parabola_shrinks_by_one_minus_rate_times_curvature():
    places = descent.walk(lambda x: 3 * x, [2.0, -1.0], lr=0.1, n_steps=4)
    assert np.allclose(places, 0.7 ** np.arange(5)[:, None] * [2, -1])


def test_momentum_adds_a_share_of_the_last_step():
    places = descent.walk(lambda x: x, [1.0], lr=0.5, n_steps=3, momentum=0.5)
    assert np.allclose(places.ravel(), [1, 0.5, 0, -0.25])


def test_a_walk_of_no_steps_is_its_start_and_the_start_is_kept():
    start = np.ones((2, 3))
    assert descent.walk(lambda x: x, start, 0.1, 0).shape == (1, 2, 3)
    descent.walk(lambda x: x, start, 0.1, 5)
    assert (start == 1).all()


@given(st.integers(0, 60), st.integers(1, 70), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_every_example_is_dealt_once_and_only_the_last_batch_is_short(n, batch_size, seed):
    batches = descent.minibatches(n, batch_size, np.random.default_rng(seed))
    assert sorted(i for batch in batches for i in batch) == list(range(n))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert all(0 < len(batch) <= batch_size for batch in batches)


def test_batches_of_no_size_are_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        descent.minibatches(5, 0, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["softmax_gradient", "numerical_gradient", "minibatches"])
def test_what_the_lesson_goes_on_with_is_no_answer_to_its_exercise(name):
    assert judge(exercises.named(name), getattr(descent, name)).status == "forbidden"


def test_a_mistake_is_named_even_where_other_numbers_were_drawn():
    def minibatches(n, batch_size, rng):
        order = list(range(n))
        rng.shuffle(order)
        full = len(order) // batch_size * batch_size
        return np.reshape(order[:full], (-1, batch_size)).tolist()

    judgement = judge(exercises.named("minibatches"), minibatches)
    assert judgement.misconception is not None
    assert judgement.misconception.name == "last short batch dropped"
    assert judgement.points == 2
