"""What `utils.conformal` promises: the rank, the threshold, the sets, and the exact law of coverage."""

from fractions import Fraction
from math import ceil, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, kstest

from utils.conformal import (
    adaptive_scores,
    adaptive_sets,
    class_conditional_thresholds,
    conformal_rank,
    conformal_threshold,
    coverage_and_size,
    coverage_law,
    prediction_sets,
)

quick = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(autouse=True)
def every_floating_point_signal_is_an_error():
    """In every test of this file: no division by zero and no invalid value that is not meant."""
    with np.errstate(all="raise", under="ignore"):
        yield


def world(n, rng, n_classes=4, temperature=1.0):
    """Probabilities, and labels drawn from a sharper or flatter version of them."""
    P = rng.dirichlet(np.full(n_classes, 0.5), size=n)
    truth = P ** (1 / temperature)
    truth /= truth.sum(axis=1, keepdims=True)
    y = (rng.random((n, 1)) > truth.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return P, y


# --- Rank and threshold ---


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 5000), st.integers(1, 999))
def test_the_rank_is_exact_where_floats_round(n, thousandths):
    exact = ceil((n + 1) * (1 - Fraction(thousandths, 1000)))
    assert conformal_rank(n, thousandths / 1000) == exact


@pytest.mark.parametrize("n", [9, 99, 10**6 - 1, 10**9 - 1])
@pytest.mark.parametrize("tenths", range(1, 10))
def test_where_the_rank_is_a_whole_number_it_is_that_number(n, tenths):
    assert conformal_rank(n, tenths / 10) == (n + 1) * (10 - tenths) // 10


def test_a_third_is_taken_for_a_third():
    assert [conformal_rank(n, 1 / 3) for n in (2, 5, 3)] == [2, 4, 3]


@quick
@given(st.lists(st.floats(allow_nan=False), max_size=30), st.integers(1, 99))
def test_the_threshold_is_the_smallest_score_with_enough_scores_up_to_it(scores, hundredths):
    q = conformal_threshold(scores, hundredths / 100)
    needed = (len(scores) + 1) * (1 - Fraction(hundredths, 100))
    assert q in [*scores, inf]
    if len(scores) >= needed:
        assert sum(s <= q for s in scores) >= needed > sum(s < q for s in scores)
    else:
        assert q == inf


@pytest.mark.parametrize(("n", "finite"), [(0, False), (8, False), (9, True), (10, True)])
def test_nine_examples_are_the_fewest_for_nine_in_ten(n, finite):
    assert np.isfinite(conformal_threshold(np.arange(n), 0.1)) == finite
    if n == 9:
        assert conformal_threshold(np.arange(n), 0.1) == 8


@pytest.mark.parametrize(
    ("scores", "alpha", "message"),
    [
        ([0.1], 0, "^alpha must be one number between 0 and 1, got 0$"),
        ([0.1], 1, "^alpha must be one number between 0 and 1, got 1$"),
        ([0.1], np.nan, "^alpha must be one number between 0 and 1, got nan$"),
        ([0.1], [0.1, 0.2], "^alpha must be one number"),
        ([[0.1]], 0.1, r"^scores must be one number per example, but have shape \(1, 1\)$"),
        ([0.1, np.nan], 0.1, r"^scores\[1\] is nan"),
    ],
)
def test_the_threshold_says_what_is_wrong(scores, alpha, message):
    with pytest.raises(ValueError, match=message):
        conformal_threshold(scores, alpha)


@pytest.mark.parametrize("n", [-1, 2.0])
def test_the_rank_wants_a_number_of_examples(n):
    with pytest.raises(ValueError, match=rf"^n must be a whole number from 0 up, got {n}$"):
        conformal_rank(n, 0.1)


# --- The promise ---


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_coverage_follows_its_exact_law_whatever_the_model(temperature):
    n, m, alpha, rounds = 40, 60, 0.2, 2000
    rng = np.random.default_rng(0)
    covered = np.empty(rounds, dtype=int)
    for i in range(rounds):
        P, y = world(n + m, rng, temperature=temperature)
        scores = 1 - P[np.arange(n + m), y]
        sets = prediction_sets(P[n:], conformal_threshold(scores[:n], alpha))
        covered[i] = round(m * coverage_and_size(sets, y[n:])[0])
    law = coverage_law(n, alpha, n_new=m)
    # The counts beside the beta-binomial law, in cells of about a tenth each; and their mean.
    edges = np.unique(law.ppf(np.linspace(0.1, 0.9, 9))).astype(int)
    cells = np.bincount(np.searchsorted(edges, covered), minlength=len(edges) + 1)
    expected = rounds * np.diff(np.concatenate([[0], law.cdf(edges), [1]]))
    assert ((cells - expected) ** 2 / expected).sum() < 2.5 * len(edges)
    assert abs(covered.mean() - law.mean()) < 4 * law.std() / rounds**0.5
    assert law.mean() / m >= 1 - alpha


