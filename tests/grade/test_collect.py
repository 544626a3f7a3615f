"""Finding submissions: whose they are, which one counts, what is never read, what is found."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from course import files
from course.cells import EXERCISE, WRITTEN
from course.grade import collect as collecting
from course.grade.collect import clean, collect
from course.grade.notebook import read_cells
from course.grade.reader import Place, Reader
from course.grade.reading import Cells, UnreadableError, read_notebook, visible, written_answers
from course.grade.record import Record
from course.setup_cell import SET_UP, without_boilerplate
from tests.grade import made
from tests.grade.conftest import REPORTED, Grader, Run
from tests.grade.made import put, snapshot, table, written, zipped

LESSONS = {"02": "02_softmax", "05": "05_softmax_regression"}
GOOD = made.as_bytes(made.notebook())
STUB = made.as_bytes(made.released())
OTHER = made.as_bytes(made.released("05"))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(99)
TOP = zipped({"02_softmax.ipynb": GOOD})  # as students zip their work
DEEP = zipped({"homework/02_softmax.ipynb": GOOD})


Found = Callable[..., list[Record]]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Return a function that finds submissions among files; what is said goes into `said`."""

    def look(these: Mapping[str, bytes], **options: Any) -> list[Record]:
        folder = tmp_path / "download"
        shutil.rmtree(folder, ignore_errors=True)
        return collect(put(folder, these), LESSONS, **options)

    return look


def who(records: list[Record]) -> list[tuple[str, str, str]]:
    """Return the student, the number on the platform and the lesson of each."""
    return [(r.student, r.platform_id, r.lesson) for r in records]


# --- layouts -------------------------------------------------------------------------------------

