"""aimc info of a file of another format: read by the same code as for a conversion, and told what that would carry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aimcodec.bridges.model import Described, Model
from aimcodec.cli.formats import format_name
from aimcodec.cli.models import open_model
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.inspect.text import Column, elide, printable, table

__all__ = ["show_other"]

SHOWN_TEXT = 60  # columns of a metadata value
COLUMNS = (
    Column("type", least=8),
    Column("tensors", right=True),
    Column("elements", right=True),
    Column("bytes", right=True),
)


def show_other(source: str, json: bool) -> None:
    """Prints what a model holds; no tensor is read.

    Raises:
        AimcError: it cannot be read as what it is.
        OSError: it cannot be read.
    """
    with open_model(source) as model:
        record = _record(source, model)
    if json:
        print_json(record)
    else:
        print_lines(_lines(record))


def _record(source: str, model: Model) -> dict[str, Any]:
    tensors = model.tensors
    return {
        "format": format_name(source),
        "bytes": Path(source).stat().st_size,
        "memory_bytes": sum(tensor.nbytes for tensor in tensors),
        "tensors": len(tensors),
        "tied": sum(tensor.tied_to is not None for tensor in tensors),
        "parameters": sum(tensor.elements for tensor in tensors if tensor.tied_to is None),
        "dtypes": _types(tensors),
        "metadata": dict(model.metadata),
        "assets": [{"name": n, "media_type": kind, "bytes": len(data)} for n, (kind, data) in model.assets.items()],
        "nodes": None if model.structure is None else len(model.structure.graph.nodes),
        "losses": list(model.losses),
    }


def _types(tensors: Sequence[Described]) -> list[dict[str, Any]]:
    groups: defaultdict[str, list[Described]] = defaultdict(list)
    for tensor in tensors:
        groups[str(tensor.dtype) if tensor.opaque is None else tensor.opaque.name].append(tensor)
    return [
        {
            "name": name,
            "tensors": len(members),
            "elements": sum(tensor.elements for tensor in members),
            "bytes": sum(tensor.nbytes for tensor in members),
        }
        for name, members in groups.items()
    ]


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield f"{record['format']}, {record['bytes']:,} bytes"
    tied = f" ({record['tied']:,} of them tied)" if record["tied"] else ""
    sizes = f"{record['parameters']:,} parameters, {record['memory_bytes']:,} bytes of memory"
    yield f"{record['tensors']:,} tensors{tied}, {sizes}"
    if record["dtypes"]:
        yield ""
        rows = [
            [printable(r["name"]), *(f"{r[k]:,}" for k in ("tensors", "elements", "bytes"))] for r in record["dtypes"]
        ]
        yield from table(COLUMNS, rows, width())
    metadata = [f"{printable(k)}: {elide(printable(v), SHOWN_TEXT)}" for k, v in record["metadata"].items()]
    assets = [f"{printable(asset['name'])}: {asset['bytes']:,} bytes" for asset in record["assets"]]
    nodes = [] if record["nodes"] is None else [f"{record['nodes']:,} nodes: aimc graph shows them"]
    losses = [printable(line) for line in record["losses"]]
    for title, lines in (("metadata", metadata), ("assets", assets), ("structure", nodes), ("not carried", losses)):
        if lines:
            yield from ("", title, *(f"  {line}" for line in lines))
