"""Visiting everything inside a structure."""

from __future__ import annotations

from collections.abc import Iterator

from aimcodec.model.structures import Attribute, Graph, ModelStructure, OperatorNode, SparseTensor, Tensor

__all__ = ["all_graphs", "all_nodes", "all_tensors", "subgraphs"]


def subgraphs(node: OperatorNode) -> Iterator[Graph]:
    """Graphs in the attributes of a node."""
    for attribute in node.attributes:
        yield from _graphs(attribute)


def _graphs(attribute: Attribute) -> Iterator[Graph]:
    if isinstance(attribute.value, Graph):
        yield attribute.value
    elif isinstance(attribute.value, list):
        yield from (value for value in attribute.value if isinstance(value, Graph))


def all_graphs(structure: ModelStructure) -> Iterator[Graph]:
    """The main graph, then those inside nodes, of functions too; a graph before those inside it."""
    pending = [structure.graph]
    for function in structure.functions:
        pending.extend(graph for node in function.nodes for graph in subgraphs(node))
    while pending:
        graph = pending.pop(0)
        yield graph
        pending.extend(inner for node in graph.nodes for inner in subgraphs(node))


def all_nodes(structure: ModelStructure) -> Iterator[OperatorNode]:
    """The nodes of all graphs and functions."""
    for graph in all_graphs(structure):
        yield from graph.nodes
    for function in structure.functions:
        yield from function.nodes


def all_tensors(structure: ModelStructure) -> Iterator[Tensor]:
    """Constant tensors: parameters of graphs, and values of attributes."""
    for graph in all_graphs(structure):
        yield from graph.parameters
        for sparse in graph.sparse_parameters:
            yield from (sparse.values, sparse.indices)
    for node in all_nodes(structure):
        for attribute in node.attributes:
            yield from _tensors(attribute)
    for function in structure.functions:
        for attribute in function.defaults:
            yield from _tensors(attribute)


def _tensors(attribute: Attribute) -> Iterator[Tensor]:
    for value in attribute.value if isinstance(attribute.value, list) else [attribute.value]:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, SparseTensor):
            yield from (value.values, value.indices)
