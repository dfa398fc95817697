"""What a model is, apart from the values of its parameters: the structures of the representation.

They cover the eleven structures that the titles of IEEE 2941 clause 6.2 name, in terms of ONNX, to which they map one
to one (`aimcodec.model.onnx`): model structure, contributor list, computational graph, operator node, variable node,
attribute, other type, tensor type, tensor, tensor size, dimension. Parameters are named here and kept elsewhere, in a
package.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeAlias

__all__ = [
    "Attribute",
    "AttributeKind",
    "Contributor",
    "Dimension",
    "Function",
    "Graph",
    "MapType",
    "ModelStructure",
    "OpaqueType",
    "OperatorNode",
    "OperatorSet",
    "OptionalType",
    "QuantizationAnnotation",
    "SequenceType",
    "SparseTensor",
    "SparseTensorType",
    "Tensor",
    "TensorSize",
    "TensorType",
    "Type",
    "UnknownType",
    "VariableNode",
]

STRING = "STRING"
UNDEFINED = "UNDEFINED"


@dataclass(frozen=True)
class Contributor:
    """Who took part: an entry of the contributor list."""

    name: str
    role: str = ""
    organization: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension of a tensor size: a number, a symbol, or neither.

    Attributes:
        value: number of elements, or None.
        symbol: name of a number that is the same wherever the name is, or "".
        denotation: what the dimension means, for example "DATA_BATCH".
    """

    value: int | None = None
    symbol: str = ""
    denotation: str = ""


TensorSize: TypeAlias = tuple[Dimension, ...]


@dataclass(frozen=True, slots=True)
class TensorType:
    """A dense tensor.

    Attributes:
        element_type: name of a data type of the AIM text (clause 6), for example "FLOAT32"; or "STRING", "UNDEFINED".
        size: its dimensions; None where even their number is not known.
        denotation: what the values mean, for example "IMAGE".
    """

    element_type: str
    size: TensorSize | None = None
    denotation: str = ""


@dataclass(frozen=True, slots=True)
class SparseTensorType:
    """A sparse tensor; attributes as of TensorType."""

    element_type: str
    size: TensorSize | None = None
    denotation: str = ""


@dataclass(frozen=True, slots=True)
class SequenceType:
    """Any number of values of one type."""

    element: Type
    denotation: str = ""


@dataclass(frozen=True, slots=True)
class MapType:
    """Values by key; `key_type` is the name of an integer type, or "STRING"."""

    key_type: str
    value: Type
    denotation: str = ""


@dataclass(frozen=True, slots=True)
class OptionalType:
    """A value, or none."""

    element: Type
    denotation: str = ""


@dataclass(frozen=True, slots=True)
class OpaqueType:
    """A type that another system defines."""

    domain: str
    name: str
    denotation: str = ""


@dataclass(frozen=True, slots=True)
class UnknownType:
    """Nothing is known of the type."""

    denotation: str = ""


Type: TypeAlias = TensorType | SparseTensorType | SequenceType | MapType | OptionalType | OpaqueType | UnknownType
"""The "other type" of the family: any type that a variable may have."""


@dataclass(slots=True)
class Tensor:
    """A constant tensor.

    Attributes:
        name: in a graph the variable that it gives the value of; may be empty elsewhere.
        element_type: name of a data type of the AIM text (clause 6), or "STRING".
        shape: in elements.
        parameter: name of the tensor of the package that has the values; None where `data` has them.
        data: the memory of the elements (clause 6.2: least significant byte first, elements below 8 bits packed), or
            for "STRING" the elements themselves; None where `parameter` names them.
        documentation: for people.
        metadata: texts by key.
    """

    name: str
    element_type: str
    shape: tuple[int, ...]
    parameter: str | None = None
    data: bytes | tuple[bytes, ...] | None = None
    documentation: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SparseTensor:
    """A constant sparse tensor: `values` at `indices`, of rank 1 (places counted row by row) or 2; all others are 0."""

    values: Tensor
    indices: Tensor
    shape: tuple[int, ...]


@dataclass(slots=True)
class VariableNode:
    """A value of a graph: an input, an output, or one between nodes."""

    name: str
    type: Type | None = None
    documentation: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


