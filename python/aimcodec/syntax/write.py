"""Writing: values to bits, with the checks of reading; and measuring, which is writing without bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..bits import BitCounter, BitSink, BitWriter, Buffer
from ..errors import AimcError, ArgumentError, InconsistentError
from .backend import Backend
from .elements import ALIGN, Counted, Element
from .protocol import Syntax
from .trace import Status, Tracer, TraceRecord
from .tracing import TracingReader

__all__ = ["Sizer", "Writer"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")


class _Source:
    """Values supplied for one structure; each is taken once, and none may be left over."""

    __slots__ = ("taken", "values")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.taken: set[str] = set()

    def leftover(self) -> list[str]:
        return [name for name in self.values if name not in self.taken]


class _Writing(Backend):
    """Takes supplied values in the order of the syntax and gives them to a bit sink."""

    _bits: BitSink

    def __init__(self, bits: BitSink) -> None:
        super().__init__(bits)
        self._source = _Source({})
        self._payload: Buffer = b""
        self._unit_start = 0

    def unit(
        self,
        path: str,
        values: Mapping[str, Any],
        payload: Buffer,
        structure: Callable[Concatenate[Syntax, P], object],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Writes one unit; every value supplied must be used."""
        self._scopes = [path]
        self._index = -1
        self._unit_start = self.position
        self._source = _Source(values)
        self._payload = payload
        structure(self, *args, **kwargs)
        self._finish()
        if len(self._payload):
            raise ArgumentError("this kind of unit has no payload", bit_offset=self.position, path=path)

    def code(self, element: Element[T]) -> T:
        """One element."""
        return self._put(element, self._supplied(element.name))

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""
        supplied = self._supplied_list(element.name, count)
        values: list[T] = []
        for self._index, value in enumerate(supplied):
            values.append(self._put(element, value))
        self._index = -1
        return values

    def counted(self, element: Counted[T]) -> T:
        """An element after its number of bytes, which need not be supplied."""
        value = self._supplied(element.name)
        size = self._size_of(element, value)
        if element.size.name in self._source.values and self._supplied(element.size.name) != size:
            raise self._argument(element.size.name, f"the element has {size} bytes")
        self._put(element.size, size)
        return self._put(element.of(size), value)

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element whose numbers of bytes came before."""
        values: list[T] = []
        supplied = self._supplied_list(element.name, len(sizes))
        for self._index, value in enumerate(supplied):
            if self._size_of(element, value) != sizes[self._index]:
                raise self._argument(element.name, f"not the {sizes[self._index]} bytes that are announced")
            values.append(self._put(element.of(sizes[self._index]), value))
        self._index = -1
        return values

    def _size_of(self, element: Counted[T], value: Any) -> int:
        """Bytes that a supplied value takes."""
        try:
            return len(value.encode("utf-8")) if isinstance(value, str) else memoryview(value).nbytes
        except (TypeError, UnicodeEncodeError) as error:
            raise self._argument(element.name, str(error)) from None

    def sized(self, element: Element[int]) -> int:
        """The size of the unit in bytes."""
        return self.code(element)

    def extent(self, size: int) -> None:
        """The size of the unit."""

    def guard(self, element: Element[int], size: int) -> None:
        """Checked in reading only."""

    def checksum(self, element: Element[int]) -> None:
        """The checksum of the unit so far; a supplied one must be the same."""
        computed = self._bits.crc32(self._unit_start)
        supplied = self._supplied(element.name) if element.name in self._source.values else computed
        if supplied != computed:
            message = f"{element.name} is {computed:08x}, not {supplied!r}"
            raise InconsistentError(message, bit_offset=self.position, path=self.path(element.name))
        self._put(element, computed)

    def verify(self, element: Element[int], size: int) -> None:
        """Checked in reading only."""

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """A structure that fills so many bytes."""
        start = self.position
        result = self.nest(name, structure, *args, **kwargs)
        if self.position != start + 8 * size:
            raise InconsistentError(
                f"{name} has {(self.position - start) >> 3} bytes, not {size}", bit_offset=start, path=self.path(name)
            )
        return result

    def reserved(self, element: Element[int]) -> None:
        """Bits with one permitted value, which is 0."""
        self._put(element, 0)

    def align(self) -> None:
        """Alignment bits."""
        self._put(ALIGN, 1)

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """So many bytes, or all up to the end of the unit."""
        self._last, self._start = element, self.position
        payload = memoryview(self._payload)
        self._payload = b""
        if size not in (None, payload.nbytes):
            raise self._at_last(InconsistentError, f"{payload.nbytes} bytes are supplied, {size} are announced")
        element.write(self._bits, payload)
        if payload.nbytes:
            self._record(element, 8 * payload.nbytes, None, "payload")

    def content(
        self,
        element: Element[memoryview],
        size: int,
        name: str,
        structure: Callable[Concatenate[Syntax, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """A payload with a structure: bytes as any other."""
        self.payload(element, size)

    def infer(self, element: Element[T], value: T) -> T:
        """An absent element: a supplied value must be the inferred one."""
        self._last, self._start = element, self.position
        if element.name in self._source.values:
            supplied = self._supplied(element.name)
            if supplied != value:
                raise self._at_last(
                    InconsistentError, f"{element.name} is absent here, so it is {value}, not {supplied!r}"
                )
        self._record(element, 0, value, "inferred")
        return value

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A structure inside this one; returns what its function returns."""
        outer = self._source
        self._source = self._substructure(name, self._supplied(name))
        self._scopes.append(name)
        result = structure(self, *args, **kwargs)
        self._finish()
        self._scopes.pop()
        self._source = outer
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
        outer = self._source
        for index, values in enumerate(self._supplied_list(name, count)):
            label = f"{name}[{index}]"
            self._source = self._substructure(label, values)
            self._scopes.append(label)
            structure(self, index, *args, **kwargs)
            self._finish()
            self._scopes.pop()
        self._source = outer

    def _put(self, element: Element[T], supplied: Any) -> T:
        self._last, self._start = element, self.position
        try:
            value = element.convert(supplied)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._at_last(ArgumentError, f"{element.name}: {error}") from None
        self._check_value(element, value)
        try:
            element.write(self._bits, value)
        except AimcError as error:
            raise self._at_last(type(error), error.message) from None
        self._record(element, self.position - self._start, None if element.rule else value, "ok")
        return value

    def _record(self, element: Element[T], length: int, value: T | None, status: Status) -> None:
        """Nothing to record where nothing is written."""

    def _supplied(self, name: str) -> Any:
        source = self._source
        if name not in source.values or name in source.taken:
            raise self._argument(name, "no value is supplied")
        source.taken.add(name)
        return source.values[name]

    def _supplied_list(self, name: str, count: int) -> Sequence[Any]:
        values = self._supplied(name)
        if not isinstance(values, Sequence) or isinstance(values, str | bytes):
            raise self._argument(name, "a list is needed")
        if len(values) != max(count, 0):
            raise self._argument(name, f"{len(values)} values are supplied, {max(count, 0)} are needed")
        return values

    def _substructure(self, name: str, values: Any) -> _Source:
        if not isinstance(values, Mapping):
            raise self._argument(name, "a mapping of element names to values is needed")
        return _Source(values)

    def _finish(self) -> None:
        for name in self._source.leftover():
            raise self._argument(name, "the value supplied has no place in the syntax here")

    def _argument(self, name: str, message: str) -> ArgumentError:
        return ArgumentError(f"{name}: {message}", bit_offset=self.position, path=self.path(name))


