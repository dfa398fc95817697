"""A structure as a program of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from aimcodec.errors import ArgumentError, UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.model.structures import ModelStructure, TensorType, VariableNode
from aimcodec.operators.registry import Registry
from aimcodec.operators.torch.block import execute
from aimcodec.operators.torch.choice import finder
from aimcodec.operators.torch.compiler import Compiler, Scope
from aimcodec.operators.torch.constants import Loader, parameter_loader
from aimcodec.operators.torch.elements import torch_type
from aimcodec.operators.torch.registry import Context

__all__ = ["TorchProgram"]


class TorchProgram:
    """A model that is run with PyTorch, on tensors in main memory, without gradients.

    Names are resolved and kernels looked up once. A run changes nothing in the program, so any number of threads may
    run one at a time. Values are let go after their last use. Parameters are looked up in the mapping when they are
    first needed in a run, so the mapping may decode them then.

    Args:
        structure: of the model.
        parameters: values of its parameters by name; elements below 8 bits as `from_array` carries them.
        registry: of custom operators, whose kernels for "torch" the model may use.
        limits: what the model may ask for: `max_elements` of a result, `max_units` steps, and trips of a loop.

    Raises:
        InconsistentError: names that nothing gives, or that two things do; an attribute that is missing.
        LimitExceededError: too many steps.
        MissingReferenceError: a parameter that is not in the mapping.
        UnsupportedError: operators or types that there are no kernels for; the message names all.
    """

    def __init__(
        self,
        structure: ModelStructure,
        parameters: Mapping[str, torch.Tensor],
        *,
        registry: Registry | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        versions = {("" if s.domain == "ai.onnx" else s.domain): s.version for s in structure.operator_sets}
        compiler = Compiler(structure, parameters, finder(registry), limits)
        self._block = compiler.graph(structure.graph, Scope(versions, {}), "graph")
        if compiler.unsupported:
            raise UnsupportedError(f"no kernels of PyTorch for {', '.join(sorted(compiler.unsupported))}")
        self._inputs = {variable.name: variable for variable in structure.graph.inputs}
        self._outputs = {variable.name: place for place, variable in enumerate(structure.graph.outputs)}
        self._defaults: dict[str, Loader] = {
            tensor.name: parameter_loader(tensor, parameters)
            for tensor in structure.graph.parameters
            if tensor.name in self._inputs
        }

    def run(self, inputs: Mapping[str, Any], outputs: Sequence[str] | None = None) -> dict[str, Any]:
        """Compute outputs.

        Args:
            inputs: tensors by name; lists of them for sequences, None for an optional value without value. Inputs that
                the structure has parameters for may be left out.
            outputs: names of those wanted; all when None.

        Returns:
            Values by name, in the order asked for. They may share memory with inputs and parameters.

        Raises:
            ArgumentError: an input is missing, unknown, or has another type or shape; an output is unknown.
            InconsistentError: values that an operator cannot be used with; `path` names the node.
            LimitExceededError: a result of more elements than `max_elements`.
            UnsupportedError: types that PyTorch has no such operation for.
        """
        wanted = list(self._outputs) if outputs is None else list(outputs)
        for name in wanted:
            if name not in self._outputs:
                raise ArgumentError(f"the model has no output {name!r}")
        for name in inputs:
            if name not in self._inputs:
                raise ArgumentError(f"the model has no input {name!r}")
        arguments = [self._input(variable, inputs) for variable in self._inputs.values()]
        with torch.inference_mode():
            results = execute(self._block, [None] * self._block.slots, arguments)
        return {name: results[self._outputs[name]] for name in wanted}

    def _input(self, variable: VariableNode, inputs: Mapping[str, Any]) -> Any:
        name = variable.name
        if name not in inputs:
            if name in self._defaults:
                return self._defaults[name](Context(0))
            raise ArgumentError(f"the input {name!r} is missing")
        value = inputs[name]
        if isinstance(variable.type, TensorType):
            _check_tensor(name, value, variable.type)
        return value


def _check_tensor(name: str, value: Any, expected: TensorType) -> None:
    if not isinstance(value, torch.Tensor):
        raise ArgumentError(f"the input {name!r} is no tensor but {type(value).__name__}")
    if value.dtype != torch_type(expected.element_type):
        raise ArgumentError(f"the input {name!r} has elements of type {value.dtype}, not {expected.element_type}")
    if expected.size is None:
        return
    fits = len(expected.size) == value.ndim and all(
        dimension.value is None or dimension.value < 0 or dimension.value == size
        for dimension, size in zip(expected.size, value.shape, strict=True)
    )
    if not fits:
        told = [dimension.symbol if dimension.value is None else dimension.value for dimension in expected.size]
        raise ArgumentError(f"the input {name!r} has the shape {list(value.shape)}, not {told}")
