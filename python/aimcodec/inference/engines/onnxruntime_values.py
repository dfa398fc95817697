"""Arrays to values of ONNX Runtime and back, for element types that numpy does not have too."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import from_name, pack, packed_bytes, unpack
from aimcodec.errors import OutOfMemoryError
from aimcodec.inference.engines.onnxruntime_errors import typed_errors
from aimcodec.model.onnx.types import element_number
from aimcodec.model.structures import STRING

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PLAIN", "from_value", "to_value"]

PLAIN = {
    *("BOOL", "UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32", "UINT64", "INT64"),
    *("FLOAT16", "FLOAT32", "FLOAT64", STRING),
}
"""Element types that numpy and ONNX Runtime share."""


def to_value(ort: Any, array: NDArray[Any], element_type: str) -> Any:
    """An OrtValue of an array; of types that are not packed it is the memory of the array, and keeps it.

    Raises:
        UnsupportedError: there is no such type in ONNX, or in ONNX Runtime.
    """
    array = np.asarray(array, order="C")  # ascontiguousarray would make a scalar a vector
    with typed_errors(f"elements of type {element_type}"):
        if element_type in PLAIN:
            return ort.OrtValue.ortvalue_from_numpy(array)
        dtype, number = from_name(element_type), element_number(element_type)
        if not dtype.is_packed:
            return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(array, number)
        value = ort.OrtValue.ortvalue_from_shape_and_type(array.shape, number)
        memory = pack(array.reshape(-1), dtype.bits)
        if memory.size:
            ctypes.memmove(value.data_ptr(), memory.ctypes.data, memory.nbytes)
        return value


def from_value(value: Any, element_type: str) -> NDArray[Any]:
    """The array in an OrtValue, of types of ml_dtypes where numpy has none; a copy.

    Raises:
        OutOfMemoryError: there is no memory for it.
    """
    if element_type in PLAIN:
        plain: NDArray[Any] = value.numpy()
        return plain
    dtype = from_name(element_type)
    shape = tuple(value.shape())
    elements = int(np.prod(shape, dtype=np.int64))
    size = packed_bytes(dtype, elements)
    try:
        memory = np.empty(size, np.uint8)
    except MemoryError:
        raise OutOfMemoryError("no memory for an output") from None
    if size:
        ctypes.memmove(memory.ctypes.data, value.data_ptr(), size)
    flat = unpack(memory, dtype, elements) if dtype.is_packed else memory.view(dtype.numpy)
    return flat.reshape(shape)
