"""What `utils.calibration` promises: the bins, the laws, chance itself, the errors, the figure."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from utils.calibration import (
    apply_temperature,
    brier_decomposition,
    brier_score,
    classwise_calibration_error,
    consistency_band,
    expected_calibration_error,
    fit_temperature,
    hidden_gap,
    maximum_calibration_error,
    noise_floor,
    reliability_curve,
    reliability_in_words,
    top_label,
)
from utils.functions import cross_entropy, softmax

NAN = np.nan
STRATEGIES = ["uniform", "quantile"]

quick = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(autouse=True)
def every_floating_point_signal_is_an_error():
    """In every test of this file: no division by zero and no invalid value that is not meant."""
    with np.errstate(all="raise", under="ignore"):
        yield


# Any float between 0 and 1, and those that people write: tenths and the like, exactly on edges.
CONFIDENCE = st.one_of(
    st.floats(0, 1),
    st.integers(0, 20).map(lambda i: i / 20),
    st.sampled_from([0.0, 1.0, 5e-324, 1 - 2**-53, 0.29, 1 / 3]),
)
FORECASTS = st.lists(st.tuples(CONFIDENCE, st.booleans()), min_size=1, max_size=30).map(
    lambda pairs: (np.array([c for c, _ in pairs]), np.array([r for _, r in pairs]))
)
N_BINS = st.integers(1, 25)


def forecasts(n, seed=0):
    """Overconfident yes/no forecasts, none of them on an edge."""
    rng = np.random.default_rng(seed)
    p = rng.random(n)
    return p, rng.random(n) < 0.1 + 0.7 * p


def distributions(n=200, n_classes=4, seed=0):
    """Probabilities and labels drawn from a flatter version of them."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(n_classes, 0.4), size=n)
    y = [rng.choice(n_classes, p=0.7 * p + 0.3 / n_classes) for p in P]
    return P, np.array(y)


# --- The bins ---


@quick
@given(FORECASTS, N_BINS, st.sampled_from(STRATEGIES))
def test_bins_partition_the_data(data, n_bins, strategy):
    confidence, correct = data
    counts, mean, accuracy, edges = reliability_curve(confidence, correct, n_bins, strategy)
    assert counts.sum() == len(confidence)
    assert edges.shape == (n_bins + 1,) and counts.shape == mean.shape == (n_bins,)
    assert edges[0] == 0 and edges[-1] == 1 and (np.diff(edges) >= 0).all()
    for k in range(n_bins):  # lo ≤ confidence < hi, to the last bit
        inside = (confidence >= edges[k]) & (confidence < edges[k + 1])
        if k == n_bins - 1:
            inside |= confidence == 1
        assert counts[k] == inside.sum()
        if inside.any():
            np.testing.assert_allclose(mean[k], confidence[inside].mean(), rtol=1e-12)
            assert accuracy[k] == correct[inside].mean()
        else:
            assert np.isnan(mean[k]) and np.isnan(accuracy[k])


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("n_bins", [1, 2, 15])
def test_confidence_exactly_0_and_exactly_1_each_belong_to_a_bin(n_bins, strategy):
    confidence = [0.0, 0.2, 0.3, 0.6, 0.9, 1.0]
    counts = reliability_curve(confidence, [True] * 6, n_bins, strategy).counts
    assert counts.sum() == 6
    assert counts[0] >= 1 and counts[-1] >= 1
    alone = reliability_curve([0.0, 1.0], [False, True], n_bins)
    assert alone.counts.sum() == 2


@pytest.mark.parametrize("n_bins", [2, 3, 10, 15, 100, 777])
def test_a_confidence_written_as_an_edge_begins_its_bin(n_bins):
    confidence = np.arange(n_bins) / n_bins
    counts, mean, _, edges = reliability_curve(confidence, np.ones(n_bins), n_bins)
    np.testing.assert_array_equal(edges[:-1], confidence)
    np.testing.assert_array_equal(counts, 1)
    np.testing.assert_array_equal(mean, confidence)
    below = np.nextafter(confidence[1:], 0)
    counts = reliability_curve(below, np.ones(n_bins - 1), n_bins).counts
    np.testing.assert_array_equal(counts, [1] * (n_bins - 1) + [0])


def test_edges_hold_across_the_blocks_in_which_a_long_array_is_worked_on():
    confidence = np.tile(np.arange(11) / 10, 20_000)
    counts = reliability_curve(confidence, np.ones(len(confidence)), 10).counts
    np.testing.assert_array_equal(counts, [20_000] * 9 + [40_000])


@pytest.mark.parametrize(("n", "n_bins"), [(40, 5), (1000, 8), (37, 4), (10, 10), (7, 15)])
def test_equal_mass_bins_differ_by_one_at_most_where_all_confidences_differ(n, n_bins):
    confidence = np.random.default_rng(0).permutation(n) / n
    counts = reliability_curve(confidence, np.ones(n), n_bins, "quantile").counts
    assert counts.max() - counts.min() <= 1


