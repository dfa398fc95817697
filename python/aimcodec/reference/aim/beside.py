"""Units beside the tensors (clause 3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ...errors import OutOfRangeError, UnsupportedError
from .elements import ElementReader
from .unit import Unit

__all__ = [
    "Asset",
    "Contributor",
    "Evaluation",
    "License",
    "Structure",
    "Variant",
    "asset",
    "contributors",
    "evaluations",
    "license_of",
    "metadata",
    "package_producer",
    "structure",
    "variant",
]

VERSION_MAJOR = 1


@dataclass(frozen=True)
class Variant:
    """Clause 3.2."""

    variant_id: int
    name: str
    description: str


@dataclass(frozen=True)
class Contributor:
    """Clause 3.4."""

    name: str
    role: str
    organization: str
    contact: str


@dataclass(frozen=True)
class License:
    """Clause 3.5."""

    expression: str
    text: str


@dataclass(frozen=True)
class Asset:
    """Clause 3.6."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Structure:
    """Clause 3.7."""

    variant_id: int
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Evaluation:
    """Clause 3.8."""

    variant_id: int
    task: str
    dataset: str
    metric: str
    value: float


def package_producer(r: ElementReader) -> str:
    """Clause 3.1."""
    version_major = r.u(8, "version_major")
    if version_major != VERSION_MAJOR:
        raise r.broken(UnsupportedError, f"version {version_major} of the format", "version_major")
    r.u(8, "version_minor")
    return r.sized_utf8("producer")


def variant(r: ElementReader) -> Variant:
    """Clause 3.2."""
    found = Variant(r.u(16, "variant_id"), r.sized_utf8("variant_name"), r.sized_utf8("description"))
    if found.variant_id != 0 and not found.name:
        raise r.broken(OutOfRangeError, "only variant 0 may have the empty name", "variant_name")
    return found


def metadata(r: ElementReader) -> list[tuple[str, str]]:
    """Clause 3.3."""
    return [
        (r.sized_utf8(f"key[{i}]"), r.sized_utf8(f"value[{i}]", size_bits=32)) for i in range(r.u(32, "entry_count"))
    ]


def contributors(r: ElementReader) -> list[Contributor]:
    """Clause 3.4."""
    return [
        Contributor(*(r.sized_utf8(f"{name}[{i}]") for name in ("name", "role", "organization", "contact")))
        for i in range(r.u(16, "contributor_count"))
    ]


def license_of(unit: Unit) -> License:
    """Clause 3.5."""
    content = unit.content
    expression = unit.header.sized_utf8("license_expression")
    return License(expression, content.utf8(len(unit.payload), "payload"))


def asset(unit: Unit) -> Asset:
    """Clause 3.6."""
    r = unit.header
    name = r.sized_utf8("asset_name")
    if {"", ".", ".."} & set(name.split("/")) or any(c in "\\:" or c < " " for c in name):
        raise r.broken(OutOfRangeError, f"{name!r} is not a relative path", "asset_name")
    return Asset(name, r.sized_utf8("media_type"), unit.content.b(len(unit.payload), "payload"))


def structure(unit: Unit) -> Structure:
    """Clause 3.7."""
    r = unit.header
    return Structure(r.u(16, "variant_id"), r.sized_utf8("media_type"), unit.content.b(len(unit.payload), "payload"))


def evaluations(r: ElementReader) -> list[Evaluation]:
    """Clause 3.8."""
    return [
        Evaluation(
            r.u(16, f"variant_id[{i}]"),
            r.sized_utf8(f"task[{i}]"),
            r.sized_utf8(f"dataset[{i}]"),
            r.sized_utf8(f"metric[{i}]"),
            struct.unpack(">d", r.b(8, f"value_bits[{i}]"))[0],
        )
        for i in range(r.u(16, "evaluation_count"))
    ]
