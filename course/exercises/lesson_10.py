"""What the exercises of lesson 10 ask for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from course.exercises.common import Array, open_group, softmax
from course.exercises.drives import AGAIN, DRAWS, centred, pull
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments, plain

# --- scores that are right up to a number added to a row ------------------------------------------


def _explain_row(oracle: Callable[..., Array], arguments: Arguments, scores: Any) -> str | None:
    """Tell what the first wrong row says by its softmax."""
    for i, (got, wanted) in enumerate(zip(scores, oracle(*arguments), strict=True)):
        if not np.isfinite(got).all():
            return f"(finite rows shown less their mean) row {i} has a score that is not finite"
        P, right = softmax(np.stack([got, wanted]).astype(float))
        if not np.allclose(P, right, atol=5e-4):
            return (
                f"(shown less each row's mean) by your scores row {i} belongs to the classes with "
                f"probabilities {_numbers(P)}; Bayes' rule says {_numbers(right)}"
            )
    return None


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{v:.3f}" for v in values)


# --- 10.1 lda_logits -------------------------------------------------------------------------------


def _lda_scores(X: Array, means: Array, cov: Array, priors: Array) -> Array:
    from scipy import stats

    columns = [stats.multivariate_normal(m, cov).logpdf(X).reshape(len(X)) for m in means]
    return np.stack(columns, axis=1) + np.log(priors)


_lda_oracle = partial(centred, _lda_scores)


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
    ]


def _far_away(rng: np.random.Generator) -> list[Arguments]:
    means = np.array([[0.0, 1.0], [3.0, -2.0], [-1.0, 4.0]])
    X = np.array([[300.0, -200.0], [-500.0, 150.0]])
    return [(X, means, np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([0.5, 0.2, 0.3]))]


_explain_lda = partial(_explain_row, _lda_oracle)

LDA = Exercise(
    number="10.1",
    call="lda_logits(X, means, cov, priors)",
    oracle=_lda_oracle,
    drive=centred,
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


_bayes_oracle = partial(centred, _bayes_scores)


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
    return [first, _bayes_case(rng, 6, 4, [0.6, 0.1, 0.3], shared=False)]


def _many_features(rng: np.random.Generator) -> list[Arguments]:
    d = 400
    means = np.stack([np.zeros(d), np.full(d, 0.5), np.tile([1.0, -1.0], d // 2)])
    variances = np.stack([np.full(d, 1.0), np.full(d, 1.5), np.full(d, 2.0)])
    # So far out that every product is 0, with the 2π of the densities or without.
    X = np.stack([np.full(d, 4.0), np.tile([5.0, -3.0], d // 2)])
    return [(X, means, variances, np.array([0.2, 0.5, 0.3]))]


_explain_bayes = partial(_explain_row, _bayes_oracle)

NAIVE_BAYES = Exercise(
    number="10.2",
    call="naive_bayes_logits(X, means, variances, priors)",
    oracle=_bayes_oracle,
    drive=centred,
    groups=(
        Group("all classes spread alike", 1, _same_spread, explains=_explain_bayes),
        Group("each class with its own variances", 1, _own_spread, explains=_explain_bayes),
        Group("400 features: scores stay finite", 1, _many_features, explains=_explain_bayes),
    ),
)


# --- 10.3 softmax_policy ---------------------------------------------------------------------------

_SLACK = 0.11  # four standard deviations of a share of 400 draws, and a little


def _moderate(rng: np.random.Generator) -> list[Arguments]:
    seed = int(rng.integers(1000))
    return [
        (np.array([2.0, 1.0, 0.1]), 1.0, seed),
        (np.array([-0.5, 0.5, -1.5, 0.3]), 1.0, seed),
        (np.array([3.5] + 23 * [0.0]), 1.0, seed),  # other noise than Gumbel's, small chances
    ]


def _warm_and_cold(rng: np.random.Generator) -> list[Arguments]:
    seed = int(rng.integers(1000))
    return [(np.array([0.0, 0.4, 1.0]), 0.4, seed), (np.array([4.0, -2.0, 1.0]), 5.0, seed)]


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
        return (
            f"in {DRAWS} draws arm {worst} came in {shares[worst]:.0%}; its probability is "
            f"{p[worst]:.0%}"
        )
    if not np.array_equal(draws[:AGAIN], again):
        return "two generators with the same seed drew different arms"
    if p.max() < 0.9 and np.array_equal(again, other):
        return "two generators with different seeds drew the same arms"
    return None


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
        np.array([[7.0, 0.0], [14.0, 0.0], [0.0, 7.0]]),
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
        (400 * Q, 20 * K, V),
    ]


def _explain_average(arguments: Arguments, result: Any) -> str | None:
    V = arguments[2]
    if not np.isfinite(result).all():
        return "a result is not finite"
    for j in range(V.shape[1]):
        low, high = V[:, j].min(), V[:, j].max()
        beyond = result[:, j][(result[:, j] < low - 1e-6) | (result[:, j] > high + 1e-6)]
        if len(beyond):
            return (
                f"column {j} of V runs from {low:.3g} to {high:.3g}, but your result has "
                f"{beyond[0]:.3g}: that is no average of its rows"
            )
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
    ]


def _far_values(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([1000.0, 1001.0, 998.0]), 1.5), (np.array([-900.0, -899.5]), 0.4)]


REGRET = Exercise(
    number="10.5",
    call="policy_regret(q, T)",
    oracle=_regret_oracle,
    groups=(
        Group("what exploring costs for each pull", 1, _known_values),
        Group("large values stay finite", 1, _far_values, quiet=True),
    ),
)

EXERCISES = (LDA, NAIVE_BAYES, POLICY, ATTENTION, REGRET)
