"""A third party's trace of bins or steps beside ours: the first place where they part (docs/spec/trace.md)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aimcodec.errors import MalformedError
from aimcodec.inspect.jsonl import Line

__all__ = ["BinDivergence", "first_bin_divergence"]

SHOWN_BEFORE = 5

# Names of elements carry a number that others may leave out.
NAMED = "element"


@dataclass(frozen=True)
class BinDivergence:
    """Where two traces part.

    Attributes:
        line: the line of the other trace; None at its end.
        field: the field that differs; empty where a bin is missing or too many.
        ours: our bin or step; None beyond the end.
        before: ours before it, in order.
        message: what is different, in words.
    """

    line: Line | None
    field: str
    ours: dict[str, Any] | None
    before: list[dict[str, Any]]
    message: str


def first_bin_divergence(ours: Iterable[dict[str, Any]], lines: Iterable[Line], what: str) -> BinDivergence | None:
    """The first place where a trace differs from ours; None if there is none.

    Args:
        ours: bins or steps in order, as they are written for JSON.
        lines: the other trace. Lines that have a `number` may leave out what is between them; the trace ends with ours.
            Fields that we do not have, and those that are null on either side, are not compared.
        what: "bin" or "step", for messages.

    Raises:
        MalformedError: a line has nothing to compare, or a field has the wrong type.
        AimcError: as reading the lines.
    """
    walk = _Walk(iter(ours), what)
    for line in lines:
        found = walk.take(line)
        if found is not None:
            return found
    return walk.finish()


class _Walk:
    def __init__(self, ours: Iterator[dict[str, Any]], what: str) -> None:
        self._ours = ours
        self._what = what
        self._before: deque[dict[str, Any]] = deque(maxlen=SHOWN_BEFORE)

    def take(self, line: Line) -> BinDivergence | None:
        number = line.fields.get("number")
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            raise MalformedError(f"line {line.number}: number is not a whole number")
        for ours in self._ours:
            if number is None or ours["number"] >= number:
                found = self._compared(line, ours)
                self._before.append(ours)
                return found
            self._before.append(ours)
        return self._parted(line, "", None, f"there are no more {self._what}s")

    def finish(self) -> BinDivergence | None:
        """What the lines do not have at their end."""
        missing = next(self._ours, None)
        if missing is None:
            return None
        return self._parted(None, "", missing, f"the trace ends before {self._what} {missing['number']}")

    def _compared(self, line: Line, ours: dict[str, Any]) -> BinDivergence | None:
        if ours.keys().isdisjoint(line.fields):
            raise MalformedError(f"line {line.number} has no field of a {self._what}")
        for field, expected in ours.items():
            theirs = line.fields.get(field)
            if isinstance(theirs, list | dict):
                raise MalformedError(f"line {line.number}: {field} is not a single value")
            if theirs is None or expected is None or theirs == expected:
                continue
            if field == NAMED and theirs == str(expected).partition("[")[0]:
                continue
            return self._parted(line, field, ours, f"{field} is {theirs!r}, the stream has {expected!r}")
        return None

    def _parted(self, line: Line | None, field: str, ours: dict[str, Any] | None, message: str) -> BinDivergence:
        return BinDivergence(line, field, ours, list(self._before), message)
