"""Elements read from, and written to, places that other tensors tell."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math
from typing import Any

import torch

from aimcodec.errors import InconsistentError, OutOfRangeError, UnsupportedError
from aimcodec.operators.torch.elements import VIEWS
from aimcodec.operators.torch.numbers import axes_of, axis_of, integers, moves
from aimcodec.operators.torch.registry import Context, kernel


def _places(indices: torch.Tensor, length: int) -> torch.Tensor:
    """Indices counted from 0.

    Raises:
        OutOfRangeError: one lies outside.
    """
    if indices.numel() and not -length <= int(indices.min()) <= int(indices.max()) < length:
        raise OutOfRangeError(f"an index lies outside a dimension of {length}")
    return torch.where(indices < 0, indices + length, indices).long()


@kernel("Gather")
@moves
def gather(_: Context, x: torch.Tensor, indices: torch.Tensor, *, axis: int = 0) -> torch.Tensor:
    place = axis_of(axis, x.ndim)
    chosen = x.index_select(place, _places(indices.reshape(-1), x.shape[place]))
    return chosen.reshape([*x.shape[:place], *indices.shape, *x.shape[place + 1 :]])


@kernel("GatherElements")
@moves
def gather_elements(_: Context, x: torch.Tensor, indices: torch.Tensor, *, axis: int = 0) -> torch.Tensor:
    place = axis_of(axis, x.ndim)
    return torch.gather(x, place, _places(indices, x.shape[place]))


def _tuples(x: torch.Tensor, indices: torch.Tensor, first: int) -> tuple[torch.Tensor, ...]:
    """One tensor of places for each of the dimensions that the last dimension of `indices` counts."""
    depth = indices.shape[-1]
    if depth > x.ndim - first:
        raise InconsistentError(f"indices of {depth} dimensions for a tensor of {x.ndim}")
    return tuple(_places(indices[..., i], x.shape[first + i]) for i in range(depth))


@kernel("GatherND")
@moves
def gather_nd(_: Context, x: torch.Tensor, indices: torch.Tensor, *, batch_dims: int = 0) -> torch.Tensor:
    batch: list[torch.Tensor] = [
        torch.arange(n).reshape([-1 if i == place else 1 for i in range(indices.ndim - 1)])
        for place, n in enumerate(x.shape[:batch_dims])
    ]
    places = (*batch, *_tuples(x, indices, batch_dims))
    return x[places]


REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


@kernel("Scatter", "ScatterElements")
def scatter_elements(
    _: Context, x: torch.Tensor, indices: torch.Tensor, updates: torch.Tensor, *, axis: int = 0, reduction: str = "none"
) -> torch.Tensor:
    place = axis_of(axis, x.ndim)
    found = _places(indices, x.shape[place])
    if reduction == "none":
        return _scatter(_, x, found, updates, place)
    return x.scatter_reduce(place, found, updates, _reduction(reduction))


@moves
def _scatter(_: Context, x: torch.Tensor, indices: torch.Tensor, updates: torch.Tensor, place: int) -> torch.Tensor:
    return x.scatter(place, indices, updates)


def _reduction(name: str) -> str:
    try:
        return REDUCTIONS[name]
    except KeyError:
        raise UnsupportedError(f"the reduction {name!r}") from None


@kernel("ScatterND")
def scatter_nd(
    _: Context, x: torch.Tensor, indices: torch.Tensor, updates: torch.Tensor, *, reduction: str = "none"
) -> torch.Tensor:
    depth = indices.shape[-1]
    places = _tuples(x, indices, 0)
    row: Any = torch.zeros(indices.shape[:-1], dtype=torch.int64)
    for n, found in zip(x.shape[:depth], places, strict=True):
        row = row * n + found
    inner = list(x.shape[depth:])
    rows = x.reshape([math.prod(x.shape[:depth]), *inner])
    values = updates.reshape([row.numel(), *inner])
    if reduction == "none":
        return _put(_, rows, row.reshape(-1), values).reshape(x.shape)
    if values.numel() == 0:
        return x
    where = row.reshape(-1, *[1] * len(inner)).expand(values.shape)
    return rows.scatter_reduce(0, where, values, _reduction(reduction)).reshape(x.shape)


@moves
def _put(_: Context, rows: torch.Tensor, places: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    return rows.index_copy(0, places, values)


@kernel("Slice")
def slice_by_attributes(
    _: Context, x: torch.Tensor, *, starts: list[int], ends: list[int], axes: list[int] | None = None
) -> torch.Tensor:
    return _slice(x, starts, ends, axes, None)


@kernel("Slice", since=10)
def slice_(
    _: Context,
    x: torch.Tensor,
    starts: torch.Tensor,
    ends: torch.Tensor,
    axes: torch.Tensor | None = None,
    steps: torch.Tensor | None = None,
) -> torch.Tensor:
    axis_list = None if axes is None else integers(axes)
    return _slice(x, integers(starts), integers(ends), axis_list, None if steps is None else integers(steps))


def _slice(
    x: torch.Tensor, starts: list[int], ends: list[int], axes: list[int] | None, steps: list[int] | None
) -> torch.Tensor:
    places = axes_of(axes if axes is not None else list(range(len(starts))), x.ndim)
    for place, start, end, step in zip(places, starts, ends, steps or [1] * len(starts), strict=True):
        if step == 0:
            raise InconsistentError("a step of 0")
        chosen = range(x.shape[place])[slice(start, _end(end, step, x.shape[place]), step)]
        if step == 1:
            x = x.narrow(place, chosen.start if len(chosen) else 0, len(chosen))
        elif step > 0:
            x = x[(slice(None),) * place + (slice(chosen.start, chosen.stop, step),)]
        else:
            x = _pick(x, place, chosen)
    return x


def _end(end: int, step: int, length: int) -> int | None:
    """Where a slice stops: one that goes backwards beyond the first element has no end in Python."""
    return None if step < 0 and end < -length else end


def _pick(x: torch.Tensor, place: int, chosen: range) -> torch.Tensor:
    plain = x.view(VIEWS[x.dtype]) if x.dtype in VIEWS else x
    first, last = (chosen.start, chosen.stop) if len(chosen) else (0, 0)
    return plain.index_select(place, torch.arange(first, last, chosen.step)).view(x.dtype)


@kernel("Compress")
@moves
def compress(_: Context, x: torch.Tensor, condition: torch.Tensor, *, axis: int | None = None) -> torch.Tensor:
    source, place = (x.reshape(-1), 0) if axis is None else (x, axis_of(axis, x.ndim))
    if condition.numel() > source.shape[place]:
        raise InconsistentError("more conditions than elements")
    return source.index_select(place, condition.reshape(-1).nonzero().reshape(-1))


@kernel("NonZero")
@moves
def nonzero(_: Context, x: torch.Tensor) -> torch.Tensor:
    return x.nonzero().T


@kernel("OneHot")
def one_hot(
    context: Context, indices: torch.Tensor, depth: torch.Tensor, values: torch.Tensor, *, axis: int = -1
) -> torch.Tensor:
    count = int(depth)
    place = axis_of(axis, indices.ndim + 1)
    context.check_shape([*indices.shape, count])
    whole = indices.long()
    wrapped = torch.where(whole < 0, whole + count, whole).unsqueeze(place)
    marks = torch.arange(count).reshape([-1 if i == place else 1 for i in range(indices.ndim + 1)])
    return _choose(context, wrapped == marks, values)


@moves
def _choose(_: Context, marks: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    return torch.where(marks, values[1], values[0])


@kernel("TensorScatter")
@moves
def tensor_scatter(
    _: Context,
    cache: torch.Tensor,
    update: torch.Tensor,
    starts: torch.Tensor | None = None,
    *,
    axis: int = -2,
    mode: str = "linear",
) -> torch.Tensor:
    place = axis_of(axis, cache.ndim)
    length, most = update.shape[place], cache.shape[place]
    first = torch.zeros(cache.shape[0], dtype=torch.int64) if starts is None else starts
    rows = first.reshape(-1, 1) + torch.arange(length)
    if mode == "circular":
        rows = rows % most
    rows = _places(rows, most)
    shape = [cache.shape[0]] + [length if i == place else 1 for i in range(1, cache.ndim)]
    return cache.scatter(place, rows.reshape(shape).expand(update.shape), update)
