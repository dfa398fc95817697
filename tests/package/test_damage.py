"""Damaged packages: a typed error that names unit and tensor, never a wrong value; and what recovery gives back."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as hs
from numpy.typing import NDArray

import aimcodec
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
from aimcodec.limits import Limits
from aimcodec.package import Writer, encode, read_stream
from aimcodec.reference.aim import AimFile, read

from .arrays import patterns, same

TENSORS: dict[str, NDArray[Any]] = {
    "w": patterns("FLOAT32", (40, 10)),
    "steps": np.arange(300, dtype=np.int32),
    "flags": patterns("BOOL", (50,)),
    "nibbles": patterns("INT4", (33,)),
}


def packaged(coding: str = "lossless") -> bytes:
    file = io.BytesIO()
    with Writer(file) as writer:
        writer.add_metadata({"k": "v"})
        for name, array in TENSORS.items():
            writer.add_tensor(name, array, coding=coding)  # type: ignore[arg-type]
        writer.add_alias("tied", "w")
        writer.add_asset("a", b"content")
    return file.getvalue()


def opened(data: bytes) -> tuple[dict[str, NDArray[Any]], list[AimcError]]:
    """The tensors of a package that could be had, and the errors of the others and of all that verification finds."""
    try:
        package = aimcodec.open(data)
    except AimcError as error:
        return {}, [error]
    findings = package.verify()
    loaded = {}
    for name in package:
        try:
            loaded[name] = package[name]
        except AimcError as error:
            findings.append(error)
    return loaded, findings


@pytest.mark.parametrize("coding", ["lossless", "raw"])
@given(place=hs.integers(0, 1 << 40))
@settings(max_examples=150)
def test_flipped_bits(coding: str, place: int) -> None:
    data = bytearray(packaged(coding))
    data[place // 8 % len(data)] ^= 1 << place % 8
    loaded, findings = opened(bytes(data))
    assert findings
    assert all(error.code != "internal" for error in findings)
    for name, array in loaded.items():
        assert same(array, TENSORS["w" if name == "tied" else name])
    with pytest.raises(AimcError):
        list(read_stream(io.BytesIO(data)))


@given(hs.integers(0, 1 << 40))
@example(128)  # the last 128 bytes are PACKAGE
@settings(max_examples=60)
def test_cut_files(cut: int) -> None:
    data = packaged()
    length = cut % len(data)
    with pytest.raises(TruncatedError):
        aimcodec.open(data[:length])
    with pytest.raises(TruncatedError):
        list(read_stream(io.BytesIO(data[:length])))


def test_errors_name_unit_and_tensor() -> None:
    data = packaged()
    with aimcodec.open(data) as package:
        number = package.info("steps").units[0]
        place = package.units[number].offset
    start = next(u.payload_offset for u in read_stream(io.BytesIO(data)) if u.offset == place)
    damaged = bytearray(data)
    damaged[start] ^= 1
    assert start > place
    with aimcodec.open(bytes(damaged)) as package, pytest.raises(InconsistentError, match="'steps'") as refusal:
        package["steps"]
    assert refusal.value.path == f"units[{number}].block[0]"
    assert refusal.value.bit_offset == 8 * start


# Differential: what the slow decoder says of files that are wrong under good checksums.


def everything() -> File:
    file = File().add(
        unit(1, numbers("H", 1) + text("int8") + text("for small machines")),
        unit(2, b"", numbers("I", 1) + text("a") + text("1", ">I")),
        unit(3, b"", numbers("H", 1) + text("Ada") + text("author") + text("") + text("")),
        unit(4, text("MIT"), b"text"),
        unit(5, text("a/b") + text("text/plain"), b"\0\1\2"),
        unit(6, numbers("H", 1) + text("application/onnx"), b"graph"),
        unit(7, b"", numbers("H", 1, 1) + text("t") + text("d") + text("m") + struct.pack(">d", 0.875)),
    )
    file.raw("w", 11, (2, 2), struct.pack("<4f", 1, 2, 3, 4)).raw("b", 0, (3,), b"\0\1\1", variant=1)
    file.raw("n", 26, (3,), b"\x21\x03").alias("v", "w").add(unit(77, b"anything", b"unknown", flags=0))
    segments = [
        coded_tensor("long", 3, (6,), [b"\0" + b"abcd", b"\1ef"], 2, segment=(0, 4)),
        coded_tensor("long", 3, (6,), [b"\1\5\0"], 9, segment=(4, 2)),
    ]
    file.tensor("long", 3, (6,), segments, coding=1)
    header = typed_header("q", 255, (2, 64), 0, (0, 128), opaque=("gguf:Q4_0", 32, 18))
    return file.tensor("q", 255, (2, 64), [unit(16, header, bytes(range(72)))])


def slowly(data: bytes) -> AimFile | None:
    """What the slow decoder reads, None where it refuses."""
    try:
        return read(data)
    except AimcError:
        return None


@given(hs.data())
@settings(max_examples=400)
def test_verdicts_are_those_of_the_slow_decoder(data: hs.DataObject) -> None:
    """One byte of a header or payload is changed, and all is sealed anew, but INDEX says what it said before."""
    file = everything()
    number = data.draw(hs.integers(0, len(file.units) - 1))
    old = file.units[number]
    header_size, payload_size = struct.unpack(">IQ", old[10:22])
    contents = [old[26 : header_size - 4], old[-(-header_size // 64) * 64 :][:payload_size]]
    part = data.draw(hs.sampled_from([k for k in (0, 1) if contents[k]]))
    place = data.draw(hs.integers(0, len(contents[part]) - 1))
    changed = bytearray(contents[part])
    changed[place] ^= data.draw(hs.integers(1, 255))
    contents[part] = bytes(changed)
    file.units[number] = unit(old[8], *contents, flags=old[9])
    made = file.data()
    _, findings = opened(made)
    slow = slowly(made)
    assert bool(findings) == (slow is None)
    if slow is not None:
        for variant, name in ((0, ""), (1, slow.variants[1].name)):
            for key, array in aimcodec.load_file(made, variant=name).items():
                assert array.tobytes() == slow.tensors[variant, key].array.tobytes()


# Rules that the index has to keep, found at opening.

GOOD = raw_tensor("w", 1, (3,), b"abc")
ALIAS = unit(17, numbers("H", 0) + text("v") + text("w") + b"\x80")
W = Entry(0, "w", 1, (3,), 0, 1)
GOOD_HEADER = typed_header("w", 1, (3,), 0, (0, 3))


@pytest.mark.parametrize(
    ("units", "entries", "error", "path"),
    [
        ([GOOD], [], InconsistentError, "tensor_count"),
        ([GOOD], [W, W], MalformedError, "entry_name"),
        ([GOOD], [W, Entry(0, "x", 1, (3,), 0, 1)], InconsistentError, "entry_unit[1]"),
        ([GOOD], [Entry(0, "w", 1, (3,), 0, 0)], InconsistentError, "entry_unit[0]"),
        ([GOOD], [Entry(0, "w", 1, (3,), 0, 2)], InconsistentError, "entry_unit[0]"),
        ([GOOD], [Entry(0, "w", 1, (3,), 0, 1, 0)], InconsistentError, "entry_unit[0]"),
        ([GOOD], [Entry(0, "w", 1, (3,), 0, 1, (1 << 32) - 1)], InconsistentError, "entry_unit[0]"),
        ([GOOD], [Entry(0, "w", 1, (3,), 2, 1)], InconsistentError, "entry_coding[0]"),
        ([GOOD], [Entry(0, "w", 1, (3,), 255, 1)], InconsistentError, "entry_coding[0]"),
        ([GOOD], [Entry(0, "w", 1, (3,), 3, 1)], OutOfRangeError, "entry_coding[0]"),
        ([GOOD], [Entry(0, "w", 99, (3,), 0, 1)], OutOfRangeError, "entry_data_type[0]"),
        ([GOOD], [Entry(0, "w", 1, (1 << 32, 1 << 32), 0, 1)], OutOfRangeError, "entry_dimension"),
        ([GOOD], [Entry(0, "w", 1, (3,), 0, 1, target=1)], InconsistentError, "entry_target[0]"),
        ([GOOD, ALIAS], [W, Entry(0, "v", 1, (3,), 255, 2, target=1)], InconsistentError, "entry_target[1]"),
        ([GOOD, ALIAS], [W, Entry(0, "v", 1, (4,), 255, 2, target=0)], InconsistentError, "entry_target[1]"),
        ([GOOD, ALIAS], [W, Entry(1, "v", 1, (3,), 255, 2, target=0)], InconsistentError, "entry_target[1]"),
        ([GOOD, ALIAS], [W, Entry(0, "v", 1, (3,), 255, 2, target=7)], InconsistentError, "entry_target[1]"),
        ([unit(0, bytes([1, 0]) + text(""))], [], MalformedError, "unit_type[1]"),
    ],
)
def test_an_index_that_cannot_be(units: list[bytes], entries: list[Entry], error: type[AimcError], path: str) -> None:
    with pytest.raises(error) as refusal:
        aimcodec.open(File(units, entries).data())
    assert refusal.value.path == f"INDEX.index_payload.{path}"


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (Entry(0, "x", 1, (3,), 0, 1), "units[1].tensor_header.tensor_name"),
        (Entry(1, "w", 1, (3,), 0, 1), "units[1].tensor_header.variant_id"),
        (Entry(0, "w", 2, (3,), 0, 1), "units[1].tensor_header.data_type"),
        (Entry(0, "w", 1, (3, 1), 0, 1), "units[1].tensor_header.dimension"),
        (Entry(0, "w", 1, (3,), 1, 1), "units[1].tensor_header.coding"),
    ],
)
def test_an_index_that_the_unit_does_not_agree_with(entry: Entry, path: str) -> None:
    file = File([GOOD], [entry])
    file.units.append(unit(1, numbers("H", 1) + text("int8") + text("")))
    with aimcodec.open(file.data(), variant="int8" if entry.variant else "") as package:
        assert package.verify()
        for attempt in (lambda: package[entry.name], lambda: package.get_slice(entry.name)[0], package.load):
            with pytest.raises(InconsistentError) as refusal:
                attempt()
            assert refusal.value.path == path


def part(start: int, count: int, opaque_type: str = "x") -> bytes:
    opaque = (opaque_type, 1, 1)
    return coded_tensor("t", 255, (6,), [b"\1\0"], 99, segment=(start, count), opaque=opaque)


@pytest.mark.parametrize(
    ("units", "good"),
    [
        ([part(0, 2), part(2, 4)], True),
        ([part(0, 2), part(3, 3)], False),
        ([part(0, 3), part(2, 4)], False),
        ([part(0, 2), part(2, 3)], False),
        ([part(2, 4), part(0, 2)], False),
        ([part(0, 2), part(2, 4, "y")], False),
        ([part(0, 6), part(0, 6)], False),
    ],
)
def test_segments_that_do_not_make_up_the_tensor(units: list[bytes], good: bool) -> None:
    with aimcodec.open(File().tensor("t", 255, (6,), units, coding=1).data()) as package:
        assert (package.verify() == []) == good
        if good:
            assert package["t"].tobytes() == bytes(6)
        else:
            with pytest.raises(InconsistentError, match=r"segment|complete"):
                package["t"]


def with_blocks(file: File, blocks: list[int]) -> bytes:
    """The file with an index that says so many blocks of 64 bytes of its first units."""
    index = file.index()
    count = int.from_bytes(index[:4], "big")
    start = 4 + count
    return file.data(index=index[:start] + numbers("Q", *blocks) + index[start + 8 * len(blocks) :])


def test_sizes_that_the_index_does_not_have_right() -> None:
    """PACKAGE has 1 block, the first tensor 2, the second 3."""
    longer = raw_tensor("x", 1, (100,), bytes(100))
    file = File().raw("w", 1, (3,), b"abc").raw("x", 1, (100,), bytes(100))
    assert [len(made) // 64 for made in (file.package, GOOD, longer)] == [1, 2, 3]
    assert len(aimcodec.load_file(with_blocks(file, [1, 2, 3]))) == 2
    with pytest.raises(InconsistentError) as refusal:
        aimcodec.open(with_blocks(file, [1, 5, 0]))
    assert refusal.value.path == "INDEX.index_payload.unit_blocks[2]"
    with aimcodec.open(with_blocks(file, [1, 3, 2])) as package:
        for attempt in (lambda: package["w"], lambda: package.get_slice("w")):
            with pytest.raises(InconsistentError) as refusal:
                attempt()
            assert refusal.value.path == "units[1].payload_size"
        with pytest.raises(MalformedError):
            package["x"]


def test_types_that_the_index_does_not_have_right() -> None:
    file = File().add(unit(4, text("MIT"), b"text"))
    index = bytearray(file.index())
    assert index[5] == 4
    index[5] = 5
    with aimcodec.open(file.data(index=bytes(index))) as package, pytest.raises(InconsistentError) as refusal:
        package.assets  # noqa: B018 - read when asked for
    assert refusal.value.path == "units[1].unit_type"


def test_digests_are_looked_at_after_damage_too() -> None:
    """Unit 1 has a wrong checksum; unit 2 is good in itself, but not what INDEX says."""
    file = File().add(unit(4, text("MIT"), b"text")).raw("w", 1, (3,), b"abc")
    data = bytearray(file.data())
    data[64 + 64] ^= 1
    data[192:320] = raw_tensor("w", 1, (3,), b"abd")
    with aimcodec.open(bytes(data)) as package:
        found = [(finding.path, finding.message.split(":")[0]) for finding in package.verify()]
    assert found == [("units[1]", "digest"), ("units[1].payload_crc", "checksum"), ("units[2]", "digest")]


@pytest.mark.parametrize("place", [63, -1])
def test_padding_that_is_not_zero(place: int) -> None:
    damaged = bytearray(raw_tensor("w", 1, (3,), b"abc", 0) if place < 0 else unit(16, GOOD_HEADER, b"abc"))
    damaged[place] = 1
    with aimcodec.open(File([bytes(damaged)], [W]).data()) as package:
        assert len(package.verify()) == 1
        with pytest.raises(MalformedError) as refusal:
            package["w"]
        assert refusal.value.path == ("units[1].payload_padding" if place < 0 else "units[1].header_padding")


def test_an_alias_that_its_unit_does_not_agree_with() -> None:
    other = raw_tensor("x", 1, (3,), b"def")
    entries = [W, Entry(0, "x", 1, (3,), 0, 2), Entry(0, "v", 1, (3,), 255, 3, target=1)]
    with aimcodec.open(File([GOOD, other, ALIAS], entries).data()) as package:
        assert package["x"].tobytes() == b"def"
        for attempt in (lambda: package["v"], package.load, lambda: package.get_slice("v")):
            with pytest.raises(InconsistentError) as refusal:
                attempt()
            assert refusal.value.path == "units[3].alias_header"


def test_an_end_that_cannot_be() -> None:
    for end, error in (
        ({"file_size": 0}, InconsistentError),
        ({"file_size": 1 << 40}, TruncatedError),
        ({"index_offset": 0}, InconsistentError),
        ({"index_offset": 1 << 63}, InconsistentError),
        ({"index_size": 64}, InconsistentError),
        ({"index_digest": bytes(32)}, InconsistentError),
    ):
        with pytest.raises(error):
            aimcodec.open(File().data(end=end))  # type: ignore[arg-type]
    with pytest.raises(TruncatedError):
        aimcodec.open(File().data() + bytes(64))
    index = File().index()
    with pytest.raises(InconsistentError):
        aimcodec.open(File().data(index=index[:5] + numbers("Q", 9) + index[13:]))


def test_units_of_reserved_types() -> None:
    assert aimcodec.load_file(File([unit(77, b"x", b"y", flags=0)]).data()) == {}
    with pytest.raises(UnsupportedError):
        aimcodec.open(File([unit(77)]).data())


def test_later_versions() -> None:
    assert aimcodec.load_file(File(package=unit(0, bytes([1, 9]) + text(""))).data()) == {}
    with pytest.raises(UnsupportedError):
        aimcodec.open(File(package=unit(0, bytes([2, 0]) + text(""))).data())


def test_protected_units_are_listed_and_refused() -> None:
    header = typed_header("w", 1, (3,), 0, (0, 3))
    file = File().tensor("w", 1, (3,), [unit(16, header, b"ciphertext", flags=0xC0)])
    file.add(unit(2, b"", b"ciphertext", flags=0x40))
    with aimcodec.open(file.data()) as package:
        assert list(package) == ["w"]
        for attempt in (lambda: package["w"], lambda: package.metadata, lambda: package.get_slice("w")[0]):
            with pytest.raises(UnsupportedError):
                attempt()


@pytest.mark.parametrize(
    ("data_type", "memory", "error"), [(0, b"\0\1\2", OutOfRangeError), (26, b"\x21\x13", MalformedError)]
)
@pytest.mark.parametrize("coding", [0, 1])
def test_memory_that_cannot_be(data_type: int, memory: bytes, error: type[AimcError], coding: int) -> None:
    if coding:
        made = coded_tensor("w", data_type, (3,), [b"\0" + memory], 9)
    else:
        made = raw_tensor("w", data_type, (3,), memory)
    with aimcodec.open(File().tensor("w", data_type, (3,), [made], coding).data()) as package:
        assert [type(finding) for finding in package.verify()] == [error]
        with pytest.raises(error):
            package["w"]


# Bombs.


def bomb(elements: int, block_records: int) -> bytes:
    blocks = [b"\1\0"] * -(-elements // block_records)
    made = coded_tensor("w", 1, (elements,), blocks, block_records)
    return File().tensor("w", 1, (elements,), [made], coding=1).data()


def test_bombs_are_refused_before_anything_is_allocated() -> None:
    data = bomb(1 << 40, (1 << 32) - 1)
    with aimcodec.open(data, limits=Limits(max_elements=1 << 60)) as package:
        for attempt in (lambda: package["w"], package.load, lambda: package.get_slice("w")[:2]):
            with pytest.raises(LimitExceededError):
                attempt()
        assert [type(error) for error in package.verify()] == [LimitExceededError]
    data = bomb(1 << 30, 1 << 30)
    with aimcodec.open(data) as package:
        with pytest.raises(LimitExceededError, match="max_expansion"):
            package["w"]
        with pytest.raises(LimitExceededError, match="max_expansion"):
            package.get_slice("w")[:2]


def test_packed_elements_count_as_the_bytes_that_they_become() -> None:
    made = coded_tensor("w", 31, (8000,), [b"\1\0"], 1000)
    data = File().tensor("w", 31, (8000,), [made], coding=1).data()
    with pytest.raises(LimitExceededError):
        aimcodec.load_file(data, limits=Limits(max_output_bytes=7999))
    assert aimcodec.load_file(data, limits=Limits(max_output_bytes=8000))["w"].nbytes == 8000


def test_limits() -> None:
    data = bomb(1000, 100)
    assert aimcodec.load_file(data, limits=Limits(max_output_bytes=1000, max_elements=1000))["w"].size == 1000
    for limits in (Limits(max_output_bytes=999), Limits(max_elements=999), Limits(max_rank=0), Limits(max_units=1)):
        with pytest.raises(LimitExceededError):
            aimcodec.load_file(data, limits=limits)


# Recovery.


def test_recovery_of_a_good_file() -> None:
    with aimcodec.recover(packaged()) as package:
        assert package.damage == []
        assert list(package) == [*TENSORS, "tied"]
        assert all(same(package[name], array) for name, array in TENSORS.items())
        assert package.metadata == {"k": "v"}
        assert package.verify() == []


@given(hs.lists(hs.integers(0, 1 << 40), min_size=1, max_size=4), hs.none() | hs.integers(0, 1 << 40))
@settings(max_examples=150)
def test_what_recovery_gives_is_right(places: list[int], cut: int | None) -> None:
    data = bytearray(packaged())
    for place in places:
        data[place // 8 % len(data)] ^= 1 << place % 8
    if cut is not None:
        del data[cut % len(data) :]
    with aimcodec.recover(bytes(data)) as package:
        for name in package:
            with suppress(AimcError):
                assert same(package[name], TENSORS["w" if name == "tied" else name])


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("index", [True, False])
def test_one_damaged_tensor(name: str, index: bool) -> None:
    data = bytearray(packaged())
    with aimcodec.open(bytes(data)) as package:
        number = package.info(name).units[0]
        place = package.units[number]
        end = package.units[-1].offset + package.units[-1].size
    start = next(u.payload_offset for u in read_stream(io.BytesIO(data)) if u.offset == place.offset)
    data[start] ^= 255
    if not index:
        del data[end:]
    with aimcodec.recover(bytes(data)) as package:
        first = package.damage[0]
        assert (first.offset, first.kind, first.tensor) == (place.offset, 16, name)
        assert len(package.damage) == (1 if index else 2)
        for other, array in TENSORS.items():
            if other == name:
                with pytest.raises(InconsistentError):
                    package[other]
            else:
                assert same(package[other], array)
        if name == "w":
            with pytest.raises(InconsistentError):
                package["tied"]


def test_a_lost_header_is_named_by_the_index() -> None:
    data = bytearray(packaged())
    with aimcodec.open(bytes(data)) as package:
        number = package.info("steps").units[0]
        place = package.units[number]
    data[place.offset + 30] ^= 255
    with aimcodec.recover(bytes(data)) as package:
        assert [(d.offset, d.size, d.kind, d.tensor) for d in package.damage] == [
            (place.offset, place.size, 16, "steps")
        ]
        with pytest.raises(AimcError, match="steps"):
            package["steps"]
        assert same(package["nibbles"], TENSORS["nibbles"])
        assert package.verify()


def test_bytes_before_and_between() -> None:
    data = packaged()
    with aimcodec.open(data) as package:
        cut = package.units[3].offset
    with aimcodec.recover(b"garbage" + data[:cut] + b"more" + data[cut:]) as package:
        assert all(same(package[name], array) for name, array in TENSORS.items())
        assert [(d.offset, d.size, d.kind) for d in package.damage] == [(0, 7, None), (7 + cut, 4, None)]


def test_segments_that_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "SEGMENT_BYTES", 1)
    monkeypatch.setattr("aimcodec.coding.lossless.BLOCK_BYTES", 4000)
    file = io.BytesIO()
    aimcodec.save_file({"w": patterns("FLOAT32", (4000,)), "v": patterns("FLOAT32", (2000,), 1)}, file)
    data = file.getvalue()
    with aimcodec.open(data) as package:
        assert package.info("w").units == (1, 4)
        places = [package.units[number] for number in range(1, 5)]
    for place in places:
        rest = data[: place.offset] + data[place.offset + place.size :]
        with aimcodec.recover(rest) as package:
            assert same(package["v"], patterns("FLOAT32", (2000,), 1))
            with pytest.raises(AimcError):
                package["w"]


def test_a_tensor_without_anything_else() -> None:
    for flipped in (False, True):
        data = bytearray(GOOD)
        data[64] ^= flipped
        with aimcodec.recover(bytes(data)) as package:
            assert list(package) == ["w"]
            assert (package.producer, package.metadata, package.structure) == ("", {}, None)
            assert package.info("w").coded_bytes == (0 if flipped else 128)
            if flipped:
                with pytest.raises(InconsistentError):
                    package["w"]
            else:
                assert package["w"].tobytes() == b"abc"


def test_recovery_of_nothing() -> None:
    for data in (b"", b"\x89AIM\r\n\x1a\n" * 9, bytes(1000)):
        with aimcodec.recover(data) as package:
            assert dict(package) == {}
            assert package.damage
