"""Resize and Upsample. Every dimension is resampled by itself: with the few inputs and weights of each output."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.numbers import axes_of, integers
from aimcodec.operators.torch.registry import Context, kernel

NEAREST: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "round_prefer_floor": lambda x: torch.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: torch.floor(x + 0.5),
    "floor": torch.floor,
    "ceil": torch.ceil,
}


@dataclass(frozen=True, slots=True)
class Method:
    """The attributes of Resize."""

    mode: str
    coordinates: str
    nearest: str
    cubic_a: float
    antialias: int
    exclude_outside: int
    extrapolation: float


def places_of(size: int, length: int, scale: float, roi: tuple[float, float], how: str) -> torch.Tensor:
    """Where in an input of `length` the outputs of a dimension lie, binary64.

    Raises:
        UnsupportedError: a way of counting that is not known.
    """
    x = torch.arange(size, dtype=torch.float64)
    resized = length * scale
    if how == "half_pixel":
        return (x + 0.5) / scale - 0.5
    if how == "half_pixel_symmetric":
        return length / 2 * (1 - size / resized) + (x + 0.5) / scale - 0.5
    if how in {"pytorch_half_pixel", "tf_half_pixel_for_nn"}:
        if how == "tf_half_pixel_for_nn":
            return (x + 0.5) / scale
        return (x + 0.5) / scale - 0.5 if size > 1 else torch.zeros_like(x)
    if how == "asymmetric":
        return x / scale
    if how == "align_corners":
        return x * (length - 1) / (resized - 1) if resized != 1 and size > 1 else torch.zeros_like(x)
    if how == "tf_crop_and_resize":
        start, end = roi
        if size > 1:
            return start * (length - 1) + x * (end - start) * (length - 1) / (size - 1)
        return 0.5 * (start + end) * (length - 1) + torch.zeros_like(x)
    raise UnsupportedError(f"coordinate_transformation_mode {how!r}")


def _triangle(distance: torch.Tensor) -> torch.Tensor:
    return torch.clamp(1 - distance.abs(), min=0)


def _cubic(distance: torch.Tensor, a: float) -> torch.Tensor:
    d = distance.abs()
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return torch.where(d <= 1, near, torch.where(d < 2, far, torch.zeros_like(d)))


def weights_of(where: torch.Tensor, length: int, scale: float, method: Method) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of each output, int64 [outputs, taps], and their weights."""
    if method.mode == "nearest":
        try:
            chosen = NEAREST[method.nearest](where)
        except KeyError:
            raise UnsupportedError(f"nearest_mode {method.nearest!r}") from None
        return chosen.long().clamp(0, length - 1).unsqueeze(1), torch.ones(len(where), 1, dtype=torch.float64)
    shrunk = min(scale, 1.0) if method.antialias else 1.0
    reach = (1 if method.mode == "linear" else 2) / shrunk
    if method.antialias:
        first = torch.floor(where - reach) + 1
        taps = math.ceil(2 * reach) + 1
    else:
        first = torch.floor(where) - (0 if method.mode == "linear" else 1)
        taps = 2 if method.mode == "linear" else 4
    inputs = first.unsqueeze(1) + torch.arange(taps)
    distance = (inputs - where.unsqueeze(1)) * shrunk
    weights = _triangle(distance) if method.mode == "linear" else _cubic(distance, method.cubic_a)
    if method.exclude_outside:
        weights = torch.where((inputs < 0) | (inputs >= length), torch.zeros_like(weights), weights)
    if method.exclude_outside or method.antialias:
        weights = weights / weights.sum(1, keepdim=True)
    return inputs.long().clamp(0, length - 1), weights


