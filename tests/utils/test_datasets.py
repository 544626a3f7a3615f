"""The data sets: their shape and labels, the file behind three_clusters, and its bad days."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
from numpy.testing import assert_array_equal

from utils import datasets
from utils.datasets import Dataset

CSV = Path(datasets.__file__).parents[1] / "data" / "three_clusters.csv"
SHAPES = {  # n, d, K
    datasets.three_clusters: (180, 2, 3),
    datasets.iris_two_species: (100, 4, 2),
    datasets.iris: (150, 4, 3),
    datasets.digits: (1797, 64, 10),
}


@pytest.mark.parametrize("load", SHAPES)
def test_shapes_labels_and_names_fit_together(load: Callable[[], Dataset]) -> None:
    data, (n, d, K) = load(), SHAPES[load]
    assert data.X.shape == (n, d)
    assert data.X.dtype == np.float64
    assert data.y.shape == (n,)
    assert data.y.dtype == np.intp
    assert_array_equal(np.unique(data.y), np.arange(K))
    assert len(data.feature_names) == d
    assert len(data.target_names) == K
    assert {type(name) for name in data.feature_names + data.target_names} == {str}
    assert repr(data) == (f"<Dataset: {n} examples, {d} features, {K} classes. {data.description}>")


@pytest.mark.parametrize("load", SHAPES)
def test_changing_one_copy_spares_the_next(load: Callable[[], Dataset]) -> None:
    first = load()
    before = first.X.copy(), first.y.copy()
    first.X[:] = -1
    first.y[:] = -1
    assert_array_equal(load().X, before[0])
    assert_array_equal(load().y, before[1])


def test_a_dataset_keeps_its_fields() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        datasets.iris().description = "mine"  # type: ignore[misc]


def test_the_csv_file_is_what_its_seed_makes() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 60)
    means = np.array([[-2, 0], [2, 0], [0, 2.5]])
    X = means[y] + np.sqrt(0.6) * rng.standard_normal((180, 2))  # covariance 0.6·I
    data = datasets.three_clusters()
    assert_array_equal(data.y, y)
    np.testing.assert_allclose(data.X, X, atol=0.51e-6, rtol=0)  # stored with 6 decimals


def test_iris_two_species_is_versicolor_against_virginica() -> None:
    data, everything = datasets.iris_two_species(), sklearn.datasets.load_iris()
    assert data.target_names == ("versicolor", "virginica")
    assert_array_equal(data.X[data.y == 0], everything.data[everything.target == 1])
    assert_array_equal(data.X[data.y == 1], everything.data[everything.target == 2])


def test_digits_are_the_images_in_rows() -> None:
    assert_array_equal(datasets.digits().X.reshape(-1, 8, 8), sklearn.datasets.load_digits().images)


def test_three_clusters_need_no_scikit_learn() -> None:
    code = (
        "import sys, utils.datasets; utils.datasets.three_clusters(); "
        "sys.exit('sklearn' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=CSV.parents[1])


def test_a_missing_file_is_named_with_the_way_to_get_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "_DATA", tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        datasets.three_clusters()
    assert str(caught.value) == (
        f"{tmp_path / 'three_clusters.csv'} is missing; "
        "get it back with: git checkout data/three_clusters.csv"
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "x1,x2,label\n",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("x1,x2,label", "label,x1,x2"),
        lambda text: text.replace("-1.902610", "nan"),
        lambda text: text.replace("-1.902610", "about -2"),
        lambda text: text.replace("-0.102328,0\n", "-0.102328,1\n"),
        lambda text: text.replace("-0.102328,0\n", "-0.102328,0.5\n"),
        lambda text: "<<<<<<< HEAD\n" + text,
        lambda text: text.replace("x1", "\udcff"),  # a byte that is not UTF-8
    ],
)
def test_a_damaged_file_is_named_with_the_way_to_get_it_back(
    damage: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = CSV.read_text(encoding="utf-8")
    assert damage(text) != text
    broken = tmp_path / "three_clusters.csv"
    broken.write_text(damage(text), encoding="utf-8", errors="surrogateescape")
    monkeypatch.setattr(datasets, "_DATA", tmp_path)
    with pytest.raises(ValueError, match=r"is damaged \(.*\); get it back with") as caught:
        datasets.three_clusters()
    assert str(broken) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_datasheet_covers_every_data_set() -> None:
    sheet = (CSV.parent / "README.md").read_text(encoding="utf-8")
    assert [load.__name__ for load in SHAPES if f"`{load.__name__}" not in sheet] == []


def test_each_supposed_writer_of_the_digits_wrote_each_digit_and_their_runs_follow_each_other():
    writers, y = datasets.digit_writers(), datasets.digits().y
    assert len(writers) == len(y)
    assert set(np.diff(writers)) == {0, 1}
    for writer in range(14):
        counts = np.bincount(y[writers == writer], minlength=10)
        assert counts.min() >= 8
        first = y[writers == writer][:10]
        assert sorted(first) == list(range(10))
