"""Arithmetic encoder (sections 9.1, 9.3, 9.4), with the carry scheme that section 9.3 describes."""

# ruff: noqa: N803, N806 (names are those of the text)
from __future__ import annotations

from ..contexts import ContextModel
from ..tables import RT

__all__ = ["ArithmeticEncoder"]

REGISTER_BITS = 32


class ArithmeticEncoder:
    """Encodes the bins of one codeword.

    Attributes:
        R: range, 256 .. 510 between bins.
        low: the last bits of the lower end of the interval, those that are not in bytes yet; one more when a carry is
            to be added to these.
        free: bits of the register of 32 that `low` does not use.
        P: shifts (renormalisation and bypass) since the start.
        bins: number of bins.
        carries: for every carry into the bytes, how many bytes 0xFF it ran through.
    """

    def __init__(self) -> None:
        self.R = 510
        self.low = 0
        self.free = REGISTER_BITS - 9
        self.P = 0
        self.bins = 0
        self.carries: list[int] = []
        self._bytes = bytearray()
        self._outstanding: int | None = None
        self._outstanding_ff = 0

    def ae(self, model: ContextModel, bin: int) -> None:
        """One context-coded bin (sections 9.1, 8.3)."""
        MPS = 1 if model.S >= 0 else 0
        q = abs(model.S >> 7)
        self.context_bin(bin, MPS, RT[(self.R & 0xE0) + q])
        model.update(bin)

    def context_bin(self, bin: int, MPS: int, rL: int) -> None:
        """A bin whose LPS range is rL."""
        rM = self.R - rL
        if bin == MPS:
            self.R = rM
        else:
            self.low = self.low + rM
            self.R = rL
        while self.R < 256:
            self.R = 2 * self.R
            self._shift(0)
        self.bins += 1

    def uae(self, n: int, value: int) -> None:
        """`uae(n)`: n bypass bins, most significant first."""
        for shift in range(n - 1, -1, -1):
            self._shift(self.R if (value >> shift) & 1 else 0)
            self.bins += 1

    def start_block_row(self) -> None:
        """Section 10.2: R = 256, low is left alone."""
        self.R = 256

    def finish(self) -> bytes:
        """The terminate bin, which is 1, and the end of the codeword (section 9.4)."""
        self.bins += 1
        self.R = self.R - 2
        self.low = self.low + self.R
        P = self.P
        for _ in range(7):
            self._shift(0)
        self.R = 256
        self.P = P  # the shifts of the termination are not counted in section 9.4
        n = REGISTER_BITS - self.free
        self._add_carry(self.low >> n)
        self._flush()
        low = self.low & ((1 << n) - 1)
        tail = f"{low >> 8:0{n - 8}b}1"
        tail = tail + "0" * (-len(tail) % 8)
        self._bytes += int(tail, 2).to_bytes(len(tail) // 8, "big")
        return bytes(self._bytes)

    def _shift(self, add: int) -> None:
        self.low = 2 * self.low + add
        self.P += 1
        self.free -= 1
        if self.free < 12:
            self._take_byte()

    def _take_byte(self) -> None:
        """The byte on top of the register goes out, with the carry above it."""
        below = REGISTER_BITS - self.free - 8
        lead = self.low >> below
        self.low = self.low & ((1 << below) - 1)
        self.free += 8
        if lead == 0xFF:  # the next carry would run through it
            self._outstanding_ff += 1
            return
        self._add_carry(lead >> 8)
        self._flush()
        self._outstanding = lead & 0xFF

    def _add_carry(self, carry: int) -> None:
        """Adds a carry to the outstanding bytes. There is none out of the first (section 9.3)."""
        if not carry or self._outstanding is None:
            return
        self.carries.append(self._outstanding_ff)
        self._outstanding += 1
        self._flush_outstanding()
        self._bytes += bytes(self._outstanding_ff)
        self._outstanding_ff = 0

    def _flush(self) -> None:
        """Outstanding bytes that no carry can reach any more."""
        self._flush_outstanding()
        self._bytes += b"\xff" * self._outstanding_ff
        self._outstanding_ff = 0

    def _flush_outstanding(self) -> None:
        if self._outstanding is not None:
            self._bytes.append(self._outstanding)
            self._outstanding = None
