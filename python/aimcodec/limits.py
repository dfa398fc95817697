"""What a decoder may spend on a stream it does not trust."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for decoding; exceeding one raises :class:`aimcodec.LimitExceededError` naming it.

    All are inclusive maxima. To lift a limit pass a larger number; there is no special value for "unlimited".

    Attributes:
        max_stream_bytes: length of a stream.
        max_units: number of units in a stream or package, and of tensors in a package.
        max_string_bytes: length of a string element (`st(v)`), without its terminator.
        max_rank: dimensions of one tensor.
        max_elements: elements of one tensor.
        max_output_bytes: bytes of all decoded tensors of a stream together.
        max_expansion: decoded bytes per stream byte (applies only beyond 64 MiB of output). Row skipping and one-entry
            codebooks make output out of nothing; everything else is bounded far more tightly by the payload itself.
        max_codebook_entries: `codebook_size`.
        max_entry_points: entry points of one data unit.
    """

    max_stream_bytes: int = 1 << 36
    max_units: int = 1 << 20
    max_string_bytes: int = 4096
    max_rank: int = 32
    max_elements: int = (1 << 31) - 1
    max_output_bytes: int = 1 << 36
    max_expansion: int = 4096
    max_codebook_entries: int = 1 << 20
    max_entry_points: int = 1 << 20


DEFAULT_LIMITS = Limits()
