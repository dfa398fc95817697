"""Trace records: one for each element of a stream, the same whether the stream is read or written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

__all__ = ["Status", "TraceRecord", "Tracer"]

Status: TypeAlias = Literal["ok", "inferred", "payload", "gap"]


class TraceRecord(NamedTuple):
    """One element of a stream.

    Attributes:
        bit_offset: first bit, from the start of the stream.
        bit_length: number of bits; 0 for inferred values.
        descriptor: for example ``ue(7)``.
        path: for example ``units[3].nnr_compressed_data_unit_header.tensor_dimensions[1]``.
        raw: the bits as an unsigned number; 0 where status is not "ok", as payload bytes are not copied.
        value: what the bits mean; None for alignment and payload, the text of the error for a gap.
        clause: section of the text.
        status: "ok", "inferred" (absent, value by rule), "payload" (bytes of no syntax), "gap" (bits that an error made
            unreadable).
        doc: one line on the meaning of the element; empty for a gap.
    """

    bit_offset: int
    bit_length: int
    descriptor: str
    path: str
    raw: int
    value: Any
    clause: str
    status: Status
    doc: str = ""


Tracer: TypeAlias = Callable[[TraceRecord], object]
"""Takes the records one by one; the `append` of a list will do."""
