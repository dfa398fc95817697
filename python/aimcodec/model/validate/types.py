"""Rules of types that several places give to one variable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from aimcodec.model.structures import UNDEFINED, Dimension, Graph, Tensor, TensorType
from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.parts import Parts

__all__ = ["check_types"]


def check_types(parts: Parts, findings: Findings) -> None:
    """Compares what inputs, outputs, variables and parameters of each graph say."""
    for part, graph in parts.graphs:
        said: defaultdict[str, list[tuple[str, TensorType]]] = defaultdict(list)
        for path, name, kind in _statements(graph, part.path):
            said[name].append((path, kind))
        numbers: dict[str, int] = {}
        for name, statements in said.items():
            _, first = statements[0]
            for path, other in statements[1:]:
                _compare(name, path, first, other, numbers, findings)


def _statements(graph: Graph, path: str) -> Iterator[tuple[str, str, TensorType]]:
    """Path, name, and type of every dense tensor."""
    for title, variables in (("inputs", graph.inputs), ("outputs", graph.outputs), ("variables", graph.variables)):
        for place, variable in enumerate(variables):
            if isinstance(variable.type, TensorType):
                yield f"{path}.{title}[{place}]", variable.name, variable.type
    for place, tensor in enumerate(graph.parameters):
        yield f"{path}.parameters[{place}]", tensor.name, _type_of(tensor)


def _type_of(tensor: Tensor) -> TensorType:
    return TensorType(tensor.element_type, tuple(Dimension(number) for number in tensor.shape))


def _compare(
    name: str, path: str, first: TensorType, other: TensorType, numbers: dict[str, int], findings: Findings
) -> None:
    kinds = {first.element_type, other.element_type} - {UNDEFINED}
    if len(kinds) > 1:
        findings.add(
            "type.conflict", path, f"{shown(name)} is {shown(first.element_type)}, or {shown(other.element_type)}"
        )
    if first.size is None or other.size is None:
        return
    if len(first.size) != len(other.size):
        findings.add("type.conflict", path, f"{shown(name)} has {len(first.size)} dimensions, or {len(other.size)}")
        return
    for place, (one, two) in enumerate(zip(first.size, other.size, strict=True)):
        if one.value is not None and two.value is not None and one.value != two.value:
            text = f"dimension {place} of {shown(name)} is {one.value}, or {two.value}"
            findings.add("type.conflict", path, text)
        for symbol, number in ((one.symbol, two.value), (two.symbol, one.value)):
            if symbol and number is not None and numbers.setdefault(symbol, number) != number:
                text = f"{shown(symbol)} is {numbers[symbol]}, or in {shown(name)} {number}"
                findings.add("symbol.conflict", path, text)
