"""Pictures and their controls where people see them: in JupyterLab, and in exported pages."""

import html
import re

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.answers import ROOT
from tests.browser.chromium import CHROMIUM, FLAGS

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
SOLUTIONS = sorted(ROOT.glob("solutions/*.ipynb"))
LESSON = "02_softmax"
READY = (
    "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
    " === 'idle'"
)
# Texts and pictures that a reader gets, as the page has them.
SHOWN = """
control => [
    ...[...control.querySelectorAll("output")].map(value => value.textContent),
    ...[...control.querySelectorAll("img")].filter(image => !image.hidden).map(image => image.src),
    control.querySelector("svg")?.innerHTML,
]
"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def alts(path):
    """Return the alternative texts that a notebook stores, in order."""
    outputs = [
        o for cell in nbformat.read(path, as_version=4).cells for o in cell.get("outputs", [])
    ]
    stored = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    return [html.unescape(alt) for alt in re.findall(r'<img alt="([^"]+)"', stored)]


def exported(path, tmp_path):
    """Export a notebook, without what its page would fetch for formulas."""
    page, _ = HTMLExporter().from_filename(str(path))
    file = tmp_path / f"{path.stem}.html"
    file.write_text(re.sub(r"<script[^>]+src=[^>]+></script>", "", page), encoding="utf-8")
    return file.as_uri()


def moves(control):
    """Press ArrowRight on each input, by keyboard alone, and say whether reader and ear notice."""
    noticed = []
    for k in range(control.locator("input").count()):
        one = control.locator("input").nth(k)
        before, said = control.evaluate(SHOWN), one.get_attribute("aria-valuetext")
        one.focus()
        one.press("ArrowRight")
        after = control.evaluate(SHOWN)
        noticed.append(before != after and said != one.get_attribute("aria-valuetext"))
        assert after[k] == one.get_attribute("aria-valuetext")
        assert after[-1] != before[-1] or after[-2] != before[-2]  # svg, or a picture on top
    assert noticed
    return all(noticed)


# Exported pages.


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_in_an_exported_page_pictures_are_described_and_controls_move(path, browser, tmp_path):
    context = browser.new_context(viewport={"width": 900, "height": 1000}, offline=True)
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: wrong.append(asked.url))
    page.goto(exported(path, tmp_path))
    images = page.locator(".jp-OutputArea-output img[alt]:not([alt=''])")
    assert [image.get_attribute("alt") for image in images.all()] == alts(path) != []
    assert page.locator(".jp-OutputArea-output img:not([alt])").count() == 0
    controls = page.locator("[data-control]").all()
    assert controls
    for control in controls:
        assert control.locator("[data-still]").is_hidden()
        assert moves(control)
    names = page.locator("[data-control] input").evaluate_all(
        "inputs => inputs.map(input => input.labels[0]?.textContent.trim())"
    )
    assert all(names)
    for width in (900, 390):  # nothing is cut
        page.set_viewport_size({"width": width, "height": 1000})
        places = page.locator(".jp-OutputArea-output img, [data-control] input, output")
        right = places.evaluate_all(
            "all => all.map(one => [one.outerHTML.slice(0, 60), one.getBoundingClientRect().right])"
        )
        assert [place for place in right if place[1] > width] == []
    formulas = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"  # of the exporter itself
    assert [each for each in wrong if not each.startswith(("file:", "data:", formulas))] == []
    context.close()


def test_two_copies_of_a_control_on_one_page_move_each_by_itself(browser):
    page = browser.new_page()
    control = next(
        output.data["text/html"]
        for cell in nbformat.read(ROOT / f"solutions/{LESSON}.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
        if "data-control" in output.get("data", {}).get("text/html", "")
    )
    page.set_content(control * 2)
    first, second = page.locator("[data-control]").all()
    before = first.evaluate(SHOWN)
    assert moves(second)
    assert first.evaluate(SHOWN) == before != second.evaluate(SHOWN)
    page.close()


def test_without_scripts_the_first_picture_and_a_sentence_stand(browser, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(exported(ROOT / f"solutions/{LESSON}.ipynb", tmp_path))
    for control in page.locator("[data-control]").all():
        assert control.locator("img").count() == 1
        assert control.locator("img").is_visible()
        assert control.inner_text().strip() == "Run this cell in a notebook to move the picture."
    context.close()


# JupyterLab.


def opened(browser, lab, reset=""):
    address, token = lab
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(60_000)
    page.goto(f"{address}/lab/tree/lessons/{LESSON}.ipynb?token={token}{reset}")
    page.wait_for_function(READY)
    return page


def test_in_jupyterlab_controls_stand_still_until_run_and_move_after_a_restart(browser, lab):
    page = opened(browser, lab, "&reset")
    described = page.locator(".jp-OutputArea img[alt]:not([alt=''])")
    assert [image.get_attribute("alt") for image in described.all()] == alts(
        ROOT / f"lessons/{LESSON}.ipynb"
    )
    controls = page.locator("[data-control]")
    # Nobody has run this notebook on this machine: its scripts are not trusted.
    for sentence in page.locator("[data-still]").all():
        assert "Run this cell" in sentence.inner_text()
    assert controls.locator("input").count() == 0
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    playwright.expect(page.locator(".jp-OutputArea").last).to_contain_text("of 11 points")
    playwright.expect(controls).to_have_count(2)
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    for control in controls.all():
        control.locator("input").first.focus()
        before = page.evaluate(active)
        assert moves(control)
        assert page.evaluate(active) == before  # the notebook has not taken the key
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    page.close()

    page = opened(browser, lab, "&reset")
    controls = page.locator("[data-control]")
    playwright.expect(controls).to_have_count(2)
    assert all(moves(control) for control in controls.all())
    assert "Error displaying widget" not in page.locator(".jp-Notebook").inner_text()
    page.close()
