"""Custom operators inside sessions of ONNX Runtime, as Python operators of the package onnxruntime-extensions.

What that package does has its price. An operator is declared for the whole process and for good, under its name. The
table of operators moves in memory when it grows, under the sessions that use it, so that new ones are declared only
while there is none. Every result passes through a list of Python numbers, so that this is for operators that are small
or rare. And what a kernel raises ends the process, but for runs inside `kernel_errors`.
"""

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from aimcodec.dtypes import from_name
from aimcodec.errors import UnsupportedError
from aimcodec.model.structures import AttributeKind
from aimcodec.operators.catalogue import Parameter
from aimcodec.operators.element_types import name_of
from aimcodec.operators.kernel_errors import kernel_failed
from aimcodec.operators.registry import CustomOperator, Registry

__all__ = ["make_session"]

Session = TypeVar("Session")

# Types that pass through lists without loss, and what the package calls them. Results of UINT64 would come out as the
# bits of binary64 numbers (onnxruntime-extensions 0.15).
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
}
_KINDS = {AttributeKind.INT: "dt_int64", AttributeKind.FLOAT: "dt_float", AttributeKind.STRING: "dt_string"}

_declared: dict[tuple[str, str], CustomOperator] = {}
_sessions: weakref.WeakSet[Any] = weakref.WeakSet()
_lock = threading.RLock()  # kernels that are run while a session is made may come back here
_making: list[Registry] = []


def make_session(
    registry: Registry, make: Callable[[str], Session], used: Sequence[CustomOperator] | None = None
) -> Session:
    """Makes a session of ONNX Runtime that has the operators of a registry.

    Args:
        registry: its operators are declared to ONNX Runtime.
        make: makes the session with new options, for which it calls `register_custom_ops_library` with the file given.
        used: those that it has to have; all when None. Others are left out where they cannot be carried.

    Raises:
        UnsupportedError: an operator has no kernel for ONNX Runtime, optional or variadic parameters, attributes other
            than single numbers and texts, no types that can be carried, or types of outputs that do not follow from
            those of the inputs; the process has another operator of that name already; or an operator is new, and there
            are sessions with others.
        ModuleNotFoundError: onnxruntime-extensions is not installed.
    """
    extensions = _package()
    with _lock:
        _declare_all(extensions, registry, registry.operators() if used is None else used)
        _making.append(registry)
        try:
            session = make(str(extensions.get_library_path()))
        finally:
            _making.pop()
        _sessions.add(session)
        return session


def _declare_all(extensions: Any, registry: Registry, needed: Sequence[CustomOperator]) -> None:
    for operator in needed:
        _check(operator)
    new = [operator for operator in (*needed, *filter(_is_carried, registry.operators())) if _is_new(operator)]
    if not new:
        return
    if _sessions:
        gc.collect()  # of those that nothing can reach any more
    if _sessions or _making:
        names = ", ".join(operator.full_name for operator in needed if _is_new(operator))
        if not names:
            return
        raise UnsupportedError(
            f"{names}: ONNX Runtime takes new operators only while no session with custom operators is open;"
            " have one registry with all of them, or close the others"
        )
    for operator in new:
        if _is_new(operator):  # not another version
            _declare(extensions, operator)
            _declared[operator.domain, operator.name] = operator


def _is_new(operator: CustomOperator) -> bool:
    return (operator.domain, operator.name) not in _declared


def _is_carried(operator: CustomOperator) -> bool:
    try:
        _check(operator)
    except UnsupportedError:
        return False
    return True


def _package() -> Any:
    try:
        return import_module("onnxruntime_extensions")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "custom operators in ONNX Runtime need onnxruntime-extensions; "
            "pip install 'aimcodec[onnxruntime]' brings it",
            name="onnxruntime_extensions",
        ) from error


def _check(operator: CustomOperator) -> None:
    name = operator.full_name
    if _declared.get((operator.domain, operator.name), operator) is not operator:
        raise UnsupportedError(f"{name}: ONNX Runtime keeps operators for the whole process, and has another one")
    if operator.kernel("onnxruntime") is None:
        raise UnsupportedError(f"{name} has no kernel for ONNX Runtime")
    if any(p.optional or p.variadic for p in (*operator.inputs, *operator.outputs)):
        raise UnsupportedError(f"{name}: optional and variadic parameters do not reach ONNX Runtime")
    for rule in operator.attributes:
        if rule.kind not in _KINDS:
            raise UnsupportedError(f"{name}: attributes of kind {rule.kind.name} do not reach ONNX Runtime")
    combinations = list(_combinations(operator))
    if not combinations:
        raise UnsupportedError(f"{name} has no types of elements that ONNX Runtime carries here")
    if len({tuple(bound[p.types] for p in operator.inputs) for bound in combinations}) < len(combinations):
        raise UnsupportedError(f"{name}: types of outputs have to follow from those of inputs")


def _declare(extensions: Any, operator: CustomOperator) -> None:
    types = extensions.PyCustomOpDef
    attributes = {rule.name: getattr(types, _KINDS[rule.kind]) for rule in operator.attributes}
    for bound in _combinations(operator):

        def code(parameter: Parameter, bound: dict[str, str] = bound) -> Any:
            return getattr(types, _TYPES[bound[parameter.types]])

        declare = extensions.onnx_op(
            op_type=f"{operator.domain}::{operator.name}",
            inputs=[code(parameter) for parameter in operator.inputs],
            outputs=[code(parameter) for parameter in operator.outputs],
            attrs=attributes,
        )
        declare(_function(operator, [bound[parameter.types] for parameter in operator.outputs]))


def _combinations(operator: CustomOperator) -> Iterator[dict[str, str]]:
    """Types of elements for all type variables, in all ways."""
    definition = operator.definition
    names = {p.types: definition.types_of(p) for p in (*operator.inputs, *operator.outputs)}
    for chosen in itertools.product(*([t for t in types if t in _TYPES] for types in names.values())):
        yield dict(zip(names, chosen, strict=True))


def _function(operator: CustomOperator, outputs: list[str]) -> Callable[..., Any]:
    kernel = operator.kernel("onnxruntime")
    if kernel is None:
        raise UnsupportedError(f"{operator.full_name} has no kernel for ONNX Runtime")

    def results(arrays: tuple[Any, ...], attributes: dict[str, Any]) -> tuple[Any, ...]:
        result = kernel(*arrays, **attributes)
        found = tuple(map(np.asarray, result if isinstance(result, tuple) else (result,)))
        if [name_of(value) for value in found] != outputs:  # lists would hide it
            raise TypeError(f"the kernel gave other types than {outputs}")
        return found

    def function(*arrays: Any, **attributes: Any) -> Any:
        try:
            found = results(arrays, attributes)
        except BaseException as error:
            if not kernel_failed(operator.full_name, error):
                raise
            found = tuple(np.empty(0, from_name(name).numpy) for name in outputs)
        return found if len(found) > 1 else found[0]

    return function
