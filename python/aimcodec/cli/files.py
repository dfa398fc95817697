"""Files that are read whole, and files that appear whole or not at all."""

from __future__ import annotations

import mmap
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from aimcodec.errors import ArgumentError, LimitExceededError
from aimcodec.limits import DEFAULT_LIMITS

__all__ = ["map_file", "read_stream", "replacing"]

MAX_PIPE_BYTES = 1 << 30  # of what comes without a size, and has to be held in memory


def read_stream(file: Path) -> bytes:
    """The bytes of a stream.

    Raises:
        ArgumentError: a device.
        LimitExceededError: longer than `max_stream_bytes`.
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            return _read_pipe(opened, status)
        if status.st_size > DEFAULT_LIMITS.max_stream_bytes:
            raise LimitExceededError(
                f"{status.st_size} bytes exceed max_stream_bytes {DEFAULT_LIMITS.max_stream_bytes}"
            )
        return opened.read()


def map_file(file: Path) -> memoryview:
    """The bytes of a file that may be larger than memory, or of a pipe.

    Raises:
        ArgumentError: a device.
        LimitExceededError: a pipe that does not end.
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            return memoryview(_read_pipe(opened, status))
        if status.st_size == 0:  # which cannot be mapped
            return memoryview(b"")
        return memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))


def _read_pipe(opened: BinaryIO, status: os.stat_result) -> bytes:
    if not stat.S_ISFIFO(status.st_mode):
        raise ArgumentError("neither a file nor a pipe")
    data = opened.read(MAX_PIPE_BYTES + 1)
    if len(data) > MAX_PIPE_BYTES:
        raise LimitExceededError(f"a pipe with more than {MAX_PIPE_BYTES} bytes")
    return data


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
