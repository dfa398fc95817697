"""What the values of a tensor are like: extremes, moments, a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["describe"]

BARS = 56
SAMPLE = 1 << 18


def describe(array: NDArray[Any], elements: int) -> dict[str, Any] | None:
    """Figures of the finite values among a regular sample of at most 2^18 elements; None where there are none.

    Args:
        array: the tensor or a part of it, of real numbers of any type.
        elements: number of elements of the tensor.
    """
    flat = array.reshape(-1)
    flat = flat[:: max(1, flat.size // SAMPLE)]
    if not flat.size or flat.dtype.kind == "c":
        return None
    numbers = flat.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    with np.errstate(over="ignore", invalid="ignore"):  # sums of numbers near the end of binary64
        mean, deviation = float(finite.mean()), float(finite.std())
    return {
        "sample": int(flat.size) if flat.size < elements else None,
        "min": low,
        "max": high,
        "mean": mean if np.isfinite(mean) else None,
        "std": deviation if np.isfinite(deviation) else None,
        "zeros": float(np.mean(numbers == 0)),
        "unfinite": int(numbers.size - finite.size),
        "bars": _bars(finite, low, high),
    }


def _bars(finite: NDArray[np.float64], low: float, high: float) -> list[int]:
    span = high - low
    if not np.isfinite(span) or span <= 0 or low + span / BARS == low:
        return [int(finite.size)]
    return [int(count) for count in np.histogram(finite, bins=BARS, range=(low, high))[0]]
