"""Sequences of tensors, and optional values."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from aimcodec.errors import InconsistentError, OutOfRangeError
from aimcodec.model.structures import Type
from aimcodec.operators.torch.kernels.casting import name_of
from aimcodec.operators.torch.numbers import axis_of, integers
from aimcodec.operators.torch.registry import Context, kernel

Sequence = list[torch.Tensor]


def _place(sequence: Sequence, place: torch.Tensor | None, surplus: int) -> int:
    """A place in a sequence; the last one where none is told."""
    most = len(sequence) + surplus
    found = most - 1 if place is None else int(place)
    if not -len(sequence) <= found < most:
        raise OutOfRangeError(f"place {found} of a sequence of {len(sequence)}")
    return found + len(sequence) if found < 0 else found


@kernel("SequenceEmpty")
def sequence_empty(_: Context, *, dtype: int = 1) -> Sequence:
    name_of(dtype)
    return []


@kernel("SequenceConstruct")
def sequence_construct(_: Context, *inputs: torch.Tensor) -> Sequence:
    return list(inputs)


@kernel("SequenceAt")
def sequence_at(_: Context, sequence: Sequence, place: torch.Tensor) -> torch.Tensor:
    return sequence[_place(sequence, place, 0)]


@kernel("SequenceInsert")
def sequence_insert(_: Context, sequence: Sequence, value: torch.Tensor, place: torch.Tensor | None = None) -> Sequence:
    found = _place(sequence, place, 1)
    return [*sequence[:found], value, *sequence[found:]]


@kernel("SequenceErase")
def sequence_erase(_: Context, sequence: Sequence, place: torch.Tensor | None = None) -> Sequence:
    found = _place(sequence, place, 0)
    return [*sequence[:found], *sequence[found + 1 :]]


@kernel("SequenceLength")
def sequence_length(_: Context, sequence: Sequence) -> torch.Tensor:
    return torch.tensor(len(sequence), dtype=torch.int64)


@kernel("ConcatFromSequence")
def concat_from_sequence(_: Context, sequence: Sequence, *, axis: int, new_axis: int = 0) -> torch.Tensor:
    return torch.stack(sequence, axis) if new_axis else torch.cat(sequence, axis)


@kernel("SplitToSequence")
def split_to_sequence(
    _: Context, x: torch.Tensor, lengths: torch.Tensor | None = None, *, axis: int = 0, keepdims: int = 1
) -> Sequence:
    place = axis_of(axis, x.ndim)
    if lengths is None:
        parts = list(torch.split(x, 1, place))
        return parts if keepdims else [part.squeeze(place) for part in parts]
    if lengths.ndim == 0:
        each = int(lengths)
        if each < 1:
            raise InconsistentError(f"parts of {each}")
        return list(torch.split(x, each, place))
    return list(torch.split(x, integers(lengths), place))


@kernel("SequenceMap")
def sequence_map(
    context: Context, sequence: Sequence, *others: Any, body: Callable[..., list[Any]]
) -> tuple[Sequence, ...]:
    results: list[Sequence] = [[] for _ in range(context.outputs)]
    for place, value in enumerate(sequence):
        given = [other[place] if isinstance(other, list) else other for other in others]
        for result, made in zip(results, body(value, *given), strict=True):
            result.append(made)
    return tuple(results)


@kernel("Optional")
def optional(_: Context, value: Any = None, *, type: Type | None = None) -> Any:
    return value


@kernel("OptionalHasElement")
def optional_has_element(_: Context, value: Any = None) -> torch.Tensor:
    return torch.tensor(value is not None)


@kernel("OptionalGetElement")
def optional_get_element(_: Context, value: Any) -> Any:
    if value is None:
        raise InconsistentError("the optional value has none")
    return value
