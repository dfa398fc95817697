"""Arithmetic of several tensors, with broadcasting."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.numbers import UNSIGNED, is_integer, with_numpy
from aimcodec.operators.torch.registry import Context, kernel

Operation = Callable[..., torch.Tensor]


def _register(operator: str, function: Operation, of_numpy: Callable[..., Any]) -> None:
    @kernel(operator, since=7)
    def binary(context: Context, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        context.check_broadcast(a, b)
        if a.dtype != b.dtype:
            raise InconsistentError(f"elements of types {a.dtype} and {b.dtype}")
        return with_numpy(of_numpy, a, b) if a.dtype in UNSIGNED else function(a, b)

    @kernel(operator)
    def aligned(_: Context, a: torch.Tensor, b: torch.Tensor, *, broadcast: int = 0, axis: int | None = None) -> Any:
        return binary(_, a, align(a, b, axis) if broadcast else b)


def align(a: torch.Tensor, b: torch.Tensor, axis: int | None) -> torch.Tensor:
    """The broadcasting of versions below 7: dimensions of `b` from an axis of `a` on."""
    if axis is None or b.ndim == 0:
        return b
    following = a.ndim - (axis % max(a.ndim, 1)) - b.ndim
    return b.reshape(*b.shape, *[1] * max(following, 0))


def _divide(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    if not is_integer(a):
        return torch.div(a, b)
    # The least integer by -1 does not fit, and stops the processor.
    negated = b == -1
    if a.dtype.is_signed and bool(negated.any()):
        return torch.where(negated, -a, torch.div(a, torch.where(negated, 1, b), rounding_mode="trunc"))
    return torch.div(a, b, rounding_mode="trunc")


def _divide_unsigned(a: Any, b: Any) -> Any:
    if not np.all(b):
        raise InconsistentError("an integer is divided by zero")
    return np.floor_divide(a, b)


_register("Add", torch.add, np.add)
_register("Sub", torch.sub, np.subtract)
_register("Mul", torch.mul, np.multiply)
_register("Div", _divide, _divide_unsigned)


_register("Less", torch.lt, np.less)
_register("LessOrEqual", torch.le, np.less_equal)
_register("Greater", torch.gt, np.greater)
_register("GreaterOrEqual", torch.ge, np.greater_equal)
_register("Equal", torch.eq, np.equal)


@kernel("Pow")
def power_1(
    context: Context, a: torch.Tensor, b: torch.Tensor, *, axis: int | None = None, broadcast: int = 0
) -> torch.Tensor:
    return power(context, a, align(a, b, axis) if broadcast else b)


@kernel("Pow", since=7)
def power(context: Context, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    context.check_broadcast(a, b)
    if a.dtype in UNSIGNED or b.dtype in UNSIGNED:
        return with_numpy(lambda x, y: np.power(x, y).astype(x.dtype), a, b)
    if is_integer(a) and b.dtype.is_floating_point:
        return torch.pow(a.double(), b.double()).to(a.dtype)
    if a.dtype.is_floating_point and b.dtype.is_floating_point:
        wide = torch.promote_types(a.dtype, b.dtype)
        return torch.pow(a.to(wide), b.to(wide)).to(a.dtype)
    return torch.pow(a, b).to(a.dtype)


@kernel("Mod")
def modulo(context: Context, a: torch.Tensor, b: torch.Tensor, *, fmod: int = 0) -> torch.Tensor:
    context.check_broadcast(a, b)
    if is_integer(a) and not bool(b.bool().all()):
        raise InconsistentError("the remainder of an integer divided by zero")
    if a.dtype in UNSIGNED:
        return with_numpy(np.fmod if fmod else np.mod, a, b)
    return torch.fmod(a, b) if fmod else torch.remainder(a, b)


def _maximum(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return with_numpy(np.maximum, a, b) if a.dtype in UNSIGNED else torch.maximum(a, b)


def _minimum(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return with_numpy(np.minimum, a, b) if a.dtype in UNSIGNED else torch.minimum(a, b)


@kernel("Max")
def maximum(context: Context, *inputs: torch.Tensor) -> torch.Tensor:
    context.check_broadcast(*inputs)
    return reduce(_maximum, inputs)


@kernel("Min")
def minimum(context: Context, *inputs: torch.Tensor) -> torch.Tensor:
    context.check_broadcast(*inputs)
    return reduce(_minimum, inputs)


@kernel("Sum")
def total(context: Context, *inputs: torch.Tensor) -> torch.Tensor:
    context.check_broadcast(*inputs)
    return reduce(torch.add, inputs)


@kernel("Mean")
def mean(context: Context, *inputs: torch.Tensor) -> torch.Tensor:
    context.check_broadcast(*inputs)
    return reduce(torch.add, inputs) / len(inputs)


@kernel("BitShift")
def bit_shift(_: Context, a: torch.Tensor, b: torch.Tensor, *, direction: str) -> torch.Tensor:
    if direction not in {"LEFT", "RIGHT"}:
        raise UnsupportedError(f"BitShift in direction {direction!r}")
    return with_numpy(np.left_shift if direction == "LEFT" else np.right_shift, a, b)
