"""Names of parameters: one for each tensor of a model that is kept apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

__all__ = ["UniqueNames"]


class UniqueNames:
    """Gives names out, each once.

    Args:
        reserved: names that only `own` gives.
    """

    def __init__(self, reserved: Iterable[str]) -> None:
        self._reserved = frozenset(reserved)
        self._given: set[str] = set()
        self._numbers: Counter[str] = Counter()

    def own(self, name: str) -> str:
        """A reserved name where it is free, else one made of it."""
        if not name or name in self._given:
            return self.derived(name or "parameter")
        self._given.add(name)
        return name

    def derived(self, base: str) -> str:
        """`base` where it is free and not reserved, else with a number."""
        name = base
        while name in self._given or name in self._reserved:
            self._numbers[base] += 1
            name = f"{base}.{self._numbers[base]}"
        self._given.add(name)
        return name
