"""What a package says about a tensor, without reading it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aimcodec.dtypes import OPAQUE, from_code, packed_bytes

__all__ = ["CODING_NAMES", "TensorInfo", "UnitInfo"]

CODING_NAMES = {0: "raw", 1: "lossless", 2: "nnc", 255: "alias"}


@dataclass(frozen=True)
class TensorInfo:
    """A tensor of a package.

    Attributes:
        name: in its variant.
        dtype: name of its type as in the text, for example "BFLOAT16" or "OPAQUE".
        shape: in elements.
        coding: "raw", "lossless", "nnc"; for an alias that of its target.
        coded_bytes: bytes of its units in the file, 0 where they are lost; of an alias those of its target, of a tensor
            of a data unit those of the whole data unit.
        units: number of its first unit, and how many it has.
        alias_of: name of the target of an alias, else None.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    coding: str
    coded_bytes: int
    units: tuple[int, int]
    alias_of: str | None
    code: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int | None:
        """Bytes of its memory (6.2); None for opaque types, which their unit tells."""
        return None if self.code == OPAQUE else packed_bytes(from_code(self.code), self.elements)

    @property
    def ratio(self) -> float | None:
        """Bytes of the file for a byte of memory; None as for `nbytes`, without memory, and if its units are lost."""
        return self.coded_bytes / self.nbytes if self.nbytes and self.coded_bytes else None


@dataclass(frozen=True)
class UnitInfo:
    """A unit of a package.

    Attributes:
        kind: unit_type (2.2).
        offset: its first byte.
        size: its bytes.
        digest: SHA-256 of them, as the index says.
    """

    kind: int
    offset: int
    size: int
    digest: bytes
