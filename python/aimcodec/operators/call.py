"""A call of one operator: checked, and as a structure of one node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.model.structures import (
    Attribute,
    Dimension,
    Graph,
    ModelStructure,
    OperatorNode,
    OperatorSet,
    Tensor,
    TensorType,
    VariableNode,
)
from aimcodec.operators.arguments import Arrays, arrays_of, check_types, output_count
from aimcodec.operators.attributes import attributes_of, keywords_of
from aimcodec.operators.catalogue import Operator
from aimcodec.operators.infer import check_memory, infer_custom, infer_outputs
from aimcodec.operators.registry import CustomOperator
from aimcodec.operators.values import check_values

__all__ = ["Call", "prepare"]

FORMAT_VERSION = 10  # of the ONNX representation; the newest that all engines take


@dataclass(frozen=True)
class Call:
    """What a backend needs to know.

    Attributes:
        operator: its definition.
        version: of the operator set.
        arrays: inputs, without those left out at the end.
        types: names of their element types, "" for one that is left out.
        attributes: those given.
        keywords: values of all attributes, as a kernel gets them.
        outputs: how many are wanted.
        output_types: what is known of them.
        custom: where the operator is the user's own.
    """

    operator: Operator
    version: int
    arrays: Arrays
    types: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    keywords: Mapping[str, Any]
    outputs: int
    output_types: tuple[TensorType | None, ...] = ()
    custom: CustomOperator | None = None

    @cached_property
    def node(self) -> OperatorNode:
        """The node; variables are x0, x1 ... and y0, y1 ..."""
        return OperatorNode(
            self.operator.name,
            [f"x{i}" if kind else "" for i, kind in enumerate(self.types)],
            [f"y{i}" for i in range(self.outputs)],
            list(self.attributes),
            domain=self.operator.domain,
        )

    @property
    def feeds(self) -> dict[str, Any]:
        """Arrays by names of variables."""
        return {f"x{i}": array for i, array in enumerate(self.arrays) if array is not None}

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Equal for calls that differ in the sizes and values of inputs only."""
        ranks = tuple(None if array is None else array.ndim for array in self.arrays)
        attributes = tuple((a.name, a.kind, _frozen(a.value)) for a in self.attributes)
        name = (self.operator.domain, self.operator.name, self.version)
        return (
            *name,
            self.types,
            ranks,
            attributes,
            self.outputs,
            tuple(t and t.element_type for t in self.output_types),
        )

    def structure(self, *, sizes: bool = False) -> ModelStructure:
        """A model of this node alone, for inputs of these sizes, or of any."""
        variables = [
            VariableNode(f"x{i}", TensorType(kind, tuple(Dimension(n if sizes else None) for n in array.shape)))
            for i, (kind, array) in enumerate(zip(self.types, self.arrays, strict=True))
            if array is not None
        ]
        kinds = self.output_types or (None,) * self.outputs
        outputs = [
            VariableNode(name, None if kind is None else TensorType(kind.element_type))
            for name, kind in zip(self.node.outputs, kinds, strict=False)
        ]
        graph = Graph("call", [self.node], variables, outputs)
        sets = [OperatorSet(self.operator.domain, self.version)]
        return ModelStructure(graph, sets, format_version=FORMAT_VERSION)


def prepare(
    operator: Operator,
    inputs: Sequence[Any],
    attributes: Mapping[str, Any],
    *,
    version: int,
    outputs: int | None = None,
    custom: CustomOperator | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Call:
    """Checks everything that can be checked before an operator runs.

    Raises:
        OperatorError: the call is wrong; its status says how.
    """
    given = attributes_of(operator, attributes)
    arrays = arrays_of(operator, inputs)
    types = tuple(check_types(operator, arrays))
    keywords = keywords_of(operator, attributes)
    count = output_count(operator, arrays, keywords, outputs)
    call = Call(operator, version, arrays, types, given, keywords, count, custom=custom)
    check_values(operator, arrays, keywords)
    if custom is None:
        kinds = infer_outputs(operator, call.structure(sizes=True), call.feeds)
    else:
        kinds = infer_custom(custom, arrays, types, keywords, count)
    check_memory(operator, kinds, limits)
    return Call(operator, version, arrays, types, given, keywords, count, kinds, custom)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return (value.element_type, value.shape, value.data) if isinstance(value, Tensor) else repr(value)
