"""A session of ONNX Runtime that is ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aimcodec.errors import UnsupportedError
from aimcodec.inference.engines.base import Stop
from aimcodec.inference.engines.onnxruntime_errors import typed_errors
from aimcodec.inference.engines.onnxruntime_profile import seconds_by_node
from aimcodec.inference.engines.onnxruntime_values import PLAIN, from_value, to_value
from aimcodec.model.structures import ModelStructure, OptionalType, SequenceType, TensorType, Type
from aimcodec.operators.kernel_errors import kernel_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SessionInstance"]


class SessionInstance:
    """A session; runs of many threads go on at the same time."""

    def __init__(self, ort: Any, session: Any, structure: ModelStructure, profiled: bool):
        self._ort = ort
        self._session = session
        self._types = {v.name: v.type for v in (*structure.graph.inputs, *structure.graph.outputs)}
        self._profiled = profiled
        self._times: dict[str, float] = {}

    def run(
        self, feeds: Mapping[str, Any], outputs: Sequence[str], into: Mapping[str, NDArray[Any]], stop: Stop
    ) -> dict[str, Any]:
        """See `Instance`; what is in `into` is written by the session itself."""
        options = self._ort.RunOptions()
        options.log_severity_level = 4

        def end() -> None:
            options.terminate = True

        stop.call(end)
        with typed_errors("the run failed"), kernel_errors(end):
            if into:
                return self._bound(feeds, outputs, into, options)
            if all(_is_plain(self._types.get(name)) for name in (*feeds, *outputs)):
                return dict(zip(outputs, self._session.run(list(outputs), dict(feeds), options), strict=True))
            values = {name: self._value(name, value) for name, value in feeds.items()}
            found = self._session.run_with_ort_values(list(outputs), values, options)
            pairs = zip(outputs, found, strict=True)
            return {name: from_value(value, self._element_type(name)) for name, value in pairs}

    def _bound(
        self, feeds: Mapping[str, Any], outputs: Sequence[str], into: Mapping[str, NDArray[Any]], options: Any
    ) -> dict[str, Any]:
        binding = self._session.io_binding()
        kept = {name: self._value(name, value) for name, value in feeds.items()}
        kept |= {f"output {name}": self._value(name, array) for name, array in into.items()}
        for name in feeds:
            binding.bind_ortvalue_input(name, kept[name])
        for name in outputs:
            if name in into:
                binding.bind_ortvalue_output(name, kept[f"output {name}"])
            else:
                binding.bind_output(name)
        self._session.run_with_iobinding(binding, options)
        found = dict(zip(outputs, binding.get_outputs(), strict=True))
        return {n: into[n] if n in into else from_value(v, self._element_type(n)) for n, v in found.items()}

    def _element_type(self, name: str) -> str:
        kind = self._types.get(name)
        if not isinstance(kind, TensorType):
            raise UnsupportedError(f"{name!r} is no tensor: it cannot be together with element types of others")
        return kind.element_type

    def _value(self, name: str, value: Any) -> Any:
        return to_value(self._ort, value, self._element_type(name))

    def profile(self) -> Mapping[str, float]:
        """Seconds by node; keeping them ends with the first call."""
        if self._profiled:
            self._profiled = False
            self._times = seconds_by_node(self._session.end_profiling())
        return self._times

    def close(self) -> None:
        """Release the session."""
        self.profile()
        self._session = None


def _is_plain(kind: Type | None) -> bool:
    if isinstance(kind, (SequenceType, OptionalType)):
        return _is_plain(kind.element)
    return not isinstance(kind, TensorType) or kind.element_type in PLAIN
