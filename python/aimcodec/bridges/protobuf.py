"""The wire form of protocol buffers, as far as small messages of other formats need it."""

from __future__ import annotations

from collections.abc import Iterator

from aimcodec.errors import MalformedError, TruncatedError

__all__ = ["fields", "integers"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_VARINT_BYTES = 10


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A number of 64 bits and the place after it."""
    value = 0
    for length in range(MAX_VARINT_BYTES):
        if place + length >= len(data):
            raise TruncatedError("a message ends inside a number")
        byte = data[place + length]
        value |= (byte & 127) << 7 * length
        if byte < 128:
            return value & ((1 << 64) - 1), place + length + 1
    raise MalformedError("a number of more than 10 bytes in a message")


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: number, and value: a number, or bytes in place.

    Raises:
        MalformedError, TruncatedError: it is none.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if kind == BYTES:
            size, place = _varint(data, place)
        elif kind in {FIXED32, FIXED64}:
            size = 4 if kind == FIXED32 else 8
        else:
            raise MalformedError(f"a field of the wire type {kind}")
        if size > len(data) - place:
            raise TruncatedError(f"a field of {size} bytes, {len(data) - place} are left")
        yield key >> 3, data[place : place + size]
        place += size


def integers(data: memoryview, number: int) -> list[int]:
    """All values of a repeated field of signed numbers, packed or not."""
    found: list[int] = []
    for field, value in fields(data):
        if field == number and isinstance(value, int):
            found.append(value)
        elif field == number and isinstance(value, memoryview):
            place = 0
            while place < len(value):
                item, place = _varint(value, place)
                found.append(item)
    return [value - (1 << 64) if value >> 63 else value for value in found]
