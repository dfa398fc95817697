"""Blocks of AIM through the C interface."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimcodec.coding.lossless import DecodeJob, EncodedSegment, Layout

from .interface import CallError, checked, ffi, lib, status_name, struct, structs, text


class Blocks:
    """The blocks of a job, with memory of their own for the output."""

    def __init__(self, job: DecodeJob) -> None:
        self.payload = np.frombuffer(job.payload, np.uint8)
        self.count = len(job.coded_sizes)
        width = job.layout.record_bytes
        self.output = np.full(job.records * width, 77, np.uint8)
        self.array = structs("aimc_block", self.count)
        at = 0
        for i in range(self.count):
            block = self.array[i]
            first = i * job.block_records
            block.record_bytes = width
            block.rotate = job.layout.rotate
            block.opaque = bool(job.layout.fields)
            block.data = ffi().cast("uint8_t*", self.payload.ctypes.data + at)
            block.size = int(job.coded_sizes[i])
            block.crc = int(job.block_crcs[i])
            block.records = min(job.block_records, job.records - first)
            block.out = ffi().cast("void*", self.output.ctypes.data + first * width)
            block.out_size = block.records * width
            at += block.size

    def probe(self, handle: Any) -> None:
        checked(lib().aimc_blocks_probe, handle, self.array, self.count)

    def decode(self, handle: Any) -> bool:
        """Whether what the call says is what the blocks say."""
        try:
            checked(lib().aimc_blocks_decode, handle, self.array, self.count)
        except CallError as error:
            first = next(i for i in range(self.count) if self.array[i].code != 0)
            return (error.index, error.code) == (first, self.array[first].code)
        return all(self.array[i].code == 0 for i in range(self.count))

    def verdict(self, i: int) -> tuple[str, int, str] | None:
        block = self.array[i]
        if block.code == 0:
            return None
        return status_name(block.code), int(block.bit_offset), text(block.message)


def segment(data: NDArray[np.uint8], layout: Layout, *, thorough: bool, block_records: int, row_records: int) -> Any:
    """What aimc_blocks_encode takes, and what must be kept meanwhile."""
    fields = bytes(layout.fields)
    made = struct(
        "aimc_segment",
        record_bytes=layout.record_bytes,
        rotate=layout.rotate,
        opaque=bool(fields),
        records=ffi().cast("void*", data.ctypes.data),
        size=data.nbytes,
        field_count=len(fields),
        block_records=block_records,
        row_records=row_records,
        thorough=thorough,
    )
    kept = ffi().new("uint8_t[]", fields or b"\0")
    if fields:
        made.fields = kept
    return made, kept


def encode(handle: Any, data: NDArray[np.uint8], layout: Layout, **kwargs: Any) -> EncodedSegment:
    given, _kept = segment(data, layout, **kwargs)
    result = struct("aimc_encoded_blocks")
    checked(lib().aimc_blocks_encode, handle, given, result)
    return EncodedSegment(
        copy(result.payload, result.payload_size, np.uint8),
        copy(result.sizes, result.block_count, np.uint32),
        copy(result.crcs, result.block_count, np.uint32),
    )


def copy(memory: Any, count: int, kind: Any) -> NDArray[Any]:
    """Of memory that belongs to the context."""
    size = count * np.dtype(kind).itemsize
    return np.frombuffer(bytes(ffi().buffer(memory, size)) if size else b"", kind)
