"""Makes AIM files byte by byte from docs/spec/aim-bitstream.md, good and bad ones. Shares no code with any reader."""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from dataclasses import dataclass, field

__all__ = ["Entry", "File", "coded_tensor", "numbers", "raw_tensor", "text", "typed_header", "unit"]

MARKER = bytes.fromhex("8941494d0d0a1a0a")
ANCILLARY = range(2, 8)


def text(value: str, size: str = ">H") -> bytes:
    """A size and as many bytes of UTF-8."""
    return struct.pack(size, len(value.encode())) + value.encode()


def numbers(code: str, *values: int) -> bytes:
    """Numbers of one size, most significant byte first."""
    return struct.pack(f">{len(values)}{code}", *values)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 64)


def unit(
    unit_type: int,
    header: bytes = b"",
    payload: bytes = b"",
    flags: int | None = None,
    header_size: int | None = None,
    payload_size: int | None = None,
    payload_crc: int | None = None,
    header_crc: int | None = None,
    marker: bytes = MARKER,
) -> bytes:
    """A unit (clause 2.2). `flags` is the byte of the flags; anything else given replaces the right value."""
    if flags is None:
        flags = 0 if unit_type in ANCILLARY else 0x80
    head = marker + bytes([unit_type, flags])
    head += numbers("I", 26 + len(header) + 4 if header_size is None else header_size)
    head += numbers("Q", len(payload) if payload_size is None else payload_size)
    head += numbers("I", zlib.crc32(payload) if payload_crc is None else payload_crc) + header
    return padded(head + numbers("I", zlib.crc32(head) if header_crc is None else header_crc)) + padded(payload)


@dataclass(frozen=True)
class Entry:
    """A line of the tensor table (clause 5.1)."""

    variant: int
    name: str
    data_type: int
    dimensions: tuple[int, ...]
    coding: int
    unit: int
    units: int = 1
    target: int | None = None


@dataclass
class File:
    """Units and entries of a file; `data` puts PACKAGE before and INDEX and END behind them."""

    units: list[bytes] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    package: bytes = unit(0, bytes([1, 0]) + text("a test"))

    def add(self, *units: bytes) -> File:
        self.units += units
        return self

    def tensor(
        self,
        name: str,
        data_type: int,
        dimensions: tuple[int, ...],
        units: list[bytes],
        coding: int = 0,
        variant: int = 0,
        target: int | None = None,
    ) -> File:
        """Units of a tensor, and its entry."""
        place = 1 + len(self.units)
        self.entries.append(Entry(variant, name, data_type, dimensions, coding, place, len(units), target))
        return self.add(*units)

    def raw(self, name: str, data_type: int, dimensions: tuple[int, ...], memory: bytes, variant: int = 0) -> File:
        made = raw_tensor(name, data_type, dimensions, memory, variant)
        return self.tensor(name, data_type, dimensions, [made], variant=variant)

    def alias(self, name: str, target: str, tied: int = 1, variant: int = 0) -> File:
        number = next(i for i, e in enumerate(self.entries) if (e.variant, e.name) == (variant, target))
        entry = self.entries[number]
        made = unit(17, numbers("H", variant) + text(name) + text(target) + bytes([tied << 7]))
        return self.tensor(name, entry.data_type, entry.dimensions, [made], 255, variant, number)

    def index(self) -> bytes:
        """The payload of INDEX."""
        units = [self.package, *self.units]
        payload = numbers("I", len(units)) + bytes(u[8] for u in units)
        payload += numbers("Q", *(len(u) // 64 for u in units))
        payload += b"".join(hashlib.sha256(u).digest() for u in units)
        payload += numbers("I", len(self.entries))
        payload += numbers("H", *(e.variant for e in self.entries))
        payload += numbers("H", *(len(e.name.encode()) for e in self.entries))
        payload += b"".join(e.name.encode() for e in self.entries)
        payload += bytes(e.data_type for e in self.entries)
        payload += bytes(len(e.dimensions) for e in self.entries)
        payload += numbers("Q", *(d for e in self.entries for d in e.dimensions))
        payload += bytes(e.coding for e in self.entries)
        payload += numbers("I", *(e.unit for e in self.entries))
        payload += numbers("I", *(e.units for e in self.entries))
        return payload + numbers("I", *(i if e.target is None else e.target for i, e in enumerate(self.entries)))

    def data(self, index: bytes | None = None, end: dict[str, int | bytes] | None = None) -> bytes:
        """The file; `index` replaces the payload of INDEX, `end` elements of END."""
        before = self.package + b"".join(self.units)
        made = unit(254, b"", self.index() if index is None else index)
        values: dict[str, int | bytes] = {
            "index_offset": len(before),
            "index_size": len(made),
            "file_size": len(before) + len(made) + 128,
            "index_digest": hashlib.sha256(made).digest(),
        }
        values |= end or {}
        return before + made + unit(255, struct.pack(">QQQ32s", *values.values()))


def typed_header(
    name: str,
    data_type: int,
    dimensions: tuple[int, ...],
    coding: int,
    segment: tuple[int, int],
    variant: int = 0,
    opaque: tuple[str, int, int] | None = None,
) -> bytes:
    """tensor_header up to segment_elements (clause 4.1)."""
    header = numbers("H", variant) + text(name) + bytes([data_type])
    if opaque:
        header += text(opaque[0]) + numbers("I", *opaque[1:])
    header += bytes([len(dimensions)]) + numbers("Q", *dimensions)
    return header + bytes([coding]) + numbers("Q", *segment)


def raw_tensor(name: str, data_type: int, dimensions: tuple[int, ...], memory: bytes, variant: int = 0) -> bytes:
    header = typed_header(name, data_type, dimensions, 0, (0, math.prod(dimensions)), variant)
    return unit(16, header, memory)


def coded_tensor(
    name: str,
    data_type: int,
    dimensions: tuple[int, ...],
    blocks: list[bytes],
    block_records: int,
    segment: tuple[int, int] | None = None,
    opaque: tuple[str, int, int] | None = None,
    block_count: int | None = None,
    sizes: list[int] | None = None,
    crcs: list[int] | None = None,
) -> bytes:
    """A TENSOR unit of coding 1 (clause 4.3)."""
    header = typed_header(name, data_type, dimensions, 1, segment or (0, math.prod(dimensions)), opaque=opaque)
    header += numbers("I", block_records, len(blocks) if block_count is None else block_count)
    header += numbers("I", *([len(block) for block in blocks] if sizes is None else sizes))
    header += numbers("I", *([zlib.crc32(block) for block in blocks] if crcs is None else crcs))
    return unit(16, header, b"".join(blocks))
