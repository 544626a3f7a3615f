"""One name for one thing in all lessons: what is called otherwise is said with its line."""

import pytest

from course.release import command as release
from tests.release.made import code, line_of, make, source

# A cell, where in it the message must point, what it must say.
WRONG = {
    "a name": (code("x = 1\nlearning_rate = 2"), "learning_rate", "learning_rate is called lr in"),
    "an argument": (
        code("def f(eta):\n    return eta"),
        "def f",
        "eta is called lr in this course",
    ),
    "a logarithm": (
        "text\n$$\na\n= \\ln x$$",
        "= \\ln",
        "\\ln in a formula: \\log is the natural logarithm here",
    ),
    "a learning rate": ("$\\alpha$", "$", "\\alpha in a formula: the learning rate is \\eta here"),
    "a function's name": ("$\\text{softmax}(z)$", "$", "\\text{softmax} in a formula: a function"),
    "spelling": ("one\nnormalized line", "normalized", "“normalized”: the prose is British"),
    "a full stop": (
        "**a**\n<!-- term: a: what it is. -->",
        "<!-- t",
        "the meaning of a goes on in",
    ),
    "a long meaning": (
        f"**a**\n<!-- term: a: {'what ' * 50}it is -->",
        "<!-- term",
        "the meaning of a has 255 characters, more than 200",
    ),
}
RIGHT = {
    "in code": "`color` and ``normalize``",
    "an exercise's name": "### Exercise 00.1 — standardize",
    "titles": "## Go further\n\n- *The color of money*",
    "code of others": code("print(dict(learning_rate=1))"),
    "a share of misses": code("def f(alpha: float) -> float:\n    return alpha") + "\n\n$\\alpha$",
    "prose": "eta, \\ln and learning_rate outside a formula",
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_called_otherwise_is_said_with_its_line(tmp_path, case):
    cell, needle, sentence = WRONG[case]
    text = source("+++\n\n" + cell)
    root = make(tmp_path / "course", lesson_00_start=text)
    place = f"solutions/00_start.md:{line_of(text, needle)}: "
    found = release.check_sources(root)
    assert any(f.startswith(place + sentence) for f in found), found


@pytest.mark.parametrize("case", RIGHT)
def test_other_words_are_no_problem(tmp_path, case):
    root = make(tmp_path / "course", lesson_00_start=source("+++\n\n" + RIGHT[case]))
    assert all("is missing" in f or "is not what" in f for f in release.check_sources(root))
