"""The datasheet says which lessons use which data, and a release keeps that true."""

from course.cli import main
from course.release import command as release
from course.release.readme import with_uses
from course.release.source import Course, read_course
from tests.release.made import code, make, source

SHEET = """\
Read `iris`.

## `iris` and `two`

| | |
|---|---|
| used in | nobody knows |
| licence | free |

## `digits`

| used in | lesson 77 |
"""


def lessons_of(tmp_path, **cells):
    sources = {
        f"lesson_{number[1:]}_x": source(code(text), number=number[1:], title="X")
        for number, text in cells.items()
    }
    return read_course(Course.at(make(tmp_path / "course", **sources)))


def test_a_row_names_the_lessons_whose_code_calls_the_data_or_names_it(tmp_path):
    lessons = lessons_of(
        tmp_path,
        n01="utils.iris()",
        n02="utils.digits()",
        n03="utils.datasets.two(seed=1)",
        n04='DATA = "iris"',
        n05="load_iris(); irises()",
    )
    text = with_uses(SHEET, lessons)
    assert "| used in | lessons 01, 03 and 04 |" in text
    assert "| used in | lesson 02 |" in text
    assert text.count("\n") == SHEET.count("\n")
    assert "| licence | free |" in text


def test_data_that_no_lesson_uses_says_so(tmp_path):
    assert "| used in | no lesson |" in with_uses(SHEET, lessons_of(tmp_path, n01="1"))


def test_a_release_writes_the_datasheet_and_a_check_finds_its_drift(tmp_path):
    root = make(tmp_path / "course", lesson_01_next=source(number="01", title="Next"))
    sheet = root / "data" / "README.md"
    sheet.parent.mkdir()
    sheet.write_text(SHEET, encoding="utf-8")
    assert main(["release"], root=root) == 0
    assert sheet.read_text(encoding="utf-8").count("| used in | no lesson |") == 2
    assert release.check_sources(root) == []
    sheet.write_text(SHEET, encoding="utf-8")
    assert release.check_sources(root) == [
        "data/README.md is not what the lessons give: run `course release`"
    ]
