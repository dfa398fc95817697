"""Tracing: reading that keeps a log of what it read, from which the records are made afterwards.

A header element costs about a microsecond to read, and making its record as much again. So the reader only notes what
it has at hand; paths, raw bits and records are made when somebody wants to see them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..bits import BitReader, Buffer
from ..errors import AimcError
from ..limits import DEFAULT_LIMITS, Limits
from .elements import Element
from .protocol import Fields, Syntax
from .read import Reader
from .trace import TraceRecord

__all__ = ["TraceLog", "TracingReader"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

# In place of the index of an element in its loop, which is -1 outside of loops.
INFERRED, PAYLOAD, BLOCK, GAP = -2, -3, -4, -5

FIELDS = 6  # of an entry: element, first bit, bit after it, value, path of the structure and a dot, index


class TraceLog:
    """What a TracingReader has read.

    Attributes:
        entries: FIELDS items for each element, or for each loop over numbers of whole bytes. One flat list, as hundreds
            of thousands of small tuples would keep the garbage collector busy.
        errors: what made units unreadable, in the order of the stream.
    """

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.errors: list[AimcError] = []

    def damage(self, error: AimcError, end: int) -> None:
        """The bits after the last element, up to `end`, cannot be read because of an error."""
        self.errors.append(error)
        start = self.entries[2 - FIELDS] if self.entries else 0
        if end > start:
            self.entries += (None, start, end, error.message, error.path, GAP)

    def records(self, data: Buffer) -> list[TraceRecord]:
        """The records, in the order of the stream, which is `data`."""
        bits = BitReader(data)
        records: list[TraceRecord] = []
        columns = [self.entries[field::FIELDS] for field in range(FIELDS)]
        for element, start, end, value, prefix, index in zip(*columns, strict=True):
            if index >= -1:
                length = end - start
                raw = value if element.width else bits.peek(start, length)
                shown = None if element.rule else value
                path = f"{prefix}{element.name}[{index}]" if index >= 0 else prefix + element.name
                descriptor, clause, doc = element.descriptor, element.clause, element.doc
                records.append(TraceRecord(start, length, descriptor, path, raw, shown, clause, "ok", doc))
            elif index == BLOCK:
                records += _numbers(element, start, value, prefix + element.name)
            else:
                records.append(_special(element, start, end - start, value, prefix, index))
        return records


def _numbers(element: Element[int], start: int, values: list[int], path: str) -> list[TraceRecord]:
    width, descriptor, clause, doc = element.width, element.descriptor, element.clause, element.doc
    return [
        TraceRecord(start + n * width, width, descriptor, f"{path}[{n}]", value, value, clause, "ok", doc)
        for n, value in enumerate(values)
    ]


def _special(element: Element[Any], start: int, length: int, value: Any, prefix: str, index: int) -> TraceRecord:
    if index == GAP:
        return TraceRecord(start, length, "", prefix, 0, value, "", "gap")
    status: Any = "inferred" if index == INFERRED else "payload"
    path = prefix + element.name
    return TraceRecord(start, length, element.descriptor, path, 0, value, element.clause, status, element.doc)


class TracingReader(Reader):
    """A Reader that logs every element, so that each bit it reads is in exactly one record."""

    looks_inside = True

    def __init__(self, data: Buffer, limits: Limits = DEFAULT_LIMITS, log: TraceLog | None = None) -> None:
        super().__init__(data, limits)
        self.log = TraceLog() if log is None else log
        self._entries = self.log.entries
        self._prefix = ""

    def unit(
        self, path: str, structure: Callable[Concatenate[Syntax, P], object], *args: P.args, **kwargs: P.kwargs
    ) -> Fields:
        """Reads one unit."""
        self._prefix = path + "."
        return super().unit(path, structure, *args, **kwargs)

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A structure inside this one."""
        outer = self._prefix
        self._prefix = f"{outer}{name}."
        result = super().nest(name, structure, *args, **kwargs)
        self._prefix = outer
        return result

    def repeat(
        self,
        wording: str,
        name: str,
        count: int,
        structure: Callable[Concatenate[Syntax, int, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """A loop over several elements."""
        outer = self._prefix

        def one(s: Syntax, index: int, /, *args: P.args, **kwargs: P.kwargs) -> None:
            self._prefix = f"{outer}{name}[{index}]."
            structure(s, index, *args, **kwargs)

        super().repeat(wording, name, count, one, *args, **kwargs)
        self._prefix = outer

    def _take(self, element: Element[T]) -> T:
        """As in Reader, and the entry: a call of that one would take as long as the entry does."""
        bits = self._bits
        start = self._start = bits.position
        self._last = element
        try:
            value = element.read(bits)
        except AimcError as error:
            raise type(error)(error.message, bit_offset=start, path=self.path(element.name)) from None
        if element.allowed is not None and value not in element.allowed:
            self._check_value(element, value)
        self._entries += (element, start, bits.position, value, self._prefix, self._index)
        return value

    def _numbers(self, element: Element[Any], count: int) -> list[Any]:
        start = self._bits.position
        try:
            values = super()._numbers(element, count)
        except AimcError as error:  # those before it are in the log
            before = ((error.bit_offset or start) - start) // element.width
            self.skip_to(start)
            self._log_numbers(element, start, self._bits.numbers(element.width, before))
            raise
        self._log_numbers(element, start, values)
        return values

    def _log_numbers(self, element: Element[Any], start: int, values: list[Any]) -> None:
        if values:
            self._entries += (element, start, self._bits.position, values, self._prefix, BLOCK)

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """So many bytes, or all up to the end of the unit."""
        super().payload(element, size)
        if self.payload_bytes:
            self._entries += (element, self._start, self._bits.position, None, self._prefix, PAYLOAD)

    def infer(self, element: Element[T], value: T) -> T:
        """An absent element."""
        super().infer(element, value)
        self._entries += (element, self._start, self._start, value, self._prefix, INFERRED)
        return value
