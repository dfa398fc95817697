"""Cases for quantised arithmetic: integers that are the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aimcodec.operators.compare.case import Case, Draw, Generator, f32
from aimcodec.operators.status import Status

__all__ = ["GENERATORS"]

F = np.float32


def quantize(draw: Draw) -> Iterator[Case]:
    for kind in (np.uint8, np.int8):
        x, zero = draw.array(F, 3, 4, low=-99, high=99), kind(7)
        yield Case(f"{np.dtype(kind).name}", [x, F(0.5), zero])
        yield Case(f"{np.dtype(kind).name} halves", [f32([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1e9, -1e9]), F(1), zero])
        values = [x, f32([0.5, 1, 2]), np.array([0, 3, 7], kind)]
        yield Case(f"{np.dtype(kind).name} by rows", values, {"axis": 0})


def dequantize(draw: Draw) -> Iterator[Case]:
    for kind in (np.uint8, np.int8):
        x = draw.array(kind, 3, 4, low=-100, high=100)
        yield Case(f"{np.dtype(kind).name}", [x, F(0.3), kind(7)])
        yield Case(f"{np.dtype(kind).name} by rows", [x, f32([0.5, 0.1, 2]), np.array([0, 3, 7], kind)], {"axis": 0})
    yield Case("int32", [draw.array(np.int32, 5, low=-9999, high=9999), F(0.01)])


def dynamic_quantize(draw: Draw) -> Iterator[Case]:
    for low, high in ((-3, 9), (0, 7), (-8, -2)):
        yield Case(f"from {low} to {high}", [f32([low, high, *draw.array(F, 9, low=low, high=high)])], outputs=3)


def matmul_integer(draw: Draw) -> Iterator[Case]:
    for kind in (np.uint8, np.int8):
        a, b = draw.array(kind, 5, 40, low=-128, high=127), draw.array(kind, 40, 3, low=-128, high=127)
        yield Case(f"{np.dtype(kind).name}", [a, b])
        yield Case(f"{np.dtype(kind).name} zero points", [a, b, kind(11), kind(3)])
    values = [draw.array(np.uint8, 2, 3), draw.array(np.uint8, 2, 3)]
    yield Case("inner dimensions that differ", values, status=Status.DIMENSIONS_MISMATCH)


def conv_integer(draw: Draw) -> Iterator[Case]:
    x, w = draw.array(np.uint8, 1, 3, 6, 7, high=255), draw.array(np.uint8, 4, 3, 3, 3, high=255)
    yield Case("uint8", [x, w])
    yield Case("zero points", [x, w, np.uint8(128), np.uint8(127)], {"pads": [1, 1, 1, 1], "strides": [2, 2]})
    yield Case("channels that differ", [x, w[:, :2]], status=Status.DIMENSIONS_MISMATCH)


def qlinear_matmul(draw: Draw) -> Iterator[Case]:
    for kind in (np.uint8, np.int8):
        a, b = draw.array(kind, 5, 16, low=-99, high=99), draw.array(kind, 16, 3, low=-99, high=99)
        yield Case(f"{np.dtype(kind).name} halves", [a, F(0.25), kind(5), b, F(0.5), kind(9), F(4), kind(17)])
        yield Case(f"{np.dtype(kind).name} any scale", [a, F(0.0123), kind(5), b, F(0.3), kind(9), F(0.17), kind(8)])


def qlinear_conv(draw: Draw) -> Iterator[Case]:
    x, w = draw.array(np.uint8, 1, 2, 6, 6, high=255), draw.array(np.uint8, 3, 2, 3, 3, high=255)
    values = [x, F(0.25), np.uint8(128), w, F(0.5), np.uint8(120), F(64), np.uint8(100)]
    yield Case("uint8", values)
    yield Case("an odd zero point", [*values[:-1], np.uint8(101)])
    scales = [x, F(0.0117), np.uint8(128), w, F(0.29), np.uint8(120), F(3.3), np.uint8(100)]
    yield Case("any scale", scales)
    yield Case("a scale for each channel", [*scales[:4], f32([0.29, 0.1, 0.7]), np.zeros(3, np.uint8), *scales[6:]])
    yield Case("bias", [*values, draw.array(np.int32, 3, low=-999, high=999)])
    yield Case("pads", values, {"pads": [1, 1, 1, 1]})


GENERATORS: dict[str, Generator] = {
    "ConvInteger": conv_integer,
    "DequantizeLinear": dequantize,
    "DynamicQuantizeLinear": dynamic_quantize,
    "MatMulInteger": matmul_integer,
    "QLinearConv": qlinear_conv,
    "QLinearMatMul": qlinear_matmul,
    "QuantizeLinear": quantize,
}
