"""Writes seeds for the fuzz targets from the conformance streams: `seeds.py TARGET FOLDER`.

Seeds of `stream_reader` and `aim_reader` are small streams as they are; those of `payload_decode` are the payloads of
small data units in the format of fuzz/payload_decode.cpp, alone and as 34 jobs side by side; those of `lossless_decode`
the blocks of AIM streams in the format of fuzz/lossless_decode.cpp.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

from aimcodec.coding.nnc.data_unit import PT_INT, PT_RAW_FLOAT, CodedTensor, DataUnit
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.errors import AimcError
from aimcodec.package.decode import memory_layout
from aimcodec.syntax.aim import DamagedUnit
from aimcodec.syntax.aim import UnitType as AimUnitType
from aimcodec.syntax.aim import scan_units as scan_aim_units
from aimcodec.syntax.nnc import iter_units

STREAMS = Path(__file__).resolve().parents[1] / "conformance_streams"
LONGEST_STREAM = 512
LONGEST_FILE = 2048
LONGEST_BLOCK = 2048
MOST_BLOCK_OUTPUT = 1 << 15
LONGEST_PAYLOAD = 400
MOST_ELEMENTS = 1024

SYNTAX_OF = {"payload_decode": "nnc", "stream_reader": "nnc", "lossless_decode": "aim", "aim_reader": "aim"}
OPAQUE = 255
ROTATED = range(9, 15)  # data types in floating point of 16 bits and more

UNARY_LENGTHS = (10, 1, 2, 3, 11, 64, 255, 256)
EDITION2, EDITION1 = 2, 1
LITTLE_MEMORY, MANY, TWO_THREADS = 4, 8, 0xC0


def number(value: int, size: int) -> bytes:
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def tensor_bytes(unit: DataUnit, tensor: CodedTensor) -> bytes:
    integers = unit.payload_type == PT_INT
    flags = (unit.dq and not integers) | unit.parent << 1 | (tensor.codebook is not None) << 4 | integers << 6
    right_entry_points = int(tensor.entry_points is not None)
    shape = UNARY_LENGTHS.index(unit.unary_length) | unit.scan_order << 3 | right_entry_points << 6
    result = bytes([flags | integers << 7, shape]) + number(tensor.rows - 1, 2) + number(tensor.width - 1, 2)
    result += bytes([unit.qp_density]) + number(unit.qp_offset << 3, 2)
    if tensor.codebook is not None:
        result += number(len(tensor.codebook.values) - 1, 2) + number(tensor.codebook.zero, 2)
    return result


def fits(unit: DataUnit) -> bool:
    return (
        unit.payload_type != PT_RAW_FLOAT
        and len(unit.tensors) <= 3
        and len(unit.payload) <= LONGEST_PAYLOAD
        and unit.unary_length in UNARY_LENGTHS
        and not unit.temporal
        and all(t.count <= MOST_ELEMENTS for t in unit.tensors)
    )


def payload_seeds(stream: bytes) -> Iterator[bytes]:
    for unit in interpret(iter_units(stream)):
        if not fits(unit):
            continue
        tail = b"".join(tensor_bytes(unit, t) for t in unit.tensors) + bytes(unit.payload)
        for dialect in (EDITION2,) if unit.profile == 1 else (EDITION1, 0):
            yield bytes([dialect | TWO_THREADS, len(unit.tensors) - 1]) + tail
            if len(unit.tensors) == 1 and unit.tensors[0].count <= MOST_ELEMENTS // 20:
                yield bytes([dialect | MANY, 32]) + tail
                yield bytes([dialect | MANY | LITTLE_MEMORY, 32, 3 * len(unit.payload) % 256]) + tail


def block_seeds(stream: bytes) -> Iterator[bytes]:
    for unit in scan_aim_units(stream):
        if isinstance(unit, DamagedUnit) or unit.kind != AimUnitType.TENSOR or unit.header["coding"] != 1:
            continue
        header = unit.header
        layout = memory_layout(header)
        records = layout.memory_bytes(header["segment_elements"]) // layout.record_bytes
        begin = 0
        for i, size in enumerate(header["coded_size"]):
            block = bytes(unit.payload[begin : begin + size])
            begin += size
            n = min(header["block_records"], records - i * header["block_records"])
            if size <= LONGEST_BLOCK and 0 < n * layout.record_bytes <= MOST_BLOCK_OUTPUT:
                yield from block_seed(header["data_type"], layout.record_bytes, n, block)


def block_seed(data_type: int, record_bytes: int, n: int, block: bytes) -> Iterator[bytes]:
    opaque, rotate = data_type == OPAQUE, data_type in ROTATED
    if opaque and record_bytes > 256:
        return
    flags = 8 if opaque else (1, 2, 4, 8).index(record_bytes) | rotate << 2
    width = number(record_bytes - 1, 1) if opaque else b""
    yield bytes([flags]) + width + number(n - 1, 2) + block
    yield bytes([flags | 16]) + width + number(n - 1, 2) + bytes([len(block) % 5]) + block


def seeds_of(target: str, path: Path) -> list[bytes]:
    stream = path.read_bytes()
    if target == "payload_decode":
        return list(payload_seeds(stream))
    if target == "lossless_decode":
        return list(block_seeds(stream))
    return [stream] if len(stream) <= (LONGEST_FILE if target == "aim_reader" else LONGEST_STREAM) else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(SYNTAX_OF))
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(STREAMS.rglob(f"*.{SYNTAX_OF[arguments.target]}")):
        try:
            seeds = seeds_of(arguments.target, path)
        except AimcError:
            continue
        for seed in seeds:
            (arguments.folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


if __name__ == "__main__":
    main()
