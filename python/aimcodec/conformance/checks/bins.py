"""Where in a payload an element of a tensor is coded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.nnc.data_unit import DataUnit
from aimcodec.coding.nnc.payloads import References
from aimcodec.inspect.bins import ELEMENTS, trace_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_TRACED_BYTES", "payload_bins", "place_of_element"]

# The bins of a payload take 48 bytes each, and it holds many: longer payloads are not traced.
MAX_TRACED_BYTES = 1 << 16

LEVEL_ELEMENTS = [ELEMENTS.index(name) for name in ELEMENTS if name.startswith(("sig_", "sign_", "abs_", "rem_"))]
ENTERED = 9  # bits of the payload that are in the offset before the first shift


def payload_bins(unit: DataUnit) -> NDArray[Any]:
    """The bins of the payload of a data unit (`aimcodec.inspect.BIN_DTYPE`)."""
    return trace_unit(unit, 0, None, References()).bins


def place_of_element(unit: DataUnit, tensor: int, index: tuple[int, ...]) -> tuple[int, tuple[int, int] | None]:
    """The bit of the stream that enters the decoder next where it begins an element, and the range of its bins.

    Args:
        unit: an arithmetic-coded data unit.
        tensor: number of the tensor in the unit.
        index: of the element; () in a tensor of shape [1].
    """
    if len(unit.payload) > MAX_TRACED_BYTES:
        return unit.payload_bit, None
    bins = payload_bins(unit)
    shape = unit.tensors[tensor].shape
    flat = int(np.ravel_multi_index(index, shape)) if index else 0
    position = _position(flat, unit, tensor)
    chosen = (bins["tensor"] == tensor) & (bins["position"] == position) & np.isin(bins["element"], LEVEL_ELEMENTS)
    (numbers,) = np.nonzero(chosen)
    if not len(numbers):  # in a row that is skipped, or a codebook of one entry
        return unit.payload_bit, None
    first, last = int(numbers[0]), int(numbers[-1])
    return unit.payload_bit + int(bins["shifts"][first]) + ENTERED, (first, last + 1)


def _position(flat: int, unit: DataUnit, tensor: int) -> int:
    """Number of an element in the order of coding (10.1)."""
    coded = unit.tensors[tensor]
    if not unit.scan_order or not coded.is_2d:
        return flat
    side = 4 << unit.scan_order
    row, column = divmod(flat, coded.width)
    top, left = row // side * side, column // side * side
    height, width = min(side, coded.rows - top), min(side, coded.width - left)
    return top * coded.width + left * height + (row - top) * width + column - left
