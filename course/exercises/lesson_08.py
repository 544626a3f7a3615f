"""What the exercises of lesson 08 ask and accept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from course.exercises.common import Array, listed
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
        (rng.normal(size=(3, 5)), _ones_in_front(rng, 6, 5), np.array([2, 0, 0, 2, 0, 0]), 0.07),
        # Whole numbers, as the exercise's example has them.
        (
            np.array([[1, 2, -1], [0, 3, 1]]),
            np.column_stack([np.ones(5, dtype=int), rng.integers(-2, 3, size=(5, 2))]),
            np.array([1, 0, 0, 1, 0]),
            0.3,
        ),
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
    Theta, X, y, lam = arguments
    if not np.isfinite(result):
        return f"the loss came out as {result}, though it is finite"
    fit = _cross_entropy(X @ Theta.T, y)
    penalty = lam * np.sum(Theta[:, 1:] ** 2) / 2
    less = fit + penalty - float(result)
    return (
        f"the mean cross-entropy is {fit:.4g} here and the penalty {penalty:.4g}; your loss is "
        f"{abs(less):.4g} {'less' if less > 0 else 'more'} than both together"
    )


def _two_pulls(arguments: Arguments, result: Array) -> str | None:
    """Say how a slope differs: in which columns, and in which of its two parts if one can tell."""
    Theta, X, y, lam = arguments
    if not np.isfinite(result).all():
        return f"a slope came out as {result[~np.isfinite(result)][0]}, though it is finite"
    if result.dtype.kind in "iu":
        return "your slopes are whole numbers: an array like an integer Theta cuts off what follows the point"
    data, pull = _gradient(Theta, X, y, 0.0), lam * Theta
    pull[:, 0] = 0
    for part, rest, words in (
        (pull, result - data, "less the slopes of the cross-entropy, yours are {} λ W"),
        (data, result - pull, "less λ W, yours are {} times the slopes of the cross-entropy"),
    ):
        factor = _times(rest, part)
        if factor is not None and abs(factor - 1) > 1e-3:
            return words.format(f"{factor:.4g}" if abs(factor) > 1e-9 else "0")
    beside = _times((result - data)[:, 0], lam * Theta[:, 0])
    if beside:
        return (
            "your column 0 is the slope of the cross-entropy and "
            f"{beside:.4g} λ times the intercepts besides"
        )
    wrong = np.flatnonzero(~np.isclose(result, data + pull, rtol=1e-5).all(axis=0))
    if len(wrong) == result.shape[1]:
        return None
    which = "column " + listed(wrong) if len(wrong) == 1 else "columns " + listed(wrong)
    return f"what differs is {which}" + " (of the intercepts)" * (wrong.tolist() == [0])


def _times(values: Array, of: Array) -> float | None:
    """Return the number that makes one array of another, if there is one."""
    if np.count_nonzero(of) < 2:
        return None
    factor = float((values * of).sum() / (of * of).sum())
    return factor if np.allclose(values, factor * of, rtol=1e-5, atol=1e-7) else None


# --- 08.3 calibration_path, 08.4 choose_lambda ---------------------------------------------------
# Small data sets with fixed seeds, so that it is known what separates right from wrong on them. What
# `rng` changes, the order of rows and the order and signs of features, changes no fitted model. One
# case of each group is drawn anew, where right answers lie clear of all edges.


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


def _drawn(rng: np.random.Generator, *source: Any, lambdas: Array, n_bins: int) -> Arguments:
    """Return sets drawn anew, none of whose confidences is near an edge or near another class's."""
    while True:
        train, held_out = _sets(rng, int(rng.integers(10**6)), *source)
        P = np.stack([_fitted(lam, train).predict_proba(held_out[0]) for lam in lambdas])
        first, second = np.moveaxis(np.sort(P)[..., :-3:-1], -1, 0)
        off = np.abs(first * n_bins - np.rint(first * n_bins))
        if min(off.min() / n_bins, (first - second).min()) > 2e-3:
            return lambdas, train, held_out, n_bins


