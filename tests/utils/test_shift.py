"""What `utils.shift` promises: other shares and back, shares found without labels, cheap decisions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from utils.functions import log_softmax, softmax
from utils.shift import cheapest_decision, estimate_prior, shift_prior

quick = settings(max_examples=60, deadline=None, derandomize=True)
SEED = st.integers(0, 2**32 - 1)
CLASSES = st.integers(2, 6)


@pytest.fixture(autouse=True)
def every_floating_point_signal_is_an_error():
    """In every test of this file: no division by zero and no invalid value that is not meant."""
    with np.errstate(all="raise", under="ignore"):
        yield


def distributions(seed, n, n_classes):
    """Rows that sum to 1, and two sets of shares above 0."""
    rng = np.random.default_rng(seed)
    old, new = rng.dirichlet(np.full(n_classes, 2.0), size=2) * 0.99 + 0.01 / n_classes
    return rng.dirichlet(np.full(n_classes, 0.5), size=n), old, new


def gaussian_world(shares, n, seed):
    """Return one feature of classes at 0, 1.5, 3 …, with labels drawn from the shares."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(shares), size=n, p=shares)
    return 1.5 * y + rng.normal(size=n), y


def posterior(x, shares):
    """Bayes' rule in such a world."""
    joint = norm.pdf(x[:, np.newaxis] - 1.5 * np.arange(len(shares))) * shares
    return joint / joint.sum(axis=1, keepdims=True)


# --- Other shares ---


@quick
@given(SEED, CLASSES)
def test_shifting_back_gives_what_was(seed, n_classes):
    P, old, new = distributions(seed, 20, n_classes)
    there = shift_prior(P, old, new)
    np.testing.assert_allclose(there.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(shift_prior(there, new, old), P, rtol=1e-11, atol=1e-300)


@quick
@given(SEED, CLASSES)
def test_a_shift_adds_one_number_per_class_to_the_logits(seed, n_classes):
    _, old, new = distributions(seed, 20, n_classes)
    logits = np.random.default_rng(seed).normal(size=(20, n_classes), scale=5)
    shifted = shift_prior(softmax(logits), old, new)
    expected = log_softmax(logits + np.log(new) - np.log(old))
    np.testing.assert_allclose(np.log(shifted), expected, rtol=1e-9, atol=1e-12)


def test_bayes_rule_in_one_world_becomes_bayes_rule_in_the_other():
    old, new = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.1, 0.8])
    x, _ = gaussian_world(new, 50, seed=0)
    np.testing.assert_allclose(shift_prior(posterior(x, old), old, new), posterior(x, new))


def test_the_input_is_left_alone():
    P = np.array([[0.3, 0.7]])
    shift_prior(P, [0.5, 0.5], [0.1, 0.9])
    np.testing.assert_array_equal(P, [[0.3, 0.7]])


def test_zeros_stay_and_a_share_of_zero_makes_them():
    P = [[0.0, 0.5, 0.5], [0.2, 0.0, 0.8]]
    shifted = shift_prior(P, [0.2, 0.4, 0.4], [0.5, 0.5, 0])
    np.testing.assert_array_equal(shifted, [[0, 1, 0], [1, 0, 0]])


