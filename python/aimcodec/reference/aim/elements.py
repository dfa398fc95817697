"""Syntax elements of headers and structured payloads (clause 1.1)."""

from __future__ import annotations

from ...errors import AimcError, MalformedError, TruncatedError
from ..bits import BitReader

__all__ = ["ElementReader"]


class ElementReader(BitReader):
    """Reads u(n), b(n) and utf8(n) in order, up to a given end."""

    def b(self, n: int, name: str) -> bytes:
        """`b(n)`: n bytes."""
        begin = self.position
        if begin + 8 * n > self.end:
            raise TruncatedError("the data end inside this element", bit_offset=begin, path=self.element_path(name))
        self.position += 8 * n
        return self._data[begin // 8 : begin // 8 + n]

    def utf8(self, n: int, name: str) -> str:
        """`utf8(n)`: n bytes of UTF-8 without U+0000."""
        begin = self.position
        try:
            text = self.b(n, name).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError("not UTF-8", bit_offset=begin, path=self.element_path(name)) from error
        if "\0" in text:
            raise MalformedError("U+0000 in a text", bit_offset=begin, path=self.element_path(name))
        return text

    def sized_utf8(self, name: str, size_bits: int = 16) -> str:
        """An element `name_size` and the utf8 of that size."""
        return self.utf8(self.u(size_bits, f"{name}_size"), name)

    def broken(self, kind: type[AimcError], message: str, name: str) -> AimcError:
        """An error for what was just read, or for a whole unit."""
        return kind(message, bit_offset=self.position, path=self.element_path(name))
