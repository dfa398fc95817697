"""The memory of tensors (clause 6.2 of the AIM text), from and to the messages of ONNX."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import DType, from_name, pack, packed_bytes
from aimcodec.errors import InconsistentError, MalformedError, OutOfRangeError, UnsupportedError
from aimcodec.model.onnx.types import element_type

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

__all__ = ["array_memory", "is_external", "shape_of", "tensor_memory", "tensor_strings"]

EXTERNAL = 1  # TensorProto.DataLocation
FLOATS = {"FLOAT32": "float_data", "COMPLEX64": "float_data", "FLOAT64": "double_data", "COMPLEX128": "double_data"}
WIDE = {"INT64": "int64_data", "UINT64": "uint64_data", "UINT32": "uint64_data"}
TYPED = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")
PACKED_IN_INT32 = 4  # bits of the widest elements of which int32_data has packed bytes; of wider ones it has each


def is_external(tensor: onnx.TensorProto) -> bool:
    """Whether the values are in another file."""
    return bool(tensor.data_location == EXTERNAL)


def shape_of(tensor: onnx.TensorProto) -> tuple[int, ...]:
    """Its dimensions.

    Raises:
        OutOfRangeError: one is negative.
    """
    shape = tuple(tensor.dims)
    if any(size < 0 for size in shape):
        raise OutOfRangeError(f"tensor {tensor.name!r} has the shape {list(shape)}")
    return shape


def tensor_strings(tensor: onnx.TensorProto) -> tuple[bytes, ...]:
    """The elements of a STRING tensor.

    Raises:
        InconsistentError: not as many as its shape says.
    """
    count = math.prod(shape_of(tensor))
    if len(tensor.string_data) != count:
        raise InconsistentError(f"tensor {tensor.name!r} has {len(tensor.string_data)} texts, its shape says {count}")
    return tuple(tensor.string_data)


def tensor_memory(tensor: onnx.TensorProto) -> NDArray[np.uint8]:
    """The memory of a tensor whose values are in the message: uint8, shape [bytes], bits after the last element zero.

    Raises:
        InconsistentError: not as many values as its shape says.
        OutOfRangeError: a value that its type does not have; an unknown type.
        UnsupportedError: texts, or values in other places: a file, several messages.
    """
    dtype = _dtype(tensor)
    elements = math.prod(shape_of(tensor))
    if tensor.HasField("raw_data"):
        memory = np.frombuffer(tensor.raw_data, np.uint8)
    else:
        memory = _typed_memory(tensor, dtype, elements)
    expected = packed_bytes(dtype, elements)
    if memory.size != expected:
        raise InconsistentError(
            f"tensor {tensor.name!r} of type {dtype} and shape {list(tensor.dims)} has {memory.size} bytes"
        )
    if dtype.name == "BOOL" and memory.size and int(memory.max()) > 1:
        raise OutOfRangeError(f"a BOOL of tensor {tensor.name!r} is neither 0 nor 1")
    return _without_surplus(memory, elements * dtype.bits % 8)


def _dtype(tensor: onnx.TensorProto) -> DType:
    name = element_type(tensor.data_type)
    if name == "STRING":
        raise UnsupportedError(f"tensor {tensor.name!r} holds texts")
    if name == "UNDEFINED":
        raise MalformedError(f"tensor {tensor.name!r} has no type")
    if is_external(tensor):
        raise UnsupportedError(f"the values of tensor {tensor.name!r} are in another file")
    if tensor.HasField("segment"):
        raise UnsupportedError(f"tensor {tensor.name!r} is in segments")
    return from_name(name)


def _without_surplus(memory: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Memory of which only so many bits of the last byte are used, 0 for all; the others are zero then."""
    if not bits or int(memory[-1]) >> bits == 0:
        return memory
    cleared: NDArray[np.uint8] = memory.copy()
    cleared[-1] &= (1 << bits) - 1
    return cleared


def _typed_memory(tensor: onnx.TensorProto, dtype: DType, elements: int) -> NDArray[np.uint8]:
    """Memory of the values in the one field that the type has them in."""
    place = FLOATS.get(dtype.name) or WIDE.get(dtype.name) or "int32_data"
    strange = [name for name in TYPED if name != place and len(getattr(tensor, name))]
    if strange:
        raise InconsistentError(f"tensor {tensor.name!r} of type {dtype} has values in {strange[0]}")
    if place in {"float_data", "double_data"}:
        return _fixed_memory(tensor, place)
    values = getattr(tensor, place)
    wide = np.array(values, np.uint64 if place == "uint64_data" else np.int64)
    if place != "int32_data":
        return _narrowed(tensor, wide, dtype.numpy)
    if dtype.bits <= PACKED_IN_INT32:
        return _narrowed(tensor, wide, np.dtype(np.uint8))
    if dtype.is_packed:
        if wide.size != elements or (wide.size and not 0 <= wide.min() <= wide.max() < 1 << dtype.bits):
            raise InconsistentError(f"int32_data of tensor {tensor.name!r} are not {elements} numbers of 6 bits")
        return pack(wide.astype(np.uint8), dtype.bits)
    kind = dtype.numpy if dtype.numpy.kind in "iu" else np.dtype(f"<u{dtype.bits // 8}")
    return _narrowed(tensor, wide, kind)


def _narrowed(tensor: onnx.TensorProto, wide: NDArray[Any], kind: np.dtype[Any]) -> NDArray[np.uint8]:
    narrow = wide.astype(kind)
    if not np.array_equal(narrow.astype(wide.dtype), wide):
        raise OutOfRangeError(f"tensor {tensor.name!r} has a value that its type does not have")
    memory: NDArray[np.uint8] = narrow.view(np.uint8)
    return memory


def _fixed_memory(tensor: onnx.TensorProto, place: str) -> NDArray[np.uint8]:
    """Floats as they are in the serialised message: through Python numbers signalling NaNs would become quiet ones."""
    alone = type(tensor)()
    getattr(alone, place).MergeFrom(getattr(tensor, place))
    size = len(getattr(alone, place)) * (4 if place == "float_data" else 8)
    return np.frombuffer(alone.SerializeToString()[-size:] if size else b"", np.uint8)


def array_memory(array: NDArray[Any], dtype: DType) -> bytes:
    """The memory of an array as readers give them: elements of less than 8 bits take a byte each."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if dtype.is_packed:
        return pack(flat, dtype.bits).tobytes()
    if not flat.dtype.isnative:
        flat = flat.astype(flat.dtype.newbyteorder("<"))
    return flat.tobytes()