class AttributeKind(IntEnum):
    """What an attribute holds; the numbers are those of the binary form, and of ONNX."""

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


@dataclass(slots=True)
class Attribute:
    """A constant of an operator node.

    Attributes:
        name: unique in the node.
        kind: of the value.
        value: float (a binary32 number), int (64 bits, signed), bytes, Tensor, Graph, SparseTensor or Type; a list of
            them for the kinds in the plural; None where `reference` is set, or of kind UNDEFINED.
        reference: inside a function, the attribute of the function that gives the value; or "".
        documentation: for people.
    """

    name: str
    kind: AttributeKind
    value: Any = None
    reference: str = ""
    documentation: str = ""


@dataclass(slots=True)
class OperatorNode:
    """One use of an operator.

    Attributes:
        operator: its name in the domain, for example "Conv".
        inputs: names of variables; "" for an optional one that is left out.
        outputs: names of variables; "" for one that is not wanted.
        attributes: in order.
        name: of the node; may be empty.
        domain: of the operator; "" is that of ONNX.
        overload: which function of that name, or "".
        documentation: for people.
        metadata: texts by key.
    """

    operator: str
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    name: str = ""
    domain: str = ""
    overload: str = ""
    documentation: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class QuantizationAnnotation:
    """How a variable is quantised: parts ("SCALE_TENSOR", "ZERO_POINT_TENSOR", ...) to names of tensors."""

    variable: str
    tensors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Graph:
    """A computational graph.

    Attributes:
        name: of the graph.
        nodes: operator nodes, in an order in which they can be executed.
        inputs: variables that are given.
        outputs: variables that are wanted.
        variables: what is known of other variables.
        parameters: constant tensors, by the names of the variables that they give the value of.
        sparse_parameters: the same; the name is that of `values`.
        quantization: how variables are quantised.
        documentation: for people.
        metadata: texts by key.
    """

    name: str = ""
    nodes: list[OperatorNode] = field(default_factory=list)
    inputs: list[VariableNode] = field(default_factory=list)
    outputs: list[VariableNode] = field(default_factory=list)
    variables: list[VariableNode] = field(default_factory=list)
    parameters: list[Tensor] = field(default_factory=list)
    sparse_parameters: list[SparseTensor] = field(default_factory=list)
    quantization: list[QuantizationAnnotation] = field(default_factory=list)
    documentation: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperatorSet:
    """The version of a domain of operators that a model, or a function, is written for."""

    domain: str
    version: int


@dataclass(slots=True)
class Function:
    """An operator that is defined by other operators.

    Attributes:
        name: of the operator, unique with `domain` and `overload`.
        domain: of the operator.
        overload: which function of that name, or "".
        inputs: names of variables.
        outputs: names of variables.
        attributes: names of those that a node has to give.
        defaults: attributes that a node may give, with their values.
        nodes: operator nodes, in an order in which they can be executed.
        variables: what is known of variables.
        operator_sets: what the nodes are written for.
        documentation: for people.
        metadata: texts by key.
    """

    name: str
    domain: str = ""
    overload: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    defaults: list[Attribute] = field(default_factory=list)
    nodes: list[OperatorNode] = field(default_factory=list)
    variables: list[VariableNode] = field(default_factory=list)
    operator_sets: list[OperatorSet] = field(default_factory=list)
    documentation: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ModelStructure:
    """The structure of a model.

    Attributes:
        graph: its main graph.
        operator_sets: domains of operators and their versions.
        functions: operators that the model defines itself.
        format_version: of the ONNX representation that the model is written for (`ir_version`).
        producer_name: software that made it.
        producer_version: of that software.
        domain: reverse domain name of the name space of the model.
        model_version: of the model.
        documentation: for people.
        metadata: texts by key.
        contributors: who took part. A package has them beside the structure (3.4), where they can be changed alone.
    """

    graph: Graph
    operator_sets: list[OperatorSet] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    format_version: int = 0
    producer_name: str = ""
    producer_version: str = ""
    domain: str = ""
    model_version: int = 0
    documentation: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    contributors: list[Contributor] = field(default_factory=list)
