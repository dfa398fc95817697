"""Files that are read whole, and files that appear whole or not at all."""

from __future__ import annotations

import mmap
import os
import stat
from pathlib import Path
from typing import BinaryIO

from aimcodec.errors import ArgumentError, LimitExceededError
from aimcodec.files import replacing
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
