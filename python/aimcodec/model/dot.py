"""Graphs for Graphviz, in its language DOT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aimcodec.errors import LimitExceededError
from aimcodec.model.parameters import ParameterInfos
from aimcodec.model.select import inner_graphs
from aimcodec.model.structures import Graph, OperatorNode, Tensor
from aimcodec.model.text.cursor import MAX_NESTING
from aimcodec.model.text.literals import name_text
from aimcodec.model.text.print_types import shape_text, type_text

__all__ = ["to_dot"]

MAX_SHOWN = 80
_ESCAPES = {'"': '\\"', "\\": "\\\\", "&": "&amp;", "<": "&lt;", ">": "&gt;"}


def to_dot(graph: Graph, infos: ParameterInfos | None = None) -> str:
    """A graph with all graphs in it: nodes, inputs and outputs as nodes, variables as edges, parameters in the label of
    the node that uses them.

    Args:
        graph: of which nodes may refer to variables that are nowhere: those get no edge.
        infos: what is known of parameters: their coded sizes are shown.

    Returns:
        Text of the language; names are in labels only, where nothing of them is markup.
    """
    return "\n".join(_Dot(infos or {}).graph(graph)) + "\n"


def label(*lines: str) -> str:
    """Lines as a quoted label in which no character is invisible or has a meaning."""
    return '"' + "\\n".join(map(_line, lines)) + '"'


def _line(text: str) -> str:
    text = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
    return "".join(_ESCAPES.get(c) or (c if c.isprintable() else f"\\\\u{{{ord(c):x}}}") for c in text)


class _Dot:
    """Numbers nodes, so that no name of a file is an identifier."""

    def __init__(self, infos: ParameterInfos) -> None:
        self._infos = infos
        self._count = 0

    def graph(self, graph: Graph) -> Iterator[str]:
        """Lines of the whole file."""
        yield f"digraph {label(graph.name)} {{"
        yield '  node [shape=box, fontname="sans-serif"];'
        yield '  edge [fontname="sans-serif", fontsize=10];'
        yield from self._body(graph, {}, {}, "  ")
        yield "}"

    def _body(
        self, graph: Graph, around: Mapping[str, str], constants: Mapping[str, Tensor], indent: str
    ) -> Iterator[str]:
        """Nodes and edges. `around` has the identifiers of nodes that make the variables of graphs around this one."""
        makers = dict(around)
        constants = {**constants, **{tensor.name: tensor for tensor in graph.parameters}}
        types = {v.name: type_text(v.type) for v in (*graph.variables, *graph.inputs, *graph.outputs) if v.type}
        for variable in graph.inputs:
            if variable.name not in constants:
                makers[variable.name] = self._new()
                lines = [name_text(variable.name), types.get(variable.name, "")]
                yield f"{indent}{makers[variable.name]} [shape=ellipse, label={label(*filter(None, lines))}];"
        identifiers = [self._new() for _ in graph.nodes]
        for identifier, node in zip(identifiers, graph.nodes, strict=True):
            yield f"{indent}{identifier} [label={self._node_label(node, constants)}];"
            makers.update(dict.fromkeys(node.outputs, identifier))
        for identifier, node in zip(identifiers, graph.nodes, strict=True):
            for name in node.inputs:
                yield from _edge(name, identifier, makers, types, indent)
            for title, inner in inner_graphs(node):
                yield from self._cluster(title, inner, identifier, makers, constants, indent)
        for variable in graph.outputs:
            identifier = self._new()
            yield f"{indent}{identifier} [shape=ellipse, label={label(name_text(variable.name))}];"
            yield from _edge(variable.name, identifier, makers, types, indent)

    def _cluster(
        self,
        title: str,
        graph: Graph,
        owner: str,
        makers: Mapping[str, str],
        constants: Mapping[str, Tensor],
        indent: str,
    ) -> Iterator[str]:
        """A graph inside a node, in a box; a dashed edge leads from the node to its outputs."""
        if len(indent) > 2 * MAX_NESTING:
            raise LimitExceededError(f"more than {MAX_NESTING} graphs in each other")
        first = self._count
        yield f"{indent}subgraph cluster_{owner}_{first} {{"
        yield f"{indent}  label={label(f'{title}: {name_text(graph.name)}')};"
        yield from self._body(graph, makers, constants, indent + "  ")
        yield f"{indent}}}"
        if self._count > first:
            yield f"{indent}{owner} -> n{self._count - 1} [style=dashed, arrowhead=none];"

    def _new(self) -> str:
        self._count += 1
        return f"n{self._count - 1}"

    def _node_label(self, node: OperatorNode, constants: Mapping[str, Tensor]) -> str:
        operator = f"{node.domain}.{node.operator}" if node.domain else node.operator
        lines = [f"{operator} {node.name}" if node.name else operator]
        lines += [self._constant_text(constants[name]) for name in node.inputs if name in constants]
        return label(*lines)

    def _constant_text(self, tensor: Tensor) -> str:
        text = f"{name_text(tensor.name)}: {tensor.element_type}{shape_text(tensor.shape)}"
        info = self._infos.get(tensor.parameter) if tensor.parameter is not None else None
        if info is None or info.coded_bytes is None:
            return text
        ratio = "" if info.ratio is None else f" ({info.ratio:.3f})"
        return f"{text} {info.coding} {info.coded_bytes:,} bytes{ratio}"


def _edge(name: str, target: str, makers: Mapping[str, str], types: Mapping[str, str], indent: str) -> Iterator[str]:
    if name and name in makers:
        text = f"{name_text(name)}: {types[name]}" if name in types else name_text(name)
        yield f"{indent}{makers[name]} -> {target} [label={label(text)}];"
