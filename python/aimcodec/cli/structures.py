"""Structures of models for commands, and what is known of their parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.model import Model
from aimcodec.cli.models import PackageModel
from aimcodec.cli.table import memory_bytes
from aimcodec.errors import ArgumentError
from aimcodec.model import ModelStructure
from aimcodec.model.parameters import ParameterInfo
from aimcodec.package import Package, TensorInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["parameter_infos", "reader_of", "structure_of"]


def structure_of(model: Model) -> ModelStructure:
    """The structure of a model.

    Raises:
        ArgumentError: it has none.
    """
    structure = model.structure
    if structure is None:
        raise ArgumentError("it has tensors, but no structure of a model")
    return structure


def parameter_infos(model: Model) -> dict[str, ParameterInfo]:
    """What is known of the tensors of a model, by name; of a package how they are coded."""
    if not isinstance(model, PackageModel):
        return {tensor.name: ParameterInfo(nbytes=tensor.nbytes) for tensor in model.tensors}
    package = model.package
    infos = [package.info(name) for name in package]
    return {
        info.name: ParameterInfo(
            info.coding, memory_bytes(model.opened, info), info.coded_bytes, _digest(package, info)
        )
        for info in infos
    }


def reader_of(model: Model) -> Callable[[str], NDArray[Any]]:
    """What reads single tensors; one after the other in any order, where `Model.read` is for all in theirs."""
    return model.package.__getitem__ if isinstance(model, PackageModel) else model.read


def _digest(package: Package, info: TensorInfo) -> str:
    """Digests of the units of a tensor, as the index has them."""
    first, count = info.units
    return " ".join(f"sha256:{unit.digest.hex()}" for unit in package.units[first : first + count])