def test_equal_mass_bins_keep_equal_confidences_together():
    confidence = [1.0] * 8 + [0.5, 0.6]
    curve = reliability_curve(confidence, [True] * 10, 5, "quantile")
    np.testing.assert_array_equal(curve.counts, [2, 0, 0, 0, 8])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_curve_agrees_with_scikit_learn(strategy):
    p, came = forecasts(3000)  # a multiple of the bins, so no quantile falls on a forecast
    share, mean = calibration_curve(came, p, n_bins=15, strategy=strategy)
    ours = reliability_curve(p, came, 15, strategy)
    full = ours.counts > 0
    np.testing.assert_allclose(ours.accuracy[full], share, rtol=1e-12)
    np.testing.assert_allclose(ours.confidence[full], mean, rtol=1e-12)


def test_scikit_learn_leaves_out_the_bins_that_are_nan_here():
    p, came = np.array([0.11, 0.12, 0.95]), np.array([0, 1, 1])
    share, _ = calibration_curve(came, p, n_bins=10)
    accuracy = reliability_curve(p, came, 10).accuracy
    np.testing.assert_array_equal(accuracy[~np.isnan(accuracy)], share)
    assert len(share) == 2 and np.isnan(accuracy).sum() == 8


# --- The errors ---


def guo_et_al(confidence, correct, n_bins):
    """ECE and MCE bin by bin, from their definition in Guo et al. (2017)."""
    gaps, weights = [], []
    for k in range(n_bins):
        inside = (confidence > k / n_bins) & (confidence <= (k + 1) / n_bins)
        if inside.any():
            gaps.append(abs(correct[inside].mean() - confidence[inside].mean()))
            weights.append(inside.mean())
    return np.dot(gaps, weights), max(gaps)


@pytest.mark.parametrize("n_bins", [1, 5, 15, 100])
def test_errors_agree_with_their_definition(n_bins):
    p, came = forecasts(500, seed=n_bins)
    ece, mce = guo_et_al(p, came, n_bins)
    assert expected_calibration_error(p, came, n_bins) == pytest.approx(ece, abs=1e-12)
    assert maximum_calibration_error(p, came, n_bins) == pytest.approx(mce, abs=1e-12)


@quick
@given(FORECASTS, N_BINS, st.sampled_from(STRATEGIES))
def test_the_mean_gap_lies_between_the_overall_gap_and_the_largest(data, n_bins, strategy):
    confidence, correct = data
    ece = expected_calibration_error(confidence, correct, n_bins, strategy)
    mce = maximum_calibration_error(confidence, correct, n_bins, strategy)
    overall = abs(correct.mean() - confidence.mean())
    assert overall - 1e-12 <= ece <= mce + 1e-12 <= 1 + 2e-12


@quick
@given(FORECASTS, N_BINS)
def test_the_order_of_predictions_does_not_matter(data, n_bins):
    confidence, correct = data
    turned = expected_calibration_error(confidence[::-1], correct[::-1], n_bins)
    assert turned == pytest.approx(
        expected_calibration_error(confidence, correct, n_bins), abs=1e-12
    )


def test_an_empty_bin_is_not_the_largest_gap():
    assert maximum_calibration_error([0.95, 0.95], [True, True], 10) == pytest.approx(0.05)
    assert expected_calibration_error([0.95, 0.95], [True, True], 10) == pytest.approx(0.05)


def test_one_outcome_alone_is_data_like_any_other():
    assert expected_calibration_error([1.0, 1.0], [True, True]) == 0
    assert expected_calibration_error([1.0, 1.0], [False, False]) == 1


# --- Several classes ---


def test_top_label_takes_the_largest_probability():
    P, y = distributions()
    confidence, correct = top_label(P, y)
    np.testing.assert_array_equal(confidence, P.max(axis=1))
    np.testing.assert_array_equal(correct, P.argmax(axis=1) == y)


def test_classwise_errors_are_those_of_each_column():
    P, y = distributions()
    errors = classwise_calibration_error(P, y, 10)
    for k, p in enumerate(P.T):
        assert errors[k] == pytest.approx(guo_et_al(p, y == k, 10)[0], abs=1e-12)


def test_two_classes_have_the_same_classwise_error_twice():
    p, came = forecasts(400)
    first, second = classwise_calibration_error(np.column_stack([1 - p, p]), came.astype(int), 10)
    assert first == pytest.approx(second, abs=1e-12)
    assert second == pytest.approx(expected_calibration_error(p, came, 10), abs=1e-12)


def test_two_classes_have_twice_scikit_learns_brier_score():
    p, came = forecasts(400)
    ours = brier_score(np.column_stack([1 - p, p]), came.astype(int))
    assert ours == pytest.approx(2 * brier_score_loss(came, p), rel=1e-12)


