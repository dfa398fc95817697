"""Files that are read whole, and files that appear whole or not at all."""

from __future__ import annotations

import mmap
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aimcodec.errors import ArgumentError, LimitExceededError
from aimcodec.limits import DEFAULT_LIMITS

__all__ = ["map_file", "read_stream", "replacing"]


def read_stream(file: Path) -> bytes:
    """The bytes of a stream.

    Raises:
        LimitExceededError: longer than `max_stream_bytes`.
        OSError: it cannot be read.
    """
    size = file.stat().st_size
    if size > DEFAULT_LIMITS.max_stream_bytes:
        raise LimitExceededError(f"{size} bytes exceed max_stream_bytes {DEFAULT_LIMITS.max_stream_bytes}")
    return file.read_bytes()


def map_file(file: Path) -> memoryview:
    """The bytes of a file that may be larger than memory.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_size == 0:  # which cannot be mapped
            return memoryview(b"")
        return memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A new file that takes the place of `file` when the block ends well, and vanishes when it does not.

    It lies in the same folder and reaches the disk before it is renamed, so that `file` is never half written. It gets
    the permissions of the file it replaces.

    Raises:
        ArgumentError: `file` is something else than a file.
        OSError: it cannot be written.
    """
    target = Path(os.path.realpath(file))
    mode = _mode(target)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:64]}.", suffix=".part", dir=target.parent)
    os.close(descriptor)
    try:
        yield Path(name)
        os.chmod(name, mode)
        _flush(Path(name))
        os.replace(name, target)
        _flush(target.parent)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _mode(target: Path) -> int:
    """Permissions of the file to be."""
    try:
        status = target.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
    if not stat.S_ISREG(status.st_mode):
        raise ArgumentError("not a regular file")
    return stat.S_IMODE(status.st_mode)


def _flush(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():  # folders cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
