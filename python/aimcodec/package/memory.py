"""Arrays to the memory of tensors (6.2), piece by piece, so that no array is copied whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.lossless import Layout
from aimcodec.dtypes import DType, dtype_of, pack
from aimcodec.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArrayMemory", "Memory", "OpaqueMemory", "as_array"]


@dataclass(frozen=True)
class ArrayMemory:
    """The memory of an array.

    Attributes:
        array: any order, any byte order.
        dtype: type of its elements.
    """

    array: NDArray[Any]
    dtype: DType

    @property
    def elements(self) -> int:
        """Number of elements."""
        return self.array.size

    @property
    def group(self) -> tuple[int, int]:
        """Elements that fill whole bytes and records, and their bytes."""
        bits = self.dtype.bits
        elements = {6: 4}.get(bits, max(1, 8 // bits))
        return elements, elements * bits // 8

    @property
    def layout(self) -> Layout:
        """How lossless coding cuts it."""
        return Layout(self.dtype.record_bytes, self.dtype.rotate)

    @property
    def row_bytes(self) -> int:
        """Bytes of an index of the first dimension."""
        rows = self.array.shape[0] if self.array.ndim > 1 else 1
        return self.elements // max(rows, 1) * self.dtype.bits // 8

    def piece(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Memory of elements start to stop - 1; `start` is a multiple of the elements of a group."""
        array = self.array
        flat = array.reshape(-1)[start:stop] if array.flags.c_contiguous else array.flat[start:stop]
        if self.dtype.is_packed:
            return pack(np.ascontiguousarray(flat), self.dtype.bits)
        if not flat.dtype.isnative:
            flat = flat.astype(flat.dtype.newbyteorder("<"))
        memory: NDArray[np.uint8] = np.ascontiguousarray(flat).view(np.uint8)
        if flat.dtype == np.bool_ and memory.size and int(memory.max()) > 1:  # made by a view of other bytes
            memory = (memory != 0).view(np.uint8)
        return memory


@dataclass(frozen=True)
class OpaqueMemory:
    """Blocks in a format of others (4.1).

    Attributes:
        data: uint8, the blocks.
        block_elements, block_bytes: of a block.
        fields: bytes of the fields of a block, for coding.
        row_elements: elements of a row.
    """

    data: NDArray[np.uint8]
    block_elements: int
    block_bytes: int
    fields: tuple[int, ...]
    row_elements: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return self.data.size // self.block_bytes * self.block_elements

    @property
    def group(self) -> tuple[int, int]:
        """Elements and bytes of a block."""
        return self.block_elements, self.block_bytes

    @property
    def layout(self) -> Layout:
        """How lossless coding cuts it."""
        return Layout(self.block_bytes, False, self.fields)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.row_elements // self.block_elements * self.block_bytes

    def piece(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Memory of elements start to stop - 1, both multiples of the elements of a block."""
        scale = self.block_bytes
        return self.data[start // self.block_elements * scale : stop // self.block_elements * scale]


Memory = ArrayMemory | OpaqueMemory


def as_array(name: str, array: Any) -> ArrayMemory:
    """The memory of anything that numpy takes for an array.

    Raises:
        ArgumentError: it is no array, or of a type that the format does not have.
    """
    try:
        made = np.asarray(array)
        return ArrayMemory(made, dtype_of(made.dtype))
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"tensor {name!r}: {error}") from None
