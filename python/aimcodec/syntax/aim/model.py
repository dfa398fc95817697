"""A unit as an object."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...bits import Buffer
from ...errors import AimcError
from ..protocol import Fields
from .types import UnitType

__all__ = ["DamagedUnit", "Unit"]


_HEADERS: dict[int, str] = {kind: f"{kind.name.lower()}_header" for kind in UnitType}
_PAYLOADS: dict[int, str] = {kind: f"{kind.name.lower()}_payload" for kind in UnitType}


@dataclass
class Unit:
    """One unit of an AIM file.

    Attributes:
        kind: unit_type; a plain int for a reserved type.
        fields: element name to value in syntax order, nested as the paths of elements say. `write_units` supplies the
            elements of the framing where they are missing.
        payload: a payload of no syntax; empty where the payload is a structure.
        offset: first byte of the unit in the file it was read from.
        payload_offset: first byte of the payload there.
        size: bytes of the unit, padding included.
    """

    kind: UnitType | int
    fields: Fields
    payload: Buffer = b""
    offset: int = 0
    payload_offset: int = 0
    size: int = 0

    @property
    def header(self) -> Fields:
        """Values of the typed header."""
        found: Fields = self.fields.get(_HEADERS.get(self.kind, ""), {})
        return found

    @property
    def body(self) -> Fields:
        """Values of a structured payload."""
        found: Fields = self.fields.get(_PAYLOADS.get(self.kind, ""), {})
        return found

    @property
    def protected(self) -> bool:
        """Whether the payload is ciphertext."""
        return bool(self.fields.get("protected_flag", 0))


@dataclass
class DamagedUnit:
    """A unit that could not be read.

    Attributes:
        offset: its first byte.
        size: bytes up to where reading goes on: its end, or the next unit with a good header; None where nothing tells.
        error: what is wrong.
        fields: values read before the error.
    """

    offset: int
    size: int | None
    error: AimcError
    fields: Fields = field(default_factory=dict)
