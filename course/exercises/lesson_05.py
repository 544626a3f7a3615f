"""What the exercises of lesson 05 ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.exercises.common import Array, listed, log_softmax, softmax
from course.exercises.drives import (
    DESCENT,
    RECORD,
    REFITTED,
    STEPS,
    fit_and_ask,
)
from course.exercises.readings import looked_up, of_the_fit, of_value
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments

# --- 05.1 standardize ----------------------------------------------------------------------------


def _standardize(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test)


def _two_sets(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [7.0]])),
        (
            np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]]),
            np.array([[3.0, 50.0], [9.0, 0.0], [5.0, 20.0], [2.0, 40.0]]),
        ),
        (
            rng.normal([50, 0, -3], [9, 1, 0.2], (7, 3)),
            rng.normal([50, 0, -3], [9, 1, 0.2], (4, 3)),
        ),
    ]


def _one_new_example(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0], [2], [4]]), np.array([[7]])),
        (rng.normal([5, 80], [1, 9], (6, 2)), rng.normal([5, 80], [1, 9], (1, 2))),
    ]


def _constant_column(rng: np.random.Generator) -> list[Arguments]:
    X_train = rng.normal(size=(5, 3))
    X_train[:, 1] = 2.0
    small = np.array([[7.0, 1e-4], [7.0, 3e-4], [7.0, 2e-4]])
    # So far out that squares lose digits, and yet their mean is exact even in float32.
    far = rng.integers(4_000_000, 5_000_000, size=2) + np.array([[-1.0, 2], [1, -2], [0, 0]])
    return [
        (np.array([[3.0, 0.0], [3.0, 2.0]]), np.array([[3.0, 1.0], [5.0, 5.0], [3.0, 2.0]])),
        (np.array([[4.0, -1.0]]), np.array([[4.5, -1.0], [1.0, 2.0]])),
        (X_train, rng.normal(size=(3, 3))),
        (small, np.array([[7.0, 5e-4]])),
        (far, far[1:] + 3.0),
    ]


def _explain_scaled(arguments: Arguments, result: Any) -> str | None:
    (X_train, X_test), (train, test) = arguments, result
    if not (np.isfinite(train).all() and np.isfinite(test).all()):
        return "a value came out as nan or inf"
    varies = np.ptp(X_train, axis=0) > 0
    if varies.any():
        mean, sd = train[:, varies].mean(axis=0), train[:, varies].std(axis=0)
        if not np.allclose(mean, 0, atol=1e-6):
            return f"each training column should have mean 0; yours have {listed(mean)}"
        if not np.allclose(sd, 1, rtol=1e-6):
            return f"each training column should have standard deviation 1; yours have {listed(sd)}"
    wanted = _standardize(X_train, X_test)
    if np.allclose(train, wanted[0], 1e-6, 1e-9) and varies.all():
        return "the training set is right, the test set is not"
    for came, right, old in zip(result, wanted, arguments, strict=True):
        off = ~np.isclose(came, right, 1e-6, 1e-9) & ~varies
        if off.any():
            i, j = np.argwhere(off)[0]
            constant = X_train[0, j]
            return (
                f"column {j} is {constant:g} throughout the training set, so {old[i, j]:g} should "
                f"become {old[i, j]:g} − {constant:g} = {right[i, j]:g}; yours is {came[i, j]:.4g}"
            )
    return None


STANDARDIZE = Exercise(
    number="05.1",
    call="standardize(X_train, X_test)",
    groups=(
        Group(
            "both sets by the mean and spread of the training set",
            1,
            _two_sets,
            explains=_explain_scaled,
        ),
        Group("a test set of a single example", 1, _one_new_example, explains=_explain_scaled),
        Group(
            "a column that never changes, and one that changes little, or far from 0",
            1,
            _constant_column,
            explains=_explain_scaled,
        ),
    ),
    oracle=_standardize,
    forbids=("sklearn.preprocessing.StandardScaler",),
)

# --- 05.2 encode_labels --------------------------------------------------------------------------


def _encode(y: Array) -> tuple[Array, Array]:
    from sklearn.preprocessing import LabelEncoder

    encoder = LabelEncoder().fit(y)
    return encoder.classes_, encoder.transform(y)


def _words(rng: np.random.Generator) -> list[Arguments]:
    species = np.array(["setosa", "versicolor", "virginica"])
    return [
        (np.array(["dog", "cat", "dog"]),),
        (np.array(["ham", "spam", "egg", "spam", "spam"]),),
        (species[np.append([2, 0, 1], rng.integers(3, size=6))],),
        (np.array(["us", "US", " us", "us", "Us", "us", "us2", "us10"]),),
        (np.array(["one", "one", "one"]),),
    ]


def _numbers(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([10, 2, 10, 7, 7, 7]),),
        (np.array([1, -1, -1, 1, 1]),),
        (np.append([9, 100, -4, 30], rng.choice([9, 100, -4, 30], size=5)),),
        (np.append([0.75, 0.5, -0.25], rng.choice([0.75, 0.5, -0.25], size=4)),),
    ]


def _explain_encoded(arguments: Arguments, result: Any) -> str | None:
    classes, integers = (part.tolist() for part in result)
    labels = arguments[0].tolist()
    if len(set(classes)) < len(classes):
        return "a label stands twice among your classes"
    faults = []
    if set(classes) != set(labels):
        faults.append("your classes are not the labels that stand in y")
    elif classes != sorted(classes):
        faults.append("your classes are not sorted upwards")
    low, high = min(integers), max(integers)
    if (low, high) != (0, len(classes) - 1):
        faults.append(
            f"the integers should run from 0 to {len(classes) - 1}; yours run from {low} to {high}"
        )
    elif [classes[k] for k in integers] != labels:
        faults.append("classes[integers] should give the labels back; yours does not")
    return "; ".join(faults) or None


ENCODE_LABELS = Exercise(
    number="05.2",
    call="encode_labels(y)",
    groups=(
        Group("words become 0 … K − 1", 1, _words, explains=_explain_encoded),
        Group(
            "so do numbers that are not 0 … K − 1 already", 1, _numbers, explains=_explain_encoded
        ),
    ),
    oracle=_encode,
    reads=of_value(looked_up),
)

# --- 05.3 SoftmaxClassifier ----------------------------------------------------------------------


def _optimal_theta(X: Array, labels: Array, C: float) -> Array:
    """Return scikit-learn's weights for labels 0 … K−1 as Theta (K, d+1)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=C, solver="newton-cg", tol=1e-10, max_iter=1000).fit(X, labels)
    theta = np.column_stack([model.intercept_, model.coef_])
    # Of two classes it has one row; here two opposite ones of half its length.
    return np.vstack([-theta, theta]) / 2 if len(theta) == 1 else theta


