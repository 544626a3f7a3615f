"""`course release`: two notebooks from one source, the same each time, and nothing leaks."""

import asyncio
import base64
import io
import json
import os
import re
import shutil
import sys

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyter_client.kernelspec import KernelSpec
from jupytext.cli import jupytext
from matplotlib.image import imread, imsave

from course.cells import Cell
from course.cli import main
from course.files import write_whole
from course.release import command as release
from course.release import execute
from course.release.compare import output_drift, picture_difference, pictures_in, source_drift
from course.release.notebooks import digest
from tests.release.made import (
    ALONE,
    CHECK,
    DOUBLE,
    FIGURES,
    HEADER,
    IGNORED,
    PYPROJECT,
    SET_UP,
    TEACHERS,
    WRITTEN,
    code,
    drafts,
    line_of,
    make,
    source,
)


def read(path):
    return nbformat.read(path, as_version=4)


def printed(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.text for output in outputs if "text" in output]


# The real thing, once: a course that is released by real kernels under a hostile environment.


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("released")
    root = make(
        tmp / "course",
        lesson_00_start=source(DOUBLE, CHECK, WRITTEN, TEACHERS, FIGURES, ALONE, IGNORED),
    )
    wrong = tmp / "jupyter" / "kernels" / "python3"
    wrong.mkdir(parents=True)
    argv = ["no-such-python", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "another Python", "language": "python"}
    (wrong / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    own = tmp / "own"
    own.mkdir()
    (own / "matplotlibrc").write_text("figure.facecolor: red\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("JUPYTER_PATH", str(tmp / "jupyter"))
        monkeypatch.setenv("MPLBACKEND", "svg")
        monkeypatch.setenv("MATPLOTLIBRC", str(own))
        monkeypatch.setenv("COURSE_STATE", str(own))
        monkeypatch.setenv("PYTHONHASHSEED", "7")
        assert main(["release"], root=root) == 0
    return root


@pytest.fixture
def course(released, tmp_path):
    """Give each test the released course to itself."""
    shutil.copytree(released, tmp_path / "course")
    return tmp_path / "course"


def test_a_second_release_from_nothing_gives_the_same_bytes(course):
    notebooks = [course / folder / "00_start.ipynb" for folder in ("solutions", "lessons")]
    before = [path.read_bytes() for path in notebooks]
    for path in notebooks:
        path.unlink()
    assert main(["release", "00", "--jobs", "1"], root=course) == 0
    assert [path.read_bytes() for path in notebooks] == before


def test_the_author_environment_does_not_reach_the_notebooks(released):
    figures, alone, ignored = read(released / "solutions" / "00_start.ipynb").cells[-3:]
    assert alone.outputs[0].text.startswith("False True")  # an empty state folder
    assert ignored.outputs == []
    picture = imread(io.BytesIO(base64.b64decode(picture_of(figures.outputs[0]))))
    np.testing.assert_allclose(picture[0, 0, :3], 1)  # white, not the author's red


def test_solution_and_lesson_hold_what_each_is_for(released):
    solution = read(released / "solutions" / "00_start.ipynb")
    lesson = read(released / "lessons" / "00_start.ipynb")
    texts = [[cell.source for cell in notebook.cells] for notebook in (solution, lesson)]
    assert printed(solution)[0] == "double(2) is 4\n"
    assert printed(lesson)[0] == "double: not attempted yet\n"
    assert "# course: set-up\nimport utils\nfrom utils import check" in texts[0]
    assert (
        "# exercise: 00.1\ndef double(x: float) -> float:\n"
        '    """Return twice `x`."""\n    raise NotImplementedError'
    ) in texts[1]
    assert "<!-- written: 00.Q1 -->\nWhy?\n\n*Write your answer here.*" in texts[1]
    assert any("For those who teach" in text for text in texts[0])
    for word in ("the_answer", "Because two", "who teach", "SOLUTION"):
        assert word not in (released / "lessons" / "00_start.ipynb").read_text(encoding="utf-8")


def test_notebooks_carry_nothing_that_changes_with_time_or_machine(released):
    for folder in ("solutions", "lessons"):
        path = released / folder / "00_start.ipynb"
        text = path.read_text(encoding="utf-8")
        notebook = read(path)
        nbformat.validate(notebook)
        assert text.endswith("}\n")
        assert notebook.metadata.language_info == {"name": "python", "pygments_lexer": "ipython3"}
        assert notebook.metadata.kernelspec.name == "python3"
        assert notebook.metadata.course.source == digest(notebook)
        for word in ("jupytext_version", '"execution":', "widgets", str(released), "/tmp"):
            assert word not in text
        first, *counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
        assert first == (1 if folder == "solutions" else None)  # a learner is to run the set-up
        assert counts == list(range(2, len(counts) + 2))
    assert read(released / "solutions" / "00_start.ipynb").metadata.jupytext == {
        "formats": "ipynb,md:myst"
    }
    assert "jupytext" not in notebook.metadata  # or JupyterLab would pair the lesson with a text


def redraw(png, change):
    """Decode a base64 PNG, change its pixels, encode it again."""
    pixels = change(imread(io.BytesIO(base64.b64decode(png))).copy())
    file = io.BytesIO()
    imsave(file, np.ascontiguousarray(pixels), format="png")
    return base64.b64encode(file.getvalue()).decode()


def round_otherwise(pixels):
    pixels[::50, ::7, :3] -= 1 / 255
    return pixels


def picture_of(output):
    (png,) = pictures_in(output.data["text/html"])
    return png


def draw_a_digit(pixels):
    pixels[20:28, 20:25, :3] = 0
    return pixels


def test_check_finds_drift_in_text_and_pictures_and_writes_nothing(course, capsys):
    path = course / "solutions" / "00_start.ipynb"
    notebook = read(path)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed, first, second, *_ = outputs
    printed.text = "double(2) is 5\n"
    for output, change in ((first, draw_a_digit), (second, round_otherwise)):
        png = picture_of(output)
        output.data["text/html"] = output.data["text/html"].replace(png, redraw(png, change))
    path.write_bytes(execute.to_bytes(notebook))
    before = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    assert main(["release", "--check"], root=course) == 1
    out, err = capsys.readouterr()
    text, picture = err.splitlines()
    assert text == (
        "solutions/00_start.ipynb: cell 4: stdout is 'double(2) is 5', now 'double(2) is 4'"
    )
    assert re.fullmatch(
        r"solutions/00_start.ipynb: cell 7: picture differs in 0\.\d\d% of its pixels, .*", picture
    )
    assert "lessons/00_start.ipynb                     as stored" in out
    assert {path: path.read_bytes() for path in course.rglob("*.ipynb")} == before


def test_a_cell_that_raises_is_named_and_only_the_other_lesson_is_written(tmp_path, capsys):
    text = source(code("1 + 1"), code("# a wrong name\nfoo"))
    other = source(number="01", title="Next")
    root = make(tmp_path / "course", lesson_00_start=text, lesson_01_next=other)
    assert main(["release"], root=root) == 1
    assert capsys.readouterr().err == (
        f"solutions/00_start.md:{line_of(text, '# a wrong name')}: the cell `# a wrong name` "
        "raises NameError: name 'foo' is not defined "
        "(in solutions/00_start.ipynb and lessons/00_start.ipynb)\n"
    )
    assert {path.stem for path in root.rglob("*.ipynb")} == {"01_next"}


BAD_OUTPUTS = {
    "import warnings\nwarnings.warn('look out')": r"writes to stderr .*UserWarning: look out",
    "print(object())": r"shows at 0x…, which differs in every run",
    "display({'application/vnd.jupyter.widget-view+json': {}}, raw=True)": r"shows a widget, ",
    "display({'image/png': 'aGk='}, raw=True)": r"shows a picture \(image/png\) whose text no page",
    "display({'text/html': '<img src=\"a.png\" alt=\" \">'}, raw=True)": r"shows a picture without alt",
    "print(check.__code__.co_filename)": r"shows \S+/course, a path of this machine",
}


def test_every_output_that_must_not_be_published_is_named(tmp_path):
    text = source(*map(code, BAD_OUTPUTS), code("print('x' * 2_000_000)"))
    root = make(tmp_path / "course", lesson_00_start=text)
    solution, _ = drafts(root, "00_start")
    size, *outputs = sorted(asyncio.run(execute.run(solution, root, lambda: None)))
    assert str(size) == "solutions/00_start.md:1: the notebook has 2.0 MB, more than 2 MB"
    for problem, (cell, sentence) in zip(outputs, BAD_OUTPUTS.items(), strict=True):
        first = cell.split("\n")[0]
        where = f"solutions/00_start.md:{line_of(text, first)}: the cell `{first}` "
        assert re.match(re.escape(where) + sentence, str(problem))


# What is wrong with a source is said with file and line, before anything runs.
# Each case: cells of lesson 00, where among them the message must point, what it must say.

WRONG = {
    "never closed": (
        DOUBLE.replace("### END SOLUTION", "pass"),
        "### BEGIN SOLUTION",
        "### BEGIN SOLUTION is never closed",
    ),
    "never opened": (
        DOUBLE.replace("### BEGIN SOLUTION", "pass"),
        "### END SOLUTION",
        "### END SOLUTION closes nothing: there is no ### BEGIN SOLUTION before it",
    ),
    "nested": (
        DOUBLE.replace("        the_answer", "        ### BEGIN SOLUTION\n        the_answer"),
        "        ### BEGIN SOLUTION",
        "### BEGIN SOLUTION inside the one of line ",
    ),
    "no answer": (
        code("# exercise: 00.2\ndef f(): ...") + "\n\n" + code("check(f)"),
        "# exercise: 00.2",
        "exercise 00.2 has no ### BEGIN SOLUTION",
    ),
    "written question without answer": (
        "<!-- written: 00.Q2 -->\nWhy?",
        "<!-- written: 00.Q2 -->",
        "written 00.Q2 has no <!-- BEGIN SOLUTION -->",
    ),
    "Markdown answer never closed": (
        WRITTEN.replace("<!-- END SOLUTION -->", ""),
        "<!-- BEGIN SOLUTION -->",
        "<!-- BEGIN SOLUTION --> is never closed",
    ),
    "answer outside an exercise": (
        code("x = 1\n### BEGIN SOLUTION\ny = 2\n### END SOLUTION"),
        "### BEGIN SOLUTION",
        "### BEGIN SOLUTION in a cell whose first line is not like # exercise: NN.1",
    ),
    "a marker beside code": (
        DOUBLE.replace("return the_answer", "return the_answer  ### end solution"),
        "### end solution",
        "not a marker this course knows: return the_answer  ### end solution",
    ),
    "an unknown marker": (
        code("# course: setup\nimport math"),
        "# course: setup",
        "not a marker this course knows: # course: setup",
    ),
    "a marker further down": (
        code("x = 1\n# course: solutions only"),
        "# course: solutions only",
        "# course: solutions only must be the first line of its cell",
    ),
    "text after a Markdown marker": (
        "<!-- course: solutions only --> for teachers",
        "for teachers",
        "not a marker this course knows: <!-- course: solutions only --> for teachers",
    ),
    "no check": (
        DOUBLE.replace("double", "triple").replace("00.1", "00.2"),
        "# exercise: 00.2",
        "exercise 00.2 has no later cell with check(triple)",
    ),
    "the check stands before": (
        "\n\n".join([code("check(triple)"), DOUBLE.replace("double", "triple")]),
        "# exercise: 00.1",
        "exercise 00.1 has no later cell with check(triple)",
    ),
    "the check is for teachers": (
        "\n\n".join([DOUBLE, code("# course: solutions only\ncheck(double)")]),
        "# exercise: 00.1",
        "exercise 00.1 has no later cell with check(double)",
    ),
    "two definitions": (
        code(
            "# exercise: 00.2\ndef f():\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION\n\n"
            "def g(): ..."
        ),
        "# exercise: 00.2",
        "exercise 00.2 must define one function or class, came f and g",
    ),
    "another lesson's number": (
        "\n\n".join([DOUBLE.replace("00.1", "01.1"), CHECK]),
        "# exercise: 01.1",
        "exercise 01.1 in lesson 00",
    ),
    "numbers out of order": (
        "\n\n".join(
            [DOUBLE.replace("00.1", "00.2"), CHECK]
            + [text.replace("double", "treble") for text in (DOUBLE, CHECK)]
        ),
        "# exercise: 00.1",
        "exercise 00.1 comes after 00.2: numbers run on through a lesson",
    ),
    "points before the last exercise": (
        "\n\n".join([code('utils.progress("00")'), DOUBLE, CHECK]),
        "utils.progress",
        "exercise 00.1 comes after the points are shown",
    ),
    "a number twice": (
        "\n\n".join([DOUBLE, CHECK, DOUBLE.replace("double", "treble"), code("check(treble)")]),
        "# exercise: 00.1",
        "exercise 00.1 is also at solutions/00_start.md:",
    ),
    "a name twice": (
        "\n\n".join([DOUBLE, DOUBLE.replace("00.1", "00.2"), CHECK]),
        "# exercise: 00.1",
        "exercise double is also at solutions/00_start.md:",
    ),
    "nothing parses without the answer": (
        code(
            "# exercise: 00.1\ndef double(x):\n    ### BEGIN SOLUTION\n    if x:\n"
            "    ### END SOLUTION\n        return x + x"
        )
        + "\n\n"
        + CHECK,
        "return x + x",
        "without its answer, exercise 00.1 does not parse: ",
    ),
    "an answer within a statement": (
        code(
            "# exercise: 00.1\ndef double(x):\n    return sum([\n        ### BEGIN SOLUTION\n"
            "        x, x\n        ### END SOLUTION\n    ])"
        )
        + "\n\n"
        + CHECK,
        "### BEGIN SOLUTION",
        "no statement starts in this answer",
    ),
    "the docstring goes with the answer": (
        code(
            '# exercise: 00.1\ndef double(x):\n    ### BEGIN SOLUTION\n    """Twice."""\n'
            "    return x + x\n    ### END SOLUTION"
        )
        + "\n\n"
        + CHECK,
        "# exercise: 00.1",
        "without its answer, exercise 00.1 changes the signature or docstring of double",
    ),
    "a syntax error": (code("x = 1\ny = = 2"), "y = = 2", "SyntaxError: invalid syntax"),
    "a magic": (
        code("x = 1\n%time x"),
        "%time",
        "SyntaxError: invalid syntax; a lesson holds plain",
    ),
    "an empty cell": (code(""), "{code-cell} ipython3\n", "the code cell is empty"),
    "tags that are no list": (
        code("x = 1", ":tags: nbval-ignore-output\n\n"),
        ":tags:",
        "a cell's options must be like :tags: [nbval-ignore-output]",
    ),
    "options that are not YAML": (code("x = 1", ":tags: [a\n\n"), "ipython3", "Invalid YAML; "),
    "pluses": ("some text\n+++ more", "+++ more", "a Markdown line must not start with +++"),
    "pluses without empty lines": ("a\n\n+++\nb", "+++", "a Markdown line must not start with +++"),
    "an unknown section": ("## Summary", "## Summary", '"## Summary" is not a section of this'),
    "sections out of order": (
        "## Takeaways\n\n## Data",
        "## Data",
        'section "## Data" must come before "## Takeaways"',
    ),
    "a section twice": ("## Data\n\n## Data", "\n\n## Data", 'section "## Data" stands twice'),
    "a second title": ("# 00 · Again", "# 00 · Again", '"# 00 · Again": the title, once in the'),
    "a heading for teachers": (
        "+++\n\n<!-- course: solutions only -->\n## Data",
        "## Data",
        'heading "Data" would be missing in the lesson',
    ),
    "a swallowed code cell": (
        "<details>\n```{code-cell} ipython3\nx = 1\n```\n</details>",
        "<details>\n```{code-cell} ipython3",
        "a code cell needs an empty line before it",
    ),
    "a second set-up": (SET_UP, "# course: set-up", "the set-up must be the first code cell"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_source_is_said_with_its_line(tmp_path, case):
    cells, needle, sentence = WRONG[case]
    text = source(cells)
    make(tmp_path / "course", lesson_00_start=text)
    found = release.check_sources(tmp_path / "course")
    line = text.count("\n", 0, text.rindex(cells) + cells.index(needle) + len(needle)) + 1
    assert any(f.startswith(f"solutions/00_start.md:{line}: {sentence}") for f in found), found


# Each case: what to replace in a whole lesson 01, by what, and the message with its line.

WRONG_FILES = {
    "formats": ("ipynb,md:myst", "ipynb", "1: the header's jupytext: formats: must be ipynb,md:"),
    "kernel": ("name: python3", "name: julia", "1: the header's kernelspec: name: must be python3"),
    "no header": (HEADER, "", "1: the header's jupytext: formats: must be ipynb,md:myst, came N"),
    "no cell": (source(number="01", title="Next"), HEADER, "1: the file holds no cell"),
    "a broken header": ("jupytext:", "jupytext: [", "1: Notebook metadata: while parsing a flow"),
    "a header that is a text": (HEADER, "---\nhello\n---\n", "1: the header must be like that of"),
    "title": ("# 01 · Next", "# Next", '16: the title must be like "# 01 · Next"'),
    "no title": ("# 01 · Next", "", '18: the first cell has no "# 01 · title"'),
    "no badges": ("<!-- course: badges -->", "", "16: the first cell has no line <!-- course: b"),
    "badges in a fence": (
        "<!-- course: badges -->",
        "```\n<!-- course: badges -->\n```",
        "16: the first cell has no line <!-- course: badges -->",
    ),
    "no set-up": ("# course: set-up\n", "", '25: the first code cell must begin with "# course: s'),
    "set-up": (
        "import check",
        "import check\nx = 1",
        "25: the set-up cell must hold imports only",
    ),
    "sections": (
        "## Data\n\n## Implementation",
        "",
        "30: these sections are missing: Data, Implementation",
    ),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path, case):
    old, new, sentence = WRONG_FILES[case]
    text = source(number="01", title="Next")
    assert old in text
    make(tmp_path / "course", lesson_01_next=text.replace(old, new))
    found = release.check_sources(tmp_path / "course")
    assert any(f.startswith(f"solutions/01_next.md:{sentence}") for f in found), found


def test_a_file_that_is_not_utf8_is_named_with_the_line(tmp_path):
    root = make(tmp_path / "course", lesson_00_start=source())
    path = root / "solutions" / "00_start.md"
    path.write_bytes(path.read_bytes() + "\ncafé\n".encode("latin-1"))
    lines = path.read_bytes().count(b"\n")
    assert release.check_sources(root) == [
        f"solutions/00_start.md:{lines}: the file is not UTF-8 text"
    ]


@pytest.mark.parametrize(("silent", "status"), [(1, 0), (execute.STARTS, 1)])
def test_a_kernel_that_does_not_answer_is_replaced_but_not_for_ever(
    course, monkeypatch, capsys, silent, status
):
    real = execute.ThisInterpreter().kernel_spec
    started = []

    def spec(self):
        started.extend([] if self in started else [self])
        answers = len(started) > silent
        # One that never answers is given up soon; a real one gets what a busy machine needs.
        monkeypatch.setattr(execute, "SECONDS_TO_START", 300 if answers else 1)
        if answers:
            return real
        return KernelSpec(argv=[sys.executable, "-c", "import time; time.sleep(60)"])

    monkeypatch.setattr(execute.ThisInterpreter, "kernel_spec", property(spec))
    assert main(["release", "--check", "00", "--jobs", "1"], root=course) == status
    assert ("no kernel starts" in capsys.readouterr().err) == bool(status)


def test_all_problems_of_all_lessons_are_listed_at_once_and_nothing_runs(tmp_path, capsys):
    bad = source(code("y = = 2"), "+++\n\n" + WRITTEN.replace("<!-- END SOLUTION -->", ""))
    other = source(number="01", title="Next").replace("## Data", "## Numbers")
    root = make(tmp_path / "course", lesson_00_start=bad, lesson_01_next=other)
    assert main(["release"], root=root) == 1
    lines = capsys.readouterr().err.splitlines()
    places = [line.split(": ")[0] for line in lines]
    assert places == [
        f"solutions/00_start.md:{line_of(bad, 'y = = 2')}",
        f"solutions/00_start.md:{line_of(bad, '<!-- BEGIN')}",
        f"solutions/01_next.md:{line_of(other, '## Objectives')}",
        f"solutions/01_next.md:{line_of(other, '## Numbers')}",
    ]
    assert list(root.rglob("*.ipynb")) == []
    assert main(["release", "--check", "--no-run", "solutions/01_next.md"], root=root) == 1
    assert capsys.readouterr().err.splitlines() == lines[2:]


def test_optional_sections_formulas_and_fences_are_no_problem(tmp_path):
    text = source(
        "$$\na\n=\nb\n$$",  # in plain Markdown an underlined heading
        "```markdown\n# no title\n<!-- BEGIN SOLUTION -->\n```",
        code('"""\n### BEGIN SOLUTION\n# exercise: 01.1\n"""'),
        number="01",
        title="Next",
    ).replace("## Visualizations\n\n", "")
    root = make(tmp_path / "course", lesson_01_next=text)
    assert drafts(root, "01_next")


def test_exercises_are_unique_across_files_and_both_places_are_named(tmp_path):
    twin = DOUBLE.replace("00.1", "01.1")
    root = make(
        tmp_path / "course",
        lesson_00_start=source(DOUBLE, CHECK),
        lesson_01_next=source(twin, CHECK, number="01", title="Next"),
    )
    assert release.check_sources(root, ["00"]) == [
        "solutions/00_start.md:33: exercise double is also at solutions/01_next.md:55"
    ]
    assert release.check_sources(root, ["01_next"]) == [
        "solutions/01_next.md:55: exercise double is also at solutions/00_start.md:33"
    ]


# What a learner gets.


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_no_line_of_an_answer_survives_and_the_rest_does(lengths, depth):
    lines, indent = ["# exercise: 00.1", "class Thing:", '    """What it is."""'], " " * 8
    for number, length in enumerate(lengths):
        lines += [f"    def method_{number}(self, x):", f'        """Do {number}."""']
        inner = indent + "    " * depth
        lines += [f"{indent}{'    ' * level}if x:" for level in range(depth)]
        lines += [inner + "### BEGIN SOLUTION"]
        lines += [f"{inner}secret_{number} = {row}" for row in range(length)]
        lines += [inner + "### END SOLUTION"]
    cell = Cell("code", "\n".join(lines), 1)
    cell.examine()
    assert cell.problems == []
    assert cell.name == "Thing"
    stub = cell.without_answers()
    assert "secret" not in stub
    assert "SOLUTION" not in stub
    assert stub.count("raise NotImplementedError") == len(lengths)
    assert [line for line in lines if line in stub.split("\n")] == [
        line for line in lines if "secret" not in line and "SOLUTION" not in line
    ]


def test_an_answer_at_the_top_level_becomes_a_comment(tmp_path):
    cell = Cell(
        "code",
        "# exercise: 00.1\n### BEGIN SOLUTION\ndef helper():\n    return 2\n### END SOLUTION\n\n"
        "def double(x):\n    ### BEGIN SOLUTION\n    return helper() * x\n    ### END SOLUTION",
        1,
    )
    cell.examine()
    assert (cell.problems, cell.name) == ([], "double")
    assert cell.without_answers() == (
        "# exercise: 00.1\n# your code here\n\ndef double(x):\n    raise NotImplementedError"
    )


def test_badges_link_to_colab_at_the_tag_and_to_the_neighbours(tmp_path):
    root = make(
        tmp_path / "course",
        lesson_00_start=source(),
        lesson_01_next=source(number="01", title="Next"),
        lesson_02_last=source(number="02", title="Last"),
    )
    solution, lesson = drafts(root, "01_next")
    assert "<!-- course: badges -->" in solution.node.cells[0].source
    assert lesson.node.cells[0].source == (
        "# 01 · Next\n\n"
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        "(https://colab.research.google.com/github/someone/sample/blob/v0.3.0/lessons/"
        "01_next.ipynb) Previous: [00 · Start here](00_start.ipynb). "
        "Next: [02 · Last](02_last.ipynb).\n\n**About 5 minutes**.\n\nWelcome."
    )
    first = drafts(root, "00_start")[1].node.cells[0].source
    assert "Previous" not in first
    assert "[01 · Next](01_next.ipynb)" in first


def test_unchanged_cells_keep_their_ids_and_no_two_cells_share_one(tmp_path):
    text = source(code("1 + 1"), code("1 + 1"), code("2 + 2"))
    root = make(tmp_path / "course", lesson_00_start=text)
    solution, lesson = drafts(root, "00_start")
    before = [cell.id for cell in solution.node.cells]
    assert len(set(before)) == len(before)
    # The lesson alone ends with the way on.
    assert [cell.id for cell in lesson.node.cells] == [*before, "way-on"]
    changed = source("A new cell.", code("1 + 1"), code("1 + 1"), code("2 + 3"))
    (root / "solutions" / "00_start.md").write_text(changed, encoding="utf-8")
    after = [cell.id for cell in drafts(root, "00_start")[0].node.cells]
    assert [name for name in before if name in after] == before[:-1]


# Nothing is lost, and what stands is compared with what should.


def edit(path, old, new):
    notebook = read(path)
    (cell,) = [cell for cell in notebook.cells if old in cell.source]
    cell.source = cell.source.replace(old, new)
    path.write_bytes(execute.to_bytes(notebook))


def test_a_notebook_changed_by_hand_is_refused(course, capsys):
    edit(course / "solutions" / "00_start.ipynb", "For those who teach", "For us who teach")
    edit(course / "lessons" / "00_start.ipynb", "raise NotImplementedError", "return 2 * x")
    before = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    assert main(["release"], root=course) == 1
    assert capsys.readouterr().err.splitlines() == [
        "solutions/00_start.ipynb was changed since its release and is not what "
        "solutions/00_start.md says: run `jupytext --sync solutions/00_start.ipynb` (the newer of "
        "the two wins), or use --overwrite to lose the change",
        "lessons/00_start.ipynb was changed since its release, and lessons are generated: put the "
        "change into solutions/00_start.md, or use --overwrite to lose it",
    ]
    assert {path: path.read_bytes() for path in course.rglob("*.ipynb")} == before


def test_jupytext_sync_takes_the_change_into_the_text(course):
    notebook, text = (course / "solutions" / f"00_start.{kind}" for kind in ("ipynb", "md"))
    edit(notebook, "For those who teach", "For us who teach\n")
    later = text.stat().st_mtime + 10
    os.utime(notebook, (later, later))
    assert jupytext(["--sync", "--quiet", str(notebook)]) == 0
    assert "For us who teach" in text.read_text(encoding="utf-8")
    assert digest(read(notebook)) == digest(drafts(course, "00_start")[0].node)
    assert release.check_sources(course) == []


def test_check_without_running_names_cell_and_text(course, capsys):
    assert main(["release", "--check", "--no-run"], root=course) == 0
    text = course / "solutions" / "00_start.md"
    changed = text.read_text(encoding="utf-8").replace("Welcome.", "Welcome!")
    text.write_text(changed.replace(CHECK, CHECK + "\n\nA new cell.\n\n+++"), encoding="utf-8")
    (course / "lessons" / "07_old.ipynb").touch()
    assert main(["release", "--check", "--no-run"], root=course) == 1
    assert capsys.readouterr().err.splitlines() == [
        "lessons/07_old.ipynb has no source solutions/07_old.md",
        "solutions/00_start.ipynb: cell 1: text is 'Welcome.', now 'Welcome!'",
        "solutions/00_start.ipynb: cell 5 of the source is missing",
        "lessons/00_start.ipynb: cell 1: text is 'Welcome.', now 'Welcome!'",
        "lessons/00_start.ipynb: cell 5 of the source is missing",
    ]
    (course / "lessons" / "00_start.ipynb").unlink()
    assert "lessons/00_start.ipynb is missing" in release.check_sources(course, ["00"])


def test_output_drift_names_each_kind_of_difference(released):
    path = released / "solutions" / "00_start.ipynb"
    notebook = read(path)
    assert output_drift(notebook, read(path)) == ([], "")

    def drift(change):
        other = read(path)
        figure = next(cell for cell in other.cells if "pyplot" in cell.source)
        change(other, figure)
        assert source_drift(notebook, other) == []
        return output_drift(notebook, other)

    def tell(found):
        return lambda other, figure: found(figure)

    def describe(figure):
        data = figure.outputs[0].data
        data["text/html"] = data["text/html"].replace("a line that rises", "another line")

    assert drift(tell(describe))[0] == [
        """cell 7: text/html is '<img alt="a line that rises" src="(picture)">', """
        """now '<img alt="another line" src="(picture)">'"""
    ]
    assert drift(tell(lambda figure: figure.outputs.clear()))[0] == ["cell 7: 2 outputs, now 0"]
    assert drift(tell(lambda figure: figure.update(execution_count=9)))[0] == [
        "metadata, cell ids or execution counts differ"
    ]

    def other_matplotlib(other, figure):
        other.metadata.course.matplotlib = "0.0.1"
        data = figure.outputs[1].data
        data["text/html"] = data["text/html"].replace(picture_of(figure.outputs[1]), "AAAA")

    found, note = drift(other_matplotlib)
    made = notebook.metadata.course.matplotlib
    assert found == []
    assert note == f"pictures not compared: made by matplotlib {made}, here is 0.0.1"


def test_pictures_agree_but_for_rounding(released):
    notebook = read(released / "solutions" / "00_start.ipynb")
    figure = next(cell for cell in notebook.cells if "pyplot" in cell.source)
    png = picture_of(figure.outputs[0])
    assert redraw(png, round_otherwise) != png
    assert picture_difference(png, redraw(png, round_otherwise)) == ""
    assert picture_difference(png, redraw(png, draw_a_digit)).startswith("differs in 0.")

    def fade(pixels):  # every pixel a little: no single one counts, all together do
        pixels[..., :3] *= 0.98
        return pixels

    assert "0.00% of its pixels" in picture_difference(png, redraw(png, fade))
    shorter = redraw(png, lambda pixels: pixels[:-1])
    assert re.fullmatch(r"has (\d+)×\d+ pixels, now \1×\d+", picture_difference(png, shorter))


def test_file_writes_leave_equal_files_and_no_traces(tmp_path):
    path = tmp_path / "a.ipynb"
    assert write_whole(path, b"1")
    stamp = path.stat().st_mtime_ns
    assert not write_whole(path, b"1")
    assert path.stat().st_mtime_ns == stamp
    assert write_whole(path, b"2")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.ipynb", b"2")]


# The command.


def test_mistakes_in_the_call_get_one_sentence(course, capsys):
    for arguments, root, sentence in (
        (["release", "12"], course, "course: there is no lesson 12; solutions/ holds 00_start\n"),
        (["release"], course / "lessons", "/pyproject.toml cannot be read: "),
    ):
        assert main(arguments, root=root) == 1
        error = capsys.readouterr().err
        assert sentence in error
        assert error.count("\n") == 1
    (course / "lessons" / "00_start.ipynb").write_text("<<<<<<< HEAD", encoding="utf-8")
    assert main(["release", "00"], root=course) == 1
    assert capsys.readouterr().err.startswith("course: lessons/00_start.ipynb is not a notebook: ")
    for arguments in (["release", "--no-run"], ["release", "--jobs", "0"], []):
        with pytest.raises(SystemExit, match="2"):
            main(arguments, root=course)


def test_a_placeholder_address_is_said_and_does_no_harm(course, capsys):
    text = PYPROJECT.replace("someone/sample", "OWNER/REPOSITORY")
    (course / "pyproject.toml").write_text(text, encoding="utf-8")
    edit(course / "lessons" / "00_start.ipynb", "raise NotImplementedError", "return 2 * x")
    main(["release"], root=course)  # refused before anything runs, which is quick
    assert capsys.readouterr().out.splitlines()[0] == (
        "note: no badges while pyproject.toml has the address https://github.com/OWNER/REPOSITORY"
    )


def test_the_course_is_found_from_any_folder_in_it(course, monkeypatch, capsys):
    monkeypatch.chdir(course / "lessons")
    assert main(["release", "--check", "--no-run", "00"]) == 0
    (course / "solutions" / "00_start.ipynb").unlink()
    assert main(["release", "--check", "--no-run", "00"]) == 1
    assert capsys.readouterr().err == "solutions/00_start.ipynb is missing\n"
