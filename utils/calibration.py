"""Does 80 % mean 80 %? Reliability curves, calibration errors, and what chance alone would give.

Most functions take `confidence`, how sure each of n predictions was, and `correct`, whether it was
right. For a yes/no forecast these are the probability of yes and whether it came; for K classes
`top_label(P, y)` makes them, or P[:, k] and y == k for one class k. Bins hold lo ≤ confidence < hi,
the last one its upper end too; a bin without predictions has nan where its averages would stand.
"""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.functions import below_highest, cross_entropy, one_hot, sigmoid, softmax
from utils.inputs import (
    Floats,
    Integers,
    as_confidence,
    as_distributions,
    as_floats,
    as_predictions,
)

Strategy: TypeAlias = Literal["uniform", "quantile"]
Rng: TypeAlias = np.random.Generator | int

_BLOCK = 2**16  # numbers worked on at a time: half a megabyte, which the processor's cache holds


class ReliabilityCurve(NamedTuple):
    """What `reliability_curve` found in each bin. Lesson 07."""

    counts: Integers
    """Predictions in each bin, shape (n_bins,)."""
    confidence: Floats
    """Their mean confidence, shape (n_bins,)."""
    accuracy: Floats
    """The share of them that was right, shape (n_bins,)."""
    edges: Floats
    """Where the bins begin and end, shape (n_bins + 1,)."""


class BrierDecomposition(NamedTuple):
    """The five parts of a Brier score; ``score`` puts them together again. Lesson 07."""

    reliability: float
    """Squared gaps between confidence and accuracy: 0 when calibrated."""
    resolution: float
    """How far the bins' accuracies lie from the overall one: the more, the better."""
    uncertainty: float
    """The score of a forecast that says the overall shares every time."""
    within_bin_variance: float
    """Variance of the forecasts inside their bins."""
    within_bin_covariance: float
    """Twice the covariance of forecasts and outcomes inside the bins."""

    @property
    def score(self) -> float:
        """The Brier score, to rounding."""
        inside = self.within_bin_variance - self.within_bin_covariance
        return self.reliability - self.resolution + self.uncertainty + inside


class NoiseFloor(NamedTuple):
    """The calibration error that chance alone gives a perfectly calibrated model. Lesson 07."""

    mean: float
    """On average."""
    high: float
    """Exceeded in 5 % of cases only (or 1 − level)."""


def reliability_curve(
    confidence: ArrayLike, correct: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform"
) -> ReliabilityCurve:
    """Sort predictions into bins by confidence and see how often each bin was right. Lesson 07.

    Parameters
    ----------
    confidence : array_like, shape (n,)
        How sure each prediction was, 0 to 1.
    correct : array_like of bool or of 0 and 1, shape (n,)
        Whether it was right.
    n_bins : int
        Number of bins.
    strategy : {"uniform", "quantile"}
        Bins of equal width, or with about equally many predictions in each.

    Returns
    -------
    ReliabilityCurve
        A named tuple: counts, confidence, accuracy, edges.

    Raises
    ------
    ValueError
        If confidence is empty, holds nan, or leaves [0, 1] by more than a few roundings (those
        count as 0 and 1); if correct has another length or holds anything but true and false; if
        n_bins is less than 1 or the strategy is unknown.

    Notes
    -----
    The edges are k / n_bins, so a confidence of 0.7 begins the eighth of ten bins, as one expects;
    np.linspace(0, 1, 11)[7] is 0.7000000000000001. scikit-learn's `calibration_curve` agrees where
    no confidence lies on an edge; it has lo < confidence ≤ hi and leaves empty bins out.

    Examples
    --------
    >>> curve = reliability_curve([0.6, 0.8, 0.9, 1.0], [False, True, True, True], n_bins=4)
    >>> curve.counts
    array([0, 0, 1, 3])
    >>> curve.confidence
    array([nan, nan, 0.6, 0.9])
    >>> curve.accuracy
    array([nan, nan,  0.,  1.])
    """
    p, right = as_predictions(confidence, correct)
    place, edges = _bins(p, n_bins, strategy)
    counts = np.bincount(place, minlength=n_bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 is nan: nothing is known about an empty bin
        mean = np.bincount(place, p, n_bins) / counts
        accuracy = np.bincount(place, right, n_bins) / counts
    return ReliabilityCurve(counts, mean, accuracy, edges)


def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform"
) -> float:
    """Mean gap between confidence and accuracy, each bin weighted by its share of predictions (ECE).

    Lesson 07.

    Parameters
    ----------
    confidence, correct, n_bins, strategy
        As for `reliability_curve`.

    Returns
    -------
    float
        0 to 1. Compare it with `noise_floor`: 0 is not to be expected even of a perfect model.

    Raises
    ------
    ValueError
        As for `reliability_curve`.

    References
    ----------
    M. P. Naeini, G. F. Cooper and M. Hauskrecht (2015), "Obtaining well calibrated probabilities
    using Bayesian binning", AAAI.

    Examples
    --------
    >>> error = expected_calibration_error([0.6, 0.8, 0.9, 1.0], [False, True, True, True], 4)
    >>> print(f"{error:.3f}")  # 1/4 · 0.6 + 3/4 · 0.1
    0.225
    """
    counts, mean, accuracy, _ = reliability_curve(confidence, correct, n_bins, strategy)
    return float(np.nansum(counts * np.abs(accuracy - mean)) / counts.sum())


