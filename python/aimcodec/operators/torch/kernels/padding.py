"""Elements added around tensors, or cut off."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from typing import Any

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.numbers import axes_of, integers, moves
from aimcodec.operators.torch.registry import Context, kernel


@kernel("Pad")
def pad_1(
    context: Context, x: torch.Tensor, *, paddings: list[int], mode: str = "constant", value: float = 0.0
) -> torch.Tensor:
    return _pad(context, x, torch.tensor(value, dtype=x.dtype), paddings, None, mode)


@kernel("Pad", since=2)
def pad_by_attributes(
    context: Context, x: torch.Tensor, *, pads: list[int], mode: str = "constant", value: float = 0.0
) -> torch.Tensor:
    return _pad(context, x, torch.tensor(value, dtype=x.dtype), pads, None, mode)


@kernel("Pad", since=11)
def pad(
    context: Context,
    x: torch.Tensor,
    pads: torch.Tensor,
    value: torch.Tensor | None = None,
    axes: torch.Tensor | None = None,
    *,
    mode: str = "constant",
) -> torch.Tensor:
    fill = torch.zeros((), dtype=x.dtype) if value is None else value
    return _pad(context, x, fill, integers(pads), None if axes is None else integers(axes), mode)


@moves
def _pad(
    context: Context, x: torch.Tensor, fill: torch.Tensor, pads: list[int], axes: list[int] | None, mode: str
) -> torch.Tensor:
    places = list(range(x.ndim)) if axes is None else axes_of(axes, x.ndim)
    if len(pads) != 2 * len(places):
        raise InconsistentError(f"{len(pads)} numbers of pads for {len(places)} axes")
    edges = {place: (pads[i], pads[len(places) + i]) for i, place in enumerate(places)}
    context.check_shape([n + sum(edges.get(i, (0, 0))) for i, n in enumerate(x.shape)])
    if mode == "constant":
        return _constant(x, fill, edges)
    for place, (before, after) in edges.items():
        if before or after:
            x = x.index_select(place, _mirrored(x.shape[place], before, after, mode))
    return x


def _constant(x: torch.Tensor, fill: torch.Tensor, edges: dict[int, tuple[int, int]]) -> torch.Tensor:
    """A tensor of the fill, and in its midst what is left of `x`."""
    shape, source, target = list(x.shape), [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for place, (before, after) in edges.items():
        n = x.shape[place]
        shape[place] = n + before + after
        if shape[place] < 0:
            raise InconsistentError(f"more is cut off than there is along axis {place}")
        first, last = max(0, -before), max(0, -before, n - max(0, -after))
        source[place] = slice(first, last)
        target[place] = slice(max(0, before), max(0, before) + last - first)
    result = fill.reshape(()).expand(shape).contiguous()
    result[tuple(target)] = x[tuple(source)]
    return result


def _mirrored(n: int, before: int, after: int, mode: str) -> torch.Tensor:
    """Which elements a padded axis has."""
    places = torch.arange(-before, n + after)
    if n == 0 and places.numel():
        raise InconsistentError(f"pads of mode {mode!r} around nothing")
    if mode == "edge":
        return places.clamp(0, n - 1)
    if mode == "wrap":
        return places % n
    if mode != "reflect":
        raise UnsupportedError(f"pads of mode {mode!r}")
    period = max(1, 2 * (n - 1))
    folded = places % period
    return torch.minimum(folded, period - folded) if n > 1 else torch.zeros_like(places)


@kernel("CenterCropPad")
def center_crop_pad(
    context: Context, x: torch.Tensor, shape: torch.Tensor, *, axes: list[int] | None = None
) -> torch.Tensor:
    places = list(range(x.ndim)) if axes is None else axes_of(axes, x.ndim)
    before, after = [0] * x.ndim, [0] * x.ndim
    for place, wanted in zip(places, integers(shape), strict=True):
        missing = wanted - x.shape[place]
        before[place] = missing // 2 if missing >= 0 else -(-missing // 2)
        after[place] = missing - before[place]
    zero: Any = torch.zeros((), dtype=x.dtype)
    return _pad(context, x, zero, [*before, *after], None, "constant")
