"""Tensors in safetensors files, all at once: what NNC takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.model import Described
from aimcodec.bridges.safetensors import THEIR_NAMES, SafetensorsFile, write_safetensors
from aimcodec.dtypes import dtype_of
from aimcodec.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_tensors", "write_tensors"]


def read_tensors(file: Path) -> dict[str, NDArray[Any]]:
    """All tensors of a safetensors file; bfloat16 comes as float32, which holds it exactly.

    Raises:
        AimcError: not a safetensors file.
        UnsupportedError: a type that numpy does not have.
        OSError: it cannot be read.
    """
    model = SafetensorsFile(file)
    return {tensor.name: _numbers(tensor, model.read(tensor.name)) for tensor in model.tensors}


def _numbers(tensor: Described, array: NDArray[Any]) -> NDArray[Any]:
    if str(tensor.dtype) == "BFLOAT16":
        return array.astype(np.float32)
    if array.dtype.type.__module__ != np.__name__ or array.dtype.kind not in "biuf":
        kind = THEIR_NAMES[str(tensor.dtype)]
        raise UnsupportedError(f"tensor {tensor.name!r} is of type {kind}; convert it to F32, F16 or BF16 first")
    return array


def write_tensors(tensors: Mapping[str, NDArray[Any]], file: Path) -> None:
    """Writes a safetensors file.

    Raises:
        UnsupportedError: a tensor whose name or type the format cannot carry.
        OSError: it cannot be written.
    """
    described = [Described(name, dtype_of(array.dtype), array.shape) for name, array in tensors.items()]
    with file.open("wb") as part:
        write_safetensors(part, described, {}, tensors.__getitem__)
