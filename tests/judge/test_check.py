"""`check` answers in one clear sentence whatever it is given, and the notebook goes on."""

import functools
import os
import re
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import utils
from course.check import check
from course.progress import progress
from tests.answers import ROOT

README = ROOT / "README.md"


def mended(logits):
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def test_a_right_answer_passes_with_all_points():
    verdict = check(mended, name="softmax")
    assert verdict.passed
    assert (verdict.points, verdict.max_points, verdict.misconception) == (3, 3, None)
    assert verdict.message.startswith("✓ 02.1 softmax — 3 of 3 points")


def test_a_wrong_axis_is_named_with_the_case_and_both_results():
    def softmax(logits):
        e = np.exp(logits - logits.max(axis=0))
        return e / e.sum(axis=0)

    verdict = check(softmax)
    assert not verdict.passed
    assert verdict.misconception == "wrong axis"
    assert "your columns sum to 1" in verdict.message
    assert "for logits = " in verdict.message
    assert "came back" in verdict.message


def test_one_maximum_for_the_whole_matrix_is_shown_on_rows_far_apart():
    def softmax(logits):
        e = np.exp(logits - np.max(logits))
        return e / e.sum(axis=-1, keepdims=True)

    verdict = check(softmax)
    assert verdict.points == 2
    assert verdict.misconception == "one maximum for the whole matrix"
    assert "-800" in verdict.message
    assert "nan" in verdict.message


def test_an_unforeseen_mistake_shows_case_result_and_expectation():
    def softmax(logits):
        return mended(logits) ** 1.01

    verdict = check(softmax)
    assert verdict.misconception is None
    for words in ("for logits", "came back", "expected", "should sum to 1"):
        assert words in verdict.message


def test_a_difference_too_small_to_print_is_told():
    def softmax(logits):
        return mended(logits) + 2e-5

    assert "they look alike and differ by up to 2.0e-05" in check(softmax).message


class Liar:
    """Claims to be an array, and equal to everything."""

    __class__ = np.ndarray  # type: ignore[assignment]
    shape = (2, 2)
    dtype = np.dtype(float)

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __array__(self, *args, **kwargs):
        raise AssertionError("nobody should ask")


class NicerArray(np.ndarray):
    """A subclass could override any comparison."""


def raising(logits):
    return logits + undefined_name  # type: ignore[name-defined]  # noqa: F821


def returns_none(logits):
    mended(logits)


def changes_input(logits):
    logits -= logits.max(axis=-1, keepdims=True)
    return mended(logits)


def prints_a_lot(logits):
    for _ in range(50_000):
        print("here", end=" ")
    return logits


def leaves(logits):
    sys.exit(0)


def recursion(logits):
    return recursion(logits)


def objects(logits):
    return mended(logits).astype(object)


def complex_numbers(logits):
    return mended(logits) + 0j


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raising, "raised NameError: name 'undefined_name' is not defined"),
        (returns_none, "returned None; is there a `return` at the end?"),
        (changes_input, "your code changed its argument in place"),
        (leaves, "raised SystemExit"),
        (recursion, "raised RecursionError"),
        (objects, "returned an array of dtype object, expected numbers"),
        (complex_numbers, "returned an array of dtype complex128, expected numbers"),
        (lambda z: "many", "returned shape (), expected shape (2, 2)"),
        (lambda z: {"p": 1}, "returned an object of type dict, expected NumPy arrays or numbers"),
        (lambda z: Liar(), "returned a Liar, expected a plain NumPy array"),
        (
            lambda z: mended(z).view(NicerArray),
            "returned a NicerArray, expected a plain NumPy array",
        ),
        (lambda z: mended(z)[:, :-1], "returned shape"),
        (lambda z: [[1.0], [2.0, 3.0]], "returned a tuple or a ragged list, expected one array"),
        (lambda z: 10**400, "returned an integer too large for an array"),
        (lambda z, extra: z, "raised TypeError"),
    ],
)
def test_a_strange_answer_gets_one_clear_sentence(answer, words):
    verdict = check(answer, name="softmax")
    assert not verdict.passed
    assert words in verdict.message


def test_printing_a_lot_is_kept_short(capsys):
    verdict = check(prints_a_lot, name="softmax")
    assert "it printed: here here" in verdict.message
    assert len(verdict.message) < 2_000
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("swallows", [False, True])
def test_an_endless_python_loop_is_stopped(monkeypatch, swallows):
    monkeypatch.setattr("course.check.TIME_LIMIT", 0.2)

    def softmax(logits):
        while True:
            try:
                sum(range(100))
            except:  # noqa: E722
                if not swallows:
                    raise

    verdict = check(softmax)
    assert "is there a loop that never ends?" in verdict.message
    assert "not judged yet" in verdict.message
    assert sum(range(10)) == 45  # nothing is raised afterwards


@pytest.mark.parametrize("tool", ["cProfile", "trace"])
def test_a_check_works_under_a_profiler_and_a_tracer(tool):
    code = "import tests.judge.test_check as t; assert t.check(t.mended, name='softmax').passed"
    command = {
        "cProfile": f"import cProfile; cProfile.run({code!r}, {os.devnull!r})",
        "trace": f"import sys; sys.settrace(lambda *a: None); {code}",
    }
    subprocess.run([sys.executable, "-c", command[tool]], check=True, timeout=60)


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (np.sin, "no exercise of this course is called 'sin'"),
        (3, "check takes the function or class itself"),
        (np.ones(3), "check takes the function or class itself"),
        (lambda z: z, "no exercise of this course is called '<lambda>'"),
    ],
)
def test_what_is_no_exercise_gets_one_clear_sentence(thing, words):
    verdict = check(thing)
    assert not verdict.passed
    assert words in verdict.message


