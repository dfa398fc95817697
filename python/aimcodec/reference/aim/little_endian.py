"""Coded tensor data: bytes and little-endian numbers (clause 1.1)."""

from __future__ import annotations

from ...errors import InconsistentError, TruncatedError

__all__ = ["CodedReader"]


class CodedReader:
    """Reads coded tensor data in order, up to a given end.

    Attributes:
        position: offset of the next byte from the start of `data`.
        end: offset just behind the last byte that may be read.
        path: what the element names of errors are put behind.
    """

    def __init__(self, data: bytes, begin: int, end: int, path: str) -> None:
        self.data = data
        self.position = begin
        self.end = end
        self.path = path

    @property
    def left(self) -> int:
        """Bytes between the position and the end."""
        return self.end - self.position

    def bytes(self, n: int, name: str) -> bytes:
        """The next n bytes."""
        if n > self.left:
            raise TruncatedError(
                f"{n} bytes of {name}, {self.left} are left", bit_offset=8 * self.position, path=self.element_path(name)
            )
        self.position += n
        return self.data[self.position - n : self.position]

    def number(self, n: int, name: str) -> int:
        """An unsigned number of n bytes, least significant byte first."""
        return int.from_bytes(self.bytes(n, name), "little")

    def part(self, n: int, name: str, path: str) -> CodedReader:
        """A reader of the next n bytes, which are passed over; the size was said by the element `name` before them."""
        begin = self.position
        self.bytes(n, name)
        return CodedReader(self.data, begin, self.position, path)

    def expect_end(self) -> None:
        """No byte may be left over (clauses 7.1, 7.4 and 7.5)."""
        if self.left:
            raise InconsistentError(f"{self.left} bytes are left over", bit_offset=8 * self.position, path=self.path)

    def element_path(self, name: str) -> str:
        """Path of an element for an error."""
        return f"{self.path}.{name}"
