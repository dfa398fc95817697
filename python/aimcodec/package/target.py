"""Where a package is written to: a file that appears whole or not at all, or anything with a `write`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Union

from aimcodec.bits import Buffer
from aimcodec.errors import ArgumentError
from aimcodec.files import beside, flush, permissions

__all__ = ["FileTarget", "StreamTarget", "Target", "TargetLike", "Writable", "open_target"]


class Writable(Protocol):
    """Anything with a `write` for bytes; a short count is followed by another call with the rest."""

    def write(self, data: Any, /) -> Any:
        """Takes bytes; returns how many, or None for all."""


TargetLike = Union[str, "os.PathLike[str]", Writable]


class Target(Protocol):
    """Takes bytes, and then either all of it is kept or nothing."""

    def write(self, data: Buffer) -> None:
        """More bytes."""

    def commit(self) -> None:
        """All is written."""

    def abort(self) -> None:
        """Nothing of it is wanted."""


class FileTarget:
    """A new file that takes the place of `path` at `commit`, and vanishes at `abort`.

    It lies in the same folder and reaches the disk before it is renamed, so that `path` is never half written. It gets
    the permissions of the file it replaces.

    Raises:
        ArgumentError: `path` is something else than a file.
        OSError: it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self._target = Path(os.path.realpath(path))
            self._mode = permissions(self._target)
        except ValueError as error:  # a NUL character, for example
            raise ArgumentError(f"{path!r} is not a path: {error}") from None
        descriptor, self._name = beside(self._target)
        self._file: BinaryIO = os.fdopen(descriptor, "wb", buffering=1 << 16)

    def write(self, data: Buffer) -> None:
        """More bytes."""
        self._file.write(data)

    def commit(self) -> None:
        """The file takes its place."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.chmod(self._name, self._mode)
            os.replace(self._name, self._target)
        except BaseException:
            self.abort()
            raise
        flush(self._target.parent)

    def abort(self) -> None:
        """The file vanishes."""
        with suppress(OSError):
            self._file.close()
        with suppress(FileNotFoundError):
            os.unlink(self._name)


class StreamTarget:
    """A pipe or file object, which the caller opened and closes. Only its `write` is used."""

    def __init__(self, stream: Writable) -> None:
        self._stream = stream

    def write(self, data: Buffer) -> None:
        """More bytes."""
        rest = memoryview(data)
        while rest.nbytes:
            taken = self._stream.write(rest)
            rest = rest[rest.nbytes if taken is None else taken :]

    def commit(self) -> None:
        """Nothing to do: the caller closes the stream."""

    def abort(self) -> None:
        """What is written cannot be taken back; it lacks INDEX and END, so no reader takes it for whole."""


def open_target(target: TargetLike) -> Target:
    """The target that a path or an object with a `write` stands for.

    Raises:
        ArgumentError: it is neither.
    """
    if isinstance(target, (str, os.PathLike)):
        return FileTarget(target)
    if callable(getattr(target, "write", None)):
        return StreamTarget(target)
    raise ArgumentError(f"a package is written to a path or an object with `write`, not {type(target).__name__}")
