"""Graphs, functions and models as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from aimcodec.errors import ArgumentError, LimitExceededError
from aimcodec.model.structures import (
    Attribute,
    AttributeKind,
    Function,
    Graph,
    ModelStructure,
    OperatorNode,
    OperatorSet,
    SparseTensor,
    Tensor,
    VariableNode,
)
from aimcodec.model.text.cursor import MAX_NESTING
from aimcodec.model.text.literals import float_text, is_word, name_text, quoted, string_text
from aimcodec.model.text.print_types import (
    clauses_text,
    metadata_text,
    sparse_text,
    tensor_text,
    type_text,
    variable_text,
)

__all__ = ["Printer"]

VERSION = 1
PLURALS = {
    AttributeKind.FLOATS: AttributeKind.FLOAT,
    AttributeKind.INTS: AttributeKind.INT,
    AttributeKind.STRINGS: AttributeKind.STRING,
    AttributeKind.TENSORS: AttributeKind.TENSOR,
    AttributeKind.GRAPHS: AttributeKind.GRAPH,
    AttributeKind.SPARSE_TENSORS: AttributeKind.SPARSE_TENSOR,
    AttributeKind.TYPES: AttributeKind.TYPE,
}


class Printer:
    """Collects the text of structures; lines inside a block are indented."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._depth = 0

    @property
    def text(self) -> str:
        """What was written."""
        return "".join(self._pieces)

    def model(self, structure: ModelStructure) -> None:
        """Writes a model."""
        self._line(f"aim structure {VERSION}")
        if structure.documentation or structure.metadata:
            self._line("model" + clauses_text(structure.documentation, structure.metadata))
        if structure.format_version:
            self._line(f"format {structure.format_version}")
        if structure.producer_name or structure.producer_version:
            self._line(f"producer {quoted(structure.producer_name)} {quoted(structure.producer_version)}")
        if structure.domain:
            self._line(f"domain {quoted(structure.domain)}")
        if structure.model_version:
            self._line(f"version {structure.model_version}")
        for person in structure.contributors:
            fields = (person.name, person.role, person.organization, person.contact)
            self._line("contributor " + " ".join(map(quoted, fields)))
        self._operator_sets(structure.operator_sets)
        for function in structure.functions:
            self.function(function)
        self.graph(structure.graph)
        self._pieces.append("\n")

    def function(self, function: Function) -> None:
        """Writes an operator that is defined by others."""
        head = f"function {_operator_text(function.domain, function.name, function.overload)}"
        head += f"({_names(function.inputs)}) -> ({_names(function.outputs)})"
        if function.attributes:
            head += f" attributes ({_names(function.attributes)})"
        self._line(head + clauses_text(function.documentation, function.metadata))
        with self._block():
            self._operator_sets(function.operator_sets)
            for attribute in function.defaults:
                self._line("default ")
                self._attribute(attribute)
            self._variables("variable", function.variables)
            self._nodes(function.nodes)

    def graph(self, graph: Graph) -> None:
        """Writes a graph on a line of its own."""
        self._line("")
        self._graph(graph)

    def _graph(self, graph: Graph) -> None:
        if self._depth >= 2 * MAX_NESTING:  # a node and its graph are two blocks
            raise LimitExceededError(f"more than {MAX_NESTING} graphs in each other")
        self._pieces.append(f"graph {name_text(graph.name)}{clauses_text(graph.documentation, graph.metadata)}")
        with self._block():
            self._variables("input", graph.inputs)
            self._variables("output", graph.outputs)
            for tensor in graph.parameters:
                self._line(f"parameter {tensor_text(tensor)}")
            for sparse in graph.sparse_parameters:
                self._line(f"sparse_parameter {sparse_text(sparse)}")
            for annotation in graph.quantization:
                self._line(f"quantization {name_text(annotation.variable)} {metadata_text(annotation.tensors)}")
            self._variables("variable", graph.variables)
            self._nodes(graph.nodes)

    def _operator_sets(self, sets: Sequence[OperatorSet]) -> None:
        for operator_set in sets:
            self._line(f"operators {quoted(operator_set.domain)} {operator_set.version}")

    def _variables(self, word: str, variables: Sequence[VariableNode]) -> None:
        for variable in variables:
            self._line(f"{word} {variable_text(variable)}")

    def _nodes(self, nodes: Sequence[OperatorNode]) -> None:
        for node in nodes:
            self._node(node)

    def _node(self, node: OperatorNode) -> None:
        outputs = f"{_names(node.outputs)} = " if node.outputs else ""
        self._line(f"{outputs}{_operator_text(node.domain, node.operator, node.overload)}({_names(node.inputs)})")
        if node.attributes:
            self._pieces.append(" {")
            self._depth += 1
            for place, attribute in enumerate(node.attributes):
                self._pieces.append(", " if place else "")
                self._attribute(attribute)
            self._depth -= 1
            self._pieces.append("}")
        named = f" named {name_text(node.name)}" if node.name else ""
        self._pieces.append(named + clauses_text(node.documentation, node.metadata))

    def _attribute(self, attribute: Attribute) -> None:
        self._pieces.append(f"{name_text(attribute.name)}{clauses_text(attribute.documentation, {})} = ")
        if attribute.reference:
            if attribute.value is not None:
                raise ArgumentError(f"attribute {attribute.name!a} has a value and a reference")
            self._pieces.append(f"reference {attribute.kind.name} {name_text(attribute.reference)}")
        elif attribute.kind in PLURALS:
            self._list(attribute)
        else:
            self._value(attribute.kind, attribute.value, attribute.name)

    def _list(self, attribute: Attribute) -> None:
        if not isinstance(attribute.value, list):
            raise ArgumentError(f"attribute {attribute.name!a} has no list of values")
        if not attribute.value:
            self._pieces.append(f"{attribute.kind.name} []")
            return
        for place, value in enumerate(attribute.value):
            self._pieces.append(", " if place else "[")
            self._value(PLURALS[attribute.kind], value, attribute.name)
        self._pieces.append("]")

    def _value(self, kind: AttributeKind, value: Any, name: str) -> None:
        if kind is AttributeKind.GRAPH and isinstance(value, Graph):
            self._graph(value)
        else:
            self._pieces.append(_value_text(kind, value, name))

    def _line(self, text: str) -> None:
        if self._pieces:
            self._pieces.append("\n" + "  " * self._depth)
        self._pieces.append(text)

    @contextmanager
    def _block(self) -> Iterator[None]:
        self._pieces.append(" {")
        self._depth += 1
        yield
        self._depth -= 1
        self._line("}")


