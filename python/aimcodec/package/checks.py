"""Arguments of writers, checked before anything is written."""

from __future__ import annotations

from typing import Any

from aimcodec.errors import ArgumentError

__all__ = ["check_text"]


def check_text(value: Any, what: str, most: int = (1 << 16) - 1) -> None:
    """A text of at most so many bytes of UTF-8, without U+0000.

    Raises:
        ArgumentError: it is something else.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"{what} {value!r} is not a string")
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise ArgumentError(f"{what} {value!r} has no UTF-8 form") from None
    if "\0" in value:
        raise ArgumentError(f"{what} {value!r} holds U+0000")
    if size > most:
        raise ArgumentError(f"{what} has {size} bytes, at most {most} can be stored")
