"""What the exercises of lesson 08 accept."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from utils.judge import Arguments, Exercise, Group, Misconception


def _softmax(z: Any) -> Any:
    from scipy import special

    return special.softmax(z, axis=-1)


def _mean_loss(logits: Any, y: Any) -> Any:
    """Return the mean cross-entropy; the logits may be complex."""
    below = logits - logits.real.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(below).sum(axis=1)) - below[np.arange(len(y)), y])


def _squares(weights: Any) -> Any:
    return np.sum(weights**2)


def _data(rng: np.random.Generator, n: int, columns: int) -> Any:
    """Return n examples with the column of ones in front."""
    return np.column_stack([np.ones(n), rng.normal(size=(n, columns - 1))])


# --- 08.1 l2_loss, 08.2 l2_gradient --------------------------------------------------------------


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
        (rng.normal(size=(4, 3)), _data(rng, 7, 3), np.array([2, 0, 3, 1, 1, 0, 2]), 2.0),
        (rng.normal(size=(3, 5)), _data(rng, 6, 5), np.array([2, 1, 0, 2, 0, 0]), 0.07),
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
        (Theta, _data(rng, 5, 4), np.array([0, 2, 2, 1, 0]), 0.4),
    ]


def _far_or_free(rng: np.random.Generator) -> list[Arguments]:
    """Scores beyond the range of exp, a class without examples, and no penalty at all."""
    X = np.array([[1.0, 1000.0], [1.0, -900.0], [1.0, 0.5]])
    return [
        (np.array([[0.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), X, np.array([0, 1, 0]), 0.1),
        (rng.normal(size=(4, 3)), _data(rng, 5, 3), np.array([2, 0, 0, 2, 2]), 0.0),
    ]


def _loss_oracle(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    return _mean_loss(X @ Theta.T, y) + lam * _squares(Theta[:, 1:]) / 2


def _gradient_oracle(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    """Return the gradient by a complex step: exact to rounding, and no formula in sight."""
    h = 1e-30
    gradient = np.empty(np.shape(Theta))
    for place in np.ndindex(gradient.shape):
        stepped = Theta.astype(complex)
        stepped[place] += 1j * h
        gradient[place] = _loss_oracle(stepped, X, y, lam).imag / h
    return gradient


def _loss_law(arguments: Arguments, result: Any) -> str | None:
    Theta, X, y, _ = arguments
    if not np.isfinite(result):
        return f"the loss came out as {result}, though it is finite"
    fit = _mean_loss(X @ Theta.T, y)
    return (
        f"here the mean cross-entropy is {fit:.4f}; if that half of yours is right, your penalty is "
        f"{float(result) - fit:.4g}"
    )


def _gradient_law(arguments: Arguments, result: Any) -> str | None:
    Theta, X, y, _ = arguments
    if not np.isfinite(result).all():
        return f"a slope came out as {result[~np.isfinite(result)][0]}, though it is finite"
    right = _gradient_oracle(Theta, X, y, 0.0)[:, 0]
    if not np.allclose(result[:, 0], right, rtol=1e-5):
        return "column 0, the slopes of the intercepts, differs; no penalty belongs in it"
    return None


def _penalised(penalty: Callable[..., Any]) -> Callable[..., Any]:
    """Return a loss with the right cross-entropy and penalty(Theta, lam, n)."""
    return lambda Theta, X, y, lam: _mean_loss(X @ Theta.T, y) + penalty(Theta, lam, len(y))


def _naive_loss(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    e = np.exp(X @ Theta.T)
    P = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(P[np.arange(len(y)), y])) + lam / 2 * _squares(Theta[:, 1:])


def _loss_intercept_set_to_zero(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    """Zero the intercepts of the caller's Theta, then compute everything with it."""
    Theta[:, 0] = 0
    return _loss_oracle(Theta, X, y, lam)