def test_the_brier_score_runs_from_0_to_2():
    assert brier_score([[1, 0, 0], [0, 0, 1]], [0, 2]) == 0
    assert brier_score([[1, 0, 0], [0, 0, 1]], [1, 0]) == 2
    assert brier_score([[0.25] * 4], [3]) == pytest.approx(0.75)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("n_bins", [1, 4, 15])
@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_five_terms_add_up_to_the_brier_score(n_classes, n_bins, strategy):
    P, y = distributions(150, n_classes)
    parts = brier_decomposition(P, y, n_bins, strategy)
    assert parts.score == pytest.approx(brier_score(P, y), abs=1e-12)
    assert min(parts[:4]) >= 0
    three = parts.reliability - parts.resolution + parts.uncertainty
    assert abs(three - brier_score(P, y)) > 1e-6


def test_three_terms_are_enough_where_a_bin_holds_one_forecast_value():
    p = np.repeat([0.1, 0.5, 0.9], 40)
    y = (np.random.default_rng(0).random(120) < p).astype(int)
    parts = brier_decomposition(np.column_stack([1 - p, p]), y, 5)
    assert parts.within_bin_variance == pytest.approx(0, abs=1e-15)
    assert parts.within_bin_covariance == pytest.approx(0, abs=1e-15)


def test_the_overall_shares_are_reliable_and_have_no_resolution():
    y = np.repeat([0, 1, 2], [50, 30, 20])
    parts = brier_decomposition(np.tile([0.5, 0.3, 0.2], (100, 1)), y)
    np.testing.assert_allclose(parts, [0, 0, 1 - 0.25 - 0.09 - 0.04, 0, 0], atol=1e-12)


# --- Chance ---


@pytest.mark.parametrize(("n", "expected"), [(100, 0.088), (500, 0.041), (1000, 0.028)])
def test_the_noise_floor_is_the_mean_error_of_perfect_models(n, expected):
    rng = np.random.default_rng(0)
    c = rng.uniform(0.5, 1, size=n)
    errors = [expected_calibration_error(c, rng.random(n) < c) for _ in range(1000)]
    floor = noise_floor(c)
    assert floor.mean == pytest.approx(np.mean(errors), rel=0.03)
    assert floor.high == pytest.approx(np.quantile(errors, 0.95), rel=0.06)
    assert floor.mean == pytest.approx(expected, rel=0.05)


def test_the_noise_floor_falls_with_more_predictions_and_rises_with_more_bins():
    c = np.random.default_rng(0).uniform(0.5, 1, size=10_000)
    assert noise_floor(c).mean == pytest.approx(0.009, abs=0.0005)
    by_bins = [noise_floor(c[:500], n_bins).mean for n_bins in (1, 5, 15, 50)]
    assert (np.diff(by_bins) > 0).all()


def test_certainty_has_no_noise_floor():
    assert noise_floor([0.0, 1.0, 1.0]) == (0, 0)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("shape", [1, 3])
def test_perfectly_calibrated_data_stays_inside_its_own_band(shape, strategy):
    rng = np.random.default_rng(shape)
    c = 1 - 0.7 * rng.random(800) ** shape
    low, high = consistency_band(c, 8, 4000, strategy=strategy)
    inside = []
    for _ in range(500):
        accuracy = reliability_curve(c, rng.random(800) < c, 8, strategy).accuracy
        inside.append((low <= accuracy) & (accuracy <= high))
    full = ~np.isnan(low)
    coverage = np.mean(inside, axis=0)[full]
    assert full.sum() >= 5
    assert 0.945 <= coverage.mean() <= 0.985  # whole numbers, so a little more than 95 %
    assert coverage.min() > 0.92


def test_a_model_that_boasts_leaves_the_band():
    rng = np.random.default_rng(0)
    c = rng.uniform(0.8, 1, size=2000)
    low, _ = consistency_band(c, 5)
    assert reliability_curve(c, rng.random(2000) < c - 0.1, 5).accuracy[-1] < low[-1]
    assert expected_calibration_error(c, rng.random(2000) < c - 0.1) > noise_floor(c).high


@pytest.mark.parametrize(("n", "p", "least", "most"), [(9, 0.9, 6, 9), (20, 0.5, 6, 14)])
def test_the_band_of_equal_confidences_is_the_binomial_one(n, p, least, most):
    from scipy import stats

    assert stats.binom.ppf([0.025, 0.975], n, p).tolist() == [least, most]
    low, high = consistency_band(np.full(n, p), 1, 20_000)
    assert (round(n * low[0]), round(n * high[0])) == (least, most)


def test_a_wider_level_gives_a_wider_band():
    c = np.full(200, 0.7)
    narrow, wide = (consistency_band(c, 1, level=level) for level in (0.5, 0.99))
    assert wide[0] < narrow[0] < 0.7 < narrow[1] < wide[1]


@pytest.mark.parametrize("n", [1, 10, 3000])  # several rounds in a block, and several blocks
def test_the_same_seed_gives_the_same_band_and_floor(n):
    c = np.random.default_rng(0).random(n)
    for f in (consistency_band, noise_floor, hidden_gap):
        first, again = f(c, 5, 50, 3), f(c, 5, 50, np.random.default_rng(3))
        np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("missed", [0.2, 0.5])
