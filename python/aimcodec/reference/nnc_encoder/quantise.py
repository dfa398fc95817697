"""Values to levels: the plainest quantisers that the text allows, one for each dq_flag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError
from ..reconstruct import step_size, uniform_values
from ..tables import NEXT

__all__ = ["dependent_levels", "integer_levels", "step_of", "uniform_levels", "values_of"]

INT32 = np.iinfo(np.int32)


def step_of(qp: int, qp_density: int) -> float:
    """Section 11.1."""
    return step_size(qp, qp_density, "qp")


def uniform_levels(values: NDArray[Any], step: float) -> NDArray[np.int64]:
    """Nearest multiples of the step, halves away from zero: errors are at most half a step (binary64 division).

    Raises:
        ArgumentError: a value is not finite, or its level leaves int32.
    """
    scaled = scaled_values(values, step)
    levels: NDArray[np.int64] = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled).astype(np.int64)
    return levels


def dependent_levels(values: NDArray[Any], step: float) -> NDArray[np.int64]:
    """The nearest integer that each trellis state allows (section 10.3), in row-major order: errors are at most a step.

    Raises:
        ArgumentError: a value is not finite, or its level leaves int32.
    """
    levels = []
    s = 0
    for scaled in scaled_values(values, step).reshape(-1).tolist():
        # Odd states have the integers 0, 1, 3, 5 ..., which are 2k - 1, and even states 2k.
        k = int((abs(scaled) + (s & 1) + 1) // 2)
        if s & 1 and abs(scaled) < 0.5:
            k = 0
        levels.append(k if scaled >= 0 else -k)
        s = NEXT[s][k & 1]
    return np.array(levels, np.int64).reshape(values.shape)


def scaled_values(values: NDArray[Any], step: float) -> NDArray[np.float64]:
    """Values in steps."""
    with np.errstate(invalid="ignore"):
        scaled: NDArray[np.float64] = values.astype(np.float64) / step
    if not np.all(np.abs(scaled) < INT32.max - 1):  # of NaN too
        raise ArgumentError(f"values that are not finite or more than 2^31 steps of {step}")
    return scaled


def integer_levels(values: NDArray[Any]) -> NDArray[np.int64]:
    """The values themselves (section 11.4). ArgumentError where one leaves int32."""
    if int(values.min()) < INT32.min or int(values.max()) > INT32.max:
        raise ArgumentError("integers that do not fit 32 bits")
    return values.astype(np.int64)


def values_of(integers: NDArray[np.int64], step: float | None) -> NDArray[Any]:
    """What a decoder gives (sections 11.2, 11.4). `step` is None for integer tensors."""
    levels = integers.astype(np.int32)
    return levels if step is None else uniform_values(levels, step)
