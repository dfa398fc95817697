"""Everything inside a structure, with its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from aimcodec.model.structures import Attribute, Function, Graph, ModelStructure, OperatorNode, SparseTensor, Tensor
from aimcodec.model.text.cursor import MAX_NESTING
from aimcodec.model.validate.finding import Findings

__all__ = ["Part", "Parts", "graphs_of", "take_apart"]


@dataclass(frozen=True)
class Part:
    """A graph, node or constant in its place.

    Attributes:
        path: where it is.
        owner: the function that it is in, or None.
        depth: graphs around it.
    """

    path: str
    owner: Function | None
    depth: int


@dataclass
class Parts:
    """All graphs, nodes, attributes and constants."""

    graphs: list[tuple[Part, Graph]] = field(default_factory=list)
    nodes: list[tuple[Part, OperatorNode]] = field(default_factory=list)
    attributes: list[tuple[Part, Attribute]] = field(default_factory=list)
    tensors: list[tuple[Part, Tensor]] = field(default_factory=list)
    sparse: list[tuple[Part, SparseTensor]] = field(default_factory=list)


def graphs_of(attribute: Attribute, path: str) -> Iterator[tuple[str, Graph]]:
    """The graphs in an attribute at a path, with their paths."""
    if isinstance(attribute.value, Graph):
        yield f"{path}.value", attribute.value
    elif isinstance(attribute.value, list):
        for place, value in enumerate(attribute.value):
            if isinstance(value, Graph):
                yield f"{path}.value[{place}]", value


def take_apart(structure: ModelStructure, findings: Findings) -> Parts:
    """Finds all parts; what is too deep is left out, and told."""
    parts = Parts()
    for number, function in enumerate(structure.functions):
        path = f"functions[{number}]"
        _take_nodes(parts, function.nodes, Part(path, function, 0))
        for place, attribute in enumerate(function.defaults):
            _take_attribute(parts, attribute, Part(f"{path}.defaults[{place}]", function, 0))
    pending: list[tuple[Part, Graph]] = [(Part("graph", None, 1), structure.graph)]
    taken = 0
    while pending or taken < len(parts.attributes):
        while pending:
            _take_graph(parts, *pending.pop(), findings)
        while taken < len(parts.attributes):
            part, attribute = parts.attributes[taken]
            taken += 1
            for path, graph in graphs_of(attribute, part.path):
                pending.append((Part(path, part.owner, part.depth + 1), graph))
    return parts


def _take_graph(parts: Parts, part: Part, graph: Graph, findings: Findings) -> None:
    if part.depth > MAX_NESTING:
        findings.add("nesting.depth", part.path, f"more than {MAX_NESTING} graphs in each other")
        return
    parts.graphs.append((part, graph))
    for place, tensor in enumerate(graph.parameters):
        parts.tensors.append((Part(f"{part.path}.parameters[{place}]", part.owner, part.depth), tensor))
    for place, sparse in enumerate(graph.sparse_parameters):
        _take_sparse(parts, sparse, Part(f"{part.path}.sparse_parameters[{place}]", part.owner, part.depth))
    _take_nodes(parts, graph.nodes, part)


def _take_nodes(parts: Parts, nodes: list[OperatorNode], around: Part) -> None:
    for number, node in enumerate(nodes):
        path = f"{around.path}.nodes[{number}]"
        parts.nodes.append((Part(path, around.owner, around.depth), node))
        for place, attribute in enumerate(node.attributes):
            _take_attribute(parts, attribute, Part(f"{path}.attributes[{place}]", around.owner, around.depth))


def _take_attribute(parts: Parts, attribute: Attribute, part: Part) -> None:
    parts.attributes.append((part, attribute))
    values = attribute.value if isinstance(attribute.value, list) else [attribute.value]
    for place, value in enumerate(values):
        path = f"{part.path}.value[{place}]" if isinstance(attribute.value, list) else f"{part.path}.value"
        if isinstance(value, Tensor):
            parts.tensors.append((Part(path, part.owner, part.depth), value))
        elif isinstance(value, SparseTensor):
            _take_sparse(parts, value, Part(path, part.owner, part.depth))


def _take_sparse(parts: Parts, sparse: SparseTensor, part: Part) -> None:
    parts.sparse.append((part, sparse))
    parts.tensors.append((Part(f"{part.path}.values", part.owner, part.depth), sparse.values))
    parts.tensors.append((Part(f"{part.path}.indices", part.owner, part.depth), sparse.indices))
