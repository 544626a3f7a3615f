"""Other right answers to the exercises of lesson 03: no check may refuse them."""

import numpy as np
from scipy import special

import utils


def one_hot_comparison(y, n_classes):
    """Compare every label with every class."""
    return (np.asarray(y)[:, None] == np.arange(n_classes)) * 1.0


def one_hot_assignment(y, n_classes):
    """Set one entry in each row of zeros."""
    Y = np.zeros((len(y), n_classes))
    Y[np.arange(len(y)), y] = 1
    return Y


def one_hot_loop(y, n_classes):
    """Write nested lists, example by example."""
    return [[float(label == k) for k in range(n_classes)] for label in y]


def one_hot_transposed_identity(y, n_classes):
    """Pick columns of the identity and transpose: right, and in Fortran order."""
    return np.identity(n_classes)[:, y].T


def cross_entropy_one_hot(logits, y):
    """Weight log-probabilities with one-hot labels, with K from the columns."""
    logits = np.asarray(logits)
    m = logits.max(axis=1, keepdims=True)
    logs = logits - m - np.log(np.exp(logits - m).sum(axis=1, keepdims=True))
    return -np.sum(np.eye(logits.shape[1])[y] * logs) / len(y)


def cross_entropy_log_sum_exp(logits, y):
    """Log-sum-exp minus the true class's score, by SciPy."""
    true = np.take_along_axis(logits, y[:, None], axis=1)[:, 0]
    return np.mean(special.logsumexp(logits, axis=1) - true)


def cross_entropy_loop(logits, y):
    """Add up the examples one at a time, with np.logaddexp."""
    total = 0.0
    for row, label in zip(logits, y, strict=True):
        total += np.logaddexp.reduce(row) - row[label]
    return total / len(y)


def cross_entropy_differences(logits, y):
    """Log of one plus the exponentials of the score differences to the true class."""
    differences = logits - logits[np.arange(len(y)), y][:, None]
    return np.logaddexp.reduce(differences, axis=1).mean()


def binary_cross_entropy_parts(z, y):
    """The two parts of a factor taken out of the bracket, with log1p for the second."""
    s = np.where(y == 1, z, -z)
    return np.mean(np.maximum(-s, 0) + np.log1p(np.exp(-np.abs(s))))


def binary_cross_entropy_absolute(z, y):
    """The formula that libraries use: max(z, 0) − yz + log(1 + exp(−|z|))."""
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))).mean()


def binary_cross_entropy_signs(z, y):
    """Labels turned into signs −1 and +1."""
    return np.logaddexp(0, (1 - 2 * y) * z).sum() / len(z)


def binary_cross_entropy_two_classes(z, y):
    """The categorical cross-entropy of the scores 0 and z."""
    logits = np.column_stack([np.zeros(len(z)), z])
    return -utils.log_softmax(logits)[np.arange(len(y)), y].mean()


def kl_divergence_masked_logarithms(p, q):
    """Take each logarithm only where it counts."""
    p, q = np.asarray(p), np.asarray(q)
    log_p = np.log(p, where=p > 0, out=np.zeros(p.shape))
    log_q = np.log(q, where=q > 0, out=np.full(q.shape, -np.inf))
    ratio = np.subtract(log_p, log_q, where=p > 0, out=np.zeros(p.shape))
    return np.sum(p * ratio, axis=-1)


def kl_divergence_xlogy(p, q):
    """Cross-entropy minus entropy, with SciPy's x·log y."""
    return (special.xlogy(p, p) - special.xlogy(p, q)).sum(axis=-1)


def kl_divergence_ratio(p, q):
    """Replace the ratio by 1 where p is 0, so that its logarithm is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(p == 0, 1.0, np.divide(p, q))
    return np.einsum("...k,...k->...", p, np.log(ratio))


VARIANTS = {
    "one_hot": [
        one_hot_comparison,
        one_hot_assignment,
        one_hot_loop,
        one_hot_transposed_identity,
    ],
    "cross_entropy": [
        cross_entropy_one_hot,
        cross_entropy_log_sum_exp,
        cross_entropy_loop,
        cross_entropy_differences,
    ],
    "binary_cross_entropy": [
        binary_cross_entropy_parts,
        binary_cross_entropy_absolute,
        binary_cross_entropy_signs,
        binary_cross_entropy_two_classes,
    ],
    "kl_divergence": [
        kl_divergence_masked_logarithms,
        kl_divergence_xlogy,
        kl_divergence_ratio,
    ],
}
