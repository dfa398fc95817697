"""What kind of file something is: by its first bytes where it is read, by its name where it is written."""

from __future__ import annotations

import os
import stat
from enum import Enum
from pathlib import Path

from aimcodec.errors import ArgumentError

__all__ = ["Format", "format_of", "is_package", "is_url", "output_format"]

AIM_MARKER = bytes.fromhex("8941494D0D0A1A0A")
ZIP_MARKERS = (b"PK\x03\x04", b"PK\x05\x06")


class Format(str, Enum):
    """Formats of models."""

    AIM = ".aim"
    NNC = ".nnc"
    NPZ = ".npz"
    SAFETENSORS = ".safetensors"


def is_url(source: str) -> bool:
    """Whether a source is remote."""
    return "://" in source


def format_of(source: str) -> Format:
    """The format of a file, by its first bytes; remote ones are packages. What nothing else knows may be NNC.

    Raises:
        ArgumentError: a pipe or a device, of which the first bytes would be gone.
        OSError: it cannot be read.
    """
    if is_url(source):
        return Format.AIM
    with Path(source).open("rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ArgumentError(f"{source}: not a regular file, and it is read more than once")
        start = file.read(16)
    if start.startswith(AIM_MARKER):
        return Format.AIM
    if start.startswith(ZIP_MARKERS):
        return Format.NPZ
    # The length of the header, far below 2^32, and the brace that a header begins with.
    if start[4:9] == b"\0\0\0\0{":
        return Format.SAFETENSORS
    return Format.NNC


def is_package(source: str) -> bool:
    """Whether a source is a package.

    Raises:
        OSError: it cannot be read.
    """
    return format_of(source) is Format.AIM


def output_format(file: Path) -> Format:
    """The format that the name of a file asks for.

    Raises:
        ArgumentError: its extension is none of theirs.
    """
    try:
        return Format(file.suffix.lower())
    except ValueError:
        known = ", ".join(kind.value for kind in Format)
        raise ArgumentError(f"{file}: the extension is none of {known}") from None
