"""What TENSOR and NNC_DATA units say about the shape and memory of tensors (4.1, 6.2)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from ...errors import OutOfRangeError
from ..elements import u
from ..protocol import Syntax
from .types import DATA_TYPES, MAX_RANK

__all__ = ["MAX_SIZE", "MemoryLayout", "layout_of", "shape"]

MAX_SIZE = (1 << 63) - 1

RANK = u(8, "rank", "4.1", "number of dimensions; 0 for a single number", range(MAX_RANK + 1))
DIMENSION = u(64, "dimension", "4.1", "elements along each dimension, slowest first")


class MemoryLayout(NamedTuple):
    """Memory of elements that come in groups: the blocks of an opaque type, or as many as fill whole bytes.

    Attributes:
        group_elements: elements of a group.
        group_bytes: bytes of a group.
        record_bytes: W of 6.3; a group is a whole number of records, or a record is a whole number of groups.
    """

    group_elements: int
    group_bytes: int
    record_bytes: int

    def memory_bytes(self, elements: int) -> int:
        """Bytes of so many elements (6.2)."""
        return -(-elements * self.group_bytes // self.group_elements)


@lru_cache(maxsize=256)
def layout_of(data_type: int, opaque: tuple[int, int] | None = None) -> MemoryLayout:
    """Layout of a data type; `opaque` is opaque_block_elements and opaque_block_bytes."""
    if opaque is not None:
        return MemoryLayout(*opaque, opaque[1])
    bits = DATA_TYPES[data_type].bits
    group_elements = 8 // math.gcd(bits, 8)
    return MemoryLayout(group_elements, group_elements * bits // 8, DATA_TYPES[data_type].record_bytes)


def shape(s: Syntax, layout: MemoryLayout) -> tuple[int, ...]:
    """rank and dimension[i]; returns the dimensions."""
    rank = s.code(RANK)
    s.limited("max_rank", rank)
    dimensions = tuple(s.array("i < rank", DIMENSION, rank))
    room = math.prod(max(dimension, 1) for dimension in dimensions)
    s.require(
        max(room, layout.memory_bytes(room)) <= MAX_SIZE,
        "the elements or the bytes of the memory are more than 2^63 - 1",
        OutOfRangeError,
    )
    elements = math.prod(dimensions)
    s.limited("max_elements", elements)
    s.limited("max_output_bytes", layout.memory_bytes(elements))
    return dimensions
