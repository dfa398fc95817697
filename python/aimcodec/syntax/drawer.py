"""Drawing: a structure run with random values, which it keeps if they break no rule."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeAlias, TypeVar

from ..errors import AimcError, MalformedError
from ..limits import DEFAULT_LIMITS
from .elements import Counted, Element
from .points import Domain, domain_of
from .protocol import Fields, Syntax

__all__ = ["Choices", "Drawer", "RejectedError", "draw_bytes", "draw_text"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

Choices: TypeAlias = Mapping[str, Callable[["Drawer"], Any]]
"""Element name to what draws its value, where any permitted value will not do."""

ATTEMPTS = 200  # before a structure is given up
FEW = 3  # of values in a loop that nothing else bounds

# On both sides of each change in the number of bytes, and none of the surrogates.
EDGE_CHARACTERS = "\x01\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"
EDGE_FLOATS = (0.0, -0.0, 1.0, float("inf"), float("-inf"), float("nan"), 2.0**-149, 2.0**-126, (2 - 2.0**-23) * 2**127)
LONG_TEXT = 300  # characters, more than a byte can count


class RejectedError(Exception):
    """The values drawn so far break a rule."""


def draw_bytes(rng: random.Random, size: int) -> bytes:
    """Random bytes, or the same one throughout."""
    kind = rng.randrange(4)
    if kind < 2 or not size:
        return bytes([kind and 0xFF]) * size
    return rng.randbytes(size)


def draw_text(rng: random.Random) -> str:
    """No character, one, some or many, from all over Unicode; not U+0000."""
    length = rng.choice((0, 1, 2, rng.randrange(20), LONG_TEXT if rng.randrange(20) == 0 else 5))
    alphabet = rng.choice(("abc/._", EDGE_CHARACTERS, "ab" + EDGE_CHARACTERS))
    return "".join(rng.choice(alphabet) for _ in range(length))


class Drawer:
    """Runs structures with random values: numbers of every length, and the ends of ranges far more often than others.

    Attributes:
        rng: where all choices come from.
        fields: values of the structure that is being drawn.
        outer: values of the structures around it, from the outermost.
        index: of the element in its loop, or of the loop around it.
    """

    def __init__(self, rng: random.Random, choices: Choices, counters: frozenset[str], budget: int = 2000) -> None:
        """`counters` are elements that count the rounds of loops; `budget` bounds the elements of a structure."""
        self.rng = rng
        self.fields: Fields = {}
        self.outer: list[Fields] = []
        self.index = 0
        self._choices = choices
        self._counters = counters
        self._budget = budget
        self._left = budget

    def draw(self, structure: Callable[Concatenate[Syntax, P], object], *args: P.args, **kwargs: P.kwargs) -> Fields:
        """Values of a structure that keep its rules.

        Raises:
            RejectedError: none were found.
        """
        for _ in range(ATTEMPTS):
            self.fields, self.outer, self._left = {}, [], self._budget
            try:
                structure(self, *args, **kwargs)
            except RejectedError:
                continue
            return self.fields
        raise RejectedError

    def number(self, domain: Domain) -> int:
        """A permitted value of a numeric element."""
        if domain.values:
            return self.rng.choice(domain.values)
        least, greatest = domain.least, domain.greatest
        if self.rng.randrange(2):
            edges = (least, least + 1, greatest - 1, greatest, 0, 1)
            return self.rng.choice([edge for edge in edges if least <= edge <= greatest])
        middle = min(max(least, 0), greatest)
        away = (1 << self.rng.randrange((greatest - least).bit_length() + 1)) - 1
        return self.rng.randint(max(least, middle - away), min(greatest, middle + away))

    def count(self, domain: Domain) -> int:
        """A number of rounds: 0, 1, 2, some, or as many as there can be."""
        if self._left <= 0:
            return domain.least
        some = min(self._left, domain.greatest, 255)
        most = some if self.rng.randrange(30) == 0 else FEW
        return min(domain.greatest, domain.least + self.rng.choice((0, 1, 2, self.rng.randint(0, most), most)))

    def code(self, element: Element[T]) -> T:
        """One element."""
        value = self._value(element)
        self.fields[element.name] = value
        return value

    def decisive(self, element: Element[T]) -> T:
        """One element."""
        return self.code(element)

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""
        if count > self._budget:
            raise RejectedError
        values: list[T] = []
        self.fields[element.name] = values
        outer = self.index
        for self.index in range(count):
            values.append(self._value(element))
        self.index = outer
        return values

    def counted(self, element: Counted[T]) -> T:
        """An element and its number of bytes."""
        value = self._value(element.of(0))
        data = value.encode() if isinstance(value, str) else value
        self.fields |= {element.size.name: len(data), element.name: value}  # type: ignore[arg-type]
        return value

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element, whose sizes follow what is drawn."""
        values = [self._value(element.of(0)) for _ in sizes]
        data = [value.encode() if isinstance(value, str) else value for value in values]
        self.fields |= {element.size.name: [len(each) for each in data], element.name: values}  # type: ignore[arg-type]
        return values

    def sized(self, element: Element[int]) -> int:
        """The size of the unit, which is left to the writer."""
        return 0

    def extent(self, size: int) -> None:
        """The same."""

    def guard(self, element: Element[int], size: int) -> None:
        """Checksums are left to the writer."""

    def checksum(self, element: Element[int]) -> None:
        """The same."""

    def verify(self, element: Element[int], size: int) -> None:
        """The same."""

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """A structure of any size."""
        return self.nest(name, structure, *args, **kwargs)

    def reserved(self, element: Element[int]) -> None:
        """Bits with one permitted value."""

    def align(self) -> None:
        """The same."""

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """Payloads are drawn by whoever draws units."""

    def content(
        self,
        element: Element[memoryview],
        size: int,
        name: str,
        structure: Callable[Concatenate[Syntax, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Payloads are drawn by whoever draws units."""

    def infer(self, element: Element[T], value: T) -> T:
        """An absent element has this value."""
        self.fields[element.name] = value
        return value

    def when(self, wording: str, condition: bool | int) -> bool:
        """A condition."""
        return bool(condition)

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A structure inside this one."""
        outer = self.fields
        self.outer.append(outer)
        self.fields = outer[name] = {}
        result = structure(self, *args, **kwargs)
        self.fields = self.outer.pop()
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
        if count > self._budget:
            raise RejectedError
        rounds: list[Fields] = []
        self.fields[name] = rounds
        self.outer.append(self.fields)
        for index in range(count):
            self.fields, self.index = {}, index
            rounds.append(self.fields)
            structure(self, index, *args, **kwargs)
        self.fields = self.outer.pop()

    def require(self, condition: bool | int, rule: str, error: type[AimcError] = MalformedError) -> None:
        """A rule."""
        if not condition:
            raise RejectedError

    def limited(self, limit: str, value: int) -> None:
        """A limit of decoders."""
        self.require(value <= getattr(DEFAULT_LIMITS, limit), limit)

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Syntax that is not supported."""
        raise RejectedError

    def _value(self, element: Element[T]) -> T:
        self._left -= 1
        choice = self._choices.get(element.name)
        value: T = self._any(element) if choice is None else choice(self)
        return value

    def _any(self, element: Element[Any]) -> Any:
        domain = domain_of(element)
        if domain is not None:
            return self.count(domain) if element.name in self._counters else self.number(domain)
        if element.descriptor.startswith("flt"):
            return self._float()
        if element.descriptor.startswith("b("):
            return draw_bytes(self.rng, self.rng.choice((0, 1, 2, self.rng.randrange(40))))
        return draw_text(self.rng)

    def _float(self) -> float:
        if self.rng.randrange(2):
            return self.rng.choice(EDGE_FLOATS)
        value: float = struct.unpack("<f", self.rng.randbytes(4))[0]
        return 0.5 if math.isnan(value) else value  # of all NaNs the one above is enough
