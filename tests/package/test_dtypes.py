"""The table of data types and packed memory (clause 6), beside the slow decoder and one number of any length."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs

from aimcodec.dtypes import DType, check_memory, dtype_of, from_code, from_name, pack, packed_bytes, unpack
from aimcodec.errors import ArgumentError, MalformedError, OutOfRangeError, UnsupportedError
from aimcodec.reference.aim.data_types import DATA_TYPES

from .arrays import PACKED_BITS, TYPES


@pytest.mark.parametrize("code", DATA_TYPES)
def test_the_table_is_that_of_the_slow_decoder(code: int) -> None:
    ours, theirs = from_code(code), DATA_TYPES[code]
    assert (ours.name, ours.bits, ours.record_bytes, ours.rotate) == (
        theirs.name,
        theirs.bits,
        theirs.records.bytes,
        theirs.records.rotate,
    )
    assert ours.numpy == TYPES[ours.name]
    assert dtype_of(TYPES[ours.name]) is ours
    assert from_name(ours.name.lower()) is ours
    assert ours.is_packed == (ours.name in PACKED_BITS)


def test_records_of_an_element() -> None:
    assert [from_name(name).records_per_element for name in ("COMPLEX64", "FLOAT32", "INT4")] == [2, 1, 0.5]


def test_byte_order_does_not_matter() -> None:
    assert dtype_of(np.dtype(">f4")) is dtype_of(np.dtype("<f4"))


@pytest.mark.parametrize("dtype", ["O", "U3", "S4", "M8[s]", "m8[s]", "V4", "longdouble", [("a", "i4")]])
def test_types_that_have_no_place(dtype: object) -> None:
    with pytest.raises(ArgumentError):
        dtype_of(np.dtype(dtype))  # type: ignore[call-overload]


def test_versions_of_ml_dtypes_without_types_of_one_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ml_dtypes, "uint1")
    monkeypatch.delattr(ml_dtypes, "int1")
    unsigned, signed = (DType(from_name(n).code, n, 1, 1, rotate=False) for n in ("UINT1", "INT1"))
    assert unpack(np.array([5], np.uint8), unsigned, 3).tolist() == [1, 0, 1]
    with pytest.raises(UnsupportedError):
        unpack(np.array([5], np.uint8), signed, 3)


def test_codes_that_are_reserved() -> None:
    for code in (32, 254, 255):
        with pytest.raises(OutOfRangeError):
            from_code(code)
    with pytest.raises(ArgumentError):
        from_name("float5")


@pytest.mark.parametrize("name", PACKED_BITS)
@given(codes=hs.lists(hs.integers(0, 255), max_size=40))
def test_packed_memory(name: str, codes: list[int]) -> None:
    """Element i has the bits from i * bits on (6.2); higher bits of its byte do not count."""
    dtype = from_name(name)
    kept = [code & (1 << dtype.bits) - 1 for code in codes]
    number = sum(code << i * dtype.bits for i, code in enumerate(kept))
    memory = pack(np.array(codes, np.uint8), dtype.bits)
    assert memory.tobytes() == number.to_bytes(packed_bytes(dtype, len(codes)), "little")
    elements = unpack(memory, dtype, len(codes))
    assert elements.dtype == TYPES[name]
    assert elements.view(np.uint8).tolist() == kept


def test_packed_values() -> None:
    """1.5, -6, 0.5 as 4 bits: 0011, 1111, 0001."""
    values = np.array([1.5, -6, 0.5], ml_dtypes.float4_e2m1fn)
    assert pack(values, 4).tobytes() == bytes([0xF3, 0x01])
    assert unpack(np.array([0xF3, 0x01], np.uint8), from_name("FLOAT4_E2M1FN"), 3).tolist() == [1.5, -6, 0.5]


def test_memory_that_cannot_be() -> None:
    check_memory(np.array([0x21, 0x03], np.uint8), from_name("INT4"), 3)
    with pytest.raises(MalformedError):
        check_memory(np.array([0x21, 0x13], np.uint8), from_name("INT4"), 3)
    check_memory(np.array([0, 1], np.uint8), from_name("BOOL"), 2)
    with pytest.raises(OutOfRangeError):
        check_memory(np.array([0, 2], np.uint8), from_name("BOOL"), 2)
    check_memory(np.empty(0, np.uint8), from_name("BOOL"), 0)


def test_safetensors_names() -> None:
    from safetensors.numpy import save

    for name in ("BOOL", "UINT8", "INT16", "UINT32", "INT64", "FLOAT16", "FLOAT64", "COMPLEX64", "BFLOAT16"):
        header = save({"t": np.zeros(2, TYPES[name])})
        assert f'"dtype":"{from_name(name).safetensors}"'.encode() in header
    assert from_name("INT4").safetensors is None
