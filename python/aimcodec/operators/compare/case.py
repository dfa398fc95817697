"""A call with which a library of operators is tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aimcodec.operators.status import Status

__all__ = ["Case", "Draw", "Generator", "f32", "i32", "i64"]


@dataclass(frozen=True)
class Case:
    """A call.

    Attributes:
        label: what is special about it.
        inputs: arrays; None for one that is left out.
        attributes: by name.
        outputs: how many are wanted; None for those that are not optional.
        status: what it has to end in.
    """

    label: str
    inputs: Sequence[Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: int | None = None
    status: Status = Status.SUCCESS


class Draw:
    """Random arrays; the same for the same seed on every machine."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def array(self, kind: Any, *shape: int, low: float = -4, high: float = 4) -> np.ndarray[Any, Any]:
        """Numbers from low to high; those of floating types are multiples of 1/16, so sums of a few are exact."""
        dtype = np.dtype(kind)
        if dtype.kind == "b":
            return self._random.integers(0, 2, shape).astype(bool)
        if dtype.kind == "f":
            return (self._random.integers(int(low * 16), int(high * 16) + 1, shape) / 16).astype(dtype)
        least = max(low, 0) if dtype.kind == "u" else low
        return self._random.integers(int(least), int(high) + 1, shape).astype(dtype)

    def real(self, kind: Any, *shape: int, scale: float = 1.0) -> np.ndarray[Any, Any]:
        """Normally distributed numbers."""
        return (self._random.standard_normal(shape) * scale).astype(kind)

    def order(self, count: int) -> list[int]:
        """The numbers from 0 on in random order."""
        return [int(i) for i in self._random.permutation(count)]


Generator = Callable[[Draw], Iterator[Case]]


def f32(values: Any) -> np.ndarray[Any, Any]:
    """An array of FLOAT32."""
    return np.array(values, np.float32)


def i32(values: Any) -> np.ndarray[Any, Any]:
    """An array of INT32."""
    return np.array(values, np.int32)


def i64(values: Any) -> np.ndarray[Any, Any]:
    """An array of INT64."""
    return np.array(values, np.int64)
