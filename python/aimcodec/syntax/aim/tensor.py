"""TENSOR and ALIAS units (clause 4)."""

from __future__ import annotations

import math

from ...errors import InconsistentError, OutOfRangeError, UnsupportedError
from ..elements import counted_utf8, u
from ..protocol import Syntax
from .shape import MemoryLayout, layout_of, shape
from .types import DATA_TYPES, OPAQUE, Coding

__all__ = ["alias_header", "tensor_header"]

POSITIVE = range(1, 1 << 32)

VARIANT_ID = u(16, "variant_id", "3.2", "the variant that the unit belongs to")
TENSOR_NAME = counted_utf8("tensor_name", "4.1", "name of the tensor")
DATA_TYPE = u(8, "data_type", "6.1", "type of the elements", frozenset([*DATA_TYPES, OPAQUE]))
OPAQUE_TYPE = counted_utf8("opaque_type", "4.1", "format of the blocks")
OPAQUE_BLOCK_ELEMENTS = u(32, "opaque_block_elements", "4.1", "elements of a block", POSITIVE)
OPAQUE_BLOCK_BYTES = u(32, "opaque_block_bytes", "4.1", "bytes of a block", POSITIVE)
CODING = u(8, "coding", "4.1", "0 raw, 1 lossless, 3 reserved for differences to another tensor")
SEGMENT_START = u(64, "segment_start", "4.1", "first element of the segment")
SEGMENT_ELEMENTS = u(64, "segment_elements", "4.1", "elements of the segment")
BLOCK_RECORDS = u(32, "block_records", "4.3", "records of a block", POSITIVE)
BLOCK_COUNT = u(32, "block_count", "4.3", "number of blocks")
CODED_SIZE = u(32, "coded_size", "4.3", "bytes of a block")
BLOCK_CRC = u(32, "block_crc", "4.3", "checksum of a block")

ALIAS_NAME = counted_utf8("alias_name", "4.4", "the further name")
TARGET_NAME = counted_utf8("target_name", "4.4", "name of the tensor meant")
TIED_FLAG = u(1, "tied_flag", "4.4", "1: one object in memory, 0: the same content")
RESERVED_ZERO_7BITS = u(7, "reserved_zero_7bits", "4.4", "0", range(1))


def tensor_header(s: Syntax, payload_size: int | None) -> None:
    """4.1; `payload_size` is None where the payload is ciphertext and says nothing about the tensor."""
    s.code(VARIANT_ID)
    s.counted(TENSOR_NAME)
    data_type = s.decisive(DATA_TYPE)
    opaque = None
    if s.when("data_type = OPAQUE", data_type == OPAQUE):
        s.counted(OPAQUE_TYPE)
        opaque = s.decisive(OPAQUE_BLOCK_ELEMENTS), s.decisive(OPAQUE_BLOCK_BYTES)
    layout = layout_of(data_type, opaque)
    dimensions = shape(s, layout)
    if opaque is not None:
        s.require(
            len(dimensions) and dimensions[-1] % opaque[0] == 0,
            "the last dimension is no multiple of opaque_block_elements",
            InconsistentError,
        )
    coding = s.code(CODING)
    s.require(coding in (Coding.RAW, Coding.LOSSLESS), f"coding {coding} is not supported", UnsupportedError)
    elements = _segment(s, layout, math.prod(dimensions), coding)
    memory = layout.memory_bytes(elements)
    if s.when("coding = 1", coding == Coding.LOSSLESS):
        _blocks(s, layout.record_bytes, memory, payload_size)
    else:
        s.require(
            payload_size in (None, memory),
            f"a payload of {payload_size} bytes for {memory} of memory",
            InconsistentError,
        )


def _segment(s: Syntax, layout: MemoryLayout, total: int, coding: int) -> int:
    start = s.code(SEGMENT_START)
    s.require(start % layout.group_elements == 0, "a segment starts inside a byte or record", InconsistentError)
    elements = s.code(SEGMENT_ELEMENTS)
    s.require(start + elements <= total, f"the tensor has {total} elements", InconsistentError)
    s.require(elements or not total, "a segment without elements", OutOfRangeError)
    s.require(coding != Coding.RAW or elements == total, "a raw tensor has one segment", InconsistentError)
    last = start + elements == total
    s.require(
        last or elements % layout.group_elements == 0, "a segment ends inside a byte or record", InconsistentError
    )
    return elements


def _blocks(s: Syntax, record_bytes: int, memory: int, payload_size: int | None) -> None:
    """4.3."""
    records = memory // record_bytes
    block_records = s.decisive(BLOCK_RECORDS)
    block_count = s.code(BLOCK_COUNT)
    s.require(
        block_count == -(-records // block_records), f"{records} records in {block_count} blocks", InconsistentError
    )
    sizes = s.array("i < block_count", CODED_SIZE, block_count)
    s.require(payload_size in (None, sum(sizes)), f"blocks of {sum(sizes)} bytes in {payload_size}", InconsistentError)
    if sizes:
        last = records - (block_count - 1) * block_records
        fits = max(sizes) <= block_records * record_bytes + 1 and sizes[-1] <= last * record_bytes + 1
        s.require(fits, "a block is longer than its records and 1", InconsistentError)
    s.array("i < block_count", BLOCK_CRC, block_count)


def alias_header(s: Syntax) -> None:
    """4.4."""
    s.code(VARIANT_ID)
    s.counted(ALIAS_NAME)
    s.counted(TARGET_NAME)
    s.code(TIED_FLAG)
    s.reserved(RESERVED_ZERO_7BITS)
