"""What a structure function may ask of the object it runs against.

A structure is one function that reads like its table in the text::

    def codebook(s: Syntax) -> None:
        egk = s.code(CODEBOOK_EGK)
        size = s.code(CODEBOOK_SIZE)
        ...
        s.array("codebook_size - 1 - CbZeroOffset", CODEBOOK_DELTA_RIGHT[egk], size - 1 - zero_offset)

The backend decides what that means: read, write, measure, collect violations. Conditions and loop counts go through the
object together with their wording, so that a backend can also document the tables or drive both sides of a condition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from ..errors import AimcError, MalformedError
from .elements import Counted, Element

__all__ = ["Fields", "Syntax"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

Fields = dict[str, Any]
"""Values of a structure: element name to value, in syntax order; nested structures are dicts, loops are lists."""


class Syntax(Protocol):
    """The object that a structure runs against."""

    def code(self, element: Element[T]) -> T:
        """One element; returns its value."""

    def decisive(self, element: Element[T]) -> T:
        """One element without a permitted value of which nothing after it can be understood; returns its value."""

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""

    def counted(self, element: Counted[T]) -> T:
        """An element after its number of bytes; returns its value."""

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element whose numbers of bytes came before."""

    def sized(self, element: Element[int]) -> int:
        """An element that gives the number of bytes of the unit, from the unit's first bit: the unit must end there."""

    def extent(self, size: int) -> None:
        """The element coded last means that the unit has `size` bytes, from its first bit: the unit must end there."""

    def guard(self, element: Element[int], size: int) -> None:
        """The first `size` bytes of the unit end with their checksum, the element: reading checks it at once."""

    def checksum(self, element: Element[int]) -> None:
        """The checksum of the unit so far: writing computes it, reading has checked it at `guard`."""

    def verify(self, element: Element[int], size: int) -> None:
        """The next `size` bytes have the checksum that the element of this structure says."""

    def within(
        self, name: str, size: int, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """A structure inside this one that fills `size` bytes; returns what its function returns."""

    def reserved(self, element: Element[int]) -> None:
        """Bits with one permitted value, which is therefore not part of the values of the structure."""

    def align(self) -> None:
        """The `align` of section 1.2."""

    def payload(self, element: Element[memoryview], size: int | None = None) -> None:
        """So many bytes, or all up to the end of the unit; kept apart from the values of the structures."""

    def content(
        self,
        element: Element[memoryview],
        size: int,
        name: str,
        structure: Callable[Concatenate[Syntax, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """A payload of so many bytes that has a structure of its own, which who reads units need not look into."""

    def infer(self, element: Element[T], value: T) -> T:
        """An absent element has this value. Reading sets it; writing checks it if it is supplied."""

    def when(self, wording: str, condition: bool | int) -> bool:
        """A condition of the table."""

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A structure inside this one; returns what its function returns."""

    def repeat(
        self,
        wording: str,
        name: str,
        count: int,
        structure: Callable[Concatenate[Syntax, int, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """A loop over several elements: `structure` gets the loop index after the backend."""

    def require(self, condition: bool | int, rule: str, error: type[AimcError] = MalformedError) -> None:
        """A rule about the element coded last that no set of permitted values can express."""

    def limited(self, limit: str, value: int) -> None:
        """The element coded last asks for `value` of what a decoder's limit of that name bounds."""

    def refuse(self, name: str, reason: str) -> None:
        """Syntax that begins here and that this version does not read or write."""
