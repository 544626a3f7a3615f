"""What the exercises of lesson 03 accept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from utils.drives import one_hot_then_scale
from utils.judge import Arguments, Exercise, Group, Misconception, listed

LN3 = np.log(3.0)
TINY = ("1e-9", "1e-12", "1e-10", "1e-8", "1e-15", "1e-7")  # as published code has them


# --- 03.1 one_hot --------------------------------------------------------------------------------


def _all_occur(rng: np.random.Generator) -> list[Arguments]:
    mixed = rng.permutation(np.concatenate([np.arange(4), rng.integers(4, size=3)]))
    return [(np.array([1, 2, 0]), 3), (np.array([1, 0, 0, 1, 0]), 2), (mixed, 4)]


def _some_missing(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([1, 0]), 3),
        (np.array([2, 0, 2]), 4),
        (np.array([5]), 7),
        (rng.integers(3, size=6), 9),
    ]


def _scaled(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([1, 2, 0]), 3, 0.9), (rng.permutation(5), 5, 0.75)]


def _one_hot(y: Any, n_classes: int, scale: float = 1) -> Any:
    from scipy import sparse

    n = len(y)
    entries = np.full(n, float(scale)), (np.arange(n), y)
    return sparse.coo_array(entries, shape=(n, n_classes)).toarray()


def _whole_rows(y: Any, n_classes: int) -> Any:
    Y = np.zeros((len(y), n_classes))
    Y[y, :] = 1
    return Y


def _loops_over_labels(y: Any, n_classes: int) -> Any:
    Y = np.zeros((len(y), n_classes))
    for i in y:
        Y[i, y[i]] = 1
    return Y


def _one_hot_law(arguments: Arguments, Y: Any) -> str | None:
    y, n_classes = arguments[:2]
    for i, (label, row) in enumerate(zip(y, Y, strict=True)):
        if not np.allclose(row, np.arange(n_classes) == label):
            return f"y[{i}] is {label}: row {i} should hold a 1 in column {label} and 0 elsewhere"
    return None


def _whole_columns(y: Any, n_classes: int) -> Any:
    Y = np.zeros((len(y), n_classes))
    Y[:, y] = 1
    return Y


def _flat_indices(y: Any, n_classes: int) -> Any:
    Y = np.zeros((len(y), n_classes))
    np.put(Y, y, 1)
    return Y


def _swapped_indices(y: Any, n_classes: int) -> Any:
    Y = np.zeros((len(y), n_classes))
    Y[y, np.arange(len(y))] = 1
    return Y


def _label_as_entry(y: Any, n_classes: int) -> Any:
    Y = np.zeros((len(y), n_classes))
    Y[np.arange(len(y)), y] = y
    return Y


# --- 03.2 cross_entropy --------------------------------------------------------------------------


def _few(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, LN3]]), np.array([1])),
        (np.array([[2.0, 1.0, 0.1]]), np.array([0])),
        (np.array([[0.0, LN3], [0.5, 0.5]]), np.array([1, 0])),
        (rng.normal(size=(3, 3)), np.array([1, 2, 0])),
        (rng.normal(scale=2, size=(3, 5)), np.array([4, 0, 2])),
        (rng.normal(scale=2, size=(6, 4)), np.array([2, 0, 3, 3, 1, 0])),
    ]


def _far(rng: np.random.Generator) -> list[Arguments]:
    near = rng.normal(size=(2, 3))
    return [
        (np.array([[0.0, 69.1]]), np.array([0])),
        (np.array([[0.0, 1000.0]]), np.array([0])),
        (np.array([[0.0, 1000.0], [0.0, 1000.0]]), np.array([1, 0])),
        (np.array([[-1000.0, -1000.0 - LN3]]), np.array([1])),
        (np.vstack([near, near - 800]), np.array([2, 0, 1, 0])),
        (np.array([[1000.0, -1000.0, 0.0], [3.0, 1.0, 2.0]]), np.array([1, 0])),
    ]


def _log_softmax(z: Any, axis: int = -1) -> Any:
    from scipy import special

    return special.log_softmax(z, axis=axis)


def _softmax(z: Any, axis: int = -1) -> Any:
    from scipy import special

    return special.softmax(z, axis=axis)


def _losses(logits: Any, y: Any) -> list[Any]:
    """Return the loss of each example by itself: log-sum-exp minus the true class's score."""
    from scipy import special

    return [special.logsumexp(row) - row[label] for row, label in zip(logits, y, strict=True)]


def _cross_entropy(logits: Any, y: Any) -> Any:
    return np.mean(_losses(logits, y))


def _loss_law(losses: Callable[..., Any], arguments: Arguments, loss: Any) -> str | None:
    """Say what is visibly wrong with a mean loss."""
    each = losses(*arguments)
    if not np.isfinite(loss):
        return f"the loss came out as {loss}; every loss here is finite"
    if loss < 0:
        return "minus the logarithm of a probability is never negative; yours is"
    if len(each) > 1:
        return f"the losses of the examples, one by one, are {listed(each)}"
    return None


