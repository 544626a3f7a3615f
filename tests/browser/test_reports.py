"""An instructor in a real browser: the class's page and the page to mark in, from disk, offline."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from course.grade import command, marks, reports
from course.grade.key import Limits
from tests.browser.chromium import CHROMIUM, FLAGS
from tests.grade import made, pupils

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
STUDENTS = 2000
WORDS = "Odds, of course."


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(browser):
    """Return a function that opens a page in one browser profile, without a network."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(60_000)
    context.set_offline(True)
    wrong = []

    def show(path):
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text))  # the policy's complaints, too
        page.on("request", lambda asked: wrong.append(asked.url))
        page.goto(path.as_uri())
        return page

    yield show
    context.close()
    assert not [each for each in wrong if not each.startswith(("file:", "blob:"))]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Return the grades of a large class, whose first student wrote without end."""
    out = tmp_path_factory.mktemp("many")
    endless = {"02.Q1": "y" * 5_000_000, "02.Q2": "long " * 20 + "x" * 100_000}
    reports.write(out, pupils.results(STUDENTS, written=endless))
    return out


# --- class.html ----------------------------------------------------------------------------------


def column(page, place):
    return page.locator("#all").evaluate(
        "(table, place) => [...table.tBodies[0].rows].map(row => row.cells[place]?.textContent)",
        place,
    )


def test_a_heading_sorts_by_mouse_and_by_keyboard(window, many):
    page = window(many / "class.html")
    table = page.locator("#all")
    assert table.locator("tbody tr").count() == STUDENTS + 1
    heading = table.locator("thead th", has_text="exercises")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    points = [int(text) for text in column(page, 5) if text]
    assert points == sorted(points) and points[0] < points[-1]
    page.keyboard.press("Enter")  # the button has the focus
    assert heading.get_attribute("aria-sort") == "descending"
    points = [int(text) for text in column(page, 5) if text]
    assert points == sorted(points, reverse=True)
    page.keyboard.press("Shift+Tab")
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    names = column(page, 0)
    assert names[0].startswith("Ada Abel") and names[-1] == "Zz picture"
    assert heading.get_attribute("aria-sort") is None


def test_a_student_is_found_and_leads_to_their_feedback(window, many):
    page = window(many / "class.html")
    page.get_by_label("Find a student").fill("zoë eze 14")
    assert page.locator("#found").inner_text() == "1 of 2001"
    rows = page.locator("#all tbody tr:visible")
    assert rows.count() == 1
    page.get_by_label("Find a student").press("Tab")
    page.keyboard.press("Tab")
    rows.get_by_role("link").press("Enter")
    page.wait_for_url("**/feedback/**")
    assert page.locator("h1").inner_text() == "Lesson 02_softmax"
    assert "Zoë Eze 14" in page.locator("body").inner_text()


def test_heading_and_names_stay_in_sight(window, many):
    page = window(many / "class.html")
    page.set_viewport_size({"width": 390, "height": 800})
    box = page.locator(".scroll.all")
    box.evaluate("box => { box.scrollIntoView(); box.scrollTop = 9000; box.scrollLeft = 100; }")
    outer = box.bounding_box()
    for cell in ("thead th >> nth=0", "thead th >> nth=3"):
        where = page.locator(f"#all >> {cell}").bounding_box()
        assert 0 <= where["y"] - outer["y"] <= 2
    assert 0 <= page.locator("#all thead th").first.bounding_box()["x"] - outer["x"] <= 2
    name = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('th')?.textContent",
        [outer["x"] + 40, outer["y"] + outer["height"] / 2],
    )
    assert name and name[:3] in {first[:3] for first in pupils.FIRST}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser, many, scheme):
    context = browser.new_context(color_scheme=scheme)
    for name in ("class.html", "to_mark.html", f"feedback/{pupils.name(3)}/02.html"):
        page = context.new_page()
        page.goto((many / name).as_uri())
        weak = page.evaluate(CONTRAST)
        assert weak == [], name
    context.close()


# Texts whose contrast is below 4.5, of the first few hundred of the page.
CONTRAST = """
() => {
    const light = color => {
        const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = node => {
        for (let at = node; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if (!/, 0\\)$/.test(color)) return color;
        }
        return "rgb(255, 255, 255)";
    };
    const weak = [];
    for (const node of [...document.querySelectorAll("body *")].slice(0, 600)) {
        const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
        if (!own || !node.offsetParent || ["OPTION", "SCRIPT"].includes(node.tagName)) continue;
        const pair = [light(getComputedStyle(node).color), light(behind(node))];
        const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        if (contrast < 4.5) weak.push(`${node.tagName} ${node.textContent.slice(0, 30)} ${contrast}`);
    }
    return weak;
}
"""


# --- to_mark.html --------------------------------------------------------------------------------


def heading(page):
    return page.locator("#heading").inner_text()


def progress(page):
    return page.locator("#progress").inner_text()


def saved(page):
    """Save by keyboard and return the file's rows."""
    with page.expect_download() as waiting:
        page.keyboard.press("Control+s")
    assert waiting.value.suggested_filename == "to_mark.csv"
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    return text, {(r["student"], r["question"]): r for r in csv.DictReader(io.StringIO(text))}


