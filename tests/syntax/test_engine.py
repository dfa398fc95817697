"""The engine alone, on a small structure that uses everything a table can say."""

from __future__ import annotations

from typing import Any

import pytest

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
from aimcodec.syntax import Checker, Reader, Sizer, Syntax, TraceRecord, TracingReader, Writer
from aimcodec.syntax.elements import flt, i, payload, st, u, ue

from .bitstrings import aligned, pack
from .bitstrings import flt as flt_bits
from .bitstrings import ue as ue_bits

SIZE = u(8, "size", "1", "", range(1, 256))
KIND = u(3, "kind", "2", "", range(5))
RESERVED = u(2, "zero", "2", "", range(1))
FLAG = u(1, "flag", "2", "")
OFFSET = i(3, "offset", "2", "")
COUNT = ue(0, "count", "3", "")
ITEM = ue(1, "item", "3", "", range(100))
WEIGHT = flt("weight", "4", "")
NAME = st("name", "5", "")
DATA = payload("data", "6", "")


def point(s: Syntax, index: int, flag: int) -> None:
    if s.when("flag", flag):
        s.code(OFFSET)
    s.code(WEIGHT)


def body(s: Syntax, flag: int) -> int:
    count = s.code(COUNT)
    s.limited("max_rank", count)
    s.require(count != 7, "never 7", InconsistentError)
    s.array("count", ITEM, count)
    s.repeat("count - 1", "points", count - 1, point, flag)
    s.align()
    return count


def structure(s: Syntax, prefix: str) -> None:
    s.sized(SIZE)
    kind = s.code(KIND)
    s.reserved(RESERVED)
    flag = s.code(FLAG) if s.when("kind < 3", kind < 3) else s.infer(FLAG, 1)
    if s.when("kind == 2", kind == 2):
        s.refuse("odd_part", "not supported")
    count = s.nest("body", body, flag=flag)
    s.code(NAME)
    s.require(s.when("count", count) or kind == 0, f"{prefix} needs items")
    s.payload(DATA)


TREE: dict[str, Any] = {
    "size": 15,
    "kind": 1,
    "flag": 0,
    "body": {"count": 2, "item": [6, 0], "points": [{"weight": -1.5}]},
    "name": "é",
}
BITS = "00001111" + "001" + "00" + "0" + ue_bits(0, 2) + ue_bits(1, 6) + ue_bits(1, 0) + flt_bits(-1.5)
STREAM = pack(aligned(BITS)) + "é".encode() + b"\0" + b"pay!"
BODY = len("00001111001000")


def changed(path: str, value: Any) -> dict[str, Any]:
    """A copy of TREE with the value at a path like body.item replaced, added, or removed (value is `...`)."""
    tree = {**TREE, "body": {**TREE["body"]}}
    *scopes, name = path.split(".")
    inner = tree
    for scope in scopes:
        inner = inner[scope]
    inner[name] = value
    if value is ...:
        del inner[name]
    return tree


def read(data: bytes, **arguments: Any) -> dict[str, Any]:
    return Reader(data, **arguments).unit("top", structure, "body")


def write(tree: dict[str, Any], data: bytes = b"pay!") -> bytes:
    writer = Writer()
    writer.unit("top", tree, data, structure, prefix="body")
    return writer.tobytes()


def test_read_and_write() -> None:
    assert len(STREAM) == TREE["size"]
    reader = Reader(STREAM + b"more")
    assert reader.unit("top", structure, "body") == TREE
    assert list(reader.fields) == list(TREE)
    assert bytes(reader.payload_bytes) == b"pay!"
    assert reader.payload_offset == 11
    assert reader.position == reader.unit_end == 8 * len(STREAM)
    assert write(TREE) == STREAM


def test_units_follow_each_other() -> None:
    reader = Reader(STREAM * 3)
    assert [reader.unit(f"top[{n}]", structure, "body") for n in range(3)] == [TREE] * 3
    writer = Writer()
    for n in range(3):
        writer.unit(f"top[{n}]", TREE, b"pay!", structure, "body")
    assert writer.tobytes() == STREAM * 3


