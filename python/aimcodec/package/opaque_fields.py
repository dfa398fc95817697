"""Fields of the blocks of known formats: scales, minima and numbers compress better apart."""

from __future__ import annotations

__all__ = ["known_fields"]

# Bytes of each field, in the order of the block; a number of 16 bits is two fields. The block layouts of GGUF.
_FIELDS: dict[str, tuple[int, ...]] = {
    "gguf:Q4_0": (1, 1, 16),
    "gguf:Q4_1": (1, 1, 1, 1, 16),
    "gguf:Q5_0": (1, 1, 4, 16),
    "gguf:Q5_1": (1, 1, 1, 1, 4, 16),
    "gguf:Q8_0": (1, 1, 32),
    "gguf:Q2_K": (16, 64, 1, 1, 1, 1),
    "gguf:Q3_K": (32, 64, 12, 1, 1),
    "gguf:Q4_K": (1, 1, 1, 1, 12, 128),
    "gguf:Q5_K": (1, 1, 1, 1, 12, 32, 128),
    "gguf:Q6_K": (128, 64, 16, 1, 1),
}


def known_fields(opaque_type: str, block_bytes: int) -> tuple[int, ...]:
    """Fields of a block of the format; none if it is not known, or has other blocks than those known."""
    fields = _FIELDS.get(opaque_type, ())
    return fields if sum(fields) == block_bytes else ()
