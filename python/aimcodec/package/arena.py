"""Memory for tensors: aligned, and without a page fault for every 4 KiB of a model of many small tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Arena", "aligned_empty"]

ALIGNMENT = 64
# numpy asks the system for huge pages from 4 MiB on.
LARGE = 4 << 20
CHUNK = 16 << 20


def aligned_empty(size: int) -> NDArray[np.uint8]:
    """`size` bytes that begin at a multiple of 64: large outputs can then be written past the cache."""
    memory = np.empty(size + ALIGNMENT, np.uint8)
    skip = -memory.ctypes.data % ALIGNMENT
    return memory[skip : skip + size]


class Arena:
    """Gives out memory for tensors that are loaded together.

    Large tensors have memory of their own; small ones share chunks of 16 MiB, which live as long as one of the tensors
    in them.

    Args:
        expected: bytes that will be asked for in all; no chunk is larger than what is left of them.
    """

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._chunk = np.empty(0, np.uint8)

    def empty(self, size: int) -> NDArray[np.uint8]:
        """`size` bytes, aligned to 64."""
        padded = size + -size % ALIGNMENT
        if size >= LARGE:
            self._expected -= padded
            return aligned_empty(size)
        if padded > len(self._chunk):
            self._chunk = aligned_empty(max(padded, min(CHUNK, self._expected)))
        memory, self._chunk = self._chunk[:size], self._chunk[padded:]
        self._expected -= padded
        return memory
