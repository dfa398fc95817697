"""aimc info of an NNC stream."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from aimcodec.cli.files import read_stream
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.inspect import Summary, summarize
from aimcodec.inspect.text import Column, elide, printable, table

__all__ = ["show_stream"]

COLUMNS = (
    Column("unit", right=True),
    Column("name", least=16),
    Column("shape", right=True, least=5),
    Column("type"),
    Column("tools", least=12),
    Column("QP", right=True),
    Column("bytes", right=True),
    Column("bits/el", right=True),
)


def show_stream(stream: Path, json: bool) -> None:
    """Prints what a stream holds."""
    summary = summarize(read_stream(stream))
    if json:
        print_json(dataclasses.asdict(summary))
    else:
        print_lines(_lines(summary))


def _lines(summary: Summary) -> Iterator[str]:
    kinds = [unit.kind.removeprefix("NNR_") for unit in summary.units]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    yield elide(f"NNC edition {summary.edition}, {summary.bytes:,} bytes, units: {counts}", width())
    bits = "" if summary.bits_per_element is None else f", {summary.bits_per_element:.3f} bits per element"
    yield f"{len(summary.tensors):,} tensors, {summary.elements:,} elements{bits}"
    if not summary.tensors:
        return
    yield ""
    rows = []
    unit = -1
    for tensor in summary.tensors:
        first = tensor.unit != unit
        unit = tensor.unit
        rows.append(
            [
                str(unit) if first else "",
                printable(tensor.name),
                " x ".join(map(str, tensor.shape)),
                tensor.payload.removeprefix("NNR_PT_").lower(),
                ", ".join(tensor.tools),
                "" if tensor.qp is None else str(tensor.qp),
                f"{tensor.unit_bytes:,}" if first else "",
                f"{tensor.bits_per_element:.3f}" if first else "",
            ]
        )
    yield from table(COLUMNS, rows, width())
