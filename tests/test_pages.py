"""The formula sheet, the glossary and both indexes are made from the lessons, and lead to them."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt
from nbconvert.filters.markdown import markdown2html

from tests.test_release import WRITTEN, drafts, line_of, make, source
from utils.instructor import release
from utils.instructor.cells import Cell
from utils.instructor.cli import main
from utils.instructor.notebooks import badges
from utils.instructor.pages import in_a_table, pages, read_sections
from utils.instructor.source import Course, read_course

HERE = Path(__file__).resolve().parents[1]
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
    text = text.replace("## From the notes", f"## From the notes\n\n{notes}")
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
        "| [01 · Next](01_next.ipynb) | [Log-odds](01_next.ipynb#From-the-notes) "
        "| $\\mathrm{logit}(p) = \\log\\frac{p}{1-p} , \\qquad \\vert p\\vert \\le 1$ |\n"
    ) in found["formula_sheet"]
    assert found["glossary"].endswith(
        "- **Log odds**: their logarithm ([01](01_next.ipynb#From-the-notes))\n"
        "- **odds**: how much likelier yes is than no, p / (1 − p) "
        "([01](01_next.ipynb#From-the-notes))\n"
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
    text = source().replace("<!-- course", "**A**\n<!-- term: A: 1 -->\n\n<!-- course")
    _, lesson = drafts(make(tmp_path / "course", lesson_00_start=text), "00_start")
    assert re.fullmatch(
        r"# 00 · Start here\n\n\*\*A\*\*\n\n\[!\[Open.*\n\nWelcome\.", lesson.node.cells[0].source
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


def test_pages_wait_until_every_lesson_is_right(tmp_path):
    wrong = whole("02", "Last", "<!-- formula: A -->")
    root = make(tmp_path / "course", lesson_00_start=source(), lesson_02_last=wrong)
    assert main(["release", "00"], root=root) == 0
    assert sorted(path.name for path in (root / "lessons").iterdir()) == ["00_start.ipynb"]


# The real course.

COURSE = Course.at(HERE)
LESSONS = read_course(COURSE)
SECTIONS = {lesson.name: read_sections(lesson) for lesson in LESSONS}
TEXTS = made(HERE)


def test_links_from_the_pages_lead_to_lessons_and_headings():
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", "\n".join(TEXTS.values()))
    assert len(links) > 150
    for file, name in links:
        assert (HERE / "lessons" / file).exists(), file
        if name:
            titles = {s.title.replace("`", "") for s in SECTIONS[Path(file).stem]}
            assert name.replace("-", " ") in {t.replace("-", " ") for t in titles}


def test_links_from_the_notebooks_lead_to_files():
    for path in sorted(HERE.glob("[ls]*s/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            prose = cell.source if cell.cell_type == "markdown" else ""
            for link in re.findall(r"\]\((?!https?://)([\w./]+\.(?:md|ipynb))\)", prose):
                assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_each_lesson_leads_to_the_one_before_and_the_one_after():
    names = [lesson.name for lesson in LESSONS]
    for before, lesson, after in zip(["", *names], LESSONS, [*names[1:], ""], strict=False):
        line = badges(lesson, LESSONS, COURSE)
        stored = nbformat.read(HERE / "lessons" / f"{lesson.name}.ipynb", as_version=4)
        assert line in stored.cells[0].source
        assert re.findall(r"Previous: \[.*?\]\((\w+)\.ipynb\)", line) == [before] * bool(before)
        assert re.findall(r"Next: \[.*?\]\((\w+)\.ipynb\)", line) == [after] * bool(after)


@pytest.mark.parametrize("lesson", LESSONS[1:], ids=lambda lesson: lesson.number)
def test_every_lesson_has_formulas_terms_questions_and_mistakes(lesson):
    notes = [note.kind for cell in lesson.cells for note in cell.notes]
    assert notes.count("formula") >= 1
    assert notes.count("term") >= 3
    text = "\n".join(cell.source for cell in lesson.cells if cell.kind == "markdown")
    asked = re.findall(r"\*\*Q\d\. (.+?)\*\*", text, flags=re.DOTALL)
    assert len(asked) == text.count("<!-- written: ") >= 3
    assert all(f"- {' '.join(q.split())}\n" in TEXTS["interview_questions"] for q in asked)
    part = re.split(r"^## ", text, flags=re.MULTILINE)
    (mistakes,) = [p for p in part if p.startswith("Common mistakes")]
    titles = re.findall(r"^### (.+)$", mistakes, flags=re.MULTILINE)
    rows = [line for line in TEXTS["common_mistakes"].split("\n") if f"]({lesson.name}.i" in line]
    assert len(rows) == 1 + len(titles) >= 3
    for row, title in zip(rows[1:], titles, strict=True):
        assert row.startswith(f"- [{title}](")
        assert len(row.split("). ", 1)[1]) > 20


def test_the_sheet_fits_a_page_and_the_glossary_holds_plain_sentences():
    formulas = [line for line in TEXTS["formula_sheet"].split("\n") if line.endswith("$ |")]
    assert 30 <= len(formulas) <= 40
    for row in formulas:
        assert row.count("|") == 4
        assert row.count("$") == 2
        assert not re.search(r"\\[^a-zA-Z]", row), row  # Markdown would take the backslash away
    terms = [line for line in TEXTS["glossary"].split("\n") if line.startswith("- ")]
    assert 65 <= len(terms) <= 90
    for row in terms:
        meaning = row.split("**: ", 1)[1].rsplit(" ([", 1)[0]
        assert 10 <= len(meaning) <= 200
        assert not meaning.endswith(".")
        assert meaning.count("**") == 0


# One name for one thing, in all twelve lessons.

PROSE = {
    lesson.name: "\n".join(cell.source for cell in lesson.cells if cell.kind == "markdown")
    for lesson in LESSONS
}
MATHS = {
    name: re.findall(r"\$\$.+?\$\$|\$[^$\n]+\$", re.sub(r"`[^`]*`", "", text), flags=re.DOTALL)
    for name, text in PROSE.items()
}
# What learners of other courses would call it, and what it is called here.
OTHER_NAMES = {
    "learning_rate": "lr",
    "eta": "lr",
    "lambda_": "lam",
    "reg": "lam",
    "temperature": "T",
    "theta": "Theta",
    "y_onehot": "Y",
    "probs": "P",
    "num_classes": "n_classes",
}


@pytest.mark.parametrize("name", PROSE)
def test_formulas_use_the_same_symbols(name):
    for formula in MATHS[name]:
        assert not re.search(r"\\ln\b", formula), formula  # log is the natural logarithm
        assert not re.search(r"\\text\{(softmax|lse|diag|CE|BCE|Var)\}", formula), formula
        assert "\\boldsymbol" not in formula, formula
        assert not re.search(r"\\alpha|\\gamma", formula), formula  # η is the rate, λ the penalty


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_code_uses_the_same_names(lesson):
    for cell in lesson.cells:
        if cell.kind != "code":
            continue
        tree = ast.parse(cell.source)
        names = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        names |= {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        if cell.name == "numerical_gradient":  # for weights of any shape
            names.discard("theta")
        assert not names & OTHER_NAMES.keys(), f"line {cell.line}: {names & OTHER_NAMES.keys()}"


@pytest.mark.parametrize(
    ("name", "lessons"),
    [("lr", "04 05"), ("lam", "05 07 08 09 11"), ("Theta", "04 05 06 08 10"), ("T", "02 09 10 11")],
)
def test_names_are_used_where_the_thing_is(name, lessons):
    for number in lessons.split():
        (lesson,) = [lesson for lesson in LESSONS if lesson.number == number]
        used = "\n".join(cell.source for cell in lesson.cells if cell.kind == "code")
        assert re.search(rf"\b{name}\b", used), f"{name} in lesson {number}"


@pytest.mark.parametrize("name", PROSE)
def test_spelling_is_british_but_for_names(name):
    american = r"\b(?:color|behavior|normaliz|standardiz|optimiz|center|gray|penaliz)\w*"
    prose = PROSE[name].split("## Go further")[0]  # where titles stand as they are
    prose = re.sub(r"`[^`]*`|### Exercise.*", "", prose)
    assert re.findall(american, prose, flags=re.IGNORECASE) == []


def test_every_lesson_asks_its_questions_in_the_same_way():
    for lesson in LESSONS[1:]:
        assert "Say each answer aloud in sixty seconds" in PROSE[lesson.name], lesson.name


def test_a_formula_in_a_table_keeps_what_it_says():
    assert in_a_table("\\bigl|a\\bigr| ,\n\\quad \\|b\\| :") == (
        "\\bigl\\vert a\\bigr\\vert , \\quad \\Vert b\\Vert"
    )
