"""Levels to bins (section 7), in scan order (section 10), with the context of each bin (section 6)."""

# ruff: noqa: N815 (names are those of the text)
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ...errors import ArgumentError
from ..contexts import GTX, SIG, SIG_H, SIG_T, SIGN, SIGN_T, ContextModels
from ..scan import Segment
from ..tables import NEXT
from .arithmetic import REGISTER_BITS, ArithmeticEncoder

__all__ = ["BlockRow", "LevelEncoder"]


class BlockRow(NamedTuple):
    """The coder at the start of a block row: P, the trellis state, the last `bits` bits of low."""

    P: int
    s: int
    low: int
    bits: int


@dataclass(frozen=True, eq=False)
class LevelEncoder:
    """Encodes the levels of one tensor.

    Attributes:
        e: the encoder of the codeword.
        contexts: the models of this tensor, with their parameter sets.
        N: cabac_unary_length_minus1 + 1.
        dq_flag: 0 or 1.
        layerWidth: section 5.1.
        cbSize: section 5.1; 0 without a codebook, and always in edition 1.
        cbZero: section 5.1.
        ref: integers of the reference tensor, flat; None without temporal context modelling.
        history: 1 where an earlier update was nonzero, flat; None without hist_dep_sig_prob_enabled_flag.
        block_rows: the starts of block rows, as they come.
    """

    e: ArithmeticEncoder
    contexts: ContextModels
    N: int
    dq_flag: int
    layerWidth: int
    cbSize: int
    cbZero: int
    ref: Sequence[int] | None
    history: Sequence[int] | None
    block_rows: list[BlockRow] = field(default_factory=list)

    def encode(self, segments: Iterable[Segment], row_skip_list: Sequence[int], levels: Sequence[int]) -> list[int]:
        """Section 10: all levels, flat. The result is the integers w of section 10.3, flat."""
        integers = [0] * len(levels)
        s = 0
        n = 0
        for starts_block_row, row, begin, end in segments:
            if starts_block_row:
                self.start_block_row(s)
                n = 0
            skipped = self.cbSize == 1 or (len(row_skip_list) > 0 and row_skip_list[row])
            if skipped and any(levels[begin:end]):
                raise ArgumentError(f"row {row} is not coded, and its levels are not all 0")
            if self.cbSize == 1:
                continue
            if skipped:
                if self.dq_flag:
                    for _ in range(self.layerWidth):
                        s = NEXT[s][0]
                continue
            for position in range(begin, end):
                k = levels[position]
                self.level(k, position, s, n)
                n = 0 if k == 0 else 1 if k < 0 else 2
                w = k
                if self.dq_flag:
                    sign = (k > 0) - (k < 0)
                    w = 2 * k - sign * (s & 1)
                    s = NEXT[s][k & 1]
                integers[position] = w
        return integers

    def start_block_row(self, s: int) -> None:
        """Section 10.2."""
        self.contexts.reset()
        bits = REGISTER_BITS - self.e.free
        self.block_rows.append(BlockRow(self.e.P, s, self.e.low & ((1 << bits) - 1), bits))
        self.e.start_block_row()

    def level(self, v: int, position: int, s: int, n: int) -> None:
        """Section 7: one level, in trellis state s (0 when dq_flag is 0), behind a neighbour of class n."""
        ae, models = self.e.ae, self.contexts.models
        ref = 0 if self.ref is None else self.ref[position]
        ae(models[self.sig_context(position, ref, s, n)], 1 if v != 0 else 0)
        if v == 0:
            return
        sign_flag = 1 if v < 0 else 0
        two_signs = self.cbSize == 0 or (self.cbZero != 0 and self.cbZero != self.cbSize - 1)
        if two_signs:
            ae(models[self.sign_context(ref, n)], sign_flag)
        limit = None
        if self.cbSize != 0:
            limit = self.cbZero if sign_flag else self.cbSize - 1 - self.cbZero
            if abs(v) > limit:
                raise ArgumentError(f"level {v} is outside the codebook")
        self.magnitude(abs(v), ref, sign_flag, limit)

    def sig_context(self, position: int, ref: int, s: int, n: int) -> int:
        """Section 6: history first, then a nonzero reference, then the neighbour."""
        if self.history is not None and self.history[position]:
            return SIG_H + s
        if ref != 0:
            return SIG_T + 2 * s + (1 if abs(ref) > 1 else 0)
        return SIG + 3 * s + n

    def sign_context(self, ref: int, n: int) -> int:
        """Section 6: a nonzero reference, else the neighbour."""
        if ref != 0:
            return SIGN_T if ref < 0 else SIGN_T + 1
        return SIGN + n

    def gtx_context(self, j: int, ref: int, sign_flag: int) -> int:
        """Section 6: a nonzero reference, else the sign of the level itself."""
        if ref != 0:
            return self.contexts.GTX_T + 2 * j + (0 if abs(ref) >= j else 1)
        return GTX + 2 * j + sign_flag

    def magnitude(self, abs_v: int, ref: int, sign_flag: int, limit: int | None) -> None:
        """Section 7 behind sign_flag, for the magnitude `abs_v`. `limit` is None for "none"."""
        abs_ = 1
        if limit is not None and limit <= 1:
            return
        flag = 1
        j = 0
        while flag and j < self.N and (limit is None or abs_ < limit):
            flag = 1 if abs_v > abs_ else 0
            self.e.ae(self.contexts.models[self.gtx_context(j, ref, sign_flag)], flag)
            abs_ = abs_ + flag
            j = j + 1
        if flag and (limit is None or abs_ < limit):
            self.remainder(abs_v, abs_, limit)

    def remainder(self, abs_v: int, abs_: int, limit: int | None) -> None:
        """Section 7: what is left above `abs_`, in Exp-Golomb of order 0."""
        rem = 0
        flag = 1
        j = 0
        while flag and j <= 30 and (j == 0 or limit is None or abs_ + (1 << rem) <= limit):
            flag = 1 if abs_v >= abs_ + (1 << rem) else 0
            self.e.ae(self.contexts.models[self.contexts.REM + j], flag)
            if flag:
                abs_ = abs_ + (1 << rem)
                rem = rem + 1
            j = j + 1
        self.e.uae(rem, abs_v - abs_)
