"""Types of tensor elements (clause 6 of the AIM text): numbers of the format, numpy, safetensors, packed memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.errors import ArgumentError, MalformedError, OutOfRangeError, UnsupportedError
from aimcodec.syntax.aim.types import DATA_TYPES, OPAQUE

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OPAQUE", "DType", "check_memory", "dtype_of", "from_code", "from_name", "pack", "packed_bytes", "unpack"]

_SAFETENSORS = {
    "BOOL": "BOOL",
    "UINT8": "U8",
    "INT8": "I8",
    "UINT16": "U16",
    "INT16": "I16",
    "UINT32": "U32",
    "INT32": "I32",
    "UINT64": "U64",
    "INT64": "I64",
    "FLOAT16": "F16",
    "BFLOAT16": "BF16",
    "FLOAT32": "F32",
    "FLOAT64": "F64",
    "COMPLEX64": "C64",
    "FLOAT8_E4M3FN": "F8_E4M3",
    "FLOAT8_E5M2": "F8_E5M2",
    "FLOAT8_E8M0FNU": "F8_E8M0",
    "FLOAT6_E2M3FN": "F6_E2M3",
    "FLOAT6_E3M2FN": "F6_E3M2",
    "FLOAT4_E2M1FN": "F4",
}

BOOL = 0


@dataclass(frozen=True)
class DType:
    """A data type of the format (6.1, 6.3).

    Attributes:
        code: data_type in a file.
        name: upper case, as in the text.
        bits: of an element.
        record_bytes: W, bytes of a record of lossless coding.
        rotate: whether records are rotated.
    """

    code: int
    name: str
    bits: int
    record_bytes: int
    rotate: bool

    @property
    def is_packed(self) -> bool:
        """Whether elements have less than 8 bits, and so share bytes in a file."""
        return self.bits < 8

    @property
    def records_per_element(self) -> float:
        """Records of an element: 2 for complex numbers, 1 for others; packed elements share a record."""
        return self.bits / (8 * self.record_bytes)

    @property
    def safetensors(self) -> str | None:
        """The name that safetensors has for it, or None."""
        return _SAFETENSORS.get(self.name)

    @cached_property
    def numpy(self) -> np.dtype[Any]:
        """The numpy type of one element, least significant byte first; packed ones take a byte each.

        Raises:
            UnsupportedError: neither numpy nor the ml_dtypes installed has it.
        """
        name = self.name.lower()
        if self.name == "BOOL" or hasattr(np, name):
            element: np.dtype[Any] = np.dtype(name).newbyteorder("<")
            return element
        import ml_dtypes

        kind = getattr(ml_dtypes, name, None)
        if kind is None and self.name == "UINT1":  # older versions have no types of one bit
            kind = np.uint8
        if kind is None:
            raise UnsupportedError(f"ml_dtypes {ml_dtypes.__version__} has no type for {self.name}")
        small: np.dtype[Any] = np.dtype(kind)
        return small

    def __str__(self) -> str:
        return self.name


_TYPES = {code: DType(*row) for code, row in DATA_TYPES.items()}
_BY_NAME = {dtype.name: dtype for dtype in _TYPES.values()}


def from_code(code: int) -> DType:
    """The type with a data_type number other than OPAQUE.

    Raises:
        OutOfRangeError: the number is reserved.
    """
    try:
        return _TYPES[code]
    except KeyError:
        raise OutOfRangeError(f"data_type {code} is reserved") from None


def from_name(name: str) -> DType:
    """The type with a name of the text, in any case, for example "bfloat16".

    Raises:
        ArgumentError: there is none.
    """
    try:
        return _BY_NAME[name.upper()]
    except KeyError:
        raise ArgumentError(f"{name!r} is not a data type") from None


@lru_cache(maxsize=256)
def dtype_of(dtype: np.dtype[Any]) -> DType:
    """The type of the elements of an array, in any byte order.

    Raises:
        ArgumentError: the format has no such type: objects, texts, dates, structures, floats of 80 or 128 bits ...
    """
    found = _BY_NAME.get(dtype.name.upper())
    if found is None or dtype.fields is not None or dtype.kind not in "biufcV":
        raise ArgumentError(f"elements of type {dtype} cannot be stored")
    return found


def packed_bytes(dtype: DType, elements: int) -> int:
    """Bytes of the memory of so many elements (6.2)."""
    return (elements * dtype.bits + 7) // 8


def pack(elements: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Memory of elements of less than 8 bits (6.2), from one element per byte in the low bits.

    Args:
        elements: 1-D contiguous array, one byte an element; higher bits are ignored.
        bits: 1, 2, 4 or 6.

    Returns:
        uint8, shape [ceil(elements * bits / 8)].
    """
    codes = elements.view(np.uint8) & np.uint8((1 << bits) - 1)
    count = codes.size
    if bits == 6:
        return _pack_sixes(codes)
    per_byte = 8 // bits
    if count % per_byte:
        codes = np.concatenate([codes, np.zeros(-count % per_byte, np.uint8)])
    groups = codes.reshape(-1, per_byte)
    memory: NDArray[np.uint8] = groups[:, 0].copy()
    for place in range(1, per_byte):
        memory |= groups[:, place] << np.uint8(place * bits)
    return memory


