"""The bins of a codeword encoded once more, for what the decoder does not see: the carries."""

# ruff: noqa: N806 (names are those of the text)
from __future__ import annotations

from collections.abc import Iterable

from .arithmetic import ArithmeticEncoder

__all__ = ["replay"]


def replay(bins: Iterable[tuple[int, int, int, int]]) -> tuple[bytes, list[int]]:
    """The codeword of some bins, and its carries (see ArithmeticEncoder).

    Args:
        bins: of each bin but the terminate bin: its value, the more probable value, the LPS range, which is 0 for a
            bypass bin, and the range before it.
    """
    e = ArithmeticEncoder()
    for bin, MPS, rL, R in bins:
        if e.R != R:
            e.start_block_row()
        if rL:
            e.context_bin(bin, MPS, rL)
        else:
            e.uae(1, bin)
    return e.finish(), e.carries
