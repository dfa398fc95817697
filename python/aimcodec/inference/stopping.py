"""Runs in the background that can be given up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

from aimcodec.errors import AimcError
from aimcodec.inference.engines.base import Stop

__all__ = ["PendingRun", "Timer", "start"]


class PendingRun(Future[dict[str, Any]]):
    """The outputs of a run that goes on, or will. Where the engine can end a run, `cancel` does so.

    Attributes:
        is_given_up: whether the end of the run was asked for after it had begun.
    """

    def __init__(self, stop: Stop | None) -> None:
        super().__init__()
        self._stop = stop
        self.is_given_up = False

    def cancel(self) -> bool:
        """Give the run up.

        Returns:
            Whether it will end without a result: it had not begun, or the engine can end it. Waiting for the result
            then raises `concurrent.futures.CancelledError`, unless the run was over just before.
        """
        if super().cancel():
            return True
        if self._stop is None or self.done():
            return False
        self.is_given_up = True
        self._stop.set()
        return True


def start(executor: Executor, run: Callable[[Stop], dict[str, Any]], stops: bool) -> PendingRun:
    """Have `run` run by the executor."""
    stop = Stop()
    pending = PendingRun(stop if stops else None)

    def work() -> None:
        if not pending.set_running_or_notify_cancel():
            return
        try:
            result = run(stop)
        except AimcError as error:
            pending.set_exception(CancelledError() if pending.is_given_up else error)
        except BaseException as error:
            pending.set_exception(error)
        else:
            pending.set_result(result)

    executor.submit(work)
    return pending


class Timer:
    """Asks for the end of a run when its time is over; a context."""

    def __init__(self, seconds: float | None, stop: Stop) -> None:
        self._timer = None if seconds is None else threading.Timer(seconds, self._end)
        self._stop = stop
        self.is_over = False

    def _end(self) -> None:
        self.is_over = True
        self._stop.set()

    def __enter__(self) -> Timer:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
