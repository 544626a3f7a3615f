"""What the exercises of lesson 02 accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.judge import Arguments, Exercise, Group, Misconception, listed

LN3 = np.log(3.0)


def _softmax(logits: Any) -> Any:
    from scipy import special

    return special.softmax(logits, axis=-1)


def _log_softmax(logits: Any) -> Any:
    from scipy import special

    return special.log_softmax(logits, axis=-1)


def _matrices(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.0, 0.0], [0.0, LN3]]),),
        (np.array([[2.0, 1.0, 0.1]]),),
        (rng.normal(size=(2, 3)),),
        (rng.normal(scale=3, size=(3, 3)),),
        (rng.normal(scale=3, size=(5, 4)),),
    ]


def _vectors(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([0.0, LN3]),), (np.array([2.0, 1.0, 0.1]),), (rng.normal(size=6),)]


def _large(rng: np.random.Generator) -> list[Arguments]:
    near, far = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    return [
        (np.array([[0.0, 1000.0]]),),
        (np.array([[-1000.0, 1000.0]]),),
        (np.array([[1000.0, 1000.0 + LN3]]),),
        (np.array([[0.0, LN3], [-800.0, -800.0 + LN3]]),),
        (np.vstack([near, far - 800]),),
        (np.vstack([near + 1000, far - 1000]),),
    ]


def _sums_to_one(arguments: Arguments, P: Any) -> str | None:
    if not np.isfinite(P).all():
        return f"a probability came out as {P[~np.isfinite(P)][0]}"
    rows = P.sum(axis=-1)
    if np.allclose(rows, 1):
        return None
    if P.ndim == 1:
        return f"the probabilities should sum to 1; yours sum to {rows:.6g}"
    extra = "; your columns sum to 1" if np.allclose(P.sum(axis=0), 1) else ""
    return f"each row should sum to 1; yours sum to {listed(rows, digits=6)}{extra}"


def _log_sums_to_one(arguments: Arguments, L: Any) -> str | None:
    if not np.isfinite(L).all():
        return f"a log-probability came out as {L[~np.isfinite(L)][0]}, though it is finite"
    rows = np.atleast_1d(np.exp(np.minimum(L, 700)).sum(axis=-1))
    if np.allclose(rows, 1):
        return None
    return f"the exponentials of each row should sum to 1; yours sum to {listed(rows, digits=6)}"


def _shifted(z: Any, axis: int = -1) -> Any:
    """Return exponentials of z after subtracting the maximum along one axis."""
    return np.exp(z - z.max(axis=axis, keepdims=True))


def _softmax_axis_0(z: Any) -> Any:
    e = _shifted(z, 0)
    return e / e.sum(axis=0)


def _softmax_one_max(z: Any) -> Any:
    e = np.exp(z - z.max())
    return e / e.sum(axis=-1, keepdims=True)


def _softmax_no_shift(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def _softmax_in_place(z: Any) -> Any:
    z -= z.max(axis=-1, keepdims=True)
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def _softmax_whole(z: Any) -> Any:
    e = np.exp(z - z.max())
    return e / e.sum()


def _softmax_no_keepdims(z: Any) -> Any:
    e = _shifted(z)
    return e / e.sum(axis=-1)


def _softmax_max_no_keepdims(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1))
    return e / e.sum(axis=-1, keepdims=True)


def _softmax_never_keepdims(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1))
    return e / e.sum(axis=-1)


def _softmax_plain_no_keepdims(z: Any) -> Any:
    e = np.exp(z)
    return e / e.sum(axis=-1)


def _softmax_shifted_below(z: Any) -> Any:
    return np.exp(z) / _shifted(z).sum(axis=-1, keepdims=True)


def _softmax_shifted_above(z: Any) -> Any:
    return _shifted(z) / np.exp(z).sum(axis=-1, keepdims=True)


def _softmax_less(shift: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a softmax that subtracts shift(z), whatever that is, first."""

    def wrong(z: Any) -> Any:
        e = np.exp(z - shift(z))
        return e / e.sum(axis=-1, keepdims=True)

    return wrong


def _log_no_keepdims(z: Any) -> Any:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1))


def _log_never_keepdims(z: Any) -> Any:
    shifted = z - z.max(axis=-1)
    return shifted - np.log(np.exp(shifted).sum(axis=-1))


def _log_built_in_max(z: Any) -> Any:
    shifted = z - max(z)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _softmax_matrix_only(z: Any) -> Any:
    e = _shifted(z, 1)
    return e / e.sum(axis=1, keepdims=True)


def _sigmoids(z: Any) -> Any:
    from scipy import special

    return special.expit(z)


