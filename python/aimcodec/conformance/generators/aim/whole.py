"""AIM files that shall decode: every unit, data type, shape and segment, variants, aliases, NNC streams, protection."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import aimcodec
from aimcodec.conformance.case import Case, case_of
from aimcodec.conformance.catalogue import streams_root
from aimcodec.conformance.generators.aim.blocks import rans_body, rans_plane, seeded
from aimcodec.conformance.generators.aim.build import (
    alias,
    asset,
    binary64,
    contributors,
    evaluation,
    finished,
    laid,
    license_text,
    metadata,
    nnc_data,
    nnc_unit,
    package,
    put,
    structure,
    tensor,
    variant,
)
from aimcodec.conformance.generators.aim.case import Accepted, Known
from aimcodec.conformance.generators.aim.coded import new_file
from aimcodec.conformance.generators.aim.files import File
from aimcodec.limits import Limits

__all__ = [
    "UNIFORM",
    "NncTensors",
    "cut",
    "name_cases",
    "nnc_case",
    "nnc_cases",
    "protected_cases",
    "shape_cases",
    "type_cases",
    "unit_cases",
]

# The stream of section 17.1 of the NNC text.
UNIFORM = bytes.fromhex("00040201000806810040008000060e000000001816097700d040c120a0c2a080f3e3a0028b0664cda578")

# Bits of an element by data_type (6.1), and bytes of a record (6.3).
BITS = dict(
    zip(
        range(32),
        [8] * 3 + [16] * 2 + [32] * 2 + [64] * 2 + [16, 16, 32, 64, 64, 128] + [8] * 8 + [6, 6, 4, 4, 4, 2, 2, 1, 1],
        strict=True,
    )
)
RECORDS = {3: 2, 4: 2, 5: 4, 6: 4, 7: 8, 8: 8, 9: 2, 10: 2, 11: 4, 12: 8, 13: 4, 14: 8}
SPECIAL32 = "0000807f 000080ff 0000c07f 452301ff 01008000 00000080 00000000 01000000 ffff7f80 0000803f"
SPECIAL16 = "007c 00fc 007e 55fd 0080 0000 0100 ff83 003c 0104"


def memory_of(data_type: int, elements: int, seed: int) -> bytes:
    """Any elements of a type: each bit pattern is one, but for BOOL."""
    bits = BITS[data_type] * elements
    data = seeded(seed).randbytes((bits + 7) // 8)
    if data_type == 0:
        return bytes(byte & 1 for byte in data)
    return data[:-1] + bytes([data[-1] & ((1 << bits % 8) - 1)]) if bits % 8 else data


def lossless_block(memory: bytes, record_bytes: int) -> bytes:
    """A constant block, or a raw one."""
    record = memory[:record_bytes]
    if record * (len(memory) // record_bytes) == memory:
        return b"\1" + record
    return b"\0" + memory


def one(id: str, area: str, title: str, file: File, memories: Known | None = None, **more: object) -> Accepted:
    return Accepted(f"aim-{id}", area, title, finished(file).data, memories or {}, **more)  # type: ignore[arg-type]


def with_tensor(*units: bytes) -> File:
    """Units and one tensor after them."""
    return put(new_file().add(*units), "t", 1, (6,), tensor())


def unit_cases() -> Iterator[Accepted]:
    known = {(0, "t"): b"abcdef"}
    yield one("minimal", "units", "PACKAGE, INDEX and END", File(package=package("")))
    yield one(
        "minor-version", "units", "a later minor version", replace_package(with_tensor(), package(minor=9)), known
    )
    yield one(
        "metadata",
        "units",
        "METADATA in three units: empty, many entries, empty key and value, any text",
        with_tensor(
            metadata(),
            metadata(("", ""), ("name", "a model"), ("größe", "€ 𝄞"), ("lines", "a\nb\tc")),
            metadata(*((f"k{i}", str(i) * i) for i in range(30))),
        ),
        known,
    )
    yield one(
        "contributors",
        "units",
        "CONTRIBUTORS in two units",
        with_tensor(contributors(("Ada", "author", "", "ada@example.org"), ("", "", "", "")), contributors()),
        known,
    )
    yield one(
        "license",
        "units",
        "LICENSE units: expression and text, text alone, neither",
        with_tensor(
            license_text("BSD-3-Clause OR MIT", "Do what you like ©\n"),
            license_text("", "text"),
            license_text("MIT", ""),
        ),
        known,
    )
    yield one(
        "assets",
        "units",
        "ASSET units: paths, types, empty content, content of 63, 64 and 65 bytes",
        with_tensor(
            asset("tokenizer/vocab.txt", b"\0\1\2", "text/plain"),
            asset("..a"),
            asset("a b/ü.json", b"{}", "application/json"),
            *(asset(f"of-{n}", bytes(range(n))) for n in (63, 64, 65)),
        ),
        known,
    )
    yield one(
        "structures",
        "units",
        "STRUCTURE units of two variants",
        with_tensor(structure(0, b""), variant(3, "three", "a third"), structure(3, b"\x89graph")),
        known,
    )
    measured = [(0, "classify", "digits", "top-1", binary64(0.875)), (0, "", "", "", bytes.fromhex("7ff8000000000001"))]
    yield one(
        "evaluations",
        "units",
        "EVALUATION units: a number, a NaN, infinity, -0",
        with_tensor(
            evaluation(*measured), evaluation((0, "t", "d", "m", binary64(math.inf)), (0, "", "", "z", binary64(-0.0)))
        ),
        known,
    )
    yield one(
        "reserved-ancillary",
        "units",
        "units of reserved types that may be skipped, with headers and payloads, one protected",
        with_tensor(
            laid(8, [("anything", b"\1\2\3")], [("payload", b"\0" * 70)], flags=0),
            laid(253, flags=0),
            laid(100, [("anything", b"x" * 40)], [("payload", b"secret")], flags=0x40),
        ),
        known,
    )
    long_name = "n" * 1000
    file = put(new_file(), long_name, 1, (6,), tensor(long_name))
    for n in range(30, 40):  # headers that end around a multiple of 64 bytes
        file = put(file, "x" * n, 1, (6,), tensor("x" * n))
    memories = {(0, entry.name): b"abcdef" for entry in file.entries}
    yield one("header-sizes", "units", "headers that end at, before and after a multiple of 64 bytes", file, memories)


def replace_package(file: File, package: bytes) -> File:
    return replace(file, package=package)


def type_cases() -> Iterator[Accepted]:
    for coding in (0, 1):
        file = new_file()
        memories: Known = {}
        for data_type in range(32):
            memory = memory_of(data_type, 15, data_type)
            name = f"type{data_type}"
            blocks = [lossless_block(memory, RECORDS.get(data_type, 1))] if coding else None
            unit = tensor(name, data_type, (3, 5), memory, blocks)
            put(file, name, data_type, (3, 5), unit, coding=coding)
            memories[0, name] = memory
        word = ("raw", "lossless")[coding]
        yield one(f"types-{word}", "types", f"every data type, {word}", file, memories)
    file = new_file()
    memories = {}
    for data_type in (23, 24, 25, 26, 27, 28, 29, 30, 31):
        for n in (1, 2, 7, 8, 9):
            memory = memory_of(data_type, n, n)
            name = f"{data_type}-{n}"
            put(file, name, data_type, (n,), tensor(name, data_type, (n,), memory))
            memories[0, name] = memory
    yield one("types-packed", "types", "elements of less than 8 bits, 1 to 9 of them", file, memories)
    file = new_file()
    memories = {}
    for name, data_type, memory in (
        ("f32", 11, bytes.fromhex(SPECIAL32)),
        ("f16", 9, bytes.fromhex(SPECIAL16)),
        ("bf16", 10, bytes.fromhex("807f 80ff c07f 01ff 8000 0080 0000 0100 7f80 803f")),
        ("f64", 12, bytes.fromhex("000000000000f07f 010000000000f0ff 0000000000000080 0100000000000000")),
        ("c64", 13, bytes.fromhex("0000807f 452301ff 00000080 01000000")),
    ):
        size = BITS[data_type] // 8
        n = len(memory) // size
        for coding in (0, 1):
            key = f"{name}-{coding}"
            record_bytes = RECORDS[data_type]
            blocks = [planes_block(memory, record_bytes)] if coding else None
            put(file, key, data_type, (n,), tensor(key, data_type, (n,), memory, blocks), coding=coding)
            memories[0, key] = memory
    yield one("types-special-values", "types", "NaN with payloads, infinities, -0, subnormal numbers", file, memories)
    file = new_file()
    memories = {}
    layouts: list[tuple[str, int, int, tuple[int, ...]]]
    layouts = [("q4", 32, 18, (2, 64)), ("one", 1, 1, (5,)), ("big", 256, 300, (256,))]
    for name, blocks_of, size, dimensions in layouts:
        count = math.prod(dimensions) // blocks_of
        memory = seeded(size).randbytes(count * size)
        for coding in (0, 1):
            key = f"{name}-{coding}"
            blocks = [b"\0" + memory] if coding else None
            unit = tensor(key, 255, dimensions, memory, blocks, opaque=(f"test:{name}", blocks_of, size))
            put(file, key, 255, dimensions, unit, coding=coding)
            memories[0, key] = memory
    yield one("types-opaque", "types", "opaque blocks, raw and lossless", file, memories)


def planes_block(memory: bytes, record_bytes: int) -> bytes:
    """A block of raw planes, rotated; one of raw records where planes would be too long."""
    n = len(memory) // record_bytes
    if n < record_bytes:
        return b"\0" + memory
    records = [int.from_bytes(memory[i : i + record_bytes], "little") for i in range(0, len(memory), record_bytes)]
    top = 8 * record_bytes - 1
    turned = [((r << 1) % (2 << top) | r >> top).to_bytes(record_bytes, "little") for r in records]
    planes = [bytes(t[j] for t in turned) for j in range(record_bytes)]
    block = b"\2" + b"".join(b"\1" + p[:1] if len(set(p)) == 1 else b"\0" + p for p in planes)
    return block if len(block) <= len(memory) + 1 else b"\0" + memory


def shape_cases() -> Iterator[Accepted]:
    file = new_file()
    memories: Known = {}
    for rank in range(9):
        dimensions = tuple(1 + (rank + k) % 3 for k in range(rank))
        memory = memory_of(4, math.prod(dimensions), rank)
        for coding in (0, 1):
            key = f"rank{rank}-{coding}"
            blocks = [b"\0" + memory] if coding else None
            put(file, key, 4, dimensions, tensor(key, 4, dimensions, memory, blocks), coding=coding)
            memories[0, key] = memory
    for rank in (9, 31, 32):
        key = f"rank{rank}"
        put(file, key, 1, (1,) * rank, tensor(key, 1, (1,) * rank, b"a"))
        memories[0, key] = b"a"
    yield one("shapes-ranks", "shapes", "ranks 0 to 9, 31 and 32", file, memories)
    file = new_file()
    for i, dimensions in enumerate([(0,), (0, 5), (5, 0), (3, 0, 2), (0, 0), (1 << 31, 0), (0,) * 8]):
        for coding in (0, 1):
            key = f"empty{i}-{coding}"
            unit = tensor(key, 11, dimensions, b"", [] if coding else None, block_records=7)
            put(file, key, 11, dimensions, unit, coding=coding)
    opaque = tensor("empty-opaque", 255, (0,), b"", opaque=("x", 4, 3))
    put(file, "empty-opaque", 255, (0,), opaque)
    memories = {(0, entry.name): b"" for entry in file.entries}
    yield one("shapes-empty", "shapes", "tensors without elements", file, memories)
    file = new_file()
    memories = {}
    memory = memory_of(11, 24, 5)
    segments = [(0, 6), (6, 1), (7, 17)]
    units = [tensor("t", 11, (4, 6), None, [b"\0" + memory[4 * a : 4 * (a + n)]], 100 + a, (a, n)) for a, n in segments]
    put(file, "t", 11, (4, 6), *units, coding=1)
    memories[0, "t"] = memory
    small = memory_of(26, 13, 6)
    units = [
        tensor("i4", 26, (13,), None, [b"\0" + small[a // 2 : (a + n + 1) // 2]], 9, (a, n))
        for a, n in ((0, 2), (2, 6), (8, 5))
    ]
    put(file, "i4", 26, (13,), *units, coding=1)
    memories[0, "i4"] = small
    six = memory_of(23, 9, 7)
    units = [
        tensor("f6", 23, (9,), None, [b"\0" + six[3 * a // 4 : -(-3 * (a + n) // 4)]], 9, (a, n))
        for a, n in ((0, 4), (4, 5))
    ]
    put(file, "f6", 23, (9,), *units, coding=1)
    memories[0, "f6"] = six
    taken = seeded(3).randbytes(5 * 4)
    units = [
        tensor("o", 255, (15,), None, pieces(taken[a // 3 * 4 : (a + n) // 3 * 4], 8), 2, (a, n), opaque=("x", 3, 4))
        for a, n in ((0, 3), (3, 6), (9, 6))
    ]
    put(file, "o", 255, (15,), *units, coding=1)
    memories[0, "o"] = taken
    wide = memory_of(14, 3, 8)
    units = [tensor("c", 14, (3,), None, pieces(wide[16 * a : 16 * (a + 1)], 8), 1, (a, 1)) for a in range(3)]
    put(file, "c", 14, (3,), *units, coding=1)
    memories[0, "c"] = wide
    yield one("shapes-segments", "shapes", "tensors in segments with blocks of their own", file, memories)
    file = new_file()
    memory = memory_of(1, 40, 9)
    units = [tensor("t", 1, (8, 5), None, [b"\0" + memory[a : a + 1]], 1, (a, 1)) for a in range(40)]
    put(file, "t", 1, (8, 5), *units, coding=1)
    note = "segments of one element"
    yield one("shapes-segments-of-one", "shapes", "40 segments", file, {(0, "t"): memory}, klass="uncommon", note=note)


def pieces(memory: bytes, size: int) -> list[bytes]:
    """Raw blocks."""
    return [b"\0" + memory[i : i + size] for i in range(0, len(memory), size)]


def name_cases() -> Iterator[Accepted]:
    file = put(new_file(), "w", 11, (2, 2), tensor("w", 11, (2, 2), memory_of(11, 4, 1)))
    put(file, "empty", 1, (0,), tensor("empty", 1, (0,), b""))
    halves = [tensor("two", 1, (2,), None, [b"\0" + c], 9, (i, 1)) for i, c in enumerate((b"a", b"b"))]
    put(file, "two", 1, (2,), *halves, coding=1)
    for name, target, tied in (
        ("v", "w", 1),
        ("u", "w", 1),
        ("copy", "w", 0),
        ("of-empty", "empty", 1),
        ("of-two", "two", 0),
    ):
        file.alias(name, target, tied)
        file.units[-1] = alias(name, target, tied)
    memories = {(0, n): memory_of(11, 4, 1) for n in ("w", "v", "u", "copy")}
    memories |= {(0, n): b"" for n in ("empty", "of-empty")} | {(0, n): b"ab" for n in ("two", "of-two")}
    yield one("aliases", "names", "further names: tied and not, of an empty tensor, of segments", file, memories)
    file = new_file()
    names = ["", "a/b", "../x", "ü€𝄞", "a" * 4000, " ", "\n\x1b[31m", "A", "a"]
    for i, name in enumerate(names):
        put(file, name, 1, (1,), tensor(name, 1, (1,), bytes([i])))
    yield one("names", "names", "any text is a name", file, {(0, n): bytes([i]) for i, n in enumerate(names)})
    file = new_file()
    put(file, "w", 11, (1,), tensor("w", 11, (1,), b"\0\0\x80\x3f"))
    file.add(variant(0, "fp32"), variant(65535, "int8", "for small machines"), variant(7, "unused"))
    put(file, "w", 2, (1,), tensor("w", 2, (1,), b"\1", number=65535), number=65535)
    put(file, "v", 2, (1,), tensor("v", 2, (1,), b"\2", number=65535), number=65535)
    file.alias("x", "w", 1, 65535)
    memories = {(0, "w"): b"\0\0\x80\x3f", (65535, "w"): b"\1", (65535, "v"): b"\2", (65535, "x"): b"\1"}
    yield one("variants", "names", "the same name in two variants; variant 0 gets its name late", file, memories)


NncTensors = list[list[tuple[str, int, tuple[int, ...]]]]  # of each data unit: name, data_type, dimensions


def nnc_file(streams: list[tuple[int, bytes, NncTensors]]) -> File:
    """Streams of variants, one unit of each in turn."""
    file = new_file()
    for number, _, _ in streams:
        if number:
            file.add(variant(number, f"v{number}"))
    queues = [(number, cut(stream), iter(given)) for number, stream, given in streams]
    while any(units for _, units, _ in queues):
        for number, units, given in queues:
            if not units:
                continue
            header, content = units.pop(0)
            if header is None:
                file.add(nnc_unit(content, number))
                continue
            tensors = next(given)
            for name, data_type, dimensions in tensors:
                put(file, name, data_type, dimensions, coding=2, number=number)
            file.add(nnc_data(header, content, tensors, number))
    return file


def cut(stream: bytes) -> list[tuple[bytes | None, bytes]]:
    """Units of a stream; a data unit in header and payload."""
    units = list(aimcodec.nnc.iter_units(stream, limits=Limits(max_string_bytes=1 << 16)))
    ends = [*(u.offset for u in units[1:]), len(stream)]
    return [
        (stream[u.offset : u.payload_offset], stream[u.payload_offset : end])
        if u.kind == 5
        else (None, stream[u.offset : end])
        for u, end in zip(units, ends, strict=True)
    ]


TYPES = {"float32": 11, "int32": 6}
NNC_CASES = (
    "codebook-ternary",
    "edited-long-size-form",
    "edited-raw",
    "integer-extremes",
    "integer-mixed",
    "names-unicode",
    "profile0-02-6x5x3x3",
    "rowskip-all",
    "scan-s1-5x5",
    "values-zero",
)


def nnc_case(id: str) -> Case:
    """A case of NNC that no generator of this project makes."""
    (path,) = streams_root().glob(f"*/nnc/*/{id}/case.json")
    return case_of(json.loads(path.read_bytes()), path.parent)


def of_case(
    id: str, groups: list[int] | None = None, data_type: int | None = None
) -> tuple[bytes, list[list[tuple[str, int, tuple[int, ...]]]]]:
    """A conformance stream of NNC, and its tensors in groups of as many as its data units have."""
    (step,) = nnc_case(id).steps
    given = [
        (t.name, data_type or TYPES["float32" if t.sha256_as_float32 else t.dtype], t.shape)
        for t in step.expect.tensors
    ]
    left = iter(given)
    return step.data, [[next(left) for _ in range(n)] for n in groups or [1] * len(given)]


def nnc_cases() -> Iterator[Accepted]:
    for word, data_type in (("float32", 11), ("float16", 9), ("bfloat16", 10), ("float64", 12)):
        file = nnc_file([(0, UNIFORM, [[("w", data_type, (2, 3))]])])
        yield one(f"nnc-{word}", "nnc", f"the stream of the NNC text, given in {word}", file)
    blocks, tensors = of_case("block-bias-bn")
    yield one(
        "nnc-block",
        "nnc",
        "a data unit of several tensors",
        nnc_file([(0, blocks, [tensors_all(tensors)[:-1], tensors_all(tensors)[-1:]])]),
    )
    for id in NNC_CASES:
        stream, given = of_case(id)
        yield one(f"nnc-{id}", "nnc", f"the stream of case {id}", nnc_file([(0, stream, given)]))
    file = nnc_file([(0, UNIFORM, [[("w", 11, (2, 3))]]), (5, UNIFORM, [[("w", 9, (6,))]])])
    yield one("nnc-two-variants", "nnc", "streams of two variants, unit by unit", file)
    file = nnc_file([(0, UNIFORM, [[("w", 12, (1, 6, 1))]])])
    file.alias("v", "w", 1)
    put(file, "raw", 1, (6,), tensor("raw"))
    yield one(
        "nnc-beside-others", "nnc", "an NNC tensor, an alias of it, and a raw tensor", file, {(0, "raw"): b"abcdef"}
    )


def tensors_all(groups: list[list[tuple[str, int, tuple[int, ...]]]]) -> list[tuple[str, int, tuple[int, ...]]]:
    return [t for group in groups for t in group]


def protected_cases() -> Iterator[Accepted]:
    file = put(new_file(), "clear", 1, (6,), tensor("clear"))
    put(file, "secret", 11, (2, 3), tensor("secret", 11, (2, 3), b"ciphertext of any size", flags=0xC0))
    blocks = [rans_plane(rans_body(b"ab", {97: 128, 98: 128}))]
    put(file, "coded", 1, (60,), tensor("coded", 1, (60,), None, blocks, flags=0xC0), coding=1)
    memories = {(0, "clear"): b"abcdef"}
    yield one(
        "protected",
        "protected",
        "tensors with ciphertext are listed; a clear one beside them",
        file,
        memories,
        protected=True,
    )
