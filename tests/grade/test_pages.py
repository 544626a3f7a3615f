"""What the pages and predictions.csv say, of classes that were made and never run."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from course.files import write_pieces
from course.grade import calibration, marks, pages, reports, scoring
from course.grade.adjustments import Adjustment, tally
from course.grade.calibration import Said
from course.grade.forecasts import Forecast, outcomes_of
from course.grade.key import Lesson, Limits, Solution
from course.grade.markdown import as_html
from course.grade.marks import Mark, Marks
from course.grade.reading import read_notebook
from course.grade.record import Grade, Record, Score
from course.grade.reports import Results
from course.grade.results import mistakes
from course.judge.run import Status
from tests.grade import made, pupils
from tests.grade.conftest import Grader, Run
from tests.grade.made import table
from utils.calibration import consistency_band, noise_floor

HOSTILE = '</script><img src=x onerror=alert(1)>"&amp;\u2028\x00'


def read(out: Path, name: str) -> str:
    return (out / name).read_text(encoding="utf-8")


def data_of(out: Path) -> Any:
    """Return what to_mark.html gives its script."""
    (found,) = re.findall(r'<pre id="data" hidden>(.*?)</pre>', read(out, "to_mark.html"), re.S)
    return json.loads(html.unescape(found))


def marked(results: Results, **points: str) -> Results:
    """Return results with the same mark for each answer of a question ("Q1")."""
    questions = tuple(
        replace(q, mark=Mark(points.get(q.key.number[3:], ""))) for q in results.marks.questions
    )
    merged = Marks(questions, {})
    tallies = {
        pair: replace(each, written=merged.points.get(pair))
        for pair, each in results.tallies.items()
    }
    return replace(results, marks=merged, tallies=tallies)


# --- forecasts, from the notebook to the table ---------------------------------------------------


def test_grading_reads_forecasts_and_no_points_come_of_them(grader: Grader) -> None:
    (name, options), *_ = pupils.asked("02").items()
    call = f"utils.predict({name!r}, {list(options)!r}, answer={options[1]!r}, sure=0.7)"
    notebook = made.notebook(first=["%matplotlib inline\n" + call])
    cells = read_notebook(made.as_bytes(notebook))
    key = replace(grader.key("02"), asked=pupils.asked("02"))
    found = scoring.grade(Record("ann", "02", "", cells=cells), key, grader.box, Limits(5, 2**29))
    assert found.forecasts == (Forecast(name, options[1], 0.7),)
    assert found.points == grader.grade(made.notebook()).points


def test_a_run_writes_what_was_forecast_and_what_came(run: Run) -> None:
    (name, options), *_ = pupils.asked("02").items()
    call = "utils.predict({!r}, {!r}, answer={!r}, sure={})"
    files = {
        f"{student}/02_softmax.ipynb": made.as_bytes(
            made.notebook(whole=False, last=[call.format(name, list(options), answer, sure)])
        )
        for student, answer, sure in (("ann", options[0], 0.9), ("bob", options[2], "None"))
    }
    out = run(files)
    (row,) = table(out / "predictions.csv")
    outcome = pupils.lesson("02").outcomes[name]
    assert list(row.values()) == [
        *("ann", name, options[0], "0.9", outcome, str(options[0] == outcome)),
    ]
    before = made.snapshot(out)
    run(files)
    assert made.snapshot(out) == before
    assert "1 person, 1 forecast: 90 % sure" in read(out, "class.html")


def test_a_journal_without_forecasts_can_still_be_read() -> None:
    new = Grade((), ("a flag",), {"02.Q1": "words"}, (Forecast("02.shift", "up", 0.75),))
    plain = json.loads(json.dumps(new.as_json()))
    assert Grade.from_json(plain) == new
    del plain["forecasts"]
    assert Grade.from_json(plain) == replace(new, forecasts=())
    lesson = pupils.lesson("00")
    plain = json.loads(json.dumps(lesson.as_json()))
    assert Lesson.from_json(plain) == lesson
    del plain["outcomes"]
    assert Lesson.from_json(plain) == replace(lesson, outcomes={})


def test_lesson_00_knows_what_lesson_11_computes() -> None:
    first, last = (pupils.lesson(number).outcomes for number in ("00", "11"))
    assert [first[f"00.q{n}"] for n in range(1, 11)] == [last[f"11.q{n}"] for n in range(1, 11)]


def test_a_solution_without_outputs_has_no_outcomes(tmp_path: Path) -> None:
    path = tmp_path / "00_start_here.ipynb"
    path.write_text(json.dumps({"cells": []}), encoding="utf-8")
    cells = pupils.solution("00").cells
    assert outcomes_of(Solution(path, path.read_bytes(), cells)) == {}
    (tmp_path / "07_damaged.ipynb").write_bytes(b"{")
    assert outcomes_of(Solution(path, path.read_bytes(), cells)) == {}


def test_predictions_csv_has_a_row_for_each_forecast(tmp_path: Path) -> None:
    results = pupils.results(9, ("00", "02"))
    first = replace(results.records[0], grade=Grade(forecasts=(Forecast("00.other", "x", 0.625),)))
    results = replace(results, records=(first, *results.records[1:]))
    reports.write(tmp_path, results)
    rows = table(tmp_path / "predictions.csv")
    assert list(rows[0]) == ["student", "prediction", "answer", "sure", "outcome", "correct"]
    asked = {**pupils.asked("00"), **pupils.asked("02")}
    assert len(rows) == 1 + 9 * len(asked) - len(pupils.asked("00"))
    unknown, *others = rows
    assert [unknown[c] for c in ("sure", "outcome", "correct")] == ["0.625", "", ""]
    for row in others:
        right = row["answer"] == row["outcome"]
        assert row["correct"] == str(right)
        assert row["outcome"].removeprefix("'") in asked[row["prediction"]]
    assert {row["correct"] for row in others} == {"True", "False"}


def test_chance_is_what_it_is_for_the_course_s_own_functions() -> None:
    rng = np.random.default_rng(3)
    sure = rng.choice([0.4, 0.5, 0.75, 0.8, 0.9, 1.0], 600)
    said = [
        Said(f"s{n % 30}", "02", Forecast(f"02.p{n}", "a", float(s)), "ab"[int(rng.random() > s)])
        for n, s in enumerate(sure)
    ]
    found = calibration.reliability(said)
    assert found
    low, high = consistency_band(sure, calibration.N_BINS)
    floor = noise_floor(sure, calibration.N_BINS)
    filled = ~np.isnan(low)
    assert len(found.bars) == filled.sum()
    assert np.allclose([bar.low for bar in found.bars], low[filled], atol=0.02)
    assert np.allclose([bar.high for bar in found.bars], high[filled], atol=0.02)
    assert np.allclose([found.floor, found.floor_high], floor, atol=0.003)


# --- class.html ----------------------------------------------------------------------------------


def class_that_says(*said: tuple[str, str, float, int]) -> Results:
    """Return a class in which so many people each give these answers."""
    results = pupils.results(40)
    records = list(results.records)
    for prediction, answer, sure, people in said:
        for place in range(people):
            grade = records[place].grade
            forecasts = [f for f in grade.forecasts if f.prediction != prediction]
            forecasts.append(Forecast(prediction, answer, sure))
            records[place] = replace(
                records[place], grade=replace(grade, forecasts=tuple(forecasts))
            )
    return replace(results, records=tuple(records))


def test_the_class_sees_what_it_was_wrong_and_sure_about(tmp_path: Path) -> None:
    name, options = next(iter(pupils.asked("02").items()))
    right = pupils.lesson("02").outcomes[name]
    wrong = next(option for option in options if option != right)
    reports.write(tmp_path, class_that_says((name, right, 0.9, 40), (name, wrong, 0.95, 30)))
    page = read(tmp_path, "class.html")
    (first, *_) = re.findall(r"<li>(.*?)</li>", page, re.S)
    assert f"<b>{name}</b>" in first
    said = html.unescape(first)
    assert f"75 % said “{wrong}” and were 95 % sure of it" in said
    assert f"It is “{right}”: 25 % of 40 were right" in said
    row = re.search(rf'<tr><th scope="row">{re.escape(name)}</th>(.*?)</tr>', page)
    assert row
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[1])
    assert cells[:4] == ["40", "25 %", "94 %", "+69"]
    assert "looks the same in a notebook as one typed before" in page


def test_the_diagram_is_drawn_and_said(tmp_path: Path) -> None:
    results = pupils.results(60, ("02", "11"))
    reports.write(tmp_path, results)
    page = read(tmp_path, "class.html")
    said = [
        Said(r.student, r.lesson, forecast, outcome)
        for r, forecast, outcome in results.forecasts()
        if outcome
    ]
    diagram = calibration.reliability(said)
    assert diagram
    assert f"60 people, {len(said)} forecasts" in page
    words = re.search(r'<desc id="diagram-words">(.*?)</desc>', page, re.S)
    assert words and 'aria-labelledby="diagram-title diagram-words"' in page
    assert page.count('class="dot"') == page.count('class="band"') == len(diagram.bars)
    for bar in diagram.bars:
        assert (
            f"Said {100 * bar.said:.0f} %: right {100 * bar.right:.0f} % of {bar.count}" in words[1]
        )
    assert f"{diagram.error:.3f}" in page and f"{diagram.floor_high:.3f}" in page


def test_the_ten_questions_are_compared_for_those_who_answered_twice(tmp_path: Path) -> None:
    results = pupils.results(30, ("00", "11"))
    first = {r.student for r in results.records[:8]}
    records = tuple(
        replace(r, grade=replace(r.grade, forecasts=()))
        if r.student in first and r.lesson == "11"
        else r
        for r in results.records
    )
    reports.write(tmp_path, replace(results, records=records))
    page = read(tmp_path, "class.html")
    assert f"{30 - len(first)} students answered both times" in page
    assert re.search(
        r"\d\.\d → \d\.\d of 10.*normalised gain of <b>-?0\.\d\d</b> \(95 %", page, re.S
    )
    reports.write(tmp_path, pupils.results(3, ("00",)))
    assert "normalised gain" not in read(tmp_path, "class.html")


def test_a_class_without_forecasts_has_a_page_all_the_same(tmp_path: Path) -> None:
    results = pupils.results(5)
    records = tuple(replace(r, grade=replace(r.grade, forecasts=())) for r in results.records)
    reports.write(tmp_path, replace(results, records=records))
    assert "No forecast stands in these notebooks" in read(tmp_path, "class.html")
    assert len(table(tmp_path / "predictions.csv")) == 0
    reports.write(tmp_path, Results((), {}, Marks((), {}), {}, True, 1))
    assert "0 students" in read(tmp_path, "class.html")
    assert "There are none" in read(tmp_path, "to_mark.html")


def test_a_mean_stands_beside_the_maximum_of_the_same_points(tmp_path: Path) -> None:
    results = marked(pupils.results(20), Q1="4", Q2="1.5")
    reports.write(tmp_path, results)
    page = read(tmp_path, "class.html")
    machine = [r.grade.points for r in results.records]
    assert f"mean {np.mean(machine):.1f}, median {np.median(machine):.1f} of 11 points" in page
    together = np.mean([*(points + 5.5 for points in machine[:-1]), 0])
    assert "(20 have none yet)" in page
    assert f"mean {together:.1f} of {results.max_total}." in page


def test_every_name_leads_to_a_page_that_is_there(tmp_path: Path) -> None:
    reports.write(tmp_path, pupils.results(25, ("00", "02")))
    links = re.findall(r'<a href="(feedback/[^"]*)">', read(tmp_path, "class.html"))
    assert len(links) == 25 * 2 + 1
    assert all((tmp_path / unquote(link)).is_file() for link in links)


def test_what_a_person_adjusted_is_shown_beside_the_machine_s_points(tmp_path: Path) -> None:
    results = pupils.results(3)
    record, lesson = results.records[1], results.lessons["02"]
    before = record.grade.exercises[0].points
    row = Adjustment(record.student, "02", "02.1", "=", 1.5, False, 0, "a <fair> point")
    tallies = {
        **results.tallies,
        (record.student, "02"): tally(lesson, record.grade, None, [row], 0),
    }
    reports.write(tmp_path, replace(results, tallies=tallies))
    assert f">{before} → 1.5</td>" in read(tmp_path, "class.html")
    feedback = read(tmp_path, f"feedback/{record.student}/02.html")
    assert "<b>1.5 of 3</b> after a person has looked at it" in feedback
    assert "a &lt;fair&gt; point" in feedback


# --- feedback ------------------------------------------------------------------------------------


def test_a_file_that_is_no_notebook_has_a_page_until_there_is_one(tmp_path: Path) -> None:
    results = pupils.results(2)
    reports.write(tmp_path, results)
    page = tmp_path / "feedback" / "Zz picture" / pages.UNREADABLE
    assert "a picture (PNG), not a notebook" in page.read_text(encoding="utf-8")
    assert "unreadable: a picture (PNG)" in read(tmp_path, "class.html")
    sent = replace(results.records[0], student="Zz picture")
    tallies = {**results.tallies, ("Zz picture", "02"): results.tallies[pupils.name(0), "02"]}
    records = (*results.records[:-1], sent)
    reports.write(tmp_path, replace(results, records=records, tallies=tallies))
    assert not page.exists() and (page.parent / "02.html").exists()


def test_a_file_of_a_lesson_that_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    results = pupils.results(1)
    problem = "not a notebook: it ends too early"
    exercises = tuple(
        replace(score, status=Status.UNREADABLE, points=0, groups=(), says=problem)
        for score in results.records[0].grade.exercises
    )
    bad = replace(results.records[0], problem=problem, grade=Grade(exercises, (problem,)))
    reports.write(tmp_path, replace(results, records=(bad,)))
    page = read(tmp_path, f"feedback/{bad.student}/02.html")
    assert page.count(problem) == 1 and "0 of 11 points" in page and "check(" not in page


# --- to_mark.html --------------------------------------------------------------------------------


def test_a_model_answer_stands_there_once(tmp_path: Path) -> None:
    reports.write(tmp_path, pupils.results(300))
    page = read(tmp_path, "to_mark.html")
    for key in pupils.solution("02").written:
        assert page.count(as_html(key.model)) == 1
    data = data_of(tmp_path)
    assert len(data["answers"]) == 900 and len(page) < 400 * len(data["answers"]) + 60_000


@pytest.mark.parametrize("answer", ["x" * 100_000, "word " * 1_000_000, "\n" * 300_000])
def test_an_endless_answer_is_cut_and_it_is_said_where_the_whole_is(
    tmp_path: Path, answer: str
) -> None:
    results = pupils.results(2, written={"02.Q2": answer})
    reports.write(tmp_path, results)
    (long,) = (a for a in data_of(tmp_path)["answers"] if a["cut"])
    assert long["student"] == pupils.name(0) and answer.startswith(long["answer"])
    assert f"of {len(answer)} characters" in long["cut"]
    assert results.records[0].file in long["cut"]
    assert long["id"] == marks.answer_id(answer)  # a mark is of the whole
    assert len(read(tmp_path, "to_mark.html")) < 200_000


def test_formulas_of_model_answers_can_be_read() -> None:
    for number in ("01", "02", "03", "04", "05", "08", "11"):
        for key in pupils.solution(number).written:
            shown = as_html(key.model)
            outside = re.sub(r"<code.*?</code>", "", shown)
            assert "$" not in outside and "\\" not in outside and "*" not in outside
            words = html.unescape(re.sub(r"<[^>]*>", "", shown))
            assert re.findall(r"\w+", words) == re.findall(r"\w+", key.model)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & `x*y*z`", "<p>a &lt; b &amp; <code>x*y*z</code></p>"),
        ("**so** it *is*", "<p><b>so</b> it <i>is</i></p>"),
        ("$a*b$ and $c*d$", '<p><code class="tex">a*b</code> and <code class="tex">c*d</code></p>'),
        ("- one\n- two\n  more", "<ul><li>one</li><li>two\nmore</li></ul>"),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
        ("```\nx < 1\n\ny\n```", "<pre>x &lt; 1\n\ny</pre>"),
        ("[there](https://example.org/x)", "<p>there</p>"),
        ("3 * 4 * 5 costs 2$", "<p>3 * 4 * 5 costs 2$</p>"),
        ("", ""),
    ],
)
def test_markdown(text: str, shown: str) -> None:
    assert as_html(text) == shown


# --- all of them ---------------------------------------------------------------------------------


def test_what_students_wrote_stays_text(tmp_path: Path) -> None:
    results = pupils.results(3, written={"02.Q1": HOSTILE, "02.Q2": "\ud800 half a character"})
    score = replace(
        results.records[0].grade.exercises[0],
        status=Status.FAILED,
        finding=HOSTILE,
        says=HOSTILE,
    )
    first = results.records[0]
    grade = replace(first.grade, exercises=(score, *first.grade.exercises[1:]))
    records = (replace(first, grade=grade, notes=(HOSTILE,)), *results.records[1:])
    reports.write(tmp_path, replace(results, records=records))
    for path in tmp_path.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "<img" not in page
        script = re.findall(r"<script>(.*?)</script>", page, re.S)
        assert page.count("<script") == len(script) == (path.parent == tmp_path)
        for each in script:
            digest = base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()
            assert f"script-src 'sha256-{digest}'\"" in page
        if not script:
            assert "script-src 'none'" in page
        assert "default-src 'none'" in page
        assert not re.search(r"""(src|href)=["']?(https?:|//)|url\(|@import""", page)
    assert HOSTILE in [answer["answer"] for answer in data_of(tmp_path)["answers"]]


