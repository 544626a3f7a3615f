"""Lesson 11: one name turns it into a lesson on Fashion-MNIST, and its questions come back."""

import gzip
import hashlib

import matplotlib
import nbformat
import numpy as np
import pytest

from tests.answers import ROOT
from utils import concepts, datasets, predictions


def idx(array):
    """Return an array of bytes as a gzipped IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes(), compresslevel=1)


def made_clothes(n, rng):
    """Return n images of 28 × 28 bytes in ten classes that overlap, with an empty margin."""
    coarse = np.random.default_rng(0).random((10, 6, 6))  # what a class looks like
    y = rng.integers(10, size=n)
    blurred = coarse[y] + rng.normal(scale=0.45, size=(n, 6, 6))
    images = np.zeros((n, 28, 28))
    images[:, 2:26, 2:26] = np.repeat(np.repeat(blurred, 4, axis=1), 4, axis=2)
    images[:, 2:26, 2:26] += rng.normal(scale=0.1, size=(n, 24, 24))
    return 255 * np.clip(images, 0, 1), y


@pytest.fixture
def fashion(tmp_path, monkeypatch):
    """A small set of made images in Fashion-MNIST's files, which its loader takes for the real ones."""
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    rng, checksums = np.random.default_rng(1), {}
    for part, n in (("train", 1400), ("t10k", 200)):
        images, labels = made_clothes(n, rng)
        for name, array in ((f"{part}-images-idx3", images), (f"{part}-labels-idx1", labels)):
            content = idx(array)
            (folder / f"{name}-ubyte.gz").write_bytes(content)
            checksums[f"{name}-ubyte.gz"] = f"md5:{hashlib.md5(content).hexdigest()}"
    assert checksums.keys() == datasets._FASHION_MNIST.keys()
    monkeypatch.setattr(datasets, "_FASHION_MNIST", checksums)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))


def run_on(data, folder):
    """Run the lesson's code in this process with another data set; return what it defines."""
    notebook = nbformat.read(ROOT / folder / "11_capstone.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    switch = [number for number, source in enumerate(cells) if source.startswith("DATA = ")]
    assert switch == [1], "the cell after the set-up names the data, and no other one does"
    assert f'"{data}"' in cells[1], "the cell says what else can be written"
    cells[1] = f'DATA = "{data}"'
    scope = {"__name__": "__main__"}
    for source in cells:
        exec(compile(source, "11_capstone", "exec"), scope)
    return scope


def test_one_name_runs_the_lesson_on_fashion_mnist(fashion, monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "solutions")
    matplotlib.use("agg")
    scope = run_on("fashion_mnist", "solutions")
    out = capsys.readouterr().out

    assert scope["data"].X.shape == (1600, 784)
    assert scope["data"].X.dtype == scope["X_train"].dtype == np.float32
    assert sorted(np.concatenate(scope["parts"])) == list(range(1600))
    assert np.abs(scope["X_test"]).max() < 10  # no pixel of the margin is blown up
    assert 0.5 < scope["accuracy"] < 1
    assert scope["confusion"].sum() == len(scope["y_test"])
    assert "Pictures of clothes" in out
    assert "step   25  loss" in out  # the descent says where it is
    assert "14 of 14 points" in out
    assert "10. the confidence" in out


def test_the_questions_are_settled_for_both_lessons_and_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_STATE", str(tmp_path))
    concepts.answer("00", {1: ("a", 0.8), 2: ("a", 0.5), 3: None})
    concepts.answer("11", {1: ("b", 1.0), 2: ("a", 0.9), 4: ("c", 0.7)})
    capsys.readouterr()
    for _ in range(2):  # a cell may be run again
        concepts.settle(1, "0.5")
        concepts.settle(2, "stay as they are")
        concepts.settle(3, "B")
        concepts.settle(4, "log 4")
    first, _, unanswered, *_ = capsys.readouterr().out.splitlines()
    assert first == " 1. 0.5  (✗ wrong in lesson 00, 80% sure; ✓ right in lesson 11, 100% sure)"
    assert unanswered == " 3. B"
    assert len(predictions.my_predictions()) == 5

    concepts.gained()
    assert capsys.readouterr().out.splitlines() == [
        "lesson 00:  1 of  2 right,  65% sure on average, score 0.45",  # (.8² + .5²) / 2
        "lesson 11:  3 of  3 right,  87% sure on average, score 0.03",  # (0 + .1² + .3²) / 3
        "of the 2 you answered both times: +1 right",
    ]


def test_nothing_answered_is_said_and_no_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_STATE", str(tmp_path))
    concepts.settle(10, "the confidence")
    concepts.gained()
    assert capsys.readouterr().out.splitlines() == [
        "10. the confidence",
        "lesson 00: no answers of yours are stored here",
        "lesson 11: no answers of yours are stored here",
    ]
    for lesson in ("00", "11"):  # what has been shown can no longer be forecast
        concepts.answer(lesson, {10: ("b", 0.9)})
        assert f"{lesson}.q10: this does not count" in capsys.readouterr().out
    assert len(predictions.my_predictions()) == 0


def test_an_outcome_that_is_no_option_is_refused():
    with pytest.raises(ValueError, match="question 3 has no option 'C', only A, B"):
        concepts.settle(3, "C")
