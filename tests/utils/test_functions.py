"""What `utils.functions` promises: the laws, the last bits, the limits, the dtypes, the errors."""

import decimal
import tracemalloc
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.functions import (
    add_intercept,
    below_highest,
    binary_cross_entropy,
    cross_entropy,
    log_sigmoid,
    log_softmax,
    logsumexp,
    one_hot,
    sigmoid,
    softmax,
)

INF = np.inf
FLOATS = [np.float64, np.float32]
BY_NAME = {"logsumexp": logsumexp, "softmax": softmax, "log_softmax": log_softmax}
POINTWISE = [sigmoid, log_sigmoid]

quick = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(autouse=True)
def every_floating_point_signal_is_an_error():
    """In every test of this file: no overflow, no division by zero, no invalid value."""
    with np.errstate(all="raise", under="ignore"):
        yield


FINITE = st.floats(allow_nan=False, allow_infinity=False)
NOT_HUGE = st.floats(-1e300, 1e300)  # so that a test can add to them and subtract them too
# Multiples of 1/8 whose sums and differences are exact, so that laws can hold to the last bit.
EIGHTHS = st.integers(-8000, 8000).map(lambda i: i / 8)


def tables(elements):
    """Logits of 1–4 examples and 1–6 classes."""
    shapes = st.tuples(st.integers(1, 4), st.integers(1, 6))
    return hnp.arrays(np.float64, shapes, elements=elements)


def edges(dtype):
    """Floats from the smallest to the largest, of both signs, and ±inf."""
    info = np.finfo(dtype)
    sizes = [0, info.smallest_subnormal, info.tiny, info.eps, 1e-3, 0.7, 1, 16, 17, 36, 37, 87, 88]
    sizes += [89, 103, 104, 708, 709, 710, 744, 745, 746, 1e4, info.max / 2, info.max, INF]
    return np.array([-s for s in reversed(sizes)] + sizes, dtype=dtype)


def assert_ulp(actual, expected, ulp):
    """Equal where infinite, and elsewhere at most so many units in the last place apart."""
    np.testing.assert_array_max_ulp(np.asarray(actual), np.asarray(expected), maxulp=ulp)


# --- Laws ---


@quick
@given(tables(FINITE))
def test_softmax_rows_are_probabilities_and_sum_to_one(logits):
    p = softmax(logits)
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-15)


@quick
@given(tables(EIGHTHS), EIGHTHS)
def test_a_constant_added_to_all_scores_changes_no_bit_of_softmax(logits, shift):
    np.testing.assert_array_equal(softmax(logits + shift), softmax(logits))
    np.testing.assert_array_equal(log_softmax(logits + shift), log_softmax(logits))


@quick
@given(tables(FINITE))
def test_scores_below_the_highest_have_its_place_and_the_same_softmax(logits):
    with np.errstate(over="ignore"):
        expected = logits - logits.max(axis=-1, keepdims=True)
    below, top = below_highest(logits)
    np.testing.assert_array_equal(below, expected)
    np.testing.assert_array_equal(top[:, 0], logits.argmax(axis=-1))
    np.testing.assert_array_equal(softmax(below), softmax(logits))


@quick
@given(tables(EIGHTHS), EIGHTHS)
def test_logsumexp_shifts_with_its_scores(logits, shift):
    np.testing.assert_allclose(
        logsumexp(logits + shift), logsumexp(logits) + shift, rtol=0, atol=1e-12
    )


@quick
@given(tables(NOT_HUGE))
def test_logsumexp_lies_between_the_maximum_and_log_k_above_it(logits):
    highest = logits.max(axis=-1)
    slack = np.spacing(np.abs(highest) + 4)
    assert (logsumexp(logits) >= highest).all()
    assert (logsumexp(logits) - highest <= np.log(logits.shape[-1]) + 2 * slack).all()


@quick
@given(tables(NOT_HUGE))
def test_softmax_and_log_softmax_keep_the_order_of_the_scores(logits):
    order = np.argsort(logits, axis=-1)
    for f in (softmax, log_softmax):
        ordered = np.take_along_axis(f(logits), order, axis=-1)
        lower, upper = ordered[:, :-1], ordered[:, 1:]
        assert (upper - lower >= -1e-15 * np.abs(lower)).all()


