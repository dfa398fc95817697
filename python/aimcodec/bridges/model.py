"""What all sources of tensors have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from aimcodec.dtypes import DType, pack, packed_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.model import ModelStructure

__all__ = ["Described", "Model", "Opaque", "TensorsOnly", "memory_of"]


@dataclass(frozen=True)
class Opaque:
    """A block format of another system (4.1).

    Attributes:
        name: for example "gguf:Q4_1".
        block_elements: elements of a block.
        block_bytes: bytes of a block.
    """

    name: str
    block_elements: int
    block_bytes: int


@dataclass(frozen=True)
class Described:
    """A tensor that was not read yet.

    Attributes:
        name: unique in the model.
        dtype: of its elements; None for blocks in a format of others.
        shape: in elements.
        opaque: the format of the blocks, where `dtype` is None.
        tied_to: an earlier tensor that is the same object in memory, or None.
    """

    name: str
    dtype: DType | None
    shape: tuple[int, ...]
    opaque: Opaque | None = None
    tied_to: str | None = None

    @property
    def elements(self) -> int:
        """Their number."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of its memory (6.2)."""
        if self.dtype is not None:
            return packed_bytes(self.dtype, self.elements)
        return self.elements // self.opaque.block_elements * self.opaque.block_bytes if self.opaque else 0


class Model(Protocol):
    """Named tensors that are read one by one, and what belongs to them.

    Attributes:
        metadata: texts by key.
        tensors: in the order of the source.
        structure: the model that the tensors are parameters of, or None.
        assets: files that belong to it, by name: media type and content.
        losses: what the source has and this does not carry, a line each.
    """

    @property
    def metadata(self) -> Mapping[str, str]:
        """Texts by key."""

    @property
    def tensors(self) -> Sequence[Described]:
        """In the order of the source."""

    @property
    def structure(self) -> ModelStructure | None:
        """The model that the tensors are parameters of, or None."""

    @property
    def assets(self) -> Mapping[str, tuple[str, bytes]]:
        """Files that belong to it, by name: media type and content."""

    @property
    def losses(self) -> Sequence[str]:
        """What the source has and this does not carry, a line each."""

    def read(self, name: str) -> NDArray[Any]:
        """A tensor: array of the type and shape described; elements of less than 8 bits take a byte each, blocks in a
        format of others are bytes.

        Raises:
            AimcError: it is damaged.
            OSError: it cannot be read.
        """

    def release(self, name: str) -> None:
        """The tensor will not be read again soon."""

    def close(self) -> None:
        """No more reads."""


class TensorsOnly:
    """What a source has that knows of tensors and nothing else."""

    structure: ModelStructure | None = None
    assets: Mapping[str, tuple[str, bytes]] = MappingProxyType({})
    losses: Sequence[str] = ()


def memory_of(array: NDArray[Any], dtype: DType) -> NDArray[np.uint8]:
    """The memory of a tensor (6.2): uint8, shape [bytes]; a view where the array has that form already."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if dtype.is_packed:
        return pack(flat, dtype.bits)
    if not flat.dtype.isnative:
        flat = flat.astype(flat.dtype.newbyteorder("<"))
    memory: NDArray[np.uint8] = flat.view(np.uint8)
    return memory
