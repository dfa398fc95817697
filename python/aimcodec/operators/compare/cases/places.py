"""Cases for operators that gather, scatter or rank elements."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aimcodec.operators.compare.case import Case, Draw, Generator, i32, i64
from aimcodec.operators.status import Status

__all__ = ["GENERATORS"]

F = np.float32
KINDS = (np.float32, np.int32, np.int64, np.bool_)


def gather(draw: Draw) -> Iterator[Case]:
    for kind in KINDS:
        x, name = draw.array(kind, 4, 3, 2), np.dtype(kind).name
        yield Case(f"{name} rows", [x, i64([3, 0, -1])])
        yield Case(f"{name} axis 1", [x, i32([[2, 0], [1, -3]])], {"axis": 1})
        yield Case(f"{name} scalar index", [x, np.int64(1)], {"axis": -1})
    yield Case("no indices", [draw.array(F, 3), np.empty(0, np.int64)])
    yield Case("an index too far", [draw.array(F, 3), i64([3])], status=Status.OUT_OF_RANGE)
    yield Case("an axis too far", [draw.array(F, 3), i64([0])], {"axis": 1}, status=Status.OUT_OF_RANGE)


def gather_elements(draw: Draw) -> Iterator[Case]:
    for kind in KINDS:
        x, name = draw.array(kind, 3, 4), np.dtype(kind).name
        yield Case(f"{name} axis 0", [x, i64([[2, 0, -1, 1], [0, 0, 1, -3]])])
        yield Case(f"{name} axis 1", [x, i32([[3, -4], [0, 1], [2, 2]])], {"axis": 1})
    yield Case("an index too far", [draw.array(F, 3), i64([-4])], status=Status.OUT_OF_RANGE)
    values = [draw.array(F, 3, 2), i64([0])]
    yield Case("ranks that differ", values, status=Status.DIMENSIONS_MISMATCH)


def gather_nd(draw: Draw) -> Iterator[Case]:
    for kind in KINDS:
        x, name = draw.array(kind, 3, 4, 2), np.dtype(kind).name
        yield Case(f"{name} rows", [x, i64([[2], [0]])])
        yield Case(f"{name} elements", [x, i64([[[2, -1, 1]], [[0, 0, 0]]])])
        yield Case(f"{name} batches", [x, i64([[1], [3], [-4]])], {"batch_dims": 1})
    yield Case("an index too far", [draw.array(F, 3, 4), i64([[0, 4]])], status=Status.OUT_OF_RANGE)


def scatter_elements(draw: Draw) -> Iterator[Case]:
    places, twice = i64([[0, 2, 1], [2, 0, -2]]), i64([[0, 0, 1], [1, 1, 1]])
    for kind in (np.float32, np.int32, np.int64):
        x, updates, name = draw.array(kind, 3, 4), draw.array(kind, 2, 3), np.dtype(kind).name
        yield Case(f"{name} axis 0", [x, places, updates])
        yield Case(f"{name} axis 1", [x, i32([[0, 3], [1, -2]]), updates[:, :2]], {"axis": 1})
        for way in ("add", "mul", "max", "min"):
            yield Case(f"{name} {way}", [x, twice, updates], {"reduction": way})
    x = draw.array(F, 3)
    yield Case("an index too far", [x, i64([3]), draw.array(F, 1)], status=Status.OUT_OF_RANGE)
    yield Case("other updates", [x, i64([1]), draw.array(F, 2)], status=Status.DIMENSIONS_MISMATCH)


def scatter_nd(draw: Draw) -> Iterator[Case]:
    for kind in (np.float32, np.int32, np.int64):
        x, name = draw.array(kind, 4, 3), np.dtype(kind).name
        yield Case(f"{name} rows", [x, i64([[3], [0]]), draw.array(kind, 2, 3)])
        yield Case(f"{name} elements", [x, i64([[3, 0], [1, -1]]), draw.array(kind, 2)])
        for way in ("add", "mul", "max", "min"):
            yield Case(f"{name} {way}", [x, i64([[1], [1]]), draw.array(kind, 2, 3)], {"reduction": way})
    x = draw.array(F, 3, 2)
    yield Case("an index too far", [x, i64([[3]]), draw.array(F, 1, 2)], status=Status.OUT_OF_RANGE)
    yield Case("other updates", [x, i64([[1]]), draw.array(F, 2, 2)], status=Status.DIMENSIONS_MISMATCH)


def topk(draw: Draw) -> Iterator[Case]:
    # Numbers that differ: which of equal ones comes first is open.
    x = np.array(draw.order(12), F).reshape(3, 4)
    yield Case("largest", [x, i64([2])], outputs=2)
    yield Case("smallest, axis 0", [x, i64([3])], {"largest": 0, "axis": 0}, outputs=2)
    yield Case("none", [x, i64([0])], outputs=2)
    yield Case("an axis too far", [x, i64([1])], {"axis": 2}, outputs=2, status=Status.OUT_OF_RANGE)


GENERATORS: dict[str, Generator] = {
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "TopK": topk,
}
