"""Other right answers to the exercise of lesson 00."""

import numpy as np


def filled(X):
    """Fill an array made one column wider."""
    wider = np.empty((X.shape[0], X.shape[1] + 1))
    wider[:, 0] = 1
    wider[:, 1:] = X
    return wider


def inserted(X):
    """Insert before column 0; keeps the dtype of X, so integers stay integers."""
    return np.insert(X, 0, 1, axis=1)


def padded(X):
    """Pad on the left with the constant 1."""
    return np.pad(X, ((0, 0), (1, 0)), constant_values=1)


def by_rows(X):
    """Build plain Python lists."""
    return [[1, *row] for row in X.tolist()]


VARIANTS = {"add_intercept": [filled, inserted, padded, by_rows]}