def test_marks_are_typed_kept_saved_and_merged(window, tmp_path):
    """Two answers by keyboard alone, a reload, a save, the next run, and a changed answer."""

    def grade(words):
        notebooks = {
            f"{student}/02_softmax.ipynb": made.as_bytes(made.written(text))
            for student, text in words.items()
        }
        command.run(
            command.Options(
                made.put(tmp_path / "in", notebooks),
                made.SOLUTIONS,
                tmp_path / "out",
                1,
                1,
                Limits(20, 2**30),
                isolated=False,
            )
        )
        return tmp_path / "out"

    out = grade({"ann": WORDS, "bob": WORDS, "cem": WORDS})
    page = window(out / "to_mark.html")
    assert heading(page) == "02.Q1 · ann" and progress(page) == "0 of 3 marked, 0 not saved"
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    page.keyboard.type('=1+1? "No", ß\nbecause')
    page.keyboard.press("Control+Enter")
    assert heading(page) == "02.Q1 · bob"
    page.keyboard.type("99")
    page.keyboard.press("Enter")
    assert heading(page) == "02.Q1 · bob"  # it does not go on
    assert page.locator("#wrong").inner_text() == "There are 4 points at most."
    page.keyboard.press("Control+s")
    assert "Not saved" in page.locator("#state").inner_text()
    page.keyboard.press("Control+a")
    page.keyboard.type("1,5")
    assert page.locator("#wrong").inner_text() == ""

    page.reload()
    assert heading(page) == "02.Q1 · cem"  # the next without a mark
    assert progress(page) == "2 of 3 marked, 2 not saved"
    page.keyboard.press("ArrowUp")
    assert (heading(page), page.locator("#points").input_value()) == ("02.Q1 · bob", "1,5")
    text, rows = saved(page)
    assert [rows[s, "02.Q1"]["points"] for s in ("ann", "bob", "cem")] == ["3", "1.5", ""]
    assert progress(page) == "2 of 3 marked, 0 not saved"
    page.reload()
    assert progress(page) == "2 of 3 marked, 0 not saved"  # until the page itself has them

    (out / "to_mark.csv").write_text(text, encoding="utf-8")
    grade({"ann": WORDS, "bob": WORDS, "cem": WORDS})
    merged = {row["student"]: row for row in made.table(out / "to_mark.csv")}
    assert (merged["ann"]["points"], merged["bob"]["points"]) == ("3", "1.5")
    feedback = (out / "feedback/ann/02.html").read_text(encoding="utf-8")
    assert "=1+1? &#34;No&#34;, ß\nbecause" in feedback
    page.reload()
    assert progress(page) == "2 of 3 marked, 0 not saved"
    assert page.evaluate("localStorage.length") == 0  # all drafts are marks now

    grade({"ann": "Quite other words."})
    page.reload()
    page.get_by_role("searchbox").fill("ann")
    page.keyboard.press("Enter")
    assert marks.CHANGED[1:] in page.locator("#changed").inner_text()
    _, rows = saved(page)
    assert rows["ann", "02.Q1"]["answer_id"] == marks.answer_id(WORDS)
    page.get_by_label("the mark holds").press("Space")
    text, rows = saved(page)
    assert rows["ann", "02.Q1"]["answer_id"] == marks.answer_id("Quite other words.")
    (out / "to_mark.csv").write_text(text, encoding="utf-8")
    grade({"ann": "Quite other words."})
    assert {row["state"] for row in made.table(out / "to_mark.csv")} == {""}


def test_a_file_that_has_changed_since_is_said_beside_the_draft(window, tmp_path):
    results = pupils.results(3)
    reports.write(tmp_path, results)
    page = window(tmp_path / "to_mark.html")
    page.keyboard.type("2")
    reports.write(tmp_path, with_points(results, "4"))
    page.reload()
    assert page.locator("#points").input_value() == "2"
    assert "it says 4" in page.locator("#conflict").inner_text()
    page.get_by_role("button", name="Take the file’s").press("Enter")
    assert page.locator("#points").input_value() == "4"
    assert page.locator("#conflict").is_hidden()
    # Saved, merged, and then changed in a spreadsheet: the file is the newer one.
    page.locator("#points").fill("1")
    saved(page)
    reports.write(tmp_path, with_points(results, "3"))
    page.reload()
    assert progress(page) == "9 of 9 marked, 0 not saved"
    assert page.locator("#points").input_value() == "3"


