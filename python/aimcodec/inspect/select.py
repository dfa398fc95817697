"""One data unit of a stream that may be damaged elsewhere."""

from __future__ import annotations

import re

from aimcodec.bits import Buffer
from aimcodec.coding.nnc.data_unit import DataUnit
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.errors import ArgumentError
from aimcodec.limits import Limits
from aimcodec.syntax.nnc import DamagedUnit, Unit, UnitType, scan_units

__all__ = ["select_data_unit"]

# Stands for a unit that says nothing about the one selected, so that the others keep their numbers.
SILENT = Unit(UnitType.NNR_TPL, {})


def select_data_unit(data: Buffer, which: str, limits: Limits) -> DataUnit:
    """A data unit by the name of one of its tensors, or by its number, as ``units[3]`` or ``3``.

    Raises:
        ArgumentError: there is no such data unit.
        AimcError: it is damaged or not supported.
    """
    units = list(scan_units(data, limits=limits))
    numbers = [i for i, unit in enumerate(units) if isinstance(unit, DamagedUnit) or unit.kind == UnitType.NNR_NDU]
    numeral = re.fullmatch(r"units\[([0-9]{1,9})\]|([0-9]{1,9})", which)
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
