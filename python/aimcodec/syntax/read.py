"""Reading: bits to values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..bits import BitReader, Buffer
from ..errors import AimcError, InconsistentError, LimitExceededError, MalformedError, TruncatedError
from ..limits import DEFAULT_LIMITS, Limits
from .backend import Backend
from .elements import ALIGN, Allowed, Counted, Element
from .protocol import Fields, Syntax

__all__ = ["Reader"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

WHOLE_BYTES = (8, 16, 32, 64)  # bits of the elements that are read many at a time
CHECKSUM_BITS = 32


def _all_allowed(values: list[int], allowed: Allowed | None) -> bool:
    if allowed is None:
        return True
    if isinstance(allowed, range):
        return min(values) in allowed and max(values) in allowed
    return set(values) <= allowed


class Reader(Backend):
    """Runs structures over a stream, one unit after the other.

    Attributes:
        looks_inside: whether payloads that have a structure of their own are read too.
        fields: values of the unit read last; after an error, those read before it.
        payload_bytes: payload of the unit read last.
        payload_offset: its byte offset in the stream; where the unit ends if it has none.
        unit_end: bit after the unit, None as long as its size is not known to be good.
    """

    looks_inside = False

    def __init__(self, data: Buffer, limits: Limits = DEFAULT_LIMITS) -> None:
        bits = BitReader(data, max_string_bytes=limits.max_string_bytes)
        super().__init__(bits)
        self._bits: BitReader = bits
        self._limits = limits
        self._fields: Fields = {}
        self.fields: Fields = {}
        self.payload_bytes = memoryview(b"")
        self.payload_offset = 0
        self.unit_end: int | None = None

    @property
    def end(self) -> int:
        """Number of bits of the stream."""
        return self._bits.end

    def unit(
        self, path: str, structure: Callable[Concatenate[Syntax, P], object], *args: P.args, **kwargs: P.kwargs
    ) -> Fields:
        """Reads one unit at the current position and checks that it ends where its size says."""
        self.fields = self._fields = {}
        self._scopes = [path]
        self._index = -1
        self._unit_start = self._bits.origin = self._bits.position
        self.unit_end = None
        self._bits.limit = self._bits.end
        self.payload_bytes = memoryview(b"")
        structure(self, *args, **kwargs)
        self._check_end()
        return self.fields

    def _check_end(self) -> None:
        if not self.payload_bytes:
            self.payload_offset = self._bits.position >> 3
        surplus = self._bits.limit - self._bits.position
        if surplus and self.unit_end is not None:
            raise InconsistentError(
                f"the unit goes on for {surplus} bits after its last element",
                bit_offset=self._size_start,
                path=self._size_path,
            )

    def skip_to(self, position: int) -> None:
        """Goes on at another position, for example after a damaged unit."""
        self._bits.position = position

    def code(self, element: Element[T]) -> T:
        """One element."""
        value = self._take(element)
        self._fields[element.name] = value
        return value

    def _take(self, element: Element[T]) -> T:
        bits = self._bits
        start = self._start = bits.position
        self._last = element
        try:
            value = element.read(bits)
        except AimcError as error:
            raise type(error)(error.message, bit_offset=start, path=self.path(element.name)) from None
        if element.allowed is not None and value not in element.allowed:
            self._check_value(element, value)
        return value

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element. The list grows with what is read, so a false count costs nothing."""
        if element.width in WHOLE_BYTES and not self._bits.position & 7:
            self._fields[element.name] = numbers = self._numbers(element, count)
            return numbers
        return self._one_by_one(element, count)

    def _one_by_one(self, element: Element[T], count: int) -> list[T]:
        values: list[T] = []
        self._fields[element.name] = values
        for self._index in range(count):
            values.append(self._take(element))
        self._index = -1
        return values

    def _numbers(self, element: Element[Any], count: int) -> list[Any]:
        """What a loop over `_take` gives, in one step."""
        bits = self._bits
        start = self._start = bits.position
        self._last = element
        present = (bits.limit - start) // element.width
        if count > present:
            self._index = present
            self._start = bits.position = start + present * element.width
            raise self._at_last(TruncatedError, f"the data end before the {element.width}-bit field does")
        values = bits.numbers(element.width, max(count, 0))
        if values and not _all_allowed(values, element.allowed):
            for self._index, value in enumerate(values):
                self._start = start + self._index * element.width
                self._check_value(element, value)
            self._index = -1
        self._start = max(start, bits.position - element.width)
        return values

    def counted(self, element: Counted[T]) -> T:
        """An element after its number of bytes."""
        return self.code(element.of(self.code(element.size)))

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element whose numbers of bytes came before."""
        values: list[T] = []
        self._fields[element.name] = values
        for self._index, size in enumerate(sizes):
            values.append(self._take(element.of(size)))
        self._index = -1
        return values

    def sized(self, element: Element[int]) -> int:
        """The size of the unit in bytes."""
        size = self._take(element)
        self._fields[element.name] = size
        if element.allowed is not None and size not in element.allowed:
            raise self._at_last(*self._broken_rule(element, size))
        self.extent(size)
        return size

    def extent(self, size: int) -> None:
        """The unit has so many bytes."""
        self._size_start, self._size_path = self._start, self.path(self._last.name)
        end = self._unit_start + 8 * size
        if end > self._bits.end:
            missing = (end - self._bits.end + 7) >> 3
            raise self._at_last(TruncatedError, f"the data end {missing} bytes before the unit does")
        self.unit_end = self._bits.limit = end

    def guard(self, element: Element[int], size: int) -> None:
        """The checksum at the end of the first bytes of the unit."""
        end = self._unit_start + 8 * size
        if end > self._bits.limit:
            raise self._at_last(TruncatedError, f"the data end before the {size} bytes of the header do")
        place = end - CHECKSUM_BITS
        stored = self._bits.peek(place, CHECKSUM_BITS)
        self._compare_checksum(element, stored, self._unit_start, place, place)

    def checksum(self, element: Element[int]) -> None:
        """The checksum, which `guard` has checked."""
        self.code(element)

    def verify(self, element: Element[int], size: int) -> None:
        """The checksum of the next bytes."""
        start = self._bits.position
        self._compare_checksum(element, self._fields[element.name], start, start + 8 * size, start)

    def _compare_checksum(self, element: Element[int], stored: int, start: int, end: int, place: int) -> None:
        computed = self._bits.crc32(start, end)
        if computed != stored:
            message = f"checksum: the bytes have {computed:08x}, {element.name} says {stored:08x}"
            self._violation(InconsistentError(message, bit_offset=place, path=self.path(element.name)))

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """A structure that fills so many bytes."""
        outer, start = self._bits.limit, self._bits.position
        end = start + 8 * size
        if end > outer:
            missing = (end - outer + 7) >> 3
            raise TruncatedError(
                f"the data end {missing} bytes before the {name} does", bit_offset=start, path=self.path(name)
            )
        self._bits.limit = end
        result = self.nest(name, structure, *args, **kwargs)
        surplus = end - self._bits.position
        if surplus:
            raise MalformedError(
                f"{surplus >> 3} bytes follow the last element", bit_offset=self._bits.position, path=self.path(name)
            )
        self._bits.limit = outer
        return result

    def reserved(self, element: Element[int]) -> None:
        """Bits with one permitted value."""
        self._take(element)

    def align(self) -> None:
        """Alignment bits."""
        self._take(ALIGN)

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """So many bytes, or all up to the end of the unit."""
        self._last, self._start = element, self._bits.position
        self.payload_offset = self._start >> 3
        self.payload_bytes = element.read(self._bits) if size is None else self._bits.view(size)

    def content(
        self,
        element: Element[memoryview],
        size: int,
        name: str,
        structure: Callable[Concatenate[Syntax, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """A payload with a structure: bytes as any other, unless the reader looks into it."""
        if not self.looks_inside:
            self.payload(element, size)
            return
        Reader.payload(self, element, size)  # not of a subclass, as these bytes are elements to it
        self._bits.position = self._start
        self.within(name, size, structure, *args, **kwargs)

    def infer(self, element: Element[T], value: T) -> T:
        """An absent element."""
        self._last, self._start = element, self._bits.position
        self._fields[element.name] = value
        return value

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A structure inside this one; returns what its function returns."""
        outer = self._fields
        self._fields = outer[name] = {}
        self._scopes.append(name)
        result = structure(self, *args, **kwargs)
        self._scopes.pop()
        self._fields = outer
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
        outer = self._fields
        rounds: list[Fields] = []
        outer[name] = rounds
        for index in range(count):
            self._fields = {}
            rounds.append(self._fields)
            self._scopes.append(f"{name}[{index}]")
            structure(self, index, *args, **kwargs)
            self._scopes.pop()
        self._fields = outer

    def limited(self, limit: str, value: int) -> None:
        """A limit of the decoder."""
        bound = getattr(self._limits, limit)
        if value > bound:
            raise self._at_last(LimitExceededError, f"{value} exceeds the limit {limit} of {bound}")
