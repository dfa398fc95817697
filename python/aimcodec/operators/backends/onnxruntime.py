"""Operators computed by ONNX Runtime on the CPU, one session for a kind of call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.operators.backends.cache import Cache
from aimcodec.operators.backends.kernels import call_kernel, named, translated
from aimcodec.operators.call import Call
from aimcodec.operators.status import OperatorError, Status, failure

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OnnxruntimeBackend"]

SILENT = 4  # of the levels of its log: what goes wrong is raised too
_TEXTS = (
    (re.compile(r"out of (data )?bounds|out of range|out-of-range", re.IGNORECASE), Status.OUT_OF_RANGE),
    (re.compile(r"bad_alloc|failed to allocate|bad allocation", re.IGNORECASE), Status.ALLOC_FAILED),
)


class OnnxruntimeBackend:
    """ONNX Runtime. Sessions may be run by several threads at once."""

    name = "onnxruntime"

    def __init__(self) -> None:
        try:
            import onnxruntime  # type: ignore[import-untyped]
        except ModuleNotFoundError as error:
            raise named("onnxruntime", "ONNX Runtime", "onnxruntime") from error
        self._engine = onnxruntime
        self._sessions: Cache[Any] = Cache(self._session)

    def run(self, call: Call) -> list[NDArray[Any]]:
        """See `Backend`."""
        for kind, array in zip(call.types, call.arrays, strict=True):
            if array is not None and array.dtype.isbuiltin != 1 and kind != "STRING":
                text = f"elements of type {kind}: its Python interface takes those of numpy only"
                raise failure(Status.NOT_SUPPORTED, text, call.operator.full_name)
        session = self._sessions.get(call)
        try:
            results = session.run(None, {name: np.asarray(array, order="C") for name, array in call.feeds.items()})
        except Exception as error:
            raise _translated(error, call) from error
        return [np.asarray(result) for result in results]

    def custom(self, call: Call) -> list[Any]:
        """See `Backend`."""
        return call_kernel(call, self.name, np.asarray, lambda value: value)

    def _session(self, call: Call) -> Any:
        from aimcodec.model.onnx.writing import to_proto

        options = self._engine.SessionOptions()
        options.log_severity_level = SILENT
        options.intra_op_num_threads = 1
        options.graph_optimization_level = self._engine.GraphOptimizationLevel.ORT_DISABLE_ALL
        model = to_proto(call.structure(), None).SerializeToString()
        try:
            return self._engine.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its checks of graphs come after ours: what is left is what it does not have
            text = " ".join(str(error).split())[:300]
            raise failure(Status.NOT_SUPPORTED, f"onnxruntime: {text}", call.operator.full_name) from error


def _translated(error: Exception, call: Call) -> OperatorError:
    text = " ".join(str(error).split())[:300]
    kinds = {"NotImplemented": Status.NOT_SUPPORTED, "InvalidArgument": Status.INVALID_ARGUMENT}
    found = next((status for pattern, status in _TEXTS if pattern.search(text)), None)
    if found is None and type(error).__module__.startswith("onnxruntime"):
        found = kinds.get(type(error).__name__, Status.INVALID_ARGUMENT)
    if found is None:
        return translated(error, call, "onnxruntime")
    return failure(found, f"onnxruntime: {text}", call.operator.full_name)
