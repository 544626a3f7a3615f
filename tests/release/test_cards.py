"""Review cards hold the lessons' terms, mistakes and questions, and are what Anki imports."""

import csv
import re

import pytest

from course.cli import main
from course.release import command as release
from course.release.cards import FILES, Card, as_html, as_text, cards
from course.release.source import Course, read_course
from tests.answers import ROOT
from tests.release.made import PYPROJECT, WRITTEN, make, source

TERM = "**Odds** and more.\n<!-- term: odds: $p<1$ over\t`1 - p` -->"
MISTAKE = (
    '### The "wrong" log\n\nIt hurts.\n\n**Symptom:** odd. **Catch it:** try\n10. **Fix:** do.'
)


def read(text):
    """Read a file of cards as Anki does: the lines of its head, then columns that csv knows."""
    head = [line for line in text.splitlines() if line.startswith("#")]
    settings = dict(line[1:].split(":", 1) for line in head)
    assert settings == {"separator": "tab", "html": "true", "tags column": "3"}
    rows = list(csv.reader(text.splitlines()[len(head) :], delimiter="\t", strict=True))
    assert {len(row) for row in rows} <= {3}
    return rows


def whole():
    text = source(number="01", title="Next")
    text = text.replace("## Common", f"{TERM}\n\n## Common")
    text = text.replace("## Common mistakes", f"## Common mistakes\n\n{MISTAKE}")
    asked = f"## Explain it in an interview\n\n+++\n\n{WRITTEN.replace('00.', '01.')}\n\n+++"
    return text.replace("## Explain it in an interview", asked)


@pytest.fixture
def course(tmp_path):
    return make(tmp_path / "course", lesson_01_next=whole())


def made(root):
    course = Course.at(root)
    found = cards(read_course(course), course)
    return [read(found[FILES[who]]) for who in ("learner", "teacher")]


def test_a_card_for_each_term_mistake_and_question_the_answer_for_teachers_alone(course):
    learner, teacher = made(course)
    assert learner == [
        ["<strong>odds</strong>", r"\(p&lt;1\) over <code>1 - p</code>", "lesson-01 term"],
        [
            "A common mistake of lesson 01: The &quot;wrong&quot; log. How do you notice it?",
            "try 10.",
            "lesson-01 mistake",
        ],
        [
            "Why?",
            "Say it aloud in sixty seconds, then compare: 01.Q1 in "
            '<a href="https://github.com/someone/sample/blob/v0.3.0/solutions/01_next.ipynb">'
            "solutions/01_next.ipynb</a>.",
            "lesson-01 interview",
        ],
    ]
    assert teacher[:2] == learner[:2]
    assert teacher[2] == ["Why?", "Because two is twice one.", "lesson-01 interview"]


def test_without_an_address_the_card_names_the_file(course):
    text = PYPROJECT.replace("someone/sample", "OWNER/REPOSITORY")
    (course / "pyproject.toml").write_text(text, encoding="utf-8")
    assert made(course)[0][2][1].endswith("in <code>solutions/01_next.ipynb</code>.")


@pytest.mark.parametrize("text", ['"quoted" from the start', "a\tb", 'x "y" z', "<b>"])
def test_what_a_card_says_comes_back_whole(text):
    assert read(as_text([Card(text, "back", "tag")])) == [[text, "back", "tag"]]


def test_a_card_is_one_line_whatever_its_answer_holds():
    html = as_html("One.\n\n- $$a\n<b$$\n- two\n\n```\nx = 1\ny\n```")
    assert "\n" not in html and "\t" not in html
    assert html.startswith("<p>One.</p><ul>") or html.startswith("<p>One.</p> <ul>")
    assert r"\[a &lt;b\]" in html
    assert "x = 1<br>y" in html


def test_release_writes_the_cards_and_check_finds_every_drift(course):
    assert main(["release"], root=course) == 0
    for file in FILES.values():
        assert release.check_sources(course) == []
        (course / file).write_text("by hand", encoding="utf-8")
        assert release.check_sources(course) == [
            f"{file} is not what the lessons give: run `course release`"
        ]
        main(["release"], root=course)


def test_the_course_s_own_cards_are_whole_and_tell_learners_no_answer():
    course = Course.at(ROOT)
    lessons = read_course(course)
    learner, teacher = made(ROOT)
    asked = sum(cell.role == "written" for lesson in lessons for cell in lesson.cells)
    assert [row[2].endswith("interview") for row in learner].count(True) == asked
    assert len({row[0] for row in learner}) == len(learner) == len(teacher)  # Anki: one for a front
    for mine, full in zip(learner, teacher, strict=True):
        assert all(mine) and all(full)
        assert (mine == full) != mine[2].endswith("interview")
        assert not re.search(r"(?<!\\)\$|\ue000|&amp;lt;", "".join(full))
