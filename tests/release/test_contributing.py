"""CONTRIBUTING.md followed to the letter: its example is an exercise that works."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from course.release import command as release
from tests.answers import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LESSON = "solutions/02_softmax.md"
MODULE, PAGE = "course/exercises/lesson_02.py", "course/exercises/lesson_02.md"
JUDGE = """
import json
from course import exercises
from course.judge.judge import judge

exercise = exercises.named("margin")
right = [judge(exercise, answer.function).points for answer in exercise.right]
named = [judge(exercise, answer.function).misconception for answer in exercise.mistakes]
print(json.dumps([right, [m and m.name for m in named], [m.name for m in exercise.mistakes]]))
"""


def blocks(heading):
    """Return the fenced blocks of a section; one with four backticks holds others."""
    section = re.split(r"\n## (?=[A-Z])", GUIDE.split(f"\n## {heading}\n")[1])[0]
    return [text for _, text in re.findall(r"^(`{3,4})\w*\n(.*?)^\1$", section, re.M | re.S)]


def insert(path, before, text):
    whole = path.read_text(encoding="utf-8")
    assert whole.count(before) == 1
    path.write_text(whole.replace(before, f"{text}\n{before}"), encoding="utf-8")


@pytest.fixture
def author(tmp_path):
    """Return a copy of the course in which an author has done what the guide says."""
    for folder in ("solutions", "lessons", "utils", "course"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    in_lesson, cases, exercise, answers = blocks("Add an exercise")
    insert(tmp_path / LESSON, "**Your points in this lesson**", in_lesson)
    insert(tmp_path / MODULE, "EXERCISES = (\n", f"{cases}\n")
    path = tmp_path / MODULE
    more = exercise.split("those that are there\n")[1]
    path.write_text(path.read_text("utf-8").rstrip()[:-1] + more, encoding="utf-8")
    with (tmp_path / PAGE).open("a", encoding="utf-8") as page:
        page.write(f"\n{answers}")
    return tmp_path


def test_the_example_of_the_guide_is_an_exercise(author):
    found = release.check_sources(author, ["02"])
    assert found  # the notebooks have not been released
    assert all(line.split(":")[0].endswith(".ipynb") for line in found), found
    told = subprocess.run(
        [sys.executable, "-c", JUDGE],
        cwd=author,
        env={**os.environ, "PYTHONPATH": str(author)},
        capture_output=True,
        check=True,
    )
    right, named, mistakes = json.loads(told.stdout)
    assert right == [2, 2]
    assert named == mistakes
    assert len(mistakes) == 2


def test_what_the_guide_says_of_pages_stands_on_one():
    (example,) = blocks("Add a mistake")
    assert example in (ROOT / PAGE).read_text(encoding="utf-8")


def test_every_answer_page_leads_to_the_guide():
    assert "\n## Add a mistake\n" in GUIDE
    for page in (ROOT / "course" / "exercises").glob("*.md"):
        assert "(../../CONTRIBUTING.md#add-a-mistake)" in page.read_text(encoding="utf-8"), (
            page.name
        )
