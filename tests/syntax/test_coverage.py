"""Points of coverage: what is enumerated against what streams reach, and the points of streams made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from aimcodec.errors import AimcError
from aimcodec.syntax import Syntax
from aimcodec.syntax.coverage import UNREACHABLE, all_points, points_of
from aimcodec.syntax.elements import ie, st, u, ue
from aimcodec.syntax.explore import Explorer, explore
from aimcodec.syntax.observe import Observer

from .bitstrings import aligned, pack
from .bitstrings import ue as ue_bits

# The structure of the tests below, and by hand every point that it has.

KIND = u(3, "kind", "1", "", range(5))
FLAG = u(1, "flag", "1", "")
OTHER = u(1, "other", "1", "")
COUNT = u(8, "count", "2", "", range(1, 7))
BIG = ue(0, "big", "2", "")
SMALL = ie(1, "small", "2", "", range(-20, 21))
NAME = st("name", "3", "")


def _item(s: Syntax, index: int) -> None:
    s.code(SMALL)


def toy(s: Syntax) -> None:
    kind = s.code(KIND)
    flag = s.code(FLAG)
    if s.when("flag", flag):
        s.code(OTHER)
    elif s.when("kind == 4", kind == 4):
        s.refuse("fours", "not supported")
    else:
        s.infer(OTHER, 1)
    count = s.code(COUNT)
    s.require(count != 5, "never 5")
    s.repeat("count - 1", "items", count - 1, _item)
    s.code(BIG)
    s.align()
    s.code(NAME)


VALID = {
    *("element/kind", *(f"value/kind/{value}" for value in range(5))),
    *("element/flag", "value/flag/0", "value/flag/1", "when/flag/true", "when/flag/false"),
    *("element/other", "value/other/0", "value/other/1", "pair/flag+other/10", "pair/flag+other/11"),
    *("when/kind == 4/true", "when/kind == 4/false"),
    *("element/count", *(f"value/count/{value}" for value in range(1, 7))),
    *(f"count/items/{label}" for label in ("0", "1", "2", "many", "max")),
    *("element/big", "range/big/min", "range/big/max", "range/big/interior"),
    *("element/align", "element/name", "length/name/0", "length/name/some"),
}
VALID_ITEM = {"structure/present", "element/small", *(f"range/small/{end}" for end in ("min", "max", "interior"))}
INVALID = {
    *("outside/kind/5", "outside/kind/7", "refuse/fours", "outside/count/0", "outside/count/7", "outside/count/255"),
    *("rule/count/1", "outside/big/4294967297", "outside/align/0", "outside/name/other"),
}
INVALID_ITEM = {"outside/small/-21", "outside/small/21"}


def explored() -> Explorer:
    explorer = Explorer("test", "toy")
    explore(explorer, toy, {})
    return explorer


def ids(structure: str, names: set[str]) -> set[str]:
    return {f"test/{structure}/{name}" for name in names}


def test_all_points_of_a_structure() -> None:
    points = explored().points.values()
    valid = {point.id for point in points if point.valid_set}
    assert valid == ids("toy", VALID) | ids("items", VALID_ITEM)
    assert {point.id for point in points if not point.valid_set} == ids("toy", INVALID) | ids("items", INVALID_ITEM)


def observe(bits: str, text: bytes = b"\0") -> Observer:
    explorer = explored()
    data = pack(aligned(bits)) + text
    observer = Observer(data, "test", "toy", explorer.key, explorer.greatest)
    observer.unit("toy", toy)
    return observer


def test_points_of_a_stream_by_hand() -> None:
    """kind 3, flag 1, other 0, count 3, items -1 (ie(1): code 2) and 20 (code 39), big 0, name empty."""
    bits = "011" + "1" + "0" + "00000011" + ue_bits(1, 2) + ue_bits(1, 39) + ue_bits(0, 0)
    expected = {
        *("element/kind", "value/kind/3", "element/flag", "value/flag/1", "when/flag/true", "element/other"),
        *("value/other/0", "pair/flag+other/10", "element/count", "value/count/3", "count/items/2"),
        *("element/big", "range/big/min", "element/align", "element/name", "length/name/0"),
    }
    items = {"structure/present", "element/small", "range/small/interior", "range/small/max"}
    assert observe(bits).seen == ids("toy", expected) | ids("items", items)


@pytest.mark.parametrize(
    ("bits", "point"),
    [
        ("101", "toy/outside/kind/5"),
        ("110", None),
        ("111", "toy/outside/kind/7"),
        ("1000", "toy/refuse/fours"),
        ("0000" + "00000101", "toy/rule/count/1"),
        ("0000" + "00000010" + ue_bits(1, 41), "items/outside/small/21"),
        ("0000" + "00000001" + ue_bits(0, 2**32 + 1), "toy/outside/big/4294967297"),
    ],
)
def test_point_of_a_refusal(bits: str, point: str | None) -> None:
    explorer = explored()
    observer = Observer(pack(aligned(bits)) + bytes(9), "test", "toy", explorer.key, explorer.greatest)
    with pytest.raises(AimcError):
        observer.unit("toy", toy)
    found = observer.broken if observer.broken in explorer.points else None
    assert found == (point and f"test/{point}")


@pytest.mark.parametrize("syntax", ["nnc", "aim"])
def test_ids(syntax: Any) -> None:
    points = all_points(syntax)
    assert len({point.id for point in points}) == len(points)
    for point in points:
        start, structure, kind, _ = point.id.split("/", 3)
        assert (start, kind) == (syntax, point.kind)
        assert structure == point.path.split(".")[-1]
        assert point.valid_set == (point.kind not in {"outside", "rule", "refuse", "size"})
        assert point.clause[0].isdigit()


def test_unreachable_points_are_points() -> None:
    assert UNREACHABLE.keys() <= {point.id for syntax in ("nnc", "aim") for point in all_points(syntax)}


START = bytes.fromhex("00040201")


def test_points_of_a_start_unit() -> None:
    """Size 4 in the short form, type 0, independently decodable, no partial counter, profile 1."""
    unit = {
        *("element/nnr_unit_size_flag", "value/nnr_unit_size_flag/0", "element/nnr_unit_size"),
        *("range/nnr_unit_size/interior", "element/nnr_unit_type", "range/nnr_unit_type/min"),
        *("element/independently_decodable_flag", "value/independently_decodable_flag/1"),
        *("element/partial_data_counter_present_flag", "value/partial_data_counter_present_flag/0"),
        "when/partial_data_counter_present_flag/false",
        "when/nnr_unit_type == NNR_STR/true",
        "pair/nnr_unit_size_flag+independently_decodable_flag/01",
        "pair/nnr_unit_size_flag+partial_data_counter_present_flag/00",
        "pair/independently_decodable_flag+partial_data_counter_present_flag/10",
    }
    header = {"structure/present", "element/general_profile_idc", "value/general_profile_idc/1"}
    expected = {f"nnc/nnr_unit/{name}" for name in unit} | {f"nnc/nnr_start_unit_header/{name}" for name in header}
    assert points_of(START, "nnc") == expected


@pytest.mark.parametrize(
    ("data", "syntax", "point"),
    [
        ("00040202", "nnc", "nnc/nnr_start_unit_header/outside/general_profile_idc/2"),
        ("00020201", "nnc", "nnc/nnr_unit/outside/nnr_unit_size/2"),
        ("00050201", "nnc", "nnc/nnr_unit/size/nnr_unit_size/truncated"),
        ("000302", "nnc", "nnc/nnr_unit/size/nnr_unit_size/short"),
        ("0005020100", "nnc", "nnc/nnr_unit/size/nnr_unit_size/surplus"),
        ("00040601", "nnc", "nnc/nnr_unit/rule/nnr_unit_type/1"),
        ("0004020100040201", "nnc", "nnc/nnr_unit/rule/nnr_unit_type/2"),
        ("000402010005160000", "nnc", "nnc/nnr_unit/rule/nnr_unit_type/5"),
        ("00" * 128, "aim", "aim/aim_unit/outside/unit_marker/other"),
        ("8941494d0d0a1a0a" + "00" * 56, "aim", "aim/aim_unit/rule/critical_flag/2"),
        ("8941494d0d0a1a0a0080" + "0000001d" + "00" * 56, "aim", "aim/aim_unit/outside/unit_header_size/29"),
        ("8941494d0d0a1a0a0080" + "0000001e" + "00" * 56, "aim", "aim/aim_unit/size/header_crc/checksum"),
    ],
)
def test_point_of_a_refused_stream(data: str, syntax: Any, point: str) -> None:
    assert points_of(bytes.fromhex(data), syntax) == {point}


@pytest.mark.parametrize(("data", "syntax"), [("", "nnc"), ("", "aim"), ("00", "nnc"), ("00" * 7, "aim")])
def test_data_that_end_reach_nothing(data: str, syntax: Any) -> None:
    assert points_of(bytes.fromhex(data), syntax) == set()
