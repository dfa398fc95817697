"""A plane: bytes of one place in all records (clauses 7.2, 7.4 and 7.5)."""

from __future__ import annotations

from ...errors import OutOfRangeError
from .little_endian import CodedReader
from .matches import expand, read_sequences
from .rans import decode_symbols, read_model

__all__ = ["plane"]

MAX_DEPTH = 3


def plane(r: CodedReader, m: int, name: str, depth: int) -> bytes:
    """plane(m) of clause 7.2; depth 0 is a plane of the block itself."""
    if depth > MAX_DEPTH:
        raise OutOfRangeError(f"a plane at depth {depth}", bit_offset=8 * r.position, path=r.element_path(name))
    offset = r.position
    plane_method = r.number(1, f"{name}.plane_method")
    if plane_method not in permitted_methods(m, depth):
        raise OutOfRangeError(
            f"plane_method {plane_method} in a plane of {m} bytes at depth {depth}",
            bit_offset=8 * offset,
            path=r.element_path(f"{name}.plane_method"),
        )
    path = r.element_path(name)
    if plane_method == 0:
        return r.bytes(m, f"{name}.raw")
    if plane_method == 1:
        return r.bytes(1, f"{name}.constant") * m
    if plane_method == 2:
        rans_size = r.number(4, f"{name}.rans_size")
        return rans(r.part(rans_size, f"{name}.rans_size", path), m, depth)
    lz_size = r.number(4, f"{name}.lz_size")
    return lz(r.part(lz_size, f"{name}.lz_size", path), m, depth)


def permitted_methods(m: int, depth: int) -> set[int]:
    """Clause 7.2: nothing to code is coded raw, and matches occur at depth 0 only."""
    if m == 0:
        return {0}
    return {0, 1, 2, 3} if depth == 0 else {0, 1, 2}


def rans(r: CodedReader, m: int, depth: int) -> bytes:
    """Clause 7.4, for a reader of the bytes that rans_size counts."""
    model = read_model(r, m)
    escapes = plane(r, model.escape_count, "escapes", depth + 1) if model.escape_frequency else b""
    return decode_symbols(r, m, model, escapes)


def lz(r: CodedReader, m: int, depth: int) -> bytes:
    """Clause 7.5, for a reader of the bytes that lz_size counts."""
    sequences = read_sequences(r, m)
    literals = plane(r, sequences.literal_count, "literals", depth + 1)
    literal_lengths = plane(r, sequences.literal_length_bytes, "literal_lengths", depth + 1)
    match_lengths = plane(r, sequences.match_length_bytes, "match_lengths", depth + 1)
    distances = [plane(r, sequences.count, f"distances[{k}]", depth + 1) for k in range(3)]
    r.expect_end()
    return expand(m, literals, literal_lengths, match_lengths, distances, r)
