"""Units, syntax tree and bytes for the page."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aimcodec.bits import byte_view
from aimcodec.inspect import Node, Tree
from aimcodec.inspect.render import value_text
from aimcodec.inspect.symbols import symbol

__all__ = ["hex_segments", "kinds_of_bits", "tree_rows", "unit_rows"]

MAX_ROWS = 50_000  # nodes of all trees; units beyond it are shown without their parts
MAX_HEX_BYTES = 3 << 20
PAYLOAD_HEAD = 256  # bytes of a payload that are shown
RUN_HEAD = 40  # elements of a loop that are shown
UNIT_TYPES = ("nnr_unit_type", "unit_type")


def unit_rows(tree: Tree, tensors: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Offset, bytes, kind, payload bytes and tensors of each unit."""
    names: dict[int, list[str]] = {}
    for tensor in tensors:
        for number in tensor["units"]:
            names.setdefault(number, []).append(tensor["name"])
    return [
        {
            "offset": root.bit_offset >> 3,
            "bytes": root.bit_length >> 3,
            "kind": _kind(root),
            "payload": sum(n.bit_length for n in _leaves(root) if n.record and n.record.status == "payload") >> 3,
            "damaged": any(n.record and n.record.status == "gap" for n in _leaves(root)),
            "tensors": names.get(number, []),
        }
        for number, root in enumerate(tree.roots)
    ]


def _kind(unit: Node) -> str:
    for child in unit.children:
        if child.record is not None and child.name in UNIT_TYPES:
            value = child.record.value
            return symbol(child.name, value) or f"type {value}"
    return "not readable"


def _leaves(node: Node) -> Iterator[Node]:
    return (n for n in node.walk() if n.record is not None)


def kinds_of_bits(tree: Tree) -> list[tuple[str, int]]:
    """Bits by what they are for, most first; all bits of the file are in one of them."""
    counts: Counter[str] = Counter()
    for root in tree.roots:
        for leaf in _leaves(root):
            if leaf.record is not None:
                counts[_purpose(leaf.name, leaf.record.status)] += leaf.bit_length
    return counts.most_common()


def _purpose(name: str, status: str) -> str:
    if status == "payload":
        return "coded payload"
    if status == "gap":
        return "not readable"
    base = name.partition("[")[0]
    if "padding" in base or base == "align":
        return "padding"
    if "crc" in base or "digest" in base:
        return "checksums"
    return "headers"


def tree_rows(tree: Tree) -> list[list[Any]]:
    """Nodes as lists: name, first bit, bits, then children, or descriptor, value, clause and status."""
    left = MAX_ROWS
    rows = []
    for root in tree.roots:
        size = sum(1 for _ in root.walk())
        rows.append(_row(tree, root) if size <= left else [root.name, root.bit_offset, root.bit_length, []])
        left -= size
    return rows


def _row(tree: Tree, node: Node) -> list[Any]:
    place = [node.name, node.bit_offset, node.bit_length]
    if node.record is None:
        return [*place, list(_children(tree, node.children))]
    record = node.record
    return [*place, record.descriptor, value_text(tree, node), record.clause, record.status]


def _children(tree: Tree, nodes: Sequence[Node]) -> Iterator[list[Any]]:
    """The parts of a structure; of a long loop over one element only the first."""
    run, base = 0, ""
    for place, node in enumerate(nodes):
        name = node.name.partition("[")[0] if node.record is not None else ""
        run = run + 1 if name and name == base else 0
        base = name
        if run < RUN_HEAD:
            yield _row(tree, node)
        elif place + 1 == len(nodes) or not nodes[place + 1].name.startswith(f"{base}["):
            first = nodes[place - run + RUN_HEAD]
            bits = node.bit_offset + node.bit_length - first.bit_offset
            yield [f"{first.name} ... {node.name}", first.bit_offset, bits, "", f"{run + 1 - RUN_HEAD} more", "", "ok"]


def hex_segments(tree: Tree) -> list[tuple[int, str]]:
    """First byte and bytes in base64 of the parts of the file that the page can show."""
    data = byte_view(tree.data)
    segments: list[tuple[int, str]] = []
    left = MAX_HEX_BYTES
    for start, end in _ranges(tree):
        shown = data[start : min(end, start + left)]
        if not shown:
            break
        left -= len(shown)
        segments.append((start, base64.b64encode(shown).decode("ascii")))
    return segments


def _ranges(tree: Tree) -> Iterator[tuple[int, int]]:
    """Bytes of headers and of the beginnings of payloads, merged where they touch."""
    start = end = -1
    for root in tree.roots:
        for leaf in _leaves(root):
            first, last = leaf.bit_offset >> 3, (leaf.bit_offset + leaf.bit_length + 7) >> 3
            if leaf.record is not None and leaf.record.status in ("payload", "gap"):
                last = min(last, first + PAYLOAD_HEAD)
            if first > end:
                if end > start:
                    yield start, end
                start = first
            end = max(end, last)
    if end > start:
        yield start, end
