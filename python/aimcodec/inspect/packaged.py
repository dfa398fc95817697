"""Coded data of the tensors of a package that may be damaged elsewhere: lossless blocks, and NNC streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aimcodec.bits import Buffer, byte_view
from aimcodec.inspect.blocks import BlockLayout
from aimcodec.limits import Limits
from aimcodec.syntax import aim
from aimcodec.syntax.aim.shape import layout_of
from aimcodec.syntax.aim.types import DATA_TYPES, OPAQUE

__all__ = ["Block", "NncUnit", "good_units", "is_nnc", "nnc_stream", "tensor_names", "unit_blocks"]


@dataclass(frozen=True)
class Block:
    """A lossless block.

    Attributes:
        unit: number of the unit in the file.
        number: of the block in the unit.
        offset: its first byte in the file.
        data: its bytes.
        records: records that it holds.
    """

    unit: int
    number: int
    offset: int
    data: memoryview
    layout: BlockLayout
    records: int


def tensor_names(unit: aim.Unit) -> list[str]:
    """Names of the tensors of a unit."""
    if unit.kind == aim.UnitType.TENSOR:
        return [unit.header["tensor_name"]]
    if unit.kind == aim.UnitType.NNC_DATA:
        return [tensor["tensor_name"] for tensor in unit.header["tensors"]]
    return []


def unit_blocks(number: int, unit: aim.Unit) -> Iterator[Block]:
    """The blocks of a unit; none unless it is a tensor with lossless coding in the clear."""
    header = unit.header
    if unit.kind != aim.UnitType.TENSOR or header["coding"] != aim.Coding.LOSSLESS or unit.protected:
        return
    opaque = header["data_type"] == OPAQUE
    size = layout_of(
        header["data_type"], (header["opaque_block_elements"], header["opaque_block_bytes"]) if opaque else None
    )
    layout = BlockLayout(size.record_bytes, not opaque and DATA_TYPES[header["data_type"]].rotate, opaque)
    left = size.memory_bytes(header["segment_elements"]) // size.record_bytes
    payload, begin = byte_view(unit.payload), 0
    for index, coded in enumerate(header["coded_size"]):
        records = min(left, header["block_records"])
        yield Block(number, index, unit.payload_offset + begin, payload[begin : begin + coded], layout, records)
        begin += coded
        left -= records


@dataclass(frozen=True)
class NncUnit:
    """A unit of an NNC stream: its number in the package, first byte of its payload there, number in the stream."""

    file_number: int
    payload_offset: int
    number: int


def nnc_stream(units: Iterable[tuple[int, aim.Unit]], variant: int) -> tuple[bytes, list[NncUnit]]:
    """The NNC stream of a variant (9.3) and where its units are in the file."""
    stream = bytearray()
    places: list[NncUnit] = []
    for number, unit in units:
        if unit.kind not in (aim.UnitType.NNC_UNIT, aim.UnitType.NNC_DATA) or unit.protected:
            continue
        if unit.header["variant_id"] != variant:
            continue
        if unit.kind == aim.UnitType.NNC_DATA:
            stream += unit.header["nnr_header"]
        stream += byte_view(unit.payload)
        places.append(NncUnit(number, unit.payload_offset, len(places)))
    return bytes(stream), places


def good_units(data: Buffer, limits: Limits) -> list[tuple[int, aim.Unit]]:
    """The units that can be read, with their numbers."""
    scanned = enumerate(aim.scan_units(data, limits=limits))
    return [(number, unit) for number, unit in scanned if isinstance(unit, aim.Unit)]


def is_nnc(data: Buffer, which: str, limits: Limits) -> bool:
    """Whether a tensor of a package, by name or by the number of its unit, is in an NNC data unit."""
    coded = ((n, u) for n, u in good_units(data, limits) if u.kind == aim.UnitType.NNC_DATA)
    return any(which in (*tensor_names(unit), str(number), f"units[{number}]") for number, unit in coded)
