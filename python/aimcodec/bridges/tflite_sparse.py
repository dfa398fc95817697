"""Sparse tensors of TFLite made dense.

Their dimensions, and those of the blocks that some are cut in, are levels of a tree, walked in an order that the file
gives. A dense level has all places of its dimension below each node, a compressed one those that it lists; the leaves
are the values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.tflite_tables import Table
from aimcodec.errors import InconsistentError, MalformedError, OutOfRangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["dense"]

DENSE, COMPRESSED = 0, 1
VECTORS = {1: "<i4", 2: "<u2", 3: "<u1"}  # of the schema's SparseIndexVector


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the tree.

    Attributes:
        dimension: of the tensor that it is a part of.
        step: elements of that dimension from one place to the next.
        size: places.
        starts: of a compressed one, where the places of each node begin, and their end; else None.
        places: of a compressed one, those that there are.
    """

    dimension: int
    step: int
    size: int
    starts: NDArray[np.int64] | None
    places: NDArray[np.int64]


def dense(sparsity: Table, shape: tuple[int, ...], values: NDArray[Any]) -> NDArray[Any]:
    """The tensor with its zeros: a new array.

    Args:
        sparsity: parameters of the schema.
        shape: of the tensor, whose number of elements is within limits.
        values: shape [n], those that are stored.

    Raises:
        AimcError: the parameters contradict each other, the shape or the values.
    """
    elements = math.prod(shape)
    strides = [math.prod(shape[place + 1 :]) for place in range(len(shape))]
    flat = np.zeros(1, np.int64)
    for level in _levels(sparsity, shape):
        flat = _descend(level, flat, strides[level.dimension] * level.step, elements)
    if flat.size != values.size:
        raise InconsistentError(f"{values.size} values in {flat.size} places of a sparse tensor", path=sparsity.path)
    result = np.zeros(elements, values.dtype)
    filled = np.zeros(elements, np.bool_)
    result[flat] = values
    filled[flat] = True
    if np.count_nonzero(filled) != flat.size:
        raise InconsistentError("a sparse tensor has two values in one place", path=sparsity.path)
    return result.reshape(shape)


def _descend(level: Level, flat: NDArray[np.int64], step: int, elements: int) -> NDArray[np.int64]:
    """Places, as numbers of elements, of the nodes of the next level."""
    if level.starts is None:
        if flat.size * level.size > elements:
            raise InconsistentError(f"a sparse tensor of more places than its {elements} elements")
        below = flat[:, None] + step * np.arange(level.size)
        return below.reshape(-1)
    counts = np.diff(level.starts)
    if level.starts.size != flat.size + 1 or level.starts[0] != 0 or counts.min(initial=0) < 0:
        raise InconsistentError(f"{level.starts.size} starts for {flat.size} nodes of a sparse tensor")
    if level.starts[-1] != level.places.size or level.places.size > elements:
        raise InconsistentError(f"{level.places.size} places, the starts end at {level.starts[-1]}")
    if level.places.size and not 0 <= int(level.places.min()) <= int(level.places.max()) < level.size:
        raise OutOfRangeError(f"a place of a sparse tensor is none of {level.size}")
    return np.repeat(flat, counts) + step * level.places


def _levels(sparsity: Table, shape: tuple[int, ...]) -> list[Level]:
    order, blocked = _numbers(sparsity, 0), _numbers(sparsity, 1)
    tables = sparsity.tables(2, f"{sparsity.path}.dim_metadata")
    rank = len(shape)
    if len(tables) != rank + len(blocked) or sorted(order) != list(range(len(tables))):
        raise MalformedError(f"{len(tables)} levels, order {order[:64]} of a sparse tensor", path=sparsity.path)
    if order[:rank] and max(order[:rank]) >= rank:
        raise MalformedError("a sparse tensor whose blocks are not its last levels", path=sparsity.path)
    if len(set(blocked)) != len(blocked) or not set(blocked) <= set(range(rank)):
        raise MalformedError(f"blocks of the dimensions {blocked[:64]} of {rank}", path=sparsity.path)
    sizes = {
        blocked[number - rank]: table.number(1, "i")
        for number, table in zip(order, tables, strict=True)
        if number >= rank
    }
    for dimension, size in sizes.items():
        if size < 1 or shape[dimension] % size:
            raise InconsistentError(f"blocks of {size} do not fill {shape[dimension]} elements", path=sparsity.path)
    return [
        _level(table, number if number < rank else blocked[number - rank], number >= rank, sizes, shape)
        for number, table in zip(order, tables, strict=True)
    ]


def _numbers(table: Table, slot: int) -> list[int]:
    found = table.numbers(slot, "<i4")
    return [] if found is None else found.tolist()


def _level(table: Table, dimension: int, is_block: bool, sizes: dict[int, int], shape: tuple[int, ...]) -> Level:
    block = sizes.get(dimension, 1)
    size, step = (block, 1) if is_block else (shape[dimension] // block, block)
    kind = table.number(0, "b")
    if kind == DENSE:
        if table.number(1, "i") != size:
            raise InconsistentError(f"a dense level of {table.number(1, 'i')} places, not {size}", path=table.path)
        return Level(dimension, step, size, None, np.zeros(0, np.int64))
    if kind != COMPRESSED:
        raise OutOfRangeError(f"a level of the unknown format {kind}", path=table.path)
    return Level(dimension, step, size, _vector(table, 2), _vector(table, 4))


def _vector(table: Table, slot: int) -> NDArray[np.int64]:
    kind, inner = table.number(slot, "B"), table.table(slot + 1)
    found = inner.numbers(0, VECTORS[kind]) if inner is not None and kind in VECTORS else None
    if found is None:
        raise MalformedError("a compressed level without its places", path=table.path)
    return found.astype(np.int64)