def test_what_was_typed_for_an_answer_that_has_changed_is_not_lost(window, tmp_path):
    results = pupils.results(2, written={"02.Q1": "First words."})
    reports.write(tmp_path, results)
    page = window(tmp_path / "to_mark.html")
    page.keyboard.type("2")
    page.get_by_label("Comment").fill("nearly")
    reports.write(tmp_path, pupils.results(2, written={"02.Q1": "Other words."}))
    page.reload()
    assert page.locator("#points").input_value() == ""
    assert "For an earlier answer you typed 2, “nearly”." in page.locator("#older").inner_text()
    page.get_by_role("button", name="Take that").press("Enter")
    assert page.locator("#points").input_value() == "2"
    _, rows = saved(page)
    row = rows[pupils.name(0), "02.Q1"]
    assert (row["points"], row["comment"]) == ("2", "nearly")
    assert row["answer_id"] == marks.answer_id("Other words.")
    # And where there is no answer at all any more:
    page.locator("#points").fill("1")
    gone = [q for q in results.marks.questions if q.student != pupils.name(0)]
    reports.write(tmp_path, replace(results, marks=marks.Marks(tuple(gone), {})))
    page.reload()
    assert f"{pupils.name(0)} 02.Q1: 1, “nearly”" in page.locator("#state").inner_text()


def with_points(results, points):
    questions = tuple(
        marks.Question(q.student, q.lesson, q.key, q.answer, marks.Mark(points, "", q.answer_id))
        for q in results.marks.questions
    )
    return replace(results, marks=marks.Marks(questions, {}))


def test_another_folder_s_drafts_do_not_turn_up(window, tmp_path):
    results = pupils.results(2)
    reports.write(tmp_path / "a", results)
    reports.write(tmp_path / "b", replace(results, seed=8))
    window(tmp_path / "a" / "to_mark.html").keyboard.type("2")
    assert progress(window(tmp_path / "b" / "to_mark.html")) == "0 of 6 marked, 0 not saved"
    assert progress(window(tmp_path / "a" / "to_mark.html")) == "1 of 6 marked, 1 not saved"


def test_two_windows_know_of_each_other(window, tmp_path):
    reports.write(tmp_path, pupils.results(2))
    first, second = (window(tmp_path / "to_mark.html") for _ in range(2))
    first.keyboard.type("2")
    playwright.expect(second.locator("#progress")).to_have_text("1 of 6 marked, 1 not saved")


def test_one_question_at_a_time_and_the_next_without_a_mark(window, tmp_path):
    reports.write(tmp_path, pupils.results(3))
    page = window(tmp_path / "to_mark.html")
    page.get_by_label("Question").select_option("02.Q2")
    assert progress(page) == "0 of 3 marked, 0 not saved"
    seen = []
    for points in ("0", "1.5", ".5"):
        seen.append(heading(page))
        page.keyboard.type(points)
        page.keyboard.press("Enter")
    assert seen == [f"02.Q2 · {pupils.name(n)}" for n in range(3)]
    assert progress(page) == "3 of 3 marked, 3 not saved"
    assert "No other answer is without a mark" in page.locator("#state").inner_text()
    model = page.locator(".model:visible")
    assert model.count() == 1 and "Overflow" in model.inner_text()
    assert "$" not in model.inner_text()


def test_an_endless_answer_leaves_the_page_usable(window, many):
    page = window(many / "to_mark.html")
    assert heading(page) == f"02.Q1 · {pupils.name(0)}"
    assert page.locator("#cut").inner_text().startswith("The first 20000 of 5000000 characters")
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollHeight") < 2000
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        before = page.locator("#answer").evaluate("box => box.scrollTop")
        page.keyboard.press("PageDown")
        assert page.locator("#answer").evaluate("box => box.scrollTop") > before
        page.get_by_label("Question").select_option("02.Q2")
        assert heading(page) == f"02.Q2 · {pupils.name(0)}"


def test_all_answers_of_a_large_class_are_there(window, many):
    page = window(many / "to_mark.html")
    assert progress(page) == f"0 of {3 * STUDENTS} marked, 0 not saved"
    page.get_by_role("searchbox").fill(pupils.name(STUDENTS - 1))
    page.keyboard.press("Enter")
    page.keyboard.type("2")
    _, rows = saved(page)
    assert len(rows) == 3 * STUDENTS
    assert [k for k, row in rows.items() if row["points"]] == [(pupils.name(1999), "02.Q1")]


def test_pages_fit_a_phone(window, many):
    for name in ("class.html", "to_mark.html", f"feedback/{pupils.name(3)}/02.html"):
        page = window(many / name)
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
