"""Fashion-MNIST: the IDX reader on real and made files, and downloads from a real HTTP server."""

import gzip
import hashlib
import http.server
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from utils import datasets
from utils.idx import read_idx

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "fashion-mnist"
SHAPES = {"train": (30, 5, 4), "t10k": (20, 5, 4)}  # images, height, width


def idx(array: np.ndarray) -> bytes:
    """An IDX file, gzipped, of an array of bytes."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


def made_files() -> dict[str, bytes]:
    """Four files as Fashion-MNIST has them, small."""
    rng = np.random.default_rng(0)
    files = {}
    for part, shape in SHAPES.items():
        files[f"{part}-images-idx3-ubyte.gz"] = idx(rng.integers(256, size=shape))
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(np.arange(shape[0]) % 10)
    return files


class Server:
    """An HTTP server on this machine that counts what it is asked for and can misbehave."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.asked: Counter[str] = Counter()
        self.errors = 0  # how many of the next requests get "500"
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                outer.asked[name] += 1
                if outer.errors or name not in outer.files:
                    self.send_error(500 if outer.errors else 404)
                    outer.errors = max(0, outer.errors - 1)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.files[name])))
                self.end_headers()
                self.wfile.write(outer.files[name])

            def log_message(self, *arguments: object) -> None: ...

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop answering; the port refuses connections from now on."""
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of the made files, their checksums in place of the real ones, an empty cache."""
    files = made_files()
    checksums = {name: f"md5:{hashlib.md5(content).hexdigest()}" for name, content in files.items()}
    server = Server(files)
    monkeypatch.setattr(datasets, "_FASHION_MNIST", checksums)
    monkeypatch.setattr(datasets, "_FASHION_MNIST_SOURCES", (server.address,))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "course data"))
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between one try and the next
    yield server
    server.close()


def test_images_and_labels_are_downloaded_once(server: Server, tmp_path: Path) -> None:
    data = datasets.fashion_mnist()
    assert data.X.shape == (50, 20)
    assert data.X.dtype == np.float32
    assert data.y.dtype == np.intp
    rng = np.random.default_rng(0)
    images = rng.integers(256, size=SHAPES["train"])
    assert_array_equal((data.X[:30] * 255).round(), images.reshape(30, 20))
    assert_array_equal(data.y, np.concatenate([np.arange(30), np.arange(20)]) % 10)
    assert (len(data.feature_names), len(data.target_names)) == (20, 10)
    assert set(server.asked.values()) == {1}
    assert len(server.asked) == 4
    server.close()
    assert_array_equal(datasets.fashion_mnist().X, data.X)  # without a network
    assert {path.name for path in (tmp_path / "course data").iterdir()} == {"fashion-mnist"}


def test_a_shared_folder_may_be_read_only(server: Server, tmp_path: Path) -> None:
    datasets.fashion_mnist()
    folder = tmp_path / "course data" / "fashion-mnist"
    folder.chmod(0o555)
    server.close()
    try:
        assert len(datasets.fashion_mnist().y) == 50
    finally:
        folder.chmod(0o755)


def test_a_damaged_file_in_the_cache_is_downloaded_again(server: Server, tmp_path: Path) -> None:
    before = datasets.fashion_mnist()
    name = "t10k-labels-idx1-ubyte.gz"
    path = tmp_path / "course data" / "fashion-mnist" / name
    path.write_bytes(path.read_bytes()[:-5])
    assert_array_equal(datasets.fashion_mnist().y, before.y)
    assert server.asked[name] == 2


def test_a_server_that_stumbles_is_asked_again(server: Server) -> None:
    server.errors = 2
    assert len(datasets.fashion_mnist().y) == 50


def test_the_second_address_helps_when_the_first_is_gone(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Server({})
    gone.close()
    monkeypatch.setattr(datasets, "_FASHION_MNIST_SOURCES", (gone.address, server.address))
    assert len(datasets.fashion_mnist().y) == 50


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (lambda server: server.close(), "no connection"),
        (lambda server: server.files.clear(), "it answered 404"),
        (lambda server: server.files.update(dict.fromkeys(server.files, b"no")), "its checksum"),
    ],
)
def test_without_the_files_one_sentence_says_what_to_do(
    server: Server, tmp_path: Path, trouble: object, reason: str
) -> None:
    assert callable(trouble)
    trouble(server)
    with pytest.raises(ConnectionError) as caught:
        datasets.fashion_mnist()
    message = str(caught.value)
    assert reason in message
    assert "\n" not in message
    for part in ("train-images-idx3-ubyte.gz", str(tmp_path), "COURSE_DATA"):
        assert part in message
    folder = tmp_path / "course data" / "fashion-mnist"
    assert not folder.exists() or not list(folder.iterdir())  # nothing half-downloaded


def test_a_folder_that_cannot_be_written_is_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA", str(in_the_way))
    with pytest.raises(ConnectionError, match="Not a directory"):
        datasets.fashion_mnist()


def test_images_and_labels_must_be_equally_many(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "train-labels-idx1-ubyte.gz"
    server.files[name] = idx(np.zeros(29))
    checksum = f"md5:{hashlib.md5(server.files[name]).hexdigest()}"
    monkeypatch.setitem(datasets._FASHION_MNIST, name, checksum)
    with pytest.raises(ValueError, match="train files do not fit together: 30 images, but 29"):
        datasets.fashion_mnist()


@pytest.mark.skipif(not REAL.is_dir(), reason="the real label files are not on this machine")
@pytest.mark.parametrize(("part", "n"), [("train", 60_000), ("t10k", 10_000)])
def test_the_real_label_files_hold_ten_equal_classes(part: str, n: int) -> None:
    path = REAL / f"{part}-labels-idx1-ubyte.gz"
    labels = read_idx(path, n_axes=1)
    assert_array_equal(np.bincount(labels), np.full(10, n // 10))
    checksum = datasets._FASHION_MNIST[path.name]
    assert checksum == f"md5:{hashlib.md5(path.read_bytes()).hexdigest()}"


IMAGES = np.arange(24).reshape(2, 3, 4)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(idx(IMAGES))
    read = read_idx(path, n_axes=3)
    assert_array_equal(read, IMAGES)
    read[:] = 0  # one's own copy


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "begins with nothing"),
        (b"<html>Not found</html>", "is not a gzipped file"),
        (idx(IMAGES)[:-12], "is cut short or damaged"),
        (idx(IMAGES)[:20], "is cut short or damaged"),
        (idx(IMAGES)[:10] + b"\xff" * 8 + idx(IMAGES)[18:], "is cut short or damaged"),
        (gzip.compress(b""), "begins with nothing"),
        (gzip.compress(bytes([0, 0, 8])), "begins with 00 00 08, but"),
        (gzip.compress(bytes([0, 0, 13, 3]) + bytes(60)), "begins with 00 00 0d 03, but"),
        (idx(IMAGES[0]), "begins with 00 00 08 02, but .* 3 axes begins with 00 00 08 03"),
        (gzip.compress(bytes([0, 0, 8, 3, 0, 0, 0, 9])), "is cut short"),
        (gzip.compress(gzip.decompress(idx(IMAGES))[:-1]), r"end before the \(2, 3, 4\)"),
        (gzip.compress(gzip.decompress(idx(IMAGES)) + b"7"), r"more numbers than the \(2, 3, 4\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_a_file_that_is_not_right_is_named_with_its_fault(
    content: bytes, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=complaint) as caught:
        read_idx(path, n_axes=3)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_header_that_promises_terabytes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 3]) + b"\xff" * 12))
    with pytest.raises(ValueError, match="is cut short"):
        read_idx(path, n_axes=3)
