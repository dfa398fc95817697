"""Framing (clause 2.2): one unit of any type."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import OutOfRangeError, UnsupportedError
from ..elements import b, padding, payload, u
from ..protocol import Syntax
from .beside import (
    asset_header,
    contributors_payload,
    evaluation_payload,
    license_header,
    license_payload,
    metadata_payload,
    package_header,
    structure_header,
    variant_header,
)
from .index import end_header, index_payload
from .nnc import nnc_data_header, nnc_unit_header
from .structure import STRUCTURE_MEDIA_TYPE, structure_payload
from .tensor import alias_header, tensor_header
from .types import UnitType, is_critical, padded

__all__ = [
    "FIXED_SIZE",
    "FRAME_SIZE",
    "MARKER",
    "aim_unit",
    "has_structured_payload",
    "payload_name",
    "typed_header",
    "typed_payload",
    "unit_header",
]

MARKER = bytes.fromhex("8941494d0d0a1a0a")
FRAME_SIZE = 26  # bytes before the typed header
FIXED_SIZE = FRAME_SIZE + 4  # and header_crc
MAX_HEADER_SIZE = 1 << 26

UNIT_MARKER = b(8, "unit_marker", "2.2", "89 41 49 4D 0D 0A 1A 0A", frozenset([MARKER]), "no unit begins here")
UNIT_TYPE = u(8, "unit_type", "2.2", "what the unit is")
CRITICAL_FLAG = u(1, "critical_flag", "2.2", "whether a decoder has to know the type")
PROTECTED_FLAG = u(1, "protected_flag", "2.2", "whether the payload is ciphertext")
RESERVED_ZERO_6BITS = u(6, "reserved_zero_6bits", "2.2", "0", range(1))
UNIT_HEADER_SIZE = u(
    32, "unit_header_size", "2.2", "bytes up to header_crc, 30 to 2^26", range(FIXED_SIZE, MAX_HEADER_SIZE + 1)
)
PAYLOAD_SIZE = u(64, "payload_size", "2.2", "bytes of the payload")
PAYLOAD_CRC = u(32, "payload_crc", "2.2", "checksum of the payload")
HEADER_CRC = u(32, "header_crc", "2.2", "checksum of the unit so far")
HEADER_PADDING = padding("header_padding", "2.2", "zero bytes up to a multiple of 64")
PAYLOAD_PADDING = padding("payload_padding", "2.2", "zero bytes up to a multiple of 64")
PAYLOAD = payload("payload", "2.2", "payload of no syntax: coded values, files, ciphertext")

OWN_FORM = f"media_type = {STRUCTURE_MEDIA_TYPE}"

NEVER_PROTECTED = (UnitType.PACKAGE, UnitType.INDEX, UnitType.END)

EMPTY = (UnitType.PACKAGE, UnitType.VARIANT, UnitType.ALIAS, UnitType.END)

HEADERS: dict[int, Callable[[Syntax], None]] = {
    UnitType.PACKAGE: package_header,
    UnitType.VARIANT: variant_header,
    UnitType.LICENSE: license_header,
    UnitType.ASSET: asset_header,
    UnitType.ALIAS: alias_header,
    UnitType.NNC_UNIT: nnc_unit_header,
    UnitType.NNC_DATA: nnc_data_header,
    UnitType.END: end_header,
}
PAYLOADS: dict[int, Callable[[Syntax], None]] = {
    UnitType.METADATA: metadata_payload,
    UnitType.CONTRIBUTORS: contributors_payload,
    UnitType.EVALUATION: evaluation_payload,
    UnitType.INDEX: index_payload,
}


def aim_unit(s: Syntax) -> None:
    """A unit."""
    kind, protected, payload_size, media_type = unit_header(s, whole=True)
    s.verify(PAYLOAD_CRC, payload_size)
    typed_payload(s, kind, protected, payload_size, media_type)
    s.reserved(PAYLOAD_PADDING)


def unit_header(s: Syntax, *, whole: bool) -> tuple[int, bool, int, str]:
    """The elements up to the payload; returns unit_type, whether the unit is protected, payload_size, and of STRUCTURE
    the media type of the payload.

    `whole` says that the data have the payload too.
    """
    s.code(UNIT_MARKER)
    kind = s.code(UNIT_TYPE)
    _critical(s, kind, s.code(CRITICAL_FLAG))
    protected = bool(s.code(PROTECTED_FLAG))
    s.require(not (protected and kind in NEVER_PROTECTED), f"a unit of type {kind} is never protected", OutOfRangeError)
    s.reserved(RESERVED_ZERO_6BITS)
    header_size = s.decisive(UNIT_HEADER_SIZE)
    payload_size = s.code(PAYLOAD_SIZE)
    if whole:
        s.extent(padded(header_size) + padded(payload_size))
    s.require(not (payload_size and kind in EMPTY), f"a unit of type {kind} has no payload")
    s.code(PAYLOAD_CRC)
    s.guard(HEADER_CRC, header_size)
    media_type = typed_header(s, kind, header_size - FIXED_SIZE, None if protected else payload_size)
    s.checksum(HEADER_CRC)
    s.reserved(HEADER_PADDING)
    return kind, protected, payload_size, media_type


def _critical(s: Syntax, kind: int, flag: int) -> None:
    known = is_critical(kind)
    s.require(known is not None or not flag, f"critical unit of reserved type {kind}", UnsupportedError)
    s.require(known is None or flag == known, f"critical_flag {flag} in a unit of type {kind}", OutOfRangeError)


def typed_header(s: Syntax, kind: int, size: int, payload_size: int | None) -> str:
    """The header that the type says; that of a reserved type is bytes. Returns media_type of STRUCTURE, else ""."""
    if kind == UnitType.STRUCTURE:
        return s.within("structure_header", size, structure_header)
    if kind == UnitType.TENSOR:
        s.within("tensor_header", size, tensor_header, payload_size)
    elif kind in HEADERS:
        s.within(f"{UnitType(kind).name.lower()}_header", size, HEADERS[kind])
    elif is_critical(kind) is None:
        s.code(b(size, "typed_header", "2.2", "header of a reserved type"))
    else:
        s.require(not size, f"a unit of type {kind} has no typed header")
    return ""


def typed_payload(s: Syntax, kind: int, protected: bool, size: int, media_type: str = "") -> None:
    """The payload that the type says; bytes where there is none, or only ciphertext."""
    if not has_structured_payload(kind, protected):
        if kind == UnitType.STRUCTURE and not protected and s.when(OWN_FORM, media_type == STRUCTURE_MEDIA_TYPE):
            s.content(PAYLOAD, size, "structure_payload", structure_payload)
        else:
            s.payload(PAYLOAD, size)
    elif kind == UnitType.LICENSE:
        s.within(payload_name(kind), size, license_payload, size)
    else:
        s.within(payload_name(kind), size, PAYLOADS[kind])


def has_structured_payload(kind: int, protected: bool) -> bool:
    """Whether the payload consists of syntax elements."""
    return not protected and (kind in PAYLOADS or kind == UnitType.LICENSE)


def payload_name(kind: int) -> str:
    """Name of the structure of such a payload."""
    return f"{UnitType(kind).name.lower()}_payload"
