"""Files that are mapped, and of which parts are let go."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MappedFile"]


class MappedFile:
    """A file in memory as far as it is looked at; views of it stay readable when the file is closed.

    Raises:
        OSError, ValueError: it cannot be mapped; an empty one cannot.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.size = os.fstat(file.fileno()).st_size
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def view(self, begin: int, end: int) -> NDArray[np.uint8]:
        """Bytes of the file: uint8, shape [end - begin], not to be written to."""
        return np.frombuffer(self._map, np.uint8, end - begin, begin)

    def release(self, begin: int, end: int) -> None:
        """Pages of these bytes no longer count as memory of this process."""
        if not hasattr(mmap, "MADV_DONTNEED"):
            return
        start = begin // mmap.PAGESIZE * mmap.PAGESIZE
        with suppress(OSError, ValueError):
            self._map.madvise(mmap.MADV_DONTNEED, start, end - start)
