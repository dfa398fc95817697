"""A model whose tensors are arrays in memory already: objects of frameworks, and files that are read as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.model import Described
from aimcodec.dtypes import dtype_of
from aimcodec.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.model import ModelStructure

__all__ = ["MemoryModel", "unique_names"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


class MemoryModel:
    """Arrays by name, and what belongs to them: a `bridges.model.Model`.

    Args:
        arrays: of types that numpy or ml_dtypes has, in any byte order and layout.
        metadata: texts by key.
        structure: the model that the arrays are parameters of.
        assets: media type and content by name.
        losses: what is not carried, a line each.
        tied: names of arrays to the earlier names of the same objects.

    Raises:
        ArgumentError: an array of a type that the format cannot carry.
    """

    def __init__(
        self,
        arrays: Mapping[str, NDArray[Any]],
        *,
        metadata: Mapping[str, str] = NOTHING,
        structure: ModelStructure | None = None,
        assets: Mapping[str, tuple[str, bytes]] = NOTHING,
        losses: Sequence[str] = (),
        tied: Mapping[str, str] = NOTHING,
    ) -> None:
        self._arrays = arrays
        self.metadata = metadata
        self.structure = structure
        self.assets = assets
        self.losses = losses
        self.tensors = [_described(name, array, tied.get(name)) for name, array in arrays.items()]

    def read(self, name: str) -> NDArray[Any]:
        """An array."""
        return self._arrays[name]

    def release(self, name: str) -> None:
        """All of them stay."""

    def close(self) -> None:
        """Nothing to close."""


def _described(name: str, array: NDArray[Any], tied_to: str | None) -> Described:
    try:
        return Described(name, dtype_of(array.dtype), array.shape, tied_to=tied_to)
    except ArgumentError as error:
        raise ArgumentError(f"tensor {name!r}: {error.message}") from None


def unique_names(wanted: Iterable[str]) -> list[str]:
    """A name of its own for each: the second "x" is "x#2"."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    names = []
    for base in wanted:
        name = base
        while name in taken:
            counts[base] = counts.get(base, 1) + 1
            name = f"{base}#{counts[base]}"
        taken.add(name)
        names.append(name)
    return names
