"""The functions a classifier is made of, from one score to a loss you can trust.

They are exact to a few units in the last place over the whole range of floats, or as exact as the
rounded difference of two logits allows. All of them promise:

- Any leading shape, and lists; the classes lie on the last axis unless `axis` says otherwise.
- float32 in, float32 out, and so for each float type; integers and booleans become float64.
- ±inf is a score like any other and gets the limit, where there is one. nan never goes in or out.
- No input is changed, no warning is shown, and bad input gets one ValueError.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.inputs import Floats as Floats  # so that others can take the types from here
from utils.inputs import Integers as Integers
from utils.inputs import as_labels, as_numbers, as_scores, at, refuse_nan


def sigmoid(z: ArrayLike) -> Floats:
    """Turn log-odds into probabilities: σ(z) = 1 / (1 + exp(−z)). Lesson 01.

    Parameters
    ----------
    z : array_like, any shape
        Log-odds. −inf gives 0, +inf gives 1.

    Returns
    -------
    ndarray, the shape of z

    Raises
    ------
    ValueError
        If z holds nan or is not made of real numbers.

    Examples
    --------
    >>> sigmoid([-1000, 0, 2]).round(3)
    array([0.   , 0.5  , 0.881])
    """
    z = as_numbers(z, "z")
    # At z = −1000, exp(−z) overflows. For z < 0, multiply both sides of the fraction by exp(z):
    # exp(z) / (exp(z) + 1). So the numerator is 1 or exp(z), whichever is smaller, and the exponent
    # below is −|z|: nothing here exceeds 2.
    p: Floats = np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))
    return p


def log_sigmoid(z: ArrayLike) -> Floats:
    """Logarithm of the sigmoid, −log(1 + exp(−z)), exact where σ(z) itself rounds to 0 or 1.

    Lesson 06.

    Parameters
    ----------
    z : array_like, any shape
        Log-odds. −inf gives −inf, +inf gives 0.

    Returns
    -------
    ndarray, the shape of z

    Raises
    ------
    ValueError
        If z holds nan or is not made of real numbers.

    Examples
    --------
    >>> log_sigmoid([-1000, 0, 50])
    array([-1.00000000e+03, -6.93147181e-01, -1.92874985e-22])
    """
    z = as_numbers(z, "z")
    # For z < 0, −log(1 + exp(−z)) = z − log(1 + exp(z)): again the exponent is −|z|.
    # log1p(s) is log(1 + s) without the rounding of 1 + s, which would lose a small s altogether.
    return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))


def logsumexp(logits: ArrayLike, axis: int = -1) -> Floats:
    """Logarithm of a sum of exponentials, log Σ exp(logits): a smooth maximum. Lesson 02.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores. One +inf or more gives +inf; nothing but −inf, or nothing at all, gives −inf.
    axis : int
        The axis to sum over.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If logits hold nan, are not made of real numbers, or have no such axis.

    References
    ----------
    P. Blanchard, D. J. Higham and N. J. Higham (2021), "Accurately computing the log-sum-exp and
    softmax functions", IMA Journal of Numerical Analysis 41(4), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> logsumexp([[1000, 1000], [-1000, -1000]]).round(3)
    array([1000.693, -999.307])
    """
    logits = as_scores(logits, axis)
    if logits.shape[axis] == 0:
        nothing: Floats = np.max(logits, axis=axis, initial=-np.inf)  # log 0
        return nothing
    top, highest = _highest(logits, axis)
    # ∞ − ∞ is nan. An infinite highest is the result whatever the sum is, so take off the largest
    # float in its place.
    with np.errstate(over="ignore"):  # a difference beyond the largest float is −inf
        below = logits - np.nan_to_num(highest)
    result = (highest + _log_sum(below, top, axis)).astype(logits.dtype)
    without_axis: Floats = np.squeeze(result, axis)[()]  # [()] makes one number of a 0-d array
    return without_axis


def softmax(logits: ArrayLike, axis: int = -1) -> Floats:
    """Turn scores into probabilities: exp(logits) / Σ exp(logits). Lesson 02.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores. −inf gets probability 0, a single +inf gets 1.
    axis : int
        The axis of the classes; probabilities sum to 1 along it.

    Returns
    -------
    ndarray, shape (..., K)

    Raises
    ------
    ValueError
        If logits hold nan, are not made of real numbers, or have no classes on that axis; and where
        softmax has no limit: +inf more than once, or two or more classes with nothing but −inf.

    References
    ----------
    As for `logsumexp`.

    Examples
    --------
    >>> softmax([[2, 1, 0.1], [1002, 1001, 1000.1]]).round(3)
    array([[0.659, 0.242, 0.099],
           [0.659, 0.242, 0.099]])
    """
    # Softmax ignores a constant added to every score. So let the highest be 0: no exponential can
    # overflow and their sum is at least 1.
    below, _ = below_highest(logits, axis)
    p = np.exp(below)
    p /= _sum(p, axis)
    return p


def log_softmax(logits: ArrayLike, axis: int = -1) -> Floats:
    """Logarithm of softmax, logits − log Σ exp(logits), exact where softmax rounds to 0 or 1.

    Lesson 02.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores. −inf gets −inf, a single +inf gets 0.
    axis : int
        The axis of the classes.

    Returns
    -------
    ndarray, shape (..., K)

    Raises
    ------
    ValueError
        As for `softmax`.

    References
    ----------
    As for `logsumexp`.

    Examples
    --------
    >>> log_softmax([50, 0, -1000])
    array([-1.92874985e-22, -5.00000000e+01, -1.05000000e+03])
    """
    below, top = below_highest(logits, axis)
    below -= _log_sum(below, top, axis)
    return below


def below_highest(logits: ArrayLike, axis: int = -1) -> tuple[Floats, Integers]:
    """Each score less the highest of its example, and where that highest one is. Lesson 02.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores, as for `softmax`.
    axis : int
        The axis of the classes.

    Returns
    -------
    below : ndarray, the shape of logits
        0 for the highest score, 0 or negative for the others. Softmax takes it for the logits.
    top : ndarray of int, shape (..., 1)
        The place of the highest score, the first one if several are level.

    Raises
    ------
    ValueError
        As for `softmax`.

    Examples
    --------
    >>> below, top = below_highest([1002, 1001, 1000])
    >>> below, top
    (array([ 0., -1., -2.]), array([0]))
    """
    logits = as_scores(logits, axis)
    top, highest = _highest(logits, axis)
    with np.errstate(over="ignore", invalid="ignore"):  # too far below is −inf, and ∞ − ∞ is nan
        below = logits - highest
    if np.isinf(highest).any():
        np.put_along_axis(below, top, 0, axis)
        if np.isnan(below).any():  # an equal beside an infinite highest
            row: list[Any] = np.argwhere(np.isnan(below))[0].tolist()
            row[axis] = ":"
            raise ValueError(
                f"softmax has no limit where logits{at(row)} holds +inf more than once or "
                "nothing but -inf"
            )
    return below, top


def one_hot(y: ArrayLike, n_classes: int) -> Floats:
    """Write each label as a row of n_classes numbers: 1 in the label's own column, 0 elsewhere.

    Lesson 03.

    Parameters
    ----------
    y : array_like of whole numbers, shape (...)
        Labels 0 … n_classes − 1; floats such as 2.0 are taken for the label 2.
    n_classes : int
        How many classes there are. Not taken from y, which may lack the last ones.

    Returns
    -------
    ndarray of float64, shape (..., n_classes)

    Raises
    ------
    ValueError
        If a label is not a whole number or out of range, or n_classes is not a positive integer.

    Examples
    --------
    >>> one_hot([1, 2, 0], 3)
    array([[0., 1., 0.],
           [0., 0., 1.],
           [1., 0., 0.]])
    """
    if not isinstance(n_classes, int | np.integer) or n_classes < 1:
        raise ValueError(f"n_classes must be a positive integer, got {n_classes!r}")
    y = as_labels(y, int(n_classes), f"n_classes is {n_classes}")
    own_column: NDArray[np.bool_] = y[..., np.newaxis] == np.arange(n_classes)
    return own_column.astype(np.float64)


def cross_entropy(logits: ArrayLike, y: ArrayLike) -> np.floating[Any]:
    """Mean of −log softmax(logits) at the true classes, in nats. Lesson 03.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores, not probabilities.
    y : array_like of whole numbers, shape (...)
        The true class of each example, 0 … K − 1.

    Returns
    -------
    NumPy scalar
        0 or more; inf if a true class has the score −inf or another one has +inf.

    Raises
    ------
    ValueError
        As for `softmax` and `one_hot`; if y has not one label for each example; if there are none.

    Examples
    --------
    >>> print(f"{cross_entropy([[0, 0, 0]], [2]):.4f}")  # at chance: log 3
    1.0986
    >>> print(f"{cross_entropy([[0, 0, -69.1]], [2]):.1f}")
    69.8
    """
    log_p = log_softmax(logits)  # (..., K)
    n_classes = log_p.shape[-1]
    columns = f"logits have {n_classes} column{'s' if n_classes > 1 else ''}"
    y = as_labels(y, n_classes, columns, log_p.shape[:-1])
    losses = -np.take_along_axis(log_p, y[..., np.newaxis], axis=-1)
    return _mean(losses).astype(log_p.dtype)


def binary_cross_entropy(z: ArrayLike, y: ArrayLike) -> np.floating[Any]:
    """Mean of −y log σ(z) − (1 − y) log(1 − σ(z)), in nats. Lesson 03.

    Parameters
    ----------
    z : array_like, any shape
        Log-odds of class 1, not its probabilities.
    y : array_like of 0 and 1, the shape of z
        The true classes.

    Returns
    -------
    NumPy scalar
        0 or more; inf where z is infinite and wrong.

    Raises
    ------
    ValueError
        If z holds nan or is not made of real numbers; if y holds anything but 0 and 1 or has not
        one label for each z; if there are none.

    Examples
    --------
    >>> print(f"{binary_cross_entropy([0, 100], [1, 0]):.4f}")
    50.3466
    """
    z = as_numbers(z, "z")
    y = as_labels(y, 2, "z scores 2 classes")
    if y.shape != z.shape:
        column = "; a column of scores becomes a row by z[:, 0]" if z.shape == (*y.shape, 1) else ""
        raise ValueError(
            f"z has shape {z.shape} and y has shape {y.shape}, but each score needs one label{column}"
        )
    # 1 − σ(z) = σ(−z), so each loss is −log σ of the log-odds of what happened: nothing cancels.
    losses = -log_sigmoid(np.where(y == 1, z, -z))
    return _mean(losses).astype(z.dtype)


def add_intercept(X: ArrayLike) -> Floats:
    """Put a column of ones in front, so that an intercept is a weight like any other. Lesson 00.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
        Examples in rows, features in columns.

    Returns
    -------
    ndarray, shape (..., n, d + 1)

    Raises
    ------
    ValueError
        If X is not a table, holds nan or is not made of real numbers.

    Examples
    --------
    >>> add_intercept([[5, 6], [7, 8]])
    array([[1., 5., 6.],
           [1., 7., 8.]])
    """
    X = as_numbers(X, "X")
    if X.ndim < 2:
        raise ValueError(
            f"X must be a table of shape (n, d), but has shape {X.shape}; "
            "X.reshape(-1, 1) makes a single feature one"
        )
    ones = np.ones((*X.shape[:-1], 1), dtype=X.dtype)
    return np.concatenate([ones, X], axis=-1)


# The parts they share


def _highest(logits: Floats, axis: int) -> tuple[Integers, Floats]:
    """Where the highest score of each example is, and that score. Both keep the axis."""
    if logits.shape[axis] == 0:
        raise ValueError(f"logits of shape {logits.shape} have no classes on axis {axis}")
    top = np.argmax(logits, axis=axis, keepdims=True)
    highest = np.take_along_axis(logits, top, axis)
    refuse_nan(logits, "logits", highest)  # argmax points at nan wherever there is one
    return top, highest


def _log_sum(below: Floats, top: Integers, axis: int) -> Floats:
    """Logarithm of Σ exp(below), to which the highest adds exp(0) = 1. Keeps the axis.

    log1p(s) is log(1 + s) without the rounding of 1 + s. So the 1 stays out of the sum, or small
    others would be lost beside it.
    """
    others = np.exp(below)
    np.put_along_axis(others, top, 0, axis)
    log_sum: Floats = np.log1p(_sum(others, axis))
    return log_sum


def _sum(exponentials: Floats, axis: int) -> Floats:
    """Sum that keeps the axis, in float32 or wider: float16 cannot count beyond 2048."""
    wide = np.promote_types(exponentials.dtype, np.float32)
    total: Floats = np.sum(exponentials, axis=axis, dtype=wide, keepdims=True)
    return total


def _mean(losses: Floats) -> np.floating[Any]:
    """Mean of at least one loss, in float64 or wider."""
    if losses.size == 0:
        raise ValueError("no examples came, and the mean of no losses is not defined")
    wide = np.promote_types(losses.dtype, np.float64)
    # Divided before they are summed: the sum of huge losses can overflow where the mean does not.
    mean: np.floating[Any] = np.sum(losses.astype(wide) / losses.size)
    return mean