def test_a_misspelt_name_gets_a_suggestion():
    def sofmax(logits):
        return mended(logits)

    assert "did you mean 'softmax'?" in check(sofmax).message


@pytest.mark.parametrize(
    "body", ["pass", "...", '"""Only a docstring."""', "raise NotImplementedError"]
)
def test_an_empty_body_is_not_attempted(body):
    scope: dict = {}
    exec(f"def softmax(logits):\n    {body}", scope)
    verdict = check(scope["softmax"])
    assert "not attempted yet" in verdict.message
    assert verdict.points == 0


def test_leaning_on_the_finished_version_is_flagged_even_through_a_helper():
    scope = {"utils": utils}
    exec(
        "from scipy.special import softmax as ready\n"
        "def helper(z):\n    return ready(z, axis=-1)\n"
        "def softmax(logits):\n    return helper(logits)\n"
        "def log_softmax(logits):\n    return utils.log_softmax(logits)\n",
        scope,
    )
    assert (
        "uses scipy.special.softmax. The exercise is to do without it"
        in check(scope["softmax"]).message
    )
    assert (
        "uses utils.log_softmax. The exercise is to do without it"
        in check(scope["log_softmax"]).message
    )
    assert np.isclose(utils.softmax([0.0, 0.0])[0], 0.5)  # the stand-in is gone again


def test_the_page_shows_answers_as_text_not_as_html():
    def softmax(logits):
        raise ValueError("<script>alert(1)</script>")

    page = check(softmax)._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_progress_counts_the_best_so_far_and_names_what_is_left(capsys):
    check(mended, name="softmax")
    progress("02")
    line = capsys.readouterr().out
    assert "3 of 11 points" in line
    assert "left:   02.2 log_softmax" in line
    with pytest.raises(ValueError, match="no lesson with exercises has the number '77'"):
        progress("77")


@pytest.mark.parametrize("setting", ["raise", "warn", "ignore"])
def test_what_a_notebook_does_with_errors_of_numpy_costs_nothing(setting):
    def softmax_policy(q, T, rng):
        z = np.asarray(q) / T
        p = np.exp(z - z.max())
        return int(rng.choice(len(q), p=p / p.sum()))

    with np.errstate(all=setting), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(mended, "softmax").passed
        assert check(softmax_policy).passed


def test_without_threads_there_is_no_time_limit_and_a_right_answer_passes(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert check(mended, name="softmax").passed


def test_a_lambda_or_partial_is_told_how_to_say_which_exercise_it_answers():
    for nameless in (lambda z: mended(z), functools.partial(mended)):
        assert 'check(f, "softmax")' in check(nameless).message
        assert check(nameless, "softmax").passed


CELLS = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.showsyntaxerror = lambda *a, **k: None
def cell(source):
    return shell.run_cell(source, store_history=True).result
cell("from course.check import check\\nimport numpy as np")
cell("def softmax(z):\\n    e = np.exp(z)\\n    return e / e.sum()")
first = cell("check(softmax)")
cell("def softmax(z:\\n    return z")
second = cell("check(softmax)")
cell("%timeit -n1 -r1 1\\ndef softmax(z):\\n    return z")
third = cell("check(softmax)")
assert "SyntaxError" not in first.message and "SyntaxError" not in third.message, third
assert "the newest cell that defines softmax has a SyntaxError (line 1)" in second.message, second
"""


def test_after_a_cell_with_a_syntax_error_it_says_that_the_older_function_is_judged(tmp_path):
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, "-c", CELLS], check=True, timeout=60, env=environment)


def test_advice_hangs_under_its_first_word_and_rows_of_arrays_are_whole():
    def softmax(logits):
        e = np.exp(logits - np.max(logits))
        return e / e.sum(axis=0)

    page = check(softmax)._repr_html_()
    (advice,) = (row for row in page.split("<div") if "→" in row)
    assert "text-indent:-2ch" in advice and "padding-left:2ch" in advice
    for row in page.split("<div"):
        if "expected" in row:
            assert "white-space:pre;" in row
    assert "color:" not in page.replace("border-left", "")  # the theme's own colour


def luminance(colour):
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("background", ["#ffffff", "#111111", "#383838"])
def test_the_edge_can_be_seen_on_light_and_dark_pages(background):
    for answer in (mended, lambda z: z, lambda z: None):
        (edge,) = re.findall(r"solid (#\w{6})", check(answer, "softmax")._repr_html_())
        light, dark = sorted([luminance(edge), luminance(background)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_the_readme_shows_what_check_says():
    blocks = re.findall(
        r"```(python|text)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    ((_, code),) = (block for block in blocks if block[1].startswith("def softmax"))
    ((_, message),) = (block for block in blocks if block[1].startswith("✗ 02.1 softmax"))
    scope = {"np": np}
    exec(code, scope)
    said = check(scope["softmax"]).message
    assert re.sub(r"\d+ (try|tries)", "1 try", said) == message.strip()
