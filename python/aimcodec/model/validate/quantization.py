"""Rules of the numbers that quantised values are made of: scales and zero points that are constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from aimcodec.dtypes import from_name
from aimcodec.errors import AimcError
from aimcodec.model.structures import OperatorNode, Tensor
from aimcodec.model.text.values import elements_of
from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.parts import Parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Read: TypeAlias = Callable[[str], NDArray[Any]]

__all__ = ["check_quantization"]

DOMAINS = {"", "ai.onnx", "com.microsoft"}
# Inputs of an operator: what is quantised (None: a result), its scale (None: there is none), its zero point.
PLACES: dict[str, tuple[tuple[int | None, int | None, int], ...]] = {
    "QuantizeLinear": ((None, 1, 2),),
    "DequantizeLinear": ((0, 1, 2),),
    "QLinearConv": ((0, 1, 2), (3, 4, 5), (None, 6, 7)),
    "QLinearMatMul": ((0, 1, 2), (3, 4, 5), (None, 6, 7)),
    "ConvInteger": ((0, None, 2), (1, None, 3)),
    "MatMulInteger": ((0, None, 2), (1, None, 3)),
}


def check_quantization(parts: Parts, read: Read | None, findings: Findings) -> None:
    """Checks scales and zero points, as far as they are constants that are here or can be read."""
    constants = _constants(parts)
    known: dict[int, Any] = {}

    def values(tensor: Tensor | None) -> NDArray[Any] | None:
        if tensor is None:
            return None
        if id(tensor) not in known:
            known[id(tensor)] = _values(tensor, read)
        found: NDArray[Any] | None = known[id(tensor)]
        return found

    for part, node in parts.nodes:
        if node.domain not in DOMAINS:
            continue
        for of, scale_at, zero_at in PLACES.get(node.operator, ()):
            scale = None if scale_at is None else _input(node, scale_at, constants)
            zero = _input(node, zero_at, constants)
            if scale is not None:
                _check_scale(scale, values(scale), f"{part.path}.inputs[{scale_at}]", findings)
            if zero is not None:
                quantised = None if of is None else _input(node, of, constants)
                _check_zero(zero, values(zero), quantised, f"{part.path}.inputs[{zero_at}]", findings)
            if scale is not None and zero is not None and not _fit(node, scale.shape, zero.shape):
                text = f"a scale of shape {shown(scale.shape)}, zero points of shape {shown(zero.shape)}"
                findings.add("quantization.shape", part.path, text)
    for place, name, tensor in _annotated(parts, constants):
        if name == "SCALE_TENSOR":
            _check_scale(tensor, values(tensor), place, findings)


def _fit(node: OperatorNode, scale: tuple[int, ...], zero: tuple[int, ...]) -> bool:
    """Whether zero points are as many as scales; one may stand for all, but where the operator says that it may not."""
    return scale == zero or (not node.operator.endswith("izeLinear") and zero in {(), (1,)})


def _constants(parts: Parts) -> Mapping[str, Tensor]:
    """Constants by the names of their variables; names that graphs use for different ones are left out."""
    found: dict[str, list[Tensor]] = {}
    for _, graph in parts.graphs:
        for tensor in graph.parameters:
            found.setdefault(tensor.name, []).append(tensor)
    for _, node in parts.nodes:
        if node.operator == "Constant" and node.domain in DOMAINS:
            for attribute in node.attributes:
                if isinstance(attribute.value, Tensor) and node.outputs:
                    found.setdefault(node.outputs[0], []).append(attribute.value)
    return {name: tensors[0] for name, tensors in found.items() if len(tensors) == 1}


def _annotated(parts: Parts, constants: Mapping[str, Tensor]) -> Iterator[tuple[str, str, Tensor]]:
    for part, graph in parts.graphs:
        for place, annotation in enumerate(graph.quantization):
            for key, name in annotation.tensors.items():
                if name in constants:
                    yield f"{part.path}.quantization[{place}]", key, constants[name]


def _input(node: OperatorNode, place: int, constants: Mapping[str, Tensor]) -> Tensor | None:
    return constants.get(node.inputs[place]) if place < len(node.inputs) else None


def _values(tensor: Tensor, read: Read | None) -> NDArray[Any] | AimcError | None:
    """The elements, or why they cannot be read; None where nothing is known of them."""
    try:
        if isinstance(tensor.data, bytes):
            return elements_of(tensor.data, from_name(tensor.element_type), math.prod(tensor.shape))
        return read(tensor.parameter) if read is not None and tensor.parameter is not None else None
    except AimcError as error:
        return error
    except (KeyError, ValueError):  # it is not there, or not of its shape, which other rules tell
        return None


def _check_scale(tensor: Tensor, values: Any, path: str, findings: Findings) -> None:
    if isinstance(values, AimcError):
        findings.add("parameter.damaged", path, f"{shown(tensor.name)}: {shown(str(values))}")
    elif isinstance(values, np.ndarray) and values.dtype.kind not in "biu":
        numbers = values.astype(np.float64)
        if not np.isfinite(numbers).all():
            findings.add("quantization.scale", path, f"{shown(tensor.name)} has a scale that is no finite number")
        if (numbers == 0).any():
            findings.add("quantization.scale", path, f"{shown(tensor.name)} has a scale of 0")


def _check_zero(tensor: Tensor, values: Any, quantised: Tensor | None, path: str, findings: Findings) -> None:
    kind = tensor.element_type
    if quantised is not None and quantised.element_type != kind:
        text = f"zero points of type {shown(kind)} for values of type {shown(quantised.element_type)}"
        findings.add("quantization.zero-point", path, text)
    if isinstance(values, AimcError):
        findings.add("parameter.damaged", path, f"{shown(tensor.name)}: {shown(str(values))}")
    elif isinstance(values, np.ndarray) and kind.startswith(("INT32", "FLOAT")) and values.astype(np.float64).any():
        # ONNX, DequantizeLinear: these types have no zero point but 0.
        findings.add("quantization.zero-point", path, f"{shown(tensor.name)} of type {shown(kind)} is not 0")
