"""What a package holds beside the values of its tensors, read when it is asked for (clause 3, 4.4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import cached_property

from aimcodec.dtypes import OPAQUE, from_code
from aimcodec.errors import ArgumentError, InconsistentError, MalformedError, UnsupportedError
from aimcodec.model import MEDIA_TYPE, ModelStructure, decode_structure
from aimcodec.package.contents import Reading
from aimcodec.package.heads import read_head, read_whole
from aimcodec.package.records import Asset, Contributor, Evaluation, License, Structure, Variant
from aimcodec.syntax import Fields
from aimcodec.syntax.aim import Entry, Unit, UnitType

__all__ = ["Assets", "Beside"]


class Beside:
    """Reads units beside the tensors, each kind at its first use."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._version_checked = False
        self._tied: dict[int, bool] = {}
        if reading.source.is_local:
            self.check_version()

    def check_version(self) -> None:
        """That PACKAGE has a version that is known; reads it the first time.

        Raises:
            UnsupportedError: it has not.
        """
        if not self._version_checked:
            for number in self._numbers(UnitType.PACKAGE):
                self._head(number)
            self._version_checked = True

    @cached_property
    def producer(self) -> str:
        """The software that wrote the file (3.1); "" where the unit that names it is lost."""
        return next((str(self._head(n).header["producer"]) for n in self._numbers(UnitType.PACKAGE)), "")

    @cached_property
    def variants(self) -> dict[int, Variant]:
        """By variant_id (3.2)."""
        found = {0: Variant("")}
        seen: set[int] = set()
        for number in self._numbers(UnitType.VARIANT):
            header = self._head(number).header
            variant = header["variant_id"]
            if variant in seen:
                raise MalformedError(f"variant {variant} for the second time", path=f"units[{number}].variant_header")
            seen.add(variant)
            found[variant] = Variant(header["variant_name"], header["description"])
        if len({variant.name for variant in found.values()}) != len(found):
            raise MalformedError("two variants have the same name", path="variant_header.variant_name")
        return found

    def variant_number(self, name: str) -> int:
        """The variant_id of a name; "" and the name of variant 0 both mean that one.

        Raises:
            ArgumentError: there is none.
        """
        if not name:
            return 0
        for number, variant in self.variants.items():
            if variant.name == name:
                return number
        raise ArgumentError(f"the package has no variant {name!r}")

    @cached_property
    def metadata(self) -> dict[str, str]:
        """Texts by key (3.3)."""
        found: dict[str, str] = {}
        for number in self._numbers(UnitType.METADATA):
            for entry in self._whole(number).body["entries"]:
                if entry["key"] in found:
                    path = f"units[{number}].metadata_payload"
                    raise MalformedError(f"key {entry['key']!r} for the second time", path=path)
                found[entry["key"]] = entry["value"]
        return found

    @cached_property
    def contributors(self) -> list[Contributor]:
        """Who took part (3.4)."""
        return [
            Contributor(record["name"], record["role"], record["organization"], record["contact"])
            for number in self._numbers(UnitType.CONTRIBUTORS)
            for record in self._whole(number).body["contributors"]
        ]

    @cached_property
    def licenses(self) -> list[License]:
        """All licences (3.5)."""
        units = [self._whole(number) for number in self._numbers(UnitType.LICENSE)]
        return [License(unit.header["license_expression"], unit.body["license_text"]) for unit in units]

    @cached_property
    def assets(self) -> Assets:
        """By name (3.6)."""
        found: dict[str, int] = {}
        for number in self._numbers(UnitType.ASSET):
            name = self._head(number).header["asset_name"]
            if name in found:
                raise MalformedError(f"asset {name!r} for the second time", path=f"units[{number}].asset_header")
            found[name] = number
        return Assets(self, found)

    def structure(self, variant: str) -> Structure | None:
        """The graph of a variant, or None (3.7)."""
        wanted = self.variant_number(variant)
        found = [n for n in self._numbers(UnitType.STRUCTURE) if self._head(n).header["variant_id"] == wanted]
        if len(found) > 1:
            raise MalformedError("a variant has two structures", path=f"units[{found[1]}].structure_header")
        if not found:
            return None
        unit = self._whole(found[0])
        return Structure(unit.header["media_type"], bytes(unit.payload))

    def model(self, variant: str) -> ModelStructure | None:
        """The structure of the model of a variant, with its contributors; None without one of the form of clause 14."""
        stored = self.structure(variant)
        if stored is None or stored.media_type != MEDIA_TYPE:
            return None
        structure = decode_structure(stored.data, limits=self._reading.limits)
        structure.contributors = list(self.contributors)
        return structure

    @cached_property
    def evaluations(self) -> list[Evaluation]:
        """Measured values (3.8)."""
        return [
            self._evaluation(record, number)
            for number in self._numbers(UnitType.EVALUATION)
            for record in self._whole(number).body["evaluations"]
        ]

    def asset(self, number: int) -> Asset:
        """The asset in a unit."""
        unit = self._whole(number)
        return Asset(unit.header["asset_name"], unit.header["media_type"], bytes(unit.payload))

    def is_tied(self, number: int) -> bool:
        """Whether an entry is an alias of one object in memory (4.4)."""
        catalogue = self._reading.contents.catalogue
        entry = catalogue.entries[number]
        if not entry.is_alias:
            return False
        if number not in self._tied:
            header = self._head(entry.unit).header
            target = catalogue.entries[entry.target].name
            said = (header["variant_id"], header["alias_name"], header["target_name"])
            if said != (entry.variant, entry.name, target):
                message = f"an alias {said[1]!r} of {said[2]!r}, the index says {entry.name!r} of {target!r}"
                raise InconsistentError(message, path=f"units[{entry.unit}].alias_header")
            self._tied[number] = bool(header["tied_flag"])
        return self._tied[number]

    def dtype_name(self, entry: Entry) -> str:
        """The name of the type of a tensor."""
        return "OPAQUE" if entry.data_type == OPAQUE else from_code(entry.data_type).name

    def _evaluation(self, record: Fields, number: int) -> Evaluation:
        variant = record["variant_id"]
        if variant not in self.variants:
            path = f"units[{number}].evaluation_payload"
            raise InconsistentError(f"variant {variant} is not known", path=path)
        value = struct.unpack(">d", record["value_bits"].to_bytes(8, "big"))[0]
        return Evaluation(record["task"], record["dataset"], record["metric"], value, self.variants[variant].name)

    def _numbers(self, kind: UnitType) -> list[int]:
        types = self._reading.contents.catalogue.unit_types
        return [number for number, found in enumerate(types) if found == kind]

    def _head(self, number: int) -> Unit:
        return read_head(self._reading.source, self._reading.contents, number, self._reading.limits)

    def _whole(self, number: int) -> Unit:
        unit = read_whole(self._reading.source, self._reading.contents, number, self._reading.limits)
        if unit.protected:
            raise UnsupportedError("a protected unit", bit_offset=8 * unit.offset, path=f"units[{number}]")
        return unit


class Assets(Mapping[str, Asset]):
    """Assets by name, read when asked for."""

    def __init__(self, beside: Beside, numbers: dict[str, int]) -> None:
        self._beside = beside
        self._numbers = numbers

    def __getitem__(self, name: str) -> Asset:
        """An asset and its content."""
        return self._beside.asset(self._numbers[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)
