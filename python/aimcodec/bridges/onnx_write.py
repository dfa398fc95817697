"""ONNX models, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from aimcodec.bridges.model import Described, memory_of
from aimcodec.dtypes import dtype_of
from aimcodec.errors import ArgumentError, InconsistentError, UnsupportedError
from aimcodec.files import replacing
from aimcodec.model import ModelStructure, Tensor
from aimcodec.model.onnx import ExternalPlace, model_bytes, to_proto
from aimcodec.model.walk import all_tensors

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["write_onnx"]

INSIDE_BYTES = 3 << 29  # of all parameters, up to which they are in the model's own file; protobuf ends at 2 GiB
APART_BYTES = 1024  # of a parameter, from which on it is in the other file
ALIGNMENT = 4096  # of it there: a page, as the ONNX text wishes


def write_onnx(
    path: str | os.PathLike[str],
    structure: ModelStructure,
    tensors: Sequence[Described],
    read: Callable[[str], NDArray[Any]],
    *,
    external: bool | None = None,
) -> None:
    """Write an ONNX model, asking for one tensor after the other.

    Args:
        path: of the model. It is replaced only when all is written.
        structure: of the model.
        tensors: its parameters; those that the structure does not name are not written.
        read: gives the array of a parameter.
        external: whether parameters from 1,024 bytes on are put into the file `<path>.data`; None: if all have more
            than 1.5 GiB together.

    Raises:
        ArgumentError: the structure names a parameter that is not there; `<path>.data` is a link.
        InconsistentError: a parameter is not of the type and shape that the structure says.
        UnsupportedError: ONNX has no such type.
        AimcError: those of `read`.
        OSError: it cannot be written.
        ModuleNotFoundError: the onnx package is not installed.
    """
    wanted = _wanted(structure, tensors)
    if external is None:
        external = sum(tensor.nbytes for tensor in wanted) > INSIDE_BYTES
    apart = [tensor for tensor in wanted if tensor.nbytes >= APART_BYTES] if external else []
    target = Path(os.path.realpath(path))
    beside = target.with_name(f"{target.name}.data")
    places = _places(apart, beside.name)

    def values(name: str) -> NDArray[Any] | ExternalPlace:
        return places.get(name) or read(name)

    with replacing(target) as model, _beside(beside, bool(apart)) as data:
        # Both are complete before either takes its place, the data first.
        model.write_bytes(model_bytes(to_proto(structure, values)))
        if data:
            with data.open("wb") as file:
                _write_data(file, apart, places, read)


def _wanted(structure: ModelStructure, tensors: Sequence[Described]) -> list[Described]:
    """The tensors that the structure has as parameters, in its order."""
    known = {tensor.name: tensor for tensor in tensors}
    wanted = {tensor.parameter: tensor for tensor in all_tensors(structure) if tensor.parameter is not None}
    for name, tensor in wanted.items():
        if name not in known:
            raise ArgumentError(f"the structure names the parameter {name!r}, which is not there")
        _check_same(known[name], tensor)
    return [known[name] for name in wanted]


def _check_same(described: Described, tensor: Tensor) -> None:
    if described.dtype is None:
        raise UnsupportedError(f"ONNX models cannot hold tensor {described.name!r}, which is of an opaque type")
    if described.dtype.name != tensor.element_type or described.shape != tensor.shape:
        raise InconsistentError(
            f"tensor {described.name!r} is {described.dtype}{list(described.shape)}, "
            f"the structure wants {tensor.element_type}{list(tensor.shape)}"
        )


def _places(tensors: Sequence[Described], location: str) -> dict[str, ExternalPlace]:
    places, end = {}, 0
    for tensor in tensors:
        begin = -(-end // ALIGNMENT) * ALIGNMENT
        end = begin + tensor.nbytes
        places[tensor.name] = ExternalPlace(location, begin, tensor.nbytes)
    return places


@contextmanager
def _beside(target: Path, wanted: bool) -> Iterator[Path | None]:
    """The new file for the data, if there is to be one."""
    if not wanted:
        yield None
        return
    if target.is_symlink():  # which somebody may have put there, to have another file overwritten
        raise ArgumentError(f"{target.name!r} is a link")
    with replacing(target) as data:
        yield data


def _write_data(
    file: BinaryIO,
    tensors: Sequence[Described],
    places: dict[str, ExternalPlace],
    read: Callable[[str], NDArray[Any]],
) -> None:
    for tensor in tensors:
        array = read(tensor.name)
        if tensor.dtype is None or array.shape != tensor.shape or dtype_of(array.dtype) != tensor.dtype:
            raise InconsistentError(f"tensor {tensor.name!r} is {array.dtype}{list(array.shape)}, not as described")
        file.seek(places[tensor.name].offset)
        file.write(memory_of(array, tensor.dtype).data)
