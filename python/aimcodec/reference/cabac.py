"""Arithmetic decoder (sections 9.1, 9.2, 9.4, 9.5) and the record it keeps of every bin."""

# ruff: noqa: E741, N806, N815 (names are those of the text)
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..errors import InconsistentError, TruncatedError
from .contexts import ContextModel
from .tables import RT

__all__ = ["ArithmeticDecoder", "Bin", "Trace"]


class Bin(NamedTuple):
    """One row of a payload table of section 17.

    `S`, `rL`, `a` and `b` are None where the table is empty: bypass bins and the terminate bin have no model.
    """

    number: int
    P: int
    element: str
    context: int | str
    S: int | None
    R: int
    O: int
    rL: int | None
    bin: int
    R_after: int
    O_after: int
    a: int | None
    b: int | None


Trace = Callable[[Bin], None]


class ArithmeticDecoder:
    """Decodes the bins of one codeword, which is one whole payload.

    Attributes:
        R: range, 256 .. 510 between bins.
        O: offset, 9 bits, less than R.
        P: shifts (renormalisation and bypass) since the start.
    """

    def __init__(self, payload: bytes, trace: Trace | None = None, *, bit_offset: int = 0, path: str = "") -> None:
        """Section 9.2, start. `bit_offset` and `path` place the payload in its stream, for errors and nothing else."""
        self._bits = np.unpackbits(np.frombuffer(payload, np.uint8)).tobytes()
        self._trace = trace
        self._bins = 0
        self._bit_offset = bit_offset
        self._path = path
        if len(payload) < 2:
            raise TruncatedError("no room for a codeword, which has 2 bytes or more", bit_offset=bit_offset, path=path)
        self.R = 510
        self.O = int.from_bytes(payload[:2], "big") >> 7
        self.P = 0

    def ae(self, model: ContextModel, element: str, subscript: int | str | None = None) -> int:
        """One context-coded bin (sections 9.1 and 9.2)."""
        P, S, R, O = self.P, model.S, self.R, self.O
        MPS = 1 if S >= 0 else 0
        q = abs(S >> 7)
        rL = RT[(R & 0xE0) + q]
        rM = R - rL
        if rM <= O:
            bin = 1 - MPS
            self.O = O - rM
            self.R = rL
        else:
            bin = MPS
            self.R = rM
        while self.R < 256:
            self.R = 2 * self.R
            self._shift()
        model.update(bin)
        if self._trace:
            if subscript is not None:
                element = f"{element}[{subscript}]"
            context, a, b = model.index, model.a, model.b
            self._trace(Bin(self._number(), P, element, context, S, R, O, rL, bin, self.R, self.O, a, b))
        return bin

    def uae(self, n: int, element: str) -> int:
        """`uae(n)`: n bypass bins, most significant first (sections 1.3 and 9.2)."""
        value = 0
        for _ in range(n):
            value = 2 * value + self._bypass(element)
        return value

    def iae(self, n: int, element: str) -> int:
        """`iae(n)`: `uae(n)` read as an n-bit two's complement number (section 1.3)."""
        value = self.uae(n, element)
        return value - (1 << n) if value >> (n - 1) else value

    def start_block_row(self) -> None:
        """Section 10.2: R = 256, O is left alone.

        The encoder's low is the same before and after, so a codeword that it wrote has O < 256 here.
        """
        if self.O >= 256:
            raise self.error("the offset is outside the range at the start of a block row")
        self.R = 256

    def terminate(self) -> None:
        """The terminate bin, which must be 1 (section 9.2), and the end of the codeword (section 9.5)."""
        P, R, O = self.P, self.R, self.O
        self.R = R - 2
        if self.O < self.R:
            raise self.error("the terminate bin is 0")
        if self._trace:
            self._trace(Bin(self._number(), P, "terminate", "-", None, R, O, None, 1, self.R, O, None, None))
        if len(self._bits) != 8 * (2 + self.P // 8):
            raise self.error("the codeword ends before its unit does")
        if self._bits[self.P + 8] != 1 or any(self._bits[self.P + 9 :]):
            raise self.error("the stop bit is not a 1 bit and 0 bits")

    def most_bins(self) -> int:
        """Upper bound of the number of bins that the rest of the payload can hold.

        rL and the terminate bin take at least 2 from R, and R <= 510 shifts when it falls below 256: of 128 bins in
        sequence one shifts at least, and every shift consumes one of the bits that are left.
        """
        return 128 * (self.bits_left() + 1)

    def bits_left(self) -> int:
        """Bits of the payload that have not entered O."""
        return len(self._bits) - (self.P + 9)

    def error(self, message: str) -> InconsistentError:
        """An error at the next bit to enter O."""
        return InconsistentError(message, bit_offset=self._bit_offset + self.P + 9, path=self._path)

    def _bypass(self, element: str) -> int:
        P, O = self.P, self.O
        self._shift()
        bin = 0
        if self.O >= self.R:
            bin = 1
            self.O -= self.R
        if self._trace:
            R = self.R
            self._trace(Bin(self._number(), P, element, "bypass", None, R, O, None, bin, R, self.O, None, None))
        return bin

    def _shift(self) -> None:
        """O = 2O + next bit."""
        next_bit = self.P + 9
        if next_bit >= len(self._bits):
            raise self.error("the codeword runs beyond its unit")
        self.O = 2 * self.O + self._bits[next_bit]
        self.P += 1

    def _number(self) -> int:
        self._bins += 1
        return self._bins - 1
