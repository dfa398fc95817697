"""A third party's header trace beside ours: the first place where they part (docs/spec/trace.md)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aimcodec.errors import MalformedError
from aimcodec.inspect.jsonl import Line
from aimcodec.inspect.render import element_record
from aimcodec.syntax import TraceRecord

__all__ = ["Divergence", "first_divergence"]

# Fields that are compared where a line has them, in the order in which a difference is reported.
COMPARED = ("bit_offset", "path", "name", "descriptor", "bit_length", "raw", "value", "status")
IDENTIFYING = ("bit_offset", "path", "name")

# What a trace may leave out even where it says no bit offsets.
OMITTED = ("padding", "align", "bytes")


@dataclass(frozen=True)
class Divergence:
    """Where two traces part.

    Attributes:
        line: the line of the other trace; None at its end.
        field: the field that differs; empty where an element is missing or too many.
        ours: the element of the stream; None beyond its end.
        message: what is different, in words.
    """

    line: Line | None
    field: str
    ours: TraceRecord | None
    message: str


def first_divergence(records: Sequence[TraceRecord], lines: Iterable[Line]) -> Divergence | None:
    """The first place where a trace differs from that of the stream; None if there is none.

    Args:
        records: of the stream.
        lines: the other trace. It may leave out elements where it says bit offsets, and else those that are absent,
            alignment, padding and payloads; its last element must be the last but for such. Fields that are null or
            missing are not compared.

    Raises:
        MalformedError: a line says no place, or a field has the wrong type.
        LimitExceededError: a line is too long.
        OSError: the trace cannot be read.
    """
    walk = _Walk(records)
    for line in lines:
        _check_types(line)
        found = walk.take(line)
        if found is not None:
            return found
    return walk.finish()


def _check_types(line: Line) -> None:
    kinds = {"bit_offset": int, "bit_length": int}
    for name in COMPARED:
        value, kind = line.fields.get(name), kinds.get(name, str)
        if name != "value" and value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise MalformedError(f"line {line.number}: {name} is not {'a number' if kind is int else 'a string'}")
    if all(line.fields.get(name) is None for name in IDENTIFYING):
        raise MalformedError(f"line {line.number} has none of {', '.join(IDENTIFYING)}")


class _Walk:
    """Goes through the records of the stream with the lines."""

    def __init__(self, records: Sequence[TraceRecord]) -> None:
        self._records = records
        self._next = 0

    def take(self, line: Line) -> Divergence | None:
        """Finds the element that a line is about, and compares them."""
        offset = line.fields.get("bit_offset")
        ours = self._named(line) if offset is None else self._at(line, offset)
        if isinstance(ours, Divergence):
            return ours
        return _compared(line, ours)

    def finish(self) -> Divergence | None:
        """What the lines do not have at their end."""
        rest = (record for record in self._rest() if not _may_be_left_out(record))
        missing = next(rest, None)
        if missing is None:
            return None
        if missing.status == "gap":
            return Divergence(None, "", missing, f"the stream cannot be read here: {missing.value}")
        return Divergence(None, "", missing, f"the trace ends before {missing.path}")

    def _rest(self) -> Iterator[TraceRecord]:
        for index in range(self._next, len(self._records)):
            yield self._records[index]

    def _at(self, line: Line, offset: int) -> TraceRecord | Divergence:
        """The element at a bit; of those of no bits there, the one that the line means."""
        while self._next < len(self._records) and _last_bit(self._records[self._next]) < offset:
            self._next += 1
        here = []
        while self._next < len(self._records) and self._records[self._next].bit_offset == offset:
            here.append(self._records[self._next])
            self._next += 1
            if _is_meant(line, here[-1]):
                return here[-1]
        if here:
            self._next -= len(here)
            return next((record for record in here if record.bit_length), here[0])
        record = self._records[self._next] if self._next < len(self._records) else None
        if record is None:
            return Divergence(line, "bit_offset", None, f"the stream ends before bit {offset}")
        if record.bit_offset > offset:
            return Divergence(line, "bit_offset", record, f"bit {offset} does not come after the line before")
        inside = f"no element begins at bit {offset}: it is inside of {record.path}"
        return Divergence(line, "bit_offset", record, inside)

    def _named(self, line: Line) -> TraceRecord | Divergence:
        """The next element, but for those that may be left out."""
        for record in self._rest():
            if _is_meant(line, record) or not _may_be_left_out(record):
                self._next += 1
                return record
            self._next += 1
        return Divergence(line, "", None, "the stream has no more elements")


def _last_bit(record: TraceRecord) -> int:
    """Of an element; where it begins, if it has no bits."""
    return record.bit_offset + max(record.bit_length, 1) - 1


def _may_be_left_out(record: TraceRecord) -> bool:
    return record.status in ("inferred", "payload") or record.descriptor in OMITTED


def _is_meant(line: Line, record: TraceRecord) -> bool:
    """Whether the names of a line are those of an element, and it has bits if nothing names it."""
    path, name = line.fields.get("path"), line.fields.get("name")
    if path is None and name is None:
        return bool(record.bit_length)
    return path in (None, record.path) and (name is None or name in _names(record))


def _names(record: TraceRecord) -> tuple[str, str]:
    """With the index in its loop and without."""
    last = record.path.rpartition(".")[2]
    return last, last.partition("[")[0]


def _compared(line: Line, ours: TraceRecord) -> Divergence | None:
    if ours.status == "gap":
        return Divergence(line, "", ours, f"the stream cannot be read here: {ours.value}")
    expected = {**element_record(ours), "name": _names(ours)[0]}
    for field in COMPARED:
        theirs = line.fields.get(field)
        if theirs is None or (field == "raw" and ours.status != "ok") or _are_equal(field, theirs, expected, ours):
            continue
        return Divergence(line, field, ours, f"{field} is {theirs!r}, the stream has {expected[field]!r}")
    return None


def _are_equal(field: str, theirs: Any, expected: Mapping[str, Any], ours: TraceRecord) -> bool:
    if field == "name":
        return theirs in _names(ours)
    if field == "value":
        return _are_equal_values(theirs, expected["value"], hexadecimal=isinstance(ours.value, bytes))
    return bool(theirs == expected[field])


def _are_equal_values(theirs: Any, ours: Any, *, hexadecimal: bool) -> bool:
    """Numbers by value, also those of binary32 written short; hexadecimal digits in any case."""
    if isinstance(theirs, str) and isinstance(ours, str):
        return theirs.lower() == ours if hexadecimal else theirs == ours
    if not isinstance(theirs, int | float) or not isinstance(ours, int | float):
        return False
    return theirs == ours or (isinstance(ours, float) and _is_rounded_to(theirs, ours))


def _is_rounded_to(theirs: float, ours: float) -> bool:
    """Whether a number rounds to a binary32 value."""
    try:
        return struct.pack("<f", theirs) == struct.pack("<f", ours)
    except (OverflowError, struct.error):  # beyond binary32, beyond any float
        return False
