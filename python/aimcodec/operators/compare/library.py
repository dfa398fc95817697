"""Libraries of operators that are put to the test."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from aimcodec.operators.catalogue import Operator
from aimcodec.operators.compare.case import Case
from aimcodec.operators.functions import run

__all__ = ["BackendLibrary", "Library", "PythonLibrary", "median_seconds"]


class Library(Protocol):
    """What the harness calls.

    Attributes:
        name: for headings.
    """

    name: str

    def operators(self) -> Iterable[str]:
        """Names of the operators of the default domain that the library says it has."""
        ...

    def call(self, operator: Operator, case: Case, outputs: int) -> list[Any]:
        """Computes an operator; an OperatorError of a status where the library refuses.

        Args:
            operator: its definition.
            case: the call.
            outputs: how many are wanted.
        """
        ...

    def seconds(self, operator: Operator, case: Case, outputs: int, repeats: int) -> float:
        """Median of the times that a call takes."""
        ...


def median_seconds(call: Callable[[], Any], repeats: int) -> float:
    """Median of the times that a call takes."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return max(statistics.median(times), 1e-9)


class PythonLibrary:
    """Functions of Python by name of the operator: inputs by position, attributes as keywords.

    A function gives an array or a tuple of them, and raises OperatorError (`operators.failure` makes one) where it
    refuses a call.
    """

    def __init__(self, functions: Mapping[str, Callable[..., Any]], name: str = "library") -> None:
        self.name = name
        self._functions = dict(functions)

    def operators(self) -> Iterable[str]:
        """See `Library`."""
        return self._functions

    def call(self, operator: Operator, case: Case, outputs: int) -> list[Any]:
        """See `Library`."""
        result = self._functions[operator.name](*case.inputs, **case.attributes)
        return list(result) if isinstance(result, tuple | list) else [result]

    def seconds(self, operator: Operator, case: Case, outputs: int, repeats: int) -> float:
        """See `Library`."""
        return median_seconds(lambda: self.call(operator, case, outputs), repeats)


class BackendLibrary:
    """A backend of ours, checks of arguments included."""

    def __init__(self, backend: str, operators: Iterable[str], version: int | None = None) -> None:
        self.name = backend
        self._operators = tuple(operators)
        self._version = version

    def operators(self) -> Iterable[str]:
        """See `Library`."""
        return self._operators

    def call(self, operator: Operator, case: Case, outputs: int) -> list[Any]:
        """See `Library`."""
        return list(
            run(operator.name, case.inputs, case.attributes, version=self._version, backend=self.name, outputs=outputs)
        )

    def seconds(self, operator: Operator, case: Case, outputs: int, repeats: int) -> float:
        """See `Library`."""
        return median_seconds(lambda: self.call(operator, case, outputs), repeats)