@pytest.mark.parametrize("n", [4, 19, 37])
@pytest.mark.parametrize("alpha", [0.1, 0.25])
def test_the_share_covered_is_beta_distributed(n, alpha):
    rng = np.random.default_rng(1)
    if conformal_rank(n, alpha) > n:
        with pytest.raises(ValueError, match=f"^n = {n} is too small for alpha = {alpha}"):
            coverage_law(n, alpha)
        return
    # With uniform scores, the threshold is the share of new scores up to it.
    shares = [conformal_threshold(rng.random(n), alpha) for _ in range(3000)]
    law = coverage_law(n, alpha)
    assert kstest(shares, law.cdf).pvalue > 1e-3
    assert 1 - alpha <= law.mean() < 1 - alpha + 1 / (n + 1) + 1e-12


def test_each_class_keeps_the_promise_with_thresholds_of_its_own():
    rng, alpha, hits, seen = np.random.default_rng(2), 0.2, np.zeros(3), np.zeros(3)
    one_for_all = np.zeros(3)
    for _ in range(300):
        P, y = world(400, rng, n_classes=3)
        P = P * [1, 1, 0.2]
        P /= P.sum(axis=1, keepdims=True)  # a model that has little faith in the last class
        scores, old, new = 1 - P[np.arange(400), y], slice(200), slice(200, None)
        q = class_conditional_thresholds(scores[old], y[old], alpha, 3)
        single = prediction_sets(P[new], conformal_threshold(scores[old], alpha))
        sets = prediction_sets(P[new], q)
        for k in range(3):
            rows = y[new] == k
            seen[k] += rows.sum()
            hits[k] += sets[rows, k].sum()
            one_for_all[k] += single[rows, k].sum()
    for k in range(3):
        assert binomtest(int(hits[k]), int(seen[k]), 1 - alpha, "less").pvalue > 1e-4
    assert one_for_all[2] / seen[2] < 0.6  # what a single threshold does to it


def test_a_class_without_examples_is_in_every_set():
    q = class_conditional_thresholds([0.1] * 20, [0] * 20, 0.1, 2)
    np.testing.assert_array_equal(q, [0.1, inf])
    np.testing.assert_array_equal(prediction_sets([[0.1, 0.9], [0.95, 0.05]], q)[:, 1], True)


# --- Sets ---


def test_a_calibration_example_at_the_threshold_itself_is_covered():
    rng = np.random.default_rng(3)
    P, y = world(1000, rng, n_classes=7)
    scores = 1 - P[np.arange(1000), y]
    for q in scores[:100]:
        covered = prediction_sets(P, q)[np.arange(1000), y]
        np.testing.assert_array_equal(covered, scores <= q)


def test_infinite_thresholds_let_all_labels_in_or_none():
    P = [[1.0, 0.0], [0.5, 0.5]]
    assert prediction_sets(P, inf).all()
    assert not prediction_sets(P, -inf).any()
    np.testing.assert_array_equal(prediction_sets(P, 0), [[True, False], [False, False]])


def test_true_probabilities_have_uniform_adaptive_scores_and_plain_sums_do_not():
    rng = np.random.default_rng(4)
    P, y = world(4000, rng)
    scores = adaptive_scores(P, y, rng)
    assert kstest(scores, "uniform").pvalue > 1e-3
    ranked = -np.sort(-P, axis=1)
    place = (P[np.arange(len(P)), y][:, np.newaxis] < P).sum(axis=1)
    plain = ranked.cumsum(axis=1)[np.arange(len(P)), place]
    assert kstest(plain, "uniform").pvalue < 1e-9


def test_the_truth_is_in_an_adaptive_set_exactly_if_its_score_is_low_enough():
    P, y = world(500, np.random.default_rng(5))
    for q in (0.0, 0.3, 0.8, 1.0):
        covered = adaptive_sets(P, q, rng=6)[np.arange(500), y]
        np.testing.assert_array_equal(covered, adaptive_scores(P, y, rng=6) <= q)


