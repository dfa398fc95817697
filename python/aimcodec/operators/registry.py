"""Operators that a user brings along: definition, kernels for backends, and a function of types.

>>> def halve(x, *, times=1):
...     return x / 2**times
>>> registry = Registry()
>>> registry.register(
...     CustomOperator(
...         name="Halve",
...         domain="com.example",
...         version=1,
...         inputs=(Parameter("x", "T"),),
...         outputs=(Parameter("y", "T"),),
...         attributes=(AttributeRule("times", AttributeKind.INT, default=1),),
...         type_constraints={"T": ("FLOAT32",)},
...         kernels={"reference": halve, "torch": halve},
...         infer_types=lambda inputs, attributes: inputs,
...     )
... )
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aimcodec.errors import ArgumentError, UnsupportedError
from aimcodec.model.structures import Attribute, AttributeKind, OperatorNode, Type
from aimcodec.operators.catalogue import AttributeRule, Operator, Parameter, full_name
from aimcodec.operators.status import OperatorError, Status, failure

__all__ = ["CustomOperator", "InferTypes", "Kernel", "Registry", "default_registry"]

Kernel = Callable[..., Any]
InferTypes = Callable[[Sequence[Type | None], Mapping[str, Any]], Sequence[Type | None]]

_RESERVED = ("", "ai.onnx")


@dataclass(frozen=True)
class CustomOperator:
    """An operator of a domain of the user's.

    Attributes:
        name: unique in the domain.
        domain: a reverse domain name; the domain of ONNX is taken.
        version: of the domain, from which on this definition holds.
        inputs: formal inputs.
        outputs: formal outputs.
        attributes: formal attributes.
        type_constraints: names of element types (of the AIM text, or "STRING") by type variable.
        kernels: by name of a backend ("reference", "onnxruntime", "torch") a function of the inputs, None for one that
            is left out, and of the attributes as keywords: int, float, str, arrays for tensors, lists for the kinds in
            the plural. It gives one value, or a tuple of as many as there are outputs. Values are tensors of PyTorch
            for "torch", arrays of numpy for the others; "onnxruntime" falls back to the kernel of "reference". Kernels
            are called from several threads at once.
        infer_types: types of the outputs from those of the inputs (None: nothing known) and the attributes.
        documentation: for people.
    """

    name: str
    domain: str
    version: int
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    kernels: Mapping[str, Kernel]
    attributes: tuple[AttributeRule, ...] = ()
    type_constraints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    infer_types: InferTypes | None = None
    documentation: str = ""

    @property
    def definition(self) -> Operator:
        """The same as an entry of the catalogue."""
        return Operator(
            name=self.name,
            domain=self.domain,
            since_version=self.version,
            inputs=self.inputs,
            outputs=self.outputs,
            attributes=self.attributes,
            type_constraints=tuple(self.type_constraints.items()),
            documentation=self.documentation,
        )

    @property
    def full_name(self) -> str:
        """With the domain in front."""
        return full_name(self.name, self.domain)

    def kernel(self, backend: str) -> Kernel | None:
        """The function for a backend, or None."""
        found = self.kernels.get(backend)
        return self.kernels.get("reference") if found is None and backend == "onnxruntime" else found

    def infer(self, input_types: Sequence[Type | None], attributes: Mapping[str, Any]) -> list[Type | None]:
        """Types of the outputs; None where nothing is known.

        Raises:
            OperatorError: INTERNAL_ERROR: the function of types failed, or gave another number of types; or with the
                status that it chose.
        """
        if self.infer_types is None:
            return [None] * len(self.outputs)
        try:
            found = list(self.infer_types(tuple(input_types), attributes))
        except OperatorError:
            raise
        except Exception as error:  # code of the user's
            text = f"its function of types failed: {type(error).__name__}: {error}"
            raise failure(Status.INTERNAL_ERROR, text, self.full_name) from error
        if len(found) != len(self.outputs):
            text = f"its function of types gave {len(found)} types for {len(self.outputs)} outputs"
            raise failure(Status.INTERNAL_ERROR, text, self.full_name)
        return found


class Registry:
    """Custom operators by domain, name and version. Safe to use from several threads."""

    def __init__(self, operators: Sequence[CustomOperator] = ()) -> None:
        self._lock = threading.Lock()
        self._operators: dict[tuple[str, str], tuple[CustomOperator, ...]] = {}
        for operator in operators:
            self.register(operator)

    def register(self, operator: CustomOperator) -> None:
        """Adds an operator.

        Raises:
            ArgumentError: it is not complete, its domain is that of ONNX, or this version of it is there.
        """
        _check(operator)
        key = (operator.domain, operator.name)
        with self._lock:
            known = self._operators.get(key, ())
            if any(other.version == operator.version for other in known):
                raise ArgumentError(f"{operator.full_name} is registered for version {operator.version} already")
            self._operators[key] = tuple(sorted((*known, operator), key=lambda o: o.version))

    def unregister(self, name: str, domain: str) -> None:
        """Takes all versions of an operator away.

        Raises:
            ArgumentError: there is none.
        """
        with self._lock:
            if self._operators.pop((domain, name), None) is None:
                raise ArgumentError(f"{full_name(name, domain)} is not registered")

    def find(self, name: str, domain: str, version: int | None = None) -> CustomOperator | None:
        """The newest definition that is not newer than a version of the domain (None: the newest), or None."""
        for operator in reversed(self._operators.get((domain, name), ())):
            if version is None or operator.version <= version:
                return operator
        return None

    def operators(self) -> list[CustomOperator]:
        """All of them, by domain, name and version."""
        with self._lock:
            return [operator for key in sorted(self._operators) for operator in self._operators[key]]

    def infer(
        self, node: OperatorNode, input_types: Sequence[Type | None], version: int | None = None
    ) -> list[Type | None]:
        """Types of the outputs of a node.

        Args:
            node: of a custom operator.
            input_types: for each input of the node its type; None where nothing is known.
            version: of the domain.

        The function of types gets attributes as Python values, texts as str; tensors as they are in the structure.

        Returns:
            A type for each formal output; None where nothing is known.

        Raises:
            UnsupportedError: the operator is not registered.
            OperatorError: the function of types failed, or gave another number of types.
        """
        operator = self.find(node.operator, node.domain, version)
        if operator is None:
            raise UnsupportedError(f"{full_name(node.operator, node.domain)} is not registered")
        attributes = {rule.name: rule.default for rule in operator.attributes}
        return operator.infer(input_types, attributes | {a.name: _plain(a) for a in node.attributes})


def _plain(attribute: Attribute) -> Any:
    """A value of an attribute as a kernel gets it: texts as str."""
    if attribute.kind is AttributeKind.STRING:
        return attribute.value.decode("utf-8", "surrogateescape")
    if attribute.kind is AttributeKind.STRINGS:
        return [value.decode("utf-8", "surrogateescape") for value in attribute.value]
    return attribute.value


def _check(operator: CustomOperator) -> None:
    if not operator.name.isidentifier():
        raise ArgumentError(f"{operator.name!r} is not a name for an operator: letters, digits and _")
    if operator.domain in _RESERVED:
        raise ArgumentError(f"{operator.name}: the domain of ONNX takes no other operators")
    if operator.version < 1 or not operator.outputs or not operator.kernels:
        raise ArgumentError(f"{operator.full_name} needs a version of 1 or more, an output and a kernel")
    for kind, names in (
        ("inputs", [p.name for p in operator.inputs]),
        ("outputs", [p.name for p in operator.outputs]),
        ("attributes", [rule.name for rule in operator.attributes]),
    ):
        if len(set(names)) < len(names):
            raise ArgumentError(f"{operator.full_name}: two {kind} have the same name")
    for rule in operator.attributes:
        if not rule.name.isidentifier():
            raise ArgumentError(f"{operator.full_name}: {rule.name!r} is not a name for an attribute")


default_registry = Registry()
"""Where operators are looked up that no registry is given for."""
