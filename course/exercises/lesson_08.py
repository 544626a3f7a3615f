"""What the exercises of lesson 08 ask and accept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from course.exercises.common import Array
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

Data: TypeAlias = tuple[Array, Array]  # examples and their labels


# --- 08.1 l2_loss, 08.2 l2_gradient --------------------------------------------------------------


def _ones_in_front(rng: np.random.Generator, n: int, columns: int) -> Array:
    """Return n examples with the column of ones in front."""
    return np.column_stack([np.ones(n), rng.normal(size=(n, columns - 1))])


def _few(rng: np.random.Generator) -> list[Arguments]:
    # The numbers of classes, of columns and of examples differ; in the first case Theta is square.
    return [
        (np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0, 0.0]]), np.array([0]), 0.5),
        (
            np.array([[1.0, 2.0, -1.0], [0.0, 0.5, 3.0]]),
            np.array([[1.0, 2.0, 4.0], [1.0, -1.0, 0.0], [1.0, 0.5, -2.0], [1.0, 3.0, 1.0]]),
            np.array([1, 0, 1, 1]),
            0.3,
        ),
        (rng.normal(size=(4, 3)), _ones_in_front(rng, 7, 3), np.array([2, 0, 3, 1, 1, 0, 2]), 2.0),
        (rng.normal(size=(3, 5)), _ones_in_front(rng, 6, 5), np.array([2, 1, 0, 2, 0, 0]), 0.07),
    ]


def _large_intercepts(rng: np.random.Generator) -> list[Arguments]:
    Theta = rng.normal(size=(3, 4))
    Theta[:, 0] += (30, 28, 29)
    return [
        (
            np.array([[5.0, 0.0], [3.0, 0.0]]),
            np.array([[1.0, 1.0], [1.0, 2.0]]),
            np.array([1, 0]),
            1.0,
        ),
        (Theta, _ones_in_front(rng, 5, 4), np.array([0, 2, 2, 1, 0]), 0.4),
    ]


def _far_or_free(rng: np.random.Generator) -> list[Arguments]:
    """Scores beyond the range of exp, a class without examples, and no penalty at all."""
    X = np.array([[1.0, 1000.0], [1.0, -900.0], [1.0, 0.5]])
    return [
        (np.array([[0.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), X, np.array([0, 1, 0]), 0.1),
        (rng.normal(size=(4, 3)), _ones_in_front(rng, 5, 3), np.array([2, 0, 0, 2, 2]), 0.0),
    ]


def _extremes(rng: np.random.Generator) -> list[Arguments]:
    return _large_intercepts(rng) + _far_or_free(rng)


def _cross_entropy(logits: Array, y: Array) -> Any:
    """Return the mean cross-entropy; the logits may be complex."""
    below = logits - logits.real.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(below).sum(axis=1)) - below[np.arange(len(y)), y])


def _loss(Theta: Array, X: Array, y: Array, lam: float) -> Any:
    return _cross_entropy(X @ Theta.T, y) + lam * np.sum(Theta[:, 1:] ** 2) / 2


def _gradient(Theta: Array, X: Array, y: Array, lam: float) -> Array:
    """Return the gradient by a complex step: exact to rounding, and no formula in sight."""
    h = 1e-30
    gradient = np.empty(Theta.shape)
    for place in np.ndindex(gradient.shape):
        stepped = Theta.astype(complex)
        stepped[place] += 1j * h
        gradient[place] = _loss(stepped, X, y, lam).imag / h
    return gradient


def _fit_and_penalty(arguments: Arguments, result: Array) -> str | None:
    Theta, X, y, _ = arguments
    if not np.isfinite(result):
        return f"the loss came out as {result}, though it is finite"
    fit = _cross_entropy(X @ Theta.T, y)
    return (
        f"here the mean cross-entropy is {fit:.4f}; if that half of yours is right, your penalty is "
        f"{float(result) - fit:.4g}"
    )


def _intercepts_are_free(arguments: Arguments, result: Array) -> str | None:
    Theta, X, y, _ = arguments
    if not np.isfinite(result).all():
        return f"a slope came out as {result[~np.isfinite(result)][0]}, though it is finite"
    right = _gradient(Theta, X, y, 0.0)[:, 0]
    if not np.allclose(result[:, 0], right, rtol=1e-5):
        return "column 0, the slopes of the intercepts, differs; no penalty belongs in it"
    return None


# --- 08.3 calibration_path, 08.4 choose_lambda ---------------------------------------------------
# Small data sets with fixed seeds, so that it is known what separates right from wrong on them. What
# `rng` changes, the order of rows and the order and signs of features, changes no fitted model.


def _sets(
    rng: np.random.Generator, seed: int, sizes: tuple[int, ...], d: int, K: int, noise: float
) -> list[Data]:
    """Return several sets (X, y) from one source: a cluster for each class, some labels wrong."""
    made = np.random.default_rng(seed)
    means = made.normal(size=(K, d))
    order, signs = rng.permutation(d), rng.choice([-1.0, 1.0], size=d)
    sets = []
    for n in sizes:
        y = np.arange(n) % K
        X = np.round(means[y] + made.normal(size=(n, d)), 2)
        y = np.where(made.random(n) < noise, made.integers(K, size=n), y)
        y[:K] = np.arange(K)  # every class is there
        rows = rng.permutation(n)
        sets.append((X[rows][:, order] * signs, y[rows]))
    return sets


def _fitted(lam: float, data: Data) -> Any:
    """Return scikit-learn's model, fitted to the last digits."""
    X, y = data
    return _fit(float(lam), X.shape, X.tobytes(), tuple(y.tolist()))


