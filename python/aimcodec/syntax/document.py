"""Documenting: a structure as the rows of its table in the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, NamedTuple, NoReturn, ParamSpec, TypeVar

from ..errors import AimcError, MalformedError, UnsupportedError
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
        text: an element, a condition or a loop.
        descriptor: of an element; empty for others.
    """

    depth: int
    text: str
    descriptor: str


class _Loop(NamedTuple):
    """A loop; `name` tells it from others with the same wording."""

    wording: str
    name: str


class _Line(NamedTuple):
    """An element and the loops around it; `alone` if it is a loop of its own that takes no row of its own."""

    name: str
    descriptor: str
    loops: tuple[_Loop, ...]
    alone: bool = False


def document(
    structure: Callable[Concatenate[Syntax, P], object],
    values: Mapping[str, Any],
    descriptors: Mapping[str, str],
    *args: P.args,
    **kwargs: P.kwargs,
) -> list[Row]:
    """The rows of a structure whose conditions have no alternatives.

    Args:
        structure: what to document.
        values: of elements that the structure cannot be run with as 1.
        descriptors: of elements whose number of bytes no element before them says.
        args: arguments of the structure.
        kwargs: likewise.
    """

    def run(without: str) -> _Documenter:
        documenter = _Documenter(values, descriptors, without)
        structure(documenter, *args, **kwargs)
        return documenter

    full = run("")
    guarded = {condition: set(full.lines) - set(run(condition).lines) for condition in full.conditions}
    return _rows(full.lines, guarded)


def _rows(lines: Sequence[_Line], guarded: Mapping[str, set[_Line]]) -> list[Row]:
    """Lines with the conditions and loops that they are inside of, each said once."""
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for line in lines:
        heads = [(f"if {condition}", "") for condition, inside in guarded.items() if line in inside]
        heads += [(_for_each(depth, loop.wording), loop.name) for depth, loop in enumerate(line.loops)]
        own = f"{heads.pop()[0]}: " if line.alone else ""
        common = 0
        while common < min(len(heads), len(said)) and heads[common] == said[common]:
            common += 1
        rows += [Row(depth, f"{heads[depth][0]}:", "") for depth in range(common, len(heads))]
        said = heads
        indices = _indices(len(line.loops))
        rows.append(Row(len(heads), own + line.name + indices, line.descriptor.replace("[]", indices)))
    return rows


def _for_each(depth: int, wording: str) -> str:
    """The head of a loop, whose bound is an element of the loops around it."""
    return f"for each {INDICES[depth]}{wording.removeprefix('i')}{_indices(depth)}"


def _indices(depth: int) -> str:
    return "".join(f"[{index}]" for index in INDICES[:depth])


class _Documenter:
    """Runs a structure with all conditions true, but one at most, and every loop once."""

    def __init__(self, values: Mapping[str, Any], descriptors: Mapping[str, str], without: str) -> None:
        self._values = values
        self._descriptors = descriptors
        self._without = without
        self._loops: tuple[_Loop, ...] = ()
        self.lines: list[_Line] = []
        self.conditions: list[str] = []

    def code(self, element: Element[T]) -> T:
        """One element."""
        self._line(element.name, self._descriptors.get(element.name, element.descriptor))
        value: T = self._values.get(element.name, 1)
        return value

    def decisive(self, element: Element[T]) -> T:
        """One element."""
        return self.code(element)

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""
        self._alone(wording, element.name, element.descriptor)
        value: T = self._values.get(element.name, 1)
        return [value]

    def counted(self, element: Counted[T]) -> T:
        """An element after its number of bytes."""
        self.code(element.size)
        self._line(element.name, f"{element.descriptor}({element.size.name}{'[]' if self._loops else ''})")
        value: T = self._values.get(element.name, "")
        return value

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element whose numbers of bytes came before."""
        self._alone(wording, element.name, f"{element.descriptor}({element.size.name}[])")
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

    def infer(self, element: Element[T], value: T) -> T:
        """No row."""
        return value

    def when(self, wording: str, condition: bool | int) -> bool:
        """A condition."""
        if wording not in self.conditions:
            self.conditions.append(wording)
        return wording != self._without

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """The rows of the structure."""
        return structure(self, *args, **kwargs)

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The rows of the structure."""
        return structure(self, *args, **kwargs)

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
        self._loops = (*self._loops, _Loop(wording, name))
        structure(self, 0, *args, **kwargs)
        self._loops = self._loops[:-1]

    def require(self, condition: bool | int, rule: str, error: type[AimcError] = MalformedError) -> None:
        """Rules are in the words around the table."""

    def limited(self, limit: str, value: int) -> None:
        """Decoders have limits, tables have not."""

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Nothing of it is in the table."""
        raise UnsupportedError(f"{name}: {reason}")

    def _alone(self, wording: str, name: str, descriptor: str) -> None:
        self.lines.append(_Line(name, descriptor, (*self._loops, _Loop(wording, name)), alone=True))

    def _line(self, name: str, descriptor: str) -> None:
        self.lines.append(_Line(name, descriptor, self._loops))
