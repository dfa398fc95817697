"""The laws of the syntax engine, and the points of coverage, over every stream of the conformance suite."""

from __future__ import annotations

from pathlib import Path

from aimcodec.errors import AimcError
from aimcodec.model import MEDIA_TYPE, decode_structure
from aimcodec.syntax import TraceRecord
from aimcodec.syntax.aim import UnitType
from aimcodec.syntax.coverage import SyntaxName, all_points, points_of
from aimcodec.syntax.places import places_of

from .test_draw import CHECK, READ, TRACE, WRITE, both, same

STREAMS = Path(__file__).resolve().parents[2] / "conformance_streams"


def streams(syntax: SyntaxName) -> list[bytes]:
    """All that are small; the classes are found out, not looked up."""
    found = [path.read_bytes() for path in sorted(STREAMS.rglob(f"*.{syntax}")) if path.stat().st_size < 1 << 16]
    assert len(found) > 100
    return found


def is_read(data: bytes, syntax: SyntaxName) -> bool:
    """Whether the units are good, and what is inside of payloads that a reader may skip."""
    try:
        units = list(READ[syntax](data))
        for unit in units:
            if syntax == "aim" and unit.kind == UnitType.STRUCTURE and unit.header["media_type"] == MEDIA_TYPE:
                decode_structure(unit.payload)
    except AimcError:
        return False
    return bool(units)


@both
def test_streams_that_are_read(syntax: SyntaxName) -> None:
    for data in streams(syntax):
        assert is_read(data, syntax) == (not CHECK[syntax](data))
        if is_read(data, syntax):
            written: list[TraceRecord] = []
            assert WRITE[syntax](READ[syntax](data), trace=written.append) == data
            assert same(written, TRACE[syntax](data))


@both
def test_every_bit_of_every_stream_has_one_record(syntax: SyntaxName) -> None:
    for data in streams(syntax):
        position = 0
        for record in TRACE[syntax](data):
            assert record.bit_offset == position
            position += record.bit_length
        assert position == 8 * len(data)


@both
def test_places_write_back_what_was_there(syntax: SyntaxName) -> None:
    for data in streams(syntax):
        units = places_of(data, syntax)
        assert b"".join(unit.written({}) for unit in units) == data
        for unit in units:
            position = unit.start
            for place in unit.places:
                assert place.start == position
                position = place.end
            assert position <= unit.end


@both
def test_points_of_streams_are_points(syntax: SyntaxName) -> None:
    points = {point.id: point for point in all_points(syntax)}
    reached: set[str] = set()
    for data in streams(syntax):
        found = points_of(data, syntax)
        good = is_read(data, syntax)
        assert all(points[point].valid_set == good for point in found)
        assert found if good else len(found) <= 1
        reached |= found
    assert len(reached) > len(points) // 4
