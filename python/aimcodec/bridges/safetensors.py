"""safetensors files, read and written tensor by tensor.

The format: length of the header (8 bytes, least significant first), header (JSON, padded with spaces to 8 bytes),
the memory of the tensors without gaps.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from aimcodec.bridges.mapped import MappedFile
from aimcodec.bridges.model import Described, TensorsOnly, memory_of
from aimcodec.dtypes import DType, from_name, unpack
from aimcodec.errors import LimitExceededError, MalformedError, TruncatedError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["THEIR_NAMES", "SafetensorsFile", "check_tensors", "write_safetensors"]

MAX_HEADER_BYTES = 100_000_000  # of the format's own reader
LENGTH_BYTES = 8
METADATA = "__metadata__"  # the one name that the format keeps for itself

NAMES = {
    "BOOL": "BOOL",
    "U8": "UINT8",
    "I8": "INT8",
    "U16": "UINT16",
    "I16": "INT16",
    "U32": "UINT32",
    "I32": "INT32",
    "U64": "UINT64",
    "I64": "INT64",
    "F16": "FLOAT16",
    "BF16": "BFLOAT16",
    "F32": "FLOAT32",
    "F64": "FLOAT64",
    "C64": "COMPLEX64",
    "F8_E4M3": "FLOAT8_E4M3FN",
    "F8_E4M3FNUZ": "FLOAT8_E4M3FNUZ",
    "F8_E5M2": "FLOAT8_E5M2",
    "F8_E5M2FNUZ": "FLOAT8_E5M2FNUZ",
    "F8_E8M0": "FLOAT8_E8M0FNU",
    "F6_E2M3": "FLOAT6_E2M3FN",
    "F6_E3M2": "FLOAT6_E3M2FN",
    "F4": "FLOAT4_E2M1FN",
}
TYPES: dict[str, DType] = {theirs: from_name(ours) for theirs, ours in NAMES.items()}
THEIR_NAMES = {ours: theirs for theirs, ours in NAMES.items()}


class SafetensorsFile(TensorsOnly):
    """A safetensors file; its tensors are views of the mapped file.

    Args:
        path: of the file.
        opener: as of `open`, for files that are not to be found by their path alone.

    Raises:
        AimcError: it is no safetensors file, or breaks a rule of the format.
        OSError: it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, opener: Callable[[str, int], int] | None = None) -> None:
        with open(path, "rb", opener=opener) as file:
            size = os.fstat(file.fileno()).st_size
            header, self._begin = _read_header(file, size)
            self._file = MappedFile(file)
        self.metadata = _metadata(header.pop(METADATA, {}))
        self._places: dict[str, tuple[int, int]] = {}
        described = {name: self._described(name, entry) for name, entry in header.items()}
        order = sorted(described, key=self._places.__getitem__)
        _check_gaps([self._places[name] for name in order], size - self._begin)
        self.tensors = [described[name] for name in order]
        self._described_by_name = described

    def read(self, name: str) -> NDArray[Any]:
        """A tensor; a view that cannot be written to, but for types of less than 8 bits."""
        tensor = self._described_by_name[name]
        begin, end = self._places[name]
        memory = self._file.view(self._begin + begin, self._begin + end)
        dtype = _known(tensor)
        flat = unpack(memory, dtype, tensor.elements) if dtype.is_packed else memory.view(dtype.numpy)
        return flat.reshape(tensor.shape)

    def release(self, name: str) -> None:
        """Its pages no longer count as memory of this process."""
        begin, end = self._places[name]
        self._file.release(self._begin + begin, self._begin + end)

    def close(self) -> None:
        """Views of tensors stay readable; the file is closed with the last of them."""

    def _described(self, name: str, entry: Any) -> Described:
        kind, shape, (begin, end) = _entry(name, entry)
        dtype = TYPES.get(kind)
        if dtype is None:
            raise UnsupportedError(f"tensor {name!r} is of the unknown type {kind!r}")
        tensor = Described(name, dtype, shape)
        if tensor.elements * dtype.bits != 8 * (end - begin):
            raise MalformedError(f"tensor {name!r} of type {kind} and shape {list(shape)} has {end - begin} bytes")
        self._places[name] = begin, end
        return tensor


