"""Laws that hold for every legal stream: reading, writing, measuring and tracing agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from aimcodec.errors import AimcError
from aimcodec.limits import Limits
from aimcodec.syntax import Sizer, TraceRecord
from aimcodec.syntax.nnc import (
    DamagedUnit,
    StreamContext,
    Unit,
    check_stream,
    iter_units,
    scan_units,
    trace_stream,
    write_units,
)
from aimcodec.syntax.nnc.unit import nnr_unit

from .trees import streams

FRAMING = {
    "nnr_unit_size_flag",
    "nnr_unit_size",
    "nnr_unit_type",
    "independently_decodable_flag",
    "partial_data_counter_present_flag",
}


def supplied(unit: Unit, like: Unit) -> dict[str, Any]:
    """The fields of a unit that was read, without the framing that was not supplied when it was written."""
    return {name: value for name, value in unit.fields.items() if name in like.fields or name not in FRAMING}


@given(streams())
def test_reading_gives_back_what_was_written(units: list[Unit]) -> None:
    data = write_units(units)
    again = list(iter_units(data))
    assert [(unit.kind, bytes(unit.payload)) for unit in again] == [(unit.kind, unit.payload) for unit in units]
    for read, written in zip(again, units, strict=True):
        assert supplied(read, written) == written.fields
        assert data[read.payload_offset :][: len(read.payload)] == read.payload
    assert write_units(again) == data


@given(streams())
def test_units_follow_each_other_without_gaps(units: list[Unit]) -> None:
    data = write_units(units)
    end = 0
    for unit in iter_units(data):
        assert unit.offset == end
        end += unit.fields["nnr_unit_size"]
        assert unit.payload_offset + len(unit.payload) == end
        long_form = unit.fields["nnr_unit_size_flag"]
        assert long_form or unit.fields["nnr_unit_size"] < 2**15
    assert end == len(data)


@given(streams())
def test_size_is_the_length_of_what_is_written(units: list[Unit]) -> None:
    context = StreamContext()
    for unit in iter_units(write_units(units)):
        sizer = Sizer()
        sizer.unit("unit", unit.fields, unit.payload, nnr_unit, context)
        assert sizer.position == 8 * unit.fields["nnr_unit_size"]
        context.update(unit.fields)


@given(streams())
def test_trace_of_reading_is_the_trace_of_writing(units: list[Unit]) -> None:
    writing: list[TraceRecord] = []
    data = write_units(units, trace=writing.append)
    reading = trace_stream(data)
    assert reading == writing
    position = 0
    for record in reading:
        assert record.bit_offset == position
        position += record.bit_length
    assert position == 8 * len(data)


@given(streams())
def test_nothing_to_complain_about(units: list[Unit]) -> None:
    data = write_units(units)
    assert check_stream(data) == []
    assert [unit.fields for unit in iter_units(data)] == [unit.fields for unit in scan_units(data)]


@given(streams(), hs.data())
def test_damaged_streams_give_units_or_one_error(units: list[Unit], draw: hs.DataObject) -> None:
    """Flipped bits and cut ends: no other exception, every bit accounted for, and all readers of one mind."""
    data = bytearray(write_units(units))
    places = hs.integers(0, 8 * len(data) - 1) | hs.integers(0, min(400, 8 * len(data) - 1))
    for bit in draw.draw(hs.lists(places, max_size=4)):
        data[bit >> 3] ^= 0x80 >> (bit & 7)
    data = bytes(data[: draw.draw(hs.integers(0, len(data)) | hs.just(len(data)))])
    assert_consistent(data)


@given(hs.binary(max_size=60))
def test_any_bytes_after_a_good_beginning(tail: bytes) -> None:
    assert_consistent(bytes.fromhex("000402010008068100400080") + tail)


def assert_consistent(data: bytes, limits: Limits = Limits(max_units=50)) -> None:  # noqa: B008
    scanned = list(scan_units(data, limits=limits))
    damage = [unit.error for unit in scanned if isinstance(unit, DamagedUnit)]
    violations = check_stream(data, limits=limits)
    assert bool(violations) == bool(damage)
    if damage:
        with pytest.raises(AimcError) as refusal:
            list(iter_units(data, limits=limits))
        error = refusal.value
        assert str(error) == str(damage[0]) == str(violations[0])
        assert error.path
        assert error.bit_offset is not None
        assert error.bit_offset <= 8 * len(data)
    else:
        assert write_units(iter_units(data, limits=limits)) == data
    position = 0
    for record in trace_stream(data, limits=limits):
        assert record.bit_offset == position
        position += record.bit_length
    assert position == 8 * len(data)
