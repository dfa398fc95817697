"""Values of ONNX tensors in other files: read beneath the folder of the model, and nowhere else.

What a model says about them is not trusted. Attacks seen on other readers: paths and links that lead elsewhere, keys
that become attributes, lengths that nothing fits into.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aimcodec.bridges.beneath import Beneath
from aimcodec.bridges.mapped import MappedFile
from aimcodec.errors import InconsistentError, MalformedError, TruncatedError

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
    """Files beneath the folder of a model, mapped when they are first needed.

    Raises:
        OSError: the folder cannot be opened.
    """

    def __init__(self, model: str | os.PathLike[str]) -> None:
        self._maps: dict[tuple[str, ...], MappedFile] = {}
        self._beneath = Beneath(model)

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
        self._beneath.close()

    def _open(self, parts: tuple[str, ...]) -> MappedFile:
        with open(self._beneath.open(parts), "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise TruncatedError(f"external data are in {'/'.join(parts)!r}, which is empty")
            return MappedFile(file)
