"""Everything that can be wrong with a package, found by reading all of it (10.2, 11)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from aimcodec.dtypes import OPAQUE, check_memory, from_code
from aimcodec.errors import AimcError, InconsistentError, OutOfMemoryError
from aimcodec.package.contents import Reading
from aimcodec.package.decode import UnitJob, check_expansion, decode_units, memory_layout
from aimcodec.syntax.aim import Coding, FileRules, Unit, UnitType
from aimcodec.syntax.aim.index import END_SIZE
from aimcodec.syntax.aim.units import read_unit

__all__ = ["verify"]


def verify(reading: Reading) -> list[AimcError]:
    """All findings, in the order of the file. Of protected units only what is clear is looked at.

    Raises:
        OSError: the source cannot be read.
    """
    contents = reading.contents
    findings: list[AimcError] = []
    rules: FileRules | None = FileRules()  # None after damage: its consequences are no findings
    readable_nnc = True
    streams: defaultdict[int, set[int]] = defaultdict(set)  # units of the NNC stream of each variant
    end = reading.source.size - END_SIZE
    index = contents.offsets[-1] + contents.size(len(contents.offsets) - 1)
    places = [(offset, contents.size(number)) for number, offset in enumerate(contents.offsets)]
    for number, (offset, size) in enumerate([*places, (index, end - index), (end, END_SIZE)]):
        data = reading.source.read_at(offset, size)
        digest = hashlib.sha256(data).digest()
        try:
            if number < len(places) and digest != contents.catalogue.unit_digests[number]:
                findings.append(_digest_error(number, offset))
            unit = read_unit(data, f"units[{number}]", offset, reading.limits)
            if rules is not None:
                rules.take(unit, digest)
            if unit.kind == UnitType.TENSOR and not unit.protected:
                _decode(reading, number, unit)
            if unit.kind in (UnitType.NNC_UNIT, UnitType.NNC_DATA):
                readable_nnc &= not unit.protected
                streams[unit.header["variant_id"]].add(number)
        except AimcError as error:
            findings.append(error)
            rules = None
        reading.source.release(offset, size)
    return findings + (_nnc(reading, streams) if readable_nnc else [])


def _digest_error(number: int, offset: int) -> AimcError:
    message = "digest: the unit has another than the index says"
    return InconsistentError(message, bit_offset=8 * offset, path=f"units[{number}]")


def _decode(reading: Reading, number: int, unit: Unit) -> None:
    """The memory of a segment, decoded and looked at."""
    header, layout = unit.header, memory_layout(unit.header)
    size = layout.memory_bytes(header["segment_elements"])
    payload = memoryview(unit.payload)
    if header["coding"] == Coding.RAW:
        memory = np.frombuffer(payload, np.uint8)
    else:
        check_expansion(size, unit.size, reading.limits)
        try:
            memory = np.empty(size, np.uint8)
        except MemoryError:
            raise OutOfMemoryError(f"no memory for unit {number}") from None
        decode_units([UnitJob(number, unit, payload, memory)], reading.threads)
    if header["data_type"] == OPAQUE:
        return
    try:
        check_memory(memory, from_code(header["data_type"]), header["segment_elements"])
    except AimcError as error:
        path = f"units[{number}].payload"
        raise type(error)(error.message, bit_offset=8 * unit.payload_offset, path=path) from None


def _nnc(reading: Reading, streams: Mapping[int, set[int]]) -> list[AimcError]:
    entries = reading.contents.catalogue.entries
    numbers = [number for number, entry in enumerate(entries) if entry.coding == Coding.NNC]
    needed = {entries[number].unit for number in numbers}
    if not numbers and not streams:
        return []
    from aimcodec.package.nnc_load import check_stream, load_nnc  # what needs no NNC does not load it

    try:
        load_nnc(reading, numbers)
        for variant, units in streams.items():
            if max(units) not in needed:  # the stream goes on after its last tensor, or has none
                check_stream(reading, variant, units)
    except AimcError as error:
        return [error]
    return []
