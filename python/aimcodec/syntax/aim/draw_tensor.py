"""Random TENSOR units: shapes and segments that keep the rules, and payloads that can be decoded."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable
from typing import Any

from ..coverage import counters
from ..drawer import Choices, Drawer, draw_bytes
from ..protocol import Fields
from .model import Unit
from .rules import opaque_of
from .shape import MemoryLayout, layout_of
from .types import DATA_TYPES, MAX_RANK, OPAQUE, Coding, UnitType
from .unit import typed_header

__all__ = ["draw_tensor"]

MOST_ELEMENTS = 600
MOST_BLOCKS = 20
MOST_SEGMENTS = 4
STORED = b"\0"  # first byte of a block whose records follow as they are
BOOL = 0
LARGE = (1 << 32) - 1

OF_SEGMENTS = ("segment_start", "segment_elements", "block_records", "block_count", "coded_size", "block_crc")


def draw_tensor(rng: random.Random, names: Choices) -> list[Unit]:
    """The units of a tensor, raw or in segments of stored blocks; `names` draw what other units have to do with.

    Raises:
        RejectedError: none was found.
    """
    protected = int(rng.randrange(8) == 0)
    choices: dict[str, Callable[[Drawer], Any]] = {**names, **CHOICES}
    units: list[Unit] = []
    while True:
        last = len(units) + 1 >= MOST_SEGMENTS or rng.randrange(2)
        choices["segment_elements"] = _rest if last else _part
        header = Drawer(rng, choices, counters("aim")).draw(typed_header, UnitType.TENSOR, 0, None)["tensor_header"]
        payload = _payload(rng, header)
        if protected:
            payload = draw_bytes(rng, rng.choice((0, 16, len(payload) + 16)))
        units.append(Unit(UnitType.TENSOR, {"protected_flag": protected, "tensor_header": header}, payload))
        done = header["segment_start"] + header["segment_elements"]
        if done == math.prod(header["dimension"]):
            return units
        shared = {name: value for name, value in header.items() if name not in OF_SEGMENTS}
        choices |= {name: _again(value) for name, value in {**shared, "segment_start": done}.items()}


def _again(value: Any) -> Callable[[Drawer], Any]:
    return lambda drawer: value[drawer.index] if isinstance(value, list) else value


def _layout(header: Fields) -> MemoryLayout:
    return layout_of(header["data_type"], opaque_of(header))


def _payload(rng: random.Random, header: Fields) -> bytes:
    """Memory; or stored blocks, whose checksums go into the header."""
    memory = _memory(rng, header)
    if header["coding"] == Coding.RAW:
        return memory
    size = header["block_records"] * _layout(header).record_bytes
    blocks = [STORED + memory[start : start + size] for start in range(0, len(memory), size)]
    header["block_crc"] = [zlib.crc32(block) for block in blocks]
    return b"".join(blocks)


def _memory(rng: random.Random, header: Fields) -> bytes:
    """Memory of a segment, with nothing in it that 6.1 and 6.2 forbid."""
    data_type, elements = header["data_type"], header["segment_elements"]
    memory = bytearray(draw_bytes(rng, _layout(header).memory_bytes(elements)))
    if data_type == BOOL:
        return bytes(byte & 1 for byte in memory)
    if data_type != OPAQUE and memory:
        used = elements * DATA_TYPES[data_type].bits % 8
        memory[-1] &= (1 << used) - 1 if used else 0xFF
    return bytes(memory)


def _rank(drawer: Drawer) -> int:
    least = int(drawer.fields["data_type"] == OPAQUE)
    return max(least, drawer.rng.choice((0, 1, 2, 3, 4, MAX_RANK)))


def _dimension(drawer: Drawer) -> int:
    """Few elements in all; beside a dimension of 0 another may be large."""
    fields, rng = drawer.fields, drawer.rng
    before = math.prod(fields["dimension"])
    unit = 1
    if "opaque_block_elements" in fields and drawer.index == fields["rank"] - 1:
        unit = fields["opaque_block_elements"]
    if not before:
        return unit * rng.choice((0, 1, 2, 1 << 20))
    room = MOST_ELEMENTS // before // unit
    return unit * min(room, rng.choice((0, 1, 1, 2, 3, rng.randint(1, max(room, 1)))))


def _block_elements(drawer: Drawer) -> int:
    return drawer.rng.choice((1, 2, 32, 256, LARGE))


def _block_bytes(drawer: Drawer) -> int:
    return drawer.rng.choice((1, 2, 18, 34) if drawer.fields["opaque_block_elements"] <= MOST_ELEMENTS else (1, LARGE))


def _rest(drawer: Drawer) -> int:
    total: int = math.prod(drawer.fields["dimension"])
    return total - int(drawer.fields["segment_start"])


def _part(drawer: Drawer) -> int:
    """Some whole groups of what is left, if the tensor may have several segments."""
    group = _layout(drawer.fields).group_elements
    rest = _rest(drawer)
    if drawer.fields["coding"] == Coding.RAW or rest <= group:
        return rest
    return group * drawer.rng.randint(1, rest // group)


def _records(header: Fields) -> int:
    layout = _layout(header)
    return layout.memory_bytes(header["segment_elements"]) // layout.record_bytes


def _block_records(drawer: Drawer) -> int:
    records = _records(drawer.fields)
    least = max(1, -(-records // MOST_BLOCKS))
    return drawer.rng.choice((least, max(records, 1), records + 1, LARGE, drawer.rng.randint(least, records + least)))


def _block_count(drawer: Drawer) -> int:
    return -(-_records(drawer.fields) // int(drawer.fields["block_records"]))


def _coded_size(drawer: Drawer) -> int:
    fields = drawer.fields
    block = int(fields["block_records"])
    records = min(block, _records(fields) - drawer.index * block)
    return len(STORED) + records * _layout(fields).record_bytes


CHOICES: Choices = {
    "rank": _rank,
    "dimension": _dimension,
    "opaque_block_elements": _block_elements,
    "opaque_block_bytes": _block_bytes,
    "coding": lambda drawer: drawer.rng.choice((Coding.RAW, Coding.LOSSLESS)).value,
    "segment_start": lambda _: 0,
    "block_records": _block_records,
    "block_count": _block_count,
    "coded_size": _coded_size,
    "block_crc": lambda _: 0,
}
