"""What NNCodec, run as a black box, makes of the generated streams."""

from __future__ import annotations

__all__ = ["CONFIRMED", "NNCODEC", "OBSERVED"]

NNCODEC = "NNCodec 2.1.3"

# Cases whose tensors it gives, bit by bit.
CONFIRMED: frozenset[str] = frozenset()

# What it does where it does not agree.
OBSERVED: dict[str, str] = {}
