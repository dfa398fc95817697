"""Writing the descriptors outside the arithmetic codeword (section 1.2)."""

from __future__ import annotations

import struct

from ...errors import ArgumentError

__all__ = ["BitWriter"]


class BitWriter:
    """Bits in the order of section 1.1. Values are written as they are given: only what has no code is refused."""

    def __init__(self) -> None:
        self._bits: list[str] = []
        self.position = 0

    def u(self, n: int, value: int) -> None:
        """`u(n)`. ArgumentError where `value` has more than n bits."""
        if not 0 <= value < 1 << n:
            raise ArgumentError(f"{value} does not fit {n} bits")
        self._put(f"{value:0{n}b}" if n else "")

    def i(self, n: int, value: int) -> None:
        """`i(n)`: two's complement."""
        if not -(1 << (n - 1)) <= value < 1 << (n - 1):
            raise ArgumentError(f"{value} does not fit {n} bits with a sign")
        self.u(n, value & ((1 << n) - 1))

    def ue(self, k: int, value: int) -> None:
        """`ue(k)`: unsigned Exp-Golomb of order k."""
        if value < 0:
            raise ArgumentError(f"{value} is negative")
        while value >= 1 << k:
            self._put("0")
            value -= 1 << k
            k += 1
        self._put("1")
        self.u(k, value)

    def ie(self, k: int, value: int) -> None:
        """`ie(k)`: signed Exp-Golomb of order k."""
        self.ue(k, -2 * value if value <= 0 else 2 * value - 1)

    def st(self, text: str | bytes) -> None:
        """`st(v)`: UTF-8 bytes and a zero byte. Bytes are written as they are, so that they may be no UTF-8."""
        for byte in (text.encode("utf-8") if isinstance(text, str) else text) + b"\0":
            self.u(8, byte)

    def flt32(self, value: float) -> None:
        """`flt(32)`: binary32, least significant byte first."""
        for byte in struct.pack("<f", value):
            self.u(8, byte)

    def align(self) -> None:
        """`align`: a 1 bit, then 0 bits to the byte boundary; a whole byte where already aligned."""
        self._put("1" + "0" * (7 - (self.position & 7)))

    def tobytes(self) -> bytes:
        """What was written, at a byte-aligned position."""
        if self.position & 7:
            raise ArgumentError("the last byte is not complete")
        return int("1" + "".join(self._bits), 2).to_bytes(self.position // 8 + 1, "big")[1:]

    def _put(self, bits: str) -> None:
        self._bits.append(bits)
        self.position += len(bits)
