"""What the exercises of lesson 05 accept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from utils import functions
from utils.drives import RECORD, STOPS_EARLY, THREE_STEPS, fit_and_ask
from utils.judge import Arguments, Exercise, Group, Misconception, listed

# --- 05.1 standardize ----------------------------------------------------------------------------


def _standardize(X_train: Any, X_test: Any) -> Any:
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


def _scaled_law(arguments: Arguments, result: Any) -> str | None:
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


def _scale(X: Any, mean: Any, sd: Any) -> Any:
    """Return the scaled features; a column with sd 0 is only shifted."""
    return (X - mean) / np.where(sd == 0, 1, sd)


def _by(X_train: Any, X_test: Any, mean: Any, sd: Any) -> Any:
    return _scale(X_train, mean, sd), _scale(X_test, mean, sd)


def _own_statistics(X_train: Any, X_test: Any) -> Any:
    return tuple(_scale(X, X.mean(axis=0), X.std(axis=0)) for X in (X_train, X_test))


def _together(X_train: Any, X_test: Any) -> Any:
    both = np.vstack([X_train, X_test])
    return _by(X_train, X_test, both.mean(axis=0), both.std(axis=0))


def _own_mean(X_train: Any, X_test: Any) -> Any:
    sd = X_train.std(axis=0)
    return tuple(_scale(X, X.mean(axis=0), sd) for X in (X_train, X_test))


def _own_deviation(X_train: Any, X_test: Any) -> Any:
    mean = X_train.mean(axis=0)
    return tuple(_scale(X, mean, X.std(axis=0)) for X in (X_train, X_test))


def _no_brackets(X_train: Any, X_test: Any) -> Any:
    sd = X_train.std(axis=0)
    shift = X_train.mean(axis=0) / np.where(sd == 0, 1, sd)
    return X_train - shift, X_test - shift


def _small_spread_ignored(X_train: Any, X_test: Any) -> Any:
    sd = X_train.std(axis=0)
    return _by(X_train, X_test, X_train.mean(axis=0), np.where(sd < 1e-3, 1, sd))


def _in_place(X_train: Any, X_test: Any) -> Any:
    mean, sd = X_train.mean(axis=0), X_train.std(axis=0)
    sd[sd == 0] = 1
    X_train -= mean
    X_train /= sd
    return X_train, (X_test - mean) / sd


def _no_guard(X_train: Any, X_test: Any) -> Any:
    mean, sd = X_train.mean(axis=0), X_train.std(axis=0)
    return (X_train - mean) / sd, (X_test - mean) / sd


def _epsilon(X_train: Any, X_test: Any) -> Any:
    mean, sd = X_train.mean(axis=0), X_train.std(axis=0) + 1e-8
    return (X_train - mean) / sd, (X_test - mean) / sd


def _constant_dropped(X_train: Any, X_test: Any) -> Any:
    kept = X_train.std(axis=0) > 0
    return _standardize(X_train[:, kept], X_test[:, kept])


def _constant_zeroed(X_train: Any, X_test: Any) -> Any:
    train, test = _standardize(X_train, X_test)
    return train, np.where(X_train.std(axis=0) > 0, test, 0)


def _min_max(X_train: Any, X_test: Any) -> Any:
    return _by(X_train, X_test, X_train.min(axis=0), np.ptp(X_train, axis=0))


def _by_rows(X_train: Any, X_test: Any) -> Any:
    return tuple(
        _scale(X, X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True))
        for X in (X_train, X_test)
    )


STANDARDIZE = Exercise(
    number="05.1",
    call="standardize(X_train, X_test)",
    groups=(
        Group("both sets by the mean and spread of the training set", 1, _two_sets, _scaled_law),
        Group("a test set of a single example", 1, _one_new_example, _scaled_law),
        Group(
            "a column that never changes, and one that changes little",
            1,
            _constant_column,
            _scaled_law,
        ),
    ),
    oracle=_standardize,
    forbids=(
        "sklearn.preprocessing.StandardScaler",
        "sklearn.preprocessing.scale",
        "scipy.stats.zscore",
    ),
    misconceptions=(
        Misconception(
            "the test set's own mean",
            _own_statistics,
            "You scaled the test set by its own mean and deviation. The model learned in the "
            "training set's units, so use those for both: a new flower may come alone.",
        ),
        Misconception(
            "the test set's own mean, the training set's deviation",
            _own_mean,
            "You shifted the test set by its own mean. Shift it by the training set's, as you "
            "divide it by the training set's deviation.",
        ),
        Misconception(
            "the training set's mean, the test set's own deviation",
            _own_deviation,
            "You divided the test set by its own deviation. Divide it by the training set's, as you "
            "shift it by the training set's mean.",
        ),
        Misconception(
            "brackets forgotten",
            _no_brackets,
            "You divided the mean by the deviation and subtracted that: division binds tighter than "
            "minus. Put the difference into brackets.",
        ),
        Misconception(
            "results swapped",
            lambda X_train, X_test: _standardize(X_train, X_test)[::-1],
            "Your two results come in the other order: first the training set, then the test set.",
        ),
        Misconception(
            "scaled and discarded",
            lambda X_train, X_test: (X_train, X_test),
            "Both sets come back as they went in. Arithmetic on an array returns a new one: give it "
            "a name, and return that.",
        ),
        Misconception(
            "test set not scaled",
            lambda X_train, X_test: (_standardize(X_train, X_test)[0], X_test),
            "The training set is scaled and the test set is not. The model would meet numbers in "
            "units it has never seen: shift and divide the test set by the same two vectors.",
        ),
        Misconception(
            "scaled all together",
            _together,
            "Mean and deviation are those of both sets together. The test set then has a say in "
            "training, which is a leak: take them from X_train alone.",
        ),
        Misconception(
            "ddof=1",
            lambda a, b: _by(a, b, a.mean(axis=0), a.std(axis=0, ddof=1)),
            "You divided the squares by n − 1. This course, like StandardScaler, divides by n, "
            "which is np.std's own default.",
        ),
        Misconception(
            "divided by the variance",
            lambda a, b: _by(a, b, a.mean(axis=0), a.var(axis=0)),
            "You divided by the variance. Its square root, the standard deviation, has the unit of "
            "the feature and cancels it.",
        ),
        Misconception(
            "shifted only",
            lambda a, b: _by(a, b, a.mean(axis=0), np.ones(a.shape[1])),
            "The columns are centred, but their spread is what it was. Divide by the standard "
            "deviation too.",
        ),
        Misconception(
            "divided only",
            lambda a, b: _by(a, b, 0.0, a.std(axis=0)),
            "The columns have the right spread, but their means are not 0. Subtract the mean first.",
        ),
        Misconception(
            "one mean for the whole table",
            lambda a, b: _by(a, b, a.mean(), a.std()),
            "You took one mean and one deviation over the whole table. Each column has its own "
            "unit, so each needs its own: axis=0.",
        ),
        Misconception(
            "rows instead of columns",
            _by_rows,
            "You scaled each row. A row is one example, a column one feature: go down the columns, "
            "axis=0.",
        ),
        Misconception(
            "smallest to largest",
            _min_max,
            "You mapped smallest and largest to 0 and 1. That is min-max scaling; this exercise "
            "asks for mean 0 and standard deviation 1.",
        ),
        Misconception(
            "zero divided by zero",
            _no_guard,
            "A column that never changes has deviation 0, and 0/0 is nan. Let such a column be "
            "divided by 1.",
        ),
        Misconception(
            "epsilon in the denominator",
            _epsilon,
            "You added a small number to the deviation. For a column that never changes in training "
            "you then divide by 1e-8: a new value becomes a hundred million. Divide by 1 instead.",
        ),
        Misconception(
            "small deviations taken for none",
            _small_spread_ignored,
            "A column that changes little still changes: in other units its deviation would be "
            "large. Only a deviation of 0 is replaced by 1.",
        ),
        Misconception(
            "nan turned into numbers",
            lambda X_train, X_test: tuple(map(np.nan_to_num, _no_guard(X_train, X_test))),
            "You divided by 0 and mended the nan afterwards; inf became a number of 300 digits. "
            "Put a 1 in the place of a deviation of 0 before you divide.",
        ),
        Misconception(
            "constant column dropped",
            _constant_dropped,
            "You dropped the column that never changes. Keep it, so that the columns still have the "
            "places the caller knows.",
        ),
        Misconception(
            "constant column set to zero",
            _constant_zeroed,
            "A column that is constant in training may hold something else in the test set. It is "
            "shifted like every other, only divided by 1: 5 − 3 stays 2.",
        ),
        Misconception(
            "training set only",
            lambda a, b: _standardize(a, b)[0],
            "Return both sets: the scaled training set, then the scaled test set.",
        ),
        Misconception(
            "changes its input",
            _in_place,
            "The values are right, but the caller's X_train is different afterwards: `-=` and `/=` "
            "work in place. Make new arrays.",
        ),
    ),
)

# --- 05.2 encode_labels --------------------------------------------------------------------------


def _encode(y: Any) -> Any:
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


def _encoded_law(arguments: Arguments, result: Any) -> str | None:
    classes, integers = result
    if len(set(classes.tolist())) < len(classes):
        return "a label stands twice among your classes"
    whole = integers.dtype.kind in "iu"
    if whole and integers.min() >= 0 and integers.max() < len(classes):
        if classes[integers].tolist() == arguments[0].tolist():
            return "classes[integers] gives the labels back, but the classes are not sorted"
        return "classes[integers] should give the labels back; yours does not"
    return f"the integers should run from 0 to {len(classes) - 1}"


def _appearance(y: Any) -> Any:
    classes = np.array(list(dict.fromkeys(y.tolist())))
    return classes, np.array([classes.tolist().index(label) for label in y.tolist()])


def _descending(y: Any) -> Any:
    classes, integers = np.unique(y, return_inverse=True)
    return classes[::-1], len(classes) - 1 - integers


def _reversed_classes_only(y: Any) -> Any:
    classes, integers = np.unique(y, return_inverse=True)
    return classes, len(classes) - 1 - integers


def _first_places(y: Any) -> Any:
    return np.unique(y, return_index=True)


def _order_of_sorting(y: Any) -> Any:
    return np.unique(y), np.argsort(y, kind="stable")


def _counts(y: Any) -> Any:
    return np.unique(y, return_counts=True)


def _as_text(y: Any) -> Any:
    return np.unique(y.astype(str), return_inverse=True)


def _offset(y: Any) -> Any:
    if y.dtype.kind not in "iu":
        return _encode(y)
    return np.unique(y), y - y.min()


def _as_they_are(y: Any) -> Any:
    return np.unique(y), y


def _indicator(y: Any) -> Any:
    classes, integers = _encode(y)
    return classes, np.eye(len(classes), dtype=int)[integers]


ENCODE_LABELS = Exercise(
    number="05.2",
    call="encode_labels(y)",
    groups=(
        Group("words become 0 … K − 1", 1, _words, _encoded_law),
        Group("so do numbers that are not 0 … K − 1 already", 1, _numbers, _encoded_law),
    ),
    oracle=_encode,
    forbids=("sklearn.preprocessing.LabelEncoder", "sklearn.preprocessing.label_binarize"),
    misconceptions=(
        Misconception(
            "order of appearance",
            _appearance,
            "You number the classes as they turn up. Another order of the same examples would then "
            "give other columns: sort the classes.",
        ),
        Misconception(
            "descending order",
            _descending,
            "Your classes run from the last to the first. Sort them upwards.",
        ),
        Misconception(
            "numbered backwards",
            _reversed_classes_only,
            "The classes are sorted, but the integers count from the other end: class k has to get "
            "the integer k.",
        ),
        Misconception(
            "from 1 to K",
            lambda y: (_encode(y)[0], _encode(y)[1] + 1),
            "Your integers start at 1. They are positions in `classes`, and positions start at 0.",
        ),
        Misconception(
            "integers only",
            lambda y: _encode(y)[1],
            "Return two things: the sorted classes and the integers. Without the classes nobody can "
            "translate a prediction back.",
        ),
        Misconception(
            "classes only",
            lambda y: _encode(y)[0],
            "Return two things: the sorted classes and, for each example, the position of its class.",
        ),
        Misconception(
            "swapped",
            lambda y: _encode(y)[::-1],
            "You return the integers first. The order asked for is classes, then integers.",
        ),
        Misconception(
            "labels as they are",
            _as_they_are,
            "The second value holds the labels themselves. It should hold positions: 0 for the first "
            "class, 1 for the second.",
        ),
        Misconception(
            "smallest label subtracted",
            _offset,
            "You subtracted the smallest label. That works only for labels without gaps; use the "
            "position of each label among the sorted classes.",
        ),
        Misconception(
            "first places",
            _first_places,
            "return_index tells where each class turns up first, one number for each class. You need "
            "one number for each example.",
        ),
        Misconception(
            "argsort",
            _order_of_sorting,
            "np.argsort tells which example comes first, second … when they are sorted. You need, "
            "for each example, the position of its class.",
        ),
        Misconception(
            "counts",
            _counts,
            "return_counts tells how often each class occurs, one number for each class. You need "
            "one number for each example.",
        ),
        Misconception(
            "numbers compared as text",
            _as_text,
            'You turned numbers into text, where "10" comes before "2". Sort the labels as they are.',
        ),
        Misconception(
            "one-hot",
            _indicator,
            "You return a one-hot matrix. One integer for each example is asked for here; one_hot "
            "comes after it.",
        ),
    ),
)

# --- 05.3 SoftmaxClassifier ----------------------------------------------------------------------


def _optimal_theta(
    X: Any, labels: Any, lam: float, *, intercept: bool = True, penalize_intercept: bool = False
) -> Any:
    """Return scikit-learn's weights for labels 0 … K−1 as Theta (K, d+1), zeros where it has none."""
    return _fitted(X, labels, lam, intercept, penalize_intercept)


