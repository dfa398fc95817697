"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aimcodec.errors import ArgumentError

__all__ = ["beside", "flush", "permissions", "replacing"]


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
    mode = permissions(target)
    descriptor, name = beside(target)
    os.close(descriptor)
    try:
        yield Path(name)
        os.chmod(name, mode)
        flush(Path(name))
        os.replace(name, target)
        flush(target.parent)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def beside(target: Path) -> tuple[int, str]:
    """A new, empty file in the same folder: its descriptor and its path."""
    return tempfile.mkstemp(prefix=f".{target.name[:64]}.", suffix=".part", dir=target.parent)


def permissions(target: Path) -> int:
    """Those of a file, or of a new one where there is none.

    Raises:
        ArgumentError: it is something else than a file.
    """
    try:
        status = target.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
    if not stat.S_ISREG(status.st_mode):
        raise ArgumentError(f"{target} is not a regular file")
    return stat.S_IMODE(status.st_mode)


def flush(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():  # folders cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
