"""Where two memories of a tensor differ first, and by how much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import DType, from_name, unpack

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FirstDifference", "first_difference"]

OPAQUE = "opaque"
UNSIGNED_FLOATS = ("float8_e8m0fnu",)


@dataclass(frozen=True)
class FirstDifference:
    """The first element, in row-major order, whose bits differ.

    Attributes:
        index: in the tensor; of opaque blocks the number of the byte.
        expected, got: both values, as text.
        ulp: representable numbers from one to the other, of integers their difference; 0 for the two zeros; None where
            there is no such distance (NaN, truth values, complex numbers, bytes).
        differing: number of elements that differ.
        elements: of the tensor.
    """

    index: tuple[int, ...]
    expected: str
    got: str
    ulp: int | None
    differing: int
    elements: int

    def __str__(self) -> str:
        index = ", ".join(map(str, self.index))
        distance = "" if self.ulp is None else f", {self.ulp} ulp apart"
        return (
            f"first at [{index}]: {self.got} instead of {self.expected}{distance}; "
            f"{self.differing} of {self.elements} elements differ"
        )


def first_difference(expected: bytes, got: bytes, dtype: str, shape: tuple[int, ...]) -> FirstDifference | None:
    """Compares two memories of a tensor (AIM text, 6.2), of equal size; None if they are the same.

    Raises:
        ArgumentError: there is no type of that name.
        UnsupportedError: the ml_dtypes installed lacks the type.
    """
    if dtype == OPAQUE:
        shape = (len(expected),)
    kind = from_name("uint8" if dtype == OPAQUE else dtype)
    a, b = (_elements(memory, kind, shape) for memory in (expected, got))
    unequal = _bits(a) != _bits(b)
    differing = int(np.count_nonzero(unequal))
    if not differing:
        return None
    flat = int(np.argmax(unequal))
    index = tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()
    words = (int(_bits(a)[flat]), int(_bits(b)[flat]))
    return FirstDifference(
        index, str(a[flat]), str(b[flat]), _distance(*words, kind, a[flat], b[flat]), differing, a.size
    )


def _elements(memory: bytes, kind: DType, shape: tuple[int, ...]) -> NDArray[Any]:
    count = int(np.prod(shape, dtype=object)) if shape else 1
    raw = np.frombuffer(memory, np.uint8)
    return unpack(raw, kind, count) if kind.is_packed else raw.view(kind.numpy)


def _bits(elements: NDArray[Any]) -> NDArray[Any]:
    return elements.view(f"<u{elements.dtype.itemsize}")


def _distance(a: int, b: int, kind: DType, value_a: Any, value_b: Any) -> int | None:
    name = kind.name.lower()
    if name.startswith(("int", "uint")):
        return abs(int(value_a) - int(value_b))
    if "float" not in name or math.isnan(float(value_a)) or math.isnan(float(value_b)):
        return None
    if name in UNSIGNED_FLOATS:
        return abs(a - b)
    return abs(_rank(a, kind.bits) - _rank(b, kind.bits))


def _rank(word: int, bits: int) -> int:
    """Place of a number among all of its type in order; both zeros have the same."""
    sign = 1 << (bits - 1)
    magnitude = word & (sign - 1)
    return -magnitude if word & sign else magnitude
