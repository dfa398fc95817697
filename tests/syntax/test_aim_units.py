"""AIM units in memory: known bytes, laws of reading and writing, and every rule of clause 11 with its place."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

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
    ArgumentError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.limits import Limits
from aimcodec.syntax.aim import (
    DamagedUnit,
    Unit,
    UnitType,
    check_file,
    iter_units,
    scan_units,
    trace_file,
    write_units,
)

VARIANT_1 = unit(1, numbers("H", 1) + text("int8") + text("for small machines"))


def metadata(*pairs: tuple[str, str]) -> bytes:
    return unit(2, b"", numbers("I", len(pairs)) + b"".join(text(k) + text(v, ">I") for k, v in pairs))


def everything() -> File:
    """A file with units of every type but those of NNC."""
    file = File().add(
        VARIANT_1,
        metadata(("a", "1"), ("", "")),
        unit(3, b"", numbers("H", 1) + text("Ada") + text("author") + text("") + text("ada@example.org")),
        unit(4, text("MIT"), "Do what you like ©".encode()),
        unit(5, text("tokenizer/vocab.txt") + text("text/plain"), b"\0\1\2"),
        unit(6, numbers("H", 1) + text("application/onnx"), b"graph"),
        unit(7, b"", numbers("H", 1) + numbers("H", 1) + text("t") + text("d") + text("m") + struct.pack(">d", 0.875)),
        unit(77, b"anything", b"unknown", flags=0),
        unit(99, b"", b"ciphertext", flags=0x40),
    )
    file.raw("w", 11, (2, 2), struct.pack("<4f", 1, 2, 3, 4)).raw("w", 2, (3,), b"abc", variant=1).alias("v", "w")
    opaque = ("gguf:Q4_0", 32, 18)
    header = typed_header("q", 255, (2, 64), 0, (0, 128), opaque=opaque)
    file.tensor("q", 255, (2, 64), [unit(16, header, bytes(72))])
    segments = [
        coded_tensor("long", 3, (6,), [b"\0" + b"abcd", b"\1ef"], 2, segment=(0, 4)),
        coded_tensor("long", 3, (6,), [b"\1\5\0"], 9, segment=(4, 2)),
    ]
    return file.tensor("long", 3, (6,), segments, coding=1)


def test_a_unit_by_hand() -> None:
    head = "8941494d0d0a1a0a 02 00 0000001e 000000000000000e"
    payload = bytes.fromhex("00000001 0002 c3bc 00000002") + b"ab"
    by_hand = bytes.fromhex(head) + zlib.crc32(payload).to_bytes(4, "big")
    by_hand += zlib.crc32(by_hand).to_bytes(4, "big")
    by_hand = by_hand.ljust(64, b"\0") + payload.ljust(64, b"\0")
    made = write_units(
        [Unit(UnitType.METADATA, {"metadata_payload": {"entry_count": 1, "entries": [{"key": "ü", "value": "ab"}]}})]
    )
    assert made == by_hand


def test_everything_is_read() -> None:
    data = everything().data()
    units = list(iter_units(data))
    kinds = [0, 1, 2, 3, 4, 5, 6, 7, 77, 99, 16, 16, 17, 16, 16, 16, 254, 255]
    assert [unit.kind for unit in units] == kinds
    by_kind = {unit.kind: unit for unit in units}
    assert by_kind[0].header["producer"] == "a test"
    assert [(e["key"], e["value"]) for e in by_kind[2].body["entries"]] == [("a", "1"), ("", "")]
    assert by_kind[4].body["license_text"] == "Do what you like ©"
    assert bytes(by_kind[5].payload) == b"\0\1\2"
    assert by_kind[7].body["evaluations"][0]["value_bits"] == 0x3FEC000000000000
    assert by_kind[77].fields["typed_header"] == b"anything"
    assert by_kind[99].protected
    tensor = next(unit for unit in units if unit.kind == 16)
    assert tensor.header["dimension"] == [2, 2]
    assert bytes(tensor.payload) == struct.pack("<4f", 1, 2, 3, 4)
    assert data[tensor.payload_offset :][:16] == bytes(tensor.payload)
    assert tensor.payload_offset % 64 == 0
    ends = [unit.offset + unit.size for unit in units]
    assert [unit.offset for unit in units] == [0, *ends[:-1]]
    assert ends[-1] == len(data)


def test_writing_gives_back_what_was_read() -> None:
    data = everything().data()
    assert write_units(iter_units(data)) == data
    assert check_file(data) == []


def test_framing_is_supplied() -> None:
    data = everything().data()
    framing = {
        "unit_marker",
        "unit_type",
        "critical_flag",
        "unit_header_size",
        "payload_size",
        "payload_crc",
        "header_crc",
    }
    units = [Unit(u.kind, {k: v for k, v in u.fields.items() if k not in framing}, u.payload) for u in iter_units(data)]
    assert write_units(units) == data


def accounted(data: bytes) -> list[str]:
    """Every bit belongs to one record, in order, with its value; returns what is said of the gaps."""
    records = trace_file(data)
    position = 0
    bits = int.from_bytes(data, "big")
    for record in records:
        assert record.bit_offset == position
        position += record.bit_length
        if record.status == "ok":
            assert record.raw == bits >> (8 * len(data) - position) & ((1 << record.bit_length) - 1)
    assert position == 8 * len(data)
    return [record.value for record in records if record.status == "gap"]


def test_the_trace_accounts_for_every_bit() -> None:
    data = everything().data()
    assert accounted(data) == []
    records = {record.path: record for record in trace_file(data)}
    assert records["units[1].variant_header.variant_name"].value == "int8"
    assert records["units[10].tensor_header.dimension[1]"].value == 2
    assert records["units[10].tensor_header.dimension[1]"].clause == "4.1"
    assert records["units[10].payload"].status == "payload"


@given(hs.integers(0, 1 << 30), hs.integers(0, 1 << 30))
@settings(max_examples=100)
def test_damage_is_traced_and_refused(place: int, cut: int) -> None:
    data = bytearray(everything().data())
    data[place % len(data)] ^= 1 << place % 8
    damaged = bytes(data)
    assert check_file(damaged)
    with pytest.raises(AimcError):
        list(iter_units(damaged))
    accounted(damaged)
    accounted(damaged[: cut % len(damaged)])


def test_every_prefix_is_truncated() -> None:
    data = everything().data()
    for length in range(0, len(data), 7):
        with pytest.raises(TruncatedError):
            list(iter_units(data[:length]))


def test_reading_goes_on_after_damage() -> None:
    data = bytearray(everything().data())
    data[64 + 40] ^= 1
    found = list(scan_units(bytes(data)))
    assert [type(unit) for unit in found[:3]] == [Unit, DamagedUnit, Unit]
    assert len(found) == 18


def test_values_that_cannot_be_written() -> None:
    def written(kind: UnitType, **fields: object) -> bytes:
        return write_units([Unit(kind, dict(fields))])

    with pytest.raises(ArgumentError):
        written(UnitType.ASSET, asset_header={"asset_name": 5, "media_type": ""})
    with pytest.raises(OutOfRangeError):
        written(UnitType.ASSET, asset_header={"asset_name": "../up", "media_type": ""})
    with pytest.raises(OutOfRangeError):
        written(UnitType.ASSET, asset_header={"asset_name": "a\0", "media_type": ""})
    with pytest.raises(OutOfRangeError):
        written(UnitType.ASSET, asset_header={"asset_name": "a" * 65536, "media_type": ""})
    with pytest.raises(ArgumentError):
        written(UnitType.ASSET, asset_header={"asset_name": "a"})
    with pytest.raises(ArgumentError):
        written(UnitType.ASSET, asset_header={"asset_name": "a", "asset_name_size": 2, "media_type": ""})
    with pytest.raises(InconsistentError):
        written(UnitType.ASSET, asset_header={"asset_name": "a", "media_type": ""}, payload_size=1)
    with pytest.raises(InconsistentError):
        written(UnitType.ASSET, asset_header={"asset_name": "a", "media_type": ""}, header_crc=1)
    with pytest.raises(InconsistentError):
        written(UnitType.ASSET, asset_header={"asset_name": "a", "media_type": ""}, unit_type=6)


# Clause 11, front to back. Unit 1 is the first after PACKAGE.

GOOD = raw_tensor("w", 1, (3,), b"abc")
HEADER = "units[1].tensor_header"


def raw(*arguments: object, payload: bytes = b"abcdef", **options: object) -> bytes:
    return unit(16, typed_header("t", *arguments, **options), payload)  # type: ignore[arg-type]


def alias(name: str, target: str, variant: int = 0, flags: int = 0x80) -> bytes:
    return unit(17, numbers("H", variant) + text(name) + text(target) + bytes([flags]))


def lossless(blocks: list[bytes], size: int, **options: object) -> bytes:
    return coded_tensor("t", 1, (6,), blocks, size, **options)  # type: ignore[arg-type]


def part(start: int, count: int, data_type: int = 1, name: str = "t", dimension: int = 6) -> bytes:
    return coded_tensor(name, data_type, (dimension,), [b"\1\0"], 99, segment=(start, count))


BLOCKS = [b"\0abcd", b"\1e"]
EVALUATION_OF_1 = unit(7, b"", numbers("H", 1, 1) + text("t") + text("d") + text("m") + bytes(8))
EMPTY = numbers("I", 0)
RULES: list[tuple[list[bytes], type[AimcError], str]] = [
    # 2: units
    ([unit(2, b"", EMPTY, marker=b"\x89AIM\r\n\x1a\r")], MalformedError, "units[1].unit_marker"),
    ([unit(99)], UnsupportedError, "units[1].critical_flag"),
    ([unit(2, b"", EMPTY, flags=0x80)], OutOfRangeError, "units[1].critical_flag"),
    ([unit(1, numbers("H", 1) + text("a") + text(""), flags=0)], OutOfRangeError, "units[1].critical_flag"),
    ([unit(2, b"", EMPTY, flags=1)], OutOfRangeError, "units[1].reserved_zero_6bits"),
    ([unit(2, b"", EMPTY, header_size=29)], OutOfRangeError, "units[1].unit_header_size"),
    ([unit(2, b"", EMPTY, header_size=(1 << 26) + 1)], OutOfRangeError, "units[1].unit_header_size"),
    ([unit(2, b"", EMPTY, header_size=1 << 26)], TruncatedError, "units[1].payload_size"),
    ([unit(2, b"", EMPTY, payload_size=1 << 63)], TruncatedError, "units[1].payload_size"),
    ([unit(2, b"", EMPTY, payload_size=(1 << 64) - 1)], TruncatedError, "units[1].payload_size"),
    ([unit(2, b"", EMPTY, payload_crc=1)], InconsistentError, "units[1].payload_crc"),
    ([unit(2, b"", EMPTY, header_crc=1)], InconsistentError, "units[1].header_crc"),
    ([unit(2, b"", EMPTY)[:-1] + b"\1"], MalformedError, "units[1].payload_padding"),
    ([unit(2, b"", EMPTY)[:63] + b"\1" + unit(2, b"", EMPTY)[64:]], MalformedError, "units[1].header_padding"),
    ([unit(2, b"\0", EMPTY)], MalformedError, "units[1].payload_crc"),
    ([unit(2, b"", EMPTY + b"\0")], MalformedError, "units[1].metadata_payload"),
    ([unit(2, b"", numbers("I", 1))], TruncatedError, "units[1].metadata_payload.entries[0].key_size"),
    ([unit(2, b"", numbers("I", (1 << 32) - 1))], TruncatedError, "units[1].metadata_payload.entries[0].key_size"),
    ([unit(0, bytes([1, 0]) + text(""))], MalformedError, "units[1].unit_type"),
    ([unit(255, bytes(56))], MalformedError, "units[1].unit_type"),
    ([unit(1, numbers("H", 1) + text("x") + text(""), b"x")], MalformedError, "units[1].payload_size"),
    ([unit(1, numbers("H", 1) + text("x") + text("") + b"x")], MalformedError, "units[1].variant_header"),
    # 3: beside the tensors
    ([unit(1, numbers("H", 1) + text("") + text(""))], OutOfRangeError, "units[1].variant_header.variant_name"),
    (
        [VARIANT_1, unit(1, numbers("H", 1) + text("o") + text(""))],
        MalformedError,
        "units[2].variant_header.variant_id",
    ),
    (
        [VARIANT_1, unit(1, numbers("H", 2) + text("int8") + text(""))],
        MalformedError,
        "units[2].variant_header.variant_name",
    ),
    ([metadata(("k", "")), metadata(("k", ""))], MalformedError, "units[2].metadata_payload.entries[0].key"),
    ([metadata(("a\0b", ""))], MalformedError, "units[1].metadata_payload.entries[0].key"),
    ([unit(4, text("MIT"), b"\xff")], MalformedError, "units[1].license_payload.license_text"),
    ([unit(5, text("../a") + text(""))], OutOfRangeError, "units[1].asset_header.asset_name"),
    ([unit(5, text("a/./b") + text(""))], OutOfRangeError, "units[1].asset_header.asset_name"),
    ([unit(5, text("/a") + text(""))], OutOfRangeError, "units[1].asset_header.asset_name"),
    ([unit(5, text("c:a") + text(""))], OutOfRangeError, "units[1].asset_header.asset_name"),
    ([unit(5, text("a\\b") + text(""))], OutOfRangeError, "units[1].asset_header.asset_name"),
    ([unit(5, text("") + text(""))], OutOfRangeError, "units[1].asset_header.asset_name"),
    ([unit(5, text("a") + text(""))] * 2, MalformedError, "units[2].asset_header.asset_name"),
    ([unit(6, numbers("H", 1) + text(""))], InconsistentError, "units[1].structure_header.variant_id"),
    ([unit(6, numbers("H", 0) + text(""))] * 2, MalformedError, "units[2].structure_header.variant_id"),
    ([EVALUATION_OF_1], InconsistentError, "units[1].evaluation_payload.evaluations[0].variant_id"),
    # 4: tensors
    ([raw(32, (6,), 0, (0, 6))], OutOfRangeError, f"{HEADER}.data_type"),
    ([raw(254, (6,), 0, (0, 6))], OutOfRangeError, f"{HEADER}.data_type"),
    ([raw(1, (1,) * 33, 0, (0, 1))], OutOfRangeError, f"{HEADER}.rank"),
    ([raw(1, (1 << 32, 1 << 32), 0, (0, 1 << 63))], OutOfRangeError, f"{HEADER}.dimension"),
    ([raw(11, (0, 1 << 61), 0, (0, 0), payload=b"")], OutOfRangeError, f"{HEADER}.dimension"),
    ([raw(1, (1 << 62,), 0, (0, 1 << 62))], LimitExceededError, f"{HEADER}.dimension"),
    ([raw(1, (6,), 2, (0, 6))], UnsupportedError, f"{HEADER}.coding"),
    ([raw(1, (6,), 3, (0, 6))], UnsupportedError, f"{HEADER}.coding"),
    ([raw(1, (6,), 0, (0, 7))], InconsistentError, f"{HEADER}.segment_elements"),
    ([raw(1, (6,), 0, ((1 << 64) - 1, 6))], InconsistentError, f"{HEADER}.segment_elements"),
    ([raw(1, (6,), 0, (0, 3), payload=b"abc")], InconsistentError, f"{HEADER}.segment_elements"),
    ([raw(1, (6,), 0, (0, 0), payload=b"")], OutOfRangeError, f"{HEADER}.segment_elements"),
    ([raw(1, (6,), 0, (0, 6), payload=b"abcde")], InconsistentError, f"{HEADER}.segment_elements"),
    ([raw(1, (6,), 0, (0, 6), variant=1)], InconsistentError, f"{HEADER}.variant_id"),
    ([raw(255, (4,), 0, (0, 4), opaque=("x", 0, 1))], OutOfRangeError, f"{HEADER}.opaque_block_elements"),
    ([raw(255, (4,), 0, (0, 4), opaque=("x", 4, 0))], OutOfRangeError, f"{HEADER}.opaque_block_bytes"),
    ([raw(255, (), 0, (0, 1), opaque=("x", 1, 1))], InconsistentError, f"{HEADER}.dimension"),
    ([raw(255, (2, 2), 0, (0, 4), opaque=("x", 4, 1))], InconsistentError, f"{HEADER}.dimension"),
    ([GOOD, GOOD], MalformedError, "units[2].tensor_header.tensor_name"),
    ([lossless(BLOCKS, 0)], OutOfRangeError, f"{HEADER}.block_records"),
    ([lossless(BLOCKS, 4, block_count=3)], InconsistentError, f"{HEADER}.block_count"),
    ([lossless(BLOCKS, 4, sizes=[5, 3])], InconsistentError, f"{HEADER}.coded_size"),
    ([lossless([b"\0abcd", b"\0eeee"], 4)], InconsistentError, f"{HEADER}.coded_size"),
    (
        [coded_tensor("t", 1, (6,), BLOCKS, 4, segment=(0, 6))[:64] + bytes(64)],
        InconsistentError,
        "units[1].header_crc",
    ),
    ([part(2, 4)], InconsistentError, f"{HEADER}.segment_start"),
    ([part(0, 2)], InconsistentError, "units[2].unit_type"),
    ([part(0, 2), part(3, 3)], InconsistentError, "units[2].tensor_header.segment_start"),
    ([part(0, 2), part(1, 5)], InconsistentError, "units[2].tensor_header.segment_start"),
    ([part(0, 2), part(2, 4, name="u")], InconsistentError, "units[2].tensor_header.tensor_name"),
    ([part(0, 2), part(2, 4, data_type=2)], InconsistentError, "units[2].tensor_header.tensor_name"),
    ([part(0, 2), metadata(), part(2, 4)], InconsistentError, "units[2].unit_type"),
    ([part(0, 1, data_type=26)], InconsistentError, f"{HEADER}.segment_elements"),
    ([part(1, 5, data_type=26)], InconsistentError, f"{HEADER}.segment_start"),
    ([alias("v", "w")], InconsistentError, "units[1].alias_header.target_name"),
    ([alias("v", "w"), GOOD], InconsistentError, "units[1].alias_header.target_name"),
    ([GOOD, alias("v", "w"), alias("u", "v")], InconsistentError, "units[3].alias_header.target_name"),
    ([GOOD, alias("w", "w")], MalformedError, "units[2].alias_header.alias_name"),
    ([GOOD, VARIANT_1, alias("v", "w", variant=1)], InconsistentError, "units[3].alias_header.target_name"),
    ([GOOD, alias("v", "w", flags=1)], OutOfRangeError, "units[2].alias_header.reserved_zero_7bits"),
    # 9: NNC
    ([unit(18, numbers("H", 1), b"x")], InconsistentError, "units[1].nnc_unit_header.variant_id"),
    (
        [unit(19, struct.pack(">HIHH", 0, 0, 1, 0) + b"\x0f\0")],
        OutOfRangeError,
        "units[1].nnc_data_header.tensors[0].data_type",
    ),
    ([unit(19, struct.pack(">HI", 0, 99))], TruncatedError, "units[1].nnc_data_header.nnr_header"),
    # 12: protection
    ([unit(0, bytes([1, 0]) + text(""), flags=0xC0)], OutOfRangeError, "units[1].protected_flag"),
]


@pytest.mark.parametrize(("units", "error", "path"), RULES, ids=[f"{n}-{path}" for n, (_, _, path) in enumerate(RULES)])
def test_rules(units: list[bytes], error: type[AimcError], path: str) -> None:
    data = File().add(*units).data()
    with pytest.raises(error) as refusal:
        list(iter_units(data))
    assert (type(refusal.value), refusal.value.path) == (error, path)
    assert refusal.value.bit_offset is not None
    assert 0 <= refusal.value.bit_offset <= 8 * len(data)
    assert check_file(data)
    accounted(data)


@pytest.mark.parametrize(
    ("package", "error", "path"),
    [
        (unit(0, bytes([2, 0]) + text("")), UnsupportedError, "units[0].package_header.version_major"),
        (unit(0, bytes([1, 0]) + text(""), b"x"), MalformedError, "units[0].payload_size"),
        (unit(0, bytes([1, 0]) + numbers("H", 2) + b"\xc0\xaf"), MalformedError, "units[0].package_header.producer"),
        (GOOD, MalformedError, "units[0].unit_type"),
        (b"PK\3\4" + bytes(60), MalformedError, "units[0].unit_marker"),
    ],
)
def test_rules_of_the_first_unit(package: bytes, error: type[AimcError], path: str) -> None:
    with pytest.raises(error) as refusal:
        list(iter_units(File(package=package).data()))
    assert refusal.value.path == path


def test_a_later_minor_version_is_read() -> None:
    assert list(iter_units(File(package=unit(0, bytes([1, 200]) + text(""))).data()))


@pytest.mark.parametrize("surplus", [b"\n", bytes(64), GOOD])
def test_nothing_follows_the_end(surplus: bytes) -> None:
    with pytest.raises(MalformedError):
        list(iter_units(File().data() + surplus))


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (Entry(1, "w", 1, (3,), 0, 1), "entry_variant[0]"),
        (Entry(0, "x", 1, (3,), 0, 1), "entry_name[0]"),
        (Entry(0, "w", 2, (3,), 0, 1), "entry_data_type[0]"),
        (Entry(0, "w", 1, (3, 1), 0, 1), "entry_rank[0]"),
        (Entry(0, "w", 1, (1,), 0, 1), "entry_dimension[0]"),
        (Entry(0, "w", 1, (3,), 1, 1), "entry_coding[0]"),
        (Entry(0, "w", 1, (3,), 0, 0), "entry_unit[0]"),
        (Entry(0, "w", 1, (3,), 0, 1, 2), "entry_units[0]"),
        (Entry(0, "w", 1, (3,), 0, 1, 1, 1), "entry_target[0]"),
    ],
)
def test_an_index_that_disagrees(entry: Entry, name: str) -> None:
    with pytest.raises(InconsistentError) as refusal:
        list(iter_units(File([GOOD], [entry]).data()))
    assert refusal.value.path == f"units[2].index_payload.{name}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("index_offset", 0), ("index_size", 64), ("file_size", 0), ("index_digest", bytes(32))],
)
def test_an_end_that_disagrees(name: str, value: int | bytes) -> None:
    with pytest.raises(InconsistentError) as refusal:
        list(iter_units(File().data(end={name: value})))
    assert refusal.value.path == f"units[2].end_header.{name}"


def test_counts_are_checked_before_anything_is_made() -> None:
    """As many blocks and entries as 32 bits can say, in a few bytes."""
    many = typed_header("t", 1, (1 << 31,), 1, (0, 1 << 31)) + numbers("I", 1, 1 << 31)
    with pytest.raises((TruncatedError, LimitExceededError)):
        list(iter_units(File().add(unit(16, many)).data()))
    index = numbers("I", (1 << 32) - 1)
    with pytest.raises(TruncatedError):
        list(iter_units(File().data(index=index), limits=Limits(max_units=1 << 40)))
    index = File().index()
    with pytest.raises(TruncatedError):
        list(iter_units(File().data(index=index[:-4] + numbers("I", (1 << 32) - 1)), limits=Limits(max_units=1 << 40)))


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_units=15),
        Limits(max_rank=1),
        Limits(max_elements=127),
        Limits(max_output_bytes=71),
        Limits(max_stream_bytes=99),
    ],
)
def test_limits(limits: Limits) -> None:
    data = everything().data()
    with pytest.raises(LimitExceededError):
        list(iter_units(data, limits=limits))


def test_units_without_an_index_are_counted_too() -> None:
    data = File().package + 20 * unit(77, flags=0)
    with pytest.raises(LimitExceededError):
        list(iter_units(data, limits=Limits(max_units=15)))


def test_limits_are_inclusive() -> None:
    data = everything().data()
    limits = Limits(max_units=16, max_rank=2, max_elements=128, max_output_bytes=72, max_stream_bytes=len(data))
    assert len(list(iter_units(data, limits=limits))) == 18
