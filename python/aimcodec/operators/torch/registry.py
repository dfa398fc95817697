"""The table of kernels: which function computes an operator of a version."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Any, NamedTuple, TypeVar

from aimcodec.errors import InconsistentError, LimitExceededError
from aimcodec.limits import DEFAULT_LIMITS, Limits

__all__ = ["KERNELS", "Context", "Kernel", "attributes_of", "find", "kernel"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Context:
    """What a kernel knows of the node that it runs for, apart from inputs and attributes.

    Attributes:
        version: of the operator set.
        outputs: number of outputs of the node.
        types: element types of the inputs, where the structure tells them; "" elsewhere.
        limits: what may be spent.
    """

    version: int
    outputs: int = 1
    types: tuple[str, ...] = ()
    limits: Limits = DEFAULT_LIMITS

    def check_shape(self, shape: tuple[int, ...] | list[int]) -> None:
        """Shapes that are computed are checked before memory is asked for.

        Raises:
            InconsistentError: a dimension is negative.
            LimitExceededError: more elements than `max_elements`.
        """
        elements = 1
        for size in shape:
            if size < 0:
                raise InconsistentError(f"a dimension of {size}")
            elements *= size
        if elements > self.limits.max_elements:
            raise LimitExceededError(f"max_elements is {self.limits.max_elements}, a result has {elements}")

    def check_trips(self, trips: int) -> None:
        """A loop may go on for ever.

        Raises:
            LimitExceededError: it has gone on `max_units` times.
        """
        if trips > self.limits.max_units:
            raise LimitExceededError(f"max_units is {self.limits.max_units}, a loop goes on")

    def check_broadcast(self, *tensors: Any) -> None:
        """The same for what tensors make together: small ones can make a large one.

        Raises:
            LimitExceededError: more elements than `max_elements`.
        """
        first = tensors[0].shape
        if all(tensor.shape == first for tensor in tensors):
            return
        dimensions = zip_longest(*(reversed(tensor.shape) for tensor in tensors), fillvalue=1)
        self.check_shape([max(sizes) if min(sizes) else 0 for sizes in dimensions])


class Kernel(NamedTuple):
    """A function for the versions of an operator set from `since_version` on, up to that of the next kernel.

    It is called with a context, tensors (None for an optional input that is left out) and attributes as keywords:
    numbers, str, lists of them, tensors, types, and for graphs functions of values that return a list of values. Its
    keyword parameters are the attributes of the operator with their defaults. It returns a value, or a tuple of values
    for several outputs; sequences are lists, an optional value without value is None.
    """

    since_version: int
    function: Callable[..., Any]


KERNELS: dict[tuple[str, str], list[Kernel]] = {}
"""Kernels by domain ("" is that of ONNX) and operator, oldest first."""


def kernel(*operators: str, since: int = 1, domain: str = "") -> Callable[[Function], Function]:
    """Register a function for operators, from a version of their domain on."""

    def register(function: Function) -> Function:
        for operator in operators:
            known = KERNELS.setdefault((domain, operator), [])
            known.append(Kernel(since, function))
            known.sort(key=lambda entry: entry.since_version)
        return function

    return register


def find(domain: str, operator: str, version: int) -> Callable[..., Any] | None:
    """The function for an operator in a version of its domain, or None."""
    found = None
    for entry in KERNELS.get(("" if domain == "ai.onnx" else domain, operator), ()):
        if entry.since_version <= version:
            found = entry.function
    return found


@lru_cache(maxsize=2048)
def attributes_of(function: Callable[..., Any]) -> dict[str, bool]:
    """Names of the attributes of a kernel, and whether a node has to give them."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default is p.empty for p in parameters if p.kind is p.KEYWORD_ONLY}
