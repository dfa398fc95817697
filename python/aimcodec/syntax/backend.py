"""What all backends share: where they are, and how an error is given its place."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from ..bits import BitReader, BitSink
from ..errors import AimcError, MalformedError, OutOfRangeError, UnsupportedError
from .elements import ALIGN, Element, describe_allowed

__all__ = ["Backend"]

T = TypeVar("T")


class Backend:
    """Position in the tree of structures.

    The element coded last stays known until the next one, so that rules about it can name its place.
    """

    def __init__(self, bits: BitReader | BitSink) -> None:
        self._bits = bits
        self._scopes: list[str] = []
        self._last: Element[Any] = ALIGN
        self._start = 0  # first bit of that element
        self._index = -1  # its index in its loop, negative outside of loops

    @property
    def position(self) -> int:
        """Bits from the start of the stream."""
        return self._bits.position

    def path(self, name: str) -> str:
        """Path of an element of the current structure, with the current loop index."""
        index = f"[{self._index}]" if self._index >= 0 else ""
        return ".".join([*self._scopes, name + index])

    def code(self, element: Element[T]) -> T:
        """One element."""
        raise NotImplementedError

    def decisive(self, element: Element[T]) -> T:
        """One element whose value must be permitted, even where other violations are only noted."""
        value = self.code(element)
        if element.allowed is not None and value not in element.allowed:
            raise self._at_last(*self._broken_rule(element, value))
        return value

    def when(self, wording: str, condition: bool | int) -> bool:
        """A condition of the table."""
        return bool(condition)

    def require(self, condition: bool | int, rule: str, error: type[AimcError] = MalformedError) -> None:
        """A rule about the element coded last."""
        if not condition:
            raise self._at_last(error, rule)

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Syntax that begins here and is not supported."""
        raise UnsupportedError(f"{name}: {reason}", bit_offset=self.position, path=self.path(name))

    def limited(self, limit: str, value: int) -> None:
        """Only a reader has limits."""

    def _at_last(self, error: type[AimcError], message: str) -> AimcError:
        return error(message, bit_offset=self._start, path=self.path(self._last.name))

    def _check_value(self, element: Element[T], value: T) -> None:
        """The one range check of reading and writing."""
        if element.allowed is not None and value not in element.allowed:
            self._violation(self._at_last(*self._broken_rule(element, value)))

    @staticmethod
    def _broken_rule(element: Element[T], value: T) -> tuple[type[AimcError], str]:
        if element.rule:
            return MalformedError, element.rule
        return OutOfRangeError, f"{element.name} is {value}, permitted: {describe_allowed(element.allowed)}"

    def _violation(self, error: AimcError) -> None:
        """What happens when an element could be coded but its value is not permitted."""
        raise error
