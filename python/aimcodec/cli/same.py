"""Tensors of equal content, found without holding more than two of them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from aimcodec.bridges.model import Described, Model, memory_of
from aimcodec.coding.lossless import crc32

__all__ = ["find_equal"]


def find_equal(model: Model) -> dict[str, str]:
    """Names of tensors to the name of an equal one before them. Only those of one type and shape are read.

    Raises:
        AimcError, OSError: a tensor cannot be read.
    """
    alike: defaultdict[object, list[Described]] = defaultdict(list)
    for tensor in model.tensors:
        if tensor.dtype is not None and tensor.elements:
            alike[tensor.dtype, tensor.shape].append(tensor)
    kept: defaultdict[object, list[str]] = defaultdict(list)
    found: dict[str, str] = {}
    for tensors in alike.values():
        for tensor in tensors if len(tensors) > 1 else []:
            candidates = kept[tensor.dtype, tensor.shape, _checksum(model, tensor)]
            target = next((other for other in candidates if _are_equal(model, tensor, other)), None)
            if target is None:
                candidates.append(tensor.name)
            else:
                found[tensor.name] = target
    return found


def _checksum(model: Model, tensor: Described) -> int:
    value = crc32(_memory(model, tensor, tensor.name))
    model.release(tensor.name)
    return value


def _are_equal(model: Model, tensor: Described, other: str) -> bool:
    equal = np.array_equal(_memory(model, tensor, tensor.name), _memory(model, tensor, other))
    model.release(tensor.name)
    model.release(other)
    return equal


def _memory(model: Model, tensor: Described, name: str) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    if tensor.dtype is None:
        raise TypeError("opaque tensors are not compared")
    return memory_of(model.read(name), tensor.dtype)
