"""From graphs to blocks: names become slots, operators kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from aimcodec.errors import InconsistentError, LimitExceededError, UnsupportedError
from aimcodec.limits import Limits
from aimcodec.model.structures import (
    STRING,
    Attribute,
    AttributeKind,
    Function,
    Graph,
    ModelStructure,
    OperatorNode,
    TensorType,
)
from aimcodec.operators.torch.block import EMPTY, UNWANTED, Block, Body, Step, execute, release_early
from aimcodec.operators.torch.choice import Find
from aimcodec.operators.torch.constants import Loader, parameter_loader, sparse_loader, sparse_tensor, text, value_of
from aimcodec.operators.torch.registry import Context

__all__ = ["Compiler", "Scope"]

Attributes = Mapping[str, Attribute]
MAX_DEPTH = 64  # graphs and functions inside each other


class Scope:
    """Names of one graph, and of those around it."""

    def __init__(self, versions: Mapping[str, int], given: Attributes, outer: Scope | None = None) -> None:
        self.block = Block()
        self.versions = versions
        self.given = given
        self.outer = outer
        self.depth: int = outer.depth + 1 if outer else 0
        self.slots: dict[str, int] = {}
        self.types: dict[str, str] = {}
        self.loaders: dict[str, Loader] = {}
        self.captured: dict[int, int] = {}

    def new(self, name: str) -> int:
        """A slot for a value that the graph makes."""
        if name in self.slots or name in self.loaders:
            raise InconsistentError(f"two values have the name {name!r}")
        slot = self.block.slots
        self.block.slots += 1
        self.slots[name] = slot
        return slot

    def find(self, name: str) -> int | None:
        """The slot of a name, through the graphs around; a parameter is loaded where it is first needed."""
        if name in self.slots:
            return self.slots[name]
        if name in self.loaders:
            slot = self.new_parameter(name)
            context = Context(0)
            self.block.steps.append(Step(self.loaders[name], context, (), (slot,), place=f"parameter {name!r}"))
            return slot
        outside = self.outer.find(name) if self.outer is not None else None
        if outside is None:
            return None
        slot = self.captured.get(outside, -1)
        if slot < 0:
            slot = self.captured[outside] = self.block.slots
            self.block.slots += 1
        return slot

    def new_parameter(self, name: str) -> int:
        """A slot for a parameter."""
        slot = self.slots[name] = self.block.slots
        self.block.slots += 1
        return slot

    def type_of(self, name: str) -> str:
        """The element type of a name, where the structure tells it; else ""."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.types:
                return scope.types[name]
            scope = scope.outer
        return ""