def _loss_then_intercept_zeroed(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    loss = _mean_loss(X @ Theta.T, y)
    Theta[:, 0] = 0
    return loss + lam / 2 * _squares(Theta)


LOSS = Exercise(
    number="08.1",
    call="l2_loss(Theta, X, y, lam)",
    groups=(
        Group("cross-entropy plus ½ λ times the squared weights", 1, _few, _loss_law),
        Group(
            "large intercepts cost nothing",
            1,
            lambda rng: _large_intercepts(rng) + _far_or_free(rng),
            _loss_law,
        ),
    ),
    oracle=_loss_oracle,
    misconceptions=(
        Misconception(
            "intercept penalised",
            _penalised(lambda Theta, lam, n: lam / 2 * _squares(Theta)),
            "Column 0 of Theta is in your penalty. The intercepts are free: they only say how common "
            "each class is.",
        ),
        Misconception(
            "factor ½ lost",
            _penalised(lambda Theta, lam, n: lam * _squares(Theta[:, 1:])),
            "Your penalty is twice too large: it is half of λ times the squares.",
        ),
        Misconception(
            "factor ½ lost and intercept penalised",
            _penalised(lambda Theta, lam, n: lam * _squares(Theta)),
            "Two things about your penalty: it lacks the factor ½, and it counts column 0, the "
            "intercepts.",
        ),
        Misconception(
            "halved twice",
            _penalised(lambda Theta, lam, n: lam / 4 * _squares(Theta[:, 1:])),
            "Your penalty is half of what it should be: the ½ comes once.",
        ),
        Misconception(
            "penalty divided by n",
            _penalised(lambda Theta, lam, n: lam / (2 * n) * _squares(Theta[:, 1:])),
            "You divided the penalty by n. The mean belongs to the cross-entropy alone; in this "
            "course λ is not shared out among the examples.",
        ),
        Misconception(
            "penalty once for each example",
            _penalised(lambda Theta, lam, n: lam * n / 2 * _squares(Theta[:, 1:])),
            "Your penalty is n times too large. It is added once, to the mean, not for each example.",
        ),
        Misconception(
            "cross-entropy summed",
            lambda Theta, X, y, lam: (
                len(y) * _mean_loss(X @ Theta.T, y) + lam / 2 * _squares(Theta[:, 1:])
            ),
            "Your cross-entropy is a sum over the examples. Here it is their mean; with a sum the "
            "same λ would mean less the more data there is.",
        ),
        Misconception(
            "sign of the penalty",
            _penalised(lambda Theta, lam, n: -lam / 2 * _squares(Theta[:, 1:])),
            "You subtract the penalty, so large weights pay off. It is a price: add it.",
        ),
        Misconception(
            "length not squared",
            _penalised(lambda Theta, lam, n: lam / 2 * np.sqrt(_squares(Theta[:, 1:]))),
            "You used the length of W. The penalty has its square: no root.",
        ),
        Misconception(
            "absolute values",
            _penalised(lambda Theta, lam, n: lam / 2 * np.abs(Theta[:, 1:]).sum()),
            "You summed absolute values, which is the L1 penalty. L2 sums squares.",
        ),
        Misconception(
            "mean of the squares",
            _penalised(lambda Theta, lam, n: lam / 2 * np.mean(Theta[:, 1:] ** 2)),
            "You averaged the squared weights. The penalty takes their sum, so that each weight "
            "pays its own price however many there are.",
        ),
        Misconception(
            "square of the sum",
            _penalised(lambda Theta, lam, n: lam / 2 * Theta[:, 1:].sum() ** 2),
            "You summed the weights and squared the sum, so weights of opposite sign cancel. Square "
            "each one first.",
        ),
        Misconception(
            "first class left out",
            _penalised(lambda Theta, lam, n: lam / 2 * _squares(Theta[1:])),
            "You left out row 0 of Theta, which is a class. The intercepts are column 0.",
        ),
        Misconception(
            "last column left out",
            _penalised(lambda Theta, lam, n: lam / 2 * _squares(Theta[:, :-1])),
            "You left out the last column of Theta. The intercepts are in column 0.",
        ),
        Misconception(
            "λ squared",
            _penalised(lambda Theta, lam, n: _squares(lam * Theta[:, 1:]) / 2),
            "Your λ is inside the square. Square the weights alone, then multiply.",
        ),
        Misconception(
            "λ taken for C",
            _penalised(lambda Theta, lam, n: lam and _squares(Theta[:, 1:]) / (2 * lam)),
            "You divide by λ. Here a large λ is a strong penalty; it is scikit-learn's C that works "
            "the other way round.",
        ),
        Misconception(
            "no penalty",
            lambda Theta, X, y, lam: _mean_loss(X @ Theta.T, y),
            "That is the cross-entropy alone. The price of the weights is missing.",
        ),
        Misconception(
            "penalty alone",
            lambda Theta, X, y, lam: lam / 2 * _squares(Theta[:, 1:]),
            "That is the penalty alone. The mean cross-entropy is missing.",
        ),
        Misconception(
            "softmax taken twice",
            lambda Theta, X, y, lam: (
                _mean_loss(_softmax(X @ Theta.T), y) + lam / 2 * _squares(Theta[:, 1:])
            ),
            "Your penalty is right. Your cross-entropy is given probabilities and takes another "
            "softmax of them: hand it the logits.",
        ),
        Misconception(
            "logits without intercepts",
            lambda Theta, X, y, lam: (
                _mean_loss(X[:, 1:] @ Theta[:, 1:].T, y) + lam / 2 * _squares(Theta[:, 1:])
            ),
            "Your penalty is right, but your logits lack the intercepts. They pay nothing, and still "
            "belong to the model: only the penalty leaves column 0 out.",
        ),
        Misconception(
            "Theta not turned",
            lambda Theta, X, y, lam: _mean_loss(X @ Theta, y) + lam / 2 * _squares(Theta[:, 1:]),
            "Your logits multiply X by Theta as it lies, which goes only where Theta is square. Each "
            "class is a row of Theta: transpose it.",
        ),
        Misconception(
            "logarithm of exponentials",
            _naive_loss,
            "Your penalty is right, but exp overflows for large scores and the loss turns into nan "
            "or inf. Compute the cross-entropy from the logits, as in lesson 03.",
        ),
        Misconception(
            "intercepts set to 0 in Theta",
            _loss_intercept_set_to_zero,
            "You set column 0 of Theta to 0 before you computed the logits, so the model lost its "
            "intercepts, and the caller's Theta did too. Take the other columns for the penalty.",
        ),
        Misconception(
            "intercepts set to 0 afterwards",
            _loss_then_intercept_zeroed,
            "Your loss is right, but the caller's Theta has lost its intercepts: a slice such as W = "
            "Theta is the same array under another name. Take the other columns, or copy first.",
        ),
    ),
)


def _fit_slope(Theta: Any, X: Any, y: Any) -> Any:
    """Return the gradient of the mean cross-entropy."""
    return (_softmax(X @ Theta.T) - np.eye(len(Theta))[y]).T @ X / len(X)


def _no_intercept(Theta: Any) -> Any:
    free = Theta.copy()
    free[:, 0] = 0
    return free


def _pulled(pull: Callable[..., Any]) -> Callable[..., Any]:
    """Return a gradient with the right cross-entropy part and pull(Theta, lam, n)."""
    return lambda Theta, X, y, lam: _fit_slope(Theta, X, y) + pull(Theta, lam, len(y))


def _first_class_free(Theta: Any, lam: float, n: int) -> Any:
    free = Theta.copy()
    free[0] = 0
    return lam * free


def _last_column_free(Theta: Any, lam: float, n: int) -> Any:
    free = Theta.copy()
    free[:, -1] = 0
    return lam * free


def _gradient_zeroed(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    """Zero column 0 of the whole gradient, not of the penalty alone."""
    return _no_intercept(_fit_slope(Theta, X, y) + lam * Theta)


def _zero_first(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    Theta[:, 0] = 0
    return _fit_slope(Theta, X, y) + lam * Theta


def _zero_afterwards(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    slope = _fit_slope(Theta, X, y)
    Theta[:, 0] = 0
    return slope + lam * Theta


def _labels_counted(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    """Take as many classes as the labels show."""
    Y = np.eye(y.max() + 1)[y]
    return (_softmax(X @ Theta.T) - Y).T @ X / len(X) + lam * _no_intercept(Theta)


def _naive_gradient(Theta: Any, X: Any, y: Any, lam: float) -> Any:
    e = np.exp(X @ Theta.T)
    P = e / e.sum(axis=1, keepdims=True)
    return (P - np.eye(len(Theta))[y]).T @ X / len(X) + lam * _no_intercept(Theta)


GRADIENT = Exercise(
    number="08.2",
    call="l2_gradient(Theta, X, y, lam)",
    groups=(
        Group("the slope of l2_loss, by a complex step", 2, _few, _gradient_law),
        Group(
            "the penalty does not pull at large intercepts",
            1,
            lambda rng: _large_intercepts(rng) + _far_or_free(rng),
            _gradient_law,
        ),
    ),
    oracle=_gradient_oracle,
    forbids=("utils.descent.numerical_gradient", "scipy.optimize.approx_fprime"),
    misconceptions=(
        Misconception(
            "intercept penalised",
            _pulled(lambda Theta, lam, n: lam * Theta),
            "The penalty pulls at column 0 too. The intercepts are free, so their slopes are those "
            "of the cross-entropy.",
        ),
        Misconception(
            "factor ½ kept",
            _pulled(lambda Theta, lam, n: lam / 2 * _no_intercept(Theta)),
            "Your pull is half of what it should be. Differentiate ½ λ w²: the 2 from the square "
            "cancels the ½.",
        ),
        Misconception(
            "factor 2",
            _pulled(lambda Theta, lam, n: 2 * lam * _no_intercept(Theta)),
            "Your pull is twice too large. The penalty has a factor ½, which cancels the 2 from the "
            "square.",
        ),
        Misconception(
            "factor 2 and intercept penalised",
            _pulled(lambda Theta, lam, n: 2 * lam * Theta),
            "Two things: the pull is twice too large (the ½ cancels the 2 from the square), and it "
            "touches column 0, the intercepts.",
        ),
        Misconception(
            "penalty divided by n",
            _pulled(lambda Theta, lam, n: lam / n * _no_intercept(Theta)),
            "You divided the pull of the penalty by n. Only the cross-entropy is a mean.",
        ),
        Misconception(
            "penalty divided by n and intercept penalised",
            _pulled(lambda Theta, lam, n: lam / n * Theta),
            "Two things: the pull of the penalty is divided by n, which belongs to the cross-entropy "
            "alone, and it touches column 0, the intercepts.",
        ),
        Misconception(
            "penalty without column 0",
            _pulled(lambda Theta, lam, n: lam * Theta[:, 1:]),
            "Your pull of the penalty has a column less than the gradient, since it lacks column 0. "
            "Where a single feature leaves one column, NumPy adds that to both; otherwise it "
            "refuses. Give the pull a first column of zeros.",
        ),
        Misconception(
            "true less predicted",
            lambda Theta, X, y, lam: -_fit_slope(Theta, X, y) + lam * _no_intercept(Theta),
            "The cross-entropy part has the wrong sign: it takes the labels less the probabilities. "
            "Where a probability is too high, the loss falls as the score goes down.",
        ),
        Misconception(
            "classes counted by the labels",
            _labels_counted,
            "You count the classes by the labels, so a class without an example is lost. Theta has "
            "a row for each class.",
        ),
        Misconception(
            "cross-entropy not divided by n",
            lambda Theta, X, y, lam: len(y) * _fit_slope(Theta, X, y) + lam * _no_intercept(Theta),
            "Your pull is right, but the cross-entropy part is summed over the examples. Divide it "
            "by n.",
        ),
        Misconception(
            "sign of the penalty",
            _pulled(lambda Theta, lam, n: -lam * _no_intercept(Theta)),
            "Your penalty pushes the weights away from 0. The loss rises as a weight grows, so the "
            "slope has the weight's own sign.",
        ),
        Misconception(
            "no penalty",
            lambda Theta, X, y, lam: _fit_slope(Theta, X, y),
            "That is the gradient of the cross-entropy alone. The pull of the penalty is missing.",
        ),
        Misconception(
            "penalty alone",
            lambda Theta, X, y, lam: lam * _no_intercept(Theta),
            "That is the pull of the penalty alone. Add it to the gradient of the cross-entropy.",
        ),
        Misconception(
            "one number for all weights",
            _pulled(lambda Theta, lam, n: lam / 2 * _squares(Theta[:, 1:])),
            "You added the penalty itself, one number, to every slope. Each weight has a slope of "
            "its own.",
        ),
        Misconception(
            "signs of the weights",
            _pulled(lambda Theta, lam, n: lam * np.sign(_no_intercept(Theta))),
            "Your pull does not depend on the size of a weight: that is L1. With L2 a large weight "
            "is pulled harder.",
        ),
        Misconception(
            "first class left alone",
            _pulled(_first_class_free),
            "The penalty spares row 0 of Theta, which is a class. The intercepts are column 0.",
        ),
        Misconception(
            "last column left alone",
            _pulled(_last_column_free),
            "The penalty spares the last column of Theta. The intercepts are in column 0.",
        ),
        Misconception(
            "intercepts never move",
            _gradient_zeroed,
            "All slopes of the intercepts are 0, so they would never be trained. They pay no "
            "penalty, but the cross-entropy still pulls at them.",
        ),
        Misconception(
            "intercepts set to 0 in Theta",
            _zero_first,
            "You set column 0 of Theta to 0 before you computed the logits: the model lost its "
            "intercepts, and so did the caller's Theta. Work on a copy for the penalty.",
        ),
        Misconception(
            "intercepts set to 0 afterwards",
            _zero_afterwards,
            "Your slopes are right, but the caller's Theta has lost its intercepts: W = Theta is the "
            "same array under another name. Copy it first.",
        ),
        Misconception(
            "weights only",
            lambda Theta, X, y, lam: _gradient_oracle(Theta, X, y, lam)[:, 1:],
            "You returned the slopes of the weights alone. Column 0, the intercepts, has slopes too.",
        ),
        Misconception(
            "transposed",
            lambda Theta, X, y, lam: _gradient_oracle(Theta, X, y, lam).T,
            "Your gradient lies on its side. It has the shape of Theta: a row for each class.",
        ),
        Misconception(
            "softmax overflows",
            _naive_gradient,
            "The formula is right, but exp overflows for large scores and slopes turn into nan. Use "
            "a softmax that subtracts the largest score.",
        ),
    ),
)


# --- 08.3 calibration_path, 08.4 choose_lambda ---------------------------------------------------
# Small data sets with fixed seeds, so that it is known what separates right from wrong on them. What
# `rng` changes, the order of rows and the order and signs of features, changes no fitted model.


def _sets(
    rng: np.random.Generator, seed: int, sizes: tuple[int, ...], d: int, K: int, noise: float
) -> list[Any]:
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


def _fitted(lam: float, data: Any) -> Any:
    """Return scikit-learn's model, fitted to the last digits."""
    return _fit("theirs", float(lam), *_frozen(data))


def _ours(lam: float, data: Any) -> Any:
    """Return the course's model, for wrong answers: learners use it too."""
    return _fit("ours", float(lam), *_frozen(data))


def _frozen(data: Any) -> tuple[tuple[int, ...], bytes, bytes]:
    """Return a set (X, y) as plain values, which a cache can look up."""
    X, y = data
    return X.shape, X.tobytes(), y.astype(np.int64).tobytes()


@lru_cache(maxsize=2000)  # many wrong answers fit the same few models
def _fit(whose: str, lam: float, shape: tuple[int, ...], X_bytes: bytes, y_bytes: bytes) -> Any:
    from sklearn.linear_model import LogisticRegression

    from utils.models import SoftmaxRegression

    X, y = np.frombuffer(X_bytes).reshape(shape), np.frombuffer(y_bytes, dtype=np.int64)
    if whose == "ours":
        return SoftmaxRegression(lam=lam).fit(X, y)
    return LogisticRegression(C=1 / (len(y) * lam), tol=1e-8, max_iter=10_000).fit(X, y)


def _proba(model: Any, data: Any) -> Any:
    return _probabilities(model, *_frozen(data)[:2])


@lru_cache(maxsize=2000)
def _probabilities(model: Any, shape: tuple[int, ...], X_bytes: bytes) -> Any:
    return model.predict_proba(np.frombuffer(X_bytes).reshape(shape))


def _calibration_error(P: Any, y: Any, n_bins: int) -> Any:
    from scipy import stats

    top = P.max(axis=1)
    gap = top - (P.argmax(axis=1) == y)
    sums = stats.binned_statistic(top, gap, "sum", n_bins, (0, 1)).statistic
    return np.abs(sums).sum() / len(y)


def _log_loss(P: Any, y: Any) -> Any:
    return -np.mean(np.log(P[np.arange(len(y)), y]))


def _measures(model: Any, data: Any, n_bins: int) -> list[Any]:
    """Return length of W, log-loss, accuracy, mean confidence, calibration error."""
    return list(_measured(model, n_bins, *_frozen(data)))


@lru_cache(maxsize=2000)
def _measured(model: Any, n_bins: int, shape: Any, X_bytes: bytes, y_bytes: bytes) -> Any:
    P, y = _probabilities(model, shape, X_bytes), np.frombuffer(y_bytes, dtype=np.int64)
    return (
        np.linalg.norm(model.coef_),
        _log_loss(P, y),
        np.mean(P.argmax(axis=1) == y),
        P.max(axis=1).mean(),
        _calibration_error(P, y, n_bins),
    )


def _table(rows: Any) -> tuple[Any, ...]:
    return tuple(np.array(rows, dtype=float).T)


def _path_oracle(lambdas: Any, train: Any, held_out: Any, n_bins: int) -> Any:
    return _table([_measures(_fitted(lam, train), held_out, n_bins) for lam in lambdas])


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


_PARTS = (
    "lengths of W",
    "log-losses",
    "accuracies",
    "mean confidences",
    "calibration errors",
)


def _path_law(arguments: Arguments, result: Any) -> str | None:
    for name, got, wanted in zip(_PARTS, result, _path_oracle(*arguments), strict=True):
        if not np.allclose(got, wanted, rtol=2e-3, atol=2e-3):
            return f"the {name} differ"
    return None


def _path(
    change: Callable[..., Any] = lambda row, **_: row,
    *,
    fit_on: str = "train",
    measure_on: str = "held_out",
    fit: Callable[..., Any] = _ours,
) -> Callable[..., Any]:
    """Return a wrong answer: another fit, other data, or ``change`` made to each row."""

    def wrong(lambdas: Any, train: Any, held_out: Any, n_bins: int) -> Any:
        both = tuple(np.concatenate(pair) for pair in zip(train, held_out, strict=True))
        sets = {"train": train, "held_out": held_out, "both": both}
        rows = []
        for lam in lambdas:
            model = fit(lam, sets[fit_on])
            row = _measures(model, sets[measure_on], n_bins)
            rows.append(change(row, model=model, lam=lam, data=held_out, n_bins=n_bins))
        return _table(rows)

    return wrong


def _put(place: int, value: Callable[..., Any]) -> Callable[..., Any]:
    """Return a change that replaces one entry of a row."""

    def change(row: list[Any], model: Any, lam: float, data: Any, n_bins: int) -> list[Any]:
        P, y = _proba(model, data), data[1]
        row[place] = value(row, P=P, y=y, model=model, lam=lam, n_bins=n_bins)
        return row

    return change


def _of_true_class(row: Any, P: Any, y: Any, **_: Any) -> Any:
    return P[np.arange(len(y)), y].mean()


def _gaps(P: Any, y: Any, n_bins: int, **_: Any) -> Any:
    """Return the gap of each bin that is not empty."""
    top, right = P.max(axis=1), P.argmax(axis=1) == y
    place = np.minimum((top * n_bins).astype(int), n_bins - 1)
    inside = [place == k for k in np.unique(place)]
    return np.array([abs(top[rows].mean() - right[rows].mean()) for rows in inside])


def _unweighted(row: Any, **others: Any) -> Any:
    return _gaps(**others).mean()


def _sorted_path(lambdas: Any, train: Any, held_out: Any, n_bins: int) -> Any:
    return _path()(np.sort(lambdas), train, held_out, n_bins)


def _last_model_path(lambdas: Any, train: Any, held_out: Any, n_bins: int) -> Any:
    return _path()(np.full(len(lambdas), lambdas[-1]), train, held_out, n_bins)


def _weights_with_intercept(row: Any, model: Any, **_: Any) -> Any:
    return np.linalg.norm(np.column_stack([model.intercept_, model.coef_]))


PATH = Exercise(
    number="08.3",
    call="calibration_path(lambdas, train, held_out, n_bins)",
    groups=(
        Group("five measures of a model for each λ, on held-out data", 2, _short_paths, _path_law),
        Group("strengths in any order", 1, _any_order, _path_law),
        Group("one strength; a class that held_out lacks", 1, _single, _path_law),
    ),
    oracle=_path_oracle,
    rtol=2e-3,
    atol=2e-3,
    misconceptions=(
        Misconception(
            "measured on the training data",
            _path(measure_on="train"),
            "You measured on the data that the model was trained on. It has seen the answers there: "
            "use held_out for everything but the fit.",
        ),
        Misconception(
            "fitted on the held-out data",
            _path(fit_on="held_out"),
            "You fitted the model on the held-out data, so nothing is held out any more. Fit on "
            "train.",
        ),
        Misconception(
            "fitted on everything",
            _path(fit_on="both"),
            "You fitted on both sets together. What the model has seen cannot be held out: fit on "
            "train alone.",
        ),
        Misconception(
            "λ taken for C",
            _path(fit=lambda lam, data: _ours(1 / (len(data[1]) * lam), data)),
            "Your weights grow where λ grows: you used it as scikit-learn's C. Hand it on as lam.",
        ),
        Misconception(
            "λ ignored",
            _path(fit=lambda lam, data: _ours(0.0, data)),
            "Your models were fitted without a penalty, so λ makes no difference. Hand it on as lam.",
        ),
        Misconception(
            "the last λ everywhere",
            _last_model_path,
            "Every row comes from the model with the last λ. Measure inside the loop, before the "
            "next model is fitted.",
        ),
        Misconception(
            "strengths sorted",
            _sorted_path,
            "You sorted the strengths. Give the results in the order in which they came.",
        ),
        Misconception(
            "intercepts in the length",
            _path(_put(0, _weights_with_intercept)),
            "Your length of W counts the intercepts. Take coef_ alone.",
        ),
        Misconception(
            "length squared",
            _path(_put(0, lambda row, **_: row[0] ** 2)),
            "You returned the squared length of W. Take the root.",
        ),
        Misconception(
            "loss with the penalty",
            _path(_put(1, lambda row, lam, **_: row[1] + lam / 2 * row[0] ** 2)),
            "Your log-loss has the penalty in it. That is what training minimises; on held-out data "
            "the question is how well the model predicts.",
        ),
        Misconception(
            "softmax taken twice",
            _path(_put(1, lambda row, P, y, **_: _mean_loss(P, y))),
            "Your log-loss is given probabilities and takes another softmax of them. The function "
            "wants logits, which the model's decision_function gives.",
        ),
        Misconception(
            "last loss of the training",
            _path(_put(1, lambda row, model, **_: model.loss_history_[-1])),
            "Your log-loss is the last one of the training: it is that of the training data, and it "
            "has the penalty in it. Ask held_out.",
        ),
        Misconception(
            "loss summed",
            _path(_put(1, lambda row, y, **_: row[1] * len(y))),
            "Your log-loss is a sum over the examples. Take the mean.",
        ),
        Misconception(
            "loss of the winner",
            _path(_put(1, lambda row, P, **_: -np.mean(np.log(P.max(axis=1))))),
            "Your log-loss uses the probability of the predicted class. It is about the class that "
            "came.",
        ),
        Misconception(
            "share of errors",
            _path(_put(2, lambda row, **_: 1 - row[2])),
            "Your third array is the share of wrong predictions. Accuracy is the share that is right.",
        ),
        Misconception(
            "confidence in the true class",
            _path(_put(3, _of_true_class)),
            "You averaged the probability of the true class. A model's confidence is the largest "
            "probability of each row, whichever class that is.",
        ),
        Misconception(
            "mean of all probabilities",
            _path(_put(3, lambda row, P, **_: P.mean())),
            "You averaged all probabilities, which gives 1/K whatever the model. A model's "
            "confidence is the largest probability of each row.",
        ),
        Misconception(
            "greatest singular value",
            _path(_put(0, lambda row, model, **_: np.linalg.norm(model.coef_, 2))),
            "Your length of W is its largest singular value: that is what NumPy's norm with a 2 "
            "means for a table. Take the root of the sum of all squares, its default.",
        ),
        Misconception(
            "greatest gap",
            _path(_put(4, lambda row, **others: _gaps(**others).max())),
            "Your calibration error is the greatest gap of a bin, the MCE. The ECE averages the "
            "gaps, each weighted by its bin's share of the predictions.",
        ),
        Misconception(
            "fifteen bins",
            _path(_put(4, lambda row, P, y, **_: _calibration_error(P, y, 15))),
            "Your calibration error always has 15 bins, the default. Hand n_bins on.",
        ),
        Misconception(
            "one bin",
            _path(_put(4, lambda row, **_: abs(row[3] - row[2]))),
            "You compared mean confidence with accuracy, over all predictions at once. The "
            "calibration error does that bin by bin.",
        ),
        Misconception(
            "gaps without weights",
            _path(_put(4, _unweighted)),
            "Every bin counts the same in your calibration error. Weight it by its share of the "
            "predictions.",
        ),
        Misconception(
            "accuracy and confidence swapped",
            _path(lambda row, **_: [row[0], row[1], row[3], row[2], row[4]]),
            "Accuracy and mean confidence have changed places: accuracy comes third.",
        ),
        Misconception(
            "a row for each λ",
            lambda *arguments: np.array(_path()(*arguments)).T,
            "You return a row for each λ. Return five arrays, one for each measure.",
        ),
    ),
)


# --- 08.4 choose_lambda --------------------------------------------------------------------------


def _choice_oracle(lambdas: Any, train: Any, validation: Any, test: Any) -> Any:
    models = [_fitted(lam, train) for lam in lambdas]
    best = int(np.argmin([_loss_of(model, validation) for model in models]))
    return lambdas[best], _loss_of(models[best], test)


def _rising(rng: np.random.Generator) -> list[Arguments]:
    # The smallest comes last: nobody fits it by hand, and its tables would fill the page.
    return [
        (10.0 ** np.arange(-3, 2), *_hard_last(*_sets(rng, 215, (24, 30, 26), 6, 3, 0.3))),
        (10.0 ** np.arange(-3, 2), *_sets(rng, 304, (24, 30, 26), 6, 3, 0.3)),
        (10.0 ** np.arange(-3, 2), *_sets(rng, 406, (24, 30, 26), 6, 3, 0.3)),
        (np.array([0.01, 0.1, 1.0]), *_sets(rng, 43, (9, 8, 7), 2, 3, 0.2)),
    ]


def _hard_last(train: Any, validation: Any, test: Any) -> list[Any]:
    """Sort the validation set by loss, so that its first half is no fair sample."""
    X, y = validation
    P = _proba(_fitted(0.1, train), validation)
    rows = np.argsort(-P[np.arange(len(y)), y], kind="stable")
    return [train, (X[rows], y[rows]), test]


def _unordered(rng: np.random.Generator) -> list[Arguments]:
    lambdas = np.array([0.1, 10.0, 0.001, 1.0, 0.01])
    return [
        (lambdas, *_sets(rng, 245, (24, 30, 26), 6, 3, 0.3)),
        (lambdas[::-1].copy(), *_sets(rng, 148, (28, 30, 26), 6, 4, 0.2)),
    ]


def _choose(
    score: Callable[..., Any], report: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """Return a choice of the λ with the least score, and a report on it."""

    def wrong(lambdas: Any, train: Any, validation: Any, test: Any) -> Any:
        models = [_ours(lam, train) for lam in lambdas]
        sets = {"train": train, "validation": validation, "test": test}
        scores = [score(m, lam, **sets) for m, lam in zip(models, lambdas, strict=True)]
        best = int(np.argmin(scores))
        told = (report or _report)(models[best], lambdas[best], models=models, **sets)
        return lambdas[best], told

    return wrong


def _loss_of(model: Any, data: Any) -> Any:
    return _log_loss(_proba(model, data), data[1])


def _report(model: Any, lam: float, test: Any, **_: Any) -> Any:
    return _loss_of(model, test)


def _by_validation(model: Any, lam: float, validation: Any, **_: Any) -> Any:
    return _loss_of(model, validation)


def _with_penalty(model: Any, lam: float, data: Any) -> Any:
    return _loss_of(model, data) + lam / 2 * _squares(model.coef_)


def _by_accuracy(model: Any, lam: float, validation: Any, **_: Any) -> Any:
    return -np.mean(_proba(model, validation).argmax(axis=1) == validation[1])


def _by_calibration(model: Any, lam: float, validation: Any, **_: Any) -> Any:
    return _calibration_error(_proba(model, validation), validation[1], 15)


def _fitted_on_both(
    model: Any, lam: float, train: Any, validation: Any, test: Any, **_: Any
) -> Any:
    both = tuple(np.concatenate(pair) for pair in zip(train, validation, strict=True))
    return _loss_of(_ours(lam, both), test)


def _chosen(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return the right answer, changed."""

    def wrong(lambdas: Any, train: Any, validation: Any, test: Any) -> Any:
        lam, loss = _choose(_by_validation)(lambdas, train, validation, test)
        return change(lambdas, lam, loss)

    return wrong


def _half(data: Any) -> Any:
    X, y = data
    return X[: len(y) // 2], y[: len(y) // 2]


def _twice(model: Any, data: Any) -> Any:
    """Return the loss of a softmax of probabilities."""
    return _mean_loss(_proba(model, data), data[1])


def _by_brier(model: Any, lam: float, validation: Any, **_: Any) -> Any:
    P = _proba(model, validation)
    return np.mean(np.sum((P - np.eye(P.shape[1])[validation[1]]) ** 2, axis=1))


def _validation_fitted(lambdas: Any, train: Any, validation: Any, test: Any) -> Any:
    return _choose(_by_validation)(lambdas, validation, validation, test)


def _lambda_as_c(lambdas: Any, train: Any, validation: Any, test: Any) -> Any:
    """Hand λ on as scikit-learn's C."""
    strengths = 1 / (len(train[1]) * lambdas)
    lam, loss = _choose(_by_validation)(strengths, train, validation, test)
    return lambdas[np.flatnonzero(strengths == lam)[0]], loss


def _roles_swapped(lambdas: Any, train: Any, validation: Any, test: Any) -> Any:
    return _choose(_by_validation)(lambdas, validation, train, test)


CHOICE = Exercise(
    number="08.4",
    call="choose_lambda(lambdas, train, validation, test)",
    groups=(
        Group("the least validation loss decides, the test set reports", 2, _rising),
        Group("strengths in any order", 1, _unordered),
    ),
    oracle=_choice_oracle,
    rtol=2e-3,
    atol=2e-4,
    misconceptions=(
        Misconception(
            "λ chosen on the test set",
            _choose(lambda model, lam, test, **_: _loss_of(model, test)),
            "You chose λ by the test set. Then the test loss is the best of several tries, too good "
            "to be true for new data. Choose on validation; test only reports.",
        ),
        Misconception(
            "λ chosen by accuracy",
            _choose(_by_accuracy),
            "You chose λ by accuracy. It does not see how sure the model is, so a timid or a "
            "boastful model may win. Use the log-loss.",
        ),
        Misconception(
            "λ chosen on the training set",
            _choose(lambda model, lam, train, **_: _loss_of(model, train)),
            "You chose λ by the training loss. That is always least for the weakest penalty: ask "
            "data the model has not seen.",
        ),
        Misconception(
            "λ chosen by the loss with the penalty",
            _choose(lambda model, lam, validation, **_: _with_penalty(model, lam, validation)),
            "Your validation loss has the penalty in it, so a strong λ is charged for being strong. "
            "Compare the cross-entropy alone.",
        ),
        Misconception(
            "λ chosen by the calibration error",
            _choose(_by_calibration),
            "You chose λ by the calibration error, which is mostly noise on so few examples and can "
            "be small for a useless model. Use the log-loss.",
        ),
        Misconception(
            "λ chosen by the Brier score",
            _choose(_by_brier),
            "You chose λ by the Brier score. That is a sensible measure, but another one: use the "
            "log-loss.",
        ),
        Misconception(
            "softmax taken twice",
            _choose(
                lambda model, lam, validation, **_: _twice(model, validation),
                lambda model, lam, test, **_: _twice(model, test),
            ),
            "Your losses are given probabilities and take another softmax of them. The function "
            "wants logits, which the model's decision_function gives.",
        ),
        Misconception(
            "half of the validation set",
            _choose(lambda model, lam, validation, **_: _loss_of(model, _half(validation))),
            "You chose by the first half of the validation set. Use all of it: half the data has "
            "more luck in it, and the rows may be sorted.",
        ),
        Misconception(
            "λ chosen on validation and test together",
            _choose(
                lambda model, lam, validation, test, **_: (
                    len(validation[1]) * _loss_of(model, validation)
                    + len(test[1]) * _loss_of(model, test)
                )
            ),
            "The test set has a say in your choice of λ. Choose on validation alone; test reports.",
        ),
        Misconception(
            "fitted on validation",
            _validation_fitted,
            "You fitted on the validation data and chose on them too, so the weakest penalty wins. "
            "Fit on train.",
        ),
        Misconception(
            "λ taken for C",
            _lambda_as_c,
            "You used λ as scikit-learn's C, which works the other way round. Hand it on as lam.",
        ),
        Misconception(
            "the greatest loss",
            _choose(lambda model, lam, validation, **_: -_loss_of(model, validation)),
            "You took the λ with the greatest validation loss. Less is better.",
        ),
        Misconception(
            "training and validation swapped",
            _roles_swapped,
            "You trained on the validation data and chose on the training data. The order of the "
            "arguments is train, validation, test.",
        ),
        Misconception(
            "validation loss reported",
            _choose(
                _by_validation, lambda model, lam, validation, **_: _loss_of(model, validation)
            ),
            "Your λ is right. The loss that you report is the one by which you chose, so it is too "
            "good: report the loss on test.",
        ),
        Misconception(
            "training loss reported",
            _choose(_by_validation, lambda model, lam, train, **_: _loss_of(model, train)),
            "Your λ is right. The loss that you report is that of the training set: report the one "
            "on test.",
        ),
        Misconception(
            "loss reported with the penalty",
            _choose(_by_validation, lambda model, lam, test, **_: _with_penalty(model, lam, test)),
            "Your λ is right, but the loss you report has the penalty in it. Whoever uses the model "
            "pays for its mistakes alone.",
        ),
        Misconception(
            "last model reported",
            _choose(
                _by_validation, lambda model, lam, models, test, **_: _loss_of(models[-1], test)
            ),
            "Your λ is right, but the loss you report is that of the last model fitted. Keep the "
            "model that won.",
        ),
        Misconception(
            "accuracy reported",
            _choose(_by_validation, lambda model, lam, test, **_: model.score(*test)),
            "Your λ is right. Report the log-loss on test, not the accuracy.",
        ),
        Misconception(
            "share of errors reported",
            _choose(_by_validation, lambda model, lam, test, **_: 1 - model.score(*test)),
            "Your λ is right. Report the log-loss on test, not the share of wrong predictions.",
        ),
        Misconception(
            "fitted again on both sets",
            _choose(_by_validation, _fitted_on_both),
            "Your λ is right. You then fitted again on training and validation data together; people "
            "do that, but here the model that won is asked for.",
        ),
        Misconception(
            "least test loss reported",
            _choose(
                _by_validation,
                lambda model, lam, models, test, **_: min(_loss_of(m, test) for m in models),
            ),
            "Your λ is right, but you report the least test loss of all models. Report that of the "
            "chosen one, whatever it is.",
        ),
        Misconception(
            "place instead of λ",
            _chosen(lambda lambdas, lam, loss: (int(np.flatnonzero(lambdas == lam)[0]), loss)),
            "You returned the place of the best λ. Return λ itself.",
        ),
        Misconception(
            "order of the results",
            _chosen(lambda lambdas, lam, loss: (loss, lam)),
            "Your two results come in the other order: first λ, then the test loss.",
        ),
        Misconception(
            "only λ",
            _chosen(lambda lambdas, lam, loss: lam),
            "You returned λ alone. Return the chosen model's test loss with it.",
        ),
    ),
)


# --- 08.5 early_stop -----------------------------------------------------------------------------


def _stop_oracle(losses: Any, patience: int) -> Any:
    """Look at every step by itself: the first whose best lies `patience` steps back."""
    for t in range(len(losses)):
        if t - int(np.argmin(losses[: t + 1])) >= patience:
            break
    return int(np.argmin(losses[: t + 1])), t


def _bumpy(rng: np.random.Generator) -> list[Arguments]:
    def fall(n: int) -> Any:
        """Return losses that fall, with bumps, and rise slowly from the middle on."""
        t = np.arange(n)
        return np.round(2 * np.exp(-t / 5) + 0.03 * t + 0.25 * rng.random(n), 3)

    return [
        (np.array([0.9, 0.6, 0.7, 0.8, 0.5]), 2),
        (np.array([1.0, 0.8, 0.9, 0.7, 0.75, 0.72, 0.71, 0.2, 0.1]), 3),
        (np.array([0.9, 0.5, 0.8, 0.7, 0.6, 0.55, 0.4, 0.3]), 3),
        (np.array([0.9, 0.5, 0.3, 0.6, 0.55, 0.4, 0.2, 0.1]), 3),
        (
            np.array([2.303, 2.2, 2.1]),
            2,
        ),  # more than 1, which may stand for the best loss at the start
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


def _stop_law(arguments: Arguments, result: Any) -> str | None:
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


def _stopping(
    better: Callable[[float, float], bool] = lambda new, best: new < best,
    patient: Callable[[int, int], bool] = lambda waited, patience: waited >= patience,
    forgets: bool = True,
) -> Callable[..., Any]:
    """Return the usual loop, with another rule where one is given."""

    def loop(losses: Any, patience: int) -> tuple[int, int]:
        best, waited, t = 0, 0, 0
        for t in range(1, len(losses)):
            if better(losses[t], losses[best]):
                best, waited = t, 0 if forgets else waited
            else:
                waited += 1
                if patient(waited, patience):
                    break
        return best, t

    return loop


def _stop(losses: Any, patience: int) -> Any:
    return _stopping()(losses, patience)


def _from_a_constant(losses: Any, patience: int, start: float = 1.0) -> tuple[int, int]:
    """Take a number for the best loss so far, instead of the first loss."""
    low, best, t = start, 0, 0
    for t in range(len(losses)):
        if losses[t] < low:
            low, best = losses[t], t
        elif t - best >= patience:
            break
    return best, t


def _rises_in_a_row(losses: Any, patience: int) -> tuple[int, int]:
    """Count steps that are worse than the one before, not than the best."""
    waited, t = 0, 0
    for t in range(1, len(losses)):
        waited = waited + 1 if losses[t] >= losses[t - 1] else 0
        if waited == patience:
            break
    return int(np.argmin(losses[: t + 1])), t


def _compared_with_the_start(losses: Any, patience: int) -> tuple[int, int]:
    best, t = 0, 0
    for t in range(1, len(losses)):
        if losses[t] < losses[best]:
            best = t
        if t >= patience and losses[t] >= losses[t - patience]:
            break
    return best, t


STOP = Exercise(
    number="08.5",
    call="early_stop(losses, patience)",
    groups=(
        Group("waits `patience` steps for a new best, then goes back", 1, _bumpy, _stop_law),
        Group(
            "losses that end first; a tie is no new best",
            1,
            lambda rng: _to_the_end(rng) + _level(rng),
            _stop_law,
        ),
    ),
    oracle=_stop_oracle,
    misconceptions=(
        Misconception(
            "stops at the first rise",
            lambda losses, patience: _stop(losses, 1),
            "You stop at the first step that is no improvement. Losses are bumpy: wait `patience` "
            "steps for a new best.",
        ),
        Misconception(
            "keeps the last weights",
            lambda losses, patience: (_stop(losses, patience)[1],) * 2,
            "You stop at the right step, but keep its weights. They are worse than those of the "
            "best step: return that one first.",
        ),
        Misconception(
            "order of the results",
            lambda losses, patience: _stop(losses, patience)[::-1],
            "Your two results come in the other order: first the best step, then the last.",
        ),
        Misconception(
            "never stops",
            lambda losses, patience: (int(np.argmin(losses)), len(losses) - 1),
            "You looked at all losses. Training ends when patience is used up, and nobody knows what "
            "would have come after.",
        ),
        Misconception(
            "best of all losses",
            lambda losses, patience: (int(np.argmin(losses)), _stop(losses, patience)[1]),
            "You stop at the right step, but take the best of all losses, also of those that were "
            "never reached.",
        ),
        Misconception(
            "a step too patient",
            _stopping(patient=lambda waited, patience: waited > patience),
            "You wait one step too long: after `patience` steps without a new best, stop.",
        ),
        Misconception(
            "a step too impatient",
            _stopping(patient=lambda waited, patience: waited >= max(patience - 1, 1)),
            "You stop one step too early: there must be `patience` steps without a new best.",
        ),
        Misconception(
            "patience never renewed",
            _stopping(forgets=False),
            "A new best does not renew your patience: you count all steps without improvement, from "
            "the beginning. Start the count anew.",
        ),
        Misconception(
            "rises in a row",
            _rises_in_a_row,
            "You count rises from one step to the next. After a bump the loss may fall and still be "
            "worse than the best: compare with the best so far.",
        ),
        Misconception(
            "compared with `patience` steps ago",
            _compared_with_the_start,
            "You compare each loss with the one `patience` steps before. Compare with the best so "
            "far, and count the steps since then.",
        ),
        Misconception(
            "a tie counts as a new best",
            _stopping(better=lambda new, best: new <= best),
            "An equal loss renews your patience. It is no improvement, and on a plateau you would "
            "never stop.",
        ),
        Misconception(
            "best loss starts from a constant",
            _from_a_constant,
            "You start the best loss from a number of your own, and losses above it never count as a "
            "best. Start from losses[0], or from infinity.",
        ),
        Misconception(
            "best loss starts from a larger constant",
            lambda losses, patience: _from_a_constant(losses, patience, 100.0),
            "You start the best loss from a number of your own, and losses above it never count as a "
            "best. Start from losses[0], or from infinity.",
        ),
        Misconception(
            "small improvements refused",
            _stopping(better=lambda new, best: new < best - 1e-3),
            "You ask for an improvement of some size. Any loss below the best, by however little, is "
            "a new best.",
        ),
        Misconception(
            "loss of the best step",
            lambda losses, patience: (
                losses[_stop(losses, patience)[0]],
                _stop(losses, patience)[1],
            ),
            "Your first result is the best loss. Return the number of its step, whose weights are "
            "kept.",
        ),
        Misconception(
            "greatest loss",
            lambda losses, patience: _stop(-np.asarray(losses), patience),
            "You wait for the loss to grow. Less is better.",
        ),
        Misconception(
            "counted from 1",
            lambda losses, patience: tuple(t + 1 for t in _stop(losses, patience)),
            "You count from 1. losses[0] belongs to step 0, before any training.",
        ),
        Misconception(
            "losses instead of steps",
            lambda losses, patience: tuple(losses[t] for t in _stop(losses, patience)),
            "You returned losses. Return the numbers of the two steps.",
        ),
    ),
)

EXERCISES = (LOSS, GRADIENT, PATH, CHOICE, STOP)
