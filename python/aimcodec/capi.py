"""Where the parts of this package for other languages lie: C headers and shared libraries.

The C interface works on payloads, not on files: `aimc/aimc.h` says at its top what that means, docs/c-api.md how to
build with it.
"""

from __future__ import annotations

from pathlib import Path

from aimcodec import _core
from aimcodec.errors import UnsupportedError

__all__ = ["include_dir", "library_path", "plugin_path"]

# Beside the native module: in an editable installation the other files of the package are elsewhere.
_BESIDE = Path(_core.__file__).parent


def include_dir() -> Path:
    """Folder for the compiler's `-I`: it holds `aimc/aimc.h` and `aimc/conform_plugin.h`."""
    return _BESIDE / "include"


def library_path() -> Path:
    """The shared library with the functions of `aimc/aimc.h`: a file for `dlopen` or for the linker.

    Raises:
        UnsupportedError: this installation was built without it.
    """
    return _library("libaimc.so.1", "libaimc.1.dylib")


def plugin_path() -> Path:
    """This codec as a plug-in of the conformance kit (`aimc/conform_plugin.h`), to be loaded by a Python process.

    Raises:
        UnsupportedError: this installation was built without it.
    """
    return _library("libaimc_conform.so", "libaimc_conform.dylib")


def _library(*names: str) -> Path:
    for name in names:
        path = _BESIDE / "lib" / name
        if path.is_file():
            return path
    raise UnsupportedError(f"this installation has no {names[0]}")
