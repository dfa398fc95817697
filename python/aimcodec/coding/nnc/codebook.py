"""Codebooks for tensors whose integers are few and unevenly spaced (section 15.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aimcodec.coding.nnc.data_unit import Codebook
from aimcodec.coding.nnc.quantise import Quantised
from aimcodec.coding.nnc.tensor_coder import CodedPayload, Context, Tools, code_tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["code_with_codebook"]

# Beyond these a codebook costs more than it saves.
MAX_ENTRIES = 4096
MAX_SPREAD = 1 << 22


def code_with_codebook(plain: Quantised, tools: Tools) -> tuple[Quantised, CodedPayload] | None:
    """Code integers by the codebook of those that occur; None where there are too many of them.

    Returns:
        The indices minus the zero of the codebook, and their payload.
    """
    found = _entries(plain.integers)
    if found is None:
        return None
    codebook, indices = found
    quantised = Quantised(indices, plain.qp, dq=False, real=True)
    return quantised, code_tensor(quantised, tools, Context(), codebook)


def _entries(integers: NDArray[np.int32]) -> tuple[Codebook, NDArray[np.int32]] | None:
    """The codebook with its most frequent entry as the one coded as 0, and the indices relative to it."""
    low = int(integers.min())
    spread = int(integers.max()) - low + 1
    if spread > MAX_SPREAD:
        return None
    shifted = integers.astype(np.int64).reshape(-1) - low
    counts = np.bincount(shifted, minlength=spread)
    present = np.flatnonzero(counts)
    if len(present) > MAX_ENTRIES:
        return None
    zero = int(counts[present].argmax())
    index_of = np.zeros(spread, np.int32)
    index_of[present] = np.arange(len(present), dtype=np.int32) - zero
    return Codebook((present + low).astype(np.int32), zero), index_of[shifted].reshape(integers.shape)
