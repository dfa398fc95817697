"""The evaluator of onnx: slow, and the meaning of each operator."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aimcodec.errors import AimcError, InconsistentError, UnsupportedError
from aimcodec.inference.engines.base import Capabilities, Stop, refuse
from aimcodec.inference.engines.custom import custom_of
from aimcodec.inference.engines.giving import own, place
from aimcodec.inference.engines.graphs import proto_with, without_parameters
from aimcodec.inference.engines.libraries import library, version_of
from aimcodec.inference.engines.reference_operators import check_attribute_names, operator_class
from aimcodec.model.structures import ModelStructure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.inference.config import Config
    from aimcodec.inference.weights import Loading

__all__ = ["ENGINE"]


class ReferenceEngine:
    """Makes evaluators."""

    def capabilities(self) -> Capabilities:
        """Runs of one predictor wait for each other: the evaluator does not say that it may be entered twice."""
        version = version_of("onnx")
        devices = ("cpu",) if version else ()
        return Capabilities("reference", version, devices, frozenset({"operators"}), stops=False, parallel_runs=False)

    def prepare(self, config: Config, structure: ModelStructure, loading: Loading) -> ReferenceInstance:
        """An evaluator. Parameters of the main graph are given with each run, as they are: nothing is copied.

        Raises:
            AimcError: an operator is not known, or the graph is wrong.
            ModuleNotFoundError: onnx is not installed.
        """
        library("onnx")
        refuse(self.capabilities(), config)
        from onnx.reference import ReferenceEvaluator

        check_attribute_names(structure)
        proto = proto_with(without_parameters(structure), (), loading)
        classes = [operator_class(operator) for operator in custom_of(config.operators, structure).values()]
        try:
            evaluator = ReferenceEvaluator(proto, new_ops=classes)
        except AimcError:
            raise
        except (NotImplementedError, RuntimeError) as error:
            raise UnsupportedError(f"the model cannot be prepared: onnx says: {_line(error)}") from error
        except Exception as error:
            raise InconsistentError(f"the model cannot be prepared: onnx says: {_line(error)}") from error
        named = [tensor for tensor in structure.graph.parameters if tensor.parameter is not None]
        parameters = {tensor.name: loading.get(str(tensor.parameter)) for tensor in named}
        return ReferenceInstance(evaluator, parameters)


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:1000]


class ReferenceInstance:
    """An evaluator, and the parameters that it is given."""

    def __init__(self, evaluator: Any, parameters: Mapping[str, NDArray[Any]]) -> None:
        self._evaluator = evaluator
        self._parameters = parameters
        self._turn = threading.Lock()

    def run(
        self, feeds: Mapping[str, Any], outputs: Sequence[str], into: Mapping[str, NDArray[Any]], stop: Stop
    ) -> dict[str, Any]:
        """See `Instance`; what is in `into` is copied there."""
        given = {**self._parameters, **feeds}
        with self._turn:
            try:
                found = dict(zip(outputs, self._evaluator.run(list(outputs), given), strict=True))
            except AimcError:
                raise
            except NotImplementedError as error:
                raise UnsupportedError(f"the run failed: onnx says: {_line(error)}") from error
            except Exception as error:
                raise InconsistentError(f"the run failed: onnx says: {_line(error)}") from error
        return {name: place(name, own(value, [*given.values()]), into) for name, value in found.items()}

    def profile(self) -> Mapping[str, float]:
        """Nothing is kept."""
        return {}

    def close(self) -> None:
        """Forget the parameters."""
        self._parameters = {}


ENGINE = ReferenceEngine()
