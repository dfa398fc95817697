"""Two tensors value by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TensorDiff", "diff_tensors"]

CHUNK = 1 << 20  # elements compared at a time, which bounds memory


@dataclass(frozen=True)
class TensorDiff:
    """How two tensors differ.

    Attributes:
        same_bytes: type, shape and all bytes are equal.
        same_values: all values are equal, NaN to NaN; types may differ.
        same_shape: else nothing more is said.
        max_error: largest distance of two finite values; None where a value is finite in one tensor only.
        changed: how many values differ.
        first: index of the first that differs.
        values: there, in the one tensor and the other.
    """

    same_bytes: bool
    same_values: bool
    same_shape: bool
    max_error: float | None = None
    changed: int = 0
    first: tuple[int, ...] = ()
    values: tuple[str, str] = ("", "")


def diff_tensors(first: NDArray[Any], second: NDArray[Any]) -> TensorDiff:
    """Compares arrays of any of the types of numpy and ml_dtypes."""
    if first.shape != second.shape:
        return TensorDiff(same_bytes=False, same_values=False, same_shape=False)
    a, b = first.reshape(-1), second.reshape(-1)
    same_type = a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=")
    same_bytes = same_type
    worst: float | None = 0.0
    changed, place = 0, -1
    for start in range(0, a.size, CHUNK):
        one, other = a[start : start + CHUNK], b[start : start + CHUNK]
        if same_type and _bytes(one) == _bytes(other):
            continue
        same_bytes = False
        x, y = _numbers(one), _numbers(other)
        differ = ~(_are_equal(x, y) | (np.isnan(x) & np.isnan(y)))
        count = int(np.count_nonzero(differ))
        if count and not changed:
            place = start + int(np.argmax(differ))
        changed += count
        worst = _larger(worst, _distance(x[differ], y[differ]) if count else 0.0)
    if not changed:
        return TensorDiff(same_bytes, True, True, 0.0)
    index = tuple(int(i) for i in np.unravel_index(place, first.shape))
    return TensorDiff(False, False, True, worst, changed, index, (str(a[place]), str(b[place])))


def _bytes(array: NDArray[Any]) -> bytes:
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return native.tobytes()


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Values that numpy compares exactly: integers as they are, all real numbers as float64."""
    kind = array.dtype.kind
    if kind in "iuc":
        return array
    if kind == "b":
        return array.astype(np.uint8)
    return array.astype(np.float64)


def _are_equal(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """By value; numpy would round an integer to the type of the real number that it is compared with."""
    equal: NDArray[np.bool_] = x == y
    if (x.dtype.kind in "iu") is (y.dtype.kind in "iu"):
        return equal
    whole, real = (x, y.real) if x.dtype.kind in "iu" else (y, x.real)
    with np.errstate(invalid="ignore"):  # what does not fit the integer is not equal to it either
        exact: NDArray[np.bool_] = equal & (real.astype(whole.dtype) == whole)
    return exact


def _larger(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def _distance(x: NDArray[Any], y: NDArray[Any]) -> float | None:
    """The largest distance of two values; None if one of them is not finite."""
    kind = np.clongdouble if "c" in (x.dtype.kind, y.dtype.kind) else np.longdouble  # 64 bits for integers
    one, other = x.astype(kind), y.astype(kind)
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return None
    with np.errstate(over="ignore"):
        return float(np.abs(one - other).max())
