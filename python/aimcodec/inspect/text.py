"""Text that is safe to print and columns that fit: names come from streams nobody vouches for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Column", "elide", "printable", "table"]

ELLIPSIS = "..."


def printable(text: str) -> str:
    """The text on one line, with control, format and other invisible characters as escape sequences."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def cells(text: str) -> int:
    """Columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def elide(text: str, width: int) -> str:
    """The text, with its middle left out if it takes more than `width` columns."""
    if cells(text) <= width:
        return text
    room = max(0, width - len(ELLIPSIS))
    head = _cut(text, room - room // 2)
    tail = _cut(text[::-1], room // 2)[::-1]
    return (head + ELLIPSIS + tail)[: max(width, 0)]


def _cut(text: str, width: int) -> str:
    """The longest beginning of a text that takes at most `width` columns."""
    taken = 0
    for index, character in enumerate(text):
        taken += cells(character)
        if taken > width:
            return text[:index]
    return text


@dataclass(frozen=True)
class Column:
    """A column of a table: numbers go to the right; with a `least` width it may shrink to it, `yielding` ones first."""

    title: str
    right: bool = False
    least: int | None = None
    yielding: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Lines of a table of at most `width` columns, wherever its columns can shrink so far; the first is the heading."""
    lines = [[c.title for c in columns], *rows]
    widths = [max(cells(line[i]) for line in lines) for i in range(len(columns))]
    gap = 2 if sum(widths) + 2 * (len(columns) - 1) <= width else 1
    surplus = sum(widths) + gap * (len(columns) - 1) - width
    for yielding in (True, False):
        spare = {
            i: max(0, widths[i] - c.least)
            for i, c in enumerate(columns)
            if c.least is not None and c.yielding is yielding
        }
        for _ in range(min(surplus, sum(spare.values()))):
            widest = max(spare, key=lambda i: spare[i])
            spare[widest] -= 1
            widths[widest] -= 1
            surplus -= 1
    for line in lines:
        parts = [_padded(text, w, c.right) for text, w, c in zip(line, widths, columns, strict=True)]
        yield (" " * gap).join(parts).rstrip()


def _padded(text: str, width: int, right: bool) -> str:
    text = elide(text, width)
    padding = " " * (width - cells(text))
    return padding + text if right else text + padding
