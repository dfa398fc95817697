"""Normalisations."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.elements import torch_type
from aimcodec.operators.torch.kernels.casting import name_of
from aimcodec.operators.torch.kernels.random import uniform
from aimcodec.operators.torch.numbers import axis_of
from aimcodec.operators.torch.registry import Context, kernel


def _per_channel(values: torch.Tensor, rank: int) -> torch.Tensor:
    return values.reshape(-1, *[1] * (rank - 2))


def _widened(x: torch.Tensor, stash_type: int) -> torch.Tensor:
    """Numbers of the type that is computed with."""
    return x if x.dtype == torch.float64 else x.to(torch_type(name_of(stash_type)))


@kernel("BatchNormalization")
def batch_normalization_7(
    context: Context,
    x: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor,
    mean: torch.Tensor,
    variance: torch.Tensor,
    *,
    epsilon: float = 1e-5,
    is_test: int = 1,
    momentum: float = 0.9,
    spatial: int = 1,
) -> torch.Tensor:
    if not is_test or not spatial or context.outputs > 1:
        raise UnsupportedError("BatchNormalization for training, or not spatial, in versions below 14")
    return _by_statistics(x, scale, bias, mean, variance, epsilon)


@kernel("BatchNormalization", since=14)
def batch_normalization(
    _: Context,
    x: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor,
    mean: torch.Tensor,
    variance: torch.Tensor,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    if not training_mode:
        return _by_statistics(x, scale, bias, mean, variance, epsilon)
    axes = [0, *range(2, x.ndim)]
    wide = x.to(mean.dtype)
    own_mean, own_variance = wide.mean(axes), wide.var(axes, correction=0)
    result = _normalized(x, own_mean, own_variance, scale, bias, epsilon)
    running = mean * momentum + own_mean * (1 - momentum)
    return result, running, variance * momentum + own_variance * (1 - momentum)


def _by_statistics(
    x: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor, epsilon: float
) -> torch.Tensor:
    if x.dtype == scale.dtype == mean.dtype:
        return torch.nn.functional.batch_norm(x, mean, variance, scale, bias, False, 0.0, epsilon)
    return _normalized(x, mean, variance, scale, bias, epsilon)


def _normalized(
    x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor, epsilon: float
) -> torch.Tensor:
    centre, spread, factor, offset = (_per_channel(t, x.ndim) for t in (mean, variance, scale, bias))
    return (factor * (x - centre) / torch.sqrt(spread + epsilon) + offset).to(x.dtype)


@kernel("InstanceNormalization")
def instance_normalization(
    _: Context, x: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor, *, epsilon: float = 1e-5
) -> torch.Tensor:
    axes = list(range(2, x.ndim))
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
    factor, offset = _per_channel(scale, x.ndim), _per_channel(bias, x.ndim)
    return factor * (x - mean) / torch.sqrt(variance + epsilon) + offset


@kernel("LayerNormalization")
def layer_normalization(
    context: Context,
    x: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    place = axis_of(axis, x.ndim)
    shape = x.shape[place:]
    wide = _widened(x, stash_type)
    if (
        context.outputs == 1
        and scale.shape == shape
        and x.dtype == wide.dtype == scale.dtype
        and (bias is None or bias.shape == shape)
    ):
        return torch.nn.functional.layer_norm(x, shape, scale, bias, epsilon)
    axes = list(range(place, x.ndim))
    mean = wide.mean(axes, keepdim=True)
    inverse = torch.rsqrt((wide - mean).square().mean(axes, keepdim=True) + epsilon)
    result = ((wide - mean) * inverse).to(x.dtype) * scale
    return (result if bias is None else result + bias), mean, inverse


@kernel("RMSNormalization")
def rms_normalization(
    _: Context, x: torch.Tensor, scale: torch.Tensor, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> torch.Tensor:
    wide = _widened(x, stash_type)
    axes = list(range(axis_of(axis, x.ndim), x.ndim))
    normal = wide / torch.sqrt(wide.square().mean(axes, keepdim=True) + epsilon)
    return (normal.to(x.dtype) * scale).to(scale.dtype)


@kernel("GroupNormalization", since=18)
def group_normalization_18(
    context: Context,
    x: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
) -> torch.Tensor:
    each = x.shape[1] // max(num_groups, 1)
    return group_normalization(
        context, x, scale.repeat_interleave(each), bias.repeat_interleave(each), num_groups=num_groups, epsilon=epsilon
    )


@kernel("GroupNormalization", since=21)
def group_normalization(
    _: Context,
    x: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> torch.Tensor:
    if num_groups < 1 or x.shape[1] % num_groups:
        raise InconsistentError(f"{x.shape[1]} channels in {num_groups} groups")
    wide = _widened(x, stash_type)
    normal = torch.nn.functional.group_norm(wide, num_groups, None, None, epsilon).to(x.dtype)
    return normal * _per_channel(scale, x.ndim) + _per_channel(bias, x.ndim)


@kernel("MeanVarianceNormalization")
def mean_variance_normalization(_: Context, x: torch.Tensor, *, axes: list[int] | None = None) -> torch.Tensor:
    places = axes if axes is not None else [0, 2, 3]
    mean = x.mean(places, keepdim=True)
    variance = (x * x).mean(places, keepdim=True) - mean * mean
    return (x - mean) / (torch.sqrt(variance) + 1e-9)


@kernel("LpNormalization")
def lp_normalization(_: Context, x: torch.Tensor, *, axis: int = -1, p: int = 2) -> torch.Tensor:
    norm = torch.linalg.vector_norm(x, p, axis_of(axis, x.ndim), keepdim=True)
    return torch.where(norm == 0, torch.zeros_like(x), x / norm)


@kernel("LRN")
def local_response_normalization(
    _: Context, x: torch.Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> torch.Tensor:
    before = (size - 1) // 2
    squares = torch.movedim(x * x, 1, -1)
    padded = torch.nn.functional.pad(squares, (before, size - 1 - before))
    sums = padded.unfold(-1, size, 1).sum(-1).movedim(-1, 1)
    return x / (bias + alpha / size * sums) ** beta


@kernel("Dropout")
def dropout_by_attributes(
    context: Context, x: torch.Tensor, *, is_test: int = 1, ratio: float = 0.5
) -> tuple[torch.Tensor, torch.Tensor]:
    return x, torch.ones_like(x, dtype=torch.bool if context.version >= 10 else x.dtype)


@kernel("Dropout", since=12)
def dropout(
    _: Context,
    x: torch.Tensor,
    ratio: torch.Tensor | None = None,
    training: torch.Tensor | None = None,
    *,
    seed: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    share = 0.5 if ratio is None else float(ratio)
    if training is None or not bool(training) or share == 0:
        return x, torch.ones_like(x, dtype=torch.bool)
    if not 0 <= share < 1 or math.isnan(share):
        raise InconsistentError(f"a ratio of {share}")
    kept = uniform(seed, x) >= share
    return x * kept / (1 - share), kept