def _scores(theta: Array, X: Array) -> Array:
    scores: Array = theta[:, 0] + X @ theta[:, 1:].T
    return scores


def _losses(thetas: Array, X: Array, labels: Array, lam: float) -> Array:
    """Return J for each of many Theta of shape (m, K, d+1)."""
    scores = thetas[:, None, :, 0] + np.einsum("id,mkd->mik", X, thetas[:, :, 1:])
    logs = log_softmax(scores)[:, np.arange(len(X)), labels]
    losses: Array = lam / 2 * (thetas[:, :, 1:] ** 2).sum(axis=(1, 2)) - logs.mean(axis=1)
    return losses


def _loss(theta: Array, X: Array, labels: Array, lam: float) -> float:
    return float(_losses(theta[None], X, labels, lam)[0])


def _slopes(theta: Array, X: Array, labels: Array, lam: float) -> Array:
    """Return the slope of J along each entry of Theta, measured."""
    moves = 1e-5 * np.eye(theta.size).reshape(-1, *theta.shape)
    ahead, behind = (_losses(theta + move, X, labels, lam) for move in (moves, -moves))
    slopes: Array = ((ahead - behind) / 2e-5).reshape(theta.shape)
    return slopes


def _descend(
    X: Array, labels: Array, lam: float, lr: float, steps: int
) -> tuple[list[float], list[Array]]:
    """Return losses and slopes before the first step and after each."""
    theta = np.zeros((labels.max() + 1, X.shape[1] + 1))
    losses, slopes = [], []
    for _ in range(steps + 1):
        losses.append(_loss(theta, X, labels, lam))
        slopes.append(_slopes(theta, X, labels, lam))
        theta = theta - lr * slopes[-1]
    return losses, slopes


