"""Coverage: the points of a syntax, and those that a stream reaches.

Points come from the description of the syntax, not from the code that reads it. A stream that is read without error
reaches points of the valid set; one that is refused reaches the one point of the invalid set that it is refused for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

from ..bits import Buffer, byte_view
from ..limits import DEFAULT_LIMITS, Limits
from .aim import units as aim_units
from .aim.model import DamagedUnit
from .aim.types import UnitType
from .aim.unit import NEVER_PROTECTED, aim_unit
from .elements import Element
from .explore import Explorer, explore
from .nnc import units as nnc_units
from .nnc.context import StreamContext
from .nnc.unit import nnr_unit
from .observe import Observer
from .points import Point
from .unreachable import UNREACHABLE

__all__ = ["UNREACHABLE", "Point", "SyntaxName", "all_points", "counters", "points_of"]

SyntaxName: TypeAlias = Literal["nnc", "aim"]

RESERVED_AIM_TYPE = 128


@dataclass(frozen=True, slots=True)
class _Map:
    """What is known of a syntax.

    Attributes:
        points: all of them.
        key: names elements in ids.
        greatest: structure/loop to the greatest number of rounds, where it is a point.
        counters: elements that the numbers of rounds depend on.
    """

    points: Mapping[str, Point]
    key: Callable[[str, Element[Any]], str]
    greatest: Mapping[str, int]
    counters: frozenset[str]


def all_points(syntax: SyntaxName) -> list[Point]:
    """All points of a syntax, in the order of its tables; those in `UNREACHABLE` too."""
    return list(_map_of(syntax).points.values())


def points_of(data: Buffer, syntax: SyntaxName, limits: Limits = DEFAULT_LIMITS) -> set[str]:
    """Ids of the points that some bytes reach; any bytes will do.

    For bytes that are refused: the point of the violation, or none where there is no point for it (a limit, a rule
    about several units, data that end).
    """
    known = _map_of(syntax)
    root = "nnr_unit" if syntax == "nnc" else "aim_unit"
    observer = Observer(data, syntax, root, known.key, known.greatest, limits)
    if syntax == "nnc":
        damaged = any(isinstance(unit, nnc_units.DamagedUnit) for unit in nnc_units._scan(observer, limits))
    else:
        scan = aim_units._scan(observer, byte_view(data), limits)
        damaged = any(isinstance(unit, DamagedUnit) for unit in scan)
    if not damaged:
        return observer.seen
    return {observer.broken} & known.points.keys() if observer.broken else set()


def counters(syntax: SyntaxName) -> frozenset[str]:
    """Names of the elements that numbers of rounds of loops depend on."""
    return _map_of(syntax).counters


@cache
def _map_of(syntax: SyntaxName) -> _Map:
    explorer = _explored_nnc() if syntax == "nnc" else _explored_aim()
    return _Map(explorer.points, explorer.key, explorer.greatest, frozenset(explorer.counters))


def _explored_nnc() -> Explorer:
    explorer = Explorer("nnc", "nnr_unit")
    for long_form in (0, 1):
        explore(explorer, nnr_unit, {"nnr_unit_size_flag": long_form}, StreamContext())
    return explorer


def _explored_aim() -> Explorer:
    explorer = Explorer("aim", "aim_unit")
    for kind in (*UnitType, RESERVED_AIM_TYPE):
        for protected in (0,) if kind in NEVER_PROTECTED else (0, 1):
            explore(explorer, aim_unit, {"unit_type": kind, "protected_flag": protected})
    return explorer
