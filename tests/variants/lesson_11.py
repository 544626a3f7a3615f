"""Other right answers to the exercises of lesson 11."""

import numpy as np
from sklearn.model_selection import train_test_split

import utils


def split_by_scikit_learn(y, shares, rng):
    """Three calls of train_test_split, each stratified."""
    rest, parts, left = np.arange(len(y)), [], 1.0
    for share in shares[:3]:
        seed = int(rng.integers(2**31))
        part, rest = train_test_split(
            rest, train_size=share / left, stratify=y[rest], random_state=seed
        )
        parts.append(part)
        left -= share
    return [*parts, rest]


def split_one_by_one(y, shares, rng):
    """Each shuffled example goes to the set of its class that is furthest behind its share."""
    sets: list = [[], [], [], []]
    given: dict = {}
    for i in rng.permutation(len(y)):
        so_far = given.setdefault(y[i], np.zeros(4))
        place = int(np.argmax(np.array(shares) * (so_far.sum() + 1) - so_far))
        so_far[place] += 1
        sets[place].append(int(i))
    return sets


def split_rounded_down(y, shares, rng):
    """Round three sets down and give the fourth what is left over."""
    order = rng.permutation(len(y))
    owner = np.full(len(y), 3)
    for label in set(y.tolist()):
        members = order[y[order] == label]
        start = 0
        for place in range(3):
            size = int(shares[place] * len(members))
            owner[members[start : start + size]] = place
            start += size
    return tuple(np.flatnonzero(owner == k) for k in range(4))


def curve_by_masks(confidence, correct):
    """One mask for each threshold."""
    thresholds = np.unique(confidence)[::-1]
    coverage = [np.mean(confidence >= t) for t in thresholds]
    risk = [np.mean(~correct[confidence >= t]) for t in thresholds]
    return thresholds, coverage, risk


def curve_by_dictionary(confidence, correct):
    """In plain Python, the last of equals overwriting the others."""
    points, wrong = {}, 0
    pairs = sorted(zip(confidence.tolist(), correct.tolist(), strict=True), reverse=True)
    for kept, (c, ok) in enumerate(pairs, start=1):
        wrong += not ok
        points[c] = (kept / len(pairs), wrong / kept)
    coverage, risk = zip(*points.values(), strict=True)
    return list(points), list(coverage), list(risk)


def curve_by_sorting(confidence, correct):
    """Running sums in sorted order, and the last point of each run of equals."""
    order = np.argsort(confidence)[::-1]
    c, k = confidence[order], np.arange(1, len(order) + 1)
    last = np.append(c[1:] != c[:-1], True)
    risk = np.cumsum(1 - correct[order]) / k
    return c[last], k[last] / len(c), risk[last]


def report_with_numpy_alone(logits, y, T, n_bins):
    """Softmax, bins and draws written out, with another generator."""
    z = logits / T
    z = z - z.max(axis=1, keepdims=True)
    log_P = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    c, right = np.exp(log_P.max(axis=1)), log_P.argmax(axis=1) == y
    place = np.minimum((c * n_bins).astype(int), n_bins - 1)

    def gap(outcomes):
        return np.abs(np.bincount(place, c - outcomes)).sum() / len(y)

    rng = np.random.default_rng(1234)
    chance = [gap(rng.random(len(c)) < c) for _ in range(3000)]
    loss = -log_P[np.arange(len(y)), y].mean()
    return [right.mean(), c.mean(), loss, gap(right), np.percentile(chance, 95)]


def report_from_the_band_of_chance(logits, y, T, n_bins):
    """utils' pieces with a generator of its own and more draws."""
    P = utils.softmax(logits / T)
    c, right = P.max(axis=1), P.argmax(axis=1) == y
    floor = utils.noise_floor(c, n_bins, 5000, np.random.default_rng(9))
    loss = utils.cross_entropy(np.log(P), y)
    ece = utils.expected_calibration_error(c, right, n_bins)
    return np.array([np.mean(right), np.mean(c), loss, ece, floor.high])


def threshold_by_curve(confidence, correct, max_risk):
    """The risk–coverage curve, and the lowest threshold within the limit."""
    thresholds, _, risk = curve_by_sorting(confidence, correct)
    fitting = thresholds[risk <= max_risk]
    return float(fitting[-1]) if len(fitting) else float("inf")


def threshold_by_loop(confidence, correct, max_risk):
    """From the lowest threshold upwards, the first that fits."""
    for t in np.sort(confidence):
        kept = correct[confidence >= t]
        if np.count_nonzero(~kept) <= max_risk * len(kept) + 1e-12:
            return t
    return np.inf


VARIANTS = {
    "split_four": [split_by_scikit_learn, split_one_by_one, split_rounded_down],
    "risk_coverage": [curve_by_masks, curve_by_dictionary, curve_by_sorting],
    "calibration_report": [report_with_numpy_alone, report_from_the_band_of_chance],
    "risk_threshold": [threshold_by_curve, threshold_by_loop],
}
