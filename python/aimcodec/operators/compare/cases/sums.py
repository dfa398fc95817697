"""Cases for operators that add up elements: reductions, products of matrices, normalisations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aimcodec.operators.compare.case import Case, Draw, Generator, i64
from aimcodec.operators.status import Status

__all__ = ["GENERATORS"]

FLOATS = (np.float32, np.float64)
NUMBERS = (*FLOATS, np.int32, np.int64)
F = np.float32


def reduction(*kinds: Any) -> Generator:
    def cases(draw: Draw) -> Iterator[Case]:
        for kind in kinds:
            x, name = draw.array(kind, 2, 3, 4), np.dtype(kind).name
            yield Case(f"{name} all axes", [x])
            for axes in ([0], [-1], [0, 2]):
                yield Case(f"{name} axes {axes}", [x, i64(axes)])
                yield Case(f"{name} axes {axes}, dropped", [x, i64(axes)], {"keepdims": 0})
            yield Case(f"{name} nothing to do", [x], {"noop_with_empty_axes": 1})
        x = draw.array(F, 2, 3)
        yield Case("an axis too far", [x, i64([2])], status=Status.OUT_OF_RANGE)

    return cases


def argmax(draw: Draw) -> Iterator[Case]:
    for kind in NUMBERS:
        x = draw.array(kind, 3, 5)
        for axis in (0, 1, -1):
            for last in (0, 1):
                attributes = {"axis": axis, "select_last_index": last, "keepdims": last}
                yield Case(f"{np.dtype(kind).name} axis {axis}, last {last}", [x], attributes)
    yield Case("an axis too far", [draw.array(F, 2)], {"axis": 1}, status=Status.OUT_OF_RANGE)


def matmul(draw: Draw) -> Iterator[Case]:
    shapes = (
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((5, 2, 3), (3, 4)),
        ((2, 1, 2, 3), (4, 3, 1)),
    )
    for kind in NUMBERS:
        for a, b in (*shapes, ((2, 0), (0, 3))):
            yield Case(f"{np.dtype(kind).name} {list(a)} by {list(b)}", [draw.array(kind, *a), draw.array(kind, *b)])
    yield Case("real numbers", [draw.real(F, 17, 40), draw.real(F, 40, 9)])
    values = [draw.array(F, 2, 3), draw.array(F, 2, 3)]
    yield Case("inner dimensions that differ", values, status=Status.DIMENSIONS_MISMATCH)


def gemm(draw: Draw) -> Iterator[Case]:
    for kind in FLOATS:
        name = np.dtype(kind).name
        for left in (0, 1):
            for right in (0, 1):
                a = draw.array(kind, *((3, 2) if left else (2, 3)))
                b = draw.array(kind, *((4, 3) if right else (3, 4)))
                attributes = {"transA": left, "transB": right, "alpha": 0.5, "beta": 2.0}
                yield Case(f"{name} transposed {left} {right}", [a, b], attributes)
                for c in ((), (4,), (2, 1), (2, 4)):
                    yield Case(f"{name} {left} {right} and {list(c)}", [a, b, draw.array(kind, *c)], attributes)
    values = [draw.array(F, 2, 3), draw.array(F, 4, 2)]
    yield Case("inner dimensions that differ", values, status=Status.DIMENSIONS_MISMATCH)


def softmax(draw: Draw) -> Iterator[Case]:
    for kind in FLOATS:
        x = draw.real(kind, 2, 3, 4)
        yield Case(f"{np.dtype(kind).name} last axis", [x])
        for axis in (0, 1, 2, -1, -3):
            yield Case(f"{np.dtype(kind).name} axis {axis}", [x], {"axis": axis})
        yield Case(f"{np.dtype(kind).name} large numbers", [x * kind(100)])
    yield Case("an axis too far", [draw.real(F, 2, 3)], {"axis": 2}, status=Status.OUT_OF_RANGE)


def batch_norm(draw: Draw) -> Iterator[Case]:
    for kind in FLOATS:
        for shape in ((2, 3), (2, 3, 4), (1, 3, 2, 2), (1, 3, 2, 2, 2)):
            x, (scale, bias, mean) = draw.real(kind, *shape), draw.real(kind, 3, 3)
            values = [x, scale, bias, mean, draw.array(kind, 3, low=0.5)]
            yield Case(f"{np.dtype(kind).name} {list(shape)}", values, {"epsilon": 1e-3})
    values = [draw.real(F, 2, 3, 4), *draw.array(F, 4, 2, low=0.5)]
    yield Case("channels that differ", values, status=Status.DIMENSIONS_MISMATCH)


def instance_norm(draw: Draw) -> Iterator[Case]:
    for shape in ((2, 3, 4), (1, 3, 5, 5)):
        yield Case(f"float32 {list(shape)}", [draw.real(F, *shape), draw.real(F, 3), draw.real(F, 3)])


def layer_norm(draw: Draw) -> Iterator[Case]:
    x = draw.real(F, 2, 3, 4)
    yield Case("last axis", [x, draw.real(F, 4)])
    yield Case("last axis, bias", [x, draw.real(F, 4), draw.real(F, 4)], {"epsilon": 1e-3})
    yield Case("two axes", [x, draw.real(F, 3, 4), draw.real(F, 3, 4)], {"axis": 1})
    yield Case("an axis too far", [x, draw.real(F, 4)], {"axis": 3}, status=Status.OUT_OF_RANGE)


GENERATORS: dict[str, Generator] = {
    "ArgMax": argmax,
    "BatchNormalization": batch_norm,
    "Gemm": gemm,
    "InstanceNormalization": instance_norm,
    "LayerNormalization": layer_norm,
    "MatMul": matmul,
    "ReduceMax": reduction(*NUMBERS),
    "ReduceMean": reduction(*FLOATS),
    "ReduceMin": reduction(*NUMBERS),
    "ReduceSum": reduction(*NUMBERS),
    "Softmax": softmax,
}
