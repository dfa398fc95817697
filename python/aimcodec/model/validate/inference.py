"""The rule that types and shapes fit the operators that they go through."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from aimcodec.dtypes import from_name, pack, packed_bytes
from aimcodec.errors import AimcError
from aimcodec.model.structures import Dimension, ModelStructure, Tensor, TensorType, VariableNode
from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.parts import Parts

if TYPE_CHECKING:
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
    try:
        from onnx import shape_inference

        from aimcodec.model.onnx import to_proto
    except ModuleNotFoundError:
        findings.add("check.skipped", "", "shapes: onnx is not there; pip install 'aimcodec[onnx]' brings it")
        return
    try:
        proto = to_proto(_without_places(structure, read), None)
        shape_inference.infer_shapes(proto, check_type=True, strict_mode=True)
    except shape_inference.InferenceError as error:
        _tell(str(error), parts, findings)
    except (AimcError, ValueError, TypeError) as error:
        findings.add("check.skipped", "", f"shapes: {shown(str(error))}")


def _without_places(structure: ModelStructure, read: Read | None) -> ModelStructure:
    """The structure, with the values of small integer parameters of its main graph, and the others as inputs of it.

    For onnx stops at nodes that need values which are elsewhere, but not at those that take inputs.
    """
    graph = structure.graph
    parameters = [_with_values(tensor, read) for tensor in graph.parameters]
    given = {variable.name for variable in graph.inputs}
    inputs = [
        VariableNode(tensor.name, TensorType(tensor.element_type, tuple(Dimension(number) for number in tensor.shape)))
        for tensor in parameters
        if tensor.parameter is not None and tensor.name not in given
    ]
    here = [tensor for tensor in parameters if tensor.parameter is None]
    return replace(structure, graph=replace(graph, parameters=here, inputs=[*graph.inputs, *inputs]))


def _with_values(tensor: Tensor, read: Read | None) -> Tensor:
    if read is None or tensor.parameter is None or not tensor.element_type.startswith(("INT", "UINT")):
        return tensor
    dtype = from_name(tensor.element_type)
    if packed_bytes(dtype, math.prod(tensor.shape)) > MAX_SHAPE_BYTES:
        return tensor
    try:
        values = read(tensor.parameter)
    except (AimcError, KeyError, OSError):
        return tensor
    if values.shape != tensor.shape or values.dtype != dtype.numpy:
        return tensor
    memory = pack(values.reshape(-1), dtype.bits) if dtype.is_packed else values
    return replace(tensor, parameter=None, data=memory.tobytes())


def _tell(text: str, parts: Parts, findings: Findings) -> None:
    """Finds the nodes that the errors of onnx are about."""
    errors = [found.groups() for found in _ERROR.finditer(text)]
    for operator, name, message in errors or [("", None, text)]:
        if any(words in message for words in _NO_ERRORS):
            continue
        places = [p.path for p, node in parts.nodes if node.operator == operator and node.name == (name or "")]
        what = f"{operator} {name or ''}".strip()
        path = places[0] if len(places) == 1 else "graph"
        findings.add("shape.inference", path, f"{shown(what)[1:-1]}: {shown(_PREFIX.sub('', message))[1:-1]}")