@quick
@given(tables(EIGHTHS))
def test_log_softmax_is_the_logarithm_of_softmax(logits):
    p = np.exp(log_softmax(logits))
    np.testing.assert_allclose(p, softmax(logits), rtol=1e-12, atol=1e-300)  # beneath: subnormals


@quick
@given(tables(EIGHTHS), st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter(logits, random):
    order = list(range(logits.shape[-1]))
    random.shuffle(order)
    assert_ulp(softmax(logits[:, order]), softmax(logits)[:, order], ulp=4)


@quick
@given(hnp.arrays(np.float64, st.integers(0, 6), elements=FINITE))
def test_sigmoid_of_minus_z_is_one_minus_sigmoid(z):
    np.testing.assert_allclose(sigmoid(-z), 1 - sigmoid(z), rtol=0, atol=2.3e-16)


@quick
@given(hnp.arrays(np.float64, st.integers(0, 6), elements=FINITE))
def test_log_sigmoids_of_z_and_minus_z_differ_by_z(z):
    np.testing.assert_allclose(log_sigmoid(z) - log_sigmoid(-z), z, rtol=1e-15, atol=2.3e-16)


@quick
@given(hnp.arrays(np.float64, 8, elements=st.floats(-800, 800)))
def test_sigmoid_and_its_logarithm_never_fall_as_z_grows(z):
    z.sort()
    assert (sigmoid(z)[1:] >= sigmoid(z)[:-1] * (1 - 1e-15)).all()
    assert (log_sigmoid(z)[1:] >= log_sigmoid(z)[:-1] * (1 + 1e-15)).all()


@quick
@given(hnp.arrays(np.float64, 5, elements=st.floats(-700, 700)))
def test_two_classes_give_the_sigmoid_of_their_difference(z):
    two = np.stack([np.zeros_like(z), z], axis=-1)
    assert_ulp(softmax(two)[:, 1], sigmoid(z), ulp=4)
    assert_ulp(log_softmax(two)[:, 1], log_sigmoid(z), ulp=4)
    y = (z > 3).astype(int)
    assert_ulp(cross_entropy(two, y), binary_cross_entropy(z, y), ulp=4)


@quick
@given(tables(EIGHTHS), st.data())
def test_cross_entropy_is_the_mean_of_minus_log_softmax_at_the_labels(logits, data):
    n, n_classes = logits.shape
    y = data.draw(hnp.arrays(np.int64, n, elements=st.integers(0, n_classes - 1)))
    expected = -(one_hot(y, n_classes) * log_softmax(logits)).sum() / n
    np.testing.assert_allclose(cross_entropy(logits, y), expected, rtol=1e-14)


@pytest.mark.parametrize("n_classes", [2, 10, 1000])
def test_cross_entropy_at_chance_is_log_k(n_classes):
    assert_ulp(cross_entropy(np.zeros((3, n_classes)), [0, 1, 1]), np.log(n_classes), ulp=2)


@quick
@given(st.data(), st.integers(1, 6))
def test_one_hot_rows_hold_a_single_one_at_the_label(data, n_classes):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, max_side=3))
    y = data.draw(hnp.arrays(np.int64, shape, elements=st.integers(0, n_classes - 1)))
    Y = one_hot(y, n_classes)
    assert Y.shape == (*shape, n_classes)
    assert Y.dtype == np.float64
    np.testing.assert_array_equal(Y.argmax(axis=-1), y)
    assert set(np.unique(Y)) <= {0.0, 1.0}
    assert (Y.sum(axis=-1) == 1).all()


# --- The last bits, against SciPy and against 60 decimal digits ---


def precisely(function, *numbers):
    """Compute in decimal, so exactly, what a function of floats should give."""
    with decimal.localcontext(prec=60, Emin=-(10**9), Emax=10**9):
        return function(*[Decimal(float(number)) for number in numbers])


