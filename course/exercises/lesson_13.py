"""What the exercises of lesson 13 ask and accept."""

from __future__ import annotations

import numpy as np

from course.exercises.common import Array, listed, sigmoid, softmax
from course.judge.exercise import Exercise, Group
from course.judge.run import Arguments


def _shares(rng: np.random.Generator, n_classes: int) -> Array:
    """Return shares that differ, none of them tiny."""
    return rng.dirichlet(np.full(n_classes, 3.0)) * 0.8 + 0.2 / n_classes


# --- 13.1 shift_prior ----------------------------------------------------------------------------


def _two_worlds(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.2, 0.8]]), np.array([0.5, 0.5]), np.array([0.99, 0.01])),
        (np.array([[0.5, 0.5], [0.1, 0.9]]), np.array([0.9, 0.1]), np.array([0.25, 0.75])),
        (rng.dirichlet(np.ones(2), size=4), _shares(rng, 2), _shares(rng, 2)),
    ]


def _more_classes(rng: np.random.Generator) -> list[Arguments]:
    sure = np.array([[1.0, 0.0, 0.0], [0.0, 0.25, 0.75]])
    return [
        (sure, np.array([0.5, 0.25, 0.25]), np.array([0.2, 0.2, 0.6])),
        (rng.dirichlet(np.ones(3), size=4), _shares(rng, 3), np.array([0.25, 0.0, 0.75])),
        (rng.dirichlet(np.ones(5), size=7), _shares(rng, 5), _shares(rng, 5)),
    ]


def _moved(P: Array, old: Array, new: Array) -> Array:
    """Move each row by itself, class by class."""
    rows = []
    for row in P:
        parts = [p * after / before for p, before, after in zip(row, old, new, strict=True)]
        rows.append([part / sum(parts) for part in parts])
    return np.array(rows)


def _explain_moved(arguments: Arguments, result: Array) -> str | None:
    P, old, new = arguments
    if np.isnan(result).any():
        return "nan came out, though no row is left without a class that can occur"
    if (result < 0).any() or (result > 1 + 1e-6).any():
        return "a probability lies between 0 and 1"
    sums = result.sum(axis=1)
    if not np.allclose(sums, 1, atol=1e-4):
        return f"each row should sum to 1; your first one sums to {sums[0]:.4g}"
    wanted = _moved(P, old, new)
    row = int(np.abs(result - wanted).max(axis=1).argmax())
    k = int(np.abs(result - wanted)[row].argmax())
    if P[row, k] in (0, 1):
        return f"in row {row} class {k} had {P[row, k]:g}, and no factor changes that"
    return (
        f"in row {row} class {k} went from {P[row, k]:.4g} to {result[row, k]:.4g}; it is "
        f"{new[k] / old[k]:.3g} times as common as before"
    )


SHIFT = Exercise(
    number="13.1",
    call="shift_prior(P, old, new)",
    groups=(
        Group("two classes in another world", 1, _two_worlds, explains=_explain_moved),
        Group("more classes, and zeros", 1, _more_classes, explains=_explain_moved),
    ),
    oracle=_moved,
    forbids=("utils.shift_prior", "utils.shift.shift_prior"),
)


# --- 13.2 undo_weights ---------------------------------------------------------------------------


def _some_scores(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([0.0, np.log(9.0)]), 9.0),
        (rng.normal(scale=2, size=5), float(rng.uniform(3, 30))),
        (rng.normal(scale=2, size=4), float(rng.uniform(0.05, 0.5))),
    ]


def _far_out(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([-1000.0, 1000.0]), 5.0),
        (np.array([-1000.0, 0.5, 1000.0]), 0.25),
        (rng.normal(scale=300, size=6), float(rng.uniform(3, 30))),
    ]