def _true(values: Any, y: Any) -> Any:
    """Return the entry of each row in its label's column."""
    return values[np.arange(len(y)), y]


def _eye(logits: Any, y: Any) -> Any:
    return np.eye(logits.shape[1])[y]


def _ce_naive(logits: Any, y: Any) -> Any:
    e = np.exp(logits)
    return -np.log(_true(e / e.sum(axis=1, keepdims=True), y)).mean()


def _ce_one_max(logits: Any, y: Any) -> Any:
    shifted = logits - logits.max()
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -_true(logs, y).mean()


def _ce_in_place(logits: Any, y: Any) -> Any:
    logits -= logits.max(axis=1, keepdims=True)
    return -_true(_log_softmax(logits), y).mean()


def _ce_epsilon(eps: float, logits: Any, y: Any) -> Any:
    return -np.log(_true(_softmax(logits), y) + eps).mean()


def _ce_per_class(logits: Any, y: Any) -> Any:
    P, Y = _softmax(logits), _eye(logits, y)
    return -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum(axis=1).mean()


def _ce_sigmoids(logits: Any, y: Any) -> Any:
    from scipy import special

    return -special.log_expit(_true(logits, y)).mean()


def _ce_error_rate(logits: Any, y: Any) -> Any:
    return np.mean(logits.argmax(axis=1) != y)


def _ce_entropy(logits: Any, y: Any) -> Any:
    P = _softmax(logits)
    return -(P * _log_softmax(logits)).sum(axis=1).mean()


# --- 03.3 binary_cross_entropy -------------------------------------------------------------------


def _few_binary(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([LN3]), np.array([1])),
        (np.array([LN3]), np.array([0])),
        (np.array([0.5]), np.array([1])),
        (np.array([LN3, -1.0]), np.array([0, 1])),
        (np.array([0.5, -2.0, 1.5]), np.array([1, 0, 0])),
        (rng.normal(scale=2, size=7), np.array([0, 1, 1, 0, 1, 0, 0])),
    ]


def _far_binary(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([69.1]), np.array([0])),
        (np.array([-1000.0]), np.array([1])),
        (np.array([1000.0]), np.array([0])),
        (np.array([1000.0, -1000.0]), np.array([1, 1])),
        (np.array([-1000.0, 1000.0, 0.0]), np.array([0, 0, 1])),
        (np.array([800.0, -40.0, 2.0, -900.0]) + rng.normal(), np.array([1, 1, 0, 0])),
        (np.array([40.0]), np.array([1])),
        (np.array([-38.0, 42.0]), np.array([0, 1])),
    ]


def _binary_losses(z: Any, y: Any) -> list[Any]:
    """Return the loss of each example, the small ones to the last digit."""
    from scipy import special

    return list(-special.log_expit(np.where(np.equal(y, 1), z, np.negative(z))))


def _sigmoid(z: Any) -> Any:
    from scipy import special

    return special.expit(z)


def _bce(p: Any, y: Any, eps: float = 0) -> Any:
    """Return each example's loss from its probability, as a textbook writes it."""
    return -(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))


def _bce_epsilon(eps: float, z: Any, y: Any) -> Any:
    return _bce(_sigmoid(z), y, eps).mean()


def _favour(z: Any, y: Any) -> Any:
    """Return the log-odds of what happened."""
    return np.where(y == 1, z, -z)


def _bce_rounded(z: Any, y: Any) -> Any:
    s = _favour(z, y)
    return np.mean(np.maximum(-s, 0) + np.log(1 + np.exp(-np.abs(s))))


def _bce_clipped(limit: float, z: Any, y: Any) -> Any:
    return np.mean(np.log(1 + np.exp(-_favour(np.clip(z, -limit, limit), y))))


def _bce_picked(z: Any, y: Any) -> Any:
    p = _sigmoid(z)
    return -np.log(np.where(y == 1, p, 1 - p)).mean()


# --- 03.4 kl_divergence --------------------------------------------------------------------------


def _two(rng: np.random.Generator) -> list[Arguments]:
    draw = partial(rng.dirichlet, alpha=np.ones(3))
    return [
        (np.array([0.5, 0.5]), np.array([0.25, 0.75])),
        (np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])),
        (0.05 + 0.85 * draw(), 0.05 + 0.85 * draw()),
        (np.array([0.1, 0.9]), np.array([0.1, 0.9])),
    ]


def _tables(rng: np.random.Generator) -> list[Arguments]:
    def rows(n: int, k: int) -> Any:
        return 0.02 + (1 - 0.02 * k) * rng.dirichlet(np.ones(k), size=n)

    small = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])
    return [(small, small[[1, 2, 0]]), (rows(3, 3), rows(3, 3)), (rows(5, 4), rows(5, 4))]


def _zeros(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.0, 1.0]), np.array([0.5, 0.5])),
        (np.array([0.5, 0.5]), np.array([0.0, 1.0])),
        (np.array([0.0, 0.4, 0.6]), np.array([0.0, 0.7, 0.3])),
        (
            np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.3, 0.3, 0.4], [0.0, 0.5, 0.5]]),
            np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.1, 0.5, 0.4], [0.5, 0.5, 0.0]]),
        ),
    ]


