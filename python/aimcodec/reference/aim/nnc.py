"""NNC streams in units of a file (clause 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import AimcError, InconsistentError, OutOfRangeError
from ..decoder import Decoder, Stream
from ..framing import NNR_NDU, nnr_unit
from ..framing import Unit as NnrUnit
from ..ndu import compressed_data_unit_header
from ..updates import UpdateState
from .data_types import BOOL, numpy_dtype
from .index import CODING_NNC
from .tensor import Tensor, TensorKind, check_room, shape
from .unit import NNC_DATA, Unit

__all__ = ["NncUnit", "decode_stream", "nnc_data", "nnc_unit"]

# Clause 9.2: what values of a data unit can be given as.
REAL_TYPES = {9, 10, 11, 12}
INTEGER_TYPES = set(range(BOOL, 9))


@dataclass(frozen=True)
class NncUnit:
    """An NNC_UNIT or NNC_DATA unit.

    Attributes:
        header: nnr_header of NNC_DATA, empty for NNC_UNIT.
        tensors: those that NNC_DATA names.
    """

    unit: Unit
    variant_id: int
    header: bytes
    tensors: list[TensorKind]

    @property
    def nnr_unit(self) -> bytes:
        """The unit of the NNC stream."""
        return self.header + self.unit.payload


def nnc_unit(unit: Unit) -> NncUnit:
    """Clause 9.1."""
    return NncUnit(unit, unit.header.u(16, "variant_id"), b"", [])


def nnc_data(unit: Unit) -> NncUnit:
    """Clause 9.2, as far as AIM goes."""
    r = unit.header
    variant_id = r.u(16, "variant_id")
    header = r.b(r.u(32, "nnr_header_size"), "nnr_header")
    tensors = []
    for i in range(r.u(16, "tensor_count")):
        name = r.sized_utf8(f"tensor_name[{i}]")
        data_type = r.u(8, f"data_type[{i}]")
        if data_type not in REAL_TYPES | INTEGER_TYPES:
            raise r.broken(OutOfRangeError, f"data_type {data_type} of an NNC tensor", f"data_type[{i}]")
        tensor = TensorKind(variant_id, name, data_type, None, shape(r), CODING_NNC)
        check_room(r, tensor)
        tensors.append(tensor)
    return NncUnit(unit, variant_id, header, tensors)


def decode_stream(units: list[NncUnit]) -> list[Tensor]:
    """Clause 9.3: the tensors of all units of a variant, in order."""
    stream = Stream(Decoder(), UpdateState())
    data = b"".join(unit.nnr_unit for unit in units)
    found: list[Tensor] = []
    position = 0
    for nnc in units:
        try:
            found += take_unit(stream, nnc, data, position)
        except AimcError as error:
            if error.path.startswith("nnr"):  # places in the NNC stream are none in the file
                error.bit_offset = 8 * nnc.unit.begin
                error.path = nnc.unit.broken(AimcError, "").path + error.path.removeprefix("nnr")
            raise
        position += len(nnc.nnr_unit)
    return found


def take_unit(stream: Stream, nnc: NncUnit, data: bytes, position: int) -> list[Tensor]:
    """One unit of the stream, and the tensors it gives."""
    nnr = nnr_unit(data, 8 * position, "nnr")
    if nnr.reader.end != 8 * (position + len(nnc.nnr_unit)):
        raise nnc.unit.broken(InconsistentError, "not one unit of an NNC stream", "payload")
    if (nnr.nnr_unit_type == NNR_NDU) != (nnc.unit.unit_type == NNC_DATA):
        raise nnc.unit.broken(InconsistentError, f"an NNR unit of type {nnr.nnr_unit_type}", "unit_type")
    before = len(stream.tensors)
    stream.unit(nnr)
    names = list(stream.tensors)[before:]
    if nnc.unit.unit_type == NNC_DATA:
        check_split(stream, nnc, nnr_unit(data, 8 * position, "nnr"), position)
    if names != [tensor.name for tensor in nnc.tensors]:
        raise nnc.unit.broken(InconsistentError, f"the data unit has the tensors {names}", "tensor_name")
    return [given_as(tensor, stream.tensors[tensor.name], nnc.unit) for tensor in nnc.tensors]


def check_split(stream: Stream, nnc: NncUnit, nnr: NnrUnit, position: int) -> None:
    """nnr_header is everything before the payload of the data unit; the stream has taken the unit already."""
    if stream.general_profile_idc is not None and stream.mps is not None:
        compressed_data_unit_header(nnr.reader, stream.general_profile_idc, stream.mps)
    if nnr.reader.position != 8 * (position + len(nnc.header)):
        raise nnc.unit.broken(InconsistentError, "nnr_header does not end where the payload begins", "nnr_header")


def given_as(tensor: TensorKind, values: NDArray[np.generic], unit: Unit) -> Tensor:
    """Decoded values in the type and shape that the file gives them (clause 9.2)."""
    if values.size != tensor.elements:
        raise unit.broken(InconsistentError, f"{tensor.name!r} has {values.size} elements", "dimension")
    real = values.dtype.kind == "f"
    if real != (tensor.data_type in REAL_TYPES):
        raise unit.broken(OutOfRangeError, f"{tensor.name!r} has values of {values.dtype}", "data_type")
    dtype = numpy_dtype(tensor.data_type)
    with np.errstate(over="ignore", under="ignore"):
        converted: NDArray[Any] = values.astype(dtype)
    if not real and not np.array_equal(converted.astype(object), values.astype(object)):
        raise unit.broken(OutOfRangeError, f"integers of {tensor.name!r} do not fit", "data_type")
    return Tensor(tensor, converted.tobytes())
