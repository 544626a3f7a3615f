"""What `utils.recalibration` promises: the two maps, the curve without bins, its parts and its band."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression, isotonic_regression
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from utils.calibration import brier_score, consistency_band, fit_temperature
from utils.functions import binary_cross_entropy, sigmoid
from utils.recalibration import (
    corp,
    corp_band,
    fit_isotonic,
    fit_platt,
    pool_adjacent_violators,
)

quick = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(autouse=True)
def every_floating_point_signal_is_an_error():
    """In every test of this file: no division by zero and no invalid value that is not meant."""
    with np.errstate(all="raise", under="ignore"):
        yield


def scored(n, seed=0, slope=1.5, offset=-0.5, scale=1.0):
    """Scores, and labels drawn from a sigmoid of them."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    return scale * z, (rng.random(n) < sigmoid(slope * z + offset)).astype(int)


# --- Platt's map ---


@pytest.mark.parametrize("scale", [1e-200, 1e-6, 1.0, 1000.0, 1e100, 1e307])
def test_platt_is_the_unpenalised_logistic_regression_on_one_score(scale):
    z, y = scored(300, scale=scale)
    peer = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(z[:, np.newaxis] / scale, y)
    a, b = fit_platt(z, y)
    np.testing.assert_allclose([a * scale, b], [peer.coef_[0, 0], peer.intercept_[0]], rtol=1e-4)


@quick
@given(st.integers(0, 2**32 - 1), st.integers(4, 60), st.booleans(), st.floats(-3, 3))
def test_no_other_a_and_b_have_a_lower_cross_entropy(seed, n, smoothed, log_scale):
    rng = np.random.default_rng(seed)
    z = rng.standard_t(1, size=n) * 10**log_scale  # with outliers
    y = rng.integers(2, size=n)
    try:
        a, b = fit_platt(z, y, smoothed=smoothed)
    except ValueError:
        assert not smoothed
        return
    yes, no = y.sum(), n - y.sum()
    targets = np.where(y == 1, (yes + 1) / (yes + 2), 1 / (no + 2)) if smoothed else y
    off = sigmoid(a * z + b) - targets
    # The slopes of b and of a, beside the size of what they are sums of.
    assert abs(off.sum()) <= 1e-7 * np.abs(off).sum()
    assert abs(off @ z) <= 1e-7 * (np.abs(off) @ np.abs(z))


@pytest.mark.parametrize("shift", [0.0, 1000.0, -1e6])
def test_scores_far_from_zero_give_the_same_probabilities(shift):
    z, y = scored(200)
    a, b = fit_platt(z, y)
    far_a, far_b = fit_platt(z + shift, y)
    np.testing.assert_allclose(sigmoid(far_a * (z + shift) + far_b), sigmoid(a * z + b), rtol=1e-6)


def test_scores_of_plus_and_minus_1000_find_the_shares():
    z = np.repeat([1000.0, -1000.0], 4)
    a, b = fit_platt(z, [1, 1, 1, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(sigmoid(a * z + b), np.repeat([0.75, 0.25], 4), rtol=1e-12)


def test_one_outlier_on_the_right_side_changes_next_to_nothing():
    z, y = scored(200)
    far = fit_platt([*z, 1e9], [*y, 1])
    np.testing.assert_allclose(far, fit_platt(z, y), rtol=1e-6)


def test_without_an_offset_to_find_a_is_one_over_the_temperature():
    z, y = scored(200)
    z, y = np.concatenate([z, -z]), np.concatenate([y, 1 - y])  # yes and no change places
    a, b = fit_platt(3 * z, y)
    T = fit_temperature(np.column_stack([0 * z, 3 * z]), y)
    np.testing.assert_allclose(a, 1 / T, rtol=1e-6)
    assert abs(b) < 1e-9


def test_falling_scores_have_a_negative_a():
    z, y = scored(200)
    a, b = fit_platt(z, y)
    np.testing.assert_allclose(fit_platt(-z, y), (-a, b), rtol=1e-9)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_the_maps_are_those_of_calibrated_classifier_cv(method):
    if method == "temperature" and tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8):
        pytest.skip("scikit-learn scales temperature since 1.8")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = (rng.random(400) < sigmoid(2 * X[:, 0] - X[:, 1])).astype(int)
    model = LinearSVC().fit(X[:100], y[:100])
    peer = CalibratedClassifierCV(FrozenEstimator(model), method=method).fit(X[100:], y[100:])
    z = model.decision_function(X)
    if method == "sigmoid":  # which smooths its targets always
        a, b = fit_platt(z[100:], y[100:], smoothed=True)
        p = sigmoid(a * z + b)
    elif method == "isotonic":
        p = fit_isotonic(z[100:], y[100:])(z)
    else:
        p = sigmoid(z / fit_temperature(np.column_stack([0 * z, z])[100:], y[100:]))
    np.testing.assert_allclose(peer.predict_proba(X)[:, 1], p, atol=1e-3)


@pytest.mark.parametrize(
    ("z", "y"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1]),
        ([1, 2, 3, 4], [1, 1, 0, 0]),
        ([1, 2, 2, 4], [0, 0, 1, 1]),  # parted but for a tie
    ],
)
def test_parted_classes_are_refused_with_the_cure_and_the_cure_works(z, y):
    with pytest.raises(ValueError, match=r"a threshold parts .* smoothed=True\) has a minimum$"):
        fit_platt(z, y)
    p = sigmoid(np.multiply(fit_platt(z, y, smoothed=True)[0], z))
    assert np.isfinite(p).all() and p.min() > 0


