"""Seeded numbers for generated models: the same bits on every machine and with every version of numpy.

Only the raw stream of a bit generator is promised not to change, and only sums and products of few bits are the same
everywhere: so nothing here takes a distribution of numpy, a logarithm or a cosine.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Numbers"]

SUMMANDS = 8  # of 16 bits: their sum is close to a normal distribution
HALF = 1 << 15
DEVIATION = math.sqrt(SUMMANDS / 12)  # of the sum, in units of 2^16


class Numbers:
    """A source of numbers.

    Args:
        seed: equal seeds give equal numbers.
    """

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def words(self, count: int) -> NDArray[np.uint16]:
        """So many numbers of 16 random bits."""
        raw = np.asarray(self._bits.random_raw(-(-count // 4)), "<u8")
        return raw.view("<u2")[:count]

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Integers from `low` to `high`, both included, int64; all 2^63 apart at most."""
        count = math.prod(shape)
        raw = np.asarray(self._bits.random_raw(count), np.uint64)
        span = np.uint64(high - low + 1)
        values: NDArray[np.int64] = (raw % span).astype(np.int64) + low
        return values.reshape(shape)

    def bytes(self, count: int) -> bytes:
        """Random bytes."""
        return self.words(-(-count // 2)).tobytes()[:count]

    def weights(self, shape: tuple[int, ...], deviation: float = 1.0 / 32) -> NDArray[np.float32]:
        """Numbers as in trained layers: close to normal, rows of different deviation; float32.

        Args:
            shape: of the result.
            deviation: about the standard deviation of all, a power of two.
        """
        count = math.prod(shape)
        words = self.words(SUMMANDS * count).reshape(count, SUMMANDS).astype(np.int64)
        normal = (words.sum(axis=1) - SUMMANDS * HALF).astype(np.float32) / np.float32(1 << 16)
        rows = shape[0] if len(shape) > 1 else 1
        scales = 1 + self.integers(0, 7, (rows, 1)).astype(np.float32) / 8
        scaled: NDArray[np.float32] = normal.reshape(rows, -1) * scales * np.float32(deviation)
        return scaled.reshape(shape)
