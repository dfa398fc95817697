"""Graphs for the viewer Netron, in the JSON form that it reads (extension .netron).

It has no tensor data; what a package knows of a parameter is shown with the attributes of the nodes that use it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aimcodec.model.parameters import ParameterInfo, ParameterInfos
from aimcodec.model.schemas import formal_names, plain_domain, schema_of
from aimcodec.model.select import as_graph, named_graphs
from aimcodec.model.structures import (
    Attribute,
    AttributeKind,
    Graph,
    ModelStructure,
    OperatorNode,
    SparseTensor,
    Tensor,
    TensorType,
    Type,
)
from aimcodec.model.text.literals import string_text
from aimcodec.model.text.print_types import shape_text, type_text

__all__ = ["to_netron"]

SIGNATURE = "netron:aim"
MAX_TEXT = 1000  # characters of a value that are shown


def to_netron(structure: ModelStructure, infos: ParameterInfos | None = None) -> str:
    """A model with all its graphs and functions, one module each.

    Args:
        structure: of the model.
        infos: what is known of parameters: coding, coded size, ratio and digest become attributes of nodes.

    Returns:
        JSON in ASCII. It begins with the signature by which Netron knows it.
    """
    graphs = list(named_graphs(structure))
    versions = {plain_domain(item.domain): item.version for item in structure.operator_sets}
    model = {
        "signature": SIGNATURE,
        "format": f"AIM structure, ONNX IR v{structure.format_version}",
        "producer": _safe(f"{structure.producer_name} {structure.producer_version}".strip()),
        "version": str(structure.model_version or ""),
        "description": _safe(structure.documentation),
        "metadata": [{"name": _safe(name), "value": _safe(text)} for name, text in _metadata(structure)],
        "modules": [_Module(as_graph(graph), path, versions, infos or {}).record for path, graph in graphs],
    }
    return json.dumps(model, ensure_ascii=True, allow_nan=False)


def _metadata(structure: ModelStructure) -> Iterator[tuple[str, str]]:
    for operator_set in structure.operator_sets:
        yield f"operators of {operator_set.domain or 'ai.onnx'}", str(operator_set.version)
    if structure.domain:
        yield "domain", structure.domain
    for person in structure.contributors:
        yield "contributor", ", ".join(filter(None, (person.name, person.role, person.organization, person.contact)))
    yield from structure.metadata.items()


def _safe(text: str) -> str:
    """A text with escape sequences for what is invisible, and not longer than a viewer shows."""
    text = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class _Module:
    """A graph: its values are numbered, and nodes refer to the numbers."""

    def __init__(self, graph: Graph, path: str, versions: Mapping[str, int], infos: ParameterInfos) -> None:
        self._infos = infos
        self._versions = versions
        self._constants = {tensor.name: tensor for tensor in graph.parameters}
        self._constants.update((sparse.values.name, sparse.values) for sparse in graph.sparse_parameters)
        variables = (*graph.variables, *graph.outputs, *graph.inputs)
        self._types = {variable.name: variable.type for variable in variables if variable.type is not None}
        self._numbers: dict[str, int] = {}
        self._values: list[dict[str, Any]] = []
        self.record = {
            "name": _safe(graph.name if path == "graph" else f"{path} {graph.name}".strip()),
            "description": _safe(graph.documentation),
            "values": self._values,
            "inputs": [self._argument(v.name, v.name) for v in graph.inputs if v.name not in self._constants],
            "outputs": [self._argument(variable.name, variable.name) for variable in graph.outputs],
            "nodes": [self._node(node) for node in graph.nodes],
        }

    def _argument(self, title: str, name: str) -> dict[str, Any]:
        return {"name": _safe(title), "value": [self._number(name)]}

    def _number(self, name: str) -> int:
        """The number of a value, which is listed when it is first asked for."""
        if name not in self._numbers:
            self._numbers[name] = len(self._values)
            self._values.append(self._value(name))
        return self._numbers[name]

    def _value(self, name: str) -> dict[str, Any]:
        tensor = self._constants.get(name)
        if tensor is not None:
            kind = _type_record(tensor.element_type, list(tensor.shape))
            return {"name": _safe(name), "initializer": {"name": _safe(name), "type": kind}}
        kind_of = self._types.get(name)
        record: dict[str, Any] = {"name": _safe(name)}
        if kind_of is not None:
            record["type"] = _value_type(kind_of)
        return record

    def _node(self, node: OperatorNode) -> dict[str, Any]:
        schema = schema_of(node.operator, self._versions.get(plain_domain(node.domain), 0), node.domain)
        return {
            "name": _safe(node.name),
            "type": {"name": _safe(node.operator), "category": ""},
            "description": _safe(node.documentation),
            "inputs": self._arguments(node.inputs, schema and schema.inputs),
            "outputs": self._arguments(node.outputs, schema and schema.outputs),
            "attributes": [*map(_attribute, node.attributes), *self._coded(node)],
        }

    def _arguments(self, names: Sequence[str], formal: Sequence[Any] | None) -> list[dict[str, Any]]:
        """Variables with the names that the operator has for them."""
        titles = formal_names(formal, len(names))
        return [self._argument(title, name) for title, name in zip(titles, names, strict=True) if name]

    def _coded(self, node: OperatorNode) -> Iterator[dict[str, Any]]:
        """Attributes that say how the parameters of a node are coded."""
        if node.domain:
            yield _shown("domain", "string", node.domain)
        for name in dict.fromkeys(node.inputs):
            tensor = self._constants.get(name)
            info = None if tensor is None or tensor.parameter is None else self._infos.get(tensor.parameter)
            for title, value in () if info is None else _facts(info):
                yield _shown(f"{name} {title}", "string", value)


def _facts(info: ParameterInfo) -> Iterator[tuple[str, str]]:
    if info.coding:
        yield "coding", info.coding
    if info.nbytes is not None:
        yield "bytes", f"{info.nbytes:,}"
    if info.coded_bytes is not None:
        yield "coded bytes", f"{info.coded_bytes:,}"
    if info.ratio is not None:
        yield "ratio", f"{info.ratio:.4f}"
    if info.digest:
        yield "digest", info.digest


def _shown(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"name": _safe(name), "type": kind, "value": _safe(value) if isinstance(value, str) else value}


def _attribute(attribute: Attribute) -> dict[str, Any]:
    """Whole numbers as they are, unless JavaScript has no such numbers; the rest as texts."""
    if attribute.reference:
        return _shown(attribute.name, "string", f"attribute {attribute.reference} of the function")
    value, kind = attribute.value, attribute.kind
    if kind in {AttributeKind.INT, AttributeKind.INTS}:
        numbers = value if isinstance(value, list) else [value]
        if all(isinstance(number, int) and abs(number) < 1 << 53 for number in numbers):
            return _shown(attribute.name, "int64[]" if isinstance(value, list) else "int64", value)
    if isinstance(value, list):
        return _shown(attribute.name, "string", "[" + ", ".join(_value_text(one) for one in value[:MAX_TEXT]) + "]")
    return _shown(attribute.name, "string", _value_text(value))


def _value_text(value: Any) -> str:
    match value:
        case bytes():
            return string_text(value[:MAX_TEXT])
        case Tensor():
            return f"tensor {value.element_type}{shape_text(value.shape)}"
        case SparseTensor():
            return f"sparse tensor {value.values.element_type}{shape_text(value.shape)}"
        case Graph():
            return f"graph {value.name}"
        case None | int() | float():
            return "undefined" if value is None else str(value)
        case _:
            return type_text(value)


def _value_type(kind: Type) -> dict[str, Any]:
    if not isinstance(kind, TensorType):
        return {"dataType": _safe(type_text(kind)), "shape": {"dimensions": []}}
    size = [_safe(d.symbol) or "?" if d.value is None else d.value for d in kind.size or ()]
    record = _type_record(kind.element_type, size)
    if kind.denotation:
        record["denotation"] = _safe(kind.denotation)
    return record


def _type_record(element_type: str, dimensions: list[Any]) -> dict[str, Any]:
    return {"dataType": _safe(element_type.lower()), "shape": {"dimensions": dimensions}}