def _short_paths(rng: np.random.Generator) -> list[Arguments]:
    first = _sets(rng, 2, (9, 7), 2, 3, 0.2)
    second = _sets(rng, 5, (30, 22), 4, 3, 0.3)
    return [
        (np.array([0.1, 1.0]), *first, 5),
        (np.array([0.02, 0.1, 0.5, 2.0]), *second, 6),
        _drawn(rng, (15, 12), 3, 3, 0.2, lambdas=np.array([0.05, 0.6]), n_bins=4),
    ]


def _any_order(rng: np.random.Generator) -> list[Arguments]:
    some, others = _sets(rng, 8, (24, 31), 3, 4, 0.3), _sets(rng, 11, (20, 13), 5, 3, 0.2)
    return [
        (np.array([1.0, 0.05, 0.3]), *some, 10),
        (np.array([0.2, 5.0, 0.02, 1.0]), *others, 4),
        _drawn(rng, (16, 11), 2, 3, 0.2, lambdas=np.array([0.4, 0.03]), n_bins=7),
    ]


def _single(rng: np.random.Generator) -> list[Arguments]:
    train, held_out = _sets(rng, 14, (40, 25), 3, 5, 0.3)
    X, y = held_out
    return [
        (np.array([0.1]), train, (X[y != 4], y[y != 4]), 12),  # no example of the last class
        _drawn(rng, (14, 9), 2, 4, 0.2, lambdas=np.array([0.25]), n_bins=3),
    ]


_MEASURES = (
    "lengths of W",
    "log-losses",
    "accuracies",
    "mean confidences",
    "calibration errors",
)


def _which_differ(arguments: Arguments, result: Any) -> str | None:
    """Say which of the measures are wrong, and whether one is another's, or a multiple."""
    expected = dict(zip(_MEASURES, _path(*arguments), strict=True))
    found = dict(zip(_MEASURES, result, strict=True))

    def same(got: Array, wanted: Array) -> bool:
        return np.allclose(got, wanted, rtol=2e-3, atol=2e-3)

    wrong = [name for name in _MEASURES if not same(found[name], expected[name])]
    n, notes = len(arguments[2][1]), []
    for name in wrong:
        got, right, note = found[name], expected[name], ""
        for other in wrong:
            if other != name and same(got, expected[other]):
                note = f" (you return the {other})"
        for factor, words in ((n, f"{n} times, as many as examples,"), (2, "twice"), (0.5, "half")):
            if np.allclose(got, factor * right, rtol=2e-3, atol=0):
                note = f" ({words} what they should be)"
        notes.append(f"the {name}{note}")
    return f"what differs: {', '.join(notes)}" if notes else None


def _choice(lambdas: Array, train: Data, validation: Data, test: Data) -> tuple[float, float]:
    models = [_fitted(lam, train) for lam in lambdas]
    best = int(np.argmin([_log_loss(model, validation) for model in models]))
    return lambdas[best], _log_loss(models[best], test)


def _scores(lambdas: Array, train: Data, data: Data) -> Array:
    """Return the log-loss of the model of each strength."""
    return np.array([_log_loss(_fitted(lam, train), data) for lam in lambdas])


def _explain_choice(arguments: Arguments, result: Any) -> str | None:
    lambdas, train, validation, test = arguments
    lam, reported = (float(value) for value in result)
    place = np.flatnonzero(np.isclose(lambdas, lam, rtol=1e-6))
    if not len(place):
        return f"{lam:.4g} is none of the strengths"
    told = _scores(lambdas, train, test)
    other = np.flatnonzero(np.isclose(told, reported, rtol=2e-4))
    mixed = len(other) == 1 and place[0] != other[0]
    end = f"; and the loss that you report is that of λ = {lambdas[other[0]]:g}" if mixed else ""
    losses = _scores(lambdas, train, validation)
    best = int(np.argmin(losses))
    if place[0] != best:
        return (
            f"on validation the log-loss of λ = {lam:g} is {losses[place[0]]:.4g}, and that of "
            f"λ = {lambdas[best]:g} is {losses[best]:.4g}, the least{end}"
        )
    if mixed:
        return f"the loss that you report is that of λ = {lambdas[other[0]]:g}"
    return f"on test the log-loss of the model with λ = {lam:g} is {told[best]:.4g}"


