"""What a decoder has left in its directory (docs/spec/conformance-kit.md, 1.3), read without trust.

Nothing is followed out of the directory, nothing is read beyond what is expected, and what cannot be used is an
:class:`UnusableError` with one line for the report.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from aimcodec.conformance.npy import NpyArray, NpyError, read_npy

__all__ = ["DecoderError", "Given", "Outputs", "UnusableError", "file_name", "read_error", "read_outputs"]

MAX_JSON_BYTES = 64 << 20
MAX_ENTRIES = 1 << 20
SHOWN = 80
SHA256 = re.compile("[0-9a-f]{64}")

Key = tuple[int, str]


class UnusableError(Exception):
    """Output that breaks the contract; the text says how."""


@dataclass(frozen=True)
class Given:
    """A tensor as a decoder gives it.

    Attributes:
        dtype: in small letters; "void" in files of numpy for types that it does not know, which fits any of that size.
        sha256: as a manifest says it, where there is no file.
        alias_of: where a manifest says it.
    """

    name: str
    variant: int
    dtype: str
    shape: tuple[int, ...]
    file: str | None
    sha256: str | None = None
    alias_of: str | None = None


@dataclass(frozen=True)
class Outputs:
    """The tensors of one stream.

    Attributes:
        tensors: by variant and name.
        contents: other keys of the manifest.
    """

    folder: Path
    tensors: Mapping[Key, Given]
    contents: Mapping[str, Any] = field(default_factory=dict)
    is_npy: bool = False

    def memory(self, given: Given, size: int | None, packed_bits: int = 0) -> bytes:
        """Elements of a tensor: row-major, little endian, packed.

        Args:
            given: one with a file.
            size: bytes that it must have; None: any.
            packed_bits: of elements of less than 8 bits, else 0: files of numpy have a byte for each.

        Raises:
            UnusableError: the file is none, or has another size.
        """
        if given.file is None:
            raise UnusableError(f"{_shown(given.name)} has no elements")
        with _opened(self.folder, given.file) as file:
            if self.is_npy:
                return _array(file, given.file, packed_bits).memory()
            return _sized(file, given, size)

    def digest(self, given: Given, size: int | None, packed_bits: int = 0) -> str:
        """SHA-256 of the same bytes. Raises UnusableError as `memory` does."""
        if given.sha256 is not None:
            return given.sha256
        return hashlib.sha256(self.memory(given, size, packed_bits)).hexdigest()


@dataclass(frozen=True)
class DecoderError:
    """What error.json says; all of it may be missing."""

    bit_offset: int | None = None
    element: str = ""
    message: str = ""


def read_error(outdir: Path) -> DecoderError | None:
    """What a decoder says of its refusal, or None. Raises UnusableError where it says it wrongly."""
    facts = _read_json(outdir, "error.json")
    if facts is None:
        return None
    offset = facts.get("bit_offset")
    if offset is not None and (type(offset) is not int or not 0 <= offset < 1 << 64):
        raise UnusableError("error.json: bit_offset is no offset")
    texts = {name: facts.get(name) or "" for name in ("element", "message")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise UnusableError(f"error.json: {name} is no text")
    return DecoderError(offset, texts["element"][:1000], texts["message"][:1000])


def read_outputs(folder: Path) -> Outputs:
    """All tensors in a directory: those of its manifest, else its files of numpy.

    Raises:
        UnusableError: the manifest cannot be used.
    """
    facts = _read_json(folder, "manifest.json")
    if facts is None:
        return Outputs(folder, _of_npy_files(folder), is_npy=True)
    entries = facts.get("tensors")
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise UnusableError("manifest.json: tensors is no list")
    tensors: dict[Key, Given] = {}
    for entry in entries:
        given = _given(entry)
        if (given.variant, given.name) in tensors:
            raise UnusableError(f"manifest.json: tensor {_shown(given.name)} comes twice")
        tensors[given.variant, given.name] = given
    return Outputs(folder, tensors, {name: value for name, value in facts.items() if name != "tensors"})


def file_name(tensor: str) -> str:
    """Name of the numpy file of a tensor."""
    safe = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
    coded = tensor.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in coded) + ".npy"


def _given(entry: Any) -> Given:
    if not isinstance(entry, dict):
        raise UnusableError("manifest.json: a tensor is no object")
    name, dtype, shape = entry.get("name"), entry.get("dtype"), entry.get("shape")
    if not isinstance(name, str):
        raise UnusableError("manifest.json: a tensor has no name")
    where = f"manifest.json: tensor {_shown(name)}"
    if not isinstance(dtype, str):
        raise UnusableError(f"{where}: dtype is no text")
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 1 << 64 for n in shape):
        raise UnusableError(f"{where}: shape is no list of sizes")
    variant, file, sha256 = entry.get("variant", 0), entry.get("file"), entry.get("sha256")
    if type(variant) is not int:
        raise UnusableError(f"{where}: variant is no number")
    if file is not None:
        _check_plain(file, where)
        sha256 = None  # the elements themselves are there
    elif not isinstance(sha256, str) or not SHA256.fullmatch(sha256.lower()):
        raise UnusableError(f"{where}: neither file nor sha256")
    alias_of = entry.get("alias_of")
    return Given(
        name,
        variant,
        dtype.lower(),
        tuple(shape),
        file,
        None if sha256 is None else sha256.lower(),
        alias_of if isinstance(alias_of, str) else None,
    )


def _check_plain(file: Any, where: str) -> None:
    if not isinstance(file, str) or file in ("", ".", "..") or any(c in file for c in "/\\\0"):
        raise UnusableError(f"{where}: file {_shown(str(file))} is no plain name")


def _of_npy_files(folder: Path) -> dict[Key, Given]:
    tensors: dict[Key, Given] = {}
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".npy"))
    except OSError as error:
        raise UnusableError(f"{folder.name}: {error.strerror}") from error
    for file in names[:MAX_ENTRIES]:
        name = unquote(file[: -len(".npy")], errors="surrogateescape")
        with _opened(folder, file) as opened:
            array = _array(opened, file, 0)
        tensors[0, name] = Given(name, 0, array.dtype, array.shape, file)
    return tensors


def _array(opened: BinaryIO, name: str, packed_bits: int) -> NpyArray:
    try:
        return read_npy(opened, packed_bits)
    except NpyError as error:
        raise UnusableError(f"{_shown(name)}: {error}") from error


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A regular file directly in a folder."""
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
        finally:
            os.close(directory)
    except (OSError, ValueError) as error:
        link = " (links are not followed)" if (folder / name).is_symlink() else ""
        raise UnusableError(f"{_shown(name)}: {getattr(error, 'strerror', error)}{link}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnusableError(f"{_shown(name)} is no regular file")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _sized(file: BinaryIO, given: Given, size: int | None) -> bytes:
    there = os.fstat(file.fileno()).st_size
    if size is not None and there != size:
        raise UnusableError(f"{_shown(given.file or '')} has {there} bytes; {_shown(given.name)} takes {size}")
    return file.read()


def _read_json(folder: Path, name: str) -> dict[str, Any] | None:
    if not os.path.lexists(folder / name):
        return None
    with _opened(folder, name) as file:
        data = file.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise UnusableError(f"{name} has more than {MAX_JSON_BYTES} bytes")
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnusableError(f"{name}: {error or type(error).__name__}") from error
    if not isinstance(facts, dict):
        raise UnusableError(f"{name} is no object")
    return facts


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "...")
