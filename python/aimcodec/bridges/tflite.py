"""TFLite models: constant tensors, quantisation, and the network as a graph.

Needs the `tflite` package (generated names of the schema) for the graph; offsets are checked by ourselves.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.mapped import MappedFile, check_size
from aimcodec.bridges.model import Described
from aimcodec.bridges.tflite_graph import read_structure
from aimcodec.bridges.tflite_options import schema
from aimcodec.bridges.tflite_sparse import dense
from aimcodec.bridges.tflite_tables import FlatFile, Table
from aimcodec.bridges.tflite_tensors import FlatTensor, read_buffers, read_tensors
from aimcodec.dtypes import DType, check_memory, unpack
from aimcodec.errors import InconsistentError, LimitExceededError, MalformedError, OutOfRangeError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TfliteFile", "looks_like_tflite"]

IDENTIFIER = b"TFL3"
VERSION = 3
FREE_BYTES = 64 << 20  # of tensors, from which Limits.max_expansion applies
MEDIA_TYPE = "application/octet-stream"
ZIP_END = b"PK\x05\x06"
ZIP_END_BYTES = 22 + 65535
RUNTIME_VERSION = "min_runtime_version"


def looks_like_tflite(start: bytes, path: str) -> bool:
    """Whether a file that starts so is a TFLite model, whatever its name."""
    return start[4:8] == IDENTIFIER


class TfliteFile:
    """A TFLite model; its tensors are views of the mapped file.

    The graph has the operators of the domain "tflite", which ONNX engines do not run.

    Raises:
        AimcError: it is no TFLite model, breaks a rule of the format, or is beyond a limit.
        ModuleNotFoundError: the `tflite` package is not installed.
        OSError: it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        schema()
        with open(path, "rb") as file:
            if not looks_like_tflite(file.read(8), os.fspath(path)):
                raise MalformedError("not a TFLite model: it has no identifier TFL3")
            check_size(file, limits)
            data = MappedFile(file).memory()
        model = FlatFile(data).root()
        if model.number(0, "I") != VERSION:
            raise UnsupportedError(f"a TFLite model of version {model.number(0, 'I')}, not {VERSION}")
        graphs = model.tables(2, "subgraphs")
        if not graphs:
            raise MalformedError("a TFLite model without subgraphs")
        buffers = read_buffers(model)
        known = read_tensors(graphs, buffers, limits)
        lost: dict[str, None] = dict.fromkeys(_losses(data, known))
        self.structure = read_structure(model, graphs, known, limits, lost.setdefault)
        self.metadata, self.assets = _beside(model, buffers, known, limits)
        self._constants = {tensor.name: tensor for part in known for tensor in part if tensor.memory is not None}
        self.tensors: Sequence[Described] = _described(self._constants)
        _check_output(self.tensors, len(data), limits)
        self.losses: Sequence[str] = tuple(lost)

    def read(self, name: str) -> NDArray[Any]:
        """A constant tensor; a view that cannot be written to, but for sparse ones and types of less than 8 bits."""
        tensor = self._constants[name]
        dtype = tensor.dtype
        if dtype is None or tensor.memory is None:
            raise UnsupportedError(f"tensor {name!r} has texts, which the structure holds")
        memory = np.frombuffer(tensor.memory, np.uint8)
        elements = math.prod(tensor.shape)
        if tensor.sparsity is not None:
            return dense(tensor.sparsity, tensor.shape, _stored(name, memory, dtype))
        check_memory(memory, dtype, elements)
        flat = unpack(memory, dtype, elements) if dtype.is_packed else memory.view(dtype.numpy)
        return flat.reshape(tensor.shape)

    def release(self, name: str) -> None:
        """Pages of a mapped file are the system's to keep."""

    def close(self) -> None:
        """Views of tensors stay readable; the file is closed with the last of them."""


