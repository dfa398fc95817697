"""What a package knows of the parameters of a graph: what viewers show beside a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["ParameterInfo", "ParameterInfos"]


@dataclass(frozen=True)
class ParameterInfo:
    """A tensor of a package.

    Attributes:
        coding: how it is coded, for example "lossless".
        nbytes: of its memory; None where that is not known.
        coded_bytes: in the file; None where it is not coded.
        digest: of its units, for example "sha256:..." ; "" where there is none.
    """

    coding: str = ""
    nbytes: int | None = None
    coded_bytes: int | None = None
    digest: str = ""

    @property
    def ratio(self) -> float | None:
        """Bytes in the file for a byte of memory."""
        return self.coded_bytes / self.nbytes if self.nbytes and self.coded_bytes is not None else None


ParameterInfos: TypeAlias = Mapping[str, ParameterInfo]
"""By name of the tensor of the package."""
