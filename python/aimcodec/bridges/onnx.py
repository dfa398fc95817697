"""ONNX models: structure and parameters, with values inside the file or beside it."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.model import Described
from aimcodec.bridges.onnx_external import ExternalFiles, place_of
from aimcodec.bridges.onnx_sniff import looks_like_onnx
from aimcodec.bridges.onnx_write import write_onnx
from aimcodec.dtypes import from_name, unpack
from aimcodec.errors import ArgumentError, LimitExceededError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.model.onnx import FORM, LOSSES, from_proto, losses, parse_model
from aimcodec.model.onnx.tensors import is_external, shape_of, tensor_memory
from aimcodec.model.onnx.types import element_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OnnxFile", "looks_like_onnx", "write_onnx"]

MAX_FILE_BYTES = (1 << 31) - 1  # of a protobuf message


class OnnxFile:
    """An ONNX model: a `bridges.model.Model`.

    Values in other files are mapped when they are first read. They have to be in the model's folder or beneath it, in
    regular files that are neither links nor have a second name.

    Args:
        path: of the model.
        limits: of what it may have.

    Raises:
        AimcError: it is no ONNX model, contradicts itself, or exceeds a limit.
        OSError: it cannot be read.
        ModuleNotFoundError: the onnx package is not installed.
    """

    assets: Mapping[str, tuple[str, bytes]] = MappingProxyType({})

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        proto = parse_model(_content(path, limits))
        self.structure, self._protos = from_proto(proto)
        self.metadata = self.structure.metadata
        self.losses = [LOSSES[name] for name in losses(proto) if name not in FORM]
        self._dtypes = {name: from_name(element_type(tensor.data_type)) for name, tensor in self._protos.items()}
        self.tensors = [self._described(name, limits) for name in self._protos]
        _check_all(self.tensors, limits)
        self._places = {
            tensor.name: place_of(self._protos[tensor.name], tensor.nbytes)
            for tensor in self.tensors
            if is_external(self._protos[tensor.name])
        }
        self._files = ExternalFiles(path)

    def read(self, name: str) -> NDArray[Any]:
        """A tensor; elements of less than 8 bits take a byte each. It may be a view that cannot be written to.

        Raises:
            AimcError: its values do not fit its type and shape, or are in a place that is refused.
            OSError: they are in a file that cannot be read.
        """
        tensor, dtype = self._protos[name], self._dtypes[name]
        place = self._places.get(name)
        memory = self._files.view(place) if place else tensor_memory(tensor)
        shape = shape_of(tensor)
        flat = unpack(memory, dtype, math.prod(shape)) if dtype.is_packed else memory.view(dtype.numpy)
        return flat.reshape(shape)

    def release(self, name: str) -> None:
        """Its pages no longer count as memory of this process, if they are those of another file."""
        if name in self._places:
            self._files.release(self._places[name])

    def close(self) -> None:
        """Views of tensors stay readable."""
        self._files.close()

    def _described(self, name: str, limits: Limits) -> Described:
        shape = shape_of(self._protos[name])
        if len(shape) > limits.max_rank:
            raise LimitExceededError(f"tensor {name!r} has {len(shape)} dimensions, max_rank is {limits.max_rank}")
        tensor = Described(name, self._dtypes[name], shape)
        if tensor.elements > limits.max_elements:
            raise LimitExceededError(f"tensor {name!r}: {tensor.elements} elements, max_elements {limits.max_elements}")
        return tensor


def _content(path: str | os.PathLike[str], limits: Limits) -> bytes:
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ArgumentError("an ONNX model is read from a regular file")
        most = min(MAX_FILE_BYTES, limits.max_stream_bytes)
        if status.st_size > most:
            raise LimitExceededError(f"an ONNX model of {status.st_size} bytes, at most {most} are read")
        return file.read(most)


def _check_all(tensors: list[Described], limits: Limits) -> None:
    if len(tensors) > limits.max_units:
        raise LimitExceededError(f"{len(tensors)} tensors, max_units is {limits.max_units}")
    total = sum(tensor.nbytes for tensor in tensors)
    if total > limits.max_output_bytes:
        raise LimitExceededError(f"tensors of {total} bytes, max_output_bytes is {limits.max_output_bytes}")
