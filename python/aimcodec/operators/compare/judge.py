"""Results of a library against those of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from aimcodec.operators.compare.tolerance import Tolerance
from aimcodec.operators.element_types import name_of

__all__ = ["difference"]


def difference(got: Sequence[Any], expected: Sequence[NDArray[Any]], tolerance: Tolerance) -> str:
    """What is wrong with results: number, type, rank, dimensions, bytes, then values; "" if nothing is."""
    if len(got) != len(expected):
        return f"{len(got)} outputs, expected are {len(expected)}"
    for place, (ours, theirs) in enumerate(zip(got, expected, strict=True)):
        if found := _difference(ours, theirs, tolerance):
            return f"output {place}: {found}"
    return ""


def _difference(got: Any, expected: NDArray[Any], tolerance: Tolerance) -> str:
    if not isinstance(got, np.ndarray | np.generic):
        return f"not an array but {type(got).__name__}"
    got = np.asarray(got)
    if got.dtype.kind in "OV" and got.dtype != expected.dtype:
        return f"elements of type {got.dtype}, expected is {name_of(expected)}"
    if name_of(got) != name_of(expected):
        return f"elements of type {name_of(got)}, expected is {name_of(expected)}"
    if got.ndim != expected.ndim:
        return f"rank {got.ndim}, expected is {expected.ndim}"
    if got.shape != expected.shape:
        return f"dimensions {list(got.shape)}, expected are {list(expected.shape)}"
    if got.nbytes != expected.nbytes:
        return f"{got.nbytes} bytes, expected are {expected.nbytes}"
    wrong = _wrong(got, expected, tolerance)
    if not wrong.any():
        return ""
    place = np.unravel_index(int(np.argmax(wrong)), wrong.shape) if wrong.ndim else ()
    shown = f"[{', '.join(str(int(i)) for i in place)}]"
    return f"{int(wrong.sum())} of {wrong.size} elements, first {shown}: {got[place]}, expected is {expected[place]}"


def _wrong(got: NDArray[Any], expected: NDArray[Any], tolerance: Tolerance) -> NDArray[np.bool_]:
    """Which elements are too far away."""
    if expected.dtype.kind in "biuOUT" or name_of(expected).startswith(("INT", "UINT")):
        return np.asarray(got != expected)
    info: Any = ml_dtypes.finfo(expected.dtype)  # type: ignore[no-untyped-call]
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    with np.errstate(all="ignore"):
        a, b = got.astype(wide), expected.astype(wide)
        finite = np.isfinite(b)
        magnitude = np.abs(np.where(finite, b, 0))
        eps = float(info.eps)
        ulp = np.maximum(2.0 ** np.floor(np.log2(np.maximum(magnitude, float(info.tiny)))), float(info.tiny)) * eps
        allowed = tolerance.ulps * ulp + tolerance.absolute * eps * magnitude.max(initial=0)
        near = np.abs(a - b) <= allowed
        same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.asarray(~(same | (near & finite)))