def _read_header(file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """The header and the place of the data."""
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if size < LENGTH_BYTES or LENGTH_BYTES + length > size:
        raise TruncatedError("not a safetensors file: it ends before its header does")
    if length > MAX_HEADER_BYTES:
        raise LimitExceededError(f"a safetensors header of {length} bytes, at most {MAX_HEADER_BYTES} are read")
    data = file.read(length)
    try:
        header = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not a safetensors file: {error or type(error).__name__}") from None
    if not isinstance(header, dict) or not data.startswith(b"{"):
        raise MalformedError("not a safetensors file: its header is no JSON object")
    return header, LENGTH_BYTES + length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedError("a safetensors header has a name for the second time")
    return result


def _metadata(values: Any) -> dict[str, str]:
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise MalformedError(f"{METADATA} of a safetensors file is no mapping to texts")
    return values


def _entry(name: str, entry: Any) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    """Type, shape and place of a tensor, each of its form."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise MalformedError(f"the header entry of tensor {name!r} has not dtype, shape and data_offsets")
    kind, shape, place = entry["dtype"], entry["shape"], entry["data_offsets"]
    good = isinstance(kind, str) and _are_sizes(shape) and _are_sizes(place) and len(place) == 2
    if not good or place[0] > place[1]:
        raise MalformedError(f"the header entry of tensor {name!r} is wrong: {str(entry)[:200]}")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedError(f"the tensor name {name!r} has no UTF-8 form") from None
    return kind, tuple(shape), (place[0], place[1])


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _check_gaps(places: Iterable[tuple[int, int]], size: int) -> None:
    position = 0
    for begin, end in places:
        if begin != position:
            raise MalformedError(f"safetensors data with a gap or overlap at byte {position}")
        position = end
    if position != size:
        kind = TruncatedError if position > size else MalformedError
        raise kind(f"safetensors data of {size} bytes, the header describes {position}")


def write_safetensors(
    file: BinaryIO,
    tensors: Sequence[Described],
    metadata: Mapping[str, str],
    read: Callable[[str], NDArray[Any]],
) -> None:
    """Write a safetensors file, asking for one tensor after the other.

    Args:
        file: where to; only `write` is used.
        tensors: what to write, in this order.
        metadata: texts by key.
        read: gives the array of a tensor.

    Raises:
        UnsupportedError: a tensor whose name or type the format cannot carry; nothing is written then.
        AimcError, OSError: those of `read` and of writing.
    """
    file.write(_header(tensors, metadata))
    for tensor in tensors:
        file.write(memory_of(read(tensor.name), _known(tensor)).data)


def _header(tensors: Sequence[Described], metadata: Mapping[str, str]) -> bytes:
    entries: dict[str, Any] = {METADATA: dict(metadata)} if metadata else {}
    position = 0
    for tensor in tensors:
        kind = _check(tensor)
        end = position + tensor.nbytes
        entries[tensor.name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(LENGTH_BYTES, "little") + text


def check_tensors(tensors: Iterable[Described]) -> None:
    """Nothing, if the format can carry them.

    Raises:
        UnsupportedError: it cannot.
    """
    for tensor in tensors:
        _check(tensor)


def _check(tensor: Described) -> str:
    """The name that the format has for the type of a tensor."""
    kind = THEIR_NAMES.get(tensor.dtype.name) if tensor.dtype else None
    if tensor.name == METADATA:
        raise UnsupportedError(f"safetensors files cannot hold a tensor of the name {METADATA!r}")
    if kind is None:
        shown = tensor.dtype or "OPAQUE"
        raise UnsupportedError(f"safetensors files cannot hold tensor {tensor.name!r}, which is of type {shown}")
    if tensor.elements * _known(tensor).bits % 8:
        raise UnsupportedError(f"safetensors files cannot hold tensor {tensor.name!r}, which does not fill whole bytes")
    return kind


def _known(tensor: Described) -> DType:
    if tensor.dtype is None:
        raise UnsupportedError(f"tensor {tensor.name!r} is of an opaque type")
    return tensor.dtype
