"""Cases for operators that treat each element by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aimcodec.operators.compare.case import Case, Draw, Generator
from aimcodec.operators.status import Status

__all__ = ["GENERATORS"]

FLOATS = (np.float32, np.float64)
ONE = (np.float32,)  # where the reference itself computes no better
INTEGERS = (np.int32, np.int64)
NUMBERS = (*FLOATS, *INTEGERS)
SHAPES = ((), (3,), (2, 3), (2, 1, 3, 2), (0, 3))
PAIRS = (((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1, 3), (4, 1)), ((), (2,)), ((0, 3), (1, 3)))
EDGES = (0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan)


def _edges(kind: Any) -> np.ndarray[Any, Any]:
    if np.dtype(kind).kind == "f":
        info = np.finfo(kind)
        return np.array([*EDGES, info.max, info.tiny, -info.tiny], kind)
    return np.array([0, 1, np.iinfo(kind).max, np.iinfo(kind).min], kind)


def unary(kinds: Sequence[Any] = FLOATS, *, low: float = -4, high: float = 4, edges: bool = True) -> Generator:
    def cases(draw: Draw) -> Iterator[Case]:
        for kind in kinds:
            name = np.dtype(kind).name
            for shape in SHAPES:
                yield Case(f"{name} {list(shape)}", [draw.array(kind, *shape, low=low, high=high)])
            if edges:
                yield Case(f"{name} edge values", [_edges(kind)])

    return cases


def binary(
    kinds: Sequence[Any] = NUMBERS, *, low: float = -4, second: tuple[float, float] = (-4, 4), edges: bool = True
) -> Generator:
    def cases(draw: Draw) -> Iterator[Case]:
        for kind in kinds:
            name = np.dtype(kind).name
            for a, b in PAIRS:
                x, y = draw.array(kind, *a, low=low), draw.array(kind, *b, low=second[0], high=second[1])
                yield Case(f"{name} {list(a)} with {list(b)}", [x, y])
            if edges and np.dtype(kind).kind == "f":
                values = _edges(kind)
                yield Case(f"{name} edge values", [values[:, None], values[None, :]])
        x, y = draw.array(kinds[0], 2, 3), draw.array(kinds[0], 2)
        yield Case("shapes that do not fit", [x, y], status=Status.DIMENSIONS_MISMATCH)

    return cases


def division(draw: Draw) -> Iterator[Case]:
    yield from binary(FLOATS)(draw)
    yield from binary(INTEGERS, low=0, second=(1, 5))(draw)
    yield from _no_division(draw)


def remainder(draw: Draw) -> Iterator[Case]:
    yield from binary(INTEGERS, second=(1, 5))(draw)
    for a, b in PAIRS:
        values = [draw.array(np.float32, *a, low=-9), draw.array(np.float32, *b, low=1)]
        yield Case(f"float32 {list(a)} with {list(b)}, sign of the first", values, {"fmod": 1})
    yield from _no_division(draw)


def _no_division(draw: Draw) -> Iterator[Case]:
    a, zero = draw.array(np.int32, 3), np.array([1, 0, 2], np.int32)
    yield Case("int32 by zero", [a, zero], status=Status.MATH_ERROR)


def variadic(draw: Draw) -> Iterator[Case]:
    for kind in NUMBERS:
        name = np.dtype(kind).name
        yield Case(f"{name} one input", [draw.array(kind, 2, 3)])
        yield Case(f"{name} three inputs", [draw.array(kind, *s) for s in ((2, 3), (3,), (1, 1, 1))])
        yield Case(f"{name} infinite or empty", [_edges(kind)[:6], _edges(kind)[:1]])
    values = [draw.array(np.float32, 2, 3), draw.array(np.float32, 2)]
    yield Case("shapes that do not fit", values, status=Status.DIMENSIONS_MISMATCH)


def clip(draw: Draw) -> Iterator[Case]:
    for kind in NUMBERS:
        x, name = draw.array(kind, 3, 4, low=-9, high=9), np.dtype(kind).name
        yield Case(f"{name} both bounds", [x, kind(-2), kind(3)])
        yield Case(f"{name} upper bound", [x, None, kind(3)])
        yield Case(f"{name} no bounds", [x])


def where(draw: Draw) -> Iterator[Case]:
    for kind in (*NUMBERS, np.uint8, np.bool_):
        for a, b, c in (((2, 3), (2, 3), (2, 3)), ((3,), (2, 1), (1, 3)), ((), (2,), ()), ((0,), (1,), (1,))):
            values = [draw.array(bool, *a), draw.array(kind, *b), draw.array(kind, *c)]
            yield Case(f"{np.dtype(kind).name} {[list(s) for s in (a, b, c)]}", values)


def cast(draw: Draw) -> Iterator[Case]:
    numbers = {np.float32: 1, np.uint8: 2, np.int8: 3, np.int32: 6, np.int64: 7, np.bool_: 9, np.float64: 11}
    for source in numbers:
        for target, number in numbers.items():
            low = 0 if np.dtype(target).kind == "u" else -9
            values = draw.array(source, 3, 4, low=low, high=9)
            yield Case(f"{np.dtype(source).name} to {np.dtype(target).name}", [values], {"to": number})


def leaky(draw: Draw) -> Iterator[Case]:
    for case in unary(ONE)(draw):
        yield case
        yield Case(f"{case.label}, alpha", case.inputs, {"alpha": 0.25})


def hard_sigmoid(draw: Draw) -> Iterator[Case]:
    for case in unary(ONE)(draw):
        yield case
        yield Case(f"{case.label}, alpha and beta", case.inputs, {"alpha": 0.125, "beta": 0.25})


def power(draw: Draw) -> Iterator[Case]:
    yield from binary(FLOATS, low=0.25, second=(-2, 2), edges=False)(draw)
    yield from binary(INTEGERS, second=(0, 4), edges=False)(draw)
    yield Case("float32 to an int64", [draw.array(np.float32, 2, 3), np.int64(3)])


def dropout(draw: Draw) -> Iterator[Case]:
    for kind in FLOATS:
        yield Case(f"{np.dtype(kind).name} does nothing in inference", [draw.array(kind, 2, 3)])
        yield Case(f"{np.dtype(kind).name} ratio", [draw.array(kind, 2, 3), np.float32(0.75)], outputs=2)


LOGICAL = (np.bool_,)
GENERATORS: dict[str, Generator] = {
    "Abs": unary((*FLOATS, np.int8, np.int32)),
    "Add": binary(),
    "And": binary(LOGICAL),
    "Cast": cast,
    "Ceil": unary(),
    "Clip": clip,
    "Div": division,
    "Dropout": dropout,
    "Equal": binary((*NUMBERS, np.bool_)),
    "Erf": unary(ONE, edges=False),
    "Exp": unary(),
    "Floor": unary(),
    "Greater": binary(),
    "HardSigmoid": hard_sigmoid,
    "Identity": unary((*NUMBERS, np.uint8, np.int8, np.bool_), edges=False),
    "LeakyRelu": leaky,
    "Less": binary(),
    "Log": unary(low=0.25),
    "Max": variadic,
    "Min": variadic,
    "Mod": remainder,
    "Mul": binary(),
    "Neg": unary((*FLOATS, np.int8, np.int32)),
    "Not": unary(LOGICAL, edges=False),
    "Or": binary(LOGICAL),
    "Pow": power,
    "Reciprocal": unary(low=0.5),
    "Relu": unary((*FLOATS, np.int8, np.int32)),
    "Sigmoid": unary(),
    "Sqrt": unary(low=0),
    "Sub": binary(),
    "Tanh": unary(),
    "Where": where,
}
