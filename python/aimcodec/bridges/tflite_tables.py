"""FlatBuffers, read with every offset checked before it is followed.

The generated readers of that format trust their input. Here a table is looked at as a whole first (its vtable, its
size), then each field is read inside it, and each vector inside the file. Vectors may be shared, so that a small file
could ask for much: what is read is counted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.errors import LimitExceededError, MalformedError, TruncatedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FlatFile", "Table"]

OFFSET_BYTES = 4
SHARED = 8  # how often, on average, bytes of the file may be read
FREE_BYTES = 1 << 20


class FlatFile:
    """The bytes of a file, and how many of them may still be read."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self._left = SHARED * len(data) + FREE_BYTES

    def spend(self, size: int) -> None:
        """Count bytes that are read.

        Raises:
            LimitExceededError: they are too many for the file.
        """
        self._left -= size
        if self._left < 0:
            raise LimitExceededError(f"more than {SHARED} times the {len(self.data)} bytes of the file are read")

    def number(self, kind: str, position: int, path: str) -> Any:
        """A number of a kind of `struct`, least significant byte first."""
        if position < 0 or position + struct.calcsize(kind) > len(self.data):
            raise TruncatedError(f"byte {position} is outside the file of {len(self.data)}", path=path)
        return struct.unpack_from(f"<{kind}", self.data, position)[0]

    def root(self) -> Table:
        """The root table."""
        return self.table(self.number("I", 0, "root"), "root")

    def table(self, position: int, path: str) -> Table:
        """The table at a place."""
        vtable = position - self.number("i", position, path)
        vtable_size, table_size = self.number("H", vtable, path), self.number("H", vtable + 2, path)
        if vtable_size < 4 or vtable_size % 2 or vtable + vtable_size > len(self.data):
            raise MalformedError(f"a vtable of {vtable_size} bytes at byte {vtable}", path=path)
        if table_size < OFFSET_BYTES or position + table_size > len(self.data):
            raise MalformedError(f"a table of {table_size} bytes at byte {position}", path=path)
        self.spend(table_size)
        return Table(self, position, table_size, vtable, (vtable_size - 4) // 2, path)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: fields by number.

    Attributes:
        file: that it lies in.
        position: of its first byte.
        size: in bytes.
        vtable: position of its vtable.
        slots: fields that the vtable has.
        path: for messages.
    """

    file: FlatFile
    position: int
    size: int
    vtable: int
    slots: int
    path: str

    def _place(self, slot: int, width: int) -> int | None:
        """Position of a field, or None where it has its default."""
        if slot >= self.slots:
            return None
        offset: int = self.file.number("H", self.vtable + 4 + 2 * slot, self.path)
        if offset == 0:
            return None
        if offset < OFFSET_BYTES or offset + width > self.size:
            raise MalformedError(f"field {slot} of {width} bytes at {offset} of a table of {self.size}", path=self.path)
        return self.position + offset

    def check_fields(self) -> None:
        """All fields begin inside the table, whatever they are."""
        for slot in range(self.slots):
            self._place(slot, 1)

    def number(self, slot: int, kind: str, default: int = 0) -> int:
        """A number of a kind of `struct`."""
        place = self._place(slot, struct.calcsize(kind))
        return default if place is None else int(self.file.number(kind, place, self.path))

    def _target(self, slot: int) -> int | None:
        place = self._place(slot, OFFSET_BYTES)
        return None if place is None else place + int(self.file.number("I", place, self.path))

    def table(self, slot: int) -> Table | None:
        """The table that a field refers to."""
        target = self._target(slot)
        return None if target is None else self.file.table(target, f"{self.path}[{slot}]")

    def _vector(self, slot: int, width: int) -> tuple[int, int] | None:
        """Position of the first element, and number of elements."""
        target = self._target(slot)
        if target is None:
            return None
        count: int = self.file.number("I", target, self.path)
        if count * width > len(self.file.data) - target - OFFSET_BYTES:
            raise TruncatedError(f"{count} elements of {width} bytes at byte {target} of the file", path=self.path)
        return target + OFFSET_BYTES, count

    def memory(self, slot: int) -> memoryview | None:
        """A vector of bytes, in place."""
        found = self._vector(slot, 1)
        return None if found is None else self.file.data[found[0] : sum(found)]

    def text(self, slot: int, most: int) -> str:
        """A text, "" by default; `most` bytes at most."""
        memory = self.memory(slot)
        if memory is None:
            return ""
        if len(memory) > most:
            raise LimitExceededError(f"a text of {len(memory)} bytes, more than {most}", path=self.path)
        self.file.spend(len(memory))
        try:
            return bytes(memory).decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedError(f"field {slot} is no UTF-8 text", path=self.path) from None

    def numbers(self, slot: int, kind: str) -> NDArray[Any] | None:
        """A vector of numbers of a kind of numpy, for example "<i4"; in place."""
        dtype = np.dtype(kind)
        found = self._vector(slot, dtype.itemsize)
        if found is None:
            return None
        self.file.spend(found[1] * dtype.itemsize)
        return np.frombuffer(self.file.data, dtype, found[1], found[0])

    def tables(self, slot: int, name: str) -> list[Table]:
        """A vector of tables."""
        found = self._vector(slot, OFFSET_BYTES)
        if found is None:
            return []
        start, count = found
        self.file.spend(count * OFFSET_BYTES)
        targets = np.frombuffer(self.file.data, "<u4", count, start).astype(np.int64) + start
        places = (targets + OFFSET_BYTES * np.arange(count)).tolist()
        return [self.file.table(place, f"{name}[{number}]") for number, place in enumerate(places)]
