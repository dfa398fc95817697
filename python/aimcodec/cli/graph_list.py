"""aimc graph --list: what a model is made of, on a screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from aimcodec.cli.output import print_json, print_lines, ratio_text, width
from aimcodec.inspect.text import Column, elide, printable, table
from aimcodec.model import Function, Graph, ModelStructure, VariableNode
from aimcodec.model.parameters import ParameterInfos
from aimcodec.model.select import as_graph, named_graphs
from aimcodec.model.text.print_types import type_text

__all__ = ["show_list"]

MAX_TYPE = 100  # columns


def show_list(structure: ModelStructure, chosen: Graph | Function, infos: ParameterInfos, as_json: bool) -> None:
    """Prints operators with their numbers, inputs, outputs, parameters and sizes."""
    record = _record(structure, chosen, infos)
    if as_json:
        print_json(record)
    else:
        print_lines(_lines(record))


def _record(structure: ModelStructure, chosen: Graph | Function, infos: ParameterInfos) -> dict[str, Any]:
    graph = as_graph(chosen)
    graphs = dict(named_graphs(ModelStructure(graph)))
    counts = Counter(
        f"{node.domain}.{node.operator}" if node.domain else node.operator
        for inner in graphs.values()
        for node in inner.nodes
    )
    tensors = [tensor for inner in graphs.values() if isinstance(inner, Graph) for tensor in inner.parameters]
    names = {tensor.parameter for tensor in tensors if tensor.parameter is not None}
    known = [infos[name] for name in sorted(names & infos.keys())]
    return {
        "graph": graph.name,
        "format_version": structure.format_version,
        "producer": f"{structure.producer_name} {structure.producer_version}".strip(),
        "operator_sets": {item.domain or "ai.onnx": item.version for item in structure.operator_sets},
        "inputs": _types(graph.inputs),
        "outputs": _types(graph.outputs),
        "nodes": counts.total(),
        "operators": dict(counts.most_common()),
        "graphs": {path: inner.name for path, inner in named_graphs(structure)},
        "parameters": len(names),
        "constants": len(tensors) - sum(tensor.parameter is not None for tensor in tensors),
        "bytes": sum(info.nbytes or 0 for info in known),
        "coded_bytes": sum(info.coded_bytes for info in known if info.coded_bytes is not None),
    }


def _types(variables: list[VariableNode]) -> dict[str, str]:
    return {variable.name: type_text(variable.type) if variable.type else "" for variable in variables}


def _lines(record: dict[str, Any]) -> Iterator[str]:
    producer = f", by {printable(record['producer'])}" if record["producer"] else ""
    yield f"graph {printable(record['graph']) or '(no name)'}, format {record['format_version']}{producer}"
    yield "operators of " + ", ".join(f"{printable(d)} {version}" for d, version in record["operator_sets"].items())
    size, coded = record["bytes"], record["coded_bytes"]
    ratio = f", {coded:,} coded{ratio_text(coded / size)}" if coded and size else ""
    yield f"{record['parameters']:,} parameters, {size:,} bytes{ratio}; {record['constants']:,} constants in the graph"
    for title in ("inputs", "outputs"):
        yield ""
        yield title
        for name, kind in record[title].items():
            yield f"  {printable(name)}: {elide(kind, MAX_TYPE)}"
    if len(record["graphs"]) > 1:
        yield ""
        yield from _table("graphs", "name", [(path, printable(name)) for path, name in record["graphs"].items()])
    yield ""
    rows = [(printable(name), f"{count:,}") for name, count in record["operators"].items()]
    yield from _table("operator", "nodes", [*rows, ("all", f"{record['nodes']:,}")])


def _table(first: str, second: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    yield from table((Column(first, least=16), Column(second, right=second == "nodes")), rows, width())