def _value_text(kind: AttributeKind, value: Any, name: str) -> str:
    match kind, value:
        case AttributeKind.UNDEFINED, None:
            return "undefined"
        case AttributeKind.FLOAT, float() | int():
            return float_text(float(value))
        case AttributeKind.INT, int():
            return str(value)
        case AttributeKind.STRING, bytes():
            return string_text(value)
        case AttributeKind.TENSOR, Tensor():
            return f"tensor {tensor_text(value)}"
        case AttributeKind.SPARSE_TENSOR, SparseTensor():
            return f"sparse {sparse_text(value)}"
        case AttributeKind.TYPE, _ if value is not None:
            return f"type {type_text(value)}"
    raise ArgumentError(f"attribute {name!a} of kind {kind.name} has no value of that kind")


def _operator_text(domain: str, operator: str, overload: str) -> str:
    """An operator in its domain: bare where a reader can tell the two apart."""
    is_bare = is_word(operator) and "." not in operator and (not domain or is_word(domain))
    text = f"{quoted(domain)}.{quoted(operator)}"
    if is_bare:
        text = f"{domain}.{operator}" if domain else operator
    return f"{text}:{name_text(overload)}" if overload else text


def _names(names: Sequence[str]) -> str:
    return ", ".join(map(name_text, names))
