"""Packages front to back, from pipes and the like (10.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Protocol

from aimcodec.errors import MalformedError, OutOfRangeError, TruncatedError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.syntax.aim import FileRules, Unit
from aimcodec.syntax.aim.types import padded
from aimcodec.syntax.aim.unit import FIXED_SIZE, FRAME_SIZE, MARKER, MAX_HEADER_SIZE
from aimcodec.syntax.aim.units import read_unit

__all__ = ["Readable", "read_stream", "unit_size"]

READ_BYTES = 1 << 20


class Readable(Protocol):
    """Anything with a `read` that gives at most so many bytes, and none at the end."""

    def read(self, size: int, /) -> Any:
        """Bytes."""


def read_stream(stream: Readable, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Unit]:
    """The units of a package one by one; one at a time is in memory.

    All rules but those of coded data are checked, and what INDEX and END say of the units before them. A unit is given
    out as soon as it has come, so before it is known that the file is whole: that is so when the iterator ends.

    Raises:
        AimcError: a rule is broken, or the data end too soon.
    """
    rules = FileRules()
    offset = count = 0
    while not rules.finished:
        path = f"units[{count}]"
        frame = _exactly(stream, FRAME_SIZE, offset, path)
        size = unit_size(frame, offset, path)
        data = frame + _exactly(stream, size - FRAME_SIZE, offset, path)
        unit = read_unit(data, path, offset, limits)
        rules.take(unit, hashlib.sha256(data).digest())
        yield unit
        offset += size
        count += 1
    if stream.read(1):
        raise MalformedError("nothing follows the END unit", bit_offset=8 * offset, path=f"units[{count}]")


def unit_size(frame: Any, offset: int, path: str) -> int:
    """Bytes of the unit that begins with these.

    Raises:
        MalformedError: no unit begins with them.
        OutOfRangeError: the size of its header is none.
    """
    if frame[:8] != MARKER:
        raise MalformedError("no unit begins here", bit_offset=8 * offset, path=f"{path}.unit_marker")
    header, payload = int.from_bytes(frame[10:14], "big"), int.from_bytes(frame[14:22], "big")
    if not FIXED_SIZE <= header <= MAX_HEADER_SIZE:
        message = f"a header of {header} bytes"
        raise OutOfRangeError(message, bit_offset=8 * offset + 80, path=f"{path}.unit_header_size")
    return padded(header) + padded(payload)


def _exactly(stream: Readable, size: int, offset: int, path: str) -> bytearray:
    """So many bytes; what is kept grows with what comes, so a false size costs nothing."""
    data = bytearray()
    while len(data) < size:
        part = stream.read(min(READ_BYTES, size - len(data)))
        if not part:
            raise TruncatedError(
                f"the data end {size - len(data)} bytes before the unit does", bit_offset=8 * offset, path=path
            )
        data += part
    return data
