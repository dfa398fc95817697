"""What goes into a model: types and shapes of values against those of its variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import dtype_of, from_name
from aimcodec.errors import ArgumentError
from aimcodec.model.structures import STRING, OptionalType, SequenceType, TensorType, Type, VariableNode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.inference.config import ShapeProfile

__all__ = ["check_profile", "checked", "missing", "shape_of", "shown_type"]


def shape_of(kind: Type | None) -> tuple[int | str | None, ...] | None:
    """Dimensions of a tensor: numbers, symbols, or None; None where even their number is not known."""
    if not isinstance(kind, TensorType) or kind.size is None:
        return None
    return tuple(d.value if d.value is not None else d.symbol or None for d in kind.size)


def shown_type(kind: Type | None) -> str:
    """A type as people read it: "FLOAT32 [batch, 3, ?]"."""
    if isinstance(kind, TensorType):
        shape = shape_of(kind)
        sizes = "of any rank" if shape is None else f"[{', '.join('?' if d is None else str(d) for d in shape)}]"
        return f"{kind.element_type} {sizes}"
    if isinstance(kind, SequenceType):
        return f"sequence of {shown_type(kind.element)}"
    if isinstance(kind, OptionalType):
        return f"optional {shown_type(kind.element)}"
    return "value of unknown type" if kind is None else type(kind).__name__


def missing(variables: Sequence[VariableNode], feeds: Mapping[str, Any]) -> str:
    """Inputs without a value, as people read them; "" where there are none."""
    return ", ".join(f"{v.name!r} ({shown_type(v.type)})" for v in variables if v.name not in feeds)


def checked(variable: VariableNode, value: Any) -> Any:
    """A value in the form that engines take it: arrays in the byte order of this machine, texts as objects.

    Raises:
        ArgumentError: it is of another type or shape than the variable.
    """
    return _checked(f"input {variable.name!r}", variable.type, value)


def _checked(place: str, kind: Type | None, value: Any) -> Any:
    if isinstance(kind, TensorType):
        return _tensor(place, kind, value)
    if isinstance(kind, OptionalType):
        return None if value is None else _checked(place, kind.element, value)
    if isinstance(kind, SequenceType):
        if not isinstance(value, (list, tuple)):
            raise ArgumentError(f"{place} is a {shown_type(kind)}, given is {type(value).__name__}")
        return [_checked(f"{place}[{number}]", kind.element, item) for number, item in enumerate(value)]
    return value


def _tensor(place: str, kind: TensorType, value: Any) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{place} is {shown_type(kind)}; given is no array: {error}") from None
    array = _of_type(place, kind, array)
    shape = shape_of(kind)
    if shape is not None and not _fits(array.shape, shape):
        raise ArgumentError(f"{place} is {shown_type(kind)}; given is shape {list(array.shape)}")
    return array


def _of_type(place: str, kind: TensorType, array: NDArray[Any]) -> NDArray[Any]:
    if kind.element_type == STRING:
        if array.dtype.kind == "U" or (array.dtype.kind == "O" and all(isinstance(x, str) for x in array.flat)):
            return array.astype(object)
        raise ArgumentError(f"{place} is {shown_type(kind)}; given are elements of {array.dtype}")
    if array.dtype != from_name(kind.element_type).numpy.newbyteorder("="):
        try:
            same = dtype_of(array.dtype).name == kind.element_type
        except ArgumentError:
            same = False
        if not same:
            raise ArgumentError(f"{place} is {shown_type(kind)}; given are elements of {array.dtype}")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _fits(given: tuple[int, ...], shape: tuple[int | str | None, ...]) -> bool:
    pairs = zip(given, shape, strict=False)
    return len(given) == len(shape) and all(want == size for size, want in pairs if isinstance(want, int))


def check_profile(name: str, profile: ShapeProfile, value: Any) -> None:
    """That an input has a size that was announced.

    Raises:
        ArgumentError: it has not.
    """
    shape = np.shape(value)
    sizes = zip(profile.minimum, shape, profile.maximum, strict=False)
    if len(shape) != len(profile.minimum) or any(not low <= size <= high for low, size, high in sizes):
        low, high = list(profile.minimum), list(profile.maximum)
        raise ArgumentError(f"input {name!r} is announced with shapes from {low} to {high}; given is {list(shape)}")
