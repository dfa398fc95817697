"""Cases for operators that change shapes and places, not values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aimcodec.operators.compare.case import Case, Draw, Generator, i64
from aimcodec.operators.status import Status

__all__ = ["GENERATORS"]

F = np.float32
KINDS = (np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_)


def concat(draw: Draw) -> Iterator[Case]:
    for kind in KINDS:
        parts = [draw.array(kind, 2, n, 3) for n in (1, 0, 4)]
        yield Case(f"{np.dtype(kind).name} middle axis", parts, {"axis": 1})
        yield Case(f"{np.dtype(kind).name} one input", parts[:1], {"axis": -1})
    values = [draw.array(F, 2, 3), draw.array(F, 3, 3)]
    yield Case("sizes that differ", values, {"axis": 1}, status=Status.DIMENSIONS_MISMATCH)
    yield Case("an axis too far", values, {"axis": 2}, status=Status.OUT_OF_RANGE)


def constant(draw: Draw) -> Iterator[Case]:
    yield Case("zeros", [i64([2, 3])])
    yield Case("a scalar", [np.empty(0, np.int64)], {"value": np.array([7], np.int32)})
    yield Case("empty", [i64([2, 0])], {"value": np.array([0.5], F)})
    yield Case("a negative size", [i64([2, -1])], status=Status.INVALID_ARGUMENT)


def blocks(shape: tuple[int, ...], wrong: tuple[int, ...], *, modes: bool) -> Generator:
    def cases(draw: Draw) -> Iterator[Case]:
        x = draw.array(F, *shape)
        yield Case("blocks of 2", [x], {"blocksize": 2})
        if modes:
            yield Case("columns first", [x], {"blocksize": 2, "mode": "CRD"})
        yield Case("does not divide", [draw.array(F, *wrong)], {"blocksize": 2}, status=Status.DIMENSIONS_MISMATCH)

    return cases


def expand(draw: Draw) -> Iterator[Case]:
    for kind in KINDS:
        for shape, sizes in (((2, 1, 3), [2, 4, 3]), ((3,), [2, 3]), ((), [2]), ((1, 0), [3, 1])):
            yield Case(f"{np.dtype(kind).name} {list(shape)} to {sizes}", [draw.array(kind, *shape), i64(sizes)])
    yield Case("does not fit", [draw.array(F, 2), i64([3])], status=Status.DIMENSIONS_MISMATCH)
    yield Case("too much", [draw.array(F, 1), i64([1 << 40])], status=Status.ALLOC_FAILED)


def flatten(draw: Draw) -> Iterator[Case]:
    x = draw.array(F, 2, 3, 4)
    for axis in (0, 1, 3, -1):
        yield Case(f"axis {axis}", [x], {"axis": axis})
    yield Case("an axis too far", [x], {"axis": 4}, status=Status.OUT_OF_RANGE)


def pad(draw: Draw) -> Iterator[Case]:
    x = draw.array(F, 3, 4)
    yield Case("zeros", [x, i64([1, 0, 0, 2])])
    yield Case("a value", [x, i64([1, 0, 0, 2]), F(7)], {"mode": "constant"})
    yield Case("mirrored", [x, i64([1, 2, 1, 1])], {"mode": "reflect"})
    yield Case("repeated", [x, i64([1, 2, 1, 1])], {"mode": "edge"})
    yield Case("one axis", [x, i64([1, 2]), F(1), i64([1])])
    yield Case("int64", [draw.array(np.int64, 2), i64([1, 1]), np.int64(5)])


def reshape(draw: Draw) -> Iterator[Case]:
    for kind in KINDS:
        x = draw.array(kind, 2, 3, 4)
        for sizes in ([24], [4, 6], [0, -1], [2, 0, 2, 2], [1, 24, 1]):
            yield Case(f"{np.dtype(kind).name} to {sizes}", [x, i64(sizes)])
    yield Case("empty", [draw.array(F, 0, 3), i64([3, 0])], {"allowzero": 1})
    yield Case("to a scalar", [draw.array(F, 1, 1), np.empty(0, np.int64)])
    x = draw.array(F, 2, 3)
    yield Case("another number of elements", [x, i64([5])], status=Status.DIMENSIONS_MISMATCH)
    yield Case("two open sizes", [x, i64([-1, -1])], status=Status.INVALID_ARGUMENT)


def shape(draw: Draw) -> Iterator[Case]:
    for sizes in ((), (3,), (2, 0, 4)):
        yield Case(f"{list(sizes)}", [draw.array(F, *sizes)])
    yield Case("a part", [draw.array(F, 2, 3, 4)], {"start": -2, "end": -1})


def slices(draw: Draw) -> Iterator[Case]:
    for kind in (np.float32, np.int64, np.bool_):
        x, name = draw.array(kind, 5, 6), np.dtype(kind).name
        yield Case(f"{name} both axes", [x, i64([1, 2]), i64([4, 6])])
        yield Case(f"{name} from the end", [x, i64([-3]), i64([-1]), i64([1])])
        yield Case(f"{name} backwards", [x, i64([4]), i64([-99]), i64([0]), i64([-2])])
        yield Case(f"{name} beyond the end", [x, i64([2]), i64([1 << 62]), i64([-1])])
        yield Case(f"{name} nothing", [x, i64([3]), i64([3]), i64([0])])
    x, ones = draw.array(F, 4), i64([0])
    yield Case("a step of 0", [x, ones, i64([4]), ones, ones], status=Status.INVALID_ARGUMENT)
    yield Case("an axis too far", [x, ones, i64([4]), i64([1])], status=Status.OUT_OF_RANGE)


def split(draw: Draw) -> Iterator[Case]:
    x = draw.array(F, 2, 7)
    yield Case("sizes", [x, i64([3, 0, 4])], {"axis": 1})
    yield Case("equal parts", [x], {"axis": 0, "num_outputs": 2})
    yield Case("a smaller last part", [x], {"axis": -1, "num_outputs": 3})
    yield Case("another sum", [x, i64([3, 3])], {"axis": 1}, status=Status.DIMENSIONS_MISMATCH)


def squeeze(draw: Draw) -> Iterator[Case]:
    x = draw.array(F, 1, 3, 1, 2)
    yield Case("all", [x])
    yield Case("one", [x, i64([2])])
    yield Case("from the end", [x, i64([-2, 0])])
    yield Case("an axis of 3", [x, i64([1])], status=Status.DIMENSIONS_MISMATCH)
    yield Case("an axis too far", [x, i64([4])], status=Status.OUT_OF_RANGE)


def tile(draw: Draw) -> Iterator[Case]:
    for kind in (np.float32, np.int64, np.bool_):
        yield Case(f"{np.dtype(kind).name}", [draw.array(kind, 2, 3), i64([2, 3])])
    yield Case("none", [draw.array(F, 2, 3), i64([0, 1])])
    yield Case("ranks that differ", [draw.array(F, 2), i64([1, 2])], status=Status.DIMENSIONS_MISMATCH)


def transpose(draw: Draw) -> Iterator[Case]:
    for kind in KINDS:
        x, name = draw.array(kind, 2, 3, 4), np.dtype(kind).name
        yield Case(f"{name} reversed", [x])
        for _ in range(3):
            order = draw.order(3)
            yield Case(f"{name} {order}", [x], {"perm": order})
    yield Case("empty", [draw.array(F, 0, 3)])
    yield Case("too few axes", [draw.array(F, 2, 3)], {"perm": [0]}, status=Status.DIMENSIONS_MISMATCH)
    yield Case("an axis twice", [draw.array(F, 2, 3)], {"perm": [0, 0]}, status=Status.INVALID_ARGUMENT)
    yield Case("an axis too far", [draw.array(F, 2, 3)], {"perm": [0, 2]}, status=Status.OUT_OF_RANGE)


def unsqueeze(draw: Draw) -> Iterator[Case]:
    x = draw.array(F, 2, 3)
    for axes in ([0], [-1], [0, 3], [1, -1]):
        yield Case(f"axes {axes}", [x, i64(axes)])
    yield Case("an axis too far", [x, i64([3])], status=Status.OUT_OF_RANGE)


def ranges(draw: Draw) -> Iterator[Case]:
    for kind in (np.int32, np.int64):
        yield Case(f"{np.dtype(kind).name} upwards", [kind(1), kind(9), kind(3)])
        yield Case(f"{np.dtype(kind).name} downwards", [kind(5), kind(-4), kind(-2)])
        yield Case(f"{np.dtype(kind).name} nothing", [kind(5), kind(0), kind(2)])
    yield Case("float32", [F(0.5), F(3), F(0.25)])
    yield Case("a step of 0", [np.int64(0), np.int64(1), np.int64(0)], status=Status.INVALID_ARGUMENT)


GENERATORS: dict[str, Generator] = {
    "Concat": concat,
    "ConstantOfShape": constant,
    "DepthToSpace": blocks((1, 8, 2, 3), (1, 6, 2, 3), modes=True),
    "Expand": expand,
    "Flatten": flatten,
    "Pad": pad,
    "Range": ranges,
    "Reshape": reshape,
    "Shape": shape,
    "Slice": slices,
    "SpaceToDepth": blocks((1, 2, 4, 6), (1, 2, 3, 6), modes=False),
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
