"""The descriptors of AIM and the quick path of arrays: the same as element by element."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from aimcodec.bits import BitReader, BitWriter
from aimcodec.errors import AimcError, ArgumentError, InconsistentError, MalformedError, OutOfRangeError, TruncatedError
from aimcodec.syntax import Checker, Reader, Sizer, Syntax, TracingReader, Writer
from aimcodec.syntax.document import Row, document
from aimcodec.syntax.elements import Element, b, counted_bytes, counted_utf8, padding, u

NAME = counted_utf8("name", "1", "")
BLOB = counted_bytes("blob", "1", "", 8)
MAGIC = b(2, "magic", "1", "", frozenset([b"AB"]), "not this")
PAD = padding("pad", "1", "")


def array_of(s: Syntax, width: int, count: int) -> None:
    s.array("i < count", u(width, "item", "1", "", range(200)), count)


def outcome(reader: Reader, *arguments: Any) -> Any:
    try:
        return reader.unit("top", array_of, *arguments)
    except AimcError as error:
        return type(error), error.message, error.bit_offset, error.path


class OneByOne(Reader):
    def array(self, wording: str, element: Element[Any], count: int) -> list[Any]:
        return self._one_by_one(element, count)


@given(hs.binary(max_size=40), hs.sampled_from([8, 16, 32, 64]), hs.integers(-1, 12))
def test_arrays_are_read_as_element_by_element(data: bytes, width: int, count: int) -> None:
    """The quick path looks first whether all of them are there."""
    quick = outcome(Reader(data), width, count)
    slow = outcome(OneByOne(data), width, count)
    if isinstance(slow, tuple) and slow[0] is OutOfRangeError and count * width > 8 * len(data):
        assert quick[0] is TruncatedError
    else:
        assert quick == slow


@given(hs.binary(max_size=40), hs.sampled_from([8, 16, 32, 64]), hs.integers(-1, 12))
def test_arrays_are_traced_up_to_what_is_wrong(data: bytes, width: int, count: int) -> None:
    reader = TracingReader(data)
    found = outcome(reader, width, count)
    assert found == outcome(Reader(data), width, count)
    records = reader.log.records(data)
    taken = found[2] // width if isinstance(found, tuple) else max(count, 0)
    step = width // 8
    numbers = [int.from_bytes(data[i * step : (i + 1) * step], "big") for i in range(taken)]
    assert [(r.bit_offset, r.path, r.raw, r.value) for r in records] == [
        (i * width, f"top.item[{i}]", number, number) for i, number in enumerate(numbers)
    ]


def test_numbers() -> None:
    data = struct.pack(">3H", 1, 2, 65535)
    reader = BitReader(data)
    assert reader.numbers(16, 3) == [1, 2, 65535]
    assert reader.position == 48
    with pytest.raises(TruncatedError):
        reader.numbers(16, 1)


def test_a_checker_notes_every_element() -> None:
    checker = Checker(bytes([1, 250, 3, 251]))
    checker.unit("top", array_of, 8, 4)
    assert [(e.bit_offset, e.path) for e in checker.violations] == [(8, "top.item[1]"), (24, "top.item[3]")]


def everything(s: Syntax, size: int) -> None:
    s.code(MAGIC)
    s.counted(NAME)
    s.within("inner", size, inner)
    s.reserved(PAD)


def inner(s: Syntax) -> None:
    s.counted(BLOB)


VALUES = {"magic": b"AB", "name": "é", "inner": {"blob": b"xyz"}}
BYTES = b"AB\0\2\xc3\xa9\3xyz" + bytes(54)


def test_read_write_size() -> None:
    read = Reader(BYTES).unit("top", everything, 4)
    assert read == {**VALUES, "name_size": 2, "inner": {"blob_size": 3, "blob": b"xyz"}}
    for values in (VALUES, read):
        writer = Writer()
        writer.unit("top", values, b"", everything, 4)
        assert writer.tobytes() == BYTES
    sizer = Sizer()
    sizer.unit("top", VALUES, b"", everything, 0)
    assert sizer.position == 8 * len(BYTES)


@pytest.mark.parametrize(
    ("data", "size", "error", "path"),
    [
        (b"AC" + BYTES[2:], 4, MalformedError, "top.magic"),
        (BYTES[:4] + b"\xc3\x28" + BYTES[6:], 4, MalformedError, "top.name"),
        (BYTES[:4] + b"a\0" + BYTES[6:], 4, MalformedError, "top.name"),
        (BYTES[:4] + b"\xed\xa0\x80"[:2] + BYTES[6:], 4, MalformedError, "top.name"),
        (BYTES[:2] + b"\xff\xff" + BYTES[4:], 4, TruncatedError, "top.name"),
        (BYTES, 5, MalformedError, "top.inner"),
        (BYTES, 3, TruncatedError, "top.inner.blob"),
        (BYTES, 99, TruncatedError, "top.inner"),
        (BYTES[:-1] + b"\1", 4, MalformedError, "top.pad"),
        (BYTES[:-1], 4, TruncatedError, "top.pad"),
    ],
)
def test_what_cannot_be_read(data: bytes, size: int, error: type[AimcError], path: str) -> None:
    with pytest.raises(error) as refusal:
        Reader(data).unit("top", everything, size)
    assert refusal.value.path == path


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"magic": b"AC"}, MalformedError),
        ({"magic": b"ABC"}, ArgumentError),
        ({"name": 5}, ArgumentError),
        ({"name": "\ud800"}, ArgumentError),
        ({"name": "a\0"}, OutOfRangeError),
        ({"name_size": 3}, ArgumentError),
        ({"inner": {"blob": b"x" * 300}}, OutOfRangeError),
        ({"inner": {"blob": b"x"}}, InconsistentError),
        ({"inner": {"blob": "text"}}, ArgumentError),
    ],
)
def test_what_cannot_be_written(changed: dict[str, Any], error: type[AimcError]) -> None:
    with pytest.raises(error):
        Writer().unit("top", {**VALUES, **changed}, b"", everything, 4)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128])
def test_padding(size: int) -> None:
    writer = BitWriter()
    writer.data(b"x" * size)
    writer.padding()
    data = writer.tobytes()
    assert len(data) == (size + 63) // 64 * 64
    reader = BitReader(data)
    reader.view(size)
    assert reader.padding() == 0
    assert reader.position == reader.end


def described(s: Syntax) -> None:
    count = s.code(u(8, "count", "1", ""))
    if s.when("count > 1", count > 1):
        s.counted(NAME)
        s.array("i < count", u(16, "item", "1", ""), count)
    s.repeat("i < count", "rounds", count, _described_round)
    s.code(u(1, "last", "1", ""))


def _described_round(s: Syntax, index: int) -> None:
    s.counted(BLOB)
    s.array("i < count", u(4, "nibble", "1", ""), 3)


def test_a_structure_documents_itself() -> None:
    assert document(described, {}, {"last": "the last bit"}) == [
        Row(0, "count", "u(8)"),
        Row(0, "if count > 1:", ""),
        Row(1, "name_size", "u(16)"),
        Row(1, "name", "utf8(name_size)"),
        Row(1, "for each i < count: item[i]", "u(16)"),
        Row(0, "for each i < count:", ""),
        Row(1, "blob_size[i]", "u(8)"),
        Row(1, "blob[i]", "b(blob_size[i])"),
        Row(1, "for each j < count[i]: nibble[i][j]", "u(4)"),
        Row(0, "last", "the last bit"),
    ]
