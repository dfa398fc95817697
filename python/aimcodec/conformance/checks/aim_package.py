"""A package as two decoders of this project have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.model import memory_of
from aimcodec.conformance.checks.result import Finding
from aimcodec.dtypes import dtype_of
from aimcodec.errors import AimcError
from aimcodec.limits import Limits
from aimcodec.package import TensorInfo, open_package
from aimcodec.reference.aim import read as read_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AimPackage", "decode_aim"]

# The second decoder is slow on purpose: it takes about a second for so many bytes of memory.
MAX_REFERENCE_BYTES = 1 << 17


@dataclass(frozen=True)
class AimPackage:
    """A decoded package.

    Attributes:
        arrays: by name, in the order of the file.
        infos: what the index says of them.
        confirmed: whether the second decoder has decoded it too, and what it found otherwise.
    """

    arrays: Mapping[str, NDArray[Any]]
    infos: Mapping[str, TensorInfo]
    confirmed: bool
    disagreement: Finding | None = None

    def element(self, name: str) -> str:
        """Path of the unit that has a tensor."""
        return f"units[{self.infos[name].units[0]}]"


def decode_aim(data: bytes, limits: Limits) -> AimPackage:
    """Decode a package by both decoders, and verify all of it.

    Raises:
        AimcError: the package breaks a rule, or is not supported.
    """
    with open_package(data, limits=limits) as package:
        errors = package.verify()
        if errors:
            raise errors[0]
        infos = {name: package.info(name) for name in package}
        arrays = package.load()
    if sum(array.nbytes for array in arrays.values()) > MAX_REFERENCE_BYTES:
        return AimPackage(arrays, infos, confirmed=False)
    return AimPackage(arrays, infos, confirmed=True, disagreement=_disagreement(data, arrays))


def _disagreement(data: bytes, arrays: Mapping[str, NDArray[Any]]) -> Finding | None:
    """Where the slow decoder has something else: a defect of the kit, not of the package."""
    try:
        file = read_reference(data)
    except AimcError as error:
        return Finding(
            f"the reference decoder refuses what the native one takes: {error}", error.bit_offset, error.path
        )
    theirs = {name: tensor for (variant, name), tensor in file.tensors.items() if variant == 0}
    if list(theirs) != list(arrays):
        return Finding("the decoders differ in the names of the tensors")
    for name, array in arrays.items():
        memory = memory_of(array, dtype_of(array.dtype)).tobytes()
        if theirs[name].shape != array.shape or theirs[name].memory != memory:
            return Finding("the decoders differ in the values of a tensor", tensor=name)
    return None
