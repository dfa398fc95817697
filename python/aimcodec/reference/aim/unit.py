"""Units (clause 2.2)."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from ...errors import AimcError, InconsistentError, MalformedError, OutOfRangeError, TruncatedError, UnsupportedError
from .elements import ElementReader

__all__ = [
    "ALIAS",
    "ASSET",
    "CONTRIBUTORS",
    "END",
    "EVALUATION",
    "INDEX",
    "LICENSE",
    "METADATA",
    "NNC_DATA",
    "NNC_UNIT",
    "PACKAGE",
    "STRUCTURE",
    "TENSOR",
    "VARIANT",
    "Unit",
    "read_unit",
]

UNIT_MARKER = bytes.fromhex("89 41 49 4D 0D 0A 1A 0A")

PACKAGE = 0
VARIANT = 1
METADATA = 2
CONTRIBUTORS = 3
LICENSE = 4
ASSET = 5
STRUCTURE = 6
EVALUATION = 7
TENSOR = 16
ALIAS = 17
NNC_UNIT = 18
NNC_DATA = 19
INDEX = 254
END = 255

CRITICAL = {PACKAGE, VARIANT, TENSOR, ALIAS, NNC_UNIT, NNC_DATA, INDEX, END}
ANCILLARY = {METADATA, CONTRIBUTORS, LICENSE, ASSET, STRUCTURE, EVALUATION}
NEVER_PROTECTED = {PACKAGE, INDEX, END}

FIXED_HEADER = 30  # bytes of the header without the typed header: 26 before it, and header_crc
MAX_HEADER = 1 << 26


@dataclass(frozen=True)
class Unit:
    """One unit whose frame is good.

    Attributes:
        number: how many units are before it.
        known: whether its type is not reserved.
        header: a reader of the typed header.
        content: a reader of the payload.
        data: the whole file.
        begin, end: where it lies in the file, in bytes.
        payload_begin, payload_end: where its payload lies.
    """

    number: int
    unit_type: int
    known: bool
    protected: bool
    header: ElementReader
    content: ElementReader
    data: bytes
    begin: int
    payload_begin: int
    payload_end: int
    end: int

    @property
    def payload(self) -> bytes:
        """The payload."""
        return self.data[self.payload_begin : self.payload_end]

    @property
    def digest(self) -> bytes:
        """SHA-256 of all bytes of the unit (clause 1.2)."""
        return hashlib.sha256(self.data[self.begin : self.end]).digest()

    def broken(self, kind: type[AimcError], message: str, name: str = "") -> AimcError:
        """An error of this unit."""
        path = f"units[{self.number}]"
        return kind(message, bit_offset=8 * self.begin, path=f"{path}.{name}" if name else path)


def read_unit(data: bytes, begin: int, number: int) -> Unit:
    """The unit that begins at a byte of the file; its frame is checked, its header and payload are not looked at."""
    path = f"units[{number}]"
    r = ElementReader(data, 8 * begin, 8 * len(data), path)
    if r.b(8, "unit_marker") != UNIT_MARKER:
        raise r.broken(MalformedError, "no unit begins here", "unit_marker")
    unit_type = r.u(8, "unit_type")
    critical_flag = r.u(1, "critical_flag")
    protected_flag = r.u(1, "protected_flag")
    r.reserved_zero(6, "reserved_zero_6bits")
    unit_header_size = r.u(32, "unit_header_size")
    payload_size = r.u(64, "payload_size")
    payload_crc = r.u(32, "payload_crc")
    if not FIXED_HEADER <= unit_header_size <= MAX_HEADER:
        raise r.broken(OutOfRangeError, f"a header of {unit_header_size} bytes", "unit_header_size")
    header_end = begin + unit_header_size
    payload_begin = aligned(header_end)
    payload_end = payload_begin + payload_size
    end = aligned(payload_end)
    if end > len(data):
        raise r.broken(TruncatedError, "the file ends before the unit does", "payload_size")
    if zlib.crc32(data[begin : header_end - 4]) != int.from_bytes(data[header_end - 4 : header_end], "big"):
        raise r.broken(InconsistentError, "the header does not have its checksum", "header_crc")
    if any(data[header_end:payload_begin]):
        raise r.broken(MalformedError, "padding that is not zero", "header_padding")
    if any(data[payload_end:end]):
        raise r.broken(MalformedError, "padding that is not zero", "payload_padding")
    if zlib.crc32(data[payload_begin:payload_end]) != payload_crc:
        raise r.broken(InconsistentError, "the payload does not have its checksum", "payload_crc")
    check_flags(r, unit_type, critical_flag, protected_flag)
    return Unit(
        number=number,
        unit_type=unit_type,
        known=unit_type in CRITICAL | ANCILLARY,
        protected=bool(protected_flag),
        header=ElementReader(data, r.position, 8 * (header_end - 4), path),
        content=ElementReader(data, 8 * payload_begin, 8 * payload_end, path),
        data=data,
        begin=begin,
        payload_begin=payload_begin,
        payload_end=payload_end,
        end=end,
    )


def check_flags(r: ElementReader, unit_type: int, critical_flag: int, protected_flag: int) -> None:
    """`critical_flag` and `protected_flag` go with the type (clauses 2.2 and 12)."""
    if unit_type not in CRITICAL | ANCILLARY:
        if critical_flag:
            raise r.broken(UnsupportedError, f"critical unit of reserved type {unit_type}", "unit_type")
    elif critical_flag != (unit_type in CRITICAL):
        raise r.broken(OutOfRangeError, f"critical_flag {critical_flag} in type {unit_type}", "critical_flag")
    if protected_flag and unit_type in NEVER_PROTECTED:
        raise r.broken(OutOfRangeError, f"protected_flag 1 in type {unit_type}", "protected_flag")


def aligned(position: int) -> int:
    """The next multiple of 64."""
    return (position + 63) // 64 * 64
