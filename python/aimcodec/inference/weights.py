"""Parameters of a model on their way to an engine: known at once, decoded in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from aimcodec.dtypes import dtype_of
from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.model.structures import ModelStructure, Tensor
from aimcodec.model.walk import all_tensors
from aimcodec.package import Package, TensorInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.bridges.model import Model

__all__ = ["BridgeWeights", "Loading", "MappingWeights", "PackageWeights", "Weights", "check_parameters"]

# Parameters are decoded in groups of about so many coded bytes, two groups at a time: one is read while the other is
# decoded.
GROUP_BYTES = 8 << 20
PAIR = 2


class Weights(Protocol):
    """Tensors by name."""

    def described(self, name: str) -> tuple[str, tuple[int, ...]]:
        """Name of the element type, and shape.

        Raises:
            KeyError: there is no such tensor.
        """

    def groups(self, names: Iterable[str]) -> Sequence[Sequence[str]]:
        """Names that are best loaded together, in the best order."""

    def load(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Arrays, C-contiguous; elements of less than 8 bits take a byte each."""


class PackageWeights:
    """Tensors of a package."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def described(self, name: str) -> tuple[str, tuple[int, ...]]:
        """See `Weights`."""
        info = self._package.info(name)
        return info.dtype, info.shape

    def groups(self, names: Iterable[str]) -> list[list[str]]:
        """In the order of the file; aliases with what they stand for, and what is coded with NNC together, as that is
        decoded as one stream.
        """
        placed: dict[tuple[int, int], list[TensorInfo]] = {}
        together: list[str] = []
        for info in map(self._package.info, names):
            target = self._package.info(info.alias_of) if info.alias_of else info
            if target.coding == "nnc":
                together.append(info.name)
            else:
                placed.setdefault(target.units, []).append(info)
        groups: list[list[str]] = [together] if together else []
        size = GROUP_BYTES
        for _, infos in sorted(placed.items()):
            if size >= GROUP_BYTES:
                groups.append([])
                size = 0
            groups[-1] += [info.name for info in infos]
            size += infos[0].coded_bytes
        return groups

    def load(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Decoded together, on threads."""
        return self._package.load(names)


class BridgeWeights:
    """Tensors of a file in a format of others."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._known = {tensor.name: tensor for tensor in model.tensors}

    def described(self, name: str) -> tuple[str, tuple[int, ...]]:
        """See `Weights`."""
        tensor = self._known[name]
        if tensor.dtype is None:
            raise UnsupportedError(f"parameter {name!r} is of blocks in a format of others")
        return tensor.dtype.name, tensor.shape

    def groups(self, names: Iterable[str]) -> list[list[str]]:
        """One by one, in the order of the file."""
        wanted = set(names)
        return [[name] for name in self._known if name in wanted]

    def load(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """See `Weights`."""
        return {name: np.asarray(self._model.read(name), order="C") for name in names}


class MappingWeights:
    """Arrays of the caller; they are not copied where they are contiguous."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self._arrays = arrays

    def described(self, name: str) -> tuple[str, tuple[int, ...]]:
        """See `Weights`."""
        array = np.asarray(self._arrays[name])
        return dtype_of(array.dtype).name, array.shape

    def groups(self, names: Iterable[str]) -> list[list[str]]:
        """All at once."""
        return [list(names)]

    def load(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """See `Weights`."""
        arrays = {}
        for name in names:
            array = np.asarray(self._arrays[name], order="C")
            arrays[name] = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
        return arrays


def check_parameters(structure: ModelStructure, weights: Weights) -> list[str]:
    """Names of the parameters of a structure, each once, and that they are there with its types and shapes.

    Raises:
        InconsistentError: one is missing, or something else.
    """
    found: dict[str, Tensor] = {}
    for tensor in all_tensors(structure):
        if tensor.parameter is None:
            continue
        if tensor.parameter not in found:
            _check_there(tensor, weights)
        elif (tensor.element_type, tensor.shape) != _said(found[tensor.parameter]):
            raise InconsistentError(f"parameter {tensor.parameter!r} is used with different types or shapes")
        found[tensor.parameter] = tensor
    return list(found)


def _said(tensor: Tensor) -> tuple[str, tuple[int, ...]]:
    return tensor.element_type, tuple(tensor.shape)


def _check_there(tensor: Tensor, weights: Weights) -> None:
    name = str(tensor.parameter)
    try:
        element_type, shape = weights.described(name)
    except KeyError:
        raise InconsistentError(f"the structure needs a parameter {name!r} that is not there") from None
    if (element_type, tuple(shape)) != _said(tensor):
        raise InconsistentError(
            f"parameter {name!r} is {element_type} of shape {tuple(shape)},"
            f" in the structure {tensor.element_type} of shape {tuple(tensor.shape)}"
        )


@dataclass(frozen=True)
class _Group:
    names: Sequence[str]
    arrays: Future[dict[str, NDArray[Any]]]


class Loading:
    """The parameters of a model while they are being decoded.

    Args:
        weights: where they are.
        names: of those that are wanted, each once.
        close: called by `end`.
    """

    def __init__(self, weights: Weights, names: Sequence[str], close: Callable[[], None]) -> None:
        self._close = close
        self.names = tuple(names)
        self._pool = ThreadPoolExecutor(PAIR, "aimcodec-parameters")
        self._groups = [_Group(group, self._pool.submit(weights.load, group)) for group in weights.groups(self.names)]
        self._by_name = {name: group for group in self._groups for name in group.names}
        self._pool.shutdown(wait=False)

    def get(self, name: str) -> NDArray[Any]:
        """A parameter, waited for.

        Raises:
            AimcError: it is damaged, or beyond a limit.
            OSError: the source cannot be read.
        """
        return self._by_name[name].arrays.result()[name]

    def end(self) -> None:
        """Nothing more is wanted: what has not begun is given up, what runs is waited for, and the source closed."""
        for group in self._groups:
            group.arrays.cancel()
        self._pool.shutdown(wait=True)
        self._close()
