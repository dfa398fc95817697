"""Trees and bins as lines of text and as records for JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from aimcodec.bits import byte_view
from aimcodec.inspect.bins import BYPASS, TERMINATE, BinTrace, element_names
from aimcodec.inspect.symbols import symbol
from aimcodec.inspect.text import Column, printable, table
from aimcodec.inspect.tree import Node, Tree
from aimcodec.syntax import TraceRecord

__all__ = ["bin_lines", "bin_records", "context_lines", "element_record", "place_lines", "tree_lines", "value_text"]

# From these widths on a tree shows the bits and the clause of each element, and what it means.
WIDE, WIDEST = 110, 140

SHOWN_BITS = 32  # of an element; longer ones are shown in hexadecimal

SHOWN_PAYLOAD_BYTES = 8

CONTEXT = 5  # elements before the one in question

UNIT_TYPES = ("nnr_unit_type", "unit_type")

BIN_COLUMNS = ("#", "P", "element", "context", "S", "R", "O", "rL", "bin", "R'", "O'", "a", "b")


def element_record(record: TraceRecord) -> dict[str, Any]:
    """An element for JSON, as docs/spec/trace.md says."""
    value = record.value
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)
    if isinstance(value, bytes):
        value = value.hex()
    name = symbol(_base(record.path), value) if isinstance(value, int) else ""
    return {
        "bit_offset": record.bit_offset,
        "bit_length": record.bit_length,
        "descriptor": record.descriptor,
        "path": record.path,
        "raw": _raw(record) if record.status == "ok" else None,
        "value": value,
        "symbol": name or None,
        "doc": record.doc or None,
        "clause": record.clause or None,
        "status": record.status,
    }


def tree_lines(tree: Tree, nodes: Iterable[Node], depth: int | None, width: int) -> Iterator[str]:
    """Nodes and what is below them, down to `depth` names in a path; nothing is left out when None."""
    shown = [
        (node, node.path.count("."))
        for top in nodes
        for node in top.walk()
        if depth is None or node.path.count(".") < depth
    ]
    return _node_table(tree, [(node, level, "") for node, level in shown], width)


def place_lines(tree: Tree, bit: int, width: int) -> Iterator[str]:
    """The element that holds a bit, with what it is a part of and its neighbours."""
    branch = tree.at_bit(bit)
    leaf = branch[-1]
    around = branch[-2].children if len(branch) > 1 else tree.roots
    index = next(i for i, node in enumerate(around) if node is leaf)
    rows = [(node, node.path.count("."), "") for node in branch[:-1]]
    for node in around[max(0, index - 2) : index + 3]:
        rows.append((node, node.path.count("."), ">" if node is leaf else ""))
    return _node_table(tree, rows, width)


def context_lines(tree: Tree, record: TraceRecord | None, width: int) -> Iterator[str]:
    """An element, or the end, with the elements before it."""
    leaves = [node for root in tree.roots for node in root.walk() if node.record is not None]
    last = next((i for i, leaf in enumerate(leaves) if leaf.record is record), len(leaves))
    shown = leaves[max(0, last - CONTEXT) : last + 1]
    return _node_table(tree, [(node, 0, ">" if node.record is record else "") for node in shown], width)


def _node_table(tree: Tree, rows: list[tuple[Node, int, str]], width: int) -> Iterator[str]:
    columns = [Column("byte.bit", right=True), Column("bits", right=True), Column("type")]
    wide = width >= WIDE
    if wide:
        columns.append(Column("raw", least=10))
    columns += [Column("element", least=40), Column("value", least=10)]
    if wide:
        columns.append(Column("clause"))
    if width >= WIDEST:
        columns.append(Column("meaning", least=0, yielding=True))
    marked = any(mark for _, _, mark in rows)
    if marked:
        columns.insert(0, Column(""))
    lines = []
    for node, level, mark in rows:
        record = node.record
        cells = [f"{node.bit_offset >> 3}.{node.bit_offset & 7}", str(node.bit_length)]
        cells.append(record.descriptor if record else "")
        if wide:
            cells.append(_shown_bits(record) if record and record.status == "ok" else "")
        cells += ["  " * level + printable(node.name), value_text(tree, node)]
        if wide:
            cells.append(record.clause if record else "")
        if width >= WIDEST:
            cells.append(record.doc if record else "")
        lines.append([mark, *cells] if marked else cells)
    return table(columns, lines, width)


def _base(path: str) -> str:
    """Name of an element without its index."""
    return path.rpartition(".")[2].partition("[")[0]


def _raw(record: TraceRecord) -> str:
    return f"{record.raw:0{record.bit_length}b}" if record.bit_length else ""


def _shown_bits(record: TraceRecord) -> str:
    return _raw(record) if record.bit_length <= SHOWN_BITS else f"0x{record.raw:0{-(-record.bit_length // 4)}x}"


def value_text(tree: Tree, node: Node) -> str:
    """The value of an element with its meaning, or what a structure is."""
    record = node.record
    if record is None:
        return _summary(node)
    if record.status == "payload":
        start = record.bit_offset >> 3
        shown = byte_view(tree.data)[start : start + min(SHOWN_PAYLOAD_BYTES, record.bit_length >> 3)]
        more = " ..." if record.bit_length > 8 * len(shown) else ""
        return f"{record.bit_length >> 3} bytes: {shown.hex(' ')}{more}"
    if record.status == "gap":
        return f"not readable: {printable(str(record.value))}"
    if record.value is None:
        return ""
    if isinstance(record.value, str):
        return repr(record.value)
    if isinstance(record.value, bytes):
        return record.value.hex()
    name = symbol(_base(record.path), record.value) if isinstance(record.value, int) else ""
    inferred = "(absent)" if record.status == "inferred" else ""
    return " ".join(part for part in (str(record.value), name, inferred) if part)


def _summary(node: Node) -> str:
    """What a structure is: the kind of a unit, and whether a part of it is not readable."""
    kind = next((c.record for c in node.children if c.record and c.name in UNIT_TYPES), None)
    if kind is None:
        return ""
    damaged = any(part.record is not None and part.record.status == "gap" for part in node.walk())
    name = symbol(_base(kind.path), kind.value) or f"type {kind.value}"
    return f"{name}, {node.bit_length >> 3} bytes{', damaged' if damaged else ''}"


def bin_records(trace: BinTrace) -> Iterator[dict[str, Any]]:
    """Bins for JSON. `context` is a number, "bypass" or "terminate"; what a bin without a model has not is null."""
    names = element_names(trace.bins)
    for number, (name, row) in enumerate(zip(names, trace.bins.tolist(), strict=True), trace.first):
        (
            shifts,
            position,
            _,
            tensor,
            context,
            state,
            range_,
            offset,
            lps,
            range_after,
            offset_after,
            a,
            b,
            _,
            bin_,
            _,
        ) = row
        modelled = context < TERMINATE
        yield {
            "number": number,
            "shifts": shifts,
            "tensor": tensor,
            "position": position,
            "element": name,
            "context": context if modelled else {BYPASS: "bypass", TERMINATE: "terminate"}[context],
            "state_before": state if modelled else None,
            "range_before": range_,
            "offset_before": offset,
            "lps_range": lps if modelled else None,
            "bin": bin_,
            "range_after": range_after,
            "offset_after": offset_after,
            "a_after": a if modelled else None,
            "b_after": b if modelled else None,
        }


def bin_lines(trace: BinTrace, width: int) -> Iterator[str]:
    """Bins in the columns of the tables of section 17."""
    rows = []
    for bin_ in bin_records(trace):
        del bin_["tensor"], bin_["position"]
        if bin_["context"] == "terminate":
            bin_["context"] = "-"
        rows.append(["" if value is None else str(value) for value in bin_.values()])
    columns = [Column(title, right=title not in ("element", "context"), least=None) for title in BIN_COLUMNS]
    columns[2] = Column("element", least=16)
    return table(columns, rows, width)
