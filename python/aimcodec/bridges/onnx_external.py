"""Values of ONNX tensors in other files: read beneath the folder of the model, and nowhere else.

What a model says about them is not trusted. Attacks seen on other readers: paths and links that lead elsewhere, keys
that become attributes, lengths that nothing fits into.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aimcodec.bridges.mapped import MappedFile
from aimcodec.errors import ArgumentError, InconsistentError, MalformedError, TruncatedError, UnsupportedError

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

__all__ = ["ExternalFiles", "Place", "place_of"]

KEYS = {"location", "offset", "length", "checksum"}  # those of the ONNX text; the checksum is of no known format
NUMBER = re.compile(r"[0-9]{1,19}")
DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Place:
    """Where the memory of a tensor is.

    Attributes:
        parts: names of folders and, last, of the file, from the folder of the model.
        begin: offset of the first byte.
        end: offset after the last byte.
    """

    parts: tuple[str, ...]
    begin: int
    end: int


def place_of(tensor: onnx.TensorProto, size: int) -> Place:
    """The place that a tensor of so many bytes says its values are at.

    Raises:
        MalformedError: unknown or repeated keys, no number, a path that is not beneath the model's folder.
        InconsistentError: another length.
    """
    entries = {entry.key: entry.value for entry in tensor.external_data}
    who = f"external data of tensor {tensor.name!r}"
    if len(entries) != len(tensor.external_data) or not entries.keys() <= KEYS:
        raise MalformedError(f"{who} have the keys {[entry.key[:80] for entry in tensor.external_data][:8]}")
    begin = _number(entries.get("offset", "0"), who)
    length = _number(entries.get("length", str(size)), who)
    if length != size:
        raise InconsistentError(f"{who} have {length} bytes, its type and shape say {size}")
    return Place(_parts(entries.get("location", ""), who), begin, begin + length)


def _number(text: str, who: str) -> int:
    if not NUMBER.fullmatch(text):
        raise MalformedError(f"{who} have {text[:80]!r} for a number")
    return int(text)


def _parts(location: str, who: str) -> tuple[str, ...]:
    """Names in a path; those of more than one system are refused on all."""
    parts = tuple(part for part in location.split("/") if part != ".")
    strange = "\0" in location or "\\" in location or DRIVE.match(location)
    if strange or not parts or any(part in {"", ".."} for part in parts):
        raise MalformedError(f"{who} are in {location[:200]!r}, which is no path beneath the model's folder")
    return parts


class ExternalFiles:
    """Files beneath a folder, mapped when they are first needed.

    Raises:
        OSError: the folder cannot be opened.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._maps: dict[tuple[str, ...], MappedFile] = {}
        self._folder: int | None = None
        if os.open in os.supports_dir_fd:
            self._folder = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)

    def view(self, place: Place) -> NDArray[np.uint8]:
        """The bytes at a place: uint8, shape [length], not to be written to.

        Raises:
            MalformedError: not a regular file with one name, or behind a link.
            ArgumentError: the files are closed.
            TruncatedError: the file is too short.
            OSError: it cannot be read.
        """
        if place.begin == place.end:
            return np.empty(0, np.uint8)
        file = self._maps.get(place.parts)
        if file is None:
            file = self._maps[place.parts] = self._open(place.parts)
        if place.end > file.size:
            shown = "/".join(place.parts)
            raise TruncatedError(f"{shown!r} has {file.size} bytes, a tensor is at {place.begin} to {place.end}")
        return file.view(place.begin, place.end)

    def release(self, place: Place) -> None:
        """These bytes will not be needed again soon."""
        if place.parts in self._maps:
            self._maps[place.parts].release(place.begin, place.end)

    def close(self) -> None:
        """No more files are opened; views stay readable."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None

    def __del__(self) -> None:
        self.close()

    def _open(self, parts: tuple[str, ...]) -> MappedFile:
        if os.open not in os.supports_dir_fd:
            raise UnsupportedError("external data are read on systems only that open files beneath a folder")
        if self._folder is None:
            raise ArgumentError("the model is closed")
        opened = [self._folder]
        try:
            for part in parts[:-1]:
                opened.append(_open_at(part, os.O_RDONLY | os.O_DIRECTORY, opened[-1]))
            opened.append(_open_at(parts[-1], os.O_RDONLY | os.O_NONBLOCK, opened[-1]))
            _check_file(os.fstat(opened[-1]), "/".join(parts))
            with open(opened[-1], "rb", closefd=False) as file:
                return MappedFile(file)
        finally:
            _close_all(opened[1:])


def _open_at(name: str, flags: int, folder: int) -> int:
    """A descriptor of something in a folder, which is no link."""
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        if _is_link(name, folder):
            raise MalformedError(f"external data are behind the link {name!r}") from None
        raise


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _check_file(status: os.stat_result, shown: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise MalformedError(f"external data are in {shown!r}, which is no regular file")
    if status.st_nlink != 1:  # a second name may be that of a secret elsewhere
        raise MalformedError(f"external data are in {shown!r}, which has {status.st_nlink} names (hard links)")
    if status.st_size == 0:
        raise TruncatedError(f"external data are in {shown!r}, which is empty")


def _close_all(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
