"""From structures to the values of syntax elements (clause 14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from aimcodec.errors import ArgumentError
from aimcodec.model.binary_values import ELEMENT_TYPES
from aimcodec.model.structures import (
    STRING,
    Attribute,
    AttributeKind,
    Dimension,
    Function,
    Graph,
    MapType,
    ModelStructure,
    OpaqueType,
    OperatorNode,
    OperatorSet,
    OptionalType,
    QuantizationAnnotation,
    SequenceType,
    SparseTensor,
    SparseTensorType,
    Tensor,
    TensorType,
    Type,
    UnknownType,
    VariableNode,
)
from aimcodec.syntax import Fields
from aimcodec.syntax.aim.structure import PLURAL, AttributeType
from aimcodec.syntax.aim.structure_types import MAX_DEPTH, TypeCode

__all__ = ["fields_of"]

T = TypeVar("T")

_CODES = {name: code for code, name in ELEMENT_TYPES.items()}
_TYPE_CODES: dict[type, TypeCode] = {
    UnknownType: TypeCode.UNKNOWN,
    TensorType: TypeCode.TENSOR,
    SparseTensorType: TypeCode.SPARSE_TENSOR,
    SequenceType: TypeCode.SEQUENCE,
    MapType: TypeCode.MAP,
    OptionalType: TypeCode.OPTIONAL,
    OpaqueType: TypeCode.OPAQUE,
}


def fields_of(structure: ModelStructure) -> Fields:
    """The values of structure_payload.

    Raises:
        ArgumentError: something of the structure has no place there.
    """
    return {
        "structure_version_major": 1,
        "structure_version_minor": 0,
        "format_version": structure.format_version,
        "producer_name": structure.producer_name,
        "producer_version": structure.producer_version,
        "model_domain": structure.domain,
        "model_version": structure.model_version,
        **_about(structure),
        **_operator_sets(structure.operator_sets),
        **_list("function_count", "functions", structure.functions, _function),
        "graph": _graph(structure.graph, 1),
    }


def _list(count: str, name: str, values: Sequence[T], convert: Callable[..., Fields], *more: int) -> Fields:
    return {count: len(values), name: [convert(value, *more) for value in values]}


def _names(name: str, count: str, values: Sequence[str]) -> Fields:
    return {count: len(values), f"{name}_size": [_size(value) for value in values], name: values}


def _size(text: str) -> int:
    try:
        return len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise ArgumentError(f"a name has no UTF-8 form: {error}") from None


def _about(owner: Any) -> Fields:
    texts: Mapping[str, str] = owner.metadata
    pairs = [{"text_key": key, "text_value": value} for key, value in texts.items()]
    return {"documentation": owner.documentation, "text_count": len(pairs), "texts": pairs}


def _operator_sets(sets: Sequence[OperatorSet]) -> Fields:
    return _list("operator_set_count", "operator_sets", sets, _operator_set)


def _operator_set(operators: OperatorSet) -> Fields:
    return {"set_domain": operators.domain, "set_version": operators.version}


def _graph(graph: Graph, depth: int) -> Fields:
    return {
        "graph_name": graph.name,
        **_about(graph),
        **_list("input_count", "inputs", graph.inputs, _variable, depth),
        **_list("output_count", "outputs", graph.outputs, _variable, depth),
        **_list("variable_count", "variables", graph.variables, _variable, depth),
        **_list("parameter_count", "parameters", graph.parameters, _tensor),
        **_list("sparse_parameter_count", "sparse_parameters", graph.sparse_parameters, _sparse_tensor),
        **_list("annotation_count", "annotations", graph.quantization, _annotation),
        **_list("node_count", "nodes", graph.nodes, _node, depth),
    }


def _annotation(annotation: QuantizationAnnotation) -> Fields:
    parts = [{"part": part, "part_tensor": tensor} for part, tensor in annotation.tensors.items()]
    return {"annotated_variable": annotation.variable, "part_count": len(parts), "parts": parts}


def _function(function: Function) -> Fields:
    return {
        "function_name": function.name,
        "operator_domain": function.domain,
        "overload": function.overload,
        **_about(function),
        **_names("function_input", "function_input_count", function.inputs),
        **_names("function_output", "function_output_count", function.outputs),
        **_names("needed_attribute", "needed_count", function.attributes),
        **_list("default_count", "defaults", function.defaults, _attribute, 1),
        **_operator_sets(function.operator_sets),
        **_list("variable_count", "variables", function.variables, _variable, 1),
        **_list("node_count", "nodes", function.nodes, _node, 1),
    }


def _node(node: OperatorNode, depth: int) -> Fields:
    return {
        "operator": node.operator,
        "operator_domain": node.domain,
        "overload": node.overload,
        "node_name": node.name,
        **_about(node),
        **_names("node_input", "node_input_count", node.inputs),
        **_names("node_output", "node_output_count", node.outputs),
        **_list("attribute_count", "attributes", node.attributes, _attribute, depth),
    }


def _attribute(attribute: Attribute, depth: int) -> Fields:
    fields: Fields = {
        "attribute_name": attribute.name,
        "attribute_type": int(attribute.kind),
        "documentation": attribute.documentation,
        "reference": attribute.reference,
    }
    if attribute.reference or attribute.kind == AttributeKind.UNDEFINED:
        if attribute.value is not None:
            raise ArgumentError(f"attribute {attribute.name!r} has a value where it cannot have one")
        return fields
    return fields | _values(attribute, depth)


def _values(attribute: Attribute, depth: int) -> Fields:
    """The value, or values, of an attribute."""
    kind = PLURAL.get(attribute.kind) or attribute.kind
    values = attribute.value if attribute.kind in PLURAL else [attribute.value]
    name, of = _KINDS[AttributeType(kind)]
    if not isinstance(values, list | tuple) or not all(isinstance(value, of) for value in values):
        raise ArgumentError(f"attribute {attribute.name!r} has a value that is not of its kind, {attribute.kind.name}")
    found: Fields = {"value_count": len(values), name: values}
    if kind == AttributeType.STRING:
        found["string_size"] = [len(value) for value in values]
    elif kind == AttributeType.TENSOR:
        found[name] = [_tensor(value) for value in values]
    elif kind == AttributeType.SPARSE_TENSOR:
        found[name] = [_sparse_tensor(value) for value in values]
    elif kind == AttributeType.GRAPH:
        found[name] = [_graph(value, _inside(depth)) for value in values]
    elif kind == AttributeType.TYPE:
        found[name] = [_type(value, _inside(depth)) for value in values]
    return found


def _inside(depth: int) -> int:
    """Depth of what is inside something of this depth."""
    if depth >= MAX_DEPTH:
        raise ArgumentError(f"graphs and types are more than {MAX_DEPTH} deep inside each other")
    return depth + 1


def _variable(variable: VariableNode, depth: int) -> Fields:
    fields = {"variable_name": variable.name, **_about(variable), "type_flag": int(variable.type is not None)}
    return fields if variable.type is None else fields | {"value_type": _type(variable.type, _inside(depth))}


def _type(kind: Type, depth: int) -> Fields:
    fields: Fields = {"type_code": _TYPE_CODES[type(kind)], "denotation": kind.denotation}
    if isinstance(kind, TensorType | SparseTensorType):
        fields |= {"element_type": _code(kind.element_type), "size_flag": int(kind.size is not None)}
        if kind.size is not None:
            fields |= _list("rank", "dimensions", kind.size, _dimension)
    elif isinstance(kind, MapType):
        fields |= {"key_type": _code(kind.key_type), "value_type": _type(kind.value, _inside(depth))}
    elif isinstance(kind, SequenceType | OptionalType):
        fields["value_type"] = _type(kind.element, _inside(depth))
    elif isinstance(kind, OpaqueType):
        fields |= {"opaque_domain": kind.domain, "opaque_name": kind.name}
    return fields


def _dimension(dimension: Dimension) -> Fields:
    if dimension.value is not None and dimension.symbol:
        raise ArgumentError(f"a dimension is {dimension.value} and {dimension.symbol!r} at once")
    denotation = {"dimension_denotation": dimension.denotation}
    if dimension.value is not None:
        return {"dimension_code": 1, "dimension_value": dimension.value, **denotation}
    if dimension.symbol:
        return {"dimension_code": 2, "dimension_symbol": dimension.symbol, **denotation}
    return {"dimension_code": 0, **denotation}


def _tensor(tensor: Tensor) -> Fields:
    if (tensor.parameter is None) == (tensor.data is None):
        raise ArgumentError(f"constant {tensor.name!r} has either data or a parameter")
    return {
        "constant_name": tensor.name,
        **_about(tensor),
        "constant_type": _code(tensor.element_type),
        "rank": len(tensor.shape),
        "dimension": tensor.shape,
        "storage": int(tensor.data is None),
        **({"parameter": tensor.parameter} if tensor.data is None else _data(tensor.data, tensor)),
    }


def _data(data: bytes | tuple[bytes, ...], tensor: Tensor) -> Fields:
    if isinstance(data, tuple) != (tensor.element_type == STRING):
        raise ArgumentError(f"the data of constant {tensor.name!r} are not of its type, {tensor.element_type}")
    return {"string_size": [len(text) for text in data], "string": data} if isinstance(data, tuple) else {"data": data}


def _sparse_tensor(sparse: SparseTensor) -> Fields:
    values, indices = _tensor(sparse.values), _tensor(sparse.indices)
    return {"values": values, "indices": indices, "rank": len(sparse.shape), "dimension": sparse.shape}


def _code(name: str) -> int:
    try:
        return _CODES[name]
    except KeyError:
        raise ArgumentError(f"{name!r} is not a type of elements") from None


# The list of values of an attribute, and their type.
_KINDS: dict[AttributeType, tuple[str, Any]] = {
    AttributeType.FLOAT: ("float", (float, int)),
    AttributeType.INT: ("int", int),
    AttributeType.STRING: ("string", bytes),
    AttributeType.TENSOR: ("constants", Tensor),
    AttributeType.SPARSE_TENSOR: ("sparse_constants", SparseTensor),
    AttributeType.GRAPH: ("graphs", Graph),
    AttributeType.TYPE: ("types", Type),
}
