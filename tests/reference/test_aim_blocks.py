"""Lossless coding (docs/spec/aim-bitstream.md, clause 7): answers by hand, round trips, every broken rule."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimcodec.conformance.generators.aim.blocks import (
    Made,
    constant_plane,
    draw_block,
    draw_data,
    draw_plane,
    lz_body,
    lz_plane,
    make_sparse,
    nibbles_plane,
    parts_plane,
    rans_body,
    rans_plane,
    raw_plane,
    seeded,
)
from aimcodec.errors import AimcError, InconsistentError, MalformedError, OutOfRangeError, TruncatedError
from aimcodec.reference.aim import decode_block

PLANES = b"\x02"
SPARSE = b"\x03"


def decode_plane(plane: bytes, m: int) -> bytes:
    """A block of m records of 1 byte is its one plane."""
    return decode_block(PLANES + plane, m, 1, rotate=False)


def decode(made: Made) -> bytes:
    return decode_block(made.block, made.count, made.record_bytes, made.rotate, made.opaque)


# Answers by hand.


def test_raw_and_constant_blocks_are_not_rotated() -> None:
    assert decode_block(bytes.fromhex("00 0102 0304"), 2, 2, rotate=True) == bytes.fromhex("01020304")
    assert decode_block(bytes.fromhex("01 0102"), 3, 2, rotate=True) == bytes.fromhex("010201020102")


def test_planes_are_byte_positions() -> None:
    """Plane 0 raw 01 02 03, plane 1 constant 09."""
    assert decode_block(bytes.fromhex("02 00010203 0109"), 3, 2, rotate=False) == bytes.fromhex("010902090309")


@pytest.mark.parametrize(
    ("value", "coded"),
    [
        (struct.pack("<f", -1.0), "00 01 00 00 00 00 00 7f"),  # BF800000 << 1 | 1 = 7F000001
        (struct.pack("<f", 1.0), "00 00 00 00 00 00 00 7f"),  # 3F800000 << 1 = 7F000000
        (struct.pack("<e", -2.0), "00 01 00 80"),  # C000 << 1 | 1 = 8001
        (struct.pack("<d", -2.0), "00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 80"),  # C0... << 1 | 1
    ],
)
def test_rotation(value: bytes, coded: str) -> None:
    assert decode_block(PLANES + bytes.fromhex(coded), 1, len(value), rotate=True) == value


def test_fields_of_opaque_records() -> None:
    """Two records of 3 bytes, cut in fields of 1 and 2."""
    block = bytes.fromhex("02 02 01 02  00 a1 b1  00 a2 a3 b2 b3")
    assert decode_block(block, 2, 3, rotate=False, opaque=True) == bytes.fromhex("a1a2a3b1b2b3")


def test_sparse() -> None:
    """Mask 05: records 0 and 2 of 3 are marked; record 0 is zero all the same."""
    block = bytes.fromhex("03 02000000 0005 00 00 07")
    assert decode_block(block, 3, 1, rotate=False) == bytes.fromhex("000007")


def test_entropy_coding() -> None:
    """Symbols a and b of 128 slots each, the bytes "aabab", no renormalisation byte.

    State 0 is 1280: slot 0, "a"; 128 * 5 + 0 - 0 = 640; slot 128 is "b" (byte 4), then 128 * 2 + 128 - 128 = 256.
    States 1 and 3 are 512: slot 0 is "a", then 256. State 2 is 640: "b", then 256.
    """
    states = struct.pack("<4H", 1280, 512, 640, 512)
    body = bytes.fromhex("00 02 6162 8080 00") + states
    assert decode_plane(b"\x02" + struct.pack("<I", len(body)) + body, 5) == b"aabab"


def test_renormalisation() -> None:
    """Symbol a of 1 slot, b of 255: state 256 = slot 0 decodes "a": 1 * 1 + 0 - 0 = 1, and the byte 00 makes it 256."""
    body = bytes.fromhex("00 02 6162 01ff 00") + struct.pack("<4H", 256, 256, 256, 256) + b"\0\0\0\0"
    assert decode_plane(rans_plane(body), 4) == b"aaaa"


def test_escapes() -> None:
    """The escape owns the last slot: x = 511 = 256 + 255 gives 1 * 1 + 255 - 255 = 1, then 00."""
    body = bytes.fromhex("00 01 61 ff 01 01000000 0078") + struct.pack("<4H", 511, 256, 256, 256) + b"\0"
    assert decode_plane(rans_plane(body), 1) == b"x"


def test_matches() -> None:
    """ "ab", then 6 bytes from 2 before (overlapping), then the literal "c"."""
    body = struct.pack("<4I", 1, 3, 1, 1) + b"\0abc" + bytes.fromhex("0002 0002 0002 0000 0000")
    assert decode_plane(lz_plane(body), 9) == b"ababababc"


def test_long_lengths_and_distances() -> None:
    """300 literals, a match of 4 + 255 bytes from 300 = 1 * 256 + 44 before."""
    literals = bytes(i % 251 for i in range(300))
    body = struct.pack("<4I", 1, 300, 5, 5) + raw_plane(literals)
    body += raw_plane(b"\xff" + struct.pack("<I", 300)) + raw_plane(b"\xff" + struct.pack("<I", 255))
    body += bytes.fromhex("002c 0001 0000")
    assert decode_plane(lz_plane(body), 559) == literals + literals[:259]


def test_distance_of_three_bytes() -> None:
    """65536 + 3 literals, a match of 4 bytes from 65536 before."""
    literals = b"abcdefg" + bytes(65532)
    body = struct.pack("<4I", 1, len(literals), 5, 1) + raw_plane(literals)
    body += raw_plane(b"\xff" + struct.pack("<I", len(literals))) + bytes.fromhex("0000 0000 0000 0001")
    assert decode_plane(lz_plane(body), len(literals) + 4) == literals + b"defg"


# Round trips.


@given(st.integers(0, 1 << 32), st.sampled_from([0, 1, 2, 3]))
def test_drawn_blocks(seed: int, mode: int) -> None:
    made = draw_block(seeded(seed), max_records=120, mode=mode)
    assert made.block[0] == mode
    assert decode(made) == made.records


@pytest.mark.parametrize("seed", range(8))
def test_drawn_blocks_of_many_records(seed: int) -> None:
    made = draw_block(seeded(seed), max_records=9000, mode=2)
    assert decode(made) == made.records


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_escapes_in_escapes(depth: int) -> None:
    """Every byte is an escape at each depth but the deepest; one more is refused below."""
    data = bytes(range(40))
    assert decode_plane(nested_escapes(data, depth), len(data)) == data


def nested_escapes(data: bytes, depth: int) -> bytes:
    if depth == 0:
        return raw_plane(data)
    return rans_plane(rans_body(data, {7: 100}, range(len(data)), nested_escapes(data, depth - 1)))


@given(st.integers(0, 1 << 32), st.data())
@settings(max_examples=200)
def test_a_changed_byte_gives_an_error_or_as_many_bytes(seed: int, data: st.DataObject) -> None:
    made = draw_block(seeded(seed), max_records=40)
    block = bytearray(made.block)
    place = data.draw(st.integers(0, len(block) - 1))
    block[place] ^= data.draw(st.integers(1, 255))
    try:
        records = decode_block(bytes(block), made.count, made.record_bytes, made.rotate, made.opaque)
    except AimcError:
        return
    assert len(records) == len(made.records)


@given(st.integers(0, 1 << 32))
@settings(max_examples=100)
def test_prefixes_and_additions_are_refused(seed: int) -> None:
    made = draw_block(seeded(seed), max_records=30)
    for length in {0, 1, len(made.block) // 2, len(made.block) - 1} - {len(made.block)}:
        with pytest.raises(TruncatedError):
            decode_block(made.block[:length], made.count, made.record_bytes, made.rotate, made.opaque)
    with pytest.raises(InconsistentError):
        decode_block(made.block + b"\0", made.count, made.record_bytes, made.rotate, made.opaque)


# Broken rules of the block.


@pytest.mark.parametrize("mode", [4, 5, 255])
def test_unknown_block_modes(mode: int) -> None:
    with pytest.raises(OutOfRangeError):
        decode_block(bytes([mode, 1, 2, 3]), 3, 1, rotate=False)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ("00", InconsistentError),
        ("01 02", InconsistentError),
        ("02 02 02", InconsistentError),
        ("02 03 00", OutOfRangeError),
        ("03 01", TruncatedError),
    ],
)
def test_fields_that_do_not_cut_the_record(fields: str, error: type[AimcError]) -> None:
    planes = b"".join(raw_plane(bytes(width)) for width in bytes.fromhex(fields)[1:])
    with pytest.raises(error):
        decode_block(PLANES + bytes.fromhex(fields) + (b"" if error is TruncatedError else planes), 1, 3, False, True)


@pytest.mark.parametrize(
    ("nonzero_count", "mask", "error"),
    [
        (0, "0000", OutOfRangeError),
        (1, "0000", InconsistentError),
        (1, "0003", InconsistentError),
        (2, "0001", InconsistentError),
        (2, "0009", MalformedError),
        (1, "0080", MalformedError),
        (4, "0007", InconsistentError),
        (0xFFFFFFFF, "0007", InconsistentError),
    ],
)
def test_masks(nonzero_count: int, mask: str, error: type[AimcError]) -> None:
    """For 3 records of 1 byte."""
    block = SPARSE + make_sparse(nonzero_count, bytes.fromhex(mask), raw_plane(bytes(min(nonzero_count, 3))))
    with pytest.raises(error):
        decode_block(block, 3, 1, rotate=False)


# Broken rules of planes.


@pytest.mark.parametrize("method", [6, 255])
def test_unknown_plane_methods(method: int) -> None:
    with pytest.raises(OutOfRangeError):
        decode_plane(bytes([method]) + bytes(30), 3)


@pytest.mark.parametrize("empty", [constant_plane(0), rans_plane(rans_body(b"", {1: 255}, (), raw_plane(b"")))])
def test_a_plane_of_no_bytes_is_raw(empty: bytes) -> None:
    body = rans_body(b"aaaa", {97: 255}, (), empty)
    with pytest.raises(OutOfRangeError):
        decode_plane(rans_plane(body), 4)
    assert decode_plane(rans_plane(rans_body(b"aaaa", {97: 255}, (), raw_plane(b""))), 4) == b"aaaa"


def test_depth_above_3() -> None:
    data = bytes(range(40))
    with pytest.raises(OutOfRangeError):
        decode_plane(nested_escapes(data, 4), len(data))


def test_matches_at_depth_1() -> None:
    inner = lz_plane(lz_body((0, 4, 0, 0), [raw_plane(b"abcd")] + [raw_plane(b"")] * 5))
    assert decode_plane(inner, 4) == b"abcd"
    with pytest.raises(OutOfRangeError):
        decode_plane(rans_plane(rans_body(b"abcd", {0: 1}, range(4), inner)), 4)
    with pytest.raises(OutOfRangeError):
        decode_plane(lz_plane(lz_body((0, 4, 0, 0), [inner] + [raw_plane(b"")] * 5)), 4)


# Broken rules of entropy coding.

GOOD = rans_body(b"abcab", {97: 100, 98: 100}, [2], raw_plane(b"c"))
STATES_AT = 2 + 4 + 1 + 4 + 2


def changed(body: bytes, place: int, new: str) -> bytes:
    replaced = bytes.fromhex(new)
    return body[:place] + replaced + body[place + len(replaced) :]


def test_the_good_body() -> None:
    assert decode_plane(rans_plane(GOOD), 5) == b"abcab"
    assert GOOD[:STATES_AT].hex() == "00026162646438010000000063"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (changed(GOOD, 0, "04"), OutOfRangeError),
        (changed(GOOD, 2, "6261"), MalformedError),
        (changed(GOOD, 2, "6161"), MalformedError),
        (changed(GOOD, 4, "00c8"), OutOfRangeError),
        (changed(GOOD, 4, "6465"), InconsistentError),
        (changed(GOOD, 6, "37"), InconsistentError),
        (changed(GOOD, 7, "06000000"), InconsistentError),
        (changed(GOOD, 7, "ffffffff"), InconsistentError),
        (changed(GOOD, STATES_AT, "ff00"), OutOfRangeError),
        (changed(GOOD, STATES_AT + 6, "0000"), OutOfRangeError),
        (GOOD + b"\0", InconsistentError),
        (GOOD[: STATES_AT + 7], TruncatedError),
        (GOOD[:5], TruncatedError),
        (b"\0\0\xff\1\0\0\0\0x" + struct.pack("<4H", 256, 256, 256, 256), InconsistentError),
    ],
)
def test_bodies_that_break_a_rule(body: bytes, error: type[AimcError]) -> None:
    with pytest.raises(error):
        decode_plane(rans_plane(body), 5)


def test_renormalisation_byte_that_is_missing() -> None:
    body = rans_body(b"ab" * 50, {97: 10, 98: 246})
    assert decode_plane(rans_plane(body), 100) == b"ab" * 50
    with pytest.raises(TruncatedError):
        decode_plane(rans_plane(body[:-1]), 100)


def test_escapes_given_but_not_taken() -> None:
    body = rans_body(b"aa", {97: 255}, (), raw_plane(b"x"), escape_count=1)
    with pytest.raises(InconsistentError):
        decode_plane(rans_plane(body), 2)


def test_escapes_taken_but_not_given() -> None:
    body = rans_body(b"axx", {97: 255}, [1, 2], raw_plane(b"x"), escape_count=1)
    with pytest.raises(InconsistentError):
        decode_plane(rans_plane(body), 3)


@pytest.mark.parametrize("state_code", range(4))
def test_a_state_that_is_not_256_at_the_end(state_code: int) -> None:
    """Also of a state that decodes no byte: 5 bytes leave most of 256 states unused."""
    body = rans_body(b"aabab", {97: 128, 98: 128}, state_code=state_code)
    assert decode_plane(rans_plane(body), 5) == b"aabab"
    for state in (0, 4 if state_code else 3):
        place = 7 + 2 * state
        high = body[place + 1] + 1
        with pytest.raises(InconsistentError):
            decode_plane(rans_plane(body[: place + 1] + bytes([high]) + body[place + 2 :]), 5)


def test_sizes_beyond_the_block() -> None:
    with pytest.raises(TruncatedError):
        decode_plane(b"\x02" + struct.pack("<I", len(GOOD) + 1) + GOOD, 5)
    with pytest.raises(TruncatedError):
        decode_plane(b"\x03" + struct.pack("<I", 17) + struct.pack("<4I", 0, 1, 0, 0), 5)


def test_an_inner_plane_beyond_its_rans_size() -> None:
    """The bytes are in the block, but behind what rans_size counts."""
    body = GOOD[:STATES_AT]
    with pytest.raises(TruncatedError):
        decode_plane(b"\x02" + struct.pack("<I", STATES_AT - 1) + body + GOOD, 5)


# Parts and nibbles.


def test_numbers_of_states() -> None:
    """The same bytes with 4, 256, 64 and 128 states."""
    data = bytes([1, 1, 1, 2]) * 40
    for state_code, states in enumerate((4, 256, 64, 128)):
        body = rans_body(data, {1: 128, 2: 128}, state_code=state_code)
        assert decode_plane(rans_plane(body), 160) == data
        # One byte: state 0 lies in the first slot of symbol 2, and 128 * (640 >> 8) is 256.
        by_hand = bytes([state_code, 2, 1, 2, 128, 128, 0]) + struct.pack(f"<{states}H", 640, *[256] * (states - 1))
        assert decode_plane(rans_plane(by_hand), 1) == b"\2"


def test_parts() -> None:
    plane = bytes.fromhex("04 00100000 0107") + b"\0" + bytes(4096) + bytes.fromhex("00 0102")
    assert decode_plane(plane, 8194) == b"\7" * 4096 + bytes(4096) + b"\1\2"


def test_nibbles() -> None:
    assert decode_plane(bytes.fromhex("05 01 00 2103 00 0a0b0c"), 3) == bytes.fromhex("a1b2c3")
    assert decode_plane(bytes.fromhex("05 00 00 010203 00 0a0b0c"), 3) == bytes.fromhex("a1b2c3")


@pytest.mark.parametrize(
    ("part_bytes", "m"), [(0, 5000), (1, 5000), (4095, 5000), (4097, 5000), (4096, 4096), (8192, 5000), (4096, 5)]
)
def test_parts_of_other_sizes(part_bytes: int, m: int) -> None:
    with pytest.raises(OutOfRangeError):
        decode_plane(parts_plane(part_bytes, [constant_plane(1)] * 8), m)


@pytest.mark.parametrize("inner", [parts_plane(4096, [constant_plane(1)] * 2), lz_plane(lz_body((0, 1, 0, 0), []))])
def test_parts_and_matches_inside_planes(inner: bytes) -> None:
    with pytest.raises(OutOfRangeError):
        decode_plane(parts_plane(8192, [inner, constant_plane(1)]), 8193)
    with pytest.raises(OutOfRangeError):
        decode_plane(nibbles_plane(0, inner, constant_plane(1)), 8192)


def test_nibbles_at_depth_2() -> None:
    inner = nibbles_plane(0, constant_plane(1), constant_plane(0))
    outer = nibbles_plane(0, inner, constant_plane(2))
    assert decode_plane(outer, 5) == b"\x21" * 5
    with pytest.raises(OutOfRangeError):
        decode_plane(nibbles_plane(0, outer, constant_plane(2)), 5)
    assert decode_plane(parts_plane(4096, [inner, inner]), 4100) == b"\1" * 4100


@pytest.mark.parametrize(
    ("plane", "error"),
    [
        ("05 02 00 010203 00 0a0b0c", OutOfRangeError),
        ("05 00 00 010210 00 0a0b0c", OutOfRangeError),
        ("05 00 00 010203 00 0a0bf0", OutOfRangeError),
        ("05 01 00 2103 00 0a0b10", OutOfRangeError),
        ("05 01 00 2113 00 0a0b0c", OutOfRangeError),
        ("05 00 00 010203 00 0a0b", TruncatedError),
        ("05", TruncatedError),
        ("05 01 00 2103", TruncatedError),
        ("05 01 00 2103 00 0a0b0c 00", InconsistentError),
    ],
)
def test_nibbles_that_break_a_rule(plane: str, error: type[AimcError]) -> None:
    with pytest.raises(error):
        decode_plane(bytes.fromhex(plane), 3)


def test_a_missing_part() -> None:
    with pytest.raises(TruncatedError):
        decode_plane(parts_plane(4096, [constant_plane(1)]), 4097)
    with pytest.raises(InconsistentError):
        decode_plane(parts_plane(4096, [constant_plane(1)] * 3), 4097)


# Broken rules of matches.


def sequence(
    m: int = 9,
    literals: bytes = b"abc",
    literal_lengths: str = "02",
    match_lengths: str = "02",
    distance: tuple[int, int, int] = (2, 0, 0),
    more: bytes = b"",
    sizes: tuple[int, int, int, int] | None = None,
) -> bytes:
    """One sequence: "ab", 6 bytes from 2 before, "c"."""
    lengths = [bytes.fromhex(literal_lengths), bytes.fromhex(match_lengths)]
    planes = [raw_plane(content) for content in (literals, *lengths, *(bytes([d]) for d in distance))]
    sizes = sizes or (1, len(literals), len(lengths[0]), len(lengths[1]))
    return decode_plane(lz_plane(lz_body(sizes, planes) + more), m)


def test_the_good_sequence() -> None:
    assert sequence() == b"ababababc"
    assert sequence(match_lengths="00", m=7) == b"ababab" + b"c"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"distance": (0, 0, 0)}, OutOfRangeError),
        ({"distance": (3, 0, 0)}, OutOfRangeError),
        ({"distance": (0, 0, 1)}, OutOfRangeError),
        ({"literal_lengths": "00"}, OutOfRangeError),  # nothing lies before the match
        ({"literal_lengths": "04"}, InconsistentError),
        ({"literal_lengths": "ffffffffff"}, InconsistentError),
        ({"match_lengths": "ffffffffff"}, InconsistentError),
        ({"match_lengths": "fffe000000", "m": 261}, OutOfRangeError),
        ({"literal_lengths": "fffe000000"}, OutOfRangeError),
        ({"match_lengths": "03"}, InconsistentError),
        ({"match_lengths": "01"}, InconsistentError),
        ({"m": 10}, InconsistentError),
        ({"m": 8}, InconsistentError),
        ({"literal_lengths": "0200"}, InconsistentError),
        ({"match_lengths": "0202"}, InconsistentError),
        ({"match_lengths": "ff000000"}, InconsistentError),
        ({"more": b"\0"}, InconsistentError),
        ({"sizes": (3, 3, 1, 1)}, InconsistentError),
        ({"sizes": (0, 3, 1, 1)}, InconsistentError),
        ({"sizes": (1, 0xFFFFFFFF, 1, 1)}, InconsistentError),
        ({"sizes": (1, 3, 0xFFFFFFFF, 1)}, InconsistentError),
        ({"sizes": (1, 3, 1, 0xFFFFFFFF)}, InconsistentError),
        ({"sizes": (1, 3, 0, 1)}, InconsistentError),
        ({"sizes": (1, 3, 1, 6)}, InconsistentError),
    ],
)
def test_sequences_that_break_a_rule(changes: dict[str, object], error: type[AimcError]) -> None:
    with pytest.raises(error):
        sequence(**changes)  # type: ignore[arg-type]


# The draws reach what they are made for.


def test_draws_reach_every_method_and_depth() -> None:
    seen: set[tuple[int, int]] = set()

    for seed in range(1000):
        rng = seeded(seed)
        plane = draw_plane(rng, draw_data(rng, 60))
        seen.add((0, plane[0]))
        depth = 0
        while plane[0] == 2 and plane[5 + 2 + 2 * plane[6]]:  # rans with escapes: their plane follows escape_count
            depth += 1
            plane = plane[5 + 2 + 2 * plane[6] + 1 + 4 :]
            seen.add((depth, plane[0]))
    depth_0 = {(0, k) for k in (0, 1, 2, 3, 5)}
    assert depth_0 | {(1, 5)} | {(d, k) for d in (1, 2, 3) for k in (0, 1, 2)} <= seen
    data = bytes(5000)
    assert 4 in {draw_plane(seeded(seed), data)[0] for seed in range(20)}
