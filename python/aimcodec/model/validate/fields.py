"""Rules of single structures: names that are there, types that are known, data that fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from aimcodec.dtypes import check_memory, from_name, packed_bytes
from aimcodec.errors import AimcError
from aimcodec.model.structures import (
    STRING,
    UNDEFINED,
    Attribute,
    AttributeKind,
    Dimension,
    Graph,
    MapType,
    ModelStructure,
    OpaqueType,
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
from aimcodec.model.text.cursor import MAX_NESTING
from aimcodec.model.text.print_graph import PLURALS
from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.parts import Parts
from aimcodec.syntax.aim.types import DATA_TYPES

__all__ = ["check_fields"]

ELEMENT_TYPES = {row[1] for row in DATA_TYPES.values()}
UNKNOWN = -1  # what some software writes for a dimension that is not known
KEY_TYPES = {STRING, *(f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))}
VALUE_CLASSES: dict[AttributeKind, tuple[type, ...]] = {
    AttributeKind.FLOAT: (float, int),
    AttributeKind.INT: (int,),
    AttributeKind.STRING: (bytes,),
    AttributeKind.TENSOR: (Tensor,),
    AttributeKind.GRAPH: (Graph,),
    AttributeKind.SPARSE_TENSOR: (SparseTensor,),
    AttributeKind.TYPE: (
        *(TensorType, SparseTensorType, SequenceType, MapType, OptionalType, OpaqueType, UnknownType),
    ),
}


def check_fields(structure: ModelStructure, parts: Parts, findings: Findings) -> None:
    """Checks every structure by itself."""
    if structure.format_version <= 0:
        findings.add("model.format-version", "format_version", f"version {structure.format_version}")
    if not structure.graph.name:
        findings.add("graph.name", "graph", "no name")
    for number, function in enumerate(structure.functions):
        if not function.name:
            findings.add("field.missing", f"functions[{number}]", "no name")
        _check_variables(function.variables, f"functions[{number}].variables", findings)
    for part, graph in parts.graphs:
        for title, variables in (
            *(("inputs", graph.inputs), ("outputs", graph.outputs)),
            ("variables", graph.variables),
        ):
            _check_variables(variables, f"{part.path}.{title}", findings)
    _check_ends(structure.graph, findings)
    for part, node in parts.nodes:
        if not node.operator:
            findings.add("field.missing", part.path, "no operator")
    for part, attribute in parts.attributes:
        _check_attribute(attribute, part.path, findings)
    for part, tensor in parts.tensors:
        _check_tensor(tensor, part.path, findings)
    for part, sparse in parts.sparse:
        _check_sparse(sparse, part.path, findings)


def _check_ends(graph: Graph, findings: Findings) -> None:
    """Inputs and outputs of the model: those who call it have to know what to give."""
    for title, variables in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        for place, variable in enumerate(variables):
            kind = variable.type
            if kind is None or isinstance(kind, UnknownType):
                findings.add("type.missing", f"graph.{title}[{place}]", f"{shown(variable.name)} has no type")
            elif isinstance(kind, TensorType) and kind.element_type == UNDEFINED:
                findings.add("type.missing", f"graph.{title}[{place}]", f"{shown(variable.name)} has no element type")


def _check_variables(variables: Iterable[VariableNode], path: str, findings: Findings) -> None:
    for place, variable in enumerate(variables):
        if not variable.name:
            findings.add("field.missing", f"{path}[{place}]", "no name")
        if variable.type is not None:
            _check_type(variable.type, f"{path}[{place}].type", findings)


def _check_type(kind: Type, path: str, findings: Findings) -> None:
    for _ in range(MAX_NESTING):
        match kind:
            case TensorType() | SparseTensorType():
                _check_element_type(kind.element_type, path, findings, {STRING, UNDEFINED})
                _check_dimensions(kind.size or (), path, findings)
                return
            case SequenceType() | OptionalType():
                kind, path = kind.element, f"{path}.element"
            case MapType():
                if kind.key_type not in KEY_TYPES:
                    findings.add("type.key", path, f"keys of type {shown(kind.key_type)}")
                kind, path = kind.value, f"{path}.value"
            case _:
                return
    findings.add("nesting.depth", path.split(".type")[0], f"more than {MAX_NESTING} types in each other")


def _check_element_type(name: str, path: str, findings: Findings, others: set[str]) -> None:
    if name not in ELEMENT_TYPES and name not in others:
        findings.add("type.element", path, f"elements of type {shown(name)}")


def _check_dimensions(size: tuple[Dimension, ...], path: str, findings: Findings) -> None:
    for place, dimension in enumerate(size):
        if dimension.value is not None and dimension.value < 0:
            rule = "dimension.unknown" if dimension.value == UNKNOWN else "dimension.negative"
            findings.add(rule, f"{path}.size[{place}]", f"dimension {dimension.value}")
        if dimension.value is not None and dimension.symbol:
            findings.add("symbol.conflict", f"{path}.size[{place}]", f"{dimension.value} and {shown(dimension.symbol)}")


def _check_attribute(attribute: Attribute, path: str, findings: Findings) -> None:
    if not attribute.name:
        findings.add("field.missing", path, "no name")
    kind = attribute.kind
    if attribute.reference or kind is AttributeKind.UNDEFINED:
        if attribute.value is not None:
            findings.add("attribute.value", path, f"{shown(attribute.name)} has a value that it must not have")
        return
    values = attribute.value if kind in PLURALS else [attribute.value]
    classes = VALUE_CLASSES[PLURALS.get(kind, kind)]
    if not isinstance(values, list) or not all(isinstance(value, classes) for value in values):
        findings.add("attribute.value", path, f"{shown(attribute.name)} has no value of kind {kind.name}")
    elif PLURALS.get(kind, kind) is AttributeKind.TYPE:
        for place, value in enumerate(values):
            _check_type(value, f"{path}.value[{place}]" if kind in PLURALS else f"{path}.value", findings)


def _check_tensor(tensor: Tensor, path: str, findings: Findings) -> None:
    _check_element_type(tensor.element_type, path, findings, {STRING})
    wrong: Callable[[str], None] = lambda text: findings.add("tensor.data", path, text)  # noqa: E731
    if any(dimension < 0 for dimension in tensor.shape):
        findings.add("dimension.negative", f"{path}.shape", f"shape {shown(tensor.shape)}")
    elif (tensor.parameter is None) == (tensor.data is None):
        wrong("both data and a parameter, or neither")
    elif isinstance(tensor.data, tuple) or tensor.element_type == STRING:
        _check_strings(tensor, wrong)
    elif tensor.data is not None and tensor.element_type in ELEMENT_TYPES:
        dtype, count = from_name(tensor.element_type), math.prod(tensor.shape)
        if packed_bytes(dtype, count) != len(tensor.data):
            wrong(f"{len(tensor.data)} bytes for shape {shown(tensor.shape)} of {dtype}")
            return
        try:
            check_memory(np.frombuffer(tensor.data, np.uint8), dtype, count)
        except AimcError as error:
            wrong(error.message)


def _check_strings(tensor: Tensor, wrong: Callable[[str], None]) -> None:
    if tensor.element_type != STRING or not isinstance(tensor.data, tuple):
        wrong(f"data or a parameter that is not of type {shown(tensor.element_type)}")
    elif len(tensor.data) != math.prod(tensor.shape):
        wrong(f"{len(tensor.data)} strings for shape {shown(tensor.shape)}")


def _check_sparse(sparse: SparseTensor, path: str, findings: Findings) -> None:
    values, indices = sparse.values.shape, sparse.indices.shape
    good = len(values) == 1 and sparse.indices.element_type == "INT64" and min(sparse.shape, default=0) >= 0
    if not good or indices not in {values, (*values, len(sparse.shape))}:
        text = f"values {shown(values)} at indices {shown(indices)} of a tensor {shown(sparse.shape)}"
        findings.add("tensor.sparse", path, text)