def error_in_ulp(actual, exact):
    ulp = np.spacing(np.abs(actual.dtype.type(float(exact))))
    with decimal.localcontext(prec=60, Emin=-(10**9), Emax=10**9):
        return float(abs(Decimal(float(actual)) - exact) / Decimal(float(ulp)))


def exact_sigmoid(z):
    return 1 / (1 + (-z).exp()) if z >= 0 else z.exp() / (1 + z.exp())


def exact_log1p(x):
    """log(1 + x) for x ≥ 0, by its series where 1 + x has more digits than there are."""
    return (1 + x).ln() if x > Decimal("1e-20") else x - x * x / 2 + x * x * x / 3


def exact_log_sigmoid(z):
    return min(z, Decimal(0)) - exact_log1p((-abs(z)).exp())


def exact_log_softmax(*logits):
    """All log-probabilities of one example."""
    ordered = sorted(logits)
    log_sum = exact_log1p(sum((z - ordered[-1]).exp() for z in ordered[:-1]))
    return [(z - ordered[-1]) - log_sum for z in logits]


def spread(dtype, n=400):
    """Log-odds of every size for which the exponential is not exactly 0 or inf."""
    rng = np.random.default_rng(0)
    end = -np.log(float(np.finfo(dtype).smallest_subnormal))
    return np.concatenate(
        [
            rng.uniform(-end, end, n),
            rng.normal(size=n),
            rng.choice([-1, 1], n) * 10.0 ** rng.uniform(-20, 2, n),
        ]
    ).astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("function", "exact"), [(sigmoid, exact_sigmoid), (log_sigmoid, exact_log_sigmoid)]
)
def test_sigmoids_are_exact_to_four_ulp_down_to_subnormals(function, exact, dtype):
    z = spread(dtype)
    worst = max(
        error_in_ulp(value, precisely(exact, at)) for value, at in zip(function(z), z, strict=True)
    )
    assert worst <= 4


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("scale", [1, 10, 100])
def test_log_softmax_is_exact_to_the_rounding_of_one_difference(dtype, scale):
    logits = (np.random.default_rng(0).normal(size=(60, 5)) * scale).astype(dtype)
    for row, result in zip(logits, log_softmax(logits), strict=True):
        exact = precisely(exact_log_softmax, *row)
        # Where the true class is far ahead its log-probability is minus the sum of exponentials of
        # such differences, so a rounding error of half an ulp in the largest comes through.
        ulp = 5 + np.abs(row - row.max()).max()
        for value, truth in zip(result, exact, strict=True):
            assert error_in_ulp(value, truth) <= ulp


def test_log_softmax_keeps_what_softmax_rounds_to_one():
    exact = precisely(exact_log_softmax, 0, -70, -80)[0]
    assert softmax([0, -70, -80])[0] == 1
    assert error_in_ulp(log_softmax([0, -70, -80])[0], exact) <= 2
    assert error_in_ulp(-cross_entropy([[0, -70, -80]], [0]), exact) <= 2
    assert error_in_ulp(-binary_cross_entropy([70], [1]), precisely(exact_log_sigmoid, 70)) <= 2
    assert error_in_ulp(logsumexp([0, -70, -80]), -exact) <= 2


def by_scipy(name, values, **keywords):
    with np.errstate(all="ignore"):
        return getattr(scipy.special, name)(values, **keywords)


@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_agrees_with_expit_on_the_whole_range(dtype):
    z = edges(dtype)
    # Where exp(−z) overflows SciPy's result is 0; ours is right there, as shown above.
    whole = z[(z > np.log(np.finfo(dtype).tiny)) | np.isinf(z)]
    assert_ulp(sigmoid(whole), by_scipy("expit", whole), ulp=4)


@pytest.mark.parametrize("dtype", FLOATS)
def test_log_sigmoid_agrees_with_log_expit_on_the_whole_range(dtype):
    assert_ulp(log_sigmoid(edges(dtype)), by_scipy("log_expit", edges(dtype)), ulp=4)


def every_pair(dtype):
    """All pairs of edge values, with a third score of 0; without those that have no limit."""
    a, b = np.meshgrid(edges(dtype), edges(dtype))
    logits = np.stack([a.ravel(), b.ravel(), np.zeros(a.size, dtype)], axis=-1)
    return logits[(logits == INF).sum(axis=-1) <= 1]


