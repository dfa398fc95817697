"""Payload of STRUCTURE units that hold a model in our own form (clause 14): graphs, functions, nodes, attributes."""

from __future__ import annotations

from enum import IntEnum

from ...errors import UnsupportedError
from ..elements import Counted, Element, flt, i, u
from ..protocol import Syntax
from .structure_types import DOCUMENTATION, STRING, about, nested, sparse_tensor, tensor, text, value_type

__all__ = [
    "PLURAL",
    "STRUCTURE_MEDIA_TYPE",
    "AttributeType",
    "attribute",
    "function",
    "graph",
    "operator_node",
    "structure_payload",
    "variable",
]

STRUCTURE_MEDIA_TYPE = "application/vnd.aim.structure"
VERSION = (1, 0)


class AttributeType(IntEnum):
    """attribute_type (14.6)."""

    UNDEFINED = 0
    FLOAT = 1
    INT = 2
    STRING = 3
    TENSOR = 4
    GRAPH = 5
    FLOATS = 6
    INTS = 7
    STRINGS = 8
    TENSORS = 9
    GRAPHS = 10
    SPARSE_TENSOR = 11
    SPARSE_TENSORS = 12
    TYPE = 13
    TYPES = 14


# attribute_type of a list to that of one of its values.
PLURAL: dict[int, AttributeType] = {
    AttributeType.FLOATS: AttributeType.FLOAT,
    AttributeType.INTS: AttributeType.INT,
    AttributeType.STRINGS: AttributeType.STRING,
    AttributeType.TENSORS: AttributeType.TENSOR,
    AttributeType.GRAPHS: AttributeType.GRAPH,
    AttributeType.SPARSE_TENSORS: AttributeType.SPARSE_TENSOR,
    AttributeType.TYPES: AttributeType.TYPE,
}

VERSION_MAJOR = u(8, "structure_version_major", "14.1", "1; others are refused")
VERSION_MINOR = u(8, "structure_version_minor", "14.1", "0; others are refused")
FORMAT_VERSION = i(64, "format_version", "14.1", "ir_version of ONNX")
PRODUCER_NAME = text("producer_name", "14.1", "software that made the model")
PRODUCER_VERSION = text("producer_version", "14.1", "version of that software")
MODEL_DOMAIN = text("model_domain", "14.1", "name space of the model")
MODEL_VERSION = i(64, "model_version", "14.1", "version of the model")
OPERATOR_SET_COUNT = u(32, "operator_set_count", "14.1", "number of operator sets")
SET_DOMAIN = text("set_domain", "14.1", "domain of operators")
SET_VERSION = i(64, "set_version", "14.1", "its version")
FUNCTION_COUNT = u(32, "function_count", "14.1", "number of functions")

GRAPH_NAME = text("graph_name", "14.3", "name of the graph")
NODE_COUNT = u(32, "node_count", "14.3", "number of operator nodes")
INPUT_COUNT = u(32, "input_count", "14.3", "number of inputs of the graph")
OUTPUT_COUNT = u(32, "output_count", "14.3", "number of outputs of the graph")
VARIABLE_COUNT = u(32, "variable_count", "14.3", "number of other variables that something is known of")
PARAMETER_COUNT = u(32, "parameter_count", "14.3", "number of constant tensors")
SPARSE_PARAMETER_COUNT = u(32, "sparse_parameter_count", "14.3", "number of constant sparse tensors")
ANNOTATION_COUNT = u(32, "annotation_count", "14.3", "number of variables that are quantised")
ANNOTATED = text("annotated_variable", "14.3", "variable that is quantised")
PART_COUNT = u(32, "part_count", "14.3", "number of parts of the quantisation")
PART = text("part", "14.3", "what the tensor is, for example SCALE_TENSOR; unique in the annotation")
PART_TENSOR = text("part_tensor", "14.3", "name of the tensor")