@pytest.mark.parametrize("label", [0, 1])
def test_a_single_class_is_refused_and_smoothed_gives_laplaces_share(label):
    with pytest.raises(ValueError, match=rf"^all labels are {label}, so the cross-entropy falls"):
        fit_platt([1, 2, 3], [label] * 3)
    a, b = fit_platt([1, 2, 3], [label] * 3, smoothed=True)
    expected = 4 / 5 if label else 1 / 5
    np.testing.assert_allclose(sigmoid(a * np.arange(1, 4) + b), expected, rtol=1e-9)


def test_equal_scores_give_the_overall_share():
    assert fit_platt([7, 7, 7, 7], [1, 1, 1, 0]) == pytest.approx((0, np.log(3)))


@pytest.mark.parametrize(
    ("z", "y", "message"),
    [
        ([], [], r"^z must hold one number per example, but has shape \(0,\)$"),
        ([[1, 2]], [[0, 1]], r"^z must hold one number per example, but has shape \(1, 2\)$"),
        ([1, np.inf], [0, 1], r"^z\[1\] is inf, but must be a finite number$"),
        ([np.nan, 1], [0, 1], r"^z\[0\] is nan"),
        ([1, 2], [0, 2], r"^y holds label 2, but z scores 2 classes"),
        ([1, 2], [0], r"^y has shape \(1,\)"),
    ],
)
def test_platt_says_what_is_wrong(z, y, message):
    with pytest.raises(ValueError, match=message):
        fit_platt(z, y)


# --- The rising map ---

VALUES = st.lists(st.integers(-4, 4), min_size=1, max_size=7)


@quick
@given(VALUES, st.data())
def test_pooling_finds_the_nearest_rising_values_of_all(y, data):
    n = len(y)
    weights = data.draw(st.lists(st.integers(1, 5), min_size=n, max_size=n))
    found = pool_adjacent_violators(y, weights)
    assert (np.diff(found) >= 0).all()
    y, w = np.array(y, dtype=float), np.array(weights, dtype=float)
    least = np.inf  # over all ways to cut y into blocks, each at its mean
    for m in range(n):
        for cuts in combinations(range(1, n), m):
            blocks = np.split(np.arange(n), cuts)
            means = [w[block] @ y[block] / w[block].sum() for block in blocks]
            if (np.diff(means) >= 0).all():
                fit = np.concatenate(
                    [np.full(len(b), m) for b, m in zip(blocks, means, strict=True)]
                )
                least = min(least, w @ (y - fit) ** 2)
    np.testing.assert_allclose(w @ (y - found) ** 2, least, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_pooling_gives_what_scikit_learn_gives(seed, weighted):
    rng = np.random.default_rng(seed)
    y = np.linspace(0, 1, 500) + rng.normal(size=500)
    weights = rng.uniform(0.1, 5, size=500) if weighted else None
    peer = isotonic_regression(y, sample_weight=weights)
    np.testing.assert_allclose(pool_adjacent_violators(y, weights), peer, rtol=1e-10, atol=1e-12)


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 12), st.booleans())
def test_the_map_is_scikit_learns_with_ties_and_weights_at_every_new_score(seed, n, levels, weigh):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(levels, size=n) / 7, rng.integers(2, size=n)
    weights = rng.integers(1, 4, size=n) if weigh else None
    peer = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=weights)
    new = np.concatenate([x, np.linspace(-1, 3, 41)])
    found = fit_isotonic(x, y, weights)
    np.testing.assert_allclose(found(new), peer.predict(new), atol=1e-12)
    assert (np.diff(found.x) > 0).all() and (np.diff(found.y) >= 0).all()


