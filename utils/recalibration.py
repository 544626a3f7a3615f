"""Mend any model's probabilities: Platt's map, the best rising one, and what there is to mend.

Both maps are fitted to data that the model has not seen, one score and one outcome for each example.
The rising map, laid over a forecast itself, is its reliability diagram without bins (CORP).
"""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.calibration import Rng
from utils.functions import log_sigmoid, sigmoid
from utils.inputs import (
    Floats,
    Integers,
    as_confidence,
    as_floats,
    as_labels,
    as_numbers,
    as_predictions,
)

Score: TypeAlias = Literal["brier", "log"]


class RisingMap(NamedTuple):
    """A map from scores to probabilities that never falls; call it with new scores. Lesson 12."""

    x: Floats
    """Scores at which a level begins or ends, ascending, shape (m,)."""
    y: Floats
    """The map's value at each of them, never falling, shape (m,)."""

    def __call__(self, scores: ArrayLike) -> Floats:
        """Return the map's values, of the shape of scores.

        Between two levels it is a straight line; below the lowest score and above the highest one
        it stays level. ±inf is a score like any other; nan raises a ValueError.
        """
        values: Floats = np.interp(as_numbers(scores, "scores"), self.x, self.y)
        return values


class Corp(NamedTuple):
    """Three parts of a score, and the curve without bins that gives them. Lesson 12."""

    miscalibration: float
    """What the best rising map would take off the score: 0 when calibrated."""
    discrimination: float
    """What the mended forecast is better than the overall share: the more, the better."""
    uncertainty: float
    """The score of a forecast that says the overall share every time."""
    confidence: Floats
    """The different confidences, ascending, shape (m,)."""
    calibrated: Floats
    """How often each came true, as the best rising curve has it, shape (m,)."""
    counts: Integers
    """How many predictions had each confidence, shape (m,)."""

    @property
    def score(self) -> float:
        """The mean score of the forecast, to rounding."""
        return self.miscalibration - self.discrimination + self.uncertainty


def fit_platt(z: ArrayLike, y: ArrayLike, *, smoothed: bool = False) -> tuple[float, float]:
    """Find the sigmoid σ(a·z + b) with the least cross-entropy: temperature and an offset. Lesson 12.

    Parameters
    ----------
    z : array_like, shape (n,)
        Finite scores of held-out examples, not probabilities. Log-odds, margins, anything that rises
        with the chance of yes.
    y : array_like of 0 and 1, shape (n,)
        What they were.
    smoothed : bool
        Aim at Platt's targets in place of 1 and 0: (n₁ + 1)/(n₁ + 2) and 1/(n₀ + 2), for n₁ examples
        of yes and n₀ of no. They keep a and b finite whatever the data, and pull probabilities a
        little to the middle.

    Returns
    -------
    a, b : float
        a is 1/T of `fit_temperature`, and 0 if all scores are equal; it is negative if the scores
        fall with the chance of yes.

    Raises
    ------
    ValueError
        If a threshold parts the two classes, or there is but one, and the targets are not smoothed:
        the cross-entropy then falls for ever, as a or b grows. If z is not finite; if y holds
        anything but 0 and 1 or does not fit z; if there are no examples.

    Notes
    -----
    Newton's method on two numbers. Platt's own a has the other sign: he writes 1/(1 + exp(Az + B)).

    References
    ----------
    J. Platt (1999), "Probabilistic outputs for support vector machines and comparisons to
    regularized likelihood methods", Advances in Large Margin Classifiers.

    Examples
    --------
    At a score of 1 three of four were yes, at −1 one of four.

    >>> a, b = fit_platt([1, 1, 1, 1, -1, -1, -1, -1], [1, 1, 1, 0, 0, 0, 0, 1])
    >>> print(f"{a:.4f}, {b + 0:.4f}, log 3 = {np.log(3):.4f}")
    1.0986, 0.0000, log 3 = 1.0986
    """
    scores = _as_finite(z, "z")
    yes = as_labels(y, 2, "z scores 2 classes", scores.shape) == 1
    targets = yes.astype(np.float64)
    if smoothed:
        n_yes, n_no = int(yes.sum()), int((~yes).sum())
        targets = np.where(yes, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))
    else:
        _refuse_parted(scores, yes)
    scale = float(np.abs(scores).max()) or 1.0
    x = scores / scale  # so that no square can overflow

    def loss(a: float, b: float) -> float:
        logits = a * x + b
        return float(-(targets * log_sigmoid(logits) + (1 - targets) * log_sigmoid(-logits)).sum())

    overall = targets.mean()
    a, b = 0.0, float(np.log(overall) - np.log1p(-overall))
    for _ in range(500 if np.ptp(x) else 0):
        p = sigmoid(a * x + b)
        off, weight = p - targets, p * (1 - p)
        # Around the weighted mean of x, the slopes of a and of the level there have no part in
        # common, so each has a Newton step of its own; outliers cannot blur the two.
        centre = (weight @ x) / weight.sum()
        slope, level = off @ (x - centre), off.sum()
        curvature = weight @ (x - centre) ** 2
        step = slope / curvature, level / weight.sum() - centre * slope / curvature
        gain, here = slope**2 / curvature + level**2 / weight.sum(), loss(a, b)
        part = 1.0
        if gain > 1e-9 * here:  # below that, rounding hides whether the loss still falls
            while loss(a - part * step[0], b - part * step[1]) > here:
                part /= 2
        a, b = a - part * step[0], b - part * step[1]
        if gain <= 1e-20 * here:
            break
    return float(a / scale), float(b)


