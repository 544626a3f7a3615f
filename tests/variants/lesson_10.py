"""Other right answers to the exercises of lesson 10."""

import numpy as np
from scipy import linalg, special, stats


def lda_by_log_densities(X, means, cov, priors):
    """Log prior plus SciPy's log density, with everything the classes share left in."""
    logs = [stats.multivariate_normal(m, cov).logpdf(X).reshape(len(X)) for m in means]
    return np.transpose(logs) + np.log(priors)


def lda_by_whitening(X, means, cov, priors):
    """Whiten with a Cholesky factor, then take plain squared distances."""
    L = np.linalg.cholesky(cov)
    A, B = (linalg.solve_triangular(L, M.T, lower=True).T for M in (X, means))
    return -0.5 * ((A[:, None] - B) ** 2).sum(axis=-1) + np.log(priors)


def lda_by_loops(X, means, cov, priors):
    """One class at a time, with the explicit inverse; normalised to log-probabilities."""
    inverse = np.linalg.inv(cov)
    scores = np.empty((len(X), len(means)))
    for k, mean in enumerate(means):
        w = inverse @ mean
        scores[:, k] = X @ w - mean @ w / 2 + np.log(priors[k])
    return scores - special.logsumexp(scores, axis=1, keepdims=True)


def bayes_by_log_densities(X, means, variances, priors):
    """SciPy's normal log densities, summed over the features."""
    logs = stats.norm(means, np.sqrt(variances)).logpdf(X[:, np.newaxis])  # (n, K, d)
    return logs.sum(axis=2) + np.log(priors)


def bayes_in_features_and_squares(X, means, variances, priors):
    """Linear in the features and their squares."""
    constant = np.log(priors) - (means**2 / variances + np.log(variances)).sum(axis=1) / 2
    return constant + X @ (means / variances).T - X**2 @ (0.5 / variances).T


def bayes_by_loops(X, means, variances, priors):
    """Example by example, in plain Python."""
    rows = []
    for x in X.tolist():
        row = [float(np.log(p)) for p in priors]
        for k, (mean, variance) in enumerate(zip(means.tolist(), variances.tolist(), strict=True)):
            for a, m, v in zip(x, mean, variance, strict=True):
                row[k] -= 0.5 * (np.log(2 * np.pi * v) + (a - m) ** 2 / v)
        rows.append(row)
    return rows


def policy_by_running_sum(q, T, rng):
    """Where the running sum of the probabilities passes one uniform number."""
    p = special.softmax(q / T)
    return min(np.searchsorted(np.cumsum(p), rng.random(), side="right"), len(q) - 1)


def policy_by_gumbel_noise(q, T, rng):
    """The largest of the scores with Gumbel noise added."""
    return np.argmax(q / T + rng.gumbel(size=len(q)))


def policy_by_multinomial(q, T, rng):
    """One draw from a multinomial, and the place of its single 1."""
    z = (q - q.max()) / T
    return int(rng.multinomial(1, np.exp(z) / np.exp(z).sum()).argmax())


def policy_by_race(q, T, rng):
    """The arm whose exponential clock rings first."""
    return int(np.argmin(np.log(rng.exponential(size=len(q))) - q / T))


def attention_query_by_query(Q, K, V):
    """One query at a time."""
    return np.stack([special.softmax(K @ q / np.sqrt(q.size)) @ V for q in Q])


def attention_einsum(Q, K, V):
    """Scores and averages by einsum; Q is scaled beforehand."""
    Z = np.einsum("md,nd->mn", Q / np.sqrt(K.shape[-1]), K)
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return np.einsum("mn,nv->mv", E / E.sum(axis=-1, keepdims=True), V)


def attention_divided_at_the_end(Q, K, V):
    """Normalise after the product with V; the scale is split between Q and K."""
    root = Q.shape[1] ** 0.25
    Z = (Q / root) @ (K / root).T
    E = np.exp(Z - np.max(Z, axis=1)[:, None])
    return (E @ V) / E.sum(axis=1)[:, None]


def regret_weighted_gaps(q, T):
    """The gaps to the best arm, weighted."""
    return np.sum(special.softmax(q / T) * (np.max(q) - q))


def regret_average(q, T):
    """NumPy's weighted average; the gaps serve as scores too."""
    gaps = max(q) - q
    return np.average(gaps, weights=np.exp(-gaps / T))


VARIANTS = {
    "lda_logits": [lda_by_log_densities, lda_by_whitening, lda_by_loops],
    "naive_bayes_logits": [bayes_by_log_densities, bayes_in_features_and_squares, bayes_by_loops],
    "softmax_policy": [
        policy_by_running_sum,
        policy_by_gumbel_noise,
        policy_by_multinomial,
        policy_by_race,
    ],
    "attention": [attention_query_by_query, attention_einsum, attention_divided_at_the_end],
    "policy_regret": [regret_weighted_gaps, regret_average],
}
