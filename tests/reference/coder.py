"""The arithmetic encoder of sections 9.3 and 9.4 in its simplest arrangement: low is one integer of any length."""

from __future__ import annotations

from aimcodec.reference.contexts import ContextModel
from aimcodec.reference.tables import RT


class ArithmeticEncoder:
    """Intervals follow 9.1, the bytes follow 9.4."""

    def __init__(self) -> None:
        self.low = 0
        self.range = 510
        self.shifts = 0

    def ae(self, model: ContextModel, value: int) -> None:
        lps = RT[32 * ((self.range >> 5) & 7) + abs(model.S >> 7)]
        if value == (model.S >= 0):
            self.range -= lps
        else:
            self.low += self.range - lps
            self.range = lps
        while self.range < 256:
            self.low *= 2
            self.range *= 2
            self.shifts += 1
        model.update(value)

    def bypass(self, value: int) -> None:
        self.low = 2 * self.low + (self.range if value else 0)
        self.shifts += 1

    def start_block_row(self) -> None:
        self.range = 256

    def finish(self) -> bytes:
        """Terminate bin 1; the 9 + P bits of low and 7 more, without the last 8; stop bit; zero bits."""
        low = (self.low + self.range - 2) << 7
        bits = f"{low >> 8:0{9 + self.shifts + 7 - 8}b}1"
        bits = bits.ljust((len(bits) + 7) // 8 * 8, "0")
        return int(bits, 2).to_bytes(len(bits) // 8, "big")
