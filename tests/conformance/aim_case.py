"""What a generated case of AIM says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from aimcodec.errors import AimcError

from ..reference.aim_files import File
from .aim_build import Finished, finished

__all__ = ["Accepted", "Errors", "Known", "Refused", "refused"]

Errors = type[AimcError] | tuple[type[AimcError], ...]
Known = dict[tuple[int, str], bytes]


@dataclass(frozen=True)
class Accepted:
    """A file that shall decode.

    Attributes:
        memories: what is known beforehand of the memory of tensors (6.2), by variant and name.
        protected: whether units are ciphertext; a decoder of all of the file then refuses it.
    """

    id: str
    area: str
    title: str
    data: bytes
    memories: Known = field(default_factory=dict)
    klass: Literal["valid", "uncommon"] = "valid"
    protected: bool = False
    note: str = ""


@dataclass(frozen=True)
class Refused:
    """A file that shall be refused.

    Attributes:
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


def refused(
    id: str,
    area: str,
    rule: str,
    error: Errors,
    file: File | Finished,
    unit: int | None = None,
    element: str | None = None,
    at: str | None = None,
    **options: str | None,
) -> Refused:
    """A case whose violation is in an element of a unit; `at` is what begins there, if it has another name."""
    made = finished(file) if isinstance(file, File) else file
    place = None if unit is None else made.place(unit, at or element or "unit_marker")
    return Refused(id, area, rule, error, made.data, element, place, **options)  # type: ignore[arg-type]
