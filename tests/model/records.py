"""Structures as the plain records of the slow reader, written anew from clause 14."""

from __future__ import annotations

import math
import struct
from typing import Any

from aimcodec.model import (
    Attribute,
    AttributeKind,
    Dimension,
    Function,
    Graph,
    MapType,
    ModelStructure,
    OpaqueType,
    OperatorNode,
    OptionalType,
    SequenceType,
    SparseTensor,
    SparseTensorType,
    Tensor,
    TensorType,
    Type,
    UnknownType,
    VariableNode,
)
from aimcodec.reference.aim.data_types import DATA_TYPES
from aimcodec.reference.aim.structure import Record

CODES = {row.name: code for code, row in DATA_TYPES.items()} | {"UNDEFINED": 253, "STRING": 254}
TYPE_CODES = (UnknownType, TensorType, SparseTensorType, SequenceType, MapType, OptionalType, OpaqueType)


def record_of(model: ModelStructure) -> Record:
    return {
        "format_version": model.format_version,
        "producer_name": model.producer_name,
        "producer_version": model.producer_version,
        "model_domain": model.domain,
        "model_version": model.model_version,
        "about": about(model),
        "operator_sets": [(each.domain, each.version) for each in model.operator_sets],
        "functions": [of_function(each) for each in model.functions],
        "graph": of_graph(model.graph),
    }


def about(owner: Any) -> tuple[str, dict[str, str]]:
    return owner.documentation, owner.metadata


def of_graph(graph: Graph) -> Record:
    return {
        "name": graph.name,
        "about": about(graph),
        "inputs": [of_variable(each) for each in graph.inputs],
        "outputs": [of_variable(each) for each in graph.outputs],
        "variables": [of_variable(each) for each in graph.variables],
        "parameters": [of_tensor(each) for each in graph.parameters],
        "sparse_parameters": [of_sparse(each) for each in graph.sparse_parameters],
        "annotations": [(each.variable, each.tensors) for each in graph.quantization],
        "nodes": [of_node(each) for each in graph.nodes],
    }


def of_function(function: Function) -> Record:
    return {
        "operator": (function.name, function.domain, function.overload),
        "about": about(function),
        "inputs": function.inputs,
        "outputs": function.outputs,
        "needed": function.attributes,
        "defaults": [of_attribute(each) for each in function.defaults],
        "operator_sets": [(each.domain, each.version) for each in function.operator_sets],
        "variables": [of_variable(each) for each in function.variables],
        "nodes": [of_node(each) for each in function.nodes],
    }


def of_node(node: OperatorNode) -> Record:
    return {
        "operator": (node.operator, node.domain, node.overload),
        "name": node.name,
        "about": about(node),
        "inputs": node.inputs,
        "outputs": node.outputs,
        "attributes": [of_attribute(each) for each in node.attributes],
    }


def of_attribute(attribute: Attribute) -> Record:
    found: Record = {
        "name": attribute.name,
        "type": attribute.kind.value,
        "documentation": attribute.documentation,
        "reference": attribute.reference,
    }
    if attribute.value is not None:
        values = attribute.value if isinstance(attribute.value, list) else [attribute.value]
        found["values"] = [of_value(attribute.kind, value) for value in values]
    return found


def of_value(kind: AttributeKind, value: Any) -> Any:
    if kind in (AttributeKind.FLOAT, AttributeKind.FLOATS):
        return binary32(value)
    if isinstance(value, Graph):
        return of_graph(value)
    if isinstance(value, Tensor):
        return of_tensor(value)
    if isinstance(value, SparseTensor):
        return of_sparse(value)
    return value if isinstance(value, int | bytes) else of_type(value)


def binary32(value: float) -> bytes:
    """A conversion would make every NaN a quiet one."""
    if not math.isnan(value):
        return struct.pack("<f", value)
    wide = struct.unpack("<Q", struct.pack("<d", value))[0]
    return struct.pack("<I", wide >> 63 << 31 | 0x7F800000 | wide >> 29 & 0x7FFFFF)


def of_variable(variable: VariableNode) -> Record:
    found: Record = {"name": variable.name, "about": about(variable)}
    return found if variable.type is None else found | {"type": of_type(variable.type)}


def of_type(kind: Type) -> Record:
    found: Record = {"code": TYPE_CODES.index(type(kind)), "denotation": kind.denotation}
    if isinstance(kind, TensorType | SparseTensorType):
        found["elements"] = CODES[kind.element_type]
        if kind.size is not None:
            found["size"] = [of_dimension(each) for each in kind.size]
    elif isinstance(kind, MapType):
        found |= {"key": CODES[kind.key_type], "inside": of_type(kind.value)}
    elif isinstance(kind, SequenceType | OptionalType):
        found["inside"] = of_type(kind.element)
    elif isinstance(kind, OpaqueType):
        found["opaque"] = kind.domain, kind.name
    return found


def of_dimension(dimension: Dimension) -> tuple[int | str | None, str]:
    return (dimension.symbol or None) if dimension.value is None else dimension.value, dimension.denotation


def of_tensor(tensor: Tensor) -> Record:
    found: Record = {
        "name": tensor.name,
        "about": about(tensor),
        "type": CODES[tensor.element_type],
        "shape": list(tensor.shape),
    }
    if tensor.parameter is not None:
        return found | {"parameter": tensor.parameter}
    return found | ({"strings": list(tensor.data)} if isinstance(tensor.data, tuple) else {"data": tensor.data})


def of_sparse(sparse: SparseTensor) -> Record:
    return {"values": of_tensor(sparse.values), "indices": of_tensor(sparse.indices), "shape": list(sparse.shape)}