def test_a_model_as_far_off_as_the_hidden_gap_passes_as_often_as_said(missed, strategy):
    c = np.random.default_rng(0).uniform(0.5, 1, size=500)
    mark = noise_floor(c, strategy=strategy).high
    gap = hidden_gap(c, strategy=strategy, missed=missed)
    shifts = np.linspace(0, 3, 3001)
    chances = 1 / (1 + np.exp(shifts[:, None]) * (1 - c) / c)  # all odds divided by one factor
    truth = chances[np.abs((c - chances).mean(axis=1) - gap).argmin()]
    rng = np.random.default_rng(1)
    errors = [
        expected_calibration_error(c, rng.random(500) < truth, strategy=strategy)
        for _ in range(2000)
    ]
    assert np.mean(np.array(errors) <= mark) == pytest.approx(missed, abs=0.05)


@pytest.mark.parametrize("n", [5, 20, 400])
def test_a_certain_model_hides_what_makes_no_mistake_in_all_its_predictions(n):
    gap = hidden_gap(np.ones(n), n_resamples=20_000)  # its mark is 0: one mistake gives it away
    assert gap == pytest.approx(1 - 0.2 ** (1 / n), rel=0.03)


def test_anything_can_hide_behind_one_prediction():
    assert hidden_gap([0.9]) == pytest.approx(0.9)
    assert hidden_gap([0.0, 0.0]) == 0  # nothing says too much here


def test_four_times_the_predictions_halve_the_hidden_gap():
    c = np.random.default_rng(0).uniform(0.5, 1, size=4000)
    assert hidden_gap(c) == pytest.approx(hidden_gap(c[:1000]) / 2, rel=0.1)


def test_empty_bins_have_no_band():
    low, high = consistency_band([0.05, 0.95, 1.0], 10)
    np.testing.assert_array_equal(np.isnan(low), [False] + [True] * 8 + [False])
    np.testing.assert_array_equal(np.isnan(low), np.isnan(high))


@pytest.mark.parametrize(
    ("right", "verdict"), [(8, "may be luck"), (3, "too sure"), (20, "not sure enough")]
)
def test_words_say_whether_it_may_be_luck(right, verdict):
    said = reliability_in_words([0.5] * 20, [True] * right + [False] * (20 - right), 1)
    if verdict == "may be luck":
        assert said.startswith("you said 50 %, right 8 of 20; 19 times in 20 a perfect forecaster")
    assert said.endswith(verdict)


# --- Inputs ---


@pytest.mark.parametrize("correct", [[1, 0, 1], [1.0, 0.0, 1.0], np.array([1, 0, 1], np.uint8)])
def test_numbers_0_and_1_are_outcomes_too(correct):
    confidence = [0.2, 0.4, 0.9]
    expected = expected_calibration_error(confidence, [True, False, True], 4)
    assert expected_calibration_error(confidence, correct, 4) == expected


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_any_float_type_gives_float64(dtype):
    curve = reliability_curve(np.array([0.25, 0.5, 1], dtype), [True, False, True], 4)
    assert curve.confidence.dtype == curve.accuracy.dtype == np.float64
    np.testing.assert_array_equal(curve.counts, [0, 1, 1, 1])
    P = np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]], dtype)
    assert brier_score(P, [2, 0]) == pytest.approx(0.44, abs=1e-3)


