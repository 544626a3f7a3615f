"""The course's data sets, each as features `X`, labels `y` and the names that belong to them.

Nothing is downloaded: the data comes with the course or with scikit-learn. The datasheet, with
sources and licences, is data/README.md.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DATA = Path(__file__).resolve().parents[1] / "data"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples to learn from.

    Attributes
    ----------
    X : ndarray of float64, shape (n, d)
        Examples in rows, features in columns.
    y : ndarray of int, shape (n,)
        The class of each example, 0 … K − 1.
    feature_names : tuple of str, length d
        What each column of X holds, with its unit where it has one.
    target_names : tuple of str, length K
        What the classes are called.
    description : str
        One sentence on what the data is.
    """

    X: NDArray[np.float64]
    y: NDArray[np.intp]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    description: str

    def __repr__(self) -> str:
        (n, d), classes = self.X.shape, len(self.target_names)
        return f"<Dataset: {n} examples, {d} features, {classes} classes. {self.description}>"


def three_clusters() -> Dataset:
    """Three round Gaussian clusters in the plane, 60 points each, which overlap a little.

    They have means (−2, 0), (2, 0), (0, 2.5) and covariance 0.6·I, and are read from
    data/three_clusters.csv.

    Returns
    -------
    Dataset
        X (180, 2), classes left, right and top.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is missing or damaged.

    Examples
    --------
    >>> data = three_clusters()
    >>> data.X.shape
    (180, 2)
    >>> data.X[data.y == 1].mean(axis=0).round(1)
    array([1.8, 0. ])
    """
    path = _DATA / "three_clusters.csv"
    cure = "get it back with: git checkout data/three_clusters.csv"
    try:
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        values = np.array([row.split(",") for row in rows], dtype=np.float64)  # x1, x2, label
        labels = values[:, 2]
        whole = header == "x1,x2,label" and values.shape == (180, 3) and np.isfinite(values).all()
        if not (whole and all(np.sum(labels == label) == 60 for label in range(3))):
            raise ValueError("not 60 points in each of three clusters")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing; {cure}") from None
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path} is damaged ({error}); {cure}") from None
    return Dataset(
        X=values[:, :2].copy(),
        y=labels.astype(np.intp),
        feature_names=("x1", "x2"),
        target_names=("left", "right", "top"),
        description="Three Gaussian clusters in the plane, made for this course",
    )


def iris() -> Dataset:
    """Fisher's iris: length and width of the sepals and petals of 50 flowers of three species.

    Returns
    -------
    Dataset
        X (150, 4) in cm, classes setosa, versicolor and virginica.

    Examples
    --------
    >>> iris().target_names
    ('setosa', 'versicolor', 'virginica')
    """
    from sklearn.datasets import load_iris  # here, because it takes seconds to import

    bunch: Any = load_iris()
    return Dataset(
        X=bunch.data,
        y=bunch.target.astype(np.intp),
        feature_names=tuple(map(str, bunch.feature_names)),
        target_names=tuple(map(str, bunch.target_names)),
        description="Flowers of three iris species, measured in cm (Fisher 1936)",
    )


def iris_two_species() -> Dataset:
    """Versicolor (0) against virginica (1): the two iris species that overlap.

    Returns
    -------
    Dataset
        X (100, 4) in cm, classes versicolor and virginica.

    Examples
    --------
    >>> iris_two_species()
    <Dataset: 100 examples, 4 features, 2 classes. Flowers of two iris species, measured in cm>
    """
    three = iris()
    kept = three.y > 0  # without setosa
    return Dataset(
        X=three.X[kept],
        y=three.y[kept] - 1,
        feature_names=three.feature_names,
        target_names=three.target_names[1:],
        description="Flowers of two iris species, measured in cm",
    )


def digits() -> Dataset:
    """Digits written by 13 people; ``X[i].reshape(8, 8)`` is the i-th image.

    Returns
    -------
    Dataset
        X (1797, 64), each pixel from 0 (white) to 16 (black); ten classes.

    Examples
    --------
    >>> digits().X[0].reshape(8, 8)[:2].astype(int)
    array([[ 0,  0,  5, 13,  9,  1,  0,  0],
           [ 0,  0, 13, 15, 10, 15,  5,  0]])
    """
    from sklearn.datasets import load_digits  # here, because it takes seconds to import

    bunch: Any = load_digits()
    return Dataset(
        X=bunch.data,
        y=bunch.target.astype(np.intp),
        feature_names=tuple(map(str, bunch.feature_names)),
        target_names=tuple(map(str, bunch.target_names)),
        description="Digits written by 13 people, as images of 8 × 8 pixels",
    )
