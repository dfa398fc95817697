"""Descriptors outside the codeword, against the writer that section 1.2 gives as an algorithm."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.errors import MalformedError, OutOfRangeError, TruncatedError
from aimcodec.reference.bits import BitReader


def ue_bits(x: int, k: int) -> str:
    """Section 1.2, writing x."""
    bits = ""
    while x >= 2**k:
        bits += "0"
        x -= 2**k
        k += 1
    return bits + "1" + (f"{x:0{k}b}" if k else "")


def reader(bits: str) -> BitReader:
    data = int(bits.ljust((len(bits) + 7) // 8 * 8, "0"), 2).to_bytes((len(bits) + 7) // 8, "big")
    return BitReader(data, 0, len(bits), "test")


@pytest.mark.parametrize(
    ("bits", "k", "value"), [("1", 0, 0), ("010", 0, 1), ("011", 0, 2), ("10", 1, 0), ("11", 1, 1), ("0100", 1, 2)]
)
def test_ue_examples(bits: str, k: int, value: int) -> None:
    assert reader(bits).ue(k, "x") == value


def test_ue_7_example() -> None:
    assert reader("10000011").ue(7, "x") == 3


@pytest.mark.parametrize(("m", "value"), list(enumerate([0, 1, -1, 2, -2])))
def test_ie_examples(m: int, value: int) -> None:
    assert reader(ue_bits(m, 2)).ie(2, "x") == value


@given(st.integers(0, 1 << 32), st.integers(0, 15), st.text("01", max_size=9))
def test_ue_reads_what_the_text_writes(x: int, k: int, before: str) -> None:
    bits = before + ue_bits(x, k)
    r = reader(bits)
    r.position = len(before)
    assert r.ue(k, "x") == x
    assert r.position == len(bits)


@given(st.integers(-(1 << 31), (1 << 31) - 1))
def test_ie_covers_int32(v: int) -> None:
    assert reader(ue_bits(-2 * v if v <= 0 else 2 * v - 1, 7)).ie(7, "x") == v


@pytest.mark.parametrize("bits", ["0" * 33 + "1" + "1" * 33, ue_bits((1 << 32) + 1, 0)])
def test_ue_beyond_32_bits(bits: str) -> None:
    with pytest.raises(OutOfRangeError):
        reader(bits).ue(0, "x")


@given(st.integers(-4096, 4095))
def test_i_is_twos_complement(v: int) -> None:
    assert reader(f"{v & 0x1FFF:013b}").i(13, "x") == v


@given(st.floats(width=32, allow_nan=False), st.integers(0, 7))
def test_flt32_is_little_endian_at_any_bit(value: float, shift: int) -> None:
    bits = "".join(f"{byte:08b}" for byte in struct.pack("<f", value))
    r = reader("1" * shift + bits)
    r.position = shift
    assert r.flt32("x") == value


@pytest.mark.parametrize(("position", "length"), [(0, 8), (1, 7), (7, 1)])
def test_align_takes_at_least_one_bit(position: int, length: int) -> None:
    r = reader("0" * position + "1" + "0" * (length - 1))
    r.position = position
    r.align()
    assert r.position == position + length


@pytest.mark.parametrize("bits", ["00000000", "11000000", "10000001"])
def test_align_has_one_pattern(bits: str) -> None:
    with pytest.raises(MalformedError):
        reader(bits).align()


def test_errors_name_element_and_first_bit() -> None:
    r = reader("101")
    r.u(2, "first")
    with pytest.raises(TruncatedError) as refusal:
        r.u(2, "second")
    assert (refusal.value.bit_offset, refusal.value.path) == (2, "test.second")


@pytest.mark.parametrize(("data", "error"), [(b"ab", TruncatedError), (b"\xc0\xaf\0", MalformedError)])
def test_bad_strings(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        BitReader(data, 0, 8 * len(data), "test").st("x")


def test_string_ends_with_its_unit() -> None:
    """A terminator behind the end of the unit does not count."""
    with pytest.raises(TruncatedError):
        BitReader(b"ab\0", 0, 16, "test").st("x")
