"""The tree of the syntax elements of a stream, damaged or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aimcodec.bits import Buffer
from aimcodec.errors import AimcError
from aimcodec.inspect.kinds import log_any
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.syntax import TraceRecord

__all__ = ["Node", "Tree", "read_tree"]


@dataclass(slots=True)
class Node:
    """A structure with its parts, or an element.

    Attributes:
        name: last part of the path.
        path: for example ``units[3].nnr_compressed_data_unit_header``.
        bit_offset: first bit, from the start of the stream.
        bit_length: number of bits.
        record: of an element; None for a structure.
        children: parts of a structure, in stream order.
    """

    name: str
    path: str
    bit_offset: int
    bit_length: int = 0
    record: TraceRecord | None = None
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in stream order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def holds(self, bit: int) -> bool:
        """Whether a bit of the stream is in this node."""
        return self.bit_offset <= bit < self.bit_offset + self.bit_length


@dataclass(frozen=True)
class Tree:
    """What a stream holds.

    Attributes:
        data: the stream.
        roots: its units.
        errors: what made units unreadable; their bits are nodes with a record of status "gap".
    """

    data: Buffer
    roots: list[Node]
    errors: list[AimcError]

    def at_bit(self, bit: int) -> list[Node]:
        """The nodes that hold a bit, from the unit down to the element; none for a bit beyond the stream."""
        found: list[Node] = []
        level = self.roots
        while node := next((n for n in level if n.holds(bit)), None):
            found.append(node)
            level = node.children
        return found

    def below(self, prefix: str) -> list[Node]:
        """The highest nodes whose paths begin with `prefix`."""
        found: list[Node] = []
        level = list(reversed(self.roots))
        while level:
            node = level.pop()
            if node.path.startswith(prefix):
                found.append(node)
            else:
                level.extend(reversed(node.children))
        return found


def read_tree(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> Tree:
    """The tree of any bytes: every bit is in exactly one element, and damage is a part of it instead of an error."""
    log = log_any(data, limits)
    return Tree(data, _nested(log.records(data)), log.errors)


def _nested(records: Iterable[TraceRecord]) -> list[Node]:
    roots: list[Node] = []
    branch: list[Node] = []  # the structures that are open
    last = ""  # path of the structure that is open
    for record in records:
        structure, _, name = record.path.rpartition(".")
        if structure != last or not branch:
            last = structure
            _open(structure, record.bit_offset, branch, roots)
        leaf = Node(name, record.path, record.bit_offset, record.bit_length, record)
        (branch[-1].children if branch else roots).append(leaf)
    for root in roots:
        _measure(root)
    return roots


def _open(path: str, bit: int, branch: list[Node], roots: list[Node]) -> None:
    """Makes `branch` the nodes of the structures of a path, which begins at a bit where it is new."""
    names = path.split(".") if path else []
    common = 0
    while common < min(len(branch), len(names)) and branch[common].name == names[common]:
        common += 1
    del branch[common:]
    for name in names[common:]:
        node = Node(name, f"{branch[-1].path}.{name}" if branch else name, bit)
        (branch[-1].children if branch else roots).append(node)
        branch.append(node)


def _measure(node: Node) -> int:
    """Sets the length of a structure to that of its parts."""
    if node.record is None:
        node.bit_length = sum(map(_measure, node.children))
    return node.bit_length
