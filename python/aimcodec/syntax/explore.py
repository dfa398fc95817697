"""Exploring: a structure run with both sides of all its conditions, to find all that there is in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

from ..errors import AimcError, MalformedError
from .elements import ALIGN, Counted, Element
from .points import TEXTS, Kind, Point, count_labels, domain_of, label_of_structure, loop_bounds
from .protocol import Syntax

__all__ = ["Explorer", "explore"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

NO_TEXT = "bytes that are not UTF-8"

Condition = tuple[str, str]  # structure and wording
Side = tuple[Condition, bool]


class _RefusedError(Exception):
    """The structure does not go on from here."""


def explore(
    explorer: Explorer,
    structure: Callable[Concatenate[Syntax, P], object],
    values: Mapping[str, Any],
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Runs a structure until any two of its conditions have had all sides that they can have together.

    `values` are those of the elements named; others are 1.
    """
    known: set[frozenset[Side]] = set()
    waiting: list[list[Side]] = [[]]
    while waiting:
        made, refused = explorer.run(dict(waiting.pop()), structure, values, *args, **kwargs)
        if refused:  # nothing after that condition was met, so what came before is to be tried without it
            condition, side = made.pop()
            known |= {frozenset([earlier, (condition, side)]) for earlier in [*made, (condition, side)]}
            waiting.append([*made, (condition, not side)])
        for number, (condition, side) in enumerate(made):
            before, flipped = made[:number], (condition, not side)
            known |= {frozenset([earlier, (condition, side)]) for earlier in [*before, (condition, side)]}
            together = {frozenset([earlier, flipped]) for earlier in [*before, flipped]}
            if not together <= known:
                known |= together
                waiting.append([*before, flipped])


