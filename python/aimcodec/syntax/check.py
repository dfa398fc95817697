"""Checking: reading that goes on after a value that is not permitted, and collects all violations."""

from __future__ import annotations

from ..bits import Buffer
from ..errors import AimcError
from ..limits import DEFAULT_LIMITS, Limits
from .read import Reader

__all__ = ["Checker"]


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

    def _violation(self, error: AimcError) -> None:
        self.violations.append(error)

    def fatal(self, error: AimcError) -> None:
        """Notes the error that ended a unit, unless it is the violation noted last."""
        last = self.violations[-1] if self.violations else None
        if last is None or (last.bit_offset, last.path) != (error.bit_offset, error.path):
            self.violations.append(error)
