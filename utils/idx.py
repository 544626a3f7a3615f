"""Reading IDX files, the format of MNIST and Fashion-MNIST: a short header, then bytes.

The header is four bytes, 0, 0, 8 (the numbers are unsigned bytes) and the number of axes, then the
length of each axis as four bytes, the highest first. http://yann.lecun.com/exdb/mnist described it.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def read_idx(path: Path | str, n_axes: int) -> NDArray[np.uint8]:
    """Read a gzipped IDX file of unsigned bytes. Lesson 11.

    Parameters
    ----------
    path : path
        The file, such as ``t10k-labels-idx1-ubyte.gz``.
    n_axes : int
        How many axes it should have: 1 for labels (n,), 3 for images (n, height, width).

    Returns
    -------
    ndarray of uint8 with n_axes axes

    Raises
    ------
    ValueError
        If the file is not gzipped, does not begin as such a file does, or holds fewer or more
        numbers than it says. The message names the file.
    OSError
        If it can't be opened.

    Examples
    --------
    >>> import gzip, tempfile
    >>> labels = Path(tempfile.mkdtemp()) / "labels.gz"
    >>> _ = labels.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])))
    >>> read_idx(labels, n_axes=1)
    array([7, 8, 9], dtype=uint8)
    """
    start = 4 + 4 * n_axes
    try:
        with gzip.open(path) as file:
            header = file.read(start)
            magic, expected = header[:4], bytes([0, 0, 8, n_axes])
            if magic != expected:
                raise ValueError(
                    f"{path} begins with {magic.hex(' ') or 'nothing'}, but an IDX file of bytes "
                    f"with {n_axes} {'axis' if n_axes == 1 else 'axes'} begins with "
                    f"{expected.hex(' ')}"
                )
            shape = tuple(int(length) for length in np.frombuffer(header[4:], dtype=">u4"))
            content = file.read()
    except (EOFError, zlib.error) as error:
        raise ValueError(f"{path} is cut short or damaged: {error}") from None
    except gzip.BadGzipFile:
        raise ValueError(f"{path} is not a gzipped file, or damaged") from None
    size = math.prod(shape)
    if len(header) < start or len(content) < size:
        raise ValueError(f"{path} is cut short: its numbers end before the {shape} it announces")
    if len(content) > size:
        raise ValueError(f"{path} holds more numbers than the {shape} it announces")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape).copy()
