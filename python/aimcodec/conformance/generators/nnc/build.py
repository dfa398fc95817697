"""Pieces of NNC streams, and changes to the bits of finished ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimcodec.reference.nnc_encoder import (
    DataUnit,
    ModelParameterSet,
    StartUnit,
    TensorChoices,
)
from aimcodec.syntax.nnc import trace_stream

__all__ = [
    "BLOCK",
    "FLOAT",
    "INT",
    "RAW_FLOAT",
    "element_offset",
    "frame",
    "int_unit",
    "levels_of",
    "patched",
    "raw_unit",
    "real_unit",
    "small_unit",
]

INT, FLOAT, RAW_FLOAT, BLOCK = range(4)


def frame(idc: int = 1, **mps: Any) -> list[Any]:
    """The units before the data units: start unit and model parameter set."""
    return [StartUnit(idc), ModelParameterSet(**mps)]


def real_unit(name: str, levels: Any, qp_delta: int = -8, tensor: Mapping[str, Any] = {}, **unit: Any) -> DataUnit:
    """A tensor of real numbers: `tensor` are choices about it, `unit` are elements of the header."""
    array = np.asarray(levels, np.int64)
    choices = TensorChoices(array, qp_delta, **tensor)
    return DataUnit(FLOAT, (name,), unit.pop("dimensions", array.shape), (choices,), **unit)


def int_unit(name: str, levels: Any, tensor: Mapping[str, Any] = {}, **unit: Any) -> DataUnit:
    """A tensor of integers."""
    array = np.asarray(levels, np.int64)
    return DataUnit(INT, (name,), array.shape, (TensorChoices(array, **tensor),), **unit)


def raw_unit(name: str, values: Any, **unit: Any) -> DataUnit:
    """A tensor of raw values."""
    array = np.asarray(values, "<f4")
    return DataUnit(RAW_FLOAT, (name,), array.shape, payload=array.tobytes(), **unit)


def small_unit(name: str = "w", **unit: Any) -> DataUnit:
    """A matrix whose values are of no interest."""
    return real_unit(name, [[1, 0], [-2, 3]], **unit)


def levels_of(rng: np.random.Generator, shape: Sequence[int], largest: int, zeros: float = 0.5) -> NDArray[np.int64]:
    """Levels up to a magnitude, a share of them 0."""
    levels = rng.integers(-largest, largest, shape, endpoint=True)
    levels[rng.random(shape) < zeros] = 0
    return levels


def element_offset(data: bytes, path: str) -> int:
    """First bit of an element of a legal stream."""
    offsets = {record.path: record.bit_offset for record in trace_stream(data)}
    return offsets[path]


def patched(data: bytes, bit_offset: int, bits: int, value: int) -> bytes:
    """The stream with other bits in a place."""
    below = 8 * len(data) - bit_offset - bits
    number = int.from_bytes(data, "big")
    mask = ((1 << bits) - 1) << below
    return ((number & ~mask) | (value << below)).to_bytes(len(data), "big")
