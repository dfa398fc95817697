"""Two streams element by element: which units are new, gone or moved, and which elements of the others differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aimcodec.bits import byte_view
from aimcodec.errors import ArgumentError
from aimcodec.inspect.align import Pair, align
from aimcodec.inspect.kinds import is_package
from aimcodec.inspect.tree import Node, Tree
from aimcodec.syntax import TraceRecord

__all__ = ["ElementDifference", "StructureDiff", "UnitDiff", "diff_trees"]


@dataclass(frozen=True)
class ElementDifference:
    """An element that differs, or that one of two units lacks.

    Attributes:
        path: below the unit.
        first: the element of the first stream.
        second: of the second.
    """

    path: str
    first: TraceRecord | None
    second: TraceRecord | None


@dataclass(frozen=True)
class UnitDiff:
    """A unit of one stream and its partner in the other.

    Attributes:
        first: of the first stream; None if only the second has it.
        second: of the second.
        moved: whether other units are before or after it.
        elements: what differs in them, in the order of the first; empty where one unit is missing.
    """

    first: Node | None
    second: Node | None
    moved: bool
    elements: list[ElementDifference]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, the place among the others included."""
        return None not in (self.first, self.second) and not self.moved and not self.elements


@dataclass(frozen=True)
class StructureDiff:
    """All units of two streams.

    Attributes:
        units: in the order of the first stream.
    """

    units: list[UnitDiff]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return all(unit.is_same for unit in self.units)

    @property
    def first(self) -> UnitDiff | None:
        """The first unit that differs."""
        return next((unit for unit in self.units if not unit.is_same), None)


def diff_trees(first: Tree, second: Tree) -> StructureDiff:
    """What differs between two streams of the same format.

    Raises:
        ArgumentError: one is a package and the other is not.
    """
    if is_package(first.data) != is_package(second.data):
        raise ArgumentError("a package and an NNC stream have no elements in common")
    pairs = align(first.roots, second.roots)
    return StructureDiff([_unit(first, second, pair) for pair in pairs])


def _unit(first: Tree, second: Tree, pair: Pair) -> UnitDiff:
    a = None if pair.first is None else first.roots[pair.first]
    b = None if pair.second is None else second.roots[pair.second]
    found = [] if a is None or b is None else list(_elements(first, second, a, b))
    return UnitDiff(a, b, pair.moved, found)


def _elements(first: Tree, second: Tree, a: Node, b: Node) -> Iterator[ElementDifference]:
    """Elements of two units by their paths; what only the second has comes where its neighbours are."""
    ours, theirs = dict(_leaves(a)), dict(_leaves(b))
    rest = iter(theirs.items())
    for path, record in ours.items():
        other = theirs.get(path)
        if other is not None:
            yield from _only_second(rest, ours, path)
        if other is None or not _are_equal(first, second, record, other):
            yield ElementDifference(path, record, other)
    yield from _only_second(rest, ours, None)


def _only_second(
    rest: Iterator[tuple[str, TraceRecord]], ours: dict[str, TraceRecord], until: str | None
) -> Iterator[ElementDifference]:
    """Elements up to a path that the first unit lacks."""
    for path, record in rest:
        if path not in ours:
            yield ElementDifference(path, None, record)
        if path == until:
            return


def _leaves(unit: Node) -> Iterator[tuple[str, TraceRecord]]:
    for node in unit.walk():
        if node.record is not None:
            path = node.path[len(unit.path) + 1 :]  # that of a gap may be the path of an element that was read
            yield f"{path} (not readable)".lstrip() if node.record.status == "gap" else path, node.record


def _are_equal(first: Tree, second: Tree, a: TraceRecord, b: TraceRecord) -> bool:
    if (a.status, a.bit_length, a.descriptor) != (b.status, b.bit_length, b.descriptor):
        return False
    if a.status == "ok":  # bits, as no NaN equals itself
        return a.raw == b.raw
    if a.status == "inferred":
        return bool(a.value == b.value)
    return _bytes(first, a) == _bytes(second, b)


def _bytes(tree: Tree, record: TraceRecord) -> memoryview:
    """The bytes that hold a record; gaps may begin inside of one, which then counts whole."""
    end = record.bit_offset + record.bit_length
    return byte_view(tree.data)[record.bit_offset >> 3 : (end + 7) >> 3]
