"""NNC streams to units of a package and back (clause 9)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aimcodec.bits import Buffer, byte_view
from aimcodec.coding.nnc.data_unit import PT_INT
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.dtypes import dtype_of
from aimcodec.errors import ArgumentError
from aimcodec.syntax import Fields
from aimcodec.syntax.aim.types import INTEGER_TYPES, REAL_TYPES
from aimcodec.syntax.nnc import Unit, UnitType, iter_units

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["StreamPiece", "nnc_entries", "split_stream"]


@dataclass(frozen=True)
class StreamPiece:
    """A unit of a stream.

    Attributes:
        unit: as read.
        header: of a data unit, everything before its payload.
        payload: the payload of a data unit, or all of another unit.
    """

    unit: Unit
    header: bytes
    payload: bytes

    @property
    def is_data(self) -> bool:
        """Whether it is a compressed data unit."""
        return self.unit.kind == UnitType.NNR_NDU


def split_stream(stream: Buffer) -> list[StreamPiece]:
    """The units of a stream, data units cut in header and payload (9.1, 9.2).

    Raises:
        AimcError: the stream cannot be read.
    """
    data = byte_view(stream)
    units = list(iter_units(stream))
    ends = [*(unit.offset for unit in units[1:]), data.nbytes]
    return [_piece(unit, data, end) for unit, end in zip(units, ends, strict=True)]


def _piece(unit: Unit, data: memoryview, end: int) -> StreamPiece:
    begin = unit.payload_offset if unit.kind == UnitType.NNR_NDU else unit.offset
    return StreamPiece(unit, bytes(data[unit.offset : begin]), bytes(data[begin:end]))


def nnc_entries(
    pieces: Sequence[StreamPiece], dtypes: Mapping[str, DTypeLike], shapes: Mapping[str, Sequence[int]]
) -> list[list[Fields]]:
    """For each unit the `tensors` of nnc_data_header, in the order of their values (9.2).

    Raises:
        ArgumentError: a type or shape that the values cannot be given in, or of no tensor of the stream.
        AimcError: the stream needs what is not supported.
    """
    data_units = iter(interpret(piece.unit for piece in pieces))
    entries: list[list[Fields]] = []
    names: set[str] = set()
    for piece in pieces:
        tensors: list[Fields] = []
        if piece.is_data:
            unit = next(data_units)
            integer = unit.payload_type == PT_INT
            for tensor in unit.tensors:
                if tensor.name in names:
                    raise ArgumentError(f"tensor {tensor.name!r} is coded twice in the stream")
                names.add(tensor.name)
                shape = shapes.get(tensor.name, tensor.shape)
                tensors.append(_entry(tensor.name, tensor.shape, shape, integer, dtypes.get(tensor.name)))
        entries.append(tensors)
    for name in (*dtypes, *shapes):
        if name not in names:
            raise ArgumentError(f"the stream has no tensor {name!r}")
    return entries


def _entry(name: str, coded: Sequence[int], shape: Sequence[int], integer: bool, dtype: DTypeLike | None) -> Fields:
    default = np.int32 if integer else np.float32
    code = dtype_of(np.dtype(default if dtype is None else dtype)).code
    if code not in (INTEGER_TYPES if integer else REAL_TYPES):
        raise ArgumentError(f"tensor {name!r}: NNC values cannot be given as {np.dtype(dtype)}")
    if math.prod(shape) != math.prod(coded):
        raise ArgumentError(f"tensor {name!r}: shape {tuple(shape)} is not of the elements of {tuple(coded)}")
    return {"tensor_name": name, "data_type": code, "rank": len(shape), "dimension": list(shape)}
