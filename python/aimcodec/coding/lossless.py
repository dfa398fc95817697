"""Lossless coding of the memory of tensors (clauses 4.3, 7 and 8 of the AIM text): bytes to blocks and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.bits import Buffer
from aimcodec.errors import AimcError, OutOfMemoryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DecodeJob", "EncodedSegment", "Layout", "Mode", "crc32", "decode", "default_block_records", "encode"]

Mode: TypeAlias = Literal["fast", "small"]

# Memory of a block: many blocks for many threads and short slices, but each with tables and states of its own.
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Layout:
    """How memory is cut in records (6.3).

    Attributes:
        record_bytes: bytes of a record.
        rotate: whether the sign is moved below the mantissa before the record is cut in planes.
        fields: for opaque records the bytes of each field, in order; empty for numbers.
    """

    record_bytes: int
    rotate: bool
    fields: tuple[int, ...] = ()


@dataclass(frozen=True)
class EncodedSegment:
    """Blocks of a segment.

    Attributes:
        payload: the blocks, one after the other.
        coded_sizes: uint32, bytes of each block.
        block_crcs: uint32, checksum of each block.
    """

    payload: NDArray[np.uint8]
    coded_sizes: NDArray[np.uint32]
    block_crcs: NDArray[np.uint32]


@dataclass(frozen=True)
class DecodeJob:
    """Consecutive blocks and where their records go.

    Attributes:
        payload: the blocks, one after the other, and nothing else.
        coded_sizes: bytes of each block.
        block_crcs: checksum of each block.
        records: records in all; all blocks but the last have `block_records`.
        output: writable contiguous memory of records * layout.record_bytes bytes.
    """

    payload: Buffer | NDArray[np.uint8]
    coded_sizes: Sequence[int] | NDArray[np.uint32]
    block_crcs: Sequence[int] | NDArray[np.uint32]
    records: int
    block_records: int
    layout: Layout
    output: Any


def default_block_records(layout: Layout) -> int:
    """Records of a block that the encoder takes unless told otherwise."""
    return max(1, BLOCK_BYTES // layout.record_bytes)


def encode(
    data: Buffer | NDArray[np.uint8],
    layout: Layout,
    *,
    mode: Mode,
    block_records: int,
    row_records: int,
    threads: int,
) -> EncodedSegment:
    """Code the memory of a segment: the same bytes for every instruction set and number of threads.

    Args:
        data: contiguous memory, a whole number of records.
        layout: how it is cut.
        mode: "fast" takes what costs the decoder little, "small" every gain.
        block_records: records of a block.
        row_records: records of a row of the tensor: the product of its dimensions after the first.
        threads: at most so many.

    Raises:
        OutOfMemoryError: no memory for the result.
    """
    try:
        payload, sizes, checksums = _core.lossless_encode(
            data,
            layout.record_bytes,
            layout.rotate,
            bool(layout.fields),
            list(layout.fields),
            block_records,
            row_records,
            mode == "small",
            threads,
        )
    except MemoryError:
        raise OutOfMemoryError("no memory to code a segment") from None
    return EncodedSegment(payload, sizes, checksums)


def decode(jobs: Sequence[DecodeJob], threads: int) -> list[tuple[int, int, AimcError]]:
    """Decode blocks into the memory of the caller, in parallel over the blocks of all jobs.

    Returns:
        (number of the job, number of its block, error) for each block that is wrong; its output is undefined. The bit
        offsets of the errors count from the start of the block.
    """
    native = _core.LosslessJobs()
    for job in jobs:
        native.add(
            job.payload,
            np.asarray(job.coded_sizes, np.uint32),
            np.asarray(job.block_crcs, np.uint32),
            job.records,
            job.block_records,
            job.layout.record_bytes,
            job.layout.rotate,
            bool(job.layout.fields),
            job.output,
        )
    wrong: list[tuple[int, int, AimcError]] = []
    for number, block, status in native.decode(threads):
        error = error_from_status(status, 0, "")
        if error is not None:
            wrong.append((number, block, error))
    return wrong


def crc32(data: Buffer | NDArray[np.uint8], value: int = 0) -> int:
    """CRC-32 (1.2) of contiguous memory; `value` is the checksum of what came before."""
    return _core.crc32(data, value)
