"""Rules of names: every variable is defined once, before it is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from aimcodec.model.structures import Function, Graph, ModelStructure, OperatorNode
from aimcodec.model.text.cursor import MAX_NESTING
from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.parts import graphs_of

__all__ = ["check_names"]


class Scope:
    """Names of a graph or function, and those of the graphs around it.

    Attributes:
        around: scope of the graph around it, or None.
        later: names that nodes of it define somewhere.
        defined: names defined so far.
    """

    def __init__(self, around: Scope | None, nodes: Iterable[OperatorNode]) -> None:
        self.around = around
        self.depth: int = around.depth + 1 if around else 1
        self.later = {name for node in nodes for name in node.outputs}
        self.defined: set[str] = set()
        self.node_names: set[str] = set()

    def knows(self, name: str) -> bool:
        """Whether a name is defined here or around."""
        scope: Scope | None = self
        while scope is not None and name not in scope.defined:
            scope = scope.around
        return scope is not None


def check_names(structure: ModelStructure, findings: Findings) -> None:
    """Checks all graphs and functions."""
    _check_graph(structure.graph, "graph", None, findings)
    for number, function in enumerate(structure.functions):
        _check_function(function, f"functions[{number}]", findings)


def _check_function(function: Function, path: str, findings: Findings) -> None:
    scope = Scope(None, function.nodes)
    for place, name in enumerate(function.inputs):
        _define(name, f"{path}.inputs[{place}]", scope, findings)
    given = [*function.attributes, *(attribute.name for attribute in function.defaults)]
    for name in (name for name, count in Counter(given).items() if count > 1):
        findings.add("attribute.duplicate", path, f"attribute {shown(name)} more than once")
    _check_nodes(function.nodes, path, scope, findings)
    for place, name in enumerate(function.outputs):
        _use(name, f"{path}.outputs[{place}]", scope, findings)


def _check_graph(graph: Graph, path: str, around: Scope | None, findings: Findings) -> None:
    scope = Scope(around, graph.nodes)
    if scope.depth > MAX_NESTING:
        return
    for place, variable in enumerate(graph.inputs):
        _define(variable.name, f"{path}.inputs[{place}]", scope, findings)
    inputs = set(scope.defined)
    constants = [(f"parameters[{place}]", tensor.name) for place, tensor in enumerate(graph.parameters)]
    constants += [(f"sparse_parameters[{place}]", s.values.name) for place, s in enumerate(graph.sparse_parameters)]
    for where, name in constants:
        if name in inputs:
            inputs.discard(name)  # an input with a value for when none is given
        elif name:
            _define(name, f"{path}.{where}", scope, findings)
        else:
            findings.add("field.missing", f"{path}.{where}", "no name")
    _check_nodes(graph.nodes, path, scope, findings)
    for place, variable in enumerate(graph.outputs):
        _use(variable.name, f"{path}.outputs[{place}]", scope, findings)
    for place, annotation in enumerate(graph.quantization):
        for name in (annotation.variable, *annotation.tensors.values()):
            if not scope.knows(name):
                findings.add("quantization.variable", f"{path}.quantization[{place}]", f"there is no {shown(name)}")


def _check_nodes(nodes: list[OperatorNode], path: str, scope: Scope, findings: Findings) -> None:
    for number, node in enumerate(nodes):
        where = f"{path}.nodes[{number}]"
        if node.name and node.name in scope.node_names:
            findings.add("node.name", where, f"another node is named {shown(node.name)}")
        scope.node_names.add(node.name)
        for place, name in enumerate(node.inputs):
            if name:
                _use(name, f"{where}.inputs[{place}]", scope, findings)
        for place, attribute in enumerate(node.attributes):
            for inner, graph in graphs_of(attribute, f"{where}.attributes[{place}]"):
                _check_graph(graph, inner, scope, findings)
        for place, name in enumerate(node.outputs):
            if name:
                _define(name, f"{where}.outputs[{place}]", scope, findings)


def _define(name: str, path: str, scope: Scope, findings: Findings) -> None:
    if name in scope.defined:
        findings.add("name.duplicate", path, f"{shown(name)} is defined before")
    elif scope.around is not None and scope.around.knows(name):
        findings.add("name.shadowed", path, f"{shown(name)} is defined in a graph around this one")
    scope.defined.add(name)


def _use(name: str, path: str, scope: Scope, findings: Findings) -> None:
    if scope.knows(name):
        return
    if name in scope.later:
        findings.add("name.order", path, f"{shown(name)} is defined by this node or a later one")
    else:
        findings.add("name.undefined", path, f"{shown(name)} is not defined")
