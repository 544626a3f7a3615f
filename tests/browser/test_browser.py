"""A learner in JupyterLab, in a real browser: run all, answer wrongly, be told."""

import pytest

from tests.browser.chromium import CHROMIUM, FLAGS

WRONG = """
def softmax(logits):
    e = np.exp(logits - np.max(logits))
    return e / e.sum(axis=0)
"""
# Runs in the page. Cells are found by their text, as a reader would.
FIND = """
text => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    return notebook.widgets.findIndex(cell => cell.model.sharedModel.getSource().includes(text));
}
"""
RUN = """
async ([index, source]) => {
    const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    if (source) notebook.activeCell.model.sharedModel.setSource(source);
    await app.commands.execute("notebook:run-cell");
}
"""

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")


@pytest.fixture(scope="module")
def page(lab):
    address, token = lab
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(60_000)
        page.goto(f"{address}/lab/tree/lessons/02_softmax.ipynb?token={token}&reset")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
            "?.status === 'idle'"
        )
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        yield page
        browser.close()


def test_an_untouched_lesson_runs_from_top_to_bottom(page):
    assert "ready: lesson 02" in page.locator(".jp-OutputArea").first.inner_text()
    whole = page.locator(".jp-Notebook").inner_text()
    assert "02.1 softmax — not attempted yet" in whole
    assert "0 of 11 points" in whole
    assert "Traceback" not in whole
    assert page.locator(".jp-OutputArea img").count() >= 3


def test_a_wrong_answer_is_told_by_name_and_then_a_right_one_passes(page):
    stub = page.evaluate(FIND, "# exercise: 02.1")
    check = page.evaluate(FIND, "check(softmax)")
    page.evaluate(RUN, [stub, "# exercise: 02.1" + WRONG])
    page.evaluate(RUN, [check, None])
    told = page.locator(".jp-Cell").nth(check).locator(".jp-OutputArea")
    playwright.expect(told).to_contain_text("You normalised over axis 0", timeout=30_000)
    assert "1 of 3 points" in told.inner_text()
    right = WRONG.replace("axis=0", "axis=-1, keepdims=True").replace(
        "np.max(logits)", "np.max(logits, axis=-1, keepdims=True)"
    )
    page.evaluate(RUN, [stub, "# exercise: 02.1" + right])
    page.evaluate(RUN, [check, None])
    playwright.expect(told).to_contain_text("✓ 02.1 softmax — 3 of 3 points", timeout=30_000)