def test_no_input_is_changed():
    p, came = forecasts(50)
    P, y = distributions(50)
    given_arrays = [p, came, P, y]
    before = [array.copy() for array in given_arrays]
    for array in given_arrays:
        array.flags.writeable = False
    reliability_curve(p, came, strategy="quantile")
    consistency_band(p)
    brier_decomposition(P, y)
    classwise_calibration_error(P, y)
    for array, copy in zip(given_arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_many_bins_take_no_table_of_bins_by_predictions():
    import tracemalloc

    p, came = forecasts(200_000)
    tracemalloc.start()
    try:
        expected_calibration_error(p, came, 100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 4 * p.nbytes


ANYTHING: Any = None


def _any(value: object) -> Any:
    """Pass a value of the wrong type, as a user may."""
    return value


TWO = [0.2, 0.8]
OK = [True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: reliability_curve([0.2, 1.2], OK),
            "confidence[1] is 1.2, but a probability lies between 0 and 1",
        ),
        (
            lambda: expected_calibration_error([-0.1, 0.2], OK),
            "confidence[0] is -0.1, but a probability lies between 0 and 1",
        ),
        (
            lambda: noise_floor([0.5, NAN]),
            "confidence[1] is nan, but a probability lies between 0 and 1",
        ),
        (
            lambda: consistency_band([0.5, np.inf]),
            "confidence[1] is inf, but a probability lies between 0 and 1",
        ),
        (
            lambda: maximum_calibration_error(TWO, [True]),
            "correct has shape (1,), but needs one entry per confidence, (2,)",
        ),
        (
            lambda: reliability_curve([], []),
            "confidence is empty: calibration needs at least one prediction",
        ),
        (
            lambda: noise_floor([]),
            "confidence is empty: calibration needs at least one prediction",
        ),
        (
            lambda: brier_score(np.empty((0, 3)), []),
            "P is empty: calibration needs at least one prediction",
        ),
        (
            lambda: reliability_curve(TWO, [0.5, 1]),
            "correct holds 0.5, but a prediction is right or wrong",
        ),
        (
            lambda: reliability_curve(TWO, [NAN, 1]),
            "correct holds nan, but a prediction is right or wrong",
        ),
        (
            lambda: reliability_curve(TWO, ["yes", "no"]),
            "correct must hold real numbers, but has dtype <U3",
        ),
        (
            lambda: reliability_curve([[0.2, 0.8]], [True]),
            "confidence must be one number per prediction, shape (n,), but has shape (1, 2); "
            "top_label(P, y) makes it from a table of probabilities",
        ),
        (lambda: reliability_curve(TWO, OK, 0), "n_bins must be a positive integer, got 0"),
        (lambda: noise_floor(TWO, -3), "n_bins must be a positive integer, got -3"),
        (
            lambda: classwise_calibration_error([TWO], [0], ANYTHING),
            "n_bins must be a positive integer, got None",
        ),
        (
            lambda: reliability_curve(TWO, OK, 5, ANYTHING),
            'strategy must be "uniform" or "quantile", got None',
        ),
        (
            lambda: noise_floor(TWO, n_resamples=0),
            "n_resamples must be a positive integer, got 0",
        ),
        (lambda: consistency_band(TWO, level=95), "level must lie between 0 and 1, got 95"),
        (lambda: noise_floor(TWO, level=0), "level must lie between 0 and 1, got 0"),
        (lambda: hidden_gap(TWO, level=1), "level must lie between 0 and 1, got 1"),
        (
            lambda: hidden_gap(TWO, missed=0.95),
            "missed must lie between 0 and level, 0.95, got 0.95",
        ),
        (
            lambda: brier_score([0.2, 0.8], [0, 1]),
            "P must be a table of shape (n, K), but has shape (2,)",
        ),
        (
            lambda: top_label([[1.0], [1.0]], [0, 0]),
            "P has shape (2, 1), but needs a column for each of two or more classes; "
            "np.column_stack([1 - p, p]) makes them from the probability of yes",
        ),
        (
            lambda: brier_decomposition([[0.5, 0.5], [0.9, 0.9]], [0, 1]),
            "P[1] sums to 1.8, but probabilities sum to 1",
        ),
        (
            lambda: brier_score([[2.0, -1.0]], [0]),
            "P[0, 0] is 2.0, but a probability lies between 0 and 1",
        ),
        (
            lambda: top_label([[0.5, 0.5]], [2]),
            "y holds label 2, but n_classes is 2 (labels 0–1)",
        ),
        (
            lambda: top_label([[0.5, 0.5]], [0, 1]),
            "y has shape (2,), but needs one label per row of P, (1,)",
        ),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


# --- Probabilities that a rounding put outside, and masks ---

BY_CONFIDENCE = [
    reliability_curve,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_in_words,
    lambda p, right: noise_floor(p),
    lambda p, right: consistency_band(p),
    lambda p, right: hidden_gap(p, n_resamples=50),
    lambda p, right: reliability_curve(p, right, strategy="quantile"),
]
BY_TABLE = [top_label, classwise_calibration_error, brier_score, brier_decomposition]


@pytest.mark.parametrize("call", BY_CONFIDENCE)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_confidences_a_rounding_outside_count_as_0_and_1(call, dtype):
    eps = np.finfo(dtype).eps
    p, right = np.array([0.25, 1, 0, 0.5], dtype), [True, True, False, False]
    expected = call(p, right)
    p += np.array([0, eps, -eps, 0], dtype)
    np.testing.assert_equal(call(p, right), expected)


@pytest.mark.parametrize("call", BY_TABLE)
def test_tables_a_rounding_outside_count_as_0_and_1(call):
    sure, y = np.array([[0.0, 1, 0], [0.5, 0.25, 0.25]]), [1, 2]
    expected = call(sure, y)
    sure[0, :2] += [-2e-17, 2**-52]
    np.testing.assert_equal(call(sure, y), expected)


@quick
@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=12))
def test_a_weighted_mean_of_sure_forecasts_is_a_forecast(weights):
    P = np.average([[[1.0, 0.0]]] * len(weights), axis=0, weights=weights)
    confidence, correct = top_label(P, [0])
    assert confidence <= 1 and correct.all()


@pytest.mark.parametrize("outside", [1.01, 1 + 1e-14, -1e-14, -0.01])
@pytest.mark.parametrize("call", BY_CONFIDENCE)
def test_what_is_further_outside_is_no_probability(call, outside):
    with pytest.raises(ValueError, match=r"^confidence\[1\] is .*, but a probability lies between"):
        call([0.5, outside], [True, False])


