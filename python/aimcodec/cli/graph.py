"""aimc graph."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aimcodec.cli.files import replacing
from aimcodec.cli.graph_list import show_list
from aimcodec.cli.models import open_model
from aimcodec.cli.report import about
from aimcodec.cli.structures import parameter_infos, structure_of
from aimcodec.errors import ArgumentError
from aimcodec.model import Function, Graph, ModelStructure
from aimcodec.model.dot import to_dot
from aimcodec.model.netron import to_netron
from aimcodec.model.parameters import ParameterInfos
from aimcodec.model.select import as_graph, select_graph
from aimcodec.model.text import graph_to_text, to_text

__all__ = ["graph"]


def graph(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A package (also a URL), or a model with a graph.", show_default=False),
    ],
    *,
    dot: Annotated[bool, typer.Option("--dot", help="For Graphviz instead of people.")] = False,
    netron: Annotated[
        bool, typer.Option("--netron", help="For the viewer Netron (extension .netron), with coded sizes and digests.")
    ] = False,
    summary: Annotated[bool, typer.Option("--list", help="Operators and parameters in a table.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The list as a JSON object.")] = False,
    name: Annotated[
        str | None,
        typer.Option("--graph", help="One graph or function: its name, or its path in --list.", show_default=False),
    ] = None,
    variant: Annotated[str, typer.Option(help="Form of the parameters.", show_default=False)] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of stdout.", show_default=False)
    ] = None,
) -> None:
    """Shows the graph of a model: as text that can be read back, for Graphviz, for Netron, or in short."""
    if dot + netron + (summary or json) > 1:
        raise ArgumentError("--dot, --netron and --list exclude each other")
    with about(source, stream=False), open_model(source, variant=variant) as model:
        structure = structure_of(model)
        infos = parameter_infos(model)
        chosen = structure.graph if name is None else select_graph(structure, name)
        if summary or json:
            if output is not None:
                raise ArgumentError("--list goes to stdout")
            show_list(structure, chosen, infos, json)
            return
        text = _dot_or_netron(structure, chosen, infos, netron) if dot or netron else _text(structure, chosen)
    _put(text, output)


def _dot_or_netron(structure: ModelStructure, chosen: Graph | Function, infos: ParameterInfos, netron: bool) -> str:
    shown = as_graph(chosen)
    if not netron:
        return to_dot(shown, infos)
    whole = chosen is structure.graph
    return to_netron(structure if whole else ModelStructure(shown, structure.operator_sets), infos) + "\n"


def _text(structure: ModelStructure, chosen: Graph | Function) -> str:
    return to_text(structure) if chosen is structure.graph else graph_to_text(chosen)


def _put(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    with about(output, stream=False), replacing(output) as part:
        part.write_text(text, "utf-8")
