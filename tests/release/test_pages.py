"""The formula sheet, the glossary and both indexes are made from the lessons, and lead to them."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from nbconvert.filters.markdown import markdown2html

from course.cells import Cell
from course.cli import main
from course.release import command as release
from course.release.pages import in_a_table, pages
from course.release.source import Course, read_course
from tests.release.made import WRITTEN, drafts, line_of, make, source

PAGES = ["formula_sheet", "glossary", "interview_questions", "common_mistakes"]

ODDS = """\
**Odds** compare yes
with no.
<!-- term: odds: how much likelier yes is than no, p / (1 − p) -->

So the **log
odds** are

<!-- formula: Log-odds -->
$$\\operatorname{logit}(p) = \\log\\frac{p}{1-p} ,
\\qquad |p| \\le 1 .$$
<!-- term: Log odds: their logarithm -->

- a list
- that goes on"""
MISTAKES = """\
### `np.log10` for the log

In bits or dits? Nobody knows.

**Symptom:** odd. **Catch it:** try
odds of 10. **Fix:** `np.log`.

### The odds of $p = 1$

They are infinite, e.g. here. More."""


def whole(number="01", title="Next", notes=ODDS, mistakes=MISTAKES, written=WRITTEN):
    """Return a lesson's source with everything that goes onto a page."""
    text = source(number=number, title=title)
    text = text.replace("## The idea, derived", f"## The idea, derived\n\n{notes}")
    text = text.replace("## Common mistakes", f"## Common mistakes\n\n{mistakes}")
    asked = f"## Explain it in an interview\n\n+++\n\n{written.replace('00.', number + '.')}\n\n+++"
    return text.replace("## Explain it in an interview", asked)


def made(root):
    """Return each page's text by its name."""
    return {Path(file).stem: text for file, text in pages(read_course(Course.at(root))).items()}


def test_each_page_says_what_it_is_and_leads_to_the_others(tmp_path):
    for name, text in made(make(tmp_path / "course", lesson_00_start=source())).items():
        title, _, line, *_ = text.split("\n")
        assert title == f"# {name.replace('_', ' ').capitalize()}"
        assert line.startswith("*Made from the lessons by `course release`;")
        assert set(re.findall(r"\((\w+)\.md\)", line)) == {*PAGES} - {name}


def test_what_is_marked_stands_on_its_page(tmp_path):
    root = make(tmp_path / "course", lesson_01_next=whole(), lesson_00_start=source())
    found = made(root)
    assert release.check_sources(root, ["01"]) == [
        "solutions/01_next.ipynb is missing",
        "lessons/01_next.ipynb is missing",
    ]
    assert (
        "| [01 · Next](01_next.ipynb) | [Log-odds](01_next.ipynb#The-idea,-derived) "
        "| $\\mathrm{logit}(p) = \\log\\frac{p}{1-p} , \\qquad \\vert p\\vert \\le 1$ |\n"
    ) in found["formula_sheet"]
    assert found["glossary"].endswith(
        "- **Log odds**: their logarithm ([01](01_next.ipynb#The-idea,-derived))\n"
        "- **odds**: how much likelier yes is than no, p / (1 − p) "
        "([01](01_next.ipynb#The-idea,-derived))\n"
    )
    assert found["interview_questions"].endswith(
        "## [01 · Next](01_next.ipynb#Explain-it-in-an-interview)\n\n- Why?\n"
    )
    assert found["common_mistakes"].endswith(
        "## [01 · Next](01_next.ipynb#Common-mistakes)\n\n"
        "- [`np.log10` for the log](01_next.ipynb#np.log10-for-the-log). "
        "**Catch it:** try odds of 10.\n"
        "- [The odds of $p = 1$](01_next.ipynb#Common-mistakes). They are infinite, e.g. here.\n"
    )


def test_the_order_is_that_of_the_lessons_or_of_the_alphabet(tmp_path):
    first = whole("01", "Next", "**b**\n<!-- term: b: 1 -->")
    second = whole("02", "Last", "**A** **c**\n<!-- term: c: 1 -->\n<!-- term: A: 1 -->")
    root = make(tmp_path / "course", lesson_02_last=second, lesson_01_next=first)
    found = made(root)
    assert re.findall(r"- \*\*(\w)\*\*", found["glossary"]) == ["A", "b", "c"]
    for name in ("interview_questions", "common_mistakes"):
        assert re.findall(r"## \[(\d\d)", found[name]) == ["01", "02"]