@pytest.mark.parametrize("dtype", FLOATS)
def test_softmax_agrees_with_scipy_on_the_whole_range(dtype):
    logits = every_pair(dtype)
    finite_logits = logits[(logits < INF).all(axis=-1)]
    expected = by_scipy("softmax", finite_logits, axis=-1)
    assert_ulp(softmax(finite_logits), expected, ulp=4)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["logsumexp", "log_softmax"])
def test_logarithms_of_sums_agree_with_scipy_on_the_whole_range(name, dtype):
    logits = every_pair(dtype)
    if name == "log_softmax":
        logits = logits[(logits < INF).all(axis=-1)]  # SciPy has nan there
    expected = by_scipy(name, logits, axis=-1)
    eps = np.finfo(dtype).eps  # near 0 some versions of SciPy are no better; the tests above are
    with np.errstate(invalid="ignore"):  # assert_allclose subtracts ∞ from ∞
        np.testing.assert_allclose(BY_NAME[name](logits), expected, rtol=4 * eps, atol=4 * eps)


@pytest.mark.parametrize("shape", [(7, 1), (50, 10), (20, 129), (5, 3000), (2, 3, 4)])
@pytest.mark.parametrize("dtype", FLOATS)
def test_many_classes_agree_with_scipy(shape, dtype):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=shape).astype(dtype)
    y = rng.integers(shape[-1], size=shape[:-1])
    eps = np.finfo(dtype).eps
    log_p = by_scipy("log_softmax", logits, axis=-1)
    np.testing.assert_allclose(softmax(logits), by_scipy("softmax", logits, axis=-1), rtol=8 * eps)
    np.testing.assert_allclose(log_softmax(logits), log_p, rtol=8 * eps, atol=8 * eps)
    np.testing.assert_allclose(
        cross_entropy(logits, y),
        -np.take_along_axis(log_p, y[..., np.newaxis], axis=-1).mean(),
        rtol=8 * eps,
        atol=8 * eps,
    )


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("name", BY_NAME)
def test_any_axis_can_hold_the_classes(name, axis):
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    ours = BY_NAME[name](logits, axis=axis)
    np.testing.assert_allclose(ours, by_scipy(name, logits, axis=axis), rtol=1e-14)


# --- Limits ---


def test_infinite_log_odds_give_the_limit():
    np.testing.assert_array_equal(sigmoid([-INF, INF]), [0, 1])
    np.testing.assert_array_equal(log_sigmoid([-INF, INF]), [-INF, 0])
    assert binary_cross_entropy([INF, -INF], [1, 0]) == 0
    assert binary_cross_entropy([INF, 3], [0, 1]) == INF
    assert not np.signbit(binary_cross_entropy([INF], [1]))


@pytest.mark.parametrize(
    ("logits", "p"),
    [
        ([0, -INF, 0], [0.5, 0, 0.5]),
        ([-INF, -1e300, -INF], [0, 1, 0]),
        ([0, INF, 1e300], [0, 1, 0]),
        ([-INF, INF], [0, 1]),
        ([INF], [1]),
        ([-INF], [1]),  # one class is certain whatever its score
        ([1e308, -1e308], [1, 0]),
    ],
)
def test_softmax_takes_its_limit_at_infinite_scores(logits, p):
    np.testing.assert_array_equal(softmax(logits), p)
    with np.errstate(divide="ignore"):
        log_p = np.log(p)
    np.testing.assert_array_equal(log_softmax(logits), log_p)
    losses = [cross_entropy(logits, label) for label in range(len(logits))]
    np.testing.assert_array_equal(losses, -log_p)


def test_logsumexp_takes_its_limit_at_infinite_scores():
    logits = [[INF, INF], [-INF, -INF], [-INF, INF], [-INF, 5], [0, INF]]
    np.testing.assert_array_equal(logsumexp(logits), [INF, -INF, INF, 5, INF])
    assert logsumexp([]) == -INF
    assert logsumexp(np.empty((3, 0))).tolist() == [-INF] * 3


