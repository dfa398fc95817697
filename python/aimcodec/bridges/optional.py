"""Packages that not everybody has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["needed"]


@contextmanager
def needed(who: str, extra: str, *packages: str) -> Iterator[None]:
    """Around the import of a package; `who` says what needs it, `packages` are it and what it cannot do without.

    Raises:
        ModuleNotFoundError: one of them is not installed; says what brings it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in packages:
            raise
        raise ModuleNotFoundError(f"{who}; pip install 'aimcodec[{extra}]' brings it", name=error.name) from None
