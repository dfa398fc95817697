"""Types and shapes of all variables of a model, from those of its inputs and parameters.

The rules of operators are those of the onnx package. It is given the structure without the values of parameters, but
for small ones that say what shape something has, so models may be of any size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from aimcodec.dtypes import from_name, packed_bytes
from aimcodec.errors import InconsistentError
from aimcodec.model.calls import check_calls
from aimcodec.model.onnx.protobuf import model_bytes, parse_model
from aimcodec.model.onnx.reading import read_variables
from aimcodec.model.onnx.writing import to_proto
from aimcodec.model.shapes_process import infer_model
from aimcodec.model.structures import (
    Dimension,
    Graph,
    ModelStructure,
    OperatorNode,
    Tensor,
    TensorType,
    Type,
    UnknownType,
    VariableNode,
)
from aimcodec.model.walk import all_tensors

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

__all__ = ["InferTypes", "infer_shapes"]

Read: TypeAlias = "Callable[[str], NDArray[Any]]"
InferTypes: TypeAlias = "Callable[[OperatorNode, Sequence[Type | None]], Sequence[Type | None]]"

MAX_INTEGER_BYTES = 1 << 16  # of integers that may be a shape, axes, places ...
MAX_SCALES = 32  # other numbers that shapes depend on: one for each dimension
OF_ONNX = ("", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview.training")


def infer_shapes(
    structure: ModelStructure, *, read: Read | None = None, custom: InferTypes | None = None
) -> ModelStructure:
    """A new structure in which variables have the types and shapes that follow from the rest; symbols stay.

    Args:
        structure: is not changed.
        read: gives the array of a parameter; asked for small ones only: integers below 64 KiB, and up to 32 other
            numbers. Without it shapes that depend on values of parameters stay unknown.
        custom: types of the outputs of a node of a domain that is not ONNX's, from those of its inputs; None for types
            that are not known. Asked for nodes of the main graph.

    Raises:
        InconsistentError: the model contradicts itself, or has no operator sets.
        LimitExceededError: functions or graphs are nested too deeply, functions are called too often, or it takes too
            much memory or time.
        UnsupportedError: ONNX has no such type, or onnx does not survive the model.
        AimcError, OSError: those of `read`.
        ModuleNotFoundError: the onnx package is not installed.
    """
    check_calls(structure)
    values = _shape_values(structure, read)
    inferred = _inferred(structure, values)
    while custom is not None:
        found = list(_custom_types(inferred.graph, custom))
        if not found:
            break
        inferred = _inferred(_with_types(inferred, found), values)
    return inferred


def _shape_values(structure: ModelStructure, read: Read | None) -> Callable[[str], NDArray[Any] | None]:
    """Reads parameters that shapes may depend on."""
    small = {tensor.parameter for tensor in all_tensors(structure) if tensor.parameter and _may_shape(tensor)}
    return lambda name: read(name) if read is not None and name in small else None


def _may_shape(tensor: Tensor) -> bool:
    if len(tensor.shape) > 1:
        return False
    elements = math.prod(tensor.shape)
    integer = tensor.element_type.startswith(("INT", "UINT"))
    return elements <= MAX_SCALES or (
        integer and packed_bytes(from_name(tensor.element_type), elements) < MAX_INTEGER_BYTES
    )


def _inferred(structure: ModelStructure, values: Callable[[str], NDArray[Any] | None]) -> ModelStructure:
    try:
        inferred = infer_model(model_bytes(to_proto(structure, values)))
    except InconsistentError as error:
        raise InconsistentError(f"shapes cannot be inferred: {error.message}") from None
    proto = parse_model(inferred)
    return replace(structure, graph=_merged(structure.graph, proto.graph))


def _merged(graph: Graph, proto: onnx.GraphProto) -> Graph:
    """A graph with what is known of its variables afterwards."""
    return replace(
        graph,
        nodes=[_merged_node(node, inferred) for node, inferred in zip(graph.nodes, proto.node, strict=True)],
        outputs=[
            # Of an output of which nothing is known, onnx says that its type is of no kind.
            before if isinstance(after.type, UnknownType) else after
            for before, after in zip(graph.outputs, read_variables(proto.output), strict=True)
        ],
        variables=read_variables(proto.value_info),
    )


def _merged_node(node: OperatorNode, proto: onnx.NodeProto) -> OperatorNode:
    if not any(_graphs_of(attribute.value) for attribute in node.attributes):
        return node
    attributes = []
    for attribute, inferred in zip(node.attributes, proto.attribute, strict=True):
        value = attribute.value
        if isinstance(value, Graph):
            value = _merged(value, inferred.g)
        elif _graphs_of(value):
            value = [_merged(one, graph) for one, graph in zip(value, inferred.graphs, strict=True)]
        attributes.append(replace(attribute, value=value))
    return replace(node, attributes=attributes)


def _graphs_of(value: Any) -> list[Graph]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Graph)]


def _custom_types(graph: Graph, custom: InferTypes) -> Iterator[tuple[str, Type]]:
    """Types of variables that only the user's function knows, and nothing was known of before."""
    known: dict[str, Type] = {
        variable.name: variable.type
        for variable in [*graph.inputs, *graph.variables, *graph.outputs]
        if variable.type is not None and _is_known(variable.type)
    }
    for tensor in graph.parameters:
        known[tensor.name] = TensorType(tensor.element_type, tuple(Dimension(size) for size in tensor.shape))
    for node in graph.nodes:
        if node.domain in OF_ONNX or all(name in known or not name for name in node.outputs):
            continue
        types = custom(node, [known.get(name) for name in node.inputs])
        for name, kind in zip(node.outputs, types, strict=False):
            if name and name not in known and kind is not None and _is_known(kind):
                known[name] = kind
                yield name, kind


def _is_known(kind: Type | None) -> bool:
    if kind is None or isinstance(kind, UnknownType):
        return False
    return not isinstance(kind, TensorType) or kind.size is not None


def _with_types(structure: ModelStructure, found: Sequence[tuple[str, Type]]) -> ModelStructure:
    types = dict(found)
    graph = structure.graph
    outputs = [replace(variable, type=types.pop(variable.name, variable.type)) for variable in graph.outputs]
    variables = [replace(variable, type=types.pop(variable.name, variable.type)) for variable in graph.variables]
    variables += [VariableNode(name, kind) for name, kind in types.items()]
    return replace(structure, graph=replace(graph, outputs=outputs, variables=variables))