def test_differences_beyond_the_largest_float_are_infinite_without_a_signal():
    largest = np.finfo(np.float64).max
    np.testing.assert_array_equal(softmax([largest, -largest]), [1, 0])
    np.testing.assert_array_equal(log_softmax([largest, -largest]), [0, -INF])
    assert cross_entropy([largest, -largest], 1) == INF


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_mean_of_huge_losses_does_not_overflow(dtype):
    huge = np.finfo(dtype).max / 2
    loss = cross_entropy(np.array([[huge, 0]] * 5, dtype), [1] * 5)
    assert_ulp(loss, dtype(huge), ulp=2)
    assert_ulp(binary_cross_entropy(np.full(5, huge, dtype), [0] * 5), dtype(huge), ulp=2)


# --- Types, shapes, inputs ---

CALLS = {
    "sigmoid": (sigmoid, ()),
    "log_sigmoid": (log_sigmoid, ()),
    "logsumexp": (logsumexp, ()),
    "softmax": (softmax, ()),
    "log_softmax": (log_softmax, ()),
    "cross_entropy": (cross_entropy, ([1, 0],)),
    "binary_cross_entropy": (binary_cross_entropy, ([[1, 0, 1], [0, 0, 1]],)),
    "add_intercept": (add_intercept, ()),
}
TABLE = [[1, 0, 1], [0, 0, 1]]
every_function = pytest.mark.parametrize(("f", "rest"), CALLS.values(), ids=CALLS)


@every_function
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_float_type_in_is_the_float_type_out(f, rest, dtype):
    result = f(np.array(TABLE, dtype), *rest)
    assert result.dtype == dtype
    tolerance = 4 * max(np.finfo(dtype).eps, np.finfo(np.float64).eps)
    np.testing.assert_allclose(result, f(TABLE, *rest), rtol=float(tolerance))


@every_function
@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.uint64])
def test_integers_and_booleans_become_float64(f, rest, dtype):
    result = f(np.array(TABLE, dtype), *rest)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, f(np.array(TABLE, np.float64), *rest))


def test_half_precision_counts_beyond_2048():
    logits = np.zeros((5000, 2), np.float16)
    np.testing.assert_allclose(softmax(logits, axis=0), 1 / 5000, rtol=1e-3)
    np.testing.assert_allclose(logsumexp(logits, axis=0), np.log(5000), rtol=1e-3)


@every_function
def test_no_input_is_changed_even_where_it_could_be(f, rest):
    logits = np.array(TABLE, np.float64)
    before = logits.copy()
    result = f(logits, *rest)
    np.testing.assert_array_equal(logits, before)
    assert not np.shares_memory(result, logits)


@every_function
@pytest.mark.parametrize("make", [np.asfortranarray, lambda a: np.repeat(a, 2, -1)[:, ::2]])
def test_read_only_and_strided_inputs_give_the_same(f, rest, make):
    logits = make(np.array(TABLE, np.float64))
    logits.flags.writeable = False
    labels = [np.array(y) for y in rest]
    for y in labels:
        y.flags.writeable = False
    np.testing.assert_array_equal(f(logits, *labels), f(TABLE, *rest))


@pytest.mark.parametrize("f", POINTWISE)
def test_a_single_number_gives_a_single_number(f):
    for z in (3, 3.0, np.float64(3), np.array(3.0)):
        assert isinstance(f(z), np.float64)
        assert f(z) == f([3])[0]
    assert isinstance(f(np.float32(3)), np.float32)


def test_one_example_needs_no_batch():
    assert isinstance(logsumexp([1, 2]), np.float64)
    np.testing.assert_array_equal(softmax([1, 2]), softmax([[1, 2]])[0])
    assert cross_entropy([1, 2], 1) == cross_entropy([[1, 2]], [1])
    assert binary_cross_entropy(2.0, 1) == binary_cross_entropy([2.0], [1])
    assert one_hot(1, 3).tolist() == [0, 1, 0]