def _resample(x: torch.Tensor, axis: int, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """One dimension: the sum of its inputs, weighted."""
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    if inputs.shape[1] == 1:
        return x.index_select(axis, inputs[:, 0])
    parts = [
        x.index_select(axis, inputs[:, tap]) * weights[:, tap].to(x.dtype).reshape(shape)
        for tap in range(inputs.shape[1])
    ]
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result


def resample(
    x: torch.Tensor, sizes: list[int], scales: list[float], roi: list[float] | None, axes: list[int], method: Method
) -> torch.Tensor:
    """Resize along axes.

    Args:
        x: any shape.
        sizes: of the result, for each axis.
        scales: of the coordinates, for each axis.
        roi: starts, then ends.
        axes: counted from 0.
        method: how.
    """
    wide = x if x.dtype.is_floating_point or method.mode == "nearest" else x.float()
    outside = torch.zeros((), dtype=torch.bool)
    for place, axis in enumerate(axes):
        length, size, scale = x.shape[axis], sizes[place], scales[place]
        if size == 0:
            return x.new_zeros([sizes[axes.index(i)] if i in axes else n for i, n in enumerate(x.shape)])
        if length == 0 or scale <= 0:
            raise InconsistentError(f"a dimension of {length} by {scale}")
        bounds = (roi[place], roi[len(axes) + place]) if roi else (0.0, 1.0)
        where = places_of(size, length, scale, bounds, method.coordinates)
        if size != length or scale != 1 or method.coordinates == "tf_crop_and_resize":
            wide = _resample(wide, axis, *weights_of(where, length, scale, method))
        if method.coordinates == "tf_crop_and_resize":
            shape = [-1 if i == axis else 1 for i in range(x.ndim)]
            outside = outside | ((where < 0) | (where > length - 1)).reshape(shape)
    if method.coordinates == "tf_crop_and_resize":
        wide = torch.where(outside, torch.tensor(method.extrapolation, dtype=wide.dtype), wide)
    if wide.dtype == x.dtype:
        return wide
    bounds_of = torch.iinfo(x.dtype)
    return torch.round(wide).clamp(bounds_of.min, bounds_of.max).to(x.dtype)


@kernel("Resize", since=11)
def resize(
    context: Context,
    x: torch.Tensor,
    roi: torch.Tensor | None = None,
    scales: torch.Tensor | None = None,
    sizes: torch.Tensor | None = None,
    *,
    antialias: int = 0,
    axes: list[int] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> torch.Tensor:
    places = list(range(x.ndim)) if axes is None else axes_of(axes, x.ndim)
    if mode not in {"nearest", "linear", "cubic"}:
        raise UnsupportedError(f"Resize of mode {mode!r}")
    lengths = [x.shape[place] for place in places]
    if sizes is not None and sizes.numel():
        wanted = integers(sizes)
        factors = [size / n for size, n in zip(wanted, lengths, strict=True)]
        if keep_aspect_ratio_policy != "stretch":
            factor = (min if keep_aspect_ratio_policy == "not_larger" else max)(factors)
            factors = [factor] * len(lengths)
            wanted = [math.floor(n * factor + 0.5) for n in lengths]
    elif scales is not None and scales.numel():
        factors = [float(scale) for scale in scales.tolist()]
        wanted = [math.floor(n * factor) for n, factor in zip(lengths, factors, strict=True)]
    else:
        raise InconsistentError("neither sizes nor scales")
    whole = list(x.shape)
    for place, size in zip(places, wanted, strict=True):
        whole[place] = size
    context.check_shape(whole)
    bounds = None if roi is None or not roi.numel() else [float(n) for n in roi.tolist()]
    how = (coordinate_transformation_mode, nearest_mode, cubic_coeff_a, antialias, exclude_outside, extrapolation_value)
    return resample(x, wanted, factors, bounds, places, Method(mode, *how))


def _upsample(context: Context, x: torch.Tensor, scales: list[float], mode: str) -> torch.Tensor:
    if mode not in {"nearest", "linear", "bilinear"}:
        raise UnsupportedError(f"Upsample of mode {mode!r}")
    sizes = [math.floor(n * scale) for n, scale in zip(x.shape, scales, strict=True)]
    context.check_shape(sizes)
    method = Method("nearest" if mode == "nearest" else "linear", "asymmetric", "floor", -0.75, 0, 0, 0.0)
    return resample(x, sizes, scales, None, list(range(x.ndim)), method)


@kernel("Upsample", since=7)
def upsample_by_attribute(
    context: Context, x: torch.Tensor, *, scales: list[float], mode: str = "nearest"
) -> torch.Tensor:
    return _upsample(context, x, scales, mode)


@kernel("Upsample", since=9)
def upsample(context: Context, x: torch.Tensor, scales: torch.Tensor, *, mode: str = "nearest") -> torch.Tensor:
    return _upsample(context, x, [float(scale) for scale in scales.tolist()], mode)


@kernel("Resize", since=10)
def resize_10(context: Context, x: torch.Tensor, scales: torch.Tensor, *, mode: str = "nearest") -> torch.Tensor:
    return _upsample(context, x, [float(scale) for scale in scales.tolist()], mode)