FUNCTION_NAME = text("function_name", "14.4", "the operator that the function defines")
FUNCTION_INPUT_COUNT = u(32, "function_input_count", "14.4", "number of inputs")
FUNCTION_INPUT = text("function_input", "14.4", "name of a variable")
FUNCTION_OUTPUT_COUNT = u(32, "function_output_count", "14.4", "number of outputs")
FUNCTION_OUTPUT = text("function_output", "14.4", "name of a variable")
NEEDED_COUNT = u(32, "needed_count", "14.4", "number of attributes that a node has to give")
NEEDED = text("needed_attribute", "14.4", "name of an attribute")
DEFAULT_COUNT = u(32, "default_count", "14.4", "number of attributes that a node may give")

OPERATOR = text("operator", "14.5", "name of the operator in its domain")
OPERATOR_DOMAIN = text("operator_domain", "14.5", "domain of the operator; empty for that of ONNX")
OVERLOAD = text("overload", "14.5", "which function of that name")
NODE_NAME = text("node_name", "14.5", "name of the node, or empty")
NODE_INPUT_COUNT = u(32, "node_input_count", "14.5", "number of inputs")
NODE_INPUT = text("node_input", "14.5", "name of a variable; empty for an input that is left out")
NODE_OUTPUT_COUNT = u(32, "node_output_count", "14.5", "number of outputs")
NODE_OUTPUT = text("node_output", "14.5", "name of a variable; empty for an output that is not wanted")
ATTRIBUTE_COUNT = u(32, "attribute_count", "14.5", "number of attributes")

ATTRIBUTE_NAME = text("attribute_name", "14.6", "name of the attribute")
ATTRIBUTE_TYPE = u(8, "attribute_type", "14.6", "what the attribute holds", range(len(AttributeType)))
REFERENCE = text("reference", "14.6", "attribute of the function that gives the value, or empty")
VALUE_COUNT = u(32, "value_count", "14.6", "number of values")
FLOAT = flt("float", "14.6", "a number in binary32")
INT = i(64, "int", "14.6", "an integer")

VARIABLE_NAME = text("variable_name", "14.7", "name of the variable")
TYPE_FLAG = u(8, "type_flag", "14.7", "whether a type follows", range(2))


def structure_payload(s: Syntax) -> None:
    """14.1: the model."""
    version = s.code(VERSION_MAJOR), s.code(VERSION_MINOR)
    s.require(version == VERSION, f"version {version[0]}.{version[1]} of structures is not supported", UnsupportedError)
    s.code(FORMAT_VERSION)
    s.counted(PRODUCER_NAME)
    s.counted(PRODUCER_VERSION)
    s.counted(MODEL_DOMAIN)
    s.code(MODEL_VERSION)
    about(s)
    _operator_sets(s)
    s.repeat("i < function_count", "functions", s.code(FUNCTION_COUNT), function)
    s.nest("graph", graph, 0, 1)


def _operator_sets(s: Syntax) -> None:
    s.repeat("i < operator_set_count", "operator_sets", s.code(OPERATOR_SET_COUNT), _operator_set)


def _operator_set(s: Syntax, index: int) -> None:
    s.counted(SET_DOMAIN)
    s.code(SET_VERSION)


def graph(s: Syntax, index: int, depth: int) -> None:
    """14.3."""
    s.counted(GRAPH_NAME)
    about(s)
    s.repeat("i < input_count", "inputs", s.code(INPUT_COUNT), variable, depth)
    s.repeat("i < output_count", "outputs", s.code(OUTPUT_COUNT), variable, depth)
    _variables(s, depth)
    s.repeat("i < parameter_count", "parameters", s.code(PARAMETER_COUNT), tensor)
    s.repeat("i < sparse_parameter_count", "sparse_parameters", s.code(SPARSE_PARAMETER_COUNT), sparse_tensor)
    s.repeat("i < annotation_count", "annotations", s.code(ANNOTATION_COUNT), _annotation)
    _nodes(s, depth)


def _variables(s: Syntax, depth: int) -> None:
    s.repeat("i < variable_count", "variables", s.code(VARIABLE_COUNT), variable, depth)


def _nodes(s: Syntax, depth: int) -> None:
    s.repeat("i < node_count", "nodes", s.code(NODE_COUNT), operator_node, depth)


