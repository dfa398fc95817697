"""Reading, fast: structures of whole bytes, by a backend that keeps no account of where it is.

A structure that breaks a rule is read once more by a Reader, which knows how to say what is wrong and where: so there
is one description of the syntax, and one set of errors.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..bits import BitReader, Buffer, byte_view
from ..errors import AimcError, MalformedError
from ..limits import Limits
from .elements import Counted, Element
from .protocol import Fields, Syntax
from .read import Reader, _all_allowed

__all__ = ["read_bytes"]

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

# Numbers of whole bytes that are unpacked many at a time: descriptor to bytes and format of struct.
BLOCKS = {
    "u(8)": (1, "B"),
    "u(16)": (2, "H"),
    "u(32)": (4, "I"),
    "u(64)": (8, "Q"),
    "i(64)": (8, "q"),
    "flt(32)": (4, "f"),
}


class _NotPlainError(Exception):
    """Something is wrong, or not made of whole bytes."""


def read_bytes(
    data: Buffer,
    path: str,
    limits: Limits,
    structure: Callable[Concatenate[Syntax, P], object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Fields:
    """The values of a structure that fills the data.

    Raises:
        AimcError: the same as a Reader.
    """
    try:
        return _BytewiseReader(data, limits).whole(structure, *args, **kwargs)
    except _NotPlainError:
        reader = Reader(data, limits)
        fields = reader.unit(path, structure, *args, **kwargs)
        if reader.position < reader.end:
            message = f"{(reader.end - reader.position) >> 3} bytes follow the last element"
            raise MalformedError(message, bit_offset=reader.position, path=path) from None
        return fields


class _BytewiseReader:
    """Takes values from where it is; every failure is a _NotPlainError.

    It has those methods of `Syntax` that structures of whole bytes use.
    """

    __slots__ = ("_at", "_bits", "_data", "_end", "_fields", "_limits", "_texts")

    def __init__(self, data: Buffer, limits: Limits) -> None:
        self._data = bytes(byte_view(data))
        self._bits = BitReader(self._data)
        self._limits = limits
        self._at = 0
        self._end = len(self._data)
        self._fields: Fields = {}
        self._texts: dict[bytes, str] = {}  # most names of a graph are there several times

    def whole(self, structure: Callable[Concatenate[Syntax, P], object], *args: P.args, **kwargs: P.kwargs) -> Fields:
        """The values of a structure that fills the data."""
        structure(self, *args, **kwargs)  # type: ignore[arg-type]
        if self._at != self._end:
            raise _NotPlainError
        return self._fields

    def code(self, element: Element[T]) -> T:
        """One element."""
        width, start = element.width, self._at
        value: Any
        if width and not width & 7:
            self._at = end = start + (width >> 3)
            if end > self._end:
                raise _NotPlainError
            value = int.from_bytes(self._data[start:end], "big")
        else:
            value = self._other(element)
        if element.allowed is not None and value not in element.allowed:
            raise _NotPlainError
        self._fields[element.name] = value
        return value  # type: ignore[no-any-return]

    decisive = code

    def _other(self, element: Element[T]) -> T:
        """An element that is no unsigned number of whole bytes."""
        bits = self._bits
        bits.position = 8 * self._at
        try:
            value = element.read(bits)
        except AimcError:
            raise _NotPlainError from None
        if bits.position & 7:
            raise _NotPlainError
        self._at = bits.position >> 3
        return value

    def array(self, wording: str, element: Element[T], count: int) -> list[T]:
        """A loop over one element."""
        block = BLOCKS.get(element.descriptor)
        if block is None or count > (self._end - self._at) // block[0]:
            raise _NotPlainError
        size, code = block
        order = "<" if code == "f" else ">"
        values: list[Any] = list(struct.unpack_from(f"{order}{count}{code}", self._data, self._at))
        if code == "f" and any(map(math.isnan, values)):
            values = [self._other(element) for _ in range(count)]  # unpacking loses the kind of a NaN
        else:
            self._at += count * size
        if values and not _all_allowed(values, element.allowed):
            raise _NotPlainError
        self._fields[element.name] = values
        return values

    def counted(self, element: Counted[T]) -> T:
        """An element after its number of bytes."""
        fields = self._fields
        size = self._at + (element.size.width >> 3)
        fields[element.size.name] = count = int.from_bytes(self._data[self._at : size], "big")
        self._at = size
        fields[element.name] = value = self._bytes(element, count)
        return value

    def parts(self, wording: str, element: Counted[T], sizes: Sequence[int]) -> list[T]:
        """A loop over one element whose numbers of bytes came before."""
        self._fields[element.name] = values = [self._bytes(element, size) for size in sizes]
        return values

    def _bytes(self, element: Counted[T], size: int) -> T:
        """So many bytes, or the text in them."""
        start = self._at
        self._at = end = start + size
        if end > self._end:
            raise _NotPlainError
        raw: Any = self._data[start:end]
        if element.descriptor == "utf8":
            text = self._texts.get(raw)
            return self._text(raw) if text is None else text  # type: ignore[return-value]
        return raw  # type: ignore[no-any-return]

    def _text(self, raw: bytes) -> str:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise _NotPlainError from None
        if "\0" in text:
            raise _NotPlainError
        self._texts[raw] = text
        return text

    def infer(self, element: Element[T], value: T) -> T:
        """An absent element."""
        self._fields[element.name] = value
        return value

    def when(self, wording: str, condition: bool | int) -> bool:
        """A condition."""
        return bool(condition)

    def nest(self, name: str, structure: Callable[Concatenate[Syntax, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A structure inside this one."""
        outer = self._fields
        self._fields = outer[name] = {}
        result = structure(self, *args, **kwargs)  # type: ignore[arg-type]
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
            inner: Fields = {}
            self._fields = inner
            rounds.append(inner)
            structure(self, index, *args, **kwargs)  # type: ignore[arg-type]
        self._fields = outer

    def require(self, condition: bool | int, rule: str, error: type[AimcError] = MalformedError) -> None:
        """A rule."""
        if not condition:
            raise _NotPlainError

    def limited(self, limit: str, value: int) -> None:
        """A limit of the decoder."""
        if value > getattr(self._limits, limit):
            raise _NotPlainError
