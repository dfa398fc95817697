"""What kernels raise inside runs of a library that cannot pass it on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aimcodec.errors import InconsistentError

__all__ = ["kernel_errors", "kernel_failed"]

_runs = threading.local()


@dataclass
class _Run:
    """A run of a session in this thread, and what a kernel raised in it."""

    end: Callable[[], None]
    error: BaseException | None = None


@contextmanager
def kernel_errors(end: Callable[[], None]) -> Iterator[None]:
    """Around a run of a session, or the making of one, in which kernels may fail.

    ONNX Runtime has to run the nodes in the thread that calls it (execution mode ORT_SEQUENTIAL, as by default).

    Args:
        end: asks the session to end the run; called when a kernel has failed.

    Raises:
        InconsistentError: a kernel failed; whatever the session gave or raised after that is of no meaning.
    """
    outer = getattr(_runs, "current", None)
    run = _runs.current = _Run(end)
    try:
        yield
    except Exception:
        if run.error is None:
            raise
    finally:
        _runs.current = outer
    if run.error is not None:
        raise run.error


def kernel_failed(name: str, error: BaseException) -> bool:
    """Tells the run of this thread, if there is one, that a kernel raised something.

    Returns:
        Whether there is one: the caller then gives any result, of no meaning.
    """
    run: _Run | None = getattr(_runs, "current", None)
    if run is None:
        return False
    if run.error is None:
        run.error = error
        if isinstance(error, Exception):
            run.error = InconsistentError(f"{name}: its kernel failed: {type(error).__name__}: {error}")
            run.error.__cause__ = error
    run.end()
    return True
