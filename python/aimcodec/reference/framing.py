"""NNR units (section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import OutOfRangeError, TruncatedError
from .bits import BitReader

__all__ = ["NNR_AGG", "NNR_LPS", "NNR_MPS", "NNR_NDU", "NNR_QNT", "NNR_STR", "NNR_TPL", "Unit", "nnr_units"]

NNR_STR = 0
NNR_MPS = 1
NNR_LPS = 2
NNR_TPL = 3
NNR_QNT = 4
NNR_NDU = 5
NNR_AGG = 6


@dataclass(frozen=True)
class Unit:
    """One unit: its type, where the type stands, and a reader placed behind the common header."""

    nnr_unit_type: int
    type_offset: int
    partial_data_counter_present_flag: int
    reader: BitReader


def nnr_units(data: bytes) -> Iterator[Unit]:
    """Units of a bitstream, in order (section 2). A stream without any unit is an error."""
    position = 0
    index = 0
    while index == 0 or position < 8 * len(data):
        unit = nnr_unit(data, position, f"units[{index}]")
        yield unit
        position = unit.reader.end
        index += 1


def nnr_unit(data: bytes, begin: int, path: str) -> Unit:
    """The common header of one unit (section 2)."""
    r = BitReader(data, begin, 8 * len(data), path)
    nnr_unit_size_flag = r.u(1, "nnr_unit_size_flag")
    size_offset = r.position
    nnr_unit_size = r.u(31 if nnr_unit_size_flag else 15, "nnr_unit_size")
    size_path = r.element_path("nnr_unit_size")
    if begin + 8 * nnr_unit_size < r.position + 8:
        raise OutOfRangeError(
            f"a unit of {nnr_unit_size} bytes cannot hold its own header", bit_offset=size_offset, path=size_path
        )
    if begin + 8 * nnr_unit_size > r.end:
        raise TruncatedError("the stream ends before the unit does", bit_offset=size_offset, path=size_path)
    r.end = begin + 8 * nnr_unit_size
    type_offset = r.position
    nnr_unit_type = r.u(6, "nnr_unit_type")
    r.u(1, "independently_decodable_flag")
    partial_data_counter_present_flag = r.u(1, "partial_data_counter_present_flag")
    if partial_data_counter_present_flag:
        r.u(8, "partial_data_counter")
    return Unit(nnr_unit_type, type_offset, partial_data_counter_present_flag, r)
