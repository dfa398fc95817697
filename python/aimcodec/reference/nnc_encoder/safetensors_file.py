"""Just enough of the safetensors format for the front end of the encoder.

Length of the header (8 bytes, least significant first), header (JSON), memory of the tensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError

__all__ = ["read_safetensors", "safetensors_bytes"]

TYPES = {
    "BOOL": "<u1",
    "U8": "<u1",
    "I8": "<i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "BF16": "<u2",
    "F32": "<f4",
    "F64": "<f8",
}


def read_safetensors(data: bytes) -> dict[str, NDArray[Any]]:
    """Arrays by name, in the order of the header; BF16 becomes float32, BOOL uint8.

    Raises:
        ArgumentError: no safetensors file, or a type that is not read here.
    """
    try:
        begin = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:begin])
        header.pop("__metadata__", None)
        return {name: tensor(data[begin:], name, facts) for name, facts in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError(f"no safetensors file: {error}") from error


def tensor(memory: bytes, name: str, facts: Mapping[str, Any]) -> NDArray[Any]:
    """One tensor."""
    dtype = TYPES.get(facts["dtype"])
    if dtype is None:
        raise ArgumentError(f"{name!r} has type {facts['dtype']}")
    first, last = facts["data_offsets"]
    array = np.frombuffer(memory[first:last], dtype)
    if facts["dtype"] == "BF16":
        array = (array.astype(np.uint32) << 16).view(np.float32)
    if array.size != math.prod(facts["shape"]):
        raise ArgumentError(f"{name!r} has another size than its shape says")
    shaped: NDArray[Any] = array.reshape(facts["shape"])
    return shaped


def safetensors_bytes(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """A file of float32 and int32 arrays."""
    header = {}
    memory = b""
    for name, array in tensors.items():
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        dtype = "F32" if array.dtype.kind == "f" else "I32"
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [len(memory), len(memory) + len(data)],
        }
        memory += data
    text = json.dumps(header).encode("ascii")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + memory
