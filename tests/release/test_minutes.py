"""What a lesson takes is computed from its text, written into it, and held to limits."""

import pytest

from course.cli import main
from course.release import command as release
from course.release.minutes import (
    count,
    limits_broken,
    of_code,
    of_markdown,
    rounded,
    time_line,
)
from course.release.readme import with_table
from course.release.source import SECTIONS, Course, read_course
from tests.answers import ROOT
from tests.release.made import CHECK, DOUBLE, code, drafts, line_of, make, source

WORDS = "word " * 2000  # ten minutes
EXERCISE = f"### Exercise 00.1 — double (3 points)\n\n●●○\n\n{DOUBLE}\n\n{CHECK}"
WRITTEN = (
    "+++\n\n<!-- written: 20.Q1 -->\nWhy?\n\n<!-- BEGIN SOLUTION -->\n{}\n<!-- END SOLUTION -->"
)


def lesson_of(tmp_path, text, number="20"):
    """Return a lesson that is read from this source."""
    root = make(tmp_path / "course", **{f"lesson_{number}_next": text})
    (lesson,) = read_course(Course.at(root))
    assert lesson.problems == []
    return lesson


def with_sections(**bodies):
    """Return the source of lesson 20, with something in some of its sections."""
    text = source(number="20", title="Next")
    for name in SECTIONS:
        body = bodies.get(name.split()[0].lower().strip(","), "")
        text = text.replace(f"## {name}\n", f"## {name}\n\n{body}\n\n+++\n", 1)
    return text.replace("Exercise 00.", "Exercise 20.").replace("exercise: 00.", "exercise: 20.")


# The rule.


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("four words are here", 4 / 200),
        ("### A heading\n\n| a | table |\n|---|:--|\n| of | 4 |", 6 / 200),
        ("[a link](https://example.com/a) — and `code`", 4 / 200),
        ("with $x + y$ in it", 3 / 200),
        ("Then\n\n$$\nx = 1\n$$\n\n$$y$$", 1 / 200 + 2 * 0.75),
        ("two words\n\n<details><summary>Hint</summary>\n\n$$x$$\n\n</details>\n\nmore", 3 / 200),
        ("<!-- a comment -->\nword", 1 / 200),
    ],
)
def test_reading_takes_a_minute_for_200_words_and_more_for_formulas(text, minutes):
    assert of_markdown(text) == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("# why\nx = 1\n\ny = f(x)  # how", 2 / 12),
        ("# course: set-up\nimport utils", 0),
        (DOUBLE.split("\n", 1)[1].removesuffix("\n```"), 0),
        ("check(double)", 0),
        ('utils.predict("a", ["b", "c"])', 0.75),
        ("x = 2\nutils.settle('a', 'b' if x else 'c')", 0),
        ("utils.concepts.questions()", 7.5),
        ('utils.concepts.questions("12")', 1.5),
        ("title = 'T'\nax = plots.bars(x)\nax.set_title(title)\nplots.show(ax, alt='a')", 0),
        ("x = f(1)\nax = plots.bars(x)\nplots.show(ax, alt='a')", 3 / 12),
        ("ax = plots.bars(x)\nprint(x)", 2 / 12),
        ("x = 1", 1 / 12),
    ],
)
def test_code_takes_a_minute_for_twelve_lines_that_compute(text, minutes):
    assert of_code(text) == pytest.approx(minutes)


def test_what_a_first_reading_can_skip_is_counted_apart(tmp_path):
    deeper = f"+++\n\n### Deeper: the proof\n\nFor those who ask.\n\n+++\n\n{WORDS}"
    stretch = EXERCISE.replace("00.1", "00.2").replace("double", "triple")
    further = EXERCISE.replace("00.1", "00.3").replace("double", "treble")
    text = with_sections(
        the=deeper,
        implementation=f"{EXERCISE}\n\n{stretch.replace('points)', 'points, stretch)')}",
        explain=WRITTEN.format(WORDS),
        exercises=further,
    )
    minutes = count(lesson_of(tmp_path, text))
    assert minutes.deeper == pytest.approx(10, abs=0.1)
    assert minutes.further == pytest.approx(12, abs=0.2)  # the stretch one and the last one
    assert minutes.interview == pytest.approx(3, abs=0.1)  # its answer is not read
    assert minutes.core == pytest.approx(6, abs=0.3)  # the first exercise, and the headings
    assert minutes.rest == minutes.deeper + minutes.further + minutes.interview
    assert len(minutes.exercises) == 3


def test_the_exercise_of_a_start_without_an_implementation_is_core(tmp_path):
    lesson = lesson_of(tmp_path, source(f"## Exercises\n\n{EXERCISE}"), "00")
    assert count(lesson).core > 6
    assert count(lesson).rest == 0


# The limits.