class Compiler:
    """Makes blocks, and collects what no kernel is there for."""

    def __init__(self, structure: ModelStructure, parameters: Mapping[str, torch.Tensor], find: Find, limits: Limits):
        self.functions = {(f.domain, f.name, f.overload): f for f in structure.functions}
        self.parameters = parameters
        self.find = find
        self.limits = limits
        self.steps = 0
        self.unsupported: set[str] = set()

    def graph(self, graph: Graph, scope: Scope, path: str) -> Block:
        """The block of a graph.

        Raises:
            InconsistentError: names that nothing gives, or that two things do.
            LimitExceededError: too many steps, or graphs inside each other.
        """
        self._check_depth(scope)
        self._declare(graph, scope)
        scope.block.inputs = [scope.new(variable.name) for variable in graph.inputs]
        self._nodes(graph.nodes, scope, path)
        return self._finish([variable.name for variable in graph.outputs], scope, path)

    def function(self, function: Function, scope: Scope, path: str) -> Block:
        """The block of a function of the model."""
        self._check_depth(scope)
        for variable in function.variables:
            if isinstance(variable.type, TensorType):
                scope.types[variable.name] = variable.type.element_type
        scope.block.inputs = [scope.new(name) for name in function.inputs]
        self._nodes(function.nodes, scope, path)
        return self._finish(function.outputs, scope, path)

    def _check_depth(self, scope: Scope) -> None:
        if scope.depth > MAX_DEPTH:
            raise LimitExceededError(f"graphs and functions are inside each other more than {MAX_DEPTH} deep")

    def _declare(self, graph: Graph, scope: Scope) -> None:
        for variable in (*graph.inputs, *graph.outputs, *graph.variables):
            if isinstance(variable.type, TensorType):
                scope.types[variable.name] = variable.type.element_type
                if variable.type.element_type == STRING:
                    self.unsupported.add(f"texts ({variable.name!r})")
        given = {variable.name for variable in graph.inputs}
        for tensor in graph.parameters:
            scope.types[tensor.name] = tensor.element_type
            if tensor.element_type == STRING:
                self.unsupported.add(f"texts ({tensor.name!r})")
            elif tensor.name not in given:
                scope.loaders[tensor.name] = parameter_loader(tensor, self.parameters)
        for sparse in graph.sparse_parameters:
            scope.types[sparse.values.name] = sparse.values.element_type
            scope.loaders[sparse.values.name] = sparse_loader(sparse, self.parameters, self.limits)

    def _finish(self, names: list[str], scope: Scope, path: str) -> Block:
        for name in names:
            slot = scope.find(name)
            if slot is None:
                raise InconsistentError(f"nothing gives the output {name!r}", path=path)
            scope.block.outputs.append(slot)
        release_early(scope.block)
        return scope.block

    def _nodes(self, nodes: list[OperatorNode], scope: Scope, path: str) -> None:
        for index, node in enumerate(nodes):
            self.steps += 1
            if self.steps > self.limits.max_units:
                raise LimitExceededError(f"max_units is {self.limits.max_units}, the program has more steps")
            self._node(node, scope, f"{path}.nodes[{index}] ({node.operator} {node.name!r})")

    def _node(self, node: OperatorNode, scope: Scope, place: str) -> None:
        inputs = []
        for name in node.inputs:
            slot = scope.find(name) if name else EMPTY
            if slot is None:
                raise InconsistentError(f"nothing gives the input {name!r}", path=place)
            inputs.append(slot)
        step = self._step(node, scope, place)
        step.inputs = tuple(inputs)
        step.outputs = tuple(scope.new(name) if name else UNWANTED for name in node.outputs)
        scope.block.steps.append(step)

    def _step(self, node: OperatorNode, scope: Scope, place: str) -> Step:
        given = {a.name: a for a in (self._resolve(a, scope) for a in node.attributes) if a is not None}
        types = tuple(scope.type_of(name) for name in node.inputs)
        version = scope.versions.get("" if node.domain == "ai.onnx" else node.domain, 1)
        context = Context(version, len(node.outputs), types, self.limits)
        own = self.functions.get((node.domain, node.operator, node.overload))
        if own is not None:
            return Step(self._call(own, given, scope, place, len(node.inputs)), context, (), (), place=place)
        found = self.find(node.domain, node.operator, version)
        step = Step(found.call if found else _nothing, context, (), (), place=place)
        if found is None:
            self.unsupported.add(f"{node.domain or 'ai.onnx'}.{node.operator} of version {version}")
        else:
            step.attributes.update(found.defaults)
            self._attributes(step, given, node, scope, found.attributes)
        return step

    def _resolve(self, attribute: Attribute, scope: Scope) -> Attribute | None:
        if not attribute.reference:
            return attribute
        source = scope.given.get(attribute.reference)
        return source and Attribute(attribute.name, source.kind, source.value)

    def _attributes(
        self, step: Step, given: Attributes, node: OperatorNode, scope: Scope, known: Mapping[str, bool]
    ) -> None:
        missing = [name for name, required in known.items() if required and name not in given]
        if missing:
            raise InconsistentError(f"the attribute {missing[0]!r} is missing", path=step.place)
        for name, attribute in given.items():
            if name not in known:
                self.unsupported.add(f"{node.domain or 'ai.onnx'}.{node.operator} with attribute {name!r}")
            elif isinstance(attribute.value, Graph):
                step.bodies[name] = self._body(attribute.value, scope, f"{step.place}.{name}")
            elif attribute.kind == AttributeKind.SPARSE_TENSOR:
                step.attributes[name] = sparse_tensor(attribute.value, self.parameters, self.limits)
            else:
                try:
                    step.attributes[name] = value_of(attribute, self.parameters)
                except UnsupportedError as error:
                    self.unsupported.add(f"{node.operator} with attribute {name!r}: {error.message}")

    def _body(self, graph: Graph, outer: Scope, path: str) -> Body:
        scope = Scope(outer.versions, outer.given, outer)
        block = self.graph(graph, scope, path)
        return Body(block, list(scope.captured), list(scope.captured.values()))

    def _call(self, function: Function, given: Attributes, outer: Scope, place: str, inputs: int) -> Callable[..., Any]:
        versions = {("" if s.domain == "ai.onnx" else s.domain): s.version for s in function.operator_sets}
        scope = Scope(versions or outer.versions, {**{a.name: a for a in function.defaults}, **given})
        scope.depth = outer.depth + 1
        block = self.function(function, scope, f"{place}.{text(function.name)}")
        if inputs > len(block.inputs):
            raise InconsistentError(f"a function of {len(block.inputs)} inputs is given {inputs}", path=place)

        def call(_: Context, *arguments: Any) -> tuple[Any, ...]:
            padded = [*arguments, *[None] * (len(block.inputs) - len(arguments))]
            return tuple(execute(block, [None] * block.slots, padded))

        return call


def _nothing(_: Context) -> None:
    """Stands where a kernel is missing, until all that are missing are known."""
