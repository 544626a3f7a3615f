"""What the exercises of lesson 05 ask for."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.exercises.common import Array, listed, log_softmax, softmax
from course.exercises.drives import RECORD, STOPS_EARLY, THREE_STEPS, fit_and_ask
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
        (np.array([[0.0], [2.0], [4.0]]), np.array([[7.0]])),
        (rng.normal([5, 80], [1, 9], (6, 2)), rng.normal([5, 80], [1, 9], (1, 2))),
    ]


def _constant_column(rng: np.random.Generator) -> list[Arguments]:
    X_train = rng.normal(size=(5, 3))
    X_train[:, 1] = 2.0
    small = np.array([[7.0, 1e-4], [7.0, 3e-4], [7.0, 2e-4]])
    return [
        (np.array([[3.0, 0.0], [3.0, 2.0]]), np.array([[3.0, 1.0], [5.0, 5.0], [3.0, 2.0]])),
        (X_train, rng.normal(size=(3, 3))),
        (small, np.array([[7.0, 5e-4]])),
    ]


def _explain_scaled(arguments: Arguments, result: Any) -> str | None:
    train, test = result
    if not (np.isfinite(train).all() and np.isfinite(test).all()):
        return "a value came out as nan or inf"
    varies = np.ptp(arguments[0], axis=0) > 0
    mean, sd = train[:, varies].mean(axis=0), train[:, varies].std(axis=0)
    if not np.allclose(mean, 0, atol=1e-6):
        return f"each training column should have mean 0; yours have {listed(mean)}"
    if not np.allclose(sd, 1, rtol=1e-5):
        return f"each training column should have standard deviation 1; yours have {listed(sd)}"
    return "the training set is right, the test set is not" if varies.all() else None


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
            "a column that never changes, and one that changes little",
            1,
            _constant_column,
            explains=_explain_scaled,
        ),
    ),
    oracle=_standardize,
    forbids=(
        "sklearn.preprocessing.StandardScaler",
        "sklearn.preprocessing.scale",
        "scipy.stats.zscore",
    ),
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
    ]


def _numbers(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([10, 2, 10, 7, 7, 7]),),
        (np.array([1, -1, -1, 1, 1]),),
        (np.append([9, 100, -4, 30], rng.choice([9, 100, -4, 30], size=5)),),
    ]


def _explain_encoded(arguments: Arguments, result: Any) -> str | None:
    classes, integers = result
    if len(set(classes.tolist())) < len(classes):
        return "a label stands twice among your classes"
    whole = integers.dtype.kind in "iu"
    if whole and integers.min() >= 0 and integers.max() < len(classes):
        if classes[integers].tolist() == arguments[0].tolist():
            return "classes[integers] gives the labels back, but the classes are not sorted"
        return "classes[integers] should give the labels back; yours does not"
    return f"the integers should run from 0 to {len(classes) - 1}"


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
    forbids=("sklearn.preprocessing.LabelEncoder", "sklearn.preprocessing.label_binarize"),
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


def _loss(theta: Array, X: Array, labels: Array, lam: float) -> float:
    logs = log_softmax(_scores(theta, X))[np.arange(len(X)), labels]
    return float(lam / 2 * (theta[:, 1:] ** 2).sum() - logs.mean())


def _expected(X: Array, y: Array, X_new: Array, lam: float, asked: str) -> Any:
    classes, labels = np.unique(y, return_inverse=True)
    theta = _optimal_theta(X, labels, (2 if len(classes) == 2 else 1) / (len(X) * lam))
    if asked == "fit":
        return True
    if asked == "classes_":
        return classes
    if asked == "Theta_":
        return theta - theta.mean(axis=0)
    if asked == RECORD:
        return np.array([np.log(len(classes)), _loss(theta, X, labels, lam), 0.0])
    if asked in (THREE_STEPS, STOPS_EARLY):
        return 3 if asked == THREE_STEPS else True
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
    np.array([[0.0], [1.0], [3.0]]),
    0.1,
)


def _optimum_cases(rng: np.random.Generator) -> list[Arguments]:
    return [
        (*SMALL, "predict_proba"),
        (*_clouds(rng, (6, 18, 10), 2), 0.05, "predict_proba"),
        (*_clouds(rng, (8, 14, 8, 16), 3), 0.2, "predict_proba"),
    ]


def _label_cases(rng: np.random.Generator) -> list[Arguments]:
    X, y, X_new, lam = SMALL
    words, numbers = np.array(["no", "yes"]), np.array([7, 30, 100])
    A, a, A_new = _clouds(rng, (12, 8, 16), 2)
    return [
        (X, words[y], X_new, lam, "predict"),
        (X, words[y], X_new, lam, "classes_"),
        (A, numbers[a], A_new, 0.05, "predict"),
        (A, numbers[a], A_new, 0.05, "predict_proba"),
    ]


def _record_cases(rng: np.random.Generator) -> list[Arguments]:
    return [
        (*SMALL, RECORD),
        (*_clouds(rng, (6, 18, 10), 2), 0.05, RECORD),
        (*_clouds(rng, (14, 20, 16), 1), 0.05, "Theta_"),
        (*SMALL, THREE_STEPS),
        (*SMALL, STOPS_EARLY),
        (*SMALL, "fit"),
    ]


def _explain_optimum(arguments: Arguments, P: Array) -> str | None:
    if not np.isfinite(P).all():
        return f"a probability came out as {P[~np.isfinite(P)][0]}"
    rows = P.sum(axis=1)
    if not np.allclose(rows, 1, atol=1e-4):
        return f"each row should sum to 1; yours sum to {listed(rows)}"
    return (
        "the rows sum to 1, but these are not the probabilities with the least loss; "
        "if the formulas are right, did the descent stop too early?"
    )


def _explain_labels(arguments: Arguments, result: Any) -> str | None:
    if arguments[-1] != "predict":
        return None
    known = sorted(set(arguments[1].tolist()))
    strange = [label for label in result.tolist() if label not in known]
    return f"{strange[0]!r} is not one of the labels {known}" if strange else None


def _explain_record(arguments: Arguments, result: Any) -> str | None:
    X, y, _, lam, asked = arguments
    if asked == "fit":
        return "fit should return the estimator itself, so that model.fit(X, y).predict(X) works"
    if asked == "Theta_":
        return (
            "Theta_ should hold the weights of the least loss, from zeros: a row for each class, the "
            "intercepts in column 0"
        )
    if asked == THREE_STEPS:
        return f"with max_iter=3 the descent should stop after 3 steps; n_iter_ is {result:g}"
    if asked == STOPS_EARLY:
        return "with tol=10 no entry of the gradient is larger from the start, yet it goes on"
    first, last, extra = result
    start, least, _ = _expected(X, y, X, lam, asked)
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


SOFTMAX_CLASSIFIER = Exercise(
    number="05.3",
    call="SoftmaxClassifier(X, y, X_new, lam, asked)",
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
    rtol=0,
    atol=1e-3,
    forbids=(
        "utils.SoftmaxRegression",
        "utils.LogisticRegression",
        "utils.models.SoftmaxRegression",
        "utils.models.LogisticRegression",
        "sklearn.linear_model.LogisticRegression",
        "sklearn.linear_model.LogisticRegressionCV",
        "sklearn.linear_model.SGDClassifier",
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


LAM_TO_C = Exercise(
    number="05.4",
    call="lam_to_C(lam, n, n_classes)",
    groups=(
        Group("three classes or more", 1, _many_classes),
        Group("two classes", 1, _two_classes),
    ),
    oracle=_measured_C,
    rtol=1e-4,
)

EXERCISES = (STANDARDIZE, ENCODE_LABELS, SOFTMAX_CLASSIFIER, LAM_TO_C)
