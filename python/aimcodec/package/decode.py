"""Units to the memory of tensors (4.1 to 4.3, 6)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bits import Buffer
from aimcodec.coding import lossless
from aimcodec.coding.lossless import DecodeJob, Layout, crc32
from aimcodec.dtypes import OPAQUE, check_memory, from_code, unpack
from aimcodec.errors import AimcError, InconsistentError, LimitExceededError, UnsupportedError
from aimcodec.limits import Limits
from aimcodec.package.arena import Arena
from aimcodec.syntax import Fields
from aimcodec.syntax.aim import Coding, Entry, Unit
from aimcodec.syntax.aim.rules import opaque_of, same_tensor
from aimcodec.syntax.aim.shape import MemoryLayout, layout_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BlockJob",
    "TensorMemory",
    "UnitJob",
    "array_shape",
    "check_expansion",
    "check_segment",
    "decode_blocks",
    "decode_units",
    "layout_for",
    "memory_layout",
]

# Output from which Limits.max_expansion applies.
FREE_OUTPUT_BYTES = 64 << 20


def memory_layout(header: Fields) -> MemoryLayout:
    """How the memory of the tensor of a tensor_header is grouped."""
    return layout_of(header["data_type"], opaque_of(header))


def layout_for(header: Fields) -> Layout:
    """How lossless coding cuts it."""
    if header["data_type"] == OPAQUE:
        size = header["opaque_block_bytes"]
        return Layout(size, False, (size,))
    dtype = from_code(header["data_type"])
    return Layout(dtype.record_bytes, dtype.rotate)


def array_shape(header: Fields) -> tuple[int, ...]:
    """Shape of the array: opaque ones have bytes along the last dimension (6.1)."""
    shape = tuple(header["dimension"])
    opaque = opaque_of(header)
    return shape if opaque is None else (*shape[:-1], shape[-1] // opaque[0] * opaque[1])


def check_expansion(output: int, coded: int, limits: Limits) -> None:
    """What a call may make of so many bytes of a file.

    Raises:
        LimitExceededError: more than `max_output_bytes` or `max_expansion` allow.
    """
    if output > limits.max_output_bytes:
        raise LimitExceededError(f"output of {output} bytes exceeds max_output_bytes {limits.max_output_bytes}")
    if output > max(FREE_OUTPUT_BYTES, limits.max_expansion * coded):
        raise LimitExceededError(
            f"output of {output} bytes from {coded} bytes exceeds max_expansion {limits.max_expansion}"
        )


def check_segment(unit: Unit, entry: Entry, number: int) -> None:
    """That a unit is a segment of the tensor that the index promises.

    Raises:
        InconsistentError: it is another one.
        UnsupportedError: it is protected.
    """
    header = unit.header
    path, place = f"units[{number}]", 8 * unit.offset
    if unit.protected:
        raise UnsupportedError("a protected unit", bit_offset=place, path=f"{path}.protected_flag")
    expected = {
        "variant_id": entry.variant,
        "tensor_name": entry.name,
        "data_type": entry.data_type,
        "dimension": list(entry.shape),
        "coding": entry.coding,
    }
    for name, value in expected.items():
        if header[name] != value:
            message = f"is {header[name]!r}, the index says {value!r}"
            raise InconsistentError(message, bit_offset=place, path=f"{path}.tensor_header.{name}")


@dataclass
class TensorMemory:
    """A tensor that is being read.

    Attributes:
        entry: its row of the catalogue.
        arena: where its memory comes from.
        output: uint8, its memory; allocated at its first unit unless the caller gave it.
        last: its unit read last.
    """

    entry: Entry
    arena: Arena
    output: NDArray[np.uint8] | None = None
    last: Unit | None = None
    _done: int = field(default=0, repr=False)

    def place(self, unit: Unit, number: int) -> NDArray[np.uint8]:
        """The part of the memory that a unit fills."""
        check_segment(unit, self.entry, number)
        self._check_order(unit, number)
        layout = memory_layout(unit.header)
        if self.output is None:
            self.output = self.arena.empty(layout.memory_bytes(_elements(unit)))
        self.last = unit
        start = layout.memory_bytes(unit.header["segment_start"])
        self._done = unit.header["segment_start"] + unit.header["segment_elements"]
        return self.output[start : layout.memory_bytes(self._done)]

    def _check_order(self, unit: Unit, number: int) -> None:
        """Segments follow each other without gap or overlap (4.1)."""
        header, place = unit.header, 8 * unit.offset
        path = f"units[{number}].tensor_header"
        if header["segment_start"] != self._done:
            message = f"the segment starts at element {header['segment_start']}, not {self._done}"
            raise InconsistentError(message, bit_offset=place, path=f"{path}.segment_start")
        if self.last is not None and not same_tensor(header, self.last.header):
            raise InconsistentError("the segment differs from the one before", bit_offset=place, path=path)

    def finish(self, number: int) -> None:
        """That all of it is there, and is what memory may be.

        Raises:
            AimcError: it is not.
        """
        if self.last is None or self.output is None or self._done != _elements(self.last):
            raise InconsistentError(f"tensor {self.entry.name!r} is not complete", path=f"units[{number}]")
        if self.entry.data_type == OPAQUE:
            return
        try:
            check_memory(self.output, from_code(self.entry.data_type), self._done)
        except AimcError as error:
            raise _at(error, self.last, number) from None

    def memory(self) -> NDArray[np.uint8]:
        """The memory as it is."""
        if self.output is None:
            raise InconsistentError(f"tensor {self.entry.name!r} is not complete")
        return self.output

    def array(self) -> NDArray[Any]:
        """The tensor as an array; types of less than 8 bits get a byte each."""
        memory = self.memory()
        shape = self.entry.shape if self.last is None else array_shape(self.last.header)
        if self.entry.data_type == OPAQUE:
            return memory.reshape(shape)
        dtype = from_code(self.entry.data_type)
        if dtype.is_packed:
            return unpack(memory, dtype, self._done).reshape(shape)
        return memory.view(dtype.numpy).reshape(shape)


@dataclass(frozen=True)
class UnitJob:
    """A unit to decode.

    Attributes:
        number: of the unit.
        unit: its header.
        payload: its payload.
        output: uint8, the part of the memory that it fills.
    """

    number: int
    unit: Unit
    payload: Buffer
    output: NDArray[np.uint8]


def decode_units(jobs: list[UnitJob], threads: int) -> None:
    """Decode TENSOR units, all blocks of all of them in parallel.

    Raises:
        AimcError: a checksum or block is wrong; the path names unit and block.
    """
    coded = []
    for job in jobs:
        if job.unit.header["coding"] == Coding.RAW:
            _copy(job)
        elif job.output.size:
            coded.append(BlockJob(job.number, job.unit, 0, _native(job)))
    decode_blocks(coded, threads)


@dataclass(frozen=True)
class BlockJob:
    """Consecutive blocks of a unit to decode.

    Attributes:
        number: of the unit.
        unit: its header.
        block: number of the first block.
        job: what the decoder needs.
    """

    number: int
    unit: Unit
    block: int
    job: DecodeJob


def decode_blocks(jobs: list[BlockJob], threads: int) -> None:
    """Decode blocks, all of them in parallel.

    Raises:
        AimcError: as in `decode_units`.
    """
    wrong = lossless.decode([job.job for job in jobs], threads) if jobs else []
    if wrong:
        index, block, error = min(wrong, key=lambda found: found[:2])
        raise _block_error(jobs[index].unit, jobs[index].number, jobs[index].block + block, error)


def _native(job: UnitJob) -> DecodeJob:
    header = job.unit.header
    layout = layout_for(header)
    records = job.output.size // layout.record_bytes
    return DecodeJob(
        job.payload, header["coded_size"], header["block_crc"], records, header["block_records"], layout, job.output
    )


def _copy(job: UnitJob) -> None:
    if crc32(job.payload) != job.unit.fields["payload_crc"]:
        path = f"units[{job.number}].payload_crc"
        message = "checksum: the payload has another than payload_crc says"
        raise InconsistentError(message, bit_offset=8 * job.unit.payload_offset, path=path)
    job.output[:] = np.frombuffer(job.payload, np.uint8)


def _block_error(unit: Unit, number: int, block: int, error: AimcError) -> AimcError:
    offset = 8 * (unit.payload_offset + sum(unit.header["coded_size"][:block])) + (error.bit_offset or 0)
    message = f"tensor {unit.header['tensor_name']!r}: {error.message}"
    return type(error)(message, bit_offset=offset, path=f"units[{number}].block[{block}]")


def _elements(unit: Unit) -> int:
    """Elements of the tensor that a unit is a segment of."""
    return math.prod(unit.header["dimension"])


def _at(error: AimcError, unit: Unit, number: int) -> AimcError:
    return type(error)(error.message, bit_offset=8 * unit.payload_offset, path=f"units[{number}].payload")
