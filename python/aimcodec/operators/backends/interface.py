"""The interface of backends, and the table of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from aimcodec.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.operators.call import Call

__all__ = ["BACKENDS", "Backend", "backend"]


class Backend(Protocol):
    """An engine. Its methods may be called from several threads at once."""

    name: str

    def run(self, call: Call) -> list[NDArray[Any]]:
        """Computes an operator of ONNX.

        Raises:
            OperatorError: it could not; any error of the engine ends as one.
        """
        ...

    def custom(self, call: Call) -> list[Any]:
        """Computes an operator of the user's with the kernel for this backend; results are arrays if it keeps its word.

        Raises:
            OperatorError: NOT_SUPPORTED: there is no kernel for this backend. INTERNAL_ERROR: the kernel failed.
        """
        ...


def _reference() -> Backend:
    from aimcodec.operators.backends.reference import ReferenceBackend

    return ReferenceBackend()


def _onnxruntime() -> Backend:
    from aimcodec.operators.backends.onnxruntime import OnnxruntimeBackend

    return OnnxruntimeBackend()


def _torch() -> Backend:
    from aimcodec.operators.backends.torch import TorchBackend

    return TorchBackend()


_MAKERS: dict[str, Callable[[], Backend]] = {"reference": _reference, "onnxruntime": _onnxruntime, "torch": _torch}

BACKENDS = tuple(_MAKERS)
"""Names of backends: the evaluator of the onnx package, ONNX Runtime, kernels on PyTorch."""


@lru_cache(maxsize=len(BACKENDS))
def backend(name: str) -> Backend:
    """A backend by name; one for the whole process.

    Raises:
        ArgumentError: there is none of this name.
        ModuleNotFoundError: its engine is not installed; the message says how to install it.
    """
    if name not in _MAKERS:
        raise ArgumentError(f"{name!r} is no backend: there are {', '.join(BACKENDS)}")
    return _MAKERS[name]()
