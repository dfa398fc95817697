"""A block of records (clauses 7.1 to 7.3, 8.1)."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import InconsistentError, MalformedError, OutOfRangeError
from .context import context
from .little_endian import CodedReader
from .plane import plane

__all__ = ["Records", "decode_block", "read_block"]


@dataclass(frozen=True)
class Records:
    """What clause 6.3 says about the records of a tensor.

    Attributes:
        bytes: of one record, the W of the text.
        rotate: whether the sign is moved to the lowest bit of a record.
        opaque: whether records are cut in the fields that the block names.
    """

    bytes: int
    rotate: bool
    opaque: bool = False


def decode_block(block: bytes, records: int, record_bytes: int, rotate: bool, opaque: bool = False) -> bytes:
    """Decode one block (clause 7.1).

    Args:
        block: the coded block, all of it.
        records: number of records n, at least 1.
        record_bytes: bytes of a record W (clause 6.3).
        rotate: whether clause 6.3 says rotation; W is then 2, 4 or 8.
        opaque: whether the data type is OPAQUE.

    Returns:
        The records, `records * record_bytes` bytes.

    Raises:
        AimcError: the block breaks a rule; bit offsets count from the start of the block.
    """
    return read_block(CodedReader(block, 0, len(block), "block"), records, Records(record_bytes, rotate, opaque))


def read_block(r: CodedReader, n: int, kind: Records) -> bytes:
    """Clause 7.1, for a reader that ends where the block does."""
    offset = r.position
    block_mode = r.number(1, "block_mode")
    if block_mode == 0:
        records = r.bytes(n * kind.bytes, "raw")
    elif block_mode == 1:
        records = r.bytes(kind.bytes, "constant") * n
    elif block_mode == 2:
        records = planes(r, n, kind)
    elif block_mode == 3:
        records = sparse(r, n, kind)
    elif block_mode == 4 and kind.rotate and kind.bytes in (2, 4):
        records = context(r, n, kind.bytes)
    else:
        raise OutOfRangeError(f"block_mode {block_mode}", bit_offset=8 * offset, path=r.element_path("block_mode"))
    r.expect_end()
    return records


def planes(r: CodedReader, n: int, kind: Records) -> bytes:
    """Clause 7.2: n records from their planes."""
    widths = field_widths(r, kind) if kind.opaque else [1] * kind.bytes
    columns = [(width, plane(r, n * width, f"plane[{k}]", depth=0)) for k, width in enumerate(widths)]
    records = bytearray()
    for i in range(n):
        record = b"".join(column[i * width : (i + 1) * width] for width, column in columns)
        records += rotated_back(record) if kind.rotate else record
    return bytes(records)


def field_widths(r: CodedReader, kind: Records) -> list[int]:
    """`field_count` and `field_bytes` of an OPAQUE block (clause 7.2)."""
    offset = r.position
    widths = [r.number(1, f"field_bytes[{k}]") for k in range(r.number(1, "field_count"))]
    if 0 in widths:
        raise OutOfRangeError("a field of 0 bytes", bit_offset=8 * offset, path=r.element_path("field_bytes"))
    if sum(widths) != kind.bytes:
        raise InconsistentError(
            f"fields of {sum(widths)} bytes in records of {kind.bytes}",
            bit_offset=8 * offset,
            path=r.element_path("field_bytes"),
        )
    return widths


def rotated_back(record: bytes) -> bytes:
    """The inverse of the rotation of clause 7.2: the lowest bit becomes the sign again."""
    coded = int.from_bytes(record, "little")
    return (coded >> 1 | (coded & 1) << (8 * len(record) - 1)).to_bytes(len(record), "little")


def sparse(r: CodedReader, n: int, kind: Records) -> bytes:
    """Clause 7.3."""
    offset = r.position
    nonzero_count = r.number(4, "nonzero_count")
    if nonzero_count == 0:
        raise OutOfRangeError("nonzero_count 0", bit_offset=8 * offset, path=r.element_path("nonzero_count"))
    mask_offset = r.position
    mask = plane(r, (n + 7) // 8, "mask", depth=0)
    bits = int.from_bytes(mask, "little")
    if bits >> n:
        raise MalformedError(
            "the mask has a bit behind the last record", bit_offset=8 * mask_offset, path=r.element_path("mask")
        )
    if bits.bit_count() != nonzero_count:
        raise InconsistentError(
            f"the mask has {bits.bit_count()} bits, not {nonzero_count}",
            bit_offset=8 * mask_offset,
            path=r.element_path("mask"),
        )
    marked = planes(r, nonzero_count, kind)
    records = bytearray()
    taken = 0
    for i in range(n):
        if mask[i // 8] >> i % 8 & 1:
            records += marked[taken : taken + kind.bytes]
            taken += kind.bytes
        else:
            records += bytes(kind.bytes)
    return bytes(records)