def _absolute_shares(z: Any) -> Any:
    return np.abs(z) / np.abs(z).sum(axis=-1, keepdims=True)


def _plain_shares(z: Any) -> Any:
    return z / z.sum(axis=-1, keepdims=True)


def _winner_only(z: Any) -> Any:
    return (z == z.max(axis=-1, keepdims=True)).astype(float)


def _log_of_softmax(z: Any) -> Any:
    e = _shifted(z)
    return np.log(e / e.sum(axis=-1, keepdims=True))


def _log_no_shift(z: Any) -> Any:
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _log_one_max(z: Any) -> Any:
    m = z.max()
    return z - m - np.log(np.exp(z - m).sum(axis=-1, keepdims=True))


def _log_axis_0(z: Any) -> Any:
    m = z.max(axis=0, keepdims=True)
    return z - m - np.log(np.exp(z - m).sum(axis=0, keepdims=True))


def _log_max_not_restored(z: Any) -> Any:
    return z - np.log(_shifted(z).sum(axis=-1, keepdims=True))


def _log_matrix_only(z: Any) -> Any:
    m = z.max(axis=1, keepdims=True)
    return z - m - np.log(np.exp(z - m).sum(axis=1, keepdims=True))


def _log_in_place(z: Any) -> Any:
    z -= z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _log_plus(epsilon: float) -> Misconception:
    return Misconception(
        f"{epsilon:g} inside the logarithm",
        lambda z: np.log(_softmax(z) + epsilon),
        "You added a small number inside the logarithm. It hides the -inf, and no log-probability "
        f"can then go below log({epsilon:g}) = {np.log(epsilon):.1f}. Work with the scores instead.",
    )


def _log_no_log(z: Any) -> Any:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.exp(shifted).sum(axis=-1, keepdims=True)


def _log_whole(z: Any) -> Any:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum())


def _log_10_of_sum(z: Any) -> Any:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log10(np.exp(shifted).sum(axis=-1, keepdims=True))


def _jacobian(p: Any) -> Any:
    """Return the Jacobian by a complex step: exact to rounding, and no formula in sight."""
    h = 1e-30
    stepped = p[None, :] * np.exp(1j * h * np.eye(len(p)))  # row j: score j moved by ih
    return (stepped / stepped.sum(axis=1, keepdims=True)).imag.T / h


def _distributions(rng: np.random.Generator) -> list[Arguments]:
    return [(np.array([0.25, 0.75]),), (np.array([0.2, 0.3, 0.5]),)]


def _more_distributions(rng: np.random.Generator) -> list[Arguments]:
    return [(rng.dirichlet(np.ones(k)),) for k in (3, 4, 7)]


def _jacobian_law(arguments: Arguments, J: Any) -> str | None:
    rows = J.sum(axis=1)
    if not np.allclose(rows, 0):
        return (
            "adding the same number to every score changes nothing, so each row must sum to 0; "
            f"yours sum to {listed(rows, digits=6)}"
        )
    return None


def _shares(scores: Any) -> Any:
    return np.abs(scores) / np.abs(scores).sum()


def _usable(x: Any) -> str | None:
    if not isinstance(x, np.ndarray) or x.ndim != 1 or len(x) < 2 or x.dtype.kind not in "iuf":
        return "return one vector of at least two scores"
    if not np.isfinite(x).all():
        return "every score should be a finite number"
    if np.abs(x).sum() == 0:
        return "all scores are 0, so the shares are 0/0"
    if len(set(x.tolist())) < len(x):
        return "two scores are equal, so there is no order between them to reverse"
    if sorted(x.tolist()) == [-2, -1, 0]:
        return "those are the scores of the lesson; find others"
    return None


def _winner_loses(arguments: Arguments, x: Any) -> str | None:
    problem = _usable(x)
    if problem is None and np.argmax(_shares(x)) == np.argmax(x):
        problem = f"the largest score, {x.max():.4g}, still gets the largest share, {_shares(x).max():.3f}"
    return problem


def _reversed(arguments: Arguments, x: Any) -> str | None:
    problem = _usable(x)
    if problem:
        return problem
    shares = _shares(x)[np.argsort(x)]
    if (np.diff(shares) >= 0).any():
        return f"from the smallest score to the largest the shares should fall; yours are {listed(shares, digits=6)}"
    return None


def _no_arguments(rng: np.random.Generator) -> list[Arguments]:
    return [()]


