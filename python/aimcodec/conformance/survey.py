"""What follows from the cases of the suite: coverage of each, the catalogue, the levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from aimcodec.conformance.case import Case
from aimcodec.conformance.catalogue import load_catalogue
from aimcodec.conformance.cover import first_reached, minimise, points_of_case
from aimcodec.conformance.store import write_case, write_catalogue, write_levels

__all__ = ["levels_of", "survey"]

SMOKE = 20
SMALL = 5_000  # bytes of streams that smoke takes

# Cases that tell mistakes of decoders which no point of the syntax shows: found with faults planted in a decoder.
TELLING = (
    *(f"aim-blocks-{name}" for name in ("sparse", "odd-1", "halves", "matches", "context", "complex", "weights")),
    *("aim-block-rans-escapes-left", "aim-block-lz-match-long", "aim-block-lz-literal-lengths-left"),
    *("aim-names-segments-not-first", "aim-index-unit-digest", "aim-end-index-digest", "aim-beside-asset-parent"),
    *("aim-beside-utf8-zero", "aim-nnc-header-long", "aim-lossless-long-block", "aim-tensor-raw-halves"),
    *("aim-nnc-renamed", "nnc-refused-terminate-bin", "nnc-refused-no-columns", "nnc-refused-type-4-decodable"),
    *("invalid-payload-extra", "nnc-codebook-8-vector", "nnc-scan-2-dq-0-edition-1", "nnc-block-12-edition-1"),
)


def survey(root: Path) -> None:
    """Writes `coverage` of every case, catalogue.json and the lists of levels."""
    write_catalogue(root)
    catalogue = load_catalogue(root)
    cases = catalogue.cases
    points = {case.id: points_of_case(case) for case in cases}
    for id, first in first_reached(cases, points).items():
        case = catalogue.by_id[id]
        if case.facts["coverage"] != first:
            write_case(case.folder, {**case.facts, "coverage": first})
    write_catalogue(root)
    write_levels(root, levels_of(cases, points))


def levels_of(cases: Iterable[Case], points: Mapping[str, Set[str]]) -> dict[str, list[str]]:
    """Ids of each level.

    core reaches all points that the suite reaches; it has a case of each area and class, of each feature, of each rule
    that is broken, and the telling ones. smoke has a small one of each class, and what adds most.
    """
    cases = sorted(cases, key=lambda case: (case.bytes, case.id))
    sizes = {case.id: case.bytes for case in cases}
    wanted: dict[str, str] = {}
    for case in cases:
        for kind in _kinds(case):
            wanted.setdefault(kind, case.id)
    telling = [id for id in TELLING if id in sizes]
    core = minimise(points, sizes, dict.fromkeys([*wanted.values(), *telling]))
    small = {id: points[id] for id in core if sizes[id] <= SMALL}
    first: dict[tuple[str, str], str] = {}
    for case in cases:
        if case.id in small:
            first.setdefault((case.syntax, case.klass), case.id)
    return {"smoke": minimise(small, sizes, first.values())[:SMOKE], "core": core, "full": [case.id for case in cases]}


def _kinds(case: Case) -> list[str]:
    kinds = [f"area {case.syntax} {case.klass} {case.area}", *(f"feature {name}" for name in case.features)]
    return kinds + [f"rule {step.expect.reason}" for step in case.steps if step.expect.reason]
