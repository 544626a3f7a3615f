"""A name is an accusation: it is given where it is deserved, softened where it is likely, or not at all."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from course.judge.exercise import Exercise, Group
from course.judge.judge import judge
from course.judge.mistakes import read_page

PAGE = """\
```python
import numpy as np
```

## 42.1 scale

```python
def scale(x, n):
    y = np.abs(x) / n
    return y + 0.0
```

### Also right

**a sum**: `np.abs(x) / n` → `np.maximum(x, -x) / n`.

### Mistakes

**sign kept**: `np.abs(x)` → `x`.
You kept the sign.

**not divided**: without ` / n`.
You did not divide.

**positive only**: `np.abs(x)` → `np.maximum(x, 0)`.
You cut off below 0.

**a list's length**: `/ n` → `/ len(n)`.
You took the length of a number.

**in place**: `y = np.abs(x) / n` → `x *= 2; y = np.abs(x) / n / 2`.
You changed x.
"""


def name_of(mistake):
    return mistake and mistake.name


def parts_of(judgement):
    return judgement.resembles.parts if judgement.resembles else ()


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    page = tmp_path / "lesson_42.md"
    page.write_text(PAGE, encoding="utf-8")
    answers = read_page(page)["42.1"]
    return Exercise(
        number="42.1",
        call="scale(x, n)",
        groups=(
            Group("above 0", 1, lambda rng: [(np.array([1.1, 2.3, 4.6]), 2)]),
            Group("below 0", 1, lambda rng: [(np.array([-1.2, -2.7, -5.1]), 3)]),
            Group("anywhere", 1, lambda rng: [(rng.normal(size=5), n) for n in (3, 4)]),
        ),
        oracle=lambda x, n: np.abs(x) / n,
        right=tuple(answers.right.values()),
        mistakes=tuple(answers.mistakes.values()),
    )


def test_agreement_everywhere_names(exercise):
    judgement = judge(exercise, lambda x, n: x / n)
    assert name_of(judgement.misconception) == "sign kept"
    assert (judgement.points, judgement.resembles, judgement.relation) == (1, None, None)


def test_agreement_where_it_first_fails_looks_like(exercise):
    """As “sign kept” below 0, and right where both signs meet."""

    def scale(x, n):
        return x / n if (x < 0).all() else np.abs(x) / n

    judgement = judge(exercise, scale)
    assert judgement.misconception is None
    assert judgement.resembles is None  # for “sign kept” fails a group that this one passes

    def other(x, n):
        return x / n if (x < 0).all() else np.abs(x) * 7

    assert judge(exercise, lambda x, n: other(x, n) if (x < 0).any() else np.abs(x) / n).points == 1
    judgement = judge(exercise, lambda x, n: other(x, n) if (x < 0).any() else np.abs(x) / n)
    assert judgement.misconception is None
    assert name_of(judgement.resembles) == "sign kept"


def test_two_mistakes_at_once_are_told_if_there_is_one_way_to_make_them(exercise):
    judgement = judge(exercise, lambda x, n: x * 1.0)
    assert name_of(judgement.resembles) == "not divided"  # all that shows above 0
    below = dataclasses.replace(exercise, groups=exercise.groups[1:])
    judgement = judge(below, lambda x, n: x * 1.0)
    assert judgement.misconception is None
    assert {part.name for part in parts_of(judgement)} == {"sign kept", "not divided"}


def test_zeros_everywhere_look_like_nothing(exercise):
    judgement = judge(exercise, lambda x, n: np.zeros(len(x)))
    assert (judgement.misconception, judgement.resembles) == (None, None)


def test_an_error_is_matched_by_type_and_message_without_its_numbers(exercise):
    def the_same(x, n):
        return np.abs(x) / len(n)

    def another(x, n):
        return np.abs(x) / sorted(n)

    assert name_of(judge(exercise, the_same).misconception) == "a list's length"
    judgement = judge(exercise, another)
    assert judgement.status == "error"
    assert (judgement.misconception, judgement.resembles) == (None, None)


def test_a_changed_input_costs_every_group_in_which_it_happens(exercise):
    def below_0_only(x, n):
        y = np.abs(x) / n
        if (x < 0).all():
            x *= 2
        return y

    def everywhere(x, n):
        y = np.abs(x) / n
        x *= 2
        return y

    assert judge(exercise, below_0_only).points == 2
    judgement = judge(exercise, everywhere)
    assert (judgement.points, name_of(judgement.misconception)) == (0, "in place")


RELATIONS = {
    "your values are too small by a factor of n": lambda x, n: np.abs(x) / n**2,
    "your values are too large by a factor of x.shape[0]": lambda x, n: np.abs(x) / n * len(x),
    "your values are too small by a factor of 2": lambda x, n: np.abs(x) / n / 2,
    "all of your values have the wrong sign": lambda x, n: -np.abs(x) / n,
    "your values are right, in reverse order": lambda x, n: np.abs(x)[::-1] / n,
    "your values are right, one place too late": lambda x, n: np.roll(np.abs(x), 1) / n,
    "your values are too large by 1": lambda x, n: np.abs(x) / n + 1,
    "your values are the squares of the right ones": lambda x, n: (np.abs(x) / n) ** 2,
    "your numbers are right, only their shape is not": lambda x, n: (np.abs(x) / n)[None],
}


@pytest.mark.parametrize("sentence", RELATIONS)
def test_what_results_have_to_do_with_the_right_ones_is_told(exercise, sentence):
    unknown = Exercise(**{**vars(exercise), "mistakes": ()})
    judgement = judge(unknown, RELATIONS[sentence])
    assert judgement.relation == sentence


def test_a_relation_that_does_not_hold_wherever_it_fails_is_not_told(exercise):
    unknown = Exercise(**{**vars(exercise), "mistakes": ()})
    halved = RELATIONS["your values are too small by a factor of 2"]
    judgement = judge(unknown, lambda x, n: halved(x, n) if n != 2 else np.abs(x) / n)
    assert judgement.relation == "your values are too small by a factor of 2"
    judgement = judge(unknown, lambda x, n: halved(x, n) + (n == 4))
    assert judgement.relation is None


def test_a_first_import_that_takes_long_is_not_held_against_an_answer(exercise, monkeypatch):
    monkeypatch.delitem(sys.modules, "slow_to_come", raising=False)

    def scale(x, n):
        if "slow_to_come" not in sys.modules:
            sys.modules["slow_to_come"] = sys
            while True:
                pass
        return np.abs(x) / n

    assert judge(exercise, scale, seconds=0.3).status == "passed"
    sys.modules.pop("slow_to_come")


def test_two_mistakes_are_not_seen_in_nothing_but_nan(exercise):
    judgement = judge(exercise, lambda x, n: np.full(len(x), np.nan))
    assert (judgement.misconception, judgement.resembles) == (None, None)
