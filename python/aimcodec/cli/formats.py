"""What kind of file something is: by its first bytes where it is read, by its name where it is written."""

from __future__ import annotations

import os
import stat
from enum import Enum
from pathlib import Path

from aimcodec.bridges.formats import FORMATS, NPZ, SAFETENSORS, START_BYTES, find_format, written_format
from aimcodec.bridges.model import Model
from aimcodec.errors import ArgumentError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS

__all__ = ["Format", "format_name", "format_of", "is_package", "is_url", "open_other", "output_format"]

AIM_MARKER = bytes.fromhex("8941494D0D0A1A0A")


class Format(str, Enum):
    """Formats of models; OTHER is any other of the table of bridges."""

    AIM = ".aim"
    NNC = ".nnc"
    NPZ = ".npz"
    SAFETENSORS = ".safetensors"
    OTHER = "other"


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
    start = _start(source)
    if start.startswith(AIM_MARKER):
        return Format.AIM
    found = find_format(start, source)
    if found is None:
        return Format.NNC
    return {SAFETENSORS: Format.SAFETENSORS, NPZ: Format.NPZ}.get(found, Format.OTHER)


def format_name(source: str) -> str:
    """What people call the format of a file that is neither a package nor NNC.

    Raises:
        OSError: it cannot be read.
    """
    found = find_format(_start(source), source)
    return "" if found is None else found.name


def _start(source: str) -> bytes:
    """The first bytes of a file."""
    with Path(source).open("rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ArgumentError(f"{source}: not a regular file, and it is read more than once")
        return file.read(START_BYTES)


def open_other(source: str) -> Model | None:
    """The tensors of a file that is neither a package nor NNC, None of one that is.

    Raises:
        AimcError: it cannot be read as what it is, or what reads it is not installed.
        OSError: it cannot be read.
    """
    found = find_format(_start(source), source)
    if found is None:
        return None
    try:
        return found.open(source, DEFAULT_LIMITS)
    except ModuleNotFoundError as error:
        raise UnsupportedError(str(error)) from None


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
        UnsupportedError: that format is only read.
    """
    suffix = file.suffix.lower()
    for own in (Format.AIM, Format.NNC):
        if suffix == own.value:
            return own
    found = written_format(file)
    if found is None:
        others = [suffix for row in FORMATS if row.write is not None for suffix in row.suffixes[:1]]
        raise ArgumentError(f"{file}: the extension is none of {', '.join(['.aim', '.nnc', *others])}")
    if found.write is None:
        raise UnsupportedError(f"{file}: {found.name} files are read, not written")
    return {SAFETENSORS: Format.SAFETENSORS, NPZ: Format.NPZ}.get(found, Format.OTHER)