PAUSE = "**Pause.** So far, so good."
LIMITS = {
    "a long core": (
        {"intuition": EXERCISE + "\n\n" + f"{WORDS}\n\n{PAUSE}\n\n" * 7},
        "# 20 ·",
        ["the core takes 76 minutes, more than 60: head with Deeper what can be skipped"],
    ),
    "no pause": (
        {"intuition": f"{EXERCISE}\n\n" + f"{WORDS}\n\n" * 4},
        "# 20 ·",
        [
            "46 minutes of core without a pause, more than 45: "
            "a paragraph that begins with **Pause.** marks one"
        ],
    ),
    "a pause": ({"intuition": f"{EXERCISE}\n\n{WORDS}\n\n{PAUSE}\n\n" + WORDS * 3}, "# 20 ·", []),
    "a pause too early": (
        {"intuition": f"{PAUSE}\n\n{EXERCISE}\n\n" + WORDS * 4},
        "# 20 ·",
        ["46 minutes of core without a pause"],
    ),
    "much of it deeper": (
        {"intuition": EXERCISE, "the": f"+++\n\n### Deeper: so\n\nWhy.\n\n+++\n\n{WORDS}"},
        "# 20 ·",
        ["10 minutes are Deeper, more than a third of 16"],
    ),
    "a late exercise": (
        {"intuition": WORDS, "implementation": EXERCISE, "experiments": WORDS},
        "### Exercise",
        ["the first exercise comes after 10 of 26 minutes, not in the first third"],
    ),
    "an early exercise": (
        {"intuition": EXERCISE, "experiments": WORDS, "exercises": WORDS},
        "### Exercise",
        [],
    ),
    "a further exercise alone": (
        {"intuition": WORDS, "exercises": EXERCISE},
        "### Exercise",
        ["the first exercise comes after 10 of 10 minutes"],
    ),
}


@pytest.mark.parametrize("case", LIMITS)
def test_a_limit_that_is_not_kept_is_said_with_its_line(tmp_path, case):
    sections, needle, sentences = LIMITS[case]
    text = with_sections(**sections)
    root = make(tmp_path / "course", lesson_20_next=text)
    found = [line for line in release.check_sources(root, ["20"]) if "is missing" not in line]
    place = f"solutions/20_next.md:{line_of(text, needle)}: "
    assert len(found) == len(sentences), found
    assert all(a.startswith(place + b) for a, b in zip(found, sentences, strict=True)), found


def test_every_lesson_keeps_the_limits():
    lessons = read_course(Course.at(ROOT))
    assert lessons
    assert {lesson.name: limits_broken(lesson) for lesson in lessons} == {
        lesson.name: [] for lesson in lessons
    }


# Where it is written.


def test_a_lesson_says_what_it_takes_and_so_does_each_exercise(tmp_path):
    text = with_sections(intuition=EXERCISE + f"\n\n{WORDS}", explain=WRITTEN.format("."))
    root = make(tmp_path / "course", lesson_20_next=text)
    solution, lesson = drafts(root, "20_next")
    line = "**About 15 minutes**; the interview questions take about 5 more."
    assert line in lesson.node.cells[0].source.split("\n")
    assert any("\n\n●●○ · about 6 minutes" in cell.source for cell in lesson.node.cells)
    everything = "\n".join(cell.source for cell in solution.node.cells)
    assert "<!-- course: minutes -->" in everything  # the source as it stands
    assert "about 6 minutes" not in everything
    assert "course: minutes" not in "\n".join(cell.source for cell in lesson.node.cells)


def test_a_longer_text_is_drift_in_lesson_and_readme_until_released(tmp_path, capsys):
    root = make(tmp_path / "course", lesson_00_start=source(WORDS))
    (root / "README.md").write_text("<!-- lessons -->\n<!-- end of lessons -->", encoding="utf-8")
    assert main(["release"], root=root) == 0
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert "| 10 |" in readme
    assert "about **0 hours**" in readme
    path = root / "solutions" / "00_start.md"
    path.write_text(path.read_text("utf-8") + f"\n{WORDS}\n", encoding="utf-8")
    found = "\n".join(release.check_sources(root))
    assert "'**About 10 minutes**.', now '**About 20 minutes**.'" in found
    assert "README.md is not what the lessons give" in found


def test_the_readme_sums_up_what_the_lessons_take():
    lessons = read_course(Course.at(ROOT))
    text = with_table("<!-- lessons -->\n<!-- end of lessons -->", lessons, Course.at(ROOT))
    hours = sum(count(lesson).core for lesson in lessons) / 60
    assert f"**{hours:.0f} hours**" in text
    for lesson in lessons:
        (row,) = [row for row in text.split("\n") if f"(lessons/{lesson.name}.ipynb)" in row]
        assert f"| {rounded(count(lesson).core)} " in row


def test_a_title_cell_without_the_mark_is_a_problem(tmp_path):
    root = make(tmp_path / "course", lesson_00_start=source().replace("minutes -->", "-->", 1))
    assert any("no line <!-- course: minutes -->" in line for line in release.check_sources(root))


@pytest.mark.parametrize(("minutes", "shown"), [(0.1, 5), (2.6, 5), (7.4, 5), (7.6, 10), (58, 60)])
def test_minutes_are_shown_to_the_nearest_five(minutes, shown):
    assert rounded(minutes) == shown


def test_a_pause_is_announced_and_nothing_more_where_there_is_no_more(tmp_path):
    lesson = lesson_of(tmp_path, source(f"{WORDS}\n\n{PAUSE}\n\n{WORDS}"), "00")
    assert time_line(lesson) == "**About 20 minutes**, with a pause."


def test_the_command_prints_a_table_and_what_is_too_much(tmp_path, capsys):
    text = with_sections(intuition=WORDS, implementation=EXERCISE, exercises=code("x = 1"))
    root = make(tmp_path / "course", lesson_20_next=text)
    assert main(["release", "--minutes"], root=root) == 0
    head, row, hours, problem = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["core", "deeper", "further", "interview"]
    assert row.split() == ["20_next", "16", "0", "0", "0", "10", "(62%)", "16"]
    assert hours == "0.3 hours of core, 0.0 more"
    assert "not in the first third" in problem
