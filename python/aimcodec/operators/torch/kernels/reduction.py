"""Reductions over axes."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.numbers import UNSIGNED, axes_of, axis_of, integers, is_integer, with_numpy
from aimcodec.operators.torch.registry import Context, kernel

Reduction = Callable[[torch.Tensor, list[int], bool], torch.Tensor]


def _register(operator: str, function: Reduction, of_numpy: Callable[..., Any]) -> None:
    def reduce(x: torch.Tensor, axes: list[int], keepdims: int, noop: int) -> torch.Tensor:
        if not axes and noop:
            return function(x.unsqueeze(0), [0], False) if x.dtype not in UNSIGNED else x
        places = axes_of(axes, x.ndim) or list(range(x.ndim))
        if x.dtype in UNSIGNED:
            return with_numpy(lambda a: of_numpy(a, axis=tuple(places), keepdims=bool(keepdims)).astype(a.dtype), x)
        return function(x, places, bool(keepdims)) if places else function(x.unsqueeze(0), [0], False)

    @kernel(operator)
    def by_attribute(_: Context, x: torch.Tensor, *, axes: list[int] | None = None, keepdims: int = 1) -> torch.Tensor:
        return reduce(x, axes or [], keepdims, 0)

    @kernel(operator, since=13 if operator == "ReduceSum" else 18)
    def by_input(
        _: Context,
        x: torch.Tensor,
        axes: torch.Tensor | None = None,
        *,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> torch.Tensor:
        return reduce(x, integers(axes), keepdims, noop_with_empty_axes)


def _sum(x: torch.Tensor, axes: list[int], keep: bool) -> torch.Tensor:
    return torch.sum(x, axes, keep, dtype=x.dtype)


def _product(x: torch.Tensor, axes: list[int], keep: bool) -> torch.Tensor:
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, axis, keep, dtype=x.dtype)
    return x


def _mean(x: torch.Tensor, axes: list[int], keep: bool) -> torch.Tensor:
    if not is_integer(x):
        return torch.mean(x, axes, keep)
    count = math.prod(x.shape[axis] for axis in axes)
    return torch.div(torch.sum(x, axes, keep), count, rounding_mode="trunc").to(x.dtype)


def _extreme(x: torch.Tensor, axes: list[int], keep: bool, largest: bool) -> torch.Tensor:
    if x.numel() == 0 and any(x.shape[axis] == 0 for axis in axes):
        if x.dtype.is_floating_point:
            least: Any = -math.inf
            most: Any = math.inf
        elif x.dtype == torch.bool:
            least, most = False, True
        else:
            least, most = torch.iinfo(x.dtype).min, torch.iinfo(x.dtype).max
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes]
        return torch.full(shape, least if largest else most, dtype=x.dtype)
    return torch.amax(x, axes, keep) if largest else torch.amin(x, axes, keep)


def _in_floats(function: Reduction) -> Reduction:
    """Integers are reduced as binary64 numbers, and made integers again."""

    def reduce(x: torch.Tensor, axes: list[int], keep: bool) -> torch.Tensor:
        return function(x.double(), axes, keep).to(x.dtype) if is_integer(x) else function(x, axes, keep)

    return reduce


def _numpy_square(a: Any, **how: Any) -> Any:
    return np.square(a).sum(**how)


_register("ReduceSum", _sum, np.sum)
_register("ReduceProd", _product, np.prod)
_register("ReduceMean", _mean, np.mean)
_register("ReduceMax", lambda x, axes, keep: _extreme(x, axes, keep, True), np.max)
_register("ReduceMin", lambda x, axes, keep: _extreme(x, axes, keep, False), np.min)
_register("ReduceSumSquare", lambda x, axes, keep: _sum(x * x, axes, keep), _numpy_square)
_register("ReduceL1", lambda x, axes, keep: _sum(torch.abs(x), axes, keep), np.sum)
_register(
    "ReduceL2",
    _in_floats(lambda x, axes, keep: torch.sqrt(_sum(x * x, axes, keep))),
    lambda a, **how: np.sqrt(np.square(a.astype(np.float64)).sum(**how)),
)
_register(
    "ReduceLogSum",
    _in_floats(lambda x, axes, keep: torch.log(_sum(x, axes, keep))),
    lambda a, **how: np.log(a.sum(**how)),
)
_register(
    "ReduceLogSumExp",
    _in_floats(torch.logsumexp),
    lambda a, **how: np.log(np.exp(a.astype(np.float64)).sum(**how)),
)


def _register_arg(operator: str, largest: bool) -> None:
    @kernel(operator)
    def arg(
        _: Context, x: torch.Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0
    ) -> torch.Tensor:
        place = axis_of(axis, x.ndim)
        if x.shape[place] == 0:
            raise InconsistentError(f"there is nothing to choose from along axis {axis}")
        if x.dtype in UNSIGNED:
            x = torch.from_numpy(x.numpy().astype(np.int64) if x.dtype != torch.uint64 else _ordered(x))
        if x.dtype == torch.bool:
            x = x.to(torch.uint8)
        if select_last_index:
            x = x.flip(place)
        found = (torch.argmax if largest else torch.argmin)(x, place, bool(keepdims))
        return x.shape[place] - 1 - found if select_last_index else found


def _ordered(x: torch.Tensor) -> Any:
    """Unsigned integers of 64 bits as signed ones in the same order."""
    return (x.numpy() ^ np.uint64(1 << 63)).view(np.int64)


_register_arg("ArgMax", True)
_register_arg("ArgMin", False)


@kernel("CumSum")
def cumulative_sum(
    _: Context, x: torch.Tensor, axis: torch.Tensor, *, exclusive: int = 0, reverse: int = 0
) -> torch.Tensor:
    return _cumulate(x, axis, exclusive, reverse, torch.cumsum, 0)


@kernel("CumProd")
def cumulative_product(
    _: Context, x: torch.Tensor, axis: torch.Tensor, *, exclusive: int = 0, reverse: int = 0
) -> torch.Tensor:
    return _cumulate(x, axis, exclusive, reverse, torch.cumprod, 1)


def _cumulate(
    x: torch.Tensor, axis: torch.Tensor, exclusive: int, reverse: int, function: Callable[..., Any], neutral: int
) -> torch.Tensor:
    if x.dtype in UNSIGNED:
        from aimcodec.operators.torch.elements import VIEWS

        return _cumulate(x.view(VIEWS[x.dtype]), axis, exclusive, reverse, function, neutral).view(x.dtype)
    place = axis_of(int(axis), x.ndim)
    work = x.flip(place) if reverse else x
    if exclusive and work.shape[place]:
        first = torch.full_like(work.narrow(place, 0, 1), neutral)
        work = torch.cat([first, work.narrow(place, 0, work.shape[place] - 1)], place)
    result: torch.Tensor = function(work, place, dtype=x.dtype)
    return result.flip(place) if reverse else result
