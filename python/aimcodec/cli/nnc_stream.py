"""The NNC stream in a package, and from a stream to a package: its units stay as they are (clause 9)."""

from __future__ import annotations

from aimcodec.cli.packages import Opened
from aimcodec.errors import UnsupportedError
from aimcodec.syntax.aim import Unit, UnitType

__all__ = ["nnc_stream"]

NNC_TYPES = (UnitType.NNC_UNIT, UnitType.NNC_DATA)


def nnc_stream(opened: Opened) -> bytes:
    """The stream of variant 0 (9.3).

    Raises:
        UnsupportedError: it has none, or also tensors that are not in it.
        AimcError: a unit is damaged.
        OSError: the source cannot be read.
    """
    infos = [opened.package.info(name) for name in opened.package]
    other = next((i for i in infos if i.coding != "nnc" or i.alias_of is not None), None)
    if other is not None:
        message = f"tensor {other.name!r} is not in the NNC stream of the package"
        raise UnsupportedError(f"{message}; aimc encode codes all of them anew")
    units = [opened.units.read(number) for number in opened.units.numbers(NNC_TYPES)]
    parts = [_stream_part(unit) for unit in units if unit.header["variant_id"] == 0]
    if not parts:
        raise UnsupportedError("the package has no NNC stream")
    return b"".join(parts)


def _stream_part(unit: Unit) -> bytes:
    header = unit.header["nnr_header"] if unit.kind == UnitType.NNC_DATA else b""
    return bytes(header) + bytes(unit.payload)
