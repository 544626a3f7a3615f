"""Other right answers to the exercises of lesson 01."""

import numpy as np

import utils


def odds_then_log(p):
    """The logarithm of the odds, in one fraction."""
    return np.log(p / (1 - p))


def minus_log_of_odds_against(p):
    """Minus the logarithm of 1/p − 1."""
    return -np.log(1 / p - 1)


def inverse_hyperbolic_tangent(p):
    """Twice artanh(2p − 1)."""
    return 2 * np.arctanh(2 * p - 1)


def difference_of_logarithms(p):
    """A difference of logarithms, element by element in plain Python."""
    return np.vectorize(lambda q: np.log(q) - np.log1p(-q))(p)


def masked(z):
    """Each formula on its own side, through a mask."""
    p = np.empty(z.shape)
    yes = z >= 0
    p[yes] = 1 / (1 + np.exp(-z[yes]))
    p[~yes] = np.exp(z[~yes]) / (1 + np.exp(z[~yes]))
    return p


def clipped(z):
    """The textbook formula on scores clipped to ±500."""
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def through_logaddexp(z):
    """The exponential of log σ(z) = −log(1 + exp(−z))."""
    return np.exp(-np.logaddexp(0, -z))


def over_the_larger(z):
    """Each of the two exponentials over their sum, after the larger exponent is subtracted."""
    top = np.maximum(z, 0)
    yes, no = np.exp(z - top), np.exp(-top)
    return yes / (yes + no)


def silenced(z):
    """The textbook formula with its overflow allowed: exp(1000) = inf, and 1/inf = 0 is right."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def both_probabilities(z):
    """σ(z) σ(−z)."""
    return utils.sigmoid(z) * utils.sigmoid(-z)


def p_minus_square(z):
    """p − p²."""
    p = utils.sigmoid(z)
    return p - p**2


def hyperbolic_cosine(z):
    """1 / (4 cosh²(z/2)); the overflow to inf gives the right 0."""
    with np.errstate(over="ignore"):
        return 1 / (4 * np.cosh(z / 2) ** 2)


def quotient_of_absolute(z):
    """exp(−|z|) / (1 + exp(−|z|))²: the slope is the same at z and −z."""
    small = np.exp(-abs(z))
    return small / (1 + small) ** 2


def centred_difference(z):
    """A centred difference of the sigmoid, good to about ten digits after the point."""
    return (utils.sigmoid(z + 1e-5) - utils.sigmoid(z - 1e-5)) / 2e-5


def on_log_odds(z, threshold=0.5):
    """The log-odds of the threshold beside z."""
    return (z >= np.log(threshold / (1 - threshold))).astype(int)


def booleans(z, threshold=0.5):
    """True and False for 1 and 0."""
    return utils.sigmoid(z) >= threshold


def floats(z, threshold=0.5):
    """Labels as floats, through np.heaviside with 1 at the threshold."""
    return np.heaviside(utils.sigmoid(z) - threshold, 1)


def on_odds(z, threshold=0.5):
    """The odds of z beside those of the threshold; the overflow to inf is a sure yes."""
    return np.where(np.exp(z) * (1 - threshold) >= threshold, 1, 0)


VARIANTS = {
    "log_odds": [
        odds_then_log,
        minus_log_of_odds_against,
        inverse_hyperbolic_tangent,
        difference_of_logarithms,
    ],
    "sigmoid": [masked, clipped, through_logaddexp, over_the_larger, silenced],
    "sigmoid_derivative": [
        both_probabilities,
        p_minus_square,
        hyperbolic_cosine,
        quotient_of_absolute,
        centred_difference,
    ],
    "predict_label": [on_log_odds, booleans, floats, on_odds],
}
