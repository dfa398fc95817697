"""Element types of the representation as PyTorch has them, and arrays as tensors.

PyTorch has no types below a byte that can be computed with. Integers of 4 and 2 bits are carried by INT8 and UINT8, one
element a byte; FLOAT4_E2M1FN is carried by FLOAT8_E4M3FN, which has all of its values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aimcodec.dtypes import from_name, packed_bytes, unpack
from aimcodec.errors import MalformedError, UnsupportedError

__all__ = ["CARRIED", "TYPES", "VIEWS", "from_array", "from_memory", "to_array", "torch_type"]

TYPES: dict[str, torch.dtype] = {
    "BOOL": torch.bool,
    "UINT8": torch.uint8,
    "INT8": torch.int8,
    "UINT16": torch.uint16,
    "INT16": torch.int16,
    "UINT32": torch.uint32,
    "INT32": torch.int32,
    "UINT64": torch.uint64,
    "INT64": torch.int64,
    "FLOAT16": torch.float16,
    "BFLOAT16": torch.bfloat16,
    "FLOAT32": torch.float32,
    "FLOAT64": torch.float64,
    "COMPLEX64": torch.complex64,
    "COMPLEX128": torch.complex128,
    "FLOAT8_E4M3FN": torch.float8_e4m3fn,
    "FLOAT8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "FLOAT8_E5M2": torch.float8_e5m2,
    "FLOAT8_E5M2FNUZ": torch.float8_e5m2fnuz,
    "FLOAT8_E8M0FNU": torch.float8_e8m0fnu,
}
CARRIED: dict[str, torch.dtype] = {
    "INT4": torch.int8,
    "UINT4": torch.uint8,
    "INT2": torch.int8,
    "UINT2": torch.uint8,
    "FLOAT4_E2M1FN": torch.float8_e4m3fn,
}

# Types in which PyTorch moves elements about that it cannot compute with: the same bits.
VIEWS: dict[torch.dtype, torch.dtype] = {
    torch.uint16: torch.int16,
    torch.uint32: torch.int32,
    torch.uint64: torch.int64,
    torch.float8_e4m3fn: torch.uint8,
    torch.float8_e4m3fnuz: torch.uint8,
    torch.float8_e5m2: torch.uint8,
    torch.float8_e5m2fnuz: torch.uint8,
    torch.float8_e8m0fnu: torch.uint8,
}
# Types that numpy and PyTorch both know, by size: elements change hands in these.
_CARRIERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
_NUMPY_CARRIERS = {1: np.uint8, 2: np.int16, 4: np.int32, 8: np.int64}


def torch_type(element_type: str) -> torch.dtype:
    """The type that carries elements of a type of the representation.

    Raises:
        UnsupportedError: none does: texts, 6-bit floats ...
    """
    found = TYPES.get(element_type) or CARRIED.get(element_type)
    if found is None:
        raise UnsupportedError(f"PyTorch has no elements of type {element_type}")
    return found


def from_array(array: NDArray[Any], element_type: str) -> torch.Tensor:
    """A tensor of the elements of an array of `dtypes.from_name(element_type).numpy`, of the same memory if it can be.

    Raises:
        UnsupportedError: no type of PyTorch carries the elements.
    """
    carrier = torch_type(element_type)
    if element_type in CARRIED:
        values = array.astype(np.float32 if carrier.is_floating_point else np.int8 if carrier.is_signed else np.uint8)
        return torch.from_numpy(np.ascontiguousarray(values)).to(carrier)
    whole = np.asarray(array, order="C")  # ascontiguousarray would make a scalar a vector
    if not whole.flags.writeable:
        whole = whole.copy()  # PyTorch warns of memory that it may not write to
    if element_type.startswith("COMPLEX"):
        return torch.from_numpy(whole)
    return torch.from_numpy(whole.view(_NUMPY_CARRIERS[whole.dtype.itemsize])).view(carrier)


def to_array(tensor: torch.Tensor, element_type: str) -> NDArray[Any]:
    """The inverse of `from_array`."""
    plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
    dtype = from_name(element_type).numpy
    if element_type in CARRIED:
        wide: NDArray[Any] = (plain.float() if plain.dtype.is_floating_point else plain).numpy()
        return wide.astype(dtype)
    found: NDArray[Any] = (plain if plain.dtype.is_complex else plain.view(_CARRIERS[plain.element_size()])).numpy()
    return found if plain.dtype.is_complex else found.view(dtype)


def from_memory(data: bytes, element_type: str, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor of elements in memory (clause 6.2 of the AIM text).

    Raises:
        MalformedError: the memory has another size.
        UnsupportedError: no type of PyTorch carries the elements.
    """
    torch_type(element_type)
    dtype = from_name(element_type)
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if len(data) != packed_bytes(dtype, count):
        raise MalformedError(f"{len(data)} bytes are not {count} elements of type {element_type}")
    memory = np.frombuffer(data, np.uint8)
    elements = unpack(memory, dtype, count) if dtype.is_packed else memory.view(dtype.numpy)
    return from_array(elements.reshape(shape), element_type)