def maximum_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform"
) -> float:
    """Largest gap between confidence and accuracy in any bin that is not empty (MCE). Lesson 07.

    Parameters
    ----------
    confidence, correct, n_bins, strategy
        As for `reliability_curve`.

    Returns
    -------
    float
        0 to 1. One bin with one prediction can decide it.

    Raises
    ------
    ValueError
        As for `reliability_curve`.

    Examples
    --------
    >>> maximum_calibration_error([0.6, 0.8, 0.9, 1.0], [False, True, True, True], n_bins=4)
    0.6
    """
    _, mean, accuracy, _ = reliability_curve(confidence, correct, n_bins, strategy)
    return float(np.nanmax(np.abs(accuracy - mean)))


def top_label(P: ArrayLike, y: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Confidence in the predicted class, and whether that class was right. Lesson 07.

    Parameters
    ----------
    P : array_like, shape (n, K)
        Probabilities; each row sums to 1. At least two classes.
    y : array_like of whole numbers, shape (n,)
        The true classes, 0 … K − 1.

    Returns
    -------
    confidence : ndarray, shape (n,)
    correct : ndarray of bool, shape (n,)

    Raises
    ------
    ValueError
        If P is not a table of distributions over at least two classes, or y does not fit it.

    Examples
    --------
    >>> confidence, correct = top_label([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], [0, 1])
    >>> confidence, correct
    (array([0.7, 0.4]), array([ True, False]))
    """
    P, Y = _table_and_targets(P, y)
    top = P.argmax(axis=1)
    return P.max(axis=1), Y[np.arange(len(Y)), top] == 1


def classwise_calibration_error(
    P: ArrayLike, y: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform"
) -> Floats:
    """ECE of each class's own column, as K yes/no forecasts; their mean is the class-wise ECE.

    Lesson 07.

    Parameters
    ----------
    P, y
        As for `top_label`.
    n_bins, strategy
        As for `reliability_curve`.

    Returns
    -------
    ndarray, shape (K,)

    Raises
    ------
    ValueError
        As for `top_label` and `reliability_curve`.

    References
    ----------
    M. Kull et al. (2019), "Beyond temperature scaling: obtaining well-calibrated multiclass
    probabilities with Dirichlet calibration", NeurIPS 32.

    Examples
    --------
    >>> P = [[0.6, 0.3, 0.1]] * 10
    >>> y = [0] * 6 + [1] * 1 + [2] * 3  # the top label is right as often as it says
    >>> classwise_calibration_error(P, y).round(3)
    array([0. , 0.2, 0.2])
    """
    P, Y = _table_and_targets(P, y)
    errors = [
        expected_calibration_error(p, is_class, n_bins, strategy)
        for p, is_class in zip(P.T, Y.T, strict=True)
    ]
    return np.array(errors)


def brier_score(P: ArrayLike, y: ArrayLike) -> float:
    """Squared distance of the probabilities from what came, summed over classes, mean over examples.

    Lesson 07.

    Parameters
    ----------
    P, y
        As for `top_label`.

    Returns
    -------
    float
        0 to 2. With two classes it is twice scikit-learn's `brier_score_loss`.

    Raises
    ------
    ValueError
        As for `top_label`.

    References
    ----------
    G. W. Brier (1950), "Verification of forecasts expressed in terms of probability", Monthly
    Weather Review 78(1).

    Examples
    --------
    >>> print(f"{brier_score([[0.7, 0.2, 0.1]], [0]):.2f}")  # 0.3² + 0.2² + 0.1²
    0.14
    """
    P, Y = _table_and_targets(P, y)
    return float(((P - Y) ** 2).sum() / len(P))


def brier_decomposition(
    P: ArrayLike, y: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform"
) -> BrierDecomposition:
    """Split a Brier score: reliability − resolution + uncertainty, and two terms within the bins.

    Lesson 07.

    Parameters
    ----------
    P, y
        As for `top_label`.
    n_bins, strategy
        As for `reliability_curve`. Each class's column is binned by itself; the parts are summed.

    Returns
    -------
    BrierDecomposition
        A named tuple of five floats; its ``score`` equals `brier_score` to rounding.

    Raises
    ------
    ValueError
        As for `top_label` and `reliability_curve`.

    References
    ----------
    D. B. Stephenson, C. A. S. Coelho and I. T. Jolliffe (2008), "Two extra components in the Brier
    score decomposition", Weather and Forecasting 23(4), doi:10.1175/2007WAF2006116.1.

    Examples
    --------
    >>> P, y = [[0.6, 0.4], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9]], [0, 1, 1, 1]
    >>> parts = brier_decomposition(P, y, n_bins=2)
    >>> print(f"{parts.score:.3f} {brier_score(P, y):.3f}")
    0.350 0.350
    """
    P, Y = _table_and_targets(P, y)
    parts = np.zeros(5)
    for p, is_class in zip(P.T, Y.T, strict=True):
        counts, mean, share, _ = reliability_curve(p, is_class, n_bins, strategy)
        place, _ = _bins(p, n_bins, strategy)
        overall = is_class.mean()
        from_mean, from_share = p - mean[place], is_class - share[place]
        parts += [
            np.nansum(counts * (mean - share) ** 2) / len(p),
            np.nansum(counts * (share - overall) ** 2) / len(p),
            overall * (1 - overall),
            np.mean(from_mean**2),
            2 * np.mean(from_mean * from_share),
        ]
    return BrierDecomposition(*map(float, parts))


def noise_floor(
    confidence: ArrayLike,
    n_bins: int = 15,
    n_resamples: int = 1000,
    rng: Rng = 0,
    *,
    strategy: Strategy = "uniform",
    level: float = 0.95,
) -> NoiseFloor:
    """ECE that a perfectly calibrated model with these very confidences would show by chance.

    The confidences stay; each outcome is drawn anew, right with the probability that was announced.
    Lesson 07.

    Parameters
    ----------
    confidence, n_bins, strategy
        As for `reliability_curve`.
    n_resamples : int
        How often all outcomes are drawn.
    rng : Generator or int
        The source of chance, or its seed.
    level : float
        ``high`` is exceeded with probability 1 − level.

    Returns
    -------
    NoiseFloor
        A named tuple: mean, high.

    Raises
    ------
    ValueError
        As for `reliability_curve`; if n_resamples is less than 1 or level is not between 0 and 1.

    Examples
    --------
    >>> sure = np.linspace(0.5, 1, 100)
    >>> print(f"{noise_floor(sure).mean:.2f}")  # a perfect model, and yet not 0
    0.09
    """
    _refuse_level(level)
    right, counts, mean = _draw_outcomes(confidence, n_bins, n_resamples, rng, strategy)
    errors = np.abs(right - counts * mean).sum(axis=1) / counts.sum()  # (n_resamples,)
    return NoiseFloor(float(errors.mean()), float(np.quantile(errors, level)))


def hidden_gap(
    confidence: ArrayLike,
    n_bins: int = 15,
    n_resamples: int = 1000,
    rng: Rng = 0,
    *,
    strategy: Strategy = "uniform",
    level: float = 0.95,
    missed: float = 0.2,
) -> float:
    """How far off a model with these very confidences could be and still pass below the mark.

    An ECE below the mark, `noise_floor(…).high`, does not say that the model is calibrated: a model
    that is too sure may pass as well. This is the gap with which it passes one time in five. Lesson 07.

    Parameters
    ----------
    confidence, n_bins, n_resamples, rng, strategy, level
        As for `noise_floor`.
    missed : float
        The share of such models that stay below the mark. With 0.5 it is the gap that is missed as
        often as it is found, which is smaller.

    Returns
    -------
    float
        The true ECE, which no bins blur: mean confidence minus mean chance of being right. A smaller
        gap could still hide, a larger one would most likely have been found. The mean confidence
        itself where even a model that is never right could pass, as with one prediction.

    Raises
    ------
    ValueError
        As for `noise_floor`; if missed is not between 0 and level.

    Notes
    -----
    In the models tried, all odds of being right are lower than announced by one factor, which is
    searched for: log-odds minus a constant. So every gap has the same sign. Other faults of the same
    size that were tried (too modest, signs that change from bin to bin, mistakes likelier by one factor,
    too sure by a constant or at some confidences only) pass about as often or less. A fault whose
    signs cancel within bins is not found at all.
    It draws about 15 times as much as `noise_floor`; with 100 000 predictions and more, 100
    resamples do.

    Examples
    --------
    >>> sure = np.linspace(0.5, 1, 500)
    >>> print(f"mark {noise_floor(sure).high:.2f}, could hide {hidden_gap(sure):.2f}")
    mark 0.06, could hide 0.07
    """
    if not 0 < missed < level:
        raise ValueError(f"missed must lie between 0 and level, {level!r}, got {missed!r}")
    rng = np.random.default_rng(rng)
    mark = noise_floor(confidence, n_bins, n_resamples, rng, strategy=strategy, level=level).high
    p = as_confidence(confidence)
    nearest = np.clip(p, np.finfo(np.float64).tiny, 1 - np.finfo(np.float64).epsneg)
    log_odds = np.log(nearest) - np.log1p(-nearest)
    seed = int(rng.integers(2**32))  # the same luck for every factor, or the search would jitter

    def chance(shift: float) -> Floats:
        return np.minimum(p, sigmoid(log_odds - shift))

    def passes(shift: float) -> bool:
        """Whether at least the share `missed` of models with this fault stays below the mark."""
        right, counts, mean = _draw_outcomes(
            p, n_bins, n_resamples, seed, strategy, truth=chance(shift)
        )
        errors = np.abs(right - counts * mean).sum(axis=1) / counts.sum()
        return bool(np.mean(errors <= mark) >= missed)

    low, high = 0.0, 0.25
    while passes(high):
        low, high = high, 2 * high
        if high > 1000:  # the smallest confidence above 0 has log-odds of −708
            return float(p.mean())
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if passes(middle) else (low, middle)
    return float(np.mean(p - chance(low)))


def consistency_band(
    confidence: ArrayLike,
    n_bins: int = 15,
    n_resamples: int = 1000,
    rng: Rng = 0,
    *,
    strategy: Strategy = "uniform",
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Return between which accuracies each bin of a perfectly calibrated model lies, by chance.

    Lesson 07.

    Parameters
    ----------
    confidence, n_bins, n_resamples, rng, strategy
        As for `noise_floor`.
    level : float
        Each bin by itself lies in its band, ends included, with at least about this probability.
        Of 20 bins, then, one may well stray.

    Returns
    -------
    low, high : ndarray, shape (n_bins,)
        nan where a bin is empty.

    Raises
    ------
    ValueError
        As for `noise_floor`.

    Notes
    -----
    Bröcker and Smith also draw the forecasts anew. Here they stay as they are, so that the band
    belongs to the counts one sees.

    References
    ----------
    J. Bröcker and L. A. Smith (2007), "Increasing the reliability of reliability diagrams", Weather
    and Forecasting 22(3), doi:10.1175/WAF993.1.

    Examples
    --------
    >>> low, high = consistency_band([0.9] * 9, n_bins=1)
    >>> print(f"of 9 predictions at 0.9 a perfect model gets {9 * low[0]:.0f} to {9 * high[0]:.0f}")
    of 9 predictions at 0.9 a perfect model gets 6 to 9
    """
    _refuse_level(level)
    right, counts, _ = _draw_outcomes(confidence, n_bins, n_resamples, rng, strategy)
    tails = (1 - level) / 2, (1 + level) / 2
    # Accuracies that do occur, and not halfway between two: else a small bin strays too often.
    low, high = np.quantile(right, tails, axis=0, method="inverted_cdf")
    full = counts > 0
    band = np.full((2, n_bins), np.nan)
    band[:, full] = np.stack([low, high])[:, full] / counts[full]
    return band[0], band[1]


