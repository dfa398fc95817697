"""A whole file, front to back (clauses 2.1 and 10.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...errors import InconsistentError, MalformedError, UnsupportedError
from . import beside
from .index import CODING_ALIAS, Entry, check_end, check_index
from .nnc import NncUnit, decode_stream, nnc_data, nnc_unit
from .tensor import Alias, Segment, Tensor, TensorKind, alias, segment, tensor_of
from .unit import (
    ALIAS,
    ASSET,
    CONTRIBUTORS,
    END,
    EVALUATION,
    INDEX,
    LICENSE,
    METADATA,
    NNC_DATA,
    NNC_UNIT,
    PACKAGE,
    STRUCTURE,
    TENSOR,
    VARIANT,
    Unit,
    read_unit,
)

__all__ = ["AimFile", "read"]

Name = tuple[int, str]


@dataclass
class AimFile:
    """Everything in a file.

    Attributes:
        producer: clause 3.1.
        variants: by variant_id; variant 0 is always there.
        tensors: by variant_id and name, in the order of the index; aliases have the memory of their targets.
        digest: SHA-256 of the index, the identity of the package (clause 5.2).
    """

    producer: str = ""
    variants: dict[int, beside.Variant] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    contributors: list[beside.Contributor] = field(default_factory=list)
    licences: list[beside.License] = field(default_factory=list)
    assets: dict[str, beside.Asset] = field(default_factory=dict)
    structures: dict[int, beside.Structure] = field(default_factory=dict)
    evaluations: list[beside.Evaluation] = field(default_factory=list)
    tensors: dict[Name, Tensor] = field(default_factory=dict)
    digest: bytes = b""


def read(data: bytes) -> AimFile:
    """Decode a file and check every rule of the text.

    Raises:
        AimcError: the file breaks a rule, or needs what this version does not decode, such as protected units.
    """
    data = bytes(data)
    units = [read_unit(data, 0, 0)]
    if units[0].unit_type != PACKAGE:
        raise units[0].broken(MalformedError, "the first unit is not PACKAGE", "unit_type")
    contents = Contents()
    contents.package(units[0])
    while True:
        unit = read_unit(data, units[-1].end, len(units))
        if unit.unit_type == INDEX:
            break
        contents.take(unit)
        units.append(unit)
    contents.finish_segments(unit)
    end = read_unit(data, unit.end, len(units) + 1)
    if end.unit_type != END:
        raise end.broken(MalformedError, "no END unit after INDEX", "unit_type")
    if end.end != len(data):
        raise end.broken(MalformedError, "data after the END unit")
    unit.header.expect_end()
    check_index(unit, units, contents.entries)
    contents.file.digest = check_end(end, unit)
    end.header.expect_end()
    end.content.expect_end()
    return contents.finish()


class Contents:
    """What the units have said so far."""

    def __init__(self) -> None:
        self.file = AimFile()
        self.entries: list[Entry] = []
        self.numbers: dict[Name, int] = {}
        self.segments: list[tuple[Unit, Segment]] = []
        self.aliases: list[Alias] = []
        self.nnc: dict[int, list[NncUnit]] = {}
        self.decoded: dict[Name, Tensor] = {}

    def package(self, unit: Unit) -> None:
        """Clause 3.1."""
        self.file.producer = beside.package_producer(unit.header)
        unit.header.expect_end()
        unit.content.expect_end()

    def take(self, unit: Unit) -> None:
        """A unit between PACKAGE and INDEX."""
        if unit.unit_type != TENSOR:
            self.finish_segments(unit)
        if not unit.known:
            return
        if unit.protected:
            raise unit.broken(UnsupportedError, "a protected unit", "protected_flag")
        takers = {
            VARIANT: self.variant,
            METADATA: self.metadata,
            CONTRIBUTORS: self.contributors,
            LICENSE: self.license,
            ASSET: self.asset,
            STRUCTURE: self.structure,
            EVALUATION: self.evaluation,
            TENSOR: self.tensor,
            ALIAS: self.alias,
            NNC_UNIT: self.nnc_unit,
            NNC_DATA: self.nnc_data,
        }
        if unit.unit_type not in takers:
            raise unit.broken(MalformedError, "a unit at the wrong place", "unit_type")
        takers[unit.unit_type](unit)
        unit.header.expect_end()
        if unit.unit_type not in (TENSOR, NNC_UNIT, NNC_DATA):  # their payloads are looked at by themselves
            unit.content.expect_end()

    def finish(self) -> AimFile:
        """The file, when all rules of single units are found kept."""
        for stream in self.nnc.values():
            for tensor in decode_stream(stream):
                self.decoded[tensor.kind.variant_id, tensor.name] = tensor
        for found in self.aliases:
            target = self.decoded[found.variant_id, found.target]
            self.decoded[found.variant_id, found.name] = Tensor(target.kind, target.memory, found)
        self.file.tensors = {(e.variant_id, e.name): self.decoded[e.variant_id, e.name] for e in self.entries}
        self.file.variants.setdefault(0, beside.Variant(0, "", ""))
        return self.file

    # Clause 3.

    def variant(self, unit: Unit) -> None:
        """Clause 3.2."""
        found = beside.variant(unit.header)
        if found.variant_id in self.file.variants:
            raise unit.broken(MalformedError, f"a second variant {found.variant_id}", "variant_id")
        if found.name in {other.name for other in self.file.variants.values()}:
            raise unit.broken(MalformedError, f"a second variant {found.name!r}", "variant_name")
        self.file.variants[found.variant_id] = found

    def metadata(self, unit: Unit) -> None:
        """Clause 3.3."""
        for key, value in beside.metadata(unit.content):
            if key in self.file.metadata:
                raise unit.broken(MalformedError, f"a second entry {key!r}", "key")
            self.file.metadata[key] = value

    def contributors(self, unit: Unit) -> None:
        """Clause 3.4."""
        self.file.contributors += beside.contributors(unit.content)

    def license(self, unit: Unit) -> None:
        """Clause 3.5."""
        self.file.licences.append(beside.license_of(unit))

    def asset(self, unit: Unit) -> None:
        """Clause 3.6."""
        found = beside.asset(unit)
        if found.name in self.file.assets:
            raise unit.broken(MalformedError, f"a second asset {found.name!r}", "asset_name")
        self.file.assets[found.name] = found

    def structure(self, unit: Unit) -> None:
        """Clause 3.7."""
        found = beside.structure(unit)
        self.expect_variant(unit, found.variant_id)
        if found.variant_id in self.file.structures:
            raise unit.broken(MalformedError, f"a second structure of variant {found.variant_id}", "variant_id")
        self.file.structures[found.variant_id] = found

    def evaluation(self, unit: Unit) -> None:
        """Clause 3.8."""
        for found in beside.evaluations(unit.content):
            self.expect_variant(unit, found.variant_id)
            self.file.evaluations.append(found)

    def expect_variant(self, unit: Unit, variant_id: int) -> None:
        """A variant is known before it is named (clause 3.2)."""
        if variant_id != 0 and variant_id not in self.file.variants:
            raise unit.broken(InconsistentError, f"variant {variant_id} is not known", "variant_id")

    # Clauses 4 and 9.

    def tensor(self, unit: Unit) -> None:
        """Clause 4.1: one more segment, of the same tensor until it is complete."""
        found = segment(unit)
        expected = sum(s.elements for _, s in self.segments)
        if self.segments and found.tensor != self.segments[0][1].tensor:
            raise unit.broken(InconsistentError, "a tensor begins before the last one is complete", "tensor_name")
        if found.start != expected:
            raise unit.broken(InconsistentError, f"a segment from {found.start} on, not {expected}", "segment_start")
        if not self.segments:
            self.expect_variant(unit, found.tensor.variant_id)
            self.expect_new(unit, found.tensor.variant_id, found.tensor.name)
        self.segments.append((unit, found))
        if found.start + found.elements == found.tensor.elements:
            first, units = self.segments[0][0].number, len(self.segments)
            tensor = tensor_of([s for _, s in self.segments], unit)
            self.decoded[tensor.kind.variant_id, tensor.name] = tensor
            self.add(tensor.kind, first, units)
            self.segments = []

    def finish_segments(self, unit: Unit) -> None:
        """The segments of a tensor follow one directly after the other (clause 4.1)."""
        if self.segments:
            raise unit.broken(InconsistentError, f"tensor {self.segments[0][1].tensor.name!r} is not complete")

    def alias(self, unit: Unit) -> None:
        """Clause 4.4."""
        found = alias(unit)
        self.expect_new(unit, found.variant_id, found.name)
        number = self.numbers.get((found.variant_id, found.target))
        if number is None or self.entries[number].coding == CODING_ALIAS:
            raise unit.broken(InconsistentError, f"no tensor {found.target!r} is before its alias", "target_name")
        target = self.entries[number]
        kind = TensorKind(target.variant_id, found.name, target.data_type, None, target.dimensions, CODING_ALIAS)
        self.aliases.append(found)
        self.add(kind, unit.number, 1, number)

    def nnc_unit(self, unit: Unit) -> None:
        """Clause 9.1."""
        self.add_nnc(nnc_unit(unit))

    def nnc_data(self, unit: Unit) -> None:
        """Clause 9.2."""
        found = nnc_data(unit)
        self.add_nnc(found)
        for tensor in found.tensors:
            self.expect_new(unit, tensor.variant_id, tensor.name)
            self.add(tensor, unit.number, 1)

    def add_nnc(self, found: NncUnit) -> None:
        """Units of a variant are its stream (clause 9.3)."""
        self.expect_variant(found.unit, found.variant_id)
        self.nnc.setdefault(found.variant_id, []).append(found)

    def expect_new(self, unit: Unit, variant_id: int, name: str) -> None:
        """Names are unique in a variant (clause 4.1)."""
        if (variant_id, name) in self.numbers:
            raise unit.broken(MalformedError, f"a second tensor {name!r} of variant {variant_id}", "tensor_name")

    def add(self, kind: TensorKind, unit: int, units: int, target: int | None = None) -> None:
        """One more entry for the index (clause 5.1)."""
        number = len(self.entries)
        self.numbers[kind.variant_id, kind.name] = number
        target = number if target is None else target
        self.entries.append(
            Entry(kind.variant_id, kind.name, kind.data_type, kind.dimensions, kind.coding, unit, units, target)
        )
