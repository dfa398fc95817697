"""Files of Flax (`flax.serialization.to_bytes`): maps and arrays in MessagePack, read as nothing but that."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.mapped import check_size
from aimcodec.bridges.memory import MemoryModel
from aimcodec.bridges.optional import needed
from aimcodec.dtypes import DType, from_name
from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    UnsupportedError,
)
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FlaxFile", "looks_like_flax"]

SUFFIXES = (".msgpack",)
SEPARATOR = "."
ARRAY, COMPLEX, SCALAR = 1, 2, 3  # extension types of Flax
CHUNKED = "__msgpack_chunked_array__"
MAX_LIST = 64  # the one list of the format is a shape; the library makes lists of any length that is claimed
MAX_DEPTH = 256
PLAIN = (str, int, float, type(None))


def looks_like_flax(start: bytes, path: str) -> bool:
    """Whether a file begins with a map of MessagePack and is named as one: a map alone says little."""
    is_map = start[:1] != b"" and (0x80 <= start[0] <= 0x8F or start[0] in {0xDE, 0xDF})
    return is_map and os.fspath(path).lower().endswith(SUFFIXES)


class FlaxFile(MemoryModel):
    """A file of Flax, read as a whole. Names are the keys on the way with dots, for example "params.Dense_0.kernel".

    Raises:
        AimcError: it is no such file, is damaged, or beyond a limit.
        ModuleNotFoundError: the msgpack package is not installed.
        OSError: it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        reader = _Reader(limits)
        reader.walk(_unpacked(_content(path, limits), reader.extension))
        super().__init__(reader.arrays, metadata=reader.metadata, losses=reader.losses)


def _content(path: str | os.PathLike[str], limits: Limits) -> bytes:
    with open(path, "rb") as file:
        check_size(file, limits)
        return file.read()


def _unpacked(data: bytes, extension: Any) -> Any:
    with needed("reading files of Flax needs msgpack", "jax", "msgpack"):
        import msgpack  # type: ignore[import-untyped, import-not-found, unused-ignore]
    try:
        return msgpack.unpackb(
            data, ext_hook=extension, object_pairs_hook=_unique, strict_map_key=True, raw=False, max_array_len=MAX_LIST
        )
    except AimcError:
        raise
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise MalformedError(f"not a file of Flax: {error or type(error).__name__}") from None


def _unique(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs) or not all(isinstance(key, str) for key in found):
        raise MalformedError("a map with a key for the second time, or one that is no text")
    return found


class _Reader:
    """Finds arrays, and what else there is, in what was unpacked."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.arrays: dict[str, NDArray[Any]] = {}
        self.metadata: dict[str, str] = {}
        self.losses = ["the functions of the model: the file has parameters only"]

    def extension(self, code: int, data: bytes) -> Any:
        """An array, or a scalar of numpy. Complex numbers of Python are left as they are: two in a list."""
        if code not in {ARRAY, SCALAR}:
            return _unpacked(data, _no_extension) if code == COMPLEX else _no_extension(code, data)
        match _unpacked(data, _no_extension):
            case [list(shape), str(kind), bytes(memory)]:
                return self._array(shape, kind, memory)
        raise MalformedError("an array of Flax is not shape, type and memory")

    def _array(self, shape: list[Any], kind: str, memory: bytes) -> NDArray[Any]:
        dtype = _dtype(kind)
        if not all(type(size) is int and size >= 0 for size in shape):
            raise MalformedError(f"an array of shape {shape}")
        elements = math.prod(shape)
        if len(shape) > self._limits.max_rank or elements > self._limits.max_elements:
            raise LimitExceededError(f"an array of shape {shape} exceeds max_rank or max_elements")
        if elements * dtype.numpy.itemsize != len(memory):
            raise InconsistentError(f"an array of type {kind} and shape {shape} has {len(memory)} bytes")
        if kind == "bool" and memory and max(memory) > 1:
            raise MalformedError("a bool is neither 0 nor 1")
        return np.frombuffer(memory, dtype.numpy).reshape(shape)

    def walk(self, root: Any) -> None:
        """Take everything out of the map of a file."""
        if not isinstance(root, dict):
            raise MalformedError("not a file of Flax: it is no map")
        pending: list[tuple[str, int, Any]] = [("", 0, root)]
        while pending:
            name, depth, value = pending.pop()
            if isinstance(value, list) and not all(isinstance(item, PLAIN) for item in value):
                value = {str(place): item for place, item in enumerate(value)}
            if isinstance(value, dict) and value and CHUNKED not in value:
                if depth > MAX_DEPTH:
                    raise LimitExceededError(f"maps more than {MAX_DEPTH} deep")
                items = [(f"{name}{SEPARATOR}{key}" if depth else key, depth + 1, v) for key, v in value.items()]
                pending.extend(reversed(items))
            else:
                self._leaf(name, _joined(name, value) if isinstance(value, dict) and value else value)

    def _leaf(self, name: str, value: Any) -> None:
        if len(name.encode("utf-8", "surrogatepass")) > self._limits.max_string_bytes:
            raise LimitExceededError(f"a name beyond max_string_bytes {self._limits.max_string_bytes}")
        if name in self.arrays or f"flax.{name}" in self.metadata:
            raise InconsistentError(f"two entries have the path {name!r}")
        if isinstance(value, np.ndarray):
            self.arrays[name] = value
        elif isinstance(value, bytes):
            self.losses.append(f"the {len(value)} bytes of {name!r}")
        else:
            self.metadata[f"flax.{name}"] = json.dumps(value)


def _no_extension(code: int, data: bytes) -> Any:
    raise UnsupportedError(f"extension {code} is none of Flax, or not where it belongs")


def _dtype(kind: str) -> DType:
    try:
        return from_name(kind)
    except ArgumentError:
        raise UnsupportedError(f"an array of type {kind!r}") from None


def _joined(name: str, value: dict[str, Any]) -> NDArray[Any]:
    """An array that Flax has cut in pieces, as it does beyond a GiB."""
    shape, chunks = value.get("shape"), value.get("chunks")
    if not isinstance(shape, dict) or not isinstance(chunks, dict) or value.keys() != {CHUNKED, "shape", "chunks"}:
        raise MalformedError(f"{name!r} is no array in pieces")
    sizes: list[Any] = [shape.get(str(place)) for place in range(len(shape))]
    pieces: list[Any] = [chunks.get(str(place)) for place in range(len(chunks))]
    same = len({piece.dtype for piece in pieces if isinstance(piece, np.ndarray) and piece.ndim == 1})
    flat = all(isinstance(piece, np.ndarray) and piece.ndim == 1 for piece in pieces)
    if not all(type(size) is int and size >= 0 for size in sizes) or not flat or same != 1:
        raise MalformedError(f"{name!r} is an array in pieces that do not fit")
    joined: NDArray[Any] = np.concatenate(pieces)
    if math.prod(sizes) != joined.size:
        raise InconsistentError(f"{name!r} of shape {sizes} has {joined.size} elements")
    return joined.reshape(sizes)
