"""HDF5 files as a tree of groups and plain arrays: the part of the format that Keras writes, and nothing else.

The library of the format follows whatever a file asks for: links to other files, filters, and tables that make it run
for minutes or fill the memory. So this part is read here, with every place checked: superblocks of version 0 and 1,
groups with symbol tables, arrays that lie in one piece. Tensors are views of the mapped file. (HDF5 File Format
Specification 3.0: II, III.A, III.C to III.E, IV.A.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.hdf5_messages import Message, Type, read_attribute, read_space, read_type
from aimcodec.bridges.hdf5_places import UNDEFINED, Bytes
from aimcodec.dtypes import DType, from_name
from aimcodec.errors import InconsistentError, LimitExceededError, MalformedError, OutOfRangeError, UnsupportedError
from aimcodec.limits import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Array", "H5Tree"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
ROOT_ENTRY = 56  # of version 0; version 1 has four bytes more before it
ENTRY_BYTES = 40
SOFT_LINK = 2
SPACE, LINK_INFO, TYPE, LINK, EXTERNAL, LAYOUT, FILTERS, ATTRIBUTE, CONTINUED, TABLE = 1, 2, 3, 6, 7, 8, 11, 12, 16, 17
WHOLE = {SPACE, TYPE, LAYOUT}
SHARED = 2  # flag of a message that lies elsewhere
COMPACT, CONTIGUOUS = 0, 1
MAX_DEPTH = 64


@dataclass(frozen=True)
class Array:
    """An array of the tree.

    Attributes:
        path: names of groups and its own, with "/".
        dtype: of its elements.
        shape: in elements.
        same_as: path of an earlier array that is the same object, or None.
        stored: type as stored, with its byte order.
        begin: place of its first byte.
    """

    path: str
    dtype: DType
    shape: tuple[int, ...]
    same_as: str | None
    stored: np.dtype[Any]
    begin: int


class H5Tree:
    """The arrays of a file, looked at but not read.

    Args:
        file: a real file; closed with the tree.
        limits: what may be spent.

    Attributes:
        arrays: by path, sorted by name, numbers by value.
        groups: paths.

    Raises:
        AimcError: it is no HDF5 file, is damaged, or has what is not read here.
    """

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self.arrays: dict[str, Array] = {}
        self.groups: list[str] = []
        self._texts: dict[str, dict[str, str]] = {}
        self._known: dict[int, str] = {}
        try:
            self._bytes = Bytes(file)
            self._walk(self._root())
        except BaseException:
            self.close()
            raise

    def _root(self) -> int:
        data = self._bytes
        if data.take(0, 8) != SIGNATURE:
            raise MalformedError("not an HDF5 file: it does not begin with one")
        version = data.number(8, 1)
        if version > 1:
            raise UnsupportedError(
                f"an HDF5 file of the newer form {version}; h5py writes the older unless told otherwise"
            )
        if (data.number(13, 1), data.number(14, 1)) != (8, 8) or data.number(24 + 4 * version, 8) != 0:
            raise UnsupportedError("an HDF5 file whose places are not of 8 bytes, or that begins elsewhere")
        return data.number(ROOT_ENTRY + 4 * version + 8, 8)

    def _walk(self, root: int) -> None:
        pending = [("", root)]
        total = 0
        while pending:
            path, place = pending.pop()
            first = self._known.setdefault(place, path)
            if first in self.arrays:
                self.arrays[path] = _again(self.arrays[first], path)
                continue
            if first != path:
                raise MalformedError(f"group {path!r} lies in two places")
            messages = list(self._messages(place, path))
            self._texts[path] = dict(self._attributes(messages))
            if any(message.kind == SPACE for message in messages):
                self.arrays[path] = array = self._array(path, messages)
                total += math.prod(array.shape) * array.stored.itemsize
            else:
                self.groups.append(path)
                pending.extend(reversed(self._children(path, messages)))
            if len(self._known) + len(pending) > self._limits.max_units:
                raise LimitExceededError(f"more objects than max_units {self._limits.max_units}")
        if total > self._limits.max_output_bytes:
            raise LimitExceededError(f"{total} bytes of arrays exceed max_output_bytes {self._limits.max_output_bytes}")

    def _messages(self, place: int, path: str) -> Iterator[Message]:
        """Messages of an object header of version 1, with those of its continuations."""
        data = self._bytes
        if data.number(place, 1) != 1:
            raise UnsupportedError(f"{path!r} has a header that is not of version 1")
        count = data.number(place + 2, 2)
        blocks = [(place + 16, data.number(place + 8, 4))]
        while blocks and count:
            at, size = blocks.pop(0)
            end = at + size
            while count and at + 8 <= end:
                kind, length, flags = data.number(at, 2), data.number(at + 2, 2), data.number(at + 4, 1)
                if at + 8 + length > end:
                    raise MalformedError(f"a message of {path!r} is longer than its block")
                content = data.take(at + 8, length)
                if kind == CONTINUED:
                    blocks.append((data.number(at + 8, 8), data.number(at + 16, 8)))
                elif kind in {EXTERNAL, LINK_INFO, LINK, FILTERS} or (flags & SHARED and kind in WHOLE):
                    raise UnsupportedError(f"{path!r} has links, filters or parts that lie elsewhere (message {kind})")
                yield Message(kind, at + 8, content)
                at += 8 + length
                count -= 1

    def _attributes(self, messages: list[Message]) -> Iterator[tuple[str, str]]:
        for message in messages:
            if message.kind == ATTRIBUTE:
                yield from read_attribute(self._bytes, message)

    def _children(self, path: str, messages: list[Message]) -> list[tuple[str, int]]:
        tables = [message for message in messages if message.kind == TABLE]
        if len(tables) != 1:
            raise UnsupportedError(f"{path!r} is neither an array nor a group of the older form")
        if path.count("/") > MAX_DEPTH:
            raise LimitExceededError(f"groups more than {MAX_DEPTH} deep")
        tree, heap = (self._bytes.number(tables[0].place + at, 8) for at in (0, 8))
        names = self._names(heap)
        found = {}
        for entry in self._entries(tree, None):
            name = names.text(self._bytes.number(entry, 8), self._limits.max_string_bytes)
            child = f"{path}/{name}" if path else name
            if not name or "/" in name or child in found:
                raise MalformedError(f"{path!r} has two entries, or none, of the name {name!r}")
            place, kind = self._bytes.number(entry + 8, 8), self._bytes.number(entry + 16, 4)
            if kind == SOFT_LINK or place == UNDEFINED:
                raise UnsupportedError(f"{child!r} is a link to something elsewhere, which is not followed")
            if len(child.encode("utf-8")) > self._limits.max_string_bytes:
                raise LimitExceededError(f"a path beyond max_string_bytes {self._limits.max_string_bytes}")
            found[child] = place
        return sorted(found.items(), key=lambda item: _order(item[0].rpartition("/")[2]))

    def _names(self, heap: int) -> Bytes:
        """The part of the file that has the names of a group."""
        self._bytes.expect(heap, b"HEAP\0")
        return self._bytes.part(self._bytes.number(heap + 24, 8), self._bytes.number(heap + 8, 8))

    def _entries(self, node: int, level: int | None) -> Iterator[int]:
        """Places of the entries of a group, below a node of its tree."""
        data = self._bytes
        data.visit(node)
        data.expect(node, b"TREE\0")
        own, count = data.number(node + 5, 1), data.number(node + 6, 2)
        if (level is not None and own != level) or own > MAX_DEPTH:
            raise MalformedError(f"a node of level {own} where {level} belongs")
        for number in range(count):
            child = data.number(node + 32 + 16 * number, 8)
            if own:
                yield from self._entries(child, own - 1)
                continue
            data.visit(child)
            data.expect(child, b"SNOD\1")
            for entry in range(data.number(child + 6, 2)):
                yield child + 8 + ENTRY_BYTES * entry

    def _array(self, path: str, messages: list[Message]) -> Array:
        by_kind = {message.kind: message for message in messages}
        if not {SPACE, TYPE, LAYOUT} <= by_kind.keys():
            raise MalformedError(f"array {path!r} lacks its size, type or place")
        shape = read_space(by_kind[SPACE], path)
        if len(shape) > self._limits.max_rank or math.prod(shape) > self._limits.max_elements:
            raise LimitExceededError(f"array {path!r} of shape {shape[:33]} exceeds max_rank or max_elements")
        kind = read_type(by_kind[TYPE].content, path)
        dtype = self._dtype(path, kind)
        stored = dtype.numpy.newbyteorder(">") if kind.is_big else dtype.numpy
        size = math.prod(shape) * stored.itemsize
        return Array(path, dtype, shape, None, stored, self._begin(path, by_kind[LAYOUT], size))

    def _dtype(self, path: str, kind: Type) -> DType:
        # Keras stores bfloat16 as blocks of two bytes and says so beside them.
        if kind.name == "blocks" and kind.size == 2 and self._texts[path].get("dtype") == "bfloat16":
            return from_name("BFLOAT16")
        if kind.name != kind.name.upper():
            raise UnsupportedError(f"array {path!r} has elements that are {kind.name}, not numbers of a known type")
        return from_name(kind.name)

    def _begin(self, path: str, message: Message, size: int) -> int:
        """The place of the memory of an array."""
        data, place = self._bytes, message.place
        version, layout = data.number(place, 1), data.number(place + 1, 1)
        if version != 3 or layout not in {COMPACT, CONTIGUOUS}:
            raise UnsupportedError(
                f"array {path!r} is not in one piece (layout {version}.{layout}): Keras does not write such"
            )
        if layout == COMPACT:
            begin, stored = place + 4, data.number(place + 2, 2)
        else:
            begin, stored = data.number(place + 2, 8), data.number(place + 10, 8)
        if stored != size or (size and begin == UNDEFINED):
            raise InconsistentError(f"array {path!r} of {size} bytes has {0 if begin == UNDEFINED else stored}")
        if size:
            data.check(begin, size)
        return begin if size else 0

    def text(self, path: str, name: str) -> str | None:
        """An attribute of a group or array that is one text, or None."""
        return self._texts[path].get(name)

    def read(self, path: str) -> NDArray[Any]:
        """The elements of an array, least significant byte first; a view of the file where they are stored so."""
        array = self.arrays[path]
        memory = self._bytes.view(array.begin, math.prod(array.shape) * array.stored.itemsize)
        if array.dtype.name == "BOOL" and memory.size and int(memory.max()) > 1:
            raise OutOfRangeError(f"array {path!r}: a BOOL is neither 0 nor 1")
        return memory.view(array.stored).astype(array.dtype.numpy, copy=False).reshape(array.shape)

    def close(self) -> None:
        """No more reads; views stay readable."""
        self._file.close()


def _again(array: Array, path: str) -> Array:
    return Array(path, array.dtype, array.shape, array.path, array.stored, array.begin)


def _order(name: str) -> tuple[int, int, str]:
    """Numbers by value, before other names."""
    return (0, int(name), name) if name.isascii() and name.isdigit() and len(name) < 19 else (1, 0, name)
