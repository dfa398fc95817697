"""TENSOR and ALIAS units (clauses 4 and 6)."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ...errors import InconsistentError, LimitExceededError, MalformedError, OutOfRangeError, UnsupportedError
from .block import Records, read_block
from .data_types import BOOL, DATA_TYPES, OPAQUE, array_of
from .elements import ElementReader
from .little_endian import CodedReader
from .unit import Unit

__all__ = [
    "Alias",
    "OpaqueType",
    "Segment",
    "Tensor",
    "TensorKind",
    "alias",
    "check_room",
    "segment",
    "shape",
    "tensor_of",
]

RAW = 0
LOSSLESS = 1

# A constant block makes memory out of nothing: the text sets no bound, this decoder does.
MAX_MEMORY = 1 << 30
# Arrays of numpy have no more dimensions, nor longer ones (clause 4.1).
MAX_RANK = 32
MAX_BYTES = (1 << 63) - 1


@dataclass(frozen=True)
class OpaqueType:
    """Elements of an OPAQUE tensor (clause 4.1)."""

    name: str
    block_elements: int
    block_bytes: int


@dataclass(frozen=True)
class TensorKind:
    """What all segments of a tensor agree in."""

    variant_id: int
    name: str
    data_type: int
    opaque: OpaqueType | None
    dimensions: tuple[int, ...]
    coding: int

    @property
    def elements(self) -> int:
        """Number of elements, 1 for rank 0."""
        return math.prod(self.dimensions)

    @property
    def records(self) -> Records:
        """Clause 6.3."""
        if self.opaque:
            return Records(self.opaque.block_bytes, rotate=False, opaque=True)
        return DATA_TYPES[self.data_type].records

    def memory_bytes(self, elements: int) -> int:
        """Bytes of so many elements (clause 6.2)."""
        if self.opaque:
            return elements // self.opaque.block_elements * self.opaque.block_bytes
        return (elements * DATA_TYPES[self.data_type].bits + 7) // 8

    def can_begin_at(self, element: int) -> bool:
        """Whether an element is at the start of a byte and a record (clause 4.3), or of an opaque block (4.1)."""
        if self.opaque:
            return element % self.opaque.block_elements == 0
        return element * DATA_TYPES[self.data_type].bits % 8 == 0


@dataclass(frozen=True)
class Segment:
    """A TENSOR unit, decoded."""

    tensor: TensorKind
    start: int
    elements: int
    memory: bytes


@dataclass(frozen=True)
class Alias:
    """An ALIAS unit (clause 4.4)."""

    variant_id: int
    name: str
    target: str
    tied: bool


@dataclass(frozen=True)
class Tensor:
    """A tensor of a file.

    Attributes:
        kind: its variant, name, type and dimensions; of an alias, those of what it is a further name of.
        memory: clause 6.2.
        alias: for an alias, what the unit says.
    """

    kind: TensorKind
    memory: bytes
    alias: Alias | None = None

    @property
    def name(self) -> str:
        """The name that this tensor was found by."""
        return self.alias.name if self.alias else self.kind.name

    @property
    def data_type(self) -> str:
        """The name in the table of clause 6.1."""
        return "OPAQUE" if self.kind.opaque else DATA_TYPES[self.kind.data_type].name

    @property
    def shape(self) -> tuple[int, ...]:
        """Dimensions in elements."""
        return self.kind.dimensions

    @property
    def array(self) -> NDArray[Any]:
        """Elements as numpy array; OPAQUE as uint8 with the last dimension in bytes (clause 6.1)."""
        opaque, dimensions = self.kind.opaque, self.kind.dimensions
        if opaque:
            dimensions = (*dimensions[:-1], dimensions[-1] // opaque.block_elements * opaque.block_bytes)
        return array_of(self.memory, self.kind.data_type, dimensions)


def segment(unit: Unit) -> Segment:
    """Clauses 4.1 to 4.3: the header and the payload of a TENSOR unit."""
    tensor = tensor_kind(unit)
    r = unit.header
    start = r.u(64, "segment_start")
    elements = r.u(64, "segment_elements")
    if start + elements > tensor.elements:
        raise r.broken(InconsistentError, "the segment goes beyond the tensor", "segment_elements")
    if elements == 0 and tensor.elements > 0:
        raise r.broken(OutOfRangeError, "a segment without elements", "segment_elements")
    if tensor.coding == RAW and elements != tensor.elements:
        raise r.broken(InconsistentError, "a raw tensor in segments", "segment_elements")
    if not tensor.can_begin_at(start):
        raise r.broken(InconsistentError, f"a segment begins at element {start}", "segment_start")
    if tensor.opaque and elements % tensor.opaque.block_elements:
        raise r.broken(InconsistentError, "a segment ends inside an opaque block", "segment_elements")
    size = tensor.memory_bytes(elements)
    if size > MAX_MEMORY:
        raise r.broken(LimitExceededError, f"{size} bytes, at most {MAX_MEMORY} are decoded", "segment_elements")
    if tensor.coding == RAW:
        r.expect_end()
        memory = unit.payload
        if len(memory) != size:
            raise unit.broken(InconsistentError, f"{len(memory)} bytes for a memory of {size}", "payload_size")
    else:
        memory = lossless(unit, tensor, size)
    return Segment(tensor, start, elements, memory)


def tensor_kind(unit: Unit) -> TensorKind:
    """The header of a TENSOR unit before segment_start."""
    r = unit.header
    variant_id = r.u(16, "variant_id")
    name = r.sized_utf8("tensor_name")
    data_type = r.u(8, "data_type")
    if data_type != OPAQUE and data_type not in DATA_TYPES:
        raise r.broken(OutOfRangeError, f"data_type {data_type}", "data_type")
    opaque = None
    if data_type == OPAQUE:
        opaque = OpaqueType(
            r.sized_utf8("opaque_type"), r.u(32, "opaque_block_elements"), r.u(32, "opaque_block_bytes")
        )
        if 0 in (opaque.block_elements, opaque.block_bytes):
            raise r.broken(OutOfRangeError, "opaque blocks of nothing", "opaque_block_elements")
    dimensions = shape(r)
    tensor = TensorKind(variant_id, name, data_type, opaque, dimensions, r.u(8, "coding"))
    if opaque and (not dimensions or dimensions[-1] % opaque.block_elements):
        raise r.broken(InconsistentError, "the last dimension is not a multiple of the opaque blocks", "dimension")
    check_room(r, tensor)
    if tensor.coding not in (RAW, LOSSLESS):
        raise r.broken(UnsupportedError, f"coding {tensor.coding}", "coding")
    return tensor


def shape(r: ElementReader) -> tuple[int, ...]:
    """rank and dimension[i]."""
    rank = r.u(8, "rank")
    if rank > MAX_RANK:
        raise r.broken(OutOfRangeError, f"rank {rank}", "rank")
    return tuple(r.u(64, f"dimension[{i}]") for i in range(rank))


def check_room(r: ElementReader, tensor: TensorKind) -> None:
    """Arrays are indexed with 63 bits, also those without elements (clause 4.1)."""
    room = math.prod(max(dimension, 1) for dimension in tensor.dimensions)
    if max(room, tensor.memory_bytes(room)) > MAX_BYTES:
        raise r.broken(OutOfRangeError, f"dimensions {tensor.dimensions}", "dimension")


def lossless(unit: Unit, tensor: TensorKind, size: int) -> bytes:
    """Clause 4.3: the rest of the header, and the blocks."""
    r = unit.header
    records = size // tensor.records.bytes
    block_records = r.u(32, "block_records")
    if block_records == 0:
        raise r.broken(OutOfRangeError, "blocks of no records", "block_records")
    block_count = r.u(32, "block_count")
    if block_count != (records + block_records - 1) // block_records:
        raise r.broken(InconsistentError, f"{block_count} blocks for {records} records", "block_count")
    coded_sizes = [r.u(32, f"coded_size[{i}]") for i in range(block_count)]
    block_crcs = [r.u(32, f"block_crc[{i}]") for i in range(block_count)]
    r.expect_end()
    if sum(coded_sizes) != unit.payload_end - unit.payload_begin:
        raise r.broken(InconsistentError, "the blocks are not as long as the payload", "coded_size")
    memory = bytearray()
    position = unit.payload_begin
    for i, coded_size in enumerate(coded_sizes):
        n = min(block_records, records - i * block_records)
        if coded_size > n * tensor.records.bytes + 1:
            raise r.broken(InconsistentError, f"a block of {coded_size} bytes", f"coded_size[{i}]")
        if zlib.crc32(unit.data[position : position + coded_size]) != block_crcs[i]:
            raise r.broken(InconsistentError, f"block {i} does not have its checksum", f"block_crc[{i}]")
        block = CodedReader(unit.data, position, position + coded_size, r.element_path(f"block[{i}]"))
        memory += read_block(block, n, tensor.records)
        position += coded_size
    return bytes(memory)


def tensor_of(segments: list[Segment], unit: Unit) -> Tensor:
    """A tensor of all its segments; its memory is checked (clauses 6.1 and 6.2)."""
    tensor = segments[0].tensor
    memory = b"".join(s.memory for s in segments)
    bits = 8 if tensor.opaque else DATA_TYPES[tensor.data_type].bits
    if bits < 8 and tensor.elements * bits % 8 and memory[-1] >> tensor.elements * bits % 8:
        raise unit.broken(MalformedError, "bits after the last element are not zero", "payload")
    if tensor.data_type == BOOL and set(memory) - {0, 1}:
        raise unit.broken(OutOfRangeError, "a BOOL that is not 0 or 1", "payload")
    return Tensor(tensor, memory)


def alias(unit: Unit) -> Alias:
    """Clause 4.4: the header of an ALIAS unit."""
    r = unit.header
    variant_id = r.u(16, "variant_id")
    name = r.sized_utf8("alias_name")
    target = r.sized_utf8("target_name")
    tied_flag = r.u(1, "tied_flag")
    r.reserved_zero(7, "reserved_zero_7bits")
    return Alias(variant_id, name, target, bool(tied_flag))
