"""The lessons as they are: released, without answers, and linked."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from course.release import command as release
from course.release import execute, readme
from course.release.notebooks import badges, learner_notebook, solution_notebook
from course.release.pages import pages, read_sections
from course.release.source import Course, read_course
from tests.answers import ROOT

COURSE = Course.at(ROOT)
NAMES = sorted(path.stem for path in (ROOT / "solutions").glob("[0-9][0-9]_*.md"))
NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("[ls]*s/*.ipynb"))


@pytest.fixture(scope="module")
def lessons():
    """Return each lesson by its name."""
    return {lesson.name: lesson for lesson in read_course(COURSE)}


@pytest.fixture(scope="module")
def texts(lessons):
    """Return the text of each page by its name."""
    return {Path(file).stem: text for file, text in pages(list(lessons.values())).items()}


def prose_of(lesson):
    """Return all that is not code."""
    return "\n".join(cell.source for cell in lesson.cells if cell.kind == "markdown")


def test_every_notebook_agrees_with_its_source():
    assert release.check_sources(ROOT) == []


def words(line):
    """Count names, numbers and, in prose, words."""
    return len(re.findall(r"\w+", line))


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_an_answer_stands_in_the_lesson(name, lessons):
    solution = solution_notebook(lessons[name])
    lesson = learner_notebook(lessons[name], list(lessons.values()), COURSE)
    answers = {line.strip() for cell in solution.cells for line in cell.answer_lines}
    text = "\n".join(cell.source for cell in lesson.node.cells)
    stored = nbformat.read(ROOT / lesson.file, as_version=4)
    outputs = [cell.get("outputs", []) for cell in stored.cells]
    text += json.dumps(outputs, ensure_ascii=False)
    assert [line for line in sorted(answers) if words(line) > 3 and line in text] == []


@pytest.mark.parametrize("file", NOTEBOOKS)
def test_every_notebook_is_small_and_describes_its_pictures(file):
    path = ROOT / file
    assert path.stat().st_size <= execute.LARGEST_FILE
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert execute.faults(output, []) == []


def code_to_forecast(notebook):
    """Yield each code cell, and whether it stands between a prediction and the next heading."""
    asked = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            asked = asked and not re.search(r"^#{1,6} ", cell.source, flags=re.MULTILINE)
        else:
            asked = asked or bool(re.search(r"\butils\.(predict|concepts\.answer)\(", cell.source))
            yield cell, asked


@pytest.mark.parametrize("file", NOTEBOOKS)
def test_only_the_set_up_and_what_is_to_be_forecast_are_released_as_never_run(file):
    cells = list(code_to_forecast(nbformat.read(ROOT / file, as_version=4)))
    settled = 0
    for number, (cell, to_forecast) in enumerate(cells):
        settles = re.search(r"\bsettle\(", cell.source)
        assert to_forecast or not settles, f"told too early: {cell.source[:60]}"
        settled += bool(settles)
        never_run = file.startswith("lessons/") and (to_forecast or number == 0)
        # nbval compares nothing in a cell without a count, so no other cell may be without.
        assert (cell.execution_count is None) is never_run, cell.source[:60]
        assert not (never_run and cell.outputs), cell.source[:60]
    assert settled >= (1 if "/00_" in file else 2)


def test_the_readme_lists_the_lessons_and_check_notices_when_it_does_not(lessons):
    marked = "before\n<!-- lessons -->\nstale\n<!-- end of lessons -->\nafter\n"
    text = readme.with_table(marked, list(lessons.values()), COURSE)
    assert text.startswith("before\n<!-- lessons -->\n\n")
    assert "\n| | lesson | minutes | |\n" in text
    assert text.endswith("<!-- end of lessons -->\nafter\n")
    assert "stale" not in text
    assert all(f"(lessons/{lesson.name}.ipynb)" in text for lesson in lessons.values())
    assert all(readme.promise(lesson) in text for lesson in lessons.values())
    assert len([line for line in text.splitlines() if line.startswith("|")]) == 2 + len(lessons)
    assert readme.with_table(text, list(lessons.values()), COURSE) == text
    assert readme.with_table("no marks", list(lessons.values()), COURSE) == "no marks"


# Links and pages.


def test_links_from_the_pages_lead_to_lessons_and_headings(lessons, texts):
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", "\n".join(texts.values()))
    assert links
    for file, name in links:
        assert (ROOT / "lessons" / file).exists(), file
        if name:
            titles = {s.title.replace("`", "") for s in read_sections(lessons[Path(file).stem])}
            assert name.replace("-", " ") in {t.replace("-", " ") for t in titles}


def test_links_from_the_notebooks_lead_to_files():
    for path in sorted(ROOT.glob("[ls]*s/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            prose = cell.source if cell.cell_type == "markdown" else ""
            for link in re.findall(r"\]\((?!https?://)([\w./]+\.(?:md|ipynb))\)", prose):
                assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_each_lesson_leads_to_the_one_before_and_the_one_after(lessons):
    for before, name, after in zip(["", *NAMES], NAMES, [*NAMES[1:], ""], strict=False):
        line = badges(lessons[name], list(lessons.values()), COURSE)
        stored = nbformat.read(ROOT / "lessons" / f"{name}.ipynb", as_version=4)
        assert line in stored.cells[0].source
        assert re.findall(r"Previous: \[.*?\]\((\w+)\.ipynb\)", line) == [before] * bool(before)
        assert re.findall(r"Next: \[.*?\]\((\w+)\.ipynb\)", line) == [after] * bool(after)


@pytest.mark.parametrize("name", NAMES[1:])
def test_every_question_and_every_mistake_of_a_lesson_stands_on_its_page(name, lessons, texts):
    lesson = lessons[name]
    text = prose_of(lesson)
    asked = re.findall(r"\*\*Q\d\. (.+?)\*\*", text, flags=re.DOTALL)
    assert len(asked) == text.count("<!-- written: ") > 0
    assert all(f"- {' '.join(q.split())}\n" in texts["interview_questions"] for q in asked)
    part = re.split(r"^## ", text, flags=re.MULTILINE)
    (mistakes,) = [p for p in part if p.startswith("Common mistakes")]
    titles = re.findall(r"^### (.+)$", mistakes, flags=re.MULTILINE)
    rows = [line for line in texts["common_mistakes"].split("\n") if f"]({lesson.name}.i" in line]
    assert len(rows) == 1 + len(titles) > 1
    for row, title in zip(rows[1:], titles, strict=True):
        assert re.fullmatch(rf"- \[{re.escape(title)}\]\(.+?\)\. \S.+", row)


def test_a_formula_on_the_sheet_is_one_row_that_markdown_leaves_alone(texts):
    formulas = [line for line in texts["formula_sheet"].split("\n") if line.endswith("$ |")]
    assert formulas
    for row in formulas:
        assert row.count("|") == 4
        assert row.count("$") == 2
        assert not re.search(r"\\[^a-zA-Z]", row), row  # Markdown would take the backslash away
