"""Types, sizes and constant tensors from text."""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

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
from aimcodec.model.text.cursor import Cursor
from aimcodec.model.text.values import read_values

__all__ = [
    "Clauses",
    "read_clauses",
    "read_names",
    "read_shape",
    "read_sparse",
    "read_tensor",
    "read_type",
    "read_variable",
]


class Clauses(TypedDict):
    """What many structures have at their end."""

    documentation: str
    metadata: dict[str, str]


def read_clauses(cursor: Cursor) -> Clauses:
    """Documentation and metadata, where they are."""
    documentation = ""
    if cursor.is_clause("documentation"):
        cursor.take()
        documentation = cursor.string()
    metadata: dict[str, str] = {}
    if cursor.is_clause("metadata"):
        cursor.take()
        metadata = read_metadata(cursor)
    return {"documentation": documentation, "metadata": metadata}


def read_metadata(cursor: Cursor) -> dict[str, str]:
    """Texts by key, in braces."""
    cursor.expect("{")
    found: dict[str, str] = {}
    while not cursor.accept("}"):
        if found:
            cursor.expect(",")
        token = cursor.ahead
        key = cursor.name()
        if key in found:
            cursor.fail("a key is there twice", token)
        cursor.expect("=")
        found[key] = cursor.string()
    return found


def read_names(cursor: Cursor, end: str) -> list[str]:
    """Names with commas between them, up to a mark, which is taken."""
    found: list[str] = []
    while not cursor.accept(end):
        if found:
            cursor.expect(",")
        found.append(cursor.name())
    return found


def read_variable(cursor: Cursor) -> VariableNode:
    """A variable node."""
    name = cursor.name()
    kind = read_type(cursor) if cursor.accept(":") else None
    return VariableNode(name, kind, **read_clauses(cursor))


def read_type(cursor: Cursor) -> Type:
    """A type with everything in it."""
    cursor.enter()
    is_tensor = cursor.ahead.kind == "string" or cursor.second.text != "("
    kind = TensorType(cursor.name(), _read_size(cursor)) if is_tensor else _read_other_type(cursor)
    cursor.leave()
    denotation = _read_denotation(cursor)
    return replace(kind, denotation=denotation) if denotation else kind


def _read_denotation(cursor: Cursor) -> str:
    if not cursor.is_clause("as"):
        return ""
    cursor.take()
    return cursor.string()


def _read_other_type(cursor: Cursor) -> Type:
    token = cursor.take()
    cursor.expect("(")
    kind: Type
    match token.text:
        case "sparse":
            kind = SparseTensorType(cursor.name(), _read_size(cursor))
        case "sequence":
            kind = SequenceType(read_type(cursor))
        case "optional":
            kind = OptionalType(read_type(cursor))
        case "map":
            key = cursor.name()
            cursor.expect(",")
            kind = MapType(key, read_type(cursor))
        case "opaque":
            domain = cursor.string()
            cursor.expect(",")
            kind = OpaqueType(domain, cursor.string())
        case "unknown":
            kind = UnknownType()
        case _:
            cursor.fail("expected a type", token)
    cursor.expect(")")
    return kind


def _read_size(cursor: Cursor) -> TensorSize | None:
    if not cursor.accept("["):
        return None
    found: list[Dimension] = []
    while not cursor.accept("]"):
        if found:
            cursor.expect(",")
        found.append(_read_dimension(cursor))
    return tuple(found)


def _read_dimension(cursor: Cursor) -> Dimension:
    value, symbol = None, ""
    if cursor.ahead.kind == "number":
        value = cursor.integer()
    elif not cursor.accept("?"):
        symbol = cursor.name()
    return Dimension(value, symbol, _read_denotation(cursor))


def read_shape(cursor: Cursor) -> tuple[int, ...]:
    """A shape, in brackets."""
    cursor.expect("[")
    found: list[int] = []
    while not cursor.accept("]"):
        if found:
            cursor.expect(",")
        found.append(cursor.integer())
    return tuple(found)


def read_tensor(cursor: Cursor) -> Tensor:
    """A constant tensor."""
    name = ""
    if cursor.second.text == ":":
        name = cursor.name()
        cursor.expect(":")
    tensor = Tensor(name, cursor.name(), read_shape(cursor))
    if cursor.accept("@"):
        tensor.parameter = cursor.name()
    else:
        cursor.expect("=")
        tensor.data = read_values(cursor, tensor.element_type, tensor.shape)
    clauses = read_clauses(cursor)
    tensor.documentation, tensor.metadata = clauses["documentation"], clauses["metadata"]
    return tensor


def read_sparse(cursor: Cursor) -> SparseTensor:
    """A constant sparse tensor."""
    cursor.expect("values")
    values = read_tensor(cursor)
    cursor.expect("indices")
    indices = read_tensor(cursor)
    cursor.expect("shape")
    return SparseTensor(values, indices, read_shape(cursor))
