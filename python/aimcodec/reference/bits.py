"""Descriptors outside the arithmetic codeword (section 1.2)."""

from __future__ import annotations

import struct

from ..errors import MalformedError, OutOfRangeError, TruncatedError

__all__ = ["BitReader"]

# Section 19.7: ue(k) carries values up to 2^32, the code number of ie(k) for -2^31.
LARGEST_CODE_NUMBER = 1 << 32


class BitReader:
    """Reads the bits of a stream in the order of section 1.1, up to a given end.

    Every method takes the name of the syntax element it reads; errors name the element, below `path`, and its first
    bit.

    Attributes:
        position: offset of the next bit from the first bit of the stream.
        end: offset just behind the last bit that may be read.
        path: what the element names of errors are put behind.
    """

    def __init__(self, data: bytes, begin: int, end: int, path: str) -> None:
        self._data = data
        self.position = begin
        self.end = end
        self.path = path

    def element_path(self, name: str) -> str:
        """Path of an element for an error."""
        return f"{self.path}.{name}"

    def u(self, n: int, name: str) -> int:
        """`u(n)`: n bits, unsigned."""
        return self._take(n, name, self.position)

    def i(self, n: int, name: str) -> int:
        """`i(n)`: n bits, two's complement."""
        value = self.u(n, name)
        return value - (1 << n) if value >> (n - 1) else value

    def ue(self, k: int, name: str) -> int:
        """`ue(k)`: unsigned Exp-Golomb of order k."""
        start = self.position
        z = 0
        while self._take(1, name, start) == 0:
            z += 1
            if z > 32:
                raise OutOfRangeError("Exp-Golomb prefix too long", bit_offset=start, path=self.element_path(name))
        value = (((1 << z) - 1) << k) + self._take(k + z, name, start)
        if value > LARGEST_CODE_NUMBER:
            raise OutOfRangeError(
                f"{value} does not fit the 32 bits of an integer", bit_offset=start, path=self.element_path(name)
            )
        return value

    def ie(self, k: int, name: str) -> int:
        """`ie(k)`: signed Exp-Golomb of order k."""
        m = self.ue(k, name)
        return (m + 1) // 2 if m & 1 else -(m // 2)

    def st(self, name: str) -> str:
        """`st(v)`: UTF-8 bytes followed by one zero byte, at a byte-aligned position."""
        start = self.position
        begin = start >> 3
        terminator = self._data.find(b"\0", begin, self.end >> 3)
        if terminator < 0:
            raise TruncatedError("string without terminator", bit_offset=start, path=self.element_path(name))
        self.position = 8 * (terminator + 1)
        try:
            return self._data[begin:terminator].decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError("string is not UTF-8", bit_offset=start, path=self.element_path(name)) from error

    def flt32(self, name: str) -> float:
        """`flt(32)`: binary32, least significant byte first, at any bit position."""
        value: float = struct.unpack(">f", self.u(32, name).to_bytes(4, "little"))[0]
        return value

    def align(self) -> None:
        """`align`: a 1 bit, then 0 bits to the byte boundary; a whole byte where already aligned."""
        start = self.position
        n = 8 - (start & 7)
        if self._take(n, "align", start) != 1 << (n - 1):
            raise MalformedError(
                "alignment is not a 1 bit and 0 bits", bit_offset=start, path=self.element_path("align")
            )

    def reserved_zero(self, n: int, name: str) -> None:
        """`u(n)` of an element that is reserved to be 0."""
        start = self.position
        if self.u(n, name) != 0:
            raise OutOfRangeError("reserved bits are not 0", bit_offset=start, path=self.element_path(name))

    def rest(self) -> bytes:
        """All bytes up to the end of the unit, at a byte-aligned position."""
        begin = self.position >> 3
        self.position = self.end
        return self._data[begin : self.end >> 3]

    def expect_end(self) -> None:
        """Nothing may follow the last element of a unit (section 2)."""
        if self.position != self.end:
            raise MalformedError("data behind the last element of the unit", bit_offset=self.position, path=self.path)

    def _take(self, n: int, name: str, start: int) -> int:
        if self.position + n > self.end:
            raise TruncatedError("the data end inside this element", bit_offset=start, path=self.element_path(name))
        first, last = self.position >> 3, (self.position + n + 7) >> 3
        window = int.from_bytes(self._data[first:last], "big")
        self.position += n
        return window >> (8 * last - self.position) & ((1 << n) - 1)
