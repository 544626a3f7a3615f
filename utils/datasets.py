"""The course's data sets, each as features `X`, labels `y` and the names that belong to them.

Only `fashion_mnist` is downloaded, and once; all other data comes with the course or with
scikit-learn. The datasheet, with sources and licences, is data/README.md.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

_DATA = Path(__file__).resolve().parents[1] / "data"

_FASHION_MNIST = {  # files and their checksums, from the table in the data set's own README
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
_FASHION_MNIST_SOURCES = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples to learn from. Lesson 01.

    Attributes
    ----------
    X : ndarray of float64 (float32 where the data is large), shape (n, d)
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

    X: NDArray[np.float64] | NDArray[np.float32]
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
    data/three_clusters.csv. Lesson 04.

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

    Lesson 04.

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
    """Versicolor (0) against virginica (1): the two iris species that overlap. Lesson 01.

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
    """Digits written by 13 people; ``X[i].reshape(8, 8)`` is the i-th image. Lesson 05.

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


def digit_writers() -> NDArray[np.intp]:
    """Return who is supposed to have written each of the digits, so that whole writers can be held out.

    The file names no writers. But its digits come in 14 runs of about 130 that begin alike, and the
    scikit-learn course supposes that each is a writer's, though there were 13. Lesson 11.

    Returns
    -------
    ndarray of int, shape (1797,)
        The number of the run, 0 to 13, of each example of `digits`.

    References
    ----------
    The scikit-learn course (Inria), "Sample grouping", which has these boundaries:
    https://inria.github.io/scikit-learn-mooc/python_scripts/cross_validation_grouping.html

    Examples
    --------
    >>> print(np.bincount(digit_writers()))
    [130 126 130 130 130 130 139 114 128 130 128 130 122 130]
    """
    begins = [0, 130, 256, 386, 516, 646, 776, 915, 1029, 1157, 1287, 1415, 1545, 1667]
    return np.repeat(np.arange(14), np.diff([*begins, 1797]))


def fashion_mnist() -> Dataset:
    """Pictures of clothes from a shop: 60 000 to learn from, followed by 10 000 to test with.

    The first call downloads 30 MB into data/cache/fashion-mnist, with a bar; checksums are compared
    then and at every later call. The environment variable ``COURSE_DATA`` names another folder in
    place of data/cache, which may be read-only if its fashion-mnist folder holds the four files.
    Lesson 11.

    Returns
    -------
    Dataset
        X (70000, 784) of float32, each pixel from 0 (white) to 1 (black); ten classes.
        ``X[i].reshape(28, 28)`` is the i-th image.

    Raises
    ------
    ConnectionError
        If a file is missing or damaged and can't be downloaded.
    ValueError
        If a file is not what `utils.idx` expects, or the images and labels differ in number.

    References
    ----------
    H. Xiao, K. Rasul and R. Vollgraf (2017), "Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms", arXiv:1708.07747.
    """
    from utils.idx import read_idx

    images, labels = [], []
    paths = _fashion_mnist_files()
    for part in ("train", "t10k"):
        images.append(read_idx(paths[f"{part}-images-idx3-ubyte.gz"], n_axes=3))
        labels.append(read_idx(paths[f"{part}-labels-idx1-ubyte.gz"], n_axes=1))
        if len(images[-1]) != len(labels[-1]):
            raise ValueError(
                f"Fashion-MNIST's {part} files do not fit together: {len(images[-1])} images, "
                f"but {len(labels[-1])} labels"
            )
    X = np.concatenate([part.reshape(len(part), -1) for part in images]).astype(np.float32)
    X /= 255
    names = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
    height, width = images[0].shape[1:]
    return Dataset(
        X=X,
        y=np.concatenate(labels).astype(np.intp),
        feature_names=tuple(f"pixel_{row}_{column}" for row, column in np.ndindex(height, width)),
        target_names=tuple(names.split(",")),
        description=f"Pictures of clothes, {height} × {width} pixels",
    )


def _fashion_mnist_files() -> dict[str, Path]:
    """Where the four files are, by name, after downloading those that are missing or damaged."""
    import pooch  # here, because it takes a moment to import

    folder = Path(os.environ.get("COURSE_DATA") or _DATA / "cache") / "fashion-mnist"
    found = {}
    for name, checksum in _FASHION_MNIST.items():
        failures = []
        for source in _FASHION_MNIST_SOURCES:
            store = pooch.create(folder, source, registry={name: checksum}, retry_if_failed=2)
            try:
                found[name] = Path(store.fetch(name, progressbar=True))
                break
            except (OSError, ValueError) as error:  # no connection, no permission; wrong checksum
                failures.append(f"{urlsplit(source).netloc}: {_reason(error)}")
        else:
            raise ConnectionError(
                f"Fashion-MNIST's {name} is missing or damaged in {folder} and could not be "
                f"downloaded ({'; '.join(failures)}). Connect and run this again, or put the file "
                "there, or let the environment variable COURSE_DATA name a folder whose "
                "fashion-mnist folder holds it."
            )
    return found


def _reason(error: Exception) -> str:
    """Why a download failed, in a few words."""
    import requests

    match error:
        case requests.HTTPError(response=requests.Response(status_code=status)):
            return f"it answered {status}"
        case requests.RequestException():
            return "no connection"
        case OSError():
            return error.strerror or type(error).__name__
    return "what came fails its checksum"