def apply_temperature(logits: ArrayLike, T: float) -> Floats:
    """Probabilities with their confidence turned down (T > 1) or up (T < 1): softmax(logits / T).

    Lesson 09.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores, not probabilities.
    T : float
        Temperature, above 0. At 1 nothing changes; no T changes which class comes first.

    Returns
    -------
    ndarray, shape (..., K)

    Raises
    ------
    ValueError
        If T is not a finite number above 0; for logits as `utils.softmax`.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger (2017), "On calibration of modern neural
    networks", ICML, arXiv:1706.04599.

    Examples
    --------
    >>> apply_temperature([2, 1, 0.1], 1).round(3)
    array([0.659, 0.242, 0.099])
    >>> apply_temperature([2, 1, 0.1], 2).round(3)
    array([0.502, 0.304, 0.194])
    """
    _refuse_temperature(T, "T")
    below, _ = below_highest(logits)  # so that a small T cannot make the highest overflow
    with np.errstate(over="ignore"):  # the others may: −inf is right
        return softmax(below / float(T))


def fit_temperature(
    logits: ArrayLike, y: ArrayLike, bounds: tuple[float, float] = (0.05, 20.0)
) -> float:
    """Find the temperature with the least cross-entropy on data the model was not fitted to.

    Lesson 09.

    Parameters
    ----------
    logits : array_like, shape (n, K)
        Finite scores of held-out examples.
    y : array_like of whole numbers, shape (n,)
        Their true classes, 0 … K − 1.
    bounds : pair of floats
        The lowest and the highest temperature to consider.

    Returns
    -------
    float
        A bound itself where the cross-entropy falls all the way to it: on the training data of a
        model that gets them all right, the lower one. 1 where every temperature does as well.

    Raises
    ------
    ValueError
        If bounds are not two finite numbers above 0, the lower first; if logits are not finite, not
        a table, or differ by more than the largest float; for y as `utils.cross_entropy`.

    References
    ----------
    As for `apply_temperature`.

    Examples
    --------
    Three of four are right, so the score difference should be log 3, and 4 is too sure.

    >>> T = fit_temperature([[4, 0]] * 4, [0, 0, 0, 1])
    >>> print(f"{T:.4f}, {4 / np.log(3):.4f}")
    3.6410, 3.6410
    """
    from scipy.optimize import brentq  # here, so that `import utils` costs no SciPy

    if not isinstance(bounds, tuple | list | np.ndarray) or np.shape(bounds) != (2,):
        raise ValueError(f"bounds must be two numbers, (low, high), got {bounds!r}")
    low, high = bounds
    _refuse_temperature(low, "the lower bound")
    _refuse_temperature(high, "the upper bound")
    if low >= high:
        raise ValueError(f"bounds must have the lower one first, got {bounds!r}")
    z = as_floats(logits, "logits").astype(np.float64, copy=False)
    if z.ndim != 2:
        raise ValueError(f"logits must be a table of shape (n, K), but have shape {z.shape}")
    if not np.isfinite(z).all():
        where = np.argwhere(~np.isfinite(z))[0]
        raise ValueError(
            f"logits{where.tolist()} is {float(z[tuple(where)])!r}, but must be a finite number"
        )
    cross_entropy(z, y)  # looks at the labels
    with np.errstate(over="ignore"):
        ahead = z - np.take_along_axis(z, np.asarray(y, dtype=np.intp)[:, np.newaxis], axis=1)
    if not np.isfinite(ahead).all():
        row = int(np.flatnonzero(~np.isfinite(ahead).all(axis=1))[0])
        raise ValueError(
            f"logits of row {row} differ by more than the largest float; divide all by a constant"
        )
    if not ahead.any():  # no example has a preference
        return float(min(max(1.0, low), high))
    ahead /= np.abs(ahead).max()  # where the slope is 0 stays, and no sum of it can overflow

    def slope(log_T: float) -> float:
        """Of the cross-entropy over 1/T, in which it is convex: as T rises, it falls. Up to scale."""
        P = apply_temperature(z, float(np.exp(log_T)))
        return float(np.mean(np.sum(P * ahead, axis=1)))

    coldest, hottest = float(np.log(low)), float(np.log(high))
    if slope(coldest) <= 0:
        return float(low)
    if slope(hottest) >= 0:
        return float(high)
    return float(np.exp(brentq(slope, coldest, hottest, xtol=1e-10)))


