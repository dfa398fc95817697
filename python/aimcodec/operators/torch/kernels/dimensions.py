"""Shapes: read, changed, and elements put in another order."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math

import numpy as np
import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.numbers import axes_of, axis_of, integers, moves
from aimcodec.operators.torch.registry import Context, kernel


@kernel("Shape")
def shape(_: Context, x: torch.Tensor, *, start: int = 0, end: int | None = None) -> torch.Tensor:
    return torch.tensor(
        list(x.shape)[slice(start, end)] if start or end is not None else list(x.shape), dtype=torch.int64
    )


@kernel("Size")
def size(_: Context, x: torch.Tensor) -> torch.Tensor:
    return torch.tensor(x.numel(), dtype=torch.int64)


def _reshape(x: torch.Tensor, wanted: list[int], allowzero: int) -> torch.Tensor:
    if not allowzero:
        wanted = [x.shape[place] if n == 0 else n for place, n in enumerate(wanted)]
    if -1 in wanted and 0 in wanted:
        raise InconsistentError(f"a dimension of {wanted} cannot be derived")
    return x.reshape(wanted)


@kernel("Reshape")
def reshape_by_attribute(_: Context, x: torch.Tensor, *, shape: list[int]) -> torch.Tensor:
    return _reshape(x, shape, 0)


@kernel("Reshape", since=5)
def reshape(_: Context, x: torch.Tensor, shape: torch.Tensor, *, allowzero: int = 0) -> torch.Tensor:
    return _reshape(x, integers(shape), allowzero)


@kernel("Flatten")
def flatten(_: Context, x: torch.Tensor, *, axis: int = 1) -> torch.Tensor:
    place = axis + x.ndim if axis < 0 else axis
    if not 0 <= place <= x.ndim:
        raise InconsistentError(f"there is no axis {axis} in {x.ndim} dimensions")
    return x.reshape(math.prod(x.shape[:place]), math.prod(x.shape[place:]))


@kernel("Transpose")
def transpose(_: Context, x: torch.Tensor, *, perm: list[int] | None = None) -> torch.Tensor:
    return x.permute(perm if perm is not None else list(range(x.ndim))[::-1])


@kernel("Squeeze")
def squeeze_by_attribute(_: Context, x: torch.Tensor, *, axes: list[int] | None = None) -> torch.Tensor:
    return _squeeze(x, axes)


@kernel("Squeeze", since=13)
def squeeze(_: Context, x: torch.Tensor, axes: torch.Tensor | None = None) -> torch.Tensor:
    return _squeeze(x, None if axes is None else integers(axes))


def _squeeze(x: torch.Tensor, axes: list[int] | None) -> torch.Tensor:
    places = [i for i, n in enumerate(x.shape) if n == 1] if axes is None else axes_of(axes, x.ndim)
    if any(x.shape[place] != 1 for place in places):
        raise InconsistentError(f"dimensions {places} of {list(x.shape)} are not all 1")
    return x.reshape([n for i, n in enumerate(x.shape) if i not in places])


@kernel("Unsqueeze")
def unsqueeze_by_attribute(_: Context, x: torch.Tensor, *, axes: list[int]) -> torch.Tensor:
    return _unsqueeze(x, axes)


@kernel("Unsqueeze", since=13)
def unsqueeze(_: Context, x: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
    return _unsqueeze(x, integers(axes))


def _unsqueeze(x: torch.Tensor, axes: list[int]) -> torch.Tensor:
    for place in sorted(axes_of(axes, x.ndim + len(axes))):
        x = x.unsqueeze(place)
    return x


@kernel("Concat")
def concat_1(context: Context, *inputs: torch.Tensor, axis: int = 1) -> torch.Tensor:
    return concat(context, *inputs, axis=axis)


@kernel("Concat", since=4)
@moves
def concat(context: Context, *inputs: torch.Tensor, axis: int) -> torch.Tensor:
    place = axis_of(axis, inputs[0].ndim)
    if len({(t.ndim, t.dtype) for t in inputs}) > 1:
        raise InconsistentError("tensors of several ranks or types")
    context.check_shape([*inputs[0].shape[:place], sum(t.shape[place] for t in inputs), *inputs[0].shape[place + 1 :]])
    return torch.cat(inputs, place)


@kernel("Split")
def split_by_attribute(
    context: Context,
    x: torch.Tensor,
    lengths: torch.Tensor | None = None,
    *,
    axis: int = 0,
    split: list[int] | None = None,
) -> tuple[torch.Tensor, ...]:
    place = axis_of(axis, x.ndim)
    parts = integers(lengths) if lengths is not None else split
    return _split(x, parts or _even_parts(x.shape[place], context.outputs), place)


@kernel("Split", since=13)
def split(
    context: Context,
    x: torch.Tensor,
    lengths: torch.Tensor | None = None,
    *,
    axis: int = 0,
    num_outputs: int | None = None,
) -> tuple[torch.Tensor, ...]:
    place = axis_of(axis, x.ndim)
    if lengths is not None:
        return _split(x, integers(lengths), place)
    if num_outputs not in {None, context.outputs}:
        raise InconsistentError(f"num_outputs is {num_outputs}, there are {context.outputs} outputs")
    return _split(x, _even_parts(x.shape[place], context.outputs), place)


def _even_parts(length: int, parts: int) -> list[int]:
    """Lengths of so many parts, of which the last may be shorter."""
    each = -(-length // parts)
    return [max(0, min(each, length - each * i)) for i in range(parts)]


def _split(x: torch.Tensor, lengths: list[int], place: int) -> tuple[torch.Tensor, ...]:
    if sum(lengths) != x.shape[place] or min(lengths, default=0) < 0:
        raise InconsistentError(f"parts of {lengths} are not the {x.shape[place]} elements of axis {place}")
    return tuple(torch.split(x, lengths, place))


@kernel("Expand")
def expand(context: Context, x: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
    wanted = list(np.broadcast_shapes(tuple(x.shape), tuple(integers(shape))))
    context.check_shape(wanted)
    return x.expand(wanted)


@kernel("Tile")
@moves
def tile(context: Context, x: torch.Tensor, repeats: torch.Tensor) -> torch.Tensor:
    counts = integers(repeats)
    if len(counts) != x.ndim:
        raise InconsistentError(f"{len(counts)} repeats for {x.ndim} dimensions")
    context.check_shape([n * count for n, count in zip(x.shape, counts, strict=True)])
    return x.repeat(counts)


def _blocks(x: torch.Tensor, size: int) -> tuple[int, int, int, int]:
    if size < 1:
        raise InconsistentError(f"blocks of {size}")
    batch, channels, height, width = x.shape
    return batch, channels, height, width


@kernel("DepthToSpace")
def depth_to_space(_: Context, x: torch.Tensor, *, blocksize: int, mode: str = "DCR") -> torch.Tensor:
    batch, channels, height, width = _blocks(x, blocksize)
    depth = channels // blocksize**2
    if mode == "DCR":
        parts = x.reshape(batch, blocksize, blocksize, depth, height, width).permute(0, 3, 4, 1, 5, 2)
    else:
        parts = x.reshape(batch, depth, blocksize, blocksize, height, width).permute(0, 1, 4, 2, 5, 3)
    return parts.reshape(batch, depth, height * blocksize, width * blocksize)


@kernel("SpaceToDepth")
def space_to_depth(_: Context, x: torch.Tensor, *, blocksize: int, mode: str = "DCR") -> torch.Tensor:
    batch, channels, height, width = _blocks(x, blocksize)
    rows, columns = height // blocksize, width // blocksize
    parts = x.reshape(batch, channels, rows, blocksize, columns, blocksize)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return parts.permute(order).reshape(batch, channels * blocksize**2, rows, columns)


@kernel("ReverseSequence")
@moves
def reverse_sequence(
    _: Context, x: torch.Tensor, lengths: torch.Tensor, *, batch_axis: int = 1, time_axis: int = 0
) -> torch.Tensor:
    moved = x.movedim((batch_axis, time_axis), (0, 1))
    steps = torch.arange(moved.shape[1]).unsqueeze(0)
    limits = lengths.reshape(-1, 1)
    if limits.numel() and not 0 <= int(limits.min()) <= int(limits.max()) <= moved.shape[1]:
        raise InconsistentError("a length lies outside the axis")
    order = torch.where(steps < limits, limits - 1 - steps, steps)
    reversed_ = moved[torch.arange(moved.shape[0]).unsqueeze(1), order]
    return reversed_.movedim((0, 1), (batch_axis, time_axis))
