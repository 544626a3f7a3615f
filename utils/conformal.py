"""Sets of labels that miss the truth as rarely as promised, whatever the model (split conformal).

Score each calibration example by how badly the model served its truth; find a threshold that new
examples exceed as rarely as promised; let each label with a score up to it into the set. All it takes
is that calibration and new examples are exchangeable. Scores of any kind will do, with
conformal_threshold(np.abs(y - prediction), alpha) for a number in place of a class.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.calibration import Rng
from utils.inputs import Floats, as_array, as_distributions, as_labels, as_numbers


def conformal_rank(n: int, alpha: float) -> int:
    """Which of n calibration scores is the threshold, counted from the smallest: ⌈(n + 1)(1 − α)⌉.

    A new score is as likely to take each of the n + 1 places among them all. Lesson 14.

    Parameters
    ----------
    n : int
        How many calibration examples there are, 0 or more.
    alpha : float
        The share of misses allowed, between 0 and 1.

    Returns
    -------
    int
        1 … n + 1; at n + 1 there are too few to promise anything.

    Raises
    ------
    ValueError
        If n is negative or alpha does not lie between 0 and 1.

    Examples
    --------
    >>> [conformal_rank(n, alpha=0.1) for n in (8, 9, 99, 400)]
    [9, 9, 90, 361]
    """
    if not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(f"n must be a whole number from 0 up, got {n!r}")
    if np.ndim(alpha) or not 0 < alpha < 1:
        raise ValueError(f"alpha must be one number between 0 and 1, got {alpha!r}")
    # In floats, 10 · (1 − 0.7) is 3.0000000000000004: what is above a whole number by rounding alone
    # is that number.
    return max(1, math.ceil((n + 1) * (1 - alpha - 1e-15)))


def conformal_threshold(scores: ArrayLike, alpha: float) -> float:
    """Find the score that a new example exceeds with probability α at most. Lesson 14.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Of calibration examples: how badly the model served the truth, such as 1 − P[i, y[i]]. n may
        be 0.
    alpha : float
        The share of misses allowed, between 0 and 1.

    Returns
    -------
    float
        The ⌈(n + 1)(1 − α)⌉-th smallest score; inf if there are fewer, so that every label gets in.

    Raises
    ------
    ValueError
        If scores hold nan or are not of one axis; if alpha does not lie between 0 and 1.

    References
    ----------
    A. N. Angelopoulos and S. Bates (2023), "Conformal prediction: a gentle introduction",
    Foundations and Trends in Machine Learning 16(4), arXiv:2107.07511.

    Examples
    --------
    >>> conformal_threshold([0.1, 0.4, 0.2, 0.3], alpha=0.25)  # ⌈5 · 0.75⌉ = 4
    0.4
    >>> conformal_threshold([0.1, 0.4, 0.2, 0.3], alpha=0.1)
    inf
    """
    values = _as_scores(scores)
    k = conformal_rank(len(values), alpha)
    if k > len(values):
        return math.inf
    return float(np.partition(values, k - 1)[k - 1])


def class_conditional_thresholds(
    scores: ArrayLike, y: ArrayLike, alpha: float, n_classes: int
) -> Floats:
    """Find a threshold for each class from its own examples: the promise holds in each. Lesson 14.

    Parameters
    ----------
    scores : array_like, shape (n,)
        As for `conformal_threshold`.
    y : array_like of whole numbers, shape (n,)
        The true classes, 0 … n_classes − 1.
    alpha : float
        The share of misses allowed in each class.
    n_classes : int
        How many classes there are.

    Returns
    -------
    ndarray, shape (n_classes,)
        For `prediction_sets`. inf for a class with too few examples.

    Raises
    ------
    ValueError
        As for `conformal_threshold`; if y does not fit.

    References
    ----------
    V. Vovk (2012), "Conditional validity of inductive conformal predictors", ACML.

    Examples
    --------
    >>> class_conditional_thresholds([0.1, 0.2, 0.9], [0, 0, 1], alpha=0.5, n_classes=2)
    array([0.2, 0.9])
    """
    values = _as_scores(scores)
    labels = as_labels(y, n_classes, f"n_classes is {n_classes}", values.shape)
    return np.array([conformal_threshold(values[labels == k], alpha) for k in range(n_classes)])


def prediction_sets(P: ArrayLike, q: ArrayLike) -> NDArray[np.bool_]:
    """Put each label into the set whose score 1 − p is no more than the threshold. Lesson 14.

    Parameters
    ----------
    P : array_like, shape (n, K)
        Probabilities of new examples; each row sums to 1.
    q : float or array_like, shape (K,)
        What `conformal_threshold` found for scores 1 − P[i, y[i]], or one such number for each class.

    Returns
    -------
    ndarray of bool, shape (n, K)
        Row i tells which labels are in the set of example i. It may be empty, or hold them all.

    Raises
    ------
    ValueError
        If P is not a table of distributions; if q is nan or has another shape.

    References
    ----------
    M. Sadinle, J. Lei and L. Wasserman (2019), "Least ambiguous set-valued classifiers with bounded
    error levels", Journal of the American Statistical Association 114(525), arXiv:1609.00451.

    Examples
    --------
    >>> prediction_sets([[0.7, 0.2, 0.1], [0.45, 0.45, 0.1]], q=0.6)
    array([[ True, False, False],
           [ True,  True, False]])
    """
    P = as_distributions(P)
    scores = 1 - P  # computed as for the threshold, so that equal scores stay equal
    return scores <= _as_thresholds(q, P)


def adaptive_scores(P: ArrayLike, y: ArrayLike, rng: Rng) -> Floats:
    """Score the truth by the probability that comes before it, and a random part of its own.

    Labels are gone through from the likeliest down. Lesson 14.

    Parameters
    ----------
    P : array_like, shape (n, K)
        Probabilities; each row sums to 1.
    y : array_like of whole numbers, shape (n,)
        The true classes, 0 … K − 1.
    rng : Generator or int
        The source of chance, or its seed; another one than for `adaptive_sets`.

    Returns
    -------
    ndarray, shape (n,)
        For `conformal_threshold`. If P were the true probabilities, they would be uniform on (0, 1).

    Raises
    ------
    ValueError
        If P is not a table of distributions, or y does not fit it.

    References
    ----------
    Y. Romano, M. Sesia and E. J. Candès (2020), "Classification with valid and adaptive coverage",
    NeurIPS 33, arXiv:2006.02544.

    Examples
    --------
    The truth comes second: 0.6, and some of its own 0.3.

    >>> scores = adaptive_scores([[0.6, 0.3, 0.1]] * 1000, [1] * 1000, rng=0)
    >>> print(f"{scores.min():.2f} to {scores.max():.2f}")
    0.60 to 0.90
    """
    P = as_distributions(P)
    labels = as_labels(y, P.shape[1], f"P has {P.shape[1]} columns", P.shape[:1])
    return _adaptive(P, rng)[np.arange(len(P)), labels]


def adaptive_sets(P: ArrayLike, q: ArrayLike, rng: Rng) -> NDArray[np.bool_]:
    """Put each label into the set whose adaptive score is no more than the threshold. Lesson 14.

    Parameters
    ----------
    P : array_like, shape (n, K)
        Probabilities of new examples; each row sums to 1.
    q : float or array_like, shape (K,)
        What `conformal_threshold` found for `adaptive_scores`.
    rng : Generator or int
        The source of chance, or its seed; another one than for `adaptive_scores`.

    Returns
    -------
    ndarray of bool, shape (n, K)
        Row i tells which labels are in the set of example i: the likeliest ones, larger sets where
        the model is less sure.

    Raises
    ------
    ValueError
        As for `prediction_sets`.

    References
    ----------
    As for `adaptive_scores`.

    Examples
    --------
    >>> adaptive_sets([[0.6, 0.3, 0.1], [0.96, 0.03, 0.01]], q=0.95, rng=0).sum(axis=1)
    array([2, 1])
    """
    P = as_distributions(P)
    return _adaptive(P, rng) <= _as_thresholds(q, P)


def coverage_and_size(sets: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Share of sets that hold the truth, and how many labels a set holds on average. Lesson 14.

    Parameters
    ----------
    sets : array_like of bool, shape (n, K)
        Which labels are in each set; n at least 1.
    y : array_like of whole numbers, shape (n,)
        The true classes, 0 … K − 1.

    Returns
    -------
    coverage : float
        0 to 1.
    size : float
        0 to K, over all sets, empty ones too.

    Raises
    ------
    ValueError
        If sets are not a table of true and false with a row or more, or y does not fit it.

    Examples
    --------
    >>> coverage_and_size([[True, False, False], [True, True, False]], y=[0, 2])
    (0.5, 1.5)
    """
    table = as_array(sets, "sets")
    if table.ndim != 2 or table.dtype != bool or not len(table):
        raise ValueError(
            "sets must be a table of true and false, shape (n, K), with a row or more, but have "
            f"shape {table.shape} and dtype {table.dtype}"
        )
    labels = as_labels(y, table.shape[1], f"sets have {table.shape[1]} columns", table.shape[:1])
    covered = table[np.arange(len(table)), labels]
    return float(covered.mean()), float(table.sum() / len(table))