def _expected(
    X: Array,
    y: Array,
    X_new: Array,
    lam: float,
    asked: str,
    lr: float = 0.5,
    max_iter: int = 0,
    tol: float = 0.0,
) -> Any:
    classes, labels = np.unique(y, return_inverse=True)
    if asked == "fit":
        return True
    if asked == "classes_":
        return classes
    if asked in (DESCENT, REFITTED, STEPS):
        losses, slopes = _descend(X, labels, lam, lr, max_iter)
        if asked == STEPS:
            taken = int(np.argmax([np.abs(slope).max() <= tol for slope in slopes]))
            return np.array([taken, taken + 1])
        return np.array([max_iter, max_iter + 1, *losses])
    theta = _optimal_theta(X, labels, (2 if len(classes) == 2 else 1) / (len(X) * lam))
    if asked == "Theta_":
        return theta - theta.mean(axis=0)
    if asked == RECORD:
        return np.array([np.log(len(classes)), _loss(theta, X, labels, lam), 0.0])
    P = softmax(_scores(theta, X_new))
    return classes[P.argmax(axis=1)] if asked == "predict" else P


def _clouds(rng: np.random.Generator, sizes: tuple[int, ...], d: int) -> tuple[Array, Array, Array]:
    """Return overlapping classes of given sizes in mixed order, their labels, and new examples."""
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    centres = 2 * np.eye(len(sizes), d) + 0.4
    X = rng.normal(size=(len(labels), d)) + centres[labels]
    return X, labels, 1.5 * rng.normal(size=(5, d))


SMALL = (
    np.array([[3.0], [0.0], [2.0], [1.0], [1.0], [2.0], [3.0]]),
    np.array([1, 0, 0, 0, 1, 1, 1]),
    np.array([[0.0], [1.0], [2.0], [3.0]]),
    0.1,
)
_BRIEFLY = (0.3, 3, 1e-5)  # lr, max_iter, tol


def _optimum_cases(rng: np.random.Generator) -> list[Arguments]:
    return [
        (*SMALL, "predict_proba"),
        (*_clouds(rng, (6, 18, 10), 2), 0.05, "predict_proba"),
        (*_clouds(rng, (8, 14, 8, 16), 3), 0.2, "predict_proba"),
    ]


def _label_cases(rng: np.random.Generator) -> list[Arguments]:
    X, y, X_new, lam = SMALL
    words, numbers = np.array(["no", "yes"]), np.array([7, 30, 100])
    A, a, _ = _clouds(rng, (12, 8, 16), 2)
    A_new = rng.permutation(0.4 + np.array([[2.5, 0.0], [0.0, 2.5], [-1.0, -1.0], [3.0, 1.0]]))
    return [
        (X, words[y], X_new, lam, "predict"),
        (X, words[y], X_new, lam, "classes_"),
        (A, numbers[a], A_new, 0.05, "predict"),
        (A, numbers[a], A_new[:1], 0.05, "predict"),
        (A, numbers[a], A_new, 0.05, "predict_proba"),
    ]


def _stopping_case(rng: np.random.Generator, lam: float, lr: float) -> Arguments:
    """Return data, and a tol with which other readings of the rule stop elsewhere."""
    rules: tuple[Callable[[Array], Any], ...] = (
        lambda slope: np.abs(slope).max(),
        lambda slope: slope.max(),
        lambda slope: np.linalg.norm(slope),
        lambda slope: np.abs(slope).mean(),
        lambda slope: np.abs(slope[:, 1:]).max(),
        lambda slope: lr * np.abs(slope).max(),
    )
    while True:
        X, labels, X_new = _clouds(rng, (5, 16, 9), 2)
        _, slopes = _descend(X, labels, lam, lr, 25)
        sizes = np.array([[rule(slope) for slope in slopes] for rule in rules])
        tol = float(f"{(sizes[0, 8] * sizes[0, 9]) ** 0.5:.3g}")
        stops = [int(np.argmax(np.append(size, 0) <= tol)) for size in sizes]
        clear = sizes[0, :9].min() > 1.003 * tol and sizes[0, 9] < tol / 1.003
        if clear and len({*stops, 10}) == len(stops) + 1:  # 10: one step more than wanted
            return (X, labels, X_new, lam, STEPS, lr, 25, tol)


