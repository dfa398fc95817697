"""Codebook of a tensor (section 4.3)."""

from __future__ import annotations

from ...errors import OutOfRangeError
from ..elements import ie, u, ue
from ..protocol import Syntax

__all__ = ["codebook"]

CODEBOOK_EGK = u(4, "codebook_egk", "4.3", "order of the codes of the differences")
CODEBOOK_SIZE = ue(2, "codebook_size", "4.3", "number of entries", range(1, 1 << 32))
CODEBOOK_CENTER_OFFSET = ie(2, "codebook_center_offset", "4.3", "CbZeroOffset - (codebook_size >> 1)")
CODEBOOK_ZERO_VALUE = ie(7, "codebook_zero_value", "4.3", "the entry that is coded as 0", range(-1 << 31, 1 << 31))
CODEBOOK_DELTA_LEFT = [
    ue(k, "codebook_delta_left", "4.3", "distance to the next larger entry, minus 1") for k in range(16)
]
CODEBOOK_DELTA_RIGHT = [
    ue(k, "codebook_delta_right", "4.3", "distance to the next smaller entry, minus 1") for k in range(16)
]


def codebook(s: Syntax) -> None:
    """Section 4.3. The differences go outwards from the entry at CbZeroOffset, the left ones first."""
    egk = s.code(CODEBOOK_EGK)
    size = s.code(CODEBOOK_SIZE)
    s.limited("max_codebook_entries", size)
    zero_offset = (size >> 1) + s.code(CODEBOOK_CENTER_OFFSET)
    s.require(0 <= zero_offset < size, f"CbZeroOffset is {zero_offset}, codebook_size {size}", OutOfRangeError)
    s.code(CODEBOOK_ZERO_VALUE)
    s.array("CbZeroOffset", CODEBOOK_DELTA_LEFT[egk], zero_offset)
    s.array("codebook_size - 1 - CbZeroOffset", CODEBOOK_DELTA_RIGHT[egk], size - 1 - zero_offset)
