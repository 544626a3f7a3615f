"""Gradient descent, in four functions: the slope of the loss, its check, the walk, the batches.

The examples come with their intercept: X has had `add_intercept`, so it is (n, d+1), and column 0
of Theta (K, d+1) holds the intercepts.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.functions import one_hot, softmax
from utils.inputs import Floats, Integers, as_floats


def softmax_gradient(Theta: ArrayLike, X: ArrayLike, y: ArrayLike) -> Floats:
    """Slope of the mean cross-entropy of a softmax model: ∂L/∂Θ = (P − Y)ᵀX/n. Lesson 04.

    Parameters
    ----------
    Theta : array_like, shape (K, d+1)
        A row of weights for each class, the intercept first.
    X : array_like, shape (n, d+1)
        Examples with the column of ones in front.
    y : array_like of int, shape (n,)
        Labels 0 … K − 1.

    Returns
    -------
    ndarray, shape (K, d+1)
        How fast the loss rises with each weight.

    Raises
    ------
    ValueError
        If the shapes do not fit together, there are no examples, or a label has no row in Theta.

    Examples
    --------
    >>> softmax_gradient([[0, 0], [0, 0]], X=[[1, 3]], y=[1])
    array([[ 0.5,  1.5],
           [-0.5, -1.5]])
    """
    Theta = as_floats(Theta, "Theta").astype(np.float64, copy=False)
    X = as_floats(X, "X").astype(np.float64, copy=False)
    if Theta.ndim != 2 or X.ndim != 2 or Theta.shape[1] != X.shape[1]:
        raise ValueError(
            "Theta (K, d+1) and X (n, d+1) must be matrices with the same number of columns, "
            f"but have shapes {Theta.shape} and {X.shape}"
        )
    if np.shape(y) != (len(X),) or not len(X):
        raise ValueError(
            f"y must hold one label for each of at least one example, but X has shape {X.shape} "
            f"and y has shape {np.shape(y)}"
        )
    P = softmax(X @ Theta.T)  # (n, K)
    Y = one_hot(y, len(Theta))  # (n, K)
    gradient: Floats = (P - Y).T @ X / len(X)
    return gradient


def numerical_gradient(
    f: Callable[[NDArray[Any]], Any], theta: ArrayLike, h: float = 1e-5
) -> Floats:
    """Slope of any function by centred differences: (f(θ + h) − f(θ − h)) / 2h for each entry.

    The error of the formula shrinks with h², that of rounding grows with 1/h. For values and
    parameters around 1, 1e-5 balances the two. Lesson 04.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of theta and returns one number.
    theta : array_like, any shape
        Where the slope is wanted.
    h : float, default 1e-5
        Half the distance between the two points.

    Returns
    -------
    ndarray, the shape of theta

    References
    ----------
    J. Nocedal and S. J. Wright (2006), "Numerical Optimization", 2nd ed., section 8.1.

    Examples
    --------
    >>> numerical_gradient(lambda theta: theta[0] * theta[1], [2.0, 5.0]).round(6)
    array([5., 2.])
    """
    theta = np.asarray(theta, dtype=float)
    gradient = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        step = np.zeros(theta.shape)
        step[place] = h
        gradient[place] = (f(theta + step) - f(theta - step)) / (2 * h)
    return gradient


def walk(
    gradient: Callable[[NDArray[Any]], Any],
    start: ArrayLike,
    lr: float,
    n_steps: int,
    momentum: float = 0.0,
) -> Floats:
    """Walk downhill with steps of a fixed learning rate, and note every place. Lesson 04.

    Parameters
    ----------
    gradient : callable
        Takes a place and returns the slope there, of the same shape.
    start : array_like, any shape
        The first place.
    lr : float
        The learning rate: how far to step for each unit of slope.
    n_steps : int
        How many steps to take.
    momentum : float, default 0
        The share of the last step that is added to the next one.

    Returns
    -------
    ndarray, shape (n_steps + 1, *shape of start)
        The places, the first one included.

    References
    ----------
    B. T. Polyak (1964), "Some methods of speeding up the convergence of iteration methods".

    Examples
    --------
    >>> walk(lambda theta: 2 * theta, [8.0], lr=0.25, n_steps=3).ravel()
    array([8., 4., 2., 1.])
    """
    place = np.array(start, dtype=float)
    places = np.empty((n_steps + 1, *place.shape))
    places[0] = place
    step = np.zeros(place.shape)
    for t in range(1, n_steps + 1):
        step = momentum * step - lr * gradient(places[t - 1])
        places[t] = places[t - 1] + step
    return places


def minibatches(n: int, batch_size: int, rng: np.random.Generator) -> list[Integers]:
    """Deal n examples into batches in random order, each example once; the last may be short.

    Lesson 04.

    Parameters
    ----------
    n : int
        How many examples there are.
    batch_size : int
        How many go into a batch, at least 1.
    rng : Generator
        Where the random order comes from.

    Returns
    -------
    list of ndarray of int
        The indices of each batch's examples.

    Raises
    ------
    ValueError
        If batch_size is below 1.

    Examples
    --------
    >>> [len(batch) for batch in minibatches(10, 4, np.random.default_rng(0))]
    [4, 4, 2]
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    order = rng.permutation(n)
    return [order[first : first + batch_size] for first in range(0, n, batch_size)]
