"""Pools."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.numbers import integers, is_integer
from aimcodec.operators.torch.registry import Context, kernel
from aimcodec.operators.torch.windows import Windows, of_rank, pad_edges

MAX_POOLS: dict[int, Callable[..., torch.Tensor]] = {
    1: torch.nn.functional.max_pool1d,
    2: torch.nn.functional.max_pool2d,
    3: torch.nn.functional.max_pool3d,
}
AVERAGE_POOLS: dict[int, Callable[..., torch.Tensor]] = {
    1: torch.nn.functional.avg_pool1d,
    2: torch.nn.functional.avg_pool2d,
    3: torch.nn.functional.avg_pool3d,
}


@kernel("MaxPool")
def max_pool(
    context: Context,
    x: torch.Tensor,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    storage_order: int = 0,
    strides: list[int] | None = None,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    windows = Windows.of(list(x.shape[2:]), kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
    wide = x.float() if is_integer(x) else x
    padded = windows.padded(context, wide, -math.inf)
    pool = of_rank(MAX_POOLS, x.ndim - 2, "pools")
    how = (kernel_shape, windows.strides, 0, windows.dilations)
    if context.outputs == 1:
        return pool(padded, *how).to(x.dtype)
    result, found = pool(padded, *how, return_indices=True)
    return result.to(x.dtype), _flat_places(found, x, padded, windows, storage_order)


def _flat_places(
    found: torch.Tensor, x: torch.Tensor, padded: torch.Tensor, windows: Windows, column_major: int
) -> torch.Tensor:
    """Places in the padded image as places in the whole tensor."""
    coordinates = []
    for front, size in zip(reversed(windows.before), reversed(padded.shape[2:]), strict=True):
        coordinates.append(found % size - front)
        found = found.div(size, rounding_mode="floor")
    sizes = list(x.shape[2:])
    if not column_major:
        coordinates.reverse()
    else:
        sizes.reverse()
    flat = torch.zeros_like(coordinates[0])
    for coordinate, size in zip(coordinates, sizes, strict=True):
        flat = flat * size + coordinate
    image = math.prod(sizes)
    starts = torch.arange(x.shape[0] * x.shape[1]) * image
    return flat + starts.reshape(x.shape[0], x.shape[1], *[1] * len(sizes))


@kernel("AveragePool")
def average_pool(
    context: Context,
    x: torch.Tensor,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    windows = Windows.of(list(x.shape[2:]), kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
    means = _means(windows.padded(context, x), windows)
    if not any((*windows.before, *windows.after, *windows.extra)):
        return means
    ones = torch.ones(1, 1, *x.shape[2:], dtype=x.dtype)
    counted = pad_edges(ones, windows.before, windows.after, 1.0 if count_include_pad else 0.0)
    return means / _means(pad_edges(counted, [0] * len(windows.extra), windows.extra), windows)


def _means(padded: torch.Tensor, windows: Windows) -> torch.Tensor:
    if windows.dilations == [1] * len(windows.dilations):
        return of_rank(AVERAGE_POOLS, padded.ndim - 2, "pools")(padded, windows.kernel, windows.strides)
    return windows.views(padded).mean(list(range(-len(windows.kernel), 0)))


@kernel("LpPool")
def lp_pool(
    context: Context,
    x: torch.Tensor,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: list[int] | None = None,
    p: float = 2,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    windows = Windows.of(list(x.shape[2:]), kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
    powers = windows.views(windows.padded(context, x).abs() ** p)
    return powers.sum(list(range(-len(kernel_shape), 0))) ** (1 / p)


def _spatial(x: torch.Tensor) -> list[int]:
    return list(range(2, x.ndim))


@kernel("GlobalAveragePool")
def global_average_pool(_: Context, x: torch.Tensor) -> torch.Tensor:
    return x.mean(_spatial(x), keepdim=True)


@kernel("GlobalMaxPool")
def global_max_pool(_: Context, x: torch.Tensor) -> torch.Tensor:
    return x.amax(_spatial(x), keepdim=True)


@kernel("GlobalLpPool")
def global_lp_pool(_: Context, x: torch.Tensor, *, p: float = 2) -> torch.Tensor:
    return (x.abs() ** p).sum(_spatial(x), keepdim=True) ** (1 / p)


@kernel("MaxUnpool")
def max_unpool(
    context: Context,
    x: torch.Tensor,
    places: torch.Tensor,
    output_shape: torch.Tensor | None = None,
    *,
    kernel_shape: list[int],
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    rank = len(kernel_shape)
    steps, edges = strides or [1] * rank, pads or [0] * 2 * rank
    sizes = [
        (n - 1) * step + k - edges[i] - edges[rank + i]
        for i, (n, step, k) in enumerate(zip(x.shape[2:], steps, kernel_shape, strict=True))
    ]
    shape = [*x.shape[:2], *sizes]
    context.check_shape(shape)
    flat = places.reshape(-1)
    if flat.numel() and not 0 <= int(flat.min()) <= int(flat.max()) < math.prod(shape):
        raise InconsistentError("an index lies outside the result")
    result = torch.zeros(math.prod(shape), dtype=x.dtype).scatter(0, flat, x.reshape(-1)).reshape(shape)
    if output_shape is None:
        return result
    wanted = integers(output_shape)
    context.check_shape(wanted)
    return pad_edges(result, [0] * x.ndim, [n - m for n, m in zip(wanted, shape, strict=True)])
