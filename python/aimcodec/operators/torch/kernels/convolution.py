"""Convolutions."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.numbers import integers
from aimcodec.operators.torch.registry import Context, kernel
from aimcodec.operators.torch.windows import Windows, fixed_pads, of_rank, pad_edges, shared_out

CONVOLUTIONS: dict[int, Callable[..., torch.Tensor]] = {
    1: torch.nn.functional.conv1d,
    2: torch.nn.functional.conv2d,
    3: torch.nn.functional.conv3d,
}
TRANSPOSED: dict[int, Callable[..., torch.Tensor]] = {
    1: torch.nn.functional.conv_transpose1d,
    2: torch.nn.functional.conv_transpose2d,
    3: torch.nn.functional.conv_transpose3d,
}


def convolve(
    context: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    bias: torch.Tensor | None,
    auto_pad: str,
    dilations: list[int] | None,
    group: int,
    pads: list[int] | None,
    strides: list[int] | None,
) -> torch.Tensor:
    """A convolution over the dimensions behind the first two."""
    windows = Windows.of(list(x.shape[2:]), list(weights.shape[2:]), strides, dilations, pads, auto_pad)
    padding = windows.before if windows.is_symmetric() else [0] * len(windows.before)
    plain = x if windows.is_symmetric() else windows.padded(context, x)
    context.check_shape([x.shape[0], weights.shape[0], *windows.places])
    function = of_rank(CONVOLUTIONS, x.ndim - 2, "convolutions")
    return function(plain, weights, bias, windows.strides, padding, windows.dilations, group)


@kernel("Conv")
def conv(
    context: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    if kernel_shape and kernel_shape != list(weights.shape[2:]):
        raise InconsistentError(f"kernel_shape {kernel_shape} for weights of shape {list(weights.shape)}")
    return convolve(context, x, weights, bias, auto_pad, dilations, group, pads, strides)


@kernel("ConvInteger")
def conv_integer(
    context: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    x_zero: torch.Tensor | None = None,
    w_zero: torch.Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    exact = convolve(
        context, centred(x, x_zero), centred(weights, w_zero, 0), None, auto_pad, dilations, group, pads, strides
    )
    return exact.to(torch.int64).to(torch.int32)


def centred(x: torch.Tensor, zero: torch.Tensor | None, axis: int | None = None) -> torch.Tensor:
    """Quantised numbers less their zero points, as binary64 numbers, in which their sums of products are exact."""
    wide = x.double()
    if zero is None:
        return wide
    offset = zero.double()
    if zero.ndim == 1 and axis is not None and zero.numel() > 1:
        offset = offset.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    return wide - offset


@kernel("ConvTranspose")
def conv_transpose(
    context: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    output_padding: list[int] | None = None,
    output_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    rank = x.ndim - 2
    steps, gaps, added = strides or [1] * rank, dilations or [1] * rank, output_padding or [0] * rank
    reach = [
        (n - 1) * step + (k - 1) * gap + 1
        for n, k, step, gap in zip(x.shape[2:], weights.shape[2:], steps, gaps, strict=True)
    ]
    context.check_shape([x.shape[0], weights.shape[1] * group, *reach])
    full = of_rank(TRANSPOSED, rank, "convolutions")(x, weights, None, steps, 0, 0, group, gaps)
    sizes = [n + more for n, more in zip(full.shape[2:], added, strict=True)]
    before, after = _cut(sizes, list(x.shape[2:]), steps, auto_pad, output_shape, pads)
    context.check_shape([*full.shape[:2], *(n - a - b for n, a, b in zip(sizes, before, after, strict=True))])
    result = pad_edges(full, [-n for n in before], [more - n for more, n in zip(added, after, strict=True)])
    return result if bias is None else result + bias.reshape(-1, *[1] * rank)


def _cut(
    sizes: list[int],
    inputs: list[int],
    steps: list[int],
    auto_pad: str,
    output_shape: list[int] | None,
    pads: list[int] | None,
) -> tuple[list[int], list[int]]:
    """What is cut from the whole result in front and behind."""
    rank = len(sizes)
    fixed = fixed_pads(rank, pads, auto_pad) if output_shape is None else None
    if fixed is not None:
        return fixed
    wanted = output_shape[-rank:] if output_shape else [n * step for n, step in zip(inputs, steps, strict=True)]
    totals = [n - most for n, most in zip(sizes, wanted, strict=True)]
    return shared_out(totals, auto_pad)


@kernel("Col2Im")
def col2im(
    context: Context,
    x: torch.Tensor,
    image_shape: torch.Tensor,
    block_shape: torch.Tensor,
    *,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> torch.Tensor:
    image, block = integers(image_shape), integers(block_shape)
    windows = Windows.of(image, block, strides, dilations, pads, "NOTSET")
    padded = [n + a + b for n, a, b in zip(image, windows.before, windows.after, strict=True)]
    columns: Any = x.reshape(x.shape[0], -1, *block, *windows.places)
    context.check_shape([*columns.shape[:2], *padded])
    result = torch.zeros(*columns.shape[:2], *padded, dtype=x.dtype)
    # Places of the elements in the padded image: counted once, added to the image by index.
    whole = torch.arange(result[0, 0].numel()).reshape(1, 1, *padded)
    places = windows.views(whole)[0, 0]
    order = [*range(len(block), 2 * len(block)), *range(len(block))]
    target = places.permute(order).reshape(-1)
    flat = result.reshape(*result.shape[:2], -1).index_add(2, target, columns.reshape(*columns.shape[:2], -1))
    return pad_edges(flat.reshape(result.shape), [-n for n in windows.before], [-n for n in windows.after])


@kernel("CausalConvWithState")
def causal_conv(
    _: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    bias: torch.Tensor | None = None,
    past: torch.Tensor | None = None,
    *,
    activation: str = "none",
) -> tuple[torch.Tensor, torch.Tensor]:
    batch, channels, _length = x.shape
    kept = weights.shape[-1] - 1
    before = torch.zeros(batch, channels, kept, dtype=x.dtype) if past is None else past
    whole = torch.cat([before, x], 2)
    result = torch.nn.functional.conv1d(whole, weights, bias, groups=channels)
    if activation in {"silu", "swish"}:
        result = torch.nn.functional.silu(result)
    elif activation != "none":
        raise UnsupportedError(f"the activation {activation!r}")
    return result, whole[..., whole.shape[2] - kept :]