def test_a_lesson_is_named_in_the_first_row_of_its_formulas(tmp_path):
    notes = "<!-- formula: One -->\n$$1$$\n\n<!-- formula: Two -->\n$$\n2\n$$"
    root = make(tmp_path / "course", lesson_01_next=whole(notes=notes))
    rows = [line for line in made(root)["formula_sheet"].split("\n") if "$ |" in line]
    assert [row.startswith("| [01 · Next]") for row in rows] == [True, False]
    assert rows[1].endswith("| $2$ |")


def test_learners_see_no_mark_and_the_solution_keeps_them(tmp_path):
    root = make(tmp_path / "course", lesson_01_next=whole())
    solution, lesson = drafts(root, "01_next")
    assert ODDS in next(cell.source for cell in solution.node.cells if "**Odds**" in cell.source)
    text = next(cell.source for cell in lesson.node.cells if "**Odds**" in cell.source)
    unmarked = "\n".join(line for line in ODDS.split("\n") if not line.startswith("<!--"))
    assert unmarked in text
    assert "term:" not in text
    assert [cell.id for cell in lesson.node.cells] == [cell.id for cell in solution.node.cells]


def test_badges_find_their_place_below_a_mark(tmp_path):
    text = source().replace("<!-- course", "**A**\n<!-- term: A: 1 -->\n\n<!-- course", 1)
    _, lesson = drafts(make(tmp_path / "course", lesson_00_start=text), "00_start")
    assert re.fullmatch(
        r"# 00 · Start here\n\n\*\*A\*\*\n\n\[!\[Open.*\n\n\*\*About.*\n\nWelcome\.",
        lesson.node.cells[0].source,
    )


@pytest.mark.parametrize("html", [markdown2html, MarkdownIt("commonmark").render])
def test_marks_are_invisible_and_break_no_paragraph_list_or_formula(html):
    def paragraphs(text):
        without = re.sub(r"<!--.*?-->", "", html(text))
        assert "term:" not in without
        assert "formula:" not in without
        return [part.strip() for part in re.split(r"(</?(?:p|ul|li)>)", without) if part.strip()]

    unmarked = "\n".join(line for line in ODDS.split("\n") if not line.startswith("<!--"))
    assert paragraphs(ODDS) == paragraphs(unmarked)


# What is wrong with a mark is said with file and line.
# Each case: a Markdown cell, where in it the message must point, what it must say.

