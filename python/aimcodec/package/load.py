"""Tensors of a package to arrays: which units, in which reads, with which checks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import OPAQUE, from_code, packed_bytes
from aimcodec.errors import MalformedError, OutOfMemoryError
from aimcodec.package.arena import Arena
from aimcodec.package.contents import Contents, Reading
from aimcodec.package.decode import TensorMemory, UnitJob, check_expansion, decode_units
from aimcodec.package.heads import head_of
from aimcodec.syntax.aim import Coding

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_memory", "load_tensors"]

# Units are read and decoded in batches of about so many bytes: enough for many threads, little beside the output.
BATCH_BYTES = 32 << 20
GAP_BYTES = 4096  # between units that are read in one go


def load_tensors(
    reading: Reading, numbers: Sequence[int], outputs: Mapping[int, NDArray[np.uint8]] | None = None
) -> dict[int, NDArray[Any]]:
    """Arrays of entries that are no aliases.

    Args:
        reading: the package.
        numbers: entries, each once.
        outputs: for some of them uint8 memory that the tensor is decoded into.

    Raises:
        AimcError: a tensor is damaged, or beyond a limit.
        OSError: the source cannot be read.
    """
    entries = reading.contents.catalogue.entries
    try:
        memories = _decoded(reading, numbers, outputs or {})
        arrays = {number: memories.pop(number).array() for number in list(memories)}
        coded = [number for number in numbers if entries[number].coding == Coding.NNC]
        if coded:
            from aimcodec.package.nnc_load import load_nnc  # what needs no NNC does not load it

            arrays |= load_nnc(reading, coded)
    except MemoryError:
        raise OutOfMemoryError("no memory for the tensors asked for") from None
    return {number: arrays[number] for number in numbers}


def load_memory(reading: Reading, number: int) -> NDArray[np.uint8]:
    """The memory of an entry that is no alias (6.2), uint8.

    Raises:
        AimcError: the tensor is damaged, or beyond a limit.
        OSError: the source cannot be read.
    """
    if reading.contents.catalogue.entries[number].coding == Coding.NNC:
        return load_tensors(reading, [number])[number].reshape(-1).view(np.uint8)
    try:
        return _decoded(reading, [number], {})[number].memory()
    except MemoryError:
        raise OutOfMemoryError("no memory for the tensor asked for") from None


def _decoded(
    reading: Reading, numbers: Sequence[int], outputs: Mapping[int, NDArray[np.uint8]]
) -> dict[int, TensorMemory]:
    """The memory of those entries that are not of NNC."""
    entries = reading.contents.catalogue.entries
    for number in numbers:
        if number in reading.contents.failures:
            raise reading.contents.failures[number]
    arena = Arena(_check_limits(reading, numbers))
    own = sorted((n for n in numbers if entries[n].coding != Coding.NNC), key=lambda n: entries[n].unit)
    memories = {n: TensorMemory(entries[n], arena, outputs.get(n)) for n in own}
    for batch in _batches(reading.contents, own):
        _load_batch(reading, batch, memories)
    for number in own:
        memories[number].finish(entries[number].unit)
    return memories


def _check_limits(reading: Reading, numbers: Sequence[int]) -> int:
    """Bytes of all arrays, before anything is allocated. What an opaque one takes is only known with its first unit."""
    contents = reading.contents
    output = coded = 0
    units: set[int] = set()
    for number in numbers:
        entry = contents.catalogue.entries[number]
        if entry.data_type != OPAQUE:
            elements = math.prod(entry.shape)
            output += max(elements, packed_bytes(from_code(entry.data_type), elements))  # a byte each where packed
        units.update(range(entry.unit, entry.unit + entry.units))
    coded = sum(contents.size(unit) for unit in units)
    check_expansion(output, coded, reading.limits)
    return output


def _batches(contents: Contents, numbers: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """(entry, unit) of units that are decoded together."""
    batch: list[tuple[int, int]] = []
    size = 0
    for number in numbers:
        entry = contents.catalogue.entries[number]
        for unit in range(entry.unit, entry.unit + entry.units):
            if batch and size + contents.size(unit) > BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append((number, unit))
            size += contents.size(unit)
    if batch:
        yield batch


def _load_batch(reading: Reading, batch: list[tuple[int, int]], memories: Mapping[int, TensorMemory]) -> None:
    jobs = []
    spans = []
    for run in _runs(reading.contents, batch):
        begin, data = _read_units(reading, run[0][1], run[-1][1])
        spans.append((begin, len(data)))
        jobs += [_job(reading, memories[number], unit, begin, data) for number, unit in run]
    decode_units(jobs, reading.threads)
    for begin, size in spans:
        reading.source.release(begin, size)


def _runs(contents: Contents, batch: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Parts of a batch that are read together, as next to nothing lies between their units."""
    run = [batch[0]]
    for number, unit in batch[1:]:
        end = contents.offsets[run[-1][1]] + contents.size(run[-1][1])
        if contents.offsets[unit] - end > GAP_BYTES:
            yield run
            run = []
        run.append((number, unit))
    yield run


def _read_units(reading: Reading, first: int, last: int) -> tuple[int, memoryview]:
    """Place and bytes of units, and of what lies between them."""
    contents = reading.contents
    begin = contents.offsets[first]
    end = contents.offsets[last] + contents.size(last)
    return begin, memoryview(reading.source.read_at(begin, end - begin))


def _job(reading: Reading, memory: TensorMemory, number: int, begin: int, data: memoryview) -> UnitJob:
    contents = reading.contents
    start = contents.offsets[number] - begin
    mine = data[start : start + contents.size(number)]
    unit = head_of(mine, contents, number, reading.limits)
    output = memory.place(unit, number)
    place = unit.payload_offset - unit.offset
    end = place + unit.fields["payload_size"]
    if any(mine[end:]) and not contents.is_recovered:
        path = f"units[{number}].payload_padding"
        raise MalformedError("padding is zero bytes", bit_offset=8 * (unit.offset + end), path=path)
    return UnitJob(number, unit, mine[place:end], output)
