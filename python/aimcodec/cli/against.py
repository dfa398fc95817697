"""The trace of somebody else beside ours, for aimc inspect --against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from aimcodec.bits import Buffer
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.cli.report import ExitCode, about, end_damaged
from aimcodec.inspect import Tree, read_tree
from aimcodec.inspect.against import Divergence, first_divergence
from aimcodec.inspect.jsonl import read_lines
from aimcodec.inspect.render import context_lines, element_record
from aimcodec.inspect.text import printable

__all__ = ["compare_elements"]


def compare_elements(stream: Path, data: Buffer, trace: Path, json: bool) -> None:
    """Shows the first element in which a trace differs from the stream, and ends with 1 if there is one."""
    tree = read_tree(data)
    records = [node.record for root in tree.roots for node in root.walk() if node.record is not None]
    with about(trace, stream=False), trace.open("rb") as file:
        found = first_divergence(records, read_lines(file))
    if json:
        print_json(_record(found))
    elif found is None:
        print(f"{printable(str(trace))}: agrees with the stream")
    else:
        _print(tree, trace, found)
    if found is not None:
        raise typer.Exit(ExitCode.DIFFERENT)
    end_damaged(stream, tree.errors)


def _record(found: Divergence | None) -> dict[str, Any]:
    if found is None:
        return {"agrees": True}
    return {
        "agrees": False,
        "line": found.line and found.line.number,
        "field": found.field or None,
        "message": found.message,
        "theirs": found.line and found.line.fields,
        "ours": found.ours and element_record(found.ours),
    }


def _print(tree: Tree, trace: Path, found: Divergence) -> None:
    place = f"line {found.line.number}" if found.line else "at its end"
    print(f"{printable(str(trace))}: {place}: {printable(found.message)}\n")
    print_lines(context_lines(tree, found.ours, width()))
    if found.ours is not None:
        clause = f", clause {found.ours.clause}" if found.ours.clause else ""
        print(f"\n{printable(found.ours.path)}{clause}" + (f": {found.ours.doc}" if found.ours.doc else ""))
