"""What backends prepare for a kind of call, kept for the next ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from aimcodec.operators.call import Call

__all__ = ["Cache"]

Prepared = TypeVar("Prepared")

ENTRIES = 256


class Cache(Generic[Prepared]):
    """The last things made, by `Call.key`. Safe to use from several threads; two may make the same thing at once."""

    def __init__(self, make: Callable[[Call], Prepared]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, Prepared] = OrderedDict()

    def get(self, call: Call) -> Prepared:
        """What was made for such a call, or is made now."""
        key = call.key
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._make(call)
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > ENTRIES:
                self._kept.popitem(last=False)
        return made
