"""What a classifier must show before it is trusted: four sets, risk against coverage, a report."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.calibration import (
    Rng,
    apply_temperature,
    expected_calibration_error,
    noise_floor,
    top_label,
)
from utils.functions import cross_entropy
from utils.inputs import Floats, Integers, as_array, as_predictions

FourSets = tuple[Integers, Integers, Integers, Integers]


def split_four(y: ArrayLike, shares: Sequence[float], rng: Rng) -> FourSets:
    """Deal the examples into training, validation, calibration and test set, each class alike.

    Lesson 11.

    Parameters
    ----------
    y : array_like, shape (n,)
        The class of each example.
    shares : sequence of four floats
        What part of every class each set gets; they sum to 1.
    rng : Generator or int
        The source of chance, or its seed.

    Returns
    -------
    train, validation, calibration, test : ndarray of int
        Places in y. Each place is in exactly one of them, in an order of chance. Of each class a
        set has its share, to one example.

    Raises
    ------
    ValueError
        If y is not one label per example, or shares are not four positive numbers with sum 1.

    Examples
    --------
    >>> y = ["no"] * 8 + ["yes"] * 4
    >>> [len(part) for part in split_four(y, (0.25, 0.25, 0.25, 0.25), rng=0)]
    [3, 3, 3, 3]
    """
    labels, parts = as_array(y, "y"), np.asarray(shares, dtype=np.float64)
    if labels.ndim != 1:
        raise ValueError(f"y must hold one label per example, shape (n,), but has {labels.shape}")
    if parts.shape != (4,) or not (parts > 0).all() or not np.isclose(parts.sum(), 1):
        raise ValueError(f"shares must be four positive numbers with sum 1, got {shares!r}")
    rng = np.random.default_rng(rng)
    owner = np.empty(len(labels), dtype=np.intp)  # which set each example goes to
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        cuts = np.rint(np.cumsum(parts)[:3] * len(members)).astype(np.intp)
        for place, dealt in enumerate(np.split(members, cuts)):
            owner[dealt] = place
    order = rng.permutation(len(labels))
    train, validation, calibration, test = (order[owner[order] == k] for k in range(4))
    return train, validation, calibration, test


def risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """How many predictions a threshold keeps, and how many of those are wrong. Lesson 11.

    Parameters
    ----------
    confidence : array_like, shape (n,)
        How sure each prediction was, 0 to 1.
    correct : array_like of bool or of 0 and 1, shape (n,)
        Whether it was right.

    Returns
    -------
    thresholds : ndarray, shape (m,)
        The m different confidences, highest first. A threshold keeps what is at least as sure.
    coverage : ndarray, shape (m,)
        The share of predictions kept.
    risk : ndarray, shape (m,)
        The share of wrong ones among those kept.

    Raises
    ------
    ValueError
        As for `utils.reliability_curve`.

    References
    ----------
    Y. Geifman and R. El-Yaniv (2017), "Selective classification for deep neural networks",
    NeurIPS 30.

    Examples
    --------
    >>> _, coverage, risk = risk_coverage([0.9, 0.6, 0.8, 0.6], [True, False, True, True])
    >>> coverage
    array([0.25, 0.5 , 1.  ])
    >>> risk
    array([0.  , 0.  , 0.25])
    """
    p, right = as_predictions(confidence, correct)
    order = np.argsort(-p, kind="stable")
    p, wrong = p[order], np.cumsum(1 - right[order])
    # No threshold can part equal confidences, so the curve has a point after the last of them only.
    last = np.append(np.flatnonzero(np.diff(p)), len(p) - 1)
    return p[last], (last + 1) / len(p), wrong[last] / (last + 1)


def risk_threshold(confidence: ArrayLike, correct: ArrayLike, max_risk: float) -> float:
    """Return the lowest threshold that keeps the share of mistakes within a limit. Lesson 11.

    Parameters
    ----------
    confidence, correct
        As for `risk_coverage`.
    max_risk : float
        The largest share of wrong predictions among those kept.

    Returns
    -------
    float
        One of the confidences; inf where even the surest predictions are wrong too often.

    Raises
    ------
    ValueError
        As for `risk_coverage`.

    Examples
    --------
    >>> risk_threshold([0.9, 0.6, 0.8, 0.6], [True, False, True, True], max_risk=0.1)
    0.8
    """
    thresholds, _, risk = risk_coverage(confidence, correct)
    return float(np.min(thresholds[risk <= max_risk], initial=np.inf))


def calibration_report(
    logits: ArrayLike, y: ArrayLike, T: float = 1.0, n_bins: int = 15
) -> tuple[float, float, float, float, float]:
    """Five numbers on how far the probabilities softmax(logits / T) can be trusted. Lesson 11.

    Parameters
    ----------
    logits : array_like, shape (n, K)
        A score for each class.
    y : array_like of whole numbers, shape (n,)
        The true classes, 0 … K − 1.
    T : float
        The temperature.
    n_bins : int
        Number of bins of the ECE.

    Returns
    -------
    accuracy : float
    confidence : float
        The mean of the largest probabilities.
    log_loss : float
        The mean cross-entropy.
    ece : float
        The expected calibration error of the top label.
    mark : float
        The ECE that 95 % of perfectly calibrated models with these confidences stay below.

    Raises
    ------
    ValueError
        As for `utils.apply_temperature` and `utils.reliability_curve`.

    Examples
    --------
    >>> report = calibration_report([[2.0, 0.0], [0.0, 2.0], [1.0, 0.0]], [0, 1, 1], T=2.0)
    >>> " ".join(f"{number:.2f}" for number in report)
    '0.67 0.69 0.53 0.39 0.61'
    """
    P = apply_temperature(logits, T)
    confidence, correct = top_label(P, y)
    return (
        float(correct.mean()),
        float(confidence.mean()),
        float(cross_entropy(np.asarray(logits) / T, y)),
        expected_calibration_error(confidence, correct, n_bins),
        noise_floor(confidence, n_bins).high,
    )


def confusion_counts(y: ArrayLike, predicted: ArrayLike, n_classes: int) -> NDArray[np.intp]:
    """Count how often each class was taken for each. Lesson 11.

    Parameters
    ----------
    y, predicted : array_like of int, shape (n,)
        The true and the predicted classes, 0 … n_classes − 1.
    n_classes : int
        How many classes there are.

    Returns
    -------
    ndarray, shape (n_classes, n_classes)
        A row for each true class, a column for each predicted one.

    Examples
    --------
    >>> confusion_counts([0, 0, 1], [0, 1, 1], n_classes=2)
    array([[1, 1],
           [0, 1]])
    """
    pairs = as_array(y, "y") * n_classes + as_array(predicted, "predicted")
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
