"""Single units of a package: checked against the catalogue before anything of them is used (10.1)."""

from __future__ import annotations

from aimcodec.bits import Buffer
from aimcodec.errors import InconsistentError, TruncatedError
from aimcodec.limits import Limits
from aimcodec.package.contents import Contents
from aimcodec.package.source import Source
from aimcodec.syntax.aim import Unit
from aimcodec.syntax.aim.types import padded
from aimcodec.syntax.aim.unit import FIXED_SIZE, FRAME_SIZE
from aimcodec.syntax.aim.units import read_header, read_unit

__all__ = ["head_of", "read_head", "read_whole"]

# Most headers are shorter; a longer one takes a second read.
FIRST_READ = 4096


def read_head(source: Source, contents: Contents, number: int, limits: Limits) -> Unit:
    """A unit without its payload.

    Raises:
        AimcError: it breaks a rule, or is not what the index says.
        OSError: it cannot be read.
    """
    offset, size = contents.offsets[number], contents.size(number)
    data = source.read_at(offset, min(size, FIRST_READ))
    needed = _header_bytes(data, size)
    if needed > len(data):
        data = source.read_at(offset, needed)
    return head_of(data, contents, number, limits)


def head_of(data: Buffer, contents: Contents, number: int, limits: Limits) -> Unit:
    """The same from bytes that begin with the unit.

    Raises:
        AimcError: as in `read_head`.
    """
    offset, size = contents.offsets[number], contents.size(number)
    path = f"units[{number}]"
    header = data[: _header_bytes(data, min(size, len(data)))]
    if contents.is_recovered:  # of which only what has a checksum is looked at
        header_size = int.from_bytes(data[10:14], "big")
        header = bytes(header[:header_size]).ljust(len(header), b"\0")
    unit = read_header(header, path, offset, limits)
    _compare(unit, contents, number)
    return unit


def read_whole(source: Source, contents: Contents, number: int, limits: Limits) -> Unit:
    """A unit and its payload, structured ones as fields.

    Raises:
        AimcError: it breaks a rule, or is not what the index says.
        OSError: it cannot be read.
    """
    offset, size = contents.offsets[number], contents.size(number)
    unit = read_unit(source.read_at(offset, size), f"units[{number}]", offset, limits)
    _compare(unit, contents, number)
    return unit


def _header_bytes(data: Buffer, size: int) -> int:
    """Bytes before the payload, at most `size`; a wrong number is found when the header is read."""
    if len(data) < FRAME_SIZE:
        raise TruncatedError(f"{len(data)} bytes are no unit")
    header_size = int.from_bytes(data[10:14], "big")
    return min(padded(max(header_size, FIXED_SIZE)), size)


def _compare(unit: Unit, contents: Contents, number: int) -> None:
    kind, size = contents.catalogue.unit_types[number], contents.size(number)
    path, place = f"units[{number}]", 8 * unit.offset
    if unit.kind != kind:
        message = f"a unit of type {unit.kind}, the index says {kind}"
        raise InconsistentError(message, bit_offset=place, path=f"{path}.unit_type")
    if unit.size != size:
        message = f"a unit of {unit.size} bytes, the index says {size}"
        raise InconsistentError(message, bit_offset=place, path=f"{path}.payload_size")
