"""Sizes, checksums and digests that depend on an element that was changed."""

from __future__ import annotations

import hashlib
import zlib

from .aim.types import padded
from .places import Bits, SyntaxName, UnitPlaces

__all__ = ["repaired"]

CRC_BYTES = 4


def repaired(
    parts: list[bytes], units: list[UnitPlaces], unit: int, number: int, bits: Bits, syntax: SyntaxName
) -> None:
    """Puts right in `parts`, the bytes of the units, what depends on the new bits in a place of a unit."""
    if syntax == "nnc":
        parts[unit] = _with_size(units[unit], number, bits)
        return
    parts[unit] = _with_checksums(units[unit], {number: bits})
    index = _unit_with(units, "unit_digest")
    if index is None:
        return
    if index != unit:
        _put_digest(parts, units, index, "unit_digest", unit)
    end = _unit_with(units, "index_digest")
    if end is not None and end != unit:
        _put_digest(parts, units, end, "index_digest", index)


def _with_size(unit: UnitPlaces, number: int, bits: Bits) -> bytes:
    """A unit that says how long it is now, if it still can and that is not what was changed."""
    data = unit.written({number: bits})
    size = unit.find("nnr_unit_size")
    if size is None or size == number or 8 * len(data) == unit.end - unit.start:
        return data
    width = unit.places[size].end - unit.places[size].start
    return unit.written({number: bits, size: Bits(len(data), width)}) if len(data) >> width == 0 else data


def _with_checksums(unit: UnitPlaces, changes: dict[int, Bits]) -> bytes:
    """A unit with its checksums, those that were not changed themselves; `changes` is completed."""
    places = [unit.find(name) for name in ("unit_header_size", "payload_size", "payload_crc", "header_crc")]
    header, size, payload_crc, header_crc = places
    data = unit.written(changes)
    if header is None or size is None or payload_crc is None or header_crc is None:
        return data
    header_size = unit.places[header].value
    start = padded(header_size)
    payload = data[start : start + unit.places[size].value]
    changes.setdefault(payload_crc, Bits(zlib.crc32(payload), 8 * CRC_BYTES))
    data = unit.written(changes)
    changes.setdefault(header_crc, Bits(zlib.crc32(data[: header_size - CRC_BYTES]), 8 * CRC_BYTES))
    return unit.written(changes)


def _unit_with(units: list[UnitPlaces], name: str) -> int | None:
    return next((number for number, unit in enumerate(units) if unit.find(name) is not None), None)


def _put_digest(parts: list[bytes], units: list[UnitPlaces], where: int, name: str, of: int) -> None:
    """Writes the digest of a unit into the element, or item of an array, of another unit that holds it."""
    first = units[where].find(name)
    if first is None:
        return
    place = first + (of if name == "unit_digest" else 0)
    if place < len(units[where].places) and units[where].places[place].element.name == name:
        digest = hashlib.sha256(parts[of]).digest()
        bits = Bits(int.from_bytes(digest, "big"), 8 * len(digest))
        parts[where] = _with_checksums(units[where], {place: bits})
