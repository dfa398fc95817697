"""Where a package is read from: bytes at a position, and a count of what that took."""

from __future__ import annotations

import mmap
import os
import threading
from contextlib import suppress
from typing import Any, Protocol, Union

from aimcodec.bits import Buffer, byte_view
from aimcodec.errors import ArgumentError, TruncatedError

__all__ = ["BytesSource", "FileObjectSource", "LocalSource", "Source", "SourceLike", "open_source"]

# Reads from this size on are views of the mapped file, not copies.
MAP_BYTES = 1 << 16


class Source(Protocol):
    """Bytes that can be read anywhere, from any thread."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    @property
    def is_local(self) -> bool:
        """Whether many small reads are as quick as one."""

    @property
    def requests(self) -> int:
        """Reads so far."""

    @property
    def bytes_fetched(self) -> int:
        """Bytes that they gave."""

    def read_at(self, offset: int, size: int) -> Buffer:
        """Exactly `size` bytes from `offset` on.

        Raises:
            TruncatedError: the source ends before them.
            OSError: they cannot be read.
        """

    def release(self, offset: int, size: int) -> None:
        """These bytes will not be read again soon."""

    def close(self) -> None:
        """No more reads."""


class _Counting:
    """The counters of a source."""

    is_local = True

    def __init__(self, size: int) -> None:
        self.size = size
        self.requests = 0
        self.bytes_fetched = 0
        self._lock = threading.Lock()

    def _count(self, size: int) -> None:
        with self._lock:
            self.requests += 1
            self.bytes_fetched += size

    def _check(self, offset: int, size: int) -> None:
        if offset + size > self.size:
            message = f"the file ends {offset + size - self.size} bytes before the data do"
            raise TruncatedError(message, bit_offset=8 * offset)

    def release(self, offset: int, size: int) -> None:
        """Nothing to release."""

    def close(self) -> None:
        """Nothing to close."""


class BytesSource(_Counting):
    """A package in memory."""

    def __init__(self, data: Buffer) -> None:
        self._data = byte_view(data).toreadonly()
        super().__init__(self._data.nbytes)

    def read_at(self, offset: int, size: int) -> Buffer:
        """A view."""
        self._count(size)
        return self.view(offset, size)

    def view(self, offset: int, size: int) -> memoryview:
        """The same, uncounted."""
        self._check(offset, size)
        return self._data[offset : offset + size]


class LocalSource(_Counting):
    """A file: small reads are copies, large ones views of the mapped file.

    Raises:
        ArgumentError: `path` cannot be the path of a file.
        OSError: the file cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by `close`
        except ValueError as error:  # a NUL character, for example
            raise ArgumentError(f"{path!r} is not a path: {error}") from None
        self._map: mmap.mmap | None = None
        super().__init__(os.fstat(self._file.fileno()).st_size)

    def read_at(self, offset: int, size: int) -> Buffer:
        """A copy or a view."""
        self._check(offset, size)
        self._count(size)
        if size >= MAP_BYTES:
            return self.view(offset, size)
        data = os.pread(self._file.fileno(), size, offset)
        if len(data) != size:  # a file that became shorter
            raise TruncatedError("the file ends before the data do", bit_offset=8 * offset)
        return data

    def view(self, offset: int, size: int) -> memoryview:
        """Bytes of the file without copying; they stay readable after `close`."""
        self._check(offset, size)
        return memoryview(self._mapped())[offset : offset + size]

    def release(self, offset: int, size: int) -> None:
        """Pages of the mapped file that no longer count as memory of this process."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            start = offset // mmap.PAGESIZE * mmap.PAGESIZE
            with suppress(OSError, ValueError):
                self._map.madvise(mmap.MADV_DONTNEED, start, offset + size - start)

    def close(self) -> None:
        """The file is closed; views of it stay readable."""
        self._file.close()
        self._map = None

    def _mapped(self) -> mmap.mmap:
        with self._lock:
            if self._map is None:
                self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            return self._map


class FileObjectSource(_Counting):
    """A file object that can seek; the caller closes it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        file.seek(0, os.SEEK_END)
        super().__init__(file.tell())

    def read_at(self, offset: int, size: int) -> Buffer:
        """A copy."""
        self._check(offset, size)
        self._count(size)
        parts = []
        with self._lock:
            self._file.seek(offset)
            missing = size
            while missing:
                part = self._file.read(missing)
                if not part:
                    raise TruncatedError("the file ends before the data do", bit_offset=8 * offset)
                parts.append(part)
                missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


SourceLike = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, Source, Any]


def open_source(source: SourceLike) -> Source:
    """The source that a path, URL, buffer, file object or source stands for.

    Raises:
        ArgumentError: it is none of these.
        OSError: it cannot be opened.
    """
    if isinstance(source, str) and "://" in source:
        from aimcodec.package.remote import open_url

        return open_url(source)
    if isinstance(source, (str, os.PathLike)):
        return LocalSource(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return BytesSource(source)
    if callable(getattr(source, "read_at", None)):
        made: Source = source
        return made
    if callable(getattr(source, "read", None)) and callable(getattr(source, "seek", None)):
        return FileObjectSource(source)
    raise ArgumentError(f"a package is a path, URL, buffer or file object that can seek, not {type(source).__name__}")
