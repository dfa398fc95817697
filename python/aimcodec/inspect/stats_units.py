"""The units of a file that carry tensors, with what is needed to decode them one by one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aimcodec.bits import Buffer, byte_view
from aimcodec.coding.nnc.data_unit import DataUnit
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.coding.nnc.payloads import check_sizes
from aimcodec.errors import AimcError, InconsistentError, MalformedError
from aimcodec.inspect.packaged import Block, good_units, nnc_stream, unit_blocks
from aimcodec.limits import Limits
from aimcodec.syntax import aim
from aimcodec.syntax.nnc import DamagedUnit, Unit, UnitType, scan_units

__all__ = ["CodedUnit", "package_units", "stream_units"]


@dataclass(frozen=True)
class CodedUnit:
    """A unit with a payload of tensors.

    Attributes:
        path: of the unit.
        payload: its bytes.
        tensors: number of elements by name.
        blocks: of a lossless tensor.
        data_unit: of NNC; None if it cannot be decoded.
        error: why it cannot.
    """

    path: str
    payload: memoryview
    tensors: dict[str, int]
    blocks: list[Block] = field(default_factory=list)
    data_unit: DataUnit | None = None
    error: AimcError | None = None


def stream_units(data: Buffer, limits: Limits) -> dict[str, CodedUnit]:
    """The data units of an NNC stream that can be read, by path."""
    found = {}
    for number, unit, data_unit in _interpreted(scan_units(data, limits=limits)):
        path = f"units[{number}]"
        found[path] = _nnc(path, unit.payload, data_unit, memoryview(data).nbytes, limits)
    return found


def package_units(data: Buffer, limits: Limits) -> dict[str, CodedUnit]:
    """The TENSOR and NNC_DATA units of a package that can be read, by path."""
    units = good_units(data, limits)
    found = {}
    for number, unit in units:
        if unit.kind == aim.UnitType.TENSOR and not unit.protected and len(byte_view(unit.payload)):
            path, blocks = f"units[{number}]", list(unit_blocks(number, unit))
            elements = {unit.header["tensor_name"]: unit.header["segment_elements"]}
            found[path] = CodedUnit(path, byte_view(unit.payload), elements, blocks)
    for variant in sorted({u.header["variant_id"] for _, u in units if u.kind == aim.UnitType.NNC_DATA}):
        found.update(_variant_units(units, variant, memoryview(data).nbytes, limits))
    return found


def _variant_units(
    units: list[tuple[int, aim.Unit]], variant: int, size: int, limits: Limits
) -> Iterator[tuple[str, CodedUnit]]:
    """The NNC_DATA units of a variant, read in its stream (9.3)."""
    stream, places = nnc_stream(units, variant)
    read = {number: data_unit for number, _, data_unit in _interpreted(scan_units(stream, limits=limits))}
    by_number = dict(units)
    for place in places:
        unit = by_number[place.file_number]
        if unit.kind != aim.UnitType.NNC_DATA:
            continue
        path = f"units[{place.file_number}]"
        data_unit = read.get(place.number, MalformedError("a damaged NNC data unit", path=path))
        if isinstance(data_unit, DataUnit):
            data_unit = dataclasses.replace(data_unit, path=path, payload_bit=8 * place.payload_offset)
            if data_unit.payload != unit.payload:
                data_unit = InconsistentError("nnr_header does not end where the payload begins", path=path)
        yield path, _nnc(path, unit.payload, data_unit, size, limits)


def _interpreted(units: Iterable[Unit | DamagedUnit]) -> Iterator[tuple[int, Unit, DataUnit | AimcError]]:
    """Data units one by one: (number, unit, what it says or why it cannot be decoded)."""
    parameters: list[Unit] = []
    for number, unit in enumerate(units):
        if isinstance(unit, DamagedUnit):
            continue
        if unit.kind != UnitType.NNR_NDU:
            parameters.append(unit)
            continue
        try:
            (data_unit,) = interpret([*parameters, unit])
        except AimcError as error:
            yield number, unit, error
        else:
            yield number, unit, dataclasses.replace(data_unit, path=f"units[{number}]")


def _nnc(path: str, payload: Buffer, data_unit: DataUnit | AimcError, size: int, limits: Limits) -> CodedUnit:
    if isinstance(data_unit, AimcError):
        return CodedUnit(path, byte_view(payload), {}, error=data_unit)
    try:
        check_sizes([data_unit], size, limits)
    except AimcError as error:
        return CodedUnit(path, byte_view(payload), {}, error=error)
    tensors = {tensor.name: math.prod(tensor.shape) for tensor in data_unit.tensors}
    return CodedUnit(path, byte_view(payload), tensors, data_unit=data_unit)
