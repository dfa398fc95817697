"""Which points of the syntax the cases of the suite reach, and small sets of cases that reach as many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from aimcodec.conformance.bins import UNREACHABLE_BINS, all_bin_points, bin_points_of
from aimcodec.conformance.case import Case
from aimcodec.limits import Limits
from aimcodec.syntax.coverage import UNREACHABLE, all_points, points_of

__all__ = ["LARGEST", "Measure", "first_reached", "measures", "minimise", "points_of_case"]

# What the largest cases of class "limits" need.
LARGEST = Limits(max_string_bytes=(1 << 16) - 1)

TRACED = 10_000  # bytes of streams whose bins are looked at

CLASSES = ("valid", "uncommon", "limits", "invalid")


@dataclass(frozen=True)
class Measure:
    """One set of points.

    Attributes:
        kinds: ids of all points, in order, and the kind of each.
        unreachable: ids of those that no stream reaches, and why.
    """

    title: str
    kinds: Mapping[str, str]
    unreachable: Mapping[str, str]


def measures() -> list[Measure]:
    """What is measured."""
    nnc, aim = ({point.id: point.kind for point in all_points(syntax)} for syntax in ("nnc", "aim"))
    bins = {point: point.split("/")[1] for point in all_bin_points()}
    return [
        Measure("Syntax of NNC", nnc, UNREACHABLE),
        Measure("Arithmetic coding of NNC", bins, UNREACHABLE_BINS),
        Measure("Syntax of AIM", aim, UNREACHABLE),
    ]


def points_of_case(case: Case) -> set[str]:
    """Ids of the points that a case reaches: of the valid set, and of bins, only where a decoder shall accept it.

    A stream that is refused for what the syntax does not show has no points. One that need not be supported is like one
    that is refused.
    """
    reached: set[str] = set()
    for number, step in enumerate(case.steps):
        refused = case.verdict == "reject" and number == len(case.steps) - 1
        refused = refused or (case.verdict == "either" and not step.expect.known)
        points = points_of(step.data, case.syntax, LARGEST)
        if not refused or len(points) == 1:
            reached |= points
    if case.syntax == "nnc" and case.verdict == "accept" and case.bytes <= TRACED:
        reached |= bin_points_of(*(step.data for step in case.steps))
    return reached


def first_reached(cases: Iterable[Case], points: Mapping[str, Set[str]]) -> dict[str, list[str]]:
    """For each case the points that none before it reaches, in the order of class, size and id."""
    order = sorted(cases, key=lambda case: (CLASSES.index(case.klass), case.bytes, case.id))
    seen: set[str] = set()
    first = {}
    for case in order:
        first[case.id] = sorted(points[case.id] - seen)
        seen |= points[case.id]
    return first


def minimise(points: Mapping[str, Set[str]], bytes_of: Mapping[str, int], chosen: Iterable[str] = ()) -> list[str]:
    """Ids of few cases that together reach all that all of them reach, by greedy cover.

    `chosen` are in already; of cases that add equally much the smallest comes first. Cases are in the order of choice.
    """
    picked = list(chosen)
    left = {id: set(reached) for id, reached in points.items()}
    done = set().union(*(points[id] for id in picked)) if picked else set()
    while True:
        left = {id: rest for id, reached in left.items() if (rest := reached - done)}
        if not left:
            return picked
        best = min(left, key=lambda id: (-len(left[id]), bytes_of[id], id))
        picked.append(best)
        done |= left.pop(best)
