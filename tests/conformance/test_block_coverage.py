"""Coded data of AIM: what the blocks of accepted streams reach, counted in the slow decoder as it reads them."""

from __future__ import annotations

import re

import pytest

from aimcodec.conformance.catalogue import load_catalogue
from aimcodec.reference.aim import context, little_endian, plane, read

PLAIN = [case for case in load_catalogue().cases if case.syntax == "aim" and case.verdict == "accept"]
CODED = [case for case in PLAIN if case.area in ("blocks", "shapes", "types") and case.bytes < 200_000]

COUNTED = {"block_mode", "plane_method", "state_code", "packed", "mantissa_bits"}
SYMBOLS = 64


@pytest.fixture(scope="module")
def seen() -> set[tuple[object, ...]]:
    """Elements and values, methods by depth, lengths of planes, symbols by table, rates of columns."""
    points: set[tuple[object, ...]] = set()
    with pytest.MonkeyPatch.context() as patch:
        number, decode_plane, decode_symbols = little_endian.CodedReader.number, plane.plane, plane.decode_symbols
        code, rate_of, expand = context.Codes.code, context.rate_of, plane.expand

        def counted_number(self: little_endian.CodedReader, size: int, name: str) -> int:
            value = number(self, size, name)
            element = name.rpartition(".")[2]
            if element in COUNTED:
                points.add((element, value))
            if element == "symbol_count" or (name.endswith(".count") and name.startswith("table")):
                points.add((name, value))
            return value

        def counted_plane(r: little_endian.CodedReader, m: int, name: str, depth: int) -> bytes:
            method = r.data[r.position]
            points.add(("method", method, "depth", depth))
            points.add(("plane", re.sub(r"\d+", "i", name), "method", method))
            return decode_plane(r, m, name, depth)

        def counted_symbols(r: little_endian.CodedReader, m: int, model: object, escapes: bytes) -> bytes:
            points.add(("states", model.states, "escape", bool(model.escape_frequency)))  # type: ignore[attr-defined]
            points.add(("states", model.states, "more than m", model.states > m))  # type: ignore[attr-defined]
            return decode_symbols(r, m, model, escapes)  # type: ignore[arg-type]

        def counted_code(self: context.Codes, i: int, level: int) -> int:
            table = level >> 6 & 3
            slot = self.state[i % context.STATES] & (context.SLOTS - 1)
            points.add(("table", table, "symbol", self.tables[table][slot].symbol))
            value = code(self, i, level)
            error = 64 * value + 32 - level
            points.add(("error", "low" if error < -128 else "high" if error > 512 else "kept"))
            return value

        def counted_rate(row: int) -> int:
            points.add(("rate", rate_of(row)))
            return rate_of(row)

        def counted_expand(
            m: int, literals: bytes, firsts: bytes, seconds: bytes, distances: list[bytes], place: object
        ) -> bytes:
            points.update(("long length", which, 255 in data) for which, data in (("l", firsts), ("m", seconds)))
            points.update(("distance byte", k, any(distances[k])) for k in range(3))
            return expand(m, literals, firsts, seconds, distances, place)  # type: ignore[arg-type]

        patch.setattr(little_endian.CodedReader, "number", counted_number)
        for module in (plane, context):
            patch.setattr(module, "plane", counted_plane)
        patch.setattr("aimcodec.reference.aim.block.plane", counted_plane)
        patch.setattr(plane, "decode_symbols", counted_symbols)
        patch.setattr(plane, "expand", counted_expand)
        patch.setattr(context.Codes, "code", counted_code)
        patch.setattr(context, "rate_of", counted_rate)
        for case in CODED:
            read(case.steps[0].data)
    return points


def test_every_mode_and_value_of_elements(seen: set[tuple[object, ...]]) -> None:
    expected = {("block_mode", mode) for mode in range(5)} | {("plane_method", method) for method in range(6)}
    expected |= {("state_code", code) for code in range(4)} | {("packed", 0), ("packed", 1)}
    assert expected | {("mantissa_bits", 7), ("mantissa_bits", 10)} <= seen


def test_every_method_at_every_depth_that_may_have_it(seen: set[tuple[object, ...]]) -> None:
    """7.2: matches and parts at depth 0, nibbles at 0 and 1, the others everywhere."""
    permitted = [(method, depth) for depth in range(4) for method in (0, 1, 2)]
    permitted += [(3, 0), (4, 0), (5, 0), (5, 1)]
    assert {("method", method, "depth", depth) for method, depth in permitted} == {s for s in seen if s[0] == "method"}


def test_every_number_of_states_with_and_without_escapes(seen: set[tuple[object, ...]]) -> None:
    for states in (4, 64, 128, 256):
        assert {("states", states, "escape", escape) for escape in (False, True)} <= seen
        assert ("states", states, "more than m", False) in seen


def test_planes_inside_are_coded_too(seen: set[tuple[object, ...]]) -> None:
    """Masks, escapes, literals, lengths, distances, parts and halves: raw and entropy coded."""
    names = {str(s[1]) for s in seen if s[0] == "plane"}
    assert {"mask", "escapes", "literals", "literal_lengths", "match_lengths"} <= names
    for name in ("mask", "escapes", "literals", "literal_lengths", "match_lengths"):
        assert {("plane", name, "method", method) for method in (0, 2)} <= seen


def test_lengths_and_distances_of_every_size(seen: set[tuple[object, ...]]) -> None:
    assert {("long length", which, long) for which in "lm" for long in (False, True)} <= seen
    assert {("distance byte", k, used) for k in range(3) for used in (False, True)} <= seen


def test_tables_of_context_coding_give_every_symbol(seen: set[tuple[object, ...]]) -> None:
    """8.3: the escape, 0, and symbols 1 to 63 of each of the four tables."""
    for table in range(4):
        assert {s[3] for s in seen if s[:2] == ("table", table)} >= set(range(SYMBOLS))


def test_columns_follow_at_every_rate_and_errors_are_cut_at_both_ends(seen: set[tuple[object, ...]]) -> None:
    assert {("rate", rate) for rate in (16, 8, 4, 2, 1)} <= seen
    assert {("error", end) for end in ("low", "high", "kept")} <= seen
