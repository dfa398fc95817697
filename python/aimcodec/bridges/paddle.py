"""PaddlePaddle: combined parameters (`.pdiparams`), and state dicts in memory.

Files of `paddle.save` (`.pdparams`, `.pdopt`) are pickles, which are never read here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.mapped import MappedFile, check_size
from aimcodec.bridges.memory import MemoryModel
from aimcodec.bridges.model import Described
from aimcodec.bridges.paddle_names import parameter_names
from aimcodec.bridges.protobuf import fields, integers
from aimcodec.dtypes import DType, check_memory, from_name
from aimcodec.errors import (
    ArgumentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PaddleFile", "from_state_dict", "looks_like_paddle", "looks_like_pickle", "refuse_pickle"]

PICKLE_SUFFIXES = (".pdparams", ".pdopt")
MAX_DESCRIPTION = 1 << 16

# Of the framework's VarType.
TYPES = {
    **{0: "BOOL", 1: "INT16", 2: "INT32", 3: "INT64", 4: "FLOAT16", 5: "FLOAT32", 6: "FLOAT64", 20: "UINT8"},
    **{21: "INT8", 22: "BFLOAT16", 23: "COMPLEX64", 24: "COMPLEX128", 32: "FLOAT8_E4M3FN", 33: "FLOAT8_E5M2"},
}


def looks_like_paddle(start: bytes, path: str) -> bool:
    """Whether a file begins with a parameter: versions 0, no levels, and a description that begins with a type."""
    return start[:16] == bytes(16) and start[18:21] == b"\0\0\x08"


def looks_like_pickle(start: bytes, path: str) -> bool:
    """Whether a file is what `paddle.save` makes."""
    return start[:1] == b"\x80" and os.fspath(path).lower().endswith(PICKLE_SUFFIXES)


def refuse_pickle(path: str, limits: Limits) -> PaddleFile:
    """Always raises.

    Raises:
        UnsupportedError: with what to do instead.
    """
    raise UnsupportedError(
        "a pickle of paddle.save, which is a program and never run here; load it yourself if you trust it, "
        "and give the state dict to aimcodec.bridges.paddle.from_state_dict"
    )


def from_state_dict(state: Mapping[str, Any]) -> MemoryModel:
    """The tensors of a state dict of PaddlePaddle, by its names; the same tensor twice is stored once and tied.

    Raises:
        ArgumentError: a value is no tensor, or of a type that cannot be stored.
    """
    arrays: dict[str, NDArray[Any]] = {}
    tied: dict[str, str] = {}
    seen: dict[int, str] = {}
    for name, tensor in state.items():
        arrays[name] = _array(name, tensor)
        first = seen.setdefault(id(tensor), name)
        if first != name:
            tied[name] = first
    return MemoryModel(arrays, losses=("the network: a state dict has tensors only",), tied=tied)


def _array(name: str, tensor: Any) -> NDArray[Any]:
    if not hasattr(tensor, "numpy") or not hasattr(tensor, "dtype"):
        raise ArgumentError(f"{name!r} is no tensor but {type(tensor).__name__}")
    kind = str(tensor.dtype).removeprefix("paddle.")
    try:
        dtype = from_name(kind)
    except ArgumentError:
        raise ArgumentError(f"tensor {name!r}: elements of type {kind} cannot be stored") from None
    # Types that numpy does not have come as integers of their size.
    array: NDArray[Any] = np.asarray(tensor.numpy())
    return array.view(dtype.numpy)


class PaddleFile:
    """Combined parameters; tensors are views of the mapped file. Names come from the `.json` or `.pdmodel` beside it.

    Raises:
        AimcError: it is no such file, is damaged, or beyond a limit; the file beside it does not fit.
        OSError: it cannot be read.
    """

    structure = None
    assets: Mapping[str, tuple[str, bytes]] = MappingProxyType({})

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        with open(path, "rb") as file:
            if not looks_like_paddle(file.read(64), os.fspath(path)):
                raise MalformedError("not a file of combined parameters: it does not begin with one")
            check_size(file, limits)
            data = MappedFile(file).memory()
        found = _parameters(data, limits)
        names, source = parameter_names(Path(path), [shape for _, shape, _ in found], limits)
        self._memory = {name: memory for name, (_, _, memory) in zip(names, found, strict=True)}
        self.tensors: Sequence[Described] = [
            Described(name, dtype, shape) for name, (dtype, shape, _) in zip(names, found, strict=True)
        ]
        self._by_name = {tensor.name: tensor for tensor in self.tensors}
        self.metadata: dict[str, str] = {"paddle.names": source} if source else {}
        self.losses: Sequence[str] = ("the network, which is in another file; paddle2onnx makes an ONNX model of both",)

    def read(self, name: str) -> NDArray[Any]:
        """A tensor; a view that cannot be written to."""
        tensor = self._by_name[name]
        if tensor.dtype is None:
            raise UnsupportedError(f"tensor {name!r} has no type")
        memory = np.frombuffer(self._memory[name], np.uint8)
        check_memory(memory, tensor.dtype, tensor.elements)
        return memory.view(tensor.dtype.numpy).reshape(tensor.shape)

    def release(self, name: str) -> None:
        """Pages of a mapped file are the system's to keep."""

    def close(self) -> None:
        """Views of tensors stay readable; the file is closed with the last of them."""


def _parameters(data: memoryview, limits: Limits) -> list[tuple[DType, tuple[int, ...], memoryview]]:
    found: list[tuple[DType, tuple[int, ...], memoryview]] = []
    place = 0
    while place < len(data):
        if len(found) >= limits.max_units:
            raise LimitExceededError(f"more parameters than max_units {limits.max_units}")
        path = f"parameters[{len(found)}]"
        dtype, shape, place = _head(data, place, limits, path)
        size = math.prod(shape) * dtype.numpy.itemsize
        if size > len(data) - place:
            raise TruncatedError(f"{size} bytes, {len(data) - place} are left", path=path)
        found.append((dtype, shape, data[place : place + size]))
        place += size
    return found


def _head(data: memoryview, place: int, limits: Limits, path: str) -> tuple[DType, tuple[int, ...], int]:
    """Type, shape, and the place of the memory."""
    version, levels, inner = (_number(data, place + at, size, path) for at, size in ((0, 4), (4, 8), (12, 4)))
    if version or inner:
        raise UnsupportedError(f"a parameter of version {version}, {inner}", path=path)
    if levels:
        raise UnsupportedError(f"a parameter with {levels} levels of sequences", path=path)
    size = _number(data, place + 16, 4, path)
    begin = place + 20
    if size > min(MAX_DESCRIPTION, len(data) - begin):
        raise MalformedError(f"a description of {size} bytes", path=path)
    description = data[begin : begin + size]
    kinds = [value for number, value in fields(description) if number == 1]
    shape = tuple(integers(description, 2))
    if len(kinds) != 1 or kinds[0] not in TYPES:
        raise OutOfRangeError(f"a parameter of the types {kinds[:4]}", path=path)
    if min(shape, default=0) < 0:
        raise OutOfRangeError(f"a parameter of shape {shape[:64]}", path=path)
    if len(shape) > limits.max_rank or math.prod(shape) > limits.max_elements:
        raise LimitExceededError("a parameter exceeds max_rank or max_elements", path=path)
    return from_name(TYPES[int(kinds[0])]), shape, begin + size


def _number(data: memoryview, place: int, size: int, path: str) -> int:
    if place + size > len(data):
        raise TruncatedError("the file ends inside a parameter", path=path)
    return int.from_bytes(data[place : place + size], "little")
