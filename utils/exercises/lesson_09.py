"""What the exercises of lesson 09 accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.judge import Arguments, Exercise, Group, Misconception


def _softmax(z: Any, axis: int = -1) -> Any:
    from scipy import special

    return special.softmax(z, axis=axis)


def _log_softmax(z: Any) -> Any:
    from scipy import special

    return special.log_softmax(z, axis=1)


def _of_true(table: Any, y: Any) -> Any:
    return table[..., np.arange(len(y)), y]


def _drawn(rng: np.random.Generator, n: int, n_classes: int, T: float) -> tuple[Any, Any]:
    """Return scores (n, K) and labels (n,) drawn from their softmax at temperature T.

    The scores have no zero mean, so that a lost maximum or a sum over all of them shows.
    """
    logits = rng.normal(scale=2.5, size=(n, n_classes)) * T + rng.normal(size=(n, 1))
    y = [rng.choice(n_classes, p=p) for p in _softmax(logits / T)]
    return logits, np.array(y)


# --- 09.1 apply_temperature ----------------------------------------------------------------------


def _some_rows(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, np.log(9.0)]]), 2.0),
        (rng.normal(scale=2, size=(2, 3)), 0.5),
        (rng.normal(scale=3, size=(5, 4)), 3.0),
    ]


def _large_scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[800.0, 0.0, 799.9]]), 0.25),
        (np.array([[2.0, 1.0], [-900.0, -901.0]]), 0.5),
        (np.array([[0.0, -800.0]]), 400.0),  # at T = 1 the second probability rounds to 0
        (rng.normal(scale=50, size=(4, 3)) + np.array([[0.0], [3000.0], [-3000.0], [10.0]]), 0.05),
    ]


def _rows_law(arguments: Arguments, P: Any) -> str | None:
    logits, T = arguments
    if np.isnan(P).any():
        return "nan came out; the scores are large, their differences are what counts"
    if (P < 0).any() or (P > 1 + 1e-6).any():
        return "a probability lies between 0 and 1"
    sums = P.sum(axis=1)
    if not np.allclose(sums, 1, atol=1e-4):
        return f"each row should sum to 1; your first one sums to {sums[0]:.4g}"
    if T > 1 and (P.max(axis=1) > _softmax(logits).max(axis=1) + 1e-6).any():
        return f"T = {T:g} is above 1, so no row should become surer than it was"
    if T < 1 and (P.max(axis=1) < _softmax(logits).max(axis=1) - 1e-6).any():
        return f"T = {T:g} is below 1, so no row should become less sure than it was"
    return None


def _in_place(logits: Any, T: float) -> Any:
    logits /= T
    return _softmax(logits)


def _shared_out(weights: Any) -> Any:
    return weights / weights.sum(axis=1, keepdims=True)


def _naive(logits: Any, T: float) -> Any:
    return _shared_out(np.exp(logits / T))


def _one_maximum(logits: Any, T: float) -> Any:
    return _shared_out(np.exp((logits - logits.max()) / T))


def _all_of_it(logits: Any, T: float) -> Any:
    """One distribution over the whole table."""
    return _softmax(np.ravel(logits / T)[None, :]).reshape(logits.shape)


APPLY = Exercise(
    number="09.1",
    call="apply_temperature(logits, T)",
    groups=(
        Group("the softmax of the scores divided by T", 1, _some_rows, _rows_law),
        Group(
            "large scores, with a small T and a large one", 1, _large_scores, _rows_law, quiet=True
        ),
    ),
    oracle=lambda logits, T: _softmax(logits / T),
    forbids=("utils.apply_temperature", "utils.calibration.apply_temperature"),
    misconceptions=(
        Misconception(
            "multiplies by T",
            lambda z, T: _softmax(z * T),
            "You multiply by T (or take the T-th power of the probabilities), so a high temperature "
            "makes your model surer. A high temperature levels differences: divide.",
        ),
        Misconception(
            "T forgotten",
            lambda z, T: _softmax(z),
            "These are the probabilities without a temperature. If you subtracted T, softmax did not "
            "notice; if you divided probabilities by T and shared out again, T cancelled. Divide the "
            "scores.",
        ),
        Misconception(
            "probabilities divided by T",
            lambda z, T: _softmax(z) / T,
            "You divide the probabilities by T, and they no longer sum to 1. Divide the scores, "
            "before the softmax.",
        ),
        Misconception(
            "softmax of probabilities",
            lambda z, T: _softmax(_softmax(z) / T),
            "You take a softmax twice: the second one gets probabilities, which all lie between 0 "
            "and 1, and flattens them. Divide the scores and take one softmax.",
        ),
        Misconception(
            "powers not shared out",
            lambda z, T: _softmax(z) ** (1 / T),
            "Probabilities to the power 1/T have the right proportions, but no longer sum to 1. "
            "Divide each row by its sum.",
        ),
        Misconception(
            "powers of probabilities that round to 0",
            lambda z, T: _shared_out(_softmax(z) ** (1 / T)),
            "Powers of probabilities are right, unless a probability has rounded to 0: no power "
            "brings it back. Divide the scores instead.",
        ),
        Misconception(
            "scores returned",
            lambda z, T: z / T,
            "You return the divided scores. The softmax is still to come.",
        ),
        Misconception(
            "logarithms returned",
            lambda z, T: _log_softmax(z / T),
            "You return logarithms of the probabilities. Return the probabilities.",
        ),
        Misconception(
            "wrong axis",
            lambda z, T: _softmax(z / T, axis=0),
            "Your columns sum to 1, not your rows. Each row is one example, each column a class.",
        ),
        Misconception(
            "over the whole table",
            _all_of_it,
            "All entries together sum to 1. Each row is an example with probabilities of its own.",
        ),
        Misconception(
            "a sigmoid of each score",
            lambda z, T: 1 / (1 + np.exp(-np.clip(z / T, -700, 700))),
            "You take a sigmoid of each score, so the rows do not sum to 1. The classes compete: "
            "take the softmax of the row.",
        ),
        Misconception(
            "changes its input",
            _in_place,
            "Your result is right, but the caller's scores are divided by T afterwards: `/=` works "
            "in place. Make a new array.",
        ),
        Misconception(
            "overflow",
            _naive,
            "The exponential of a large score overflows. Subtract the row's maximum first, or use "
            "the safe softmax of lesson 02.",
        ),
        Misconception(
            "one maximum for the whole table",
            _one_maximum,
            "You subtract the largest score of the whole table, and a row far below it vanishes. "
            "Subtract each row's own maximum.",
        ),
    ),
)


# --- 09.2 temperature_nll ------------------------------------------------------------------------


def _nll(logits: Any, y: Any, T: float = 1.0) -> Any:
    """Return the loss of a table (n, K), or the losses (m,) of tables stacked to (m, n, K)."""
    z = logits / T  # SciPy's log_softmax does the same in twice the time, and searches need many
    below = z - z.max(axis=-1, keepdims=True)
    return np.mean(np.log(np.exp(below).sum(axis=-1)) - _of_true(below, y), axis=-1)


def _small_tables(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, np.log(9.0)]]), np.array([1]), 2.0),
        (rng.normal(scale=2, size=(4, 3)), np.array([2, 0, 0, 2]), 0.5),
        (rng.normal(scale=3, size=(7, 5)), rng.integers(5, size=7), 3.0),
    ]


def _far_apart(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, -50.0]]), np.array([1]), 0.05),
        (np.array([[900.0, 901.0]]), np.array([0]), 0.5),
        (np.array([[0.0, 900.0], [1.0, 2.0], [5000.0, 4998.0]]), np.array([0, 1, 1]), 0.5),
        (rng.normal(scale=400, size=(6, 4)), rng.integers(4, size=6), 0.2),
    ]


def _nll_law(arguments: Arguments, result: Any) -> str | None:
    if np.isnan(result):
        return "the loss came out as nan"
    if np.isinf(result):
        return "the loss came out as inf, but every class has a probability above 0"
    if result < 0:
        return f"−log of a probability is never negative; yours is {float(result):.4g}"
    logits, y, T = arguments
    if len(y) == 1 and 12 < result < 0.999 * _nll(logits, y, T):
        return (
            f"{float(result):.2f} is −log of {np.exp(-float(result)):.0e}; the true class has less "
            "than that: is there a floor under your probabilities?"
        )
    return None


def _through_probabilities(logits: Any, y: Any, T: float, eps: float = 0.0) -> Any:
    return -np.mean(np.log(_of_true(_softmax(logits / T), y) + eps))


def _naive_softmax(logits: Any, y: Any, T: float) -> Any:
    return -np.mean(np.log(_of_true(_naive(logits, T), y)))


def _naive_logsumexp(logits: Any, y: Any, T: float) -> Any:
    z = logits / T
    return np.mean(np.log(np.exp(z).sum(axis=1)) - _of_true(z, y))


def _nll_in_place(logits: Any, y: Any, T: float) -> Any:
    logits /= T
    return _nll(logits, y)


def _clipped(logits: Any, y: Any, T: float) -> Any:
    return -np.mean(np.log(np.clip(_of_true(_softmax(logits / T), y), 1e-15, 1)))


NLL = Exercise(
    number="09.2",
    call="temperature_nll(logits, y, T)",
    groups=(
        Group("the mean of −log p of the true classes", 1, _small_tables, _nll_law),
        Group("scores far apart: finite and exact", 1, _far_apart, _nll_law, quiet=True),
    ),
    oracle=lambda z, y, T: -np.mean(_of_true(_log_softmax(z / T), y)),
    forbids=("sklearn.metrics.log_loss",),
    misconceptions=(
        Misconception(
            "multiplies by T",
            lambda z, y, T: _nll(z, y, 1 / T),
            "You multiply the scores by T. A high temperature levels differences: divide.",
        ),
        Misconception(
            "T forgotten",
            lambda z, y, T: _nll(z, y),
            "This is the cross-entropy without a temperature. Divide the scores by T first.",
        ),
        Misconception(
            "the loss divided by T",
            lambda z, y, T: _nll(z, y) / T,
            "You divide the loss (or the log-probabilities) by T. Then the probabilities no longer "
            "sum to 1: divide the scores, before the log-softmax.",
        ),
        Misconception(
            "softmax of probabilities",
            lambda z, y, T: _nll(_softmax(z / T), y),
            "You hand probabilities to a function that wants scores, so a softmax is taken twice. "
            "Give it the divided scores.",
        ),
        Misconception(
            "probabilities divided by T",
            lambda z, y, T: _nll(_softmax(z), y, T),
            "You take a softmax first and divide the probabilities by T. Divide the scores.",
        ),
        Misconception(
            "sum instead of mean",
            lambda z, y, T: _nll(z, y, T) * len(y),
            "You sum over the examples. Take the mean, so that losses on sets of different size can "
            "be compared.",
        ),
        Misconception(
            "divided by classes too",
            lambda z, y, T: _nll(z, y, T) / z.shape[1],
            "You average over all entries of the table. Only the true class's entry counts in each "
            "row: divide by the number of examples.",
        ),
        Misconception(
            "missing minus",
            lambda z, y, T: -_nll(z, y, T),
            "The logarithm of a probability is negative, a loss is positive: a minus is missing.",
        ),
        Misconception(
            "base 2",
            lambda z, y, T: _nll(z, y, T) / np.log(2),
            "You take logarithms to base 2. The loss is asked for in nats: the natural logarithm.",
        ),
        Misconception(
            "one loss for each example",
            lambda z, y, T: -_of_true(_log_softmax(z / T), y),
            "You return a loss for each example. Take their mean.",
        ),
        Misconception(
            "the predicted class",
            lambda z, y, T: -np.mean(_log_softmax(z / T).max(axis=1)),
            "You take the probability of the class that was predicted. The loss asks what the model "
            "gave to the class that is true.",
        ),
        Misconception(
            "every label for every row",
            lambda z, y, T: -_log_softmax(z / T)[:, y].mean(),
            "You take the columns of all labels from every row, so each row is asked for the others' "
            "classes too. Pair each row with its own label.",
        ),
        Misconception(
            "logarithm of the mean",
            lambda z, y, T: -np.log(np.mean(_of_true(_softmax(z / T), y))),
            "You average the probabilities and then take the logarithm. Take the logarithm of each, "
            "then average.",
        ),
        Misconception(
            "one minus p",
            lambda z, y, T: np.mean(1 - _of_true(_softmax(z / T), y)),
            "You average 1 − p. The cross-entropy is the mean of −log p.",
        ),
        Misconception(
            "changes its input",
            _nll_in_place,
            "Your result is right, but the caller's scores are divided by T afterwards: `/=` works "
            "in place. Make a new array.",
        ),
        Misconception(
            "log of a probability that rounds to 0",
            _through_probabilities,
            "A tiny probability has rounded to 0, and its logarithm is −inf. Work with scores: "
            "log-sum-exp less the true score.",
        ),
        Misconception(
            "a softmax without a shift",
            _naive_softmax,
            "Your softmax overflows for large scores, and tiny probabilities round to 0, whose "
            "logarithm is −inf. Go without probabilities: log-sum-exp less the true score.",
        ),
        Misconception(
            "a small number inside the logarithm",
            lambda z, y, T: _through_probabilities(z, y, T, 1e-9),
            "You add a small number inside the logarithm, or clip there, so no loss can pass about "
            "20.7, however wrong the model. Work with scores: log-sum-exp less the true score.",
        ),
        Misconception(
            "a smaller number inside the logarithm",
            lambda z, y, T: _through_probabilities(z, y, T, 1e-12),
            "You add a small number inside the logarithm, or clip there, so no loss can pass about "
            "27.6, however wrong the model. Work with scores: log-sum-exp less the true score.",
        ),
        Misconception(
            "clipped",
            _clipped,
            "You clip the probabilities, or add a tiny number to them, so no loss can pass about "
            "34.5, however wrong the model. Work with scores: log-sum-exp less the true score.",
        ),
        Misconception(
            "overflow",
            _naive_logsumexp,
            "The exponential of a large score overflows. Subtract each row's maximum first; "
            "`utils.logsumexp` does.",
        ),
    ),
)


# --- 09.3 fit_temperature ------------------------------------------------------------------------

_WIDE = (0.05, 20.0)


def _along(losses: Callable[[Any], Any], bounds: Any, steps: tuple[int, ...] = (60, 20, 20)) -> Any:
    """Try values between the bounds, then between the neighbours of the best, and so on.

    ``losses(t)`` takes all values of one round at once, with shape (m, 1, 1), and returns m losses.
    """
    low, high = bounds
    best = low
    for m in steps:
        tried = np.geomspace(low, high, m)
        at = int(np.argmin(losses(tried[:, None, None])))
        best, low, high = tried[at], tried[max(at - 1, 0)], tried[min(at + 1, m - 1)]
    return float(best)


def _brute_force(logits: Any, y: Any, bounds: tuple[float, float]) -> Any:
    return _along(lambda t: _nll(logits, y, t), bounds)


def _too_sure(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.tile([4.0, 0.0], (4, 1)), np.array([0, 0, 0, 1]), _WIDE),
        (*_drawn(rng, 150, 3, 2.5), _WIDE),
        (*_drawn(rng, 120, 5, 6.0), _WIDE),
    ]


def _too_modest(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.tile([0.25, 0.0], (10, 1)), np.array([0] * 9 + [1]), _WIDE),
        (*_drawn(rng, 150, 4, 0.3), _WIDE),
        (*_drawn(rng, 120, 3, 0.12), _WIDE),
    ]


def _to_the_bound(rng: np.random.Generator) -> list[Arguments]:
    logits = rng.uniform(-1, 1, size=(30, 3))
    return [
        (np.array([[1.5, 0.0], [0.0, 1.0]]), np.array([0, 1]), (0.1, 5.0)),
        (logits, logits.argmin(axis=1), (0.1, 8.0)),
        (2 * logits, logits.argmax(axis=1), (0.25, 30.0)),
        (np.array([[20000.0, 0.0]]), np.array([1]), _WIDE),  # no probability but rounds to 0
    ]


def _other_bounds(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.tile([4.0, 0.0], (4, 1)), np.array([0, 0, 0, 1]), (0.5, 2.0)),
        (np.tile([0.25, 0.0], (10, 1)), np.array([0] * 9 + [1]), (0.4, 3.0)),
        (*_drawn(rng, 150, 4, 60.0), (0.01, 200.0)),
        (*_drawn(rng, 150, 4, 0.02), (0.001, 10.0)),
    ]


def _fit_law(arguments: Arguments, result: Any) -> str | None:
    logits, y, (low, high) = arguments
    T = float(result)
    if not np.isfinite(T):
        return f"T came out as {T}"
    if T <= 0:
        return f"a temperature is above 0; yours is {T:.4g}"
    if not 0.999 * low <= T <= 1.001 * high:
        place = high < T and T.is_integer()
        return f"T should lie between {low:g} and {high:g}; yours is {T:.4g}" + (
            ". If that is a place in a list, return what stands there" if place else ""
        )
    best = _brute_force(logits, y, (low, high))
    at, least = (_nll(logits, y, t) for t in (T, best))
    return (
        f"at your T the cross-entropy is {at:.5f}, and falls on towards "
        f"{'larger' if best > T else 'smaller'} T; the least between the bounds is {least:.5f}"
    )


def _hit_rate(logits: Any, y: Any, bounds: Any) -> Any:
    """Every temperature is as accurate as any other, so the first one tried wins."""
    return bounds[0]


def _least_ece(logits: Any, y: Any, bounds: Any) -> Any:
    def ece(P: Any) -> Any:
        c, ok = P.max(axis=1), P.argmax(axis=1) == y
        place = np.minimum((c * 15).astype(int), 14)
        return np.abs(np.bincount(place, c - ok, 15)).sum() / len(y)

    return _along(lambda t: [ece(P) for P in _softmax(logits / t)], bounds, (400,))


def _mean_confidence(logits: Any, y: Any, bounds: Any) -> Any:
    """Match the mean confidence to the accuracy."""
    accuracy = np.mean(logits.argmax(axis=1) == y)
    return _along(lambda t: abs(_softmax(logits / t).max(axis=-1).mean(axis=-1) - accuracy), bounds)


def _briers(logits: Any, y: Any, t: Any) -> Any:
    P = _softmax(logits / t)
    return np.sum((P - np.eye(P.shape[-1])[y]) ** 2, axis=(-2, -1))


def _rounded_to_zero(logits: Any, y: Any, bounds: Any) -> Any:
    """Compare losses that are inf where a probability rounds to 0."""
    return _along(lambda t: -np.mean(np.log(_of_true(_softmax(logits / t), y)), axis=-1), bounds)


def _bounds_of_the_logarithm(logits: Any, y: Any, bounds: Any) -> Any:
    """Search over log T between the bounds of T."""
    low, high = np.exp(np.minimum(bounds, 300.0))
    return _along(lambda t: _nll(logits, y, t), (low, high), (200, 30, 30))


def _unbounded(logits: Any, y: Any, bounds: Any) -> Any:
    """Hand SciPy no bounds: it begins with T = 0."""
    from scipy.optimize import minimize_scalar

    from utils.functions import cross_entropy

    with np.errstate(all="ignore"):
        return float(minimize_scalar(lambda t: cross_entropy(logits / t, y)).x)


def _few_steps(logits: Any, y: Any, bounds: Any) -> Any:
    """Ten steps of gradient descent in T from 1, with step 0.1."""
    T = 1.0
    for _ in range(10):
        slope = (_nll(logits, y, T + 1e-4) - _nll(logits, y, T - 1e-4)) / 2e-4
        T = min(max(T - 0.1 * slope, bounds[0]), bounds[1])
    return T


def _tried(candidates: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a search that tries a few temperatures and takes the best."""
    return lambda z, y, bounds: _best_of(candidates(bounds), z, y)


