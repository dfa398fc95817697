"""Readers that give a file no faster than a disk or a line would."""

from __future__ import annotations

import threading
import time
from pathlib import Path


class ThrottledFile:
    """A file from which so many bytes a second come, all readers together; also a `Source` of packages.

    Args:
        path: of the file.
        rate: bytes a second; None for as many as there are.
    """

    is_local = False

    def __init__(self, path: Path, rate: float | None) -> None:
        self._file = path.open("rb", buffering=0)
        self._rate = rate
        self._lock = threading.Lock()
        self._free = time.perf_counter()
        self.size = path.stat().st_size
        self.requests = 0
        self.bytes_fetched = 0

    def read_at(self, offset: int, size: int) -> memoryview:
        """Bytes, when their time has come."""
        with self._lock:  # one after another, as on a line
            now = time.perf_counter()
            data = bytearray(size)
            self._file.seek(offset)
            if self._file.readinto(data) != size:
                raise EOFError(f"{self._file.name} ends before {offset + size}")
            self.requests += 1
            self.bytes_fetched += size
            if self._rate is not None:
                self._free = max(now, self._free) + size / self._rate
                time.sleep(max(0.0, self._free - time.perf_counter()))
        return memoryview(data)

    def read(self) -> memoryview:
        """All of it."""
        return self.read_at(0, self.size)

    def release(self, offset: int, size: int) -> None:
        """Nothing to release."""

    def close(self) -> None:
        """No more reads."""
        self._file.close()