def _explain_undone(arguments: Arguments, result: Array) -> str | None:
    z, weight = arguments
    if np.isnan(result).any():
        return "nan came out; large log-odds are nearly certain, nothing worse"
    if (result < 0).any() or (result > 1).any():
        return "a probability lies between 0 and 1"
    wanted = sigmoid(z - np.log(weight))
    at = int(np.abs(result - wanted).argmax())
    said = f"log-odds of {z[at]:.4g} were {sigmoid(z[at]):.4g} in the weighted world"
    if not 0 < result[at] < 1:
        return f"{said}; yours became {result[at]:.4g}"
    odds, before = result[at] / (1 - result[at]), float(np.exp(np.clip(z[at], -700, 700)))
    return f"{said}; your odds are {odds / before:.4g} times as large, not 1/{weight:.4g}"


UNDO = Exercise(
    number="13.2",
    call="undo_weights(z, weight)",
    groups=(
        Group("the odds without the weight", 1, _some_scores, explains=_explain_undone),
        Group("large log-odds, in silence", 1, _far_out, explains=_explain_undone, quiet=True),
    ),
    oracle=lambda z, weight: sigmoid(z - np.log(weight)),
)


# --- 13.3 estimate_prior -------------------------------------------------------------------------


def _four() -> Array:
    return np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.1, 0.9]])


def _new_world(rng: np.random.Generator, n: int, n_classes: int) -> tuple[Array, Array]:
    """Return probabilities of another world than that of the old shares, and these."""
    logits = rng.normal(scale=1.5, size=(n, n_classes)) + np.linspace(0, 2, n_classes)
    return softmax(logits), _shares(rng, n_classes)


def _few_steps(rng: np.random.Generator) -> list[Arguments]:
    P, old = _new_world(rng, 5, 3)
    return [(_four(), np.array([0.5, 0.5]), 1), (P, old, 0), (P, old, 1), (P, old, 2)]


def _several_steps(rng: np.random.Generator) -> list[Arguments]:
    return [
        (_four(), np.array([0.5, 0.5]), 3),
        (*_new_world(rng, 6, 2), 4),
        (*_new_world(rng, 7, 4), 3),
    ]


def _many_steps(rng: np.random.Generator) -> list[Arguments]:
    P, old = _new_world(rng, 8, 3)
    P[0] = [1.0, 0.0, 0.0]
    return [(_four(), np.array([0.2, 0.8]), 60), (P, old, 25), (*_new_world(rng, 30, 3), 40)]


def _stepped(P: Array, old: Array, n_steps: int) -> Array:
    """Climb the likelihood of the examples: multiply each share by its slope."""
    ratio, prior = P / old, np.array(old, dtype=float)
    for _ in range(n_steps):
        prior = prior * (ratio / (ratio @ prior)[:, None]).mean(axis=0)
    return prior


def _explain_shares(arguments: Arguments, result: Array) -> str | None:
    P, old, n_steps = arguments
    if np.isnan(result).any():
        return "nan came out"
    if not np.isclose(result.sum(), 1, atol=1e-4):
        return f"the shares should sum to 1; yours sum to {result.sum():.4g}"
    for steps in range(max(n_steps + 4, 6)):
        if steps != n_steps and np.allclose(result, _stepped(P, old, steps), atol=1e-9):
            counted = {0: "no step", 1: "1 step"}.get(steps, f"{steps} steps")
            return f"these are the shares after {counted}; {n_steps} were asked for"
    if n_steps == 0:
        return f"no step was asked for: the old shares, {listed(old)}"
    if n_steps == 1:
        return f"the first step gives the mean of each column of P, {listed(P.mean(axis=0))}"
    first = listed(P.mean(axis=0))
    return f"step 1 leads to {first}; what came after {n_steps} steps is not where that leads"


ESTIMATE = Exercise(
    number="13.3",
    call="estimate_prior(P, old, n_steps)",
    groups=(
        Group("no step, one, two", 1, _few_steps, explains=_explain_shares),
        Group("several steps", 1, _several_steps, explains=_explain_shares),
        Group("many steps, from any old shares", 1, _many_steps, explains=_explain_shares),
    ),
    oracle=_stepped,
    forbids=("utils.estimate_prior", "utils.shift.estimate_prior"),
)


