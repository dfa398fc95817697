"""Hexadecimal bytes with the names of what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aimcodec.bits import byte_view
from aimcodec.inspect.align import unit_label
from aimcodec.inspect.render import value_text
from aimcodec.inspect.text import Column, printable, table
from aimcodec.inspect.tree import Node, Tree
from aimcodec.syntax import TraceRecord

__all__ = ["annotated_lines"]

ROW = 8  # bytes of a line
LONGEST = 4  # lines of an element that is shown whole; of others the first two and the last are
MOST_PATTERNS = 3  # bytes of which all bits are shown
OTHER_BIT = "."  # of another element in the same byte
FLAG = "!!"  # at what is not readable

COLUMNS = (
    Column(""),
    Column("byte"),
    Column("bytes"),
    Column("bits"),
    Column("type"),
    Column("element", least=30),
    Column("value", least=10),
)


def annotated_lines(tree: Tree, units: Sequence[Node], places: range | None, width: int) -> Iterator[str]:
    """Every byte of some units, each with the elements that it holds.

    Args:
        tree: of the stream.
        units: some of its roots.
        places: bytes to show; all when None, but of long elements only the first and the last.
        width: columns of a line.
    """
    rows: list[list[str]] = []
    for unit in units:
        shown = _unit_rows(tree, unit, places)
        if shown:
            heading = f"{printable(unit.path)}: {printable(unit_label(unit))}, {unit.bit_length >> 3} bytes"
            rows += [_heading(unit.bit_offset, heading), *shown]
    return table(COLUMNS, rows, width)


def _heading(bit: int, text: str) -> list[str]:
    return ["", f"{bit >> 3:06x}", "", "", "", text, ""]


def _unit_rows(tree: Tree, unit: Node, places: range | None) -> list[list[str]]:
    rows: list[list[str]] = []
    open_: list[tuple[int, list[str]]] = []  # structures around, by depth, of which nothing is shown yet
    for node in unit.walk():
        depth = node.path.count(".")
        open_ = [(d, heading) for d, heading in open_ if d < depth]
        indent = "  " * depth
        if node.record is None:
            if node is not unit:
                open_.append((depth, _heading(node.bit_offset, indent + printable(node.name))))
            continue
        found = _element_rows(tree, node, node.record, indent, places)
        if found:
            rows += [*(heading for _, heading in open_), *found]
            open_ = []
    return rows


def _element_rows(tree: Tree, node: Node, record: TraceRecord, indent: str, places: range | None) -> list[list[str]]:
    """Lines of an element; none if it has no bits, or none of the bytes wanted."""
    first, last = record.bit_offset >> 3, (record.bit_offset + record.bit_length + 7) >> 3
    wanted = range(first, last) if places is None else range(max(first, places.start), min(last, places.stop))
    if not record.bit_length or not wanted:
        return []
    data = byte_view(tree.data)
    starts = list(wanted[::ROW])
    rows = [_bytes_row(data, at, min(at + ROW, wanted.stop)) for at in _shown(starts, places is not None)]
    if len(rows) < len(starts):
        rows.insert(-1, ["", "", f"... {(len(starts) - len(rows)) * ROW} more", "", "", "", ""])
    gap = record.status == "gap"
    rows[0][0] = FLAG if gap else ""
    rows[0][3] = _bits(data, record, first, last)
    rows[0][4:] = ["gap" if gap else record.descriptor, indent + printable(node.name), _value(tree, node, record)]
    return rows


def _shown(starts: list[int], whole: bool) -> list[int]:
    return starts if whole or len(starts) <= LONGEST else [*starts[:2], starts[-1]]


def _bytes_row(data: memoryview, start: int, end: int) -> list[str]:
    return ["", f"{start:06x}", data[start:end].hex(" "), "", "", "", ""]


def _bits(data: memoryview, record: TraceRecord, first: int, last: int) -> str:
    """The bits of an element that begins or ends inside of a byte; of many bytes only the first and the last."""
    if not record.bit_offset & 7 and not (record.bit_offset + record.bit_length) & 7:
        return ""
    if last - first <= MOST_PATTERNS:
        return " ".join(_pattern(data, record, at) for at in range(first, last))
    return f"{_pattern(data, record, first)} ... {_pattern(data, record, last - 1)}"


def _pattern(data: memoryview, record: TraceRecord, at: int) -> str:
    end = record.bit_offset + record.bit_length
    bits = enumerate(f"{data[at]:08b}", 8 * at)
    return "".join(bit if record.bit_offset <= place < end else OTHER_BIT for place, bit in bits)


def _value(tree: Tree, node: Node, record: TraceRecord) -> str:
    """The value, unless it is the bytes that are shown."""
    if record.status == "payload":
        return f"{record.bit_length >> 3} bytes"
    return "" if isinstance(record.value, bytes) else value_text(tree, node)
