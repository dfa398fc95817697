"""Numbers of the text that several structures share: unit types (2.2), codings (4), data types (6)."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

__all__ = [
    "ALIGNMENT",
    "DATA_TYPES",
    "INTEGER_TYPES",
    "MAX_RANK",
    "OPAQUE",
    "REAL_TYPES",
    "Coding",
    "DataType",
    "UnitType",
    "is_critical",
    "padded",
]

ALIGNMENT = 64  # bytes, of units and payloads
MAX_RANK = 32


class UnitType(IntEnum):
    """unit_type (2.2)."""

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


_ANCILLARY = range(UnitType.METADATA, UnitType.EVALUATION + 1)
_KNOWN = frozenset(UnitType)


def is_critical(kind: int) -> bool | None:
    """The critical_flag of a unit type; None for a reserved type."""
    return kind not in _ANCILLARY if kind in _KNOWN else None


def padded(size: int) -> int:
    """The next multiple of 64."""
    return -(-size // ALIGNMENT) * ALIGNMENT


class Coding(IntEnum):
    """coding (4.1) and entry_coding (5.1)."""

    RAW = 0
    LOSSLESS = 1
    NNC = 2
    DELTA = 3
    ALIAS = 255


class DataType(NamedTuple):
    """A row of the tables of 6.1 and 6.3.

    Attributes:
        code: data_type.
        name: in upper case; in lower case the name that numpy or ml_dtypes has for it.
        bits: of an element.
        record_bytes: W, bytes of a record.
        rotate: whether records are rotated.
    """

    code: int
    name: str
    bits: int
    record_bytes: int
    rotate: bool


OPAQUE = 255

DATA_TYPES: dict[int, DataType] = {
    row.code: row
    for row in (
        DataType(0, "BOOL", 8, 1, False),
        DataType(1, "UINT8", 8, 1, False),
        DataType(2, "INT8", 8, 1, False),
        DataType(3, "UINT16", 16, 2, False),
        DataType(4, "INT16", 16, 2, False),
        DataType(5, "UINT32", 32, 4, False),
        DataType(6, "INT32", 32, 4, False),
        DataType(7, "UINT64", 64, 8, False),
        DataType(8, "INT64", 64, 8, False),
        DataType(9, "FLOAT16", 16, 2, True),
        DataType(10, "BFLOAT16", 16, 2, True),
        DataType(11, "FLOAT32", 32, 4, True),
        DataType(12, "FLOAT64", 64, 8, True),
        DataType(13, "COMPLEX64", 64, 4, True),
        DataType(14, "COMPLEX128", 128, 8, True),
        DataType(15, "FLOAT8_E4M3FN", 8, 1, False),
        DataType(16, "FLOAT8_E4M3FNUZ", 8, 1, False),
        DataType(17, "FLOAT8_E4M3B11FNUZ", 8, 1, False),
        DataType(18, "FLOAT8_E5M2", 8, 1, False),
        DataType(19, "FLOAT8_E5M2FNUZ", 8, 1, False),
        DataType(20, "FLOAT8_E8M0FNU", 8, 1, False),
        DataType(21, "FLOAT8_E3M4", 8, 1, False),
        DataType(22, "FLOAT8_E4M3", 8, 1, False),
        DataType(23, "FLOAT6_E2M3FN", 6, 1, False),
        DataType(24, "FLOAT6_E3M2FN", 6, 1, False),
        DataType(25, "FLOAT4_E2M1FN", 4, 1, False),
        DataType(26, "INT4", 4, 1, False),
        DataType(27, "UINT4", 4, 1, False),
        DataType(28, "INT2", 2, 1, False),
        DataType(29, "UINT2", 2, 1, False),
        DataType(30, "INT1", 1, 1, False),
        DataType(31, "UINT1", 1, 1, False),
    )
}

# What the values of an NNC data unit can be given as (9.2).
INTEGER_TYPES = range(9)
REAL_TYPES = range(9, 13)
