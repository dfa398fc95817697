"""Cases for operators that move a window, or a state, over a tensor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aimcodec.operators.compare.case import Case, Draw, Generator, f32, i64
from aimcodec.operators.status import Status

__all__ = ["GENERATORS"]

F = np.float32


def conv(draw: Draw) -> Iterator[Case]:
    x, w = draw.array(F, 2, 3, 7, 6), draw.array(F, 4, 3, 3, 3)
    yield Case("plain", [x, w])
    yield Case("bias", [x, w, draw.array(F, 4)])
    yield Case("strides", [x, w], {"strides": [2, 3]})
    yield Case("dilations", [x, w], {"dilations": [2, 1]})
    yield Case("pads on one side", [x, w], {"pads": [0, 1, 2, 0]})
    yield Case("all of them", [x, w], {"pads": [1, 2, 1, 0], "strides": [2, 1], "dilations": [1, 2]})
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        yield Case(f"pads {mode}", [x, w], {"auto_pad": mode, "strides": [2, 2]})
    yield Case("two groups", [draw.array(F, 1, 4, 5, 5), draw.array(F, 6, 2, 3, 3)], {"group": 2})
    yield Case("depthwise", [draw.array(F, 1, 4, 5, 5), draw.array(F, 4, 1, 3, 3)], {"group": 4, "pads": [1] * 4})
    yield Case("one by one", [x, draw.array(F, 5, 3, 1, 1)])
    yield Case("one dimension", [draw.array(F, 1, 2, 9), draw.array(F, 3, 2, 4)], {"pads": [3, 0]})
    yield Case("three dimensions", [draw.array(F, 1, 2, 4, 4, 4), draw.array(F, 3, 2, 2, 2, 2)])
    yield Case("real numbers", [draw.real(F, 1, 16, 14, 14), draw.real(F, 16, 16, 3, 3)], {"pads": [1] * 4})
    yield Case("channels that differ", [x, draw.array(F, 4, 2, 3, 3)], status=Status.DIMENSIONS_MISMATCH)
    yield Case("ranks that differ", [x, draw.array(F, 4, 3, 3)], status=Status.DIMENSIONS_MISMATCH)
    yield Case("kernel too large", [x, draw.array(F, 4, 3, 9, 9)], status=Status.INVALID_ARGUMENT)


def conv_transpose(draw: Draw) -> Iterator[Case]:
    x, w = draw.array(F, 1, 3, 4, 5), draw.array(F, 3, 2, 3, 3)
    yield Case("plain", [x, w])
    yield Case("bias", [x, w, draw.array(F, 2)])
    yield Case("strides", [x, w], {"strides": [2, 3]})
    yield Case("pads", [x, w], {"pads": [1, 0, 1, 1], "strides": [2, 2]})
    yield Case("output padding", [x, w], {"strides": [3, 2], "output_padding": [1, 1]})
    yield Case("one dimension", [draw.array(F, 1, 3, 5), draw.array(F, 3, 2, 3)])
    yield Case("channels that differ", [x, draw.array(F, 4, 2, 3, 3)], status=Status.DIMENSIONS_MISMATCH)


def pooling(draw: Draw) -> Iterator[Case]:
    x = draw.array(F, 1, 2, 6, 7)
    yield Case("plain", [x], {"kernel_shape": [2, 3]})
    yield Case("negative numbers only", [draw.array(F, 1, 2, 6, 6, low=-9, high=-1)], {"kernel_shape": [3, 3]})
    yield Case("strides", [x], {"kernel_shape": [2, 2], "strides": [2, 2]})
    yield Case("pads", [-np.abs(x) - 1], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]})
    yield Case("rounded up", [x], {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1})
    yield Case("three dimensions", [draw.array(F, 1, 1, 4, 4, 4)], {"kernel_shape": [2, 2, 2]})
    yield Case("window too large", [x], {"kernel_shape": [9, 9]}, status=Status.INVALID_ARGUMENT)
    yield Case("no window", [x], status=Status.INVALID_ARGUMENT)


def average_pool(draw: Draw) -> Iterator[Case]:
    yield from pooling(draw)
    attributes = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}
    yield Case("pads count", [draw.array(F, 1, 2, 6, 7)], attributes)


def global_pool(draw: Draw) -> Iterator[Case]:
    for shape in ((1, 3, 5, 6), (2, 1, 1, 4)):
        yield Case(f"float32 {list(shape)}", [draw.array(F, *shape, low=-9, high=-1)])


def resize(draw: Draw) -> Iterator[Case]:
    x, none = draw.array(F, 1, 2, 4, 6), np.empty(0, F)
    yield Case("nearest, scales", [x, none, f32([1, 1, 2, 2])], {"mode": "nearest"})
    half = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    yield Case("linear, scales", [x, none, f32([1, 1, 2, 2])], half)
    yield Case("linear, sizes", [x, none, None, i64([1, 2, 8, 3])], half)
    corners = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    yield Case("linear, corners", [x, none, None, i64([1, 2, 7, 11])], corners)
    floor = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    yield Case("nearest, floor", [x, none, f32([1, 1, 2, 1.5])], floor)


def lstm(draw: Draw) -> Iterator[Case]:
    steps, batch, inputs, hidden = 4, 2, 3, 5
    x = draw.real(F, steps, batch, inputs)
    for way, count in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
        w, r = draw.real(F, count, 4 * hidden, inputs), draw.real(F, count, 4 * hidden, hidden)
        attributes = {"hidden_size": hidden, "direction": way}
        yield Case(way, [x, w, r], attributes, outputs=3)
        yield Case(f"{way}, bias", [x, w, r, draw.real(F, count, 8 * hidden)], attributes, outputs=3)


GENERATORS: dict[str, Generator] = {
    "AveragePool": average_pool,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "GlobalAveragePool": global_pool,
    "GlobalMaxPool": global_pool,
    "LSTM": lstm,
    "MaxPool": pooling,
    "Resize": resize,
}