def coverage_law(n: int, alpha: float, n_new: int | None = None) -> Any:
    """How coverage scatters from one calibration set to the next, exactly. Lesson 14.

    Parameters
    ----------
    n : int
        How many calibration examples there are.
    alpha : float
        The share of misses allowed, between 0 and 1.
    n_new : int, optional
        How many new examples the coverage is counted on.

    Returns
    -------
    SciPy's frozen distribution
        Of the share covered among endlessly many new examples, Beta(k, n + 1 − k) with k from
        `conformal_rank`; or of how many of n_new are covered, beta-binomial. It holds for scores
        without ties, such as adaptive ones; ties only cover more.

    Raises
    ------
    ValueError
        As for `conformal_rank`; if n is so small that the threshold is inf: all is covered then.

    References
    ----------
    V. Vovk (2012), as for `class_conditional_thresholds`.

    Examples
    --------
    >>> law = coverage_law(n=400, alpha=0.1)
    >>> print(f"{law.mean():.4f}, nine times in ten {law.ppf(0.05):.3f} to {law.ppf(0.95):.3f}")
    0.9002, nine times in ten 0.875 to 0.924
    """
    from scipy.stats import beta, betabinom  # here, so that `import utils` costs no SciPy

    k = conformal_rank(n, alpha)
    if k > n:
        raise ValueError(f"n = {n} is too small for alpha = {alpha}: sets hold every label")
    return beta(k, n + 1 - k) if n_new is None else betabinom(n_new, k, n + 1 - k)


# The parts they share


def _adaptive(P: Floats, rng: Rng) -> Floats:
    """Adaptive score of every label, shape (n, K), with one random number for each example."""
    order = np.argsort(-P, axis=1, kind="stable")
    ranked = np.take_along_axis(P, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    before += np.random.default_rng(rng).random((len(P), 1)) * ranked
    scores = np.empty_like(P)
    np.put_along_axis(scores, order, before, axis=1)
    return scores


def _as_scores(scores: ArrayLike) -> Floats:
    """Scores without nan, shape (n,); n may be 0."""
    values = as_numbers(scores, "scores")
    if values.ndim != 1:
        raise ValueError(f"scores must be one number per example, but have shape {values.shape}")
    return values


def _as_thresholds(q: ArrayLike, P: Floats) -> Floats:
    """One threshold, or one for each column of P."""
    threshold = as_numbers(q, "q")
    if threshold.shape not in ((), P.shape[1:]):
        raise ValueError(
            f"q must be one number or one per class, {P.shape[1:]}, but has shape {threshold.shape}"
        )
    return threshold
