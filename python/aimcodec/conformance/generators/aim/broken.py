"""Blocks that break one rule of docs/spec/aim-bitstream.md, clauses 7 and 8, each, with the error of 7.8 and 8.5."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from aimcodec.conformance.generators.aim.blocks import (
    constant_plane,
    lz_body,
    lz_plane,
    make_sparse,
    nibbles_plane,
    parts_plane,
    rans_body,
    rans_plane,
    raw_plane,
)
from aimcodec.conformance.generators.aim.context import Choices, Table, context_block
from aimcodec.errors import AimcError, InconsistentError, MalformedError, OutOfRangeError, TruncatedError

__all__ = ["BROKEN", "BrokenBlock", "in_file"]


@dataclass(frozen=True)
class BrokenBlock:
    """A block of `count` records that shall be refused with `error`."""

    name: str
    rule: str
    error: type[AimcError]
    block: bytes
    count: int
    record_bytes: int = 1
    rotate: bool = False
    opaque: bool = False


BROKEN: list[BrokenBlock] = []


def broken(
    name: str,
    rule: str,
    error: type[AimcError],
    block: bytes,
    count: int,
    record_bytes: int = 1,
    rotate: bool = False,
    opaque: bool = False,
) -> None:
    BROKEN.append(BrokenBlock(name, rule, error, block, count, record_bytes, rotate, opaque))


def of_plane(name: str, rule: str, error: type[AimcError], plane: bytes, m: int) -> None:
    """A block of records of one byte is its one plane."""
    broken(name, rule, error, b"\2" + plane, m)


def replaced(data: bytes, place: int, new: str) -> bytes:
    changed = bytes.fromhex(new)
    return data[:place] + changed + data[place + len(changed) :]


# 7.1 and 7.2: blocks and planes.

OPAQUE = b"\2"
ZEROS = constant_plane(0)
FIELDS = "7.2: the fields add up to the record"

broken("block-mode-5", "7.1: block_mode is 0 to 4", OutOfRangeError, b"\5abc", 4)
broken("block-raw-short", "7.1: a raw block is its records", TruncatedError, b"\0abc", 4)
broken("block-raw-long", "7.1: no byte may be left over", InconsistentError, b"\0abcde", 4)
broken("block-constant-short", "7.1: a constant block is one record", TruncatedError, b"\1abc", 5, 4)
broken("block-constant-long", "7.1: no byte may be left over", InconsistentError, b"\1abcd\0", 5, 4)
broken("block-plane-missing", "7.2: a plane for every byte of the record", TruncatedError, b"\2\0abc\1", 3, 2)
broken("block-plane-extra", "7.1: no byte may be left over", InconsistentError, b"\2\1a\1b\1c", 3, 2)
of_plane("plane-method-6", "7.2: plane_method is 0 to 5", OutOfRangeError, bytes([6]) + bytes(30), 3)
of_plane("plane-raw-short", "7.2: a raw plane is its bytes", TruncatedError, raw_plane(b"ab"), 3)
broken(
    "fields-zero",
    "7.2: a field has at least 1 byte",
    OutOfRangeError,
    OPAQUE + b"\2\0\x28" + 2 * ZEROS,
    1,
    40,
    opaque=True,
)
broken("fields-sum", FIELDS, InconsistentError, OPAQUE + b"\2\1\x28" + 2 * ZEROS, 1, 40, opaque=True)
broken("fields-none", FIELDS, InconsistentError, OPAQUE + b"\0", 1, 40, opaque=True)

# 7.2: depth.


def escaped(data: bytes, inner: bytes) -> bytes:
    """A plane whose bytes are all escapes: `inner` is their plane."""
    return rans_plane(rans_body(data, {0: 1}, range(len(data)), inner))


LETTERS = b"abcd"
TOO_DEEP = raw_plane(LETTERS)
for _ in range(4):
    TOO_DEEP = escaped(LETTERS, TOO_DEEP)
LITERALS = lz_plane(lz_body((0, 4, 0, 0), [raw_plane(LETTERS)] + [raw_plane(b"")] * 5))
PARTS = parts_plane(4096, [constant_plane(1), constant_plane(2)])
NIBBLES = nibbles_plane(0, constant_plane(1), constant_plane(2))
of_plane("depth-4", "7.2: the depth is at most 3", OutOfRangeError, TOO_DEEP, 4)
of_plane("depth-matches", "7.2: matches at depth 0 only", OutOfRangeError, escaped(LETTERS, LITERALS), 4)
of_plane("depth-parts", "7.2: parts at depth 0 only", OutOfRangeError, nibbles_plane(0, PARTS, constant_plane(1)), 5000)
of_plane(
    "depth-nibbles",
    "7.2: nibbles at depth 0 or 1",
    OutOfRangeError,
    nibbles_plane(
        0, nibbles_plane(0, nibbles_plane(0, *2 * [constant_plane(0)]), constant_plane(0)), constant_plane(2)
    ),
    5,
)
of_plane(
    "plane-empty-constant",
    "7.2: a plane of 0 bytes is raw",
    OutOfRangeError,
    rans_plane(rans_body(b"aaaa", {97: 255}, (), constant_plane(0))),
    4,
)

# 7.3: sparse, 4 records of one field of 40 bytes.


def of_sparse(name: str, rule: str, error: type[AimcError], count: int, mask: str) -> None:
    planes = b"\1\x28" + constant_plane(7)
    block = b"\3" + make_sparse(count, raw_plane(bytes.fromhex(mask)), planes)
    broken(f"sparse-{name}", rule, error, block, 4, 40, opaque=True)


MASK = "7.3: the mask has nonzero_count bits"
of_sparse("none", "7.3: nonzero_count is at least 1", OutOfRangeError, 0, "00")
of_sparse("count", MASK, InconsistentError, 2, "07")
of_sparse("count-5", MASK, InconsistentError, 5, "0f")
of_sparse("count-huge", MASK, InconsistentError, 0xFFFFFFFF, "03")
of_sparse("behind", "7.3: no bit of the mask at or after n", MalformedError, 2, "11")

# 7.4: entropy coding. RANS is "abcab" with a and b in the table and c an escape; every place in it is known.

RANS = rans_body(b"abcab", {97: 100, 98: 100}, [2], raw_plane(b"c"))
STATES_AT = 2 + 4 + 1 + 4 + 2


def of_rans(name: str, rule: str, error: type[AimcError], body: bytes, m: int = 5) -> None:
    of_plane(name, rule, error, rans_plane(body), m)


of_rans("rans-state-code-4", "7.4: state_code is 0 to 3", OutOfRangeError, replaced(RANS, 0, "04"))
of_rans("rans-symbols-descend", "7.4: symbols ascend", MalformedError, replaced(RANS, 2, "6261"))
of_rans("rans-symbols-equal", "7.4: symbols ascend strictly", MalformedError, replaced(RANS, 2, "6161"))
of_rans("rans-frequency-0", "7.4: a frequency is at least 1", OutOfRangeError, replaced(RANS, 4, "00c8"))
of_rans("rans-sum-257", "7.4: the frequencies add up to 256", InconsistentError, replaced(RANS, 4, "6465"))
of_rans("rans-sum-255", "7.4: the frequencies add up to 256", InconsistentError, replaced(RANS, 6, "37"))
of_rans(
    "rans-symbol-beyond-256",
    "7.4: the frequencies add up to 256",
    InconsistentError,
    bytes.fromhex("00 03 616263 808001 00") + struct.pack("<4H", 256, 256, 256, 256),
    0x100,
)
of_rans(
    "rans-no-symbols",
    "7.4: the frequencies add up to 256",
    InconsistentError,
    bytes(3) + struct.pack("<4H", *4 * [256]),
)
of_rans("rans-escapes-many", "7.4: escape_count is at most m", InconsistentError, replaced(RANS, 7, "06000000"))
of_rans("rans-escapes-huge", "7.4: escape_count is at most m", InconsistentError, replaced(RANS, 7, "ffffffff"))
of_rans("rans-state-255", "7.4: a state is at least 256", OutOfRangeError, replaced(RANS, STATES_AT, "ff00"))
of_rans("rans-state-0", "7.4: a state is at least 256", OutOfRangeError, replaced(RANS, STATES_AT + 6, "0000"))
of_rans("rans-byte-left", "7.4: all bytes are used", InconsistentError, RANS + b"\0")
of_rans("rans-states-cut", "7.4: N states", TruncatedError, RANS[: STATES_AT + 7])
of_rans("rans-table-cut", "7.4: a frequency for every symbol", TruncatedError, RANS[:5])
of_rans(
    "rans-bytes-cut", "7.4: renormalisation bytes", TruncatedError, rans_body(b"ab" * 50, {97: 10, 98: 246})[:-1], 100
)
of_rans(
    "rans-escapes-left",
    "7.4: exactly escape_count escapes are taken",
    InconsistentError,
    rans_body(b"aa", {97: 255}, (), raw_plane(b"x"), escape_count=1),
    2,
)
of_rans(
    "rans-escapes-lacking",
    "7.4: exactly escape_count escapes are taken",
    InconsistentError,
    rans_body(b"axx", {97: 255}, [1, 2], raw_plane(b"x"), escape_count=1),
    3,
)
for code, last in ((0, 3), (1, 255), (2, 63), (3, 127)):
    HALVES = rans_body(b"aabab", {97: 128, 98: 128}, state_code=code)
    of_rans(
        f"rans-final-state-{code}",
        "7.4: after the last byte every state is 256, also one that decodes no byte",
        InconsistentError,
        replaced(HALVES, 7 + 2 * last, "0002" if code else "0003"),
    )
of_plane("rans-size-beyond", "7.4: rans_size", TruncatedError, b"\2" + struct.pack("<I", len(RANS) + 1) + RANS, 5)
of_plane("rans-size-huge", "7.4: rans_size", TruncatedError, b"\2\xff\xff\xff\xff" + RANS, 5)

# 7.5: matches. The good one is one sequence: "ab", 6 bytes from 2 before, "c".


def of_sequence(
    name: str,
    rule: str,
    error: type[AimcError],
    m: int = 9,
    literal_lengths: str = "02",
    match_lengths: str = "02",
    distance: tuple[int, int, int] = (2, 0, 0),
    more: bytes = b"",
    sizes: tuple[int, int, int, int] | None = None,
) -> None:
    lengths = [bytes.fromhex(literal_lengths), bytes.fromhex(match_lengths)]
    planes = [raw_plane(content) for content in (b"abc", *lengths, *(bytes([d]) for d in distance))]
    sizes = sizes or (1, 3, len(lengths[0]), len(lengths[1]))
    of_plane(name, rule, error, lz_plane(lz_body(sizes, planes) + more), m)


DISTANCE = "7.5: a distance is at least 1 and at most the number of bytes so far"
USED_UP = "7.5: every plane is used up"
SIZES = "7.5: the bounds of the counts"
of_sequence("lz-distance-0", DISTANCE, OutOfRangeError, distance=(0, 0, 0))
of_sequence("lz-distance-3", DISTANCE, OutOfRangeError, distance=(3, 0, 0))
of_sequence("lz-distance-65538", DISTANCE, OutOfRangeError, distance=(2, 0, 1))
of_sequence("lz-literals-lacking", "7.5: literal lengths", InconsistentError, literal_lengths="04")
of_sequence("lz-literals-huge", "7.5: literal lengths", InconsistentError, literal_lengths="ffffffffff")
of_sequence("lz-match-huge", "7.5: the output has m bytes", InconsistentError, match_lengths="ffffffffff")
of_sequence("lz-match-long", "7.5: the output has m bytes", InconsistentError, match_lengths="03")
of_sequence("lz-match-short", "7.5: the output has m bytes", InconsistentError, match_lengths="01")
of_sequence("lz-long-form", "7.5: a long length is at least 255", OutOfRangeError, 261, match_lengths="fffe000000")
of_sequence("lz-literal-lengths-left", USED_UP, InconsistentError, literal_lengths="0200")
of_sequence("lz-match-lengths-left", USED_UP, InconsistentError, match_lengths="0202")
of_sequence("lz-length-cut", USED_UP, InconsistentError, match_lengths="ff000000")
of_sequence("lz-byte-left", "7.5: lz_size", InconsistentError, more=b"\0")
of_sequence("lz-sequences-many", SIZES, InconsistentError, sizes=(3, 3, 1, 1))
of_sequence("lz-sequences-none", SIZES, InconsistentError, sizes=(0, 3, 1, 1))
of_sequence("lz-literals-many", SIZES, InconsistentError, sizes=(1, 0xFFFFFFFF, 1, 1))
of_sequence("lz-lengths-huge", SIZES, InconsistentError, sizes=(1, 3, 0xFFFFFFFF, 1))
of_sequence("lz-lengths-none", SIZES, InconsistentError, literal_lengths="")
of_plane("lz-size-beyond", "7.5: lz_size", TruncatedError, b"\3" + struct.pack("<5I", 17, 0, 1, 0, 0), 5)

# 7.6 and 7.7: parts and nibbles.

for part_bytes in (0, 4095, 8192, 0xFFFFF000):
    PLANE = parts_plane(part_bytes, [constant_plane(1)] * 2)
    of_plane(f"parts-of-{part_bytes}", "7.6: part_bytes", OutOfRangeError, PLANE, 5000)
of_plane("parts-missing", "7.6: a plane for every part", TruncatedError, parts_plane(4096, [constant_plane(1)]), 5000)
of_plane(
    "parts-extra", "7.1: no byte may be left over", InconsistentError, parts_plane(4096, [constant_plane(1)] * 3), 5000
)
for name, error, plane in (
    ("packed-2", OutOfRangeError, "05 02 00 010203 00 0a0b0c"),
    ("low-16", OutOfRangeError, "05 00 00 010210 00 0a0b0c"),
    ("high-240", OutOfRangeError, "05 00 00 010203 00 0a0bf0"),
    ("high-16", OutOfRangeError, "05 01 00 2103 00 0a0b10"),
    ("after-last", OutOfRangeError, "05 01 00 2113 00 0a0b0c"),
    ("short", TruncatedError, "05 01 00 2103 00 0a0b"),
):
    of_plane(f"nibbles-{name}", "7.7: nibbles", error, bytes.fromhex(plane), 3)

# 8: context coding. 100 records of 4 bytes in rows of 8, whose two low bytes are 0; every place is known.

START = 300
N = 100
TABLE = Table(40, (1, 2, 3, 4, 5, 6, 7, 8))
RECORDS = [struct.pack("<H", (i % 2) << 15 | (START + i % 2) << 5 | i % 32) for i in range(N - 1)] + [b"\0\0"]
LOW = 2 * constant_plane(0)
TABLES_AT = 8 + len(LOW)
ESCAPES_AT = TABLES_AT + 4 * 10
RESTS_AT = ESCAPES_AT + 4 + 2 + 2
CONTEXT_STATES_AT = RESTS_AT + N * 6 // 8


def with_low_bytes(block: bytes) -> bytes:
    """A block of records of 2 bytes as one of 4."""
    return block[:8] + LOW + block[8:]


CONTEXT = with_low_bytes(context_block(None, RECORDS, Choices(8, 7, START, (TABLE, TABLE, TABLE, TABLE))))


def of_context(
    name: str, rule: str, error: type[AimcError], block: bytes, count: int = N, width: int = 4, rotate: bool = True
) -> None:
    broken(f"context-{name}", rule, error, block, count, width, rotate)


def at(place: int, new: str) -> bytes:
    return replaced(CONTEXT, place, new)


ROW, TABLES, STATES = "8.1: row_length is 1 to n", "8.3: first and count", "8.4: a state is at least 65536"
ESCAPES = "8.1: escape_count is at most n"
CODES = "8.4: a code is at least 0 and less than 2^(17 - mantissa_bits)"
of_context("row-0", ROW, OutOfRangeError, at(1, "00000000"))
of_context("row-101", ROW, OutOfRangeError, at(1, "65000000"))
of_context("row-huge", ROW, OutOfRangeError, at(1, "ffffffff"))
of_context("mantissa-8", "8.1: mantissa_bits is 7 or 10", OutOfRangeError, at(5, "08"))
of_context("first-0", TABLES, OutOfRangeError, at(TABLES_AT, "00"))
of_context("first-65", TABLES, OutOfRangeError, at(TABLES_AT, "41 00"))
of_context("count-8", TABLES, OutOfRangeError, at(TABLES_AT, "39 08"))
of_context("weights-0", "8.3: T is not 0", InconsistentError, at(TABLES_AT + 2, "00" * 8))
of_context("escapes-101", ESCAPES, InconsistentError, at(ESCAPES_AT, "65000000"))
of_context("escapes-huge", ESCAPES, InconsistentError, at(ESCAPES_AT, "ffffffff"))
of_context("escape-1024", CODES, OutOfRangeError, at(ESCAPES_AT + 6, "0004"))
of_context("state-65535", STATES, OutOfRangeError, at(CONTEXT_STATES_AT, "ffff0000"))
of_context("state-0", STATES, OutOfRangeError, at(CONTEXT_STATES_AT + 4 * 15, "00000000"))
of_context("word-missing", "8.4: words", TruncatedError, CONTEXT[:-2])
of_context("word-left", "8.4: all words are used", InconsistentError, CONTEXT + b"\0\0")
of_context("half-a-word", "8.4: words", InconsistentError, CONTEXT + b"\0")
of_context("not-rotated", "8.1: records with rotation", OutOfRangeError, CONTEXT, rotate=False)
of_context("of-8-bytes", "8.1: records of 2 or 4 bytes", OutOfRangeError, CONTEXT, 50, 8)

# 41 records by hand.

ESCAPE_ONLY = (1, "010001", 0, 2048)  # first 1, count 0, weight 1: the escape owns all slots, no state ever changes
ESCAPE_OF_HALF = (1, "2d010101", 0, 1024)  # first 45, count 1, weights 1 and 1: half of the slots each
SYMBOL_OF_HALF = (0, "2d010101", 1024, 1024)
SYMBOL_1 = (0, "01010101", 1024, 1024)  # the lowest symbol there is


def by_hand(
    codes: list[tuple[int, str, int, int]],
    start_code: int,
    escape_count: int | None = None,
    last_rest: int = 0,
    first_state: int = 0,
) -> bytes:
    """A block of records that each take the given slots of the given table, which is that of all contexts."""
    state = [65536] * 16
    words: list[int] = []
    for i, (_, _, start, f) in reversed(list(enumerate(codes))):
        x = state[i % 16]
        if x >= f << 21:
            words.append(x & 0xFFFF)
            x >>= 16
        state[i % 16] = (x // f << 11) + start + x % f
    state[0] += first_state
    escapes = sum(code[0] for code in codes) if escape_count is None else escape_count
    planes = 2 * (constant_plane(0) if escapes else raw_plane(b""))
    block = b"\4" + struct.pack("<IBH", len(codes), 7, start_code) + LOW + bytes.fromhex(4 * codes[0][1])
    block += struct.pack("<I", escapes) + planes + bytes((len(codes) * 6 + 7) // 8 - 1) + bytes([last_rest])
    return block + struct.pack("<16I", *state) + struct.pack(f"<{len(words)}H", *reversed(words))


TAKEN = "8.4: exactly escape_count escapes are taken"
ONE_ESCAPE = [ESCAPE_OF_HALF] + 40 * [SYMBOL_OF_HALF]
of_context(
    "rests-behind",
    "8.1: the bits after the last rest are zero",
    MalformedError,
    by_hand(41 * [ESCAPE_ONLY], 0, last_rest=64),
    41,
)
of_context(
    "final-state",
    "8.4: every state is 65536 at the end",
    InconsistentError,
    by_hand(41 * [ESCAPE_ONLY], 0, first_state=1),
    41,
)
of_context("code-too-high", CODES, OutOfRangeError, by_hand(41 * [SYMBOL_OF_HALF], 0xFFFF), 41)
of_context("code-negative", CODES, OutOfRangeError, by_hand(41 * [SYMBOL_1], 0), 41)
of_context("escapes-lacking", TAKEN, InconsistentError, by_hand(ONE_ESCAPE, START, 0), 41)
of_context("escapes-left", TAKEN, InconsistentError, by_hand(ONE_ESCAPE, START, 2), 41)


def in_file(block: BrokenBlock) -> BrokenBlock | None:
    """The same in a block that has not more than 1 byte more than its records, as 4.3 asks for; none if it cannot be.

    Planes of few bytes become the second field of records of 256 bytes.
    """
    if len(block.block) <= block.count * block.record_bytes + 1:
        return block
    if block.record_bytes > 1 or block.block[0] != 2:
        return None
    longer = b"\2\2\xff\1" + constant_plane(0) + block.block[1:]
    return replace(block, block=longer, record_bytes=256, opaque=True)
