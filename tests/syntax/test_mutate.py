"""Streams with one element changed: what is put right, what is reported, and where reading stops."""

from __future__ import annotations

import hashlib
import random
import zlib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from aimcodec.errors import AimcError
from aimcodec.syntax.aim import UnitType
from aimcodec.syntax.coverage import SyntaxName, points_of
from aimcodec.syntax.mutate import CannotMutateError, MutationKind, mutate

from .test_draw import CHECK, DRAW, READ, SYNTAXES, TRACE, WRITE, both, seeded, sources

LEGAL: frozenset[MutationKind] = frozenset({"min", "max", "flip", "other", "random"})
LENGTHENING: frozenset[MutationKind] = frozenset({"max", "min", "above"})
ILLEGAL: frozenset[MutationKind] = frozenset({"below", "above", "reserved"})


def refusal(data: bytes, syntax: SyntaxName) -> AimcError | None:
    try:
        for _ in READ[syntax](data):
            pass
    except AimcError as error:
        return error
    return next(iter(CHECK[syntax](data)), None)  # who reads units does not look into structures; checking does


@both
@sources
def test_what_is_not_permitted_is_refused_at_its_first_bit(syntax: SyntaxName, rng: random.Random) -> None:
    data = WRITE[syntax](DRAW[syntax](rng))
    change = mutate(data, syntax, rng, kinds=ILLEGAL)
    assert not change.legal
    error = refusal(change.data, syntax)
    assert error is not None
    assert (error.bit_offset, error.path) == (change.bit_offset, change.path)
    first = CHECK[syntax](change.data)[0]
    assert (first.bit_offset, first.path) == (change.bit_offset, change.path)


@both
@sources
def test_bits_that_are_not_permitted_too(syntax: SyntaxName, rng: random.Random) -> None:
    """Markers, reserved bits, alignment, padding and texts; others may have any bits."""
    try:
        change = mutate(WRITE[syntax](DRAW[syntax](rng)), syntax, rng, kinds=frozenset({"bits"}))
    except CannotMutateError:  # a stream of nothing but numbers
        return
    error = refusal(change.data, syntax)
    if not change.legal:
        assert error is not None
        assert (error.bit_offset, error.path) == (change.bit_offset, change.path)


@both
@sources
def test_the_element_is_the_one_that_the_trace_shows(syntax: SyntaxName, rng: random.Random) -> None:
    """What is described as old is what was there, and nothing before it has changed but what depends on it."""
    data = WRITE[syntax](DRAW[syntax](rng))
    change = mutate(
        data, syntax, rng, repair=False, kinds=frozenset({"min", "max", "flip", "other", "count", "length"})
    )
    record = next(r for r in TRACE[syntax](data) if r.bit_offset == change.bit_offset and r.bit_length)
    assert (record.path, record.value) == (change.path, change.old)
    assert change.new != change.old
    whole = change.bit_offset >> 3
    assert change.data[:whole] == data[:whole]
    after = next((r for r in TRACE[syntax](change.data) if r.bit_offset == change.bit_offset and r.bit_length), None)
    if after is not None and after.status == "ok":
        assert after.value == change.new


@both
@sources
def test_any_change_gives_units_or_one_error(syntax: SyntaxName, rng: random.Random) -> None:
    data = WRITE[syntax](DRAW[syntax](rng))
    for _ in range(3):
        try:
            data = mutate(data, syntax, rng, repair=bool(rng.randrange(2))).data
        except CannotMutateError:
            break
        error = refusal(data, syntax)
        assert bool(CHECK[syntax](data)) == (error is not None)
        if error is None:
            assert WRITE[syntax](READ[syntax](data)) == data
        position = 0
        for record in TRACE[syntax](data):
            assert record.bit_offset == position
            position += record.bit_length
        assert position == 8 * len(data)
        assert points_of(data, syntax) is not None


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(data=hs.binary(max_size=200), rng=hs.randoms(use_true_random=False))
def test_any_bytes(syntax: SyntaxName, data: bytes, rng: random.Random) -> None:
    try:
        change = mutate(data, syntax, rng)
    except CannotMutateError:
        return
    assert change.data != data