def _best_of(tried: Any, logits: Any, y: Any) -> Any:
    return tried[np.argmin(_nll(logits, y, tried[:, None, None]))]


FIT = Exercise(
    number="09.3",
    call="fit_temperature(logits, y, bounds)",
    groups=(
        Group("a model that is too sure: T above 1", 1, _too_sure, _fit_law),
        Group("a model that is too modest: T below 1", 1, _too_modest, _fit_law),
        Group("the bound itself where the loss falls all the way", 1, _to_the_bound, _fit_law),
        Group("other bounds are kept", 1, _other_bounds, _fit_law),
    ),
    oracle=_brute_force,
    rtol=0.01,
    forbids=(
        "utils.fit_temperature",
        "utils.calibration.fit_temperature",
        "sklearn.calibration.CalibratedClassifierCV",
    ),
    misconceptions=(
        Misconception(
            "multiplies by T",
            lambda z, y, bounds: _along(lambda t: _nll(z, y, 1 / t), bounds),
            "Your search multiplies the scores by T, or divides by 1/T: it finds the inverse of the "
            "temperature. Divide the scores by T.",
        ),
        Misconception(
            "1/T returned",
            lambda z, y, bounds: 1 / _brute_force(z, y, bounds),
            "You return 1/T. Searching over 1/T is fine; turn the result over at the end.",
        ),
        Misconception(
            "log T returned",
            lambda z, y, bounds: np.log(_brute_force(z, y, bounds)),
            "You return the logarithm of T. Searching over log T is fine; take the exponential of the "
            "result.",
        ),
        Misconception(
            "the loss returned",
            lambda z, y, bounds: _nll(z, y, _brute_force(z, y, bounds)),
            "You return the least loss. Return the temperature at which it is reached.",
        ),
        Misconception(
            "fitted by accuracy",
            _hit_rate,
            "You return the lower bound every time. If you compare accuracies: they are the same at "
            "all temperatures, so the first one tried wins. Compare the cross-entropy.",
        ),
        Misconception(
            "fitted by the ECE",
            _least_ece,
            "You seem to minimise the calibration error. It jumps as predictions cross the edges of "
            "bins, and its least place is partly luck. Minimise the cross-entropy.",
        ),
        Misconception(
            "fitted by the Brier score",
            lambda z, y, bounds: _along(lambda t: _briers(z, y, t), bounds),
            "At your T the Brier score is least. That is a proper score too, but another one: "
            "minimise the cross-entropy.",
        ),
        Misconception(
            "mean confidence matched to the accuracy",
            _mean_confidence,
            "At your T the mean confidence equals the accuracy. That is a sensible wish, but another "
            "one: here T should give the least cross-entropy.",
        ),
        Misconception(
            "the largest loss",
            lambda z, y, bounds: _along(lambda t: -_nll(z, y, t), bounds),
            "You return the temperature with the *largest* cross-entropy: a sign is lost, or argmax "
            "stands where argmin should.",
        ),
        Misconception(
            "probabilities instead of scores",
            lambda z, y, bounds: _along(lambda t: _nll(_softmax(z), y, t), bounds),
            "Your search divides probabilities by T, not scores: a softmax is taken before the "
            "division as well as after. Divide the scores.",
        ),
        Misconception(
            "softmax taken twice",
            lambda z, y, bounds: _along(lambda t: _nll(_softmax(z / t), y), bounds),
            "Your loss is given probabilities and takes another softmax of them. Hand it the divided "
            "scores.",
        ),
        Misconception(
            "probabilities that round to 0",
            _rounded_to_zero,
            "Where the true classes' probabilities round to 0, your loss is inf at every T, and the "
            "first one tried wins. Compute the loss from scores, as in 09.2.",
        ),
        Misconception(
            "bounds of T for log T",
            _bounds_of_the_logarithm,
            "You search over log T, and gave that search the bounds of T: it never looks below T = "
            "e^0.05. Take the logarithm of the bounds as well.",
        ),
        Misconception(
            "no bounds",
            _unbounded,
            "If your search can try T = 0 or less, it may have broken off there: the divided scores "
            "are nan. Give the search its bounds.",
        ),
        Misconception(
            "the loss divided by T",
            lambda z, y, bounds: _along(lambda t: _nll(z, y) / np.ravel(t), bounds),
            "You return the upper bound every time: if the loss itself is divided by T, a larger T "
            "always looks better. Divide the scores, before the softmax.",
        ),
        Misconception(
            "never below 1",
            lambda z, y, bounds: max(1.0, _brute_force(z, y, bounds)),
            "Your search looks at T ≥ 1 only. A model that is too modest needs T < 1.",
        ),
        Misconception(
            "never above 1",
            lambda z, y, bounds: min(1.0, _brute_force(z, y, bounds)),
            "Your search looks at T ≤ 1 only. A model that is too sure needs T > 1.",
        ),
        Misconception(
            "bounds ignored",
            lambda z, y, bounds: _along(lambda t: _nll(z, y, t), (1e-4, 1e4), (100, 30)),
            "Your search does not stop at the bounds. Where the loss falls all the way, nothing else "
            "stops it.",
        ),
        Misconception(
            "always 0.05 to 20",
            lambda z, y, bounds: _brute_force(z, y, _WIDE),
            "You search from 0.05 to 20 whatever the caller says. Use the bounds that are handed in.",
        ),
        Misconception(
            "stopped too early",
            _few_steps,
            "Your search stops before it arrives. Repeat until T changes by much less than 1 %, or "
            "cut a bracket down: the valley's size differs from model to model.",
        ),
        Misconception(
            "a coarse grid of equal steps",
            _tried(lambda bounds: np.linspace(bounds[0], bounds[1], 100)),
            "You try temperatures in equal steps. Between 0.05 and 0.2 hardly any is tried, and 1 % "
            "is not reached: space them by a constant factor, and go finer around the best.",
        ),
        Misconception(
            "a coarse grid",
            _tried(lambda bounds: np.geomspace(bounds[0], bounds[1], 20)),
            "You try too few temperatures to reach 1 %. Try more, or go finer around the best.",
        ),
        Misconception(
            "a grid of a hundred",
            _tried(lambda bounds: np.geomspace(bounds[0], bounds[1], 100)),
            "You try a hundred temperatures, which from 0.05 to 20 lie 6 % apart. To reach 1 %, try "
            "more, or go finer around the best.",
        ),
        Misconception(
            "a grid of tenths",
            _tried(lambda bounds: np.arange(max(0.1, bounds[0]), bounds[1] + 0.05, 0.1)),
            "You try temperatures in steps of 0.1. Near 0.1 that is as good as nothing: space them "
            "by a constant factor, and go finer around the best.",
        ),
    ),
)