class Explorer:
    """Collects points over all its runs.

    Attributes:
        points: by id, in the order in which they were found.
        greatest: structure/loop to the greatest number of rounds, where it is a point.
        counters: elements that the numbers of rounds depend on.
    """

    def __init__(self, syntax: str, root: str) -> None:
        self.points: dict[str, Point] = {}
        self.greatest: dict[str, int] = {}
        self.counters: set[str] = set()
        self._syntax = syntax
        self._root = root
        self._keys: dict[tuple[str, str], dict[Any, str]] = {}
        self._elements: dict[str, Element[Any]] = {}  # numbers by name, of all runs

    def run(
        self,
        decisions: dict[Condition, bool],
        structure: Callable[Concatenate[Syntax, P], object],
        values: Mapping[str, Any],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[list[Side], bool]:
        """One run; returns the conditions met with the sides taken, and whether it ended in syntax that is refused.

        The side is the true one where no decision was made before.
        """
        self._decisions = decisions
        self._values = values
        self._made: dict[Condition, bool] = {}
        self._structures = [self._root]
        self._open: list[object] = []  # structures inside it
        self._flags: list[dict[str, int | None]] = [{}]  # of each open structure: name to value, None for either
        self._clause = ""
        self._subject, self._rules = "", 0
        try:
            structure(self, *args, **kwargs)
        except _RefusedError:
            return list(self._made.items()), True
        self._pairs()
        return list(self._made.items()), False

    def key(self, structure: str, element: Element[Any]) -> str:
        """Name of an element in ids: with its descriptor where the structure has another of that name."""
        known = self._keys.setdefault((structure, element.name), {})
        return known.setdefault(element.allowed, f"{element.name}:{element.descriptor}" if known else element.name)

    def code(self, element: Element[T]) -> T:
        """One element."""
        key = self._present(element)
        domain = domain_of(element)
        if domain is not None:
            self._elements.setdefault(element.name, element)
            self._labels(domain.labels(), key)
            for value in domain.outside:
                self._add("outside", f"{key}/{value}", valid=False)
        elif element.rule:
            self._add("outside", f"{key}/other", valid=False, text=element.rule)
        elif element.descriptor.startswith(TEXTS):
            self._labels(["length/{}/0", "length/{}/some"], key)
            self._add("outside", f"{key}/other", valid=False, text=NO_TEXT)
        if element.width == 1 and element.allowed == range(2):
            self._flags[-1][element.name] = self._values.get(element.name)
        return self._value(element, 1)

    def decisive(self, element: Element[T]) -> T:
        """One element."""
        return self.code(element)

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""
        self._loop(wording, element.name)
        return [self.code(element)]

    def counted(self, element: Counted[T]) -> T:
        """An element after its number of bytes."""
        self.code(element.size)
        self._of_size(element)
        return self._value(element, "")

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element whose numbers of bytes came before."""
        self._loop(wording, element.name)
        self._of_size(element)
        return []

    def sized(self, element: Element[int]) -> int:
        """The size of the unit."""
        size = self.code(element)
        self.extent(size)
        return size

    def extent(self, size: int) -> None:
        """The size of the unit."""
        self._add("size", f"{self._subject}/truncated", valid=False, text="the data end before the unit does")
        self._add("size", f"{self._subject}/short", valid=False, text="the unit ends before its last element does")
        self._add("size", f"{self._subject}/surplus", valid=False, text="the unit goes on after its last element")

    def guard(self, element: Element[int], size: int) -> None:
        """A checksum."""
        self._add("size", f"{element.name}/checksum", valid=False, text="wrong checksum")

    def verify(self, element: Element[int], size: int) -> None:
        """A checksum."""
        self.guard(element, size)

    def checksum(self, element: Element[int]) -> None:
        """One element, which can have only one value."""
        self._present(element)

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """A structure of so many bytes."""
        self._add("size", f"{name}/short", valid=False, text="the structure ends before its last element does")
        self._add("size", f"{name}/surplus", valid=False, text="bytes follow the last element of the structure")
        return self.nest(name, structure, *args, **kwargs)

    def reserved(self, element: Element[int]) -> None:
        """Bits with one permitted value."""
        self.code(element)

    def align(self) -> None:
        """Alignment bits."""
        self.code(ALIGN)

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """Bytes of no syntax."""
        key = self._subject_is(element)
        self._labels(["length/{}/0", "length/{}/some"], key)

    def content(
        self,
        element: Element[memoryview],
        size: int,
        name: str,
        structure: Callable[Concatenate[Syntax, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """A payload with a structure."""
        self.within(name, size, structure, *args, **kwargs)

    def infer(self, element: Element[T], value: T) -> T:
        """An absent element: what makes it absent is a point, not this."""
        self._subject_is(element)
        return value

    def when(self, wording: str, condition: bool | int) -> bool:
        """A condition, both sides of which are points."""
        for side in ("true", "false"):
            self._add("when", f"{wording}/{side}")
        place = self._structures[-1], wording
        side_taken = self._made[place] = self._decisions.get(place, True)
        flag = wording.removeprefix("not ")
        if flag in self._flags[-1]:
            self._flags[-1][flag] = int(side_taken == (flag == wording))
        return side_taken

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A structure inside this one; one that is inside of itself is not entered again."""
        if structure in self._open:
            return None  # type: ignore[return-value]  # what can be inside of itself returns nothing
        self._open.append(structure)
        self._structures.append(label_of_structure(name, structure))
        self._flags.append({})
        result = structure(self, *args, **kwargs)
        self._add("structure", "present")
        self._pairs()
        self._structures.pop()
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
        """A loop over several elements."""
        self._loop(wording, name)
        self.nest(name, structure, 0, *args, **kwargs)

    def require(self, condition: bool | int, rule: str, error: type[AimcError] = MalformedError) -> None:
        """A rule, which counts as kept here."""
        self._rules += 1
        self._add("rule", f"{self._subject}/{self._rules}", valid=False, text=rule)

    def limited(self, limit: str, value: int) -> None:
        """Limits of decoders are no part of the syntax."""

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Syntax that begins here and is not supported."""
        self._add("refuse", name, valid=False, text=reason)
        raise _RefusedError

    def _value(self, element: Element[T] | Counted[T], other: Any) -> T:
        value: T = self._values.get(element.name, other)
        return value

    def _of_size(self, element: Counted[Any]) -> None:
        """An element whose lengths are values of another."""
        key = self._present(element.of(0))
        if element.descriptor in TEXTS:
            self._add("outside", f"{key}/other", valid=False, text=NO_TEXT)

    def _present(self, element: Element[Any]) -> str:
        key = self._subject_is(element)
        self._add("element", key)
        return key

    def _subject_is(self, element: Element[Any]) -> str:
        key = self.key(self._structures[-1], element)
        self._subject, self._rules, self._clause = element.name, 0, element.clause
        return key

    def _loop(self, wording: str, name: str) -> None:
        least, greatest = loop_bounds(wording, self._elements)
        self.counters |= {counter for counter in re.findall(r"\w+", wording) if counter in self._elements}
        labels = count_labels(least, greatest)
        for label in labels:
            self._add("count", f"{name}/{label}")
        if greatest is not None and "max" in labels:
            self.greatest[f"{self._structures[-1]}/{name}"] = greatest

    def _pairs(self) -> None:
        """Pairs of the flags of the structure that ends here, with the values that its conditions leave possible."""
        flags = self._flags.pop()
        for one, other in itertools.combinations(flags, 2):
            for a, b in itertools.product(_sides(flags[one]), _sides(flags[other])):
                self._add("pair", f"{one}+{other}/{a}{b}")

    def _labels(self, labels: Iterable[str], key: str) -> None:
        for label in labels:
            kind, _, rest = label.partition("/")
            self._add(kind, rest.format(key))  # type: ignore[arg-type]

    def _add(self, kind: Kind, rest: str, *, valid: bool = True, text: str = "") -> None:
        structure = self._structures[-1]
        name = f"{self._syntax}/{structure}/{kind}/{rest}"
        if name not in self.points:
            path = ".".join(self._structures)
            self.points[name] = Point(name, kind, path, self._clause, valid, text)


def _sides(value: int | None) -> tuple[int, ...]:
    return (0, 1) if value is None else (value,)
