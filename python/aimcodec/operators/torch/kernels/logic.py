"""Logical and bitwise operators, and choice by a condition."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from aimcodec.operators.torch.kernels.arithmetic import align
from aimcodec.operators.torch.numbers import moves
from aimcodec.operators.torch.registry import Context, kernel


def _register(operator: str, function: Callable[..., torch.Tensor]) -> None:
    @kernel(operator)
    def binary(
        context: Context, a: torch.Tensor, b: torch.Tensor, *, broadcast: int = 0, axis: int | None = None
    ) -> Any:
        context.check_broadcast(a, b)
        return function(a, align(a, b, axis) if broadcast else b)


_register("And", torch.logical_and)
_register("Or", torch.logical_or)
_register("Xor", torch.logical_xor)


def _register_bitwise(operator: str, function: Callable[..., torch.Tensor]) -> None:
    @kernel(operator)
    @moves
    def bitwise(context: Context, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        context.check_broadcast(a, b)
        return function(a, b)


_register_bitwise("BitwiseAnd", torch.bitwise_and)
_register_bitwise("BitwiseOr", torch.bitwise_or)
_register_bitwise("BitwiseXor", torch.bitwise_xor)


@kernel("Where")
@moves
def where(context: Context, condition: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    context.check_broadcast(condition, a, b)
    return torch.where(condition, a, b)
