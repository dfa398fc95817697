"""Single units of a package, where its tensors are not enough: aliases, opaque types, NNC streams."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aimcodec.package import UnitInfo
from aimcodec.package.source import Source
from aimcodec.syntax.aim import Unit
from aimcodec.syntax.aim.types import padded
from aimcodec.syntax.aim.units import read_header, read_unit

__all__ = ["UnitReader"]

FIRST_READ = 4096  # most headers are shorter; a longer one takes a second read
HEADER_SIZE_PLACE = slice(10, 14)  # unit_header_size


class UnitReader:
    """Reads units of a package by their numbers, checksums verified."""

    def __init__(self, source: Source, units: Sequence[UnitInfo]) -> None:
        self.source = source
        self._units = units

    def head(self, number: int) -> Unit:
        """A unit without its payload.

        Raises:
            AimcError: its header breaks a rule.
            OSError: it cannot be read.
        """
        info = self._units[number]
        data = self.source.read_at(info.offset, min(info.size, FIRST_READ))
        needed = min(padded(int.from_bytes(data[HEADER_SIZE_PLACE], "big")), info.size)
        if needed > len(data):
            data = self.source.read_at(info.offset, needed)
        return read_header(data[:needed], f"units[{number}]", info.offset)

    def read(self, number: int) -> Unit:
        """A unit.

        Raises:
            AimcError: it breaks a rule.
            OSError: it cannot be read.
        """
        info = self._units[number]
        return read_unit(self.source.read_at(info.offset, info.size), f"units[{number}]", info.offset)

    def numbers(self, kinds: Collection[int]) -> list[int]:
        """Units of some types, in the order of the file."""
        return [number for number, info in enumerate(self._units) if info.kind in kinds]

    def size(self, kinds: Collection[int]) -> int:
        """Bytes of all units of some types."""
        return sum(self._units[number].size for number in self.numbers(kinds))
