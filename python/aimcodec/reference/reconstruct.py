"""From integers to values (section 11)."""

# ruff: noqa: N803 (names are those of the text)
from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import InconsistentError, OutOfRangeError

__all__ = ["codebook_values", "local_scaling", "raw_values", "step_size", "uniform_values"]

NORMAL_BINARY32 = (float(np.finfo(np.float32).smallest_normal), float(np.finfo(np.float32).max))


def step_size(QP: int, d: int, path: str) -> float:
    """Section 11.1, exact; d is qp_density.

    The text promises an exact product for normal binary32 steps. Only an extreme quantization_parameter leads beyond,
    and is refused.
    """
    k = 2**d
    exponent = (QP >> d) - d
    # The first factor is in k .. 2k - 1, at most 255: no normal step has an exponent outside these bounds.
    step = math.ldexp(k + (QP & (k - 1)), exponent) if -140 < exponent < 128 else 0.0
    if not NORMAL_BINARY32[0] <= step <= NORMAL_BINARY32[1]:
        raise OutOfRangeError(f"the step size of QP {QP} at density {d} is not a normal binary32 number", path=path)
    return step


def uniform_values(w: NDArray[np.int32], step: float) -> NDArray[np.float32]:
    """Section 11.2: one binary32 multiplication."""
    with np.errstate(over="ignore", under="ignore"):
        value: NDArray[np.float32] = np.float32(step) * w.astype(np.float32)
    return value


def codebook_values(
    levels: NDArray[np.int32], cb: tuple[int, ...], CbZeroOffset: int, step: float, path: str
) -> NDArray[np.float32]:
    """Section 11.3, and the result rounded to binary32 so that a model has one float type."""
    index = levels.astype(np.int64) + CbZeroOffset
    if index.min() < 0 or index.max() >= len(cb):
        raise OutOfRangeError(f"a level points outside its codebook of {len(cb)} entries", path=path)
    with np.errstate(over="ignore", under="ignore"):
        return (np.array(cb, np.float64)[index] * step).astype(np.float32)


def raw_values(payload: bytes, dimensions: tuple[int, ...]) -> NDArray[np.float32]:
    """Section 11.5; the caller has checked the length."""
    return np.frombuffer(payload, "<f4").astype(np.float32).reshape(dimensions)


def local_scaling(weight: NDArray[np.float32], ls: NDArray[np.float32]) -> NDArray[np.float32]:
    """Section 11.6: row r of the weight times ls[r], in binary32; G may have another number of rows than the weight."""
    if len(ls) != len(weight):
        raise InconsistentError(f"{len(ls)} factors of local scaling for {len(weight)} rows")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return weight * ls.reshape(-1, *[1] * (weight.ndim - 1))
