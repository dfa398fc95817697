"""What a call of an operator can end in: a closed set of status codes, and the error that carries one.

The set is that of the public C reference of operator interfaces (IEEE 2941.1 family); the numbers are those of
`aimc/operators.h`.
"""

from __future__ import annotations

from enum import IntEnum

from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    InternalError,
    OutOfMemoryError,
    OutOfRangeError,
    UnsupportedError,
)

__all__ = ["OperatorError", "Status", "failure"]


class Status(IntEnum):
    """How a call ended.

    Attributes:
        SUCCESS: all outputs are there.
        TYPE_MISMATCH: an input has a type of elements that the operator does not take, or two differ that must agree.
        DIMENSIONS_MISMATCH: ranks or dimensions of inputs do not fit each other or the attributes.
        INVALID_ARGUMENT: an input or attribute is missing, unknown, of the wrong kind, or has a value without meaning.
        NOT_SUPPORTED: the operator, its version, or this type of elements is not there on this backend.
        ALLOC_FAILED: the memory of an output is beyond the limit, or the system refused it.
        OUT_OF_RANGE: an axis or an index lies outside the tensor that it counts in.
        INTERNAL_ERROR: the kernel broke its promise; nothing that the caller could do better.
        MATH_ERROR: the result is not defined in integers: division by zero, the quotient of the least number and -1.
    """

    SUCCESS = 0
    TYPE_MISMATCH = 1
    DIMENSIONS_MISMATCH = 2
    INVALID_ARGUMENT = 3
    NOT_SUPPORTED = 4
    ALLOC_FAILED = 5
    OUT_OF_RANGE = 6
    INTERNAL_ERROR = 7
    MATH_ERROR = 8


class OperatorError(AimcError):
    """A call of an operator did not succeed. Every instance is one of the closed set of `aimcodec.errors` too.

    Attributes:
        status: why; never SUCCESS.
        operator: its name, with the domain in front unless that is the default one.
        argument: name of the input, output or attribute at fault, or "".
        reason: what is wrong, without the names.
    """

    status = Status.INTERNAL_ERROR
    operator = ""
    argument = ""
    reason = ""


class _ArgumentError(OperatorError, ArgumentError):
    code = ArgumentError.code


class _InconsistentError(OperatorError, InconsistentError):
    code = InconsistentError.code


class _UnsupportedError(OperatorError, UnsupportedError):
    code = UnsupportedError.code


class _OutOfMemoryError(OperatorError, OutOfMemoryError):
    code = OutOfMemoryError.code


class _OutOfRangeError(OperatorError, OutOfRangeError):
    code = OutOfRangeError.code


class _InternalError(OperatorError, InternalError):
    code = InternalError.code


_KINDS: dict[Status, type[OperatorError]] = {
    Status.TYPE_MISMATCH: _ArgumentError,
    Status.DIMENSIONS_MISMATCH: _InconsistentError,
    Status.INVALID_ARGUMENT: _ArgumentError,
    Status.NOT_SUPPORTED: _UnsupportedError,
    Status.ALLOC_FAILED: _OutOfMemoryError,
    Status.OUT_OF_RANGE: _OutOfRangeError,
    Status.INTERNAL_ERROR: _InternalError,
    Status.MATH_ERROR: _OutOfRangeError,
}


def failure(status: Status, message: str, operator: str, argument: str = "") -> OperatorError:
    """The error for a status; its text names operator and argument.

    Args:
        status: not SUCCESS.
        message: what is wrong, without the names.
        operator: its name.
        argument: the input, output or attribute at fault, or "".
    """
    place = f"{operator}: {argument}" if argument else operator
    error = _KINDS[status](f"{place}: {message} ({status.name})")
    error.status, error.operator, error.argument, error.reason = status, operator, argument, message
    return error
