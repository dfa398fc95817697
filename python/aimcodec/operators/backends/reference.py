"""Operators computed by the evaluator of the onnx package: plain numpy, slow, and close to the text of ONNX."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.operators.backends.cache import Cache
from aimcodec.operators.backends.kernels import call_kernel, translated
from aimcodec.operators.backends.quantised import EXACT
from aimcodec.operators.call import Call, prepare
from aimcodec.operators.catalogue import get
from aimcodec.operators.status import Status, failure

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx.reference import ReferenceEvaluator

__all__ = ["ReferenceBackend"]


# Operators whose meaning changed in a version while the evaluator computes the newer one for all.
_MEANING_SINCE = {"Hardmax": 13, "LogSoftmax": 13, "Resize": 11, "Softmax": 13}


class ReferenceBackend:
    """`onnx.reference`. An evaluator has no state that a run changes, so threads share it."""

    name = "reference"

    def __init__(self) -> None:
        self._evaluators: Cache[ReferenceEvaluator] = Cache(_evaluator)

    def run(self, call: Call) -> list[NDArray[Any]]:
        """See `Backend`."""
        if not call.operator.domain and call.version < _MEANING_SINCE.get(call.operator.name, 0):
            text = f"the evaluator of onnx does not know what it meant in version {call.version}"
            raise failure(Status.NOT_SUPPORTED, text, call.operator.full_name)
        if not call.operator.domain and call.operator.name in EXACT:
            return self._exact(call)
        feeds = {name: _fed(array) for name, array in call.feeds.items()}
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                results = self._evaluators.get(call).run(None, feeds)
        except Exception as error:
            raise translated(error, call, "onnx reference") from error
        return [np.asarray(result) for result in results]

    def _exact(self, call: Call) -> list[NDArray[Any]]:
        def convolve(x: NDArray[Any], w: NDArray[Any], attributes: Mapping[str, Any]) -> NDArray[Any]:
            return self.run(prepare(get("Conv", version=call.version), [x, w], attributes, version=call.version))[0]

        try:
            return [EXACT[call.operator.name](call, convolve)]
        except Exception as error:
            raise translated(error, call, "reference") from error

    def custom(self, call: Call) -> list[Any]:
        """See `Backend`."""
        return call_kernel(call, self.name, np.asarray, lambda value: value)


def _evaluator(call: Call) -> ReferenceEvaluator:
    from onnx.reference import ReferenceEvaluator

    from aimcodec.model.onnx.writing import to_proto

    return ReferenceEvaluator(to_proto(call.structure(), None))


def _fed(array: NDArray[Any]) -> NDArray[Any]:
    """Its kernels expect objects where texts are."""
    return array.astype(object) if array.dtype.kind in "UT" else array