def _record_cases(rng: np.random.Generator) -> list[Arguments]:
    return [
        (*SMALL[:3], 0.5, DESCENT, *_BRIEFLY),
        (*_clouds(rng, (4, 9, 6), 2), 0.2, DESCENT, 0.2, 4, 1e-5),
        (*SMALL, RECORD),
        (*_clouds(rng, (6, 18, 10), 2), 0.05, RECORD),
        (*_clouds(rng, (5, 8, 6), 1), 0.05, "Theta_"),
        _stopping_case(rng, 0.1, 0.3),
        (*SMALL[:3], 0.5, REFITTED, *_BRIEFLY),
        (*SMALL, "fit", *_BRIEFLY),
    ]


def _explain_optimum(arguments: Arguments, P: Array) -> str | None:
    X, y, X_new, lam = arguments[:4]
    if not np.isfinite(P).all():
        return f"a probability came out as {P[~np.isfinite(P)][0]}"
    rows = P.sum(axis=1)
    if not np.allclose(rows, 1, atol=1e-4):
        return f"each row should sum to 1; yours sum to {listed(rows)}"
    if P.min() <= 0:
        return f"a probability came out as {P.min():.4g}"
    logs = np.log(P) - np.log(P).mean(axis=1, keepdims=True)
    columns = np.insert(X_new, 0, 1.0, axis=1)
    theta = np.linalg.lstsq(columns, logs, rcond=None)[0].T
    if np.linalg.matrix_rank(columns) < columns.shape[1]:
        return None
    if not np.allclose(columns @ theta.T, logs, rtol=1e-3, atol=1e-3):
        return "no W and b give these probabilities as a softmax of x·W + b in each row"
    classes, labels = np.unique(y, return_inverse=True)
    loss, least = _loss(theta, X, labels, lam), _expected(X, y, X_new, lam, RECORD)[1]
    slopes = np.abs(_slopes(theta, X, labels, lam))
    by_b, by_W = (
        f"{x:.2g}" if x > 1e-4 else "0" for x in (slopes[:, 0].max(), slopes[:, 1:].max())
    )
    start = np.log(len(classes))
    worse = (
        f". With all weights 0, J is log {len(classes)} = {start:.4f}, so this is worse than no step at "
        "all: are the steps too long (a sum in place of a mean), or do they lead uphill?"
    )
    return (
        f"these probabilities belong to a b and W at which J is {loss:.4f}, its slope by b {by_b} "
        f"and by W {by_W}; at the least J, {least:.4f}, both slopes are 0{worse if loss > start else ''}"
    )


def _explain_labels(arguments: Arguments, result: Any) -> str | None:
    known, asked = sorted(set(arguments[1].tolist())), arguments[4]
    if asked == "classes_":
        return f"classes_ should hold the labels, sorted: {known}"
    if asked == "predict_proba":
        return _explain_optimum(arguments, result)
    strange = [label for label in result.tolist() if label not in known]
    if strange:
        return f"{strange[0]!r} is not one of the labels {known}"
    never = sorted({*_expected(*arguments).tolist()} - {*result.tolist()})
    return (
        f"{never[0]!r} is never predicted, though it is here the most probable" if never else None
    )


def _explain_record(arguments: Arguments, result: Any) -> str | None:
    asked = arguments[4]
    wanted = _expected(*arguments)
    if asked == "fit":
        return "fit should return the estimator itself, so that model.fit(X, y).predict(X) works"
    if asked == "Theta_":
        sums = result.sum(axis=0)
        if np.abs(sums).max() > 1e-2:
            return f"from zeros on, the rows of Theta_ add up to 0; yours add up to {listed(sums)}"
        return (
            "Theta_ should hold the weights of the least loss, from zeros: a row for each class, the "
            "intercepts in column 0"
        )
    if asked in (DESCENT, REFITTED, STEPS):
        return _explain_descent(arguments, result, wanted)
    (first, last, extra), (start, least, _) = result, wanted
    if abs(first - start) > 1e-3:
        return (
            f"the first loss should be log K = {start:.4f}, before any step; yours is {first:.4f}"
        )
    if abs(last - least) > 1e-3:
        return f"the least loss, penalty included, is {least:.4f}; your last one is {last:.4f}"
    return (
        "n_iter_ should be one less than the number of losses; it is too "
        f"{'large' if extra > 0 else 'small'} by {abs(extra):g}"
    )


