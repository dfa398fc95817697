"""Tensors in memory of others: that of the caller, and that of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import OPAQUE, from_code
from aimcodec.errors import ArgumentError
from aimcodec.package.contents import Reading
from aimcodec.package.decode import array_shape, check_segment
from aimcodec.package.heads import read_head
from aimcodec.package.load import load_tensors
from aimcodec.syntax.aim import Coding

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_into", "raw_view"]


def load_into(reading: Reading, targets: Mapping[str, tuple[int, Any]]) -> None:
    """Decode tensors; `targets` has the entry and the target by name.

    Raises:
        ArgumentError: a target does not fit.
        AimcError: as `load_tensors`.
    """
    arrays = {name: _target(reading, name, *target) for name, target in targets.items()}
    outputs: dict[int, NDArray[np.uint8]] = {}
    for name, (number, _) in targets.items():
        entry = reading.contents.catalogue.entries[number]
        direct = entry.coding in (Coding.RAW, Coding.LOSSLESS) and entry.data_type != OPAQUE
        if direct and not from_code(entry.data_type).is_packed and arrays[name].flags.c_contiguous:
            outputs.setdefault(number, arrays[name].reshape(-1).view(np.uint8))
    loaded = load_tensors(reading, list(dict.fromkeys(number for number, _ in targets.values())), outputs)
    for name, (number, _) in targets.items():
        values = loaded[number]
        if values.shape != arrays[name].shape:
            raise ArgumentError(f"tensor {name!r} has shape {values.shape}, its target {arrays[name].shape}")
        if not np.shares_memory(values, arrays[name]):
            arrays[name][...] = values


def _target(reading: Reading, name: str, number: int, given: Any) -> NDArray[Any]:
    """The target as an array of the type and shape of the tensor."""
    entry = reading.contents.catalogue.entries[number]
    opaque = entry.data_type == OPAQUE
    dtype = np.dtype(np.uint8) if opaque else from_code(entry.data_type).numpy
    shape = entry.shape
    if opaque:
        shape = array_shape(read_head(reading.source, reading.contents, entry.unit, reading.limits).header)
    target: NDArray[Any] = given
    if not isinstance(given, np.ndarray):
        try:
            target = np.frombuffer(given, np.uint8).view(dtype).reshape(shape)
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"tensor {name!r}: the target is no buffer of its size: {error}") from None
    if target.dtype != dtype or target.shape != shape:
        raise ArgumentError(
            f"tensor {name!r} is {dtype} of shape {shape}, its target {target.dtype} of shape {target.shape}"
        )
    if not target.flags.writeable:
        raise ArgumentError(f"tensor {name!r}: the target is read-only")
    return target


def raw_view(reading: Reading, number: int) -> NDArray[Any]:
    """A view of the payload of a raw tensor.

    Raises:
        ArgumentError: there can be none.
    """
    entry = reading.contents.catalogue.entries[number]
    if number in reading.contents.failures:
        raise reading.contents.failures[number]
    if entry.coding != Coding.RAW:
        raise ArgumentError(f"tensor {entry.name!r} is coded: only raw ones can be mapped")
    opaque = entry.data_type == OPAQUE
    if not opaque and from_code(entry.data_type).is_packed:
        raise ArgumentError(f"tensor {entry.name!r}: elements of less than 8 bits cannot be mapped")
    view = getattr(reading.source, "view", None)
    if view is None:
        raise ArgumentError("only a local file or a buffer can be mapped")
    unit = read_head(reading.source, reading.contents, entry.unit, reading.limits)
    check_segment(unit, entry, entry.unit)
    size = unit.fields["payload_size"]
    dtype = np.dtype(np.uint8) if opaque else from_code(entry.data_type).numpy
    memory = np.frombuffer(view(unit.payload_offset, size) if size else b"", np.uint8)
    array: NDArray[Any] = memory.view(dtype).reshape(array_shape(unit.header))
    array.flags.writeable = False
    return array
