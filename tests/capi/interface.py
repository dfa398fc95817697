"""The C interface through cffi: its declarations come from the header, by the preprocessor of the C compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from aimcodec import capi

ROOT = Path(__file__).resolve().parents[2]
HEADER = capi.include_dir() / "aimc" / "aimc.h"
CC = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")

OK, TRUNCATED, MALFORMED, OUT_OF_RANGE, INCONSISTENT, MISSING_REFERENCE = range(6)
UNSUPPORTED, LIMIT_EXCEEDED, OUT_OF_MEMORY, ARGUMENT, INTERNAL = range(6, 11)
ABI_VERSION = 1


def library() -> Path:
    """The library under test; another one, as one built with sanitizers, by the environment."""
    return Path(os.environ.get("AIMC_TEST_LIBRARY") or capi.library_path())


@cache
def declarations() -> str:
    """What the header declares, after the preprocessor; types of the standard headers left to cffi."""
    assert CC is not None
    with tempfile.TemporaryDirectory() as empty:
        for name in ("stddef.h", "stdint.h"):
            (Path(empty) / name).touch()
        command = [CC, "-E", "-P", "-nostdinc", "-DAIMC_API=", f"-I{empty}", str(HEADER)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@cache
def ffi() -> Any:
    made = FFI()
    made.cdef(declarations())
    made.cdef("void* aligned_alloc(size_t, size_t); void free(void*);", override=True)
    return made


@cache
def lib() -> Any:
    return ffi().dlopen(str(library()))


@cache
def libc() -> Any:
    return ffi().dlopen(None)


def struct(name: str, **members: Any) -> Any:
    """A new structure with its size set."""
    made = ffi().new(f"{name}*")
    made.struct_size = ffi().sizeof(name)
    for member, value in members.items():
        setattr(made, member, value)
    return made


def structs(name: str, count: int) -> Any:
    made = ffi().new(f"{name}[]", max(count, 1))
    for i in range(count):
        made[i].struct_size = ffi().sizeof(name)
    return made


def text(pointer: Any) -> str:
    return ffi().string(pointer).decode("ascii")


def status_name(code: int) -> str:
    return text(lib().aimc_status_name(code))


class CallError(Exception):
    """What a call said: kind, bit offset, which element, message."""

    def __init__(self, error: Any) -> None:
        self.code = int(error.code)
        self.bit_offset = int(error.bit_offset)
        self.index = int(error.index)
        self.message = text(error.message)
        super().__init__(f"{status_name(self.code)} at bit {self.bit_offset} of {self.index}: {self.message}")


def checked(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a function whose last argument is the error."""
    error = struct("aimc_error")
    code = function(*arguments, error)
    assert code == error.code
    if code != OK:
        raise CallError(error)


class Allocator:
    """Memory functions that count, and fail where they are told to."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.calls = 0
        self.fail_at = fail_at
        self.live: dict[int, tuple[int, int]] = {}
        self.bad_frees = 0
        self._alloc = ffi().callback("void*(void*, size_t, size_t)", self._take)
        self._free = ffi().callback("void(void*, void*, size_t, size_t)", self._give)
        self.struct = struct("aimc_allocator", alloc=self._alloc, free=self._free)

    def _take(self, _: Any, size: int, alignment: int) -> Any:
        call = self.calls
        self.calls += 1
        if call == self.fail_at:
            return ffi().NULL
        unit = max(alignment, 16)
        memory = libc().aligned_alloc(unit, (size + unit - 1) // unit * unit or unit)
        self.live[int(ffi().cast("uintptr_t", memory))] = (size, alignment)
        return memory

    def _give(self, _: Any, memory: Any, size: int, alignment: int) -> None:
        if self.live.pop(int(ffi().cast("uintptr_t", memory)), None) != (size, alignment):
            self.bad_frees += 1
            return
        libc().free(memory)


@contextmanager
def context(
    *, threads: int = 1, isa: int = 0, limits: dict[str, int] | None = None, allocator: Allocator | None = None
) -> Iterator[Any]:
    handle = create(threads=threads, isa=isa, limits=limits, allocator=allocator)
    try:
        yield handle
    finally:
        assert lib().aimc_context_destroy(handle) == OK


def create(
    *, threads: int = 1, isa: int = 0, limits: dict[str, int] | None = None, allocator: Allocator | None = None
) -> Any:
    options = struct("aimc_options", threads=threads, isa=isa)
    maxima = struct("aimc_limits")
    assert lib().aimc_limits_init(maxima, ffi().sizeof("aimc_limits")) == OK
    for name, value in (limits or {}).items():
        setattr(maxima, name, value)
    options.limits = maxima
    if allocator is not None:
        options.allocator = allocator.struct
    place = ffi().new("aimc_context**")
    checked(lib().aimc_context_create, ABI_VERSION, options, place)
    return place[0]


def memory(handle: Any) -> tuple[int, int]:
    """Bytes held now, and at most so far."""
    found = struct("aimc_memory")
    checked(lib().aimc_context_memory, handle, found)
    return int(found.live_bytes), int(found.peak_bytes)
