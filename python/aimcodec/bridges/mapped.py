"""Files of no more than a limit; files that are mapped, and of which parts are let go."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from typing import IO, TYPE_CHECKING

import numpy as np

from aimcodec.errors import LimitExceededError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.limits import Limits

__all__ = ["MappedFile", "check_size"]


def check_size(file: IO[bytes], limits: Limits) -> None:
    """An open file is not too large.

    Raises:
        LimitExceededError: it is larger than `max_stream_bytes`.
    """
    size = os.fstat(file.fileno()).st_size
    if size > limits.max_stream_bytes:
        raise LimitExceededError(f"a file of {size} bytes exceeds max_stream_bytes {limits.max_stream_bytes}")


class MappedFile:
    """A file in memory as far as it is looked at; views of it stay readable when the file is closed.

    Raises:
        OSError, ValueError: it cannot be mapped; an empty one cannot.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.size = os.fstat(file.fileno()).st_size
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def memory(self) -> memoryview:
        """All of the file, not to be written to."""
        return memoryview(self._map)

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