WRONG = {
    "an unknown form": (
        "**odds**\n<!-- term odds: how likely -->",
        "<!-- term",
        "not a marker this course knows: <!-- term odds: how likely -->",
    ),
    "another case": (
        "<!-- Formula: A -->\n$$a$$",
        "<!-- F",
        "not a marker this course knows: <!--",
    ),
    "two lines": (
        "**odds**\n<!-- term: odds: how\nlikely -->",
        "<!-- term",
        "not a marker this course knows: <!-- term: odds: how",
    ),
    "within a sentence": (
        "text\n**odds** <!-- term: odds: how likely -->",
        "**odds**",
        "not a marker this course knows: **odds** <!-- term: odds: how likely -->",
    ),
    "a term without meaning": (
        "**odds**\n<!-- term: odds -->",
        "<!-- term",
        "a term is marked like <!-- term: name: what it means -->",
    ),
    "a formula with meaning": (
        "<!-- formula: A: b -->\n$$a$$",
        "<!-- formula",
        "a formula is marked like <!-- formula: Name -->",
    ),
    "a formula without one": (
        "a\n<!-- formula: A -->\n\n$$a$$",
        "<!-- formula",
        "formula A stands above no formula: $$ … $$ must follow",
    ),
    "a formula that never ends": (
        "<!-- formula: A -->\n$$a and $b$",
        "<!-- formula",
        "formula A stands above no formula",
    ),
    "a term that is not bold": (
        "odds, *odds*, **oddsmaker**, **the odds**\n<!-- term: odds: how likely -->",
        "<!-- term",
        "term odds is not in bold in this lesson",
    ),
    "a term that only the answer has in bold": (
        WRITTEN.replace("Because", "**Odds**. Because") + "\n\n<!-- term: odds: how likely -->",
        "<!-- term",
        "term odds is not in bold in this lesson",
    ),
    "a term in an answer": (
        WRITTEN.replace("Because", "**Odds**\n<!-- term: odds: how likely -->\nBecause"),
        "<!-- term",
        "term odds would be missing in the lesson",
    ),
    "a formula for teachers": (
        "<!-- course: solutions only -->\n<!-- formula: A -->\n$$a$$",
        "<!-- formula",
        "formula A would be missing in the lesson",
    ),
    "a term twice": (
        "**odds**\n<!-- term: Odds: 1 -->\n<!-- term: odds: 2 -->",
        "<!-- term: Odds",
        "term odds is also at solutions/00_start.md:",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_mark_is_said_with_its_line(tmp_path, case):
    cell, needle, sentence = WRONG[case]
    text = source("+++\n\n" + cell)
    root = make(tmp_path / "course", lesson_00_start=text)
    place = f"solutions/00_start.md:{line_of(text, needle)}: "
    found = release.check_sources(root)
    assert any(f.startswith(place + sentence) for f in found), found


def test_a_name_is_taken_once_in_the_course_and_both_places_are_told(tmp_path):
    first, second = whole("01", "Next"), whole("02", "Last")
    root = make(tmp_path / "course", lesson_01_next=first, lesson_02_last=second)
    line = line_of(second, "<!-- formula")
    assert release.check_sources(root, ["02"])[1] == (
        f"solutions/02_last.md:{line}: formula log-odds is also at "
        f"solutions/01_next.md:{line_of(first, '<!-- formula')}"
    )


def test_code_may_speak_of_terms_and_formulas():
    cell = Cell("code", "x = 1  # formula: by hand\n# term: by term", 1)
    cell.examine()
    assert cell.problems == []


# Written by a release, compared by a check.


def test_release_writes_the_pages_and_check_finds_every_drift(tmp_path, capsys):
    root = make(tmp_path / "course", lesson_01_next=whole())
    assert main(["release"], root=root) == 0
    out = capsys.readouterr().out
    stored = {name: root / "lessons" / f"{name}.md" for name in PAGES}
    assert {name: path.read_text(encoding="utf-8") for name, path in stored.items()} == made(root)
    assert all(re.search(rf"lessons/{name}.md +written", out) for name in PAGES)
    assert release.check_sources(root) == []
    stored["glossary"].write_text("by hand", encoding="utf-8")
    stored["formula_sheet"].unlink()
    drift = [
        f"lessons/{name}.md is not what the lessons give: run `course release`"
        for name in ("formula_sheet", "glossary")
    ]
    assert release.check_sources(root) == drift
    assert release.check_sources(root, ["01"]) == []
    assert main(["release", "--check"], root=root) == 1
    assert capsys.readouterr().err.splitlines() == drift
    assert stored["glossary"].read_text(encoding="utf-8") == "by hand"


def test_pages_wait_until_every_lesson_is_right_and_it_is_said(tmp_path, capsys):
    wrong = whole("02", "Last", "<!-- formula: A -->")
    root = make(tmp_path / "course", lesson_00_start=source(), lesson_02_last=wrong)
    (root / "README.md").write_text("", encoding="utf-8")
    assert main(["release", "00"], root=root) == 0
    assert sorted(path.name for path in (root / "lessons").iterdir()) == ["00_start.ipynb"]
    files = ", ".join(f"lessons/{name}.md" for name in PAGES)
    files += ", lessons/review_cards.tsv, solutions/review_cards.tsv, lessons/formula_sheet.html"
    assert capsys.readouterr().out.splitlines()[-1] == (
        "note: not written, because something is wrong in solutions/02_last.md: "
        f"README.md, {files}; `course release --check --no-run` says what"
    )


def test_a_formula_in_a_table_keeps_what_it_says():
    assert in_a_table("\\bigl|a\\bigr| ,\n\\quad \\|b\\| :") == (
        "\\bigl\\vert a\\bigr\\vert , \\quad \\Vert b\\Vert"
    )