# --- 09.4 fit_vector_scaling ---------------------------------------------------------------------


def _from_world(rng: np.random.Generator, n: int, w: Any, b: Any) -> Arguments:
    """Return scores and labels whose best scales and offsets are about w and b."""
    logits = rng.normal(scale=2, size=(n, len(w)))
    y = [rng.choice(len(w), p=p) for p in _softmax(np.array(w) * logits + np.array(b))]
    return logits, np.array(y)


def _one_offset(rng: np.random.Generator) -> list[Arguments]:
    # Two kinds of row, so that scale and offset are both told: right 3 of 4 and 2 of 4.
    logits = np.repeat([[2.0, 0.0], [0.0, 2.0]], 4, axis=0)
    return [
        (logits, np.array([0, 0, 0, 1, 0, 0, 1, 1])),
        _from_world(rng, 250, [1, 1, 1], [0, 1.5, -1]),
    ]


def _own_scales(rng: np.random.Generator) -> list[Arguments]:
    return [
        _from_world(rng, 250, [1.6, 0.3, 0.7], [0, 0, 0]),
        _from_world(rng, 300, [0.2, 0.5, 1.5, 0.9], [0, 0, 0, 0]),
    ]


def _both(rng: np.random.Generator) -> list[Arguments]:
    return [
        _from_world(rng, 250, [0.3, 1.4, 0.6], [1.2, 0, -1]),
        _from_world(rng, 350, [0.3, 0.9, 0.4, 1.6], [1, -1, 0.5, 0]),
    ]


