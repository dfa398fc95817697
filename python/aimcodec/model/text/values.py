"""Values of constant tensors: numbers where they are few, base64 where they are many or would lose bits."""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

import numpy as np

from aimcodec.dtypes import DType, from_name, pack, packed_bytes, unpack
from aimcodec.errors import AimcError, ArgumentError
from aimcodec.model.structures import STRING, Tensor
from aimcodec.model.text.cursor import MAX_DIGITS, Cursor
from aimcodec.model.text.literals import string_text

__all__ = ["read_values", "values_text"]

WORDS = {"true", "false", "inf", "nan"}
MOST_NUMBERS = 64  # that are written as numbers


def values_text(tensor: Tensor) -> str:
    """The data of a tensor as `read_values` reads them.

    Raises:
        ArgumentError: it has none, or they are not of its kind.
    """
    data = tensor.data
    if isinstance(data, tuple):
        return "[" + ", ".join(map(string_text, data)) + "]"
    if not isinstance(data, bytes) or tensor.element_type == STRING:
        raise ArgumentError(f"tensor {tensor.name!a} has no data of its type")
    numbers = _numbers(tensor, data)
    if numbers is None:
        return f'base64 "{base64.b64encode(data).decode("ascii")}"'
    return "[" + ", ".join(numbers) + "]"


def _numbers(tensor: Tensor, data: bytes) -> list[str] | None:
    """The elements, if they are few and the numbers say every bit of them."""
    try:
        dtype = from_name(tensor.element_type)
        count = _count(tensor.shape)
        if count is None or count > MOST_NUMBERS or packed_bytes(dtype, count) != len(data):
            return None
        elements = elements_of(data, dtype, count)
        if elements is None:
            return None
        texts = [_text(element, dtype) for element in elements]
        return texts if _memory(dtype, texts) == data else None
    except (AimcError, ValueError, OverflowError):
        return None


def elements_of(data: bytes, dtype: DType, count: int) -> np.ndarray[Any, Any] | None:
    """The elements of memory; None for complex numbers, and for BOOL that are neither 0 nor 1."""
    memory = np.frombuffer(data, np.uint8)
    if dtype.name.startswith("COMPLEX") or (dtype.name == "BOOL" and (memory > 1).any()):
        return None
    return unpack(memory, dtype, count) if dtype.is_packed else memory.view(dtype.numpy)


def _count(shape: tuple[int, ...]) -> int | None:
    return None if any(number < 0 for number in shape) else math.prod(shape)


def _is_whole(dtype: DType) -> bool:
    return dtype.name.startswith(("INT", "UINT"))


def _text(element: Any, dtype: DType) -> str:
    """The shortest number that is read as the element."""
    if dtype.name == "BOOL":
        return "true" if element else "false"
    if _is_whole(dtype):
        return str(int(element))
    short = str(element)
    return short if dtype.numpy.kind == "f" and dtype.numpy.type(short) == element else repr(float(element))


def _memory(dtype: DType, texts: list[str]) -> bytes:
    """Memory of elements from their texts.

    Raises:
        ValueError: a text is not of the type, or an integer out of its range.
    """
    if dtype.name == "BOOL":
        return bytes(("false", "true").index(text) for text in texts)
    if _is_whole(dtype):
        return _packed(_integers(dtype, texts), dtype)
    if any(text in {"true", "false"} for text in texts):
        raise ValueError("not a number")
    with np.errstate(over="ignore"):
        elements = np.array([float(text) for text in texts], np.float64).astype(dtype.numpy)
    return _packed(elements, dtype)


def _packed(elements: np.ndarray[Any, Any], dtype: DType) -> bytes:
    return pack(elements, dtype.bits).tobytes() if dtype.is_packed else elements.tobytes()


def _integers(dtype: DType, texts: list[str]) -> np.ndarray[Any, Any]:
    if any(len(text) > MAX_DIGITS for text in texts):
        raise ValueError("an integer of more than 64 bits")
    numbers = [int(text) for text in texts]
    signed = dtype.name.startswith("INT")
    low, high = (-1 << dtype.bits - 1, 1 << dtype.bits - 1) if signed else (0, 1 << dtype.bits)
    if any(not low <= number < high for number in numbers):
        raise ValueError(f"an integer beyond {dtype}")
    return np.array(numbers, np.int64 if signed else np.uint64).astype(dtype.numpy)


def read_values(cursor: Cursor, element_type: str, shape: tuple[int, ...]) -> bytes | tuple[bytes, ...]:
    """The values of a tensor.

    Raises:
        MalformedError: they are not of the type, or not as many as the shape says.
    """
    start = cursor.ahead
    if element_type != STRING and cursor.accept("base64"):
        try:
            return base64.b64decode(cursor.string(), validate=True)
        except (binascii.Error, ValueError):
            cursor.fail("expected base64", start)
    cursor.expect("[")
    if element_type == STRING:
        return tuple(_listed(cursor, strings=True))
    texts = _listed(cursor, strings=False)
    if _count(shape) != len(texts):
        cursor.fail(f"expected as many values as the shape has elements, not {len(texts)}", start)
    try:
        return _memory(from_name(element_type), texts)
    except (AimcError, ValueError, OverflowError) as error:
        cursor.fail(f"expected values of type {element_type[:40]!a} ({error})", start)


def _listed(cursor: Cursor, *, strings: bool) -> list[Any]:
    """What is up to the closing bracket."""
    found: list[Any] = []
    while not cursor.accept("]"):
        if found:
            cursor.expect(",")
        if strings:
            found.append(cursor.data())
        elif cursor.ahead.kind == "number" or cursor.ahead.text in WORDS:
            found.append(cursor.take().text)
        else:
            cursor.fail("expected a value")
    return found
