"""Products of quantised tensors as ONNX says them: the quotient is rounded, to even where it is halfway, and then the
zero point is added. The evaluator of onnx adds first, which is another number at halves if the zero point is odd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimcodec.operators.call import Call

__all__ = ["EXACT", "Convolve"]

Convolve = Callable[[NDArray[Any], NDArray[Any], Mapping[str, Any]], NDArray[Any]]


def _convolution(call: Call, convolve: Convolve) -> NDArray[Any]:
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, *bias = _arrays(call)
    channels = (-1,) + (1,) * (w.ndim - 2)  # of the result; kernels have one dimension more in front of the others
    kernels = (-1,) + (1,) * (w.ndim - 1)
    # Integers below 2**53 are exact in FLOAT64, and so are their sums.
    left, right = x.astype(np.float64) - x_zero, w.astype(np.float64) - _spread(w_zero, kernels)
    sums = convolve(left, right, call.keywords)
    if bias:
        sums = sums + bias[0].reshape(channels)
    return _requantised(sums, x_scale * _spread(w_scale, channels) / y_scale, y_zero)


def _matmul(call: Call, convolve: Convolve) -> NDArray[Any]:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = _arrays(call)
    rows = a_zero[..., None] if a_zero.ndim == 1 and a_zero.size > 1 else a_zero
    scale = a_scale[..., None] if a_scale.ndim == 1 and a_scale.size > 1 else a_scale
    sums = np.matmul(a.astype(np.float64) - rows, b.astype(np.float64) - b_zero)
    return _requantised(sums, scale * b_scale / y_scale, y_zero)


def _arrays(call: Call) -> list[Any]:
    return [np.asarray(array) for array in call.arrays if array is not None]


def _spread(values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A number for each channel where it counts."""
    return values.reshape(shape) if values.size > 1 else values.reshape(())


def _requantised(sums: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any]) -> NDArray[Any]:
    info = np.iinfo(zero.dtype)
    rounded = np.rint(sums.astype(np.float32) * scale.astype(np.float32)).astype(np.float64)
    clipped: NDArray[Any] = np.clip(rounded + zero, info.min, info.max).astype(zero.dtype)
    return clipped


EXACT: dict[str, Callable[[Call, Convolve], NDArray[Any]]] = {"QLinearConv": _convolution, "QLinearMatMul": _matmul}
