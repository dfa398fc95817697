"""A file that a generator of AIM has made, before decoders confirm it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from aimcodec.conformance.generators.aim.build import Finished, finished
from aimcodec.conformance.generators.aim.files import File
from aimcodec.errors import AimcError
from aimcodec.limits import DEFAULT_LIMITS, Limits

__all__ = ["Accepted", "BrokenStructure", "Errors", "Known", "Refused", "refused"]

Errors = type[AimcError] | tuple[type[AimcError], ...]
Known = dict[tuple[int, str], bytes]


@dataclass(frozen=True)
class Accepted:
    """A file that shall decode.

    Attributes:
        memories: what is known beforehand of the memory of tensors (6.2), by variant and name.
        protected: whether units are ciphertext; a decoder of all of the file then refuses it.
        clauses: of the text; none for those of the area.
        within: of class "limits": limits under which it decodes; it exceeds the usual ones.
        features: tags of the case.
    """

    id: str
    area: str
    title: str
    data: bytes
    memories: Known = field(default_factory=dict)
    klass: Literal["valid", "uncommon", "limits"] = "valid"
    protected: bool = False
    note: str = ""
    clauses: tuple[str, ...] = ()
    within: Limits = DEFAULT_LIMITS
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A file that shall be refused.

    Attributes:
        rule: clause and the rule broken.
        error: its kind; several where it depends on what a reader meets first, AimcError where any will do.
        element: name of the element that breaks the rule, if one does.
        bit_offset: where it begins.
    """

    id: str
    area: str
    rule: str
    error: Errors
    data: bytes
    element: str | None = None
    bit_offset: int | None = None
    klass: Literal["invalid", "limits"] = "invalid"


@dataclass(frozen=True)
class BrokenStructure:
    """A file whose tensors shall decode, with a structure that breaks a rule of clause 14, which decoders may skip.

    Attributes:
        rule: clause and the rule broken.
        error: its kind.
        element: name of the element that breaks the rule, if one does.
        bit_offset: where it begins in the file.
    """

    id: str
    rule: str
    error: Errors
    data: bytes
    element: str | None = None
    bit_offset: int | None = None
    klass: Literal["invalid", "limits"] = "invalid"


def refused(
    id: str,
    area: str,
    rule: str,
    error: Errors,
    file: File | Finished,
    unit: int | None = None,
    element: str | None = None,
    at: str | None = None,
    klass: Literal["invalid", "limits"] = "invalid",
) -> Refused:
    """A case whose violation is in an element of a unit; `at` is what begins there, if it has another name."""
    made = finished(file) if isinstance(file, File) else file
    place = None if unit is None else made.place(unit, at or element or "unit_marker")
    return Refused(id, area, rule, error, made.data, element, place, klass)
