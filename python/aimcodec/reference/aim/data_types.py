"""Data types and the memory of tensors (clause 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .block import Records

__all__ = ["BOOL", "DATA_TYPES", "OPAQUE", "DataType", "array_of", "numpy_dtype"]


@dataclass(frozen=True)
class DataType:
    """A row of the tables of clauses 6.1 and 6.3; the name in lower case is that of numpy or ml-dtypes.

    Attributes:
        bits: of an element.
        records: for lossless coding; an element of a complex type is two records.
    """

    name: str
    bits: int
    records: Records


def plain(name: str, bits: int) -> DataType:
    """A type without rotation."""
    return DataType(name, bits, Records(max(bits // 8, 1), rotate=False))


def turned(name: str, bits: int, record_bytes: int) -> DataType:
    """A type whose records are rotated."""
    return DataType(name, bits, Records(record_bytes, rotate=True))


BOOL = 0
OPAQUE = 255

DATA_TYPES = {
    BOOL: plain("BOOL", 8),
    1: plain("UINT8", 8),
    2: plain("INT8", 8),
    3: plain("UINT16", 16),
    4: plain("INT16", 16),
    5: plain("UINT32", 32),
    6: plain("INT32", 32),
    7: plain("UINT64", 64),
    8: plain("INT64", 64),
    9: turned("FLOAT16", 16, 2),
    10: turned("BFLOAT16", 16, 2),
    11: turned("FLOAT32", 32, 4),
    12: turned("FLOAT64", 64, 8),
    13: turned("COMPLEX64", 64, 4),
    14: turned("COMPLEX128", 128, 8),
    15: plain("FLOAT8_E4M3FN", 8),
    16: plain("FLOAT8_E4M3FNUZ", 8),
    17: plain("FLOAT8_E4M3B11FNUZ", 8),
    18: plain("FLOAT8_E5M2", 8),
    19: plain("FLOAT8_E5M2FNUZ", 8),
    20: plain("FLOAT8_E8M0FNU", 8),
    21: plain("FLOAT8_E3M4", 8),
    22: plain("FLOAT8_E4M3", 8),
    23: plain("FLOAT6_E2M3FN", 6),
    24: plain("FLOAT6_E3M2FN", 6),
    25: plain("FLOAT4_E2M1FN", 4),
    26: plain("INT4", 4),
    27: plain("UINT4", 4),
    28: plain("INT2", 2),
    29: plain("UINT2", 2),
    30: plain("INT1", 1),
    31: plain("UINT1", 1),
}


def numpy_dtype(data_type: int) -> np.dtype[Any]:
    """The dtype of one element, least significant byte first; types below 8 bits take a byte each."""
    if data_type == OPAQUE:
        return np.dtype(np.uint8)
    name = DATA_TYPES[data_type].name.lower()
    if hasattr(np, name):
        element: np.dtype[Any] = np.dtype(name).newbyteorder("<")
        return element
    import ml_dtypes

    small: np.dtype[Any] = np.dtype(getattr(ml_dtypes, name))
    return small


def array_of(memory: bytes, data_type: int, shape: tuple[int, ...]) -> NDArray[Any]:
    """An array of the packed memory of a tensor (clause 6.2)."""
    bits = 8 if data_type == OPAQUE else DATA_TYPES[data_type].bits
    if bits < 8:
        count = int(np.prod(shape, dtype=np.int64))
        every_bit = np.unpackbits(np.frombuffer(memory, np.uint8), count=count * bits, bitorder="little")
        codes = np.packbits(every_bit.reshape(count, bits), axis=1, bitorder="little").reshape(count)
        return codes.view(numpy_dtype(data_type)).reshape(shape)
    return np.frombuffer(memory, numpy_dtype(data_type)).reshape(shape)
