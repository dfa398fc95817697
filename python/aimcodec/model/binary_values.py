"""From the values of syntax elements (clause 14) to structures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aimcodec.model.structures import (
    STRING,
    UNDEFINED,
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
from aimcodec.syntax.aim.structure_types import TEXT, UNKNOWN_ELEMENTS, TypeCode
from aimcodec.syntax.aim.types import DATA_TYPES

__all__ = ["ELEMENT_TYPES", "structure_of"]

ELEMENT_TYPES = {code: row.name for code, row in DATA_TYPES.items()} | {TEXT: STRING, UNKNOWN_ELEMENTS: UNDEFINED}

_KINDS = list(AttributeKind)


def structure_of(fields: Fields) -> ModelStructure:
    """The structure that the values of structure_payload describe."""
    return ModelStructure(
        _graph(fields["graph"]),
        _operator_sets(fields),
        [_function(each) for each in fields["functions"]],
        fields["format_version"],
        fields["producer_name"],
        fields["producer_version"],
        fields["model_domain"],
        fields["model_version"],
        fields["documentation"],
        _texts(fields),
    )


def _texts(fields: Fields) -> dict[str, str]:
    return {text["text_key"]: text["text_value"] for text in fields["texts"]}


def _operator_sets(fields: Fields) -> list[OperatorSet]:
    return [OperatorSet(each["set_domain"], each["set_version"]) for each in fields["operator_sets"]]


def _graph(fields: Fields) -> Graph:
    return Graph(
        fields["graph_name"],
        [_node(each) for each in fields["nodes"]],
        [_variable(each) for each in fields["inputs"]],
        [_variable(each) for each in fields["outputs"]],
        [_variable(each) for each in fields["variables"]],
        [_tensor(each) for each in fields["parameters"]],
        [_sparse_tensor(each) for each in fields["sparse_parameters"]],
        [_annotation(each) for each in fields["annotations"]],
        fields["documentation"],
        _texts(fields),
    )


def _annotation(fields: Fields) -> QuantizationAnnotation:
    parts = {part["part"]: part["part_tensor"] for part in fields["parts"]}
    return QuantizationAnnotation(fields["annotated_variable"], parts)


def _function(fields: Fields) -> Function:
    return Function(
        fields["function_name"],
        fields["operator_domain"],
        fields["overload"],
        fields["function_input"],
        fields["function_output"],
        fields["needed_attribute"],
        [_attribute(each) for each in fields["defaults"]],
        [_node(each) for each in fields["nodes"]],
        [_variable(each) for each in fields["variables"]],
        _operator_sets(fields),
        fields["documentation"],
        _texts(fields),
    )


def _node(fields: Fields) -> OperatorNode:
    return OperatorNode(
        fields["operator"],
        fields["node_input"],
        fields["node_output"],
        [_attribute(each) for each in fields["attributes"]],
        fields["node_name"],
        fields["operator_domain"],
        fields["overload"],
        fields["documentation"],
        _texts(fields),
    )


def _attribute(fields: Fields) -> Attribute:
    code = fields["attribute_type"]
    value = None
    if "value_count" in fields:
        values = _values(PLURAL.get(code) or code, fields)
        value = values if code in PLURAL else values[0]
    return Attribute(fields["attribute_name"], _KINDS[code], value, fields["reference"], fields["documentation"])


def _values(kind: int, fields: Fields) -> list[Any]:
    name, convert = _VALUES[kind]
    values: list[Any] = fields[name]
    return values if convert is None else [convert(value) for value in values]


def _variable(fields: Fields) -> VariableNode:
    kind = _type(fields["value_type"]) if fields["type_flag"] else None
    return VariableNode(fields["variable_name"], kind, fields["documentation"], _texts(fields))


def _type(fields: Fields) -> Type:
    code, denotation = fields["type_code"], fields["denotation"]
    if code in (TypeCode.TENSOR, TypeCode.SPARSE_TENSOR):
        size = tuple(map(_dimension, fields["dimensions"])) if fields["size_flag"] else None
        make = TensorType if code == TypeCode.TENSOR else SparseTensorType
        return make(ELEMENT_TYPES[fields["element_type"]], size, denotation)
    if code == TypeCode.MAP:
        return MapType(ELEMENT_TYPES[fields["key_type"]], _type(fields["value_type"]), denotation)
    if code == TypeCode.SEQUENCE:
        return SequenceType(_type(fields["value_type"]), denotation)
    if code == TypeCode.OPTIONAL:
        return OptionalType(_type(fields["value_type"]), denotation)
    if code == TypeCode.OPAQUE:
        return OpaqueType(fields["opaque_domain"], fields["opaque_name"], denotation)
    return UnknownType(denotation)


def _dimension(fields: Fields) -> Dimension:
    return Dimension(fields.get("dimension_value"), fields.get("dimension_symbol", ""), fields["dimension_denotation"])


def _tensor(fields: Fields) -> Tensor:
    return Tensor(
        fields["constant_name"],
        ELEMENT_TYPES[fields["constant_type"]],
        tuple(fields["dimension"]),
        fields.get("parameter"),
        tuple(fields["string"]) if "string" in fields else fields.get("data"),
        fields["documentation"],
        _texts(fields),
    )


def _sparse_tensor(fields: Fields) -> SparseTensor:
    return SparseTensor(_tensor(fields["values"]), _tensor(fields["indices"]), tuple(fields["dimension"]))


# The list of values of an attribute, and what makes a value of what is there.
_VALUES: dict[int, tuple[str, Callable[[Any], Any] | None]] = {
    AttributeType.FLOAT: ("float", None),
    AttributeType.INT: ("int", None),
    AttributeType.STRING: ("string", None),
    AttributeType.TENSOR: ("constants", _tensor),
    AttributeType.SPARSE_TENSOR: ("sparse_constants", _sparse_tensor),
    AttributeType.GRAPH: ("graphs", _graph),
    AttributeType.TYPE: ("types", _type),
}
