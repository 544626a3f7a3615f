"""The formula sheet that prints: every formula is on it, as MathML, and nothing is fetched."""

import re

import pytest

from course.cli import main
from course.release import command as release
from course.release.sheet import FILE, apart, mathml, sheet
from course.release.source import Course, read_course
from tests.answers import ROOT
from tests.release.made import make, source

NOTES = "<!-- formula: Log-odds -->\n$$z = \\log\\frac{p}{1-p} ,\n\\qquad \\bigl|p\\bigr| < 1 .$$"


@pytest.fixture
def course(tmp_path):
    text = source(number="01", title="A < B").replace("## Common", f"{NOTES}\n\n## Common")
    return make(tmp_path / "course", lesson_01_next=text)


def test_a_formula_stands_below_its_name_in_pieces_that_may_wrap(course):
    text = sheet(read_course(Course.at(course)))
    row = text.partition("<h2>01 · A &lt; B</h2>\n<div><p>Log-odds</p>")[2].partition("</div>")[0]
    assert row.count("<math ") == 2
    assert "<mfrac>" in row and row.count("<mo") >= 2
    assert "\\" not in row


def test_a_command_that_cannot_be_shown_stops_the_release():
    with pytest.raises(ValueError, match="the formula sheet cannot show"):
        mathml(r"\nosuchthing{x}")


def test_a_formula_is_cut_at_wide_spaces_but_not_inside_brackets():
    assert apart(r"a, \qquad b") == ["a,", "b"]
    for whole in (r"\text{a \qquad b}", r"\left(a \qquad b\right)", r"a \qquadx b"):
        assert apart(whole) == [whole]


def test_release_writes_the_sheet_and_check_finds_every_drift(course):
    assert main(["release"], root=course) == 0
    assert release.check_sources(course) == []
    (course / FILE).write_text("by hand", encoding="utf-8")
    drift = f"{FILE} is not what the lessons give: run `course release`"
    assert release.check_sources(course) == [drift]


def test_the_course_s_sheet_has_every_formula_and_fetches_nothing():
    lessons = read_course(Course.at(ROOT))
    text = sheet(lessons)
    marked = sum(note.kind == "formula" for x in lessons for c in x.cells for note in c.notes)
    assert text.count("<div><p>") == marked > 30
    assert "\\" not in text and "$" not in text and "`" not in text
    addresses = set(re.findall(r"https?://[^\"]+", text))
    assert addresses <= {"http://www.w3.org/1998/Math/MathML"}  # a name, not a place
    assert "src=" not in text and "href=" not in text
