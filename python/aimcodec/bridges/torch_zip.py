"""Archives of PyTorch, looked at before PyTorch reads them: it does not check them."""

from __future__ import annotations

import os
import zipfile
import zlib

from aimcodec.errors import InconsistentError, MalformedError, UnsupportedError

__all__ = ["check_archive"]

CHUNK_BYTES = 1 << 20


def check_archive(path: str | os.PathLike[str]) -> None:
    """Read all of an archive: PyTorch maps what is stored, and would take damaged or compressed members for tensors.

    Raises:
        MalformedError: it is damaged; members overlap, or have the same name.
        UnsupportedError: members are compressed or encrypted; it is a TorchScript program.
        OSError: it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive.infolist(), os.path.getsize(path))
            for member in archive.infolist():
                with archive.open(member) as file:
                    while file.read(CHUNK_BYTES):
                        pass
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise MalformedError(f"not a PyTorch archive: {error or type(error).__name__}") from None
    except (NotImplementedError, RuntimeError) as error:
        raise UnsupportedError(f"a PyTorch archive that cannot be read: {error}") from None


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise MalformedError("a PyTorch archive has a member for the second time")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise UnsupportedError(f"member {member.filename!r} of a PyTorch archive is compressed or encrypted")
    if sum(member.file_size for member in members) > size:
        raise InconsistentError("members of a PyTorch archive overlap")
    if any(name.rsplit("/", 1)[-1] == "constants.pkl" for name in names):
        raise UnsupportedError("a TorchScript program, which is code; save the state dict of the module instead")
