"""Documenting: a structure as the rows of its table in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Concatenate, NamedTuple, NoReturn, ParamSpec, TypeAlias, TypeVar

from ..errors import AimcError, MalformedError
from .elements import ALIGN, Counted, Element
from .protocol import Syntax

__all__ = ["Row", "document"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

INDICES = "ijk"  # of loops, from the outermost


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        depth: how many conditions and loops it is inside of.
        text: an element, a condition, a loop, or a structure inside this one.
        descriptor: of an element; empty for others.
    """

    depth: int
    text: str
    descriptor: str


class _Line(NamedTuple):
    """An element; `loop` is the wording of a loop over it alone, which takes no row of its own."""

    name: str
    descriptor: str
    loop: str = ""


class _When(NamedTuple):
    wording: str


class _Loop(NamedTuple):
    """Where a loop over several elements begins."""

    wording: str
    name: str


class _Next(NamedTuple):
    """Where it ends."""


class _Refusal(NamedTuple):
    """A condition under which syntax begins that is not supported."""

    wording: str
    name: str


_Event: TypeAlias = _Line | _When | _Loop | _Next | _Refusal
_Script: TypeAlias = tuple[bool, ...]
"""Sides of the conditions, in the order in which they are met; those beyond are true."""

_Run: TypeAlias = Callable[[_Script], tuple[_Event, ...]]


class _RefusedError(Exception):
    """The structure does not go on from here."""

    def __init__(self, wording: str, name: str) -> None:
        self.wording = wording
        self.name = name
        super().__init__(name)


def document(
    structure: Callable[Concatenate[Syntax, P], object],
    values: Mapping[str, Any],
    descriptors: Mapping[str, str],
    *args: P.args,
    **kwargs: P.kwargs,
) -> list[Row]:
    """The rows of a structure.

    Args:
        structure: what to document.
        values: of elements that the structure cannot be run with as 1.
        descriptors: of elements whose number of bytes no element before them says, or that come in several forms.
        args: arguments of the structure.
        kwargs: likewise.
    """
    refused: dict[str, str] = {}
    while True:

        @cache
        def run(script: _Script) -> tuple[_Event, ...]:
            recorder = _Recorder(values, descriptors, script, refused)
            structure(recorder, *args, **kwargs)
            return tuple(recorder.events)

        try:
            return list(_rows(run, (), 0, len(run(())), 0, 0))
        except _RefusedError as refusal:
            refused[refusal.wording] = refusal.name


def _rows(run: _Run, script: _Script, start: int, stop: int, depth: int, loops: int) -> Iterator[Row]:
    """Rows of the events from `start` to `stop` of the run with these sides."""
    events = run(script)
    place = start
    while place < stop:
        event = events[place]
        place += 1
        if isinstance(event, _Line):
            indices = _indices(loops + bool(event.loop)) if event.descriptor != ALIGN.descriptor else ""
            own = f"{_for_each(loops, event.loop)}: " if event.loop else ""
            yield Row(depth, own + event.name + indices, event.descriptor.replace("[]", indices))
        elif isinstance(event, _Refusal):
            yield Row(depth, f"if {event.wording}: {event.name}, which is not supported", "")
        elif isinstance(event, _Loop):
            end = _end_of_loop(events, place)
            yield Row(depth, f"{_for_each(loops, event.wording)}:", "")
            yield from _rows(run, script, place, end, depth + 1, loops + 1)
            place = end + 1
        elif isinstance(event, _When):
            before = (*script, *[True] * (_conditions(events[: place - 1]) - len(script)))
            inside, otherwise = _branches(run, before, place)
            then = list(_rows(run, (*before, True), place, inside, depth + 1, loops))
            other = list(_rows(run, (*before, False), place, otherwise, depth + 1, loops))
            yield from _if(event.wording, then, other, depth)
            place = inside


def _conditions(events: Sequence[_Event]) -> int:
    return sum(isinstance(event, _When) for event in events)


def _branches(run: _Run, before: _Script, place: int) -> tuple[int, int]:
    """Where both sides of the condition before `place` end, each in its own run: what follows is the same."""
    one, other = run((*before, True)), run((*before, False))
    shared = 0
    while shared < min(len(one), len(other)) - place and one[-1 - shared] == other[-1 - shared]:
        shared += 1
    return len(one) - shared, len(other) - shared


def _if(wording: str, then: list[Row], other: list[Row], depth: int) -> Iterator[Row]:
    """A condition with the rows of both sides, of which there need not be any."""
    if then:
        yield Row(depth, f"if {wording}:", "")
        yield from then
        yield from _else(other, depth)
    elif other:
        yield Row(depth, f"if not {wording}:" if wording.isidentifier() else f"if not ({wording}):", "")
        yield from other


