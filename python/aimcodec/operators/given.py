"""Inputs and attributes of a call by name, for checks of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from aimcodec.operators.arguments import Arrays
from aimcodec.operators.catalogue import Operator
from aimcodec.operators.status import OperatorError, Status, failure

__all__ = ["Given"]


class Given:
    """Inputs and attributes by name."""

    def __init__(self, operator: Operator, arrays: Arrays, keywords: Mapping[str, Any]) -> None:
        self.operator = operator
        self.all = arrays
        self.arrays = dict(zip((p.name for p in operator.inputs), arrays, strict=False))
        self.keywords = keywords

    def __getitem__(self, name: str) -> NDArray[Any]:
        """An input that is not optional."""
        array = self.arrays[name]
        if array is None:
            raise self.wrong(Status.INVALID_ARGUMENT, name, "this input has to be given")
        return array

    def wrong(self, status: Status, argument: str, message: str) -> OperatorError:
        """The error for a mistake in an input or attribute."""
        return failure(status, message, self.operator.full_name, argument)