FLAT = {"maria__02_softmax.ipynb": GOOD, "02_softmax_joe.ipynb": GOOD}
CANVAS = {
    "doejane_1234_5678_02_softmax.ipynb": GOOD,
    "roejohn_LATE_99_5679_02_softmax-1.ipynb": GOOD,
}
MOODLE = {
    "Jane Doe_77_assignsubmission_file_/02_softmax.ipynb": GOOD,
    "Jane Doe_77_assignsubmission_onlinetext_/onlinetext.html": b"<p>see file",
    "Joe Roe_78_assignsubmission_file/answer.ipynb": GOOD,
}
LAYOUTS: dict[str, tuple[dict[str, bytes], list[tuple[str, str]]]] = {
    "a folder for each": (
        {"maria/02_softmax.ipynb": GOOD, "joe/deep/er/02_softmax.ipynb": GOOD},
        [("joe", "02"), ("maria", "02")],
    ),
    "flat files": (FLAT, [("joe", "02"), ("maria", "02")]),
    "Canvas": (CANVAS, [("doejane", "02"), ("roejohn", "02")]),
    "Moodle": (MOODLE, [("Jane Doe", "02"), ("Joe Roe", "02")]),
    "Moodle without folders": (
        {"Jane Doe_77_assignsubmission_file_02_softmax.ipynb": GOOD},
        [("Jane Doe", "02")],
    ),
    "a zip of Canvas": ({"all.zip": zipped(CANVAS)}, [("doejane", "02"), ("roejohn", "02")]),
    "a zip of folders in a folder": (
        {"all.zip": zipped({"class/maria/x.ipynb": GOOD, "class/joe/y.ipynb": GOOD})},
        [("joe", "02"), ("maria", "02")],
    ),
    "a zip for each student": (
        {"maria/work.zip": zipped({"02_softmax.ipynb": GOOD}), "joe/x.ipynb": GOOD},
        [("joe", "02"), ("maria", "02")],
    ),
    "renamed": ({"maria/Untitled (3).ipynb": GOOD}, [("maria", "02")]),
    "two lessons": (
        {"maria/a.ipynb": GOOD, "maria/b.ipynb": made.as_bytes(made.released("05"))},
        [("maria", "02"), ("maria", "05")],
    ),
    "litter": (
        {
            "maria/02_softmax.ipynb": GOOD,
            "maria/.ipynb_checkpoints/02_softmax-checkpoint.ipynb": STUB,
            "maria/picture.png": PNG,
            "__MACOSX/maria/._02_softmax.ipynb": b"x",
            ".DS_Store": b"x",
        },
        [("maria", "02")],
    ),
    "names alike but for their case": (
        {"Ann/02_softmax.ipynb": GOOD, "ann/02_softmax.ipynb": GOOD},
        [("Ann", "02"), ("ann (2)", "02")],
    ),
    "a mix": (
        {**FLAT, "ada/02_softmax.ipynb": GOOD, "more.zip": zipped(CANVAS)},
        [(s, "02") for s in ("ada", "doejane", "joe", "maria", "roejohn")],
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_submissions_are_found_in(tmp_path: Path, name: str) -> None:
    files, expected = LAYOUTS[name]
    found = collect(put(tmp_path / "download", files), LESSONS)
    assert sorted((s.student, s.lesson) for s in found) == sorted(expected)
    assert not any(s.problem for s in found)


def test_a_single_file_and_a_zip_are_submissions_too(tmp_path: Path) -> None:
    put(tmp_path, {"maria__02_softmax.ipynb": GOOD, "class.zip": zipped(MOODLE)})
    (one,) = collect(tmp_path / "maria__02_softmax.ipynb", LESSONS)
    assert (one.student, one.lesson) == ("maria", "02")
    both = collect(tmp_path / "class.zip", LESSONS)
    assert [(s.student, s.platform_id) for s in both] == [("Jane Doe", "77"), ("Joe Roe", "78")]


def test_the_newest_of_several_versions_counts_and_is_said(tmp_path: Path) -> None:
    folder = put(tmp_path, {f"maria/02_softmax{n}.ipynb": GOOD for n in ("", "-1", " (2)")})
    for place, name in enumerate((" (2)", "", "-1")):
        os.utime(folder / f"maria/02_softmax{name}.ipynb", (1e9 + place, 1e9 + place))
    put(folder, {"maria/newest but broken/02_softmax.ipynb": b"{"})
    (chosen,) = collect(folder, LESSONS)
    assert chosen.file == "maria/02 softmax-1.ipynb".replace(" ", "_")
    assert chosen.notes == ("3 older versions of it left out",)


HOSTILE_NAMES = [
    "../../../outside",
    "/etc/passwd",
    "..\\..\\windows",
    "a/b",
    "new\nline",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "+1",
    "@SUM(A1)",
    "-x",
    "\u202egnp.exe",
    "nul\0l",
    "学" * 300,
    "e\u0301" * 300,
    "...",
    " ",
    "CON",
    "%2e%2e",
    "\ud800",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_label_names_a_file_and_no_path(tmp_path: Path, name: str) -> None:
    label = clean(name)
    assert label and not set(label) & set('/\\\0\n<>"&|=:') and label[0] not in "=+-@."
    files.write_whole(tmp_path / label / "x", "")
    assert (tmp_path / label / "x").resolve().parent.parent == tmp_path.resolve()


def _bomb() -> bytes:
    return zipped({f"{n}.ipynb": bytes(35 * 2**20) for n in range(4)})


def hostile_files() -> dict[str, bytes]:
    """Return files that are no notebooks, or worse: name → content."""
    deep = b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    return {
        "an empty file/02_softmax.ipynb": b"",
        "cut short/02_softmax.ipynb": GOOD[: len(GOOD) // 2],
        "a picture/02_softmax.ipynb": PNG,
        "a pdf/02_softmax.ipynb": b"%PDF-1.7",
        "deep/02_softmax.ipynb": deep,
        "a list/02_softmax.ipynb": b"[1, 2]",
        "a number/02_softmax.ipynb": b"9" * 10_000,
        "cells of a text/02_softmax.ipynb": b'{"cells": "x"}',
        "too many cells/02_softmax.ipynb": b'{"cells": [' + b"1," * 9_999 + b"1]}",
        "UTF-16/02_softmax.ipynb": json.dumps(made.notebook()).encode("utf-16"),
        "enormous/02_softmax.ipynb": bytes(41 * 2**20),
        "another notebook/other.ipynb": b'{"cells": [{"cell_type": "code", "source": "1"}]}',
        "a broken zip/work.zip": zipped({"02_softmax.ipynb": GOOD})[:-40],
        "a zip of rubbish/work.zip": b"PK\x03\x04" + bytes(50),
        "an empty zip/work.zip": zipped({}),
        "a bomb/work.zip": _bomb(),
        "slip.zip": zipped(
            {"../../../slipped/02_softmax.ipynb": GOOD, "/abs/02_softmax.ipynb": GOOD}
        ),
        "names.zip": zipped(
            {f"{n}/02_softmax.ipynb": STUB for n in HOSTILE_NAMES if n != "\ud800"}
        ),
        "half a character/02_softmax.ipynb": made.as_bytes(
            written("\ud83d <script>alert(1)</script>")
        ),
        "good/02_softmax.ipynb": GOOD,
    }


def test_hostile_files_are_rows_and_harm_nothing(run: Run, tmp_path: Path) -> None:
    folder = put(tmp_path / "in", hostile_files())
    secret = put(tmp_path / "secret", {"02_softmax.ipynb": GOOD})
    (folder / "linked").mkdir()
    (folder / "linked" / "02_softmax.ipynb").symlink_to(secret / "02_softmax.ipynb")
    (folder / "linked folder").symlink_to(secret)
    (folder / "a pipe").mkdir()
    os.mkfifo(folder / "a pipe" / "02_softmax.ipynb")
    before = snapshot(folder)
    out = run(folder)
    rows = {row["student"]: row for row in table(out / "grades.csv")}
    bad = [name.partition("/")[0] for name in hostile_files() if "/" in name]
    for student in [*bad, "linked", "linked folder", "a pipe"]:
        assert student in rows
        good = student in ("good", "half a character")
        assert rows[student]["02"] in ((("11"),) if good else ("0", "")), student
    assert rows["slipped"]["02"] == rows["abs"]["02"] == "11"
    statuses = {row["status"] for row in table(out / "exercises.csv")}
    assert "unreadable" in statuses and statuses <= REPORTED
    assert snapshot(folder) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out", "secret"]
    for page in out.rglob("*.html"):
        assert "<script>alert" not in page.read_text(encoding="utf-8")
    for name in ("grades.csv", "exercises.csv", "to_mark.csv"):
        for row in table(out / name):
            assert not any(value.startswith(("=", "+", "@", "-")) for value in row.values())


# --- names ---------------------------------------------------------------------------------------

PLATFORM: dict[str, tuple[dict[str, bytes], list[Any]]] = {
    "zips in Canvas": (
        {"kimlee_21_700_hw.zip": TOP, "poe_LATE_22_701_hw-1.zip": DEEP},
        [("kimlee", "21"), ("poe", "22")],
    ),
    "names with underscores": (
        {"team_b_31_800_02_softmax.ipynb": GOOD, "o_neil_LATE_32_801_x.ipynb": GOOD},
        [("o_neil", "32"), ("team_b", "31")],
    ),
    "anonymous": (
        {"anon_k3Zp9_900_02_softmax.ipynb": GOOD, "LATE_anon_Qw8rT_901_hw.zip": TOP},
        [("anon_k3Zp9", "k3Zp9"), ("anon_Qw8rT", "Qw8rT")],
    ),
    "typed on Canvas": (
        {"kimlee_21_text.html": b"<p>see", "poe_LATE_22_link.html": b"<a>", "a_1_2_x.ipynb": GOOD},
        [("a", "1"), ("kimlee", "21"), ("poe", "22")],
    ),
    "zips in Moodle without folders": (
        {f"{n}_assignsubmission_file_hw.zip": TOP for n in ("Ada L_41", "Max P_42")},
        [("Ada L", "41"), ("Max P", "42")],
    ),
    "groups on Moodle": (
        {
            "Group 1_51_assignsubmission_file/02_softmax.ipynb": GOOD,
            "Default group_assignsubmission_file/02_softmax.ipynb": GOOD,
        },
        [("Default group", ""), ("Group 1", "51")],
    ),
    "blind marking on Moodle": (
        {f"Participant_{n}_assignsubmission_file/02_softmax.ipynb": GOOD for n in (61, 62)},
        [("Participant 61", "61"), ("Participant 62", "62")],
    ),
    "zips alone": ({"ida.zip": TOP, "jon.zip": DEEP, "kai__hw.zip": TOP}, ["ida", "jon", "kai"]),
    "a zip under a lesson's name": (
        {"02_softmax_ida.zip": TOP, "02_softmax_jon.zip": TOP},
        ["ida", "jon"],
    ),
    "two downloads": (
        {
            "hw1.zip": zipped(
                {"ann_1_10_02_softmax.ipynb": GOOD, "bo_2_11_02_softmax.ipynb": GOOD}
            ),
            "hw2.zip": zipped({"ann_1_20_x.ipynb": OTHER, "bo_2_21_y.ipynb": OTHER}),
        },
        [("ann", "1"), ("ann", "1"), ("bo", "2"), ("bo", "2")],
    ),
}


@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("name", PLATFORM)
def test_owners_are_as_the_platform_names_them(tmp_path: Path, name: str, as_zip: bool) -> None:
    these, expected = PLATFORM[name]
    path = put(tmp_path / "in", {"all.zip": zipped(these)} if as_zip else these)
    records = collect(path / "all.zip" if as_zip else path, LESSONS)
    pairs = [pair if isinstance(pair, tuple) else (pair, "") for pair in expected]
    assert [(r.student, r.platform_id) for r in records] == pairs
    late = [r.student for r in records if "marked late by Canvas" in r.notes]
    assert late == [r.student for r in records if "LATE" in r.file]


FAKES = {"adaana_101_9999_02_softmax.ipynb": STUB, "bob_102_9998_02_softmax.ipynb": STUB}


@pytest.mark.parametrize(
    "these",
    [
        {"mal_66_900_work.zip": zipped(FAKES), "adaana_101_500_02_softmax.ipynb": GOOD},
        {
            "Mal_66_assignsubmission_file/Adaana_101_assignsubmission_file/x.ipynb": STUB,
            "Adaana_101_assignsubmission_file/x.ipynb": GOOD,
        },
        {**{f"mal/{name}": data for name, data in FAKES.items()}, "adaana/x.ipynb": GOOD},
        {"mal.zip": zipped(FAKES), "adaana.zip": TOP, "cy.zip": TOP},
        {"mal.zip": zipped({"adaana/x.ipynb": STUB, "bob/x.ipynb": STUB}), "adaana/x.ipynb": GOOD},
        {"mal.zip": zipped({"a.zip": zipped(FAKES)}), "adaana.zip": TOP},
    ],
    ids=["Canvas", "Moodle", "folders", "zips", "folders in a zip", "a zip in a zip"],
)
def test_nobody_takes_another_s_place(found: Found, these: dict[str, bytes]) -> None:
    records = {r.student.lower(): r for r in found(these)}
    assert {"adaana", "mal"} <= set(records) <= {"adaana", "mal", "cy"}
    graded = records["adaana"].source
    with Reader() as reader:
        assert graded and graded.read(reader).cells == read_cells(GOOD)


def test_files_named_as_others_are_said(found: Found) -> None:
    said: list[str] = []
    records = found({"mal.zip": zipped(FAKES), "adaana.zip": TOP}, say=said.append)
    note = "holds files named as if they were of adaana"
    assert note in records[1].notes and f"mal: {note}" in said


def test_a_name_that_can_be_read_in_two_ways_displaces_nobody(found: Found) -> None:
    """On Canvas somebody may call themselves adaana_101, too."""
    (one,) = found({"adaana_101_9001_x.ipynb": GOOD, "adaana_101_55_9902_02_softmax.ipynb": STUB})
    assert one.file == "adaana_101_9001_x.ipynb"
    assert "may be another's" in " ".join(one.notes)


def test_one_name_of_two_people_is_two_rows_and_said(found: Found) -> None:
    said: list[str] = []
    these = {f"Jo Doe_{n}_assignsubmission_file/x.ipynb": GOOD for n in (7, 8)}
    records = found(these, say=said.append)
    assert who(records) == [("Jo Doe (7)", "7", "02"), ("Jo Doe (8)", "8", "02")]
    assert all("the same name as Jo Doe" in r.notes[0] for r in records) and len(said) == 2
    # One of them alone keeps the name that an earlier run has given.
    (again,) = found(dict([*these.items()][1:]), earlier=records)
    assert again.student == "Jo Doe (8)" and again.notes == ()


@pytest.mark.parametrize("name", ["02", "week 2", "ML-Week 2-4711", "submissions (1)"])
@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
def test_a_download_with_one_student_is_that_student_s(
    found: Found, name: str, as_zip: bool
) -> None:
    alone = {"Max M_777_assignsubmission_file_/02_softmax.ipynb": GOOD}
    these = (
        {f"{name}.zip": zipped(alone)} if as_zip else {f"{name}/{n}": d for n, d in alone.items()}
    )
    said: list[str] = []
    records = found({**these, "05.zip": zipped(MOODLE)}, say=said.append)
    assert ("Max M", "777", "02") in who(records) and name not in {r.student for r in records}
    assert any("taken for a download with one student, Max M" in sentence for sentence in said)
    # A student's own zip stays that student's, whatever lies in it.
    records = found({"joe.zip": zipped(alone), "ann.zip": TOP})
    assert {r.student for r in records} == {"joe", "ann"}


def test_a_name_coded_in_two_ways_is_one_person_and_said(found: Found) -> None:
    said: list[str] = []
    forms = [unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD")]
    (one,) = found({f"{n}/02_softmax.ipynb": STUB + b" " * len(n) for n in forms}, say=said.append)
    assert one.student == "Zoë"
    assert any("coded in different ways" in note for note in one.notes)
    assert any(s.startswith("Zoë: 2 folders or files of that very name") for s in said)


def test_one_number_under_two_names_is_said(found: Found) -> None:
    records = found({"ann_5_10_02_softmax.ipynb": GOOD, "ann-lee_5_20_x.ipynb": OTHER})
    assert [r.notes for r in records] == [
        ("has the number 5, as ann-lee",),
        ("has the number 5, as ann",),
    ]


def test_a_zip_without_a_platform_s_name_among_those_with_one_is_said(found: Found) -> None:
    said: list[str] = []
    records = found({"ann_5_10_hw.zip": TOP, "homework.zip": TOP}, say=said.append)
    assert who(records) == [("ann", "5", "02"), ("homework", "", "02")]
    assert said == ["homework: named by no platform, unlike others here"]


def test_a_student_s_folder_alone_is_that_student(tmp_path: Path) -> None:
    """As an appeal is graded: the folder, not what is in it, is named as in the run before."""
    folder = put(tmp_path / "class" / "maria", {"work.zip": DEEP, "old/02_softmax.ipynb": STUB})
    earlier = collect(tmp_path / "class", LESSONS)
    (again,) = collect(folder, LESSONS, earlier=earlier)
    assert (again.student, again.file) == ("maria", "work.zip/homework/02_softmax.ipynb")


def test_a_class_in_a_folder_of_a_known_name_is_a_class(tmp_path: Path) -> None:
    folder = put(tmp_path / "hw", {"02_softmax.ipynb": GOOD})
    earlier = collect(folder, LESSONS)
    assert who(earlier) == [("hw", "", "02")]
    (folder / "02_softmax.ipynb").unlink()
    put(folder, {"maria/02_softmax.ipynb": GOOD, "joe/02_softmax.ipynb": GOOD})
    assert [r.student for r in collect(folder, LESSONS, earlier=earlier)] == ["joe", "maria"]
    two = put(tmp_path / "class" / "ann", {"a/02_softmax.ipynb": GOOD, "b/x.ipynb": OTHER})
    put(tmp_path / "class", {"zoe/02_softmax.ipynb": GOOD})
    earlier = collect(tmp_path / "class", LESSONS)
    again = collect(two, LESSONS, earlier=earlier)
    assert who(again) == who(earlier)[:2] == [("ann", "", "02"), ("ann", "", "05")]


def test_the_grades_are_no_submission(tmp_path: Path) -> None:
    put(tmp_path, {"maria/02_softmax.ipynb": GOOD, "mine/feedback/maria/02.html": b"<p>"})
    put(tmp_path, {"before/journal/seed.json": b"{}", "before/grades.csv": b"student"})
    records = collect(tmp_path, LESSONS, leave_out=[tmp_path / "mine"])
    assert who(records) == [("maria", "", "02")]


def with_raw_names(entries: list[bytes]) -> bytes:
    """Return a zip whose names are these very bytes, without a word on their encoding."""
    stand_ins = [f"{n:04}".ljust(len(entry), "x").encode() for n, entry in enumerate(entries)]
    data = zipped({name.decode(): GOOD for name in stand_ins})
    for stand_in, entry in zip(stand_ins, entries, strict=True):
        data = data.replace(stand_in, entry)
    return data


@pytest.mark.parametrize(
    ("encode", "names"),
    [
        (lambda s: unicodedata.normalize("NFD", s).encode(), ["Jürgen", "Zażółć", "Ñandú"]),
        (str.encode, ["Jürgen", "Søren", "王芳", "Ольга"]),
        (lambda s: s.encode("cp850"), ["Jürgen", "Søren", "João", "Åsa"]),
        (lambda s: s.encode("cp437"), ["Jürgen", "Åsa", "Ñandú"]),
        (lambda s: s.encode("cp852"), ["Dvořák Jiří", "Wałęsa Święty", "Nagy Győző", "Tomáš"]),
        (lambda s: s.encode("cp857"), ["Yağmur", "Şahin Gökçe", "Işık", "İbrahim"]),
        (lambda s: s.encode("cp866"), ["Иванова Ольга", "Щербаков"]),
        (lambda s: s.encode("gbk"), ["王小明", "李四", "欧阳娜娜", "周杰伦"]),
        (lambda s: s.encode("cp932"), ["田中さくら", "佐藤ヒロシ", "山本", "表ソ"]),
        (lambda s: s.encode("big5"), ["陳大文", "張學友", "林志玲"]),
        (lambda s: s.encode("cp949"), ["김철수", "이영희", "박지성"]),
    ],
    ids=[
        *("as macOS", "UTF-8 without a flag", "Windows in western Europe", "Windows in the USA"),
        *("in central Europe", "in Turkey", "in Russia", "in China", "in Japan", "in Taiwan"),
        "in Korea",
    ],
)
def test_names_in_a_zip_keep_their_letters(
    tmp_path: Path, encode: Callable[[str], bytes], names: list[str]
) -> None:
    entries = [encode(name) + b"/02_softmax.ipynb" for name in names]
    put(tmp_path, {"a.zip": with_raw_names(entries)})
    assert {r.student for r in collect(tmp_path / "a.zip", LESSONS)} == set(names)


def test_names_that_fit_no_encoding_fail_nothing(tmp_path: Path) -> None:
    junk = bytes(range(0x80, 0x100))
    names = [junk[n:] + bytes([0xFF, 0x80 + n]) + b"/02_softmax.ipynb" for n in range(3)]
    put(tmp_path, {"a.zip": with_raw_names(names)})
    records = collect(tmp_path / "a.zip", LESSONS)
    assert len({r.student for r in records}) == 3
    assert all(r.source for r in records)


def test_a_name_that_stands_in_unicode_too_is_believed(tmp_path: Path) -> None:
    # Info-ZIP's extra field; 0x9F is č in Prague, and ƒ in Paris.
    raw, real = b"Ba\x9fka/02_softmax.ipynb", "Başka/02_softmax.ipynb"
    field = b"\x01" + zlib.crc32(raw).to_bytes(4, "little") + real.encode()
    entry = zipfile.ZipInfo("a" * len(raw))
    entry.extra = b"\x75\x70" + len(field).to_bytes(2, "little") + field
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, GOOD)
    whole = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(whole.replace(entry.filename.encode(), raw))
    assert [r.student for r in collect(tmp_path / "a.zip", LESSONS)] == ["Başka"]


def test_a_download_that_is_cut_short_stops_the_run(tmp_path: Path) -> None:
    whole = zipped({f"ann_{n}_{n + 90}_02_softmax.ipynb": GOOD for n in range(3)})
    path = put(tmp_path, {"all.zip": whole[:-300]}) / "all.zip"
    with pytest.raises(ValueError, match="cut short"):
        collect(path, LESSONS)
    with pytest.raises(ValueError, match="cut short"):
        collect(tmp_path, LESSONS)
    put(tmp_path, {"bo_7_8_02_softmax.ipynb": GOOD})
    with pytest.raises(ValueError, match="cut short"):
        collect(tmp_path, LESSONS)
    path.write_bytes(b"<!DOCTYPE html><p>Please log in")
    with pytest.raises(ValueError, match="no zip file"):
        collect(path, LESSONS)


def test_a_student_s_own_broken_zip_stops_nobody(found: Found) -> None:
    records = found({"ann_5_10_hw.zip": TOP[:-40], "bo_6_11_hw.zip": TOP})
    assert [(r.student, r.problem) for r in records] == [
        ("ann", "a zip file that is damaged"),
        ("bo", ""),
    ]


# --- which one counts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spare", ["backup/02_softmax.ipynb", "02_softmax_old.ipynb", "x/orig/02_softmax.ipynb"]
)
@pytest.mark.parametrize("later", [0, 500], ids=["of the same time", "later"])
def test_a_spare_copy_never_wins(tmp_path: Path, spare: str, later: int) -> None:
    folder = put(tmp_path, {"ann/02_softmax.ipynb": GOOD, f"ann/{spare}": STUB})
    os.utime(folder / "ann/02_softmax.ipynb", (1e9, 1e9))
    os.utime(folder / f"ann/{spare}", (1e9 + later, 1e9 + later))
    (chosen,) = collect(folder, LESSONS)
    assert chosen.file == "ann/02_softmax.ipynb"
    assert ("is newer" in " ".join(chosen.notes)) == (later > 0)


def test_of_files_of_the_same_time_the_plainest_counts_and_it_is_said(found: Found) -> None:
    names = ("02_softmax.ipynb", "02_softmax-Copy1.ipynb", "sub/02_softmax.ipynb")
    data = zipped({name: STUB + b" " * n for n, name in enumerate(names)})
    said: list[str] = []
    (chosen,) = found({"ann/hw.zip": data}, say=said.append)
    assert chosen.file == "ann/hw.zip/02_softmax.ipynb"
    assert "of the same time" in chosen.notes[1] and "of the same time" in said[0]


def test_the_last_upload_counts_on_canvas_whatever_the_times_are(found: Found) -> None:
    (chosen,) = found({"a_1_901_02_softmax-1.ipynb": GOOD, "a_1_900_02_softmax.ipynb": STUB})
    assert chosen.file == "a_1_901_02_softmax-1.ipynb"


def test_what_a_notebook_holds_says_its_lesson_before_its_name(found: Found) -> None:
    (one,) = found({"ann/02_softmax.ipynb": OTHER})
    assert one.lesson == "05" and one.notes == ("named as lesson 02, but holds lesson 05",)
    unmarked = made.notebook()
    for cell in unmarked["cells"]:
        cell["source"] = EXERCISE.sub("#", WRITTEN.sub("", cell["source"]))
    (one,) = found({"ann/mine.ipynb": made.as_bytes(unmarked)})
    assert one.lesson == "02"


def test_files_beside_a_graded_notebook_that_cannot_be_graded_are_said(found: Found) -> None:
    (one,) = found({"ann/02_softmax.ipynb": GOOD, "ann/more.ipynb": b"{", "ann/x.png": PNG})
    assert one.notes == ("ann/more.ipynb: not a notebook: another kind of file, or damaged",)


def test_who_handed_in_no_notebook_has_the_lesson_of_the_others(found: Found) -> None:
    pictures = {"ann/photo.png": PNG, "bo/answer.py": b"x = 1"}
    assert who(found(pictures)) == [("ann", "", ""), ("bo", "", "")]
    records = found({**pictures, "cy/02_softmax.ipynb": GOOD})
    assert [r.lesson for r in records] == ["02"] * 3
    assert [r.problem for r in records] == [
        "not a notebook: a PNG picture",
        "a Python file, not a notebook",
        "",
    ]
    both = found({**pictures, "cy/02_softmax.ipynb": GOOD, "cy/x.ipynb": OTHER})
    assert [r.lesson for r in both] == ["", "", "02", "05"]


# --- what is never read --------------------------------------------------------------------------


LISTS = b'{"cells": [' + b"[]," * 12_000_000 + b"[]]}"  # 36 MB, as objects a thousand
PAYLOADS = {
    "lists": LISTS,
    "spaces": b" " * 30_000_000,
    "zeros": bytes(30_000_000),
    "no JSON": b"{" + b'"a":' * 9_000_000,
}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_zips_in_zips_cost_their_student_alone_and_little(found: Found, payload: str) -> None:
    inner = zipped({"x.ipynb": PAYLOADS[payload]})
    these = {"mal_1_2_hw.zip": zipped({f"{n}.zip": inner for n in range(60)})}
    put_in = {**these, "ann_3_4_hw.zip": TOP}
    began = time.monotonic()
    ann, mal = found(put_in)
    assert ann.source and mal.problem and not mal.source
    assert time.monotonic() - began < 60  # on a busy machine; 10 s of the processor at most


def test_zips_are_opened_only_so_deep(found: Found) -> None:
    data = TOP
    for depth in range(2):
        data = zipped({f"{depth}.zip": data})
    (one,) = found({"ann/hw.zip": data})
    assert one.source
    (one,) = found({"ann/hw.zip": zipped({"x.zip": data})})
    assert "a zip in a zip" in one.problem


def test_too_many_files_are_not_read(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MAX_FILES", 5)
    zips = {f"ann/{n}.zip": zipped({f"{n}.ipynb": STUB}) for n in range(9)}
    (one,) = found({**zips, "ann/02_softmax.ipynb": GOOD})
    assert one.source and "more files cannot be graded" in " ".join(one.notes)


def test_a_file_that_ends_the_reader_is_one_bad_row(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Reader.notebook

    def fatal(self: Reader, place: Place) -> Any:
        if "mal" in place.path:
            self._started().kill()
        return asked(self, place)

    monkeypatch.setattr(Reader, "notebook", fatal)
    records = found({f"{s}/02_softmax.ipynb": GOOD for s in ("ann", "mal", "zoe")})
    problems = [r.problem for r in records]
    assert problems == ["", "takes too much time or memory to read", ""]


def test_the_reader_has_limits_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, {"lists.ipynb": LISTS, "good.ipynb": GOOD, "text.py": b"x = 1"})
    with Reader() as reader:
        with pytest.raises(UnreadableError, match="too much time or memory"):
            reader.notebook(Place(str(tmp_path / "lists.ipynb")))
        digest, cells = reader.notebook(Place(str(tmp_path / "good.ipynb")))
        assert tuple(cells) == read_cells(GOOD) and len(digest) == 64
        assert reader.text(Place(str(tmp_path / "text.py"))) == "x = 1"
        with pytest.raises(UnreadableError, match="cannot be read: FileNotFoundError"):
            reader.notebook(Place(str(tmp_path / "none.ipynb")))


def test_a_notebook_known_by_its_bytes_is_not_looked_into(found: Found) -> None:
    """A name, a time and a size are not enough: the bytes are the same or not."""
    known = {hashlib.sha256(b'{"a": 1}').hexdigest(): "02"}
    files = {"ann/x.ipynb": b'{"a": 1}', "bob/x.ipynb": b'{"a": 2}'}
    ann, bob = found(files, known=known)
    assert (ann.problem, ann.lesson) == ("", "02") and bob.problem


def test_a_notebook_that_changes_before_its_turn_is_not_taken_for_what_it_was(
    tmp_path: Path,
) -> None:
    put(tmp_path, {"ann/02_softmax.ipynb": GOOD})
    (ann,) = collect(tmp_path, LESSONS)
    put(tmp_path, {"ann/02_softmax.ipynb": STUB})
    assert ann.source
    with Reader() as reader, pytest.raises(UnreadableError, match="has changed meanwhile"):
        ann.source.read(reader)


def seconds(function: Callable[..., Any], *arguments: Any) -> float:
    began = time.process_time()
    function(*arguments)
    return time.process_time() - began


def test_readers_are_linear(grader: Grader) -> None:
    mark, _, first = SET_UP.template.split("\n")[:3]
    digits = [chr(n) for n in range(0x110000) if chr(n).isdecimal()]
    marks = "\n".join(f"# exercise: {a}{b}.1" for a in digits[:300] for b in digits[:100])
    hostile = [
        f"{mark}\n" + f"{first}\n" * 12_000,
        marks,
        "<!--" + " " * 500_000 + "\n<!-- written:" * 40_000,
        "def " * 250_000,
        "softmax " * 120_000,
        "'" * 900_001,
        '"""' * 300_000,
        "\n" * 900_000 + "#" * 100_000,
        "#" * 900_000,
    ]
    released = grader.key("02").released
    for source in hostile:
        for kind in ("code", "markdown", "raw"):
            cells = Cells(((kind, source),) * 2)
            assert seconds(cells.lesson) < 2
            assert seconds(written_answers, cells, released) < 5
        assert seconds(without_boilerplate, source) < 1
        assert seconds(visible, source) < 1
    assert Cells((("code", marks),)).lesson() == "00"


# --- work that stands elsewhere ------------------------------------------------------------------

ANSWER = "Because odds multiply where scores add."
PLACE = "*Write your answer here.*"
Change = Callable[[list[dict[str, Any]], int], object]


def text(kind: str, source: str) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source}


def filled(cell: dict[str, Any], answer: str = ANSWER) -> str:
    source: str = cell["source"].replace(PLACE, answer)
    return source


ELSEWHERE: dict[str, Change] = {
    "in its place": lambda c, i: c[i].update(source=filled(c[i])),
    "below": lambda c, i: c.insert(i + 1, text("markdown", ANSWER)),
    "above": lambda c, i: c.insert(i, text("markdown", ANSWER)),
    "raw, below": lambda c, i: c.insert(i + 1, text("raw", ANSWER)),
    "code, below": lambda c, i: c.insert(i + 1, made.code(ANSWER)),
    "a comment, below": lambda c, i: c.insert(i + 1, made.code(f"# {ANSWER}")),
    "a string, below": lambda c, i: c.insert(i + 1, made.code(f'"""{ANSWER}"""')),
    "retyped": lambda c, i: c[i].update(source=ANSWER),
    "retyped as raw": lambda c, i: c.__setitem__(i, text("raw", ANSWER)),
    "without its mark": lambda c, i: c[i].update(source=filled(c[i]).partition("\n")[2]),
    "its mark typed anew": lambda c, i: c[i].update(
        source=filled(c[i]).replace("<!-- written: ", "<!--Written :")
    ),
    "its mark indented": lambda c, i: c[i].update(source=f"   {filled(c[i])}"),
    "its mark on a line with more": lambda c, i: c[i].update(source=f"My turn: {filled(c[i])}"),
    "as code": lambda c, i: c[i].update(cell_type="code", source=filled(c[i])),
    "as raw": lambda c, i: c[i].update(cell_type="raw", source=filled(c[i])),
    "commented": lambda c, i: c[i].update(
        cell_type="code", source="".join(f"# {s}\n" for s in filled(c[i]).splitlines())
    ),
    "in a list": lambda c, i: c[i].update(source=filled(c[i], f"- {ANSWER}")),
    "all of it a quote": lambda c, i: c[i].update(
        source="\n".join(f"> {s}" for s in filled(c[i]).splitlines())
    ),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_an_answer_in_words_is_found(grader: Grader, where: str) -> None:
    notebook = made.notebook()
    cells = notebook["cells"]
    place = next(i for i, c in enumerate(cells) if "written: 02.Q2" in c["source"])
    if where == "above":  # of the second, it could be below the first
        place -= 1
    ELSEWHERE[where](cells, place)
    released = grader.key("02").released
    answers, flags = written_answers(read_notebook(made.as_bytes(notebook)), released)
    asked = "02.Q1" if where == "above" else "02.Q2"
    assert ANSWER in answers.pop(asked) and not any(answers.values()) and flags == []


def test_several_answers_go_to_their_questions(grader: Grader) -> None:
    released = grader.key("02").released
    mine = [text("markdown", f"{ANSWER} ({n})") for n in range(3)]

    def answers(change: Callable[[list[Any], int], object]) -> list[str]:
        notebook = made.notebook()
        cells = notebook["cells"]
        change(cells, next(i for i, c in enumerate(cells) if "written: 02.Q1" in c["source"]))
        found, _ = written_answers(read_notebook(made.as_bytes(notebook)), released)
        return list(found.values())

    expected = [cell["source"] for cell in mine]
    pairs = lambda c, i: [x for n in range(3) for x in (mine[n], c[i + n])]  # noqa: E731
    assert answers(lambda c, i: c.__setitem__(slice(i, i + 3), mine)) == expected
    assert answers(lambda c, i: c.__setitem__(slice(i, i + 3), pairs(c, i))) == expected
    third = text("markdown", f"Q3: {ANSWER}")
    assert answers(lambda c, i: c.__setitem__(slice(i, i + 3), [third])) == [
        "",
        "",
        third["source"],
    ]


def test_text_that_belongs_to_no_question_is_flagged(grader: Grader) -> None:
    key = grader.key("02")
    for place in (2, 10_000):
        notebook = made.notebook()
        notebook["cells"].insert(place, text("markdown", ANSWER))
        _, (flag,) = written_answers(read_notebook(made.as_bytes(notebook)), key.released)
        assert flag == (
            "02.Q1, 02.Q2, 02.Q3: empty, but text of the student's own stands elsewhere"
        )
    assert written_answers(read_notebook(STUB), key.released)[1] == []
    # What Colab needs is no text.
    notebook = made.notebook(first=["!pip install -q numpy matplotlib seaborn\n%matplotlib inline"])
    assert written_answers(read_notebook(made.as_bytes(notebook)), key.released)[1] == []


def kind_of_first(kind: str, change: Callable[[str], str] = str) -> dict[str, Any]:
    """Return the answered notebook with the first exercise's cell of another kind."""
    notebook = made.notebook(whole=False)
    for cell in notebook["cells"]:
        if cell["source"].startswith("# exercise: 02.1"):
            cell.update(cell_type=kind, source=change(cell["source"]))
    return notebook


def renamed(name: str) -> Callable[[str], str]:
    return lambda source: source.replace("def softmax", f"def {name}")


SLIPS: dict[str, tuple[dict[str, Any], int, str]] = {
    "Markdown": (kind_of_first("markdown"), 3, "its cell is Markdown"),
    "raw": (kind_of_first("raw"), 3, "its cell is raw"),
    "fenced": (kind_of_first("markdown", lambda s: f"```python\n{s}\n```"), 3, "Markdown"),
    "without its mark": (kind_of_first("code", lambda s: s.partition("\n")[2]), 3, ""),
    "a space of no width": (kind_of_first("code", renamed("\u200bsoftmax")), 3, ""),
    "a space that does not break": (
        kind_of_first("code", lambda s: s.replace(" z", "\xa0z")),
        3,
        "",
    ),
    "a byte order mark": (kind_of_first("code", lambda s: f"\ufeff{s}"), 3, ""),
    "another name": (kind_of_first("code", renamed("softmax2")), 0, "defines softmax2, but not"),
    "a capital": (kind_of_first("code", renamed("Softmax")), 0, "defines Softmax, but not"),
    "a longer name": (kind_of_first("code", renamed("my_softmax")), 0, "defines my_softmax, but"),
    "a name unlike it": (kind_of_first("code", renamed("f")), 0, "defines f, but not softmax"),
    "commented out": (
        kind_of_first("code", lambda s: "".join(f"# {line}\n" for line in s.splitlines())),
        0,
        "is commented out",
    ),
    "a failed assignment": (
        made.notebook(instead={"02.1": "softmax = make_softmax(axis=-1)"}),
        0,
        "its cell does not run",
    ),
    "an assignment that is not Python": (
        made.notebook(instead={"02.1": "softmax = lambda z: np.exp(z"}),
        0,
        "its cell does not run",
    ),
    "a failed import": (
        made.notebook(instead={"02.1": "from my_code import softmax"}),
        0,
        "its cell does not run",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_an_answer_in_code_is_found_or_said(grader: Grader, slip: str) -> None:
    notebook, expected, says = SLIPS[slip]
    grade = grader.grade(notebook)
    first = grade.exercises[0]
    assert first.points == expected and grade.points == 8 + expected
    assert first.status == ("passed" if expected else "error")
    assert says in " ".join([first.finding, *grade.flags])


def test_a_stub_in_markdown_is_no_answer(grader: Grader) -> None:
    notebook = made.released()
    for cell in notebook["cells"]:
        if EXERCISE.match(cell["source"]):
            cell["cell_type"] = "markdown"
    grade = grader.grade(notebook)
    assert {s.status for s in grade.exercises} == {"not_attempted"} and grade.flags == ()


def test_a_python_file_beside_the_notebook_runs_beside_it(run: Run) -> None:
    answer = made.answers()["02.1"]
    notebook = made.as_bytes(made.notebook(instead={"02.1": "from helpers import softmax"}))
    helpers = f"import numpy as np\n{answer}".encode()
    files = {
        "ann/02_softmax.ipynb": notebook,
        "ann/helpers.py": helpers,
        "bo/02_softmax.ipynb": notebook,
        "cy/02_softmax.ipynb": notebook,
        "cy/helpers.py": b"#" * 200_000,
        "dee/02_softmax.ipynb": GOOD,
        "dee/numpy.py": b"raise RuntimeError",
    }
    rows = {row["student"]: row for row in table(run(files) / "grades.csv")}
    assert [rows[s]["02"] for s in ("ann", "bo", "cy", "dee")] == ["11", "8", "8", "11"]
    assert "uses helpers.py, which was handed in beside the notebook" in rows["ann"]["flags"]
    assert "uses helpers.py, which is missing where it runs: too long" in rows["cy"]["flags"]


def test_a_package_beside_the_notebook_runs_beside_it(run: Run) -> None:
    answer = made.answers()["02.1"]
    asks = "from helpers.inner.maths import softmax"
    notebook = made.as_bytes(made.notebook(instead={"02.1": asks}))
    maths = f"import numpy as np\nfrom .. import base\nimport more\n{answer}".encode()
    library = b"from scipy import special\ndef softmax(z):\n    return special.softmax(z, axis=-1)"
    package = {
        "helpers/__init__.py": b"",
        "helpers/base.py": b"",
        "helpers/inner/maths.py": maths,
        "more.py": b"",  # which the notebook does not speak of
    }
    files = {f"ann/hw/{name}": text for name, text in package.items()}
    files |= {"ann/hw/02_softmax.ipynb": notebook, "bo/02_softmax.ipynb": notebook}
    files |= {
        "cy/work.zip": zipped(
            {"hw/x.ipynb": notebook, **{f"hw/{n}": t for n, t in package.items()}}
        ),
        "dee/helpers.zip": zipped({"x.ipynb": GOOD, "helpers/os.py": b"raise RuntimeError"}),
        "eve/02_softmax.ipynb": notebook,
        "eve/helpers/inner/maths.py": library,
    }
    rows = {row["student"]: row for row in table(run(files) / "grades.csv")}
    assert [rows[s]["02"] for s in ("ann", "bo", "cy", "dee")] == ["11", "8", "11", "11"]
    for student in ("ann", "cy"):
        assert rows[student]["flags"].count("handed in beside the notebook") == 2
        assert "scipy" not in rows[student]["flags"]
        assert "uses helpers, which was handed in beside the notebook" in rows[student]["flags"]
    # What the points of an answer rest on is a person's to judge.
    said = "helpers/inner/maths.py, which was handed in beside the notebook, uses scipy.special"
    assert f"{said}.softmax" in rows["eve"]["flags"]
