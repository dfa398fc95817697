"""Random numbers: those of numpy's RandomState, as in the reference evaluator of onnx: a seed means the same."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import numpy as np
import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.elements import torch_type
from aimcodec.operators.torch.kernels.casting import name_of
from aimcodec.operators.torch.numbers import from_numpy
from aimcodec.operators.torch.registry import Context, kernel


def _state(seed: float | None) -> np.random.RandomState:
    if seed is None:
        return np.random.RandomState()
    if not 0 <= seed < 1 << 32:
        raise InconsistentError(f"a seed of {seed}")
    return np.random.RandomState(int(seed))


def uniform(seed: float | None, like: torch.Tensor) -> torch.Tensor:
    """Numbers from 0 to 1, binary64, of the shape of a tensor."""
    return from_numpy(_state(seed).uniform(0.0, 1.0, tuple(like.shape)))


def _filled(
    context: Context, kind: torch.dtype, shape: list[int], normal: bool, first: float, second: float, seed: float | None
) -> torch.Tensor:
    context.check_shape(shape)
    state = _state(seed)
    draw = state.normal if normal else state.uniform
    return from_numpy(draw(first, second, tuple(shape))).to(kind)


@kernel("RandomNormal")
def random_normal(
    context: Context,
    *,
    shape: list[int],
    dtype: int = 1,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: float | None = None,
) -> torch.Tensor:
    return _filled(context, torch_type(name_of(dtype)), shape, True, mean, scale, seed)


@kernel("RandomUniform")
def random_uniform(
    context: Context,
    *,
    shape: list[int],
    dtype: int = 1,
    high: float = 1.0,
    low: float = 0.0,
    seed: float | None = None,
) -> torch.Tensor:
    return _filled(context, torch_type(name_of(dtype)), shape, False, low, high, seed)


@kernel("RandomNormalLike")
def random_normal_like(
    context: Context,
    x: torch.Tensor,
    *,
    dtype: int | None = None,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: float | None = None,
) -> torch.Tensor:
    kind = x.dtype if dtype is None else torch_type(name_of(dtype))
    return _filled(context, kind, list(x.shape), True, mean, scale, seed)


@kernel("RandomUniformLike")
def random_uniform_like(
    context: Context,
    x: torch.Tensor,
    *,
    dtype: int | None = None,
    high: float = 1.0,
    low: float = 0.0,
    seed: float | None = None,
) -> torch.Tensor:
    kind = x.dtype if dtype is None else torch_type(name_of(dtype))
    return _filled(context, kind, list(x.shape), False, low, high, seed)


@kernel("Bernoulli")
def bernoulli(_: Context, x: torch.Tensor, *, dtype: int | None = None, seed: float | None = None) -> torch.Tensor:
    return (uniform(seed, x) < x).to(x.dtype if dtype is None else torch_type(name_of(dtype)))


@kernel("Multinomial")
def multinomial(
    context: Context, x: torch.Tensor, *, dtype: int = 6, sample_size: int = 1, seed: float | None = None
) -> torch.Tensor:
    context.check_shape([x.shape[0], sample_size])
    sums = torch.softmax(x.double(), 1).cumsum(1)
    drawn = uniform(seed, torch.empty(x.shape[0], sample_size))
    chosen = torch.searchsorted(sums, drawn * sums[:, -1:], right=True)
    return chosen.clamp(max=x.shape[1] - 1).to(torch_type(name_of(dtype)))
