"""Graphs and functions from text."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from aimcodec.model.structures import (
    Attribute,
    AttributeKind,
    Function,
    Graph,
    OperatorNode,
    OperatorSet,
    QuantizationAnnotation,
)
from aimcodec.model.text.cursor import Cursor
from aimcodec.model.text.literals import float_of
from aimcodec.model.text.print_graph import PLURALS
from aimcodec.model.text.read_types import (
    read_clauses,
    read_metadata,
    read_names,
    read_sparse,
    read_tensor,
    read_type,
    read_variable,
)

__all__ = ["read_function", "read_graph", "read_operator_set"]

_LISTS = {single: plural for plural, single in PLURALS.items()}
_WORDS = {
    "tensor": (AttributeKind.TENSOR, read_tensor),
    "sparse": (AttributeKind.SPARSE_TENSOR, read_sparse),
    "type": (AttributeKind.TYPE, read_type),
}


def read_graph(cursor: Cursor) -> Graph:
    """A graph, from the word "graph" on."""
    cursor.expect("graph")
    cursor.enter()
    graph = Graph(cursor.name(), **read_clauses(cursor))
    statements: dict[str, Callable[[], None]] = {
        "input": lambda: graph.inputs.append(read_variable(cursor)),
        "output": lambda: graph.outputs.append(read_variable(cursor)),
        "variable": lambda: graph.variables.append(read_variable(cursor)),
        "parameter": lambda: graph.parameters.append(read_tensor(cursor)),
        "sparse_parameter": lambda: graph.sparse_parameters.append(read_sparse(cursor)),
        "quantization": lambda: graph.quantization.append(QuantizationAnnotation(cursor.name(), read_metadata(cursor))),
    }
    _read_body(cursor, statements, graph.nodes)
    cursor.leave()
    return graph


def read_function(cursor: Cursor) -> Function:
    """A function, from the word "function" on."""
    cursor.expect("function")
    domain, name, overload = _read_operator(cursor)
    function = Function(name, domain, overload)
    cursor.expect("(")
    function.inputs = read_names(cursor, ")")
    cursor.expect("->")
    cursor.expect("(")
    function.outputs = read_names(cursor, ")")
    if cursor.accept("attributes"):
        cursor.expect("(")
        function.attributes = read_names(cursor, ")")
    clauses = read_clauses(cursor)
    function.documentation, function.metadata = clauses["documentation"], clauses["metadata"]
    statements: dict[str, Callable[[], None]] = {
        "operators": lambda: function.operator_sets.append(read_operator_set(cursor)),
        "default": lambda: function.defaults.append(_read_attribute(cursor)),
        "variable": lambda: function.variables.append(read_variable(cursor)),
    }
    _read_body(cursor, statements, function.nodes)
    return function


def read_operator_set(cursor: Cursor) -> OperatorSet:
    """A domain and its version."""
    return OperatorSet(cursor.string(), cursor.integer())


def _read_body(cursor: Cursor, statements: dict[str, Callable[[], None]], nodes: list[OperatorNode]) -> None:
    """Statements and nodes in braces. A word of ours with a name after it begins a statement; names are no words."""
    cursor.expect("{")
    while not cursor.accept("}"):
        begins = cursor.ahead.kind == "word" and cursor.second.kind in {"word", "string"}
        statement = statements.get(cursor.ahead.text) if begins else None
        if statement is None:
            nodes.append(_read_node(cursor))
        else:
            cursor.take()
            statement()


def _read_node(cursor: Cursor) -> OperatorNode:
    outputs: list[str] = []
    if cursor.second.text in {",", "="}:
        outputs.append(cursor.name())
        while cursor.accept(","):
            outputs.append(cursor.name())
        cursor.expect("=")
    domain, operator, overload = _read_operator(cursor)
    cursor.expect("(")
    node = OperatorNode(operator, read_names(cursor, ")"), outputs, domain=domain, overload=overload)
    if cursor.accept("{"):
        while not cursor.accept("}"):
            if node.attributes:
                cursor.expect(",")
            node.attributes.append(_read_attribute(cursor))
    if cursor.is_clause("named"):
        cursor.take()
        node.name = cursor.name()
    clauses = read_clauses(cursor)
    node.documentation, node.metadata = clauses["documentation"], clauses["metadata"]
    return node


def _read_operator(cursor: Cursor) -> tuple[str, str, str]:
    """Domain, name, overload."""
    if cursor.ahead.kind == "word":
        domain, _, name = cursor.take().text.rpartition(".")
    else:
        domain = cursor.string()
        cursor.expect(".")
        name = cursor.string()
    return domain, name, cursor.name() if cursor.accept(":") else ""


def _read_attribute(cursor: Cursor) -> Attribute:
    name = cursor.name()
    documentation = ""
    if cursor.is_clause("documentation"):
        cursor.take()
        documentation = cursor.string()
    cursor.expect("=")
    if cursor.accept("reference"):
        kind = _read_kind(cursor)
        return Attribute(name, kind, None, cursor.name(), documentation)
    kind, value = _read_value(cursor)
    return Attribute(name, kind, value, "", documentation)


def _read_kind(cursor: Cursor) -> AttributeKind:
    token = cursor.take()
    if token.text not in AttributeKind.__members__:
        cursor.fail("expected a kind of attribute", token)
    return AttributeKind[token.text]


def _read_value(cursor: Cursor) -> tuple[AttributeKind, Any]:
    if cursor.ahead.text in {kind.name for kind in PLURALS}:
        kind = _read_kind(cursor)
        cursor.expect("[")
        cursor.expect("]")
        return kind, []
    if not cursor.accept("["):
        return _read_single(cursor)
    kind, value = _read_single(cursor)
    values = [value]
    while not cursor.accept("]"):
        cursor.expect(",")
        token = cursor.ahead
        other, value = _read_single(cursor)
        if other is not kind:
            cursor.fail("values of different kinds in a list", token)
        values.append(value)
    if kind not in _LISTS:
        cursor.fail("no list of such values")
    return _LISTS[kind], values


def _read_single(cursor: Cursor) -> tuple[AttributeKind, Any]:
    token = cursor.ahead
    if token.kind in {"string", "bytes"}:
        return AttributeKind.STRING, cursor.data()
    if token.kind == "number" or token.text in {"nan", "inf"}:
        return _read_number(cursor)
    if token.text == "graph":
        return AttributeKind.GRAPH, read_graph(cursor)
    if cursor.accept("undefined"):
        return AttributeKind.UNDEFINED, None
    if token.text not in _WORDS:
        cursor.fail("expected a value")
    kind, reader = _WORDS[token.text]
    cursor.take()
    return kind, reader(cursor)


def _read_number(cursor: Cursor) -> tuple[AttributeKind, Any]:
    token = cursor.ahead
    if token.kind == "number" and token.text.lstrip("-").isdigit():
        return AttributeKind.INT, cursor.integer()
    cursor.take()
    try:
        if token.text == "nan" and cursor.accept("("):
            value = _nan(cursor.take().text)
            cursor.expect(")")
            return AttributeKind.FLOAT, value
        return AttributeKind.FLOAT, float_of(token.text)
    except (ValueError, OverflowError, struct.error):
        cursor.fail("expected a binary32 number", token)


def _nan(bits: str) -> float:
    value: float = struct.unpack("<f", struct.pack("<I", int(bits, 16)))[0]
    if not math.isnan(value):
        raise ValueError("a number")
    return value
