"""Small courses for the tests of `course release`: their sources, and what becomes of them."""

from course.release.notebooks import learner_notebook, solution_notebook
from course.release.source import SECTIONS, Course, read_course

HEADER = """\
---
jupytext:
  formats: ipynb,md:myst
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
    jupytext_version: 1.0.0
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""
PYPROJECT = """\
[project]
name = "sample"
version = "0.3.0"
[project.urls]
Repository = "https://github.com/someone/sample"
"""
UTILS = """
def check(obj):
    try:
        print(f"{obj.__name__}(2) is {obj(2)}")
    except NotImplementedError:
        print(f"{obj.__name__}: not attempted yet")
"""


def code(text, options=""):
    return f"```{{code-cell}} ipython3\n{options}{text}\n```"


SET_UP = code("# course: set-up\nimport utils\nfrom utils import check")
DOUBLE = code('''\
# exercise: 00.1
def double(x: float) -> float:
    """Return twice `x`."""
    ### BEGIN SOLUTION
    for _ in range(1):
        the_answer = x + x
    return the_answer
    ### END SOLUTION''')
CHECK = code("check(double)")
WRITTEN = """\
<!-- written: 00.Q1 -->
Why?

<!-- BEGIN SOLUTION -->
Because two is twice one.
<!-- END SOLUTION -->"""
TEACHERS = "+++\n\n<!-- course: solutions only -->\nFor those who teach."
FIGURES = code("""\
# course: solutions only
import base64
import io

import matplotlib.pyplot as plt

for points in ([1, 2, 4], [1, 2, 5]):
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot(points)
    plt.close(fig)
    fig.savefig(file := io.BytesIO(), format="png")
    source = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    image = f'<img alt="a line that rises" src="{source}">'
    display({"text/html": image, "text/plain": "a figure"}, raw=True)""")
ALONE = code("""\
# The author's own environment stays outside.
import os
from pathlib import Path

print(Path(os.environ["COURSE_STATE"]).exists(), hash("a") == hash("a"), {"b", "a", "c"})""")
IGNORED = code("print(id(os))", ":tags: [nbval-ignore-output]\n\n")


def source(*cells, number="00", title="Start here", header=HEADER):
    """Return a lesson's source; from lesson 01 on with an empty section of each kind."""
    first = (
        f"# {number} · {title}\n\n<!-- course: badges -->\n\n<!-- course: minutes -->\n\nWelcome."
    )
    sections = "" if number == "00" else "\n\n".join(f"## {name}" for name in SECTIONS)
    return "\n\n".join([header, first, SET_UP, sections, *cells]) + "\n"


def make(root, **sources):
    """Write a small course into `root` and return it."""
    for folder in ("solutions", "lessons", "utils", "course"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "utils" / "__init__.py").write_text(UTILS, encoding="utf-8")
    for file in ("utils/functions.py", "course/__init__.py"):
        (root / file).touch()
    for name, text in sources.items():
        path = root / "solutions" / f"{name.removeprefix('lesson_')}.md"
        path.write_text(text, encoding="utf-8")
    return root


def drafts(root, name):
    """Return the two notebooks of a lesson before they are run."""
    course = Course.at(root)
    lessons = read_course(course)
    lesson = next(lesson for lesson in lessons if lesson.name == name)
    assert lesson.problems == []
    return solution_notebook(lesson), learner_notebook(lesson, lessons, course)


def line_of(text, needle):
    return next(row for row, line in enumerate(text.split("\n"), 1) if needle in line)
