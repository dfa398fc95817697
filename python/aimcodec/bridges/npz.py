"""numpy archives (.npz), read and written tensor by tensor."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from aimcodec.bridges.model import Described, TensorsOnly
from aimcodec.dtypes import dtype_of
from aimcodec.errors import ArgumentError, LimitExceededError, MalformedError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NpzFile", "write_npz"]

SUFFIX = ".npy"
FREE_BYTES = 64 << 20  # of a member, from which Limits.max_expansion applies


class NpzFile(TensorsOnly):
    """A numpy archive.

    Raises:
        AimcError: it is no archive, or holds what is not supported; pickled objects are never read.
        OSError: it cannot be read.
    """

    metadata: dict[str, str] = {}  # noqa: RUF012 - the format has none

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
        with _typed():
            self._zip = zipfile.ZipFile(path)
        try:
            self._members: dict[str, zipfile.ZipInfo] = {}
            self.tensors = [self._described(member, limits) for member in self._zip.infolist()]
        except BaseException:
            self.close()
            raise

    def read(self, name: str) -> NDArray[Any]:
        """A tensor: a new array."""
        with _typed(), self._zip.open(self._members[name]) as file:
            array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
        return array

    def release(self, name: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """The file is closed."""
        self._zip.close()

    def _described(self, member: zipfile.ZipInfo, limits: Limits) -> Described:
        if not member.filename.endswith(SUFFIX):
            raise UnsupportedError(f"an archive with {member.filename!r}, which is no array")
        name = member.filename.removesuffix(SUFFIX)
        if name in self._members:
            raise MalformedError(f"array {name!r} for the second time")
        self._members[name] = member
        with _typed(), self._zip.open(member) as file:
            shape, dtype, header_bytes = _read_header(name, file)
        try:
            kind = dtype_of(dtype)
        except ArgumentError as error:
            raise UnsupportedError(f"array {name!r}: {error.message}") from None
        tensor = Described(name, kind, shape)
        _check_size(tensor, dtype, member, header_bytes, limits)
        return tensor


def _read_header(name: str, file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, type, and bytes before the data."""
    version = npy.read_magic(file)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise UnsupportedError(f"array {name!r} is of version {version} of the format")
    shape, _, dtype = readers[version](file)
    return shape, dtype, file.tell()


def _check_size(
    tensor: Described, dtype: np.dtype[Any], member: zipfile.ZipInfo, header_bytes: int, limits: Limits
) -> None:
    """Before anything is allocated."""
    if min(tensor.shape, default=0) < 0 or member.file_size != header_bytes + tensor.elements * dtype.itemsize:
        raise MalformedError(f"array {tensor.name!r} of shape {tensor.shape} is not of its size")
    if member.file_size > max(FREE_BYTES, limits.max_expansion * member.compress_size):
        message = f"array {tensor.name!r}: {member.file_size} bytes from {member.compress_size}"
        raise LimitExceededError(f"{message} exceed max_expansion {limits.max_expansion}")


@contextmanager
def _typed() -> Iterator[None]:
    """What the libraries raise for bad archives."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeError, SyntaxError, RecursionError) as error:
        raise MalformedError(f"not a numpy archive: {error or type(error).__name__}") from None
    except RuntimeError as error:  # of zipfile: unknown methods, a password
        raise UnsupportedError(f"a numpy archive that cannot be read: {error}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise MalformedError(f"not a numpy archive: {error}") from None


def write_npz(file: BinaryIO, tensors: Sequence[Described], read: Callable[[str], NDArray[Any]]) -> None:
    """Write a numpy archive, not compressed, asking for one tensor after the other.

    Raises:
        UnsupportedError: a tensor of a type that numpy itself does not have; nothing is written then.
        AimcError, OSError: those of `read` and of writing.
    """
    for tensor in tensors:
        _check_type(tensor)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for tensor in tensors:
            # A fixed date: the same tensors give the same file.
            member = zipfile.ZipInfo(tensor.name + SUFFIX)
            with archive.open(member, "w", force_zip64=True) as part:
                npy.write_array(part, np.asanyarray(read(tensor.name)), allow_pickle=False)


def _check_type(tensor: Described) -> None:
    # Other types would come back as bytes without a type.
    if tensor.dtype is None or tensor.dtype.is_packed or tensor.dtype.numpy.type.__module__ != np.__name__:
        shown = tensor.dtype or "OPAQUE"
        raise UnsupportedError(f"numpy archives cannot hold tensor {tensor.name!r}, which is of type {shown}")
