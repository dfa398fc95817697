"""The closed set of errors that leave this package.

Any byte string given to any public entry yields a result or one of the subclasses of :class:`AimcError` below; no other
exception type leaves the package for bad input. `InternalError` exists so that fuzzers can assert that no input ever
produces it.
"""

from __future__ import annotations

__all__ = [
    "AimcError",
    "ArgumentError",
    "InconsistentError",
    "InternalError",
    "LimitExceededError",
    "MalformedError",
    "MissingReferenceError",
    "OutOfMemoryError",
    "OutOfRangeError",
    "TruncatedError",
    "UnsupportedError",
]


class AimcError(Exception):
    """Base of all errors of this package.

    Attributes:
        code: stable machine-readable name of the kind of error, one per subclass.
        bit_offset: offset from the first bit (most significant bit of byte 0) of the stream to the element concerned,
            or None where no single place is at fault.
        path: syntax element concerned, for example ``units[3].nnr_compressed_data_unit_header.scan_order``; may be "".
    """

    code = "error"

    def __init__(self, message: str, *, bit_offset: int | None = None, path: str = "") -> None:
        self.message = message
        self.bit_offset = bit_offset
        self.path = path
        super().__init__(message)

    def __str__(self) -> str:
        place = []
        if self.bit_offset is not None:
            place.append(f"bit {self.bit_offset} (byte {self.bit_offset >> 3}.{self.bit_offset & 7})")
        if self.path:
            place.append(self.path)
        return f"{self.message} [{', '.join(place)}]" if place else self.message


class TruncatedError(AimcError):
    """The data end before the element or unit does."""

    code = "truncated"


class MalformedError(AimcError):
    """The bits break the syntax: wrong order of units, wrong alignment bits, text that is not UTF-8 ..."""

    code = "malformed"


class OutOfRangeError(AimcError):
    """An element has a value outside its permitted set."""

    code = "out_of_range"


class InconsistentError(AimcError):
    """Values contradict each other: a codeword that does not end with its unit, a dimension the payload cannot hold."""

    code = "inconsistent"


class MissingReferenceError(AimcError):
    """An update needs the state left by an earlier stream, and the decoder does not have it."""

    code = "missing_reference"


class UnsupportedError(AimcError):
    """Legal or reserved syntax that this version does not decode; the message names it."""

    code = "unsupported"


class LimitExceededError(AimcError):
    """A limit of :class:`aimcodec.Limits` would be exceeded; the message names the limit and both values."""

    code = "limit_exceeded"


class OutOfMemoryError(AimcError):
    """The system refused memory that the limits allow."""

    code = "out_of_memory"


class ArgumentError(AimcError, ValueError):
    """The caller's argument cannot be used: an unknown option, a tensor that the format cannot carry ..."""

    code = "argument"


class InternalError(AimcError):
    """A defect of this package. No input may ever produce it: please report it."""

    code = "internal"
