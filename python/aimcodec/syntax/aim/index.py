"""INDEX and END units (clause 5)."""

from __future__ import annotations

from functools import lru_cache

from ..elements import Counted, b, u, utf8
from ..protocol import Syntax
from .types import DATA_TYPES, MAX_RANK, OPAQUE, Coding

__all__ = ["END_SIZE", "end_header", "index_payload"]

END_SIZE = 128  # bytes of an END unit

UNIT_COUNT = u(32, "unit_count", "5.1", "units before INDEX")
UNIT_TYPE = u(8, "unit_type", "5.1", "type of each")
UNIT_BLOCKS = u(64, "unit_blocks", "5.1", "size of each in units of 64 bytes")
UNIT_DIGEST = b(32, "unit_digest", "5.1", "SHA-256 of each")
TENSOR_COUNT = u(32, "tensor_count", "5.1", "entries of the tensor table")
ENTRY_VARIANT = u(16, "entry_variant", "5.1", "variant_id of each")
ENTRY_NAME_SIZE = u(16, "entry_name_size", "5.1", "bytes of each name")
ENTRY_NAME = Counted(
    "entry_name", ENTRY_NAME_SIZE, "utf8", lru_cache(lambda size: utf8(size, "entry_name", "5.1", "name of each"))
)
ENTRY_DATA_TYPE = u(8, "entry_data_type", "5.1", "data_type of each", frozenset([*DATA_TYPES, OPAQUE]))
ENTRY_RANK = u(8, "entry_rank", "5.1", "rank of each", range(MAX_RANK + 1))
ENTRY_DIMENSION = u(64, "entry_dimension", "5.1", "dimensions of the first, of the second, and so on")
ENTRY_CODING = u(
    8,
    "entry_coding",
    "5.1",
    "coding of each; 2 NNC, 255 alias",
    frozenset([Coding.RAW, Coding.LOSSLESS, Coding.NNC, Coding.ALIAS]),
)
ENTRY_UNIT = u(32, "entry_unit", "5.1", "number of the first unit of each")
ENTRY_UNITS = u(32, "entry_units", "5.1", "number of units of each")
ENTRY_TARGET = u(32, "entry_target", "5.1", "entry that an alias names; else the entry itself")

INDEX_OFFSET = u(64, "index_offset", "5.2", "first byte of the INDEX unit")
INDEX_SIZE = u(64, "index_size", "5.2", "bytes of the INDEX unit")
FILE_SIZE = u(64, "file_size", "5.2", "bytes of the file")
INDEX_DIGEST = b(32, "index_digest", "5.2", "SHA-256 of the INDEX unit")


def index_payload(s: Syntax) -> None:
    """5.1."""
    units = s.code(UNIT_COUNT)
    s.limited("max_units", units)
    each_unit = "i < unit_count"
    s.array(each_unit, UNIT_TYPE, units)
    s.array(each_unit, UNIT_BLOCKS, units)
    s.array(each_unit, UNIT_DIGEST, units)
    entries = s.code(TENSOR_COUNT)
    s.limited("max_units", entries)
    each_entry = "i < tensor_count"
    s.array(each_entry, ENTRY_VARIANT, entries)
    sizes = s.array(each_entry, ENTRY_NAME_SIZE, entries)
    s.parts(each_entry, ENTRY_NAME, sizes)
    s.array(each_entry, ENTRY_DATA_TYPE, entries)
    ranks = s.array(each_entry, ENTRY_RANK, entries)
    s.array("i < sum of entry_rank", ENTRY_DIMENSION, sum(ranks))
    s.array(each_entry, ENTRY_CODING, entries)
    s.array(each_entry, ENTRY_UNIT, entries)
    s.array(each_entry, ENTRY_UNITS, entries)
    s.array(each_entry, ENTRY_TARGET, entries)


def end_header(s: Syntax) -> None:
    """5.2."""
    s.code(INDEX_OFFSET)
    s.code(INDEX_SIZE)
    s.code(FILE_SIZE)
    s.code(INDEX_DIGEST)