# --- 13.4 cheapest_decision ----------------------------------------------------------------------


def _average_costs(P: Array, costs: Array) -> Array:
    """Return the expected cost of each decision for each example, shape (n, D)."""
    return np.array([[sum(p * c for p, c in zip(row, d, strict=True)) for d in costs] for row in P])


def _clear(rng: np.random.Generator, n: int, n_decisions: int, n_classes: int) -> Arguments:
    """Return a case in which every decision is somewhere the cheapest, by more than rounding."""
    while True:
        costs = rng.uniform(0, 10, size=(n_decisions, n_classes))
        costs[np.arange(n_decisions), np.arange(n_decisions) % n_classes] /= 10
        P = rng.dirichlet(np.full(n_classes, 0.7), size=40 * n)
        expected = np.sort(_average_costs(P, costs), axis=1)
        P = P[expected[:, 1] - expected[:, 0] > 0.05]
        best = _average_costs(P, costs).argmin(axis=1)
        kept = [int(np.flatnonzero(best == d)[0]) for d in np.unique(best)]
        others = [i for i in range(len(P)) if i not in kept]
        if len(kept) == n_decisions and len(others) >= n:
            return P[kept + others[: n - len(kept)]], costs


def _two_errors(rng: np.random.Generator) -> list[Arguments]:
    return [
        (np.array([[0.97, 0.03], [0.9, 0.1]]), np.array([[0.0, 20.0], [1.0, 0.0]])),
        (np.array([[0.3, 0.7], [0.2, 0.8], [0.6, 0.4]]), np.array([[0.0, 1.0], [3.0, 0.0]])),
        _clear(rng, 6, 2, 2),
    ]


def _any_table(rng: np.random.Generator) -> list[Arguments]:
    gains = _clear(rng, 6, 3, 3)
    return [
        (
            np.array([[0.9, 0.1], [0.02, 0.98], [0.995, 0.005]]),
            np.array([[0.0, 20.0], [1.0, 1.0], [0.3, 1.3]]),
        ),
        _clear(rng, 7, 3, 3),
        (gains[0], gains[1] - 20),
    ]


def _other_shapes(rng: np.random.Generator) -> list[Arguments]:
    return [_clear(rng, 5, 2, 4), _clear(rng, 8, 4, 3)]


def _explain_decision(arguments: Arguments, result: Array) -> str | None:
    P, costs = arguments
    expected = _average_costs(P, costs)
    best = expected.argmin(axis=1)
    wrong = np.flatnonzero(np.asarray(result) != best)
    if not len(wrong):
        return None
    i = int(wrong[0])
    chosen = float(result[i])
    if not (chosen.is_integer() and 0 <= chosen < len(costs)):
        return f"a decision is a whole number from 0 to {len(costs) - 1}; yours is {chosen:.4g}"
    return (
        f"in row {i} decision {int(chosen)} costs {expected[i, int(chosen)]:.4g} on average, and "
        f"another only {expected[i].min():.4g}"
    )


CHEAPEST = Exercise(
    number="13.4",
    call="cheapest_decision(P, costs)",
    groups=(
        Group("yes or no, with two errors that differ", 1, _two_errors, explains=_explain_decision),
        Group("tables of any costs", 1, _any_table, explains=_explain_decision),
        Group(
            "more decisions than classes, or fewer", 1, _other_shapes, explains=_explain_decision
        ),
    ),
    oracle=lambda P, costs: _average_costs(P, costs).argmin(axis=1),
    forbids=("utils.cheapest_decision", "utils.shift.cheapest_decision"),
)

EXERCISES = (SHIFT, UNDO, ESTIMATE, CHEAPEST)
