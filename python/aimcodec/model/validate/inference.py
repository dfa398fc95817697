"""The rule that types and shapes fit the operators that they go through."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from aimcodec.dtypes import from_name, packed_bytes
from aimcodec.errors import AimcError, InconsistentError
from aimcodec.model.structures import Dimension, ModelStructure, Tensor, TensorType, VariableNode
from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.parts import Parts

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    Read: TypeAlias = Callable[[str], NDArray[Any]]

__all__ = ["check_inference"]

MAX_SHAPE_BYTES = 4096  # of a parameter that may say what shape something has
# What onnx says of nodes whose shapes depend on values that are not here, of nodes after those and after others that it
# does not understand, and of its own functions where a node leaves out an attribute: nothing is wrong with them.
_NO_ERRORS = (
    "from external tensors",
    "expected to have type but instead is null",
    "One and only one of the attributes 'value'",
)

_ERROR = re.compile(r"\(op_type:([^,()\n]*)(?:, node name: ([^\n]*?))?\): ?([^\n]*)")
_PREFIX = re.compile(r"^\[[A-Za-z]*Error\] ")


def check_inference(structure: ModelStructure, parts: Parts, read: Read | None, findings: Findings) -> None:
    """Lets onnx infer all shapes. Tensors that do not fit each other show here: an embedding that is wider than what is
    multiplied with it, a bias that is longer than its layer.

    Models that break other rules are left out: onnx is not made for those. Shapes that depend on values of parameters
    are known where `read` gives these.
    """
    if findings.has_errors:
        return
    from aimcodec.model.onnx import model_bytes
    from aimcodec.model.shapes_process import infer_model

    try:
        infer_model(model_bytes(_proto(structure, read)), strict=True)
    except ModuleNotFoundError:
        findings.add("check.skipped", "", "shapes: onnx is not there; pip install 'aimcodec[onnx]' brings it")
    except InconsistentError as error:
        _tell(error.message, parts, findings)
    except AimcError as error:
        findings.add("check.skipped", "", f"shapes: {shown(error.message)}")


def _proto(structure: ModelStructure, read: Read | None) -> onnx.ModelProto:
    """The structure, with the values of small integer parameters. Others of the main graph are inputs of it.

    For onnx stops at nodes that need values which are elsewhere, but not at those that take inputs.
    """
    from aimcodec.model.onnx import to_proto

    def value(name: str) -> NDArray[Any] | None:
        return _value(name, read) if name in small else None

    graph = structure.graph
    small = {tensor.parameter for tensor in graph.parameters if read is not None and _may_shape(tensor)}
    elsewhere = [t for t in graph.parameters if t.parameter is not None and t.parameter not in small]
    given = {variable.name for variable in graph.inputs}
    inputs = [
        VariableNode(tensor.name, TensorType(tensor.element_type, tuple(map(Dimension, tensor.shape))))
        for tensor in elsewhere
        if tensor.name not in given
    ]
    here = [tensor for tensor in graph.parameters if tensor.parameter is None or tensor.parameter in small]
    return to_proto(replace(structure, graph=replace(graph, parameters=here, inputs=[*graph.inputs, *inputs])), value)


def _may_shape(tensor: Tensor) -> bool:
    if not tensor.element_type.startswith(("INT", "UINT")):
        return False
    return packed_bytes(from_name(tensor.element_type), math.prod(tensor.shape)) <= MAX_SHAPE_BYTES


def _value(name: str, read: Read | None) -> NDArray[Any] | None:
    try:
        return read(name) if read is not None else None
    except (AimcError, KeyError, OSError):  # which other rules tell
        return None


def _tell(text: str, parts: Parts, findings: Findings) -> None:
    """Finds the nodes that the errors of onnx are about."""
    places: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for part, node in parts.nodes:
        places[node.operator, node.name].append(part.path)
    errors = [found.groups() for found in _ERROR.finditer(text)]
    for operator, name, message in errors or [("", "", text)]:
        if any(words in message for words in _NO_ERRORS):
            continue
        found = places[operator, name or ""]
        what = f"{operator} {name or ''}".strip()
        path = found[0] if len(found) == 1 else "graph"
        findings.add("shape.inference", path, f"{shown(what)[1:-1]}: {shown(_PREFIX.sub('', message))[1:-1]}")
