"""A plane: bytes of one place in all records (clauses 7.2 and 7.4 to 7.7)."""

from __future__ import annotations

from ...errors import OutOfRangeError
from .little_endian import CodedReader
from .matches import expand, read_sequences
from .nibbles import join, unpack
from .rans import decode_symbols, read_model

__all__ = ["plane"]

MAX_DEPTH = 3
PART_UNIT = 4096  # bytes of a part are a multiple of this


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
    if plane_method == 3:
        lz_size = r.number(4, f"{name}.lz_size")
        return lz(r.part(lz_size, f"{name}.lz_size", path), m, depth)
    if plane_method == 4:
        return parts(r, m, name, depth)
    return nibbles(r, m, name, depth)


def permitted_methods(m: int, depth: int) -> set[int]:
    """Clause 7.2: nothing to code is coded raw, matches and parts occur at depth 0 only, nibbles at 0 and 1."""
    if m == 0:
        return {0}
    return {0: {0, 1, 2, 3, 4, 5}, 1: {0, 1, 2, 5}}.get(depth, {0, 1, 2})


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


def parts(r: CodedReader, m: int, name: str, depth: int) -> bytes:
    """Clause 7.6."""
    offset = r.position
    part_bytes = r.number(4, f"{name}.part_bytes")
    if part_bytes % PART_UNIT or not PART_UNIT <= part_bytes < m:
        raise OutOfRangeError(
            f"parts of {part_bytes} bytes in a plane of {m}",
            bit_offset=8 * offset,
            path=r.element_path(f"{name}.part_bytes"),
        )
    begins = range(0, m, part_bytes)
    return b"".join(
        plane(r, min(part_bytes, m - begin), f"{name}.part[{k}]", depth + 1) for k, begin in enumerate(begins)
    )


def nibbles(r: CodedReader, m: int, name: str, depth: int) -> bytes:
    """Clause 7.7."""
    offset = r.position
    packed = r.number(1, f"{name}.packed")
    if packed not in (0, 1):
        raise OutOfRangeError(f"packed {packed}", bit_offset=8 * offset, path=r.element_path(f"{name}.packed"))
    offset = r.position
    low = plane(r, (m + 1) // 2 if packed else m, f"{name}.low", depth + 1)
    low = unpack(low) if packed else low
    high = plane(r, m, f"{name}.high", depth + 1)
    if max(low) > 15 or max(high) > 15 or any(low[m:]):
        raise OutOfRangeError(
            "a nibble above 15, or one after the last", bit_offset=8 * offset, path=r.element_path(name)
        )
    return join(low, high)