def test_weights_count_an_example_several_times():
    x, y, w = [1, 2, 3, 4], [0, 1, 0, 1], [1, 2, 3, 1]
    once, several = fit_isotonic(x, y, w), fit_isotonic(np.repeat(x, w), np.repeat(y, w))
    np.testing.assert_allclose(once(x), several(x), rtol=1e-15)


def test_the_map_keeps_infinite_scores_and_any_shape():
    mend = fit_isotonic([0, 1, 2], [0, 0.5, 1])
    np.testing.assert_array_equal(mend([[-np.inf, np.inf], [1, 0.5]]), [[0, 1], [0.5, 0.25]])
    assert fit_isotonic([3], [0.25])(100) == 0.25
    with pytest.raises(ValueError, match=r"^scores\[0\] is nan"):
        mend([np.nan])


def test_the_best_rising_map_for_squares_is_the_best_for_the_cross_entropy_too():
    p, y = np.array([0.1, 0.3, 0.3, 0.6, 0.7, 0.9]), np.array([0, 1, 0, 1, 0, 1])
    found = fit_isotonic(p, y)(p)

    def loss(steps):
        logits = np.cumsum([steps[0], *np.exp(steps[1:])])[[0, 1, 1, 2, 3, 4]]
        return binary_cross_entropy(logits, y)

    rising = minimize(loss, np.array([-3, 0, 0, 0, 0.0]), method="BFGS")
    with np.errstate(divide="ignore"):
        best = -np.log(np.where(y == 1, found, 1 - found)).mean()
    assert best <= rising.fun and rising.fun - best < 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), r"^x must hold one number per example"),
        (([1, np.inf], [0, 1]), r"^x\[1\] is inf, but must be a finite number$"),
        (([1, 2], [0, np.nan]), r"^y\[1\] is nan, but must be a finite number$"),
        (([1, 2], [0]), r"^y has shape \(1,\), but needs one number per score, \(2,\)$"),
        (([1, 2], [0, 1], [1]), r"^weights have shape \(1,\), but must fit y, \(2,\)$"),
        (([1, 2], [0, 1], [1, 0]), r"^weights must be above 0, but hold 0\.0$"),
    ],
)
def test_the_rising_map_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_isotonic(*arguments)


# --- The curve without bins ---

CONFIDENCE = st.one_of(st.floats(0, 1), st.integers(0, 10).map(lambda i: i / 10))
FORECASTS = st.lists(st.tuples(CONFIDENCE, st.booleans()), min_size=1, max_size=30).map(
    lambda pairs: (np.array([c for c, _ in pairs]), np.array([r for _, r in pairs]))
)


@quick
@given(FORECASTS)
def test_the_parts_sum_to_the_brier_score_and_none_is_negative(data):
    p, came = data
    parts = corp(p, came)
    expected = brier_score(np.column_stack([1 - p, p]), came)
    np.testing.assert_allclose(parts.score, expected, atol=1e-12)
    assert min(parts[:3]) >= 0
    assert parts.counts.sum() == len(p)


@quick
@given(FORECASTS)
def test_the_parts_sum_to_the_cross_entropy_and_only_the_first_can_be_infinite(data):
    p, came = data
    parts = corp(p, came, "log")
    with np.errstate(divide="ignore"):
        expected = -np.log(np.where(came, p, 1 - p)).mean()
        np.testing.assert_allclose(parts.score, expected, rtol=1e-9, atol=1e-12)
    assert min(parts[:3]) >= 0 and np.isfinite(parts[1:3]).all()
    assert np.isinf(parts.miscalibration) == bool((came & (p == 0) | ~came & (p == 1)).any())


@quick
@given(FORECASTS, st.sampled_from(["brier", "log"]))
def test_a_mended_forecast_is_calibrated_and_discriminates_as_before(data, score):
    p, came = data
    parts = corp(p, came, score)
    mended = parts.calibrated[np.searchsorted(parts.confidence, p)]
    again = corp(mended, came, score)
    np.testing.assert_allclose(again.miscalibration, 0, atol=1e-12)
    np.testing.assert_allclose(again.discrimination, parts.discrimination, atol=1e-12)
    for level in again.confidence:  # said at each level is what happened there
        np.testing.assert_allclose(came[mended == level].mean(), level, atol=1e-12)


def test_a_forecast_of_the_overall_share_has_nothing_but_uncertainty():
    parts = corp([0.25] * 4, [True, False, False, False], "log")
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    np.testing.assert_allclose(parts[:3], (0, 0, entropy), atol=1e-15)


def test_one_outcome_alone_leaves_no_uncertainty():
    for score in ("brier", "log"):
        parts = corp([0.5, 1.0], [True, True], score)
        assert parts[1:3] == (0, 0) and parts.miscalibration > 0


