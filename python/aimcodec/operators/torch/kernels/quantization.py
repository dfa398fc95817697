"""Quantised numbers. Integer sums of products are computed as binary64 numbers, in which they are exact."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.elements import torch_type
from aimcodec.operators.torch.kernels.casting import convert, name_of, type_of
from aimcodec.operators.torch.kernels.convolution import centred, convolve
from aimcodec.operators.torch.numbers import axis_of
from aimcodec.operators.torch.registry import Context, kernel

RANGES = {
    "UINT8": (0, 255),
    "INT8": (-128, 127),
    "UINT16": (0, 65535),
    "INT16": (-32768, 32767),
    "UINT4": (0, 15),
    "INT4": (-8, 7),
    "UINT2": (0, 3),
    "INT2": (-2, 1),
}
EXACT_TERMS = 256


def _spread(values: torch.Tensor, x: torch.Tensor, axis: int, block_size: int) -> torch.Tensor:
    """Scales or zero points, one for all, for each place of an axis or for blocks of it, as they meet elements."""
    if values.numel() == 1 and values.ndim <= 1 and not block_size:
        return values.reshape(())
    place = axis_of(axis, x.ndim)
    if block_size:
        wide = values.repeat_interleave(block_size, place)
        if wide.shape[place] < x.shape[place] or block_size < 1:
            raise InconsistentError(f"blocks of {block_size} do not cover axis {axis}")
        return wide.narrow(place, 0, x.shape[place])
    if values.ndim != 1 or values.shape[0] != x.shape[place]:
        raise InconsistentError(f"scales of shape {list(values.shape)} for axis {axis} of {list(x.shape)}")
    return values.reshape([-1 if i == place else 1 for i in range(x.ndim)])


def _saturated(scaled: torch.Tensor, zero: torch.Tensor | None, element_type: str) -> torch.Tensor:
    """Rounded to even, moved by the zero point, and held in the range of the type."""
    low, high = RANGES[element_type]
    whole = torch.round(scaled).double()
    moved = whole if zero is None else whole + zero.double()
    return moved.nan_to_num(0.0).clamp(low, high).to(torch.int64).to(torch_type(element_type))


@kernel("QuantizeLinear")
def quantize_linear(
    context: Context,
    x: torch.Tensor,
    scale: torch.Tensor,
    zero: torch.Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    precision: int = 0,
    saturate: int = 1,
) -> torch.Tensor:
    if output_dtype:
        element_type = name_of(output_dtype)
    else:
        element_type = "UINT8" if zero is None else type_of(context, 2, zero)
    kind = torch_type(name_of(precision)) if precision else _precision(x, scale)
    scaled = x.to(kind) / _spread(scale, x, axis, block_size).to(kind)
    if element_type not in RANGES:
        return convert(scaled, element_type, bool(saturate))
    offset = None if zero is None else _spread(zero, x, axis, block_size)
    return _saturated(scaled, offset, element_type)


def _precision(x: torch.Tensor, scale: torch.Tensor) -> torch.dtype:
    if not x.dtype.is_floating_point:
        return torch.float32 if scale.dtype.itemsize == 1 else scale.dtype
    return torch.float32 if scale.dtype.itemsize == 1 else torch.promote_types(x.dtype, scale.dtype)


@kernel("DequantizeLinear")
def dequantize_linear(
    _: Context,
    x: torch.Tensor,
    scale: torch.Tensor,
    zero: torch.Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
) -> torch.Tensor:
    kind = torch_type(name_of(output_dtype)) if output_dtype else scale.dtype
    wide = x.float() if x.dtype.is_floating_point else x.to(torch.int64)
    if zero is not None:
        offset = _spread(zero, x, axis, block_size)
        wide = wide - (offset.float() if wide.dtype.is_floating_point else offset.to(torch.int64))
    spread = _spread(scale, x, axis, block_size)
    factor = spread.float() if scale.dtype.itemsize < 4 else spread
    return (wide.to(factor.dtype) * factor).to(kind)


@kernel("DynamicQuantizeLinear")
def dynamic_quantize_linear(_: Context, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    low = torch.clamp(x.amin(), max=0) if x.numel() else torch.zeros(())
    high = torch.clamp(x.amax(), min=0) if x.numel() else torch.zeros(())
    scale = (high - low) / 255
    zero = torch.zeros(()) if scale == 0 else torch.round(torch.clamp(-low / scale, 0, 255))
    quantised = torch.zeros_like(x) if scale == 0 else x / scale
    return _saturated(quantised, zero, "UINT8"), scale, zero.to(torch.uint8)


@kernel("MatMulInteger")
def matmul_integer(
    _: Context,
    a: torch.Tensor,
    b: torch.Tensor,
    a_zero: torch.Tensor | None = None,
    b_zero: torch.Tensor | None = None,
) -> torch.Tensor:
    return _product(a, b, a_zero, b_zero).to(torch.int32)


def _rows(values: torch.Tensor) -> torch.Tensor:
    """Numbers for each row of a matrix."""
    return values.reshape(-1, 1) if values.ndim == 1 and values.numel() > 1 else values


def _product(
    a: torch.Tensor, b: torch.Tensor, a_zero: torch.Tensor | None, b_zero: torch.Tensor | None
) -> torch.Tensor:
    """The product of integers of 8 bits less their zero points, int64.

    Binary32 holds sums of 256 products of such numbers exactly (2^8 * 2^8 * 2^8 = 2^24), and is fast.
    """
    left = _less(a, None if a_zero is None else _rows(a_zero))
    right = _less(b, b_zero)
    if a.ndim < 2 or b.ndim < 2:
        return torch.matmul(left.double(), right.double()).to(torch.int64)
    total: torch.Tensor | None = None
    for start in range(0, max(a.shape[-1], 1), EXACT_TERMS):
        part = slice(start, start + EXACT_TERMS)
        product = torch.matmul(left[..., part], right[..., part, :]).to(torch.int64)
        total = product if total is None else total + product
    return torch.zeros((), dtype=torch.int64) if total is None else total


def _less(x: torch.Tensor, zero: torch.Tensor | None) -> torch.Tensor:
    return x.float() if zero is None else x.float() - zero.float()


@kernel("QLinearMatMul")
def qlinear_matmul(
    context: Context,
    a: torch.Tensor,
    a_scale: torch.Tensor,
    a_zero: torch.Tensor,
    b: torch.Tensor,
    b_scale: torch.Tensor,
    b_zero: torch.Tensor,
    y_scale: torch.Tensor,
    y_zero: torch.Tensor,
) -> torch.Tensor:
    if a.dtype.is_floating_point or b.dtype.is_floating_point:
        left = _less(a, _rows(a_zero)) * _rows(a_scale).float()
        right = _less(b, b_zero) * b_scale.float()
        return convert(torch.matmul(left, right) / _rows(y_scale).float(), type_of(context, 7, y_zero))
    product = _product(a, b, a_zero, b_zero)
    scaled = product * (_rows(a_scale).double() * b_scale.double() / _rows(y_scale).double())
    return _saturated(scaled, _rows(y_zero), type_of(context, 7, y_zero))


@kernel("QLinearConv")
def qlinear_conv(
    context: Context,
    x: torch.Tensor,
    x_scale: torch.Tensor,
    x_zero: torch.Tensor,
    weights: torch.Tensor,
    w_scale: torch.Tensor,
    w_zero: torch.Tensor,
    y_scale: torch.Tensor,
    y_zero: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    sums = convolve(
        context,
        centred(x, x_zero),
        centred(weights, w_zero, 0),
        None if bias is None else bias.double(),
        *(auto_pad, dilations, group, pads, strides),
    )
    factor = x_scale.double() * w_scale.double() / y_scale.double()
    if factor.numel() > 1:
        factor = factor.reshape(-1, *[1] * (x.ndim - 2))
    return _saturated(
        sums * factor.reshape(()) if factor.numel() == 1 else sums * factor, y_zero, type_of(context, 7, y_zero)
    )
