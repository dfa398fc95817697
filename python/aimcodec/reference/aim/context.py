"""Context coding (clause 8)."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import AimcError, InconsistentError, MalformedError, OutOfRangeError
from .little_endian import CodedReader
from .plane import plane

__all__ = ["context"]

GROUP = 16
STATES = 16
LOWEST_STATE = 65536
SLOTS = 2048
ESCAPE = 0


@dataclass(frozen=True)
class Owner:
    """Who owns a slot: a symbol of `slots` slots from `start` on (clause 8.3)."""

    symbol: int
    start: int
    slots: int


@dataclass(frozen=True)
class Header:
    """The elements before the planes (clause 8.1)."""

    row_length: int
    mantissa_bits: int
    start_code: int

    @property
    def rest_bits(self) -> int:
        """Bits of a record in `rests`: the sign, and what is left of the mantissa."""
        return self.mantissa_bits - 1

    @property
    def code_bits(self) -> int:
        """Bits of a code: the exponent and the first two bits of the mantissa."""
        return 17 - self.mantissa_bits


def context(r: CodedReader, n: int, record_bytes: int) -> bytes:
    """context(n) of clause 8.1: n records of 2 or 4 bytes."""
    header = read_header(r, n)
    low = [plane(r, n, f"plane[{j}]", depth=0) for j in range(record_bytes - 2)]
    tables = [table(r, f"table[{k}]") for k in range(4)]
    offset = r.position
    escape_count = r.number(4, "escape_count")
    if escape_count > n:
        raise broken(r, offset, InconsistentError, f"{escape_count} escapes for {n} records", "escape_count")
    halves = [plane(r, escape_count, f"escapes[{k}]", depth=0) for k in range(2)]
    escapes = [a | b << 8 for a, b in zip(*halves, strict=True)]
    rests = read_rests(r, n, header.rest_bits)
    codes = Codes(r, header, tables, escapes).decode(n)
    records = bytearray()
    for i in range(n):
        records += bytes(column[i] for column in low)
        sign, mantissa = divmod(rests[i], 1 << (header.rest_bits - 1))
        high = sign << 15 | codes[i] << (header.rest_bits - 1) | mantissa
        records += high.to_bytes(2, "little")
    return bytes(records)


def read_header(r: CodedReader, n: int) -> Header:
    """row_length, mantissa_bits and start_code."""
    offset = r.position
    header = Header(r.number(4, "row_length"), r.number(1, "mantissa_bits"), r.number(2, "start_code"))
    if not 1 <= header.row_length <= n:
        raise broken(r, offset, OutOfRangeError, f"row_length {header.row_length}", "row_length")
    if header.mantissa_bits not in (7, 10):
        raise broken(r, offset, OutOfRangeError, f"mantissa_bits {header.mantissa_bits}", "mantissa_bits")
    return header


def table(r: CodedReader, name: str) -> list[Owner]:
    """table() of clause 8.3: the owner of each of the 2048 slots."""
    offset = r.position
    first = r.number(1, f"{name}.first")
    count = r.number(1, f"{name}.count")
    if first < 1 or first + count > 64:
        raise broken(r, offset, OutOfRangeError, f"{count} symbols from {first} on", name)
    values = [weight_value(r.number(1, f"{name}.weight[{i}]")) for i in range(count + 1)]
    total = sum(values)
    if total == 0:
        raise broken(r, offset, InconsistentError, "weights that are all 0", name)
    starts = [sum(values[:i]) * (SLOTS - (count + 1)) // total + i for i in range(count + 2)]
    symbols = [ESCAPE, *range(first, first + count)]
    owners: list[Owner] = []
    for i, symbol in enumerate(symbols):
        owners += [Owner(symbol, starts[i], starts[i + 1] - starts[i])] * (starts[i + 1] - starts[i])
    return owners


def weight_value(w: int) -> int:
    """Value of a weight (clause 8.3)."""
    return w if w < 8 else (8 + w % 8) << (w // 8 - 1)


def read_rests(r: CodedReader, n: int, rest_bits: int) -> list[int]:
    """`rests` of clause 8.1, a number of each record."""
    offset = r.position
    bits = int.from_bytes(r.bytes((n * rest_bits + 7) // 8, "rests"), "little")
    digits = f"{bits:0{n * rest_bits}b}"
    if len(digits) > n * rest_bits:
        raise broken(r, offset, MalformedError, "bits after the last rest are not zero", "rests")
    return [int(digits[len(digits) - (i + 1) * rest_bits : len(digits) - i * rest_bits], 2) for i in range(n)]


class Codes:
    """Clauses 8.2 and 8.4: the codes of all records."""

    def __init__(self, r: CodedReader, header: Header, tables: list[list[Owner]], escapes: list[int]) -> None:
        self.r = r
        self.header = header
        self.tables = tables
        self.escapes = escapes
        self.taken = 0
        offset = r.position
        self.state = [r.number(4, f"state[{j}]") for j in range(STATES)]
        for j, x in enumerate(self.state):
            if x < LOWEST_STATE:
                raise broken(r, offset + 4 * j, OutOfRangeError, f"state {x}", f"state[{j}]")

    def decode(self, n: int) -> list[int]:
        """Codes of records 0 to n - 1, and what shall hold after the last of them."""
        row_length = self.header.row_length
        column = [(64 * self.header.start_code + 32) * 32] * row_length
        row = 0
        codes: list[int] = []
        for i in range(0, n, GROUP):
            group = range(i, min(i + GROUP, n))
            levels = [(column[record % row_length] >> 5) + (row >> 6) for record in group]
            codes += [self.code(record, level) for record, level in zip(group, levels, strict=True)]
            rate = rate_of(i // row_length)
            errors = [
                min(max(64 * codes[record] + 32 - level, -128), 512)
                for record, level in zip(group, levels, strict=True)
            ]
            for record, error in zip(group, errors, strict=True):
                column[record % row_length] += rate * error
            row += sum(errors)
            row -= row >> 5
        self.expect_all_used()
        return codes

    def code(self, i: int, level: int) -> int:
        """Clause 8.4: the code of record i."""
        offset = self.r.position
        base = level >> 6
        x = self.state[i % STATES]
        slot = x & (SLOTS - 1)
        owner = self.tables[base & 3][slot]
        x = owner.slots * (x >> 11) + slot - owner.start
        if x < LOWEST_STATE:
            x = x << 16 | self.r.number(2, "word")
        self.state[i % STATES] = x
        code = self.escape() if owner.symbol == ESCAPE else base + owner.symbol - 45
        if not 0 <= code < 1 << self.header.code_bits:
            raise broken(self.r, offset, OutOfRangeError, f"code {code}", f"code[{i}]")
        return code

    def escape(self) -> int:
        """The next of the escapes."""
        if self.taken == len(self.escapes):
            raise broken(self.r, self.r.position, InconsistentError, "more escapes are taken than given", "escapes")
        self.taken += 1
        return self.escapes[self.taken - 1]

    def expect_all_used(self) -> None:
        """What shall hold after the last record; the block is checked to end here by 7.1."""
        if any(x != LOWEST_STATE for x in self.state):
            raise broken(self.r, self.r.position, InconsistentError, "a state is not 65536 at the end", "state")
        if self.taken != len(self.escapes):
            raise broken(self.r, self.r.position, InconsistentError, "escapes are not taken", "escape_count")


def rate_of(r: int) -> int:
    """How fast columns follow in row r (clause 8.2)."""
    if r == 0:
        return 16
    if r <= 2:
        return 8
    if r <= 6:
        return 4
    return 2 if r <= 14 else 1


def broken(r: CodedReader, position: int, kind: type[AimcError], message: str, name: str) -> AimcError:
    """An error at a byte."""
    return kind(message, bit_offset=8 * position, path=r.element_path(name))
