"""What the exercises of lesson 10 accept."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from utils.drives import AGAIN, DRAWS, centred, pull
from utils.functions import softmax
from utils.judge import Arguments, Exercise, Group, Misconception, plain

# --- scores that are right up to a number added to a row ------------------------------------------


def _posterior_law(oracle: Callable[..., Any], arguments: Arguments, scores: Any) -> str | None:
    """Tell what the first wrong row says by its softmax."""
    expected = oracle(*arguments)
    for i, (got, wanted) in enumerate(zip(scores, expected, strict=True)):
        if not np.isfinite(got).all():
            return f"(finite rows shown less their mean) row {i} has a score that is not finite"
        P, right = softmax(np.stack([got, wanted]).astype(float))
        if not np.allclose(P, right, atol=5e-4):
            return (
                f"(shown less each row's mean) by your scores row {i} belongs to the classes with "
                f"probabilities {_numbers(P)}; Bayes' rule says {_numbers(right)}"
            )
    return None


def _numbers(values: Any) -> str:
    return ", ".join(f"{v:.3f}" for v in values)


# --- 10.1 lda_logits -------------------------------------------------------------------------------


def _lda_oracle_scores(X: Any, means: Any, cov: Any, priors: Any) -> Any:
    from scipy import stats

    columns = [stats.multivariate_normal(m, cov).logpdf(X).reshape(len(X)) for m in means]
    return np.stack(columns, axis=1) + np.log(priors)


def _lda_oracle(*arguments: Any) -> Any:
    return centred(_lda_oracle_scores, *arguments)


def _covariance(rng: np.random.Generator, d: int) -> Any:
    """Return a covariance whose features hang together and have different variances."""
    A = rng.normal(size=(d, d)) + 1.5 * np.diag(np.arange(1, d + 1) ** 0.5)
    return A @ A.T / 2 + np.eye(d)  # no density of the cases rounds to 0


def _lda_case(rng: np.random.Generator, n: int, d: int, priors: Any) -> Arguments:
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


def _lda(
    X: Any,
    means: Any,
    precision: Any,
    priors: Any,
    *,
    half: float = 0.5,
    of_prior: Callable[[Any], Any] = np.log,
) -> Any:
    weights = means @ precision  # (K, d)
    return X @ weights.T - half * (weights * means).sum(axis=1) + of_prior(priors)


def _lda_with(X: Any, means: Any, cov: Any, priors: Any, **change: Any) -> Any:
    return _lda(X, means, np.linalg.inv(cov), priors, **change)


def _lda_own_covariance(X: Any, means: Any, cov: Any, priors: Any) -> Any:
    return _lda(X, means, np.linalg.pinv(np.atleast_2d(np.cov(X.T))), priors)


def _lda_distance(X: Any, means: Any, cov: Any, priors: Any, sign: float, root: bool) -> Any:
    gap = X[:, None] - means  # (n, K, d)
    squares = np.einsum("nkd,de,nke->nk", gap, np.linalg.inv(cov), gap)
    return sign * (np.sqrt(squares) if root else squares / 2) + np.log(priors)


def _lda_density(X: Any, means: Any, cov: Any, priors: Any) -> Any:
    gap = X[:, None] - means
    squares = np.einsum("nkd,de,nke->nk", gap, np.linalg.inv(cov), gap)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(-squares / 2) * priors)


def _nothing(priors: Any) -> Any:
    return np.zeros(len(priors))


LDA = Exercise(
    number="10.1",
    call="lda_logits(X, means, cov, priors)",
    oracle=_lda_oracle,
    drive=centred,
    groups=(
        Group("equal priors", 1, _equal_priors, partial(_posterior_law, _lda_oracle)),
        Group("priors that differ", 1, _unequal_priors, partial(_posterior_law, _lda_oracle)),
        Group("far from every mean", 1, _far_away, partial(_posterior_law, _lda_oracle)),
    ),
    misconceptions=(
        Misconception(
            "prior forgotten",
            lambda *a: _lda_with(*a, of_prior=_nothing),
            "Your scores do not depend on the priors. A class that is more common starts ahead, by "
            "the logarithm of its prior.",
        ),
        Misconception(
            "prior without its logarithm",
            lambda *a: _lda_with(*a, of_prior=lambda p: p),
            "You added the priors themselves. Scores are logarithms, so the prior comes in as its "
            "logarithm too.",
        ),
        Misconception(
            "prior multiplies the score",
            lambda X, m, c, p: p * _lda_with(X, m, c, p, of_prior=_nothing),
            "You multiplied the scores by the priors. Multiplying probabilities means adding "
            "logarithms.",
        ),
        Misconception(
            "the half lost",
            lambda *a: _lda_with(*a, half=1.0),
            "The constant of each class is too large by a factor of two: the Gaussian has ½ in its "
            "exponent.",
        ),
        Misconception(
            "constant added instead of taken off",
            lambda *a: _lda_with(*a, half=-0.5),
            "The term with the mean twice has the wrong sign, so classes whose mean lies far from "
            "the origin are favoured.",
        ),
        Misconception(
            "constant forgotten",
            lambda *a: _lda_with(*a, half=0.0),
            "Your constant is missing, or the same for all classes. Expand the square: the mean "
            "meets itself in a term of its own for each class, a sum over the features alone.",
        ),
        Misconception(
            "covariance instead of its inverse",
            lambda X, m, c, p: _lda(X, m, c, p),
            "You multiplied by the covariance. A direction in which the data spreads a lot should "
            "count less: it takes the inverse, or np.linalg.solve.",
        ),
        Misconception(
            "entries inverted one by one",
            lambda X, m, c, p: _lda(X, m, 1 / c, p),
            "You divided by the entries of the covariance. What is wanted is the inverse of the "
            "matrix.",
        ),
        Misconception(
            "covariance ignored",
            lambda X, m, c, p: _lda(X, m, np.eye(len(c)), p),
            "The covariance plays no part in your scores: they measure plain distance.",
        ),
        Misconception(
            "variances only",
            lambda X, m, c, p: _lda(X, m, np.diag(1 / np.diag(c)), p),
            "You used only the diagonal of the covariance, as naive Bayes does. In LDA features may "
            "hang together.",
        ),
        Misconception(
            "covariance of X itself",
            _lda_own_covariance,
            "You computed a covariance from X. Use the one that comes in: it belongs to the training "
            "data, within the classes.",
        ),
        Misconception(
            "plus half the squared distance",
            partial(_lda_distance, sign=1.0, root=False),
            "Far classes get the higher scores: the squared distance comes with a minus.",
        ),
        Misconception(
            "distance instead of its square",
            partial(_lda_distance, sign=-1.0, root=True),
            "You took the distance. The Gaussian's exponent has half the squared distance.",
        ),
        Misconception(
            "shapes that do not fit",
            lambda X, m, c, p: X @ np.linalg.solve(c, m),
            "Some shapes do not fit together (see the message). The means come as rows, one for each "
            "class. np.linalg.solve wants them as columns, and a constant for each class is a sum "
            "over the features.",
        ),
        Misconception(
            "prior times density",
            lambda *a: np.exp(_lda_oracle_scores(*a)),
            "You return prior times density, without a logarithm. Scores are logarithms: softmax "
            "takes their exponential.",
        ),
        Misconception(
            "prior's logarithm halved",
            lambda *a: _lda_with(*a, of_prior=lambda p: np.log(p) / 2),
            "The logarithm of the prior counts only by half. The ½ belongs to the Gaussian's "
            "exponent alone.",
        ),
        Misconception(
            "logarithm to base 10",
            lambda *a: _lda_with(*a, of_prior=np.log10),
            "You took the prior's logarithm to base 10. The exponential of softmax undoes the "
            "natural one.",
        ),
        Misconception(
            "density first, logarithm after",
            _lda_density,
            "Far from every mean your densities round to 0, and their logarithm is −inf. Stay with "
            "logarithms from the start.",
        ),
        Misconception(
            "probabilities instead of scores",
            lambda *a: softmax(_lda_with(*a)),
            "You return probabilities. Return the scores, before the softmax.",
        ),
        Misconception(
            "transposed",
            lambda *a: _lda_with(*a).T,
            "Your result is transposed: a row for each example, a column for each class.",
        ),
    ),
)


# --- 10.2 naive_bayes_logits -----------------------------------------------------------------------


def _bayes_oracle_scores(X: Any, means: Any, variances: Any, priors: Any) -> Any:
    from scipy import stats

    logs = stats.norm(means, np.sqrt(variances)).logpdf(X[:, None])  # (n, K, d)
    return logs.sum(axis=-1) + np.log(priors)


def _bayes_oracle(*arguments: Any) -> Any:
    return centred(_bayes_oracle_scores, *arguments)


def _bayes_case(rng: np.random.Generator, n: int, d: int, priors: Any, shared: bool) -> Arguments:
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


def _bayes(
    X: Any,
    means: Any,
    variances: Any,
    priors: Any,
    *,
    half: float = 0.5,
    logs: float = 0.5,
    of_prior: Callable[[Any], Any] = np.log,
    together: Callable[..., Any] = np.sum,
) -> Any:
    terms = -half * (X[:, None] - means) ** 2 / variances - logs * np.log(variances)
    return together(terms, axis=-1) + of_prior(priors)


def _bayes_pooled(X: Any, means: Any, variances: Any, priors: Any) -> Any:
    return _bayes(X, means, np.tile(variances.mean(axis=0), (len(means), 1)), priors)


def _bayes_one_spread(X: Any, means: Any, variances: Any, priors: Any) -> Any:
    """Give each class one variance for all its features."""
    each = np.repeat(variances.mean(axis=1, keepdims=True), X.shape[1], axis=1)
    return _bayes(X, means, each, priors)


def _bayes_not_squared(X: Any, means: Any, variances: Any, priors: Any) -> Any:
    terms = -np.abs(X[:, None] - means) / (2 * variances) - np.log(variances) / 2
    return terms.sum(axis=-1) + np.log(priors)


def _bayes_signed(X: Any, means: Any, variances: Any, priors: Any) -> Any:
    terms = -(X[:, None] - means) / (2 * variances) - np.log(variances) / 2
    return terms.sum(axis=-1) + np.log(priors)


def _bayes_density(X: Any, means: Any, variances: Any, priors: Any) -> Any:
    densities = np.exp(-((X[:, None] - means) ** 2) / (2 * variances)) / np.sqrt(variances)
    with np.errstate(divide="ignore"):
        return np.log(densities.prod(axis=-1) * priors)


def _bayes_sum_of_densities(X: Any, means: Any, variances: Any, priors: Any) -> Any:
    densities = np.exp(-((X[:, None] - means) ** 2) / (2 * variances)) / np.sqrt(variances)
    return np.log(densities.sum(axis=-1) * priors)


def _bayes_prior_each_time(X: Any, means: Any, variances: Any, priors: Any) -> Any:
    return _bayes(X, means, variances, priors, of_prior=lambda p: X.shape[1] * np.log(p))


NAIVE_BAYES = Exercise(
    number="10.2",
    call="naive_bayes_logits(X, means, variances, priors)",
    oracle=_bayes_oracle,
    drive=centred,
    groups=(
        Group("all classes spread alike", 1, _same_spread, partial(_posterior_law, _bayes_oracle)),
        Group(
            "each class with its own variances",
            1,
            _own_spread,
            partial(_posterior_law, _bayes_oracle),
        ),
        Group(
            "400 features: scores stay finite",
            1,
            _many_features,
            partial(_posterior_law, _bayes_oracle),
        ),
    ),
    misconceptions=(
        Misconception(
            "prior forgotten",
            lambda *a: _bayes(*a, of_prior=_nothing),
            "Your scores do not depend on the priors. A class that is more common starts ahead, by "
            "the logarithm of its prior.",
        ),
        Misconception(
            "prior without its logarithm",
            lambda *a: _bayes(*a, of_prior=lambda p: p),
            "You added the priors themselves. Scores are logarithms, so the prior comes in as its "
            "logarithm too.",
        ),
        Misconception(
            "prior once for each feature",
            _bayes_prior_each_time,
            "The prior is counted once for each feature. A class has one prior, however many "
            "features speak: add it after the sum.",
        ),
        Misconception(
            "log-variance forgotten",
            lambda *a: _bayes(*a, logs=0.0),
            "The logarithm of the variance is missing. With one shared covariance it cancels; here "
            "each class has its own, and a wide class has a lower density in its middle.",
        ),
        Misconception(
            "log-variance added",
            lambda *a: _bayes(*a, logs=-0.5),
            "The log-variance has the wrong sign: a wide class has a lower density in its middle, "
            "not a higher one.",
        ),
        Misconception(
            "log-variance without its half",
            lambda *a: _bayes(*a, logs=1.0),
            "The density is divided by the standard deviation, not by the variance: half the "
            "log-variance.",
        ),
        Misconception(
            "one variance for all classes",
            _bayes_pooled,
            "You averaged the variances over the classes, which makes the scores linear, as in LDA. "
            "Here each class keeps its own.",
        ),
        Misconception(
            "one variance for all features",
            _bayes_one_spread,
            "You gave each class a single variance. Each feature keeps its own.",
        ),
        Misconception(
            "variances taken for standard deviations",
            lambda X, m, v, p: _bayes(X, m, v**2, p),
            "You squared the variances: they are squares already. scipy.stats.norm, for one, asks "
            "for their roots.",
        ),
        Misconception(
            "standard deviation below the square",
            lambda X, m, v, p: _bayes(X, m, np.sqrt(v), p),
            "You divided by the standard deviation. A squared difference is divided by the variance.",
        ),
        Misconception(
            "the half lost",
            lambda *a: _bayes(*a, half=1.0),
            "The squared differences count twice: the Gaussian has ½ in its exponent.",
        ),
        Misconception(
            "plus the squared differences",
            lambda *a: _bayes(*a, half=-0.5),
            "Far classes get the higher scores: the squared differences come with a minus.",
        ),
        Misconception(
            "differences not squared",
            _bayes_not_squared,
            "The Gaussian's exponent has the square of the difference, not its absolute value.",
        ),
        Misconception(
            "differences without the square",
            _bayes_signed,
            "The Gaussian's exponent has the square of the difference, not the difference.",
        ),
        Misconception(
            "shapes that do not fit",
            lambda X, m, v, p: ((X - m) ** 2 / v).sum(axis=1),
            "Some shapes do not fit together (see the message). The differences have an axis for the "
            "examples, one for the classes, one for the features; the sum runs over the features.",
        ),
        Misconception(
            "prior times density",
            lambda *a: np.exp(_bayes_oracle_scores(*a)),
            "You return prior times density, without a logarithm. Scores are logarithms: softmax "
            "takes their exponential.",
        ),
        Misconception(
            "mean over the features",
            lambda *a: _bayes(*a, together=np.mean),
            "You averaged over the features. Densities of independent features are multiplied, so "
            "their logarithms are added.",
        ),
        Misconception(
            "densities added",
            _bayes_sum_of_densities,
            "You added the densities of the features. Independent features multiply: add their "
            "logarithms.",
        ),
        Misconception(
            "product of densities first",
            _bayes_density,
            "The product of 400 densities rounds to 0, and its logarithm is −inf. Add logarithms "
            "from the start.",
        ),
        Misconception(
            "probabilities instead of scores",
            lambda *a: softmax(_bayes(*a)),
            "You return probabilities. Return the scores, before the softmax.",
        ),
        Misconception(
            "transposed",
            lambda *a: _bayes(*a).T,
            "Your result is transposed: a row for each example, a column for each class.",
        ),
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
    return isinstance(value, tuple) and [np.shape(v) for v in value] == [
        (DRAWS,),
        (AGAIN,),
        (AGAIN,),
    ]


def _chances(q: Any, T: float) -> Any:
    from scipy import special

    return special.softmax(np.asarray(q) / T)


def _policy_law(arguments: Arguments, value: Any) -> str | None:
    q, T, _ = arguments
    K = len(q)
    if not _three_passes(value):
        return f"return one arm: a whole number from 0 to {K - 1}"
    draws, again, other = value
    outside = [arm for arm in draws if arm not in range(K)]
    if outside:
        return f"arms are the whole numbers 0 to {K - 1}; you returned {outside[0]:g}"
    p = _chances(q, T)
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


def _policy_signature(arguments: Arguments, value: Any) -> Any:
    """Return what two answers with the same mistake share, whatever they drew."""
    if not _three_passes(value):
        return plain(value)
    draws, again, other = value
    shares = np.array([np.mean(draws == place) for place in range(len(arguments[0]) + 1)])
    right = np.append(_chances(*arguments[:2]), 0.0)
    if np.abs(shares - right).max() <= _SLACK:
        shares = right  # two that are right to within chance are alike
    facts = [
        np.array_equal(draws[:AGAIN], again),
        np.array_equal(again, other),
        all(arm == int(arm) for arm in draws),
    ]
    return shares, np.array(facts, dtype=float)


def _pick(weights: list[float], chance: float) -> int:
    """Return the place where a running sum of weights passes a share of their total."""
    sums = list(itertools.accumulate(weights))
    return next((k for k, s in enumerate(sums) if s > chance * sums[-1]), len(sums) - 1)


def _arm(q: Any, rng: Any, scale: float) -> int:
    scores = (q * scale).tolist()
    top = max(scores)
    return _pick([math.exp(z - top) for z in scores], rng.random())


def _chance_too_large(q: Any, T: float, rng: Any) -> int:
    with np.errstate(over="ignore", invalid="ignore"):
        weights = np.exp(q / T)
        return int(rng.choice(len(q), p=weights / weights.sum()))


def _epsilon_greedy(q: Any, T: float, rng: Any) -> int:
    return int(rng.integers(len(q))) if rng.random() < T else int(q.argmax())


POLICY = Exercise(
    number="10.3",
    call="softmax_policy(q, T, rng)",
    drive=pull,
    signature=_policy_signature,
    rtol=0.0,
    atol=_SLACK,
    groups=(
        Group("each arm as often as its probability, T = 1", 1, _moderate, _policy_law),
        Group("lower and higher temperatures", 1, _warm_and_cold, _policy_law),
        Group("large values, and a very low temperature", 1, _huge, _policy_law),
    ),
    misconceptions=(
        Misconception(
            "always the best arm",
            lambda q, T, rng: int(q.argmax()),
            "You always take the arm with the largest value. That explores nothing: draw an arm "
            "with the softmax's probabilities.",
        ),
        Misconception(
            "temperature ignored",
            lambda q, T, rng: _arm(q, rng, 1.0),
            "Your shares do not depend on T. Divide the values by it before the softmax.",
        ),
        Misconception(
            "multiplied by T",
            lambda q, T, rng: _arm(q, rng, T),
            "You multiplied by T, so a high temperature makes you greedy. Divide.",
        ),
        Misconception(
            "the worst arm preferred",
            lambda q, T, rng: _arm(q, rng, -1 / T),
            "Arms with low values come most often: a sign is wrong. In physics low energies are "
            "preferred; here high values are.",
        ),
        Misconception(
            "every arm alike",
            lambda q, T, rng: int(rng.integers(len(q))),
            "All arms come equally often. The values should decide how often: rng.choice takes "
            "probabilities as p=.",
        ),
        Misconception(
            "ε-greedy",
            _epsilon_greedy,
            "This is the ε-greedy rule: the best arm, or with probability T any. The softmax policy "
            "prefers a good second to a bad third.",
        ),
        Misconception(
            "ε-greedy, whatever T",
            lambda q, T, rng: _epsilon_greedy(q, 0.1, rng),
            "You take nearly always the best arm, and now and then any, whatever T is (the ε-greedy "
            "rule?). The softmax policy prefers a good second to a bad third.",
        ),
        Misconception(
            "normal noise",
            lambda q, T, rng: int((q / T + rng.normal(size=len(q))).argmax()),
            "The largest of the scores with normal noise added does not come with the softmax's "
            "probabilities. Compute those, and draw with them.",
        ),
        Misconception(
            "shares of the values",
            lambda q, T, rng: _pick([abs(v) for v in q.tolist()], rng.random()),
            "Your shares are proportional to the values. A negative value has no share: exponentiate "
            "first.",
        ),
        Misconception(
            "probabilities returned",
            lambda q, T, rng: softmax(q / T),
            "You return the probabilities. Draw one arm with them, and return its number.",
        ),
        Misconception(
            "the arm's value returned",
            lambda q, T, rng: float(q[_arm(q, rng, 1 / T)]),
            "You return the value of the arm. Return its number.",
        ),
        Misconception(
            "arms counted from 1",
            lambda q, T, rng: _arm(q, rng, 1 / T) + 1,
            "Your arms run from 1 to K. They are counted from 0.",
        ),
        Misconception(
            "a seed of its own",
            lambda q, T, rng: _arm(q, np.random.default_rng(0), 1 / T),
            "You make a generator with a fixed seed at every call, so the same arm comes each time. "
            "Use the rng that comes in.",
        ),
        Misconception(
            "the global generator",
            lambda q, T, rng: _arm(q, np.random, 1 / T),
            "The arm does not come from rng (np.random's global functions?), so nobody can repeat "
            "your run. Use the rng that comes in.",
        ),
        Misconception(
            "overflow",
            _chance_too_large,
            "exp(1000) is infinite, and inf / inf is nan. Take the largest score off first, or use "
            "utils.softmax, which does.",
        ),
    ),
)


# --- 10.4 attention --------------------------------------------------------------------------------


def _attention_oracle(Q: Any, K: Any, V: Any) -> Any:
    from scipy import special

    rows = [special.softmax([np.dot(q, k) / len(q) ** 0.5 for k in K]) for q in Q]
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


def _average_law(arguments: Arguments, result: Any) -> str | None:
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


def _attend(
    Q: Any,
    K: Any,
    V: Any,
    *,
    divide: Callable[[Any, Any, Any], float] = lambda Q, K, V: Q.shape[1] ** 0.5,
    weigh: Callable[[Any], Any] = softmax,
) -> Any:
    return weigh(Q @ K.T / divide(Q, K, V)) @ V


def _not_shifted(Z: Any) -> Any:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)


def _shifted_once(Z: Any) -> Any:
    """Take off one maximum for the whole matrix."""
    E = np.exp(Z - Z.max())
    with np.errstate(invalid="ignore"):
        return E / E.sum(axis=1, keepdims=True)


def _cosine(Q: Any, K: Any, V: Any) -> Any:
    lengths = np.linalg.norm(Q, axis=1)[:, None] * np.linalg.norm(K, axis=1)
    with np.errstate(invalid="ignore"):
        return softmax(np.nan_to_num(Q @ K.T / lengths)) @ V


def _nearness(Q: Any, K: Any, V: Any) -> Any:
    squares = ((Q[:, None] - K) ** 2).sum(axis=-1)
    return softmax(-squares / Q.shape[1] ** 0.5) @ V


ATTENTION = Exercise(
    number="10.4",
    call="attention(Q, K, V)",
    oracle=_attention_oracle,
    groups=(
        Group("an average of the rows of V", 1, _one_number, _average_law),
        Group("several features", 1, _several_features, _average_law),
        Group("large scores stay finite", 1, _large_scores, _average_law),
    ),
    misconceptions=(
        Misconception(
            "shapes that do not fit",
            lambda Q, K, V: Q @ K @ V,
            "Some shapes do not fit together (see the message). The scores have a row for each query "
            "and a column for each key, so in the product K has to be transposed, and only K.",
        ),
        Misconception(
            "plain mean of the values",
            lambda Q, K, V: np.tile(V.mean(axis=0), (len(Q), 1)),
            "Every query gets the plain mean of the values. Weight them by how well each key matches "
            "the query.",
        ),
        Misconception(
            "missing 1/√d",
            lambda Q, K, V: _attend(Q, K, V, divide=lambda Q, K, V: 1.0),
            "Right for one feature only: the scores are not divided by √d, and they grow with the "
            "number of features.",
        ),
        Misconception(
            "divided by d",
            lambda Q, K, V: _attend(Q, K, V, divide=lambda Q, K, V: Q.shape[1]),
            "You divided by d. The scores scatter like √d, so divide by the root.",
        ),
        Misconception(
            "multiplied by √d",
            lambda Q, K, V: _attend(Q, K, V, divide=lambda Q, K, V: Q.shape[1] ** -0.5),
            "You multiplied by √d; divide, so that the scores stay of the same size for any d.",
        ),
        Misconception(
            "root of the number of keys",
            lambda Q, K, V: _attend(Q, K, V, divide=lambda Q, K, V: len(K) ** 0.5),
            "You divided by the root of the number of keys. d is the number of features: the "
            "columns of Q and K.",
        ),
        Misconception(
            "root of the number of queries",
            lambda Q, K, V: _attend(Q, K, V, divide=lambda Q, K, V: len(Q) ** 0.5),
            "You divided by the root of the number of queries. d is the number of features: the "
            "columns of Q and K.",
        ),
        Misconception(
            "root of the columns of V",
            lambda Q, K, V: _attend(Q, K, V, divide=lambda Q, K, V: V.shape[1] ** 0.5),
            "You divided by the root of the number of columns of V. d is the number of columns of Q "
            "and K, which make the scores.",
        ),
        Misconception(
            "normalised over the queries",
            lambda Q, K, V: _attend(Q, K, V, weigh=lambda Z: softmax(Z, axis=0)),
            "For each key your weights sum to 1 over the queries. Each query shares out its own "
            "attention: normalise along the last axis.",
        ),
        Misconception(
            "normalised over everything",
            lambda Q, K, V: _attend(Q, K, V, weigh=lambda Z: softmax(Z.ravel()).reshape(Z.shape)),
            "All your weights together sum to 1. Each query has weights of its own with sum 1.",
        ),
        Misconception(
            "no softmax",
            lambda Q, K, V: _attend(Q, K, V, weigh=lambda Z: Z),
            "You weighted the values by the scores themselves. Turn each row of scores into weights "
            "with a softmax first.",
        ),
        Misconception(
            "divided after the softmax",
            lambda Q, K, V: _attend(Q, K, V, divide=lambda Q, K, V: 1.0) / Q.shape[1] ** 0.5,
            "You divided the weights by √d, so they no longer sum to 1. Divide the scores, before "
            "the softmax.",
        ),
        Misconception(
            "weights returned",
            lambda Q, K, V: softmax(Q @ K.T / Q.shape[1] ** 0.5),
            "You return the weights. Use them to average the rows of V.",
        ),
        Misconception(
            "only the best key",
            lambda Q, K, V: V[(Q @ K.T).argmax(axis=1)],
            "Each query takes the value of its best key alone. Attention is soft: every key has a "
            "share.",
        ),
        Misconception(
            "queries and keys exchanged",
            lambda Q, K, V: softmax(K @ Q.T / Q.shape[1] ** 0.5) @ V,
            "Your scores have a row for each key. Rows belong to queries, columns to keys.",
        ),
        Misconception(
            "cosine instead of dot product",
            _cosine,
            "You divided each score by the lengths of query and key. That is the cosine; attention "
            "takes the plain product, divided by √d.",
        ),
        Misconception(
            "distance instead of dot product",
            _nearness,
            "Your scores are negative squared distances. Attention takes the dot product of query "
            "and key.",
        ),
        Misconception(
            "no maximum taken off",
            lambda Q, K, V: _attend(Q, K, V, weigh=_not_shifted),
            "exp of a large score is infinite, and inf / inf is nan. Take each row's maximum off "
            "first, or use utils.softmax, which does.",
        ),
        Misconception(
            "one maximum for all queries",
            lambda Q, K, V: _attend(Q, K, V, weigh=_shifted_once),
            "One maximum for the whole matrix leaves a row of small scores with 0 / 0. Each row has "
            "its own maximum.",
        ),
    ),
)


# --- 10.5 policy_regret ----------------------------------------------------------------------------


def _regret_oracle(q: Any, T: float) -> float:
    p = _chances(q, T)
    return math.fsum(chance * (max(q) - value) for chance, value in zip(p, q, strict=True))


def _known_values(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.0, 1.0]), 0.5),
        (np.array([-1.0, -3.0, -2.5]), 2.0),
        (rng.uniform(-2, 3, size=5), 0.7),
        (rng.uniform(0, 1, size=4), 3.0),
    ]


def _far_values(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([1000.0, 1001.0, 998.0]), 1.5), (np.array([-900.0, -899.5]), 0.4)]


def _regret(q: Any, p: Any) -> Any:
    return q.max() - p @ q


def _regret_not_shifted(q: Any, T: float) -> Any:
    weights = np.exp(q / T)  # its warning is part of the mistake
    return _regret(q, weights / weights.sum())


def _of_probabilities(q: Any, T: float) -> Any:
    p = softmax(q / T)
    return _regret(p, p)


REGRET = Exercise(
    number="10.5",
    call="policy_regret(q, T)",
    oracle=_regret_oracle,
    groups=(
        Group("what exploring costs for each pull", 1, _known_values),
        Group("large values stay finite", 1, _far_values, quiet=True),
    ),
    misconceptions=(
        Misconception(
            "reward instead of regret",
            lambda q, T: softmax(q / T) @ q,
            "You return the expected reward. Regret is what is missing to the best arm's.",
        ),
        Misconception(
            "sign",
            lambda q, T: -_regret(q, softmax(q / T)),
            "Your regret is negative. It is the best value less the expected one.",
        ),
        Misconception(
            "temperature ignored",
            lambda q, T: _regret(q, softmax(q)),
            "Your regret does not depend on T. Divide the values by it before the softmax.",
        ),
        Misconception(
            "multiplied by T",
            lambda q, T: _regret(q, softmax(q * T)),
            "You multiplied by T, so a high temperature looks greedy. Divide.",
        ),
        Misconception(
            "divided values in the average too",
            lambda q, T: _regret(q / T, softmax(q / T)),
            "You measured the loss in values divided by T. T belongs in the softmax alone; what is "
            "lost are the values themselves.",
        ),
        Misconception(
            "every arm alike",
            lambda q, T: q.max() - q.mean(),
            "This is the regret of choosing at random. Weight the arms by the softmax.",
        ),
        Misconception(
            "gap to the mean value",
            lambda q, T: softmax(q / T) @ q - q.mean(),
            "You compare with the average arm. Regret compares with the best one.",
        ),
        Misconception(
            "gap to the worst value",
            lambda q, T: softmax(q / T) @ q - q.min(),
            "You compare with the worst arm. Regret compares with the best one.",
        ),
        Misconception(
            "chance of another arm",
            lambda q, T: 1 - softmax(q / T).max(),
            "You return how likely a worse arm is. Weight each arm by how much worse it is, too.",
        ),
        Misconception(
            "regret in probabilities",
            _of_probabilities,
            "You compared probabilities with each other. The probabilities are weights; what they "
            "weigh are the values.",
        ),
        Misconception(
            "gaps summed without weights",
            lambda q, T: (q.max() - q).sum(),
            "You summed the gaps of all arms. Weight each by its probability.",
        ),
        Misconception(
            "best value taken to be 1",
            lambda q, T: 1 - softmax(q / T) @ q,
            "You take 1 for the best value. It is the largest of q.",
        ),
        Misconception(
            "expected value not summed",
            lambda q, T: q.max() - softmax(q / T) * q,
            "You return one number for each arm. The expected value is one number, the sum of the "
            "weighted values.",
        ),
        Misconception(
            "regret of the best arm",
            lambda q, T: 0.0,
            "Your regret is 0, as if the best arm came every time. The policy draws: the expected "
            "value is weighted by the softmax.",
        ),
        Misconception(
            "one gap for each arm",
            lambda q, T: softmax(q / T) * (q.max() - q),
            "You return one number for each arm. Sum them.",
        ),
        Misconception(
            "overflow",
            _regret_not_shifted,
            "exp of a large value is infinite, or 0 for all arms, and you get nan. Take the maximum "
            "off first, or use utils.softmax, which does.",
        ),
    ),
)

EXERCISES = (LDA, NAIVE_BAYES, POLICY, ATTENTION, REGRET)
