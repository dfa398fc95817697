"""Types of elements that PyTorch lacks operations for: unsigned integers of more than 8 bits, floats of 8 bits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.elements import VIEWS

__all__ = ["UNSIGNED", "axes_of", "axis_of", "from_numpy", "integers", "is_integer", "moves", "with_numpy"]

Function = TypeVar("Function", bound=Callable[..., Any])

UNSIGNED = frozenset({torch.uint16, torch.uint32, torch.uint64})


def is_integer(tensor: torch.Tensor) -> bool:
    """Whether elements are integers, signed or not."""
    return not (tensor.dtype.is_floating_point or tensor.dtype.is_complex or tensor.dtype == torch.bool)


def moves(function: Function) -> Function:
    """For kernels that only move elements about: those of types that PyTorch does not move are moved as others."""

    @functools.wraps(function)
    def moved(context: Any, *inputs: Any, **attributes: Any) -> Any:
        kind = next((t.dtype for t in inputs if isinstance(t, torch.Tensor) and t.dtype in VIEWS), None)
        if kind is None:
            return function(context, *inputs, **attributes)
        carrier = VIEWS[kind]
        plain = [t.view(carrier) if isinstance(t, torch.Tensor) and t.dtype == kind else t for t in inputs]
        result = function(context, *plain, **attributes)
        if isinstance(result, (tuple, list)):
            return type(result)(t.view(kind) for t in result)
        return result.view(kind)

    return moved  # type: ignore[return-value]


def from_numpy(array: NDArray[Any] | np.generic) -> torch.Tensor:
    """A tensor of an array that an operation of numpy has made."""
    return torch.from_numpy(np.asarray(array))


def with_numpy(operation: Callable[..., Any], *inputs: torch.Tensor) -> torch.Tensor:
    """An operation on integers that numpy has and PyTorch does not; exact, modulo the range of the type."""
    with np.errstate(all="ignore"):
        return from_numpy(operation(*(tensor.numpy() for tensor in inputs)))


def integers(tensor: torch.Tensor | None) -> list[int]:
    """The elements of a tensor of sizes, axes or places."""
    if tensor is None:
        return []
    return [int(value) for value in tensor.reshape(-1).tolist()]


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from 0.

    Raises:
        InconsistentError: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise InconsistentError(f"there is no axis {axis} in {rank} dimensions")
    return axis + rank if axis < 0 else axis


def axes_of(axes: Sequence[int], rank: int) -> list[int]:
    """Axes counted from 0, each once.

    Raises:
        InconsistentError: there is no such axis, or one is named twice.
    """
    found = [axis_of(axis, rank) for axis in axes]
    if len(set(found)) != len(found):
        raise InconsistentError(f"an axis is named twice in {list(axes)}")
    return found
