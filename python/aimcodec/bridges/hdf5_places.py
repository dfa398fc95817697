"""Places in an HDF5 file: every number and every piece is checked to lie in it."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

import numpy as np

from aimcodec.bridges.mapped import MappedFile
from aimcodec.errors import LimitExceededError, MalformedError, TruncatedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UNDEFINED", "Bytes"]

UNDEFINED = (1 << 64) - 1
SHARED = 16  # how often, on average, bytes of the file may be read
FREE_BYTES = 1 << 20


class Bytes:
    """A mapped file, or a part of one.

    Raises:
        TruncatedError: the file is empty.
    """

    def __init__(self, file: IO[bytes] | None, memory: memoryview | None = None) -> None:
        if memory is None and file is not None:
            if os.fstat(file.fileno()).st_size == 0:
                raise TruncatedError("an empty file")
            memory = MappedFile(file).memory()
        self._memory = memory if memory is not None else memoryview(b"")
        self._visited: set[int] = set()
        self._left = SHARED * len(self._memory) + FREE_BYTES

    def check(self, place: int, size: int) -> None:
        """A piece lies in the file.

        Raises:
            TruncatedError: it does not.
        """
        if place + size > len(self._memory):
            raise TruncatedError(f"{size} bytes at byte {place} of a file of {len(self._memory)}")

    def _spend(self, place: int, size: int) -> None:
        """What is looked at is counted: parts of a file may be shared, so that a small one could cost much."""
        self.check(place, size)
        self._left -= size
        if self._left < 0:
            raise LimitExceededError(f"more than {SHARED} times the {len(self._memory)} bytes of the file are read")

    def take(self, place: int, size: int) -> bytes:
        """A piece."""
        self._spend(place, size)
        return bytes(self._memory[place : place + size])

    def number(self, place: int, size: int) -> int:
        """A number, least significant byte first."""
        self._spend(place, size)
        return int.from_bytes(self._memory[place : place + size], "little")

    def view(self, place: int, size: int) -> NDArray[np.uint8]:
        """A piece in place: uint8, shape [size]."""
        self.check(place, size)
        return np.frombuffer(self._memory, np.uint8, size, place)

    def part(self, place: int, size: int) -> Bytes:
        """A piece with places of its own."""
        self.check(place, size)
        return Bytes(None, self._memory[place : place + size])

    def text(self, place: int, most: int) -> str:
        """A text that ends with a zero byte."""
        piece = bytes(self._memory[place : place + most + 1])
        text, zero, _ = piece.partition(b"\0")
        if not zero:
            raise LimitExceededError(f"a name at byte {place} that does not end in {most} bytes")
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedError(f"the name {text!r} is no UTF-8") from None

    def expect(self, place: int, marker: bytes) -> None:
        """A piece is a marker.

        Raises:
            MalformedError: it is not.
        """
        if self.take(place, len(marker)) != marker:
            raise MalformedError(f"{marker[:4].decode()} is not at byte {place}")

    def visit(self, place: int) -> None:
        """A node is visited for the first time.

        Raises:
            MalformedError: it was visited before.
        """
        if place in self._visited:
            raise MalformedError(f"the node at byte {place} belongs to two others")
        self._visited.add(place)