def _minimum(
    logits: Any,
    y: Any,
    free: Callable[[Any], tuple[Any, Any]] | None = None,
    size: int = 0,
    z: Any = None,
) -> tuple[Any, Any]:
    """Return the w and b of least loss, or of least loss among those that free(parameters) gives.

    ``free`` is linear but for a constant, so that its derivative can be read off.
    """
    from scipy import optimize

    n, n_classes = logits.shape
    z = logits if z is None else z
    free = free or (lambda p: (1 + p[:n_classes], p[n_classes:]))
    start, Y = np.zeros(size or 2 * n_classes), np.eye(n_classes)[y]
    turns = np.array([np.subtract(free(step), free(start)) for step in np.eye(len(start))])

    def loss_and_slope(p: Any) -> Any:
        w, b = free(p)
        error = (_softmax(w * z + b) - Y) / n
        slope = np.array([(error * z).sum(axis=0), error.sum(axis=0)])
        return _nll(w * z + b, y), (turns * slope).sum(axis=(1, 2))

    return free(optimize.minimize(loss_and_slope, start, jac=True).x)


def _offset_first(logits: Any, y: Any) -> tuple[Any, Any]:
    w, b = _minimum(logits, y)
    return w, b / w


def _vector_law(arguments: Arguments, result: Any) -> str | None:
    logits, y = arguments
    n_classes = logits.shape[1]
    if not isinstance(result, tuple | np.ndarray) or len(result) != 2:
        return "two arrays are expected, w and b"
    shapes = [np.shape(part) for part in result]
    if shapes != [(n_classes,)] * 2:
        return f"w and b should have shape ({n_classes},) each; yours have {shapes[0]}, {shapes[1]}"
    w, b = (np.asarray(part, dtype=float) for part in result)
    if not (np.isfinite(w).all() and np.isfinite(b).all()):
        return "w and b should be finite"
    at, least = (_nll(v * logits + c, y) for v, c in ((w, b), _minimum(logits, y)))
    if at <= least + 1e-3:
        return None
    start = _nll(logits, y)
    found = f"{at:.4f}" if at < 1e4 else f"{at:.1e}"
    return (
        f"with your w and b the cross-entropy is {found}, with w = 1 and b = 0 it is {start:.4f}, and "
        f"the least one is {least:.4f}. If you take steps, they may be "
        + ("too few or too short" if at < start else "too long, or lead uphill")
    )