def reliability_in_words(confidence: ArrayLike, correct: ArrayLike, n_bins: int = 5) -> str:
    """Say in a line for each bin what was announced, what came, and whether that may be luck.

    Lesson 07.

    Parameters
    ----------
    confidence, correct, n_bins
        As for `reliability_curve`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        As for `reliability_curve`.

    Examples
    --------
    >>> print(reliability_in_words([0.9] * 9, [True] * 6 + [False] * 3))
    you said 90 %, right 6 of 9; 19 times in 20 a perfect forecaster gets 6 to 9: may be luck
    """
    counts, mean, accuracy, _ = reliability_curve(confidence, correct, n_bins)
    low, high = consistency_band(confidence, n_bins)
    lines = []
    for k in np.flatnonzero(counts):
        n = counts[k]
        right, least, most = (round(float(share * n)) for share in (accuracy[k], low[k], high[k]))
        between = f"{least}" if least == most else f"{least} to {most}"
        verdict = "may be luck"
        if right < least:
            verdict = "too sure"
        if right > most:
            verdict = "not sure enough"
        lines.append(
            f"you said {100 * mean[k]:.0f} %, right {right} of {n}; "
            f"19 times in 20 a perfect forecaster gets {between}: {verdict}"
        )
    return "\n".join(lines)


