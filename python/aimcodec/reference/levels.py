"""Binarization of the integers of a tensor (section 7), with the choice of contexts (6), in scan order (10)."""

# ruff: noqa: N803, N806, N815 (names are those of the text)
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cabac import ArithmeticDecoder
from .contexts import GTX, SIG, SIG_H, SIG_T, SIGN, SIGN_T, ContextModels
from .scan import Segment
from .tables import NEXT

__all__ = ["LevelDecoder"]

INT32_RANGE = range(-(1 << 31), 1 << 31)


@dataclass(frozen=True, eq=False)
class LevelDecoder:
    """Decodes the levels of one tensor.

    Attributes:
        d: the decoder of the codeword.
        contexts: the models of this tensor, with their parameter sets.
        N: cabac_unary_length_minus1 + 1.
        dq_flag: 0 or 1.
        layerWidth: section 5.1.
        cbSize: section 5.1; 0 without a codebook, and always in edition 1.
        cbZero: section 5.1.
        ref: integers of the reference tensor, int32, flat; None without temporal context modelling.
        history: 1 where an earlier update was nonzero, uint8, flat; None without hist_dep_sig_prob_enabled_flag.
    """

    d: ArithmeticDecoder
    contexts: ContextModels
    N: int
    dq_flag: int
    layerWidth: int
    cbSize: int
    cbZero: int
    ref: NDArray[np.int32] | None
    history: NDArray[np.uint8] | None

    def decode(self, segments: Iterable[Segment], row_skip_list: Sequence[int], integers: NDArray[np.int32]) -> None:
        """Section 10: the integers w of 10.3, in scan order, into `integers`: flat and all 0 before."""
        s = 0
        n = 0
        for starts_block_row, row, begin, end in segments:
            if starts_block_row:
                self.contexts.reset()
                n = 0
                self.d.start_block_row()
            if self.cbSize == 1:
                continue
            if row_skip_list and row_skip_list[row]:
                if self.dq_flag:
                    s = skip_row(s, self.layerWidth)
                continue
            for position in range(begin, end):
                k = self.level(position, s, n)
                n = neighbour_class(k)
                w = k
                if self.dq_flag:
                    w = 2 * k - sign(k) * (s & 1)
                    s = NEXT[s][k & 1]
                if w not in INT32_RANGE:
                    raise self.d.error(f"the integer {w} does not fit 32 bits")
                integers[position] = w

    def level(self, position: int, s: int, n: int) -> int:
        """Section 7: one level, in trellis state s (0 when dq_flag is 0), behind a neighbour of class n."""
        ae, models = self.d.ae, self.contexts.models
        cbSize, cbZero = self.cbSize, self.cbZero
        ref = 0 if self.ref is None else int(self.ref[position])

        if self.history is not None and self.history[position]:
            sig = SIG_H + s
        elif ref != 0:
            sig = SIG_T + 2 * s + (1 if abs(ref) > 1 else 0)
        else:
            sig = SIG + 3 * s + n
        if not ae(models[sig], "sig_flag"):
            return 0

        if cbSize == 0 or (cbZero != 0 and cbZero != cbSize - 1):
            if ref != 0:
                sign_context = SIGN_T if ref < 0 else SIGN_T + 1
            else:
                sign_context = SIGN + n
            sign_flag = ae(models[sign_context], "sign_flag")
        else:
            sign_flag = 1 if cbZero != 0 else 0

        limit = None
        if cbSize != 0:
            limit = cbZero if sign_flag else cbSize - 1 - cbZero
        v = self.magnitude(ref, sign_flag, limit)
        return -v if sign_flag else v

    def magnitude(self, ref: int, sign_flag: int, limit: int | None) -> int:
        """Section 7 behind sign_flag: what the text calls abs. `limit` is None for "none"."""
        ae, models, N = self.d.ae, self.contexts.models, self.N
        abs_ = 1
        if limit is not None and limit <= 1:
            return abs_

        j = -1
        while True:
            j = j + 1
            if ref != 0:
                gtx = self.contexts.GTX_T + 2 * j + (0 if abs(ref) >= j else 1)
            else:
                gtx = GTX + 2 * j + sign_flag
            flag = ae(models[gtx], "abs_level_greater", j)
            abs_ = abs_ + flag
            if not (flag == 1 and j < N - 1 and (limit is None or abs_ < limit)):
                break
        if not (flag == 1 and (limit is None or abs_ < limit)):
            return abs_

        # NNCodec 1 has no bound of 30 (section 13.1); integers of 32 bits never reach it.
        rem = 0
        j = -1
        while True:
            j = j + 1
            flag = ae(models[self.contexts.REM + j], "rem_prefix", j)
            if flag == 1:
                abs_ = abs_ + (1 << rem)
                rem = rem + 1
            if not (flag == 1 and j < 30 and (limit is None or abs_ + (1 << rem) <= limit)):
                break
        return abs_ + self.d.uae(rem, "rem_suffix")


def neighbour_class(k: int) -> int:
    """Section 6: what the next level sees of this one."""
    if k == 0:
        return 0
    return 1 if k < 0 else 2


def sign(k: int) -> int:
    """Section 10.3: -1, 0 or 1."""
    return (k > 0) - (k < 0)


def skip_row(s: int, layerWidth: int) -> int:
    """Section 10.4: the trellis state behind a skipped row segment. next[s][0] has cycles of length 1, 2 and 4."""
    for _ in range(layerWidth % 4):
        s = NEXT[s][0]
    return s
