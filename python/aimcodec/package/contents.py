"""Where everything in a package is."""

from __future__ import annotations

from dataclasses import dataclass, field

from aimcodec.errors import AimcError
from aimcodec.limits import Limits
from aimcodec.package.source import Source
from aimcodec.syntax.aim import Catalogue
from aimcodec.syntax.aim.types import ALIGNMENT

__all__ = ["Contents", "Reading"]


@dataclass
class Contents:
    """The catalogue of a package and the places of its units.

    Attributes:
        catalogue: units and tensors.
        offsets: first byte of each unit.
        digest: SHA-256 of INDEX, the identity of the package; empty for a recovered one.
        failures: entry number to the error that asking for the tensor raises, in a recovered package.
    """

    catalogue: Catalogue
    offsets: list[int]
    digest: bytes = b""
    failures: dict[int, AimcError] = field(default_factory=dict)

    @property
    def is_recovered(self) -> bool:
        """Whether the file is damaged and this was put together from what is left."""
        return not self.digest

    def size(self, unit: int) -> int:
        """Bytes of a unit."""
        return self.catalogue.unit_blocks[unit] * ALIGNMENT


@dataclass(frozen=True)
class Reading:
    """What reading from a package needs.

    Attributes:
        source: its bytes.
        contents: where everything is.
        limits: what may be spent.
        threads: for decoding.
    """

    source: Source
    contents: Contents
    limits: Limits
    threads: int