class Writer(_Writing):
    """Writes units one after the other.

    With a trace, a payload that has a structure of its own must keep its rules.

    Values are checked as in reading. A value that is missing, supplied without a place in the syntax, or of the wrong
    type is an ArgumentError; one that contradicts another is an InconsistentError.
    """

    def __init__(self, trace: Tracer | None = None) -> None:
        bits = BitWriter()
        super().__init__(bits)
        self._bits: BitWriter = bits
        self._trace = trace
        self._size = -1  # of the unit in bytes, negative as long as nothing says it

    def unit(
        self,
        path: str,
        values: Mapping[str, Any],
        payload: Buffer,
        structure: Callable[Concatenate[Syntax, P], object],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Writes one unit and checks that its size is the one it states."""
        self._size = -1
        super().unit(path, values, payload, structure, *args, **kwargs)
        if self._size >= 0 and self.position != self._unit_start + 8 * self._size:
            raise InconsistentError(
                f"the unit has {(self.position - self._unit_start) / 8:g} bytes, not {self._size}",
                bit_offset=self._size_start,
                path=self._size_path,
            )

    def sized(self, element: Element[int]) -> int:
        """The size of the unit in bytes."""
        size = super().sized(element)
        self.extent(size)
        return size

    def extent(self, size: int) -> None:
        """The size of the unit."""
        self._size = size
        self._size_start, self._size_path = self._start, self.path(self._last.name)

    def tobytes(self) -> bytes:
        """All units written."""
        return self._bits.tobytes()

    def content(
        self,
        element: Element[memoryview],
        size: int,
        name: str,
        structure: Callable[Concatenate[Syntax, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """A payload with a structure: bytes as any other, of which a trace has the elements."""
        trace, self._trace = self._trace, None
        start = self.position
        self.payload(element, size)
        self._trace = trace
        if trace is None:
            return
        reader = TracingReader(self._bits.tobytes())
        reader.skip_to(start)
        reader.unit(".".join(self._scopes), lambda s: s.within(name, size, structure, *args, **kwargs))
        for record in reader.log.records(self._bits.tobytes()):
            trace(record)

    def _record(self, element: Element[T], length: int, value: T | None, status: Status) -> None:
        if self._trace is not None:
            raw = self._bits.peek(self._start, length) if status == "ok" else 0
            path = self.path(element.name)
            descriptor, clause, doc = element.descriptor, element.clause, element.doc
            self._trace(TraceRecord(self._start, length, descriptor, path, raw, value, clause, status, doc))


class Sizer(_Writing):
    """Measures what a Writer would write; the size of the unit need not be supplied."""

    def __init__(self, position: int = 0) -> None:
        super().__init__(BitCounter(position))

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """A structure whose size is to be found out."""
        return self.nest(name, structure, *args, **kwargs)

    def sized(self, element: Element[int]) -> int:
        """The size of the unit, of which only the length of its field matters: any permitted value will do."""
        self._source.taken.add(element.name)
        return self._put(element, next(iter(element.allowed or ()), 0))
