"""Which function computes a node: a kernel of ours, or that of a custom operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aimcodec.operators.registry import CustomOperator, Registry
from aimcodec.operators.registry import Kernel as CustomKernel
from aimcodec.operators.torch.registry import Context, attributes_of, find

__all__ = ["Choice", "Find", "finder"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A function, and its attributes: whether a node has to give them, and what those have that it does not give."""

    call: Callable[..., Any]
    attributes: Mapping[str, bool]
    defaults: Mapping[str, Any] = field(default_factory=dict)


Find = Callable[[str, str, int], Choice | None]
"""From a domain, an operator and a version of the domain."""


def finder(registry: Registry | None) -> Find:
    """Looks in a registry, then among our kernels."""

    def choose(domain: str, operator: str, version: int) -> Choice | None:
        custom = None if registry is None else registry.find(operator, domain, version)
        kernel = None if custom is None else custom.kernel("torch")
        if custom is not None and kernel is not None:
            return _custom(custom, kernel)
        function = find(domain, operator, version)
        return None if function is None else Choice(function, attributes_of(function))

    return choose


def _custom(operator: CustomOperator, kernel: CustomKernel) -> Choice:
    """Kernels of custom operators get no context, and a value or None for every formal input."""
    formal = len(operator.inputs)

    def call(_: Context, *inputs: Any, **attributes: Any) -> Any:
        return kernel(*inputs, *[None] * (formal - len(inputs)), **attributes)

    rules = operator.attributes
    return Choice(call, {rule.name: rule.required for rule in rules}, {rule.name: rule.default for rule in rules})
