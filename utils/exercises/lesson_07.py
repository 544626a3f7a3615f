"""What the exercises of lesson 07 accept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from utils.drives import draw_band
from utils.judge import Arguments, Exercise, Group, Misconception

# --- 07.1 reliability_bins -----------------------------------------------------------------------


def _bins_oracle(confidence: Any, correct: Any, n_bins: int) -> Any:
    from scipy import stats

    def each(values: Any, statistic: str) -> Any:
        return stats.binned_statistic(confidence, values, statistic, n_bins, (0, 1)).statistic

    return each(None, "count"), each(confidence, "mean"), each(correct, "mean")


def _flags(text: str) -> Any:
    """Return "TFT" as an array of truth values."""
    return np.array([letter == "T" for letter in text])


def _spread(rng: np.random.Generator, counts: tuple[int, ...]) -> Any:
    """Return confidences with that many in each bin, off the edges, in no order."""
    width = 1 / len(counts)
    parts = [(k + rng.uniform(0.03, 0.97, size=c)) * width for k, c in enumerate(counts)]
    return rng.permutation(np.concatenate(parts))


def _mixed(rng: np.random.Generator, n: int) -> Any:
    """Return n truth values, both of them among the first two."""
    return np.concatenate([[True, False], rng.random(n - 2) < 0.6])


def _full_bins(rng: np.random.Generator) -> list[Arguments]:
    first = (np.array([0.9, 0.1, 0.4, 0.3]), _flags("TFTF"), 2)
    low = (np.array([0.45, 0.1, 0.3, 0.6]), _flags("TFTF"), 2)
    rest = [
        (_spread(rng, counts), _mixed(rng, sum(counts)), len(counts))
        for counts in ((4, 2, 3), (2, 5, 1, 3, 4))
    ]
    return [first, low, *rest]


def _on_the_edges(rng: np.random.Generator) -> list[Arguments]:
    inside = _spread(rng, (2, 1, 3, 2))
    return [
        (np.array([0.2, 0.7, 1.0]), _flags("FFT"), 2),
        (np.array([0.0, 0.3, 0.5, 0.75, 1.0, 0.6]), _flags("FTTFTF"), 4),
        (np.append(inside, [0, 0.25, 0.25, 0.5, 0.75, 1, 1]), _mixed(rng, len(inside) + 7), 4),
    ]


def _empty_bins(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.9, 0.8, 0.6]), _flags("TFT"), 3),
        (_spread(rng, (0, 2, 0, 3, 0)), _mixed(rng, 5), 5),
        (_spread(rng, (0, 0, 0, 0, 0, 4, 0, 5)), _mixed(rng, 9), 8),
    ]


def _bins_law(arguments: Arguments, result: Any) -> str | None:
    confidence, _, _ = arguments
    counts, mean, accuracy = result
    if (counts != np.rint(counts)).any():
        return "a count is a whole number; yours are not"
    lost = len(confidence) - np.nansum(counts)
    if lost > 0.5:
        return f"{lost:.0f} of {len(confidence)} predictions are in none of your bins"
    blank = counts == 0
    if blank.any() and not np.isnan(np.concatenate([mean[blank], accuracy[blank]])).all():
        return "a bin without predictions should have nan for both averages"
    return None


def _binned(
    confidence: Any,
    correct: Any,
    n_bins: int,
    place: Any = None,
    edges: Any = None,
    empty: float = np.nan,
) -> Any:
    """Return counts, mean confidence, accuracy for given places, or for bins [lo, hi)."""
    edges = np.linspace(0, 1, n_bins + 1) if edges is None else edges
    if place is None:
        place = np.searchsorted(edges[1:-1], confidence, side="right")
    inside = (place >= 0) & (place < n_bins)
    place = place[inside].astype(int)
    counts = np.bincount(place, minlength=n_bins)

    def mean(values: Any) -> Any:
        sums = np.bincount(place, values[inside], minlength=n_bins)
        return np.where(counts > 0, sums / np.maximum(counts, 1), empty)

    return counts, mean(confidence), mean(correct)


def _digitized(confidence: Any, n_bins: int) -> Any:
    return np.digitize(confidence, np.linspace(0, 1, n_bins + 1)) - 1


def _upper_closed(confidence: Any, n_bins: int) -> Any:
    """Return places in bins (lo, hi]; 0 is in none of them."""
    return np.digitize(confidence, np.linspace(0, 1, n_bins + 1), right=True) - 1


def _centres(c: Any, ok: Any, n: int) -> Any:
    counts, _, accuracy = _binned(c, ok, n)
    return counts, (np.arange(n) + 0.5) / n, accuracy


def _hits(c: Any, ok: Any, n: int) -> Any:
    counts, mean, accuracy = _binned(c, ok, n)
    return counts, mean, np.where(counts, counts * accuracy, 0)


def _over_all(c: Any, ok: Any, n: int) -> Any:
    counts, mean, accuracy = _binned(c, ok, n)
    return counts, mean * counts / len(c), accuracy * counts / len(c)


def _swapped(c: Any, ok: Any, n: int) -> Any:
    counts, mean, accuracy = _binned(c, ok, n)
    return counts, accuracy, mean


def _shares(c: Any, ok: Any, n: int) -> Any:
    counts, mean, accuracy = _binned(c, ok, n)
    return counts / len(c), mean, accuracy


def _counted_elsewhere(c: Any, ok: Any, n: int) -> Any:
    """Count as np.histogram does by itself: from the smallest value to the largest."""
    _, mean, accuracy = _binned(c, ok, n)
    return np.histogram(c, n)[0], mean, accuracy


def _truth_values_added(c: Any, ok: Any, n: int) -> Any:
    """Add truth values as np.histogram does: any number of them is one."""
    counts, mean, accuracy = _binned(c, ok, n)
    with np.errstate(invalid="ignore"):
        return counts, mean, (accuracy > 0) / counts


def _empties_left_out(c: Any, ok: Any, n: int) -> Any:
    counts, mean, accuracy = _binned(c, ok, n)
    return counts[counts > 0], mean[counts > 0], accuracy[counts > 0]


def _one_bin_more(c: Any, ok: Any, n: int) -> Any:
    place = _digitized(c, n)
    return _binned(c, ok, int(place.max()) + 1 if (c == 1).any() else n, place)


def _by_bincount(c: Any, ok: Any, n: int) -> Any:
    """Stop at the last bin that is not empty: bincount without minlength."""
    counts, mean, accuracy = _binned(c, ok, n)
    last = np.flatnonzero(counts)[-1] + 1
    return counts[:last], mean[:last], accuracy[:last]


_REFUSED = (
    "utils.reliability_curve",
    "utils.calibration.reliability_curve",
    "scipy.stats.binned_statistic",
    "sklearn.calibration.calibration_curve",
)

BINS = Exercise(
    number="07.1",
    call="reliability_bins(confidence, correct, n_bins)",
    groups=(
        Group("counts, mean confidence and accuracy of each bin", 2, _full_bins, _bins_law),
        Group("0, 1 and values on an edge each have their bin", 1, _on_the_edges, _bins_law),
        Group("an empty bin has nan for both averages", 1, _empty_bins, _bins_law),
    ),
    oracle=_bins_oracle,
    forbids=_REFUSED,
    misconceptions=(
        Misconception(
            "1.0 dropped",
            lambda c, ok, n: _binned(c, ok, n, _digitized(c, n)),
            "Confidence 1.0 is in none of your bins: multiplied and rounded down, or by np.digitize, it "
            "comes one bin too far. The last bin must be closed on both sides.",
        ),
        Misconception(
            "a bin of its own for 1.0",
            _one_bin_more,
            "You return one bin too many as soon as a confidence is exactly 1: it landed beyond the "
            "last edge. It belongs to the last bin.",
        ),
        Misconception(
            "empty as 0",
            lambda c, ok, n: _binned(c, ok, n, empty=0.0),
            "Your empty bins say 0. That reads as “never right”; nothing is known about them, and "
            "nan says so.",
        ),
        Misconception(
            "bin centres instead of mean confidence",
            _centres,
            "You return the middle of each bin. The predictions in a bin need not lie around its "
            "middle: average their own confidences.",
        ),
        Misconception(
            "(lo, hi] bins",
            lambda c, ok, n: _binned(c, ok, n, np.maximum(_upper_closed(c, n), 0)),
            "A confidence that lies on an edge belongs to the bin that begins there: lo ≤ confidence "
            "< hi. Yours goes to the bin below.",
        ),
        Misconception(
            "(lo, hi] bins that drop 0",
            lambda c, ok, n: _binned(c, ok, n, _upper_closed(c, n)),
            "Your bins are open below, lo < confidence ≤ hi, so a confidence of exactly 0 is in none "
            "of them, and one on an edge goes to the bin below. Use lo ≤ confidence < hi and close "
            "the last bin.",
        ),
        Misconception(
            "rounds to the nearest",
            lambda c, ok, n: _binned(c, ok, n, np.minimum(np.rint(c * n), n - 1)),
            "You round confidence · n_bins to the nearest integer, which shifts every bin by half a "
            "width. Round down.",
        ),
        Misconception(
            "one bin too few",
            lambda c, ok, n: _binned(
                c, ok, n, np.searchsorted(np.linspace(0, 1, n)[1:-1], c, side="right")
            ),
            "n_bins bins have n_bins + 1 edges. Yours has one edge too few, so the bins are too wide.",
        ),
        Misconception(
            "bins between the smallest and the largest confidence",
            lambda c, ok, n: _binned(c, ok, n, edges=np.linspace(c.min(), c.max(), n + 1)),
            "Your bins divide the range from the smallest to the largest confidence. They should "
            "divide 0 to 1, whatever came, so that two models can be compared.",
        ),
        Misconception(
            "counts between the smallest and the largest confidence",
            _counted_elsewhere,
            "Your averages are right, but the counts belong to other bins: left alone, np.histogram "
            "divides the range from the smallest to the largest confidence. Tell it 0 to 1.",
        ),
        Misconception(
            "equal mass",
            lambda c, ok, n: _binned(c, ok, n, edges=np.quantile(c, np.linspace(0, 1, n + 1))),
            "Your bins hold equally many predictions. Here they should have equal width; equal mass "
            "is exercise 07.5.",
        ),
        Misconception(
            "number right instead of accuracy",
            _hits,
            "Your third array counts the right predictions. Divide by the number in the bin.",
        ),
        Misconception(
            "truth values added as truth values",
            _truth_values_added,
            "Several right predictions in a bin count as one. Some functions, np.histogram with "
            "weights among them, add truth values to a truth value: turn correct into numbers first.",
        ),
        Misconception(
            "divided by n",
            _over_all,
            "You divide a bin's sums by the number of all predictions. Its averages take the number "
            "in that bin.",
        ),
        Misconception(
            "averages in the wrong order",
            _swapped,
            "Mean confidence and accuracy have changed places: return counts, mean confidence, "
            "accuracy.",
        ),
        Misconception(
            "shares instead of counts",
            _shares,
            "Your first array holds shares of all predictions. Return the counts themselves.",
        ),
        Misconception(
            "empty bins left out",
            _empties_left_out,
            "You leave empty bins out, so nobody can tell which bin is which. Keep n_bins entries, "
            "with nan for the averages of an empty one.",
        ),
        Misconception(
            "stops at the last full bin",
            _by_bincount,
            "Your arrays end at the last bin that holds anything. np.bincount needs minlength=n_bins "
            "to go on to the end.",
        ),
    ),
)


# --- 07.2 expected_calibration_error -------------------------------------------------------------


def _ece_oracle(confidence: Any, correct: Any, n_bins: int) -> Any:
    from scipy import stats

    gap = np.asarray(confidence) - np.asarray(correct)
    sums = stats.binned_statistic(confidence, gap, "sum", n_bins, (0, 1)).statistic
    return np.abs(sums).sum() / len(gap)


def _two_bins(rng: np.random.Generator) -> list[Arguments]:
    # Bin 1: said .3, right 2 of 3; bin 2: said .9, right 1 of 2. The gaps have different signs.
    first = (np.array([0.3, 0.2, 0.4, 0.95, 0.85]), _flags("TTFTF"), 2)
    over = np.array([0.05, 0.12, 0.2, 0.3, 0.55, 0.62, 0.9, 0.81, 0.98, 0.7])
    return [first, (over + rng.uniform(-0.04, 0.01), _flags("TFTFFFTFTT"), 3)]


def _some_empty(rng: np.random.Generator) -> list[Arguments]:
    cases = []
    for counts in ((0, 0, 1, 6, 3), (0, 4, 0, 2, 0, 7, 1)):
        confidence = _spread(rng, counts)
        cases.append((confidence, rng.random(len(confidence)) < 0.55, len(counts)))
    return cases


def _ece_edges(rng: np.random.Generator) -> list[Arguments]:
    inside = _spread(rng, (2, 1, 3, 2))
    right = np.append(rng.random(len(inside)) < 0.5, _flags("TFTTTFF"))
    return [
        (np.array([0.7, 1.0, 1.0, 0.2]), _flags("TFTF"), 2),
        (np.array([0.0, 0.5, 0.6, 0.3]), _flags("TTFF"), 2),
        (np.append(inside, [0, 0.25, 0.25, 0.5, 0.75, 1, 1]), right, 4),
    ]


def _range_law(arguments: Arguments, result: Any) -> str | None:
    if not np.isfinite(result):
        return f"the error came out as {result}; a bin without predictions should not count"
    if not 0 <= result <= 1:
        return f"a mean of gaps lies between 0 and 1; yours is {float(result):.4g}"
    return None


def _gaps(c: Any, ok: Any, n: int, **how: Any) -> tuple[Any, Any]:
    counts, mean, accuracy = _binned(c, ok, n, **how)
    return counts, accuracy - mean


def _weighted(c: Any, ok: Any, n: int, **how: Any) -> Any:
    counts, gaps = _gaps(c, ok, n, **how)
    return np.nansum(counts * np.abs(gaps)) / len(c)


def _ece_kept(c: Any, ok: Any, n: int) -> Any:
    """Drop 1.0 altogether: from the bins and from the weights."""
    kept = _digitized(c, n) < n
    return _weighted(c[kept], ok[kept], n)


def _ece_centres(c: Any, ok: Any, n: int) -> Any:
    counts, _, accuracy = _binned(c, ok, n)
    return np.nansum(counts * np.abs(accuracy - (np.arange(n) + 0.5) / n)) / len(c)


def _ece_nan(c: Any, ok: Any, n: int) -> Any:
    counts, gaps = _gaps(c, ok, n)
    return np.sum(counts / len(c) * np.abs(gaps))


def _ece_centres_and_zeros(c: Any, ok: Any, n: int) -> Any:
    """Average over all bins the gap between centre and accuracy, 0 where empty."""
    _, _, accuracy = _binned(c, ok, n, empty=0.0)
    return np.mean(np.abs(accuracy - (np.arange(n) + 0.5) / n))


ECE = Exercise(
    number="07.2",
    call="expected_calibration_error(confidence, correct, n_bins)",
    groups=(
        Group("gaps of both signs, weighted by their bins", 1, _two_bins, _range_law),
        Group("empty bins do not count", 1, _some_empty, _range_law),
        Group("0, 1 and values on an edge count too", 1, _ece_edges, _range_law),
    ),
    oracle=_ece_oracle,
    forbids=(
        "utils.expected_calibration_error",
        "utils.calibration.expected_calibration_error",
        *_REFUSED,
    ),
    misconceptions=(
        Misconception(
            "signed gaps",
            lambda c, ok, n: np.nansum(np.prod(_gaps(c, ok, n), axis=0)) / len(c),
            "Your gaps keep their signs, so a bin that is too sure and one that is not sure enough "
            "cancel. Take absolute values before you sum.",
        ),
        Misconception(
            "absolute value of the sum",
            lambda c, ok, n: abs(ok.mean() - c.mean()),
            "You take the absolute value once, at the end (or compare the two overall averages). By "
            "then gaps of different signs have cancelled: take it for each bin.",
        ),
        Misconception(
            "gaps without weights",
            lambda c, ok, n: np.nanmean(np.abs(_gaps(c, ok, n)[1])),
            "Every bin counts the same in your average. A bin with one prediction then matters as "
            "much as one with a thousand: weight each by its share of the predictions.",
        ),
        Misconception(
            "divided by the number of bins",
            lambda c, ok, n: np.nansum(np.abs(_gaps(c, ok, n)[1])) / n,
            "You average the gaps over all bins, empty ones as 0. Weight each bin by its share of "
            "the predictions instead.",
        ),
        Misconception(
            "sum of the gaps",
            lambda c, ok, n: np.nansum(np.abs(_gaps(c, ok, n)[1])),
            "You sum the gaps. Weight each by its bin's share of the predictions.",
        ),
        Misconception(
            "not divided by n",
            lambda c, ok, n: _weighted(c, ok, n) * len(c),
            "Your weights are counts; they must sum to 1. Divide by the number of predictions.",
        ),
        Misconception(
            "weights divided by the number of bins",
            lambda c, ok, n: _weighted(c, ok, n) * len(c) / n,
            "Your weights are counts divided by the number of bins; they must sum to 1. Divide by the "
            "number of predictions.",
        ),
        Misconception(
            "squared gaps",
            lambda c, ok, n: np.nansum(_gaps(c, ok, n)[0] * _gaps(c, ok, n)[1] ** 2) / len(c),
            "You squared the gaps. That is the reliability term of the Brier score; the ECE takes "
            "absolute values.",
        ),
        Misconception(
            "root of the mean square",
            lambda c, ok, n: np.sqrt(
                np.nansum(_gaps(c, ok, n)[0] * _gaps(c, ok, n)[1] ** 2) / len(c)
            ),
            "You took the root of the mean squared gap. The ECE is the mean absolute gap.",
        ),
        Misconception(
            "largest gap",
            lambda c, ok, n: np.nanmax(np.abs(_gaps(c, ok, n)[1])),
            "You return the largest gap, which is the MCE. The ECE is the weighted mean of the gaps.",
        ),
        Misconception(
            "nan from an empty bin",
            _ece_nan,
            "0 · nan is nan: an empty bin has weight 0, yet its gap spoils the sum. Leave empty bins "
            "out, for example with np.nansum.",
        ),
        Misconception(
            "bin centres instead of mean confidence",
            _ece_centres,
            "You compare the accuracy with the middle of the bin. Compare it with the mean "
            "confidence of the predictions in it.",
        ),
        Misconception(
            "centres, empty bins as 0, no weights",
            _ece_centres_and_zeros,
            "Empty bins enter your average as “accuracy 0” against their middle, and every bin "
            "counts the same. Use mean confidence, and weight by the bin's share.",
        ),
        Misconception(
            "1.0 dropped from the sum",
            lambda c, ok, n: _weighted(c, ok, n, place=_digitized(c, n)),
            "Confidence 1.0 is in none of your bins, so the surest predictions are not judged. The "
            "last bin is closed on both sides.",
        ),
        Misconception(
            "1.0 dropped from sum and weights",
            _ece_kept,
            "Confidence 1.0 is in none of your bins, and missing from the number you divide by. The "
            "last bin is closed on both sides.",
        ),
        Misconception(
            "(lo, hi] bins",
            lambda c, ok, n: _weighted(c, ok, n, place=np.maximum(_upper_closed(c, n), 0)),
            "A confidence on an edge belongs to the bin that begins there: lo ≤ confidence < hi.",
        ),
        Misconception(
            "(lo, hi] bins that drop 0",
            lambda c, ok, n: _weighted(c, ok, n, place=_upper_closed(c, n)),
            "Your bins are open below, so a confidence of exactly 0 is not judged, and one on an edge "
            "goes to the bin below. Use lo ≤ confidence < hi and close the last bin.",
        ),
        Misconception(
            "in percent",
            lambda c, ok, n: 100 * _weighted(c, ok, n),
            "You return a percentage. Return the fraction, between 0 and 1.",
        ),
        Misconception(
            "no bins at all",
            lambda c, ok, n: np.abs(ok - c).mean(),
            "You average the gap of each single prediction, which is right or wrong and never 80 % "
            "right. Average within each bin first, then compare.",
        ),
    ),
)


# --- 07.3 brier_score ----------------------------------------------------------------------------


def _brier_oracle(P: Any, y: Any) -> Any:
    from sklearn.metrics import mean_squared_error

    return sum(
        mean_squared_error((np.asarray(y) == k).astype(float), p)
        for k, p in enumerate(np.asarray(P).T)
    )


def _three_classes(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), np.array([0, 1])),
        (rng.dirichlet(np.ones(3), size=5), np.array([2, 0, 1, 1, 0])),
    ]


def _any_classes(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.6, 0.4], [0.1, 0.9], [0.3, 0.7]]), np.array([0, 1, 0])),
        (rng.dirichlet(np.ones(5), size=7), np.array([3, 0, 2, 2, 1, 0, 3])),  # no label 4
        (rng.dirichlet(np.full(4, 0.3), size=3), np.array([1, 3, 1])),
    ]


def _brier_law(arguments: Arguments, result: Any) -> str | None:
    if not 0 <= result <= 2:
        return f"the score lies between 0 and 2; yours is {float(result):.4g}"
    return None


def _one_hot(P: Any, y: Any) -> Any:
    return np.eye(P.shape[1])[y]


def _squares(P: Any, y: Any) -> Any:
    return (P - _one_hot(P, y)) ** 2


def _true_class(P: Any, y: Any) -> Any:
    return P[np.arange(len(y)), y]


def _too_few_columns(P: Any, y: Any) -> Any:
    return ((P - np.eye(y.max() + 1)[y]) ** 2).sum(axis=1).mean()


BRIER = Exercise(
    number="07.3",
    call="brier_score(P, y)",
    groups=(
        Group("three classes", 1, _three_classes, _brier_law),
        Group("any number of classes, also one that never came", 2, _any_classes, _brier_law),
    ),
    oracle=_brier_oracle,
    forbids=(
        "utils.brier_score",
        "utils.calibration.brier_score",
        "utils.brier_decomposition",
        "utils.calibration.brier_decomposition",
        "sklearn.metrics.brier_score_loss",
    ),
    misconceptions=(
        Misconception(
            "halved",
            lambda P, y: _squares(P, y).sum() / len(P) / 2,
            "Your score is half of what it should be. Some books halve it; this course keeps Brier's "
            "own definition, 0 to 2.",
        ),
        Misconception(
            "divided by K as well",
            lambda P, y: _squares(P, y).mean(),
            "You average over classes too: .mean() of the whole table divides by n · K. Sum over the "
            "classes of an example; average over examples alone.",
        ),
        Misconception(
            "not divided by n",
            lambda P, y: _squares(P, y).sum(),
            "You sum over examples. Divide by their number, or a longer test set looks worse.",
        ),
        Misconception(
            "not averaged",
            lambda P, y: _squares(P, y).sum(axis=1),
            "You return one score for each example. Return their mean, a single number.",
        ),
        Misconception(
            "summed over the examples, averaged over the classes",
            lambda P, y: _squares(P, y).sum(axis=0).mean(),
            "You sum down the columns, over the examples, and average over the classes. It is the other "
            "way round: sum along each row, average the rows.",
        ),
        Misconception(
            "sum before the square",
            lambda P, y: ((P - _one_hot(P, y)).sum(axis=1) ** 2).mean(),
            "You sum the differences before you square them. In each row they cancel to 0: square "
            "first.",
        ),
        Misconception(
            "only the true class",
            lambda P, y: ((1 - _true_class(P, y)) ** 2).mean(),
            "You count the true class alone. It also matters how the rest was shared out: each "
            "class's probability is compared with 1 or 0.",
        ),
        Misconception(
            "only the other classes",
            lambda P, y: (_squares(P, y).sum(axis=1) - (1 - _true_class(P, y)) ** 2).mean(),
            "The term of the true class is missing: its probability is compared with 1.",
        ),
        Misconception(
            "absolute differences",
            lambda P, y: np.abs(P - _one_hot(P, y)).sum(axis=1).mean(),
            "You took absolute differences. The Brier score squares them; without the square, "
            "honesty does not pay.",
        ),
        Misconception(
            "root",
            lambda P, y: np.sqrt(_squares(P, y).sum(axis=1)).mean(),
            "You took the square root: that is the distance, the score is its square.",
        ),
        Misconception(
            "root at the end",
            lambda P, y: np.sqrt(_squares(P, y).sum(axis=1).mean()),
            "You took the root of the mean. The Brier score is the mean squared distance itself.",
        ),
        Misconception(
            "log-loss",
            lambda P, y: -np.log(_true_class(P, y)).mean(),
            "This is the cross-entropy. The Brier score is made of squared differences.",
        ),
        Misconception(
            "predicted class instead of true class",
            lambda P, y: _squares(P, P.argmax(axis=1)).sum(axis=1).mean(),
            "You compare P with its own largest class. Compare it with what came, y.",
        ),
        Misconception(
            "labels instead of one-hot rows",
            lambda P, y: ((P - y[:, None]) ** 2).sum(axis=1).mean(),
            "You subtract the label itself, a number such as 2. Compare each class's probability "
            "with 1 if it came and 0 if not: one-hot rows.",
        ),
        Misconception(
            "confidence of the top label",
            lambda P, y: ((P.max(axis=1) - (P.argmax(axis=1) == y)) ** 2).mean(),
            "You score the predicted class alone, as a yes/no forecast. Sum over all classes.",
        ),
        Misconception(
            "number of classes from y",
            _too_few_columns,
            "The last class never came, and your one-hot table lacks its column. The number of "
            "classes is P.shape[1].",
        ),
        Misconception(
            "larger is better",
            lambda P, y: 1 - _squares(P, y).sum(axis=1).mean(),
            "You subtracted the score from 1. The Brier score is a loss: 0 is perfect.",
        ),
    ),
)


# --- 07.4 consistency_band -----------------------------------------------------------------------

_ROUNDS = 2000
_MANY_ROUNDS = 3500


def _slack(n_resamples: int) -> float:
    """Return five standard deviations of a tail share of 2.5 % over that many rounds."""
    return 5 * math.sqrt(0.025 * 0.975 / n_resamples)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1000))


def _few_predictions(rng: np.random.Generator) -> list[Arguments]:
    lean = np.concatenate(
        [np.full(30, 0.05), np.full(8, 0.45), np.full(12, 0.62), np.full(40, 0.97)]
    )
    return [
        (np.full(9, 0.9), 1, _ROUNDS, _seed(rng)),
        (rng.permutation(np.repeat([0.02, 0.98], 12)), 1, _ROUNDS, _seed(rng)),
        (rng.permutation(lean), 2, _ROUNDS, _seed(rng)),
        (
            rng.permutation(np.repeat([0.3, 0.42, 0.9, 0.81], [12, 20, 15, 6])),
            2,
            _ROUNDS,
            _seed(rng),
        ),
    ]


def _certain_and_empty(rng: np.random.Generator) -> list[Arguments]:
    some = rng.uniform(0.55, 0.7, size=25)
    return [
        (np.array([0.6, 0.65, 0.7, 1.0, 1.0]), 4, _ROUNDS, _seed(rng)),
        (np.concatenate([np.zeros(4), some, np.ones(6)]), 4, _ROUNDS, _seed(rng)),
        (np.concatenate([np.ones(3), some, np.full(9, 0.9)]), 5, _ROUNDS, _seed(rng)),
    ]


def _many_predictions(rng: np.random.Generator) -> list[Arguments]:
    confidences = [rng.random(300) ** 0.5 for _ in range(3)]
    return [
        *((c, 4, _MANY_ROUNDS, _seed(rng)) for c in confidences),
        (confidences[0], 4, 25, _seed(rng), 1000 + _seed(rng)),  # see draw_band
    ]


def _number_right(p: Any) -> Any:
    """Return the distribution of how many come true, if each does with its own probability."""
    chances = np.ones(1)
    for q in p:
        chances = np.convolve(chances, [1 - q, q])
    return np.cumsum(chances)


def _band_law(arguments: Arguments, result: Any) -> str | None:
    confidence, n_bins, n_resamples, *seeds = arguments
    if len(seeds) == 2:
        return _chance_problem(arguments, result)
    if len(np.shape(result)) == 0 or len(result) != 2:
        return "return two arrays, the low ends and the high ends"
    low, high = (np.asarray(end, dtype=float) for end in result)
    if low.shape != (n_bins,) or high.shape != (n_bins,):
        return f"both arrays should have shape ({n_bins},); yours have {low.shape} and {high.shape}"
    place = np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], confidence, side="right")
    for k in range(n_bins):
        problem = _bin_problem(confidence[place == k], low[k], high[k], _slack(n_resamples))
        if problem:
            return f"bin {k}: {problem}"
    return None


def _chance_problem(arguments: Arguments, bands: Any) -> str | None:
    """Say whether the chance in three bands, two of them from equal generators, was that of rng."""
    confidence, n_bins, _, seed, _ = arguments
    first, again, other = bands
    if not np.array_equal(first, again, equal_nan=True):
        return "two calls with rng in the same state gave different bands: draw from rng alone"
    if not np.array_equal(first, other, equal_nan=True):
        return None
    # No chance at all is fine where the band is exact; 25 rounds of another generator are not.
    if _band_law((confidence, n_bins, 10**12, seed), tuple(first)) is None:
        return None
    return "another rng gave the very same band: your draws do not come from rng"


def _bin_problem(p: Any, low: float, high: float, slack: float) -> str | None:
    n = len(p)
    if n == 0:
        both = np.isnan(low) and np.isnan(high)
        return None if both else f"it is empty, so both ends should be nan; yours are {low}, {high}"
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"it holds {n} predictions, but your band is {low:.4g} to {high:.4g}"
    if low > high:
        return f"the low end, {low:.4g}, lies above the high end, {high:.4g}"
    if low < -1e-4 or high > 1 + 1e-4:
        return f"an accuracy lies between 0 and 1, but your band is {low:.4g} to {high:.4g}"
    below = _number_right(p)  # entry r: the chance of r right or fewer
    who = f"of perfect models with these {n} predictions"
    for end, wanted, name in ((low, 0.025, "low"), (high, 0.975, "high")):
        right = end * n
        # A float32 is allowed its rounding.
        up_to = below[int(np.clip(np.floor(right + 1e-4), 0, n))] if right > -1e-4 else 0.0
        less = below[int(np.clip(np.ceil(right - 1e-4), 1, n + 1)) - 1] if right > 1e-4 else 0.0
        if less > wanted + slack or up_to < wanted - slack:
            return (
                f"{up_to:.1%} {who} lie at or below your {name} end, {end:.4g}, and {less:.1%} "
                f"below it; about {wanted:.1%} should"
            )
    return None


def _both_ends(arguments: Arguments, value: Any) -> Any:
    """Return what two answers with the same mistake share, whatever they drew.

    In a small bin two draws may differ by one prediction, so its ends are scaled until that is
    less than the tolerance.
    """
    confidence, n_bins, *_ = arguments
    if len(arguments) == 5:  # which of the three bands are equal
        first, again, other = value
        pairs = ((first, again), (first, other))
        return np.array([np.array_equal(a, b, equal_nan=True) for a, b in pairs], dtype=float)
    counts = np.maximum(_binned(confidence, confidence, n_bins)[0], 1)
    ends = np.stack([np.asarray(end, dtype=float) for end in value])
    return ends * np.minimum(1, 0.019 * counts)


def _rounds(
    c: Any, n_bins: int, n_resamples: int, rng: Any, chance: Any = None, place: Any = None
) -> Any:
    """Return the accuracy of each bin in each round, shape (n_resamples, n_bins)."""
    if place is None:
        place = np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], c, side="right")
    right = rng.random((n_resamples, len(c))) < (c if chance is None else chance)
    with np.errstate(invalid="ignore"):
        columns = [right[:, place == k].sum(axis=1) / (place == k).sum() for k in range(n_bins)]
    return np.stack(columns, axis=1)


def _ends(accuracy: Any, tail: float = 0.025) -> Any:
    low, high = np.quantile(accuracy, [tail, 1 - tail], axis=0)
    return low, high


def _deviations(c: Any, n: int, r: int, rng: Any, times: float) -> Any:
    accuracy = _rounds(c, n, r, rng)
    mean, sd = accuracy.mean(axis=0), accuracy.std(axis=0)
    return mean - times * sd, mean + times * sd


def _centre_of_bin(c: Any, n: int) -> Any:
    return (np.minimum(np.floor(c * n), n - 1) + 0.5) / n


def _half_widths(c: Any, n: int, r: int, rng: Any) -> Any:
    low, high = _ends(_rounds(c, n, r, rng))
    _, mean, _ = _binned(c, c, n)
    return low - mean, high - mean


def _only_confidence(c: Any, n: int, r: int, rng: Any) -> Any:
    """Bootstrap the confidences and draw no outcome."""
    drawn = [_binned(s := c[rng.integers(len(c), size=len(c))], s, n)[1] for _ in range(200)]
    low, high = np.nanquantile(np.stack(drawn), [0.025, 0.975], axis=0)
    return low, high


def _as_counts(c: Any, n: int, r: int, rng: Any) -> Any:
    low, high = _ends(_rounds(c, n, r, rng))
    counts = _binned(c, c, n)[0]
    return low * counts, high * counts


def _one_band(c: Any, n: int, r: int, rng: Any) -> Any:
    low, high = _ends((rng.random((r, len(c))) < c).mean(axis=1))
    return np.full(n, low), np.full(n, high)


def _outcomes(c: Any, n: int, r: int, rng: Any) -> Any:
    """Take quantiles of single outcomes, which are 0 and 1."""
    counts = _binned(c, c, n)[0]
    return np.where(counts, 0.0, np.nan), np.where(counts, 1.0, np.nan)


def _zeros_where_empty(c: Any, n: int, r: int, rng: Any) -> Any:
    low, high = _ends(_rounds(c, n, r, rng))
    return np.nan_to_num(low), np.nan_to_num(high)


def _extremes(c: Any, n: int, r: int, rng: Any) -> Any:
    accuracy = _rounds(c, n, r, rng)
    return accuracy.min(axis=0), accuracy.max(axis=0)


def _mean_of_bin(c: Any, n: int) -> Any:
    place = np.searchsorted(np.linspace(0, 1, n + 1)[1:-1], c, side="right")
    return _binned(c, c, n)[1][place]


def _own_chance(c: Any, n: int, r: int, rng: Any) -> Any:
    return _ends(_rounds(c, n, r, np.random.default_rng()))


def _own_seed(c: Any, n: int, r: int, rng: Any) -> Any:
    return _ends(_rounds(c, n, r, np.random.default_rng(0)))


def _quantiles_of_confidence(c: Any, n: int, r: int, rng: Any) -> Any:
    place = np.searchsorted(np.linspace(0, 1, n + 1)[1:-1], c, side="right")
    inside = [c[place == k] for k in range(n)]
    low, high = (
        np.array([np.quantile(p, q) if len(p) else np.nan for p in inside]) for q in (0.025, 0.975)
    )
    return low, high


def _single_round(c: Any, n: int, r: int, rng: Any) -> Any:
    accuracy = _rounds(c, n, 1, rng)[0]
    return accuracy, accuracy


BAND = Exercise(
    number="07.4",
    call="consistency_band(confidence, n_bins, n_resamples, rng)",
    groups=(
        Group(
            "few predictions: both ends right, up to the luck of the draw",
            1,
            _few_predictions,
            _band_law,
        ),
        Group("certain predictions, and nan for an empty bin", 1, _certain_and_empty, _band_law),
        Group("many predictions, and all chance comes from rng", 1, _many_predictions, _band_law),
    ),
    drive=draw_band,
    signature=_both_ends,
    rtol=0.0,
    atol=0.02,  # what two draws of the same band may differ by
    forbids=("utils.consistency_band", "utils.calibration.consistency_band"),
    misconceptions=(
        Misconception(
            "90 % instead of 95 %",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng), 0.05),
            "Your band leaves out 5 % at each end, so it holds 90 %. Leave out 2.5 % at each end.",
        ),
        Misconception(
            "98 % instead of 95 %",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng), 0.01),
            "Your band is too wide: it leaves out 1 % or less at each end. Leave out 2.5 % at each end.",
        ),
        Misconception(
            "99 % instead of 95 %",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng), 0.005),
            "Your band is too wide: it leaves out 1 % or less at each end. Leave out 2.5 % at each end.",
        ),
        Misconception(
            "the bin's mean as the chance",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng, _mean_of_bin(c, n))),
            "You draw every outcome of a bin with the bin's mean confidence. Each prediction is right "
            "with its own: twelve at 2 % and twelve at 98 % scatter far less than twenty-four at 50 %.",
        ),
        Misconception(
            "draws from a generator of its own",
            _own_chance,
            "Your draws come from another generator than rng, so nobody can repeat them. Draw from the "
            "rng that came.",
        ),
        Misconception(
            "draws with a seed of its own",
            _own_seed,
            "You made a generator with a fixed seed, so every call sees the same luck, whatever rng "
            "came. Draw from rng.",
        ),
        Misconception(
            "quantiles of the confidences",
            _quantiles_of_confidence,
            "You took quantiles of the confidences themselves. It is the outcomes that chance decides: "
            "draw whether each prediction is right, and average.",
        ),
        Misconception(
            "one-sided",
            lambda c, n, r, rng: (
                _rounds(c, n, r, rng).min(axis=0),
                _ends(_rounds(c, n, r, rng), 0.05)[1],
            ),
            "Your band leaves out 5 % at the top and nothing at the bottom. Leave out 2.5 % at each "
            "end.",
        ),
        Misconception(
            "mean ± one standard deviation",
            lambda c, n, r, rng: _deviations(c, n, r, rng, 1.0),
            "Mean ± one standard deviation holds about two thirds. Take the quantiles at 2.5 % and "
            "97.5 %.",
        ),
        Misconception(
            "mean ± two standard deviations",
            lambda c, n, r, rng: _deviations(c, n, r, rng, 1.96),
            "Mean ± 1.96 standard deviations is right for a bell curve. With few predictions near 1 "
            "it is not one, and your band passes 1: take quantiles of what you drew.",
        ),
        Misconception(
            "smallest and largest",
            _extremes,
            "You return the smallest and the largest accuracy drawn; they drift outwards with every "
            "further round. Take the quantiles at 2.5 % and 97.5 %.",
        ),
        Misconception(
            "one round only",
            _single_round,
            "Both ends are the same: you drew the outcomes once. Draw them n_resamples times, and "
            "take quantiles over the rounds.",
        ),
        Misconception(
            "the bin's centre as the chance",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng, _centre_of_bin(c, n))),
            "You draw outcomes with the middle of the bin as their probability. Each prediction is "
            "right with the probability that it announced itself.",
        ),
        Misconception(
            "a fair coin",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng, 0.5)),
            "Your outcomes come from a fair coin. A perfect model is right with the probability that "
            "it announced.",
        ),
        Misconception(
            "wrong with the announced probability",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng, 1 - c)),
            "Your predictions are *wrong* with the announced probability: a comparison is the wrong "
            "way round.",
        ),
        Misconception(
            "no outcomes drawn",
            _only_confidence,
            "You resample the confidences and average them. It is the outcomes that chance decides: "
            "draw whether each prediction is right.",
        ),
        Misconception(
            "distances from the diagonal",
            _half_widths,
            "You return distances from the mean confidence. Return the accuracies themselves.",
        ),
        Misconception(
            "numbers right instead of accuracies",
            _as_counts,
            "You return how many are right. Divide by the number of predictions in the bin.",
        ),
        Misconception(
            "one band for all bins",
            _one_band,
            "Every bin has the same band, that of the overall accuracy. Take the accuracy of each "
            "bin in each round.",
        ),
        Misconception(
            "quantiles of single outcomes",
            _outcomes,
            "Your band runs from 0 to 1: these are quantiles of single outcomes. Average them within "
            "the bin in each round first.",
        ),
        Misconception(
            "low and high exchanged",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng), 0.975),
            "Low and high ends have changed places.",
        ),
        Misconception(
            "empty as 0",
            _zeros_where_empty,
            "Your empty bins have a band at 0. Nothing can be said about them: nan.",
        ),
        Misconception(
            "1.0 dropped",
            lambda c, n, r, rng: _ends(_rounds(c, n, r, rng, place=_digitized(c, n))),
            "Confidence 1.0 is in none of your bins: np.digitize puts it beyond the last edge. The "
            "last bin is closed on both sides.",
        ),
    ),
)


# --- 07.5 equal_mass_edges -----------------------------------------------------------------------


def _all_different(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.93, 0.4, 0.98, 0.85, 0.96, 0.7]), 2),
        (rng.permutation(1 - rng.random(40) ** 2 / 2), 5),
        (rng.permutation(0.3 + 0.7 * rng.random(24) ** 0.2), 3),
        (0.35 + 0.6 * rng.random(37), 4),
    ]


def _many_equal(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([1.0, 0.6, 1.0, 0.8, 1.0, 1.0, 1.0, 0.9]), 4),
        (rng.permutation(np.concatenate([np.ones(30), rng.uniform(0.4, 1, size=20)])), 5),
        (rng.permutation(np.repeat([0.55, 0.65, 0.9], [7, 30, 12])), 6),
    ]


def _edges_law(arguments: Arguments, edges: Any) -> str | None:
    confidence, n_bins = arguments
    n = len(confidence)
    if not isinstance(edges, np.ndarray) or edges.shape != (n_bins + 1,):
        came = edges.shape if isinstance(edges, np.ndarray) else "several arrays"
        return f"{n_bins} bins have {n_bins + 1} edges, shape ({n_bins + 1},); yours: {came}"
    if not np.isfinite(edges).all():
        return "every edge should be a number"
    if edges[0] != 0 or edges[-1] != 1:
        return f"the edges should run from 0 to 1; yours run from {edges[0]:.4g} to {edges[-1]:.4g}"
    if (np.diff(edges) < 0).any():
        return "the edges should never fall from one to the next"
    for k in range(1, n_bins):
        wanted = n * k / n_bins
        # A float32 is allowed its rounding, and either neighbour of the right place will do.
        less = int((confidence < edges[k] - 1e-6).sum())
        up_to = int((confidence <= edges[k] + 1e-6).sum())
        if less > wanted + 1 or up_to < wanted - 1:
            have = less if less > wanted else up_to
            return (
                f"edge {k} is {edges[k]:.4g}: {have} of {n} confidences lie below it, "
                f"about {wanted:.3g} should"
            )
    return None


def _cut(c: Any, n: int, points: Any = None) -> Any:
    inner = np.quantile(c, np.arange(1, n) / n if points is None else points)
    return np.concatenate([[0.0], inner, [1.0]])


def _sorts_in_place(c: Any, n: int) -> Any:
    c.sort()
    return _cut(c, n)


def _not_sorted(c: Any, n: int) -> Any:
    return np.concatenate([[0.0], c[[len(c) * k // n for k in range(1, n)]], [1.0]])


def _bin_means(c: Any, n: int) -> Any:
    return np.array([part.mean() for part in np.array_split(np.sort(c), n)])


EDGES = Exercise(
    number="07.5",
    call="equal_mass_edges(confidence, n_bins)",
    groups=(
        Group("as many predictions in each bin", 1, _all_different, _edges_law),
        Group("many confidences that are equal", 1, _many_equal, _edges_law),
    ),
    forbids=("scipy.stats.mstats.mquantiles",),
    misconceptions=(
        Misconception(
            "equal width",
            lambda c, n: np.linspace(0, 1, n + 1),
            "These bins have equal width. Equal mass means equally many predictions in each, so the "
            "edges depend on the confidences.",
        ),
        Misconception(
            "equal width between smallest and largest",
            lambda c, n: np.linspace(c.min(), c.max(), n + 1),
            "You divide the range of the confidences into equal widths. Equal mass means equally "
            "many predictions in each bin.",
        ),
        Misconception(
            "from the smallest to the largest",
            lambda c, n: np.quantile(c, np.linspace(0, 1, n + 1)),
            "The inner edges are right, but the outer ones are the smallest and the largest "
            "confidence. The next batch may go beyond them: let the edges run from 0 to 1.",
        ),
        Misconception(
            "two edges too many",
            lambda c, n: np.concatenate([[0.0], np.quantile(c, np.linspace(0, 1, n + 1)), [1.0]]),
            "You put 0 and 1 around quantiles that have ends already, the smallest and the largest "
            "confidence. Keep the inner ones alone, n_bins − 1 of them.",
        ),
        Misconception(
            "one bin too many for its quantiles",
            lambda c, n: _cut(c, n, np.arange(1, n) / (n + 1)),
            "Your quantiles divide by n_bins + 1, so the last bin holds twice its share. With n_bins "
            "bins each holds 1 / n_bins of the predictions.",
        ),
        Misconception(
            "inner edges only",
            lambda c, n: _cut(c, n)[1:-1],
            "You return the inner edges alone. Put 0 in front and 1 at the end.",
        ),
        Misconception(
            "one bin too few",
            lambda c, n: np.quantile(c, np.linspace(0, 1, n)),
            "n_bins edges make n_bins − 1 bins. It takes n_bins + 1 edges, 0 and 1 among them.",
        ),
        Misconception(
            "not sorted",
            _not_sorted,
            "You pick every so-many-th confidence as they stand. Sort a copy first.",
        ),
        Misconception(
            "sorts in place",
            _sorts_in_place,
            "Your edges are right, but the caller's confidences are sorted afterwards and no longer "
            "match their outcomes. np.sort makes a sorted copy.",
        ),
        Misconception(
            "fractions given to percentile",
            lambda c, n: _cut(c, n, np.arange(1, n) / n / 100),
            "All your inner edges lie near the smallest confidence: np.percentile counts from 0 to "
            "100, np.quantile from 0 to 1.",
        ),
        Misconception(
            "fractions given to percentile, ends included",
            lambda c, n: np.percentile(c, np.linspace(0, 1, n + 1)),
            "All your edges lie near the smallest confidence: np.percentile counts from 0 to 100, "
            "np.quantile from 0 to 1. And the outer edges should be 0 and 1.",
        ),
        Misconception(
            "repeated edges removed",
            lambda c, n: np.unique(_cut(c, n)),
            "You removed edges that repeat. Then there are fewer bins than asked for; keep them, and "
            "the bins between equal edges stay empty.",
        ),
        Misconception(
            "means of the bins",
            _bin_means,
            "You return the mean of each group. What is wanted are the edges between the groups, "
            "with 0 in front and 1 at the end.",
        ),
        Misconception(
            "counts instead of edges",
            lambda c, n: np.bincount(
                np.searchsorted(_cut(c, n)[1:-1], c, side="right"), minlength=n
            ),
            "You return how many predictions each bin holds. Return the edges between the bins.",
        ),
    ),
)

EXERCISES = (BINS, ECE, BRIER, BAND, EDGES)
