"""Graphs of a structure by name."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from aimcodec.errors import ArgumentError
from aimcodec.model.structures import Attribute, Function, Graph, ModelStructure, OperatorNode, VariableNode

__all__ = ["as_graph", "named_graphs", "select_graph"]


def named_graphs(structure: ModelStructure) -> Iterator[tuple[str, Graph | Function]]:
    """Path and structure of the main graph, of those inside nodes, and of functions; those around come first."""
    pending: deque[tuple[str, Graph | Function]] = deque([("graph", structure.graph)])
    pending.extend((f"functions[{number}]", function) for number, function in enumerate(structure.functions))
    while pending:
        path, graph = pending.popleft()
        yield path, graph
        for number, node in enumerate(graph.nodes):
            for name, inner in inner_graphs(node):
                pending.append((f"{path}.nodes[{number}].{name}", inner))


def inner_graphs(node: OperatorNode) -> Iterator[tuple[str, Graph]]:
    """Graphs in the attributes of a node, with the names of these, and a number where there are several."""
    for attribute in node.attributes:
        yield from _graphs(attribute)


def _graphs(attribute: Attribute) -> Iterator[tuple[str, Graph]]:
    if isinstance(attribute.value, Graph):
        yield attribute.name, attribute.value
    elif isinstance(attribute.value, list):
        for place, value in enumerate(attribute.value):
            if isinstance(value, Graph):
                yield f"{attribute.name}[{place}]", value


def select_graph(structure: ModelStructure, name: str) -> Graph | Function:
    """The graph or function of a name, or at a path of `named_graphs`.

    Raises:
        ArgumentError: there is none, or there are several.
    """
    paths = dict(named_graphs(structure))
    if name in paths:
        return paths[name]
    found = [path for path, graph in paths.items() if name in _names(graph)]
    if len(found) == 1:
        return paths[found[0]]
    if not found:
        raise ArgumentError(f"there is no graph or function {name!r}")
    raise ArgumentError(f"there are {len(found)} of the name {name!r}: {', '.join(found[:5])}")


def _names(graph: Graph | Function) -> set[str]:
    return {graph.name, f"{graph.domain}.{graph.name}"} if isinstance(graph, Function) else {graph.name}


def as_graph(graph: Graph | Function) -> Graph:
    """A function as the graph that it stands for."""
    if isinstance(graph, Graph):
        return graph
    known = {variable.name: variable for variable in graph.variables}
    inputs = [known.get(name, VariableNode(name)) for name in graph.inputs]
    outputs = [known.get(name, VariableNode(name)) for name in graph.outputs]
    return Graph(graph.name, graph.nodes, inputs, outputs, graph.variables, documentation=graph.documentation)
