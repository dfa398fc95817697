"""Calling kernels of custom operators, and what errors of engines mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aimcodec.errors import (
    AimcError,
    InternalError,
    LimitExceededError,
    OutOfMemoryError,
    OutOfRangeError,
    UnsupportedError,
)
from aimcodec.operators.call import Call
from aimcodec.operators.status import OperatorError, Status, failure

__all__ = ["call_kernel", "named", "translated"]

# The first that fits. What engines raise for inputs that passed all checks before.
_MEANING: tuple[tuple[type[BaseException], Status], ...] = (
    (MemoryError, Status.ALLOC_FAILED),
    (OutOfMemoryError, Status.ALLOC_FAILED),
    (LimitExceededError, Status.ALLOC_FAILED),
    (UnsupportedError, Status.NOT_SUPPORTED),
    (NotImplementedError, Status.NOT_SUPPORTED),
    (OutOfRangeError, Status.OUT_OF_RANGE),
    (IndexError, Status.OUT_OF_RANGE),
    (InternalError, Status.INTERNAL_ERROR),
    (ArithmeticError, Status.MATH_ERROR),
    (AimcError, Status.INVALID_ARGUMENT),
    (ValueError, Status.INVALID_ARGUMENT),
    (TypeError, Status.NOT_SUPPORTED),
)


def translated(error: Exception, call: Call, engine: str) -> OperatorError:
    """An error of an engine as one of ours."""
    if isinstance(error, OperatorError):
        return error
    status = next((status for kind, status in _MEANING if isinstance(error, kind)), Status.INTERNAL_ERROR)
    text = " ".join(str(error).split())[:300]
    return failure(status, f"{engine}: {type(error).__name__}: {text}", call.operator.full_name)


def call_kernel(
    call: Call, backend: str, to_values: Callable[[Any], Any], to_arrays: Callable[[Any], Any]
) -> list[Any]:
    """Calls the kernel of a custom operator.

    Args:
        call: of it.
        backend: whose kernel.
        to_values: from an array to what the kernel computes with.
        to_arrays: from a result of the kernel to an array.

    Raises:
        OperatorError: NOT_SUPPORTED: there is no such kernel. INTERNAL_ERROR: it raised something; or it raised an
            OperatorError itself.
    """
    operator = call.custom
    kernel = None if operator is None else operator.kernel(backend)
    if kernel is None:
        raise failure(Status.NOT_SUPPORTED, f"there is no kernel for {backend}", call.operator.full_name)
    values = [None if array is None else to_values(array) for array in call.arrays]
    values += [None] * (len(call.operator.inputs) - len(values))
    try:
        result = kernel(*values, **call.keywords)
        results = result if isinstance(result, tuple) else (result,)
        return [to_arrays(value) for value in results]
    except OperatorError:
        raise
    except MemoryError as error:
        raise translated(error, call, "the kernel") from error
    except Exception as error:  # code of the user's
        text = f"the kernel failed: {type(error).__name__}: {error}"
        raise failure(Status.INTERNAL_ERROR, text, call.operator.full_name) from error


def named(name: str, engine: str, extra: str) -> ModuleNotFoundError:
    """The error for an engine that is not installed."""
    return ModuleNotFoundError(f"operators on {engine} need it; pip install 'aimcodec[{extra}]' brings it", name=name)
