"""Which parts of the syntax the streams of an encoder use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aimcodec.conformance.checks.result import Check
from aimcodec.syntax import coverage

__all__ = ["points_used", "use_of_syntax"]

PERCENT = 100.0


def points_used(syntax: Any, data: bytes) -> set[str]:
    """Points of the syntax in a stream; those of the valid set only."""
    return coverage.points_of(data, syntax) & _reachable(syntax)


def use_of_syntax(syntax: Any, used: Iterable[str]) -> tuple[Check, list[str]]:
    """How much of the syntax was used by all streams together, and what never was.

    Nothing here is wrong: an encoder need not use everything.
    """
    reachable = _reachable(syntax)
    seen = set(used) & reachable
    share = round(PERCENT * len(seen) / len(reachable), 1) if reachable else PERCENT
    check = Check("use", "pass", figures={"points": len(reachable), "used": len(seen), "percent": share})
    return check, sorted(reachable - seen)


def _reachable(syntax: Any) -> set[str]:
    """Points that a legal stream can have."""
    points = coverage.all_points(syntax)
    return {point.id for point in points if point.valid_set and point.id not in coverage.UNREACHABLE}