@pytest.mark.parametrize("dtype", FLOATS)
def test_no_examples_give_no_results(dtype):
    nothing = np.empty((0, 3), dtype)
    for f, shape in [(softmax, (0, 3)), (log_softmax, (0, 3)), (logsumexp, (0,))]:
        assert f(nothing).shape == shape
        assert f(nothing).dtype == dtype
    assert sigmoid(nothing).shape == log_sigmoid(nothing).shape == (0, 3)
    assert add_intercept(nothing).shape == (0, 4)
    assert one_hot([], 3).shape == (0, 3)


def test_whole_numbers_written_as_floats_or_booleans_are_labels():
    assert cross_entropy(TABLE, [2.0, 0.0]) == cross_entropy(TABLE, [2, 0])
    assert binary_cross_entropy([1, -2], [True, False]) == binary_cross_entropy([1, -2], [1, 0])
    np.testing.assert_array_equal(one_hot(np.array([1, 0], np.uint8), 300)[:, :2], [[0, 1], [1, 0]])


@pytest.mark.parametrize("shape", [(2, 0), (0, 2), (3, 2), (2, 3, 4)])
def test_add_intercept_puts_ones_before_the_features(shape):
    X = np.random.default_rng(0).normal(size=shape)
    result = add_intercept(X)
    assert (result[..., 0] == 1).all()
    np.testing.assert_array_equal(result[..., 1:], X)


