"""Parts of tensors: only the blocks that hold them are read and decoded (4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.lossless import DecodeJob
from aimcodec.dtypes import BOOL, OPAQUE, DType, from_code, unpack
from aimcodec.errors import OutOfMemoryError, OutOfRangeError
from aimcodec.package.contents import Reading
from aimcodec.package.decode import (
    BlockJob,
    array_shape,
    check_expansion,
    check_segment,
    decode_blocks,
    layout_for,
    memory_layout,
)
from aimcodec.package.heads import read_head
from aimcodec.package.select import axis_ranges, normalised, runs
from aimcodec.syntax.aim import Coding, Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TensorSlice"]

# What is read at a time of a raw tensor, which has no blocks.
RAW_BLOCK_BYTES = 4096
# Parts of the memory with less than this between them are read together where every request costs.
REMOTE_GAP_BYTES = 1 << 18


@dataclass(frozen=True)
class _Segment:
    """A unit of the tensor: where its memory lies in that of the tensor, and how it is cut in blocks."""

    number: int
    unit: Unit
    start: int
    stop: int
    block_bytes: int


class TensorSlice:
    """A tensor of a package to be indexed: `package.get_slice("embed")[100:200]`.

    Attributes:
        shape: of the array, so in bytes along the last dimension of an opaque tensor.
        dtype: of the array.
    """

    def __init__(self, reading: Reading, number: int) -> None:
        self._reading = reading
        self._number = number
        self._entry = entry = reading.contents.catalogue.entries[number]
        self._segments: dict[int, _Segment] = {}
        self._dtype = None if entry.data_type == OPAQUE else from_code(entry.data_type)
        self.dtype = np.dtype(np.uint8) if self._dtype is None else self._dtype.numpy
        if number in reading.contents.failures:
            raise reading.contents.failures[number]
        coded = entry.coding == Coding.NNC
        self.shape = entry.shape if coded else array_shape(self._segment(0).unit.header)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """What numpy gives for the whole array and this index, as a new array. NNC tensors are decoded whole.

        Raises:
            ArgumentError: an index that is not basic.
            IndexError: an index outside of the tensor.
            AimcError: a block is damaged, or a limit exceeded.
            OSError: the source cannot be read.
        """
        parts = normalised(index, len(self.shape))
        ranges = axis_ranges(parts, self.shape)
        if self._entry.coding == Coding.NNC:
            from aimcodec.package.nnc_load import load_nnc

            return np.array(load_nnc(self._reading, [self._number])[self._number][parts])
        if not all(ranges):
            kept = [r for r, part in zip(ranges, parts, strict=True) if isinstance(part, slice)]
            return np.empty([len(r) for r in kept], self.dtype)
        try:
            rows, first = self._rows(ranges)
        except MemoryError:
            raise OutOfMemoryError(f"no memory for a part of {self._entry.name!r}") from None
        result: NDArray[Any] = np.array(rows[_shifted(parts, ranges, first)])
        if self._entry.data_type == BOOL and result.size and int(result.view(np.uint8).max()) > 1:
            raise OutOfRangeError("a BOOL is neither 0 nor 1", path=f"units[{self._entry.unit}].payload")
        return result

    def _rows(self, ranges: list[range]) -> tuple[NDArray[Any], int]:
        """Rows of the tensor of which the elements selected are good, and the number of the first of them.

        The memory of all others is never touched, so it is never there.
        """
        bits = 8 if self._dtype is None else self._dtype.bits
        starts, length = runs(ranges, self.shape)
        first_bytes, last_bytes = starts * bits // 8, ((starts + length) * bits + 7) // 8 - 1
        low, high = (min(ranges[0]), max(ranges[0]) + 1) if ranges else (0, 1)
        row = 1
        for dimension in self.shape[1:]:
            row *= dimension
        begin, end = low * row * bits // 8, (high * row * bits + 7) // 8
        gap = 0 if self._reading.source.is_local else REMOTE_GAP_BYTES
        wanted = [
            (segment, block, stop)
            for segment in self._overlapping(first_bytes, last_bytes)
            for block, stop in _block_runs(segment, first_bytes, last_bytes, gap)
        ]
        places = [_memory(segment, block, stop) for segment, block, stop in wanted]
        begin, end = min([begin, *(start for start, _ in places)]), max([end, *(stop for _, stop in places)])
        begin -= begin % (3 if bits == 6 else 1)  # four elements of 6 bits begin together
        units = range(self._entry.unit, self._entry.unit + self._entry.units)
        coded = sum(self._reading.contents.size(unit) for unit in units)
        check_expansion(sum(stop - start for start, stop in places), coded, self._reading.limits)
        memory = np.empty(end - begin, np.uint8)
        self._fill(memory, begin, wanted, places)
        rows = _as_rows(memory, begin, self._dtype, low * row, high * row)
        return rows.reshape((high - low, *self.shape[1:]) if self.shape else ()), low

    def _fill(
        self,
        memory: NDArray[np.uint8],
        begin: int,
        wanted: list[tuple[_Segment, int, int]],
        places: list[tuple[int, int]],
    ) -> None:
        jobs: list[BlockJob] = []
        for (segment, block, stop), (start, end) in zip(wanted, places, strict=True):
            output = memory[start - begin : end - begin]
            unit = segment.unit
            if unit.header["coding"] == Coding.RAW:
                data = self._reading.source.read_at(unit.payload_offset + start, end - start)
                output[:] = np.frombuffer(data, np.uint8)
                continue
            ends = list(accumulate(unit.header["coded_size"][:stop], initial=0))
            size = ends[stop] - ends[block]
            payload = self._reading.source.read_at(unit.payload_offset + ends[block], size)
            layout = layout_for(unit.header)
            job = DecodeJob(
                payload,
                unit.header["coded_size"][block:stop],
                unit.header["block_crc"][block:stop],
                output.size // layout.record_bytes,
                unit.header["block_records"],
                layout,
                output,
            )
            jobs.append(BlockJob(segment.number, unit, block, job))
        decode_blocks(jobs, self._reading.threads)

    def _overlapping(self, first_bytes: NDArray[np.int64], last_bytes: NDArray[np.int64]) -> Iterator[_Segment]:
        """The segments with bytes of the intervals, which ascend; only headers on the way to them are read."""
        byte = int(first_bytes[0])
        while True:
            segment = self._segment(self._find(byte))
            yield segment
            following = int(np.searchsorted(last_bytes, segment.stop))
            if following == last_bytes.size:
                return
            byte = max(int(first_bytes[following]), segment.stop)

    def _find(self, byte: int) -> int:
        """The segment that holds a byte: segments mostly are of one size, so the guess is mostly right."""
        low, high = 0, self._entry.units - 1
        size = max(1, self._segment(0).stop)
        guess = min(byte // size, high)
        while low < high:
            segment = self._segment(guess)
            if byte < segment.start:
                high = guess - 1
            elif byte >= segment.stop:
                low = guess + 1
            else:
                return guess
            guess = (low + high) // 2
        return low

    def _segment(self, place: int) -> _Segment:
        if place not in self._segments:
            number = self._entry.unit + place
            unit = read_head(self._reading.source, self._reading.contents, number, self._reading.limits)
            check_segment(unit, self._entry, number)
            header, layout = unit.header, memory_layout(unit.header)
            start = layout.memory_bytes(header["segment_start"])
            stop = layout.memory_bytes(header["segment_start"] + header["segment_elements"])
            raw = header["coding"] == Coding.RAW
            block = RAW_BLOCK_BYTES if raw else header["block_records"] * layout.record_bytes
            self._segments[place] = _Segment(number, unit, start, stop, block)
        return self._segments[place]


def _block_runs(
    segment: _Segment, first_bytes: NDArray[np.int64], last_bytes: NDArray[np.int64], gap: int
) -> list[tuple[int, int]]:
    """Runs (first, after the last) of blocks of a segment that hold bytes of the intervals, which ascend.

    Blocks between two runs are taken too if they have at most `gap` bytes.
    """
    inside = (last_bytes >= segment.start) & (first_bytes < segment.stop)
    if not inside.any():
        return []
    first = (np.maximum(first_bytes[inside], segment.start) - segment.start) // segment.block_bytes
    last = (np.minimum(last_bytes[inside], segment.stop - 1) - segment.start) // segment.block_bytes
    reach = np.maximum.accumulate(last)
    breaks = np.flatnonzero(first[1:] > reach[:-1] + 1 + gap // segment.block_bytes) + 1
    bounds = [0, *breaks.tolist(), first.size]
    return [(int(first[a]), int(reach[b - 1]) + 1) for a, b in pairwise(bounds)]


def _memory(segment: _Segment, block: int, stop: int) -> tuple[int, int]:
    """Bytes of the memory of the tensor that blocks make up: the first, and the one after the last."""
    start = segment.start + block * segment.block_bytes
    return start, min(segment.start + stop * segment.block_bytes, segment.stop)


def _as_rows(memory: NDArray[np.uint8], begin: int, dtype: DType | None, first: int, last: int) -> NDArray[Any]:
    """Elements first to last - 1 of a tensor, from its memory from byte `begin` on."""
    if dtype is None:
        return memory[first - begin : last - begin]
    if not dtype.is_packed:
        size = dtype.numpy.itemsize
        return memory[first * size - begin : last * size - begin].view(dtype.numpy)
    skipped = begin * 8 // dtype.bits  # `begin` is the start of a group of elements, or of the byte of `first`
    return unpack(memory, dtype, last - skipped)[first - skipped :]


def _shifted(parts: tuple[int | slice, ...], ranges: list[range], first: int) -> tuple[Any, ...]:
    """The index for the rows from `first` on."""
    if not parts:
        return ()
    if not isinstance(parts[0], slice):
        return (ranges[0][0] - first, *parts[1:])
    own = ranges[0]
    stop = own.stop - first
    return (slice(own.start - first, stop if stop >= 0 else None, own.step), *parts[1:])
