"""The only importer of the native module: settings and the translation of its status codes into errors."""

from __future__ import annotations

import os

from aimcodec import _core
from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    InternalError,
    LimitExceededError,
    MalformedError,
    MissingReferenceError,
    OutOfMemoryError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)

__all__ = ["available_isas", "error_from_status", "isa", "set_isa", "thread_count"]

_ERRORS: dict[str, type[AimcError]] = {
    e.code: e
    for e in (
        TruncatedError,
        MalformedError,
        OutOfRangeError,
        InconsistentError,
        MissingReferenceError,
        UnsupportedError,
        LimitExceededError,
        OutOfMemoryError,
        ArgumentError,
        InternalError,
    )
}


def available_isas() -> list[str]:
    """Instruction sets that this machine can run, slowest first: of "scalar", "avx2", "avx512"."""
    return _core.available_isas()


def isa() -> str:
    """The instruction set in force: the best one, unless `set_isa` or AIMC_ISA in the environment says otherwise."""
    return _core.isa()


def set_isa(name: str) -> None:
    """Force an instruction set; every one gives the same bytes. For tests and measurements.

    Raises:
        ArgumentError: `name` is unknown or this machine does not have it.
    """
    if not _core.set_isa(name):
        raise ArgumentError(f"instruction set {name!r} is not one of {', '.join(available_isas())}")


def thread_count(threads: int | None) -> int:
    """Number of threads to use: `threads`, or as many as this process may run on.

    Raises:
        ArgumentError: `threads` is not a positive number.
    """
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise ArgumentError(f"threads must be at least 1, not {threads}")
    return threads


def error_from_status(status: tuple[str, int, str], payload_bit: int, path: str) -> AimcError | None:
    """The error a native status stands for, or None; `payload_bit` is the place of the payload in the stream."""
    code, bit, message = status
    if code == "ok":
        return None
    return _ERRORS[code](message, bit_offset=payload_bit + bit, path=path)
