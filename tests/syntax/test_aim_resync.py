"""After damage the reading of a package goes on at the next unit, and every bit stays in one record."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.syntax.aim import DamagedUnit, Unit, UnitType, check_file, scan_units, trace_file, write_units

MARKER = bytes.fromhex("8941494d0d0a1a0a")


def package(*assets: bytes) -> bytes:
    units = [
        Unit(UnitType.ASSET, {"asset_header": {"asset_name": f"a{n}", "media_type": ""}}, data)
        for n, data in enumerate(assets)
    ]
    return write_units(units)


def package_unit() -> bytes:
    """What every file begins with."""
    header = {"version_major": 1, "version_minor": 0, "producer": ""}
    return write_units([Unit(UnitType.PACKAGE, {"package_header": header})])


PLAIN = package(b"x" * 100, b"y" * 100, b"z" * 100)
STARTS = [at for at in range(0, len(PLAIN), 64) if PLAIN.startswith(MARKER, at)]


def flipped(data: bytes, *bits: int) -> bytes:
    changed = bytearray(data)
    for bit in bits:
        changed[bit >> 3] ^= 128 >> (bit & 7)
    return bytes(changed)


def assert_covers(data: bytes) -> None:
    position = 0
    for record in trace_file(data):
        assert record.bit_offset == position
        position += record.bit_length
    assert position == 8 * len(data)


def places(data: bytes) -> list[int]:
    return [unit.offset for unit in scan_units(data)]


def test_the_plain_file() -> None:
    assert len(STARTS) == 3
    assert places(PLAIN) == [*STARTS]


@pytest.mark.parametrize("bit", range(0, 8 * 26))
def test_any_bit_of_a_frame(bit: int) -> None:
    """Sizes, marker, checksum: whatever is damaged, the units after it are found."""
    data = flipped(PLAIN, 8 * STARTS[1] + bit)
    found = [unit for unit in scan_units(data) if unit.offset in STARTS]
    assert [unit.offset for unit in found] == STARTS
    assert isinstance(found[1], DamagedUnit)
    assert bytes(next(u for u in found if u.offset == STARTS[2] and isinstance(u, Unit)).payload) == b"z" * 100
    assert_covers(data)


@pytest.mark.parametrize(
    ("data", "intact"),
    [
        (PLAIN[: STARTS[1] + 70] + PLAIN[STARTS[2] :], "xz"),
        (PLAIN[: STARTS[1] + 7] + PLAIN[STARTS[1] + 20 :], "xz"),
        (PLAIN[: STARTS[1]] + b"?" * 77 + PLAIN[STARTS[1] :], "xyz"),
        (PLAIN[5:], "yz"),
    ],
)
def test_bytes_that_are_missing_or_too_many(data: bytes, intact: str) -> None:
    """A first damage hides none of the good units after it, also where they do not begin at multiples of 64."""
    good = [unit.payload for unit in scan_units(b"".join([package_unit(), data])) if isinstance(unit, Unit)]
    assert [chr(payload[0]) for payload in good[1:]] == list(intact)
    assert_covers(data)


def test_a_package_inside_of_an_asset_is_not_taken_for_the_next_unit() -> None:
    inner = package(b"inside")
    data = package(inner, b"outside")
    name = data.index(b"a0")
    assert places(flipped(data, 8 * name)) == places(data)


def test_good_headers_inside_of_what_was_read_are_passed_over() -> None:
    """A marker in the frame of a damaged unit: no bit may be in two records."""
    inner = package(b"inside")[:64]
    data = MARKER + bytes(2) + inner + bytes(200)
    assert_covers(data)
    assert_covers(MARKER + bytes([6]) + inner + bytes(200))


def test_overlapping_headers_are_checked_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    summed = 0
    real = zlib.crc32

    def counting(data: bytes) -> int:
        nonlocal summed
        summed += len(data)
        return real(data)

    frames = 2000
    data = b"".join(MARKER + bytes([6, 0]) + struct.pack(">IQI", 26 * (frames - n), 0, 0) for n in range(frames))
    monkeypatch.setattr(zlib, "crc32", counting)
    assert len(check_file(data)) == 1
    assert summed <= 5 * len(data)
    assert_covers(data)


@given(st.lists(st.sampled_from([MARKER, PLAIN[:26], PLAIN[:64], PLAIN[64:192], PLAIN, b"\0", b"?" * 40]), max_size=8))
def test_any_pieces_are_covered(pieces: list[bytes]) -> None:
    assert_covers(b"".join(pieces))
