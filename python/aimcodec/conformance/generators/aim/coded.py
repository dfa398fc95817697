"""Files of lossless tensors whose blocks are made, not encoded: all modes, methods, tables and numbers of states."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from aimcodec.conformance.generators.aim.blocks import (
    Made,
    constant_plane,
    draw_block,
    draw_data,
    length,
    lz_body,
    lz_plane,
    make_planes,
    make_sparse,
    nibbles_plane,
    packed_nibbles,
    parts_plane,
    planes_of,
    rans_body,
    rans_plane,
    raw_plane,
    seeded,
)
from aimcodec.conformance.generators.aim.build import finished, package, put, tensor
from aimcodec.conformance.generators.aim.case import Accepted, Known
from aimcodec.conformance.generators.aim.context import Choices, Table, context_block, levels_of
from aimcodec.conformance.generators.aim.files import File

__all__ = ["coded_cases", "data_type_of", "new_file", "odd_cases", "of_blocks"]

# Data type of records by bytes and rotation (6.3).
DATA_TYPES = {
    (1, False): 1,
    (2, False): 3,
    (4, False): 5,
    (8, False): 7,
    (2, True): 10,
    (4, True): 11,
    (8, True): 12,
}
FLOAT16 = 9


def new_file() -> File:
    return File(package=package())


def data_type_of(record_bytes: int, rotate: bool, opaque: bool) -> int:
    return 255 if opaque else DATA_TYPES[record_bytes, rotate]


def of_blocks(blocks: Sequence[tuple[str, Made]], data_types: dict[str, int] | None = None) -> tuple[File, Known]:
    """A tensor of one block for each."""
    file = new_file()
    memories: Known = {}
    for name, made in blocks:
        data_type = (data_types or {}).get(name) or data_type_of(made.record_bytes, made.rotate, made.opaque)
        opaque = ("test", 1, made.record_bytes) if made.opaque else None
        unit = tensor(name, data_type, (made.count,), blocks=[made.block], opaque=opaque)
        put(file, name, data_type, (made.count,), unit, coding=1)
        memories[0, name] = made.records
    return file, memories


def fits(made: Made) -> bool:
    """4.3: not more than 1 byte more than the records."""
    return len(made.block) <= made.count * made.record_bytes + 1


LAYOUTS = [*((w, r, False) for w, r in DATA_TYPES), (18, False, True), (300, False, True)]


def layout_name(record_bytes: int, rotate: bool, opaque: bool) -> str:
    return f"{'opaque' if opaque else 'rotated' if rotate else 'plain'}{record_bytes}"


def some_records(n: int, record_bytes: int, zeros: float) -> bytes:
    """Records of which each byte has few values, and so many are zero."""
    columns = [skewed(17 * k + record_bytes, n) for k in range(record_bytes)]
    rng = seeded(n)
    return b"".join(bytes(record_bytes) if rng.random() < zeros else bytes(r) for r in zip(*columns, strict=True))


def whole_or_one(mode: int) -> list[tuple[str, Made]]:
    """Modes 0 and 1."""
    blocks = []
    for layout in LAYOUTS:
        record = seeded(layout[0]).randbytes(layout[0])
        records = some_records(11, layout[0], 0.1) if mode == 0 else record * 1001
        body = records if mode == 0 else record
        blocks.append((layout_name(*layout), Made(bytes([mode]) + body, records, len(records) // layout[0], *layout)))
    return blocks


def coded_planes(records: bytes, layout: tuple[int, bool, bool]) -> bytes:
    """planes(n), each plane by another method."""
    width = layout[0]
    fields = [1] * width if not layout[2] else [2, 16] if width == 18 else [1, 44, 255]
    planes = []
    for k, plane in enumerate(planes_of(records, width, layout[1], fields)):
        methods: list[Callable[[bytes], bytes]] = [
            rans_of,
            lambda data: with_escapes(data, 4, 10, raw_plane),
            lambda data: nibbles_plane(0, rans_of(bytes(b & 15 for b in data)), rans_of(bytes(b >> 4 for b in data))),
            lambda data: with_escapes(data, 3, 20, lambda inner: with_escapes(inner, 2, 90, raw_plane)),
        ]
        planes.append(methods[k % len(methods)](plane))
    return make_planes(planes, fields if layout[2] else None)


def of_planes() -> list[tuple[str, Made]]:
    """Mode 2."""
    blocks = []
    for layout in LAYOUTS:
        records = some_records(300 if layout[0] < 9 else 40, layout[0], 0.0)
        n = len(records) // layout[0]
        blocks.append((layout_name(*layout), Made(b"\2" + coded_planes(records, layout), records, n, *layout)))
    return blocks


def of_sparse() -> list[tuple[str, Made]]:
    """Mode 3, with numbers of records that are no multiples of 8."""
    blocks = []
    for i, layout in enumerate(LAYOUTS):
        width = layout[0]
        records = some_records(2001 + i if width < 9 else 100 + i, width, 0.9)
        cut = [records[k : k + width] for k in range(0, len(records), width)]
        mask = bytearray((len(cut) + 7) // 8)
        for k, record in enumerate(cut):
            mask[k // 8] |= any(record) << k % 8
        kept = b"".join(record for record in cut if any(record))
        body = make_sparse(len(kept) // width, rans_of(bytes(mask)), coded_planes(kept, layout))
        blocks.append((layout_name(*layout), Made(b"\3" + body, records, len(cut), *layout)))
    return blocks


def odd(first_seed: int) -> list[tuple[str, Made]]:
    """Blocks drawn at random, of those that 4.3 allows."""
    blocks: list[tuple[str, Made]] = []
    for seed in range(first_seed, first_seed + 1000):
        made = draw_block(seeded(seed), max_records=60)
        if made.block[0] > 1 and fits(made) and len(made.block) < 1000:
            blocks.append((f"draw-{seed}", made))
    return blocks


def plane_block(plane: bytes, data: bytes) -> Made:
    """A block of records of one byte."""
    return Made(b"\2" + plane, data, len(data), 1, False, False)


def skewed(seed: int, m: int) -> bytes:
    """Bytes of which a few are frequent."""
    rng = seeded(seed)
    return bytes(min(255, int(rng.expovariate(0.5))) for _ in range(m))


def frequencies_of(data: bytes, most: int, escape: int) -> dict[int, int]:
    """Slots for the most frequent bytes; the escape gets what it needs."""
    by_count = sorted(set(data), key=lambda byte: (-data.count(byte), byte))[:most]
    slots = dict.fromkeys(sorted(by_count), 1)
    while sum(slots.values()) < 256 - escape:
        byte = max(slots, key=lambda b: (data.count(b) / slots[b], -b))
        slots[byte] += 1
    return slots


def with_escapes(data: bytes, most: int, escape: int, inner: Callable[[bytes], bytes], state_code: int = 0) -> bytes:
    slots = frequencies_of(data, most, escape)
    places = [i for i, byte in enumerate(data) if byte not in slots]
    return rans_plane(rans_body(data, slots, places, inner(bytes(data[i] for i in places)), state_code))


def states() -> list[tuple[str, Made]]:
    """Every number of states, with and without escapes, and lengths around it."""
    blocks = []
    for state_code, number in enumerate((4, 256, 64, 128)):
        for m in (1301, 5 * number - 1):
            if 2 * number + m // 2 + 40 > m:
                continue
            data = skewed(m, m)
            blocks.append(
                (f"s{number}-{m}-plain", plane_block(with_escapes(data, 256, 0, raw_plane, state_code), data))
            )
            blocks.append((f"s{number}-{m}-escape", plane_block(with_escapes(data, 5, 8, raw_plane, state_code), data)))
    return blocks


def nested(depth: int, data: bytes, deepest: Callable[[bytes], bytes] = raw_plane) -> bytes:
    """Escapes of escapes; the deepest plane has none."""
    if depth == 0:
        return deepest(data)
    return with_escapes(data, 2, 60, lambda inner: nested(depth - 1, inner, deepest))


def tables() -> list[tuple[str, Made]]:
    """Tables at their bounds."""
    ab = b"ab" * 200
    same = b"\7" * 400
    all_values = bytes(range(256)) * 6
    most = dict.fromkeys(range(255), 1)
    return [
        ("one-symbol-and-escape", plane_block(rans_plane(rans_body(same, {7: 255}, (), raw_plane(b""))), same)),
        ("escape-almost-all", plane_block(with_escapes(ab, 1, 255, constant), ab)),
        ("two-symbols", plane_block(rans_plane(rans_body(ab, {97: 1, 98: 255})), ab)),
        ("symbols-that-do-not-occur", plane_block(rans_plane(rans_body(ab, {0: 1, 97: 100, 98: 100, 255: 55})), ab)),
        (
            "symbols-255",
            Made(
                b"\2" + rans_plane(rans_body(all_values, most, range(255, 1536, 256), constant_plane(255))) + b"\1\0",
                b"".join(bytes([byte, 0]) for byte in all_values),
                1536,
                2,
                False,
                False,
            ),
        ),
        (
            "a-symbol-as-escape",
            plane_block(rans_plane(rans_body(ab, {97: 120, 98: 100}, range(0, 400, 80), constant_plane(97))), ab),
        ),
    ]


def constant(data: bytes) -> bytes:
    return constant_plane(data[0])


def of_sequences(sequences: Sequence[tuple[bytes, int, int]], rest: bytes, plane: Callable[[bytes], bytes]) -> Made:
    """Literals, length of the match and distance of each sequence."""
    data = bytearray()
    for literals, size, distance in sequences:
        data += literals
        for _ in range(size):
            data.append(data[-distance])
    data += rest
    literals = b"".join(s[0] for s in sequences) + rest
    lengths = [
        b"".join(length(n) for n in ns) for ns in ([len(s[0]) for s in sequences], [s[1] - 4 for s in sequences])
    ]
    distances = [bytes(s[2] >> 8 * k & 255 for s in sequences) for k in range(3)]
    sizes = (len(sequences), len(literals), len(lengths[0]), len(lengths[1]))
    planes = [plane(part) for part in (literals, *lengths, *distances)]
    return plane_block(lz_plane(lz_body(sizes, planes)), bytes(data))


def matches() -> list[tuple[str, Made]]:
    words = seeded(5).randbytes(300)
    far = words[:4] + bytes(66_000)
    return [
        ("overlapping", of_sequences([(b"a", 300, 1), (b"bcd", 200, 3)], b"end", raw_plane)),
        ("length-254-255-256", of_sequences([(words[:9], n + 4, 9) for n in (254, 255, 256)], b"", raw_plane)),
        ("literals-254-255", of_sequences([(words[:254], 60, 7), (words[:255], 400, 100)], b"", raw_plane)),
        ("no-literals", of_sequences([(words[:40], 40, 40), (b"", 200, 20), (b"", 200, 80)], words[:7], raw_plane)),
        (
            "coded-parts",
            of_sequences([(b"abcabc"[: 3 + i % 3], 20 + i % 5, 1 + i % 3) for i in range(60)], b"", rans_of),
        ),
        (
            "no-matches",
            plane_block(lz_plane(lz_body((0, 300, 0, 0), [constant_plane(3), *5 * [raw_plane(b"")]])), b"\3" * 300),
        ),
        (
            "distance-of-three-bytes",
            of_sequences([(far[:4], 4, 4), (b"", 66_000, 1), (b"", 9, 66_005)], words[:3], raw_plane),
        ),
    ]


def rans_of(data: bytes) -> bytes:
    """Entropy coded where that can be."""
    return raw_plane(data) if len(set(data)) < 2 else rans_plane(rans_body(data, frequencies_of(data, 255, 0)))


def halves() -> list[tuple[str, Made]]:
    """Parts and nibbles."""
    low, high = skewed(8, 701), skewed(9, 701)
    data = bytes((a & 15) | (b & 15) << 4 for a, b in zip(low, high, strict=True))
    highs = bytes(byte >> 4 for byte in data)
    lows = bytes(byte & 15 for byte in data)
    mixed = b"\1" * 4096 + skewed(3, 4096) + bytes(5)
    inner = nibbles_plane(0, constant_plane(2), constant_plane(1))
    return [
        ("nibbles-packed", plane_block(nibbles_plane(1, raw_plane(packed_nibbles(lows)), rans_of(highs)), data)),
        ("nibbles-not-packed", plane_block(nibbles_plane(0, rans_of(lows), rans_of(highs)), data)),
        (
            "nibbles-of-nibbles",
            plane_block(nibbles_plane(0, nibbles_plane(0, rans_of(lows), constant_plane(0)), rans_of(highs)), data),
        ),
        (
            "nibbles-one",
            Made(
                b"\2\2\1\x27" + nibbles_plane(1, raw_plane(b"\5"), constant_plane(6)) + constant_plane(0),
                b"\x65" + bytes(39),
                1,
                40,
                False,
                True,
            ),
        ),
        (
            "parts-of-4096",
            plane_block(parts_plane(4096, [constant_plane(1), rans_of(mixed[4096:8192]), constant_plane(0)]), mixed),
        ),
        ("parts-of-8192", plane_block(parts_plane(8192, [rans_of(mixed[:8192]), raw_plane(bytes(5))]), mixed)),
        ("parts-of-nibbles", plane_block(parts_plane(4096, [inner, inner]), b"\x12" * 4100)),
    ]


def by_row(
    row: int, mantissa: int, width: int, n: int, tables: tuple[Table, Table, Table, Table], start: int, spread: int
) -> Made:
    """Context coding of records with levels for columns."""
    rng = seeded(row)
    rest = mantissa - 2
    records = []
    for i in range(n):
        code = start + i % row % 5 * spread + rng.randrange(4)
        high = rng.randrange(2) << 15 | code << rest | rng.randrange(1 << rest)
        records.append(bytes(width - 2) + struct.pack("<H", high))
    choices = Choices(row, mantissa, start, tables)
    block = context_block(None, [record[-2:] for record in records], choices)
    low = (width - 2) * constant_plane(0)
    return Made(block[:8] + low + block[8:], b"".join(records), n, width, True, False)


WIDE = Table(20, tuple(min(255, 8 + 2 * k) for k in [*range(20), *range(20, 0, -1)]))
SYMBOLS = 64
GROUP = 16
ALL = Table(1, tuple(9 for _ in range(64)))
LAST = Table(64, (5,))
FEW = Table(44, (1, 200, 255, 255, 9))


def contexts() -> list[tuple[str, Made]]:
    return [
        ("bf16-row-1", by_row(1, 7, 2, 500, (WIDE, WIDE, WIDE, WIDE), 480, 0)),
        ("bf16-row-16", by_row(16, 7, 2, 560, (WIDE, ALL, FEW, WIDE), 480, 1)),
        ("bf16-row-7", by_row(7, 7, 2, 733, (FEW, WIDE, FEW, WIDE), 470, 2)),
        ("bf16-row-100", by_row(100, 7, 2, 1000, (ALL, ALL, ALL, ALL), 490, 6)),
        ("bf16-row-all", by_row(450, 7, 2, 450, (WIDE, WIDE, WIDE, WIDE), 480, 1)),
        ("f32-row-12", by_row(12, 7, 4, 120, (WIDE, FEW, WIDE, FEW), 500, 1)),
        ("f32-row-5-of-10-bits", by_row(5, 10, 4, 123, (WIDE, FEW, WIDE, FEW), 60, 1)),
        ("f32-escapes", by_row(12, 7, 4, 121, (LAST, WIDE, LAST, FEW), 50, 1)),
        ("f32-wide", by_row(9, 10, 4, 200, (ALL, WIDE, ALL, FEW), 20, 9)),
        ("f16-row-12", by_row(12, 10, 2, 1000, (WIDE, WIDE, WIDE, WIDE), 50, 0)),
        ("bf16-every-symbol", every_symbol(37, 500)),
    ]


def every_symbol(row_length: int, start: int) -> Made:
    """Context coding in which each of the four tables gives its escape and every symbol."""
    mantissa, rest = 7, 5
    wanted = {table: list(range(1, SYMBOLS)) for table in range(4)}
    codes: list[int] = []
    while any(wanted.values()) or len(codes) < 1200:
        begin = len(codes)
        for level in levels_of([*codes, *[0] * GROUP], row_length, start)[
            begin:
        ]:  # no code of a group has a part in them
            base = level // 64
            left = wanted[base % 4]
            codes.append(base + left.pop(len(codes) * 7 % len(left)) - 45 if left else base)
    escaped = frozenset(range(600, len(codes), 101))
    records = [struct.pack("<H", i % 2 << 15 | code << rest | i % 32) for i, code in enumerate(codes)]
    choices = Choices(row_length, mantissa, start, (ALL, ALL, ALL, ALL), escaped)
    return Made(context_block(None, records, choices), b"".join(records), len(records), 2, True, False)


def several_blocks() -> tuple[File, Known]:
    """Tensors of many blocks, of one record and of more."""
    file = new_file()
    memories: Known = {}
    for name, block_records, total in (("one", 1, 40), ("seven", 7, 40), ("exact", 8, 40), ("large", 100, 40)):
        memory = skewed(total + block_records, 2 * total)
        pieces = [memory[i : i + 2 * block_records] for i in range(0, len(memory), 2 * block_records)]
        blocks = [b"\1" + p[:2] if p == p[:2] * (len(p) // 2) else b"\0" + p for p in pieces]
        unit = tensor(name, 3, (5, 8), blocks=blocks, block_records=block_records)
        put(file, name, 3, (5, 8), unit, coding=1)
        memories[0, name] = memory
    return file, memories


def coded_cases() -> Iterator[Accepted]:
    simple = [
        ("raw", "blocks of mode 0, every layout", whole_or_one(0)),
        ("constant", "blocks of mode 1, every layout", whole_or_one(1)),
        ("planes", "blocks of mode 2, every layout", of_planes()),
        ("sparse", "blocks of mode 3, every layout", of_sparse()),
        ("context", "blocks of mode 4: rows, tables, bits of the mantissa, escapes", contexts()),
        ("states", "entropy coding with 4, 64, 128 and 256 states", states()),
        ("tables", "frequency tables at their bounds", tables()),
        ("matches", "literals and matches: lengths in long form, overlap, distances", matches()),
        ("halves", "parts and nibbles", halves()),
    ]
    for name, title, blocks in simple:
        types = {n: FLOAT16 for n, m in blocks if m.block[0] == 4 and m.block[5] == 10 and m.record_bytes == 2}
        file, memories = of_blocks(blocks, types)
        yield Accepted(f"aim-blocks-{name}", "blocks", title, finished(file).data, memories)
    for depth in (1, 2, 3):
        data = draw_data(seeded(12), 40) * 30 + skewed(1, 3000)
        file, memories = of_blocks([("t", plane_block(nested(depth, data), data))])
        title = f"escapes nested to depth {depth}"
        yield Accepted(f"aim-blocks-nested-{depth}", "blocks", title, finished(file).data, memories)
    data = b"a" * 300 + b"b" * 200 + b"c" * 100 + b"d" * 80 + b"e" * 40 + b"f" * 20 + b"g" * 9
    file, memories = of_blocks([("t", plane_block(nested(3, data, constant), data))])
    title = "escapes nested to depth 3, the last ones constant"
    yield Accepted("aim-blocks-nested-constant", "blocks", title, finished(file).data, memories)
    file, memories = several_blocks()
    yield Accepted("aim-blocks-several", "blocks", "many blocks, the last one shorter", finished(file).data, memories)
    mask, zeros = raw_plane(b"\xff"), constant_plane(0)
    marked = Made(b"\3" + make_sparse(8, mask, b"\1\x28" + zeros), bytes(320), 8, 40, False, True)
    file, memories = of_blocks([("t", marked)])
    note = "records that are marked nonzero but are zero: an encoder marks those that are not zero"
    yield Accepted(
        "aim-blocks-zeros-marked",
        "blocks",
        "zeros marked nonzero",
        finished(file).data,
        memories,
        "uncommon",
        note=note,
    )
    whole = rans_body(b"ab" * 100, {0: 1}, range(200), rans_plane(rans_body(b"ab" * 100, {97: 128, 98: 128})))
    file, memories = of_blocks([("t", Made(b"\2" + rans_plane(whole), b"ab" * 100, 200, 1, False, False))])
    note = "every byte is an escape of a table that has no other use"
    yield Accepted(
        "aim-blocks-all-escapes", "blocks", "all bytes escapes", finished(file).data, memories, "uncommon", note=note
    )


def odd_cases(seed: int) -> Iterator[Accepted]:
    file, memories = of_blocks(odd(1000 * seed))
    note = "methods, tables and nesting were drawn at random: no good encoder writes them"
    title = f"odd blocks, draw {seed}"
    yield Accepted(f"aim-blocks-odd-{seed}", "blocks", title, finished(file).data, memories, "uncommon", note=note)
