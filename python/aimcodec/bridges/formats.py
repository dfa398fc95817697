"""The table of file formats: how each is told by its first bytes, read, and written.

AIM packages and NNC streams are none of them; the command line knows those two.
"""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from aimcodec.bridges.gguf import ASSET
from aimcodec.bridges.gguf_header import MAGIC
from aimcodec.bridges.model import Model
from aimcodec.errors import UnsupportedError
from aimcodec.files import replacing
from aimcodec.limits import Limits
from aimcodec.model.walk import all_tensors
from aimcodec.syntax.aim.unit import MARKER

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FORMATS", "START_BYTES", "Format", "WriteOptions", "find_format", "left_out", "written_format"]

Read: TypeAlias = "Callable[[str], NDArray[Any]]"
Write: TypeAlias = "Callable[[Path, Model, Read, WriteOptions], None]"

START_BYTES = 512  # of a file, by which it is told
DEFAULT_SHARD_BYTES = 5_000_000_000
PICKLE_PROTOCOLS = range(2, 6)


@dataclass(frozen=True)
class WriteOptions:
    """What a writer is told.

    Attributes:
        shard_bytes: of the tensors in a file, where a format has several.
    """

    shard_bytes: int = DEFAULT_SHARD_BYTES


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        name: for people.
        suffixes: of files, in lower case; the first is the usual one.
        looks_like: whether a file that begins so, at a path, is of the format. Names alone tell nothing.
        open: reads a file.
        write: writes a model, whole or not at all; None where the format is only read.
        holds: what it can hold beside tensors: "metadata", "structure", "ties", names of assets.
    """

    name: str
    suffixes: tuple[str, ...]
    looks_like: Callable[[bytes, str], bool]
    open: Callable[[str, Limits], Model]
    write: Write | None = None
    holds: frozenset[str] = frozenset()

    @property
    def writer(self) -> Write:
        """`write`, of formats that are written.

        Raises:
            UnsupportedError: this one is only read.
        """
        if self.write is None:
            raise UnsupportedError(f"{self.name} files are read, not written")
        return self.write


def find_format(start: bytes, path: str) -> Format | None:
    """The format of a file by its first bytes; None if it is none of the table."""
    if start.startswith(MARKER):  # a package, for which no bridge need be loaded
        return None
    return next((row for row in FORMATS if row.looks_like(start, path)), None)


def written_format(path: Path) -> Format | None:
    """The format that the name of a file asks for; None if it is none of the table."""
    name = path.name.lower()
    suffixes = sorted((suffix for row in FORMATS for suffix in row.suffixes if name.endswith(suffix)), key=len)
    return next((row for row in FORMATS if suffixes and suffixes[-1] in row.suffixes), None)


def left_out(model: Model, name: str, holds: frozenset[str]) -> list[str]:
    """What a model has beside its tensors that a file of another format will not hold, a line each.

    Args:
        model: what is to be written.
        name: of the format.
        holds: what it holds, see `Format`.
    """
    lines = []
    if model.metadata and "metadata" not in holds:
        lines.append(f"metadata ({len(model.metadata)}), as {name} files have none")
    if "structure" not in holds and model.structure is not None:
        lines.append(f"the structure, as {name} files have none")
    elif model.structure is not None:
        named = {tensor.parameter for tensor in all_tensors(model.structure)}
        spare = [tensor.name for tensor in model.tensors if tensor.name not in named]
        if spare:
            lines.append(f"tensors that the structure does not name ({', '.join(spare)})")
    assets = [asset for asset in model.assets if asset not in holds]
    if assets:
        lines.append(f"assets ({', '.join(assets)}), as {name} files have none")
    tied = sum(tensor.tied_to is not None for tensor in model.tensors)
    if tied and "ties" not in holds:
        lines.append(f"ties ({tied}): these tensors are written as tensors of their own")
    return lines


def _bridge(module: str, name: str, *, limited: bool = True) -> Callable[[str, Limits], Model]:
    """A class of a bridge, imported when it is needed."""

    def opened(path: str, limits: Limits) -> Model:
        found = getattr(importlib.import_module(f"aimcodec.bridges.{module}"), name)
        return cast(Model, found(path, limits=limits) if limited else found(path))

    return opened


def _sniffed(module: str, name: str) -> Callable[[bytes, str], bool]:
    """A function of a bridge that tells whether a file is of its format, imported when it is needed."""

    def told(start: bytes, path: str) -> bool:
        return bool(getattr(importlib.import_module(f"aimcodec.bridges.{module}"), name)(start, path))

    return told


def _is_onnx(start: bytes, path: str) -> bool:
    from aimcodec.bridges.onnx_sniff import looks_like_onnx

    return len(start) >= 8 and looks_like_onnx(start, path)


def _is_zip(start: bytes) -> bool:
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _members(path: str) -> Sequence[str]:
    """Names in an archive; none if it is damaged, which who opens it will say."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, UnicodeError):
        return ()


def _is_safetensors(start: bytes, path: str) -> bool:
    # The length of the header, far below 2^32, and the brace that a header begins with.
    return start[4:9] == b"\0\0\0\0{"


