"""`course new`: a lesson that releases and passes as it is."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from course.cli import main
from course.release import command as release
from course.release.new import FILES, SKELETON
from course.release.source import SECTIONS
from tests.answers import ROOT
from tests.release.made import make, source

# Run in the new course: what the judge says of each answer to the new exercise.
JUDGE = """
import json
from course import exercises
from course.judge.judge import judge

(exercise,) = exercises.of_lesson("16")
right = [judge(exercise, answer.function).points for answer in exercise.right]
named = [judge(exercise, answer.function).misconception.name for answer in exercise.mistakes]
print(json.dumps([right, named, [mistake.name for mistake in exercise.mistakes]]))
"""


@pytest.fixture
def course(tmp_path):
    """Return a course of one lesson with this course's own packages."""
    root = make(tmp_path / "course", lesson_00_start=source())
    for package in ("utils", "course"):
        shutil.copytree(ROOT / package, root / package, dirs_exist_ok=True)
    for path in (root / "course" / "exercises").glob("lesson_*"):
        path.unlink()
    (root / "README.md").write_text("<!-- lessons -->\n<!-- end of lessons -->", encoding="utf-8")
    return root


def test_a_new_lesson_releases_and_its_answers_are_judged(course, capsys):
    assert main(["release", "00"], root=course) == 0
    capsys.readouterr()
    assert main(["new", "16", "the_end"], root=course) == 0
    *written, todo = capsys.readouterr().out.splitlines()
    files = ["solutions/16_the_end.md", "course/exercises/lesson_16.py"]
    assert [line.split()[0] for line in written] == [*files, "course/exercises/lesson_16.md"]
    assert todo.startswith("next: `course release 16`")

    assert main(["release", "16"], root=course) == 0
    assert release.check_sources(course) == []
    assert "[The end](lessons/16_the_end.ipynb)" in (course / "README.md").read_text("utf-8")
    start, end = (course / "lessons" / f"{name}.ipynb" for name in ("00_start", "16_the_end"))
    assert "Next: [16 · The end](16_the_end.ipynb)." in start.read_text(encoding="utf-8")
    text = end.read_text(encoding="utf-8")
    assert "0 of 2 points" in text
    assert "counts / counts.sum()\\n" not in text.partition("# exercise")[2]

    environment = {**os.environ, "PYTHONPATH": str(course)}
    told = subprocess.run(
        [sys.executable, "-c", JUDGE], cwd=course, env=environment, capture_output=True, check=True
    )
    right, named, mistakes = json.loads(told.stdout)
    assert right == [2, 2]
    assert named == mistakes
    assert len(mistakes) == 2


def test_the_skeleton_has_every_section_and_its_own_number_only():
    text = (SKELETON / "99_skeleton.md").read_text(encoding="utf-8")
    assert [line[3:] for line in text.split("\n") if line.startswith("## ")] == list(SECTIONS)
    assert {path.name for path in SKELETON.iterdir() if path.is_file()} == FILES.keys()


@pytest.mark.parametrize(
    ("number", "name", "sentence"),
    [
        ("7", "the_end", "a lesson's number is two digits, like 16; came 7"),
        ("016", "the_end", "a lesson's number is two digits, like 16; came 016"),
        (
            "16",
            "The End",
            "a lesson's name is small letters and digits, with _ between words, like",
        ),
        ("16", "../up", "a lesson's name is small letters and digits, with _ between words, like"),
        ("00", "again", "there is a lesson 00 already: solutions/00_start.md"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(course, capsys, number, name, sentence):
    before = sorted(course.rglob("*"))
    assert main(["new", number, name], root=course) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"course: {sentence}")
    assert told.count("\n") == 1
    assert sorted(course.rglob("*")) == before


def test_a_lesson_that_is_there_in_part_is_not_written_over(course, capsys):
    path = course / "course" / "exercises" / "lesson_16.md"
    path.write_text("mine", encoding="utf-8")
    assert main(["new", "16", "the_end"], root=course) == 1
    assert "there is a lesson 16 already: course/exercises/lesson_16.md" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "mine"
    assert not list((course / "solutions").glob("16_*"))
