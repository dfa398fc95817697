"""Variables of TensorFlow checkpoints and SavedModels, read by TensorFlow itself; functions are not carried."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.model import Described
from aimcodec.bridges.optional import needed
from aimcodec.dtypes import from_name
from aimcodec.errors import ArgumentError, LimitExceededError, MalformedError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TensorflowCheckpoint", "looks_like_tensorflow"]

INDEX = ".index"
SAVED_MODEL = "saved_model.pb"
TABLE_MARKER = bytes.fromhex("57fb808b247547db")  # that an index ends with
OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
ATTRIBUTE = "/.ATTRIBUTES/VARIABLE_VALUE"


def looks_like_tensorflow(start: bytes, path: str) -> bool:
    """Whether a path is the index of a checkpoint, a SavedModel with variables, or the graph in it."""
    if Path(path).is_dir():
        return (Path(path) / SAVED_MODEL).is_file() and _prefix(path).with_suffix(INDEX).is_file()
    if Path(path).name == SAVED_MODEL:
        return start.startswith(b"\x08\x01\x12") and _prefix(path).with_suffix(INDEX).is_file()
    if not path.endswith(INDEX):
        return False
    with open(path, "rb") as file:
        file.seek(-min(len(TABLE_MARKER), file.seek(0, os.SEEK_END)), os.SEEK_END)
        return file.read() == TABLE_MARKER


def _prefix(path: str | os.PathLike[str]) -> Path:
    """What the files of a checkpoint begin with."""
    place = Path(path)
    if place.name == SAVED_MODEL:
        place = place.parent
    if place.is_dir():
        return place / "variables" / "variables"
    return place.with_suffix("") if place.suffix == INDEX else place


class TensorflowCheckpoint:
    """A checkpoint: variables of numbers; those of texts are left out.

    Args:
        path: of its index ("model.index"), what its files begin with ("model"), a SavedModel or the file in it.
        limits: what it may have.

    Raises:
        AimcError: it is no checkpoint, or is beyond a limit.
        ModuleNotFoundError: TensorFlow is not installed.
        OSError: it cannot be read.
    """

    structure = None
    metadata: Mapping[str, str] = MappingProxyType({})
    assets: Mapping[str, tuple[str, bytes]] = MappingProxyType({})

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        library = _library()
        prefix = _prefix(path)
        with open(f"{prefix}{INDEX}", "rb"):
            pass  # an OSError of its own, which TensorFlow would hide
        try:
            self._reader = library.train.load_checkpoint(os.fspath(prefix))
            shapes = self._reader.get_variable_to_shape_map()
            types = {name: kind.name for name, kind in self._reader.get_variable_to_dtype_map().items()}
        except (library.errors.OpError, ValueError, RuntimeError) as error:
            raise _malformed(error) from None
        self.losses: list[str] = ["functions, signatures and the tree of objects: variables only are read"]
        self._keys: dict[str, str] = {}
        self.tensors: Sequence[Described] = [
            tensor for key in sorted(shapes) for tensor in self._described(key, tuple(shapes[key]), types[key])
        ]
        total = sum(tensor.nbytes for tensor in self.tensors)
        if total > limits.max_output_bytes or len(self.tensors) > limits.max_units:
            raise LimitExceededError(f"{len(self.tensors)} variables of {total} bytes exceed the limits")

    def _described(self, key: str, shape: tuple[int, ...], kind: str) -> list[Described]:
        """A variable; none where it is left out."""
        if key == OBJECTS:
            return []
        name = key.removesuffix(ATTRIBUTE)
        try:
            dtype = from_name(kind)
        except ArgumentError:
            self.losses.append(f"variable {name!r} of type {kind}")
            return []
        if self._keys.setdefault(name, key) != key:
            raise UnsupportedError(f"two variables of the name {name!r}")
        return [Described(name, dtype, shape)]

    def read(self, name: str) -> NDArray[Any]:
        """A variable: a new array."""
        library = _library()
        try:
            return np.asarray(self._reader.get_tensor(self._keys[name]))
        except (library.errors.OpError, ValueError, RuntimeError) as error:
            raise _malformed(error) from None

    def release(self, name: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """The library closes its files when nothing refers to them."""


def _malformed(error: Exception) -> MalformedError:
    return MalformedError(f"a checkpoint that TensorFlow cannot read: {str(error).splitlines()[0][:200]}")


def _library() -> Any:
    with needed("reading checkpoints needs TensorFlow", "tensorflow", "tensorflow"):
        import tensorflow  # type: ignore[import-untyped, import-not-found, unused-ignore]
    return tensorflow
