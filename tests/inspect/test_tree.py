"""The tree of elements: every bit in exactly one of them, whatever the bytes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.errors import AimcError
from aimcodec.inspect import Node, place_of, read_tree
from aimcodec.inspect.render import element_record, place_lines, tree_lines
from aimcodec.syntax.nnc import check_stream, iter_units

from ..conformance.cases import Case, case_parameters, has_certain_place
from ..reference.annotated import PLAIN, TABLES

EVERY_CASE = case_parameters("valid", "uncommon", "invalid", slow_beyond=100_000)
PLAIN_STREAM = PLAIN[0].stream


def leaves(nodes: list[Node]) -> list[Node]:
    return [node for top in nodes for node in top.walk() if node.record is not None]


def assert_covers(data: bytes) -> None:
    """Leaves follow each other without holes, and each structure is as long as its parts."""
    tree = read_tree(data)
    position = 0
    for leaf in leaves(tree.roots):
        assert leaf.bit_offset == position
        position += leaf.bit_length
    assert position == 8 * len(data)
    for node in (node for top in tree.roots for node in top.walk() if node.record is None):
        assert node.bit_length == sum(child.bit_length for child in node.children)
        assert node.bit_offset == node.children[0].bit_offset
        assert all(child.path == f"{node.path}.{child.name}" for child in node.children)


@pytest.mark.parametrize("case", EVERY_CASE)
def test_every_bit_is_accounted_for(case: Case) -> None:
    for step in case.steps:
        assert_covers(step.data)


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", "invalid", syntax="aim", slow_beyond=20_000))
def test_every_bit_of_packages_is_accounted_for(case: Case) -> None:
    assert_covers((case.folder / "stream.aim").read_bytes())


@given(st.binary(max_size=60))
def test_any_bytes_have_a_tree(data: bytes) -> None:
    assert_covers(data)


@given(st.integers(0, 8 * len(PLAIN_STREAM) - 1), st.integers(0, len(PLAIN_STREAM)))
def test_damage_has_a_tree_with_every_bit(bit: int, end: int) -> None:
    damaged = bytearray(PLAIN_STREAM)
    damaged[bit >> 3] ^= 128 >> (bit & 7)
    assert_covers(bytes(damaged[:end]))


@pytest.mark.parametrize("table", TABLES, ids=[t["section"] for t in TABLES])
def test_elements_of_the_annotated_streams(table: dict[str, Any]) -> None:
    """Place, name, bits and value of every element, as section 17 has them."""
    found = {}
    for leaf in leaves(read_tree(bytes.fromhex(table["stream"])).roots):
        record = leaf.record
        if record and record.bit_length and record.status == "ok":
            place = f"{record.bit_offset >> 3}.{record.bit_offset & 7}"
            found[place] = (plain_name(leaf.name), f"{record.raw:0{record.bit_length}b}", record.value)
    for place, name, _, bits, value in table["header"]:
        assert found[place] == (plain_name(name), bits, value)


def plain_name(name: str) -> str:
    """Without the index: the text numbers some loops by what the element is for."""
    return re.sub(r"\[.*\]| \(.*\)", "", name)


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", slow_beyond=100_000))
def test_good_streams_have_no_errors(case: Case) -> None:
    for step in case.steps:
        assert read_tree(step.data).errors == []


@pytest.mark.parametrize("case", [p for p in case_parameters("invalid") if has_certain_place(p.values[0])])
def test_errors_are_where_the_cases_say(case: Case) -> None:
    (step,) = case.steps
    tree = read_tree(step.data)
    assert tree.errors[0].bit_offset == step.expect["bit_offset"]


def test_reading_goes_on_after_a_damaged_unit() -> None:
    damaged = bytearray(PLAIN_STREAM)
    damaged[15] = 0xFF  # topology_storage_format of units[2]
    tree = read_tree(bytes(damaged))
    (error,) = tree.errors
    assert error.path == "units[2].nnr_topology_unit_header.topology_storage_format"
    assert [root.name for root in tree.roots] == [f"units[{i}]" for i in range(4)]
    assert [leaf.record.status for leaf in leaves(tree.roots[2:3]) if leaf.record][-1] == "gap"
    assert tree.below("units[3]")[0].bit_length == 8 * 24


def test_at_bit_finds_the_element_and_what_it_is_in() -> None:
    tree = read_tree(PLAIN_STREAM)
    for leaf in leaves(tree.roots):
        for bit in {leaf.bit_offset, leaf.bit_offset + leaf.bit_length - 1} if leaf.bit_length else ():
            branch = tree.at_bit(bit)
            assert branch[-1] is leaf
            assert [node.name for node in branch] == leaf.path.split(".")
    assert tree.at_bit(8 * len(PLAIN_STREAM)) == []


def test_below_gives_the_highest_nodes() -> None:
    tree = read_tree(PLAIN_STREAM)
    assert [n.path for n in tree.below("units[")] == ["units[0]", "units[1]", "units[2]", "units[3]"]
    dimensions = tree.below("units[3].nnr_compressed_data_unit_header.tensor_dimensions[")
    assert [n.record.value for n in dimensions if n.record] == [2, 3]
    assert tree.below("unit[3]") == []


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("case", EVERY_CASE)
def test_lines_fit(case: Case, width: int) -> None:
    tree = read_tree(case.steps[0].data)
    if tree.roots:
        for line in tree_lines(tree, tree.roots, None, width):
            assert len(line) <= width
            assert line.isprintable()
    for error in tree.errors:
        if error.bit_offset is not None and error.bit_offset < 8 * len(tree.data):
            assert any(line.startswith(">") for line in place_lines(tree, error.bit_offset, width))


@pytest.mark.parametrize("case", EVERY_CASE)
def test_json_of_elements_gives_the_bits_back(case: Case) -> None:
    for step in case.steps:
        tree = read_tree(step.data)
        bits = ""
        for leaf in leaves(tree.roots):
            assert leaf.record is not None
            record = json.loads(json.dumps(element_record(leaf.record), allow_nan=False))
            covered = whole_bits(step.data, record["bit_offset"], record["bit_length"])
            assert record["raw"] in {None, covered}
            bits += record["raw"] or covered
        assert bits == whole_bits(step.data, 0, 8 * len(step.data))


def whole_bits(data: bytes, offset: int, length: int) -> str:
    return "".join(f"{byte:08b}" for byte in data[offset >> 3 : (offset + length + 7) >> 3])[offset & 7 :][:length]


@pytest.mark.parametrize("case", [p for p in case_parameters("invalid") if has_certain_place(p.values[0])])
def test_violations_of_the_syntax_have_a_clause(case: Case) -> None:
    data = case.steps[0].data
    place = place_of(check_stream(data)[0], data)
    assert place.bit_offset == case.steps[0].expect["bit_offset"]
    assert re.fullmatch(r"\d+(\.\d+)?", place.clause)


def test_place_of_an_error_that_knows_only_its_path() -> None:
    path = "units[3].nnr_compressed_data_unit_header.tensor_dimensions"
    place = place_of(AimcError("x", path=path), PLAIN_STREAM)
    assert (place.bit_offset, place.clause) == (27 * 8 + 2, "4.1")
    assert place_of(AimcError("x"), PLAIN_STREAM).bit_offset is None


def test_every_element_of_good_streams_is_in_the_table_of_clauses() -> None:
    data = PLAIN_STREAM
    assert list(iter_units(data))
    for leaf in leaves(read_tree(data).roots):
        assert leaf.record is not None
        assert place_of(AimcError("", path=leaf.path, bit_offset=0), data).clause == leaf.record.clause
