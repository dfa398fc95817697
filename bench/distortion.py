"""How far decoded tensors are from the originals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from models import Tensors


def squared_error(original: Tensors, decoded: Tensors) -> float:
    """Sum of squared differences over all tensors, in binary64."""
    return sum(_energy(np.subtract(value, decoded[name], dtype=np.float64)) for name, value in original.items())


def relative_error(original: Tensors, decoded: Tensors) -> float:
    """RMS of the differences over RMS of the values, over all tensors of two or more dimensions."""
    weights = {name: value for name, value in original.items() if value.ndim >= 2}
    return float((squared_error(weights, decoded) / sum(map(_energy, weights.values()))) ** 0.5)


def _energy(values: npt.NDArray[np.generic]) -> float:
    return float(np.sum(np.square(values, dtype=np.float64)))
