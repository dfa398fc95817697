"""Units found in a damaged file, put together to tensors (10.3)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from aimcodec.errors import AimcError, InconsistentError, MalformedError
from aimcodec.package.contents import Contents
from aimcodec.syntax import Fields
from aimcodec.syntax.aim import Catalogue, Coding, Unit, UnitType
from aimcodec.syntax.aim.rules import same_tensor
from aimcodec.syntax.aim.types import ALIGNMENT

__all__ = ["Assembly", "Damage"]


@dataclass(frozen=True)
class Damage:
    """A part of a file that is lost.

    Attributes:
        offset: its first byte.
        size: its bytes.
        kind: unit_type of the unit that is damaged, None where nothing tells.
        tensor: name of the tensor that the unit is of, if it is of one and that is known.
        error: what is wrong.
    """

    offset: int
    size: int
    kind: int | None
    tensor: str | None
    error: AimcError


class Assembly:
    """Takes what is found in a file, in its order.

    Attributes:
        position: where the search goes on.
        ended: whether an END unit was found.
    """

    def __init__(self) -> None:
        self.position = 0
        self.ended = False
        self._contents = Contents(Catalogue(), [])
        self._damage: list[Damage] = []
        self._failures: dict[tuple[int, str], tuple[Unit, AimcError]] = {}
        self._segments: list[Unit] = []
        self._aliases: list[tuple[int, Unit]] = []
        self._suspect: AimcError | None = None  # of NNC tensors: something before them is lost
        self._index: Catalogue | None = None

    def intact(self, unit: Unit) -> None:
        """A unit that is good by itself."""
        if unit.kind == UnitType.END:
            self.ended = True
            return
        if unit.kind == UnitType.INDEX:
            self._index = Catalogue.from_index(unit.body)
            return
        number = len(self._contents.offsets)
        self._contents.offsets.append(unit.offset)
        self._contents.catalogue.add_unit(unit.kind, unit.size, b"")
        if unit.kind == UnitType.TENSOR:
            self._segment(number, unit)
            return
        self._segments = []
        if unit.kind == UnitType.ALIAS:
            self._aliases.append((number, unit))
        elif unit.kind == UnitType.NNC_DATA:
            self._nnc(number, unit, self._suspect)

    def damaged(self, unit: Unit, error: AimcError) -> None:
        """A unit of which only the header is good."""
        header = unit.header
        name: str | None = header.get("tensor_name")
        self._damage.append(Damage(unit.offset, unit.size, unit.kind, name, error))
        if unit.kind == UnitType.TENSOR:
            self._failures.setdefault((header["variant_id"], header["tensor_name"]), (unit, error))
        elif unit.kind == UnitType.NNC_DATA:
            self._nnc(0, unit, error)
        elif unit.kind == UnitType.NNC_UNIT:
            self._suspect = error

    def lost(self, offset: int, size: int) -> None:
        """Bytes in which no header is good."""
        error = MalformedError(f"{size} bytes are no unit", bit_offset=8 * offset)
        self._damage.append(Damage(offset, size, None, None, error))
        self._suspect = error

    def finish(self) -> tuple[Contents, list[Damage]]:
        """Everything found."""
        for key, (unit, error) in self._failures.items():
            self._fail(key, unit.header["data_type"], tuple(unit.header["dimension"]), unit.header["coding"], error)
        if self._index is not None:
            self._name_lost(self._index)
        for number, unit in self._aliases:
            self._alias(number, unit)
        return self._contents, self._damage

    def _segment(self, number: int, unit: Unit) -> None:
        header = unit.header
        if header["segment_start"] == 0:
            self._segments = []
        done = sum(segment.header["segment_elements"] for segment in self._segments)
        follows = not self._segments or same_tensor(header, self._segments[0].header)
        key = header["variant_id"], header["tensor_name"]
        if header["segment_start"] != done or not follows:
            self._segments = []
            place = 8 * unit.offset
            error = InconsistentError("a segment before this one is lost", bit_offset=place, path=f"units[{number}]")
            self._failures.setdefault(key, (unit, error))
            return
        self._segments.append(unit)
        shape = tuple(header["dimension"])
        if done + header["segment_elements"] == math.prod(shape):
            count = len(self._segments)
            self._segments = []
            if key not in self._contents.catalogue.numbers:
                first = number - count + 1
                self._contents.catalogue.add_entry(key, header["data_type"], shape, header["coding"], first, count)
        else:
            error = InconsistentError("a segment after this one is lost", bit_offset=8 * unit.offset)
            self._failures.setdefault(key, (unit, error))

    def _nnc(self, number: int, unit: Unit, error: AimcError | None) -> None:
        for tensor in unit.header["tensors"]:
            key = unit.header["variant_id"], tensor["tensor_name"]
            shape = tuple(tensor["dimension"])
            if error is not None:
                self._fail(key, tensor["data_type"], shape, Coding.NNC, error)
            elif key not in self._contents.catalogue.numbers:
                self._contents.catalogue.add_entry(key, tensor["data_type"], shape, Coding.NNC, number)

    def _alias(self, number: int, unit: Unit) -> None:
        header: Fields = unit.header
        key = header["variant_id"], header["alias_name"]
        catalogue = self._contents.catalogue
        target = catalogue.numbers.get((key[0], header["target_name"]))
        if key in catalogue.numbers or target is None or catalogue.entries[target].is_alias:
            return
        meant = catalogue.entries[target]
        catalogue.add_entry(key, meant.data_type, meant.shape, Coding.ALIAS, number, target=target)

    def _fail(
        self, key: tuple[int, str], data_type: int, shape: tuple[int, ...], coding: int, error: AimcError
    ) -> None:
        """A tensor that raises an error when it is asked for, unless it was found intact."""
        catalogue = self._contents.catalogue
        if key in catalogue.numbers:
            return
        self._contents.failures[len(catalogue.entries)] = error
        catalogue.add_entry(key, data_type, shape, coding, 0)

    def _name_lost(self, index: Catalogue) -> None:
        """What a good index says of the parts that are lost, and of the tensors in them."""
        lost = self._lost_units(index)
        starts = {damage.offset for damage in lost}
        known = [d for d in self._damage if d.kind is not None or not _explained(d, starts)]
        self._damage = sorted([*known, *lost], key=lambda damage: damage.offset)
        for entry in index.entries:
            if not entry.is_alias:
                error = InconsistentError(f"tensor {entry.name!r} is lost")
                self._fail((entry.variant, entry.name), entry.data_type, entry.shape, entry.coding, error)

    def _lost_units(self, index: Catalogue) -> list[Damage]:
        """Units of the index that were not found, nor found damaged: of a type of which some are missing."""
        found = Counter(self._contents.catalogue.unit_types)
        missing = Counter(index.unit_types) - found
        offsets = set(self._contents.offsets) | {damage.offset for damage in self._damage if damage.kind is not None}
        names = _unit_names(index)
        lost = []
        start = 0
        for number, kind in enumerate(index.unit_types):
            size = index.unit_blocks[number] * ALIGNMENT
            if start not in offsets and missing[kind] > 0:
                error = MalformedError(f"unit {number} of the index is lost", bit_offset=8 * start)
                lost.append(Damage(start, size, kind, names.get(number), error))
            start += size
        return lost


def _unit_names(index: Catalogue) -> dict[int, str]:
    """Names of the tensors that units are of."""
    count = len(index.unit_types)
    return {
        unit: entry.name for entry in index.entries for unit in range(entry.unit, min(entry.unit + entry.units, count))
    }


def _explained(damage: Damage, starts: set[int]) -> bool:
    """Whether a unit that is lost began there."""
    return any(damage.offset <= start < damage.offset + damage.size for start in starts)
