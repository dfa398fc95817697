"""How long things took."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Profile", "Times"]


@dataclass(frozen=True)
class Profile:
    """What a predictor knows of its own speed; seconds.

    Attributes:
        start: of the steps of making it: "open", "prepare" (parameters are decoded meanwhile).
        runs: number of runs that gave a result.
        total, shortest, longest, last: of these runs; 0 where there was none.
        nodes: by node, where the engine was asked to keep that (`Config.profile`).
    """

    start: Mapping[str, float]
    runs: int
    total: float
    shortest: float
    longest: float
    last: float
    nodes: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Of a run."""
        return self.total / self.runs if self.runs else 0.0


@dataclass
class Times:
    """Adds runs up, from any thread."""

    runs: int = 0
    total: float = 0.0
    shortest: float = 0.0
    longest: float = 0.0
    last: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, seconds: float) -> None:
        """A run."""
        with self._lock:
            self.shortest = min(self.shortest, seconds) if self.runs else seconds
            self.longest = max(self.longest, seconds)
            self.runs += 1
            self.total += seconds
            self.last = seconds

    def report(self, start: Mapping[str, float], nodes: Mapping[str, float]) -> Profile:
        """All of it."""
        with self._lock:
            return Profile(start, self.runs, self.total, self.shortest, self.longest, self.last, nodes)
