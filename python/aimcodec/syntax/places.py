"""Where the elements of a stream are, unit by unit, and units written with other bits in some of the places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from ..bits import BitReader, BitWriter, Buffer, byte_view
from ..limits import DEFAULT_LIMITS, Limits
from .aim import units as aim_units
from .aim.model import DamagedUnit as DamagedAimUnit
from .elements import ALIGN, Element
from .nnc import units as nnc_units
from .read import Reader

__all__ = ["Bits", "Place", "SyntaxName", "UnitPlaces", "places_of"]

T = TypeVar("T")

SyntaxName: TypeAlias = Literal["nnc", "aim"]


class Bits(NamedTuple):
    """So many bits, as an unsigned number."""

    value: int
    length: int


@dataclass(frozen=True, slots=True)
class Place:
    """One element of a stream, or a payload that is not empty.

    Attributes:
        start: first bit, from the start of the stream.
        end: the bit after it.
    """

    element: Element[Any]
    start: int
    end: int
    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class UnitPlaces:
    """A unit of a stream.

    Attributes:
        start: first bit.
        end: the bit after it.
        places: elements without gaps from `start` on; up to `end`, unless the unit is damaged.
    """

    data: memoryview
    start: int
    end: int
    places: list[Place]

    def find(self, name: str) -> int | None:
        """Number of the place of the first element of that name."""
        return next((number for number, place in enumerate(self.places) if place.element.name == name), None)

    def written(self, changes: Mapping[int, Bits]) -> bytes:
        """The unit with other bits in the places of these numbers; alignment and unit size follow the new lengths."""
        source, sink = BitReader(self.data), BitWriter()
        done = self.start
        for number, place in enumerate(self.places):
            length = place.end - place.start
            if number in changes:
                sink.u(changes[number].length, changes[number].value)
            elif place.element is ALIGN and place.value:
                sink.align()
            elif length:
                sink.u(length, source.peek(place.start, length))
            done = place.end
        if self.end > done:
            sink.u(self.end - done, source.peek(done, self.end - done))
        sink.u(-sink.position & 7, 0)
        return sink.tobytes()


def places_of(data: Buffer, syntax: SyntaxName, limits: Limits = DEFAULT_LIMITS) -> list[UnitPlaces]:
    """The units of a stream, up to the first that is damaged, which is the last one and reaches to the end."""
    view = byte_view(data)
    reader = _PlacesReader(view, limits)
    found = nnc_units._scan(reader, limits) if syntax == "nnc" else aim_units._scan(reader, view, limits)
    units: list[UnitPlaces] = []
    start = 0
    for unit in found:
        damaged = isinstance(unit, nnc_units.DamagedUnit | DamagedAimUnit)
        end = reader.end if damaged else reader.position
        if end > start:
            units.append(UnitPlaces(view, start, end, reader.places))
        if damaged:
            break
        start, reader.places = end, []
    return units


class _PlacesReader(Reader):
    """Reads one element after the other and notes where it is."""

    looks_inside = True

    def __init__(self, data: Buffer, limits: Limits) -> None:
        super().__init__(data, limits)
        self.places: list[Place] = []

    def _take(self, element: Element[T]) -> T:
        value = super()._take(element)
        self._note(element, value)
        return value

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""
        return self._one_by_one(element, count)

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """So many bytes, or all up to the end of the unit."""
        super().payload(element, size)
        if self.payload_bytes:
            self._note(element, self.payload_bytes)

    def _note(self, element: Element[Any], value: Any) -> None:
        self.places.append(Place(element, self._start, self._bits.position, self.path(element.name), value))