def _kl(p: Any, q: Any) -> Any:
    from scipy import special

    return (special.xlogy(p, p) - special.xlogy(p, q)).sum(axis=-1)


def _kl_law(arguments: Arguments, result: Any) -> str | None:
    expected = _kl(*arguments)
    if (np.isnan(result) & ~np.isnan(expected)).any():
        return "a divergence came out as nan; a class with p = 0 adds nothing, whatever q is"
    if (np.isfinite(result) & np.isinf(expected)).any():
        return "where q says 0 and p does not, the divergence is infinite"
    if (result < -1e-9).any():
        return f"a divergence is never negative; yours is {listed(result[result < 0])}"
    return None


def _terms(p: Any, q: Any) -> Any:
    return p * np.log(p / q)


def _jensen_shannon(p: Any, q: Any) -> Any:
    return (_kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)) / 2


def _kl_epsilon(eps: float, p: Any, q: Any) -> Any:
    return (p * np.log((p + eps) / (q + eps))).sum(axis=-1)


def _kl_epsilon_q(eps: float, p: Any, q: Any) -> Any:
    return (p * np.log(p / (q + eps))).sum(axis=-1)


def _kl_large_number(p: Any, q: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(_terms(p, q)).sum(axis=-1)


def _kl_common_only(p: Any, q: Any) -> Any:
    both = (p > 0) & (q > 0)
    return np.where(both, p * np.log(np.where(both, p, 1) / np.where(both, q, 1)), 0).sum(axis=-1)


EXERCISES = (
    Exercise(
        number="03.1",
        call="one_hot(y, n_classes)",
        groups=(
            Group("a 1 in the label's own column, 0 elsewhere", 1, _all_occur, _one_hot_law),
            Group(
                "a column for every class, even one that no label names",
                1,
                _some_missing,
                _one_hot_law,
            ),
            Group("the entries are floats: Y *= 0.9 works", 1, _scaled),
        ),
        oracle=_one_hot,
        drive=one_hot_then_scale,
        forbids=(
            "utils.one_hot",
            "utils.functions.one_hot",
            "sklearn.preprocessing.OneHotEncoder",
            "sklearn.preprocessing.LabelBinarizer",
            "sklearn.preprocessing.label_binarize",
        ),
        misconceptions=(
            Misconception(
                "K taken from y.max()",
                lambda y, n_classes: np.eye(y.max() + 1)[y],
                "You took the number of columns from the largest label. A batch may lack the last "
                "classes; n_classes says how many there are.",
            ),
            Misconception(
                "columns for the labels that occur",
                lambda y, n_classes: (y[:, None] == np.unique(y)).astype(float),
                "You made a column for each label that occurs. A class that is missing from this "
                "batch still has its column: n_classes says how many there are.",
            ),
            Misconception(
                "integers",
                lambda y, n_classes: np.eye(n_classes, dtype=int)[y],
                "The places are right, but the entries are integers (or booleans), which cannot "
                "hold the fractions that arithmetic with probabilities makes. Let them be floats.",
            ),
            Misconception(
                "labels counted from 1",
                lambda y, n_classes: np.eye(n_classes)[y - 1],
                "Every 1 stands one column too far to the left, and label 0 wraps round to the last "
                "column. Labels here start at 0, as columns do.",
            ),
            Misconception(
                "one column too many",
                lambda y, n_classes: np.eye(n_classes + 1)[y],
                "You have one column too many. Labels 0 to n_classes − 1 are n_classes labels.",
            ),
            Misconception(
                "transposed",
                lambda y, n_classes: np.eye(n_classes)[:, y],
                "Your classes lie along the rows. Each row is one example, each column a class.",
            ),
            Misconception(
                "row and column swapped",
                _swapped_indices,
                "You use the label as the row. The example's place says which row, its label which "
                "column.",
            ),
            Misconception(
                "whole columns",
                _whole_columns,
                "`Y[:, y] = 1` fills whole columns, in every row. Each row gets one 1: index with a "
                "pair, the example's place and its label.",
            ),
            Misconception(
                "flat indices",
                _flat_indices,
                "Your labels were used as places in the whole array read from left to right, so all "
                "the 1s land at its beginning. Each row needs its own.",
            ),
            Misconception(
                "the label as the entry",
                _label_as_entry,
                "You wrote the label itself into its column. The column says which class it is; the "
                "entry is always 1.",
            ),
            Misconception(
                "nothing set",
                lambda y, n_classes: np.zeros((len(y), n_classes)),
                "All entries are 0. Each row still needs a 1 in its label's column.",
            ),
            Misconception(
                "one column for each example",
                lambda y, n_classes: np.eye(len(y))[y],
                "Your table has as many columns as there are examples. The columns stand for "
                "classes: there are n_classes of them.",
            ),
            Misconception(
                "whole rows",
                _whole_rows,
                "`Y[y, :]` picks whole rows, and by the label at that. You want one entry for each "
                "example: index with a pair, its row and its label.",
            ),
            Misconception(
                "the example's place instead of its label",
                lambda y, n_classes: np.eye(len(y), n_classes),
                "You put the 1 of row i into column i. Which column it is depends on the label y[i].",
            ),
            Misconception(
                "loops over the labels",
                _loops_over_labels,
                "`for i in y` runs over the labels, and you use them as row numbers. Run over the "
                "examples: row 0, 1, 2 …, whatever their labels.",
            ),
            Misconception(
                "labels sorted",
                lambda y, n_classes: np.eye(n_classes)[np.sort(y)],
                "You sorted the labels, and now they belong to other examples. Keep their order.",
            ),
            Misconception(
                "ones and zeros exchanged",
                lambda y, n_classes: 1 - np.eye(n_classes)[y],
                "Zeros and ones are exchanged: the label's own column is the one that gets the 1.",
            ),
        ),
    ),
    Exercise(
        number="03.2",
        call="cross_entropy(logits, y)",
        groups=(
            Group("the mean of −log p of the true classes", 2, _few, partial(_loss_law, _losses)),
            Group(
                "finite and right for scores of ±1000 and for rows 800 apart",
                2,
                _far,
                partial(_loss_law, _losses),
            ),
        ),
        oracle=_cross_entropy,
        forbids=(
            "utils.cross_entropy",
            "utils.functions.cross_entropy",
            "sklearn.metrics.log_loss",
        ),
        misconceptions=(
            Misconception(
                "sum instead of mean",
                lambda z, y: -_true(_log_softmax(z), y).sum(),
                "You added the losses up. Their mean does not grow with the number of examples, so "
                "a batch of 10 and one of 1000 can be compared.",
            ),
            Misconception(
                "mean over all entries",
                lambda z, y: -(_eye(z, y) * _log_softmax(z)).mean(),
                "You took the mean over all n·K entries, and most of them are zeros of the one-hot "
                "rows: the loss is K times too small. Sum over the classes first, then take the "
                "mean over the examples.",
            ),
            Misconception(
                "missing minus",
                lambda z, y: _true(_log_softmax(z), y).mean(),
                "The minus is missing. A log-probability is at most 0, so a loss is at least 0.",
            ),
            Misconception(
                "not averaged",
                lambda z, y: -_true(_log_softmax(z), y),
                "You return one loss for each example. Return their mean, a single number.",
            ),
            Misconception(
                "base 2",
                lambda z, y: -_true(_log_softmax(z), y).mean() / np.log(2),
                "You measure in bits (log2). This course measures in nats: the natural logarithm.",
            ),
            Misconception(
                "base 10",
                lambda z, y: -_true(_log_softmax(z), y).mean() / np.log(10),
                "You used log10. This course measures in nats: the natural logarithm.",
            ),
            Misconception(
                "expects probabilities",
                lambda z, y: -np.log(_true(z, y)).mean(),
                "You took the logarithm of the scores themselves, as if they were probabilities. "
                "They are logits, of any sign and size: the softmax is still to come.",
            ),
            Misconception(
                "no log-sum-exp",
                lambda z, y: -_true(z, y).mean(),
                "You return minus the true class's score. The score of the true class counts only "
                "against the others: the log-sum-exp of the row is missing.",
            ),
            Misconception(
                "softmax twice",
                lambda z, y: -_true(_log_softmax(_softmax(z)), y).mean(),
                "You took the softmax twice. Its first result lies between 0 and 1, so the second "
                "is nearly flat and the loss can neither get small nor large.",
            ),
            Misconception(
                "softmax over the wrong axis",
                lambda z, y: -_true(_log_softmax(z, axis=0), y).mean(),
                "You normalised over axis 0, so the examples compete with each other. Each row is "
                "one example: normalise along the last axis.",
            ),
            Misconception(
                "every example with every label",
                lambda z, y: -_log_softmax(z)[:, y].mean(),
                "`[:, y]` picks all of those columns from every row, n × n numbers. You want one "
                "number from each row: index with a pair, the example's place and its label.",
            ),
            Misconception(
                "labels pick rows",
                lambda z, y: -_log_softmax(z)[y].mean(),
                "`[y]` uses the labels as rows. The example's place says which row, its label which "
                "column.",
            ),
            Misconception(
                "row and column swapped",
                lambda z, y: -_log_softmax(z)[y, np.arange(len(y))].mean(),
                "You index with the label first. Rows are examples, columns are classes: the "
                "example's place comes first, its label second.",
            ),
            Misconception(
                "one-hot transposed",
                lambda z, y: -(_eye(z, y).T * _log_softmax(z)).sum(axis=1).mean(),
                "Your one-hot labels lie on their side. Both factors need the shape (n, K): one "
                "row for each example.",
            ),
            Misconception(
                "labels counted from 1",
                lambda z, y: -_true(_log_softmax(z), y - 1).mean(),
                "You look one column to the left of the true class, and label 0 wraps round to the "
                "last one. Labels start at 0, as columns do.",
            ),
            Misconception(
                "the predicted class instead of the true one",
                lambda z, y: -_log_softmax(z).max(axis=1).mean(),
                "You score the class that the model likes best, whatever happened. The loss is about "
                "the probability of the class that y names.",
            ),
            Misconception(
                "entropy of the prediction",
                _ce_entropy,
                "You weight the log-probabilities with the model's own probabilities: that is its "
                "entropy, and y plays no part. The weights are the one-hot labels.",
            ),
            Misconception(
                "no logarithm",
                lambda z, y: -_true(_softmax(z), y).mean(),
                "You average the probabilities of the true classes. The loss averages their "
                "logarithms, which is what makes a confident mistake expensive.",
            ),
            Misconception(
                "one minus the probability",
                lambda z, y: 1 - _true(_softmax(z), y).mean(),
                "You average 1 − p. The loss is −log p, which is what makes a confident mistake "
                "expensive.",
            ),
            Misconception(
                "y ignored",
                lambda z, y: -_log_softmax(z).mean(),
                "You average the log-probabilities of all classes, and y plays no part. From each row "
                "take the one in the column that y names.",
            ),
            Misconception(
                "exponential of the loss",
                lambda z, y: np.exp(_cross_entropy(z, y)),
                "You took the exponential of the loss, which is called the perplexity. The loss itself "
                "is wanted.",
            ),
            Misconception(
                "error rate",
                _ce_error_rate,
                "This is the share of wrong decisions. The cross-entropy also asks how probable the "
                "true class was.",
            ),
            Misconception(
                "log of the mean",
                lambda z, y: -np.log(_true(_softmax(z), y).mean()),
                "You average the probabilities first and take the logarithm of that. Each example "
                "has its own loss: logarithm first, mean afterwards.",
            ),
            Misconception(
                "squared error",
                lambda z, y: ((_softmax(z) - _eye(z, y)) ** 2).sum(axis=1).mean(),
                "This is the squared error between probabilities and one-hot labels. The "
                "cross-entropy takes the logarithm of one probability.",
            ),
            Misconception(
                "a yes/no loss for every class",
                _ce_per_class,
                "You added the terms (1 − Y)·log(1 − P) for the other classes. They belong to K "
                "separate yes/no questions; with a softmax the true class alone is scored.",
            ),
            Misconception(
                "a sigmoid instead of the softmax",
                _ce_sigmoids,
                "You took the sigmoid of the true class's score, so the other scores play no part. "
                "With K classes it takes a softmax.",
            ),
            Misconception(
                "changes its input",
                _ce_in_place,
                "Your loss is right, but the caller's scores are different afterwards: `-=` works "
                "in place. Write `logits = logits - …` instead.",
            ),
            Misconception(
                "log of the softmax",
                lambda z, y: -np.log(_true(_softmax(z), y)).mean(),
                "The probability has already been rounded to 0 when you take its logarithm. Stay "
                "with the scores: lesson 02 built the log-softmax for this.",
            ),
            Misconception(
                "log of the softmax, without a shift",
                _ce_naive,
                "exp(1000) overflows, and then you take the logarithm of 0 or of nan. Stay with the "
                "scores: lesson 02 built the log-softmax for this.",
            ),
            Misconception(
                "one maximum for the whole matrix",
                _ce_one_max,
                "You subtract one maximum from the whole matrix. In a row far below it every "
                "exponential is 0, and log 0 is -inf. Each row needs its own maximum.",
            ),
            *(
                Misconception(
                    f"{tiny} inside the logarithm",
                    partial(_ce_epsilon, float(tiny)),
                    f"The number {tiny} inside your logarithm (added, or as a lower limit) caps "
                    f"every loss at {-np.log(float(tiny)):.1f}: the worst mistakes all look alike. Work "
                    "from the scores, and no such number is needed.",
                )
                for tiny in TINY
            ),
        ),
    ),
    Exercise(
        number="03.3",
        call="binary_cross_entropy(z, y)",
        groups=(
            Group(
                "the mean of −log p of what happened",
                2,
                _few_binary,
                partial(_loss_law, _binary_losses),
            ),
            Group(
                "exact for log-odds of ±1000, and where the loss is tiny",
                1,
                _far_binary,
                partial(_loss_law, _binary_losses),
            ),
        ),
        oracle=lambda z, y: np.mean(_binary_losses(z, y)),
        forbids=(
            "utils.binary_cross_entropy",
            "utils.functions.binary_cross_entropy",
            "utils.cross_entropy",
            "utils.functions.cross_entropy",
            "utils.log_sigmoid",
            "utils.functions.log_sigmoid",
            "scipy.special.log_expit",
            "sklearn.metrics.log_loss",
        ),
        atol=1e-25,  # a loss of 4.2e-18 counts
        misconceptions=(
            Misconception(
                "only the y = 1 term",
                lambda z, y: (-y * np.log(_sigmoid(z))).mean(),
                "Examples with label 0 cost nothing in your loss, so a model that always says yes "
                "would be perfect. The second term, for label 0, is missing.",
            ),
            Misconception(
                "only the y = 0 term",
                lambda z, y: (-(1 - y) * np.log(1 - _sigmoid(z))).mean(),
                "Examples with label 1 cost nothing in your loss. The term for label 1 is missing.",
            ),
            Misconception(
                "y ignored",
                lambda z, y: -np.log(_sigmoid(z)).mean(),
                "You treat every example as a yes. For label 0 it is the probability of no, "
                "1 − p, that counts.",
            ),
            Misconception(
                "missing minus",
                lambda z, y: -_bce(_sigmoid(z), y).mean(),
                "The minus is missing. A log-probability is at most 0, so a loss is at least 0.",
            ),
            Misconception(
                "minus on the first term only",
                lambda z, y: (-y * np.log(_sigmoid(z)) + (1 - y) * np.log(1 - _sigmoid(z))).mean(),
                "Your minus reaches the first term only, so a label 0 lowers the loss. It belongs "
                "in front of both: put the sum in brackets.",
            ),
            Misconception(
                "sum instead of mean",
                lambda z, y: _bce(_sigmoid(z), y).sum(),
                "You added the losses up. Their mean does not grow with the number of examples.",
            ),
            Misconception(
                "not averaged",
                lambda z, y: _bce(_sigmoid(z), y),
                "You return one loss for each example. Return their mean, a single number.",
            ),
            Misconception(
                "base 2",
                lambda z, y: _bce(_sigmoid(z), y).mean() / np.log(2),
                "You measure in bits (log2). This course measures in nats: the natural logarithm.",
            ),
            Misconception(
                "base 10",
                lambda z, y: _bce(_sigmoid(z), y).mean() / np.log(10),
                "You used log10. This course measures in nats: the natural logarithm.",
            ),
            Misconception(
                "labels exchanged",
                lambda z, y: _bce(_sigmoid(-z), y).mean(),
                "Yes and no are exchanged: a large log-odds means that label 1 is likely, and "
                "should cost little when it comes.",
            ),
            Misconception(
                "expects probabilities",
                lambda z, y: _bce(z, y).mean(),
                "You took the logarithm of z itself, as if it were a probability. z is a log-odds, "
                "of any sign and size: the sigmoid is still to come.",
            ),
            Misconception(
                "sigmoid twice",
                lambda z, y: _bce(_sigmoid(_sigmoid(z)), y).mean(),
                "You took the sigmoid twice. Its first result lies between 0 and 1, so the second "
                "never leaves 0.5 to 0.73.",
            ),
            Misconception(
                "z and y exchanged",
                lambda z, y: _bce(_sigmoid(y), z).mean(),
                "z and y have changed places. z goes through the sigmoid; y says which of the two "
                "logarithms counts.",
            ),
            Misconception(
                "expects labels −1 and +1",
                lambda z, y: np.logaddexp(0, -y * z).mean(),
                "log(1 + exp(−y·z)) is the formula for labels −1 and +1. With y = 0 it gives log 2, "
                "whatever z is. Turn the labels into signs first.",
            ),
            Misconception(
                "every score with every label",
                lambda z, y: _bce(_sigmoid(z), y[:, None]).mean(),
                "A column against a row makes an n × n table: each score was compared with every "
                "label. Both need the shape (n,).",
            ),
            Misconception(
                "a softmax over z and −z",
                lambda z, y: np.logaddexp(0, -2 * (2 * y - 1) * z).mean(),
                "You gave the two classes the scores z and −z. Their difference is 2z, twice the "
                "log-odds. The scores 0 and z have the right difference.",
            ),
            Misconception(
                "log of the mean",
                lambda z, y: -np.log(np.exp(-_bce(_sigmoid(z), y)).mean()),
                "You average the probabilities first and take the logarithm of that. Each example "
                "has its own loss: logarithm first, mean afterwards.",
            ),
            Misconception(
                "only the part with the absolute value",
                lambda z, y: np.mean(np.log1p(np.exp(-np.abs(z)))),
                "With the absolute value alone a mistake costs no more than a success. Where the "
                "log-odds of what happened are negative, a second part is to be added: what you took "
                "out of the bracket.",
            ),
            Misconception(
                "only the part outside the logarithm",
                lambda z, y: np.mean(np.maximum(-_favour(z, y), 0)),
                "You kept what comes out of the bracket and dropped the logarithm. Without it a success "
                "costs nothing, even at 51 %.",
            ),
            Misconception(
                "product for sum",
                lambda z, y: -np.mean(y * np.log(_sigmoid(z)) * (1 - y) * np.log(1 - _sigmoid(z))),
                "You multiply the two terms. One of y and 1 − y is always 0, so the product is, too: "
                "add them.",
            ),
            *(
                Misconception(
                    f"clipped to ±{limit}",
                    partial(_bce_clipped, limit),
                    f"You clip the log-odds to ±{limit}, so every worse mistake costs the same. Leave "
                    "them as they are, and see to it that no exponent is positive.",
                )
                for limit in (20, 30, 50, 100, 500, 700, 709)
            ),
            Misconception(
                "1 plus a tiny number is rounded",
                _bce_rounded,
                "Right at ±1000. Where the model was sure and right, 1 + exp(−40) is rounded to 1, and "
                "the small loss to 0. There is a function for log(1 + x), and one for log(eᵃ + eᵇ).",
            ),
            Misconception(
                "a difference of near equals",
                lambda z, y: np.mean(np.logaddexp(0, z) - y * z),
                "Right at ±1000. For y = 1 and z = 40 you subtract two numbers that agree to the last "
                "digit, and the small loss is gone. Decide on the sign first: then nothing is "
                "subtracted.",
            ),
            Misconception(
                "squared error",
                lambda z, y: ((_sigmoid(z) - y) ** 2).mean(),
                "This is the squared error. The cross-entropy takes the logarithm of the probability "
                "of what happened.",
            ),
            Misconception(
                "through the probabilities",
                lambda z, y: _bce(_sigmoid(z), y).mean(),
                "Far out, p is rounded to 0 or 1; log 0 is -inf, and 0 times it is nan. Work from "
                "z: minus the log of σ(z) is log(1 + exp(−z)), and its exponent can be kept "
                "negative.",
            ),
            Misconception(
                "through the probability that counts",
                _bce_picked,
                "Picking the probability that counts avoids 0·inf, but it has already been rounded "
                "to 0 when you take its logarithm. Work from z: minus the log of σ(z) is "
                "log(1 + exp(−z)), and its exponent can be kept negative.",
            ),
            Misconception(
                "exponential not kept small",
                lambda z, y: -np.log(_sigmoid(np.where(y == 1, z, -z))).mean(),
                "Minus the log of σ(s), with s = z for label 1 and s = −z for label 0, is the right "
                "idea, and it survives 69.1. At 1000 the exponential leaves the floats: see to it "
                "that no exponent is positive.",
            ),
            Misconception(
                "exp overflows",
                lambda z, y: (np.log(1 + np.exp(z)) - y * z).mean(),
                "log(1 + exp(z)) is right on paper, and exp(1000) is inf. For positive z take a "
                "factor exp(z) out of the bracket: z comes out of the logarithm, and the exponent "
                "turns negative.",
            ),
            *(
                Misconception(
                    f"{tiny} inside the logarithm",
                    partial(_bce_epsilon, float(tiny)),
                    f"The number {tiny} inside your logarithm (added, or as a lower limit) caps "
                    f"every loss at {-np.log(float(tiny)):.1f}: the worst mistakes all look alike. Work "
                    "from the log-odds, and no such number is needed.",
                )
                for tiny in TINY
            ),
        ),
    ),
    Exercise(
        number="03.4",
        call="kl_divergence(p, q)",
        groups=(
            Group("two distributions", 1, _two, _kl_law),
            Group("one number for each row of two matrices", 1, _tables, _kl_law),
            Group(
                "0·log 0 is 0, and q = 0 < p gives inf, without a warning",
                1,
                _zeros,
                _kl_law,
                quiet=True,
            ),
        ),
        oracle=_kl,
        forbids=(
            "scipy.special.rel_entr",
            "scipy.special.kl_div",
            "scipy.stats.entropy",
        ),
        misconceptions=(
            Misconception(
                "KL(q‖p)",
                lambda p, q: _kl(q, p),
                "This is the divergence the other way round, KL(q‖p). The truth p gives the weights "
                "and stands on top: what happens with probability p is scored.",
            ),
            Misconception(
                "cross-entropy",
                lambda p, q: -(p * np.log(q)).sum(axis=-1),
                "This is the cross-entropy of p and q. The divergence is what is left when the "
                "entropy of p is taken away: for q = p it is 0.",
            ),
            Misconception(
                "entropy",
                lambda p, q: -(p * np.log(p)).sum(axis=-1),
                "This is the entropy of p, and q plays no part.",
            ),
            Misconception(
                "missing minus",
                lambda p, q: -_kl(p, q),
                "A sign is the wrong way round: a divergence is never negative. With log(q/p) it "
                "takes a minus in front, with log(p/q) none.",
            ),
            Misconception(
                "sum of both directions",
                lambda p, q: _kl(p, q) + _kl(q, p),
                "You added both directions. The divergence asked for is not symmetric: p alone "
                "gives the weights.",
            ),
            Misconception(
                "mean of both directions",
                lambda p, q: (_kl(p, q) + _kl(q, p)) / 2,
                "You took the mean of both directions. The divergence asked for is not symmetric: "
                "p alone gives the weights.",
            ),
            Misconception(
                "Jensen–Shannon",
                _jensen_shannon,
                "This is the Jensen–Shannon divergence, which compares both with their average. "
                "Here q itself is compared with p.",
            ),
            Misconception(
                "weighted by q",
                lambda p, q: (q * np.log(p / q)).sum(axis=-1),
                "You weight the log-ratios with q. What happens, happens with probability p: the "
                "truth gives the weights.",
            ),
            Misconception(
                "not weighted",
                lambda p, q: np.log(p / q).sum(axis=-1),
                "You added the log-ratios as they are. Each is weighted with the probability p that "
                "its class comes.",
            ),
            Misconception(
                "mean over the classes",
                lambda p, q: _kl(p, q) / p.shape[-1],
                "You took the mean over the classes. The weights p are a mean already: sum.",
            ),
            Misconception(
                "not summed",
                _terms,
                "You return one term for each class. Sum them along the last axis.",
            ),
            Misconception(
                "base 2",
                lambda p, q: _kl(p, q) / np.log(2),
                "You measure in bits (log2). This course measures in nats: the natural logarithm.",
            ),
            Misconception(
                "base 10",
                lambda p, q: _kl(p, q) / np.log(10),
                "You used log10. This course measures in nats: the natural logarithm.",
            ),
            Misconception(
                "absolute values",
                lambda p, q: np.abs(_terms(p, q)).sum(axis=-1),
                "You took absolute values. Single terms may be negative; only their sum never is.",
            ),
            Misconception(
                "squared difference",
                lambda p, q: ((p - q) ** 2).sum(axis=-1),
                "This is a squared distance. The divergence is the mean, under p, of log(p/q).",
            ),
            Misconception(
                "total variation",
                lambda p, q: np.abs(p - q).sum(axis=-1) / 2,
                "This is the total variation distance. The divergence is the mean, under p, of "
                "log(p/q).",
            ),
            Misconception(
                "expects logits",
                lambda p, q: _kl(_softmax(p), _softmax(q)),
                "p and q are distributions already. You took the softmax of them first.",
            ),
            Misconception(
                "matrices only",
                lambda p, q: _kl(np.atleast_2d(p), np.atleast_2d(q)).sum(axis=1),
                "axis=1 exists for a matrix only. axis=-1 is the last axis of a matrix and of a "
                "single distribution alike.",
            ),
            Misconception(
                "keeps the dimension",
                lambda p, q: _kl(p, q)[..., None],
                "Your sums keep a dimension of length 1. One plain number for each distribution is "
                "wanted.",
            ),
            Misconception(
                "summed over the whole matrix",
                lambda p, q: _terms(p, q).sum(),
                "You added everything up. Each row is a distribution of its own and gets its own "
                "number: sum along the last axis.",
            ),
            Misconception(
                "mean over the rows",
                lambda p, q: np.mean(_kl(p, q)),
                "You averaged the rows into one number. Each row gets its own.",
            ),
            Misconception(
                "wrong axis",
                lambda p, q: _terms(p, q).sum(axis=0),
                "You summed over axis 0. Each row is a distribution: sum along the last axis.",
            ),
            Misconception(
                "0·log 0 is nan",
                lambda p, q: _terms(p, q).sum(axis=-1),
                "log 0 is -inf, and 0 times -inf is nan. A class that never comes (p = 0) adds "
                "nothing: put a 0 there yourself.",
            ),
            Misconception(
                "right, with a warning",
                lambda p, q: np.where(p > 0, _terms(p, q), 0).sum(axis=-1),
                "The values are right. np.where (and np.nansum) choose after everything has been "
                "computed, log 0 included, so NumPy warns. Say with np.errstate that you know, or "
                "compute only where p > 0.",
            ),
            Misconception(
                "right, with a warning at the division",
                lambda p, q: (
                    (
                        p
                        * np.log(
                            p / q, where=p > 0, out=np.zeros(np.shape(p))
                        )  # as learners write it
                    ).sum(axis=-1)
                ),
                "The values are right. The logarithm is taken only where p > 0, but p / q is divided "
                "everywhere, so NumPy warns where q = 0. Say with np.errstate that you know.",
            ),
            Misconception(
                "zeros of p replaced by 1",
                lambda p, q: (p * np.log(np.where(p == 0, 1, p) / q)).sum(axis=-1),
                "You replaced p = 0 by 1 inside the logarithm. Where q is 0 too, that is 0 times inf, "
                "and nan. Let the whole term be 0 where p is.",
            ),
            Misconception(
                "infinite terms left out",
                _kl_common_only,
                "You leave out classes with q = 0 even where p > 0. There q called something "
                "impossible that happens: the divergence is infinite.",
            ),
            Misconception(
                "infinity replaced by a large number, silently",
                _kl_large_number,
                "np.nan_to_num turns nan into 0, as you want, and also inf into a huge number. "
                "Where q = 0 < p the divergence is inf.",
            ),
            Misconception(
                "infinity replaced by a large number",
                lambda p, q: np.nan_to_num(_terms(p, q)).sum(axis=-1),
                "np.nan_to_num turns nan into 0, as you want, and also inf into a huge number. "
                "Where q = 0 < p the divergence is inf.",
            ),
            *(
                Misconception(
                    f"{tiny} added to both",
                    partial(_kl_epsilon, float(tiny)),
                    f"The number {tiny} inside your logarithm (added, or as a lower limit) hides "
                    "the infinity: q = 0 < p has to give inf. Treat p = 0 by itself instead.",
                )
                for tiny in TINY[:4]
            ),
            *(
                Misconception(
                    f"{tiny} added to q",
                    partial(_kl_epsilon_q, float(tiny)),
                    f"The number {tiny} that you add to q hides the infinity (q = 0 < p has to "
                    "give inf), and 0·log 0 is still nan. Treat p = 0 by itself instead.",
                )
                for tiny in TINY[:4]
            ),
        ),
    ),
)