def _explain_descent(arguments: Arguments, result: Array, wanted: Array) -> str | None:
    *_, asked, _lr, max_iter, tol = arguments
    (taken, count), steps = result[:2], int(wanted[0])
    when = "in a second fit of the same object " if asked == REFITTED else ""
    if taken != steps:
        why = f"with tol={tol:g}" if asked == STEPS else f"with max_iter={max_iter}"
        return f"{when}{why} the descent should stop after {steps} steps; n_iter_ is {taken:g}"
    if count != steps + 1:
        return (
            f"{when}{steps} steps make {steps + 1} losses, one before the first step and one after "
            f"each; yours are {count:g}"
        )
    for step, (came, right) in enumerate(zip(result[2:], wanted[2:], strict=True)):
        if not abs(came - right) <= 1e-3:
            where = f"after step {step}" if step else "before any step"
            value = f"{right:.4f}" if step else f"log K = {right:.4f}"
            return f"{when}the loss {where} should be {value}; yours is {came:.4f}"
    return None


SOFTMAX_CLASSIFIER = Exercise(
    number="05.3",
    call="SoftmaxClassifier(X, y, X_new, lam, asked, lr, max_iter, tol)",
    pairs=False,
    groups=(
        Group(
            "the probabilities of the model with the least loss",
            2,
            _optimum_cases,
            explains=_explain_optimum,
        ),
        Group(
            "any labels: words, or numbers such as 7, 30, 100",
            2,
            _label_cases,
            explains=_explain_labels,
        ),
        Group(
            "a record of the descent, and fit returns the estimator",
            1,
            _record_cases,
            explains=_explain_record,
        ),
    ),
    oracle=_expected,
    drive=fit_and_ask,
    reads=of_value(of_the_fit),
    rtol=0,
    atol=1e-3,
    forbids=(
        "utils.SoftmaxRegression",
        "utils.LogisticRegression",
        "utils.models.SoftmaxRegression",
        "utils.models.LogisticRegression",
        "sklearn.linear_model.LogisticRegression",
    ),
)

# --- 05.4 lam_to_C -------------------------------------------------------------------------------


def _measured_C(lam: float, n: int, n_classes: int) -> float:  # noqa: N802  # C is the library's name
    """Return C for lam, measured: at the best weights W for C = 1, slope of the loss = −lam·W."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % n_classes
    X = rng.normal(size=(n, 2)) + np.eye(n_classes, 2)[labels]
    theta = _optimal_theta(X, labels, C=1.0)
    error = softmax(_scores(theta, X)) - np.eye(n_classes)[labels]
    slope, W = error.T @ X / n, theta[:, 1:]
    lam_of_1 = -np.vdot(slope, W) / np.vdot(W, W)
    return float(lam_of_1 / lam)


def _many_classes(rng: np.random.Generator) -> list[Arguments]:
    return [
        (0.1, 20, 3),
        (0.01, 50, 4),
        (float(rng.uniform(0.001, 0.01)), int(rng.integers(30, 90)), 5),
    ]


def _two_classes(rng: np.random.Generator) -> list[Arguments]:
    return [(0.1, 50, 2), (float(rng.uniform(0.001, 0.01)), int(rng.integers(30, 90)), 2)]


def _explain_C(arguments: Arguments, C: Array) -> str | None:  # noqa: N802
    lam, n, n_classes = arguments
    if not C > 0 or not np.isfinite(C):
        return f"C should be above 0; yours is {C:g}"
    theirs = lam * _measured_C(lam, n, n_classes) / C
    return f"scikit-learn with C = {C:.4g} fits the model of λ = {theirs:.4g}, not of {lam:.4g}"


LAM_TO_C = Exercise(
    number="05.4",
    call="lam_to_C(lam, n, n_classes)",
    groups=(
        Group("three classes or more", 1, _many_classes, explains=_explain_C),
        Group("two classes", 1, _two_classes, explains=_explain_C),
    ),
    oracle=_measured_C,
    rtol=1e-4,
)

EXERCISES = (STANDARDIZE, ENCODE_LABELS, SOFTMAX_CLASSIFIER, LAM_TO_C)