def test_size_without_writing() -> None:
    sizer = Sizer()
    sizer.unit("top", changed("size", ...), b"pay!", structure, "body")
    assert sizer.position == 8 * len(STREAM)


def test_trace_of_reading_and_writing() -> None:
    reader = TracingReader(STREAM)
    reader.unit("top", structure, "body")
    reading = reader.log.records(STREAM)
    writing: list[TraceRecord] = []
    Writer(trace=writing.append).unit("top", TREE, b"pay!", structure, "body")
    assert reading == writing
    shown = [(r.path, r.bit_offset, r.bit_length, r.raw, r.value, r.status) for r in reading]
    begin = BODY + 3 + 6 + 2
    assert shown == [
        ("top.size", 0, 8, 15, 15, "ok"),
        ("top.kind", 8, 3, 1, 1, "ok"),
        ("top.zero", 11, 2, 0, 0, "ok"),
        ("top.flag", 13, 1, 0, 0, "ok"),
        ("top.body.count", BODY, 3, 0b011, 2, "ok"),
        ("top.body.item[0]", BODY + 3, 6, int(ue_bits(1, 6), 2), 6, "ok"),
        ("top.body.item[1]", BODY + 9, 2, 0b10, 0, "ok"),
        ("top.body.points[0].weight", begin, 32, 0x0000C0BF, -1.5, "ok"),
        ("top.body.align", begin + 32, 7, 0x40, None, "ok"),
        ("top.name", 64, 24, 0xC3A900, "é", "ok"),
        ("top.data", 88, 32, 0, None, "payload"),
    ]
    assert {r.path: (r.descriptor, r.clause) for r in reading}["top.body.item[1]"] == ("ue(1)", "3")


WITHOUT_FLAG = pack(aligned("00000100" + "011" + "00" + ue_bits(0, 1) + ue_bits(1, 0))) + b"\0"


def test_inferred_values() -> None:
    reader = TracingReader(WITHOUT_FLAG)
    tree = reader.unit("top", structure, "body")
    assert tree == {"size": 4, "kind": 3, "flag": 1, "body": {"count": 1, "item": [0], "points": []}, "name": ""}
    assert not reader.payload_bytes
    assert reader.payload_offset == 4
    assert TraceRecord(13, 0, "u(1)", "top.flag", 0, 1, "2", "inferred") in reader.log.records(WITHOUT_FLAG)
    assert write(tree, b"") == WITHOUT_FLAG
    del tree["flag"]
    assert write(tree, b"") == WITHOUT_FLAG
    with pytest.raises(InconsistentError) as refusal:
        write({**tree, "flag": 0}, b"")
    assert (refusal.value.path, refusal.value.bit_offset) == ("top.flag", 13)


