"""Values of attributes: from what a caller writes to the structure of a node, and to what a kernel gets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aimcodec.dtypes import dtype_of, pack
from aimcodec.errors import ArgumentError
from aimcodec.model.structures import Attribute, AttributeKind, Tensor
from aimcodec.operators.catalogue import Operator
from aimcodec.operators.element_types import STRING, name_of
from aimcodec.operators.status import Status, failure

__all__ = ["attributes_of", "guessed", "keywords_of", "tensor_of"]


def attributes_of(operator: Operator, values: Mapping[str, Any]) -> tuple[Attribute, ...]:
    """The attributes of a node, by name.

    Args:
        operator: its definition says which there are.
        values: int, float, str or bytes, arrays for tensors, lists or tuples of them; None for one that is not given.

    Raises:
        OperatorError: INVALID_ARGUMENT: one is unknown, missing, or of the wrong kind. NOT_SUPPORTED: its kind is that
            of graphs or other structures, which calls of single operators do not take.
    """
    rules = {rule.name: rule for rule in operator.attributes}
    given = {name: value for name, value in values.items() if value is not None}
    for name in given:
        if name not in rules:
            known = ", ".join(rules) or "none"
            raise failure(
                Status.INVALID_ARGUMENT, f"no attribute of this operator; there is {known}", operator.full_name, name
            )
    for rule in operator.attributes:
        if rule.required and rule.name not in given:
            raise failure(Status.INVALID_ARGUMENT, "this attribute has to be given", operator.full_name, rule.name)
    return tuple(_attribute(operator, name, rules[name].kind, given[name]) for name in sorted(given))


def keywords_of(operator: Operator, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a kernel gets as keywords: values given, and the defaults of others."""
    defaults = {rule.name: rule.default for rule in operator.attributes}
    return defaults | {name: value for name, value in values.items() if value is not None}


def guessed(operator: Operator, values: Mapping[str, Any]) -> tuple[Attribute, ...]:
    """Attributes of a call that may be wrong, those with defaults too; kinds of unknown ones follow from the values."""
    kinds = {rule.name: rule.kind for rule in operator.attributes}
    given = {name: value for name, value in keywords_of(operator, values).items() if value is not None}
    return tuple(
        _attribute(operator, name, kinds.get(name, _guess(given[name])), given[name])
        for name in sorted(given)
        if kinds.get(name, AttributeKind.INT) in _CONVERT
    )


def _guess(value: Any) -> AttributeKind:
    if isinstance(value, int):
        return AttributeKind.INT
    return AttributeKind.FLOAT if isinstance(value, float) else AttributeKind.STRING


def tensor_of(array: Any, name: str = "") -> Tensor:
    """An array as a constant tensor; texts as bytes.

    Raises:
        ArgumentError: the format has no such type of elements.
    """
    array = np.asarray(array)
    kind = name_of(array)
    if kind == STRING:
        return Tensor(name, STRING, array.shape, data=tuple(_text(value) for value in array.flat))
    dtype = dtype_of(array.dtype)
    flat = np.ascontiguousarray(array).reshape(-1)
    memory = pack(flat, dtype.bits) if dtype.is_packed else flat.astype(dtype.numpy, copy=False)
    return Tensor(name, dtype.name, array.shape, data=memory.tobytes())


def _attribute(operator: Operator, name: str, kind: AttributeKind, value: Any) -> Attribute:
    convert = _CONVERT.get(kind)
    if convert is None:
        text = f"attributes of kind {kind.name} are for graphs, not for calls of single operators"
        raise failure(Status.NOT_SUPPORTED, text, operator.full_name, name)
    try:
        return Attribute(name, kind, convert(value))
    except (TypeError, ValueError, OverflowError) as error:
        text = f"{type(value).__name__} given, wanted is {_WANTED[kind]}: {error}"
        raise failure(Status.INVALID_ARGUMENT, text, operator.full_name, name) from error


def _int(value: Any) -> int:
    if not isinstance(value, int | np.integer | np.bool_):
        raise TypeError("not an integer")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise OverflowError("not within 64 bits")
    return number


def _float(value: Any) -> float:
    if not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError("not a number")
    wide = float(value)
    with np.errstate(over="ignore"):
        number = float(np.float32(wide))
    if math.isinf(number) and not math.isinf(wide):
        raise OverflowError("beyond the numbers of binary32")
    return number


def _text(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value.encode()


def _list(convert: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def converted(values: Any) -> list[Any]:
        if not isinstance(values, list | tuple | np.ndarray) or (isinstance(values, np.ndarray) and values.ndim != 1):
            raise TypeError("not a list")
        return [convert(value) for value in values]

    return converted


def _tensor(value: Any) -> Tensor:
    if not isinstance(value, np.ndarray | np.generic):
        raise ArgumentError("not an array")
    return tensor_of(value)


_CONVERT: dict[AttributeKind, Callable[[Any], Any]] = {
    AttributeKind.INT: _int,
    AttributeKind.FLOAT: _float,
    AttributeKind.STRING: _text,
    AttributeKind.TENSOR: _tensor,
    AttributeKind.INTS: _list(_int),
    AttributeKind.FLOATS: _list(_float),
    AttributeKind.STRINGS: _list(_text),
    AttributeKind.TENSORS: _list(_tensor),
}
_WANTED = {
    AttributeKind.INT: "int",
    AttributeKind.FLOAT: "float",
    AttributeKind.STRING: "str",
    AttributeKind.TENSOR: "an array",
    AttributeKind.INTS: "a list of int",
    AttributeKind.FLOATS: "a list of float",
    AttributeKind.STRINGS: "a list of str",
    AttributeKind.TENSORS: "a list of arrays",
}