# --- Memory ---


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n_classes", [10, 1000])
@pytest.mark.parametrize("f", [softmax, log_softmax, cross_entropy])
def test_peak_memory_is_little_more_than_the_result_and_one_array_more(f, n_classes, dtype):
    logits = np.zeros((1_000_000 // n_classes, n_classes), dtype)
    y = np.zeros(len(logits), int)
    arguments = (logits, y) if f is cross_entropy else (logits,)
    tracemalloc.start()
    try:
        f(*arguments)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    little = 5 * 8 * len(logits) + 200_000  # numbers for each example, and NumPy's buffers
    assert peak <= 2 * logits.nbytes + little


# --- Bad input, word for word ---

NAN = np.nan
# What the types forbid comes all the same.
NOT_AN_INTEGER: Any = 2.5
RAGGED: Any = [[1, 2], [3]]
NOTHING: Any = None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: cross_entropy(np.zeros((2, 5)), [0, 7]),
            "y holds label 7, but logits have 5 columns (labels 0–4)",
        ),
        (
            lambda: cross_entropy(np.zeros((2, 5)), [0, -1]),
            "y holds label -1, but logits have 5 columns (labels 0–4)",
        ),
        (
            lambda: cross_entropy(np.zeros((2, 1)), [0, 1]),
            "y holds label 1, but logits have 1 column (label 0)",
        ),
        (lambda: one_hot([0, 3], 3), "y holds label 3, but n_classes is 3 (labels 0–2)"),
        (lambda: one_hot([0, INF], 3), "y holds label inf, but n_classes is 3 (labels 0–2)"),
        (
            lambda: binary_cross_entropy([0, 0], [-1, 1]),
            "y holds label -1, but z scores 2 classes (labels 0–1)",
        ),
        (lambda: one_hot([0, 1.5], 3), "y holds 1.5, but labels are whole numbers"),
        (lambda: one_hot([0, NAN], 3), "y holds nan, but labels are whole numbers"),
        (
            lambda: cross_entropy(np.zeros((2, 3)), [0.5, 1]),
            "y holds 0.5, but labels are whole numbers",
        ),
        (
            lambda: binary_cross_entropy([0, 0], [0.3, 1]),
            "y holds 0.3, but labels are whole numbers",
        ),
        (lambda: one_hot(["a"], 3), "y must hold whole numbers, but has dtype <U1"),
        (lambda: one_hot([0], 0), "n_classes must be a positive integer, got 0"),
        (lambda: one_hot([0], NOT_AN_INTEGER), "n_classes must be a positive integer, got 2.5"),
        (
            lambda: cross_entropy(np.zeros((4, 3)), [0, 1]),
            "y has shape (2,), but needs one label per example, (4,)",
        ),
        (
            lambda: cross_entropy(np.zeros((4, 3)), np.zeros((4, 3), int)),
            "y has shape (4, 3), but needs one label per example, (4,)",
        ),
        (
            lambda: binary_cross_entropy([0, 0], [[0], [1]]),
            "z has shape (2,) and y has shape (2, 1), but each score needs one label",
        ),
        (
            lambda: binary_cross_entropy([[0], [0]], [0, 1]),
            "z has shape (2, 1) and y has shape (2,), but each score needs one label; "
            "a column of scores becomes a row by z[:, 0]",
        ),
        (
            lambda: cross_entropy(np.empty((0, 3)), []),
            "no examples came, and the mean of no losses is not defined",
        ),
        (
            lambda: binary_cross_entropy([], []),
            "no examples came, and the mean of no losses is not defined",
        ),
        (
            lambda: softmax([[0.0, 1.0], [INF, INF]]),
            "softmax has no limit where logits[1, :] holds +inf more than once or nothing but -inf",
        ),
        (
            lambda: log_softmax([[0, -INF], [1, -INF]], axis=0),
            "softmax has no limit where logits[:, 1] holds +inf more than once or nothing but -inf",
        ),
        (
            lambda: cross_entropy([-INF, -INF], 0),
            "softmax has no limit where logits[:] holds +inf more than once or nothing but -inf",
        ),
        (lambda: softmax(np.empty((2, 0))), "logits of shape (2, 0) have no classes on axis -1"),
        (
            lambda: cross_entropy(np.empty((0, 0)), []),
            "logits of shape (0, 0) have no classes on axis -1",
        ),
        (lambda: softmax(3.5), "logits must have an axis of classes, but are one number, 3.5"),
        (lambda: softmax([1, 2], axis=1), "axis 1 is out of bounds for array of dimension 1"),
        (
            lambda: softmax(RAGGED),
            "logits must be an array of numbers, with rows of one length",
        ),
        (
            lambda: one_hot(RAGGED, 3),
            "y must be an array of numbers, with rows of one length",
        ),
        (lambda: sigmoid("z"), "z must hold real numbers, but has dtype <U1"),
        (lambda: sigmoid([1j]), "z must hold real numbers, but has dtype complex128"),
        (lambda: sigmoid(NOTHING), "z must hold real numbers, but has dtype object"),
        (
            lambda: add_intercept([1, 2, 3]),
            "X must be a table of shape (n, d), but has shape (3,); "
            "X.reshape(-1, 1) makes a single feature one",
        ),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("f", "rest", "name"),
    [
        (sigmoid, (), "z"),
        (log_sigmoid, (), "z"),
        (logsumexp, (), "logits"),
        (softmax, (), "logits"),
        (log_softmax, (), "logits"),
        (cross_entropy, ([1, 0],), "logits"),
        (binary_cross_entropy, ([[1, 0, 1], [0, 0, 1]],), "z"),
        (add_intercept, (), "X"),
    ],
)
@pytest.mark.parametrize("other", [0, INF, -INF])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_nan_is_refused_and_found(f, rest, name, other, dtype):
    values = np.array([[0, 1, 2], [other, NAN, other]], dtype)
    with pytest.raises(ValueError) as raised:
        f(values, *rest)
    assert str(raised.value) == f"{name}[1, 1] is nan, but must be a number, -inf or +inf"


@every_function
def test_a_mask_is_never_dropped(f, rest):
    hidden = np.ma.masked_array(TABLE, mask=[[True, False, False], [False, False, False]])
    with pytest.raises(ValueError, match=r"^some entries of (logits|z|X) are masked; leave them"):
        f(hidden, *rest)
    np.testing.assert_array_equal(f(np.ma.masked_array(TABLE), *rest), f(TABLE, *rest))


def test_masked_labels_are_refused():
    with pytest.raises(ValueError, match=r"^some entries of y are masked; leave them out or fill"):
        cross_entropy(TABLE, np.ma.masked_array([1, 0], mask=[False, True]))


@pytest.mark.parametrize("f", POINTWISE)
def test_a_single_nan_is_refused_by_name(f):
    with pytest.raises(ValueError, match=r"^z is nan, but must be a number, -inf or \+inf$"):
        f(NAN)
