"""What is left of a damaged package (10.3)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from aimcodec.bits import Buffer
from aimcodec.errors import AimcError, InconsistentError, TruncatedError
from aimcodec.limits import Limits
from aimcodec.package.assemble import Assembly, Damage
from aimcodec.package.contents import Contents
from aimcodec.package.source import Source
from aimcodec.package.stream import unit_size
from aimcodec.syntax.aim import Unit
from aimcodec.syntax.aim.types import padded
from aimcodec.syntax.aim.unit import FRAME_SIZE, MARKER, has_structured_payload
from aimcodec.syntax.aim.units import read_header, read_unit

__all__ = ["PaddedSource", "recover_contents"]

SCAN_BYTES = 1 << 20


@dataclass(frozen=True)
class _Found:
    """A unit with a good header; `error` is what is wrong with the rest."""

    unit: Unit
    error: AimcError | None


class PaddedSource:
    """A source that goes on for some zero bytes, so that a last payload without its padding can be read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.size = padded(source.size)
        self.is_local = source.is_local

    @property
    def requests(self) -> int:
        """Reads so far."""
        return self._source.requests

    @property
    def bytes_fetched(self) -> int:
        """Bytes that they gave."""
        return self._source.bytes_fetched

    def read_at(self, offset: int, size: int) -> Buffer:
        """Bytes of the source, and zero bytes after it."""
        surplus = offset + size - self._source.size
        if surplus <= 0 or offset + size > self.size:
            return self._source.read_at(offset, size)
        rest = max(0, size - surplus)
        return bytes(self._source.read_at(self._source.size - rest, rest)).ljust(size, b"\0")

    def release(self, offset: int, size: int) -> None:
        """These bytes will not be read again soon."""
        self._source.release(offset, size)

    def close(self) -> None:
        """No more reads."""
        self._source.close()


def recover_contents(source: Source, limits: Limits) -> tuple[Contents, list[Damage]]:
    """The units that are intact, and what is damaged, in the order of the file.

    Raises:
        OSError: the source cannot be read.
    """
    assembly = Assembly()
    position = count = 0
    for offset in _markers(source, assembly):
        found = _unit_at(source, offset, count, limits)
        if found is None:
            continue
        if offset > position:
            assembly.lost(position, offset - position)
        if found.error is None:
            assembly.intact(found.unit)
        else:
            assembly.damaged(found.unit, found.error)
        position = assembly.position = offset + found.unit.size
        count += 1
        if count > limits.max_units:
            break
    if position < source.size or not assembly.ended:
        assembly.lost(position, max(0, source.size - position))
    return assembly.finish()


def _markers(source: Source, assembly: Assembly) -> Iterator[int]:
    """Places of unit_marker, from `assembly.position` on, which moves on with each unit."""
    place = 0
    while place + FRAME_SIZE <= source.size:
        data = bytes(source.read_at(place, min(SCAN_BYTES, source.size - place)))
        found = data.find(MARKER)
        if found < 0:
            place += max(1, len(data) - len(MARKER) + 1)
            continue
        place += found
        assembly.position = place + 1
        yield place
        place = assembly.position


def _unit_at(source: Source, offset: int, number: int, limits: Limits) -> _Found | None:
    """The unit that begins at a place, if its header is good. Padding is not looked at: nothing is in it."""
    path = f"units[{number}]"
    try:
        frame = bytes(source.read_at(offset, FRAME_SIZE))
        size = unit_size(frame, offset, path)
        header_size = int.from_bytes(frame[10:14], "big")
        header = bytes(source.read_at(offset, header_size)).ljust(padded(header_size), b"\0")
        unit = read_header(header, path, offset, limits)
    except AimcError:
        return None
    payload_size = unit.fields["payload_size"]
    if unit.payload_offset + payload_size > source.size:
        message = f"the file ends {unit.payload_offset + payload_size - source.size} bytes before the payload does"
        return _Found(unit, TruncatedError(message, bit_offset=8 * offset, path=f"{path}.payload_size"))
    payload = source.read_at(unit.payload_offset, payload_size)
    try:
        if zlib.crc32(payload) != unit.fields["payload_crc"]:
            message = "checksum: the payload has another than payload_crc says"
            raise InconsistentError(message, bit_offset=8 * unit.payload_offset, path=f"{path}.payload_crc")
        if has_structured_payload(unit.kind, unit.protected):
            whole = header + bytes(payload).ljust(padded(payload_size), b"\0")
            unit = read_unit(whole, path, offset, limits)
    except AimcError as error:
        return _Found(unit, error)
    unit.size = size
    return _Found(unit, None)
