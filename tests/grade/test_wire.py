"""Plain data comes through the wire unchanged; hostile bytes are refused or read, never worse."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course.grade.inside import wire
from course.judge.run import plain

DTYPES = st.sampled_from(
    ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u1", "b1", ">f8", ">i2", "U4", "S3"]
)
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
        elements=st.binary(max_size=3).map(lambda b: bytes(1 + c % 127 for c in b))
        if dtype == "S3"
        else None,
    )
)
VALUES = st.recursive(ARRAYS, lambda v: st.lists(v, max_size=4).map(tuple), max_leaves=8)
HEADERS = st.dictionaries(
    st.text(max_size=5).filter(lambda key: key != "value"),
    st.one_of(st.text(max_size=9), st.integers(), st.booleans(), st.none()),
    max_size=3,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if a.dtype.kind in "US":
        return bool(np.array_equal(a.astype(str), b))
    little = a.astype(a.dtype.newbyteorder("<"))
    return bool(b.dtype == little.dtype and b.shape == a.shape and b.tobytes() == little.tobytes())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(HEADERS, VALUES), max_size=4))
def test_what_is_packed_comes_out_again(records: list[tuple[dict[str, Any], Any]]) -> None:
    data = b"".join(wire.pack(header, value) for header, value in records)
    out = list(wire.unpack(data))
    assert [header for header, _ in out] == [header for header, _ in records]
    assert all(same(value, other) for (_, value), (_, other) in zip(records, out, strict=True))


@settings(max_examples=50, deadline=None)
@given(HEADERS, VALUES, st.data())
def test_a_record_cut_short_is_left_out(header: dict[str, Any], value: Any, data: Any) -> None:
    record = wire.pack(header, value)
    cut = data.draw(st.integers(0, len(record) - 1))
    assert len(list(wire.unpack(record + record[:cut]))) == 1


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(wire.WireError):
        list(wire.unpack(data))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["f8", "u4", "O", "V8"])),
    lambda v: st.one_of(
        st.lists(v, max_size=4),
        st.dictionaries(st.sampled_from(["dtype", "shape", "text", "x"]), v, max_size=3),
    ),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(JSON, st.binary(max_size=64))
def test_any_description_is_read_or_refused(what: Any, blob: bytes) -> None:
    head = json.dumps({"value": what}).encode()
    try:
        records = list(wire.unpack(len(head).to_bytes(4, "little") + head + blob))
    except wire.WireError:
        return
    for _, value in records:
        assert value is None or plain(value) is not None


def record(head: bytes) -> bytes:
    return len(head).to_bytes(4, "little") + head


REFUSED = {
    "a header of 4 GB": b"\xff\xff\xff\xff",
    "no JSON": record(b"{nothing"),
    "no object": record(b"[1]"),
    "no text": record(b"\xff\xfe\xfa"),
    "brackets without end": record(b"[" * 90_000),
    "a number of 90 000 digits": record(b'{"a": ' + b"9" * 90_000 + b"}"),
    "objects": record(b'{"value": {"dtype": "O", "shape": [1]}}') + bytes(8),
    "a shape below zero": record(b'{"value": {"dtype": "f8", "shape": [-1]}}') + bytes(8),
    "a shape of truths": record(b'{"value": {"dtype": "f8", "shape": [true]}}') + bytes(8),
    "an empty shape as large as the world": record(
        b'{"value": {"dtype": "f8", "shape": [0, 99999999999, 99999999999]}}'
    ),
    "an empty text as large as the world": record(b'{"value": {"text": [999999999, 999999999, 0]}}'),
    "a text without an axis": record(b'{"value": {"text": []}}') + bytes(4),
    "a character that does not exist": record(b'{"value": {"text": [1]}}') + b"\xff" * 4,
    "nothing inside a tuple": record(b'{"value": [null]}'),
    "tuples without end": record(b'{"value": ' + b"[" * 20 + b"]" * 20 + b"}"),
    "records without end": record(b"{}") * 30_000,
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused_is(what: str) -> None:
    with pytest.raises(wire.WireError):
        list(wire.unpack(REFUSED[what]))


TOO_MUCH = {
    "numbers": np.zeros(10**6),
    "dimensions": np.zeros((1,) * 9),
    "parts": tuple(np.zeros(1) for _ in range(10_000)),
    "an empty array": np.zeros((0, 10**8)),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_is_refused_where_it_is_sent(what: str) -> None:
    with pytest.raises(wire.WireError):
        wire.pack({}, TOO_MUCH[what])