def _is_index(start: bytes, path: str) -> bool:
    return start.lstrip()[:1] == b"{" and path.lower().endswith(".index.json")


def _is_torch(start: bytes, path: str) -> bool:
    if _is_zip(start):
        return any(name.rsplit("/", 1)[-1] == "data.pkl" for name in _members(path))
    return start[:1] == b"\x80" and start[1:2] != b"" and start[1] in PICKLE_PROTOCOLS


def _is_exported(start: bytes, path: str) -> bool:
    return _is_zip(start) and any(name.rsplit("/", 1)[-1] == "archive_format" for name in _members(path))


def _refuse_exported(path: str, limits: Limits) -> Model:
    raise UnsupportedError(
        "a torch.export archive, which PyTorch loads by running what it holds; load it yourself if you trust it, "
        "and give the program to aimcodec.bridges.torch_export.from_exported"
    )


def _write_npz(path: Path, model: Model, read: Read, options: WriteOptions) -> None:
    from aimcodec.bridges.npz import write_npz

    with replacing(path) as part, part.open("wb") as file:
        write_npz(file, model.tensors, read)


def _write_safetensors(path: Path, model: Model, read: Read, options: WriteOptions) -> None:
    from aimcodec.bridges.safetensors import write_safetensors

    with replacing(path) as part, part.open("wb") as file:
        write_safetensors(file, model.tensors, model.metadata, read)


def _write_shards(path: Path, model: Model, read: Read, options: WriteOptions) -> None:
    from aimcodec.bridges.safetensors_shards import write_shards

    write_shards(path, model.tensors, model.metadata, read, options.shard_bytes)


def _write_gguf(path: Path, model: Model, read: Read, options: WriteOptions) -> None:
    from aimcodec.bridges.gguf_write import write_gguf

    with replacing(path) as part, part.open("wb") as file:
        write_gguf(file, model.tensors, model.metadata, model.assets, read)


def _write_onnx(path: Path, model: Model, read: Read, options: WriteOptions) -> None:
    from aimcodec.bridges.onnx import write_onnx

    structure = model.structure
    if structure is None:
        raise UnsupportedError("ONNX files need a structure, and this model has tensors alone")
    whole = replace(structure, metadata={**structure.metadata, **model.metadata})
    write_onnx(path, whole, model.tensors, read)


def _refuse_paddle(path: str, limits: Limits) -> Model:
    from aimcodec.bridges.paddle import refuse_pickle

    return refuse_pickle(path, limits)


SAFETENSORS = Format(
    "safetensors",
    (".safetensors",),
    _is_safetensors,
    _bridge("safetensors", "SafetensorsFile", limited=False),
    _write_safetensors,
    frozenset({"metadata"}),
)
SHARDS = Format(
    "sharded safetensors",
    (".safetensors.index.json",),
    _is_index,
    _bridge("safetensors_shards", "SafetensorsShards"),
    _write_shards,
    frozenset({"metadata"}),
)
GGUF = Format(
    "GGUF",
    (".gguf",),
    lambda start, _: start.startswith(MAGIC),
    _bridge("gguf", "GgufFile"),
    _write_gguf,
    frozenset({"metadata", ASSET}),
)
EXPORTED = Format("torch.export", (".pt2",), _is_exported, _refuse_exported)
TORCH = Format("PyTorch", (".pt", ".pth", ".bin"), _is_torch, _bridge("torch", "TorchFile"))
ONNX = Format(
    "ONNX", (".onnx",), _is_onnx, _bridge("onnx", "OnnxFile"), _write_onnx, frozenset({"metadata", "structure"})
)
TFLITE = Format("TFLite", (".tflite",), _sniffed("tflite", "looks_like_tflite"), _bridge("tflite", "TfliteFile"))
KERAS = Format(
    "Keras", (".keras", ".h5", ".hdf5"), _sniffed("keras", "looks_like_keras"), _bridge("keras", "KerasFile")
)
FLAX = Format("Flax", (".msgpack",), _sniffed("flax", "looks_like_flax"), _bridge("flax", "FlaxFile"))
TENSORFLOW = Format(
    "TensorFlow",
    (".index", ".pb"),
    _sniffed("tensorflow", "looks_like_tensorflow"),
    _bridge("tensorflow", "TensorflowCheckpoint"),
)
PADDLE = Format(
    "PaddlePaddle", (".pdiparams",), _sniffed("paddle", "looks_like_paddle"), _bridge("paddle", "PaddleFile")
)
PADDLE_PICKLE = Format("paddle.save", (".pdparams", ".pdopt"), _sniffed("paddle", "looks_like_pickle"), _refuse_paddle)
NPZ = Format("npz", (".npz",), lambda start, _: _is_zip(start), _bridge("npz", "NpzFile"), _write_npz)

# Those that are told by less come later; archives of no other kind are taken for numpy's.
FORMATS: tuple[Format, ...] = (
    SAFETENSORS,
    GGUF,
    TFLITE,
    SHARDS,
    KERAS,
    EXPORTED,
    PADDLE_PICKLE,
    FLAX,
    TORCH,
    PADDLE,
    TENSORFLOW,
    ONNX,
    NPZ,
)
