"""Four sets, risk against coverage, the report: the laws they obey."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import utils
from course import exercises
from course.judge.judge import judge
from tests.answers import defined_in
from utils.evaluation import (
    calibration_report,
    confusion_counts,
    risk_coverage,
    risk_threshold,
    split_four,
)

SHARES = (0.4, 0.15, 0.15, 0.3)
labels = st.lists(st.integers(0, 3), min_size=1, max_size=60).map(np.array)
predictions = st.lists(
    st.tuples(st.sampled_from([0.2, 0.5, 0.7, 0.9, 1.0]), st.booleans()), min_size=1, max_size=40
).map(lambda pairs: tuple(map(np.array, zip(*pairs, strict=True))))


@settings(max_examples=50, deadline=None)
@given(labels, st.integers(0, 2**32 - 1))
def test_each_example_is_in_one_set_and_each_class_has_its_share_to_one_example(y, seed):
    sets = split_four(y, SHARES, seed)
    assert_array_equal(np.sort(np.concatenate(sets)), np.arange(len(y)))
    for part, share in zip(sets, SHARES, strict=True):
        for label in np.unique(y):
            assert abs(np.sum(y[part] == label) - share * np.sum(y == label)) <= 1 + 1e-9


def test_a_split_depends_on_the_seed_alone_and_is_in_no_order():
    y = np.repeat([0, 1], 200)
    first, again, other = (split_four(y, SHARES, rng) for rng in (0, np.random.default_rng(0), 1))
    for a, b, c in zip(first, again, other, strict=True):
        assert_array_equal(a, b)
        assert not np.array_equal(np.sort(a), np.sort(c))
        assert (np.diff(a) < 0).any()


@pytest.mark.parametrize(
    "shares", [(0.5, 0.5), (0.4, 0.3, 0.3, 0.3), (0.5, 0.5, 0, 0), (0.5, 0.6, -0.1, 0)]
)
def test_shares_that_are_not_four_parts_of_a_whole_are_refused(shares):
    with pytest.raises(ValueError, match="shares must be four positive numbers with sum 1"):
        split_four([0, 1], shares, 0)


def test_labels_in_a_table_are_refused():
    with pytest.raises(ValueError, match="one label per example"):
        split_four(np.eye(3), SHARES, 0)


@settings(max_examples=50, deadline=None)
@given(predictions)
def test_the_curve_is_what_each_threshold_keeps_and_gets_wrong(made):
    confidence, correct = made
    thresholds, coverage, risk = risk_coverage(confidence, correct)
    assert_array_equal(thresholds, np.unique(confidence)[::-1])
    for t, share, wrong in zip(thresholds, coverage, risk, strict=True):
        kept = confidence >= t
        assert_allclose([share, wrong], [kept.mean(), 1 - correct[kept].mean()], atol=1e-12)


def test_a_confidence_one_rounding_above_1_is_kept_as_1():
    thresholds, coverage, risk = risk_coverage([0.6, 1 + 2**-52], [False, True])
    assert thresholds.tolist() == [1, 0.6]
    assert coverage.tolist() == [0.5, 1] and risk.tolist() == [0, 0.5]
    assert risk_threshold([0.6, 1 + 2**-52], [False, True], 0.1) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda y: split_four(y, SHARES, 0),
        lambda y: confusion_counts(y, [0, 1, 1], 2),
        lambda y: confusion_counts([0, 1, 1], y, 2),
        lambda y: risk_coverage([0.5, 0.6, 0.7], y),
        lambda y: calibration_report(np.eye(2)[[0, 1, 1]], y),
    ],
)
def test_masked_labels_are_refused(call):
    with pytest.raises(ValueError, match=r"are masked; leave them out or fill them first$"):
        call(np.ma.masked_array([0, 1, 1], mask=[False, True, False]))


@settings(max_examples=50, deadline=None)
@given(predictions, st.floats(0, 1))
def test_the_threshold_keeps_the_limit_and_no_lower_one_does(made, max_risk):
    confidence, correct = made
    t = risk_threshold(confidence, correct, max_risk)
    fits = [(~correct[confidence >= c]).mean() <= max_risk for c in np.unique(confidence)]
    assert t == (np.unique(confidence)[fits][0] if any(fits) else np.inf)


def test_the_report_agrees_with_scikit_learn_and_the_parts_of_utils():
    rng = np.random.default_rng(0)
    logits, y, T = 3 * rng.normal(size=(400, 4)), rng.integers(4, size=400), 1.7
    accuracy, confidence, log_loss, ece, mark = calibration_report(logits, y, T, n_bins=10)
    P = utils.softmax(logits / T)
    assert_allclose(accuracy, sklearn.metrics.accuracy_score(y, P.argmax(axis=1)))
    assert_allclose(confidence, P.max(axis=1).mean())
    assert_allclose(log_loss, sklearn.metrics.log_loss(y, P))
    assert_allclose(ece, utils.expected_calibration_error(*utils.top_label(P, y), 10))
    assert_allclose(mark, utils.noise_floor(P.max(axis=1), 10).high)


def test_the_confusion_counts_are_scikit_learns():
    y, predicted = np.random.default_rng(0).integers(5, size=(2, 300))
    assert_array_equal(
        confusion_counts(y, predicted, 5), sklearn.metrics.confusion_matrix(y, predicted)
    )


@pytest.mark.parametrize("constant", [0, 1])
def test_four_constant_sets_earn_nothing(constant):
    def split_four(y, shares, rng):
        return [np.full(len(y) // 4, constant)] * 4

    judgement = judge(exercises.named("split_four"), split_four)
    assert (judgement.status, judgement.points) == ("failed", 0)


def test_whole_numbers_of_any_type_are_places():
    solution = defined_in("solutions", "11")["split_four"]
    for dtype in (np.int16, np.uint32, np.float64):

        def split_four(y, shares, rng, dtype=dtype):
            return [part.astype(dtype) for part in solution(y, shares, rng)]

        assert judge(exercises.named("split_four"), split_four).status == "passed"
