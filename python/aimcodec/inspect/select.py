"""One data unit of a stream that may be damaged elsewhere."""

from __future__ import annotations

import dataclasses
import re

from aimcodec.bits import Buffer
from aimcodec.coding.nnc.data_unit import DataUnit
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.errors import ArgumentError
from aimcodec.inspect.kinds import is_package
from aimcodec.inspect.packaged import good_units, nnc_stream, tensor_names
from aimcodec.limits import Limits
from aimcodec.syntax import aim
from aimcodec.syntax.nnc import DamagedUnit, Unit, UnitType, scan_units

__all__ = ["select_data_unit", "select_unit"]

NUMBER = re.compile(r"units\[([0-9]{1,9})\]|([0-9]{1,9})")

# Stands for a unit that says nothing about the one selected, so that the others keep their numbers.
SILENT = Unit(UnitType.NNR_TPL, {})


def select_data_unit(data: Buffer, which: str, limits: Limits) -> DataUnit:
    """A data unit by the name of one of its tensors, or by its number, as ``units[3]`` or ``3``.

    That of a package has the path of its unit of the package, and `payload_bit` is a bit of the package.

    Raises:
        ArgumentError: there is no such data unit.
        AimcError: it is damaged or not supported.
    """
    return _in_package(data, which, limits) if is_package(data) else _in_stream(data, which, limits)


def _in_package(data: Buffer, which: str, limits: Limits) -> DataUnit:
    """In the NNC stream that the package carries for the variant of the unit."""
    units = good_units(data, limits)
    number, unit = select_unit([(n, u) for n, u in units if u.kind == aim.UnitType.NNC_DATA], which)
    stream, places = nnc_stream(units, unit.header["variant_id"])
    place = next(place for place in places if place.file_number == number)
    found = _in_stream(stream, f"units[{place.number}]", limits)
    return dataclasses.replace(found, path=f"units[{number}]", payload_bit=8 * place.payload_offset)


def select_unit(units: list[tuple[int, aim.Unit]], which: str) -> tuple[int, aim.Unit]:
    """The first unit of a tensor, or the unit of a number, with its number.

    Raises:
        ArgumentError: there is no such unit.
    """
    numeral = NUMBER.fullmatch(which)
    wanted = int(numeral[1] or numeral[2]) if numeral else -1
    named = [pair for pair in units if which in tensor_names(pair[1])]
    chosen = named or [pair for pair in units if pair[0] == wanted]
    if not chosen:
        raise ArgumentError(f"no unit of coded data has the number, or a tensor of the name, {which!r}")
    return chosen[0]


def _in_stream(data: Buffer, which: str, limits: Limits) -> DataUnit:
    units = list(scan_units(data, limits=limits))
    numbers = [i for i, unit in enumerate(units) if isinstance(unit, DamagedUnit) or unit.kind == UnitType.NNR_NDU]
    numeral = NUMBER.fullmatch(which)
    chosen = [i for i in numbers if which in _names(units[i])]
    if not chosen and numeral is not None:
        chosen = [i for i in numbers if i == int(numeral[1] or numeral[2])]
    if not chosen:
        raise ArgumentError(f"no data unit has the number, or a tensor of the name, {which!r}")
    unit = units[chosen[0]]
    if isinstance(unit, DamagedUnit):
        raise unit.error
    before = [SILENT if isinstance(u, DamagedUnit) or u.kind == UnitType.NNR_NDU else u for u in units[: chosen[0]]]
    (data_unit,) = interpret([*before, unit])
    return data_unit


def _names(unit: Unit | DamagedUnit) -> list[str]:
    """Names of the tensors of a data unit, as far as they were read."""
    header = unit.fields.get("nnr_compressed_data_unit_header", {})
    listed = header.get("topology_elements_ids_list", {}).get("topology_elem_id_list", [])
    return [*listed, *([header["topology_elem_id"]] if "topology_elem_id" in header else [])]
