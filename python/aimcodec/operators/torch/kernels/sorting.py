"""Operators that put elements in order."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.elements import VIEWS
from aimcodec.operators.torch.numbers import UNSIGNED, axis_of
from aimcodec.operators.torch.registry import Context, kernel


def ordered(x: torch.Tensor) -> torch.Tensor:
    """Unsigned integers as signed ones in the same order; the inverse of itself, but for the type."""
    if x.dtype not in UNSIGNED:
        return x
    signed = x.view(VIEWS[x.dtype])
    return signed ^ torch.iinfo(signed.dtype).min


def restored(x: torch.Tensor, kind: torch.dtype) -> torch.Tensor:
    """Unsigned integers from what `ordered` made of them."""
    return (x ^ torch.iinfo(x.dtype).min).view(kind) if kind in UNSIGNED else x


def _top(x: torch.Tensor, count: int, axis: int, largest: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Of equal elements the first comes first, which torch.topk does not promise."""
    place = axis_of(axis, x.ndim)
    if not 0 <= count <= x.shape[place]:
        raise InconsistentError(f"{count} of the {x.shape[place]} elements of axis {axis}")
    values, order = torch.sort(ordered(x), dim=place, descending=bool(largest), stable=True)
    return restored(values.narrow(place, 0, count), x.dtype), order.narrow(place, 0, count)


@kernel("TopK")
def top_k_by_attribute(_: Context, x: torch.Tensor, *, k: int, axis: int = -1) -> tuple[torch.Tensor, torch.Tensor]:
    return _top(x, k, axis, 1)


@kernel("TopK", since=10)
def top_k(
    _: Context, x: torch.Tensor, k: torch.Tensor, *, axis: int = -1, largest: int = 1, sorted: int = 1
) -> tuple[torch.Tensor, torch.Tensor]:
    return _top(x, int(k), axis, largest)


@kernel("Unique")
def unique(
    _: Context, x: torch.Tensor, *, axis: int | None = None, sorted: int = 1
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    plain = ordered(x)
    place = 0 if axis is None else axis_of(axis, x.ndim)
    source = plain.reshape(-1) if axis is None else plain
    values, inverse, counts = torch.unique(source, sorted=True, return_inverse=True, return_counts=True, dim=place)
    first = torch.full((counts.numel(),), inverse.numel(), dtype=torch.int64)
    first = first.scatter_reduce(0, inverse.reshape(-1), torch.arange(inverse.numel()), "amin")
    if not sorted:
        order = torch.argsort(first)
        rank = torch.empty_like(order)
        rank[order] = torch.arange(order.numel())
        values, first, counts = values.index_select(place, order), first[order], counts[order]
        inverse = rank[inverse]
    return restored(values, x.dtype), first, inverse.reshape(-1), counts