def _annotation(s: Syntax, index: int) -> None:
    s.counted(ANNOTATED)
    parts: set[str] = set()
    s.repeat("i < part_count", "parts", s.code(PART_COUNT), _part, parts)


def _part(s: Syntax, index: int, parts: set[str]) -> None:
    part = s.counted(PART)
    s.require(part not in parts, f"part {part!r} for the second time")
    parts.add(part)
    s.counted(PART_TENSOR)


def function(s: Syntax, index: int) -> None:
    """14.4."""
    s.counted(FUNCTION_NAME)
    s.counted(OPERATOR_DOMAIN)
    s.counted(OVERLOAD)
    about(s)
    _names(s, FUNCTION_INPUT_COUNT, FUNCTION_INPUT)
    _names(s, FUNCTION_OUTPUT_COUNT, FUNCTION_OUTPUT)
    _names(s, NEEDED_COUNT, NEEDED)
    s.repeat("i < default_count", "defaults", s.code(DEFAULT_COUNT), attribute, 1)
    _operator_sets(s)
    _variables(s, 1)
    _nodes(s, 1)


def _names(s: Syntax, count: Element[int], name: Counted[str]) -> None:
    wording = f"i < {count.name}"
    s.parts(wording, name, s.array(wording, name.size, s.code(count)))


def operator_node(s: Syntax, index: int, depth: int) -> None:
    """14.5."""
    s.counted(OPERATOR)
    s.counted(OPERATOR_DOMAIN)
    s.counted(OVERLOAD)
    s.counted(NODE_NAME)
    about(s)
    _names(s, NODE_INPUT_COUNT, NODE_INPUT)
    _names(s, NODE_OUTPUT_COUNT, NODE_OUTPUT)
    s.repeat("i < attribute_count", "attributes", s.code(ATTRIBUTE_COUNT), attribute, depth)


def attribute(s: Syntax, index: int, depth: int) -> None:
    """14.6."""
    s.counted(ATTRIBUTE_NAME)
    kind = s.decisive(ATTRIBUTE_TYPE)
    s.counted(DOCUMENTATION)
    reference = s.counted(REFERENCE)
    if s.when("reference_size = 0 and attribute_type > 0", not reference and kind > 0):
        plural = s.when("attribute_type is that of a list", kind in PLURAL)
        _values(s, PLURAL.get(kind) or kind, s.code(VALUE_COUNT) if plural else s.infer(VALUE_COUNT, 1), depth)


def _values(s: Syntax, kind: int, count: int, depth: int) -> None:
    """Values of a kind, which is that of a single one."""
    if s.when("attribute_type is FLOAT or FLOATS", kind == AttributeType.FLOAT):
        s.array("i < value_count", FLOAT, count)
    elif s.when("attribute_type is INT or INTS", kind == AttributeType.INT):
        s.array("i < value_count", INT, count)
    elif s.when("attribute_type is STRING or STRINGS", kind == AttributeType.STRING):
        s.parts("i < value_count", STRING, s.array("i < value_count", STRING.size, count))
    elif s.when("attribute_type is TENSOR or TENSORS", kind == AttributeType.TENSOR):
        s.repeat("i < value_count", "constants", count, tensor)
    elif s.when("attribute_type is SPARSE_TENSOR or SPARSE_TENSORS", kind == AttributeType.SPARSE_TENSOR):
        s.repeat("i < value_count", "sparse_constants", count, sparse_tensor)
    elif s.when("attribute_type is GRAPH or GRAPHS", kind == AttributeType.GRAPH):
        nested(s, depth)
        s.repeat("i < value_count", "graphs", count, graph, depth + 1)
    else:
        nested(s, depth)
        s.repeat("i < value_count", "types", count, value_type, depth + 1)


def variable(s: Syntax, index: int, depth: int) -> None:
    """14.7."""
    s.counted(VARIABLE_NAME)
    about(s)
    if s.when("type_flag", s.code(TYPE_FLAG)):
        nested(s, depth)
        s.nest("value_type", value_type, 0, depth + 1)