@lru_cache(maxsize=256)  # expected values, and what is said of wrong ones, need the same few models
def _fit(lam: float, shape: tuple[int, ...], X: bytes, y: tuple[int, ...]) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / (len(y) * lam), tol=1e-8, max_iter=10_000)
    return model.fit(np.frombuffer(X).reshape(shape), y)


def _of_true_class(model: Any, data: Data) -> Array:
    X, y = data
    P: Array = model.predict_proba(X)[np.arange(len(y)), y]
    return P


def _log_loss(model: Any, data: Data) -> float:
    return float(-np.mean(np.log(_of_true_class(model, data))))


def _path(lambdas: Array, train: Data, held_out: Data, n_bins: int) -> tuple[Array, ...]:
    from scipy import stats

    X, y = held_out
    rows = []
    for lam in lambdas:
        model = _fitted(lam, train)
        P = model.predict_proba(X)
        top, right = P.max(axis=1), P.argmax(axis=1) == y
        gaps = stats.binned_statistic(top, top - right, "sum", n_bins, (0, 1)).statistic
        error = np.abs(gaps).sum() / len(y)
        length, loss = np.linalg.norm(model.coef_), _log_loss(model, held_out)
        rows.append([length, loss, right.mean(), top.mean(), error])
    return tuple(np.array(rows).T)


def _short_paths(rng: np.random.Generator) -> list[Arguments]:
    first = _sets(rng, 2, (9, 7), 2, 3, 0.2)
    second = _sets(rng, 5, (30, 22), 4, 3, 0.3)
    return [
        (np.array([0.1, 1.0]), *first, 5),
        (np.array([0.02, 0.1, 0.5, 2.0]), *second, 6),
    ]


def _any_order(rng: np.random.Generator) -> list[Arguments]:
    some, others = _sets(rng, 8, (24, 31), 3, 4, 0.3), _sets(rng, 11, (20, 13), 5, 3, 0.2)
    return [
        (np.array([1.0, 0.05, 0.3]), *some, 10),
        (np.array([0.2, 5.0, 0.02, 1.0]), *others, 4),
    ]


def _single(rng: np.random.Generator) -> list[Arguments]:
    train, held_out = _sets(rng, 14, (40, 25), 3, 5, 0.3)
    X, y = held_out
    return [(np.array([0.1]), train, (X[y != 4], y[y != 4]), 12)]  # no example of the last class


_MEASURES = (
    "lengths of W",
    "log-losses",
    "accuracies",
    "mean confidences",
    "calibration errors",
)


def _which_differs(arguments: Arguments, result: Any) -> str | None:
    for name, got, wanted in zip(_MEASURES, result, _path(*arguments), strict=True):
        if not np.allclose(got, wanted, rtol=2e-3, atol=2e-3):
            return f"the {name} differ"
    return None


def _choice(lambdas: Array, train: Data, validation: Data, test: Data) -> tuple[float, float]:
    models = [_fitted(lam, train) for lam in lambdas]
    best = int(np.argmin([_log_loss(model, validation) for model in models]))
    return lambdas[best], _log_loss(models[best], test)


def _rising(rng: np.random.Generator) -> list[Arguments]:
    # The smallest comes last: nobody fits it by hand, and its tables would fill the page.
    return [
        (10.0 ** np.arange(-3, 2), *_hard_last(*_sets(rng, 215, (24, 30, 26), 6, 3, 0.3))),
        (10.0 ** np.arange(-3, 2), *_sets(rng, 304, (24, 30, 26), 6, 3, 0.3)),
        (10.0 ** np.arange(-3, 2), *_sets(rng, 406, (24, 30, 26), 6, 3, 0.3)),
        (np.array([0.01, 0.1, 1.0]), *_sets(rng, 43, (9, 8, 7), 2, 3, 0.2)),
    ]


def _hard_last(train: Data, validation: Data, test: Data) -> list[Data]:
    """Sort the validation set by loss, so that its first half is no fair sample."""
    X, y = validation
    rows = np.argsort(-_of_true_class(_fitted(0.1, train), validation), kind="stable")
    return [train, (X[rows], y[rows]), test]


def _unordered(rng: np.random.Generator) -> list[Arguments]:
    lambdas = np.array([0.1, 10.0, 0.001, 1.0, 0.01])
    return [
        (lambdas, *_sets(rng, 245, (24, 30, 26), 6, 3, 0.3)),
        (lambdas[::-1].copy(), *_sets(rng, 148, (28, 30, 26), 6, 4, 0.2)),
    ]


# --- 08.5 early_stop -----------------------------------------------------------------------------


