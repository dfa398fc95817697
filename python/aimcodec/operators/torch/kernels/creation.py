"""Tensors made from shapes and numbers."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from typing import Any

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.elements import torch_type
from aimcodec.operators.torch.kernels.casting import name_of
from aimcodec.operators.torch.numbers import integers
from aimcodec.operators.torch.registry import Context, kernel


@kernel("Constant")
def constant(
    _: Context,
    *,
    value: torch.Tensor | None = None,
    value_float: float | None = None,
    value_floats: list[float] | None = None,
    value_int: int | None = None,
    value_ints: list[int] | None = None,
    sparse_value: torch.Tensor | None = None,
) -> torch.Tensor:
    for tensor in (value, sparse_value):
        if tensor is not None:
            return tensor
    floats: Any = value_floats if value_float is None else value_float
    whole: Any = value_ints if value_int is None else value_int
    if floats is None and whole is None:
        raise InconsistentError("a constant without value")
    return torch.tensor(floats, dtype=torch.float32) if whole is None else torch.tensor(whole, dtype=torch.int64)


@kernel("ConstantOfShape")
def constant_of_shape(context: Context, shape: torch.Tensor, *, value: torch.Tensor | None = None) -> torch.Tensor:
    sizes = integers(shape)
    context.check_shape(sizes)
    return torch.zeros(sizes) if value is None else value.reshape(()).expand(sizes).contiguous()


@kernel("Range")
def range_(
    context: Context, start: torch.Tensor, limit: torch.Tensor, delta: torch.Tensor, *, stash_type: int = 1
) -> torch.Tensor:
    wide = torch.float64 if start.dtype.is_floating_point else torch.int64
    first, last, step = (t.reshape(()).to(wide) for t in (start, limit, delta))
    if step == 0:
        raise InconsistentError("a range with steps of 0")
    if wide == torch.float64:
        count = int(torch.ceil((last - first) / step))
    else:
        count = -(-(int(last) - int(first)) // int(step))
    context.check_shape([max(count, 0)])
    return (first + torch.arange(max(count, 0), dtype=wide) * step).to(start.dtype)


@kernel("EyeLike")
def eye_like(context: Context, x: torch.Tensor, *, dtype: int | None = None, k: int = 0) -> torch.Tensor:
    rows, columns = x.shape
    ones = (torch.arange(columns) - torch.arange(rows).reshape(-1, 1)) == k
    return ones.to(x.dtype if dtype is None else torch_type(name_of(dtype)))


@kernel("AffineGrid")
def affine_grid(context: Context, theta: torch.Tensor, size: torch.Tensor, *, align_corners: int = 0) -> torch.Tensor:
    sizes = integers(size)
    context.check_shape([sizes[0], *sizes[2:], len(sizes) - 2])
    return torch.nn.functional.affine_grid(theta, sizes, align_corners=bool(align_corners))
