"""Makes blocks of lossless coding (docs/spec/aim-bitstream.md, clause 7), legal ones that no good encoder writes.

The text read backwards, in the simplest form; it shares no code with any decoder. `draw_block` and `draw_plane` choose
methods, frequencies, escapes, matches and nesting at random; the functions below them code one element as told.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "Made",
    "constant_plane",
    "draw_block",
    "draw_data",
    "draw_plane",
    "lz_body",
    "lz_plane",
    "make_planes",
    "make_sparse",
    "nibbles_plane",
    "parts_plane",
    "rans_body",
    "rans_plane",
    "raw_plane",
    "rotated",
    "seeded",
]

STATES = {0: 4, 1: 256, 2: 64, 3: 128}
MAX_DEPTH = 3
PART_UNIT = 4096  # a part has a multiple of this


@dataclass(frozen=True)
class Made:
    """A block, what it decodes to, and what a decoder is told (clauses 6.3 and 7.1)."""

    block: bytes
    records: bytes
    count: int
    record_bytes: int
    rotate: bool
    opaque: bool


# One element as told.


def raw_plane(data: bytes) -> bytes:
    return b"\0" + data


def constant_plane(value: int) -> bytes:
    return bytes([1, value])


def rans_body(
    data: bytes,
    frequencies: dict[int, int],
    escaped: Sequence[int] = (),
    escapes: bytes = b"",
    state_code: int = 0,
    escape_count: int | None = None,
) -> bytes:
    """rans(m) of clause 7.4 after rans_size.

    Frequencies by symbol leave the rest of 256 to the escape; `escaped` are the positions in data that take it;
    `escapes` is the coded plane of their bytes.
    """
    escape_frequency = 256 - sum(frequencies.values())
    symbols = sorted(frequencies)
    head = bytes([state_code, len(symbols), *symbols, *(frequencies[s] for s in symbols), escape_frequency])
    if escape_frequency:
        head += struct.pack("<I", len(escaped) if escape_count is None else escape_count) + escapes
    starts = {s: sum(frequencies[t] for t in symbols if t < s) for s in symbols}
    state = [256] * STATES[state_code]
    backwards = bytearray()
    skipped = set(escaped)
    for i in reversed(range(len(data))):
        f, c = (escape_frequency, 256 - escape_frequency) if i in skipped else (frequencies[data[i]], starts[data[i]])
        x = state[i % len(state)]
        if x >= f << 8:
            backwards.append(x & 255)
            x >>= 8
        state[i % len(state)] = (x // f << 8) + c + x % f
    return head + struct.pack(f"<{len(state)}H", *state) + bytes(reversed(backwards))


def rans_plane(body: bytes) -> bytes:
    return b"\2" + struct.pack("<I", len(body)) + body


def length(value: int) -> bytes:
    """A length of clause 7.5."""
    return bytes([value]) if value < 255 else b"\xff" + struct.pack("<I", value)


def lz_body(sizes: tuple[int, int, int, int], planes: Sequence[bytes]) -> bytes:
    """lz(m) of clause 7.5 after lz_size: the four numbers, and the six coded planes."""
    return struct.pack("<4I", *sizes) + b"".join(planes)


def lz_plane(body: bytes) -> bytes:
    return b"\3" + struct.pack("<I", len(body)) + body


def parts_plane(part_bytes: int, parts: Sequence[bytes]) -> bytes:
    """parts(m) of clause 7.6 from coded planes."""
    return b"\4" + struct.pack("<I", part_bytes) + b"".join(parts)


def nibbles_plane(packed: int, low: bytes, high: bytes) -> bytes:
    """nibbles(m) of clause 7.7 from coded planes."""
    return bytes([5, packed]) + low + high


def packed_nibbles(low: Sequence[int]) -> bytes:
    """Two nibbles in a byte, the first in the lower half."""
    pairs = zip(low[::2], [*low[1::2], 0][: (len(low) + 1) // 2], strict=True)
    return bytes(first | second << 4 for first, second in pairs)


def rotated(record: bytes) -> bytes:
    """The rotation of clause 7.2, as an encoder does it."""
    bits = 8 * len(record)
    r = int.from_bytes(record, "little")
    return ((r << 1 | r >> (bits - 1)) % (1 << bits)).to_bytes(len(record), "little")


def planes_of(records: bytes, record_bytes: int, rotate: bool, fields: Sequence[int]) -> list[bytes]:
    """The bytes of each plane, before they are coded."""
    cut = [records[i : i + record_bytes] for i in range(0, len(records), record_bytes)]
    if rotate:
        cut = [rotated(record) for record in cut]
    begins = [sum(fields[:k]) for k in range(len(fields))]
    return [b"".join(r[begin : begin + width] for r in cut) for begin, width in zip(begins, fields, strict=True)]


def make_planes(coded_planes: Sequence[bytes], fields: Sequence[int] | None = None) -> bytes:
    """planes(n) of clause 7.2, with the fields of an OPAQUE record."""
    return (b"" if fields is None else bytes([len(fields), *fields])) + b"".join(coded_planes)


def make_sparse(nonzero_count: int, mask: bytes, planes: bytes) -> bytes:
    """sparse(n) of clause 7.3, with the coded mask."""
    return struct.pack("<I", nonzero_count) + mask + planes


# At random.


def seeded(seed: int) -> random.Random:
    """What the functions below draw from."""
    return random.Random(seed)  # noqa: S311


def draw_data(rng: random.Random, m: int) -> bytes:
    """m bytes of one of several characters: uniform, few symbols, skewed, runs, repeats."""
    character = rng.randrange(6)
    if character == 0:
        return rng.randbytes(m)
    if character == 1:
        return bytes([rng.randrange(256)]) * m
    if character == 2:
        few = rng.sample(range(256), rng.randrange(1, 9))
        return bytes(rng.choices(few, k=m))
    if character == 3:
        return bytes(min(255, int(rng.expovariate(0.1))) for _ in range(m))
    data = bytearray()
    while len(data) < m:
        if data and rng.random() < 0.7:
            begin = rng.randrange(len(data))
            data += (data[begin:] * 40)[: rng.choice([4, 5, 17, 254, 258, 259, 260, 700])]
        else:
            data += rng.randbytes(rng.choice([1, 2, 30, 254, 255, 256, 300]))
    return bytes(data[:m])


def draw_frequencies(rng: random.Random, symbols: Sequence[int], total: int) -> dict[int, int]:
    """Frequencies of at least 1 with a sum of `total`, without regard to what is frequent."""
    cuts = sorted(rng.sample(range(1, total), len(symbols) - 1))
    if rng.random() < 0.2:  # one symbol owns nearly all
        cuts = list(range(1, len(symbols)))
    return {s: b - a for s, a, b in zip(symbols, [0, *cuts], [*cuts, total], strict=True)}


def draw_rans(rng: random.Random, data: bytes, depth: int) -> bytes:
    """rans(m) with a random table: symbols that never occur, escapes for bytes that have a symbol, no escape taken."""
    used = sorted(set(data))
    may_escape = depth < MAX_DEPTH
    if may_escape and (len(used) == 256 or rng.random() < 0.6):
        symbols = rng.sample(used, rng.randrange(0, min(len(used), 255) + 1))
        if len(used) < 256 and rng.random() < 0.5:  # the escape may never be needed
            symbols = used[:254]
    else:
        symbols = used if len(used) < 256 else used[:255]
    others = [s for s in range(256) if s not in symbols]
    spare = 255 - len(symbols)
    symbols = sorted([*symbols, *rng.sample(others, rng.randrange(0, min(spare, len(others), 6) + 1))])
    must_escape = not set(used) <= set(symbols)
    if len(symbols) < 2 and not may_escape:
        symbols = sorted({*symbols, *rng.sample(range(256), 3)})
    if not symbols:
        symbols = [rng.randrange(256)]
    has_escape = may_escape and (must_escape or len(symbols) == 1 or rng.random() < 0.5)
    escape_frequency = rng.randrange(1, min(256 - len(symbols), 60) + 1) if has_escape else 0
    frequencies = draw_frequencies(rng, symbols, 256 - escape_frequency)
    useless = rng.choice([0.0, 0.0, 0.1, 0.9]) if has_escape else 0.0
    escaped = [i for i, byte in enumerate(data) if byte not in frequencies or rng.random() < useless]
    escapes = draw_plane(rng, bytes(data[i] for i in escaped), depth + 1) if has_escape else b""
    return rans_body(data, frequencies, escaped, escapes, state_code=rng.randrange(4))


def longest_match(data: bytes, position: int, distance: int) -> int:
    """How many bytes from `position` on are equal to those `distance` before."""
    n = 0
    while position + n < len(data) and data[position + n] == data[position + n - distance]:
        n += 1
    return n


def draw_sequences(rng: random.Random, data: bytes) -> list[tuple[int, int, int]]:
    """(literal length, match length, distance) of some matches of data, found by trying, not the best ones."""
    sequences = []
    position = literal_begin = 0
    while position < len(data):
        candidates = {rng.randrange(1, position + 1) for _ in range(3)} | {1} if position else set()
        found = [(n, d) for d in sorted(candidates) if (n := longest_match(data, position, d)) >= 4]
        if found and rng.random() < 0.8:
            n, distance = rng.choice(found)
            n = rng.choice([n, n, rng.randrange(4, n + 1)])
            sequences.append((position - literal_begin, n, distance))
            position = literal_begin = position + n
        else:
            position += 1
    return sequences


def draw_lz(rng: random.Random, data: bytes) -> bytes:
    """lz(m), possibly of literals only."""
    sequences = draw_sequences(rng, data) if rng.random() < 0.9 else []
    literals = bytearray()
    position = 0
    for literal_length, match_length, _ in sequences:
        literals += data[position : position + literal_length]
        position += literal_length + match_length
    literals += data[position:]
    literal_lengths = b"".join(length(literal_length) for literal_length, _, _ in sequences)
    match_lengths = b"".join(length(match_length - 4) for _, match_length, _ in sequences)
    distances = [bytes(d >> 8 * k & 255 for _, _, d in sequences) for k in range(3)]
    sizes = (len(sequences), len(literals), len(literal_lengths), len(match_lengths))
    contents = [bytes(literals), literal_lengths, match_lengths, *distances]
    return lz_body(sizes, [draw_plane(rng, content, 1) for content in contents])


def draw_parts(rng: random.Random, data: bytes) -> bytes:
    """Parts of any size, each by its own method."""
    part_bytes = PART_UNIT * rng.randrange(1, (len(data) - 1) // PART_UNIT + 1)
    parts = [data[i : i + part_bytes] for i in range(0, len(data), part_bytes)]
    return parts_plane(part_bytes, [draw_plane(rng, part, 1) for part in parts])


def draw_nibbles(rng: random.Random, data: bytes, depth: int) -> bytes:
    """Halves of bytes, the lower ones packed or not."""
    low = bytes(byte & 15 for byte in data)
    high = bytes(byte >> 4 for byte in data)
    packed = rng.randrange(2)
    low = packed_nibbles(low) if packed else low
    return nibbles_plane(packed, draw_plane(rng, low, depth + 1), draw_plane(rng, high, depth + 1))


def draw_plane(rng: random.Random, data: bytes, depth: int = 0) -> bytes:
    """plane(m) of `data`, by any method that can carry it."""
    if not data:
        return raw_plane(data)
    methods = ["raw"]
    if len(set(data)) == 1:
        methods += ["constant"]
    if depth < MAX_DEPTH or len(set(data)) < 256:
        methods += ["rans"] * 4
    if depth == 0:
        methods += ["lz"] * 3
    if depth == 0 and len(data) > PART_UNIT:
        methods += ["parts"] * 6
    if depth < 2:
        methods += ["nibbles"]
    method = rng.choice(methods)
    if method == "raw":
        return raw_plane(data)
    if method == "constant":
        return constant_plane(data[0])
    if method == "rans":
        return rans_plane(draw_rans(rng, data, depth))
    if method == "parts":
        return draw_parts(rng, data)
    if method == "nibbles":
        return draw_nibbles(rng, data, depth)
    return lz_plane(draw_lz(rng, data))


def draw_fields(rng: random.Random, record_bytes: int) -> list[int]:
    """Fields of an OPAQUE record."""
    fields: list[int] = []
    while sum(fields) < record_bytes:
        fields.append(rng.randrange(1, min(255, record_bytes - sum(fields)) + 1))
    return fields


def draw_planes(rng: random.Random, records: bytes, record_bytes: int, rotate: bool, opaque: bool) -> bytes:
    """planes(n) of `records`."""
    fields = draw_fields(rng, record_bytes) if opaque else [1] * record_bytes
    contents = planes_of(records, record_bytes, rotate, fields)
    return make_planes([draw_plane(rng, content) for content in contents], fields if opaque else None)


def draw_records(rng: random.Random, count: int, record_bytes: int) -> bytes:
    """Records whose bytes have a character for each place; some records are zero."""
    columns = [draw_data(rng, count) for _ in range(record_bytes)]
    zero = rng.choice([0.0, 0.0, 0.2, 0.95])
    return b"".join(bytes(record_bytes) if rng.random() < zero else bytes(r) for r in zip(*columns, strict=True))


def draw_sparse(rng: random.Random, records: bytes, record_bytes: int, rotate: bool, opaque: bool) -> bytes:
    """sparse(n) of `records`; zero records may be marked nonzero, and one is if there is no other."""
    cut = [records[i : i + record_bytes] for i in range(0, len(records), record_bytes)]
    useless = rng.choice([0.0, 0.0, 0.1])
    marked = [any(record) or rng.random() < useless for record in cut]
    if not any(marked):
        marked[rng.randrange(len(cut))] = True
    mask = bytearray((len(cut) + 7) // 8)
    for i, mark in enumerate(marked):
        mask[i // 8] |= mark << i % 8
    kept = b"".join(record for record, mark in zip(cut, marked, strict=True) if mark)
    planes = draw_planes(rng, kept, record_bytes, rotate, opaque)
    return make_sparse(sum(marked), draw_plane(rng, bytes(mask)), planes)


def draw_block(rng: random.Random, max_records: int = 300, mode: int | None = None) -> Made:
    """A legal block of 1 to `max_records` records, of the given block_mode 0 to 3 or of any."""
    plain = [(1, False, False), (2, False, False), (4, False, False), (8, False, False)]
    turned = [(2, True, False), (4, True, False), (8, True, False)]
    record_bytes, rotate, opaque = rng.choice([*plain, *turned, (rng.choice([1, 2, 18, 34, 300]), False, True)])
    count = rng.randrange(1, max_records + 1) if rng.random() < 0.9 else rng.randrange(1, 4)
    mode = rng.choice([0, 1, 2, 2, 2, 2, 3, 3]) if mode is None else mode
    records = rng.randbytes(record_bytes) * count if mode == 1 else draw_records(rng, count, record_bytes)
    if mode == 0:
        body = records
    elif mode == 1:
        body = records[:record_bytes]
    elif mode == 2:
        body = draw_planes(rng, records, record_bytes, rotate, opaque)
    else:
        body = draw_sparse(rng, records, record_bytes, rotate, opaque)
    return Made(bytes([mode]) + body, records, count, record_bytes, rotate, opaque)
