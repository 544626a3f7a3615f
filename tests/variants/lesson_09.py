"""Other right answers to the exercises of lesson 09."""

import math

import numpy as np


def apply_by_shifted_exponentials(logits, T):
    """Exponentials below the row's largest score, shared out."""
    below = (logits - logits.max(axis=1, keepdims=True)) / T
    weights = np.exp(below)
    return weights / weights.sum(axis=1, keepdims=True)


def apply_by_powers(logits, T):
    """Log-probabilities at T = 1, divided by T, then shared out: the powers p^(1/T)."""
    logs = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    logs = logs / T
    return np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])


def apply_by_differences(logits, T):
    """One over the sum of e to the differences, which may overflow to a right 0 in silence."""
    with np.errstate(over="ignore"):
        return 1 / np.exp((logits[:, None, :] - logits[:, :, None]) / T).sum(axis=2)


def nll_by_row(logits, y, T):
    """Row by row, in plain Python."""
    total = 0.0
    for row, label in zip(logits.tolist(), y, strict=True):
        scores = [z / T for z in row]
        top = max(scores)
        total += top + math.log(sum(math.exp(z - top) for z in scores)) - scores[label]
    return total / len(y)


def nll_by_differences(logits, y, T):
    """Log-sum-exp of the scores less the true score."""
    below = (logits - np.take_along_axis(logits, y[:, None], axis=1)) / T
    return np.logaddexp.reduce(below, axis=1).mean()


def nll_by_one_hot(logits, y, T):
    """A one-hot table picks the log-probabilities."""
    z = logits / T
    z = z - z.max(axis=1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(np.eye(logits.shape[1])[y] * logs).sum() / len(y)


def fit_by_bounded_search(logits, y, bounds=(0.05, 20.0)):
    """SciPy's bounded search over log T."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_T: nll_by_differences(logits, y, np.exp(log_T)),
        bounds=np.log(bounds),
        method="bounded",
    )
    return float(np.exp(found.x))


def fit_by_bounded_search_over_t(logits, y, bounds=(0.05, 20.0)):
    """SciPy's bounded search over T itself."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda T: nll_by_differences(logits, y, T), bounds=bounds, method="bounded"
    )
    return float(found.x)


def fit_by_zero_of_the_slope(logits, y, bounds=(0.05, 20.0)):
    """Bisection of the slope in 1/T: expected score less actual score."""
    cold, hot = 1 / bounds[0], 1 / bounds[1]
    had = logits[np.arange(len(y)), y]

    def slope(beta):
        P = apply_by_shifted_exponentials(logits, 1 / beta)
        return np.mean((P * logits).sum(axis=1) - had)

    for _ in range(80):
        middle = math.sqrt(cold * hot)
        if slope(middle) < 0:
            hot = middle
        else:
            cold = middle
    return 1 / middle


def fit_by_grid(logits, y, bounds=(0.05, 20.0)):
    """A fine grid with equal ratios."""
    grid = np.geomspace(bounds[0], bounds[1], 1500)
    return grid[np.argmin([nll_by_differences(logits, y, T) for T in grid])]


def fit_by_clipped_newton(logits, y, bounds=(0.05, 20.0)):
    """Newton's steps in 1/T, kept inside a bracket; the curvature is a variance."""
    low, high = 1 / bounds[1], 1 / bounds[0]
    had, beta = logits[np.arange(len(y)), y], math.sqrt(low * high)
    for _ in range(200):
        P = apply_by_shifted_exponentials(logits, 1 / beta)
        mean = (P * logits).sum(axis=1)
        slope, bend = np.mean(mean - had), np.mean((P * logits**2).sum(axis=1) - mean**2)
        low, high = (beta, high) if slope < 0 else (low, beta)
        step = beta - slope / bend if bend > 0 else low
        beta = step if low < step < high else math.sqrt(low * high)
    return 1 / beta


def vector_by_descent(logits, y):
    """Three thousand steps of gradient descent."""
    n, n_classes = logits.shape
    Y = np.eye(n_classes)[y]
    w, b = np.ones(n_classes), np.zeros(n_classes)
    for _ in range(3000):
        error = (apply_by_shifted_exponentials(w * logits + b, 1.0) - Y) / n
        w = w - 0.2 * (error * logits).sum(axis=0)
        b = b - 0.5 * error.sum(axis=0)
    return w, b


def vector_with_a_constant(logits, y):
    """SciPy's search without a gradient given; one table (2, K), and another constant in b."""
    from scipy.optimize import minimize

    n_classes = logits.shape[1]

    def loss(wb):
        w, b = wb.reshape(2, n_classes)
        return nll_by_differences(w * logits + b, y, 1.0)

    found = minimize(loss, np.repeat([1.0, 0.0], n_classes), method="L-BFGS-B")
    return found.x.reshape(2, n_classes) + np.array([[0], [3]])


VARIANTS = {
    "apply_temperature": [apply_by_shifted_exponentials, apply_by_powers, apply_by_differences],
    "temperature_nll": [nll_by_row, nll_by_differences, nll_by_one_hot],
    "fit_temperature": [
        fit_by_bounded_search,
        fit_by_bounded_search_over_t,
        fit_by_zero_of_the_slope,
        fit_by_grid,
        fit_by_clipped_newton,
    ],
    "fit_vector_scaling": [vector_by_descent, vector_with_a_constant],
}
