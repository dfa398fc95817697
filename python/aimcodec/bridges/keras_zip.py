"""Members of a `.keras` archive, each taken out once, whole and with its checksum."""

from __future__ import annotations

import errno
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from aimcodec.errors import LimitExceededError, MalformedError, OutOfRangeError, UnsupportedError
from aimcodec.limits import Limits
from aimcodec.syntax.aim.beside import is_asset_name

__all__ = ["KerasZip"]

FREE_BYTES = 64 << 20  # of all members, from which Limits.max_expansion applies
SMALL_BYTES = 64 << 20  # of what is kept in memory
ENCRYPTED = 1
PIECE_BYTES = 1 << 20


class KerasZip:
    """An archive whose members have been looked at, not read.

    Raises:
        AimcError: it is no archive; two members of one name; a name that leads elsewhere; encrypted; beyond a limit.
    """

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        with _typed():
            self._zip = zipfile.ZipFile(file)
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._zip.infolist():
            self._add(member, limits)
        size, coded = (sum(getattr(m, what) for m in self.members) for what in ("file_size", "compress_size"))
        if size > limits.max_output_bytes:
            raise LimitExceededError(f"an archive of {size} bytes exceeds max_output_bytes {limits.max_output_bytes}")
        if size > max(FREE_BYTES, limits.max_expansion * coded):
            raise LimitExceededError(f"{size} bytes in {coded} exceed max_expansion {limits.max_expansion}")

    @property
    def members(self) -> list[zipfile.ZipInfo]:
        """Files, in the order of the archive."""
        return list(self._members.values())

    def _add(self, member: zipfile.ZipInfo, limits: Limits) -> None:
        name = member.filename
        if len(self._members) >= limits.max_units:
            raise LimitExceededError(f"an archive of more members than max_units {limits.max_units}")
        # `orig_filename` shows what zipfile itself has cut or replaced.
        if not is_asset_name(name.rstrip("/")) or "\\" in member.orig_filename or "\0" in member.orig_filename:
            raise OutOfRangeError(f"a member {member.orig_filename!r}, which is not a relative path")
        if member.flag_bits & ENCRYPTED:
            raise UnsupportedError(f"member {name!r} is encrypted")
        if name in self._members:
            raise MalformedError(f"member {name!r} for the second time")
        if not member.is_dir():
            self._members[name] = member

    def small(self, name: str) -> bytes:
        """A member in memory."""
        member = self._member(name)
        if member.file_size > SMALL_BYTES:
            raise LimitExceededError(f"member {name!r} of {member.file_size} bytes, at most {SMALL_BYTES} are read")
        with _typed(), self._zip.open(member) as file:
            data = file.read(member.file_size + 1)
        if len(data) != member.file_size:
            raise MalformedError(f"member {name!r} is not of its size")
        return data

    def large(self, name: str) -> IO[bytes]:
        """A member in a file that has no name."""
        member = self._member(name)
        target = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            with _typed(), self._zip.open(member) as file:
                left = member.file_size
                while piece := file.read(PIECE_BYTES):
                    left -= len(piece)
                    if left < 0:
                        break
                    target.write(piece)
            if left:
                raise MalformedError(f"member {name!r} is not of its size")
            target.seek(0, os.SEEK_SET)
        except BaseException:
            target.close()
            raise
        return target

    def _member(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise MalformedError(f"not a Keras archive: it has no member {name!r}")
        return self._members[name]


@contextmanager
def _typed() -> Iterator[None]:
    """What the libraries raise for bad archives."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError) as error:
        raise MalformedError(f"not a Keras archive: {error or type(error).__name__}") from None
    except OSError as error:
        if error.errno != errno.EINVAL:  # what seeking to a place before the file gives
            raise
        raise MalformedError("not a Keras archive: a member lies outside of it") from None
    except (RuntimeError, NotImplementedError) as error:  # of zipfile: unknown methods
        raise UnsupportedError(f"a Keras archive that cannot be read: {error}") from None
