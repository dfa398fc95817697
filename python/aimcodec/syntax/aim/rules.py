"""Rules about several units of a file: order, names, segments, index (2.1, 3, 4, 5)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...errors import AimcError, InconsistentError, MalformedError, TruncatedError
from ..protocol import Fields
from .catalogue import Catalogue
from .model import Unit
from .types import Coding, UnitType

__all__ = ["FileRules", "opaque_of", "same_tensor"]

# What all segments of a tensor agree in.
_SHARED = (
    "variant_id",
    "tensor_name",
    "data_type",
    "opaque_type",
    "opaque_block_elements",
    "opaque_block_bytes",
    "dimension",
    "coding",
)


def same_tensor(header: Fields, other: Fields) -> bool:
    """Whether two tensor_headers are of segments of one tensor."""
    return all(header.get(name) == other.get(name) for name in _SHARED)


def opaque_of(header: Fields) -> tuple[int, int] | None:
    """opaque_block_elements and opaque_block_bytes of a tensor_header, where it has them."""
    if "opaque_type" not in header:
        return None
    return header["opaque_block_elements"], header["opaque_block_bytes"]


class FileRules:
    """Takes the units of a file one by one, in order, and raises at the first that breaks a rule.

    Attributes:
        catalogue: what INDEX has to say about the units so far.
        finished: whether END has come.
    """

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.finished = False
        self._count = 0
        self._variants: dict[int, str] = {}
        self._unique: dict[str, set[Any]] = {"key": set(), "asset_name": set(), "structure": set()}
        self._segments: list[Fields] = []
        self._index: tuple[Unit, bytes] | None = None
        self._unit = Unit(UnitType.PACKAGE, {})

    def take(self, unit: Unit, digest: bytes) -> None:
        """The next unit and its SHA-256.

        Raises:
            MalformedError: units in the wrong order, names that are not unique.
            InconsistentError: units that contradict each other.
        """
        self._unit = unit
        self._order()
        if unit.kind != UnitType.TENSOR:
            self._no_open_tensor()
        if unit.kind == UnitType.INDEX:
            self._index = unit, digest
            self._compare("index_payload", unit.body, self.catalogue.index_fields())
        elif unit.kind == UnitType.END:
            self._end()
        else:
            checks = _CHECKS.get(unit.kind)
            if checks is not None:
                checks(self)
            self.catalogue.add_unit(unit.kind, unit.size, digest)
        self._count += 1

    def missing(self, position: int) -> AimcError | None:
        """What is wrong when the data end here (in bits)."""
        if self.finished:
            return None
        return TruncatedError("the data end before the END unit", bit_offset=position, path=f"units[{self._count}]")

    def _fail(self, error: type[AimcError], message: str, name: str) -> AimcError:
        return error(message, bit_offset=8 * self._unit.offset, path=f"units[{self._count}].{name}")

    def _order(self) -> None:
        """2.1."""
        kind = self._unit.kind
        if (kind == UnitType.PACKAGE) != (self._count == 0):
            raise self._fail(MalformedError, "a file has one PACKAGE unit, the first", "unit_type")
        if (kind == UnitType.END) != (self._index is not None):
            raise self._fail(MalformedError, "a file ends with INDEX and then END", "unit_type")

    def _no_open_tensor(self) -> None:
        if self._segments:
            name = self._segments[0]["tensor_name"]
            raise self._fail(InconsistentError, f"tensor {name!r} is not complete", "unit_type")

    def _known_variant(self, variant: int, name: str) -> None:
        if variant and variant not in self._variants:
            raise self._fail(InconsistentError, f"variant {variant} is not known", name)

    def _once(self, what: str, value: Any, path: str) -> None:
        if value in self._unique[what]:
            raise self._fail(MalformedError, f"{value!r} for the second time", path)
        self._unique[what].add(value)

    def _variant(self) -> None:
        header = self._unit.header
        variant, name = header["variant_id"], header["variant_name"]
        if variant in self._variants:
            raise self._fail(MalformedError, f"variant {variant} for the second time", "variant_header.variant_id")
        if name in self._variants.values():
            raise self._fail(MalformedError, f"variant {name!r} for the second time", "variant_header.variant_name")
        self._variants[variant] = name

    def _metadata(self) -> None:
        for number, entry in enumerate(self._unit.body.get("entries", [])):
            self._once("key", entry["key"], f"metadata_payload.entries[{number}].key")

    def _asset(self) -> None:
        self._once("asset_name", self._unit.header["asset_name"], "asset_header.asset_name")

    def _structure(self) -> None:
        variant = self._unit.header["variant_id"]
        self._known_variant(variant, "structure_header.variant_id")
        self._once("structure", variant, "structure_header.variant_id")

    def _evaluation(self) -> None:
        for number, record in enumerate(self._unit.body.get("evaluations", [])):
            self._known_variant(record["variant_id"], f"evaluation_payload.evaluations[{number}].variant_id")

    def _new_tensor(self, key: tuple[int, str], path: str) -> None:
        if key in self.catalogue.numbers:
            raise self._fail(MalformedError, f"tensor {key[1]!r} for the second time", path)

    def _tensor(self) -> None:
        header = self._unit.header
        if self._segments and not same_tensor(header, self._segments[0]):
            name = self._segments[0]["tensor_name"]
            raise self._fail(InconsistentError, f"tensor {name!r} is not complete", "tensor_header.tensor_name")
        expected = sum(segment["segment_elements"] for segment in self._segments)
        if header["segment_start"] != expected:
            message = f"the segment starts at element {header['segment_start']}, not {expected}"
            raise self._fail(InconsistentError, message, "tensor_header.segment_start")
        key = header["variant_id"], header["tensor_name"]
        if not self._segments:
            self._known_variant(key[0], "tensor_header.variant_id")
            self._new_tensor(key, "tensor_header.tensor_name")
        self._segments.append(header)
        shape = tuple(header["dimension"])
        if expected + header["segment_elements"] == math.prod(shape):
            units = len(self._segments)
            self.catalogue.add_entry(key, header["data_type"], shape, header["coding"], self._count - units + 1, units)
            self._segments = []

    def _alias(self) -> None:
        header = self._unit.header
        variant = header["variant_id"]
        self._known_variant(variant, "alias_header.variant_id")
        key = variant, header["alias_name"]
        self._new_tensor(key, "alias_header.alias_name")
        number = self.catalogue.numbers.get((variant, header["target_name"]))
        if number is None or self.catalogue.entries[number].is_alias:
            message = f"no tensor {header['target_name']!r} comes before its alias"
            raise self._fail(InconsistentError, message, "alias_header.target_name")
        target = self.catalogue.entries[number]
        self.catalogue.add_entry(key, target.data_type, target.shape, Coding.ALIAS, self._count, target=number)

    def _nnc_unit(self) -> None:
        self._known_variant(self._unit.header["variant_id"], "nnc_unit_header.variant_id")

    def _nnc_data(self) -> None:
        header = self._unit.header
        self._known_variant(header["variant_id"], "nnc_data_header.variant_id")
        for number, tensor in enumerate(header["tensors"]):
            key = header["variant_id"], tensor["tensor_name"]
            self._new_tensor(key, f"nnc_data_header.tensors[{number}].tensor_name")
            self.catalogue.add_entry(key, tensor["data_type"], tuple(tensor["dimension"]), Coding.NNC, self._count)

    def _end(self) -> None:
        if self._index is None:  # _order has seen to it
            return
        index, digest = self._index
        expected = {
            "index_offset": index.offset,
            "index_size": index.size,
            "file_size": self._unit.offset + self._unit.size,
            "index_digest": digest,
        }
        self._compare("end_header", self._unit.header, expected)
        self.finished = True

    def _compare(self, structure: str, found: Fields, expected: Fields) -> None:
        """Every element of a structure, and the first difference."""
        for name, value in expected.items():
            if found[name] == value:
                continue
            path, one, other = f"{structure}.{name}", found[name], value
            if isinstance(value, list):
                pairs = enumerate(zip(one, other, strict=False))
                number, (one, other) = next((i, pair) for i, pair in pairs if pair[0] != pair[1])
                path = f"{path}[{number}]"
            raise self._fail(InconsistentError, f"is {one!r}, the units say {other!r}", path)


_CHECKS: dict[int, Callable[[FileRules], None]] = {
    UnitType.VARIANT: FileRules._variant,
    UnitType.METADATA: FileRules._metadata,
    UnitType.ASSET: FileRules._asset,
    UnitType.STRUCTURE: FileRules._structure,
    UnitType.EVALUATION: FileRules._evaluation,
    UnitType.TENSOR: FileRules._tensor,
    UnitType.ALIAS: FileRules._alias,
    UnitType.NNC_UNIT: FileRules._nnc_unit,
    UnitType.NNC_DATA: FileRules._nnc_data,
}
