"""Checking: reading that goes on after a value that is not permitted, and collects all violations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from ..bits import Buffer
from ..errors import AimcError
from ..limits import DEFAULT_LIMITS, Limits
from .elements import Element
from .protocol import Syntax
from .read import Reader

__all__ = ["Checker"]

P = ParamSpec("P")
R = TypeVar("R")


class Checker(Reader):
    """A Reader that notes values outside their permitted sets and goes on with them.

    What cannot be read past (data that end, wrong order, limits) still ends the unit. Later violations in a unit may be
    consequences of the first.

    Attributes:
        violations: all so far, in stream order.
    """

    looks_inside = True

    def __init__(self, data: Buffer, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(data, limits)
        self.violations: list[AimcError] = []

    def content(
        self,
        element: Element[memoryview],
        size: int,
        name: str,
        structure: Callable[Concatenate[Syntax, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """A payload that plain readers step over: what ends it does not end the unit around it."""
        fields, scopes, index, limit = self._fields, list(self._scopes), self._index, self._bits.limit
        end = self._bits.position + 8 * size
        try:
            super().content(element, size, name, structure, *args, **kwargs)
        except AimcError as error:
            if end > limit:
                raise
            self.fatal(error)
            self._fields, self._scopes, self._index, self._bits.limit = fields, scopes, index, limit
            self._bits.position = end

    def _violation(self, error: AimcError) -> None:
        self.violations.append(error)

    def fatal(self, error: AimcError) -> None:
        """Notes the error that ended a unit, unless it is the violation noted last."""
        last = self.violations[-1] if self.violations else None
        if last is None or (last.bit_offset, last.path) != (error.bit_offset, error.path):
            self.violations.append(error)
