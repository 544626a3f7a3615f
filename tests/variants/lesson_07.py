"""Other right answers to the exercises of lesson 07."""

import itertools

import numpy as np


def bins_by_masks(confidence, correct, n_bins):
    """One mask for each bin; the last one is closed above."""
    counts, said, right = [], [], []
    for k in range(n_bins):
        low, high = k / n_bins, (k + 1) / n_bins
        inside = (confidence >= low) & (confidence < high)
        if k == n_bins - 1:
            inside |= confidence == 1
        counts.append(int(inside.sum()))
        said.append(confidence[inside].mean() if inside.any() else np.nan)
        right.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, said, right


def bins_by_histogram(confidence, correct, n_bins):
    """Three histograms, whose last bin NumPy closes by itself."""
    counts, _ = np.histogram(confidence, bins=n_bins, range=(0, 1))
    said, _ = np.histogram(confidence, n_bins, (0, 1), weights=confidence)
    right, _ = np.histogram(confidence, n_bins, (0, 1), weights=correct.astype(float))
    with np.errstate(invalid="ignore"):
        return counts, said / counts, right / counts


def bins_by_clipped_digitize(confidence, correct, n_bins):
    """np.digitize with the last place clipped, and sums by a one-hot product."""
    place = np.clip(np.digitize(confidence, np.linspace(0, 1, n_bins + 1)) - 1, 0, n_bins - 1)
    member = place == np.arange(n_bins)[:, None]  # (n_bins, n)
    counts = member.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return counts, member @ confidence / counts, member @ correct.astype(float) / counts


def ece_by_sums(confidence, correct, n_bins):
    """The weights cancel the counts: absolute sums of the differences, divided by n."""
    place = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    sums = np.bincount(place, weights=confidence - correct)
    return float(np.abs(sums).sum() / len(confidence))


def ece_by_loop(confidence, correct, n_bins):
    """A dictionary of bins, in plain Python."""
    bins: dict = {}
    for c, ok in zip(confidence, correct, strict=True):
        bins.setdefault(min(int(c * n_bins), n_bins - 1), []).append((c, ok))
    total = 0.0
    for members in bins.values():
        said = sum(c for c, _ in members) / len(members)
        right = sum(ok for _, ok in members) / len(members)
        total += len(members) / len(confidence) * abs(right - said)
    return total


def brier_expanded(P, y):
    """Expand the square: Σ p² − 2 p_true + 1."""
    return np.mean((P**2).sum(axis=1) - 2 * P[np.arange(len(y)), y] + 1)


def brier_by_entries(P, y):
    """Entry by entry, in plain Python."""
    total = 0.0
    for row, label in zip(P, y, strict=True):
        total += sum((p - (k == label)) ** 2 for k, p in enumerate(row))
    return total / len(y)


def brier_by_norm(P, y):
    """Squared Euclidean norms of the differences."""
    Y = (np.asarray(y)[:, None] == np.arange(P.shape[1])).astype(float)
    return np.mean(np.linalg.norm(P - Y, axis=1) ** 2)


def band_by_loop(confidence, n_bins, n_resamples, rng):
    """Round by round, each with its own draw and bincount."""
    place = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    counts = np.bincount(place, minlength=n_bins)
    rounds = []
    for _ in range(n_resamples):
        right = rng.uniform(size=len(confidence)) <= confidence
        with np.errstate(invalid="ignore"):
            rounds.append(np.bincount(place, right, n_bins) / counts)
    return np.percentile(rounds, 2.5, axis=0), np.percentile(rounds, 97.5, axis=0)


def band_by_binomial(confidence, n_bins, n_resamples, rng):
    """NumPy's binomial draws for each prediction, and order statistics for the ends."""
    place = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    right = rng.binomial(1, confidence, size=(n_resamples, len(confidence)))
    low, high = np.full(n_bins, np.nan), np.full(n_bins, np.nan)
    for k in np.unique(place):
        accuracy = np.sort(right[:, place == k].mean(axis=1))
        low[k] = accuracy[round(0.025 * n_resamples)]
        high[k] = accuracy[round(0.975 * n_resamples)]
    return np.stack([low, high])


def band_of_exact_quantiles(confidence, n_bins, n_resamples, rng):
    """No chance at all: the distribution of the number right, by convolution."""
    place = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    low, high = [np.nan] * n_bins, [np.nan] * n_bins
    for k in set(place.tolist()):
        chances = np.ones(1)
        for p in confidence[place == k]:
            chances = np.append(chances * (1 - p), 0) + np.append(0, chances * p)
        up_to, n = np.cumsum(chances), len(chances) - 1
        low[k] = int(np.argmax(up_to >= 0.025)) / n
        high[k] = int(np.argmax(up_to >= 0.975 - 1e-12)) / n
    return low, high


def edges_from_sorted(confidence, n_bins):
    """Every n/n_bins-th of the sorted confidences."""
    ordered = np.sort(confidence)
    inner = [ordered[len(ordered) * k // n_bins] for k in range(1, n_bins)]
    return np.array([0, *inner, 1])


def edges_between_neighbours(confidence, n_bins):
    """Halfway between the last of one group and the first of the next."""
    groups = np.array_split(np.sort(confidence), n_bins)
    inner = [(a[-1] + b[0]) / 2 for a, b in itertools.pairwise(groups)]
    return [0.0, *inner, 1.0]


def edges_from_percentile(confidence, n_bins):
    """All percentiles, then the ends put at 0 and 1."""
    edges = np.percentile(confidence, np.linspace(0, 100, n_bins + 1))
    edges[[0, -1]] = 0, 1
    return edges


VARIANTS = {
    "reliability_bins": [bins_by_masks, bins_by_histogram, bins_by_clipped_digitize],
    "expected_calibration_error": [ece_by_sums, ece_by_loop],
    "brier_score": [brier_expanded, brier_by_entries, brier_by_norm],
    "consistency_band": [band_by_loop, band_by_binomial, band_of_exact_quantiles],
    "equal_mass_edges": [edges_from_sorted, edges_between_neighbours, edges_from_percentile],
}
