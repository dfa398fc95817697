"""The C interface of libraries of operators (`aimc/operators.h`), as cffi reads it."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

from aimcodec.capi import include_dir

__all__ = ["ABI_VERSION", "interface"]

ABI_VERSION = 1

_DIRECTIVES = re.compile(r"#ifdef __cplusplus.*?#endif|^[ \t]*#[^\n]*$", re.DOTALL | re.MULTILINE)


@lru_cache(maxsize=1)
def interface() -> Any:
    """The declarations of the header.

    Raises:
        ModuleNotFoundError: cffi is not installed.
    """
    try:
        ffi = import_module("cffi").FFI()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "libraries of operators in C need cffi; pip install 'aimcodec[conform]' brings it", name="cffi"
        ) from error
    text = (include_dir() / "aimc" / "operators.h").read_text("utf-8")
    (rank,) = re.findall(r"#define AIMC_OP_MAX_RANK (\d+)", text)
    plain = _DIRECTIVES.sub("", text).replace("AIMC_OP_EXPORT ", "").replace("AIMC_OP_MAX_RANK", rank)
    ffi.cdef(plain)
    return ffi
