"""Packages behind URLs: http and https by themselves, object stores through obstore or fsspec."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

from aimcodec.bits import Buffer
from aimcodec.errors import ArgumentError, TruncatedError
from aimcodec.package.http_source import HttpSource
from aimcodec.package.source import Source

__all__ = ["FsspecSource", "ObstoreSource", "open_url"]


class _StoreSource:
    """A file in an object store: bounds and counters."""

    is_local = False

    def __init__(self, size: int) -> None:
        self.size = size
        self.requests = 0
        self.bytes_fetched = 0
        self._lock = threading.Lock()

    def read_at(self, offset: int, size: int) -> Buffer:
        """Bytes of the file.

        Raises:
            TruncatedError: the file ends before them.
            OSError: the store does not give them.
        """
        if offset + size > self.size:
            message = f"the file ends {offset + size - self.size} bytes before the data do"
            raise TruncatedError(message, bit_offset=8 * offset)
        data = memoryview(self._fetch(offset, size)) if size else memoryview(b"")
        if data.nbytes != size:
            raise OSError(f"the store gives {data.nbytes} bytes, not {size}")
        with self._lock:
            self.requests += 1
            self.bytes_fetched += size
        return data

    def release(self, offset: int, size: int) -> None:
        """Nothing to release."""

    def close(self) -> None:
        """Nothing to close."""

    def _fetch(self, offset: int, size: int) -> Any:
        raise NotImplementedError


class ObstoreSource(_StoreSource):
    """A file that obstore can reach."""

    def __init__(self, url: str) -> None:
        import obstore
        from obstore.store import from_url

        folder, _, name = url.rpartition("/")
        self._get_range = obstore.get_range
        self._store, self._name = from_url(folder), name
        super().__init__(int(obstore.head(self._store, name)["size"]))

    def _fetch(self, offset: int, size: int) -> Any:
        return self._get_range(self._store, self._name, start=offset, length=size)


class FsspecSource(_StoreSource):
    """A file that fsspec can reach."""

    def __init__(self, url: str) -> None:
        import fsspec

        self._system, self._name = fsspec.core.url_to_fs(url)
        super().__init__(int(self._system.size(self._name)))

    def _fetch(self, offset: int, size: int) -> Any:
        return self._system.cat_file(self._name, start=offset, end=offset + size)


def open_url(url: str) -> Source:
    """The source behind a URL.

    Raises:
        ArgumentError: its scheme needs a package that is not installed.
        OSError: it cannot be opened.
    """
    scheme = urlsplit(url).scheme
    if scheme in ("http", "https"):
        return HttpSource(url)
    for kind in (ObstoreSource, FsspecSource):
        try:
            return kind(url)
        except ImportError:
            continue
    raise ArgumentError(f"{scheme}:// needs obstore or fsspec: pip install obstore")
