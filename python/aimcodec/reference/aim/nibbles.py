"""Halves of bytes (clause 7.7)."""

from __future__ import annotations

__all__ = ["join", "unpack"]


def unpack(data: bytes) -> bytes:
    """The nibbles of a packed plane, that after the last one too if their number is odd."""
    return bytes(data[i // 2] >> 4 * (i % 2) & 15 for i in range(2 * len(data)))


def join(low: bytes, high: bytes) -> bytes:
    """Bytes from their high nibbles and as many low ones."""
    return bytes(16 * b + a for a, b in zip(low, high, strict=False))
