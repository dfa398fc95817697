"""PyTorch: kernels of this package, on the memory that parameters were decoded to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aimcodec.errors import UnsupportedError
from aimcodec.inference.engines.base import Capabilities, Stop, refuse
from aimcodec.inference.engines.giving import place
from aimcodec.inference.engines.libraries import library, version_of
from aimcodec.model.structures import ModelStructure, OptionalType, SequenceType, TensorType, Type
from aimcodec.model.walk import all_tensors

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from aimcodec.inference.config import Config
    from aimcodec.inference.weights import Loading

__all__ = ["ENGINE"]


class TorchEngine:
    """Makes programs of `aimcodec.operators.torch`."""

    def capabilities(self) -> Capabilities:
        """PyTorch has threads for the process, not for a predictor: see `torch.set_num_threads`."""
        version = version_of("torch")
        devices = ("cpu",) if version else ()
        return Capabilities(
            "torch", version, devices, frozenset({"lazy", "operators"}), stops=False, parallel_runs=True
        )

    def prepare(self, config: Config, structure: ModelStructure, loading: Loading) -> TorchInstance:
        """A program. Lazily, its first run waits for each parameter when it gets there.

        Raises:
            AimcError: an operator or type is not known, or the graph is wrong.
            ModuleNotFoundError: torch is not installed.
        """
        library("torch")
        refuse(self.capabilities(), config)
        from aimcodec.operators.torch import TorchProgram

        parameters = Parameters(structure, loading)
        if not config.lazy:
            parameters.wait()
        return TorchInstance(
            TorchProgram(structure, parameters, registry=config.operators, limits=config.limits), structure, parameters
        )


class Parameters(Mapping[str, "torch.Tensor"]):
    """Parameters as tensors that share the memory of the arrays, each made when it is first asked for."""

    def __init__(self, structure: ModelStructure, loading: Loading) -> None:
        self._types = {t.parameter: t.element_type for t in all_tensors(structure) if t.parameter is not None}
        self._loading = loading
        self._tensors: dict[str, torch.Tensor] = {}
        self.storages: set[int] = set()

    def __getitem__(self, name: str) -> torch.Tensor:
        """A parameter, waited for."""
        found = self._tensors.get(name)
        if found is None:
            from aimcodec.operators.torch import from_array

            found = self._tensors[name] = from_array(self._loading.get(name), self._types[name])
            self.storages |= _storages(found)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def wait(self) -> None:
        """Have all of them."""
        for name in self:
            self[name]

    def end(self) -> None:
        """No more are wanted."""
        self._loading.end()


class TorchInstance:
    """A program; runs of many threads go on at the same time."""

    def __init__(self, program: Any, structure: ModelStructure, parameters: Parameters) -> None:
        self._program = program
        self._types = {v.name: v.type for v in (*structure.graph.inputs, *structure.graph.outputs)}
        self._parameters = parameters

    def run(
        self, feeds: Mapping[str, Any], outputs: Sequence[str], into: Mapping[str, NDArray[Any]], stop: Stop
    ) -> dict[str, Any]:
        """See `Instance`; what is in `into` is copied there."""
        from aimcodec.operators.torch import from_array, to_array

        given = {name: _converted(value, self._types[name], from_array) for name, value in feeds.items()}
        found = self._program.run(given, list(outputs))
        kept = self._parameters.storages.union(*map(_storages, given.values()))
        return {n: place(n, _converted(_own(v, kept), self._types[n], to_array), into) for n, v in found.items()}

    def profile(self) -> Mapping[str, float]:
        """Nothing is kept."""
        return {}

    def close(self) -> None:
        """Forget the program and its parameters."""
        self._program = None
        self._parameters.end()


def _storages(value: Any) -> set[int]:
    """Where the memory of a value begins."""
    if isinstance(value, (list, tuple)):
        return set().union(*map(_storages, value))
    return set() if value is None else {value.untyped_storage().data_ptr()} - {0}


def _own(value: Any, kept: set[int]) -> Any:
    """The value, as a copy where it is memory of an input or parameter: callers may change what they get."""
    if isinstance(value, (list, tuple)):
        return [_own(item, kept) for item in value]
    return value.clone() if _storages(value) & kept else value


def _converted(value: Any, kind: Type | None, convert: Callable[[Any, str], Any]) -> Any:
    """A value with each of its tensors converted; `convert` is told the type of their elements."""
    if isinstance(kind, TensorType):
        return convert(value, kind.element_type)
    if isinstance(kind, SequenceType):
        return [_converted(item, kind.element, convert) for item in value]
    if isinstance(kind, OptionalType):
        return None if value is None else _converted(value, kind.element, convert)
    raise UnsupportedError(f"PyTorch has no values of type {type(kind).__name__}")


ENGINE = TorchEngine()
