"""What all sources of tensors have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from aimcodec.dtypes import DType, pack, packed_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Described", "Model", "memory_of"]


@dataclass(frozen=True)
class Described:
    """A tensor that was not read yet.

    Attributes:
        name: unique in the model.
        dtype: of its elements; None for blocks in a format of others.
        shape: in elements.
    """

    name: str
    dtype: DType | None
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Their number."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of its memory (6.2); 0 where that is not known."""
        return packed_bytes(self.dtype, self.elements) if self.dtype else 0


class Model(Protocol):
    """Named tensors that are read one by one.

    Attributes:
        metadata: texts by key.
        tensors: in the order of the source.
    """

    @property
    def metadata(self) -> Mapping[str, str]:
        """Texts by key."""

    @property
    def tensors(self) -> Sequence[Described]:
        """In the order of the source."""

    def read(self, name: str) -> NDArray[Any]:
        """A tensor: array of the type and shape described; elements of less than 8 bits take a byte each.

        Raises:
            AimcError: it is damaged.
            OSError: it cannot be read.
        """

    def release(self, name: str) -> None:
        """The tensor will not be read again soon."""

    def close(self) -> None:
        """No more reads."""


def memory_of(array: NDArray[Any], dtype: DType) -> NDArray[np.uint8]:
    """The memory of a tensor (6.2): uint8, shape [bytes]; a view where the array has that form already."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if dtype.is_packed:
        return pack(flat, dtype.bits)
    if not flat.dtype.isnative:
        flat = flat.astype(flat.dtype.newbyteorder("<"))
    memory: NDArray[np.uint8] = flat.view(np.uint8)
    return memory