def test_reports_are_the_same_from_run_to_run(tmp_path: Path) -> None:
    for name in ("a", "b"):
        reports.write(tmp_path / name, pupils.results(12, ("00", "02", "11")))
    assert made.snapshot(tmp_path / "a") == made.snapshot(tmp_path / "b")


def test_a_record_without_any_lesson_costs_no_report(tmp_path: Path) -> None:
    alone = Record("Bo", "", "notes.txt", problem="no notebook", grade=Grade((), ("no notebook",)))
    reports.write(tmp_path, Results((alone,), {}, Marks((), {}), {}, True, 1))
    assert "unreadable: no notebook" in read(tmp_path, "class.html")


def test_a_page_that_is_the_same_is_left_alone_and_half_of_one_is_never_seen(
    tmp_path: Path,
) -> None:
    reports.write(tmp_path, pupils.results(3))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.html")}
    reports.write(tmp_path, pupils.results(3))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.html")} == before

    def pieces() -> Iterator[str]:
        yield "half"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_pieces(tmp_path / "class.html", pieces())
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.html")} == before
    assert not list(tmp_path.rglob("*.part"))


def test_one_mistake_in_different_lines_is_one_mistake() -> None:
    where = "line {}, “e = np.exp({}”, of the cell that begins “# exercise: 02.1”"
    found = [
        (f"its cell does not run, {where.format(15, 'z')}, with SyntaxError", Status.ERROR),
        (f"its cell does not run, {where.format(3, 'logits')}, with SyntaxError", Status.ERROR),
        (f"raised NameError: nope ({where.format(4, 'x')})", Status.ERROR),
        ("rows must sum to 1; yours sum to 0.25, 0.75", Status.FAILED),
        ("rows must sum to 1; yours sum to 3", Status.FAILED),
        ("wrong axis", Status.FAILED),
    ]
    records = [
        Record(f"{n}", "02", "x", grade=Grade((Score("02.1", "softmax", 0, 3, s, f, f, ()),)))
        for n, (f, s) in enumerate(found)
    ]
    assert [(m.finding, m.count, m.of) for m in mistakes(records)] == [
        ("rows must sum to 1", 2, 6),
        ("its cell does not run, with SyntaxError", 2, 6),
        ("wrong axis", 1, 6),
        (found[2][0], 1, 6),
    ]


