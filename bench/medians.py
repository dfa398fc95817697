"""Times of calls that are compared with each other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def medians(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Seconds that some calls take, each called in turn."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for taken, call in zip(times, calls, strict=True):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]
