"""Files that another file names: opened in or beneath its folder, and nowhere else.

Links are not followed, with one exception. In the caches of model hubs all files of a model are links into one folder;
where the file that the user has named is a link itself, links beside it are followed into the folder that it leads to.
Nobody gets anywhere by that but to where the user has pointed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from aimcodec.errors import ArgumentError, MalformedError, UnsupportedError

__all__ = ["Beneath"]

FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class Beneath:
    """The folder of a file, whatever becomes of its path meanwhile.

    Args:
        file: that names others.

    Raises:
        OSError: its folder cannot be opened.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        self._here: int | None = None
        if os.open not in os.supports_dir_fd:
            return
        path = Path(file).absolute()
        self._linked = os.path.realpath(path) if path.is_symlink() else None
        self._folder = path.parent
        self._here = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | FLAGS & ~os.O_NOFOLLOW)

    def open(self, parts: Sequence[str]) -> int:
        """A descriptor of a regular file with one name.

        Args:
            parts: names of folders and, last, of the file; none of them empty, "." or "..", or with a separator.

        Raises:
            MalformedError: it is behind a link, has several names, or is no regular file.
            UnsupportedError: the system cannot open files beneath a folder.
            ArgumentError: this is closed.
            FileNotFoundError, OSError: it is not there, or cannot be opened.
        """
        if os.open not in os.supports_dir_fd:
            raise UnsupportedError("files that others name are read on systems only that open files beneath a folder")
        if self._here is None:
            raise ArgumentError("the model is closed")
        opened = [self._here]
        try:
            for part in parts[:-1]:
                opened.append(self._at(part, os.O_RDONLY | os.O_DIRECTORY, opened[-1]))
            if len(parts) == 1 and self._linked is not None and _is_link(parts[0], self._here):
                found = self._follow(parts[0], self._linked)
            else:
                # NONBLOCK: a pipe of that name does not keep anybody waiting.
                found = self._at(parts[-1], os.O_RDONLY | os.O_NONBLOCK, opened[-1])
        finally:
            _close_all(opened[1:])
        return _checked(found, "/".join(parts))

    def close(self) -> None:
        """No more files are opened."""
        if self._here is not None:
            os.close(self._here)
            self._here = None

    def __del__(self) -> None:
        self.close()

    def _follow(self, name: str, linked: str) -> int:
        """What a link leads to, if that is in the folder of what the file of the user leads to."""
        folder, target = os.path.split(os.path.realpath(self._folder / name))
        if folder != os.path.dirname(linked):
            raise MalformedError(f"{name!r} is a link to another folder than that of the file which names it")
        there = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | FLAGS)
        try:
            return self._at(target, os.O_RDONLY | os.O_NONBLOCK, there)
        finally:
            os.close(there)

    def _at(self, name: str, flags: int, folder: int) -> int:
        try:
            return os.open(name, flags | FLAGS, dir_fd=folder)
        except OSError:
            if _is_link(name, folder):
                raise MalformedError(f"the link {name!r} is not followed") from None
            raise


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _checked(descriptor: int, shown: str) -> int:
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise MalformedError(f"{shown!r} is no regular file")
    # A second name may be that of a secret elsewhere.
    raise MalformedError(f"{shown!r} has {status.st_nlink} names (hard links)")


def _close_all(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
