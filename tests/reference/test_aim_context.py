"""Context coding (docs/spec/aim-bitstream.md, clause 8): answers by hand, round trips, every broken rule."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimcodec.conformance.generators.aim.blocks import Made, seeded
from aimcodec.conformance.generators.aim.context import Choices, Table, context_block, draw_context_block
from aimcodec.errors import AimcError, InconsistentError, MalformedError, OutOfRangeError, TruncatedError
from aimcodec.reference.aim import decode_block

ESCAPE_ONLY = "010001"  # first 1, count 0, weight 1: the escape owns all slots, and no state ever changes
HALF_45 = "2d010101"  # first 45, count 1, weights 1 and 1: the escape owns slots 0 to 1023, symbol 45 the others

# The states before the only code they decode, and before two.
ESCAPE, SYMBOL = 64 * 2048, 64 * 2048 + 1024
ESCAPE_THEN_SYMBOL = 129 * 2048  # 1024 * 129 + 0 - 0 = 132096 = SYMBOL
UNUSED = 65536

S = 300


def decode(made: Made) -> bytes:
    return decode_block(made.block, made.count, made.record_bytes, made.rotate, made.opaque)


# Answers by hand.


def test_one_escape() -> None:
    """BFC0, -1.5 as bfloat16: sign 1, code 01FE, rest 0; the rest with the sign is 100000."""
    block = bytes.fromhex("04 01000000 07 0000" + 4 * ESCAPE_ONLY + "01000000 00fe 0001 20")
    assert decode_block(block + struct.pack("<16I", *[UNUSED] * 16), 1, 2, rotate=True) == bytes.fromhex("c0bf")


def test_binary16() -> None:
    """BE01 as binary16: sign 1, code 0F << 2 | 2 = 3E, rest 01; 9 bits of rest: 1 0000 0001."""
    block = bytes.fromhex("04 01000000 0a 0000" + 4 * ESCAPE_ONLY + "01000000 003e 0000 0101")
    assert decode_block(block + struct.pack("<16I", *[UNUSED] * 16), 1, 2, rotate=True) == bytes.fromhex("01be")


def test_low_bytes_are_planes() -> None:
    """3F800000 twice, and 3FC01234: low bytes 00 00 34 and 00 00 12, codes 1FC, 1FC, 1FE."""
    block = bytes.fromhex("04 03000000 07 0000 00000034 00000012" + 4 * ESCAPE_ONLY)
    block += bytes.fromhex("03000000 00fcfcfe 0101 000000") + struct.pack("<16I", *[UNUSED] * 16)
    assert decode_block(block, 3, 4, rotate=True) == bytes.fromhex("0000803f 0000803f 3412c03f")


def test_a_symbol_is_relative_to_the_level() -> None:
    """All levels are 64 * S + 32 in the first group: symbol 45 is S; the record between is an escape."""
    block = bytes.fromhex("04 03000000 07") + struct.pack("<H", S) + bytes.fromhex(4 * HALF_45)
    block += bytes.fromhex("01000000 0007 0000 000000")
    block += struct.pack("<16I", SYMBOL, ESCAPE, SYMBOL, *[UNUSED] * 13)
    assert codes_of(decode_block(block, 3, 2, rotate=True)) == [S, 7, S]


def codes_of(records: bytes) -> list[int]:
    return [(high & 0x7FFF) >> 5 for (high,) in struct.iter_unpack("<H", records)]


def context_by_hand(n: int, state: list[int], code: int) -> bytes:
    block = bytes.fromhex("04 10000000 07") + struct.pack("<H", S) + bytes.fromhex(4 * HALF_45)
    block += struct.pack("<IBBBB", 1, 0, code & 255, 0, code >> 8) + bytes((n * 6 + 7) // 8)
    return block + struct.pack("<16I", *state)


@pytest.mark.parametrize(
    ("code", "base"),
    [
        (S + 2, S + 1),  # error 128: column + 64, row 124 >> 6 = 1: 64 S + 97
        (S + 20, S + 4),  # error 512, not 1280: column + 256, row 496 >> 6 = 7: 64 S + 295
        (S - 1, S - 1),  # error -64: column - 32, row -62 >> 6 = -1: 64 S - 1
        (S - 10, S - 1),  # error -128, not -640: column - 64, row -124 >> 6 = -2: 64 S - 34
    ],
)
def test_levels_follow(code: int, base: int) -> None:
    block = context_by_hand(17, [ESCAPE_THEN_SYMBOL, *[SYMBOL] * 15], code)
    assert codes_of(decode_block(block, 17, 2, rotate=True)) == [code, *[S] * 15, base]


# Where one group has an error of 512 in its first record, the next level is 64 S + 32 + 16 * rate + (496 >> 6 = 7);
# where all of its records have it, 64 S + 32 + 16 * rate + (7936 >> 6 = 124).
RATES = {0: 16, 1: 8, 2: 8, 3: 4, 6: 4, 7: 2, 14: 2, 15: 1, 40: 1}


@pytest.mark.parametrize("row", RATES)
@pytest.mark.parametrize(("jumps", "row_part"), [(1, 7), (16, 124)])
def test_rates_fall_with_the_rows(row: int, jumps: int, row_part: int) -> None:
    """If the last record were at another level, its code would be one more escape."""
    last = (64 * S + 32 + 16 * RATES[row] + row_part) // 64
    codes = [S] * (16 * row) + [S + 8] * jumps + [S] * (16 - jumps) + [last]
    half = Table(45, (1, 1))
    records = [struct.pack("<H", code << 5) for code in codes]
    block = context_block(None, records, Choices(16, 7, S, (half, half, half, half)))
    escapes_at = 8 + 4 * 4
    assert struct.unpack_from("<I", block, escapes_at) == (jumps,)
    assert codes_of(decode_block(block, len(codes), 2, rotate=True)) == codes


# Round trips.


@given(st.integers(0, 1 << 32))
def test_drawn_blocks(seed: int) -> None:
    made = draw_context_block(seeded(seed), max_records=150)
    assert decode(made) == made.records


@pytest.mark.parametrize("seed", range(6))
def test_drawn_blocks_of_many_records(seed: int) -> None:
    made = draw_context_block(seeded(seed), max_records=4000)
    assert decode(made) == made.records


@given(st.integers(0, 1 << 32), st.data())
@settings(max_examples=150)
def test_a_changed_byte_gives_an_error_or_as_many_bytes(seed: int, data: st.DataObject) -> None:
    made = draw_context_block(seeded(seed), max_records=40)
    block = bytearray(made.block)
    block[data.draw(st.integers(0, len(block) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        records = decode_block(bytes(block), made.count, made.record_bytes, rotate=True)
    except AimcError:
        return
    assert len(records) == len(made.records)


@given(st.integers(0, 1 << 32))
@settings(max_examples=60)
def test_prefixes_and_additions_are_refused(seed: int) -> None:
    made = draw_context_block(seeded(seed), max_records=30)
    for length in (0, 1, 7, len(made.block) // 2, len(made.block) - 1):
        with pytest.raises(TruncatedError):
            decode_block(made.block[:length], made.count, made.record_bytes, rotate=True)
    for more in (b"\0", b"\0\0"):
        with pytest.raises(InconsistentError):
            decode_block(made.block + more, made.count, made.record_bytes, rotate=True)


# Broken rules.

# 20 records of 2 bytes in rows of 8: every offset is known.
TABLE = Table(40, (1, 2, 3, 4, 5, 6, 7, 8))
RECORDS = [struct.pack("<H", (i % 2) << 15 | (S + i % 2) << 5 | i) for i in range(19)] + [b"\0\0"]
GOOD = context_block(None, RECORDS, Choices(8, 7, S, (TABLE, TABLE, TABLE, TABLE)))
TABLES_AT = 8
ESCAPES_AT = TABLES_AT + 4 * 10
RESTS_AT = ESCAPES_AT + 4 + 2 + 2
STATES_AT = RESTS_AT + 15


def changed(place: int, new: str) -> bytes:
    replaced = bytes.fromhex(new)
    return GOOD[:place] + replaced + GOOD[place + len(replaced) :]


def test_the_good_block() -> None:
    assert decode_block(GOOD, 20, 2, rotate=True) == b"".join(RECORDS)
    assert GOOD[ESCAPES_AT:RESTS_AT].hex() == "0100000000000000"


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (changed(1, "00000000"), OutOfRangeError),
        (changed(1, "15000000"), OutOfRangeError),
        (changed(1, "ffffffff"), OutOfRangeError),
        (changed(5, "00"), OutOfRangeError),
        (changed(5, "08"), OutOfRangeError),
        (changed(TABLES_AT, "00"), OutOfRangeError),
        (changed(TABLES_AT, "41 00"), OutOfRangeError),
        (changed(TABLES_AT, "40 01"), OutOfRangeError),
        (changed(TABLES_AT, "39 08"), OutOfRangeError),
        (changed(TABLES_AT + 2, "00" * 8), InconsistentError),
        (changed(ESCAPES_AT, "15000000"), InconsistentError),
        (changed(ESCAPES_AT, "ffffffff"), InconsistentError),
        (changed(ESCAPES_AT + 6, "0004"), OutOfRangeError),
        (changed(STATES_AT, "ffff0000"), OutOfRangeError),
        (changed(STATES_AT + 4 * 15, "00000000"), OutOfRangeError),
    ],
)
def test_elements_that_break_a_rule(block: bytes, error: type[AimcError]) -> None:
    with pytest.raises(error):
        decode_block(block, 20, 2, rotate=True)


def test_the_largest_first_symbols() -> None:
    """first + count may be 64, with and without symbols."""
    for table in (Table(64, (1,)), Table(63, (1, 1)), Table(1, tuple(range(64)))):
        block = context_block(None, RECORDS, Choices(8, 7, S, (table,) * 4))
        assert decode_block(block, 20, 2, rotate=True) == b"".join(RECORDS)


def test_bits_after_the_last_rest() -> None:
    """3 rests of 6 bits in 3 bytes: the highest 6 bits are free."""
    for bit in range(2, 8):
        block = bytes.fromhex("04 03000000 07 0000" + 4 * ESCAPE_ONLY + "03000000 00000000 00000000")
        block += bytes([0, 0, 1 << bit]) + struct.pack("<16I", *[UNUSED] * 16)
        with pytest.raises(MalformedError):
            decode_block(block, 3, 2, rotate=True)


@pytest.mark.parametrize(
    ("records", "record_bytes", "rotate", "opaque"),
    [(20, 2, False, False), (20, 8, True, False), (20, 1, False, False), (20, 4, False, True)],
)
def test_other_records(records: int, record_bytes: int, rotate: bool, opaque: bool) -> None:
    with pytest.raises(OutOfRangeError):
        decode_block(GOOD, records, record_bytes, rotate, opaque)


def test_a_state_that_decodes_nothing() -> None:
    block = bytes.fromhex("04 01000000 07 0000" + 4 * ESCAPE_ONLY + "01000000 0000 0000 00")
    for j in (0, 1, 15):
        state = [UNUSED] * 16
        state[j] += 1
        with pytest.raises(InconsistentError):
            decode_block(block + struct.pack("<16I", *state), 1, 2, rotate=True)


def test_codes_beyond_the_exponent() -> None:
    """Symbol 45 of a level above all codes: start_code may be anything, codes may not."""
    for start_code in (1024, 65535):
        block = bytes.fromhex("04 01000000 07") + struct.pack("<H", start_code) + bytes.fromhex(4 * HALF_45)
        block += bytes.fromhex("00000000 00 00 00") + struct.pack("<16I", SYMBOL, *[UNUSED] * 15)
        with pytest.raises(OutOfRangeError):
            decode_block(block, 1, 2, rotate=True)


def test_codes_below_zero() -> None:
    """Symbol 1 at level 0 is code -44."""
    block = bytes.fromhex("04 01000000 07 0000" + 4 * "01010101" + "00000000 00 00 00")
    with pytest.raises(OutOfRangeError):
        decode_block(block + struct.pack("<16I", SYMBOL, *[UNUSED] * 15), 1, 2, rotate=True)


@pytest.mark.parametrize("escape_count", [0, 2])
def test_numbers_of_escapes(escape_count: int) -> None:
    """Of two records the first is an escape, the second is not."""
    block = bytes.fromhex("04 02000000 07 0000" + 4 * HALF_45) + struct.pack("<I", escape_count)
    block += 2 * (b"\0" + bytes(escape_count)) + bytes(2) + struct.pack("<16I", ESCAPE, SYMBOL, *[UNUSED] * 14)
    with pytest.raises(InconsistentError):
        decode_block(block, 2, 2, rotate=True)