def _pack_sixes(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Four elements in three bytes."""
    size = (codes.size * 6 + 7) // 8
    if codes.size % 4:
        codes = np.concatenate([codes, np.zeros(-codes.size % 4, np.uint8)])
    a, b, c, d = codes.reshape(-1, 4).T
    memory = np.empty((codes.size // 4, 3), np.uint8)
    memory[:, 0] = a | b << np.uint8(6)
    memory[:, 1] = b >> np.uint8(2) | c << np.uint8(4)
    memory[:, 2] = c >> np.uint8(4) | d << np.uint8(2)
    return memory.reshape(-1)[:size]


def unpack(memory: NDArray[np.uint8], dtype: DType, elements: int) -> NDArray[Any]:
    """Elements of packed memory, one per byte (6.2).

    Args:
        memory: uint8, shape [ceil(elements * bits / 8)].
        dtype: a type of less than 8 bits.
        elements: their number.

    Returns:
        Array of `dtype.numpy`, shape [elements].

    Raises:
        UnsupportedError: there is no numpy type.
    """
    kind = dtype.numpy
    if dtype.bits == 6:
        codes = _unpack_sixes(memory, elements)
    else:
        per_byte = 8 // dtype.bits
        groups = np.empty((memory.size, per_byte), np.uint8)
        mask = np.uint8((1 << dtype.bits) - 1)
        for place in range(per_byte):
            groups[:, place] = memory >> np.uint8(place * dtype.bits) & mask
        codes = groups.reshape(-1)[:elements]
    return codes.view(kind)


def _unpack_sixes(memory: NDArray[np.uint8], elements: int) -> NDArray[np.uint8]:
    if memory.size % 3:
        memory = np.concatenate([memory, np.zeros(-memory.size % 3, np.uint8)])
    low, middle, high = memory.reshape(-1, 3).T
    codes = np.empty((memory.size // 3, 4), np.uint8)
    codes[:, 0] = low & 63
    codes[:, 1] = (low >> np.uint8(6) | middle << np.uint8(2)) & 63
    codes[:, 2] = (middle >> np.uint8(4) | high << np.uint8(4)) & 63
    codes[:, 3] = high >> np.uint8(2)
    return codes.reshape(-1)[:elements]


def check_memory(memory: NDArray[np.uint8], dtype: DType, elements: int) -> None:
    """What the memory of so many elements may not hold (6.1, 6.2).

    Raises:
        MalformedError: bits after the last element are not zero.
        OutOfRangeError: a BOOL is neither 0 nor 1.
    """
    surplus = elements * dtype.bits % 8
    if surplus and int(memory[-1]) >> surplus:
        raise MalformedError("bits after the last element are not zero")
    if dtype.code == BOOL and memory.size and int(memory.max()) > 1:
        raise OutOfRangeError("a BOOL is neither 0 nor 1")
