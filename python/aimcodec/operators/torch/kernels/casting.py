"""Conversions between types of elements."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.model.onnx.types import ONNX_NAMES
from aimcodec.operators.torch.elements import CARRIED, TYPES, torch_type
from aimcodec.operators.torch.registry import Context, kernel

# Floats of 8 bits: whether NaN is what too large a number becomes without saturation (else infinity).
FLOAT8 = {
    torch.float8_e4m3fn: True,
    torch.float8_e4m3fnuz: True,
    torch.float8_e5m2: False,
    torch.float8_e5m2fnuz: True,
}
INTEGER_BITS = {"INT4": 4, "UINT4": 4, "INT2": 2, "UINT2": 2}


def name_of(number: int) -> str:
    """The name of an element type from its number in ONNX.

    Raises:
        UnsupportedError: there are no such tensors here.
    """
    name = ONNX_NAMES.get(number, "")
    if name not in TYPES and name not in CARRIED:
        raise UnsupportedError(f"elements of ONNX data type {number}")
    return name


def convert(x: torch.Tensor, element_type: str, saturate: bool = True) -> torch.Tensor:
    """Elements converted as Cast does."""
    kind = torch_type(element_type)
    if element_type in INTEGER_BITS:
        return _narrow(x, element_type)
    if element_type == "FLOAT4_E2M1FN":
        return to_float4(x)
    if kind in FLOAT8:
        return _to_float8(x, kind, saturate)
    if kind == torch.bool:
        return x != 0 if not is_float8(x) else x.float() != 0
    if x.dtype == torch.float8_e8m0fnu or is_float8(x):
        return x.float().to(kind)
    return x.to(kind)


def is_float8(x: torch.Tensor) -> bool:
    """Whether PyTorch cannot compute with these floats."""
    return bool(x.dtype.is_floating_point and x.element_size() == 1)


def _narrow(x: torch.Tensor, element_type: str) -> torch.Tensor:
    """The low bits of integers, with the sign where the type has one."""
    bits = INTEGER_BITS[element_type]
    whole = (x.float() if is_float8(x) else x).to(torch.int64)
    low = whole & ((1 << bits) - 1)
    if element_type.startswith("INT"):
        low = torch.where(low >= 1 << (bits - 1), low - (1 << bits), low)
    return low.to(torch_type(element_type))


def _to_float8(x: torch.Tensor, kind: torch.dtype, saturate: bool) -> torch.Tensor:
    wide = x.float() if x.dtype != torch.float64 else x
    most = torch.finfo(kind).max
    if saturate:
        return torch.where(torch.isnan(wide), wide, wide.clamp(-most, most)).to(kind)
    converted = wide.to(kind)
    # Half a unit above the largest number still rounds to it.
    excess = wide.abs() > most * (1 + 2.0 ** -(5 if kind in {torch.float8_e4m3fn, torch.float8_e4m3fnuz} else 4))
    beyond = (
        torch.full_like(wide, torch.nan) if FLOAT8[kind] else torch.copysign(torch.full_like(wide, torch.inf), wide)
    )
    return torch.where(excess, beyond, converted.float()).to(kind)


def to_float4(x: torch.Tensor) -> torch.Tensor:
    """The nearest of 0, 0.5, 1, 1.5, 2, 3, 4, 6 with the sign, ties to even; NaN becomes -0, as in ml_dtypes."""
    wide = (x.float() if is_float8(x) else x).float()
    size = torch.nan_to_num(wide.abs(), nan=0.0, posinf=6.0)
    step = torch.where(size < 2, 0.5, torch.where(size < 4, 1.0, 2.0))
    rounded = torch.clamp(torch.round(size / step) * step, max=6.0)
    return torch.copysign(rounded, torch.where(torch.isnan(wide), -1.0, wide)).to(torch.float8_e4m3fn)


def to_float8_e8m0(x: torch.Tensor, saturate: bool, round_mode: str) -> torch.Tensor:
    """Powers of two: the exponent of a number, rounded."""
    if round_mode not in {"up", "down", "nearest"}:
        raise InconsistentError(f"there is no round_mode {round_mode!r}")
    wide = (x.float() if is_float8(x) else x).float()
    bits = wide.view(torch.int32) & 0x7FFFFFFF
    exponent, fraction = bits >> 23, bits & 0x7FFFFF
    if round_mode == "up":
        exponent = exponent + ((fraction > 0) & (exponent > 0)).int() + ((exponent == 0) & (fraction > 0x400000)).int()
    elif round_mode == "nearest":
        exponent = exponent + (fraction >= 0x400000).int() * (exponent > 0).int()
    limit = 254 if saturate else 255
    code = torch.where(torch.isnan(wide), torch.full_like(exponent, 255), exponent.clamp(max=limit))
    return code.to(torch.uint8).view(torch.float8_e8m0fnu)


@kernel("Cast")
def cast(_: Context, x: torch.Tensor, *, to: int, saturate: int = 1, round_mode: str = "up") -> torch.Tensor:
    element_type = name_of(to)
    if element_type == "FLOAT8_E8M0FNU":
        return to_float8_e8m0(x, bool(saturate), round_mode)
    return convert(x, element_type, bool(saturate))


@kernel("CastLike")
def cast_like(
    context: Context, x: torch.Tensor, like: torch.Tensor, *, saturate: int = 1, round_mode: str = "up"
) -> torch.Tensor:
    element_type = type_of(context, 1, like)
    if element_type == "FLOAT8_E8M0FNU":
        return to_float8_e8m0(x, bool(saturate), round_mode)
    return convert(x, element_type, bool(saturate))


_NAMES = {kind: name for name, kind in TYPES.items()}


def type_of(context: Context, place: int, value: torch.Tensor) -> str:
    """The element type of an input: what the structure tells where that is carried by another type."""
    told = context.types[place] if place < len(context.types) else ""
    return told if told in CARRIED else _NAMES[value.dtype]


@kernel("BitCast")
def bit_cast(context: Context, x: torch.Tensor, *, to: int) -> torch.Tensor:
    element_type, source = name_of(to), type_of(context, 0, x)
    kind = torch_type(element_type)
    if element_type in INTEGER_BITS and source in INTEGER_BITS and INTEGER_BITS[element_type] == INTEGER_BITS[source]:
        return _narrow(x, element_type)
    if element_type in CARRIED or source in CARRIED:
        raise UnsupportedError(f"BitCast from {source} to {element_type}")
    if kind.itemsize != x.element_size():
        raise InconsistentError(f"BitCast from {source} to {element_type}, which has another size")
    return x.contiguous().view(kind)