def test_adaptive_sets_hold_the_likeliest_labels():
    P, _ = world(300, np.random.default_rng(7))
    for p, chosen in zip(P, adaptive_sets(P, 0.7, rng=8), strict=True):
        if chosen.any() and not chosen.all():
            assert p[chosen].min() >= p[~chosen].max()


def test_adaptive_coverage_keeps_the_promise():
    rng, hits = np.random.default_rng(9), 0
    for _ in range(1000):
        P, y = world(40, rng, temperature=2.0)
        q = conformal_threshold(adaptive_scores(P[:39], y[:39], rng), 0.1)
        hits += adaptive_sets(P[39:], q, rng)[0, y[39]]
    assert binomtest(hits, 1000, 0.9).pvalue > 1e-3  # (n + 1)(1 − α) = 36 exactly


def test_labels_without_probability_come_last_and_a_sure_row_is_one_label():
    scores = [adaptive_scores([[1.0, 0.0]], [k], rng=0)[0] for k in (0, 1)]
    assert scores[0] < 1 == scores[1]


# --- Their summary, and what is refused ---


def test_size_counts_empty_sets_and_missed_ones():
    sets = [[False, False, False], [True, True, False], [False, False, True]]
    assert coverage_and_size(sets, [0, 0, 0]) == (1 / 3, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coverage_and_size([[1, 0]], [0]), "^sets must be a table of true and false"),
        (lambda: coverage_and_size(np.zeros((0, 2), bool), []), r"have shape \(0, 2\)"),
        (lambda: coverage_and_size([[True, False]], [2]), r"^y holds label 2, but sets have 2 col"),
        (lambda: coverage_and_size([[True, False]], [0, 1]), r"^y has shape \(2,\)"),
        (lambda: prediction_sets([[0.5, 0.5]], np.nan), "^q is nan"),
        (
            lambda: prediction_sets([[0.5, 0.5]], [0.1, 0.2, 0.3]),
            r"^q must be one number or one per class, \(2,\), but has shape \(3,\)$",
        ),
        (lambda: prediction_sets([0.5, 0.5], 0.1), "^P must be a table"),
        (lambda: adaptive_scores([[0.5, 0.5]], [2], 0), "^y holds label 2, but P has 2 columns"),
        (lambda: adaptive_scores([[0.5, 0.5]], [0, 1], 0), r"^y has shape \(2,\)"),
        (
            lambda: class_conditional_thresholds([0.1], [3], 0.1, 2),
            "^y holds label 3, but n_classes is 2",
        ),
    ],
)
def test_sets_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- The figures ---


@pytest.fixture
def plots():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from utils import plots

    yield plots
    pyplot.close("all")


def test_coverages_stand_beside_their_promise_and_its_law(plots):
    shares = [[0.88, 0.97], [0.91, 0.94], [0.9, 0.95]]
    ax = plots.promised_and_covered({"plain": shares, "one": [shares[0]]}, (0.1, 0.05), 400, 500)
    drawn = [line.get_ydata().tolist() for line in ax.lines]
    assert drawn == [[0.88, 0.91, 0.9], [0.97, 0.94, 0.95], [0.88], [0.97]]
    law = coverage_law(400, 0.1, 500)
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose(
        [heights.min(), heights.max()], [law.ppf(q) / 500 for q in (0.025, 0.975)]
    )


def test_bars_count_the_sets_of_each_size(plots):
    sets = [[False, False], [True, False], [False, True], [True, True]]
    ax = plots.set_sizes({"a": sets, "b": sets[1:3]})
    assert [bar.get_height() for bar in ax.patches] == [0.25, 0.5, 0.25, 0, 1, 0]


@pytest.mark.parametrize("m", [1, 300])
def test_every_coverage_is_in_a_column_and_the_law_sums_to_one(plots, m):
    coverage = coverage_law(400, 0.1, 499).rvs(m, random_state=np.random.default_rng(0)) / 499
    ax = plots.coverage_scatter(coverage, 400, 0.1, 499)
    np.testing.assert_allclose(sum(bar.get_height() for bar in ax.patches), 1)
    assert 0.99 < ax.lines[0].get_ydata().sum() <= 1


def test_the_interval_marks_what_lies_outside(plots):
    ax = plots.interval_around([2, 0, 1], [5, 0, 1.5], [2, 0, 1], q=0.5, ylabel="cm")
    _, inside, outside = ax.lines
    np.testing.assert_array_equal(inside.get_xydata(), [[0, 0], [1, 1.5]])
    np.testing.assert_array_equal(outside.get_xydata(), [[2, 5]])
