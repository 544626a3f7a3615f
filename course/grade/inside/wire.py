"""Plain data as bytes: how outcomes leave the sandbox. Reading trusts nothing.

A record is the length of its header (4 bytes, the highest last), the header as JSON, and the
arrays' bytes one after another. No pickles, and no length is believed before the bytes are there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, TypeGuard

import numpy as np

MAX_HEADER = 100_000  # bytes of one record's header
MAX_HEADERS = 4 * 2**20  # of all of them: as objects they take twenty times as much
MAX_RECORDS = 20_000
MAX_VALUE = 4 * 2**20  # bytes of one record's arrays
MAX_DEPTH = 8
DTYPES = {kind + size for kind in "iu" for size in "1248"} | {"f2", "f4", "f8", "b1"}


class WireError(ValueError):
    """The bytes are not what `pack` makes."""


def pack(header: dict[str, Any], value: Any = None) -> bytes:
    """Make a record.

    Parameters
    ----------
    header : dict
        Strings, numbers and lists of them.
    value : array or tuple of values, optional
        What `course.judge.run.plain` returns.

    Returns
    -------
    bytes

    Raises
    ------
    WireError
        If there is too much of it for `unpack`.
    """
    blobs: list[bytes] = []
    described = None if value is None else _describe(value, blobs, 0)
    head = json.dumps({**header, "value": described}).encode()
    if len(head) > MAX_HEADER or sum(map(len, blobs)) > MAX_VALUE:
        raise WireError("returned far more than is asked for")
    return b"".join([len(head).to_bytes(4, "little"), head, *blobs])


def unpack(data: bytes) -> Iterator[tuple[dict[str, Any], Any]]:
    """Read records until the bytes end; the last may be cut short.

    Parameters
    ----------
    data : bytes
        From a process that is not trusted.

    Yields
    ------
    header : dict
    value : array, tuple or None

    Raises
    ------
    WireError
        If they are not records.
    """
    place = headers = records = 0
    while len(data) - place >= 4:
        length = int.from_bytes(data[place : place + 4], "little")
        headers, records = headers + length, records + 1
        if length > MAX_HEADER or headers > MAX_HEADERS or records > MAX_RECORDS:
            raise WireError("the headers are too long, or too many")
        start = place + 4 + length
        if start > len(data):
            return
        try:
            header = json.loads(data[place + 4 : start])
        except (ValueError, RecursionError):
            raise WireError("a header is not JSON") from None
        if not isinstance(header, dict):
            raise WireError("a header is not an object")
        described, value, place = header.pop("value", None), None, start
        if described is not None:
            try:
                value, place = _rebuild(described, data, start, 0)
            except EOFError:
                return
        yield header, value


def _describe(value: Any, blobs: list[bytes], depth: int) -> Any:
    """Describe a value for the header; its arrays' bytes go to the blobs."""
    if depth > MAX_DEPTH:
        raise WireError("returned tuples nested too deeply")
    if isinstance(value, tuple):
        return [_describe(part, blobs, depth + 1) for part in value]
    array = np.asarray(value)
    if array.dtype.kind in "US":
        # As numbers, the code points: a string is an array with one more axis.
        array = np.char.decode(array, "latin-1") if array.dtype.kind == "S" else array
        array = np.asarray(array.astype(str))
        width = array.dtype.itemsize // 4
        codes = np.frombuffer(array.tobytes(), dtype="<u4").reshape(*array.shape, width)
        return {"text": _shape_of(codes, blobs)}
    if array.dtype.kind not in "biuf":  # the bytes of objects are addresses
        raise WireError(f"returned an array of dtype {array.dtype}, expected numbers")
    # 'longdouble' and byte orders differ between machines; what is sent does not.
    dtype = array.dtype.newbyteorder("<") if array.dtype.itemsize <= 8 else np.dtype("<f8")
    return {"dtype": dtype.str.lstrip("<|"), "shape": _shape_of(array.astype(dtype), blobs)}


def _shape_of(array: Any, blobs: list[bytes]) -> list[int]:
    """Return an array's shape; its bytes go to the blobs."""
    shape = list(array.shape)
    if not _is_shape(shape):
        raise WireError("returned an array far larger than is asked for")
    blobs.append(array.tobytes())
    return shape


def _rebuild(what: Any, data: bytes, place: int, depth: int) -> tuple[Any, int]:
    """Rebuild a value from its description; EOFError if the bytes end before it does."""
    if depth > MAX_DEPTH:
        raise WireError("a value is nested too deeply")
    if isinstance(what, list):
        parts = []
        for part in what:
            value, place = _rebuild(part, data, place, depth + 1)
            parts.append(value)
        return tuple(parts), place
    text = isinstance(what, dict) and "text" in what
    dtype = "u4" if text else what.get("dtype") if isinstance(what, dict) else None
    shape = what.get("text" if text else "shape") if isinstance(what, dict) else None
    if not isinstance(dtype, str) or dtype not in DTYPES or not _is_shape(shape):
        raise WireError("a value is described wrongly")
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if place + size > len(data):
        raise EOFError
    array = np.frombuffer(data[place : place + size], dtype="<" + dtype).reshape(shape)
    return (_as_text(array) if text else array.copy()), place + size


def _is_shape(shape: Any) -> TypeGuard[list[int]]:
    """Return whether this is the shape of an array one may have."""
    return (
        isinstance(shape, list)
        and len(shape) <= 8
        and all(type(length) is int and length >= 0 for length in shape)
        # An empty array needs no bytes, so its other lengths could be anything.
        and math.prod(max(length, 1) for length in shape) <= MAX_VALUE
    )


def _as_text(codes: Any) -> Any:
    """Turn code points along the last axis back into strings."""
    if codes.ndim == 0 or (codes.size and codes.max() > 0x10FFFF):
        raise WireError("a text holds what is no character")
    *shape, width = codes.shape
    if width == 0 or codes.size == 0:
        return np.zeros(shape, dtype="U1")
    return np.ascontiguousarray(codes, dtype=np.uint32).view(f"U{width}").reshape(shape)
