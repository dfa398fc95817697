"""Custom operators inside sessions of ONNX Runtime, as Python operators of the package onnxruntime-extensions.

What that package does has its price: an operator is declared for the whole process and for good, under its name, and
every result passes through a list of Python numbers. So this is for operators that are small or rare.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from aimcodec.errors import UnsupportedError
from aimcodec.model.structures import AttributeKind
from aimcodec.operators.catalogue import Parameter
from aimcodec.operators.element_types import name_of
from aimcodec.operators.registry import CustomOperator, Registry

__all__ = ["custom_operators_library"]

# Types that pass through lists without loss, and what the package calls them.
_TYPES = {
    "BOOL": "dt_bool",
    "FLOAT32": "dt_float",
    "FLOAT64": "dt_double",
    "INT8": "dt_int8",
    "INT16": "dt_int16",
    "INT32": "dt_int32",
    "INT64": "dt_int64",
    "UINT8": "dt_uint8",
    "UINT16": "dt_uint16",
    "UINT32": "dt_uint32",
    "UINT64": "dt_uint64",
}
_KINDS = {AttributeKind.INT: "dt_int64", AttributeKind.FLOAT: "dt_float", AttributeKind.STRING: "dt_string"}

_declared: dict[tuple[str, str], CustomOperator] = {}
_lock = threading.Lock()


def custom_operators_library(registry: Registry) -> str:
    """Declares the operators of a registry to ONNX Runtime.

    Returns:
        The file to give to `SessionOptions.register_custom_ops_library` before a session is made.

    Raises:
        UnsupportedError: an operator has no kernel for ONNX Runtime, optional or variadic parameters, attributes other
            than single numbers and texts, or no types that can be carried; or the process has another operator of that
            name already.
        ModuleNotFoundError: onnxruntime-extensions is not installed.
    """
    extensions = _package()
    with _lock:
        for operator in registry.operators():
            key = (operator.domain, operator.name)
            known = _declared.get(key)
            if known is not None and known is not operator:
                raise UnsupportedError(
                    f"{operator.full_name}: ONNX Runtime keeps operators for the whole process, and has another one"
                )
            if known is None:
                _declare(extensions, operator)
                _declared[key] = operator
    return str(extensions.get_library_path())


def _package() -> Any:
    try:
        return import_module("onnxruntime_extensions")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "custom operators in ONNX Runtime need onnxruntime-extensions; "
            "pip install 'aimcodec[onnxruntime]' brings it",
            name="onnxruntime_extensions",
        ) from error


def _declare(extensions: Any, operator: CustomOperator) -> None:
    kernel = operator.kernel("onnxruntime")
    if kernel is None:
        raise UnsupportedError(f"{operator.full_name} has no kernel for ONNX Runtime")
    if any(p.optional or p.variadic for p in (*operator.inputs, *operator.outputs)):
        raise UnsupportedError(f"{operator.full_name}: optional and variadic parameters do not reach ONNX Runtime")
    types = extensions.PyCustomOpDef
    attributes = {}
    for rule in operator.attributes:
        if rule.kind not in _KINDS:
            raise UnsupportedError(
                f"{operator.full_name}: attributes of kind {rule.kind.name} do not reach ONNX Runtime"
            )
        attributes[rule.name] = getattr(types, _KINDS[rule.kind])
    combinations = list(_combinations(operator))
    if not combinations:
        raise UnsupportedError(f"{operator.full_name} has no types of elements that ONNX Runtime carries here")
    for bound in combinations:

        def code(parameter: Parameter, bound: dict[str, str] = bound) -> Any:
            return getattr(types, _TYPES[bound[parameter.types]])

        declare = extensions.onnx_op(
            op_type=f"{operator.domain}::{operator.name}",
            inputs=[code(parameter) for parameter in operator.inputs],
            outputs=[code(parameter) for parameter in operator.outputs],
            attrs=attributes,
        )
        declare(_function(operator, kernel, [bound[parameter.types] for parameter in operator.outputs]))


def _combinations(operator: CustomOperator) -> Iterator[dict[str, str]]:
    """Types of elements for all type variables, in all ways."""
    definition = operator.definition
    names = {p.types: definition.types_of(p) for p in (*operator.inputs, *operator.outputs)}
    for chosen in itertools.product(*([t for t in types if t in _TYPES] for types in names.values())):
        yield dict(zip(names, chosen, strict=True))


def _function(operator: CustomOperator, kernel: Callable[..., Any], outputs: list[str]) -> Callable[..., Any]:
    defaults = {rule.name: rule.default for rule in operator.attributes if not rule.required}

    def function(*arrays: Any, **attributes: Any) -> Any:
        result = kernel(*arrays, **{**defaults, **attributes})
        results = result if isinstance(result, tuple) else (result,)
        if [name_of(np.asarray(value)) for value in results] != outputs:  # lists would hide it
            raise TypeError(f"{operator.full_name}: the kernel gave other types than {outputs}")
        return tuple(np.asarray(value) for value in results) if len(results) > 1 else np.asarray(results[0])

    return function
