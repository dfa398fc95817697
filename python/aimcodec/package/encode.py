"""Memory of tensors to the units that carry it (4.1 to 4.3)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aimcodec.coding import lossless
from aimcodec.package.memory import Memory
from aimcodec.syntax import Fields
from aimcodec.syntax.aim import Coding

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHUNK_BYTES", "Part", "chunks", "lossless_parts"]

SEGMENT_BYTES = 64 << 20
CHUNK_BYTES = 8 << 20

# Blocks of constants make so much memory of so little that a reader with default limits would take them for a bomb:
# shorter blocks keep the whole below half of Limits.max_expansion.
DENSE_EXPANSION = 2048
DENSE_BLOCK_BYTES = 1 << 14


@dataclass(frozen=True)
class Part:
    """Elements of tensor_header from `coding` on, and the payload."""

    fields: Fields
    payload: NDArray[np.uint8]


def lossless_parts(memory: Memory, mode: lossless.Mode, threads: int) -> Iterator[Part]:
    """The segments of a tensor, coded one after the other."""
    group_elements, group_bytes = memory.group
    layout = memory.layout
    block_records = lossless.default_block_records(layout)
    step = math.lcm(block_records * layout.record_bytes, group_bytes)
    segment_elements = max(1, SEGMENT_BYTES // step) * step // group_bytes * group_elements
    for start in range(0, max(memory.elements, 1), segment_elements):
        stop = min(start + segment_elements, memory.elements)
        row_records = max(1, memory.row_bytes // layout.record_bytes)
        coded, records = _segment(memory.piece(start, stop), layout, mode, block_records, row_records, threads)
        yield Part(
            {
                "coding": Coding.LOSSLESS,
                "segment_start": start,
                "segment_elements": stop - start,
                "block_records": records,
                "block_count": coded.coded_sizes.size,
                "coded_size": coded.coded_sizes.tolist(),
                "block_crc": coded.block_crcs.tolist(),
            },
            coded.payload,
        )


def _segment(
    piece: NDArray[np.uint8],
    layout: lossless.Layout,
    mode: lossless.Mode,
    block_records: int,
    row_records: int,
    threads: int,
) -> tuple[lossless.EncodedSegment, int]:
    """A coded segment and the records of its blocks."""

    def encode(records: int) -> lossless.EncodedSegment:
        return lossless.encode(
            piece, layout, mode=mode, block_records=records, row_records=row_records, threads=threads
        )

    coded = encode(block_records)
    if piece.size <= DENSE_EXPANSION * (coded.payload.size + 8 * coded.coded_sizes.size):
        return coded, block_records
    shorter = max(1, DENSE_BLOCK_BYTES // layout.record_bytes)
    return encode(shorter), shorter


def chunks(memory: Memory) -> Iterator[NDArray[np.uint8]]:
    """The memory of a tensor in pieces of a few MiB."""
    group_elements, group_bytes = memory.group
    step = max(1, CHUNK_BYTES // group_bytes) * group_elements
    for start in range(0, memory.elements, step):
        yield memory.piece(start, min(start + step, memory.elements))
