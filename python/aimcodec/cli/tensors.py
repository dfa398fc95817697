"""Tensors in safetensors files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from aimcodec.errors import MalformedError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_tensors", "write_tensors"]

NUMPY_TYPES = {"F64", "F32", "F16", "I64", "U64", "I32", "U32", "I16", "U16", "I8", "U8", "BOOL"}

METADATA = "__metadata__"  # the one name that the format keeps for itself


def read_tensors(file: Path) -> dict[str, NDArray[Any]]:
    """All tensors of a safetensors file; bfloat16 comes as float32, which holds it exactly.

    Raises:
        MalformedError: not a safetensors file.
        UnsupportedError: a type that numpy does not have.
        OSError: it cannot be read.
    """
    with file.open("rb"):  # the library's own errors do not tell a missing file from a forbidden one
        pass
    tensors: dict[str, NDArray[Any]] = {}
    try:
        with safe_open(file, framework="numpy") as opened:
            for name in opened.keys():  # noqa: SIM118 - not a mapping
                tensors[name] = _read(file, opened, name)
    except SafetensorError as error:
        raise MalformedError(f"not a safetensors file: {error}") from None
    return tensors


def _read(file: Path, opened: Any, name: str) -> NDArray[Any]:
    kind = opened.get_slice(name).get_dtype()
    if kind == "BF16":
        return _read_bfloat16(file, name)
    if kind not in NUMPY_TYPES:
        raise UnsupportedError(f"tensor {name!r} is of type {kind}; convert it to F32, F16 or BF16 first")
    array: NDArray[Any] = opened.get_tensor(name)
    return array


def _read_bfloat16(file: Path, name: str) -> NDArray[np.float32]:
    """A bfloat16 value is the upper half of a float32 value. The library has checked the header and its offsets."""
    with file.open("rb") as opened:
        header_bytes = int.from_bytes(opened.read(8), "little")
        entry = json.loads(opened.read(header_bytes))[name]
    begin, end = entry["data_offsets"]
    halves = np.fromfile(file, "<u2", (end - begin) // 2, offset=8 + header_bytes + begin)
    words = np.left_shift(halves, 16, dtype=np.uint32)
    values: NDArray[np.float32] = words.view(np.float32).reshape(entry["shape"])
    return values


def write_tensors(tensors: Mapping[str, NDArray[Any]], file: Path) -> None:
    """Writes a safetensors file.

    Raises:
        UnsupportedError: a tensor whose name or type the format cannot carry.
        OSError: it cannot be written.
    """
    if METADATA in tensors:
        raise UnsupportedError(f"safetensors files cannot hold a tensor of the name {METADATA!r}")
    try:
        save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, file)
    except SafetensorError as error:
        raise UnsupportedError(f"cannot be written as safetensors: {error}") from None
