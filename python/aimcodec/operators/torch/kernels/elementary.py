"""Elementary functions of one tensor."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from aimcodec.operators.torch.numbers import UNSIGNED, is_integer, with_numpy
from aimcodec.operators.torch.registry import Context, kernel

LARGEST = 3.4028234663852886e38  # of binary32

PLAIN: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "Acos": torch.acos,
    "Acosh": torch.acosh,
    "Asin": torch.asin,
    "Asinh": torch.asinh,
    "Atan": torch.atan,
    "Atanh": torch.atanh,
    "Ceil": torch.ceil,
    "Cos": torch.cos,
    "Cosh": torch.cosh,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Identity": torch.Tensor.contiguous,
    "Log": torch.log,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Reciprocal": torch.reciprocal,
    "Round": torch.round,
    "Sigmoid": torch.sigmoid,
    "Sin": torch.sin,
    "Sinh": torch.sinh,
    "Sqrt": torch.sqrt,
    "Tan": torch.tan,
    "Tanh": torch.tanh,
}


def _register(operator: str, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
    @kernel(operator)
    def plain(_: Context, x: torch.Tensor) -> torch.Tensor:
        return function(x)


for _operator, _function in PLAIN.items():
    if _operator != "Identity":
        _register(_operator, _function)


@kernel("Identity")
def identity(_: Context, x: object) -> object:
    return x


@kernel("Abs")
def absolute(_: Context, x: torch.Tensor) -> torch.Tensor:
    return x if x.dtype in UNSIGNED else torch.abs(x)


@kernel("Sign")
def sign(_: Context, x: torch.Tensor) -> torch.Tensor:
    return with_numpy(np.sign, x) if x.dtype in UNSIGNED else torch.where(torch.isnan(x), x, torch.sign(x))


@kernel("IsNaN")
def is_nan(_: Context, x: torch.Tensor) -> torch.Tensor:
    return torch.isnan(x.float() if x.element_size() == 1 else x)


@kernel("IsInf")
def is_inf(_: Context, x: torch.Tensor, *, detect_negative: int = 1, detect_positive: int = 1) -> torch.Tensor:
    wide = x.float() if x.element_size() == 1 else x
    found = torch.zeros_like(wide, dtype=torch.bool)
    if detect_negative:
        found = found | (wide == -math.inf)
    if detect_positive:
        found = found | (wide == math.inf)
    return found


@kernel("BitwiseNot")
def bitwise_not(_: Context, x: torch.Tensor) -> torch.Tensor:
    return with_numpy(np.invert, x) if x.dtype in UNSIGNED else torch.bitwise_not(x)


@kernel("Clip")
def clip_1(_: Context, x: torch.Tensor, *, min: float | None = None, max: float | None = None) -> torch.Tensor:
    return x if min is None and max is None else torch.clamp(x, min, max)


@kernel("Clip", since=6)
def clip_6(_: Context, x: torch.Tensor, *, min: float = -LARGEST, max: float = LARGEST) -> torch.Tensor:
    most = torch.finfo(x.dtype).max
    low, high = (-most if min == -LARGEST else min), (most if max == LARGEST else max)
    return torch.clamp(x, low, high)


@kernel("Clip", since=11)
def clip(
    _: Context, x: torch.Tensor, low: torch.Tensor | None = None, high: torch.Tensor | None = None
) -> torch.Tensor:
    if x.dtype in UNSIGNED:
        bounds = np.iinfo(x.numpy().dtype)
        least = bounds.min if low is None else low.numpy()
        most = bounds.max if high is None else high.numpy()
        return with_numpy(lambda a: np.minimum(most, np.maximum(a, least)).astype(a.dtype), x)
    if low is not None:
        x = torch.maximum(x, low)
    return x if high is None else torch.minimum(x, high)


@kernel("Trilu")
def trilu(_: Context, x: torch.Tensor, k: torch.Tensor | None = None, *, upper: int = 1) -> torch.Tensor:
    rows, columns = x.shape[-2:]
    # Diagonals farther out than the matrix change nothing, and do not fit into torch's integers.
    diagonal = 0 if k is None else max(-rows - 1, min(columns + 1, int(k)))
    from aimcodec.operators.torch.elements import VIEWS

    plain = x.view(VIEWS[x.dtype]) if x.dtype in VIEWS else x
    return (torch.triu(plain, diagonal) if upper else torch.tril(plain, diagonal)).view(x.dtype)


@kernel("Shrink")
def shrink(_: Context, x: torch.Tensor, *, bias: float = 0.0, lambd: float = 0.5) -> torch.Tensor:
    wide = x.double() if is_integer(x) else x
    shrunk = torch.where(wide < -lambd, wide + bias, torch.where(wide > lambd, wide - bias, torch.zeros_like(wide)))
    return shrunk.to(x.dtype)
