"""Descriptors outside the codeword: known answers of section 1.2, and strings of 0 and 1 as the oracle."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from aimcodec.bits import MAX_UE, BitCounter, BitReader, BitSink, BitWriter
from aimcodec.errors import ArgumentError, LimitExceededError, MalformedError, OutOfRangeError, TruncatedError

from . import bitstrings


def reader(bits: str, **arguments: int) -> BitReader:
    """Reads exactly these bits; the ones after them, up to the byte boundary, are beyond the limit."""
    data = bitstrings.pack(bits + "1" * (-len(bits) % 8))
    r = BitReader(data, **arguments)
    r.limit = len(bits)
    return r


def written(writer: BitWriter) -> str:
    return bitstrings.u(writer.position, writer.peek(0, writer.position)) if writer.position else ""


@pytest.mark.parametrize(
    ("k", "bits", "value"),
    [(0, "1", 0), (0, "010", 1), (0, "011", 2), (1, "10", 0), (1, "11", 1), (1, "0100", 2), (7, "10000011", 3)],
)
def test_ue_examples_of_the_text(k: int, bits: str, value: int) -> None:
    assert reader(bits).ue(k) == value
    writer = BitWriter()
    writer.ue(k, value)
    assert written(writer) == bits


@pytest.mark.parametrize(("code", "value"), [(0, 0), (1, 1), (2, -1), (3, 2), (4, -2)])
def test_ie_mapping_of_the_text(code: int, value: int) -> None:
    assert reader(bitstrings.ue(2, code)).ie(2) == value
    writer = BitWriter()
    writer.ie(2, value)
    assert written(writer) == bitstrings.ue(2, code)


def test_align_at_an_aligned_position_takes_a_byte() -> None:
    writer = BitWriter()
    writer.align()
    assert writer.tobytes() == b"\x80"
    assert BitReader(b"\x80").align()


numbers = hs.one_of(
    hs.tuples(hs.just("u"), hs.integers(1, 70)).flatmap(
        lambda d: hs.tuples(hs.just(d), hs.integers(0, 2 ** d[1] - 1)),
    ),
    hs.tuples(hs.just("i"), hs.integers(1, 40)).flatmap(
        lambda d: hs.tuples(hs.just(d), hs.integers(-(2 ** (d[1] - 1)), 2 ** (d[1] - 1) - 1)),
    ),
    hs.tuples(hs.tuples(hs.just("ue"), hs.integers(0, 15)), hs.integers(0, MAX_UE) | hs.integers(0, 300)),
    hs.tuples(hs.tuples(hs.just("ie"), hs.integers(0, 15)), hs.integers(-(2**31), 2**31) | hs.integers(-99, 99)),
)


@given(hs.lists(numbers, max_size=30))
def test_any_mixture_of_numbers(items: list[tuple[tuple[str, int], int]]) -> None:
    writer, counter = BitWriter(), BitCounter()
    expected = ""
    for (name, parameter), value in items:
        expected += getattr(bitstrings, name)(parameter, value)
        for sink in (writer, counter):
            getattr(sink, name)(parameter, value)
    assert written(writer) == expected
    assert counter.position == len(expected)
    r = reader(expected)
    assert [getattr(r, name)(parameter) for (name, parameter), _ in items] == [value for _, value in items]
    assert r.position == len(expected)


@given(numbers, hs.text("01", max_size=9))
def test_no_proper_prefix_of_a_number_can_be_read(item: tuple[tuple[str, int], int], before: str) -> None:
    (name, parameter), value = item
    bits = before + getattr(bitstrings, name)(parameter, value)
    for cut in range(len(before), len(bits)):
        r = reader(bits[:cut])
        r.position = len(before)
        with pytest.raises(TruncatedError) as error:
            getattr(r, name)(parameter)
        assert error.value.bit_offset == r.position == len(before)


@pytest.mark.parametrize("k", range(16))
@pytest.mark.parametrize("offset", [0, 5])
def test_endless_prefix_is_refused(k: int, offset: int) -> None:
    r = reader("1" * offset + "0" * 2000)
    r.position = offset
    with pytest.raises(OutOfRangeError) as error:
        r.ue(k)
    assert error.value.bit_offset == offset
    longest_good_prefix = reader("0" * (32 - k) + "1" * 33)
    assert longest_good_prefix.ue(k) == 2**33 - 1 - 2**k


@pytest.mark.parametrize("value", [0.0, -0.0, 1.5, -(2.0**-149), 3.4028234663852886e38, math.inf, -math.inf])
@pytest.mark.parametrize("offset", range(8))
def test_floats_at_any_bit(value: float, offset: int) -> None:
    bits = "1" * offset + bitstrings.flt(value)
    r = reader(bits)
    r.position = offset
    got = r.flt()
    assert struct.pack("<d", got) == struct.pack("<d", value)
    writer = BitWriter()
    if offset:
        writer.u(offset, 2**offset - 1)
    writer.flt(got)
    assert written(writer) == bits


@given(hs.integers(0, 2**32 - 1))
def test_every_binary32_pattern_survives(pattern: int) -> None:
    """Signalling NaNs too, whatever the processor does to them in conversions."""
    data = pattern.to_bytes(4, "little")
    writer = BitWriter()
    writer.flt(BitReader(data).flt())
    assert writer.tobytes() == data


@pytest.mark.parametrize("value", [0.1, 1e39, 2.0**-150, struct.unpack("<d", b"\1" + bytes(5) + b"\xf8\x7f")[0]])
def test_numbers_that_are_no_binary32_are_not_rounded(value: float) -> None:
    with pytest.raises(OutOfRangeError):
        BitWriter().flt(value)


@given(hs.text(hs.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_strings(text: str) -> None:
    writer, counter = BitWriter(), BitCounter()
    for sink in (writer, counter):
        sink.st(text)
    assert writer.tobytes() == text.encode() + b"\0"
    assert counter.position == writer.position
    r = BitReader(writer.tobytes())
    assert r.st() == text
    assert r.position == r.end


@pytest.mark.parametrize("data", [b"\xff\0", b"a\xc3(\0", b"\xc0\xaf\0", b"\xed\xa0\x80\0", b"\xf4\x90\x80\x80\0"])
def test_what_is_not_utf8_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        BitReader(data).st()


def test_string_ends_inside_its_limit() -> None:
    r = BitReader(b"ab\0")
    r.limit = 16
    with pytest.raises(TruncatedError):
        r.st()
    assert BitReader(b"ab\0", max_string_bytes=2).st() == "ab"
    with pytest.raises(LimitExceededError):
        BitReader(b"ab\0", max_string_bytes=1).st()


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_strings_without_a_coded_form(text: str) -> None:
    with pytest.raises(OutOfRangeError):
        BitWriter().st(text)


@pytest.mark.parametrize("sink", [BitWriter, BitCounter])
@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [("u", 3, 8), ("u", 3, -1), ("i", 3, 4), ("i", 3, -5), ("ue", 0, -1), ("ue", 0, MAX_UE + 1), ("ie", 0, 2**31 + 1)],
)
def test_values_that_do_not_fit(sink: type[BitSink], name: str, parameter: int, value: int) -> None:
    s = sink()
    with pytest.raises(OutOfRangeError):
        getattr(s, name)(parameter, value)
    assert s.position == 0


def test_misuse_is_an_argument_error() -> None:
    with pytest.raises(ArgumentError):
        BitReader("text")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError):
        BitReader(memoryview(b"abcd")[::2])
    r = BitReader(b"abcd")
    r.flag()
    with pytest.raises(ArgumentError):
        r.st()
    writer = BitWriter()
    writer.u(1, 1)
    for use in (lambda: writer.data(b"a"), writer.tobytes):
        with pytest.raises(ArgumentError):
            use()


@given(hs.binary(min_size=1, max_size=20), hs.data())
def test_peek_in_reader_and_writer(data: bytes, draw: hs.DataObject) -> None:
    bits = "".join(bitstrings.u(8, byte) for byte in data)
    surplus = draw.draw(hs.integers(0, 7))
    bits = bits[: len(bits) - surplus]
    writer = BitWriter()
    for bit in bits:
        writer.u(1, int(bit))
    start = draw.draw(hs.integers(0, len(bits)))
    count = draw.draw(hs.integers(0, len(bits) - start))
    expected = int(bits[start : start + count] or "0", 2)
    assert writer.peek(start, count) == BitReader(data).peek(start, count) == expected


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_rest_is_a_view_of_the_data(kind: type) -> None:
    data = kind(b"abcdef")
    r = BitReader(data)
    r.u(16)
    r.limit = 40
    rest = r.rest()
    assert bytes(rest) == b"cde"
    assert rest.obj is (data.obj if kind is memoryview else data)