def test_a_page_made_of_the_same_is_neither_rendered_nor_written(tmp_path: Path) -> None:
    results = pupils.results(3)
    made = reports.write(tmp_path, results)
    pages = sorted(made)
    assert len(pages) > 3 and reports.write(tmp_path, results, made) == made
    for name in pages:  # known under what it holds now, it would be mended by nothing but rendering
        (tmp_path / name).write_text("x", encoding="utf-8")
    as_is = {name: (made[name][0], hashlib.sha256(b"x").hexdigest()) for name in pages}
    assert reports.write(tmp_path, results, as_is) == as_is
    assert {(tmp_path / name).read_text(encoding="utf-8") for name in pages} == {"x"}
    assert reports.write(tmp_path, results, made) == made  # not as they were written: made anew
    assert "x" not in {(tmp_path / name).read_text(encoding="utf-8") for name in pages}


def test_of_a_page_made_of_something_else_nothing_old_stays(tmp_path: Path) -> None:
    results = pupils.results(3)
    made = reports.write(tmp_path / "one", results)
    first, *others = results.records
    changed = replace(results, records=(replace(first, notes=("a note of today",)), *others))
    new = reports.write(tmp_path / "one", changed, made)
    assert new == reports.write(tmp_path / "another", changed)
    kept = {name for name in made if new[name] == made[name]}
    assert kept == {n for n in made if "feedback/" in n and f"/{first.student}/" not in n} != set()
