"""Units and elements of two streams, for aimc diff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from aimcodec.inspect import Node, Tree
from aimcodec.inspect.align import unit_label
from aimcodec.inspect.diff import ElementDifference, StructureDiff, UnitDiff
from aimcodec.inspect.render import element_record, value_text
from aimcodec.inspect.text import Column, printable, table
from aimcodec.syntax import TraceRecord

__all__ = ["structure_lines", "structure_record"]

SHOWN_UNITS = 50


def structure_record(diff: StructureDiff) -> dict[str, Any]:
    """For JSON: every difference."""
    return {
        "same": diff.is_same,
        "units": [_unit_record(unit) for unit in diff.units if not unit.is_same],
        "units_same": sum(unit.is_same for unit in diff.units),
    }


def _unit_record(unit: UnitDiff) -> dict[str, Any]:
    return {
        "what": _what(unit),
        "a": unit.first and unit.first.path,
        "b": unit.second and unit.second.path,
        "label": unit_label(_either(unit)),
        "elements": [_element_record(element) for element in unit.elements],
    }


def _element_record(element: ElementDifference) -> dict[str, Any]:
    return {
        "path": element.path,
        "a": element.first and element_record(element.first),
        "b": element.second and element_record(element.second),
    }


def structure_lines(diff: StructureDiff, trees: tuple[Tree, Tree], width: int) -> Iterator[str]:
    """The first difference in full, then a line for each unit that differs."""
    first = diff.first
    if first is None:
        yield f"units: {len(diff.units)} the same"
        return
    counts = Counter(map(_what, diff.units))
    yield "units: " + ", ".join(f"{count} {what}" for what, count in counts.items())
    yield ""
    yield from _first_lines(first, trees, width)
    yield ""
    changed = [unit for unit in diff.units if not unit.is_same]
    columns = [
        Column("unit in A"),
        Column("in B"),
        Column("what"),
        Column("unit", least=16),
        Column("elements", least=30),
    ]
    yield from table(columns, [_row(unit) for unit in changed[:SHOWN_UNITS]], width)
    if len(changed) > SHOWN_UNITS:
        yield f"and {len(changed) - SHOWN_UNITS} more units: --json has all"


def _first_lines(unit: UnitDiff, trees: tuple[Tree, Tree], width: int) -> Iterator[str]:
    """The first element that differs, in both streams."""
    if not unit.elements:
        node = _either(unit)
        yield f"first difference: {printable(node.path)}, {printable(unit_label(node))}, {_what(unit)}"
        return
    element = unit.elements[0]
    record = element.first or element.second
    yield f"first difference: {printable(element.path)}" + (
        f", clause {record.clause}" if record and record.clause else ""
    )
    rows = []
    for title, tree, found in zip("AB", trees, (element.first, element.second), strict=True):
        rows.append([title, *(_cells(tree, found) if found else ["", "", "", "", "not there"])])
    columns = [Column(""), Column("bit", right=True), Column("byte.bit", right=True), Column("bits", right=True)]
    yield from table([*columns, Column("element", least=30), Column("value", least=20)], rows, width)
    if record and record.doc:
        yield f"{printable(element.path.rpartition('.')[2])}: {record.doc}"


def _cells(tree: Tree, record: TraceRecord) -> list[str]:
    node = Node("", record.path, record.bit_offset, record.bit_length, record)
    place = f"{record.bit_offset >> 3}.{record.bit_offset & 7}"
    return [str(record.bit_offset), place, str(record.bit_length), printable(record.path), value_text(tree, node)]


def _either(unit: UnitDiff) -> Node:
    node = unit.first or unit.second
    if node is None:
        raise TypeError("a pair of no units")
    return node


def _what(unit: UnitDiff) -> str:
    if unit.is_same:
        return "the same"
    if unit.first is None:
        return "only in B"
    if unit.second is None:
        return "only in A"
    return " and ".join(["moved"] * unit.moved + ["changed"] * bool(unit.elements))


def _row(unit: UnitDiff) -> list[str]:
    names = [element.path.rpartition(".")[2] for element in unit.elements]
    return [
        unit.first.path if unit.first else "-",
        unit.second.path if unit.second else "-",
        _what(unit),
        printable(unit_label(_either(unit))),
        f"{len(names)}: {printable(', '.join(names[:20]))}" if names else "",
    ]
