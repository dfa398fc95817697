"""The index and the end (clause 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import InconsistentError
from .elements import ElementReader
from .unit import Unit

__all__ = ["CODING_ALIAS", "CODING_NNC", "Entry", "check_end", "check_index"]

CODING_NNC = 2
CODING_ALIAS = 255


@dataclass(frozen=True)
class Entry:
    """What the tensor table shall say about a tensor; unit numbers count from the start of the file."""

    variant_id: int
    name: str
    data_type: int
    dimensions: tuple[int, ...]
    coding: int
    unit: int
    units: int
    target: int


def check_index(index: Unit, units: list[Unit], entries: list[Entry]) -> None:
    """Clause 5.1: the index says of the units before it and their tensors what has been found."""
    r = index.content
    expect(r, "unit_count", r.u(32, "unit_count"), len(units))
    column(r, "unit_type", 8, [unit.unit_type for unit in units])
    column(r, "unit_blocks", 64, [(unit.end - unit.begin) // 64 for unit in units])
    for i, unit in enumerate(units):
        expect(r, f"unit_digest[{i}]", r.b(32, f"unit_digest[{i}]"), unit.digest)
    expect(r, "tensor_count", r.u(32, "tensor_count"), len(entries))
    column(r, "entry_variant", 16, [entry.variant_id for entry in entries])
    column(r, "entry_name_size", 16, [len(entry.name.encode("utf-8")) for entry in entries])
    for i, entry in enumerate(entries):
        name = r.utf8(len(entry.name.encode("utf-8")), f"entry_name[{i}]")
        expect(r, f"entry_name[{i}]", name, entry.name)
    column(r, "entry_data_type", 8, [entry.data_type for entry in entries])
    column(r, "entry_rank", 8, [len(entry.dimensions) for entry in entries])
    column(r, "entry_dimension", 64, [dimension for entry in entries for dimension in entry.dimensions])
    column(r, "entry_coding", 8, [entry.coding for entry in entries])
    column(r, "entry_unit", 32, [entry.unit for entry in entries])
    column(r, "entry_units", 32, [entry.units for entry in entries])
    column(r, "entry_target", 32, [entry.target for entry in entries])
    r.expect_end()


def check_end(end: Unit, index: Unit) -> bytes:
    """Clause 5.2; the digest of the index, which is the identity of the package."""
    r = end.header
    expect(r, "index_offset", r.u(64, "index_offset"), index.begin)
    expect(r, "index_size", r.u(64, "index_size"), index.end - index.begin)
    expect(r, "file_size", r.u(64, "file_size"), end.end)
    index_digest = r.b(32, "index_digest")
    expect(r, "index_digest", index_digest, index.digest)
    return index_digest


def column(r: ElementReader, name: str, bits: int, expected: list[int]) -> None:
    """A column of the index, of u(bits)."""
    for i, value in enumerate(expected):
        expect(r, f"{name}[{i}]", r.u(bits, f"{name}[{i}]"), value)


def expect(r: ElementReader, name: str, found: Any, expected: Any) -> None:
    """The file and the index agree in a value."""
    if found != expected:
        raise r.broken(InconsistentError, f"is {found!r}, the units say {expected!r}", name)
