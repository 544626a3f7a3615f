"""Pages of answers: each form of a change is read, and what cannot be read is refused with its place."""

import re

import numpy as np
import pytest

from course.judge.mistakes import PageError, find_exercises, read_page

HEAD = """\
# 42 · Doubling

Prose may stand here, and what the page imports.

```python
import numpy as np
```

## 42.1 double

```python
def double(x):
    y = np.asarray(x) * 2
    return y
```

```python
def halved(x):
    return x / 2
```

"""


def page_of(tmp_path, body, head=HEAD):
    page = tmp_path / "lesson_42.md"
    page.write_text(head + body, encoding="utf-8")
    return page


def read(tmp_path, body, head=HEAD):
    return read_page(page_of(tmp_path, body, head))["42.1"]


FORMS = {
    "a piece": ("**m**: `* 2` → `* 3`.\nToo much.", 9),
    "a piece left out": ("**m**: without ` * 2`.\nYou forgot it.", 3),
    "several pieces": ("**m**: `* 2` → `* 3`, `return y` → `return -y`.\nTwice wrong.", -9),
    "everywhere": ("**m**: everywhere ` y` → ` z`.\nNames.", 6),
    "an expression that calls the model": ("**m**: `double(x) + 1`.\nOne too many.", 7),
    "an expression that calls what is shared": ("**m**: `halved(x)`.\nThe wrong way.", 1.5),
    "a diff of two places": (
        "**m**.\n```diff\n-    y = np.asarray(x) * 2\n+    y = np.asarray(x)\n+    y = y * 5\n\n"
        "-    return y\n+    return y + 1\n```\nBoth.",
        16,
    ),
    "a block": ("**m**.\n```python\ndef mine(x):\n    return double(double(x))\n```\nTwice.", 12),
    "an earlier answer, changed": (
        "**a**: `* 2` → `* 7`.\nSeven.\n\n**m**: as *a*, `return y` → `return y - 1`.\nAlso.",
        20,
    ),
    "an earlier answer, called": (
        "**a**: `* 2` → `* 7`.\nSeven.\n\n**m**: as *a*, `double(x) - 2`.\nAlso.",
        19,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_change_is_read(tmp_path, form):
    body, expected = FORMS[form]
    answers = read(tmp_path, f"### Mistakes\n\n{body}\n")
    assert answers.mistakes["m"].function(3) == expected
    assert answers.mistakes["m"].says
    assert answers.right[""].function(3) == 6


def test_sentences_may_run_over_lines_and_stand_below_a_block(tmp_path):
    answers = read(
        tmp_path,
        "### Also right\n\n**added**: `np.asarray(x) * 2` → `np.add(x, x)`.\n\n### Mistakes\n\n"
        "**m**: `* 2` → `* 3`.\nOne line\nand another.\n\n"
        "**n**.\n```python\ndef n(x):\n    return '## 42.9 no heading'\n```\nBelow\nthe block.\n",
    )
    assert answers.mistakes["m"].says == "One line and another."
    assert answers.mistakes["n"].says == "Below the block."
    assert answers.right["added"].function(np.array([1.0])) == 2


def test_what_a_page_imports_does_not_hide_the_model(tmp_path):
    head = HEAD.replace("import numpy as np", "import numpy as np\nfrom math import sqrt as double")
    answers = read(tmp_path, "### Mistakes\n\n**m**: `double(x) + 1`.\nOne too many.\n", head)
    assert answers.mistakes["m"].function(3) == 7


MODEL = HEAD[HEAD.index("## 42.1") :]
REFUSED = {
    "an unknown piece": ("**m**: `* 4` → `* 3`.\nNo.", "'* 4' stands 0 times in what is changed"),
    "a piece that stands twice": ("**m**: `y` → `z`.\nNo.", "stands 3 times .*; write everywhere"),
    "no change": ("**m**.\nNo.", "there is neither a change nor a block"),
    "no full stop": ("**m**: `* 2` → `* 3`\nNo.", "an answer begins"),
    "an unreadable change": (
        "**m**: `* 2` to `* 3`.\nNo.",
        "no change that can be read: `\\* 2` to",
    ),
    "no sentence": ("**m**: `* 2` → `* 3`.", "a mistake needs a sentence"),
    "a second paragraph": (
        "**m**: `* 2` → `* 3`.\nOne.\n\nTwo.",
        "an answer begins “\\*\\*its name",
    ),
    "the same name twice": (
        "**m**: `* 2` → `* 3`.\nA.\n\n**m**: `* 2` → `* 4`.\nB.",
        "there are two answers called “m”",
    ),
    "an unknown earlier answer": (
        "**m**: as *n*, `* 2` → `* 3`.\nNo.",
        "no answer above is called “n”",
    ),
    "no Python after the change": ("**m**: `* 2` → `* (`.\nNo.", "was never closed"),
    "no Python in an expression": ("**m**: `double(`.\nNo.", "was never closed"),
    "a block without a function": ("**m**.\n```python\n1\n```\nNo.", "should end with a function"),
    "a block and a change": (
        "**m**: `* 2` → `* 3`.\n```python\ndef m(x): ...\n```\nNo.",
        "a change, and a block of Python besides",
    ),
    "a block of another language": ("**m**.\n```rust\nfn m() {}\n```\nNo.", "not rust"),
    "a diff that does not fit": (
        "**m**.\n```diff\n-    z = 1\n+    z = 2\n```\nNo.",
        "stands 0 times",
    ),
    "a diff without signs": ("**m**.\n```diff\nz = 1\n```\nNo.", "begins with a space, \\+ or -"),
    "an open block": ("**m**.\n```python\ndef m(x): ...\n", "the block is never closed"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_malformed_answer_is_refused_with_its_place(tmp_path, what):
    body, sentence = REFUSED[what]
    line = HEAD.count("\n") + 3
    with pytest.raises(PageError, match=rf"lesson_42\.md:\d+.*{sentence}") as refused:
        read(tmp_path, f"### Mistakes\n\n{body}")
    place = re.match(r"lesson_42\.md:(\d+)(, 42\.1 double)?", str(refused.value))
    assert place and line <= int(place[1]) <= line + 4
    assert place[2] or what == "an open block"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("## Doubling\n", "an exercise begins like “## 02.1 softmax”, not “## Doubling”"),
        ("## 42.1 double\n\nNo code.\n", "the model answer is missing"),
        ("## 42.1 double\n\n```python\ndef treble(x): ...\n```\n", "should define double"),
        ("## 42.1 double\n\n```python\ndef double(x: ...\n```\n", "never closed|invalid syntax"),
        (MODEL + "### Other\n", "has the parts ### Also right and ### Mistakes"),
        (MODEL + "\n" + MODEL, "42.1 stands twice"),
    ],
)
def test_a_malformed_exercise_is_refused_with_its_place(tmp_path, text, sentence):
    with pytest.raises(PageError, match=rf"lesson_42\.md:\d+.*({sentence})"):
        read(tmp_path, text, head="")


def test_headings_alone_tell_the_exercises(tmp_path):
    page = page_of(tmp_path, "### Mistakes\n\n**m**: not read at all\n")
    assert find_exercises(page) == {"42.1": "double"}
