"""Entry points of the block rows of a data unit (section 4.4)."""

from __future__ import annotations

from collections.abc import Sequence

from ..elements import ie, u, ue
from ..protocol import Syntax

__all__ = ["count_entry_points", "entry_point_list"]

CABAC_ENTRY_POINT_VALUE = u(8, "cabac_entry_point_value", "4.4", "offset register of the decoder at the block row")
CABAC_ENTRY_POINT_DQ_STATE = u(3, "cabac_entry_point_dq_state", "4.4", "trellis state at the block row")
CABAC_BIT_OFFSET_FIRST = ue(11, "cabac_bit_offset", "4.4", "bits from the block row before")
CABAC_BIT_OFFSET = ie(7, "cabac_bit_offset", "4.4", "the same, minus that of the entry point before")


def count_entry_points(first_dimensions: Sequence[int], scan_order: int) -> int:
    """One for each block row but the first of each tensor; `first_dimensions` are their numbers of rows."""
    block = 4 << scan_order
    return sum(max(0, -(-rows // block) - 1) for rows in first_dimensions)


def entry_point_list(s: Syntax, count: int, dq: int) -> None:
    """Section 4.4. The values of cabac_bit_offset are those coded: the first offset, then differences."""
    s.limited("max_entry_points", count)
    s.repeat("E", "entry_points", count, _entry_point, dq)


def _entry_point(s: Syntax, index: int, dq: int) -> None:
    s.code(CABAC_ENTRY_POINT_VALUE)
    if s.when("dq_flag", dq):
        s.code(CABAC_ENTRY_POINT_DQ_STATE)
    if s.when("j == 0", index == 0):
        s.code(CABAC_BIT_OFFSET_FIRST)
    else:
        s.code(CABAC_BIT_OFFSET)