@pytest.mark.parametrize(
    "call",
    [
        lambda a: expected_calibration_error(a, [True, False]),
        lambda a: reliability_curve([0.5, 0.6], a),
        lambda a: noise_floor(a),
        lambda a: brier_score(np.eye(2), a),
        lambda a: apply_temperature(a, 2.0),
        lambda a: fit_temperature(np.eye(2), a),
    ],
)
def test_a_mask_is_never_dropped(call):
    with pytest.raises(ValueError, match=r"are masked; leave them out or fill them first$"):
        call(np.ma.masked_array([1, 0], mask=[False, True]))
    call(np.ma.masked_array([1, 0], mask=[False, False]))  # hides nothing


# --- Temperature ---


def scored(n=200, n_classes=4, T=1.0, seed=0):
    """Logits, and labels drawn from their softmax at temperature T."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2.5, size=(n, n_classes)) * T
    return logits, np.array([rng.choice(n_classes, p=p) for p in softmax(logits / T)])


def losses(logits, y, temperatures):
    return np.array([cross_entropy(logits / T, y) for T in temperatures])


LOGITS = st.lists(
    st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), min_size=1, max_size=8
).map(np.array)


@quick
@given(LOGITS, st.floats(1e-300, 1e300))
def test_a_temperature_keeps_the_order_and_the_sums(logits, T):
    P = apply_temperature(logits, T)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    assert (P >= 0).all()
    ordered = np.take_along_axis(P, logits.argsort(axis=1), axis=1)
    assert (np.diff(ordered, axis=1) >= 0).all()
    np.testing.assert_array_equal(
        P.max(axis=1), np.take_along_axis(P, logits.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    )


@quick
@given(LOGITS, st.floats(0.01, 100))
def test_a_temperature_is_softmax_of_the_quotient_and_a_power_of_the_probabilities(logits, T):
    P = apply_temperature(logits, T)
    np.testing.assert_allclose(P, softmax(logits / T), rtol=1e-9, atol=1e-300)
    np.testing.assert_array_equal(apply_temperature(logits, 1), softmax(logits))
    np.testing.assert_allclose(apply_temperature(logits + 5, T), P, rtol=1e-7, atol=1e-300)


def test_a_temperature_takes_any_leading_axes_and_float_type():
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    P = apply_temperature(logits, 2)
    np.testing.assert_allclose(P[1, 2], apply_temperature(logits[1, 2], 2), rtol=1e-15)
    for dtype in (np.float16, np.float32):
        narrow = apply_temperature(logits.astype(dtype), np.float64(2))
        assert narrow.dtype == dtype
        np.testing.assert_allclose(narrow, P, atol=2 * float(np.finfo(dtype).eps))
    np.testing.assert_array_equal(apply_temperature([2, 1, -np.inf], 5e-324), [1, 0, 0])


@pytest.mark.parametrize("T", [0.08, 0.4, 1.0, 3.0, 11.0])
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_the_fitted_temperature_is_that_of_a_brute_force_search(n_classes, T):
    logits, y = scored(n_classes=n_classes, T=T)
    tried = np.geomspace(0.05, 20, 3001)  # steps of 0.2 %
    best = tried[losses(logits, y, tried).argmin()]
    assert 0.05 < best < 20
    assert fit_temperature(logits, y) == pytest.approx(best, rel=0.002)


@quick
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 4), st.floats(0.1, 30))
def test_no_temperature_between_the_bounds_is_better(seed, n, n_classes, scale):
    rng = np.random.default_rng(seed)
    logits, y = rng.normal(scale=scale, size=(n, n_classes)), rng.integers(n_classes, size=n)
    T = fit_temperature(logits, y)
    assert 0.05 <= T <= 20
    others = losses(logits, y, np.geomspace(0.05, 20, 101))
    assert cross_entropy(logits / T, y) <= others.min() * (1 + 1e-12)


def test_at_the_fitted_temperature_expected_and_actual_score_agree():
    logits, y = scored(T=2)
    P = apply_temperature(logits, fit_temperature(logits, y))
    actual = logits[np.arange(len(y)), y]
    assert (P * logits).sum(axis=1).mean() == pytest.approx(actual.mean(), abs=1e-8)


@quick
@given(st.integers(0, 10_000), st.floats(0.2, 5))
def test_scaled_logits_have_a_scaled_temperature_and_the_same_probabilities(seed, factor):
    logits, y = scored(60, 3, seed=seed)
    wide = (1e-3, 1e3)
    T, scaled = fit_temperature(logits, y, wide), fit_temperature(factor * logits, y, wide)
    assert 1e-3 < T < 100
    assert scaled == pytest.approx(factor * T, rel=1e-8)
    first, second = apply_temperature(logits, T), apply_temperature(factor * logits, scaled)
    np.testing.assert_allclose(first, second, rtol=1e-6)


def test_a_constant_for_each_example_leaves_the_temperature_alone():
    logits, y = scored(T=2)
    shift = np.random.default_rng(1).normal(scale=50, size=(len(y), 1))
    assert fit_temperature(logits + shift, y) == pytest.approx(fit_temperature(logits, y), rel=1e-8)


def test_a_fitted_temperature_leaves_the_accuracy_and_lowers_the_loss():
    logits, y = scored(T=4)
    T = fit_temperature(logits, y)
    np.testing.assert_array_equal(
        apply_temperature(logits, T).argmax(axis=1), softmax(logits).argmax(axis=1)
    )
    assert cross_entropy(logits / T, y) < cross_entropy(logits, y) - 0.1


@pytest.mark.parametrize("bounds", [(0.05, 20.0), (0.5, 3), [2.0, 2.5], np.array([1e-4, 1e4])])
@pytest.mark.parametrize("scale", [1e-3, 1, 1e6])
def test_a_bound_is_returned_exactly_where_the_loss_falls_all_the_way_to_it(bounds, scale):
    logits = scale * np.random.default_rng(0).normal(size=(50, 3))
    low, high = bounds
    assert fit_temperature(logits, logits.argmax(axis=1), bounds) == low
    assert fit_temperature(logits, logits.argmin(axis=1), bounds) == high


@pytest.mark.parametrize(
    ("bounds", "expected"), [((0.05, 20), 1.0), ((2, 20), 2.0), ((0.05, 0.5), 0.5)]
)
def test_flat_logits_have_temperature_1_or_the_bound_next_to_it(bounds, expected):
    flat = np.tile([[3.0], [-7.0]], (1, 4))
    T = fit_temperature(flat, [1, 2], bounds)
    assert (T, type(T)) == (expected, float)


def test_flat_examples_do_not_count():
    logits, y = scored(T=2)
    padded, labels = np.vstack([logits, np.zeros((50, 4))]), np.append(y, np.zeros(50, dtype=int))
    assert fit_temperature(padded, labels) == pytest.approx(fit_temperature(logits, y), rel=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_a_temperature_is_fitted_to_any_float_type_and_to_lists(dtype):
    logits, y = scored(T=2)
    expected = fit_temperature(logits, y)
    assert fit_temperature(logits.astype(dtype), y) == pytest.approx(expected, rel=1e-5)
    assert fit_temperature(logits.tolist(), y.tolist()) == expected
    before = logits.copy()
    logits.flags.writeable = y.flags.writeable = False
    fit_temperature(logits, y)
    apply_temperature(logits, 2)
    np.testing.assert_array_equal(logits, before)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("C", [1e-3, 1e3])
def test_scikit_learn_finds_the_same_probabilities(n_classes, C):
    import sklearn
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression

    if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8):
        pytest.skip("scikit-learn has had method='temperature' since 1.8")
    rng = np.random.default_rng(0)
    y = rng.integers(n_classes, size=300)
    X = rng.normal(size=(300, 8)) + np.eye(8)[y]
    model = LogisticRegression(C=C, max_iter=1000).fit(X[:100], y[:100])
    frozen = CalibratedClassifierCV(FrozenEstimator(model), method="temperature")
    with np.errstate(all="warn"):
        theirs = frozen.fit(X[100:], y[100:]).predict_proba(X)
    z = model.decision_function(X)
    logits = np.column_stack([-z, z]) if n_classes == 2 else z  # as scikit-learn has it
    T = fit_temperature(logits[100:], y[100:])
    assert 0.05 < T < 20 and abs(T - 1) > 0.1
    np.testing.assert_allclose(apply_temperature(logits, T), theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: apply_temperature([1, 2], 0), "T must be a finite number above 0, got 0"),
        (lambda: apply_temperature([1, 2], -1.5), "T must be a finite number above 0, got -1.5"),
        (lambda: apply_temperature([1, 2], NAN), "T must be a finite number above 0, got nan"),
        (lambda: apply_temperature([1, 2], np.inf), "T must be a finite number above 0, got inf"),
        (
            lambda: apply_temperature([1, 2], _any("2")),
            "T must be a finite number above 0, got '2'",
        ),
        (
            lambda: apply_temperature([1, 2], ANYTHING),
            "T must be a finite number above 0, got None",
        ),
        (
            lambda: apply_temperature([1, 2], _any(np.ones((2, 1)))),
            "T must be one number, got an array of shape (2, 1)",
        ),
        (lambda: apply_temperature(["a"], 1), "logits must hold real numbers, but has dtype <U1"),
        (
            lambda: fit_temperature([1, 2], [0]),
            "logits must be a table of shape (n, K), but have shape (2,)",
        ),
        (
            lambda: fit_temperature(_any([[1, 2], [NAN, 0]]), [0, 1]),
            "logits[1, 0] is nan, but must be a finite number",
        ),
        (
            lambda: fit_temperature([[1, -np.inf]], [0]),
            "logits[0, 1] is -inf, but must be a finite number",
        ),
        (
            lambda: fit_temperature([[1, 2]], [0], ANYTHING),
            "bounds must be two numbers, (low, high), got None",
        ),
        (
            lambda: fit_temperature([[1, 2]], [0], _any((1, 2, 3))),
            "bounds must be two numbers, (low, high), got (1, 2, 3)",
        ),
        (
            lambda: fit_temperature([[1, 2]], [0], (0, 2)),
            "the lower bound must be a finite number above 0, got 0",
        ),
        (
            lambda: fit_temperature([[1, 2]], [0], (1, np.inf)),
            "the upper bound must be a finite number above 0, got inf",
        ),
        (
            lambda: fit_temperature([[1, 2]], [0], (2, 1)),
            "bounds must have the lower one first, got (2, 1)",
        ),
    ],
)
def test_a_bad_temperature_logit_or_bound_gets_one_sentence(call, message):
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("y", "says"),
    [([0, 2], "label 2"), ([0], "shape"), ([0, -1], "-1"), ([0, 0.5], "0.5"), ([[0, 1]], "shape")],
)
def test_labels_that_do_not_fit_the_logits_are_refused(y, says):
    with pytest.raises(ValueError, match=says) as raised:
        fit_temperature([[1, 2], [3, 4]], y)
    with pytest.raises(ValueError) as elsewhere:
        cross_entropy([[1, 2], [3, 4]], y)
    assert str(raised.value) == str(elsewhere.value)


@pytest.mark.parametrize("size", [1e3, 1e200, 8e307])
def test_a_bound_is_returned_as_long_as_differences_are_floats(size):
    logits = size * np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0]])
    assert fit_temperature(logits, [1, 0, 1]) == 20
    assert fit_temperature(logits, [0, 1, 0]) == 0.05


@pytest.mark.parametrize("size", [1e3, 1e200, 2e307])
def test_huge_logits_have_a_huge_temperature(size):
    fitted = fit_temperature([[size, 0.0]] * 3, [0, 0, 1], bounds=(size / 1e3, 1.7e308))
    assert fitted == pytest.approx(size / np.log(2), rel=1e-6)  # two of three are right


def test_logits_further_apart_than_any_float_are_refused():
    logits = np.array([[3.0, 1.0], [1.2e308, -1.2e308], [0.0, 0.0]])
    with pytest.raises(ValueError) as raised:
        fit_temperature(logits, [0, 0, 1])
    assert str(raised.value) == (
        "logits of row 1 differ by more than the largest float; divide all by a constant"
    )


def test_a_temperature_needs_examples():
    with pytest.raises(ValueError, match="no examples"):
        fit_temperature(np.empty((0, 3)), [])


# --- The figure ---


@pytest.fixture
def plots():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from utils import plots

    yield plots
    pyplot.close("all")


def test_the_diagram_shows_error_floor_mark_hidden_gap_gaps_band_and_counts(plots):
    p, came = forecasts(600)
    ax = plots.reliability_diagram(p, came, n_bins=10, title="a model")
    curve = reliability_curve(p, came, 10)
    low, high = consistency_band(p, 10)
    drawn = np.concatenate([line.get_xydata() for line in ax.lines if line.get_marker() in "oD"])
    points = np.column_stack([curve.confidence, curve.accuracy])
    np.testing.assert_allclose(drawn[drawn[:, 0].argsort()], points)
    bars = ax.collections[0].get_segments()
    np.testing.assert_allclose([bar[:, 1] for bar in bars], np.column_stack([low, high]))
    floor = noise_floor(p, 10)
    (summary,) = [text.get_text() for text in ax.texts]
    assert f"ECE {expected_calibration_error(p, came, 10):.3f}" in summary
    assert f"{floor.mean:.3f}" in summary and f"{floor.high:.3f}" in summary
    assert f"{hidden_gap(p, 10):.3f}" in summary
    histogram = ax.figure.axes[-1]
    assert [bar.get_height() for bar in histogram.patches] == curve.counts.tolist()


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("n", [1, 3])
def test_a_diagram_of_few_predictions_is_drawn(plots, n, strategy):
    ax = plots.reliability_diagram([1.0] * n, [True] * n, n_bins=50, strategy=strategy)
    ax.figure.canvas.draw()


def test_diagrams_stand_side_by_side(plots):
    p, came = forecasts(50)
    axes = plots.reliability_diagrams({"one": (p, came), "two": (p, ~came)}, n_bins=5)
    assert [ax.get_title(loc="left") for ax in axes] == ["one", "two"]
    assert axes[0].figure is axes[1].figure


def test_the_diagram_refuses_axes_that_it_cannot_divide(plots):
    from matplotlib.figure import Figure

    ax = Figure().add_axes((0, 0, 1, 1))
    with pytest.raises(ValueError, match=r"so make it with plt\.subplots$"):
        plots.reliability_diagram([0.5], [True], ax=ax)