def _else(rows: list[Row], depth: int) -> Iterator[Row]:
    """The rows of an alternative; one that is a condition itself goes on in the same column."""
    if not rows:
        return
    heads = [row.text for row in rows if row.depth == depth + 1]
    if heads[0].startswith("if ") and all(head.startswith("else") for head in heads[1:]):
        yield Row(depth, f"else {heads[0]}", "")
        yield from (Row(row.depth - 1, row.text, row.descriptor) for row in rows[1:])
    else:
        yield Row(depth, "else:", "")
        yield from rows


def _end_of_loop(events: Sequence[_Event], place: int) -> int:
    """Where the loop ends that begins before `place`."""
    open_loops = 1
    while open_loops:
        open_loops += isinstance(events[place], _Loop) - isinstance(events[place], _Next)
        place += 1
    return place - 1


def _for_each(depth: int, wording: str) -> str:
    """The head of a loop, whose bound is an element of the loops around it."""
    bound = wording.removeprefix("i < ")
    return f"for each {INDICES[depth]} < " + re.sub(r"^\w+", lambda name: name[0] + _indices(depth), bound)


def _indices(depth: int) -> str:
    return "".join(f"[{index}]" for index in INDICES[:depth])


class _Recorder:
    """Runs a structure with given sides of its conditions and every loop once."""

    def __init__(
        self, values: Mapping[str, Any], descriptors: Mapping[str, str], script: _Script, refused: Mapping[str, str]
    ) -> None:
        self._values = values
        self._descriptors = descriptors
        self._script = script
        self._refused = refused
        self._met = 0
        self._last = ""  # condition
        self._loops = 0
        self._open: list[object] = []  # structures inside, which have tables of their own
        self.events: list[_Event] = []

    def code(self, element: Element[T]) -> T:
        """One element."""
        self._event(_Line(element.name, self._descriptor(element)))
        value: T = self._values.get(element.name, 1)
        return value

    def decisive(self, element: Element[T]) -> T:
        """One element."""
        return self.code(element)

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""
        self._event(_Line(element.name, self._descriptor(element), wording))
        value: T = self._values.get(element.name, 1)
        return [value]

    def counted(self, element: Counted[T]) -> T:
        """An element after its number of bytes."""
        self.code(element.size)
        indices = "[]" if self._loops else ""
        self._event(_Line(element.name, f"{element.descriptor}({element.size.name}{indices})"))
        value: T = self._values.get(element.name, "")
        return value

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element whose numbers of bytes came before."""
        self._event(_Line(element.name, f"{element.descriptor}({element.size.name}[])", wording))
        return []

    def sized(self, element: Element[int]) -> int:
        """The size of the unit."""
        return self.code(element)

    def extent(self, size: int) -> None:
        """No row."""

    def guard(self, element: Element[int], size: int) -> None:
        """No row."""

    def verify(self, element: Element[int], size: int) -> None:
        """No row."""

    def checksum(self, element: Element[int]) -> None:
        """One element."""
        self.code(element)

    def reserved(self, element: Element[int]) -> None:
        """One element."""
        self.code(element)

    def align(self) -> None:
        """Alignment bits."""
        self.code(ALIGN)

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """One element."""
        self.code(element)

    def content(
        self,
        element: Element[memoryview],
        size: int,
        name: str,
        structure: Callable[Concatenate[Syntax, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """One element."""
        self.code(element)

    def infer(self, element: Element[T], value: T) -> T:
        """No row."""
        return value

    def when(self, wording: str, condition: bool | int) -> bool:
        """A condition."""
        if self._open:
            self._last = wording
            return wording not in self._refused
        if wording in self._refused:
            self._event(_Refusal(wording, self._refused[wording]))
            return False
        self._event(_When(wording))
        self._last = wording
        self._met += 1
        return self._script[self._met - 1] if self._met <= len(self._script) else True

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """The rows of the structure."""
        return structure(self, *args, **kwargs)

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A row; the structure has a table of its own."""
        own = structure.__name__
        self._event(_Line(f"{name}()", "") if name == own else _Line(name, f"{own}()"))
        if structure in self._open:
            return None  # type: ignore[return-value]  # what can be inside of itself returns nothing
        self._open.append(structure)
        result = structure(self, *args, **kwargs)
        self._open.pop()
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
        """A loop over several elements; one over a structure with a name of its own, which has a table, is a row."""
        if not structure.__name__.startswith("_"):
            self._event(_Line(name, f"{structure.__name__}()", wording))
            return
        self._event(_Loop(wording, name))
        self._loops += 1
        structure(self, 0, *args, **kwargs)
        self._loops -= 1
        self._event(_Next())

    def require(self, condition: bool | int, rule: str, error: type[AimcError] = MalformedError) -> None:
        """Rules are in the words around the table."""

    def limited(self, limit: str, value: int) -> None:
        """Decoders have limits, tables have not."""

    def refuse(self, name: str, reason: str) -> NoReturn:
        """What the condition before it is about."""
        raise _RefusedError(self._last, name)

    def _descriptor(self, element: Element[Any]) -> str:
        return self._descriptors.get(element.name, element.descriptor)

    def _event(self, event: _Event) -> None:
        if not self._open:
            self.events.append(event)
