"""Coverage of the suite: what each case says of itself, small sets of cases, the table in docs."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from aimcodec.conformance.catalogue import load_catalogue
from aimcodec.conformance.cover import first_reached, measures, minimise, points_of_case
from aimcodec.conformance.coverage_table import main, text_of
from aimcodec.conformance.survey import levels_of
from aimcodec.syntax.coverage import UNREACHABLE, all_points

CATALOGUE = load_catalogue()
REACHED = {point for case in CATALOGUE.cases for point in case.facts["coverage"]}


@pytest.mark.slow
def test_cases_name_the_points_that_they_reach_first() -> None:
    points = {case.id: points_of_case(case) for case in CATALOGUE.cases}
    first = first_reached(CATALOGUE.cases, points)
    assert first == {case.id: case.facts["coverage"] for case in CATALOGUE.cases}
    levels = levels_of(CATALOGUE.cases, points)
    assert {name: sorted(ids) for name, ids in levels.items()} == {
        name: [case.id for case in CATALOGUE.level(name)] for name in levels
    }
    core = set().union(*(points[id] for id in levels["core"]))
    assert core == set().union(*points.values())


def test_every_point_of_aim_is_reached_or_unreachable() -> None:
    points = {point.id for point in all_points("aim")}
    assert points - REACHED == points & UNREACHABLE.keys()


def test_points_of_small_cases_by_hand() -> None:
    minimal = points_of_case(CATALOGUE.by_id["aim-minimal"])
    assert "aim/package_header/structure/present" in minimal
    assert not {point for point in minimal if point.startswith("aim/tensor_header/")}
    assert points_of_case(CATALOGUE.by_id["aim-outside-rank-255"]) == {"aim/tensor_header/outside/rank/255"}
    # Refused for what no element shows: the checksum of the INDEX unit that END has.
    assert points_of_case(CATALOGUE.by_id["aim-end-index-digest"]) == set()


def test_first_means_class_then_size() -> None:
    cases = [CATALOGUE.by_id[id] for id in ("aim-outside-rank-255", "aim-metadata", "aim-minimal")]
    points = {"aim-minimal": {"a"}, "aim-metadata": {"a", "b"}, "aim-outside-rank-255": {"b", "c"}}
    assert first_reached(cases, points) == {
        "aim-minimal": ["a"],
        "aim-metadata": ["b"],
        "aim-outside-rank-255": ["c"],
    }


def test_few_cases_reach_all() -> None:
    points = {"a": {1, 2, 3}, "b": {3, 4}, "c": {4}, "d": {1, 2}, "e": set()}
    named = {id: {str(point) for point in reached} for id, reached in points.items()}
    assert minimise(named, {"a": 9, "b": 9, "c": 5, "d": 1, "e": 1}) == ["a", "c"]
    assert minimise(named, {"a": 9, "b": 2, "c": 5, "d": 1, "e": 1}, ["d"]) == ["d", "b"]
    assert minimise({}, {}) == []


def test_the_table_is_current(tmp_path: Path) -> None:
    assert main(["--check"]) == 0
    other = tmp_path / "table.md"
    assert main(["--check", "--output", str(other)]) == 1
    assert main(["--output", str(other)]) == 0
    assert main(["--check", "--output", str(other)]) == 0


def test_the_table_has_every_point() -> None:
    rows = Counter(re.findall(r"^\| `(.*)` \| ", text_of(CATALOGUE.cases), re.MULTILINE))
    points = [point.replace("|", "\\|") for measure in measures() for point in measure.kinds]
    assert rows == Counter(points)