# The parts they share


def _bins(p: Floats, n_bins: int, strategy: Strategy) -> tuple[Integers, Floats]:
    """Return the bin of each prediction, shape (n,), and the bins' edges, shape (n_bins + 1,)."""
    if not isinstance(n_bins, int | np.integer) or n_bins < 1:
        raise ValueError(f"n_bins must be a positive integer, got {n_bins!r}")
    edges = np.arange(n_bins + 1) / n_bins
    if strategy == "quantile":
        edges[1:-1] = np.quantile(p, edges[1:-1])
        return np.searchsorted(edges[1:-1], p, side="right"), edges
    if strategy != "uniform":
        raise ValueError(f'strategy must be "uniform" or "quantile", got {strategy!r}')
    place = np.empty(len(p), dtype=np.intp)
    rounding = 4 * n_bins * np.finfo(np.float64).eps
    for first in range(0, len(p), _BLOCK):
        some, into = p[first : first + _BLOCK], place[first : first + _BLOCK]
        scaled = some * n_bins
        into[:] = scaled
        # The product is rounded, so next to an edge it may lie on the wrong side (and 1 lies beyond
        # the last bin). Search for the few that are so near; to search for all takes ten times as long.
        scaled -= into
        near = np.flatnonzero((scaled < rounding) | (scaled > 1 - rounding))
        into[near] = np.searchsorted(edges[1:-1], some[near], side="right")
    return place, edges