EXERCISES = (
    Exercise(
        number="02.1",
        call="softmax(logits)",
        groups=(
            Group("each row of a matrix becomes a distribution", 1, _matrices, _sums_to_one),
            Group("scores of ±1000 and rows 800 apart stay finite", 1, _large, _sums_to_one),
            Group("a single vector of scores works too", 1, _vectors, _sums_to_one),
        ),
        oracle=_softmax,
        forbids=(
            "utils.softmax",
            "utils.functions.softmax",
            "utils.log_softmax",
            "utils.functions.log_softmax",
            "scipy.special.softmax",
            "scipy.special.log_softmax",
            "sklearn.utils.extmath.softmax",
        ),
        misconceptions=(
            Misconception(
                "wrong axis",
                _softmax_axis_0,
                "You normalised over axis 0. Each row is one example, each column a class: "
                "take the sum along the last axis, and keep the dimension.",
            ),
            Misconception(
                "one maximum for the whole matrix",
                _softmax_one_max,
                "You subtract one maximum from the whole matrix. A row far below it then underflows "
                "to 0/0. Each row needs its own maximum.",
            ),
            Misconception(
                "no shift",
                _softmax_no_shift,
                "exp(1000) is too large for a float and becomes inf, and inf/inf is nan. Subtract "
                "each row's maximum first: the probabilities do not change, the overflow goes.",
            ),
            Misconception(
                "changes its input",
                _softmax_in_place,
                "Your probabilities are right, but the caller's scores are different afterwards: "
                "`-=` works in place. Write `logits = logits - …` instead.",
            ),
            Misconception(
                "normalised over the whole matrix",
                _softmax_whole,
                "You divide by the sum of the whole matrix, so all rows together sum to 1. "
                "Each row is an example of its own: sum along the last axis only.",
            ),
            Misconception(
                "row sums lined up with columns",
                _softmax_no_keepdims,
                "Your row sums have shape (n,), and NumPy lines that up with the columns. "
                "keepdims=True makes it (n, 1), one number for each row.",
            ),
            Misconception(
                "sums lined up with columns, and no shift",
                _softmax_plain_no_keepdims,
                "Your row sums have shape (n,), and NumPy lines that up with the columns. "
                "keepdims=True makes it (n, 1), one number for each row. Large scores come next: "
                "subtract each row's maximum before the exponential.",
            ),
            Misconception(
                "shift below the fraction only",
                _softmax_shifted_below,
                "You subtract the maximum in the sum but not in the numerator. It cancels only if it "
                "is subtracted in both.",
            ),
            Misconception(
                "shift above the fraction only",
                _softmax_shifted_above,
                "You subtract the maximum in the numerator but not in the sum. It cancels only if it "
                "is subtracted in both.",
            ),
            Misconception(
                "subtracts the minimum",
                _softmax_less(lambda z: z.min(axis=-1, keepdims=True)),
                "You subtract each row's minimum. Then the largest score can still be 1000, and its "
                "exponential inf. With the maximum, no exponential passes 1.",
            ),
            Misconception(
                "subtracts the mean",
                _softmax_less(lambda z: z.mean(axis=-1, keepdims=True)),
                "You subtract each row's mean. The largest score can still lie 1000 above it, and "
                "its exponential is inf. With the maximum, no exponential passes 1.",
            ),
            Misconception(
                "rounded",
                lambda z: np.round(_softmax(z), 3),
                "You rounded the probabilities. Round when you print them, never what you return: "
                "rows no longer sum to 1.",
            ),
            Misconception(
                "row maxima lined up with columns",
                _softmax_max_no_keepdims,
                "Your row maxima have shape (n,), and NumPy lines that up with the columns: each "
                "score loses the maximum of another row. keepdims=True makes the shape (n, 1).",
            ),
            Misconception(
                "maxima and sums lined up with columns",
                _softmax_never_keepdims,
                "Your row maxima and row sums have shape (n,), and NumPy lines that up with the "
                "columns. keepdims=True makes it (n, 1), one number for each row, in both places.",
            ),
            Misconception(
                "Python's max",
                _softmax_less(max),
                "Python's own `max` compares whole rows of a matrix, and that has no answer. NumPy's "
                "max takes an axis.",
            ),
            Misconception(
                "matrix only",
                _softmax_matrix_only,
                "axis=1 exists for a matrix only. axis=-1 is the last axis of a matrix and of a "
                "single vector alike.",
            ),
            Misconception(
                "a sigmoid for each score",
                _sigmoids,
                "You took the sigmoid of each score by itself. Those are K separate yes/no "
                "questions; a softmax shares one probability of 1 between the classes.",
            ),
            Misconception(
                "exponentials not normalised",
                lambda z: np.exp(z),
                "You stopped at the exponentials. Divide each row by its sum.",
            ),
            Misconception(
                "shifted exponentials not normalised",
                lambda z: _shifted(z),
                "You stopped at the exponentials. Divide each row by its sum.",
            ),
            Misconception(
                "absolute shares",
                _absolute_shares,
                "You divided absolute values by their sum. That forgets the sign of a score; "
                "take exponentials, which are positive already.",
            ),
            Misconception(
                "shares of the raw scores",
                _plain_shares,
                "You divided the scores themselves by their sum. Negative scores then give negative "
                "“probabilities”; take exponentials first.",
            ),
            Misconception(
                "minus the scores",
                lambda z: _softmax(-z),
                "Your largest probability goes to the smallest score: a sign is the wrong way round.",
            ),
            Misconception(
                "base 2",
                lambda z: _softmax(z * np.log(2)),
                "You used powers of 2. The softmax uses e; base 2 is a softmax at temperature 1/log 2.",
            ),
            Misconception(
                "winner takes all",
                _winner_only,
                "You gave the largest score everything. That is argmax; softmax leaves something "
                "for the others.",
            ),
            Misconception(
                "returns logarithms",
                _log_softmax,
                "You returned log-probabilities. Take the exponential once more.",
            ),
        ),
    ),
    Exercise(
        number="02.2",
        call="log_softmax(logits)",
        groups=(
            Group("the logarithm of each row's softmax", 1, _matrices, _log_sums_to_one),
            Group("scores of ±1000 and rows 800 apart stay finite", 1, _large, _log_sums_to_one),
            Group("a single vector of scores works too", 1, _vectors, _log_sums_to_one),
        ),
        oracle=_log_softmax,
        forbids=(
            "utils.log_softmax",
            "utils.functions.log_softmax",
            "scipy.special.log_softmax",
            "utils.logsumexp",
            "utils.functions.logsumexp",
            "scipy.special.logsumexp",
        ),
        misconceptions=(
            Misconception(
                "log of the softmax",
                _log_of_softmax,
                "You take the logarithm of a probability that has already been rounded to 0, and "
                "log 0 is -inf. Work with the scores: shift, then subtract the log of the sum.",
            ),
            Misconception(
                "no shift",
                _log_no_shift,
                "exp(1000) is inf. Subtract each row's maximum from the scores first, then both "
                "terms stay finite.",
            ),
            Misconception(
                "one maximum for the whole matrix",
                _log_one_max,
                "You subtract one maximum from the whole matrix. In a row far below it every "
                "exponential is 0, and log 0 is -inf. Each row needs its own maximum.",
            ),
            Misconception(
                "wrong axis",
                _log_axis_0,
                "You summed over axis 0. Each row is one example: sum along the last axis, and keep "
                "the dimension.",
            ),
            Misconception(
                "maximum not put back",
                _log_max_not_restored,
                "The maximum was subtracted inside the sum only. Use the shifted scores in both "
                "places, or add the maximum to the logarithm again.",
            ),
            Misconception(
                "row sums lined up with columns",
                _log_no_keepdims,
                "Your row sums have shape (n,), and NumPy lines that up with the columns. "
                "keepdims=True makes it (n, 1), one number for each row.",
            ),
            Misconception(
                "maxima and sums lined up with columns",
                _log_never_keepdims,
                "Your row maxima and row sums have shape (n,), and NumPy lines that up with the "
                "columns. keepdims=True makes it (n, 1), one number for each row, in both places.",
            ),
            Misconception(
                "Python's max",
                _log_built_in_max,
                "Python's own `max` compares whole rows of a matrix, and that has no answer. NumPy's "
                "max takes an axis.",
            ),
            Misconception(
                "matrix only",
                _log_matrix_only,
                "axis=1 exists for a matrix only. axis=-1 is the last axis of a matrix and of a "
                "single vector alike.",
            ),
            Misconception(
                "changes its input",
                _log_in_place,
                "Your result is right, but the caller's scores are different afterwards: `-=` works "
                "in place. Write `logits = logits - …` instead.",
            ),
            *map(_log_plus, (1e-15, 1e-12, 1e-10, 1e-9, 1e-8)),
            Misconception(
                "sum without its logarithm",
                _log_no_log,
                "You subtracted the sum of the exponentials. It takes the logarithm of that sum.",
            ),
            Misconception(
                "sum of the whole matrix",
                _log_whole,
                "You took one sum over the whole matrix. Each row is an example of its own: sum "
                "along the last axis, and keep the dimension.",
            ),
            Misconception(
                "log10 of the sum",
                _log_10_of_sum,
                "The logarithm of the sum is log10. Scores are in nats: np.log.",
            ),
            Misconception(
                "returns probabilities",
                _softmax,
                "These are the probabilities themselves, not their logarithms.",
            ),
            Misconception(
                "base 2",
                lambda z: _log_softmax(z) / np.log(2),
                "You used log2. This course measures in nats: np.log.",
            ),
            Misconception(
                "base 10",
                lambda z: _log_softmax(z) / np.log(10),
                "You used log10. This course measures in nats: np.log.",
            ),
            Misconception(
                "minus sign",
                lambda z: -_log_softmax(z),
                "A log-probability is at most 0; yours are positive: a sign is the wrong way round.",
            ),
        ),
    ),
    Exercise(
        number="02.3",
        call="softmax_jacobian(p)",
        groups=(
            Group("two and three classes", 1, _distributions, _jacobian_law),
            Group("any number of classes", 2, _more_distributions, _jacobian_law),
        ),
        oracle=_jacobian,
        misconceptions=(
            Misconception(
                "diagonal only",
                lambda p: np.diag(p * (1 - p)),
                "You have the diagonal p(1 − p), as for K separate sigmoids. Raising one score also "
                "lowers every other probability: the off-diagonal entries are not 0.",
            ),
            Misconception(
                "diagonal as a vector",
                lambda p: p * (1 - p),
                "You return the diagonal alone. The Jacobian has one entry for each pair: "
                "probability i, score j.",
            ),
            Misconception(
                "sign",
                lambda p: np.outer(p, p) - np.diag(p),
                "Every sign is turned round: raising a score raises its own probability, so the "
                "diagonal is positive.",
            ),
            Misconception(
                "plus instead of minus",
                lambda p: np.diag(p) + np.outer(p, p),
                "You added the outer product. Raising one score takes probability away from the "
                "others: subtract it.",
            ),
            Misconception(
                "one instead of p on the diagonal",
                lambda p: np.eye(len(p)) - np.outer(p, p),
                "The first matrix has ones on its diagonal. A score moves its own probability in "
                "proportion to what it has: the diagonal of that matrix is p.",
            ),
            Misconception(
                "outer product with 1 - p",
                lambda p: np.outer(p, 1 - p),
                "p (1 - p) belongs on the diagonal alone. Off it, δᵢⱼ is 0, and p (0 - p) is left.",
            ),
            Misconception(
                "not multiplied by p",
                lambda p: np.eye(len(p)) - p,
                "You have the bracket, δᵢⱼ - pⱼ, which is the derivative of log pᵢ. For pᵢ itself "
                "multiply row i by pᵢ.",
            ),
            Misconception(
                "vector instead of outer product",
                lambda p: np.diag(p) - p,
                "You subtract the vector p from every row. The second term is a product of two "
                "probabilities, one for the row and one for the column: an outer product.",
            ),
            Misconception(
                "inner product",
                lambda p: np.diag(p) - p @ p,
                "p @ p is a single number, the inner product. It takes the outer product, "
                "a K × K matrix.",
            ),
            Misconception(
                "squares instead of outer product",
                lambda p: np.diag(p - p**2) - (1 - np.eye(len(p))) * p**2,
                "Off the diagonal you have squares. Entry (i, j) holds the product of two different "
                "probabilities, pᵢ and pⱼ.",
            ),
            Misconception(
                "outer product only",
                lambda p: -np.outer(p, p),
                "The diagonal misses its first term: raising a score also raises its own probability.",
            ),
            Misconception(
                "takes the softmax of p",
                lambda p: _jacobian(_softmax(p)),
                "p is a distribution already. You took the softmax of it a second time.",
            ),
        ),
    ),
    Exercise(
        number="02.4",
        call="l1_counterexample()",
        groups=(
            Group(
                "the largest score does not get the largest share", 1, _no_arguments, _winner_loses
            ),
            Group("the whole order is reversed", 1, _no_arguments, _reversed),
        ),
        misconceptions=(
            Misconception(
                "all positive",
                lambda: np.array([1.0, 2.0, 3.0]),
                "As long as every score is positive, |x| / Σ|x| keeps the order. "
                "What does the absolute value do to the order of negative numbers?",
            ),
            Misconception(
                "a probability vector",
                lambda: np.array([2 / 3, 1 / 3, 0.0]),
                "These look like the shares, not the scores. Return the scores that go in.",
            ),
            Misconception(
                "order kept by mixed signs",
                lambda: np.array([-1.0, 0.0, 2.0]),
                "A score far above zero still wins. For the order to turn round, no score may be "
                "further above zero than the lowest is below it.",
            ),
        ),
    ),
)
