"""Other right answers to the exercises of lesson 02."""

import numpy as np


def from_logaddexp(logits):
    """Exponential of the scores minus a log-sum-exp made by np.logaddexp."""
    return np.exp(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))


def from_differences(logits):
    """One over the sum of exponentials of the differences of scores; overflow to inf is meant."""
    with np.errstate(over="ignore"):
        return 1 / np.exp(logits[..., None, :] - logits[..., :, None]).sum(axis=-1)


def row_by_row(logits):
    """Loop over the rows in plain Python, a vector being one row."""
    if logits.ndim == 1:
        weights = [np.exp(z - max(logits)) for z in logits]
        return [w / sum(weights) for w in weights]
    return [row_by_row(row) for row in logits]


def transposed(logits):
    """Work on the transpose, where NumPy lines the maxima up by itself."""
    shifted = np.exp(logits.T - logits.T.max(axis=0))
    return (shifted / shifted.sum(axis=0)).T


def through_logarithms(logits):
    """Shift by the row's maximum, but divide by the sum through logarithms."""
    top = logits.max(-1, keepdims=True)
    return np.exp(logits - top - np.log(np.sum(np.exp(logits - top), -1, keepdims=True)))


def log_from_logaddexp(logits):
    """Scores minus a log-sum-exp made by np.logaddexp."""
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def log_from_differences(logits):
    """Minus the log-sum-exp of the differences of scores."""
    return -np.logaddexp.reduce(logits[..., None, :] - logits[..., :, None], axis=-1)


def log_max_added_back(logits):
    """The log-sum-exp with the maximum added back."""
    top = logits.max(axis=-1)[..., None]
    return logits - (top + np.log(np.exp(logits - top).sum(axis=-1)[..., None]))


def jacobian_by_entries(p):
    """Fill the matrix entry by entry."""
    J = np.zeros((len(p), len(p)))
    for i in range(len(p)):
        for j in range(len(p)):
            J[i, j] = p[i] * ((i == j) - p[j])
    return J


def jacobian_by_scaling(p):
    """Scale the rows of the identity minus p."""
    return p[:, None] * (np.eye(len(p)) - p)


def jacobian_by_einsum(p):
    """Form the outer product by einsum."""
    return np.diagflat(p) - np.einsum("i,j->ij", p, p)


def negative_integers():
    """Integers in a list."""
    return [-9, -5, -1]


def mixed_signs():
    """A positive score that is still nearest to zero."""
    return np.array([0.5, -1.0, -2.0])


VARIANTS = {
    "softmax": [
        from_logaddexp,
        from_differences,
        row_by_row,
        transposed,
        through_logarithms,
    ],
    "log_softmax": [log_from_logaddexp, log_from_differences, log_max_added_back],
    "softmax_jacobian": [jacobian_by_entries, jacobian_by_scaling, jacobian_by_einsum],
    "l1_counterexample": [negative_integers, mixed_signs],
}
