"""Every lesson in JupyterLab, started as the README says, in a real browser: run, links, access."""

import re
import urllib.parse

import nbconvert
import nbformat
import pytest

from course.release.sheet import sheet
from course.release.source import Course, read_course
from tests.answers import ROOT
from tests.browser.chromium import CHROMIUM, FLAGS

pytestmark = pytest.mark.thorough
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")

NAMES = sorted(path.stem for path in (ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))
PAGES = sorted(path.name for path in (ROOT / "lessons").glob("*.md"))
IDLE = """
() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === "idle"
"""
RUN_ALL = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells') }"
OUTPUTS = """
() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === "code")
    .map(cell => cell.model.outputs.toJSON())
"""
LINKS = "() => [...document.querySelectorAll('.jp-Notebook a[href]')].map(a => a.href)"
OPEN = "() => window.jupyterapp.shell.currentWidget.context.path"
# Code is JupyterLab's editor or nbconvert's colours: aria-input-field-name, color-contrast and
# scrollable-region-focusable are broken by each of them, and are not ours to mend.
CODE = [[".cm-editor"], [".highlight"]]
# What else is theirs, by axe's rule: the selectors that break it.
THEIRS = {
    "aria-required-children": [".jp-WindowedPanel-viewport"],  # JupyterLab's list of cells
    "button-name": [".jp-collapseHeadingButton"],  # JupyterLab's, beside a heading
    "scrollable-region-focusable": [".jp-RenderedMarkdown"],  # JupyterLab's box, a wide formula
    "color-contrast": [".jp-InputPrompt", ".jp-OutputPrompt"],  # nbconvert's In [1]:
    "link-in-text-block": [".jp-RenderedMarkdown a"],  # nbconvert underlines no link
}
LIES_IN = """
([target, selectors]) => selectors.some(some => document.querySelector(target)?.closest(some))
"""


@pytest.fixture(scope="module")
def page(lab):
    """Return one page for all lessons, as a learner has."""
    address, token = lab
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(60_000)
        page.goto(f"{address}/?token={token}")
        page.wait_for_function(IDLE)
        yield page
        browser.close()


def serious(page, within="html"):
    """Return what axe calls serious or critical, but for what is JupyterLab's or nbconvert's own."""
    context = {"include": [[within]], "exclude": CODE}
    return [
        f"{violation['id']}: {node['target']} {node['html'][:150]}"
        for violation in axe.Axe().run(page, context=context).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
        if not page.evaluate(LIES_IN, [node["target"][-1], THEIRS.get(violation["id"], [])])
    ]


def test_the_readme_s_command_opens_the_first_lesson_with_the_whole_course_beside_it(page):
    command = "jupyter lab --config=course/lab/config.json"
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
    assert page.evaluate(OPEN) == f"lessons/{NAMES[0]}.ipynb"
    playwright.expect(page.locator(".jp-BreadCrumbs")).to_have_text("/lessons/")
    assert page.locator(".jp-BreadCrumbs-home").count() == 1
    code = page.locator(".jp-CodeCell").first  # the set-up: folded, and its first line shows
    assert code.locator(".jp-InputArea").count() == 0
    playwright.expect(code).to_contain_text("Click here and press Shift + Enter")
    page.locator(".jp-MarkdownCell").first.click()  # as the lesson says: it stays folded
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    playwright.expect(code).to_contain_text("ready: lesson 00")


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_runs_untouched_its_links_answer_and_all_of_it_can_be_read(page, lab, name):
    address, _ = lab
    page.goto(f"{address}/lab/tree/lessons/{name}.ipynb?reset")
    page.wait_for_function(IDLE)
    page.evaluate(RUN_ALL)
    outputs = page.evaluate(OUTPUTS)
    assert [o for some in outputs for o in some if o["output_type"] == "error"] == []
    assert f"ready: lesson {name[:2]}" in str(outputs[0])
    here = [link for link in page.evaluate(LINKS) if link.startswith(address)]
    paths = {urllib.parse.unquote(urllib.parse.urlsplit(link).path) for link in here}
    files = {path for path in paths if path.startswith("/files/")}
    assert f"/files/solutions/{name}.ipynb" in files
    for path in files:
        assert page.evaluate("async path => (await fetch(path)).status", path) == 200, path
        assert (ROOT / path.removeprefix("/files/")).exists(), path
    found = serious(page, ".jp-Notebook")
    assert found == [], "\n".join(found)


def test_the_way_on_leads_to_the_next_lesson(page, lab):
    address, _ = lab
    page.goto(f"{address}/lab/tree/lessons/{NAMES[1]}.ipynb?reset")
    page.wait_for_function(IDLE)
    page.locator(".jp-Notebook a", has_text=re.compile("^02 ·")).last.click()
    page.wait_for_function(f"() => ({OPEN})() === 'lessons/{NAMES[2]}.ipynb'")


def test_a_link_to_the_formula_sheet_opens_it_rendered(page, lab):
    address, _ = lab
    page.goto(f"{address}/lab/tree/lessons/{NAMES[0]}.ipynb?reset")
    page.wait_for_function(IDLE)
    page.locator(".jp-Notebook a", has_text="formula sheet").first.click()
    sheet = page.locator(".jp-MarkdownViewer")
    playwright.expect(sheet.locator("h1")).to_contain_text("Formula sheet")
    playwright.expect(sheet.locator("table mjx-container").first).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_rendered_from_the_file_browser(page, lab, name):
    address, _ = lab
    page.goto(f"{address}/lab/tree/lessons?reset")
    page.locator(".jp-DirListing-item", has_text=name).dblclick()
    playwright.expect(page.locator(".jp-MarkdownViewer h1").first).to_be_visible()
    assert page.locator(".jp-FileEditor").count() == 0


@pytest.mark.parametrize("name", NAMES)
def test_an_exported_lesson_can_be_read_by_everybody(page, tmp_path, name):
    notebook = nbformat.read(ROOT / "lessons" / f"{name}.ipynb", as_version=4)
    text, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    (tmp_path / "lesson.html").write_text(text, encoding="utf-8")
    offline = page.context.browser.new_page()
    offline.route("http**", lambda route: route.abort())
    offline.goto((tmp_path / "lesson.html").as_uri(), wait_until="domcontentloaded")
    found = serious(offline)
    offline.close()
    assert found == [], "\n".join(found)


def test_the_formula_sheet_prints_on_two_pages_and_can_be_read_by_everybody(page, tmp_path):
    path = tmp_path / "sheet.html"
    path.write_text(sheet(read_course(Course.at(ROOT))), encoding="utf-8")
    printed = page.context.browser.new_page()
    printed.goto(path.as_uri())
    pdf = printed.pdf(prefer_css_page_size=True)
    found = serious(printed)
    wide = printed.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    printed.close()
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2
    assert found == [], "\n".join(found)
    assert wide
