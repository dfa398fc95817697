"""The trace of somebody else beside ours, for aimc inspect --against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from aimcodec.bits import Buffer
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.cli.report import ExitCode, about, end_damaged, shown_path
from aimcodec.inspect import Tree, read_tree
from aimcodec.inspect.against import Divergence, first_divergence
from aimcodec.inspect.against_bins import BinDivergence
from aimcodec.inspect.jsonl import read_lines
from aimcodec.inspect.render import context_lines, element_record
from aimcodec.inspect.text import printable

__all__ = ["compare_elements", "tell"]


def compare_elements(stream: Path, data: Buffer, trace: Path, json: bool) -> None:
    """Shows the first element in which a trace differs from the stream, and ends with 1 if there is one."""
    tree = read_tree(data)
    records = [node.record for root in tree.roots for node in root.walk() if node.record is not None]
    with about(trace, stream=False), trace.open("rb") as file:
        found = first_divergence(records, read_lines(file))
    ours = None if found is None or found.ours is None else element_record(found.ours)
    tell(trace, found, json, what="stream", ours=ours, show=lambda: _show(tree, found))
    end_damaged(stream, tree.errors)


def tell(
    trace: Path,
    found: Divergence | BinDivergence | None,
    json: bool,
    *,
    what: str,
    show: Callable[[], None],
    **more: Any,
) -> None:
    """Says whether a trace agrees with `what`; if not, where, as JSON with `more` or by `show`, and ends with 1."""
    if found is None:
        if json:
            print_json({"agrees": True})
        else:
            print(f"{shown_path(trace)}: agrees with the {what}")
        return
    line = found.line
    if json:
        theirs = {"line": line and line.number, "field": found.field or None, "message": found.message}
        print_json({"agrees": False, **theirs, "theirs": line and line.fields, **more})
    else:
        place = f"line {line.number}" if line else "at its end"
        print(f"{shown_path(trace)}: {place}: {printable(found.message)}\n")
        show()
    raise typer.Exit(ExitCode.DIFFERENT)


def _show(tree: Tree, found: Divergence | None) -> None:
    if found is None:
        return
    print_lines(context_lines(tree, found.ours, width()))
    if found.ours is not None:
        clause = f", clause {found.ours.clause}" if found.ours.clause else ""
        print(f"\n{printable(found.ours.path)}{clause}" + (f": {found.ours.doc}" if found.ours.doc else ""))
