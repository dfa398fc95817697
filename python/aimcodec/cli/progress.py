"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

__all__ = ["progress_bar"]


class _RateColumn(TextColumn):
    """Millions of weights or bytes in a second."""

    def __init__(self, unit: str) -> None:
        super().__init__("")
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed / 1e6:.1f} M{self._unit}/s" if task.speed else "")


@contextmanager
def progress_bar(title: str, unit: str = "weights") -> Iterator[Callable[[int, int], None] | None]:
    """Gives a function that takes the numbers of units done and in all; None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), _RateColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
