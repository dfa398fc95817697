"""Single units of a package, where its tensors are not enough: aliases, opaque types, NNC streams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aimcodec
from aimcodec.errors import UnsupportedError
from aimcodec.package import Package
from aimcodec.package.source import Source, open_source
from aimcodec.syntax.aim import Unit, UnitType
from aimcodec.syntax.aim.units import read_unit

__all__ = ["UnitReader", "nnc_stream", "unit_reader"]

NNC_TYPES = (UnitType.NNC_UNIT, UnitType.NNC_DATA)


class UnitReader:
    """Reads units of a package by their numbers, checksums verified."""

    def __init__(self, source: Source, package: Package) -> None:
        self._source = source
        self._units = package.units

    def read(self, number: int) -> Unit:
        """A unit.

        Raises:
            AimcError: it breaks a rule.
            OSError: it cannot be read.
        """
        info = self._units[number]
        return read_unit(self._source.read_at(info.offset, info.size), f"units[{number}]", info.offset)

    def numbers(self, kinds: tuple[UnitType, ...]) -> list[int]:
        """Units of some types, in the order of the file."""
        return [number for number, info in enumerate(self._units) if info.kind in kinds]


@contextmanager
def unit_reader(source: str, package: Package) -> Iterator[UnitReader]:
    """Opens the source of a package once more."""
    opened = open_source(source)
    try:
        yield UnitReader(opened, package)
    finally:
        opened.close()


def nnc_stream(source: str, variant: str = "") -> bytes:
    """The NNC stream of a variant, its units unchanged (9.3).

    Raises:
        UnsupportedError: the variant has none, or also tensors that are not in it.
        AimcError: a unit is damaged.
        OSError: the source cannot be read.
    """
    with aimcodec.open(source, variant=variant) as package, unit_reader(source, package) as reader:
        others = [name for name in package if package.info(name).coding != "nnc" or package.info(name).alias_of]
        if others:
            raise UnsupportedError(f"tensor {others[0]!r} is not NNC coded, and a stream cannot hold it as it is")
        number = _number(package, variant)
        units = [reader.read(n) for n in reader.numbers(NNC_TYPES)]
        parts = [_stream_part(unit) for unit in units if unit.header["variant_id"] == number]
    if not parts:
        raise UnsupportedError("the package has no NNC stream")
    return b"".join(parts)


def _number(package: Package, variant: str) -> int:
    """variant_id of a name: the order of the package's variants is that of their VARIANT units."""
    return next((n for n, found in enumerate(package.variants) if found.name == variant), 0) if variant else 0


def _stream_part(unit: Unit) -> bytes:
    header = unit.header["nnr_header"] if unit.kind == UnitType.NNC_DATA else b""
    return bytes(header) + bytes(unit.payload)
