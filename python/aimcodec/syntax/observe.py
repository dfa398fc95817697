"""Observing: reading that notes which points of coverage a stream reaches."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

from ..bits import Buffer
from ..errors import AimcError, InconsistentError, MalformedError, TruncatedError
from ..limits import DEFAULT_LIMITS, Limits
from .elements import Counted, Element
from .points import TEXTS, domain_of, label_of_count, label_of_structure
from .protocol import Syntax
from .read import Reader

__all__ = ["Observer"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")


class Observer(Reader):
    """A Reader that knows the points by name.

    Attributes:
        seen: ids of the points of the valid set that were reached.
        broken: id of the point of the invalid set that ended reading, if it is a point.
    """

    looks_inside = True

    def __init__(
        self,
        data: Buffer,
        syntax: str,
        root: str,
        key: Callable[[str, Element[Any]], str],
        greatest: Mapping[str, int],
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        super().__init__(data, limits)
        self.seen: set[str] = set()
        self.broken: str | None = None
        self._syntax = syntax
        self._root = root
        self._key = key
        self._greatest = greatest
        self._structures = [root]
        self._flags: list[dict[str, Any]] = [{}]
        self._subject, self._rules = "", 0

    def unit(
        self, path: str, structure: Callable[Concatenate[Syntax, P], object], *args: P.args, **kwargs: P.kwargs
    ) -> dict[str, Any]:
        """Reads one unit."""
        self._structures, self._flags = [self._root], [{}]
        try:
            fields = super().unit(path, structure, *args, **kwargs)
        except TruncatedError:
            if self.unit_end is not None and self.broken is None:
                self._break("size", f"{self._sized}/short", self._root)
            raise
        self._pairs()
        return fields

    def code(self, element: Element[T]) -> T:
        """One element."""
        self._subject_is(element.name)
        value = super().code(element)
        self._met(element, value)
        return value

    def counted(self, element: Counted[T]) -> T:
        """An element after its number of bytes, the values of which stand for its lengths."""
        size = self.code(element.size)
        self._subject_is(element.name)
        value = super().code(element.of(size))
        self._see("element", element.name)
        return value

    def _take(self, element: Element[T]) -> T:
        try:
            return super()._take(element)
        except MalformedError:
            if element.allowed is None:
                self._break("outside", f"{self._key(self._structures[-1], element)}/other")
            raise

    def sized(self, element: Element[int]) -> int:
        """The size of the unit."""
        self._subject_is(element.name)
        size = super().sized(element)
        self._met(element, size)
        return size

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""
        self._subject_is(element.name)
        values = super().array(wording, element, count)
        self._went_round(element.name, len(values))
        for value in set(values):
            self._met(element, value)
        return values

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element whose numbers of bytes came before."""
        self._subject_is(element.name)
        values = super().parts(wording, element, sizes)
        self._went_round(element.name, len(values))
        if values:
            self._see("element", element.name)
        return values

    def checksum(self, element: Element[int]) -> None:
        """A checksum: what it is follows from the rest."""
        self._subject_is(element.name)
        super().code(element)
        self._see("element", element.name)

    def reserved(self, element: Element[int]) -> None:
        """Bits with one permitted value."""
        self._subject_is(element.name)
        super().reserved(element)
        self._met(element, next(iter(element.allowed or (0,))))

    def align(self) -> None:
        """Alignment bits."""
        self._subject_is("align")
        super().align()
        self._see("element", "align")

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """Bytes of no syntax."""
        self._subject_is(element.name)
        super().payload(element, size)
        self._see("length", f"{element.name}/{'some' if self.payload_bytes else '0'}")

    def infer(self, element: Element[T], value: T) -> T:
        """An absent element."""
        self._subject_is(element.name)
        return super().infer(element, value)

    def extent(self, size: int) -> None:
        """The size of the unit."""
        self._sized = self._subject
        try:
            super().extent(size)
        except TruncatedError:
            self._break("size", f"{self._subject}/truncated")
            raise

    def _check_end(self) -> None:
        try:
            super()._check_end()
        except InconsistentError:
            self._break("size", f"{self._sized}/surplus")
            raise

    def _compare_checksum(self, element: Element[int], stored: int, start: int, end: int, place: int) -> None:
        try:
            super()._compare_checksum(element, stored, start, end, place)
        except InconsistentError:
            self._break("size", f"{element.name}/checksum")
            raise

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """A structure that fills so many bytes."""
        outer = self._structures[-1]
        try:
            return super().within(name, size, structure, *args, **kwargs)
        except (TruncatedError, MalformedError) as error:
            if self.broken is None:
                self._break("size", f"{name}/{'short' if isinstance(error, TruncatedError) else 'surplus'}", outer)
            raise

    def when(self, wording: str, condition: bool | int) -> bool:
        """A condition."""
        side = super().when(wording, condition)
        self._see("when", f"{wording}/{'true' if side else 'false'}")
        return side

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A structure inside this one."""
        self._enter(label_of_structure(name, structure))
        result = super().nest(name, structure, *args, **kwargs)
        self._leave()
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
        label = label_of_structure(name, structure)

        def each(s: Syntax, index: int) -> None:
            self._enter(label)
            structure(s, index, *args, **kwargs)
            self._leave()

        super().repeat(wording, name, count, each)
        self._went_round(name, max(count, 0))

    def require(self, condition: bool | int, rule: str, error: type[AimcError] = MalformedError) -> None:
        """A rule."""
        self._rules += 1
        if not condition:
            self._break("rule", f"{self._subject}/{self._rules}")
        super().require(condition, rule, error)

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Syntax that is not supported."""
        self._break("refuse", name)
        super().refuse(name, reason)

    def _check_value(self, element: Element[T], value: T) -> None:
        key = self._key(self._structures[-1], element)
        domain = domain_of(element)
        self._break("outside", f"{key}/{value if domain is not None else 'other'}")
        super()._check_value(element, value)

    def _met(self, element: Element[T], value: T) -> None:
        key = self._key(self._structures[-1], element)
        self._see("element", key)
        domain = domain_of(element)
        label = domain.label(value) if domain is not None and isinstance(value, int) else None
        if element.descriptor.startswith(TEXTS):
            label = f"length/{{}}/{'some' if value else '0'}"
        if label is not None:
            kind, _, rest = label.partition("/")
            self._see(kind, rest.format(key))
        if element.width == 1 and element.allowed == range(2):
            self._flags[-1][element.name] = value

    def _went_round(self, name: str, count: int) -> None:
        self._see("count", f"{name}/{label_of_count(count)}")
        if count == self._greatest.get(f"{self._structures[-1]}/{name}"):
            self._see("count", f"{name}/max")

    def _subject_is(self, name: str) -> None:
        self._subject, self._rules = name, 0

    def _enter(self, name: str) -> None:
        self._structures.append(name)
        self._flags.append({})
        self._see("structure", "present")

    def _leave(self) -> None:
        self._pairs()
        self._structures.pop()
        self._flags.pop()

    def _pairs(self) -> None:
        for (one, a), (other, b) in itertools.combinations(self._flags[-1].items(), 2):
            self._see("pair", f"{one}+{other}/{a}{b}")

    def _see(self, kind: str, rest: str) -> None:
        self.seen.add(f"{self._syntax}/{self._structures[-1]}/{kind}/{rest}")

    def _break(self, kind: str, rest: str, structure: str | None = None) -> None:
        self.broken = f"{self._syntax}/{structure or self._structures[-1]}/{kind}/{rest}"