def _remembered(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what fit(X, labels, *settings) returns: the wrong answers share most of their fits."""

    @functools.lru_cache(maxsize=512)
    def by_content(raw: bytes, shape: tuple[int, int], labels: tuple[int, ...], *more: Any) -> Any:
        return fit(np.frombuffer(raw).reshape(shape), np.array(labels), *more)

    def fitted(X: Any, labels: Any, *more: Any) -> Any:
        return by_content(X.astype(float).tobytes(), X.shape, tuple(labels.tolist()), *more).copy()

    return fitted


@_remembered
def _fitted(X: Any, labels: Any, lam: float, intercept: bool, penalize_intercept: bool) -> Any:
    from sklearn.linear_model import LogisticRegression

    n, K = len(X), len(np.unique(labels))
    if penalize_intercept:
        X = functions.add_intercept(X)
    C = (2 if K == 2 else 1) / (n * lam)
    model = LogisticRegression(
        C=C,
        fit_intercept=intercept and not penalize_intercept,
        solver="newton-cg",
        tol=1e-8,
        max_iter=1000,
    ).fit(X, labels)
    W, b = model.coef_, np.broadcast_to(model.intercept_, len(model.coef_))
    if K == 2:  # one row there, two opposite ones of half its length here
        W, b = np.vstack([-W, W]) / 2, np.append(-b, b) / 2
    return W if penalize_intercept else np.column_stack([b, W])


def _loss(theta: Any, X: Any, labels: Any, lam: float) -> float:
    entropy = functions.cross_entropy(functions.add_intercept(X) @ theta.T, labels)
    return float(entropy + lam / 2 * (theta[:, 1:] ** 2).sum())


def _expected(X: Any, y: Any, X_new: Any, lam: float, asked: str) -> Any:
    classes, labels = np.unique(y, return_inverse=True)
    theta = _optimal_theta(X, labels, lam)
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
    P = functions.softmax(functions.add_intercept(X_new) @ theta.T)
    return classes[P.argmax(axis=1)] if asked == "predict" else P


def _clouds(rng: np.random.Generator, sizes: tuple[int, ...], d: int) -> tuple[Any, Any, Any]:
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


def _optimum_law(arguments: Arguments, P: Any) -> str | None:
    if not np.isfinite(P).all():
        return f"a probability came out as {P[~np.isfinite(P)][0]}"
    rows = P.sum(axis=1)
    if not np.allclose(rows, 1, atol=1e-4):
        return f"each row should sum to 1; yours sum to {listed(rows)}"
    return (
        "the rows sum to 1, but these are not the probabilities with the least loss; "
        "if the formulas are right, did the descent stop too early?"
    )


def _label_law(arguments: Arguments, result: Any) -> str | None:
    if arguments[-1] != "predict":
        return None
    known = sorted(set(arguments[1].tolist()))
    strange = [label for label in result.tolist() if label not in known]
    return f"{strange[0]!r} is not one of the labels {known}" if strange else None


def _record_law(arguments: Arguments, result: Any) -> str | None:
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


class _Wrong:
    """A right answer in small pieces; each wrong one below changes one of them."""

    def __init__(self, lam: float = 0.1, max_iter: int = 2000, tol: float = 1e-5) -> None:
        self.lam, self.max_iter, self.tol = lam, max_iter, tol

    def fit(self, X: Any, y: Any) -> Any:
        self.classes_, labels = self.encode(y)
        self.Theta = self.Theta_ = self.train(X, labels)
        self.loss_history_ = self.history(X, labels)
        self.n_iter_ = len(self.loss_history_) - 1
        return self

    def encode(self, y: Any) -> Any:
        return np.unique(y, return_inverse=True)

    def train(self, X: Any, labels: Any) -> Any:
        return _optimal_theta(X, labels, self.lam)

    def history(self, X: Any, labels: Any) -> list[float]:
        """Return a record of three steps, as max_iter and tol allow in the cases that set them."""
        return [np.log(len(self.classes_)), *[_loss(self.Theta, X, labels, self.lam)] * 3]

    def logits(self, X: Any) -> Any:
        return functions.add_intercept(X) @ self.Theta.T

    def predict_proba(self, X: Any) -> Any:
        return functions.softmax(self.logits(X))

    def predict(self, X: Any) -> Any:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class _Indices(_Wrong):
    def predict(self, X: Any) -> Any:
        return self.predict_proba(X).argmax(axis=1)


class _NoIntercept(_Wrong):
    def train(self, X: Any, labels: Any) -> Any:
        return _optimal_theta(X, labels, self.lam, intercept=False)


class _InterceptPenalized(_Wrong):
    def train(self, X: Any, labels: Any) -> Any:
        return _optimal_theta(X, labels, self.lam, penalize_intercept=True)


class _DoublePenalty(_Wrong):
    def train(self, X: Any, labels: Any) -> Any:
        return _optimal_theta(X, labels, 2 * self.lam)


@_remembered
def _walked(X: Any, labels: Any, pull: float, lam: float) -> Any:
    """Return Theta after the stub's own descent, 2000 steps of 0.5 at most, with another slope.

    The slope is (P − Y)ᵀX/n + pull·W. With a λ above 0 the walk ends where the loss hardly
    changes; without one, where the slope is small.
    """
    free = np.r_[0.0, np.ones(X.shape[1])]
    X, Y = functions.add_intercept(X), functions.one_hot(labels, labels.max() + 1)
    theta, last = np.zeros((Y.shape[1], X.shape[1])), np.inf
    for _ in range(2000):
        z = X @ theta.T
        P = np.exp(z - z.max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        slope = (P - Y).T @ X / len(X) + pull * free * theta
        if lam:
            loss = -np.log((P * Y).sum(axis=1)).mean() + lam / 2 * (free * theta**2).sum()
            if abs(loss - last) < 1e-5:
                break
            last = loss
        elif np.abs(slope).max() <= 1e-5:
            break
        theta = theta - 0.5 * slope
    return theta


class _Walk(_Wrong):
    """A descent as the stub has it, with a slip in its slope or in where it stops."""

    def train(self, X: Any, labels: Any) -> Any:
        return _walked(X, labels, *self.slip(len(X)))

    def slip(self, n: int) -> tuple[float, float]:
        """Return pull and λ of `_walked`."""
        return self.lam, self.lam  # stops when the loss hardly changes


class _Unaveraged(_Walk):
    def slip(self, n: int) -> tuple[float, float]:
        return self.lam / n, 0


class _NoPenalty(_Walk):
    def slip(self, n: int) -> tuple[float, float]:
        return 0, 0


class _FixedPenalty(_Walk):
    def slip(self, n: int) -> tuple[float, float]:
        return 0.01, 0


class _IsC(_Wrong):
    """lam handed on as if it were scikit-learn's C."""

    def train(self, X: Any, labels: Any) -> Any:
        return _optimal_theta(X, labels, 1 / (len(X) * self.lam))


class _Steps(_Wrong):
    """A few steps of size 0.5 from zero."""

    steps, direction = 1, -1

    def train(self, X: Any, labels: Any) -> Any:
        X1, K = functions.add_intercept(X), len(self.classes_)
        theta = np.zeros((K, X1.shape[1]))
        for _ in range(self.steps):
            P = functions.softmax(X1 @ theta.T)
            slope = (P - functions.one_hot(labels, K)).T @ X1 / len(X1)
            slope[:, 1:] += self.lam * theta[:, 1:]
            theta += self.direction * 0.5 * slope
        return theta


class _Uphill(_Steps):
    steps, direction = 400, 1


class _AxisZero(_Wrong):
    def predict_proba(self, X: Any) -> Any:
        return functions.softmax(self.logits(X).T).T


class _Logits(_Wrong):
    def predict_proba(self, X: Any) -> Any:
        return self.logits(X)


class _Twice(_Wrong):
    def predict_proba(self, X: Any) -> Any:
        return functions.softmax(functions.softmax(self.logits(X)))


class _Separate(_Wrong):
    """K yes/no models, their sigmoids divided by their sum."""

    def train(self, X: Any, labels: Any) -> Any:
        rows = []
        for k in range(len(self.classes_)):
            pair = _optimal_theta(X, (labels == k).astype(int), 2 * self.lam)
            rows.append(pair[1] - pair[0])
        return np.array(rows)

    def predict_proba(self, X: Any) -> Any:
        P = functions.sigmoid(self.logits(X))
        return P / P.sum(axis=1, keepdims=True)


class _OnlyIntegers(_Wrong):
    def encode(self, y: Any) -> Any:
        K = len(set(y.tolist()))
        return np.arange(K), functions.one_hot(y, K).argmax(axis=1)


class _Appearance(_Wrong):
    def encode(self, y: Any) -> Any:
        return _appearance(y)


class _OwnScale(_Wrong):
    """Every set it sees is scaled by its own mean and deviation."""

    def train(self, X: Any, labels: Any) -> Any:
        return _optimal_theta(_own_statistics(X, X)[0], labels, self.lam)

    def logits(self, X: Any) -> Any:
        return super().logits(_own_statistics(X, X)[0])


class _ScaledInFit(_Wrong):
    def train(self, X: Any, labels: Any) -> Any:
        return _optimal_theta(_own_statistics(X, X)[0], labels, self.lam)


class _InterceptScaled(_Wrong):
    """The column of ones is scaled with the features, and so becomes a column of zeros."""

    def fit(self, X: Any, y: Any) -> Any:
        self.mean, self.sd = X.mean(axis=0), X.std(axis=0)
        return super().fit(X, y)

    def train(self, X: Any, labels: Any) -> Any:
        return _optimal_theta(_scale(X, self.mean, self.sd), labels, self.lam, intercept=False)

    def logits(self, X: Any) -> Any:
        return super().logits(_scale(X, self.mean, self.sd))


class _FitReturnsNothing(_Wrong):
    def fit(self, X: Any, y: Any) -> Any:
        super().fit(X, y)


class _HistoryWithoutPenalty(_Wrong):
    def history(self, X: Any, labels: Any) -> list[float]:
        return [np.log(len(self.classes_)), *[_loss(self.Theta, X, labels, 0)] * 3]


class _HistorySummed(_Wrong):
    def history(self, X: Any, labels: Any) -> list[float]:
        n = len(X)
        return [n * loss for loss in super().history(X, labels)]


class _HistoryBaseTwo(_Wrong):
    def history(self, X: Any, labels: Any) -> list[float]:
        return [loss / np.log(2) for loss in super().history(X, labels)]


class _HistoryLate(_Steps):
    """The first loss is recorded after the first step."""

    def history(self, X: Any, labels: Any) -> list[float]:
        first = _loss(self.Theta, X, labels, self.lam)
        self.Theta = _optimal_theta(X, labels, self.lam)
        return [first, *[_loss(self.Theta, X, labels, self.lam)] * 3]


class _HistoryDouble(_Wrong):
    def history(self, X: Any, labels: Any) -> list[float]:
        return [np.log(len(self.classes_)), *[_loss(self.Theta, X, labels, 2 * self.lam)] * 3]


class _TolIgnored(_Wrong):
    def fit(self, X: Any, y: Any) -> Any:
        super().fit(X, y)
        if self.tol == 10:
            self.n_iter_ = 2000
        return self


class _Transposed(_Wrong):
    def fit(self, X: Any, y: Any) -> Any:
        super().fit(X, y)
        self.Theta_ = self.Theta.T
        return self


class _InterceptLast(_Wrong):
    def fit(self, X: Any, y: Any) -> Any:
        super().fit(X, y)
        self.Theta_ = np.roll(self.Theta, -1, axis=1)
        return self


class _CountsLosses(_Wrong):
    def fit(self, X: Any, y: Any) -> Any:
        super().fit(X, y)
        self.n_iter_ += 1
        return self


SOFTMAX_CLASSIFIER = Exercise(
    number="05.3",
    call="SoftmaxClassifier(X, y, X_new, lam, asked)",
    groups=(
        Group(
            "the probabilities of the model with the least loss", 2, _optimum_cases, _optimum_law
        ),
        Group("any labels: words, or numbers such as 7, 30, 100", 2, _label_cases, _label_law),
        Group(
            "a record of the descent, and fit returns the estimator", 1, _record_cases, _record_law
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
    misconceptions=(
        Misconception(
            "no intercept",
            _NoIntercept,
            "Your probabilities are those of a model without an intercept: every boundary goes "
            "through the origin. Give X its column of ones, in fit and in predict_proba.",
        ),
        Misconception(
            "intercept penalised",
            _InterceptPenalized,
            "You penalise the intercept too, which pulls every class towards 1/K. The penalty is on "
            "the weights only: leave column 0 of Theta out of it.",
        ),
        Misconception(
            "penalty twice as strong",
            _DoublePenalty,
            "Your penalty is twice too strong. The loss has ½ λ‖W‖², and its slope is λW: the 2 of "
            "the square and the ½ cancel.",
        ),
        Misconception(
            "sum instead of mean",
            _Unaveraged,
            "Your penalty is n times too weak. The cross-entropy is a mean over the examples, so "
            "its gradient is divided by n; the penalty is not.",
        ),
        Misconception(
            "no penalty",
            _NoPenalty,
            "These are the probabilities without a penalty: lam is stored, but the gradient does not "
            "use it.",
        ),
        Misconception(
            "lam of its own",
            _FixedPenalty,
            "These are the probabilities for lam = 0.01, the default, whatever lam is. Use self.lam.",
        ),
        Misconception(
            "stops when the loss hardly changes",
            _Walk,
            "You stop too early, when the loss changes by less than tol. On flat ground it changes "
            "little and is still far from the bottom: compare the gradient's largest entry with tol.",
        ),
        Misconception(
            "lam used as C",
            _IsC,
            "You use lam as scikit-learn uses C. C multiplies the losses and lam the penalty, so a "
            "large one means the opposite of the other.",
        ),
        Misconception(
            "one step only",
            _Steps,
            "Your weights are those after a single step. Does the `return` stand inside the loop, or "
            "does Theta start afresh in every step?",
        ),
        Misconception(
            "uphill",
            _Uphill,
            "Your model is sure, and wrong: the steps go uphill. Subtract the gradient.",
        ),
        Misconception(
            "softmax over the examples",
            _AxisZero,
            "Your columns sum to 1, not your rows: the softmax runs over the examples. The classes "
            "are on the last axis.",
        ),
        Misconception(
            "returns logits",
            _Logits,
            "predict_proba returns the scores. Put them through a softmax.",
        ),
        Misconception(
            "softmax twice",
            _Twice,
            "Your probabilities went through the softmax a second time, which flattens them.",
        ),
        Misconception(
            "K separate models",
            _Separate,
            "These are K separate yes/no models, their sigmoids divided by the sum. Softmax "
            "regression trains all classes together, with one cross-entropy.",
        ),
        Misconception(
            "scaled by its own mean in predict_proba",
            _OwnScale,
            "You standardise inside the class, and new examples by their own mean. Here the "
            "features are to be used as they come; scaling is the caller's step.",
        ),
        Misconception(
            "scaled in fit only",
            _ScaledInFit,
            "You standardise in fit and not in predict_proba, so the weights meet other units. Here "
            "the features are to be used as they come; scaling is the caller's step.",
        ),
        Misconception(
            "intercept scaled",
            _InterceptScaled,
            "You scaled the column of ones together with the features. It never changes, so it "
            "became 0, and the intercept is gone. Scale first, then add the ones; here not at all.",
        ),
        Misconception(
            "columns in order of appearance",
            _Appearance,
            "Your columns follow the order in which the classes turn up. classes_ is sorted, and "
            "column k of predict_proba belongs to classes_[k].",
        ),
        Misconception(
            "predicts indices",
            _Indices,
            "predict returns positions 0 … K − 1. The caller gave other labels and wants those back: "
            "look the positions up in classes_.",
        ),
        Misconception(
            "labels must be 0 … K − 1",
            _OnlyIntegers,
            "Your fit takes the labels for integers 0 … K − 1. Encode them first, as in exercise "
            "05.2, and keep the classes.",
        ),
        Misconception(
            "fit returns nothing",
            _FitReturnsNothing,
            "Your fit returns nothing, so `model.fit(X, y).predict(X)` and every pipeline break. "
            "End it with `return self`.",
        ),
        Misconception(
            "loss without the penalty",
            _HistoryWithoutPenalty,
            "Your losses leave out the penalty. Record what the descent makes smaller: the mean "
            "cross-entropy plus ½ λ‖W‖².",
        ),
        Misconception(
            "summed losses",
            _HistorySummed,
            "Your losses are sums over the examples. This course takes the mean.",
        ),
        Misconception(
            "losses in bits",
            _HistoryBaseTwo,
            "Your losses are in bits. This course takes the natural logarithm.",
        ),
        Misconception(
            "first loss after the first step",
            _HistoryLate,
            "Your record starts after the first step. Keep the loss before it too: with all weights "
            "zero it is log K, a check you get for nothing.",
        ),
        Misconception(
            "penalty twice as large in the loss",
            _HistoryDouble,
            "Your weights are right, but the penalty in your losses is twice too large: it is "
            "½ λ‖W‖², with the ½.",
        ),
        Misconception(
            "tol ignored",
            _TolIgnored,
            "You go on although no entry of the gradient exceeds tol. Compare the largest, without "
            "its sign, with self.tol in each round.",
        ),
        Misconception(
            "Theta_ transposed",
            _Transposed,
            "Your Theta_ lies the other way round. Keep a row for each class, (K, d+1).",
        ),
        Misconception(
            "intercept in the last column",
            _InterceptLast,
            "Your Theta_ has the intercepts in its last column. Keep them in column 0, in front of "
            "the weights.",
        ),
        Misconception(
            "n_iter_ counts losses",
            _CountsLosses,
            "n_iter_ counts steps. There is one loss more than steps, the one before the first.",
        ),
    ),
)

# --- 05.4 lam_to_C -------------------------------------------------------------------------------


def _measured_C(lam: float, n: int, n_classes: int) -> float:  # noqa: N802  # C is the library's name
    """Return C for lam, measured: at the best weights W for C = 1, slope of the loss = −lam·W."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % n_classes
    X = rng.normal(size=(n, 2)) + np.eye(n_classes, 2)[labels]
    theta = _optimal_theta_at(1.0, X, labels, n_classes)
    X1 = functions.add_intercept(X)
    error = functions.softmax(X1 @ theta.T) - functions.one_hot(labels, n_classes)
    slope, W = error.T @ X / n, theta[:, 1:]
    lam_of_1 = -np.vdot(slope, W) / np.vdot(W, W)
    return float(lam_of_1 / lam)


def _optimal_theta_at(C: float, X: Any, labels: Any, K: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=C, solver="newton-cg", tol=1e-10, max_iter=1000).fit(X, labels)
    theta = np.column_stack([model.intercept_, model.coef_])
    return np.vstack([-theta, theta]) / 2 if K == 2 else theta


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
    misconceptions=(
        Misconception(
            "two classes forgotten",
            lambda lam, n, n_classes: 1 / (n * lam),
            "Right for three classes or more. For two, scikit-learn has one row of weights and the "
            "softmax has two, each half as long: what happens to the sum of squares?",
        ),
        Misconception(
            "factor 2 for every K",
            lambda lam, n, n_classes: 2 / (n * lam),
            "The 2 belongs to two classes only. From three on, both programs have K rows of weights.",
        ),
        Misconception(
            "factor K",
            lambda lam, n, n_classes: n_classes / (n * lam),
            "The factor for two classes is 2, but it is not K. From three classes on it is 1.",
        ),
        Misconception(
            "half for two classes",
            lambda lam, n, n_classes: (0.5 if n_classes == 2 else 1) / (n * lam),
            "For two classes your factor is the wrong way up: λ = 2/(nC).",
        ),
        Misconception(
            "n forgotten",
            lambda lam, n, n_classes: (2 if n_classes == 2 else 1) / lam,
            "You left out n. scikit-learn sums the losses and this course takes their mean.",
        ),
        Misconception(
            "n and two classes forgotten",
            lambda lam, n, n_classes: 1 / lam,
            "You left out n. scikit-learn sums the losses and this course takes their mean.",
        ),
        Misconception(
            "n on the wrong side",
            lambda lam, n, n_classes: (2 if n_classes == 2 else 1) * n / lam,
            "n is on the wrong side: the sum of n losses is n times their mean, so C must be n times "
            "smaller.",
        ),
        Misconception(
            "upside down",
            lambda lam, n, n_classes: n * lam / (2 if n_classes == 2 else 1),
            "This is 1/C. A large λ and a small C both mean a strong penalty.",
        ),
        Misconception(
            "upside down, two classes forgotten",
            lambda lam, n, n_classes: n * lam,
            "This is 1/C. A large λ and a small C both mean a strong penalty.",
        ),
        Misconception(
            "divided by n, times lam",
            lambda lam, n, n_classes: lam / n,
            "This is λ/n. Python reads `1 / n * lam` from left to right: put the denominator into "
            "brackets, so that a large λ gives a small C.",
        ),
        Misconception(
            "lam itself",
            lambda lam, n, n_classes: lam,
            "λ multiplies the penalty and C the losses, so one is the other's reciprocal, up to n.",
        ),
    ),
)

EXERCISES = (STANDARDIZE, ENCODE_LABELS, SOFTMAX_CLASSIFIER, LAM_TO_C)