def test_a_class_that_never_was_and_will_not_be_is_left_out():
    P = [[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]]
    shifted = shift_prior(P, [0.5, 0.5, 0], [0.75, 0.25, 0])
    np.testing.assert_allclose(shifted, [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("P", "old", "new", "message"),
    [
        ([[0.5, 0.5]], [1, 0], [1, 0], "^the old share of class 1 is 0, so its probability must"),
        ([[1, 0]], [1, 0], [0.5, 0.5], "^the old share of class 1 is 0, so"),
        (
            [[0.5, 0.5], [1, 0]],
            [0.5, 0.5],
            [0, 1],
            r"^P\[1\] gives all its probability to classes whose new share is 0$",
        ),
        ([[0.5, 0.5]], [0.5, 0.5, 0], [1, 0], r"^old must hold the share of each of 2 classes"),
        ([[0.5, 0.5]], [0.5, 0.5], [9, 1], r"^new\[0\] is 9\.0, but a probability lies"),
        ([[0.5, 0.5]], [0.5, 0.5], [0.5, 0.4], "^new sums to 0.9, but shares sum to 1$"),
        ([[0.5, 0.6]], [0.5, 0.5], [0.5, 0.5], r"^P\[0\] sums to 1\.1"),
        ([0.5, 0.5], [0.5, 0.5], [0.5, 0.5], r"^P must be a table"),
    ],
)
def test_a_shift_says_what_is_wrong(P, old, new, message):
    with pytest.raises(ValueError, match=message):
        shift_prior(P, old, new)


# --- Shares found without labels ---


@quick
@given(SEED, CLASSES)
def test_the_likelihood_never_falls(seed, n_classes):
    P, old, _ = distributions(seed, 30, n_classes)
    found = estimate_prior(P, old, max_steps=200)
    assert found.log_likelihood[0] == 0 and np.diff(found.log_likelihood).min(initial=0) >= -1e-14
    np.testing.assert_allclose(found.prior.sum(), 1, rtol=1e-12)
    gained = np.log((P / old) @ found.prior).mean()
    np.testing.assert_allclose(found.log_likelihood[-1], gained, atol=1e-12)


@quick
@given(SEED, CLASSES)
def test_no_other_shares_are_likelier_by_more_than_the_tolerance(seed, n_classes):
    P, old, _ = distributions(seed, 40, n_classes)
    found = estimate_prior(P, old, tolerance=1e-6)
    assert found.converged

    def loss(logits):
        return -np.log((P / old) @ softmax(logits)).mean()

    other = minimize(loss, np.zeros(n_classes), method="L-BFGS-B", bounds=[(-30, 30)] * n_classes)
    assert -other.fun <= found.log_likelihood[-1] + 1e-6


def test_one_step_is_the_mean_of_the_shifted_probabilities():
    P, old, _ = distributions(0, 30, 3)
    first = estimate_prior(P, old, max_steps=1)
    np.testing.assert_allclose(first.prior, P.mean(axis=0), rtol=1e-12)
    assert not first.converged and len(first.log_likelihood) == 2
    second = estimate_prior(P, old, max_steps=2)
    expected = shift_prior(P, old, first.prior).mean(axis=0)
    np.testing.assert_allclose(second.prior, expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_true_shares_are_found_under_label_shift(seed):
    old, new = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])
    x, _ = gaussian_world(new, 20_000, seed)
    found = estimate_prior(posterior(x, old), old)
    assert found.converged
    np.testing.assert_allclose(found.prior, new, atol=0.03)


def test_probabilities_without_doubt_are_counted():
    found = estimate_prior(np.eye(3)[[0, 0, 1, 2]], [0.2, 0.2, 0.6])
    np.testing.assert_allclose(found.prior, [0.5, 0.25, 0.25])


def test_a_world_that_did_not_change_needs_no_step():
    found = estimate_prior([[0.5, 0.5], [0.9, 0.1], [0.1, 0.9]], [0.5, 0.5])
    assert found.converged and len(found.log_likelihood) == 1
    np.testing.assert_array_equal(found.prior, [0.5, 0.5])


def test_a_class_nobody_looks_like_vanishes_and_an_impossible_one_stays_out():
    found = estimate_prior([[0.6, 0.4, 0], [0.7, 0.3, 0]], [0.5, 0.5, 0])
    assert found.converged
    np.testing.assert_allclose(found.prior, [1, 0, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_steps": 0}, "^max_steps must be a positive integer, got 0$"),
        ({"tolerance": 0}, "^tolerance must be a finite number above 0, got 0$"),
        ({"old": [0.5]}, "^old must hold the share of each of 2 classes"),
    ],
)
def test_the_estimate_says_what_is_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        estimate_prior([[0.5, 0.5]], **{"old": [0.5, 0.5], **options})


# --- Cheap decisions ---


@quick
@given(SEED, CLASSES, st.integers(1, 4))
def test_no_other_decision_costs_less(seed, n_classes, n_decisions):
    P, _, _ = distributions(seed, 10, n_classes)
    costs = np.random.default_rng(seed).normal(size=(n_decisions, n_classes))
    for p, chosen in zip(P, cheapest_decision(P, costs), strict=True):
        expected = [sum(p[k] * costs[d, k] for k in range(n_classes)) for d in range(n_decisions)]
        assert expected[chosen] <= min(expected) + 1e-12


def test_equal_costs_choose_the_likeliest_class_and_ties_the_first():
    P = [[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]
    np.testing.assert_array_equal(cheapest_decision(P, 1 - np.eye(3)), [1, 0])


def test_a_decision_that_is_no_class_is_taken_in_doubt():
    costs = [[0.0, 1.0], [1.0, 0.0], [0.2, 0.2]]  # the last: ask somebody
    P = [[0.9, 0.1], [0.3, 0.7], [0.1, 0.9]]
    np.testing.assert_array_equal(cheapest_decision(P, costs), [0, 2, 1])


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ([1, 2], r"^costs must have a row .* of 2 classes, but have shape \(2,\)$"),
        ([[1, 2, 3]], r"have shape \(1, 3\)$"),
        (np.zeros((0, 2)), r"have shape \(0, 2\)$"),
        ([[np.inf, 0]], "^costs must be finite numbers$"),
    ],
)
def test_a_cost_table_that_does_not_fit_is_refused(costs, message):
    with pytest.raises(ValueError, match=message):
        cheapest_decision([[0.5, 0.5]], costs)
