"""Work for children, several at a time, that ends at once when it is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from aimcodec.conformance.child import Launcher

__all__ = ["run_all"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_all(
    work: Callable[[Item, Launcher], Result],
    items: Sequence[Item],
    jobs: int,
    done: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Results of `work(item, launcher)` in the order of the items, `jobs` at a time.

    `done` is called with each result, in order, as soon as those before it are there. If it or any work raises, or the
    user interrupts, the children that run are ended and nothing more is begun.
    """
    launchers = [Launcher() for _ in range(jobs)]
    free: SimpleQueue[Launcher] = SimpleQueue()
    for launcher in launchers:
        free.put(launcher)

    def one(item: Item) -> Result:
        launcher = free.get()
        try:
            return work(item, launcher)
        finally:
            free.put(launcher)

    results = []
    try:
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for result in pool.map(one, items):
                    done(result)
                    results.append(result)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for launcher in launchers:  # else the pool would wait for what they run
                    launcher.stop()
                raise
    finally:
        for launcher in launchers:
            launcher.close()
    return results
