"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aimcodec.errors import ArgumentError

__all__ = ["replacing"]


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
