"""aimc inspect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from aimcodec.bits import Buffer
from aimcodec.cli.against import compare_elements
from aimcodec.cli.files import map_file
from aimcodec.cli.inspect_bins import SHOWN_BINS, BinOptions, inspect_bins
from aimcodec.cli.inspect_stats import inspect_stats
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.cli.report import about, end_damaged, note
from aimcodec.errors import ArgumentError
from aimcodec.inspect import Node, Tree, read_tree
from aimcodec.inspect.render import element_record, place_lines, tree_lines
from aimcodec.inspect.text import printable

__all__ = ["inspect"]


def inspect(
    stream: Annotated[
        Path, typer.Argument(metavar="FILE", help="The package or stream, good or damaged.", show_default=False)
    ],
    *,
    path: Annotated[str | None, typer.Option(help="Only what has this at the start of its path.")] = None,
    at_bit: Annotated[
        str | None, typer.Option(metavar="BIT|BYTE.BIT", help="The element that holds a bit, and its place.")
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=1, help="1 shows units, 2 what is directly in them, and so on.")
    ] = None,
    bins: Annotated[
        str | None,
        typer.Option(
            metavar="TENSOR|UNIT",
            help="The entropy decoders of a payload, step by step: of NNC bins, of lossless blocks symbols.",
        ),
    ] = None,
    bin_range: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="A:B",
            help=f"Bins from A up to, not with, B; -A counts from the end. Else the first {SHOWN_BINS}.",
        ),
    ] = None,
    levels: Annotated[
        str | None, typer.Option(metavar="A:B", help="Only bins of levels A up to B of an NNC tensor, in coding order.")
    ] = None,
    block: Annotated[int | None, typer.Option(min=0, help="With --bins: block of a lossless tensor; else 0.")] = None,
    after: Annotated[
        list[Path] | None,
        typer.Option(help="With --bins and --stats: stream that an update follows; repeat for several."),
    ] = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Where the bits go: by element, tensor, context of NNC, plane of blocks.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(metavar="TRACE", help="The first place where a trace in JSON lines differs; exit code 1 if any."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object on a line for each element, bin or share.")
    ] = False,
) -> None:
    """Shows every syntax element of a package or stream, or what is inside of a payload, or where the bits go.

    Of a damaged one the readable part is shown, and the exit code is 3. Positions are byte.bit, bit 0 being the most
    significant. Elements with 0 bits are absent: their values follow from a rule.

    JSON of an element: bit_offset, bit_length, descriptor, path, raw (a string of bits, null for payloads and what is
    not readable), value, symbol (what the value is called), doc, clause, status (ok, inferred, payload, gap).
    JSON of a bin: number, shifts, tensor, position (of the level), element, context, state_before, range_before,
    offset_before, lps_range, bin, range_after, offset_after, a_after, b_after. All forms: docs/spec/trace.md.
    """
    with about(stream):
        data = map_file(stream)
        if stats:
            inspect_stats(stream, data, after or [], json=json)
        elif bins is not None:
            inspect_bins(stream, data, BinOptions(bins, bin_range, levels, block, after or [], against, json))
        elif against is not None:
            compare_elements(stream, data, against, json)
        else:
            _inspect_tree(stream, data, path, None if at_bit is None else _bit(at_bit), depth, json)


def _inspect_tree(
    stream: Path, data: Buffer, path: str | None, at_bit: int | None, depth: int | None, json: bool
) -> None:
    tree = read_tree(data)
    if at_bit is not None:
        _show_place(tree, at_bit, json)
    else:
        nodes = tree.roots if path is None else tree.below(path)
        if path is not None and not nodes:
            raise ArgumentError(f"no element has a path that begins with {path!r}")
        _show(tree, nodes, depth, json)
    end_damaged(stream, tree.errors)


def _show(tree: Tree, nodes: Sequence[Node], depth: int | None, json: bool) -> None:
    if json:
        for top in nodes:
            for node in top.walk():
                if node.record and (depth is None or node.path.count(".") < depth):
                    print_json(element_record(node.record))
    elif nodes:
        print_lines(tree_lines(tree, nodes, depth, width()))


def _show_place(tree: Tree, bit: int, json: bool) -> None:
    end = sum(root.bit_length for root in tree.roots)
    if bit > end:
        raise ArgumentError(f"there is no bit {bit}: the file has {end} bits")
    if bit == end:  # where an error is if the stream goes on too little
        note(f"the file ends before bit {bit}")
        bit -= 1
    branch = tree.at_bit(bit)
    if not branch or branch[-1].record is None:
        return
    leaf, record = branch[-1], branch[-1].record
    if json:
        print_json(element_record(record))
        return
    print_lines(place_lines(tree, bit, width()))
    place = f"bit {bit} is bit {bit - record.bit_offset} of {record.path}"
    print(f"\n{printable(place)}" + (f", clause {record.clause}" if record.clause else ""))
    if record.doc:
        print(f"{leaf.name}: {record.doc}")


def _bit(text: str) -> int:
    """A bit by its number, or as byte.bit."""
    numerals = re.fullmatch(r"([0-9]{1,18})(?:\.([0-7]))?", text)
    if numerals is None:
        raise ArgumentError(f"{text!r} is neither the number of a bit nor of the form BYTE.BIT")
    return int(numerals[1]) if numerals[2] is None else 8 * int(numerals[1]) + int(numerals[2])