@both
def test_deterministic(syntax: SyntaxName) -> None:
    data = WRITE[syntax](DRAW[syntax](seeded(1)))
    assert mutate(data, syntax, seeded(5)) == mutate(data, syntax, seeded(5))
    assert len({mutate(data, syntax, seeded(seed)).data for seed in range(50)}) > 25


@both
@pytest.mark.parametrize("kind", get_args(MutationKind))
def test_all_kinds_of_changes_are_made(syntax: SyntaxName, kind: MutationKind) -> None:
    for seed in range(100):
        rng = seeded(seed)
        try:
            change = mutate(WRITE[syntax](DRAW[syntax](rng)), syntax, rng, kinds=frozenset({kind}))
        except CannotMutateError:
            continue
        assert change.kind == kind
        return
    pytest.fail("never")


def ends_with_a_unit(data: bytes) -> bool:
    """Follows the sizes of section 2 by hand."""
    place = 0
    while place < len(data):
        long_form = data[place] >> 7
        width = 4 if long_form else 2
        size = int.from_bytes(data[place : place + width], "big") & ((1 << (8 * width - 1)) - 1)
        if not size:
            return False
        place += size
    return place == len(data)


def test_sizes_of_nnc_follow() -> None:
    """An element of another length makes the unit longer or shorter; its size says so if it is put right."""
    longer = lost = 0
    for seed in range(300):
        rng = seeded(seed)
        data = WRITE["nnc"](DRAW["nnc"](rng))
        state = rng.getstate()
        change = mutate(data, "nnc", rng, kinds=LENGTHENING)
        rng.setstate(state)
        left = mutate(data, "nnc", rng, kinds=LENGTHENING, repair=False)
        assert (change.path, change.new) == (left.path, left.new)
        if len(left.data) != len(data):
            assert ends_with_a_unit(change.data)
            longer += 1
            lost += not ends_with_a_unit(left.data)
    assert longer > 10
    assert lost > longer // 2  # a few go on at what happens to look like a size


def test_aim_without_repair_changes_one_place_only() -> None:
    data = WRITE["aim"](DRAW["aim"](seeded(3)))
    for seed in range(60):
        change = mutate(data, "aim", seeded(seed), repair=False)
        assert len(change.data) == len(data)
        changed = [place for place, pair in enumerate(zip(data, change.data, strict=True)) if pair[0] != pair[1]]
        assert change.bit_offset >> 3 <= changed[0]


def test_aim_with_repair_has_good_checksums_and_digests() -> None:
    """Found by hand, by the offsets of clause 2.2 and 5.2: the change is in a payload, nothing else may be at fault."""
    for seed in range(200):
        rng = seeded(seed)
        units = DRAW["aim"](rng)
        data = WRITE["aim"](units)
        change = mutate(data, "aim", rng, kinds=frozenset({"bits"}))
        target = next(unit for unit in units if 8 * unit.offset <= change.bit_offset < 8 * (unit.offset + unit.size))
        if not change.path.endswith(".payload"):
            continue
        assert refusal(change.data, "aim") is None
        head = change.data[target.offset :]
        payload_size = int.from_bytes(head[14:22], "big")
        header_size = int.from_bytes(head[10:14], "big")
        payload = head[-(-header_size // 64) * 64 :][:payload_size]
        assert zlib.crc32(payload) == int.from_bytes(head[22:26], "big")
        assert zlib.crc32(head[: header_size - 4]) == int.from_bytes(head[header_size - 4 : header_size], "big")
        index = units[-2]
        assert index.kind == UnitType.INDEX
        end_header = change.data[units[-1].offset + 26 :]
        digest = hashlib.sha256(change.data[index.offset : index.offset + index.size]).digest()
        assert end_header[24:56] == digest
        return
    pytest.fail("no payload was changed")
