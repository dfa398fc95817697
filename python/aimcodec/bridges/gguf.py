"""GGUF files, read and written tensor by tensor; their metadata come back exactly.

Block types of ggml are blocks in a format of others, "gguf:Q4_1" for example, and never unpacked. What stands before
the list of tensors (version, and metadata with their types) goes along as an asset, so that the same bytes are written
again; values that people read are texts besides.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aimcodec.bridges.gguf_header import Info, Reader, alignment_of, read_infos, read_metadata
from aimcodec.bridges.gguf_types import described
from aimcodec.bridges.gguf_values import text_of
from aimcodec.bridges.mapped import MappedFile
from aimcodec.bridges.model import Described, TensorsOnly
from aimcodec.errors import LimitExceededError, MalformedError, TruncatedError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ASSET", "MEDIA_TYPE", "GgufFile"]

ASSET = "gguf/metadata.bin"
MEDIA_TYPE = "application/vnd.aimcodec.gguf-metadata"


class GgufFile(TensorsOnly):
    """A GGUF file of version 2 or 3; its tensors are views of the mapped file.

    Attributes:
        metadata: texts of the values that have one; of numbers, bools and short arrays in JSON.
        tensors: in the order of the file; dimensions are in the order of numpy, the last one contiguous.
        assets: `ASSET`, the bytes of the file before the list of tensors.
        losses: padding that is not as it should be.

    Raises:
        AimcError: it is no GGUF file, or breaks a rule of the format; gaps and overlaps of tensors do.
        OSError: it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise TruncatedError("not a GGUF file: it is empty")
            self._file = MappedFile(file)
        reader = Reader(self._file.memory())
        _, count, entries = read_metadata(reader, limits.max_string_bytes)
        self._head = bytes(reader.data[: reader.position])
        texts = ((entry.key, text_of(reader, entry)) for entry in entries)
        self.metadata: Mapping[str, str] = {key: text for key, text in texts if text is not None}
        if count > limits.max_units:
            raise LimitExceededError(f"{count} tensors exceed max_units {limits.max_units}")
        self._alignment = alignment_of(reader, entries)
        infos = list(read_infos(reader, count, limits.max_string_bytes))
        self.tensors = [_described(info, limits) for info in infos]
        self._shapes = {tensor.name: tensor for tensor in self.tensors}
        self._places: dict[str, tuple[int, int]] = {}
        self.losses = self._place(infos, reader.position)

    @property
    def assets(self) -> Mapping[str, tuple[str, bytes]]:  # type: ignore[override]
        """The metadata as they are in the file."""
        return {ASSET: (MEDIA_TYPE, self._head)}

    def read(self, name: str) -> NDArray[Any]:
        """A tensor: a view that cannot be written to; of blocks their bytes, [..., bytes of a row]."""
        tensor = self._shapes[name]
        memory = self._file.view(*self._places[name])
        if tensor.dtype is not None:
            return memory.view(tensor.dtype.numpy).reshape(tensor.shape)
        rows = tensor.shape[:-1]
        return memory.reshape(*rows, tensor.nbytes // max(1, math.prod(rows)))

    def release(self, name: str) -> None:
        """Its pages no longer count as memory of this process."""
        self._file.release(*self._places[name])

    def close(self) -> None:
        """Views of tensors stay readable; the file is closed with the last of them."""

    def _place(self, infos: list[Info], position: int) -> list[str]:
        """Finds the tensors: one after the other, each aligned, zeros between them."""
        base = self._aligned(position) if infos else position
        self._check_zeros(position, base)
        end = base
        for info, tensor in zip(infos, self.tensors, strict=True):
            begin = self._aligned(end - base) + base
            if base + info.offset != begin:
                raise MalformedError(f"tensor {info.name!r} is at {info.offset}, the one before ends at {end - base}")
            self._check_zeros(end, begin)
            end = begin + tensor.nbytes
            if end > self._file.size:
                raise TruncatedError(f"tensor {info.name!r} ends at byte {end} of a file of {self._file.size}")
            self._places[info.name] = begin, end
        whole = self._aligned(end - base) + base if infos else self._aligned(end)
        if self._file.size > whole:
            raise MalformedError(f"{self._file.size - whole} bytes after the last tensor")
        self._check_zeros(end, self._file.size)
        return [] if self._file.size == whole else ["padding at the end, which is too short"]

    def _aligned(self, position: int) -> int:
        return -(-position // self._alignment) * self._alignment

    def _check_zeros(self, begin: int, end: int) -> None:
        if end > self._file.size:
            raise TruncatedError(f"a GGUF file of {self._file.size} bytes with padding to byte {end}")
        if self._file.view(begin, end).any():
            raise MalformedError(f"padding at byte {begin} is not zero")


def _described(info: Info, limits: Limits) -> Described:
    tensor = described(info.name, info.code, info.shape)
    if tensor is None:
        raise UnsupportedError(f"tensor {info.name!r} is of type {info.code}, which is not known")
    if tensor.elements > limits.max_elements:
        limit = f"max_elements {limits.max_elements}"
        raise LimitExceededError(f"tensor {info.name!r} of shape {info.shape} exceeds {limit}")
    blocks = tensor.opaque
    if blocks is not None and (not info.shape or info.shape[-1] % blocks.block_elements):
        raise MalformedError(f"tensor {info.name!r} of shape {info.shape} does not fill blocks of {blocks.name}")
    return tensor
