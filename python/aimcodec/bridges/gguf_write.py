"""Writing of GGUF files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from aimcodec.bridges.gguf import ASSET
from aimcodec.bridges.gguf_header import ALIGNMENT, CODE, LENGTH, MAGIC, Reader, alignment_of, read_metadata
from aimcodec.bridges.gguf_types import ValueType, code_of
from aimcodec.bridges.gguf_values import string_value, text_of, value_of_text
from aimcodec.bridges.model import Described, memory_of
from aimcodec.errors import MalformedError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ARCHITECTURE", "write_gguf"]

ARCHITECTURE = "general.architecture"  # the one key that each file has
UNKNOWN = "unknown"
VERSION = 3
MAX_NAME_BYTES = 64
MAX_RANK = 4


def write_gguf(
    file: BinaryIO,
    tensors: Sequence[Described],
    metadata: Mapping[str, str],
    assets: Mapping[str, tuple[str, bytes]],
    read: Callable[[str], NDArray[Any]],
) -> None:
    """Write a GGUF file, asking for one tensor after the other.

    Args:
        file: where to; only `write` is used.
        tensors: what to write, in this order.
        metadata: texts by key. A text that is not that of the value in the asset replaces the value; one of a new key
            is written as a string.
        assets: if `ASSET` is among them, the metadata begin with those of it, with their types.
        read: gives the array of a tensor.

    Raises:
        UnsupportedError: a tensor or text that the format cannot carry; nothing is written then.
        AimcError, OSError: those of `read` and of writing.
    """
    _, data = assets.get(ASSET, ("", b""))
    head, alignment = _kept(data, metadata, len(tensors)) if data else _new(metadata, len(tensors))
    infos, position = [], 0
    for tensor in tensors:
        infos.append(_info(tensor, position))
        position += tensor.nbytes + -tensor.nbytes % alignment
    front = head + b"".join(infos)
    file.write(front + bytes(-len(front) % alignment))
    for tensor in tensors:
        memory = _memory(read(tensor.name), tensor)
        if memory.size != tensor.nbytes:
            raise MalformedError(f"tensor {tensor.name!r} has {memory.size} bytes, not {tensor.nbytes}")
        file.write(memory.data)
        file.write(bytes(-tensor.nbytes % alignment))


def _new(metadata: Mapping[str, str], tensors: int) -> tuple[bytes, int]:
    """Version, counts and metadata, all of them strings; places are multiples of `ALIGNMENT`."""
    texts = {ARCHITECTURE: metadata.get(ARCHITECTURE, UNKNOWN), **metadata}
    if "general.alignment" in texts:
        raise UnsupportedError("metadata 'general.alignment' cannot be a text in a GGUF file")
    entries = [_string_entry(key, text) for key, text in texts.items()]
    return _front(VERSION, tensors, entries), ALIGNMENT


def _kept(data: bytes, metadata: Mapping[str, str], tensors: int) -> tuple[bytes, int]:
    """The same from the metadata of a file, where the texts say nothing else."""
    reader = Reader(memoryview(data))
    version, _, entries = read_metadata(reader, DEFAULT_LIMITS.max_string_bytes)
    if reader.left:
        raise MalformedError(f"asset {ASSET!r}: {reader.left} bytes after the metadata")
    parts, start = [], 24
    for entry in entries:
        text = metadata.get(entry.key)
        same = text is None or text == text_of(reader, entry)
        value = data[entry.begin : entry.end] if same or text is None else value_of_text(entry, text)
        parts.append(data[start : entry.begin] + value)
        start = entry.end
    known = {entry.key for entry in entries}
    parts += [_string_entry(key, text) for key, text in metadata.items() if key not in known]
    head = _front(version, tensors, parts)
    again = Reader(memoryview(head))
    return head, alignment_of(again, read_metadata(again, DEFAULT_LIMITS.max_string_bytes)[2])


def _front(version: int, tensors: int, entries: list[bytes]) -> bytes:
    return MAGIC + CODE.pack(version) + LENGTH.pack(tensors) + LENGTH.pack(len(entries)) + b"".join(entries)


def _string_entry(key: str, text: str) -> bytes:
    return string_value(key) + CODE.pack(ValueType.STRING) + string_value(text)


def _info(tensor: Described, position: int) -> bytes:
    code = code_of(tensor)
    if code is None:
        shown = tensor.dtype or (tensor.opaque.name if tensor.opaque else "OPAQUE")
        raise UnsupportedError(f"GGUF files cannot hold tensor {tensor.name!r}, which is of type {shown}")
    if len(tensor.shape) > MAX_RANK:
        shown = f"which has {len(tensor.shape)} dimensions, at most {MAX_RANK} are allowed"
        raise UnsupportedError(f"GGUF files cannot hold tensor {tensor.name!r}, {shown}")
    if len(tensor.name.encode("utf-8")) > MAX_NAME_BYTES:
        raise UnsupportedError(
            f"GGUF files cannot hold tensor {tensor.name!r}: the name exceeds {MAX_NAME_BYTES} bytes"
        )
    shape = b"".join(LENGTH.pack(size) for size in reversed(tensor.shape))
    return string_value(tensor.name) + CODE.pack(len(tensor.shape)) + shape + CODE.pack(code) + LENGTH.pack(position)


def _memory(array: NDArray[Any], tensor: Described) -> NDArray[np.uint8]:
    if tensor.dtype is not None:
        return memory_of(array, tensor.dtype)
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
