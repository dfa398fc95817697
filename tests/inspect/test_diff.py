"""Two streams unit by unit and element by element."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec import nnc
from aimcodec.errors import ArgumentError
from aimcodec.inspect import Node, read_tree
from aimcodec.inspect.align import align, unit_label
from aimcodec.inspect.diff import StructureDiff, diff_trees
from aimcodec.syntax import TraceRecord
from aimcodec.syntax.aim import Unit, UnitType, write_units

from ..conformance.cases import Case, case_parameters


def unit(number: int, kind: int, name: str) -> Node:
    def leaf(element: str, value: Any) -> Node:
        path = f"units[{number}].{element}"
        return Node(element, path, 0, 8, TraceRecord(0, 8, "u(8)", path, 0, value, "1", "ok"))

    return Node(
        f"units[{number}]", f"units[{number}]", 0, 16, None, [leaf("unit_type", kind), leaf("tensor_name", name)]
    )


def units(names: str) -> list[Node]:
    """Tensors with these letters as names; capital ones are of another type."""
    return [unit(number, int(name.isupper()), name) for number, name in enumerate(names)]


NAMES = st.text("abcABC", max_size=8)


@given(NAMES, NAMES)
def test_every_unit_is_in_one_pair_and_those_not_moved_are_in_order(first: str, second: str) -> None:
    pairs = align(units(first), units(second))
    assert sorted(p.first for p in pairs if p.first is not None) == list(range(len(first)))
    assert sorted(p.second for p in pairs if p.second is not None) == list(range(len(second)))
    both = [p for p in pairs if p.first is not None and p.second is not None]
    assert all(first[p.first or 0].isupper() == second[p.second or 0].isupper() for p in both)
    still = [p for p in both if not p.moved]
    assert [p.second for p in still] == sorted(p.second or 0 for p in still)
    common = sum(min(first.count(name), second.count(name)) for name in set(first))
    assert sum(first[p.first or 0] == second[p.second or 0] for p in both) >= common


@given(st.permutations("abcdef"), st.permutations("abcdef"))
def test_as_few_units_as_can_be_are_moved(first: list[str], second: list[str]) -> None:
    kept = sum(not pair.moved for pair in align(units("".join(first)), units("".join(second))))
    best = 0  # the longest common subsequence, by trying all
    for chosen in range(1 << len(first)):
        letters = [name for i, name in enumerate(first) if chosen >> i & 1]
        places = [second.index(name) for name in letters]
        best = max(best, len(places) if places == sorted(places) else 0)
    assert kept == best


def shown(first: str, second: str) -> str:
    pairs = align(units(first), units(second))
    return " ".join(
        f"{first[p.first] if p.first is not None else '-'}{second[p.second] if p.second is not None else '-'}"
        + "*" * p.moved
        for p in pairs
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("abc", "abc", "aa bb cc"),
        ("abc", "ac", "aa b- cc"),
        ("ac", "abc", "aa -b cc"),
        ("abc", "aBc", "aa b- -B cc"),
        ("abc", "adc", "aa bd cc"),
        ("abcd", "bcda", "aa* bb cc dd"),
        ("aab", "ab", "aa a- bb"),
        ("", "ab", "-a -b"),
        ("ab", "", "a- b-"),
    ],
)
def test_pairs(first: str, second: str, expected: str) -> None:
    assert shown(first, second) == expected


def test_a_hundred_thousand_units_of_one_kind() -> None:
    """Alignment is not quadratic: this would take minutes."""
    many = [unit(0, 0, "x")] * 100_000
    assert len(align(many, many[:-1])) == 100_000


def streams(change: str) -> tuple[bytes, bytes]:
    tensors = {name: np.full((4, 4), number / 8, np.float32) for number, name in enumerate("abcd", 1)}
    other = dict(tensors)
    if change == "value":
        other["c"] = other["c"] * 2
    elif change == "gone":
        del other["b"]
    elif change == "new":
        other = {"new": np.ones((4, 4), np.float32), **other}
    return nnc.encode(tensors, qp=-24), nnc.encode(other, qp=-24)


def differing(diff: StructureDiff) -> list[tuple[str | None, str | None, list[str]]]:
    return [
        (u.first and u.first.path, u.second and u.second.path, [e.path for e in u.elements])
        for u in diff.units
        if not u.is_same
    ]


def test_equal_streams() -> None:
    one, other = streams("")
    diff = diff_trees(read_tree(one), read_tree(other))
    assert diff.is_same
    assert diff.first is None


def test_a_changed_value_is_in_its_payload() -> None:
    one, other = streams("value")
    ((a, b, elements),) = differing(diff_trees(read_tree(one), read_tree(other)))
    assert a == b
    assert elements[-1] == "nnr_compressed_data_unit_payload"


def test_new_and_lost_tensors() -> None:
    for change, missing in (("gone", 1), ("new", 0)):
        one, other = streams(change)
        found = differing(diff_trees(read_tree(one), read_tree(other)))
        alone = [pair for pair in found if None in pair[:2]]
        assert [pair.index(None) for pair in alone] == [missing]
        # What is numbered changes with it, and nothing else.
        assert {name.rpartition(".")[2] for *_, names in found for name in names} <= {"parameter_id"}


def package(**fields: Any) -> bytes:
    header = {"asset_name": "n", "media_type": "m", **fields}
    return write_units([Unit(UnitType.ASSET, {"asset_header": header}, b"x")])


def test_elements_that_one_of_them_lacks() -> None:
    one, other = streams("")
    longer = nnc.encode({name: np.full((4, 4, 1), 1.0, np.float32) for name in "abcd"}, qp=-24)
    diff = diff_trees(read_tree(one), read_tree(longer))
    unit_ = next(u for u in diff.units if u.elements and u.first and "NDU" in unit_label(u.first))
    added = [e.path.rpartition(".")[2] for e in unit_.elements if e.first is None]
    assert "tensor_dimensions[2]" in added
    back = diff_trees(read_tree(longer), read_tree(other))
    unit_ = next(u for u in back.units if u.elements and u.first and "NDU" in unit_label(u.first))
    assert added == [e.path.rpartition(".")[2] for e in unit_.elements if e.second is None]


def test_the_first_element_that_differs() -> None:
    diff = diff_trees(read_tree(package()), read_tree(package(media_type="q")))
    first = diff.first
    assert first is not None
    assert [e.path for e in first.elements] == ["asset_header.media_type", "header_crc"]
    element = first.elements[0]
    assert element.first is not None
    assert element.second is not None
    assert (element.first.value, element.second.value) == ("m", "q")


def test_formats_that_have_nothing_in_common() -> None:
    with pytest.raises(ArgumentError):
        diff_trees(read_tree(package()), read_tree(streams("")[0]))


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", "invalid", slow_beyond=20_000))
def test_streams_are_equal_to_themselves_and_differ_where_a_bit_does(case: Case) -> None:
    data = case.steps[0].data
    tree = read_tree(data)
    assert diff_trees(tree, tree).is_same
    for byte in range(0, len(data), max(1, len(data) // 7)):
        changed = bytearray(data)
        changed[byte] ^= 1
        assert not diff_trees(tree, read_tree(bytes(changed))).is_same


def test_records_for_json() -> None:
    from aimcodec.cli.diff_structure import structure_record

    one, other = streams("gone")
    record = json.loads(json.dumps(structure_record(diff_trees(read_tree(one), read_tree(other)))))
    assert record["same"] is False
    assert [u["what"] for u in record["units"]].count("only in A") == 1