def _stored(name: str, memory: NDArray[np.uint8], dtype: DType) -> NDArray[Any]:
    """Values of a sparse tensor, as many as there are."""
    if dtype.is_packed or memory.size % dtype.numpy.itemsize:
        raise UnsupportedError(f"the sparse tensor {name!r} of {memory.size} bytes of type {dtype}")
    check_memory(memory, dtype, memory.size // dtype.numpy.itemsize)
    return memory.view(dtype.numpy)


def _described(constants: Mapping[str, FlatTensor]) -> list[Described]:
    """Tensors of one buffer that look at it in the same way are one object."""
    first: dict[tuple[object, ...], str] = {}
    found = []
    for name, tensor in constants.items():
        if tensor.dtype is not None:
            form = tensor.sparsity.position if tensor.sparsity else None
            target = first.setdefault((tensor.buffer, tensor.dtype, tensor.shape, form), name)
            found.append(Described(name, tensor.dtype, tensor.shape, tied_to=target if target != name else None))
    return found


def _check_output(tensors: Sequence[Described], size: int, limits: Limits) -> None:
    total = sum(tensor.nbytes for tensor in tensors if tensor.tied_to is None)
    if total > limits.max_output_bytes:
        raise LimitExceededError(f"{total} bytes of tensors exceed max_output_bytes {limits.max_output_bytes}")
    if total > max(FREE_BYTES, limits.max_expansion * size):
        raise LimitExceededError(f"{total} bytes of tensors in {size} exceed max_expansion {limits.max_expansion}")


def _losses(data: memoryview, known: list[list[FlatTensor]]) -> list[str]:
    lost = ["TFLite operators run on TFLite engines only: the graph is carried, other engines cannot run it"]
    sparse = sum(tensor.sparsity is not None for part in known for tensor in part)
    if sparse:
        lost.append(f"the sparse form of {sparse} tensors, which are dense here")
    for tensor in (tensor for part in known for tensor in part):
        if tensor.is_state:
            lost.append(f"that tensor {tensor.name!r} keeps its value from one run to the next")
    if bytes(data[-ZIP_END_BYTES:]).rfind(ZIP_END) >= 0:
        lost.append("files in an archive after the model")
    return lost


def _beside(
    model: Table, buffers: list[memoryview], known: list[list[FlatTensor]], limits: Limits
) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """Texts and files that the model has beside its graph."""
    metadata: dict[str, str] = {}
    assets: dict[str, tuple[str, bytes]] = {}
    names: dict[str, str] = {}
    for number, table in enumerate(model.tables(6, "metadata")):
        buffer = table.number(1, "I")
        if buffer >= len(buffers):
            raise OutOfRangeError(f"buffer {buffer} of {len(buffers)}", path=table.path)
        name = table.text(0, limits.max_string_bytes)
        model.file.spend(len(buffers[buffer]))
        content = bytes(buffers[buffer])
        if name == RUNTIME_VERSION and content.rstrip(b"\0").isascii():
            metadata[f"tflite.{RUNTIME_VERSION}"] = content.rstrip(b"\0").decode("ascii")
            continue
        # Names in files never become paths.
        asset = f"tflite/metadata-{number}.bin"
        names[asset], assets[asset] = name, (MEDIA_TYPE, content)
    if names:
        metadata["tflite.metadata"] = json.dumps(names)
    signatures = [_signature(table, known, limits) for table in model.tables(7, "signature_defs")]
    if signatures:
        metadata["tflite.signatures"] = json.dumps(signatures)
    return metadata, assets


def _signature(table: Table, known: list[list[FlatTensor]], limits: Limits) -> dict[str, Any]:
    """A named entry: names of callers to names of tensors."""
    number = table.number(4, "I")
    if number >= len(known):
        raise OutOfRangeError(f"subgraph {number} of {len(known)}", path=table.path)
    entry: dict[str, Any] = {"key": table.text(2, limits.max_string_bytes), "subgraph": number}
    for slot, side in ((0, "inputs"), (1, "outputs")):
        entry[side] = {}
        for pair in table.tables(slot, f"{table.path}.{side}"):
            name, place = pair.text(0, limits.max_string_bytes), pair.number(1, "I")
            if place >= len(known[number]) or name in entry[side]:
                raise InconsistentError(f"{name!r} is not one tensor of the subgraph", path=pair.path)
            entry[side][name] = known[number][place].name
    return entry
