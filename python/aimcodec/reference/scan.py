"""Scan orders (section 10.1) and the starts of block rows (section 10.2)."""

# ruff: noqa: N803, N806 (names are those of the text)
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Segment", "scan"]


class Segment(NamedTuple):
    """Positions of one row that follow each other in the scan: all of the row, or its part in one block."""

    starts_block_row: bool
    row: int
    begin: int
    end: int


def scan(rows: int, layerWidth: int, scan_order: int, is2D: bool, single_block_row_starts: bool) -> Iterator[Segment]:
    """Segments in scan order; `begin` and `end` are positions in the row-major tensor (section 10.1).

    `starts_block_row` says where section 10.2 resets the coder. `single_block_row_starts` is the rule of NNCodec 1,
    which does so also when there is only one block row (section 13.1).
    """
    if not is2D:
        yield Segment(False, 0, 0, rows * layerWidth)
        return
    if scan_order == 0:
        for row in range(rows):
            yield Segment(False, row, row * layerWidth, (row + 1) * layerWidth)
        return
    B = 4 << scan_order
    resets = rows > B or single_block_row_starts
    for block_row in range(0, rows, B):
        starts_block_row = resets
        for column in range(0, layerWidth, B):
            for row in range(block_row, min(block_row + B, rows)):
                begin = row * layerWidth + column
                end = row * layerWidth + min(column + B, layerWidth)
                yield Segment(starts_block_row, row, begin, end)
                starts_block_row = False
