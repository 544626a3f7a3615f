"""What the exercises of lesson 10 ask for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from course.exercises.common import Array, follows_a_pattern, open_group, softmax
from course.exercises.drives import AGAIN, DRAWS, pull
from course.exercises.readings import centred_scores, of_value, rows_centred
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments, plain

# --- scores that are right up to a number added to a row ------------------------------------------


def _explain_row(oracle: Callable[..., Array], arguments: Arguments, scores: Any) -> str | None:
    """Tell whether scores change wrongly from row to row, or are off by the same in all of them."""
    wanted = oracle(*arguments)
    for i, got in enumerate(scores):
        if not np.isfinite(got).all():
            return f"(finite rows shown less their mean) row {i} has a score that is not finite"
    return f"(shown less each row's mean) {_explain_change(scores.astype(float), wanted)}"


def _explain_change(scores: Array, wanted: Array) -> str:
    off, size = scores - wanted, np.abs(wanted).max()
    if len(scores) == 1:
        return _explain_posterior(0, scores, wanted)
    if np.allclose(off, off[0], rtol=0, atol=1e-5 * max(size, 1)):
        return (
            "from row to row your scores change as they should, but in each row they are off by "
            f"{_numbers(off[0])}: the part that does not depend on x is wrong"
        )
    change, right = scores[1:] - scores[0], wanted[1:] - wanted[0]
    times = (change * right).sum() / (right**2).sum()
    if abs(times) < 1e-6:
        return "your scores are the same in all rows, whatever x is"
    if np.allclose(change, times * right, rtol=0, atol=1e-5 * max(size, 1)):
        return f"from row to row your scores change {times:.4g} times as much as they should"
    i = next(i for i in range(len(off)) if not np.allclose(off[i], 0, rtol=0, atol=1e-6 * size))
    return _explain_posterior(i, scores, wanted)


def _explain_posterior(i: int, scores: Array, wanted: Array) -> str:
    """Tell what a row says by its softmax, or where that hardly differs, of the odds."""
    P, right = softmax(np.stack([scores[i], wanted[i]]))
    if np.allclose(P, right, atol=5e-4):
        a, b = (scores[i] - wanted[i]).argmax(), (scores[i] - wanted[i]).argmin()
        odds, wanted_odds = scores[i, a] - scores[i, b], wanted[i, a] - wanted[i, b]
        return (
            f"in row {i} your score of class {a} is {odds:.4g} more than that of class {b}; "
            f"it should be {wanted_odds:.4g}"
        )
    return (
        f"by your scores row {i} belongs to the classes with probabilities {_numbers(P)}; "
        f"Bayes' rule says {_numbers(right)}"
    )


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{round(float(v), 3) + 0.0:.3f}" for v in values)


# --- 10.1 lda_logits -------------------------------------------------------------------------------


def _lda_scores(X: Array, means: Array, cov: Array, priors: Array) -> Array:
    from scipy import stats

    columns = [stats.multivariate_normal(m, cov).logpdf(X).reshape(len(X)) for m in means]
    return np.stack(columns, axis=1) + np.log(priors)


_lda_oracle = partial(centred_scores, _lda_scores)


def _covariance(rng: np.random.Generator, d: int) -> Array:
    """Return a covariance whose features hang together and have different variances."""
    A = rng.normal(size=(d, d)) + 1.5 * np.diag(np.arange(1, d + 1) ** 0.5)
    return A @ A.T / 2 + np.eye(d)  # no density of the cases rounds to 0


def _lda_case(rng: np.random.Generator, n: int, d: int, priors: list[float] | Array) -> Arguments:
    means = rng.normal(scale=2, size=(len(priors), d))
    return rng.normal(scale=2, size=(n, d)), means, _covariance(rng, d), np.array(priors)


def _equal_priors(rng: np.random.Generator) -> list[Arguments]:
    first = (
        np.array([[2.0, 1.0], [0.0, 3.0]]),
        np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 3.0]]),
        np.array([[2.0, 1.0], [1.0, 3.0]]),
        np.full(3, 1 / 3),
    )
    return [first, _lda_case(rng, 5, 3, np.full(4, 0.25))]


def _unequal_priors(rng: np.random.Generator) -> list[Arguments]:
    first = (
        np.array([[1.0], [0.0], [3.0]]),
        np.array([[0.0], [2.0]]),
        np.array([[0.5]]),
        np.array([0.8, 0.2]),
    )
    return [
        first,
        _lda_case(rng, 6, 4, [0.6, 0.1, 0.3]),
        _lda_case(rng, 3, 2, [0.05, 0.5, 0.2, 0.25]),
        _lda_case(rng, 1, 3, [0.2, 0.7, 0.1]),
    ]


def _far_away(rng: np.random.Generator) -> list[Arguments]:
    means = np.array([[0.0, 1.0], [3.0, -2.0], [-1.0, 4.0]])
    X = np.array([[300.0, -200.0], [-500.0, 150.0]])
    drawn, *others = _lda_case(rng, 3, 2, [0.4, 0.15, 0.25, 0.2])
    return [
        (X, means, np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([0.5, 0.2, 0.3])),
        (drawn + 400 * rng.choice([-1, 1], size=drawn.shape), *others),
    ]


_explain_lda = partial(_explain_row, _lda_oracle)

LDA = Exercise(
    number="10.1",
    call="lda_logits(X, means, cov, priors)",
    oracle=_lda_oracle,
    reads=of_value(rows_centred),
    groups=(
        Group("equal priors", 1, _equal_priors, explains=_explain_lda),
        Group("priors that differ", 1, _unequal_priors, explains=_explain_lda),
        Group("far from every mean", 1, _far_away, explains=_explain_lda),
    ),
)


# --- 10.2 naive_bayes_logits -----------------------------------------------------------------------


def _bayes_scores(X: Array, means: Array, variances: Array, priors: Array) -> Array:
    from scipy import stats

    logs = stats.norm(means, np.sqrt(variances)).logpdf(X[:, None])  # (n, K, d)
    scores: Array = logs.sum(axis=-1) + np.log(priors)
    return scores


_bayes_oracle = partial(centred_scores, _bayes_scores)


def _bayes_case(
    rng: np.random.Generator, n: int, d: int, priors: list[float], shared: bool
) -> Arguments:
    K = len(priors)
    means, X = rng.normal(scale=2, size=(K, d)), rng.normal(scale=2, size=(n, d))
    variances = rng.uniform(0.3, 4, size=(1 if shared else K, d)) * np.ones((K, 1))
    return X, means, variances, np.array(priors)


def _same_spread(rng: np.random.Generator) -> list[Arguments]:
    first = (
        np.array([[1.0, 2.0], [3.0, 0.0]]),
        np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]]),
        np.tile([4.0, 0.5], (3, 1)),
        np.array([0.5, 0.3, 0.2]),
    )
    return [first, _bayes_case(rng, 5, 3, [0.5, 0.1, 0.15, 0.25], shared=True)]


def _own_spread(rng: np.random.Generator) -> list[Arguments]:
    first = (
        np.array([[0.0], [3.0]]),
        np.array([[0.0], [0.0], [1.0]]),
        np.array([[0.25], [4.0], [9.0]]),
        np.array([0.5, 0.25, 0.25]),
    )
    return [
        first,
        _bayes_case(rng, 6, 4, [0.6, 0.1, 0.3], shared=False),
        _bayes_case(rng, 1, 3, [0.3, 0.2, 0.1, 0.4], shared=False),
    ]


def _many_features(rng: np.random.Generator) -> list[Arguments]:
    d = 400
    means = np.stack([np.zeros(d), np.full(d, 0.5), np.tile([1.0, -1.0], d // 2)])
    variances = np.stack([np.full(d, 1.0), np.full(d, 1.5), np.full(d, 2.0)])
    # So far out that every product is 0, with the 2π of the densities or without.
    X = np.stack([np.full(d, 4.0), np.tile([5.0, -3.0], d // 2)])
    drawn, *others = _bayes_case(rng, 3, d, [0.4, 0.1, 0.5], shared=False)
    far, *with_far = _bayes_case(rng, 3, 4, [0.5, 0.2, 0.3], shared=False)
    far[:, int(rng.integers(4))] += 200  # of one feature alone each density rounds to 0
    return [
        (X, means, variances, np.array([0.2, 0.5, 0.3])),
        (5 * drawn, *others),
        (far, *with_far),
    ]


_explain_bayes = partial(_explain_row, _bayes_oracle)

NAIVE_BAYES = Exercise(
    number="10.2",
    call="naive_bayes_logits(X, means, variances, priors)",
    oracle=_bayes_oracle,
    reads=of_value(rows_centred),
    groups=(
        Group("all classes spread alike", 1, _same_spread, explains=_explain_bayes),
        Group("each class with its own variances", 1, _own_spread, explains=_explain_bayes),
        Group(
            "400 features, or one far out: finite scores",
            1,
            _many_features,
            explains=_explain_bayes,
        ),
    ),
)


# --- 10.3 softmax_policy ---------------------------------------------------------------------------

_SLACK = 0.09  # four standard deviations of a share of 600 draws, and a little


def _moderate(rng: np.random.Generator) -> list[Arguments]:
    seed = int(rng.integers(1000))
    return [
        (np.array([2.0, 1.0, 0.1]), 1.0, seed),
        (np.array([0.5, -0.5, -1.5, 0.3]), 1.0, seed),  # best first; last in the next group
        (np.array([3.5] + 23 * [0.0]), 1.0, seed),  # other noise than Gumbel's, small chances
    ]


def _warm_and_cold(rng: np.random.Generator) -> list[Arguments]:
    seed = int(rng.integers(1000))
    return [
        (np.array([0.0, 0.4, 1.0]), 0.4, seed),
        (np.array([1.0, 4.0, -2.0, 0.0, 5.0]), 5.0, seed),
    ]


def _huge(rng: np.random.Generator) -> list[Arguments]:
    seed = int(rng.integers(1000))
    return [
        (np.array([1000.0, 1001.0, 998.0]), 1.0, seed),
        (np.array([-3.0, -5.0, -3.5]), 1e-3, seed),
        (np.array([0.0, 0.015, 0.005]), 0.01, seed),  # a low temperature that is not greedy
    ]


def _three_passes(value: Any) -> bool:
    shapes = [(DRAWS,), (AGAIN,), (AGAIN,)]
    return isinstance(value, tuple) and [np.shape(v) for v in value] == shapes


@np.errstate(all="ignore")  # a notebook may have made errors of NumPy's warnings
def _explain_draws(arguments: Arguments, value: Any) -> str | None:
    q, T, _ = arguments
    K = len(q)
    if not _three_passes(value):
        return f"return one arm: a whole number from 0 to {K - 1}"
    draws, again, other = value
    outside = [arm for arm in draws if arm not in range(K)]
    if outside:
        return f"arms are the whole numbers 0 to {K - 1}; you returned {outside[0]:g}"
    p = softmax(q / T)
    shares = np.bincount(draws.astype(int), minlength=K) / len(draws)
    worst = int(np.abs(shares - p).argmax())
    if abs(shares[worst] - p[worst]) > _SLACK:
        if shares.max() == 1:
            return (
                f"every one of {DRAWS} draws gave arm {shares.argmax()}; its probability is "
                f"{p[shares.argmax()]:.0%}"
            )
        return (
            f"in {DRAWS} draws arm {worst} came in {shares[worst]:.0%}; its probability is "
            f"{p[worst]:.0%}"
        )
    if not np.array_equal(draws[:AGAIN], again):
        return "two generators with the same seed drew different arms"
    if p.max() < 0.9 and np.array_equal(again, other):
        return "two generators with different seeds drew the same arms"
    if follows_a_pattern(draws, p):
        return "your draws follow a pattern: draw each anew, with rng"
    return None


@np.errstate(all="ignore")
def _shares_and_facts(arguments: Arguments, value: Any) -> Any:
    """Return what two answers with the same mistake share, whatever they drew."""
    if not _three_passes(value):
        return plain(value)
    q, T, _ = arguments
    draws, again, other = value
    shares = np.array([np.mean(draws == place) for place in range(len(q) + 1)])
    right = np.append(softmax(q / T), 0.0)
    if np.abs(shares - right).max() <= _SLACK:
        shares = right  # two that are right to within chance are alike
    facts = [
        np.array_equal(draws[:AGAIN], again),
        np.array_equal(again, other),
        all(arm == int(arm) for arm in draws),
    ]
    return shares, np.array(facts, dtype=float)


POLICY = Exercise(
    number="10.3",
    call="softmax_policy(q, T, rng)",
    drive=pull,
    signature=_shares_and_facts,
    rtol=0.0,
    atol=_SLACK,
    groups=(
        open_group("each arm as often as its probability, T = 1", 1, _moderate, _explain_draws),
        open_group("lower and higher temperatures", 1, _warm_and_cold, _explain_draws),
        open_group("large values, and a very low temperature", 1, _huge, _explain_draws),
    ),
)


# --- 10.4 attention --------------------------------------------------------------------------------


def _attention_oracle(Q: Array, K: Array, V: Array) -> Array:
    rows = [softmax(np.array([np.dot(q, k) / len(q) ** 0.5 for k in K])) for q in Q]
    return np.array([np.average(V, axis=0, weights=w) for w in rows])


def _attention_case(rng: np.random.Generator, m: int, n: int, d: int, v: int) -> Arguments:
    return rng.normal(size=(m, d)), rng.normal(size=(n, d)), 3 * rng.normal(size=(n, v))


def _one_number(rng: np.random.Generator) -> list[Arguments]:
    log3 = float(np.log(3))
    first = (
        np.array([[1.0], [0.0]]),
        np.array([[0.0], [log3], [log3]]),
        np.diag([7.0, 14.0, 7.0]),
    )
    return [first, _attention_case(rng, 5, 3, 1, 4), _attention_case(rng, 3, 3, 1, 2)]


def _several_features(rng: np.random.Generator) -> list[Arguments]:
    first = (
        np.array([[1.0, 1.0, 1.0, 1.0]]),
        np.array([[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]]),
        np.array([[0.0], [10.0]]),
    )
    return [first, _attention_case(rng, 4, 6, 9, 3), _attention_case(rng, 5, 5, 7, 2)]


def _large_scores(rng: np.random.Generator) -> list[Arguments]:
    Q, K, V = _attention_case(rng, 2, 4, 16, 3)
    return [
        (
            np.array([[1200.0, 1201.0], [-402.0, -400.0]]),
            np.array([[1.0, 0.0], [0.0, 1.0]]),
            np.array([[1.0], [3.0]]),
        ),
        (2000 * Q, 20 * K, V),
    ]


def _explain_average(arguments: Arguments, result: Any) -> str | None:
    V = arguments[2]
    if not np.isfinite(result).all():
        return "a result is not finite"
    weights = _weights(V, result.astype(float))
    if weights is not None and not np.allclose(weights.sum(axis=1), 1, atol=1e-5):
        i = int(np.abs(weights.sum(axis=1) - 1).argmax())
        return (
            f"query {i} weights the rows of V by numbers that sum to {weights[i].sum():.4g}, not 1"
        )
    for j in range(V.shape[1]):
        low, high = V[:, j].min(), V[:, j].max()
        beyond = result[:, j][(result[:, j] < low - 1e-6) | (result[:, j] > high + 1e-6)]
        if len(beyond):
            return (
                f"column {j} of V runs from {low:.3g} to {high:.3g}, but your result has "
                f"{beyond[0]:.3g}: that is no average of its rows"
            )
    if weights is None and len(V) == V.shape[1] + 1:  # together with their sum they can be told
        weights = _weights(
            np.column_stack([V, np.ones(len(V))]), np.insert(result, V.shape[1], 1.0, 1)
        )
    return None if weights is None else _explain_weights(arguments[0], arguments[1], weights)


def _weights(V: Array, result: Array) -> Array | None:
    """Return the weights with which rows of V were averaged; None if that cannot be told."""
    if np.linalg.matrix_rank(V) < len(V):
        return None
    weights = result @ np.linalg.pinv(V)
    return weights if np.allclose(weights @ V, result, atol=1e-6) else None


def _explain_weights(Q: Array, K: Array, weights: Array) -> str | None:
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    for i, (got, wanted, z) in enumerate(zip(weights, softmax(scores), scores, strict=True)):
        if np.allclose(got, wanted, atol=1e-6):
            continue
        top = int(z.argmax())
        off = np.abs(got - wanted)
        off[top] = -1
        other = int(off.argmax())
        said = f"query {i} gives keys {top} and {other} weights {got[top]:.4g} and {got[other]:.4g}"
        if min(got[top], got[other]) <= 1e-12:
            return f"{said}, not {wanted[top]:.4g} and {wanted[other]:.4g}"
        apart = np.round(np.log(got[top] / got[other]), 9) + 0.0
        return f"{said}, as for scores {apart:.4g} apart; theirs are {z[top] - z[other]:.4g} apart"
    return None


ATTENTION = Exercise(
    number="10.4",
    call="attention(Q, K, V)",
    oracle=_attention_oracle,
    groups=(
        Group("an average of the rows of V", 1, _one_number, explains=_explain_average),
        Group("several features", 1, _several_features, explains=_explain_average),
        Group("large scores stay finite", 1, _large_scores, explains=_explain_average),
    ),
)


# --- 10.5 policy_regret ----------------------------------------------------------------------------


def _regret_oracle(q: Array, T: float) -> float:
    return math.fsum(p * (max(q) - value) for p, value in zip(softmax(q / T), q, strict=True))


def _known_values(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.0, 1.0]), 0.5),
        (np.array([-1.0, -3.0, -2.5]), 2.0),
        (rng.uniform(-2, 3, size=5), 0.7),
        (rng.uniform(0, 1, size=4), 3.0),
        (np.array([2.5]), 1.0),  # a single arm costs nothing
    ]


def _far_values(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([1000.0, 1001.0, 998.0]), 1.5),
        (np.array([-900.0, -899.5]), 0.4),
        (rng.choice([-1, 1]) * 20000 + rng.normal(size=4), 0.8),
    ]


def _explain_regret(arguments: Arguments, result: Any) -> str | None:
    q, T = arguments
    regret, gaps, p = float(result), q.max() - q, softmax(q / T)
    if not np.isfinite(regret):
        return f"your regret came out as {regret:g}"
    if regret < -1e-9:
        return f"your regret is negative, {regret:.4g}: no arm is better than the best"
    if regret > gaps.max() + 1e-9:
        return f"no arm costs more than {gaps.max():.4g}; your regret is {regret:.4g}"
    if regret > gaps.mean() + 1e-9:
        return (
            f"who draws all arms alike loses {gaps.mean():.4g}; your regret is more, {regret:.4g}"
        )
    costs = ", ".join(f"{gap:.4g}" for gap in gaps)
    shares = ", ".join(f"{share:.1%}" for share in p)
    return (
        f"the arms cost {costs} and come in {shares} of pulls; on average that "
        f"is not your {regret:.4g}"
    )


REGRET = Exercise(
    number="10.5",
    call="policy_regret(q, T)",
    oracle=_regret_oracle,
    groups=(
        Group("what exploring costs for each pull", 1, _known_values, explains=_explain_regret),
        Group("large values stay finite", 1, _far_values, explains=_explain_regret, quiet=True),
    ),
)

EXERCISES = (LDA, NAIVE_BAYES, POLICY, ATTENTION, REGRET)