def test_a_falling_forecast_is_pooled_into_one_level():
    parts = corp([0.1, 0.9], [True, False])
    np.testing.assert_array_equal(parts.calibrated, [0.5, 0.5])
    assert parts.discrimination == 0


def test_the_score_must_be_known():
    unknown: Any = "log-loss"
    with pytest.raises(ValueError, match=r'^score must be "brier" or "log", got \'log-loss\'$'):
        corp([0.5], [True], unknown)


# --- Its band ---


def test_with_one_confidence_the_band_is_that_of_one_bin():
    p = np.full(50, 0.7)
    band = np.ravel(corp_band(p, 2000, rng=1))
    np.testing.assert_allclose(band, np.ravel(consistency_band(p, 1, 2000, rng=2)), atol=0.021)


def test_a_calibrated_forecasts_curve_lies_in_its_band_as_often_as_promised():
    p = np.random.default_rng(0).random(80)
    low, high = corp_band(p, 1000, rng=1, level=0.9)
    rng, inside = np.random.default_rng(2), []
    for _ in range(300):
        curve = corp(p, rng.random(80) < p).calibrated
        inside.append((low <= curve) & (curve <= high))
    assert 0.88 <= np.mean(inside) <= 0.97  # ends that occur are in, so a little above 0.9


def test_the_band_can_lie_around_another_truth_and_keeps_its_order():
    p, truth = [0.9, 0.1, 0.5], [0.2, 0.0, 1.0]
    low, high = corp_band(p, 200, truth=truth)
    np.testing.assert_array_equal([low[0], high[0]], 0)
    np.testing.assert_array_equal(high[1:], 1)
    assert (np.diff(low) >= 0).all() and low[1] == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_resamples": 0}, "^n_resamples must be a positive integer, got 0$"),
        ({"level": 1}, "^level must lie between 0 and 1, got 1$"),
        ({"truth": [0.5]}, r"^truth has shape \(1,\), but needs one per confidence, \(2,\)$"),
    ],
)
def test_the_band_says_what_is_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        corp_band([0.1, 0.2], **options)


# --- The figures ---


@pytest.fixture
def plots():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from utils import plots

    yield plots
    pyplot.close("all")


def test_the_diagram_shows_curve_band_and_parts(plots):
    z, y = scored(200)
    p = sigmoid(z)
    ax = plots.corp_diagram(p, y, title="a model", n_resamples=50)
    parts = corp(p, y)
    drawn = [line.get_xydata() for line in ax.lines if line.get_label() == "best rising curve"]
    np.testing.assert_array_equal(drawn[0], np.column_stack([parts.confidence, parts.calibrated]))
    low, high = corp_band(p, 50)
    corners = ax.collections[0].get_paths()[0].vertices
    assert {*zip(parts.confidence, low, strict=True)} <= {*map(tuple, corners)}
    assert {*zip(parts.confidence, high, strict=True)} <= {*map(tuple, corners)}
    (text,) = [text.get_text() for text in ax.texts]
    for number in (*parts[:3], parts.score):
        assert f"{number:.3f}" in text


def test_forecasts_of_one_confidence_are_drawn_and_diagrams_stand_side_by_side(plots):
    axes = plots.corp_diagrams({"a": ([0.5] * 4, [1, 0, 1, 1]), "b": ([0, 1], [0, 1])})
    assert [ax.get_title(loc="left") for ax in axes] == ["a", "b"]
    axes[0].figure.canvas.draw()


def test_maps_are_drawn_through_their_values_with_every_example(plots):
    z, y = scored(40)
    isotonic = fit_isotonic(z, y)
    ax = plots.recalibration_maps(z, y, {"raw": sigmoid, "isotonic": isotonic})
    raw, rising, yes, no = (line.get_xydata() for line in ax.lines)
    np.testing.assert_allclose(raw[:, 1], sigmoid(raw[:, 0]))
    np.testing.assert_allclose(rising[:, 1], isotonic(rising[:, 0]))
    assert len(yes) == y.sum() and len(no) == 40 - y.sum()


def test_parts_are_drawn_where_they_belong_and_infinity_at_the_edge(plots):
    came = [1, 1, 0, 1]
    parts = {
        "bold": corp([0, 1, 0.5, 0.5], came, "log"),
        "modest": corp([0.2, 0.9, 0.5, 0.5], came, "log"),
    }
    ax = plots.score_parts(parts)
    bold, modest = (line.get_xydata()[0] for line in ax.lines if line.get_marker() in "os")
    assert bold[0] == ax.get_xlim()[1]
    np.testing.assert_allclose(modest, parts["modest"][:2])
    assert "bold, score inf" in [text.get_text() for text in ax.get_legend().get_texts()]
