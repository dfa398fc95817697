"""Mistakes that need a look at values or attributes: axes, indices, divisors, shapes that a schema does not check."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimcodec.errors import OutOfRangeError
from aimcodec.model.onnx.types import element_type
from aimcodec.operators.arguments import Arrays
from aimcodec.operators.catalogue import Operator
from aimcodec.operators.given import Given
from aimcodec.operators.indices import check_elements, check_gather, check_tuples
from aimcodec.operators.rules import INTEGER_DIVISIONS
from aimcodec.operators.status import Status

__all__ = ["check_values"]

Check = Callable[[Given], None]
# Operators in which an axis may be one more than elsewhere: it counts in the result, or is a border.
_ONE_MORE = frozenset({"Flatten", "OneHot"})
# Integers that say yes or no. Engines differ in what they make of others.
_FLAGS = frozenset(
    {"allowzero", "ceil_mode", "count_include_pad", "exclusive", "fmod", "input_forget", "keepdims", "largest"}
    | {
        "noop_with_empty_axes",
        "reverse",
        "saturate",
        "select_last_index",
        "sorted",
        "training_mode",
        "transA",
        "transB",
    }
)


def check_values(operator: Operator, arrays: Arrays, keywords: Mapping[str, Any]) -> None:
    """Checks values.

    Raises:
        OperatorError: OUT_OF_RANGE, MATH_ERROR, DIMENSIONS_MISMATCH or INVALID_ARGUMENT.
    """
    given = Given(operator, arrays, keywords)
    if operator.domain:
        return
    _flags(given)
    _type_numbers(given)
    _axes(given)
    if operator.name in INTEGER_DIVISIONS:
        _division(given)
    check = _CHECKS.get(operator.name)
    if check is not None:
        check(given)


def _flags(given: Given) -> None:
    for name in sorted(_FLAGS & given.keywords.keys()):
        if given.keywords[name] not in {0, 1, None}:
            raise given.wrong(Status.INVALID_ARGUMENT, name, f"{given.keywords[name]}, wanted is 0 or 1")


def _type_numbers(given: Given) -> None:
    """Types of elements that attributes name by their numbers in ONNX; of `output_dtype` 0 says nothing."""
    for name in ("dtype", "output_dtype", "to"):
        number = given.keywords.get(name)
        if number is None or (name == "output_dtype" and number == 0):
            continue
        try:
            element_type(number)
        except OutOfRangeError as error:
            raise given.wrong(Status.INVALID_ARGUMENT, name, error.message) from error


def _axes(given: Given) -> None:
    first = given.all[0] if given.all else None
    if first is None:
        return
    name = given.operator.name
    rank = first.ndim + (name in _ONE_MORE)
    axis = None if _for_whole_tensors(given) else given.keywords.get("axis")
    # 1 is allowed for scalars by most: an axis of a tensor without any has no effect.
    if axis is not None and not -max(rank, 1) <= axis < max(rank, 1) and name != "LpNormalization":
        raise given.wrong(Status.OUT_OF_RANGE, "axis", f"{axis} for a tensor of rank {first.ndim}")
    axes = given.keywords.get("axes")
    if axes is None and given.arrays.get("axes") is not None:
        if given["axes"].ndim != 1:
            raise given.wrong(Status.DIMENSIONS_MISMATCH, "axes", f"rank {given['axes'].ndim}, wanted is 1")
        axes = given["axes"].tolist()
    if axes:
        rank = first.ndim + (len(axes) if name == "Unsqueeze" else 0)
        if outside := [a for a in axes if not -rank <= a < rank]:
            raise given.wrong(Status.OUT_OF_RANGE, "axes", f"{outside[0]} for a tensor of rank {rank}")
        if len({a % rank for a in axes}) < len(axes):
            raise given.wrong(Status.INVALID_ARGUMENT, "axes", f"{list(axes)} names an axis twice")


def _for_whole_tensors(given: Given) -> bool:
    """Whether a quantisation has one scale, so that its axis, which has a default, does not matter."""
    scale = given.arrays.get("x_scale", given.arrays.get("y_scale"))
    return given.operator.name in {"QuantizeLinear", "DequantizeLinear"} and scale is not None and scale.ndim == 0


def _division(given: Given) -> None:
    a, b = given["A"], given["B"]
    if given.operator.name == "Mod" and b.dtype.kind not in "iu" and not given.keywords["fmod"]:
        raise given.wrong(Status.INVALID_ARGUMENT, "fmod", "0 for numbers that are not integers")
    if b.dtype.kind not in "iu" or not a.size:
        return
    if not b.all():
        raise given.wrong(Status.MATH_ERROR, "B", "division of integers by zero")
    if b.dtype.kind == "i" and given.operator.name == "Div" and _overflows(a, b):
        raise given.wrong(Status.MATH_ERROR, "B", "the least number divided by -1 is no number of the type")


def _overflows(a: NDArray[Any], b: NDArray[Any]) -> bool:
    least, minus_one = a == np.iinfo(a.dtype).min, b == -1
    if not least.any() or not minus_one.any():
        return False
    try:
        return bool((least & minus_one).any())
    except ValueError:  # the shapes do not fit: another check says so
        return False


def _channels(image: str, kernel: str, *, transposed: bool = False) -> Check:
    def check(given: Given) -> None:
        x, w, groups = given[image], given[kernel], given.keywords["group"]
        if groups < 1:
            raise given.wrong(Status.INVALID_ARGUMENT, "group", f"{groups} groups")
        if x.ndim < 3 or x.ndim != w.ndim:
            raise given.wrong(Status.DIMENSIONS_MISMATCH, kernel, f"rank {w.ndim} for an input of rank {x.ndim}")
        wanted = w.shape[0] if transposed else w.shape[1] * groups
        if x.shape[1] != wanted or w.shape[0] % groups:
            text = f"shape {w.shape} in {groups} groups for {x.shape[1]} channels"
            raise given.wrong(Status.DIMENSIONS_MISMATCH, kernel, text)

    return check


def _spatial(given: Given) -> None:
    x = given["X"]
    if x.ndim < 3:
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "X", f"rank {x.ndim}, wanted is 3 or more")


def _dropout(given: Given) -> None:
    ratio = given.arrays.get("ratio")
    if ratio is not None and not bool(((ratio >= 0) & (ratio < 1)).all()):
        raise given.wrong(Status.INVALID_ARGUMENT, "ratio", "outside of 0 to 1")


def _reshape(given: Given) -> None:
    if "shape" not in given.arrays:  # before version 5 an attribute
        return
    if given["shape"].ndim != 1:
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "shape", f"rank {given['shape'].ndim}, wanted is 1")
    data, sizes = given["data"], given["shape"].tolist()
    if any(size < -1 for size in sizes) or sizes.count(-1) > 1:
        raise given.wrong(Status.INVALID_ARGUMENT, "shape", f"{sizes}: at most one -1, no other negative number")
    if not given.keywords.get("allowzero"):
        if any(size == 0 and i >= data.ndim for i, size in enumerate(sizes)):
            raise given.wrong(Status.DIMENSIONS_MISMATCH, "shape", f"{sizes}: a 0 where data have no dimension")
        sizes = [data.shape[i] if size == 0 else size for i, size in enumerate(sizes)]
    known = math.prod(size for size in sizes if size != -1)
    open_fits = data.size % known == 0 if known else data.size == 0
    if not (open_fits if -1 in sizes else known == data.size):
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "shape", f"{sizes} for {data.size} elements")


def _transpose(given: Given) -> None:
    rank, order = given["data"].ndim, given.keywords.get("perm")
    if order is None:
        return
    if len(order) != rank:
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "perm", f"{len(order)} axes for a tensor of rank {rank}")
    if outside := [a for a in order if not 0 <= a < rank]:
        raise given.wrong(Status.OUT_OF_RANGE, "perm", f"{outside[0]} for a tensor of rank {rank}")
    if len(set(order)) < rank:
        raise given.wrong(Status.INVALID_ARGUMENT, "perm", f"{list(order)} names an axis twice")


def _slice(given: Given) -> None:
    if given.arrays.get("steps") is not None and not given["steps"].all():
        raise given.wrong(Status.INVALID_ARGUMENT, "steps", "a step of 0")


def _range(given: Given) -> None:
    if not given["delta"].all():
        raise given.wrong(Status.INVALID_ARGUMENT, "delta", "a step of 0")


def _blocks(given: Given) -> None:
    x, size, deep = given["input"], given.keywords["blocksize"], given.operator.name == "DepthToSpace"
    if size < 1:
        raise given.wrong(Status.INVALID_ARGUMENT, "blocksize", f"{size}")
    if x.ndim != 4:
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "input", f"rank {x.ndim}, wanted is 4")
    if x.shape[1] % (size * size) if deep else x.shape[2] % size or x.shape[3] % size:
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "input", f"shape {x.shape} in blocks of {size}")


def _sizes(argument: str) -> Check:
    def check(given: Given) -> None:
        if argument not in given.arrays:  # other versions have it elsewhere
            return
        if given[argument].ndim != 1:
            raise given.wrong(Status.DIMENSIONS_MISMATCH, argument, f"rank {given[argument].ndim}, wanted is 1")
        if bool((given[argument] < 0).any()):
            raise given.wrong(Status.INVALID_ARGUMENT, argument, "a negative number of elements")

    return check


_CHECKS: dict[str, Check] = {
    "AveragePool": _spatial,
    "ConstantOfShape": _sizes("input"),
    "Conv": _channels("X", "W"),
    "ConvInteger": _channels("x", "w"),
    "ConvTranspose": _channels("X", "W", transposed=True),
    "DepthToSpace": _blocks,
    "Dropout": _dropout,
    "Expand": _sizes("shape"),
    "Gather": check_gather,
    "GatherElements": check_elements,
    "GatherND": check_tuples,
    "GlobalAveragePool": _spatial,
    "GlobalMaxPool": _spatial,
    "MaxPool": _spatial,
    "QLinearConv": _channels("x", "w"),
    "Range": _range,
    "Reshape": _reshape,
    "ScatterElements": check_elements,
    "ScatterND": check_tuples,
    "Slice": _slice,
    "SpaceToDepth": _blocks,
    "Tile": _sizes("repeats"),
    "Transpose": _transpose,
}