@pytest.mark.parametrize(
    ("path", "value", "error", "place"),
    [
        ("kind", 5, OutOfRangeError, "top.kind"),
        ("kind", 8, OutOfRangeError, "top.kind"),
        ("kind", -1, OutOfRangeError, "top.kind"),
        ("kind", "1", ArgumentError, "top.kind"),
        ("kind", 1.0, ArgumentError, "top.kind"),
        ("kind", ..., ArgumentError, "top.kind"),
        ("kind", 2, UnsupportedError, "top.odd_part"),
        ("name", 3, ArgumentError, "top.name"),
        ("name", "a\0", OutOfRangeError, "top.name"),
        ("surplus", 0, ArgumentError, "top.surplus"),
        ("zero", 0, ArgumentError, "top.zero"),
        ("body", 3, ArgumentError, "top.body"),
        ("body.surplus", 0, ArgumentError, "top.body.surplus"),
        ("body.count", 7, InconsistentError, "top.body.count"),
        ("body.item", [5], ArgumentError, "top.body.item"),
        ("body.item", [5, 0, 0], ArgumentError, "top.body.item"),
        ("body.item", [5, 100], OutOfRangeError, "top.body.item[1]"),
        ("body.item", 5, ArgumentError, "top.body.item"),
        ("body.points", [{"weight": 0.1}], OutOfRangeError, "top.body.points[0].weight"),
        ("body.points", [{"weight": "0"}], ArgumentError, "top.body.points[0].weight"),
        ("body.points", [{"weight": 10**400}], ArgumentError, "top.body.points[0].weight"),
        ("body.points", [{"weight": 0.5, "offset": 1}], ArgumentError, "top.body.points[0].offset"),
        ("body.points", [1], ArgumentError, "top.body.points[0]"),
        ("size", 14, InconsistentError, "top.size"),
        ("size", 0, OutOfRangeError, "top.size"),
    ],
)
def test_writing_refuses(path: str, value: Any, error: type[AimcError], place: str) -> None:
    with pytest.raises(error) as refusal:
        write(changed(path, value))
    assert type(refusal.value) is error
    assert refusal.value.path == place
    assert refusal.value.bit_offset is not None


def test_payload_without_a_place() -> None:
    def bare(s: Syntax) -> None:
        s.sized(SIZE)

    with pytest.raises(ArgumentError):
        Writer().unit("top", {"size": 1}, b"x", bare)
    with pytest.raises(InconsistentError) as surplus:
        Reader(b"\2x").unit("top", bare)
    assert (surplus.value.path, surplus.value.bit_offset) == ("top.size", 0)


def flip(*bits: int) -> bytes:
    value = int.from_bytes(STREAM, "big")
    for bit in bits:
        value ^= 1 << (8 * len(STREAM) - 1 - bit)
    return value.to_bytes(len(STREAM), "big")


ALIGNMENT = BODY + 3 + 6 + 2 + 32


@pytest.mark.parametrize(
    ("bit", "error", "place", "offset"),
    [
        (8, OutOfRangeError, "top.kind", 8),
        (11, OutOfRangeError, "top.zero", 11),
        (12, OutOfRangeError, "top.zero", 11),
        (ALIGNMENT, MalformedError, "top.body.align", ALIGNMENT),
        (ALIGNMENT + 5, MalformedError, "top.body.align", ALIGNMENT),
        (64, MalformedError, "top.name", 64),
        (3, TruncatedError, "top.size", 0),
        (4, TruncatedError, "top.body.points[0].weight", ALIGNMENT - 32),
    ],
)
def test_reading_refuses(bit: int, error: type[AimcError], place: str, offset: int) -> None:
    with pytest.raises(error) as refusal:
        read(flip(bit))
    assert (refusal.value.path, refusal.value.bit_offset) == (place, offset)


def test_limits_apply_to_reading_only() -> None:
    assert read(STREAM, limits=Limits(max_rank=2)) == TREE
    with pytest.raises(LimitExceededError) as refusal:
        read(STREAM, limits=Limits(max_rank=1))
    assert (refusal.value.path, refusal.value.bit_offset) == ("top.body.count", BODY)
    with pytest.raises(LimitExceededError) as refusal:
        read(STREAM, limits=Limits(max_string_bytes=1))
    assert refusal.value.path == "top.name"


def test_rules_name_the_element_coded_last() -> None:
    data = pack(aligned("00000100" + "001" + "00" + "0" + ue_bits(0, 0))) + b"\0\0"
    with pytest.raises(MalformedError, match="body needs items") as refusal:
        read(data)
    assert (refusal.value.path, refusal.value.bit_offset) == ("top.name", 16)


def test_checking_collects_all_violations() -> None:
    checker = Checker(flip(12, ALIGNMENT, ALIGNMENT + 5))
    assert checker.unit("top", structure, "body") == TREE
    assert [(error.path, error.bit_offset) for error in checker.violations] == [
        ("top.zero", 11),
        ("top.body.align", ALIGNMENT),
    ]
