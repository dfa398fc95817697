"""Types, sizes and constant tensors as text."""

from __future__ import annotations

from collections.abc import Mapping

from aimcodec.errors import ArgumentError, LimitExceededError
from aimcodec.model.structures import (
    Dimension,
    MapType,
    OpaqueType,
    OptionalType,
    SequenceType,
    SparseTensor,
    SparseTensorType,
    Tensor,
    TensorSize,
    TensorType,
    Type,
    UnknownType,
    VariableNode,
)
from aimcodec.model.text.cursor import MAX_NESTING
from aimcodec.model.text.literals import name_text, quoted
from aimcodec.model.text.values import values_text

__all__ = ["clauses_text", "metadata_text", "shape_text", "sparse_text", "tensor_text", "type_text", "variable_text"]


def type_text(value: Type, depth: int = 0) -> str:
    """A type with everything in it.

    Raises:
        LimitExceededError: types in types, deeper than `MAX_NESTING`.
        ArgumentError: a dimension that is a number and a symbol.
    """
    if depth >= MAX_NESTING:
        raise LimitExceededError(f"more than {MAX_NESTING} types in each other")
    denotation = f" as {quoted(value.denotation)}" if value.denotation else ""
    return _bare_type(value, depth) + denotation


def _bare_type(value: Type, depth: int) -> str:
    match value:
        case TensorType():
            return name_text(value.element_type) + _size_text(value.size)
        case SparseTensorType():
            return f"sparse({name_text(value.element_type)}{_size_text(value.size)})"
        case SequenceType():
            return f"sequence({type_text(value.element, depth + 1)})"
        case OptionalType():
            return f"optional({type_text(value.element, depth + 1)})"
        case MapType():
            return f"map({name_text(value.key_type)}, {type_text(value.value, depth + 1)})"
        case OpaqueType():
            return f"opaque({quoted(value.domain)}, {quoted(value.name)})"
        case UnknownType():
            return "unknown()"


def _size_text(size: TensorSize | None) -> str:
    return "" if size is None else "[" + ", ".join(map(_dimension_text, size)) + "]"


def _dimension_text(dimension: Dimension) -> str:
    if dimension.value is not None and dimension.symbol:
        raise ArgumentError(f"a dimension is {dimension.value} and {dimension.symbol!a}")
    number = "?" if dimension.value is None else str(dimension.value)
    text = name_text(dimension.symbol) if dimension.symbol else number
    return f"{text} as {quoted(dimension.denotation)}" if dimension.denotation else text


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape, in brackets."""
    return "[" + ", ".join(map(str, shape)) + "]"


def metadata_text(metadata: Mapping[str, str]) -> str:
    """Texts by key, in braces."""
    return "{" + ", ".join(f"{name_text(key)} = {quoted(value)}" for key, value in metadata.items()) + "}"


def clauses_text(documentation: str, metadata: Mapping[str, str]) -> str:
    """What many structures have at their end; empty where they have none."""
    text = f" documentation {quoted(documentation)}" if documentation else ""
    return f"{text} metadata {metadata_text(metadata)}" if metadata else text


def variable_text(variable: VariableNode) -> str:
    """A variable node."""
    kind = "" if variable.type is None else f": {type_text(variable.type)}"
    return name_text(variable.name) + kind + clauses_text(variable.documentation, variable.metadata)


def tensor_text(tensor: Tensor) -> str:
    """A constant tensor.

    Raises:
        ArgumentError: it has both data and a place for them, or neither.
    """
    if (tensor.parameter is None) == (tensor.data is None):
        raise ArgumentError(f"tensor {tensor.name!a} has both data and a parameter, or neither")
    name = f"{name_text(tensor.name)}: " if tensor.name else ""
    values = f"= {values_text(tensor)}" if tensor.parameter is None else f"@ {name_text(tensor.parameter)}"
    kind = name_text(tensor.element_type) + shape_text(tensor.shape)
    return f"{name}{kind} {values}{clauses_text(tensor.documentation, tensor.metadata)}"


def sparse_text(sparse: SparseTensor) -> str:
    """A constant sparse tensor."""
    return f"values {tensor_text(sparse.values)} indices {tensor_text(sparse.indices)} shape {shape_text(sparse.shape)}"