def _stop(losses: Array, patience: int) -> tuple[int, int]:
    """Look at every step by itself: the first whose best lies `patience` steps back."""
    for t in range(len(losses)):
        best = int(np.argmin(losses[: t + 1]))
        if t - best >= patience:
            break
    return best, t


def _bumpy(rng: np.random.Generator) -> list[Arguments]:
    def fall(n: int) -> Array:
        """Return losses that fall, with bumps, and rise slowly from the middle on."""
        t = np.arange(n)
        losses: Array = 2 * np.exp(-t / 5) + 0.03 * t + 0.25 * rng.random(n)
        return losses.round(3)

    return [
        (np.array([0.9, 0.6, 0.7, 0.8, 0.5]), 2),
        (np.array([1.0, 0.8, 0.9, 0.7, 0.75, 0.72, 0.71, 0.2, 0.1]), 3),
        (np.array([0.9, 0.5, 0.8, 0.7, 0.6, 0.55, 0.4, 0.3]), 3),
        (np.array([0.9, 0.5, 0.3, 0.6, 0.55, 0.4, 0.2, 0.1]), 3),
        # More than 1, or 100, which may stand for the best loss at the start.
        (np.array([2.303, 2.2, 2.1]), 2),
        (np.array([250.0, 240.0, 230.0, 235.0, 231.0, 90.0]), 2),
        (np.array([5200.0, 5100.0, 5000.0, 5050.0, 5010.0, 900.0]), 2),
        (fall(40), 4),
        (fall(60), 6),
    ]


def _to_the_end(rng: np.random.Generator) -> list[Arguments]:
    down = np.round(np.cumsum(rng.uniform(0.05, 0.2, size=9))[::-1], 3)
    return [
        (np.array([0.9, 0.6, 0.5]), 1),
        (down, 3),
        (np.array([0.9, 0.5, 0.8, 0.4, 0.45, 0.5]), 4),
    ]


def _level(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.9, 0.7, 0.7, 0.7, 0.2]), 2),
        (np.array([0.8, 0.6, 0.9, 0.6, 0.7, 0.1, 0.3]), 3),
        (np.array([0.9, 0.01236, 0.01235, 0.01234, 0.7, 0.8, 0.001]), 2),  # small is new, too
    ]


def _steps(arguments: Arguments, result: Any) -> str | None:
    best, last = (float(v) for v in result)
    losses, _ = arguments
    if not (best.is_integer() and last.is_integer()):
        return f"steps are whole numbers; yours are {best:g} and {last:g}"
    if best > last:
        return "the best step cannot lie after the last one"
    if last > len(losses) - 1 or min(best, last) < 0:
        return f"steps run from 0 to {len(losses) - 1} here"
    least = int(np.argmin(losses[: int(last) + 1]))
    if losses[int(best)] > losses[least]:
        return f"of the steps up to your last one, {last:g}, the least loss is that of step {least}"
    return None


EXERCISES = (
    Exercise(
        number="08.1",
        call="l2_loss(Theta, X, y, lam)",
        groups=(
            Group(
                "cross-entropy plus ½ λ times the squared weights",
                1,
                _few,
                explains=_fit_and_penalty,
            ),
            Group("large intercepts cost nothing", 1, _extremes, explains=_fit_and_penalty),
        ),
        oracle=_loss,
    ),
    Exercise(
        number="08.2",
        call="l2_gradient(Theta, X, y, lam)",
        groups=(
            Group(
                "the slope of l2_loss, by a complex step", 2, _few, explains=_intercepts_are_free
            ),
            Group(
                "the penalty does not pull at large intercepts",
                1,
                _extremes,
                explains=_intercepts_are_free,
            ),
        ),
        oracle=_gradient,
        forbids=("utils.descent.numerical_gradient", "scipy.optimize.approx_fprime"),
    ),
    Exercise(
        number="08.3",
        call="calibration_path(lambdas, train, held_out, n_bins)",
        pairs=False,
        groups=(
            Group(
                "five measures of a model for each λ, on held-out data",
                2,
                _short_paths,
                explains=_which_differs,
            ),
            Group("strengths in any order", 1, _any_order, explains=_which_differs),
            Group("one strength; a class that held_out lacks", 1, _single, explains=_which_differs),
        ),
        oracle=_path,
        rtol=2e-3,
        atol=2e-3,
    ),
    Exercise(
        number="08.4",
        call="choose_lambda(lambdas, train, validation, test)",
        pairs=False,
        groups=(
            Group("the least validation loss decides, the test set reports", 2, _rising),
            Group("strengths in any order", 1, _unordered),
        ),
        oracle=_choice,
        rtol=2e-3,
        atol=2e-4,
    ),
    Exercise(
        number="08.5",
        call="early_stop(losses, patience)",
        groups=(
            Group(
                "waits `patience` steps for a new best, then goes back", 1, _bumpy, explains=_steps
            ),
            Group(
                "losses that end first; a tie is no new best",
                1,
                lambda rng: _to_the_end(rng) + _level(rng),
                explains=_steps,
            ),
        ),
        oracle=_stop,
    ),
)
