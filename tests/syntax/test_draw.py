"""Laws that hold for every legal stream of both syntaxes, over streams that are drawn from their descriptions."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from aimcodec.errors import AimcError
from aimcodec.reference import aim as reference
from aimcodec.syntax import Sizer, TraceRecord, aim, nnc
from aimcodec.syntax.aim.unit import aim_unit
from aimcodec.syntax.coverage import UNREACHABLE, SyntaxName, all_points, points_of
from aimcodec.syntax.draw import draw_aim_units, draw_nnc_units
from aimcodec.syntax.nnc.unit import nnr_unit
from aimcodec.syntax.protocol import Fields

SYNTAXES: tuple[SyntaxName, ...] = ("nnc", "aim")
DRAW: dict[str, Callable[[random.Random], list[Any]]] = {"nnc": draw_nnc_units, "aim": draw_aim_units}
WRITE: dict[str, Callable[..., bytes]] = {"nnc": nnc.write_units, "aim": aim.write_units}
READ: dict[str, Callable[[bytes], Any]] = {"nnc": nnc.iter_units, "aim": aim.iter_units}
TRACE: dict[str, Callable[[bytes], list[TraceRecord]]] = {"nnc": nnc.trace_stream, "aim": aim.trace_file}
CHECK: dict[str, Callable[[bytes], list[AimcError]]] = {"nnc": nnc.check_stream, "aim": aim.check_file}

both = pytest.mark.parametrize("syntax", SYNTAXES)


def sources(test: Callable[..., None]) -> Callable[..., None]:
    """With sources of random numbers that can be shrunk; a stream has hundreds of choices, so fewer than of others."""
    return settings(max_examples=settings.default.max_examples // 10)(
        given(rng=hs.randoms(use_true_random=False))(test)
    )


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


def same(one: Any, other: Any) -> bool:
    """Equality, but a NaN is like another."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return bool(one == other)


@both
@sources
def test_reading_gives_back_what_was_drawn(syntax: SyntaxName, rng: random.Random) -> None:
    units = DRAW[syntax](rng)
    again = list(READ[syntax](WRITE[syntax](units)))
    assert [unit.kind for unit in again] == [unit.kind for unit in units]
    for read, drawn in zip(again, units, strict=True):
        assert same({name: read.fields[name] for name in drawn.fields}, drawn.fields)
        assert bytes(read.payload) == drawn.payload


@both
@sources
def test_writing_gives_back_what_was_read(syntax: SyntaxName, rng: random.Random) -> None:
    data = WRITE[syntax](DRAW[syntax](rng))
    assert WRITE[syntax](READ[syntax](data)) == data


@both
@sources
def test_size_is_measured_as_written(syntax: SyntaxName, rng: random.Random) -> None:
    data = WRITE[syntax](DRAW[syntax](rng))
    context = nnc.StreamContext()
    sizer = Sizer()
    for unit in READ[syntax](data):
        if syntax == "nnc":
            sizer.unit("unit", unit.fields, unit.payload, nnr_unit, context)
            context.update(unit.fields)
        else:
            sizer.unit("unit", without_checksums(unit.fields), unit.payload, aim_unit)
    assert sizer.position == 8 * len(data)


def without_checksums(fields: Fields) -> Fields:
    """A Sizer has no bytes to compute header_crc from."""
    return {name: value for name, value in fields.items() if name != "header_crc"}


@both
@sources
def test_traces(syntax: SyntaxName, rng: random.Random) -> None:
    """Records follow each other without gaps up to the last bit, the same for reading and writing."""
    writing: list[TraceRecord] = []
    data = WRITE[syntax](DRAW[syntax](rng), trace=writing.append)
    reading = TRACE[syntax](data)
    position = 0
    for record in reading:
        assert record.bit_offset == position
        assert record.status in {"ok", "inferred", "payload"}
        position += record.bit_length
    assert position == 8 * len(data)
    assert same(reading, writing)


@both
@sources
def test_nothing_to_complain_about(syntax: SyntaxName, rng: random.Random) -> None:
    assert CHECK[syntax](WRITE[syntax](DRAW[syntax](rng))) == []


@both
def test_same_seed_same_stream(syntax: SyntaxName) -> None:
    for seed in range(10):
        one, other = (WRITE[syntax](DRAW[syntax](seeded(seed))) for _ in range(2))
        assert one == other


@both
def test_all_sides_of_all_conditions_are_drawn(syntax: SyntaxName) -> None:
    seen: set[str] = set()
    for seed in range(250):
        seen |= points_of(WRITE[syntax](DRAW[syntax](seeded(seed))), syntax)
    points = all_points(syntax)
    assert seen <= {point.id for point in points if point.valid_set}
    kinds = {"when", "element", "structure"}
    assert {point.id for point in points if point.kind in kinds} - UNREACHABLE.keys() <= seen


def test_the_slow_decoder_reads_what_was_drawn() -> None:
    """It shares nothing with the engine. Units of NNC streams and ciphertext are random bytes, so not those."""
    nnc_kinds = {aim.UnitType.NNC_UNIT, aim.UnitType.NNC_DATA}
    decoded = 0
    for seed in range(200):
        units = draw_aim_units(seeded(seed))
        if any(unit.protected or unit.kind in nnc_kinds for unit in units):
            continue
        tensors = reference.read(aim.write_units(units)).tensors
        for unit in units:
            if unit.kind == aim.UnitType.TENSOR and not unit.header["coding"]:
                key = unit.header["variant_id"], unit.header["tensor_name"]
                assert tensors[key].memory == unit.payload
                assert tensors[key].shape == tuple(unit.header["dimension"])
                decoded += 1
        assert len(tensors) == units[-2].body["tensor_count"]
    assert decoded > 50


def test_payloads_of_the_caller() -> None:
    headers: list[Fields] = []

    def payload(header: Fields, rng: random.Random) -> bytes:
        headers.append(header)
        return b"payload %d" % rng.randrange(10)

    for seed in range(20):
        for unit in draw_nnc_units(seeded(seed), payload):
            if unit.kind == nnc.UnitType.NNR_NDU:
                assert bytes(unit.payload).startswith(b"payload ")
                assert unit.header is headers.pop(0)
    assert not headers
