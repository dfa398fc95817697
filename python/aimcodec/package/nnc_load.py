"""Tensors of NNC data units (clause 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.package.contents import Reading

__all__ = ["load_nnc"]


def load_nnc(reading: Reading, numbers: Sequence[int]) -> dict[int, NDArray[Any]]:
    """Arrays of entries of coding NNC."""
    return {}