def _clear_choice(rng: np.random.Generator, *source: Any, lambdas: Array) -> Arguments:
    """Return sets drawn anew, on which one strength is clearly the best."""
    while True:
        train, validation, test = _sets(rng, int(rng.integers(10**6)), *source)
        least, second = np.sort(_scores(lambdas, train, validation))[:2]
        if second - least > 5e-3:
            return lambdas, train, validation, test


def _rising(rng: np.random.Generator) -> list[Arguments]:
    # The smallest comes last: nobody fits it by hand, and its tables would fill the page.
    return [
        (10.0 ** np.arange(-3, 2), *_hard_last(*_sets(rng, 215, (24, 30, 26), 6, 3, 0.3))),
        (10.0 ** np.arange(-3, 2), *_sets(rng, 304, (24, 30, 26), 6, 3, 0.3)),
        (10.0 ** np.arange(-3, 2), *_sets(rng, 406, (24, 30, 26), 6, 3, 0.3)),
        # The best, and a neighbour on either side that is nearly as good.
        (np.array([0.1, 0.2, 0.3, 0.5, 0.8]), *_sets(rng, 1413, (16, 20, 18), 3, 3, 0.25)),
        _clear_choice(rng, (12, 10, 9), 2, 3, 0.2, lambdas=np.array([0.02, 0.2, 2.0])),
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
        _clear_choice(rng, (12, 10, 9), 2, 3, 0.2, lambdas=np.array([0.5, 0.05, 5.0])),
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
        (np.array([0.5, 0.6, 0.7, 0.8]), 2),  # no step is better than none
        (np.array([0.9, 0.95, 0.5, 0.6, 0.7, 0.4]), 2),  # a new best at the last moment
        (np.array([0.9, 0.7, 0.6, 0.65, 0.3]), 1),
        (np.array([0.9, 0.5, 0.495, 0.6, 0.7, 0.1]), 2),
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
        (rng.uniform(0.3, 0.9, size=1).round(3), 2),
    ]


def _level(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.9, 0.7, 0.7, 0.7, 0.2]), 2),
        (np.array([0.8, 0.6, 0.9, 0.6, 0.7, 0.1, 0.3]), 3),
        (np.array([0.8, 0.6, 0.9, 0.6, 0.7, 0.75, 0.7, 0.65, 0.62, 0.1]), 3),
        (np.array([0.9, 0.01236, 0.01235, 0.01234, 0.7, 0.8, 0.001]), 2),  # small is new, too
        (np.array([0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.7, 0.8, 0.1]) - 1e-7 * np.arange(9), 2),
    ]


def _steps(arguments: Arguments, result: Any) -> str | None:
    best, last = (float(v) for v in result)
    losses, patience = arguments
    if not (best.is_integer() and last.is_integer()):
        return f"steps are whole numbers; yours are {best:g} and {last:g}"
    if best > last:
        return "the best step cannot lie after the last one"
    if last > len(losses) - 1 or min(best, last) < 0:
        return f"steps run from 0 to {len(losses) - 1} here"
    right, end = _stop(losses, patience)
    if last > end:
        return (
            f"at step {end} the best loss, that of step {right}, is {_counted(end - right)} old: "
            f"training ends there, not at step {last:g}"
        )
    if last < end:
        so_far = int(np.argmin(losses[: int(last) + 1]))
        return (
            f"at your last step, {last:g}, the best loss so far, that of step {so_far}, is "
            f"{_counted(int(last) - so_far)} old, and patience is {patience}"
        )
    if losses[int(best)] > losses[right]:
        return f"step {right} has a loss less than your best step's, by {losses[int(best)] - losses[right]:.4g}"
    return f"step {right} has the same loss as your best step, and came first"


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"


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
            Group("the slope of l2_loss, by a complex step", 2, _few, explains=_two_pulls),
            Group(
                "the penalty does not pull at large intercepts",
                1,
                _extremes,
                explains=_two_pulls,
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
                explains=_which_differ,
            ),
            Group("strengths in any order", 1, _any_order, explains=_which_differ),
            Group("one strength; a class that held_out lacks", 1, _single, explains=_which_differ),
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
            Group(
                "the least validation loss decides, the test set reports",
                2,
                _rising,
                explains=_explain_choice,
            ),
            Group("strengths in any order", 1, _unordered, explains=_explain_choice),
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
