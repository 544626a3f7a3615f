"""Every lesson in JupyterLab, started as the README says, in a real browser: run, links, access."""

import re
import urllib.parse

import pytest

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
# What JupyterLab itself does to a notebook's cells: rule, and the part of the page that is its own.
JUPYTERLAB: dict = {}


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


def serious(found):
    """Return what axe calls serious or critical, but for what is JupyterLab's own."""
    return [
        f"{violation['id']}: {node['target']} {node['html'][:150]}"
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
        if not any(re.search(own, node["html"]) for own in JUPYTERLAB.get(violation["id"], ()))
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
    assert serious(axe.Axe().run(page, context=".jp-Notebook")) == []


def test_the_way_on_leads_to_the_next_lesson(page, lab):
    address, _ = lab
    page.goto(f"{address}/lab/tree/lessons/{NAMES[1]}.ipynb?reset")
    page.wait_for_function(IDLE)
    page.locator(".jp-Notebook a", has_text=re.compile("^02 ·")).last.click()
    page.wait_for_function(f"() => ({OPEN})() === 'lessons/{NAMES[2]}.ipynb'")


def test_a_link_to_the_formula_sheet_opens_it_rendered(page, lab):
    address, _ = lab
    page.goto(f"{address}/lab/tree/lessons/{NAMES[-1]}.ipynb?reset")
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
