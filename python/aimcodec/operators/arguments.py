"""Inputs of a call against the definition of the operator: how many, and of which types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aimcodec.errors import ArgumentError
from aimcodec.operators.catalogue import Operator, Parameter
from aimcodec.operators.element_types import name_of
from aimcodec.operators.status import Status, failure

__all__ = ["Arrays", "arrays_of", "check_types", "formal_inputs", "output_count"]

Arrays = tuple["np.ndarray[Any, Any] | None", ...]


def arrays_of(operator: Operator, inputs: Sequence[Any]) -> Arrays:
    """Inputs as arrays, without those left out at the end.

    Raises:
        OperatorError: INVALID_ARGUMENT: there are too many or too few, or one is not an array or number.
            NOT_SUPPORTED: one is a sequence or another structure.
    """
    given = list(inputs)
    while given and given[-1] is None:
        given.pop()
    formal = formal_inputs(operator, len(given))
    for place, parameter in enumerate(formal):
        missing = place >= len(given) or given[place] is None
        if missing and not parameter.optional:
            raise failure(Status.INVALID_ARGUMENT, "this input has to be given", operator.full_name, parameter.name)
    return tuple(
        None if value is None else _array(operator, parameter, value)
        for parameter, value in zip(formal, given, strict=False)
    )


def formal_inputs(operator: Operator, count: int) -> list[Parameter]:
    """The formal input for each of `count` inputs, and those that are wanted beyond.

    Raises:
        OperatorError: INVALID_ARGUMENT: there are not as many.
    """
    formal = list(operator.inputs)
    if formal and formal[-1].variadic:
        last = formal.pop()
        wanted = max(count - len(formal), last.minimum)
        return formal + [last] * wanted
    if count > len(formal):
        text = f"{count} inputs given, at most {len(formal)} are taken"
        raise failure(Status.INVALID_ARGUMENT, text, operator.full_name)
    return formal


def check_types(operator: Operator, arrays: Arrays) -> list[str]:
    """Names of the element types of the inputs, "" for one that is left out.

    Raises:
        OperatorError: TYPE_MISMATCH: a type that the operator does not take, or another one than an input before.
    """
    bound: dict[str, tuple[str, str]] = {}
    names = []
    for parameter, array in zip(formal_inputs(operator, len(arrays)), arrays, strict=False):
        names.append("" if array is None else _type_name(operator, parameter, array, bound))
    return names


def output_count(operator: Operator, arrays: Arrays, attributes: Mapping[str, Any], wanted: int | None) -> int:
    """How many outputs a call has: as wanted, or those that are not optional, or all if all are.

    Raises:
        OperatorError: INVALID_ARGUMENT: it has no such number of outputs, or its number does not follow from the rest.
    """
    formal = operator.outputs
    variadic = bool(formal) and formal[-1].variadic
    if wanted is None and variadic:
        wanted = _variadic_outputs(operator, arrays, attributes)
    if wanted is None:
        return sum(not parameter.optional for parameter in formal) or len(formal)
    if wanted < 1 or (wanted > len(formal) and not variadic):
        raise failure(Status.INVALID_ARGUMENT, f"it has no {wanted} outputs", operator.full_name, "outputs")
    return wanted


def _variadic_outputs(operator: Operator, arrays: Arrays, attributes: Mapping[str, Any]) -> int:
    if (count := attributes.get("num_outputs")) is not None:
        return int(count)
    sizes = attributes.get("split")
    place = next((i for i, parameter in enumerate(operator.inputs) if parameter.name == "split"), -1)
    if sizes is None and 0 <= place < len(arrays):
        sizes = arrays[place]
    if sizes is None:
        text = "the number of outputs does not follow from the inputs: say it"
        raise failure(Status.INVALID_ARGUMENT, text, operator.full_name, "outputs")
    return int(np.size(sizes))


def _array(operator: Operator, parameter: Parameter, value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, list | tuple | dict):
        text = "sequences, maps and lists are no inputs of calls: give arrays"
        raise failure(Status.NOT_SUPPORTED, text, operator.full_name, parameter.name)
    array = np.asarray(value)
    try:
        name_of(array)
    except ArgumentError as error:
        raise failure(Status.INVALID_ARGUMENT, str(error), operator.full_name, parameter.name) from error
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _type_name(
    operator: Operator, parameter: Parameter, array: np.ndarray[Any, Any], bound: dict[str, tuple[str, str]]
) -> str:
    name = name_of(array)
    allowed = operator.types_of(parameter)
    if name not in allowed:
        text = f"{name} given, taken are {', '.join(allowed)}"
        raise failure(Status.TYPE_MISMATCH, text, operator.full_name, parameter.name)
    if parameter.homogeneous:
        first, before = bound.setdefault(parameter.types, (name, parameter.name))
        if first != name:
            text = f"{name} given, but {before} is {first}, and they have to agree"
            raise failure(Status.TYPE_MISMATCH, text, operator.full_name, parameter.name)
    return name
