"""Tensors read at places between their elements."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.registry import Context, kernel
from aimcodec.operators.torch.windows import Windows

GRID_MODES = {
    "linear": "bilinear",
    "bilinear": "bilinear",
    "nearest": "nearest",
    "cubic": "bicubic",
    "bicubic": "bicubic",
}


@kernel("GridSample")
def grid_sample(
    _: Context,
    x: torch.Tensor,
    grid: torch.Tensor,
    *,
    align_corners: int = 0,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
) -> torch.Tensor:
    if mode not in GRID_MODES or padding_mode not in {"zeros", "border", "reflection"}:
        raise UnsupportedError(f"GridSample of modes {mode!r} and {padding_mode!r}")
    if x.ndim not in {4, 5}:
        raise UnsupportedError(f"GridSample of {x.ndim - 2} dimensions")
    return torch.nn.functional.grid_sample(x, grid.to(x.dtype), GRID_MODES[mode], padding_mode, bool(align_corners))


@kernel("DeformConv")
def deform_conv(
    context: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    offset: torch.Tensor,
    bias: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
    *,
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    offset_group: int = 1,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    if x.ndim != 4:
        raise UnsupportedError(f"DeformConv of {x.ndim - 2} dimensions")
    kernel_size = list(weights.shape[2:])
    windows = Windows.of(list(x.shape[2:]), kernel_size, strides, dilations, pads, "NOTSET")
    batch, channels, height, width = x.shape
    rows, columns = windows.places
    taps = kernel_size[0] * kernel_size[1]
    context.check_shape([batch, channels, taps, rows, columns])
    if channels % offset_group or weights.shape[1] * group != channels:
        raise InconsistentError(f"{channels} channels for {group} groups of weights, {offset_group} of offsets")
    moved = offset.reshape(batch, offset_group, taps, 2, rows, columns)
    base_y, base_x = (_bases(windows, axis) for axis in (0, 1))
    y, z = moved[:, :, :, 0] + base_y, moved[:, :, :, 1] + base_x
    # Places as grid_sample counts them with corners aligned: from -1 to 1.
    grid = torch.stack([2 * z / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], -1)
    parts = x.reshape(batch * offset_group, -1, height, width)
    flat = grid.reshape(batch * offset_group, taps * rows, columns, 2)
    sampled = torch.nn.functional.grid_sample(parts, flat, "bilinear", "zeros", True)
    sampled = sampled.reshape(batch, offset_group, -1, taps, rows, columns)
    if mask is not None:
        sampled = sampled * mask.reshape(batch, offset_group, 1, taps, rows, columns)
    columns_of = sampled.reshape(batch, group, channels // group * taps, rows * columns)
    matrices = weights.reshape(1, group, weights.shape[0] // group, -1)
    result = torch.matmul(matrices, columns_of).reshape(batch, -1, rows, columns)
    return result if bias is None else result + bias.reshape(-1, 1, 1)


def _bases(windows: Windows, axis: int) -> torch.Tensor:
    """Where a tap of a window lies without offset, along an axis: [taps, rows, columns]."""
    starts = torch.arange(windows.places[axis]) * windows.strides[axis] - windows.before[axis]
    taps = torch.arange(windows.kernel[axis]) * windows.dilations[axis]
    along = taps.reshape(-1, 1) + starts
    if axis == 0:
        wide = along.reshape(windows.kernel[0], 1, windows.places[0], 1)
    else:
        wide = along.reshape(1, windows.kernel[1], 1, windows.places[1])
    return wide.expand(*windows.kernel, *windows.places).reshape(-1, *windows.places)
