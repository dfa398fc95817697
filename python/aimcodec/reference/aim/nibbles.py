"""Halves of bytes (clause 7.7)."""

from __future__ import annotations

__all__ = ["join", "unpack"]


def unpack(data: bytes, m: int) -> tuple[bytes, int]:
    """The m nibbles of a packed plane, and what its bits after them hold."""
    nibbles = bytes(data[i // 2] >> 4 * (i % 2) & 15 for i in range(2 * len(data)))
    return nibbles[:m], sum(nibbles[m:])


def join(low: bytes, high: bytes) -> bytes:
    """Bytes from their low and high nibbles."""
    return bytes(16 * b + a for a, b in zip(low, high, strict=True))
