"""The header of a GGUF file: metadata with types, then name, shape, type and place of each tensor.

Every count and length is compared with the bytes that are left before anything is made of it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aimcodec.bridges.gguf_types import ValueType
from aimcodec.errors import LimitExceededError, MalformedError, OutOfRangeError, TruncatedError, UnsupportedError

__all__ = ["ALIGNMENT", "MAGIC", "SCALARS", "Entry", "Info", "Reader", "alignment_of", "read_infos", "read_metadata"]

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT = 32  # where the metadata name no other
MAX_ALIGNMENT = 1 << 20
MAX_HEADER_BYTES = 100_000_000
MAX_DEPTH = 8  # of arrays in arrays
MAX_RANK = 4

SCALARS = {
    ValueType.UINT8: struct.Struct("<B"),
    ValueType.INT8: struct.Struct("<b"),
    ValueType.UINT16: struct.Struct("<H"),
    ValueType.INT16: struct.Struct("<h"),
    ValueType.UINT32: struct.Struct("<I"),
    ValueType.INT32: struct.Struct("<i"),
    ValueType.FLOAT32: struct.Struct("<f"),
    ValueType.BOOL: struct.Struct("<B"),
    ValueType.UINT64: struct.Struct("<Q"),
    ValueType.INT64: struct.Struct("<q"),
    ValueType.FLOAT64: struct.Struct("<d"),
}
LENGTH, CODE = SCALARS[ValueType.UINT64], SCALARS[ValueType.UINT32]


@dataclass(frozen=True)
class Entry:
    """A key of the metadata.

    Attributes:
        key: unique.
        kind: of the value; of the elements where it is an array.
        count: elements of an array; None where it is none.
        begin: place of the value in the header; of an array that of its first element.
        end: place after it.
    """

    key: str
    kind: ValueType
    count: int | None
    begin: int
    end: int


@dataclass(frozen=True)
class Info:
    """A tensor as the header tells of it; `offset` counts from the first byte after the header, aligned."""

    name: str
    shape: tuple[int, ...]
    code: int
    offset: int


class Reader:
    """Bytes of the header from front to back, never beyond their end."""

    def __init__(self, data: memoryview, position: int = 0) -> None:
        self.data = data
        self.position = position

    @property
    def left(self) -> int:
        """Bytes that follow."""
        return len(self.data) - self.position

    def skip(self, size: int, what: str) -> int:
        """Goes on by so many bytes; gives where they begin."""
        if size > self.left:
            raise TruncatedError(f"GGUF header: {what} of {size} bytes, {self.left} are left")
        if self.position + size > MAX_HEADER_BYTES:
            raise LimitExceededError(f"a GGUF header of more than {MAX_HEADER_BYTES} bytes")
        begin = self.position
        self.position += size
        return begin

    def number(self, form: struct.Struct, what: str) -> Any:
        """A number."""
        return form.unpack_from(self.data, self.skip(form.size, what))[0]

    def count(self, what: str, least: int) -> int:
        """A number of things of at least so many bytes each."""
        count: int = self.number(LENGTH, what)
        if count * least > self.left:
            raise TruncatedError(f"GGUF header: {count} {what}, which {self.left} bytes cannot hold")
        return count

    def text(self, what: str) -> bytes:
        """A string."""
        size = self.count(what, 1)
        begin = self.skip(size, what)
        return bytes(self.data[begin : begin + size])

    def name(self, what: str, most: int) -> str:
        """A string that names something."""
        data = self.text(what)
        if len(data) > most:
            raise LimitExceededError(f"GGUF header: {what} of {len(data)} bytes exceeds max_string_bytes {most}")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedError(f"GGUF header: {what} {data[:40]!r} is not UTF-8") from None

    def kind(self, what: str) -> ValueType:
        """The type of a value."""
        code = self.number(CODE, what)
        try:
            return ValueType(code)
        except ValueError:
            raise OutOfRangeError(f"GGUF header: {what} {code} is not known") from None


def read_metadata(reader: Reader, most: int) -> tuple[int, int, list[Entry]]:
    """Version, number of tensors, and metadata: the front of a file, up to the tensors.

    Args:
        reader: at the start of the file.
        most: bytes of a key.

    Raises:
        AimcError: it is no GGUF file of version 2 or 3, or breaks a rule of the format.
    """
    if bytes(reader.data[:4]) != MAGIC:
        raise MalformedError("not a GGUF file")
    reader.skip(4, "magic")
    version = reader.number(CODE, "version")
    if version not in VERSIONS:
        turned = int.from_bytes(version.to_bytes(4, "little"), "big")
        shown = f"version {turned}, most significant byte first" if turned in VERSIONS else f"version {version}"
        raise UnsupportedError(f"a GGUF file of {shown}; versions 2 and 3 are read, least significant byte first")
    tensors: int = reader.number(LENGTH, "number of tensors")
    entries: dict[str, Entry] = {}
    for _ in range(reader.count("metadata entries", 13)):
        entry = _entry(reader, most)
        if entry.key in entries:
            raise MalformedError(f"GGUF header: key {entry.key!r} for the second time")
        entries[entry.key] = entry
    return version, tensors, list(entries.values())


def _entry(reader: Reader, most: int) -> Entry:
    key = reader.name("key", most)
    kind = reader.kind(f"type of {key!r}")
    count = None
    if kind is ValueType.ARRAY:
        kind, count = _array_head(reader, key)
    begin = reader.position
    _skip_values(reader, key, kind, 1 if count is None else count, 1)
    return Entry(key, kind, count, begin, reader.position)


def _array_head(reader: Reader, key: str) -> tuple[ValueType, int]:
    kind = reader.kind(f"element type of {key!r}")
    least = SCALARS[kind].size if kind in SCALARS else {ValueType.STRING: 8, ValueType.ARRAY: 12}[kind]
    return kind, reader.count(f"elements of {key!r}", least)


def _skip_values(reader: Reader, key: str, kind: ValueType, count: int, depth: int) -> None:
    """Goes over values without making anything of them."""
    what = f"value of {key!r}"
    if depth > MAX_DEPTH:
        raise LimitExceededError(f"GGUF header: {what}: arrays more than {MAX_DEPTH} deep")
    if kind in SCALARS:
        begin = reader.skip(count * SCALARS[kind].size, what)
        if kind is ValueType.BOOL and bytes(reader.data[begin : begin + count]).strip(b"\0\1"):
            raise OutOfRangeError(f"GGUF header: {what}: a bool is neither 0 nor 1")
        return
    for _ in range(count):
        if kind is ValueType.STRING:
            reader.skip(reader.count(what, 1), what)
        else:
            _skip_values(reader, key, *_array_head(reader, key), depth + 1)


def alignment_of(reader: Reader, entries: list[Entry]) -> int:
    """What places of tensors are multiples of.

    Raises:
        OutOfRangeError: it is of another type than UINT32, or no power of two up to 1 MiB.
    """
    entry = next((entry for entry in entries if entry.key == "general.alignment"), None)
    if entry is None:
        return ALIGNMENT
    if entry.kind is not ValueType.UINT32 or entry.count is not None:
        raise OutOfRangeError("GGUF header: 'general.alignment' is no UINT32")
    value: int = CODE.unpack_from(reader.data, entry.begin)[0]
    if not 1 <= value <= MAX_ALIGNMENT or value & (value - 1):
        raise OutOfRangeError(f"GGUF header: 'general.alignment' {value} is no power of two up to {MAX_ALIGNMENT}")
    return value


def read_infos(reader: Reader, tensors: int, most: int) -> Iterator[Info]:
    """The tensors of a header.

    Args:
        reader: after the metadata.
        tensors: their number.
        most: bytes of a name.

    Raises:
        AimcError: the format is broken.
    """
    if tensors * 24 > reader.left:
        raise TruncatedError(f"GGUF header: {tensors} tensors, which {reader.left} bytes cannot hold")
    names: set[str] = set()
    for _ in range(tensors):
        name = reader.name("tensor name", most)
        if name in names:
            raise MalformedError(f"GGUF header: tensor {name!r} for the second time")
        names.add(name)
        yield _info(reader, name)


def _info(reader: Reader, name: str) -> Info:
    rank = reader.number(CODE, f"rank of tensor {name!r}")
    if rank > MAX_RANK:
        raise OutOfRangeError(f"GGUF header: tensor {name!r} has {rank} dimensions, at most {MAX_RANK} are allowed")
    turned = [reader.number(LENGTH, f"shape of tensor {name!r}") for _ in range(rank)]
    code = reader.number(CODE, f"type of tensor {name!r}")
    return Info(name, tuple(reversed(turned)), code, reader.number(LENGTH, f"place of tensor {name!r}"))
