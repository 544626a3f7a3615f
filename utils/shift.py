"""When the shares of the classes change: move the probabilities along, estimate the new shares, decide.

All rest on one supposition, "label shift": how often each class comes has changed, and how the examples
of a class look has not.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from utils.inputs import Floats, Integers, as_distributions, as_floats, as_probabilities


class PriorEstimate(NamedTuple):
    """What `estimate_prior` found. Lesson 13."""

    prior: Floats
    """The share of each class, shape (K,)."""
    log_likelihood: Floats
    """Mean log-likelihood in nats before each step and after the last, less that of the old shares."""
    converged: bool
    """Whether no shares have a mean log-likelihood higher by more than the tolerance."""


def shift_prior(P: ArrayLike, old: ArrayLike, new: ArrayLike) -> Floats:
    """Probabilities for a world with other class shares: p′ ∝ p · new/old, each row with sum 1.

    In log-odds that is one number added for each class. Lesson 13.

    Parameters
    ----------
    P : array_like, shape (n, K)
        Calibrated probabilities where the classes come with the old shares; each row sums to 1.
    old, new : array_like, shape (K,)
        The share of each class there and here; each sums to 1. Training with class weights that
        balance K classes is training in a world where each has the share 1/K.

    Returns
    -------
    ndarray, shape (n, K)
        0 stays 0. ``shift_prior(shift_prior(P, old, new), new, old)`` is P, unless a share is 0.

    Raises
    ------
    ValueError
        If P is not a table of distributions, or old and new are not distributions over its columns;
        if a class with old share 0 has a new share or a probability above 0, since no factor takes 0
        there; if a row has nothing but classes whose new share is 0.

    References
    ----------
    M. Saerens, P. Latinne and C. Decaestecker (2002), "Adjusting the outputs of a classifier to new
    a priori probabilities: a simple procedure", Neural Computation 14(1),
    doi:10.1162/089976602753284446.

    Examples
    --------
    A class that was half of all examples, and is now one in ten:

    >>> shift_prior([[0.5, 0.5], [0.1, 0.9]], old=[0.5, 0.5], new=[0.9, 0.1]).round(3)
    array([[0.9, 0.1],
           [0.5, 0.5]])
    """
    P = as_distributions(P)
    before, after = _as_shares(old, "old", P), _as_shares(new, "new", P)
    ratio = _ratio(P, before, after)
    shifted: Floats = P * (ratio / ratio.max())
    sums = shifted.sum(axis=1, keepdims=True)
    if not sums.all():
        row = int(np.flatnonzero(sums == 0)[0])
        raise ValueError(f"P[{row}] gives all its probability to classes whose new share is 0")
    shifted /= sums
    return shifted


def estimate_prior(
    P: ArrayLike, old: ArrayLike, max_steps: int = 10_000, tolerance: float = 1e-9
) -> PriorEstimate:
    """Estimate the new class shares from unlabelled examples, by expectation-maximisation (EM).

    Shift the probabilities to the shares supposed so far; their mean is what to suppose next. The
    likelihood of the examples never falls. Lesson 13.

    Parameters
    ----------
    P : array_like, shape (n, K)
        Probabilities for examples from the new world, by a model calibrated in the old one.
    old : array_like, shape (K,)
        The share of each class in the old world; the first supposition, too.
    max_steps : int
        How many steps to take at most.
    tolerance : float
        Stop where no shares can have a mean log-likelihood higher by more than this, in nats.

    Returns
    -------
    PriorEstimate
        A named tuple: prior, log_likelihood, converged.

    Raises
    ------
    ValueError
        As for `shift_prior`; if max_steps is less than 1 or tolerance is not above 0.

    Notes
    -----
    The log-likelihood is concave in the shares, so it has no second-best summit. A step multiplies
    each share by a factor, and the largest factor less 1 is a bound on what is still to be gained.
    If examples of a class look different than before, EM gives shares all the same, and wrong ones.

    References
    ----------
    As for `shift_prior`. The bound: B. G. Lindsay (1983), "The geometry of mixture likelihoods: a
    general theory", Annals of Statistics 11(1).

    Examples
    --------
    Three of four examples look like the second class, in a world where that was half.

    >>> P = [[0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]
    >>> estimate = estimate_prior(P, old=[0.5, 0.5])
    >>> estimate.prior.round(4), estimate.converged  # 0.1 + 0.8 s = 0.75
    (array([0.1875, 0.8125]), True)
    """
    if not isinstance(max_steps, int | np.integer) or max_steps < 1:
        raise ValueError(f"max_steps must be a positive integer, got {max_steps!r}")
    if not 0 < tolerance < np.inf:
        raise ValueError(f"tolerance must be a finite number above 0, got {tolerance!r}")
    P = as_distributions(P)
    prior = _as_shares(old, "old", P)
    likelihood = P * _ratio(P, prior, (prior > 0).astype(float))  # of each class, up to scale
    history = []
    for step in range(max_steps + 1):
        mixture = likelihood @ prior  # (n,)
        history.append(float(np.log(mixture).mean()))
        factor = (likelihood / mixture[:, np.newaxis]).mean(axis=0)
        converged = bool(factor.max() - 1 <= tolerance)
        if converged or step == max_steps:
            break
        prior = prior * factor
        prior /= prior.sum()  # it is 1 but for rounding, which would add up
    return PriorEstimate(prior, np.array(history) - history[0], converged)


def cheapest_decision(P: ArrayLike, costs: ArrayLike) -> Integers:
    """Choose the decision with the least expected cost, for each example. Lesson 13.

    Parameters
    ----------
    P : array_like, shape (n, K)
        Calibrated probabilities; each row sums to 1.
    costs : array_like, shape (D, K)
        What each of D decisions costs if each of K classes is the truth. D may be larger than K:
        "ask somebody" is a decision, too.

    Returns
    -------
    ndarray of int, shape (n,)
        0 … D − 1; the first one where several cost the same.

    Raises
    ------
    ValueError
        If P is not a table of distributions; if costs are not finite, or have no column for each
        class.

    References
    ----------
    C. Elkan (2001), "The foundations of cost-sensitive learning", IJCAI.

    Examples
    --------
    To treat costs 1, not to treat somebody ill 20: treat from 1/20 on.

    >>> cheapest_decision([[0.97, 0.03], [0.9, 0.1]], costs=[[0, 20], [1, 1]])
    array([0, 1])
    """
    P = as_distributions(P)
    table = as_floats(costs, "costs")
    if table.ndim != 2 or table.shape[1] != P.shape[1] or not len(table):
        raise ValueError(
            f"costs must have a row for each decision and a column for each of {P.shape[1]} classes, "
            f"but have shape {table.shape}"
        )
    if not np.isfinite(table).all():
        raise ValueError("costs must be finite numbers")
    expected = P @ table.T  # (n, D)
    cheapest: Integers = expected.argmin(axis=1)
    return cheapest


# The parts they share


def _as_shares(shares: ArrayLike, name: str, P: Floats) -> Floats:
    """One share for each column of P; they sum to 1."""
    array = as_floats(shares, name)
    if array.shape != P.shape[1:]:
        raise ValueError(
            f"{name} must hold the share of each of {P.shape[1]} classes, but has shape {array.shape}"
        )
    array = as_probabilities(array, name)
    if abs(array.sum() - 1) > 1e-3:
        raise ValueError(f"{name} sums to {array.sum():.4g}, but shares sum to 1")
    return array


def _ratio(P: Floats, old: Floats, new: Floats) -> Floats:
    """new/old, and 0 for a class that neither world has."""
    impossible = (old == 0) & ((new > 0) | P.any(axis=0))
    if impossible.any():
        k = int(impossible.argmax())
        raise ValueError(
            f"the old share of class {k} is 0, so its probability must be 0 and stay so: no factor "
            "makes something of nothing"
        )
    return np.divide(new, old, out=np.zeros_like(new), where=old > 0)
