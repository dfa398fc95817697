"""What INDEX says, made from the units of a file: the one place that knows (5.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..protocol import Fields
from .types import ALIGNMENT, Coding

__all__ = ["Catalogue", "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the tensor table.

    Attributes:
        unit: number of the first unit.
        units: number of units.
        target: for an alias the number of the entry of its target, for others its own number.
    """

    variant: int
    name: str
    data_type: int
    shape: tuple[int, ...]
    coding: int
    unit: int
    units: int
    target: int

    @property
    def is_alias(self) -> bool:
        """Whether the row is a further name of another."""
        return self.coding == Coding.ALIAS


@dataclass
class Catalogue:
    """Units and tensors, in the order of the file.

    Attributes:
        unit_types: unit_type of each unit.
        unit_blocks: size of each in units of 64 bytes.
        unit_digests: SHA-256 of each.
        entries: the tensor table.
        numbers: variant_id and name of a tensor to its number in the table.
    """

    unit_types: list[int] = field(default_factory=list)
    unit_blocks: list[int] = field(default_factory=list)
    unit_digests: list[bytes] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    numbers: dict[tuple[int, str], int] = field(default_factory=dict)

    def add_unit(self, kind: int, size: int, digest: bytes) -> None:
        """One more unit, of `size` bytes."""
        self.unit_types.append(kind)
        self.unit_blocks.append(size // ALIGNMENT)
        self.unit_digests.append(digest)

    def add_entry(
        self,
        key: tuple[int, str],
        data_type: int,
        shape: tuple[int, ...],
        coding: int,
        unit: int,
        units: int = 1,
        target: int | None = None,
    ) -> None:
        """One more tensor; `key` is new."""
        number = len(self.entries)
        own = number if target is None else target
        self.numbers[key] = number
        self.entries.append(Entry(*key, data_type, shape, coding, unit, units, own))

    def index_fields(self) -> Fields:
        """Values of index_payload."""
        entries = self.entries
        return {
            "unit_count": len(self.unit_types),
            "unit_type": self.unit_types,
            "unit_blocks": self.unit_blocks,
            "unit_digest": self.unit_digests,
            "tensor_count": len(entries),
            "entry_variant": [entry.variant for entry in entries],
            "entry_name_size": [len(entry.name.encode("utf-8")) for entry in entries],
            "entry_name": [entry.name for entry in entries],
            "entry_data_type": [entry.data_type for entry in entries],
            "entry_rank": [len(entry.shape) for entry in entries],
            "entry_dimension": [dimension for entry in entries for dimension in entry.shape],
            "entry_coding": [entry.coding for entry in entries],
            "entry_unit": [entry.unit for entry in entries],
            "entry_units": [entry.units for entry in entries],
            "entry_target": [entry.target for entry in entries],
        }

    @classmethod
    def from_index(cls, fields: Fields) -> Catalogue:
        """The catalogue that index_payload describes."""
        dimensions = iter(fields["entry_dimension"])
        rows = zip(
            fields["entry_variant"],
            fields["entry_name"],
            fields["entry_data_type"],
            (tuple(next(dimensions) for _ in range(rank)) for rank in fields["entry_rank"]),
            fields["entry_coding"],
            fields["entry_unit"],
            fields["entry_units"],
            fields["entry_target"],
            strict=True,
        )
        entries = [Entry(*row) for row in rows]
        numbers = {(entry.variant, entry.name): number for number, entry in enumerate(entries)}
        return cls(fields["unit_type"], fields["unit_blocks"], fields["unit_digest"], entries, numbers)
