"""Makes blocks of context coding (docs/spec/aim-bitstream.md, clause 8), legal ones that no good encoder writes.

The text read backwards, in the simplest form; it shares no code with any decoder.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from aimcodec.conformance.generators.aim.blocks import Made, draw_plane, raw_plane

__all__ = ["Choices", "Table", "context_block", "draw_context_block", "levels_of", "split"]


@dataclass(frozen=True)
class Table:
    """A table of clause 8.3: weights of the escape and of the symbols from `first` on."""

    first: int
    weights: tuple[int, ...]

    @property
    def coded(self) -> bytes:
        return bytes([self.first, len(self.weights) - 1, *self.weights])

    def slots(self) -> dict[int, tuple[int, int]]:
        """First slot and number of slots by symbol."""
        values = [w if w < 8 else (8 + w % 8) * 2 ** (w // 8 - 1) for w in self.weights]
        starts = []
        below = 0
        for i, value in enumerate([*values, 0]):
            starts.append(below * (2048 - len(values)) // sum(values) + i)
            below += value
        symbols = [0, *range(self.first, self.first + len(values) - 1)]
        return {s: (a, b - a) for s, a, b in zip(symbols, starts, starts[1:], strict=False)}


@dataclass(frozen=True)
class Choices:
    """What an encoder is free to choose; `escaped` are records that take the escape without need."""

    row_length: int
    mantissa_bits: int
    start_code: int
    tables: tuple[Table, Table, Table, Table]
    escaped: frozenset[int] = frozenset()


def split(record: bytes, mantissa_bits: int) -> tuple[int, int]:
    """Code and rest of a record (clause 8.1)."""
    high = record[-2] | record[-1] << 8
    sign = high >> 15
    code = (high & 0x7FFF) >> (mantissa_bits - 2)
    return code, sign << (mantissa_bits - 2) | high & ((1 << (mantissa_bits - 2)) - 1)


def levels_of(codes: Sequence[int], row_length: int, start_code: int) -> list[int]:
    """The level of every record (clause 8.2)."""
    columns = dict.fromkeys(range(row_length), (64 * start_code + 32) * 32)
    row = 0
    levels: list[int] = []
    while len(levels) < len(codes):
        begin = len(levels)
        members = list(range(begin, min(begin + 16, len(codes))))
        levels += [columns[i % row_length] // 32 + row // 64 for i in members]
        errors = [max(-128, min(512, 64 * codes[i] + 32 - levels[i])) for i in members]
        r = begin // row_length
        rate = next(rate for last, rate in ((0, 16), (2, 8), (6, 4), (14, 2), (r, 1)) if r <= last)
        for i, error in zip(members, errors, strict=True):
            columns[i % row_length] += rate * error
        row += sum(errors)
        row -= row // 32
    return levels


def pack(numbers: Sequence[int], bits: int) -> bytes:
    """Numbers of some bits, as in clause 6.2."""
    together = sum(number << i * bits for i, number in enumerate(numbers))
    return together.to_bytes((len(numbers) * bits + 7) // 8, "little")


def context_block(rng: random.Random | None, records: Sequence[bytes], choices: Choices) -> bytes:
    """A block of mode 4; planes are raw, or drawn if there is something to draw from."""

    def plane(data: bytes) -> bytes:
        return draw_plane(rng, data) if rng else raw_plane(data)

    m = choices.mantissa_bits
    codes, rests = zip(*(split(record, m) for record in records), strict=True)
    levels = levels_of(codes, choices.row_length, choices.start_code)
    tables = [t.slots() for t in choices.tables]
    symbols = []
    escapes = []
    for i, (code, level) in enumerate(zip(codes, levels, strict=True)):
        base = level // 64
        symbol = code - base + 45
        if symbol < 1 or symbol not in tables[base % 4] or i in choices.escaped:
            symbol = 0
            escapes.append(code)
        symbols.append((base % 4, symbol))
    state = [65536] * 16
    words: list[int] = []
    for i in reversed(range(len(records))):
        k, symbol = symbols[i]
        start, f = tables[k][symbol]
        x = state[i % 16]
        if x >= f << 21:
            words.append(x & 0xFFFF)
            x >>= 16
        state[i % 16] = (x // f << 11) + start + x % f
    block = b"\4" + struct.pack("<IBH", choices.row_length, m, choices.start_code)
    block += b"".join(plane(bytes(record[j] for record in records)) for j in range(len(records[0]) - 2))
    block += b"".join(t.coded for t in choices.tables) + struct.pack("<I", len(escapes))
    block += plane(bytes(e & 255 for e in escapes)) + plane(bytes(e >> 8 for e in escapes))
    block += pack(rests, m - 1) + struct.pack("<16I", *state)
    return block + struct.pack(f"<{len(words)}H", *reversed(words))


def draw_table(rng: random.Random) -> Table:
    """Around the usual symbols, or anywhere, or the escape alone; weights of any size."""
    shape = rng.randrange(4)
    if shape == 0:
        first, count = 1, 63
    elif shape == 1:
        first, count = rng.randrange(30, 45), 19
    elif shape == 2:
        first = rng.randrange(1, 65)
        count = rng.randrange(0, 64 - first + 1)
    else:
        first, count = rng.randrange(1, 65), 0
    top = rng.choice([1, 7, 60, 255])
    weights = [rng.randrange(0, top + 1) for _ in range(count + 1)]
    weights[rng.randrange(count + 1)] = rng.randrange(1, 256)
    return Table(first, tuple(weights))


def draw_values(rng: random.Random, count: int, row_length: int, record_bytes: int, mantissa_bits: int) -> list[bytes]:
    """Records whose codes have levels for rows and columns, jumps, or nothing in common."""
    top = (1 << (17 - mantissa_bits)) - 1
    columns = [rng.uniform(0, top) for _ in range(row_length)]
    spread = rng.choice([0, 1, 4, 200])
    records = []
    row = 0.0
    for i in range(count):
        if i % row_length == 0:
            row = rng.gauss(0, 3)
        code = int(columns[i % row_length] + row + rng.gauss(0, spread))
        if rng.random() < 0.02:
            code = rng.randrange(top + 1)
        high = rng.randrange(2) << 15 | min(max(code, 0), top) << (mantissa_bits - 2)
        high |= rng.randrange(1 << (mantissa_bits - 2))
        records.append(rng.randbytes(record_bytes - 2) + high.to_bytes(2, "little"))
    return records


def draw_context_block(rng: random.Random, max_records: int = 300) -> Made:
    """A legal block of 1 to `max_records` records in mode 4."""
    count = rng.choice([rng.randrange(1, max_records + 1), rng.randrange(1, 34)])
    record_bytes = rng.choice([2, 4])
    mantissa_bits = rng.choice([7, 10])
    row_length = rng.choice([1, min(count, 16), rng.randrange(1, count + 1), rng.randrange(1, min(count, 30) + 1)])
    records = draw_values(rng, count, row_length, record_bytes, mantissa_bits)
    first_code = split(records[0], mantissa_bits)[0]
    start_code = rng.choice([first_code, first_code, 0, 65535, rng.randrange(1 << (17 - mantissa_bits))])
    useless = rng.choice([0.0, 0.0, 0.1, 1.0])
    escaped = frozenset(i for i in range(count) if rng.random() < useless)
    tables = (draw_table(rng), draw_table(rng), draw_table(rng), draw_table(rng))
    choices = Choices(row_length, mantissa_bits, start_code, tables, escaped)
    block = context_block(rng, records, choices)
    return Made(block, b"".join(records), count, record_bytes, rotate=True, opaque=False)
