"""From tensors to integers: which QP for which tensor, and the quantisers (sections 11.1 and 15)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.coding.nnc.data_unit import Codebook
from aimcodec.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Quantised",
    "as_integers",
    "as_real",
    "is_integer",
    "is_real",
    "qp_range",
    "quantise",
    "reaches",
    "reconstruct",
    "step_size",
]

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1

# Largest multiple of the step that a quantiser may reach: a little room for the candidates around it (15.2).
LARGEST_MULTIPLE = (1 << 31) - 8


@dataclass
class Quantised:
    """Integers of a tensor and how they were made.

    Attributes:
        integers: int32, in the shape of the tensor; the doubled integers of 10.3 when `dq`.
        qp: QP of 11.1; 0 where `real` is false.
        dq: made for the trellis of dependent quantization.
        real: the tensor holds real numbers; otherwise the integers are the values (NNR_PT_INT).
    """

    integers: NDArray[np.int32]
    qp: int
    dq: bool
    real: bool


def step_size(qp: int, density: int) -> float:
    """Quantization step of a QP (11.1): exact in binary64."""
    k = 1 << density
    return math.ldexp(k + (qp & (k - 1)), (qp >> density) - density)


def qp_range(density: int) -> range:
    """QPs that `qp_delta` can carry with no offset: 6 + density bits, two's complement (5)."""
    half = 1 << (5 + density)
    return range(-half, half)


def reaches(real: NDArray[np.float32], qp: int, density: int) -> bool:
    """Whether multiples of the step of a QP reach all values within 32 bits."""
    largest = max(float(real.max()), -float(real.min()))
    return largest / step_size(qp, density) <= LARGEST_MULTIPLE


def is_integer(array: NDArray[Any]) -> bool:
    """Whether a tensor is coded exactly, as NNR_PT_INT."""
    return array.dtype.kind in "biu"


def is_real(array: NDArray[Any]) -> bool:
    """Whether a tensor holds real numbers, those of ml_dtypes included (numpy knows them by name only)."""
    return array.dtype.kind == "f" or array.dtype.name.startswith(("bfloat", "float"))


def as_integers(name: str, array: NDArray[Any]) -> NDArray[np.int32]:
    """An integer or boolean tensor as int32.

    Raises:
        ArgumentError: a value does not fit 32 bits.
    """
    if array.dtype.kind in "iu" and array.dtype.itemsize > 2 and array.size:  # narrower ones always fit
        low, high = int(array.min()), int(array.max())
        if low < INT32_MIN or high > INT32_MAX:
            raise ArgumentError(f"tensor {name!r}: integers from {low} to {high} do not fit 32 bits")
    return np.ascontiguousarray(array, np.int32)


def as_real(name: str, array: NDArray[Any]) -> NDArray[np.float32]:
    """A tensor of real numbers as binary32, rounded to nearest.

    Raises:
        ArgumentError: a finite value is too large for binary32.
    """
    with np.errstate(over="ignore"):
        real = np.ascontiguousarray(array, np.float32)
    if array.dtype.itemsize > real.dtype.itemsize and not np.array_equal(np.isinf(array), np.isinf(real)):
        raise ArgumentError(f"tensor {name!r} holds values beyond the range of binary32")
    return real


def quantise(real: NDArray[np.float32], qp: int, density: int, *, dq: bool, scan_order: int) -> Quantised:
    """Quantise with the step of a QP.

    Args:
        real: finite values that the QP reaches, C-contiguous.
        qp: QP.
        density: qp_density.
        dq: trellis of dependent quantization instead of rounding.
        scan_order: order of the trellis.
    """
    integers = np.empty(real.shape, np.int32)
    if dq:
        rows = real.shape[0]
        status = _core.quantise_trellis(real, rows, real.size // rows, scan_order, step_size(qp, density), integers)
    else:
        status = _core.quantise_uniform(real, step_size(qp, density), integers)
    error = error_from_status(status, 0, "")
    if error is not None:
        raise error
    return Quantised(integers, qp, dq, real=True)


def reconstruct(quantised: Quantised, density: int, codebook: Codebook | None = None) -> NDArray[Any]:
    """What a decoder makes of the integers (section 11)."""
    values: NDArray[np.int32] = quantised.integers.copy()
    if not quantised.real:
        return values
    status = _core.reconstruct(
        values,
        quantised.qp,
        density,
        codebook=None if codebook is None else codebook.values,
        codebook_zero=0 if codebook is None else codebook.zero,
    )
    error = error_from_status(status, 0, "")
    if error is not None:
        raise error
    return np.asarray(values.view(np.float32))
