"""Operators as functions of arrays.

>>> run("Add", [np.float32([1, 2]), np.float32(1)])
[array([2., 3.], dtype=float32)]
>>> f = functions("onnxruntime")
>>> f.Conv(x, w, strides=[2, 2])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.errors import UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.operators.backends import backend as backend_of
from aimcodec.operators.call import Call, prepare
from aimcodec.operators.catalogue import Operator, full_name, get, latest_version, operators
from aimcodec.operators.classes import MINIMAL_SET_VERSION
from aimcodec.operators.element_types import name_of
from aimcodec.operators.registry import CustomOperator, Registry, default_registry
from aimcodec.operators.status import Status, failure

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Functions", "default_version", "functions", "prepared", "run"]


def run(
    name: str,
    inputs: Sequence[Any],
    attributes: Mapping[str, Any] | None = None,
    *,
    version: int | None = None,
    domain: str = "",
    backend: str = "reference",
    outputs: int | None = None,
    registry: Registry | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[NDArray[Any]]:
    """Computes one operator.

    Args:
        name: of the operator.
        inputs: arrays or numbers of numpy, of any shapes; None for an optional input that is left out.
        attributes: by name: int, float, str, arrays for tensors, lists of them.
        version: of the domain; None for `default_version`.
        domain: "" is that of ONNX.
        backend: "reference", "onnxruntime" or "torch".
        outputs: how many are wanted; None for those that are not optional.
        registry: where custom operators are looked up; None for `default_registry`.
        limits: what the outputs may take.

    Returns:
        The outputs, in order.

    Raises:
        OperatorError: with a status; nothing is computed where an argument is wrong.
        ArgumentError: there is no such backend.
        ModuleNotFoundError: onnx, or the engine, is not installed.
    """
    engine = backend_of(backend)
    call = prepared(
        name, inputs, attributes, version=version, domain=domain, outputs=outputs, registry=registry, limits=limits
    )
    results = engine.run(call) if call.custom is None else engine.custom(call)
    _check_results(call, results)
    return results


def prepared(
    name: str,
    inputs: Sequence[Any],
    attributes: Mapping[str, Any] | None = None,
    *,
    version: int | None = None,
    domain: str = "",
    outputs: int | None = None,
    registry: Registry | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Call:
    """The checks of `run` alone: a call that a backend can make.

    Raises:
        OperatorError: an argument is wrong.
        ModuleNotFoundError: onnx is not installed.
    """
    operators = default_registry if registry is None else registry
    custom = operators.find(name, domain, version)
    operator, number = _definition(name, domain, version, custom)
    return prepare(operator, inputs, attributes or {}, version=number, outputs=outputs, custom=custom, limits=limits)


def default_version(domain: str = "") -> int:
    """The version of a domain of ONNX that calls are for by default: that of the minimal set; of others the last.

    Raises:
        UnsupportedError: the installed onnx package does not know the domain.
        ModuleNotFoundError: onnx is not installed.
    """
    latest = latest_version(domain)
    return latest if domain not in {"", "ai.onnx"} else min(MINIMAL_SET_VERSION, latest)


class Functions:
    """Operators of a domain as methods: inputs by position, attributes by name.

    A method gives one array, or a list of them where the operator has more outputs.
    """

    def __init__(self, backend: str, version: int | None, domain: str, registry: Registry | None) -> None:
        self._options: dict[str, Any] = {
            "backend": backend,
            "version": version,
            "domain": domain,
            "registry": registry,
        }

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*inputs: Any, outputs: int | None = None, **attributes: Any) -> Any:
            results = run(name, inputs, attributes, outputs=outputs, **self._options)
            return results[0] if len(results) == 1 else results

        call.__name__ = name
        return call

    def __dir__(self) -> list[str]:
        domain, registry = self._options["domain"], self._options["registry"] or default_registry
        custom = {operator.name for operator in registry.operators() if operator.domain == domain}
        try:
            known = {o.name for o in operators(self._options["version"] or default_version(domain), domain)}
        except UnsupportedError:  # no domain of ONNX
            known = set()
        return sorted(custom | known)


def functions(
    backend: str = "reference", *, version: int | None = None, domain: str = "", registry: Registry | None = None
) -> Functions:
    """Operators as methods; arguments as of `run`.

    Raises:
        ArgumentError: there is no such backend.
        ModuleNotFoundError: its engine is not installed.
    """
    backend_of(backend)
    return Functions(backend, version, domain, registry)


def _definition(name: str, domain: str, version: int | None, custom: CustomOperator | None) -> tuple[Operator, int]:
    if custom is not None:
        return custom.definition, version or custom.version
    try:
        number = default_version(domain) if version is None else version
        return get(name, domain, number), number
    except UnsupportedError as error:
        raise failure(Status.NOT_SUPPORTED, str(error), full_name(name, domain)) from error


def _check_results(call: Call, results: list[Any]) -> None:
    """Kernels, of the user's above all, may give anything."""
    operator = call.operator
    if len(results) != call.outputs and call.custom is not None:
        text = f"the kernel gave {len(results)} outputs, {call.outputs} are wanted"
        raise failure(Status.INTERNAL_ERROR, text, operator.full_name)
    for place, result in enumerate(results):
        parameter = operator.outputs[min(place, len(operator.outputs) - 1)]
        kind = call.output_types[place] if place < len(call.output_types) else None
        if not isinstance(result, np.ndarray | np.generic):
            text = f"the kernel gave {type(result).__name__}, an array is wanted"
            raise failure(Status.INTERNAL_ERROR, text, operator.full_name, parameter.name)
        name = name_of(np.asarray(result))
        allowed = operator.types_of(parameter) if kind is None else (kind.element_type,)
        if name not in allowed:
            text = f"the result is {name}, it has to be {' or '.join(allowed)}"
            raise failure(Status.INTERNAL_ERROR, text, operator.full_name, parameter.name)
        sizes = None if kind is None or kind.size is None else [d.value for d in kind.size]
        if sizes is not None and not _fits(np.shape(result), sizes):
            text = f"the result has shape {np.shape(result)}, it has to be {sizes}"
            raise failure(Status.INTERNAL_ERROR, text, operator.full_name, parameter.name)


def _fits(shape: tuple[int, ...], sizes: list[int | None]) -> bool:
    return len(shape) == len(sizes) and all(n in {None, m} for m, n in zip(shape, sizes, strict=True))
