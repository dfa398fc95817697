"""Whole AIM files (docs/spec/aim-bitstream.md): everything read, every broken rule refused with its kind."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimcodec.conformance.generators.aim.blocks import draw_data, draw_planes, draw_sparse, seeded
from aimcodec.conformance.generators.aim.files import (
    Entry,
    File,
    coded_tensor,
    numbers,
    raw_tensor,
    text,
    typed_header,
    unit,
)
from aimcodec.errors import (
    AimcError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.reference.aim import read

VARIANT_1 = unit(1, numbers("H", 1) + text("int8") + text("for small machines"))


def raw_block(records: bytes) -> bytes:
    return b"\0" + records


def metadata(*pairs: tuple[str, str]) -> bytes:
    return unit(2, b"", numbers("I", len(pairs)) + b"".join(text(k) + text(v, ">I") for k, v in pairs))


def asset(name: str, content: bytes = b"") -> bytes:
    return unit(5, text(name) + text("text/plain"), content)


def structure(variant: int, content: bytes = b"graph") -> bytes:
    return unit(6, numbers("H", variant) + text("application/onnx"), content)


def evaluation(variant: int) -> bytes:
    record = numbers("H", variant) + text("classify") + text("digits") + text("top-1") + struct.pack(">d", 0.875)
    return unit(7, b"", numbers("H", 1) + record)


def everything() -> File:
    """A file with every kind of unit but those of NNC."""
    file = File().add(
        VARIANT_1,
        metadata(("a", "1"), ("", "")),
        metadata(("ü", "€")),
        unit(3, b"", numbers("H", 1) + text("Ada") + text("author") + text("") + text("ada@example.org")),
        unit(4, text("BSD-3-Clause"), "Do what you like ©".encode()),
        asset("tokenizer/vocab.txt", b"\0\1\2"),
        structure(1),
        evaluation(1),
    )
    file.raw("w", 11, (2, 2), struct.pack("<4f", 1, 2, 3, 4))
    file.raw("w", 2, (3,), struct.pack("3b", -1, 0, 1), variant=1)
    file.alias("v", "w")
    file.add(unit(77, b"anything", b"unknown", flags=0), unit(1, numbers("H", 0) + text("fp32") + text("")))
    file.tensor("empty", 12, (0, 5), [coded_tensor("empty", 12, (0, 5), [], 7)], coding=1)
    blocks = [raw_block(struct.pack("<2H", 1, 2)), b"\1" + struct.pack("<H", 3), raw_block(struct.pack("<H", 4))]
    segments = [
        coded_tensor("long", 3, (6,), blocks[:2], 2, segment=(0, 4)),
        coded_tensor("long", 3, (6,), [b"\1\5\0"], 9, segment=(4, 2)),
    ]
    file.tensor("long", 3, (6,), segments, coding=1)
    return file.alias("scalar", "empty", tied=0)


# What is read.


def test_everything_in_a_file() -> None:
    file = read(everything().data())
    assert file.producer == "a test"
    assert {v.variant_id: (v.name, v.description) for v in file.variants.values()} == {
        0: ("fp32", ""),
        1: ("int8", "for small machines"),
    }
    assert file.metadata == {"a": "1", "": "", "ü": "€"}
    (contributor,) = file.contributors
    assert (contributor.name, contributor.role, contributor.organization) == ("Ada", "author", "")
    assert contributor.contact == "ada@example.org"
    assert [(x.expression, x.text) for x in file.licences] == [("BSD-3-Clause", "Do what you like ©")]
    assert file.assets["tokenizer/vocab.txt"].content == b"\0\1\2"
    assert file.assets["tokenizer/vocab.txt"].media_type == "text/plain"
    assert file.structures[1].content == b"graph"
    (measured,) = file.evaluations
    assert (measured.task, measured.dataset, measured.metric, measured.value) == ("classify", "digits", "top-1", 0.875)
    assert list(file.tensors) == [(0, "w"), (1, "w"), (0, "v"), (0, "empty"), (0, "long"), (0, "scalar")]
    assert file.tensors[0, "w"].array.tolist() == [[1, 2], [3, 4]]
    assert file.tensors[1, "w"].array.tolist() == [-1, 0, 1]
    assert file.tensors[0, "v"].memory is file.tensors[0, "w"].memory
    assert file.tensors[0, "v"].alias is not None
    assert file.tensors[0, "v"].alias.tied
    assert file.tensors[0, "empty"].array.shape == (0, 5)
    assert file.tensors[0, "scalar"].alias is not None
    assert not file.tensors[0, "scalar"].alias.tied
    assert file.tensors[0, "long"].array.tolist() == [1, 2, 3, 3, 5, 5]


def test_the_smallest_file() -> None:
    """PACKAGE of 64 bytes; INDEX of 64 and 64 (50 bytes of payload); END of 128."""
    data = File(package=unit(0, b"\1\0\0\0")).data()
    assert len(data) == 64 + 128 + 128
    file = read(data)
    assert (file.producer, file.tensors, file.metadata) == ("", {}, {})
    assert list(file.variants) == [0]


def test_a_unit_by_hand() -> None:
    """The layout of clause 2.2 for PACKAGE; the checksum of an empty payload is 0."""
    head = "8941494d0d0a1a0a 00 80 00000022 0000000000000000 00000000 01 00 0000"
    by_hand = bytes.fromhex(head)
    by_hand += zlib.crc32(by_hand).to_bytes(4, "big") + bytes(30)
    assert len(by_hand) == 64
    assert read(File(package=by_hand).data()).producer == ""


ELEMENT_TYPES: dict[int, type] = {
    **dict(enumerate([np.bool_, np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64])),
    9: np.float16,
    10: ml_dtypes.bfloat16,
    11: np.float32,
    12: np.float64,
    13: np.complex64,
    14: np.complex128,
    15: ml_dtypes.float8_e4m3fn,
    16: ml_dtypes.float8_e4m3fnuz,
    17: ml_dtypes.float8_e4m3b11fnuz,
    18: ml_dtypes.float8_e5m2,
    19: ml_dtypes.float8_e5m2fnuz,
    20: ml_dtypes.float8_e8m0fnu,
    21: ml_dtypes.float8_e3m4,
    22: ml_dtypes.float8_e4m3,
    23: ml_dtypes.float6_e2m3fn,
    24: ml_dtypes.float6_e3m2fn,
    25: ml_dtypes.float4_e2m1fn,
    26: ml_dtypes.int4,
    27: ml_dtypes.uint4,
    28: ml_dtypes.int2,
    29: ml_dtypes.uint2,
    30: ml_dtypes.int1,
    31: ml_dtypes.uint1,
}
SMALL_BITS = {23: 6, 24: 6, 25: 4, 26: 4, 27: 4, 28: 2, 29: 2, 30: 1, 31: 1}
ROTATED = {9: 2, 10: 2, 11: 4, 12: 8, 13: 4, 14: 8}


def packed(codes: list[int], bits: int) -> bytes:
    """Clause 6.2, with one number of any length."""
    return sum(code << i * bits for i, code in enumerate(codes)).to_bytes((len(codes) * bits + 7) // 8, "little")


def some_elements(data_type: int, count: int) -> tuple[bytes, np.ndarray]:
    """Memory, and the elements one by one."""
    element = np.dtype(ELEMENT_TYPES[data_type])
    rng = np.random.default_rng(data_type)
    if data_type in SMALL_BITS:
        codes = rng.integers(0, 1 << SMALL_BITS[data_type], count).tolist()
        return packed(codes, SMALL_BITS[data_type]), np.array(codes, np.uint8).view(element)
    memory = rng.bytes(count * element.itemsize) if data_type else rng.integers(0, 2, count).astype(np.uint8).tobytes()
    return memory, np.frombuffer(memory, element)


@pytest.mark.parametrize("data_type", ELEMENT_TYPES)
def test_raw_data_types(data_type: int) -> None:
    memory, elements = some_elements(data_type, 15)
    tensor = read(File().raw("t", data_type, (3, 5), memory).data()).tensors[0, "t"]
    assert tensor.memory == memory
    assert tensor.array.dtype == elements.dtype
    assert tensor.array.shape == (3, 5)
    assert tensor.array.tobytes() == elements.tobytes()
    assert tensor.data_type.lower() == elements.dtype.name


@pytest.mark.parametrize("data_type", ELEMENT_TYPES)
def test_lossless_data_types(data_type: int) -> None:
    """Planes and sparse blocks of 7 records, in segments of 8 and 7 elements."""
    memory, elements = some_elements(data_type, 15)
    bits = SMALL_BITS.get(data_type, 8 * elements.dtype.itemsize)
    record_bytes = ROTATED.get(data_type, max(bits // 8, 1))
    rng = seeded(data_type)
    units = []
    for start, count in ((0, 8), (8, 7)):
        part = memory[start * bits // 8 : (start * bits + count * bits + 7) // 8]
        blocks = []
        for begin in range(0, len(part), 7 * record_bytes):
            records = part[begin : begin + 7 * record_bytes]
            draw, mode = rng.choice([(draw_planes, b"\2"), (draw_sparse, b"\3")])
            block = mode + draw(rng, records, record_bytes, data_type in ROTATED, False)
            blocks.append(block if len(block) <= len(records) + 1 else raw_block(records))
        units.append(coded_tensor("t", data_type, (15,), blocks, 7, segment=(start, count)))
    file = File().tensor("t", data_type, (15,), units, coding=1)
    assert read(file.data()).tensors[0, "t"].memory == memory


@given(st.integers(0, 1 << 32))
@settings(max_examples=60)
def test_lossless_blocks_that_are_short_enough(seed: int) -> None:
    rng = seeded(seed)
    memory = bytes(rng.choices([0, 0, 0, 255], k=4)) * 150 + draw_data(rng, 600)
    blocks = []
    for begin in range(0, 1200, 4 * 60):
        records = memory[begin : begin + 240]
        block = b"\2" + draw_planes(rng, records, 4, True, False)
        blocks.append(block if len(block) <= 241 else raw_block(records))
    file = File().tensor("t", 11, (300,), [coded_tensor("t", 11, (300,), blocks, 60)], coding=1)
    assert read(file.data()).tensors[0, "t"].memory == memory


@pytest.mark.parametrize("coding", [0, 1])
def test_opaque(coding: int) -> None:
    """2 rows of 64 elements in blocks of 32 elements and 18 bytes."""
    memory = b"\5\5" + 16 * b"\7" + b"\5\5" + 16 * b"\7" + bytes(range(36))
    opaque = ("gguf:Q4_0", 32, 18)
    if coding == 0:
        made = [unit(16, typed_header("q", 255, (2, 64), 0, (0, 128), opaque=opaque), memory)]
    else:
        blocks = [bytes.fromhex("02 02 02 10 01 05 01 07"), raw_block(memory[36:])]
        made = [
            coded_tensor("q", 255, (2, 64), blocks[:1], 2, segment=(0, 64), opaque=opaque),
            coded_tensor("q", 255, (2, 64), blocks[1:], 2, segment=(64, 64), opaque=opaque),
        ]
    tensor = read(File().tensor("q", 255, (2, 64), made, coding).data()).tensors[0, "q"]
    assert tensor.memory == memory
    assert tensor.shape == (2, 64)
    assert tensor.array.tolist() == [list(memory[:36]), list(range(36))]


@pytest.mark.parametrize("dimensions", [(), (0,), (3, 0, 2), (1,) * 32, (0, (1 << 61) - 1)])
def test_shapes(dimensions: tuple[int, ...]) -> None:
    count = 0 if 0 in dimensions else 1
    tensor = read(File().raw("t", 11, dimensions, bytes(4 * count)).data()).tensors[0, "t"]
    assert tensor.array.shape == dimensions


# Damage.


def small() -> bytes:
    file = File().add(metadata(("a", "b"))).raw("w", 3, (3,), b"abcdef")
    file.tensor("c", 1, (90,), [coded_tensor("c", 1, (90,), [b"\1\7", raw_block(bytes(30))], 60)], coding=1)
    return file.alias("v", "w").data()


def test_every_flipped_bit_is_refused() -> None:
    """Checksums, digests and padding leave no bit free."""
    data = small()
    assert len(read(data).tensors) == 3
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(AimcError):
            read(bytes(flipped))


def test_every_prefix_is_truncated() -> None:
    data = everything().data()
    for length in range(len(data)):
        with pytest.raises(TruncatedError):
            read(data[:length])


@given(st.data())
@settings(max_examples=300)
def test_changes_under_good_checksums(data: st.DataObject) -> None:
    """One byte of a header or payload, in a file that is otherwise sealed anew: an error of the set, or a file."""
    file = everything()
    number = data.draw(st.integers(0, len(file.units) - 1))
    old = file.units[number]
    header_size, payload_size = struct.unpack(">IQ", old[10:22])
    contents = [old[26 : header_size - 4], old[-(-header_size // 64) * 64 :][:payload_size]]
    part = data.draw(st.sampled_from([k for k in (0, 1) if contents[k]]))
    place = data.draw(st.integers(0, len(contents[part]) - 1))
    changed = bytearray(contents[part])
    changed[place] ^= data.draw(st.integers(1, 255))
    contents[part] = bytes(changed)
    file.units[number] = unit(old[8], *contents, flags=old[9])
    try:
        read(file.data())
    except AimcError as error:
        found = error
    else:
        return
    assert found.code != "internal"
    assert found.path.startswith("units[")


# Broken rules of files and units (clause 2).

GOOD_TENSOR = raw_tensor("w", 1, (3,), b"abc")


def refused(error: type[AimcError], data: bytes) -> AimcError:
    with pytest.raises(error) as refusal:
        read(data)
    return refusal.value


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (unit(99), UnsupportedError),
        (unit(99, flags=0x40), None),
        (unit(99, flags=0), None),
        (unit(2, b"", numbers("I", 0)), None),
        (unit(2, b"", numbers("I", 0), flags=0x80), OutOfRangeError),
        (unit(1, numbers("H", 1) + text("a") + text(""), flags=0), OutOfRangeError),
        (unit(2, b"", numbers("I", 0), flags=1), OutOfRangeError),
        (unit(2, b"", numbers("I", 0), flags=0x20), OutOfRangeError),
        (unit(2, b"", b"secret", flags=0x40), UnsupportedError),
        (unit(16, typed_header("t", 1, (6,), 0, (0, 6)), b"secret", flags=0xC0), UnsupportedError),
        (unit(2, b"", numbers("I", 0), header_size=29), OutOfRangeError),
        (unit(2, b"", numbers("I", 0), header_size=(1 << 26) + 1), OutOfRangeError),
        (unit(2, b"", numbers("I", 0), header_size=1 << 26), TruncatedError),
        (unit(2, b"", numbers("I", 0), payload_size=1 << 63), TruncatedError),
        (unit(2, b"", numbers("I", 0), payload_size=(1 << 64) - 1), TruncatedError),
        (unit(2, b"", numbers("I", 0), payload_crc=1), InconsistentError),
        (unit(2, b"", numbers("I", 0), header_crc=1), InconsistentError),
        (unit(2, b"", numbers("I", 0), marker=b"\x89AIM\r\n\x1a\r"), MalformedError),
        (unit(2, b"", numbers("I", 0))[:-1] + b"\1", MalformedError),
        (unit(2, b"", numbers("I", 0))[:63] + b"\1" + unit(2, b"", numbers("I", 0))[64:], MalformedError),
        (unit(2, b"\0", numbers("I", 0)), MalformedError),
        (unit(2, b"", numbers("I", 0) + b"\0"), MalformedError),
        (unit(2, b"", numbers("I", 1)), TruncatedError),
        (unit(2, b"", b""), TruncatedError),
        (unit(0, bytes([1, 0]) + text("")), MalformedError),
        (unit(255, bytes(56)), MalformedError),
    ],
)
def test_units(made: bytes, error: type[AimcError] | None) -> None:
    data = File().add(made).data()
    if error is None:
        read(data)
    else:
        refused(error, data)


@pytest.mark.parametrize(
    ("package", "error"),
    [
        (unit(0, bytes([1, 200]) + text("later")), None),
        (unit(0, bytes([2, 0]) + text("")), UnsupportedError),
        (unit(0, bytes([0, 0]) + text("")), UnsupportedError),
        (unit(0, bytes([1, 0]) + text(""), b"x"), MalformedError),
        (unit(0, bytes([1, 0]) + text("") + b"x"), MalformedError),
        (unit(0, bytes([1, 0]) + numbers("H", 2) + b"x"), TruncatedError),
        (unit(0, bytes([1, 0]) + text(""), flags=0xC0), OutOfRangeError),
        (unit(0, bytes([1, 0]) + text("a\0b")), MalformedError),
        (unit(0, bytes([1, 0]) + numbers("H", 2) + b"\xc0\xaf"), MalformedError),
        (unit(0, bytes([1, 0]) + numbers("H", 3) + b"\xed\xa0\x80"), MalformedError),
        (GOOD_TENSOR, MalformedError),
        (b"PK\3\4" + bytes(60), MalformedError),
    ],
)
def test_packages(package: bytes, error: type[AimcError] | None) -> None:
    data = File(package=package).data()
    if error is None:
        assert read(data).producer == "later"
    else:
        refused(error, data)


def test_files_of_nothing() -> None:
    refused(TruncatedError, b"")
    refused(TruncatedError, File().package)


def test_what_follows_the_end() -> None:
    refused(MalformedError, File().data() + bytes(64))
    refused(MalformedError, File().data() + b"\n")


def test_a_unit_between_index_and_end() -> None:
    data = File().data()
    refused(MalformedError, data[:-128] + metadata() + data[-128:])
    refused(MalformedError, data[:-128] + metadata())


def test_index_and_end_that_are_not_filled() -> None:
    data = File().data()
    index, end = data[64:-128], data[-128:]
    values = end[26:82]
    assert data == File.package + index + unit(255, values)
    refused(MalformedError, File.package + index + unit(255, values + b"\0"))
    longer = struct.pack(">QQQ32s", 64, len(index), len(data) + 64, values[24:])
    refused(MalformedError, File.package + index + unit(255, longer, b"x"))
    index = unit(254, b"\0", File().index())
    values = struct.pack(">QQQ32s", 64, len(index), len(data), hashlib.sha256(index).digest())
    refused(MalformedError, File.package + index + unit(255, values))


# Broken rules beside the tensors (clause 3).


@pytest.mark.parametrize(
    ("units", "error"),
    [
        ([VARIANT_1, unit(1, numbers("H", 1) + text("other") + text(""))], MalformedError),
        ([VARIANT_1, unit(1, numbers("H", 2) + text("int8") + text(""))], MalformedError),
        ([unit(1, numbers("H", 1) + text("") + text(""))], OutOfRangeError),
        ([unit(1, numbers("H", 1) + text("x") + text(""), b"x")], MalformedError),
        ([metadata(("k", "1")), metadata(("k", "1"))], MalformedError),
        ([metadata(("k", "1"), ("k", "2"))], MalformedError),
        ([unit(4, text("MIT"), b"\xff")], MalformedError),
        ([unit(4, text("MIT"), b"a\0")], MalformedError),
        ([asset("a"), asset("a")], MalformedError),
        *(
            ([asset(name)], OutOfRangeError)
            for name in ["", "/a", "a/", "a//b", ".", "a/./b", "../a", "a/..", "a\\b", "c:a", "a\nb", "\x1fa"]
        ),
        ([structure(1)], InconsistentError),
        ([structure(1), VARIANT_1], InconsistentError),
        ([structure(0), structure(0)], MalformedError),
        ([evaluation(1)], InconsistentError),
        ([unit(3, b"", numbers("H", 2) + 4 * text("a"))], TruncatedError),
    ],
)
def test_units_beside_the_tensors(units: list[bytes], error: type[AimcError]) -> None:
    refused(error, File().add(*units).data())


@pytest.mark.parametrize("name", ["a", "...", "a b/ü.json", "..a", "~"])
def test_names_of_assets(name: str) -> None:
    assert list(read(File().add(asset(name)).data()).assets) == [name]


# Broken rules of tensors (clause 4).


@pytest.mark.parametrize(
    ("header", "payload", "error"),
    [
        (typed_header("t", 1, (6,), 0, (0, 6)), b"abcde", InconsistentError),
        (typed_header("t", 1, (6,), 0, (0, 6)), b"abcdefg", InconsistentError),
        (typed_header("t", 1, (6,), 0, (0, 6)) + b"x", b"abcdef", MalformedError),
        (typed_header("t", 1, (6,), 0, (0, 6))[:-1], b"abcdef", TruncatedError),
        (typed_header("t", 1, (6,), 0, (0, 6), variant=1), b"abcdef", InconsistentError),
        (typed_header("t", 32, (6,), 0, (0, 6)), b"abcdef", OutOfRangeError),
        (typed_header("t", 254, (6,), 0, (0, 6)), b"abcdef", OutOfRangeError),
        (typed_header("t", 1, (6,), 2, (0, 6)), b"abcdef", UnsupportedError),
        (typed_header("t", 1, (6,), 3, (0, 6)), b"abcdef", UnsupportedError),
        (typed_header("t", 1, (6,), 255, (0, 6)), b"abcdef", UnsupportedError),
        (typed_header("t", 1, (6,), 0, (0, 3)), b"abc", InconsistentError),
        (typed_header("t", 1, (6,), 0, (0, 7)), b"abcdefg", InconsistentError),
        (typed_header("t", 1, (6,), 0, (1, 6)), b"abcdef", InconsistentError),
        (typed_header("t", 1, (6,), 0, ((1 << 64) - 1, 6)), b"abcdef", InconsistentError),
        (typed_header("t", 1, (6,), 0, (0, 0)), b"", OutOfRangeError),
        (typed_header("t", 1, (1,) * 33, 0, (0, 1)), b"a", OutOfRangeError),
        (typed_header("t", 1, (1 << 32, 1 << 32), 0, (0, 1 << 63)), b"", OutOfRangeError),
        (typed_header("t", 1, (0, 1 << 63), 0, (0, 0)), b"", OutOfRangeError),
        (typed_header("t", 11, (0, 1 << 61), 0, (0, 0)), b"", OutOfRangeError),
        (typed_header("t", 1, (1 << 62,), 0, (0, 1 << 62)), b"", LimitExceededError),
        (typed_header("t", 31, (6,), 0, (0, 6)), b"\x40", MalformedError),
        (typed_header("t", 26, (3,), 0, (0, 3)), b"\x21\x13", MalformedError),
        (typed_header("t", 0, (3,), 0, (0, 3)), b"\0\1\2", OutOfRangeError),
        (typed_header("t", 255, (6,), 0, (0, 6), opaque=("x", 4, 1)), b"a", InconsistentError),
        (typed_header("t", 255, (2, 2), 0, (0, 4), opaque=("x", 4, 1)), b"a", InconsistentError),
        (typed_header("t", 255, (), 0, (0, 1), opaque=("x", 1, 1)), b"a", InconsistentError),
        (typed_header("t", 255, (4,), 0, (0, 4), opaque=("x", 0, 1)), b"a", OutOfRangeError),
        (typed_header("t", 255, (4,), 0, (0, 4), opaque=("x", 4, 0)), b"", OutOfRangeError),
        (typed_header("t", 255, (4,), 0, (0, 4), opaque=("x", 4, 3)), b"ab", InconsistentError),
        (typed_header("t", 255, (2, 6), 0, (0, 12), opaque=("x", 4, 1)), b"abc", InconsistentError),
    ],
)
def test_raw_tensors(header: bytes, payload: bytes, error: type[AimcError]) -> None:
    assert refused(error, File().add(unit(16, header, payload)).data()).path.startswith("units[1]")


# Where the index is at fault; a file is refused before that.
INDEX_PLACE = re.compile(r"tensor_count|entry_")

TWO = [raw_block(b"abcd"), b"\1e"]
CRCS = [zlib.crc32(block) for block in TWO]


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (coded_tensor("t", 1, (6,), TWO, 4), None),
        (coded_tensor("t", 1, (6,), TWO, 4, sizes=[5, 3]), InconsistentError),
        (coded_tensor("t", 1, (6,), TWO, 4, sizes=[4, 3]), InconsistentError),
        (coded_tensor("t", 1, (6,), TWO, 4, crcs=[0, 0]), InconsistentError),
        (coded_tensor("t", 1, (6,), TWO, 4, block_count=3), InconsistentError),
        (coded_tensor("t", 1, (6,), TWO, 6), InconsistentError),
        (coded_tensor("t", 1, (6,), TWO, 0), OutOfRangeError),
        (coded_tensor("t", 1, (6,), [*TWO, b""], 4), InconsistentError),
        (coded_tensor("t", 1, (6,), [TWO[0], b""], 4), TruncatedError),
        (coded_tensor("t", 1, (6,), [TWO[0], b"\1"], 4), TruncatedError),
        (coded_tensor("t", 1, (6,), [TWO[0], b"\1ee"], 4), InconsistentError),
        (coded_tensor("t", 1, (6,), [TWO[0], b"\1eee"], 4), InconsistentError),
        (coded_tensor("t", 1, (6,), [TWO[0], b"\5ee"], 4), OutOfRangeError),
        (coded_tensor("t", 0, (6,), TWO, 4), OutOfRangeError),
        (coded_tensor("t", 30, (3,), [b"\0\x08"], 4), MalformedError),
        (coded_tensor("t", 1, (0,), [], 4), None),
        (coded_tensor("t", 1, (6,), [TWO[0], b"\2\0ee"], 4), InconsistentError),
        (coded_tensor("t", 1, (6,), [*TWO, b"junk"], 4, block_count=2, sizes=[5, 2], crcs=CRCS), InconsistentError),
        (coded_tensor("t", 1, (6,), [b"\1\0"], 9, segment=(0, 7)), InconsistentError),
        (coded_tensor("t", 255, (8,), [b"\0a"], 9, segment=(0, 6), opaque=("x", 4, 1)), InconsistentError),
        (coded_tensor("t", 1, (0,), [b"\0"], 4), InconsistentError),
        (coded_tensor("t", 1, (1 << 40,), [], (1 << 32) - 1, block_count=257), LimitExceededError),
    ],
)
def test_lossless_tensors(made: bytes, error: type[AimcError] | None) -> None:
    if error is None:
        dimensions = (6,) if b"abcd" in made else (0,)
        assert read(File().tensor("t", 1, dimensions, [made], coding=1).data()).tensors[0, "t"].shape == dimensions
    else:
        assert refused(error, File().add(made).data()).path.startswith("units[1]")


def part(start: int, count: int, data_type: int = 1, name: str = "t", dimension: int = 6) -> bytes:
    return coded_tensor(name, data_type, (dimension,), [b"\1\0"], 99, segment=(start, count))


@pytest.mark.parametrize(
    ("units", "error"),
    [
        ([part(0, 2), part(2, 4)], None),
        ([part(0, 2), part(2, 2), part(4, 2)], None),
        ([part(0, 2)], InconsistentError),
        ([part(2, 4)], InconsistentError),
        ([part(2, 4), part(0, 2)], InconsistentError),
        ([part(0, 2), part(3, 3)], InconsistentError),
        ([part(0, 2), part(1, 5)], InconsistentError),
        ([part(0, 2), part(2, 4, name="u")], InconsistentError),
        ([part(0, 2), part(2, 4, data_type=2)], InconsistentError),
        ([part(0, 2), part(2, 5, dimension=7)], InconsistentError),
        ([part(0, 2), metadata(), part(2, 4)], InconsistentError),
        ([part(0, 2), unit(99, flags=0), part(2, 4)], InconsistentError),
        ([part(0, 6), part(0, 6)], MalformedError),
        ([part(0, 1, data_type=26), part(1, 5, data_type=26)], InconsistentError),
        ([part(0, 2, data_type=26), part(2, 4, data_type=26)], None),
        ([part(0, 2, data_type=23), part(2, 4, data_type=23)], InconsistentError),
    ],
)
def test_segments(units: list[bytes], error: type[AimcError] | None) -> None:
    data_type = units[0][26 + 2 + 2 + 1]  # after variant_id and the name
    data = File().tensor("t", data_type, (6,), units, coding=1).data()
    if error is None:
        assert read(data).tensors[0, "t"].array.shape == (6,)
    else:
        assert not INDEX_PLACE.search(refused(error, data).path)


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (File().raw("w", 1, (1,), b"a").raw("w", 1, (1,), b"a"), MalformedError),
        (File().raw("w", 1, (1,), b"a").alias("w", "w"), MalformedError),
        (File().raw("w", 1, (1,), b"a").alias("v", "w").alias("u", "v"), InconsistentError),
        (File().raw("w", 1, (1,), b"a").alias("v", "w").raw("v", 1, (1,), b"a"), MalformedError),
        (File().add(unit(17, numbers("H", 0) + text("v") + text("w") + b"\0"), GOOD_TENSOR), InconsistentError),
        (
            File()
            .add(VARIANT_1)
            .raw("w", 1, (1,), b"a", variant=1)
            .add(unit(17, numbers("H", 0) + text("v") + text("w") + b"\0")),
            InconsistentError,
        ),
        (
            File().raw("w", 1, (1,), b"a").add(unit(17, numbers("H", 1) + text("v") + text("w") + b"\0")),
            InconsistentError,
        ),
        (
            File().raw("w", 1, (1,), b"a").add(unit(17, numbers("H", 0) + text("v") + text("w") + b"\1")),
            OutOfRangeError,
        ),
    ],
)
def test_names_of_tensors(file: File, error: type[AimcError]) -> None:
    refused(error, file.data())


@pytest.mark.parametrize("file", [File().raw("w", 1, (3,), b"abc", variant=1), File().add(structure(1))])
def test_variants_that_are_not_known(file: File) -> None:
    refused(InconsistentError, file.data())
    assert 1 in read(File([VARIANT_1, *file.units], moved(file.entries)).data()).variants


def moved(entries: list[Entry]) -> list[Entry]:
    """The same tensors, one unit later."""
    return [replace(entry, unit=entry.unit + 1) for entry in entries]


# Broken rules of index and end (clause 5).


def test_every_byte_of_the_index_counts() -> None:
    """Each byte changed in turn, under good checksums and digests."""
    file = everything()
    index = file.index()
    read(file.data(index))
    for place in range(len(index)):
        for change in (1, 0x80):
            other = index[:place] + bytes([index[place] ^ change]) + index[place + 1 :]
            refused(AimcError, file.data(other))


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (Entry(1, "w", 1, (3,), 0, 1), "entry_variant[0]"),
        (Entry(0, "x", 1, (3,), 0, 1), "entry_name[0]"),
        (Entry(0, "ww", 1, (3,), 0, 1), "entry_name_size[0]"),
        (Entry(0, "w", 2, (3,), 0, 1), "entry_data_type[0]"),
        (Entry(0, "w", 1, (3, 1), 0, 1), "entry_rank[0]"),
        (Entry(0, "w", 1, (1,), 0, 1), "entry_dimension[0]"),
        (Entry(0, "w", 1, (3,), 1, 1), "entry_coding[0]"),
        (Entry(0, "w", 1, (3,), 0, 0), "entry_unit[0]"),
        (Entry(0, "w", 1, (3,), 0, 1, 2), "entry_units[0]"),
        (Entry(0, "w", 1, (3,), 0, 1, 1, 1), "entry_target[0]"),
    ],
)
def test_entries_that_differ(entry: Entry, name: str) -> None:
    error = refused(InconsistentError, File([GOOD_TENSOR], [entry]).data())
    assert error.path == f"units[2].{name}"


def test_sizes_of_the_index() -> None:
    file = File().raw("w", 1, (3,), b"abc")
    refused(MalformedError, file.data(file.index() + b"\0"))
    refused(TruncatedError, file.data(file.index()[:-1]))
    refused(InconsistentError, File([GOOD_TENSOR], []).data())
    refused(InconsistentError, File([GOOD_TENSOR], file.entries * 2).data())


@pytest.mark.parametrize(
    "end",
    [{"index_offset": 0}, {"index_size": 64}, {"file_size": 64}, {"index_digest": bytes(32)}],
    ids=lambda end: next(iter(end)),
)
def test_ends_that_differ(end: dict[str, int | bytes]) -> None:
    assert refused(InconsistentError, File().data(end=end)).path == f"units[2].{next(iter(end))}"


def test_the_identity_of_a_package() -> None:
    """The same content has the same digest; any other has another."""
    assert read(everything().data()).digest == read(everything().data()).digest
    assert read(everything().data()).digest != read(everything().raw("more", 1, (0,), b"").data()).digest
