"""What is headed Deeper begins folded, hides nothing else, and nothing else needs it."""

import ast

import pytest

from course.release import command as release
from course.release.deeper import names
from tests.release.made import CHECK, DOUBLE, code, drafts, line_of, make, source

HEADING = "+++\n\n### Deeper: the proof\n\nFor those who ask why.\n\n+++"
SKIPPED = f"{HEADING}\n\nThe proof.\n\n{code('b = 2')}"
ON = "### The next step"
MUCH = "word " * 3000  # so that what is Deeper is less than a third

WRONG = {
    "more than a paragraph": (
        "+++\n\n### Deeper: the proof\n\nFor those who ask.\n\nThe proof.",
        "### Deeper",
        "a Deeper heading has a cell of its own, with one paragraph that says what it is for",
    ),
    "no paragraph": ("+++\n\n### Deeper: the proof\n\n+++\n\nThe proof.", "### D", "a Deeper head"),
    "in the middle of a cell": (
        f"Before.\n\n{HEADING.removeprefix('+++')}",
        "### Deeper",
        "a Deeper heading has a cell of its own",
    ),
    "another level": (
        HEADING.replace("###", "##"),
        "## Deeper",
        '"## Deeper: the proof" is not a section of this course; use ### or lower',
    ),
    "a level too low": (
        HEADING.replace("###", "####"),
        "#### Deeper",
        'what can be skipped is headed like "### Deeper: what it is about"',
    ),
    "no colon": (
        HEADING.replace(": the", " into the"),
        "### Deeper",
        'what can be skipped is headed like "### Deeper: what it is about"',
    ),
    "a heading that would be hidden": (
        f"{HEADING}\n\nThe proof.\n\n{ON}\n\nIt goes on.",
        ON,
        "this heading would be folded away with Deeper: put +++ above it",
    ),
    "a name": (
        f"{SKIPPED}\n\n+++\n\n{ON}\n\n{code('print(b)')}",
        "print(b)",
        "b comes from line ",
    ),
    "a name in a function": (
        f"{SKIPPED}\n\n{ON}\n\n{code('def f(x):  # uses it' + chr(10) + '    return x + b')}",
        "def f(x)",
        "b comes from line ",
    ),
    "a name that Deeper changes": (
        f"{code('b = 1')}\n\n{SKIPPED}\n\n{ON}\n\n{code('b += 1')}",
        "b += 1",
        "b comes from line ",
    ),
    "a generator": (
        code("rng = np.random.default_rng(0)")
        + f"\n\n{HEADING}\n\n{code('x = rng.random()')}\n\n{ON}\n\n{code('y = rng.random()')}",
        "y = rng",
        "who skips line ",
    ),
}
RIGHT = {
    "as it should be": f"{SKIPPED}\n\n+++\n\n{ON}\n\nIt goes on.",
    "two in a row": f"{SKIPPED}\n\n{HEADING.replace('proof', 'history')}\n\n{code('print(b)')}",
    "the end of a section": f"{SKIPPED}\n\n## Takeaways\n\n- One.",
    "a smaller heading within": f"{HEADING}\n\nFirst.\n\n#### A lemma\n\nSecond.",
    "set again": f"{SKIPPED}\n\n{ON}\n\n{code('b = 3' + chr(10) + 'print(b)')}",
    "a parameter": f"{SKIPPED}\n\n{ON}\n\n{code('print([b for b in range(2)], lambda b: b)')}",
    "a generator of its own": (
        code("rng = np.random.default_rng(0)")
        + f"\n\n{HEADING}\n\n{code('own = np.random.default_rng(1)' + chr(10) + 'own.random()')}"
        + f"\n\n{ON}\n\n{code('y = rng.random()')}"
    ),
    "an exercise": f"{HEADING}\n\n{DOUBLE}\n\n{CHECK}\n\n{ON}\n\nIt goes on.",
}


@pytest.mark.parametrize("case", WRONG)
def test_what_would_hide_or_is_needed_is_said_with_its_line(tmp_path, case):
    cells, needle, sentence = WRONG[case]
    text = source(MUCH, cells)
    root = make(tmp_path / "course", lesson_00_start=text)
    place = f"solutions/00_start.md:{line_of(text, needle)}: "
    found = release.check_sources(root, ["00"])
    assert any(line.startswith(place + sentence) for line in found), found
    assert len(found) == 1, found


@pytest.mark.parametrize("case", RIGHT)
def test_what_can_be_skipped_is_no_problem(tmp_path, case):
    root = make(tmp_path / "course", lesson_00_start=source(MUCH, RIGHT[case]))
    found = release.check_sources(root, ["00"])
    assert all("is missing" in line for line in found), found


def test_it_begins_folded_in_jupyterlab_and_colab(tmp_path):
    text = source(SKIPPED, f"+++\n\n{ON}\n\nIt goes on.")
    for draft in drafts(make(tmp_path / "course", lesson_00_start=text), "00_start"):
        folded = [c for c in draft.node.cells if c.metadata.get("jp-MarkdownHeadingCollapsed")]
        assert [cell.source.split("\n")[0] for cell in folded] == ["### Deeper: the proof"]
        assert draft.node.metadata.colab.collapsed_sections == [folded[0].id]
        assert folded[0].metadata.id == folded[0].id  # Colab looks there


def test_what_an_author_has_folded_by_hand_is_open_for_learners(tmp_path):
    text = source('+++ {"jp-MarkdownHeadingCollapsed": true}', f"{ON}\n\nIt goes on.")
    for draft in drafts(make(tmp_path / "course", lesson_00_start=text), "00_start"):
        assert "Collapsed" not in str(draft.node)
        assert "colab" not in draft.node.metadata


@pytest.mark.parametrize(
    ("statement", "reads", "binds"),
    [
        ("y = [f(x, i) for i in n]", "fxn", "y"),
        ("x += 1", "x", "x"),
        ("for i in a:\n    z = i * b", "ab", "iz"),
        ("def f(x):\n    return x + g", "g", "f"),
        ("class A(B):\n    def m(self):\n        return c", "Bc", "A"),
        ("import a", "", "a"),
        ("with a as b:\n    b.c", "a", "b"),
        ("x[0] = y", "xy", ""),
    ],
)
def test_the_names_that_a_statement_reads_and_binds(statement, reads, binds):
    assert names(ast.parse(statement).body[0]) == ({*reads}, {*binds})
