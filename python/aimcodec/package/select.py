"""Which elements basic indexing of numpy asks for."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["axis_ranges", "normalised", "runs"]

# More runs than this are taken together: a little more is read than asked for.
MAX_RUNS = 1 << 18


def normalised(index: Any, rank: int) -> tuple[int | slice, ...]:
    """An integer or slice for each axis.

    Raises:
        ArgumentError: something else than integers, slices and one ellipsis.
        IndexError: more of them than axes.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    places = [place for place, part in enumerate(parts) if part is Ellipsis]
    if len(places) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    missing = rank - (len(parts) - len(places))
    if missing < 0:
        raise IndexError(f"too many indices: the tensor has {rank} dimensions")
    place = places[0] if places else len(parts)
    parts[place : place + len(places)] = [slice(None)] * missing
    return tuple(_part(part) for part in parts)


def _part(part: Any) -> int | slice:
    if isinstance(part, slice):
        return part
    if part is None or isinstance(part, (bool, np.bool_)):
        raise ArgumentError(f"a slice takes integers, slices and an ellipsis, not {part!r}")
    try:
        return operator.index(part)
    except TypeError:
        raise ArgumentError(f"a slice takes integers, slices and an ellipsis, not {type(part).__name__}") from None


def axis_ranges(index: Sequence[int | slice], shape: Sequence[int]) -> list[range]:
    """The indices selected along each axis.

    Raises:
        IndexError: an integer is outside of its axis.
    """
    ranges = []
    for axis, (part, size) in enumerate(zip(index, shape, strict=True)):
        if isinstance(part, slice):
            ranges.append(range(size)[part])
        elif -size <= part < size:
            ranges.append(range(part % size, part % size + 1))
        else:
            raise IndexError(f"index {part} is out of bounds for axis {axis} with size {size}")
    return ranges


def runs(ranges: Sequence[range], shape: Sequence[int]) -> tuple[NDArray[np.int64], int]:
    """The elements selected as runs of the row-major order; `ranges` are not empty.

    Returns:
        int64 first elements, and the number of elements of each run.
    """
    strides = [1] * len(shape)
    for axis in range(len(shape) - 1, 0, -1):
        strides[axis - 1] = strides[axis] * shape[axis]
    inner = len(shape)
    while inner and len(ranges[inner - 1]) == shape[inner - 1]:
        inner -= 1
    if inner and abs(ranges[inner - 1].step) == 1:
        inner -= 1
    starts = np.zeros(1, np.int64)
    outer = 0
    while outer < inner and starts.size * len(ranges[outer]) <= MAX_RUNS:
        steps = np.array(ranges[outer], np.int64) * strides[outer]
        starts = (starts[:, None] + steps).reshape(-1)
        outer += 1
    rest = range(outer, len(shape))
    low = sum(min(ranges[axis][0], ranges[axis][-1]) * strides[axis] for axis in rest)
    high = sum(max(ranges[axis][0], ranges[axis][-1]) * strides[axis] for axis in rest)
    return np.sort(starts + low), high - low + 1