def _draw_outcomes(
    confidence: ArrayLike,
    n_bins: int,
    n_resamples: int,
    rng: Rng,
    strategy: Strategy,
    *,
    truth: Floats | None = None,
) -> tuple[Integers, Integers, Floats]:
    """Draw how many predictions of each bin are right when every confidence is true.

    Or, given the truth, shape (n,): when that is each prediction's chance of being right.
    Gives that number (n_resamples, n_bins), the bins' counts, and their mean confidence (0 where
    empty), both of shape (n_bins,).
    """
    if not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
        raise ValueError(f"n_resamples must be a positive integer, got {n_resamples!r}")
    p = as_confidence(confidence)
    place, _ = _bins(p, n_bins, strategy)
    counts = np.bincount(place, minlength=n_bins)
    mean = np.bincount(place, p, n_bins) / np.maximum(counts, 1)
    by_bin = np.argsort(place, kind="stable")  # bin after bin, so that a bin is one slice
    p = (p if truth is None else truth)[by_bin]
    full = np.flatnonzero(counts)
    starts = np.cumsum(counts)[full] - counts[full]
    rng = np.random.default_rng(rng)
    right = np.zeros((n_resamples, n_bins), dtype=np.intp)
    rows = max(1, _BLOCK // len(p))
    for first in range(0, n_resamples, rows):
        some = right[first : first + rows]
        drawn = rng.random((len(some), len(p))) < p
        some[:, full] = np.add.reduceat(drawn, starts, axis=1, dtype=np.int32)
    return right, counts, mean


def _refuse_level(level: float) -> None:
    """Raise unless level lies between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level!r}")


def _table_and_targets(P: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """P and y as tables of one shape, (n, K): probabilities, and what came as 0 and 1."""
    P = as_distributions(P)
    Y = one_hot(y, P.shape[1])
    if Y.shape != P.shape:
        raise ValueError(
            f"y has shape {Y.shape[:-1]}, but needs one label per row of P, {P.shape[:1]}"
        )
    return P, Y


def _refuse_temperature(T: float, name: str) -> None:
    """Raise unless T is a finite number above 0."""
    if np.ndim(T):
        raise ValueError(f"{name} must be one number, got an array of shape {np.shape(T)}")
    if not (isinstance(T, int | float | np.integer | np.floating) and 0 < T < np.inf):
        raise ValueError(f"{name} must be a finite number above 0, got {T!r}")
