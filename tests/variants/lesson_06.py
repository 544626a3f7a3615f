"""Other right answers to the exercises of lesson 06."""

import math

import numpy as np
from scipy import special

import utils


def through_two_points(Theta, a, b):
    """The line through the points with x1 = 0 and x1 = 1, as an array."""
    lead = Theta[a] - Theta[b]
    if np.isclose(lead[2], 0):
        raise ValueError("the boundary is vertical")
    at_0, at_1 = (-(lead[0] + lead[1] * x1) / lead[2] for x1 in (0, 1))
    return np.array([at_1 - at_0, at_0])


def b_minus_a(Theta, a, b):
    """Solve with the difference the other way round, in Python floats."""
    intercept, x1, x2 = (Theta[b] - Theta[a]).tolist()
    try:
        return -x1 / x2, -intercept / x2
    except ZeroDivisionError:
        raise ValueError("the boundary is vertical") from None


def by_cross_multiplying(Theta, a, b):
    """Bring x2 to one side and the rest to the other, so that no minus is needed."""
    if Theta[a][2] == Theta[b][2]:
        raise ValueError(f"classes {a} and {b} meet in a vertical line")
    down = Theta[b][2] - Theta[a][2]
    return [(Theta[a][1] - Theta[b][1]) / down, (Theta[a][0] - Theta[b][0]) / down]


def by_a_linear_system(Theta, a, b):
    """Solve for slope and intercept from two equations; a singular one is a vertical line."""
    w = Theta[a] - Theta[b]
    try:
        points = np.linalg.solve(w[2] * np.eye(2), [-w[0], -w[0] - w[1]])
    except np.linalg.LinAlgError as error:  # a ValueError itself
        raise ValueError("the boundary is vertical") from error
    return points[1] - points[0], points[0]


def shares_in_logarithms(Z):
    """Softmax of the log-sigmoids, from utils."""
    return utils.softmax(utils.log_sigmoid(Z))


def shares_by_logaddexp(Z):
    """Log-sigmoids by np.logaddexp, normalised in logarithms."""
    logs = -np.logaddexp(0, -Z)
    return np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])


def shares_row_by_row(Z):
    """Each row divided by its largest sigmoid first, in plain Python."""
    rows = []
    for row in Z:
        logs = [-math.log1p(math.exp(-z)) if z > 0 else z - math.log1p(math.exp(z)) for z in row]
        weights = [math.exp(value - max(logs)) for value in logs]
        rows.append([w / sum(weights) for w in weights])
    return rows


def shares_by_scaled_sigmoids(Z):
    """Sigmoids as exp(z) / (1 + exp(z)) with the row's maximum taken out of the exponentials."""
    top = np.minimum(Z.max(axis=1, keepdims=True), 0)
    scaled = np.exp(np.minimum(Z, 0) - top) / (1 + np.exp(-np.abs(Z)))
    return scaled / scaled.sum(axis=1, keepdims=True)


def share_by_loop(Z):
    """Count in a loop and divide at the end."""
    several = none = 0
    for row in Z:
        yes = len([z for z in row if not z < 0])
        several += yes > 1
        none += yes == 0
    return several / len(Z), none / len(Z)


def share_by_sigmoids(Z):
    """Compare the probabilities with one half; an array of two."""
    yes = np.count_nonzero(special.expit(Z) >= 0.5, axis=1)
    return np.array([(yes > 1).mean(), (yes < 1).mean()])


def share_by_sorting(Z):
    """Two or more say yes where the second largest score does, none where the largest does not."""
    ordered = np.sort(Z, axis=1)
    return [np.mean(ordered[:, -2] >= 0), np.mean(ordered[:, -1] < 0)]


def share_by_bincount(Z):
    """A histogram of the number of yes."""
    counts = np.bincount(np.sum(Z >= 0, axis=1), minlength=Z.shape[1] + 1)
    return counts[2:].sum() / counts.sum(), counts[0] / counts.sum()


def losses_by_cross_entropy(logits, scores, y):
    """The cross-entropy of the logits, and of the log-sigmoids taken as logits."""
    return utils.cross_entropy(logits, y), utils.cross_entropy(utils.log_sigmoid(scores), y)


def losses_by_logaddexp(logits, scores, y):
    """Pick the true class's log-probability, normalised by np.logaddexp; an array of two."""
    rows = np.arange(len(y))
    logs = -np.logaddexp(0, -scores)
    return np.array([np.mean(np.logaddexp.reduce(z, axis=1) - z[rows, y]) for z in (logits, logs)])


def losses_by_one_hot(logits, scores, y):
    """Multiply log-probabilities by a one-hot matrix and sum."""
    Y = np.eye(logits.shape[1])[y]
    losses = []
    for z in (logits, special.log_expit(scores)):
        losses.append(-(Y * special.log_softmax(z, axis=1)).sum() / len(y))
    return tuple(losses)


VARIANTS = {
    "boundary_line": [through_two_points, b_minus_a, by_cross_multiplying, by_a_linear_system],
    "one_vs_rest_proba": [
        shares_in_logarithms,
        shares_by_logaddexp,
        shares_row_by_row,
        shares_by_scaled_sigmoids,
    ],
    "ambiguous_share": [share_by_loop, share_by_sigmoids, share_by_sorting, share_by_bincount],
    "compare_log_loss": [losses_by_cross_entropy, losses_by_logaddexp, losses_by_one_hot],
}