def pool_adjacent_violators(y: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Find the values nearest to y, by weighted squares, that never fall. Lesson 12.

    Wherever a value is below the one before, the two are pooled into their mean; and on, until no
    block is below the block before it.

    Parameters
    ----------
    y : array_like, shape (n,)
        Finite numbers in their order.
    weights : array_like, shape (n,), optional
        Finite and above 0; by default 1 each.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If y is empty, not finite or not of one axis; if weights do not fit it.

    Notes
    -----
    `scipy.optimize.isotonic_regression` does the work, in time proportional to n. For y of 0 and 1
    the result is the best rising one for the cross-entropy too, and for every other proper score.

    References
    ----------
    M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid and E. Silverman (1955), "An empirical distribution
    function for sampling with incomplete information", Annals of Mathematical Statistics 26(4).

    Examples
    --------
    >>> pool_adjacent_violators([0, 1, 0, 0, 1])  # 1, 0, 0 have the mean 1/3
    array([0.        , 0.33333333, 0.33333333, 0.33333333, 1.        ])
    >>> pool_adjacent_violators([1, 0], weights=[3, 1])
    array([0.75, 0.75])
    """
    from scipy.optimize import isotonic_regression  # here, so that `import utils` costs no SciPy

    values = _as_finite(y, "y")
    if weights is not None:
        weights = _as_weights(weights, values)
    rising: Floats = isotonic_regression(values, weights=weights).x
    return rising


def fit_isotonic(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> RisingMap:
    """Find the rising map from x to y with the least squared error. Lesson 12.

    Parameters
    ----------
    x : array_like, shape (n,)
        Finite scores of held-out examples, in any order. Equal scores get one value.
    y : array_like, shape (n,)
        What they were, 0 or 1, or any finite numbers.
    weights : array_like, shape (n,), optional
        Finite and above 0; by default 1 each.

    Returns
    -------
    RisingMap
        A named tuple of knots, x and y; call it with new scores.

    Raises
    ------
    ValueError
        As for `pool_adjacent_violators`; if x is not finite or has another length.

    Notes
    -----
    The same map as scikit-learn's `IsotonicRegression(out_of_bounds="clip")`.

    References
    ----------
    B. Zadrozny and C. Elkan (2002), "Transforming classifier scores into accurate multiclass
    probability estimates", KDD.

    Examples
    --------
    >>> mend = fit_isotonic([0.1, 0.4, 0.5, 0.9], [0, 1, 0, 1])
    >>> mend([0, 0.1, 0.25, 0.45, 0.7, 1])
    array([0.  , 0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    scores, values = _as_finite(x, "x"), _as_finite(y, "y")
    if values.shape != scores.shape:
        raise ValueError(
            f"y has shape {values.shape}, but needs one number per score, {scores.shape}"
        )
    w = np.ones(len(values)) if weights is None else _as_weights(weights, values)
    order = np.argsort(scores, kind="stable")
    scores, values, w = scores[order], values[order], w[order]
    first = np.flatnonzero(np.diff(scores, prepend=-np.inf))  # of each run of equal scores
    knots, total = scores[first], np.add.reduceat(w, first)
    level = pool_adjacent_violators(np.add.reduceat(w * values, first) / total, total)
    change = level[1:] != level[:-1]  # inside a level no knot is needed
    kept = np.concatenate([[True], change]) | np.concatenate([change, [True]])
    return RisingMap(knots[kept], level[kept])


def corp(confidence: ArrayLike, correct: ArrayLike, score: Score = "brier") -> Corp:
    """Split a score into miscalibration − discrimination + uncertainty, exactly and without bins.

    Consistent, Optimally binned, Reproducible, by Pool adjacent violators: the forecast's own best
    rising map is its reliability curve. Lesson 12.

    Parameters
    ----------
    confidence, correct
        As for `utils.reliability_curve`.
    score : {"brier", "log"}
        "brier" is `utils.brier_score` of the two columns 1 − p and p, so twice the mean of (p − y)²,
        which other books call by this name; "log" is the cross-entropy, in nats.

    Returns
    -------
    Corp
        A named tuple: miscalibration, discrimination, uncertainty; confidence, calibrated, counts.
        No part is negative. A false forecast of 0 or 1 has an infinite cross-entropy; then
        miscalibration is inf, and the others are finite as ever.

    Raises
    ------
    ValueError
        As for `utils.reliability_curve`; if the score is unknown.

    References
    ----------
    T. Dimitriadis, T. Gneiting and A. I. Jordan (2021), "Stable reliability diagrams for
    probabilistic classifiers", PNAS 118(8), doi:10.1073/pnas.2016191118.

    Examples
    --------
    >>> parts = corp([0.2, 0.4, 0.6, 0.8], [False, True, False, True])
    >>> parts.calibrated
    array([0. , 0.5, 0.5, 1. ])
    >>> print(f"{parts.miscalibration:.2f} - {parts.discrimination:.2f} + {parts.uncertainty:.2f}")
    0.15 - 0.25 + 0.50
    """
    if score not in ("brier", "log"):
        raise ValueError(f'score must be "brier" or "log", got {score!r}')
    p, right = as_predictions(confidence, correct)
    said, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    came = np.asarray(np.bincount(place, right), dtype=np.float64)
    calibrated = _shares(came, counts)
    overall = np.full(len(said), right.sum() / len(right))
    raw, mended, plain = (_mean_score(q, came, counts, score) for q in (said, calibrated, overall))
    # By rounding alone could these come out below 0.
    parts = max(0.0, raw - mended), max(0.0, plain - mended), plain
    return Corp(*parts, said, calibrated, counts)


def corp_band(
    confidence: ArrayLike,
    n_resamples: int = 1000,
    rng: Rng = 0,
    *,
    level: float = 0.95,
    truth: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Between which values the curve of `corp` lies by chance, at each different confidence.

    The confidences stay; outcomes are drawn anew, and each draw gets its own curve. Lesson 12.

    Parameters
    ----------
    confidence : array_like, shape (n,)
        How sure each prediction was, 0 to 1.
    n_resamples : int
        How often all outcomes are drawn.
    rng : Generator or int
        The source of chance, or its seed.
    level : float
        Each point of the curve by itself lies in the band with about this probability.
    truth : array_like, shape (n,), optional
        The chance of each prediction to come true. By default its confidence: the band of a
        calibrated forecast, to be laid around the diagonal. With a fitted curve's values it is a
        band around that curve.

    Returns
    -------
    low, high : ndarray, shape (m,)
        For the confidences of `corp`, ascending.

    Raises
    ------
    ValueError
        As for `corp`; if n_resamples is less than 1, level is not between 0 and 1, or truth does not
        fit.

    Notes
    -----
    Dimitriadis, Gneiting and Jordan also draw the forecasts anew. Here they stay as they are, as in
    `utils.consistency_band`.

    It keeps n_resamples · m numbers. Where a million predictions all differ, round them to three
    digits first.

    References
    ----------
    As for `corp`.

    Examples
    --------
    >>> low, high = corp_band([0.9] * 9, rng=0)
    >>> print(f"of 9 predictions at 0.9 a perfect model gets {9 * low[0]:.0f} to {9 * high[0]:.0f}")
    of 9 predictions at 0.9 a perfect model gets 6 to 9
    """
    if not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
        raise ValueError(f"n_resamples must be a positive integer, got {n_resamples!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level!r}")
    p = as_confidence(confidence)
    chance = p if truth is None else as_confidence(truth)
    if chance.shape != p.shape:
        raise ValueError(f"truth has shape {chance.shape}, but needs one per confidence, {p.shape}")
    order = np.argsort(p, kind="stable")
    chance = chance[order]
    said, first, counts = np.unique(p[order], return_index=True, return_counts=True)
    rng = np.random.default_rng(rng)
    drawn = np.empty((n_resamples, len(said)))
    for row in drawn:
        right = rng.random(len(p)) < chance
        row[:] = _shares(np.add.reduceat(right, first, dtype=np.float64), counts)
    tails = (1 - level) / 2, (1 + level) / 2
    low, high = np.quantile(drawn, tails, axis=0, method="inverted_cdf")
    return low, high


# The parts they share


def _shares(came: Floats, counts: Integers) -> Floats:
    """How often each of some ascending confidences came true, pooled so that it never falls."""
    return pool_adjacent_violators(came / counts, counts)


def _mean_score(q: Floats, came: Floats, counts: Integers, score: Score) -> float:
    """Score of forecasts q, of which came[i] out of counts[i] came true."""
    gone = counts - came
    if score == "brier":
        total = 2 * (came * (1 - q) ** 2 + gone * q**2)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):  # log 0 is −inf; 0 · log 0 is 0 here
            total = -np.where(came > 0, came * np.log(q), 0) - np.where(
                gone > 0, gone * np.log1p(-q), 0
            )
    return float(total.sum() / counts.sum())


def _as_finite(values: ArrayLike, name: str) -> Floats:
    """At least one finite number, shape (n,), as float64."""
    array = as_floats(values, name).astype(np.float64, copy=False)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{name} must hold one number per example, but has shape {array.shape}")
    if not np.isfinite(array).all():
        place = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(f"{name}[{place}] is {float(array[place])!r}, but must be a finite number")
    return array


def _as_weights(weights: ArrayLike, values: Floats) -> Floats:
    """One finite number above 0 for each value."""
    w = _as_finite(weights, "weights")
    if w.shape != values.shape:
        raise ValueError(f"weights have shape {w.shape}, but must fit y, {values.shape}")
    if w.min() <= 0:
        raise ValueError(f"weights must be above 0, but hold {float(w.min())!r}")
    return w


def _refuse_parted(scores: Floats, yes: NDArray[np.bool_]) -> None:
    """Raise where no finite a and b are the best: one class alone, or two that a threshold parts."""
    cure = "the cross-entropy falls for ever; fit_platt(z, y, smoothed=True) has a minimum"
    if yes.all() or not yes.any():
        raise ValueError(f"all labels are {int(yes[0])}, so {cure}")
    one, other = scores[yes], scores[~yes]
    parted = one.min() >= other.max() or other.min() >= one.max()
    if parted and scores.min() < scores.max():
        raise ValueError(f"a threshold parts the scores of the two classes, so {cure}")