def _probabilities(arguments: Arguments, result: Any) -> Any:
    w, b = result
    return _softmax(np.asarray(w) * arguments[0] + np.asarray(b))


def _descent(
    logits: Any, y: Any, steps: int, lr: float = 0.1, sign: float = 1.0
) -> tuple[Any, Any]:
    n, n_classes = logits.shape
    w, b, Y = np.ones(n_classes), np.zeros(n_classes), np.eye(n_classes)[y]
    for _ in range(steps):
        error = (_softmax(w * logits + b) - Y) / n
        w = w - sign * lr * (error * logits).sum(axis=0)
        b = b - sign * lr * error.sum(axis=0)
    return w, b


VECTOR = Exercise(
    number="09.4",
    call="fit_vector_scaling(logits, y)",
    groups=(
        Group("a class that comes more often than announced", 1, _one_offset, _vector_law),
        Group("scales that differ from class to class", 1, _own_scales, _vector_law),
        Group("both at once", 1, _both, _vector_law),
    ),
    signature=_probabilities,
    rtol=0.01,
    atol=0.005,
    misconceptions=(
        Misconception(
            "nothing fitted",
            lambda z, y: (np.ones(z.shape[1]), np.zeros(z.shape[1])),
            "Your w is 1 and your b is 0 for every class: the scores come out as they went in.",
        ),
        Misconception(
            "a temperature",
            lambda z, y: _minimum(
                z, y, lambda p: (np.full(z.shape[1], 1 + p[0]), np.zeros(z.shape[1])), 1
            ),
            "All classes share one scale and have no offset: that is a temperature. Each class needs "
            "its own two numbers.",
        ),
        Misconception(
            "no offsets",
            lambda z, y: _minimum(z, y, lambda p: (1 + p, np.zeros(len(p))), z.shape[1]),
            "You fit the scales, but b is 0, or the same for all classes, which softmax does not "
            "notice. Each class needs an offset of its own.",
        ),
        Misconception(
            "no scales",
            lambda z, y: _minimum(z, y, lambda p: (np.ones(len(p)), p), z.shape[1]),
            "You fit the offsets and leave w at 1. The scales have to be fitted as well.",
        ),
        Misconception(
            "one scale for all",
            lambda z, y: _minimum(
                z, y, lambda p: (np.full(z.shape[1], 1 + p[0]), p[1:]), z.shape[1] + 1
            ),
            "All classes share one scale. Each class has its own: the derivative is a mean over "
            "examples alone, not over classes.",
        ),
        Misconception(
            "b and w exchanged",
            lambda z, y: _minimum(z, y)[::-1],
            "w and b have changed places: return the scales first.",
        ),
        Misconception(
            "the inverse of the scales",
            lambda z, y: (1 / _minimum(z, y)[0], _minimum(z, y)[1]),
            "Your w divides: it is the inverse of the scale. The new scores are w times the old ones, "
            "plus b.",
        ),
        Misconception(
            "offset before the scale",
            _offset_first,
            "Your b is added before the scale is applied. The new scores are w times the old ones, "
            "and then plus b.",
        ),
        Misconception(
            "uphill",
            lambda z, y: _descent(z, y, 30, sign=-1.0),
            "Your cross-entropy is higher than at the start: the steps go uphill. Subtract the "
            "gradient.",
        ),
        Misconception(
            "stopped too early",
            lambda z, y: _descent(z, y, 10),
            "The steps lead the right way and stop too early. Take many more, or longer ones.",
        ),
        Misconception(
            "probabilities instead of scores",
            lambda z, y: _minimum(z, y, z=_softmax(z)),
            "You fitted w and b to probabilities. They are applied to the scores: fit them to the "
            "scores.",
        ),
    ),
)

EXERCISES = (APPLY, NLL, FIT, VECTOR)
